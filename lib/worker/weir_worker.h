/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: polls its receive queues and hand-off rings, runs each burst through the pipeline, and does its own
 * housekeeping (ageing flows, packets that wait for a neighbour) a little at a time. When receive queues back up it
 * holds tenants to their shares of its cycles. It takes no lock, allocates nothing and makes no system call of its
 * own.
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "weir_clock.h"
#include "weir_counters.h"
#include "weir_flow.h"
#include "weir_pipeline.h"
#include "weir_port.h"
#include "weir_vnet.h"

struct weir_worker;

struct weir_worker_params {
	uint32_t index; /* 0 .. workers - 1 */
	const struct weir_vnet *vnet;
	struct weir_counters *counters;
	struct weir_conns *conns;  /* of firewalls, all workers' */
	struct rte_mempool *pool;  /* for copies */
	struct rte_rcu_qsbr *qsbr; /* thread id = index */
	const struct weir_clock *clock;
	uint32_t flows;	    /* flow slots */
	uint32_t queued;    /* buffers of packets that may wait for their turn */
	uint64_t flow_idle; /* ns */
	/* The meter of what is measured, see weir_pipe_params; NULL: the TSC. */
	uint64_t (*cycles)(void *arg);
	void *cycles_arg;
	int socket;
};

struct weir_worker *weir_worker_create(const struct weir_worker_params *params); /* NULL: no memory */
void weir_worker_free(struct weir_worker *worker);

/* One round at time `now`: every queue and ring once (a queue whose packets are dropped, some times). Returns packets
 * received. The worker's own thread, or a test.
 */
uint32_t weir_worker_poll(struct weir_worker *worker, uint64_t now);

/* Polls until *stop; an lcore's main function. `arg` is the worker. */
int weir_worker_main(void *arg);
void weir_worker_stop(struct weir_worker *worker);

/* ---- control ---- */

/* Gives the worker another list to poll; returns the old one, to be freed after a quiescent period. */
struct weir_poll_list *weir_worker_set_polls(struct weir_worker *worker, struct weir_poll_list *list);
/* Idle time of flows, and how often a source MAC in use is reported as seen. */
void weir_worker_set_times(struct weir_worker *worker, uint64_t flow_idle, uint64_t mac_refresh);

/* Messages to maintenance: what it learned, and packets for weir itself. */
struct rte_ring *weir_worker_ask_ring(struct weir_worker *worker);   /* of struct weir_host_question */
struct rte_ring *weir_worker_learn_ring(struct weir_worker *worker); /* of struct weir_learn */
struct rte_ring *weir_worker_loss_ring(struct weir_worker *worker);  /* of struct weir_loss */
struct rte_ring *weir_worker_punt_ring(struct weir_worker *worker);  /* of mbufs with struct weir_mbuf_meta */

const struct weir_work *weir_worker_work(const struct weir_worker *worker);
const struct weir_flows *weir_worker_flows(const struct weir_worker *worker);

/* Written by the worker, read by any thread (each field by itself). */
struct weir_worker_stats {
	uint64_t polls, busy_polls; /* rounds; rounds with packets */
	uint64_t pressed_polls;	    /* rounds in which it did not keep up */
	uint64_t rx_packets, tx_packets;
	uint64_t shed_packets;	      /* of tenants over their share of it, in such rounds */
	uint64_t cycles, busy_cycles; /* TSC, since start; in rounds with packets */
	uint32_t paths;
	struct weir_stage_cycles stages; /* of the rounds that were sampled */
};
void weir_worker_stats(const struct weir_worker *worker, struct weir_worker_stats *stats);

/*
 * Cycles that a tenant (id) had of the worker; those of a port's (index) packets that belong to nobody. Any thread.
 * How exact they are is said at weir_pipe_tenant_cycles().
 */
uint64_t weir_worker_tenant_cycles(const struct weir_worker *worker, uint32_t tenant);
uint64_t weir_worker_port_cycles(const struct weir_worker *worker, uint32_t port);

#endif
