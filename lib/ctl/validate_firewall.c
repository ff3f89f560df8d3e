/* SPDX-License-Identifier: BSD-3-Clause */
/* A tenant's firewalls. One may have 10,000 rules: they are read in one walk. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

/* A firewall in the making. */
struct firewall_read {
	const struct weir_tenant_read *tenant;
	struct weir_cfg_firewall *firewall;
};

static uint64_t
one_or(uint32_t n)
{
	return n > 0 ? n : 1;
}

/* What a rule comes to, each combination of its addresses and ports written out. */
static uint64_t
combinations(const struct weir_fw_rule *rule)
{
	return one_or(rule->n_src) * one_or(rule->n_dst) * one_or(rule->n_sport) * one_or(rule->n_dport);
}

static int
read_rules(const struct weir_at *at, const cJSON *json, void *out)
{
	struct firewall_read *read = out;
	struct weir_fw_rule *rules;
	const cJSON *item;
	uint64_t sum = 0;
	uint32_t n;
	int rc = weir_read_array(at, json, WEIR_FW_RULES_MAX, &n);

	if (rc != 0)
		return rc;
	read->firewall->rules = rules = calloc(n + 1, sizeof(*rules));
	if (rules == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, read->firewall->n_rules);
		struct weir_fw_rule *rule = &rules[read->firewall->n_rules++];

		rc = weir_read_rule(&here, item, read->tenant, rule);
		if (rc != 0)
			return rc;
		/* At once, so that what is in memory stays in bounds too. */
		sum += combinations(rule);
		if (sum > WEIR_FW_EXPANDED_MAX)
			return weir_at_err(&here, E2BIG,
			    "%" PRIu64 " combinations of addresses and ports up to this rule: at most %u are allowed",
			    sum, WEIR_FW_EXPANDED_MAX);
	}
	return 0;
}

int
weir_read_firewall(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i)
{
	/* A firewall without rules lets nothing pass: whoever wants that says so. */
	static const struct weir_field fields[] = {
	    {.key = "rules", .read = read_rules, .required = true},
	};
	struct firewall_read firewall_read = {.tenant = read, .firewall = &read->firewalls[i]};
	int rc = weir_check_name(at, json->string);

	if (rc != 0)
		return rc;
	(void)snprintf(read->firewalls[i].name, sizeof(read->firewalls[i].name), "%s", json->string);
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &firewall_read);
}

void
weir_clear_firewall(const struct weir_cfg_firewall *firewall)
{
	for (uint32_t i = 0; i < firewall->n_rules; i++)
		weir_clear_rule(&firewall->rules[i]);
	weir_free_const(firewall->rules);
}

static int
compare_firewall(const void *name, const void *firewall)
{
	return strcmp(name, ((const struct weir_cfg_firewall *)firewall)->name);
}

int
weir_read_firewall_name(
    const struct weir_at *at, const cJSON *json, const struct weir_cfg_tenant *tenant, uint32_t *firewall)
{
	const struct weir_cfg_firewall *found = NULL;
	char name[WEIR_NAME_SIZE];
	int rc = weir_read_name(at, json, name);

	if (rc != 0)
		return rc;
	if (tenant->n_firewalls > 0)
		found = bsearch(name, tenant->firewalls, tenant->n_firewalls, sizeof(*found), compare_firewall);
	if (found == NULL)
		return weir_at_err(at, ENOENT, "the tenant has no firewall \"%s\"", name);
	*firewall = (uint32_t)(found - tenant->firewalls);
	return 0;
}
