/* SPDX-License-Identifier: BSD-3-Clause */
/* Losses that workers tell of: which, how many, as what, and that their count is nobody's business. */
#include "bench.h"

#include <string.h>

static struct weir_view_loss rows[WEIR_LOSSES_KEPT];
static struct weir_view_trace trace;
static struct weir_err err;

static void
setup(void)
{
	bench_start(1);
	load_three(2);
	patch("{'tenants':{'red':{'excess':'police'}}}");
	pass_time(MS);
	discard();
}

TestSuite(losses, .init = setup);

static uint32_t
losses_of(const char *tenant)
{
	uint64_t time;
	uint32_t n;

	pass_time(2 * MS);
	cr_assert_eq(weir_view_losses(gateway, tenant, rows, WEIR_LOSSES_KEPT, &n, &time), 0);
	return n;
}

static void
expect_loss(uint32_t i, enum weir_reason reason, const char *at, const char *packet)
{
	cr_assert_eq(rows[i].reason, reason, "%s", weir_reason_name(rows[i].reason));
	cr_assert_str_eq(rows[i].at, at);
	cr_assert_str_eq(rows[i].packet, packet);
}

BENCH_TEST(losses, on_a_walk)
{
	cr_assert_eq(losses_of("red"), 0);
	inject(1, plain(1, 1, 0x88b5));
	poll_all();
	cr_assert_eq(losses_of("red"), 1);
	expect_loss(
	    0, WEIR_DROP_SAME_PORT, "vport red/a", "eth 0x88b5 smac 02:00:00:00:00:01 dmac 02:00:00:00:00:01");
	cr_assert_eq(rows[0].number, 1);
	cr_assert_eq(rows[0].len, 60);
	cr_assert_eq(weir_view_loss(gateway, "red", 1, rows, &trace, &err), 0);
	cr_assert_eq(trace.reason, WEIR_DROP_SAME_PORT);
	/* What belongs to no tenant is told to none. */
	inject(1, tagged(plain(2, 1, 0x88b5), 77));
	poll_all();
	cr_assert_eq(losses_of("red"), 1);
	cr_assert_eq(losses_of("blue"), 0);
}

BENCH_TEST(losses, one_of_a_tenant_in_a_tick)
{
	for (uint32_t i = 0; i < 20; i++)
		inject(1, plain(1, 1, 0x88b5));
	inject(1, tagged(plain(5, 5, 0x88b5), 20));
	inject(1, tagged(plain(5, 5, 0x88b5), 20));
	poll_all();
	now += 2 * MS;
	inject(1, tagged(plain(5, 5, 0x88b5), 20));
	poll_all();
	cr_assert_eq(losses_of("red"), 1, "a flood is one");
	cr_assert_eq(tally(vport_id("red", "a")).sum.rx_drop_packets, 20);
	for (uint32_t i = 0; i < 30; i++) {
		inject(1, plain(1, 1, 0x88b5));
		poll_all();
		pass_time(2 * MS);
	}
	cr_assert_eq(losses_of("red"), WEIR_LOSSES_SAME);
	cr_assert_eq(rows[0].number, WEIR_LOSSES_SAME, "they do not push each other out at once");
	cr_assert_gt(rows[0].time, rows[1].time);
}

BENCH_TEST(losses, at_the_way_out)
{
	/* Of a limit, with what it came as. */
	patch("{'tenants':{'red':{'vports':{'b':{'limit':'1pps'}}}}}");
	for (uint32_t i = 0; i < 4; i++)
		inject(1, plain(2, 1, 0x88b5));
	poll_all();
	discard();
	cr_assert_eq(losses_of("red"), 1);
	expect_loss(
	    0, WEIR_DROP_VPORT_LIMIT, "vport red/a", "eth 0x88b5 smac 02:00:00:00:00:01 dmac 02:00:00:00:00:02");
	cr_assert_eq(weir_view_loss(gateway, "red", rows[0].number, rows, &trace, &err), 0);
	cr_assert_str_eq(trace.result, "forwarded by vport red/b");
}

BENCH_TEST(losses, of_a_full_driver_without_its_tag)
{
	patch("{'tenants':{'red':{'vports':{'c':{'vlan':30}}}}}");
	inject(3, tagged(plain(BROADCAST, 3, 0x88b5), 30));
	poll_all();
	pass_time(MS);
	discard();
	for (uint32_t i = 0; i < BENCH_SMALL_ROOM + 5; i++)
		inject(1, sized(plain(3, 1, 0x88b5), 200));
	while (waiting(1) > 0)
		poll_all();
	cr_assert_eq(losses_of("red"), 1);
	expect_loss(0, WEIR_DROP_TX_FULL, "out by vport red/c",
	    "eth 0x88b5 smac 02:00:00:00:00:01 dmac 02:00:00:00:00:03 len 200");
	discard();
}

BENCH_TEST(losses, of_a_copy)
{
	/* Flooded to b and c and two remotes; b is too narrow for it. */
	patch("{'ports':{'p2':{'mtu':1000}}}");
	pass_time(2 * MS);
	inject(1, sized(plain(BROADCAST, 1, 0x88b5), 1200));
	poll_all();
	discard();
	cr_assert_eq(losses_of("red"), 1);
	expect_loss(
	    0, WEIR_DROP_MTU, "vport red/a", "eth 0x88b5 smac 02:00:00:00:00:01 dmac ff:ff:ff:ff:ff:ff len 1200");
	cr_assert_eq(weir_view_loss(gateway, "red", rows[0].number, rows, &trace, &err), 0);
	cr_assert_eq(
	    trace.reason, WEIR_DROP_MTU, "the copy that was lost is the one that is looked at: %s", trace.result);
}
