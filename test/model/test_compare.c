/* SPDX-License-Identifier: BSD-3-Clause */
/* What the comparison takes for the frame that a router should have made, and what it does not. */
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "model.h"
#include "ref_net.h"

static struct wire found;
static struct ref_out out;
static uint16_t source;

/* The error about a packet from a host without a route to where it sends: as the reference has it. */
static void
get_error(uint32_t host, const char *from, const char *to)
{
	begin();
	(void)udp(0, host, from, to, 120);
	goes(host);
	cr_assert_eq(result.n_outs, 1);
	out = result.outs[0];
	found = out.wire;
}

static bool
equal(void)
{
	struct ref_out copy = out;

	return compare_made(&topo, &found, &copy, &source);
}

static void
checksum(uint32_t l3)
{
	put16(found.data + l3 + 10, 0);
	put16(found.data + l3 + 10, wire_fold(wire_sum(found.data + l3, 20, 0)));
}

Test(compare, an_error_is_equal_to_itself)
{
	get_error(0, "10.0.0.1", "10.9.0.1");
	cr_assert(equal());
	get_error(0, "2001:db8:a::1", "fd00:9::1");
	cr_assert(equal());
}

Test(compare, what_is_weirs_choice)
{
	get_error(0, "10.0.0.1", "10.9.0.1");
	found.data[ETH_HEADER + 1] = 0xc0;
	put16(found.data + ETH_HEADER + 4, 4711);
	put16(found.data + ETH_HEADER + 6, 0x4000);
	cr_assert(!equal(), "its checksum is wrong");
	checksum(ETH_HEADER);
	cr_assert(equal());
}

Test(compare, what_is_not)
{
	static const uint32_t places[] = {0, 6, 12, ETH_HEADER + 8, ETH_HEADER + 9, ETH_HEADER + 12, ETH_HEADER + 16,
	    ETH_HEADER + 20, ETH_HEADER + 21, ETH_HEADER + 24, ETH_HEADER + 28, ETH_HEADER + 28 + 8, 100};

	get_error(0, "10.0.0.1", "10.9.0.1");
	for (size_t i = 0; i < WEIR_ARRAY_LEN(places); i++) {
		uint8_t *icmp = found.data + ETH_HEADER + 20;

		found = out.wire;
		found.data[places[i]] ^= 1;
		checksum(ETH_HEADER);
		put16(icmp + 2, 0);
		put16(icmp + 2, wire_fold(wire_sum(icmp, found.len - ETH_HEADER - 20, 0)));
		cr_assert(!equal(), "byte %u", places[i]);
	}
	found = out.wire;
	found.len--;
	cr_assert(!equal());
	found = out.wire;
	found.data[ETH_HEADER + 22] ^= 1;
	cr_assert(!equal(), "ICMP checksum");
}

Test(compare, tunnels)
{
	get_error(3, "10.0.0.4", "10.9.0.1");
	put16(found.data + ETH_HEADER + 20, 50000); /* the outer source port */
	cr_assert(equal());
	cr_assert_eq(source, 50000);
	found.data[ETH_HEADER + 28 + 6] ^= 1; /* the VNI */
	cr_assert(!equal());
}

Test(compare, tunnels_by_geneve)
{
	get_error(3, "10.0.0.4", "10.9.0.1");
	topo.tenants[0].switches[0].geneve = true;
	cr_assert(!equal(), "as if it were VXLAN's");
	put16(found.data + ETH_HEADER + 22, GENEVE_PORT);
	put32(found.data + ETH_HEADER + 28, 0x6558);
	cr_assert(equal());
	found.data[ETH_HEADER + 28] = 1; /* the length of options */
	cr_assert(!equal());
}

Test(compare, padding)
{
	begin();
	ask_arp(0, "10.0.0.1", "10.0.0.200", &everybody);
	out = result.outs[0];
	found = out.wire;
	cr_assert(equal());
	(void)gen_put(&found, 18);
	cr_assert(compare_made(&topo, &found, &out, &source));
	cr_assert_eq(out.bytes, 60, "as it is counted");
	out.bytes = 42;
	found.data[59] = 1;
	cr_assert(!equal());
	found.data[59] = 0;
	(void)gen_put(&found, 1);
	cr_assert(!equal());
}

Test(compare, quoted_packets_may_be_as_they_came_or_as_they_left)
{
	make_network();
	begin();
	put16(udp(0, 0, "10.0.0.1", "10.0.1.2", 14 + 1401) + 6, 0x4000);
	topo.ports[2].mtu = 1400;
	goes(0);
	out = result.outs[1];
	found = out.wire;
	found.data[ETH_HEADER + 28 + 8]++;
	put16(found.data + ETH_HEADER + 22, 0);
	put16(found.data + ETH_HEADER + 22,
	    wire_fold(wire_sum(found.data + ETH_HEADER + 20, found.len - ETH_HEADER - 20, 0)));
	cr_assert(equal());
}

/* ---- what a router says of itself ---- */

static struct own_frame own;

static void
put_arp(const char *spa, const char *tpa, uint16_t op)
{
	static const uint8_t start[6] = {0, 1, 8, 0, 6, 4};
	struct weir_ip sender = ip(spa), target = ip(tpa);
	uint8_t *p;

	found.len = 0;
	memset(gen_put(&found, 6), 0xff, 6);
	memcpy(gen_put(&found, 6), IFACE_MAC(0, 1)->b, 6);
	put16(gen_put(&found, 2), ETH_ARP);
	p = gen_put(&found, 28);
	memcpy(p, start, 6);
	put16(p + 6, op);
	memcpy(p + 8, IFACE_MAC(0, 1)->b, 6);
	wire_put_ip(p + 14, &sender);
	wire_put_ip(p + 24, &target);
}

Test(compare, questions_of_a_router, .init = make_network)
{
	put_arp("10.0.1.200", "10.0.1.77", 1);
	cr_assert(compare_own(&topo, 2, &found, &own));
	cr_assert(own.at.kind == REF_AT_VPORT && own.at.vport == 1 && own.bytes == 42);
	cr_assert(!compare_own(&topo, 1, &found, &own), "by a vport of another switch");
	put_arp("10.0.1.200", "10.0.1.200", 2);
	cr_assert(compare_own(&topo, 2, &found, &own));
	put_arp("10.0.1.200", "10.0.1.77", 2);
	cr_assert(!compare_own(&topo, 2, &found, &own), "an answer that nobody has asked for");
	put_arp("10.0.1.199", "10.0.1.77", 1);
	cr_assert(!compare_own(&topo, 2, &found, &own));
}

/* By a tunnel of s1 in this format. */
static void
wrap(bool geneve)
{
	uint8_t headers[ETH_HEADER + 20 + 16] = {0};

	headers[12] = 8;
	headers[ETH_HEADER] = 0x45;
	memcpy(headers + ETH_HEADER + 16, (const uint8_t[4]){192, 0, 2, 3}, 4);
	put16(headers + ETH_HEADER + 22, geneve ? GENEVE_PORT : VXLAN_PORT);
	put32(headers + ETH_HEADER + 28, geneve ? 0x6558 : 0x08000000);
	put32(headers + ETH_HEADER + 32, 5002 << 8);
	wire_insert(&found, 0, headers, sizeof(headers));
}

Test(compare, questions_by_tunnels, .init = make_network)
{
	for (uint32_t switch_by = 0; switch_by < 2; switch_by++)
		for (uint32_t sent_by = 0; sent_by < 2; sent_by++) {
			topo.tenants[0].switches[1].geneve = switch_by != 0;
			put_arp("10.0.1.200", "10.0.1.77", 1);
			wrap(sent_by != 0);
			cr_assert_eq(compare_own(&topo, 0, &found, &own), switch_by == sent_by);
		}
}
