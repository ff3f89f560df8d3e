/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant's objects are built anew as a whole when anything of it changes, in one piece of memory, ids and buckets
 * kept by name; then swapped in, and the old piece is freed when workers have let go of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

#define TRANSIT_QUEUE (1u << 20) /* bytes that may wait for a port, of what came from a remote and goes to one */

/* ---- memory ---- */

/* First measured (base NULL), then carved. */
struct arena {
	uint8_t *base;
	size_t used;
};

static void *
carve(struct arena *arena, size_t n, size_t size)
{
	void *p = arena->base == NULL ? NULL : arena->base + arena->used;

	arena->used += (n * size + WEIR_CACHELINE - 1) / WEIR_CACHELINE * WEIR_CACHELINE;
	return p;
}

static uint32_t
slots_for(uint32_t n_remotes)
{
	uint32_t n = n_remotes == 0 ? 0 : 2;

	while (n != 0 && n < n_remotes * 2)
		n *= 2;
	return n;
}

static uint32_t
vports_of(const struct weir_cfg_tenant *cfg, uint32_t sw)
{
	uint32_t n = 0;

	for (uint32_t v = 0; v < cfg->n_vports; v++)
		n += cfg->vports[v].sw == sw ? 1 : 0;
	return n;
}

static uint32_t
routers_of(const struct weir_cfg_tenant *cfg, uint32_t sw)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < cfg->n_routers; r++)
		for (uint32_t i = 0; i < cfg->routers[r].n_ifaces; i++)
			n += cfg->routers[r].ifaces[i].sw == sw ? 1 : 0;
	return n;
}

static void
lay_router(struct arena *arena, const struct weir_cfg_router *cfg, struct live_router *router)
{
	struct live_router parts = {
	    .id = WEIR_NONE,
	    .object = carve(arena, 1, sizeof(struct weir_router)),
	    .iface_objects = carve(arena, cfg->n_ifaces, sizeof(struct weir_iface)),
	};
	const struct weir_iface **ifaces = carve(arena, cfg->n_ifaces, sizeof(*ifaces));

	if (parts.object != NULL)
		parts.object->ifaces = ifaces;
	if (router != NULL)
		*router = parts;
	for (uint32_t i = 0; i < cfg->n_ifaces; i++) {
		const struct weir_prefix *prefixes = carve(arena, cfg->ifaces[i].n_addresses, sizeof(*prefixes));

		if (parts.iface_objects != NULL)
			parts.iface_objects[i].prefixes = prefixes;
	}
}

static void
lay_switch(struct arena *arena, const struct weir_cfg_tenant *cfg, uint32_t s, struct live_tenant *live)
{
	uint32_t n_vports = vports_of(cfg, s), n_remotes = cfg->switches[s].n_remotes, n_slots = slots_for(n_remotes);
	void *vports = carve(arena, n_vports, sizeof(struct weir_iface *));
	void *routers = carve(arena, routers_of(cfg, s), sizeof(struct weir_iface *));
	void *remotes = carve(arena, n_remotes, sizeof(struct weir_iface *));
	void *slots = carve(arena, n_slots, sizeof(struct weir_remote_slot));
	void *objects = carve(arena, n_remotes, sizeof(struct weir_iface));
	void *ids = carve(arena, n_remotes, sizeof(uint32_t));

	if (arena->base == NULL)
		return;
	live->switch_objects[s].vports = vports;
	live->switch_objects[s].routers = routers;
	live->switch_objects[s].remotes = remotes;
	live->switch_objects[s].slots = slots;
	live->switch_objects[s].n_slots = n_slots;
	live->remote_objects[s] = objects;
	live->remotes[s] = ids;
}

static struct live_tenant *
lay_out(struct arena *arena, const struct plan *plan, const struct weir_cfg_tenant *cfg)
{
	struct live_tenant *live = carve(arena, 1, sizeof(*live));
	struct live_tenant parts = {
	    .tenant = carve(arena, 1, sizeof(struct weir_tenant)),
	    .switches = carve(arena, cfg->n_switches, sizeof(uint32_t)),
	    .vports = carve(arena, cfg->n_vports, sizeof(uint32_t)),
	    .remotes = carve(arena, cfg->n_switches, sizeof(uint32_t *)),
	    .switch_objects = carve(arena, cfg->n_switches, sizeof(struct weir_switch)),
	    .vport_objects = carve(arena, cfg->n_vports, sizeof(struct weir_iface)),
	    .remote_objects = carve(arena, cfg->n_switches, sizeof(struct weir_iface *)),
	    .routers = carve(arena, cfg->n_routers, sizeof(struct live_router)),
	    .firewalls = carve(arena, cfg->n_firewalls, sizeof(struct live_firewall)),
	};
	struct weir_share **shares = carve(arena, tenant_shares_max(plan, cfg), sizeof(*shares));

	if (arena->base != NULL)
		parts.tenant->shares = shares;
	for (uint32_t s = 0; s < cfg->n_switches; s++)
		lay_switch(arena, cfg, s, &parts);
	for (uint32_t r = 0; r < cfg->n_routers; r++)
		lay_router(arena, &cfg->routers[r], arena->base == NULL ? NULL : &parts.routers[r]);
	for (uint32_t v = 0; v < cfg->n_vports; v++) {
		const struct weir_ip *addresses = carve(arena, cfg->vports[v].n_addresses, sizeof(*addresses));

		if (parts.vport_objects != NULL)
			parts.vport_objects[v].addresses = addresses;
	}
	if (live != NULL)
		*live = parts;
	return live;
}

/* ---- what stays: found by name ---- */

/* Both kinds of elements begin with their name, and stand in order of it. */
static uint32_t
find_name(const void *elements, size_t n, size_t size, const char *name)
{
	size_t low = 0, high = n;

	_Static_assert(offsetof(struct weir_cfg_switch, name) == 0 && offsetof(struct weir_cfg_vport, name) == 0,
	    "the name comes first");
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp((const char *)elements + middle * size, name);

		if (order == 0)
			return (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return WEIR_NONE;
}

uint32_t
tenant_find_switch(const struct live_tenant *live, const char *name)
{
	return live == NULL
		   ? WEIR_NONE
		   : find_name(live->cfg->switches, live->cfg->n_switches, sizeof(*live->cfg->switches), name);
}

uint32_t
tenant_find_vport(const struct live_tenant *live, const char *name)
{
	return live == NULL ? WEIR_NONE
			    : find_name(live->cfg->vports, live->cfg->n_vports, sizeof(*live->cfg->vports), name);
}

static enum weir_tunnel
tunnel_of(const struct weir_cfg_switch *sw)
{
	return sw->geneve ? WEIR_GENEVE : WEIR_VXLAN;
}

const struct weir_iface *
tenant_find_remote(const struct live_tenant *live, const struct weir_cfg_switch *like, const struct weir_ip *ip)
{
	uint32_t s = tenant_find_switch(live, like->name);

	if (s == WEIR_NONE || live->switch_objects[s].tunnel != tunnel_of(like))
		return NULL;
	return weir_switch_remote(&live->switch_objects[s], ip);
}

/* ---- building ---- */

static int
no_ids(struct weir_err *err, const char *what, uint32_t max)
{
	return weir_err(err, ENOSPC, "", "more than %u %s", max, what);
}

static int
build_tenant(struct weir_gateway *gateway, const struct live_tenant *before, const struct weir_cfg_tenant *cfg,
    struct weir_tenant *tenant, struct weir_err *err)
{
	const struct weir_tenant *old = before == NULL ? NULL : before->tenant;

	tenant->id = old != NULL ? old->id : weir_idpool_get(gateway->tenant_pool);
	if (tenant->id == WEIR_NONE)
		return no_ids(err, "tenants", WEIR_TENANTS_MAX);
	tenant->serial = old != NULL ? old->serial : ++gateway->serial;
	memcpy(tenant->name, cfg->name, sizeof(tenant->name));
	tenant->weight = cfg->weight;
	tenant->shape = !cfg->police;
	tenant->quota_flows = cfg->quota_flows;
	tenant->quota_macs = cfg->quota_macs;
	tenant->quota_connections = cfg->quota_connections;
	tenant->quota_cpu = cfg->quota_cpu;
	return tenant_meters_build(gateway, before, cfg, tenant) ? 0 : weir_err(err, ENOMEM, "", "out of memory");
}

static int
build_vport(struct weir_gateway *gateway, const struct live_tenant *before, const struct weir_cfg_tenant *cfg,
    uint32_t v, struct live_tenant *live, struct weir_err *err)
{
	const struct weir_cfg_vport *vport = &cfg->vports[v];
	uint32_t at = tenant_find_vport(before, vport->name);
	const struct weir_iface *old = at == WEIR_NONE ? NULL : &before->vport_objects[at];
	const struct live_port *port = gateway_port(gateway, vport->port);
	struct weir_iface *iface = &live->vport_objects[v];

	iface->kind = WEIR_IFACE_VPORT;
	iface->id = live->vports[v] = old != NULL ? old->id : iface_id_get(gateway);
	if (iface->id == WEIR_NONE)
		return no_ids(err, "vports and remotes", WEIR_IFACES_MAX);
	iface->serial = old != NULL ? old->serial : ++gateway->serial;
	iface->tenant = live->tenant;
	iface->limit_tenant = live->tenant->limit[WEIR_TO_VPORT];
	iface->sw = live->switches[vport->sw];
	iface->port = port == NULL ? NULL : port->port;
	iface->vlan = vport->vlan;
	iface->filter = tenant_filter(live, vport->firewall);
	iface->has_mac = vport->has_mac;
	iface->mac = vport->mac;
	iface->n_addresses = vport->n_addresses;
	if (vport->n_addresses > 0)
		memcpy((void *)(uintptr_t)iface->addresses, vport->addresses,
		    vport->n_addresses * sizeof(struct weir_ip));
	memcpy(iface->name, vport->name, sizeof(iface->name));
	return vport_meters_build(gateway, before, at, cfg, v, iface) ? 0
								      : weir_err(err, ENOMEM, "", "out of memory");
}

static int
build_remote(struct weir_gateway *gateway, const struct live_tenant *before, const struct weir_cfg_switch *sw,
    uint32_t s, uint32_t r, struct live_tenant *live, struct weir_err *err)
{
	const struct weir_ip *ip = &sw->remotes[r];
	const struct weir_iface *old = tenant_find_remote(before, sw, ip);
	struct weir_iface *iface = &live->remote_objects[s][r];

	iface->kind = WEIR_IFACE_REMOTE;
	iface->id = live->remotes[s][r] = WEIR_NONE;
	iface->vtep =
	    old != NULL ? old->vtep : weir_neigh_vtep_get(gateway->neigh, ip, tunnel_of(sw), gateway_now(gateway));
	if (iface->vtep == WEIR_NONE)
		return no_ids(err, "remote gateways", WEIR_VTEPS_MAX);
	iface->id = live->remotes[s][r] = old != NULL ? old->id : iface_id_get(gateway);
	if (iface->id == WEIR_NONE) {
		weir_neigh_vtep_put(gateway->neigh, iface->vtep);
		return no_ids(err, "vports and remotes", WEIR_IFACES_MAX);
	}
	iface->serial = old != NULL ? old->serial : ++gateway->serial;
	iface->tenant = live->tenant;
	iface->limit_tenant = live->tenant->limit[WEIR_TO_UPLINK];
	iface->sw = live->switches[s];
	iface->vlan = WEIR_NONE;
	iface->vni = sw->vni;
	iface->ip = *ip;
	/* What comes from a remote may leave by one, if a router sends it there. */
	iface->weight = WEIR_WEIGHT_DEFAULT;
	iface->queue = TRANSIT_QUEUE;
	return 0;
}

static void
link_remote(struct weir_switch *sw, const struct weir_iface *remote)
{
	uint32_t slot = (uint32_t)(weir_switch_slot(sw, &remote->ip) - sw->slots);

	while (sw->slots[slot].iface != NULL)
		slot = (slot + 1) & (sw->n_slots - 1);
	sw->slots[slot].ip = remote->ip;
	sw->slots[slot].iface = remote;
	sw->remotes[sw->n_remotes++] = remote;
}

static int
build_switch(struct weir_gateway *gateway, const struct live_tenant *before, const struct weir_cfg_tenant *cfg,
    uint32_t s, struct live_tenant *live, struct weir_err *err)
{
	const struct weir_cfg_switch *from = &cfg->switches[s];
	uint32_t at = tenant_find_switch(before, from->name);
	struct weir_switch *sw = &live->switch_objects[s];

	sw->id = live->switches[s] = at != WEIR_NONE ? before->switches[at] : weir_idpool_get(gateway->switch_pool);
	if (sw->id == WEIR_NONE)
		return no_ids(err, "switches", WEIR_SWITCHES_MAX);
	sw->tenant = live->tenant;
	sw->vni = from->vni;
	sw->tunnel = tunnel_of(from);
	memcpy(sw->name, from->name, sizeof(sw->name));
	if (sw->vni != WEIR_NONE && weir_vnet_reserve_vni(gateway->vnet, sw->vni) != 0)
		return weir_err(err, ENOMEM, "", "out of memory");
	for (uint32_t r = 0; r < from->n_remotes; r++) {
		int rc = build_remote(gateway, before, from, s, r, live, err);

		if (rc != 0)
			return rc;
		link_remote(sw, &live->remote_objects[s][r]);
	}
	return 0;
}

static int
build_all(const struct plan *plan, const struct live_tenant *before, const struct weir_cfg_tenant *cfg,
    struct live_tenant *live)
{
	struct weir_gateway *gateway = plan->gateway;
	struct weir_err *err = plan->err;
	int rc = build_tenant(gateway, before, cfg, live->tenant, err);

	for (uint32_t d = 0; d < WEIR_DIRECTIONS && rc == 0; d++) {
		live->gone[d] = before != NULL ? before->gone[d] : calloc(1, sizeof(struct weir_tally));
		if (live->gone[d] == NULL)
			rc = weir_err(err, ENOMEM, "", "out of memory");
	}
	if (rc == 0)
		rc = tenant_firewalls_build(gateway, before, live, err);
	for (uint32_t s = 0; s < cfg->n_switches && rc == 0; s++)
		rc = build_switch(gateway, before, cfg, s, live, err);
	for (uint32_t v = 0; v < cfg->n_vports && rc == 0; v++) {
		struct weir_switch *sw = &live->switch_objects[cfg->vports[v].sw];

		rc = build_vport(gateway, before, cfg, v, live, err);
		sw->vports[sw->n_vports++] = &live->vport_objects[v];
	}
	if (rc == 0)
		rc = tenant_routers_build(gateway, before, live, err);
	if (rc == 0 && !tenant_shares_build(plan, before, live))
		rc = weir_err(err, ENOMEM, "", "out of memory");
	return rc;
}

struct live_tenant *
tenant_build(const struct plan *plan, const struct live_tenant *before, const struct weir_cfg_tenant *cfg)
{
	struct arena arena = {0};
	struct live_tenant *live;

	(void)lay_out(&arena, plan, cfg);
	arena.base = aligned_alloc(WEIR_CACHELINE, arena.used);
	if (arena.base == NULL) {
		(void)weir_err(plan->err, ENOMEM, "", "out of memory");
		return NULL;
	}
	memset(arena.base, 0, arena.used);
	arena.used = 0;
	live = lay_out(&arena, plan, cfg);
	live->cfg = cfg;
	live->tenant->id = WEIR_NONE;
	memset(live->switches, 0xff, cfg->n_switches * sizeof(uint32_t));
	memset(live->vports, 0xff, cfg->n_vports * sizeof(uint32_t));
	for (uint32_t s = 0; s < cfg->n_switches; s++)
		memset(live->remotes[s], 0xff, cfg->switches[s].n_remotes * sizeof(uint32_t));
	if (build_all(plan, before, cfg, live) == 0)
		return live;
	tenant_undo(plan->gateway, before, live);
	return NULL;
}

uint32_t
tenant_static_macs(const struct weir_cfg_tenant *cfg)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < cfg->n_switches; s++)
		n += cfg->switches[s].n_macs;
	for (uint32_t v = 0; v < cfg->n_vports; v++)
		n += cfg->vports[v].has_mac ? 1 : 0;
	for (uint32_t r = 0; r < cfg->n_routers; r++)
		n += cfg->routers[r].n_ifaces;
	return n;
}

/* ---- what one version has and the other has not ---- */

void
tenant_drop_iface(
    struct weir_gateway *gateway, const struct weir_iface *iface, const struct live_tenant *keep, bool published)
{
	bool remote = iface->kind == WEIR_IFACE_REMOTE;

	if (!published)
		iface_id_put(gateway, iface->id);
	else if (keep != NULL)
		iface_id_retire(gateway, iface->id, keep->gone[remote ? WEIR_TO_UPLINK : WEIR_TO_VPORT]);
	else
		iface_id_retire(gateway, iface->id, &gateway->gone);
	if (remote)
		weir_neigh_vtep_put(gateway->neigh, iface->vtep);
}

static void
drop_vport(struct weir_gateway *gateway, const struct live_tenant *from, uint32_t v, const struct live_tenant *keep,
    bool published)
{
	uint32_t at = tenant_find_vport(keep, from->cfg->vports[v].name);
	const struct weir_iface *iface = &from->vport_objects[v],
				*kept = at == WEIR_NONE ? NULL : &keep->vport_objects[at];

	vport_meters_free(iface, kept);
	if (kept == NULL && from->vports[v] != WEIR_NONE)
		tenant_drop_iface(gateway, iface, keep, published);
}

static void
drop_switch(struct weir_gateway *gateway, const struct live_tenant *from, uint32_t s, const struct live_tenant *keep,
    bool published)
{
	const struct weir_cfg_switch *cfg = &from->cfg->switches[s];

	for (uint32_t r = 0; r < cfg->n_remotes; r++)
		if (from->remotes[s][r] != WEIR_NONE && tenant_find_remote(keep, cfg, &cfg->remotes[r]) == NULL)
			tenant_drop_iface(gateway, &from->remote_objects[s][r], keep, published);
	if (from->switches[s] != WEIR_NONE && tenant_find_switch(keep, cfg->name) == WEIR_NONE)
		weir_idpool_put(gateway->switch_pool, from->switches[s]);
}

/* Frees `from` and what `keep` (NULL: nothing) does not share with it. */
static void
drop_rest(struct weir_gateway *gateway, struct live_tenant *from, const struct live_tenant *keep, bool published)
{
	for (uint32_t v = 0; v < from->cfg->n_vports; v++)
		drop_vport(gateway, from, v, keep, published);
	tenant_routers_drop(gateway, from, keep, published);
	tenant_firewalls_drop(gateway, from, keep, published);
	for (uint32_t s = 0; s < from->cfg->n_switches; s++)
		drop_switch(gateway, from, s, keep, published);
	tenant_meters_free(from->tenant, keep != NULL ? keep->tenant : NULL);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS && keep == NULL; d++)
		free(from->gone[d]);
	if (keep == NULL && from->tenant->id != WEIR_NONE)
		weir_idpool_put(gateway->tenant_pool, from->tenant->id);
	free(from);
}

void
tenant_undo(struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *after)
{
	drop_rest(gateway, after, before, false);
}

void
tenant_retire(struct weir_gateway *gateway, const struct tenant_plan *plan)
{
	if (plan->after != NULL)
		plan->after->leaving = NULL;
	if (plan->before != NULL)
		drop_rest(gateway, plan->before, plan->after, true);
}
