/* SPDX-License-Identifier: BSD-3-Clause */
/* A tenant's routers and their interfaces. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_router_priv.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t
fnv1a(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash;
}

struct weir_mac
weir_cfg_router_mac(const char *tenant, const char *router, const char *sw)
{
	/* No name has a '/': three others are another text. */
	const char *const parts[] = {tenant, "/", router, "/", sw};
	struct weir_mac mac = {.b = {0x02}};
	uint64_t hash = FNV_BASIS;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(parts); i++)
		hash = fnv1a(hash, parts[i]);
	hash ^= hash >> 40;
	for (size_t i = 1; i < sizeof(mac.b); i++)
		mac.b[i] = (uint8_t)(hash >> (8 * (5 - i)));
	return mac;
}

/* A router's interface in the making. */
struct iface_read {
	const struct weir_cfg_tenant *tenant;
	struct weir_cfg_router_iface *iface;
};

const char *
weir_router_switch(const struct weir_router_read *read, uint32_t iface)
{
	return read->tenant->switches[read->ifaces[iface].sw].name;
}

static int
read_address(const struct weir_at *at, const cJSON *json, struct weir_prefix *prefix)
{
	int rc = weir_read_host_prefix(at, json, prefix);

	if (rc == 0 && weir_ip_is_link_local(&prefix->ip))
		rc = weir_at_err(at, EINVAL, "%s is link-local: nothing is routed from or to it", json->valuestring);
	return rc;
}

static int
read_addresses(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_cfg_router_iface *iface = ((struct iface_read *)out)->iface;
	struct weir_prefix *addresses;
	const cJSON *item;
	uint32_t n = 0, max;
	int rc = weir_read_array(at, json, WEIR_CFG_ROUTER_ADDRESSES_MAX, &max);

	if (rc != 0)
		return rc;
	if (max == 0)
		return weir_at_err(at, EINVAL, "must hold an address");
	iface->addresses = addresses = calloc(max, sizeof(*addresses));
	if (addresses == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	iface->n_addresses = max;
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, n);

		rc = read_address(&here, item, &addresses[n++]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
read_iface_mac(const struct weir_at *at, const cJSON *json, void *out)
{
	return weir_read_mac(at, json, &((struct iface_read *)out)->iface->mac);
}

static int
read_proxy(const struct weir_at *at, const cJSON *json, void *out)
{
	if (!cJSON_IsBool(json))
		return weir_refuse(at, EINVAL, "true or false", json);
	((struct iface_read *)out)->iface->proxy = cJSON_IsTrue(json);
	return 0;
}

static int
read_iface_firewall(const struct weir_at *at, const cJSON *json, void *out)
{
	struct iface_read *read = out;

	return weir_read_firewall_name(at, json, read->tenant, &read->iface->firewall);
}

static int
read_iface(const struct weir_at *at, const cJSON *json, struct weir_router_read *read, uint32_t i)
{
	static const struct weir_field fields[] = {
	    {.key = "addresses", .read = read_addresses, .required = true},
	    {.key = "mac", .read = read_iface_mac},
	    {.key = "proxy", .read = read_proxy},
	    {.key = "firewall", .read = read_iface_firewall},
	};
	struct weir_cfg_router_iface *iface = &read->ifaces[i];
	struct iface_read iface_read = {.tenant = read->tenant, .iface = iface};
	int rc = weir_check_name(at, json->string);

	if (rc != 0)
		return rc;
	iface->firewall = WEIR_NONE;
	iface->sw = weir_find_switch(read->tenant, json->string);
	if (iface->sw == WEIR_NONE)
		return weir_at_err(at, ENOENT, "the tenant has no switch \"%s\"", json->string);
	iface->mac = weir_cfg_router_mac(read->tenant->name, read->router->name, json->string);
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &iface_read);
}

/* By family first: the IPv4 addresses lie in the midst of the IPv6 ones, and are not theirs. */
static int
compare_ips(const struct weir_ip *a, const struct weir_ip *b)
{
	if (weir_ip_is_v4(a) != weir_ip_is_v4(b))
		return weir_ip_is_v4(a) ? -1 : 1;
	return memcmp(a, b, sizeof(*a));
}

static int
compare_connected(const void *a, const void *b)
{
	const struct weir_connected *x = a, *y = b;
	int rc = compare_ips(&x->first, &y->first);

	if (rc == 0)
		rc = x->prefix.len - y->prefix.len;
	if (rc == 0 && x->iface != y->iface)
		rc = x->iface < y->iface ? -1 : 1;
	return rc != 0 ? rc : (x->index < y->index ? -1 : 1);
}

static int
refuse_overlap(const struct weir_at *at, const struct weir_router_read *read, const struct weir_connected *a,
    const struct weir_connected *b)
{
	bool later = a->iface != b->iface ? a->iface > b->iface : a->index > b->index;
	const struct weir_connected *one = later ? a : b, *other = later ? b : a;
	struct weir_at iface = weir_at_key(at, weir_router_switch(read, one->iface));
	struct weir_at addresses = weir_at_key(&iface, "addresses"), here = weir_at_index(&addresses, one->index);
	char mine[WEIR_PREFIX_TEXT_SIZE], theirs[WEIR_PREFIX_TEXT_SIZE];

	(void)weir_prefix_format(&one->prefix, mine, sizeof(mine));
	(void)weir_prefix_format(&other->prefix, theirs, sizeof(theirs));
	if (strcmp(mine, theirs) == 0)
		return weir_at_err(&here, EEXIST, "interface \"%s\" has an address in %s already",
		    weir_router_switch(read, other->iface), theirs);
	return weir_at_err(&here, EEXIST, "%s overlaps %s of interface \"%s\"", mine, theirs,
	    weir_router_switch(read, other->iface));
}

/* Sorted, a prefix stands before those within it: where two overlap, two that stand together do. */
static int
collect_connected(const struct weir_at *at, struct weir_router_read *read)
{
	struct weir_connected *connected;
	uint32_t n = 0;

	for (uint32_t i = 0; i < read->router->n_ifaces; i++)
		n += read->ifaces[i].n_addresses;
	read->connected = connected = calloc(n + 1, sizeof(*connected));
	if (connected == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	for (uint32_t i = 0; i < read->router->n_ifaces; i++) {
		const struct weir_cfg_router_iface *iface = &read->ifaces[i];

		for (uint32_t k = 0; k < iface->n_addresses; k++)
			connected[read->n_connected++] = (struct weir_connected){.prefix = iface->addresses[k],
			    .first = weir_prefix_first(&iface->addresses[k]),
			    .iface = i,
			    .index = k};
	}
	qsort(connected, n, sizeof(*connected), compare_connected);
	for (uint32_t i = 1; i < n; i++)
		if (weir_prefix_contains(&connected[i - 1].prefix, &connected[i].first))
			return refuse_overlap(at, read, &connected[i - 1], &connected[i]);
	return 0;
}

const struct weir_connected *
weir_find_connected(const struct weir_router_read *read, const struct weir_ip *ip)
{
	uint32_t from = 0, to = read->n_connected;

	/* As they do not overlap, it is the last that does not begin behind the address. */
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (compare_ips(&read->connected[middle].first, ip) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == 0 || !weir_prefix_contains(&read->connected[from - 1].prefix, ip))
		return NULL;
	return &read->connected[from - 1];
}

static int
read_ifaces(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_router_read *read = out;
	struct weir_cfg_router *router = read->router;
	cJSON **items;
	size_t n;
	int rc = 0;

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	items = weir_json_sorted(json, &n);
	if (items == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	router->ifaces = read->ifaces = calloc(n + 1, sizeof(*read->ifaces));
	if (read->ifaces == NULL) {
		free(items);
		return weir_at_err(at, ENOMEM, "no memory");
	}
	if (n > WEIR_CFG_ROUTER_IFACES_MAX)
		rc = weir_at_err(at, E2BIG, "%zu interfaces: at most %u are allowed", n, WEIR_CFG_ROUTER_IFACES_MAX);
	/* The switches stand in order of their names too. */
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct weir_at here = weir_at_key(at, items[i]->string);

		router->n_ifaces++;
		rc = read_iface(&here, items[i], read, (uint32_t)i);
	}
	free(items);
	return rc == 0 ? collect_connected(at, read) : rc;
}

int
weir_read_router(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i)
{
	static const struct weir_field fields[] = {
	    {.key = "interfaces", .read = read_ifaces},
	    {.key = "routes", .read = weir_read_routes},
	};
	struct weir_router_read router_read = {.tenant = read->tenant, .router = &read->routers[i]};
	int rc = weir_check_name(at, json->string);

	if (rc != 0)
		return rc;
	(void)snprintf(read->routers[i].name, sizeof(read->routers[i].name), "%s", json->string);
	rc = weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &router_read);
	free(router_read.connected);
	return rc;
}

void
weir_clear_router(const struct weir_cfg_router *router)
{
	for (uint32_t i = 0; i < router->n_ifaces; i++)
		weir_free_const(router->ifaces[i].addresses);
	weir_free_const(router->ifaces);
	weir_free_const(router->routes);
}
