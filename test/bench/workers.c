/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers on two queues. What is compared is packets per second of processor time, which a thread is charged only
 * while it runs: a machine that has other things to do on one of the two cores does not spoil it.
 */
#include <time.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "bench.h"

/* One worker's part of a chunk. */
struct part {
	const struct bench *bench;
	uint32_t index;
	uint64_t now, end; /* ns, at last the time when it ended; TSC */
	double cycles;	   /* per packet, of processor time */
};

static uint64_t
thread_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * WEIR_NS_PER_S + (uint64_t)t.tv_nsec;
}

static int
run_part(void *arg)
{
	struct part *part = arg;
	uint64_t start = thread_ns();
	uint64_t packets = bench_poll(part->bench, part->index, &part->now, part->end);
	double seconds = (double)(thread_ns() - start) / WEIR_NS_PER_S;

	part->cycles = packets != 0 ? seconds * (double)rte_get_tsc_hz() / (double)packets : 0;
	return 0;
}

/* The workers of `mask` side by side, each on its own lcore; worker 0 on this one. */
static void
run_chunk(struct bench *bench, uint32_t mask, struct part parts[])
{
	unsigned int other = rte_get_next_lcore(rte_lcore_id(), 1, 0);
	uint64_t end = bench_chunk_end(bench);

	for (uint32_t i = 0; i < BENCH_WORKERS_MAX; i++)
		parts[i] = (struct part){.bench = bench, .index = i, .now = bench->now, .end = end};
	if ((mask & 2) != 0)
		(void)rte_eal_remote_launch(run_part, &parts[1], other);
	if ((mask & 1) != 0)
		(void)run_part(&parts[0]);
	if ((mask & 2) != 0)
		(void)rte_eal_wait_lcore(other);
	bench->now = parts[0].now > parts[1].now ? parts[0].now : parts[1].now;
	bench_maintain(bench);
}

int
bench_workers(struct bench *bench)
{
	static double bare[BENCH_PAIRS_MAX], alone[2 * BENCH_PAIRS_MAX], both[2 * BENCH_PAIRS_MAX];
	struct part parts[BENCH_WORKERS_MAX];

	for (uint32_t i = 0; i < bench->n_pairs; i++) {
		bare[i] = bench_chunk(bench, true);
		run_chunk(bench, 1, parts);
		alone[2 * i] = parts[0].cycles;
		run_chunk(bench, 3, parts);
		both[2 * i] = parts[0].cycles;
		both[2 * i + 1] = parts[1].cycles;
		run_chunk(bench, 2, parts);
		alone[2 * i + 1] = parts[1].cycles;
	}
	bench_print_samples("bare", bare, bench->n_pairs);
	bench_print_samples("weir", alone, 2 * bench->n_pairs);
	bench_print_samples("beside", both, 2 * bench->n_pairs);
	return 0;
}
