/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is next among those who share something: by promise first, else by what they had of the rest. */
#include "backlog_priv.h"

/* Who does not wait comes in bursts, and not at the moment that it may: as much may be late or early. */
#define UNEVEN ((uint64_t)WEIR_NS_PER_MS << WEIR_TICK_SHIFT)
#define SERVED_SHIFT 10		      /* of a service: bytes * 2^10 / weight */
#define SERVED_MAX ((int64_t)1 << 44) /* nobody has had so much more service than its kin: 16 GB at a weight of 1 */

uint64_t
clock_raise(uint64_t *clock, uint64_t least)
{
	uint64_t is = __atomic_load_n(clock, __ATOMIC_RELAXED);

	while (clock_before(is, least) &&
	       !__atomic_compare_exchange_n(clock, &is, least, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return clock_before(is, least) ? least : is;
}

/* What so many frames, of so many bytes in all, take of a promise. */
static uint64_t
use_of_all(const struct weir_promise *promise, uint32_t packets, uint64_t wire)
{
	uint64_t bits = weir_frame_time(promise->bit, wire), times = packets * promise->packet;

	return bits > times ? bits : times;
}

static uint64_t
use_of(const struct weir_promise *promise, uint32_t wire)
{
	return use_of_all(promise, 1, wire);
}

bool
promise_covers(const struct weir_promise *promise, uint32_t packets, uint64_t wire, uint64_t until)
{
	uint64_t used = __atomic_load_n(&promise->used, __ATOMIC_RELAXED);

	return !clock_before(until, used + use_of_all(promise, packets, wire));
}

bool
promise_take(struct weir_promise *promise, uint32_t wire, const struct moment *moment)
{
	uint64_t used;

	clock_unwind(&promise->used, moment->now, AHEAD_MAX);
	used = clock_raise(&promise->used, moment->now - UNEVEN);
	if (clock_before(moment->horizon, used))
		return false;
	(void)__atomic_fetch_add(&promise->used, use_of(promise, wire), __ATOMIC_RELAXED);
	return true;
}

static void
enter_spare(struct member *member, uint64_t served)
{
	weir_heap_insert(&member->kin->spare, &member->spare, served);
}

static struct member *next_due(struct kin *kin, const struct moment *moment);

/* By when what a lane was promised, or one of its queues, can be served. */
static void
enter_promised(struct member *member, const struct moment *moment)
{
	uint64_t used = __atomic_load_n(&member->promise->used, __ATOMIC_RELAXED), at = used;
	const struct member *due = NULL;

	member->is_later = clock_before(moment->horizon, used);
	if (!member->is_queue && member->is_later) {
		struct kin *queues = &((struct lane *)RTE_PTR_SUB(member, offsetof(struct lane, member)))->kin;

		due = next_due(queues, moment);
		if (queues->later.root != NULL && clock_before(queues->later.root->key, at))
			at = queues->later.root->key;
	}
	member->by_queue = due != NULL;
	if (due != NULL)
		member->is_later = false;
	if (member->is_later)
		weir_heap_insert(&member->kin->later, &member->promised, at);
	else
		weir_heap_insert(&member->kin->due, &member->promised,
		    due != NULL ? due->promised.key : used + use_of(member->promise, member->wire));
}

void
member_enter(struct member *member, uint32_t wire, const struct moment *moment)
{
	struct weir_promise *promise = member->promise;
	uint64_t least = __atomic_load_n(member->kin->least, __ATOMIC_RELAXED);

	member->wire = wire;
	clock_unwind(member->served, least, SERVED_MAX);
	/* What it might have had while it asked for nothing, others had. */
	enter_spare(member, clock_raise(member->served, least));
	if (promise == NULL)
		return;
	clock_unwind(&promise->used, moment->now, AHEAD_MAX);
	/* What was promised while it asked for nothing is gone. */
	(void)clock_raise(&promise->used, moment->now);
	enter_promised(member, moment);
}

static void
leave_promised(struct member *member)
{
	if (weir_heap_has(&member->promised))
		weir_heap_remove(member->is_later ? &member->kin->later : &member->kin->due, &member->promised);
}

void
member_leave(struct member *member)
{
	leave_promised(member);
	if (weir_heap_has(&member->spare))
		weir_heap_remove(&member->kin->spare, &member->spare);
}

void
member_served(struct member *member, bool promised)
{
	member_leave(member);
	member->limited = false;
	if (promised)
		(void)__atomic_fetch_add(
		    &member->promise->used, use_of(member->promise, member->wire), __ATOMIC_RELAXED);
	else
		(void)__atomic_fetch_add(
		    member->served, ((uint64_t)member->wire << SERVED_SHIFT) / member->weight, __ATOMIC_RELAXED);
}

void
member_again(struct member *member, uint32_t wire, const struct moment *moment)
{
	member->wire = wire;
	enter_spare(member, __atomic_load_n(member->served, __ATOMIC_RELAXED));
	if (member->promise != NULL)
		enter_promised(member, moment);
}

void
member_sleep(struct backlog *backlog, struct member *member, uint64_t until)
{
	member_leave(member);
	member->limited = true;
	weir_heap_insert(&backlog->asleep, &member->asleep, until);
}

void
member_wake(struct backlog *backlog, struct member *member)
{
	if (weir_heap_has(&member->asleep))
		weir_heap_remove(&backlog->asleep, &member->asleep);
}

/* What it had is where it was, unless its tenant has changed: then it is entered anew, or gone. */
static bool
follows(struct kin *kin, struct member *member, const struct moment *moment)
{
	return kin->pipe == NULL ||
	       !lane_changed(kin->pipe, RTE_PTR_SUB(member, offsetof(struct lane, member)), moment);
}

/* Other workers serve the same tenants: what a key says may have changed. */
static struct member *
next_due(struct kin *kin, const struct moment *moment)
{
	while (kin->later.root != NULL && !clock_before(moment->horizon, kin->later.root->key)) {
		struct member *member = RTE_PTR_SUB(kin->later.root, offsetof(struct member, promised));

		if (!follows(kin, member, moment))
			continue;
		leave_promised(member);
		enter_promised(member, moment);
	}
	while (kin->due.root != NULL) {
		struct member *member = RTE_PTR_SUB(kin->due.root, offsetof(struct member, promised));

		if (!follows(kin, member, moment))
			continue;
		if (member->by_queue ||
		    !clock_before(moment->horizon, __atomic_load_n(&member->promise->used, __ATOMIC_RELAXED)))
			return member;
		leave_promised(member);
		enter_promised(member, moment);
	}
	return NULL;
}

static struct member *
next_spare(struct kin *kin, const struct moment *moment)
{
	while (kin->spare.root != NULL) {
		struct member *member = RTE_PTR_SUB(kin->spare.root, offsetof(struct member, spare));
		uint64_t served;

		if (!follows(kin, member, moment))
			continue;
		served = __atomic_load_n(member->served, __ATOMIC_RELAXED);
		if (served == member->spare.key)
			return member;
		weir_heap_remove(&kin->spare, &member->spare);
		enter_spare(member, served);
	}
	return NULL;
}

struct member *
kin_next(struct kin *kin, const struct moment *moment, bool *promised)
{
	struct member *member = next_due(kin, moment);

	*promised = member != NULL;
	return member != NULL ? member : next_spare(kin, moment);
}
