/* SPDX-License-Identifier: BSD-3-Clause */
#include "flows.h"

static void
teardown(void)
{
	weir_flows_free(flows);
}

TestSuite(flow, .fini = teardown);

static uint32_t gone[4096], n_gone;

static void
note_gone(void *arg, struct weir_flow *const flow[], uint32_t n)
{
	cr_assert_eq(arg, &n_gone);
	for (uint32_t k = 0; k < n; k++) {
		cr_assert_eq(flow[k]->used, 1);
		gone[n_gone++] = flow[k]->tenant;
	}
}

static void
age(uint32_t n, uint64_t idle, uint64_t now)
{
	weir_flows_age(flows, n, idle, now, note_gone, &n_gone);
}

Test(flow, a_new_flow_is_found_and_starts_from_zero)
{
	struct weir_flow *flow;
	struct weir_key key = key_of(5);
	uint64_t hash;

	start(64);
	cr_assert_eq(weir_flows_capacity(flows), 64);
	flow = add(5, 1000);
	cr_assert_eq(look_up(5, &hash), flow);
	cr_assert_eq(weir_flows_find(flows, &key, hash), flow);
	cr_assert_eq(flow->packets + flow->bytes, 0);
	cr_assert_eq(flow->first, 1000);
	cr_assert_eq(flow->last, 1000);
	cr_assert_eq(flow->tcp_flags, 0);
	cr_assert_eq(flow->path, WEIR_NONE);
	cr_assert_eq(flow->tenant, 5);
	cr_assert_eq(flow->tenant_serial, 6);
	cr_assert_eq(flow->iface_serial, 7);
	cr_assert_eq(weir_flows_count(flows), 1);
	cr_assert_null(look_up(6, &hash));
	key.ingress++;
	cr_assert_null(weir_flows_find(flows, &key, hash));
}

Test(flow, a_slot_used_before_starts_from_zero)
{
	struct weir_flow *flow, *next;
	uint64_t hash;

	start(64);
	flow = add(1, 1000);
	flow->packets = flow->bytes = 77;
	flow->tcp_flags = 0x12;
	flow->path = 3;
	weir_flows_remove(flows, flow);
	cr_assert_null(look_up(1, &hash));
	cr_assert_eq(weir_flows_count(flows), 0);
	next = add(2, 2000);
	cr_assert_eq(next, flow);
	cr_assert_eq(next->packets + next->bytes, 0);
	cr_assert_eq(next->tcp_flags, 0);
	cr_assert_eq(next->first, 2000);
	cr_assert_eq(next->path, WEIR_NONE);
	cr_assert_eq(next->tenant, 2);
}

/* A worker's guesses, in the first bucket and the other, come to what one search comes to. */
Test(flow, guesses_are_confirmed)
{
	uint32_t first = 0, other = 0;

	start(1000);
	for (uint32_t i = 0; i < 990; i++)
		cr_assert_not_null(add(i, 1));
	for (uint32_t i = 0; i < 2000; i++) {
		struct weir_key key = key_of(i);
		uint64_t hash;
		struct weir_flow *flow = look_up(i, &hash);

		cr_assert_eq(flow, weir_flows_find(flows, &key, hash), "%u", i);
		cr_assert_eq(flow != NULL, i < 990, "%u", i);
		first += flow != NULL && weir_flows_guess(flows, hash) == flow;
		other += flow != NULL && weir_flows_guess(flows, hash) == NULL;
	}
	cr_assert(first > 500 && other > 50, "%u and %u", first, other);
}

/* A guess that is another flow's is seen through. */
Test(flow, a_wrong_guess)
{
	struct weir_key key = key_of(1), absent = key_of(2);
	struct weir_flow *flow, *another;
	uint64_t hash;

	start(64);
	another = add(0, 1);
	flow = add(1, 1);
	hash = weir_flows_hash(flows, &key);
	cr_assert_eq(weir_flows_confirm(flows, &key, hash, another), flow);
	cr_assert_null(weir_flows_confirm(flows, &absent, weir_flows_hash(flows, &absent), another));
}

Test(flow, a_full_cache_refuses_and_recovers)
{
	uint64_t hash;

	start(1000);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_not_null(add(i, 1), "%u", i);
	cr_assert_eq(weir_flows_count(flows), 1000);
	cr_assert_null(add(1000, 1));
	cr_assert_eq(weir_flows_count(flows), 1000);
	cr_assert_null(look_up(1000, &hash));
	weir_flows_remove(flows, look_up(500, &hash));
	cr_assert_not_null(add(1000, 1));
	for (uint32_t i = 0; i <= 1000; i++)
		cr_assert_eq(look_up(i, &hash) != NULL, i != 500);
}

Test(flow, restarting_gives_it_to_another_owner)
{
	const struct weir_flow_owner other = {.tenant = 8, .tenant_serial = 9, .iface_serial = 10};
	struct weir_flow *flow;
	uint64_t hash;

	start(64);
	flow = add(3, 100);
	flow->packets = flow->bytes = 5;
	flow->tcp_flags = 1;
	flow->path = 2;
	weir_flow_restart(flow, &other, 700);
	cr_assert_eq(look_up(3, &hash), flow);
	cr_assert_eq(flow->packets + flow->bytes, 0);
	cr_assert_eq(flow->tcp_flags, 0);
	cr_assert_eq(flow->first, 700);
	cr_assert_eq(flow->last, 700);
	cr_assert_eq(flow->tenant, 8);
	cr_assert_eq(flow->tenant_serial, 9);
	cr_assert_eq(flow->iface_serial, 10);
	cr_assert_eq(flow->path, 2, "its reference on the path is the caller's to move");
}

/* ---- ageing ---- */

Test(flow, ages_what_was_idle_for_longer)
{
	uint64_t hash;

	start(64);
	(void)add(0, 100);
	(void)add(1, 101);
	add(2, 50)->last = 200;
	age(64, 1000, 1100);
	cr_assert_eq(n_gone, 0, "idle for 1000 is not longer than 1000");
	age(64, 1000, 1101);
	cr_assert_eq(n_gone, 1);
	cr_assert_eq(gone[0], 0);
	cr_assert_null(look_up(0, &hash));
	cr_assert_not_null(look_up(1, &hash));
	age(64, 1000, 5000);
	cr_assert_eq(n_gone, 3);
	cr_assert_eq(weir_flows_count(flows), 0);
	age(64, 1000, 9000);
	cr_assert_eq(n_gone, 3);
}

/* Workers' clocks differ: a packet may have been seen a little after `now`. */
Test(flow, a_flow_seen_later_than_now_is_not_idle)
{
	start(64);
	(void)add(0, 2000);
	age(64, 0, 1999);
	cr_assert_eq(n_gone, 0);
}

Test(flow, ages_in_portions_that_reach_every_slot)
{
	start(4096);
	age(10, 0, 100);
	cr_assert_eq(n_gone, 0, "an empty cache");
	for (uint32_t i = 0; i < 1000; i++)
		(void)add(i, 1);
	cr_assert_eq(weir_flows_top(flows), 1000);
	for (uint32_t portion = 1; portion <= 10; portion++) {
		age(100, 10, 1000);
		cr_assert_eq(n_gone, portion * 100);
	}
	/* It goes round: what came into the first slots since is next. */
	for (uint32_t i = 0; i < 100; i++)
		(void)add(2000 + i, 2000);
	age(1000, 10, 3000);
	cr_assert_eq(n_gone, 1100);
	cr_assert_eq(weir_flows_count(flows), 0);
	for (uint32_t i = 0; i < 4096; i++)
		cr_assert_not_null(add(10000 + i, 4000));
}

Test(flow, nothing_to_free)
{
	flows = NULL;
	weir_flows_free(NULL);
}

/* ---- reading ---- */

Test(flow, reads_flows_by_slot)
{
	struct weir_flow *flow, copy;
	uint64_t hash;
	uint32_t found = 0;

	start(64);
	for (uint32_t i = 0; i < 10; i++)
		(void)add(i, i);
	for (uint32_t i = 0; i < 5; i++)
		weir_flows_remove(flows, look_up(i, &hash));
	flow = look_up(7, &hash);
	cr_assert_not_null(flow);
	flow->packets = 70;
	for (uint32_t slot = 0; slot < weir_flows_top(flows); slot++) {
		if (!weir_flow_read(flows, slot, &copy))
			continue;
		found |= 1u << copy.tenant;
		cr_assert_eq(copy.packets, copy.tenant == 7 ? 70 : 0);
	}
	cr_assert_eq(found, 0x3e0);
}
