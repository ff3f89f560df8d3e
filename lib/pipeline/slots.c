/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots: who may have how many flows in the worker's cache, and how many new ones a second. A tenant's quota is a
 * ceiling over all workers; each has a floor in every worker's cache, and the last eighth of it is for those who hold
 * less than that: so no tenant can fill it.
 */
#include <rte_prefetch.h>

#include "pipeline_priv.h"

/* May the tenant have one more of this worker's slots? As for paths (weir_vnet.h). */
static bool
slot_is_there(const struct weir_pipe *pipe, uint32_t tenant)
{
	uint32_t capacity = weir_flows_capacity(pipe->flows);

	return pipe->flows_of[tenant] < WEIR_FLOWS_FLOOR ||
	       weir_flows_count(pipe->flows) < capacity - WEIR_FLOWS_RESERVE(capacity);
}

/* Takes a slot of the tenant's quota, over all workers. */
static bool
quota_take(struct weir_pipe *pipe, const struct weir_tenant *tenant)
{
	uint32_t *used = &pipe->vnet->flows_used[tenant->id];

	if (__atomic_fetch_add(used, 1, __ATOMIC_RELAXED) < tenant->quota_flows) {
		pipe->flows_of[tenant->id]++;
		return true;
	}
	(void)__atomic_fetch_sub(used, 1, __ATOMIC_RELAXED);
	return false;
}

/* Gives it back; to the quota not if the id names another tenant by now, whose count began at 0. */
static void
quota_give(struct weir_pipe *pipe, uint32_t tenant_id, uint32_t serial)
{
	const struct weir_tenant *tenant = __atomic_load_n(&pipe->vnet->tenants[tenant_id], __ATOMIC_ACQUIRE);

	pipe->flows_of[tenant_id]--;
	if (tenant != NULL && tenant->serial == serial)
		(void)__atomic_fetch_sub(&pipe->vnet->flows_used[tenant_id], 1, __ATOMIC_RELAXED);
}

static void
release(struct weir_pipe *pipe, const struct weir_flow *flow)
{
	quota_give(pipe, flow->tenant, flow->tenant_serial);
	weir_paths_put(pipe->paths, flow->path);
}

static void
release_all(void *arg, struct weir_flow *const flows[], uint32_t n)
{
	struct weir_pipe *pipe = arg;

	for (uint32_t k = 0; k < n; k++)
		rte_prefetch0(weir_path(pipe->paths, flows[k]->path));
	for (uint32_t k = 0; k < n; k++)
		release(pipe, flows[k]);
}

void
weir_pipe_age(struct weir_pipe *pipe, uint32_t n, uint64_t idle, uint64_t now)
{
	weir_flows_age(pipe->flows, n, idle, now, release_all, pipe);
	/* No burst is in hand; and the next one is not to find many. */
	weir_paths_settle(pipe->paths);
}

void
forget(struct weir_pipe *pipe, struct weir_flow *flow)
{
	release(pipe, flow);
	weir_flows_remove(pipe->flows, flow);
	pipe->burst.forgot = true;
}

static struct weir_flow_owner
owner(const struct weir_iface *in)
{
	return (struct weir_flow_owner){.tenant = in->tenant->id,
	    .tenant_serial = in->tenant->serial,
	    .iface = in->id,
	    .iface_serial = in->serial};
}

struct weir_flow *
new_flow(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_iface *in = burst->in[i];
	const struct weir_flow_owner owned = owner(in);
	struct weir_flow *flow;

	if (!slot_is_there(pipe, in->tenant->id) || !quota_take(pipe, in->tenant))
		return NULL;
	flow = weir_flows_add(pipe->flows, &burst->key[i], burst->hash[i], &owned, burst->now);
	if (flow == NULL)
		quota_give(pipe, owned.tenant, owned.tenant_serial);
	else
		flow->entropy = entropy(pipe, burst->hash[i]);
	return flow;
}

bool
adopt(struct weir_pipe *pipe, struct weir_flow *flow, const struct weir_iface *in, uint64_t now)
{
	const struct weir_flow_owner owned = owner(in);

	if (flow->iface == in->id && flow->iface_serial == in->serial)
		return true;
	if (!quota_take(pipe, in->tenant))
		return false;
	quota_give(pipe, flow->tenant, flow->tenant_serial);
	weir_flow_restart(flow, &owned, now);
	return true;
}

bool
may_set_up(struct weir_pipe *pipe, const struct weir_tenant *tenant, uint64_t now)
{
	/* A flow is a packet of no size: what limits them is in packets. */
	return take(pipe, weir_limit_serial(tenant->setups), &tenant->setups, weir_credit_setups(tenant->id), 0, now);
}
