/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publication of a tenant's new objects. First every tenant leaves what it gives up (VLANs, VNIs, MAC entries), then
 * every tenant enters; what stays is not touched in between, so that no packet of it is lost. Generations are bumped
 * after the objects are in place, the tenant's epoch last.
 */
#include <string.h>

#include <rte_hash.h>

#include "apply_priv.h"

/* ---- leaving ---- */

static void
leave_vport(struct weir_gateway *gateway, const struct weir_iface *iface, const struct weir_iface *after)
{
	uint32_t vlan = iface->vlan == WEIR_NONE ? 0 : iface->vlan;

	if (iface->port != NULL && (after == NULL || after->port != iface->port || after->vlan != iface->vlan)) {
		struct weir_port_map *map = gateway->vnet->port_maps[iface->port->index];

		/* Not if a port was opened anew, whose map is fresh. */
		if (map != NULL && map->target[vlan] == iface->id + 1)
			__atomic_store_n(&map->target[vlan], WEIR_TARGET_NONE, __ATOMIC_RELEASE);
	}
	if (after == NULL || after->sw != iface->sw)
		weir_macs_forget(gateway->macs, iface->id);
	if (after == NULL)
		__atomic_store_n(&gateway->vnet->ifaces[iface->id], NULL, __ATOMIC_RELEASE);
}

static void
leave_switch(
    struct weir_gateway *gateway, const struct live_tenant *before, uint32_t s, const struct live_tenant *after)
{
	const struct weir_switch *sw = &before->switch_objects[s];
	uint32_t at = tenant_find_switch(after, sw->name);

	if (sw->vni != WEIR_NONE && (at == WEIR_NONE || after->switch_objects[at].vni != sw->vni))
		weir_vnet_set_vni(gateway->vnet, sw->vni, WEIR_NONE);
	for (uint32_t r = 0; r < sw->n_remotes; r++) {
		const struct weir_iface *remote = &before->remote_objects[s][r];

		if (tenant_find_remote(after, &before->cfg->switches[s], &remote->ip) != NULL)
			continue;
		weir_macs_forget(gateway->macs, remote->id);
		__atomic_store_n(&gateway->vnet->ifaces[remote->id], NULL, __ATOMIC_RELEASE);
	}
	if (at == WEIR_NONE)
		__atomic_store_n(&gateway->vnet->switches[sw->id], NULL, __ATOMIC_RELEASE);
}

/* Every path of this version is composed anew. */
static void
bump(struct weir_vnet *vnet, const struct live_tenant *live)
{
	for (uint32_t s = 0; s < live->cfg->n_switches; s++)
		(void)__atomic_fetch_add(&vnet->switch_gen[live->switches[s]], 1, __ATOMIC_RELEASE);
	(void)__atomic_fetch_add(&vnet->tenant_epoch[live->tenant->id], 1, __ATOMIC_RELEASE);
}

void
tenant_leave(struct weir_gateway *gateway, const struct tenant_plan *plan)
{
	const struct live_tenant *before = plan->before, *after = plan->after;

	if (before == NULL)
		return;
	for (uint32_t v = 0; v < before->cfg->n_vports; v++) {
		uint32_t at = tenant_find_vport(after, before->cfg->vports[v].name);

		leave_vport(gateway, &before->vport_objects[v], at == WEIR_NONE ? NULL : &after->vport_objects[at]);
	}
	tenant_routers_leave(gateway, before, after);
	tenant_firewalls_leave(gateway, before, after);
	for (uint32_t s = 0; s < before->cfg->n_switches; s++)
		leave_switch(gateway, before, s, after);
	gateway->n_tenants--;
	gateway->n_switches -= before->cfg->n_switches;
	gateway->n_vports -= before->cfg->n_vports;
	gateway->n_routers -= before->cfg->n_routers;
	if (after != NULL)
		return;
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		weir_tally_add(&gateway->gone, before->gone[d]);
	__atomic_store_n(&gateway->vnet->tenants[before->tenant->id], NULL, __ATOMIC_RELEASE);
	weir_macs_forget_tenant(gateway->macs, before->tenant->id);
	gateway->live_tenants[before->tenant->id] = NULL;
	(void)rte_hash_del_key(gateway->tenant_ids, before->tenant->name);
	bump(gateway->vnet, before);
}

/* ---- entering ---- */

static void
publish_objects(struct weir_vnet *vnet, const struct live_tenant *live)
{
	__atomic_store_n(&vnet->tenants[live->tenant->id], live->tenant, __ATOMIC_RELEASE);
	for (uint32_t s = 0; s < live->cfg->n_switches; s++) {
		for (uint32_t r = 0; r < live->cfg->switches[s].n_remotes; r++)
			__atomic_store_n(
			    &vnet->ifaces[live->remotes[s][r]], &live->remote_objects[s][r], __ATOMIC_RELEASE);
		__atomic_store_n(&vnet->switches[live->switches[s]], &live->switch_objects[s], __ATOMIC_RELEASE);
	}
	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		__atomic_store_n(&vnet->ifaces[live->vports[v]], &live->vport_objects[v], __ATOMIC_RELEASE);
}

/* Where packets come in. */
static void
publish_entrances(struct weir_vnet *vnet, const struct live_tenant *live)
{
	for (uint32_t s = 0; s < live->cfg->n_switches; s++)
		if (live->switch_objects[s].vni != WEIR_NONE)
			weir_vnet_set_vni(vnet, live->switch_objects[s].vni, live->switches[s]);
	for (uint32_t v = 0; v < live->cfg->n_vports; v++) {
		const struct weir_iface *iface = &live->vport_objects[v];

		if (iface->port != NULL)
			__atomic_store_n(
			    &vnet->port_maps[iface->port->index]->target[iface->vlan == WEIR_NONE ? 0 : iface->vlan],
			    iface->id + 1, __ATOMIC_RELEASE);
	}
}

void
publish_static_mac(struct weir_gateway *gateway, const struct weir_switch *sw, const struct weir_mac *mac,
    uint32_t iface, uint32_t mark)
{
	/* Room was made sure of; should learning have taken it meanwhile, the address is learned like any other. */
	if (weir_macs_set_static(gateway->macs, sw, mac, iface, mark) != 0)
		weir_log_warn(
		    "the MAC table is full: a static entry of switch %s/%s is missing", sw->tenant->name, sw->name);
}

static void
publish_static_macs(struct weir_gateway *gateway, const struct live_tenant *live)
{
	uint32_t mark = ++gateway->static_mark;

	for (uint32_t s = 0; s < live->cfg->n_switches; s++) {
		const struct weir_cfg_switch *cfg = &live->cfg->switches[s];
		const struct weir_switch *sw = &live->switch_objects[s];

		for (uint32_t m = 0; m < cfg->n_macs; m++) {
			const struct weir_cfg_static_mac *mac = &cfg->macs[m];

			publish_static_mac(gateway, sw, &mac->mac,
			    mac->vport != WEIR_NONE ? live->vports[mac->vport]
						    : weir_switch_remote(sw, &mac->remote)->id,
			    mark);
		}
	}
	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		if (live->cfg->vports[v].has_mac)
			publish_static_mac(gateway, &live->switch_objects[live->cfg->vports[v].sw],
			    &live->cfg->vports[v].mac, live->vports[v], mark);
	tenant_routers_macs(gateway, live, mark);
	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		weir_macs_sweep_static(gateway->macs, live->vports[v], mark);
	for (uint32_t s = 0; s < live->cfg->n_switches; s++)
		for (uint32_t r = 0; r < live->cfg->switches[s].n_remotes; r++)
			weir_macs_sweep_static(gateway->macs, live->remotes[s][r], mark);
}

void
tenant_enter(struct weir_gateway *gateway, const struct tenant_plan *plan)
{
	struct live_tenant *after = plan->after;
	uint32_t id;

	if (after == NULL)
		return;
	id = after->tenant->id;
	if (plan->before == NULL) {
		__atomic_store_n(&gateway->vnet->flows_used[id], 0, __ATOMIC_RELAXED);
		__atomic_store_n(&gateway->vnet->flows_refused[id], 0, __ATOMIC_RELAXED);
	}
	if (plan->before != NULL)
		meters_renew(gateway, after, plan->before);
	tenant_firewalls_enter(gateway, after);
	publish_objects(gateway->vnet, after);
	tenant_routers_enter(gateway, plan->before, after);
	publish_static_macs(gateway, after);
	publish_entrances(gateway->vnet, after);
	if (plan->before != NULL)
		bump(gateway->vnet, plan->before);
	bump(gateway->vnet, after);
	after->leaving = plan->before;
	gateway->live_tenants[id] = after;
	if (id >= gateway->max_tenant)
		gateway->max_tenant = id + 1;
	(void)rte_hash_add_key_data(gateway->tenant_ids, after->tenant->name, (void *)(uintptr_t)id);
	gateway->n_tenants++;
	gateway->n_switches += after->cfg->n_switches;
	gateway->n_vports += after->cfg->n_vports;
	gateway->n_routers += after->cfg->n_routers;
}
