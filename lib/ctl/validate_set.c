/* SPDX-License-Identifier: BSD-3-Clause */
/* What rules of firewalls say of addresses: prefixes, and sets of them, which are written out in the rules. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

/* Prefixes in the making. */
struct list {
	const struct weir_tenant_read *tenant;
	struct weir_prefix *prefixes;
	uint32_t n, cap;
};

static int
compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_prefix));
}

/* In order, each once. Returns how many are left. */
static uint32_t
sort_prefixes(struct weir_prefix *prefixes, uint32_t n)
{
	uint32_t left = 0;

	qsort(prefixes, n, sizeof(*prefixes), compare_prefixes);
	for (uint32_t i = 0; i < n; i++)
		if (left == 0 || compare_prefixes(&prefixes[left - 1], &prefixes[i]) != 0)
			prefixes[left++] = prefixes[i];
	return left;
}

/* Any address and prefix: rules are about multicast and broadcast too. */
static int
parse_prefix(const struct weir_at *at, const cJSON *json, const char *allowed, struct weir_prefix *prefix)
{
	if (!cJSON_IsString(json))
		return weir_refuse(at, EINVAL, allowed, json);
	prefix->len = 128;
	if (weir_ip_parse(json->valuestring, &prefix->ip) == 0)
		return 0;
	if (weir_prefix_parse(json->valuestring, prefix) != 0)
		return weir_refuse(at, EINVAL, allowed, json);
	return weir_check_network(at, prefix);
}

int
weir_read_set(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i)
{
	struct weir_set *set = &read->sets[i];
	int rc = weir_check_name(at, json->string);
	const cJSON *item;
	uint32_t n;

	if (rc == 0)
		rc = weir_read_array(at, json, WEIR_CFG_SET_MAX, &n);
	if (rc != 0)
		return rc;
	if (n == 0)
		return weir_at_err(at, EINVAL, "must hold an address or a prefix");
	(void)snprintf(set->name, sizeof(set->name), "%s", json->string);
	set->prefixes = calloc(n, sizeof(*set->prefixes));
	if (set->prefixes == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, set->n);

		rc = parse_prefix(&here, item, "an address or a prefix such as \"192.0.2.1\" or \"2001:db8::/64\"",
		    &set->prefixes[set->n++]);
		if (rc != 0)
			return rc;
	}
	set->n = sort_prefixes(set->prefixes, set->n);
	return 0;
}

void
weir_clear_set(const struct weir_set *set)
{
	free(set->prefixes);
}

static int
compare_set(const void *name, const void *set)
{
	return strcmp(name, ((const struct weir_set *)set)->name);
}

static int
append(const struct weir_at *at, struct list *list, const struct weir_prefix *prefixes, uint32_t n)
{
	uint32_t cap = list->n + n > 2 * list->cap ? list->n + n : 2 * list->cap;

	if (list->n + n > list->cap) {
		struct weir_prefix *bigger = realloc(list->prefixes, cap * sizeof(*bigger));

		if (bigger == NULL)
			return weir_at_err(at, ENOMEM, "no memory");
		list->prefixes = bigger;
		list->cap = cap;
	}
	memcpy(&list->prefixes[list->n], prefixes, n * sizeof(*prefixes));
	list->n += n;
	return 0;
}

static int
read_entry(const struct weir_at *at, const cJSON *json, void *out)
{
	struct list *list = out;
	const struct weir_set *set = NULL;
	struct weir_prefix prefix;
	int rc;

	if (!cJSON_IsString(json) || json->valuestring[0] != '@') {
		rc = parse_prefix(
		    at, json, "an address, a prefix or a set, such as \"192.0.2.0/24\" or \"@admins\"", &prefix);
		return rc == 0 ? append(at, list, &prefix, 1) : rc;
	}
	if (!weir_name_ok(json->valuestring + 1))
		return weir_refuse(at, EINVAL, "the name of a set behind its \"@\"", json);
	if (list->tenant->n_sets > 0)
		set = bsearch(
		    json->valuestring + 1, list->tenant->sets, list->tenant->n_sets, sizeof(*set), compare_set);
	if (set == NULL)
		return weir_at_err(at, ENOENT, "the tenant has no set \"%s\"", json->valuestring + 1);
	return append(at, list, set->prefixes, set->n);
}

int
weir_read_prefixes(const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read,
    const struct weir_prefix **prefixes, uint32_t *n)
{
	struct list list = {.tenant = read};
	int rc = weir_read_some(at, json, WEIR_CFG_RULE_ADDRESSES_MAX, read_entry, &list);

	*prefixes = list.prefixes;
	*n = rc == 0 ? sort_prefixes(list.prefixes, list.n) : 0;
	return rc;
}
