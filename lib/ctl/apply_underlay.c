/* SPDX-License-Identifier: BSD-3-Clause */
/* Underlays from one configuration to the next, and when their port comes and goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

static int
no_memory(struct weir_err *err)
{
	return weir_err(err, ENOMEM, "", "out of memory");
}

/* The configuration that an underlay is to have: by this plan, else what it has. */
static const struct weir_cfg_underlay *
planned(const struct plan *plan, const struct live_port *live)
{
	for (uint32_t i = 0; i < plan->n_underlays; i++)
		if (plan->underlays[i].live == live)
			return plan->underlays[i].cfg;
	return live->underlay_cfg;
}

/* weir's own addresses, whether their port is up or not. */
static int
build_locals(struct plan *plan)
{
	uint32_t n = 0;

	for (const struct live_port *live = plan->gateway->live_ports; live != NULL; live = live->next)
		n += planned(plan, live) != NULL ? planned(plan, live)->n_addresses : 0;
	plan->locals = malloc(sizeof(*plan->locals) + n * sizeof(plan->locals->ip[0]));
	if (plan->locals == NULL)
		return no_memory(plan->err);
	plan->locals->n = 0;
	for (const struct live_port *live = plan->gateway->live_ports; live != NULL; live = live->next) {
		const struct weir_cfg_underlay *cfg = planned(plan, live);

		for (uint32_t a = 0; cfg != NULL && a < cfg->n_addresses; a++)
			plan->locals->ip[plan->locals->n++] = cfg->addresses[a].ip;
	}
	plan->new_locals = true;
	return 0;
}

/* Of one family; NULL: it has none. */
static const struct weir_ip *
first_address(const struct weir_cfg_underlay *cfg, bool v6)
{
	for (uint32_t a = 0; a < cfg->n_addresses; a++)
		if (weir_ip_is_v4(&cfg->addresses[a].ip) != v6)
			return &cfg->addresses[a].ip;
	return NULL;
}

static int
build(struct plan *plan, struct underlay_plan *underlay)
{
	struct live_port *live = underlay->live;
	char path[64];

	underlay->before = live->underlay_object;
	if (underlay->cfg == NULL)
		return 0;
	if (!live->has_underlay) {
		live->underlay = weir_idpool_get(plan->gateway->underlay_pool);
		(void)snprintf(path, sizeof(path), "/underlay/%s", live->cfg.name);
		if (live->underlay == WEIR_NONE)
			return weir_err(plan->err, ENOSPC, path, "more than %u underlays", WEIR_UNDERLAYS_MAX);
		live->has_underlay = underlay->added = true;
	}
	if (live->port == NULL)
		return 0;
	underlay->after = aligned_alloc(WEIR_CACHELINE, sizeof(*underlay->after));
	if (underlay->after == NULL)
		return no_memory(plan->err);
	memset(underlay->after, 0, sizeof(*underlay->after));
	underlay->after->id = live->underlay;
	underlay->after->port = live->port;
	underlay->after->iface = live->iface;
	underlay->after->mac = underlay->cfg->has_mac ? underlay->cfg->mac : live->port->mac;
	underlay->after->vlan = underlay->cfg->vlan == WEIR_NONE ? 0 : underlay->cfg->vlan;
	for (uint32_t v6 = 0; v6 < 2; v6++)
		weir_tunnel_match_init(
		    underlay->after->match[v6], &underlay->after->mac, first_address(underlay->cfg, v6 != 0));
	return 0;
}

int
underlays_prepare(struct plan *plan)
{
	int rc = plan->n_underlays == 0 ? 0 : build_locals(plan);

	for (uint32_t i = 0; i < plan->n_underlays && rc == 0; i++)
		rc = build(plan, &plan->underlays[i]);
	return rc;
}

void
underlays_undo(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_underlays; i++) {
		struct underlay_plan *underlay = &plan->underlays[i];

		free(underlay->after);
		if (!underlay->added)
			continue;
		weir_idpool_put(plan->gateway->underlay_pool, underlay->live->underlay);
		underlay->live->has_underlay = false;
	}
	free(plan->locals);
}

void
underlays_leave(struct plan *plan)
{
	struct weir_vnet *vnet = plan->gateway->vnet;

	for (uint32_t i = 0; i < plan->n_underlays; i++) {
		const struct weir_underlay *before = plan->underlays[i].before, *after = plan->underlays[i].after;
		struct weir_port_map *map = before == NULL ? NULL : vnet->port_maps[before->port->index];

		if (map != NULL && (after == NULL || after->port != before->port || after->vlan != before->vlan))
			__atomic_store_n(&map->target[before->vlan], WEIR_TARGET_NONE, __ATOMIC_RELEASE);
		if (before != NULL && after == NULL) {
			__atomic_store_n(&vnet->underlays[before->id], NULL, __ATOMIC_RELEASE);
			(void)weir_neigh_set_underlay(
			    plan->gateway->neigh, before->id, NULL, gateway_now(plan->gateway));
		}
	}
}

static void
enter(struct weir_gateway *gateway, struct weir_underlay *after, const struct weir_cfg_underlay *cfg)
{
	struct weir_neigh_underlay params = {
	    .port = after->port->index,
	    .vlan = cfg->vlan,
	    .mac = after->mac,
	    .mtu = after->port->mtu,
	    .n_addresses = cfg->n_addresses,
	    .n_gateways = cfg->n_gateways,
	    .addresses = cfg->addresses,
	    .gateways = cfg->gateways,
	};

	__atomic_store_n(&gateway->vnet->underlays[after->id], after, __ATOMIC_RELEASE);
	__atomic_store_n(&gateway->vnet->port_maps[after->port->index]->target[after->vlan],
	    WEIR_TARGET_UNDERLAY | after->id, __ATOMIC_RELEASE);
	if (weir_neigh_set_underlay(gateway->neigh, after->id, &params, gateway_now(gateway)) != 0)
		weir_log_error("underlay %s: out of memory for its addresses", cfg->port);
}

void
underlays_enter(struct plan *plan)
{
	struct weir_vnet *vnet = plan->gateway->vnet;

	if (plan->new_locals)
		plan->locals = __atomic_exchange_n(&vnet->locals, plan->locals, __ATOMIC_ACQ_REL);
	for (uint32_t i = 0; i < plan->n_underlays; i++) {
		struct underlay_plan *underlay = &plan->underlays[i];
		struct live_port *live = underlay->live;

		if (underlay->after != NULL)
			enter(plan->gateway, underlay->after, underlay->cfg);
		live->underlay_object = underlay->after;
		live->underlay_cfg = underlay->cfg;
		if (underlay->cfg == NULL)
			live->has_underlay = false;
	}
}

void
underlays_retire(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_underlays; i++) {
		struct underlay_plan *underlay = &plan->underlays[i];

		free(underlay->before);
		if (underlay->cfg == NULL)
			weir_idpool_put(plan->gateway->underlay_pool, underlay->live->underlay);
	}
	free(plan->locals);
}
