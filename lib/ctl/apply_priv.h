/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a change of the configuration reaches the switch: prepare (may fail, undone without trace) -> durable ->
 * publish (cannot fail) -> wait until workers have let go of the old -> retire it.
 */
#ifndef WEIR_APPLY_PRIV_H
#define WEIR_APPLY_PRIV_H

#include "admission.h"
#include "gateway_priv.h"

/* One tenant from one version to the next; before or after NULL = added or removed. */
struct tenant_plan {
	struct live_tenant *before, *after;
};

struct underlay_plan {
	struct live_port *live;
	const struct weir_cfg_underlay *cfg;  /* NULL = removed */
	struct weir_underlay *before, *after; /* NULL = none, or its port is down */
	bool removed, added;
};

struct port_plan {
	struct live_port *live;		 /* NULL: to be added */
	const struct weir_cfg_port *cfg; /* NULL = removed */
	struct weir_cfg_port before;	 /* a changed one: as it was */
	bool added, changed;		 /* done already, to be undone should the rest fail: */
	bool new_mtu, reopened, taken_down;
};

struct plan {
	struct weir_gateway *gateway;
	const struct weir_change *change; /* NULL: nothing but ports that came up */
	struct weir_err *err;
	bool may_be_down; /* a port that cannot be opened is down, not an error */
	uint32_t n_tenants, n_underlays, n_ports;
	struct tenant_plan *tenants;
	struct underlay_plan *underlays;
	struct port_plan *ports;
	struct weir_poll_list *polls[WEIR_WORKERS_MAX]; /* to be published; then the old ones */
	bool new_polls;
	struct live_port *moved; /* without a change: the port that went up or down */
	struct weir_port *was;
	bool uplink[WEIR_PORTS_MAX]; /* by index: open ports that have an underlay then */
	uint32_t n_uplinks;
	struct weir_admission admission; /* without ports: nothing that is guaranteed changes */
	struct weir_locals *locals;	 /* to be published; then the old one */
	bool new_locals;
};

/* ---- apply_tenant.c ---- */

/* Builds `cfg` beside `before` (NULL: a new tenant), ids kept by name. NULL with plan->err. */
struct live_tenant *tenant_build(
    const struct plan *plan, const struct live_tenant *before, const struct weir_cfg_tenant *cfg);

/* Gives back what tenant_build() took for `after` and `before` does not have. */
void tenant_undo(struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *after);

/* Two steps, so that what one tenant gives up another may take: all tenants leave, then all enter. `mutex` held. */
void tenant_leave(struct weir_gateway *gateway, const struct tenant_plan *plan);
void tenant_enter(struct weir_gateway *gateway, const struct tenant_plan *plan);

/* Frees `before` and what only it had. Workers have let go of it. */
void tenant_retire(struct weir_gateway *gateway, const struct tenant_plan *plan);

/* Index of an element in a version of a tenant (NULL: none) by name, or WEIR_NONE; the object of a remote of a switch
 * with the name and tunnel of `like`, or NULL: by another tunnel it is another remote. */
uint32_t tenant_find_switch(const struct live_tenant *live, const char *name);
uint32_t tenant_find_vport(const struct live_tenant *live, const char *name);
const struct weir_iface *tenant_find_remote(
    const struct live_tenant *live, const struct weir_cfg_switch *like, const struct weir_ip *ip);

/* Entries that it has in the MAC table by configuration. */
uint32_t tenant_static_macs(const struct weir_cfg_tenant *cfg);

bool tenant_has_remotes(const struct weir_cfg_tenant *cfg);

/* An interface that only one version has. What a published one counted passes to the tenant, or to the gateway where
 * `keep` is NULL. */
void tenant_drop_iface(
    struct weir_gateway *gateway, const struct weir_iface *iface, const struct live_tenant *keep, bool published);

/* ---- apply_enter.c ---- */

void publish_static_mac(struct weir_gateway *gateway, const struct weir_switch *sw, const struct weir_mac *mac,
    uint32_t iface, uint32_t mark);

/* ---- apply_router.c: the routers' part of what apply_tenant.c and apply_enter.c do ---- */

const struct live_router *tenant_find_router(const struct live_tenant *live, const char *name); /* or NULL */
/* Its interface on a switch of this name, or NULL. */
const struct weir_iface *router_find_iface(
    const struct live_tenant *live, const struct live_router *router, const char *sw);
int tenant_routers_build(
    struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *live, struct weir_err *err);
void tenant_routers_leave(
    struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after);
void tenant_routers_enter(
    struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after);
void tenant_routers_macs(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t mark);
void tenant_routers_drop(
    struct weir_gateway *gateway, struct live_tenant *from, const struct live_tenant *keep, bool published);
/* What routes and rules that are gone have counted goes with them: no worker takes them any more. `mutex` held. */
void passed_collect(struct weir_gateway *gateway, uint64_t now);
/* Routes that `before` does not have. */
uint32_t tenant_routes_new(const struct live_tenant *before, const struct live_tenant *after);

/* ---- apply_firewall.c: the firewalls' part of it ---- */

/* As an interface has it, of a firewall by its index in the configuration; WEIR_NONE: none. */
uint32_t tenant_filter(const struct live_tenant *live, uint32_t firewall);
int tenant_firewalls_build(
    struct weir_gateway *gateway, const struct live_tenant *before, struct live_tenant *live, struct weir_err *err);
void tenant_firewalls_leave(
    struct weir_gateway *gateway, const struct live_tenant *before, const struct live_tenant *after);
void tenant_firewalls_enter(struct weir_gateway *gateway, const struct live_tenant *after);
void tenant_firewalls_drop(
    struct weir_gateway *gateway, struct live_tenant *from, const struct live_tenant *keep, bool published);
/* Their part of passed_collect(). */
void rules_collect(struct weir_gateway *gateway);

/* ---- apply_meter.c ---- */

/* Limits and promises, those of `before` (NULL: none) where they stay the same; of a vport, `at`: its index there,
 * or WEIR_NONE. False: no memory; what is there is for the caller to free. */
bool tenant_meters_build(const struct weir_gateway *gateway, const struct live_tenant *before,
    const struct weir_cfg_tenant *cfg, struct weir_tenant *tenant);
bool vport_meters_build(const struct weir_gateway *gateway, const struct live_tenant *before, uint32_t at,
    const struct weir_cfg_tenant *cfg, uint32_t v, struct weir_iface *iface);

/* Its shares, when its vports are built; an array for so many of them is there. False: no memory. */
uint32_t tenant_shares_max(const struct plan *plan, const struct weir_cfg_tenant *cfg);
bool tenant_shares_build(const struct plan *plan, const struct live_tenant *before, struct live_tenant *live);

/* What `keep` (NULL: nothing) does not have. */
void tenant_meters_free(const struct weir_tenant *from, const struct weir_tenant *keep);
void vport_meters_free(const struct weir_iface *from, const struct weir_iface *keep);

/* Levels of the former version's, which is in use until now, and weights. `mutex` held. */
void meters_renew(
    const struct weir_gateway *gateway, const struct live_tenant *after, const struct live_tenant *before);

/* ---- apply_port.c ---- */

/* Can this change only be made by opening the device anew? */
bool port_needs_reopen(const struct weir_cfg_port *before, const struct weir_cfg_port *after);

/* Opens, reopens or changes ports. 0 or -errno with plan->err; the caller undoes. Traffic of a port that has to be
 * opened anew stops here. */
int ports_prepare(struct plan *plan);
void ports_undo(struct plan *plan);
void ports_publish(struct plan *plan); /* `mutex` held */
void ports_retire(struct plan *plan);

/* Poll lists for the ports as the plan has them; to be swapped with the workers' and then freed. 0 or -ENOMEM. */
int polls_build(struct plan *plan);
void polls_swap(struct plan *plan);
void polls_free(struct plan *plan);

/* ---- port_live.c ---- */

/* A copy with text of its own, to be freed. 0 or -ENOMEM. */
int port_cfg_copy(struct weir_cfg_port *to, const struct weir_cfg_port *from);
void port_cfg_free(struct weir_cfg_port *cfg);

/* What views read of it from here on; the port owns it. Returns what it was, to be freed. */
struct weir_cfg_port port_cfg_swap(
    struct weir_gateway *gateway, struct live_port *live, const struct weir_cfg_port *cfg);

/* Into the list of live ports, out of it (`mutex` held), and what is left of one that is closed. */
void port_link(struct weir_gateway *gateway, struct live_port *live);
void port_unlink(struct weir_gateway *gateway, struct live_port *live);
void port_free(struct live_port *live);

/* Opens its device, published by nothing yet: -EIO or -ENOMEM with err / the opposite, of one that never was. */
int port_open(struct weir_gateway *gateway, struct live_port *live, struct weir_err *err);
void port_close(struct weir_gateway *gateway, struct live_port *live);

/* Publishes it. `mutex` held. */
void port_enter(struct weir_gateway *gateway, const struct live_port *live);
/* Closes `port`, which was published as `live` and which workers have let go of. */
void port_retire(struct weir_gateway *gateway, struct live_port *live, struct weir_port *port);

/* Opens a port that is down and publishes it and what is configured on it / the opposite. 0 or -errno with err,
 * nothing changed but the reason why it is down. */
int port_bring_up(struct weir_gateway *gateway, struct live_port *live, struct weir_err *err);
int port_take_down(struct weir_gateway *gateway, struct live_port *live, const char *why, struct weir_err *err);

/* ---- apply_admission.c ---- */

/*
 * What guarantees sum to on each port after a change (NULL: a port has moved). `opened`: its ports are, as far as
 * they can be; else the new ones are judged by their configuration. 0 or -ENOMEM with err; to be freed.
 */
int admission_sum(struct weir_gateway *gateway, const struct weir_change *change, bool opened,
    struct weir_admission *admission, struct weir_err *err);

/* Refuses what does not fit: -ENOSPC with err. *unknown: NULL, or where a new port is that may have the room. */
int admission_check(const struct weir_change *change, struct weir_admission *admission,
    const struct weir_admission_port **unknown, struct weir_err *err);

void admission_publish(struct plan *plan); /* `mutex` held */

/* Will the port have an underlay after this change? */
bool underlay_after(const struct weir_change *change, const struct live_port *live);

/* ---- apply_underlay.c ---- */

int underlays_prepare(struct plan *plan);
void underlays_undo(struct plan *plan);
void underlays_leave(struct plan *plan); /* `mutex` held */
void underlays_enter(struct plan *plan); /* `mutex` held */
void underlays_retire(struct plan *plan);

/* ---- apply.c ---- */

/*
 * Applies a change: `durable` (NULL: it is on disk already) is called between preparation and publication and may
 * still fail. Configuration thread, config_mutex held; model and store are the caller's.
 */
int apply(struct weir_gateway *gateway, const struct weir_change *change, bool may_be_down,
    int (*durable)(void *arg, struct weir_err *err), void *arg, struct weir_err *err);

/* Publishes everything on a port anew, after live->port has changed from `was`. 0 or -errno with err, nothing
 * changed. */
int apply_port_moved(
    struct weir_gateway *gateway, struct live_port *live, struct weir_port *was, struct weir_err *err);

/*
 * Interface ids. What a retired one counted goes to *tally with iface_ids_collect(); the id waits for a while before
 * it is used again, so that a late packet counts on nobody else.
 */
uint32_t iface_id_get(struct weir_gateway *gateway);	      /* WEIR_NONE: all are taken */
void iface_id_put(struct weir_gateway *gateway, uint32_t id); /* was never published */
void iface_id_retire(struct weir_gateway *gateway, uint32_t id, struct weir_tally *tally);
void iface_ids_collect(struct weir_gateway *gateway, uint64_t now); /* `mutex` held */

#endif
