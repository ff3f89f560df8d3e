/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stddef.h>

#include <rte_common.h>

#include "weir_meter.h"

#define TOKENS_PER_UNIT UINT64_C(1000000000)

/* What a pool's compare-and-exchange covers: its first two fields. */
struct level {
	int64_t tokens;
	uint64_t last;
};

__extension__ typedef unsigned __int128 __attribute__((may_alias)) word;

union level_word {
	struct level level;
	word word;
};

static_assert(sizeof(union level_word) == 16, "a level is one word");
static_assert(sizeof(struct weir_pool) <= WEIR_CACHELINE, "a pool fits one line");
static_assert(offsetof(struct weir_pool, tokens) == 0 && offsetof(struct weir_pool, last) == 8, "level in one piece");
static_assert(WEIR_POOL_UNITS_MAX * TOKENS_PER_UNIT <= INT64_MAX / 4,
    "tokens, what accrues in `fill` and what is given back fit");
static_assert(WEIR_BPS_MAX * WEIR_BURST_NS / WEIR_NS_PER_S <= WEIR_POOL_UNITS_MAX, "the largest burst fits");
static_assert(WEIR_PPS_MAX <= WEIR_BPS_MAX, "one bound for both kinds");

/*
 * A level that the pool had at one moment: `last` never goes back, so when it is the same before and after, it was
 * the same while tokens were read.
 */
static struct level
level_read(const struct weir_pool *pool)
{
	struct level level;

	do {
		level.last = __atomic_load_n(&pool->last, __ATOMIC_ACQUIRE);
		level.tokens = __atomic_load_n(&pool->tokens, __ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&pool->last, __ATOMIC_RELAXED) != level.last);
	return level;
}

/* Replaces *old by *new. False: the level was another, which is now in *old. */
static bool
level_exchange(struct weir_pool *pool, struct level *old, const struct level *new)
{
	union level_word expected = {.level = *old}, wanted = {.level = *new}, found;

	/* Not __atomic_compare_exchange_n(), which is a library call at this size. */
	found.word = __sync_val_compare_and_swap((word *)(void *)pool, expected.word, wanted.word);
	*old = found.level;
	return found.word == expected.word;
}

/* `level` at `now`. More than `fill` holds would not fit in: so the product stays small, however long it was idle. */
static struct level
level_at(const struct weir_pool *pool, struct level level, uint64_t now)
{
	if (now > level.last) {
		level.tokens += (int64_t)(RTE_MIN(now - level.last, pool->fill) * pool->rate);
		level.last = now;
	}
	level.tokens = RTE_MIN(level.tokens, pool->burst);
	return level;
}

void
weir_pool_init(
    struct weir_pool *pool, uint64_t rate, uint64_t burst_ns, uint64_t burst_min, uint32_t workers, uint64_t now)
{
	const uint64_t most = WEIR_POOL_UNITS_MAX * TOKENS_PER_UNIT;
	const uint64_t least = RTE_MIN(burst_min, WEIR_POOL_UNITS_MAX) * TOKENS_PER_UNIT;
	uint64_t burst, quantum = 0;

	assert(rate <= WEIR_BPS_MAX);
	/* A token is 1e-9 unit: as many accrue in a nanosecond as `rate` has units. */
	burst = burst_ns != 0 && rate > most / burst_ns ? most : RTE_MAX(rate * burst_ns, least);
	if (workers > 0)
		quantum = RTE_MIN(burst / WEIR_BURST_AHEAD, burst - least) / TOKENS_PER_UNIT / workers;
	burst -= quantum * workers * TOKENS_PER_UNIT;
	*pool = (struct weir_pool){
	    .tokens = (int64_t)burst,
	    .last = now,
	    .rate = rate,
	    .burst = (int64_t)burst,
	    .fill = rate == 0 ? 0 : (burst + rate - 1) / rate,
	    .quantum = quantum,
	};
}

void
weir_pool_renew(struct weir_pool *pool, const struct weir_pool *from, uint64_t now)
{
	struct level level;

	if (from->rate == 0)
		return;
	level = level_at(from, level_read(from), now);
	pool->tokens = RTE_MIN(level.tokens, pool->burst);
	pool->last = level.last;
}

/* Takes `units` and, if they are there too, `ahead` more. Returns what it took. */
static inline uint64_t
take(struct weir_pool *pool, uint64_t units, uint64_t ahead, uint64_t now)
{
	struct level old, new;
	uint64_t taken;

	if (units > WEIR_POOL_UNITS_MAX)
		return 0;
	old = level_read(pool);
	do {
		new = level_at(pool, old, now);
		taken = units + ahead;
		if (new.tokens < (int64_t)(taken * TOKENS_PER_UNIT))
			taken = units;
		if (new.tokens < (int64_t)(taken * TOKENS_PER_UNIT))
			return 0;
		new.tokens -= (int64_t)(taken * TOKENS_PER_UNIT);
	} while (!level_exchange(pool, &old, &new));
	return taken;
}

bool
weir_pool_take(struct weir_pool *pool, uint64_t units, uint64_t now)
{
	return pool->rate == 0 || units == 0 || take(pool, units, 0, now) != 0;
}

uint64_t
weir_pool_draw(struct weir_pool *pool, uint64_t units, uint64_t now)
{
	return pool->rate == 0 ? units : take(pool, units, pool->quantum, now);
}

uint64_t
weir_pool_when(const struct weir_pool *pool, uint64_t units, uint64_t now)
{
	struct level level = level_at(pool, level_read(pool), now);
	int64_t missing;

	if (pool->rate == 0)
		return now;
	if (units > WEIR_POOL_UNITS_MAX || (int64_t)(units * TOKENS_PER_UNIT) > pool->burst)
		return UINT64_MAX;
	missing = (int64_t)(units * TOKENS_PER_UNIT) - level.tokens;
	/* `last` may be that of a worker whose clock is ahead. */
	return missing <= 0 ? now : level.last + ((uint64_t)missing + pool->rate - 1) / pool->rate;
}

void
weir_pool_return(struct weir_pool *pool, uint64_t units)
{
	/* What this puts over the burst, level_at() takes off before anyone gets it. */
	if (pool->rate != 0)
		(void)__atomic_fetch_add(&pool->tokens, (int64_t)(units * TOKENS_PER_UNIT), __ATOMIC_RELAXED);
}
