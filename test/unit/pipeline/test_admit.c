/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker of 1 GHz, whose cycles are reckoned from what it did: its time is what they take. Two tenants share a
 * port and its one queue, red untagged and blue by VLAN; what finds the queue full is lost.
 */
#include <string.h>

#include "bench.h"
#include "weir_pipeline.h"

/* Cycles of ... */
#define ROUND 34  /* a round, and up to 31 more */
#define PACKET 40 /* a packet to be received, parsed and found */
#define KNOWN 60  /* one of a known flow behind that: so 10 Mpps are the most */
#define OTHER 460 /* any other: 2 M new flows/s; but `slow` more in some tests */
#define COPY 50
#define SEND 30	   /* a packet to be sent, in one test */
#define QUEUE 1000 /* packets */
#define MPPS UINT64_C(1000000)
#define US WEIR_NS_PER_US

/* A tenant, and what it sends. */
struct source {
	const char *tenant;
	bool tagged, fresh; /* each packet is a flow of its own */
	uint64_t pps;
	uint64_t due; /* 1e-9 packets */
	uint32_t next;
	uint64_t sent, lost, got;
};

static struct source red, blue;
static uint64_t slow, send_cost;
static uint64_t idle; /* cycles that were not spent on packets */
static uint32_t rounds;

static uint64_t
meter(void *arg)
{
	const struct weir_work *work;

	(void)arg;
	if (gateway == NULL || gateway->workers[0] == NULL)
		return 0;
	work = weir_worker_work(gateway->workers[0]);
	return idle + work->received * PACKET + work->known * KNOWN + work->others * (OTHER + slow) +
	       work->copies * COPY + work->sent * send_cost;
}

static struct weir_tenant *
tenant(const struct source *source)
{
	return gateway_tenant(gateway, source->tenant)->tenant;
}

static void
introduce(uint32_t port, uint8_t from, uint16_t vlan)
{
	struct frame frame = plain(BROADCAST, from, 0x88b5);

	inject(port, vlan != 0 ? tagged(frame, vlan) : frame);
}

static void
setup(void)
{
	bench_cycles = meter;
	bench_start(1);
	load_both();
	count_queues(1);
	patch("{'tenants':{'blue':{'vports':{'b':{'switch':'web','port':'p2','vlan':20}}}}}");
	introduce(1, 1, 0);
	introduce(2, 9, 0);
	introduce(1, 1, 20);
	introduce(2, 9, 20);
	pass_time(MS);
	pass_time(2 * SECOND);
	discard();
	red = (struct source){.tenant = "red"};
	blue = (struct source){.tenant = "blue", .tagged = true};
	idle += now - meter(NULL);
}

TestSuite(admit, .init = setup, .timeout = 60);

/* ---- traffic ---- */

static void
arrive(struct source *source)
{
	uint32_t flow = source->fresh ? source->next : source->next % 8;
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", (uint16_t)flow, (uint16_t)(7 + flow / 65536));

	source->due -= SECOND;
	source->next++;
	source->sent++;
	if (waiting(1) >= QUEUE)
		source->lost++;
	else
		inject(1, source->tagged ? tagged(frame, 20) : frame);
}

static void
arrive_for(uint64_t ns)
{
	red.due += red.pps * ns;
	blue.due += blue.pps * ns;
	while (red.due >= SECOND || blue.due >= SECOND) {
		/* Evenly mixed: whose next one has waited longer. */
		bool reds = blue.due < SECOND || (red.due >= SECOND && red.due * blue.pps >= blue.due * red.pps);

		arrive(reds ? &red : &blue);
	}
}

static void
deliver(void)
{
	struct frame frame;

	while (sent(2, &frame))
		(frame.b[12] == 0x81 ? &blue : &red)->got++;
}

/* Time passes, as much as the worker's rounds take. */
static void
run(uint64_t ns)
{
	for (uint64_t end = now + ns; now < end;) {
		uint64_t before = now;

		poll_one(0);
		/* Not in step with what arrives. */
		rounds = rounds * 1664525 + 1013904223;
		idle += ROUND + (rounds >> 27);
		now = meter(NULL);
		deliver();
		arrive_for(now - before);
	}
}

/* Nothing comes any more. */
static void
finish(void)
{
	red.pps = blue.pps = 0;
	red.due = blue.due = 0;
	while (waiting(1) > 0)
		run(10 * US);
	run(10 * US);
	idle += 10 * MS;
	now += 10 * MS;
}

static void
forget_counts(void)
{
	red.sent = red.lost = red.got = 0;
	blue.sent = blue.lost = blue.got = 0;
}

static uint64_t
shed(const struct source *source)
{
	return tally(vport_id(source->tenant, "a")).reasons[WEIR_DROP_CPU_SHARE].packets;
}

static uint64_t
cycles_of(const struct source *source)
{
	return weir_worker_tenant_cycles(gateway->workers[0], tenant(source)->id);
}

static uint64_t
pressed(void)
{
	struct weir_worker_stats stats;

	weir_worker_stats(gateway->workers[0], &stats);
	return stats.pressed_polls;
}

/* All that it sent has left. */
static void
expect_unhurt(const struct source *source)
{
	cr_assert_eq(source->lost, 0, "%lu of %lu did not get in", source->lost, source->sent);
	cr_assert_eq(shed(source), 0, "%lu of %lu were shed", shed(source), source->sent);
	cr_assert_eq(source->got, source->sent, "%lu of %lu", source->got, source->sent);
}

/* ---- who loses ---- */

BENCH_TEST(admit, a_flood_costs_the_other_nothing)
{
	blue.pps = 2 * MPPS; /* a fifth of the worker */
	red.pps = 15 * MPPS;
	run(20 * MS);
	finish();
	expect_unhurt(&blue);
	cr_assert_gt(shed(&red), 0);
	cr_assert_gt(pressed(), 0);
	/* What is left to it was its, beside what dropping took. */
	cr_assert_gt(red.got, 20 * 2000);
}

BENCH_TEST(admit, a_flood_of_new_flows)
{
	blue.pps = 3 * MPPS;
	red.pps = 6 * MPPS;
	red.fresh = true;
	run(20 * MS);
	finish();
	expect_unhurt(&blue);
	cr_assert_gt(red.got, 20 * 500);
}

BENCH_TEST(admit, a_flood_that_comes_and_goes)
{
	blue.pps = 2 * MPPS;
	for (uint32_t i = 0; i < 60; i++) {
		red.pps = i % 2 == 0 ? 15 * MPPS : 0;
		run(200 * US + i * 7 * US);
	}
	finish();
	expect_unhurt(&blue);
	cr_assert_gt(shed(&red), 0);
}

BENCH_TEST(admit, nobodys_packets)
{
	/* Of a VLAN that nobody has; the port bears them. */
	uint64_t before = weir_worker_port_cycles(gateway->workers[0], gateway_port(gateway, "p1")->port->index);

	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t k = 0; k < WEIR_BURST; k++)
			inject(1, tagged(plain(9, 1, 0x88b5), 77));
		blue.pps = 2 * MPPS;
		run(US);
	}
	finish();
	expect_unhurt(&blue);
	cr_assert_gt(weir_worker_port_cycles(gateway->workers[0], gateway_port(gateway, "p1")->port->index), before);
}

BENCH_TEST(admit, nobody_is_dropped_while_it_keeps_up)
{
	/* Nine tenths of the worker are one tenant's. */
	red.pps = 8 * MPPS;
	blue.pps = MPPS;
	run(20 * MS);
	finish();
	expect_unhurt(&blue);
	expect_unhurt(&red);
}

BENCH_TEST(admit, batches_are_not_pressure)
{
	for (uint32_t i = 0; i < 200; i++) {
		for (uint32_t k = 0; k < 3 * WEIR_BURST; k++) {
			red.due = SECOND;
			arrive(&red);
		}
		run(40 * US);
	}
	finish();
	expect_unhurt(&red);
	cr_assert_eq(pressed(), 0);
}

BENCH_TEST(admit, one_who_is_alone_has_the_worker)
{
	red.pps = 15 * MPPS;
	run(10 * MS);
	finish();
	/* What does not fit the worker is lost before it. */
	cr_assert_eq(shed(&red), 0);
	cr_assert_gt(red.got, 10 * 9900);
}

/* Rounds that take longer than a bucket holds: what they took has accrued when the next burst asks. */
BENCH_TEST(admit, one_who_is_alone_in_long_rounds)
{
	slow = 5000;
	count_queues(2);
	for (uint32_t i = 0; i < 40; i++) {
		while (waiting(1) < 3 * WEIR_BURST) {
			red.next++;
			inject(1, udp(1, "10.0.0.1", "10.0.0.2", (uint16_t)red.next, 7));
			inject(2, udp(9, "10.0.0.2", "10.0.0.1", (uint16_t)red.next, 7));
		}
		run(US);
	}
	cr_assert_gt(pressed(), 20);
	cr_assert_eq(drops().reasons[WEIR_DROP_CPU_SHARE].packets, 0);
	while (waiting(1) + waiting(2) > 0)
		run(US);
	finish();
}

/* What a round takes to send is all its packets', and not the next burst's, which may be one packet of another. */
BENCH_TEST(admit, who_sends_little_pays_for_little)
{
	enum { ROUNDS = 4000 };
	uint64_t reds = cycles_of(&red), blues = cycles_of(&blue);

	send_cost = SEND;
	count_queues(2);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, udp(1, "10.0.0.1", "10.0.0.2", 1, 7));
		for (uint32_t k = 0; k < WEIR_BURST; k++) {
			struct frame frame = udp(9, "10.0.0.2", "10.0.0.1", (uint16_t)(1 + k % 8), 7);

			inject(2, tagged(to(frame, mac(1)), 20));
		}
		run(1);
		discard();
	}
	finish();
	reds = cycles_of(&red) - reds;
	blues = cycles_of(&blue) - blues;
	cr_assert_geq(blues, (uint64_t)ROUNDS * WEIR_BURST * (PACKET + KNOWN + SEND) * 95 / 100);
	cr_assert_leq(reds, blues / WEIR_BURST * 12 / 10, "%lu beside %lu", reds, blues);
	cr_assert_geq(reds, blues / WEIR_BURST * 8 / 10, "%lu beside %lu", reds, blues);
}

/* Copies of a flood that goes on are its tenant's, in whoever's rounds they are made. */
BENCH_TEST(admit, floods_that_go_on)
{
	enum { MEMBERS = 200, FLOODS = 800 };
	static char text[1 << 15];
	size_t at = 0;
	uint64_t reds, blues;

	for (uint32_t i = 0; i < MEMBERS; i++)
		at += (size_t)snprintf(&text[at], sizeof(text) - at, "%s'w%u':{'switch':'web','port':'p2','vlan':%u}",
		    i > 0 ? "," : "", i, 100 + i);
	patch("{'tenants':{'red':{'vports':{%s}}}}", text);
	pass_time(2 * MS);
	discard();
	idle += now - meter(NULL);
	reds = cycles_of(&red);
	blues = cycles_of(&blue);
	blue.pps = MPPS;
	for (uint32_t i = 0; i < FLOODS; i++) {
		inject(1, plain(BROADCAST, 1, 0x88b5));
		run(2 * MEMBERS * WEIR_COPIES_NS);
	}
	finish();
	reds = cycles_of(&red) - reds;
	blues = cycles_of(&blue) - blues;
	cr_assert_geq(reds, FLOODS * MEMBERS * COPY * 7 / 10, "%lu", reds);
	cr_assert_leq(reds, FLOODS * (MEMBERS * COPY + OTHER) * 13 / 10, "%lu", reds);
	/* Of rounds that were looked at: so much is chance. */
	cr_assert_leq(blues, blue.sent * (PACKET + KNOWN) * 12 / 10, "%lu", blues);
}

/* ---- shares ---- */

/* Both flood for so long; what red had of the worker, in thousandths of what both had. */
static uint64_t
contest(uint64_t ns)
{
	uint64_t reds, blues;

	red.fresh = blue.fresh = true;
	red.pps = blue.pps = 4 * MPPS;
	run(2 * MS);
	reds = cycles_of(&red);
	blues = cycles_of(&blue);
	run(ns);
	reds = cycles_of(&red) - reds;
	blues = cycles_of(&blue) - blues;
	/* It is all accounted for. */
	cr_assert_geq(reds + blues, ns - ns / 20);
	cr_assert_leq(reds + blues, ns + ns / 100);
	finish();
	return reds * 1000 / (reds + blues);
}

static void
expect_share(uint64_t share, uint64_t wanted)
{
	cr_assert_geq(share, wanted - 25, "%lu thousandths", share);
	cr_assert_leq(share, wanted + 25, "%lu thousandths", share);
}

BENCH_TEST(admit, even_shares)
{
	expect_share(contest(20 * MS), 500);
}

BENCH_TEST(admit, shares_by_weight)
{
	patch("{'tenants':{'blue':{'weight':3}}}");
	expect_share(contest(20 * MS), 250);
}

BENCH_TEST(admit, a_quota_comes_first)
{
	patch("{'tenants':{'red':{'quota':{'cpu':'70%%'}},'blue':{'weight':1000}}}");
	expect_share(contest(20 * MS), 700);
}

BENCH_TEST(admit, quotas_over_the_whole)
{
	tenant(&red)->quota_cpu = 900;
	tenant(&blue)->quota_cpu = 600;
	expect_share(contest(20 * MS), 600);
}

/* ---- afterwards ---- */

BENCH_TEST(admit, who_stops_is_served_again)
{
	uint64_t before;

	blue.pps = 2 * MPPS;
	red.pps = 15 * MPPS;
	run(5 * MS);
	red.pps = 3 * MPPS;
	run(2 * MS);
	before = shed(&red);
	cr_assert_gt(before, 0);
	forget_counts();
	run(5 * MS);
	cr_assert_eq(shed(&red), before);
	cr_assert_eq(red.lost + blue.lost, 0);
	finish();
	expect_unhurt(&blue);
}

/* It owes what it had: a flood is shed at once when it comes back. */
BENCH_TEST(admit, debts_are_remembered)
{
	uint64_t first, again;

	blue.pps = 2 * MPPS;
	red.fresh = true;
	red.pps = 8 * MPPS;
	run(100 * US);
	first = red.got;
	run(5 * MS);
	red.pps = 0;
	run(50 * US);
	forget_counts();
	red.pps = 8 * MPPS;
	run(100 * US);
	again = red.got;
	cr_assert_lt(again, first * 3 / 4, "%lu, %lu at first", again, first);
	finish();
	expect_unhurt(&blue);
}

/* ---- accounts ---- */

BENCH_TEST(admit, sampled_rounds_stand_for_all)
{
	uint64_t reds = cycles_of(&red), blues = cycles_of(&blue);

	red.pps = 3 * MPPS;
	blue.pps = MPPS;
	run(100 * MS);
	reds = cycles_of(&red) - reds;
	blues = cycles_of(&blue) - blues;
	cr_assert_eq(pressed(), 0);
	/* A packet of theirs takes 100. */
	cr_assert_geq(reds, 27 * MS, "%lu", reds);
	cr_assert_leq(reds, 37 * MS, "%lu", reds);
	cr_assert_geq(blues, 9 * MS, "%lu", blues);
	cr_assert_leq(blues, 13 * MS, "%lu", blues);
	finish();
}
