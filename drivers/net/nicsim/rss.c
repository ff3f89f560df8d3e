/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_thash.h>
#include <rte_udp.h>
#include <rte_vxlan.h>

#include "nicsim.h"

const uint8_t nicsim_rss_key[NICSIM_RSS_KEY_SIZE] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25,
    0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* What is hashed, in 32-bit words of host order: both addresses, then source and destination port as one. */
struct tuple {
	uint32_t words[9];
	uint32_t n;	      /* 0 = not IP */
	const uint8_t *vxlan; /* the frame below; NULL = none */
};

static uint32_t
load_u16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void
push_words(struct tuple *tuple, const uint8_t *at, uint32_t n)
{
	for (; n > 0; n--, at += 4)
		tuple->words[tuple->n++] = load_u16(at) << 16 | load_u16(at + 2);
}

static void
push_ports(struct tuple *tuple, uint8_t protocol, const uint8_t *at, const uint8_t *end)
{
	if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || end - at < 4)
		return;
	push_words(tuple, at, 1);
	if (protocol == IPPROTO_UDP && load_u16(at + 2) == RTE_VXLAN_DEFAULT_PORT &&
	    end - at > (ptrdiff_t)(sizeof(struct rte_udp_hdr) + sizeof(struct rte_vxlan_hdr)))
		tuple->vxlan = at + sizeof(struct rte_udp_hdr) + sizeof(struct rte_vxlan_hdr);
}

static void
push_ipv4(struct tuple *tuple, const uint8_t *at, const uint8_t *end)
{
	size_t len;

	if (end - at < (ptrdiff_t)sizeof(struct rte_ipv4_hdr))
		return;
	len = (size_t)(*at & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
	push_words(tuple, at + offsetof(struct rte_ipv4_hdr, src_addr), 2);
	if (end - at < (ptrdiff_t)len || len < sizeof(struct rte_ipv4_hdr))
		return;
	if ((load_u16(at + offsetof(struct rte_ipv4_hdr, fragment_offset)) & 0x3fff) != 0)
		return;
	push_ports(tuple, at[offsetof(struct rte_ipv4_hdr, next_proto_id)], at + len, end);
}

static void
push_ipv6(struct tuple *tuple, const uint8_t *at, const uint8_t *end)
{
	if (end - at < (ptrdiff_t)sizeof(struct rte_ipv6_hdr))
		return;
	push_words(tuple, at + offsetof(struct rte_ipv6_hdr, src_addr), 8);
	push_ports(tuple, at[offsetof(struct rte_ipv6_hdr, proto)], at + sizeof(struct rte_ipv6_hdr), end);
}

static struct tuple
tuple_of(const uint8_t *frame, const uint8_t *end)
{
	const uint8_t *at = frame + 2 * RTE_ETHER_ADDR_LEN;
	struct tuple tuple = {.n = 0};
	uint32_t type = 0;

	for (uint32_t tags = 0; tags <= 2 && end - at >= RTE_ETHER_TYPE_LEN; tags++) {
		type = load_u16(at);
		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		at += RTE_VLAN_HLEN;
	}
	at += RTE_ETHER_TYPE_LEN;
	if (type == RTE_ETHER_TYPE_IPV4)
		push_ipv4(&tuple, at, end);
	else if (type == RTE_ETHER_TYPE_IPV6)
		push_ipv6(&tuple, at, end);
	return tuple;
}

uint32_t
nicsim_rss(const uint8_t key[], const uint8_t *frame, uint32_t len)
{
	const uint8_t *end = frame + len;
	struct tuple tuple = tuple_of(frame, end);

	if (tuple.vxlan != NULL)
		tuple = tuple_of(tuple.vxlan, end);
	return tuple.n != 0 ? rte_softrss(tuple.words, tuple.n, key) : 0;
}
