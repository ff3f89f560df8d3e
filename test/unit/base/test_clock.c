/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <time.h>

#include "weir_base.h"
#include "weir_clock.h"

static uint64_t
monotonic(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * WEIR_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void
rest(uint64_t ns)
{
	const struct timespec wait = {.tv_nsec = (long)ns};

	(void)nanosleep(&wait, NULL);
}

/* A clock whose numbers are known: 2.5 cycles a nanosecond. */
Test(clock, scales_exactly)
{
	const struct weir_clock clock = {.tsc0 = 1000, .ns0 = 5000, .mult = (UINT64_C(2) << 32) / 5 + 1};

	cr_assert_eq(weir_clock_at(&clock, 1000), 5000);
	cr_assert_eq(weir_clock_at(&clock, 1002), 5000);
	cr_assert_eq(weir_clock_at(&clock, 1003), 5001);
	cr_assert_eq(weir_clock_at(&clock, 1000 + 2500000000), 5000 + WEIR_NS_PER_S);
	/* A TSC read before the last correction. */
	cr_assert_eq(weir_clock_at(&clock, 999), 5000);
	cr_assert_eq(weir_clock_at(&clock, 0), 5000);
	/* A century without a correction does not overflow. */
	cr_assert_gt(weir_clock_at(&clock, UINT64_C(7884000000) * 1000000000), UINT64_C(3153000000) * WEIR_NS_PER_S);
}

Test(clock, starts_at_the_time_and_never_goes_back)
{
	uint64_t last, before = monotonic(), now;
	struct weir_clock clock;

	weir_clock_init(&clock);
	last = weir_clock_now(&clock);
	cr_assert_geq(last + WEIR_NS_PER_MS, before);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10000; i++) {
			now = weir_clock_now(&clock);
			cr_assert_geq(now, last);
			last = now;
		}
		rest(WEIR_NS_PER_MS);
		weir_clock_discipline(&clock);
	}
	/* Between any two readings of the true time, give or take what the machine may be away for. */
	cr_assert_geq(last + WEIR_NS_PER_S, monotonic());
	cr_assert_leq(last, monotonic() + WEIR_NS_PER_S);
}

/* A clock that is late and slow: each correction speeds it up to the true rate and a little more. */
Test(clock, corrections_lead_to_the_true_time)
{
	const uint64_t gap = 5 * WEIR_NS_PER_MS;
	struct weir_clock clock;
	uint64_t mult, true_mult;

	weir_clock_init(&clock);
	true_mult = clock.mult;
	clock.ns0 -= gap;
	clock.mult -= clock.mult / 100;
	for (int round = 0; round < 5; round++) {
		uint64_t value = clock.ns0;

		rest(20 * WEIR_NS_PER_MS);
		weir_clock_discipline(&clock);
		mult = clock.mult;
		cr_assert_geq(clock.ns0, value);
		/* The true rate and 0.5 % (5 ms in a second); half of that is left for what the machine does. */
		cr_assert_gt(mult, true_mult + true_mult / 400);
		cr_assert_lt(mult, true_mult + true_mult / 50);
		cr_assert_eq(clock.seq % 2, 0);
	}
	/* The value was not set: the gap goes away by the rate alone. */
	cr_assert_lt(clock.ns0, clock.true_ns0);
}

/* Asked again at once there is nothing to measure by. */
Test(clock, waits_for_a_span_to_measure)
{
	struct weir_clock clock, before;

	/* Once more if the machine was away in between. */
	do {
		weir_clock_init(&clock);
		before = clock;
		weir_clock_discipline(&clock);
	} while (monotonic() - before.true_ns0 >= 10 * WEIR_NS_PER_MS);
	cr_assert_eq(clock.seq, before.seq);
	cr_assert_eq(clock.mult, before.mult);
	cr_assert_eq(clock.true_ns0, before.true_ns0);
}
