/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters while workers run: whose bank flips when, and that a cut never shows a packet taken that nobody handed. */
#include <pthread.h>
#include <sched.h>

#include <criterion/criterion.h>

#include "total.h"

#define IFACES 64
#define SNAPSHOTS 1000

static struct weir_counters_set *set;
static struct weir_counters *a, *b;

static void
setup(void)
{
	set = weir_counters_create(2, IFACES);
	cr_assert_not_null(set);
	a = weir_counters_worker(set, 0);
	b = weir_counters_worker(set, 1);
}

static void
teardown(void)
{
	weir_counters_free(set);
}

TestSuite(counters_threads, .init = setup, .fini = teardown, .timeout = 20);

static void *
read_once(void *arg)
{
	struct weir_count *count = arg;

	*count = total(set, 0);
	return NULL;
}

/* A reader that has asked for a flip by the time this returns. */
static pthread_t
start_reader(struct weir_count *count)
{
	uint32_t before = __atomic_load_n(a->request, __ATOMIC_ACQUIRE);
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, read_once, count), 0);
	while (__atomic_load_n(a->request, __ATOMIC_ACQUIRE) == before)
		(void)sched_yield();
	return thread;
}

Test(counters_threads, a_live_worker_flips_for_itself)
{
	struct weir_count count;
	pthread_t reader;

	weir_counters_set_live(set, 0, true);
	reader = start_reader(&count);
	/* Asked, but not yet followed: this is in the cut. */
	weir_count(a, 0)->rx_packets++;
	weir_counters_poll(a);
	weir_count(a, 0)->rx_packets += 10;
	(void)pthread_join(reader, NULL);
	cr_assert_eq(count.rx_packets, 1);
	weir_counters_set_live(set, 0, false);
	(void)read_once(&count);
	cr_assert_eq(count.rx_packets, 11);
}

/* The order of worker.c: off the ring, poll, count. */
Test(counters_threads, a_cut_is_consistent_over_a_hand_off)
{
	struct weir_count count;
	pthread_t reader;

	weir_counters_set_live(set, 0, true);
	weir_counters_set_live(set, 1, true);
	reader = start_reader(&count);
	weir_counters_poll(a);
	weir_count(a, 0)->held_in++; /* handed over after its flip */
	weir_counters_poll(b);	     /* the taker sees what the other saw before it handed over */
	weir_count(b, 0)->held_out++;
	(void)pthread_join(reader, NULL);
	cr_assert_eq(count.held_in, 0);
	cr_assert_eq(count.held_out, 0);
	weir_counters_set_live(set, 0, false);
	weir_counters_set_live(set, 1, false);
	(void)read_once(&count);
	cr_assert_eq(count.held_in, 1);
	cr_assert_eq(count.held_out, 1);
}

/* At the end of the program: nobody polls any more, and a reader must not wait for it. */
Test(counters_threads, a_reader_does_not_wait_for_a_worker_that_ended)
{
	struct weir_count count;
	pthread_t reader;

	weir_counters_set_live(set, 0, true);
	weir_count(a, 0)->rx_packets++;
	reader = start_reader(&count);
	weir_counters_set_live(set, 0, false);
	(void)pthread_join(reader, NULL);
	cr_assert_eq(count.rx_packets, 1);
}

/* ---- all at once ---- */

/* As a hand-off ring is, for one on each side. */
static struct {
	uint32_t head, tail;
} ring;
static bool enough, done;

static bool
is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void *
hand_over(void *arg)
{
	(void)arg;
	while (!is_set(&enough)) {
		weir_counters_poll(a);
		for (uint32_t i = 0; i < 4; i++) {
			uint32_t n = ring.head;

			__atomic_store_n(&ring.head, n + 1, __ATOMIC_RELEASE);
			weir_count(a, n % IFACES)->held_in++;
			weir_count(a, n % IFACES)->rx_packets++;
		}
		(void)sched_yield(); /* processors may be fewer than threads */
	}
	/* It polls until nobody reads any more. */
	while (!is_set(&done)) {
		weir_counters_poll(a);
		(void)sched_yield();
	}
	return NULL;
}

static void *
take(void *arg)
{
	(void)arg;
	while (!is_set(&done)) {
		uint32_t head = __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE), first = ring.tail;

		weir_counters_poll(b);
		for (uint32_t n = first; n != head; n++) {
			weir_count(b, n % IFACES)->held_out++;
			weir_count_drop(b, n % IFACES, WEIR_DROP_TX, WEIR_DROP_TX_FULL, 64);
		}
		__atomic_store_n(&ring.tail, head, __ATOMIC_RELEASE);
		(void)sched_yield();
	}
	return NULL;
}

static struct weir_tally
everything(void)
{
	struct weir_tally tally = {0};

	(void)weir_counters_read_begin(set, 0, 0);
	for (uint32_t i = 0; i < IFACES; i++)
		weir_counters_sum(set, i, &tally);
	weir_counters_read_end(set);
	return tally;
}

static void
check_snapshots(void)
{
	for (uint32_t n = 1; n <= SNAPSHOTS; n++) {
		struct weir_counters *control = weir_counters_control_begin(set);
		struct weir_tally tally;

		weir_count(control, 0)->generated++;
		weir_counters_control_end(set);
		tally = everything();
		cr_assert_geq(tally.sum.held_in, tally.sum.held_out);
		cr_assert_eq(tally.sum.held_in, tally.sum.rx_packets);
		cr_assert_eq(tally.sum.held_out, tally.sum.tx_drop_packets);
		cr_assert_eq(tally.sum.held_out, tally.reasons[WEIR_DROP_TX_FULL].packets);
		cr_assert_eq(tally.sum.generated, n);
	}
}

Test(counters_threads, every_snapshot_balances_and_the_sums_are_exact)
{
	struct weir_tally tally;
	pthread_t handing, taking;

	weir_counters_set_live(set, 0, true);
	weir_counters_set_live(set, 1, true);
	cr_assert_eq(pthread_create(&handing, NULL, hand_over, NULL), 0);
	cr_assert_eq(pthread_create(&taking, NULL, take, NULL), 0);
	check_snapshots();
	__atomic_store_n(&enough, true, __ATOMIC_RELEASE);
	do
		tally = everything();
	while (tally.sum.held_out != tally.sum.held_in);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	(void)pthread_join(handing, NULL);
	(void)pthread_join(taking, NULL);
	weir_counters_set_live(set, 0, false);
	weir_counters_set_live(set, 1, false);
	tally = everything();
	cr_assert_gt(ring.head, 1000);
	cr_assert_eq(tally.sum.held_in, ring.head);
	cr_assert_eq(tally.sum.held_out, ring.head);
	cr_assert_eq(tally.sum.tx_drop_bytes, 64ull * ring.head);
}
