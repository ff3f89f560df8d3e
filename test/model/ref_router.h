/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual routers of the reference: what ref_switch.c, ref_router.c, ref_neigh.c and ref_made.c have of each other.
 */
#ifndef WEIR_TEST_REF_ROUTER_H
#define WEIR_TEST_REF_ROUTER_H

#include "ref.h"

#define REF_ELEMENTS 32 /* switches and routers on a packet's way */

/* A packet on its way through a tenant's network. */
struct ref_trip {
	uint32_t tenant, sw; /* the switch it is on */
	uint32_t elements;   /* that it has met */
	enum ref_made made;
	bool routed; /* the last router, and the switch by which it came in there */
	uint32_t router, in;
	bool unmet; /* it says why a packet was lost: it meets no firewall */
	struct wire wire;
	struct ref_frame frame;
	struct ref_result *result;
};

/* ---- ref_switch.c ---- */

/* A router sends the frame into the switch: a MAC's place, or all places. */
void ref_into_switch(struct ref *ref, struct ref_trip *trip);

/* To one place, whatever the tables say. */
void ref_send_place(struct ref *ref, const struct ref_place *to, bool flooded, const struct ref_trip *trip);

/* ---- ref_router.c ---- */

/* The packet ends here, for one of these reasons. */
void ref_lose(const struct ref_trip *trip, uint64_t reasons);

/* It does not fit the way out: perhaps its source is told. */
void ref_too_large(struct ref *ref, const struct ref_out *out, bool flooded, const struct ref_trip *trip);

/* A frame to the MAC of the router's interface on trip->sw. */
void ref_route(struct ref *ref, uint32_t router, bool commit, struct ref_trip *trip);

/* A packet of the router's own, IP header and all behind 14 bytes of room; `in`: where what it is about came in. */
void ref_send_own(struct ref *ref, uint32_t router, uint32_t in, struct ref_trip *trip);

/* Where a router sends what is for `dst`. */
struct ref_way {
	bool found;
	const struct topo_static_route *route; /* NULL: connected */
	uint32_t n;			       /* 0: blackhole */
	struct weir_ip hops[TOPO_VIAS];
	uint32_t sws[TOPO_VIAS];
};
void ref_lookup(const struct topo_router *router, const struct weir_ip *dst, struct ref_way *way);

/* Is it one of the router's addresses? On the switch `s`, or on any (TOPO_SWITCHES); fe80 only where it belongs. */
bool ref_is_own(const struct topo_router *router, uint32_t s, const struct weir_ip *ip);

/* Group, unspecified, 0.x, loopback. */
bool ref_is_nobody(const struct weir_ip *ip);
bool ref_is_link_local(const struct weir_ip *ip);

/* Broadcast or network address of one of the router's IPv4 prefixes, or reserved (240/4): the contract says little.
 */
bool ref_is_odd(const struct topo_router *router, const struct weir_ip *ip);

/* ---- ref_neigh.c ---- */

/* ARP and ND for routers on the switch: answered, and *consumed; or it changes what they know. */
void ref_hear(struct ref *ref, uint32_t router, bool commit, struct ref_trip *trip, bool *consumed);

/* The MAC of a next hop on a switch; false: the router does not know it. */
bool ref_neighbour(const struct ref *ref, uint32_t tenant, uint32_t router, uint32_t sw, const struct weir_ip *ip,
    struct weir_mac *mac);

/* What a change of the configuration leaves of neighbours and choices. */
void ref_keep(struct ref *ref, const struct topo *topo);

/* ---- ref_made.c ---- */

void ref_reply_arp(struct ref *ref, const struct topo_iface *iface, const struct ref_trip *trip);
void ref_reply_nd(
    struct ref *ref, const struct topo_iface *iface, const struct ref_nd *nd, const struct ref_trip *trip);
void ref_reply_echo(struct ref *ref, uint32_t router, const struct ref_trip *trip);

/* About a packet on trip->sw that came into the router by the switch `in`. `mtu`: 0 = none is said. */
void ref_report(struct ref *ref, uint32_t router, uint32_t in, uint8_t type, uint8_t code, uint32_t mtu,
    const struct ref_trip *trip);

#endif
