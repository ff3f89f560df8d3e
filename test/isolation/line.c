/* SPDX-License-Identifier: BSD-3-Clause */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

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

static uint64_t (*clock_read)(void *arg);
static void *clock_arg;

void
line_set_clock(uint64_t (*read)(void *arg), void *arg)
{
	clock_read = read;
	clock_arg = arg;
}

/* A frame keeps in its own buffer when it was given. */
static uint64_t *
given(struct rte_mbuf *m)
{
	return (uint64_t *)(void *)m->dynfield1;
}

static uint16_t
stamp(uint16_t port, uint16_t queue, struct rte_mbuf *m[], uint16_t n, void *arg)
{
	(void)port;
	(void)queue;
	(void)arg;
	for (uint16_t i = 0; i < n; i++)
		*given(m[i]) = clock_read == NULL ? 0 : clock_read(clock_arg);
	return n;
}

/* What net_ring does not say of itself. */
static uint32_t
count(void *queue)
{
	return rte_ring_count(*(struct rte_ring **)queue); /* its first field */
}

void
line_watch(const struct line *line)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port;

	(void)snprintf(name, sizeof(name), "net_ring_p%u", line->port);
	if (rte_eth_dev_get_port_by_name(name, &port) != 0)
		abort();
	rte_eth_fp_ops[port].rx_queue_count = count;
	for (uint16_t q = 0; q < line->n_queues; q++)
		if (rte_eth_add_tx_callback(port, q, stamp, NULL) == NULL)
			abort();
}

void
line_collect(struct line *line)
{
	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];
		struct rte_mbuf *m[LINE_DESCRIPTORS];
		uint32_t n = rte_ring_sc_dequeue_burst(queue->tx, (void **)m, LINE_DESCRIPTORS, NULL);

		if (n == 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			queue->frames[(queue->first + queue->n++) % LINE_DESCRIPTORS] = (struct line_frame){.m = m[i],
			    .at = *given(m[i]),
			    .time = line->bps != 0 ? (m[i]->pkt_len + RECORD_EXTRA) * 8 * PS_S / line->bps : 0};
		set_room(queue);
		line->due = 0;
	}
}

/* The queue whose first frame was given first; NULL: all are empty. */
static struct line_queue *
next_queue(struct line *line)
{
	struct line_queue *best = NULL;

	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];

		if (queue->n > 0 && (best == NULL || queue->frames[queue->first].at < best->frames[best->first].at))
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
	while (line->due <= now) {
		const struct line_frame *frame;

		queue = next_queue(line);
		if (queue == NULL) {
			line->due = UINT64_MAX;
			return;
		}
		frame = &queue->frames[queue->first];
		line->due = (frame->at > line->busy ? frame->at : line->busy) + frame->time;
		if (line->due > now)
			return;
		line->busy = line->due;
		queue->first = (queue->first + 1) % LINE_DESCRIPTORS;
		queue->n--;
		rte_prefetch0(queue->frames[queue->first].m);
		set_room(queue);
		left(arg, line->port, frame->m, line->busy);
		rte_pktmbuf_free(frame->m);
	}
}

void
line_clear(struct line *line)
{
	void *m;

	line_collect(line);
	for (uint32_t q = 0; q < line->n_queues; q++) {
		struct line_queue *queue = &line->queues[q];

		for (; queue->n > 0; queue->n--) {
			rte_pktmbuf_free(queue->frames[queue->first].m);
			queue->first = (queue->first + 1) % LINE_DESCRIPTORS;
		}
		set_room(queue);
		while (rte_ring_sc_dequeue(queue->rx, &m) == 0)
			rte_pktmbuf_free(m);
	}
	line->busy = line->due = 0;
}
