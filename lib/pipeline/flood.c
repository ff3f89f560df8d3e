/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flood: a copy to each of a switch's other interfaces. Each is offered to its interface, charged once, at its
 * egress, and then goes its own way. As many as a tenant may have made in one go are made at once; what a wider
 * switch has more is made in later rounds, at the pace of its tenant, with what other tenants are owed in between.
 */
#include "loss_priv.h"

/* May it leave in several segments? Not while the port is unknown. */
static inline bool
out_chained(const struct weir_pipe *pipe, const struct leaving *leaving)
{
	const struct weir_port *port = leaving->port;

	if (leaving->to_remote)
		port = leaving->encap != NULL ? uplink(pipe, leaving->encap) : NULL;
	return port != NULL && port->tx_chained;
}

enum weir_reason
ask_firewall(struct weir_pipe *pipe, const struct leaving *leaving)
{
	const uint8_t *data = rte_pktmbuf_mtod(leaving->m, const uint8_t *);
	struct weir_passed_list passed;
	enum weir_reason reason;
	struct weir_frame frame;
	struct weir_key key;

	reason = weir_parse_frame(data, rte_pktmbuf_data_len(leaving->m), leaving->bytes, &key, &frame);
	if (reason != WEIR_OK)
		return reason;
	reason = weir_resolve_copy(&pipe->walker, leaving->in, leaving->out, &key, &frame, data, &passed);
	weir_count_passing(pipe->counters, &passed, 1, leaving->bytes);
	return reason;
}

/* May the copy leave, as far as the firewall there, ports and limits go? */
static enum weir_reason
may_copy(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	const struct weir_iface *out = leaving->out;
	enum weir_reason reason = WEIR_OK;

	if (out != NULL && out->filter != 0 && !leaving->exempt)
		reason = ask_firewall(pipe, leaving);
	return reason == WEIR_OK ? may_leave(pipe, leaving, now) : reason;
}

/* A copy is not let out. What routers have passed on, or made, is not as it came in. */
static void
tell_lost_copy(
    struct weir_pipe *pipe, const struct leaving *leaving, const struct rte_mbuf *m, enum weir_reason reason)
{
	bool as_it_came = leaving->from == leaving->in && !leaving->made;

	tell_lost(pipe, as_it_came ? leaving->in : NULL, leaving->out, m, leaving->bytes, reason);
}

static void
send_original(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	enum weir_reason reason = may_copy(pipe, leaving, now);

	count_offered(pipe, leaving, reason);
	if (reason == WEIR_OK) {
		rewrite(pipe, leaving, now);
		return;
	}
	tell_lost_copy(pipe, leaving, leaving->m, reason);
	rte_pktmbuf_free(leaving->m);
}

/* A copy; the original stays with the caller. */
static void
send_copy(struct weir_pipe *pipe, const struct leaving *original, uint64_t now)
{
	struct leaving copy = *original;
	enum weir_reason reason = may_copy(pipe, &copy, now);

	if (reason == WEIR_OK) {
		copy.m = weir_packet_copy(original->m, pipe->pool, out_chained(pipe, &copy));
		reason = copy.m == NULL ? WEIR_DROP_NO_MBUF : WEIR_OK;
	}
	count_offered(pipe, &copy, reason);
	if (reason == WEIR_OK)
		rewrite(pipe, &copy, now);
	else
		tell_lost_copy(pipe, &copy, original->m, reason);
}

/* ---- a switch's members: its vports, and behind them its remotes ---- */

/* What came from a remote goes to none (split horizon). */
static inline uint32_t
n_members(const struct weir_switch *sw, const struct weir_iface *from)
{
	return sw->n_vports + (from->kind == WEIR_IFACE_REMOTE ? 0 : sw->n_remotes);
}

/* The end of those that are served together, of n from `next` on: what is left for later are two or none, since one
 * may be where it came from. */
static inline uint32_t
end_of(uint32_t next, uint32_t n, uint32_t most)
{
	return n - next <= most + 1 ? n : next + most;
}

/*
 * Sends it to the members from `next` to before `end`, but not to where it came from. The last of all gets the
 * original, so that it is nobody's afterwards; all others get copies. Returns how many were served.
 */
static uint32_t
serve(struct weir_pipe *pipe, const struct weir_switch *sw, struct leaving *leaving, uint32_t next, uint32_t end,
    uint64_t now)
{
	bool last = end == n_members(sw, leaving->from);
	uint32_t served = 0;

	for (uint32_t k = next; k < end; k++) {
		const struct weir_iface *out = k < sw->n_vports ? sw->vports[k] : sw->remotes[k - sw->n_vports];

		if (out->id == leaving->from->id)
			continue;
		if (served++ > 0)
			send_copy(pipe, leaving, now);
		leave_by(leaving, out);
	}
	if (last)
		send_original(pipe, leaving, now);
	else if (served > 0)
		send_copy(pipe, leaving, now);
	return served;
}

static inline uint32_t
switch_gen(const struct weir_pipe *pipe, uint32_t sw)
{
	return __atomic_load_n(&pipe->vnet->switch_gen[sw], __ATOMIC_ACQUIRE);
}

static void
count_copies(struct weir_pipe *pipe, const struct weir_iface *in, uint32_t copies)
{
	pipe->work.copies += copies;
	/* What a router made is generated anew for each way out. */
	if (in->kind == WEIR_IFACE_ROUTER)
		return;
	weir_count(pipe->counters, in->id)->copies += copies;
}

void
flood(struct weir_pipe *pipe, const struct weir_switch *sw, struct leaving *leaving, uint64_t now)
{
	uint32_t n = n_members(sw, leaving->from), end = end_of(0, n, WEIR_COPIES_BURST);

	leaving->limit_in = 0; /* charged already, for all */
	leaving->frame = NULL;
	/* The walk made sure that there is one. */
	count_copies(pipe, leaving->in, serve(pipe, sw, leaving, 0, end, now) - 1);
	if (end == n)
		return;
	pipe->floods[pipe->n_floods++] = (struct flood){
	    .m = leaving->m,
	    .iface = leaving->in->id,
	    .serial = leaving->in->serial,
	    .from = leaving->from->id,
	    .made = leaving->made,
	    .exempt = leaving->exempt,
	    .tenant = leaving->in->tenant->id,
	    .sw = sw->id,
	    .gen = switch_gen(pipe, sw->id),
	    .next = end,
	    .bytes = leaving->bytes,
	    .tags = leaving->tags,
	    .entropy = leaving->entropy,
	    .tos = leaving->tos,
	    .begin = now,
	};
}

/* ---- in later rounds ---- */

/* Goes on with it. True if it is to go on later still. */
static bool
go_on(struct weir_pipe *pipe, struct flood *flood, uint32_t most)
{
	const struct weir_iface *in = weir_vnet_iface(pipe->vnet, flood->iface),
				*from = weir_vnet_iface(pipe->vnet, flood->from);
	uint64_t due = WEIR_COPIES_BURST + (pipe->now - flood->begin) / WEIR_COPIES_NS;
	const struct weir_switch *sw = weir_vnet_switch(pipe->vnet, flood->sw);
	struct leaving leaving = {
	    .m = flood->m,
	    .in = in,
	    .from = from,
	    .tenant = flood->tenant,
	    .made = flood->made,
	    .exempt = flood->exempt,
	    .bytes = flood->bytes,
	    .tags = flood->tags,
	    .entropy = flood->entropy,
	    .tos = flood->tos,
	};
	uint32_t end;

	/* Who is a member has changed: who was served is not known any more. */
	if (switch_gen(pipe, flood->sw) != flood->gen || sw == NULL || in == NULL || from == NULL ||
	    in->serial != flood->serial) {
		if (!flood->made) {
			weir_count(pipe->counters, flood->iface)->copies++;
			weir_count_drop(
			    pipe->counters, flood->iface, WEIR_DROP_RX, WEIR_DROP_RECONFIGURED, flood->bytes);
		}
		rte_pktmbuf_free(flood->m);
		return false;
	}
	if (due <= flood->next)
		return true;
	end = end_of(flood->next, n_members(sw, from), (uint32_t)RTE_MIN(due - flood->next, most));
	count_copies(pipe, in, serve(pipe, sw, &leaving, flood->next, end, pipe->now));
	flood->next = end;
	return end < n_members(sw, from);
}

void
floods_go_on(struct weir_pipe *pipe)
{
	uint32_t kept = 0, most;

	if (pipe->n_floods == 0)
		return;
	account_from_here(pipe);
	/* Those of all tenants together take no longer than one does. */
	most = RTE_MAX(WEIR_COPIES_BURST / pipe->n_floods, 1u);
	for (uint32_t i = 0; i < pipe->n_floods; i++) {
		uint32_t tenant = pipe->floods[i].tenant;

		if (go_on(pipe, &pipe->floods[i], most))
			pipe->floods[kept++] = pipe->floods[i];
		account_for(pipe, tenant);
	}
	pipe->n_floods = kept;
}
