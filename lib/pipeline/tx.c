/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tx: collects packets by port and sends them once a round: on the worker's own queue, or to the ring of the worker
 * that owns one. "Left" is what the driver accepted: what is in a buffer has been counted as that, and what the
 * driver does not take is taken back.
 */
#include <rte_ethdev.h>

#include "pipeline_priv.h"

static void
drop_rest(struct weir_pipe *pipe, struct txbuf *buf, uint32_t from, enum weir_reason reason)
{
	for (uint32_t i = from; i < buf->n; i++)
		drop_tx(pipe, buf->iface[i], buf->m[i], buf->bytes[i], reason);
}

static uint32_t
send_own(struct weir_pipe *pipe, struct txbuf *buf, uint16_t queue)
{
	uint32_t sent = rte_eth_tx_burst(buf->port->ethdev, queue, buf->m, (uint16_t)buf->n);

	/* Once more: many drivers take what fits up to their ring's end and the rest the next time. */
	if (sent < buf->n)
		sent += rte_eth_tx_burst(buf->port->ethdev, queue, &buf->m[sent], (uint16_t)(buf->n - sent));
	drop_rest(pipe, buf, sent, WEIR_DROP_TX_FULL);
	return sent;
}

static void
hand_over(struct weir_pipe *pipe, struct txbuf *buf)
{
	uint32_t sent;

	for (uint32_t i = 0; i < buf->n; i++) {
		struct weir_mbuf_meta *meta = weir_mbuf_meta(buf->m[i]);

		meta->iface = buf->iface[i];
		meta->bytes = buf->bytes[i];
	}
	sent = rte_ring_enqueue_burst(buf->port->handoff, (void **)buf->m, buf->n, NULL);
	for (uint32_t i = 0; i < sent; i++) {
		weir_count_unsent(pipe->counters, buf->iface[i], buf->bytes[i]);
		weir_count(pipe->counters, buf->iface[i])->held_in++;
	}
	drop_rest(pipe, buf, sent, WEIR_DROP_HANDOFF_FULL);
}

static uint32_t
flush(struct weir_pipe *pipe, struct txbuf *buf)
{
	uint16_t queue = buf->port->txq_of[pipe->worker];
	uint32_t sent = 0;

	if (!__atomic_load_n(&buf->port->up, __ATOMIC_RELAXED))
		drop_rest(pipe, buf, 0, WEIR_DROP_PORT_DOWN);
	else if (queue != WEIR_TX_BY_HANDOFF)
		sent = send_own(pipe, buf, queue);
	else
		hand_over(pipe, buf);
	buf->n = 0;
	return sent;
}

void
tx_awkward(struct weir_pipe *pipe, const struct weir_port *port, struct rte_mbuf *m, uint32_t iface, uint32_t bytes)
{
	struct txbuf *buf = tx_buffer(pipe, port);

	/* A frame of several segments, as a port that scatters receives it, for one that does not gather. */
	if (m->nb_segs > 1 && !port->tx_chained && rte_pktmbuf_linearize(m) != 0) {
		drop_tx(pipe, iface, m, bytes, WEIR_DROP_NO_MBUF);
		return;
	}
	if (buf->n == WEIR_ARRAY_LEN(buf->m))
		pipe->sent += flush(pipe, buf);
	tx_put(buf, m, iface, bytes);
}

uint32_t
weir_pipe_flush(struct weir_pipe *pipe)
{
	uint32_t sent = pipe->sent;

	for (uint32_t i = 0; i < pipe->n_dirty; i++) {
		struct txbuf *buf = &pipe->tx[pipe->dirty[i]];

		if (buf->n > 0)
			sent += flush(pipe, buf);
		buf->port = NULL; /* it may be gone by the next round */
	}
	pipe->n_dirty = 0;
	pipe->sent = 0;
	pipe->work.sent += sent;
	return sent;
}

/* ---- packets that others handed over ---- */

uint32_t
weir_pipe_take_handoff(struct weir_pipe *pipe, const struct weir_port *port)
{
	struct txbuf *buf = tx_buffer(pipe, port);

	buf->n = rte_ring_dequeue_burst(port->handoff, (void **)buf->m, WEIR_BURST, NULL);
	return buf->n;
}

void
weir_pipe_count_handoff(struct weir_pipe *pipe, const struct weir_port *port)
{
	struct txbuf *buf = &pipe->tx[port->index];

	for (uint32_t i = 0; i < buf->n; i++) {
		const struct weir_mbuf_meta *meta = weir_mbuf_meta(buf->m[i]);
		struct weir_count *count;

		buf->iface[i] = meta->iface;
		buf->bytes[i] = meta->bytes;
		count = weir_count(pipe->counters, meta->iface);
		count->held_out++;
		count->tx_packets++;
		count->tx_bytes += meta->bytes;
	}
}
