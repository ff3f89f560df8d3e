/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding, following, opening. */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_tcp.h>

#include "conn_priv.h"
#include "weir_vmem.h"

/* So often a worker tries again where another one was in its way; each time that one has got further. */
#define TRIES 8

/* ---- life ---- */

struct weir_conns *
weir_conns_create(uint32_t capacity, uint32_t tenants)
{
	struct weir_conns *conns;
	uint32_t n_buckets;

	conns = aligned_alloc(WEIR_CACHELINE, sizeof(*conns));
	if (conns == NULL)
		return NULL;
	memset(conns, 0, sizeof(*conns));
	weir_hash_secret_init(&conns->secret);
	conns->capacity = rte_align32pow2(RTE_MAX(capacity, WEIR_CONN_CAPACITY_MIN));
	conns->n_tenants = tenants;
	conns->retired = conns->waiting = WEIR_NONE;
	n_buckets = conns->capacity / SLOTS * SLOTS_A_RECORD;
	conns->mask = n_buckets - 1;
	conns->buckets = weir_vmem_take(n_buckets * sizeof(*conns->buckets));
	conns->records = weir_vmem_take(conns->capacity * sizeof(*conns->records));
	conns->next = weir_vmem_take(conns->capacity * sizeof(*conns->next));
	conns->of_tenant = weir_vmem_alloc(tenants * sizeof(*conns->of_tenant));
	if (conns->buckets == NULL || conns->records == NULL || conns->next == NULL || conns->of_tenant == NULL) {
		weir_conns_free(conns);
		return NULL;
	}
	return conns;
}

void
weir_conns_free(struct weir_conns *conns)
{
	if (conns == NULL)
		return;
	weir_vmem_free(conns->buckets, (conns->mask + UINT64_C(1)) * sizeof(*conns->buckets));
	weir_vmem_free(conns->records, conns->capacity * sizeof(*conns->records));
	weir_vmem_free(conns->next, conns->capacity * sizeof(*conns->next));
	weir_vmem_free(conns->of_tenant, conns->n_tenants * sizeof(*conns->of_tenant));
	free(conns);
}

/* ---- free records ---- */

/* WEIR_NONE: there is none. */
static uint32_t
take_free(struct weir_conns *conns)
{
	uint64_t head = __atomic_load_n(&conns->free, __ATOMIC_ACQUIRE), rest;
	uint32_t index;

	while ((uint32_t)head != 0) {
		index = (uint32_t)head - 1;
		/* It may be somebody else's by now, and this not what follows it: then the head has changed as well.
		 */
		rest = (head & UINT64_C(0xffffffff00000000)) + (UINT64_C(1) << 32) +
		       __atomic_load_n(&conns->next[index], __ATOMIC_RELAXED);
		if (__atomic_compare_exchange_n(&conns->free, &head, rest, true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
			return index;
	}
	if (__atomic_load_n(&conns->top, __ATOMIC_RELAXED) >= conns->capacity)
		return WEIR_NONE;
	index = __atomic_fetch_add(&conns->top, 1, __ATOMIC_RELAXED);
	if (index < conns->capacity)
		return index;
	(void)__atomic_fetch_sub(&conns->top, 1, __ATOMIC_RELAXED);
	return WEIR_NONE;
}

void
conns_put_free(struct weir_conns *conns, uint32_t index)
{
	uint64_t head = __atomic_load_n(&conns->free, __ATOMIC_RELAXED), with;

	do {
		__atomic_store_n(&conns->next[index], (uint32_t)head, __ATOMIC_RELAXED);
		with = (head & UINT64_C(0xffffffff00000000)) + (UINT64_C(1) << 32) + (index + 1);
	} while (!__atomic_compare_exchange_n(&conns->free, &head, with, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* ---- finding ---- */

/* Sorts the ends; true if they change places. */
static bool
sort_ends(const struct weir_conn_key *key, struct ends *ends)
{
	int order = memcmp(&key->src, &key->dst, sizeof(key->src));
	bool swap = order > 0 || (order == 0 && key->sport > key->dport);

	memset(ends, 0, sizeof(*ends));
	ends->ip[swap] = key->src;
	ends->ip[!swap] = key->dst;
	ends->port[swap] = key->sport;
	ends->port[!swap] = key->dport;
	ends->zone = key->zone;
	ends->proto = key->proto;
	return swap;
}

/* The record that this slot leads to, if it is one of these ends'; else NULL. */
static struct record *
record_at(const struct weir_conns *conns, const uint64_t *slot, const struct place *place, const struct ends *ends)
{
	uint64_t bits = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	struct record *record;

	if (bits == 0 || (bits & UINT64_C(0xffffffff00000000)) != place->tag)
		return NULL;
	record = &conns->records[(uint32_t)bits - 1];
	return memcmp(&record->ends, ends, sizeof(*ends)) == 0 ? record : NULL;
}

/* The live record of these ends, or NULL. */
static struct record *
find_live(const struct weir_conns *conns, const struct place *place, const struct ends *ends, struct word *word)
{
	for (uint32_t b = 0; b < 2; b++) {
		for (uint32_t s = 0; s < SLOTS; s++) {
			struct record *record = record_at(conns, &place->bucket[b]->slot[s], place, ends);

			if (record == NULL)
				continue;
			*word = load_word(record);
			if (word->life == LIFE_LIVE)
				return record;
		}
	}
	return NULL;
}

static bool
is_syn(uint8_t flags)
{
	return (flags & (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG)) ==
	       RTE_TCP_SYN_FLAG;
}

/* Is it over, so that a packet with these flags begins anew? */
static bool
is_over(const struct record *record, struct word word, uint8_t flags, uint64_t now)
{
	if (now >= ends_at(record, (enum weir_conn_state)word.state))
		return true;
	return is_syn(flags) && (word.state == WEIR_CONN_TIME_WAIT || word.state == WEIR_CONN_CLOSED);
}

bool
weir_conn_find(const struct weir_conns *conns, const struct weir_conn_key *key, uint8_t tcp_flags, uint64_t now,
    struct weir_conn_found *found)
{
	struct ends ends;
	bool swapped = sort_ends(key, &ends);
	struct place place = place_of(conns, &ends);
	const struct record *record;
	struct word word;

	record = find_live(conns, &place, &ends, &word);
	if (record == NULL || is_over(record, word, tcp_flags, now))
		return false;
	*found = (struct weir_conn_found){
	    .index = (uint32_t)(record - conns->records),
	    .serial = (uint32_t)word.serial,
	    .reply = swapped != word.opener,
	    .mark = word.mark,
	    .state = (enum weir_conn_state)word.state,
	};
	return true;
}

bool
weir_conn_follow(struct weir_conns *conns, const struct weir_conn_found *found, uint8_t tcp_flags, uint64_t now,
    enum weir_conn_state *state)
{
	struct record *record = &conns->records[found->index];
	struct word word, next;

	do {
		word = next = load_word(record);
		if (word.life != LIFE_LIVE || word.serial != found->serial)
			return false;
		*state = conn_next_state(&next, found->reply, tcp_flags);
		next.state = *state & ((1u << STATE_BITS) - 1);
	} while (pack(next) != pack(word) && !swap_word(record, word, next));
	__atomic_store_n(&record->last, now, __ATOMIC_RELAXED);
	return true;
}

/* ---- opening ---- */

static struct word
next_serial(struct word word)
{
	word.serial = (word.serial + 1u) & ((1u << SERIAL_BITS) - 1);
	return word;
}

/* What is over begins anew in its record. False: somebody else changed it. */
static bool
begin_anew(
    struct record *record, struct word word, bool swapped, bool mark, uint64_t now, enum weir_conn_state *state)
{
	struct word anew = next_serial(word);

	*state = conn_first_state(record->ends.proto);
	anew.state = *state & ((1u << STATE_BITS) - 1);
	anew.opener = swapped;
	anew.mark = mark;
	anew.fins = 0;
	/* First, so that nobody takes it for timed out. */
	__atomic_store_n(&record->last, now, __ATOMIC_RELAXED);
	return swap_word(record, word, anew);
}

static uint32_t
n_empty(const struct bucket *bucket)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < SLOTS; s++)
		n += __atomic_load_n(&bucket->slot[s], __ATOMIC_RELAXED) == 0;
	return n;
}

/*
 * Enters the record into the index: where; NULL: both buckets are full. The emptier one first: so neither is ever
 * full as long as half the slots are free.
 */
static uint64_t *
enter(const struct weir_conns *conns, const struct place *place, const struct record *record)
{
	uint64_t bits = place->tag | ((uint64_t)(record - conns->records) + 1);
	uint32_t first = n_empty(place->bucket[0]) < n_empty(place->bucket[1]);

	for (uint32_t b = 0; b < 2; b++) {
		for (uint32_t s = 0; s < SLOTS; s++) {
			uint64_t *slot = &place->bucket[b ^ first]->slot[s], empty = 0;

			if (__atomic_load_n(slot, __ATOMIC_RELAXED) == 0 &&
			    __atomic_compare_exchange_n(
				slot, &empty, bits, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
				return slot;
		}
	}
	return NULL;
}

/*
 * Are there others, entered meanwhile? Strikes out those that are tentative and stand later, and gives way to one
 * that stands earlier or is live. So of those that see each other one is left; and whoever enters later sees all that
 * entered before. False: the record has given way.
 */
static bool
prevails(const struct weir_conns *conns, const struct place *place, const struct ends *ends, const uint64_t *own)
{
	bool later = false;

	for (uint32_t b = 0; b < 2; b++) {
		for (uint32_t s = 0; s < SLOTS; s++) {
			const uint64_t *slot = &place->bucket[b]->slot[s];
			struct record *record = record_at(conns, slot, place, ends);
			struct word word, dead;

			if (slot == own) {
				later = true;
				continue;
			}
			if (record == NULL)
				continue;
			word = dead = load_word(record);
			dead.life = LIFE_DEAD;
			if (word.life == LIFE_LIVE || (word.life == LIFE_TENTATIVE && !later))
				return false;
			/* It has become live, or has given way itself. */
			if (word.life == LIFE_TENTATIVE && !swap_word(record, word, dead) &&
			    load_word(record).life == LIFE_LIVE)
				return false;
		}
	}
	return true;
}

/* A place among the tenant's connections. */
static enum weir_conn_result
admit(struct weir_conns *conns, uint32_t tenant, uint32_t quota)
{
	uint32_t had = __atomic_fetch_add(&conns->of_tenant[tenant], 1, __ATOMIC_RELAXED);
	uint32_t used = __atomic_load_n(&conns->used, __ATOMIC_RELAXED);
	enum weir_conn_result result = WEIR_CONN_OK;

	if (had >= quota)
		result = WEIR_CONN_OVER_QUOTA;
	else if (had >= WEIR_CONN_FLOOR && used >= conns->capacity - WEIR_CONN_RESERVE(conns->capacity))
		result = WEIR_CONN_TABLE_FULL;
	if (result != WEIR_CONN_OK)
		(void)__atomic_fetch_sub(&conns->of_tenant[tenant], 1, __ATOMIC_RELAXED);
	return result;
}

/* A record of its own, tentative; in no index yet. NULL: there is none. */
static struct record *
make(struct weir_conns *conns, const struct ends *ends, bool swapped, bool mark, uint32_t iface, uint32_t tenant,
    uint64_t now)
{
	uint32_t index = take_free(conns);
	struct record *record;
	struct word word;

	if (index == WEIR_NONE)
		return NULL;
	(void)__atomic_fetch_add(&conns->used, 1, __ATOMIC_RELAXED);
	record = &conns->records[index];
	word = next_serial(load_word(record));
	/* Listings may read on while it is written: they see by the word that it was. */
	for (size_t i = 0; i < sizeof(*ends) / sizeof(uint64_t); i++) {
		uint64_t part;

		memcpy(&part, (const uint8_t *)ends + i * sizeof(part), sizeof(part));
		__atomic_store_n((uint64_t *)(void *)&record->ends + i, part, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&record->last, now, __ATOMIC_RELAXED);
	word.life = LIFE_TENTATIVE;
	word.state = conn_first_state(ends->proto) & ((1u << STATE_BITS) - 1);
	word.opener = swapped;
	word.mark = mark;
	word.fins = 0;
	word.iface = iface & ((1u << IFACE_BITS) - 1);
	word.tenant = tenant & ((1u << TENANT_BITS) - 1);
	__atomic_store_n(&record->word, pack(word), __ATOMIC_RELEASE);
	return record;
}

/* It stays in the index, if it is there, until maintenance finds it. */
static void
give_up(struct weir_conns *conns, struct record *record, uint32_t tenant)
{
	struct word word = load_word(record);

	/* Another one may have struck it out. */
	word.life = LIFE_DEAD;
	__atomic_store_n(&record->word, pack(word), __ATOMIC_RELEASE);
	(void)__atomic_fetch_sub(&conns->of_tenant[tenant], 1, __ATOMIC_RELAXED);
}

/* Opens it in a record of its own. *again: another one stands, or did for a moment. */
static enum weir_conn_result
open_new(struct weir_conns *conns, const struct place *place, const struct ends *ends, bool swapped, bool mark,
    uint32_t iface, uint32_t tenant, uint32_t quota, uint64_t now, bool *again)
{
	enum weir_conn_result result = admit(conns, tenant, quota);
	struct record *record;
	struct word word, live;
	const uint64_t *slot;

	*again = false;
	if (result != WEIR_CONN_OK)
		return result;
	record = make(conns, ends, swapped, mark, iface, tenant, now);
	if (record == NULL) {
		(void)__atomic_fetch_sub(&conns->of_tenant[tenant], 1, __ATOMIC_RELAXED);
		return WEIR_CONN_TABLE_FULL;
	}
	slot = enter(conns, place, record);
	if (slot == NULL) {
		give_up(conns, record, tenant);
		return WEIR_CONN_TABLE_FULL;
	}
	word = live = load_word(record);
	live.life = LIFE_LIVE;
	if (word.life == LIFE_TENTATIVE && prevails(conns, place, ends, slot) && swap_word(record, word, live))
		return WEIR_CONN_OK;
	give_up(conns, record, tenant);
	*again = true;
	return WEIR_CONN_OK;
}

enum weir_conn_result
weir_conn_open(struct weir_conns *conns, const struct weir_conn_key *key, uint8_t tcp_flags, bool mark,
    uint32_t iface, uint32_t tenant, uint32_t quota, uint64_t now, enum weir_conn_state *state)
{
	struct ends ends;
	bool swapped = sort_ends(key, &ends), again = true;
	struct place place = place_of(conns, &ends);
	enum weir_conn_result result = WEIR_CONN_TABLE_FULL;

	for (uint32_t i = 0; i < TRIES && again; i++) {
		struct word word;
		struct record *record = find_live(conns, &place, &ends, &word);
		struct weir_conn_found found;

		if (record != NULL && is_over(record, word, tcp_flags, now)) {
			if (begin_anew(record, word, swapped, mark, now, state))
				return WEIR_CONN_OK;
			continue;
		}
		if (record != NULL) {
			found = (struct weir_conn_found){.index = (uint32_t)(record - conns->records),
			    .serial = (uint32_t)word.serial,
			    .reply = swapped != word.opener};
			if (weir_conn_follow(conns, &found, tcp_flags, now, state))
				return WEIR_CONN_OK;
			continue;
		}
		*state = conn_first_state(ends.proto);
		result = open_new(conns, &place, &ends, swapped, mark, iface, tenant, quota, now, &again);
	}
	return again ? WEIR_CONN_TABLE_FULL : result;
}
