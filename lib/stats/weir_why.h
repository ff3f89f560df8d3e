/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a tenant had less than it was promised: drop reasons in few classes, and what was lost by each. Pure functions.
 */
#ifndef WEIR_WHY_H
#define WEIR_WHY_H

#include <stdint.h>

#include "weir_counters.h"

/* The numbers are what telemetry shows where it shows numbers only: new ones go to the end. */
enum weir_why {
	WEIR_WHY_NONE,	    /* of a reason: what was lost by it was not owed to anyone */
	WEIR_WHY_OWN_LIMIT, /* the tenant's own limit, or its vport's */
	WEIR_WHY_CPU,	    /* its share of a busy worker's cycles */
	WEIR_WHY_LINK,	    /* the port: shared with others, slower than it should be, down, or with no way from it */
	WEIR_WHY_QUEUE,	    /* its queues are full, or it waits in them */
	WEIR_WHY_TABLE,	    /* flow set-ups, connections, copies of floods, buffers */
	WEIR_WHYS,
};

const char *weir_why_name(enum weir_why why); /* "own_limit"; "none" for WEIR_WHY_NONE */

/* The class of a drop reason, the one place that says so. */
enum weir_why weir_why_of(enum weir_reason reason);

/* Packets and bytes, of whatever was counted. */
struct weir_volume {
	uint64_t packets, bytes;
};

/*
 * What was lost that was owed, by class: on the way in, at the interface where it came in, when nobody knew yet where
 * it would leave; on the way out, at the one where it was to leave. A reason stands for one of the two sides (a flood
 * over a vport's limit counts as lost on the way out there).
 */
struct weir_losses {
	struct weir_volume in[WEIR_WHYS], out[WEIR_WHYS];
};

/* Of everything that `tally` has by reason. */
void weir_losses_of(const struct weir_tally *tally, struct weir_losses *losses);

#endif
