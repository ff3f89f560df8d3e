/* SPDX-License-Identifier: BSD-3-Clause */
/* /weir/trace and /weir/explain: where a packet goes or went, element by element. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry_priv.h"
#include "weir_losses.h"
#include "weir_view.h"

/* ---- a trace ---- */

static const struct column step_columns[] = {{"element", true}, {"what", true}};

/* How much of a text goes into one cell: up to a space, if it does not fit. */
static size_t
piece_of(const char *text)
{
	size_t len = strlen(text), end = TEL_PIECE_MAX;

	if (len <= TEL_PIECE_MAX)
		return len;
	while (end > 0 && text[end] != ' ')
		end--;
	return end > 0 ? end : TEL_PIECE_MAX;
}

/* A step in as many rows as it needs: behind the first, the element is "". False: there is no room. */
static bool
step_rows(struct table *table, const struct weir_view_step *step)
{
	const char *element = step->element, *what = step->what;
	char piece[TEL_PIECE_MAX + 1];

	do {
		const struct cell cells[] = {{.text = element}, {.text = piece}};
		size_t len = piece_of(what);

		(void)snprintf(piece, sizeof(piece), "%.*s", (int)len, what);
		if (!table_row(table, cells))
			return false;
		what += len;
		what += *what == ' ';
		element = "";
	} while (*what != '\0');
	return true;
}

static int
answer_trace(struct answer *answer, const struct weir_view_trace *trace, struct weir_err *err)
{
	struct table table;
	bool whole = !trace->cut;

	answer_text(answer, "result", trace->result);
	answer_text(answer, "reason", weir_reason_name(trace->reason));
	answer_text(answer, "packet", trace->packet);
	if (table_begin(&table, answer, step_columns, WEIR_ARRAY_LEN(step_columns)) != 0)
		return weir_err(err, ENOMEM, "", "out of memory");
	for (uint32_t i = 0; i < trace->n && whole; i++)
		whole = step_rows(&table, &trace->step[i]);
	table_end(&table);
	if (!whole)
		answer_u64(answer, "cut", 1);
	return 0;
}

int
command_trace(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	enum { FROM, PACKET, HEX, N };
	struct param *list = calloc(N, sizeof(*list));
	struct weir_view_trace *trace = malloc(sizeof(*trace));
	int rc;

	if (list == NULL || trace == NULL) {
		rc = weir_err(err, ENOMEM, "", "out of memory");
		goto end;
	}
	list[FROM] = (struct param){.name = "from", .is_text = true};
	list[PACKET] = (struct param){.name = "packet", .is_text = true};
	list[HEX] = (struct param){.name = "hex", .is_text = true};
	rc = params_read(params, list, N, err);
	if (rc == 0 && (!list[FROM].given || list[PACKET].given == list[HEX].given))
		rc = weir_err(err, EINVAL, "", "a trace takes \"from\" and one of \"packet\" and \"hex\"");
	if (rc == 0)
		rc = weir_view_trace(t->gateway, list[FROM].text, list[PACKET].given ? list[PACKET].text : NULL,
		    list[HEX].given ? list[HEX].text : NULL, trace, err);
	if (rc == 0)
		rc = answer_trace(answer, trace, err);
end:
	free(list);
	free(trace);
	return rc;
}

/* ---- what was lost ---- */

static const struct column loss_columns[] = {{"drop", false}, {"at_ns", false}, {"len", false}, {"at", true},
    {"reason", true}, {"text", true}, {"packet", true}, {"packet_rest", true}};

static bool
loss_row(struct table *table, const struct weir_view_loss *row)
{
	size_t len = piece_of(row->packet);
	char first[TEL_PIECE_MAX + 1];
	const struct cell cells[WEIR_ARRAY_LEN(loss_columns)] = {
	    {.number = row->number},
	    {.number = row->time},
	    {.number = row->len},
	    {.text = row->at},
	    {.text = weir_reason_name(row->reason)},
	    {.text = weir_reason_text(row->reason)},
	    {.text = first},
	    {.text = row->packet + len},
	};

	(void)snprintf(first, sizeof(first), "%.*s", (int)len, row->packet);
	return table_row(table, cells);
}

static int
answer_losses(struct telemetry *t, const char *tenant, struct answer *answer, struct weir_err *err)
{
	struct weir_view_loss *rows = calloc(WEIR_LOSSES_KEPT, sizeof(*rows));
	uint32_t count = 0;
	struct table table;
	uint64_t time;
	int rc = 0;

	if (rows == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	if (weir_view_losses(t->gateway, tenant, rows, WEIR_LOSSES_KEPT, &count, &time) != 0)
		rc = weir_err(err, ENOENT, "", "there is no tenant '%s'", tenant);
	else if (table_begin(&table, answer, loss_columns, WEIR_ARRAY_LEN(loss_columns)) != 0)
		rc = weir_err(err, ENOMEM, "", "out of memory");
	if (rc == 0) {
		for (uint32_t i = 0; i < count && loss_row(&table, &rows[i]); i++)
			;
		table_end(&table);
		answer_u64(answer, "time_ns", time);
	}
	free(rows);
	return rc;
}

static int
answer_loss(struct telemetry *t, const char *tenant, uint64_t number, struct answer *answer, struct weir_err *err)
{
	struct weir_view_trace *trace = malloc(sizeof(*trace));
	struct weir_view_loss row;
	int rc;

	if (trace == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	rc = weir_view_loss(t->gateway, tenant, number, &row, trace, err);
	if (rc == 0) {
		answer_u64(answer, "drop", row.number);
		answer_u64(answer, "at_ns", row.time);
		answer_text(answer, "at", row.at);
		answer_text(answer, "was", weir_reason_name(row.reason));
		answer_text(answer, "text", weir_reason_text(row.reason));
		answer_u64(answer, "differs", row.reason != trace->reason);
		rc = answer_trace(answer, trace, err);
	}
	free(trace);
	return rc;
}

int
command_explain(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param *list;
	int rc;

	if (!params_is_json(params)) {
		rc = params_name(params, "tenant", err);
		return rc != 0 ? rc : answer_losses(t, params, answer, err);
	}
	list = calloc(2, sizeof(*list));
	if (list == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	list[0] = (struct param){.name = "tenant", .is_text = true};
	list[1] = (struct param){.name = "drop"};
	rc = params_read(params, list, 2, err);
	if (rc == 0)
		rc = params_name(list[0].text, "tenant", err);
	if (rc == 0 && list[1].given)
		rc = answer_loss(t, list[0].text, list[1].number, answer, err);
	else if (rc == 0)
		rc = answer_losses(t, list[0].text, answer, err);
	free(list);
	return rc;
}
