/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pool of packet buffers. Without huge pages DPDK lets no buffer cross a page of 4 KB, so that each begins one:
 * the headers of all packets then meet in the same few sets of the first-level cache, where they push each other out,
 * and every access costs ten cycles. There, buffers stand side by side in memory of our own; no NIC that would need
 * their physical addresses works without huge pages anyway.
 */
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf_pool_ops.h>

#include "weir_port.h"

#define PAGE 4096

static void
release(struct rte_mempool_memhdr *memory, void *arg)
{
	(void)arg;
	rte_free(memory->addr);
}

static int
populate(struct rte_mempool *pool, int socket)
{
	size_t align, chunk;
	size_t size = (size_t)rte_mempool_op_calc_mem_size_default(pool, pool->size, 0, &chunk, &align);
	void *memory = rte_malloc_socket("weir_buffers", size, PAGE, socket);
	int n;

	if (memory == NULL)
		return -ENOMEM;
	n = rte_mempool_populate_iova(pool, memory, RTE_BAD_IOVA, size, release, NULL);
	/* What it took it gives back itself when the pool is freed. */
	if (n <= 0)
		rte_free(memory);
	return n == (int)pool->size ? 0 : -ENOMEM;
}

struct rte_mempool *
weir_buffers_create(const char *name, uint32_t n, uint32_t cache, uint16_t priv, uint16_t room, int socket)
{
	struct rte_pktmbuf_pool_private private = {.mbuf_data_room_size = room, .mbuf_priv_size = priv};
	struct rte_mempool *pool;

	if (rte_eal_has_hugepages() != 0)
		return rte_pktmbuf_pool_create(name, n, cache, priv, room, socket);
	pool = rte_mempool_create_empty(name, n, (unsigned int)sizeof(struct rte_mbuf) + priv + room, cache,
	    sizeof(private), socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) == 0) {
		rte_pktmbuf_pool_init(pool, &private);
		if (populate(pool, socket) == 0) {
			(void)rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
			return pool;
		}
	}
	rte_mempool_free(pool);
	rte_errno = ENOMEM;
	return NULL;
}
