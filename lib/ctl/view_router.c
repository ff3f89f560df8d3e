/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of routers: what is configured, what passed it, and whom they know. */
#include <errno.h>
#include <stdio.h>

#include "view_priv.h"

/* ---- routers ---- */

static void
fill_router(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t r, struct weir_view_router *row)
{
	const struct live_router *router = &live->routers[r];

	*row = (struct weir_view_router){
	    .cursor = view_cursor(live->tenant->id, r),
	    .n_ifaces = router->n_ifaces,
	    .n_routes = router->n_routes,
	};
	(void)snprintf(row->tenant, sizeof(row->tenant), "%s", live->tenant->name);
	(void)snprintf(row->name, sizeof(row->name), "%s", router->cfg->name);
	for (uint32_t i = 0; i < router->n_ifaces; i++) {
		uint32_t id = router->iface_objects[i].id;

		row->n_hosts += weir_hosts_of_iface(gateway->hosts, id);
		view_add_passed(&row->in, weir_counters_passed(gateway->counters, WEIR_PASSED_IN, id));
		view_add_passed(&row->out, weir_counters_passed(gateway->counters, WEIR_PASSED_OUT, id));
	}
}

static uint32_t
n_routers(const struct live_tenant *live)
{
	return live->cfg->n_routers;
}

int
weir_view_routers(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_router rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t r;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_routers);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &r)) != NULL)
		fill_router(gateway, live, r, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

int
weir_view_router(
    struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_router *row, uint64_t *time)
{
	const struct live_tenant *live;
	int rc = -ENOENT;

	*time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_tenant(gateway, tenant);
	for (uint32_t r = 0; live != NULL && r < live->cfg->n_routers; r++) {
		if (strcmp(live->cfg->routers[r].name, name) != 0)
			continue;
		fill_router(gateway, live, r, row);
		rc = 0;
	}
	view_end(gateway);
	return rc;
}

/* ---- interfaces, routes: all of a tenant's routers' in one row ---- */

/* Which router has the tenant's k-th of what `of` counts, and which one of its it is. */
static const struct live_router *
nth(const struct live_tenant *live, uint32_t (*of)(const struct live_router *router), uint32_t *k)
{
	const struct live_router *router = live->routers;

	while (*k >= of(router))
		*k -= of(router++);
	return router;
}

static void
name_router(const struct live_tenant *live, const struct live_router *router, char name[2 * WEIR_NAME_SIZE])
{
	(void)snprintf(name, 2 * WEIR_NAME_SIZE, "%s/%s", live->tenant->name, router->cfg->name);
}

static uint32_t
ifaces_of(const struct live_router *router)
{
	return router->n_ifaces;
}

static uint32_t
n_ifaces(const struct live_tenant *live)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < live->cfg->n_routers; r++)
		n += live->routers[r].n_ifaces;
	return n;
}

static void
fill_iface(
    struct weir_gateway *gateway, const struct live_tenant *live, uint32_t k, struct weir_view_router_iface *row)
{
	uint32_t i = k;
	const struct live_router *router = nth(live, ifaces_of, &i);
	const struct weir_iface *iface = &router->iface_objects[i];

	*row = (struct weir_view_router_iface){
	    .cursor = view_cursor(live->tenant->id, k),
	    .mac = iface->mac,
	    .in = weir_counters_passed(gateway->counters, WEIR_PASSED_IN, iface->id),
	    .out = weir_counters_passed(gateway->counters, WEIR_PASSED_OUT, iface->id),
	};
	name_router(live, router, row->router);
	(void)snprintf(row->sw, sizeof(row->sw), "%s", live->cfg->switches[router->cfg->ifaces[i].sw].name);
	for (uint32_t a = 0; a < iface->n_prefixes; a++) {
		char text[WEIR_PREFIX_TEXT_SIZE];

		view_append(row->addresses, weir_prefix_text(&iface->prefixes[a], text, sizeof(text)));
	}
}

int
weir_view_router_ifaces(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_router_iface rows[], uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t k;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_ifaces);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &k)) != NULL)
		fill_iface(gateway, live, k, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

static uint32_t
routes_of(const struct live_router *router)
{
	return router->n_routes;
}

static uint32_t
n_routes(const struct live_tenant *live)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < live->cfg->n_routers; r++)
		n += live->routers[r].n_routes;
	return n;
}

static void
fill_route(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t k, struct weir_view_route *row)
{
	static const char *const kinds[] = {[WEIR_WAY_HERE] = "own",
	    [WEIR_WAY_CONNECTED] = "connected",
	    [WEIR_WAY_VIA] = "via",
	    [WEIR_WAY_BLACKHOLE] = "blackhole"};
	uint32_t i = k;
	const struct live_router *router = nth(live, routes_of, &i);
	const struct live_route *route = &router->routes[i];
	const struct weir_iface *iface =
	    route->ways->n > 0 ? weir_vnet_iface(gateway->vnet, route->ways->way[0].iface) : NULL;
	const struct weir_switch *sw = iface != NULL ? weir_vnet_switch(gateway->vnet, iface->sw) : NULL;

	*row = (struct weir_view_route){
	    .cursor = view_cursor(live->tenant->id, k),
	    .prefix = route->prefix,
	    .kind = kinds[route->ways->kind],
	};
	if (route->index != WEIR_NONE)
		row->passed = weir_counters_passed(gateway->counters, WEIR_PASSED_ROUTE, route->index);
	name_router(live, router, row->router);
	if (sw != NULL)
		(void)snprintf(row->sw, sizeof(row->sw), "%s", sw->name);
	for (uint32_t w = 0; route->ways->kind == WEIR_WAY_VIA && w < route->ways->n; w++) {
		char text[46];

		view_append(row->via, weir_ip_format(&route->ways->way[w].hop, text, sizeof(text)));
	}
}

int
weir_view_routes(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_route rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t k;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_routes);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &k)) != NULL)
		fill_route(gateway, live, k, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

/* ---- neighbours ---- */

/* False: its interface is just going. */
static bool
fill_host(struct weir_gateway *gateway, uint32_t entry, struct weir_view_host *row)
{
	const struct weir_host *host = &gateway->vnet->hosts[entry];
	const struct weir_iface *iface = weir_vnet_iface(gateway->vnet, host->iface);
	const struct weir_switch *sw = iface != NULL ? weir_vnet_switch(gateway->vnet, iface->sw) : NULL;
	struct weir_host_view view = weir_hosts_view(gateway->hosts, entry, gateway_now(gateway));

	if (sw == NULL)
		return false;
	*row = (struct weir_view_host){.cursor = entry, .ip = host->ip, .state = view.state, .age = view.age};
	if ((host->place & WEIR_HOST_KNOWN) != 0)
		weir_host_mac(host->place, &row->mac);
	(void)snprintf(row->router, sizeof(row->router), "%s/%s", iface->tenant->name, iface->name);
	(void)snprintf(row->sw, sizeof(row->sw), "%s", sw->name);
	return true;
}

int
weir_view_hosts(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_host rows[],
    uint32_t n, uint32_t *count)
{
	const struct live_tenant *live;
	uint32_t entry = WEIR_NONE;

	*count = 0;
	(void)pthread_mutex_lock(&gateway->mutex);
	live = gateway_tenant(gateway, tenant);
	if (live != NULL && *cursor < WEIR_NONE)
		entry = weir_hosts_next(gateway->hosts, live->tenant->id, (uint32_t)*cursor);
	while (entry != WEIR_NONE && *count < n) {
		if (fill_host(gateway, entry, &rows[*count]))
			++*count;
		entry = weir_hosts_next(gateway->hosts, live->tenant->id, entry + 1);
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	*cursor = entry != WEIR_NONE ? entry : WEIR_VIEW_END;
	return live != NULL ? 0 : -ENOENT;
}
