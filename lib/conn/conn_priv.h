/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_CONN_PRIV_H
#define WEIR_CONN_PRIV_H

#include "weir_conn.h"
#include "weir_hash.h"

/* ---- a record's word: everything of it that changes, so that one compare-and-swap is a change ---- */

/* What becomes of a record. What is dead is found by nobody, and waits to be taken out and reclaimed. */
enum life {
	LIFE_FREE,
	LIFE_TENTATIVE, /* published, but another one for the same connection may strike it out */
	LIFE_LIVE,
	LIFE_DEAD,
};

#define STATE_BITS 4
#define SERIAL_BITS 18
#define IFACE_BITS 19
#define TENANT_BITS 17

struct word {
	uint64_t life : 2;
	uint64_t state : STATE_BITS; /* enum weir_conn_state */
	uint64_t opener : 1;	     /* 1: the larger end opened it */
	uint64_t mark : 1;
	uint64_t fins : 2; /* bit 0: the opener has sent its FIN, bit 1: the other one */
	uint64_t serial : SERIAL_BITS;
	uint64_t iface : IFACE_BITS;
	uint64_t tenant : TENANT_BITS;
};
_Static_assert(sizeof(struct word) == sizeof(uint64_t), "one word");

static inline uint64_t
pack(struct word word)
{
	uint64_t bits;

	__builtin_memcpy(&bits, &word, sizeof(bits));
	return bits;
}

static inline struct word
unpack(uint64_t bits)
{
	struct word word;

	__builtin_memcpy(&word, &bits, sizeof(word));
	return word;
}

/* ---- records ---- */

/* Both directions: the smaller end first. */
struct ends {
	struct weir_ip ip[2];
	uint16_t port[2];
	uint32_t zone;
	uint8_t proto;
	uint8_t zero[7];
};
_Static_assert(sizeof(struct ends) == 48, "hashed as words");

struct record {
	struct ends ends; /* written while it is free */
	uint64_t word;	  /* struct word; any worker, maintenance: w (compare and swap) */
	uint64_t last;	  /* ns; any worker: w */
} WEIR_CACHE_ALIGNED;
_Static_assert(sizeof(struct record) == WEIR_CACHELINE, "one each");

/* ---- the index ---- */

#define SLOTS 8
#define SLOTS_A_RECORD 2

/* Of a slot: 0 is empty; else a tag of the hash above, the record's index + 1 below. Any worker, maintenance: w
 * (compare and swap) */
struct bucket {
	uint64_t slot[SLOTS];
} WEIR_CACHE_ALIGNED;

struct weir_conns {
	struct weir_hash_secret secret;
	uint32_t capacity, n_tenants;
	uint32_t mask; /* of buckets */
	struct bucket *buckets;
	struct record *records;
	uint32_t *next;	     /* by record: behind it in a list of free or retired ones */
	uint32_t *of_tenant; /* any worker, maintenance: w (atomic) */
	uint64_t cursor_at;  /* when maintenance looked last; its own, as the next three */
	uint32_t cursor, retired, waiting;
	uint64_t free WEIR_CACHE_ALIGNED; /* a stack: how often it was changed above, first record + 1 below */
	uint32_t top WEIR_CACHE_ALIGNED;  /* none from here on was ever used */
	uint32_t used WEIR_CACHE_ALIGNED;
};

/* The two buckets and the tag that a hash leads to. */
struct place {
	struct bucket *bucket[2];
	uint64_t tag;
};

static inline struct place
place_of(const struct weir_conns *conns, const struct ends *ends)
{
	uint64_t hash = weir_hash(&conns->secret, ends, sizeof(*ends));
	struct place place = {.bucket = {&conns->buckets[hash & conns->mask],
				  &conns->buckets[hash * UINT64_C(0x9e3779b97f4a7c15) >> 32 & conns->mask]},
	    .tag = hash & UINT64_C(0xffffffff00000000)};

	/* Side by side: both are looked at where there is no such connection. */
	__builtin_prefetch(place.bucket[0]);
	__builtin_prefetch(place.bucket[1]);
	return place;
}

static inline struct word
load_word(const struct record *record)
{
	return unpack(__atomic_load_n(&record->word, __ATOMIC_ACQUIRE));
}

/* From one word to the other; false: it was another one. */
static inline bool
swap_word(struct record *record, struct word from, struct word to)
{
	uint64_t expected = pack(from);

	return __atomic_compare_exchange_n(
	    &record->word, &expected, pack(to), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* When it times out, if nothing comes. */
static inline uint64_t
ends_at(const struct record *record, enum weir_conn_state state)
{
	return __atomic_load_n(&record->last, __ATOMIC_RELAXED) + weir_conn_timeout(state) +
	       (weir_conn_steady(state) ? WEIR_CONN_REFRESH : 0);
}

/* Nobody holds the record any more: it may be taken again. */
void conns_put_free(struct weir_conns *conns, uint32_t index);

/* What a packet makes of a state; `reply`: it goes against the direction of the opening. Updates word->fins. */
enum weir_conn_state conn_next_state(struct word *word, bool reply, uint8_t flags);

/* By which it is opened. */
enum weir_conn_state conn_first_state(uint8_t proto);

#endif
