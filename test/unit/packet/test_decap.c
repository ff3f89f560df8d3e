/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "mbufs.h"
#include "samples.h"
#include "weir_packet.h"

#define OUTER 50
enum { NOT_ECT, ECT1, ECT0, CE };

/* A packet of OUTER bytes of anything and a sample behind them, parsed. */
static struct rte_mbuf *
make_tunnelled(struct rte_mempool *pool, const uint8_t *inner, uint32_t len, struct weir_frame *frame)
{
	uint8_t data[MBUF_PACKET_MAX] = {0};
	struct weir_key key;
	struct rte_mbuf *m;

	memcpy(data + OUTER, inner, len);
	m = make_packet(pool, data, OUTER + len, OUTER + len, 0);
	cr_assert_eq(weir_parse_frame(rte_pktmbuf_mtod_offset(m, uint8_t *, OUTER), len, len, &key, frame), WEIR_OK);
	return m;
}

static void
set_tos(uint8_t *data, uint32_t l3, uint8_t tos)
{
	uint16_t sum;

	if (data[l3] >> 4 == 6) {
		data[l3] = (uint8_t)(0x60 | tos >> 4);
		data[l3 + 1] = (uint8_t)((data[l3 + 1] & 0x0f) | tos << 4);
		return;
	}
	data[l3 + 1] = tos;
	memset(data + l3 + 10, 0, 2);
	sum = weir_ipv4_checksum(data + l3, 20);
	memcpy(data + l3 + 10, &sum, 2);
}

/* RFC 6040, figure 4, row by row; -1 = dropped. */
static const int merged[4][4] = {
    [NOT_ECT] = {[NOT_ECT] = NOT_ECT, [ECT0] = NOT_ECT, [ECT1] = NOT_ECT, [CE] = -1},
    [ECT0] = {[NOT_ECT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE},
    [ECT1] = {[NOT_ECT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE},
    [CE] = {[NOT_ECT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE},
};

static void
check_ecn(struct rte_mempool *pool, const char *name, uint8_t inner, uint8_t outer)
{
	const uint8_t dscp = 0xb8;
	uint8_t want[MBUF_PACKET_MAX], got[MBUF_PACKET_MAX];
	int ecn = merged[inner][outer];
	struct weir_frame frame;
	struct rte_mbuf *m;
	uint32_t len;
	uint8_t *sample = sample_named(name, &len);
	uint32_t l3 = sample[12] == 0x81 ? 18 : 14;

	set_tos(sample, l3, dscp | inner);
	memcpy(want, sample, len);
	if (ecn >= 0)
		set_tos(want, l3, (uint8_t)(dscp | ecn)); /* the checksum as if it were made anew */
	m = make_tunnelled(pool, sample, len, &frame);
	cr_assert_eq(weir_decap(m, OUTER, (uint8_t)(0x28 | outer), &frame), ecn >= 0 ? WEIR_OK : WEIR_DROP_BAD_ECN);
	if (ecn >= 0) {
		cr_assert_eq(frame.tos, dscp | ecn);
		cr_assert_eq(read_packet(m, got), len);
		cr_assert_arr_eq(got, want, len, "%s inner %u outer %u", name, inner, outer);
	} else {
		cr_assert_eq(read_packet(m, got), len + OUTER);
		cr_assert_arr_eq(got + OUTER, want, len);
	}
	rte_pktmbuf_free(m);
	free_exact(sample, 0);
}

Test(decap, ecn_by_rfc_6040)
{
	static const char *const names[] = {"tcp4", "vlan tcp4", "tcp6", "priority tag udp6"};
	struct rte_mempool *pool = start_mbufs();

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++)
		for (uint8_t inner = 0; inner < 4; inner++)
			for (uint8_t outer = 0; outer < 4; outer++)
				check_ecn(pool, names[i], inner, outer);
	cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
}

Test(decap, what_has_no_ecn_field_is_not_dropped_for_it)
{
	static const char *const names[] = {"arp request", "stp", "three tags"};
	struct rte_mempool *pool = start_mbufs();

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint8_t got[MBUF_PACKET_MAX];
		struct weir_frame frame;
		uint32_t len;
		uint8_t *sample = sample_named(names[i], &len);
		struct rte_mbuf *m = make_tunnelled(pool, sample, len, &frame);

		cr_assert_eq(weir_decap(m, OUTER, CE, &frame), WEIR_OK);
		cr_assert_eq(read_packet(m, got), len);
		cr_assert_arr_eq(got, sample, len);
		rte_pktmbuf_free(m);
		free_exact(sample, 0);
	}
}

Test(decap, wrong_inner_checksum_stays_wrong)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_frame frame;
	struct rte_mbuf *m;
	uint32_t len;
	uint8_t *sample = sample_named("tcp4", &len);

	set_tos(sample, 14, ECT0);
	sample[14 + 11] ^= 1;
	m = make_tunnelled(pool, sample, len, &frame);
	cr_assert_eq(weir_decap(m, OUTER, CE, &frame), WEIR_OK);
	cr_assert_neq(weir_ipv4_checksum(rte_pktmbuf_mtod_offset(m, uint8_t *, 14), 20), 0);
	rte_pktmbuf_free(m);
	free_exact(sample, 0);
}

/* Whatever follows the datagram, in the same segment or in others, goes. */
Test(decap, padding_goes)
{
	struct rte_mempool *pool = start_mbufs();
	uint8_t data[MBUF_PACKET_MAX], got[MBUF_PACKET_MAX];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (uint32_t len = 14; len < 300; len += 12) {
		for (uint32_t pad = 0; pad < 200; pad += 19) {
			struct weir_frame frame = {.len = len};
			struct rte_mbuf *m = make_packet(pool, data, OUTER + len + pad, 100, 50);

			cr_assert_eq(weir_decap(m, OUTER, 0, &frame), WEIR_OK);
			cr_assert_eq(read_packet(m, got), len);
			cr_assert_arr_eq(got, data + OUTER, len);
			cr_assert(rte_pktmbuf_lastseg(m)->data_len > 0);
			rte_pktmbuf_free(m);
			cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
		}
	}
}

Test(decap, flags_of_the_outer_headers_go)
{
	struct rte_mempool *pool = start_mbufs();
	struct weir_frame frame;
	uint32_t len;
	uint8_t *sample = sample_named("tcp4", &len);
	struct rte_mbuf *m = make_tunnelled(pool, sample, len, &frame);

	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_FIRST_FREE;
	cr_assert_eq(weir_decap(m, OUTER, 0, &frame), WEIR_OK);
	cr_assert_eq(m->ol_flags, RTE_MBUF_F_FIRST_FREE);
	rte_pktmbuf_free(m);
	free_exact(sample, 0);
}

/* Options of any length, in a packet that comes in pieces of any size, its own headers behind them. */
Test(decap, geneve_options_in_pieces)
{
	static const uint32_t firsts[] = {14, 60, 200, 342, 500, 900};
	struct rte_mempool *pool = start_mbufs();

	for (uint32_t n = 0; n < 64 * WEIR_ARRAY_LEN(firsts); n++) {
		uint32_t words = n % 64, first = firsts[n / 64], skip = words * 4, size, len, udp;
		uint8_t *sample = sample_named("geneve4", &size), data[1500] = {0}, got[MBUF_PACKET_MAX];
		struct weir_outer outer;
		struct weir_frame frame;
		struct weir_key key;
		struct rte_mbuf *m;

		len = (uint32_t)sizeof(data);
		udp = len - 34;
		memcpy(data, sample, OUTER);
		memset(data + OUTER, 0xa5, skip);
		memcpy(data + OUTER + skip, sample + OUTER, size - OUTER);
		data[16] = (uint8_t)((len - 14) >> 8);
		data[17] = (uint8_t)(len - 14);
		data[38] = (uint8_t)(udp >> 8);
		data[39] = (uint8_t)udp;
		data[42] = (uint8_t)words;
		m = make_packet(pool, data, len, first, 61);
		cr_assert_eq(weir_packet_pullup(m), 0);
		cr_assert_eq(
		    weir_parse_underlay(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, m->pkt_len, true, &outer),
		    WEIR_OK);
		cr_assert_eq(outer.inner, OUTER + skip);
		cr_assert_eq(weir_parse_frame(rte_pktmbuf_mtod_offset(m, uint8_t *, outer.inner),
				 m->data_len - outer.inner, outer.inner_len, &key, &frame),
		    WEIR_OK);
		cr_assert_eq(key.dport, RTE_BE16(443));
		cr_assert_eq(weir_decap(m, outer.inner, outer.tos, &frame), WEIR_OK);
		cr_assert_eq(read_packet(m, got), len - OUTER - skip);
		cr_assert_arr_eq(got, data + OUTER + skip, len - OUTER - skip);
		rte_pktmbuf_free(m);
		free_exact(sample, 0);
	}
	cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
}
