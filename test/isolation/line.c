/* SPDX-License-Identifier: BSD-3-Clause */
#include "line.h"

#include <stdio.h>

#include <rte_eth_ring.h>

#include "record.h"

int
line_create(struct line *line, uint32_t port, uint32_t n_queues)
{
	struct rte_ring *rx[LINE_QUEUES], *tx[LINE_QUEUES];
	char name[32];

	line->port = port;
	line->n_queues = n_queues;
	for (uint32_t q = 0; q < n_queues; q++) {
		const unsigned int flags = RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ;

		(void)snprintf(name, sizeof(name), "rx%u.%u", port, q);
		rx[q] = rte_ring_create(name, LINE_DESCRIPTORS, 0, flags);
		(void)snprintf(name, sizeof(name), "tx%u.%u", port, q);
		tx[q] = rte_ring_create(name, LINE_DESCRIPTORS, 0, flags);
		if (rx[q] == NULL || tx[q] == NULL)
			return -1;
		line->queues[q].rx = rx[q];
		line->queues[q].tx = tx[q];
	}
	(void)snprintf(name, sizeof(name), "p%u", port);
	return rte_eth_from_rings(name, rx, n_queues, tx, n_queues, 0) < 0 ? -1 : 0;
}

/* The ring is empty between rounds: what it may take within one is what the descriptors leave. */
static void
set_room(struct line_queue *queue)
{
	queue->tx->capacity = LINE_DESCRIPTORS - queue->n;
}

void
line_collect(struct line *line, uint64_t at)
{
	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];
		void *m;

		while (rte_ring_sc_dequeue(queue->tx, &m) == 0) {
			uint32_t slot = (queue->first + queue->n++) % LINE_DESCRIPTORS;

			queue->m[slot] = m;
			queue->at[slot] = at;
		}
		set_room(queue);
	}
}

/* The queue whose first frame was given first; NULL: all are empty. */
static struct line_queue *
next_queue(struct line *line)
{
	struct line_queue *best = NULL;

	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];

		if (queue->n > 0 && (best == NULL || queue->at[queue->first] < best->at[best->first]))
			best = queue;
	}
	return best;
}

void
line_run(struct line *line, uint64_t now, void (*left)(void *arg, uint32_t port, struct rte_mbuf *m, uint64_t at),
    void *arg)
{
	struct line_queue *queue;

	if (line->bps == 0)
		return;
	while ((queue = next_queue(line)) != NULL) {
		struct rte_mbuf *m = queue->m[queue->first];
		uint64_t start = queue->at[queue->first], end;

		if (start < line->busy)
			start = line->busy;
		end = start + (m->pkt_len + RECORD_EXTRA) * 8 * PS_S / line->bps;
		if (end > now)
			return;
		line->busy = end;
		queue->first = (queue->first + 1) % LINE_DESCRIPTORS;
		queue->n--;
		set_room(queue);
		left(arg, line->port, m, end);
		rte_pktmbuf_free(m);
	}
}

void
line_clear(struct line *line)
{
	void *m;

	line_collect(line, 0);
	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];

		for (; queue->n > 0; queue->n--) {
			rte_pktmbuf_free(queue->m[queue->first]);
			queue->first = (queue->first + 1) % LINE_DESCRIPTORS;
		}
		set_room(queue);
		while (rte_ring_sc_dequeue(queue->rx, &m) == 0)
			rte_pktmbuf_free(m);
	}
	line->busy = 0;
}
