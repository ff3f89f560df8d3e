/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <rte_malloc.h>
#include <rte_ring_elem.h>

#include "weir_maint.h"

#define LEARN_BATCH 256
#define PUNT_BATCH 64
#define NEIGH_EVERY (50 * WEIR_NS_PER_MS)
#define QUESTIONS 256 /* to routers' neighbours, each time */
#define AGE_EVERY (10 * WEIR_NS_PER_MS)
#define CONNS_EVERY WEIR_NS_PER_MS
#define LINK_EVERY (250 * WEIR_NS_PER_MS)
#define CLOCK_EVERY WEIR_NS_PER_S

/* What is freed once workers have passed a quiescent state. */
struct limbo {
	struct limbo *next;
	void *p;
};

struct weir_maint {
	struct weir_maint_params params;
	uint64_t mac_age;						  /* any: w (relaxed) */
	uint64_t neigh_at, hosts_at, age_at, conns_at, link_at, clock_at; /* when each is due */
	pthread_mutex_t limbo_mutex;
	struct limbo *limbo;   /* since the last token */
	struct limbo *waiting; /* for `token` */
	uint64_t token;
	bool macs_waiting, routes_waiting, hosts_waiting, conns_waiting, in_grace; /* a token is out */
};

struct weir_maint *
weir_maint_create(const struct weir_maint_params *params)
{
	struct weir_maint *maint = calloc(1, sizeof(*maint));

	if (maint == NULL)
		return NULL;
	maint->params = *params;
	maint->mac_age = params->mac_age;
	(void)pthread_mutex_init(&maint->limbo_mutex, NULL);
	return maint;
}

static void
free_limbo(struct limbo *limbo)
{
	while (limbo != NULL) {
		struct limbo *next = limbo->next;

		rte_free(limbo->p);
		free(limbo);
		limbo = next;
	}
}

void
weir_maint_free(struct weir_maint *maint)
{
	if (maint == NULL)
		return;
	free_limbo(maint->limbo);
	free_limbo(maint->waiting);
	(void)pthread_mutex_destroy(&maint->limbo_mutex);
	free(maint);
}

void
weir_maint_set_mac_age(struct weir_maint *maint, uint64_t ns)
{
	__atomic_store_n(&maint->mac_age, ns, __ATOMIC_RELAXED);
}

void
weir_maint_defer(struct weir_maint *maint, void *p)
{
	struct limbo *limbo = malloc(sizeof(*limbo));

	if (limbo == NULL) {
		/* Waiting here is slow, but safe. */
		rte_rcu_qsbr_synchronize(maint->params.qsbr, RTE_QSBR_THRID_INVALID);
		rte_free(p);
		return;
	}
	limbo->p = p;
	(void)pthread_mutex_lock(&maint->limbo_mutex);
	limbo->next = maint->limbo;
	maint->limbo = limbo;
	(void)pthread_mutex_unlock(&maint->limbo_mutex);
}

/* ---- rounds ---- */

/* A router's neighbour spoke: every router there hears it, the one that it spoke to believes it. */
static void
hear(const struct weir_maint_params *params, const struct weir_learn *message, uint64_t now)
{
	const struct weir_switch *sw = weir_vnet_switch(params->vnet, message->sw);

	for (uint32_t i = 0; sw != NULL && i < sw->n_routers; i++) {
		bool asked = sw->routers[i]->id == message->iface && sw->routers[i]->serial == message->serial;

		weir_hosts_hear(params->hosts, sw->routers[i], &message->ip, &message->mac, asked, now);
	}
}

static void
listen(const struct weir_maint_params *params, const struct weir_learn *message, uint64_t now)
{
	const struct weir_iface *iface;

	if (message->kind == WEIR_LEARN_HEARD) {
		hear(params, message, now);
		return;
	}
	iface = weir_vnet_iface(params->vnet, message->iface);
	/* It may be gone, another one, or on another switch by now. */
	if (iface == NULL || iface->serial != message->serial || iface->sw != message->sw)
		return;
	if (message->kind == WEIR_LEARN_WANT)
		weir_hosts_want(params->hosts, iface, &message->ip, now);
	else
		(void)weir_macs_learn(params->macs, iface, &message->mac, now);
}

static void
learn(struct weir_maint *maint, struct weir_worker *worker, uint64_t now)
{
	const struct weir_maint_params *params = &maint->params;
	struct weir_learn messages[LEARN_BATCH];
	uint32_t n = rte_ring_sc_dequeue_burst_elem(
	    weir_worker_learn_ring(worker), messages, sizeof(messages[0]), LEARN_BATCH, NULL);

	if (n == 0)
		return;
	(void)pthread_mutex_lock(params->mutex);
	for (uint32_t i = 0; i < n; i++)
		listen(params, &messages[i], now);
	(void)pthread_mutex_unlock(params->mutex);
}

/* A packet for weir itself. */
static enum weir_reason
input(struct weir_maint *maint, struct rte_mbuf *m, uint64_t now)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct weir_outer outer;
	enum weir_reason reason = WEIR_DROP_SHORT_FRAME;

	/* The answer to a ping needs all of it in one piece. */
	if (rte_pktmbuf_linearize(m) == 0)
		reason = weir_parse_underlay(data, rte_pktmbuf_data_len(m), rte_pktmbuf_pkt_len(m), true, &outer);
	if (reason != WEIR_OK)
		return reason;
	return weir_neigh_input(maint->params.neigh, weir_mbuf_meta(m)->underlay, data, &outer, now);
}

static void
punted(struct weir_maint *maint, struct weir_worker *worker, uint64_t now)
{
	struct weir_counters_set *set = maint->params.counters;
	void *packets[PUNT_BATCH];
	uint32_t n = rte_ring_sc_dequeue_burst(weir_worker_punt_ring(worker), packets, PUNT_BATCH, NULL);

	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = packets[i];
		const struct weir_mbuf_meta meta = *weir_mbuf_meta(m);
		enum weir_reason reason = input(maint, m, now);
		struct weir_counters *counters = weir_counters_control_begin(set);

		weir_count(counters, meta.iface)->held_out++;
		if (reason == WEIR_OK)
			weir_count(counters, meta.iface)->consumed++;
		else
			weir_count_drop(counters, meta.iface, WEIR_DROP_RX, reason, meta.bytes);
		weir_counters_control_end(set);
		rte_pktmbuf_free(m);
	}
}

static void
age_macs(struct weir_maint *maint, uint64_t now)
{
	(void)pthread_mutex_lock(maint->params.mutex);
	weir_macs_age(maint->params.macs, __atomic_load_n(&maint->mac_age, __ATOMIC_RELAXED), now);
	(void)pthread_mutex_unlock(maint->params.mutex);
}

/* What routers want to know is asked by workers, each those of some interfaces. */
static void
ask_hosts(struct weir_maint *maint, uint64_t now)
{
	const struct weir_maint_params *params = &maint->params;
	struct weir_host_question questions[QUESTIONS];
	uint32_t n;

	(void)pthread_mutex_lock(params->mutex);
	n = weir_hosts_tick(params->hosts, questions, QUESTIONS, now);
	(void)pthread_mutex_unlock(params->mutex);
	/* A full ring loses a question, which is asked again. */
	for (uint32_t i = 0; i < n; i++)
		(void)rte_ring_sp_enqueue_elem(
		    weir_worker_ask_ring(params->workers[questions[i].iface % params->n_workers]), &questions[i],
		    sizeof(questions[i]));
}

static void
refresh_link(struct weir_port *port)
{
	if (!weir_port_refresh_link(port))
		return;
	weir_log_info("port %s: link %s", port->name, port->up ? "up" : "down");
	if (port->up)
		weir_port_warn_short(port);
}

static void
refresh_links(struct weir_maint *maint)
{
	const struct weir_vnet *vnet = maint->params.vnet;

	for (uint32_t i = 0; i < WEIR_PORTS_MAX; i++) {
		(void)pthread_mutex_lock(maint->params.mutex);
		if (vnet->ports[i] != NULL)
			refresh_link(vnet->ports[i]);
		(void)pthread_mutex_unlock(maint->params.mutex);
	}
}

/* Removed MAC entries and deferred memory: a token out, a quiescent period, back. */
static void
reclaim(struct weir_maint *maint)
{
	const struct weir_maint_params *params = &maint->params;

	if (maint->in_grace) {
		if (rte_rcu_qsbr_check(params->qsbr, maint->token, false) != 1)
			return;
		(void)pthread_mutex_lock(params->mutex);
		if (maint->macs_waiting)
			weir_macs_reclaim_end(params->macs);
		if (maint->routes_waiting)
			weir_routes_reclaim_end(params->routes);
		if (maint->hosts_waiting)
			weir_hosts_reclaim_end(params->hosts);
		if (maint->conns_waiting)
			weir_conns_reclaim_end(params->conns);
		(void)pthread_mutex_unlock(params->mutex);
		free_limbo(maint->waiting);
		maint->waiting = NULL;
	}
	(void)pthread_mutex_lock(params->mutex);
	maint->macs_waiting = weir_macs_reclaim_begin(params->macs);
	maint->routes_waiting = weir_routes_reclaim_begin(params->routes);
	maint->hosts_waiting = weir_hosts_reclaim_begin(params->hosts);
	maint->conns_waiting = weir_conns_reclaim_begin(params->conns);
	(void)pthread_mutex_unlock(params->mutex);
	(void)pthread_mutex_lock(&maint->limbo_mutex);
	maint->waiting = maint->limbo;
	maint->limbo = NULL;
	(void)pthread_mutex_unlock(&maint->limbo_mutex);
	maint->in_grace = maint->macs_waiting || maint->routes_waiting || maint->hosts_waiting ||
			  maint->conns_waiting || maint->waiting != NULL;
	if (maint->in_grace)
		maint->token = rte_rcu_qsbr_start(params->qsbr);
}

/* Is the interface there that this was a connection's attachment, and has it a firewall? */
static bool
is_attached(void *arg, uint32_t id, uint32_t serial)
{
	const struct weir_iface *iface = weir_vnet_iface(arg, id);

	return iface != NULL && iface->serial == serial && iface->filter != 0;
}

static void
tend_conns(struct weir_maint *maint, uint64_t now)
{
	const struct weir_maint_params *params = &maint->params;

	(void)pthread_mutex_lock(params->mutex);
	weir_conns_tend(params->conns, now, is_attached, params->vnet);
	(void)pthread_mutex_unlock(params->mutex);
}

/* True if what is due at *at is due now; and sets when it is due next. */
static bool
due(uint64_t *at, uint64_t every, uint64_t now)
{
	if (now < *at)
		return false;
	*at = now + every;
	return true;
}

void
weir_maint_step(struct weir_maint *maint, uint64_t now)
{
	const struct weir_maint_params *params = &maint->params;

	for (uint32_t i = 0; i < params->n_workers; i++) {
		learn(maint, params->workers[i], now);
		punted(maint, params->workers[i], now);
	}
	reclaim(maint);
	if (due(&maint->neigh_at, NEIGH_EVERY, now))
		weir_neigh_tick(params->neigh, now);
	if (due(&maint->hosts_at, NEIGH_EVERY, now))
		ask_hosts(maint, now);
	if (due(&maint->age_at, AGE_EVERY, now))
		age_macs(maint, now);
	if (due(&maint->conns_at, CONNS_EVERY, now))
		tend_conns(maint, now);
	if (due(&maint->link_at, LINK_EVERY, now))
		refresh_links(maint);
	if (params->clock != NULL && due(&maint->clock_at, CLOCK_EVERY, now))
		weir_clock_discipline(params->clock);
	if (weir_counters_want_fold(params->counters)) {
		(void)weir_counters_read_begin(params->counters, now, WEIR_NS_PER_MS);
		weir_counters_read_end(params->counters);
	}
}
