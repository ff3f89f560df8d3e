/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow cache's table changes its size while packets pass: each arrives, and its flow is found in whichever of the
 * two tables it stands, so that it counts all of its packets, once.
 */
#include <string.h>

#include <rte_byteorder.h>

#include "bench.h"
#include "weir_pipeline.h"

/* Two tables, for 1024 and 6144 flows. */
#define SLOTS 6144
#define GROWS_AT 768   /* flows, of the small one */
#define SHRINKS_AT 256 /* below so many, of the large one */
#define IDLE (10 * SECOND)
#define BURST 32
#define FLOWS 4096 /* that a test may have, one after the other */
#define SPORT 1000 /* of flow 0 */

/* What was sent of each flow, and what has to be true of it. */
static struct {
	uint32_t sent, arrived;
	uint64_t last;
} model[FLOWS];
static uint32_t n_flows; /* so many were begun: the next one's number */
static uint32_t first;	 /* flows from here on are in use, and those below `keepers` */
static uint32_t keepers;
static uint64_t seed = 42;

static void
setup(void)
{
	bench_start(1);
	load("{'ports':{'p1':{'device':'net_ring_p1'},'p2':{'device':'net_ring_p2'}},"
	     "'settings':{'flows':6144,'flow_idle':'10s'},"
	     "'tenants':{'red':{'switches':{'web':{}},'vports':{'a':{'switch':'web','port':'p1'},"
	     "'b':{'switch':'web','port':'p2'}}}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(2, plain(BROADCAST, 9, 0x88b5));
	pass_time(MS);
	/* Both MACs are learned; the flows that said so go. */
	pass_time(2 * IDLE);
	discard();
	cr_assert_eq(flows_of("red"), 0);
}

TestSuite(resizing, .init = setup);

static const struct weir_flows *
cache(void)
{
	return weir_worker_flows(weir_gateway_worker(gateway, 0));
}

/* ---- packets ---- */

/* A packet of flow n from mac(1) at a to mac(9) at b. */
static void
put(uint32_t n)
{
	cr_assert_lt(n, FLOWS);
	inject(1, udp(1, "10.0.0.1", "10.0.0.2", (uint16_t)(SPORT + n), 7));
	model[n].sent++;
	model[n].last = now;
}

static uint32_t
put_new(void)
{
	put(n_flows);
	return n_flows++;
}

static uint32_t
below(uint32_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % limit;
}

/* One of those in use. */
static uint32_t
any_known(void)
{
	uint32_t at = below(keepers + n_flows - first);

	return at < keepers ? at : first + at - keepers;
}

/* Known flows, up to so many new ones, and again what was just there. */
static void
put_mixed(uint32_t n_new)
{
	uint32_t previous = any_known();

	for (uint32_t i = 0; i < BURST; i++) {
		uint32_t kind = below(4);

		if (kind == 0 && n_new > 0) {
			previous = put_new();
			n_new--;
		} else {
			if (kind != 1)
				previous = any_known();
			put(previous);
		}
	}
}

/* ---- checks ---- */

static void
expect_arrivals(void)
{
	struct frame got;

	while (sent(2, &got)) {
		uint32_t n = (uint32_t)(got.b[34] << 8 | got.b[35]) - SPORT;

		cr_assert_lt(n, n_flows);
		model[n].arrived++;
	}
	for (uint32_t n = 0; n < n_flows; n++)
		cr_assert_eq(model[n].arrived, model[n].sent, "flow %u: %u of %u packets arrived", n,
		    model[n].arrived, model[n].sent);
}

/* Each flow once, with all of its packets; none is missing but what was idle. */
static void
expect_flows(void)
{
	static bool seen[FLOWS];
	struct weir_flow flow;
	uint32_t n_seen = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t slot = 0; slot < weir_flows_top(cache()); slot++) {
		uint32_t n;

		if (!weir_flow_read(cache(), slot, &flow))
			continue;
		n = (uint32_t)rte_be_to_cpu_16(flow.key.sport) - SPORT;
		cr_assert_lt(n, n_flows);
		cr_assert(!seen[n], "flow %u is there twice", n);
		cr_assert_eq(
		    flow.packets, model[n].sent, "flow %u: %lu instead of %u", n, flow.packets, model[n].sent);
		seen[n] = true;
		n_seen++;
	}
	for (uint32_t n = 0; n < n_flows; n++)
		cr_assert(seen[n] || now - model[n].last > IDLE, "flow %u is lost", n);
	cr_assert_eq(weir_flows_count(cache()), n_seen);
	cr_assert_eq(flows_of("red"), n_seen);
}

static void
run(void)
{
	while (waiting(1) > 0)
		poll_all();
	expect_arrivals();
	expect_flows();
}

static bool
is_moving(void)
{
	return cache()->old != NULL;
}

/* As many as that, and in bursts. */
static void
begin_flows(uint32_t n)
{
	while (n_flows < n) {
		for (uint32_t i = 0; i < BURST && n_flows < n; i++)
			(void)put_new();
		run();
	}
}

/* All flows in use: each is found. */
static void
visit_all(void)
{
	uint32_t n_before = flows_of("red");

	for (uint32_t n = 0; n < n_flows; n++) {
		if (n < keepers || n >= first)
			put(n);
		if (waiting(1) == BURST)
			run();
	}
	run();
	cr_assert_eq(flows_of("red"), n_before);
}

static void
expect_size(uint32_t size)
{
	cr_assert(!is_moving());
	cr_assert_eq(cache()->size, size);
}

/* The table is the large one, and the small one has been emptied. */
static void
grow(void)
{
	begin_flows(GROWS_AT + 1);
	while (is_moving())
		pass_time(MS);
	expect_size(1);
}

/* Leaves the first so many, in use; the others go, and with the last of them the table begins to shrink. */
static void
begin_shrinking(uint32_t n)
{
	keepers = n;
	first = n_flows;
	pass_time(IDLE - SECOND);
	visit_all();
	cr_assert(!is_moving());
	pass_time(2 * SECOND);
	run();
	cr_assert_eq(flows_of("red"), n);
	cr_assert(is_moving());
	cr_assert_eq(cache()->size, 0);
}

/* ---- growing ---- */

BENCH_TEST(resizing, two_tables)
{
	cr_assert_eq(weir_flows_capacity(cache()), SLOTS);
	cr_assert_eq(cache()->n_tables, 2);
	expect_size(0);
}

BENCH_TEST(resizing, new_flows_carry_the_growth)
{
	uint32_t steps = 0;

	begin_flows(GROWS_AT - 1);
	expect_size(0);
	begin_flows(GROWS_AT);
	cr_assert(is_moving());
	for (; is_moving(); steps++) {
		put_mixed(BURST);
		run();
	}
	cr_assert_gt(steps, 5, "else this shows little");
	expect_size(1);
	visit_all();
}

BENCH_TEST(resizing, time_carries_the_growth)
{
	uint32_t steps = 0;

	begin_flows(GROWS_AT);
	cr_assert(is_moving());
	for (; is_moving(); steps++) {
		put_mixed(0);
		run();
		pass_time(MS);
	}
	cr_assert_gt(steps, 2, "else this shows little");
	expect_size(1);
	visit_all();
}

/* The first ones of a burst's new flows are in the old table by the time their second packets are looked up. */
BENCH_TEST(resizing, growth_in_the_middle_of_a_burst)
{
	uint32_t begun = GROWS_AT - BURST / 4;

	begin_flows(begun);
	expect_size(0);
	for (uint32_t i = 0; i < BURST / 2; i++)
		(void)put_new();
	for (uint32_t i = 0; i < BURST / 2; i++)
		put(begun + i);
	run();
	cr_assert(is_moving());
	visit_all();
}

/* What follows a flow that goes within a burst is looked up again. */
BENCH_TEST(resizing, a_flow_is_forgotten_in_the_middle)
{
	struct frame stranger = udp(1, "10.0.0.8", "10.0.0.2", SPORT, 7);

	begin_flows(GROWS_AT - 1);
	inject(1, stranger);
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	cr_assert(is_moving());
	patch("{'tenants':{'red':{'vports':{'a':{'addresses':['10.0.0.1']}}}}}");
	inject(1, stranger);
	for (uint32_t n = 0; n < BURST - 1; n++)
		put(n);
	run();
	expect_drops(vport_id("red", "a"), WEIR_DROP_SPOOFED_IP, 1, 1);
	cr_assert_eq(flows_of("red"), GROWS_AT - 1);
	cr_assert(is_moving());
	visit_all();
}

/* ---- shrinking ---- */

BENCH_TEST(resizing, time_carries_the_shrinking)
{
	uint32_t steps = 0;

	grow();
	begin_shrinking(SHRINKS_AT - 1);
	for (; is_moving(); steps++) {
		put_mixed(0);
		run();
		pass_time(MS);
	}
	cr_assert_gt(steps, 10, "else this shows little");
	expect_size(0);
	visit_all();
}

/* With new flows, and while others are idle. */
BENCH_TEST(resizing, traffic_amid_the_shrinking)
{
	uint32_t steps = 0;

	grow();
	begin_shrinking(SHRINKS_AT / 2);
	for (; is_moving(); steps++) {
		put_mixed(8);
		run();
		if (steps % 2 == 0)
			pass_time(MS);
	}
	cr_assert_gt(steps, 20, "else this shows little");
	expect_size(0);
	visit_all();
}

/* Flows that nobody uses any more go from the table that is being emptied, too. */
BENCH_TEST(resizing, flows_age_amid_the_shrinking)
{
	grow();
	begin_shrinking(SHRINKS_AT / 2);
	put_mixed(BURST);
	run();
	visit_all();
	keepers = SHRINKS_AT / 4;
	pass_time(IDLE - SECOND);
	visit_all();
	cr_assert(is_moving());
	pass_time(2 * SECOND);
	run();
	cr_assert(is_moving());
	cr_assert_eq(flows_of("red"), keepers + n_flows - first);
	/* They come back as new ones: nothing of them was left in either table. */
	for (; keepers < SHRINKS_AT / 2; keepers++) {
		model[keepers].sent = model[keepers].arrived = 0;
		put(keepers);
	}
	run();
	cr_assert(is_moving());
	cr_assert_eq(flows_of("red"), keepers + n_flows - first);
	put_mixed(BURST);
	run();
	visit_all();
}

/* There and back, until nothing is left. */
BENCH_TEST(resizing, again_and_again)
{
	begin_flows(BURST);
	for (uint32_t round = 0; round < 2; round++) {
		while (cache()->size == 0 || is_moving()) {
			put_mixed(BURST);
			run();
		}
		expect_size(1);
		begin_shrinking(round == 0 ? SHRINKS_AT / 2 : 0);
		while (is_moving())
			pass_time(MS);
		expect_size(0);
	}
	cr_assert_eq(flows_of("red"), 0);
	cr_assert_eq(weir_flows_count(cache()), 0);
}
