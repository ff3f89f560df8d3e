/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <stdlib.h>
#include <string.h>

void
record_init(struct record *record, const struct window *window)
{
	memset(record, 0, sizeof(*record));
	record->bins = calloc(record_bins(window), sizeof(*record->bins));
	if (record->bins == NULL)
		abort();
}

void
record_free(struct record *record)
{
	free(record->bins);
	record->bins = NULL;
}

static uint32_t
slot_of(uint64_t ns)
{
	uint32_t power, slot;

	if (ns < DELAY_STEPS)
		return (uint32_t)ns;
	power = 63 - (uint32_t)__builtin_clzll(ns);
	slot = (power - 4) * DELAY_STEPS + (uint32_t)(ns >> (power - 5)) - DELAY_STEPS;
	return slot < DELAY_SLOTS ? slot : DELAY_SLOTS - 1;
}

/* The upper end of a slot. */
static double
slot_end(uint32_t slot)
{
	uint32_t power = slot / DELAY_STEPS;

	if (power == 0)
		return slot;
	return (double)(((uint64_t)DELAY_STEPS + slot % DELAY_STEPS + 1) << (power - 1));
}

/* What left beyond the rate: falls with time, never below nothing. */
static void
bound_step(struct record *record, uint64_t at, uint32_t tenant_bytes)
{
	double level = record->bound_level - (double)(at - record->bound_at) * 1e-12 * (double)record->bound_bps;

	record->bound_level = (level > 0 ? level : 0) + tenant_bytes * 8.0;
	record->bound_at = at;
	if (record->bound_level > record->bound_most)
		record->bound_most = record->bound_level;
}

void
record_left(struct record *record, const struct window *window, uint64_t born, uint64_t at, uint32_t wire_bytes,
    uint32_t tenant_bytes)
{
	if (record->bound_bps != 0)
		bound_step(record, at, tenant_bytes);
	if (born >= window->from && born < window->to) {
		record->arrived++;
		record->delays[slot_of((at - born) / PS_NS)]++;
	}
	if (wire_bytes > record->largest)
		record->largest = wire_bytes;
	if (at < window->from || at >= window->to)
		return;
	record->wire_bytes += wire_bytes;
	record->tenant_bytes += tenant_bytes;
	record->frames++;
	record->bins[(at - window->from) / RECORD_BIN] += wire_bytes;
}

double
record_delay(const struct record *record, double share)
{
	uint64_t want = (uint64_t)((double)record->arrived * share), sum = 0;

	for (uint32_t slot = 0; slot < DELAY_SLOTS; slot++) {
		sum += record->delays[slot];
		if (sum > want || (sum == record->arrived && sum > 0))
			return slot_end(slot);
	}
	return 0;
}

double
record_loss(const struct record *record)
{
	return record->sent == 0 ? 0 : (double)(record->sent - record->arrived) / (double)record->sent;
}

uint64_t
record_bits(const struct record *record, uint32_t from, uint32_t to)
{
	uint64_t bytes = 0;

	for (uint32_t b = from; b < to; b++)
		bytes += record->bins[b];
	return bytes * 8;
}

uint64_t
record_least(const struct record *record, uint32_t from, uint32_t to, uint32_t n)
{
	uint64_t sum = record_bits(record, from, from + n), least = sum;

	for (uint32_t b = from; b + n < to; b++) {
		sum += (uint64_t)record->bins[b + n] * 8;
		sum -= (uint64_t)record->bins[b] * 8;
		if (sum < least)
			least = sum;
	}
	return least;
}

uint32_t
record_settles(const struct record *record, uint32_t from, uint32_t n, double rate, uint32_t frames)
{
	const double bin = rate * (double)RECORD_BIN * 1e-12, late = frames * record->largest * 8.0;
	double least = 0;
	uint32_t k = n;

	/* From the end: the least that any window which begins here has beyond its rate. */
	for (; k > 0; k--) {
		double beyond = (double)record_bits(record, from + k - 1, from + k) - bin;

		least = beyond + (least < 0 ? least : 0);
		if (least < -late)
			break;
	}
	return k;
}

void
record_add(struct record *sum, const struct record *record, const struct window *window)
{
	sum->sent += record->sent;
	sum->arrived += record->arrived;
	sum->ring_full += record->ring_full;
	sum->no_buffer += record->no_buffer;
	sum->wire_bytes += record->wire_bytes;
	sum->tenant_bytes += record->tenant_bytes;
	sum->frames += record->frames;
	sum->reordered += record->reordered;
	sum->strayed += record->strayed;
	if (record->largest > sum->largest)
		sum->largest = record->largest;
	for (uint32_t b = 0; b < record_bins(window); b++)
		sum->bins[b] += record->bins[b];
	for (uint32_t s = 0; s < DELAY_SLOTS; s++)
		sum->delays[s] += record->delays[s];
}
