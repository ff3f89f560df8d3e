/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "weir_vmem.h"
#include "weir_vnet.h"

#define V4_BITS 96 /* in front of an IPv4 address in its 128-bit form */

/* ---- lookups ---- */

static struct weir_ip
masked(const struct weir_ip *ip, uint32_t len)
{
	struct weir_ip out = *ip;

	for (uint32_t i = 0; i < sizeof(out.b); i++) {
		uint32_t bits = len >= 8 * (i + 1) ? 8 : len > 8 * i ? len - 8 * i : 0;

		out.b[i] &= (uint8_t)(0xff00u >> bits);
	}
	return out;
}

static uint32_t
find_exact(const struct weir_vnet *vnet, uint32_t router, const struct weir_ip *ip, uint32_t len)
{
	const struct weir_route key = {.router = router, .len = (uint8_t)len, .prefix = masked(ip, len)};

	return weir_table_lookup(vnet->route_table, &key, weir_table_hash(vnet->route_table, &key));
}

/* The longest length below `below` that the mask has, or WEIR_NONE. */
static uint32_t
longest(const uint64_t mask[], uint32_t below)
{
	for (uint32_t w = (below + 63) / 64; w-- > 0;) {
		uint64_t bits = mask[w];

		if (below < 64 * (w + 1))
			bits &= (UINT64_C(1) << (below - 64 * w)) - 1;
		if (bits != 0)
			return 64 * w + 63 - (uint32_t)__builtin_clzll(bits);
	}
	return WEIR_NONE;
}

/* The longest match shorter than `below`. */
static uint32_t
find_below(const struct weir_vnet *vnet, uint32_t router, const struct weir_lengths *lengths,
    const struct weir_ip *ip, uint32_t below)
{
	bool v4 = weir_ip_is_v4(ip);
	uint32_t base = v4 ? V4_BITS : 0;
	const uint64_t *mask = v4 ? &lengths->v4 : lengths->v6;

	for (uint32_t len = longest(mask, below - base); len != WEIR_NONE; len = longest(mask, len)) {
		uint32_t route = find_exact(vnet, router, ip, base + len);

		if (route != WEIR_NONE)
			return route;
	}
	return WEIR_NONE;
}

uint32_t
weir_route_find(const struct weir_vnet *vnet, const struct weir_router *router, const struct weir_ip *ip,
    const struct weir_ways **ways, uint32_t *gen)
{
	const uint32_t *changes = &vnet->route_changes[router->id];
	uint32_t before, route;

	/* A longer one that came in between would have been missed, and its coming too. */
	do {
		before = __atomic_load_n(changes, __ATOMIC_ACQUIRE);
		route = find_below(vnet, router->id, &router->lengths, ip, 129);
		if (route == WEIR_NONE)
			continue;
		*gen = __atomic_load_n(&vnet->route_gen[route], __ATOMIC_ACQUIRE);
		*ways = __atomic_load_n(&vnet->routes[route].ways, __ATOMIC_ACQUIRE);
	} while (__atomic_load_n(changes, __ATOMIC_ACQUIRE) != before || (route != WEIR_NONE && *ways == NULL));
	return route;
}

const struct weir_iface *
weir_router_connected(const struct weir_router *router, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < router->n_ifaces; i++)
		for (uint32_t a = 0; a < router->ifaces[i]->n_prefixes; a++)
			if (weir_prefix_contains(&router->ifaces[i]->prefixes[a], ip))
				return router->ifaces[i];
	return NULL;
}

/* ---- control ---- */

struct weir_routes {
	struct weir_vnet *vnet;
	struct weir_idpool *ids;
	uint32_t *removed, *waiting; /* not yet reusable; those a quiescent period runs for */
	uint32_t n_removed, n_waiting, used;
	struct weir_lengths *lengths; /* by router: all that it ever had */
};

struct weir_routes *
weir_routes_create(struct weir_vnet *vnet)
{
	struct weir_routes *routes = calloc(1, sizeof(*routes));

	if (routes == NULL)
		return NULL;
	routes->vnet = vnet;
	routes->ids = weir_idpool_create(WEIR_ROUTES_MAX);
	routes->removed = weir_vmem_alloc(WEIR_ROUTES_MAX * sizeof(uint32_t));
	routes->waiting = weir_vmem_alloc(WEIR_ROUTES_MAX * sizeof(uint32_t));
	routes->lengths = weir_vmem_alloc(WEIR_ROUTERS_MAX * sizeof(*routes->lengths));
	if (routes->ids == NULL || routes->removed == NULL || routes->waiting == NULL || routes->lengths == NULL) {
		weir_routes_free(routes);
		return NULL;
	}
	return routes;
}

void
weir_routes_free(struct weir_routes *routes)
{
	if (routes == NULL)
		return;
	weir_idpool_free(routes->ids);
	weir_vmem_free(routes->removed, WEIR_ROUTES_MAX * sizeof(uint32_t));
	weir_vmem_free(routes->waiting, WEIR_ROUTES_MAX * sizeof(uint32_t));
	weir_vmem_free(routes->lengths, WEIR_ROUTERS_MAX * sizeof(*routes->lengths));
	free(routes);
}

static void
bump(uint32_t *generation)
{
	(void)__atomic_fetch_add(generation, 1, __ATOMIC_RELEASE);
}

/* Those who take the next shorter one now may have to take another. */
static void
bump_covering(const struct weir_routes *routes, const struct weir_route *route)
{
	uint32_t covering =
	    find_below(routes->vnet, route->router, &routes->lengths[route->router], &route->prefix, route->len);

	if (covering != WEIR_NONE)
		bump(&routes->vnet->route_gen[covering]);
}

void
weir_lengths_add(struct weir_lengths *lengths, const struct weir_prefix *prefix)
{
	if (weir_ip_is_v4(&prefix->ip) && prefix->len >= V4_BITS)
		lengths->v4 |= UINT64_C(1) << (prefix->len - V4_BITS);
	else
		lengths->v6[prefix->len / 64] |= UINT64_C(1) << prefix->len % 64;
}

uint32_t
weir_routes_set(
    struct weir_routes *routes, uint32_t router, const struct weir_prefix *prefix, const struct weir_ways *ways)
{
	struct weir_vnet *vnet = routes->vnet;
	uint32_t route = find_exact(vnet, router, &prefix->ip, prefix->len);
	struct weir_route *entry;

	if (route != WEIR_NONE) {
		__atomic_store_n(&vnet->routes[route].ways, ways, __ATOMIC_RELEASE);
		bump(&vnet->route_gen[route]);
		return route;
	}
	route = weir_idpool_get(routes->ids);
	if (route == WEIR_NONE)
		return WEIR_NONE;
	entry = &vnet->routes[route];
	*entry = (struct weir_route){
	    .router = router,
	    .len = prefix->len,
	    .prefix = masked(&prefix->ip, prefix->len),
	    .ways = ways,
	};
	if (weir_table_add(vnet->route_table, weir_table_hash(vnet->route_table, entry), route) != 0) {
		weir_idpool_put(routes->ids, route);
		return WEIR_NONE;
	}
	routes->used++;
	weir_lengths_add(&routes->lengths[router], prefix);
	bump(&vnet->route_changes[router]);
	bump(&vnet->route_gen[route]);
	bump_covering(routes, entry);
	return route;
}

void
weir_routes_remove(struct weir_routes *routes, uint32_t router, const struct weir_prefix *prefix)
{
	struct weir_vnet *vnet = routes->vnet;
	uint32_t route = find_exact(vnet, router, &prefix->ip, prefix->len);

	if (route == WEIR_NONE)
		return;
	(void)weir_table_remove(vnet->route_table, weir_table_hash(vnet->route_table, &vnet->routes[route]), route);
	/* Before the generation: who looked it up just before and reads that then must not take it. */
	__atomic_store_n(&vnet->routes[route].ways, NULL, __ATOMIC_RELEASE);
	bump(&vnet->route_changes[router]);
	bump(&vnet->route_gen[route]);
	routes->removed[routes->n_removed++] = route;
}

void
weir_routes_forget(struct weir_routes *routes, uint32_t router)
{
	routes->lengths[router] = (struct weir_lengths){0};
}

uint32_t
weir_routes_used(const struct weir_routes *routes)
{
	return routes->used;
}

bool
weir_routes_reclaim_begin(struct weir_routes *routes)
{
	uint32_t *aside = routes->waiting;

	if (routes->n_waiting != 0 || routes->n_removed == 0)
		return false;
	routes->waiting = routes->removed;
	routes->n_waiting = routes->n_removed;
	routes->removed = aside;
	routes->n_removed = 0;
	return true;
}

void
weir_routes_reclaim_end(struct weir_routes *routes)
{
	while (routes->n_waiting > 0) {
		weir_idpool_put(routes->ids, routes->waiting[--routes->n_waiting]);
		routes->used--;
	}
}
