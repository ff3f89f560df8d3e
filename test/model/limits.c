/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of vports and tenants against buckets as the contract has them, whoever draws on them. */
#include <inttypes.h>
#include <stdio.h>

#include "net.h"
#include "scenarios.h"

#define STEPS 4000

/* A token bucket as the contract has it, in nanobits and nanopackets. */
struct bucket {
	uint64_t rate; /* 0 = none */
	__int128 burst, tokens;
};

static void
bucket_fill(struct bucket *bucket, uint64_t rate, uint64_t two_frames)
{
	bucket->rate = rate;
	bucket->burst = (__int128)rate * 5 * WEIR_NS_PER_MS;
	if (bucket->burst < (__int128)two_frames * WEIR_NS_PER_S)
		bucket->burst = (__int128)two_frames * WEIR_NS_PER_S;
	bucket->tokens = bucket->burst;
}

static void
bucket_pass(struct bucket *bucket, uint64_t ns)
{
	bucket->tokens += (__int128)bucket->rate * ns;
	if (bucket->tokens > bucket->burst)
		bucket->tokens = bucket->burst;
}

static bool
bucket_has(const struct bucket *bucket, uint64_t units)
{
	return bucket->rate == 0 || bucket->tokens >= (__int128)units * WEIR_NS_PER_S;
}

static void
bucket_take(struct bucket *bucket, uint64_t units)
{
	bucket->tokens -= (__int128)units * WEIR_NS_PER_S;
}

/* Who is limited, and who sends to whom until the limit is well exceeded. All frames are of one size. */
struct limit_case {
	const char *name, *tenant, *vport; /* limits; the vport's is v1's */
	uint64_t bps, pps;		   /* what they say */
	uint64_t more_bps;		   /* what the other one says, if there are two */
	uint32_t frame;
	uint32_t n_flows;
	struct {
		uint32_t from, to;
	} flows[4];
	uint32_t copies; /* of a flooded frame, each of them charged; 0 = it is not flooded */
	bool to_vports;	 /* those to remotes are another direction's */
};

static const struct limit_case limit_cases[] = {
    {.name = "vport, outwards",
	.vport = "\"10Mbps\"",
	.bps = 10000000,
	.frame = 500,
	.n_flows = 2,
	.flows = {{0, 1}, {2, 1}}},
    {.name = "vport, outwards, 1 kbps",
	.vport = "\"1kbps\"",
	.bps = 1000,
	.frame = 60,
	.n_flows = 1,
	.flows = {{0, 1}}},
    {.name = "vport, outwards, packets",
	.vport = "\"3kpps\"",
	.pps = 3000,
	.frame = 60,
	.n_flows = 2,
	.flows = {{0, 1}, {2, 1}}},
    {.name = "vport, inwards",
	.vport = "\"7.5Mbps\"",
	.bps = 7500000,
	.frame = 1200,
	.n_flows = 3,
	.flows = {{1, 0}, {1, 2}, {1, 3}}},
    {.name = "tenant, to vports",
	.tenant = "\"33333kbps\"",
	.bps = 33333000,
	.frame = 999,
	.n_flows = 4,
	.flows = {{0, 1}, {1, 2}, {2, 0}, {0, 2}}},
    {.name = "tenant, to uplinks",
	.tenant = "\"20Mbps\"",
	.bps = 20000000,
	.frame = 700,
	.n_flows = 3,
	.flows = {{0, 3}, {1, 3}, {2, 3}}},
    {.name = "tenant, both kinds",
	.tenant = "[\"9Mbps\",\"2kpps\"]",
	.bps = 9000000,
	.pps = 2000,
	.frame = 560,
	.n_flows = 3,
	.flows = {{0, 1}, {1, 2}, {2, 0}}},
    {.name = "tenant and vport",
	.tenant = "\"6Mbps\"",
	.vport = "\"7Mbps\"",
	.bps = 6000000,
	.more_bps = 7000000,
	.frame = 800,
	.n_flows = 2,
	.flows = {{0, 1}, {2, 1}}},
    {.name = "tenant, flooded", /* to two vports, and to a remote, which is another direction */
	.tenant = "\"16Mbps\"",
	.bps = 16000000,
	.frame = 400,
	.n_flows = 2,
	.flows = {{0, HOST_ANY}, {1, HOST_ANY}},
	.copies = 2,
	.to_vports = true},
    {.name = "tenant, 10 Gbps",
	.tenant = "\"10Gbps\"",
	.bps = 10000000000,
	.frame = 1514,
	.n_flows = 4,
	.flows = {{0, 1}, {1, 2}, {2, 0}, {0, 2}}},
};

/* The buckets of a case, and what passes them. */
struct buckets {
	struct bucket bits, packets, other;
	uint64_t passed;
};

/*
 * Workers may hold a part of each burst ahead, of which others cannot spend. So at any moment no more has passed than
 * buckets of the whole burst let pass, and no less than those without that part do, but for what is held.
 */
struct limit_run {
	struct buckets whole, least;
	uint64_t ahead; /* frames that workers may hold */
	uint64_t offered, passed;
};

static void
buckets_pass(struct buckets *buckets, uint64_t ns)
{
	bucket_pass(&buckets->bits, ns);
	bucket_pass(&buckets->packets, ns);
	bucket_pass(&buckets->other, ns);
}

static void
time_passes(struct limit_run *run, uint64_t ns)
{
	buckets_pass(&run->whole, ns);
	buckets_pass(&run->least, ns);
}

/* n frames: all buckets let a frame pass, or none is charged. */
static void
take(struct buckets *buckets, uint32_t n, uint64_t bits)
{
	for (uint32_t i = 0; i < n; i++)
		if (bucket_has(&buckets->bits, bits) && bucket_has(&buckets->packets, 1) &&
		    bucket_has(&buckets->other, bits)) {
			bucket_take(&buckets->bits, bits);
			bucket_take(&buckets->packets, 1);
			bucket_take(&buckets->other, bits);
			buckets->passed++;
		}
}

/* A bucket of the whole burst, and one without what workers hold: an eighth, at most what is over `floor`. */
static void
fill(struct bucket *whole, struct bucket *least, uint64_t rate, uint64_t floor, uint64_t unit, uint64_t *ahead)
{
	__int128 over, part;

	bucket_fill(whole, rate, floor);
	*least = *whole;
	if (rate == 0)
		return;
	over = whole->burst - (__int128)floor * WEIR_NS_PER_S;
	part = whole->burst / 8 < over ? whole->burst / 8 : over;
	least->burst -= part;
	least->tokens = least->burst;
	*ahead += (uint64_t)(part / WEIR_NS_PER_S) / unit + 1;
}

/* One step of random length, with a random number of frames. */
static bool
limit_step(const struct limit_case *limit, struct limit_run *run, uint64_t ns)
{
	uint32_t n = 1 + rng_below(&net.rng, 16), left[TOPO_PORTS], found;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t flow = rng_below(&net.rng, limit->n_flows);

		net_send(limit->flows[flow].from, limit->flows[flow].to, limit->frame);
	}
	rig_step(&net.rig, ns);
	time_passes(run, ns);
	found = net_collect(left);
	if (limit->to_vports)
		found -= left[0];
	n *= limit->copies != 0 ? limit->copies : 1;
	take(&run->whole, n, limit->frame * 8);
	take(&run->least, n, limit->frame * 8);
	run->offered += n;
	run->passed += found;
	if (run->passed <= run->whole.passed && run->passed + run->ahead >= run->least.passed)
		return true;
	(void)printf("limit of %s: %" PRIu64 " frames passed, not %" PRIu64 " - %" PRIu64 " to %" PRIu64
		     " (%u workers)\n",
	    limit->name, run->passed, run->least.passed, run->ahead, run->whole.passed, net.rig.n_workers);
	return false;
}

/* What did not pass has been dropped for the limits that there are; of flooded frames there are copies to a remote
 * too. */
static bool
limit_reasons(const struct limit_case *limit, const struct limit_run *run, const struct weir_tally *before)
{
	uint64_t dropped = run->offered - run->passed, tenants, vports;
	struct weir_tally after;

	if (!net_tally(&after))
		return false;
	tenants = after.reasons[WEIR_DROP_TENANT_LIMIT].packets - before->reasons[WEIR_DROP_TENANT_LIMIT].packets;
	vports = after.reasons[WEIR_DROP_VPORT_LIMIT].packets - before->reasons[WEIR_DROP_VPORT_LIMIT].packets;
	if (dropped > 0 && (limit->to_vports ? tenants > dropped : tenants + vports == dropped) &&
	    (limit->tenant != NULL || tenants == 0) && (limit->vport != NULL || vports == 0))
		return true;
	(void)printf("limit of %s: %" PRIu64 " frames dropped as tenant_limit, %" PRIu64
		     " as vport_limit, of %" PRIu64 "\n",
	    limit->name, tenants, vports, dropped);
	return false;
}

/* About twice the limit is offered, with pauses in between. */
static bool
run_limit(const struct limit_case *limit)
{
	uint64_t per_second = limit->pps, bits = limit->frame * 8;
	struct limit_run run = {.offered = 0};
	struct weir_tally before;

	fill(&run.whole.bits, &run.least.bits, limit->bps, UINT64_C(2) * 9216 * 8, bits, &run.ahead);
	fill(&run.whole.packets, &run.least.packets, limit->pps, 2, 1, &run.ahead);
	fill(&run.whole.other, &run.least.other, limit->more_bps, UINT64_C(2) * 9216 * 8, bits, &run.ahead);
	if (limit->bps != 0 && (per_second == 0 || limit->bps / bits < per_second))
		per_second = limit->bps / bits + 1;
	if (!net_tally(&before))
		return false;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint64_t ns = rng_below(&net.rng, (uint32_t)(WEIR_NS_PER_S / per_second * 8) + 2), now = net.rig.now;

		if (step % 500 == 499)
			ns *= 100;	 /* the bucket fills, and not beyond its brim */
		if (step == STEPS / 2) { /* a change of something else leaves it as it is */
			net.topo.tenants[0].quota_macs++;
			if (!net_apply())
				return false;
			time_passes(&run, net.rig.now - now);
		}
		if (!limit_step(limit, &run, ns))
			return false;
	}
	return limit_reasons(limit, &run, &before);
}

/* First without a limit: a changed one would begin with what the one before has left. */
static bool
one_limit(const struct limit_case *limit)
{
	net_reset();
	if (!net_apply())
		return false;
	if (limit->tenant != NULL)
		(void)snprintf(net.topo.tenants[0].limit, TOPO_LIMIT, "%s", limit->tenant);
	if (limit->vport != NULL)
		(void)snprintf(net.topo.tenants[0].vports[1].limit, TOPO_LIMIT, "%s", limit->vport);
	return net_apply() && run_limit(limit);
}

bool
limits_hold(void)
{
	bool hold = true;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(limit_cases) && hold; i++)
		hold = one_limit(&limit_cases[i]);
	return hold;
}
