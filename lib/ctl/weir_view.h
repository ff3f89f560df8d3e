/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What there is to see of a running gateway, as plain data: statistics and listings, in pages.
 *
 * Any control thread, at any time. A view takes the gateway's directory and the counters for as long as it copies one
 * page; what it returns is the caller's own and refers to nothing inside. Counters are those of one cut, no older
 * than 10 ms; a conservation view makes its own cut.
 *
 * Listings: *cursor is where to begin (0 = at the start) and becomes where to go on, or WEIR_VIEW_END. A row says its
 * own position too, for a caller that has no room for all rows of a page. What is added or removed between two pages
 * may be missed, never what stands.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_counters.h"
#include "weir_flow.h"
#include "weir_gateway.h"
#include "weir_neigh.h"
#include "weir_port.h"
#include "weir_receipt.h"
#include "weir_worker.h"

#define WEIR_VIEW_END UINT64_MAX

/* "vport web1", "remote 2001:db8::2 on web", with "red/" before the names where tenants are mixed. */
#define WEIR_VIEW_PLACE_SIZE 128

/* ---- the gateway ---- */

struct weir_view_info {
	uint32_t workers, ports, tenants, vports, switches, routers;
	uint64_t uptime;  /* ns */
	uint64_t version; /* of the configuration */
	uint32_t max_ethdevs, max_ifaces, used_ifaces;
	uint32_t flow_slots, flows, macs;
	uint32_t connection_slots, connections;
	uint32_t mbufs, mbufs_free;
	char state_dir[256]; /* "" = keeps no state */
};

void weir_view_info(struct weir_gateway *gateway, struct weir_view_info *info);
uint64_t weir_view_version(const struct weir_gateway *gateway); /* of the configuration */

/* ---- ports ---- */

struct weir_view_port {
	uint64_t cursor;
	char name[WEIR_NAME_SIZE];
	char device[128];
	char reason[600]; /* why it is not open; "" = it is */
	bool up;
	uint32_t link_mbps; /* 0 = unknown */
	uint32_t mtu;
	uint32_t n_rxq, n_txq;
	uint64_t rate;	     /* bit/s that it carries: as configured, no more than its link; 0 = not known */
	uint64_t guaranteed; /* bit/s that tenants are promised there */
	uint64_t shortfall;  /* what of that it does not carry */
};

/* Up to n ports; returns how many. */
uint32_t weir_view_ports(struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_port rows[], uint32_t n);

/* One port: what its driver counts, and the packets that belong to weir itself. 0 or -ENOENT. */
struct weir_view_port_stats {
	struct weir_view_port port;
	struct weir_port_stats driver; /* zero while it is down */
	struct weir_tally own;
	uint64_t time; /* of the cut */
};
int weir_view_port(struct weir_gateway *gateway, const char *name, struct weir_view_port_stats *stats);

/* ---- tenants ---- */

struct weir_view_tenant {
	uint64_t cursor;
	char name[WEIR_NAME_SIZE];
	struct weir_rate limit, guarantee; /* its own guarantee, else the sum of its vports' */
	uint32_t weight;
	uint32_t n_vports;
	uint32_t flows, quota_flows, macs, quota_macs; /* without a quota of its own: that of all */
	uint32_t connections, quota_connections;
	uint64_t flows_refused, macs_refused;
	/* What left by its remotes and by its vports; both are in the sum. */
	struct {
		uint64_t packets, bytes;
	} to_uplink, to_vport;
	struct weir_count sum;
	struct weir_receipt receipt; /* of the last second; only what is promised if it was idle */
};

/* Up to n tenants; returns how many. *time: of the cut. */
uint32_t weir_view_tenants(
    struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_tenant rows[], uint32_t n, uint64_t *time);

/* One tenant, with its drops by reason. 0 or -ENOENT. */
int weir_view_tenant(struct weir_gateway *gateway, const char *name, struct weir_view_tenant *tenant,
    struct weir_tally *tally, uint64_t *time);

struct weir_view_receipt {
	uint64_t cursor;
	struct weir_receipt receipt;
};

/*
 * Up to n receipts (weir_receipt.h) of a tenant into rows, the oldest first; *count = how many. last: only of the
 * last so many seconds, at cursor 0; 0 = all that are kept. *time: now. 0 or -ENOENT: no such tenant.
 */
int weir_view_receipts(struct weir_gateway *gateway, const char *tenant, uint64_t last, uint64_t *cursor,
    struct weir_view_receipt rows[], uint32_t n, uint32_t *count, uint64_t *time);

/* ---- vports and switches ---- */

struct weir_view_vport {
	uint64_t cursor;
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE], sw[WEIR_NAME_SIZE], port[WEIR_NAME_SIZE];
	uint32_t vlan; /* 0 = untagged */
	bool up;
	struct weir_rate limit, guarantee;
	uint32_t weight;
	struct weir_count count;
};

/* Up to n vports of a tenant (NULL: of all) into rows; *count = how many. 0 or -ENOENT: no such tenant. */
int weir_view_vports(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_vport rows[], uint32_t n, uint32_t *count, uint64_t *time);

/* One vport, with its drops by reason. 0 or -ENOENT. */
int weir_view_vport(struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_vport *vport,
    struct weir_tally *tally, uint64_t *time);

struct weir_view_switch {
	uint64_t cursor;
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	uint32_t vni;		 /* 0 = none */
	enum weir_tunnel tunnel; /* of its remotes */
	uint32_t n_vports, n_remotes, macs;
	struct weir_count vports, remotes; /* sums of those it has now */
};

int weir_view_switches(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_switch rows[], uint32_t n, uint32_t *count, uint64_t *time);
int weir_view_switch(
    struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_switch *row, uint64_t *time);

/* ---- flows, MACs, neighbours ---- */

struct weir_view_flow {
	uint64_t cursor;
	struct weir_flow flow;
	uint32_t worker;
	char ingress[WEIR_VIEW_PLACE_SIZE];
	char egress[WEIR_VIEW_PLACE_SIZE]; /* where its next packet would go; "flood" */
};

/*
 * Up to n flows of a tenant (NULL: of all). Looks at a bounded number of slots, so that a page may hold few rows or
 * none and still not be the last. *time: when. 0 or -ENOENT: no such tenant.
 */
int weir_view_flows(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_flow rows[],
    uint32_t n, uint32_t *count, uint64_t *time);

struct weir_view_mac {
	uint64_t cursor;
	char sw[2 * WEIR_NAME_SIZE]; /* "red/web" */
	struct weir_mac mac;
	char at[WEIR_VIEW_PLACE_SIZE];
	bool is_static;
	uint64_t age; /* ns since it was last seen; 0 for a static one */
};

int weir_view_macs(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_mac rows[],
    uint32_t n, uint32_t *count);

struct weir_view_neigh {
	uint64_t cursor;
	struct weir_neigh_entry entry;
	char port[WEIR_NAME_SIZE]; /* the underlay's */
};

/* Up to n neighbours; returns how many. */
uint32_t weir_view_neighs(struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_neigh rows[], uint32_t n);

/* ---- routers ---- */

struct weir_view_router {
	uint64_t cursor;
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	uint32_t n_ifaces, n_routes, n_hosts;
	struct weir_passed in,
	    out; /* came to it and left it, by all its interfaces; what it makes itself only leaves */
};

/* Up to n routers of a tenant (NULL: of all); *count = how many. *time: of the cut. 0 or -ENOENT. */
int weir_view_routers(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_router rows[], uint32_t n, uint32_t *count, uint64_t *time);
int weir_view_router(
    struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_router *row, uint64_t *time);

#define WEIR_VIEW_LIST_SIZE 120 /* addresses, as far as there is room: "10.0.0.1/24, ..." */

struct weir_view_router_iface {
	uint64_t cursor;
	char router[2 * WEIR_NAME_SIZE]; /* "red/r1" */
	char sw[WEIR_NAME_SIZE];
	struct weir_mac mac;
	char addresses[WEIR_VIEW_LIST_SIZE];
	struct weir_passed in, out;
};

int weir_view_router_ifaces(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_router_iface rows[], uint32_t n, uint32_t *count, uint64_t *time);

struct weir_view_route {
	uint64_t cursor;
	char router[2 * WEIR_NAME_SIZE];
	struct weir_prefix prefix;
	const char *kind; /* "own", "connected", "via" or "blackhole" */
	char via[WEIR_VIEW_LIST_SIZE];
	char sw[WEIR_NAME_SIZE]; /* by which it leaves; of several ways the first one's */
	struct weir_passed passed;
};

int weir_view_routes(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_route rows[], uint32_t n, uint32_t *count, uint64_t *time);

struct weir_view_host {
	uint64_t cursor;
	char router[2 * WEIR_NAME_SIZE];
	char sw[WEIR_NAME_SIZE];
	struct weir_ip ip;
	struct weir_mac mac; /* zero while it is not known */
	const char *state;
	uint64_t age; /* ns */
};

/* Up to n neighbours of a tenant's routers. 0 or -ENOENT. */
int weir_view_hosts(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_host rows[],
    uint32_t n, uint32_t *count);

/* ---- firewalls ---- */

struct weir_view_firewall {
	uint64_t cursor;
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	uint32_t n_rules, n_attached;		/* to so many vports and routers' interfaces */
	struct weir_passed allow, deny, reject; /* what rules decided; that no rule matched is a drop only */
};

/* Up to n firewalls of a tenant (NULL: of all); *count = how many. *time: of the cut. 0 or -ENOENT. */
int weir_view_firewalls(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor,
    struct weir_view_firewall rows[], uint32_t n, uint32_t *count, uint64_t *time);
int weir_view_firewall(struct weir_gateway *gateway, const char *tenant, const char *name,
    struct weir_view_firewall *row, uint64_t *time);

struct weir_view_rule {
	uint64_t cursor;
	char firewall[2 * WEIR_NAME_SIZE]; /* "red/edge" */
	uint32_t rule;			   /* its place, from 0 */
	const char *action;		   /* "allow", "allow stateless", "deny" or "reject" */
	const char *direction;		   /* "in", "out" or "both" */
	const char *proto;		   /* "tcp", ...; "" for any, and where it has no name */
	uint32_t proto_number;		   /* WEIR_NONE for any */
	/* Addresses, and behind them ports or ICMP types, as far as there is room; "any" */
	char src[WEIR_VIEW_LIST_SIZE], dst[WEIR_VIEW_LIST_SIZE], match[WEIR_VIEW_LIST_SIZE];
	struct weir_passed passed;
};

int weir_view_rules(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_rule rows[],
    uint32_t n, uint32_t *count, uint64_t *time);

struct weir_view_conn {
	uint64_t cursor;
	char at[WEIR_VIEW_PLACE_SIZE]; /* "vport red/web1", "router red/r1 on web" */
	struct weir_conn_view conn;
};

/* Up to n connections of a tenant's (NULL: of all). 0 or -ENOENT. */
int weir_view_conns(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_conn rows[],
    uint32_t n, uint32_t *count);

/* ---- traces, and what was lost ---- */

#define WEIR_TRACE_STEPS_MAX 192
#define WEIR_TRACE_TEXT_SIZE 256

/* What a packet meets on its way, as the network is now. */
struct weir_view_trace {
	enum weir_reason reason;	   /* for which it is dropped; WEIR_OK: it is not */
	char result[WEIR_TRACE_TEXT_SIZE]; /* "forwarded by vport red/db1" */
	char packet[WEIR_TRACE_TEXT_SIZE]; /* all that it is, as a trace may be asked for it */
	bool cut;			   /* there are more steps */
	uint32_t n;
	struct weir_view_step {
		char element[WEIR_VIEW_PLACE_SIZE];
		char what[640];
	} step[WEIR_TRACE_STEPS_MAX];
};

/*
 * Walks a packet that comes in by `from`: "red/web1", a vport, or "remote:192.0.2.2@red/web", a remote on a switch.
 * It is described as packet_text.h says, or given as hex digits (the other one is NULL). Changes nothing. 0 or -errno
 * with err.
 */
int weir_view_trace(struct weir_gateway *gateway, const char *from, const char *packet, const char *hex,
    struct weir_view_trace *trace, struct weir_err *err);

/* A packet that a tenant lost; workers tell of some. */
struct weir_view_loss {
	uint32_t number; /* of the tenant's: what it is asked for by */
	uint64_t time;	 /* ns */
	uint32_t len;	 /* bytes */
	enum weir_reason reason;
	char at[WEIR_VIEW_PLACE_SIZE];	   /* where it came in; or, where that is not known any more, was to leave */
	char packet[WEIR_TRACE_TEXT_SIZE]; /* as a trace may be asked for it, as far as it is known */
};

/* Up to n of a tenant's last ones, the latest first; *count = how many. *time: now. 0 or -ENOENT: no such tenant. */
int weir_view_losses(struct weir_gateway *gateway, const char *tenant, struct weir_view_loss rows[], uint32_t n,
    uint32_t *count, uint64_t *time);

/* One of them, and what would become of it now. 0, or -ENOENT with err: there is no such tenant, or it is not kept
 * any more. */
int weir_view_loss(struct weir_gateway *gateway, const char *tenant, uint64_t number, struct weir_view_loss *loss,
    struct weir_view_trace *trace, struct weir_err *err);

/* ---- sums ---- */

/* Drops by reason of a tenant, or of the whole gateway (NULL), which includes all that ever was. 0 or -ENOENT. */
int weir_view_drops(struct weir_gateway *gateway, const char *tenant, struct weir_tally *tally, uint64_t *time);

/* Drops that `tally` has in its sum but not by reason, because there was no room to tell them apart. */
void weir_view_unnamed_drops(const struct weir_tally *tally, uint64_t *packets, uint64_t *bytes);

/*
 * The terms of design 1.2(2) in one cut of its own: of a tenant, or of the whole gateway (NULL). `writers`: NULL, or
 * room for what each worker counted and, behind them, the control threads. 0 or -ENOENT.
 */
int weir_view_conservation(struct weir_gateway *gateway, const char *tenant, struct weir_count *sum,
    struct weir_count *writers, uint64_t *time);

/* entered + generated + copies - left - consumed - drops - held: 0 unless something is lost. */
int64_t weir_view_balance(const struct weir_count *sum);

/* ---- workers ---- */

struct weir_view_worker {
	uint32_t lcore; /* WEIR_NONE: driven by hand */
	uint32_t flows, flow_slots;
	struct weir_worker_stats stats;
};

uint32_t weir_view_n_workers(const struct weir_gateway *gateway);
/* `worker` is below weir_view_n_workers(). */
void weir_view_worker(struct weir_gateway *gateway, uint32_t worker, struct weir_view_worker *view);

#endif
