/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Token buckets in virtual time, exact from 1 kbps to 400 Gbps: no clock is read and no remainder is lost.
 *
 * A bucket holds tokens in units of 1e-9 of what it meters (nanobits, nanopackets): in t nanoseconds at r per second
 * exactly t * r of them accrue, an integer. A pool is one bucket shared by any number of workers without a lock: its
 * level (tokens, and the time up to which they have accrued) is 16 bytes, changed by one compare-and-exchange. So no
 * worker, wherever it is interrupted, holds tokens back that come on top of a full bucket later, and a packet that is
 * refused writes nothing: the line is not fought over by those who are over their limit.
 *
 * Promise: in every window of T the pool lets pass at most rate * T + burst, over all workers together (what is given
 * back by weir_pool_return() may add one frame), and a backlogged pool loses nothing of its rate. Workers' clocks may
 * differ: time is then that of the worker furthest ahead.
 */
#ifndef WEIR_METER_H
#define WEIR_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define WEIR_FRAME_MAX 9216 /* bytes of the largest frame that every limit lets pass */

#define WEIR_BURST_NS (5 * WEIR_NS_PER_MS) /* a bucket holds what accrues in this time ... */
#define WEIR_BURST_FRAMES 2		   /* ... and at least so many of the largest frames */

/* The most that a bucket holds and a packet takes, in units (bits, packets): sums of two stay within 63 bits. */
#define WEIR_POOL_UNITS_MAX UINT64_C(2300000000)

/* One kind (bits or packets) of one limit. */
struct weir_pool {
	int64_t tokens;		/* 1e-9 units, as of `last`. worker: rw, atomically; control: before publication */
	uint64_t last;		/* ns up to which tokens have accrued. As tokens */
	uint64_t rate;		/* units per second; 0 = no limit. This and the rest: worker: ro */
	int64_t burst;		/* 1e-9 units: the most that tokens can be */
	uint64_t fill;		/* ns in which an empty bucket is full */
} __attribute__((aligned(16))); /* tokens and last are exchanged as one */

/*
 * Makes a full bucket of `rate` units per second (0: no limit; at most WEIR_BPS_MAX). It holds WEIR_BURST_NS of the
 * rate, at least `burst_min` units, at most WEIR_POOL_UNITS_MAX. For one thread, before publication.
 */
void weir_pool_init(struct weir_pool *pool, uint64_t rate, uint64_t burst_min, uint64_t now);

/*
 * Moves the level of `from` into `pool`, which weir_pool_init() has just made: tokens are kept up to the new burst,
 * so that changing a limit gives nobody a second burst. A `from` without a limit leaves `pool` full. `from` may be in
 * use: what workers take from it after this call, until they see `pool`, is not charged to `pool`.
 */
void weir_pool_renew(struct weir_pool *pool, const struct weir_pool *from, uint64_t now);

/*
 * Takes `units` if they are there at `now` (ns), else nothing. Any worker. A `now` behind that of another worker
 * takes of what there is and adds nothing. More units than the burst are never there.
 */
bool weir_pool_take(struct weir_pool *pool, uint64_t units, uint64_t now);

/* Gives back what weir_pool_take() took, because another bucket refused the same packet. Any worker. */
void weir_pool_return(struct weir_pool *pool, uint64_t units);

/* A limit of both kinds, for one direction. A kind with rate 0 is not limited. */
struct weir_limit {
	struct weir_pool bits;
	uint64_t pps; /* of `packets`, so that its line is not touched for nothing */
	struct weir_pool packets WEIR_CACHE_ALIGNED;
} WEIR_CACHE_ALIGNED;
_Static_assert(sizeof(struct weir_limit) == 128, "a cacheline a kind");

/* Full buckets for *rate, within WEIR_{BPS,PPS}_MAX. For one thread, before publication. */
void weir_limit_init(struct weir_limit *limit, const struct weir_rate *rate, uint64_t now);

/* As weir_limit_init(), with the levels of `from` kept; see weir_pool_renew(). */
void weir_limit_renew(
    struct weir_limit *limit, const struct weir_rate *rate, const struct weir_limit *from, uint64_t now);

/* Takes one frame of `bytes` from both buckets or from neither. Any worker. */
bool weir_limit_take(struct weir_limit *limit, uint32_t bytes, uint64_t now);

/* Gives back what weir_limit_take() took. Any worker. */
void weir_limit_return(struct weir_limit *limit, uint32_t bytes);

/* False if the limit limits nothing: its packets need not ask. */
static inline bool
weir_limit_active(const struct weir_limit *limit)
{
	return (limit->bits.rate | limit->packets.rate) != 0;
}

#endif
