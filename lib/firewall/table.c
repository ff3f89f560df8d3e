/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many rules: as a tuple space (Srinivasan, Suri, Varghese, SIGCOMM 1999). Combinations that look at the same bits of
 * addresses, at the protocol or not, and at one destination port or not, are a tuple: a hash table that one look
 * finds all of them in that these bits leave. What is left of ranges and flags is compared one after the other.
 *
 * Tuples are asked in the order of their first rules, until none can have an earlier one than was found. Memory and
 * the time to compile are in proportion to the combinations, whatever they are. The hash has no secret: who writes
 * the rules fills the tables, packets only look.
 */
#include <stdlib.h>
#include <string.h>

#include "firewall_priv.h"

/* Which bits of a packet a tuple looks at. */
struct mask {
	uint64_t src[2], dst[2];
	uint64_t rest; /* protocol, destination port above it */
};

#define REST_DPORT 0xffff00u

/* Entries whose bits hash to `tag`, in the order of their rules. */
struct slot {
	uint32_t tag;
	uint32_t at, n; /* in fw_table.entries; n 0: no slot behind this one is of the same chain */
};

struct tuple {
	struct mask mask;
	uint32_t first; /* least index of its rules */
	uint32_t slots; /* in fw_table.slots, from here on */
	uint32_t slots_mask;
};

struct fw_table {
	struct fw_entry *entries;
	struct slot *slots;
	struct tuple *tuples; /* by `first` */
	uint32_t n_tuples;
};

static uint64_t
rest_of(uint8_t proto, uint16_t dport)
{
	return proto | (uint64_t)dport << 8;
}

/* The upper bits of a sum of products are as good as random, a last product brings them to all 32. */
static uint32_t
hash_masked(const struct mask *m, const uint64_t src[2], const uint64_t dst[2], uint64_t rest)
{
	uint64_t sum = (src[0] & m->src[0]) * UINT64_C(0x9e3779b97f4a7c15) +
		       (src[1] & m->src[1]) * UINT64_C(0xbf58476d1ce4e5b9) +
		       (dst[0] & m->dst[0]) * UINT64_C(0x94d049bb133111eb) +
		       (dst[1] & m->dst[1]) * UINT64_C(0xff51afd7ed558ccd) +
		       (rest & m->rest) * UINT64_C(0xc4ceb9fe1a85ec53);

	sum = (sum ^ sum >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(sum >> 32);
}

/* ---- compiling ---- */

/* An entry on its way to its place. */
struct building {
	struct fw_entry entry;
	struct mask mask;
	uint32_t tag;
};

struct builder {
	struct building *all;
	uint32_t n;
};

static int
add_building(void *arg, const struct fw_combo *c)
{
	struct builder *builder = arg;
	struct building *b = &builder->all[builder->n++];
	const struct fw_entry *e = &b->entry;

	fw_entry_set(&b->entry, c);
	b->mask = (struct mask){
	    .src = {e->high.src_mask, e->low.src_mask},
	    .dst = {e->high.dst_mask, e->low.dst_mask},
	    .rest = e->proto_mask,
	};
	if (!c->shallow && e->dport.first == e->dport.last)
		b->mask.rest |= REST_DPORT;
	b->tag = hash_masked(&b->mask, (const uint64_t[]){e->high.src, e->low.src},
	    (const uint64_t[]){e->high.dst, e->low.dst}, rest_of(e->proto, e->dport.first));
	return 0;
}

/* By tuple, tag, rule. */
static int
compare_building(const void *pa, const void *pb)
{
	const struct building *a = pa, *b = pb;
	int masks = memcmp(&a->mask, &b->mask, sizeof(a->mask));

	if (masks != 0)
		return masks;
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->entry.index != b->entry.index)
		return a->entry.index < b->entry.index ? -1 : 1;
	return 0;
}

static int
compare_tuples(const void *pa, const void *pb)
{
	const struct tuple *a = pa, *b = pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return 0;
}

static bool
same_tuple(const struct building *a, const struct building *b)
{
	return memcmp(&a->mask, &b->mask, sizeof(a->mask)) == 0;
}

/* Twice as many as there are entries at least, a power of two. */
static uint32_t
slots_for(uint32_t n)
{
	uint32_t slots = 2;

	while (slots < 2 * n)
		slots *= 2;
	return slots;
}

/* Of sorted entries: the number of those from `at` on that are of one tuple. */
static uint32_t
tuple_len(const struct builder *builder, uint32_t at)
{
	uint32_t n = 1;

	while (at + n < builder->n && same_tuple(&builder->all[at], &builder->all[at + n]))
		n++;
	return n;
}

static void
put_slot(struct slot *slots, uint32_t mask, const struct slot *slot)
{
	uint32_t i = slot->tag & mask;

	while (slots[i].n != 0)
		i = (i + 1) & mask;
	slots[i] = *slot;
}

/* The `n` entries from `at` on become the next tuple, whose slots begin at `slots`. */
static void
put_tuple(struct fw_table *table, const struct builder *builder, uint32_t at, uint32_t n, uint32_t slots)
{
	const struct building *all = builder->all;
	struct tuple *t = &table->tuples[table->n_tuples++];

	*t = (struct tuple){.mask = all[at].mask, .first = WEIR_NONE, .slots = slots, .slots_mask = slots_for(n) - 1};
	for (uint32_t i = at; i < at + n;) {
		struct slot slot = {.tag = all[i].tag, .at = i};

		if (all[i].entry.index < t->first)
			t->first = all[i].entry.index;
		for (; i < at + n && all[i].tag == slot.tag; i++, slot.n++)
			table->entries[i] = all[i].entry;
		put_slot(&table->slots[slots], t->slots_mask, &slot);
	}
}

/* Allocates what `builder`, sorted, needs. */
static bool
table_alloc(struct fw_table *table, const struct builder *builder)
{
	size_t n_tuples = 0, n_slots = 0;

	for (uint32_t at = 0, n; at < builder->n; at += n) {
		n = tuple_len(builder, at);
		n_slots += slots_for(n);
		n_tuples++;
	}
	/* One more of each, so that NULL always means that there is no memory. */
	table->entries = calloc(builder->n + 1, sizeof(*table->entries));
	table->slots = calloc(n_slots + 1, sizeof(*table->slots));
	table->tuples = calloc(n_tuples + 1, sizeof(*table->tuples));
	return table->entries != NULL && table->slots != NULL && table->tuples != NULL;
}

struct fw_table *
fw_table_create(const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, bool shallow, uint32_t n_combos)
{
	struct builder builder = {.all = calloc(n_combos + 1, sizeof(*builder.all))};
	struct fw_table *table = calloc(1, sizeof(*table));
	uint32_t slots = 0;

	if (builder.all == NULL || table == NULL)
		goto fail;
	(void)fw_walk(rules, n, family, shallow, add_building, &builder);
	qsort(builder.all, builder.n, sizeof(*builder.all), compare_building);
	if (!table_alloc(table, &builder))
		goto fail;
	for (uint32_t at = 0, len; at < builder.n; at += len) {
		len = tuple_len(&builder, at);
		put_tuple(table, &builder, at, len, slots);
		slots += slots_for(len);
	}
	qsort(table->tuples, table->n_tuples, sizeof(*table->tuples), compare_tuples);
	free(builder.all);
	return table;
fail:
	free(builder.all);
	fw_table_free(table);
	return NULL;
}

void
fw_table_free(struct fw_table *table)
{
	if (table == NULL)
		return;
	free(table->entries);
	free(table->slots);
	free(table->tuples);
	free(table);
}

/* ---- matching ---- */

/* The first one of a slot that matches, if it is before rule `best`; else that. */
static inline __attribute__((always_inline)) uint32_t
match_slot(
    const struct fw_table *table, const struct slot *slot, const struct weir_fw_packet *p, bool v6, uint32_t best)
{
	const struct fw_entry *e = &table->entries[slot->at];

	for (uint32_t i = 0; i < slot->n && e[i].index < best; i++)
		if (fw_entry_matches(&e[i], p, v6))
			return e[i].index;
	return best;
}

uint32_t
fw_table_match(const struct fw_table *table, const struct weir_fw_packet *packet, bool v6)
{
	uint64_t src[2], dst[2], rest = rest_of(packet->proto, packet->dport);
	uint32_t best = WEIR_NONE;

	memcpy(src, &packet->src, sizeof(src));
	memcpy(dst, &packet->dst, sizeof(dst));
	for (uint32_t i = 0; i < table->n_tuples && table->tuples[i].first < best; i++) {
		const struct tuple *t = &table->tuples[i];
		const struct slot *slots = &table->slots[t->slots];
		uint32_t tag = hash_masked(&t->mask, src, dst, rest), at = tag & t->slots_mask;

		while (slots[at].n != 0 && slots[at].tag != tag)
			at = (at + 1) & t->slots_mask;
		best = match_slot(table, &slots[at], packet, v6, best);
	}
	return best;
}
