/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gateway as it runs in production, a worker on an lcore of its own and everything else on the main one; in every
 * other chunk one thread lists all flows, over and over, and another patches a tenant's limit each millisecond.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "bench.h"
#include "weir_view.h"

#define ROWS 1024 /* of a page of flows */
#define PATCH_EVERY_NS 1000000L
#define SECOND_NS 1000000000L

/* What the two threads share with the main one. */
struct readers {
	struct weir_gateway *gateway;
	bool stop, on;				   /* main: w, threads: r */
	uint64_t rows, listings, patches, refused; /* their thread: w, main: r when it has ended */
	struct weir_err err;			   /* of the patch that was refused */
};

static bool
is_on(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static void *
list_flows(void *arg)
{
	static struct weir_view_flow rows[ROWS];
	struct readers *readers = arg;
	uint64_t cursor = 0, time;
	uint32_t n;

	while (!is_on(&readers->stop)) {
		if (!is_on(&readers->on)) {
			(void)usleep(1000);
			continue;
		}
		(void)weir_view_flows(readers->gateway, NULL, &cursor, rows, ROWS, &n, &time);
		readers->rows += n;
		if (cursor == WEIR_VIEW_END) {
			readers->listings++;
			cursor = 0;
		}
	}
	return NULL;
}

static void
patch(struct readers *readers)
{
	struct weir_outcome outcome;
	char text[80];
	int len = snprintf(text, sizeof(text), "{\"tenants\":{\"t0\":{\"limit\":\"%s\"}}}",
	    readers->patches % 2 == 0 ? "99Gbps" : "100Gbps");

	if (weir_gateway_patch(readers->gateway, text, (size_t)len, false, &outcome, &readers->err) == 0)
		readers->patches++;
	else
		readers->refused++;
}

static void *
patch_limits(void *arg)
{
	struct readers *readers = arg;
	struct timespec next;

	(void)clock_gettime(CLOCK_MONOTONIC, &next);
	while (!is_on(&readers->stop)) {
		if (is_on(&readers->on))
			patch(readers);
		next.tv_nsec += PATCH_EVERY_NS;
		next.tv_sec += next.tv_nsec / SECOND_NS;
		next.tv_nsec %= SECOND_NS;
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return NULL;
}

/* Cycles per packet of a chunk, seen from outside: the worker has its core for itself. */
static double
watch(const struct bench *bench)
{
	uint64_t start = rte_rdtsc(), before = bench_received(), cycles, packets;

	(void)usleep(bench->chunk_ms * 1000);
	cycles = rte_rdtsc() - start;
	packets = bench_received() - before;
	return packets != 0 ? (double)cycles / (double)packets : 0;
}

static void
watch_pairs(struct bench *bench, struct readers *readers)
{
	static double alone[BENCH_PAIRS_MAX], beside[BENCH_PAIRS_MAX];

	for (uint32_t i = 0; i < bench->n_pairs; i++) {
		for (uint32_t step = 0; step < 2; step++) {
			bool on = (i + step) % 2 != 0;

			__atomic_store_n(&readers->on, on, __ATOMIC_RELAXED);
			(void)usleep(2000);
			(on ? beside : alone)[i] = watch(bench);
		}
	}
	bench_print_samples("weir", alone, bench->n_pairs);
	bench_print_samples("beside", beside, bench->n_pairs);
}

/* The bare loop, on the core that will be the worker's. */
static int
run_bare(void *arg)
{
	static double bare[BENCH_PAIRS_MAX];
	struct bench *bench = arg;

	for (uint32_t i = 0; i < bench->n_pairs; i++)
		bare[i] = bench_chunk(bench, true);
	bench_print_samples("bare", bare, bench->n_pairs);
	return 0;
}

static void
warm_up(const struct bench *bench)
{
	uint64_t before = bench_received();

	for (uint32_t ms = 0; ms < bench->warm_ms || bench_received() - before < bench->warm_packets; ms++)
		(void)usleep(1000);
}

/* 0, or -1 if a thread could not be made or a patch was refused. */
static int
run_threads(struct bench *bench)
{
	struct readers readers = {.gateway = bench->gateway};
	pthread_t lister, patcher;
	int ret = -1;

	if (pthread_create(&lister, NULL, list_flows, &readers) != 0)
		return -1;
	if (pthread_create(&patcher, NULL, patch_limits, &readers) == 0) {
		watch_pairs(bench, &readers);
		ret = 0;
	}
	__atomic_store_n(&readers.stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(lister, NULL);
	if (ret == 0)
		(void)pthread_join(patcher, NULL);
	(void)printf("\"listings\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"patches\":%" PRIu64 ",\"seconds\":%g,",
	    readers.listings, readers.rows, readers.patches, (double)bench->n_pairs * bench->chunk_ms / 1000);
	if (readers.refused != 0)
		(void)fprintf(stderr, "bench: %" PRIu64 " patches refused: %s\n", readers.refused, readers.err.msg);
	return readers.refused == 0 ? ret : -1;
}

int
bench_readers(struct bench *bench)
{
	int ret;

	(void)rte_eal_remote_launch(run_bare, bench, rte_get_next_lcore(rte_lcore_id(), 1, 0));
	rte_eal_mp_wait_lcore();
	bench_totals(bench->gateway, &bench->before);
	if (weir_gateway_start(bench->gateway) != 0)
		return -1;
	warm_up(bench);
	ret = run_threads(bench);
	weir_gateway_stop(bench->gateway);
	return ret;
}
