/* SPDX-License-Identifier: BSD-3-Clause */
/* What a walk notes, in which order, and that one that peeks changes nothing. */
#include <netinet/in.h>
#include <string.h>

#include <rte_tcp.h>

#include "fixture.h"
#include "weir_note.h"

#define MAC_A 1
#define MAC_B 2
#define MAC_R 0x71
#define SECOND WEIR_NS_PER_S

enum { R1 = 5, R1_WEB = 20 };

static struct weir_note notes[64];
static struct weir_note_fw saw[64];
static uint32_t n_notes;
static struct weir_filter filter;
static const uint32_t ids[] = {70, 71, 72, 73};
static struct weir_routes *routes;
static struct weir_hosts *hosts;
static struct weir_prefix own;
static struct weir_iface r1_web;
static const struct weir_iface *r1_ifaces[] = {&r1_web}, *web_routers[] = {&r1_web};
static struct weir_router r1 = {.id = R1, .name = "r1", .n_ifaces = 1, .ifaces = r1_ifaces};
static union {
	struct weir_ways ways;
	uint8_t room[sizeof(struct weir_ways) + 2 * sizeof(struct weir_way)];
} here, connected, via, hole;

static void
take_note(void *arg, const struct weir_note *note)
{
	cr_assert_eq(arg, &walker);
	notes[n_notes] = *note;
	if (note->fw != NULL)
		saw[n_notes] = *note->fw;
	n_notes++;
}

static void
rules(const struct weir_fw_rule list[], uint32_t n)
{
	struct weir_err err;

	weir_fw_free(filter.fw);
	filter = (struct weir_filter){.rules = ids, .fw = weir_fw_create(list, n, &err)};
	cr_assert_not_null(filter.fw);
	vnet->filters[0] = &filter;
	vnet->filter_gen[0]++;
}

static void
set(const char *text, struct weir_ways *ways, enum weir_way_kind kind, const char *hop)
{
	struct weir_prefix prefix;

	cr_assert_eq(weir_prefix_parse(text, &prefix), 0);
	ways->kind = kind;
	ways->n = kind != WEIR_WAY_BLACKHOLE;
	ways->way[0].iface = R1_WEB;
	if (hop != NULL)
		ways->way[0].hop = ip(hop);
	weir_lengths_add(&r1.lengths, &prefix);
	cr_assert_neq(weir_routes_set(routes, R1, &prefix, ways), WEIR_NONE);
}

/* Red's switch has a router on it with one interface, by which it leads back. */
static void
make(void)
{
	static const struct weir_fw_rule list[] = {
	    {.action = WEIR_FW_DENY, .directions = WEIR_FW_IN, .proto = IPPROTO_SCTP},
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .state = true, .proto = WEIR_FW_ANY_PROTO}};

	start();
	routes = weir_routes_create(vnet);
	hosts = weir_hosts_create(vnet);
	r1.tenant = &tenants[RED];
	cr_assert_eq(weir_prefix_parse("10.0.0.1/24", &own), 0);
	r1_web = (struct weir_iface){.id = R1_WEB,
	    .serial = 120,
	    .kind = WEIR_IFACE_ROUTER,
	    .sw = RED_WEB,
	    .vlan = WEIR_NONE,
	    .tenant = &tenants[RED],
	    .router = R1,
	    .mac = mac(MAC_R),
	    .n_prefixes = 1,
	    .prefixes = &own};
	vnet->ifaces[R1_WEB] = &r1_web;
	vnet->routers[R1] = &r1;
	switches[RED_WEB].n_routers = 1;
	switches[RED_WEB].routers = web_routers;
	(void)weir_macs_set_static(macs, &switches[RED_WEB], &r1_web.mac, R1_WEB, 1);
	set("10.0.0.1/32", &here.ways, WEIR_WAY_HERE, NULL);
	set("10.0.0.0/24", &connected.ways, WEIR_WAY_CONNECTED, NULL);
	set("10.1.0.0/16", &via.ways, WEIR_WAY_VIA, "10.0.0.77");
	set("10.2.0.0/16", &hole.ways, WEIR_WAY_BLACKHOLE, NULL);
	(void)learn(A, MAC_A);
	(void)learn(B, MAC_B);
	ifaces[A].filter = 1;
	rules(list, 2);
	walker.now = SECOND;
	walker.note = take_note;
	walker.note_arg = &walker;
	walker.peek = true;
}

static void
unmake(void)
{
	weir_fw_free(filter.fw);
	weir_routes_free(routes);
	weir_hosts_free(hosts);
	finish();
}

TestSuite(notes, .init = make, .fini = unmake);

static enum weir_reason
go(uint32_t in, struct frame frame, uint8_t dmac)
{
	n_notes = 0;
	return pass(in, to(frame, mac(dmac)));
}

/* The notes were of these kinds, and no others. */
static void
expect_notes(const enum weir_note_kind kinds[], uint32_t n)
{
	for (uint32_t i = 0; i < n && i < n_notes; i++)
		cr_assert_eq(notes[i].kind, kinds[i], "note %u is of kind %d", i, (int)notes[i].kind);
	cr_assert_eq(n_notes, n);
}
#define EXPECT(...)                                                                                                  \
	do {                                                                                                         \
		static const enum weir_note_kind kinds[] = {__VA_ARGS__};                                            \
		expect_notes(kinds, WEIR_ARRAY_LEN(kinds));                                                          \
	} while (0)

Test(notes, from_vport_to_vport)
{
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2), MAC_B), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_FIREWALL, WEIR_NOTE_SWITCH,
	    WEIR_NOTE_CONNECT);
	cr_assert_eq(notes[0].iface, &ifaces[A]);
	cr_assert_eq(notes[0].sw, &switches[RED_WEB]);
	cr_assert_not(notes[2].learn);
	cr_assert_eq(saw[3].how, WEIR_FW_BY_RULE);
	cr_assert_eq(saw[3].rule, 1);
	cr_assert_eq(saw[3].direction, WEIR_FW_IN);
	cr_assert_eq(notes[4].iface, &ifaces[B]);
	cr_assert_lt(notes[4].entry, WEIR_MACS_MAX);
	cr_assert_eq(notes[5].iface, &ifaces[A]);
	cr_assert_eq(weir_conns_used(walker.conns), 0, "nothing was opened");
}

Test(notes, what_is_not_known)
{
	cr_assert_eq(go(B, udp(9, "10.0.0.5", "10.0.0.6", 1, 2), 8), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_SWITCH);
	cr_assert(notes[2].learn && notes[2].entry == WEIR_NONE);
	cr_assert_eq(notes[3].entry, WEIR_NONE);
	cr_assert_eq(go(B, plain(BROADCAST, MAC_B, 0x88b5), BROADCAST), WEIR_OK);
	cr_assert_eq(notes[3].entry, WEIR_MAC_GROUP);
}

Test(notes, the_last_one_says_why)
{
	struct frame sctp = udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2);

	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2), MAC_A), WEIR_DROP_SAME_PORT);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_FIREWALL, WEIR_NOTE_SWITCH);
	cr_assert_eq(notes[4].reason, WEIR_DROP_SAME_PORT);
	ifaces[A].has_mac = true;
	ifaces[A].mac = mac(3);
	cr_assert_eq(go(A, sctp, MAC_B), WEIR_DROP_SPOOFED_MAC);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF);
	cr_assert_eq(notes[1].reason, WEIR_DROP_SPOOFED_MAC);
	ifaces[A].has_mac = false;
	cr_assert_eq(go(A, plain(MAC_B, MAC_A, 0x88b5), MAC_B), WEIR_DROP_DENIED);
	cr_assert_eq(saw[3].how, WEIR_FW_BY_KIND);
	cr_assert_eq(notes[3].reason, WEIR_DROP_DENIED);
	cr_assert_eq(go(A, arp(MAC_A, 1, MAC_A, "10.0.0.5", "10.0.0.9"), BROADCAST), WEIR_OK);
	cr_assert_eq(saw[3].how, WEIR_FW_BY_NEED);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_FIREWALL, WEIR_NOTE_LISTEN,
	    WEIR_NOTE_SWITCH);
}

Test(notes, through_a_router)
{
	struct weir_ip neighbour = ip("10.0.0.77");
	struct weir_mac at = mac(MAC_B);

	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.1.0.6", 1, 2), MAC_R), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_SWITCH, WEIR_NOTE_ROUTER,
	    WEIR_NOTE_CHECK, WEIR_NOTE_ROUTE, WEIR_NOTE_NEIGHBOUR);
	cr_assert_eq(notes[4].router, &r1);
	cr_assert_eq(notes[5].ttl, 64);
	cr_assert_eq(notes[6].ways, &via.ways);
	cr_assert_eq(notes[6].way, &via.ways.way[0]);
	cr_assert_eq(notes[6].iface, &r1_web);
	cr_assert_eq(notes[7].host, WEIR_NONE);
	weir_hosts_hear(hosts, &r1_web, &neighbour, &at, true, 1);
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.1.0.6", 1, 2), MAC_R), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_SWITCH, WEIR_NOTE_ROUTER,
	    WEIR_NOTE_CHECK, WEIR_NOTE_ROUTE, WEIR_NOTE_NEIGHBOUR, WEIR_NOTE_SWITCH);
	cr_assert_neq(notes[7].place & WEIR_HOST_KNOWN, 0);
	cr_assert_eq(notes[8].iface, &ifaces[B]);
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.2.0.6", 1, 2), MAC_R), WEIR_DROP_BLACKHOLE);
	cr_assert_eq(notes[6].reason, WEIR_DROP_BLACKHOLE);
	cr_assert_null(notes[6].way);
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.3.0.6", 1, 2), MAC_R), WEIR_DROP_UNROUTED);
	cr_assert_eq(notes[6].route, WEIR_NONE);
	cr_assert_eq(go(B, echo(MAC_B, "10.0.0.6", "10.0.0.1"), MAC_R), WEIR_OK);
	EXPECT(
	    WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_SWITCH, WEIR_NOTE_ROUTER, WEIR_NOTE_HERE);
}

Test(notes, a_connection_and_the_rule_that_would_open_it)
{
	static const struct weir_fw_rule none[] = {
	    {.action = WEIR_FW_DENY, .directions = WEIR_FW_OUT, .proto = WEIR_FW_ANY_PROTO}};

	walker.peek = false;
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2), MAC_B), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_FIREWALL, WEIR_NOTE_SWITCH);
	cr_assert_eq(weir_conns_used(walker.conns), 1);
	walker.peek = true;
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.0.0.5", 2, 1), MAC_A), WEIR_OK);
	EXPECT(WEIR_NOTE_ENTER, WEIR_NOTE_SPOOF, WEIR_NOTE_SOURCE, WEIR_NOTE_SWITCH, WEIR_NOTE_FIREWALL);
	cr_assert(saw[4].how == WEIR_FW_BY_CONNECTION && saw[4].found && saw[4].reply && saw[4].opener == 1);
	cr_assert_eq(saw[4].state, WEIR_CONN_NEW);
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.0.0.5", 2, 1), MAC_A), WEIR_OK);
	cr_assert_eq(saw[4].state, WEIR_CONN_NEW, "the answer did not count");
	rules(none, 1);
	cr_assert_eq(go(B, udp(MAC_B, "10.0.0.6", "10.0.0.5", 2, 1), MAC_A), WEIR_DROP_DENIED);
	cr_assert(saw[4].how == WEIR_FW_BY_RULE && saw[4].found && saw[4].opener == WEIR_NONE && saw[4].rule == 0);
}

Test(notes, a_quota_is_seen_before_it_is_used_up)
{
	tenants[RED].quota_connections = 1;
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2), MAC_B), WEIR_OK);
	walker.peek = false;
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 2), MAC_B), WEIR_OK);
	walker.peek = true;
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 3), MAC_B), WEIR_DROP_CONNECTION_QUOTA);
	cr_assert_eq(notes[3].kind, WEIR_NOTE_FIREWALL);
	cr_assert_eq(notes[3].reason, WEIR_DROP_CONNECTION_QUOTA);
	walker.peek = false;
	cr_assert_eq(go(A, udp(MAC_A, "10.0.0.5", "10.0.0.6", 1, 3), MAC_B), WEIR_DROP_CONNECTION_QUOTA);
	tenants[RED].quota_connections = 100;
}
