/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "fixture.h"

TestSuite(resolve, .init = start, .fini = finish);

/* ---- the walk ---- */

Test(resolve, unknown_macs_are_flooded_and_learned)
{
	struct weir_verdict verdict = walk(A, 2, 1);

	cr_assert_eq(verdict.action, WEIR_FLOOD);
	cr_assert(verdict.learn);
	cr_assert(verdict.cacheable);
	cr_assert(verdict.uses_absent);
	cr_assert_eq(verdict.in, &ifaces[A]);
	cr_assert_eq(verdict.sw, &switches[RED_WEB]);
	cr_assert_eq(verdict.key.smac, WEIR_NONE);
	cr_assert_eq(verdict.key.dmac, WEIR_NONE);
	cr_assert_eq(verdict.tenant, RED);
}

Test(resolve, known_macs_are_forwarded)
{
	uint32_t one = learn(A, 1), two = learn(R, 2);
	struct weir_verdict verdict = walk(A, 2, 1);

	cr_assert_eq(verdict.action, WEIR_FORWARD);
	cr_assert_eq(verdict.out, &ifaces[R]);
	cr_assert_not(verdict.learn);
	cr_assert_not(verdict.uses_absent);
	cr_assert_eq(verdict.key.smac, one);
	cr_assert_eq(verdict.key.dmac, two);
	/* The other tenant's switch knows nothing of them. */
	verdict = walk(C, 2, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
	cr_assert_eq(verdict.key.smac, WEIR_NONE);
	cr_assert_eq(verdict.key.dmac, WEIR_NONE);
}

Test(resolve, group_addresses_are_flooded_whatever_is_known)
{
	struct weir_verdict verdict;

	(void)learn(A, 1);
	verdict = walk(A, BROADCAST, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
	cr_assert_eq(verdict.key.dmac, WEIR_MAC_GROUP);
	cr_assert_eq(verdict.credit[WEIR_LIMIT_OUT], WEIR_CREDIT_NONE);
	cr_assert_eq(verdict.credit[WEIR_LIMIT_TENANT], WEIR_CREDIT_NONE);
	cr_assert_not(verdict.uses_absent);
}

Test(resolve, a_mac_at_another_place_is_learned_anew)
{
	struct weir_verdict verdict;

	(void)learn(B, 1);
	verdict = walk(A, 2, 1);
	cr_assert(verdict.learn);
	cr_assert_neq(verdict.key.smac, WEIR_NONE);
}

Test(resolve, an_entry_that_goes_while_it_is_looked_at_is_none)
{
	uint32_t one = learn(A, 1), two = learn(R, 2);
	struct weir_verdict verdict;

	/* As remove_entry() leaves them for those that found them before. */
	vnet->macs[one].iface = vnet->macs[two].iface = WEIR_NONE;
	verdict = walk(A, 2, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
	cr_assert(verdict.learn);
	cr_assert(verdict.uses_absent);
	cr_assert_eq(verdict.key.smac, WEIR_NONE);
	cr_assert_eq(verdict.key.dmac, WEIR_NONE);
}

Test(resolve, a_static_mac_stays_where_it_is)
{
	const struct weir_mac m = mac(1);

	cr_assert_eq(weir_macs_set_static(macs, &switches[RED_WEB], &m, B, 1), 0);
	cr_assert_eq(pass(A, plain(2, 1, 0x88b5)), WEIR_DROP_SPOOFED_MAC);
	cr_assert_eq(pass(R, plain(2, 1, 0x88b5)), WEIR_DROP_SPOOFED_MAC);
	cr_assert_eq(pass(B, plain(2, 1, 0x88b5)), WEIR_OK);
}

Test(resolve, source_macs_that_nobody_has)
{
	struct frame frame = plain(2, 1, 0x88b5);

	frame.b[6] = 3;
	cr_assert_eq(pass(A, frame), WEIR_DROP_BAD_SOURCE_MAC);
	memset(frame.b + 6, 0, 6);
	cr_assert_eq(pass(A, frame), WEIR_DROP_BAD_SOURCE_MAC);
	cr_assert_eq(pass(R, frame), WEIR_DROP_BAD_SOURCE_MAC);
}

Test(resolve, nothing_goes_back_where_it_came_from)
{
	(void)learn(A, 1);
	(void)learn(A, 2);
	cr_assert_eq(pass(A, plain(2, 1, 0x88b5)), WEIR_DROP_SAME_PORT);
}

Test(resolve, split_horizon)
{
	struct weir_verdict verdict;

	(void)learn(S, 2);
	(void)learn(A, 3);
	cr_assert_eq(pass(R, plain(2, 1, 0x88b5)), WEIR_DROP_SPLIT_HORIZON);
	verdict = walk(R, 3, 1);
	cr_assert_eq(verdict.out, &ifaces[A]);
	verdict = walk(R, BROADCAST, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
	switches[RED_WEB].n_vports = 0;
	cr_assert_eq(pass(R, plain(BROADCAST, 1, 0x88b5)), WEIR_DROP_SPLIT_HORIZON);
	switches[RED_WEB].n_remotes = 1;
	cr_assert_eq(pass(R, plain(BROADCAST, 1, 0x88b5)), WEIR_DROP_NO_DESTINATION);
}

Test(resolve, nobody_to_flood_to)
{
	switches[BLUE_WEB].n_remotes = 0;
	cr_assert_eq(pass(C, plain(BROADCAST, 1, 0x88b5)), WEIR_DROP_NO_DESTINATION);
	cr_assert_eq(pass(C, plain(2, 1, 0x88b5)), WEIR_DROP_NO_DESTINATION);
	switches[BLUE_WEB].n_remotes = 1;
	cr_assert_eq(pass(C, plain(BROADCAST, 1, 0x88b5)), WEIR_OK);
}

/* A packet in flight whose vport has just moved to another switch: the old one has nobody any more. */
Test(resolve, nobody_to_flood_to_on_a_switch_that_was_left)
{
	switches[BLUE_WEB].n_vports = 0;
	switches[BLUE_WEB].n_remotes = 0;
	cr_assert_eq(pass(C, plain(BROADCAST, 1, 0x88b5)), WEIR_DROP_NO_DESTINATION);
}

Test(resolve, addresses_for_the_bridge_itself)
{
	struct frame frame = plain(2, 1, 0x88b5);
	static const uint8_t reserved[6] = {0x01, 0x80, 0xc2, 0, 0, 0};

	memcpy(frame.b, reserved, 6);
	for (uint8_t last = 0; last < 0x20; last++) {
		frame.b[5] = last;
		cr_assert_eq(pass(A, frame), last < 0x10 ? WEIR_DROP_LINK_LOCAL : WEIR_OK, "%02x", last);
	}
	frame.b[4] = 1;
	frame.b[5] = 0;
	cr_assert_eq(pass(A, frame), WEIR_OK);
}

Test(resolve, arp_and_nd_are_not_cached)
{
	struct frame request = arp(1, 1, 1, "10.0.0.1", "10.0.0.2"), other = udp(1, "10.0.0.1", "10.0.0.2", 1, 2),
		     solicitation = nd(1, 135, "fe80::1", "ff02::1:ff00:2", "fe80::2", 1);
	struct weir_verdict verdict;

	cr_assert_eq(resolve(A, &request, &verdict), WEIR_OK);
	cr_assert_not(verdict.cacheable);
	cr_assert_eq(resolve(A, &solicitation, &verdict), WEIR_OK);
	cr_assert_not(verdict.cacheable);
	cr_assert_eq(resolve(A, &other, &verdict), WEIR_OK);
	cr_assert(verdict.cacheable);
}

Test(resolve, a_switch_that_is_gone)
{
	vnet->switches[RED_WEB] = NULL;
	cr_assert_eq(pass(A, plain(2, 1, 0x88b5)), WEIR_DROP_RECONFIGURED);
}

Test(resolve, a_place_that_is_gone_or_moved_is_flooded_to)
{
	struct weir_verdict verdict;

	(void)learn(B, 2);
	vnet->ifaces[B] = NULL;
	verdict = walk(A, 2, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
	cr_assert(verdict.uses_absent);
	vnet->ifaces[B] = &ifaces[B];
	ifaces[B].sw = BLUE_WEB;
	verdict = walk(A, 2, 1);
	cr_assert_eq(verdict.action, WEIR_FLOOD);
}

/* ---- what a verdict depends on ---- */

static struct weir_verdict verdict;

static void
bump(uint32_t *generation)
{
	++*generation;
	++vnet->tenant_epoch[RED];
}

static void
assert_stands(bool stands)
{
	cr_assert_eq(weir_verdict_valid(vnet, &verdict), stands);
	/* Only what stands is good for the present epoch. */
	cr_assert_eq(verdict.epoch == vnet->tenant_epoch[RED], stands);
}

Test(resolve, a_new_epoch_alone_changes_nothing)
{
	verdict = walk(A, 2, 1);
	++vnet->tenant_epoch[RED];
	assert_stands(true);
}

Test(resolve, without_a_new_epoch_nothing_is_compared)
{
	verdict = walk(A, 2, 1);
	++vnet->switch_gen[RED_WEB];
	cr_assert(weir_verdict_valid(vnet, &verdict));
	cr_assert_not(weir_verdict_recheck(vnet, &verdict));
}

Test(resolve, depends_on_its_switch)
{
	verdict = walk(A, 2, 1);
	bump(&vnet->switch_gen[BLUE_WEB]);
	assert_stands(true);
	bump(&vnet->switch_gen[RED_WEB]);
	assert_stands(false);
}

Test(resolve, depends_on_what_is_absent_while_it_was)
{
	verdict = walk(A, BROADCAST, 1);
	bump(&vnet->absent_gen[RED_WEB]);
	assert_stands(false);
	(void)learn(A, 1);
	verdict = walk(A, 2, 1);
	bump(&vnet->absent_gen[RED_WEB]);
	assert_stands(false);
	verdict = walk(A, BROADCAST, 1);
	bump(&vnet->absent_gen[RED_WEB]);
	assert_stands(true);
	(void)learn(R, 2);
	verdict = walk(A, 2, 1);
	bump(&vnet->absent_gen[RED_WEB]);
	assert_stands(true);
}

Test(resolve, depends_on_its_source_mac)
{
	uint32_t entry = learn(A, 1);

	verdict = walk(A, 2, 1);
	bump(&vnet->mac_gen[entry + 1]);
	assert_stands(true);
	bump(&vnet->mac_gen[entry]);
	assert_stands(false);
}

Test(resolve, depends_on_its_destination_mac)
{
	uint32_t one = learn(A, 1), two = learn(R, 2);

	verdict = walk(A, 2, 1);
	bump(&vnet->mac_gen[(one > two ? one : two) + 1]);
	assert_stands(true);
	bump(&vnet->mac_gen[two]);
	assert_stands(false);
}

/* The tables' own changes reach it. */
Test(resolve, learning_moving_and_forgetting_make_it_stale)
{
	const struct weir_mac m = mac(2);

	verdict = walk(A, 2, 1);
	(void)learn(B, 2);
	assert_stands(false);
	verdict = walk(A, 2, 1);
	cr_assert_eq(weir_macs_learn(macs, &ifaces[B], &m, 5), WEIR_REFRESHED);
	assert_stands(true);
	cr_assert_eq(weir_macs_learn(macs, &ifaces[R], &m, 6), WEIR_MOVED);
	assert_stands(false);
	verdict = walk(A, 2, 1);
	cr_assert_eq(verdict.out, &ifaces[R]);
	weir_macs_forget(macs, R);
	assert_stands(false);
}

Test(resolve, another_tenants_learning_does_not_touch_it)
{
	uint32_t epoch = vnet->tenant_epoch[RED];

	verdict = walk(A, 2, 1);
	(void)learn(C, 2);
	cr_assert_eq(vnet->tenant_epoch[RED], epoch);
	assert_stands(true);
}

Test(resolve, nothing_to_free)
{
	weir_vnet_free(NULL);
	weir_macs_free(NULL);
	weir_paths_free(NULL);
}
