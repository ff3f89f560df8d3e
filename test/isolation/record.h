/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of a source's frames: counts, delays, and what left by time. Time is in picoseconds of the machine. */
#ifndef WEIR_TEST_RECORD_H
#define WEIR_TEST_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define PS_NS UINT64_C(1000)
#define PS_US (1000 * PS_NS)
#define PS_MS (1000 * PS_US)
#define PS_S (1000 * PS_MS)

#define RECORD_BIN (100 * PS_US)
#define RECORD_EXTRA 24 /* bytes of FCS, preamble and gap, as a port's rate counts them */

/* Delays in ns by size: 32 steps in each power of two, so that a quantile is right to 3%. */
#define DELAY_STEPS 32
#define DELAY_SLOTS (36 * DELAY_STEPS)

struct record {
	/* Frames born within the window that is measured. */
	uint64_t sent, arrived;
	uint64_t ring_full, no_buffer; /* of those that did not arrive: before weir had them */
	/* Frames that left within it. */
	uint64_t wire_bytes, tenant_bytes, frames;
	uint32_t largest; /* bytes on the wire */
	/* Ever. */
	uint64_t reordered, strayed; /* after a later frame; by a way that is not its own */
	uint64_t next_seq;
	/* The most that left in any stretch of time beyond `bound_bps` times its length, in tenant bits: exact. */
	uint64_t bound_bps, bound_at;
	double bound_level, bound_most;
	uint32_t *bins; /* wire bytes by RECORD_BIN since the window began */
	uint64_t delays[DELAY_SLOTS];
};

/* What is measured. */
struct window {
	uint64_t from, to;
};

static inline uint32_t
record_bins(const struct window *window)
{
	return (uint32_t)((window->to - window->from + RECORD_BIN - 1) / RECORD_BIN);
}

void record_init(struct record *record, const struct window *window);
void record_free(struct record *record);

/* A frame that was sent at `born` left at `at`. */
void record_left(struct record *record, const struct window *window, uint64_t born, uint64_t at, uint32_t wire_bytes,
    uint32_t tenant_bytes);

/* The delay, in ns, that this share of the frames (0.999) kept. 0: there were none. */
double record_delay(const struct record *record, double share);

/* Of what was born in the window. */
double record_loss(const struct record *record);

/* Sums of several sources' bins, made by record_sum(): from one bin to another, in bits. */
uint64_t record_bits(const struct record *record, uint32_t from, uint32_t to);

/* The least, over all stretches of so many bins from `from` on, of what left in them, in bits. */
uint64_t record_least(const struct record *record, uint32_t from, uint32_t to, uint32_t n);

/*
 * How many bins after bin `from` all windows that end before from + n have this rate (bit/s), but for so many frames.
 * n: none.
 */
uint32_t record_settles(const struct record *record, uint32_t from, uint32_t n, double rate, uint32_t frames);

/* Adds another source's figures. */
void record_add(struct record *sum, const struct record *record, const struct window *window);

#endif
