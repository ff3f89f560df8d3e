/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "weir_base.h"
#include "weir_clock.h"

/* CLOCK_MONOTONIC and the TSC at one moment: of a few tries, the one least torn by an interruption. */
static void
read_both(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	*tsc = *ns = 0;
	for (int i = 0; i < 8; i++) {
		struct timespec ts;
		uint64_t before = rte_rdtsc(), after;

		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		after = rte_rdtsc();
		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*ns = (uint64_t)ts.tv_sec * WEIR_NS_PER_S + (uint64_t)ts.tv_nsec;
		}
	}
}

static uint64_t
scale(uint64_t cycles, uint64_t mult)
{
	__extension__ typedef unsigned __int128 u128;

	return (uint64_t)(((u128)cycles * mult) >> 32);
}

static void
publish(struct weir_clock *clock, uint64_t tsc0, uint64_t ns0, uint64_t mult)
{
	uint32_t seq = clock->seq;

	__atomic_store_n(&clock->seq, seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&clock->tsc0, tsc0, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->ns0, ns0, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->mult, mult, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->seq, seq + 2, __ATOMIC_RELEASE);
}

void
weir_clock_init(struct weir_clock *clock)
{
	struct timespec wait = {.tv_nsec = 20 * (long)WEIR_NS_PER_MS};
	uint64_t tsc, ns, tsc2, ns2;

	read_both(&tsc, &ns);
	(void)nanosleep(&wait, NULL);
	read_both(&tsc2, &ns2);
	clock->seq = 0;
	clock->true_ns0 = ns2;
	publish(clock, tsc2, ns2, (uint64_t)(((double)(ns2 - ns) / (double)(tsc2 - tsc)) * 4294967296.0));
}

void
weir_clock_discipline(struct weir_clock *clock)
{
	uint64_t tsc, ns, ours;
	double rate, error;

	read_both(&tsc, &ns);
	ours = weir_clock_at(clock, tsc);
	/* In less time the two readings are too far off each other to tell a rate. */
	if (ns - clock->true_ns0 < 10 * WEIR_NS_PER_MS)
		return;
	/* The true rate since the last correction, and on top of it what closes the gap within a second. */
	rate = (double)(ns - clock->true_ns0) / (double)(tsc - clock->tsc0);
	error = (double)((int64_t)(ns - ours)) / (double)WEIR_NS_PER_S;
	if (error > 0.01)
		error = 0.01;
	if (error < -0.01)
		error = -0.01;
	clock->true_ns0 = ns;
	publish(clock, tsc, ours, (uint64_t)(rate * (1.0 + error) * 4294967296.0));
}

uint64_t
weir_clock_at(const struct weir_clock *clock, uint64_t tsc)
{
	uint64_t tsc0, ns0, mult;
	uint32_t seq;

	for (;;) {
		seq = __atomic_load_n(&clock->seq, __ATOMIC_ACQUIRE);
		tsc0 = __atomic_load_n(&clock->tsc0, __ATOMIC_RELAXED);
		ns0 = __atomic_load_n(&clock->ns0, __ATOMIC_RELAXED);
		mult = __atomic_load_n(&clock->mult, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if ((seq & 1) == 0 && __atomic_load_n(&clock->seq, __ATOMIC_RELAXED) == seq)
			break;
		rte_pause();
	}
	return tsc >= tsc0 ? ns0 + scale(tsc - tsc0, mult) : ns0;
}

uint64_t
weir_clock_now(const struct weir_clock *clock)
{
	return weir_clock_at(clock, rte_rdtsc());
}
