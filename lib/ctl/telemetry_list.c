/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings of what is configured. */
#include <stdio.h>

#include "telemetry_priv.h"
#include "weir_view.h"

static uint64_t
drop_packets(const struct weir_count *count)
{
	return count->rx_drop_packets + count->tx_drop_packets;
}

static uint64_t
drop_bytes(const struct weir_count *count)
{
	return count->rx_drop_bytes + count->tx_drop_bytes;
}

/* ---- ports ---- */

static const struct column port_columns[] = {{"name", true}, {"device", true}, {"up", false}, {"link_mbps", false},
    {"mtu", false}, {"rx_queues", false}, {"tx_queues", false}, {"rate_bps", false}, {"guaranteed_bps", false},
    {"shortfall_bps", false}, {"reason", true}};

static bool
port_row(struct table *table, const void *at)
{
	const struct weir_view_port *row = at;
	const struct cell cells[WEIR_ARRAY_LEN(port_columns)] = {
	    {.text = row->name},
	    {.text = row->device},
	    {.number = row->up},
	    {.number = row->link_mbps},
	    {.number = row->mtu},
	    {.number = row->n_rxq},
	    {.number = row->n_txq},
	    {.number = row->rate},
	    {.number = row->guaranteed},
	    {.number = row->shortfall},
	    {.text = row->reason},
	};

	return table_row(table, cells);
}

static int
view_ports(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	(void)time;
	*count = weir_view_ports(gateway, &page->cursor, rows, n);
	return 0;
}

static const struct listing port_listing = {
    .columns = port_columns,
    .n_columns = WEIR_ARRAY_LEN(port_columns),
    .row_size = sizeof(struct weir_view_port),
    .with_tenant = false,
    .view = view_ports,
    .row = port_row,
};

int
command_port_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&port_listing, t, params, answer, err);
}

/* ---- tenants ---- */

static const struct column tenant_columns[] = {{"name", true}, {"rx_packets", false}, {"rx_bytes", false},
    {"tx_uplink_packets", false}, {"tx_uplink_bytes", false}, {"tx_vport_packets", false}, {"tx_vport_bytes", false},
    {"drop_packets", false}, {"drop_bytes", false}, {"limit_bps", false}, {"limit_pps", false},
    {"guarantee_bps", false}, {"guarantee_pps", false}, {"weight", false}, {"flows", false}, {"vports", false},
    RECEIPT_COLUMNS};

static bool
tenant_row(struct table *table, const void *at)
{
	const struct weir_view_tenant *row = at;
	struct cell cells[WEIR_ARRAY_LEN(tenant_columns)] = {
	    {.text = row->name},
	    {.number = row->sum.rx_packets},
	    {.number = row->sum.rx_bytes},
	    {.number = row->to_uplink.packets},
	    {.number = row->to_uplink.bytes},
	    {.number = row->to_vport.packets},
	    {.number = row->to_vport.bytes},
	    {.number = drop_packets(&row->sum)},
	    {.number = drop_bytes(&row->sum)},
	    {.number = row->limit.bps},
	    {.number = row->limit.pps},
	    {.number = row->guarantee.bps},
	    {.number = row->guarantee.pps},
	    {.number = row->weight},
	    {.number = row->flows},
	    {.number = row->n_vports},
	};

	receipt_cells(&row->receipt, &cells[WEIR_ARRAY_LEN(tenant_columns) - RECEIPT_CELLS]);
	return table_row(table, cells);
}

static int
view_tenants(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	*count = weir_view_tenants(gateway, &page->cursor, rows, n, time);
	return 0;
}

static const struct listing tenant_listing = {
    .columns = tenant_columns,
    .n_columns = WEIR_ARRAY_LEN(tenant_columns),
    .row_size = sizeof(struct weir_view_tenant),
    .with_tenant = false,
    .view = view_tenants,
    .row = tenant_row,
};

int
command_tenant_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&tenant_listing, t, params, answer, err);
}

/* ---- vports ---- */

static const struct column vport_columns[] = {{"name", true}, {"switch", true}, {"port", true}, {"vlan", false},
    {"up", false}, {"rx_packets", false}, {"rx_bytes", false}, {"tx_packets", false}, {"tx_bytes", false},
    {"drop_packets", false}, {"drop_bytes", false}, {"limit_bps", false}, {"limit_pps", false},
    {"guarantee_bps", false}, {"guarantee_pps", false}, {"weight", false}};

static bool
vport_row(struct table *table, const void *at)
{
	const struct weir_view_vport *row = at;
	char name[2 * WEIR_NAME_SIZE];
	const struct cell cells[WEIR_ARRAY_LEN(vport_columns)] = {
	    {.text = name},
	    {.text = row->sw},
	    {.text = row->port},
	    {.number = row->vlan},
	    {.number = row->up},
	    {.number = row->count.rx_packets},
	    {.number = row->count.rx_bytes},
	    {.number = row->count.tx_packets},
	    {.number = row->count.tx_bytes},
	    {.number = drop_packets(&row->count)},
	    {.number = drop_bytes(&row->count)},
	    {.number = row->limit.bps},
	    {.number = row->limit.pps},
	    {.number = row->guarantee.bps},
	    {.number = row->guarantee.pps},
	    {.number = row->weight},
	};

	(void)snprintf(name, sizeof(name), "%s/%s", row->tenant, row->name);
	return table_row(table, cells);
}

static int
view_vports(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_vports(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing vport_listing = {
    .columns = vport_columns,
    .n_columns = WEIR_ARRAY_LEN(vport_columns),
    .row_size = sizeof(struct weir_view_vport),
    .with_tenant = true,
    .view = view_vports,
    .row = vport_row,
};

int
command_vport_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&vport_listing, t, params, answer, err);
}

/* ---- switches ---- */

static const struct column switch_columns[] = {{"name", true}, {"vni", false}, {"tunnel", true}, {"vports", false},
    {"remotes", false}, {"macs", false}, {"rx_packets", false}, {"rx_bytes", false}, {"tx_packets", false},
    {"tx_bytes", false}, {"drop_packets", false}, {"drop_bytes", false}};

static bool
switch_row(struct table *table, const void *at)
{
	const struct weir_view_switch *row = at;
	char name[2 * WEIR_NAME_SIZE];
	struct weir_count sum = row->vports;
	const struct cell cells[WEIR_ARRAY_LEN(switch_columns)] = {
	    {.text = name},
	    {.number = row->vni},
	    {.text = row->vni != 0 ? weir_tunnel_name(row->tunnel) : ""},
	    {.number = row->n_vports},
	    {.number = row->n_remotes},
	    {.number = row->macs},
	    {.number = sum.rx_packets + row->remotes.rx_packets},
	    {.number = sum.rx_bytes + row->remotes.rx_bytes},
	    {.number = sum.tx_packets + row->remotes.tx_packets},
	    {.number = sum.tx_bytes + row->remotes.tx_bytes},
	    {.number = drop_packets(&sum) + drop_packets(&row->remotes)},
	    {.number = drop_bytes(&sum) + drop_bytes(&row->remotes)},
	};

	(void)snprintf(name, sizeof(name), "%s/%s", row->tenant, row->name);
	return table_row(table, cells);
}

static int
view_switches(
    struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_switches(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing switch_listing = {
    .columns = switch_columns,
    .n_columns = WEIR_ARRAY_LEN(switch_columns),
    .row_size = sizeof(struct weir_view_switch),
    .with_tenant = true,
    .view = view_switches,
    .row = switch_row,
};

int
command_switch_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&switch_listing, t, params, answer, err);
}
