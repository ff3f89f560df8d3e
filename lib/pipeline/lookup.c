/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookup: the flow's path, one lookup whatever the topology; and for a flow that is new or stale, whose it is and the
 * walk. A flow that finds no slot is forwarded uncached, and that is counted.
 *
 * A packet of a known flow reads its bucket, its flow (key and counters), its path (counts and verdict) and what the
 * worker holds of its limits. The burst goes through them side by side: every packet's next line is asked for
 * before the first one is needed.
 */
#include <string.h>

#include <rte_prefetch.h>
#include <rte_tcp.h>

#include "pipeline_priv.h"

#define MANY_OTHERS 8 /* packets of a burst that are walked or make a flow: some microseconds */
#define LEARN_AGAIN ((int64_t)WEIR_NS_PER_MS)

/* Binds the flow to a path that has counted it; `watched`: each of its packets is walked all the same. */
static void
bind(const struct weir_pipe *pipe, struct weir_flow *flow, uint32_t path, bool watched)
{
	flow->path = path;
	flow->path_gen = weir_path(pipe->paths, path)->gen - watched;
}

/* Binds the flow (NULL: a new one) to the path of this verdict. NULL if there is no room for one of them. */
static struct weir_flow *
install(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_verdict *verdict,
    struct weir_flow *flow)
{
	uint32_t path = weir_paths_get(pipe->paths, pipe->vnet, verdict);

	if (path == WEIR_NONE)
		return NULL;
	if (flow == NULL) {
		flow = new_flow(pipe, burst, i);
		if (flow == NULL) {
			weir_paths_put(pipe->paths, path);
			return NULL;
		}
	} else {
		weir_paths_put(pipe->paths, flow->path);
	}
	bind(pipe, flow, path, verdict->watched);
	return flow;
}

/* The source MAC was just reported: what has not been learned yet is said again soon, since messages may be lost. */
static inline void
reported(const struct weir_burst *burst, struct weir_path *path)
{
	path->refreshed = path->verdict.learn ? burst->fresh + LEARN_AGAIN : (int64_t)burst->now;
}

/* Says once in a while that the source MAC is in use, however many flows share the path. */
static inline void
refresh(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, struct weir_path *path)
{
	if (__builtin_expect(path->refreshed >= burst->fresh, 1))
		return;
	reported(burst, path);
	learn(pipe, path->verdict.in, &burst->key[i].smac, burst->now);
}

/* ---- walks that were made before ---- */

static inline struct recent *
recent_of(const struct weir_pipe *pipe, const struct weir_key *key)
{
	uint64_t a, mix = ((uint64_t)key->ingress << 32 | key->peer) * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t b;

	memcpy(&a, &key->dmac, sizeof(a)); /* and two bytes of smac */
	memcpy(&b, &key->smac.b[2], sizeof(b));
	mix = (mix ^ a) * UINT64_C(0xbf58476d1ce4e5b9);
	mix = (mix ^ mix >> 32 ^ b) * UINT64_C(0x94d049bb133111eb);
	return &pipe->recent[mix >> 32 & (RECENT - 1)];
}

static void
remember(const struct weir_pipe *pipe, const struct weir_key *key, uint32_t path)
{
	const struct weir_path *at = weir_path(pipe->paths, path);

	/* Behind a router more than hosts' MACs decides. */
	if (at->verdict.action != WEIR_FORWARD || at->verdict.learn || at->verdict.trail != NULL)
		return;
	*recent_of(pipe, key) = (struct recent){.ingress = key->ingress,
	    .peer = key->peer,
	    .dmac = key->dmac,
	    .smac = key->smac,
	    .path = path,
	    .gen = at->gen};
}

/* The path that this new flow of hosts seen before takes, or WEIR_NONE if it has to be walked. */
static uint32_t
recall(const struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_key *key = &burst->key[i];
	const struct recent *recent = recent_of(pipe, key);
	struct weir_path *path = weir_path(pipe->paths, recent->path);
	const struct weir_iface *in;

	if (recent->gen == 0 || recent->ingress != key->ingress || recent->peer != key->peer ||
	    !weir_mac_equal(&recent->dmac, &key->dmac) || !weir_mac_equal(&recent->smac, &key->smac) ||
	    path->gen != recent->gen || !weir_verdict_valid(pipe->vnet, &path->verdict) ||
	    (burst->frame[i].kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) != 0)
		return WEIR_NONE;
	in = path->verdict.in;
	if (in->kind == WEIR_IFACE_VPORT &&
	    weir_spoof_check(in, key, &burst->frame[i], rte_pktmbuf_mtod(burst->m[i], const uint8_t *)) != WEIR_OK)
		return WEIR_NONE;
	return recent->path;
}

/* A new flow on this path, which stands already. */
static enum weir_reason
follow(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, uint32_t index)
{
	struct weir_path *path = weir_path(pipe->paths, index);
	const struct weir_iface *in = path->verdict.in;
	struct weir_flow *flow;

	enter(pipe, burst, i, in, burst->frame[i].len);
	if (!may_set_up(pipe, in->tenant, burst->now))
		return WEIR_DROP_SETUP_LIMIT;
	burst->verdict[i] = &path->verdict;
	refresh(pipe, burst, i, path);
	flow = new_flow(pipe, burst, i);
	burst->flow[i] = flow;
	if (flow != NULL) {
		path->refs++;
		bind(pipe, flow, index, false);
	} else {
		(void)__atomic_fetch_add(&pipe->vnet->flows_refused[in->tenant->id], 1, __ATOMIC_RELAXED);
	}
	return WEIR_OK;
}

/* ---- new and stale flows ---- */

/* The walk, for packet i, which has been entered; flow NULL = not cached. Returns the reason of a drop. */
static enum weir_reason
walk(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, struct weir_flow *flow)
{
	struct weir_verdict *verdict = &burst->scratch[i];
	const struct weir_iface *in = burst->in[i];
	enum weir_reason reason = weir_resolve(&pipe->walker, in, &burst->key[i], &burst->frame[i],
	    rte_pktmbuf_mtod(burst->m[i], const uint8_t *), verdict, &burst->trail[i]);
	bool taken = reason == WEIR_OK && (verdict->action == WEIR_ANSWER || verdict->action == WEIR_WAIT);

	pipe->work.walks++;
	burst->verdict[i] = verdict;
	burst->flow[i] = NULL;
	/* That one packet has no hops left says nothing of the flow's others. */
	if (flow != NULL && reason != WEIR_DROP_TTL_EXCEEDED &&
	    (reason != WEIR_OK || taken || !adopt(pipe, flow, in, burst->now))) {
		forget(pipe, flow);
		flow = NULL;
	}
	/* A bridge learns from frames that it has nowhere to send, too. */
	if (verdict->learn || (reason == WEIR_OK && !verdict->cacheable))
		learn(pipe, in, &burst->key[i].smac, burst->now);
	if (verdict->hears)
		router_hear(pipe, burst, i);
	if (reason != WEIR_OK || !verdict->cacheable || taken)
		return reason;
	burst->flow[i] = install(pipe, burst, i, verdict, flow);
	if (burst->flow[i] != NULL) {
		struct weir_path *path = weir_path(pipe->paths, burst->flow[i]->path);

		remember(pipe, &burst->key[i], burst->flow[i]->path);
		if (verdict->learn)
			reported(burst, path);
		else
			refresh(pipe, burst, i, path);
		return WEIR_OK;
	}
	if (flow != NULL)
		forget(pipe, flow);
	(void)__atomic_fetch_add(&pipe->vnet->flows_refused[in->tenant->id], 1, __ATOMIC_RELAXED);
	return WEIR_OK;
}

static enum weir_reason
miss(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, struct weir_flow *flow)
{
	uint32_t index = flow == NULL ? recall(pipe, burst, i) : WEIR_NONE;
	enum weir_reason reason;

	burst->path[i] = NULL;
	burst->verdict[i] = NULL;
	if (index != WEIR_NONE)
		return follow(pipe, burst, i, index);
	reason = classify(pipe, burst, i);
	if (reason == WEIR_OK && flow == NULL && !may_set_up(pipe, burst->in[i]->tenant, burst->now))
		return WEIR_DROP_SETUP_LIMIT;
	if (reason == WEIR_OK)
		return walk(pipe, burst, i, flow);
	if (flow != NULL)
		forget(pipe, flow);
	return reason;
}

/*
 * A packet of a connection's flow that may move its state; or the first one in WEIR_CONN_REFRESH, at a time of the
 * flow's own: connections see by it that they are in use.
 */
static bool
is_due(const struct weir_burst *burst, uint32_t i, const struct weir_flow *flow)
{
	/* Sixteen bits fill it. */
	uint64_t phase = (uint64_t)flow->entropy << (WEIR_CONN_REFRESH_SHIFT - 16);

	return (burst->frame[i].tcp_flags & (RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG)) != 0 ||
	       (burst->now + phase) >> WEIR_CONN_REFRESH_SHIFT != (flow->last + phase) >> WEIR_CONN_REFRESH_SHIFT;
}

/* May packet i go as the others of its flow did? */
static inline bool
may_follow(
    const struct weir_burst *burst, uint32_t i, const struct weir_flow *flow, const struct weir_verdict *verdict)
{
	if (__builtin_expect((verdict->hops | (uint8_t)verdict->tracked) == 0, 1))
		return true;
	return has_hops(burst->m[i], &burst->frame[i], verdict) && !(verdict->tracked && is_due(burst, i, flow));
}

/* What a packet is about to touch of its limits. */
static inline void
prefetch_credits(const struct weir_credit *credits, const struct weir_verdict *verdict)
{
	for (uint32_t k = 0; k < WEIR_LIMITS; k++)
		__builtin_prefetch(&credits[verdict->credit[k]], 1);
}

static inline void
count_flow(struct weir_flow *flow, const struct weir_frame *frame, uint64_t now)
{
	flow->packets++;
	flow->bytes += frame->len;
	flow->last = now;
	flow->tcp_flags |= frame->tcp_flags;
}

/* Packet i is of this known flow and goes to one interface. */
static inline void
take_path(
    struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, struct weir_flow *flow, struct weir_path *path)
{
	burst->path[i] = path;
	count_flow(flow, &burst->frame[i], burst->now);
	prefetch_credits(pipe->credits, &path->verdict);
	refresh(pipe, burst, i, path);
}

/* Packet i is of this known flow and is flooded: counted where each copy goes. */
static void
take_flood(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, struct weir_path *path)
{
	burst->path[i] = NULL;
	burst->verdict[i] = &path->verdict;
	burst->n_new++;
	enter(pipe, burst, i, path->verdict.in, burst->frame[i].len);
	count_flow(burst->flow[i], &burst->frame[i], burst->now);
	refresh(pipe, burst, i, path);
}

/* Packet i is not; false: it is lost. */
static bool
take_walk(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	enum weir_reason reason = miss(pipe, burst, i, burst->flow[i]);

	burst->n_new++;
	if (reason != WEIR_OK) {
		lose_walked(pipe, burst, i, reason);
		return false;
	}
	if (burst->verdict[i]->action > WEIR_FLOOD) {
		router_take(pipe, burst, i);
		return false;
	}
	if (burst->flow[i] != NULL)
		count_flow(burst->flow[i], &burst->frame[i], burst->now);
	return true;
}

/* The flows of the burst, and their paths asked for. */
static inline void
find_flows(const struct weir_pipe *pipe, struct weir_burst *burst)
{
	const struct weir_flows *flows = pipe->flows;
	const struct weir_path *paths = weir_path(pipe->paths, 0);

	for (uint32_t k = 0; k < burst->n_unguessed; k++) {
		uint32_t i = burst->unguessed[k];

		burst->flow[i] = weir_flows_guess_other(flows, burst->hash[i]);
	}
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];
		struct weir_flow *flow = weir_flows_confirm(flows, &burst->key[i], burst->hash[i], burst->flow[i]);

		burst->flow[i] = flow;
		if (__builtin_expect(flow != NULL, 1)) {
			__builtin_prefetch(&paths[flow->path], 1);
			rte_prefetch0(&paths[flow->path].verdict);
		}
	}
}

/* Which flows earlier packets of the burst may have added: a bit for some of the hash. */
struct added {
	uint64_t bits[4];
};

static inline bool
may_be_added(struct added *added, uint64_t hash)
{
	uint64_t *word = &added->bits[hash >> 6 & 3], bit = UINT64_C(1) << (hash & 63);
	bool was = (*word & bit) != 0;

	*word |= bit;
	return was;
}

/* Packet i, where earlier ones may have changed what the lookup found; false: it is lost. */
static bool
take_any(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, struct added *added)
{
	struct weir_flow *flow = burst->flow[i];
	struct weir_path *path;

	if (burst->forgot || (flow == NULL && may_be_added(added, burst->hash[i])))
		flow = burst->flow[i] = weir_flows_find(pipe->flows, &burst->key[i], burst->hash[i]);
	path = flow != NULL ? standing(pipe->vnet, weir_path(pipe->paths, 0), flow) : NULL;
	if (path == NULL || !may_follow(burst, i, flow, &path->verdict))
		return take_walk(pipe, burst, i);
	if (path->verdict.action == WEIR_FORWARD)
		take_path(pipe, burst, i, flow, path);
	else
		take_flood(pipe, burst, i, path);
	return true;
}

/* Asks for what new flows of known hosts are about to touch: a chain of lines, of all of them side by side. */
static void
prefetch_recent(const struct weir_pipe *pipe, const struct weir_burst *burst, const uint32_t at[], uint32_t n)
{
	const struct recent *recent[WEIR_BURST];

	for (uint32_t k = 0; k < n; k++) {
		recent[k] = recent_of(pipe, &burst->key[at[k]]);
		rte_prefetch0(recent[k]);
	}
	for (uint32_t k = 0; k < n; k++) {
		const struct weir_path *path = weir_path(pipe->paths, recent[k]->path);

		rte_prefetch0(path);
		rte_prefetch0(&path->verdict);
		rte_prefetch0(&path->verdict.in);
	}
	for (uint32_t k = 0; k < n; k++) {
		const struct weir_verdict *verdict = &weir_path(pipe->paths, recent[k]->path)->verdict;

		rte_prefetch0(verdict->in);
		rte_prefetch0(&pipe->counters->bank->count[verdict->key.in]);
		rte_prefetch0(&pipe->counters->bank->count[verdict->out_id]);
	}
}

/* Packets whose flows are new, or stale, or flooded. Returns how many go on, with the `kept` before them. */
static uint32_t
take_others(struct weir_pipe *pipe, struct weir_burst *burst, const uint32_t at[], uint32_t n, uint32_t kept)
{
	struct added added = {0};

	prefetch_recent(pipe, burst, at, n);
	for (uint32_t k = 0; k < n; k++)
		if (take_any(pipe, burst, at[k], &added))
			burst->live[kept++] = at[k];
	return kept;
}

/*
 * Known flows to one interface first, then all others: so each part goes its own way without a look at the other's.
 * The packets of a flow are in the same part; where control changes something in between, the later ones are in the
 * second, and their order holds all the same. A flow that is forgotten then is still read for its entropy.
 */
void
stage_lookup(struct weir_pipe *pipe, struct weir_burst *burst)
{
	const struct weir_vnet *vnet = pipe->vnet;
	struct weir_path *paths = weir_path(pipe->paths, 0);
	uint32_t others[WEIR_BURST], n = 0, kept = 0, n_live;

	burst->n_new = 0;
	burst->forgot = false;
	burst->fresh = (int64_t)(burst->now - __atomic_load_n(&pipe->refresh, __ATOMIC_RELAXED));
	find_flows(pipe, burst);
	if (__builtin_expect(pipe->admit.scale != 0, 0))
		admit_found(pipe, burst);
	n_live = burst->n_live;
	for (uint32_t k = 0; k < n_live; k++) {
		uint32_t i = burst->live[k];
		struct weir_flow *flow = burst->flow[i];
		struct weir_path *path = flow != NULL ? standing(vnet, paths, flow) : NULL;

		if (__builtin_expect(path != NULL && path->verdict.action == WEIR_FORWARD, 1) &&
		    may_follow(burst, i, flow, &path->verdict)) {
			take_path(pipe, burst, i, flow, path);
			burst->live[kept++] = i;
		} else {
			others[n++] = i;
		}
	}
	pipe->work.known += kept;
	/* What earlier bursts of the round send does not wait for the work ahead. */
	if (n >= MANY_OTHERS && pipe->n_dirty > 0)
		send_all(pipe);
	pipe->work.others += n;
	burst->n_live = n > 0 ? take_others(pipe, burst, others, n, kept) : kept;
}
