/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_VALIDATE_ROUTER_PRIV_H
#define WEIR_VALIDATE_ROUTER_PRIV_H

#include "validate_tenant_priv.h"

/* A prefix of which an interface holds an address. */
struct weir_connected {
	struct weir_prefix prefix; /* as given: its address is the router's own */
	struct weir_ip first;
	uint32_t iface, index; /* of the router's interfaces; of the interface's addresses */
};

/* A router in the making. */
struct weir_router_read {
	const struct weir_cfg_tenant *tenant;
	struct weir_cfg_router *router;
	struct weir_cfg_router_iface *ifaces; /* the router's */
	struct weir_connected *connected;     /* of all its interfaces, in order of family and first address */
	uint32_t n_connected;
};

const char *weir_router_switch(const struct weir_router_read *read, uint32_t iface); /* its name */

/* What is connected and holds `ip`, or NULL. */
const struct weir_connected *weir_find_connected(const struct weir_router_read *read, const struct weir_ip *ip);

/* A router's routes, once its interfaces are known. `out`: the struct weir_router_read. */
int weir_read_routes(const struct weir_at *at, const cJSON *json, void *out);

#endif
