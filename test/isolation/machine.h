/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulated machine: weir's own gateway, whose workers have clocks that move by what their work costs (cost.h),
 * lines that carry what they send, and sources that feed them. One thread, the same result every time.
 */
#ifndef WEIR_TEST_MACHINE_H
#define WEIR_TEST_MACHINE_H

#include "heap.h"
#include "line.h"
#include "traffic.h"
#include "weir_gateway.h"

#define MACHINE_WORKERS LINE_QUEUES
#define MACHINE_MAINTAIN (100 * PS_US)

struct machine;

struct machine_params {
	const struct net *net;
	const struct source_spec *specs;
	uint32_t n_specs;
	uint32_t flows;	      /* slots */
	struct window window; /* what is measured */
	/* Called after each round of maintenance; or NULL. */
	void (*tick)(struct machine *machine, uint64_t now);
};

struct clock {
	uint64_t at, busy; /* ps: of its next round; spent on packets within the window */
	/* During a round: what it does, and what that had cost before. */
	const struct weir_work *work;
	uint64_t before;
};

struct machine {
	struct machine_params params;
	const struct net *net;
	struct weir_gateway *gateway;
	struct rte_mempool *pool;
	uint32_t n_workers, n_sources;
	struct source *sources;
	struct heap *heap; /* of sources, by when they wake */
	struct clock clocks[MACHINE_WORKERS];
	uint64_t now, maintained; /* the latter: when it is due */
	uint64_t strayed;	  /* frames on ways where they have no business */
	uint64_t digest;	  /* of all that left, and when */
	struct line lines[NET_PORTS];
};

/* EAL and the lines, for so many workers. 0, or -1 with a line on stderr. Once a process. */
int machine_start(struct machine *machine, uint32_t n_workers);

/* The gateway with the network, its neighbours known, at time 0. As above. Specs and net stay the caller's. */
int machine_open(struct machine *machine, const struct machine_params *params);

void machine_run(struct machine *machine, uint64_t until);

/* Sources fall silent, and what is under way leaves: all that was sent has arrived by then, or is lost. */
void machine_drain(struct machine *machine);

/* A merge patch, single quotes for double ones. */
void machine_patch(struct machine *machine, const char *text);

/* After the last frame: does weir account for all of them, and has it given back all buffers? Then ends it. */
struct machine_end {
	int64_t balance;
	uint32_t buffers_lost;
};
void machine_close(struct machine *machine, struct machine_end *end);

#endif
