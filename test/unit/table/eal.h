/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_EAL_H
#define WEIR_TEST_EAL_H

#include <rte_eal.h>

#include "weir_base.h"

/* EAL without huge pages, for the process of one test. Returns 0. */
static inline int
start_eal(void)
{
	static char args[][32] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "256", "-l",
	    "0", "--log-level=lib.*:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	return rte_eal_init((int)WEIR_ARRAY_LEN(args), argv) < 0 ? -1 : 0;
}

/* xorshift64*: the same numbers in every run. `state` is not 0. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

#endif
