/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_VALIDATE_TENANT_PRIV_H
#define WEIR_VALIDATE_TENANT_PRIV_H

#include "validate_priv.h"

/* A tenant in the making. */
struct weir_tenant_read {
	struct weir_cfg_tenant *tenant;
	struct weir_cfg_switch *switches; /* the tenant's */
	struct weir_cfg_vport *vports;	  /* the tenant's */
	struct weir_cfg_router *routers;  /* the tenant's */
	const cJSON **macs;		  /* of each switch, or NULL: read when the vports are known */
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

/* That the guarantees of its vports come to one of the tenant, and fit what it has. */
int weir_check_guarantee(const struct weir_at *at, const struct weir_cfg_tenant *tenant);

/* Index by name, or WEIR_NONE. */
uint32_t weir_find_switch(const struct weir_cfg_tenant *tenant, const char *name);
uint32_t weir_find_vport(const struct weir_cfg_tenant *tenant, const char *name);

bool weir_tenant_equal(const void *a, const void *b);

#endif
