/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant's routers. Their interfaces are objects of the tenant's one piece of memory, as all are; what a route
 * leads to is kept from version to version while it stays the same, so that a change costs what it changes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"
#include "weir_answer.h"

#define ROUTER_QUEUE (128u << 10) /* bytes of what routers say that may wait for a port */

/* ---- what stays: found by name ---- */

const struct live_router *
tenant_find_router(const struct live_tenant *live, const char *name)
{
	for (uint32_t r = 0; live != NULL && r < live->cfg->n_routers; r++)
		if (strcmp(live->cfg->routers[r].name, name) == 0)
			return &live->routers[r];
	return NULL;
}

const struct weir_iface *
router_find_iface(const struct live_tenant *live, const struct live_router *router, const char *sw)
{
	for (uint32_t i = 0; router != NULL && i < router->n_ifaces; i++)
		if (strcmp(live->cfg->switches[router->cfg->ifaces[i].sw].name, sw) == 0)
			return &router->iface_objects[i];
	return NULL;
}

/* ---- building: interfaces ---- */

static int
build_iface(struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *live,
    struct live_router *router, uint32_t i, struct weir_err *err)
{
	const struct weir_cfg_router_iface *cfg = &router->cfg->ifaces[i];
	const char *sw = live->cfg->switches[cfg->sw].name;
	const struct weir_iface *old = router_find_iface(before, tenant_find_router(before, router->cfg->name), sw);
	struct weir_switch *on = &live->switch_objects[cfg->sw];
	struct weir_iface *iface = &router->iface_objects[i];

	iface->id = old != NULL ? old->id : iface_id_get(gateway);
	if (iface->id == WEIR_NONE)
		return weir_err(
		    err, ENOSPC, "", "more than %u vports, remotes and router interfaces", WEIR_IFACES_MAX);
	router->n_ifaces++;
	iface->kind = WEIR_IFACE_ROUTER;
	iface->serial = old != NULL ? old->serial : ++gateway->serial;
	iface->tenant = live->tenant;
	iface->sw = live->switches[cfg->sw];
	iface->vlan = WEIR_NONE;
	iface->weight = WEIR_WEIGHT_DEFAULT;
	iface->queue = ROUTER_QUEUE;
	iface->mac = cfg->mac;
	iface->router = router->id;
	iface->filter = tenant_filter(live, cfg->firewall);
	iface->proxy = cfg->proxy;
	iface->n_prefixes = cfg->n_addresses;
	memcpy((void *)(uintptr_t)iface->prefixes, cfg->addresses, cfg->n_addresses * sizeof(*cfg->addresses));
	iface->link_local = weir_ip_link_local(&cfg->mac);
	memcpy(iface->name, router->cfg->name, sizeof(iface->name));
	router->object->ifaces[router->object->n_ifaces++] = iface;
	on->routers[on->n_routers++] = iface;
	return 0;
}

/* ---- building: routes ---- */

static int
compare_routes(const void *a, const void *b)
{
	const struct weir_prefix *x = &((const struct live_route *)a)->prefix,
				 *y = &((const struct live_route *)b)->prefix;
	int rc = memcmp(&x->ip, &y->ip, sizeof(x->ip));

	return rc != 0 ? rc : x->len - y->len;
}

static struct weir_ways *
make_ways(enum weir_way_kind kind, uint32_t n)
{
	struct weir_ways *ways = calloc(1, sizeof(*ways) + n * sizeof(ways->way[0]));

	if (ways != NULL) {
		ways->kind = kind;
		ways->n = n;
	}
	return ways;
}

static bool
same_ways(const struct weir_ways *a, const struct weir_ways *b)
{
	return a->kind == b->kind && a->n == b->n && memcmp(a->way, b->way, a->n * sizeof(a->way[0])) == 0;
}

/* The router's (NULL: none's) route to the same prefix, or NULL. */
static const struct live_route *
find_route(const struct live_router *router, const struct live_route *route)
{
	if (router == NULL || router->n_routes == 0)
		return NULL;
	return bsearch(route, router->routes, router->n_routes, sizeof(*route), compare_routes);
}

/* One more route, with the ways that it had before if they are the same. False: no memory. */
static bool
add_route(struct live_router *router, const struct live_router *before, const struct weir_prefix *prefix,
    struct weir_ways *ways)
{
	struct live_route *route = &router->routes[router->n_routes];
	const struct live_route *old;

	if (ways == NULL)
		return false;
	*route = (struct live_route){.prefix = *prefix, .ways = ways, .fresh = true};
	router->n_routes++;
	old = find_route(before, route);
	if (old != NULL && same_ways(old->ways, ways)) {
		free(ways);
		route->ways = old->ways;
		route->fresh = false;
	}
	return true;
}

/* Where an interface is, and its own addresses. */
static bool
add_connected(struct live_router *router, const struct live_router *before, const struct weir_iface *iface)
{
	bool ok = true;

	for (uint32_t a = 0; a < iface->n_prefixes && ok; a++) {
		struct weir_prefix own = {iface->prefixes[a].ip, 128}, network = iface->prefixes[a];
		struct weir_ways *ways = make_ways(WEIR_WAY_HERE, 1);

		if (ways != NULL)
			ways->way[0].iface = iface->id;
		ok = add_route(router, before, &own, ways);
		if (!ok || network.len == 128)
			continue;
		for (uint32_t bit = network.len; bit < 128; bit++)
			network.ip.b[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
		ways = make_ways(WEIR_WAY_CONNECTED, 1);
		if (ways != NULL)
			ways->way[0].iface = iface->id;
		ok = add_route(router, before, &network, ways);
	}
	return ok;
}

static bool
add_configured(struct live_router *router, const struct live_router *before, const struct weir_cfg_route *cfg)
{
	struct weir_ways *ways = make_ways(cfg->blackhole ? WEIR_WAY_BLACKHOLE : WEIR_WAY_VIA, cfg->n_via);

	for (uint32_t i = 0; ways != NULL && i < cfg->n_via; i++)
		ways->way[i] = (struct weir_way){router->iface_objects[cfg->via[i].iface].id, cfg->via[i].ip};
	return add_route(router, before, &cfg->prefix, ways);
}

static bool
build_routes(struct live_router *router, const struct live_router *before)
{
	uint32_t n = router->cfg->n_routes;
	bool ok;

	for (uint32_t i = 0; i < router->n_ifaces; i++)
		n += 2 * router->iface_objects[i].n_prefixes;
	router->routes = calloc(n + 1, sizeof(*router->routes));
	ok = router->routes != NULL;
	for (uint32_t i = 0; i < router->n_ifaces && ok; i++)
		ok = add_connected(router, before, &router->iface_objects[i]);
	for (uint32_t i = 0; i < router->cfg->n_routes && ok; i++)
		ok = add_configured(router, before, &router->cfg->routes[i]);
	if (ok)
		qsort(router->routes, router->n_routes, sizeof(*router->routes), compare_routes);
	for (uint32_t i = 0; i < router->n_routes; i++)
		weir_lengths_add(&router->object->lengths, &router->routes[i].prefix);
	return ok;
}

int
tenant_routers_build(
    struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *live, struct weir_err *err)
{
	int rc = 0;

	for (uint32_t r = 0; r < live->cfg->n_routers && rc == 0; r++) {
		struct live_router *router = &live->routers[r];
		const struct live_router *old = tenant_find_router(before, live->cfg->routers[r].name);

		router->cfg = &live->cfg->routers[r];
		router->id = old != NULL ? old->id : weir_idpool_get(gateway->router_pool);
		if (router->id == WEIR_NONE)
			return weir_err(err, ENOSPC, "", "more than %u routers", WEIR_ROUTERS_MAX);
		router->object->id = router->id;
		router->object->tenant = live->tenant;
		memcpy(router->object->name, router->cfg->name, sizeof(router->object->name));
		for (uint32_t i = 0; i < router->cfg->n_ifaces && rc == 0; i++)
			rc = build_iface(gateway, before, live, router, i, err);
		if (rc == 0 && !build_routes(router, old))
			rc = weir_err(err, ENOMEM, "", "out of memory");
	}
	return rc;
}

/* ---- publishing ---- */

/* Is there a route to this prefix in the router (NULL: no)? */
static bool
has_route(const struct live_router *router, const struct live_route *route)
{
	return find_route(router, route) != NULL;
}

uint32_t
tenant_routes_new(const struct live_tenant *before, const struct live_tenant *after)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < after->cfg->n_routers; r++) {
		const struct live_router *router = &after->routers[r],
					 *old = tenant_find_router(before, router->cfg->name);

		for (uint32_t i = 0; i < router->n_routes; i++)
			n += has_route(old, &router->routes[i]) ? 0 : 1;
	}
	return n;
}

void
tenant_routers_leave(struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after)
{
	struct weir_vnet *vnet = gateway->vnet;

	for (uint32_t r = 0; r < before->cfg->n_routers; r++) {
		const struct live_router *router = &before->routers[r],
					 *kept = tenant_find_router(after, router->cfg->name);

		for (uint32_t i = 0; i < router->n_ifaces; i++) {
			const struct weir_iface *iface = &router->iface_objects[i];

			if (router_find_iface(after, kept, before->cfg->switches[router->cfg->ifaces[i].sw].name) !=
			    NULL)
				continue;
			weir_macs_forget(gateway->macs, iface->id);
			weir_hosts_forget(gateway->hosts, iface->id);
			__atomic_store_n(&vnet->ifaces[iface->id], NULL, __ATOMIC_RELEASE);
		}
		for (uint32_t i = 0; i < router->n_routes; i++)
			if (!has_route(kept, &router->routes[i]))
				weir_routes_remove(gateway->routes, router->id, &router->routes[i].prefix);
		if (kept == NULL) {
			weir_routes_forget(gateway->routes, router->id);
			__atomic_store_n(&vnet->routers[router->id], NULL, __ATOMIC_RELEASE);
		}
	}
}

static bool
had_address(const struct weir_iface *old, const struct weir_iface *iface, uint32_t a)
{
	for (uint32_t i = 0; old != NULL && weir_mac_equal(&old->mac, &iface->mac) && i < old->n_prefixes; i++)
		if (weir_ip_equal(&old->prefixes[i].ip, &iface->prefixes[a].ip))
			return true;
	return false;
}

static void
publish_route(struct weir_gateway *gateway, const struct live_router *router, const struct live_router *before,
    struct live_route *route)
{
	const struct live_route *old = find_route(before, route);

	if (old != NULL && old->ways == route->ways)
		route->index = old->index;
	else
		route->index = weir_routes_set(gateway->routes, router->id, &route->prefix, route->ways);
	if (route->index == WEIR_NONE)
		weir_log_warn("no room for a route of router %s/%s", router->object->tenant->name, router->cfg->name);
}

void
tenant_routers_enter(struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after)
{
	struct weir_vnet *vnet = gateway->vnet;
	uint64_t now = gateway_now(gateway);

	for (uint32_t r = 0; r < after->cfg->n_routers; r++) {
		const struct live_router *router = &after->routers[r],
					 *old = tenant_find_router(before, router->cfg->name);

		for (uint32_t i = 0; i < router->n_ifaces; i++) {
			struct weir_iface *iface = &router->iface_objects[i];
			const struct weir_iface *was =
			    router_find_iface(before, old, after->cfg->switches[router->cfg->ifaces[i].sw].name);

			__atomic_store_n(&vnet->ifaces[iface->id], iface, __ATOMIC_RELEASE);
			for (uint32_t a = 0; a < iface->n_prefixes; a++)
				if (!had_address(was, iface, a))
					weir_hosts_announce(gateway->hosts, iface, &iface->prefixes[a].ip, now);
		}
		/* With the lengths of its routes before them: what is found then depends on their generations. */
		__atomic_store_n(&vnet->routers[router->id], router->object, __ATOMIC_RELEASE);
		for (uint32_t i = 0; i < router->n_routes; i++)
			publish_route(gateway, router, old, &router->routes[i]);
		(void)__atomic_fetch_add(&vnet->router_gen[router->id], 1, __ATOMIC_RELEASE);
	}
}

void
tenant_routers_macs(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t mark)
{
	for (uint32_t r = 0; r < live->cfg->n_routers; r++) {
		const struct live_router *router = &live->routers[r];

		for (uint32_t i = 0; i < router->n_ifaces; i++) {
			const struct weir_iface *iface = &router->iface_objects[i];

			publish_static_mac(
			    gateway, &live->switch_objects[router->cfg->ifaces[i].sw], &iface->mac, iface->id, mark);
			weir_macs_sweep_static(gateway->macs, iface->id, mark);
		}
	}
}

/* ---- what one version has and the other has not ---- */

/* `kept`: to the same prefix in the version that stays, or NULL. */
static void
drop_route(struct weir_gateway *gateway, struct live_route *route, const struct live_route *kept, bool published)
{
	if (published && kept == NULL && route->index != WEIR_NONE)
		gateway->routes_gone[gateway->n_routes_gone++] = route->index;
	if (published ? kept == NULL || kept->ways != route->ways : route->fresh)
		free(route->ways);
}

void
tenant_routers_drop(
    struct weir_gateway *gateway, struct live_tenant *from, const struct live_tenant *keep, bool published)
{
	for (uint32_t r = 0; r < from->cfg->n_routers; r++) {
		struct live_router *router = &from->routers[r];
		const struct live_router *kept = tenant_find_router(keep, from->cfg->routers[r].name);

		for (uint32_t i = 0; i < router->n_ifaces; i++)
			if (router_find_iface(keep, kept, from->cfg->switches[router->cfg->ifaces[i].sw].name) ==
			    NULL)
				tenant_drop_iface(gateway, &router->iface_objects[i], keep, published);
		for (uint32_t i = 0; i < router->n_routes; i++)
			drop_route(gateway, &router->routes[i], find_route(kept, &router->routes[i]), published);
		free(router->routes);
		if (kept == NULL && router->cfg != NULL && router->id != WEIR_NONE)
			weir_idpool_put(gateway->router_pool, router->id);
	}
}

void
passed_collect(struct weir_gateway *gateway, uint64_t now)
{
	if (gateway->n_routes_gone + gateway->n_rules_gone == 0)
		return;
	(void)weir_counters_read_begin(gateway->counters, now, 0);
	while (gateway->n_routes_gone > 0)
		weir_counters_forget_passed(
		    gateway->counters, WEIR_PASSED_ROUTE, gateway->routes_gone[--gateway->n_routes_gone]);
	rules_collect(gateway);
	weir_counters_read_end(gateway->counters);
}
