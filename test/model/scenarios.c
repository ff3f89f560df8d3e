/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One tenant, three hosts behind vports and one behind a remote, all of them known to the switch:
 *
 *	p1: v0, host 0     p2: v1, host 1     p3: v2, host 2     p0: the uplink, with host 3 behind a remote
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "rig.h"
#include "scenarios.h"
#include "weir_view.h"

#define HOST_ANY 99 /* everybody */
#define STEPS 4000

static struct rig rig;
static struct topo topo;
static struct rng rng;

static void
make_network(void)
{
	struct topo_tenant *tenant = &topo.tenants[0];
	struct topo_switch *sw = &tenant->switches[0];

	memset(&topo, 0, sizeof(topo));
	topo.n_ports = 4;
	topo.ports[0].uplink = true;
	topo.ports[0].n_addresses = 1;
	(void)weir_prefix_parse("192.0.2.1/24", &topo.ports[0].addresses[0]);
	tenant->used = true;
	tenant->quota_macs = 100;
	*sw = (struct topo_switch){.used = true, .vni = 5001, .n_remotes = 1, .n_statics = 1};
	sw->remotes[0] = topo_peer(0);
	sw->statics[0] = (struct topo_static){.mac = topo_host_mac(3), .remote = topo_peer(0)};
	for (uint32_t v = 0; v < 3; v++)
		tenant->vports[v] =
		    (struct topo_vport){.used = true, .port = v + 1, .has_mac = true, .mac = topo_host_mac(v)};
}

static bool
apply(void)
{
	static struct wire odd;
	char *text = topo_document(&topo);
	uint32_t port;
	struct weir_outcome outcome;
	struct weir_err err = {0};
	int rc = weir_gateway_load(rig.gateway, text, strlen(text), false, &outcome, &err);

	if (rc != 0)
		(void)printf("%s refused: %s: %s\n", text, err.path, err.msg);
	free(text);
	return rc == 0 && rig_settle(&rig, &rng, &topo, &odd, &port);
}

/* A frame of `len` bytes from a vport's host. */
static void
send_frame(uint32_t from, uint32_t to, uint32_t len)
{
	struct weir_mac src = topo_host_mac(from), dst = topo_host_mac(to);
	static struct wire wire;

	wire.len = 0;
	if (to == HOST_ANY)
		memset(dst.b, 0xff, 6);
	memcpy(gen_put(&wire, 6), dst.b, 6);
	memcpy(gen_put(&wire, 6), src.b, 6);
	put16(gen_put(&wire, len - 12), 0x88b5);
	rig_inject(&rng, from + 1, rng_below(&rng, topo_rx_queues[from + 1]), &wire);
}

/* Frames that left by each port, neighbour traffic apart. */
static uint32_t
collect(uint32_t left[TOPO_PORTS])
{
	static struct wire wire;
	uint32_t n = 0;

	memset(left, 0, sizeof(uint32_t) * TOPO_PORTS);
	for (uint32_t p = 0; p < topo.n_ports; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(p, q, &wire))
				if (!rig_peer(&rng, &topo, p, &wire)) {
					left[p]++;
					n++;
				}
	return n;
}

static bool
read_tally(struct weir_tally *tally)
{
	struct weir_view_tenant tenant;
	uint64_t time;

	rig_step(&rig, 20 * WEIR_NS_PER_MS); /* a reading may be 10 ms old */
	return weir_view_tenant(rig.gateway, "t0", &tenant, tally, &time) == 0;
}

/* ---- limits ---- */

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
	uint32_t n = 1 + rng_below(&rng, 16), left[TOPO_PORTS], found;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t flow = rng_below(&rng, limit->n_flows);

		send_frame(limit->flows[flow].from, limit->flows[flow].to, limit->frame);
	}
	rig_step(&rig, ns);
	time_passes(run, ns);
	found = collect(left);
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
	    limit->name, run->passed, run->least.passed, run->ahead, run->whole.passed, rig.n_workers);
	return false;
}

/* What did not pass has been dropped for the limits that there are; of flooded frames there are copies to a remote
 * too. */
static bool
limit_reasons(const struct limit_case *limit, const struct limit_run *run, const struct weir_tally *before)
{
	uint64_t dropped = run->offered - run->passed, tenants, vports;
	struct weir_tally after;

	if (!read_tally(&after))
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
	if (!read_tally(&before))
		return false;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint64_t ns = rng_below(&rng, (uint32_t)(WEIR_NS_PER_S / per_second * 8) + 2), now = rig.now;

		if (step % 500 == 499)
			ns *= 100;	 /* the bucket fills, and not beyond its brim */
		if (step == STEPS / 2) { /* a change of something else leaves it as it is */
			topo.tenants[0].quota_macs++;
			if (!apply())
				return false;
			time_passes(&run, rig.now - now);
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
	make_network();
	if (!apply())
		return false;
	if (limit->tenant != NULL)
		(void)snprintf(topo.tenants[0].limit, TOPO_LIMIT, "%s", limit->tenant);
	if (limit->vport != NULL)
		(void)snprintf(topo.tenants[0].vports[1].limit, TOPO_LIMIT, "%s", limit->vport);
	return apply() && run_limit(limit);
}

/* ---- ageing ---- */

/* How many ports a frame from host 0 to `host` leaves by: 1 if the switch knows where that is. */
static uint32_t
reach(uint32_t host)
{
	uint32_t left[TOPO_PORTS];

	send_frame(0, host, 100);
	rig_step(&rig, WEIR_NS_PER_MS);
	return collect(left);
}

/* A MAC that sends stays, one that is silent goes after mac_age. Time passes in steps, as it does for weir. */
static bool
mac_ages(void)
{
	static const char patch[] = "{\"settings\":{\"mac_age\":\"10s\"}}";
	struct weir_outcome outcome;
	uint32_t left[TOPO_PORTS];

	make_network();
	for (uint32_t v = 1; v < 3; v++)
		topo.tenants[0].vports[v].has_mac = false;
	if (!apply() || weir_gateway_patch(rig.gateway, patch, sizeof(patch) - 1, false, &outcome, NULL) != 0)
		return false;
	send_frame(1, 0, 100);
	send_frame(2, 0, 100);
	rig_step(&rig, WEIR_NS_PER_MS);
	(void)collect(left);
	if (reach(1) != 1 || reach(2) != 1) {
		(void)printf("ageing: a MAC was not learned\n");
		return false;
	}
	for (uint32_t ms = 0; ms < 13000; ms += 5) {
		if (ms % 500 == 0)
			send_frame(1, 0, 100);
		rig_step(&rig, 5 * WEIR_NS_PER_MS);
		(void)collect(left);
		if (ms == 9500 && reach(2) != 1) {
			(void)printf("ageing: a MAC went before its time\n");
			return false;
		}
	}
	if (reach(1) == 1 && reach(2) == 3)
		return true;
	(void)printf("ageing: the MAC that sends reaches %u ports, the silent one %u\n", reach(1), reach(2));
	return false;
}

/* ---- waiting for a neighbour ---- */

#define WAITERS 100

/* Lets five seconds pass; neighbours answer after a while, or never. Returns the tunnel packets that left. */
static uint32_t
wait_for_peer(bool answers)
{
	static struct wire wire;
	uint32_t left = 0;

	for (uint32_t ms = 0; ms < 5000; ms += 20) {
		rig_step(&rig, 20 * WEIR_NS_PER_MS);
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(0, q, &wire))
				left += rig_peer(answers && ms >= 1500 ? &rng : NULL, &topo, 0, &wire) ? 0 : 1;
	}
	return left;
}

/* Frames to a remote whose neighbour has not answered: a few wait, and leave when it does or are dropped in the end.
 */
static bool
frames_wait(bool answers)
{
	struct weir_outcome outcome;
	struct weir_tally before, after;
	uint64_t held, refused, dropped;
	uint32_t left;
	char *text;
	int rc;

	make_network();
	text = topo_document(&topo);
	rc = weir_gateway_load(rig.gateway, "{}", 2, false, &outcome, NULL);
	if (rc == 0)
		rc = weir_gateway_load(rig.gateway, text, strlen(text), false, &outcome, NULL);
	free(text);
	for (uint32_t i = 0; i < WAITERS; i++)
		send_frame(0, 3, 100);
	if (rc != 0 || !read_tally(&before))
		return false;
	left = wait_for_peer(answers);
	if (!read_tally(&after))
		return false;
	held = before.sum.held_in - before.sum.held_out;
	refused = before.reasons[WEIR_DROP_NEIGH_QUEUE].packets;
	dropped = after.reasons[WEIR_DROP_NEIGH_UNRESOLVED].packets;
	if (held > 0 && refused > 0 && held + refused == WAITERS && left == (answers ? held : 0) &&
	    dropped == (answers ? 0 : held) && after.sum.held_in == after.sum.held_out)
		return true;
	(void)printf("waiting: of %u frames %" PRIu64 " were held, %" PRIu64 " refused; %u left, %" PRIu64
		     " were dropped, the neighbour %s\n",
	    WAITERS, held, refused, left, dropped, answers ? "answers" : "is silent");
	return false;
}

bool
scenarios_hold(void)
{
	bool hold = true;

	rng_seed(&rng, 4711);
	for (uint32_t workers = 1; workers <= RIG_WORKERS && hold; workers++) {
		if (rig_open(&rig, workers, 4096) != 0)
			return false;
		for (size_t i = 0; i < WEIR_ARRAY_LEN(limit_cases) && hold; i++)
			hold = one_limit(&limit_cases[i]);
		hold = hold && mac_ages() && frames_wait(true) && frames_wait(false);
		rig_close(&rig);
	}
	return hold;
}
