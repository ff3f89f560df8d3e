/* SPDX-License-Identifier: BSD-3-Clause */
/* A tenant's frame into its flow key. The usual packet, untagged TCP or UDP, falls straight through. */
#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_sctp.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "packet_priv.h"
#include "weir_packet.h"

#define EXTENSIONS_MAX 8
#define TAGS_MAX 2

/* Below it stands the length of an 802.3 frame. */
#define ETHERTYPE_MIN 0x600

/* What of the key is the parser's: all behind `ingress`. */
#define KEY_PARSED offsetof(struct weir_key, ethertype)

/* The most that is read of any L4 header. The deepest one without IPv6 extension headers stays below HEADERS_MAX. */
#define L4_READ_MAX ((uint32_t)sizeof(struct rte_tcp_hdr))
_Static_assert(RTE_ETHER_HDR_LEN + TAGS_MAX * RTE_VLAN_HLEN + 60 + sizeof(struct rte_tcp_hdr) <= WEIR_HEADERS_MAX,
    "tags, IPv4 with options, TCP");

/* TCP, UDP and SCTP all begin with them. */
static inline void
set_ports(struct weir_key *key, const uint8_t *l4)
{
	uint16_t sport = load16(l4), dport = load16(l4 + 2);

	key->sport = sport;
	key->dport = dport;
}

static enum weir_reason
parse_tcp(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_key *key, struct weir_frame *frame)
{
	const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(data + l4);
	uint32_t header;

	if (unlikely(room < sizeof(*tcp)))
		return WEIR_DROP_BAD_L4;
	header = (tcp->data_off >> 4) * 4u;
	if (unlikely(header < sizeof(*tcp) || header > room))
		return WEIR_DROP_BAD_L4;
	set_ports(key, data + l4);
	frame->l4 = (uint16_t)l4;
	frame->kind |= WEIR_FRAME_TCP;
	frame->tcp_flags = tcp->tcp_flags;
	return WEIR_OK;
}

static enum weir_reason
parse_udp(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_key *key, struct weir_frame *frame)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(data + l4);
	uint32_t len;

	if (unlikely(room < sizeof(*udp)))
		return WEIR_DROP_BAD_L4;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (unlikely(len < sizeof(*udp) || len > room))
		return WEIR_DROP_BAD_L4;
	set_ports(key, data + l4);
	frame->l4 = (uint16_t)l4;
	return WEIR_OK;
}

static enum weir_reason
parse_sctp(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_key *key, struct weir_frame *frame)
{
	if (room < sizeof(struct rte_sctp_hdr))
		return WEIR_DROP_BAD_L4;
	set_ports(key, data + l4);
	frame->l4 = (uint16_t)l4;
	return WEIR_OK;
}

static bool
is_nd(uint8_t icmp6_type)
{
	return icmp6_type >= 133 && icmp6_type <= 137;
}

/* ICMP and ICMPv6; the types of echo requests and replies differ by family. */
static enum weir_reason
parse_icmp(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_key *key, struct weir_frame *frame)
{
	const struct rte_icmp_hdr *icmp = (const struct rte_icmp_hdr *)(data + l4);
	bool v6 = key->proto == IPPROTO_ICMPV6;

	if (room < sizeof(*icmp))
		return WEIR_DROP_BAD_L4;
	key->sport = load16(data + l4);
	key->dport = icmp_is_echo(icmp->icmp_type, v6) ? icmp->icmp_ident : 0;
	frame->l4 = (uint16_t)l4;
	if (v6 && is_nd(icmp->icmp_type))
		frame->kind |= WEIR_FRAME_ND;
	return WEIR_OK;
}

/* The L4 header at offset l4, with `room` bytes to the end of its IP packet. ICMP belongs to the other IP family only
 * by name: as a protocol number it is an unknown one there. */
static inline enum weir_reason
parse_l4(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_key *key, struct weir_frame *frame)
{
	if (likely(key->proto == IPPROTO_TCP))
		return parse_tcp(data, l4, room, key, frame);
	if (likely(key->proto == IPPROTO_UDP))
		return parse_udp(data, l4, room, key, frame);
	if (key->proto == ((frame->kind & WEIR_FRAME_IPV6) != 0 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return parse_icmp(data, l4, room, key, frame);
	if (key->proto == IPPROTO_SCTP)
		return parse_sctp(data, l4, room, key, frame);
	return WEIR_OK;
}

static inline enum weir_reason
parse_ipv4(const uint8_t *data, uint32_t l3, struct weir_key *key, struct weir_frame *frame)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(data + l3);
	uint32_t header, total;

	if (unlikely(!ipv4_extent(ip, frame->len - l3, &header, &total)))
		return WEIR_DROP_BAD_IPV4;
	frame->l3 = (uint16_t)l3;
	frame->kind = WEIR_FRAME_IPV4;
	frame->tos = ip->type_of_service;
	key->proto = ip->next_proto_id;
	memcpy(key->src, &ip->src_addr, sizeof(ip->src_addr));
	memcpy(key->dst, &ip->dst_addr, sizeof(ip->dst_addr));
	if (unlikely(ipv4_is_fragment(ip))) {
		key->flags |= WEIR_KEY_FRAGMENT;
		return WEIR_OK;
	}
	return parse_l4(data, l3 + header, total - header, key, frame);
}

static void
enter_fragment(const struct rte_ipv6_fragment_ext *header, struct ipv6_chain *c)
{
	c->fragment_header = true;
	c->fragment = (header->frag_data & RTE_BE16(RTE_IPV6_FRAG_USED_MASK)) != 0;
	c->offset = (uint16_t)(rte_be_to_cpu_16(header->frag_data) & RTE_IPV6_EHDR_FO_MASK);
	c->later = c->offset != 0;
	c->carried = header->next_header;
	c->id = header->id;
}

bool
weir_ipv6_walk(const uint8_t *data, uint32_t end, struct ipv6_chain *c)
{
	for (uint32_t n = 0; ipv6_is_extension(c->proto) && !c->later; n++) {
		const uint8_t *header = data + c->at;
		uint32_t len = 8;

		if (n == EXTENSIONS_MAX || c->at + len > RTE_MIN(end, (uint32_t)WEIR_HEADERS_MAX))
			return false;
		if (c->proto == IPPROTO_FRAGMENT) {
			if (c->fragment_header)
				return false;
			enter_fragment((const struct rte_ipv6_fragment_ext *)header, c);
		} else {
			len = c->proto == IPPROTO_AH ? (header[1] + 2u) * 4 : (header[1] + 1u) * 8;
		}
		c->proto = header[0];
		c->at += len;
	}
	return c->at <= RTE_MIN(end, WEIR_HEADERS_MAX - L4_READ_MAX);
}

static enum weir_reason
parse_extended(
    const uint8_t *data, uint32_t end, struct ipv6_chain *c, struct weir_key *key, struct weir_frame *frame)
{
	uint32_t room;

	if (!weir_ipv6_walk(data, end, c))
		return WEIR_DROP_BAD_IPV6;
	room = end - c->at;
	/* Hosts ignore ND that comes in fragments (RFC 6980); nothing may hide in what they put together. */
	if (c->fragment_header && !c->later && c->proto == IPPROTO_ICMPV6 &&
	    (room < sizeof(struct rte_icmp_hdr) || is_nd(data[c->at])))
		return WEIR_DROP_BAD_L4;
	if (c->fragment) {
		key->flags |= WEIR_KEY_FRAGMENT;
		key->proto = c->carried;
		return WEIR_OK;
	}
	key->proto = c->proto;
	return parse_l4(data, c->at, room, key, frame);
}

static inline enum weir_reason
parse_ipv6(const uint8_t *data, uint32_t l3, struct weir_key *key, struct weir_frame *frame)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(data + l3);
	uint32_t total;

	if (unlikely(!ipv6_extent(ip, frame->len - l3, &total)))
		return WEIR_DROP_BAD_IPV6;
	frame->l3 = (uint16_t)l3;
	frame->kind = WEIR_FRAME_IPV6;
	frame->tos = ipv6_tos(ip);
	memcpy(key->src, ip->src_addr, sizeof(key->src));
	memcpy(key->dst, ip->dst_addr, sizeof(key->dst));
	if (unlikely(ipv6_is_extension(ip->proto))) {
		struct ipv6_chain c = {.at = l3 + (uint32_t)sizeof(*ip), .proto = ip->proto};

		return parse_extended(data, l3 + total, &c, key, frame);
	}
	key->proto = ip->proto;
	return parse_l4(data, l3 + (uint32_t)sizeof(*ip), total - (uint32_t)sizeof(*ip), key, frame);
}

static enum weir_reason
parse_arp(const uint8_t *data, uint32_t l3, struct weir_key *key, struct weir_frame *frame)
{
	/* Ethernet, IPv4, and the lengths of their addresses. */
	static const uint8_t formats[ARP_OP] = {0, 1, 8, 0, RTE_ETHER_ADDR_LEN, sizeof(rte_be32_t)};

	if (frame->len - l3 < ARP_LEN || memcmp(data + l3, formats, sizeof(formats)) != 0)
		return WEIR_DROP_BAD_ARP;
	frame->l3 = (uint16_t)l3;
	frame->kind = WEIR_FRAME_ARP;
	memcpy(key->src, data + l3 + ARP_SPA, sizeof(rte_be32_t));
	memcpy(key->dst, data + l3 + ARP_TPA, sizeof(rte_be32_t));
	return WEIR_OK;
}

static bool
is_tag(rte_be16_t type)
{
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/* Up to two tags, whose first TPID stands at *type, 2 before *l3. Moves both behind them. */
static bool
parse_tags(const uint8_t *data, uint32_t len, rte_be16_t *type, uint32_t *l3, struct weir_key *key)
{
	uint8_t tags = 0;

	if (*type == RTE_BE16(RTE_ETHER_TYPE_QINQ))
		key->flags |= WEIR_KEY_QINQ;
	for (; tags < TAGS_MAX && is_tag(*type); tags++) {
		if (len < *l3 + RTE_VLAN_HLEN)
			return false;
		key->vlan[tags] = load16(data + *l3);
		*type = load16(data + *l3 + 2);
		*l3 += RTE_VLAN_HLEN;
	}
	key->flags |= tags;
	return true;
}

enum weir_reason
weir_parse_frame(const uint8_t *data, uint32_t avail, uint32_t len, struct weir_key *key, struct weir_frame *frame)
{
	uint32_t l3 = RTE_ETHER_HDR_LEN;
	rte_be16_t type;

	if (unlikely(len < RTE_ETHER_HDR_LEN || avail < RTE_MIN(len, (uint32_t)WEIR_HEADERS_MAX)))
		return WEIR_DROP_SHORT_FRAME;
	*frame = (struct weir_frame){.len = len, .avail = RTE_MIN(avail, len)};
	memset((uint8_t *)key + KEY_PARSED, 0, sizeof(*key) - KEY_PARSED);
	memcpy((uint8_t *)key + offsetof(struct weir_key, dmac), data, 2 * RTE_ETHER_ADDR_LEN);
	type = load16(data + RTE_ETHER_HDR_LEN - sizeof(type));
	if (is_tag(type) && !parse_tags(data, len, &type, &l3, key))
		return WEIR_DROP_SHORT_FRAME;
	key->ethertype = type;
	if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return parse_ipv4(data, l3, key, frame);
	if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV6)))
		return parse_ipv6(data, l3, key, frame);
	if (type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return parse_arp(data, l3, key, frame);
	if (rte_be_to_cpu_16(type) < ETHERTYPE_MIN)
		key->ethertype = 0;
	return WEIR_OK;
}
