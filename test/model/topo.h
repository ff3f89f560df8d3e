/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration as the reference understands it: small arrays, everything by index. What is at index i is called
 * "t<i>", "s<i>", "v<i>", "p<i>" in the document that weir gets.
 */
#ifndef WEIR_TEST_TOPO_H
#define WEIR_TEST_TOPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_base.h"
#include "wire.h"

#define TOPO_PORTS 5
#define TOPO_QUEUES 3 /* rings a port may have, each way */
#define TOPO_TENANTS 6
#define TOPO_SWITCHES 4
#define TOPO_VPORTS 8
#define TOPO_REMOTES 4
#define TOPO_STATICS 4
#define TOPO_ADDRESSES 3
#define TOPO_LIMIT 32
#define TOPO_ROUTERS 3
#define TOPO_ROUTES 8 /* a router */
#define TOPO_VIAS 3
#define TOPO_SETS 3
#define TOPO_SET_NETS 6
#define TOPO_FIREWALLS 4
#define TOPO_RULES 12 /* a firewall */
#define TOPO_RULE_NETS 3
#define TOPO_RULE_RANGES 3

struct topo_port {
	uint32_t mtu; /* 0 = not given: the port's own, 1500 */
	bool queues;  /* said, though it goes without saying */
	bool uplink;
	/* an uplink's */
	uint32_t n_addresses, n_gateways;
	struct weir_prefix addresses[TOPO_ADDRESSES];
	struct weir_ip gateways[2];
	uint32_t vlan; /* 0 = untagged */
	bool has_mac;  /* else the port's own */
	struct weir_mac mac;
};

struct topo_static {
	struct weir_mac mac;
	bool at_vport;
	uint32_t vport;
	struct weir_ip remote;
};

struct topo_switch {
	bool used;
	uint32_t vni; /* 0 = none */
	bool geneve;  /* its tunnels; else VXLAN. With a VNI only */
	uint32_t n_remotes, n_statics;
	struct weir_ip remotes[TOPO_REMOTES];
	struct topo_static statics[TOPO_STATICS];
};

struct topo_vport {
	bool used;
	uint32_t sw, port;
	uint32_t vlan; /* 0 = untagged */
	bool has_mac;
	struct weir_mac mac;
	uint32_t n_addresses; /* 0 = any */
	struct weir_ip addresses[TOPO_ADDRESSES];
	char limit[TOPO_LIMIT];
	uint32_t firewall; /* 0 = none, else its index + 1 */
};

/* A router's interface on the switch of the same index. */
struct topo_iface {
	bool used, proxy;
	struct weir_mac mac;
	uint32_t n_addresses;
	struct weir_prefix addresses[TOPO_ADDRESSES];
	uint32_t firewall; /* as a vport's */
};

struct topo_static_route {
	struct weir_prefix to;
	uint32_t n_vias; /* 0 = blackhole */
	struct weir_ip vias[TOPO_VIAS];
	bool has_sw; /* said, as vias in fe80::/10 need it */
	uint32_t sw;
};

struct topo_router {
	bool used;
	struct topo_iface ifaces[TOPO_SWITCHES];
	uint32_t n_routes;
	struct topo_static_route routes[TOPO_ROUTES];
};

/* ---- firewalls ---- */

struct topo_set {
	bool used;
	uint32_t n;
	struct weir_prefix nets[TOPO_SET_NETS];
};

enum topo_action {
	TOPO_ALLOW,
	TOPO_DENY,
	TOPO_REJECT,
};

enum { /* directions, a bit each */
	TOPO_IN = 1,
	TOPO_OUT = 2,
};

#define TOPO_ANY_PROTO 256

/* What a rule names as source or destination. */
struct topo_net {
	uint32_t set; /* 0 = the prefix, else the set of this index + 1 */
	struct weir_prefix net;
};

struct topo_range {
	uint16_t first, last; /* both in it */
};

struct topo_rule {
	enum topo_action action;
	uint8_t directions;
	bool stateless;					 /* "state": false */
	uint8_t flags_set, flags_clear;			 /* of TCP */
	uint16_t proto;					 /* or TOPO_ANY_PROTO */
	uint32_t n_src, n_dst, n_sport, n_dport, n_type; /* 0 = any */
	struct topo_net src[TOPO_RULE_NETS], dst[TOPO_RULE_NETS];
	struct topo_range sport[TOPO_RULE_RANGES], dport[TOPO_RULE_RANGES], type[TOPO_RULE_RANGES];
};

struct topo_firewall {
	bool used;
	uint32_t n_rules;
	struct topo_rule rules[TOPO_RULES];
};

struct topo_tenant {
	bool used;
	bool caps_connections;		  /* quota_connections is said */
	uint32_t quota_macs, quota_flows; /* flows 0 = not given */
	uint32_t quota_connections;
	char limit[TOPO_LIMIT]; /* as in the document, quotes and all; "" = none */
	struct topo_switch switches[TOPO_SWITCHES];
	struct topo_vport vports[TOPO_VPORTS];
	struct topo_router routers[TOPO_ROUTERS];
	struct topo_set sets[TOPO_SETS];
	struct topo_firewall firewalls[TOPO_FIREWALLS];
};

struct topo {
	uint32_t n_ports;
	struct topo_port ports[TOPO_PORTS];
	struct topo_tenant tenants[TOPO_TENANTS];
};

/* The ports' own MACs. */
extern struct weir_mac topo_port_mac[TOPO_PORTS];

/* How many rings each port has. Some have fewer to send by than there are workers. */
extern const uint32_t topo_rx_queues[TOPO_PORTS], topo_tx_queues[TOPO_PORTS];

/* Do random configurations have routers? Off until weir takes them. */
extern bool topo_with_routers;

/* And firewalls, on top of them? */
extern bool topo_with_firewalls;

/* A valid random configuration. */
void topo_random(struct topo *topo, struct rng *rng);

/* Changes it at one to three places; what comes out is valid too. Returns what it did, for people. */
const char *topo_change(struct topo *topo, struct rng *rng);

/* The whole document, or the merge patch that makes `after` of `before`. The caller frees it. */
char *topo_document(const struct topo *topo);
char *topo_patch(const struct topo *before, const struct topo *after);

/*
 * Is a part of one configuration, `size` bytes, the same in another? Parts are made in zeroed memory and copied
 * whole; should their padding differ all the same, a patch says a little more than it has to.
 */
bool topo_equal(const void *a, const void *b, size_t size);

/* ---- what is where ---- */

struct weir_mac topo_underlay_mac(const struct topo *topo, uint32_t port);
uint32_t topo_mtu(const struct topo *topo, uint32_t port);
bool topo_is_local(const struct topo *topo, const struct weir_ip *ip);

/* How weir reaches `remote`: from which port, which of its addresses, and by which neighbour. False: it does not. */
struct topo_route {
	uint32_t port;
	struct weir_ip source, next_hop;
};
bool topo_route(const struct topo *topo, const struct weir_ip *remote, struct topo_route *route);

/* The MAC that the neighbour with this address answers with. */
struct weir_mac topo_peer_mac(const struct weir_ip *ip);

/* ---- what there is to choose from ---- */

#define TOPO_HOSTS 8 /* MACs and addresses that all tenants use, the same ones on purpose */
struct weir_mac topo_host_mac(uint32_t host);
struct weir_ip topo_host_ipv4(uint32_t host);
struct weir_ip topo_host_ipv6(uint32_t host);

/*
 * The same plan in every tenant: switch s has 10.0.s.0/24 and 2001:db8:a:s::/64, host i has i + 1 there, router r
 * 200 + r. Hosts' addresses above are those on switch 0.
 */
#define TOPO_LAN_HOST(host) ((host) + 1)
#define TOPO_LAN_ROUTER(router) (200 + (router))
struct weir_ip topo_lan_ipv4(uint32_t sw, uint32_t n);
struct weir_ip topo_lan_ipv6(uint32_t sw, uint32_t n);

#define TOPO_PEERS 8 /* gateways that may be remotes */
struct weir_ip topo_peer(uint32_t peer);

#endif
