/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow cache at work: what is cached, for whom, how long it stands, and what happens when there is no room. */
#include <string.h>

#include <rte_ring_elem.h>

#include "bench.h"
#include "weir_pipeline.h"

#define MANY (WEIR_CFG_FLOWS_MIN + 100)

static void
setup(void)
{
	bench_start(1);
	load_both();
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(2, plain(BROADCAST, 9, 0x88b5));
	pass_time(MS);
	/* The two frames have made flows of their own, which have to age. */
	pass_time(40 * SECOND);
	pass_time(40 * SECOND);
	resolve_peers();
	cr_assert_eq(flows_of("red"), 0);
}

TestSuite(cache, .init = setup);

/* Flow n from red's vport a to mac(9) at b. */
static struct frame
flow(uint32_t n)
{
	return udp(1, "10.0.0.1", "10.0.0.2", (uint16_t)(1000 + n), 7);
}

static void
send(struct frame frame)
{
	inject(1, frame);
	poll_all();
}

/* The only flow there is. */
static struct weir_flow
the_flow(const char *tenant)
{
	struct weir_view_flow row;
	uint64_t cursor = 0, time;
	uint32_t n;

	cr_assert_eq(weir_view_flows(gateway, tenant, &cursor, &row, 1, &n, &time), 0);
	cr_assert_eq(n, 1);
	return row.flow;
}

static uint32_t
slots_used(void)
{
	return weir_flows_count(weir_worker_flows(weir_gateway_worker(gateway, 0)));
}

static uint32_t
paths_used(void)
{
	struct weir_worker_stats stats;

	weir_worker_stats(weir_gateway_worker(gateway, 0), &stats);
	return stats.paths;
}

static uint64_t
flows_refused(const char *tenant)
{
	return gateway->vnet->flows_refused[gateway_tenant(gateway, tenant)->tenant->id];
}

/* ---- what a flow counts ---- */

BENCH_TEST(cache, a_flow_counts)
{
	struct frame frame = flow(0);
	uint64_t first = now;
	struct weir_flow got;

	frame.b[14 + 9] = 6; /* TCP */
	frame.b[14 + 20 + 12] = 0x50;
	frame.b[14 + 20 + 13] = 0x02;
	send(frame);
	now += 10;
	frame.b[14 + 20 + 13] = 0x10;
	send(sized(frame, 200));
	got = the_flow("red");
	cr_assert_eq(got.packets, 2);
	cr_assert_eq(got.bytes, frame.len + 200);
	cr_assert_eq(got.first, first);
	cr_assert_eq(got.last, now);
	cr_assert_eq(got.tcp_flags, 0x12);
	cr_assert_eq(got.key.ingress, vport_id("red", "a"));
	cr_assert_eq(n_sent(2), 2);
}

/* The first of a burst makes it, the others find it. */
BENCH_TEST(cache, one_flow_in_one_burst)
{
	for (uint32_t i = 0; i < 10; i++) {
		inject(1, flow(0));
		inject(1, flow(1));
	}
	poll_all();
	cr_assert_eq(slots_used(), 2);
	cr_assert_eq(n_sent(2), 20);
}

BENCH_TEST(cache, arp_and_nd_are_not_cached)
{
	send(to(arp(1, 1, 1, "10.0.0.1", "10.0.0.2"), mac(9)));
	send(nd(1, 135, "fe80::1", "ff02::1:ff00:2", "fe80::2", 1));
	cr_assert_eq(slots_used(), 0);
	cr_assert_eq(n_sent(2), 2);
	cr_assert_eq(flows_refused("red"), 0);
}

BENCH_TEST(cache, what_is_dropped_is_not_cached)
{
	send(plain(1, 1, 0x88b5)); /* to itself */
	expect_drops(vport_id("red", "a"), WEIR_DROP_SAME_PORT, 1, 1);
	cr_assert_eq(slots_used(), 0);
}

/* ---- room ---- */

BENCH_TEST(cache, a_tenants_quota)
{
	patch("{'tenants':{'red':{'quota':{'flows':3}}}}");
	for (uint32_t i = 0; i < 5; i++)
		inject(1, flow(i));
	inject(1, tagged(flow(0), 20));
	poll_all();
	cr_assert_eq(n_sent(2), 5, "what is not cached is forwarded");
	cr_assert_eq(flows_of("red"), 3);
	cr_assert_eq(flows_refused("red"), 2);
	cr_assert_eq(flows_of("blue"), 1);
	cr_assert_eq(slots_used(), 4);
	/* The ones that have a slot keep it; a larger quota takes effect at once. */
	send(flow(0));
	cr_assert_eq(flows_refused("red"), 2);
	patch("{'tenants':{'red':{'quota':{'flows':4}}}}");
	send(flow(3));
	cr_assert_eq(flows_of("red"), 4);
	send(flow(4));
	cr_assert_eq(flows_refused("red"), 3);
	/* What was refused holds on to nothing. */
	pass_time(40 * SECOND);
	pass_time(40 * SECOND);
	cr_assert_eq(paths_used(), 0);
}

BENCH_TEST(cache, quota_comes_back_with_age)
{
	patch("{'tenants':{'red':{'quota':{'flows':2}}},'settings':{'flow_idle':'10s'}}");
	send(flow(0));
	send(flow(1));
	pass_time(8 * SECOND);
	send(flow(1));
	pass_time(8 * SECOND);
	cr_assert_eq(flows_of("red"), 1, "flow 0 was idle for 16 s");
	send(flow(2));
	cr_assert_eq(flows_of("red"), 2);
	cr_assert_eq(flows_refused("red"), 0);
}

BENCH_TEST(cache, a_full_table)
{
	/* The rest is for others. */
	const uint32_t red = WEIR_CFG_FLOWS_MIN - WEIR_FLOWS_RESERVE(WEIR_CFG_FLOWS_MIN);

	bench_close();
	bench_open(1, NULL);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "}}");
	cr_assert_eq(weir_flows_capacity(weir_worker_flows(weir_gateway_worker(gateway, 0))), 4096);
	bench_close();
	bench_open(1, NULL);
	load("{'ports':{'p1':{'device':'net_ring_p1'},'p2':{'device':'net_ring_p2'}},'settings':{'flows':1024},"
	     "'tenants':{'red':{'switches':{'web':{}},'vports':{'a':{'switch':'web','port':'p1'},"
	     "'b':{'switch':'web','port':'p2'}}}}}");
	for (uint32_t i = 0; i < MANY; i++) {
		now += MS;
		send(flow(i));
		cr_assert_eq(n_sent(2), 1, "flow %u", i);
	}
	cr_assert_eq(slots_used(), red);
	cr_assert_eq(flows_of("red"), red);
	cr_assert_eq(flows_refused("red"), MANY - red);
	pass_time(40 * SECOND);
	cr_assert_eq(flows_of("red"), 0);
	send(flow(MANY));
	cr_assert_eq(flows_of("red"), 1);
}

/* Who holds few has slots in a table that others would fill, no more. */
BENCH_TEST(cache, a_tenant_has_a_floor)
{
	const uint32_t capacity = weir_flows_capacity(weir_worker_flows(weir_gateway_worker(gateway, 0)));

	patch("{'tenants':{'blue':{'vports':{'b':{'switch':'web','port':'p2','vlan':20}}}}}");
	for (uint32_t i = 0; i < capacity; i++) {
		now += MS;
		send(flow(i));
		discard();
	}
	cr_assert_eq(flows_of("red"), capacity - WEIR_FLOWS_RESERVE(capacity));
	for (uint32_t i = 0; i < WEIR_FLOWS_FLOOR + 10; i++) {
		now += MS; /* floods take their time */
		send(tagged(flow(i), 20));
		cr_assert_eq(n_sent(0) + n_sent(2), 2, "flooded, or forwarded");
	}
	cr_assert_eq(flows_of("blue"), WEIR_FLOWS_FLOOR);
	cr_assert_eq(flows_refused("blue"), 10);
	/* What ages is given back to who held it. */
	pass_time(40 * SECOND);
	for (uint32_t i = 0; i < WEIR_FLOWS_FLOOR + 10; i++)
		send(tagged(flow(i), 20));
	cr_assert_eq(flows_of("blue"), WEIR_FLOWS_FLOOR + 10);
	pass_time(40 * SECOND);
	for (uint32_t i = 0; i < capacity; i++) {
		now += MS;
		send(flow(i));
		discard();
	}
	for (uint32_t i = 0; i < WEIR_FLOWS_FLOOR + 10; i++)
		send(tagged(flow(i), 20));
	cr_assert_eq(flows_of("blue"), WEIR_FLOWS_FLOOR, "what aged is counted no more");
	discard();
}

/* New flows are limited where the tenant's contract says so; those that are known are not. */
BENCH_TEST(cache, set_ups_are_limited)
{
	uint32_t a = vport_id("red", "a"), burst = 5;

	patch("{'tenants':{'red':{'quota':{'flow_setups':'1kpps'}}}}");
	for (uint32_t i = 0; i < burst + 3; i++)
		send(flow(i));
	expect_drops(a, WEIR_DROP_SETUP_LIMIT, 3, 3);
	cr_assert_eq(n_sent(2), burst);
	for (uint32_t i = 0; i < 100; i++)
		send(flow(i % burst));
	expect_drops(a, WEIR_DROP_SETUP_LIMIT, 3, 3);
	cr_assert_eq(n_sent(2), 100);
	/* Another tenant's are its own. */
	inject(1, tagged(flow(0), 20));
	poll_all();
	expect_drops(vport_id("blue", "a"), WEIR_DROP_SETUP_LIMIT, 0, 0);
	now += MS;
	send(flow(100));
	send(flow(101));
	expect_drops(a, WEIR_DROP_SETUP_LIMIT, 4, 4);
	discard();
}

/* Each pair of MACs is a path of its own, of which there are fewer than flows. */
BENCH_TEST(cache, no_path_left)
{
	const uint32_t n = 2016;
	struct frame frame = flow(0);

	for (uint32_t i = 0; i < n; i++) {
		frame.b[9] = (uint8_t)(i >> 8);
		frame.b[10] = (uint8_t)i;
		frame.b[34 + 1] = (uint8_t)i;
		inject(1, frame);
		if (i % 32 == 31)
			pass_time(2 * MS);
	}
	discard();
	cr_assert_eq(flows_of("red"), n);
	/* Known by now, so that each has its own. */
	for (uint32_t i = 0; i < n; i++) {
		frame.b[9] = (uint8_t)(i >> 8);
		frame.b[10] = (uint8_t)i;
		frame.b[34 + 1] = (uint8_t)i;
		send(frame);
		cr_assert_eq(n_sent(2), 1);
	}
	cr_assert_lt(paths_used(), n);
	cr_assert_lt(flows_of("red"), n);
	cr_assert_eq(flows_of("red"), slots_used());
	cr_assert_geq(flows_refused("red"), n - flows_of("red"));
	pass_time(40 * SECOND);
	pass_time(40 * SECOND);
	cr_assert_eq(paths_used(), 0);
	cr_assert_eq(slots_used(), 0);
}

/* Paths are as scarce as flows, and shared alike: one tenant's many pairs of hosts leave another its flows. */
BENCH_TEST(cache, one_tenants_pairs_leave_another_its_flows)
{
	struct frame frame = flow(0);

	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 1400; i++) {
			frame.b[9] = (uint8_t)(i >> 8);
			frame.b[10] = (uint8_t)i;
			inject(1, frame);
			if (i % 32 == 31)
				pass_time(2 * MS);
		}
	discard();
	cr_assert_gt(flows_refused("red"), 0, "else this shows nothing");
	for (uint32_t i = 0; i < 10; i++)
		inject(1, tagged(plain(250, (uint8_t)(200 + i), 0x88b5), 20));
	poll_all();
	discard();
	cr_assert_eq(flows_refused("blue"), 0);
	/* What is idle leaves its paths at once, not with the next packet. */
	pass_time(40 * SECOND);
	pass_time(40 * SECOND);
	cr_assert_eq(paths_used(), 0);
	cr_assert_eq(slots_used(), 0);
}

/* ---- changes ---- */

BENCH_TEST(cache, a_change_reaches_a_flow_at_its_next_packet)
{
	send(flow(0));
	cr_assert_eq(n_sent(2), 1);
	patch("{'tenants':{'red':{'vports':{'b':{'port':'p3'}}}}}");
	send(flow(0));
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(n_sent(3), 1);
	cr_assert_eq(the_flow("red").packets, 2, "it is the same flow");
	cr_assert_eq(flows_of("red"), 1);
}

BENCH_TEST(cache, a_mac_that_moves_draws_its_flows_along)
{
	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	send(flow(0));
	cr_assert_eq(n_sent(2), 1);
	inject(3, plain(1, 9, 0x88b5));
	pass_time(MS);
	discard();
	send(flow(0));
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(n_sent(3), 1);
}

BENCH_TEST(cache, a_flow_that_is_not_allowed_any_more_is_forgotten)
{
	send(flow(0));
	patch("{'tenants':{'red':{'vports':{'a':{'addresses':['10.0.0.7']}}}}}");
	cr_assert_eq(flows_of("red"), 1);
	send(flow(0));
	expect_drops(vport_id("red", "a"), WEIR_DROP_SPOOFED_IP, 1, 1);
	cr_assert_eq(flows_of("red"), 0);
	cr_assert_eq(slots_used(), 0);
}

/* They share a path, which the first one has composed anew; what holds for it need not hold for the other. */
BENCH_TEST(cache, flows_of_one_path_are_resolved_each_for_itself)
{
	struct frame other = udp(1, "10.0.0.8", "10.0.0.2", 1, 7);

	send(flow(0));
	send(other);
	cr_assert_eq(n_sent(2), 2);
	patch("{'tenants':{'red':{'vports':{'a':{'addresses':['10.0.0.1']}}}}}");
	send(flow(0));
	cr_assert_eq(n_sent(2), 1);
	send(other);
	cr_assert_eq(n_sent(2), 0);
	expect_drops(vport_id("red", "a"), WEIR_DROP_SPOOFED_IP, 1, 1);
	cr_assert_eq(flows_of("red"), 1);
}

/* Another tenant's vport with the id of one that is gone: green's a on red's port. */
static void
give_id_to_green(const char *quota)
{
	uint32_t id = vport_id("red", "a");

	patch("{'tenants':{'red':{'vports':{'a':null}}}}");
	now += 6 * SECOND; /* ids rest */
	pass_time(0);
	patch("{'tenants':{'green':{'quota':{%s},'switches':{'web':{}}}}}", quota);
	patch("{'tenants':{'green':{'vports':{'a':{'switch':'web','port':'p1'},"
	      "'b':{'switch':'web','port':'p3'}}}}}");
	cr_assert_eq(vport_id("green", "a"), id);
	cr_assert_eq(flows_of("red"), 1);
}

BENCH_TEST(cache, an_id_reused_starts_flows_over)
{
	send(flow(0));
	discard();
	give_id_to_green("'flows':1");
	send(flow(0));
	cr_assert_eq(n_sent(3), 1, "flooded on green's switch");
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(the_flow("green").packets, 1);
	cr_assert_eq(flows_of("green"), 1);
	cr_assert_eq(flows_of("red"), 0);
	cr_assert_eq(slots_used(), 1);
}

BENCH_TEST(cache, an_id_reused_by_one_without_room)
{
	send(flow(0));
	discard();
	give_id_to_green("'flows':1");
	send(flow(1));
	cr_assert_eq(flows_of("green"), 1);
	send(flow(0));
	cr_assert_eq(n_sent(3), 2);
	cr_assert_eq(flows_of("green"), 1);
	cr_assert_eq(flows_refused("green"), 1);
	cr_assert_eq(flows_of("red"), 0);
	cr_assert_eq(slots_used(), 1);
}

/* Flows of a tenant that is gone age without touching the quota of whoever has its id now. */
BENCH_TEST(cache, a_tenants_id_reused)
{
	uint32_t id = gateway_tenant(gateway, "red")->tenant->id;

	send(flow(0));
	patch("{'tenants':{'red':null}}");
	patch("{'tenants':{'green':{'switches':{'web':{}},'vports':{'a':{'switch':'web','port':'p2'},"
	      "'b':{'switch':'web','port':'p3'}}}}}");
	cr_assert_eq(gateway_tenant(gateway, "green")->tenant->id, id);
	cr_assert_eq(flows_of("green"), 0);
	pass_time(20 * SECOND);
	inject(2, flow(0));
	poll_all();
	cr_assert_eq(flows_of("green"), 1);
	pass_time(20 * SECOND);
	cr_assert_eq(slots_used(), 1, "red's has aged");
	cr_assert_eq(flows_of("green"), 1);
}

/* ---- learning ---- */

static uint32_t
macs_of(const char *tenant)
{
	return weir_macs_of_tenant(gateway->macs, gateway_tenant(gateway, tenant)->tenant->id);
}

static void
send_from_many(uint32_t n, bool tag)
{
	for (uint32_t i = 0; i < n; i++) {
		struct frame frame = plain(9, 1, 0x88b5);

		frame.b[9] = 1;
		frame.b[10] = (uint8_t)i;
		inject(1, tag ? tagged(frame, 20) : frame);
	}
	while (waiting(1) > 0)
		poll_all();
}

BENCH_TEST(cache, learning_is_shared_out)
{
	uint32_t before = macs_of("red");

	now = (now >> 20 << 20) + MS / 2;
	send_from_many(100, false);
	send_from_many(1, true);
	cr_assert_eq(rte_ring_count(weir_worker_learn_ring(weir_gateway_worker(gateway, 0))), WEIR_LEARN_SHARE + 1,
	    "a tenant that has had its share leaves the others theirs");
	weir_gateway_maintain(gateway, now);
	cr_assert_eq(macs_of("red") - before, WEIR_LEARN_SHARE);
	cr_assert_eq(macs_of("blue"), 1);
	/* What was not said is said again, though its flows are cached: one of them each tick. */
	for (uint32_t tick = 0; tick < 40; tick++) {
		pass_time(2 * MS);
		send_from_many(100, false);
	}
	pass_time(2 * MS);
	cr_assert_eq(macs_of("red") - before, 100);
}

/* A MAC in use does not age, though its flows are cached. */
BENCH_TEST(cache, what_is_used_stays_learned)
{
	patch("{'settings':{'mac_age':'10s'}}");
	pass_time(MS);
	for (uint32_t second = 0; second < 30; second++) {
		send(flow(0));
		pass_time(SECOND);
	}
	cr_assert_eq(the_flow("red").packets, 30);
	cr_assert_neq(weir_vnet_mac(gateway->vnet, gateway_tenant(gateway, "red")->switches[0],
			  &(struct weir_mac){{2, 0, 0, 0, 0, 1}}),
	    WEIR_NONE);
	cr_assert_eq(macs_of("red"), 1, "mac 9 said nothing");
	for (uint32_t second = 0; second < 20; second++)
		pass_time(SECOND);
	cr_assert_eq(macs_of("red"), 0);
}
