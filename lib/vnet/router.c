/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet's way through a virtual router and the switch behind it (RFC 1812, 5.2 and 5.3; RFC 8200). All that it
 * depends on is written down with its generation, read before what it is of.
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_ip.h>

#include "walk.h"

/* ---- addresses ---- */

static bool
in_v4(const struct weir_ip *ip, uint32_t prefix, uint32_t len)
{
	uint32_t address;

	memcpy(&address, &ip->b[12], sizeof(address));
	return weir_ip_is_v4(ip) && (rte_be_to_cpu_32(address) ^ prefix) >> (32 - len) == 0;
}

/* Group, unspecified, of no network, or loopback: no router forwards from or to such (RFC 1812, 5.3.7; RFC 4291). */
static bool
is_martian(const struct weir_ip *ip)
{
	static const struct weir_ip loopback = {{[15] = 1}}, unspecified;

	if (weir_ip_is_v4(ip))
		return in_v4(ip, 0, 8) || in_v4(ip, UINT32_C(0x7f000000), 8) || in_v4(ip, UINT32_C(0xe0000000), 4) ||
		       in_v4(ip, UINT32_MAX, 32);
	return ip->b[0] == 0xff || weir_ip_equal(ip, &loopback) || weir_ip_equal(ip, &unspecified);
}

static bool
is_link_local(const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip))
		return in_v4(ip, UINT32_C(0xa9fe0000), 16);
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

/* Is it the broadcast address of an IPv4 network of this interface? */
static bool
is_broadcast(const struct weir_iface *iface, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < iface->n_prefixes; i++) {
		uint32_t len = iface->prefixes[i].len, bits = 128 - len, address;

		if (bits < 2 || bits > 32 || !weir_prefix_contains(&iface->prefixes[i], ip) || !weir_ip_is_v4(ip))
			continue;
		memcpy(&address, &ip->b[12], sizeof(address));
		if (~rte_be_to_cpu_32(address) << (32 - bits) == 0)
			return true;
	}
	return false;
}

static bool
has_address(const struct weir_iface *iface, const struct weir_ip *ip)
{
	if (weir_ip_equal(&iface->link_local, ip))
		return true;
	for (uint32_t i = 0; i < iface->n_prefixes; i++)
		if (weir_ip_equal(&iface->prefixes[i].ip, ip))
			return true;
	return false;
}

/* ---- the switch behind ---- */

/* Somebody has to be there to flood to. */
static enum weir_reason
flood_in(struct walk *walk, const struct weir_switch *sw)
{
	walk->verdict->action = WEIR_FLOOD;
	walk->verdict->out = NULL;
	return sw->n_vports + sw->n_remotes > 0 ? WEIR_OK : WEIR_DROP_NO_DESTINATION;
}

/* *known: the MAC's entry, or that it is a group's. */
static enum weir_reason
cross_switch(struct walk *walk, const struct weir_mac *dmac, uint32_t *known)
{
	const struct weir_vnet *vnet = walk->vnet;
	struct weir_verdict *verdict = walk->verdict;
	uint32_t sw = verdict->from->sw, absent = walk_gen(vnet->absent_gen, sw), entry, place = WEIR_NONE, gen;

	if (++walk->elements > WEIR_ELEMENTS_MAX)
		return WEIR_DROP_LOOP;
	walk_step(walk, WEIR_STEP_SWITCH, sw, walk_gen(vnet->switch_gen, sw));
	verdict->sw = weir_vnet_switch(vnet, sw);
	if (verdict->sw == NULL)
		return WEIR_DROP_RECONFIGURED;
	if (weir_mac_is_group(dmac)) {
		*known = WEIR_MAC_GROUP;
		return flood_in(walk, verdict->sw);
	}
	entry = *known = weir_vnet_mac(vnet, sw, dmac);
	if (entry != WEIR_NONE)
		place = walk_place(vnet, entry, &gen);
	verdict->out = place == WEIR_NONE ? NULL : weir_vnet_iface(vnet, place);
	/* Not known, gone since, or moved to another switch. */
	if (verdict->out == NULL || verdict->out->sw != sw) {
		*known = WEIR_NONE;
		walk_step(walk, WEIR_STEP_ABSENT, sw, absent);
		return flood_in(walk, verdict->sw);
	}
	walk_step(walk, WEIR_STEP_MAC, entry, gen);
	if (place == verdict->from->id)
		return WEIR_DROP_SAME_PORT;
	verdict->action = WEIR_FORWARD;
	return WEIR_OK;
}

enum weir_reason
walk_switch(struct walk *walk, const struct weir_mac *dmac)
{
	const struct weir_verdict *verdict = walk->verdict;
	uint32_t known = WEIR_NONE;
	enum weir_reason reason = cross_switch(walk, dmac, &known);

	walk_note(walk, .kind = WEIR_NOTE_SWITCH, .sw = weir_vnet_switch(walk->vnet, verdict->from->sw), .mac = dmac,
	    .entry = known, .iface = verdict->out, .reason = reason);
	return reason;
}

/* ---- the router ---- */

static bool
is_own(const struct weir_router *router, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < router->n_ifaces; i++)
		if (has_address(router->ifaces[i], ip))
			return true;
	return false;
}

/* By its type: the rest of it is looked at by who answers it. */
static bool
is_ping(const struct walk *walk)
{
	bool v6 = (walk->frame->kind & WEIR_FRAME_IPV6) != 0;

	return walk->frame->l4 != 0 && walk->key->proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) &&
	       walk->data[walk->frame->l4] == (v6 ? 128 : 8);
}

/* It is for the router itself, which answers pings. */
static enum weir_reason
arrive(struct walk *walk, const struct weir_router *router, const struct weir_ip *src, const struct weir_ip *dst)
{
	bool serves = !is_martian(src) && !is_own(router, src) && is_ping(walk);
	struct weir_verdict *verdict = walk->verdict;

	walk_note(walk, .kind = WEIR_NOTE_HERE, .router = router, .ip = dst,
	    .reason = serves ? WEIR_OK : WEIR_DROP_TO_ROUTER);
	if (!serves)
		return WEIR_DROP_TO_ROUTER;
	verdict->action = WEIR_ANSWER;
	verdict->answer = WEIR_ANSWER_ECHO;
	verdict->cacheable = false;
	return WEIR_OK;
}

/* One of several ways: of a flow always the same one. */
static const struct weir_way *
choose(const struct walk *walk, const struct weir_ways *ways)
{
	const struct weir_key *key = walk->key;
	struct {
		uint8_t src[16], dst[16];
		uint16_t sport, dport;
		uint32_t proto;
	} flow = {.sport = key->sport, .dport = key->dport, .proto = key->proto};

	if (ways->n == 1)
		return &ways->way[0];
	memcpy(flow.src, key->src, sizeof(flow.src));
	memcpy(flow.dst, key->dst, sizeof(flow.dst));
	return &ways->way[weir_hash(&walk->vnet->way_secret, &flow, sizeof(flow)) % ways->n];
}

/* The router's interface on the switch of `from` whose address this is, of another router; or NULL. */
static const struct weir_iface *
router_at(const struct walk *walk, const struct weir_iface *from, const struct weir_ip *ip)
{
	const struct weir_switch *sw = weir_vnet_switch(walk->vnet, from->sw);

	for (uint32_t i = 0; sw != NULL && i < sw->n_routers; i++)
		if (sw->routers[i] != from && has_address(sw->routers[i], ip))
			return sw->routers[i];
	return NULL;
}

/* By verdict->from, to this MAC there. */
static enum weir_reason
leave_router(struct walk *walk, const struct weir_mac *dmac)
{
	struct weir_verdict *verdict = walk->verdict;

	verdict->hops++;
	verdict->smac = verdict->from->mac;
	verdict->dmac = *dmac;
	return walk_switch(walk, dmac);
}

/* Out of the router by verdict->from, to a neighbour there. */
static enum weir_reason
to_neighbour(struct walk *walk, const struct weir_ip *hop)
{
	const struct weir_vnet *vnet = walk->vnet;
	struct weir_verdict *verdict = walk->verdict;
	/* The walk notes the switch's generation when it goes into it; who is on it is as of later then, and the next
	 * change is one of that. */
	const struct weir_iface *router = router_at(walk, verdict->from, hop);
	struct weir_mac mac;
	uint32_t host, gen = 0;
	uint64_t place = 0;
	bool failed;

	if (router != NULL) {
		walk_note(walk, .kind = WEIR_NOTE_NEIGHBOUR, .iface = verdict->from, .ip = hop, .mac = &router->mac,
		    .host = WEIR_NONE);
		return leave_router(walk, &router->mac);
	}
	verdict->out = verdict->from;
	verdict->hop = *hop;
	verdict->action = WEIR_WAIT;
	host = weir_host_find(vnet, verdict->from->id, hop);
	if (host != WEIR_NONE) {
		gen = walk_gen(vnet->host_gen, host);
		place = __atomic_load_n(&vnet->hosts[host].place, __ATOMIC_ACQUIRE);
	}
	failed = (place & WEIR_HOST_FAILED) != 0;
	walk_note(walk, .kind = WEIR_NOTE_NEIGHBOUR, .iface = verdict->from, .ip = hop, .host = host, .place = place,
	    .reason = failed ? WEIR_DROP_NEIGH_UNRESOLVED : WEIR_OK);
	if (failed)
		return WEIR_DROP_NEIGH_UNRESOLVED;
	if ((place & WEIR_HOST_KNOWN) == 0)
		return WEIR_OK;
	walk_step(walk, WEIR_STEP_HOST, host, gen);
	weir_host_mac(place, &mac);
	return leave_router(walk, &mac);
}

/* May a router forward it, by what it says of itself? */
static enum weir_reason
check_packet(const struct walk *walk, const struct weir_router *router, const struct weir_ip *src,
    const struct weir_ip *dst, uint8_t ttl)
{
	if (is_martian(src) || is_martian(dst) || is_link_local(src) || is_link_local(dst))
		return WEIR_DROP_NOT_ROUTABLE;
	for (uint32_t i = 0; i < router->n_ifaces; i++)
		if (has_address(router->ifaces[i], src) || is_broadcast(router->ifaces[i], dst))
			return WEIR_DROP_NOT_ROUTABLE;
	return ttl <= walk->verdict->hops + 1 ? WEIR_DROP_TTL_EXCEEDED : WEIR_OK;
}

static uint8_t
hops_of(const struct walk *walk)
{
	const uint8_t *ip = walk->data + walk->frame->l3;

	return (walk->frame->kind & WEIR_FRAME_IPV6) != 0 ? ((const struct rte_ipv6_hdr *)ip)->hop_limits
							  : ((const struct rte_ipv4_hdr *)ip)->time_to_live;
}

/* What was found for a destination: `route` WEIR_NONE: nothing. */
struct found {
	uint32_t route, gen;
	const struct weir_ways *ways;
};

/* One of the route's ways, out of the router by verdict->from. */
static enum weir_reason
take_way(struct walk *walk, const struct weir_router *router, const struct found *found, const struct weir_way **way)
{
	struct weir_verdict *verdict = walk->verdict;

	if (found->route == WEIR_NONE)
		return WEIR_DROP_UNROUTED;
	walk_step(walk, WEIR_STEP_ROUTE, found->route, found->gen);
	if (found->ways->kind == WEIR_WAY_BLACKHOLE)
		return WEIR_DROP_BLACKHOLE;
	*way = choose(walk, found->ways);
	verdict->from = weir_vnet_iface(walk->vnet, (*way)->iface);
	if (verdict->from == NULL || verdict->from->router != router->id)
		return WEIR_DROP_RECONFIGURED;
	return WEIR_OK;
}

/* By the route that it takes. */
static enum weir_reason
take_route(struct walk *walk, const struct weir_iface *entry, const struct weir_router *router)
{
	const struct weir_ip src = walk_ip(walk, walk->key->src), dst = walk_ip(walk, walk->key->dst);
	struct weir_verdict *verdict = walk->verdict;
	enum weir_reason reason = WEIR_OK;
	const struct weir_way *way = NULL;
	struct found found = {0};
	bool made = walk->made;
	uint8_t ttl = hops_of(walk);

	/* IPv4 in IPv6's clothes has no business on a wire, and would take IPv4's routes. */
	if ((walk->frame->kind & WEIR_FRAME_IPV6) != 0 && (weir_ip_is_v4(&src) || weir_ip_is_v4(&dst)))
		reason = WEIR_DROP_NOT_ROUTABLE;
	found.route = weir_route_find(walk->vnet, router, &dst, &found.ways, &found.gen);
	if (reason == WEIR_OK && (weir_ip_equal(&dst, &entry->link_local) ||
				     (found.route != WEIR_NONE && found.ways->kind == WEIR_WAY_HERE)))
		return arrive(walk, router, &src, &dst);
	if (reason == WEIR_OK && !made)
		reason = check_packet(walk, router, &src, &dst, ttl);
	walk_note(
	    walk, .kind = WEIR_NOTE_CHECK, .router = router, .ttl = ttl, .hops = verdict->hops, .reason = reason);
	if (reason != WEIR_OK)
		return reason;
	reason = take_way(walk, router, &found, &way);
	walk_note(walk, .kind = WEIR_NOTE_ROUTE, .router = router, .ip = &dst, .route = found.route,
	    .ways = found.ways, .way = way, .iface = way != NULL ? verdict->from : NULL, .reason = reason);
	if (reason != WEIR_OK)
		return reason;
	if (!made)
		walk_pass(&walk->trail->passed, WEIR_PASSED_IN, entry->id);
	walk_pass(&walk->trail->passed, WEIR_PASSED_ROUTE, found.route);
	walk_pass(&walk->trail->passed, WEIR_PASSED_OUT, verdict->from->id);
	walk->made = false;
	if (!made)
		reason = walk_firewall(walk, verdict->from, WEIR_FW_OUT);
	if (reason != WEIR_OK)
		return reason;
	return to_neighbour(walk, found.ways->kind == WEIR_WAY_CONNECTED ? &dst : &way->hop);
}

enum weir_reason
walk_router(struct walk *walk, const struct weir_iface *entry)
{
	struct weir_verdict *verdict = walk->verdict;
	const struct weir_router *router = NULL;
	enum weir_reason reason = WEIR_OK;

	verdict->at = entry;
	if (++walk->elements > WEIR_ELEMENTS_MAX)
		reason = WEIR_DROP_LOOP;
	else if ((walk->frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0 ||
		 (walk->key->flags & WEIR_KEY_TAGS) != 0)
		reason = WEIR_DROP_NOT_ROUTED;
	walk_note(walk, .kind = WEIR_NOTE_ROUTER, .iface = entry,
	    .router = weir_vnet_router(walk->vnet, entry->router), .reason = reason);
	if (reason != WEIR_OK)
		return reason;
	reason = walk->made ? WEIR_OK : walk_firewall(walk, entry, WEIR_FW_IN);
	if (reason != WEIR_OK)
		return reason;
	walk_step(walk, WEIR_STEP_ROUTER, entry->router, walk_gen(walk->vnet->router_gen, entry->router));
	router = weir_vnet_router(walk->vnet, entry->router);
	return router == NULL ? WEIR_DROP_RECONFIGURED : take_route(walk, entry, router);
}

/* ---- ARP and ND ---- */

/* Does the interface answer for it: an address of its own, or, as a proxy, one that is behind another of its
 * router's? */
static bool
answers_for(const struct walk *walk, const struct weir_iface *iface, const struct weir_speech *speech)
{
	const struct weir_ip *ip = &speech->target;
	const struct weir_router *router;
	const struct weir_ways *ways = NULL;
	uint32_t gen;

	if (has_address(iface, ip))
		return true;
	/* Nobody speaks for who speaks for itself. */
	router =
	    iface->proxy && !weir_ip_equal(ip, &speech->sender) ? weir_vnet_router(walk->vnet, iface->router) : NULL;
	if (router == NULL || is_martian(ip) || is_link_local(ip) ||
	    weir_route_find(walk->vnet, router, ip, &ways, &gen) == WEIR_NONE)
		return false;
	for (uint32_t i = 0; i < ways->n; i++)
		if (ways->way[i].iface == iface->id)
			return false;
	return ways->n > 0;
}

bool
weir_speech_read(const uint8_t *data, const struct weir_frame *frame, struct weir_speech *speech)
{
	struct weir_arp arp;
	struct weir_nd nd;

	if ((frame->kind & WEIR_FRAME_ARP) != 0) {
		weir_parse_arp(data, frame, &arp);
		*speech = (struct weir_speech){.sender = arp.spa,
		    .target = arp.tpa,
		    .mac = arp.sha,
		    .says_mac = !weir_mac_is_group(&arp.sha) && !is_martian(&arp.spa),
		    .asks = arp.op == 1,
		    .answers = arp.op == 2};
		return true;
	}
	if (weir_parse_nd(data, frame, &nd) != WEIR_OK || weir_ip_is_v4(&nd.src) || weir_ip_is_v4(&nd.target))
		return false;
	*speech = (struct weir_speech){.sender = nd.type == 136 ? nd.target : nd.src,
	    .target = nd.target,
	    .mac = nd.lladdr,
	    .says_mac = nd.has_lladdr && (nd.type == 135 || nd.type == 136) && !is_martian(&nd.src),
	    .asks = nd.type == 135,
	    .answers = nd.type == 136};
	return true;
}

static bool
is_on_link(const struct weir_iface *iface, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < iface->n_prefixes; i++)
		if (weir_prefix_contains(&iface->prefixes[i], ip))
			return true;
	return is_link_local(ip);
}

/* Does the router know the sender, at another MAC than it says now? */
static bool
would_correct(const struct walk *walk, const struct weir_iface *iface, const struct weir_speech *speech)
{
	uint32_t host = weir_host_find(walk->vnet, iface->id, &speech->sender);
	struct weir_mac mac;

	if (host == WEIR_NONE)
		return false;
	weir_host_mac(__atomic_load_n(&walk->vnet->hosts[host].place, __ATOMIC_ACQUIRE), &mac);
	return !weir_mac_equal(&mac, &speech->mac);
}

enum weir_reason
walk_listen(struct walk *walk)
{
	struct weir_verdict *verdict = walk->verdict;
	bool group = weir_mac_is_group(&walk->key->dmac);
	const struct weir_switch *sw = verdict->sw;
	struct weir_speech speech;

	/* What a router cannot understand goes on to hosts that may. */
	if ((walk->key->flags & WEIR_KEY_TAGS) != 0 || !weir_speech_read(walk->data, walk->frame, &speech))
		return WEIR_OK;
	for (uint32_t i = 0; i < sw->n_routers && verdict->action != WEIR_ANSWER; i++) {
		const struct weir_iface *iface = sw->routers[i];
		bool to_it = weir_mac_equal(&walk->key->dmac, &iface->mac);
		bool asked = speech.asks && (group || to_it) && answers_for(walk, iface, &speech);

		if ((!group && !to_it) || has_address(iface, &speech.sender))
			continue;
		verdict->hears |= speech.says_mac && is_on_link(iface, &speech.sender) &&
				  (asked || to_it || would_correct(walk, iface, &speech));
		if (!asked && !(to_it && (speech.asks || speech.answers)))
			continue;
		verdict->at = iface;
		verdict->action = WEIR_ANSWER;
		verdict->answer = !asked				 ? WEIR_ANSWER_NONE
				  : (walk->frame->kind & WEIR_FRAME_ARP) ? WEIR_ANSWER_ARP
									 : WEIR_ANSWER_ND;
	}
	walk_note(walk, .kind = WEIR_NOTE_LISTEN, .iface = verdict->at, .mac = &speech.mac,
	    .ip = verdict->hears ? &speech.sender : NULL);
	return WEIR_OK;
}
