/* SPDX-License-Identifier: BSD-3-Clause */
#include "weir_meter.h"

#define FRAME_BITS(bytes) ((uint64_t)(bytes)*8)

/* Of a kind that is not limited there is always enough: it is filled up again with each draw of the other kind. */
#define PLENTY_BITS (UINT64_MAX / 2)
#define PLENTY_PACKETS UINT32_MAX

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
weir_limit_init(struct weir_limit *limit, const struct weir_rate *rate, uint32_t workers, uint64_t now)
{
	weir_pool_init(&limit->bits, rate->bps, WEIR_BURST_FRAMES * FRAME_BITS(WEIR_FRAME_MAX), workers, now);
	weir_pool_init(&limit->packets, rate->pps, WEIR_BURST_FRAMES, workers, now);
	limit->pps = rate->pps;
	limit->serial = next_serial();
}

void
weir_limit_renew(struct weir_limit *limit, const struct weir_rate *rate, uint32_t workers,
    const struct weir_limit *from, uint64_t now)
{
	weir_limit_init(limit, rate, workers, now);
	weir_pool_renew(&limit->bits, &from->bits, now);
	weir_pool_renew(&limit->packets, &from->packets, now);
}

/* A worker keeps a quantum at most, or the bound on every window would not hold. */
static void
trim(struct weir_limit *limit, struct weir_credit *credit)
{
	if (limit->bits.rate != 0 && credit->bits > limit->bits.quantum) {
		weir_pool_return(&limit->bits, credit->bits - limit->bits.quantum);
		credit->bits = limit->bits.quantum;
	}
	if (limit->pps != 0 && credit->packets > limit->packets.quantum) {
		weir_pool_return(&limit->packets, credit->packets - limit->packets.quantum);
		credit->packets = (uint32_t)limit->packets.quantum;
	}
}

/* Enough bits for a frame; false: the bucket does not have them. */
static bool
draw_bits(struct weir_limit *limit, struct weir_credit *credit, uint64_t bits, uint64_t now)
{
	uint64_t drawn;

	if (limit->bits.rate == 0) {
		credit->bits = PLENTY_BITS;
		return true;
	}
	if (credit->bits >= bits)
		return true;
	drawn = weir_pool_draw(&limit->bits, bits - credit->bits, now);
	credit->bits += drawn;
	return drawn != 0;
}

static bool
draw_packet(struct weir_limit *limit, struct weir_credit *credit, uint64_t now)
{
	if (limit->pps == 0) {
		credit->packets = PLENTY_PACKETS;
		return true;
	}
	if (credit->packets == 0)
		credit->packets = (uint32_t)weir_pool_draw(&limit->packets, 1, now);
	return credit->packets != 0;
}

bool
weir_limit_draw(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes, uint64_t now)
{
	if (credit->serial != limit->serial)
		*credit = (struct weir_credit){.serial = limit->serial};
	if (!draw_bits(limit, credit, FRAME_BITS(bytes), now))
		return false;
	if (!draw_packet(limit, credit, now)) {
		trim(limit, credit);
		return false;
	}
	credit->bits -= FRAME_BITS(bytes);
	credit->packets--;
	return true;
}

void
weir_limit_return(struct weir_limit *limit, struct weir_credit *credit, uint32_t bytes)
{
	if (limit->bits.rate != 0)
		credit->bits += FRAME_BITS(bytes);
	if (limit->pps != 0)
		credit->packets++;
	trim(limit, credit);
}
