/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "apply_priv.h"
#include "view_priv.h"

uint64_t
view_begin(struct weir_gateway *gateway, uint64_t max_age)
{
	(void)pthread_mutex_lock(&gateway->mutex);
	return weir_counters_read_begin(gateway->counters, gateway_now(gateway), max_age);
}

void
view_end(struct weir_gateway *gateway)
{
	weir_counters_read_end(gateway->counters);
	(void)pthread_mutex_unlock(&gateway->mutex);
}

/* Leaves the walk at the next element that there is. */
static void
settle(struct view_walk *walk)
{
	for (; walk->tenant < walk->last; walk->tenant++, walk->element = 0) {
		const struct live_tenant *live = walk->gateway->live_tenants[walk->tenant];

		if (live != NULL && walk->element < walk->size(live))
			return;
	}
}

int
view_walk_begin(struct view_walk *walk, struct weir_gateway *gateway, const char *tenant, uint64_t cursor,
    uint32_t (*size)(const struct live_tenant *live))
{
	const struct live_tenant *live = tenant != NULL ? gateway_tenant(gateway, tenant) : NULL;
	uint32_t first = live != NULL ? live->tenant->id : 0;

	*walk = (struct view_walk){
	    .gateway = gateway,
	    .tenant = (uint32_t)(cursor >> 32),
	    .last = live != NULL ? first + 1 : gateway->max_tenant,
	    .element = (uint32_t)cursor,
	    .size = size,
	};
	if (tenant != NULL && live == NULL)
		return -ENOENT;
	if (walk->tenant < first) {
		walk->tenant = first;
		walk->element = 0;
	}
	settle(walk);
	return 0;
}

const struct live_tenant *
view_walk_next(struct view_walk *walk, uint32_t *element)
{
	const struct live_tenant *live;

	if (walk->tenant >= walk->last)
		return NULL;
	live = walk->gateway->live_tenants[walk->tenant];
	*element = walk->element++;
	settle(walk);
	return live;
}

uint64_t
view_walk_cursor(const struct view_walk *walk)
{
	return walk->tenant < walk->last ? view_cursor(walk->tenant, walk->element) : WEIR_VIEW_END;
}

const struct weir_iface *
view_iface(const struct weir_gateway *gateway, uint32_t id, uint32_t serial)
{
	const struct weir_iface *iface = id < WEIR_IFACES_MAX ? weir_vnet_iface(gateway->vnet, id) : NULL;

	return iface != NULL && iface->serial == serial ? iface : NULL;
}

void
view_each_iface(struct weir_gateway *gateway, const struct live_tenant *live,
    void (*add)(struct weir_gateway *gateway, uint32_t iface, enum weir_direction direction, void *to), void *to)
{
	const struct live_tenant *old = live->leaving;

	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		add(gateway, live->vports[v], WEIR_TO_VPORT, to);
	for (uint32_t s = 0; s < live->cfg->n_switches; s++)
		for (uint32_t r = 0; r < live->cfg->switches[s].n_remotes; r++)
			add(gateway, live->remotes[s][r], WEIR_TO_UPLINK, to);
	for (uint32_t v = 0; old != NULL && v < old->cfg->n_vports; v++)
		if (tenant_find_vport(live, old->cfg->vports[v].name) == WEIR_NONE)
			add(gateway, old->vports[v], WEIR_TO_VPORT, to);
	for (uint32_t s = 0; old != NULL && s < old->cfg->n_switches; s++)
		for (uint32_t r = 0; r < old->cfg->switches[s].n_remotes; r++)
			if (tenant_find_remote(live, &old->cfg->switches[s], &old->cfg->switches[s].remotes[r]) ==
			    NULL)
				add(gateway, old->remotes[s][r], WEIR_TO_UPLINK, to);
}

static void
add_count(struct weir_gateway *gateway, uint32_t iface, enum weir_direction direction, void *to)
{
	struct weir_count *counts = to;

	weir_count_add(&counts[direction], weir_counters_get(gateway->counters, iface));
}

static void
add_tally(struct weir_gateway *gateway, uint32_t iface, enum weir_direction direction, void *to)
{
	struct weir_tally *tallies = to;

	weir_counters_sum(gateway->counters, iface, &tallies[direction]);
}

void
view_tenant_counts(
    struct weir_gateway *gateway, const struct live_tenant *live, struct weir_count counts[WEIR_DIRECTIONS])
{
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		weir_count_add(&counts[d], &live->gone[d]->sum);
	view_each_iface(gateway, live, add_count, counts);
}

void
view_tenant_tallies(
    struct weir_gateway *gateway, const struct live_tenant *live, struct weir_tally tallies[WEIR_DIRECTIONS])
{
	/* Mostly nothing has gone that ever received or sent. */
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		if (live->gone[d]->sum.rx_packets != 0 || live->gone[d]->sum.offered != 0)
			weir_tally_add(&tallies[d], live->gone[d]);
	view_each_iface(gateway, live, add_tally, tallies);
}

void
view_tenant_tally(struct weir_gateway *gateway, const struct live_tenant *live, struct weir_tally *tally)
{
	struct weir_tally tallies[WEIR_DIRECTIONS];

	memset(tallies, 0, sizeof(tallies));
	view_tenant_tallies(gateway, live, tallies);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		weir_tally_add(tally, &tallies[d]);
}

/* ---- the gateway and its workers ---- */

/* Interfaces are vports, remotes and ports that are open. */
static uint32_t
count_ifaces(const struct weir_gateway *gateway)
{
	uint32_t n = gateway->n_vports;

	for (const struct live_port *port = gateway->live_ports; port != NULL; port = port->next)
		n += port->port != NULL;
	for (uint32_t t = 0; t < gateway->max_tenant; t++) {
		const struct live_tenant *live = gateway->live_tenants[t];

		for (uint32_t s = 0; live != NULL && s < live->cfg->n_switches; s++)
			n += live->cfg->switches[s].n_remotes;
	}
	return n;
}

void
weir_view_info(struct weir_gateway *gateway, struct weir_view_info *info)
{
	memset(info, 0, sizeof(*info));
	info->workers = gateway->n_workers;
	info->version = weir_model_version(gateway->model);
	info->max_ethdevs = RTE_MAX_ETHPORTS;
	info->max_ifaces = WEIR_IFACES_MAX;
	for (uint32_t w = 0; w < gateway->n_workers; w++) {
		const struct weir_flows *flows = weir_worker_flows(gateway->workers[w]);

		info->flow_slots += weir_flows_capacity(flows);
		info->flows += weir_flows_count(flows);
	}
	info->connection_slots = weir_conns_capacity(gateway->conns);
	info->connections = weir_conns_used(gateway->conns);
	info->mbufs = gateway->pool->size;
	info->mbufs_free = rte_mempool_avail_count(gateway->pool);
	memcpy(info->state_dir, gateway->state_dir, sizeof(info->state_dir));

	(void)pthread_mutex_lock(&gateway->mutex);
	info->uptime = gateway_now(gateway) - gateway->started;
	for (const struct live_port *port = gateway->live_ports; port != NULL; port = port->next)
		info->ports++;
	info->tenants = gateway->n_tenants;
	info->vports = gateway->n_vports;
	info->switches = gateway->n_switches;
	info->routers = gateway->n_routers;
	info->used_ifaces = count_ifaces(gateway);
	info->macs = weir_macs_used(gateway->macs);
	(void)pthread_mutex_unlock(&gateway->mutex);
}

uint64_t
weir_view_version(const struct weir_gateway *gateway)
{
	return weir_model_version(gateway->model);
}

uint32_t
weir_view_n_workers(const struct weir_gateway *gateway)
{
	return gateway->n_workers;
}

void
weir_view_worker(struct weir_gateway *gateway, uint32_t worker, struct weir_view_worker *view)
{
	const struct weir_flows *flows = weir_worker_flows(gateway->workers[worker]);

	view->lcore = gateway->lcores != NULL ? gateway->lcores[worker] : WEIR_NONE;
	view->flows = weir_flows_count(flows);
	view->flow_slots = weir_flows_capacity(flows);
	weir_worker_stats(gateway->workers[worker], &view->stats);
}

void
view_append(char list[WEIR_VIEW_LIST_SIZE], const char *text)
{
	size_t len = strlen(list), room = WEIR_VIEW_LIST_SIZE - len - sizeof(", ...");

	if (len > 3 && strcmp(list + len - 3, "...") == 0)
		return;
	if (strlen(text) + 2 > room)
		text = "...";
	(void)snprintf(list + len, WEIR_VIEW_LIST_SIZE - len, "%s%s", len > 0 ? ", " : "", text);
}
