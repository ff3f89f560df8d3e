/* SPDX-License-Identifier: BSD-3-Clause */
/* When a worker is taken not to keep up, round by round, behind a queue whose length the test says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <rte_ethdev.h>

#include "worker_priv.h"

#define ROUND (10 * WEIR_NS_PER_US)

static struct weir_port port;
static struct weir_rxq rxq = {.port = &port};
static struct pressure pressure;
static uint32_t behind;
static uint64_t now = WEIR_NS_PER_S;

static uint32_t
count(void *queue)
{
	(void)queue;
	return behind;
}

static void
setup(void)
{
	static void *queues[1];

	rte_eth_fp_ops[0].rxq.data = queues;
	rte_eth_fp_ops[0].rx_queue_count = count;
}

TestSuite(pressure, .init = setup);

/* A round with one burst of n; what it began with, and whether the burst found the worker pressed. */
static enum weir_pressure
round_of(uint32_t n, bool *pressed)
{
	enum weir_pressure began = pressure_begin(&pressure, now);

	*pressed = pressure_burst(&pressure, &rxq, n, now);
	now += ROUND;
	return began;
}

/* Full bursts with more behind them until it is believed; the rounds that it took. */
static uint32_t
press(void)
{
	bool pressed = false;
	uint32_t rounds = 0;

	behind = 4 * WEIR_BURST;
	for (; !pressed && rounds < 100; rounds++)
		(void)round_of(WEIR_BURST, &pressed);
	return rounds;
}

Test(pressure, takes_some_rounds_and_is_watched_first)
{
	bool pressed;
	uint32_t busy = 0;

	behind = 4 * WEIR_BURST;
	for (uint32_t k = 0; k < 4; k++) {
		busy += round_of(WEIR_BURST, &pressed) == WEIR_BUSY;
		cr_assert_not(pressed);
	}
	cr_assert_gt(busy, 0);
	(void)round_of(WEIR_BURST, &pressed);
	cr_assert(pressed);
	cr_assert_eq(round_of(WEIR_BURST, &pressed), WEIR_PRESSED);
}

Test(pressure, a_burst_that_is_not_full_begins_anew)
{
	bool pressed;

	behind = 4 * WEIR_BURST;
	for (uint32_t k = 0; k < 100; k++) {
		(void)round_of(k % 4 == 3 ? WEIR_BURST - 1 : WEIR_BURST, &pressed);
		cr_assert_not(pressed);
	}
}

Test(pressure, nothing_behind_is_none)
{
	bool pressed;

	behind = WEIR_BURST - 1;
	for (uint32_t k = 0; k < 100; k++) {
		cr_assert_eq(round_of(WEIR_BURST, &pressed), WEIR_EASY);
		cr_assert_not(pressed);
	}
}

Test(pressure, a_driver_that_does_not_say_does_not_press)
{
	bool pressed;

	rte_eth_fp_ops[0].rx_queue_count = NULL;
	for (uint32_t k = 0; k < 100; k++) {
		cr_assert_eq(round_of(WEIR_BURST, &pressed), WEIR_EASY);
		cr_assert_not(pressed);
	}
}

Test(pressure, is_held_for_two_milliseconds)
{
	uint64_t end;
	bool pressed;

	cr_assert_eq(press(), 5);
	end = now - ROUND + 2 * WEIR_NS_PER_MS;
	/* The round behind still knows; then it only watches, as long as bursts are not full. */
	cr_assert_eq(round_of(0, &pressed), WEIR_PRESSED);
	while (now < end)
		cr_assert_eq(round_of(0, &pressed), WEIR_BUSY);
	cr_assert_eq(round_of(0, &pressed), WEIR_EASY);
}

Test(pressure, one_burst_is_enough_while_it_is_held)
{
	bool pressed;

	(void)press();
	for (uint32_t k = 0; k < 50; k++)
		(void)round_of(0, &pressed);
	(void)round_of(WEIR_BURST, &pressed);
	cr_assert(pressed);
	/* And holds from then on. */
	now += 2 * WEIR_NS_PER_MS - 2 * ROUND;
	cr_assert_neq(round_of(0, &pressed), WEIR_EASY);
}
