/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of firewalls: their rules and what these decided, and the connections that stand. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>

#include "view_priv.h"

#define CONNS_A_PAGE 65536 /* records looked at for one page at most */

/* ---- firewalls ---- */

static uint32_t
attached(const struct live_tenant *live, uint32_t f)
{
	uint32_t n = 0;

	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		n += live->cfg->vports[v].firewall == f;
	for (uint32_t r = 0; r < live->cfg->n_routers; r++)
		for (uint32_t i = 0; i < live->cfg->routers[r].n_ifaces; i++)
			n += live->cfg->routers[r].ifaces[i].firewall == f;
	return n;
}

static void
fill_firewall(
    struct weir_gateway *gateway, const struct live_tenant *live, uint32_t f, struct weir_view_firewall *row)
{
	const struct live_firewall *firewall = &live->firewalls[f];

	*row = (struct weir_view_firewall){
	    .cursor = view_cursor(live->tenant->id, f),
	    .n_rules = firewall->cfg->n_rules,
	    .n_attached = attached(live, f),
	};
	(void)snprintf(row->tenant, sizeof(row->tenant), "%s", live->tenant->name);
	(void)snprintf(row->name, sizeof(row->name), "%s", firewall->cfg->name);
	for (uint32_t i = 0; i < firewall->cfg->n_rules; i++) {
		struct weir_passed passed =
		    weir_counters_passed(gateway->counters, WEIR_PASSED_RULE, firewall->rules[i]);
		uint8_t action = firewall->cfg->rules[i].action;

		view_add_passed(action == WEIR_FW_ALLOW	 ? &row->allow
				: action == WEIR_FW_DENY ? &row->deny
							 : &row->reject,
		    passed);
	}
}

static uint32_t
n_firewalls(const struct live_tenant *live)
{
	return live->cfg->n_firewalls;
}

int
weir_view_firewalls(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_firewall rows[], uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t f;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_firewalls);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &f)) != NULL)
		fill_firewall(gateway, live, f, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

int
weir_view_firewall(struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_firewall *row,
    uint64_t *time)
{
	const struct live_tenant *live;
	int rc = -ENOENT;

	*time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_tenant(gateway, tenant);
	for (uint32_t f = 0; live != NULL && f < live->cfg->n_firewalls; f++) {
		if (strcmp(live->cfg->firewalls[f].name, name) != 0)
			continue;
		fill_firewall(gateway, live, f, row);
		rc = 0;
	}
	view_end(gateway);
	return rc;
}

/* ---- rules ---- */

static const char *
action_name(const struct weir_fw_rule *rule)
{
	if (rule->action == WEIR_FW_ALLOW)
		return rule->state ? "allow" : "allow stateless";
	return rule->action == WEIR_FW_DENY ? "deny" : "reject";
}

static const char *
direction_name(uint8_t directions)
{
	return directions == WEIR_FW_IN ? "in" : directions == WEIR_FW_OUT ? "out" : "both";
}

static const char *
proto_name(uint16_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		return "";
	}
}

static void
list_prefixes(char list[WEIR_VIEW_LIST_SIZE], const struct weir_prefix prefixes[], uint32_t n)
{
	char text[WEIR_PREFIX_TEXT_SIZE];

	for (uint32_t i = 0; i < n; i++)
		view_append(list, weir_prefix_text(&prefixes[i], text, sizeof(text)));
	if (n == 0)
		view_append(list, "any");
}

static void
list_ranges(char list[WEIR_VIEW_LIST_SIZE], const char *what, const struct weir_fw_range ranges[], uint32_t n)
{
	char text[32];

	for (uint32_t i = 0; i < n; i++) {
		if (ranges[i].first == ranges[i].last)
			(void)snprintf(text, sizeof(text), "%s %u", what, ranges[i].first);
		else
			(void)snprintf(text, sizeof(text), "%s %u-%u", what, ranges[i].first, ranges[i].last);
		view_append(list, text);
	}
}

static void
list_flags(char list[WEIR_VIEW_LIST_SIZE], uint8_t set, uint8_t clear)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};
	char text[8];

	for (uint32_t bit = 0; bit < WEIR_ARRAY_LEN(names); bit++) {
		if (((set | clear) >> bit & 1) == 0)
			continue;
		(void)snprintf(text, sizeof(text), "%s%s", (clear >> bit & 1) != 0 ? "!" : "", names[bit]);
		view_append(list, text);
	}
}

/* All of it but its place and what it decided. */
static void
describe_rule(const struct weir_fw_rule *rule, struct weir_view_rule *row)
{
	row->action = action_name(rule);
	row->direction = direction_name(rule->directions);
	row->proto = proto_name(rule->proto);
	row->proto_number = rule->proto == WEIR_FW_ANY_PROTO ? WEIR_NONE : rule->proto;
	list_prefixes(row->src, rule->src, rule->n_src);
	list_prefixes(row->dst, rule->dst, rule->n_dst);
	list_ranges(row->match, "sport", rule->sport, rule->n_sport);
	list_ranges(row->match, "dport", rule->dport, rule->n_dport);
	list_ranges(row->match, "type", rule->type, rule->n_type);
	list_flags(row->match, rule->flags_set, rule->flags_clear);
}

const char *
view_rule_text(const struct weir_fw_rule *rule, char *buf, size_t size)
{
	struct weir_view_rule row = {0};
	char number[24] = "any";

	describe_rule(rule, &row);
	if (row.proto_number != WEIR_NONE)
		(void)snprintf(number, sizeof(number), "proto %u", row.proto_number);
	(void)snprintf(buf, size, "%s %s %s from %s to %s%s%s", row.action, row.direction,
	    row.proto[0] != '\0' ? row.proto : number, row.src, row.dst, row.match[0] != '\0' ? ", " : "", row.match);
	return buf;
}

/* The tenant's k-th rule, of all its firewalls. */
static void
fill_rule(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t k, struct weir_view_rule *row)
{
	const struct live_firewall *firewall = live->firewalls;
	const struct weir_fw_rule *rule;
	uint32_t i = k;

	while (i >= firewall->cfg->n_rules)
		i -= firewall++->cfg->n_rules;
	rule = &firewall->cfg->rules[i];
	*row = (struct weir_view_rule){
	    .cursor = view_cursor(live->tenant->id, k),
	    .rule = i,
	    .passed = weir_counters_passed(gateway->counters, WEIR_PASSED_RULE, firewall->rules[i]),
	};
	(void)snprintf(row->firewall, sizeof(row->firewall), "%s/%s", live->tenant->name, firewall->cfg->name);
	describe_rule(rule, row);
}

static uint32_t
n_rules(const struct live_tenant *live)
{
	uint32_t n = 0;

	for (uint32_t f = 0; f < live->cfg->n_firewalls; f++)
		n += live->cfg->firewalls[f].n_rules;
	return n;
}

int
weir_view_rules(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_rule rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t k;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_rules);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &k)) != NULL)
		fill_rule(gateway, live, k, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

/* ---- connections ---- */

/* A router may have several, told apart by the switches that they are on. */
static void
format_attachment(const struct weir_gateway *gateway, const struct weir_iface *iface, char at[WEIR_VIEW_PLACE_SIZE])
{
	const struct weir_switch *sw = weir_vnet_switch(gateway->vnet, iface->sw);
	int len = view_place(iface, true, at);

	if (iface->kind == WEIR_IFACE_ROUTER && sw != NULL)
		(void)snprintf(at + len, WEIR_VIEW_PLACE_SIZE - (size_t)len, " on %s", sw->name);
}

int
weir_view_conns(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_conn rows[],
    uint32_t n, uint32_t *count)
{
	uint32_t id = WEIR_NONE, at = *cursor < WEIR_NONE ? (uint32_t)*cursor : WEIR_NONE;
	uint32_t capacity = weir_conns_capacity(gateway->conns), end;
	const struct live_tenant *live = NULL;

	*count = 0;
	(void)pthread_mutex_lock(&gateway->mutex);
	if (tenant != NULL)
		live = gateway_tenant(gateway, tenant);
	if (live != NULL)
		id = live->tenant->id;
	end = at < capacity && capacity - at > CONNS_A_PAGE ? at + CONNS_A_PAGE : capacity;
	while ((tenant == NULL || live != NULL) && *count < n && at < end) {
		struct weir_view_conn *row = &rows[*count];
		uint32_t index = weir_conns_next(gateway->conns, id, &at, end - at, gateway_now(gateway), &row->conn);
		const struct weir_iface *iface;

		if (index == WEIR_NONE)
			break;
		at = index + 1;
		row->cursor = index;
		/* One whose attachment is gone is gone with it, as soon as it is looked at. */
		iface = view_iface(gateway, row->conn.iface, row->conn.key.zone);
		if (iface == NULL)
			continue;
		format_attachment(gateway, iface, row->at);
		++*count;
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	*cursor = at < capacity ? at : WEIR_VIEW_END;
	return tenant == NULL || live != NULL ? 0 : -ENOENT;
}
