/* SPDX-License-Identifier: BSD-3-Clause */
/* Random routers: interfaces, addresses, routes, and how they may change. */
#include <stdlib.h>
#include <string.h>

#include "topo_priv.h"

bool topo_with_routers;

/* More and less specific ones, some inside others, one inside a switch's own. */
static const char *const destinations[] = {"0.0.0.0/0", "10.9.0.0/16", "10.9.1.0/24", "10.9.1.64/26", "10.9.1.65/32",
    "192.0.2.0/24", "10.0.1.4/30", "::/0", "fd00:9::/48", "fd00:9:0:1::/64", "fd00:9:0:1::5/128"};

static struct weir_prefix
prefix(const struct weir_ip *ip, uint32_t len)
{
	return (struct weir_prefix){.ip = *ip, .len = (uint8_t)(weir_ip_is_v4(ip) ? len + 96 : len)};
}

static bool
same_network(const struct weir_prefix *a, const struct weir_prefix *b)
{
	return a->len == b->len && weir_prefix_contains(a, &b->ip);
}

static struct weir_mac
router_mac(uint32_t r, uint32_t variant)
{
	return (struct weir_mac){{0x02, 0, 0, 0x77, (uint8_t)r, (uint8_t)variant}};
}

/* ---- what a router has ---- */

static bool
has_address(const struct topo_router *router, const struct weir_ip *ip)
{
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t i = 0; router->ifaces[s].used && i < router->ifaces[s].n_addresses; i++)
			if (weir_ip_equal(&router->ifaces[s].addresses[i].ip, ip))
				return true;
	return false;
}

static bool
is_connected(const struct topo_router *router, const struct weir_prefix *to)
{
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t i = 0; router->ifaces[s].used && i < router->ifaces[s].n_addresses; i++)
			if (same_network(&router->ifaces[s].addresses[i], to))
				return true;
	return false;
}

static bool
reaches(const struct topo_router *router, const struct weir_ip *ip)
{
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t i = 0; router->ifaces[s].used && i < router->ifaces[s].n_addresses; i++)
			if (weir_prefix_contains(&router->ifaces[s].addresses[i], ip))
				return true;
	return false;
}

static bool
speaks_ipv6(const struct topo_iface *iface)
{
	for (uint32_t i = 0; iface->used && i < iface->n_addresses; i++)
		if (!weir_ip_is_v4(&iface->addresses[i].ip))
			return true;
	return false;
}

static bool
route_stands(const struct topo_router *router, const struct topo_static_route *route)
{
	if (is_connected(router, &route->to) || (route->has_sw && !speaks_ipv6(&router->ifaces[route->sw])))
		return false;
	for (uint32_t i = 0; i < route->n_vias; i++)
		if (!route->has_sw && (!reaches(router, &route->vias[i]) || has_address(router, &route->vias[i])))
			return false;
	return true;
}

/* Takes out what an interface less, or another address, has left without ground. */
static void
repair(struct topo_router *router)
{
	bool any = false;

	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		any |= router->ifaces[s].used;
	if (!any)
		memset(router, 0, sizeof(*router));
	for (uint32_t i = router->n_routes; i-- > 0;)
		if (!route_stands(router, &router->routes[i]))
			router->routes[i] = router->routes[--router->n_routes];
}

void
topo_leave_switch(struct topo_tenant *tenant, uint32_t s)
{
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++) {
		memset(&tenant->routers[r].ifaces[s], 0, sizeof(tenant->routers[r].ifaces[s]));
		repair(&tenant->routers[r]);
	}
}

/* ---- making one ---- */

static void
random_iface(struct topo_iface *iface, uint32_t r, uint32_t s, struct rng *rng)
{
	bool v4 = rng_chance(rng, 85), v6 = !v4 || rng_chance(rng, 70);
	uint32_t n = TOPO_LAN_ROUTER(r) + (rng_chance(rng, 20) ? 10 : 0);
	uint32_t firewall = iface->used ? iface->firewall : 0;
	struct weir_ip ip;

	memset(iface, 0, sizeof(*iface));
	iface->used = true;
	iface->firewall = firewall;
	iface->proxy = rng_chance(rng, 15);
	iface->mac = router_mac(r, rng_chance(rng, 50) ? 0 : 1 + s);
	if (v6) {
		ip = topo_lan_ipv6(s, n);
		iface->addresses[iface->n_addresses++] = prefix(&ip, 64);
	}
	if (v4 && rng_chance(rng, 20)) {
		(void)weir_ip_parse("172.16.0.0", &ip);
		ip.b[14] = (uint8_t)s;
		ip.b[15] = (uint8_t)(n & 15);
		iface->addresses[iface->n_addresses++] = prefix(&ip, 27);
	}
	if (v4) {
		ip = topo_lan_ipv4(s, n);
		iface->addresses[iface->n_addresses++] = prefix(&ip, 24);
	}
}

/* An interface of the router, at random; -1: it has none. */
static int
pick_iface(const struct topo_router *router, struct rng *rng)
{
	uint32_t from = rng_below(rng, TOPO_SWITCHES);

	for (uint32_t i = 0; i < TOPO_SWITCHES; i++)
		if (router->ifaces[(from + i) % TOPO_SWITCHES].used)
			return (int)((from + i) % TOPO_SWITCHES);
	return -1;
}

/* Another router of the tenant on the switch, at random; NULL: there is none. */
static const struct topo_iface *
other_router(const struct topo_tenant *tenant, const struct topo_router *router, uint32_t s, struct rng *rng)
{
	uint32_t from = rng_below(rng, TOPO_ROUTERS);

	for (uint32_t i = 0; i < TOPO_ROUTERS; i++) {
		const struct topo_router *other = &tenant->routers[(from + i) % TOPO_ROUTERS];

		if (other != router && other->used && other->ifaces[s].used)
			return &other->ifaces[s];
	}
	return NULL;
}

/* A next hop on the switch: another router or a host. False: none of this family. */
static bool
random_via(const struct topo_tenant *tenant, const struct topo_router *router, uint32_t s, bool v4, struct rng *rng,
    struct weir_ip *via)
{
	const struct topo_iface *other = rng_chance(rng, 50) ? other_router(tenant, router, s, rng) : NULL;
	uint32_t host = TOPO_LAN_HOST(rng_below(rng, TOPO_HOSTS));

	*via = v4 ? topo_lan_ipv4(s, host) : topo_lan_ipv6(s, host);
	for (uint32_t i = 0; other != NULL && i < other->n_addresses; i++)
		if (weir_ip_is_v4(&other->addresses[i].ip) == v4)
			*via = other->addresses[i].ip;
	return reaches(router, via) && !has_address(router, via);
}

static void
random_vias(const struct topo_tenant *tenant, const struct topo_router *router, struct topo_static_route *route,
    struct rng *rng)
{
	uint32_t want = rng_chance(rng, 50) ? 1 : 1 + rng_below(rng, TOPO_VIAS);
	bool v4 = weir_ip_is_v4(&route->to.ip);
	struct weir_ip via;

	for (uint32_t i = 0; i < want; i++) {
		bool taken = false;

		if (!random_via(tenant, router, (uint32_t)pick_iface(router, rng), v4, rng, &via))
			continue;
		for (uint32_t n = 0; n < route->n_vias; n++)
			taken |= weir_ip_equal(&route->vias[n], &via);
		if (!taken)
			route->vias[route->n_vias++] = via;
	}
}

/* A next hop of which only the fe80 address is known, and its switch. */
static void
link_local_via(const struct topo_tenant *tenant, const struct topo_router *router, struct topo_static_route *route,
    struct rng *rng)
{
	const struct topo_iface *other;
	struct weir_mac mac = topo_host_mac(rng_below(rng, TOPO_HOSTS));

	route->sw = (uint32_t)pick_iface(router, rng);
	if (!speaks_ipv6(&router->ifaces[route->sw]))
		return;
	route->has_sw = true;
	other = rng_chance(rng, 50) ? other_router(tenant, router, route->sw, rng) : NULL;
	route->vias[route->n_vias++] = wire_link_local(other != NULL ? &other->mac : &mac);
}

static void
add_route(const struct topo_tenant *tenant, struct topo_router *router, struct rng *rng)
{
	struct topo_static_route route;

	memset(&route, 0, sizeof(route));
	if (weir_prefix_parse(destinations[rng_below(rng, WEIR_ARRAY_LEN(destinations))], &route.to) != 0)
		abort();
	if (router->n_routes == TOPO_ROUTES || is_connected(router, &route.to))
		return;
	for (uint32_t i = 0; i < router->n_routes; i++)
		if (same_network(&router->routes[i].to, &route.to))
			return;
	if (!rng_chance(rng, 15)) {
		if (!weir_ip_is_v4(&route.to.ip) && rng_chance(rng, 25))
			link_local_via(tenant, router, &route, rng);
		else
			random_vias(tenant, router, &route, rng);
		if (route.n_vias == 0)
			return;
	}
	router->routes[router->n_routes++] = route;
}

static void
add_router(struct topo_tenant *tenant, uint32_t r, struct rng *rng)
{
	struct topo_router *router = &tenant->routers[r];

	memset(router, 0, sizeof(*router));
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		if (tenant->switches[s].used && rng_chance(rng, 75)) {
			router->used = true;
			random_iface(&router->ifaces[s], r, s, rng);
		}
}

void
topo_add_routers(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t n = rng_below(rng, TOPO_ROUTERS + 1);

	for (uint32_t r = 0; r < n; r++)
		add_router(tenant, r, rng);
	/* When all of them are there: they are each other's next hops. */
	for (uint32_t r = 0; r < n; r++)
		for (uint32_t i = rng_below(rng, TOPO_ROUTES + 4); tenant->routers[r].used && i > 0; i--)
			add_route(tenant, &tenant->routers[r], rng);
}

/* ---- changes ---- */

static const char *
change_route(const struct topo_tenant *tenant, struct topo_router *router, struct rng *rng)
{
	struct topo_static_route *route = &router->routes[rng_below(rng, TOPO_ROUTES) % (router->n_routes + 1)];

	if (router->n_routes < 2 || rng_chance(rng, 40) || route == &router->routes[router->n_routes]) {
		add_route(tenant, router, rng);
		return "route added";
	}
	if (rng_chance(rng, 40)) {
		*route = router->routes[--router->n_routes];
		return "route removed";
	}
	route->n_vias = 0;
	route->has_sw = false;
	route->sw = 0;
	memset(route->vias, 0, sizeof(route->vias));
	random_vias(tenant, router, route, rng);
	return "route changed";
}

static const char *
change_iface(const struct topo_tenant *tenant, struct topo_router *router, uint32_t r, struct rng *rng)
{
	uint32_t s = rng_below(rng, TOPO_SWITCHES);
	struct topo_iface *iface = &router->ifaces[s];

	if (!iface->used) {
		if (tenant->switches[s].used)
			random_iface(iface, r, s, rng);
		return "router's interface added";
	}
	switch (rng_below(rng, 4)) {
	case 0:
		memset(iface, 0, sizeof(*iface));
		return "router's interface removed";
	case 1:
		iface->proxy = !iface->proxy;
		return "router's proxy";
	case 2:
		iface->mac = router_mac(r, iface->mac.b[5] == 0 ? 1 + s : 0);
		return "router's MAC";
	default:
		random_iface(iface, r, s, rng);
		return "router's addresses";
	}
}

const char *
topo_change_router(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t r = rng_below(rng, TOPO_ROUTERS);
	struct topo_router *router = &tenant->routers[r];
	const char *what;

	if (!router->used) {
		add_router(tenant, r, rng);
		for (uint32_t i = rng_below(rng, TOPO_ROUTES); router->used && i > 0; i--)
			add_route(tenant, router, rng);
		return "router added";
	}
	if (rng_chance(rng, 10)) {
		memset(router, 0, sizeof(*router));
		return "router removed";
	}
	what = rng_chance(rng, 60) ? change_route(tenant, router, rng) : change_iface(tenant, router, r, rng);
	repair(router);
	return what;
}
