/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The underlay as a host sees it: weir's own addresses on its uplinks (ARP, neighbour discovery, ping answered),
 * neighbours resolved and kept fresh, and, for every remote gateway (VTEP), the outer headers to it, published for
 * workers.
 *
 * Who does what: the configuration thread sets underlays and VTEPs; the maintenance thread feeds received packets and
 * ticks the timers; both take the table's own mutex. Workers only call weir_neigh_encap(), which takes no lock: it
 * loads a published pointer. A replaced weir_encap is passed to the `defer` callback, which frees it (rte_free) after
 * every worker has passed a quiescent state.
 *
 * States follow RFC 4861 (7.3.2) for both families: INCOMPLETE, REACHABLE, STALE, PROBE, FAILED. Since a remote is
 * there because it is used, a neighbour is probed again by unicast before it would go stale for good, so that no
 * packet waits for it in steady state. Time is an argument.
 */
#ifndef WEIR_NEIGH_H
#define WEIR_NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_packet.h"

#define WEIR_UNDERLAYS_MAX 256
#define WEIR_UNDERLAY_ADDRESSES_MAX 64

enum weir_neigh_state {
	WEIR_NEIGH_INCOMPLETE,
	WEIR_NEIGH_REACHABLE,
	WEIR_NEIGH_STALE,
	WEIR_NEIGH_PROBE,
	WEIR_NEIGH_FAILED,
};
const char *weir_neigh_state_name(enum weir_neigh_state state); /* "reachable" */

struct weir_neigh;

struct weir_neigh_params {
	uint32_t max_vteps; /* capacity of VTEP ids and of neighbours */
	/*
	 * Sends a frame (without FCS, underlay VLAN tag included) by port index `port`. Called with the mutex held,
	 * from either control thread; copies `frame`.
	 */
	void (*send)(void *arg, uint32_t port, const uint8_t *frame, uint32_t len);
	/* Frees `p` by rte_free() after a quiescent period. Called with the mutex held. */
	void (*defer)(void *arg, void *p);
	void *arg;
	int socket;
};

struct weir_neigh *weir_neigh_create(const struct weir_neigh_params *params); /* NULL: no memory */
void weir_neigh_free(struct weir_neigh *neigh);				      /* NULL is fine; workers have ended */

struct weir_neigh_underlay {
	uint32_t port;	     /* port index */
	uint32_t vlan;	     /* WEIR_NONE = untagged */
	struct weir_mac mac; /* what weir answers with */
	uint32_t mtu;	     /* of the port */
	uint32_t n_addresses, n_gateways;
	const struct weir_prefix *addresses; /* copied */
	const struct weir_ip *gateways;	     /* copied; at most one a family */
};

/*
 * Sets underlay `id` (below WEIR_UNDERLAYS_MAX; the caller's own numbering), or removes it (`underlay` NULL). VTEPs
 * are routed again: a connected prefix (longest first), else the gateway of the first underlay that has one of the
 * family. Neighbours on an underlay that goes are forgotten; one that only changes addresses keeps its neighbours.
 * Announces new addresses (gratuitous ARP, unsolicited NA). Returns 0 or -ENOMEM (nothing changed).
 */
int weir_neigh_set_underlay(
    struct weir_neigh *neigh, uint32_t id, const struct weir_neigh_underlay *underlay, uint64_t now);

/* A reference on the VTEP with this address; the first one starts its resolution. Returns its id, or WEIR_NONE if all
 * are taken. */
uint32_t weir_neigh_vtep_get(struct weir_neigh *neigh, const struct weir_ip *ip, uint64_t now);
/* Gives the reference back; with the last one the VTEP goes. The id is reused only after weir_neigh_vtep_reuse() says
 * that workers have let go of it. */
void weir_neigh_vtep_put(struct weir_neigh *neigh, uint32_t id);
/* After a quiescent period: ids put before weir_neigh_vtep_put() returned may be given out again. */
void weir_neigh_vtep_reuse(struct weir_neigh *neigh);

/*
 * The outer headers to the VTEP, or NULL with *reason: WEIR_DROP_NO_ROUTE, or WEIR_DROP_NEIGH_UNRESOLVED (asked, no
 * answer yet, or failed). Worker; the pointer holds until its next quiescent state.
 */
const struct weir_encap *weir_neigh_encap(const struct weir_neigh *neigh, uint32_t id, enum weir_reason *reason);

/* True while a first answer may still come (packets may wait); false once resolved, failed or unroutable. Worker. */
bool weir_neigh_pending(const struct weir_neigh *neigh, uint32_t id);

/*
 * A frame received on underlay `id`, its VLAN tag taken off, parsed as `outer` (kind ARP, ND or ECHO): answers what
 * is for us, learns from what updates a neighbour we have (RFC 826: never creates one from a request alone unless it
 * is needed). Maintenance thread. Returns WEIR_OK (consumed) or the reason why it was dropped (NOT_OURS, BAD_L4,
 * BAD_ARP).
 */
enum weir_reason weir_neigh_input(
    struct weir_neigh *neigh, uint32_t id, const uint8_t *frame, const struct weir_outer *outer, uint64_t now);

/* Retransmits, probes, ages. Call at least every 100 ms. Maintenance thread. */
void weir_neigh_tick(struct weir_neigh *neigh, uint64_t now);

/* One line of the listing. */
struct weir_neigh_entry {
	struct weir_ip ip;
	struct weir_mac mac; /* zero while incomplete */
	enum weir_neigh_state state;
	uint32_t underlay; /* id */
	uint64_t age;	   /* ns since last confirmed */
};
/* Copies up to `n` entries from cursor on; returns how many, *next = cursor to go on from, or WEIR_NONE at the end.
 * Any control thread. */
uint32_t weir_neigh_list(struct weir_neigh *neigh, uint32_t cursor, struct weir_neigh_entry *entries, uint32_t n,
    uint32_t *next, uint64_t now);

#endif
