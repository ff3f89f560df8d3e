/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds out of the TSC, kept true to CLOCK_MONOTONIC: rte_get_tsc_hz() is rounded and off by 0.1 % on some
 * machines, which is ten times the error that a limit may have.
 *
 * Written by one thread (weir_clock_discipline, about once a second), read by any: readers take a sequence-checked
 * copy, which never blocks the writer. A reader that keeps its own last value sees time that never goes back, since
 * corrections change the rate, not the value.
 */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>

struct weir_clock {
	uint32_t seq; /* odd while being written */
	uint32_t pad;
	uint64_t tsc0;	   /* at this reading of the TSC ... */
	uint64_t ns0;	   /* ... it was this time */
	uint64_t mult;	   /* nanoseconds per TSC cycle, << 32 */
	uint64_t true_ns0; /* CLOCK_MONOTONIC at tsc0; the disciplining thread's alone */
};

/* Measures for a few milliseconds, then sets time to now's CLOCK_MONOTONIC. */
void weir_clock_init(struct weir_clock *clock);

/*
 * Compares with CLOCK_MONOTONIC and corrects the rate so that the difference is gone in about a second. Does nothing
 * within 10 ms of the last time. The writing thread only.
 */
void weir_clock_discipline(struct weir_clock *clock);

/* The time at TSC reading `tsc`. Lock-free; any thread. */
uint64_t weir_clock_at(const struct weir_clock *clock, uint64_t tsc);

/* The time now. Any thread. */
uint64_t weir_clock_now(const struct weir_clock *clock);

#endif
