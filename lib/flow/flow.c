/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "flow_priv.h"
#include "weir_vmem.h"

struct weir_flows *
weir_flows_create(uint32_t capacity, int socket)
{
	struct weir_flows *flows = calloc(1, sizeof(*flows));

	if (flows == NULL)
		return NULL;
	flows->capacity = capacity;
	flows->first_free = WEIR_NONE;
	flows->flow = weir_vmem_take(capacity * sizeof(*flows->flow));
	if (flows->flow == NULL || flows_make_tables(flows, socket) != 0) {
		weir_flows_free(flows);
		return NULL;
	}
	return flows;
}

void
weir_flows_free(struct weir_flows *flows)
{
	if (flows == NULL)
		return;
	for (uint32_t i = 0; i < flows->n_tables; i++)
		weir_table_free(flows->tables[i]);
	weir_vmem_free(flows->flow, flows->capacity * sizeof(*flows->flow));
	free(flows);
}

struct weir_flow *
weir_flows_guess_other(const struct weir_flows *flows, uint64_t hash)
{
	/* Nobody moves entries meanwhile: what has no tag in any of its buckets is not there. */
	uint32_t index = weir_table_candidate_other(flows->table, hash);

	if (index == WEIR_NONE && flows->old != NULL) {
		index = weir_table_candidate(flows->old, hash);
		if (index == WEIR_NONE)
			index = weir_table_candidate_other(flows->old, hash);
	}
	return index != WEIR_NONE ? weir_flows_fetch(flows, index) : NULL;
}

struct weir_flow *
weir_flows_find(const struct weir_flows *flows, const struct weir_key *key, uint64_t hash)
{
	uint32_t index = weir_table_lookup(flows->table, key, hash);

	if (index == WEIR_NONE && flows->old != NULL)
		index = weir_table_lookup(flows->old, key, hash);
	return index == WEIR_NONE ? NULL : &flows->flow[index];
}

/* An entry's contents change between these two; a reader that met them in between tries again. */
static void
change_begin(struct weir_flow *flow)
{
	__atomic_store_n(&flow->seq, flow->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
change_end(struct weir_flow *flow)
{
	__atomic_store_n(&flow->seq, flow->seq + 1, __ATOMIC_RELEASE);
}

static void
restart(struct weir_flow *flow, const struct weir_flow_owner *owner, uint64_t now)
{
	flow->tenant = owner->tenant;
	flow->tenant_serial = owner->tenant_serial;
	flow->iface = owner->iface;
	flow->iface_serial = owner->iface_serial;
	flow->packets = flow->bytes = 0;
	flow->first = flow->last = now;
	flow->tcp_flags = 0;
}

struct weir_flow *
weir_flows_add(struct weir_flows *flows, const struct weir_key *key, uint64_t hash,
    const struct weir_flow_owner *owner, uint64_t now)
{
	uint32_t slot = flows->first_free != WEIR_NONE ? flows->first_free : flows->top;
	uint32_t next = WEIR_NONE;
	struct weir_flow *flow;

	if (slot == flows->capacity)
		return NULL;
	flow = &flows->flow[slot];
	if (slot == flows->first_free)
		next = flow->path;
	change_begin(flow);
	flow->key = *key;
	restart(flow, owner, now);
	flow->used = weir_table_add(flows->table, hash, slot) == 0;
	flow->path = flow->used ? WEIR_NONE : next;
	change_end(flow);
	if (!flow->used)
		return NULL;
	__atomic_store_n(&flows->used, flows->used + 1, __ATOMIC_RELAXED);
	if (slot == flows->first_free)
		flows->first_free = next;
	else
		__atomic_store_n(&flows->top, slot + 1, __ATOMIC_RELAXED);
	/* For the next one; perhaps it is the slot above the last, which is never read or written. */
	(void)weir_flows_fetch(flows, flows->first_free != WEIR_NONE ? flows->first_free : flows->top);
	if (__builtin_expect(flows->old != NULL || flows->used >= flows->grow_at, 0))
		flows_resize_added(flows);
	return flow;
}

void
weir_flow_restart(struct weir_flow *flow, const struct weir_flow_owner *owner, uint64_t now)
{
	change_begin(flow);
	restart(flow, owner, now);
	change_end(flow);
}

static void
remove_hashed(struct weir_flows *flows, struct weir_flow *flow, uint64_t hash)
{
	uint32_t slot = (uint32_t)(flow - flows->flow);

	if (weir_table_remove(flows->table, hash, slot) != 0 && flows->old != NULL)
		(void)weir_table_remove(flows->old, hash, slot);
	change_begin(flow);
	flow->used = 0;
	flow->path = flows->first_free;
	change_end(flow);
	flows->first_free = slot;
	__atomic_store_n(&flows->used, flows->used - 1, __ATOMIC_RELAXED);
}

void
weir_flows_remove(struct weir_flows *flows, struct weir_flow *flow)
{
	remove_hashed(flows, flow, weir_flows_hash(flows, &flow->key));
}

#define AGE_BATCH 16 /* flows that go together: their buckets are fetched side by side */
#define AGE_AHEAD 16 /* slots that are asked for before they are looked at */

/* The next idle flows, at most a batch, within *n slots; their buckets are asked for. Returns how many. */
static uint32_t
find_idle(
    struct weir_flows *flows, uint32_t *n, uint64_t idle, uint64_t now, struct weir_flow *found[], uint64_t hashes[])
{
	uint32_t n_found = 0;

	for (; *n > 0 && n_found < AGE_BATCH; --*n) {
		uint32_t slot = flows->age_at < flows->top ? flows->age_at : 0;
		struct weir_flow *flow = &flows->flow[slot];

		flows->age_at = slot + 1;
		rte_prefetch0(&flow[AGE_AHEAD].packets);
		if (!flow->used || now <= flow->last || now - flow->last <= idle)
			continue;
		found[n_found] = flow;
		hashes[n_found++] = weir_flows_hash(flows, &flow->key);
	}
	return n_found;
}

void
weir_flows_age(struct weir_flows *flows, uint32_t n, uint64_t idle, uint64_t now, weir_flows_gone_fn gone, void *arg)
{
	struct weir_flow *idlers[AGE_BATCH];
	uint64_t hashes[AGE_BATCH];

	/* No slot twice: it could be in one batch two times. */
	for (n = RTE_MIN(n, flows->top); n > 0;) {
		uint32_t found = find_idle(flows, &n, idle, now, idlers, hashes);

		if (found > 0)
			gone(arg, idlers, found);
		for (uint32_t k = 0; k < found; k++)
			remove_hashed(flows, idlers[k], hashes[k]);
	}
	flows_resize(flows, RESIZE_STEP);
}

uint32_t
weir_flows_capacity(const struct weir_flows *flows)
{
	return flows->capacity;
}

uint32_t
weir_flows_count(const struct weir_flows *flows)
{
	return __atomic_load_n(&flows->used, __ATOMIC_RELAXED);
}

uint32_t
weir_flows_top(const struct weir_flows *flows)
{
	return __atomic_load_n(&flows->top, __ATOMIC_RELAXED);
}

bool
weir_flow_read(const struct weir_flows *flows, uint32_t slot, struct weir_flow *copy)
{
	const struct weir_flow *flow = &flows->flow[slot];
	uint32_t seq;

	do {
		seq = __atomic_load_n(&flow->seq, __ATOMIC_ACQUIRE);
		*copy = *flow;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((seq & 1) != 0 || __atomic_load_n(&flow->seq, __ATOMIC_RELAXED) != seq);
	return copy->used != 0;
}
