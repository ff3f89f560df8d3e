/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tx: collects packets by port and sends them once a round: on the worker's own queue, or to the ring of the worker
 * that owns one. "Left" is what the driver accepted: what is in a buffer has been counted as that, and what the
 * driver does not take is taken back.
 */
#include <rte_ethdev.h>

#include "backlog_priv.h"

#define NO_WIRE (INT64_MAX / 2) /* room where the rate is not known */

static void
drop_rest(struct weir_pipe *pipe, struct txbuf *buf, uint32_t from, enum weir_reason reason)
{
	for (uint32_t i = from; i < buf->n; i++)
		drop_tx(pipe, buf->iface[i], buf->m[i], buf->bytes[i], reason);
}

void
tx_begin(struct weir_pipe *pipe, struct txbuf *buf, const struct weir_port *port)
{
	struct weir_wire *wire = port->wire;
	uint64_t speed = __atomic_load_n(&wire->speed, __ATOMIC_RELAXED);

	buf->port = port;
	buf->slots = backlog_at(pipe, port) ? 0 : WEIR_ARRAY_LEN(buf->m);
	buf->room = NO_WIRE;
	if (speed != 0) {
		int64_t ticks;

		clock_unwind(&wire->busy, pipe->moment.now, AHEAD_MAX);
		ticks = (int64_t)(pipe->moment.horizon - __atomic_load_n(&wire->busy, __ATOMIC_RELAXED));
		buf->room =
		    weir_wire_bytes(speed, RTE_MIN(ticks, (int64_t)(pipe->moment.horizon - pipe->moment.now)));
	}
	buf->charged = buf->room;
	pipe->dirty[pipe->n_dirty++] = (uint16_t)port->index;
}

/* What was put in keeps the wire busy. */
static void
charge_wire(const struct weir_pipe *pipe, struct txbuf *buf)
{
	struct weir_wire *wire = buf->port->wire;
	uint64_t bit = __atomic_load_n(&wire->bit, __ATOMIC_RELAXED), time, busy, until;

	if (bit == 0 || buf->charged == buf->room)
		return;
	time = weir_frame_time(bit, (uint64_t)(buf->charged - buf->room));
	buf->charged = buf->room;
	busy = __atomic_load_n(&wire->busy, __ATOMIC_RELAXED);
	do {
		until = (clock_before(busy, pipe->moment.now) ? pipe->moment.now : busy) + time;
	} while (!__atomic_compare_exchange_n(&wire->busy, &busy, until, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
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

	charge_wire(pipe, buf);
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

void
send_all(struct weir_pipe *pipe)
{
	backlog_serve(pipe);
	for (uint32_t i = 0; i < pipe->n_dirty; i++) {
		struct txbuf *buf = &pipe->tx[pipe->dirty[i]];

		if (buf->n > 0)
			pipe->sent += flush(pipe, buf);
		buf->port = NULL; /* it may be gone by the next round */
	}
	pipe->n_dirty = 0;
}

uint32_t
weir_pipe_flush(struct weir_pipe *pipe)
{
	uint32_t sent;

	send_all(pipe);
	sent = pipe->sent;
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

		buf->iface[i] = meta->iface;
		buf->bytes[i] = meta->bytes;
		count_released(pipe, meta->iface, meta->bytes);
	}
}
