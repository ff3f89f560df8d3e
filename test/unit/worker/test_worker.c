/* SPDX-License-Identifier: BSD-3-Clause */
/* Two workers, stepped one by one. Worker 0 has ports 0 and 2, receive and transmit queues, worker 1 has 1 and 3. */
#include <string.h>

#include <rte_ethdev.h>

#include "bench.h"
#include "weir_pipeline.h"

static void
setup(void)
{
	bench_start(2);
	load_both();
	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	for (uint8_t p = 1; p <= 3; p++)
		inject(p, plain(BROADCAST, p, 0x88b5));
	pass_time(MS);
	pass_time(MS);
	discard();
}

TestSuite(worker, .init = setup);

static struct frame
numbered(uint8_t dmac, uint8_t smac, uint8_t n)
{
	struct frame frame = plain(dmac, smac, 0x88b5);

	frame.b[20] = n;
	return frame;
}

/* ---- hand-off ---- */

BENCH_TEST(worker, hands_over_in_order_and_counted)
{
	uint32_t b = vport_id("red", "b");
	uint64_t before = tally(b).sum.held_in, bytes = tally(b).sum.tx_bytes;

	for (uint8_t i = 0; i < 20; i++)
		inject(1, numbered(2, 1, i));
	poll_one(1);
	cr_assert_eq(n_sent(2), 0);
	expect_balance(20);
	cr_assert_eq(tally(b).sum.held_in - before, 20);
	poll_one(0);
	for (uint8_t i = 0; i < 20; i++)
		expect(2, numbered(2, 1, i));
	expect_balance(0);
	cr_assert_eq(tally(b).sum.tx_bytes - bytes, 20 * 60);
	/* "Left" is the sender's to say. */
	cr_assert_geq(weir_counters_writer(gateway->counters, 1)->held_in, 20);
	cr_assert_geq(weir_counters_writer(gateway->counters, 0)->tx_packets, 20);
}

BENCH_TEST(worker, what_was_handed_over_is_as_it_was)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 5, 6);

	/* Into a tunnel, and from one: through p0, which worker 0 owns. */
	inject(1, to(frame, mac(BROADCAST)));
	poll_all();
	poll_all();
	cr_assert_eq(n_sent(0), 2);
	cr_assert_eq(n_sent(2), 1);
	cr_assert_eq(n_sent(3), 1);
	inject(0, to(vxlan(to(frame, mac(1)), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	expect(1, to(frame, mac(1)));
}

BENCH_TEST(worker, a_full_hand_off_ring)
{
	const uint32_t room = WEIR_HANDOFF_SIZE - 1;
	uint32_t b = vport_id("red", "b");

	for (uint32_t i = 0; i < room + 50; i++) {
		inject(1, numbered(2, 1, (uint8_t)i));
		poll_one(1);
	}
	expect_balance(room);
	expect_drops(b, WEIR_DROP_HANDOFF_FULL, 50, 50);
	for (uint32_t i = 0; i < room; i++) {
		if (i % 32 == 0)
			poll_one(0);
		expect(2, numbered(2, 1, (uint8_t)i));
	}
	expect_balance(0);
}

BENCH_TEST(worker, what_is_handed_over_may_find_the_driver_full)
{
	uint32_t c = vport_id("red", "c");

	for (uint8_t i = 0; i < BENCH_SMALL_ROOM + 3; i++)
		inject(2, numbered(3, 2, i));
	poll_one(0);
	poll_one(1);
	expect_drops(c, WEIR_DROP_TX_FULL, 3, 3);
	for (uint8_t i = 0; i < BENCH_SMALL_ROOM; i++)
		expect(3, numbered(3, 2, i));
}

BENCH_TEST(worker, what_is_handed_over_may_find_the_port_down)
{
	uint16_t ethdev = gateway_port(gateway, "p2")->port->ethdev;

	for (uint8_t i = 0; i < 4; i++)
		inject(1, numbered(2, 1, i));
	poll_one(1);
	cr_assert_eq(rte_eth_dev_set_link_down(ethdev), 0);
	weir_gateway_maintain(gateway, now += SECOND);
	poll_one(0);
	expect_drops(vport_id("red", "b"), WEIR_DROP_PORT_DOWN, 4, 4);
	expect_balance(0);
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(rte_eth_dev_set_link_up(ethdev), 0);
}

/* Its own packets for a port come behind those that it was handed in the round before. */
BENCH_TEST(worker, its_own_and_others_for_one_port)
{
	inject(0, to(vxlan(numbered(2, 9, 1), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	inject(1, numbered(2, 1, 0));
	poll_one(1);
	poll_one(0);
	expect(2, numbered(2, 1, 0));
	expect(2, numbered(2, 9, 1));
}

/* ---- tenants over workers ---- */

BENCH_TEST(worker, a_quota_is_over_all_workers)
{
	uint32_t before = flows_of("red");

	patch("{'tenants':{'red':{'quota':{'flows':%u}}}}", before + 3);
	for (uint16_t i = 0; i < 4; i++) {
		inject(1, to(udp(1, "10.0.0.1", "10.0.0.2", i, 1), mac(2)));
		inject(2, to(udp(2, "10.0.0.1", "10.0.0.2", i, 1), mac(1)));
	}
	poll_all();
	poll_all();
	cr_assert_eq(n_sent(1), 4);
	cr_assert_eq(n_sent(2), 4);
	cr_assert_eq(flows_of("red"), before + 3);
	cr_assert_eq(gateway->vnet->flows_refused[gateway_tenant(gateway, "red")->tenant->id], 5);
}

BENCH_TEST(worker, a_limit_is_over_all_workers)
{
	patch("{'tenants':{'red':{'limit':'100pps','excess':'police'}}}");
	for (uint8_t i = 0; i < 4; i++) {
		inject(1, numbered(2, 1, i));
		inject(2, numbered(1, 2, i));
	}
	poll_all();
	poll_all();
	cr_assert_eq(n_sent(1) + n_sent(2), 2);
}

/* ---- housekeeping ---- */

static uint32_t
slots_used(void)
{
	return weir_flows_count(weir_worker_flows(weir_gateway_worker(gateway, 1)));
}

/* A few slots at a time, and all of them within an eighth of the idle time. */
BENCH_TEST(worker, ages_flows_in_portions)
{
	uint32_t left;

	patch("{'settings':{'flow_idle':'80s'}}");
	for (uint16_t i = 0; i < 1000; i++) {
		inject(1, to(udp(1, "10.0.0.1", "10.0.0.2", i, 1), mac(2)));
		poll_one(1);
		poll_one(0);
		discard();
	}
	left = slots_used();
	cr_assert_geq(left, 1000);
	now += 79 * SECOND;
	poll_one(1);
	cr_assert_geq(slots_used(), 1000);
	now += 2 * SECOND;
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t before = slots_used();

		now += 100 * MS;
		poll_one(1);
		if (i > 0) /* the first portion is of the two seconds before, too */
			cr_assert_leq(before - slots_used(), left / 100 + 2);
	}
	cr_assert_eq(slots_used(), 0);
}

BENCH_TEST(worker, says_what_it_did)
{
	struct weir_worker_stats before, after;

	weir_worker_stats(weir_gateway_worker(gateway, 1), &before);
	for (uint8_t i = 0; i < 3; i++)
		inject(1, numbered(3, 1, i));
	cr_assert_eq(weir_worker_poll(weir_gateway_worker(gateway, 1), now), 3);
	cr_assert_eq(weir_worker_poll(weir_gateway_worker(gateway, 1), now), 0);
	weir_worker_stats(weir_gateway_worker(gateway, 1), &after);
	cr_assert_eq(after.polls - before.polls, 2);
	cr_assert_eq(after.busy_polls - before.busy_polls, 1);
	cr_assert_eq(after.rx_packets - before.rx_packets, 3);
	cr_assert_eq(after.tx_packets - before.tx_packets, 3);
	cr_assert_geq(after.paths, 1);
}

/* ---- what is for weir itself ---- */

static struct frame
question(uint8_t n)
{
	struct frame frame = arp(PEER, 1, PEER, "192.0.2.2", "192.0.2.200");

	frame.b[14 + 27] = n; /* of whom */
	return frame;
}

BENCH_TEST(worker, a_full_punt_ring)
{
	const uint32_t room = WEIR_PUNT_RING - 1;
	uint32_t p0 = port_iface("p0");
	uint64_t dropped = tally(p0).sum.rx_drop_packets, consumed = tally(p0).sum.consumed;

	for (uint32_t i = 0; i < room + 20; i++)
		inject(0, question((uint8_t)(10 + i % 100)));
	while (waiting(0) > 0)
		poll_one(0);
	cr_assert_eq(tally(p0).reasons[WEIR_DROP_PUNT_FULL].packets, 20);
	cr_assert_eq(tally(p0).sum.rx_drop_packets - dropped, 20);
	expect_balance(room);
	for (uint32_t i = 0; i < 20; i++)
		weir_gateway_maintain(gateway, now);
	expect_balance(0);
	cr_assert_eq(tally(p0).sum.consumed - consumed + tally(p0).reasons[WEIR_DROP_NOT_OURS].packets, room);
}
