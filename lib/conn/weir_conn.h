/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections, as stateful firewalls know them: one table for all workers, so that both directions of a conversation
 * meet in one record whichever workers they come to.
 *
 * Any number of workers find, follow and open side by side without locks. A record is one cacheline; an index of
 * buckets leads to it by a keyed hash of the conversation, its smaller end first. Whoever opens a connection
 * publishes its record as tentative and looks whether another worker did so at the same time: one of the two is then
 * struck out. One maintenance thread takes out what has expired; a record is used again after workers have passed a
 * quiescent state.
 *
 * TCP states are those of RFC 9293 as far as one in the middle sees them by flags; sequence numbers are not looked
 * at. Time-outs follow RFC 5382 (TCP), RFC 4787 (UDP) and RFC 5508 (ICMP).
 */
#ifndef WEIR_CONN_H
#define WEIR_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define WEIR_CONN_CAPACITY_MIN 1024u
#define WEIR_CONN_CAPACITY_MAX (1u << 22)
#define WEIR_CONN_FLOOR 1024u	       /* a tenant with fewer may open more as long as there is any room ... */
#define WEIR_CONN_RESERVE(n) ((n) / 8) /* ... of n records so many are only for such */
/*
 * A worker may know a connection's packets and send them on unseen for so long (ns) while its state is steady: what
 * is steady times out so much later.
 */
#define WEIR_CONN_REFRESH_SHIFT 33
#define WEIR_CONN_REFRESH (UINT64_C(1) << WEIR_CONN_REFRESH_SHIFT)

/* The conversation of a packet, in the packet's direction. */
struct weir_conn_key {
	uint32_t zone; /* where it is known: unique over all attachments that ever were */
	uint8_t proto;
	uint8_t zero[3];
	uint16_t sport, dport; /* as in the packet; ICMP echo: its id in both; 0 where there are none */
	uint32_t zero2;
	struct weir_ip src, dst;
};

enum weir_conn_state {
	WEIR_CONN_SYN_SENT,
	WEIR_CONN_SYN_RECEIVED,
	WEIR_CONN_ESTABLISHED,
	WEIR_CONN_CLOSING,   /* one end has sent its FIN */
	WEIR_CONN_TIME_WAIT, /* both have */
	WEIR_CONN_CLOSED,    /* reset */
	WEIR_CONN_NEW,	     /* not TCP: not answered yet */
	WEIR_CONN_REPLIED,
	WEIR_CONN_ECHO, /* ICMP */
	WEIR_CONN_STATES,
};

const char *weir_conn_state_name(enum weir_conn_state state); /* "syn_sent" */

/* How long a connection in this state stands without a packet, in ns; without WEIR_CONN_REFRESH. */
uint64_t weir_conn_timeout(enum weir_conn_state state);

/* Is it one in which packets change nothing for a while, so that what was decided of one holds for the next? */
static inline bool
weir_conn_steady(enum weir_conn_state state)
{
	return state == WEIR_CONN_ESTABLISHED || state >= WEIR_CONN_NEW;
}

struct weir_conn_found {
	uint32_t index, serial; /* the record, for weir_conn_follow() */
	bool reply;		/* the packet goes against the direction in which it was opened */
	bool mark;		/* as given when it was opened */
	enum weir_conn_state state;
};

enum weir_conn_result {
	WEIR_CONN_OK,
	WEIR_CONN_OVER_QUOTA,
	WEIR_CONN_TABLE_FULL,
};

struct weir_conns;

/*
 * `capacity` records, which becomes a power of two; tenants' and interfaces' ids are below 2^17 and 2^19. 84 bytes a
 * record, all of them taken at once, so that no worker takes page faults. NULL: no memory.
 */
struct weir_conns *weir_conns_create(uint32_t capacity, uint32_t tenants);
void weir_conns_free(struct weir_conns *conns); /* NULL is fine; nobody uses it any more */

/* ---- workers: any number at a time; what they are given holds until their next quiescent state ---- */

/*
 * The connection that a packet belongs to. Changes nothing: any thread that keeps records from being reclaimed may
 * ask. What has timed out is not found; nor, by a SYN without ACK, FIN and RST, what is closed or in time_wait, since
 * it is opened anew. tcp_flags: 0 of other protocols.
 */
bool weir_conn_find(const struct weir_conns *conns, const struct weir_conn_key *key, uint8_t tcp_flags, uint64_t now,
    struct weir_conn_found *found);

/* A packet of it passed: moves its state, notes the time. False: it has ended meanwhile. *state: as it is now. */
bool weir_conn_follow(struct weir_conns *conns, const struct weir_conn_found *found, uint8_t tcp_flags, uint64_t now,
    enum weir_conn_state *state);

/*
 * Opens a connection by its first packet, for `tenant`, which may have `quota` over all workers; `iface` is where it
 * is known, `mark` what else is to be remembered. One that stands by now, opened by another worker in either
 * direction, is followed instead. Of two that open the same at once both go well.
 */
enum weir_conn_result weir_conn_open(struct weir_conns *conns, const struct weir_conn_key *key, uint8_t tcp_flags,
    bool mark, uint32_t iface, uint32_t tenant, uint32_t quota, uint64_t now, enum weir_conn_state *state);

/* ---- maintenance: one thread ---- */

/*
 * Looks at a part of the records, at all of them in 2 s of `now`: ends what has timed out and what is known at an
 * interface that is not `alive` any more.
 */
void weir_conns_tend(
    struct weir_conns *conns, uint64_t now, bool (*alive)(void *arg, uint32_t iface, uint32_t zone), void *arg);

/* Records that have ended are used again when workers have passed a quiescent state in between. _begin: false if
 * there is nothing to wait for. */
bool weir_conns_reclaim_begin(struct weir_conns *conns);
void weir_conns_reclaim_end(struct weir_conns *conns);

/* ---- any thread ---- */

uint32_t weir_conns_capacity(const struct weir_conns *conns);
uint32_t weir_conns_used(const struct weir_conns *conns); /* records, with those that wait to be used again */
uint32_t weir_conns_of_tenant(const struct weir_conns *conns, uint32_t tenant);

struct weir_conn_view {
	struct weir_conn_key key; /* as it was opened */
	enum weir_conn_state state;
	uint32_t iface, tenant;
	uint64_t idle, left; /* ns since its last packet that was seen; until it times out */
};

/*
 * The next connection of a tenant's (WEIR_NONE: of all) among `most` records from *cursor on: its index, and a
 * consistent copy of it. *cursor goes behind it. WEIR_NONE: there is none among them.
 */
uint32_t weir_conns_next(const struct weir_conns *conns, uint32_t tenant, uint32_t *cursor, uint32_t most,
    uint64_t now, struct weir_conn_view *view);

#endif
