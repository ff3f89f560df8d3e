/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The /weir/... commands on DPDK's telemetry socket (design 1.4), and the configuration thread that runs what changes
 * something: a telemetry thread hands it the request and waits.
 *
 * DPDK's telemetry calls back without an argument, hence one gateway a process, and forgets no command once it knows
 * it: after weir_telemetry_stop() the commands answer ESHUTDOWN.
 */
#ifndef WEIR_TELEMETRY_H
#define WEIR_TELEMETRY_H

struct weir_gateway;

/*
 * Starts the configuration thread and registers the commands; after rte_eal_init() and the first apply. `version`
 * (static) is what /weir/info says. Returns 0 or -errno: nothing is started then.
 */
int weir_telemetry_start(struct weir_gateway *gateway, const char *version);

/* Waits for the requests that run, refuses those that wait, ends the thread. The gateway may be freed afterwards. */
void weir_telemetry_stop(void);

#endif
