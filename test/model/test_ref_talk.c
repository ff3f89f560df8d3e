/* SPDX-License-Identifier: BSD-3-Clause */
/* What random rules and random talks come to at the reference: enough of everything. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "ref_firewall.h"

#define TOPOLOGIES 40
#define PACKETS 1500

static struct topo topo;
static struct ref ref;
static struct ref_result result;
static struct gen_packet packet;
static struct rng rng;

static uint32_t total, open, met, passed, opened, moved, quoted, fragments, resets, errors;
static uint32_t drops[WEIR_REASON_COUNT];

static void
count(void)
{
	uint64_t drop = result.drop;

	total++;
	open += result.open;
	if (result.open || result.n_vias != 0)
		return;
	for (uint32_t o = 0; o < result.n_outs; o++) {
		if (result.outs[o].made == REF_NOT_MADE)
			drop |= result.outs[o].drop;
		resets += result.outs[o].made == REF_MADE_RST;
		errors += result.outs[o].made == REF_MADE_ERROR && (drop & REF_REASON(REJECTED)) != 0;
	}
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		drops[r] += drop >> r & 1;
	met += result.n_counts + result.n_ops > 0 || (drop & REF_BY_FIREWALL) != 0;
	passed += result.n_counts > 0 && (drop & REF_BY_FIREWALL) == 0;
	for (uint32_t i = 0; i < result.n_ops; i++) {
		opened += result.ops[i].kind == REF_OP_OPEN;
		moved += result.ops[i].kind == REF_OP_MOVE;
		quoted += result.ops[i].kind == REF_OP_QUOTED;
		fragments += result.ops[i].kind == REF_OP_FRAGMENT;
	}
}

/* What is sure to be there is where a firewall is. */
static void
expect_connections(void)
{
	uint32_t least, most, sure = 0, all = 0;

	for (const struct ref_conn *conn = ref.conns; conn != NULL; conn = conn->next)
		if (ref_conn_life(conn, ref.now) == REF_ALIVE) {
			cr_assert(ref_guarded(&topo, &conn->at));
			sure++;
		}
	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		ref_connections(&ref, t, &least, &most);
		cr_assert_leq(least, most);
		all += least;
	}
	cr_assert_eq(sure, all);
}

static void
teach(void)
{
	uint32_t cursor = 0;

	while (gen_lesson(&topo, &rng, &cursor, &packet))
		ref_packet(&ref, packet.port, &packet.wire, true, &result);
}

static void
pass_time(void)
{
	uint64_t more;

	ref.now += rng_below(&rng, 140) * WEIR_NS_PER_S;
	while ((more = ref_unsure_until(&ref, 0)) != 0)
		ref.now += more;
	if (rng_chance(&rng, 30))
		ref_tended(&ref);
	teach();
}

static void
change(void)
{
	static struct topo next;

	next = topo;
	(void)topo_change(&next, &rng);
	ref_configure(&ref, &next);
	free(topo_patch(&topo, &next));
	topo = next;
	ref.topo = &topo;
	free(topo_document(&topo));
	teach();
}

static void
run(uint64_t seed)
{
	rng_seed(&rng, seed);
	gen_forget_talks();
	topo_random(&topo, &rng);
	ref.topo = &topo;
	ref.now += 20000 * WEIR_NS_PER_S;
	teach();
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (i % 100 == 99)
			change();
		if (i % 170 == 169)
			pass_time();
		ref.now += WEIR_NS_PER_MS;
		gen_packet(&topo, &rng, &packet);
		ref_packet(&ref, packet.port, &packet.wire, true, &result);
		if (result.n_vias != 0)
			ref_choose(&ref, &result.pick, &result.vias[rng_below(&rng, result.n_vias)], false);
		count();
	}
	expect_connections();
	ref_clear(&ref);
	cr_assert(ref.conns == NULL && ref.fragments == NULL);
}

Test(ref_talk, everything_comes_up)
{
	static const enum weir_reason reasons[] = {WEIR_DROP_DENIED, WEIR_DROP_REJECTED, WEIR_DROP_NO_CONNECTION,
	    WEIR_DROP_NO_FIRST_FRAGMENT, WEIR_DROP_CONNECTION_QUOTA};

	topo_with_routers = topo_with_firewalls = true;
	for (uint64_t seed = 1; seed <= TOPOLOGIES; seed++)
		run(seed);
	cr_log_info("%u packets, %u open; %u met firewalls, %u passed; %u opened, %u followed, %u quoted", total,
	    open, met, passed, opened, moved, quoted);
	cr_log_info("%u first fragments, %u resets, %u errors", fragments, resets, errors);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(reasons); i++) {
		cr_log_info("%s: %u", weir_reason_name(reasons[i]), drops[reasons[i]]);
		cr_expect_geq(drops[reasons[i]], 100, "%s: %u", weir_reason_name(reasons[i]), drops[reasons[i]]);
	}
	cr_expect_geq(met, total / 6, "%u of %u met firewalls", met, total);
	cr_expect_geq(passed, met / 4, "%u of %u passed", passed, met);
	cr_expect_geq(opened, 500, "%u opened", opened);
	cr_expect_geq(moved, 1000, "%u followed", moved);
	cr_expect_geq(quoted, 50, "%u quoted", quoted);
	cr_expect_geq(fragments, 300, "%u fragments", fragments);
	cr_expect_geq(resets, 50, "%u resets", resets);
	cr_expect_geq(errors, 100, "%u errors", errors);
	cr_expect_leq(open, total / 3, "%u of %u open", open, total);
}
