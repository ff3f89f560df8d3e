/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a packet would go, and where those went that were lost. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "reply.h"
#include "table.h"
#include "weirctl.h"

/* A step that has more to say goes on in rows without an element. */
static void
add_steps(const cJSON *reply, struct table *table)
{
	const cJSON *element = cJSON_GetObjectItemCaseSensitive(reply, "element"),
		    *what = cJSON_GetObjectItemCaseSensitive(reply, "what");
	struct text step = {0};

	element = element != NULL ? element->child : NULL;
	what = what != NULL ? what->child : NULL;
	while (element != NULL && what != NULL) {
		const char *name = cJSON_GetStringValue(element);

		table_cell(table, name != NULL ? name : "");
		text_clear(&step);
		do {
			text_str(&step, step.len > 0 ? " " : "");
			reply_text(what, &step);
			element = element->next;
			what = what->next;
			name = cJSON_GetStringValue(element);
		} while (what != NULL && name != NULL && *name == '\0');
		table_cell(table, step.data);
	}
	text_free(&step);
}

static void
add_line(const cJSON *reply, const char *before, const char *key, struct text *out)
{
	text_str(out, before);
	reply_text(cJSON_GetObjectItemCaseSensitive(reply, key), out);
	text_str(out, "\n");
}

/* Text is never cut: it says the whole of it. */
static void
show_trace(const cJSON *reply, struct text *out)
{
	struct table table = {0};

	add_line(reply, "", "packet", out);
	table_column(&table, "ELEMENT", TABLE_FIXED);
	table_column(&table, "WHAT IT DOES", TABLE_FIXED);
	add_steps(reply, &table);
	table_render(&table, 0, out);
	table_free(&table);
	if (reply_get(reply, "cut") != 0)
		text_str(out, "... and more than there is room for\n");
	add_line(reply, "=> ", "result", out);
}

enum status
command_trace(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	bool hex = strcmp(options->args[1], "hex") == 0;
	struct text packet = {0}, params = {0};
	enum status status;
	cJSON *reply;

	for (int i = hex ? 2 : 1; i < options->n_args; i++)
		text_printf(&packet, "%s%s", packet.len > 0 ? " " : "", options->args[i]);
	text_str(&params, "{\"from\":");
	text_json(&params, options->args[0]);
	text_str(&params, hex ? ",\"hex\":" : ",\"packet\":");
	text_json(&params, packet.data != NULL ? packet.data : "");
	text_str(&params, "}");
	status = client_ask(client, "/weir/trace", params.data, &reply, err);
	if (status == CTL_OK && options->json)
		json_line(reply, out);
	else if (status == CTL_OK)
		show_trace(reply, out);
	cJSON_Delete(reply);
	text_free(&packet);
	text_free(&params);
	return status;
}

/* What it was lost by, and whether it would be again. */
static void
show_loss(const cJSON *reply, struct text *out)
{
	text_printf(out, "drop %" PRIu64 " at ", reply_get(reply, "drop"));
	reply_text(cJSON_GetObjectItemCaseSensitive(reply, "at"), out);
	text_str(out, ", as ");
	reply_text(cJSON_GetObjectItemCaseSensitive(reply, "was"), out);
	add_line(reply, ": ", "text", out);
	show_trace(reply, out);
	if (reply_get(reply, "differs") != 0)
		text_str(
		    out, "which is not what became of it then: limits and links of that moment, or a change since\n");
}

enum status
command_explain(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text params = {0};
	enum status status;
	cJSON *reply;

	if (options->n_args == 1)
		return list_show(client, options, "explain", options->args[0], out, err);
	if (options->args[1][0] == '\0' || strspn(options->args[1], "0123456789") != strlen(options->args[1])) {
		(void)weir_err(err, EINVAL, "", "'%s' is not the number of a drop", options->args[1]);
		return CTL_USAGE;
	}
	text_str(&params, "{\"tenant\":");
	text_json(&params, options->args[0]);
	text_printf(&params, ",\"drop\":%s}", options->args[1]);
	status = client_ask(client, "/weir/explain", params.data, &reply, err);
	if (status == CTL_OK && options->json)
		json_line(reply, out);
	else if (status == CTL_OK)
		show_loss(reply, out);
	cJSON_Delete(reply);
	text_free(&params);
	return status;
}
