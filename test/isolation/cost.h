/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the work of a worker costs: the one table of it. A model, stated rather than measured, so that figures are the
 * same on any machine; cycles are those of a processor of 2.8 GHz.
 */
#ifndef WEIR_TEST_COST_H
#define WEIR_TEST_COST_H

#include <stdint.h>

#include "weir_pipeline.h"

enum {
	COST_ROUND = 100,   /* a polling round */
	COST_QUEUE = 40,    /* a receive queue that is polled */
	COST_RECEIVED = 40, /* a packet that is received: what it costs to shed it */
	COST_KEPT = 60,	    /* ... more, if it is not shed */
	COST_OTHER = 700,   /* ... more, if its flow is new, is walked, or is flooded */
	COST_COPY = 150,    /* a copy */
	COST_QUEUED = 120,  /* a packet that waits for its turn */
	COST_SENT = 30,	    /* a packet that is sent */
};

#define COST_PS(cycles) ((cycles)*2500 / 7) /* picoseconds, at 2.8 GHz */

/* Cycles of a round over so many receive queues without any packet. */
static inline uint64_t
cost_of_round(uint32_t n_queues)
{
	return COST_ROUND + (uint64_t)COST_QUEUE * n_queues;
}

/* Cycles that the packets have cost which a worker has worked on so far. */
static inline uint64_t
cost_of_work(const struct weir_work *work)
{
	return COST_RECEIVED * work->received + COST_KEPT * (work->received - work->shed) +
	       COST_OTHER * work->others + COST_COPY * work->copies + COST_QUEUED * work->queued +
	       COST_SENT * work->sent;
}

#endif
