/* SPDX-License-Identifier: BSD-3-Clause */
/* What a vport with "mac" and "addresses" lets in: design 1.3. */
#include <string.h>

#include "fixture.h"

#define OURS 1 /* the vport's MAC, and its addresses */
#define OURS4 "10.0.0.5"
#define OURS6 "2001:db8:1::5"
#define LINK_LOCAL "fe80::ff:fe00:1" /* of 02:00:00:00:00:01 */
#define OTHER 7			     /* somebody else's */
#define OTHER4 "10.0.0.6"
#define OTHER6 "2001:db8:1::6"
#define OTHER_LINK_LOCAL "fe80::ff:fe00:7"
#define ANY4 "0.0.0.0"
#define ALL_NODES "ff02::1"

static struct weir_ip addresses[2];

static void
set_addresses(void)
{
	addresses[0] = ip(OURS4);
	addresses[1] = ip(OURS6);
	ifaces[A].n_addresses = 2;
	ifaces[A].addresses = addresses;
}

static void
set_mac(void)
{
	ifaces[A].has_mac = true;
	ifaces[A].mac = mac(OURS);
}

/* Both kinds on vport A; a test may take one away. */
static void
setup(void)
{
	start();
	set_mac();
	set_addresses();
}

TestSuite(spoof, .init = setup, .fini = finish);

#define assert_passes(frame) cr_assert_eq(pass(A, frame), WEIR_OK)
#define assert_bad_mac(frame) cr_assert_eq(pass(A, frame), WEIR_DROP_SPOOFED_MAC)
#define assert_bad_ip(frame) cr_assert_eq(pass(A, frame), WEIR_DROP_SPOOFED_IP)

Test(spoof, source_mac)
{
	assert_passes(plain(9, OURS, 0x88b5));
	assert_bad_mac(plain(9, OTHER, 0x88b5));
	assert_bad_mac(udp(OTHER, OURS4, OTHER4, 1, 2));
}

Test(spoof, a_vport_without_either_takes_all)
{
	struct frame frame = nd(OTHER, 136, OTHER6, ALL_NODES, OURS6, 99);

	assert_bad_mac(arp(OTHER, 2, OTHER, OTHER4, OURS4));
	cr_assert_eq(pass(B, arp(OTHER, 2, 99, OTHER4, OURS4)), WEIR_OK);
	cr_assert_eq(pass(B, udp(OTHER, OTHER4, OURS4, 1, 2)), WEIR_OK);
	cr_assert_eq(pass(B, nd(OTHER, 136, OTHER6, ALL_NODES, OURS6, 99)), WEIR_OK);
	frame.b[14 + 7] = 64; /* a lie, but none that is asked for here */
	cr_assert_eq(pass(B, frame), WEIR_OK);
}

/* What comes from a remote was checked where it entered. */
Test(spoof, remotes_are_not_checked)
{
	ifaces[R].has_mac = true;
	ifaces[R].mac = mac(OURS);
	cr_assert_eq(pass(R, udp(OTHER, OTHER4, OURS4, 1, 2)), WEIR_OK);
}

Test(spoof, ipv4_source)
{
	assert_passes(udp(OURS, OURS4, OTHER4, 1, 2));
	assert_bad_ip(udp(OURS, OTHER4, OURS4, 1, 2));
	assert_bad_ip(udp(OURS, "255.255.255.255", OURS4, 1, 2));
	assert_bad_ip(udp(OURS, "127.0.0.1", OURS4, 1, 2));
}

Test(spoof, dhcp_from_nowhere)
{
	struct frame frame = udp(OURS, ANY4, "255.255.255.255", 68, 67);

	assert_passes(udp(OURS, ANY4, "255.255.255.255", 68, 67));
	assert_bad_ip(udp(OURS, ANY4, "255.255.255.255", 68, 68));
	assert_bad_ip(udp(OURS, ANY4, "255.255.255.255", 67, 67));
	assert_bad_ip(udp(OURS, OTHER4, "255.255.255.255", 68, 67));
	/* These ports mean something else in TCP. */
	frame.b[14 + 9] = 6;
	frame.b[14 + 20 + 12] = 0x50;
	assert_bad_ip(frame);
}

/* A fragment has no ports: it is not DHCP. */
Test(spoof, a_fragment_from_nowhere)
{
	struct frame frame = udp(OURS, ANY4, "255.255.255.255", 68, 67);
	uint16_t sum;

	frame.b[14 + 6] = 0x20;
	memset(frame.b + 14 + 10, 0, 2);
	sum = weir_ipv4_checksum(frame.b + 14, 20);
	memcpy(frame.b + 14 + 10, &sum, 2);
	assert_bad_ip(frame);
}

Test(spoof, ipv6_source)
{
	assert_passes(udp(OURS, OURS6, OTHER6, 1, 2));
	assert_passes(udp(OURS, LINK_LOCAL, OTHER_LINK_LOCAL, 1, 2));
	assert_bad_ip(udp(OURS, OTHER6, OURS6, 1, 2));
	assert_bad_ip(udp(OURS, OTHER_LINK_LOCAL, OURS6, 1, 2));
	assert_bad_ip(udp(OURS, "fe80::1", OURS6, 1, 2));
	assert_bad_ip(udp(OURS, "::", ALL_NODES, 1, 2));
	assert_bad_ip(udp(OURS, "::", ALL_NODES, 68, 67));
}

/* Tagged frames, too. */
Test(spoof, behind_a_tag)
{
	struct frame frame = udp(OURS, OTHER4, OURS4, 1, 2);

	memmove(frame.b + 16, frame.b + 12, frame.len - 12);
	memcpy(frame.b + 12, (const uint8_t[]){0x81, 0x00, 0x00, 0x05}, 4);
	frame.len += 4;
	assert_bad_ip(frame);
	memcpy(frame.b + 18 + 12, (const uint8_t[]){10, 0, 0, 5}, 4);
	assert_passes(frame);
}

/* ---- ARP ---- */

Test(spoof, arp_of_its_own)
{
	assert_passes(arp(OURS, 1, OURS, OURS4, OTHER4));
	assert_passes(arp(OURS, 2, OURS, OURS4, OTHER4));
	assert_passes(arp(OURS, 1, OURS, OURS4, OURS4)); /* announcement */
	assert_passes(arp(OURS, 2, OURS, OURS4, OURS4));
	assert_passes(arp(OURS, 1, OURS, ANY4, OURS4)); /* probe */
}

Test(spoof, arp_of_others)
{
	assert_bad_ip(arp(OURS, 1, OURS, OTHER4, OURS4));
	assert_bad_ip(arp(OURS, 2, OURS, OTHER4, OURS4));
	assert_bad_ip(arp(OURS, 1, OURS, OTHER4, OTHER4));
	assert_bad_mac(arp(OURS, 1, OTHER, OURS4, OTHER4));
	assert_bad_mac(arp(OURS, 2, OTHER, OURS4, OTHER4));
	assert_bad_mac(arp(OURS, 1, OTHER, ANY4, OURS4));
	assert_bad_mac(arp(OTHER, 1, OURS, OURS4, OTHER4));
	assert_bad_ip(arp(OURS, 2, OURS, ANY4, OURS4)); /* only a request is a probe */
}

/* ---- IPv6: neighbours and groups ---- */

Test(spoof, neighbour_discovery_of_its_own)
{
	assert_passes(nd(OURS, 135, OURS6, "ff02::1:ff00:6", OTHER6, OURS));
	assert_passes(nd(OURS, 135, LINK_LOCAL, "ff02::1:ff00:6", OTHER6, OURS));
	assert_passes(nd(OURS, 136, OURS6, OTHER6, OURS6, OURS));
	assert_passes(nd(OURS, 136, LINK_LOCAL, ALL_NODES, OURS6, OURS));
	assert_passes(nd(OURS, 136, OURS6, ALL_NODES, LINK_LOCAL, OURS));
	assert_passes(nd(OURS, 136, OURS6, OTHER6, OURS6, 0));
	assert_passes(nd(OURS, 133, LINK_LOCAL, "ff02::2", "", OURS));
}

Test(spoof, neighbour_discovery_of_others)
{
	assert_bad_ip(nd(OURS, 135, OTHER6, "ff02::1:ff00:5", OURS6, OURS));
	assert_bad_ip(nd(OURS, 136, OTHER6, ALL_NODES, OTHER6, OURS));
	assert_bad_ip(nd(OURS, 136, OURS6, ALL_NODES, OTHER6, OURS));
	assert_bad_ip(nd(OURS, 136, OURS6, ALL_NODES, OTHER_LINK_LOCAL, OURS));
	assert_bad_mac(nd(OURS, 135, OURS6, "ff02::1:ff00:6", OTHER6, OTHER));
	assert_bad_mac(nd(OURS, 136, OURS6, ALL_NODES, OURS6, OTHER));
	assert_bad_mac(nd(OURS, 133, LINK_LOCAL, "ff02::2", "", OTHER));
	assert_bad_mac(nd(OTHER, 135, OURS6, "ff02::1:ff00:6", OTHER6, OTHER));
}

Test(spoof, duplicate_address_detection)
{
	assert_passes(nd(OURS, 135, "::", "ff02::1:ff00:5", OURS6, 0));
	assert_passes(nd(OURS, 135, "::", "ff02::1:ff00:1", LINK_LOCAL, 0));
	assert_passes(nd(OURS, 133, "::", "ff02::2", "", 0));
	/* An advertisement needs a source. */
	assert_bad_ip(nd(OURS, 136, "::", ALL_NODES, OURS6, 0));
}

Test(spoof, multicast_listener_reports)
{
	static const uint8_t from_anywhere[] = {131, 132, 143};

	for (size_t i = 0; i < sizeof(from_anywhere); i++) {
		assert_passes(icmp6(OURS, "::", "ff02::16", from_anywhere[i]));
		assert_passes(icmp6(OURS, LINK_LOCAL, "ff02::16", from_anywhere[i]));
		assert_bad_ip(icmp6(OURS, OTHER_LINK_LOCAL, "ff02::16", from_anywhere[i]));
	}
	assert_bad_ip(udp(OURS, "::", "ff02::16", 143 << 8, 2)); /* a UDP port, not a type */
	assert_bad_ip(icmp6(OURS, "::", ALL_NODES, 130));
	assert_bad_ip(icmp6(OURS, "::", ALL_NODES, 128));
}

Test(spoof, messages_that_lie)
{
	struct frame frame = nd(OURS, 136, OURS6, ALL_NODES, OURS6, OURS);

	frame.b[14 + 7] = 64; /* hop limit: it came over a router */
	cr_assert_eq(pass(A, frame), WEIR_DROP_BAD_L4);
	frame = nd(OURS, 136, OURS6, ALL_NODES, OURS6, OURS);
	frame.b[14 + 40 + 25] = 0; /* an option without length */
	cr_assert_eq(pass(A, frame), WEIR_DROP_BAD_L4);
}

/* ---- one kind alone ---- */

Test(spoof, a_mac_without_addresses)
{
	ifaces[A].n_addresses = 0;
	assert_passes(udp(OURS, OTHER4, OURS4, 1, 2));
	assert_passes(arp(OURS, 2, OURS, OTHER4, OURS4));
	assert_passes(nd(OURS, 136, OTHER6, ALL_NODES, OTHER6, OURS));
	assert_bad_mac(udp(OTHER, OURS4, OTHER4, 1, 2));
	assert_bad_mac(arp(OURS, 2, OTHER, OURS4, OTHER4));
	assert_bad_mac(nd(OURS, 136, OURS6, ALL_NODES, OURS6, OTHER));
}

Test(spoof, addresses_without_a_mac)
{
	ifaces[A].has_mac = false;
	assert_passes(udp(OTHER, OURS4, OTHER4, 1, 2));
	assert_passes(udp(OTHER, OTHER_LINK_LOCAL, OURS6, 1, 2)); /* by the MAC it is sent from */
	assert_passes(nd(OTHER, 136, OTHER_LINK_LOCAL, ALL_NODES, OTHER_LINK_LOCAL, OTHER));
	assert_passes(arp(OTHER, 1, OTHER, OURS4, OTHER4));
	assert_bad_ip(udp(OTHER, LINK_LOCAL, OURS6, 1, 2));
	assert_bad_ip(udp(OTHER, OTHER4, OURS4, 1, 2));
	assert_bad_ip(arp(OTHER, 2, OTHER, OTHER4, OURS4));
	assert_bad_ip(nd(OTHER, 136, OURS6, ALL_NODES, OTHER6, OTHER));
}

/* Without an IPv4 address of its own a host may still ask for one. */
Test(spoof, addresses_of_one_family)
{
	ifaces[A].n_addresses = 1;
	ifaces[A].addresses = &addresses[1];
	assert_passes(udp(OURS, ANY4, "255.255.255.255", 68, 67));
	assert_bad_ip(udp(OURS, OURS4, OTHER4, 1, 2));
	assert_bad_ip(arp(OURS, 1, OURS, OURS4, OTHER4));
	assert_passes(udp(OURS, OURS6, OTHER6, 1, 2));
}
