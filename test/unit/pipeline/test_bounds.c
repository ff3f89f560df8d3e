/* SPDX-License-Identifier: BSD-3-Clause */
/* What one tenant, or one who pings, may make a worker or maintenance do. */
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

/* A switch of more members than that may flood, and waits for as long as its copies are worth. */
#define MEMBERS 2000
BENCH_TEST(bounds, a_very_wide_switch)
{
	static char text[1 << 16];
	uint32_t a, at = (uint32_t)snprintf(text, sizeof(text),
			"{" PORTS_TEXT "'tenants':{'red':{'switches':{'web':{'vni':5001,'remotes':['192.0.2.2'");

	for (uint32_t i = 0; i < 1000; i++)
		at += (uint32_t)snprintf(text + at, sizeof(text) - at, ",'10.1.%u.%u'", i / 250, 1 + i % 250);
	at += (uint32_t)snprintf(text + at, sizeof(text) - at, "]}},'vports':{'a':{'switch':'web','port':'p1'}");
	for (uint32_t i = 1; i < MEMBERS - 1001; i++)
		at += (uint32_t)snprintf(
		    text + at, sizeof(text) - at, ",'%u':{'switch':'web','port':'p1','vlan':%u}", i, i);
	(void)snprintf(text + at, sizeof(text) - at, "}}}}");
	load(text);
	a = vport_id("red", "a");
	broadcast(1, true);
	expect_drops(a, WEIR_DROP_FLOOD_LIMIT, 0, 0);
	now += MEMBERS * WEIR_COPIES_NS - 1;
	broadcast(1, true);
	expect_drops(a, WEIR_DROP_FLOOD_LIMIT, 1, 1);
	now += 1;
	broadcast(1, true);
	expect_drops(a, WEIR_DROP_FLOOD_LIMIT, 1, 1);
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
