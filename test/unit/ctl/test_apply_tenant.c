/* SPDX-License-Identifier: BSD-3-Clause */
/* Tenants' elements that change hands, names and places; and underlays. */
#include <errno.h>
#include <string.h>

#include "dump.h"

static void
setup(void)
{
	bench_start(1);
	load_both();
}

TestSuite(apply_tenant, .init = setup);

static struct frame
from_peer(uint32_t vni)
{
	return to(vxlan(plain(BROADCAST, 5, 0x88b5), vni, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC);
}

/* What both count in sum, whatever became of their interfaces. */
static struct weir_count
sum_of(const char *tenant)
{
	struct weir_count sum;
	uint64_t time;

	cr_assert_eq(weir_view_conservation(gateway, tenant, &sum, NULL, &time), 0);
	return sum;
}

/* ---- from one tenant to another ---- */

BENCH_TEST(apply_tenant, a_vlan_changes_hands)
{
	patch("{'tenants':{'red':{'vports':{'a':{'vlan':20}}},'blue':{'vports':{'a':{'vlan':null}}}}}");
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	cr_assert_eq(tally(vport_id("red", "a")).sum.rx_packets, 1);
	cr_assert_eq(tally(vport_id("blue", "a")).sum.rx_packets, 1);
	cr_assert_eq(n_sent(0), 3);
}

BENCH_TEST(apply_tenant, a_vni_changes_hands)
{
	patch("{'tenants':{'red':{'switches':{'web':{'vni':5002}}},'blue':{'switches':{'web':{'vni':5001}}}}}");
	inject(0, from_peer(5001));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 0);
	inject(0, from_peer(5002));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 1);
}

/* One tenant goes, another one has all it had, in one change. */
BENCH_TEST(apply_tenant, an_heir)
{
	uint32_t a = vport_id("red", "a");

	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	discard();
	patch("{'tenants':{'red':null,'pink':{'switches':{'web':{'vni':5001,'remotes':['192.0.2.2']}},"
	      "'vports':{'a':{'switch':'web','port':'p1'},'b':{'switch':'web','port':'p2'}}}}}");
	cr_assert_neq(vport_id("pink", "a"), a, "late packets may still name the other one");
	cr_assert_eq(sum_of("pink").rx_packets, 0);
	cr_assert_eq(weir_macs_of_tenant(gateway->macs, gateway_tenant(gateway, "pink")->tenant->id), 0);
	inject(0, from_peer(5001));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 1);
	cr_assert_null(gateway_tenant(gateway, "red"));
	/* Nor is it found under the name of one whose number it has. */
	patch("{'tenants':{'grey':{}}}");
	cr_assert_str_eq(gateway_tenant(gateway, "grey")->cfg->name, "grey");
	cr_assert_null(gateway_tenant(gateway, "red"));
}

/* ---- within one ---- */

BENCH_TEST(apply_tenant, a_vport_moves_to_another_switch)
{
	const struct weir_mac m = mac(1);
	uint32_t web = gateway_tenant(gateway, "red")->switches[0], a = vport_id("red", "a");

	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	discard();
	cr_assert_neq(weir_vnet_mac(gateway->vnet, web, &m), WEIR_NONE);
	patch("{'tenants':{'red':{'switches':{'db':{'vni':6001,'remotes':['192.0.2.2']}},"
	      "'vports':{'a':{'switch':'db'}}}}}");
	cr_assert_eq(vport_id("red", "a"), a);
	cr_assert_eq(weir_vnet_mac(gateway->vnet, web, &m), WEIR_NONE, "its MACs are not there any more");
	cr_assert_eq(tally(a).sum.rx_packets, 1, "its counts are its own");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 0);
	cr_assert_eq(n_sent(0), 1);
	inject(2, plain(BROADCAST, 2, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(1), 0);
}

BENCH_TEST(apply_tenant, a_vport_changes_its_vlan)
{
	patch("{'tenants':{'red':{'vports':{'a':{'vlan':30}}}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(tally(port_iface("p1")).reasons[WEIR_DROP_UNKNOWN_VLAN].packets, 1);
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 30));
	poll_all();
	cr_assert_eq(tally(vport_id("red", "a")).sum.rx_packets, 1);
	inject(2, plain(BROADCAST, 2, 0x88b5));
	poll_all();
	expect(1, tagged(plain(BROADCAST, 2, 0x88b5), 30));
}

BENCH_TEST(apply_tenant, a_vport_changes_its_name)
{
	struct weir_count before;

	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	before = sum_of("red");
	patch("{'tenants':{'red':{'vports':{'a':null,'z':{'switch':'web','port':'p1'}}}}}");
	cr_assert_eq(sum_of("red").rx_packets, before.rx_packets);
	cr_assert_eq(sum_of("red").tx_packets, before.tx_packets);
	cr_assert_eq(tally(vport_id("red", "z")).sum.rx_packets, 0);
	discard();
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	cr_assert_eq(sum_of("red").rx_packets, before.rx_packets + 1);
}

/* Late packets may still name it. */
BENCH_TEST(apply_tenant, an_id_rests)
{
	uint32_t id = vport_id("red", "a");

	patch("{'tenants':{'red':{'vports':{'a':null}}}}");
	pass_time(4 * SECOND);
	patch("{'tenants':{'red':{'quota':{'macs':100}}}}");
	patch("{'tenants':{'red':{'vports':{'y':{'switch':'web','port':'p1'}}}}}");
	cr_assert_neq(vport_id("red", "y"), id);
	pass_time(2 * SECOND);
	patch("{'tenants':{'red':{'quota':{'macs':101}}}}");
	patch("{'tenants':{'red':{'vports':{'z':{'switch':'web','port':'p3'}}}}}");
	cr_assert_eq(vport_id("red", "z"), id);
}

BENCH_TEST(apply_tenant, a_switch_changes_its_name)
{
	patch("{'tenants':{'red':{'switches':{'web':null,'www':{'vni':5001,'remotes':['192.0.2.2']}},"
	      "'vports':{'a':{'switch':'www'},'b':{'switch':'www'}}}}}");
	resolve_peers();
	inject(0, from_peer(5001));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 1);
}

BENCH_TEST(apply_tenant, remotes_come_and_go)
{
	uint32_t second = remote_id("red", "web", "192.0.2.2");

	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(0, to(vxlan(plain(1, 6, 0x88b5), 5001, PEER3, "192.0.2.3", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	discard();
	cr_assert_eq(weir_macs_used(gateway->macs), 2);
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.2']}}}}}");
	cr_assert_eq(remote_id("red", "web", "192.0.2.2"), second);
	cr_assert_eq(weir_macs_used(gateway->macs), 1, "what was there is not known any more");
	cr_assert_eq(sum_of("red").rx_packets, 2, "what came from the one that is gone still counts");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(0, to(vxlan(plain(BROADCAST, 5, 0x88b5), 5001, PEER3, "192.0.2.3", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	cr_assert_eq(n_sent(0), 1);
	cr_assert_eq(n_sent(1), 0);
	cr_assert_eq(tally(port_iface("p0")).reasons[WEIR_DROP_UNKNOWN_REMOTE].packets, 1);
}

/* More than there is room for, one after the other. */
BENCH_TEST(apply_tenant, remotes_by_the_thousand)
{
	static char list[1 << 14];

	for (uint32_t round = 0; round < WEIR_VTEPS_MAX / 500 + 2; round++) {
		size_t len = 0;

		for (uint32_t i = 0; i < 500; i++)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s'10.%u.%u.%u'", i > 0 ? "," : "",
			    round, i / 250, i % 250 + 1);
		patch("{'tenants':{'green':{'switches':{'s':{'vni':9,'remotes':[%s]}}}}}", list);
		now += 6 * SECOND;
		weir_gateway_set_time(gateway, now);
	}
	patch("{'tenants':{'green':null}}");
	resolve_peers();
}

BENCH_TEST(apply_tenant, static_macs_follow_the_document)
{
	patch("{'tenants':{'red':{'switches':{'web':{'macs':{'02:00:00:00:00:07':'192.0.2.2',"
	      "'02:00:00:00:00:08':'b'}}},'vports':{'a':{'mac':'02:00:00:00:00:01'}}}}}");
	inject(1, plain(7, 1, 0x88b5));
	inject(1, plain(8, 1, 0x88b5));
	inject(2, plain(1, 8, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(0), 1);
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 1);
	/* They change places; then all go. */
	patch("{'tenants':{'red':{'switches':{'web':{'macs':{'02:00:00:00:00:07':'b',"
	      "'02:00:00:00:00:08':'192.0.2.3'}}}}}}");
	inject(1, plain(7, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	cr_assert_eq(n_sent(0), 0);
	cr_assert_eq(weir_macs_used(gateway->macs), 3);
	patch("{'tenants':{'red':{'switches':{'web':{'macs':null}},'vports':{'a':{'mac':null}}}}}");
	cr_assert_eq(weir_macs_used(gateway->macs), 0);
}

/* ---- limits ---- */

static int64_t
level(const char *tenant)
{
	return gateway_tenant(gateway, tenant)->tenant->limit[WEIR_TO_VPORT]->packets.tokens;
}

/* 1,000 frames a second is a burst of five; what was taken stays taken. */
BENCH_TEST(apply_tenant, changing_a_limit_gives_no_second_burst)
{
	patch("{'tenants':{'red':{'limit':'1kpps','excess':'police'}}}");
	for (uint32_t i = 0; i < 10; i++)
		inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 5);
	patch("{'tenants':{'red':{'limit':'2kpps'}}}");
	cr_assert_lt(level("red"), 1000000000);
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 0);
	/* And what is not a change of the limit does not touch it. */
	patch("{'tenants':{'red':{'quota':{'macs':100}}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 0);
	now += MS;
	for (uint32_t i = 0; i < 10; i++)
		inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	cr_assert_eq(n_sent(2), 2);
}

/* ---- underlays ---- */

BENCH_TEST(apply_tenant, an_underlay_comes_and_goes)
{
	char *before;

	before = dump();
	patch("{'underlay':{'p3':{'address':['203.0.113.1/24'],'vlan':7}}}");
	cr_assert_eq(outcome.underlays, 1);
	discard();
	inject(3, tagged(arp(PEER, 1, PEER, "203.0.113.2", "203.0.113.1"), 7));
	pass_time(MS);
	cr_assert_geq(n_sent(3), 1, "the answer, and announcements");
	inject(3, tagged(to(vxlan(plain(BROADCAST, 5, 0x88b5), 5001, PEER, "192.0.2.2", "203.0.113.1"),
			     gateway_port(gateway, "p3")->port->mac),
		      7));
	poll_all();
	cr_assert_eq(n_sent(1), 1, "a packet may arrive on any uplink");
	discard();
	patch("{'underlay':{'p3':null}}");
	inject(3, tagged(arp(PEER, 1, PEER, "203.0.113.2", "203.0.113.1"), 7));
	pass_time(MS);
	cr_assert_eq(n_sent(3), 0);
	cr_assert_eq(tally(port_iface("p3")).reasons[WEIR_DROP_UNKNOWN_VLAN].packets, 1);
	/* What was learned by it ages. */
	for (uint32_t i = 0; i < 10; i++)
		pass_time(100 * SECOND);
	resolve_peers();
	expect_same(before, dump());
}

BENCH_TEST(apply_tenant, an_underlay_changes)
{
	patch("{'underlay':{'p0':{'address':['192.0.2.1/24','192.0.2.11/24'],'vlan':9,'mac':'02:aa:00:00:00:09'}}}");
	discard();
	/* Its old VLAN and MAC are nobody's. */
	inject(0, from_peer(5001));
	poll_all();
	cr_assert_eq(n_sent(1), 0);
	inject(0, tagged(from_peer(5001), 9));
	poll_all();
	cr_assert_eq(n_sent(1), 0);
	cr_assert_eq(tally(port_iface("p0")).reasons[WEIR_DROP_NOT_OURS].packets, 1);
	inject(0, tagged(to(from_peer(5001), (struct weir_mac){{0x02, 0xaa, 0, 0, 0, 9}}), 9));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	inject(0, tagged(to(vxlan(plain(BROADCAST, 5, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.11"),
			     (struct weir_mac){{0x02, 0xaa, 0, 0, 0, 9}}),
		      9));
	poll_all();
	cr_assert_eq(n_sent(1), 1);
}
