/* SPDX-License-Identifier: BSD-3-Clause */
/* Forward: to the one interface of the verdict, or to all others of a switch (flood.c). */
#include "loss_priv.h"

/* Over the MTU, a tag that the way out cannot carry, or no way at all. */
static inline enum weir_reason
fits(const struct weir_pipe *pipe, struct leaving *leaving)
{
	if (leaving->to_remote)
		return find_encap(pipe, leaving);
	if (leaving->tags != 0 && leaving->vlan == WEIR_NONE)
		return WEIR_DROP_TAGGED_FRAME;
	if (leaving->port == NULL)
		return WEIR_DROP_PORT_DOWN;
	return leaving->bytes > __atomic_load_n(&leaving->port->mtu, __ATOMIC_RELAXED) + 14 + 4 * leaving->tags
		   ? WEIR_DROP_MTU
		   : WEIR_OK;
}

enum weir_reason
may_leave(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	enum weir_reason reason = fits(pipe, leaving);

	return reason == WEIR_OK ? gate(pipe, leaving, now) : reason;
}

void
count_offered(struct weir_pipe *pipe, const struct leaving *leaving, enum weir_reason reason)
{
	struct weir_count *count = weir_count(pipe->counters, leaving->out_id);

	count->offered++;
	count->generated += leaving->made;
	if (reason != WEIR_OK) {
		weir_count_drop(pipe->counters, leaving->out_id, WEIR_DROP_TX, reason, leaving->bytes);
		return;
	}
	count->tx_packets++;
	count->tx_bytes += leaving->bytes;
}

/* What leaves by the way out of the packet's verdict. */
static inline struct leaving
leaving_of(const struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_verdict *verdict)
{
	const struct weir_flow *flow = burst->flow[i];

	return (struct leaving){
	    .m = burst->m[i],
	    .in = verdict->in,
	    .from = verdict->from != NULL ? verdict->from : verdict->in,
	    .out = verdict->out,
	    .port = verdict->port,
	    .out_id = verdict->out_id,
	    .vlan = verdict->vlan, /* not looked at on the way to a remote */
	    .to_remote = verdict->to_remote,
	    .tenant = verdict->tenant,
	    .limit_in = verdict->limit[WEIR_LIMIT_IN],
	    .limit_out = verdict->limit[WEIR_LIMIT_OUT],
	    .limit_tenant = verdict->limit[WEIR_LIMIT_TENANT],
	    .bytes = burst->frame[i].len,
	    .tags = burst->key[i].flags & WEIR_KEY_TAGS,
	    .entropy = flow != NULL ? flow->entropy : entropy(pipe, burst->hash[i]),
	    .tos = burst->frame[i].tos,
	    .frame = &burst->frame[i],
	};
}

/* The largest IP packet that the way out takes. */
static uint32_t
mtu_of(const struct leaving *leaving)
{
	return leaving->to_remote ? weir_encap_room(leaving->encap) - 14
				  : __atomic_load_n(&leaving->port->mtu, __ATOMIC_RELAXED);
}

/* Not let out to the one interface of its verdict: counted where it was refused. */
static void
lose(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_verdict *verdict,
    const struct leaving *leaving, enum weir_reason reason)
{
	if (leaving->refused_in) {
		drop(pipe, burst, i, reason);
		return;
	}
	tell_lost(pipe, leaving->in, leaving->out, leaving->m, leaving->bytes, reason);
	count_accepted(pipe, burst->in[i]->id, verdict, leaving->bytes);
	count_offered(pipe, leaving, reason);
	if (reason == WEIR_DROP_MTU && verdict->at != NULL)
		router_tell(pipe, burst, i, verdict, reason, mtu_of(leaving));
	rte_pktmbuf_free(leaving->m);
}

/* Of a known flow: counted on its path. */
static __attribute__((noinline)) void
send_known(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	const struct weir_verdict *verdict = &burst->path[i]->verdict;
	struct leaving leaving = leaving_of(pipe, burst, i, verdict);
	enum weir_reason reason;

	reason = may_leave(pipe, &leaving, burst->now);
	if (__builtin_expect(reason != WEIR_OK, 0)) {
		enter(pipe, burst, i, verdict->in, leaving.bytes);
		lose(pipe, burst, i, verdict, &leaving, reason);
		return;
	}
	rewrite_routed(leaving.m, &burst->frame[i], verdict, 0);
	weir_count_path(pipe->counters, &burst->path[i]->count, verdict->key.in, verdict->out_id, leaving.bytes);
	rewrite(pipe, &leaving, burst->now);
}

/* What one packet after the other needs. */
struct straight {
	struct weir_credit *credits;
	uint32_t bank; /* of counters */
};

/* Charges a known flow's plain frame to all limits ahead of it and counts it on its path; or does nothing. */
static inline bool
pass_straight(const struct straight *s, struct weir_path *path, uint32_t bytes)
{
	const struct weir_verdict *verdict = &path->verdict;
	struct weir_path_bank *count = &path->count.bank[s->bank];
	uint64_t left[WEIR_LIMITS], frame = weir_credit_frame(bytes), enough = WEIR_CREDIT_GUARDS;
	uint32_t others = 0;

	for (uint32_t k = 0; k < WEIR_LIMITS; k++) {
		const struct weir_credit *credit = &s->credits[verdict->credit[k]];

		left[k] = weir_credit_left(credit, frame);
		enough &= left[k];
		others |= credit->serial ^ verdict->limit[k];
	}
	if (__builtin_expect(enough != WEIR_CREDIT_GUARDS || others != 0 || count->packets == 0, 0))
		return false;
	for (uint32_t k = 0; k < WEIR_LIMITS; k++)
		s->credits[verdict->credit[k]].level = left[k] ^ WEIR_CREDIT_GUARDS;
	count->packets++;
	count->bytes += bytes;
	return true;
}

/*
 * The usual cases, in a straight line: a known flow's plain frame to a way out that is there and takes it, and whose
 * limits the worker's credits cover. False: it is another case, and nothing is done yet. First to a vport.
 */
static inline bool
straight_to_vport(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, struct weir_path *path,
    const struct straight *s)
{
	const struct weir_verdict *verdict = &path->verdict;
	const struct weir_port *port = verdict->port;
	uint32_t bytes = burst->frame[i].len;
	struct rte_mbuf *m = burst->m[i];
	struct txbuf *buf;

	if (__builtin_expect(port == NULL, 0))
		return false;
	/* Ports are not remembered from packet to packet: where there are many, a guess would be wrong too often. */
	buf = tx_buffer(pipe, port);
	if (__builtin_expect(bytes > __atomic_load_n(&port->mtu, __ATOMIC_RELAXED) + 14 || buf->n >= buf->slots ||
				 buf->room <= 0 || !pass_straight(s, path, bytes),
		0))
		return false;
	rewrite_routed(m, &burst->frame[i], verdict, 0);
	if (verdict->tag != 0)
		(void)weir_vlan_push(m, verdict->tag);
	tx_put(buf, m, verdict->out_id, bytes);
	return true;
}

/* To a remote whose neighbour is known. */
static __attribute__((noinline)) bool
straight_to_remote(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, struct weir_path *path,
    const struct straight *s)
{
	const struct weir_verdict *verdict = &path->verdict;
	uint32_t bytes = burst->frame[i].len;
	struct rte_mbuf *m = burst->m[i];
	const struct weir_encap *encap;
	const struct weir_port *port;
	enum weir_reason reason;
	struct txbuf *buf;

	if (__builtin_expect(pipe->n_waiting != 0, 0))
		return false;
	encap = weir_neigh_encap(pipe->vnet->neigh, verdict->vtep, &reason);
	if (__builtin_expect(encap == NULL || !weir_encap_fits(encap, bytes), 0))
		return false;
	port = uplink(pipe, encap);
	if (__builtin_expect(port == NULL || rte_pktmbuf_headroom(m) < weir_encap_overhead(encap), 0))
		return false;
	buf = tx_buffer(pipe, port);
	if (__builtin_expect(buf->n >= buf->slots || buf->room <= 0 || !pass_straight(s, path, bytes), 0))
		return false;
	rewrite_routed(m, &burst->frame[i], verdict, 0);
	(void)weir_encap_push(m, encap, verdict->vni, burst->flow[i]->entropy, burst->frame[i].tos, port->tx_flags);
	tx_put(buf, m, verdict->out_id, bytes);
	return true;
}

static inline bool
send_straight(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, struct weir_path *path,
    const struct straight *s)
{
	if (__builtin_expect(!burst->frame[i].plain, 0))
		return false;
	return path->verdict.to_remote ? straight_to_remote(pipe, burst, i, path, s)
				       : straight_to_vport(pipe, burst, i, path, s);
}

static void
send_new(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	const struct weir_verdict *verdict = burst->verdict[i];
	struct leaving leaving = leaving_of(pipe, burst, i, verdict);
	enum weir_reason reason;

	if (verdict->action == WEIR_FLOOD) {
		rewrite_routed(leaving.m, &burst->frame[i], verdict, 0);
		flood(pipe, verdict->sw, &leaving, burst->now);
		return;
	}
	reason = may_leave(pipe, &leaving, burst->now);
	if (reason != WEIR_OK) {
		lose(pipe, burst, i, verdict, &leaving, reason);
		return;
	}
	rewrite_routed(leaving.m, &burst->frame[i], verdict, 0);
	count_accepted(pipe, burst->in[i]->id, verdict, leaving.bytes);
	count_offered(pipe, &leaving, WEIR_OK);
	rewrite(pipe, &leaving, burst->now);
}

void
stage_forward(struct weir_pipe *pipe, struct weir_burst *burst)
{
	const struct straight straight = {.credits = pipe->credits, .bank = pipe->counters->cur};

	pipe->credits[WEIR_CREDIT_NONE].level = WEIR_CREDIT_PLENTY;
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];

		if (__builtin_expect(burst->path[i] != NULL, 1)) {
			if (!send_straight(pipe, burst, i, burst->path[i], &straight))
				send_known(pipe, burst, i);
		} else {
			send_new(pipe, burst, i);
		}
	}
	burst->n_live = 0;
}
