/* SPDX-License-Identifier: BSD-3-Clause */
/* How a frame of the live table is drawn. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "table.h"
#include "top.h"

#define NARROW 100 /* columns of the screen: below, bars are short and packet rates left out */
#define WIDE 130   /* from here on promises are shown */
#define WIDEST 170 /* and everything else as well */

struct layout {
	size_t bar;
	bool packets, limit, promises;
};

static struct layout
layout_of(size_t width)
{
	return (struct layout){
	    .bar = width == 0 || width >= WIDEST     ? 12
		   : width >= NARROW && width < WIDE ? 10
						     : 3,
	    .packets = width == 0 || width >= WIDEST,
	    .promises = width == 0 || width >= WIDE,
	    .limit = width == 0 || width >= NARROW,
	};
}

static void
add_columns(struct table *table, const struct layout *layout)
{
	table_column(table, "TENANT", TABLE_TEXT);
	if (layout->limit)
		table_column(table, "LIMIT", TABLE_NUMBER);
	table_column(table, "UP bps", TABLE_NUMBER);
	if (layout->packets)
		table_column(table, "pps", TABLE_NUMBER);
	table_column(table, "OF LIMIT", TABLE_FIXED);
	table_column(table, "DOWN bps", TABLE_NUMBER);
	if (layout->packets)
		table_column(table, "pps", TABLE_NUMBER);
	table_column(table, "OF LIMIT", TABLE_FIXED);
	if (layout->promises) {
		table_column(table, "PROMISED", TABLE_NUMBER);
		table_column(table, "DEMANDED", TABLE_NUMBER);
		table_column(table, "DELIVERED", TABLE_NUMBER);
	}
	table_column(table, "DROP pps", TABLE_NUMBER);
	table_column(table, "WHY", TABLE_TEXT);
}

static void
rate_cell(struct table *table, const struct load *load, double rate)
{
	char buf[FORMAT_SIZE];

	table_cell(table, load->measured ? format_si(rate, buf) : "-");
}

/* The fuller of the two limits, as a bar; nothing where there is no limit. */
static void
bar_cell(struct table *table, const struct load *load, double bps, double pps, size_t width)
{
	char buf[FORMAT_SIZE];
	double bits = load->limit_bps != 0 ? bps / (double)load->limit_bps : 0;
	double packets = load->limit_pps != 0 ? pps / (double)load->limit_pps : 0;

	if (load->measured && (load->limit_bps != 0 || load->limit_pps != 0))
		table_cell(table, format_bar(bits > packets ? bits : packets, width, buf));
	else
		table_cell(table, "");
}

/* "1.20G/3.40M": up and down; nothing of one that has no receipts. */
static void
pair_cell(struct table *table, uint64_t up, uint64_t down)
{
	char pair[2 * FORMAT_SIZE], first[FORMAT_SIZE], second[FORMAT_SIZE];

	(void)snprintf(pair, sizeof(pair), "%s/%s", format_si((double)up, first), format_si((double)down, second));
	table_cell(table, up != 0 || down != 0 ? pair : "");
}

static void
promise_cells(struct table *table, const struct load *load)
{
	char buf[FORMAT_SIZE];

	table_cell(table, load->promised_bps != 0 ? format_si((double)load->promised_bps, buf) : "");
	pair_cell(table, load->up.demanded_bps, load->down.demanded_bps);
	pair_cell(table, load->up.delivered_bps, load->down.delivered_bps);
}

static void
add_load(struct table *table, const struct layout *layout, const struct load *load, const char *name, const char *why)
{
	char buf[FORMAT_SIZE];

	table_cell(table, name);
	if (layout->limit)
		table_cell(table, format_limit(load->limit_bps, load->limit_pps, buf));
	rate_cell(table, load, load->up_bps);
	if (layout->packets)
		rate_cell(table, load, load->up_pps);
	bar_cell(table, load, load->up_bps, load->up_pps, layout->bar);
	rate_cell(table, load, load->down_bps);
	if (layout->packets)
		rate_cell(table, load, load->down_pps);
	bar_cell(table, load, load->down_bps, load->down_pps, layout->bar);
	if (layout->promises)
		promise_cells(table, load);
	rate_cell(table, load, load->drop_pps);
	table_cell(table, why);
}

static void
add_short(const struct load_way *way, const char *direction, struct text *why)
{
	if (way->why[0] != '\0' && strcmp(way->why, "none") != 0)
		text_printf(why, "%s%s short by %s", why->len > 0 ? ", " : "", direction, way->why);
}

/* "up short by cpu, cpu_share 812k, mtu 3": what fell short of a promise, and the reasons that count now, most first.
 */
static void
add_why(const struct loads *reasons, const struct load *tenant, struct text *why)
{
	const struct load *reason[3];
	size_t n = top_owned(reasons, tenant->name, ' ', reason, WEIR_ARRAY_LEN(reason));
	char buf[FORMAT_SIZE];

	text_clear(why);
	text_str(why, "");
	add_short(&tenant->up, "up", why);
	add_short(&tenant->down, "down", why);
	for (size_t i = 0; i < n; i++)
		if (reason[i]->drop_pps > 0)
			text_printf(why, "%s%s %s", why->len > 0 ? ", " : "", strchr(reason[i]->name, ' ') + 1,
			    format_si(reason[i]->drop_pps, buf));
}

/* A tenant's line and those of its vports; returns how many lines, at most `room`. */
static size_t
add_tenant(
    struct table *table, const struct layout *layout, const struct view *view, const struct load *tenant, size_t room)
{
	const struct load **vport = grow(NULL, room, sizeof(struct load *));
	struct text why = {0};
	char name[sizeof(tenant->name) + 2];
	size_t n;

	add_why(view->reasons, tenant, &why);
	add_load(table, layout, tenant, tenant->name, why.data);
	n = top_owned(view->vports, tenant->name, '/', vport, room - 1);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "  %s", strchr(vport[i]->name, '/') + 1);
		add_load(table, layout, vport[i], name, "");
	}
	text_free(&why);
	free(vport);
	return n + 1;
}

void
top_render(const struct view *view, struct text *out)
{
	struct layout layout = layout_of(view->width);
	struct table table = {0};
	size_t room = view->height > 3 ? view->height - 3 : 1; /* headline, header, the line of what is left out */
	const struct load **tenant = grow(NULL, room, sizeof(struct load *));
	size_t n = top_busiest(view->tenants, tenant, room), shown = 0;

	add_columns(&table, &layout);
	while (shown < n && room > 0)
		room -= add_tenant(&table, &layout, view, tenant[shown++], room);
	text_printf(out, "%s\n", view->headline);
	table_render(&table, view->width, out);
	if (view->tenants->n > shown)
		text_printf(out, "... and %zu tenants more\n", view->tenants->n - shown);
	table_free(&table);
	free(tenant);
}

static void
add_json(const struct load *load, const char *name, struct text *out)
{
	text_str(out, "{\"name\":");
	text_json(out, name);
	text_printf(out, ",\"limit_bps\":%" PRIu64 ",\"limit_pps\":%" PRIu64, load->limit_bps, load->limit_pps);
	if (load->measured)
		text_printf(out,
		    ",\"up_bps\":%.0f,\"up_pps\":%.0f,\"down_bps\":%.0f,\"down_pps\":%.0f,\"drop_pps\":%.0f",
		    load->up_bps, load->up_pps, load->down_bps, load->down_pps, load->drop_pps);
}

static void
add_way_json(const char *direction, const struct load_way *way, struct text *out)
{
	text_printf(out, ",\"%s_demanded_bps\":%" PRIu64 ",\"%s_delivered_bps\":%" PRIu64 ",\"%s_why\":", direction,
	    way->demanded_bps, direction, way->delivered_bps, direction);
	text_json(out, way->why);
}

static void
add_tenant_json(const struct view *view, const struct load *tenant, struct text *out)
{
	size_t max = view->vports->n + view->reasons->n + 1, n;
	const struct load **owned = grow(NULL, max, sizeof(struct load *));

	add_json(tenant, tenant->name, out);
	text_printf(out, ",\"promised_bps\":%" PRIu64, tenant->promised_bps);
	add_way_json("up", &tenant->up, out);
	add_way_json("down", &tenant->down, out);
	text_str(out, ",\"drops\":{");
	n = top_owned(view->reasons, tenant->name, ' ', owned, max);
	for (size_t i = 0; i < n; i++)
		text_printf(
		    out, "%s\"%s\":%.0f", i > 0 ? "," : "", strchr(owned[i]->name, ' ') + 1, owned[i]->drop_pps);
	text_str(out, "},\"vports\":[");
	n = top_owned(view->vports, tenant->name, '/', owned, max);
	for (size_t i = 0; i < n; i++) {
		text_str(out, i > 0 ? "," : "");
		add_json(owned[i], owned[i]->name, out);
		text_str(out, "}");
	}
	text_str(out, "]}");
	free(owned);
}

void
top_json(const struct view *view, struct text *out)
{
	const struct load **tenant = grow(NULL, view->tenants->n + 1, sizeof(struct load *));
	size_t n = top_busiest(view->tenants, tenant, view->tenants->n);

	text_str(out, "{\"status\":\"ok\",\"tenants\":[");
	for (size_t i = 0; i < n; i++) {
		text_str(out, i > 0 ? "," : "");
		add_tenant_json(view, tenant[i], out);
	}
	text_str(out, "]}\n");
	free(tenant);
}
