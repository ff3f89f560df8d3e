/* SPDX-License-Identifier: BSD-3-Clause */
/* What has to fit over the whole gateway, asked only of what a change touches and of the indices. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

static bool
has_port(const struct weir_draft *draft, const char *name)
{
	return weir_snap_find(draft->next, WEIR_SECTION_PORTS, name) != NULL;
}

static int
no_port(struct weir_draft *draft, const char *path, const char *port)
{
	return weir_err(draft->err, ENOENT, path, "there is no port \"%s\"", port);
}

/* Ports that are no more must not be missed by what is not touched. */
static int
check_removed_ports(struct weir_draft *draft)
{
	const struct weir_touches *touches = &draft->touches[WEIR_SECTION_PORTS];

	for (size_t i = 0; i < touches->n; i++) {
		const char *name;

		if (touches->touch[i].after != NULL)
			continue;
		name = weir_elem_name(touches->touch[i].before);
		if (weir_map_find(&draft->next->index.users, name, strlen(name)) != NULL)
			return weir_refuse_port(draft, name);
	}
	return 0;
}

/* An address of an underlay, for the search of overlaps. */
struct connected {
	const struct weir_cfg_underlay *underlay;
	struct weir_prefix prefix;
	struct weir_ip first;
	uint32_t index;
};

static int
compare_connected(const void *a, const void *b)
{
	const struct connected *x = a, *y = b;
	int rc = memcmp(&x->first, &y->first, sizeof(x->first));

	/* IPv4 prefixes stand among IPv6 ones by their bytes, and could hide that those overlap. */
	if (weir_ip_is_v4(&x->first) != weir_ip_is_v4(&y->first))
		return weir_ip_is_v4(&x->first) ? -1 : 1;
	return rc != 0 ? rc : x->prefix.len - y->prefix.len;
}

static int
refuse_overlap(struct weir_draft *draft, const struct connected *a, const struct connected *b)
{
	char path[64], ip[46];
	uint32_t len = b->prefix.len - (weir_ip_is_v4(&b->prefix.ip) ? 96u : 0u);

	(void)snprintf(path, sizeof(path), "/underlay/%s/address/%u", a->underlay->port, a->index);
	(void)weir_ip_format(&b->prefix.ip, ip, sizeof(ip));
	if (weir_ip_equal(&a->prefix.ip, &b->prefix.ip))
		return weir_err(
		    draft->err, EEXIST, path, "underlay \"%s\" has the address %s too", b->underlay->port, ip);
	return weir_err(draft->err, EEXIST, path,
	    "overlaps %s/%u of underlay \"%s\": a neighbour there could be on either port", ip, len,
	    b->underlay->port);
}

/* Sorted, a prefix stands before those within it: comparing each with the widest open one finds every overlap. */
static int
find_overlap(struct weir_draft *draft, struct connected *all, size_t n)
{
	const struct connected *widest = NULL;

	qsort(all, n, sizeof(*all), compare_connected);
	for (size_t i = 0; i < n; i++) {
		if (widest == NULL || !weir_prefix_contains(&widest->prefix, &all[i].prefix.ip))
			widest = &all[i];
		else if (widest->underlay != all[i].underlay)
			return refuse_overlap(draft, &all[i], widest);
	}
	return 0;
}

static int
check_overlaps(struct weir_draft *draft)
{
	size_t n_elems, total = 0, n = 0;
	const struct weir_elem **elems = weir_snap_list(draft->next, WEIR_SECTION_UNDERLAY, &n_elems);
	struct connected *all = NULL;
	int rc;

	for (size_t i = 0; elems != NULL && i < n_elems; i++)
		total += ((const struct weir_cfg_underlay *)weir_elem_cfg(elems[i]))->n_addresses;
	if (elems != NULL)
		all = calloc(total + 1, sizeof(*all));
	for (size_t i = 0; all != NULL && i < n_elems; i++) {
		const struct weir_cfg_underlay *underlay = weir_elem_cfg(elems[i]);

		for (uint32_t k = 0; k < underlay->n_addresses; k++)
			all[n++] = (struct connected){.underlay = underlay,
			    .prefix = underlay->addresses[k],
			    .first = weir_prefix_first(&underlay->addresses[k]),
			    .index = k};
	}
	rc = all != NULL ? find_overlap(draft, all, n)
			 : weir_err(draft->err, ENOMEM, "", "no memory for the configuration");
	free(all);
	free(elems);
	return rc;
}

static const char *
own_address(const struct weir_ip *ip, const void *arg)
{
	const struct weir_snap *snap = arg;

	if (weir_map_find(&snap->index.own, ip, sizeof(*ip)) == NULL)
		return NULL;
	return "is an underlay's own address, or no host's in a prefix of an underlay";
}

static bool
is_remote(const struct weir_snap *snap, const struct weir_ip *ip)
{
	return weir_map_find(&snap->index.remotes, ip, sizeof(*ip)) != NULL;
}

static int
check_underlay(struct weir_draft *draft, const struct weir_cfg_underlay *underlay)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/underlay/%s", underlay->port);
	if (!has_port(draft, underlay->port))
		return no_port(draft, path, underlay->port);
	for (uint32_t i = 0; i < underlay->n_addresses; i++) {
		const struct weir_prefix *prefix = &underlay->addresses[i];
		struct weir_ip first = weir_prefix_first(prefix), last = weir_prefix_last(prefix);

		if (is_remote(draft->next, &prefix->ip) ||
		    (weir_prefix_is_edge(prefix, &first) && is_remote(draft->next, &first)) ||
		    (weir_prefix_is_edge(prefix, &last) && is_remote(draft->next, &last)))
			return weir_refuse_remote(draft, own_address, draft->next);
	}
	return 0;
}

static int
check_tenant(struct weir_draft *draft, const struct weir_cfg_tenant *tenant)
{
	char path[128];

	for (uint32_t i = 0; i < tenant->n_switches; i++) {
		const struct weir_cfg_switch *sw = &tenant->switches[i];

		for (uint32_t k = 0; k < sw->n_remotes; k++)
			if (own_address(&sw->remotes[k], draft->next) != NULL)
				return weir_refuse_remote(draft, own_address, draft->next);
	}
	for (uint32_t i = 0; i < tenant->n_vports; i++) {
		const struct weir_cfg_vport *vport = &tenant->vports[i];

		/* Vports of one port often stand together. */
		if (i > 0 && strcmp(vport->port, tenant->vports[i - 1].port) == 0)
			continue;
		(void)snprintf(path, sizeof(path), "/tenants/%s/vports/%s/port", tenant->name, vport->name);
		if (!has_port(draft, vport->port))
			return no_port(draft, path, vport->port);
	}
	return 0;
}

static const char *
no_family(const struct weir_ip *ip, const void *arg)
{
	const struct weir_index *index = arg;

	if (index->n_own[weir_ip_is_v4(ip)] > 0)
		return NULL;
	return weir_ip_is_v4(ip) ? "no underlay has an IPv4 address" : "no underlay has an IPv6 address";
}

static int
check_families(struct weir_draft *draft)
{
	const struct weir_index *index = &draft->next->index;

	for (int v4 = 0; v4 < 2; v4++)
		if (index->n_remotes[v4] > 0 && index->n_own[v4] == 0)
			return weir_refuse_remote(draft, no_family, index);
	return 0;
}

int
weir_index_check(struct weir_draft *draft)
{
	const struct weir_touches *underlays = &draft->touches[WEIR_SECTION_UNDERLAY];
	const struct weir_touches *tenants = &draft->touches[WEIR_SECTION_TENANTS];
	int rc = check_removed_ports(draft);

	if (rc == 0 && underlays->n > 0)
		rc = check_overlaps(draft);
	for (size_t i = 0; i < underlays->n && rc == 0; i++)
		if (underlays->touch[i].after != NULL)
			rc = check_underlay(draft, weir_elem_cfg(underlays->touch[i].after));
	for (size_t i = 0; i < tenants->n && rc == 0; i++)
		if (tenants->touch[i].after != NULL)
			rc = check_tenant(draft, weir_elem_cfg(tenants->touch[i].after));
	return rc == 0 ? check_families(draft) : rc;
}
