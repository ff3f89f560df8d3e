/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse: from bytes on a port to a tenant's frame and its flow key, tunnel headers taken off. The usual packet is
 * parsed by vector instructions (weir_quick.h), any other by the scalar parsers, with the same result. What is no
 * tenant's is the port's.
 */
#include <rte_byteorder.h>
#include <rte_ether.h>

#include "pipeline_priv.h"

#define TPID_C 0x8100
#define TPID_S 0x88a8

#define RX_BAD (RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD)

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

	*vid = 0;
	if (rte_pktmbuf_data_len(m) < 14)
		return -1;
	if (__builtin_expect((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0, 0)) {
		*vid = m->vlan_tci & 0xfff;
		return 0;
	}
	type = load16(data + 12);
	if (type != TPID_C && type != TPID_S)
		return 0;
	if (rte_pktmbuf_data_len(m) < 18)
		return -1;
	*vid = load16(data + 14) & 0xfff;
	weir_vlan_pop(m);
	return 0;
}

/* The scalar parsers are done with it: may it go the straight way, as what weir_quick.h takes? */
static bool
parsed(struct weir_burst *burst, uint32_t i)
{
	const struct rte_mbuf *m = burst->m[i];

	burst->frame[i].plain =
	    m->nb_segs == 1 && m->data_off >= RTE_VLAN_HLEN && (burst->key[i].flags & WEIR_KEY_TAGS) == 0;
	return true;
}

/* ---- the underlay ---- */

/* To maintenance, which answers ARP, ND and ping. */
static void
punt(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_underlay *underlay,
    const struct weir_outer *outer)
{
	struct rte_mbuf *m = burst->m[i];
	uint32_t iface = burst->in[i]->id;
	struct weir_mbuf_meta *meta = weir_mbuf_meta(m);

	meta->iface = iface;
	meta->bytes = burst->frame[i].len;
	meta->underlay = underlay->id;
	if ((outer->kind == WEIR_UNDERLAY_ECHO && rte_ring_count(pipe->punt) >= WEIR_PUNT_ECHO) ||
	    rte_ring_sp_enqueue(pipe->punt, m) != 0) {
		drop(pipe, burst, i, WEIR_DROP_PUNT_FULL);
		return;
	}
	weir_count(pipe->counters, iface)->held_in++;
}

/* Who sent it, for the key: an IPv4 address as it is, an IPv6 one by the id of its VTEP. */
static inline void
tunnel_source(const struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_outer *outer)
{
	struct weir_key *key = &burst->key[i];

	key->ingress = weir_key_tunnel(outer->tunnel, outer->vni);
	if (weir_ip_is_v4(&outer->src)) {
		memcpy(&key->peer, &outer->src.b[12], sizeof(key->peer));
		return;
	}
	burst->source[i] = outer->src;
	key->ingress |= WEIR_KEY_TUNNEL_V6;
	key->peer = weir_neigh_vtep_find(pipe->vnet->neigh, &outer->src, outer->tunnel);
}

/* The frame in a tunnel packet: true if it goes on. */
static bool
unwrap(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_outer *outer)
{
	struct rte_mbuf *m = burst->m[i];
	enum weir_reason reason, whose;

	if (!weir_vnet_is_local(pipe->vnet, &outer->dst)) {
		enter_port(pipe, burst, i);
		drop(pipe, burst, i, WEIR_DROP_NOT_OURS);
		return false;
	}
	reason = weir_parse_frame(rte_pktmbuf_mtod(m, const uint8_t *) + outer->inner,
	    rte_pktmbuf_data_len(m) - outer->inner, outer->inner_len, &burst->key[i], &burst->frame[i]);
	if (reason == WEIR_OK)
		reason = weir_decap(m, outer->inner, outer->tos, &burst->frame[i]);
	tunnel_source(pipe, burst, i, outer);
	if (reason == WEIR_OK)
		return parsed(burst, i);
	burst->frame[i].len = outer->inner_len;
	whose = classify(pipe, burst, i);
	drop(pipe, burst, i, whose != WEIR_OK ? whose : reason);
	return false;
}

/* Anything from the underlay: true if it is a tenant's and goes on. */
static bool
parse_underlay(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_underlay *underlay)
{
	struct rte_mbuf *m = burst->m[i];
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	bool to_us = weir_mac_equal((const struct weir_mac *)data, &underlay->mac);
	struct weir_outer outer;
	enum weir_reason reason;

	if ((m->ol_flags & RX_BAD) != 0)
		reason = WEIR_DROP_BAD_CHECKSUM;
	else
		reason = weir_parse_underlay(data, rte_pktmbuf_data_len(m), rte_pktmbuf_pkt_len(m),
		    (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD, &outer);
	if (reason == WEIR_OK && !to_us && (outer.kind == WEIR_UNDERLAY_TUNNEL || (data[0] & 1) == 0))
		reason = WEIR_DROP_NOT_OURS;
	if (reason == WEIR_OK && outer.kind == WEIR_UNDERLAY_TUNNEL)
		return unwrap(pipe, burst, i, &outer);
	enter(pipe, burst, i, weir_vnet_iface(pipe->vnet, underlay->iface), rte_pktmbuf_pkt_len(m));
	if (reason == WEIR_OK && outer.kind != WEIR_UNDERLAY_OTHER)
		punt(pipe, burst, i, underlay, &outer);
	else
		drop(pipe, burst, i, reason != WEIR_OK ? reason : WEIR_DROP_UNDERLAY_OTHER);
	return false;
}

/* One segment with room for a tag in front, and no bad news of it from the NIC. */
static inline bool
is_plain(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && m->data_off >= RTE_VLAN_HLEN &&
	       (m->ol_flags & (RX_BAD | RTE_MBUF_F_RX_VLAN_STRIPPED)) == 0;
}

/* The id of the VTEP that an IPv6 tunnel packet is from: often the one that the packet before it came from. */
static inline uint32_t
peer_of(const struct weir_pipe *pipe, struct weir_burst *burst, uint32_t ingress, const struct weir_ip *source)
{
	uint32_t tunnel = ingress & ~(uint32_t)WEIR_VNI_MAX;

	if (burst->peer_tunnel != tunnel || !weir_ip_equal(&burst->peer_source, source)) {
		burst->peer_tunnel = tunnel;
		burst->peer_source = *source;
		burst->peer = weir_neigh_vtep_find(pipe->vnet->neigh, source, weir_key_format(ingress));
	}
	return burst->peer;
}

/* The usual tunnel packet, of one IP version outside; false: it is not, nothing has changed. */
static inline bool
quick_tunnel(const struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i,
    const struct weir_tunnel_match match[2][WEIR_TUNNELS], bool v6)
{
	struct rte_mbuf *m = burst->m[i];
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	bool checksum_ok = (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	struct weir_quick_tunnel tunnel;
	uint32_t peer;

	if (!weir_quick_underlay(data, rte_pktmbuf_data_len(m), match[v6], v6, checksum_ok, &tunnel))
		return false;
	if (v6) {
		memcpy(&burst->source[i], data + 22, sizeof(burst->source[i]));
		peer = peer_of(pipe, burst, tunnel.ingress, &burst->source[i]);
	} else {
		memcpy(&peer, data + 26, sizeof(peer));
	}
	if (!weir_quick_frame(data + tunnel.inner, tunnel.inner_len, false,
		weir_quick_origin_of(tunnel.ingress, peer), &burst->key[i], &burst->frame[i]))
		return false;
	burst->received[i] = rte_pktmbuf_pkt_len(m);
	weir_quick_decap(m, &tunnel);
	return true;
}

static inline bool
quick_underlay(const struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i,
    const struct weir_tunnel_match match[2][WEIR_TUNNELS])
{
	const struct rte_mbuf *m = burst->m[i];

	if (!is_plain(m))
		return false;
	/* The first byte of the ethertype, as far as both versions go. */
	if (__builtin_expect(rte_pktmbuf_mtod(m, const uint8_t *)[12] != 0x86, 1))
		return quick_tunnel(pipe, burst, i, match, false);
	return quick_tunnel(pipe, burst, i, match, true);
}

/* ---- vports ---- */

static bool
parse_vport(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, uint32_t iface)
{
	struct rte_mbuf *m = burst->m[i];
	uint32_t len = rte_pktmbuf_pkt_len(m);
	enum weir_reason reason = weir_parse_frame(
	    rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m), len, &burst->key[i], &burst->frame[i]);

	burst->key[i].ingress = iface;
	if (reason == WEIR_OK)
		return parsed(burst, i);
	burst->frame[i].len = len;
	if (classify(pipe, burst, i) == WEIR_OK)
		drop(pipe, burst, i, reason);
	else
		drop(pipe, burst, i, WEIR_DROP_UNKNOWN_VLAN);
	return false;
}

/* The usual frame of a vport, `tagged` by its port's VLAN or not; false: it is not usual, nothing has changed. */
static inline bool
quick_vport(struct weir_burst *burst, uint32_t i, bool tagged, uint32_t iface)
{
	struct rte_mbuf *m = burst->m[i];

	if (!weir_quick_frame(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m), tagged,
		weir_quick_origin_of(iface, 0), &burst->key[i], &burst->frame[i]))
		return false;
	if (tagged)
		weir_vlan_pop(m);
	burst->received[i] = rte_pktmbuf_pkt_len(m);
	m->ol_flags &= WEIR_MBUF_FLAGS_KEPT;
	return true;
}

/* The same, of the vport that the map names for its VLAN. */
static inline bool
quick_frame(struct weir_burst *burst, const struct weir_port_map *map, uint32_t i, uint32_t untagged)
{
	const struct rte_mbuf *m = burst->m[i];
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t target;

	if (!is_plain(m) || rte_pktmbuf_data_len(m) < WEIR_QUICK_MIN)
		return false;
	if (load16(data + 12) != TPID_C)
		return untagged != WEIR_NONE && quick_vport(burst, i, false, untagged);
	target = __atomic_load_n(&map->target[load16(data + 14) & 0xfff], __ATOMIC_ACQUIRE);
	return target != WEIR_TARGET_NONE && (target & WEIR_TARGET_UNDERLAY) == 0 &&
	       quick_vport(burst, i, true, target - 1);
}

/* ---- any packet ---- */

static bool
lose(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, enum weir_reason reason)
{
	enter_port(pipe, burst, i);
	drop(pipe, burst, i, reason);
	return false;
}

/* What a target of the port's map names, if it is there. */
static inline const struct weir_underlay *
underlay_of(const struct weir_pipe *pipe, uint32_t target)
{
	if ((target & WEIR_TARGET_UNDERLAY) == 0)
		return NULL;
	return __atomic_load_n(&pipe->vnet->underlays[target & ~WEIR_TARGET_UNDERLAY], __ATOMIC_ACQUIRE);
}

/* True if packet i goes on. */
static bool
parse(struct weir_pipe *pipe, struct weir_burst *burst, const struct weir_port_map *map, uint32_t i)
{
	const struct weir_underlay *underlay;
	struct rte_mbuf *m = burst->m[i];
	bool short_frame = weir_packet_pullup(m) != 0;
	uint32_t vid, target;

	burst->received[i] = rte_pktmbuf_pkt_len(m);
	if (short_frame || outer_vlan(m, &vid) != 0)
		return lose(pipe, burst, i, WEIR_DROP_SHORT_FRAME);
	burst->received[i] = rte_pktmbuf_pkt_len(m);
	target = __atomic_load_n(&map->target[vid], __ATOMIC_ACQUIRE);
	underlay = underlay_of(pipe, target);
	if (underlay != NULL)
		return (vid != 0 && quick_underlay(pipe, burst, i, underlay->match)) ||
		       parse_underlay(pipe, burst, i, underlay);
	if (target == WEIR_TARGET_NONE || (target & WEIR_TARGET_UNDERLAY) != 0)
		return lose(pipe, burst, i, WEIR_DROP_UNKNOWN_VLAN);
	m->ol_flags &= WEIR_MBUF_FLAGS_KEPT;
	return parse_vport(pipe, burst, i, target - 1);
}

/* ---- bursts ---- */

/*
 * What the lookup needs is asked for while later packets are parsed: a packet is hashed, and its bucket asked for,
 * some packets after it was parsed, when its key has come to rest in memory; and its flow, when the bucket has come.
 */
#define HASH_LAG 4
#define GUESS_LAG 14

static inline void
hash(const struct weir_flows *flows, struct weir_burst *burst, uint32_t k)
{
	uint32_t i = burst->live[k];

	burst->hash[i] = weir_flows_hash(flows, &burst->key[i]);
}

static inline void
guess(const struct weir_flows *flows, struct weir_burst *burst, uint32_t k)
{
	uint32_t i = burst->live[k];

	burst->flow[i] = weir_flows_guess(flows, burst->hash[i]);
	burst->unguessed[burst->n_unguessed] = i;
	burst->n_unguessed += burst->flow[i] == NULL;
}

/* Packet i goes on, as the k-th. */
static inline void
keep(const struct weir_flows *flows, struct weir_burst *burst, uint32_t k, uint32_t i)
{
	burst->live[k] = i;
	if (k >= HASH_LAG)
		hash(flows, burst, k - HASH_LAG);
	if (k >= GUESS_LAG)
		guess(flows, burst, k - GUESS_LAG);
}

/* All have been parsed. */
static inline void
keep_up(const struct weir_flows *flows, struct weir_burst *burst)
{
	for (uint32_t k = burst->n_live > HASH_LAG ? burst->n_live - HASH_LAG : 0; k < burst->n_live; k++)
		hash(flows, burst, k);
	for (uint32_t k = burst->n_live > GUESS_LAG ? burst->n_live - GUESS_LAG : 0; k < burst->n_live; k++)
		guess(flows, burst, k);
}

/*
 * From a port whose untagged frames are the underlay's, or a vport's: the usual packet shows at one look that it is
 * one, so that is what is looked for first.
 */
static void
parse_tunnels(struct weir_pipe *pipe, struct weir_burst *burst, const struct weir_port_map *map,
    const struct weir_underlay *underlay)
{
	const struct weir_flows *flows = pipe->flows;
	uint32_t kept = 0;

	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];

		if (quick_underlay(pipe, burst, i, underlay->match) || quick_frame(burst, map, i, WEIR_NONE) ||
		    parse(pipe, burst, map, i))
			keep(flows, burst, kept++, i);
	}
	burst->n_live = kept;
}

static void
parse_frames(struct weir_pipe *pipe, struct weir_burst *burst, const struct weir_port_map *map, uint32_t vport)
{
	const struct weir_flows *flows = pipe->flows;
	uint32_t kept = 0;

	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];

		if (quick_frame(burst, map, i, vport) || parse(pipe, burst, map, i))
			keep(flows, burst, kept++, i);
	}
	burst->n_live = kept;
}

void
stage_parse(struct weir_pipe *pipe, struct weir_burst *burst)
{
	const struct weir_port_map *map =
	    __atomic_load_n(&pipe->vnet->port_maps[burst->port->index], __ATOMIC_ACQUIRE);
	uint32_t target = __atomic_load_n(&map->target[0], __ATOMIC_ACQUIRE);
	const struct weir_underlay *underlay = underlay_of(pipe, target);

	burst->peer_tunnel = 0;
	burst->n_unguessed = 0;
	if (underlay != NULL)
		parse_tunnels(pipe, burst, map, underlay);
	else
		parse_frames(pipe, burst, map,
		    (target & WEIR_TARGET_UNDERLAY) != 0 || target == WEIR_TARGET_NONE ? WEIR_NONE : target - 1);
	keep_up(pipe->flows, burst);
}
