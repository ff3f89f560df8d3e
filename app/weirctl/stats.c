/* SPDX-License-Identifier: BSD-3-Clause */
/* Single elements and the whole: stats, conservation, info, status. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "format.h"
#include "reply.h"
#include "weir_why.h"
#include "weirctl.h"

#define TENANTS_SHOWN 20 /* status lists up to so many; weirctl stats lists all */

void
json_line(const cJSON *reply, struct text *out)
{
	char *s = cJSON_PrintUnformatted(reply);

	text_printf(out, "%s\n", s != NULL ? s : "null");
	cJSON_free(s);
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* What helps to read a counter: the sentence of a drop reason, a rate or a time with its unit. */
static void
add_remark(const cJSON *item, struct text *out)
{
	char buf[FORMAT_SIZE];
	uint64_t value = reply_u64(item);

	if (value != 0 && ends_in(item->string, "_bps"))
		text_str(out, format_limit(value, 0, buf));
	else if (value != 0 && ends_in(item->string, "_pps"))
		text_str(out, format_limit(0, value, buf));
	else if (ends_in(item->string, "_why") && value < WEIR_WHYS)
		text_str(out, weir_why_name((enum weir_why)value));
	else if (strcmp(item->string, "uptime_ns") == 0)
		text_str(out, format_age(value, buf));
	else if (strncmp(item->string, "drop_", 5) == 0)
		text_str(out, reason_sentence(item->string + 5));
}

/* A flat dict as a table of names and values. */
static void
show_flat(const cJSON *reply, size_t width, struct text *out)
{
	struct table table = {0};
	struct text value = {0}, remark = {0};
	const cJSON *item;

	table_column(&table, "COUNTER", TABLE_TEXT);
	table_column(&table, "VALUE", TABLE_NUMBER);
	table_column(&table, "", TABLE_TEXT);
	cJSON_ArrayForEach (item, reply) {
		if (cJSON_IsObject(item) || strcmp(item->string, "status") == 0)
			continue;
		text_clear(&value);
		text_clear(&remark);
		text_str(&remark, "");
		if (cJSON_IsString(item) || cJSON_IsArray(item))
			reply_text(item, &value);
		else
			text_printf(&value, "%" PRIu64, reply_u64(item));
		add_remark(item, &remark);
		table_cell(&table, item->string);
		table_cell(&table, value.len > 0 ? value.data : "-");
		table_cell(&table, remark.data);
	}
	table_render(&table, width, out);
	table_free(&table);
	text_free(&value);
	text_free(&remark);
}

static enum status
ask_and_show(struct client *client, const struct options *options, const char *command, const char *params,
    struct text *out, struct weir_err *err)
{
	cJSON *reply;
	enum status status = client_ask(client, command, params, &reply, err);

	if (status == CTL_OK && options->json)
		json_line(reply, out);
	else if (status == CTL_OK)
		show_flat(reply, options->width, out);
	cJSON_Delete(reply);
	return status;
}

enum status
command_info(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	return ask_and_show(client, options, "/weir/info", "", out, err);
}

enum status
command_stats(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	static const struct {
		const char *kind, *listing, *command;
	} kinds[] = {{"tenant", "tenants", "/weir/tenant/stats"}, {"port", "ports", "/weir/port/stats"},
	    {"vport", "vports", "/weir/vport/stats"}, {"switch", "switches", "/weir/switch/stats"},
	    {"router", "routers", "/weir/router/stats"}, {"firewall", "firewalls", "/weir/firewall/stats"}};
	const char *kind = options->n_args > 0 ? options->args[0] : "tenant";

	for (size_t i = 0; i < WEIR_ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (options->n_args < 2)
			return list_show(client, options, kinds[i].listing, NULL, out, err);
		return ask_and_show(client, options, kinds[i].command, options->args[1], out, err);
	}
	(void)weir_err(
	    err, EINVAL, "", "stats knows port, tenant, vport, switch, router and firewall, not '%s'", kind);
	return CTL_USAGE;
}

/* ---- conservation ---- */

static const char *const terms[] = {"entered", "generated", "copies", "left", "consumed", "drops", "held", "balance"};

static void
conservation_row(struct table *table, const char *name, const cJSON *dict)
{
	char buf[32];

	table_cell(table, name);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(terms); i++) {
		int64_t value = reply_i64(cJSON_GetObjectItemCaseSensitive(dict, terms[i]));

		/* Of a worker: what it gave to others less what it took from them, which may be negative. */
		if (strcmp(terms[i], "held") == 0)
			value += reply_i64(cJSON_GetObjectItemCaseSensitive(dict, "handed")) -
				 reply_i64(cJSON_GetObjectItemCaseSensitive(dict, "taken"));
		(void)snprintf(buf, sizeof(buf), "%" PRId64, value);
		table_cell(table, buf);
	}
}

enum status
command_conservation(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	const char *tenant = options->n_args > 0 ? options->args[0] : "";
	struct table table = {0};
	const cJSON *item;
	cJSON *reply;
	enum status status = client_ask(client, "/weir/conservation", tenant, &reply, err);

	if (status != CTL_OK)
		return status;
	if (options->json) {
		json_line(reply, out);
		cJSON_Delete(reply);
		return CTL_OK;
	}
	table_column(&table, "", TABLE_TEXT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(terms); i++)
		table_column(&table, terms[i], TABLE_NUMBER);
	conservation_row(&table, *tenant != '\0' ? tenant : "all", reply);
	cJSON_ArrayForEach (item, reply)
		if (cJSON_IsObject(item))
			conservation_row(&table, item->string, item);
	table_render(&table, options->width, out);
	text_str(out, "entered + generated + copies = left + consumed + drops + held + balance\n");
	table_free(&table);
	cJSON_Delete(reply);
	return CTL_OK;
}

/* ---- status ---- */

static const char *
string_of(const cJSON *dict, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dict, key));

	return s != NULL ? s : "";
}

static void
add_summary(const cJSON *info, const cJSON *sum, struct text *out)
{
	char age[FORMAT_SIZE], free[FORMAT_SIZE], all[FORMAT_SIZE], flows[FORMAT_SIZE], slots[FORMAT_SIZE];
	const char *state = string_of(info, "state");

	text_printf(out, "weir %s, up %s, configuration %" PRIu64 " %s%s\n", string_of(info, "version"),
	    format_age(reply_get(info, "uptime_ns"), age), reply_get(info, "config_version"),
	    *state != '\0' ? "kept in " : "not kept", state);
	text_printf(out,
	    "workers %" PRIu64 "  ports %" PRIu64 " of %" PRIu64 "  tenants %" PRIu64 "  switches %" PRIu64
	    "  vports %" PRIu64 "\n",
	    reply_get(info, "workers"), reply_get(info, "ports"), reply_get(info, "max_ethdevs"),
	    reply_get(info, "tenants"), reply_get(info, "switches"), reply_get(info, "vports"));
	text_printf(out, "flows %s of %s  macs %" PRIu64 "  buffers %s of %s free\n",
	    format_si((double)reply_get(info, "flows"), flows),
	    format_si((double)reply_get(info, "flow_slots"), slots), reply_get(info, "macs"),
	    format_si((double)reply_get(info, "mbufs_free"), free), format_si((double)reply_get(info, "mbufs"), all));
	text_printf(out, "packets in %" PRIu64 "  out %" PRIu64 "  dropped %" PRIu64 "  balance %" PRId64 "\n\n",
	    reply_get(sum, "entered"), reply_get(sum, "left"), reply_get(sum, "drops"),
	    reply_i64(cJSON_GetObjectItemCaseSensitive(sum, "balance")));
}

enum status
command_status(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	static const char *const listings[] = {"ports", "workers", "tenants", "drops"};
	cJSON *info = NULL, *sum = NULL;
	enum status status = client_ask(client, "/weir/info", "", &info, err);

	if (status == CTL_OK)
		status = client_ask(client, "/weir/conservation", "", &sum, err);
	if (status == CTL_OK && options->json) {
		cJSON_AddItemToObject(info, "conservation", sum);
		sum = NULL;
		json_line(info, out);
	} else if (status == CTL_OK) {
		add_summary(info, sum, out);
		for (size_t i = 0; i < WEIR_ARRAY_LEN(listings) && status == CTL_OK; i++) {
			if (strcmp(listings[i], "tenants") == 0 && reply_get(info, "tenants") > TENANTS_SHOWN)
				continue;
			if (i > 0)
				text_str(out, "\n");
			status = list_show(client, options, listings[i], NULL, out, err);
		}
	}
	cJSON_Delete(info);
	cJSON_Delete(sum);
	return status;
}
