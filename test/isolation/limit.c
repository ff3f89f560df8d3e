/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits: kept to the frame over a second, and never exceeded in any window; TCP runs at its limit. */
#include <math.h>
#include <stdlib.h>

#include "scenario.h"
#include "weir_meter.h"

#define WARM (50 * PS_MS)
#define LIMITS 6
#define LIMIT_PPS 1000000

static const uint64_t limits[LIMITS] = {MBPS, 10 * MBPS, 100 * MBPS, GBPS, 2500 * MBPS, 5 * GBPS};

/* Bits that a bucket holds. */
static double
burst_of(uint64_t limit)
{
	double frames = WEIR_BURST_FRAMES * WEIR_FRAME_MAX * 8.0;

	return fmax((double)limit * (double)WEIR_BURST_NS * 1e-9, frames);
}

static void
check_limit(struct report *report, const struct record *record, uint64_t limit)
{
	double owed = (double)limit * (double)scenario_second * 1e-12, had = (double)record->tenant_bytes * 8;
	double frame = record->largest * 8.0, burst = burst_of(limit), mbps = (double)limit / 1e6;
	/* At twice the rate it has been used up after this time: then there is none to come. */
	double left = burst / (double)limit < (double)WARM * 1e-12 / 2 ? 0 : burst;

	report_most(report, fmax(0, owed - had - frame) / owed * 100, 0.01, "%",
	    "limit of %g Mbps: under it over 1 s%s", mbps, scenario_long ? "" : ", scaled");
	report_most(report, fmax(0, had - owed - left - frame) / owed * 100, 0.01, "%",
	    "limit of %g Mbps: over it over 1 s%s", mbps, scenario_long ? "" : ", scaled");
	report_most(report, (record->bound_most - burst) / 8, record->largest, "bytes",
	    "limit of %g Mbps: any window beyond rate and burst", mbps);
}

static void
check_limit_pps(struct report *report, const struct record *record)
{
	double owed = LIMIT_PPS * (double)scenario_second * 1e-12, had = (double)record->frames;

	report_most(report, fmax(0, owed - had - 1) / owed * 100, 0.01, "%", "limit of %g Mpps: under it over 1 s%s",
	    LIMIT_PPS / 1e6, scenario_long ? "" : ", scaled");
	report_most(report, fmax(0, had - owed - 1) / owed * 100, 0.01, "%", "limit of %g Mpps: over it over 1 s%s",
	    LIMIT_PPS / 1e6, scenario_long ? "" : ", scaled");
}

/* Twice as much as is allowed, by many flows, so that each worker has some; every other limit is a vport's. */
static void
run_limit(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	const struct window window = {WARM, WARM + scenario_second};
	struct net *net = net_create(4, 100 * GBPS);
	struct source_spec specs[LIMITS + 1];
	struct machine_params params = {
	    .net = net, .specs = specs, .n_specs = WEIR_ARRAY_LEN(specs), .flows = 1u << 16, .window = window};

	for (uint32_t i = 0; i < LIMITS; i++) {
		uint32_t t = net_add_tenant(net, 1 + i % 4, &(struct net_tenant){.police = scenario->which == 1});

		if (i % 2 == 0)
			net->tenants[t].limit = limits[i];
		else
			net->vports[t].limit = limits[i];
		specs[i] = (struct source_spec){.mix = &mix_wide,
		    .vport = t,
		    .to_vport = scenario->to_vport,
		    .n_flows = 100,
		    .rate = 2 * limits[i]};
	}
	specs[LIMITS] = (struct source_spec){.mix = &mix_small,
	    .vport =
		net_add_tenant(net, 1, &(struct net_tenant){.police = scenario->which == 1, .limit_pps = LIMIT_PPS}),
	    .to_vport = scenario->to_vport,
	    .n_flows = 100,
	    .rate = UINT64_C(2) * LIMIT_PPS * 134 * 8};
	if (machine_open(machine, &params) != 0)
		return;
	for (uint32_t i = 0; i < LIMITS; i++)
		machine->sources[i].record.bound_bps = limits[i];
	machine_run(machine, window.to);
	for (uint32_t i = 0; i < LIMITS; i++)
		check_limit(report, &machine->sources[i].record, limits[i]);
	check_limit_pps(report, &machine->sources[LIMITS].record);
	machine_drain(machine);
	scenario_end(machine, report);
	net_free(net);
}

/* ---- TCP ---- */

#define CONNECTIONS 4

static double
rate_of(const struct machine *machine, uint32_t first, uint32_t n, bool wire)
{
	uint64_t bytes = 0;

	for (uint32_t i = first; i < first + n; i++)
		bytes += wire ? machine->sources[i].record.wire_bytes : machine->sources[i].record.tenant_bytes;
	return (double)bytes * 8 / ((double)scenario_second * 1e-12);
}

static struct source_spec
connection(uint32_t vport)
{
	return (struct source_spec){
	    .pattern = GREEDY, .mix = &mix_bulk, .vport = vport, .rate = 25 * GBPS, .rtt = 200 * PS_US};
}

/* Each of these tenants is at its own limit, alone. */
static void
run_tcp_limit(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	static const uint64_t tcp_limits[] = {20 * MBPS, 100 * MBPS, GBPS, 5 * GBPS};
	const struct window window = {5 * WARM, 5 * WARM + scenario_second};
	struct net *net = net_create(4, 25 * GBPS);
	struct source_spec specs[WEIR_ARRAY_LEN(tcp_limits) * CONNECTIONS];
	struct machine_params params = {
	    .net = net, .specs = specs, .n_specs = WEIR_ARRAY_LEN(specs), .flows = 1u << 16, .window = window};

	(void)scenario;
	for (uint32_t t = 0; t < WEIR_ARRAY_LEN(tcp_limits); t++) {
		(void)net_add_tenant(net, 1 + t % 4, &(struct net_tenant){.limit = tcp_limits[t]});
		for (uint32_t c = 0; c < CONNECTIONS; c++)
			specs[t * CONNECTIONS + c] = connection(t);
	}
	if (machine_open(machine, &params) != 0)
		return;
	machine_run(machine, window.to);
	for (uint32_t t = 0; t < WEIR_ARRAY_LEN(tcp_limits); t++)
		report_least(report,
		    rate_of(machine, t * CONNECTIONS, CONNECTIONS, false) / (double)tcp_limits[t] * 100, 97, "%",
		    "TCP: rate, of a limit of %g Mbps", (double)tcp_limits[t] / 1e6);
	machine_drain(machine);
	scenario_end(machine, report);
	net_free(net);
}

/* TCP with a guarantee beside a flood through the same port. */
static void
run_tcp_flood(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	const struct window window = {5 * WARM, 5 * WARM + scenario_second};
	struct net *net = net_create(4, 10 * GBPS);
	struct source_spec specs[CONNECTIONS + 1];
	struct machine_params params = {
	    .net = net, .specs = specs, .n_specs = WEIR_ARRAY_LEN(specs), .flows = 1u << 16, .window = window};
	uint64_t promise = 4 * GBPS;

	(void)scenario;
	(void)net_add_tenant(net, 1, &(struct net_tenant){.guarantee = promise});
	(void)net_add_tenant(net, 2, &(struct net_tenant){0});
	for (uint32_t c = 0; c < CONNECTIONS; c++)
		specs[c] = connection(0);
	specs[CONNECTIONS] =
	    (struct source_spec){.mix = &mix_internet, .vport = 1, .n_flows = 100, .rate = 20 * GBPS};
	if (machine_open(machine, &params) != 0)
		return;
	machine_run(machine, window.to);
	report_least(report, rate_of(machine, 0, CONNECTIONS, true) / (double)promise * 100, 97, "%",
	    "TCP beside a flood: rate, of its guarantee");
	report_least(report, rate_of(machine, 0, CONNECTIONS + 1, true) / (double)net->ports[0].rate * 100, 99, "%",
	    "conservation: the port in use");
	machine_drain(machine);
	scenario_end(machine, report);
	net_free(net);
}

uint32_t
scenarios_limit(struct scenario *list)
{
	uint32_t n = 0;

	for (uint32_t workers = 1; workers <= 4; workers *= 4)
		for (uint32_t way = 0; way < 4; way++, n++) {
			list[n] = (struct scenario){.run = run_limit,
			    .n_workers = workers,
			    .to_vport = (way & 1) != 0,
			    .which = way / 2,
			    .long_only = way == 1 + 2 * (workers == 4)};
			(void)snprintf(list[n].name, sizeof(list[n].name), "limit: %s, %u workers, %s",
			    list[n].which == 1 ? "policed" : "shaped", workers,
			    list[n].to_vport ? "to vports" : "to the uplink");
		}
	list[n++] = (struct scenario){.name = "limit: TCP, 2 workers", .run = run_tcp_limit, .n_workers = 2};
	list[n++] =
	    (struct scenario){.name = "limit: TCP beside a flood, 2 workers", .run = run_tcp_flood, .n_workers = 2};
	for (uint32_t i = 0; i < n; i++)
		list[i].group = "limit";
	return n;
}
