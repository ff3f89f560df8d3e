/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration document (design 1.3) as typed, validated, indexed data, and how one document becomes the next.
 *
 * A weir_model holds the committed configuration. A request (load, patch) is turned into a weir_change: the complete
 * next state, validated as a whole, beside the old one, with the list of what differs. Committing a change cannot
 * fail. Tenants are immutable once built and shared between versions, so that a patch costs what it touches and a
 * reader may keep what it holds.
 *
 * Threads: one configuration thread makes, commits and aborts changes. weir_model_show() and weir_model_version() may
 * be called from any thread beside it and wait for nothing longer than the swap of pointers in a commit.
 */
#ifndef WEIR_MODEL_H
#define WEIR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_firewall.h"

/* Sizes that the document may have; more is refused by path (-E2BIG). */
#define WEIR_DOC_MAX_BYTES (64u << 20)
#define WEIR_DOC_MAX_DEPTH 16
#define WEIR_CFG_ADDRESSES_MAX 64 /* addresses of a vport; addresses of an underlay */
#define WEIR_CFG_REMOTES_MAX 1024 /* remotes of a switch */
#define WEIR_CFG_ROUTER_IFACES_MAX 64
#define WEIR_CFG_ROUTER_ADDRESSES_MAX 16 /* addresses of a router's interface */
#define WEIR_CFG_ROUTES_MAX 100000	 /* routes of a router */
#define WEIR_CFG_ROUTES_ALL_MAX 1000000	 /* routes of the gateway */
#define WEIR_CFG_VIAS_MAX 16		 /* next hops of a route */
#define WEIR_CFG_SET_MAX 1024		 /* addresses and prefixes of a set */
#define WEIR_CFG_RULE_ADDRESSES_MAX 64	 /* entries of a rule's "src" or "dst", a set being one */
#define WEIR_CFG_RULE_RANGES_MAX 16	 /* of ports, or of ICMP types, of a rule */

#define WEIR_CFG_FLOWS_DEFAULT 1000000u
#define WEIR_CFG_FLOWS_MIN 1024u
#define WEIR_CFG_FLOWS_MAX 67108864u
#define WEIR_CFG_CONNECTIONS_DEFAULT 262144u
#define WEIR_CFG_CONNECTIONS_MIN 1024u
#define WEIR_CFG_CONNECTIONS_MAX 4194304u
#define WEIR_CFG_FLOW_IDLE_DEFAULT (30 * WEIR_NS_PER_S)
#define WEIR_CFG_MAC_AGE_DEFAULT (300 * WEIR_NS_PER_S)
#define WEIR_CFG_MACS_DEFAULT 4096u		  /* quota.macs of a tenant that gives none */
#define WEIR_CFG_QUOTA_CONNECTIONS_DEFAULT 65536u /* quota.connections of one that gives none */

struct weir_cfg_settings {
	uint32_t flows;	      /* flow slots over all workers; takes effect at the next start */
	uint32_t connections; /* of all firewalls; takes effect at the next start */
	uint64_t flow_idle;   /* ns, 1 s to 1 h */
	uint64_t mac_age;     /* ns, 1 s to 24 h */
};

struct weir_cfg_port {
	char name[WEIR_NAME_SIZE];
	const char *devargs; /* exactly one of devargs and device is set; the other is NULL */
	const char *device;
	uint64_t rate;	 /* bps; 0 = not given */
	uint32_t mtu;	 /* 68 to 9198; 0 = not given */
	uint32_t queues; /* 1 to 64; 0 = not given */
};

struct weir_cfg_underlay {
	char port[WEIR_NAME_SIZE];
	uint32_t n_addresses, n_gateways;
	const struct weir_prefix *addresses;
	const struct weir_ip *gateways;
	uint32_t vlan; /* 1 to 4094, WEIR_NONE = untagged */
	bool has_mac;
	struct weir_mac mac;
};

/* Addresses of switches and vports stand in order of their bytes, static MACs too; those of an underlay as given. */
struct weir_cfg_static_mac {
	struct weir_mac mac;
	uint32_t vport; /* index into the tenant's vports, or WEIR_NONE: then at */
	struct weir_ip remote;
};

struct weir_cfg_switch {
	char name[WEIR_NAME_SIZE];
	uint32_t vni; /* 1 to 2^24-1; WEIR_NONE = reaches no other gateway (then no remotes) */
	bool geneve;  /* "tunnel"; else VXLAN */
	uint32_t n_remotes, n_macs;
	const struct weir_ip *remotes;
	const struct weir_cfg_static_mac *macs;
};

/*
 * Rules in their order. Sets are written out in them. The addresses, ports and types of a rule stand in order of
 * their bytes or numbers, each once.
 */
struct weir_cfg_firewall {
	char name[WEIR_NAME_SIZE];
	uint32_t n_rules; /* at most WEIR_FW_RULES_MAX, which come to at most WEIR_FW_EXPANDED_MAX */
	const struct weir_fw_rule *rules;
};

struct weir_cfg_vport {
	char name[WEIR_NAME_SIZE];
	uint32_t sw; /* index into the tenant's switches */
	char port[WEIR_NAME_SIZE];
	uint32_t vlan; /* 1 to 4094, WEIR_NONE = untagged */
	struct weir_rate limit, guarantee;
	uint32_t weight;
	uint64_t burst;			/* ns of the limit's rate; 0 = not given */
	uint64_t queue_ns, queue_bytes; /* one of them, or neither: not given */
	bool has_mac;
	struct weir_mac mac;
	uint32_t n_addresses;
	const struct weir_ip *addresses;
	uint32_t firewall; /* index into the tenant's firewalls, or WEIR_NONE */
};

/* A next hop: a neighbour of one of the router's interfaces. */
struct weir_cfg_via {
	struct weir_ip ip;
	uint32_t iface; /* index into the router's interfaces: where it is */
};

/* Where packets to a prefix go: to one of `via`, or nowhere. */
struct weir_cfg_route {
	struct weir_prefix prefix; /* no host bits */
	bool blackhole;
	uint32_t n_via;			/* 0 = blackhole */
	const struct weir_cfg_via *via; /* of the prefix's family, in order of their bytes */
};

struct weir_cfg_router_iface {
	uint32_t sw;	     /* index into the tenant's switches */
	struct weir_mac mac; /* given, or weir_cfg_router_mac(); nobody else's on the switch */
	bool proxy;
	uint32_t firewall; /* index into the tenant's firewalls, or WEIR_NONE */
	uint32_t n_addresses;
	const struct weir_prefix *addresses; /* as given, host bits kept; no two prefixes of a router overlap */
};

struct weir_cfg_router {
	char name[WEIR_NAME_SIZE];
	uint32_t n_ifaces, n_routes;
	const struct weir_cfg_router_iface *ifaces; /* in order of sw */
	const struct weir_cfg_route *routes;	    /* in order of prefix bytes, then length */
};

/* Switches, vports, routers and firewalls stand in order of their names, so that two versions are compared by one
 * walk. */
struct weir_cfg_tenant {
	char name[WEIR_NAME_SIZE];
	struct weir_rate limit, guarantee;
	uint32_t weight;		/* 1 to WEIR_WEIGHT_MAX */
	bool police;			/* "excess" */
	uint64_t burst;			/* ns of the limit's rate; 0 = not given */
	uint64_t queue_ns, queue_bytes; /* one of them, or neither: not given. Of each vport that gives none */
	uint64_t quota_setups;		/* flows per second; 0 = not given */
	uint32_t quota_cpu;		/* thousandths of each worker; 0 = not given */
	uint32_t quota_flows;		/* WEIR_NONE = not given: all of settings.flows */
	uint32_t quota_macs;
	uint32_t quota_connections; /* 0 = none may be open */
	uint32_t n_switches, n_vports, n_routers, n_firewalls;
	const struct weir_cfg_switch *switches;
	const struct weir_cfg_vport *vports;
	const struct weir_cfg_router *routers;
	const struct weir_cfg_firewall *firewalls;
};

/*
 * What is guaranteed to a tenant in each direction: its own, or, where it gives none, the sum of its vports', by the
 * kinds that each of those with a guarantee gives.
 */
struct weir_rate weir_cfg_guarantee(const struct weir_cfg_tenant *tenant);

/*
 * The MAC of a router's interface that gives none: the same in every gateway with these names, so that each can stand
 * in for another. 02, then the 40 bits to which FNV-1a (64 bits, of "TENANT/ROUTER/SWITCH") folds: its low 40 XOR its
 * high 24, the most significant byte first.
 */
struct weir_mac weir_cfg_router_mac(const char *tenant, const char *router, const char *sw);

/* True if both rules match the same packets and do the same with them. Any thread. */
bool weir_rules_alike(const struct weir_fw_rule *a, const struct weir_fw_rule *b);

/* True if both firewalls have the same name and, in the same order, rules that are alike. Any thread. */
bool weir_firewall_same(const struct weir_cfg_firewall *a, const struct weir_cfg_firewall *b);

/* One element's step from one version to the next: before NULL = added, after NULL = removed. */
struct weir_port_step {
	const struct weir_cfg_port *before, *after;
};
struct weir_underlay_step {
	const struct weir_cfg_underlay *before, *after;
};
struct weir_tenant_step {
	const struct weir_cfg_tenant *before, *after;
};

/*
 * What a request changes. Steps only where before and after mean something else: another order, spelling or white
 * space is none. They stand removed, changed, added, each in document order, so that what one gives up is free when
 * another takes it; only what two changed elements exchange is taken before it is given up. The change and `before`
 * are valid until it is committed or aborted, `after` as long as the element stays as it is: also over later versions
 * that do not change it.
 */
struct weir_change {
	struct weir_cfg_settings settings; /* after */
	bool settings_changed;
	uint32_t n_ports, n_underlays, n_tenants;
	const struct weir_port_step *ports;
	const struct weir_underlay_step *underlays;
	const struct weir_tenant_step *tenants;
};

struct weir_model;

struct weir_model *weir_model_create(void);	/* the empty configuration, version 0; NULL: no memory */
void weir_model_free(struct weir_model *model); /* an open change goes too; no reader may be left. NULL is fine */

/*
 * Whole document / RFC 7396 merge patch -> *change, validated against everything that is to stand beside it (names
 * that are referred to exist, VNIs and (port, VLAN) pairs are unique over the gateway, ...). `text` need not be
 * NUL-terminated and is not needed afterwards. One change may be open at a time; weir_model_commit() or _abort()
 * closes it. Returns 0, or -errno with err->path and err->msg in printable ASCII: -EINVAL malformed or not allowed,
 * -ERANGE, -EEXIST duplicates, -ENOENT dangling reference, -ENOSPC guarantees that do not fit, -ENOTSUP "not in this
 * version", -E2BIG, -ENOMEM, -EBUSY (a change is open). After a failure nothing is open, *change is NULL and nothing
 * has changed.
 *
 * A patch may remove what is not there. But a section or name that cannot be is refused even as the key of a null: it
 * is a typing error.
 */
int weir_model_load(
    struct weir_model *model, const char *text, size_t len, struct weir_change **change, struct weir_err *err);
int weir_model_patch(
    struct weir_model *model, const char *text, size_t len, struct weir_change **change, struct weir_err *err);

/* Makes the change the committed configuration of the given version / forgets it. `change` is gone afterwards. */
void weir_model_commit(struct weir_model *model, struct weir_change *change, uint64_t version);
void weir_model_abort(struct weir_model *model, struct weir_change *change);

uint64_t weir_model_version(const struct weir_model *model);

/*
 * The committed document, or the part at JSON pointer `pointer` ("" = whole), as compact ASCII JSON text in the
 * document's own order and spelling (numbers and escapes of an element that was patched in their shortest form).
 * *text is NUL-terminated and the caller's to free(). Returns 0, or with err -EINVAL no pointer, -ENOENT nothing
 * there, -ENOMEM. *version: the version it shows. Any thread.
 */
int weir_model_show(
    struct weir_model *model, const char *pointer, char **text, size_t *len, uint64_t *version, struct weir_err *err);

/* Committed elements by name, or NULL. Configuration thread. */
const struct weir_cfg_tenant *weir_model_tenant(const struct weir_model *model, const char *name);
const struct weir_cfg_port *weir_model_port(const struct weir_model *model, const char *name);

#endif
