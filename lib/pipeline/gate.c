/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gate: before a frame leaves, whether its limits let it, its port's wire has time for it, and nobody is before it in
 * its queue. If not it waits for its turn, in bounds; or, if its tenant wants it so, it is dropped at once.
 *
 * Known flows to a way out that nobody waits for do not come here (forward.c).
 */
#include "backlog_priv.h"

#define SOON WEIR_NS_PER_MS	 /* what was promised by then may wait, whatever others keep */
#define MARK_AT(max) ((max) / 4) /* bytes in a queue from which on congestion is marked */

/* ---- limits ---- */

void
charges_return(const struct charge charges[], uint32_t n, uint32_t bytes)
{
	for (uint32_t k = 0; k < n; k++)
		if (charges[k].limit != NULL)
			weir_limit_return(charges[k].limit, charges[k].credit, bytes);
}

const struct charge *
charges_take(const struct charge charges[WEIR_LIMITS], uint32_t bytes, uint64_t now)
{
	for (uint32_t k = 0; k < WEIR_LIMITS; k++) {
		struct weir_limit *limit = charges[k].limit;

		if (limit != NULL && !weir_limit_take(&limit, limit->serial, charges[k].credit, bytes, now)) {
			charges_return(charges, k, bytes);
			return &charges[k];
		}
	}
	return NULL;
}

/* ---- to wait ---- */

/*
 * Buffers are for all: a tenant may keep as many as are free for that, and a queue of it as many as its tenant may
 * have more (dynamic thresholds: Choudhury, Hahne, IEEE/ACM ToN 1998).
 */
static bool
memory_shared(const struct backlog *backlog, const struct queue *queue)
{
	uint32_t left, of_tenant = backlog->of_tenant[queue->lane->tenant];

	if (backlog->buffers >= backlog->buffers_max)
		return false;
	left = backlog->buffers_max - backlog->buffers;
	return of_tenant < left && queue->buffers < left - of_tenant;
}

/* What was promised to go soon is in nobody's way, and nobody's in its. */
static bool
memory_promised(const struct weir_pipe *pipe, const struct queue *queue, uint32_t bytes)
{
	const struct backlog *backlog = pipe->backlog;
	const struct weir_promise *own = queue->member.promise, *all = queue->lane->member.promise;
	uint64_t until = pipe->moment.now + ((uint64_t)SOON << WEIR_TICK_SHIFT);

	if (backlog->promised >= backlog->promised_max)
		return false;
	return (own != NULL &&
		   (queue->packets == 0 || promise_covers(own, queue->packets + 1, queue->bytes + bytes, until))) ||
	       (all != NULL && (queue->lane->bytes == 0 ||
				   promise_covers(all, queue->lane->packets + 1, queue->lane->bytes + bytes, until)));
}

/* The queue that it is to wait in; or the reason why it may not. */
static enum weir_reason
let_wait(struct weir_pipe *pipe, struct leaving *leaving, const struct weir_port *port)
{
	struct queue *queue = queue_for(pipe, leaving, port);

	if (queue == NULL)
		return WEIR_DROP_QUEUE_MEMORY;
	if (queue->head != NULL && queue->bytes + leaving->bytes > queue->max)
		return queue_reason(queue);
	leaving->by_promise = !memory_shared(pipe->backlog, queue);
	if (leaving->by_promise && !memory_promised(pipe, queue, leaving->bytes)) {
		if (queue->head == NULL)
			(void)queue_end(pipe, queue);
		return WEIR_DROP_QUEUE_MEMORY;
	}
	if (leaving->frame != NULL && queue->bytes > MARK_AT(queue->max))
		leaving->tos = weir_frame_mark(rte_pktmbuf_mtod(leaving->m, uint8_t *), leaving->frame);
	leaving->queue = queue;
	return WEIR_OK;
}

/* Nothing waits for the wire, and it has time for a frame. */
static bool
wire_is_free(const struct weir_pipe *pipe, const struct txbuf *buf)
{
	return buf->room > 0 && pipe->backlog->sched[buf->port->index].kin.spare.root == NULL;
}

/* Of a tenant that does not wait: was it promised that it may go? */
static bool
take_promised(const struct weir_pipe *pipe, const struct leaving *leaving)
{
	struct weir_promise *promise =
	    leaving->out->tenant->promise[leaving->to_remote ? WEIR_TO_UPLINK : WEIR_TO_VPORT];

	return promise != NULL && promise_take(promise,
				      rte_pktmbuf_pkt_len(leaving->m) + WEIR_WIRE_EXTRA +
					  (leaving->encap != NULL ? leaving->encap->len : 0),
				      &pipe->moment);
}

/* ---- the gate ---- */

static const struct weir_port *
way_out(const struct weir_pipe *pipe, const struct leaving *leaving)
{
	if (!leaving->to_remote)
		return leaving->port;
	return leaving->encap != NULL ? uplink(pipe, leaving->encap) : NULL;
}

enum weir_reason
gate(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now)
{
	enum weir_direction direction = leaving->to_remote ? WEIR_TO_UPLINK : WEIR_TO_VPORT;
	const struct weir_iface *in = leaving->in, *out = leaving->out;
	const struct weir_port *port = way_out(pipe, leaving);
	const struct charge *missing,
	    charges[WEIR_LIMITS] = {
		{leaving->limit_in != 0 ? in->limit_in : NULL, &pipe->credits[weir_credit_in(in->id)]},
		{out->limit_out, &pipe->credits[weir_credit_out(out->id)]},
		{out->limit_tenant, &pipe->credits[weir_credit_tenant(leaving->tenant, direction)]},
	    };
	bool shape = out->tenant->shape && port != NULL;

	leaving->queue = NULL;
	if (pipe->backlog->of_tenant[leaving->tenant] != 0 && port != NULL && lane_find(pipe->backlog, leaving, port))
		return let_wait(pipe, leaving, port);
	missing = charges_take(charges, leaving->bytes, now);
	if (missing != NULL) {
		leaving->refused_in = missing == &charges[WEIR_LIMIT_IN];
		if (shape)
			return let_wait(pipe, leaving, port);
		return missing == &charges[WEIR_LIMIT_TENANT] ? WEIR_DROP_TENANT_LIMIT : WEIR_DROP_VPORT_LIMIT;
	}
	if (port == NULL || wire_is_free(pipe, tx_buffer(pipe, port)) || (!shape && take_promised(pipe, leaving)))
		return WEIR_OK;
	charges_return(charges, WEIR_LIMITS, leaving->bytes);
	return shape ? let_wait(pipe, leaving, port) : WEIR_DROP_PORT_SHARE;
}

void
hand_out(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_port *port)
{
	if (__builtin_expect(leaving->queue == NULL, 1))
		tx(pipe, port, leaving->m, leaving->out_id, leaving->bytes);
	else
		queue_put(pipe, leaving->queue, leaving);
}

void
lose_out(struct weir_pipe *pipe, const struct leaving *leaving, enum weir_reason reason)
{
	drop_tx(pipe, leaving->out_id, leaving->m, leaving->bytes, reason);
	if (leaving->queue != NULL && leaving->queue->head == NULL)
		(void)queue_end(pipe, leaving->queue);
}
