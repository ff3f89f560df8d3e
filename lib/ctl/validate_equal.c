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
	       a->vlan == b->vlan && rates_equal(&a->limit, &b->limit) && a->has_mac == b->has_mac &&
	       weir_mac_equal(&a->mac, &b->mac) &&
	       weir_hosts_equal(a->addresses, a->n_addresses, b->addresses, b->n_addresses);
}

bool
weir_tenant_equal(const void *a, const void *b)
{
	const struct weir_cfg_tenant *x = a, *y = b;

	if (!rates_equal(&x->limit, &y->limit) || x->quota_flows != y->quota_flows ||
	    x->quota_macs != y->quota_macs || x->n_switches != y->n_switches || x->n_vports != y->n_vports)
		return false;
	for (uint32_t i = 0; i < x->n_switches; i++)
		if (!switches_equal(&x->switches[i], &y->switches[i]))
			return false;
	for (uint32_t i = 0; i < x->n_vports; i++)
		if (!vports_equal(&x->vports[i], &y->vports[i]))
			return false;
	return true;
}
