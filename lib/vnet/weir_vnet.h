/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual networks as workers see them: tenants, switches, interfaces, MAC tables; the walk that composes a
 * verdict; paths.
 *
 * Objects are immutable once published and found by id in arrays of pointers; a change publishes a new object with a
 * release store and frees the old one after every worker has passed a quiescent state. Written by the configuration
 * thread, MAC entries by the maintenance thread (both under the gateway's control mutex where they meet); workers
 * only read.
 *
 * How a change reaches every flow it affects at its next packet, and no other: each switch has a generation, bumped
 * when anything configured of it, its vports or its remotes changes; an "absent" generation, bumped when it learns a
 * MAC it did not know; each MAC entry has its own. A path records those that it was composed from. Each tenant has an
 * epoch, bumped after any of its generations was. A packet compares one word, its path's epoch with its tenant's;
 * only where they differ are the recorded generations compared, and the path is then good for the new epoch or
 * resolved again. So a change costs its own tenant's paths one comparison each and other tenants nothing, and nobody
 * has to find the paths that it touches.
 */
#ifndef WEIR_VNET_H
#define WEIR_VNET_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_counters.h"
#include "weir_firewall.h"
#include "weir_meter.h"
#include "weir_neigh.h"
#include "weir_packet.h"
#include "weir_port.h"
#include "weir_quick.h"
#include "weir_route.h"
#include "weir_share.h"
#include "weir_table.h"

#define WEIR_TENANTS_MAX (1u << 17)
#define WEIR_SWITCHES_MAX (1u << 18)
#define WEIR_IFACES_MAX (1u << 19)
#define WEIR_MACS_MAX (1u << 19)
#define WEIR_FILTERS_MAX (1u << 18)
#define WEIR_RULES_MAX (1u << 21)
#define WEIR_VNI_PAGE 4096u
#define WEIR_MAC_GROUP (WEIR_NONE - 1) /* instead of a MAC entry: a group address */

/* ---- objects ---- */

/* What leaves by uplinks and what leaves by vports is limited separately. */
enum weir_direction {
	WEIR_TO_UPLINK,
	WEIR_TO_VPORT,
	WEIR_DIRECTIONS,
};

struct weir_tenant {
	uint32_t id, serial; /* serial: unique over all tenants that ever were */
	char name[WEIR_NAME_SIZE];
	struct weir_rate rate;	    /* its limit */
	struct weir_rate guarantee; /* its own, else the sum of its vports' */
	uint32_t weight;	    /* of what is spare */
	bool shape;		    /* what is over waits, in bounds; else it is dropped at once */
	uint32_t quota_flows, quota_macs, quota_connections;
	uint32_t quota_cpu;			       /* thousandths of each worker; 0 = its share by weight */
	struct weir_limit *limit[WEIR_DIRECTIONS];     /* NULL = none. The buckets are shared by all workers */
	struct weir_limit *setups;		       /* of flows, in packets; NULL = no limit. Shared as well */
	struct weir_promise *promise[WEIR_DIRECTIONS]; /* NULL = none. Shared as well */
	uint32_t n_shares;
	struct weir_share **shares; /* one for each port by which it may leave, in order of port index. Shared too */
};

enum weir_iface_kind {
	WEIR_IFACE_PORT, /* the port itself: packets that belong to no tenant */
	WEIR_IFACE_VPORT,
	WEIR_IFACE_REMOTE, /* a remote as one switch sees it */
	WEIR_IFACE_ROUTER, /* a router's interface on a switch: nothing leaves by it, packets go on from it */
};

struct weir_iface {
	uint32_t id, serial;
	enum weir_iface_kind kind;
	uint32_t sw;				 /* switch id; WEIR_NONE for PORT */
	uint32_t vlan;				 /* VPORT: WEIR_NONE = untagged */
	uint32_t vtep, vni;			 /* REMOTE */
	const struct weir_port *port;		 /* VPORT, PORT; NULL while a vport's port is down */
	struct weir_limit *limit_in, *limit_out; /* VPORT; NULL = none */
	struct weir_limit *limit_tenant;	 /* of its tenant, for what leaves by it; NULL = none */
	/* what a packet of a known flow needs ends here: one cacheline */
	const struct weir_tenant *tenant; /* NULL for PORT */
	uint32_t filter;		  /* VPORT, ROUTER: id of what its packets have to pass, + 1; 0 = nothing */
	/* VPORT */
	struct weir_rate rate, guarantee;
	uint32_t weight;			       /* of what its tenant has to spare */
	uint32_t queue;				       /* bytes that may wait for it, a worker and direction */
	struct weir_promise *promise_in, *promise_out; /* NULL = none. Out: leaves by it; in: came by it, leaves by an
							  uplink */
	bool has_mac;
	struct weir_mac mac;
	uint32_t n_addresses;
	const struct weir_ip *addresses;
	/* REMOTE */
	struct weir_ip ip;
	/* ROUTER; its MAC is `mac` */
	uint32_t router; /* id */
	bool proxy;	 /* speaks for all that it would send out by another of its interfaces */
	uint32_t n_prefixes;
	const struct weir_prefix *prefixes; /* its addresses, as configured */
	struct weir_ip link_local;
	char name[WEIR_NAME_SIZE]; /* the vport's or the port's */
} WEIR_CACHE_ALIGNED;

/* A remote by its address: an open-addressed table of n_slots (a power of two) in the switch object. */
struct weir_remote_slot {
	struct weir_ip ip;
	const struct weir_iface *iface; /* NULL = free */
};

/* A firewall as it is attached: its rules' ids are those that they are counted by. */
struct weir_filter {
	uint32_t id;
	bool by_flags; /* some rule looks at TCP flags: packets of one flow may differ */
	struct weir_fw *fw;
	const uint32_t *rules; /* ids, by index */
};

struct weir_switch {
	uint32_t id;
	const struct weir_tenant *tenant;
	uint32_t vni;		 /* WEIR_NONE = none */
	enum weir_tunnel tunnel; /* by which it reaches its remotes, and they it */
	char name[WEIR_NAME_SIZE];
	uint32_t n_vports, n_remotes, n_slots;
	const struct weir_iface **vports, **remotes; /* flooding: to all of them */
	uint32_t n_routers;
	const struct weir_iface **routers; /* their interfaces on it, which take of a flood what is for them */
	struct weir_remote_slot *slots;
};

/* An underlay as workers see it. */
struct weir_underlay {
	uint32_t vlan; /* 0 = untagged */
	uint32_t id;
	const struct weir_port *port;
	uint32_t iface; /* of the port: what it counts on */
	struct weir_mac mac;
	struct weir_tunnel_match match[2][WEIR_TUNNELS]; /* to its first address of IPv4, IPv6 */
};

/* What a frame of one VLAN (0 = untagged or VID 0) of a port belongs to. */
#define WEIR_TARGET_NONE 0u
#define WEIR_TARGET_UNDERLAY 0x80000000u /* | underlay id; else interface id + 1 */

struct weir_port_map {
	uint32_t iface;	       /* the port's own */
	uint32_t target[4096]; /* by VLAN id */
};

/* weir's own addresses, over all underlays. */
struct weir_locals {
	uint32_t n;
	struct weir_ip ip[];
};

struct weir_mac_entry {
	/* the table's key */
	uint32_t sw;
	struct weir_mac mac;
	uint8_t zero[6];
	/* */
	uint32_t iface;	    /* where it is, WEIR_NONE once removed; maintenance: w (atomic), worker: r */
	uint32_t is_static; /* the mark of the configuration that set it; 0 = learned */
	uint64_t seen;	    /* maintenance thread's alone */
};

struct weir_vnet {
	struct weir_tenant **tenants;
	struct weir_switch **switches;
	struct weir_iface **ifaces;
	struct weir_underlay **underlays;
	struct weir_port_map **port_maps; /* by port index */
	struct weir_port **ports;	  /* by port index */
	struct weir_locals *locals;
	uint32_t **vnis; /* [vni >> 12][vni & 4095]: switch id + 1; 0 = none */
	const struct weir_neigh *neigh;

	struct weir_table *mac_table;
	struct weir_mac_entry *macs;

	struct weir_router **routers; /* by id, as the others */
	struct weir_table *route_table, *host_table;
	struct weir_route *routes;
	struct weir_host *hosts;
	struct weir_filter **filters;
	uint32_t *route_changes; /* by router: routes that came or went; control: w, worker: r */
	uint32_t hosts_version;	 /* bumped when any of them is known or is not; maintenance: w, worker: r */
	struct weir_hash_secret way_secret; /* chooses among the ways of a route */

	/* Generations; they only grow, whatever their index names at the time. control, maintenance: w; worker: r */
	uint32_t *tenant_epoch;
	uint32_t *switch_gen;
	uint32_t *absent_gen;
	uint32_t *mac_gen;
	uint32_t *router_gen;
	uint32_t *route_gen;
	uint32_t *host_gen;
	uint32_t *filter_gen;

	/*
	 * Who had how much of its tenant's share, as struct weir_share's service; by direction, then by id. Workers:
	 * rw, atomically.
	 */
	uint64_t *queue_served; /* by vport */
	uint64_t *lane_least;	/* by tenant: what all its vports have had, or were not there to have */
	uint64_t *lane_first;	/* by tenant and worker: of the vport that is next there, | 1; 0 = none */
	uint32_t n_workers;

	uint64_t
	    *errors_until; /* by tenant: what its routers' ICMP errors have used up of time; workers: rw (atomic) */
	uint32_t *flows_used;	 /* by tenant: over all workers; workers: rw (atomic) */
	uint64_t *flows_refused; /* by tenant: flows that were forwarded without a slot; workers: rw (atomic) */
};

/* NULL: no memory. `neigh` outlives it. */
struct weir_vnet *weir_vnet_create(const struct weir_neigh *neigh, uint32_t n_workers);
void weir_vnet_free(struct weir_vnet *vnet); /* frees the arrays and tables, not the objects in them */

/* Makes room for a VNI, so that weir_vnet_set_vni() finds it. Returns 0 or -ENOMEM. Control. */
int weir_vnet_reserve_vni(struct weir_vnet *vnet, uint32_t vni);
/* Names the switch of a VNI that was reserved (WEIR_NONE: none any more). Control. */
void weir_vnet_set_vni(struct weir_vnet *vnet, uint32_t vni, uint32_t sw);

/* ---- lookups; worker ---- */

static inline const struct weir_iface *
weir_vnet_iface(const struct weir_vnet *vnet, uint32_t id)
{
	return __atomic_load_n(&vnet->ifaces[id], __ATOMIC_ACQUIRE);
}

static inline const struct weir_switch *
weir_vnet_switch(const struct weir_vnet *vnet, uint32_t id)
{
	return __atomic_load_n(&vnet->switches[id], __ATOMIC_ACQUIRE);
}

/* The id of the switch with this VNI; WEIR_SWITCHES_MAX - 1, which is never used, if there is none. */
static inline uint32_t
weir_vnet_by_vni(const struct weir_vnet *vnet, uint32_t vni)
{
	const uint32_t *page = __atomic_load_n(&vnet->vnis[vni / WEIR_VNI_PAGE], __ATOMIC_ACQUIRE);
	uint32_t sw = page == NULL ? 0 : __atomic_load_n(&page[vni % WEIR_VNI_PAGE], __ATOMIC_ACQUIRE);

	return (sw == 0 ? WEIR_SWITCHES_MAX : sw) - 1;
}

static inline const struct weir_router *
weir_vnet_router(const struct weir_vnet *vnet, uint32_t id)
{
	return __atomic_load_n(&vnet->routers[id], __ATOMIC_ACQUIRE);
}

/* The entry of a MAC on a switch (id), or WEIR_NONE. Worker, or under the control mutex. */
uint32_t weir_vnet_mac(const struct weir_vnet *vnet, uint32_t sw, const struct weir_mac *mac);

/* The remote of a switch with this address, or NULL. */
const struct weir_iface *weir_switch_remote(const struct weir_switch *sw, const struct weir_ip *ip);
/*
 * Where its search starts. Remotes are the operator's to choose, not a tenant's: a plain mixing hash does.
 */
static inline const struct weir_remote_slot *
weir_switch_slot(const struct weir_switch *sw, const struct weir_ip *ip)
{
	uint64_t w[2];

	__builtin_memcpy(w, ip, sizeof(w));
	return &sw->slots[((w[0] ^ w[1]) * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (sw->n_slots - 1)];
}

/* Is this one of weir's own underlay addresses? */
bool weir_vnet_is_local(const struct weir_vnet *vnet, const struct weir_ip *ip);

/* ---- control: MAC table ---- */

enum weir_learn_result {
	WEIR_LEARNED,
	WEIR_MOVED,
	WEIR_REFRESHED,
	WEIR_LEARN_REFUSED, /* the tenant's quota or the table is full, or the entry is static */
};

/* Called by one thread at a time (the gateway's control mutex). */
struct weir_macs;

struct weir_macs *weir_macs_create(struct weir_vnet *vnet); /* NULL: no memory */
void weir_macs_free(struct weir_macs *macs);

/* `iface` sent a frame with source `mac`. Learns, moves or refreshes. A MAC that moves more than once in a second
 * stays learnable (no lock-out). */
enum weir_learn_result weir_macs_learn(
    struct weir_macs *macs, const struct weir_iface *iface, const struct weir_mac *mac, uint64_t now);

/*
 * Static entries belong to configurations: each is set again by every configuration it is in, with that one's `mark`
 * (not 0), and what an interface then has of another mark is swept. An entry that stands already is only marked; a
 * learned one is replaced. Returns 0 or -ENOSPC.
 */
int weir_macs_set_static(
    struct weir_macs *macs, const struct weir_switch *sw, const struct weir_mac *mac, uint32_t iface, uint32_t mark);
void weir_macs_sweep_static(struct weir_macs *macs, uint32_t iface, uint32_t mark);

/* Forgets all entries of an interface. */
void weir_macs_forget(struct weir_macs *macs, uint32_t iface);

/* Ages: call every few ms; each call looks at a part of the table, all of it within an eighth of `age`. */
void weir_macs_age(struct weir_macs *macs, uint64_t age, uint64_t now);

/*
 * An entry that was removed may be reused once workers have passed a quiescent state: _begin takes what was removed
 * until now aside, _end, called after a quiescent period since, frees it. _begin returns false if there is nothing to
 * wait for.
 */
bool weir_macs_reclaim_begin(struct weir_macs *macs);
void weir_macs_reclaim_end(struct weir_macs *macs);

uint32_t weir_macs_used(const struct weir_macs *macs);
uint32_t weir_macs_of_tenant(const struct weir_macs *macs, uint32_t tenant);
uint64_t weir_macs_refused(const struct weir_macs *macs, uint32_t tenant);
void weir_macs_forget_tenant(struct weir_macs *macs, uint32_t tenant); /* its id is free: counts from 0 again */
/* The next entry of a tenant's from cursor on (tenant WEIR_NONE: of all); returns its index, or WEIR_NONE. Cursor for
 * the next call: index + 1. */
uint32_t weir_macs_next(const struct weir_macs *macs, uint32_t tenant, uint32_t cursor);

#endif
