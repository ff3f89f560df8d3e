/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_WORKER_PRIV_H
#define WEIR_WORKER_PRIV_H

#include "weir_worker.h"

/* What tells whether a worker keeps up: see pressure.c. */
struct pressure {
	uint32_t full;	/* rounds in a row with a full burst, before this one */
	bool full_now;	/* and this one */
	bool backed_up; /* in the round before, or in this one */
	bool backed_up_now;
	uint64_t until; /* it is watched closely, since it did not keep up */
};

/* A round begins: how the worker keeps up, as far as is known. */
enum weir_pressure pressure_begin(struct pressure *pressure, uint64_t now);

/* A burst of n came from this queue; true: the worker is pressed. */
bool pressure_burst(struct pressure *pressure, const struct weir_rxq *rxq, uint32_t n, uint64_t now);

#endif
