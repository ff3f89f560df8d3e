/* SPDX-License-Identifier: BSD-3-Clause */
/* Receipts of a gateway whose counters the test fills itself, second by second. */
#include <errno.h>

#include "eal.h"
#include "gateway.h"
#include "weir_view.h"

#define UPLINK_WIRE (100 + 24 + 50) /* bytes of a packet of gateway_forward() there */
#define TAGGED_WIRE (100 + 24 + 4)
#define ROWS 4

static struct weir_gateway *gateway;
static struct weir_view_receipt rows[ROWS];
static uint32_t count;
static uint64_t at;

static void
second(void)
{
	weir_gateway_maintain(gateway, gateway->now + WEIR_NS_PER_S);
}

static void
setup(void)
{
	cr_assert_eq(start_eal(false), 0);
	gateway = gateway_make();
	gateway_patch_two_tenants(gateway);
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	second();
}

static void
teardown(void)
{
	weir_gateway_free(gateway);
}

TestSuite(receipts, .init = setup, .fini = teardown);

/* Of red: n packets from its vport to its remote, m the other way. */
static void
forward(uint32_t n, uint32_t m)
{
	uint32_t vport = gateway_vport(gateway, "red", 0), remote = gateway_remote(gateway, "red");

	while (n-- > 0)
		gateway_forward(gateway, vport, remote);
	while (m-- > 0)
		gateway_forward(gateway, remote, vport);
}

static void
lose(uint32_t iface, enum weir_drop_side side, enum weir_reason reason, uint32_t n)
{
	weir_count_drops(weir_counters_worker(gateway->counters, 0), iface, side, reason, n, 100 * n);
}

static const struct weir_receipt *
last_of(const char *tenant)
{
	static struct weir_view_tenant row;
	struct weir_tally tally;

	cr_assert_eq(weir_view_tenant(gateway, tenant, &row, &tally, &at), 0);
	return &row.receipt;
}

Test(receipts, of_the_last_second)
{
	const struct weir_receipt_way *up, *down;

	forward(50, 20);
	lose(gateway_remote(gateway, "red"), WEIR_DROP_TX, WEIR_DROP_PORT_SHARE, 10);
	lose(gateway_vport(gateway, "red", 0), WEIR_DROP_TX, WEIR_DROP_VPORT_LIMIT, 5);
	second();
	up = &last_of("red")->way[WEIR_TO_UPLINK];
	down = &last_of("red")->way[WEIR_TO_VPORT];
	cr_expect_eq(up->delivered.pps, 50);
	cr_expect_eq(up->demanded.pps, 60);
	cr_expect_eq(up->delivered.bps, 50 * UPLINK_WIRE * 8);
	cr_expect_eq(down->delivered.bps, 20 * TAGGED_WIRE * 8);
	cr_expect_eq(down->demanded.pps, 25);
	cr_expect_eq(last_of("red")->time, gateway->now);
	cr_expect_eq(last_of("blue")->time, 0, "idle");
	second();
	cr_expect_eq(last_of("red")->way[WEIR_TO_UPLINK].demanded.pps, 0, "that was the second before");
}

Test(receipts, what_is_short_has_a_reason)
{
	gateway_patch(
	    gateway, "{\"ports\":{\"n0\":{\"rate\":\"10Gbps\"}},\"tenants\":{\"red\":{\"guarantee\":\"1Mbps\"}}}");
	cr_expect_eq(last_of("red")->promised.bps, 1000000, "idle or not");
	forward(50, 50);
	lose(gateway_remote(gateway, "red"), WEIR_DROP_TX, WEIR_DROP_TX_FULL, 1000);
	lose(gateway_vport(gateway, "red", 0), WEIR_DROP_TX, WEIR_DROP_MTU, 1000);
	second();
	cr_expect_eq(last_of("red")->promised.bps, 1000000);
	cr_expect_eq(last_of("red")->way[WEIR_TO_UPLINK].why, WEIR_WHY_LINK);
	cr_expect_eq(last_of("red")->way[WEIR_TO_VPORT].why, WEIR_WHY_NONE);
	forward(1000, 1000);
	second();
	cr_expect_eq(last_of("red")->way[WEIR_TO_UPLINK].why, WEIR_WHY_NONE);
}

/* Its counters pass to its tenant: nobody sent anything. */
Test(receipts, an_interface_that_goes_is_no_traffic)
{
	gateway_patch(
	    gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"switch\":\"web\",\"port\":\"n0\"}}}}}");
	gateway_forward(gateway, gateway_remote(gateway, "red"), gateway_vport(gateway, "red", 1));
	second();
	cr_expect_eq(last_of("red")->way[WEIR_TO_VPORT].delivered.pps, 1);
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	second();
	cr_expect_eq(last_of("red")->time, 0);
	gateway_forward(gateway, gateway_remote(gateway, "red"), gateway_vport(gateway, "red", 0));
	second();
	cr_expect_eq(last_of("red")->way[WEIR_TO_VPORT].delivered.pps, 1);
}

static uint64_t
page(const char *tenant, uint64_t last, uint64_t cursor)
{
	uint64_t time;

	cr_assert_eq(weir_view_receipts(gateway, tenant, last, &cursor, rows, ROWS, &count, &time), 0);
	cr_assert_eq(time, gateway->now);
	return cursor;
}

Test(receipts, pages)
{
	uint64_t next;

	/* Of ten seconds the fourth is idle. */
	for (uint32_t i = 1; i <= 10; i++) {
		forward(i == 4 ? 0 : i, 0);
		second();
	}
	next = page("red", 0, 0);
	cr_assert_eq(count, 4);
	cr_expect_eq(rows[3].receipt.way[WEIR_TO_UPLINK].delivered.pps, 5, "1 2 3 5");
	next = page("red", 0, next);
	cr_assert_eq(count, 4);
	cr_expect_eq(rows[0].receipt.way[WEIR_TO_UPLINK].delivered.pps, 6);
	cr_expect_eq(page("red", 0, rows[2].cursor), WEIR_VIEW_END, "a row says where it stands");
	cr_assert_eq(count, 3);
	cr_expect_eq(rows[0].receipt.way[WEIR_TO_UPLINK].delivered.pps, 8);
	cr_expect_eq(page("red", 0, next), WEIR_VIEW_END);
	cr_assert_eq(count, 1);
	cr_expect_eq(rows[0].receipt.way[WEIR_TO_UPLINK].delivered.pps, 10);
	cr_expect_eq(page("red", 0, UINT64_MAX - 1), WEIR_VIEW_END);
	cr_expect_eq(count, 0);
}

Test(receipts, of_the_last_seconds)
{
	for (uint32_t i = 1; i <= 10; i++) {
		forward(i, 0);
		second();
	}
	cr_expect_eq(page("red", 2, 0), WEIR_VIEW_END);
	cr_assert_eq(count, 2);
	cr_expect_eq(rows[0].receipt.way[WEIR_TO_UPLINK].delivered.pps, 9);
	(void)page("red", 1000, 0);
	cr_expect_eq(rows[0].receipt.way[WEIR_TO_UPLINK].delivered.pps, 1, "no more than there is");
	cr_expect_eq(page("blue", 0, 0), WEIR_VIEW_END);
	cr_expect_eq(count, 0);
	at = 0;
	cr_expect_eq(weir_view_receipts(gateway, "green", 0, &at, rows, ROWS, &count, &at), -ENOENT);
}

static const char *
format(char name[8], uint32_t tenant)
{
	(void)snprintf(name, 8, "t%u", tenant);
	return name;
}

/* A few tenants at a time, so that nobody waits for long; each once a second. */
Test(receipts, of_many_tenants)
{
	enum { MANY = 300 };
	uint32_t rounds = 0;
	char name[8];

	for (uint32_t i = 0; i < MANY; i++)
		gateway_patch(gateway,
		    "{\"tenants\":{\"t%u\":{\"switches\":{\"s\":{}},\"vports\":{\"a\":{\"switch\":\"s\",\"port\":"
		    "\"n0\","
		    "\"vlan\":%u},\"b\":{\"switch\":\"s\",\"port\":\"n0\",\"vlan\":%u}}}}}",
		    i, 100 + 2 * i, 101 + 2 * i);
	do {
		weir_gateway_maintain(gateway, gateway->now + 20 * WEIR_NS_PER_MS);
	} while (gateway->receipts_tenant != 0);
	for (uint32_t i = 0; i < MANY; i++) {
		(void)format(name, i);
		gateway_forward(gateway, gateway_vport(gateway, name, 0), gateway_vport(gateway, name, 1));
	}
	second();
	cr_expect_eq(last_of("t0")->time, 0, "not before all have theirs");
	for (; gateway->receipts_tenant != 0; rounds++)
		weir_gateway_maintain(gateway, gateway->now + 20 * WEIR_NS_PER_MS);
	cr_expect_geq(rounds, MANY / 64);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_gt(last_of(format(name, i))->way[WEIR_TO_VPORT].delivered.bps, 0);
		cr_assert_geq(last_of(name)->interval, WEIR_NS_PER_S);
	}
	cr_expect_eq(last_of("t0")->time + rounds * 20 * WEIR_NS_PER_MS, last_of("t299")->time);
}
