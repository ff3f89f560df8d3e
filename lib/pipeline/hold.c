/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that a router sends to a neighbour whose MAC is asked for: a bounded few a tenant, for a bounded time, in
 * the order they came. They wait as they came, and are walked again when there is news: a verdict would be stale by
 * then.
 */
#include "loss_priv.h"

#define LOOK_EVERY (10 * WEIR_NS_PER_MS) /* without news; deadlines are not exact to less */

/* Says that its host is wanted: until maintenance has an entry for it, since a message may be lost. */
static void
want(struct weir_pipe *pipe, const struct weir_iface *out, const struct weir_ip *hop, uint64_t now)
{
	struct weir_learn message = {
	    .kind = WEIR_LEARN_WANT, .iface = out->id, .serial = out->serial, .sw = out->sw, .ip = *hop};

	if (weir_host_find(pipe->vnet, out->id, hop) == WEIR_NONE)
		tell(pipe, out->tenant, &message, now);
}

void
hold(struct weir_pipe *pipe, struct rte_mbuf *m, uint32_t bytes, const struct weir_verdict *verdict, bool made,
    bool exempt)
{
	const struct weir_iface *in = verdict->in;
	uint16_t *of_tenant = &pipe->held_of[verdict->tenant];

	want(pipe, verdict->out, &verdict->hop, pipe->now);
	if (pipe->n_held == WEIR_WAIT_MAX || *of_tenant == WEIR_WAIT_SHARE) {
		if (!made) {
			tell_lost(pipe, in, NULL, m, bytes, WEIR_DROP_NEIGH_QUEUE);
			weir_count_drop(pipe->counters, in->id, WEIR_DROP_RX, WEIR_DROP_NEIGH_QUEUE, bytes);
		}
		rte_pktmbuf_free(m);
		return;
	}
	pipe->held[pipe->n_held++] = (struct held){
	    .m = m,
	    .iface = in->id,
	    .serial = in->serial,
	    .made = made,
	    .exempt = exempt,
	    .tenant = verdict->tenant,
	    .bytes = bytes,
	    .out = verdict->out->id,
	    .hop = verdict->hop,
	    .deadline = pipe->now + WEIR_WAIT_NS,
	};
	++*of_tenant;
	if (!made)
		weir_count(pipe->counters, in->id)->held_in++;
}

/* As packet 0 of a burst. False: what came in well does not parse any more, or who it came by is gone. */
static bool
load(struct weir_pipe *pipe, const struct held *held)
{
	struct weir_burst *burst = &pipe->burst;
	const struct weir_iface *in = weir_vnet_iface(pipe->vnet, held->iface);

	if (in == NULL || in->serial != held->serial ||
	    weir_parse_frame(rte_pktmbuf_mtod(held->m, const uint8_t *), rte_pktmbuf_data_len(held->m), held->bytes,
		&burst->key[0], &burst->frame[0]) != WEIR_OK)
		return false;
	burst->key[0].ingress = in->id;
	burst->now = pipe->now;
	burst->m[0] = held->m;
	burst->in[0] = in;
	burst->path[0] = NULL;
	burst->flow[0] = NULL;
	burst->hash[0] = weir_flows_hash(pipe->flows, &burst->key[0]);
	burst->frame[0].plain = false;
	return true;
}

static void
give_up(struct weir_pipe *pipe, const struct held *held, enum weir_reason reason)
{
	weir_count_drop(pipe->counters, held->iface, WEIR_DROP_RX, reason, held->bytes);
	rte_pktmbuf_free(held->m);
}

/* It came in, and goes on as if it had just done so, but for its counts there. */
static void
resume(struct weir_pipe *pipe, const struct held *held, bool in_time)
{
	struct weir_burst *burst = &pipe->burst;
	struct weir_verdict *verdict = &burst->scratch[0];
	enum weir_reason reason;

	weir_count(pipe->counters, held->iface)->held_out++;
	if (!load(pipe, held)) {
		give_up(pipe, held, WEIR_DROP_RECONFIGURED);
		return;
	}
	reason = weir_resolve(&pipe->walker, burst->in[0], &burst->key[0], &burst->frame[0],
	    rte_pktmbuf_mtod(held->m, const uint8_t *), verdict, &burst->trail[0]);
	burst->verdict[0] = verdict;
	if (reason == WEIR_OK && verdict->action == WEIR_WAIT && !in_time)
		reason = WEIR_DROP_NEIGH_UNRESOLVED;
	if (reason != WEIR_OK) {
		lose_walked(pipe, burst, 0, reason);
		return;
	}
	if (verdict->action > WEIR_FLOOD) {
		router_take(pipe, burst, 0);
		return;
	}
	burst->n = burst->n_live = burst->n_new = 1;
	burst->live[0] = 0;
	stage_police(pipe, burst);
	stage_forward(pipe, burst);
}

static void
resume_made(struct weir_pipe *pipe, const struct held *held, bool in_time)
{
	const struct weir_iface *from = weir_vnet_iface(pipe->vnet, held->iface);

	if (in_time && from != NULL && from->serial == held->serial)
		send_made(pipe, from, NULL, held->m, held->exempt);
	else
		rte_pktmbuf_free(held->m);
}

/* True if it waits on. */
static bool
waits_on(struct weir_pipe *pipe, const struct held *held)
{
	const struct weir_iface *out = weir_vnet_iface(pipe->vnet, held->out);
	uint32_t host;

	if (pipe->now >= held->deadline || out == NULL || out->kind != WEIR_IFACE_ROUTER)
		return false;
	host = weir_host_find(pipe->vnet, held->out, &held->hop);
	if (host == WEIR_NONE)
		want(pipe, out, &held->hop, pipe->now);
	return host == WEIR_NONE || __atomic_load_n(&pipe->vnet->hosts[host].place, __ATOMIC_ACQUIRE) == 0;
}

void
hold_check(struct weir_pipe *pipe)
{
	uint32_t version, n = pipe->n_held, kept = 0;
	static_assert(WEIR_WAIT_MAX <= 1024, "they are on the stack");
	struct held due[WEIR_WAIT_MAX];
	uint32_t n_due = 0;

	if (n == 0)
		return;
	version = __atomic_load_n(&pipe->vnet->hosts_version, __ATOMIC_ACQUIRE);
	if (version == pipe->hosts_version && pipe->now < pipe->held_at)
		return;
	pipe->hosts_version = version;
	pipe->held_at = pipe->now + LOOK_EVERY;
	for (uint32_t i = 0; i < n; i++) {
		if (waits_on(pipe, &pipe->held[i])) {
			pipe->held[kept++] = pipe->held[i];
			continue;
		}
		due[n_due++] = pipe->held[i];
		pipe->held_of[pipe->held[i].tenant]--;
	}
	pipe->n_held = kept;
	/* What they lead to may have to wait, too. */
	for (uint32_t i = 0; i < n_due; i++) {
		bool in_time = pipe->now < due[i].deadline;

		if (due[i].made)
			resume_made(pipe, &due[i], in_time);
		else
			resume(pipe, &due[i], in_time);
	}
}
