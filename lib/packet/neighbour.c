/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861): who says that who is where. */
#include <rte_icmp.h>

#include "packet_priv.h"
#include "weir_answer.h"
#include "weir_packet.h"

void
weir_parse_arp(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_arp *arp)
{
	const uint8_t *p = frame_data + frame->l3;

	arp->op = rte_be_to_cpu_16(load16(p + ARP_OP));
	memcpy(&arp->sha, p + ARP_SHA, sizeof(arp->sha));
	memcpy(&arp->tha, p + ARP_THA, sizeof(arp->tha));
	map_ipv4(&arp->spa, load32(p + ARP_SPA));
	map_ipv4(&arp->tpa, load32(p + ARP_TPA));
}

#define ND_TARGET 8    /* offset of the target address in NS, NA and redirect */
#define REDIRECT_TO 24 /* offset of a redirect's destination address */
#define OPTION_UNIT 8  /* option lengths count these */

/* Bytes in front of the options. */
static uint32_t
nd_fixed(uint8_t type)
{
	static const uint8_t fixed[] = {8, 16, 24, 24, 40};

	return fixed[type - ND_RS];
}

static bool
is_multicast(const struct weir_ip *ip)
{
	return ip->b[0] == 0xff;
}

static bool
is_link_local(const struct weir_ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static bool
is_unspecified(const struct weir_ip *ip)
{
	static const struct weir_ip zero;

	return weir_ip_equal(ip, &zero);
}

/* ff02::1:ffxx:xxxx */
static bool
is_solicited_node(const struct weir_ip *ip)
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	return memcmp(ip->b, prefix, sizeof(prefix)) == 0;
}

/*
 * Options in [p, end). The link-layer address is that of an Ethernet MAC (one unit); other lengths are not for us.
 * Two that differ are refused: which one counts would be each receiver's own choice.
 */
static bool
nd_options(const uint8_t *p, const uint8_t *end, struct weir_nd *nd)
{
	uint8_t wanted = nd->type == ND_NA || nd->type == ND_REDIRECT ? OPTION_TARGET : OPTION_SOURCE;

	while (p < end) {
		uint32_t len;
		struct weir_mac mac;

		if (end - p < OPTION_UNIT)
			return false;
		len = p[1] * (uint32_t)OPTION_UNIT;
		if (len == 0 || len > (uint32_t)(end - p))
			return false;
		if (p[0] == wanted && len == OPTION_UNIT) {
			memcpy(&mac, p + 2, sizeof(mac));
			if (nd->has_lladdr && !weir_mac_equal(&mac, &nd->lladdr))
				return false;
			nd->lladdr = mac;
			nd->has_lladdr = true;
		}
		p += len;
	}
	return true;
}

/* RFC 4861: 6.1.1, 6.1.2, 7.1.1, 7.1.2, 8.1. */
static bool
nd_addresses_ok(const struct weir_nd *nd, const uint8_t *message)
{
	struct weir_ip to;

	switch (nd->type) {
	case ND_RS:
		return !is_unspecified(&nd->src) || !nd->has_lladdr;
	case ND_RA:
		return is_link_local(&nd->src);
	case ND_NS:
		if (is_unspecified(&nd->src) && (!is_solicited_node(&nd->dst) || nd->has_lladdr))
			return false;
		return !is_multicast(&nd->target);
	case ND_NA:
		return !is_multicast(&nd->target) &&
		       !(is_multicast(&nd->dst) && (nd->na_flags & WEIR_NA_SOLICITED) != 0);
	default:
		memcpy(&to, message + REDIRECT_TO, sizeof(to));
		return is_link_local(&nd->src) && !is_multicast(&to) &&
		       (is_link_local(&nd->target) || weir_ip_equal(&nd->target, &to));
	}
}

enum weir_reason
weir_parse_nd(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_nd *nd)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame_data + frame->l3);
	const uint8_t *message = frame_data + frame->l4;
	uint32_t end = frame->l3 + (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	uint32_t len = end - frame->l4;

	memset(nd, 0, sizeof(*nd));
	nd->type = message[0];
	memcpy(&nd->src, ip->src_addr, sizeof(nd->src));
	memcpy(&nd->dst, ip->dst_addr, sizeof(nd->dst));
	if (end > frame->avail || len < nd_fixed(nd->type) || ip->hop_limits != ND_HOP_LIMIT || message[1] != 0 ||
	    weir_l4_checksum(&nd->src, &nd->dst, IPPROTO_ICMPV6, message, len) != 0)
		return WEIR_DROP_BAD_L4;
	if (nd->type >= ND_NS)
		memcpy(&nd->target, message + ND_TARGET, sizeof(nd->target));
	nd->has_target = nd->type == ND_NS || nd->type == ND_NA;
	if (nd->type == ND_NA)
		nd->na_flags = message[4];
	if (!nd_options(message + nd_fixed(nd->type), message + len, nd) || !nd_addresses_ok(nd, message))
		return WEIR_DROP_BAD_L4;
	return WEIR_OK;
}
