/* SPDX-License-Identifier: BSD-3-Clause */
/* The matrix as a table: each victim alone and attacked, and whether the difference is one that it may notice. */
#include <math.h>
#include <string.h>

#include "cost.h"
#include "matrix.h"

#define LARGEST (9000 + NET_OUTER + RECORD_EXTRA)
#define SETUPS WEIR_BURST

/* A tenth more, or what one frame of another, a burst of set-ups and some rounds take, in ns. */
static double
delay_bound(const struct cell *alone)
{
	double frame = LARGEST * 8 / matrix_line() * 1e9, setups = COST_PS((double)SETUPS * COST_OTHER) / 1000;

	return fmax(alone->p999 * 1.1, alone->p999 + 5000 + frame + setups);
}

static const char *
verdict(const struct cell *alone, const struct cell *attacked)
{
	if (alone->loss > 0)
		return "LOSS ALONE";
	if (attacked->rate < alone->rate * 0.99)
		return "RATE";
	if (attacked->loss > 0)
		return "LOSS";
	return attacked->p999 <= delay_bound(alone) ? "ok" : "DELAY";
}

static void
print_json_cell(FILE *json, const char *name, const struct cell *cell)
{
	(void)fprintf(json, "\"%s\":{\"bps\":%.9g,\"loss\":%.6g,\"p50_ns\":%.0f,\"p99_ns\":%.0f,\"p999_ns\":%.0f}",
	    name, cell->rate, cell->loss, cell->p50, cell->p99, cell->p999);
}

static const struct report *
baseline(const struct scenario *list, const struct report *reports, uint32_t n, const struct scenario *of)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(list[i].group, of->group) == 0 && list[i].which == MATRIX_ALONE &&
		    list[i].n_workers == of->n_workers && reports[i].has_cells)
			return &reports[i];
	return NULL;
}

static bool
print_cell(FILE *json, const struct scenario *scenario, uint32_t victim, const struct cell *alone,
    const struct cell *attacked, bool first)
{
	const char *word = verdict(alone, attacked);
	bool pass = strcmp(word, "ok") == 0;

	(void)printf("%-22s %7u %-13s %8.1f %8.1f %8.3f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f  %s\n",
	    matrix_attack(scenario), scenario->n_workers, matrix_victims[victim], alone->rate / 1e6,
	    attacked->rate / 1e6, attacked->loss * 100, alone->p50 / 1000, attacked->p50 / 1000, alone->p99 / 1000,
	    attacked->p99 / 1000, alone->p999 / 1000, attacked->p999 / 1000, word);
	(void)fprintf(json, "%s\n{\"attacker\":\"%s\",\"victim\":\"%s\",\"workers\":%u,", first ? "" : ",",
	    matrix_attack(scenario), matrix_victims[victim], scenario->n_workers);
	print_json_cell(json, "alone", alone);
	(void)fputc(',', json);
	print_json_cell(json, "attacked", attacked);
	(void)fprintf(json, ",\"p999_most_ns\":%.0f,\"pass\":%s}", delay_bound(alone), pass ? "true" : "false");
	return pass;
}

uint32_t
matrix_print(const struct scenario *list, const struct report *reports, uint32_t n, FILE *json)
{
	uint32_t cells = 0, failed = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct report *alone = baseline(list, reports, n, &list[i]);

		if (!reports[i].has_cells || list[i].which == MATRIX_ALONE || alone == NULL)
			continue;
		if (cells == 0)
			(void)printf(
			    "\n%-22s %7s %-13s %17s %8s %17s %17s %17s\n%-22s %7s %-13s %8s %8s %8s %8s %8s %8s "
			    "%8s %8s %8s\n",
			    "", "", "", "rate, Mbit/s", "loss, %", "p50, us", "p99, us", "p99.9, us", "attacker",
			    "workers", "victim", "alone", "attacked", "attacked", "alone", "attacked", "alone",
			    "attacked", "alone", "attacked");
		for (uint32_t v = 0; v < VICTIMS; v++)
			failed +=
			    !print_cell(json, &list[i], v, &alone->cells[v], &reports[i].cells[v], cells++ == 0);
	}
	if (cells > 0)
		(void)printf("%u cells, %u failed\n\n", cells, failed);
	return failed;
}
