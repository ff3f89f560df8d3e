/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "weir_meter.h"

#define FRAME_BITS(bytes) ((uint64_t)(bytes)*8)

static_assert(FRAME_BITS(UINT32_MAX) <= WEIR_CREDIT_PLENTY_BITS, "plenty is enough for any frame");
static_assert(WEIR_POOL_UNITS_MAX / WEIR_BURST_AHEAD + FRAME_BITS(UINT32_MAX) < UINT64_C(1) << WEIR_CREDIT_BITS,
    "a quantum and a frame fit");
static_assert(WEIR_CREDIT_BITS + 1 + WEIR_CREDIT_PACKETS + 1 == 64, "both fields and their guards are one word");

static uint32_t
next_serial(void)
{
	static uint32_t last;
	uint32_t serial;

	do
		serial = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	while (serial == 0);
	return serial;
}

void
weir_limit_init(
    struct weir_limit *limit, const struct weir_rate *rate, uint64_t burst_ns, uint32_t workers, uint64_t now)
{
	weir_pool_init(
	    &limit->bits, rate->bps, burst_ns, WEIR_BURST_FRAMES * FRAME_BITS(WEIR_FRAME_MAX), workers, now);
	weir_pool_init(&limit->packets, rate->pps, burst_ns, WEIR_BURST_FRAMES, workers, now);
	limit->pps = rate->pps;
	limit->serial = next_serial();
}

void
weir_limit_renew(struct weir_limit *limit, const struct weir_rate *rate, uint64_t burst_ns, uint32_t workers,
    const struct weir_limit *from, uint64_t now)
{
	weir_limit_init(limit, rate, burst_ns, workers, now);
	weir_pool_renew(&limit->bits, &from->bits, now);
	weir_pool_renew(&limit->packets, &from->packets, now);
}

/* Both kinds, as numbers. */
struct held {
	uint64_t bits, packets;
};

static struct held
held_of(const struct weir_credit *credit)
{
	return (struct held){.bits = weir_credit_bits(credit), .packets = weir_credit_packets(credit)};
}

/*
 * What the worker goes on to hold: a quantum at most, or the bound on every window would not hold; the rest goes
 * back.
 */
static void
hold(struct weir_limit *limit, struct weir_credit *credit, struct held held)
{
	if (limit->bits.rate == 0) {
		held.bits = WEIR_CREDIT_PLENTY_BITS;
	} else if (held.bits > limit->bits.quantum) {
		weir_pool_return(&limit->bits, held.bits - limit->bits.quantum);
		held.bits = limit->bits.quantum;
	}
	if (limit->pps == 0) {
		held.packets = WEIR_CREDIT_PLENTY_PACKETS;
	} else if (held.packets > limit->packets.quantum) {
		weir_pool_return(&limit->packets, held.packets - limit->packets.quantum);
		held.packets = limit->packets.quantum;
	}
	credit->level = held.packets << (WEIR_CREDIT_BITS + 1) | held.bits;
}

/* At least `units`, with what is held; false: the bucket does not have them. */
static bool
draw(struct weir_pool *pool, uint64_t *held, uint64_t units, uint64_t now)
{
	uint64_t drawn;

	if (*held >= units)
		return true;
	drawn = weir_pool_draw(pool, units - *held, now);
	*held += drawn;
	return drawn != 0;
}

bool
weir_limit_draw(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes, uint64_t now)
{
	struct held held = {0};
	bool enough;

	if (credit->serial == limit->serial)
		held = held_of(credit);
	credit->serial = limit->serial;
	/* Packets first: a worker holds a whole one or none, so that refusing one moves nothing. */
	enough = (limit->pps == 0 || draw(&limit->packets, &held.packets, 1, now)) &&
		 (limit->bits.rate == 0 || draw(&limit->bits, &held.bits, FRAME_BITS(bytes), now));
	if (enough) {
		held.bits -= limit->bits.rate == 0 ? 0 : FRAME_BITS(bytes);
		held.packets -= limit->pps == 0 ? 0 : 1;
	}
	hold(limit, credit, held);
	return enough;
}

uint64_t
weir_limit_when(const struct weir_limit *limit, const struct weir_credit *credit, uint32_t bytes, uint64_t now)
{
	struct held held = {0};
	uint64_t bits, packets;

	if (credit->serial == limit->serial)
		held = held_of(credit);
	bits = limit->bits.rate == 0 || held.bits >= FRAME_BITS(bytes)
		   ? now
		   : weir_pool_when(&limit->bits, FRAME_BITS(bytes) - held.bits, now);
	packets = limit->pps == 0 || held.packets >= 1 ? now : weir_pool_when(&limit->packets, 1 - held.packets, now);
	return bits > packets ? bits : packets;
}

void
weir_limit_return(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes)
{
	struct held held = held_of(credit);

	held.bits += FRAME_BITS(bytes);
	held.packets++;
	hold(limit, credit, held);
}
