/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receipts: what each tenant was promised, asked for and had, second by second, and, where it had less than it was
 * promised and asked for, why. Made from counters alone, of one cut a tenant and second: packets pay nothing for
 * them.
 *
 * Rates are those of the wire, as guarantees are: a packet takes so many bytes beyond the tenant's frame, tunnel and
 * tag included (weir_receipt_cut.overhead). By direction:
 *  - delivered: what left;
 *  - demanded: that, what was lost on its way out by contract or for want of capacity (weir_why.h), and what began to
 *    wait. What was lost on the way in, when nobody knew where it would leave, is divided: what came by uplinks was
 *    for vports; what came by vports as the rest of what came by them that second;
 *  - why: the class by which most was lost, if less was delivered than was promised and demanded, by more than a
 *    thousandth and one frame (design 1.6). What waits counts as "queue". Who had
 *    all of its own limit was stopped by that, wherever the rest was lost.
 *
 * A round visits every tenant once, in as many steps as the caller likes: each receipt is of the time between two
 * cuts of that tenant, and says when and how long that was. A tenant that did nothing between two cuts has no
 * receipt. Rounds of the last hour are kept, in 56 bytes a receipt, and all together at most WEIR_RECEIPTS_MAX
 * receipts: the oldest rounds go first. Memory is taken as it is used.
 *
 * Threads: none of this locks; the caller lets one thread in at a time.
 */
#ifndef WEIR_RECEIPT_H
#define WEIR_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_vnet.h"
#include "weir_why.h"

#define WEIR_RECEIPT_ROUNDS 3600u			/* an hour of seconds */
#define WEIR_RECEIPTS_MAX (2000u * WEIR_RECEIPT_ROUNDS) /* 385 MiB: an hour of 2,000 tenants that are never idle */

/* What a tenant's counters say in one cut: everything since there is this tenant. */
struct weir_receipt_cut {
	uint64_t time;			    /* ns: of the cut */
	struct weir_rate guarantee, limit;  /* now, of each direction */
	uint64_t cycles, spent;		    /* that it had of all workers; all that these had since they began */
	uint32_t overhead[WEIR_DIRECTIONS]; /* bytes; 0 = it has no interface of this direction */
	struct weir_count count[WEIR_DIRECTIONS]; /* of its interfaces of this direction */
};

struct weir_receipt {
	uint64_t round;
	uint64_t time, interval; /* ns, to the microsecond: of the tenant's cut, and since the one before */
	struct weir_rate promised;
	uint32_t cpu; /* thousandths of all workers' time */
	struct weir_receipt_way {
		struct weir_rate demanded, delivered;
		enum weir_why why; /* NONE: nothing was short */
	} way[WEIR_DIRECTIONS];
};

struct weir_receipts;

/* For tenants with ids below `tenants`; room for `max` receipts, at least twice `tenants`. NULL: no memory. */
struct weir_receipts *weir_receipts_create(uint32_t tenants, uint32_t max);
void weir_receipts_free(struct weir_receipts *receipts); /* NULL is fine */

/*
 * A round: begin (`time`, `spent`: of its first cut), each tenant once in order of ids, end; others may read in
 * between, up to the round before. The first round finds out where counters stand and makes no receipts.
 */
void weir_receipts_begin(struct weir_receipts *receipts, uint64_t time, uint64_t spent);
/* True if weir_receipts_add() needs the tallies: the tenant lost something since the round before. */
bool weir_receipts_lost(
    const struct weir_receipts *receipts, uint32_t tenant, uint32_t serial, const struct weir_receipt_cut *cut);
/*
 * `serial`: another one, another tenant, whose counters began at 0: its first receipt is of the time since the round
 * before began. `tallies`: NULL unless they are needed.
 */
void weir_receipts_add(struct weir_receipts *receipts, uint32_t tenant, uint32_t serial,
    const struct weir_receipt_cut *cut, const struct weir_tally tallies[WEIR_DIRECTIONS]);
void weir_receipts_end(struct weir_receipts *receipts);

/* The oldest round that is kept, and the one that comes next: equal while there is none. They only grow. */
uint64_t weir_receipts_oldest(const struct weir_receipts *receipts);
uint64_t weir_receipts_next(const struct weir_receipts *receipts);

/*
 * The receipt of a tenant (id, serial) in a round between these. False: it has none there. A tenant has none of
 * rounds in which its id was another's.
 */
bool weir_receipts_find(const struct weir_receipts *receipts, uint64_t round, uint32_t tenant, uint32_t serial,
    struct weir_receipt *receipt);

#endif
