/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Serves what waits: each round each port that has lanes, as far as their limits and its wire let it. What was
 * promised may go a little further than the rest, so that no other worker's excess is in its way.
 */
#include "backlog_priv.h"

#define LEAD (2048u << 10) /* of a weight of 1: by how much service one may be ahead of another worker's */

/* ---- in ---- */

enum weir_reason
queue_reason(const struct queue *queue)
{
	if (queue->member.limited)
		return WEIR_DROP_VPORT_LIMIT;
	return queue->lane->member.limited ? WEIR_DROP_TENANT_LIMIT : WEIR_DROP_PORT_SHARE;
}

/* Where the lanes of a tenant say which of its vports is next, a word a worker. */
static uint64_t *
firsts(const struct weir_pipe *pipe, const struct lane *lane)
{
	const struct weir_vnet *vnet = pipe->vnet;

	return &vnet->lane_first[((size_t)lane->direction * WEIR_TENANTS_MAX + lane->tenant) * vnet->n_workers];
}

void
lane_publish(const struct weir_pipe *pipe, const struct lane *lane)
{
	const struct weir_heap_node *first = lane->kin.spare.root;

	if (pipe->vnet->n_workers > 1)
		__atomic_store_n(
		    &firsts(pipe, lane)[pipe->worker], first == NULL ? 0 : first->key | 1, __ATOMIC_RELAXED);
}

/* The least that vports of the lane's tenant which are next at other workers had; at most `served`. */
static uint64_t
others_first(const struct weir_pipe *pipe, const struct lane *lane, uint64_t served)
{
	const uint64_t *at = firsts(pipe, lane);

	for (uint32_t w = 0; w < pipe->vnet->n_workers; w++) {
		uint64_t other = __atomic_load_n(&at[w], __ATOMIC_RELAXED);

		if (w != pipe->worker && other != 0 && clock_before(other, served))
			served = other;
	}
	return served;
}

/* The vport that is next here had more than another worker's. */
static bool
lane_is_ahead(const struct weir_pipe *pipe, const struct lane *lane)
{
	const struct weir_heap_node *first = lane->kin.spare.root;
	const struct member *queue = RTE_PTR_SUB(first, offsetof(struct member, spare));

	return clock_before(others_first(pipe, lane, first->key) + LEAD / queue->weight, first->key);
}

/* Enters the lane, of which nothing was in any heap. */
static void
lane_enter(struct weir_pipe *pipe, struct lane *lane,
    void (*how)(struct member *member, uint32_t wire, const struct moment *moment))
{
	const struct member *next;
	bool promised;

	next = kin_next(&lane->kin, &pipe->moment, &promised);
	if (next != NULL)
		how(&lane->member, next->wire, &pipe->moment);
	lane_publish(pipe, lane);
}

void
lane_settle(struct weir_pipe *pipe, struct lane *lane)
{
	if (!weir_heap_has(&lane->member.asleep))
		lane_enter(pipe, lane, member_enter);
}

static uint32_t
wire_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_pkt_len(m) + WEIR_WIRE_EXTRA;
}

void
queue_put(struct weir_pipe *pipe, struct queue *queue, const struct leaving *leaving)
{
	struct backlog *backlog = pipe->backlog;
	struct lane *lane = queue->lane;
	struct rte_mbuf *m = leaving->m;
	struct weir_mbuf_meta *meta = weir_mbuf_meta(m), *last;

	meta->next = NULL;
	meta->iface = leaving->out_id;
	meta->bytes = leaving->bytes;
	count_held(pipe, leaving->out_id, leaving->bytes);
	pipe->work.queued++;
	*(leaving->by_promise ? &backlog->promised : &backlog->buffers) += m->nb_segs;
	queue->promised += leaving->by_promise ? m->nb_segs : 0;
	backlog->of_tenant[lane->tenant] += m->nb_segs;
	queue->packets++;
	queue->buffers += m->nb_segs;
	lane->packets++;
	queue->bytes += leaving->bytes;
	lane->bytes += leaving->bytes;
	if (queue->head != NULL) {
		last = weir_mbuf_meta(queue->tail);
		last->next = m;
		last->next_bytes = leaving->bytes;
		last->next_wire = wire_of(m);
		queue->tail = m;
		return;
	}
	queue->head = queue->tail = m;
	queue->head_bytes = leaving->bytes;
	queue->head_wire = wire_of(m);
	member_enter(&queue->member, queue->head_wire, &pipe->moment);
	if (!weir_heap_has(&lane->member.spare))
		lane_settle(pipe, lane);
	/* From here on nobody overtakes. */
	tx_buffer(pipe, lane->sched->port)->slots = 0;
}

static struct lane *
lane_of(struct member *member)
{
	if (member->is_queue)
		return ((struct queue *)RTE_PTR_SUB(member, offsetof(struct queue, member)))->lane;
	return RTE_PTR_SUB(member, offsetof(struct lane, member));
}

static void
wake(struct weir_pipe *pipe, struct member *member, struct lane *lane)
{
	member_wake(pipe->backlog, member);
	if (member->is_queue)
		member_enter(member, member->wire, &pipe->moment);
	if (!weir_heap_has(&lane->member.spare))
		lane_settle(pipe, lane);
}

/* What stands for something that is gone: all of a port that is another one by now; of others a lane a round. */
static void
sweep(struct weir_pipe *pipe, struct sched *sched)
{
	const struct weir_port *port =
	    __atomic_load_n(&pipe->vnet->ports[sched - pipe->backlog->sched], __ATOMIC_ACQUIRE);
	struct lane *lane = TAILQ_FIRST(&sched->lanes), *next;

	for (; port != sched->port && lane != NULL; lane = next) {
		next = TAILQ_NEXT(lane, entry);
		lane_purge(pipe, lane, WEIR_DROP_RECONFIGURED);
	}
	if (lane == NULL || lane_changed(pipe, lane, &pipe->moment))
		return;
	TAILQ_REMOVE(&sched->lanes, lane, entry);
	TAILQ_INSERT_TAIL(&sched->lanes, lane, entry);
}

void
backlog_begin(struct weir_pipe *pipe)
{
	struct backlog *backlog = pipe->backlog;
	const struct weir_heap *asleep = &backlog->asleep;

	for (uint32_t k = 0; k < backlog->n_active; k++)
		sweep(pipe, &backlog->sched[backlog->active[k]]);
	while (asleep->root != NULL && !clock_before(pipe->now, asleep->root->key)) {
		struct member *member = RTE_PTR_SUB(asleep->root, offsetof(struct member, asleep));
		struct lane *lane = lane_of(member);

		/* If it has, nobody of it sleeps any more. */
		if (!lane_changed(pipe, lane, &pipe->moment))
			wake(pipe, member, lane);
	}
}

/* ---- out ---- */

/* A frame that its limit never lets pass, since it is larger than the bucket, is lost. */
static void
lose(struct weir_pipe *pipe, struct queue *queue, enum weir_reason reason)
{
	struct rte_mbuf *m = queue_take(pipe, queue);

	drop_tx(pipe, weir_mbuf_meta(m)->iface, m, weir_mbuf_meta(m)->bytes, reason);
}

/* The queue has another frame, or goes; its lane is entered anew, or goes with it. Both are among nobody. */
static void
go_on(struct weir_pipe *pipe, struct queue *queue)
{
	struct lane *lane = queue->lane;

	if (queue->head == NULL) {
		if (!queue_end(pipe, queue))
			return;
	} else {
		member_again(&queue->member, queue->head_wire, &pipe->moment);
	}
	lane_enter(pipe, lane, member_again);
}

static void
sleep_until(struct weir_pipe *pipe, struct queue *queue, bool of_lane, uint64_t until)
{
	struct lane *lane = queue->lane;

	if (until == UINT64_MAX) {
		lose(pipe, queue, of_lane ? WEIR_DROP_TENANT_LIMIT : WEIR_DROP_VPORT_LIMIT);
		member_leave(&queue->member);
		member_leave(&lane->member);
		go_on(pipe, queue);
	} else if (of_lane) {
		member_sleep(pipe->backlog, &lane->member, until);
		if (pipe->vnet->n_workers > 1)
			__atomic_store_n(&firsts(pipe, lane)[pipe->worker], 0, __ATOMIC_RELAXED);
	} else {
		member_sleep(pipe->backlog, &queue->member, until);
		member_leave(&lane->member);
		lane_settle(pipe, lane);
	}
}

/* One frame of this lane, or it sleeps. */
static void
serve_lane(struct weir_pipe *pipe, struct lane *lane, bool lane_promised)
{
	bool promised;
	struct member *member = kin_next(&lane->kin, &pipe->moment, &promised);
	struct queue *queue = RTE_PTR_SUB(member, offsetof(struct queue, member));
	uint32_t bytes = queue->head_bytes;
	uint64_t now = pipe->now;
	const struct charge *missing,
	    charges[WEIR_LIMITS] = {
		{queue->limit_in, &pipe->credits[weir_credit_in(queue->in.id)]},
		{queue->limit_out, &pipe->credits[weir_credit_out(queue->leaf.id)]},
		{lane->limit, &pipe->credits[weir_credit_tenant(lane->tenant, lane->direction)]},
	    };
	struct rte_mbuf *m;

	if (lane_promised && lane->member.by_queue && !promised) {
		/* Another worker was quicker. */
		member_leave(&lane->member);
		lane_enter(pipe, lane, member_again);
		return;
	}
	missing = charges_take(charges, bytes, now);
	if (missing != NULL) {
		sleep_until(pipe, queue, missing == &charges[WEIR_LIMIT_TENANT],
		    weir_limit_when(missing->limit, missing->credit, bytes, now));
		return;
	}
	m = queue_take(pipe, queue);
	if (!promised)
		(void)clock_raise(lane->kin.least, others_first(pipe, lane, queue->member.spare.key));
	member_served(&queue->member, promised);
	lane->member.wire = queue->member.wire; /* it may not be the one it was entered for */
	member_served(&lane->member, lane_promised);
	tx(pipe, lane->sched->port, m, weir_mbuf_meta(m)->iface, bytes);
	go_on(pipe, queue);
}

/* ---- a port ---- */

/* The least service of those that wait at other workers; false: nobody does. */
static bool
others_least(const struct weir_wire *wire, uint32_t self, uint64_t *least)
{
	bool any = false;

	for (uint32_t w = 0; w < wire->n_workers; w++) {
		uint64_t at;

		if (w == self || !__atomic_load_n(&wire->worker[w].waiting, __ATOMIC_RELAXED))
			continue;
		at = __atomic_load_n(&wire->worker[w].least, __ATOMIC_RELAXED);
		if (!any || clock_before(at, *least))
			*least = at;
		any = true;
	}
	return any;
}

struct turn {
	struct txbuf *buf;
	int64_t round; /* bytes that the wire carries in one: what was promised may go so far beyond the horizon */
	bool others;   /* wait at other workers: */
	uint64_t least;
	uint64_t last; /* service of the last one served from the rest */
	struct lane *sitting;
};

/* May this lane be served now? */
static bool
may(struct turn *turn, const struct lane *lane, bool promised)
{
	uint64_t served = lane->member.spare.key;

	if (promised)
		return turn->buf->room > -turn->round;
	if (turn->buf->room <= 0)
		return false;
	/* Whoever is ahead of others lets them go first, but not the wire run dry. */
	if (turn->others && clock_before(turn->least + LEAD / lane->member.weight, served) &&
	    turn->buf->room < turn->round)
		return false;
	turn->last = served;
	return true;
}

/* Its vport's turn is at another worker: it is nobody's competitor until the round ends. */
static void
sit(struct turn *turn, struct lane *lane)
{
	member_leave(&lane->member);
	lane->next_sitting = turn->sitting;
	turn->sitting = lane;
}

static void
stand_up(struct weir_pipe *pipe, const struct turn *turn)
{
	for (struct lane *lane = turn->sitting; lane != NULL; lane = lane->next_sitting)
		lane_enter(pipe, lane, member_again);
}

static void
publish(struct weir_wire *wire, uint32_t self, const struct sched *sched, const struct turn *turn)
{
	const struct weir_heap_node *first = sched->kin.spare.root;

	if (first != NULL)
		__atomic_store_n(&wire->worker[self].least, first->key, __ATOMIC_RELAXED);
	if (wire->worker[self].waiting != (first != NULL))
		__atomic_store_n(&wire->worker[self].waiting, first != NULL, __ATOMIC_RELAXED);
	(void)clock_raise(
	    &wire->least, turn->others && clock_before(turn->least, turn->last) ? turn->least : turn->last);
}

static void
serve(struct weir_pipe *pipe, struct sched *sched)
{
	struct weir_wire *wire = sched->port->wire;
	const struct moment *moment = &pipe->moment;
	struct turn turn = {
	    .buf = tx_buffer(pipe, sched->port),
	    .round = weir_wire_bytes(wire->speed, (int64_t)(moment->horizon - moment->now)),
	    .last = __atomic_load_n(&wire->least, __ATOMIC_RELAXED),
	};
	struct member *member;
	bool promised;

	turn.others = others_least(wire, pipe->worker, &turn.least);
	while ((member = kin_next(&sched->kin, moment, &promised)) != NULL) {
		struct lane *lane = RTE_PTR_SUB(member, offsetof(struct lane, member));

		if (!may(&turn, lane, promised))
			break;
		if (pipe->vnet->n_workers > 1 && !(promised && member->by_queue) && turn.buf->room < turn.round &&
		    lane_is_ahead(pipe, lane))
			sit(&turn, lane);
		else
			serve_lane(pipe, lane, promised);
	}
	stand_up(pipe, &turn);
	publish(wire, pipe->worker, sched, &turn);
}

void
backlog_serve(struct weir_pipe *pipe)
{
	struct backlog *backlog = pipe->backlog;

	for (uint32_t k = 0; k < backlog->n_active;) {
		struct sched *sched = &backlog->sched[backlog->active[k]];

		if (sched->kin.spare.root != NULL || sched->port->wire->worker[pipe->worker].waiting)
			serve(pipe, sched);
		if (sched->n_lanes > 0) {
			k++;
		} else {
			sched->active = false;
			backlog->active[k] = backlog->active[--backlog->n_active];
		}
	}
}
