/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker's flow cache: exact keys to paths, with each flow's own counters.
 *
 * The worker that owns it is the only one to write; it needs no lock. Statistics readers copy entries beside it by
 * weir_flow_read(), which an entry's sequence number keeps from mixing two flows. An entry is two cachelines: the
 * key, and what a packet writes.
 *
 * The hash table over the entries is of a size that suits their number (resize.c), and new ones go where the last
 * ones left: a few flows are as near as a few, whatever there is room for.
 *
 * When no slot is free (the table is full, or the tenant's quota is), the packet is forwarded all the same, uncached,
 * and that is counted; slots come back by ageing.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_packet.h"
#include "weir_table_fast.h"

struct weir_flow {
	struct weir_key key;
	uint64_t packets, bytes;
	uint64_t first, last; /* ns */
	uint32_t path;	      /* index of the worker's path; of a free entry: the next free one */
	uint32_t path_gen;    /* the generation of it that this flow was resolved with */
	uint32_t tenant;      /* id, and its incarnation: what the quota counts */
	uint32_t tenant_serial;
	uint32_t iface; /* that it enters by, and its incarnation */
	uint32_t iface_serial;
	uint32_t seq; /* odd while the entry is being filled or emptied */
	uint8_t used;
	uint8_t tcp_flags; /* all that were seen */
	uint16_t entropy;  /* chooses the UDP source port of tunnels, by a secret other than the table's */
} WEIR_CACHE_ALIGNED;
_Static_assert(sizeof(struct weir_flow) == 128, "two cachelines");

/* Whose flow it is. */
struct weir_flow_owner {
	uint32_t tenant, tenant_serial, iface, iface_serial;
};

#define WEIR_FLOWS_TABLES 6

/* Its own module's, and of the functions here. */
struct weir_flows {
	struct weir_flow *flow;
	struct weir_table *table; /* that new flows go to: tables[size] */
	struct weir_table *old;	  /* another, whose flows are moved to it; NULL: none */
	uint32_t size;
	uint32_t move_at;	     /* bucket of `old` whose flows are next */
	uint32_t grow_at, shrink_at; /* so many flows are too many for `table`, so few too few */
	uint32_t n_tables;
	struct weir_table *tables[WEIR_FLOWS_TABLES]; /* for all slots, and each smaller one for a part of it */
	uint32_t capacity;
	uint32_t used;
	uint32_t first_free; /* of the slots below `top` */
	uint32_t top;	     /* above every slot that was ever used */
	uint32_t age_at;     /* where ageing goes on */
};

/* `capacity` slots, their memory taken at once. NULL: no memory. */
struct weir_flows *weir_flows_create(uint32_t capacity, int socket);
void weir_flows_free(struct weir_flows *flows); /* NULL is fine */

/* ---- worker ---- */

/* The hash of a key; begins to fetch what the lookup needs first. */
static inline uint64_t
weir_flows_hash(const struct weir_flows *flows, const struct weir_key *key)
{
	return weir_table_hash_64(flows->table, key);
}

/* The flow in a slot; its key is asked for, and what a packet writes: as its own, though a reader may have it too. */
static inline struct weir_flow *
weir_flows_fetch(const struct weir_flows *flows, uint32_t slot)
{
	struct weir_flow *flow = &flows->flow[slot];

	rte_prefetch0(flow);
	__builtin_prefetch(&flow->packets, 1);
	return flow;
}

/* The flow of this key, or NULL: not cached. */
struct weir_flow *weir_flows_find(const struct weir_flows *flows, const struct weir_key *key, uint64_t hash);

/*
 * The same for a burst, in steps, each for all its packets before the next is for any, so that memory has time. First
 * the flow that a key with this hash is likely to have, asked for from memory; NULL: weir_flows_guess_other() may
 * know.
 */
static inline struct weir_flow *
weir_flows_guess(const struct weir_flows *flows, uint64_t hash)
{
	uint32_t index = weir_table_candidate(flows->table, hash);

	if (__builtin_expect(index != WEIR_NONE, 1))
		return weir_flows_fetch(flows, index);
	if (flows->old != NULL)
		weir_table_prefetch(flows->old, hash);
	return NULL;
}

/* The second guess, or NULL: there is no such flow. */
struct weir_flow *weir_flows_guess_other(const struct weir_flows *flows, uint64_t hash);

/* The flow of this key, or NULL, after that guess. */
static inline struct weir_flow *
weir_flows_confirm(const struct weir_flows *flows, const struct weir_key *key, uint64_t hash, struct weir_flow *guess)
{
	/* What had no tag in the table is not there. */
	if (__builtin_expect(guess == NULL || weir_table_equal_64(&guess->key, key), 1))
		return guess;
	return weir_flows_find(flows, key, hash);
}

/*
 * A new flow for `key`, which is not in the cache; counters zero, first = last = now; the caller fills its path
 * before the next packet. NULL: no slot.
 */
struct weir_flow *weir_flows_add(struct weir_flows *flows, const struct weir_key *key, uint64_t hash,
    const struct weir_flow_owner *owner, uint64_t now);

/* Starts an entry over for a new owner of the same key: counters zero, first = last = now. */
void weir_flow_restart(struct weir_flow *flow, const struct weir_flow_owner *owner, uint64_t now);

/* Takes a flow out; its slot is free. */
void weir_flows_remove(struct weir_flows *flows, struct weir_flow *flow);

/* Told of n > 0 flows that are about to be taken out. */
typedef void (*weir_flows_gone_fn)(void *arg, struct weir_flow *const flow[], uint32_t n);

/*
 * Looks at the next `n` slots; those idle for longer than `idle` go, some at a time, and `gone` is called before.
 * Then sees to it that the table suits the flows that are left: at most a few microseconds' work a call.
 */
void weir_flows_age(
    struct weir_flows *flows, uint32_t n, uint64_t idle, uint64_t now, weir_flows_gone_fn gone, void *arg);

/* ---- any thread ---- */

uint32_t weir_flows_capacity(const struct weir_flows *flows);
uint32_t weir_flows_count(const struct weir_flows *flows);
uint32_t weir_flows_top(const struct weir_flows *flows); /* no slot from here on was ever used */

/* Copies the flow in slot `slot`, if there is one; true if so. */
bool weir_flow_read(const struct weir_flows *flows, uint32_t slot, struct weir_flow *copy);

#endif
