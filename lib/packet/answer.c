/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ether.h>

#include "answer_priv.h"

bool
weir_ip_is_host(const struct weir_ip *ip)
{
	static const struct weir_ip unspecified, loopback = {{[15] = 1}};
	static const uint8_t broadcast[4] = {0xff, 0xff, 0xff, 0xff};

	if (!weir_ip_is_v4(ip))
		return ip->b[0] != 0xff && !weir_ip_equal(ip, &unspecified) && !weir_ip_equal(ip, &loopback);
	return ip->b[12] != 0 && ip->b[12] != 127 && (ip->b[12] & 0xf0) != 0xe0 &&
	       memcmp(&ip->b[12], broadcast, sizeof(broadcast)) != 0;
}

uint32_t
put_ether(uint8_t *p, const struct weir_mac *smac, const struct weir_mac *dmac, rte_be16_t ethertype)
{
	memcpy(p, dmac, sizeof(*dmac));
	memcpy(p + RTE_ETHER_ADDR_LEN, smac, sizeof(*smac));
	memcpy(p + 2 * RTE_ETHER_ADDR_LEN, &ethertype, sizeof(ethertype));
	return RTE_ETHER_HDR_LEN;
}

/* Never to be fragmented, so that it needs no id of its own (RFC 6864). */
static void
put_ipv4(uint8_t *p, const struct ip_params *params)
{
	struct rte_ipv4_hdr ip = {
	    .version_ihl = RTE_IPV4_VHL_DEF,
	    .type_of_service = params->tos,
	    .total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + params->len)),
	    .fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = params->ttl,
	    .next_proto_id = params->proto,
	};

	memcpy(&ip.src_addr, &params->src->b[12], sizeof(ip.src_addr));
	memcpy(&ip.dst_addr, &params->dst->b[12], sizeof(ip.dst_addr));
	ip.hdr_checksum = weir_ipv4_checksum((const uint8_t *)&ip, sizeof(ip));
	memcpy(p, &ip, sizeof(ip));
}

static void
put_ipv6(uint8_t *p, const struct ip_params *params)
{
	struct rte_ipv6_hdr ip = {
	    .vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)params->tos << RTE_IPV6_HDR_TC_SHIFT),
	    .payload_len = rte_cpu_to_be_16((uint16_t)params->len),
	    .proto = params->proto,
	    .hop_limits = params->ttl,
	};

	memcpy(ip.src_addr, params->src, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, params->dst, sizeof(ip.dst_addr));
	memcpy(p, &ip, sizeof(ip));
}

uint32_t
put_ip(uint8_t *p, const struct weir_mac *smac, const struct weir_mac *dmac, const struct ip_params *params)
{
	bool v4 = weir_ip_is_v4(params->src);
	uint32_t l3 = put_ether(p, smac, dmac, v4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6));

	if (v4)
		put_ipv4(p + l3, params);
	else
		put_ipv6(p + l3, params);
	return l3 + ip_header_len(v4);
}

uint32_t
weir_ip_end(const uint8_t *data, const struct weir_frame *frame)
{
	const uint8_t *ip = data + frame->l3;

	if ((frame->kind & WEIR_FRAME_IPV4) != 0)
		return frame->l3 +
		       (uint32_t)rte_be_to_cpu_16(load16(ip + offsetof(struct rte_ipv4_hdr, total_length)));
	return frame->l3 + (uint32_t)sizeof(struct rte_ipv6_hdr) +
	       rte_be_to_cpu_16(load16(ip + offsetof(struct rte_ipv6_hdr, payload_len)));
}

static void
read_ipv4(const uint8_t *data, const struct weir_frame *frame, struct ip_packet *packet)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(data + frame->l3);

	packet->later = (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0;
	packet->proto = ip->next_proto_id;
	packet->payload = frame->l3 + (ip->version_ihl & RTE_IPV4_HDR_IHL_MASK) * 4u;
	map_ipv4(&packet->src, ip->src_addr);
	map_ipv4(&packet->dst, ip->dst_addr);
}

static bool
read_ipv6(const uint8_t *data, const struct weir_frame *frame, struct ip_packet *packet)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(data + frame->l3);
	struct ipv6_chain c = {.at = frame->l3 + (uint32_t)sizeof(*ip), .proto = ip->proto};

	if (ipv6_is_extension(c.proto) && !weir_ipv6_walk(data, packet->end, &c))
		return false;
	packet->later = c.later;
	packet->proto = c.proto;
	packet->payload = c.at;
	memcpy(&packet->src, ip->src_addr, sizeof(packet->src));
	memcpy(&packet->dst, ip->dst_addr, sizeof(packet->dst));
	return true;
}

bool
ip_packet_read(const uint8_t *data, const struct weir_frame *frame, struct ip_packet *packet)
{
	if ((frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0)
		return false;
	packet->v4 = (frame->kind & WEIR_FRAME_IPV4) != 0;
	packet->end = weir_ip_end(data, frame);
	if (!packet->v4)
		return read_ipv6(data, frame, packet);
	read_ipv4(data, frame, packet);
	return true;
}

bool
ip_packet_answerable(const uint8_t *data, const struct ip_packet *packet)
{
	/* IPv4 addresses in an IPv6 packet are a lie (RFC 4942, 2.2): the answer would be taken for IPv4's. */
	return (data[0] & 1) == 0 && weir_ip_is_v4(&packet->src) == packet->v4 &&
	       weir_ip_is_v4(&packet->dst) == packet->v4 && weir_ip_is_host(&packet->src) &&
	       weir_ip_is_host(&packet->dst);
}
