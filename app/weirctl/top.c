/* SPDX-License-Identifier: BSD-3-Clause */
/* weirctl top: samples of weir's counters, one after the other, and the table of what changed between two. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "reply.h"
#include "screen.h"
#include "top.h"
#include "weirctl.h"

#define PLAIN_HEIGHT 50 /* lines of a table that goes to no terminal */

struct sample {
	struct loads tenants, vports, reasons;
	struct text headline;
};

static void
sample_free(struct sample *sample)
{
	loads_free(&sample->tenants);
	loads_free(&sample->vports);
	loads_free(&sample->reasons);
	text_free(&sample->headline);
}

static const char *
string_at(const struct rows *rows, const char *key)
{
	const char *s = cJSON_GetStringValue(rows_get(rows, key));

	return s != NULL ? s : "";
}

/* Where pages of a listing go, and which of its columns are "up" and "down". */
struct taking {
	struct loads *loads;
	size_t start; /* loads before this listing */
	const char *up_bytes, *up_packets, *down_bytes, *down_packets;
};

static void
take_way(const struct rows *rows, const char *direction, struct load_way *way)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "%s_demanded_bps", direction);
	way->demanded_bps = reply_u64(rows_get(rows, key));
	(void)snprintf(key, sizeof(key), "%s_delivered_bps", direction);
	way->delivered_bps = reply_u64(rows_get(rows, key));
	(void)snprintf(key, sizeof(key), "%s_why", direction);
	(void)snprintf(way->why, sizeof(way->why), "%s", string_at(rows, key));
}

static void
take_page(void *arg, const cJSON *page, bool first)
{
	const struct taking *taking = arg;
	uint64_t time_ns = reply_get(page, "time_ns");
	struct rows rows;

	if (first)
		taking->loads->n = taking->start;
	rows_begin(&rows, page);
	while (rows_next(&rows)) {
		struct load *load = loads_add(taking->loads, "%s", string_at(&rows, "name"));

		load->time_ns = time_ns;
		load->up_bytes = reply_u64(rows_get(&rows, taking->up_bytes));
		load->up_packets = reply_u64(rows_get(&rows, taking->up_packets));
		load->down_bytes = reply_u64(rows_get(&rows, taking->down_bytes));
		load->down_packets = reply_u64(rows_get(&rows, taking->down_packets));
		load->drops = reply_u64(rows_get(&rows, "drop_packets"));
		load->limit_bps = reply_u64(rows_get(&rows, "limit_bps"));
		load->limit_pps = reply_u64(rows_get(&rows, "limit_pps"));
		load->promised_bps = reply_u64(rows_get(&rows, "promised_bps"));
		take_way(&rows, "to_uplink", &load->up);
		take_way(&rows, "to_vport", &load->down);
	}
}

static enum status
take_tenants(struct client *client, struct sample *sample, struct weir_err *err)
{
	struct taking taking = {
	    &sample->tenants, 0, "tx_uplink_bytes", "tx_uplink_packets", "tx_vport_bytes", "tx_vport_packets"};

	return client_pages(client, "/weir/tenant/list", cJSON_CreateObject(), take_page, &taking, err);
}

static enum status
take_vports(struct client *client, struct sample *sample, const char *tenant, struct weir_err *err)
{
	struct taking taking = {
	    &sample->vports, sample->vports.n, "rx_bytes", "rx_packets", "tx_bytes", "tx_packets"};
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "tenant", tenant);
	return client_pages(client, "/weir/vport/list", params, take_page, &taking, err);
}

static enum status
take_reasons(struct client *client, struct sample *sample, const char *tenant, struct weir_err *err)
{
	cJSON *reply;
	enum status status = client_ask(client, "/weir/drops", tenant, &reply, err);
	struct rows rows;

	rows_begin(&rows, reply);
	while (status == CTL_OK && rows_next(&rows)) {
		struct load *load = loads_add(&sample->reasons, "%s %s", tenant, string_at(&rows, "reason"));

		load->time_ns = reply_get(reply, "time_ns");
		load->drops = reply_u64(rows_get(&rows, "packets"));
	}
	cJSON_Delete(reply);
	return status;
}

static enum status
take_headline(struct client *client, struct sample *sample, struct weir_err *err)
{
	char age[FORMAT_SIZE], clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;
	cJSON *info;
	const char *version;
	enum status status = client_ask(client, "/weir/info", "", &info, err);

	if (status != CTL_OK)
		return status;
	version = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "version"));
	if (localtime_r(&now, &tm) != NULL)
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	text_printf(&sample->headline,
	    "weir %s  %s  up %s  configuration %" PRIu64 "  tenants %" PRIu64 "  vports %" PRIu64 "  flows %" PRIu64,
	    version != NULL ? version : "", clock, format_age(reply_get(info, "uptime_ns"), age),
	    reply_get(info, "config_version"), reply_get(info, "tenants"), reply_get(info, "vports"),
	    reply_get(info, "flows"));
	cJSON_Delete(info);
	return CTL_OK;
}

/*
 * Everything that `lines` of a table can show: of the busiest tenants alone the vports and reasons are asked for. A
 * tenant that is removed meanwhile is left out.
 */
static enum status
take_sample(
    struct client *client, struct sample *now, const struct sample *before, size_t lines, struct weir_err *err)
{
	const struct load **busiest;
	enum status status = take_headline(client, now, err);
	size_t n;

	if (status == CTL_OK)
		status = take_tenants(client, now, err);
	if (status != CTL_OK)
		return status;
	loads_sort(&now->tenants);
	loads_measure(&now->tenants, &before->tenants);
	busiest = grow(NULL, now->tenants.n + 1, sizeof(struct load *));
	n = top_busiest(&now->tenants, busiest, lines);
	for (size_t i = 0; i < n && i + now->vports.n < lines && status != CTL_NO_SWITCH; i++) {
		struct weir_err gone = {0};

		status = take_vports(client, now, busiest[i]->name, &gone);
		if (status == CTL_OK)
			status = take_reasons(client, now, busiest[i]->name, &gone);
		if (status == CTL_NO_SWITCH)
			(void)weir_err(err, gone.errnum, "", "%s", gone.msg);
	}
	free(busiest);
	loads_sort(&now->vports);
	loads_measure(&now->vports, &before->vports);
	loads_sort(&now->reasons);
	loads_measure(&now->reasons, &before->reasons);
	return status == CTL_NO_SWITCH ? status : CTL_OK;
}

struct top {
	struct view view;
	struct text frame;
	bool live, json;
};

static void
show_frame(struct top *top, const struct sample *sample)
{
	top->view.tenants = &sample->tenants;
	top->view.vports = &sample->vports;
	top->view.reasons = &sample->reasons;
	top->view.headline = sample->headline.data;
	text_clear(&top->frame);
	if (top->json)
		top_json(&top->view, &top->frame);
	else
		top_render(&top->view, &top->frame);
	if (top->live) {
		screen_draw(top->frame.data);
	} else {
		(void)fputs(top->frame.data, stdout);
		(void)fputs(top->json ? "" : "\n", stdout);
		(void)fflush(stdout);
	}
}

static enum status
run_top(struct client *client, struct top *top, uint64_t count, double interval, struct weir_err *err)
{
	struct sample before = {0}, now = {0};
	enum status status = take_sample(client, &before, &now, top->view.height, err);

	for (uint64_t i = 0; status == CTL_OK && (count == 0 || i < count) && screen_wait(interval); i++) {
		if (top->live)
			(void)screen_size(&top->view.width, &top->view.height);
		status = take_sample(client, &now, &before, top->view.height, err);
		if (status == CTL_OK)
			show_frame(top, &now);
		sample_free(&before);
		before = now;
		now = (struct sample){0};
	}
	sample_free(&before);
	sample_free(&now);
	return status;
}

enum status
command_top(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct top top = {.json = options->json, .view = {.width = options->width, .height = PLAIN_HEIGHT}};
	uint64_t count = options->count == 0 && options->json ? 1 : options->count;
	enum status status;

	if (options->json)
		top.view.height = SIZE_MAX;
	top.live = !options->json && options->width != 0 && screen_size(&top.view.width, &top.view.height);
	screen_begin(top.live);
	status = run_top(client, &top, count, options->interval, err);
	screen_end();
	/* The last frame stays on the terminal after the live one has gone. */
	if (top.live && status == CTL_OK && top.frame.len > 0)
		text_str(out, top.frame.data);
	text_free(&top.frame);
	return status;
}
