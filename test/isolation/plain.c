/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine itself: what it forwards without overload, that it repeats itself, that the reference adds up. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash_crc.h>

#include "fluid.h"
#include "scenario.h"
#include "weir_view.h"

static void
list_drops(const struct machine *machine, struct report *report)
{
	struct weir_tally tally;
	uint64_t time;
	size_t len = 0;

	(void)weir_view_drops(machine->gateway, NULL, &tally, &time);
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
		if (tally.reasons[r].packets > 0 && len < sizeof(report->drops))
			len += (size_t)snprintf(&report->drops[len], sizeof(report->drops) - len, " %s %lu",
			    weir_reason_name(r), tally.reasons[r].packets);
}

void
scenario_end(struct machine *machine, struct report *report)
{
	struct machine_end end;
	uint64_t reordered = 0;

	for (uint32_t i = 0; i < machine->n_sources; i++)
		if (machine->sources[i].spec.trick == HONEST)
			reordered += machine->sources[i].record.reordered;
	report->simulated += (double)machine->clocks[0].at * 1e-12;
	report_most(report, (double)reordered, 0, "", "frames of a flow that left behind a later one");
	report_most(report, (double)machine->strayed, 0, "", "frames that left where they have no business");
	list_drops(machine, report);
	machine_close(machine, &end);
	report_most(report, fabs((double)end.balance), 0, "", "packets that weir cannot account for");
	report_most(report, end.buffers_lost, 0, "", "buffers lost");
}

/* ---- forwarding ---- */

static double
busiest(const struct machine *machine)
{
	uint64_t busy = 0;

	for (uint32_t w = 0; w < machine->n_workers; w++)
		if (machine->clocks[w].busy > busy)
			busy = machine->clocks[w].busy;
	return (double)busy / (double)(machine->params.window.to - machine->params.window.from);
}

/* Nine tenths of a line's rate, both ways at once, by as many tenants as there are: all of it arrives, at once. */
static void
run_forward(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	const struct window window = {5 * PS_MS, 5 * PS_MS + scenario_second / 10};
	struct net *net = net_create(4, 12500 * MBPS * scenario->n_workers);
	struct source_spec *specs = calloc(2 * scenario->n_tenants, sizeof(*specs));
	struct machine_params params = {.net = net, .specs = specs, .flows = 65536, .window = window};
	double offered = 0, arrived = 0, lost = 0, worst = 0;

	for (uint32_t t = 0; t < scenario->n_tenants; t++) {
		(void)net_add_tenant(net, 1 + t % 4, &(struct net_tenant){0});
		for (uint32_t way = 0; way < 2; way++)
			specs[params.n_specs++] = (struct source_spec){.mix = &mix_wide,
			    .vport = t,
			    .to_vport = way == 1,
			    .n_flows = t % 2 == 0 ? 1 : 100,
			    .rate = net->ports[0].rate * 45 / 100 / scenario->n_tenants};
	}
	if (machine_open(machine, &params) != 0)
		return;
	machine_run(machine, window.to);
	for (uint32_t i = 0; i < params.n_specs; i++)
		offered += (double)specs[i].rate;
	for (uint32_t i = 0; i < params.n_specs; i++)
		arrived += (double)machine->sources[i].record.wire_bytes * 8;
	machine_drain(machine);
	for (uint32_t i = 0; i < params.n_specs; i++) {
		const struct record *record = &machine->sources[i].record;

		lost += (double)(record->sent - record->arrived);
		worst = fmax(worst, record_delay(record, 0.999));
	}
	arrived /= (double)(window.to - window.from) * 1e-12;
	report_most(report, lost, 0, "", "frames lost");
	report_most(report, fabs(arrived / offered - 1) * 100, 3, "%", "rate that left, apart from what was offered");
	report_most(report, worst / 1000, 100, "us", "p99.9 of the delay, worst source");
	report_most(report, busiest(machine) * 100, 100, "%", "busiest worker");
	scenario_end(machine, report);
	net_free(net);
	free(specs);
}

/* ---- the same every time ---- */

static uint64_t
digest_of(const struct scenario *scenario, struct machine *machine, struct report *report, const struct net *net,
    const struct source_spec *specs, uint32_t n)
{
	const struct window window = {0, 10 * PS_MS};
	struct machine_params params = {.net = net, .specs = specs, .n_specs = n, .flows = 65536, .window = window};
	struct machine_end end;
	uint64_t digest;

	(void)scenario;
	if (machine_open(machine, &params) != 0)
		return 0;
	machine_run(machine, window.to);
	digest = machine->digest;
	report->simulated += (double)machine->clocks[0].at * 1e-12;
	machine_close(machine, &end);
	return digest;
}

/* Overload of all kinds, twice: the second gateway has other secrets, and comes to the same. */
static void
run_repeat(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	static const enum trick tricks[] = {
	    HONEST, NEW_FLOWS, COLLIDING, NEW_MACS, BROADCAST, ARP_STORM, FRAGMENTS, MALFORMED};
	struct net *net = net_create(2, 10 * GBPS);
	struct source_spec specs[3 * WEIR_ARRAY_LEN(tricks)] = {0};
	uint32_t n = WEIR_ARRAY_LEN(specs);
	uint64_t digest;

	for (uint32_t i = 0; i < n; i++) {
		(void)net_add_tenant(net, 1 + i % 2,
		    &(struct net_tenant){.limit = i % 3 == 0 ? 300 * MBPS : 0, .n_remotes = 1 + i % 5});
		specs[i] = (struct source_spec){.pattern = (enum pattern)(i % 4),
		    .trick = tricks[i % WEIR_ARRAY_LEN(tricks)],
		    .mix = &mix_wide,
		    .vport = i,
		    .to_vport = i / 4 % 2 == 1,
		    .n_flows = 1 + i % 4 * 50,
		    .rate = GBPS,
		    .on = PS_MS,
		    .off = PS_MS,
		    .rtt = 50 * PS_US,
		    .burst = 5,
		    .pause = 100 * PS_US};
	}
	digest = digest_of(scenario, machine, report, net, specs, n);
	report_most(report, digest == digest_of(scenario, machine, report, net, specs, n) ? 0 : 1, 0, "",
	    "difference between two runs");
	net_free(net);
}

/* ---- the reference ---- */

#define NONE 1e30

/* Frames of 1,250 bytes, ten in each bin (1 Gbit/s); none in the bins 10 to 19. */
static void
check_record(struct report *report)
{
	const struct window window = {PS_MS, 11 * PS_MS};
	struct record record;

	record_init(&record, &window);
	record.bound_bps = GBPS;
	for (uint64_t i = 0; i < 1000; i++)
		if (i < 100 || i >= 200)
			record_left(
			    &record, &window, PS_MS + (i - i % 7) * 10 * PS_US, PS_MS + i * 10 * PS_US, 1250, 1226);
	report_most(report, fabs((double)record_least(&record, 0, 100, 20) - 1000000), 0, "bit",
	    "record: worst window, apart from what is known");
	report_most(report, fabs(record_settles(&record, 0, 100, 1e9, 1) - 20.0), 0, "bins",
	    "record: when it settles, apart from what is known");
	report_most(report, record_settles(&record, 20, 80, 1e9, 1), 0, "bins", "record: when it settles at once");
	report_most(report, fabs(record.bound_most - 1226 * 8), 0, "bit",
	    "record: beyond the bound, apart from what is known");
	report_most(report, fabs(record_delay(&record, 0.999) - 60000) / 600, 4, "%",
	    "record: a delay, apart from what is known");
	record_free(&record);
}

static void
run_reference(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	/* By hand: 10 of 30 beside 20 for one that weighs twice; a guarantee; a limit; little demand. */
	struct fluid two[] = {{100, 0, NONE, 1, 0}, {100, 0, NONE, 2, 0}};
	struct fluid four[] = {{100, 40, NONE, 1, 0}, {100, 0, 5, 9, 0}, {5, 50, NONE, 1, 0}, {100, 0, NONE, 1, 0}};
	static const double wanted[] = {65, 5, 5, 25};
	double had[] = {10, 20}, unfair[] = {30, 0}, worst;
	uint64_t words = 0x1122334455667788, delta = UINT64_C(0x105ec76f1) << 7;

	(void)scenario;
	(void)machine;
	fluid_share(two, 2, 30);
	worst = fmax(fabs(two[0].rate - 10), fabs(two[1].rate - 20));
	fluid_share(four, 4, 100);
	for (uint32_t i = 0; i < 4; i++)
		worst = fmax(worst, fabs(four[i].rate - wanted[i]));
	report_most(report, worst, 1e-6, "", "fluid shares, apart from those reckoned by hand");
	report_least(report, fluid_jain(two, had, 2), 0.999999, "", "Jain's index of a fair share");
	report_most(report, fluid_jain(two, unfair, 2), 0.5, "", "Jain's index where one has all");
	report_most(report, rte_hash_crc_8byte(words, 1) ^ rte_hash_crc_8byte(words ^ delta, 1), 0, "",
	    "difference between CRCs of prepared headers");
	check_record(report);
}

uint32_t
scenarios_machine(struct scenario *list)
{
	static const struct {
		uint32_t workers, tenants;
	} forwards[] = {{1, 2}, {1, 64}, {2, 64}, {4, 1000}, {8, 1000}};
	uint32_t n = 0;

	list[n++] = (struct scenario){.name = "machine: the reference", .run = run_reference, .n_workers = 1};
	list[n++] = (struct scenario){.name = "machine: repeats itself, 1 worker", .run = run_repeat, .n_workers = 1};
	list[n++] =
	    (struct scenario){.name = "machine: repeats itself, 3 workers", .run = run_repeat, .n_workers = 3};
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(forwards); i++, n++) {
		list[n] = (struct scenario){
		    .run = run_forward, .n_workers = forwards[i].workers, .n_tenants = forwards[i].tenants};
		(void)snprintf(list[n].name, sizeof(list[n].name), "machine: forwards, %u tenants, %u workers",
		    forwards[i].tenants, forwards[i].workers);
	}
	for (uint32_t i = 0; i < n; i++)
		list[i].group = "machine";
	return n;
}
