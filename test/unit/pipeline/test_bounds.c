/* SPDX-License-Identifier: BSD-3-Clause */
/* What one tenant, or one who pings, may make a worker or maintenance do. */
#include <stdarg.h>

#include "bench.h"

static void
setup(void)
{
	bench_start(1);
	load_both();
	pass_time(2 * MS);
	discard();
}

TestSuite(bounds, .init = setup);

/* n broadcast frames by vport a of red (three others on the switch) or blue (one). */
static void
broadcast(uint32_t n, bool red)
{
	while (n > 0) {
		uint32_t some = n < WEIR_BURST ? n : WEIR_BURST;

		for (uint32_t i = 0; i < some; i++)
			inject(1, red ? plain(BROADCAST, 1, 0x88b5) : tagged(plain(BROADCAST, 1, 0x88b5), 20));
		while (waiting(1) > 0)
			poll_all();
		discard();
		n -= some;
	}
}

BENCH_TEST(bounds, copies_of_a_tenant)
{
	/* Members of the switch count, the sender too: a, b and two remotes. */
	const uint32_t floods = WEIR_COPIES_BURST / 4;
	uint32_t red = vport_id("red", "a"), blue = vport_id("blue", "a");

	broadcast(floods, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 0, 0);
	broadcast(3, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 3, 3);
	/* Another tenant's are its own, and after a while there are new ones. */
	broadcast(1, false);
	expect_drops(blue, WEIR_DROP_FLOOD_LIMIT, 0, 0);
	now += 4 * WEIR_COPIES_NS;
	broadcast(1, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 3, 3);
	broadcast(1, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 4, 4);
}

/* ---- switches of more members than that ---- */

static char text[1 << 19];

static uint32_t append(uint32_t at, const char *fmt, ...) WEIR_PRINTF(2, 3);

static uint32_t
append(uint32_t at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	at += (uint32_t)vsnprintf(text + at, sizeof(text) - at, fmt, args);
	va_end(args);
	return at;
}

/* Red has so many members on its switch: vports on VLANs of p2, then a, and a remote or none. */
#define MEMBERS 2000u
static void
load_wide(bool with_remote)
{
	uint32_t at = append(0, "{" PORTS_TEXT "'tenants':{'red':{'switches':{'web':{'vni':5001,'remotes':[%s]}},",
	    with_remote ? "'192.0.2.2'" : "");

	at = append(at, "'vports':{'a':{'switch':'web','port':'p1'}");
	for (uint32_t i = 1; i < MEMBERS - with_remote; i++)
		at = append(at, ",'%u':{'switch':'web','port':'p2','vlan':%u}", i, i);
	(void)append(at, "}}}}");
	load(text);
	pass_time(2 * MS);
	discard();
}

/* Which of them p2 has sent a frame to by now, beyond those it had; how many of those twice. */
static uint32_t
served(uint8_t times[], uint32_t *twice)
{
	struct frame frame;
	uint32_t n = 0;

	while (sent(2, &frame)) {
		uint32_t vlan = (uint32_t)(frame.b[14] & 0xf) << 8 | frame.b[15];

		n++;
		*twice += times[vlan]++ > 0;
	}
	return n;
}

BENCH_TEST(bounds, a_very_wide_switch)
{
	uint8_t times[MEMBERS] = {0};
	uint32_t n, twice = 0, red;

	load_wide(false);
	red = vport_id("red", "a");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	/* In one go so many; then at a pace, whenever the worker comes. */
	n = served(times, &twice);
	cr_assert_eq(n, WEIR_COPIES_BURST);
	expect_balance(0);
	now += WEIR_COPIES_NS - 1;
	poll_all();
	cr_assert_eq(served(times, &twice), 0);
	now += 1;
	poll_all();
	cr_assert_eq(served(times, &twice), 1);
	now += 49 * WEIR_COPIES_NS;
	poll_all();
	cr_assert_eq(served(times, &twice), 49);
	/* Another has to wait. */
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 1, 1);
	/* Long afterwards no more in one go than at first. */
	now += SECOND;
	poll_all();
	cr_assert_eq(served(times, &twice), WEIR_COPIES_BURST);
	for (n += 50 + WEIR_COPIES_BURST; n < MEMBERS - 1;) {
		uint32_t some;

		poll_all();
		some = served(times, &twice);
		cr_assert_gt(some, 0);
		n += some;
	}
	cr_assert_eq(n, MEMBERS - 1);
	cr_assert_eq(twice, 0);
	poll_all();
	cr_assert_eq(served(times, &twice), 0);
	cr_assert_eq(tally(red).sum.copies, MEMBERS - 2);
	expect_balance(0);
}

/* The next flood has to wait for as long as the copies of the last are worth. */
BENCH_TEST(bounds, a_wide_flood_after_another)
{
	uint32_t red;

	load_wide(true);
	red = vport_id("red", "a");
	broadcast(1, true);
	now += MEMBERS * WEIR_COPIES_NS - 1;
	broadcast(1, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 1, 1);
	while (buffers_used() > 0)
		poll_all(), discard();
	now += 1;
	broadcast(1, true);
	expect_drops(red, WEIR_DROP_FLOOD_LIMIT, 1, 1);
	now += SECOND;
	while (buffers_used() > 0) {
		poll_all();
		discard();
	}
}

/* Who its members are is not the same any more: it ends, and that is said. */
BENCH_TEST(bounds, a_wide_flood_on_a_switch_that_changes)
{
	uint32_t red;

	load_wide(false);
	red = vport_id("red", "a");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), WEIR_COPIES_BURST);
	patch("{'tenants':{'red':{'vports':{'7':null}}}}");
	now += MS;
	poll_all();
	cr_assert_eq(n_sent(2), 0);
	expect_drops(red, WEIR_DROP_RECONFIGURED, 1, 1);
	expect_balance(0);
	cr_assert_eq(buffers_used(), 0);
	/* Nor is it there. */
	now += SECOND;
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), WEIR_COPIES_BURST);
	patch("{'tenants':{'red':null}}");
	now += MS;
	poll_all();
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(buffers_used(), 0);
}

/* So many tenants have their floods go on side by side, and all of them together take no longer than one. */
BENCH_TEST(bounds, wide_floods_of_many)
{
	const uint32_t n = WEIR_FLOODS_MAX + 4;
	uint32_t at = append(0, "{" PORTS_TEXT "'tenants':{"), refused = 0, some;

	for (uint32_t t = 1; t <= n; t++) {
		at = append(at, "%s't%u':{'switches':{'s':{}},'vports':{'a':{'switch':'s','port':'p1','vlan':%u}",
		    t > 1 ? "," : "", t, t);
		for (uint32_t v = 0; v < WEIR_COPIES_BURST + 2; v++) {
			uint32_t vlan = t * (WEIR_COPIES_BURST + 2) + v;

			at = append(at, ",'%u':{'switch':'s','port':'p%u','vlan':%u}", v, 1 + vlan / 4000,
			    1 + vlan % 4000 + (vlan < 4000 ? 94 : 0));
		}
		at = append(at, "}}");
	}
	(void)append(at, "}}");
	load(text);
	pass_time(2 * MS);
	discard();
	for (uint32_t t = 1; t <= n; t++) {
		inject(1, tagged(plain(BROADCAST, 1, 0x88b5), (uint16_t)t));
		poll_one(0);
		discard();
	}
	for (uint32_t t = 1; t <= n; t++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "t%u", t);
		some = (uint32_t)tally(vport_id(name, "a")).reasons[WEIR_DROP_FLOOD_LIMIT].packets;
		cr_assert_eq(some, t > WEIR_FLOODS_MAX, "t%u", t);
		refused += some;
	}
	cr_assert_eq(refused, 4);
	now += SECOND;
	for (uint32_t rounds = 0; buffers_used() > 0; rounds++) {
		cr_assert_lt(rounds, 10);
		poll_one(0);
		cr_assert_leq(n_sent(1) + n_sent(2) + n_sent(3), WEIR_COPIES_BURST + WEIR_FLOODS_MAX);
	}
	expect_balance(0);
}

static struct frame
ping(void)
{
	return to(echo(PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC);
}

/* n pings, with maintenance elsewhere. */
static void
pings(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		inject(0, ping());
		poll_all();
	}
}

BENCH_TEST(bounds, pings_leave_room_for_arp)
{
	uint32_t port = port_iface("p0");

	pings(WEIR_PUNT_ECHO);
	expect_drops(port, WEIR_DROP_PUNT_FULL, 0, 0);
	pings(2);
	expect_drops(port, WEIR_DROP_PUNT_FULL, 2, 2);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	poll_all();
	expect_drops(port, WEIR_DROP_PUNT_FULL, 2, 2);
	expect_balance(WEIR_PUNT_ECHO + 1);
	/* Maintenance takes and answers them all. */
	for (uint32_t i = 0; i < WEIR_PUNT_RING / 32; i++)
		pass_time(MS);
	cr_assert_eq(n_sent(0), WEIR_PUNT_ECHO);
	expect_balance(0);
}
