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
	uint32_t frame;
	uint32_t n_flows;
	struct {
		uint32_t from, to;
	} flows[4];
	uint32_t copies; /* a frame that passes, if it is flooded, is charged so often */
	uint32_t free;	 /* of them, to the other direction */
};

static const struct limit_case limit_cases[] = {
    {"vport, outwards", "", "\"10Mbps\"", 10000000, 0, 500, 2, {{0, 1}, {2, 1}}, 1, 0},
    {"vport, outwards, 1 kbps", "", "\"1kbps\"", 1000, 0, 60, 1, {{0, 1}}, 1, 0},
    {"vport, outwards, packets", "", "\"3kpps\"", 0, 3000, 60, 2, {{0, 1}, {2, 1}}, 1, 0},
    {"vport, inwards", "", "\"7.5Mbps\"", 7500000, 0, 1200, 3, {{1, 0}, {1, 2}, {1, 3}}, 1, 0},
    {"tenant, to vports", "\"33333kbps\"", "", 33333000, 0, 999, 4, {{0, 1}, {1, 2}, {2, 0}, {0, 2}}, 1, 0},
    {"tenant, to uplinks", "\"20Mbps\"", "", 20000000, 0, 700, 3, {{0, 3}, {1, 3}, {2, 3}}, 1, 0},
    {"tenant, both kinds", "[\"9Mbps\",\"2kpps\"]", "", 9000000, 2000, 560, 3, {{0, 1}, {1, 2}, {2, 0}}, 1, 0},
    {"tenant, flooded", "\"16Mbps\"", "", 16000000, 0, 400, 2, {{0, HOST_ANY}, {1, HOST_ANY}}, 2, 1},
    {"tenant, 10 Gbps", "\"10Gbps\"", "", 10000000000, 0, 1514, 4, {{0, 1}, {1, 2}, {2, 0}, {0, 2}}, 1, 0},
};

/* Steps of random length with random numbers of packets, offering about twice the limit. */
static bool
run_limit(const struct limit_case *limit)
{
	uint64_t per_second = limit->pps, bits = limit->frame * 8;
	struct bucket by_bits, by_packets;

	bucket_fill(&by_bits, limit->bps, UINT64_C(2) * 9216 * 8);
	bucket_fill(&by_packets, limit->pps, 2);
	if (limit->bps != 0 && (per_second == 0 || limit->bps / bits < per_second))
		per_second = limit->bps / bits + 1;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t n = 1 + rng_below(&rng, 16), due = 0, left[TOPO_PORTS], found;
		uint64_t ns = rng_below(&rng, (uint32_t)(WEIR_NS_PER_S / per_second * 8) + 2);

		if (step % 500 == 499)
			ns *= 100; /* quiet for a while: the bucket fills, and not beyond its brim */
		for (uint32_t i = 0; i < n; i++) {
			uint32_t flow = rng_below(&rng, limit->n_flows);

			send_frame(limit->flows[flow].from, limit->flows[flow].to, limit->frame);
		}
		rig_step(&rig, ns);
		bucket_pass(&by_bits, ns);
		bucket_pass(&by_packets, ns);
		for (uint32_t i = 0; i < n * limit->copies; i++)
			if (bucket_has(&by_bits, bits) && bucket_has(&by_packets, 1)) {
				bucket_take(&by_bits, bits);
				bucket_take(&by_packets, 1);
				due++;
			}
		found = collect(left);
		if (limit->free != 0)
			found -= left[0];
		if (found != due) {
			(void)printf("limit of %s: %u frames passed at step %u, not %u (%u workers)\n", limit->name,
			    found, step, due, rig.n_workers);
			return false;
		}
	}
	return true;
}

/* First without a limit: a changed one would begin with what the one before has left. */
static bool
one_limit(const struct limit_case *limit)
{
	make_network();
	if (!apply())
		return false;
	(void)snprintf(topo.tenants[0].limit, TOPO_LIMIT, "%s", limit->tenant);
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

bool
scenarios_hold(void)
{
	bool hold = true;

	rng_seed(&rng, 4711);
	for (uint32_t workers = 1; workers <= RIG_WORKERS && hold; workers++) {
		if (rig_open(&rig, workers) != 0)
			return false;
		for (size_t i = 0; i < WEIR_ARRAY_LEN(limit_cases) && hold; i++)
			hold = one_limit(&limit_cases[i]);
		hold = hold && mac_ages();
		rig_close(&rig);
	}
	return hold;
}
