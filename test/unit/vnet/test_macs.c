/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "fixture.h"

#define S_ WEIR_NS_PER_S

TestSuite(macs, .init = start, .fini = finish);

static enum weir_learn_result
seen(uint32_t iface, uint8_t n, uint64_t now)
{
	const struct weir_mac m = mac(n);

	return weir_macs_learn(macs, &ifaces[iface], &m, now);
}

static uint32_t
entry(uint32_t sw, uint8_t n)
{
	const struct weir_mac m = mac(n);

	return weir_vnet_mac(vnet, sw, &m);
}

/* Where a MAC is on red's switch, or WEIR_NONE. */
static uint32_t
place(uint8_t n)
{
	uint32_t at = entry(RED_WEB, n);

	return at == WEIR_NONE ? WEIR_NONE : vnet->macs[at].iface;
}

static int
set_static(uint32_t iface, uint8_t n, uint32_t mark)
{
	const struct weir_mac m = mac(n);

	return weir_macs_set_static(macs, &switches[ifaces[iface].sw], &m, iface, mark);
}

/* All of the table is looked at within an eighth of the age. */
static void
age_all(uint64_t age, uint64_t now)
{
	weir_macs_age(macs, age, now - age / 8 - 1);
	weir_macs_age(macs, age, now);
}

static void
reclaim(void)
{
	if (weir_macs_reclaim_begin(macs))
		weir_macs_reclaim_end(macs);
}

/* ---- learning ---- */

Test(macs, learned_refreshed_moved)
{
	cr_assert_eq(seen(A, 1, 10), WEIR_LEARNED);
	cr_assert_eq(place(1), A);
	cr_assert_eq(seen(A, 1, 20), WEIR_REFRESHED);
	cr_assert_eq(vnet->macs[entry(RED_WEB, 1)].seen, 20);
	cr_assert_eq(seen(R, 1, 30), WEIR_MOVED);
	cr_assert_eq(place(1), R);
	cr_assert_eq(vnet->macs[entry(RED_WEB, 1)].seen, 30);
	/* Back at once: nobody is locked out. */
	cr_assert_eq(seen(A, 1, 31), WEIR_MOVED);
	cr_assert_eq(weir_macs_used(macs), 1);
	cr_assert_eq(weir_macs_of_tenant(macs, RED), 1);
}

Test(macs, switches_know_nothing_of_each_other)
{
	cr_assert_eq(seen(A, 1, 10), WEIR_LEARNED);
	cr_assert_eq(seen(C, 1, 10), WEIR_LEARNED);
	cr_assert_eq(place(1), A);
	cr_assert_eq(vnet->macs[entry(BLUE_WEB, 1)].iface, C);
	cr_assert_eq(weir_macs_of_tenant(macs, RED), 1);
	cr_assert_eq(weir_macs_of_tenant(macs, BLUE), 1);
	cr_assert_eq(weir_macs_used(macs), 2);
}

Test(macs, the_quota_is_the_tenants)
{
	tenants[RED].quota_macs = 3;
	for (uint8_t n = 1; n <= 3; n++)
		cr_assert_eq(seen(n == 2 ? R : A, n, 10), WEIR_LEARNED);
	cr_assert_eq(seen(B, 4, 10), WEIR_LEARN_REFUSED);
	cr_assert_eq(entry(RED_WEB, 4), WEIR_NONE);
	cr_assert_eq(weir_macs_refused(macs, RED), 1);
	/* What is known moves and is refreshed; the other tenant has its own. */
	cr_assert_eq(seen(B, 1, 20), WEIR_MOVED);
	cr_assert_eq(seen(B, 1, 20), WEIR_REFRESHED);
	cr_assert_eq(seen(C, 4, 10), WEIR_LEARNED);
	weir_macs_forget(macs, R);
	cr_assert_eq(seen(B, 4, 30), WEIR_LEARNED);
	cr_assert_eq(weir_macs_refused(macs, RED), 1);
	weir_macs_forget_tenant(macs, RED);
	cr_assert_eq(weir_macs_refused(macs, RED), 0);
}

Test(macs, each_change_of_a_place_has_its_generation)
{
	uint32_t at, gen, absent = vnet->absent_gen[RED_WEB], epoch = vnet->tenant_epoch[RED];

	cr_assert_eq(seen(A, 1, 10), WEIR_LEARNED);
	at = entry(RED_WEB, 1);
	gen = vnet->mac_gen[at];
	cr_assert_neq(vnet->absent_gen[RED_WEB], absent);
	cr_assert_neq(vnet->tenant_epoch[RED], epoch);
	absent = vnet->absent_gen[RED_WEB];
	epoch = vnet->tenant_epoch[RED];
	cr_assert_eq(seen(A, 1, 20), WEIR_REFRESHED);
	cr_assert_eq(vnet->tenant_epoch[RED], epoch);
	cr_assert_eq(seen(R, 1, 20), WEIR_MOVED);
	cr_assert_neq(vnet->mac_gen[at], gen);
	cr_assert_neq(vnet->tenant_epoch[RED], epoch);
	cr_assert_eq(vnet->absent_gen[RED_WEB], absent, "it was known before");
	gen = vnet->mac_gen[at];
	epoch = vnet->tenant_epoch[RED];
	weir_macs_forget(macs, R);
	cr_assert_neq(vnet->mac_gen[at], gen);
	cr_assert_neq(vnet->tenant_epoch[RED], epoch);
	cr_assert_eq(vnet->tenant_epoch[BLUE], 0);
}

/* ---- interfaces that go ---- */

Test(macs, an_interface_is_forgotten_as_a_whole)
{
	for (uint8_t n = 1; n <= 9; n++)
		cr_assert_eq(seen(n % 2 ? A : B, n, 10), WEIR_LEARNED);
	/* First, middle and last of its list move away. */
	cr_assert_eq(seen(B, 1, 11), WEIR_MOVED);
	cr_assert_eq(seen(B, 5, 11), WEIR_MOVED);
	cr_assert_eq(seen(B, 9, 11), WEIR_MOVED);
	weir_macs_forget(macs, A);
	for (uint8_t n = 1; n <= 9; n++)
		cr_assert_eq(place(n), n == 3 || n == 7 ? WEIR_NONE : B, "%u", n);
	weir_macs_forget(macs, B);
	cr_assert_eq(weir_macs_used(macs), 0);
	cr_assert_eq(weir_macs_of_tenant(macs, RED), 0);
	weir_macs_forget(macs, A);
}

/* ---- static ---- */

Test(macs, static_entries_do_not_move_or_age)
{
	cr_assert_eq(set_static(A, 1, 1), 0);
	cr_assert_eq(seen(B, 1, 10), WEIR_LEARN_REFUSED);
	cr_assert_eq(seen(A, 1, 10), WEIR_REFRESHED);
	cr_assert_eq(place(1), A);
	age_all(S_, 1000 * S_);
	cr_assert_eq(place(1), A);
	weir_macs_forget(macs, A);
	cr_assert_eq(place(1), WEIR_NONE);
}

Test(macs, static_entries_replace_what_was_learned)
{
	uint32_t at;

	cr_assert_eq(seen(B, 1, 10), WEIR_LEARNED);
	at = entry(RED_WEB, 1);
	cr_assert_eq(set_static(A, 1, 1), 0);
	cr_assert_eq(place(1), A);
	cr_assert_neq(entry(RED_WEB, 1), at, "workers may still hold the other one");
	cr_assert_eq(weir_macs_used(macs), 1);
	cr_assert_eq(weir_macs_of_tenant(macs, RED), 1);
	cr_assert_eq(set_static(B, 1, 1), 0);
	cr_assert_eq(place(1), B);
}

Test(macs, what_stands_is_only_marked)
{
	uint32_t epoch, at;

	cr_assert_eq(set_static(A, 1, 1), 0);
	at = entry(RED_WEB, 1);
	epoch = vnet->tenant_epoch[RED];
	cr_assert_eq(set_static(A, 1, 2), 0);
	cr_assert_eq(entry(RED_WEB, 1), at);
	cr_assert_eq(vnet->tenant_epoch[RED], epoch);
	weir_macs_sweep_static(macs, A, 2);
	cr_assert_eq(place(1), A);
}

Test(macs, sweeping_takes_static_entries_of_other_marks)
{
	cr_assert_eq(set_static(A, 1, 1), 0);
	cr_assert_eq(set_static(A, 2, 1), 0);
	cr_assert_eq(set_static(B, 3, 1), 0);
	cr_assert_eq(seen(A, 4, 10), WEIR_LEARNED);
	cr_assert_eq(set_static(A, 2, 2), 0);
	weir_macs_sweep_static(macs, A, 2);
	cr_assert_eq(place(1), WEIR_NONE);
	cr_assert_eq(place(2), A);
	cr_assert_eq(place(3), B);
	cr_assert_eq(place(4), A);
	/* It is static no more: learned again like any other. */
	cr_assert_eq(seen(B, 1, 20), WEIR_LEARNED);
}

/* ---- ageing ---- */

Test(macs, ages_what_was_not_seen_for_longer)
{
	const uint64_t age = 8 * S_;

	cr_assert_eq(seen(A, 1, 100 * S_), WEIR_LEARNED);
	cr_assert_eq(seen(A, 2, 100 * S_ + 1), WEIR_LEARNED);
	age_all(age, 108 * S_);
	cr_assert_eq(weir_macs_used(macs), 2);
	age_all(age, 110 * S_);
	cr_assert_eq(weir_macs_used(macs), 0);
	cr_assert_eq(place(2), WEIR_NONE);
}

Test(macs, whatever_is_seen_stays)
{
	cr_assert_eq(seen(A, 1, 0), WEIR_LEARNED);
	for (uint64_t now = S_; now < 100 * S_; now += S_) {
		cr_assert_eq(seen(A, 1, now), WEIR_REFRESHED);
		weir_macs_age(macs, 8 * S_, now);
	}
	cr_assert_eq(place(1), A);
}

/* In calls 10 ms apart, each a part: all is gone an eighth of the age later, and not all at once. */
Test(macs, ages_in_portions)
{
	const uint64_t age = 80 * S_, tick = 10 * WEIR_NS_PER_MS;
	uint64_t now = 200 * S_;
	uint32_t before;

	tenants[RED].quota_macs = WEIR_NONE;
	for (uint32_t n = 0; n < 2000; n++) {
		struct weir_mac m = {{2, 1, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}};

		cr_assert_eq(weir_macs_learn(macs, &ifaces[A], &m, 100 * S_), WEIR_LEARNED);
	}
	weir_macs_age(macs, age, now);
	for (uint64_t end = now + age / 8 + tick; now < end && weir_macs_used(macs) > 0;) {
		before = weir_macs_used(macs);
		now += tick;
		weir_macs_age(macs, age, now);
		cr_assert_leq(before - weir_macs_used(macs), 3);
	}
	cr_assert_eq(weir_macs_used(macs), 0);
}

/* ---- reuse ---- */

Test(macs, an_index_is_not_reused_before_workers_have_let_go)
{
	uint32_t first;

	cr_assert_eq(seen(A, 1, 10), WEIR_LEARNED);
	first = entry(RED_WEB, 1);
	cr_assert_not(weir_macs_reclaim_begin(macs), "there is nothing to wait for");
	weir_macs_forget(macs, A);
	cr_assert_eq(seen(A, 2, 10), WEIR_LEARNED);
	cr_assert_neq(entry(RED_WEB, 2), first);
	cr_assert(weir_macs_reclaim_begin(macs));
	cr_assert_eq(seen(A, 3, 10), WEIR_LEARNED);
	cr_assert_neq(entry(RED_WEB, 3), first);
	weir_macs_reclaim_end(macs);
	cr_assert_eq(seen(A, 4, 10), WEIR_LEARNED);
	cr_assert_eq(entry(RED_WEB, 4), first);
}

/* What is removed while a quiescent period runs waits for the next one. */
Test(macs, a_period_frees_what_was_removed_before_it)
{
	uint32_t first, second;

	cr_assert_eq(seen(A, 1, 10), WEIR_LEARNED);
	cr_assert_eq(seen(B, 2, 10), WEIR_LEARNED);
	first = entry(RED_WEB, 1);
	second = entry(RED_WEB, 2);
	weir_macs_forget(macs, A);
	cr_assert(weir_macs_reclaim_begin(macs));
	weir_macs_forget(macs, B);
	cr_assert_not(weir_macs_reclaim_begin(macs), "one period at a time");
	weir_macs_reclaim_end(macs);
	cr_assert_eq(seen(A, 3, 10), WEIR_LEARNED);
	cr_assert_eq(entry(RED_WEB, 3), first);
	cr_assert_eq(seen(A, 4, 10), WEIR_LEARNED);
	cr_assert_neq(entry(RED_WEB, 4), second);
	cr_assert(weir_macs_reclaim_begin(macs));
	weir_macs_reclaim_end(macs);
	cr_assert_eq(seen(A, 5, 10), WEIR_LEARNED);
	cr_assert_eq(entry(RED_WEB, 5), second);
}

Test(macs, the_table_may_be_filled_and_emptied)
{
	struct weir_mac m = {{2, 3, 0, 0, 0, 0}};

	tenants[RED].quota_macs = WEIR_NONE;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t n = 0; n < WEIR_MACS_MAX; n++) {
			__builtin_memcpy(&m.b[2], &n, 4);
			cr_assert_eq(weir_macs_learn(macs, &ifaces[A], &m, 1), WEIR_LEARNED);
		}
		cr_assert_eq(weir_macs_used(macs), WEIR_MACS_MAX);
		cr_assert_eq(seen(B, 1, 1), WEIR_LEARN_REFUSED);
		cr_assert_eq(set_static(B, 2, 1), -ENOSPC);
		weir_macs_forget(macs, A);
		cr_assert_eq(weir_macs_used(macs), 0);
		cr_assert_eq(seen(B, 1, 1), WEIR_LEARN_REFUSED, "nothing was let go of yet");
		reclaim();
	}
	cr_assert_eq(weir_macs_refused(macs, RED), 4);
}

/* ---- listing ---- */

Test(macs, listed_by_tenant_from_a_cursor)
{
	uint32_t found = 0, n = 0;

	for (uint8_t i = 1; i <= 10; i++)
		cr_assert_eq(seen(i % 2 ? A : C, i, 1), WEIR_LEARNED);
	weir_macs_forget(macs, B);
	for (uint32_t at = 0; (at = weir_macs_next(macs, RED, at)) != WEIR_NONE; at++, n++)
		found |= 1u << vnet->macs[at].mac.b[5];
	cr_assert_eq(n, 5);
	cr_assert_eq(found, 0x2aa);
	n = 0;
	for (uint32_t at = 0; (at = weir_macs_next(macs, WEIR_NONE, at)) != WEIR_NONE; at++)
		n++;
	cr_assert_eq(n, 10);
	weir_macs_forget(macs, A);
	cr_assert_eq(weir_macs_next(macs, RED, 0), WEIR_NONE);
}
