/* SPDX-License-Identifier: BSD-3-Clause */
/* A scenario runs in a process of its own, on a machine of its own. */
#ifndef WEIR_TEST_SCENARIO_H
#define WEIR_TEST_SCENARIO_H

#include "machine.h"
#include "report.h"

struct scenario {
	const char *group; /* what --only names: machine, share, wake, limit, matrix */
	char name[48];
	void (*run)(const struct scenario *scenario, struct machine *machine, struct report *report);
	uint32_t n_workers, n_tenants;
	bool to_vport;
	bool long_only;
	uint32_t which; /* of its group */
};

/* How long "a second" of the figures is: less in the short form, where all windows shrink alike. */
extern uint64_t scenario_second;
extern bool scenario_long;

/* Each writes its scenarios to list[] and returns how many; list NULL: only counts. */
uint32_t scenarios_machine(struct scenario *list);
uint32_t scenarios_share(struct scenario *list);
uint32_t scenarios_wake(struct scenario *list);
uint32_t scenarios_limit(struct scenario *list);
uint32_t scenarios_matrix(struct scenario *list);

/* What has to be true at the end of every scenario; ends the machine. */
void scenario_end(struct machine *machine, struct report *report);

/* Prints the matrix, and its cells as JSON objects with commas between them; returns how many cells failed. */
uint32_t matrix_print(const struct scenario *list, const struct report *reports, uint32_t n, FILE *json);

#endif
