/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <criterion/criterion.h>

#include "mbufs.h"
#include "samples.h"
#include "weir_packet.h"

static struct rte_mempool *pool;
static uint8_t data[MBUF_PACKET_MAX];

static void
start(void)
{
	uint64_t seed = 5;

	pool = start_mbufs();
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(next_random(&seed) >> 33);
}

/* Nothing leaked. */
static void
end(void)
{
	cr_assert_eq(rte_mempool_avail_count(pool), MBUF_POOL_SIZE);
}

static void
assert_bytes(const struct rte_mbuf *m, const uint8_t *want, uint32_t len)
{
	uint8_t got[MBUF_PACKET_MAX];

	cr_assert_eq(read_packet(m, got), len);
	cr_assert_arr_eq(got, want, len);
}

TestSuite(pullup, .init = start, .fini = end);

Test(pullup, gathers_headers)
{
	static const uint32_t lens[] = {1, 60, WEIR_PULLUP - 1, WEIR_PULLUP, WEIR_PULLUP + 1, 1000, 3000};
	static const uint32_t firsts[] = {0, 1, 13, 64, WEIR_PULLUP - 1, WEIR_PULLUP, 2000};
	static const uint32_t steps[] = {17, 100, 2000};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(lens); i++)
		for (size_t j = 0; j < WEIR_ARRAY_LEN(firsts); j++)
			for (size_t k = 0; k < WEIR_ARRAY_LEN(steps); k++) {
				struct rte_mbuf *m = make_packet(pool, data, lens[i], firsts[j], steps[k]);

				cr_assert_eq(weir_packet_pullup(m), 0);
				cr_assert_geq(m->data_len, RTE_MIN(lens[i], (uint32_t)WEIR_PULLUP));
				assert_bytes(m, data, lens[i]);
				rte_pktmbuf_free(m);
			}
}

Test(pullup, empty_segments_are_passed)
{
	struct rte_mbuf *m = make_packet(pool, data, 10, 10, 0);

	cr_assert_eq(rte_pktmbuf_chain(m, make_segment(pool, data, 0)), 0);
	cr_assert_eq(rte_pktmbuf_chain(m, make_segment(pool, data + 10, 90)), 0);
	cr_assert_eq(weir_packet_pullup(m), 0);
	cr_assert_eq(m->data_len, 100);
	cr_assert_eq(m->nb_segs, 1);
	assert_bytes(m, data, 100);
	rte_pktmbuf_free(m);
}

Test(pullup, refuses_without_room)
{
	struct rte_mbuf *m = make_packet(pool, data, 1000, 100, 0);

	m->data_off = (uint16_t)(m->buf_len - (WEIR_PULLUP - 1));
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), data, 100);
	cr_assert_eq(weir_packet_pullup(m), -ENOSPC);
	assert_bytes(m, data, 1000);
	m->data_off--;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), data, 100);
	cr_assert_eq(weir_packet_pullup(m), 0);
	assert_bytes(m, data, 1000);
	rte_pktmbuf_free(m);
}

Test(pullup, never_writes_into_shared_data)
{
	struct rte_mbuf *m = make_packet(pool, data, 600, 100, 0), *clone = rte_pktmbuf_clone(m, pool);

	cr_assert_eq(weir_packet_pullup(m), -ENOSPC);
	cr_assert_eq(weir_packet_pullup(clone), -ENOSPC);
	assert_bytes(clone, data, 600);
	rte_pktmbuf_free(clone);
	rte_pktmbuf_free(m);
}

TestSuite(copy, .init = start, .fini = end);

/* The copy has the same bytes, and headers of its own with room in front. */
static void
check_copy(uint32_t len, uint32_t first, bool chained)
{
	uint8_t changed[MBUF_PACKET_MAX];
	struct rte_mbuf *m = make_packet(pool, data, len, first, 0), *copy;
	uint32_t head = RTE_MIN(len, (uint32_t)WEIR_COPY_HEAD);

	m->port = 3;
	copy = weir_packet_copy(m, pool, chained);
	cr_assert_not_null(copy);
	cr_assert_eq(copy->port, 3);
	assert_bytes(copy, data, len);
	cr_assert_geq(copy->data_len, head);
	cr_assert_geq(rte_pktmbuf_headroom(copy), RTE_PKTMBUF_HEADROOM);
	if (!chained)
		cr_assert_eq(copy->nb_segs, 1);
	for (const struct rte_mbuf *seg = copy; seg != NULL; seg = seg->next)
		cr_assert_gt(seg->data_len, 0);
	/* Headers and headroom are written on both sides, and neither sees the other. */
	memset(rte_pktmbuf_prepend(copy, 80), 0x11, 80 + head);
	memset(rte_pktmbuf_prepend(m, 80), 0x22, 80 + head);
	memset(changed, 0x11, 80 + head);
	memcpy(changed + 80 + head, data + head, len - head);
	assert_bytes(copy, changed, len + 80);
	memset(changed, 0x22, 80 + head);
	assert_bytes(m, changed, len + 80);
	/* In whichever order they end. */
	rte_pktmbuf_free(len % 2 == 0 ? m : copy);
	rte_pktmbuf_free(len % 2 == 0 ? copy : m);
}

Test(copy, has_its_own_headers)
{
	for (uint32_t len = 14; len < 2000; len += 37) {
		check_copy(len, len, false);
		check_copy(len, len, true);
	}
}

Test(copy, of_chained_packets)
{
	for (uint32_t len = 500; len < 8000; len += 501) {
		check_copy(len, 384, true);
		check_copy(len, 128, true);
	}
	check_copy(1500, 400, false);
}

Test(copy, of_headers_in_several_segments)
{
	struct rte_mbuf *m = make_packet(pool, data, 3000, 60, 1000), *copy = weir_packet_copy(m, pool, true);

	assert_bytes(copy, data, 3000);
	cr_assert_geq(copy->data_len, WEIR_COPY_HEAD);
	rte_pktmbuf_free(copy);
	rte_pktmbuf_free(m);
}

Test(copy, shares_the_payload_of_large_frames)
{
	struct rte_mbuf *m = make_packet(pool, data, 1500, 1500, 0), *copy = weir_packet_copy(m, pool, true);

	cr_assert_eq(copy->nb_segs, 2);
	cr_assert_eq(copy->data_len, WEIR_COPY_HEAD);
	cr_assert_eq(rte_pktmbuf_mtod(copy->next, uint8_t *), rte_pktmbuf_mtod_offset(m, uint8_t *, WEIR_COPY_HEAD));
	cr_assert_eq(rte_mbuf_refcnt_read(m), 2);
	/* And so does a copy of the copy. */
	rte_pktmbuf_free(m);
	m = weir_packet_copy(copy, pool, true);
	assert_bytes(m, data, 1500);
	rte_pktmbuf_free(copy);
	assert_bytes(m, data, 1500);
	rte_pktmbuf_free(m);
}

Test(copy, small_frames_are_not_worth_sharing)
{
	struct rte_mbuf *m = make_packet(pool, data, 1000, 1000, 0), *copy = weir_packet_copy(m, pool, true);

	cr_assert_eq(copy->nb_segs, 1);
	cr_assert_eq(rte_mbuf_refcnt_read(m), 1);
	rte_pktmbuf_free(copy);
	rte_pktmbuf_free(m);
}

Test(copy, too_large_for_one_buffer)
{
	struct rte_mbuf *m = make_packet(pool, data, MBUF_ROOM, MBUF_ROOM, 0), *copy;

	copy = weir_packet_copy(m, pool, false);
	cr_assert_not_null(copy);
	rte_pktmbuf_free(copy);
	rte_pktmbuf_free(m);
	m = make_packet(pool, data, MBUF_ROOM + 1, MBUF_ROOM, 0);
	cr_assert_null(weir_packet_copy(m, pool, false));
	rte_pktmbuf_free(m);
}

Test(copy, no_mbuf)
{
	struct rte_mbuf *m = make_packet(pool, data, 1500, 1500, 0), *taken[MBUF_POOL_SIZE];
	uint32_t n = 0;

	while (rte_mempool_avail_count(pool) > 0)
		taken[n++] = rte_pktmbuf_alloc(pool);
	cr_assert_null(weir_packet_copy(m, pool, false));
	cr_assert_null(weir_packet_copy(m, pool, true));
	/* A head, but no second mbuf to share the rest by: the head comes back. */
	rte_pktmbuf_free(taken[--n]);
	cr_assert_null(weir_packet_copy(m, pool, true));
	cr_assert_eq(rte_mempool_avail_count(pool), 1);
	cr_assert_eq(rte_mbuf_refcnt_read(m), 1);
	rte_pktmbuf_free_bulk(taken, n);
	rte_pktmbuf_free(m);
}

TestSuite(vlan, .init = start, .fini = end);

Test(vlan, pop_and_push)
{
	uint8_t untagged[MBUF_PACKET_MAX];
	uint32_t len;
	uint8_t *tagged = sample_named("vlan tcp4", &len);
	struct rte_mbuf *m = make_packet(pool, tagged, len, len, 0);

	memcpy(untagged, tagged, 12);
	memcpy(untagged + 12, tagged + 16, len - 16);
	weir_vlan_pop(m);
	assert_bytes(m, untagged, len - 4);
	cr_assert(weir_vlan_push(m, weir_vlan_tag(0xa064)));
	assert_bytes(m, tagged, len);
	rte_pktmbuf_free(m);
	free_exact(tagged, 0);
}

Test(vlan, pop_takes_the_outermost)
{
	uint32_t len;
	uint8_t *tagged = sample_named("qinq udp6", &len);
	struct rte_mbuf *m = make_packet(pool, tagged, len, len, 0);
	struct weir_key key;
	struct weir_frame frame;

	weir_vlan_pop(m);
	cr_assert_eq(
	    weir_parse_frame(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, m->pkt_len, &key, &frame), WEIR_OK);
	cr_assert_eq(key.flags, 1);
	cr_assert_eq(key.vlan[0], rte_cpu_to_be_16(100));
	rte_pktmbuf_free(m);
	free_exact(tagged, 0);
}

Test(vlan, push_without_headroom)
{
	struct rte_mbuf *m = make_packet(pool, data, 60, 60, 0);

	m->data_off = 3;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), data, 60);
	cr_assert_not(weir_vlan_push(m, weir_vlan_tag(1)));
	assert_bytes(m, data, 60);
	rte_pktmbuf_free(m);
}
