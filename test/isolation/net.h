/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network of a scenario: an uplink, access ports, tenants with vports on VLANs of these, each of which speaks
 * with one host behind a remote gateway.
 */
#ifndef WEIR_TEST_NET_H
#define WEIR_TEST_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define NET_PORTS 6
#define NET_UPLINK 0
#define NET_OUTER 50 /* bytes that the tunnel adds */
#define NET_TAG 4    /* bytes of a VLAN tag */

#define KBPS UINT64_C(1000)
#define MBPS (1000 * KBPS)
#define GBPS (1000 * MBPS)

/* The wire is a little faster than what the port is configured to send, as with a NIC that has a link speed. */
struct net_port {
	uint64_t rate; /* bit/s, configured */
	uint64_t wire; /* bit/s that it really sends; 0 = nothing ever leaves */
};

/* Rates in bit/s; 0 = not given. */
struct net_tenant {
	uint64_t guarantee, limit;
	uint64_t limit_pps; /* instead: packets/s */
	uint32_t weight;    /* 0 = not given */
	bool police;	    /* what is over is dropped at once */
	uint32_t n_remotes; /* of its switch: 1 or more */
	uint32_t first_vport, n_vports;
};

struct net_vport {
	uint32_t tenant, port;
	uint64_t guarantee, limit;
	uint32_t weight;
};

struct net {
	uint32_t n_ports, n_tenants, n_vports;
	struct net_port ports[NET_PORTS];
	struct net_tenant *tenants;
	struct net_vport *vports;
};

/* An uplink and n access ports, all of this rate. */
struct net *net_create(uint32_t n_access, uint64_t rate);
void net_free(struct net *net);

/* Adds a tenant as described, with one vport on an access port (1 ...); returns it. */
uint32_t net_add_tenant(struct net *net, uint32_t port, const struct net_tenant *tenant);
/* Another vport of the last tenant; returns it. */
uint32_t net_add_vport(struct net *net, const struct net_vport *vport);

/* Keys that this version of weir refuses are left out: guarantee, weight, excess. */
extern bool net_without_guarantees;

/* The document; to be freed. */
char *net_document(const struct net *net);

/* ---- what it looks like on the wire ---- */

static inline uint16_t
net_vlan(uint32_t vport)
{
	return (uint16_t)(vport + 1);
}

static inline uint32_t
net_vni(uint32_t tenant)
{
	return 10000 + tenant;
}

struct weir_mac net_mac(uint32_t vport, bool behind_remote);
uint32_t net_ip(uint32_t vport, bool behind_remote); /* host byte order */

extern const struct weir_mac net_uplink_mac, net_remote_mac; /* of the underlay */
#define NET_UPLINK_IP 0xc6120001u			     /* 198.18.0.1/15 */
#define NET_REMOTE_IP(n) (0xc6120100u + (n))		     /* the n-th remote of any switch */

#endif
