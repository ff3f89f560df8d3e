/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame from another gateway: straight to the tenant's frame inside, or what else a host on the underlay gets. */
#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_icmp.h>

#include "packet_priv.h"
#include "weir_packet.h"

_Static_assert(RTE_ETHER_HDR_LEN + 60 + UDP_TUNNEL_LEN + GENEVE_OPTIONS * 4 == WEIR_OUTER_MAX, "as it says");
_Static_assert(RTE_VLAN_HLEN + WEIR_OUTER_MAX + WEIR_HEADERS_MAX <= WEIR_PULLUP, "all that is read is contiguous");

static inline bool
header_sum_ok(const uint8_t *l3, uint32_t header)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < sizeof(struct rte_ipv4_hdr); i += 4)
		sum += load32(l3 + i);
	if (unlikely(header > sizeof(struct rte_ipv4_hdr)))
		sum += weir_sum(l3 + sizeof(struct rte_ipv4_hdr), header - (uint32_t)sizeof(struct rte_ipv4_hdr));
	return sum_fold(sum) == UINT16_MAX;
}

/* What a tunnel's header names, with `skip` bytes to the tenant's frame in the UDP datagram of `len` bytes at l4. */
static inline enum weir_reason
set_tunnel(
    const uint8_t *data, uint32_t l4, uint32_t len, uint32_t skip, enum weir_tunnel tunnel, struct weir_outer *outer)
{
	const struct tunnel_hdr *header = (const struct tunnel_hdr *)(data + l4 + sizeof(struct rte_udp_hdr));

	outer->kind = WEIR_UNDERLAY_TUNNEL;
	outer->tunnel = tunnel;
	outer->vni = rte_be_to_cpu_32(header->vni) >> 8;
	outer->inner = l4 + skip;
	outer->inner_len = len - skip;
	return WEIR_OK;
}

static enum weir_reason
parse_geneve(const uint8_t *data, uint32_t l4, uint32_t len, struct weir_outer *outer)
{
	const uint8_t *header = data + l4 + sizeof(struct rte_udp_hdr);
	uint32_t skip;

	if (len < UDP_TUNNEL_LEN || (load32(header) & GENEVE_CHECKED) != GENEVE_ETHERNET)
		return WEIR_DROP_BAD_GENEVE;
	skip = UDP_TUNNEL_LEN + (header[0] & GENEVE_OPTIONS) * 4u;
	if (len < skip)
		return WEIR_DROP_BAD_GENEVE;
	return set_tunnel(data, l4, len, skip, WEIR_GENEVE, outer);
}

/* The UDP datagram at offset l4, with `room` bytes to the end of its IP packet. */
static inline enum weir_reason
parse_tunnel(const uint8_t *data, uint32_t l4, uint32_t room, struct weir_outer *outer)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(data + l4);
	const struct tunnel_hdr *vxlan = (const struct tunnel_hdr *)(udp + 1);
	uint32_t len;

	if (unlikely(room < sizeof(*udp)))
		return WEIR_DROP_BAD_L4;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (unlikely(len < sizeof(*udp) || len > room))
		return WEIR_DROP_BAD_L4;
	if (unlikely(udp->dst_port != RTE_BE16(WEIR_VXLAN_PORT))) {
		if (udp->dst_port == RTE_BE16(WEIR_GENEVE_PORT))
			return parse_geneve(data, l4, len, outer);
		outer->kind = WEIR_UNDERLAY_OTHER;
		return WEIR_OK;
	}
	if (unlikely(len < UDP_TUNNEL_LEN || (vxlan->flags & VXLAN_FLAG_VNI) == 0))
		return WEIR_DROP_BAD_VXLAN;
	return set_tunnel(data, l4, len, UDP_TUNNEL_LEN, WEIR_VXLAN, outer);
}

/* What of a parsed frame that is no tunnel packet a host would answer. IPv4 fragments have been refused before. */
static enum weir_underlay_kind
host_kind(const uint8_t *data, const struct weir_key *key, const struct weir_frame *frame)
{
	uint8_t type = data[frame->l4]; /* of ICMP, where it is that */

	if ((frame->kind & WEIR_FRAME_ARP) != 0)
		return WEIR_UNDERLAY_ARP;
	if ((frame->kind & WEIR_FRAME_IPV4) != 0 && key->proto == IPPROTO_ICMP && type == RTE_IP_ICMP_ECHO_REQUEST)
		return WEIR_UNDERLAY_ECHO;
	/* Right behind the IPv6 header: no extension headers, no fragment. */
	if ((frame->kind & WEIR_FRAME_IPV6) == 0 || key->proto != IPPROTO_ICMPV6 ||
	    frame->l4 != frame->l3 + sizeof(struct rte_ipv6_hdr))
		return WEIR_UNDERLAY_OTHER;
	if ((frame->kind & WEIR_FRAME_ND) != 0)
		return WEIR_UNDERLAY_ND;
	return type == ICMP6_ECHO_REQUEST ? WEIR_UNDERLAY_ECHO : WEIR_UNDERLAY_OTHER;
}

/* Not a tunnel packet: rare, so the tenants' parser does it, and its flow key is not kept. */
static enum weir_reason
parse_host(const uint8_t *data, uint32_t avail, uint32_t len, struct weir_outer *outer)
{
	struct weir_key key;
	enum weir_reason reason = weir_parse_frame(data, avail, len, &key, &outer->frame);

	if (reason != WEIR_OK)
		return reason;
	outer->tos = outer->frame.tos;
	if ((key.flags & WEIR_KEY_TAGS) != 0 || outer->frame.l3 == 0) {
		outer->kind = WEIR_UNDERLAY_OTHER;
		memset(&outer->src, 0, sizeof(outer->src));
		memset(&outer->dst, 0, sizeof(outer->dst));
		return WEIR_OK;
	}
	outer->kind = host_kind(data, &key, &outer->frame);
	if ((outer->frame.kind & WEIR_FRAME_IPV6) != 0) {
		memcpy(&outer->src, key.src, sizeof(outer->src));
		memcpy(&outer->dst, key.dst, sizeof(outer->dst));
	} else {
		map_ipv4(&outer->src, load32(key.src));
		map_ipv4(&outer->dst, load32(key.dst));
	}
	return WEIR_OK;
}

enum weir_reason
weir_parse_underlay(const uint8_t *data, uint32_t avail, uint32_t len, bool checksum_ok, struct weir_outer *outer)
{
	const uint32_t l3 = RTE_ETHER_HDR_LEN;
	uint32_t header, total;
	rte_be16_t type;

	if (unlikely(len < l3 || avail < RTE_MIN(len, (uint32_t)(WEIR_OUTER_MAX + WEIR_HEADERS_MAX))))
		return WEIR_DROP_SHORT_FRAME;
	type = load16(data + l3 - sizeof(type));
	if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV4))) {
		const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(data + l3);

		if (unlikely(!ipv4_extent(ip, len - l3, &header, &total)))
			return WEIR_DROP_BAD_IPV4;
		if (unlikely(!checksum_ok && !header_sum_ok(data + l3, header)))
			return WEIR_DROP_BAD_IPV4;
		if (unlikely(ipv4_is_fragment(ip)))
			return WEIR_DROP_OUTER_FRAGMENT;
		if (likely(ip->next_proto_id == IPPROTO_UDP)) {
			map_ipv4(&outer->src, ip->src_addr);
			map_ipv4(&outer->dst, ip->dst_addr);
			outer->tos = ip->type_of_service;
			return parse_tunnel(data, l3 + header, total - header, outer);
		}
	} else if (likely(type == RTE_BE16(RTE_ETHER_TYPE_IPV6))) {
		const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(data + l3);

		header = sizeof(*ip);
		if (unlikely(!ipv6_extent(ip, len - l3, &total)))
			return WEIR_DROP_BAD_IPV6;
		if (unlikely(ip->proto == IPPROTO_FRAGMENT))
			return WEIR_DROP_OUTER_FRAGMENT;
		if (likely(ip->proto == IPPROTO_UDP)) {
			memcpy(&outer->src, ip->src_addr, sizeof(outer->src));
			memcpy(&outer->dst, ip->dst_addr, sizeof(outer->dst));
			/* On the wire such an address is a lie (RFC 4942, 2.2): here it would be taken for IPv4's. */
			if (unlikely(weir_ip_is_v4(&outer->src) || weir_ip_is_v4(&outer->dst)))
				return WEIR_DROP_BAD_IPV6;
			outer->tos = ipv6_tos(ip);
			return parse_tunnel(data, l3 + header, total - header, outer);
		}
	}
	return parse_host(data, avail, len, outer);
}
