/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_TOPO_PRIV_H
#define WEIR_TEST_TOPO_PRIV_H

#include <stdio.h>

#include "topo.h"

/* A tenant with random switches, vports, remotes and static MACs. */
void topo_add_tenant(struct topo *topo, uint32_t t, struct rng *rng);

/* ---- topo_router.c ---- */

/* Up to three routers on the tenant's switches. */
void topo_add_routers(struct topo_tenant *tenant, struct rng *rng);

/* Changes one of a tenant's routers, adds or removes one. Returns what it did, for people. */
const char *topo_change_router(struct topo_tenant *tenant, struct rng *rng);

/* The switch goes: routers have no interface there any more, and no route that needs it. */
void topo_leave_switch(struct topo_tenant *tenant, uint32_t s);

/* ---- topo_firewall.c ---- */

/* Sets and firewalls, attached here and there. */
void topo_add_firewalls(struct topo_tenant *tenant, struct rng *rng);

/* Changes a rule, a set, what is attached, the quota. Returns what it did, for people. */
const char *topo_change_firewall(struct topo_tenant *tenant, struct rng *rng);

/* ---- topo_json_firewall.c: members of an object that has others before them ---- */

void topo_write_attached(FILE *out, uint32_t firewall, uint32_t before);
void topo_write_connections(FILE *out, const struct topo_tenant *tenant, const struct topo_tenant *before);
void topo_write_firewalls(FILE *out, const struct topo_tenant *tenant, const struct topo_tenant *before);

#endif
