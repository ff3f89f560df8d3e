/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference's routers answer: errors, pings, ARP and ND. */
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "ref_net.h"

/* ---- what is too large ---- */

Test(ref_answers, too_large, .init = begin)
{
	uint8_t *p = udp(0, 0, "10.0.0.1", "10.0.1.2", 14 + 1401);

	topo.ports[2].mtu = 1400;
	goes(0);
	cr_assert_eq(result.n_outs, 1);
	cr_assert_eq(result.outs[0].drop, REF_REASON(MTU));
	put16(p + 6, 0x4000);
	goes(0);
	cr_assert_eq(result.n_outs, 2);
	cr_assert_eq(result.outs[0].drop, REF_REASON(MTU));
	expect_error(1, "10.0.0.200", 3, 4, 1400, 576);
	(void)udp(0, 0, "2001:db8:a::1", "2001:db8:a:1::2", 14 + 1401);
	goes(0);
	expect_error(1, "2001:db8:a::200", 2, 0, 1400, 1280);
	/* Through a tunnel over IPv4 50 bytes less fit. */
	p = udp(0, 0, "10.0.0.1", "10.0.1.5", 14 + 1451);
	put16(p + 6, 0x4000);
	goes(0);
	expect_error(1, "10.0.0.200", 3, 4, 1450, 576);
	p = udp(0, 0, "10.0.0.1", "10.0.1.5", 14 + 1450);
	put16(p + 6, 0x4000);
	goes(0);
	cr_assert_eq(result.outs[0].drop, 0);
	cr_assert_eq(result.n_outs, 1);
}

/* ---- the router's own addresses ---- */

static uint8_t *
ping(uint32_t r, uint32_t host, const char *from, const char *to)
{
	uint8_t *p = udp(r, host, from, to, 98);
	bool v4 = p[0] >> 4 == 4;
	uint8_t *icmp = p + (v4 ? 20 : 40);
	uint32_t len = (uint32_t)(packet.data + packet.len - icmp);

	p[v4 ? 9 : 6] = v4 ? PROTO_ICMP : PROTO_ICMPV6;
	memset(icmp, 0x33, len);
	icmp[0] = v4 ? 8 : 128;
	icmp[1] = 0;
	put16(icmp + 2, 0);
	put16(icmp + 2, v4 ? wire_fold(wire_sum(icmp, len, 0)) : wire_l4_sum(p, PROTO_ICMPV6, icmp, len));
	return icmp;
}

static void
expect_pong(uint32_t port, const char *from)
{
	const uint8_t *p = the_frame(port), *icmp;
	struct weir_ip src = ip(from);
	bool v4 = weir_ip_is_v4(&src);
	uint8_t expected[16];

	wire_put_ip(expected, &src);
	icmp = p + ETH_HEADER + (v4 ? 20 : 40);
	cr_assert(result.consumed);
	cr_assert_eq(result.drop, 0);
	cr_assert_eq(result.outs[0].made, REF_MADE_ECHO);
	cr_assert_eq(result.outs[0].bytes, 98);
	cr_assert_arr_eq(p + ETH_HEADER + (v4 ? 12 : 8), expected, v4 ? 4 : 16);
	cr_assert_eq(p[ETH_HEADER + (v4 ? 8 : 7)], 64);
	cr_assert_eq(icmp[0], v4 ? 0 : 129);
	cr_assert_eq(icmp[40], 0x33);
	cr_assert_eq(v4 ? wire_fold(wire_sum(icmp, 64, 0)) : wire_l4_sum(p + ETH_HEADER, PROTO_ICMPV6, icmp, 44), 0);
}

Test(ref_answers, ping, .init = begin)
{
	uint8_t *icmp;

	(void)ping(0, 0, "10.0.0.1", "10.0.0.200");
	goes(0);
	expect_pong(1, "10.0.0.200");
	(void)ping(0, 0, "10.0.0.1", "10.0.1.200"); /* of another interface */
	goes(0);
	expect_pong(1, "10.0.1.200");
	(void)ping(0, 3, "10.0.0.4", "10.0.0.200");
	goes(3);
	expect_pong(0, "10.0.0.200");
	(void)ping(0, 0, "2001:db8:a::1", "2001:db8:a:1::200");
	goes(0);
	expect_pong(1, "2001:db8:a:1::200");
	icmp = ping(0, 0, "10.0.0.1", "10.0.0.200");
	icmp[3] ^= 1;
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 0);
	(void)ping(0, 0, "10.0.1.200", "10.0.0.200");
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 0);
	put16(ping(0, 0, "10.0.0.1", "10.0.0.200") - 20 + 6, 0x2000);
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 0);
}

Test(ref_answers, ping_of_its_link_local_address, .init = begin)
{
	/* 02:00:00:77:00:00, the bit turned. */
	ask_nd(0, "fe80::1", "fe80::77:0");
	cr_assert(!result.consumed, "of another MAC");
	ask_nd(0, "fe80::1", "fe80::ff:fe77:0");
	cr_assert(result.consumed);
	(void)ping(0, 0, "fe80::1", "fe80::ff:fe77:0");
	goes(0);
	expect_pong(1, "fe80::ff:fe77:0");
	(void)ping(0, 0, "fe80::1", "fe80::ff:fe77:1"); /* it is the other interface's */
	goes(0);
	expect_drop(REF_REASON(NOT_ROUTABLE), 0);
}

Test(ref_answers, to_a_router_itself, .init = begin)
{
	uint8_t *p;

	(void)udp(0, 0, "10.0.0.1", "10.0.1.200", 60);
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 1);
	expect_error(1, "10.0.0.200", 3, 3, 0, 576);
	(void)udp(0, 0, "2001:db8:a::1", "2001:db8:a::200", 100);
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 1);
	expect_error(1, "2001:db8:a::200", 1, 4, 0, 1280);
	p = udp(0, 0, "10.0.0.1", "10.0.0.200", 60);
	p[9] = 47;
	goes(0);
	expect_drop(REF_REASON(TO_ROUTER), 0);
}

/* ---- ARP and ND ---- */

Test(ref_answers, arp, .init = begin)
{
	const uint8_t *p;

	ask_arp(0, "10.0.0.1", "10.0.0.200", &everybody);
	cr_assert(result.consumed && !result.open && result.drop == 0);
	p = the_frame(1);
	expect_macs(p, HOST_MAC(0), IFACE_MAC(0, 0));
	cr_assert_arr_eq(p + 20,
	    ((const uint8_t[22]){0, 2, 2, 0, 0, 0x77, 0, 0, 10, 0, 0, 200, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1}), 22);
	/* By unicast; from a remote. */
	ask_arp(0, "10.0.0.1", "10.0.0.200", IFACE_MAC(0, 0));
	cr_assert(result.consumed && result.n_outs == 1);
	ask_arp(3, "10.0.0.4", "10.0.0.200", &everybody);
	cr_assert_eq(the_frame(0)[21], 2);
	/* Not its address: flooded, as ever. */
	ask_arp(0, "10.0.0.1", "10.0.0.4", &everybody);
	cr_assert(!result.consumed && !result.open);
	cr_assert_eq(the_frame(0)[21], 1);
	ask_arp(0, "10.0.0.1", "10.0.1.2", &everybody);
	cr_assert(!result.consumed);
	/* Unless it stands in for it. */
	topo.tenants[0].routers[0].ifaces[0].proxy = true;
	ask_arp(0, "10.0.0.1", "10.0.1.2", &everybody);
	cr_assert(result.consumed && result.outs[0].wire.data[21] == 2);
	ask_arp(0, "10.0.0.1", "10.0.0.4", &everybody);
	cr_assert(!result.consumed, "that is on the asker's own link");
	ask_arp(0, "10.0.0.1", "10.9.0.1", &everybody);
	cr_assert(!result.consumed, "nor has it a way there");
}

Test(ref_answers, nd, .init = begin)
{
	const uint8_t *p;

	ask_nd(0, "2001:db8:a::1", "2001:db8:a::200");
	cr_assert(result.consumed && !result.open);
	p = the_frame(1);
	expect_macs(p, HOST_MAC(0), IFACE_MAC(0, 0));
	cr_assert(p[54] == 136 && (p[58] & 0x40) != 0);
	cr_assert_arr_eq(p + 80, IFACE_MAC(0, 0)->b, 6);
	cr_assert_eq(wire_l4_sum(p + ETH_HEADER, PROTO_ICMPV6, p + 54, 32), 0);
	ask_nd(0, "2001:db8:a::1", "2001:db8:a::7");
	cr_assert(!result.consumed);
}

/* Who says that he has moved is believed if he is known. */
Test(ref_answers, announcements, .init = begin)
{
	ask_arp(4, "10.0.1.2", "10.0.1.2", &everybody);
	cr_assert(!result.consumed && !result.open && result.learned);
	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 60);
	goes(0);
	expect_macs(the_frame(0), HOST_MAC(4), IFACE_MAC(0, 1));
	/* But not of a router's own address. */
	ask_arp(4, "10.0.1.200", "10.0.1.200", &everybody);
	cr_assert(result.open);
}

Test(ref_answers, nobody_else_has_a_routers_mac, .init = begin)
{
	static struct wire sent;

	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 60);
	sent = packet;
	memcpy(sent.data + 6, IFACE_MAC(0, 0)->b, 6);
	comes(0, &sent);
	expect_drop(REF_REASON(SPOOFED_MAC), 0);
}

/* ---- counters' sake ---- */

Test(ref_answers, quotas_count_interfaces, .init = make_network)
{
	cr_assert_eq(ref_macs(&ref, 0), 4);
}
