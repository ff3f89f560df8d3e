/* SPDX-License-Identifier: BSD-3-Clause */
/* What a scenario found: figures with their bounds. In memory that the processes share which run scenarios. */
#ifndef WEIR_TEST_REPORT_H
#define WEIR_TEST_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "weir_base.h"

#define CHECKS 48
#define VICTIMS 5

struct check {
	char name[72], unit[8];
	double value, bound;
	bool at_least; /* the bound is the least it has to be, else the most */
	bool pass;
};

/* How a victim fared. */
struct cell {
	double rate;	       /* bit/s of its own frames */
	double loss;	       /* share */
	double p50, p99, p999; /* ns */
};

struct report {
	uint32_t n_checks;
	struct check checks[CHECKS];
	char drops[240]; /* what weir dropped, by reason */
	bool has_cells;
	struct cell cells[VICTIMS];
	double simulated, real; /* seconds */
	bool ended;
};

void report_most(struct report *report, double value, double bound, const char *unit, const char *fmt, ...)
    WEIR_PRINTF(5, 6);
void report_least(struct report *report, double value, double bound, const char *unit, const char *fmt, ...)
    WEIR_PRINTF(5, 6);

bool report_passed(const struct report *report);

void report_print(const struct report *report, const char *name);
void report_json(FILE *out, const struct report *report, const char *name);

#endif
