/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_priv.h"

static int
read_addresses(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_underlay *underlay = out;
	struct weir_prefix *addresses;
	const cJSON *item;
	uint32_t n = 0, max;
	int rc = weir_read_array(at, json, WEIR_CFG_ADDRESSES_MAX, &max);

	if (rc != 0)
		return rc;
	if (max == 0)
		return weir_at_err(at, EINVAL, "must hold an address");
	underlay->addresses = addresses = calloc(max, sizeof(*addresses));
	if (addresses == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	underlay->n_addresses = max;
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, n);

		rc = weir_read_host_prefix(&here, item, &addresses[n]);
		if (rc != 0)
			return rc;
		for (uint32_t i = 0; i < n; i++)
			if (weir_ip_equal(&addresses[i].ip, &addresses[n].ip))
				return weir_at_err(&here, EEXIST, "the same address as entry %u", i);
		n++;
	}
	return 0;
}

/* A gateway is a neighbour: another host of a connected prefix. */
static int
check_gateway(const struct weir_at *at, const struct weir_cfg_underlay *underlay, const struct weir_ip *ip)
{
	bool inside = false;

	for (uint32_t i = 0; i < underlay->n_addresses; i++) {
		const struct weir_prefix *prefix = &underlay->addresses[i];

		if (weir_ip_equal(&prefix->ip, ip))
			return weir_at_err(at, EINVAL, "is the underlay's own address");
		if (weir_prefix_contains(prefix, ip) && weir_prefix_is_edge(prefix, ip))
			return weir_at_err(at, EINVAL, "is the first or last address of a prefix of the underlay");
		inside = inside || weir_prefix_contains(prefix, ip);
	}
	return inside ? 0 : weir_at_err(at, EINVAL, "must be in one of the underlay's prefixes");
}

/* After the addresses, in whose prefixes the gateways must be. */
static int
read_gateways(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_underlay *underlay = out;
	struct weir_ip *gateways;
	const cJSON *item;
	uint32_t max;
	int rc = weir_read_array(at, json, 2, &max);

	if (rc != 0 || max == 0)
		return rc;
	underlay->gateways = gateways = calloc(max, sizeof(*gateways));
	if (gateways == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, underlay->n_gateways);
		struct weir_ip *ip = &gateways[underlay->n_gateways];

		rc = weir_read_host(&here, item, ip);
		if (rc == 0)
			rc = check_gateway(&here, underlay, ip);
		if (rc == 0 && underlay->n_gateways == 1 && weir_ip_is_v4(ip) == weir_ip_is_v4(&gateways[0]))
			rc = weir_at_err(&here, EEXIST, "a second gateway for %s: at most one is allowed",
			    weir_ip_is_v4(ip) ? "IPv4" : "IPv6");
		if (rc != 0)
			return rc;
		underlay->n_gateways++;
	}
	return 0;
}

static int
read_underlay_vlan(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_vlan(at, json, &((struct weir_cfg_underlay *)out)->vlan);
}

static int
read_underlay_mac(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_underlay *underlay = out;

	underlay->has_mac = true;
	return weir_read_mac(at, json, &underlay->mac);
}

static int
read_underlay(const struct weir_at *at, const char *name, const cJSON *json, void *cfg)
{
	static const struct weir_field fields[] = {
	    {.key = "address", .read = read_addresses, .required = true},
	    {.key = "gateway", .read = read_gateways},
	    {.key = "vlan", .read = read_underlay_vlan},
	    {.key = "mac", .read = read_underlay_mac},
	};
	struct weir_cfg_underlay *underlay = cfg;

	underlay->vlan = WEIR_NONE;
	(void)snprintf(underlay->port, sizeof(underlay->port), "%s", name);
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), underlay);
}

static bool
underlay_equal(const void *a, const void *b)
{
	const struct weir_cfg_underlay *x = a, *y = b;

	if (x->n_addresses != y->n_addresses || x->vlan != y->vlan || x->has_mac != y->has_mac ||
	    !weir_mac_equal(&x->mac, &y->mac) ||
	    !weir_hosts_equal(x->gateways, x->n_gateways, y->gateways, y->n_gateways))
		return false;
	for (uint32_t i = 0; i < x->n_addresses; i++)
		if (!weir_ip_equal(&x->addresses[i].ip, &y->addresses[i].ip) ||
		    x->addresses[i].len != y->addresses[i].len)
			return false;
	return true;
}

static void
clear_underlay(void *cfg)
{
	struct weir_cfg_underlay *underlay = cfg;

	weir_free_const(underlay->addresses);
	weir_free_const(underlay->gateways);
}

const struct weir_kind weir_kind_underlay = {
    .size = sizeof(struct weir_cfg_underlay),
    .read = read_underlay,
    .equal = underlay_equal,
    .clear = clear_underlay,
};
