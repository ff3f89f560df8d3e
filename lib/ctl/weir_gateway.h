/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole switch but for EAL's start and the telemetry socket: it owns ports, neighbours, virtual networks,
 * counters, workers, the maintenance thread and the configuration with its store, and applies one to the other.
 *
 * Two ways to run it: weir_gateway_start() launches workers on their lcores and the maintenance and configuration
 * threads; or nothing is started and a test drives workers and maintenance step by step in virtual time
 * (weir_gateway_worker, weir_gateway_maintain), with the same code.
 *
 * Threads: configuration calls (load, patch, check, rollback) run one at a time, each caller waits for the one before
 * it. Views (weir_view.h) may be called from any control thread at any time and never wait for a configuration call
 * longer than its publication takes.
 */
#ifndef WEIR_GATEWAY_H
#define WEIR_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_clock.h"

struct weir_gateway;
struct weir_worker;

struct weir_gateway_params {
	uint32_t n_workers;
	const unsigned int *lcores; /* of the workers; NULL if it is never started */
	const char *state_dir;	    /* NULL = keep no state */
	bool reset;		    /* forget the state that is there */
	uint32_t mbufs;		    /* buffers in the pool */
	uint32_t mbuf_size;	    /* bytes of packet in a buffer, headroom excluded */
	struct weir_clock *clock;   /* kept true by the maintenance thread; NULL in virtual time */
	/* Meters of the workers' cycles, see weir_pipe_params: this one, each with its argument; NULL: the TSC. */
	uint64_t (*cycles)(void *arg);
	void *const *cycles_args; /* by worker; kept by the caller */
	uint64_t now;
};

/* NULL with err: ENOMEM, or what the store said. Restores nothing by itself: see weir_gateway_restore(). */
struct weir_gateway *weir_gateway_create(const struct weir_gateway_params *params, struct weir_err *err);
void weir_gateway_free(struct weir_gateway *gateway); /* NULL is fine; stopped */

/*
 * Applies the last committed configuration of the state folder, or, if there is none, the document in `file` (NULL:
 * start empty). A port that cannot be opened is down with its reason and tried again each second; any other fault is
 * an error. A `file` that differs from the committed configuration is named in one log line.
 */
int weir_gateway_restore(struct weir_gateway *gateway, const char *file, struct weir_err *err);

int weir_gateway_start(struct weir_gateway *gateway); /* 0 or -errno */
void weir_gateway_stop(struct weir_gateway *gateway); /* waits for workers and threads to end */

/* What a configuration call did, or would do. */
struct weir_outcome {
	uint64_t version;
	uint32_t ports, underlays, tenants; /* how many differ */
	bool settings;
	uint32_t n_interrupted;
	char interrupted[32][WEIR_NAME_SIZE]; /* ports whose traffic is interrupted */
	char note[120];			      /* "" = none */
};

/*
 * A whole document / a merge patch: all or nothing, durable before it returns 0. `check`: only says what would be;
 * ports are not opened. -errno with *err. Any control thread.
 */
int weir_gateway_load(struct weir_gateway *gateway, const char *text, size_t len, bool check,
    struct weir_outcome *outcome, struct weir_err *err);
int weir_gateway_patch(struct weir_gateway *gateway, const char *text, size_t len, bool check,
    struct weir_outcome *outcome, struct weir_err *err);
/* Back to the n-th configuration before the present one; it becomes the next version. -ENOENT: not kept. */
int weir_gateway_rollback(
    struct weir_gateway *gateway, uint32_t n, struct weir_outcome *outcome, struct weir_err *err);

/* The committed document, see weir_model_show(). */
int weir_gateway_show(struct weir_gateway *gateway, const char *pointer, char **text, size_t *len, uint64_t *version,
    struct weir_err *err);

/* ---- stepping by hand, in virtual time ---- */

struct weir_worker *weir_gateway_worker(struct weir_gateway *gateway, uint32_t worker); /* for weir_worker_poll() */
void weir_gateway_set_time(struct weir_gateway *gateway, uint64_t now);
void weir_gateway_maintain(struct weir_gateway *gateway, uint64_t now); /* one round of the maintenance thread */
void weir_gateway_retry_ports(struct weir_gateway *gateway); /* what the configuration thread does each second */

#endif
