/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports that come, go, change and fail, with packets under way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "dump.h"

static void
setup(void)
{
	bench_start(2);
	load_both();
}

TestSuite(apply_port, .init = setup);

static struct weir_view_port
view(const char *port)
{
	struct weir_view_port_stats stats;

	cr_assert_eq(weir_view_port(gateway, port, &stats), 0);
	return stats.port;
}

static uint32_t
ethdevs(void)
{
	return rte_eth_dev_count_total();
}

/* From red's b on p2 to everybody on the switch: a on `port` has to get it. */
static void
expect_works(uint32_t port)
{
	struct frame frame = plain(BROADCAST, 2, 0x88b5), got;

	discard();
	inject(2, frame);
	pass_time(MS);
	cr_assert(sent(port, &got), "port %u is silent", port);
	cr_assert_arr_eq(got.b, frame.b, frame.len);
	discard();
}

/* The other way: from a remote to everybody on red's switch. */
static void
expect_tunnel_works(void)
{
	resolve_peers();
	inject(0, to(vxlan(plain(BROADCAST, 5, 0x88b5), 5001, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(2), 1);
}

static void
expect_interrupted(const char *port)
{
	cr_assert_eq(outcome.n_interrupted, 1);
	cr_assert_str_eq(outcome.interrupted[0], port);
}

/* ---- added and removed ---- */

BENCH_TEST(apply_port, plugged_and_unplugged)
{
	char *before = dump();
	uint32_t n = ethdevs();

	patch("{'ports':{'n1':{'devargs':'net_null1,no-rx=1','rate':'10Gbps'}}}");
	cr_assert_eq(ethdevs(), n + 1);
	cr_assert_eq(outcome.ports, 1);
	cr_assert_eq(outcome.n_interrupted, 0);
	cr_assert_eq(view("n1").rate, 10000000000);
	cr_assert(view("n1").up);
	patch("{'ports':{'n1':null}}");
	cr_assert_eq(ethdevs(), n);
	settle_ids();
	expect_same(before, dump());
	expect_works(1);
}

/* The ones before and behind it in the same change, too. */
BENCH_TEST(apply_port, one_that_fails_takes_the_others_along)
{
	char *before = dump();
	uint32_t n = ethdevs();
	struct weir_err err = refused_patch("{'ports':{'m':{'devargs':'net_null1,no-rx=1'},"
					    "'n':{'devargs':'net_pcap0,rx_pcap=/nowhere.pcap'},"
					    "'o':{'devargs':'net_null2,no-rx=1'}}}");

	cr_assert_str_eq(err.path, "/ports/n/devargs");
	cr_assert_not_null(strstr(err.msg, "nowhere.pcap"), "%s", err.msg);
	cr_assert_eq(ethdevs(), n);
	expect_same(before, dump());
	/* Workers poll what there is. */
	expect_works(1);
	pass_time(MS);
}

BENCH_TEST(apply_port, one_device_for_two)
{
	char *before = dump();
	struct weir_err err = refused_patch("{'ports':{'q':{'device':'net_ring_p1'}}}");

	cr_assert_eq(strncmp(err.path, "/ports/", 7), 0);
	expect_same(before, dump());
	expect_works(1);
}

/* Removed with all that is on it, while packets wait to be handed over. */
BENCH_TEST(apply_port, removed_with_packets_under_way)
{
	for (uint32_t i = 0; i < 5; i++)
		inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_one(1); /* p2's transmit queue is worker 0's, and so is p0's */
	expect_balance(5 * 3);
	patch("{'ports':{'p2':null},'tenants':{'red':{'vports':{'b':null}}}}");
	cr_assert_eq(drops().reasons[WEIR_DROP_RECONFIGURED].packets, 5);
	expect_balance(5 * 2);
	poll_all();
	cr_assert_eq(n_sent(0), 10);
	cr_assert_eq(n_sent(2), 0);
	expect_balance(0);
	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	cr_assert_eq(n_sent(0), 2);
}

/* Its vport alone: what is in the ring leaves by the port that still is. */
BENCH_TEST(apply_port, vport_removed_with_packets_under_way)
{
	for (uint32_t i = 0; i < 5; i++)
		inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_one(1);
	patch("{'tenants':{'red':{'vports':{'b':null}}}}");
	expect_balance(5 * 3);
	poll_all();
	cr_assert_eq(n_sent(2), 5);
	expect_balance(0);
}

/* ---- changed ---- */

BENCH_TEST(apply_port, other_devargs_interrupt_it)
{
	uint32_t n;

	patch("{'ports':{'n1':{'devargs':'net_null1,no-rx=1'}},"
	      "'tenants':{'red':{'vports':{'n':{'switch':'web','port':'n1'}}}}}");
	n = ethdevs();
	patch("{'ports':{'n1':{'devargs':'net_null1,no-rx=1,size=128'}}}");
	expect_interrupted("n1");
	cr_assert_eq(ethdevs(), n);
	expect_works(1);
	cr_assert_geq(tally(vport_id("red", "n")).sum.tx_packets, 1);
	/* Another device; then one that is not there: it stays with what it had. */
	patch("{'ports':{'n1':{'devargs':'net_null5,no-rx=1'}}}");
	expect_interrupted("n1");
	cr_assert_str_eq(view("n1").device, "net_null5");
	(void)refused_patch("{'ports':{'n1':{'devargs':'net_nothing0'}}}");
	cr_assert_str_eq(view("n1").device, "net_null5");
	cr_assert(view("n1").up);
	cr_assert_eq(ethdevs(), n);
	expect_works(1);
	cr_assert_geq(tally(vport_id("red", "n")).sum.tx_packets, 2);
}

/* Its own counters go on, in sum. */
BENCH_TEST(apply_port, counts_are_kept)
{
	struct weir_tally before;

	inject(3, plain(BROADCAST, 1, 0x88b5)); /* nobody's */
	poll_all();
	before = drops();
	patch("{'ports':{'p3':{'queues':1}}}");
	expect_interrupted("p3");
	cr_assert_eq(drops().reasons[WEIR_DROP_UNKNOWN_VLAN].packets, before.reasons[WEIR_DROP_UNKNOWN_VLAN].packets);
	patch("{'ports':{'p3':null}}");
	cr_assert_eq(drops().reasons[WEIR_DROP_UNKNOWN_VLAN].packets, 1);
	expect_balance(0);
}

/* Two at once, with one tenant on both. */
BENCH_TEST(apply_port, several_in_one_change)
{
	load("{'ports':{'p0':{'device':'net_ring_p0','queues':1},'p1':{'device':'net_ring_p1','queues':1},"
	     "'p2':{'device':'net_ring_p2','queues':1},'p3':{'device':'net_ring_p3'}},'settings':{'flows':4096},"
	     "'underlay':{'p0':{'address':['192.0.2.1/24','2001:db8::1/64'],'mac':'02:aa:00:00:00:01'}},"
	     "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	cr_assert_eq(outcome.n_interrupted, 3);
	expect_works(1);
	expect_tunnel_works();
}

/* Some are opened anew before one that fails: all are brought back. */
BENCH_TEST(apply_port, several_of_which_one_fails)
{
	uint32_t n = ethdevs();

	(void)refused("{'ports':{'a':{'devargs':'net_null1,no-rx=1'},"
		      "'p0':{'device':'net_ring_p0','queues':1},'p1':{'device':'net_ring_p1','queues':1},"
		      "'p2':{'devargs':'net_nothing0'},'p3':{'device':'net_ring_p3'}},'settings':{'flows':4096},"
		      "'underlay':{'p0':{'address':['192.0.2.1/24','2001:db8::1/64'],'mac':'02:aa:00:00:00:01'}},"
		      "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	cr_assert_eq(ethdevs(), n);
	expect_works(1);
	expect_tunnel_works();
}

/* A device goes from one name to another, and two swap theirs. */
BENCH_TEST(apply_port, devices_change_names)
{
	patch("{'ports':{'p1':null,'lan':{'device':'net_ring_p1'}},"
	      "'tenants':{'red':{'vports':{'a':{'port':'lan'}}},'blue':{'vports':{'a':{'port':'lan'}}}}}");
	expect_works(1);
	patch("{'ports':{'lan':{'device':'net_ring_p3'},'p3':{'device':'net_ring_p1'}}}");
	cr_assert_eq(outcome.n_interrupted, 2);
	expect_works(3);
	cr_assert_str_eq(view("lan").device, "net_ring_p3");
	/* The same with other arguments. */
	patch("{'ports':{'n':{'devargs':'net_null1,no-rx=1'}}}");
	patch("{'ports':{'n':null,'m':{'devargs':'net_null1,no-rx=1,size=128'}}}");
	cr_assert_str_eq(view("m").device, "net_null1");
	/* One that is to take another's device cannot, since a third one fails. */
	(void)refused_patch("{'ports':{'lan':null,'x':{'device':'net_ring_p3'},'y':{'devargs':'net_nothing0'}},"
			    "'tenants':{'red':{'vports':{'a':{'port':'x'}}},'blue':{'vports':{'a':{'port':'x'}}}}}");
	expect_works(3);
}

/* ---- MTU ---- */

static uint32_t
encap_mtu(void)
{
	const struct weir_iface *remote = gateway->vnet->ifaces[remote_id("red", "web", "192.0.2.2")];
	enum weir_reason reason;
	const struct weir_encap *encap = weir_neigh_encap(gateway->neigh, remote->vtep, &reason);

	cr_assert_not_null(encap);
	return encap->mtu;
}

BENCH_TEST(apply_port, mtu_reaches_vports_and_tunnels)
{
	/* Worker 0 has both queues. */
	struct frame large = sized(plain(BROADCAST, 2, 0x88b5), 1314);

	cr_assert_eq(encap_mtu(), 1500);
	patch("{'ports':{'p0':{'mtu':1400},'p1':{'mtu':1300}}}");
	cr_assert_eq(outcome.n_interrupted, 0);
	cr_assert_eq(encap_mtu(), 1400);
	cr_assert_eq(view("p1").mtu, 1300);
	inject(2, large);
	inject(2, sized(large, 1315));
	pass_time(MS);
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(0), 4);
	inject(2, sized(large, 1400 - 36 + 1));
	pass_time(MS);
	cr_assert_eq(n_sent(0), 0);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).reasons[WEIR_DROP_MTU].packets, 1);
	patch("{'ports':{'p0':{'mtu':null},'p1':{'mtu':null}}}");
	cr_assert_eq(encap_mtu(), 1500);
	cr_assert_eq(view("p1").mtu, 1500);
}

BENCH_TEST(apply_port, mtu_goes_back_when_the_rest_fails)
{
	(void)refused_patch("{'ports':{'p0':{'mtu':1400},'x':{'devargs':'net_nothing0'}}}");
	cr_assert_eq(view("p0").mtu, 1500);
	cr_assert_eq(encap_mtu(), 1500);
}

/* ---- ports that are not there ---- */

static void
write_capture(const char *path)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	FILE *file = fopen(path, "wb");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(header, sizeof(header), 1, file), 1);
	(void)fclose(file);
}

BENCH_TEST(apply_port, down_at_the_start_and_there_later)
{
	const char *folder = state_folder();
	char path[64], other[64];

	(void)snprintf(path, sizeof(path), "%s/in.pcap", folder);
	(void)snprintf(other, sizeof(other), "%s/out.pcap", folder);
	write_capture(path);
	bench_close();
	bench_open(2, folder);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	patch("{'ports':{'cap':{'devargs':'net_pcap0,rx_pcap=%s,tx_pcap=%s'}},"
	      "'underlay':{'cap':{'address':['198.51.100.1/24'],'vlan':7}},"
	      "'tenants':{'red':{'vports':{'x':{'switch':'web','port':'cap'}}}}}",
	    path, other);
	bench_close();
	cr_assert_eq(unlink(path), 0);
	/* The rest runs. */
	bench_open(2, folder);
	resolve_peers();
	cr_assert_not(view("cap").up);
	cr_assert_not_null(strstr(view("cap").reason, "in.pcap"), "%s", view("cap").reason);
	cr_assert_null(gateway->vnet->ifaces[vport_id("red", "x")]->port);
	expect_works(1);
	expect_drops(vport_id("red", "x"), WEIR_DROP_PORT_DOWN, 1, 1);
	weir_gateway_retry_ports(gateway);
	cr_assert_not(view("cap").up);
	/* What is changed meanwhile does not need it. */
	patch("{'tenants':{'red':{'limit':'1Gbps'}}}");
	write_capture(path);
	weir_gateway_retry_ports(gateway);
	cr_assert(view("cap").up);
	cr_assert_str_empty(view("cap").reason);
	expect_works(1);
	cr_assert_eq(tally(vport_id("red", "x")).sum.tx_packets, 1);
	cr_assert_eq(gateway->vnet->underlays[gateway_port(gateway, "cap")->underlay]->vlan, 7);
	/* Here, a load that names what is not there is refused. */
	cr_assert_eq(unlink(path), 0);
	(void)refused_patch("{'ports':{'cap':{'queues':1}}}");
	cr_assert_not(view("cap").up);
	patch("{'ports':{'cap':null},'underlay':{'cap':null},'tenants':{'red':{'vports':{'x':null}}}}");
	remove_folder(folder);
}
