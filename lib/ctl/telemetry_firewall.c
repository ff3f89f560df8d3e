/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings of firewalls, their rules, and connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "telemetry_priv.h"
#include "weir_view.h"

/* ---- firewalls ---- */

static const struct column firewall_columns[] = {{"name", true}, {"rules", false}, {"attached", false},
    {"allow_packets", false}, {"allow_bytes", false}, {"deny_packets", false}, {"deny_bytes", false},
    {"reject_packets", false}, {"reject_bytes", false}};

static bool
firewall_row(struct table *table, const void *at)
{
	const struct weir_view_firewall *row = at;
	char name[2 * WEIR_NAME_SIZE];
	const struct cell cells[WEIR_ARRAY_LEN(firewall_columns)] = {
	    {.text = name},
	    {.number = row->n_rules},
	    {.number = row->n_attached},
	    {.number = row->allow.packets},
	    {.number = row->allow.bytes},
	    {.number = row->deny.packets},
	    {.number = row->deny.bytes},
	    {.number = row->reject.packets},
	    {.number = row->reject.bytes},
	};

	(void)snprintf(name, sizeof(name), "%s/%s", row->tenant, row->name);
	return table_row(table, cells);
}

static int
view_firewalls(
    struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_firewalls(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing firewall_listing = {
    .columns = firewall_columns,
    .n_columns = WEIR_ARRAY_LEN(firewall_columns),
    .row_size = sizeof(struct weir_view_firewall),
    .with_tenant = true,
    .view = view_firewalls,
    .row = firewall_row,
};

int
command_firewall_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&firewall_listing, t, params, answer, err);
}

int
command_firewall_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	struct weir_view_firewall row;
	uint64_t time;

	if (params_names(params, "firewall", tenant, name, err) != 0)
		return -err->errnum;
	if (weir_view_firewall(t->gateway, tenant, name, &row, &time) != 0)
		return weir_err(err, ENOENT, "", "no firewall has the name '%s'", params);
	answer_u64(answer, "allow_packets", row.allow.packets);
	answer_u64(answer, "allow_bytes", row.allow.bytes);
	answer_u64(answer, "deny_packets", row.deny.packets);
	answer_u64(answer, "deny_bytes", row.deny.bytes);
	answer_u64(answer, "reject_packets", row.reject.packets);
	answer_u64(answer, "reject_bytes", row.reject.bytes);
	answer_u64(answer, "rules", row.n_rules);
	answer_u64(answer, "attached", row.n_attached);
	answer_u64(answer, "time_ns", time);
	return 0;
}

/* ---- rules ---- */

static const struct column rule_columns[] = {{"firewall", true}, {"rule", false}, {"action", true},
    {"direction", true}, {"proto", true}, {"src", true}, {"dst", true}, {"match", true}, {"packets", false},
    {"bytes", false}};

static bool
rule_row(struct table *table, const void *at)
{
	const struct weir_view_rule *row = at;
	char proto[12] = "any";
	const struct cell cells[WEIR_ARRAY_LEN(rule_columns)] = {
	    {.text = row->firewall},
	    {.number = row->rule},
	    {.text = row->action},
	    {.text = row->direction},
	    {.text = row->proto[0] != '\0' ? row->proto : proto},
	    {.text = row->src},
	    {.text = row->dst},
	    {.text = row->match},
	    {.number = row->passed.packets},
	    {.number = row->passed.bytes},
	};

	if (row->proto_number != WEIR_NONE)
		(void)snprintf(proto, sizeof(proto), "%u", row->proto_number);
	return table_row(table, cells);
}

static int
view_rules(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_rules(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing rule_listing = {
    .columns = rule_columns,
    .n_columns = WEIR_ARRAY_LEN(rule_columns),
    .row_size = sizeof(struct weir_view_rule),
    .with_tenant = true,
    .view = view_rules,
    .row = rule_row,
};

int
command_firewall_rules(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&rule_listing, t, params, answer, err);
}

/* ---- connections ---- */

static const struct column conn_columns[] = {{"at", true}, {"proto", false}, {"src", true}, {"sport", false},
    {"dst", true}, {"dport", false}, {"state", true}, {"idle_ns", false}, {"left_ns", false}};

static bool
conn_row(struct table *table, const void *at)
{
	const struct weir_view_conn *row = at;
	const struct weir_conn_key *key = &row->conn.key;
	char src[46], dst[46];
	const struct cell cells[WEIR_ARRAY_LEN(conn_columns)] = {
	    {.text = row->at},
	    {.number = key->proto},
	    {.text = weir_ip_format(&key->src, src, sizeof(src))},
	    {.number = ntohs(key->sport)},
	    {.text = weir_ip_format(&key->dst, dst, sizeof(dst))},
	    {.number = ntohs(key->dport)},
	    {.text = weir_conn_state_name(row->conn.state)},
	    {.number = row->conn.idle},
	    {.number = row->conn.left},
	};

	return table_row(table, cells);
}

static int
view_conns(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	(void)time;
	return weir_view_conns(gateway, page->tenant, &page->cursor, rows, n, count);
}

static const struct listing conn_listing = {
    .columns = conn_columns,
    .n_columns = WEIR_ARRAY_LEN(conn_columns),
    .row_size = sizeof(struct weir_view_conn),
    .with_tenant = true,
    .view = view_conns,
    .row = conn_row,
};

int
command_conn_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&conn_listing, t, params, answer, err);
}
