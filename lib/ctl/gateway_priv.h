/* SPDX-License-Identifier: BSD-3-Clause */
/* The gateway's parts, for the files that apply configurations to it and look at it. */
#ifndef WEIR_GATEWAY_PRIV_H
#define WEIR_GATEWAY_PRIV_H

#include <pthread.h>

#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>

#include "weir_counters.h"
#include "weir_gateway.h"
#include "weir_losses.h"
#include "weir_maint.h"
#include "weir_model.h"
#include "weir_neigh.h"
#include "weir_port.h"
#include "weir_receipt.h"
#include "weir_store.h"
#include "weir_vnet.h"
#include "weir_worker.h"

/* A configured port. */
#define WEIR_VTEPS_MAX 65536u /* remote gateways */

struct live_port {
	struct weir_cfg_port cfg;  /* strings are its own */
	struct weir_port *port;	   /* NULL = down */
	uint32_t iface;		   /* counts what belongs to no tenant; WEIR_NONE while down */
	char reason[600];	   /* why it is down */
	struct weir_iface *object; /* of `iface` */
	struct weir_port_map *map;
	bool has_underlay;
	uint32_t underlay;			      /* id */
	const struct weir_cfg_underlay *underlay_cfg; /* NULL = none */
	struct weir_underlay *underlay_object;	      /* NULL while the port is down */
	uint64_t guaranteed;			      /* bit/s that tenants are promised there */
	struct live_port *next;			      /* in order of creation */
};

/* A router as applied. Its interfaces stand parallel to cfg's. */
struct live_router {
	const struct weir_cfg_router *cfg;
	uint32_t id;
	struct weir_router *object;
	uint32_t n_ifaces; /* that are built */
	struct weir_iface *iface_objects;
	uint32_t n_routes; /* in order of prefix and length: configured ones, connected ones, its own addresses */
	struct live_route {
		struct weir_prefix prefix;
		struct weir_ways *ways;
		bool fresh;	/* the version before had no such ones */
		uint32_t index; /* when it is published; WEIR_NONE: it is not */
	} * routes;
};

/* One of a tenant's firewalls. */
struct live_firewall {
	const struct weir_cfg_firewall *cfg;
	struct weir_filter *filter;
	uint32_t *rules;     /* ids; n_numbered of them */
	uint32_t n_numbered; /* less than there are only if building failed */
	bool *kept;	     /* which of them the former version had; NULL if shared */
	bool shared;	     /* filter and rules are the former version's */
};

/* A tenant as applied: what the configuration calls something -> its ids. Switches, vports and remotes stand parallel
 * to cfg's arrays. */
struct live_tenant {
	const struct weir_cfg_tenant *cfg;
	struct weir_tenant *tenant;
	uint32_t *switches; /* ids */
	uint32_t *vports;   /* interface ids */
	uint32_t **remotes; /* [switch][remote]: interface ids */
	struct weir_switch *switch_objects;
	struct weir_iface *vport_objects;
	struct weir_iface **remote_objects; /* [switch] */
	struct live_router *routers;	    /* parallel to cfg's */
	struct live_firewall *firewalls;    /* so are these */
	/* What interfaces counted that it no longer has: remotes (WEIR_TO_UPLINK), vports (WEIR_TO_VPORT). */
	struct weir_tally *gone[WEIR_DIRECTIONS];
	/* Its former version, as long as workers may count on interfaces that it has no longer. */
	const struct live_tenant *leaving;
};

struct weir_gateway {
	uint32_t n_workers;
	const unsigned int *lcores; /* of the workers; NULL = driven by hand */
	uint64_t (*cycles)(void *arg);
	void *const *cycles_args;
	struct weir_clock *clock;
	uint64_t now; /* without a clock */

	/* One configuration call at a time: model, store, everything `live` for writing. */
	pthread_mutex_t config_mutex;
	/* Short: what views read (the directory below), and MAC tables. Nobody waits under it but for counters to be
	 * folded: a round of each worker. */
	pthread_mutex_t mutex;

	struct rte_mempool *pool;
	struct rte_rcu_qsbr *qsbr;
	struct weir_ports *ports;
	struct weir_neigh *neigh;
	struct weir_vnet *vnet;
	struct weir_macs *macs;
	struct weir_routes *routes;
	uint32_t *routes_gone, n_routes_gone; /* indices of removed ones, whose counts go; config_mutex */
	uint32_t *rules_gone, n_rules_gone;   /* ids of removed ones, so too; config_mutex */
	bool *rule_marks;		      /* by id; config_mutex */
	struct weir_hosts *hosts;
	struct weir_conns *conns; /* with the workers */
	struct weir_counters_set *counters;
	struct weir_worker **workers;
	struct weir_maint *maint;
	struct weir_losses *losses;	/* `mutex` */
	struct weir_receipts *receipts; /* `mutex` */
	uint64_t receipts_at;		/* when the next round of them is due; maintenance */
	uint32_t receipts_tenant;	/* id, whose turn it is in this one; 0 = it is over; maintenance */
	struct weir_model *model;
	struct weir_store *store; /* NULL = no state */

	/* The directory; `mutex`. */
	struct live_port *live_ports;
	struct rte_hash *tenant_ids;	   /* name -> tenant id */
	struct live_tenant **live_tenants; /* by tenant id, WEIR_TENANTS_MAX; NULL = free */
	uint32_t n_tenants, n_vports, n_switches, n_routers;
	uint32_t max_tenant, max_iface; /* above every id that was ever used */
	struct weir_tally gone;		/* what tenants and ports counted that are no more */
	struct weir_cfg_settings settings;
	uint64_t started; /* time */
	bool started_workers, started_maintenance, stop;
	pthread_t maintenance;
	uint64_t version; /* committed; config_mutex */
	char state_dir[256];

	/* Ids. config_mutex */
	struct weir_idpool *tenant_pool, *switch_pool, *router_pool, *filter_pool, *rule_pool, *iface_pool,
	    *underlay_pool;
	uint32_t serial;
	uint32_t static_mark; /* of the latest tenant published */
	struct retired {
		uint32_t id;
		uint64_t at;		     /* 0: its counts are not collected yet */
		struct weir_tally *tally;    /* where they go */
	} * retired;			     /* a ring */
	uint32_t retired_head, retired_tail; /* ever taken out, ever put in */
};

/* Makes workers and maintenance, whose tables these settings size, unless they are there. 0 or -ENOMEM with err. */
int gateway_ensure_workers(
    struct weir_gateway *gateway, const struct weir_cfg_settings *settings, struct weir_err *err);

/* Applies the empty configuration, before everything is freed. */
void gateway_clear(struct weir_gateway *gateway);

/* Makes these settings the ones in force. `mutex` held. */
void gateway_set_settings(struct weir_gateway *gateway, const struct weir_cfg_settings *settings);

/* The next of a second's receipts, if they are due. Maintenance thread, after its round. */
void gateway_take_receipts(struct weir_gateway *gateway, uint64_t now);

/* Keeps the losses that workers tell of. Maintenance thread, after its round. */
void gateway_take_losses(struct weir_gateway *gateway);

/* Time as workers have it, or virtual. */
uint64_t gateway_now(const struct weir_gateway *gateway);

/* The tenant with this name, or NULL. `mutex` held. */
struct live_tenant *gateway_tenant(struct weir_gateway *gateway, const char *name);
/* The port with this name, or NULL. `mutex` held. */
struct live_port *gateway_port(struct weir_gateway *gateway, const char *name);

#endif
