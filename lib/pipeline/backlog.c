/* SPDX-License-Identifier: BSD-3-Clause */
/* Lanes and queues: made when something has to wait, gone when nothing does. */
#include <assert.h>

#include <rte_malloc.h>

#include "backlog_priv.h"
#include "weir_vmem.h"

#define PROMISED_PART 4 /* of the buffers that may wait are for what was promised */

/* ---- life ---- */

struct backlog *
backlog_create(const struct weir_vnet *vnet, uint32_t buffers_max, int socket)
{
	struct backlog *backlog = rte_zmalloc_socket("weir_backlog", sizeof(*backlog), WEIR_CACHELINE, socket);

	if (backlog == NULL)
		return NULL;
	backlog->vnet = vnet;
	backlog->promised_max = buffers_max / PROMISED_PART;
	backlog->buffers_max = buffers_max - backlog->promised_max;
	backlog->sched = weir_vmem_take(WEIR_PORTS_MAX * sizeof(*backlog->sched));
	backlog->of_tenant = weir_vmem_take(WEIR_TENANTS_MAX * sizeof(*backlog->of_tenant));
	backlog->index = weir_vmem_take(INDEX_SIZE * sizeof(struct member *));
	backlog->lanes = weir_vmem_take(LANES_MAX * sizeof(*backlog->lanes));
	backlog->queues = weir_vmem_take(QUEUES_MAX * sizeof(*backlog->queues));
	if (backlog->sched == NULL || backlog->of_tenant == NULL || backlog->index == NULL ||
	    backlog->lanes == NULL || backlog->queues == NULL) {
		backlog_free(backlog);
		return NULL;
	}
	return backlog;
}

void
backlog_free(struct backlog *backlog)
{
	if (backlog == NULL)
		return;
	for (uint32_t q = 0; backlog->queues != NULL && q < backlog->queues_top; q++)
		for (struct rte_mbuf *m = backlog->queues[q].head, *next; m != NULL; m = next) {
			next = weir_mbuf_meta(m)->next;
			rte_pktmbuf_free(m);
		}
	weir_vmem_free(backlog->sched, WEIR_PORTS_MAX * sizeof(*backlog->sched));
	weir_vmem_free(backlog->of_tenant, WEIR_TENANTS_MAX * sizeof(*backlog->of_tenant));
	weir_vmem_free(backlog->index, INDEX_SIZE * sizeof(struct member *));
	weir_vmem_free(backlog->lanes, LANES_MAX * sizeof(*backlog->lanes));
	weir_vmem_free(backlog->queues, QUEUES_MAX * sizeof(*backlog->queues));
	rte_free(backlog);
}

/* ---- the index ---- */

static enum weir_direction
direction_of(const struct leaving *leaving)
{
	return leaving->to_remote ? WEIR_TO_UPLINK : WEIR_TO_VPORT;
}

static uint64_t
lane_key(const struct leaving *leaving, const struct weir_port *port)
{
	return (uint64_t)direction_of(leaving) << 62 | (uint64_t)port->index << 40 | leaving->tenant;
}

/* Whose queue: the vport's that it leaves by; to an uplink, that it came by. */
static const struct weir_iface *
leaf_of(const struct leaving *leaving)
{
	return leaving->to_remote ? leaving->in : leaving->out;
}

/* Does its own limit on the way in decide when a frame to another vport goes? */
static bool
waits_for_in(const struct leaving *leaving)
{
	return leaving->limit_in != 0 && !leaving->to_remote;
}

static uint64_t
queue_key(const struct leaving *leaving, const struct weir_port *port)
{
	uint64_t in = waits_for_in(leaving) ? leaving->in->id + 1 : 0;

	return UINT64_C(1) << 63 | (uint64_t)direction_of(leaving) << 62 | (uint64_t)port->index << 40 |
	       (uint64_t)leaf_of(leaving)->id << 20 | in;
}
static_assert(WEIR_IFACES_MAX < 1u << 20, "an interface fits a key");
static_assert(WEIR_PORTS_MAX <= 1u << 20, "a port fits a key");

static struct member **
slot_of(const struct backlog *backlog, uint64_t key)
{
	return &backlog->index[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (INDEX_SIZE - 1)];
}

static struct member *
find(const struct backlog *backlog, uint64_t key)
{
	struct member *member = *slot_of(backlog, key);

	while (member != NULL && member->key != key)
		member = member->next;
	return member;
}

static void
index_add(struct backlog *backlog, struct member *member, uint64_t key)
{
	struct member **slot = slot_of(backlog, key);

	member->key = key;
	member->next = *slot;
	*slot = member;
}

static void
index_remove(struct backlog *backlog, struct member *member)
{
	struct member **slot = slot_of(backlog, member->key);

	while (*slot != member)
		slot = &(*slot)->next;
	*slot = member->next;
}

struct lane *
lane_find(const struct backlog *backlog, const struct leaving *leaving, const struct weir_port *port)
{
	struct member *member = find(backlog, lane_key(leaving, port));

	return member == NULL ? NULL : RTE_PTR_SUB(member, offsetof(struct lane, member));
}

/* ---- what lanes and queues stand for, as configured ---- */

static struct weir_share *
share_at(const struct weir_tenant *tenant, uint32_t port)
{
	uint32_t low = 0, high = tenant->n_shares;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (tenant->shares[middle]->port == port)
			return tenant->shares[middle];
		if (tenant->shares[middle]->port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void
lane_look(struct lane *lane, const struct weir_tenant *tenant)
{
	struct weir_share *share = share_at(tenant, lane->sched->port->index);

	lane->limit = tenant->limit[lane->direction];
	lane->member.promise = tenant->promise[lane->direction];
	lane->member.weight = share == NULL ? WEIR_WEIGHT_DEFAULT : __atomic_load_n(&share->weight, __ATOMIC_RELAXED);
	lane->member.served = share == NULL ? &lane->own_served : &share->served;
}

/* The interface that it means, if it is still there. */
static const struct weir_iface *
iface_of(const struct weir_vnet *vnet, struct weir_iface_ref ref)
{
	const struct weir_iface *iface = ref.id == WEIR_NONE ? NULL : weir_vnet_iface(vnet, ref.id);

	return iface != NULL && iface->serial == ref.serial ? iface : NULL;
}

/* False: what it stands for is gone. */
static bool
queue_look(const struct weir_vnet *vnet, struct queue *queue)
{
	const struct weir_iface *leaf = iface_of(vnet, queue->leaf), *in = iface_of(vnet, queue->in);
	bool out = queue->lane->direction == WEIR_TO_VPORT;

	if (leaf == NULL || (queue->in.id != WEIR_NONE && in == NULL) ||
	    (out && leaf->port != queue->lane->sched->port))
		return false;
	queue->limit_out = out ? leaf->limit_out : NULL;
	queue->limit_in = in != NULL ? in->limit_in : NULL;
	queue->member.promise = out ? leaf->promise_out : leaf->promise_in;
	queue->member.weight = leaf->weight;
	queue->max = leaf->queue;
	return true;
}

/* The tenant is as it is now; nobody sleeps for what was. */
static void
lane_renew(struct weir_pipe *pipe, struct lane *lane, const struct weir_tenant *tenant, const struct moment *moment)
{
	struct queue *queue, *next;

	for (queue = TAILQ_FIRST(&lane->queues); queue != NULL; queue = next) {
		next = TAILQ_NEXT(queue, entry);
		member_leave(&queue->member);
		member_wake(pipe->backlog, &queue->member);
		if (queue_look(pipe->vnet, queue))
			member_enter(&queue->member, queue->member.wire, moment);
		else if (!queue_purge(pipe, queue, WEIR_DROP_RECONFIGURED))
			return;
	}
	member_leave(&lane->member);
	member_wake(pipe->backlog, &lane->member);
	lane_look(lane, tenant);
	lane_settle(pipe, lane);
}

bool
lane_changed(struct weir_pipe *pipe, struct lane *lane, const struct moment *moment)
{
	uint32_t epoch = __atomic_load_n(&pipe->vnet->tenant_epoch[lane->tenant], __ATOMIC_ACQUIRE);
	const struct weir_tenant *tenant;

	if (__builtin_expect(lane->epoch == epoch, 1))
		return false;
	lane->epoch = epoch;
	tenant = __atomic_load_n(&pipe->vnet->tenants[lane->tenant], __ATOMIC_ACQUIRE);
	if (tenant == NULL || tenant->serial != lane->serial)
		lane_purge(pipe, lane, WEIR_DROP_RECONFIGURED);
	else
		lane_renew(pipe, lane, tenant, moment);
	return true;
}

/* ---- made and gone ---- */

static struct lane *
lane_new(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_port *port)
{
	struct backlog *backlog = pipe->backlog;
	struct sched *sched = &backlog->sched[port->index];
	/* As it is by now, and not as the burst found it: it may have changed meanwhile, and would stay unnoticed. */
	uint32_t epoch = __atomic_load_n(&pipe->vnet->tenant_epoch[leaving->tenant], __ATOMIC_ACQUIRE);
	const struct weir_tenant *tenant = __atomic_load_n(&pipe->vnet->tenants[leaving->tenant], __ATOMIC_ACQUIRE);
	struct lane *lane = backlog->free_lane;

	if (tenant == NULL || tenant->serial != leaving->out->tenant->serial)
		return NULL;
	if (lane != NULL)
		backlog->free_lane = TAILQ_NEXT(lane, entry);
	else if (backlog->lanes_top < LANES_MAX)
		lane = &backlog->lanes[backlog->lanes_top++];
	else
		return NULL;
	sched->n_lanes++;
	if (!sched->active) {
		sched->active = true;
		sched->port = port;
		sched->kin = (struct kin){.least = &port->wire->least, .pipe = pipe};
		TAILQ_INIT(&sched->lanes);
		backlog->active[backlog->n_active++] = (uint16_t)port->index;
	}
	*lane = (struct lane){
	    .member = {.kin = &sched->kin},
	    .kin = {.least = &pipe->vnet->lane_least[direction_of(leaving) * WEIR_TENANTS_MAX + tenant->id]},
	    .sched = sched,
	    .tenant = tenant->id,
	    .serial = tenant->serial,
	    .epoch = epoch,
	    .direction = direction_of(leaving),
	};
	TAILQ_INIT(&lane->queues);
	TAILQ_INSERT_TAIL(&sched->lanes, lane, entry);
	lane_look(lane, tenant);
	index_add(backlog, &lane->member, lane_key(leaving, port));
	return lane;
}

static void
lane_end(struct weir_pipe *pipe, struct lane *lane)
{
	struct backlog *backlog = pipe->backlog;
	struct sched *sched = lane->sched;

	member_leave(&lane->member);
	member_wake(backlog, &lane->member);
	index_remove(backlog, &lane->member);
	TAILQ_REMOVE(&sched->lanes, lane, entry);
	TAILQ_NEXT(lane, entry) = backlog->free_lane;
	backlog->free_lane = lane;
	lane_publish(pipe, lane);
	sched->n_lanes--; /* at 0 it leaves the list of active ports at the end of the round */
}

static struct queue *
queue_new(struct weir_pipe *pipe, struct lane *lane, const struct leaving *leaving, const struct weir_port *port)
{
	struct backlog *backlog = pipe->backlog;
	const struct weir_iface *leaf = leaf_of(leaving);
	struct queue *queue = backlog->free_queue;

	if (queue != NULL)
		backlog->free_queue = TAILQ_NEXT(queue, entry);
	else if (backlog->queues_top < QUEUES_MAX)
		queue = &backlog->queues[backlog->queues_top++];
	else {
		if (TAILQ_EMPTY(&lane->queues))
			lane_end(pipe, lane);
		return NULL;
	}
	*queue = (struct queue){
	    .member = {.kin = &lane->kin,
		.is_queue = true,
		.served = &pipe->vnet->queue_served[lane->direction * WEIR_IFACES_MAX + leaf->id]},
	    .lane = lane,
	    .leaf = {.id = leaf->id, .serial = leaf->serial},
	    .in = {.id = WEIR_NONE},
	};
	if (leaving->limit_in != 0)
		queue->in = (struct weir_iface_ref){.id = leaving->in->id, .serial = leaving->in->serial};
	TAILQ_INSERT_TAIL(&lane->queues, queue, entry);
	index_add(backlog, &queue->member, queue_key(leaving, port));
	if (!queue_look(pipe->vnet, queue)) {
		(void)queue_end(pipe, queue);
		return NULL;
	}
	return queue;
}

struct queue *
queue_for(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_port *port)
{
	struct backlog *backlog = pipe->backlog;
	struct lane *lane = lane_find(backlog, leaving, port);
	struct member *member;

	if (lane != NULL && lane_changed(pipe, lane, &pipe->moment))
		lane = lane_find(backlog, leaving, port);
	if (lane == NULL)
		lane = lane_new(pipe, leaving, port);
	if (lane == NULL)
		return NULL;
	member = find(backlog, queue_key(leaving, port));
	if (member != NULL)
		return RTE_PTR_SUB(member, offsetof(struct queue, member));
	return queue_new(pipe, lane, leaving, port);
}

bool
queue_end(struct weir_pipe *pipe, struct queue *queue)
{
	struct backlog *backlog = pipe->backlog;
	struct lane *lane = queue->lane;

	member_leave(&queue->member);
	member_wake(backlog, &queue->member);
	index_remove(backlog, &queue->member);
	TAILQ_REMOVE(&lane->queues, queue, entry);
	TAILQ_NEXT(queue, entry) = backlog->free_queue;
	backlog->free_queue = queue;
	if (!TAILQ_EMPTY(&lane->queues))
		return true;
	lane_end(pipe, lane);
	return false;
}

/* What all share first: a queue keeps its promised part no longer than it needs both. */
static void
queue_give_back(struct backlog *backlog, struct queue *queue, uint32_t buffers)
{
	uint32_t shared = RTE_MIN(queue->buffers - queue->promised, buffers);

	backlog->buffers -= shared;
	backlog->promised -= buffers - shared;
	queue->promised -= buffers - shared;
	queue->buffers -= buffers;
}

struct rte_mbuf *
queue_take(struct weir_pipe *pipe, struct queue *queue)
{
	struct rte_mbuf *m = queue->head;
	const struct weir_mbuf_meta *meta = weir_mbuf_meta(m);

	queue->head = meta->next;
	queue->head_bytes = meta->next_bytes;
	queue->head_wire = meta->next_wire;
	if (queue->head != NULL) {
		rte_prefetch0(queue->head);
		rte_prefetch0(weir_mbuf_meta(queue->head));
	}
	queue->packets--;
	queue->lane->packets--;
	queue->bytes -= meta->bytes;
	queue->lane->bytes -= meta->bytes;
	pipe->backlog->of_tenant[queue->lane->tenant] -= m->nb_segs;
	queue_give_back(pipe->backlog, queue, m->nb_segs);
	count_released(pipe, meta->iface, meta->bytes);
	return m;
}

bool
queue_purge(struct weir_pipe *pipe, struct queue *queue, enum weir_reason reason)
{
	while (queue->head != NULL) {
		struct rte_mbuf *m = queue_take(pipe, queue);
		const struct weir_mbuf_meta *meta = weir_mbuf_meta(m);

		drop_tx(pipe, meta->iface, m, meta->bytes, reason);
	}
	return queue_end(pipe, queue);
}

void
lane_purge(struct weir_pipe *pipe, struct lane *lane, enum weir_reason reason)
{
	struct queue *queue = TAILQ_FIRST(&lane->queues), *next;

	for (; queue != NULL; queue = next) {
		next = TAILQ_NEXT(queue, entry);
		(void)queue_purge(pipe, queue, reason);
	}
}
