/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: what they say of each element, and that they change nothing. */
#include <errno.h>
#include <netinet/in.h>

#include <rte_ring_elem.h>

#include "eal.h"
#include "gateway.h"
#include "weir_view.h"

static struct weir_gateway *gateway;
static struct weir_view_trace trace;
static struct weir_err err;

/*
 * Red has two switches with a router between them; web1 has its addresses and a firewall, db2 another one. Blue has a
 * switch with as many vports as a trace does not show.
 */
static void
setup(void)
{
	cr_assert_eq(start_eal(false), 0);
	gateway = gateway_make();
	gateway_patch_two_tenants(gateway);
	gateway_patch(gateway,
	    "{\"tenants\":{\"red\":{\"quota\":{\"connections\":100},\"switches\":{\"db\":{}},"
	    "\"vports\":{\"web1\":{\"mac\":\"02:00:00:00:00:11\",\"addresses\":[\"10.0.0.5\",\"2001:db8::5\"],"
	    "\"firewall\":\"edge\"},"
	    "\"db1\":{\"switch\":\"db\",\"port\":\"n0\",\"vlan\":30},"
	    "\"db2\":{\"switch\":\"db\",\"port\":\"n0\",\"vlan\":31,\"firewall\":\"edge\"}},"
	    "\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.1/24\",\"2001:db8::1/64\"]},"
	    "\"db\":{\"addresses\":[\"10.0.1.1/24\"]}},\"routes\":{\"10.9.0.0/16\":{\"blackhole\":true},"
	    "\"10.8.0.0/16\":{\"via\":[\"10.0.1.7\",\"10.0.1.8\"]}}}},"
	    "\"firewalls\":{\"edge\":{\"rules\":[{\"action\":\"reject\",\"proto\":\"tcp\",\"dport\":25},"
	    "{\"action\":\"allow\",\"direction\":\"in\"}]}}}}}");
}

static void
teardown(void)
{
	weir_gateway_free(gateway);
}

TestSuite(trace, .init = setup, .fini = teardown);

static void
run(const char *from, const char *packet)
{
	err = (struct weir_err){0};
	cr_assert_eq(weir_view_trace(gateway, from, packet, NULL, &trace, &err), 0, "%s: %s", packet, err.msg);
	cr_assert_not(trace.cut);
}

static int
refused(const char *from, const char *packet)
{
	err = (struct weir_err){0};
	return weir_view_trace(gateway, from, packet, NULL, &trace, &err);
}

/* Some step of the element says this. */
static void
says(const char *element, const char *what)
{
	for (uint32_t i = 0; i < trace.n; i++)
		if (strcmp(trace.step[i].element, element) == 0 && strstr(trace.step[i].what, what) != NULL)
			return;
	for (uint32_t i = 0; i < trace.n; i++)
		(void)fprintf(stderr, "# %s: %s\n", trace.step[i].element, trace.step[i].what);
	cr_assert_fail("no step '%s: %s'; %s", element, what, trace.result);
}

/* A router's neighbour answered. */
static void
host_is(const char *sw, const char *ip, uint8_t mac)
{
	const struct live_tenant *live = gateway_tenant(gateway, "red");
	struct weir_mac m = {{2, 0, 0, 0, 1, mac}};
	struct weir_ip parsed;
	const struct weir_router *router = live->routers[0].object;

	cr_assert_eq(weir_ip_parse(ip, &parsed), 0);
	for (uint32_t i = 0; i < router->n_ifaces; i++)
		if (strcmp(weir_vnet_switch(gateway->vnet, router->ifaces[i]->sw)->name, sw) == 0)
			weir_hosts_hear(gateway->hosts, router->ifaces[i], &parsed, &m, true, gateway->now);
}

static void
mac_is(uint32_t iface, uint8_t mac)
{
	struct weir_mac m = {{2, 0, 0, 0, 1, mac}};

	cr_assert_eq(
	    weir_macs_learn(gateway->macs, weir_vnet_iface(gateway->vnet, iface), &m, gateway->now), WEIR_LEARNED);
}

/* In order of their names: db1, db2, web1, web2. */
enum { DB1, DB2, WEB1, WEB2 };

/* ---- elements ---- */

Test(trace, from_switch_to_switch)
{
	host_is("db", "10.0.1.9", 9);
	mac_is(gateway_vport(gateway, "red", DB1), 9);
	run("red/web1", "tcp 10.0.0.5:4242 > 10.0.1.9:443 syn");
	cr_assert_str_eq(trace.result, "forwarded by vport red/db1");
	cr_assert_eq(trace.reason, WEIR_OK);
	says("vport red/web1", "enters switch red/web");
	says("vport red/web1", "its sender may be here");
	says("switch red/web", "source MAC 02:00:00:00:00:11 is configured at vport red/web1");
	says("firewall red/edge", "vport red/web1 in: rule 1 (allow in any from any to any)");
	says("router red/r1 interface web", "takes it");
	says("router red/r1", "its TTL of 64 becomes 63");
	says("router red/r1", "route 10.0.1.0/24 is connected, out by router red/r1 interface db");
	says("router red/r1 interface db", "neighbour 10.0.1.9 is at 02:00:00:00:01:09");
	says("switch red/db", "destination MAC 02:00:00:00:01:09 is known at vport red/db1");
	says("vport red/web1", "opens a connection: red has 0 of 100");
	says("router red/r1 interface db", "TTL 63, which was 64");
	says("vport red/db1", "VLAN tag 30 is put on");
	says("vport red/db1", "port n0 is");
	says("vport red/web1", "its limit 1Gbps has 546875 of 546875 bytes now");
	says("vport red/web1", "its limit 2kpps has 10 of 10 packets now");
	says("vport red/db1", "its tenant's limit 5Gbps has");
}

Test(trace, a_flood_says_what_becomes_of_each_copy)
{
	run("red/db1", "arp 10.0.1.9 > 10.0.1.10");
	cr_assert_str_eq(trace.result, "flooded to 1 vport and 0 remotes");
	says("firewall red/edge", "ARP and neighbour discovery always pass");
	run("red/db1", "udp 10.0.1.9:1 > 10.0.1.255:2 dmac ff:ff:ff:ff:ff:ff");
	cr_assert_str_eq(trace.result, "flooded to 0 vports and 0 remotes");
	says("firewall red/edge", "vport red/db2 out: no rule matches: dropped as denied");
	run("red/web2", "eth 0x88b5 dmac 02:00:00:00:09:09");
	cr_assert_str_eq(trace.result, "flooded to 0 vports and 1 remote");
	says("firewall red/edge", "only IP and ARP pass");
	says("remote 192.0.2.2 on red/web", "its neighbour is being asked");
	says("switch red/web", "destination MAC 02:00:00:00:09:09 is not known: flooded");
}

Test(trace, what_routers_answer_and_wait_for)
{
	run("red/web2", "icmp 10.0.0.9 > 10.0.0.1");
	cr_assert_str_eq(trace.result, "answered with an echo reply by router red/r1 interface web");
	says("router red/r1", "10.0.0.1 is its own address, and this is a ping");
	run("red/web2", "udp 10.0.0.9:1 > 10.0.0.1:2");
	cr_assert_eq(trace.reason, WEIR_DROP_TO_ROUTER);
	run("red/web2", "arp 10.0.0.9 > 10.0.0.1");
	cr_assert_str_eq(trace.result, "answered with an ARP reply by router red/r1 interface web");
	says("router red/r1 interface web", "routers here learn that 10.0.0.9 is at 02:00:00:00:00:01");
	run("red/web2", "udp 10.0.0.9:1 > 10.0.1.9:2");
	cr_assert_str_eq(trace.result, "waits for 10.0.1.9 at router red/r1 interface db");
	says("router red/r1 interface db", "neighbour 10.0.1.9 is not known yet");
	cr_assert_eq(weir_hosts_of_tenant(gateway->hosts, gateway_tenant(gateway, "red")->tenant->id), 0);
	run("red/web2", "udp 10.0.0.9:1 > 10.8.1.1:2");
	says("router red/r1", "(of 2 ways this flow's)");
}

Test(trace, why_it_is_lost)
{
	static const struct {
		const char *from, *packet;
		enum weir_reason reason;
		const char *element, *what;
	} cases[] = {
	    {"red/web1", "udp 10.0.0.6:1 > 10.0.1.9:2", WEIR_DROP_SPOOFED_IP, "vport red/web1", "may not be here"},
	    {"red/web1", "udp 10.0.0.5:1 > 10.0.1.9:2 smac 02:00:00:00:00:99", WEIR_DROP_SPOOFED_MAC,
		"vport red/web1", "may not be here"},
	    {"red/web2", "udp 10.0.0.9:1 > 10.0.1.9:2 smac 03:00:00:00:00:99", WEIR_DROP_BAD_SOURCE_MAC,
		"vport red/web2", "may not be here"},
	    {"red/web1", "tcp 10.0.0.5:1 > 10.0.1.9:25 syn", WEIR_DROP_REJECTED, "firewall red/edge",
		"rule 0 (reject both tcp from any to any, dport 25): dropped as rejected"},
	    {"red/web1", "tcp 10.0.0.5:1 > 10.0.1.9:80 ack", WEIR_DROP_NO_CONNECTION, "firewall red/edge",
		"this packet cannot open one: dropped as no_connection"},
	    {"red/web1", "udp 10.0.0.5:0 > 10.0.1.9:0 frag 1480 len 60", WEIR_DROP_NO_FIRST_FRAGMENT,
		"firewall red/edge", "a later fragment"},
	    {"red/web2", "udp 10.0.0.9:1 > 10.9.1.1:2", WEIR_DROP_BLACKHOLE, "router red/r1",
		"route 10.9.0.0/16 is a blackhole"},
	    {"red/web2", "udp 10.0.0.9:1 > 192.0.2.1:2", WEIR_DROP_UNROUTED, "router red/r1",
		"no route to 192.0.2.1"},
	    {"red/web2", "udp 10.0.0.9:1 > 10.0.1.9:2 ttl 1", WEIR_DROP_TTL_EXCEEDED, "router red/r1",
		"its TTL of 1 ends here"},
	    {"red/web2", "udp 10.0.0.1:1 > 10.0.1.9:2", WEIR_DROP_NOT_ROUTABLE, "router red/r1", "such an address"},
	    {"red/web2", "udp 10.0.0.9:1 > 10.0.1.9:2 vlan 7", WEIR_DROP_NOT_ROUTED, "router red/r1 interface web",
		"takes it"},
	    {"red/web2", "eth 0x88cc dmac 01:80:c2:00:00:0e", WEIR_DROP_LINK_LOCAL, "switch red/web", "link_local"},
	    {"remote:192.0.2.2@blue/web", "eth 0x88b5 dmac 02:00:00:00:00:07 len 2000", WEIR_OK, "vport blue/web1",
		"takes frames of up to"},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		run(cases[i].from, cases[i].packet);
		cr_assert_eq(trace.reason, cases[i].reason, "%s: %s", cases[i].packet, trace.result);
		says(cases[i].element, cases[i].what);
	}
}

/* A frame that is too large, to a known place. */
Test(trace, the_mtu_of_the_way_out)
{
	host_is("db", "10.0.1.9", 9);
	mac_is(gateway_vport(gateway, "red", DB1), 9);
	run("red/web2", "udp 10.0.0.9:1 > 10.0.1.9:2 len 9000");
	cr_assert_eq(trace.reason, WEIR_DROP_MTU);
	cr_assert(strncmp(trace.result, "dropped as mtu: larger", 22) == 0, "%s", trace.result);
	says("vport red/db1", "this one has 9000: dropped as mtu");
}

Test(trace, connections_that_stand)
{
	const struct weir_iface *web1 = weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "red", WEB1));
	struct weir_conn_key key = {
	    .zone = web1->serial, .proto = IPPROTO_UDP, .sport = htons(53), .dport = htons(99)};
	enum weir_conn_state state;

	cr_assert_eq(weir_ip_parse("10.0.0.5", &key.src), 0);
	cr_assert_eq(weir_ip_parse("10.0.1.9", &key.dst), 0);
	run("red/db1", "udp 10.0.1.9:99 > 10.0.0.5:53");
	cr_assert_str_eq(trace.result, "waits for 10.0.0.5 at router red/r1 interface web");
	host_is("web", "10.0.0.5", 0);
	gateway_patch(
	    gateway, "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:01:00\":\"web1\"}}}}}}");
	web1 = weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "red", WEB1));
	run("red/db1", "udp 10.0.1.9:99 > 10.0.0.5:53");
	cr_assert_eq(trace.reason, WEIR_DROP_DENIED);
	key.zone = web1->serial;
	cr_assert_eq(
	    weir_conn_open(gateway->conns, &key, 0, false, web1->id, web1->tenant->id, 100, gateway->now, &state),
	    WEIR_CONN_OK);
	run("red/db1", "udp 10.0.1.9:99 > 10.0.0.5:53");
	cr_assert_str_eq(trace.result, "forwarded by vport red/web1");
	says("firewall red/edge", "out: an answer of a connection (new), as opened by rule 1 (allow in any");
	/* A rule that goes takes its connections' packets with it. */
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"firewalls\":{\"edge\":{\"rules\":[]}}}}}");
	run("red/db1", "udp 10.0.1.9:99 > 10.0.0.5:53");
	cr_assert_eq(trace.reason, WEIR_DROP_DENIED);
	says("firewall red/edge", "a connection is known (new), but no rule would open it now; no rule matches");
	cr_assert_eq(weir_conns_of_tenant(gateway->conns, gateway_tenant(gateway, "red")->tenant->id), 1);
}

/* ---- what is asked for ---- */

Test(trace, places_and_macs)
{
	cr_assert_eq(refused("red/web9", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("red", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("remote:192.0.2.9@red/web", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("remote:192.0.2.2@red/none", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("remote:192.0.2.2", "icmp 10.0.0.9 > 10.0.0.1"), -ENOENT);
	cr_assert_eq(refused("red/web2", "icmp 10.0.0.9"), -EINVAL);
	/* On this switch, but where? */
	cr_assert_eq(refused("red/web2", "icmp 10.0.0.9 > 10.0.0.7"), -EINVAL);
	cr_assert_not_null(strstr(err.msg, "give the packet its dmac"));
	host_is("web", "10.0.0.7", 7);
	run("red/web2", "icmp 10.0.0.9 > 10.0.0.7");
	cr_assert_not_null(strstr(trace.packet, "dmac 02:00:00:00:01:07"), "%s", trace.packet);
	cr_assert_eq(refused("blue/web1", "icmp 10.0.0.9 > 10.0.0.7"), -EINVAL);
	mac_is(gateway_vport(gateway, "red", WEB2), 33);
	run("red/web2", "icmp 10.0.0.9 > 224.0.0.5");
	cr_assert_not_null(strstr(trace.packet, "smac 02:00:00:00:01:21 dmac 01:00:5e:00:00:05"), "%s", trace.packet);
	run("remote:192.0.2.2@red/web", "icmpv6 2001:db8::7 > ff02::1");
	cr_assert_not_null(strstr(trace.packet, "dmac 33:33:00:00:00:01"), "%s", trace.packet);
	says("remote 192.0.2.2 on red/web", "enters switch red/web");
}

Test(trace, bytes_instead_of_words)
{
	err = (struct weir_err){0};
	cr_assert_eq(
	    weir_view_trace(gateway, "red/web2", NULL,
		"ffffffffffff 02:00:00:00:00:05 0806 0001080006040001 020000000005 0a000009 000000000000 0a000001",
		&trace, &err),
	    0, "%s", err.msg);
	cr_assert_str_eq(trace.result, "answered with an ARP reply by router red/r1 interface web");
	cr_assert_str_eq(
	    trace.packet, "arp 10.0.0.9 > 10.0.0.1 smac 02:00:00:00:00:05 dmac ff:ff:ff:ff:ff:ff len 42");
	cr_assert_eq(weir_view_trace(gateway, "red/web2", NULL, "ffffff", &trace, &err), 0);
	cr_assert_eq(trace.reason, WEIR_DROP_SHORT_FRAME);
	cr_assert_eq(weir_view_trace(gateway, "red/web2", NULL, "fffff", &trace, &err), -EINVAL);
	cr_assert_eq(weir_view_trace(gateway, "red/web2", NULL, "", &trace, &err), -EINVAL);
}

/* ---- nothing changes ---- */

Test(trace, leaves_no_trace)
{
	const struct weir_tenant *red = gateway_tenant(gateway, "red")->tenant;
	uint32_t macs, hosts, conns;
	struct weir_limit *limit;
	struct weir_count before, after;
	int64_t tokens;
	uint64_t time;

	host_is("db", "10.0.1.9", 9);
	mac_is(gateway_vport(gateway, "red", DB1), 9);
	limit = weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "red", WEB1))->limit_in;
	tokens = limit->bits.tokens;
	macs = weir_macs_used(gateway->macs);
	hosts = weir_hosts_of_tenant(gateway->hosts, red->id);
	conns = weir_conns_used(gateway->conns);
	cr_assert_eq(weir_view_conservation(gateway, NULL, &before, NULL, &time), 0);
	run("red/web1", "tcp 10.0.0.5:4242 > 10.0.1.9:443 syn");
	run("red/web1", "tcp 10.0.0.5:4242 > 10.0.1.9:25 syn");
	run("red/web1", "udp 10.0.0.5:1 > 10.0.1.9:2 frag 0 more len 100");
	run("red/web2", "udp 10.0.0.9:1 > 10.0.1.10:2 smac 02:00:00:00:01:77");
	run("red/web2", "arp 10.0.0.9 > 10.0.0.1 smac 02:00:00:00:01:77");
	/* The second of a connection's packets is as if there had been no first. */
	run("red/web1", "tcp 10.0.0.5:4242 > 10.0.1.9:443 ack");
	cr_assert_eq(trace.reason, WEIR_DROP_NO_CONNECTION);
	run("red/web1", "udp 10.0.0.5:0 > 10.0.1.9:0 frag 1480 len 60");
	cr_assert_eq(trace.reason, WEIR_DROP_NO_FIRST_FRAGMENT);
	weir_gateway_maintain(gateway, gateway->now + 20 * WEIR_NS_PER_MS);
	cr_assert_eq(weir_view_conservation(gateway, NULL, &after, NULL, &time), 0);
	cr_assert_eq(memcmp(&before, &after, sizeof(before)), 0);
	cr_assert_eq(weir_macs_used(gateway->macs), macs);
	cr_assert_eq(weir_hosts_of_tenant(gateway->hosts, red->id), hosts);
	cr_assert_eq(weir_conns_used(gateway->conns), conns);
	cr_assert_eq(limit->bits.tokens, tokens);
}

/* ---- what was lost ---- */

static void
lose(uint32_t in, uint32_t out, enum weir_reason reason, const char *hex)
{
	const struct weir_tenant *red = gateway_tenant(gateway, "red")->tenant;
	const struct weir_iface *i = in != WEIR_NONE ? weir_vnet_iface(gateway->vnet, in) : NULL;
	const struct weir_iface *o = out != WEIR_NONE ? weir_vnet_iface(gateway->vnet, out) : NULL;
	struct weir_loss loss = {.time = gateway->now,
	    .tenant = red->id,
	    .tenant_serial = red->serial,
	    .in = in,
	    .in_serial = i != NULL ? i->serial : 0,
	    .out = out,
	    .out_serial = o != NULL ? o->serial : 0,
	    .reason = (uint16_t)reason};

	for (; hex[0] != '\0'; hex += 2)
		cr_assert_eq(sscanf(hex, "%2hhx", &loss.data[loss.kept++]), 1);
	loss.len = loss.kept;
	cr_assert_eq(
	    rte_ring_sp_enqueue_elem(weir_worker_loss_ring(weir_gateway_worker(gateway, 1)), &loss, sizeof(loss)), 0);
}

#define ARP_FOR_9                                                                                                    \
	"ffffffffffff0200000000050806000108000604000102000000000"                                                    \
	"50a0000090000000000000a000009"

Test(trace, what_was_lost_is_walked_again)
{
	struct weir_view_loss rows[WEIR_LOSSES_KEPT];
	uint32_t web2 = gateway_vport(gateway, "red", WEB2), db1 = gateway_vport(gateway, "red", DB1), count;
	uint64_t time;

	lose(web2, WEIR_NONE, WEIR_DROP_LINK_LOCAL, "0180c200000e02000000000588cc00000000");
	lose(WEIR_NONE, db1, WEIR_DROP_TX_FULL, "0200000000010200000000020800");
	lose(web2, db1, WEIR_DROP_FLOOD_LIMIT, ARP_FOR_9);
	weir_gateway_maintain(gateway, gateway->now + WEIR_NS_PER_MS);
	cr_assert_eq(weir_view_losses(gateway, "red", rows, WEIR_LOSSES_KEPT, &count, &time), 0);
	cr_assert_eq(count, 3);
	cr_assert_eq(rows[0].number, 3);
	cr_assert_eq(rows[0].reason, WEIR_DROP_FLOOD_LIMIT);
	cr_assert_str_eq(rows[0].at, "vport red/web2");
	cr_assert_str_eq(
	    rows[0].packet, "arp 10.0.0.9 > 10.0.0.9 smac 02:00:00:00:00:05 dmac ff:ff:ff:ff:ff:ff len 42");
	cr_assert_str_eq(rows[1].at, "out by vport red/db1");
	cr_assert_str_eq(rows[1].packet, "not readable: smac 02:00:00:00:00:02 dmac 02:00:00:00:00:01 len 14");
	cr_assert_str_eq(rows[2].packet, "eth 0x88cc smac 02:00:00:00:00:05 dmac 01:80:c2:00:00:0e len 18");
	cr_assert_eq(weir_view_loss(gateway, "red", 1, rows, &trace, &err), 0);
	cr_assert_eq(trace.reason, WEIR_DROP_LINK_LOCAL);
	cr_assert_eq(weir_view_loss(gateway, "red", 2, rows, &trace, &err), 0);
	says("vport red/db1", "where it came from is not known");
	err = (struct weir_err){0};
	cr_assert_eq(weir_view_loss(gateway, "red", 4, rows, &trace, &err), -ENOENT);
	cr_assert_eq(weir_view_loss(gateway, "green", 1, rows, &trace, &err), -ENOENT);
	cr_assert_eq(weir_view_losses(gateway, "green", rows, WEIR_LOSSES_KEPT, &count, &time), -ENOENT);
	cr_assert_eq(weir_view_losses(gateway, "blue", rows, WEIR_LOSSES_KEPT, &count, &time), 0);
	cr_assert_eq(count, 0);
	/* Where it was goes. */
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	cr_assert_eq(weir_view_loss(gateway, "red", 1, rows, &trace, &err), 0);
	cr_assert_str_eq(rows[0].at, "what is no more");
	cr_assert_eq(trace.reason, WEIR_DROP_RECONFIGURED);
}
