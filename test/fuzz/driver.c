/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target without libFuzzer: the sample packets, bent at random, the same way in every run.
 *
 *	fuzz_frame [COUNT [FIRST]]
 *
 * Input number N depends on N alone, so that `fuzz_frame 1 N` repeats the one that failed.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "../unit/table/eal.h"
#include "fuzz.h"
#include "samples.h"

#define COUNT_DEFAULT 500000
#define INPUT_MAX 1600
#define BENDS_MAX 6
#define STRETCH_MAX 64

/* The line that says which input it was: nothing may be formatted in a signal handler. */
static char current[64];
static size_t current_len;

static void
on_abort(int sig)
{
	(void)!write(STDERR_FILENO, current, current_len);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((next_random(state) >> 32) % n);
}

/* Changes `data` in one way; returns its new length. */
static uint32_t
bend(uint8_t *data, uint32_t len, uint64_t *state)
{
	static const uint8_t edges[] = {0, 1, 4, 5, 7, 8, 15, 20, 40, 0x44, 0x4f, 0x60, 0x7f, 0x80, 0xfe, 0xff};
	uint32_t at = len > 0 ? below(state, len) : 0, n;

	if (len == 0)
		return below(state, STRETCH_MAX);
	switch (below(state, 7)) {
	case 0:
		data[at] ^= (uint8_t)(1u << below(state, 8));
		return len;
	case 1:
		data[at] = edges[below(state, sizeof(edges))];
		return len;
	case 2:
		data[at] = (uint8_t)next_random(state);
		return len;
	case 3: /* a number goes up or down a little */
		data[at] = (uint8_t)(data[at] + below(state, 9) - 4);
		return len;
	case 4: /* cut off */
		return below(state, 4) == 0 ? at : len;
	case 5: /* bytes come in between */
		n = RTE_MIN(below(state, STRETCH_MAX), INPUT_MAX - len);
		memmove(data + at + n, data + at, len - at);
		return len + n;
	default: /* some more behind */
		n = RTE_MIN(below(state, 4) == 0 ? INPUT_MAX : below(state, STRETCH_MAX), INPUT_MAX - len);
		memset(data + len, data[at], n);
		return len + n;
	}
}

static void
run(uint64_t number)
{
	uint8_t data[INPUT_MAX] = {0}, *exact;
	uint64_t state = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
	uint32_t len, bends;

	current_len = (size_t)snprintf(current, sizeof(current), "input number %lu\n", (unsigned long)number);
	len = sample_bytes(below(&state, (uint32_t)n_samples), data, sizeof(data));
	bends = below(&state, BENDS_MAX + 1);
	for (uint32_t i = 0; i < bends; i++)
		len = bend(data, len, &state);
	exact = alloc_exact(len, 0);
	memcpy(exact, data, len);
	(void)LLVMFuzzerTestOneInput(exact, len);
	free_exact(exact, 0);
}

int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : COUNT_DEFAULT;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;

	(void)signal(SIGABRT, on_abort);
	for (uint64_t number = first; number - first < count; number++)
		run(number);
	return 0;
}
