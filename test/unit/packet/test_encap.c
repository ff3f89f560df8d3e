/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <criterion/criterion.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "mbufs.h"
#include "samples.h"
#include "weir_packet.h"

static struct weir_encap
make_encap(enum weir_tunnel tunnel, const char *src, const char *dst, uint32_t vlan)
{
	struct weir_encap encap;
	struct weir_encap_params params = {
	    .tunnel = tunnel,
	    .smac = {{2, 0xaa, 0, 0, 0, 1}},
	    .dmac = {{2, 0xaa, 0, 0, 0, 2}},
	    .vlan = vlan,
	    .ttl = 64,
	    .mtu = 1500,
	    .port = 3,
	};

	cr_assert_eq(weir_ip_parse(src, &params.src), 0);
	cr_assert_eq(weir_ip_parse(dst, &params.dst), 0);
	weir_encap_init(&encap, &params);
	return encap;
}

static struct weir_encap
encap_v4(uint32_t vlan)
{
	return make_encap(WEIR_VXLAN, "192.0.2.1", "192.0.2.2", vlan);
}

static struct weir_encap
encap_v6(uint32_t vlan)
{
	return make_encap(WEIR_VXLAN, "2001:db8:a::1", "2001:db8:a::2", vlan);
}

static struct weir_encap
geneve_v4(uint32_t vlan)
{
	return make_encap(WEIR_GENEVE, "192.0.2.1", "192.0.2.2", vlan);
}

static struct weir_encap
geneve_v6(uint32_t vlan)
{
	return make_encap(WEIR_GENEVE, "2001:db8:a::1", "2001:db8:a::2", vlan);
}

/* What came from elsewhere as a whole is made here from its inner frame. */
static void
check_against_sample(struct rte_mempool *pool, const char *name, const struct weir_encap *encap, uint32_t vlan,
    uint32_t vni, uint16_t sport, uint8_t tos)
{
	uint8_t got[MBUF_PACKET_MAX], want[MBUF_PACKET_MAX];
	uint32_t len, l2_len = vlan == WEIR_NONE ? 14 : 18, header = encap->v6 ? 70 : 50;
	uint8_t *sample = sample_named(name, &len);
	struct rte_mbuf *m = make_packet(pool, sample + header, len - header, len, 0);

	cr_assert_eq(weir_encap_overhead(encap), header + l2_len - 14);
	/* The hash's higher bits do not matter. */
	cr_assert_eq(weir_encap_push(m, encap, vni, 0xabc00000u | sport, tos, 0), 0);
	memcpy(want, sample, 12);
	memcpy(want + l2_len - 2, sample + 12, len - 12);
	if (vlan != WEIR_NONE)
		memcpy(want + 12, (uint8_t[4]){0x81, 0, (uint8_t)(vlan >> 8), (uint8_t)vlan}, 4);
	cr_assert_eq(read_packet(m, got), len + l2_len - 14);
	cr_assert_arr_eq(got, want, len + l2_len - 14, "%s", name);
	cr_assert_eq(m->ol_flags, 0);
	rte_pktmbuf_free(m);
	free_exact(sample, 0);
}

Test(encap, same_bytes_as_others_make)
{
	static const uint32_t vlans[] = {WEIR_NONE, 7, 4094};
	struct rte_mempool *pool = start_mbufs();

	for (size_t i = 0; i < WEIR_ARRAY_LEN(vlans); i++) {
		struct weir_encap v4 = encap_v4(vlans[i]), v6 = encap_v6(vlans[i]);

		check_against_sample(pool, "vxlan4", &v4, vlans[i], 5001, 50000, 0x2a);
		check_against_sample(pool, "vxlan6", &v6, vlans[i], 1, 50001, 0xb9);
		v4 = geneve_v4(vlans[i]);
		v6 = geneve_v6(vlans[i]);
		check_against_sample(pool, "geneve4", &v4, vlans[i], 5001, 50000, 0x2a);
		check_against_sample(pool, "geneve6", &v6, vlans[i], 1, 50001, 0xb9);
	}
	cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
}

/* Takes the underlay's tag off as the receiver does, then parses. */
static struct weir_outer
parse_outer(struct rte_mbuf *m, bool tagged)
{
	struct weir_outer outer;

	if (tagged)
		weir_vlan_pop(m);
	cr_assert_eq(weir_packet_pullup(m), 0);
	cr_assert_eq(
	    weir_parse_underlay(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, m->pkt_len, false, &outer), WEIR_OK);
	return outer;
}

static void
check_udp6_checksum(uint8_t *frame, uint32_t l2_len)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame + l2_len);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + l2_len + sizeof(*ip));
	uint16_t sent = udp->dgram_cksum;

	cr_assert_neq(sent, 0);
	udp->dgram_cksum = 0;
	cr_assert_eq(sent, rte_ipv6_udptcp_cksum(ip, udp));
	udp->dgram_cksum = sent;
}

/* On, as seen by DPDK's own checksums, and off again: the bytes that went in come out. */
static void
check_round_trip(struct rte_mempool *pool, const uint8_t *frame, uint32_t len, uint32_t first, uint32_t step,
    const struct weir_encap *encap, enum weir_tunnel tunnel)
{
	static uint8_t wire[MBUF_PACKET_MAX];
	struct rte_mbuf *m = make_packet(pool, frame, len, first, step);
	struct weir_frame inner;
	struct weir_key key;
	struct weir_outer outer;
	const uint8_t *at;

	cr_assert_eq(weir_encap_push(m, encap, 0x123456, len, 0, 0), 0);
	cr_assert_eq(read_packet(m, wire), len + encap->len);
	if (encap->v6)
		check_udp6_checksum(wire, encap->l2_len);
	outer = parse_outer(m, encap->l2_len > 14);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_TUNNEL);
	cr_assert_eq(outer.tunnel, tunnel);
	cr_assert_eq(outer.vni, 0x123456);
	cr_assert_eq(outer.inner_len, len);
	at = rte_pktmbuf_mtod_offset(m, uint8_t *, outer.inner);
	cr_assert_eq(weir_parse_frame(at, m->data_len - outer.inner, outer.inner_len, &key, &inner), WEIR_OK);
	cr_assert_eq(weir_decap(m, outer.inner, outer.tos, &inner), WEIR_OK);
	cr_assert_eq(read_packet(m, wire), len);
	cr_assert_arr_eq(wire, frame, len);
	rte_pktmbuf_free(m);
}

Test(encap, round_trip_of_any_length_and_segments)
{
	static const uint32_t vlans[] = {WEIR_NONE, 7};
	struct rte_mempool *pool = start_mbufs();
	static uint8_t frame[MBUF_PACKET_MAX];
	uint64_t seed = 3;

	for (uint32_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(next_random(&seed) >> 33);
	frame[12] = 0x88; /* an ethertype that is only carried */
	frame[13] = 0xb5;
	for (uint32_t round = 0; round < 400; round++) {
		uint32_t len = 14 + (uint32_t)(next_random(&seed) % (round % 10 == 0 ? 9000 : 1500));
		uint32_t first = 14 + (uint32_t)(next_random(&seed) % 700);
		uint32_t step = 1 + (uint32_t)(next_random(&seed) % 600); /* odd ones too */
		struct weir_encap v4 = encap_v4(vlans[round & 1]), v6 = encap_v6(vlans[round & 1]);

		step = RTE_MAX(step, len / 200 + 1);
		check_round_trip(pool, frame, len, first, step, &v4, WEIR_VXLAN);
		check_round_trip(pool, frame, len, first, step, &v6, WEIR_VXLAN);
		v4 = geneve_v4(vlans[round & 1]);
		v6 = geneve_v6(vlans[round & 1]);
		check_round_trip(pool, frame, len, first, step, &v4, WEIR_GENEVE);
		check_round_trip(pool, frame, len, first, step, &v6, WEIR_GENEVE);
	}
	cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
}

/* Over IPv6 a checksum that comes out as 0 is sent as 0xffff: 0 would mean none. */
Test(encap, udp_checksum_is_never_zero)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_encap encap = encap_v6(WEIR_NONE);
	uint8_t frame[60] = {[12] = 0x88, [13] = 0xb5}, wire[MBUF_PACKET_MAX];

	for (int round = 0; round < 2; round++) {
		struct rte_mbuf *m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);

		cr_assert_eq(weir_encap_push(m, &encap, 9, 0, 0, 0), 0);
		(void)read_packet(m, wire);
		check_udp6_checksum(wire, 14);
		/* What was sent is what is missing from 0xffff. */
		memcpy(frame + 20, wire + 14 + 40 + 6, 2);
		rte_pktmbuf_free(m);
	}
	cr_assert_eq(frame[20], 0xff);
	cr_assert_eq(frame[21], 0xff);
}

Test(encap, checksums_left_to_the_port)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_encap v4 = encap_v4(WEIR_NONE), v6 = encap_v6(7);
	uint8_t frame[64] = {[12] = 0x88, [13] = 0xb5};
	struct rte_mbuf *m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);
	const struct rte_ipv4_hdr *ip4;
	const struct rte_ipv6_hdr *ip6;
	const struct rte_udp_hdr *udp;

	cr_assert_eq(weir_encap_push(m, &v4, 9, 0, 0, WEIR_TX_IPV4_CKSUM | WEIR_TX_UDP_CKSUM), 0);
	cr_assert_eq(m->ol_flags, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
	cr_assert_eq(m->l2_len, 14);
	cr_assert_eq(m->l3_len, 20);
	ip4 = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);
	cr_assert_eq(ip4->hdr_checksum, 0);
	rte_pktmbuf_free(m);

	m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);
	cr_assert_eq(weir_encap_push(m, &v6, 9, 0, 0, WEIR_TX_IPV4_CKSUM | WEIR_TX_UDP_CKSUM), 0);
	cr_assert_eq(m->ol_flags, RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM);
	cr_assert_eq(m->l2_len, 18);
	cr_assert_eq(m->l3_len, 40);
	ip6 = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, 18);
	udp = (const struct rte_udp_hdr *)(ip6 + 1);
	cr_assert_eq(udp->dgram_cksum, rte_ipv6_phdr_cksum(ip6, m->ol_flags));
	rte_pktmbuf_free(m);
}

Test(encap, old_flags_do_not_stay)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_encap encap = encap_v4(WEIR_NONE);
	uint8_t frame[64] = {[12] = 0x88, [13] = 0xb5};
	struct rte_mbuf *m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);
	const uint64_t dynamic = RTE_MBUF_F_FIRST_FREE | RTE_MBUF_F_LAST_FREE;

	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_TX_TCP_SEG |
		      RTE_MBUF_F_TX_OUTER_IPV4 | dynamic;
	m->tso_segsz = 1400;
	cr_assert_eq(weir_encap_push(m, &encap, 9, 0, 0, 0), 0);
	cr_assert_eq(m->ol_flags, dynamic);
	cr_assert_eq(m->tso_segsz, 0);
	rte_pktmbuf_free(m);
}

Test(encap, no_headroom)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_encap encap = encap_v4(7);
	uint8_t frame[64] = {[12] = 0x88, [13] = 0xb5}, after[MBUF_PACKET_MAX];
	struct rte_mbuf *m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);

	m->data_off = encap.len - 1;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), frame, sizeof(frame));
	m->ol_flags = RTE_MBUF_F_RX_VLAN;
	cr_assert_eq(weir_encap_push(m, &encap, 9, 0, 0, 0), -ENOSPC);
	cr_assert_eq(read_packet(m, after), sizeof(frame));
	cr_assert_arr_eq(after, frame, sizeof(frame));
	cr_assert_eq(m->ol_flags, RTE_MBUF_F_RX_VLAN);
	m->data_off = encap.len;
	cr_assert_eq(weir_encap_push(m, &encap, 9, 0, 0, 0), 0);
	rte_pktmbuf_free(m);
}

Test(encap, source_ports_are_dynamic_ones)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_encap encap = encap_v4(WEIR_NONE);
	uint8_t frame[64] = {[12] = 0x88, [13] = 0xb5};
	static const struct {
		uint32_t hash;
		uint16_t port;
	} cases[] = {{0, 49152}, {0x3fff, 65535}, {UINT32_MAX, 65535}, {0x4000, 49152}, {1, 49153}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct rte_mbuf *m = make_packet(pool, frame, sizeof(frame), sizeof(frame), 0);

		cr_assert_eq(weir_encap_push(m, &encap, 9, cases[i].hash, 0, 0), 0);
		cr_assert_eq(
		    rte_be_to_cpu_16(rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, 34)->src_port), cases[i].port);
		rte_pktmbuf_free(m);
	}
}

Test(encap, fits_counts_the_outer_ip_packet)
{
	struct weir_encap v4 = encap_v4(WEIR_NONE), tagged = encap_v4(7), v6 = encap_v6(WEIR_NONE);
	struct weir_encap_params params = {.vlan = WEIR_NONE,
	    .mtu = 100000,
	    .src = {{[10] = 0xff, [11] = 0xff}},
	    .dst = {{[10] = 0xff, [11] = 0xff}}};

	cr_assert_eq(v4.port, 3);
	cr_assert(weir_encap_fits(&v4, 1464) && !weir_encap_fits(&v4, 1465));
	cr_assert(weir_encap_fits(&tagged, 1464) && !weir_encap_fits(&tagged, 1465)); /* tags are not IP's */
	cr_assert(weir_encap_fits(&v6, 1444) && !weir_encap_fits(&v6, 1445));
	v4 = geneve_v4(WEIR_NONE);
	v6 = geneve_v6(7);
	cr_assert(weir_encap_fits(&v4, 1464) && !weir_encap_fits(&v4, 1465));
	cr_assert(weir_encap_fits(&v6, 1444) && !weir_encap_fits(&v6, 1445));
	weir_encap_init(&v4, &params);
	cr_assert(weir_encap_fits(&v4, 65535 - 36) && !weir_encap_fits(&v4, 65536 - 36));
}
