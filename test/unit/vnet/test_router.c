/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk through routers, and whom a change reaches: red's hosts a and b on "web", d on "db", and a router between
 * them; a second router on "web" leads further.
 */
#include <string.h>

#include "fixture.h"

enum { DB = 10 };
enum { D = 20, R1_WEB, R1_DB, R2_WEB };
enum { R1 = 5, R2 };
#define MAC_A 1
#define MAC_D 4
#define MAC_R1 0x71
#define MAC_R2 0x72

static struct weir_routes *routes;
static struct weir_hosts *hosts;
static struct weir_iface d, r1_web, r1_db, r2_web;
static struct weir_prefix web1, web2, db1;
static const struct weir_iface *db_vports[] = {&d}, *db_routers[] = {&r1_db}, *web_routers[] = {&r1_web, &r2_web};
static const struct weir_iface *r1_ifaces[] = {&r1_web, &r1_db}, *r2_ifaces[] = {&r2_web};
static struct weir_switch db = {
    .id = DB, .name = "db", .n_vports = 1, .vports = db_vports, .n_routers = 1, .routers = db_routers};
static struct weir_router r1 = {.id = R1, .n_ifaces = 2, .ifaces = r1_ifaces},
			  r2 = {.id = R2, .n_ifaces = 1, .ifaces = r2_ifaces};
static union {
	struct weir_ways ways;
	uint8_t room[sizeof(struct weir_ways) + WEIR_WAYS_MAX * sizeof(struct weir_way)];
} here_web, here_db, to_web, to_db, via_r2, via_r1, hole, several;

static struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix p;

	cr_assert_eq(weir_prefix_parse(text, &p), 0);
	return p;
}

static void
make_iface(struct weir_iface *iface, uint32_t id, uint32_t sw, uint32_t router, uint8_t m, struct weir_prefix *own)
{
	*iface = (struct weir_iface){.id = id,
	    .serial = 100 + id,
	    .kind = router == WEIR_NONE ? WEIR_IFACE_VPORT : WEIR_IFACE_ROUTER,
	    .sw = sw,
	    .vlan = WEIR_NONE,
	    .tenant = &tenants[RED],
	    .router = router,
	    .mac = mac(m),
	    .n_prefixes = own != NULL,
	    .prefixes = own};
	vnet->ifaces[id] = iface;
}

static const struct weir_ways *
lead(struct weir_ways *ways, enum weir_way_kind kind, uint32_t iface, const char *hop)
{
	ways->kind = kind;
	ways->n = kind != WEIR_WAY_BLACKHOLE;
	ways->way[0].iface = iface;
	if (hop != NULL)
		ways->way[0].hop = ip(hop);
	return ways;
}

static void
set(struct weir_router *router, const char *text, const struct weir_ways *ways)
{
	struct weir_prefix p = prefix(text);

	weir_lengths_add(&router->lengths, &p);
	cr_assert_neq(weir_routes_set(routes, router->id, &p, ways), WEIR_NONE);
	vnet->tenant_epoch[RED]++;
}

static void
knows(const struct weir_iface *iface, const char *text, uint8_t m)
{
	struct weir_ip host = ip(text);
	struct weir_mac at = mac(m);

	weir_hosts_hear(hosts, iface, &host, &at, true, 1);
}

static void
make(void)
{
	start();
	routes = weir_routes_create(vnet);
	hosts = weir_hosts_create(vnet);
	cr_assert(routes != NULL && hosts != NULL);
	db.tenant = r1.tenant = r2.tenant = &tenants[RED];
	vnet->switches[DB] = &db;
	vnet->routers[R1] = &r1;
	vnet->routers[R2] = &r2;
	switches[RED_WEB].n_routers = 2;
	switches[RED_WEB].routers = web_routers;
	web1 = prefix("10.0.0.1/24");
	web2 = prefix("10.0.0.2/24");
	db1 = prefix("10.0.1.1/24");
	make_iface(&d, D, DB, WEIR_NONE, 0, NULL);
	make_iface(&r1_web, R1_WEB, RED_WEB, R1, MAC_R1, &web1);
	make_iface(&r1_db, R1_DB, DB, R1, MAC_R1, &db1);
	make_iface(&r2_web, R2_WEB, RED_WEB, R2, MAC_R2, &web2);
	(void)weir_macs_set_static(macs, &switches[RED_WEB], &r1_web.mac, R1_WEB, 1);
	(void)weir_macs_set_static(macs, &db, &r1_db.mac, R1_DB, 1);
	(void)weir_macs_set_static(macs, &switches[RED_WEB], &r2_web.mac, R2_WEB, 1);
	set(&r1, "10.0.0.1/32", lead(&here_web.ways, WEIR_WAY_HERE, R1_WEB, NULL));
	set(&r1, "10.0.1.1/32", lead(&here_db.ways, WEIR_WAY_HERE, R1_DB, NULL));
	set(&r1, "10.0.0.0/24", lead(&to_web.ways, WEIR_WAY_CONNECTED, R1_WEB, NULL));
	set(&r1, "10.0.1.0/24", lead(&to_db.ways, WEIR_WAY_CONNECTED, R1_DB, NULL));
	set(&r1, "10.2.0.0/16", lead(&via_r2.ways, WEIR_WAY_VIA, R1_WEB, "10.0.0.2"));
	set(&r2, "10.2.0.0/16", lead(&via_r1.ways, WEIR_WAY_VIA, R2_WEB, "10.0.0.1"));
	(void)learn(A, MAC_A);
	{
		struct weir_mac m = mac(MAC_D);

		cr_assert_eq(weir_macs_learn(macs, &d, &m, 1), WEIR_LEARNED);
	}
	knows(&r1_db, "10.0.1.9", MAC_D);
}

static void
unmake(void)
{
	weir_hosts_free(hosts);
	weir_routes_free(routes);
	finish();
}

TestSuite(router, .init = make, .fini = unmake);

static struct weir_trail trail;

/* UDP from a to this address by r1. */
static enum weir_reason
send(const char *to, uint8_t ttl, struct weir_verdict *verdict)
{
	uint8_t b[60] = {0};
	struct weir_frame frame;
	struct weir_key key;
	struct weir_ip dst = ip(to), src = ip("10.0.0.9");
	struct weir_mac smac = mac(MAC_A);

	memcpy(b, &r1_web.mac, 6);
	memcpy(b + 6, &smac, 6);
	b[12] = 8;
	b[14] = 0x45;
	b[17] = 46;
	b[22] = ttl;
	b[23] = 17;
	memcpy(b + 26, &src.b[12], 4);
	memcpy(b + 30, &dst.b[12], 4);
	b[39] = 26;
	cr_assert_eq(weir_parse_frame(b, sizeof(b), sizeof(b), &key, &frame), WEIR_OK);
	key.ingress = A;
	return weir_resolve(&walker, &ifaces[A], &key, &frame, b, verdict, &trail);
}

static struct weir_verdict
routed(void)
{
	struct weir_verdict verdict;

	cr_assert_eq(send("10.0.1.9", 64, &verdict), WEIR_OK);
	cr_assert_eq(verdict.action, WEIR_FORWARD);
	return verdict;
}

Test(router, to_a_host_behind_it)
{
	struct weir_verdict verdict = routed();
	struct weir_mac dmac = mac(MAC_D);

	cr_assert_eq(verdict.out, &d);
	cr_assert_eq(verdict.hops, 1);
	cr_assert(weir_mac_equal(&verdict.dmac, &dmac));
	cr_assert(weir_mac_equal(&verdict.smac, &r1_db.mac));
	cr_assert_eq(verdict.at, &r1_web);
	cr_assert_eq(verdict.from, &r1_db);
	cr_assert(verdict.cacheable);
	cr_assert_neq(verdict.key.trail, 0);
	cr_assert_eq(trail.passed.n, 3);
	cr_assert_eq(trail.passed.what[0], WEIR_PASSED_IN << WEIR_PASSED_SHIFT | R1_WEB);
	cr_assert_eq(trail.passed.what[1] >> WEIR_PASSED_SHIFT, WEIR_PASSED_ROUTE);
	cr_assert_eq(trail.passed.what[2], WEIR_PASSED_OUT << WEIR_PASSED_SHIFT | R1_DB);
}

Test(router, hops_that_are_left)
{
	struct weir_verdict verdict;

	cr_assert_eq(send("10.0.1.9", 2, &verdict), WEIR_OK);
	cr_assert_eq(send("10.0.1.9", 1, &verdict), WEIR_DROP_TTL_EXCEEDED);
	cr_assert_eq(verdict.at, &r1_web);
	cr_assert_eq(send("10.0.1.9", 0, &verdict), WEIR_DROP_TTL_EXCEEDED);
}

Test(router, one_that_nobody_knows_is_waited_for)
{
	struct weir_ip hop = ip("10.0.1.8");
	struct weir_verdict verdict;

	cr_assert_eq(send("10.0.1.8", 64, &verdict), WEIR_OK);
	cr_assert_eq(verdict.action, WEIR_WAIT);
	cr_assert_eq(verdict.out, &r1_db);
	cr_assert(weir_ip_equal(&verdict.hop, &hop));
	cr_assert_eq(verdict.hops, 0, "it has not left the router");
	knows(&r1_db, "10.0.1.8", 9);
	cr_assert_eq(send("10.0.1.8", 64, &verdict), WEIR_OK);
	cr_assert_eq(verdict.action, WEIR_FLOOD, "the switch does not know that MAC");
	cr_assert_eq(verdict.sw, &db);
}

Test(router, routers_that_send_to_each_other)
{
	struct weir_verdict verdict;

	cr_assert_eq(send("10.2.0.1", 64, &verdict), WEIR_DROP_LOOP);
	cr_assert_eq(send("10.2.0.1", 5, &verdict), WEIR_DROP_TTL_EXCEEDED);
	cr_assert_eq(verdict.hops, 4);
	cr_assert_eq(verdict.at, &r1_web, "the fifth router is the first one again");
}

Test(router, nowhere)
{
	struct weir_verdict verdict;

	cr_assert_eq(send("10.9.0.1", 64, &verdict), WEIR_DROP_UNROUTED);
	set(&r1, "10.9.0.0/16", lead(&hole.ways, WEIR_WAY_BLACKHOLE, 0, NULL));
	cr_assert_eq(send("10.9.0.1", 64, &verdict), WEIR_DROP_BLACKHOLE);
	cr_assert_eq(send("10.0.0.1", 64, &verdict), WEIR_DROP_TO_ROUTER);
	cr_assert_eq(send("10.0.1.1", 64, &verdict), WEIR_DROP_TO_ROUTER);
	cr_assert_eq(send("10.0.1.255", 64, &verdict), WEIR_DROP_NOT_ROUTABLE);
	cr_assert_eq(send("224.0.0.5", 64, &verdict), WEIR_DROP_NOT_ROUTABLE);
	cr_assert_eq(send("127.0.0.1", 64, &verdict), WEIR_DROP_NOT_ROUTABLE);
	cr_assert_eq(send("169.254.0.1", 64, &verdict), WEIR_DROP_NOT_ROUTABLE);
}

Test(router, of_several_ways_each_is_taken)
{
	bool seen[4] = {false};

	several.ways.kind = WEIR_WAY_VIA;
	several.ways.n = 4;
	for (uint32_t i = 0; i < 4; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "10.0.1.%u", 20 + i);
		several.ways.way[i] = (struct weir_way){R1_DB, ip(text)};
	}
	set(&r1, "10.4.0.0/16", &several.ways);
	for (uint32_t k = 0; k < 200; k++) {
		struct weir_verdict verdict, again;
		char to[16];

		(void)snprintf(to, sizeof(to), "10.4.0.%u", k);
		cr_assert_eq(send(to, 64, &verdict), WEIR_OK);
		cr_assert_eq(send(to, 9, &again), WEIR_OK);
		cr_assert(weir_ip_equal(&verdict.hop, &again.hop), "a flow keeps to its way");
		seen[verdict.hop.b[15] - 20] = true;
	}
	cr_assert(seen[0] && seen[1] && seen[2] && seen[3]);
}

/* ---- whom a change reaches ---- */

#define STANDS(verdict, does)                                                                                        \
	do {                                                                                                         \
		vnet->tenant_epoch[RED]++;                                                                           \
		cr_assert_eq(weir_verdict_valid(vnet, &(verdict)), does);                                            \
	} while (0)

Test(router, its_route)
{
	struct weir_verdict verdict = routed();

	STANDS(verdict, true);
	set(&r1, "10.9.0.0/16", lead(&hole.ways, WEIR_WAY_BLACKHOLE, 0, NULL));
	STANDS(verdict, true);
	set(&r1, "10.0.1.128/25", &hole.ways);
	STANDS(verdict, false);
}

Test(router, its_neighbour)
{
	struct weir_verdict verdict = routed();

	knows(&r1_db, "10.0.1.8", 9);
	STANDS(verdict, true);
	knows(&r1_db, "10.0.1.9", MAC_D);
	STANDS(verdict, true);
	knows(&r1_db, "10.0.1.9", 9);
	STANDS(verdict, false);
}

Test(router, its_neighbours_place)
{
	struct weir_verdict verdict = routed();

	(void)learn(B, 9);
	STANDS(verdict, true);
	weir_macs_forget(macs, D);
	STANDS(verdict, false);
}

Test(router, the_elements_themselves)
{
	struct weir_verdict verdict = routed();

	vnet->router_gen[R2]++;
	STANDS(verdict, true);
	vnet->router_gen[R1]++;
	STANDS(verdict, false);
	verdict = routed();
	vnet->switch_gen[DB]++;
	STANDS(verdict, false);
	verdict = routed();
	vnet->switch_gen[RED_WEB]++;
	STANDS(verdict, false);
}
