/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notes: what a walk decides on its way, told where it is decided to whoever asked (struct weir_walker). Workers do
 * not ask: for them a note is one comparison. What a note points to holds during the call.
 */
#ifndef WEIR_NOTE_H
#define WEIR_NOTE_H

#include "weir_conn.h"
#include "weir_vnet.h"

enum weir_note_kind {
	WEIR_NOTE_ENTER,    /* by `iface`; of a frame that a router made, by its interface */
	WEIR_NOTE_SPOOF,    /* `iface` checks who sends: `reason` */
	WEIR_NOTE_SOURCE,   /* `mac` sends, known as `entry`; `learn` */
	WEIR_NOTE_FIREWALL, /* of `iface`: `fw`, `reason` */
	WEIR_NOTE_LISTEN,   /* ARP or ND of `mac`, which tells `ip` where it is, if it is set: routers hear it */
	WEIR_NOTE_SWITCH,   /* in `sw` to `mac`, known as `entry`, and so to `iface` (NULL: flooded); `reason` */
	WEIR_NOTE_ROUTER,   /* to `router` (NULL: it is gone) by `iface`; `reason` */
	WEIR_NOTE_HERE,	    /* `ip` is `router`'s own; `reason` */
	WEIR_NOTE_CHECK,    /* `router` looks at addresses and hops: of `ttl`, `hops` have gone already; `reason` */
	WEIR_NOTE_ROUTE, /* of `router` to `ip`: `route` (WEIR_NONE: none), `ways`, by `way`, out by `iface`; `reason`
			  */
	WEIR_NOTE_NEIGHBOUR, /* `ip` at `iface`: `place` of entry `host`, or `mac`, another router's; `reason` */
	WEIR_NOTE_CONNECT,   /* a walker that peeks would open a connection at `iface`; `reason` */
};

/* How a firewall came to what it did. */
enum weir_fw_how {
	WEIR_FW_BY_NEED,       /* ARP, neighbour discovery, MLD: hosts need it to speak IP at all */
	WEIR_FW_BY_KIND,       /* not IP */
	WEIR_FW_BY_RULE,       /* `rule` (WEIR_NONE: none matches) */
	WEIR_FW_BY_CONNECTION, /* the connection that was found, which `opener` would open now */
	WEIR_FW_BY_FRAGMENT,   /* a later fragment, whose first one is not known */
};

/* What a firewall saw. */
struct weir_note_fw {
	uint32_t filter;   /* id */
	uint8_t direction; /* WEIR_FW_IN or _OUT */
	uint8_t how;	   /* enum weir_fw_how */
	bool found;	   /* a connection: */
	bool reply;	   /* the packet goes against its opening */
	bool error;	   /* it is an ICMP error, and the connection is that of the packet it quotes */
	uint8_t state;	   /* enum weir_conn_state */
	uint32_t rule;	   /* index of the first that matches the packet, or WEIR_NONE */
	uint32_t opener;   /* found: index of the one that would open it now, or WEIR_NONE */
};

struct weir_note {
	enum weir_note_kind kind;
	enum weir_reason reason; /* WEIR_OK: it goes on */
	const struct weir_iface *iface;
	const struct weir_switch *sw;
	const struct weir_router *router;
	const struct weir_mac *mac;
	const struct weir_ip *ip;
	const struct weir_ways *ways;
	const struct weir_way *way;
	const struct weir_note_fw *fw;
	uint64_t place; /* struct weir_host's */
	uint32_t entry; /* of a MAC; WEIR_NONE: not known; WEIR_MAC_GROUP */
	uint32_t route, host;
	bool learn;
	uint8_t ttl, hops;
};

#endif
