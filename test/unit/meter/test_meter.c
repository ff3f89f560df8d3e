/* SPDX-License-Identifier: BSD-3-Clause */
/* Token buckets in virtual time: nothing here depends on how fast the machine is. */
#include <criterion/criterion.h>

#include <rte_common.h>

#include "weir_meter.h"

#define NANO INT64_C(1000000000)
#define START UINT64_C(1700000000000000000) /* ns: a clock that did not start at 0 */

__extension__ typedef __int128 i128;

/* xorshift64*: the same numbers in every run. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* As after a take of everything, fractions of a unit included. */
static void
drain(struct weir_pool *pool, uint64_t now)
{
	pool->tokens = 0;
	pool->last = now;
}

/* What the one worker of most tests holds. */
static struct weir_credit credit;

static void
limit_start(struct weir_limit *limit, const struct weir_rate *rate, uint32_t workers)
{
	weir_limit_init(limit, rate, WEIR_BURST_NS, workers, START);
}

static bool
pass(struct weir_limit *limit, uint32_t bytes, uint64_t now)
{
	return weir_limit_take(&limit, limit->serial, &credit, bytes, now);
}

/*
 * What passed, held against the promise: (what passed) - rate * (time) may rise by no more than the burst from any
 * moment to any later one, which bounds every window at once. All in 1e-9 units.
 */
struct ledger {
	uint64_t rate;
	i128 passed;
	i128 low;   /* lowest level before a frame so far */
	i128 worst; /* most that any window had above rate * time */
};

static void
ledger_add(struct ledger *ledger, uint64_t since_start, uint64_t units)
{
	i128 level = ledger->passed - (i128)ledger->rate * since_start;

	if (ledger->passed == 0 || level < ledger->low)
		ledger->low = level;
	ledger->passed += (i128)units * NANO;
	level += (i128)units * NANO;
	if (level - ledger->low > ledger->worst)
		ledger->worst = level - ledger->low;
}

/* ---- how frames arrive: the gap before frame i, when one frame takes `frame_ns` at the limit ---- */

typedef uint64_t (*arrival_fn)(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry);

static uint64_t
gap_of(uint64_t ps, uint64_t *carry)
{
	uint64_t ns;

	*carry += ps;
	ns = *carry / 1000;
	*carry %= 1000;
	return ns;
}

static uint64_t
arrive_evenly(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry)
{
	(void)i, (void)random;
	return gap_of(frame_ps * 2 / 3, carry);
}

static uint64_t
arrive_in_pairs(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry)
{
	(void)random;
	return i % 2 == 0 ? gap_of(frame_ps, carry) : 0;
}

static uint64_t
arrive_in_bursts(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry)
{
	(void)random;
	return i % 32 == 0 ? gap_of(frame_ps * 24, carry) : 0;
}

static uint64_t
arrive_at_random(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry)
{
	(void)i;
	return gap_of(next_random(random) % (frame_ps + 1), carry);
}

/* Long gaps, in which the bucket fills, between stretches of twice the rate. */
static uint64_t
arrive_on_and_off(uint64_t i, uint64_t frame_ps, uint64_t *random, uint64_t *carry)
{
	(void)random;
	return gap_of(i % 5000 == 0 ? frame_ps * 8000 : frame_ps / 2, carry);
}

struct pattern {
	const char *name;
	arrival_fn arrive;
	bool backlogged; /* offers more than the rate within what a bucket holds */
};

static const struct pattern patterns[] = {
    {"even", arrive_evenly, true},
    {"pairs", arrive_in_pairs, true},
    {"bursts", arrive_in_bursts, false}, /* of large frames at a low rate: more than the bucket holds */
    {"random", arrive_at_random, true},
    {"on and off", arrive_on_and_off, false},
};

static const uint64_t bit_rates[] = {
    1000, 1001, 64000, 999999937, 1000000000, UINT64_C(9999999967), UINT64_C(100000000000), UINT64_C(400000000000)};
static const uint32_t frame_sizes[] = {64, 65, 590, 1514, 9216};

static void
hold_to_rate(uint64_t rate, uint32_t bytes, const struct pattern *pattern)
{
	uint64_t frame_ps = (uint64_t)((i128)bytes * 8 * 1000 * NANO / rate);
	uint64_t random = rate + bytes, carry = 0, now = START, frames, i;
	struct ledger ledger = {.rate = rate};
	struct weir_limit limit;
	i128 due, error;

	limit_start(&limit, &(struct weir_rate){.bps = rate}, 0);
	drain(&limit.bits, START);
	/* One second; of slow rates as many as hold 500 frames, of fast ones what 30,000 frames take. */
	frames = RTE_MIN(RTE_MAX(UINT64_C(1000000000000) / frame_ps, UINT64_C(500)), UINT64_C(30000)) * 3 / 2;
	for (i = 0; i < frames; i++) {
		now += pattern->arrive(i, frame_ps, &random, &carry);
		if (pass(&limit, bytes, now))
			ledger_add(&ledger, now - START, (uint64_t)bytes * 8);
	}
	/* The pattern may end amid a burst. */
	while (pass(&limit, bytes, now))
		ledger_add(&ledger, now - START, (uint64_t)bytes * 8);
	cr_assert(
	    ledger.worst <= limit.bits.burst, "%lu bps, %u bytes, %s: burst exceeded", rate, bytes, pattern->name);
	due = (i128)rate * (now - START);
	error = due - ledger.passed;
	cr_assert(error >= 0, "%lu bps, %u bytes, %s: too much passed", rate, bytes, pattern->name);
	if (pattern->backlogged)
		cr_assert(error < (i128)bytes * 8 * NANO, "%lu bps, %u bytes, %s: %ld bits lost", rate, bytes,
		    pattern->name, (int64_t)(error / NANO));
}

Test(meter, rates_are_held)
{
	for (size_t r = 0; r < WEIR_ARRAY_LEN(bit_rates); r++)
		for (size_t b = 0; b < WEIR_ARRAY_LEN(frame_sizes); b++)
			for (size_t p = 0; p < WEIR_ARRAY_LEN(patterns); p++)
				hold_to_rate(bit_rates[r], frame_sizes[b], &patterns[p]);
}

/* The second of the figure, frame by frame, where that is 3 million of them: nothing but the last frame is missing.
 */
Test(meter, one_second_is_exact)
{
	struct weir_limit limit;
	uint64_t passed = 0, rate = 999999937, now;

	limit_start(&limit, &(struct weir_rate){.bps = rate}, 0);
	drain(&limit.bits, START);
	for (now = START; now <= START + WEIR_NS_PER_S; now += 333)
		passed += pass(&limit, 64, now) ? 512 : 0;
	cr_assert_leq(passed, rate);
	cr_assert_geq(passed + 512, rate - rate * 333 / (uint64_t)NANO - 1);
}

Test(meter, packets_are_held)
{
	static const uint64_t rates[] = {1, 3, 1000, 999983, 1000000, WEIR_PPS_MAX};

	for (size_t r = 0; r < WEIR_ARRAY_LEN(rates); r++) {
		uint64_t gap = RTE_MAX((uint64_t)NANO / rates[r] / 3, UINT64_C(1)), now = START, i;
		struct ledger ledger = {.rate = rates[r]};
		struct weir_limit limit;
		i128 due;

		limit_start(&limit, &(struct weir_rate){.pps = rates[r]}, 0);
		cr_assert_geq(limit.packets.burst, 2 * NANO);
		drain(&limit.packets, START);
		for (i = 0; i < 300000; i++, now += gap)
			if (pass(&limit, 9216, now))
				ledger_add(&ledger, now - START, 1);
		cr_assert(ledger.worst <= limit.packets.burst);
		due = (i128)rates[r] * (now - gap - START);
		cr_assert(ledger.passed <= due);
		cr_assert(ledger.passed + NANO > due, "%lu pps: packets lost", rates[r]);
	}
}

Test(meter, remainders_are_kept)
{
	static const uint64_t rates[] = {1000, 1001, 999999937, UINT64_C(123456789011), UINT64_C(399999999989)};

	for (size_t r = 0; r < WEIR_ARRAY_LEN(rates); r++) {
		struct weir_pool steps, leap;
		uint64_t now, taken = 0;

		weir_pool_init(&steps, rates[r], WEIR_BURST_NS, 147456, 0, START);
		weir_pool_init(&leap, rates[r], WEIR_BURST_NS, 147456, 0, START);
		drain(&steps, START);
		drain(&leap, START);
		/* A nanosecond at a time, each with a draw that moves the level. */
		for (now = START + 1; now <= START + 200000; now++)
			taken += weir_pool_take(&steps, 1, now) ? 1 : 0;
		while (weir_pool_take(&steps, 1, now - 1))
			taken++;
		cr_assert_eq(taken, (uint64_t)((i128)rates[r] * 200000 / NANO), "%lu bps", rates[r]);
		cr_assert(weir_pool_take(&leap, taken, now - 1) || taken == 0);
		cr_assert_eq(leap.tokens, taken == 0 ? leap.tokens : steps.tokens);
		cr_assert_not(weir_pool_take(&leap, 1, now - 1));
	}
}

Test(meter, burst_is_five_milliseconds_or_two_frames)
{
	struct weir_limit limit;

	limit_start(&limit, &(struct weir_rate){.bps = WEIR_BPS_MAX, .pps = WEIR_PPS_MAX}, 0);
	cr_assert_eq(limit.bits.burst, 2 * NANO * NANO);
	cr_assert_eq(limit.packets.burst, 5000000 * NANO);
	limit_start(&limit, &(struct weir_rate){.bps = 1000, .pps = 1}, 0);
	cr_assert_eq(limit.bits.burst, 2 * WEIR_FRAME_MAX * 8 * NANO);
	cr_assert_eq(limit.packets.burst, 2 * NANO);
	cr_assert(pass(&limit, WEIR_FRAME_MAX, START));
	cr_assert(pass(&limit, WEIR_FRAME_MAX, START));
	cr_assert_not(pass(&limit, 1, START));
}

Test(meter, idle_fills_one_burst_and_no_more)
{
	static const uint64_t idle[] = {1000000000, UINT64_C(86400000000000), UINT64_C(10000000000000000000)};

	for (size_t r = 0; r < WEIR_ARRAY_LEN(bit_rates); r++) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(idle); i++) {
			uint64_t now = idle[i] + 200 * WEIR_NS_PER_S;
			struct weir_pool pool;

			weir_pool_init(&pool, bit_rates[r], WEIR_BURST_NS, 147456, 0, 0);
			drain(&pool, 0);
			cr_assert(weir_pool_take(&pool, (uint64_t)(pool.burst / NANO), now));
			cr_assert_not(weir_pool_take(&pool, 1, now));
			cr_assert_geq(pool.tokens, 0);
		}
	}
}

Test(meter, nothing_given_is_no_limit)
{
	struct weir_limit limit;

	limit_start(&limit, &(struct weir_rate){0}, 0);
	cr_assert_not(weir_limit_active(&limit));
	for (int i = 0; i < 1000; i++)
		cr_assert(pass(&limit, UINT32_MAX, START));
	weir_limit_return(&limit, &credit, 64);
	limit_start(&limit, &(struct weir_rate){.pps = 1}, 0);
	cr_assert(weir_limit_active(&limit));
}

Test(meter, more_than_the_burst_never_passes)
{
	static const uint64_t units[] = {147457, WEIR_POOL_UNITS_MAX, WEIR_POOL_UNITS_MAX + 1, UINT64_C(18446744074),
	    UINT64_MAX / 1000000000, UINT64_MAX};
	struct weir_limit limit;
	struct weir_pool pool;

	weir_pool_init(&pool, 1000, WEIR_BURST_NS, 147456, 0, START);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(units); i++)
		cr_assert_not(weir_pool_take(&pool, units[i], START + 1000 * WEIR_NS_PER_S));
	cr_assert_eq(pool.tokens, pool.burst);
	limit_start(&limit, &(struct weir_rate){.bps = WEIR_BPS_MAX}, 0);
	cr_assert_not(pass(&limit, UINT32_MAX, START));
	weir_pool_init(&pool, 1000, WEIR_BURST_NS, UINT64_MAX, 0, START);
	cr_assert_eq(pool.burst, (int64_t)(WEIR_POOL_UNITS_MAX * NANO));
}

Test(meter, a_return_undoes_a_take)
{
	struct weir_limit limit;
	struct weir_limit before;
	const struct weir_rate rate = {.bps = 1000000, .pps = 1000};

	limit_start(&limit, &rate, 0);
	cr_assert(pass(&limit, 1500, START + 1));
	before = limit;
	cr_assert(pass(&limit, 900, START + 1));
	weir_limit_return(&limit, &credit, 900);
	cr_assert_eq(limit.bits.tokens, before.bits.tokens);
	cr_assert_eq(limit.packets.tokens, before.packets.tokens);
	/* Given back to a bucket that has filled since: still one burst. */
	cr_assert(pass(&limit, 1500, START + WEIR_NS_PER_S));
	cr_assert_not(weir_pool_take(&limit.bits, 147456, START + WEIR_NS_PER_S));
	cr_assert(weir_pool_take(&limit.bits, 8, START + 2 * WEIR_NS_PER_S));
	weir_limit_return(&limit, &credit, 1500);
	cr_assert_not(weir_pool_take(&limit.bits, 147457, START + 2 * WEIR_NS_PER_S));
	cr_assert(weir_pool_take(&limit.bits, 147456, START + 2 * WEIR_NS_PER_S));
	cr_assert_not(weir_pool_take(&limit.bits, 1, START + 2 * WEIR_NS_PER_S));
}

Test(meter, both_or_neither)
{
	struct weir_limit limit;

	/* Packets run out first ... */
	limit_start(&limit, &(struct weir_rate){.bps = 1000000000, .pps = 1}, 0);
	cr_assert(pass(&limit, 64, START));
	cr_assert(pass(&limit, 64, START));
	cr_assert_not(pass(&limit, 64, START));
	cr_assert_eq(limit.bits.tokens, limit.bits.burst - 2 * 512 * NANO);
	/* ... then bits do. */
	limit_start(&limit, &(struct weir_rate){.bps = 1000, .pps = 1000}, 0);
	cr_assert(pass(&limit, 9216, START));
	cr_assert(pass(&limit, 9216, START));
	cr_assert_not(pass(&limit, 64, START));
	cr_assert_eq(limit.packets.tokens, limit.packets.burst - 2 * NANO);
}

Test(meter, time_that_stands_or_lags_adds_nothing)
{
	struct weir_pool pool;
	uint64_t now = START + WEIR_NS_PER_MS;

	weir_pool_init(&pool, 1000000000, WEIR_BURST_NS, 147456, 0, START);
	drain(&pool, now);
	for (int i = 0; i < 1000; i++) {
		cr_assert_not(weir_pool_take(&pool, 1, now));
		cr_assert_not(weir_pool_take(&pool, 1, now - (uint64_t)i * 1000));
		cr_assert_not(weir_pool_take(&pool, 1, 0));
	}
	/* One worker goes on, another stays behind: both draw on the same tokens, and only the first one's time
	 * counts. */
	cr_assert(weir_pool_take(&pool, 1000, now + 1500));
	cr_assert(weir_pool_take(&pool, 500, now + 500));
	cr_assert_not(weir_pool_take(&pool, 1, now + 1400));
	cr_assert(weir_pool_take(&pool, 1, now + 1501));
	cr_assert_eq(pool.tokens, 0);
	cr_assert_eq(pool.last, now + 1501);
}

Test(meter, a_new_rate_gives_no_second_burst)
{
	struct weir_limit old, new;

	limit_start(&old, &(struct weir_rate){.bps = 1000000000, .pps = 100000}, 0);
	drain(&old.bits, START);
	drain(&old.packets, START);
	weir_limit_renew(&new, &(struct weir_rate){.bps = 2000000000, .pps = 200000}, WEIR_BURST_NS, 0, &old, START);
	cr_assert_not(pass(&new, 1, START));
	cr_assert_eq(new.bits.tokens, 0);
	cr_assert_eq(new.packets.tokens, 0);
	cr_assert_eq(new.bits.rate, 2000000000);
	/* What accrued before the change did so at the old rate, after it at the new one. */
	weir_limit_renew(
	    &new, &(struct weir_rate){.bps = 2000000000, .pps = 200000}, WEIR_BURST_NS, 0, &old, START + 1000);
	cr_assert_eq(new.bits.tokens, 1000 * NANO);
	cr_assert(weir_pool_take(&new.bits, 3000, START + 2000));
	cr_assert_eq(new.bits.tokens, 0);
	/* A full bucket is cut to the new burst. */
	weir_limit_renew(&new, &(struct weir_rate){.bps = 1000}, WEIR_BURST_NS, 0, &old, START + WEIR_NS_PER_S);
	cr_assert_eq(new.bits.tokens, new.bits.burst);
	cr_assert_eq(new.packets.rate, 0);
	/* Where there was no limit there is a first burst. */
	limit_start(&old, &(struct weir_rate){0}, 0);
	weir_limit_renew(&new, &(struct weir_rate){.bps = 1000000}, WEIR_BURST_NS, 0, &old, START + 7);
	cr_assert_eq(new.bits.tokens, new.bits.burst);
	cr_assert_eq(new.bits.last, START + 7);
}

/* From a depth that two frames exceed to one that no bucket has; the most that passes at once, and then in a while.
 */
Test(meter, as_deep_as_it_is_told)
{
	static const struct {
		uint64_t bps, burst_ns, units;
	} cases[] = {
	    {1000000000, 100 * WEIR_NS_PER_US, 147456},
	    {1000000000, WEIR_NS_PER_MS, 1000000},
	    {1000000000, WEIR_NS_PER_S, 1000000000},
	    {WEIR_BPS_MAX, WEIR_NS_PER_MS, 400000000},
	    {WEIR_BPS_MAX, WEIR_NS_PER_S, WEIR_POOL_UNITS_MAX},
	    {1000, WEIR_NS_PER_S, 147456},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		const struct weir_rate rate = {.bps = cases[i].bps};
		uint64_t later = START + 3600 * WEIR_NS_PER_S;
		struct weir_limit limit, deeper;

		weir_limit_init(&limit, &rate, cases[i].burst_ns, 0, START);
		cr_assert_eq(limit.bits.burst, (int64_t)(cases[i].units * NANO), "%zu", i);
		cr_assert(weir_pool_take(&limit.bits, cases[i].units, later));
		cr_assert_not(weir_pool_take(&limit.bits, 1, later));
		/* Another depth fills no bucket. */
		weir_limit_renew(&deeper, &rate, WEIR_NS_PER_S, 0, &limit, later);
		cr_assert_not(weir_pool_take(&deeper.bits, 1, later));
		cr_assert(weir_pool_take(&deeper.bits, 1, later + WEIR_NS_PER_MS));
	}
}

/* ---- several workers, who take quanta ahead ---- */

#define WORKERS_MAX 8

/* The most that passes in no time: what lies in the bucket and with the workers. */
static i128
whole_burst(const struct weir_pool *pool, uint32_t workers)
{
	return pool->burst + (i128)pool->quantum * workers * NANO;
}

static void
hold_among(uint64_t rate, uint32_t workers, uint32_t share)
{
	struct weir_credit credits[WORKERS_MAX] = {0};
	uint64_t random = rate + workers, now = START, frame_ps = (uint64_t)(i128)1000 * 8 * 1000 * NANO / rate;
	uint64_t step = RTE_MAX(frame_ps * share / 100 / 1000, UINT64_C(1)), held = 0;
	struct ledger ledger = {.rate = rate};
	struct weir_limit limit, *at = &limit;

	limit_start(&limit, &(struct weir_rate){.bps = rate}, workers);
	for (uint32_t i = 0; i < 60000; i++) {
		uint32_t who = (uint32_t)(next_random(&random) >> 32) % workers;
		uint32_t bytes = 64 + (uint32_t)(next_random(&random) >> 33) % 1873;

		now += step;
		/* Sometimes all are idle for longer than the bucket takes to fill. */
		if (i % 9973 == 0)
			now += 2 * limit.bits.fill;
		if (weir_limit_take(&at, limit.serial, &credits[who], bytes, now))
			ledger_add(&ledger, now - START, (uint64_t)bytes * 8);
		cr_assert_leq(weir_credit_bits(&credits[who]), limit.bits.quantum);
	}
	for (uint32_t w = 0; w < workers; w++)
		held += weir_credit_bits(&credits[w]);
	cr_assert(
	    ledger.worst <= whole_burst(&limit.bits, workers), "%lu bps, %u workers: burst exceeded", rate, workers);
	cr_assert_leq(held, limit.bits.quantum * workers);
}

Test(meter, workers_together_keep_within_the_burst)
{
	for (size_t r = 0; r < WEIR_ARRAY_LEN(bit_rates); r++)
		for (uint32_t workers = 1; workers <= WORKERS_MAX; workers *= 2)
			for (uint32_t share = 30; share <= 120; share += 45)
				hold_among(bit_rates[r], workers, share);
}

/* Backlogged workers pass all that accrues, but for what each still holds. */
Test(meter, workers_together_lose_nothing)
{
	for (uint32_t workers = 1; workers <= WORKERS_MAX; workers *= 2) {
		struct weir_credit credits[WORKERS_MAX] = {0};
		uint64_t rate = 1000000007, passed = 0, now, held = 0;
		struct weir_limit limit, *at = &limit;

		limit_start(&limit, &(struct weir_rate){.bps = rate}, workers);
		drain(&limit.bits, START);
		for (now = START; now <= START + WEIR_NS_PER_S / 4; now += 700)
			for (uint32_t w = 0; w < workers; w++)
				passed += weir_limit_take(&at, limit.serial, &credits[w], 200, now) ? 1600 : 0;
		for (uint32_t w = 0; w < workers; w++)
			held += weir_credit_bits(&credits[w]);
		cr_assert_leq(passed + held, rate / 4 + 1);
		cr_assert_geq(
		    passed + held + 1600 + 701, rate / 4, "%u workers: %lu of %lu", workers, passed + held, rate / 4);
	}
}

/* What was drawn from one limit is worth nothing at the next one in its place. */
Test(meter, credit_is_of_one_limit)
{
	struct weir_limit limit, *at = &limit;

	limit_start(&limit, &(struct weir_rate){.bps = WEIR_BPS_MAX}, 1);
	cr_assert(pass(&limit, 64, START));
	cr_assert_gt(weir_credit_bits(&credit), 0);
	limit_start(&limit, &(struct weir_rate){.bps = 1000}, 1);
	drain(&limit.bits, START);
	cr_assert_not(weir_limit_take(&at, limit.serial, &credit, 64, START));
	cr_assert_eq(weir_credit_bits(&credit), 0);
}

/* A quantum stays with the worker, the rest goes back. */
Test(meter, refused_elsewhere_nothing_is_hoarded)
{
	struct weir_limit limit;
	int64_t before;

	limit_start(&limit, &(struct weir_rate){.bps = 1000000000, .pps = 100000}, 2);
	for (int i = 0; i < 1000; i++) {
		cr_assert(pass(&limit, 1500, START));
		weir_limit_return(&limit, &credit, 1500);
		cr_assert_leq(weir_credit_bits(&credit), limit.bits.quantum);
		cr_assert_leq(weir_credit_packets(&credit), limit.packets.quantum);
	}
	before = limit.bits.tokens + (int64_t)weir_credit_bits(&credit) * NANO;
	cr_assert_eq(before, limit.bits.burst);
	cr_assert_eq(limit.packets.tokens + (int64_t)weir_credit_packets(&credit) * NANO, limit.packets.burst);
	/* The packets are out: bits drawn for the next one do not pile up. */
	while (pass(&limit, 64, START))
		;
	for (int i = 0; i < 1000; i++)
		cr_assert_not(pass(&limit, 1500, START));
	cr_assert_leq(weir_credit_bits(&credit), limit.bits.quantum);
}
