/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse: from bytes on a port to a vport's frame and its flow key, or to a tunnel packet, whose tenant classify.c
 * finds. What belongs to neither is the port's.
 */
#include <rte_byteorder.h>

#include "pipeline_priv.h"

#define TPID_C 0x8100
#define TPID_S 0x88a8

static inline uint16_t
load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Takes the outermost tag off, if there is one: its VLAN id, 0 for none; a NIC may have taken it off already. */
static inline int
outer_vlan(struct rte_mbuf *m, uint32_t *vid)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type;

	if (rte_pktmbuf_data_len(m) < 14)
		return -1;
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		*vid = m->vlan_tci & 0xfff;
		return 0;
	}
	type = load16(data + 12);
	if (type != TPID_C && type != TPID_S) {
		*vid = 0;
		return 0;
	}
	if (rte_pktmbuf_data_len(m) < 18)
		return -1;
	*vid = load16(data + 14) & 0xfff;
	weir_vlan_pop(m);
	return 0;
}

/* To maintenance, which answers ARP, ND and ping. */
static void
punt(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_underlay *underlay)
{
	struct rte_mbuf *m = burst->m[i];
	uint32_t iface = burst->in[i]->id;
	struct weir_mbuf_meta *meta = weir_mbuf_meta(m);

	meta->iface = iface;
	meta->bytes = burst->frame[i].len;
	meta->underlay = underlay->id;
	if ((burst->outer[i].kind == WEIR_UNDERLAY_ECHO && rte_ring_count(pipe->punt) >= WEIR_PUNT_ECHO) ||
	    rte_ring_sp_enqueue(pipe->punt, m) != 0) {
		drop(pipe, burst, i, WEIR_DROP_PUNT_FULL);
		return;
	}
	weir_count(pipe->counters, iface)->held_in++;
}

/* A frame from the underlay: true if it is a tunnel's, whose tenant is found next. */
static inline bool
parse_underlay(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_underlay *underlay)
{
	struct rte_mbuf *m = burst->m[i];
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct weir_outer *outer = &burst->outer[i];
	enum weir_reason reason;
	bool to_us = weir_mac_equal((const struct weir_mac *)data, &underlay->mac);

	if (m->ol_flags & (RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD))
		reason = WEIR_DROP_BAD_CHECKSUM;
	else
		reason = weir_parse_underlay(data, rte_pktmbuf_data_len(m), rte_pktmbuf_pkt_len(m),
		    (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD, outer);
	if (reason == WEIR_OK && !to_us && (outer->kind == WEIR_UNDERLAY_VXLAN || (data[0] & 1) == 0))
		reason = WEIR_DROP_NOT_OURS;
	if (reason == WEIR_OK && outer->kind == WEIR_UNDERLAY_VXLAN) {
		burst->in[i] = NULL;
		burst->frame[i].len = rte_pktmbuf_pkt_len(m);
		return true;
	}
	enter(pipe, burst, i, weir_vnet_iface(pipe->vnet, underlay->iface), rte_pktmbuf_pkt_len(m));
	if (reason == WEIR_OK && outer->kind != WEIR_UNDERLAY_OTHER)
		punt(pipe, burst, i, underlay);
	else
		drop(pipe, burst, i, reason != WEIR_OK ? reason : WEIR_DROP_UNDERLAY_OTHER);
	return false;
}

static inline bool
parse_vport(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_iface *in)
{
	struct rte_mbuf *m = burst->m[i];
	uint32_t len = rte_pktmbuf_pkt_len(m);
	enum weir_reason reason;

	enter(pipe, burst, i, in, len);
	reason = weir_parse_frame(
	    rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m), len, &burst->key[i], &burst->frame[i]);
	/* What the NIC found out about the packet is not what the next one is to be told. */
	m->ol_flags &= ~(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_RSS_HASH |
			 RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	if (reason == WEIR_OK)
		return true;
	burst->frame[i].len = len;
	drop(pipe, burst, i, reason);
	return false;
}

/* True if packet i goes on. */
static inline bool
parse(struct weir_pipe *pipe, struct weir_burst *burst, const struct weir_port_map *map, uint32_t i)
{
	const struct weir_vnet *vnet = pipe->vnet;
	enum weir_reason reason = WEIR_DROP_UNKNOWN_VLAN;
	struct rte_mbuf *m = burst->m[i];
	uint32_t vid, target;

	if (weir_packet_pullup(m) != 0 || outer_vlan(m, &vid) != 0) {
		reason = WEIR_DROP_SHORT_FRAME;
	} else {
		target = __atomic_load_n(&map->target[vid], __ATOMIC_ACQUIRE);
		if (target & WEIR_TARGET_UNDERLAY) {
			const struct weir_underlay *underlay =
			    __atomic_load_n(&vnet->underlays[target & ~WEIR_TARGET_UNDERLAY], __ATOMIC_ACQUIRE);

			if (underlay != NULL)
				return parse_underlay(pipe, burst, i, underlay);
		} else if (target != WEIR_TARGET_NONE) {
			const struct weir_iface *in = weir_vnet_iface(vnet, target - 1);

			if (in != NULL)
				return parse_vport(pipe, burst, i, in);
		}
	}
	enter(pipe, burst, i, weir_vnet_iface(vnet, map->iface), rte_pktmbuf_pkt_len(m));
	drop(pipe, burst, i, reason);
	return false;
}

void
stage_parse(struct weir_pipe *pipe, struct weir_burst *burst)
{
	const struct weir_port_map *map =
	    __atomic_load_n(&pipe->vnet->port_maps[burst->port->index], __ATOMIC_ACQUIRE);
	uint32_t kept = 0;

	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];

		if (parse(pipe, burst, map, i))
			burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
