/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels on: the headers to a remote gateway are a template; what depends on the packet is written over it. */
#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>

#include "packet_priv.h"
#include "weir_packet.h"

#define SPORT_BASE 0xc000 /* 49152 to 65535: the dynamic ports (RFC 7348) */
#define SPORT_MASK 0x3fff

/* The template is copied by blocks of this many bytes, the last one overlapping. */
#define BLOCK 16
#define BLOCKS_ALWAYS 3
_Static_assert(RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr) + UDP_TUNNEL_LEN >= BLOCKS_ALWAYS * BLOCK,
    "the shortest header has these blocks");
_Static_assert(RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + sizeof(struct rte_ipv6_hdr) + UDP_TUNNEL_LEN <=
		   sizeof(((struct weir_encap *)0)->header),
    "the longest header fits");

static uint32_t
put_l2(uint8_t *p, const struct weir_encap_params *params, bool v6)
{
	const rte_be16_t tpid = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	const rte_be16_t type = v6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4);
	uint32_t at = 2 * RTE_ETHER_ADDR_LEN;

	memcpy(p, &params->dmac, RTE_ETHER_ADDR_LEN);
	memcpy(p + RTE_ETHER_ADDR_LEN, &params->smac, RTE_ETHER_ADDR_LEN);
	if (params->vlan != WEIR_NONE) {
		const rte_be16_t tci = rte_cpu_to_be_16((uint16_t)params->vlan);

		memcpy(p + at, &tpid, sizeof(tpid));
		memcpy(p + at + 2, &tci, sizeof(tci));
		at += RTE_VLAN_HLEN;
	}
	memcpy(p + at, &type, sizeof(type));
	return at + (uint32_t)sizeof(type);
}

static uint32_t
put_ipv4(uint8_t *p, const struct weir_encap_params *params)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)p;

	/* Never fragmented: as an atomic datagram it needs no id (RFC 6864). */
	*ip = (struct rte_ipv4_hdr){
	    .version_ihl = RTE_IPV4_VHL_DEF,
	    .fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = params->ttl,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = load32(&params->src.b[12]),
	    .dst_addr = load32(&params->dst.b[12]),
	};
	return sizeof(*ip);
}

static uint32_t
put_ipv6(uint8_t *p, const struct weir_encap_params *params)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)p;

	ip->vtc_flow = RTE_BE32(0x60000000);
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = params->ttl;
	memcpy(ip->src_addr, &params->src, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, &params->dst, sizeof(ip->dst_addr));
	return sizeof(*ip);
}

const char *
weir_tunnel_name(enum weir_tunnel tunnel)
{
	return tunnel == WEIR_GENEVE ? "geneve" : "vxlan";
}

static void
put_tunnel(struct rte_udp_hdr *udp, enum weir_tunnel tunnel)
{
	struct tunnel_hdr *header = (struct tunnel_hdr *)(udp + 1);
	bool geneve = tunnel == WEIR_GENEVE;

	udp->dst_port = geneve ? RTE_BE16(WEIR_GENEVE_PORT) : RTE_BE16(WEIR_VXLAN_PORT);
	header->flags = geneve ? GENEVE_ETHERNET : VXLAN_FLAG_VNI;
}

/* Of what the UDP checksum covers, all that is the same in every packet. */
static uint16_t
udp6_sum(const uint8_t *l3)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)l3;
	uint64_t addresses = weir_sum(ip->src_addr, sizeof(ip->src_addr) + sizeof(ip->dst_addr));

	return sum_fold(addresses + RTE_BE16(IPPROTO_UDP) + weir_sum((const uint8_t *)(ip + 1), UDP_TUNNEL_LEN));
}

void
weir_encap_init(struct weir_encap *encap, const struct weir_encap_params *params)
{
	uint32_t l2_len, l3_len;
	struct rte_udp_hdr *udp;
	uint8_t *p;

	memset(encap, 0, sizeof(*encap));
	encap->v6 = !weir_ip_is_v4(&params->dst);
	encap->mtu = (uint16_t)RTE_MIN(params->mtu, (uint32_t)UINT16_MAX);
	encap->port = params->port;
	p = encap->header;
	l2_len = put_l2(p, params, encap->v6);
	l3_len = encap->v6 ? put_ipv6(p + l2_len, params) : put_ipv4(p + l2_len, params);
	encap->l2_len = (uint8_t)l2_len;
	encap->len = (uint8_t)(l2_len + l3_len + UDP_TUNNEL_LEN);
	udp = (struct rte_udp_hdr *)(p + l2_len + l3_len);
	put_tunnel(udp, params->tunnel);
	encap->sum = encap->v6 ? udp6_sum(p + l2_len) : sum_fold(weir_sum(p + l2_len, l3_len));
}

static inline void
copy_header(uint8_t *to, const struct weir_encap *encap)
{
	memcpy(to, encap->header, BLOCKS_ALWAYS * BLOCK);
	if (encap->len > (BLOCKS_ALWAYS + 1) * BLOCK)
		memcpy(to + BLOCKS_ALWAYS * BLOCK, encap->header + BLOCKS_ALWAYS * BLOCK, BLOCK);
	memcpy(to + encap->len - BLOCK, encap->header + encap->len - BLOCK, BLOCK);
}

static inline uint64_t
finish_ipv4(struct rte_ipv4_hdr *ip, const struct weir_encap *encap, uint32_t total, uint8_t tos, uint32_t tx_flags)
{
	const uint8_t first[2] = {0, tos};
	rte_be16_t total_be = rte_cpu_to_be_16((uint16_t)total);

	ip->type_of_service = tos;
	ip->total_length = total_be;
	if ((tx_flags & WEIR_TX_IPV4_CKSUM) != 0)
		return RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
	ip->hdr_checksum = (rte_be16_t)~sum_fold((uint64_t)encap->sum + load16(first) + total_be);
	return 0;
}

/* Also its UDP checksum, which is not optional over IPv6: kernels drop packets without. */
static inline uint64_t
finish_ipv6(
    struct rte_mbuf *m, struct rte_ipv6_hdr *ip, const struct weir_encap *encap, uint8_t tos, uint32_t tx_flags)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	const struct tunnel_hdr *tunnel = (const struct tunnel_hdr *)(udp + 1);
	uint64_t sum;
	uint16_t checksum;

	ip->vtc_flow = rte_cpu_to_be_32(0x60000000u | (uint32_t)tos << RTE_IPV6_HDR_TC_SHIFT);
	ip->payload_len = udp->dgram_len;
	if ((tx_flags & WEIR_TX_UDP_CKSUM) != 0) {
		sum = weir_sum(ip->src_addr, sizeof(ip->src_addr) + sizeof(ip->dst_addr));
		udp->dgram_cksum = sum_fold(sum + RTE_BE16(IPPROTO_UDP) + udp->dgram_len);
		return RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
	}
	/* The length counts twice: it is in the pseudo header too. */
	sum = (uint64_t)encap->sum + udp->src_port + 2 * (uint64_t)udp->dgram_len + tunnel->vni;
	checksum = (uint16_t)~sum_fold(sum + weir_sum_segments(m, encap->len, m->pkt_len - encap->len));
	udp->dgram_cksum = checksum == 0 ? UINT16_MAX : checksum;
	return 0;
}

int
weir_encap_push(struct rte_mbuf *m, const struct weir_encap *encap, uint32_t vni, uint32_t flow_hash, uint8_t tos,
    uint32_t tx_flags)
{
	uint8_t *header = (uint8_t *)rte_pktmbuf_prepend(m, encap->len);
	uint32_t l2_len = encap->l2_len, l4 = encap->len - UDP_TUNNEL_LEN;
	struct rte_udp_hdr *udp;
	uint64_t flags;

	if (unlikely(header == NULL))
		return -ENOSPC;
	copy_header(header, encap);
	udp = (struct rte_udp_hdr *)(header + l4);
	udp->src_port = rte_cpu_to_be_16((uint16_t)(SPORT_BASE | (flow_hash & SPORT_MASK)));
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(m->pkt_len - l4));
	((struct tunnel_hdr *)(udp + 1))->vni = rte_cpu_to_be_32(vni << 8);
	if (likely(!encap->v6))
		flags =
		    finish_ipv4((struct rte_ipv4_hdr *)(header + l2_len), encap, m->pkt_len - l2_len, tos, tx_flags);
	else
		flags = finish_ipv6(m, (struct rte_ipv6_hdr *)(header + l2_len), encap, tos, tx_flags);
	m->ol_flags = (m->ol_flags & WEIR_MBUF_FLAGS_KEPT) | flags;
	m->tx_offload = rte_mbuf_tx_offload(l2_len, l4 - l2_len, 0, 0, 0, 0, 0);
	return 0;
}
