/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forward: to the one interface of the verdict, or a copy to each of a switch's others. Each copy is offered to its
 * interface, charged once, at its egress, and then goes its own way.
 */
#include <rte_prefetch.h>

#include "pipeline_priv.h"

/* Over the MTU, a tag that the way out cannot carry, or no way at all. */
static inline enum weir_reason
fits(const struct weir_pipe *pipe, struct leaving *leaving)
{
	const struct weir_iface *out = leaving->out;

	if (out->kind == WEIR_IFACE_REMOTE)
		return find_encap(pipe, leaving);
	if (leaving->tags != 0 && out->vlan == WEIR_NONE)
		return WEIR_DROP_TAGGED_FRAME;
	if (out->port == NULL)
		return WEIR_DROP_PORT_DOWN;
	return leaving->bytes > out->port->mtu + 14 + 4 * leaving->tags ? WEIR_DROP_MTU : WEIR_OK;
}

/* Both limits of the way out let it pass, or neither is charged. */
static inline enum weir_reason
charge(const struct weir_iface *out, uint32_t bytes, uint64_t now)
{
	if (out->limit_out != NULL && !weir_limit_take(out->limit_out, bytes, now))
		return WEIR_DROP_VPORT_LIMIT;
	if (out->limit_tenant == NULL || weir_limit_take(out->limit_tenant, bytes, now))
		return WEIR_OK;
	if (out->limit_out != NULL)
		weir_limit_return(out->limit_out, bytes);
	return WEIR_DROP_TENANT_LIMIT;
}

/* May it be offered, and does it pass? Else it is counted where it was to leave, and the caller keeps the packet. */
static inline bool
admit(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	enum weir_reason reason = fits(pipe, leaving);

	weir_count(pipe->counters, leaving->out->id)->offered++;
	if (reason == WEIR_OK)
		reason = charge(leaving->out, leaving->bytes, now);
	if (__builtin_expect(reason == WEIR_OK, 1))
		return true;
	weir_count_drop(pipe->counters, leaving->out->id, WEIR_DROP_TX, reason, leaving->bytes);
	return false;
}

/* May it leave in several segments? Not while the port is unknown. */
static inline bool
out_chained(const struct weir_pipe *pipe, const struct leaving *leaving)
{
	const struct weir_port *port = leaving->out->port;

	if (leaving->out->kind == WEIR_IFACE_REMOTE)
		port = leaving->encap != NULL ? uplink(pipe, leaving->encap) : NULL;
	return port != NULL && port->tx_chained;
}

static inline void
send_original(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	if (admit(pipe, leaving, now))
		rewrite(pipe, leaving, now);
	else
		rte_pktmbuf_free(leaving->m);
}

/* A copy to `out`; the original stays with the caller. */
static void
send_copy(struct weir_pipe *pipe, const struct leaving *original, const struct weir_iface *out, uint64_t now)
{
	struct leaving copy = *original;

	copy.out = out;
	if (!admit(pipe, &copy, now))
		return;
	copy.m = weir_packet_copy(original->m, pipe->pool, out_chained(pipe, &copy));
	if (copy.m == NULL) {
		weir_count_drop(pipe->counters, out->id, WEIR_DROP_TX, WEIR_DROP_NO_MBUF, copy.bytes);
		return;
	}
	rewrite(pipe, &copy, now);
}

/* The interface of a flood that is still to be served: all but the last get copies, the last gets the original. */
struct fan {
	struct weir_pipe *pipe;
	struct leaving *leaving;
	uint64_t now;
	uint32_t n;
};

static inline void
fan_out(struct fan *fan, const struct weir_iface *out)
{
	if (fan->n++ > 0)
		send_copy(fan->pipe, fan->leaving, fan->leaving->out, fan->now);
	fan->leaving->out = out;
}

/* To every vport but the one it came from and, unless it came from one (split horizon), to every remote. */
static void
flood(struct weir_pipe *pipe, const struct weir_verdict *verdict, struct leaving *leaving, uint64_t now)
{
	const struct weir_switch *sw = verdict->sw;
	uint32_t n_remotes = verdict->in->kind == WEIR_IFACE_REMOTE ? 0 : sw->n_remotes;
	struct fan fan = {.pipe = pipe, .leaving = leaving, .now = now};

	for (uint32_t k = 0; k < sw->n_vports; k++)
		if (sw->vports[k]->id != verdict->in->id)
			fan_out(&fan, sw->vports[k]);
	for (uint32_t k = 0; k < n_remotes; k++)
		fan_out(&fan, sw->remotes[k]);
	/* The walk made sure that there is one. */
	weir_count(pipe->counters, verdict->in->id)->copies += fan.n - 1;
	send_original(pipe, leaving, now);
}

/* What a forwarded packet is about to touch of its way out; asked for by the whole burst before it is needed. */
static inline void
prefetch_ways(const struct weir_pipe *pipe, const struct weir_burst *burst)
{
	for (uint32_t k = 0; k < burst->n_live; k++) {
		const struct weir_iface *out = burst->verdict[burst->live[k]]->out;

		if (out == NULL)
			continue;
		rte_prefetch0(out->limit_out);
		rte_prefetch0(out->limit_tenant);
		rte_prefetch0(weir_count_of(pipe->counters, out->id));
	}
}

void
stage_forward(struct weir_pipe *pipe, struct weir_burst *burst)
{
	prefetch_ways(pipe, burst);
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];
		const struct weir_verdict *verdict = burst->verdict[i];
		struct leaving leaving = {
		    .m = burst->m[i],
		    .out = verdict->out,
		    .bytes = burst->frame[i].len,
		    .tags = burst->key[i].flags & WEIR_KEY_TAGS,
		    .flow_hash = (uint32_t)weir_hash(&pipe->port_secret, &burst->hash[i], sizeof(burst->hash[i])),
		    .tos = burst->frame[i].tos,
		};

		if (verdict->action == WEIR_FLOOD)
			flood(pipe, verdict, &leaving, burst->now);
		else
			send_original(pipe, &leaving, burst->now);
	}
	burst->n_live = 0;
}
