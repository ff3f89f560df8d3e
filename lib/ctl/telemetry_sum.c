/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over a tenant or everything: drops, conservation; and workers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "telemetry_priv.h"
#include "weir_view.h"

/* A tenant's name, or nothing: then *tenant becomes NULL, which is everything. */
static int
read_tenant(const char *params, const char **tenant, struct weir_err *err)
{
	*tenant = params[0] != '\0' ? params : NULL;
	return *tenant != NULL ? params_name(params, "tenant", err) : 0;
}

static int
no_memory(struct weir_err *err)
{
	return weir_err(err, ENOMEM, "", "no memory for the answer");
}

/* ---- drops ---- */

static const struct column drop_columns[] = {{"reason", true}, {"packets", false}, {"bytes", false}};

static void
drop_row(struct table *table, const char *reason, uint64_t packets, uint64_t bytes)
{
	const struct cell cells[WEIR_ARRAY_LEN(drop_columns)] = {
	    {.text = reason},
	    {.number = packets},
	    {.number = bytes},
	};

	/* All reasons together are a fraction of a page. */
	if (packets > 0)
		(void)table_row(table, cells);
}

int
command_drops(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct weir_tally tally;
	struct table table;
	const char *tenant;
	uint64_t time, packets, bytes;

	if (read_tenant(params, &tenant, err) != 0)
		return -err->errnum;
	if (weir_view_drops(t->gateway, tenant, &tally, &time) != 0)
		return weir_err(err, ENOENT, "", "no tenant has the name '%s'", tenant);
	if (table_begin(&table, answer, drop_columns, WEIR_ARRAY_LEN(drop_columns)) != 0)
		return no_memory(err);
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
		drop_row(
		    &table, weir_reason_name((enum weir_reason)r), tally.reasons[r].packets, tally.reasons[r].bytes);
	weir_view_unnamed_drops(&tally, &packets, &bytes);
	drop_row(&table, TEL_UNNAMED, packets, bytes);
	table_end(&table);
	answer_u64(answer, "time_ns", time);
	return 0;
}

/* ---- conservation ---- */

static void
answer_terms(struct answer *answer, const struct weir_count *sum)
{
	answer_u64(answer, "entered", sum->rx_packets);
	answer_u64(answer, "generated", sum->generated);
	answer_u64(answer, "copies", sum->copies);
	answer_u64(answer, "left", sum->tx_packets);
	answer_u64(answer, "consumed", sum->consumed);
	answer_u64(answer, "drops", sum->rx_drop_packets + sum->tx_drop_packets);
}

/* What one worker handed over another one took, so that these two are not what is held now. */
static void
answer_writer(struct answer *answer, const char *name, const struct weir_count *sum)
{
	struct answer inner;

	if (answer_dict_begin(answer, &inner) == NULL)
		return;
	answer_terms(&inner, sum);
	answer_u64(&inner, "handed", sum->held_in);
	answer_u64(&inner, "taken", sum->held_out);
	answer_i64(&inner, "balance", weir_view_balance(sum));
	answer_dict_end(answer, name, &inner);
}

int
command_conservation(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	uint32_t n = weir_view_n_workers(t->gateway);
	struct weir_count sum, *writers;
	const char *tenant;
	char name[32];
	uint64_t time;

	if (read_tenant(params, &tenant, err) != 0)
		return -err->errnum;
	writers = aligned_alloc(WEIR_CACHELINE, (n + 1) * sizeof(*writers));
	if (writers == NULL)
		return no_memory(err);
	if (weir_view_conservation(t->gateway, tenant, &sum, writers, &time) != 0) {
		free(writers);
		return weir_err(err, ENOENT, "", "no tenant has the name '%s'", tenant);
	}
	answer_terms(answer, &sum);
	answer_u64(answer, "held", sum.held_in - sum.held_out);
	answer_i64(answer, "balance", weir_view_balance(&sum));
	answer_u64(answer, "time_ns", time);
	if (tenant == NULL)
		answer_writer(answer, "control", &writers[n]);
	for (uint32_t w = 0; tenant == NULL && w < n; w++) {
		(void)snprintf(name, sizeof(name), "worker_%u", w);
		answer_writer(answer, name, &writers[w]);
	}
	free(writers);
	return 0;
}

/* ---- workers ---- */

static const struct column worker_columns[] = {{"lcore", false}, {"polls", false}, {"busy_polls", false},
    {"pressed_polls", false}, {"shed_packets", false}, {"rx_packets", false}, {"tx_packets", false},
    {"cycles", false}, {"busy_cycles", false}, {"busy_permille", false}, {"cycles_per_packet", false},
    {"flows", false}, {"paths", false}, {"flow_slots", false},
    /* of one packet in each stage, in tenths */
    {"rx_decicycles", false}, {"parse_decicycles", false}, {"lookup_decicycles", false}, {"police_decicycles", false},
    {"forward_decicycles", false}, {"tx_decicycles", false}};

#define WORKER_CELLS WEIR_ARRAY_LEN(worker_columns)

static void
worker_cells(const struct weir_view_worker *view, struct cell cells[WORKER_CELLS])
{
	const struct weir_worker_stats *stats = &view->stats;
	const struct weir_stage_cycles *stages = &stats->stages;
	const uint64_t numbers[WORKER_CELLS - WEIR_STAGES] = {
	    view->lcore,
	    stats->polls,
	    stats->busy_polls,
	    stats->pressed_polls,
	    stats->shed_packets,
	    stats->rx_packets,
	    stats->tx_packets,
	    stats->cycles,
	    stats->busy_cycles,
	    stats->cycles > 0 ? stats->busy_cycles * 1000 / stats->cycles : 0,
	    stats->rx_packets > 0 ? stats->busy_cycles / stats->rx_packets : 0,
	    view->flows,
	    stats->paths,
	    view->flow_slots,
	};

	for (uint32_t c = 0; c < WEIR_ARRAY_LEN(numbers); c++)
		cells[c] = (struct cell){.number = numbers[c]};
	for (uint32_t s = 0; s < WEIR_STAGES; s++)
		cells[WEIR_ARRAY_LEN(numbers) + s] =
		    (struct cell){.number = stages->packets > 0 ? stages->cycles[s] * 10 / stages->packets : 0};
}

/* Flat, as all statistics of one element. */
static int
one_worker(struct telemetry *t, const char *word, struct answer *answer, struct weir_err *err)
{
	struct weir_view_worker view;
	struct cell cells[WORKER_CELLS];
	uint64_t lcore;

	if (params_number(word, UINT32_MAX, &lcore) != 0)
		return weir_err(err, EINVAL, "", "'%s' is not the number of an lcore", word);
	for (uint32_t w = 0; w < weir_view_n_workers(t->gateway); w++) {
		weir_view_worker(t->gateway, w, &view);
		if (view.lcore != lcore)
			continue;
		worker_cells(&view, cells);
		for (uint32_t c = 0; c < WORKER_CELLS; c++)
			answer_u64(answer, worker_columns[c].name, cells[c].number);
		return 0;
	}
	return weir_err(err, ENOENT, "", "lcore %s is not a worker", word);
}

int
command_worker_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct weir_view_worker view;
	struct cell cells[WORKER_CELLS];
	struct table table;

	if (params[0] != '\0')
		return one_worker(t, params, answer, err);
	if (table_begin(&table, answer, worker_columns, WORKER_CELLS) != 0)
		return no_memory(err);
	for (uint32_t w = 0; w < weir_view_n_workers(t->gateway); w++) {
		weir_view_worker(t->gateway, w, &view);
		worker_cells(&view, cells);
		(void)table_row(&table, cells);
	}
	table_end(&table);
	return 0;
}
