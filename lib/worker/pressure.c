/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the worker keep up? It does not where receive queues go on yielding full bursts and have more behind them. It
 * takes some rounds to be believed, so that what arrives in batches does not count; but for a while after it was, one
 * such burst is enough: who floods is not let in anew each time that dropping its packets has helped. Whenever bursts
 * are not full nobody is dropped.
 */
#include <rte_ethdev.h>

#include "worker_priv.h"

#define WATCH_ROUNDS 2 /* with full bursts, and cycles are charged */
#define PRESSED_ROUNDS 4
#define HOLD (2 * WEIR_NS_PER_MS)

/*
 * Is there another burst in the queue? Where the driver does not say there is not: those are in front of a kernel's
 * socket, which makes its senders wait rather than lose what they sent.
 */
static bool
more_behind(const struct weir_rxq *rxq)
{
	return rte_eth_rx_queue_count(rxq->port->ethdev, rxq->queue) >= WEIR_BURST;
}

enum weir_pressure
pressure_begin(struct pressure *pressure, uint64_t now)
{
	pressure->full = pressure->full_now ? pressure->full + 1 : 0;
	pressure->full_now = false;
	pressure->backed_up = pressure->backed_up_now;
	pressure->backed_up_now = false;
	if (now < pressure->until)
		return pressure->backed_up ? WEIR_PRESSED : WEIR_BUSY;
	return pressure->full >= WATCH_ROUNDS && pressure->backed_up ? WEIR_BUSY : WEIR_EASY;
}

bool
pressure_burst(struct pressure *pressure, const struct weir_rxq *rxq, uint32_t n, uint64_t now)
{
	bool held = now < pressure->until;

	if (n < WEIR_BURST)
		return false;
	pressure->full_now = true;
	/* Asked seldom as long as the answer is no. */
	if (!held && !pressure->backed_up && pressure->full % WATCH_ROUNDS != WATCH_ROUNDS - 1)
		return false;
	if (!more_behind(rxq))
		return false;
	pressure->backed_up_now = true;
	if (!held && pressure->full < PRESSED_ROUNDS)
		return false;
	pressure->until = now + HOLD;
	return true;
}
