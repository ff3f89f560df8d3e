/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a port's capacity is promised and shared: the wire, what was promised, and what each had of the rest.
 *
 * All three are clocks rather than buckets, one word each that any number of workers advance without a lock:
 *  - a wire is busy until a moment, to which each frame adds the time that it takes;
 *  - a promise is used up to a moment: each frame served under it adds the time that the frame takes at the promised
 *    rate, and the next may be served when that moment has come (GCRA, ITU-T I.371, "virtual scheduling");
 *  - a share counts service by weight: what a tenant had of a port beyond its promise, divided by its weight. Who had
 *    least is next (start-time fair queueing, Goyal, Vin, Cheng, SIGCOMM 1996).
 * So nobody has to measure demands or hand out rates: what is not asked for is had by the others at the next frame.
 *
 * Time is in ticks of 2^-10 ns, modulo 2^64; moments are compared by their signed difference. A frame's time is
 * rounded down to a tick: at 400 Gbps 0.06% for the smallest frame.
 */
#ifndef WEIR_SHARE_H
#define WEIR_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define WEIR_TICK_SHIFT 10
#define WEIR_BIT_SHIFT 20 /* time of a bit: ticks * 2^20 */

#define WEIR_WIRE_EXTRA 24 /* bytes that a frame takes on a wire beyond itself: FCS, preamble, gap */

/* Of a tenant (one direction) or a vport (one direction): its guarantee. */
struct weir_promise {
	uint64_t used;	 /* ticks: it is used up to then. Workers: rw, atomically; control: before publication */
	uint64_t bit;	 /* time of a bit; 0 = none is promised in bits. This and the rest: ro */
	uint64_t packet; /* ticks of a packet; 0 = none is promised in packets */
} WEIR_CACHE_ALIGNED;

/* Of a tenant at one port. */
struct weir_share {
	uint64_t served; /* bytes * 2^10 / weight, modulo 2^64; workers: rw, atomically */
	uint32_t weight; /* control: w (relaxed); workers: r */
	uint32_t port;	 /* index; ro */
} WEIR_CACHE_ALIGNED;

/* Of a port. */
struct weir_wire {
	uint64_t busy;	/* ticks: what was sent keeps it busy until then. Workers: rw, atomically */
	uint64_t bit;	/* time of a bit; 0 = its rate is not known, and nothing waits for it. Control: w (relaxed) */
	uint64_t least; /* virtual time that it has reached. Workers: rw, atomically */
	uint64_t speed; /* bytes * 2^32 a tick. As `bit` */
	uint64_t bps;	/* what `bit` says; control */
	uint32_t n_workers;
	/* By worker: the least service of those that wait there, for the others. That worker: w (relaxed) */
	struct weir_wire_worker {
		uint64_t least;
		bool waiting;
	} WEIR_CACHE_ALIGNED worker[];
} WEIR_CACHE_ALIGNED;

/* The time of a bit at this rate (not 0). */
static inline uint64_t
weir_bit_time(uint64_t bps)
{
	return (WEIR_NS_PER_S << (WEIR_TICK_SHIFT + WEIR_BIT_SHIFT)) / bps;
}

/* The time of a frame, in ticks. */
static inline uint64_t
weir_frame_time(uint64_t bit, uint64_t bytes)
{
	return (uint64_t)(((unsigned __int128)bit * (bytes * 8)) >> WEIR_BIT_SHIFT);
}

/* The bytes that it carries in so many ticks, which may be negative. */
static inline int64_t
weir_wire_bytes(uint64_t speed, int64_t ticks)
{
	return (int64_t)((__int128)ticks * (int64_t)speed >> 32);
}

/* A promise of *rate, unused. For one thread, before publication. */
void weir_promise_init(struct weir_promise *promise, const struct weir_rate *rate, uint64_t now);

/* As weir_promise_init(), used as far as `from` is, which may be in use. */
void weir_promise_renew(struct weir_promise *promise, const struct weir_rate *rate, const struct weir_promise *from);

/* For `n_workers` workers, at *bps (0: not known). NULL: no memory. Freed by rte_free(). */
struct weir_wire *weir_wire_create(uint32_t n_workers, uint64_t bps, int socket);

/* Sets the rate, 0 to WEIR_BPS_MAX; workers follow at their next round. Control. */
void weir_wire_set_rate(struct weir_wire *wire, uint64_t bps);

#endif
