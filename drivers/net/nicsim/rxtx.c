/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_memcpy.h>
#include <rte_prefetch.h>

#include "nicsim.h"

#define AHEAD                                                                                                        \
	4096 /* bytes that frames are fetched before they are copied: a burst of them, however long the caller works \
		on it */

/* A fresh mbuf's fields: the next pointer and the number of segments are as rte_mempool keeps free mbufs. */
static __rte_always_inline void
fill(struct rte_mbuf *m, uint64_t rearm, uint16_t len)
{
	*(uint64_t *)&m->rearm_data = rearm;
	m->ol_flags = 0;
	m->packet_type = 0;
	m->pkt_len = len;
	m->data_len = len;
	m->vlan_tci = 0;
	m->hash.rss = 0;
}

/* Whole slots: the mbuf has room for them, see the setup of queues. */
static __rte_always_inline size_t
copy(struct rte_mbuf *m, const uint8_t *from, uint16_t len)
{
	uint8_t *to = rte_pktmbuf_mtod(m, uint8_t *);
	size_t at = 0;

	do {
		rte_prefetch1(from + at + AHEAD);
		rte_mov64(to + at, from + at);
		at += NICSIM_SLOT;
	} while (at < len);
	return at;
}

/* Plays n frames. */
static __rte_always_inline uint16_t
play(struct nicsim_rxq *q, struct rte_mbuf **packets, uint16_t n, bool may_be_new)
{
	uint64_t bytes = 0;

	if (unlikely(rte_mempool_get_bulk(q->pool, (void **)packets, n) != 0)) {
		q->nombuf += n;
		return 0;
	}
	for (uint16_t i = 0; i < n; i++) {
		uint16_t len = q->frames.len[q->at];

		fill(packets[i], q->rearm, len);
		q->next += copy(packets[i], q->next, len);
		if (unlikely(++q->at == q->frames.count)) {
			q->at = 0;
			q->next = q->frames.data;
		}
		bytes += len;
		if (!may_be_new)
			continue;
		q->fresh.due += q->fresh.percent;
		if (q->fresh.due >= 100) {
			q->fresh.due -= 100;
			nicsim_renew(&q->fresh, rte_pktmbuf_mtod(packets[i], uint8_t *));
		}
	}
	q->packets += n;
	q->bytes += bytes;
	return n;
}

uint16_t
nicsim_rx(void *rxq, struct rte_mbuf **packets, uint16_t n)
{
	return play(rxq, packets, n, false);
}

/* What the rate has let in by now. */
static uint64_t
arrived(const struct nicsim_rxq *q)
{
	return (uint64_t)((unsigned __int128)(rte_rdtsc() - q->start) * q->rate / q->cycles);
}

uint32_t
nicsim_rx_count(void *rxq)
{
	const struct nicsim_rxq *q = rxq;
	uint64_t waits;

	if (q->rate == 0)
		return 0;
	waits = arrived(q) - q->played;
	return (uint32_t)(waits < q->backlog ? waits : q->backlog);
}

/* How many of n the rate lets in by now. */
static uint16_t
due(struct nicsim_rxq *q, uint16_t n)
{
	uint64_t all = arrived(q);

	if (all - q->played > q->backlog) {
		q->missed += all - q->played - q->backlog;
		q->played = all - q->backlog;
	}
	if (all - q->played < n)
		n = (uint16_t)(all - q->played);
	return n;
}

static uint16_t
take_answers(struct nicsim_rxq *q, struct rte_mbuf **packets, uint16_t n)
{
	uint16_t taken = (uint16_t)rte_ring_dequeue_burst(q->answers, (void **)packets, n, NULL);

	for (uint16_t i = 0; i < taken; i++)
		q->bytes += packets[i]->pkt_len;
	q->packets += taken;
	return taken;
}

uint16_t
nicsim_rx_any(void *rxq, struct rte_mbuf **packets, uint16_t n)
{
	struct nicsim_rxq *q = rxq;
	uint16_t answers = q->answers != NULL ? take_answers(q, packets, n) : 0, played;

	n = (uint16_t)(n - answers);
	if (q->rate != 0)
		n = due(q, n);
	if (n == 0 || q->frames.count == 0)
		return answers;
	played = play(q, packets + answers, n, true);
	q->played += played;
	return (uint16_t)(answers + played);
}

/* ---- what is sent ---- */

static __rte_always_inline void
count(struct nicsim_txq *q, struct rte_mbuf *const packets[], uint16_t n)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < n; i++)
		bytes += packets[i]->pkt_len;
	q->packets += n;
	q->bytes += bytes;
}

uint16_t
nicsim_tx(void *txq, struct rte_mbuf **packets, uint16_t n)
{
	count(txq, packets, n);
	rte_pktmbuf_free_bulk(packets, n);
	return n;
}

uint16_t
nicsim_tx_fast_free(void *txq, struct rte_mbuf **packets, uint16_t n)
{
	if (unlikely(n == 0))
		return 0;
	count(txq, packets, n);
	rte_mempool_put_bulk(packets[0]->pool, (void **)packets, n);
	return n;
}

static void
answer(const struct nicsim_txq *q, const struct rte_mbuf *request)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(q->answer_pool);
	void *frame = m != NULL ? rte_pktmbuf_append(m, request->data_len) : NULL;

	if (frame == NULL) {
		rte_pktmbuf_free(m);
		return;
	}
	memcpy(frame, rte_pktmbuf_mtod(request, const void *), request->data_len);
	nicsim_neigh_answer(frame);
	m->port = q->answer_port;
	if (rte_ring_enqueue(q->answers, m) != 0)
		rte_pktmbuf_free(m);
}

uint16_t
nicsim_tx_neigh(void *txq, struct rte_mbuf **packets, uint16_t n)
{
	struct nicsim_txq *q = txq;

	for (uint16_t i = 0; i < n; i++) {
		if (unlikely(nicsim_neigh_asks(rte_pktmbuf_mtod(packets[i], const uint8_t *), packets[i]->data_len)))
			answer(q, packets[i]);
	}
	return nicsim_tx(txq, packets, n);
}
