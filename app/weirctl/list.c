/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings: which command brings them, and which columns they have. */
#include <inttypes.h>
#include <string.h>

#include "cell.h"
#include "weirctl.h"

static const struct column port_columns[] = {
    {"PORT", TABLE_TEXT, cell_text, "name", NULL},
    {"DEVICE", TABLE_TEXT, cell_text, "device", NULL},
    {"STATE", TABLE_TEXT, cell_up_down, "up", NULL},
    {"LINK", TABLE_NUMBER, cell_link, "link_mbps", NULL},
    {"MTU", TABLE_NUMBER, cell_number, "mtu", NULL},
    {"RXQ", TABLE_NUMBER, cell_number, "rx_queues", NULL},
    {"TXQ", TABLE_NUMBER, cell_number, "tx_queues", NULL},
    {"CARRIES", TABLE_NUMBER, cell_limit, "rate_bps", NULL},
    {"RESERVED", TABLE_NUMBER, cell_limit, "guaranteed_bps", NULL},
    {"TOO MUCH", TABLE_NUMBER, cell_limit, "shortfall_bps", NULL},
    {"WHY", TABLE_TEXT, cell_text, "reason", NULL},
    {0},
};

static const struct column tenant_columns[] = {
    {"TENANT", TABLE_TEXT, cell_text, "name", NULL},
    {"GUARANTEE", TABLE_NUMBER, cell_limit, "guarantee_bps", "guarantee_pps"},
    {"LIMIT", TABLE_NUMBER, cell_limit, "limit_bps", "limit_pps"},
    {"WEIGHT", TABLE_NUMBER, cell_number, "weight", NULL},
    {"VPORTS", TABLE_NUMBER, cell_number, "vports", NULL},
    {"FLOWS", TABLE_NUMBER, cell_number, "flows", NULL},
    {"IN", TABLE_NUMBER, cell_number, "rx_packets", NULL},
    {"TO UPLINKS", TABLE_NUMBER, cell_number, "tx_uplink_packets", NULL},
    {"TO VPORTS", TABLE_NUMBER, cell_number, "tx_vport_packets", NULL},
    {"DROPPED", TABLE_NUMBER, cell_number, "drop_packets", NULL},
    {0},
};

static const struct column vport_columns[] = {
    {"VPORT", TABLE_TEXT, cell_text, "name", NULL},
    {"SWITCH", TABLE_TEXT, cell_text, "switch", NULL},
    {"PORT", TABLE_TEXT, cell_text, "port", NULL},
    {"VLAN", TABLE_NUMBER, cell_option, "vlan", NULL},
    {"STATE", TABLE_TEXT, cell_up_down, "up", NULL},
    {"GUARANTEE", TABLE_NUMBER, cell_limit, "guarantee_bps", "guarantee_pps"},
    {"LIMIT", TABLE_NUMBER, cell_limit, "limit_bps", "limit_pps"},
    {"WEIGHT", TABLE_NUMBER, cell_number, "weight", NULL},
    {"FROM", TABLE_NUMBER, cell_number, "rx_packets", NULL},
    {"TO", TABLE_NUMBER, cell_number, "tx_packets", NULL},
    {"DROPPED", TABLE_NUMBER, cell_number, "drop_packets", NULL},
    {0},
};

static const struct column switch_columns[] = {
    {"SWITCH", TABLE_TEXT, cell_text, "name", NULL},
    {"VNI", TABLE_NUMBER, cell_option, "vni", NULL},
    {"TUNNEL", TABLE_TEXT, cell_text, "tunnel", NULL},
    {"VPORTS", TABLE_NUMBER, cell_number, "vports", NULL},
    {"REMOTES", TABLE_NUMBER, cell_number, "remotes", NULL},
    {"MACS", TABLE_NUMBER, cell_number, "macs", NULL},
    {"IN", TABLE_NUMBER, cell_number, "rx_packets", NULL},
    {"OUT", TABLE_NUMBER, cell_number, "tx_packets", NULL},
    {0},
};

static const struct column mac_columns[] = {
    {"SWITCH", TABLE_TEXT, cell_text, "switch", NULL},
    {"MAC", TABLE_TEXT, cell_text, "mac", NULL},
    {"AT", TABLE_TEXT, cell_text, "at", NULL},
    {"STATIC", TABLE_TEXT, cell_yes_no, "static", NULL},
    {"AGE", TABLE_NUMBER, cell_age, "age_ns", NULL},
    {0},
};

static const struct column router_columns[] = {
    {"ROUTER", TABLE_TEXT, cell_text, "name", NULL},
    {"INTERFACES", TABLE_NUMBER, cell_number, "interfaces", NULL},
    {"ROUTES", TABLE_NUMBER, cell_number, "routes", NULL},
    {"NEIGHBOURS", TABLE_NUMBER, cell_number, "neighbours", NULL},
    {"IN", TABLE_NUMBER, cell_number, "in_packets", NULL},
    {"OUT", TABLE_NUMBER, cell_number, "out_packets", NULL},
    {0},
};

static const struct column router_iface_columns[] = {
    {"ROUTER", TABLE_TEXT, cell_text, "router", NULL},
    {"SWITCH", TABLE_TEXT, cell_text, "switch", NULL},
    {"MAC", TABLE_TEXT, cell_text, "mac", NULL},
    {"IN", TABLE_NUMBER, cell_number, "in_packets", NULL},
    {"OUT", TABLE_NUMBER, cell_number, "out_packets", NULL},
    {"ADDRESSES", TABLE_TEXT, cell_text, "addresses", NULL},
    {0},
};

static const struct column route_columns[] = {
    {"ROUTER", TABLE_TEXT, cell_text, "router", NULL},
    {"PREFIX", TABLE_TEXT, cell_text, "prefix", NULL},
    {"KIND", TABLE_TEXT, cell_text, "kind", NULL},
    {"SWITCH", TABLE_TEXT, cell_text, "switch", NULL},
    {"PACKETS", TABLE_NUMBER, cell_number, "packets", NULL},
    {"BYTES", TABLE_NUMBER, cell_number, "bytes", NULL},
    {"VIA", TABLE_TEXT, cell_text, "via", NULL},
    {0},
};

static const struct column firewall_columns[] = {
    {"FIREWALL", TABLE_TEXT, cell_text, "name", NULL},
    {"RULES", TABLE_NUMBER, cell_number, "rules", NULL},
    {"ATTACHED", TABLE_NUMBER, cell_number, "attached", NULL},
    {"ALLOWED", TABLE_NUMBER, cell_number, "allow_packets", NULL},
    {"DENIED", TABLE_NUMBER, cell_number, "deny_packets", NULL},
    {"REJECTED", TABLE_NUMBER, cell_number, "reject_packets", NULL},
    {0},
};

static const struct column rule_columns[] = {
    {"FIREWALL", TABLE_TEXT, cell_text, "firewall", NULL},
    {"RULE", TABLE_NUMBER, cell_number, "rule", NULL},
    {"ACTION", TABLE_TEXT, cell_text, "action", NULL},
    {"DIRECTION", TABLE_TEXT, cell_text, "direction", NULL},
    {"PROTO", TABLE_TEXT, cell_text, "proto", NULL},
    {"PACKETS", TABLE_NUMBER, cell_number, "packets", NULL},
    {"BYTES", TABLE_NUMBER, cell_number, "bytes", NULL},
    {"SOURCE", TABLE_TEXT, cell_text, "src", NULL},
    {"DESTINATION", TABLE_TEXT, cell_text, "dst", NULL},
    {"AND", TABLE_TEXT, cell_text, "match", NULL},
    {0},
};

static const struct column conn_columns[] = {
    {"AT", TABLE_TEXT, cell_text, "at", NULL},
    {"PROTO", TABLE_TEXT, cell_proto, "proto", NULL},
    {"FROM", TABLE_TEXT, cell_source, NULL, NULL},
    {"TO", TABLE_TEXT, cell_destination, NULL, NULL},
    {"STATE", TABLE_TEXT, cell_text, "state", NULL},
    {"IDLE", TABLE_NUMBER, cell_age, "idle_ns", NULL},
    {"ENDS IN", TABLE_NUMBER, cell_age, "left_ns", NULL},
    {0},
};

static const struct column host_columns[] = {
    {"ADDRESS", TABLE_TEXT, cell_text, "ip", NULL},
    {"MAC", TABLE_TEXT, cell_text, "mac", NULL},
    {"STATE", TABLE_TEXT, cell_text, "state", NULL},
    {"ROUTER", TABLE_TEXT, cell_text, "router", NULL},
    {"SWITCH", TABLE_TEXT, cell_text, "switch", NULL},
    {"AGE", TABLE_NUMBER, cell_age, "age_ns", NULL},
    {0},
};

static const struct column neigh_columns[] = {
    {"ADDRESS", TABLE_TEXT, cell_text, "ip", NULL},
    {"MAC", TABLE_TEXT, cell_text, "mac", NULL},
    {"STATE", TABLE_TEXT, cell_text, "state", NULL},
    {"PORT", TABLE_TEXT, cell_text, "port", NULL},
    {"AGE", TABLE_NUMBER, cell_age, "age_ns", NULL},
    {0},
};

static const struct column flow_columns[] = {
    {"FROM", TABLE_TEXT, cell_text, "ingress", NULL},
    {"VLAN", TABLE_TEXT, cell_text, "vlan", NULL},
    {"PROTO", TABLE_TEXT, cell_proto, "proto", "ethertype"},
    {"SOURCE", TABLE_TEXT, cell_source, NULL, NULL},
    {"DESTINATION", TABLE_TEXT, cell_destination, NULL, NULL},
    {"TO", TABLE_TEXT, cell_text, "egress", NULL},
    {"FLAGS", TABLE_TEXT, cell_flags, "tcp_flags", NULL},
    {"PACKETS", TABLE_NUMBER, cell_number, "packets", NULL},
    {"BYTES", TABLE_NUMBER, cell_number, "bytes", NULL},
    {"AGE", TABLE_NUMBER, cell_since, "first_ns", NULL},
    {"IDLE", TABLE_NUMBER, cell_since, "last_ns", NULL},
    {0},
};

static const struct column receipt_columns[] = {
    {"AGE", TABLE_NUMBER, cell_since, "at_ns", NULL},
    {"PROMISED", TABLE_NUMBER, cell_limit, "promised_bps", "promised_pps"},
    {"UP DEMANDED", TABLE_NUMBER, cell_rate, "to_uplink_demanded_bps", NULL},
    {"DELIVERED", TABLE_NUMBER, cell_rate, "to_uplink_delivered_bps", NULL},
    {"SHORT BY", TABLE_TEXT, cell_why, "to_uplink_why", NULL},
    {"DOWN DEMANDED", TABLE_NUMBER, cell_rate, "to_vport_demanded_bps", NULL},
    {"DELIVERED", TABLE_NUMBER, cell_rate, "to_vport_delivered_bps", NULL},
    {"SHORT BY", TABLE_TEXT, cell_why, "to_vport_why", NULL},
    {"CPU", TABLE_NUMBER, cell_permille, "cpu_permille", NULL},
    {0},
};

static const struct column drop_columns[] = {
    {"REASON", TABLE_TEXT, cell_text, "reason", NULL},
    {"PACKETS", TABLE_NUMBER, cell_number, "packets", NULL},
    {"BYTES", TABLE_NUMBER, cell_number, "bytes", NULL},
    {"WHICH MEANS", TABLE_TEXT, cell_reason, "reason", NULL},
    {0},
};

static const struct column loss_columns[] = {
    {"DROP", TABLE_NUMBER, cell_number, "drop", NULL},
    {"AGE", TABLE_NUMBER, cell_since, "at_ns", NULL},
    {"AT", TABLE_FIXED, cell_text, "at", NULL},
    {"REASON", TABLE_FIXED, cell_text, "reason", NULL},
    {"PACKET", TABLE_TEXT, cell_joined, "packet", "packet_rest"},
    {0},
};

static const struct column worker_columns[] = {
    {"LCORE", TABLE_NUMBER, cell_number, "lcore", NULL},
    {"BUSY", TABLE_NUMBER, cell_permille, "busy_permille", NULL},
    {"CYCLES/PACKET", TABLE_NUMBER, cell_number, "cycles_per_packet", NULL},
    {"RECEIVED", TABLE_NUMBER, cell_number, "rx_packets", NULL},
    {"SENT", TABLE_NUMBER, cell_number, "tx_packets", NULL},
    {"FLOWS", TABLE_NUMBER, cell_number, "flows", NULL},
    {"SLOTS", TABLE_NUMBER, cell_number, "flow_slots", NULL},
    {"PATHS", TABLE_NUMBER, cell_number, "paths", NULL},
    {0},
};

static const struct listing {
	const char *name, *command;
	bool paged; /* by cursor, and a tenant goes along as JSON; else one answer, and a tenant is a plain word */
	const struct column *columns;
} listings[] = {
    {"ports", "/weir/port/list", true, port_columns},
    {"tenants", "/weir/tenant/list", true, tenant_columns},
    {"vports", "/weir/vport/list", true, vport_columns},
    {"switches", "/weir/switch/list", true, switch_columns},
    {"macs", "/weir/mac/list", true, mac_columns},
    {"neighbours", "/weir/neigh/list", true, neigh_columns},
    {"routers", "/weir/router/list", true, router_columns},
    {"interfaces", "/weir/router/interfaces", true, router_iface_columns},
    {"routes", "/weir/router/routes", true, route_columns},
    {"firewalls", "/weir/firewall/list", true, firewall_columns},
    {"rules", "/weir/firewall/rules", true, rule_columns},
    {"connections", "/weir/conn/list", true, conn_columns},
    {"hosts", "/weir/neigh/list", true, host_columns},
    {"flows", "/weir/flow/list", true, flow_columns},
    {"receipts", "/weir/tenant/receipts", true, receipt_columns},
    {"drops", "/weir/drops", false, drop_columns},
    {"explain", "/weir/explain", false, loss_columns},
    {"workers", "/weir/worker/stats", false, worker_columns},
};

/* A listing becomes text page by page, so that a million flows need not be kept as JSON. */
struct gather {
	const struct listing *listing;
	bool json;
	struct table table;
	struct text rows, cell;
	uint64_t time_ns; /* of the last page; 0 = pages have no time */
};

static void
gather_row(struct gather *gather, const struct rows *rows)
{
	if (gather->json) {
		if (gather->rows.len > 0)
			text_str(&gather->rows, ",");
		rows_json(rows, &gather->rows);
		return;
	}
	for (const struct column *column = gather->listing->columns; column->title != NULL; column++) {
		text_clear(&gather->cell);
		column->add(rows, column, &gather->cell);
		table_cell(&gather->table, gather->cell.len > 0 ? gather->cell.data : "-");
	}
}

static void
gather_page(void *arg, const cJSON *page, bool first)
{
	struct gather *gather = arg;
	struct rows rows;

	if (first) {
		table_clear(&gather->table);
		text_clear(&gather->rows);
	}
	gather->time_ns = reply_get(page, "time_ns");
	rows_begin(&rows, page);
	while (rows_next(&rows))
		gather_row(gather, &rows);
}

static enum status
gather_all(struct client *client, struct gather *gather, const char *tenant, uint64_t last, struct weir_err *err)
{
	enum status status;
	cJSON *reply, *params;

	if (gather->listing->paged) {
		params = cJSON_CreateObject();
		if (tenant != NULL)
			cJSON_AddStringToObject(params, "tenant", tenant);
		if (last != 0)
			cJSON_AddNumberToObject(params, "last", (double)last);
		return client_pages(client, gather->listing->command, params, gather_page, gather, err);
	}
	status = client_ask(client, gather->listing->command, tenant != NULL ? tenant : "", &reply, err);
	if (status == CTL_OK)
		gather_page(gather, reply, true);
	cJSON_Delete(reply);
	return status;
}

static void
json_rows(const struct gather *gather, struct text *out)
{
	text_str(out, "{\"status\":\"ok\",");
	if (gather->time_ns != 0)
		text_printf(out, "\"time_ns\":%" PRIu64 ",", gather->time_ns);
	text_printf(out, "\"%s\":[%s]}\n", gather->listing->name, gather->rows.len > 0 ? gather->rows.data : "");
}

enum status
list_show(struct client *client, const struct options *options, const char *name, const char *tenant,
    struct text *out, struct weir_err *err)
{
	struct gather gather = {.json = options->json};
	enum status status;
	size_t i = 0;

	while (strcmp(listings[i].name, name) != 0)
		i++;
	gather.listing = &listings[i];
	for (const struct column *column = gather.listing->columns; column->title != NULL; column++)
		table_column(&gather.table, column->title, column->kind);
	status = gather_all(client, &gather, tenant, options->last, err);
	if (status == CTL_OK && !options->json)
		table_render(&gather.table, options->width, out);
	else if (status == CTL_OK)
		json_rows(&gather, out);
	table_free(&gather.table);
	text_free(&gather.rows);
	text_free(&gather.cell);
	return status;
}

static const char *
tenant_of(const struct options *options)
{
	return options->n_args > 0 ? options->args[0] : NULL;
}

enum status
command_ports(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "ports", NULL, out, err);
}

enum status
command_macs(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "macs", tenant_of(options), out, err);
}

enum status
command_neigh(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(
	    client, options, tenant_of(options) != NULL ? "hosts" : "neighbours", tenant_of(options), out, err);
}

enum status
command_routers(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "routers", tenant_of(options), out, err);
}

enum status
command_interfaces(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "interfaces", tenant_of(options), out, err);
}

enum status
command_routes(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "routes", tenant_of(options), out, err);
}

enum status
command_firewalls(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "firewalls", tenant_of(options), out, err);
}

enum status
command_rules(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "rules", tenant_of(options), out, err);
}

enum status
command_connections(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "connections", tenant_of(options), out, err);
}

enum status
command_flows(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "flows", tenant_of(options), out, err);
}

enum status
command_drops(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "drops", tenant_of(options), out, err);
}

enum status
command_receipts(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "receipts", tenant_of(options), out, err);
}

enum status
command_workers(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return list_show(client, options, "workers", NULL, out, err);
}
