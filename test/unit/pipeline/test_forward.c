/* SPDX-License-Identifier: BSD-3-Clause */
/* Where frames go, what is put on them on the way out, and what is counted. */
#include <string.h>

#include <rte_ethdev.h>

#include "bench.h"

#define OUTER 50 /* bytes in front of a frame in an untagged IPv4 tunnel */

static void
setup(void)
{
	bench_start(1);
	load_both();
}

TestSuite(forward, .init = setup);

/* Something from mac(n) by a port, so that its place is known. */
static void
introduce(uint32_t port, struct frame frame)
{
	inject(port, frame);
	pass_time(MS);
	discard();
}

static void
introduce_plain(uint32_t port, uint8_t n)
{
	introduce(port, plain(BROADCAST, n, 0x88b5));
}

static void
expect_tunnelled(const char *remote, uint32_t vni, struct frame inner)
{
	struct weir_ip to_ip = ip(remote);
	struct frame got;

	cr_assert(sent(0, &got), "nothing to %s", remote);
	cr_assert_eq(got.len, OUTER + inner.len);
	cr_assert_arr_eq(got.b + 6, UNDERLAY_MAC.b, 6);
	cr_assert_arr_eq(got.b + 30, to_ip.b + 12, 4);
	cr_assert_eq((uint32_t)(got.b[46] << 16 | got.b[47] << 8 | got.b[48]), vni);
	cr_assert_arr_eq(got.b + OUTER, inner.b, inner.len);
}

static void
expect_nothing(uint32_t port)
{
	struct frame got;

	cr_assert_not(sent(port, &got), "port %u sent %u bytes", port, got.len);
}

/* ---- one way out ---- */

BENCH_TEST(forward, to_the_place_of_its_mac)
{
	struct frame frame = sized(plain(2, 1, 0x88b5), 100);
	struct weir_tally in, out;
	uint32_t a = vport_id("red", "a"), b = vport_id("red", "b");

	introduce_plain(1, 1);
	introduce_plain(2, 2);
	in = tally(a);
	out = tally(b);
	inject(1, frame);
	poll_all();
	expect(2, frame);
	expect_nothing(0);
	expect_nothing(1);
	cr_assert_eq(tally(a).sum.rx_packets - in.sum.rx_packets, 1);
	cr_assert_eq(tally(a).sum.rx_bytes - in.sum.rx_bytes, 100);
	cr_assert_eq(tally(a).sum.accepted - in.sum.accepted, 1);
	cr_assert_eq(tally(a).sum.copies - in.sum.copies, 0);
	cr_assert_eq(tally(b).sum.offered - out.sum.offered, 1);
	cr_assert_eq(tally(b).sum.tx_packets - out.sum.tx_packets, 1);
	cr_assert_eq(tally(b).sum.tx_bytes - out.sum.tx_bytes, 100);
}

BENCH_TEST(forward, to_a_remote)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 1000, 2000);

	introduce(0, to(vxlan(plain(BROADCAST, 9, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	introduce_plain(1, 1);
	inject(1, frame);
	poll_all();
	expect_tunnelled("192.0.2.2", 5001, frame);
	expect_nothing(0);
	expect_nothing(2);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).sum.tx_bytes, frame.len + 60,
	    "the frame itself, and the one that introduced mac 1");
}

/* VID 0 is untagged; a vport's VLAN is taken off and put on. */
BENCH_TEST(forward, vlans_of_vports)
{
	struct frame frame = plain(2, 1, 0x88b5);

	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p1','vlan':30}}}}}");
	introduce_plain(1, 1);
	introduce(1, tagged(plain(BROADCAST, 2, 0x88b5), 30));
	inject(1, frame);
	poll_all();
	expect(1, tagged(frame, 30));
	inject(1, tagged(frame, 0));
	poll_all();
	expect(1, tagged(frame, 30));
	inject(1, tagged(plain(1, 2, 0x88b5), 0x6000 | 30)); /* priority bits do not matter */
	poll_all();
	expect(1, plain(1, 2, 0x88b5));
	expect_nothing(1);
}

/* ---- flooding ---- */

BENCH_TEST(forward, flooding_makes_a_copy_for_each)
{
	struct frame frame = plain(BROADCAST, 1, 0x88b5);
	uint32_t a = vport_id("red", "a");

	inject(1, frame);
	poll_all();
	expect(2, frame);
	expect_tunnelled("192.0.2.2", 5001, frame);
	expect_tunnelled("192.0.2.3", 5001, frame);
	expect_nothing(1);
	expect_nothing(0);
	cr_assert_eq(tally(a).sum.accepted, 1);
	cr_assert_eq(tally(a).sum.copies, 2);
	cr_assert_eq(tally(a).sum.offered, 0);
	cr_assert_eq(tally(vport_id("red", "b")).sum.offered, 1);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).sum.offered, 1);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.3")).sum.tx_packets, 1);
}

/* Each copy has headers of its own in front, whatever the size: small ones are copied, large ones share. */
BENCH_TEST(forward, copies_do_not_touch_each_other)
{
	struct frame frame = sized(udp(1, "10.0.0.1", "10.0.0.2", 1, 2), 1400);

	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p1','vlan':30}}}}}");
	for (uint32_t i = 100; i < frame.len; i++)
		frame.b[i] = (uint8_t)i;
	inject(2, frame);
	poll_all();
	expect(1, frame);
	expect(1, tagged(frame, 30));
	expect_tunnelled("192.0.2.2", 5001, frame);
	expect_tunnelled("192.0.2.3", 5001, frame);
}

BENCH_TEST(forward, split_horizon)
{
	struct frame frame = plain(BROADCAST, 5, 0x88b5);
	uint32_t r = remote_id("red", "web", "192.0.2.2");

	inject(0, to(vxlan(frame, 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	expect(1, frame);
	expect(2, frame);
	expect_nothing(0);
	cr_assert_eq(tally(r).sum.copies, 1);
	/* mac 5 is at that remote now: another one cannot reach it. */
	inject(0, to(vxlan(plain(5, 6, 0x88b5), 5001, PEER3, "192.0.2.3", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	expect_drops(remote_id("red", "web", "192.0.2.3"), WEIR_DROP_SPLIT_HORIZON, 1, 1);
	/* Nor can it reach itself. */
	inject(0, to(vxlan(plain(5, 7, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	expect_drops(r, WEIR_DROP_SAME_PORT, 1, 1);
}

BENCH_TEST(forward, nobody_to_flood_to)
{
	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':null}}}}}");
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	poll_all();
	expect_drops(vport_id("blue", "a"), WEIR_DROP_NO_DESTINATION, 1, 1);
	cr_assert_eq(tally(vport_id("blue", "a")).sum.accepted, 0);
}

/* Without buffers for copies the original still goes where the last one was to go. */
BENCH_TEST(forward, flooding_without_buffers)
{
	static struct rte_mbuf *all[4096];
	uint32_t n = rte_mempool_avail_count(gateway->pool);

	cr_assert_leq(n, WEIR_ARRAY_LEN(all));
	cr_assert_eq(rte_pktmbuf_alloc_bulk(gateway->pool, all, n), 0);
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	expect_drops(vport_id("red", "b"), WEIR_DROP_NO_MBUF, 1, 1);
	expect_drops(remote_id("red", "web", "192.0.2.2"), WEIR_DROP_NO_MBUF, 1, 1);
	expect_tunnelled("192.0.2.3", 5001, plain(BROADCAST, 1, 0x88b5));
	rte_pktmbuf_free_bulk(all, n);
	expect_balance(0);
}

/* ---- tenants ---- */

BENCH_TEST(forward, tenants_with_the_same_addresses)
{
	struct frame frame = plain(2, 1, 0x88b5);

	introduce_plain(1, 1);
	introduce_plain(2, 2);
	inject(1, tagged(frame, 20));
	poll_all();
	expect_tunnelled("192.0.2.2", 5002, frame);
	expect_nothing(0);
	expect_nothing(2);
	/* And the other way: blue's mac 2 does not draw red's frames. */
	introduce(1, tagged(plain(BROADCAST, 2, 0x88b5), 20));
	inject(1, frame);
	poll_all();
	expect(2, frame);
	expect_nothing(1);
}

/* ---- what does not fit ---- */

BENCH_TEST(forward, mtu_of_a_vport)
{
	struct frame frame = sized(plain(2, 1, 0x88b5), 1514);

	introduce_plain(2, 2);
	inject(1, frame);
	poll_all();
	expect(2, frame);
	inject(1, sized(frame, 1515));
	poll_all();
	expect_nothing(2);
	expect_drops(vport_id("red", "b"), WEIR_DROP_MTU, 1, 1);
}

BENCH_TEST(forward, mtu_of_a_tunnel)
{
	struct frame frame = sized(plain(9, 1, 0x88b5), 1500 - 36);

	introduce(0, to(vxlan(plain(BROADCAST, 9, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	inject(1, frame);
	poll_all();
	expect_tunnelled("192.0.2.2", 5001, frame);
	inject(1, sized(frame, frame.len + 1));
	poll_all();
	expect_nothing(0);
	expect_drops(remote_id("red", "web", "192.0.2.2"), WEIR_DROP_MTU, 1, 1);
}

/* A tenant's own tag cannot leave where tags tell vports apart; elsewhere it comes on top of the MTU. */
BENCH_TEST(forward, tags_of_the_tenant)
{
	struct frame frame = tagged(sized(plain(BROADCAST, 5, 0x88b5), 1514), 77);

	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p1','vlan':30}}}}}");
	inject(0, to(vxlan(frame, 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	expect(1, tagged(frame, 30));
	expect_nothing(1);
	expect_nothing(2);
	expect_drops(vport_id("red", "a"), WEIR_DROP_TAGGED_FRAME, 1, 1);
	expect_drops(vport_id("red", "b"), WEIR_DROP_TAGGED_FRAME, 1, 1);
	expect_drops(vport_id("red", "c"), WEIR_DROP_MTU, 0, 0);
}

/* ---- ports that do not take it ---- */

BENCH_TEST(forward, a_port_whose_link_is_down)
{
	uint16_t ethdev = gateway_port(gateway, "p2")->port->ethdev;
	struct frame frame = plain(2, 1, 0x88b5);

	introduce_plain(2, 2);
	cr_assert_eq(rte_eth_dev_set_link_down(ethdev), 0);
	pass_time(300 * MS);
	inject(1, frame);
	poll_all();
	expect_drops(vport_id("red", "b"), WEIR_DROP_PORT_DOWN, 1, 1);
	cr_assert_eq(rte_eth_dev_set_link_up(ethdev), 0);
	pass_time(300 * MS);
	inject(1, frame);
	poll_all();
	expect(2, frame);
}

BENCH_TEST(forward, a_driver_that_is_full)
{
	struct frame frame = plain(2, 1, 0x88b5);
	uint32_t c;

	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	introduce_plain(BENCH_SMALL, 2);
	c = vport_id("red", "c");
	for (uint32_t i = 0; i < BENCH_SMALL_ROOM + 3; i++)
		inject(1, frame);
	poll_all();
	expect_drops(c, WEIR_DROP_TX_FULL, 3, 3);
	cr_assert_eq(tally(c).sum.tx_packets, BENCH_SMALL_ROOM);
	cr_assert_eq(tally(c).sum.offered, BENCH_SMALL_ROOM + 3);
	cr_assert_eq(tally(c).sum.tx_drop_bytes, 3 * 60);
	cr_assert_eq(n_sent(BENCH_SMALL), BENCH_SMALL_ROOM);
}

/* More for one port in a round than its buffer holds: it goes in parts, in order. */
BENCH_TEST(forward, more_than_a_buffer_in_a_round)
{
	struct frame frame = sized(plain(2, 1, 0x88b5), 80);
	uint8_t n = 0;

	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	introduce_plain(2, 2);
	for (uint32_t i = 0; i < 32 + 32 + BENCH_SMALL_ROOM; i++) {
		frame.b[20] = n++;
		if (i < 32)
			inject(0, to(vxlan(frame, 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
		else
			inject(i < 64 ? 1 : BENCH_SMALL, frame);
	}
	poll_all();
	for (uint8_t i = 0; i < n; i++) {
		frame.b[20] = i;
		expect(2, frame);
	}
	expect_nothing(2);
}
