/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The maintenance thread's work: learning and ageing MACs, ageing connections, ARP, ND and ping for weir itself,
 * links, the clock, folding counters before their rows fill, freeing what workers have let go of.
 *
 * It is the only writer of the MAC table beside configuration, which takes the same mutex. Everything else is stepped
 * by one thread.
 */
#ifndef WEIR_MAINT_H
#define WEIR_MAINT_H

#include <pthread.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#include "weir_clock.h"
#include "weir_conn.h"
#include "weir_counters.h"
#include "weir_neigh.h"
#include "weir_vnet.h"
#include "weir_worker.h"

struct weir_maint;

struct weir_maint_params {
	uint32_t n_workers;
	struct weir_worker *const *workers;
	struct weir_vnet *vnet;
	struct weir_macs *macs;
	struct weir_routes *routes;
	struct weir_hosts *hosts;
	struct weir_conns *conns;
	struct weir_neigh *neigh;
	struct weir_counters_set *counters;
	struct rte_rcu_qsbr *qsbr;
	pthread_mutex_t *mutex;	  /* guards macs, routes and hosts, and vnet's objects against being unpublished */
	struct weir_clock *clock; /* to keep true; NULL in virtual time */
	uint64_t mac_age;	  /* ns */
};

struct weir_maint *weir_maint_create(const struct weir_maint_params *params); /* NULL: no memory */
void weir_maint_free(struct weir_maint *maint); /* NULL is fine; frees what was deferred; workers have ended */

/* One round at time `now`. */
void weir_maint_step(struct weir_maint *maint, uint64_t now);

void weir_maint_set_mac_age(struct weir_maint *maint, uint64_t ns); /* any thread */

/* Frees `p` by rte_free() after a quiescent period. Any control thread. */
void weir_maint_defer(struct weir_maint *maint, void *p);

#endif
