/* SPDX-License-Identifier: BSD-3-Clause */
/* What maintenance does, and what others look at. */
#include <string.h>

#include <rte_common.h>

#include "conn_priv.h"

#define ROUND (2 * WEIR_NS_PER_S) /* all records within */

/* ---- ending ---- */

/* Out of the index. */
static void
take_out(struct weir_conns *conns, uint32_t index)
{
	struct place place = place_of(conns, &conns->records[index].ends);
	uint64_t bits = place.tag | (index + UINT64_C(1));

	for (uint32_t b = 0; b < 2; b++)
		for (uint32_t s = 0; s < SLOTS; s++)
			if (__atomic_load_n(&place.bucket[b]->slot[s], __ATOMIC_RELAXED) == bits)
				__atomic_store_n(&place.bucket[b]->slot[s], 0, __ATOMIC_RELEASE);
}

/* True if the record is dead: since now, or already. */
static bool
ends_now(struct weir_conns *conns, struct record *record, uint64_t now,
    bool (*alive)(void *arg, uint32_t iface, uint32_t zone), void *arg)
{
	struct word word = load_word(record), dead = word;

	if (word.life != LIFE_LIVE)
		return word.life == LIFE_DEAD;
	if (now < ends_at(record, (enum weir_conn_state)word.state) &&
	    alive(arg, (uint32_t)word.iface, record->ends.zone))
		return false;
	dead.life = LIFE_DEAD;
	if (!swap_word(record, word, dead))
		return false;
	(void)__atomic_fetch_sub(&conns->of_tenant[word.tenant], 1, __ATOMIC_RELAXED);
	return true;
}

void
weir_conns_tend(
    struct weir_conns *conns, uint64_t now, bool (*alive)(void *arg, uint32_t iface, uint32_t zone), void *arg)
{
	uint32_t top = RTE_MIN(__atomic_load_n(&conns->top, __ATOMIC_ACQUIRE), conns->capacity);
	uint64_t elapsed = now - conns->cursor_at, n = elapsed >= ROUND ? top : (uint64_t)top * elapsed / ROUND + 1;

	conns->cursor_at = now;
	for (uint64_t i = 0; i < RTE_MIN(n, (uint64_t)top); i++) {
		uint32_t index = conns->cursor < top ? conns->cursor : 0;
		struct record *record = &conns->records[index];

		conns->cursor = index + 1;
		if (!ends_now(conns, record, now, alive, arg))
			continue;
		take_out(conns, index);
		/* It waits in a list; nobody asks for it again before it is reclaimed. */
		{
			struct word word = load_word(record);

			word.life = LIFE_FREE;
			__atomic_store_n(&record->word, pack(word), __ATOMIC_RELEASE);
		}
		__atomic_store_n(&conns->next[index], conns->retired, __ATOMIC_RELAXED);
		conns->retired = index;
	}
}

bool
weir_conns_reclaim_begin(struct weir_conns *conns)
{
	conns->waiting = conns->retired;
	conns->retired = WEIR_NONE;
	return conns->waiting != WEIR_NONE;
}

void
weir_conns_reclaim_end(struct weir_conns *conns)
{
	while (conns->waiting != WEIR_NONE) {
		uint32_t index = conns->waiting;

		conns->waiting = conns->next[index];
		(void)__atomic_fetch_sub(&conns->used, 1, __ATOMIC_RELAXED);
		conns_put_free(conns, index);
	}
}

/* ---- looking ---- */

uint32_t
weir_conns_capacity(const struct weir_conns *conns)
{
	return conns->capacity;
}

uint32_t
weir_conns_used(const struct weir_conns *conns)
{
	return __atomic_load_n(&conns->used, __ATOMIC_RELAXED);
}

uint32_t
weir_conns_of_tenant(const struct weir_conns *conns, uint32_t tenant)
{
	return __atomic_load_n(&conns->of_tenant[tenant], __ATOMIC_RELAXED);
}

/* A consistent copy of a live record; false: it is none, or changes just now. */
static bool
copy(const struct record *record, struct ends *ends, struct word *word, uint64_t *last)
{
	uint64_t before = __atomic_load_n(&record->word, __ATOMIC_ACQUIRE), part;

	*word = unpack(before);
	if (word->life != LIFE_LIVE)
		return false;
	for (size_t i = 0; i < sizeof(*ends) / sizeof(uint64_t); i++) {
		part = __atomic_load_n((const uint64_t *)(const void *)&record->ends + i, __ATOMIC_RELAXED);
		memcpy((uint8_t *)ends + i * sizeof(part), &part, sizeof(part));
	}
	*last = __atomic_load_n(&record->last, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&record->word, __ATOMIC_RELAXED) == before;
}

/* False: nobody is to see it. */
static bool
fill(const struct record *record, uint32_t tenant, uint64_t now, struct weir_conn_view *view)
{
	struct ends ends;
	struct word word;
	uint64_t last, end;
	bool swapped;

	if (!copy(record, &ends, &word, &last) || (tenant != WEIR_NONE && word.tenant != tenant))
		return false;
	swapped = word.opener;
	*view = (struct weir_conn_view){
	    .key = {.zone = ends.zone,
		.proto = ends.proto,
		.sport = ends.port[swapped],
		.dport = ends.port[!swapped],
		.src = ends.ip[swapped],
		.dst = ends.ip[!swapped]},
	    .state = (enum weir_conn_state)word.state,
	    .iface = (uint32_t)word.iface,
	    .tenant = (uint32_t)word.tenant,
	    .idle = now > last ? now - last : 0,
	};
	end = last + weir_conn_timeout(view->state) + (weir_conn_steady(view->state) ? WEIR_CONN_REFRESH : 0);
	view->left = end > now ? end - now : 0;
	return end > now;
}

uint32_t
weir_conns_next(const struct weir_conns *conns, uint32_t tenant, uint32_t *cursor, uint32_t most, uint64_t now,
    struct weir_conn_view *view)
{
	uint32_t top = RTE_MIN(__atomic_load_n(&conns->top, __ATOMIC_ACQUIRE), conns->capacity);

	for (uint32_t i = 0; i < most; i++) {
		uint32_t index = *cursor;

		if (index >= top) {
			*cursor = conns->capacity;
			return WEIR_NONE;
		}
		++*cursor;
		if (fill(&conns->records[index], tenant, now, view))
			return index;
	}
	return WEIR_NONE;
}
