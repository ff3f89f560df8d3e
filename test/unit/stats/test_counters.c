/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>

#include "total.h"

#define IFACES 20000
#define MS WEIR_NS_PER_MS

static struct weir_counters_set *set;

static void
setup(void)
{
	set = weir_counters_create(2, IFACES);
	cr_assert_not_null(set);
}

static void
teardown(void)
{
	weir_counters_free(set);
}

TestSuite(counters, .init = setup, .fini = teardown);

static void
sum(uint32_t iface, struct weir_tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	(void)weir_counters_read_begin(set, 0, 0);
	weir_counters_sum(set, iface, tally);
	weir_counters_read_end(set);
}

/* ---- folding ---- */

Test(counters, each_fold_adds_what_came_since_the_last)
{
	struct weir_counters *w = weir_counters_worker(set, 0);

	for (uint32_t round = 1; round <= 5; round++) {
		weir_count(w, 7)->rx_packets += 3;
		weir_count(w, 7)->rx_bytes += 300;
		cr_assert_eq(total(set, 7).rx_packets, 3 * round);
		cr_assert_eq(total(set, 7).rx_bytes, 300 * round);
	}
	cr_assert_eq(total(set, 8).rx_packets, 0);
}

Test(counters, writers_add_up_and_are_told_apart)
{
	struct weir_counters *control;

	weir_count(weir_counters_worker(set, 0), 1)->tx_packets += 5;
	weir_count(weir_counters_worker(set, 0), 2)->tx_packets += 2;
	weir_count(weir_counters_worker(set, 1), 1)->tx_packets += 40;
	control = weir_counters_control_begin(set);
	weir_count(control, 1)->tx_packets += 100;
	weir_counters_control_end(set);
	cr_assert_eq(total(set, 1).tx_packets, 145);
	cr_assert_eq(weir_counters_writer(set, 0)->tx_packets, 7);
	cr_assert_eq(weir_counters_writer(set, 1)->tx_packets, 40);
	cr_assert_eq(weir_counters_writer(set, 2)->tx_packets, 100);
}

Test(counters, a_young_cut_serves_again)
{
	struct weir_counters *w = weir_counters_worker(set, 0);

	weir_count(w, 1)->rx_packets++;
	cr_assert_eq(weir_counters_read_begin(set, 100 * MS, 10 * MS), 100 * MS);
	weir_counters_read_end(set);
	weir_count(w, 1)->rx_packets++;
	cr_assert_eq(weir_counters_read_begin(set, 110 * MS - 1, 10 * MS), 100 * MS);
	cr_assert_eq(weir_counters_get(set, 1)->rx_packets, 1);
	weir_counters_read_end(set);
	cr_assert_eq(weir_counters_read_begin(set, 110 * MS, 10 * MS), 110 * MS);
	cr_assert_eq(weir_counters_get(set, 1)->rx_packets, 2);
	weir_counters_read_end(set);
}

Test(counters, the_first_cut_is_never_young)
{
	weir_count(weir_counters_worker(set, 0), 1)->rx_packets++;
	cr_assert_eq(weir_counters_read_begin(set, 0, 10 * MS), 0);
	cr_assert_eq(weir_counters_get(set, 1)->rx_packets, 1);
	weir_counters_read_end(set);
}

/* Every field of a record, by its place: none may be forgotten where records are added. */
Test(counters, every_field_is_folded)
{
	struct weir_count *count = weir_count(weir_counters_worker(set, 0), 3), folded;
	uint64_t words[sizeof(*count) / 8], got[sizeof(*count) / 8];
	const size_t flags = offsetof(struct weir_count, touched) / 8;

	memcpy(words, count, sizeof(words));
	for (size_t i = 0; i < WEIR_ARRAY_LEN(words); i++)
		words[i] = i == flags ? words[i] : 1000 + i;
	memcpy(count, words, sizeof(words));
	folded = total(set, 3);
	memcpy(got, &folded, sizeof(got));
	for (size_t i = 0; i < WEIR_ARRAY_LEN(words); i++)
		cr_assert_eq(got[i], i == flags ? 0 : 1000 + i, "word %zu", i);
}

Test(counters, a_prepared_interface_counts_from_zero)
{
	weir_counters_prepare(set, IFACES - 1);
	cr_assert_eq(total(set, IFACES - 1).rx_packets, 0);
	weir_count(weir_counters_worker(set, 1), IFACES - 1)->rx_packets++;
	cr_assert_eq(total(set, IFACES - 1).rx_packets, 1);
}

/* ---- drops ---- */

Test(counters, drops_by_side_and_reason)
{
	struct weir_counters *w = weir_counters_worker(set, 0);
	struct weir_tally tally;

	weir_count_drop(w, 9, WEIR_DROP_RX, WEIR_DROP_MTU, 100);
	weir_count_drop(w, 9, WEIR_DROP_RX, WEIR_DROP_MTU, 50);
	weir_count_drop(w, 9, WEIR_DROP_TX, WEIR_DROP_MTU, 7);
	weir_count_drop(w, 9, WEIR_DROP_TX, WEIR_DROP_TX_FULL, 1);
	weir_count_drop(w, 10, WEIR_DROP_RX, WEIR_DROP_MTU, 1000);
	sum(9, &tally);
	cr_assert_eq(tally.sum.rx_drop_packets, 2);
	cr_assert_eq(tally.sum.rx_drop_bytes, 150);
	cr_assert_eq(tally.sum.tx_drop_packets, 2);
	cr_assert_eq(tally.sum.tx_drop_bytes, 8);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].packets, 3);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].bytes, 157);
	cr_assert_eq(tally.reasons[WEIR_DROP_TX_FULL].packets, 1);
	cr_assert_eq(tally.reasons[WEIR_DROP_NO_ROUTE].packets, 0);
	sum(10, &tally);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].bytes, 1000);
	cr_assert_eq(tally.sum.tx_drop_packets, 0);
}

/* A bank's rows end before its interfaces do: what finds none is missing by reason, and in no sum. */
static uint64_t
drop_everywhere(struct weir_counters *w, uint32_t n)
{
	uint64_t named = 0;

	for (uint32_t i = 0; i < n; i++)
		weir_count_drop(
		    w, i, WEIR_DROP_RX, (enum weir_reason)(1 + i % (uint32_t)(WEIR_REASON_COUNT - 1)), 10 + i);
	(void)weir_counters_read_begin(set, 0, 0);
	for (uint32_t i = 0; i < n; i++) {
		struct weir_tally tally = {0};
		uint64_t here = 0;

		weir_counters_sum(set, i, &tally);
		cr_assert_eq(tally.sum.rx_drop_bytes, tally.sum.rx_drop_packets * (10 + i));
		for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
			here += tally.reasons[r].packets;
		cr_assert_leq(here, tally.sum.rx_drop_packets);
		named += here;
	}
	weir_counters_read_end(set);
	return named;
}

Test(counters, drops_beyond_the_rows_are_in_the_sums)
{
	struct weir_counters *w = weir_counters_worker(set, 0);
	const uint32_t n = WEIR_DROP_ROWS_USED + 700;

	cr_assert_eq(drop_everywhere(w, n), WEIR_DROP_ROWS_USED);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(weir_counters_get(set, i)->rx_drop_packets, 1);
	/* Rows are free again after the fold, in both banks. */
	cr_assert_eq(drop_everywhere(w, n), 2 * WEIR_DROP_ROWS_USED);
	cr_assert_eq(drop_everywhere(w, n), 3 * WEIR_DROP_ROWS_USED);
	cr_assert_eq(total(set, n - 1).rx_drop_packets, 3);
}

/* A row that is there already is found though the bank is full. */
Test(counters, a_full_bank_still_counts_on_its_rows)
{
	struct weir_counters *w = weir_counters_worker(set, 0);
	struct weir_tally tally;

	for (uint32_t i = 0; i < WEIR_DROP_ROWS_USED + 1; i++)
		weir_count_drop(w, i, WEIR_DROP_TX, WEIR_DROP_MTU, 1);
	weir_count_drop(w, 0, WEIR_DROP_TX, WEIR_DROP_MTU, 1);
	weir_count_drop(w, WEIR_DROP_ROWS_USED, WEIR_DROP_TX, WEIR_DROP_MTU, 1);
	sum(0, &tally);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].packets, 2);
	sum(WEIR_DROP_ROWS_USED, &tally);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].packets, 0);
	cr_assert_eq(tally.sum.tx_drop_packets, 2);
}

Test(counters, asks_to_be_folded_when_rows_are_half_used)
{
	struct weir_counters *w = weir_counters_worker(set, 1);

	for (uint32_t i = 0; i < WEIR_DROP_ROWS_USED / 2; i++)
		weir_count_drop(w, i, WEIR_DROP_RX, WEIR_DROP_MTU, 1);
	cr_assert_not(weir_counters_want_fold(set));
	weir_count_drop(w, IFACES - 1, WEIR_DROP_RX, WEIR_DROP_MTU, 1);
	cr_assert(weir_counters_want_fold(set));
	(void)total(set, 0);
	cr_assert_not(weir_counters_want_fold(set));
}

/* ---- interfaces that go ---- */

Test(counters, retiring_moves_totals_and_reasons)
{
	struct weir_counters *w = weir_counters_worker(set, 0);
	struct weir_tally tally = {.sum = {.rx_packets = 1}};

	weir_count(w, 4)->rx_packets += 10;
	weir_count(w, 5)->rx_packets += 20;
	weir_count_drop(w, 4, WEIR_DROP_RX, WEIR_DROP_MTU, 60);
	(void)weir_counters_read_begin(set, 0, 0);
	weir_counters_retire(set, 4, &tally);
	weir_counters_read_end(set);
	cr_assert_eq(tally.sum.rx_packets, 11);
	cr_assert_eq(tally.sum.rx_drop_bytes, 60);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].packets, 1);
	/* Its id begins anew, its neighbour and the writer's own sum stand. */
	weir_count(w, 4)->rx_packets += 2;
	sum(4, &tally);
	cr_assert_eq(tally.sum.rx_packets, 2);
	cr_assert_eq(tally.sum.rx_drop_packets, 0);
	cr_assert_eq(tally.reasons[WEIR_DROP_MTU].packets, 0);
	cr_assert_eq(total(set, 5).rx_packets, 20);
	cr_assert_eq(weir_counters_writer(set, 0)->rx_packets, 32);
}

Test(counters, tallies_add_up)
{
	struct weir_tally a = {.sum = {.copies = 1}}, b = {.sum = {.copies = 2, .held_out = 3}};

	a.reasons[WEIR_DROP_MTU].packets = 4;
	b.reasons[WEIR_DROP_MTU].packets = 5;
	b.reasons[WEIR_DROP_MTU].bytes = 6;
	weir_tally_add(&a, &b);
	cr_assert_eq(a.sum.copies, 3);
	cr_assert_eq(a.sum.held_out, 3);
	cr_assert_eq(a.reasons[WEIR_DROP_MTU].packets, 9);
	cr_assert_eq(a.reasons[WEIR_DROP_MTU].bytes, 6);
}
