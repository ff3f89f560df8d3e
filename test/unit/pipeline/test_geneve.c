/* SPDX-License-Identifier: BSD-3-Clause */
/* Switches whose tunnels are Geneve's: what comes in, what goes out, and that the other format leads nowhere. */
#include <string.h>

#include "bench.h"
#include "weir_pipeline.h"

/* Red's switch is one by Geneve, reached over IPv6 as well; blue's is by VXLAN. */
static void
setup(void)
{
	bench_start(1);
	load_both();
	patch("{'tenants':{'red':{'switches':{'web':{'tunnel':'geneve','remotes':['192.0.2.2','2001:db8::2']}}}}}");
	/* That there is a gateway by this address is learned for both formats. */
	inject(0, to(peer_reply(PEER, "192.0.2.2"), UNDERLAY_MAC));
	pass_time(MS);
	inject(0, to(nd(PEER, 136, "2001:db8::2", "2001:db8::1", "2001:db8::2", PEER), UNDERLAY_MAC));
	pass_time(MS);
	discard();
}

TestSuite(geneve, .init = setup);

static struct frame
inside(void)
{
	return to(udp(5, "10.0.0.5", "10.0.0.1", 7, 8), mac(1));
}

static struct frame
by_geneve(uint32_t vni, uint8_t options, const char *remote)
{
	const char *local = strchr(remote, ':') != NULL ? "2001:db8::1" : "192.0.2.1";

	return to(geneve(inside(), vni, options, PEER, remote, local), UNDERLAY_MAC);
}

static struct frame
by_vxlan(uint32_t vni, const char *remote)
{
	const char *local = strchr(remote, ':') != NULL ? "2001:db8::1" : "192.0.2.1";

	return to(vxlan(inside(), vni, PEER, remote, local), UNDERLAY_MAC);
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

/* The frame comes in by p0 and is dropped there, as nobody's, for this reason. */
static void
expect_nobodys(struct frame frame, enum weir_reason reason)
{
	uint64_t before = tally(port_iface("p0")).reasons[reason].packets;

	inject(0, frame);
	poll_all();
	cr_assert_eq(tally(port_iface("p0")).reasons[reason].packets - before, 1, "%s", weir_reason_name(reason));
	for (uint32_t p = 1; p < BENCH_PORTS; p++)
		cr_assert_eq(n_sent(p), 0);
}

/* The first packet of a flow, and the next ones. */
BENCH_TEST(geneve, comes_in_with_and_without_options)
{
	static const char *const remotes[] = {"192.0.2.2", "2001:db8::2"};
	static const uint8_t options[] = {0, 1, 63, 0};

	introduce_hosts();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(remotes); i++) {
		uint32_t id = remote_id("red", "web", remotes[i]);

		for (uint32_t k = 0; k < WEIR_ARRAY_LEN(options); k++) {
			inject(0, by_geneve(5001, options[k], remotes[i]));
			poll_all();
			expect(1, inside());
			cr_assert_eq(tally(id).sum.rx_packets, k + 1);
			cr_assert_eq(tally(id).sum.rx_bytes, (k + 1) * inside().len);
		}
	}
	cr_assert_eq(flows_of("red"), 3, "its host's, and one by each remote, whatever the options");
}

/* Neither before nor after the flow is known by the right one. */
BENCH_TEST(geneve, the_other_format_leads_nowhere)
{
	static const char *const remotes[] = {"192.0.2.2", "2001:db8::2"};

	introduce_hosts();
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < WEIR_ARRAY_LEN(remotes); i++) {
			expect_nobodys(by_vxlan(5001, remotes[i]), WEIR_DROP_UNKNOWN_VNI);
			expect_nobodys(by_geneve(5002, 0, remotes[i]), WEIR_DROP_UNKNOWN_VNI);
			expect_nobodys(by_geneve(5002, 2, remotes[i]), WEIR_DROP_UNKNOWN_VNI);
			inject(0, by_geneve(5001, 0, remotes[i]));
			poll_all();
			expect(1, inside());
			if (i == 0) {
				inject(0, by_vxlan(5002, remotes[i]));
				poll_all();
				expect(1, tagged(inside(), 20));
			}
		}
}

/* Mixed in one burst, from one IPv6 gateway whose id is looked up once a format. */
BENCH_TEST(geneve, both_formats_in_a_burst)
{
	uint64_t got = 0;

	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':['2001:db8::2']}}}}}");
	introduce_hosts();
	for (uint32_t i = 0; i < 5; i++) {
		inject(0, by_geneve(5001, 0, "2001:db8::2"));
		inject(0, by_vxlan(5002, "2001:db8::2"));
		inject(0, by_vxlan(5001, "2001:db8::2"));
		inject(0, by_geneve(5002, 0, "2001:db8::2"));
	}
	poll_all();
	cr_assert_eq(tally(remote_id("red", "web", "2001:db8::2")).sum.rx_packets, 5);
	cr_assert_eq(tally(remote_id("blue", "web", "2001:db8::2")).sum.rx_packets, 5);
	cr_assert_eq(tally(port_iface("p0")).reasons[WEIR_DROP_UNKNOWN_VNI].packets, 10);
	for (struct frame frame; sent(1, &frame); got++)
		cr_assert(frame.len == inside().len || frame.len == inside().len + 4);
	cr_assert_eq(got, 10);
	/* Each was of the flow that it is alone. */
	cr_assert_eq(flows_of("red"), 2, "its host's, and this");
	inject(0, by_vxlan(5002, "2001:db8::2"));
	poll_all();
	inject(0, by_geneve(5001, 0, "2001:db8::2"));
	poll_all();
	cr_assert_eq(flows_of("red"), 2);
	cr_assert_eq(flows_of("blue"), 2);
}

BENCH_TEST(geneve, what_is_refused)
{
	static const struct {
		uint8_t at, value;
	} bad[] = {{42, 0x40}, {42, 0x3f}, {43, 0x80}, {43, 0x40}, {44, 0x08}};

	introduce_hosts();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		struct frame frame = by_geneve(5001, 0, "192.0.2.2");

		frame.b[bad[i].at] = bad[i].value;
		expect_nobodys(frame, WEIR_DROP_BAD_GENEVE);
	}
	expect_nobodys(by_geneve(5003, 0, "192.0.2.2"), WEIR_DROP_UNKNOWN_VNI);
	expect_nobodys(by_geneve(5001, 0, "192.0.2.9"), WEIR_DROP_UNKNOWN_REMOTE);
	expect_nobodys(by_geneve(5001, 0, "192.0.2.3"), WEIR_DROP_UNKNOWN_REMOTE);
	expect_nobodys(to(by_geneve(5001, 0, "192.0.2.2"), mac(BROADCAST)), WEIR_DROP_NOT_OURS);
}

/* What leaves for a remote is as the remote itself would have sent it, but for addresses and what weir chooses. */
static void
expect_sent(struct frame want, uint32_t udp_at)
{
	struct frame got;
	uint32_t l3 = 14;

	cr_assert(sent(0, &got));
	cr_assert_eq(got.len, want.len);
	cr_assert_geq(got.b[udp_at] << 8 | got.b[udp_at + 1], 49152);
	/* From the destination port to the length, then the tunnel's header and the frame. */
	cr_assert_arr_eq(got.b + udp_at + 2, want.b + udp_at + 2, 4);
	cr_assert_arr_eq(got.b + udp_at + 8, want.b + udp_at + 8, want.len - udp_at - 8);
	cr_assert_eq(got.b[l3] >> 4, udp_at == 34 ? 4 : 6);
	cr_assert(udp_at == 34 || (got.b[udp_at + 6] | got.b[udp_at + 7]) != 0, "checksum");
}

BENCH_TEST(geneve, goes_out)
{
	struct frame frame = plain(BROADCAST, 1, 0x88b5);

	/* Flooded, to both remotes. */
	inject(1, frame);
	poll_all();
	expect_sent(geneve(frame, 5001, 0, PEER, "192.0.2.1", "192.0.2.2"), 34);
	expect_sent(geneve(frame, 5001, 0, PEER, "2001:db8::1", "2001:db8::2"), 54);
	discard();
	/* And of known flows. */
	introduce_hosts();
	inject(0, by_geneve(5001, 0, "192.0.2.2"));
	pass_time(MS);
	discard();
	frame = to(udp(1, "10.0.0.1", "10.0.0.5", 8, 7), mac(5));
	for (uint32_t i = 0; i < 3; i++) {
		inject(1, frame);
		poll_all();
		expect_sent(geneve(frame, 5001, 0, PEER, "192.0.2.1", "192.0.2.2"), 34);
	}
	/* The other tenant's go to the same gateway by VXLAN. */
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	poll_all();
	expect_sent(vxlan(plain(BROADCAST, 1, 0x88b5), 5002, PEER, "192.0.2.1", "192.0.2.2"), 34);
}

BENCH_TEST(geneve, mtu)
{
	uint32_t id = remote_id("red", "web", "192.0.2.2");
	struct frame frame = sized(plain(5, 1, 0x88b5), 1500 - 36);

	inject(0, to(geneve(plain(BROADCAST, 5, 0x88b5), 5001, 0, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	discard();
	inject(1, frame);
	poll_all();
	expect_sent(geneve(frame, 5001, 0, PEER, "192.0.2.1", "192.0.2.2"), 34);
	inject(1, sized(frame, frame.len + 1));
	poll_all();
	expect_drops(id, WEIR_DROP_MTU, 1, 1);
}

/* Flows of the format that was, cached, lead nowhere any more; and back. */
BENCH_TEST(geneve, a_switch_changes_its_format)
{
	uint32_t before = remote_id("red", "web", "192.0.2.2");

	introduce_hosts();
	for (uint32_t i = 0; i < 2; i++) {
		inject(0, by_geneve(5001, 0, "192.0.2.2"));
		pass_time(MS);
		expect(1, inside());
	}
	patch("{'tenants':{'red':{'switches':{'web':{'tunnel':null}}}}}");
	cr_assert_neq(remote_id("red", "web", "192.0.2.2"), before, "it is another remote");
	expect_nobodys(by_geneve(5001, 0, "192.0.2.2"), WEIR_DROP_UNKNOWN_VNI);
	inject(0, by_vxlan(5001, "192.0.2.2"));
	pass_time(MS);
	expect(1, inside());
	discard();
	inject(1, plain(5, 1, 0x88b5));
	poll_all();
	expect_sent(vxlan(plain(5, 1, 0x88b5), 5001, PEER, "192.0.2.1", "192.0.2.2"), 34);
	patch("{'tenants':{'red':{'switches':{'web':{'tunnel':'geneve'}}}}}");
	expect_nobodys(by_vxlan(5001, "192.0.2.2"), WEIR_DROP_UNKNOWN_VNI);
	inject(0, by_geneve(5001, 0, "192.0.2.2"));
	pass_time(MS);
	expect(1, inside());
}

/* What is counted stays counted, and what was learned is forgotten. */
BENCH_TEST(geneve, a_change_of_format_is_a_change_of_remotes)
{
	struct weir_count before, after;
	uint64_t time;

	inject(0, by_geneve(5001, 0, "192.0.2.2"));
	pass_time(MS);
	cr_assert_eq(weir_macs_used(gateway->macs), 1);
	cr_assert_eq(weir_view_conservation(gateway, "red", &before, NULL, &time), 0);
	cr_assert_eq(before.rx_packets, 1);
	patch("{'tenants':{'red':{'switches':{'web':{'tunnel':'vxlan'}}}}}");
	cr_assert_eq(weir_macs_used(gateway->macs), 0);
	cr_assert_eq(weir_view_conservation(gateway, "red", &after, NULL, &time), 0);
	cr_assert_eq(after.rx_packets, before.rx_packets);
	cr_assert_eq(after.tx_packets, before.tx_packets);
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).sum.rx_packets, 0);
	discard();
}
