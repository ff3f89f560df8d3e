/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random configurations with routers, and random packets to them, by the reference alone: whatever the contract knows
 * of comes up, little is left open, and what holds of every packet holds.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "ref.h"

#define TOPOLOGIES 200
#define PACKETS 300

static struct topo topo;
static struct ref ref;
static struct ref_result result;
static struct gen_packet packet;
static struct rng rng;
static uint32_t total, open, undecided, routed, consumed, learned, by_geneve[2], drops[WEIR_REASON_COUNT],
    made[REF_MADE_ERROR + 1];

/* Of what is routed, what comes by Geneve and what leaves by it. */
static void
count_geneve(const struct ref_out *out)
{
	const struct topo_switch *in = &topo.tenants[result.from.tenant].switches[result.from.sw];
	const struct topo_switch *to = &topo.tenants[out->to.tenant].switches[out->to.sw];

	by_geneve[0] += result.from.kind == REF_AT_REMOTE && in->geneve;
	by_geneve[1] += out->to.kind == REF_AT_REMOTE && to->geneve;
}

/* Does it leave as it came, or has a router written its MACs? */
static bool
same_mac(const struct ref_out *out)
{
	const uint8_t *frame = out->outer != 0 ? out->wire.data + out->wire.len - out->bytes : out->wire.data;

	return memcmp(frame + 6, result.frame.smac.b, 6) == 0;
}

static void
count_outs(void)
{
	for (uint32_t o = 0; o < result.n_outs; o++) {
		const struct ref_out *out = &result.outs[o];

		made[out->made]++;
		if (out->made == REF_NOT_MADE && !same_mac(out)) {
			routed++;
			count_geneve(out);
		}
		/* Isolation: nothing leaves the tenant. */
		cr_assert_eq(out->to.tenant, result.from.tenant);
		if (out->to.kind == REF_AT_VPORT && out->drop == 0)
			cr_assert_eq(out->port, topo.tenants[out->to.tenant].vports[out->to.vport].port);
	}
}

static void
count(void)
{
	total++;
	open += result.open;
	undecided += result.n_vias != 0;
	if (result.open || result.n_vias != 0)
		return;
	cr_assert(result.n_outs <= REF_OUTS);
	cr_assert(!result.consumed || result.drop == 0);
	consumed += result.consumed;
	learned += result.learned;
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		drops[r] += result.drop >> r & 1;
	if (result.from.kind != REF_AT_PORT)
		count_outs();
}

static void
take(bool commit)
{
	ref_packet(&ref, packet.port, &packet.wire, commit, &result);
	if (result.n_vias != 0 && rng_chance(&rng, 50))
		ref_choose(&ref, &result.pick, &result.vias[rng_below(&rng, result.n_vias)], false);
}

static void
teach(void)
{
	uint32_t cursor = 0;

	while (gen_lesson(&topo, &rng, &cursor, &packet))
		ref_packet(&ref, packet.port, &packet.wire, true, &result);
}

static void
expect_routers(const struct topo_tenant *tenant)
{
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		for (uint32_t s = 0; tenant->routers[r].used && s < TOPO_SWITCHES; s++)
			if (tenant->routers[r].ifaces[s].used)
				cr_assert(tenant->switches[s].used && tenant->routers[r].ifaces[s].n_addresses > 0);
}

static void
run(uint64_t seed)
{
	static struct topo next;

	rng_seed(&rng, seed);
	topo_random(&topo, &rng);
	ref.topo = &topo;
	teach();
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (i % 100 == 99) {
			next = topo;
			(void)topo_change(&next, &rng);
			ref_configure(&ref, &next);
			topo = next;
			ref.topo = &topo;
			free(topo_patch(&topo, &next));
			teach();
		}
		for (uint32_t t = 0; t < TOPO_TENANTS; t++)
			if (topo.tenants[t].used)
				expect_routers(&topo.tenants[t]);
		ref.now += WEIR_NS_PER_MS;
		gen_packet(&topo, &rng, &packet);
		take(true);
		count();
	}
	ref_clear(&ref);
}

Test(ref_random, everything_comes_up)
{
	static const enum weir_reason reasons[] = {WEIR_DROP_NOT_ROUTED, WEIR_DROP_TO_ROUTER, WEIR_DROP_NOT_ROUTABLE,
	    WEIR_DROP_TTL_EXCEEDED, WEIR_DROP_UNROUTED, WEIR_DROP_BLACKHOLE, WEIR_DROP_LOOP};

	topo_with_routers = true;
	for (uint64_t seed = 1; seed <= TOPOLOGIES; seed++)
		run(seed);
	cr_log_info("%u packets: %u open, %u undecided, %u routed, %u consumed, %u taught", total, open, undecided,
	    routed, consumed, learned);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(reasons); i++) {
		cr_log_info("%s: %u", weir_reason_name(reasons[i]), drops[reasons[i]]);
		cr_expect_geq(drops[reasons[i]], 20, "%s: %u", weir_reason_name(reasons[i]), drops[reasons[i]]);
	}
	for (int kind = REF_NOT_MADE; kind <= REF_MADE_ERROR; kind++) {
		cr_log_info("made %d: %u", kind, made[kind]);
		cr_expect_geq(made[kind], 100, "made %d: %u", kind, made[kind]);
	}
	for (int way = 0; way < 2; way++)
		cr_expect_geq(by_geneve[way], routed / 20, "%s by Geneve: %u of %u routed", way == 0 ? "in" : "out",
		    by_geneve[way], routed);
	cr_expect_geq(routed, total / 10, "%u of %u routed", routed, total);
	cr_expect_leq(open, total / 4, "%u of %u open", open, total);
	cr_expect_leq(undecided, total / 10, "%u of %u undecided", undecided, total);
}
