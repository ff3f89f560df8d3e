/* SPDX-License-Identifier: BSD-3-Clause */
/* Ping: RFC 792 and RFC 4443 (4.1, 4.2). The reply is the request's own data behind headers of ours. */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include "neigh_priv.h"

#define ICMP6_ECHO_REPLY 129

/* A sender that an answer would reach, and reach alone. */
static bool
source_ok(const struct weir_neigh *neigh, const struct weir_ip *src)
{
	static const struct weir_ip loopback = {{[15] = 1}};

	if (ip_is_unspecified(src) || ip_is_group(src) || neigh_owns(neigh, src))
		return false;
	return weir_ip_is_v4(src) ? src->b[12] != 0 && src->b[12] != 127 : !weir_ip_equal(src, &loopback);
}

/* 0 if that of the message is correct; with its field 0, what belongs there. */
static uint16_t
checksum(const struct weir_ip *src, const struct weir_ip *dst, const uint8_t *icmp, uint32_t len)
{
	if (weir_ip_is_v4(dst))
		return weir_ipv4_checksum(icmp, len);
	return weir_l4_checksum(src, dst, IPPROTO_ICMPV6, icmp, len);
}

/* The header in front of `len` bytes of reply. Returns its own bytes. */
static uint32_t
put_ipv4(uint8_t *p, const struct weir_outer *request, uint32_t len)
{
	struct rte_ipv4_hdr ip = {
	    .version_ihl = RTE_IPV4_VHL_DEF,
	    .type_of_service = request->tos,
	    .total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + len)),
	    .fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = TTL,
	    .next_proto_id = IPPROTO_ICMP,
	};

	memcpy(&ip.src_addr, &request->dst.b[12], sizeof(ip.src_addr));
	memcpy(&ip.dst_addr, &request->src.b[12], sizeof(ip.dst_addr));
	ip.hdr_checksum = weir_ipv4_checksum((const uint8_t *)&ip, sizeof(ip));
	memcpy(p, &ip, sizeof(ip));
	return sizeof(ip);
}

static uint32_t
put_ipv6(uint8_t *p, const struct weir_outer *request, uint32_t len)
{
	struct rte_ipv6_hdr ip = {
	    .vtc_flow = rte_cpu_to_be_32(0x60000000u | (uint32_t)request->tos << RTE_IPV6_HDR_TC_SHIFT),
	    .payload_len = rte_cpu_to_be_16((uint16_t)len),
	    .proto = IPPROTO_ICMPV6,
	    .hop_limits = TTL,
	};

	memcpy(ip.src_addr, &request->dst, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, &request->src, sizeof(ip.dst_addr));
	memcpy(p, &ip, sizeof(ip));
	return sizeof(ip);
}

static void
reply(struct weir_neigh *neigh, const struct underlay *u, const struct weir_mac *dmac,
    const struct weir_outer *request, const uint8_t *message, uint32_t len)
{
	bool v4 = weir_ip_is_v4(&request->dst);
	uint8_t *p = frame_begin(neigh, u, dmac, v4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	uint32_t head = v4 ? put_ipv4(p, request, len) : put_ipv6(p, request, len);
	struct rte_icmp_hdr icmp;

	memcpy(p + head, message, len);
	memcpy(&icmp, message, sizeof(icmp));
	icmp.icmp_type = v4 ? RTE_IP_ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	icmp.icmp_cksum = 0;
	memcpy(p + head, &icmp, sizeof(icmp));
	icmp.icmp_cksum = checksum(&request->dst, &request->src, p + head, len);
	memcpy(p + head, &icmp, sizeof(icmp));
	frame_send(neigh, u, head + len);
}

/* Where the IP packet ends, counted from the frame's first byte. */
static uint32_t
ip_end(const uint8_t *frame, const struct weir_frame *f)
{
	const uint8_t *ip = frame + f->l3;

	if ((f->kind & WEIR_FRAME_IPV4) != 0)
		return f->l3 + (uint32_t)(ip[2] << 8 | ip[3]);
	return f->l3 + (uint32_t)sizeof(struct rte_ipv6_hdr) + (uint32_t)(ip[4] << 8 | ip[5]);
}

enum weir_reason
echo_input(struct weir_neigh *neigh, const struct underlay *u, const uint8_t *frame, const struct weir_outer *outer)
{
	const uint8_t *message = frame + outer->frame.l4;
	uint32_t end = ip_end(frame, &outer->frame), len = end - outer->frame.l4;
	bool v4 = (outer->frame.kind & WEIR_FRAME_IPV4) != 0;
	struct weir_mac smac;

	memcpy(&smac, frame + sizeof(smac), sizeof(smac));
	/* A link-local address is this underlay's alone. Nobody pings one host by broadcast. */
	if ((frame[0] & 1) != 0 || (!neigh_owns(neigh, &outer->dst) && !weir_ip_equal(&u->link_local, &outer->dst)))
		return WEIR_DROP_NOT_OURS;
	/* IPv4 in IPv6's clothes has no business on a wire. */
	if (weir_ip_is_v4(&outer->dst) != v4 || weir_ip_is_v4(&outer->src) != v4)
		return WEIR_DROP_BAD_L4;
	if (!mac_is_host(&smac) || weir_mac_equal(&smac, &u->mac) || !source_ok(neigh, &outer->src))
		return WEIR_DROP_BAD_L4;
	if (end > outer->frame.avail || len < sizeof(struct rte_icmp_hdr) ||
	    checksum(&outer->src, &outer->dst, message, len) != 0)
		return WEIR_DROP_BAD_L4;
	reply(neigh, u, &smac, outer, message, len);
	return WEIR_OK;
}
