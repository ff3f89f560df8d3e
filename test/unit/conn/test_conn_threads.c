/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers that open the same connections at once, and maintenance that takes them away under others' hands. */
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include <criterion/criterion.h>

#include "weir_conn.h"

#define THREADS 4
#define SAME 3000
#define ROUNDS 200
#define QUOTA 300

static struct weir_conns *conns;
static pthread_barrier_t barrier;
static uint64_t now;
static uint32_t refused, quiet[THREADS];
static bool stop;

static struct weir_conn_key
conversation(uint32_t n, bool back)
{
	struct weir_conn_key key = {.zone = 7, .proto = IPPROTO_UDP, .sport = (uint16_t)n, .dport = 53};

	key.src.b[15] = back ? 1 : 2;
	key.dst.b[15] = back ? 2 : 1;
	key.sport = back ? 53 : (uint16_t)(1000 + n);
	key.dport = back ? (uint16_t)(1000 + n) : 53;
	return key;
}

/* All open the same ones, half of them from the other end. */
static void *
open_same(void *arg)
{
	uint32_t me = *(const uint32_t *)arg;
	enum weir_conn_state state;

	for (uint32_t n = 0; n < SAME; n++) {
		struct weir_conn_key key = conversation(n, me % 2 == 1);

		(void)pthread_barrier_wait(&barrier);
		if (weir_conn_open(conns, &key, 0, false, 3, 0, UINT32_MAX, 1, &state) != WEIR_CONN_OK)
			(void)__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool
alive(void *arg, uint32_t iface, uint32_t zone)
{
	(void)arg;
	(void)iface;
	(void)zone;
	return true;
}

static void
run(void *(*main)(void *arg), pthread_t threads[THREADS], uint32_t ids[THREADS])
{
	for (uint32_t i = 0; i < THREADS; i++) {
		ids[i] = i;
		cr_assert_eq(pthread_create(&threads[i], NULL, main, &ids[i]), 0);
	}
}

Test(conn_threads, one_record_each)
{
	pthread_t threads[THREADS];
	uint32_t ids[THREADS], cursor = 0, n = 0;
	struct weir_conn_view view;

	conns = weir_conns_create(16384, 1);
	cr_assert_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	run(open_same, threads, ids);
	for (uint32_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	cr_assert_eq(refused, 0);
	cr_assert_eq(weir_conns_of_tenant(conns, 0), SAME);
	while (weir_conns_next(conns, WEIR_NONE, &cursor, UINT32_MAX, 1, &view) != WEIR_NONE)
		n++;
	cr_assert_eq(n, SAME);
	/* What gave way is taken out as the rest is. */
	weir_conns_tend(conns, 3600 * WEIR_NS_PER_S, alive, NULL);
	(void)weir_conns_reclaim_begin(conns);
	weir_conns_reclaim_end(conns);
	cr_assert_eq(weir_conns_used(conns), 0);
	cr_assert_eq(weir_conns_of_tenant(conns, 0), 0);
	weir_conns_free(conns);
}

/* Opens, follows, forgets: what is found has to be what was asked for. */
static void *
churn(void *arg)
{
	uint32_t me = *(const uint32_t *)arg, n = me;
	struct weir_conn_found found;
	enum weir_conn_state state;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint64_t t = __atomic_load_n(&now, __ATOMIC_RELAXED);
		struct weir_conn_key key = conversation(n % 500, (n & 1) != 0);

		n = n * 1664525 + 1013904223;
		if (weir_conn_find(conns, &key, 0, t, &found))
			(void)weir_conn_follow(conns, &found, 0, t, &state);
		else
			(void)weir_conn_open(conns, &key, 0, false, 3, 0, QUOTA, t, &state);
		if (weir_conns_of_tenant(conns, 0) > QUOTA + THREADS)
			(void)__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
		/* It holds nothing here. */
		__atomic_store_n(&quiet[me], quiet[me] + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Every thread has passed a point where it holds nothing. */
static void
let_go(void)
{
	uint32_t were[THREADS];

	for (uint32_t i = 0; i < THREADS; i++)
		were[i] = __atomic_load_n(&quiet[i], __ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < THREADS; i++)
		while (__atomic_load_n(&quiet[i], __ATOMIC_ACQUIRE) - were[i] < 2)
			(void)sched_yield();
}

Test(conn_threads, churn)
{
	pthread_t threads[THREADS];
	uint32_t ids[THREADS], wrong = 0;
	struct weir_conn_view view;

	conns = weir_conns_create(2048, 1);
	now = WEIR_NS_PER_S;
	run(churn, threads, ids);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t cursor = 0;

		/* A step after which what was not seen since has timed out. */
		__atomic_store_n(&now, now + 20 * WEIR_NS_PER_S, __ATOMIC_RELAXED);
		weir_conns_tend(conns, now, alive, NULL);
		while (weir_conns_next(conns, 0, &cursor, UINT32_MAX, now, &view) != WEIR_NONE) {
			struct weir_conn_key one = conversation(view.key.sport - 1000u, false),
					     other = conversation(view.key.dport - 1000u, true);

			wrong += memcmp(&view.key, &one, sizeof(one)) != 0 &&
				 memcmp(&view.key, &other, sizeof(other)) != 0;
		}
		if (weir_conns_reclaim_begin(conns)) {
			let_go();
			weir_conns_reclaim_end(conns);
		}
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	cr_assert_eq(wrong, 0);
	cr_assert_eq(refused, 0);
	now += 3600 * WEIR_NS_PER_S;
	weir_conns_tend(conns, now, alive, NULL);
	(void)weir_conns_reclaim_begin(conns);
	weir_conns_reclaim_end(conns);
	cr_assert_eq(weir_conns_used(conns), 0);
	cr_assert_eq(weir_conns_of_tenant(conns, 0), 0);
	weir_conns_free(conns);
}
