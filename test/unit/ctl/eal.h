/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_CTL_EAL_H
#define WEIR_TEST_CTL_EAL_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>

#include "weir_base.h"

#define TEST_PREFIX "weir-test"

static char runtime_dir[] = "/tmp/weir-test-XXXXXX";

/* After telemetry has removed its socket: what is registered first runs last. */
static inline void
remove_runtime_dir(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/dpdk/" TEST_PREFIX, runtime_dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/dpdk", runtime_dir);
	(void)rmdir(path);
	(void)rmdir(runtime_dir);
}

/*
 * EAL without huge pages, for the process of one test. `telemetry`: with its socket, in a folder of this process, so
 * that tests which run at the same time do not meet. Returns 0.
 */
static inline int
start_eal(bool telemetry)
{
	static char args[][64] = {"test", "--no-huge", "--no-shconf", "--no-pci", "-m", "256", "-l", "0",
	    "--log-level=lib.*:error", "--no-telemetry"};
	char *argv[WEIR_ARRAY_LEN(args)];
	const size_t last = WEIR_ARRAY_LEN(args) - 1;

	if (telemetry) {
		(void)snprintf(args[last], sizeof(args[last]), "--file-prefix=" TEST_PREFIX);
		if (mkdtemp(runtime_dir) == NULL || setenv("RUNTIME_DIRECTORY", runtime_dir, 1) != 0 ||
		    atexit(remove_runtime_dir) != 0)
			return -1;
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	return rte_eal_init((int)WEIR_ARRAY_LEN(args), argv) < 0 ? -1 : 0;
}

#endif
