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
 * A worker that draws takes a quantum ahead where the bucket has it, and spends it on its own without touching what
 * is shared: up to an eighth of a bucket's burst lies with the workers, the bucket itself holds the rest.
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

#define WEIR_BURST_NS (5 * WEIR_NS_PER_MS) /* a bucket holds what accrues in this time, unless told otherwise ... */
#define WEIR_BURST_FRAMES 2		   /* ... and at least so many of the largest frames */
#define WEIR_BURST_AHEAD 8		   /* one part in so many of it, at most, is what workers may hold */

/* The most that a bucket holds and a packet takes, in units (bits, packets): sums of two stay within 63 bits. */
#define WEIR_POOL_UNITS_MAX UINT64_C(2300000000)

/* One kind (bits or packets) of one limit. */
struct weir_pool {
	int64_t tokens;		/* 1e-9 units, as of `last`. worker: rw, atomically; control: before publication */
	uint64_t last;		/* ns up to which tokens have accrued. As tokens */
	uint64_t rate;		/* units per second; 0 = no limit. This and the rest: worker: ro */
	int64_t burst;		/* 1e-9 units: the most that tokens can be */
	uint64_t fill;		/* ns in which an empty bucket is full */
	uint64_t quantum;	/* units: what one worker takes ahead at most */
} __attribute__((aligned(16))); /* tokens and last are exchanged as one */

/*
 * Makes a full bucket of `rate` units per second (0: no limit; at most WEIR_BPS_MAX). It holds `burst_ns` of the
 * rate, at least `burst_min` units, at most WEIR_POOL_UNITS_MAX, less the quanta of `workers` (0: nothing is taken
 * ahead), which come out of what is over `burst_min`. For one thread, before publication.
 */
void weir_pool_init(
    struct weir_pool *pool, uint64_t rate, uint64_t burst_ns, uint64_t burst_min, uint32_t workers, uint64_t now);

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

/* The same, and a quantum more if that is there too. Returns what was taken: 0, `units`, or units + quantum. */
uint64_t weir_pool_draw(struct weir_pool *pool, uint64_t units, uint64_t now);

/*
 * When `units` will be there (ns, at least `now`), if nobody takes any before. UINT64_MAX: never, it is more than the
 * burst.
 */
uint64_t weir_pool_when(const struct weir_pool *pool, uint64_t units, uint64_t now);

/* Gives back what was taken, because another bucket refused the same packet. Any worker. */
void weir_pool_return(struct weir_pool *pool, uint64_t units);

/* A limit of both kinds, for one direction. A kind with rate 0 is not limited. */
struct weir_limit {
	struct weir_pool bits;
	uint64_t pps;	 /* of `packets`, so that its line is not touched for nothing */
	uint32_t serial; /* no other limit of the process has had it; never 0 */
	struct weir_pool packets WEIR_CACHE_ALIGNED;
} WEIR_CACHE_ALIGNED;
_Static_assert(sizeof(struct weir_limit) == 128, "a cacheline a kind");

/*
 * What one worker holds of one limit: its alone. Zero holds nothing. Bits and packets are in one word, each below a
 * guard bit, so that one subtraction takes a frame from both and shows by the guards whether both had it.
 */
struct weir_credit {
	uint64_t level;	 /* WEIR_CREDIT_BITS, guard, WEIR_CREDIT_PACKETS, guard; guards are 0 */
	uint32_t serial; /* of the limit it was drawn from: it is worth nothing at another */
	uint32_t pad;
};

#define WEIR_CREDIT_BITS 36    /* wide: more than any quantum and the largest frame */
#define WEIR_CREDIT_PACKETS 26 /* wide */
#define WEIR_CREDIT_PACKET (UINT64_C(2) << WEIR_CREDIT_BITS)
#define WEIR_CREDIT_GUARDS (UINT64_C(1) << 63 | UINT64_C(1) << WEIR_CREDIT_BITS)
/* Of a kind that is not limited there is always enough: it is filled up again before it runs out. */
#define WEIR_CREDIT_PLENTY_BITS (UINT64_C(1) << (WEIR_CREDIT_BITS - 1))
#define WEIR_CREDIT_PLENTY_PACKETS (UINT64_C(1) << (WEIR_CREDIT_PACKETS - 1))
#define WEIR_CREDIT_PLENTY (WEIR_CREDIT_PLENTY_PACKETS << (WEIR_CREDIT_BITS + 1) | WEIR_CREDIT_PLENTY_BITS)

/* A frame, as it is taken from a level. */
static inline uint64_t
weir_credit_frame(uint32_t bytes)
{
	return WEIR_CREDIT_PACKET + (uint64_t)bytes * 8;
}

static inline uint64_t
weir_credit_bits(const struct weir_credit *credit)
{
	return credit->level & ((UINT64_C(1) << WEIR_CREDIT_BITS) - 1);
}

static inline uint64_t
weir_credit_packets(const struct weir_credit *credit)
{
	return credit->level >> (WEIR_CREDIT_BITS + 1);
}

/*
 * Full buckets for *rate, within WEIR_{BPS,PPS}_MAX, `burst_ns` deep (WEIR_BURST_NS where nobody says), for so many
 * workers. For one thread, before publication.
 */
void weir_limit_init(
    struct weir_limit *limit, const struct weir_rate *rate, uint64_t burst_ns, uint32_t workers, uint64_t now);

/*
 * As weir_limit_init(), with the levels of `from` kept; see weir_pool_renew(). What workers hold of `from` is void.
 */
void weir_limit_renew(struct weir_limit *limit, const struct weir_rate *rate, uint64_t burst_ns, uint32_t workers,
    const struct weir_limit *from, uint64_t now);

/*
 * What is left of a credit without a frame (weir_credit_frame()), beside WEIR_CREDIT_GUARDS: if these are still set
 * it held the frame, and the rest is its level without it. A credit of another serial than the limit's holds nothing.
 */
static inline uint64_t
weir_credit_left(const struct weir_credit *credit, uint64_t frame)
{
	return (credit->level | WEIR_CREDIT_GUARDS) - frame;
}

/* What weir_limit_take() does when the worker does not hold enough. */
bool weir_limit_draw(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes, uint64_t now);

/*
 * Takes one frame of `bytes` from both buckets or from neither. `serial` is the limit's, known to the caller so that
 * the limit, which is at *limit, is touched only where the worker's own credit does not suffice. The worker whose
 * credit it is.
 */
static inline bool
weir_limit_take(
    struct weir_limit *const *limit, uint32_t serial, struct weir_credit *credit, uint32_t bytes, uint64_t now)
{
	uint64_t left = weir_credit_left(credit, weir_credit_frame(bytes));

	if (__builtin_expect(credit->serial != serial || (left & WEIR_CREDIT_GUARDS) != WEIR_CREDIT_GUARDS, 0))
		return weir_limit_draw(*limit, credit, bytes, now);
	credit->level = left ^ WEIR_CREDIT_GUARDS;
	return true;
}

/* When a frame of `bytes` will pass, as weir_pool_when(). The worker whose credit it is. */
uint64_t weir_limit_when(
    const struct weir_limit *limit, const struct weir_credit *credit, uint32_t bytes, uint64_t now);

/* Gives back what weir_limit_take() took. The same worker. */
void weir_limit_return(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes);

/* False if the limit limits nothing: its packets need not ask. */
static inline bool
weir_limit_active(const struct weir_limit *limit)
{
	return (limit->bits.rate | limit->packets.rate) != 0;
}

#endif
