/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>

#include "weir_receipt.h"

#define TENANTS 16
#define ROOM 64 /* receipts */
#define START (1000 * WEIR_NS_PER_S)
#define CYCLES 1000000 /* of all workers in a second */
#define VID 7
#define FRAME 1000 /* bytes */
#define UPLINK_OVERHEAD 74
#define VPORT_OVERHEAD 24

static struct weir_receipts *receipts;
static uint64_t now;
/* Of tenant VID, as they grow. */
static struct weir_receipt_cut cut;
static struct weir_tally tallies[WEIR_DIRECTIONS];
static struct weir_receipt receipt;
static uint32_t serial_of_last; /* round */

static void
round_of(uint32_t tenant, uint32_t serial)
{
	bool lost;

	serial_of_last = serial;
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		tallies[d].sum = cut.count[d];
	cut.time = now;
	cut.spent = (now - START) / (WEIR_NS_PER_S / CYCLES);
	weir_receipts_begin(receipts, now, cut.spent);
	lost = weir_receipts_lost(receipts, tenant, serial, &cut);
	weir_receipts_add(receipts, tenant, serial, &cut, lost ? tallies : NULL);
	weir_receipts_end(receipts);
	now += WEIR_NS_PER_S;
}

/* The next second's cut. */
static void
second(void)
{
	round_of(VID, 1);
}

static void
setup(void)
{
	receipts = weir_receipts_create(TENANTS, ROOM);
	cr_assert_not_null(receipts);
	now = START;
	cut = (struct weir_receipt_cut){.guarantee = {.bps = 8000 * (FRAME + UPLINK_OVERHEAD)},
	    .overhead = {[WEIR_TO_UPLINK] = UPLINK_OVERHEAD, [WEIR_TO_VPORT] = VPORT_OVERHEAD}};
	memset(tallies, 0, sizeof(tallies));
	second();
}

static void
teardown(void)
{
	weir_receipts_free(receipts);
}

TestSuite(receipt, .init = setup, .fini = teardown);

static void
deliver(enum weir_direction direction, uint64_t packets)
{
	cut.count[direction].tx_packets += packets;
	cut.count[direction].tx_bytes += packets * FRAME;
}

static void
lose(enum weir_direction at, enum weir_reason reason, uint64_t packets)
{
	cut.count[at].tx_drop_packets += packets;
	cut.count[at].tx_drop_bytes += packets * FRAME;
	tallies[at].reasons[reason].packets += packets;
	tallies[at].reasons[reason].bytes += packets * FRAME;
}

/* The receipt of the last round; false: none. */
static bool
last(uint32_t tenant)
{
	uint64_t next = weir_receipts_next(receipts);

	return next > 0 && weir_receipts_find(receipts, next - 1, tenant, serial_of_last, &receipt);
}

/* Seven digits are kept. */
#define expect_rate(rate, expected)                                                                                  \
	cr_expect_float_eq((double)(rate), (double)(expected), (double)(expected)*1e-6 + 1, "%s: %lu, not %lu",      \
	    #rate, (unsigned long)(rate), (unsigned long)(expected))

Test(receipt, what_left_is_counted_on_the_wire)
{
	deliver(WEIR_TO_UPLINK, 500);
	deliver(WEIR_TO_VPORT, 200);
	cut.cycles += CYCLES / 4;
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.time, START + WEIR_NS_PER_S);
	cr_expect_eq(receipt.interval, WEIR_NS_PER_S);
	expect_rate(receipt.promised.bps, 8000 * (FRAME + UPLINK_OVERHEAD));
	expect_rate(receipt.way[WEIR_TO_UPLINK].delivered.bps, 500 * (FRAME + UPLINK_OVERHEAD) * 8);
	expect_rate(receipt.way[WEIR_TO_UPLINK].demanded.bps, 500 * (FRAME + UPLINK_OVERHEAD) * 8);
	expect_rate(receipt.way[WEIR_TO_VPORT].delivered.bps, 200 * (FRAME + VPORT_OVERHEAD) * 8);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 500);
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].demanded.pps, 200);
	cr_expect_eq(receipt.cpu, 250);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_NONE);
}

Test(receipt, idle_tenants_have_none)
{
	second();
	cr_expect_not(last(VID));
	deliver(WEIR_TO_VPORT, 1);
	second();
	cr_expect(last(VID));
	cr_expect_not(last(VID - 1));
	cr_expect_not(last(VID + 1));
	second();
	cr_expect_not(last(VID));
}

/* 1000 packets a second are promised. */
Test(receipt, less_than_promised_has_a_reason)
{
	static const struct {
		enum weir_reason reason;
		enum weir_why why;
	} cases[] = {{WEIR_DROP_TENANT_LIMIT, WEIR_WHY_OWN_LIMIT}, {WEIR_DROP_VPORT_LIMIT, WEIR_WHY_OWN_LIMIT},
	    {WEIR_DROP_PORT_SHARE, WEIR_WHY_LINK}, {WEIR_DROP_TX_FULL, WEIR_WHY_LINK},
	    {WEIR_DROP_PORT_DOWN, WEIR_WHY_LINK}, {WEIR_DROP_HANDOFF_FULL, WEIR_WHY_LINK},
	    {WEIR_DROP_QUEUE_MEMORY, WEIR_WHY_QUEUE}, {WEIR_DROP_NEIGH_QUEUE, WEIR_WHY_QUEUE},
	    {WEIR_DROP_NO_MBUF, WEIR_WHY_TABLE}, {WEIR_DROP_CPU_SHARE, WEIR_WHY_CPU},
	    {WEIR_DROP_SETUP_LIMIT, WEIR_WHY_TABLE}, {WEIR_DROP_FLOOD_LIMIT, WEIR_WHY_TABLE},
	    {WEIR_DROP_CONNECTION_QUOTA, WEIR_WHY_TABLE}, {WEIR_DROP_CONNECTIONS_FULL, WEIR_WHY_TABLE}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		bool in = cases[i].reason == WEIR_DROP_CPU_SHARE || cases[i].reason == WEIR_DROP_SETUP_LIMIT ||
			  cases[i].reason == WEIR_DROP_FLOOD_LIMIT || cases[i].reason == WEIR_DROP_CONNECTION_QUOTA ||
			  cases[i].reason == WEIR_DROP_CONNECTIONS_FULL;

		cr_expect_eq(weir_why_of(cases[i].reason), cases[i].why);
		deliver(WEIR_TO_UPLINK, 900);
		lose(in ? WEIR_TO_VPORT : WEIR_TO_UPLINK, cases[i].reason, 300);
		lose(WEIR_TO_UPLINK, WEIR_DROP_MTU, 5000);
		second();
		cr_assert(last(VID));
		cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 1200, "%s: %lu",
		    weir_reason_name(cases[i].reason), receipt.way[WEIR_TO_UPLINK].demanded.pps);
		cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, cases[i].why, "%s: %s",
		    weir_reason_name(cases[i].reason), weir_why_name(receipt.way[WEIR_TO_UPLINK].why));
		cr_expect_eq(receipt.way[WEIR_TO_VPORT].why, WEIR_WHY_NONE);
	}
}

Test(receipt, what_is_not_owed_is_not_demanded)
{
	lose(WEIR_TO_UPLINK, WEIR_DROP_MTU, 5000);
	lose(WEIR_TO_VPORT, WEIR_DROP_SPOOFED_MAC, 5000);
	second();
	cr_expect_not(last(VID));
	deliver(WEIR_TO_UPLINK, 1);
	lose(WEIR_TO_UPLINK, WEIR_DROP_MTU, 5000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 1);
}

/* More than was promised is nobody's debt; nor is less by a thousandth and a frame. */
Test(receipt, what_is_above_the_promise_is_not_short)
{
	deliver(WEIR_TO_UPLINK, 1000);
	lose(WEIR_TO_UPLINK, WEIR_DROP_PORT_SHARE, 4000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 5000);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_NONE);
	deliver(WEIR_TO_UPLINK, 998);
	lose(WEIR_TO_UPLINK, WEIR_DROP_PORT_SHARE, 4000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_NONE);
	deliver(WEIR_TO_UPLINK, 997);
	lose(WEIR_TO_UPLINK, WEIR_DROP_PORT_SHARE, 4000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_LINK);
}

Test(receipt, packets_are_promised_too)
{
	cut.guarantee = (struct weir_rate){.pps = 100};
	deliver(WEIR_TO_VPORT, 90);
	lose(WEIR_TO_VPORT, WEIR_DROP_TX_FULL, 50);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.promised.pps, 100);
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].why, WEIR_WHY_LINK);
	cut.guarantee = (struct weir_rate){0};
	lose(WEIR_TO_VPORT, WEIR_DROP_TX_FULL, 50);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].why, WEIR_WHY_NONE, "nothing was promised");
}

Test(receipt, the_reason_is_where_most_was_lost)
{
	deliver(WEIR_TO_UPLINK, 100);
	lose(WEIR_TO_UPLINK, WEIR_DROP_TENANT_LIMIT, 100);
	lose(WEIR_TO_UPLINK, WEIR_DROP_QUEUE_MEMORY, 150);
	lose(WEIR_TO_UPLINK, WEIR_DROP_VPORT_LIMIT, 100);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_OWN_LIMIT, "the two limits together");
}

/* Small packets: a limit of tenant bytes is less than a guarantee of wire bytes. */
Test(receipt, who_reached_its_limit_was_stopped_by_it)
{
	static const struct {
		struct weir_rate limit;
		uint64_t packets;
		enum weir_why why;
	} cases[] = {{{.bps = 900 * FRAME * 8}, 900, WEIR_WHY_OWN_LIMIT},
	    {{.bps = 900 * FRAME * 8}, 800, WEIR_WHY_LINK}, {{.pps = 800}, 800, WEIR_WHY_OWN_LIMIT}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		cut.limit = cases[i].limit;
		deliver(WEIR_TO_UPLINK, cases[i].packets);
		lose(WEIR_TO_UPLINK, WEIR_DROP_PORT_SHARE, 1000);
		second();
		cr_assert(last(VID));
		cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, cases[i].why);
	}
}

Test(receipt, what_began_to_wait_was_demanded)
{
	cut.count[WEIR_TO_VPORT].rx_packets += 300;
	cut.count[WEIR_TO_VPORT].rx_bytes += 300 * FRAME;
	cut.count[WEIR_TO_UPLINK].held_in += 300;
	cut.count[WEIR_TO_UPLINK].held_out += 100;
	deliver(WEIR_TO_UPLINK, 100);
	second();
	cr_assert(last(VID));
	expect_rate(receipt.way[WEIR_TO_UPLINK].demanded.bps, 300 * (FRAME + UPLINK_OVERHEAD) * 8);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_QUEUE);
	/* It leaves: that is delivered now, and no more than what was asked for. */
	cut.count[WEIR_TO_UPLINK].held_out += 200;
	deliver(WEIR_TO_UPLINK, 200);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 200);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].why, WEIR_WHY_NONE);
}

/* What was lost before anyone knew where it would leave. */
Test(receipt, losses_on_the_way_in_are_divided)
{
	/* 100 came by uplinks and left by vports; of the rest three parts left by uplinks, one by vports. */
	cut.count[WEIR_TO_UPLINK].accepted += 100;
	deliver(WEIR_TO_VPORT, 200);
	deliver(WEIR_TO_UPLINK, 300);
	lose(WEIR_TO_VPORT, WEIR_DROP_CPU_SHARE, 400);
	lose(WEIR_TO_UPLINK, WEIR_DROP_CPU_SHARE, 1000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 600);
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].demanded.pps, 1300, "what came by uplinks was for vports");
	/* Nothing was left of it: for uplinks, where there are any. */
	lose(WEIR_TO_VPORT, WEIR_DROP_CPU_SHARE, 400);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].demanded.pps, 400);
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].demanded.pps, 0);
	cut.overhead[WEIR_TO_UPLINK] = 0;
	lose(WEIR_TO_VPORT, WEIR_DROP_CPU_SHARE, 400);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_VPORT].demanded.pps, 400);
}

Test(receipt, rates_are_of_the_time_that_passed)
{
	now += WEIR_NS_PER_S;
	deliver(WEIR_TO_UPLINK, 1000);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.interval, 2 * WEIR_NS_PER_S);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 500);
}

/* The first cut finds counters as they stand. */
Test(receipt, nothing_is_known_of_the_time_before)
{
	weir_receipts_free(receipts);
	receipts = weir_receipts_create(TENANTS, ROOM);
	deliver(WEIR_TO_UPLINK, 1000);
	second();
	cr_expect_eq(weir_receipts_next(receipts), 0);
	cr_expect_not(last(VID));
	deliver(WEIR_TO_UPLINK, 10);
	second();
	cr_assert(last(VID));
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 10);
}

/* Tenants of one round are not looked at all at once: each has its own time, and rates of that. */
Test(receipt, each_is_of_its_own_interval)
{
	for (uint32_t i = 0; i < 2; i++) {
		weir_receipts_begin(receipts, now, cut.spent);
		for (uint32_t t = VID; t <= VID + 1; t++) {
			/* The second one 100 ms later the first time, 350 ms later then. */
			cut.time = now + (t - VID) * (100 + 250 * i) * WEIR_NS_PER_MS;
			deliver(WEIR_TO_UPLINK, 1000);
			weir_receipts_add(receipts, t, 1, &cut, NULL);
			cr_expect_eq(weir_receipts_next(receipts), i, "a round is shown when it is whole");
		}
		weir_receipts_end(receipts);
		now += WEIR_NS_PER_S;
	}
	cr_assert(last(VID));
	cr_expect_eq(receipt.interval, WEIR_NS_PER_S);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 2000);
	cr_assert(last(VID + 1));
	cr_expect_eq(receipt.time, now - 650 * WEIR_NS_PER_MS);
	cr_expect_eq(receipt.interval, 1250 * WEIR_NS_PER_MS);
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 1600);
}

/* An id that is given out again. */
Test(receipt, another_tenant_begins_anew)
{
	deliver(WEIR_TO_UPLINK, 1000);
	second();
	memset(&cut.count, 0, sizeof(cut.count));
	serial_of_last = 2;
	cr_expect_not(last(VID), "before its first round, too, it is not shown another's");
	deliver(WEIR_TO_UPLINK, 30);
	cut.cycles += CYCLES / 4;
	round_of(VID, 2);
	cr_assert(last(VID));
	cr_expect_eq(receipt.cpu, 250, "cycles are counted by id");
	cr_expect_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, 30);
	cr_expect_not(
	    weir_receipts_find(receipts, weir_receipts_next(receipts) - 2, VID, 2, &receipt), "that was another's");
}

Test(receipt, counters_that_step_back_are_no_traffic)
{
	deliver(WEIR_TO_UPLINK, 1000);
	second();
	cut.count[WEIR_TO_UPLINK].tx_packets -= 500;
	cut.count[WEIR_TO_UPLINK].tx_bytes -= 500 * FRAME;
	second();
	cr_expect_not(last(VID));
}

Test(receipt, an_hour_is_kept)
{
	weir_receipts_free(receipts);
	receipts = weir_receipts_create(TENANTS, 2 * WEIR_RECEIPT_ROUNDS);
	second();
	for (uint32_t i = 0; i < WEIR_RECEIPT_ROUNDS + 10; i++) {
		deliver(WEIR_TO_UPLINK, i + 1);
		second();
		cr_assert_geq(weir_receipts_next(receipts) - weir_receipts_oldest(receipts),
		    i < WEIR_RECEIPT_ROUNDS ? i + 1 : WEIR_RECEIPT_ROUNDS);
	}
	cr_expect_eq(weir_receipts_next(receipts) - weir_receipts_oldest(receipts), WEIR_RECEIPT_ROUNDS);
	for (uint64_t round = weir_receipts_oldest(receipts); round < weir_receipts_next(receipts); round++) {
		cr_assert(weir_receipts_find(receipts, round, VID, 1, &receipt));
		cr_assert_eq(receipt.round, round);
		cr_assert_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, round + 1);
	}
	cr_expect_not(weir_receipts_find(receipts, weir_receipts_oldest(receipts) - 1, VID, 1, &receipt));
	cr_expect_not(weir_receipts_find(receipts, weir_receipts_next(receipts), VID, 1, &receipt));
}

/* Many tenants at once: whole rounds go, the oldest first, and no record is another round's. */
Test(receipt, memory_is_bounded)
{
	for (uint32_t i = 0; i < 40; i++) {
		weir_receipts_begin(receipts, now, 0);
		cut.time = now;
		deliver(WEIR_TO_UPLINK, 1);
		for (uint32_t t = 0; t < TENANTS; t++) {
			struct weir_receipt_cut mine = cut;

			mine.count[WEIR_TO_UPLINK].tx_packets *= t + 1;
			weir_receipts_add(receipts, t, 1, &mine, NULL);
		}
		weir_receipts_end(receipts);
		now += WEIR_NS_PER_S;
		for (uint64_t r = weir_receipts_oldest(receipts); r < weir_receipts_next(receipts); r++)
			for (uint32_t t = 0; t < TENANTS; t++) {
				cr_assert(weir_receipts_find(receipts, r, t, 1, &receipt), "round %lu of %u", r, t);
				cr_assert_eq(receipt.way[WEIR_TO_UPLINK].delivered.pps, t + 1);
			}
	}
	cr_expect_eq(weir_receipts_next(receipts) - weir_receipts_oldest(receipts), ROOM / TENANTS);
}
