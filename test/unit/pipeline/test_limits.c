/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of vports and tenants: who is charged for what, and when nothing is charged. What is over is dropped. */
#include "bench.h"

/* Rates so low that a bucket holds its least burst: two packets, or two of the largest frames. */
#define BURST_PACKETS 2
#define BURST_BYTES (2 * WEIR_FRAME_MAX)

static void
setup(void)
{
	bench_start(1);
	load_three(2);
	patch("{'tenants':{'red':{'excess':'police'}}}");
	inject(0, to(vxlan(plain(BROADCAST, 4, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	discard();
}

TestSuite(limits, .init = setup);

/* n frames from mac 1 at a to mac(dmac); returns how many left by `port`. */
static uint32_t
send(uint32_t n, uint8_t dmac, uint32_t port)
{
	for (uint32_t i = 0; i < n; i++)
		inject(1, plain(dmac, 1, 0x88b5));
	while (waiting(1) > 0)
		poll_all();
	return n_sent(port);
}

static int64_t
tokens_out(const char *vport)
{
	const struct live_tenant *red = gateway_tenant(gateway, "red");

	return red->vport_objects[tenant_find_vport(red, vport)].limit_out->packets.tokens;
}

BENCH_TEST(limits, of_a_vport_for_what_comes_from_it)
{
	uint32_t a = vport_id("red", "a");
	uint64_t accepted = tally(a).sum.accepted;

	patch("{'tenants':{'red':{'vports':{'a':{'limit':'100pps'}}}}}");
	cr_assert_eq(send(5, 2, 2), BURST_PACKETS);
	expect_drops(a, WEIR_DROP_VPORT_LIMIT, 3, 3);
	cr_assert_eq(tally(a).sum.rx_drop_packets, 3);
	cr_assert_eq(tally(a).sum.accepted - accepted, BURST_PACKETS);
	now += 10 * MS;
	cr_assert_eq(send(5, 2, 2), 1);
	/* What goes to it has a bucket of its own. */
	for (uint32_t i = 0; i < 5; i++)
		inject(2, plain(1, 2, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(1), BURST_PACKETS);
	cr_assert_eq(tally(a).sum.tx_drop_packets, 3);
}

BENCH_TEST(limits, of_a_vport_in_bits)
{
	struct frame frame = sized(plain(2, 1, 0x88b5), 1000);

	patch("{'tenants':{'red':{'vports':{'b':{'limit':'8kbps'}}}}}");
	for (uint32_t i = 0; i < 20; i++)
		inject(1, frame);
	poll_all();
	cr_assert_eq(n_sent(2), BURST_BYTES / 1000);
	now += SECOND; /* 1000 bytes; 432 were left */
	cr_assert_eq(send(100, 2, 2), 1432 / 60);
}

BENCH_TEST(limits, of_a_tenant_each_direction_by_itself)
{
	patch("{'tenants':{'red':{'limit':'100pps'}}}");
	cr_assert_eq(send(5, 2, 2), BURST_PACKETS);
	expect_drops(vport_id("red", "b"), WEIR_DROP_TENANT_LIMIT, 3, 3);
	cr_assert_eq(send(5, 3, 3), 0, "one bucket for all its vports");
	cr_assert_eq(send(5, 4, 0), BURST_PACKETS, "another one for its remotes");
	expect_drops(remote_id("red", "web", "192.0.2.2"), WEIR_DROP_TENANT_LIMIT, 3, 3);
}

BENCH_TEST(limits, of_a_tenant_leave_the_others_alone)
{
	patch("{'tenants':{'red':{'limit':'100pps'}}}");
	(void)send(5, 2, 2);
	for (uint32_t i = 0; i < 5; i++)
		inject(1, tagged(plain(2, 1, 0x88b5), 20));
	poll_all();
	cr_assert_eq(n_sent(0), 5);
}

/* Each copy is charged where it leaves. */
BENCH_TEST(limits, of_copies)
{
	patch("{'tenants':{'red':{'limit':'100pps'}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2) + n_sent(3), 2);
	cr_assert_eq(n_sent(0), 2);
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2) + n_sent(3) + n_sent(0), 0);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.3")).reasons[WEIR_DROP_TENANT_LIMIT].packets, 1);
	cr_assert_eq(tally(vport_id("red", "c")).reasons[WEIR_DROP_TENANT_LIMIT].packets, 1);
}

/* A packet that the tenant's limit refuses costs the vport nothing. */
BENCH_TEST(limits, what_the_tenant_refuses_the_vport_gets_back)
{
	int64_t full;

	patch("{'tenants':{'red':{'limit':'100pps','vports':{'b':{'limit':'100pps'}}}}}");
	cr_assert_eq(send(5, 3, 3), BURST_PACKETS);
	full = tokens_out("b");
	cr_assert_eq(send(5, 2, 2), 0);
	expect_drops(vport_id("red", "b"), WEIR_DROP_TENANT_LIMIT, 5, 5);
	cr_assert_eq(tokens_out("b"), full);
}

/* And the other way: what the vport's limit refuses never reaches the tenant's bucket. */
BENCH_TEST(limits, what_the_vport_refuses_the_tenant_keeps)
{
	patch("{'tenants':{'red':{'limit':'200pps','vports':{'b':{'limit':'100pps'}}}}}");
	cr_assert_eq(send(1, 2, 2), 1);
	now += 5 * MS; /* the tenant has two again, the vport one and a half */
	cr_assert_eq(send(5, 2, 2), 1);
	expect_drops(vport_id("red", "b"), WEIR_DROP_VPORT_LIMIT, 4, 4);
	cr_assert_eq(send(5, 3, 3), 1);
}

/* What cannot leave is not charged. */
BENCH_TEST(limits, what_does_not_fit_is_not_charged)
{
	patch("{'tenants':{'red':{'vports':{'b':{'limit':'100pps'}}}}}");
	inject(1, sized(plain(2, 1, 0x88b5), 1600));
	poll_all();
	expect_drops(vport_id("red", "b"), WEIR_DROP_MTU, 1, 1);
	cr_assert_eq(send(5, 2, 2), BURST_PACKETS);
}

/* Over any window: rate x time + burst, whatever is offered. */
BENCH_TEST(limits, over_time)
{
	uint32_t passed = 0;

	patch("{'tenants':{'red':{'limit':'10kpps'}}}");
	for (uint32_t ms = 0; ms < 1000; ms++) {
		passed += send(20, 2, 2);
		now += MS;
	}
	/* A burst of 5 ms is 50 packets. */
	cr_assert_leq(passed, 10000 + 50);
	cr_assert_geq(passed, 10000);
}

BENCH_TEST(limits, taken_away_again)
{
	patch("{'tenants':{'red':{'limit':'100pps','vports':{'a':{'limit':'100pps'}}}}}");
	cr_assert_eq(send(5, 2, 2), BURST_PACKETS);
	patch("{'tenants':{'red':{'limit':null,'vports':{'a':{'limit':null}}}}}");
	cr_assert_eq(send(5, 2, 2), 5);
}
