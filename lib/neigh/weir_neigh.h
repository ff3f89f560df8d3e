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
 * States follow RFC 4861 (7.3.2) for both families. A neighbour is there because a VTEP is reached by it, so that it
 * is asked again by unicast while its headers are still good: no packet waits in steady state. Time is an argument.
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
	WEIR_NEIGH_INCOMPLETE, /* asked of all, 3 times 1 s apart; packets may wait */
	WEIR_NEIGH_REACHABLE,  /* it answered within 30 s */
	WEIR_NEIGH_STALE,      /* it said itself where it is, or somebody doubts it; PROBE follows in 1 s */
	WEIR_NEIGH_PROBE,      /* asked by unicast, 3 times 1 s apart */
	WEIR_NEIGH_FAILED,     /* no answer; asked of all every 5 s (the first times after PROBE: every second) */
};
const char *weir_neigh_state_name(enum weir_neigh_state state); /* "reachable" */

struct weir_neigh;

struct weir_neigh_params {
	uint32_t max_vteps; /* capacity of VTEP ids, 1 or more */
	/*
	 * Sends a frame (no FCS; padded to 60 bytes, underlay VLAN tag included) by port index `port`. Called with
	 * the mutex held, from either control thread; copies `frame`. What cannot be sent is asked again in time.
	 */
	void (*send)(void *arg, uint32_t port, const uint8_t *frame, uint32_t len);
	/* Frees `p` by rte_free() after a quiescent period. Called with the mutex held, from either control thread.
	 */
	void (*defer)(void *arg, void *p);
	void *arg;
	int socket;
};

/* After rte_eal_init(). NULL: no memory. */
struct weir_neigh *weir_neigh_create(const struct weir_neigh_params *params);
/* Workers have ended. What was deferred is not the table's any more. NULL is fine. */
void weir_neigh_free(struct weir_neigh *neigh);

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
 * are routed again: by the longest connected prefix, else by the gateway of the first underlay that has one of the
 * family (and an address to ask it from). Our own and link-local addresses have no route. Neighbours stay unless
 * their underlay goes or moves to another port or VLAN; headers follow each change. New addresses are announced twice
 * (gratuitous ARP, unsolicited NA). Returns 0 or -ENOMEM (nothing changed). Configuration thread.
 */
int weir_neigh_set_underlay(
    struct weir_neigh *neigh, uint32_t id, const struct weir_neigh_underlay *underlay, uint64_t now);

/*
 * A reference on the VTEP with this address and format; the first one starts its resolution. One address with two
 * formats is two VTEPs, with one way there and one neighbour. Returns its id, or WEIR_NONE if all are taken.
 * Configuration thread, like the next two.
 */
uint32_t weir_neigh_vtep_get(
    struct weir_neigh *neigh, const struct weir_ip *ip, enum weir_tunnel tunnel, uint64_t now);

/* The id of the VTEP with this address and format, or WEIR_NONE. Any thread; holds until its next quiescent state. */
uint32_t weir_neigh_vtep_find(const struct weir_neigh *neigh, const struct weir_ip *ip, enum weir_tunnel tunnel);

/*
 * Gives one reference back; with the last one the VTEP goes. Workers may still use the id (they get NULL, NO_ROUTE):
 * it is given out again only after weir_neigh_vtep_reuse().
 */
void weir_neigh_vtep_put(struct weir_neigh *neigh, uint32_t id);

/* Frees all ids put so far for reuse: once a quiescent period has passed since the last put. */
void weir_neigh_vtep_reuse(struct weir_neigh *neigh);

/*
 * The outer headers to the VTEP, or NULL with *reason: WEIR_DROP_NO_ROUTE, or WEIR_DROP_NEIGH_UNRESOLVED (asked, no
 * answer yet, or failed). Worker; the pointer holds until its next quiescent state.
 */
const struct weir_encap *weir_neigh_encap(const struct weir_neigh *neigh, uint32_t id, enum weir_reason *reason);

/* True while a first answer may still come (packets may wait); false once resolved, failed or unroutable. Worker. */
bool weir_neigh_pending(const struct weir_neigh *neigh, uint32_t id);

/*
 * A frame received on underlay `id`, its VLAN tag taken off, parsed as `outer` (kind ARP, ND or ECHO), all of it
 * contiguous: answers what is for us, and learns from what speaks of a neighbour that we have. Nobody becomes a
 * neighbour by asking. Maintenance thread. Returns WEIR_OK (consumed) or why it is dropped: NOT_OURS, BAD_ARP,
 * BAD_L4.
 */
enum weir_reason weir_neigh_input(
    struct weir_neigh *neigh, uint32_t id, const uint8_t *frame, const struct weir_outer *outer, uint64_t now);

/* Asks, probes, ages, announces: to be called every 100 ms or so. Maintenance thread. */
void weir_neigh_tick(struct weir_neigh *neigh, uint64_t now);

/* One line of the listing. */
struct weir_neigh_entry {
	struct weir_ip ip;
	struct weir_mac mac; /* zero while incomplete or failed */
	enum weir_neigh_state state;
	uint32_t underlay; /* id */
	uint64_t age;	   /* ns since it answered last; since it is asked, if it never did */
};
/*
 * Copies up to `n` entries from cursor on (0 = the first); returns how many, *next = cursor to go on from, or
 * WEIR_NONE at the end. Any control thread.
 */
uint32_t weir_neigh_list(struct weir_neigh *neigh, uint32_t cursor, struct weir_neigh_entry *entries, uint32_t n,
    uint32_t *next, uint64_t now);

#endif
