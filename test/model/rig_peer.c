/* SPDX-License-Identifier: BSD-3-Clause */
/* The hosts on the underlay that weir asks for by ARP and ND. */
#include <string.h>

#include "gen.h"
#include "ref.h"
#include "rig.h"
#include "weir_view.h"

/* weir looks at its neighbours every 50 ms: nothing heard for longer is rest, if nobody is being asked for. */
#define ROUND_NS (20 * WEIR_NS_PER_MS)
#define ROUNDS_QUIET 4
#define ROUNDS_MAX 200
#define NEIGHBOURS_MAX 64

uint32_t rig_answers[TOPO_PORTS];

static void
answer(struct rng *rng, const struct topo *topo, uint32_t port, struct wire *reply)
{
	uint8_t tag[4];

	if (rng == NULL)
		return;
	rig_answers[port]++;
	if (topo->ports[port].vlan != 0) {
		put16(tag, ETH_VLAN);
		put16(tag + 2, topo->ports[port].vlan);
		wire_insert(reply, 12, tag, 4);
	}
	rig_inject(rng, port, 0, reply);
}

static void
begin_reply(struct wire *reply, const uint8_t *to, const struct weir_mac *from, uint32_t ethertype)
{
	reply->len = 0;
	memcpy(gen_put(reply, 6), to, 6);
	memcpy(gen_put(reply, 6), from->b, 6);
	put16(gen_put(reply, 2), ethertype);
}

static bool
peer_arp(struct rng *rng, const struct topo *topo, uint32_t port, const struct wire *wire)
{
	const uint8_t *arp = wire->data + ETH_HEADER;
	struct weir_ip asker = wire_get_ipv4(arp + 14), asked = wire_get_ipv4(arp + 24);
	struct weir_mac mac = topo_peer_mac(&asked);
	struct wire reply;
	uint8_t *p;

	if (get16(arp + 6) != 1 || weir_ip_equal(&asker, &asked) || topo_is_local(topo, &asked))
		return true;
	begin_reply(&reply, wire->data + 6, &mac, ETH_ARP);
	p = gen_put(&reply, 28);
	memcpy(p, arp, 6);
	p[7] = 2;
	memcpy(p + 8, mac.b, 6);
	memcpy(p + 14, arp + 24, 4);
	memcpy(p + 18, arp + 8, 10);
	answer(rng, topo, port, &reply);
	return true;
}

static bool
peer_nd(struct rng *rng, const struct topo *topo, uint32_t port, const struct wire *wire,
    const struct ref_frame *frame, const struct ref_nd *nd)
{
	struct weir_mac mac = topo_peer_mac(&nd->target);
	struct wire reply;
	uint8_t *p;

	if (!nd->valid)
		return false;
	if (nd->type != 135 || topo_is_local(topo, &nd->target) || frame->src.b[0] == 0)
		return true;
	begin_reply(&reply, wire->data + 6, &mac, ETH_IPV6);
	gen_ip(&reply, &nd->target, &frame->src, PROTO_ICMPV6, 0);
	reply.data[ETH_HEADER + 7] = 255;
	p = gen_put(&reply, 32);
	p[0] = 136;
	p[4] = 0x60;
	wire_put_ip(p + 8, &nd->target);
	p[24] = 2;
	p[25] = 1;
	memcpy(p + 26, mac.b, 6);
	gen_ip_finish(&reply, ETH_HEADER);
	put16(p + 2, wire_l4_sum(reply.data + ETH_HEADER, PROTO_ICMPV6, p, 32));
	answer(rng, topo, port, &reply);
	return true;
}

bool
rig_peer(struct rng *rng, const struct topo *topo, uint32_t port, const struct wire *wire)
{
	struct weir_mac own = topo_underlay_mac(topo, port);
	struct ref_frame frame;
	struct wire plain;
	struct ref_nd nd;

	if (!topo->ports[port].uplink || wire->len < 18)
		return false;
	plain.len = wire->len;
	memcpy(plain.data, wire->data, wire->len);
	if (topo->ports[port].vlan != 0) {
		if (get16(plain.data + 12) != ETH_VLAN || get16(plain.data + 14) != topo->ports[port].vlan)
			return false;
		wire_cut(&plain, 12, 4);
	}
	ref_read(plain.data, plain.len, &frame);
	if (frame.faults != 0 || !weir_mac_equal(&frame.smac, &own))
		return false;
	if (frame.kind == REF_ARP)
		return peer_arp(rng, topo, port, &plain);
	return ref_read_nd(plain.data, &frame, &nd) && peer_nd(rng, topo, port, &plain, &frame, &nd);
}

static bool
all_resolved(const struct rig *rig)
{
	static struct weir_view_neigh rows[NEIGHBOURS_MAX];
	uint64_t cursor = 0;
	uint32_t n = weir_view_neighs(rig->gateway, &cursor, rows, NEIGHBOURS_MAX);

	for (uint32_t i = 0; i < n; i++)
		if (rows[i].entry.state != WEIR_NEIGH_REACHABLE)
			return false;
	return true;
}

bool
rig_settle(struct rig *rig, struct rng *rng, const struct topo *topo, struct wire *odd, uint32_t *port)
{
	int quiet = 0;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		rig_step(rig, ROUND_NS);
		quiet++;
		for (uint32_t p = 0; p < TOPO_PORTS; p++)
			for (uint32_t q = 0; q < TOPO_QUEUES; q++)
				while (rig_collect(p, q, odd)) {
					quiet = 0;
					*port = p;
					if (!rig_peer(rng, topo, p, odd))
						return false;
				}
		if (quiet >= ROUNDS_QUIET && rig_waiting() == 0 && all_resolved(rig))
			return true;
	}
	odd->len = 0;
	return false;
}
