/* SPDX-License-Identifier: BSD-3-Clause */
/* Several workers at one pool. Time is a counter that they advance themselves, so what must pass is known exactly. */
#include <criterion/criterion.h>
#include <pthread.h>

#include <rte_common.h>

#include "weir_meter.h"

#define NANO INT64_C(1000000000)
#define WORKERS 4
#define DURATION (20 * WEIR_NS_PER_MS)

struct shared {
	struct weir_limit limit;
	uint64_t clock; /* ns, advanced by every worker */
	uint32_t step;	/* ns that a worker advances it by with each frame */
	uint32_t lag;	/* ns that a worker's time may be behind */
};

struct worker {
	pthread_t thread;
	struct shared *shared;
	uint64_t seed;
	struct weir_credit credit;
	uint64_t bits; /* let through */
	uint64_t packets;
};

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct shared *shared = worker->shared;
	struct weir_limit *limit = &shared->limit;

	for (;;) {
		uint64_t now = __atomic_add_fetch(&shared->clock, shared->step, __ATOMIC_RELAXED);
		uint32_t bytes;

		if (now > DURATION)
			return NULL;
		worker->seed = worker->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		bytes = 64 + (uint32_t)(worker->seed >> 33) % 1450;
		now -= RTE_MIN(now, (worker->seed >> 40) % (shared->lag + 1));
		if (!weir_limit_take(&limit, limit->serial, &worker->credit, bytes, now))
			continue;
		/* Every eighth is refused by another bucket. */
		if ((worker->seed >> 60) < 2) {
			weir_limit_return(limit, &worker->credit, bytes);
			continue;
		}
		worker->bits += (uint64_t)bytes * 8;
		worker->packets++;
	}
}

static void
run(struct shared *shared, struct worker *sum)
{
	bool limit_bits = shared->limit.bits.rate != 0, limit_packets = shared->limit.pps != 0;
	struct worker workers[WORKERS];

	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.shared = shared, .seed = 77 + i};
		cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		cr_assert_eq(pthread_join(workers[i].thread, NULL), 0);
		/* What a worker holds has been taken, too. */
		sum->bits += workers[i].bits + (limit_bits ? weir_credit_bits(&workers[i].credit) : 0);
		sum->packets += workers[i].packets + (limit_packets ? weir_credit_packets(&workers[i].credit) : 0);
	}
}

/* Passed + left = accrued, to the last token: offered is three times the rate, so that the bucket never fills. */
static void
balance(uint64_t bps, uint32_t step, uint32_t lag)
{
	struct shared shared = {.step = step, .lag = lag};
	struct worker sum = {0};
	const struct weir_pool *pool = &shared.limit.bits;

	weir_limit_init(&shared.limit, &(struct weir_rate){.bps = bps}, WEIR_BURST_NS, WORKERS, 0);
	shared.limit.bits.tokens = 0;
	run(&shared, &sum);
	cr_assert_geq(pool->tokens, 0);
	cr_assert_eq((int64_t)sum.bits * NANO + pool->tokens, (int64_t)(bps * pool->last),
	    "%lu bps: %ld + %ld != %ld", bps, (int64_t)sum.bits * NANO, pool->tokens, (int64_t)(bps * pool->last));
	cr_assert_geq(pool->last + lag + 1000000, DURATION);
}

Test(meter_threads, tokens_balance)
{
	balance(10000000000, 200, 0);
	balance(10000000000, 200, 100000);
	balance(1000000007, 2000, 10000);
}

Test(meter_threads, both_kinds_balance)
{
	struct shared shared = {.step = 100, .lag = 1000};
	struct worker sum = {0};

	weir_limit_init(
	    &shared.limit, &(struct weir_rate){.bps = 10000000000, .pps = 1000000}, WEIR_BURST_NS, WORKERS, 0);
	shared.limit.packets.tokens = 0;
	run(&shared, &sum);
	cr_assert_eq((int64_t)sum.packets * NANO + shared.limit.packets.tokens,
	    (int64_t)(1000000 * shared.limit.packets.last));
	/* Bits are plenty: whatever packets refused came back. */
	cr_assert_leq(sum.bits, 10000000000 * shared.limit.bits.last / (uint64_t)NANO +
				    (uint64_t)(shared.limit.bits.burst / NANO) + WORKERS * shared.limit.bits.quantum);
	cr_assert_geq(
	    weir_pool_take(&shared.limit.bits, (uint64_t)(shared.limit.bits.burst / NANO), 2 * DURATION), true);
}
