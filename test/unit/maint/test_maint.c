/* SPDX-License-Identifier: BSD-3-Clause */
/* The maintenance thread's rounds, stepped by hand. */
#include <string.h>

#include <rte_malloc.h>

#include "bench.h"
#include "weir_pipeline.h"

static void
setup(void)
{
	bench_start(1);
	load_both();
}

TestSuite(maint, .init = setup);

static uint32_t
place(const char *tenant, uint8_t n)
{
	const struct weir_mac m = mac(n);
	uint32_t entry = weir_vnet_mac(gateway->vnet, gateway_tenant(gateway, tenant)->switches[0], &m);

	return entry == WEIR_NONE ? WEIR_NONE : gateway->vnet->macs[entry].iface;
}

static void
round_now(void)
{
	weir_gateway_maintain(gateway, now);
}

/* ---- learning ---- */

BENCH_TEST(maint, learns_what_workers_saw)
{
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	inject(0, to(vxlan(plain(BROADCAST, 2, 0x88b5), 5001, PEER3, "192.0.2.3", "192.0.2.1"), UNDERLAY_MAC));
	poll_all();
	cr_assert_eq(place("red", 1), WEIR_NONE);
	round_now();
	cr_assert_eq(place("red", 1), vport_id("red", "a"));
	cr_assert_eq(place("blue", 1), vport_id("blue", "a"));
	cr_assert_eq(place("red", 2), remote_id("red", "web", "192.0.2.3"));
}

/* Between the frame and the round its vport may go, or go elsewhere. */
BENCH_TEST(maint, does_not_learn_for_what_is_gone)
{
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(2, plain(BROADCAST, 2, 0x88b5));
	poll_all();
	patch("{'tenants':{'red':{'switches':{'other':{}},'vports':{'a':null,'b':{'switch':'other'}}}}}");
	round_now();
	cr_assert_eq(weir_macs_of_tenant(gateway->macs, gateway_tenant(gateway, "red")->tenant->id), 0);
}

/* Or its id is another one's by then. */
BENCH_TEST(maint, does_not_learn_for_another_one_with_the_same_id)
{
	uint32_t id = vport_id("red", "a");

	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	patch("{'tenants':{'red':{'vports':{'a':null}}}}");
	now += 6 * SECOND;
	weir_gateway_set_time(gateway, now);
	patch("{'tenants':{'red':{'quota':{'macs':100}}}}"); /* ids that have rested come back */
	patch("{'tenants':{'red':{'vports':{'z':{'switch':'web','port':'p3'}}}}}");
	cr_assert_eq(vport_id("red", "z"), id);
	round_now();
	cr_assert_eq(place("red", 1), WEIR_NONE);
}

BENCH_TEST(maint, ages_macs)
{
	patch("{'settings':{'mac_age':'10s'}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	for (uint32_t i = 0; i < 99; i++)
		pass_time(100 * MS);
	cr_assert_neq(place("red", 1), WEIR_NONE);
	for (uint32_t i = 0; i < 20; i++)
		pass_time(100 * MS);
	cr_assert_eq(place("red", 1), WEIR_NONE);
}

/* ---- what is for weir itself ---- */

BENCH_TEST(maint, answers_arp)
{
	uint32_t p0 = port_iface("p0");
	struct weir_count before = tally(p0).sum, after;
	struct frame answer;

	inject(0, arp(PEER, 1, PEER, "192.0.2.2", "192.0.2.1"));
	poll_all();
	expect_balance(1);
	round_now();
	expect_balance(1); /* the answer, on its way */
	poll_all();
	cr_assert(sent(0, &answer));
	cr_assert_arr_eq(answer.b, mac(PEER).b, 6);
	cr_assert_arr_eq(answer.b + 6, UNDERLAY_MAC.b, 6);
	cr_assert_eq(answer.b[21], 2);
	cr_assert_arr_eq(answer.b + 22, UNDERLAY_MAC.b, 6);
	cr_assert_arr_eq(answer.b + 28, ip("192.0.2.1").b + 12, 4);
	after = tally(p0).sum;
	cr_assert_eq(after.consumed - before.consumed, 1);
	cr_assert_eq(after.generated - before.generated, 1);
	cr_assert_eq(after.tx_packets - before.tx_packets, 1);
	expect_balance(0);
}

BENCH_TEST(maint, answers_neighbour_solicitations)
{
	struct frame question = nd(PEER, 135, "2001:db8::2", "ff02::1:ff00:1", "2001:db8::1", PEER), answer;
	const struct weir_mac group = {{0x33, 0x33, 0xff, 0, 0, 1}};

	inject(0, to(question, group));
	pass_time(MS);
	cr_assert(sent(0, &answer));
	cr_assert_arr_eq(answer.b, mac(PEER).b, 6);
	cr_assert_eq(answer.b[54], 136);
	cr_assert_arr_eq(answer.b + 62, ip("2001:db8::1").b, 16);
}

BENCH_TEST(maint, answers_pings)
{
	struct frame question = to(echo(PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC), answer;

	inject(0, question);
	pass_time(MS);
	cr_assert(sent(0, &answer));
	cr_assert_eq(answer.b[34], 0);
	cr_assert_arr_eq(answer.b + 26, ip("192.0.2.1").b + 12, 4);
	cr_assert_arr_eq(answer.b + 30, ip("192.0.2.2").b + 12, 4);
	cr_assert_eq(weir_ipv4_checksum(answer.b + 34, 28), 0);
}

BENCH_TEST(maint, counts_what_is_not_for_it)
{
	uint32_t p0 = port_iface("p0");
	uint64_t before = tally(p0).reasons[WEIR_DROP_NOT_OURS].packets;

	inject(0, arp(0x50, 1, 0x50, "192.0.2.99", "192.0.2.77"));
	poll_all();
	round_now();
	cr_assert_eq(tally(p0).reasons[WEIR_DROP_NOT_OURS].packets - before, 1);
	expect_balance(0);
}

/* Without a buffer for the answer, and with a port that sends nothing. */
BENCH_TEST(maint, counts_what_it_cannot_send)
{
	static struct rte_mbuf *all[4096];
	uint32_t p0 = port_iface("p0"), n = rte_mempool_avail_count(gateway->pool);

	cr_assert_eq(rte_pktmbuf_alloc_bulk(gateway->pool, all, n), 0);
	inject(0, arp(PEER, 1, PEER, "192.0.2.2", "192.0.2.1"));
	pass_time(MS);
	cr_assert_eq(tally(p0).reasons[WEIR_DROP_NO_MBUF].packets, 1);
	cr_assert_eq(n_sent(0), 0);
	rte_pktmbuf_free_bulk(all, n);
	expect_balance(0);
}

/* ---- memory that workers may still hold ---- */

static void
worker_begin(void)
{
	cr_assert_eq(rte_rcu_qsbr_thread_register(gateway->qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(gateway->qsbr, 0);
}

static void
worker_quiescent(void)
{
	rte_rcu_qsbr_quiescent(gateway->qsbr, 0);
}

static void
worker_end(void)
{
	rte_rcu_qsbr_thread_offline(gateway->qsbr, 0);
	(void)rte_rcu_qsbr_thread_unregister(gateway->qsbr, 0);
}

BENCH_TEST(maint, frees_what_workers_have_let_go_of)
{
	size_t before = allocated();

	worker_begin();
	weir_maint_defer(gateway->maint, rte_malloc(NULL, 64, 0));
	round_now();
	worker_quiescent();
	weir_maint_defer(gateway->maint, rte_malloc(NULL, 64, 0));
	cr_assert_eq(allocated(), before + 2);
	round_now();
	cr_assert_eq(allocated(), before + 1, "the first one alone");
	round_now();
	round_now();
	cr_assert_eq(allocated(), before + 1);
	worker_quiescent();
	round_now();
	cr_assert_eq(allocated(), before);
	worker_end();
}

/* A MAC's entry is not another's before every worker has let go of it. */
BENCH_TEST(maint, reuses_mac_entries_after_a_quiescent_state)
{
	const struct weir_mac m = mac(1);
	uint32_t sw = gateway_tenant(gateway, "red")->switches[0], entry;

	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	entry = weir_vnet_mac(gateway->vnet, sw, &m);
	worker_begin();
	(void)pthread_mutex_lock(&gateway->mutex);
	weir_macs_forget(gateway->macs, vport_id("red", "a"));
	(void)pthread_mutex_unlock(&gateway->mutex);
	for (uint32_t i = 0; i < 5; i++)
		round_now();
	inject(1, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	round_now();
	cr_assert_neq(weir_vnet_mac(gateway->vnet, sw, &m), entry);
	worker_quiescent();
	round_now();
	inject(2, plain(BROADCAST, 2, 0x88b5));
	poll_all();
	round_now();
	cr_assert_eq(weir_vnet_mac(gateway->vnet, sw, &(struct weir_mac){{2, 0, 0, 0, 0, 2}}), entry);
	worker_end();
}

BENCH_TEST(maint, what_is_deferred_at_the_end_is_freed)
{
	size_t before = allocated();

	worker_begin();
	weir_maint_defer(gateway->maint, rte_malloc(NULL, 64, 0));
	round_now();
	weir_maint_defer(gateway->maint, rte_malloc(NULL, 64, 0));
	cr_assert_eq(allocated(), before + 2);
	worker_end();
	bench_close();
	/* Everything of the gateway is gone, these two too. */
	bench_open(1, NULL);
	load_both();
	cr_assert_eq(allocated(), before);
}

/* ---- the rest ---- */

/* Counters are folded before their rows run out, without anybody asking. */
BENCH_TEST(maint, folds_counters_in_time)
{
	struct weir_counters *worker = weir_counters_worker(gateway->counters, 0);

	for (uint32_t i = 0; i < WEIR_DROP_ROWS_USED / 2 + 1; i++)
		weir_count_drop(worker, WEIR_IFACES_MAX - 1 - i, WEIR_DROP_RX, WEIR_DROP_MTU, 1);
	cr_assert(weir_counters_want_fold(gateway->counters));
	now += 10 * MS;
	round_now();
	cr_assert_not(weir_counters_want_fold(gateway->counters));
}

/* Virtual time alone counts: rounds at one moment do nothing twice. */
BENCH_TEST(maint, nothing_happens_while_time_stands)
{
	for (uint32_t i = 0; i < 100; i++) {
		round_now();
		poll_all();
	}
	for (uint32_t p = 0; p < BENCH_PORTS; p++)
		cr_assert_eq(n_sent(p), 0);
}
