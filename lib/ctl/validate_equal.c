/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "validate_tenant_priv.h"

static bool
rates_equal(const struct weir_rate *a, const struct weir_rate *b)
{
	return a->bps == b->bps && a->pps == b->pps;
}

static bool
prefixes_equal(const struct weir_prefix *a, const struct weir_prefix *b)
{
	return weir_ip_equal(&a->ip, &b->ip) && a->len == b->len;
}

static bool
prefix_lists_equal(const struct weir_prefix *a, uint32_t n_a, const struct weir_prefix *b, uint32_t n_b)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof(*a)) == 0);
}

static bool
ranges_equal(const struct weir_fw_range *a, uint32_t n_a, const struct weir_fw_range *b, uint32_t n_b)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof(*a)) == 0);
}

bool
weir_rules_alike(const struct weir_fw_rule *a, const struct weir_fw_rule *b)
{
	return a->action == b->action && a->directions == b->directions && a->state == b->state &&
	       a->proto == b->proto && a->flags_set == b->flags_set && a->flags_clear == b->flags_clear &&
	       prefix_lists_equal(a->src, a->n_src, b->src, b->n_src) &&
	       prefix_lists_equal(a->dst, a->n_dst, b->dst, b->n_dst) &&
	       ranges_equal(a->sport, a->n_sport, b->sport, b->n_sport) &&
	       ranges_equal(a->dport, a->n_dport, b->dport, b->n_dport) &&
	       ranges_equal(a->type, a->n_type, b->type, b->n_type);
}

bool
weir_firewall_same(const struct weir_cfg_firewall *a, const struct weir_cfg_firewall *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n_rules != b->n_rules)
		return false;
	for (uint32_t i = 0; i < a->n_rules; i++)
		if (!weir_rules_alike(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

/* Indices of vports mean the same in both only while both name the same vports: the caller compares those too. */
static bool
switches_equal(const struct weir_cfg_switch *a, const struct weir_cfg_switch *b)
{
	if (strcmp(a->name, b->name) != 0 || a->vni != b->vni || a->geneve != b->geneve || a->n_macs != b->n_macs ||
	    !weir_hosts_equal(a->remotes, a->n_remotes, b->remotes, b->n_remotes))
		return false;
	for (uint32_t i = 0; i < a->n_macs; i++)
		if (!weir_mac_equal(&a->macs[i].mac, &b->macs[i].mac) || a->macs[i].vport != b->macs[i].vport ||
		    !weir_ip_equal(&a->macs[i].remote, &b->macs[i].remote))
			return false;
	return true;
}

/* As for switches: an index of a firewall means the same only where the firewalls are the same. */
static bool
vports_equal(const struct weir_cfg_vport *a, const struct weir_cfg_vport *b)
{
	return strcmp(a->name, b->name) == 0 && a->sw == b->sw && strcmp(a->port, b->port) == 0 &&
	       a->vlan == b->vlan && rates_equal(&a->limit, &b->limit) && rates_equal(&a->guarantee, &b->guarantee) &&
	       a->weight == b->weight && a->burst == b->burst && a->queue_ns == b->queue_ns &&
	       a->queue_bytes == b->queue_bytes && a->has_mac == b->has_mac && weir_mac_equal(&a->mac, &b->mac) &&
	       weir_hosts_equal(a->addresses, a->n_addresses, b->addresses, b->n_addresses) &&
	       a->firewall == b->firewall;
}

/* As for switches: indices mean the same only where switches and interfaces are the same. */
static bool
router_ifaces_equal(const struct weir_cfg_router_iface *a, const struct weir_cfg_router_iface *b)
{
	return a->sw == b->sw && weir_mac_equal(&a->mac, &b->mac) && a->proxy == b->proxy &&
	       a->firewall == b->firewall &&
	       prefix_lists_equal(a->addresses, a->n_addresses, b->addresses, b->n_addresses);
}

static bool
routes_equal(const struct weir_cfg_route *a, const struct weir_cfg_route *b)
{
	if (!prefixes_equal(&a->prefix, &b->prefix) || a->blackhole != b->blackhole || a->n_via != b->n_via)
		return false;
	for (uint32_t i = 0; i < a->n_via; i++)
		if (!weir_ip_equal(&a->via[i].ip, &b->via[i].ip) || a->via[i].iface != b->via[i].iface)
			return false;
	return true;
}

static bool
routers_equal(const struct weir_cfg_router *a, const struct weir_cfg_router *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n_ifaces != b->n_ifaces || a->n_routes != b->n_routes)
		return false;
	for (uint32_t i = 0; i < a->n_ifaces; i++)
		if (!router_ifaces_equal(&a->ifaces[i], &b->ifaces[i]))
			return false;
	for (uint32_t i = 0; i < a->n_routes; i++)
		if (!routes_equal(&a->routes[i], &b->routes[i]))
			return false;
	return true;
}

static bool
contracts_equal(const struct weir_cfg_tenant *a, const struct weir_cfg_tenant *b)
{
	return rates_equal(&a->limit, &b->limit) && rates_equal(&a->guarantee, &b->guarantee) &&
	       a->weight == b->weight && a->police == b->police && a->burst == b->burst &&
	       a->queue_ns == b->queue_ns && a->queue_bytes == b->queue_bytes && a->quota_setups == b->quota_setups &&
	       a->quota_cpu == b->quota_cpu && a->quota_flows == b->quota_flows && a->quota_macs == b->quota_macs &&
	       a->quota_connections == b->quota_connections;
}

bool
weir_tenant_equal(const void *a, const void *b)
{
	const struct weir_cfg_tenant *x = a, *y = b;

	if (!contracts_equal(x, y) || x->n_switches != y->n_switches || x->n_vports != y->n_vports ||
	    x->n_routers != y->n_routers || x->n_firewalls != y->n_firewalls)
		return false;
	for (uint32_t i = 0; i < x->n_switches; i++)
		if (!switches_equal(&x->switches[i], &y->switches[i]))
			return false;
	for (uint32_t i = 0; i < x->n_firewalls; i++)
		if (!weir_firewall_same(&x->firewalls[i], &y->firewalls[i]))
			return false;
	for (uint32_t i = 0; i < x->n_vports; i++)
		if (!vports_equal(&x->vports[i], &y->vports[i]))
			return false;
	for (uint32_t i = 0; i < x->n_routers; i++)
		if (!routers_equal(&x->routers[i], &y->routers[i]))
			return false;
	return true;
}
