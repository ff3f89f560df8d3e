/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings of routers, their interfaces, routes and neighbours. */
#include <errno.h>
#include <stdio.h>

#include "telemetry_priv.h"
#include "weir_view.h"

/* ---- routers ---- */

static const struct column router_columns[] = {{"name", true}, {"interfaces", false}, {"routes", false},
    {"neighbours", false}, {"in_packets", false}, {"in_bytes", false}, {"out_packets", false}, {"out_bytes", false}};

static bool
router_row(struct table *table, const void *at)
{
	const struct weir_view_router *row = at;
	char name[2 * WEIR_NAME_SIZE];
	const struct cell cells[WEIR_ARRAY_LEN(router_columns)] = {
	    {.text = name},
	    {.number = row->n_ifaces},
	    {.number = row->n_routes},
	    {.number = row->n_hosts},
	    {.number = row->in.packets},
	    {.number = row->in.bytes},
	    {.number = row->out.packets},
	    {.number = row->out.bytes},
	};

	(void)snprintf(name, sizeof(name), "%s/%s", row->tenant, row->name);
	return table_row(table, cells);
}

static int
view_routers(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_routers(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing router_listing = {
    .columns = router_columns,
    .n_columns = WEIR_ARRAY_LEN(router_columns),
    .row_size = sizeof(struct weir_view_router),
    .with_tenant = true,
    .view = view_routers,
    .row = router_row,
};

int
command_router_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&router_listing, t, params, answer, err);
}

int
command_router_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	struct weir_view_router row;
	uint64_t time;

	if (params_names(params, "router", tenant, name, err) != 0)
		return -err->errnum;
	if (weir_view_router(t->gateway, tenant, name, &row, &time) != 0)
		return weir_err(err, ENOENT, "", "no router has the name '%s'", params);
	answer_u64(answer, "in_packets", row.in.packets);
	answer_u64(answer, "in_bytes", row.in.bytes);
	answer_u64(answer, "out_packets", row.out.packets);
	answer_u64(answer, "out_bytes", row.out.bytes);
	answer_u64(answer, "interfaces", row.n_ifaces);
	answer_u64(answer, "routes", row.n_routes);
	answer_u64(answer, "neighbours", row.n_hosts);
	answer_u64(answer, "time_ns", time);
	return 0;
}

/* ---- interfaces ---- */

static const struct column iface_columns[] = {{"router", true}, {"switch", true}, {"mac", true}, {"addresses", true},
    {"in_packets", false}, {"in_bytes", false}, {"out_packets", false}, {"out_bytes", false}};

static bool
iface_row(struct table *table, const void *at)
{
	const struct weir_view_router_iface *row = at;
	char mac[18];
	const struct cell cells[WEIR_ARRAY_LEN(iface_columns)] = {
	    {.text = row->router},
	    {.text = row->sw},
	    {.text = weir_mac_format(&row->mac, mac, sizeof(mac))},
	    {.text = row->addresses},
	    {.number = row->in.packets},
	    {.number = row->in.bytes},
	    {.number = row->out.packets},
	    {.number = row->out.bytes},
	};

	return table_row(table, cells);
}

static int
view_ifaces(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_router_ifaces(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing iface_listing = {
    .columns = iface_columns,
    .n_columns = WEIR_ARRAY_LEN(iface_columns),
    .row_size = sizeof(struct weir_view_router_iface),
    .with_tenant = true,
    .view = view_ifaces,
    .row = iface_row,
};

int
command_router_interfaces(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&iface_listing, t, params, answer, err);
}

/* ---- routes ---- */

static const struct column route_columns[] = {{"router", true}, {"prefix", true}, {"kind", true}, {"via", true},
    {"switch", true}, {"packets", false}, {"bytes", false}};

static bool
route_row(struct table *table, const void *at)
{
	const struct weir_view_route *row = at;
	char prefix[WEIR_PREFIX_TEXT_SIZE];
	const struct cell cells[WEIR_ARRAY_LEN(route_columns)] = {
	    {.text = row->router},
	    {.text = weir_prefix_text(&row->prefix, prefix, sizeof(prefix))},
	    {.text = row->kind},
	    {.text = row->via},
	    {.text = row->sw},
	    {.number = row->passed.packets},
	    {.number = row->passed.bytes},
	};

	return table_row(table, cells);
}

static int
view_routes(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_routes(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing route_listing = {
    .columns = route_columns,
    .n_columns = WEIR_ARRAY_LEN(route_columns),
    .row_size = sizeof(struct weir_view_route),
    .with_tenant = true,
    .view = view_routes,
    .row = route_row,
};

int
command_router_routes(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&route_listing, t, params, answer, err);
}

/* ---- neighbours ---- */

static const struct column host_columns[] = {
    {"ip", true}, {"mac", true}, {"state", true}, {"router", true}, {"switch", true}, {"age_ns", false}};

static bool
host_row(struct table *table, const void *at)
{
	const struct weir_view_host *row = at;
	char ip[46], mac[18];
	const struct cell cells[WEIR_ARRAY_LEN(host_columns)] = {
	    {.text = weir_ip_format(&row->ip, ip, sizeof(ip))},
	    {.text = weir_mac_format(&row->mac, mac, sizeof(mac))},
	    {.text = row->state},
	    {.text = row->router},
	    {.text = row->sw},
	    {.number = row->age},
	};

	return table_row(table, cells);
}

static int
view_hosts(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	(void)time;
	return weir_view_hosts(gateway, page->tenant, &page->cursor, rows, n, count);
}

static const struct listing host_listing = {
    .columns = host_columns,
    .n_columns = WEIR_ARRAY_LEN(host_columns),
    .row_size = sizeof(struct weir_view_host),
    .with_tenant = true,
    .view = view_hosts,
    .row = host_row,
};

int
command_neigh_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct page page;

	/* What is wrong with the parameters is said by who reads them next. */
	if (params_page(params, true, false, &page, NULL) == 0 && page.tenant != NULL)
		return list_page(&host_listing, t, params, answer, err);
	return list_underlay_neighbours(t, params, answer, err);
}
