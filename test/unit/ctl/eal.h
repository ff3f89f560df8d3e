/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_CTL_EAL_H
#define WEIR_TEST_CTL_EAL_H

#include <stdio.h>

#include <rte_eal.h>

#include "weir_base.h"

/* EAL without huge pages, for the process of one test. `prefix`: NULL, or its telemetry socket is opened. Returns 0.
 */
static inline int
start_eal(const char *prefix)
{
	static char args[][64] = {"test", "--no-huge", "--no-shconf", "--no-pci", "-m", "256", "-l", "0",
	    "--log-level=lib.*:error", "--no-telemetry"};
	char *argv[WEIR_ARRAY_LEN(args)];
	const size_t last = WEIR_ARRAY_LEN(args) - 1;

	if (prefix != NULL)
		(void)snprintf(args[last], sizeof(args[last]), "--file-prefix=%s", prefix);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	return rte_eal_init((int)WEIR_ARRAY_LEN(args), argv) < 0 ? -1 : 0;
}

#endif
