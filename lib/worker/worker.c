/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "worker_priv.h"

/* Flow slots are looked at in small portions, all of them within an eighth of the idle time. */
#define AGE_EVERY (100 * WEIR_NS_PER_US)
#define AGE_ROUNDS 8

#define SAMPLE_EVERY 64 /* rounds: costs a thousandth */

/*
 * A queue whose burst was dropped but for a quarter is asked for another while the worker is pressed, so that what
 * others have in it is not lost there: within so many bursts and cycles a round.
 */
#define DRAIN_BURSTS 8
#define DRAIN_CYCLES 20000
#define DRAIN_REST (WEIR_BURST / 4)

struct weir_worker {
	struct weir_pipe *pipe;
	struct weir_poll_list *polls; /* control: w (release), worker: r */
	struct weir_counters *counters;
	struct rte_rcu_qsbr *qsbr;
	const struct weir_clock *clock;
	uint32_t index;
	bool stop;	    /* control: w, worker: r */
	uint64_t flow_idle; /* control: w, worker: r */
	uint64_t aged;	    /* when it last looked for idle flows */
	struct pressure pressure;
	bool accounts; /* this round's cycles are charged to who had them */
	uint64_t (*cycles)(void *arg);
	void *cycles_arg;
	struct weir_worker_stats stats WEIR_CACHE_ALIGNED; /* worker: w, control: r */
};

static uint64_t
tsc(void *arg)
{
	(void)arg;
	return rte_rdtsc();
}

struct weir_worker *
weir_worker_create(const struct weir_worker_params *params)
{
	struct weir_worker *worker =
	    rte_zmalloc_socket("weir_worker", sizeof(*worker), WEIR_CACHELINE, params->socket);
	struct weir_pipe_params pipe = {
	    .worker = params->index,
	    .vnet = params->vnet,
	    .counters = params->counters,
	    .conns = params->conns,
	    .pool = params->pool,
	    .flows = params->flows,
	    .queued = params->queued,
	    .cycles = params->cycles != NULL ? params->cycles : tsc,
	    .cycles_arg = params->cycles_arg,
	    .socket = params->socket,
	};

	if (worker == NULL)
		return NULL;
	worker->counters = params->counters;
	worker->qsbr = params->qsbr;
	worker->clock = params->clock;
	worker->index = params->index;
	worker->flow_idle = params->flow_idle;
	worker->cycles = pipe.cycles;
	worker->cycles_arg = pipe.cycles_arg;
	worker->pipe = weir_pipe_create(&pipe);
	if (worker->pipe == NULL) {
		weir_worker_free(worker);
		return NULL;
	}
	return worker;
}

void
weir_worker_free(struct weir_worker *worker)
{
	if (worker == NULL)
		return;
	weir_pipe_free(worker->pipe);
	weir_poll_list_free(worker->polls);
	rte_free(worker);
}

/* ---- polling ---- */

static void
age_flows(struct weir_worker *worker, uint64_t now)
{
	uint64_t idle = __atomic_load_n(&worker->flow_idle, __ATOMIC_RELAXED), round = idle / AGE_ROUNDS;
	uint64_t elapsed = now - worker->aged, top = weir_flows_top(weir_pipe_flows(worker->pipe));

	if (elapsed < AGE_EVERY)
		return;
	worker->aged = now;
	weir_pipe_age(worker->pipe, (uint32_t)(elapsed >= round ? top : top * elapsed / round + 1), idle, now);
}

/* Off the rings first, then the flip, then counted: see weir_counters.h. */
static uint32_t
poll_handoffs(struct weir_worker *worker, const struct weir_poll_list *polls)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < polls->n_handoff; i++)
		taken += weir_pipe_take_handoff(worker->pipe, polls->handoff[i]);
	weir_counters_poll(worker->counters);
	for (uint32_t i = 0; taken > 0 && i < polls->n_handoff; i++)
		weir_pipe_count_handoff(worker->pipe, polls->handoff[i]);
	return taken;
}

static inline uint64_t
read_cycles(const struct weir_worker *worker)
{
	return worker->cycles(worker->cycles_arg);
}

/* Receives and runs a burst. */
static uint32_t
poll_burst(struct weir_worker *worker, const struct weir_rxq *rxq, uint64_t now, struct weir_stage_cycles *sample)
{
	uint64_t start = sample != NULL ? read_cycles(worker) : 0;
	struct rte_mbuf *m[WEIR_BURST];
	uint32_t n = rte_eth_rx_burst(rxq->port->ethdev, rxq->queue, m, WEIR_BURST);

	if (n == 0)
		return 0;
	if (sample != NULL)
		sample->cycles[WEIR_STAGE_RX] += read_cycles(worker) - start;
	if (pressure_burst(&worker->pressure, rxq, n, now) && worker->accounts)
		weir_pipe_press(worker->pipe);
	weir_pipe_run(worker->pipe, rxq->port, m, n, now);
	return n;
}

static uint32_t
poll_queue(struct weir_worker *worker, const struct weir_rxq *rxq, uint64_t now, struct weir_stage_cycles *sample)
{
	uint32_t n = poll_burst(worker, rxq, now, sample), all = n;
	uint64_t start;

	if (__builtin_expect(!worker->accounts, 1))
		return n;
	start = weir_pipe_round_cycles(worker->pipe);
	for (uint32_t i = 1; i < DRAIN_BURSTS && n == WEIR_BURST && weir_pipe_pressed(worker->pipe) &&
			     weir_pipe_lost_early(worker->pipe) >= WEIR_BURST - DRAIN_REST &&
			     weir_pipe_round_cycles(worker->pipe) - start < DRAIN_CYCLES;
	     i++) {
		n = poll_burst(worker, rxq, now, sample);
		all += n;
	}
	return all;
}

static uint32_t
flush(struct weir_worker *worker, struct weir_stage_cycles *sample)
{
	uint64_t start = sample != NULL ? read_cycles(worker) : 0;
	uint32_t sent = weir_pipe_flush(worker->pipe);

	if (sample != NULL)
		sample->cycles[WEIR_STAGE_TX] += read_cycles(worker) - start;
	return sent;
}

/* What of this round is measured. Returns where, or NULL. */
static struct weir_stage_cycles *
begin_round(struct weir_worker *worker, uint64_t now)
{
	bool sampled = worker->stats.polls % SAMPLE_EVERY == 0;
	enum weir_pressure pressure = pressure_begin(&worker->pressure, now);
	uint32_t easy = sampled ? SAMPLE_EVERY : 0;
	struct weir_stage_cycles *sample = sampled ? &worker->stats.stages : NULL;

	worker->accounts = pressure != WEIR_EASY;
	weir_pipe_sample(worker->pipe, sample);
	weir_pipe_account(worker->pipe, pressure, worker->accounts ? 1 : easy, now);
	return sample;
}

/* After all queues. */
static void
end_round(struct weir_worker *worker, uint32_t received, uint32_t taken, struct weir_stage_cycles *sample)
{
	bool busy = received + taken > 0;

	worker->stats.tx_packets += flush(worker, busy ? sample : NULL);
	if (busy)
		weir_pipe_account_sent(worker->pipe);
	worker->stats.rx_packets += received;
	worker->stats.polls++;
	worker->stats.busy_polls += busy ? 1 : 0;
	worker->stats.pressed_polls += worker->accounts && weir_pipe_pressed(worker->pipe) ? 1 : 0;
}

uint32_t
weir_worker_poll(struct weir_worker *worker, uint64_t now)
{
	const struct weir_poll_list *polls = __atomic_load_n(&worker->polls, __ATOMIC_ACQUIRE);
	struct weir_stage_cycles *sample;
	uint32_t received = 0, taken;

	if (polls == NULL) {
		weir_counters_poll(worker->counters);
		return 0;
	}
	weir_pipe_begin(worker->pipe, now);
	taken = poll_handoffs(worker, polls);
	weir_pipe_wake(worker->pipe);
	sample = begin_round(worker, now);
	for (uint32_t i = 0; i < polls->n_rx; i++)
		received += poll_queue(worker, &polls->rx[i], now, sample);
	end_round(worker, received, taken, sample);
	age_flows(worker, now);
	return received + taken;
}

int
weir_worker_main(void *arg)
{
	struct weir_worker *worker = arg;
	uint64_t then = rte_rdtsc(), now = 0;

	(void)rte_rcu_qsbr_thread_register(worker->qsbr, worker->index);
	rte_rcu_qsbr_thread_online(worker->qsbr, worker->index);
	while (!__atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) {
		uint64_t at = weir_clock_at(worker->clock, then), end;
		uint32_t packets;

		/* Time stands still rather than going back. */
		now = at > now ? at : now;
		packets = weir_worker_poll(worker, now);
		rte_rcu_qsbr_quiescent(worker->qsbr, worker->index);
		end = rte_rdtsc();
		worker->stats.cycles += end - then;
		worker->stats.busy_cycles += packets > 0 ? end - then : 0;
		then = end;
	}
	rte_rcu_qsbr_thread_offline(worker->qsbr, worker->index);
	(void)rte_rcu_qsbr_thread_unregister(worker->qsbr, worker->index);
	return 0;
}

/* ---- control ---- */

void
weir_worker_stop(struct weir_worker *worker)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELAXED);
}

struct weir_poll_list *
weir_worker_set_polls(struct weir_worker *worker, struct weir_poll_list *list)
{
	return __atomic_exchange_n(&worker->polls, list, __ATOMIC_ACQ_REL);
}

void
weir_worker_set_times(struct weir_worker *worker, uint64_t flow_idle, uint64_t mac_refresh)
{
	__atomic_store_n(&worker->flow_idle, flow_idle, __ATOMIC_RELAXED);
	weir_pipe_set_refresh(worker->pipe, mac_refresh);
}

struct rte_ring *
weir_worker_learn_ring(struct weir_worker *worker)
{
	return weir_pipe_learn_ring(worker->pipe);
}

struct rte_ring *
weir_worker_ask_ring(struct weir_worker *worker)
{
	return weir_pipe_ask_ring(worker->pipe);
}

struct rte_ring *
weir_worker_loss_ring(struct weir_worker *worker)
{
	return weir_pipe_loss_ring(worker->pipe);
}

struct rte_ring *
weir_worker_punt_ring(struct weir_worker *worker)
{
	return weir_pipe_punt_ring(worker->pipe);
}

const struct weir_work *
weir_worker_work(const struct weir_worker *worker)
{
	return weir_pipe_work(worker->pipe);
}

const struct weir_flows *
weir_worker_flows(const struct weir_worker *worker)
{
	return weir_pipe_flows(worker->pipe);
}

void
weir_worker_stats(const struct weir_worker *worker, struct weir_worker_stats *stats)
{
	*stats = worker->stats;
	stats->paths = weir_pipe_paths(worker->pipe);
	stats->shed_packets = weir_pipe_work(worker->pipe)->shed;
}

uint64_t
weir_worker_tenant_cycles(const struct weir_worker *worker, uint32_t tenant)
{
	return weir_pipe_tenant_cycles(worker->pipe, tenant);
}

uint64_t
weir_worker_port_cycles(const struct weir_worker *worker, uint32_t port)
{
	return weir_pipe_port_cycles(worker->pipe, port);
}
