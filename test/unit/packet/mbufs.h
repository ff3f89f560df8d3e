/* SPDX-License-Identifier: BSD-3-Clause */
/* Mbufs for tests: from bytes, cut into segments as wanted, and back. Everything aborts on failure. */
#ifndef WEIR_TEST_MBUFS_H
#define WEIR_TEST_MBUFS_H

#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "../table/eal.h"

#define MBUF_PACKET_MAX 9216
#define MBUF_POOL_SIZE 255
#define MBUF_ROOM 2048 /* bytes of data behind the headroom */

/* EAL, and a pool without caches, so that rte_mempool_avail_count() shows every leak. */
static inline struct rte_mempool *
start_mbufs(void)
{
	struct rte_mempool *pool;

	if (start_eal() != 0)
		abort();
	pool = rte_pktmbuf_pool_create("test", MBUF_POOL_SIZE, 0, 0, RTE_PKTMBUF_HEADROOM + MBUF_ROOM, 0);
	if (pool == NULL)
		abort();
	return pool;
}

static inline struct rte_mbuf *
make_segment(struct rte_mempool *pool, const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *room = m != NULL ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (room == NULL)
		abort();
	memcpy(room, data, len);
	return m;
}

/* `first` bytes in the first segment, then `step` in each (0: as many as fit). */
static inline struct rte_mbuf *
make_packet(struct rte_mempool *pool, const uint8_t *data, uint32_t len, uint32_t first, uint32_t step)
{
	uint32_t done = RTE_MIN(first, len);
	struct rte_mbuf *m = make_segment(pool, data, done);

	while (done < len) {
		uint32_t n = RTE_MIN(step != 0 ? step : MBUF_ROOM, len - done);

		if (rte_pktmbuf_chain(m, make_segment(pool, data + done, n)) != 0)
			abort();
		done += n;
	}
	return m;
}

/* Copies the whole packet out; its length, which is checked against its segments. */
static inline uint32_t
read_packet(const struct rte_mbuf *m, uint8_t *data)
{
	uint32_t done = 0, segs = 0;

	for (const struct rte_mbuf *seg = m; seg != NULL; seg = seg->next, segs++) {
		if (done + seg->data_len > MBUF_PACKET_MAX)
			abort();
		memcpy(data + done, rte_pktmbuf_mtod(seg, const uint8_t *), seg->data_len);
		done += seg->data_len;
	}
	if (done != m->pkt_len || segs != m->nb_segs)
		abort();
	return done;
}

#endif
