/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tenant says about MACs, and what of a tenant is the same as before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

static int
compare_switch(const void *name, const void *sw)
{
	return strcmp(name, ((const struct weir_cfg_switch *)sw)->name);
}

uint32_t
weir_find_switch(const struct weir_cfg_tenant *tenant, const char *name)
{
	const struct weir_cfg_switch *sw;

	if (tenant->n_switches == 0)
		return WEIR_NONE;
	sw = bsearch(name, tenant->switches, tenant->n_switches, sizeof(*sw), compare_switch);
	return sw != NULL ? (uint32_t)(sw - tenant->switches) : WEIR_NONE;
}

static int
compare_vport(const void *name, const void *vport)
{
	return strcmp(name, ((const struct weir_cfg_vport *)vport)->name);
}

uint32_t
weir_find_vport(const struct weir_cfg_tenant *tenant, const char *name)
{
	const struct weir_cfg_vport *vport;

	if (tenant->n_vports == 0)
		return WEIR_NONE;
	vport = bsearch(name, tenant->vports, tenant->n_vports, sizeof(*vport), compare_vport);
	return vport != NULL ? (uint32_t)(vport - tenant->vports) : WEIR_NONE;
}

/* A vport's claim to a MAC on its switch. */
struct claim {
	uint32_t sw, vport;
	struct weir_mac mac;
};

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->sw != y->sw)
		return x->sw < y->sw ? -1 : 1;
	return memcmp(&x->mac, &y->mac, sizeof(x->mac));
}

static int
compare_macs(const void *a, const void *b)
{
	const struct weir_cfg_static_mac *x = a, *y = b;

	return memcmp(&x->mac, &y->mac, sizeof(x->mac));
}

static int
compare_ips(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_ip));
}

/* The claims of all vports, in order of switch and MAC; refuses two to one MAC of a switch. */
static int
collect_claims(const struct weir_at *at, const struct weir_tenant_read *read, struct claim *claims, size_t *n)
{
	struct weir_at vports = weir_at_key(at, "vports"), vport, mac;

	*n = 0;
	for (uint32_t i = 0; i < read->tenant->n_vports; i++)
		if (read->vports[i].has_mac)
			claims[(*n)++] =
			    (struct claim){.sw = read->vports[i].sw, .vport = i, .mac = read->vports[i].mac};
	qsort(claims, *n, sizeof(*claims), compare_claims);
	for (size_t i = 1; i < *n; i++) {
		if (compare_claims(&claims[i], &claims[i - 1]) != 0)
			continue;
		vport = weir_at_key(&vports, read->vports[claims[i].vport].name);
		mac = weir_at_key(&vport, "mac");
		return weir_at_err(&mac, EEXIST, "vport \"%s\" of the same switch has this MAC too",
		    read->vports[claims[i - 1].vport].name);
	}
	return 0;
}

/* Where a static MAC is: a vport on the switch, or a remote of it. */
static int
read_target(const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read, uint32_t sw,
    struct weir_cfg_static_mac *mac)
{
	const struct weir_cfg_switch *on = &read->switches[sw];

	mac->vport = WEIR_NONE;
	if (!cJSON_IsString(json))
		return weir_refuse(at, EINVAL, "the name of a vport or the address of a remote", json);
	if (weir_ip_parse(json->valuestring, &mac->remote) == 0) {
		if (on->n_remotes > 0 &&
		    bsearch(&mac->remote, on->remotes, on->n_remotes, sizeof(mac->remote), compare_ips) != NULL)
			return 0;
		return weir_at_err(at, ENOENT, "%s is no remote of the switch", json->valuestring);
	}
	if (!weir_name_ok(json->valuestring))
		return weir_refuse(at, EINVAL, "the name of a vport or the address of a remote", json);
	mac->vport = weir_find_vport(read->tenant, json->valuestring);
	if (mac->vport == WEIR_NONE)
		return weir_at_err(at, ENOENT, "the tenant has no vport \"%s\"", json->valuestring);
	if (read->vports[mac->vport].sw != sw)
		return weir_at_err(at, EINVAL, "vport \"%s\" is on another switch", json->valuestring);
	return 0;
}

static int
read_mac(const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read, uint32_t sw,
    struct weir_cfg_static_mac *mac)
{
	cJSON key = {.type = cJSON_String, .valuestring = json->string};
	int rc = weir_read_mac(at, &key, &mac->mac);

	return rc != 0 ? rc : read_target(at, json, read, sw, mac);
}

/* A static MAC that a vport claims for itself must lead there. */
static int
check_claim(const struct weir_at *at, const struct weir_tenant_read *read, const struct weir_cfg_static_mac *mac,
    uint32_t sw, const struct claim *claims, size_t n)
{
	struct claim like = {.sw = sw, .mac = mac->mac};
	const struct claim *claim = bsearch(&like, claims, n, sizeof(like), compare_claims);

	if (claim == NULL || claim->vport == mac->vport)
		return 0;
	return weir_at_err(
	    at, EINVAL, "is the MAC of vport \"%s\" and cannot be elsewhere", read->vports[claim->vport].name);
}

static int
read_switch_macs(
    const struct weir_at *at, struct weir_tenant_read *read, uint32_t sw, const struct claim *claims, size_t n_claims)
{
	uint32_t n = (uint32_t)cJSON_GetArraySize(read->macs[sw]), i = 0;
	struct weir_cfg_static_mac *macs = calloc(n + 1, sizeof(*macs));
	const cJSON *item;
	char buf[18];
	int rc;

	read->switches[sw].macs = macs;
	if (macs == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	cJSON_ArrayForEach (item, read->macs[sw]) {
		struct weir_at here = weir_at_key(at, item->string);

		rc = read_mac(&here, item, read, sw, &macs[i]);
		if (rc == 0)
			rc = check_claim(&here, read, &macs[i], sw, claims, n_claims);
		if (rc != 0)
			return rc;
		i++;
	}
	read->switches[sw].n_macs = n;
	qsort(macs, n, sizeof(*macs), compare_macs);
	for (i = 1; i < n; i++) {
		struct weir_at here = weir_at_key(at, weir_mac_format(&macs[i].mac, buf, sizeof(buf)));

		if (weir_mac_equal(&macs[i].mac, &macs[i - 1].mac))
			return weir_at_err(&here, EEXIST, "is here twice");
	}
	return 0;
}

int
weir_read_macs(const struct weir_at *at, struct weir_tenant_read *read)
{
	const struct weir_cfg_tenant *tenant = read->tenant;
	struct claim *claims = calloc(tenant->n_vports + 1, sizeof(*claims));
	struct weir_at switches = weir_at_key(at, "switches");
	uint64_t total = 0;
	size_t n;
	int rc;

	if (claims == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	rc = collect_claims(at, read, claims, &n);
	for (uint32_t i = 0; i < tenant->n_switches && rc == 0; i++) {
		struct weir_at sw = weir_at_key(&switches, tenant->switches[i].name);
		struct weir_at macs = weir_at_key(&sw, "macs");

		if (read->macs[i] != NULL)
			rc = read_switch_macs(&macs, read, i, claims, n);
		total += tenant->switches[i].n_macs;
	}
	free(claims);
	if (rc == 0 && total > tenant->quota_macs)
		rc = weir_at_err(at, E2BIG, "%llu static MACs exceed the quota of %u (quota.macs)",
		    (unsigned long long)total, tenant->quota_macs);
	return rc;
}
