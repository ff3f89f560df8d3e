/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts by path: each packet appears once at both interfaces, whenever banks flip, paths are settled and records
 * stand for other interfaces than before.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "total.h"

#define IFACES 16
#define PATHS 12

static struct weir_counters_set *set;
static struct weir_counters *a, *b;

/* A path as a worker has it: the record and whose it is. */
struct path {
	struct weir_path_count count;
	uint32_t in, out;
};
static struct path paths[PATHS];

static void
setup(void)
{
	set = weir_counters_create(2, IFACES);
	cr_assert_not_null(set);
	a = weir_counters_worker(set, 0);
	b = weir_counters_worker(set, 1);
	cr_assert_eq(weir_counters_reserve_paths(a, PATHS), 0);
	for (uint32_t i = 0; i < PATHS; i++) {
		paths[i].in = i % IFACES;
		paths[i].out = (i + 1) % IFACES;
	}
}

static void
teardown(void)
{
	weir_counters_release_paths(a);
	weir_counters_free(set);
}

TestSuite(counters_paths, .init = setup, .fini = teardown, .timeout = 30);

static void
pass(struct path *path, uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++)
		weir_count_path(a, &path->count, path->in, path->out, 100);
}

/* Its record is another path's from here on. */
static void
hand_on(struct path *path, uint32_t in, uint32_t out)
{
	weir_count_settle_path(a, &path->count);
	path->in = in;
	path->out = out;
}

/* So many went through the interface each way, all of 100 bytes. */
static void
expect_total(uint32_t iface, uint64_t in, uint64_t out)
{
	struct weir_count count = total(set, iface);

	cr_assert_eq(count.rx_packets, in, "%lu in by %u", (unsigned long)count.rx_packets, iface);
	cr_assert_eq(count.accepted, in);
	cr_assert_eq(count.rx_bytes, 100 * in);
	cr_assert_eq(count.tx_packets, out, "%lu out by %u", (unsigned long)count.tx_packets, iface);
	cr_assert_eq(count.offered, out);
	cr_assert_eq(count.tx_bytes, 100 * out);
}

/* ---- one after the other ---- */

Test(counters_paths, a_packet_appears_at_both_interfaces)
{
	const struct weir_count *writer;

	for (uint32_t round = 1; round <= 5; round++) {
		pass(&paths[3], 7);
		expect_total(3, 7 * round, 0);
		expect_total(4, 0, 7 * round);
	}
	expect_total(5, 0, 0);
	writer = weir_counters_writer(set, 0);
	cr_assert_eq(writer->rx_packets, 35);
	cr_assert_eq(writer->tx_bytes, 3500);
	cr_assert_eq(weir_counters_writer(set, 1)->rx_packets, 0);
}

/* Several flips without a packet, and a path from an interface to itself. */
Test(counters_paths, quiet_paths_and_loops)
{
	struct path loop = {.in = 9, .out = 9};

	pass(&paths[0], 1);
	pass(&loop, 3);
	for (uint32_t i = 0; i < 3; i++) {
		expect_total(0, 1, 0);
		expect_total(9, 3, 3);
	}
	pass(&paths[0], 1);
	expect_total(0, 2, 0);
}

/* What is settled twice, or has counted nothing, counts once, or nothing. */
Test(counters_paths, settled_counts_once)
{
	weir_count_settle_path(a, &paths[0].count);
	pass(&paths[0], 5);
	weir_count_settle_path(a, &paths[0].count);
	weir_count_settle_path(a, &paths[0].count);
	expect_total(0, 5, 0);
	expect_total(1, 0, 5);
	weir_count_settle_path(a, &paths[0].count);
	pass(&paths[0], 1);
	expect_total(0, 6, 0);
	weir_count_settle_path(a, &paths[0].count);
	expect_total(0, 6, 0);
}

Test(counters_paths, a_record_stands_for_other_interfaces)
{
	pass(&paths[0], 5);
	hand_on(&paths[0], 8, 9);
	pass(&paths[0], 2);
	expect_total(0, 5, 0);
	expect_total(1, 0, 5);
	expect_total(8, 2, 0);
	expect_total(9, 0, 2);
}

/* From every place of the list, in every order of two; the others stay where they are found. */
Test(counters_paths, out_of_the_middle_of_the_list)
{
	for (uint32_t first = 0; first < PATHS; first++) {
		for (uint32_t second = 0; second < PATHS; second++) {
			uint64_t before = total(set, 0).rx_packets;

			for (uint32_t i = 0; i < PATHS; i++)
				pass(&paths[i], i + 1);
			weir_count_settle_path(a, &paths[first].count);
			weir_count_settle_path(a, &paths[second].count);
			pass(&paths[first], 1);
			cr_assert_eq(total(set, 0).rx_packets - before, first == 0 ? 2 : 1);
		}
	}
	for (uint32_t i = 0; i < PATHS; i++)
		expect_total(i, (i + 1) * PATHS * PATHS + PATHS, i > 0 ? i * PATHS * PATHS + PATHS : 0);
}

/* At the end of the worker: its paths' memory goes, what they counted stays. */
Test(counters_paths, released_counts_stay)
{
	struct path *gone = calloc(PATHS, sizeof(*gone));

	for (uint32_t i = 0; i < PATHS; i++) {
		gone[i].in = 0;
		gone[i].out = 1;
		pass(&gone[i], 3);
		if (i == PATHS / 2)
			expect_total(0, 3 * (i + 1), 0);
	}
	weir_counters_release_paths(a);
	memset(gone, 0xff, PATHS * sizeof(*gone));
	free(gone);
	expect_total(0, 3 * PATHS, 0);
	expect_total(1, 0, 3 * PATHS);
	cr_assert_eq(weir_counters_reserve_paths(a, PATHS), 0);
	pass(&paths[0], 1);
	expect_total(0, 3 * PATHS + 1, 0);
}

/* Taken back modulo 2^64, in whatever order and wherever the packet's count is by then. */
Test(counters_paths, what_is_not_sent_is_taken_back)
{
	struct weir_count count;

	for (uint32_t round = 0; round < 4; round++) {
		pass(&paths[0], 3);
		if (round == 2)
			hand_on(&paths[0], 0, 1);
		for (uint32_t i = 0; i < round; i++) {
			weir_count_unsent(a, 1, 100);
			weir_count_drop(a, 1, WEIR_DROP_TX, WEIR_DROP_TX_FULL, 100);
		}
		count = total(set, 1);
		cr_assert_eq(count.offered, 3 * (round + 1));
		cr_assert_eq(count.tx_packets + count.tx_drop_packets, count.offered);
		cr_assert_leq(count.tx_packets, count.offered, "not below zero");
		cr_assert_eq(count.tx_bytes, 100 * count.tx_packets);
	}
	cr_assert_eq(count.tx_packets, 12 - 6);
}

/* ---- between a flip and its fold ---- */

static void *
read_once(void *arg)
{
	struct weir_count *counts = arg;

	(void)weir_counters_read_begin(set, 0, 0);
	for (uint32_t i = 0; i < IFACES; i++)
		counts[i] = *weir_counters_get(set, i);
	weir_counters_read_end(set);
	return NULL;
}

/* Worker a has flipped, the other one not yet: a's idle bank is not folded while a goes on. */
Test(counters_paths, settled_and_handed_on_before_the_fold)
{
	struct weir_count counts[IFACES];
	pthread_t reader;
	uint32_t before;

	weir_counters_set_live(set, 0, true);
	weir_counters_set_live(set, 1, true);
	pass(&paths[0], 5);
	pass(&paths[1], 1);
	before = __atomic_load_n(a->request, __ATOMIC_ACQUIRE);
	cr_assert_eq(pthread_create(&reader, NULL, read_once, counts), 0);
	while (__atomic_load_n(a->request, __ATOMIC_ACQUIRE) == before)
		(void)sched_yield();
	pass(&paths[0], 10); /* asked, but not yet followed: in the cut */
	weir_counters_poll(a);
	pass(&paths[0], 3);
	hand_on(&paths[0], 8, 9);
	pass(&paths[0], 7);
	hand_on(&paths[1], 10, 11); /* counted nothing since */
	pass(&paths[1], 2);
	weir_counters_poll(b);
	(void)pthread_join(reader, NULL);
	cr_assert_eq(counts[0].rx_packets, 15);
	cr_assert_eq(counts[1].rx_packets, 1);
	cr_assert_eq(counts[8].rx_packets, 0);
	cr_assert_eq(counts[10].rx_packets, 0);
	weir_counters_set_live(set, 0, false);
	weir_counters_set_live(set, 1, false);
	expect_total(0, 18, 0);
	expect_total(1, 1, 18);
	expect_total(8, 7, 0);
	expect_total(9, 0, 7);
	expect_total(10, 2, 0);
}

/* ---- at random ---- */

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* What a worker should have counted. */
static struct weir_count expected[IFACES];

/* Some packets of one path, of which the last may not be sent; and a path may become another one. */
static void
step(uint64_t *random)
{
	struct path *path = &paths[next_random(random) % PATHS];
	uint32_t packets = (uint32_t)(next_random(random) % 4);

	pass(path, packets);
	weir_count_passed(&expected[path->in], &expected[path->out], packets, 100 * packets);
	if (packets > 0 && next_random(random) % 8 == 0) {
		if (next_random(random) % 2 == 0)
			weir_count_settle_path(a, &path->count);
		weir_count_unsent(a, path->out, 100);
		weir_count_drop(a, path->out, WEIR_DROP_TX, WEIR_DROP_TX_FULL, 100);
		expected[path->out].tx_packets--;
		expected[path->out].tx_bytes -= 100;
		expected[path->out].tx_drop_packets++;
	}
	if (next_random(random) % 8 == 0)
		hand_on(path, (uint32_t)next_random(random) % IFACES, (uint32_t)next_random(random) % IFACES);
}

static void
expect_expected(const struct weir_count counts[IFACES])
{
	for (uint32_t i = 0; i < IFACES; i++) {
		cr_assert_eq(counts[i].rx_packets, expected[i].rx_packets);
		cr_assert_eq(counts[i].accepted, expected[i].rx_packets);
		cr_assert_eq(counts[i].rx_bytes, 100 * expected[i].rx_packets);
		cr_assert_eq(counts[i].offered, expected[i].offered);
		cr_assert_eq(counts[i].tx_packets, expected[i].tx_packets);
		cr_assert_eq(counts[i].tx_bytes, expected[i].tx_bytes);
		cr_assert_eq(counts[i].tx_drop_packets, expected[i].tx_drop_packets);
	}
}

Test(counters_paths, exact_at_every_cut)
{
	struct weir_count counts[IFACES];
	uint64_t random = 5;

	for (uint32_t i = 0; i < 300000; i++) {
		step(&random);
		if (next_random(&random) % 16 == 0) {
			(void)read_once(counts);
			expect_expected(counts);
		}
	}
}

#define CUTS 2000

static bool enough;

static void *
count_in_rounds(void *arg)
{
	uint64_t random = 9;

	(void)arg;
	for (uint32_t round = 0; !__atomic_load_n(&enough, __ATOMIC_ACQUIRE); round++) {
		weir_counters_poll(a);
		for (uint32_t i = 0; i < 8; i++)
			step(&random);
		if (round % 64 == 0)
			(void)sched_yield(); /* processors may be fewer than threads */
	}
	weir_counters_set_live(set, 0, false);
	return NULL;
}

/* Beside a reader: every cut balances, nothing goes back or below zero, and the end is exact. */
Test(counters_paths, beside_a_reader)
{
	struct weir_count counts[IFACES], before[IFACES] = {{0}};
	pthread_t writer;

	weir_counters_set_live(set, 0, true);
	cr_assert_eq(pthread_create(&writer, NULL, count_in_rounds, NULL), 0);
	for (uint32_t cut = 0; cut < CUTS; cut++) {
		struct weir_count sum = {0};

		(void)read_once(counts);
		for (uint32_t i = 0; i < IFACES; i++) {
			cr_assert_geq(counts[i].tx_packets, before[i].tx_packets);
			cr_assert_leq(counts[i].tx_packets, counts[i].offered);
			cr_assert_eq(counts[i].tx_packets + counts[i].tx_drop_packets, counts[i].offered);
			weir_count_add(&sum, &counts[i]);
		}
		cr_assert_eq(sum.rx_packets, sum.offered);
		memcpy(before, counts, sizeof(before));
	}
	__atomic_store_n(&enough, true, __ATOMIC_RELEASE);
	(void)pthread_join(writer, NULL);
	(void)read_once(counts);
	expect_expected(counts);
}
