/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the indices of the next snapshot in step with its elements. What an element claims (its VNIs, places, ...) is
 * first taken back for all that is touched, as it was, then entered, as it will be: so two elements of one change may
 * exchange what they have. Claims that are the same before and after are left alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model_priv.h"

size_t
weir_place_key(const char *port, uint32_t vlan, char key[WEIR_PLACE_KEY_MAX])
{
	uint16_t tag = vlan == WEIR_NONE ? 0 : (uint16_t)vlan;
	size_t len;

	for (len = 0; port[len] != '\0'; len++)
		key[len] = port[len];
	memcpy(key + len, &tag, sizeof(tag));
	return len + sizeof(tag);
}

const char *
weir_device_of(const struct weir_cfg_port *port, size_t *len)
{
	const char *name = port->device != NULL ? port->device : port->devargs;

	*len = strcspn(name, ",");
	return name;
}

static int
no_memory(struct weir_draft *draft)
{
	return weir_err(draft->err, ENOMEM, "", "no memory for the configuration");
}

/* Enters (delta 1) or takes back (-1) a claim. *taken: someone else has it too. */
static int
claim(struct weir_draft *draft, struct weir_map *map, const void *key, size_t len, int64_t delta, bool *taken)
{
	uint64_t users;

	*taken = false;
	if (weir_map_count(map, key, len, delta, &users) != 0)
		return no_memory(draft);
	*taken = delta > 0 && users > 1;
	return 0;
}

static int
claim_place(struct weir_draft *draft, const char *path, const char *port, uint32_t vlan, int64_t delta)
{
	struct weir_index *index = &draft->next->index;
	char key[WEIR_PLACE_KEY_MAX];
	bool taken, shared;
	int rc = claim(draft, &index->places, key, weir_place_key(port, vlan, key), delta, &taken);

	if (rc == 0 && taken)
		rc = weir_refuse_place(draft, path, port, vlan);
	/* Many may use one port. */
	return rc == 0 ? claim(draft, &index->users, port, strlen(port), delta, &shared) : rc;
}

static int
claim_remote(struct weir_draft *draft, const struct weir_ip *ip, int64_t delta)
{
	struct weir_index *index = &draft->next->index;
	bool shared;

	index->n_remotes[weir_ip_is_v4(ip)] += (uint64_t)delta;
	return claim(draft, &index->remotes, ip, sizeof(*ip), delta, &shared);
}

/* The remotes of `a` that `b` has not. Both are in order. */
static int
claim_remotes(
    struct weir_draft *draft, const struct weir_cfg_switch *a, const struct weir_cfg_switch *b, int64_t delta)
{
	uint32_t n = b != NULL ? b->n_remotes : 0, j = 0;
	int rc = 0;

	for (uint32_t i = 0; i < a->n_remotes && rc == 0; i++) {
		const struct weir_ip *ip = &a->remotes[i];

		while (j < n && memcmp(&b->remotes[j], ip, sizeof(*ip)) < 0)
			j++;
		if (j == n || !weir_ip_equal(&b->remotes[j], ip))
			rc = claim_remote(draft, ip, delta);
	}
	return rc;
}

static int
claim_switch(struct weir_draft *draft, const struct weir_cfg_tenant *tenant, const struct weir_cfg_switch *a,
    const struct weir_cfg_switch *b, int64_t delta)
{
	struct weir_index *index = &draft->next->index;
	char path[128];
	bool taken;
	int rc;

	if (a->vni != WEIR_NONE && (b == NULL || b->vni != a->vni)) {
		rc = claim(draft, &index->vnis, &a->vni, sizeof(a->vni), delta, &taken);
		if (rc != 0)
			return rc;
		(void)snprintf(path, sizeof(path), "/tenants/%s/switches/%s/vni", tenant->name, a->name);
		if (taken)
			return weir_refuse_vni(draft, path, a->vni);
	}
	return claim_remotes(draft, a, b, delta);
}

static int
claim_vport(struct weir_draft *draft, const struct weir_cfg_tenant *tenant, const struct weir_cfg_vport *a,
    const struct weir_cfg_vport *b, int64_t delta)
{
	char path[128];

	if (b != NULL && b->vlan == a->vlan && strcmp(b->port, a->port) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/tenants/%s/vports/%s/%s", tenant->name, a->name,
	    a->vlan != WEIR_NONE ? "vlan" : "port");
	return claim_place(draft, path, a->port, a->vlan, delta);
}

/* Routes are counted, whatever they say: they all have to fit. */
static int
claim_routes(struct weir_draft *draft, const struct weir_cfg_tenant *tenant, int64_t delta)
{
	uint64_t *sum = &draft->next->index.n_routes;
	char path[128];

	for (uint32_t i = 0; i < tenant->n_routers; i++) {
		const struct weir_cfg_router *router = &tenant->routers[i];

		*sum += (uint64_t)(delta * router->n_routes);
		if (delta < 0 || *sum <= WEIR_CFG_ROUTES_ALL_MAX)
			continue;
		(void)snprintf(path, sizeof(path), "/tenants/%s/routers/%s/routes", tenant->name, router->name);
		return weir_err(draft->err, E2BIG, path, "%llu routes in all up to these: at most %u are allowed",
		    (unsigned long long)*sum, WEIR_CFG_ROUTES_ALL_MAX);
	}
	return 0;
}

/* Walks tenant `a`'s claims, with what stands under the same name in `b` (may be NULL) beside them. */
static int
claim_tenant(
    struct weir_draft *draft, const struct weir_cfg_tenant *a, const struct weir_cfg_tenant *b, int64_t delta)
{
	uint32_t n_switches = b != NULL ? b->n_switches : 0, n_vports = b != NULL ? b->n_vports : 0;
	int rc = 0, order = 1;

	for (uint32_t i = 0, j = 0; i < a->n_switches && rc == 0; i++) {
		while (j < n_switches && (order = strcmp(b->switches[j].name, a->switches[i].name)) < 0)
			j++;
		rc = claim_switch(
		    draft, a, &a->switches[i], j < n_switches && order == 0 ? &b->switches[j] : NULL, delta);
	}
	for (uint32_t i = 0, j = 0; i < a->n_vports && rc == 0; i++) {
		while (j < n_vports && (order = strcmp(b->vports[j].name, a->vports[i].name)) < 0)
			j++;
		rc = claim_vport(draft, a, &a->vports[i], j < n_vports && order == 0 ? &b->vports[j] : NULL, delta);
	}
	return rc == 0 ? claim_routes(draft, a, delta) : rc;
}

/* An address that no remote can have. */
static int
claim_own(struct weir_draft *draft, const struct weir_ip *ip, int64_t delta)
{
	bool shared;

	return claim(draft, &draft->next->index.own, ip, sizeof(*ip), delta, &shared);
}

static int
claim_underlay(struct weir_draft *draft, const struct weir_cfg_underlay *underlay, int64_t delta)
{
	char path[64];
	int rc;

	(void)snprintf(path, sizeof(path), "/underlay/%s", underlay->port);
	rc = claim_place(draft, path, underlay->port, underlay->vlan, delta);
	for (uint32_t i = 0; i < underlay->n_addresses && rc == 0; i++) {
		const struct weir_prefix *prefix = &underlay->addresses[i];
		struct weir_ip first = weir_prefix_first(prefix), last = weir_prefix_last(prefix);

		draft->next->index.n_own[weir_ip_is_v4(&prefix->ip)] += (uint64_t)delta;
		rc = claim_own(draft, &prefix->ip, delta);
		if (rc == 0 && weir_prefix_is_edge(prefix, &first))
			rc = claim_own(draft, &first, delta);
		if (rc == 0 && weir_prefix_is_edge(prefix, &last))
			rc = claim_own(draft, &last, delta);
	}
	return rc;
}

static int
claim_port(struct weir_draft *draft, const struct weir_cfg_port *port, int64_t delta)
{
	size_t len;
	const char *device = weir_device_of(port, &len);
	bool taken;
	int rc = claim(draft, &draft->next->index.devices, device, len, delta, &taken);

	return rc == 0 && taken ? weir_refuse_device(draft, port) : rc;
}

static int
claim_elem(struct weir_draft *draft, enum weir_section section, const void *a, const void *b, int64_t delta)
{
	/* The same configuration claims the same. */
	if (a == NULL || a == b)
		return 0;
	if (section == WEIR_SECTION_PORTS)
		return claim_port(draft, a, delta);
	if (section == WEIR_SECTION_UNDERLAY)
		return claim_underlay(draft, a, delta);
	return section == WEIR_SECTION_TENANTS ? claim_tenant(draft, a, b, delta) : 0;
}

static int
claim_all(struct weir_draft *draft, int64_t delta)
{
	int rc = 0;

	for (enum weir_section s = 0; s < WEIR_SECTIONS; s++) {
		const struct weir_touches *touches = &draft->touches[s];

		for (size_t i = 0; i < touches->n && rc == 0; i++) {
			const void *before = draft->fresh ? NULL : weir_cfg_or_null(touches->touch[i].before);
			const void *after = weir_cfg_or_null(touches->touch[i].after);

			rc = delta > 0 ? claim_elem(draft, s, after, before, delta)
				       : claim_elem(draft, s, before, after, delta);
		}
	}
	return rc;
}

int
weir_index_update(struct weir_draft *draft)
{
	int rc = draft->fresh ? 0 : claim_all(draft, -1);

	return rc == 0 ? claim_all(draft, 1) : rc;
}
