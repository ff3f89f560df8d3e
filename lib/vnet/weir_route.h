/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual routers as workers see them: routes, found by longest prefix match, the ways that they name, and the
 * neighbours ("hosts") that answer on a router's interfaces.
 *
 * All routers' routes stand in one hash table by (router, length, prefix); a lookup asks it for each length that the
 * router has, the longest first. That is a few probes for the few lengths that virtual networks have, takes no memory
 * where there are no routes, and has readers beside its writer, where a trie a router would take 68 MB (rte_fib,
 * DIR24_8) or a memory zone (rte_rib) each: there may be 10,000 routers.
 *
 * A walk depends on the route that it found and on there being no longer one: each route has a generation, bumped
 * when it changes, when it goes, and when a longer one comes to stand in it. So a change of a route reaches those who
 * take it, and nobody else.
 *
 * Routes are written by the configuration thread, hosts by the maintenance thread, both under the gateway's control
 * mutex; workers read.
 */
#ifndef WEIR_ROUTE_H
#define WEIR_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_packet.h"

#define WEIR_ROUTERS_MAX (1u << 17)
#define WEIR_ROUTES_MAX (5u << 18) /* with the connected ones and the routers' own addresses */
#define WEIR_HOSTS_MAX (1u << 19)
#define WEIR_WAYS_MAX 16 /* of one route */

struct weir_vnet;
struct weir_iface;
struct weir_tenant;

enum weir_way_kind {
	WEIR_WAY_HERE,	    /* an address of the router's own */
	WEIR_WAY_CONNECTED, /* the destination is a neighbour on the interface */
	WEIR_WAY_VIA,	    /* one of these neighbours leads there */
	WEIR_WAY_BLACKHOLE,
};

/* What a route leads to. Never changed once published. */
struct weir_ways {
	enum weir_way_kind kind;
	uint32_t n;
	struct weir_way {
		uint32_t iface; /* the router's */
		struct weir_ip hop;
	} way[]; /* HERE, CONNECTED: one, without hop; BLACKHOLE: none */
};

struct weir_route {
	/* the table's key */
	uint32_t router;
	uint8_t len; /* of the 128-bit form */
	uint8_t zero[3];
	struct weir_ip prefix; /* without host bits */
	/* */
	const struct weir_ways *ways; /* NULL once removed; control: w (atomic), worker: r */
};

/* Lengths that a router's routes have, a bit each. */
struct weir_lengths {
	uint64_t v4; /* of IPv4, 0 to 32 */
	uint64_t v6[3];
};

struct weir_router {
	uint32_t id;
	const struct weir_tenant *tenant;
	char name[WEIR_NAME_SIZE];
	struct weir_lengths lengths; /* at least those that there are */
	uint32_t n_ifaces;
	const struct weir_iface **ifaces;
};

/* Of weir_host.place: the MAC's six bytes as they stand in memory, and this. */
#define WEIR_HOST_KNOWN (UINT64_C(1) << 48)
#define WEIR_HOST_FAILED (UINT64_C(1) << 49) /* it does not answer */

struct weir_host {
	/* the table's key */
	uint32_t iface;
	uint32_t zero;
	struct weir_ip ip;
	/* */
	uint64_t place; /* 0: it is being asked; maintenance: w (atomic), worker: r */
};

static inline void
weir_host_mac(uint64_t place, struct weir_mac *mac)
{
	__builtin_memcpy(mac, &place, sizeof(*mac));
}

/* ---- lookups; worker, or under the control mutex ---- */

/*
 * The longest match's index, its ways, and the generation to compare later; WEIR_NONE: there is no route. *ways holds
 * until the next quiescent state.
 */
uint32_t weir_route_find(const struct weir_vnet *vnet, const struct weir_router *router, const struct weir_ip *ip,
    const struct weir_ways **ways, uint32_t *gen);

/* The host's index, or WEIR_NONE: nobody has asked for it. */
uint32_t weir_host_find(const struct weir_vnet *vnet, uint32_t iface, const struct weir_ip *ip);

/* The interface of the router whose connected network the address is in, or NULL. */
const struct weir_iface *weir_router_connected(const struct weir_router *router, const struct weir_ip *ip);

/* Notes that there is a route to `prefix`. */
void weir_lengths_add(struct weir_lengths *lengths, const struct weir_prefix *prefix);

/* ---- control: routes ---- */

struct weir_routes;

struct weir_routes *weir_routes_create(struct weir_vnet *vnet); /* NULL: no memory */
void weir_routes_free(struct weir_routes *routes);		/* NULL is fine */

/*
 * Sets the route to `prefix` (host bits are not looked at), which may stand already. `ways` stays the caller's, who
 * frees it when the route has other ones or is removed and workers have passed a quiescent state. The table has
 * room: weir_routes_used() says how many there are, and what is removed counts until it is reclaimed. Returns its
 * index; WEIR_NONE: there was no room after all.
 */
uint32_t weir_routes_set(
    struct weir_routes *routes, uint32_t router, const struct weir_prefix *prefix, const struct weir_ways *ways);
void weir_routes_remove(struct weir_routes *routes, uint32_t router, const struct weir_prefix *prefix);
uint32_t weir_routes_used(const struct weir_routes *routes);
/* The router has none any more, and its id is free. */
void weir_routes_forget(struct weir_routes *routes, uint32_t router);

/* As weir_macs_reclaim_begin() and _end(). */
bool weir_routes_reclaim_begin(struct weir_routes *routes);
void weir_routes_reclaim_end(struct weir_routes *routes);

/* ---- control: hosts ---- */

struct weir_hosts;

/* What a host's entry wants to be sent. */
struct weir_host_question {
	uint32_t iface, serial; /* the router's interface */
	struct weir_ip ip;
	struct weir_mac mac; /* to ask there alone; zero: to ask everybody */
	bool announce;	     /* no question: `ip` is the interface's own, to be announced */
};

struct weir_hosts *weir_hosts_create(struct weir_vnet *vnet); /* NULL: no memory */
void weir_hosts_free(struct weir_hosts *hosts);		      /* NULL is fine */

/* A packet wants to go to `ip` by the router's interface: asked for, if the tenant has room. */
void weir_hosts_want(
    struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip, uint64_t now);
/*
 * `ip` said that it is at `mac`. `asked`: it asked or answered the router itself, which makes an entry; else it only
 * corrects one that is there.
 */
void weir_hosts_hear(struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip,
    const struct weir_mac *mac, bool asked, uint64_t now);
/* The interface has these addresses of its own: what is new is announced, twice. */
void weir_hosts_announce(
    struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip, uint64_t now);
/* Forgets all of an interface's. */
void weir_hosts_forget(struct weir_hosts *hosts, uint32_t iface);

/*
 * Looks at some entries: what is due is asked, probed, forgotten. Fills up to `n` questions, returns how many; to be
 * called every 50 ms or so. As neighbours of the underlay (RFC 4861, 7.3.2): three questions a second apart; who
 * answered within 30 s is known, and is then asked alone while its MAC still stands.
 */
uint32_t weir_hosts_tick(struct weir_hosts *hosts, struct weir_host_question question[], uint32_t n, uint64_t now);

/* What is known of entry `host`, which is used. */
struct weir_host_view {
	const char *state; /* "incomplete", "reachable", "probe" or "failed" */
	uint64_t age;	   /* ns since it answered or spoke last; since it is asked, if it never did */
};
struct weir_host_view weir_hosts_view(const struct weir_hosts *hosts, uint32_t host, uint64_t now);

uint32_t weir_hosts_of_iface(const struct weir_hosts *hosts, uint32_t iface);
uint32_t weir_hosts_of_tenant(const struct weir_hosts *hosts, uint32_t tenant);
/* The next entry of a tenant's (WEIR_NONE: of all) from cursor on: its index, or WEIR_NONE. */
uint32_t weir_hosts_next(const struct weir_hosts *hosts, uint32_t tenant, uint32_t cursor);

bool weir_hosts_reclaim_begin(struct weir_hosts *hosts);
void weir_hosts_reclaim_end(struct weir_hosts *hosts);

#endif
