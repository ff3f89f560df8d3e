/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a packet is that comes in, and where it is counted if it is nobody's or broken. */
#include <string.h>

#include "bench.h"

static void
setup(void)
{
	bench_start(1);
	load_both();
}

TestSuite(classify, .init = setup);

static struct frame
tunnelled(struct frame inner, uint32_t vni, const char *src, const char *dst)
{
	return to(vxlan(inner, vni, PEER, src, dst), UNDERLAY_MAC);
}

static struct frame
good(void)
{
	return tunnelled(udp(1, "10.0.0.1", "10.0.0.2", 1, 2), 5001, "192.0.2.2", "192.0.2.1");
}

/* The frame comes in by p0 and is dropped there, as nobody's, for this reason. */
static void
expect_nobodys(struct frame frame, enum weir_reason reason)
{
	struct weir_tally before = tally(port_iface("p0")), after;

	inject(0, frame);
	poll_all();
	after = tally(port_iface("p0"));
	cr_assert_eq(
	    after.reasons[reason].packets - before.reasons[reason].packets, 1, "%s", weir_reason_name(reason));
	cr_assert_eq(after.reasons[reason].bytes - before.reasons[reason].bytes, frame.len);
	cr_assert_eq(after.sum.rx_drop_packets - before.sum.rx_drop_packets, 1);
	cr_assert_eq(after.sum.rx_packets - before.sum.rx_packets, 1);
	cr_assert_eq(after.sum.rx_bytes - before.sum.rx_bytes, frame.len);
}

static void
expect_taken(struct frame frame, const char *tenant, const char *remote, uint32_t bytes)
{
	uint32_t id = remote_id(tenant, "web", remote);
	struct weir_count before = tally(id).sum, after;

	inject(0, frame);
	poll_all();
	after = tally(id).sum;
	cr_assert_eq(after.rx_packets - before.rx_packets, 1);
	cr_assert_eq(after.rx_bytes - before.rx_bytes, bytes, "the tenant's frame alone is counted");
	cr_assert_eq(after.rx_drop_packets, 0);
}

BENCH_TEST(classify, tunnels_by_vni_and_remote)
{
	struct frame inner = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);

	expect_taken(tunnelled(inner, 5001, "192.0.2.2", "192.0.2.1"), "red", "192.0.2.2", inner.len);
	expect_taken(tunnelled(inner, 5001, "192.0.2.3", "192.0.2.1"), "red", "192.0.2.3", inner.len);
	expect_taken(tunnelled(inner, 5002, "192.0.2.2", "192.0.2.1"), "blue", "192.0.2.2", inner.len);
}

BENCH_TEST(classify, tunnels_that_are_nobodys)
{
	struct frame inner = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);

	expect_nobodys(tunnelled(inner, 5003, "192.0.2.2", "192.0.2.1"), WEIR_DROP_UNKNOWN_VNI);
	expect_nobodys(tunnelled(inner, 0xffffff, "192.0.2.2", "192.0.2.1"), WEIR_DROP_UNKNOWN_VNI);
	expect_nobodys(tunnelled(inner, 0, "192.0.2.2", "192.0.2.1"), WEIR_DROP_UNKNOWN_VNI);
	expect_nobodys(tunnelled(inner, 5001, "192.0.2.9", "192.0.2.1"), WEIR_DROP_UNKNOWN_REMOTE);
	expect_nobodys(tunnelled(inner, 5002, "192.0.2.3", "192.0.2.1"), WEIR_DROP_UNKNOWN_REMOTE);
	expect_nobodys(tunnelled(inner, 5001, "192.0.2.2", "192.0.2.7"), WEIR_DROP_NOT_OURS);
	expect_nobodys(to(good(), mac(9)), WEIR_DROP_NOT_OURS);
	expect_nobodys(to(good(), mac(BROADCAST)), WEIR_DROP_NOT_OURS);
	expect_nobodys(to(arp(PEER, 1, PEER, "192.0.2.2", "192.0.2.1"), mac(9)), WEIR_DROP_NOT_OURS);
}

/* Many in one burst, each by itself: what one is must not leak into the next. */
BENCH_TEST(classify, a_burst_of_all_kinds)
{
	struct frame inner = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);
	struct weir_tally before = tally(port_iface("p0")), after;

	for (uint32_t i = 0; i < 5; i++) {
		inject(0, tunnelled(inner, 5001, "192.0.2.2", "192.0.2.1"));
		inject(0, tunnelled(inner, 5003, "192.0.2.2", "192.0.2.1"));
		inject(0, tunnelled(inner, 5002, "192.0.2.2", "192.0.2.1"));
		inject(0, tunnelled(inner, 5001, "192.0.2.9", "192.0.2.1"));
		inject(0, sized(good(), 13));
		inject(0, to(udp(PEER, "192.0.2.2", "192.0.2.1", 5, 5), UNDERLAY_MAC));
	}
	poll_all();
	after = tally(port_iface("p0"));
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).sum.rx_packets, 5);
	cr_assert_eq(tally(remote_id("blue", "web", "192.0.2.2")).sum.rx_packets, 5);
	cr_assert_eq(after.sum.rx_packets - before.sum.rx_packets, 20);
	cr_assert_eq(after.reasons[WEIR_DROP_UNKNOWN_VNI].packets, 5);
	cr_assert_eq(after.reasons[WEIR_DROP_UNKNOWN_REMOTE].packets, 5);
	cr_assert_eq(after.reasons[WEIR_DROP_SHORT_FRAME].packets, 5);
	cr_assert_eq(after.reasons[WEIR_DROP_UNDERLAY_OTHER].packets, 5);
}

BENCH_TEST(classify, what_is_broken_outside_is_nobodys)
{
	struct frame frame = good();

	expect_nobodys(sized(frame, 13), WEIR_DROP_SHORT_FRAME);
	expect_nobodys(sized(frame, 20), WEIR_DROP_BAD_IPV4);
	frame.b[14 + 8]++; /* checksum */
	expect_nobodys(frame, WEIR_DROP_BAD_IPV4);
	frame = good();
	frame.b[42] = 0; /* no VNI */
	expect_nobodys(frame, WEIR_DROP_BAD_VXLAN);
	expect_nobodys(to(udp(PEER, "192.0.2.2", "192.0.2.1", 1, 2), UNDERLAY_MAC), WEIR_DROP_UNDERLAY_OTHER);
	inject(0, tagged(good(), 5));
	poll_all();
	cr_assert_eq(tally(port_iface("p0")).reasons[WEIR_DROP_UNKNOWN_VLAN].packets, 1);
}

BENCH_TEST(classify, what_is_broken_inside_is_the_tenants)
{
	struct frame inner = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);
	uint32_t r = remote_id("red", "web", "192.0.2.2");

	inner.b[14] = 0x35;
	inject(0, tunnelled(inner, 5001, "192.0.2.2", "192.0.2.1"));
	poll_all();
	expect_drops(r, WEIR_DROP_BAD_IPV4, 1, 1);
	cr_assert_eq(tally(r).reasons[WEIR_DROP_BAD_IPV4].bytes, inner.len);
	cr_assert_eq(tally(r).sum.rx_packets, 1);
}

/* Congestion marked outside a packet that knows nothing of it (RFC 6040). */
BENCH_TEST(classify, congestion_that_cannot_be_told)
{
	struct frame frame = good();
	uint16_t zero = 0, sum;

	frame.b[14 + 1] = 3;
	memcpy(frame.b + 14 + 10, &zero, 2);
	sum = weir_ipv4_checksum(frame.b + 14, 20);
	memcpy(frame.b + 14 + 10, &sum, 2);
	inject(0, frame);
	poll_all();
	expect_drops(remote_id("red", "web", "192.0.2.2"), WEIR_DROP_BAD_ECN, 1, 1);
}

/* ---- vports ---- */

BENCH_TEST(classify, vports_by_port_and_vlan)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);

	inject(1, frame);
	inject(1, tagged(frame, 20));
	inject(2, frame);
	poll_all();
	cr_assert_eq(tally(vport_id("red", "a")).sum.rx_packets, 1);
	cr_assert_eq(tally(vport_id("blue", "a")).sum.rx_packets, 1);
	cr_assert_eq(tally(vport_id("blue", "a")).sum.rx_bytes, frame.len, "without the vport's tag");
	cr_assert_eq(tally(vport_id("red", "b")).sum.rx_packets, 1);
	discard();
	/* VLANs that nobody claims, and a port without vports. */
	inject(1, tagged(frame, 21));
	inject(2, tagged(frame, 20));
	inject(3, frame);
	poll_all();
	expect_drops(port_iface("p1"), WEIR_DROP_UNKNOWN_VLAN, 1, 1);
	expect_drops(port_iface("p2"), WEIR_DROP_UNKNOWN_VLAN, 1, 1);
	expect_drops(port_iface("p3"), WEIR_DROP_UNKNOWN_VLAN, 1, 1);
}

BENCH_TEST(classify, what_a_vport_sends_broken)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 1, 2);

	inject(1, sized(frame, 14 + 10));
	poll_all();
	expect_drops(vport_id("red", "a"), WEIR_DROP_BAD_IPV4, 1, 1);
	/* Too short to tell whose it is. */
	inject(1, sized(frame, 10));
	inject(1, sized(tagged(frame, 20), 16));
	poll_all();
	expect_drops(port_iface("p1"), WEIR_DROP_SHORT_FRAME, 2, 2);
}

/* A tag that the NIC took off, priority and all. */
BENCH_TEST(classify, a_tag_that_the_nic_took_off)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 1, 2), got;

	inject_flagged(1, frame, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 0x6000 | 20);
	poll_all();
	cr_assert_eq(tally(vport_id("blue", "a")).sum.rx_packets, 1);
	cr_assert(sent(0, &got));
	cr_assert_eq(got.len, frame.len + 50);
	cr_assert_arr_eq(got.b + 50, frame.b, frame.len);
}

/* What the NIC found out about checksums. */
BENCH_TEST(classify, checksums_that_the_nic_has_looked_at)
{
	struct frame wrong = good();

	for (uint32_t i = 0; i < 2; i++)
		inject_flagged(0, good(), i == 0 ? RTE_MBUF_F_RX_IP_CKSUM_BAD : RTE_MBUF_F_RX_L4_CKSUM_BAD, 0);
	poll_all();
	expect_drops(port_iface("p0"), WEIR_DROP_BAD_CHECKSUM, 2, 2);
	/* What it found good is not looked at again. */
	wrong.b[14 + 8]++;
	inject_flagged(0, wrong, RTE_MBUF_F_RX_IP_CKSUM_GOOD, 0);
	poll_all();
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.2")).sum.rx_packets, 1);
	/* Of a tenant's own packet it may say what it likes. */
	inject_flagged(1, udp(1, "10.0.0.1", "10.0.0.2", 1, 2), RTE_MBUF_F_RX_L4_CKSUM_BAD, 0);
	poll_all();
	expect_drops(vport_id("red", "a"), WEIR_DROP_BAD_CHECKSUM, 0, 0);
	cr_assert_eq(n_sent(2), 2);
}
