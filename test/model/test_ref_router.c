/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference's routers forward, or say why not. */
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "ref_net.h"

/* ---- one hop ---- */

Test(ref_router, one_hop, .init = begin)
{
	/* By hand: TTL 63, header checksum 0x66cf, all else as it came. */
	static const uint8_t expected[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0x77, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0,
	    63, 17, 0x66, 0xcf, 10, 0, 0, 1, 10, 0, 1, 2, 1000 >> 8, 1000 & 255, 2000 >> 8, 2000 & 255, 0, 8, 0, 0};

	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 42);
	goes(0);
	cr_assert_eq(result.drop, 0);
	cr_assert_eq(result.outs[0].bytes, 42);
	cr_assert_arr_eq(the_frame(2), expected, sizeof(expected));
	cr_assert_eq(result.outs[0].to.kind, REF_AT_VPORT);
	cr_assert_eq(result.outs[0].to.sw, 1);
}

Test(ref_router, ipv6, .init = begin)
{
	const uint8_t *p;

	(void)udp(0, 0, "2001:db8:a::1", "2001:db8:a:1::2", 100);
	goes(0);
	p = the_frame(2);
	expect_macs(p, HOST_MAC(1), IFACE_MAC(0, 1));
	cr_assert_eq(p[ETH_HEADER + 7], 63);
	cr_assert_arr_eq(p + ETH_HEADER + 8, packet.data + ETH_HEADER + 8, 100 - ETH_HEADER - 8);
}

Test(ref_router, padding_stays, .init = begin)
{
	static struct wire sent;

	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 42);
	memset(gen_put(&packet, 18), 0x5a, 18);
	sent = packet;
	comes(0, &sent);
	cr_assert_eq(the_frame(2)[59], 0x5a);
	cr_assert_eq(result.outs[0].bytes, 60);
}

/* The next hop's MAC is nowhere: all of its switch, and not the one the packet came from. */
Test(ref_router, unknown_mac_is_flooded, .init = begin)
{
	topo.tenants[0].switches[1].vni = 0;
	topo.tenants[0].switches[1].n_remotes = 0;
	topo.tenants[0].vports[3] = (struct topo_vport){.used = true, .sw = 1, .port = 3, .vlan = 5};
	while (ref.learned != NULL)
		ref.learned = ref.learned->next;
	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 60);
	goes(0);
	cr_assert_eq(result.n_outs, 2);
	cr_assert(result.outs[0].to.sw == 1 && result.outs[1].to.sw == 1);
	cr_assert_eq(result.flooded, 1);
}

Test(ref_router, hairpin_by_the_same_vport, .init = begin)
{
	/* Another network on the same wire. */
	topo.tenants[0].routers[0].ifaces[0].addresses[2] = prefix("172.16.0.1/24");
	topo.tenants[0].routers[0].ifaces[0].n_addresses = 3;
	ask_arp(0, "172.16.0.9", "172.16.0.1", &everybody);
	(void)udp(0, 0, "10.0.0.1", "172.16.0.9", 60);
	goes(0);
	expect_macs(the_frame(1), HOST_MAC(0), IFACE_MAC(0, 0));
}

Test(ref_router, remote_to_remote, .init = begin)
{
	const uint8_t *p;

	(void)udp(0, 3, "10.0.0.4", "10.0.1.5", 90);
	goes(3);
	p = the_frame(0);
	expect_macs(p, HOST_MAC(4), IFACE_MAC(0, 1));
	cr_assert_eq(result.outs[0].outer, ETH_HEADER);
	cr_assert_eq(get32(p - 4) >> 8, 5002);
	cr_assert_arr_eq(p - 8 - 8 - 4, ((const uint8_t[4]){192, 0, 2, 3}), 4);
	/* And to another host of the same remote, on the same switch. */
	ask_arp(3, "10.0.0.44", "10.0.0.200", &everybody);
	(void)udp(0, 3, "10.0.0.4", "10.0.0.44", 90);
	goes(3);
	cr_assert_eq(get32(the_frame(0) - 4) >> 8, 5001);
}

/* Of s1: what was learned behind its tunnels is not there any more. */
static void
change_format(bool geneve)
{
	static struct topo next;

	next = topo;
	next.tenants[0].switches[1].geneve = geneve;
	ref_configure(&ref, &next);
	topo = next;
	ref.topo = &topo;
}

Test(ref_router, by_geneve, .init = begin)
{
	/* By hand: to port 6081; version 0 without options or flags, Ethernet, VNI 5002. */
	static const uint8_t expected[] = {0x17, 0xc1, 0, 16 + 90, 0, 0, 0, 0, 0x65, 0x58, 0, 0x13, 0x8a, 0};

	change_format(true);
	(void)udp(0, 0, "10.0.0.1", "10.0.1.5", 90);
	goes(0);
	cr_assert_eq(result.n_outs, 2, "flooded: to the vport, and by the tunnel");
	ask_arp(4, "10.0.1.5", "10.0.1.200", &everybody);
	cr_assert(result.consumed);
	(void)udp(0, 0, "10.0.0.1", "10.0.1.5", 90);
	goes(0);
	expect_macs(the_frame(0), HOST_MAC(4), IFACE_MAC(0, 1));
	cr_assert_arr_eq(the_frame(0) - sizeof(expected), expected, sizeof(expected));
	/* From there to s0, whose tunnels are VXLAN. */
	(void)udp(0, 4, "10.0.1.5", "10.0.0.4", 90);
	goes(4);
	expect_macs(the_frame(0), HOST_MAC(3), IFACE_MAC(0, 0));
	cr_assert_eq(get16(the_frame(0) - 14), VXLAN_PORT);
	/* Its headers are as long. */
	put16(udp(0, 0, "10.0.0.1", "10.0.1.5", 14 + 1451) + 6, 0x4000);
	goes(0);
	cr_assert_eq(result.outs[0].drop, REF_REASON(MTU));
	expect_error(1, "10.0.0.200", 3, 4, 1450, 576);
}

Test(ref_router, by_the_other_format, .init = begin)
{
	static struct topo other;

	for (uint32_t geneve = 0; geneve < 2; geneve++) {
		change_format(geneve != 0);
		other = topo;
		other.tenants[0].switches[1].geneve = geneve == 0;
		ref.topo = &other;
		(void)udp(0, 4, "10.0.1.5", "10.0.0.1", 90);
		goes(4);
		expect_drop(REF_REASON(UNKNOWN_VNI), 0);
		cr_assert_eq(result.from.kind, REF_AT_PORT);
		ref.topo = &topo;
	}
}

/* ---- routes ---- */

Test(ref_router, two_in_a_chain, .init = begin)
{
	const uint8_t *p;

	add_route(0, "10.0.2.0/24", "10.0.1.201");
	(void)udp(0, 0, "10.0.0.1", "10.0.2.3", 60);
	goes(0);
	p = the_frame(3);
	expect_macs(p, HOST_MAC(2), IFACE_MAC(1, 2));
	cr_assert_eq(p[ETH_HEADER + 8], 62);
	cr_assert_eq(wire_fold(wire_sum(p + ETH_HEADER, 20, 0)), 0);
}

Test(ref_router, longest_prefix, .init = begin)
{
	add_route(0, "0.0.0.0/0", "10.0.0.4");
	add_route(0, "10.9.1.0/24", NULL);
	add_route(0, "10.9.0.0/16", "10.0.1.2");
	add_route(0, "10.9.1.64/26", "10.0.1.5");
	(void)udp(0, 0, "10.0.0.1", "8.8.8.8", 60);
	goes(0);
	expect_macs(the_frame(0), HOST_MAC(3), IFACE_MAC(0, 0));
	(void)udp(0, 0, "10.0.0.1", "10.9.2.1", 60);
	goes(0);
	expect_macs(the_frame(2), HOST_MAC(1), IFACE_MAC(0, 1));
	(void)udp(0, 0, "10.0.0.1", "10.9.1.63", 60);
	goes(0);
	expect_drop(REF_REASON(BLACKHOLE), 0);
	(void)udp(0, 0, "10.0.0.1", "10.9.1.64", 60);
	goes(0);
	expect_macs(the_frame(0), HOST_MAC(4), IFACE_MAC(0, 1));
}

Test(ref_router, link_local_next_hop, .init = begin)
{
	struct topo_static_route *route = add_route(0, "fd00:9::/48", "fe80::5");

	route->has_sw = true;
	route->sw = 1;
	ask_nd(1, "fe80::5", "2001:db8:a:1::200");
	(void)udp(0, 0, "2001:db8:a::1", "fd00:9::7", 100);
	goes(0);
	expect_macs(the_frame(2), HOST_MAC(1), IFACE_MAC(0, 1));
	/* The other router's is known by its MAC. */
	route->vias[0] = ip("fe80::ff:fe77:101");
	add_route(1, "fd00:9::/48", "2001:db8:a:2::3");
	(void)udp(0, 0, "2001:db8:a::1", "fd00:9::7", 100);
	goes(0);
	expect_macs(the_frame(3), HOST_MAC(2), IFACE_MAC(1, 2));
}

Test(ref_router, several_next_hops, .init = begin)
{
	struct topo_static_route *route = add_route(0, "10.9.0.0/16", "10.0.1.2");
	static struct wire sent;

	route->vias[route->n_vias++] = ip("10.0.1.5");
	(void)udp(0, 0, "10.0.0.1", "10.9.0.1", 60);
	sent = packet;
	comes(0, &sent);
	cr_assert_eq(result.n_vias, 2);
	/* What if? */
	ref_choose(&ref, &result.pick, &route->vias[1], true);
	goes(0);
	expect_macs(the_frame(0), HOST_MAC(4), IFACE_MAC(0, 1));
	ref_unassume(&ref);
	comes(0, &sent);
	cr_assert_eq(result.n_vias, 2);
	/* So it is, for all packets of this flow and for no other. */
	ref_choose(&ref, &result.pick, &route->vias[0], false);
	ref_unassume(&ref);
	goes(0);
	expect_macs(the_frame(2), HOST_MAC(1), IFACE_MAC(0, 1));
	packet.data[ETH_HEADER + 20] ^= 1;
	sent = packet;
	comes(0, &sent);
	cr_assert_eq(result.n_vias, 2);
}

Test(ref_router, a_change_of_the_route_frees_the_choice, .init = begin)
{
	static struct topo next;
	struct topo_static_route *route = add_route(0, "10.9.0.0/16", "10.0.1.2");
	static struct wire sent;

	route->vias[route->n_vias++] = ip("10.0.1.5");
	(void)udp(0, 0, "10.0.0.1", "10.9.0.1", 60);
	sent = packet;
	comes(0, &sent);
	ref_choose(&ref, &result.pick, &route->vias[0], false);
	next = topo;
	next.tenants[0].routers[0].routes[1] = (struct topo_static_route){.to = prefix("10.8.0.0/16")};
	next.tenants[0].routers[0].n_routes = 2;
	ref_configure(&ref, &next);
	comes(0, &sent);
	cr_assert_eq(result.n_vias, 0);
	topo = next;
	ref.topo = &topo;
	next.tenants[0].routers[0].routes[0].vias[1] = ip("10.0.1.201");
	ref_configure(&ref, &next);
	comes(0, &sent);
	cr_assert_eq(result.n_vias, 2);
}

Test(ref_router, unknown_next_hops_are_open, .init = begin)
{
	static struct wire sent;

	(void)udp(0, 0, "10.0.0.1", "10.0.1.99", 60);
	sent = packet;
	comes(0, &sent);
	cr_assert(result.open);
	/* So are those that were heard of long ago. */
	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 60);
	goes(0);
	ref.now += 30 * WEIR_NS_PER_S;
	sent = packet;
	comes(0, &sent);
	cr_assert(result.open);
}

/* Each sends to the other: 16 routers and 16 switches are met. */
Test(ref_router, loop, .init = begin)
{
	add_route(0, "10.9.0.0/16", "10.0.1.201");
	add_route(1, "10.9.0.0/16", "10.0.1.200");
	(void)udp(0, 0, "10.0.0.1", "10.9.0.1", 60);
	goes(0);
	expect_drop(REF_REASON(LOOP), 0);
	/* With TTL 17 the sixteenth may still send it on, with 16 it is the end. */
	udp(0, 0, "10.0.0.1", "10.9.0.1", 60)[8] = 17;
	goes(0);
	expect_drop(REF_REASON(LOOP), 0);
	/* r1 is the sixteenth and has to ask the way back. */
	add_route(1, "10.0.0.0/24", "10.0.1.200");
	udp(0, 0, "10.0.0.1", "10.9.0.1", 60)[8] = 16;
	goes(0);
	expect_drop(REF_REASON(TTL_EXCEEDED), 1);
}

/* ---- what is not forwarded ---- */

Test(ref_router, ttl, .init = begin)
{
	for (uint8_t ttl = 0; ttl < 2; ttl++) {
		udp(0, 0, "10.0.0.1", "10.0.1.2", 60)[8] = ttl;
		goes(0);
		expect_drop(REF_REASON(TTL_EXCEEDED), 1);
		expect_error(1, "10.0.0.200", 11, 0, 0, 576);
		udp(0, 0, "2001:db8:a::1", "2001:db8:a:1::2", 100)[7] = ttl;
		goes(0);
		expect_drop(REF_REASON(TTL_EXCEEDED), 1);
		expect_error(1, "2001:db8:a::200", 3, 0, 0, 1280);
	}
	/* In the second router: the answer comes from there, by way of the first. */
	add_route(0, "10.0.2.0/24", "10.0.1.201");
	add_route(1, "10.0.0.0/24", "10.0.1.200");
	udp(0, 0, "10.0.0.1", "10.0.2.3", 60)[8] = 2;
	goes(0);
	expect_drop(REF_REASON(TTL_EXCEEDED), 1);
	cr_assert_eq(result.outs[0].wire.data[ETH_HEADER + 8], 63);
	cr_assert_arr_eq(result.outs[0].wire.data + ETH_HEADER + 12, ((const uint8_t[4]){10, 0, 1, 201}), 4);
	cr_assert_eq(result.outs[0].wire.data[ETH_HEADER + 28 + 8], 1, "as it came in there");
}

Test(ref_router, no_route, .init = begin)
{
	(void)udp(0, 0, "10.0.0.1", "10.9.0.1", 60);
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 1);
	expect_error(1, "10.0.0.200", 3, 0, 0, 576);
	expect_macs(result.outs[0].wire.data, HOST_MAC(0), IFACE_MAC(0, 0));
	(void)udp(0, 0, "10.0.0.1", "10.9.0.1", 1400);
	goes(0);
	expect_error(1, "10.0.0.200", 3, 0, 0, 576);
	(void)udp(0, 0, "2001:db8:a::1", "fd00:9::1", 1400);
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 1);
	expect_error(1, "2001:db8:a::200", 1, 0, 0, 1280);
	/* From a host behind a remote, back to it. */
	(void)udp(0, 3, "10.0.0.4", "10.9.0.1", 60);
	goes(3);
	cr_assert_eq(result.outs[0].to.kind, REF_AT_REMOTE);
	expect_error(0, "10.0.0.200", 3, 0, 0, 576);
	/* Its source has no way either. */
	(void)udp(0, 0, "10.7.0.1", "10.9.0.1", 60);
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 0);
	/* The interface has nothing to speak with. */
	topo.tenants[0].routers[0].ifaces[0].n_addresses = 1;
	(void)udp(0, 0, "2001:db8:a::1", "fd00:9::1", 100);
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 0);
}

Test(ref_router, of_what_no_error_speaks, .init = begin)
{
	uint8_t *p = udp(0, 0, "10.0.0.1", "10.9.0.1", 100);

	put16(p + 6, 0x2001); /* the second fragment */
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 0);
	put16(p + 6, 0x2000); /* the first */
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 1);
	put16(p + 6, 0);
	p[9] = PROTO_ICMP;
	memset(p + 20, 0, 8);
	p[20] = 3;
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 0);
	p[20] = 8;
	goes(0);
	expect_drop(REF_REASON(UNROUTED), 1);
}

Test(ref_router, addresses_that_are_not_routed, .init = begin)
{
	static const char *const pairs[][2] = {{"127.0.0.1", "10.0.1.2"}, {"10.0.0.1", "127.0.0.1"},
	    {"0.0.0.0", "10.0.1.2"}, {"10.0.0.1", "0.1.2.3"}, {"224.0.0.5", "10.0.1.2"}, {"10.0.0.1", "224.0.0.5"},
	    {"10.0.0.1", "255.255.255.255"}, {"169.254.1.1", "10.0.1.2"}, {"10.0.0.1", "169.254.1.1"},
	    {"10.0.0.1", "10.0.1.255"}, {"10.0.0.200", "10.0.1.2"}, {"10.0.1.200", "10.0.1.2"},
	    {"::", "2001:db8:a:1::2"}, {"2001:db8:a::1", "::1"}, {"fe80::1", "2001:db8:a:1::2"},
	    {"2001:db8:a::1", "fe80::1"}, {"2001:db8:a::1", "ff0e::1"}, {"2001:db8:a::200", "2001:db8:a:1::2"}};

	add_route(0, "0.0.0.0/0", "10.0.1.2");
	for (size_t i = 0; i < WEIR_ARRAY_LEN(pairs); i++) {
		(void)udp(0, 0, pairs[i][0], pairs[i][1], 100);
		goes(0);
		expect_drop(REF_REASON(NOT_ROUTABLE), 0);
	}
}

Test(ref_router, neither_ip_nor_untagged, .init = begin)
{
	static const uint8_t tag[4] = {0x81, 0, 0, 5};
	static struct wire sent;

	/* The vport's own tag is off already: this one is the tenant's. */
	topo.tenants[0].vports[0].vlan = 9;
	(void)udp(0, 0, "10.0.0.1", "10.0.1.2", 60);
	sent = packet;
	wire_insert(&sent, 12, tag, 4);
	wire_insert(&sent, 12, (const uint8_t[4]){0x81, 0, 0, 9}, 4);
	comes(0, &sent);
	expect_drop(REF_REASON(NOT_ROUTED), 0);
	topo.tenants[0].vports[0].vlan = 0;
	put16(packet.data + 12, 0x88b5);
	sent = packet;
	comes(0, &sent);
	expect_drop(REF_REASON(NOT_ROUTED), 0);
}
