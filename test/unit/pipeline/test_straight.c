/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of known flows that look like any other, but cannot go straight; one by one, among others that do. */
#include <string.h>

#include "bench.h"

#define OUTER 50 /* bytes in front of a frame in an untagged IPv4 tunnel */
#define ROUNDS 3 /* the first one makes the flow, the second one lists its path */

/* mac(1) at a, mac(2) at b, mac(3) at c on the small port, mac(4) behind 192.0.2.2. */
static void
setup(void)
{
	bench_start(1);
	load_three(2);
	inject(0, to(vxlan(plain(BROADCAST, 4, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	discard();
}

TestSuite(straight, .init = setup);

/* From mac(1) at a; of one length or another it is of one flow. */
static struct frame
frame_to(uint8_t n, uint32_t len)
{
	return sized(plain(n, 1, 0x88b5), len);
}

static uint32_t
remote(void)
{
	return remote_id("red", "web", "192.0.2.2");
}

static void
expect_tunnelled(struct frame inner)
{
	struct frame got;

	cr_assert(sent(0, &got), "nothing left by the uplink");
	cr_assert_eq(got.len, OUTER + inner.len);
	cr_assert_arr_eq(got.b + OUTER, inner.b, inner.len);
}

static void
expect_silence(void)
{
	for (uint32_t p = 0; p < BENCH_PORTS; p++)
		cr_assert_eq(n_sent(p), 0, "port %u", p);
}

/* A flow whose path counts already. */
static void
make_known(uint8_t n)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, frame_to(n, 100));
		poll_all();
	}
	discard();
}

/* ---- to vports ---- */

/* Each by its own port, and by what that one takes. */
BENCH_TEST(straight, ports_in_turns)
{
	patch("{'ports':{'p3':{'mtu':1300}}}");
	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, frame_to(2, 1514));
		inject(1, frame_to(3, 1314));
		inject(1, frame_to(3, 1315));
		inject(1, frame_to(2, 1400));
		poll_all();
		expect(2, frame_to(2, 1514));
		expect(2, frame_to(2, 1400));
		expect(3, frame_to(3, 1314));
		expect_silence();
	}
	expect_drops(vport_id("red", "c"), WEIR_DROP_MTU, ROUNDS, ROUNDS);
}

BENCH_TEST(straight, a_port_that_is_down)
{
	struct live_port *p3 = gateway_port(gateway, "p3");
	struct weir_err err = {0};

	cr_assert_eq(port_take_down(gateway, p3, "unplugged", &err), 0, "%s", err.msg);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, frame_to(2, 100));
		inject(1, frame_to(3, 100));
		inject(1, frame_to(2, 100));
		poll_all();
		expect(2, frame_to(2, 100));
		expect(2, frame_to(2, 100));
		expect_silence();
	}
	expect_drops(vport_id("red", "c"), WEIR_DROP_PORT_DOWN, ROUNDS, ROUNDS);
	cr_assert_eq(port_bring_up(gateway, p3, &err), 0, "%s", err.msg);
	make_known(3);
	inject(1, frame_to(3, 100));
	poll_all();
	expect(3, frame_to(3, 100));
}

/* More in a round than a buffer holds, and than the driver takes: each is counted where it was to go. */
BENCH_TEST(straight, a_buffer_that_is_full)
{
	uint32_t c = vport_id("red", "c"), n = 16 + 32 + 32; /* 64 are full, amid the third burst */
	struct frame frame = plain(3, 5, 0x88b5);
	uint64_t before = tally(c).sum.tx_packets;

	for (uint32_t i = 0; i < 32; i++) {
		if (i < 16)
			inject(0, to(vxlan(frame, 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
		inject(1, plain(3, 1, 0x88b5));
		inject(2, plain(3, 2, 0x88b5));
	}
	poll_all();
	expect_drops(c, WEIR_DROP_TX_FULL, n - BENCH_SMALL_ROOM, n - BENCH_SMALL_ROOM);
	cr_assert_eq(tally(c).sum.tx_packets - before, BENCH_SMALL_ROOM);
	cr_assert_eq(n_sent(BENCH_SMALL), BENCH_SMALL_ROOM);
	cr_assert_eq(drops().reasons[WEIR_DROP_TX_FULL].packets, n - BENCH_SMALL_ROOM);
}

/* ---- to remotes ---- */

BENCH_TEST(straight, the_mtu_of_a_tunnel)
{
	const uint32_t largest = 1500 - (OUTER - 14);

	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, frame_to(4, largest));
		inject(1, frame_to(4, largest + 1));
		inject(1, frame_to(4, 100));
		poll_all();
		expect_tunnelled(frame_to(4, largest));
		expect_tunnelled(frame_to(4, 100));
		expect_silence();
	}
	expect_drops(remote(), WEIR_DROP_MTU, ROUNDS, ROUNDS);
}

/* Without room for the outer headers it does not leave, least of all without them. */
BENCH_TEST(straight, no_room_for_outer_headers)
{
	make_known(4);
	for (uint16_t headroom = OUTER - 2; headroom <= OUTER + 1; headroom++) {
		inject_with_headroom(1, frame_to(4, 100), headroom);
		poll_all();
		if (headroom >= OUTER)
			expect_tunnelled(frame_to(4, 100));
		expect_silence();
	}
	expect_drops(remote(), WEIR_DROP_NO_MBUF, 2, 2);
}

/* Packets waited for its neighbour, who did not answer: none waits now. */
BENCH_TEST(straight, a_neighbour_that_is_silent)
{
	uint32_t silent;

	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.2','192.0.2.3','192.0.2.9']}}}}}");
	inject(0, to(vxlan(plain(BROADCAST, 6, 0x88b5), 5001, PEER, "192.0.2.9", "192.0.2.1"), UNDERLAY_MAC));
	for (uint32_t i = 0; i < 50; i++)
		pass_time(100 * MS);
	discard();
	silent = remote_id("red", "web", "192.0.2.9");
	for (uint32_t i = 0; i < ROUNDS; i++) {
		inject(1, frame_to(6, 100));
		inject(1, frame_to(4, 100));
		poll_all();
		expect_tunnelled(frame_to(4, 100));
		expect_silence();
	}
	expect_drops(silent, WEIR_DROP_NEIGH_UNRESOLVED, ROUNDS, ROUNDS);
}

/* Between the end of an uplink and the news of it. */
BENCH_TEST(straight, an_uplink_that_is_gone)
{
	struct weir_port **at = &gateway->vnet->ports[gateway_port(gateway, "p0")->port->index], *port = *at;

	make_known(4);
	*at = NULL;
	inject(1, frame_to(4, 100));
	poll_all();
	*at = port;
	expect_silence();
	expect_drops(remote(), WEIR_DROP_PORT_DOWN, 1, 1);
}
