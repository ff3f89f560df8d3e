/* SPDX-License-Identifier: BSD-3-Clause */
/* What routers know of their neighbours, and what they say when they are asked for. */
#include <stdlib.h>
#include <string.h>

#include "ref_router.h"

#define SURE_NS WEIR_NS_PER_S /* said so lately that saying it again changes nothing */

enum {
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
	NA_SOLICITED = 0x40,
	NA_OVERRIDE = 0x20,
};

/* Somebody says that this address has this MAC: an announcement to all, or by the way. */
struct claim {
	struct weir_ip ip;
	struct weir_mac mac;
	bool announced;
};

/* ---- what is known ---- */

static struct ref_neighbour *
find(const struct ref *ref, uint32_t tenant, uint32_t router, uint32_t sw, const struct weir_ip *ip)
{
	for (struct ref_neighbour *known = ref->neighbours; known != NULL; known = known->next)
		if (known->tenant == tenant && known->router == router && known->sw == sw &&
		    weir_ip_equal(&known->ip, ip))
			return known;
	return NULL;
}

bool
ref_neighbour(const struct ref *ref, uint32_t tenant, uint32_t router, uint32_t sw, const struct weir_ip *ip,
    struct weir_mac *mac)
{
	const struct topo_router *routers = ref->topo->tenants[tenant].routers;
	const struct ref_neighbour *known = find(ref, tenant, router, sw, ip);

	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		if (r != router && routers[r].used && routers[r].ifaces[sw].used && ref_is_own(&routers[r], sw, ip)) {
			*mac = routers[r].ifaces[sw].mac;
			return true;
		}
	if (known == NULL || ref->now - known->when > REF_KNOWN_NS)
		return false;
	*mac = known->mac;
	return true;
}

static bool
on_link(const struct topo_iface *iface, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < iface->n_addresses; i++)
		if (weir_prefix_contains(&iface->addresses[i], ip))
			return true;
	return ref_is_link_local(ip);
}

static void
teach(struct ref *ref, uint32_t router, const struct claim *claim, bool commit, struct ref_trip *trip)
{
	const struct topo_iface *iface = &ref->topo->tenants[trip->tenant].routers[router].ifaces[trip->sw];
	struct ref_neighbour *known = find(ref, trip->tenant, router, trip->sw, &claim->ip);

	if (!on_link(iface, &claim->ip))
		return;
	if (known != NULL && weir_mac_equal(&known->mac, &claim->mac) && ref->now - known->when < SURE_NS)
		return;
	trip->result->learned = true;
	if (!commit)
		return;
	if (known == NULL) {
		known = calloc(1, sizeof(*known));
		if (known == NULL)
			abort();
		known->next = ref->neighbours;
		ref->neighbours = known;
	}
	*known = (struct ref_neighbour){.next = known->next,
	    .tenant = trip->tenant,
	    .router = router,
	    .sw = trip->sw,
	    .ip = claim->ip,
	    .mac = claim->mac,
	    .when = ref->now};
}

/* What other routers than `except` make of it: an announcement changes what they know, all else is left open. */
static void
weigh(struct ref *ref, uint32_t except, const struct claim *claim, bool commit, struct ref_trip *trip)
{
	const struct topo_router *routers = ref->topo->tenants[trip->tenant].routers;

	for (uint32_t r = 0; r < TOPO_ROUTERS; r++) {
		struct ref_neighbour *known = find(ref, trip->tenant, r, trip->sw, &claim->ip);

		if (!routers[r].used || !routers[r].ifaces[trip->sw].used)
			continue;
		if (ref_is_own(&routers[r], trip->sw, &claim->ip))
			trip->result->open = true;
		if (r == except || known == NULL || weir_mac_equal(&known->mac, &claim->mac))
			continue;
		trip->result->open |= !claim->announced;
		trip->result->learned = true;
		if (commit)
			known->mac = claim->mac;
	}
}

/* ---- who answers ---- */

/* For its own addresses, and with `proxy` for what it sends out elsewhere. */
static bool
answers(const struct topo_router *router, uint32_t sw, const struct weir_ip *ip, struct ref_result *result)
{
	struct ref_way way;
	uint32_t elsewhere = 0;

	if (!router->used || !router->ifaces[sw].used)
		return false;
	if (ref_is_own(router, sw, ip))
		return true;
	if (!router->ifaces[sw].proxy || ref_is_nobody(ip) || ref_is_link_local(ip))
		return false;
	ref_lookup(router, ip, &way);
	for (uint32_t v = 0; v < way.n; v++)
		elsewhere += way.sws[v] != sw;
	/* By this interface as well as by others; its own address of another interface. */
	result->open |=
	    (elsewhere != 0 && elsewhere != way.n) || ref_is_odd(router, ip) || ref_is_own(router, TOPO_SWITCHES, ip);
	return elsewhere != 0;
}

/* The router that answers; WEIR_NONE: none. `router`: it alone has been asked, or WEIR_NONE: all. */
static uint32_t
who_answers(const struct ref *ref, uint32_t router, const struct weir_ip *ip, const struct ref_trip *trip)
{
	const struct topo_router *routers = ref->topo->tenants[trip->tenant].routers;
	uint32_t found = WEIR_NONE;

	if (router == WEIR_NONE && !weir_mac_is_group(&trip->frame.dmac))
		return WEIR_NONE;
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++) {
		if ((router != WEIR_NONE && r != router) || !answers(&routers[r], trip->sw, ip, trip->result))
			continue;
		trip->result->open |= found != WEIR_NONE; /* each of them? */
		found = r;
	}
	return found;
}

/* It teaches the router that is asked. What nobody asks in earnest is left open. */
static void
asked(struct ref *ref, uint32_t router, const struct claim *asker, const struct weir_ip *wanted, bool commit,
    struct ref_trip *trip)
{
	const struct topo_router *own = &ref->topo->tenants[trip->tenant].routers[router];

	trip->result->open |= !weir_mac_equal(&asker->mac, &trip->frame.smac) || weir_ip_equal(&asker->ip, wanted) ||
			      ref_is_nobody(&asker->ip) || ref_is_odd(own, &asker->ip);
	trip->result->consumed = true;
	weigh(ref, router, asker, commit, trip);
	teach(ref, router, asker, commit, trip);
}

/* ---- ARP ---- */

static void
hear_arp(struct ref *ref, uint32_t router, bool commit, struct ref_trip *trip)
{
	const uint8_t *arp = trip->wire.data + trip->frame.l3;
	struct weir_ip wanted = wire_get_ipv4(arp + 24);
	struct claim claim = {.ip = wire_get_ipv4(arp + 14)};
	uint32_t by = get16(arp + 6) == ARP_REQUEST ? who_answers(ref, router, &wanted, trip) : WEIR_NONE;
	bool probe = get32(arp + 14) == 0;

	memcpy(claim.mac.b, arp + 8, 6);
	if (by != WEIR_NONE) {
		const struct topo_iface *iface = &ref->topo->tenants[trip->tenant].routers[by].ifaces[trip->sw];

		if (probe)
			trip->result->consumed = true;
		else
			asked(ref, by, &claim, &wanted, commit, trip);
		trip->result->open |= !weir_mac_equal(&claim.mac, &trip->frame.smac);
		trip->result->open |= probe && iface->proxy; /* is the address taken? */
		ref_reply_arp(ref, iface, trip);
		return;
	}
	if (router != WEIR_NONE && get16(arp + 6) == ARP_REPLY)
		trip->result->consumed = true;
	claim.announced = weir_ip_equal(&claim.ip, &wanted) && weir_mac_is_group(&trip->frame.dmac) &&
			  weir_mac_equal(&claim.mac, &trip->frame.smac);
	if (!probe)
		weigh(ref, WEIR_NONE, &claim, commit, trip);
}

/* ---- ND ---- */

/* A solicitation as hosts send it: to the target's group, or to the target itself. */
static bool
well_addressed(const struct ref_frame *frame, const struct ref_nd *nd)
{
	struct weir_ip group = wire_solicited_node(&nd->target);
	uint8_t mac[6] = {0x33, 0x33, group.b[12], group.b[13], group.b[14], group.b[15]};

	if (weir_mac_is_group(&frame->dmac))
		return weir_ip_equal(&frame->dst, &group) && memcmp(frame->dmac.b, mac, 6) == 0;
	return weir_ip_equal(&frame->dst, &nd->target);
}

static void
solicited(struct ref *ref, uint32_t by, const struct ref_nd *nd, bool commit, struct ref_trip *trip)
{
	const struct topo_iface *iface = &ref->topo->tenants[trip->tenant].routers[by].ifaces[trip->sw];
	const struct claim asker = {.ip = trip->frame.src, .mac = nd->lladdr};

	/* From ::, it is the search for a duplicate. */
	trip->result->open |= nd->open || !nd->has_lladdr || !well_addressed(&trip->frame, nd);
	asked(ref, by, &asker, &nd->target, commit, trip);
	ref_reply_nd(ref, iface, nd, trip);
}

static void
hear_nd(struct ref *ref, uint32_t router, const struct ref_nd *nd, bool commit, struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t flags = trip->wire.data[frame->l4 + 4];
	struct claim claim = {.ip = frame->src, .mac = nd->lladdr};
	uint32_t by = nd->type == ND_SOLICITATION ? who_answers(ref, router, &nd->target, trip) : WEIR_NONE;

	if (by != WEIR_NONE) {
		solicited(ref, by, nd, commit, trip);
		return;
	}
	if (nd->type == ND_ADVERTISEMENT) {
		trip->result->consumed = router != WEIR_NONE;
		claim.ip = nd->target;
		claim.announced = weir_mac_is_group(&frame->dmac) && frame->dst.b[0] == 0xff &&
				  (flags & NA_SOLICITED) == 0 && (flags & NA_OVERRIDE) != 0 && !nd->open &&
				  weir_mac_equal(&nd->lladdr, &frame->smac);
	}
	if (nd->has_lladdr && !ref_is_nobody(&claim.ip))
		weigh(ref, WEIR_NONE, &claim, commit, trip);
}

static bool
has_router(const struct topo_tenant *tenant, uint32_t sw)
{
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		if (tenant->routers[r].used && tenant->routers[r].ifaces[sw].used)
			return true;
	return false;
}

void
ref_hear(struct ref *ref, uint32_t router, bool commit, struct ref_trip *trip, bool *consumed)
{
	struct ref_nd nd;

	*consumed = false;
	if (trip->frame.n_tags > 0 || !has_router(&ref->topo->tenants[trip->tenant], trip->sw))
		return;
	if (trip->frame.kind == REF_ARP) {
		hear_arp(ref, router, commit, trip);
	} else if (ref_read_nd(trip->wire.data, &trip->frame, &nd) && nd.valid) {
		/* In IPv6 an IPv4 address is nobody's. */
		trip->result->open |= weir_ip_is_v4(&trip->frame.src) || weir_ip_is_v4(&nd.target);
		hear_nd(ref, router, &nd, commit, trip);
	}
	*consumed = trip->result->consumed;
}

/* ---- choices, and what a change leaves ---- */

void
ref_choose(struct ref *ref, const struct ref_pick *pick, const struct weir_ip *via, bool assumed)
{
	struct ref_pick *chosen = malloc(sizeof(*chosen));

	if (chosen == NULL)
		abort();
	*chosen = *pick;
	chosen->via = *via;
	chosen->assumed = assumed;
	chosen->next = ref->picks;
	ref->picks = chosen;
}

void
ref_unassume(struct ref *ref)
{
	struct ref_pick *pick = ref->picks;

	if (pick == NULL || !pick->assumed)
		return;
	ref->picks = pick->next;
	free(pick);
}

static const struct topo_router *
router_of(const struct topo *topo, uint32_t tenant, uint32_t router)
{
	const struct topo_router *found = &topo->tenants[tenant].routers[router];

	return topo->tenants[tenant].used && found->used ? found : NULL;
}

static bool
iface_stands(const struct topo *before, const struct topo *after, const struct ref_neighbour *known)
{
	const struct topo_router *was = router_of(before, known->tenant, known->router);
	const struct topo_router *is = router_of(after, known->tenant, known->router);

	return was != NULL && is != NULL &&
	       topo_equal(&was->ifaces[known->sw], &is->ifaces[known->sw], sizeof(is->ifaces[0]));
}

static const struct topo_static_route *
route_of(const struct topo_router *router, const struct weir_prefix *to)
{
	for (uint32_t i = 0; router != NULL && i < router->n_routes; i++)
		if (router->routes[i].to.len == to->len && weir_ip_equal(&router->routes[i].to.ip, &to->ip))
			return &router->routes[i];
	return NULL;
}

static bool
route_stands(const struct topo *before, const struct topo *after, const struct ref_pick *pick)
{
	const struct topo_static_route *was = route_of(router_of(before, pick->tenant, pick->router), &pick->to);
	const struct topo_static_route *is = route_of(router_of(after, pick->tenant, pick->router), &pick->to);

	return was != NULL && is != NULL && topo_equal(was, is, sizeof(*is));
}

void
ref_keep(struct ref *ref, const struct topo *topo)
{
	for (struct ref_neighbour **at = &ref->neighbours, *known = *at; known != NULL; known = *at)
		if (iface_stands(ref->topo, topo, known)) {
			at = &known->next;
		} else {
			*at = known->next;
			free(known);
		}
	for (struct ref_pick **at = &ref->picks, *pick = *at; pick != NULL; pick = *at)
		if (route_stands(ref->topo, topo, pick)) {
			at = &pick->next;
		} else {
			*at = pick->next;
			free(pick);
		}
}
