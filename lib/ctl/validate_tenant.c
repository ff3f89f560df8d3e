/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

#define VNI_MAX 0xffffffu
#define QUOTA_MACS_MAX 1048576u

struct switch_read {
	struct weir_cfg_switch *sw;
	bool has_tunnel;
	const cJSON **macs;
};

struct vport_read {
	const struct weir_cfg_tenant *tenant;
	struct weir_cfg_vport *vport;
};

static int
read_limit(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_rates(at, json, &((struct weir_tenant_read *)out)->tenant->limit);
}

static int
read_guarantee(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_rates(at, json, &((struct weir_tenant_read *)out)->tenant->guarantee);
}

static int
read_weight(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_weight(at, json, &((struct weir_tenant_read *)out)->tenant->weight);
}

static int
read_excess(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_excess(at, json, &((struct weir_tenant_read *)out)->tenant->police);
}

static int
read_burst(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_burst(at, json, &((struct weir_tenant_read *)out)->tenant->burst);
}

static int
read_queue(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_tenant *tenant = ((struct weir_tenant_read *)out)->tenant;

	return weir_read_queue(at, json, &tenant->queue_ns, &tenant->queue_bytes);
}

static int
read_quota_flows(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, 1, WEIR_CFG_FLOWS_MAX, &((struct weir_cfg_tenant *)out)->quota_flows);
}

static int
read_quota_macs(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, 1, QUOTA_MACS_MAX, &((struct weir_cfg_tenant *)out)->quota_macs);
}

static int
read_quota_connections(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(
	    at, json, 0, WEIR_CFG_CONNECTIONS_MAX, &((struct weir_cfg_tenant *)out)->quota_connections);
}

static int
read_quota_setups(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_pps(at, json, &((struct weir_cfg_tenant *)out)->quota_setups);
}

static int
read_quota_cpu(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_share(at, json, &((struct weir_cfg_tenant *)out)->quota_cpu);
}

static int
read_quota(const struct weir_at *at, const cJSON *json, void *out)
{
	static const struct weir_field fields[] = {
	    {.key = "flows", .read = read_quota_flows},
	    {.key = "macs", .read = read_quota_macs},
	    {.key = "connections", .read = read_quota_connections},
	    {.key = "flow_setups", .read = read_quota_setups},
	    {.key = "cpu", .read = read_quota_cpu},
	};

	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), ((struct weir_tenant_read *)out)->tenant);
}

static int
read_vni(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_uint(at, json, 1, VNI_MAX, &((struct switch_read *)out)->sw->vni);
}

static int
read_tunnel(const struct weir_at *at, const cJSON *json, void *out)
{
	struct switch_read *read = out;

	read->has_tunnel = true;
	read->sw->geneve = cJSON_IsString(json) && strcmp(json->valuestring, "geneve") == 0;
	if (read->sw->geneve || (cJSON_IsString(json) && strcmp(json->valuestring, "vxlan") == 0))
		return 0;
	return weir_refuse(at, EINVAL, "\"vxlan\" or \"geneve\"", json);
}

static int
check_remote(const struct weir_at *at, const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip) || !weir_ip_is_link_local(ip))
		return 0;
	return weir_at_err(at, EINVAL, "a link-local address does not say on which link the remote is");
}

static int
read_remotes(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_switch *sw = ((struct switch_read *)out)->sw;
	int rc = weir_read_hosts(at, json, WEIR_CFG_REMOTES_MAX, &sw->remotes, &sw->n_remotes);
	const cJSON *item;
	uint32_t i = 0;

	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, i++);
		struct weir_ip ip;

		if (rc == 0 && weir_ip_parse(item->valuestring, &ip) == 0)
			rc = check_remote(&here, &ip);
	}
	return rc;
}

static int
keep_macs(const struct weir_at *at, const cJSON *json, void *out)
{
	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	*((struct switch_read *)out)->macs = json;
	return 0;
}

static int
read_switch(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i)
{
	static const struct weir_field fields[] = {
	    {.key = "vni", .read = read_vni},
	    {.key = "tunnel", .read = read_tunnel},
	    {.key = "remotes", .read = read_remotes},
	    {.key = "macs", .read = keep_macs},
	};
	struct weir_cfg_switch *sw = &read->switches[i];
	struct switch_read sw_read = {.sw = sw, .macs = &read->macs[i]};
	struct weir_at at_tunnel = weir_at_key(at, "tunnel");
	int rc = weir_check_name(at, json->string);

	if (rc != 0)
		return rc;
	(void)snprintf(sw->name, sizeof(sw->name), "%s", json->string);
	sw->vni = WEIR_NONE;
	rc = weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &sw_read);
	if (rc == 0 && sw->vni == WEIR_NONE && sw->n_remotes > 0)
		rc = weir_at_err(at, EINVAL, "\"vni\" is missing: a switch with remotes has one");
	if (rc == 0 && sw->vni == WEIR_NONE && sw_read.has_tunnel)
		rc = weir_at_err(&at_tunnel, EINVAL, "a switch without \"vni\" has no tunnels");
	return rc;
}

static int
read_vport_switch(const struct weir_at *at, const cJSON *json, void *out)
{
	struct vport_read *read = out;
	char name[WEIR_NAME_SIZE];
	int rc = weir_read_name(at, json, name);

	if (rc != 0)
		return rc;
	read->vport->sw = weir_find_switch(read->tenant, name);
	return read->vport->sw != WEIR_NONE ? 0 : weir_at_err(at, ENOENT, "the tenant has no switch \"%s\"", name);
}

static int
read_vport_port(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_name(at, json, ((struct vport_read *)out)->vport->port);
}

static int
read_vport_vlan(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_vlan(at, json, &((struct vport_read *)out)->vport->vlan);
}

static int
read_vport_limit(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_rates(at, json, &((struct vport_read *)out)->vport->limit);
}

static int
read_vport_guarantee(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_rates(at, json, &((struct vport_read *)out)->vport->guarantee);
}

static int
read_vport_weight(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_weight(at, json, &((struct vport_read *)out)->vport->weight);
}

static int
read_vport_burst(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_burst(at, json, &((struct vport_read *)out)->vport->burst);
}

static int
read_vport_queue(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_vport *vport = ((struct vport_read *)out)->vport;

	return weir_read_queue(at, json, &vport->queue_ns, &vport->queue_bytes);
}

static int
read_vport_mac(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_vport *vport = ((struct vport_read *)out)->vport;

	vport->has_mac = true;
	return weir_read_mac(at, json, &vport->mac);
}

static int
read_vport_addresses(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_vport *vport = ((struct vport_read *)out)->vport;
	int rc = weir_read_hosts(at, json, WEIR_CFG_ADDRESSES_MAX, &vport->addresses, &vport->n_addresses);

	/* It could be meant as "any address" or as "none". */
	if (rc == 0 && vport->n_addresses == 0)
		rc = weir_at_err(at, EINVAL, "must hold an address; to allow any, leave it out");
	return rc;
}

static int
read_vport_firewall(const struct weir_at *at, const cJSON *json, void *out)
{
	struct vport_read *read = out;

	return weir_read_firewall_name(at, json, read->tenant, &read->vport->firewall);
}

static int
read_vport(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i)
{
	static const struct weir_field fields[] = {
	    {.key = "switch", .read = read_vport_switch, .required = true},
	    {.key = "port", .read = read_vport_port, .required = true},
	    {.key = "vlan", .read = read_vport_vlan},
	    {.key = "limit", .read = read_vport_limit},
	    {.key = "mac", .read = read_vport_mac},
	    {.key = "addresses", .read = read_vport_addresses},
	    {.key = "guarantee", .read = read_vport_guarantee},
	    {.key = "weight", .read = read_vport_weight},
	    {.key = "burst", .read = read_vport_burst},
	    {.key = "queue", .read = read_vport_queue},
	    {.key = "firewall", .read = read_vport_firewall},
	    {.key = "excess", .later = true},
	};
	struct weir_cfg_vport *vport = &read->vports[i];
	struct vport_read vport_read = {.tenant = read->tenant, .vport = vport};
	int rc = weir_check_name(at, json->string);

	if (rc != 0)
		return rc;
	(void)snprintf(vport->name, sizeof(vport->name), "%s", json->string);
	vport->vlan = WEIR_NONE;
	vport->weight = WEIR_WEIGHT_DEFAULT;
	vport->firewall = WEIR_NONE;
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &vport_read);
}

/* Reads the members of `json` in order of their names. */
static int
read_each(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read,
    int (*read_one)(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i))
{
	cJSON **items;
	size_t n;
	int rc = 0;

	items = weir_json_sorted(json, &n);
	if (items == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct weir_at here = weir_at_key(at, items[i]->string);

		rc = read_one(&here, items[i], read, (uint32_t)i);
	}
	free(items);
	return rc;
}

static int
read_switches(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_tenant_read *read = out;
	uint32_t n = (uint32_t)cJSON_GetArraySize(json);

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	read->tenant->switches = read->switches = calloc(n + 1, sizeof(*read->switches));
	read->macs = calloc(n + 1, sizeof(cJSON *));
	if (read->switches == NULL || read->macs == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	read->tenant->n_switches = n;
	return read_each(at, json, read, read_switch);
}

static int
read_vports(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_tenant_read *read = out;
	uint32_t n = (uint32_t)cJSON_GetArraySize(json);

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	read->tenant->vports = read->vports = calloc(n + 1, sizeof(*read->vports));
	if (read->vports == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	read->tenant->n_vports = n;
	return read_each(at, json, read, read_vport);
}

static int
read_routers(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_tenant_read *read = out;
	uint32_t n = (uint32_t)cJSON_GetArraySize(json);

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	read->tenant->routers = read->routers = calloc(n + 1, sizeof(*read->routers));
	if (read->routers == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	read->tenant->n_routers = n;
	read->routers_json = json;
	return read_each(at, json, read, weir_read_router);
}

static int
read_sets(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_tenant_read *read = out;
	uint32_t n = (uint32_t)cJSON_GetArraySize(json);

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	read->sets = calloc(n + 1, sizeof(*read->sets));
	if (read->sets == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	read->n_sets = n;
	return read_each(at, json, read, weir_read_set);
}

static int
read_firewalls(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_tenant_read *read = out;
	uint32_t n = (uint32_t)cJSON_GetArraySize(json);

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	read->tenant->firewalls = read->firewalls = calloc(n + 1, sizeof(*read->firewalls));
	if (read->firewalls == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	read->tenant->n_firewalls = n;
	return read_each(at, json, read, weir_read_firewall);
}

static int
read_tenant(const struct weir_at *at, const char *name, const cJSON *json, void *cfg)
{
	/* What is named by others comes before them. */
	static const struct weir_field fields[] = {
	    {.key = "limit", .read = read_limit},
	    {.key = "quota", .read = read_quota},
	    {.key = "sets", .read = read_sets},
	    {.key = "firewalls", .read = read_firewalls},
	    {.key = "switches", .read = read_switches},
	    {.key = "vports", .read = read_vports},
	    {.key = "routers", .read = read_routers},
	    {.key = "guarantee", .read = read_guarantee},
	    {.key = "weight", .read = read_weight},
	    {.key = "excess", .read = read_excess},
	    {.key = "burst", .read = read_burst},
	    {.key = "queue", .read = read_queue},
	    {.key = "links", .later = true},
	};
	struct weir_tenant_read read = {.tenant = cfg};
	int rc;

	read.tenant->weight = WEIR_WEIGHT_DEFAULT;
	read.tenant->quota_flows = WEIR_NONE;
	read.tenant->quota_macs = WEIR_CFG_MACS_DEFAULT;
	read.tenant->quota_connections = WEIR_CFG_QUOTA_CONNECTIONS_DEFAULT;
	(void)snprintf(read.tenant->name, sizeof(read.tenant->name), "%s", name);
	rc = weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &read);
	if (rc == 0)
		rc = weir_read_macs(at, &read);
	if (rc == 0)
		rc = weir_check_routers(at, &read);
	if (rc == 0)
		rc = weir_check_guarantee(at, read.tenant);
	for (uint32_t i = 0; i < read.n_sets; i++)
		weir_clear_set(&read.sets[i]);
	free(read.sets);
	free(read.macs);
	return rc;
}

static void
clear_tenant(void *cfg)
{
	struct weir_cfg_tenant *tenant = cfg;

	for (uint32_t i = 0; i < tenant->n_switches; i++) {
		weir_free_const(tenant->switches[i].remotes);
		weir_free_const(tenant->switches[i].macs);
	}
	for (uint32_t i = 0; i < tenant->n_vports; i++)
		weir_free_const(tenant->vports[i].addresses);
	for (uint32_t i = 0; i < tenant->n_routers; i++)
		weir_clear_router(&tenant->routers[i]);
	for (uint32_t i = 0; i < tenant->n_firewalls; i++)
		weir_clear_firewall(&tenant->firewalls[i]);
	weir_free_const(tenant->switches);
	weir_free_const(tenant->vports);
	weir_free_const(tenant->routers);
	weir_free_const(tenant->firewalls);
}

const struct weir_kind weir_kind_tenant = {
    .size = sizeof(struct weir_cfg_tenant),
    .read = read_tenant,
    .equal = weir_tenant_equal,
    .clear = clear_tenant,
};
