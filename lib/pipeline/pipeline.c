/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <rte_ring_elem.h>

#include "backlog_priv.h"
#include "loss_priv.h"
#include "weir_vmem.h"

/* Flows share paths: as many paths as flows are never needed but where each flow has a pair of MACs of its own. */
#define FLOWS_A_PATH 12
#define PATHS_MIN 1024 /* where there are as many flows */

typedef void (*stage_fn)(struct weir_pipe *pipe, struct weir_burst *burst);

/* The stages in order. */
static const struct {
	stage_fn run;
	enum weir_stage stage;
} stages[] = {
    {stage_parse, WEIR_STAGE_PARSE},
    {stage_lookup, WEIR_STAGE_LOOKUP},
    {stage_police, WEIR_STAGE_POLICE},
    {stage_forward, WEIR_STAGE_FORWARD},
};

static void
run_measured(struct weir_pipe *pipe, struct weir_burst *burst)
{
	uint64_t start = read_cycles(pipe), end;

	pipe->sample->packets += burst->n_live;
	for (uint32_t s = 0; s < WEIR_ARRAY_LEN(stages); s++, start = end) {
		stages[s].run(pipe, burst);
		end = read_cycles(pipe);
		pipe->sample->cycles[stages[s].stage] += end - start;
	}
}

static void
run(struct weir_pipe *pipe, struct weir_burst *burst)
{
	if (__builtin_expect(pipe->sample != NULL, 0))
		run_measured(pipe, burst);
	else
		for (uint32_t s = 0; s < WEIR_ARRAY_LEN(stages); s++)
			stages[s].run(pipe, burst);
	if (__builtin_expect(pipe->admit.scale != 0, 0))
		account_burst(pipe, burst);
	weir_paths_settle(pipe->paths);
}

/*
 * Wires are kept busy for as long as it may take until the next round: the longest of the last ones, slowly
 * forgotten.
 */
void
weir_pipe_begin(struct weir_pipe *pipe, uint64_t now)
{
	uint64_t gap = now - pipe->now, horizon = pipe->horizon - pipe->horizon / 16;

	horizon = RTE_MAX(horizon, gap + gap / 4);
	pipe->horizon = RTE_MAX(RTE_MIN(horizon, HORIZON_MAX), HORIZON_MIN);
	pipe->now = pipe->walker.now = now;
	if (pipe->losses_tick != (uint32_t)(now >> 20)) {
		pipe->losses_tick = (uint32_t)(now >> 20);
		pipe->losses_left = WEIR_LOSS_SHARE;
	}
	pipe->moment = (struct moment){
	    .now = now << WEIR_TICK_SHIFT,
	    .horizon = (now + pipe->horizon) << WEIR_TICK_SHIFT,
	};
}

void
weir_pipe_wake(struct weir_pipe *pipe)
{
	backlog_begin(pipe);
	wait_check(pipe, pipe->now);
	hold_check(pipe);
	routers_ask(pipe);
	floods_go_on(pipe);
}

void
weir_pipe_run(struct weir_pipe *pipe, const struct weir_port *port, struct rte_mbuf *m[], uint32_t n, uint64_t now)
{
	struct weir_burst *burst = &pipe->burst;

	pipe->work.bursts++;
	pipe->work.received += n;
	burst->now = pipe->walker.now = now;
	burst->port = port;
	burst->n = burst->n_live = n;
	memcpy(burst->m, m, n * sizeof(*m));
	for (uint32_t i = 0; i < n; i++)
		burst->live[i] = i;
	for (uint32_t i = 0; i < n; i++) {
		/* Outer and inner headers. */
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		rte_prefetch0(rte_pktmbuf_mtod_offset(m[i], void *, WEIR_CACHELINE));
	}
	run(pipe, burst);
}

void
drop(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, enum weir_reason reason)
{
	tell_lost(pipe, burst->in[i], NULL, burst->m[i], burst->frame[i].len, reason);
	weir_count_drop(pipe->counters, burst->in[i]->id, WEIR_DROP_RX, reason, burst->frame[i].len);
	rte_pktmbuf_free(burst->m[i]);
}

void
drop_tx(struct weir_pipe *pipe, uint32_t iface, struct rte_mbuf *m, uint32_t bytes, enum weir_reason reason)
{
	tell_lost(pipe, NULL, weir_vnet_iface(pipe->vnet, iface), m, bytes, reason);
	weir_count_unsent(pipe->counters, iface, bytes);
	weir_count_drop(pipe->counters, iface, WEIR_DROP_TX, reason, bytes);
	rte_pktmbuf_free(m);
}

void
learn(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_mac *mac, uint64_t now)
{
	struct weir_learn message = {
	    .kind = WEIR_LEARN_MAC, .iface = in->id, .serial = in->serial, .sw = in->sw, .mac = *mac};

	tell(pipe, in->tenant, &message, now);
}

void
tell(struct weir_pipe *pipe, const struct weir_tenant *tenant, const struct weir_learn *message, uint64_t now)
{
	if (share_of(pipe, tenant, now)->learned++ >= WEIR_LEARN_SHARE)
		return;
	/* A full ring loses nothing but time: the next packet says it again. */
	(void)rte_ring_sp_enqueue_elem(pipe->learn, (void *)(uintptr_t)message, sizeof(*message));
}

/* ---- life ---- */

static struct rte_ring *
make_ring(const char *what, uint32_t worker, unsigned int esize, unsigned int count, int socket)
{
	char name[RTE_RING_NAMESIZE];

	(void)snprintf(name, sizeof(name), "weir_%s_%u", what, worker);
	return rte_ring_create_elem(name, esize, count, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static uint32_t
paths_for(uint32_t flows)
{
	return RTE_MAX(flows / FLOWS_A_PATH, RTE_MIN(flows, (uint32_t)PATHS_MIN));
}

struct weir_pipe *
weir_pipe_create(const struct weir_pipe_params *params)
{
	struct weir_pipe *pipe = rte_zmalloc_socket("weir_pipe", sizeof(*pipe), WEIR_CACHELINE, params->socket);

	if (pipe == NULL)
		return NULL;
	pipe->vnet = params->vnet;
	pipe->walker = (struct weir_walker){.vnet = params->vnet, .conns = params->conns};
	pipe->walker.fragments = weir_fragments_create();
	pipe->counters = params->counters;
	pipe->pool = params->pool;
	pipe->worker = params->worker;
	pipe->cycles = params->cycles;
	pipe->cycles_arg = params->cycles_arg;
	pipe->refresh = WEIR_NS_PER_S;
	weir_hash_secret_init(&pipe->port_secret);
	pipe->horizon = HORIZON_MIN;
	pipe->backlog = backlog_create(params->vnet, params->queued, params->socket);
	pipe->flows = weir_flows_create(params->flows, params->socket);
	pipe->paths = weir_paths_create(paths_for(params->flows), params->flows, params->counters, params->socket);
	pipe->learn = make_ring("learn", params->worker, sizeof(struct weir_learn), WEIR_LEARN_RING, params->socket);
	pipe->ask =
	    make_ring("ask", params->worker, sizeof(struct weir_host_question), WEIR_ASK_RING, params->socket);
	pipe->punt = make_ring("punt", params->worker, sizeof(void *), WEIR_PUNT_RING, params->socket);
	pipe->loss = make_ring("loss", params->worker, sizeof(struct weir_loss), WEIR_LOSS_RING, params->socket);
	pipe->tx = weir_vmem_take(WEIR_PORTS_MAX * sizeof(*pipe->tx));
	pipe->shares = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*pipe->shares));
	pipe->waiting_of = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*pipe->waiting_of));
	pipe->held_of = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*pipe->held_of));
	pipe->credits = weir_vmem_take(WEIR_CREDITS * sizeof(*pipe->credits));
	pipe->recent = weir_vmem_take(RECENT * sizeof(*pipe->recent));
	pipe->admit.accounts = weir_vmem_take(ACCOUNTS * sizeof(*pipe->admit.accounts));
	pipe->flows_of = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*pipe->flows_of));
	if (pipe->backlog == NULL || pipe->flows == NULL || pipe->paths == NULL || pipe->learn == NULL ||
	    pipe->punt == NULL || pipe->tx == NULL || pipe->shares == NULL || pipe->waiting_of == NULL ||
	    pipe->ask == NULL || pipe->loss == NULL || pipe->held_of == NULL || pipe->credits == NULL ||
	    pipe->recent == NULL || pipe->admit.accounts == NULL || pipe->flows_of == NULL ||
	    pipe->walker.fragments == NULL) {
		weir_pipe_free(pipe);
		return NULL;
	}
	return pipe;
}

void
weir_pipe_free(struct weir_pipe *pipe)
{
	void *m;

	if (pipe == NULL)
		return;
	for (uint32_t i = 0; i < pipe->n_waiting; i++)
		rte_pktmbuf_free(pipe->waiting[i].m);
	for (uint32_t i = 0; i < pipe->n_floods; i++)
		rte_pktmbuf_free(pipe->floods[i].m);
	for (uint32_t i = 0; i < pipe->n_held; i++)
		rte_pktmbuf_free(pipe->held[i].m);
	while (pipe->punt != NULL && rte_ring_dequeue(pipe->punt, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(pipe->learn);
	rte_ring_free(pipe->ask);
	rte_ring_free(pipe->loss);
	rte_ring_free(pipe->punt);
	backlog_free(pipe->backlog);
	weir_flows_free(pipe->flows);
	weir_paths_free(pipe->paths);
	weir_fragments_free(pipe->walker.fragments);
	weir_vmem_free(pipe->tx, WEIR_PORTS_MAX * sizeof(*pipe->tx));
	weir_vmem_free(pipe->shares, WEIR_TENANTS_MAX * sizeof(*pipe->shares));
	weir_vmem_free(pipe->waiting_of, WEIR_TENANTS_MAX * sizeof(*pipe->waiting_of));
	weir_vmem_free(pipe->held_of, WEIR_TENANTS_MAX * sizeof(*pipe->held_of));
	weir_vmem_free(pipe->credits, WEIR_CREDITS * sizeof(*pipe->credits));
	weir_vmem_free(pipe->recent, RECENT * sizeof(*pipe->recent));
	weir_vmem_free(pipe->admit.accounts, ACCOUNTS * sizeof(*pipe->admit.accounts));
	weir_vmem_free(pipe->flows_of, WEIR_TENANTS_MAX * sizeof(*pipe->flows_of));
	rte_free(pipe);
}

void
weir_pipe_sample(struct weir_pipe *pipe, struct weir_stage_cycles *sample)
{
	pipe->sample = pipe->cycles != NULL ? sample : NULL;
}

void
weir_pipe_set_refresh(struct weir_pipe *pipe, uint64_t ns)
{
	__atomic_store_n(&pipe->refresh, ns, __ATOMIC_RELAXED);
}

struct rte_ring *
weir_pipe_learn_ring(struct weir_pipe *pipe)
{
	return pipe->learn;
}

struct rte_ring *
weir_pipe_ask_ring(struct weir_pipe *pipe)
{
	return pipe->ask;
}

struct rte_ring *
weir_pipe_loss_ring(struct weir_pipe *pipe)
{
	return pipe->loss;
}

struct rte_ring *
weir_pipe_punt_ring(struct weir_pipe *pipe)
{
	return pipe->punt;
}

const struct weir_work *
weir_pipe_work(const struct weir_pipe *pipe)
{
	return &pipe->work;
}

const struct weir_flows *
weir_pipe_flows(const struct weir_pipe *pipe)
{
	return pipe->flows;
}

uint32_t
weir_pipe_paths(const struct weir_pipe *pipe)
{
	return weir_paths_used(pipe->paths);
}
