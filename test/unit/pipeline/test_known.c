/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Known flows from tunnels, by VNI and remote: whose they are when remotes come and go and VNIs move. And the plain
 * frames of known flows, which go straight: that their bytes are right.
 */
#include <string.h>

#include "bench.h"
#include "weir_pipeline.h"

#define PLAIN_MAX 8 /* bytes of headroom that are tried */

static void
setup(void)
{
	bench_start(1);
	load_both();
}

TestSuite(known, .init = setup);

/* A frame to mac(1) that comes by a tunnel. */
static struct frame
from_remote(uint32_t vni, const char *remote)
{
	const char *local = strchr(remote, ':') != NULL ? "2001:db8::1" : "192.0.2.1";

	return to(vxlan(to(udp(5, "10.0.0.5", "10.0.0.1", 7, 8), mac(1)), vni, PEER, remote, local), UNDERLAY_MAC);
}

static const struct frame *
inside(void)
{
	static struct frame frame;

	frame = to(udp(5, "10.0.0.5", "10.0.0.1", 7, 8), mac(1));
	return &frame;
}

/* mac(1) is at red's a and blue's a. */
static void
introduce_hosts(void)
{
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	pass_time(MS);
	discard();
}

static void
send(struct frame frame)
{
	inject(0, frame);
	poll_all();
}

/* The flow of a tenant that came from this remote, or one whose listing has no such line. */
static struct weir_view_flow
listed(const char *tenant, const char *place)
{
	struct weir_view_flow rows[32];
	uint64_t cursor = 0, time;
	uint32_t n;

	cr_assert_eq(weir_view_flows(gateway, tenant, &cursor, rows, WEIR_ARRAY_LEN(rows), &n, &time), 0);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(rows[i].ingress, place) == 0)
			return rows[i];
	return (struct weir_view_flow){.flow = {.iface = WEIR_NONE}};
}

static uint64_t
received(uint32_t iface)
{
	return tally(iface).sum.rx_packets;
}

/* Counted as the port's, for this reason. */
static void
expect_nobodys(struct frame frame, enum weir_reason reason)
{
	uint64_t before = tally(port_iface("p0")).reasons[reason].packets;

	send(frame);
	cr_assert_eq(tally(port_iface("p0")).reasons[reason].packets - before, 1, "%s", weir_reason_name(reason));
	/* By p0 neighbours are asked. */
	for (uint32_t p = 1; p < BENCH_PORTS; p++)
		cr_assert_eq(n_sent(p), 0);
}

/* ---- tunnels ---- */

BENCH_TEST(known, a_flow_is_listed_where_it_came_from)
{
	const struct weir_ip remote = ip("192.0.2.2");
	struct weir_view_flow row;

	introduce_hosts();
	for (uint32_t i = 0; i < 3; i++) {
		send(from_remote(5001, "192.0.2.2"));
		expect(1, *inside());
	}
	row = listed("red", "remote 192.0.2.2 on web");
	cr_assert_eq(row.flow.iface, remote_id("red", "web", "192.0.2.2"));
	cr_assert_eq(row.flow.key.ingress, WEIR_KEY_TUNNEL | 5001);
	cr_assert_eq(memcmp(&row.flow.key.peer, &remote.b[12], 4), 0);
	cr_assert_eq(row.flow.packets, 3);
	cr_assert_str_eq(row.egress, "vport a");
	cr_assert_eq(received(row.flow.iface), 3);
	/* The same by the other remote, and of the other tenant, are flows of their own. */
	send(from_remote(5001, "192.0.2.3"));
	expect(1, *inside());
	send(from_remote(5002, "192.0.2.2"));
	expect(1, tagged(*inside(), 20));
	cr_assert_eq(listed("red", "remote 192.0.2.3 on web").flow.iface, remote_id("red", "web", "192.0.2.3"));
	cr_assert_eq(listed("blue", "remote 192.0.2.2 on web").flow.iface, remote_id("blue", "web", "192.0.2.2"));
	cr_assert_eq(flows_of("blue"), 2, "its host's, and this");
}

BENCH_TEST(known, a_remote_that_goes_and_comes_back)
{
	uint32_t id, flows;

	introduce_hosts();
	send(from_remote(5001, "192.0.2.2"));
	send(from_remote(5001, "192.0.2.2"));
	cr_assert_eq(n_sent(1), 2);
	flows = flows_of("red");
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.3']}}}}}");
	expect_nobodys(from_remote(5001, "192.0.2.2"), WEIR_DROP_UNKNOWN_REMOTE);
	cr_assert_eq(flows_of("red"), flows - 1);
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.3','192.0.2.2']}}}}}");
	id = remote_id("red", "web", "192.0.2.2");
	for (uint32_t i = 1; i <= 2; i++) {
		send(from_remote(5001, "192.0.2.2"));
		expect(1, *inside());
		cr_assert_eq(received(id), i);
		cr_assert_eq(listed("red", "remote 192.0.2.2 on web").flow.packets, i);
	}
	cr_assert_eq(flows_of("red"), flows);
}

/* No packet while it was gone: the flow is there, and is not taken for one of the remote that is there now. */
BENCH_TEST(known, a_remote_that_comes_back_unseen)
{
	uint32_t was, is, flows;

	introduce_hosts();
	send(from_remote(5001, "192.0.2.2"));
	send(from_remote(5001, "192.0.2.2"));
	cr_assert_eq(n_sent(1), 2);
	flows = flows_of("red");
	was = remote_id("red", "web", "192.0.2.2");
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.3']}}}}}");
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.3','192.0.2.2']}}}}}");
	is = remote_id("red", "web", "192.0.2.2");
	cr_assert_neq(is, was, "ids rest");
	send(from_remote(5001, "192.0.2.2"));
	expect(1, *inside());
	cr_assert_eq(received(is), 1);
	cr_assert_eq(listed("red", "remote 192.0.2.2 on web").flow.iface, is);
	cr_assert_eq(listed("red", "remote 192.0.2.2 on web").flow.packets, 1, "it starts over");
	cr_assert_eq(flows_of("red"), flows);
}

/* Each VNI is the other tenant's from one packet to the next. */
BENCH_TEST(known, vnis_that_change_tenants)
{
	introduce_hosts();
	for (uint32_t i = 0; i < 2; i++) {
		send(from_remote(5001, "192.0.2.2"));
		expect(1, *inside());
		send(from_remote(5002, "192.0.2.2"));
		expect(1, tagged(*inside(), 20));
	}
	patch("{'tenants':{'red':{'switches':{'web':{'vni':5002}}},'blue':{'switches':{'web':{'vni':5001}}}}}");
	for (uint32_t i = 1; i <= 2; i++) {
		send(from_remote(5001, "192.0.2.2"));
		expect(1, tagged(*inside(), 20));
		send(from_remote(5002, "192.0.2.2"));
		expect(1, *inside());
		cr_assert_eq(listed("blue", "remote 192.0.2.2 on web").flow.key.ingress, WEIR_KEY_TUNNEL | 5001);
		cr_assert_eq(listed("red", "remote 192.0.2.2 on web").flow.key.ingress, WEIR_KEY_TUNNEL | 5002);
	}
	cr_assert_eq(listed("blue", "remote 192.0.2.2 on web").flow.iface, remote_id("blue", "web", "192.0.2.2"));
	cr_assert_eq(received(remote_id("blue", "web", "192.0.2.2")), 4);
	cr_assert_eq(received(remote_id("red", "web", "192.0.2.2")), 4);
}

/* Red's VNI goes, and is green's. */
BENCH_TEST(known, a_vni_of_another_tenant)
{
	uint32_t flows;

	introduce_hosts();
	send(from_remote(5001, "192.0.2.2"));
	send(from_remote(5001, "192.0.2.2"));
	cr_assert_eq(n_sent(1), 2);
	flows = flows_of("red");
	patch("{'tenants':{'red':{'switches':{'web':{'vni':null,'remotes':null}}},"
	      "'green':{'switches':{'lan':{'vni':5001,'remotes':['192.0.2.2']}},"
	      "'vports':{'z':{'switch':'lan','port':'p3'}}}}}");
	for (uint32_t i = 1; i <= 2; i++) {
		send(from_remote(5001, "192.0.2.2"));
		expect(3, *inside());
		cr_assert_eq(n_sent(1), 0);
	}
	cr_assert_eq(flows_of("green"), 1);
	cr_assert_eq(flows_of("red"), flows - 1);
	cr_assert_eq(listed("green", "remote 192.0.2.2 on lan").flow.packets, 2);
	patch("{'tenants':{'green':null}}");
	expect_nobodys(from_remote(5001, "192.0.2.2"), WEIR_DROP_UNKNOWN_VNI);
}

/* In the key an IPv6 remote is a number, which another one has some time after it is gone. */
BENCH_TEST(known, numbers_of_ipv6_remotes_reused)
{
	struct weir_view_flow old, row;
	uint32_t reused = 0;

	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['2001:db8::2','2001:db8::3']}}},"
	      "'blue':{'switches':{'web':{'remotes':['2001:db8::3']}}}}}");
	/* Two that take the numbers of the remotes that were there before. */
	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':['2001:db8::3','2001:db8::8','2001:db8::9']}}}}}");
	introduce_hosts();
	for (uint32_t i = 0; i < 2; i++) {
		send(from_remote(5001, "2001:db8::2"));
		expect(1, *inside());
		send(from_remote(5001, "2001:db8::3"));
		expect(1, *inside());
		send(from_remote(5002, "2001:db8::3"));
		expect(1, tagged(*inside(), 20));
	}
	expect_nobodys(from_remote(5002, "2001:db8::2"), WEIR_DROP_UNKNOWN_REMOTE);
	expect_nobodys(from_remote(5001, "2001:db8::4"), WEIR_DROP_UNKNOWN_REMOTE);
	old = listed("red", "remote 2001:db8::2 on web");
	cr_assert_eq(old.flow.packets, 2);
	cr_assert_eq(old.flow.iface, remote_id("red", "web", "2001:db8::2"));
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['2001:db8::3']}}}}}");
	now += 6 * SECOND;
	pass_time(0);
	/* A number rests until the change after the one that freed it; one of three newcomers has it then. */
	patch("{'tenants':{'red':{'quota':{'macs':4095}}}}");
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['2001:db8::3','2001:db8::4','2001:db8::5',"
	      "'2001:db8::6']}}}}}");
	discard();
	for (uint32_t i = 0; i < 3; i++) {
		static const char *const newcomers[] = {"2001:db8::4", "2001:db8::5", "2001:db8::6"};
		char place[64];

		(void)snprintf(place, sizeof(place), "remote %s on web", newcomers[i]);
		send(from_remote(5001, newcomers[i]));
		expect(1, *inside());
		row = listed("red", place);
		cr_assert_eq(row.flow.iface, remote_id("red", "web", newcomers[i]));
		cr_assert_eq(row.flow.packets, 1);
		cr_assert_eq(received(row.flow.iface), 1);
		reused += memcmp(&row.flow.key, &old.flow.key, sizeof(row.flow.key)) == 0 ? 1 : 0;
	}
	cr_assert_eq(reused, 1, "else this shows nothing");
	expect_nobodys(from_remote(5001, "2001:db8::2"), WEIR_DROP_UNKNOWN_REMOTE);
	cr_assert_eq(received(row.flow.iface), 1);
}

/* ---- straight ---- */

static struct frame
filled(struct frame frame, uint32_t len)
{
	uint32_t was = frame.len;

	frame = sized(frame, len);
	for (uint32_t i = was; i < len; i++)
		frame.b[i] = (uint8_t)(i * 7);
	return frame;
}

/* From a or b (ports 1 and 2, as VLAN 30 and 40 there, or untagged as 0) to the other one, until it is known. */
static void
check_straight(struct frame frame, int vlan_in, int vlan_out, uint16_t headroom)
{
	struct frame in = vlan_in >= 0 ? tagged(frame, (uint16_t)vlan_in) : frame;
	struct frame out = vlan_out > 0 ? tagged(frame, (uint16_t)vlan_out) : frame;
	/* A tag that comes off leaves room for another. */
	bool room = vlan_out <= 0 || vlan_in >= 0 || headroom >= 4;
	uint64_t dropped = drops().reasons[WEIR_DROP_NO_MBUF].packets;

	for (uint32_t i = 0; i < 3; i++) {
		inject_with_headroom(1, in, headroom);
		inject_with_headroom(1, in, headroom);
		poll_all();
		for (uint32_t k = 0; room && k < 2; k++)
			expect(2, out);
		for (uint32_t p = 0; p < BENCH_PORTS; p++)
			cr_assert_eq(n_sent(p), 0);
	}
	cr_assert_eq(drops().reasons[WEIR_DROP_NO_MBUF].packets - dropped, room ? 0 : 6);
}

static void
check_sizes(int vlan_in, int vlan_out)
{
	static const uint32_t sizes[] = {54, 60, 63, 64, 65, 128, 1500, 1514};
	uint64_t over = drops().reasons[WEIR_DROP_MTU].packets;

	for (uint32_t s = 0; s < WEIR_ARRAY_LEN(sizes); s++) {
		check_straight(filled(udp(1, "10.0.0.1", "10.0.0.2", 7, 8), sizes[s]), vlan_in, vlan_out, 128);
		if (sizes[s] >= 74)
			check_straight(filled(udp(1, "fd00::1", "fd00::2", 7, 8), sizes[s]), vlan_in, vlan_out, 128);
	}
	/* What is over the MTU stays here, of a path that counts already, too. */
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t k = 0; k < 3; k++) {
			struct frame frame = filled(udp(1, "10.0.0.1", "10.0.0.2", 7, 8), 1514 + k % 2);

			inject(1, vlan_in >= 0 ? tagged(frame, (uint16_t)vlan_in) : frame);
		}
		poll_all();
		cr_assert_eq(n_sent(2), 2);
		cr_assert_eq(drops().reasons[WEIR_DROP_MTU].packets - over, i + 1);
	}
	for (uint16_t headroom = 0; headroom <= PLAIN_MAX; headroom++)
		check_straight(filled(udp(1, "10.0.0.1", "10.0.0.2", 7, 8), 100), vlan_in, vlan_out, headroom);
}

/* mac(9), which frames go to, is at the port's VLAN. */
static void
place(const char *vports, int vlan)
{
	struct frame frame = plain(BROADCAST, 9, 0x88b5);

	patch("{'tenants':{'red':{'vports':%s}}}", vports);
	inject(2, vlan > 0 ? tagged(frame, (uint16_t)vlan) : frame);
	pass_time(MS);
	discard();
}

BENCH_TEST(known, untagged_to_untagged)
{
	place("{}", 0);
	check_sizes(-1, 0);
	check_sizes(0, 0); /* a priority tag is none */
}

BENCH_TEST(known, untagged_to_vlan)
{
	place("{'b':{'vlan':40}}", 40);
	check_sizes(-1, 40);
	check_sizes(0, 40);
}

BENCH_TEST(known, vlan_to_untagged)
{
	place("{'a':{'vlan':30}}", 0);
	check_sizes(30, 0);
	check_sizes(0x6000 | 30, 0); /* with a priority */
}

BENCH_TEST(known, vlan_to_vlan)
{
	place("{'a':{'vlan':30},'b':{'vlan':40}}", 40);
	check_sizes(30, 40);
}

/* ---- what it costs ---- */

static uint64_t meter;

/* The n-th look at the meter is 2^n on: each stage in its turn takes twice as much as the one before. */
static uint64_t
next_cycles(void *arg)
{
	(void)arg;
	meter = 2 * meter + 1;
	return meter;
}

BENCH_TEST(known, cycles_of_stages)
{
	struct weir_counters_set *set = weir_counters_create(1, WEIR_IFACES_MAX);
	struct weir_pipe_params params = {.worker = 1,
	    .vnet = gateway->vnet,
	    .counters = weir_counters_worker(set, 0),
	    .pool = gateway->pool,
	    .flows = 1024,
	    .cycles = next_cycles,
	    .socket = SOCKET_ID_ANY};
	struct weir_pipe *pipe = weir_pipe_create(&params);
	struct weir_stage_cycles sample = {0};
	struct rte_mbuf *m[5];

	cr_assert_not_null(pipe);
	for (uint32_t run = 0; run < 4; run++) {
		/* Nobody's, so that nothing of them is sent. */
		cr_assert_eq(rte_pktmbuf_alloc_bulk(pool, m, WEIR_ARRAY_LEN(m)), 0);
		for (uint32_t i = 0; i < WEIR_ARRAY_LEN(m); i++)
			(void)memset(rte_pktmbuf_append(m[i], 4), 0, 4);
		meter = 0;
		weir_pipe_sample(pipe, run < 3 ? &sample : NULL);
		weir_pipe_run(pipe, gateway_port(gateway, "p1")->port, m, WEIR_ARRAY_LEN(m), now);
	}
	cr_assert_eq(sample.packets, 3 * WEIR_ARRAY_LEN(m));
	cr_assert_eq(sample.cycles[WEIR_STAGE_RX], 0, "its caller's");
	cr_assert_eq(sample.cycles[WEIR_STAGE_PARSE], 3 * 2);
	cr_assert_eq(sample.cycles[WEIR_STAGE_LOOKUP], 3 * 4);
	cr_assert_eq(sample.cycles[WEIR_STAGE_POLICE], 3 * 8);
	cr_assert_eq(sample.cycles[WEIR_STAGE_FORWARD], 3 * 16);
	cr_assert_eq(sample.cycles[WEIR_STAGE_TX], 0);
	weir_pipe_free(pipe);
	weir_counters_free(set);
}

/* A worker's rounds, of which one in 64 is measured. */
BENCH_TEST(known, rounds_are_sampled)
{
	struct weir_worker_stats before, after;

	place("{}", 0);
	weir_worker_stats(weir_gateway_worker(gateway, 0), &before);
	for (uint32_t round = 0; round < 640; round++) {
		inject(1, udp(1, "10.0.0.1", "10.0.0.2", 7, 8));
		inject(1, udp(1, "10.0.0.1", "10.0.0.2", 7, 9));
		poll_all();
		discard();
	}
	weir_worker_stats(weir_gateway_worker(gateway, 0), &after);
	cr_assert_eq(after.stages.packets - before.stages.packets, 20);
	for (uint32_t s = 0; s < WEIR_STAGES; s++)
		cr_assert_gt(after.stages.cycles[s], before.stages.cycles[s], "stage %u", s);
}
