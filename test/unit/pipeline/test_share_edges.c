/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits, at its edges: buffers of frames of several segments, promises in packets, clocks that went half round.
 */
#include "bench.h"

#define HALF_OF_TIME                                                                                                 \
	(UINT64_C(105) * 24 * 3600 * SECOND) /* and a bit: ticks are compared by their signed difference */

/* Red and blue have a on p1 and b on p2, blue's tagged; mac(1) is at a, mac(2) at b. */
static void
learn(void)
{
	for (uint8_t mac = 1; mac <= 2; mac++) {
		inject(mac, plain(BROADCAST, mac, 0x88b5));
		inject(mac, tagged(plain(BROADCAST, mac, 0x88b5), 20));
	}
	pass_time(MS);
	discard();
}

static void
setup(void)
{
	bench_start(1);
	load_both();
	patch("{'tenants':{'blue':{'vports':{'b':{'switch':'web','port':'p2','vlan':20}}}}}");
	learn();
}

TestSuite(share_edges, .init = setup);

static struct frame
red(uint16_t len)
{
	struct frame frame = plain(2, 1, 0x88b5);

	frame.len = len;
	return frame;
}

/* So many frames of red's that its limit does not let pass; the buffers that it keeps. Nothing waits afterwards. */
static uint32_t
hoard(uint32_t n, uint16_t len)
{
	uint32_t before, kept;

	patch("{'tenants':{'red':{'limit':'1pps','queue':'4MB'}}}");
	before = buffers_used();
	for (uint32_t i = 0; i < n; i++) {
		inject(1, red(len));
		poll_all();
		discard();
	}
	kept = buffers_used() - before;
	patch("{'tenants':{'red':{'limit':null}}}");
	for (uint32_t i = 0; i < 200; i++) {
		now += 100 * WEIR_NS_PER_US;
		poll_all();
		discard();
	}
	return kept;
}

BENCH_TEST(share_edges, frames_of_several_segments_take_as_many_buffers)
{
	uint32_t small, large;

	patch("{'ports':{'p1':{'mtu':4000},'p2':{'mtu':4000}}}");
	small = hoard(1000, 60);
	large = hoard(1000, 4000);
	cr_assert(small > 10 && small < 990, "%u", small);
	cr_assert(large <= small + 2 && large + 2 >= small, "%u, %u", small, large);
}

BENCH_TEST(share_edges, a_promise_of_a_packet_keeps_no_more_buffers)
{
	uint32_t without, with;

	patch("{'ports':{'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'},'p2':{'rate':'10Gbps'}}}");
	without = hoard(1000, 60);
	patch("{'tenants':{'red':{'guarantee':'1pps'}}}");
	with = hoard(1000, 60);
	cr_assert(with <= without + 1, "%u, %u", without, with);
}

BENCH_TEST(share_edges, a_wire_that_was_idle_for_long_is_not_busy)
{
	patch("{'ports':{'p2':{'rate':'400Mbps'}}}");
	inject(1, red(60));
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	now += HALF_OF_TIME;
	learn();
	inject(1, red(60));
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	expect_balance(0);
}

/* Red's service seems to be ahead of all others' by nearly all that can be counted. */
BENCH_TEST(share_edges, who_had_nothing_for_long_is_not_ahead)
{
	const struct weir_tenant *tenant = gateway_tenant(gateway, "red")->tenant;
	uint32_t n_red = 0, n = 0;
	struct frame frame;

	patch("{'ports':{'p2':{'rate':'400Mbps'}}}");
	tenant = gateway_tenant(gateway, "red")->tenant;
	cr_assert_gt(tenant->n_shares, 0);
	for (uint32_t s = 0; s < tenant->n_shares; s++)
		tenant->shares[s]->served += UINT64_C(1) << 62;
	for (uint32_t round = 0; round < 1000; round++) {
		for (uint32_t i = 0; i < 2; i++) {
			inject(1, red(226));
			inject(1, tagged(red(222), 20));
		}
		now += 10 * WEIR_NS_PER_US;
		poll_all();
		while (sent(2, &frame)) {
			n++;
			n_red += frame.b[12] != 0x81;
		}
	}
	patch("{'ports':{'p2':{'rate':null}}}");
	poll_all();
	poll_all();
	discard();
	cr_assert(n_red * 100 > n * 45 && n_red * 100 < n * 55, "%u of %u", n_red, n);
}

BENCH_TEST(share_edges, a_policed_promise_after_a_long_time)
{
	uint32_t n_blue = 0;
	struct frame frame;

	patch("{'ports':{'p2':{'rate':'400Mbps'},'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'}},'tenants':{'blue':{'"
	      "excess':'police','guarantee':'200Mbps'}}}");
	now += HALF_OF_TIME;
	learn();
	for (uint32_t round = 0; round < 1000; round++) {
		for (uint32_t i = 0; i < 3; i++)
			inject(1, red(226));
		inject(1, tagged(red(222), 20));
		now += 10 * WEIR_NS_PER_US;
		poll_all();
		while (sent(2, &frame))
			n_blue += frame.b[12] == 0x81;
	}
	patch("{'ports':{'p2':{'rate':null}},'tenants':{'blue':{'guarantee':null}}}");
	poll_all();
	poll_all();
	discard();
	cr_assert_geq(n_blue, 950, "%u", n_blue);
}
