/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet takes through the gateway, beside a bare receive-and-transmit loop over the same two ports in the
 * same process: chunks of one and of the other take turns, so that what the machine does to both cancels out.
 *
 * Time stands still for the gateway while it is not polled. What is measured is printed as one JSON object, all
 * samples of it; test/bench/run makes figures of them.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_clock.h"
#include "weir_gateway.h"
#include "weir_worker.h"

#define BENCH_PAIRS_MAX 1000
#define BENCH_WORKERS_MAX 2

/* Packets, since ports and gateway exist. */
struct bench_totals {
	uint64_t in, out;    /* of all ports: the drivers' word */
	uint64_t made, used; /* by the gateway itself: copies, ARP, ... */
	uint64_t held, dropped;
};

struct bench {
	/* Options. */
	const char *config, *source, *sink;
	const struct bench_mode *mode;
	uint32_t n_pairs, chunk_ms;
	uint64_t warm_packets; /* before anything is measured ... */
	uint32_t warm_ms;      /* ... and at least so long */
	/* What is measured. */
	struct weir_clock clock;
	uint64_t now; /* the gateway's time, ns; while it is polled by hand */
	struct weir_gateway *gateway;
	uint16_t rx, tx;	    /* of the bare loop */
	uint64_t grown[2];	    /* bytes of memory taken by setting up, and by warming up */
	double load_seconds;	    /* to set up */
	struct bench_totals before; /* when measuring began */
	uint64_t in, out;	    /* packets received and sent by all ports, while it was measured */
};

/* A way to measure: polled by hand, or as it runs in production. */
struct bench_mode {
	const char *name;
	uint32_t n_workers;
	bool threads;			 /* workers and maintenance are threads of the gateway */
	bool drops;			 /* nearly all packets are to be dropped by admission */
	int (*run)(struct bench *bench); /* measures and prints members of the JSON object; 0 or -1 */
};

/* ---- loops.c ---- */

/* Packets that all ports together received since they exist. */
uint64_t bench_received(void);

/* TSC at the end of a chunk that begins now. */
uint64_t bench_chunk_end(const struct bench *bench);

/* Receives and transmits until TSC `end`; returns packets. */
uint64_t bench_bare(const struct bench *bench, uint64_t end);

/* Polls worker `index` until TSC `end`, from time *now on, which becomes the time then; returns packets. */
uint64_t bench_poll(const struct bench *bench, uint32_t index, uint64_t *now, uint64_t end);

/* What goes on between chunks, off the clock, at bench->now. */
void bench_maintain(struct bench *bench);

/* One chunk, of bare transmission or of worker 0 by hand; returns cycles per packet. Maintenance follows the chunk.
 */
double bench_chunk(struct bench *bench, bool bare);

/* Polls all workers by hand from this thread until MACs are known and every flow is in its slot. */
void bench_warm_up(struct bench *bench);

/* bench_mode.run: chunks of the two loops in turns. */
int bench_pairs(struct bench *bench);

/* bench_mode.run: the same, of packets of tenants that have a thousandth of the worker each. */
int bench_shed(struct bench *bench);

/* ---- workers.c ---- */

/* bench_mode.run: two workers, each a thread of its own, beside each of them alone. */
int bench_workers(struct bench *bench);

/* ---- readers.c ---- */

/* bench_mode.run: the gateway's threads, with readers and patches in every other chunk. */
int bench_readers(struct bench *bench);

/* ---- report.c ---- */

/* Memory of this process and of EAL's heap in use, bytes. */
uint64_t bench_memory(void);

/* `"name":[...],` with all samples. */
void bench_print_samples(const char *name, const double samples[], uint32_t n);

/* Workers stand still. */
void bench_totals(struct weir_gateway *gateway, struct bench_totals *totals);

/* The other members of the JSON object; why packets are missing goes to stderr. Returns false if some are. */
bool bench_report(struct bench *bench);

#endif
