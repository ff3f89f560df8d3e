/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A next hop that a router does not know: it is asked for, once a second and three times, while a few packets wait.
 * They go when it answers; else they are dropped and their sender is told.
 *
 *	p1: v0 on s0, host 0, 10.0.0.1		p3: v2 on s1, host 2, 10.0.1.3		r0: 10.0.0.200 and 10.0.1.200
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"
#include "net.h"
#include "scenarios.h"

#define SENT 40
#define WAIT 32 /* as many as a tenant may have waiting */
#define STEP_NS (20 * WEIR_NS_PER_MS)
#define STEPS 300      /* six seconds: announcements, three questions, and more than that */
#define ANSWER_STEP 75 /* after one and a half */

/* What left by the two ports. */
struct seen {
	uint32_t questions, packets, errors, others;
};

static struct weir_mac
router_mac(uint32_t s)
{
	return (struct weir_mac){{0x02, 0, 0, 0x77, 0, (uint8_t)s}};
}

static void
make_network(void)
{
	struct topo_tenant *tenant = &net.topo.tenants[0];
	struct topo_router *router = &tenant->routers[0];

	net_reset();
	tenant->switches[1] = (struct topo_switch){.used = true};
	tenant->vports[2].sw = 1;
	router->used = true;
	for (uint32_t s = 0; s < 2; s++) {
		router->ifaces[s] = (struct topo_iface){.used = true, .mac = router_mac(s), .n_addresses = 1};
		router->ifaces[s].addresses[0] =
		    (struct weir_prefix){.ip = topo_lan_ipv4(s, TOPO_LAN_ROUTER(0)), .len = 96 + 24};
	}
}

/* Host h on switch s says what a question for the router's MAC says, or answers one. */
static void
send_arp(uint32_t host, uint32_t s, uint16_t op)
{
	static struct wire wire;
	const struct gen_host asker = {.mac = topo_host_mac(host)};
	struct weir_ip own = topo_lan_ipv4(s, TOPO_LAN_HOST(host)), router = topo_lan_ipv4(s, TOPO_LAN_ROUTER(0));
	struct weir_mac mac = router_mac(s);

	gen_ask(&asker, &own, &router, op == 2 ? &mac : NULL, &wire);
	put16(wire.data + ETH_HEADER + 6, op);
	if (op == 2)
		memcpy(wire.data + ETH_HEADER + 18, mac.b, 6);
	rig_inject(&net.rng, host + 1, 0, &wire);
}

static void
send_packet(uint16_t port)
{
	static struct wire wire;
	struct weir_mac dst = router_mac(0), src = topo_host_mac(0);
	struct weir_ip from = topo_lan_ipv4(0, TOPO_LAN_HOST(0)), to = topo_lan_ipv4(1, TOPO_LAN_HOST(2));
	uint8_t *udp;

	wire.len = 0;
	memcpy(gen_put(&wire, 6), dst.b, 6);
	memcpy(gen_put(&wire, 6), src.b, 6);
	put16(gen_put(&wire, 2), ETH_IPV4);
	gen_ip(&wire, &from, &to, PROTO_UDP, 0);
	udp = gen_put(&wire, 100);
	put16(udp, port);
	put16(udp + 2, 53);
	put16(udp + 4, 100);
	gen_ip_finish(&wire, ETH_HEADER);
	rig_inject(&net.rng, 1, 0, &wire);
}

static void
look(uint32_t port, const struct wire *wire, struct seen *seen)
{
	const uint8_t *p = wire->data + ETH_HEADER;

	if (get16(wire->data + 12) == ETH_ARP && memcmp(p + 14, p + 24, 4) == 0)
		return; /* an announcement */
	if (port == 3 && get16(wire->data + 12) == ETH_ARP && get16(p + 6) == 1 && p[27] == TOPO_LAN_HOST(2))
		seen->questions++;
	else if (port == 3 && get16(wire->data + 12) == ETH_IPV4 && p[8] == 63 && p[9] == PROTO_UDP)
		seen->packets++;
	else if (port == 1 && get16(wire->data + 12) == ETH_IPV4 && p[9] == PROTO_ICMP && p[20] == 3 && p[21] == 1)
		seen->errors++;
	else
		seen->others++;
}

static void
collect(struct seen *seen)
{
	static struct wire wire;

	for (uint32_t p = 0; p < net.topo.n_ports; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(p, q, &wire))
				if (!rig_peer(&net.rng, &net.topo, p, &wire))
					look(p, &wire, seen);
}

/* The router announces itself, which is nothing to be astonished at. */
static bool
apply(void)
{
	static struct wire odd;
	uint32_t port;
	bool rests = net_apply();

	for (int i = 0; i < 20 && !rests; i++)
		rests = rig_settle(&net.rig, &net.rng, &net.topo, &odd, &port);
	return rests;
}

static bool
next_hop(bool answers)
{
	struct weir_tally before, after;
	struct seen seen = {.questions = 0}, none = seen;
	uint64_t queue, unresolved;

	make_network();
	if (!apply())
		return false;
	send_arp(0, 0, 1);
	rig_step(&net.rig, STEP_NS);
	collect(&none);
	if (!net_tally(&before))
		return false;
	for (uint16_t i = 0; i < SENT; i++)
		send_packet(i);
	for (uint32_t step = 0; step < STEPS; step++) {
		if (step == ANSWER_STEP && answers)
			send_arp(2, 1, 2);
		rig_step(&net.rig, STEP_NS);
		collect(&seen);
	}
	if (!net_tally(&after))
		return false;
	queue = after.reasons[WEIR_DROP_NEIGH_QUEUE].packets - before.reasons[WEIR_DROP_NEIGH_QUEUE].packets;
	unresolved =
	    after.reasons[WEIR_DROP_NEIGH_UNRESOLVED].packets - before.reasons[WEIR_DROP_NEIGH_UNRESOLVED].packets;
	if (queue == SENT - WAIT && unresolved == (answers ? 0 : WAIT) && seen.packets == (answers ? WAIT : 0) &&
	    seen.errors == (answers ? 0 : WAIT) && seen.questions == (answers ? 2 : 3) && seen.others == 0)
		return true;
	(void)printf("next hop that %s: %u questions, %u of %u packets left, %u errors, %u other frames; %" PRIu64
		     " did not find room, %" PRIu64 " waited in vain\n",
	    answers ? "answers" : "is silent", seen.questions, seen.packets, SENT, seen.errors, seen.others, queue,
	    unresolved);
	return false;
}

bool
routers_hold(void)
{
	/* In this order: who has answered is known for a while, and who has not is asked again after five seconds. */
	if (!next_hop(false))
		return false;
	rig_step(&net.rig, 6 * WEIR_NS_PER_S);
	return next_hop(true);
}
