/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * More is sent than a port carries: does each have what it was promised, in every window, is the rest shared by
 * weight, and is the port used up? Tenants of five kinds, and flows 1 : 1,000; or one tenant's vports among
 * themselves. The figures are held against the fluid reference.
 */
#include <math.h>
#include <stdlib.h>

#include "fluid.h"
#include "scenario.h"

#define WARM (20 * PS_MS) /* bursts are spent, queues have filled */
#define UNLIMITED 1e30
#define LINE_OF_A_WORKER (12500 * MBPS)

/* scenario->which */
#define HELD 1	/* by limits */
#define APART 2 /* each on a worker of its own */

struct share {
	const struct scenario *scenario;
	struct machine *machine;
	struct report *report;
	struct net *net;
	struct source_spec *specs; /* one a vport */
	struct record *had;	   /* by tenant */
	struct fluid *parts;	   /* by tenant */
	struct window window;
	uint64_t rate; /* of the port that is short */
	const struct mix *mix;
};

/* Bytes of a frame on the wire, to what the tenant counts, on average over the mix. */
static double
wire_of_tenant(const struct mix *mix, bool to_vport)
{
	double tenant = 0;

	for (uint32_t i = 0; i < mix->n; i++)
		tenant += mix->bytes[i] * mix->share[i] / 100.0;
	return (tenant + (to_vport ? NET_TAG : NET_OUTER) + RECORD_EXTRA) / tenant;
}

static void
begin(struct share *share, const struct scenario *scenario, struct machine *machine, struct report *report)
{
	uint64_t line = LINE_OF_A_WORKER * scenario->n_workers;

	*share = (struct share){.scenario = scenario, .machine = machine, .report = report, .mix = &mix_wide};
	share->net = net_create(4, line);
	share->rate = share->net->ports[0].rate;
	share->window = (struct window){WARM, WARM + scenario_second};
	/* Only one port is short. */
	for (uint32_t p = 0; p < share->net->n_ports; p++)
		if (p != (scenario->to_vport ? 1 : NET_UPLINK))
			share->net->ports[p] = (struct net_port){.rate = 400 * GBPS, .wire = 400 * GBPS};
	share->specs = calloc(scenario->n_tenants + 8, sizeof(*share->specs));
	share->parts = calloc(scenario->n_tenants + 8, sizeof(*share->parts));
	share->had = calloc(scenario->n_tenants + 8, sizeof(*share->had));
	if (share->specs == NULL || share->parts == NULL || share->had == NULL)
		abort();
}

/* A tenant on its access port that sends at `demand`. */
static void
add_tenant(struct share *share, const struct net_tenant *tenant, uint64_t demand)
{
	uint32_t n = share->net->n_tenants, port = share->scenario->to_vport ? 1 : 1 + n % 4;
	uint32_t t = net_add_tenant(share->net, port, tenant);

	share->specs[t] = (struct source_spec){.mix = share->mix,
	    .vport = share->net->tenants[t].first_vport,
	    .to_vport = share->scenario->to_vport,
	    .n_flows = t % 2 == 0 ? 1 : 1000,
	    .rate = demand};
	share->parts[t] = (struct fluid){.demand = (double)demand,
	    .guarantee = (double)tenant->guarantee,
	    .weight = tenant->weight != 0 ? tenant->weight : 1};
}

/* One with a promise, one without, each of which would fill the port. */
static void
add_two(struct share *share)
{
	add_tenant(share, &(struct net_tenant){.guarantee = share->rate * 6 / 10}, share->rate);
	add_tenant(share, &(struct net_tenant){0}, share->rate);
	/* No worker could carry one flow of all that. */
	if (share->scenario->n_workers > 4)
		share->specs[0].n_flows = 16;
}

/* The same, where limits leave just so much to each: what the checks say when all is as it should be. */
static void
add_held(struct share *share)
{
	double wire;
	uint64_t unit;

	/* Frames of one size: of several, the smaller ones pass more often where what is over is dropped. */
	share->mix = &mix_bulk;
	wire = wire_of_tenant(share->mix, share->scenario->to_vport);
	unit = (uint64_t)((double)share->rate / wire / 1000);
	add_tenant(share, &(struct net_tenant){.guarantee = share->rate * 6 / 10, .limit = unit * 798}, share->rate);
	add_tenant(share, &(struct net_tenant){.limit = unit * 199}, share->rate);
}

/* Two with equal rights, on different workers; what one of them sends would fit the port, were it alone. */
static void
add_apart(struct share *share)
{
	add_tenant(share, &(struct net_tenant){0}, share->rate);
	add_tenant(share, &(struct net_tenant){0}, share->rate * 7 / 10);
	for (uint32_t t = 0; t < 2; t++) {
		share->specs[t].pinned = true;
		share->specs[t].queue = t;
	}
}

static void
add_many(struct share *share)
{
	uint64_t unit = share->rate / share->scenario->n_tenants, promise = unit * 2 / 3;

	for (uint32_t t = 0; t < share->scenario->n_tenants; t++) {
		switch (t % 5) {
		case 0:
			add_tenant(share, &(struct net_tenant){.guarantee = promise}, unit * 8 / 5);
			break;
		case 1:
			add_tenant(
			    share, &(struct net_tenant){.guarantee = promise * 3 / 2, .weight = 2}, unit * 5 / 2);
			break;
		case 2:
			add_tenant(share, &(struct net_tenant){0}, unit * 6 / 5);
			break;
		case 3:
			add_tenant(share, &(struct net_tenant){.guarantee = promise, .limit = promise * 6 / 5},
			    unit * 6 / 5);
			break;
		default: /* keeps within what it was promised */
			add_tenant(share, &(struct net_tenant){.guarantee = promise}, promise / 2);
		}
	}
}

/* ---- running ---- */

static int
run_machine(struct share *share)
{
	struct machine_params params = {.net = share->net,
	    .specs = share->specs,
	    .n_specs = share->net->n_vports,
	    .flows = RTE_MAX(65536u, 1000 * share->scenario->n_tenants),
	    .window = share->window};
	int rc = machine_open(share->machine, &params);

	if (rc != 0)
		return rc;
	machine_run(share->machine, share->window.to);
	machine_drain(share->machine);
	for (uint32_t t = 0; t < share->net->n_tenants; t++)
		record_init(&share->had[t], &share->window);
	for (uint32_t v = 0; v < share->net->n_vports; v++)
		record_add(
		    &share->had[share->net->vports[v].tenant], &share->machine->sources[v].record, &share->window);
	return 0;
}

static void
end(struct share *share)
{
	scenario_end(share->machine, share->report);
	for (uint32_t t = 0; t < share->net->n_tenants; t++)
		record_free(&share->had[t]);
	net_free(share->net);
	free(share->specs);
	free(share->parts);
	free(share->had);
}

/* ---- what is checked ---- */

/* By how much what left in the worst window of n bins, plus a frame, fell short of the promise. In percent. */
static double
shortfall(const struct record *had, const struct fluid *part, uint32_t bins, uint32_t n)
{
	double owed = part->guarantee * n * (double)RECORD_BIN * 1e-12;
	double least = (double)record_least(had, 0, bins, n) + had->largest * 8.0;

	return owed > least ? (owed - least) / owed * 100 : 0;
}

static void
check_promises(struct share *share)
{
	static const struct {
		uint32_t part;
		double bound;
		const char *name;
	} windows[] = {{1, 0.1, "1 s"}, {10, 0.5, "100 ms"}, {100, 1, "10 ms"}};
	uint32_t bins = record_bins(&share->window);

	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(windows); i++) {
		double worst = 0;

		for (uint32_t t = 0; t < share->net->n_tenants; t++)
			if (share->parts[t].guarantee > 0 && share->parts[t].demand > share->parts[t].guarantee)
				worst = fmax(
				    worst, shortfall(&share->had[t], &share->parts[t], bins, bins / windows[i].part));
		report_most(share->report, worst, windows[i].bound, "%",
		    "guarantee: shortfall in the worst window of %s%s", windows[i].name,
		    scenario_long ? "" : ", scaled");
	}
}

/* Those who send less than they were promised lose nothing. */
static void
check_modest(struct share *share)
{
	uint64_t lost = 0;
	double rate = 0, offered = 0;

	for (uint32_t t = 0; t < share->net->n_tenants; t++) {
		if (share->parts[t].demand >= share->parts[t].guarantee)
			continue;
		lost += share->had[t].sent - share->had[t].arrived;
		rate += (double)share->had[t].wire_bytes * 8;
		offered += share->parts[t].demand;
	}
	if (offered == 0)
		return;
	rate /= (double)scenario_second * 1e-12;
	report_most(share->report, (double)lost, 0, "", "in contract: frames lost");
	report_least(share->report, rate / offered * 100, 99, "%", "in contract: rate, of what was offered");
}

static void
check_port(struct share *share)
{
	uint32_t bins = record_bins(&share->window), n = bins / 100;
	struct record all;
	double second = (double)scenario_second * 1e-12;

	record_init(&all, &share->window);
	for (uint32_t t = 0; t < share->net->n_tenants; t++)
		record_add(&all, &share->had[t], &share->window);
	report_least(share->report, (double)all.wire_bytes * 8 / second / (double)share->rate * 100, 99, "%",
	    "conservation: the port in use");
	report_least(share->report,
	    (double)record_least(&all, 0, bins, n) / (n * (double)RECORD_BIN * 1e-12) / (double)share->rate * 100, 99,
	    "%", "conservation: the worst window of 10 ms%s", scenario_long ? "" : ", scaled");
	report_most(share->report, (double)all.ring_full, 0, "", "frames lost before weir had them");
	report_most(share->report, (double)all.no_buffer, 0, "", "frames for which there was no buffer");
	record_free(&all);
}

/*
 * A limit in wire bits, by the frames that left: of a full queue, or a bucket that is nearly empty, small frames find
 * room more often.
 */
static double
limit_of(uint64_t limit, const struct record *had)
{
	return limit == 0 || had->tenant_bytes == 0
		   ? UNLIMITED
		   : (double)limit * (double)had->wire_bytes / (double)had->tenant_bytes;
}

static void
check_shares(struct share *share, double jain)
{
	uint32_t n = share->net->n_tenants;
	double *had = calloc(n, sizeof(*had)), worst = 0;

	if (had == NULL)
		abort();
	for (uint32_t t = 0; t < n; t++)
		share->parts[t].limit = limit_of(share->net->tenants[t].limit, &share->had[t]);
	fluid_share(share->parts, n, (double)share->rate);
	for (uint32_t t = 0; t < n; t++) {
		/* At both ends of the window, and at each worker that is ahead of others by one. */
		double frame = share->had[t].largest * 8.0 * (1 + share->machine->n_workers);

		had[t] = (double)share->had[t].wire_bytes * 8;
		worst = fmax(worst, (fabs(had[t] - share->parts[t].rate * (double)scenario_second * 1e-12) - frame) /
					(share->parts[t].rate * (double)scenario_second * 1e-12));
		had[t] /= (double)scenario_second * 1e-12;
	}
	report_most(share->report, worst * 100, 1, "%", "shares: worst tenant, apart from the fluid reference");
	report_least(share->report, fluid_jain(share->parts, had, n), jain, "", "shares: Jain's index of the excess");
	free(had);
}

static void
run_share(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	struct share share;

	begin(&share, scenario, machine, report);
	if (scenario->which == HELD)
		add_held(&share);
	else if (scenario->which == APART)
		add_apart(&share);
	else if (scenario->n_tenants == 2)
		add_two(&share);
	else
		add_many(&share);
	if (run_machine(&share) != 0)
		return;
	check_promises(&share);
	check_modest(&share);
	check_port(&share);
	check_shares(&share, scenario->n_tenants <= 64 ? 0.999 : 0.995);
	end(&share);
}

/* ---- the vports of a tenant ---- */

#define VPORTS 4

/* A tenant with half of the port for its vports, beside one that floods. */
static void
run_vports(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	struct share share;
	struct fluid vports[VPORTS];
	double worst = 0;

	begin(&share, scenario, machine, report);
	add_tenant(&share, &(struct net_tenant){.guarantee = share.rate / 2}, share.rate * 6 / 5);
	share.net->vports[0].guarantee = share.rate / 5;
	for (uint32_t v = 1; v < VPORTS; v++)
		(void)net_add_vport(share.net, &(struct net_vport){.tenant = 0,
						   .port = 1 + v % (scenario->to_vport ? 1 : 4),
						   .guarantee = v == 1 ? share.rate / 10 : 0,
						   .limit = v == 3 ? share.rate / 50 : 0,
						   .weight = v == 2 ? 3 : 1});
	for (uint32_t v = 0; v < VPORTS; v++) {
		share.specs[v] = share.specs[0];
		share.specs[v].vport = v;
		share.specs[v].rate = share.rate * 3 / 10;
		vports[v] = (struct fluid){.demand = (double)share.specs[v].rate,
		    .guarantee = (double)share.net->vports[v].guarantee,
		    .weight = v == 2 ? 3 : 1};
	}
	share.specs[VPORTS] = share.specs[0];
	(void)net_add_tenant(share.net, 1, &(struct net_tenant){0});
	share.specs[VPORTS].vport = VPORTS;
	share.specs[VPORTS].rate = share.rate;
	share.parts[1] = (struct fluid){.demand = (double)share.rate, .weight = 1};
	if (run_machine(&share) != 0)
		return;
	check_promises(&share);
	check_port(&share);
	check_shares(&share, 0.999);
	for (uint32_t v = 0; v < VPORTS; v++)
		vports[v].limit = limit_of(share.net->vports[v].limit, &machine->sources[v].record);
	fluid_share(vports, VPORTS, share.parts[0].rate);

	for (uint32_t v = 0; v < VPORTS; v++) {
		const struct record *record = &machine->sources[v].record;
		double wanted = vports[v].rate * (double)scenario_second * 1e-12;

		worst = fmax(worst, (fabs((double)record->wire_bytes * 8 - wanted) - record->largest * 8.0) / wanted);
		if (vports[v].guarantee > 0)
			report_most(report,
			    shortfall(
				record, &vports[v], record_bins(&share.window), record_bins(&share.window) / 10),
			    0.5, "%", "guarantee of vport %u: shortfall in the worst window of 100 ms%s", v,
			    scenario_long ? "" : ", scaled");
	}
	report_most(report, worst * 100, 1, "%", "shares: worst vport, apart from the fluid reference");
	end(&share);
}

uint32_t
scenarios_share(struct scenario *list)
{
	static const struct {
		uint32_t tenants, workers;
		bool to_vport, long_only;
	} cases[] = {{2, 1, false, false}, {2, 4, true, false}, {64, 1, true, false}, {64, 4, false, false},
	    {1000, 1, false, false}, {1000, 4, true, false}, {1000, 8, false, false}, {2, 8, false, true},
	    {64, 8, false, false}, {64, 1, false, true}, {64, 8, true, true}, {1000, 8, true, true}};
	uint32_t n = 0;

	for (; n < WEIR_ARRAY_LEN(cases); n++) {
		list[n] = (struct scenario){.run = run_share,
		    .n_workers = cases[n].workers,
		    .n_tenants = cases[n].tenants,
		    .to_vport = cases[n].to_vport,
		    .long_only = cases[n].long_only};
		(void)snprintf(list[n].name, sizeof(list[n].name), "share: %u tenants, %u workers, %s",
		    cases[n].tenants, cases[n].workers, cases[n].to_vport ? "to vports" : "to the uplink");
	}
	list[n++] = (struct scenario){.name = "share: held by limits, 2 workers",
	    .run = run_share,
	    .n_workers = 2,
	    .n_tenants = 2,
	    .which = HELD};
	list[n++] = (struct scenario){.name = "share: workers of their own, 2 workers",
	    .run = run_share,
	    .n_workers = 2,
	    .n_tenants = 2,
	    .which = APART};
	for (uint32_t way = 0; way < 4; way++, n++) {
		list[n] = (struct scenario){
		    .run = run_vports, .n_workers = 1 + way % 2, .n_tenants = 2, .to_vport = way / 2 == 1};
		(void)snprintf(list[n].name, sizeof(list[n].name), "share: vports of a tenant, %u workers%s",
		    list[n].n_workers, way / 2 == 1 ? ", to them" : "");
	}
	for (uint32_t i = 0; i < n; i++)
		list[i].group = "share";
	return n;
}
