/* SPDX-License-Identifier: BSD-3-Clause */
/* One wakes whose guarantee others have used meanwhile: how soon has it its rate? */
#include <stdlib.h>

#include "scenario.h"

#define WARM (20 * PS_MS)
#define PHASE (10 * PS_MS) /* awake, and asleep */
#define TOLERANCE 0.01	   /* of the rate, in the windows from then on */

static double
slowest(const struct record *record, const struct window *window, double rate, uint32_t workers)
{
	uint32_t phase = PHASE / RECORD_BIN, worst = 0;

	for (uint32_t from = 0; from + phase <= record_bins(window); from += 2 * phase) {
		/* Each worker may be about to send one. */
		uint32_t bins = record_settles(record, from, phase, rate * (1 - TOLERANCE), workers);

		worst = bins > worst ? bins : worst;
	}
	return worst * (double)RECORD_BIN / (double)PS_MS;
}

static void
run_wake(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	const struct window window = {WARM, WARM + scenario_second / (4 * PHASE) * 2 * PHASE};
	struct net *net = net_create(4, 12500 * MBPS * scenario->n_workers);
	struct source_spec *specs = calloc(scenario->n_tenants, sizeof(*specs));
	struct machine_params params = {
	    .net = net, .specs = specs, .n_specs = scenario->n_tenants, .flows = 1u << 18, .window = window};
	uint64_t rate = net->ports[0].rate, promise = rate * 4 / 10;

	if (specs == NULL)
		abort();
	(void)net_add_tenant(net, 1, &(struct net_tenant){.guarantee = promise});
	for (uint32_t t = 1; t < scenario->n_tenants; t++)
		(void)net_add_tenant(net, 1 + t % 4,
		    &(struct net_tenant){.guarantee = t % 2 == 0 ? rate / 2 / scenario->n_tenants : 0});
	for (uint32_t t = 0; t < scenario->n_tenants; t++)
		specs[t] = (struct source_spec){.mix = &mix_internet,
		    .vport = t,
		    .n_flows = t % 2 == 0 ? 8 : 1000,
		    .rate = rate * 5 / 4 / (scenario->n_tenants - 1)};
	specs[0].pattern = ON_OFF;
	specs[0].start = WARM;
	specs[0].on = specs[0].off = PHASE;
	specs[0].rate = promise * 6 / 5;
	if (machine_open(machine, &params) != 0)
		return;
	machine_run(machine, window.to);
	report_most(report, slowest(&machine->sources[0].record, &window, (double)promise, scenario->n_workers), 1,
	    "ms", "waking: time until it has its rate");
	machine_drain(machine);
	scenario_end(machine, report);
	net_free(net);
	free(specs);
}

uint32_t
scenarios_wake(struct scenario *list)
{
	static const struct {
		uint32_t tenants, workers;
	} cases[] = {{2, 1}, {2, 4}, {64, 1}, {64, 4}, {1000, 4}};
	uint32_t n;

	for (n = 0; n < WEIR_ARRAY_LEN(cases); n++) {
		list[n] = (struct scenario){
		    .group = "wake", .run = run_wake, .n_workers = cases[n].workers, .n_tenants = cases[n].tenants};
		(void)snprintf(list[n].name, sizeof(list[n].name), "wake: %u tenants, %u workers", cases[n].tenants,
		    cases[n].workers);
	}
	return n;
}
