/* SPDX-License-Identifier: BSD-3-Clause */
/* What a router does with a packet, step by step as the contract lists them. */
#include <string.h>

#include "ref_firewall.h"

enum {
	UNREACHABLE4 = 3, /* codes: 0 net, 1 host, 3 port, 4 fragmentation needed */
	TIME_EXCEEDED4 = 11,
	UNREACHABLE6 = 1, /* codes: 0 no route, 3 address, 4 port */
	TOO_BIG6 = 2,
	TIME_EXCEEDED6 = 3,
	ECHO4 = 8,
	ECHO6 = 128,
	TUNNEL = 8 + 8 + ETH_HEADER, /* UDP, VXLAN or Geneve, and the tenant's Ethernet header */
};

void
ref_lose(const struct ref_trip *trip, uint64_t reasons)
{
	/* Where that counts which weir made itself is not said. */
	if (trip->made != REF_NOT_MADE)
		trip->result->open = true;
	else
		trip->result->drop |= reasons;
}

/* ---- addresses ---- */

bool
ref_is_nobody(const struct weir_ip *ip)
{
	static const struct weir_ip any, loopback = {.b = {[15] = 1}};

	if (weir_ip_is_v4(ip))
		return ip->b[12] == 0 || ip->b[12] == 127 || (ip->b[12] >= 224 && ip->b[12] < 240);
	return ip->b[0] == 0xff || weir_ip_equal(ip, &any) || weir_ip_equal(ip, &loopback);
}

bool
ref_is_link_local(const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip))
		return ip->b[12] == 169 && ip->b[13] == 254;
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

bool
ref_is_own(const struct topo_router *router, uint32_t s, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < TOPO_SWITCHES; i++) {
		const struct topo_iface *iface = &router->ifaces[i];
		struct weir_ip fe80 = wire_link_local(&iface->mac);

		if (!iface->used || (s != TOPO_SWITCHES && s != i))
			continue;
		for (uint32_t a = 0; a < iface->n_addresses; a++)
			if (weir_ip_equal(&iface->addresses[a].ip, ip))
				return true;
		if (s == i && weir_ip_equal(&fe80, ip))
			return true;
	}
	return false;
}

/* The first or the last address of a connected IPv4 prefix, which is none of a host. */
static bool
is_edge(const struct topo_router *router, const struct weir_ip *ip, bool last)
{
	uint32_t host, mask;

	if (!weir_ip_is_v4(ip))
		return false;
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t a = 0; router->ifaces[s].used && a < router->ifaces[s].n_addresses; a++) {
			const struct weir_prefix *net = &router->ifaces[s].addresses[a];

			if (net->len >= 127 || !weir_prefix_contains(net, ip))
				continue;
			mask = UINT32_MAX >> (net->len - 96);
			host = get32(ip->b + 12) & mask;
			if (host == (last ? mask : 0))
				return true;
		}
	return false;
}

bool
ref_is_odd(const struct topo_router *router, const struct weir_ip *ip)
{
	return is_edge(router, ip, true) || is_edge(router, ip, false) || (weir_ip_is_v4(ip) && ip->b[12] >= 240);
}

static bool
is_full_broadcast(const struct weir_ip *ip)
{
	return weir_ip_is_v4(ip) && get32(ip->b + 12) == UINT32_MAX;
}

/* ---- routes ---- */

/* The interface to which a next hop belongs. */
static uint32_t
via_switch(const struct topo_router *router, const struct topo_static_route *route, const struct weir_ip *via)
{
	if (route->has_sw)
		return route->sw;
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t a = 0; router->ifaces[s].used && a < router->ifaces[s].n_addresses; a++)
			if (weir_prefix_contains(&router->ifaces[s].addresses[a], via))
				return s;
	return TOPO_SWITCHES;
}

void
ref_lookup(const struct topo_router *router, const struct weir_ip *dst, struct ref_way *way)
{
	int best = -1;

	memset(way, 0, sizeof(*way));
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t a = 0; router->ifaces[s].used && a < router->ifaces[s].n_addresses; a++) {
			const struct weir_prefix *net = &router->ifaces[s].addresses[a];

			if (net->len <= best || !weir_prefix_contains(net, dst))
				continue;
			best = net->len;
			*way = (struct ref_way){.found = true, .n = 1, .hops = {*dst}, .sws = {s}};
		}
	for (uint32_t i = 0; i < router->n_routes; i++) {
		const struct topo_static_route *route = &router->routes[i];

		if (route->to.len <= best || !weir_prefix_contains(&route->to, dst))
			continue;
		best = route->to.len;
		*way = (struct ref_way){.found = true, .route = route, .n = route->n_vias};
		for (uint32_t v = 0; v < route->n_vias; v++) {
			way->hops[v] = route->vias[v];
			way->sws[v] = via_switch(router, route, &route->vias[v]);
		}
	}
}

static bool
same_pick(const struct ref_pick *a, const struct ref_pick *b)
{
	return a->tenant == b->tenant && a->router == b->router && a->to.len == b->to.len &&
	       weir_ip_equal(&a->to.ip, &b->to.ip) && weir_ip_equal(&a->src, &b->src) &&
	       weir_ip_equal(&a->dst, &b->dst) && a->proto == b->proto && a->fragment == b->fragment &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* Which of the next hops; false: the router has not said yet. */
static bool
pick(const struct ref *ref, uint32_t router, const struct ref_way *way, const struct ref_trip *trip, uint32_t *v)
{
	const struct ref_frame *frame = &trip->frame;
	struct ref_result *result = trip->result;
	struct ref_pick wanted = {.tenant = trip->tenant,
	    .router = router,
	    .src = frame->src,
	    .dst = frame->dst,
	    .proto = frame->proto,
	    .fragment = frame->fragment,
	    .sport = frame->sport,
	    .dport = frame->dport};

	*v = 0;
	if (way->n == 1)
		return true;
	wanted.to = way->route->to;
	for (const struct ref_pick *known = ref->picks; known != NULL; known = known->next)
		if (same_pick(known, &wanted))
			for (*v = 0; *v < way->n; (*v)++)
				if (weir_ip_equal(&way->hops[*v], &known->via))
					return true;
	result->n_vias = way->n;
	result->pick = wanted;
	memcpy(result->vias, way->hops, sizeof(result->vias));
	return false;
}

/* ---- on its way ---- */

static bool
is_v4(const struct ref_trip *trip)
{
	return trip->frame.kind == REF_IPV4;
}

static void
report(struct ref *ref, uint32_t router, const struct ref_trip *trip, uint8_t type4, uint8_t code4, uint8_t type6,
    uint8_t code6)
{
	if (is_v4(trip))
		ref_report(ref, router, trip->sw, type4, code4, 0, trip);
	else
		ref_report(ref, router, trip->sw, type6, code6, 0, trip);
}

void
ref_too_large(struct ref *ref, const struct ref_out *out, bool flooded, const struct ref_trip *trip)
{
	const uint8_t *ip = trip->wire.data + trip->frame.l3;
	uint32_t len = is_v4(trip) ? get16(ip + 2) : 40u + get16(ip + 4), fits = topo_mtu(ref->topo, out->port);

	if (out->outer != 0)
		fits -= (weir_ip_is_v4(&out->to.remote) ? 20u : 40u) + TUNNEL;
	/* Too large by its padding alone, or for one of several ways. */
	if (trip->made != REF_NOT_MADE || flooded || len <= fits)
		trip->result->open = true;
	else if (!is_v4(trip))
		ref_report(ref, trip->router, trip->in, TOO_BIG6, 0, fits, trip);
	else if ((ip[6] & 0x40) != 0)
		ref_report(ref, trip->router, trip->in, UNREACHABLE4, 4, fits, trip);
}

/* Writes the headers for the next hop. */
static void
rewrite(const struct topo_iface *iface, const struct weir_mac *next, bool forwarded, struct ref_trip *trip)
{
	uint8_t *data = trip->wire.data, *ip = data + ETH_HEADER;

	memcpy(data, next->b, 6);
	memcpy(data + 6, iface->mac.b, 6);
	if (forwarded && is_v4(trip)) {
		ip[8]--;
		put16(ip + 10, 0);
		put16(ip + 10, wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0)));
	} else if (forwarded) {
		ip[7]--;
	}
	ref_read(data, trip->wire.len, &trip->frame);
}

/* The firewall of the router's interface on switch s. */
static bool
passes(struct ref *ref, uint32_t r, uint32_t s, uint8_t direction, const struct ref_trip *trip)
{
	const struct ref_attachment at = ref_iface_attachment(trip->tenant, r, s);
	uint64_t reasons = trip->unmet ? 0 : ref_meet(ref, &at, direction, trip);

	if (reasons == 0)
		return true;
	ref_lose(trip, reasons);
	if ((reasons & REF_REASON(REJECTED)) != 0)
		ref_reject_by_router(ref, r, trip);
	return false;
}

/* Rules 6 to 8. */
static void
send_on(struct ref *ref, uint32_t r, const struct ref_way *way, bool forwarded, struct ref_trip *trip)
{
	const struct topo_router *router = &ref->topo->tenants[trip->tenant].routers[r];
	struct weir_mac next;
	uint32_t v;

	if (!pick(ref, r, way, trip, &v))
		return;
	if (!ref_neighbour(ref, trip->tenant, r, way->sws[v], &way->hops[v], &next)) {
		trip->result->open = true; /* it waits */
		return;
	}
	if (forwarded && !passes(ref, r, way->sws[v], TOPO_OUT, trip))
		return;
	rewrite(&router->ifaces[way->sws[v]], &next, forwarded, trip);
	trip->router = r;
	trip->in = trip->sw;
	trip->routed = true;
	trip->sw = way->sws[v];
	ref_into_switch(ref, trip);
}

void
ref_send_own(struct ref *ref, uint32_t router, uint32_t in, struct ref_trip *trip)
{
	const struct topo_router *own = &ref->topo->tenants[trip->tenant].routers[router];
	struct ref_way way;

	put16(trip->wire.data + 12, trip->wire.data[ETH_HEADER] >> 4 == 4 ? ETH_IPV4 : ETH_IPV6);
	ref_read(trip->wire.data, trip->wire.len, &trip->frame);
	trip->sw = in;
	trip->elements = 1;
	ref_lookup(own, &trip->frame.dst, &way);
	if (ref_is_link_local(&trip->frame.dst))
		way = (struct ref_way){.found = true, .n = 1, .hops = {trip->frame.dst}, .sws = {in}};
	if (ref_is_own(own, TOPO_SWITCHES, &trip->frame.dst) || ref_is_odd(own, &trip->frame.dst))
		trip->result->open = true;
	else if (way.n > 0)
		send_on(ref, router, &way, false, trip);
}

/* Rule 2, ping: what is said of whom a router answers. */
static void
echo(struct ref *ref, uint32_t r, struct ref_trip *trip)
{
	const struct topo_router *router = &ref->topo->tenants[trip->tenant].routers[r];
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *icmp = trip->wire.data + frame->l4;
	struct ref_way way;
	bool right = is_v4(trip) ? wire_fold(wire_sum(icmp, frame->l4_len, 0)) == 0
				 : wire_l4_sum(trip->wire.data + frame->l3, PROTO_ICMPV6, icmp, frame->l4_len) == 0;

	/* Another code; a source beyond the link for an address that is not. */
	trip->result->open |= icmp[1] != 0 || frame->hops == 0 || ref_is_odd(router, &frame->src) ||
			      ref_is_link_local(&frame->src) != ref_is_link_local(&frame->dst);
	if (!right || ref_is_nobody(&frame->src) || ref_is_own(router, trip->sw, &frame->src) ||
	    ref_is_own(router, TOPO_SWITCHES, &frame->src)) {
		ref_lose(trip, REF_REASON(TO_ROUTER));
		return;
	}
	ref_lookup(router, &frame->src, &way);
	/* What becomes of an answer that has no way is not said. */
	trip->result->open |= way.n == 0 && !ref_is_link_local(&frame->src);
	trip->result->consumed = true;
	ref_reply_echo(ref, r, trip);
}

static void
to_own(struct ref *ref, uint32_t r, struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *icmp = trip->wire.data + frame->l4;
	bool whole = !frame->fragment && frame->l4 != 0;

	/* Who pings itself by another router, and the like. */
	if (trip->made != REF_NOT_MADE) {
		trip->result->open = true;
		return;
	}
	if (whole && frame->proto == PROTO_ICMP && is_v4(trip) && icmp[0] == ECHO4) {
		echo(ref, r, trip);
	} else if (whole && frame->proto == PROTO_ICMPV6 && !is_v4(trip) && icmp[0] == ECHO6) {
		echo(ref, r, trip);
	} else {
		ref_lose(trip, REF_REASON(TO_ROUTER));
		if (frame->proto != PROTO_UDP)
			return;
		trip->result->open |= frame->fragment && frame->first;
		report(ref, r, trip, UNREACHABLE4, 3, UNREACHABLE6, 4);
	}
}

/* Rule 3. */
static bool
is_routable(const struct topo_router *router, const struct ref_trip *trip)
{
	const struct weir_ip *src = &trip->frame.src, *dst = &trip->frame.dst;

	if (ref_is_nobody(src) || ref_is_nobody(dst) || is_full_broadcast(dst))
		return false;
	if (ref_is_link_local(src) || ref_is_link_local(dst))
		return false;
	return !is_edge(router, dst, true) && !ref_is_own(router, TOPO_SWITCHES, src) &&
	       !ref_is_own(router, trip->sw, src);
}

/* What the rules leave open of a packet, whatever it is: wrong checksums, addresses of neither kind. */
static bool
is_open(const struct topo_router *router, const struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *ip = trip->wire.data + frame->l3;

	if (is_v4(trip))
		return wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0)) != 0 || ref_is_odd(router, &frame->src) ||
		       is_edge(router, &frame->dst, false) ||
		       (frame->dst.b[12] >= 240 && !is_full_broadcast(&frame->dst));
	return weir_ip_is_v4(&frame->src) || weir_ip_is_v4(&frame->dst);
}

/* Neighbour discovery goes no further than its link. */
static bool
is_nd(const struct ref_trip *trip)
{
	struct ref_nd nd;

	return ref_read_nd(trip->wire.data, &trip->frame, &nd);
}

/* Rules 3 to 5, then on. */
static void
forward(struct ref *ref, uint32_t r, struct ref_trip *trip)
{
	const struct topo_router *router = &ref->topo->tenants[trip->tenant].routers[r];
	struct ref_way way;

	if (!is_routable(router, trip)) {
		ref_lose(trip, REF_REASON(NOT_ROUTABLE));
		return;
	}
	if (trip->frame.hops <= 1) {
		ref_lose(trip, REF_REASON(TTL_EXCEEDED));
		report(ref, r, trip, TIME_EXCEEDED4, 0, TIME_EXCEEDED6, 0);
		return;
	}
	ref_lookup(router, &trip->frame.dst, &way);
	if (!way.found) {
		ref_lose(trip, REF_REASON(UNROUTED));
		report(ref, r, trip, UNREACHABLE4, 0, UNREACHABLE6, 0);
	} else if (way.n == 0) {
		ref_lose(trip, REF_REASON(BLACKHOLE));
	} else {
		send_on(ref, r, &way, true, trip);
	}
}

void
ref_route(struct ref *ref, uint32_t r, bool commit, struct ref_trip *trip)
{
	const struct topo_router *router = &ref->topo->tenants[trip->tenant].routers[r];
	const struct ref_attachment at = ref_iface_attachment(trip->tenant, r, trip->sw);
	bool consumed = false, guarded = ref_guarded(ref->topo, &at);

	if (++trip->elements > REF_ELEMENTS) {
		trip->result->open |= guarded; /* it may have been met first */
		ref_lose(trip, REF_REASON(LOOP));
		return;
	}
	if (trip->frame.n_tags > 0 || trip->frame.kind == REF_OTHER) {
		/* Either of two reasons, and if it is IP a rule may have looked at it. */
		trip->result->open |= guarded && trip->frame.kind != REF_OTHER;
		ref_lose(trip, REF_REASON(NOT_ROUTED) | (guarded ? REF_REASON(DENIED) : 0));
		return;
	}
	if (trip->frame.kind == REF_ARP || is_nd(trip)) {
		ref_hear(ref, r, commit, trip, &consumed);
		trip->result->open |= !consumed;
		return;
	}
	trip->result->open |= is_open(router, trip);
	if (!passes(ref, r, trip->sw, TOPO_IN, trip))
		return;
	if (ref_is_own(router, TOPO_SWITCHES, &trip->frame.dst) || ref_is_own(router, trip->sw, &trip->frame.dst))
		to_own(ref, r, trip);
	else
		forward(ref, r, trip);
}
