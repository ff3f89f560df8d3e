/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant's firewalls. What is compiled is kept from version to version while the rules stay the same; where they
 * change, a rule that was there before keeps its id, and so its counters, wherever it stands now.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

static const struct live_firewall *
find_firewall(const struct live_tenant *live, const char *name)
{
	for (uint32_t f = 0; live != NULL && f < live->cfg->n_firewalls; f++)
		if (strcmp(live->cfg->firewalls[f].name, name) == 0)
			return &live->firewalls[f];
	return NULL;
}

uint32_t
tenant_filter(const struct live_tenant *live, uint32_t firewall)
{
	return firewall == WEIR_NONE ? 0 : live->firewalls[firewall].filter->id + 1;
}

/* ---- which rules stay ---- */

/* A rule of the former version, by a hash of what it says. */
struct former {
	uint64_t hash;
	uint32_t index;
};

static uint64_t
mix(uint64_t hash, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* FNV-1a. Alike rules have the same. */
static uint64_t
rule_hash(const struct weir_fw_rule *rule)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const uint32_t head[] = {rule->action, rule->directions, rule->state, rule->proto, rule->flags_set,
	    rule->flags_clear, rule->n_src, rule->n_dst, rule->n_sport, rule->n_dport, rule->n_type};

	hash = mix(hash, head, sizeof(head));
	for (uint32_t i = 0; i < rule->n_src; i++)
		hash = mix(hash, &rule->src[i].ip, sizeof(rule->src[i].ip));
	for (uint32_t i = 0; i < rule->n_dst; i++)
		hash = mix(hash, &rule->dst[i].ip, sizeof(rule->dst[i].ip));
	hash = mix(hash, rule->sport, rule->n_sport * sizeof(*rule->sport));
	hash = mix(hash, rule->dport, rule->n_dport * sizeof(*rule->dport));
	return mix(hash, rule->type, rule->n_type * sizeof(*rule->type));
}

/* By hash, and alike ones in their order. */
static int
compare_former(const void *a, const void *b)
{
	const struct former *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* The first of those with this hash. */
static uint32_t
first_former(const struct former *former, uint32_t n, uint64_t hash)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (former[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The id of the former rule that is alike and not taken yet, which is then; WEIR_NONE: there is none. */
static uint32_t
take_former(struct former *former, const struct live_firewall *old, const struct weir_fw_rule *rule)
{
	uint64_t hash = rule_hash(rule);

	for (uint32_t i = first_former(former, old->cfg->n_rules, hash);
	     i < old->cfg->n_rules && former[i].hash == hash; i++) {
		uint32_t index = former[i].index;

		if (index == WEIR_NONE || !weir_rules_alike(&old->cfg->rules[index], rule))
			continue;
		former[i].index = WEIR_NONE;
		return old->rules[index];
	}
	return WEIR_NONE;
}

/* Ids of the rules: `kept[i]` says that it is the former version's. */
static int
number_rules(
    struct weir_gateway *gateway, const struct live_firewall *old, struct live_firewall *live, struct weir_err *err)
{
	uint32_t n_former = old == NULL ? 0 : old->cfg->n_rules;
	struct former *former = calloc(n_former + 1, sizeof(*former));
	int rc = 0;

	if (former == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	for (uint32_t i = 0; i < n_former; i++)
		former[i] = (struct former){rule_hash(&old->cfg->rules[i]), i};
	if (n_former > 0)
		qsort(former, n_former, sizeof(*former), compare_former);
	for (uint32_t i = 0; i < live->cfg->n_rules && rc == 0; i++) {
		uint32_t id = n_former == 0 ? WEIR_NONE : take_former(former, old, &live->cfg->rules[i]);

		live->kept[i] = id != WEIR_NONE;
		live->rules[i] = id != WEIR_NONE ? id : weir_idpool_get(gateway->rule_pool);
		if (live->rules[i] == WEIR_NONE)
			rc = weir_err(err, ENOSPC, "", "more than %u rules of firewalls", WEIR_RULES_MAX);
		else
			live->n_numbered++;
	}
	free(former);
	return rc;
}

/* ---- building ---- */

static int
compile(
    struct weir_gateway *gateway, const struct live_firewall *old, struct live_firewall *live, struct weir_err *err)
{
	uint32_t n = live->cfg->n_rules;
	int rc;

	live->filter->rules = live->rules = calloc(n + 1, sizeof(*live->rules));
	live->kept = calloc(n + 1, sizeof(*live->kept));
	if (live->rules == NULL || live->kept == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	rc = number_rules(gateway, old, live, err);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < n; i++)
		live->filter->by_flags |= (live->cfg->rules[i].flags_set | live->cfg->rules[i].flags_clear) != 0;
	live->filter->fw = weir_fw_create(live->cfg->rules, n, err);
	return live->filter->fw != NULL ? 0 : -err->errnum;
}

static int
build_firewall(
    struct weir_gateway *gateway, const struct live_tenant *before, struct live_firewall *live, struct weir_err *err)
{
	const struct live_firewall *old = find_firewall(before, live->cfg->name);

	if (old != NULL && weir_firewall_same(old->cfg, live->cfg)) {
		live->filter = old->filter;
		live->rules = old->rules;
		live->n_numbered = old->n_numbered;
		live->shared = true;
		return 0;
	}
	live->filter = calloc(1, sizeof(*live->filter));
	if (live->filter == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	live->filter->id = old != NULL ? old->filter->id : weir_idpool_get(gateway->filter_pool);
	if (live->filter->id == WEIR_NONE)
		return weir_err(err, ENOSPC, "", "more than %u firewalls", WEIR_FILTERS_MAX);
	return compile(gateway, old, live, err);
}

int
tenant_firewalls_build(
    struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *live, struct weir_err *err)
{
	int rc = 0;

	for (uint32_t f = 0; f < live->cfg->n_firewalls; f++)
		live->firewalls[f].cfg = &live->cfg->firewalls[f];
	for (uint32_t f = 0; f < live->cfg->n_firewalls && rc == 0; f++)
		rc = build_firewall(gateway, before, &live->firewalls[f], err);
	return rc;
}

/* ---- publishing ---- */

void
tenant_firewalls_enter(struct weir_gateway *gateway, const struct live_tenant *after)
{
	struct weir_vnet *vnet = gateway->vnet;

	for (uint32_t f = 0; f < after->cfg->n_firewalls; f++) {
		struct weir_filter *filter = after->firewalls[f].filter;

		if (after->firewalls[f].shared)
			continue;
		__atomic_store_n(&vnet->filters[filter->id], filter, __ATOMIC_RELEASE);
		(void)__atomic_fetch_add(&vnet->filter_gen[filter->id], 1, __ATOMIC_RELEASE);
	}
}

void
tenant_firewalls_leave(
    struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after)
{
	for (uint32_t f = 0; f < before->cfg->n_firewalls; f++)
		if (find_firewall(after, before->cfg->firewalls[f].name) == NULL)
			__atomic_store_n(
			    &gateway->vnet->filters[before->firewalls[f].filter->id], NULL, __ATOMIC_RELEASE);
}

/* ---- what one version has and the other has not ---- */

/* Ids that only `from` has. Of a published version the other one marks which of them it kept. */
static void
drop_rules(
    struct weir_gateway *gateway, const struct live_firewall *from, const struct live_firewall *keep, bool published)
{
	if (!published) {
		for (uint32_t i = 0; i < from->n_numbered; i++)
			if (!from->kept[i])
				weir_idpool_put(gateway->rule_pool, from->rules[i]);
		return;
	}
	for (uint32_t i = 0; keep != NULL && i < keep->n_numbered; i++)
		gateway->rule_marks[keep->rules[i]] = true;
	for (uint32_t i = 0; i < from->n_numbered; i++)
		if (!gateway->rule_marks[from->rules[i]])
			gateway->rules_gone[gateway->n_rules_gone++] = from->rules[i];
	for (uint32_t i = 0; keep != NULL && i < keep->n_numbered; i++)
		gateway->rule_marks[keep->rules[i]] = false;
}

void
tenant_firewalls_drop(
    struct weir_gateway *gateway, struct live_tenant *from, const struct live_tenant *keep, bool published)
{
	for (uint32_t f = 0; f < from->cfg->n_firewalls; f++) {
		struct live_firewall *live = &from->firewalls[f];
		const struct live_firewall *kept = find_firewall(keep, from->cfg->firewalls[f].name);

		if (live->filter != NULL && (kept == NULL || kept->filter != live->filter)) {
			if (live->filter->id != WEIR_NONE)
				drop_rules(gateway, live, kept, published);
			if (kept == NULL && live->filter->id != WEIR_NONE)
				weir_idpool_put(gateway->filter_pool, live->filter->id);
			weir_fw_free(live->filter->fw);
			free(live->rules);
			free(live->filter);
		}
		free(live->kept);
	}
}

void
rules_collect(struct weir_gateway *gateway)
{
	while (gateway->n_rules_gone > 0) {
		uint32_t id = gateway->rules_gone[--gateway->n_rules_gone];

		weir_counters_forget_passed(gateway->counters, WEIR_PASSED_RULE, id);
		weir_idpool_put(gateway->rule_pool, id);
	}
}
