/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_VALIDATE_TENANT_PRIV_H
#define WEIR_VALIDATE_TENANT_PRIV_H

#include "validate_priv.h"

/* Addresses and prefixes that rules name as one; in order, none twice. Only there while the tenant is read. */
struct weir_set {
	char name[WEIR_NAME_SIZE];
	uint32_t n;
	struct weir_prefix *prefixes;
};

/* A tenant in the making. */
struct weir_tenant_read {
	struct weir_cfg_tenant *tenant;
	struct weir_cfg_switch *switches;    /* the tenant's */
	struct weir_cfg_vport *vports;	     /* the tenant's */
	struct weir_cfg_router *routers;     /* the tenant's */
	struct weir_cfg_firewall *firewalls; /* the tenant's */
	struct weir_set *sets;		     /* in order of their names */
	uint32_t n_sets;
	const cJSON **macs; /* of each switch, or NULL: read when the vports are known */
	const cJSON *routers_json;
};

/* Static MACs of all switches, and that no two claims of one switch contradict each other. */
int weir_read_macs(const struct weir_at *at, struct weir_tenant_read *read);

/* Member i of "routers", once the switches are known. What it allocates, weir_clear_router() frees, also after a
 * failure.
 */
int weir_read_router(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i);
void weir_clear_router(const struct weir_cfg_router *router);

/* That what routers are on a switch, nobody else is there. After weir_read_macs(). */
int weir_check_routers(const struct weir_at *at, const struct weir_tenant_read *read);

/* Member i of "sets". What it allocates, weir_clear_set() frees, also after a failure. */
int weir_read_set(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i);
void weir_clear_set(const struct weir_set *set);

/* Member i of "firewalls", once the sets are known; weir_clear_firewall() as weir_clear_router(). */
int weir_read_firewall(const struct weir_at *at, const cJSON *json, struct weir_tenant_read *read, uint32_t i);
void weir_clear_firewall(const struct weir_cfg_firewall *firewall);

/* One rule of a firewall; what it allocates, weir_clear_rule() frees, also after a failure. */
int weir_read_rule(
    const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read, struct weir_fw_rule *rule);
void weir_clear_rule(const struct weir_fw_rule *rule);

/*
 * A rule's addresses: one, a prefix, "@SET", or an array of these. *prefixes is allocated, also after a failure, and
 * in order, none twice.
 */
int weir_read_prefixes(const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read,
    const struct weir_prefix **prefixes, uint32_t *n);

/* The name of a firewall, once those are known: its index into the tenant's. */
int weir_read_firewall_name(
    const struct weir_at *at, const cJSON *json, const struct weir_cfg_tenant *tenant, uint32_t *firewall);

/* That the guarantees of its vports come to one of the tenant, and fit what it has. */
int weir_check_guarantee(const struct weir_at *at, const struct weir_cfg_tenant *tenant);

/* Index by name, or WEIR_NONE. */
uint32_t weir_find_switch(const struct weir_cfg_tenant *tenant, const char *name);
uint32_t weir_find_vport(const struct weir_cfg_tenant *tenant, const char *name);

bool weir_tenant_equal(const void *a, const void *b);

#endif
