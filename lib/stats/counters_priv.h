/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_COUNTERS_PRIV_H
#define WEIR_COUNTERS_PRIV_H

#include <pthread.h>

#include "weir_counters.h"

struct reasons {
	uint64_t packets[WEIR_REASON_COUNT], bytes[WEIR_REASON_COUNT];
};

struct weir_counters_set {
	pthread_mutex_t mutex; /* totals, flips, and the control writer */
	uint32_t n_writers;    /* workers, then control */
	uint32_t max_ifaces;
	uint32_t request;
	uint64_t folded_at;
	bool folded;
	struct weir_counters *writers;
	struct weir_count *totals; /* by interface */
	struct weir_count *by_writer;
	struct reasons **reasons; /* by interface; NULL until its first drop */
	uint32_t passed_base[WEIR_PASSED_KINDS + 1];
	struct weir_passed *passed; /* by passed_base[kind] + id; NULL: not counted */
};

/* ---- passed.c ---- */

static inline uint32_t
weir_passed_index(const uint32_t base[], uint32_t what)
{
	return base[what >> WEIR_PASSED_SHIFT] + (what & ((1u << WEIR_PASSED_SHIFT) - 1));
}

static inline void
weir_add_passed(struct weir_passed *passed, uint64_t packets, uint64_t bytes)
{
	passed->packets += packets;
	passed->bytes += bytes;
}

/* Counts at `n` elements, in the current bank. */
void weir_count_at(
    struct weir_counters *counters, const uint32_t what[], uint32_t n, uint64_t packets, uint64_t bytes);

/* Adds to the totals what an idle bank counted beside its paths. */
void weir_fold_passed(struct weir_counters_set *set, struct weir_bank *bank);

#endif
