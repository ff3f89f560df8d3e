/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a receiving port said of a packet, and what it would ask of a sending one, does not leave by a vport:
 * whichever parser took the packet, and whether its flow is new, known, or goes straight.
 */
#include <string.h>

#include "bench.h"

/* As no sending port may find them: it would cut the frame up, or put a tag on. */
#define DIRT (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_RX_RSS_HASH)
#define ROUNDS 3  /* the first one makes the flow, the second one lists its path, the third one may go straight */
#define TENANT 20 /* VLAN of blue's vports */
#define OWN 7	  /* VLAN of the tenant's own */
#define UNKNOWN 0x77

/* Red's a, b, c untagged on p1, p2, p3 and blue's by their VLAN; mac(1) at a, mac(9) at b. */
static void
setup(void)
{
	bench_start(1);
	load_both();
	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}},"
	      "'blue':{'vports':{'b':{'switch':'web','port':'p2','vlan':20},"
	      "'c':{'switch':'web','port':'p3','vlan':20}}}}}");
	for (uint32_t port = 1; port <= 2; port++) {
		struct frame hello = plain(BROADCAST, port == 1 ? 1 : 9, 0x88b5);

		inject(port, hello);
		inject(port, tagged(hello, TENANT));
	}
	pass_time(MS);
	discard();
}

TestSuite(flags, .init = setup);

/* ---- frames from mac(1) to mac(9) ---- */

/* What the vector instructions take, where there are any. */
static struct frame
usual(void)
{
	return udp(1, "10.0.0.1", "10.0.0.2", 1, 7);
}

/* What is left to the scalar parsers, for its four bytes of options; of another flow. */
static struct frame
with_options(void)
{
	struct frame frame = udp(1, "10.0.0.1", "10.0.0.2", 2, 7);
	uint8_t *ip = frame.b + 14;

	memmove(ip + 24, ip + 20, frame.len - 34);
	memset(ip + 20, 1, 4);
	frame.len += 4;
	ip[0] = 0x46;
	ip[3] = (uint8_t)(ip[3] + 4);
	memset(ip + 10, 0, 2);
	memcpy(ip + 10, &(uint16_t){weir_ipv4_checksum(ip, 24)}, 2);
	return frame;
}

static struct frame
tunnelled(struct frame inner, uint32_t vni)
{
	return to(vxlan(inner, vni, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC);
}

/* The same from mac(5), who is behind the tunnel. */
static struct frame
from_afar(struct frame frame)
{
	frame.b[6 + 5] = 5;
	return frame;
}

/* ---- what leaves ---- */

static void
expect_clean(uint32_t port, uint32_t round)
{
	uint64_t flags;
	struct frame got;

	cr_assert(sent_flagged(port, &got, &flags), "round %u: nothing left by port %u", round, port);
	cr_assert_eq(flags & ~WEIR_MBUF_FLAGS_KEPT, 0, "round %u: flags %lx left by port %u", round, flags, port);
}

/* A frame that a port receives with these flags leaves by each port from `first` to `last` and no other, clean. */
static void
cross_flagged(const char *tenant, uint32_t in, struct frame frame, uint64_t flags, uint16_t vlan_tci, uint32_t first,
    uint32_t last)
{
	uint32_t before = flows_of(tenant);

	for (uint32_t round = 0; round < ROUNDS; round++) {
		inject_flagged(in, frame, flags, vlan_tci);
		poll_all();
		for (uint32_t port = first; port <= last; port++)
			expect_clean(port, round);
		for (uint32_t port = 0; port < BENCH_PORTS; port++)
			cr_assert_eq(n_sent(port), 0, "round %u: more left by port %u", round, port);
		cr_assert_eq(flows_of(tenant), before + 1, "the flow is new, and then known");
	}
}

static void
cross(const char *tenant, uint32_t in, struct frame frame, uint32_t first, uint32_t last)
{
	cross_flagged(tenant, in, frame, DIRT, 0, first, last);
}

/* ---- from a vport to another ---- */

BENCH_TEST(flags, usual_untagged)
{
	cross("red", 1, usual(), 2, 2);
}

BENCH_TEST(flags, usual_tagged)
{
	cross("blue", 1, tagged(usual(), TENANT), 2, 2);
}

BENCH_TEST(flags, unusual_untagged)
{
	cross("red", 1, with_options(), 2, 2);
	cross("red", 1, plain(9, 1, 0x88b6), 2, 2);
}

BENCH_TEST(flags, unusual_tagged)
{
	cross("blue", 1, tagged(with_options(), TENANT), 2, 2);
}

BENCH_TEST(flags, a_tag_of_the_tenants_own)
{
	cross("blue", 1, tagged(tagged(usual(), OWN), TENANT), 2, 2);
}

/* The flags that say so go as well, or the next port would believe in a tag of its own. */
BENCH_TEST(flags, a_tag_that_the_nic_took_off)
{
	cross_flagged("blue", 1, usual(), DIRT | RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, TENANT, 2, 2);
}

/* ---- from a tunnel to a vport ---- */

BENCH_TEST(flags, usual_from_a_tunnel)
{
	cross("red", 0, tunnelled(from_afar(usual()), 5001), 2, 2);
	cross("blue", 0, tunnelled(from_afar(usual()), 5002), 2, 2);
}

BENCH_TEST(flags, unusual_from_a_tunnel)
{
	cross("red", 0, tunnelled(from_afar(with_options()), 5001), 2, 2);
	cross("blue", 0, tunnelled(from_afar(tagged(usual(), OWN)), 5002), 2, 2);
}

/* What a NIC found right outside is no promise for what is inside. */
BENCH_TEST(flags, checksums_that_the_nic_has_looked_at)
{
	uint64_t flags = DIRT | RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;

	cross_flagged("red", 0, tunnelled(from_afar(usual()), 5001), flags, 0, 2, 2);
	cross_flagged("red", 0, tunnelled(from_afar(with_options()), 5001), flags, 0, 2, 2);
	cross_flagged("red", 1, usual(), flags, 0, 2, 2);
}

/* ---- flooded: copies, and the original by the last vport ---- */

BENCH_TEST(flags, flooded_from_a_vport)
{
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':[]}}},'blue':{'switches':{'web':{'remotes':[]}}}}}");
	cross("red", 1, to(usual(), mac(UNKNOWN)), 2, 3);
	cross("red", 1, to(with_options(), mac(UNKNOWN)), 2, 3);
	cross("blue", 1, tagged(to(usual(), mac(UNKNOWN)), TENANT), 2, 3);
	cross("blue", 1, tagged(to(with_options(), mac(UNKNOWN)), TENANT), 2, 3);
}

/* Larger frames share what is behind their headers. */
BENCH_TEST(flags, flooded_by_reference)
{
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':[]}}}}}");
	cross("red", 1, sized(to(usual(), mac(UNKNOWN)), 1400), 2, 3);
	cross("red", 1, sized(plain(UNKNOWN, 1, 0x88b6), 1400), 2, 3);
}

BENCH_TEST(flags, flooded_from_a_tunnel)
{
	cross("red", 0, tunnelled(from_afar(to(usual(), mac(UNKNOWN))), 5001), 1, 3);
	cross("red", 0, tunnelled(from_afar(to(with_options(), mac(UNKNOWN))), 5001), 1, 3);
	cross("red", 0, tunnelled(from_afar(sized(plain(UNKNOWN, 1, 0x88b6), 1400)), 5001), 1, 3);
}
