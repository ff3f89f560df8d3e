/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "validate_tenant_priv.h"

static bool
rates_equal(const struct weir_rate *a, const struct weir_rate *b)
{
	return a->bps == b->bps && a->pps == b->pps;
}

/* Indices of vports mean the same in both only while both name the same vports: the caller compares those too. */
static bool
switches_equal(const struct weir_cfg_switch *a, const struct weir_cfg_switch *b)
{
	if (strcmp(a->name, b->name) != 0 || a->vni != b->vni || a->n_macs != b->n_macs ||
	    !weir_hosts_equal(a->remotes, a->n_remotes, b->remotes, b->n_remotes))
		return false;
	for (uint32_t i = 0; i < a->n_macs; i++)
		if (!weir_mac_equal(&a->macs[i].mac, &b->macs[i].mac) || a->macs[i].vport != b->macs[i].vport ||
		    !weir_ip_equal(&a->macs[i].remote, &b->macs[i].remote))
			return false;
	return true;
}

static bool
vports_equal(const struct weir_cfg_vport *a, const struct weir_cfg_vport *b)
{
	return strcmp(a->name, b->name) == 0 && a->sw == b->sw && strcmp(a->port, b->port) == 0 &&
	       a->vlan == b->vlan && rates_equal(&a->limit, &b->limit) && rates_equal(&a->guarantee, &b->guarantee) &&
	       a->weight == b->weight && a->burst == b->burst && a->queue_ns == b->queue_ns &&
	       a->queue_bytes == b->queue_bytes && a->has_mac == b->has_mac && weir_mac_equal(&a->mac, &b->mac) &&
	       weir_hosts_equal(a->addresses, a->n_addresses, b->addresses, b->n_addresses);
}

static bool
contracts_equal(const struct weir_cfg_tenant *a, const struct weir_cfg_tenant *b)
{
	return rates_equal(&a->limit, &b->limit) && rates_equal(&a->guarantee, &b->guarantee) &&
	       a->weight == b->weight && a->police == b->police && a->burst == b->burst &&
	       a->queue_ns == b->queue_ns && a->queue_bytes == b->queue_bytes && a->quota_setups == b->quota_setups &&
	       a->quota_cpu == b->quota_cpu && a->quota_flows == b->quota_flows && a->quota_macs == b->quota_macs;
}

bool
weir_tenant_equal(const void *a, const void *b)
{
	const struct weir_cfg_tenant *x = a, *y = b;

	if (!contracts_equal(x, y) || x->n_switches != y->n_switches || x->n_vports != y->n_vports)
		return false;
	for (uint32_t i = 0; i < x->n_switches; i++)
		if (!switches_equal(&x->switches[i], &y->switches[i]))
			return false;
	for (uint32_t i = 0; i < x->n_vports; i++)
		if (!vports_equal(&x->vports[i], &y->vports[i]))
			return false;
	return true;
}
