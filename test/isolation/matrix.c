/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Victims within their contracts beside an attacker: all victims at once, on the worker that the attacker can hurt
 * most, first without and then with it.
 */
#include "matrix.h"

#include <stdlib.h>

#include "weir_view.h"

#define LINE (40 * GBPS)
#define PROMISE (5 * GBPS)    /* to each victim */
#define CONTRACT (200 * MBPS) /* of an attacker */
#define VICTIM_PORT 1
#define ATTACKER_PORT 2
#define BROKEN_PORT 3
#define CONNECTIONS 4

const char *const matrix_victims[VICTIMS] = {"steady small", "bulk TCP", "request", "bursty", "many flows"};

/* ---- attackers ---- */

static void
reconfigure(struct machine *machine, uint64_t now)
{
	static const char *const texts[] = {"{'tenants':{'t5':{'limit':'150Mbps'}}}",
	    "{'tenants':{'t5':{'vports':{'x':{'switch':'s','port':'p2','vlan':4000}}}}}",
	    "{'tenants':{'t5':{'limit':null}}}", "{'tenants':{'t5':{'vports':{'x':null}}}}"};
	uint64_t round = now / MACHINE_MAINTAIN;

	if (round % 2 == 0)
		machine_patch(machine, texts[round / 2 % WEIR_ARRAY_LEN(texts)]);
}

static void
look(struct machine *machine, uint64_t now)
{
	struct weir_view_tenant rows[16];
	struct weir_tally tally;
	struct weir_count sum;
	uint64_t cursor = 0, time;

	(void)now;
	(void)weir_view_conservation(machine->gateway, NULL, &sum, NULL, &time);
	(void)weir_view_drops(machine->gateway, NULL, &tally, &time);
	(void)weir_view_tenants(machine->gateway, &cursor, rows, WEIR_ARRAY_LEN(rows), &time);
}

/* `rate` on the wire; frames of 60 bytes take 134 there. What is not said is one honest, steady flow. */
static const struct attack {
	const char *name;
	struct source_spec spec;
	uint32_t tenants, remotes, port; /* 0: 1, 1, ATTACKER_PORT */
	uint64_t broken;		 /* what BROKEN_PORT really sends, plus one */
	void (*tick)(struct machine *machine, uint64_t now);
} attacks[] = {
    {.name = "nobody"},
    {.name = "64 B flood, 10x", .spec = {.mix = &mix_small, .n_flows = 64, .rate = 10 * CONTRACT}},
    {.name = "64 B flood, 100x", .spec = {.mix = &mix_small, .n_flows = 64, .rate = 100 * CONTRACT}},
    {.name = "jumbo flood", .spec = {.mix = &mix_jumbo, .n_flows = 64, .rate = 60 * GBPS}},
    {.name = "bursts each ms",
	.spec = {.pattern = ON_OFF,
	    .mix = &mix_internet,
	    .n_flows = 64,
	    .rate = 60 * GBPS,
	    .start = PS_MS,
	    .on = PS_MS / 2,
	    .off = PS_MS / 2}},
    {.name = "bursts each 5 ms",
	.spec = {.pattern = ON_OFF,
	    .mix = &mix_bulk,
	    .n_flows = 64,
	    .rate = 100 * GBPS,
	    .start = PS_MS,
	    .on = PS_MS,
	    .off = 4 * PS_MS}},
    {.name = "new flows", .spec = {.trick = NEW_FLOWS, .mix = &mix_small, .rate = 8 * GBPS}},
    {.name = "colliding flows", .spec = {.trick = COLLIDING, .mix = &mix_small, .n_flows = 65536, .rate = 6 * GBPS}},
    {.name = "new MACs", .spec = {.trick = NEW_MACS, .mix = &mix_small, .n_flows = 64, .rate = 4 * GBPS}},
    {.name = "broadcast",
	.spec = {.trick = BROADCAST, .mix = &mix_small, .n_flows = 64, .rate = GBPS},
	.remotes = 64},
    {.name = "broadcast to 1000",
	.spec = {.trick = BROADCAST, .mix = &mix_small, .n_flows = 64, .rate = GBPS},
	.remotes = 1000},
    {.name = "ARP storm",
	.spec = {.trick = ARP_STORM, .mix = &mix_small, .n_flows = 64, .rate = GBPS},
	.remotes = 64},
    {.name = "fragments", .spec = {.trick = FRAGMENTS, .mix = &mix_internet, .n_flows = 64, .rate = 20 * GBPS}},
    {.name = "malformed headers", .spec = {.trick = MALFORMED, .mix = &mix_small, .n_flows = 64, .rate = 10 * GBPS}},
    {.name = "elephant", .spec = {.mix = &mix_internet, .pinned = true, .rate = 38 * GBPS}},
    {.name = "slow receiver",
	.spec = {.mix = &mix_jumbo, .to_vport = true, .n_flows = 64, .rate = 20 * GBPS},
	.port = BROKEN_PORT,
	.broken = 100 * MBPS + 1},
    {.name = "dead receiver",
	.spec = {.mix = &mix_jumbo, .to_vport = true, .n_flows = 64, .rate = 20 * GBPS},
	.port = BROKEN_PORT,
	.broken = 1},
    {.name = "1000 colluding", .spec = {.mix = &mix_internet, .n_flows = 4, .rate = 45 * MBPS}, .tenants = 1000},
    {.name = "reconfiguration",
	.spec = {.mix = &mix_small, .n_flows = 64, .rate = 10 * CONTRACT},
	.tick = reconfigure},
    {.name = "statistics", .spec = {.mix = &mix_small, .n_flows = 64, .rate = 10 * CONTRACT}, .tick = look},
    {.name = "same port, 64 B",
	.spec = {.mix = &mix_small, .pinned = true, .n_flows = 64, .rate = 100 * CONTRACT},
	.port = VICTIM_PORT},
    {.name = "same port, out", .spec = {.mix = &mix_internet, .n_flows = 64, .rate = 60 * GBPS}, .port = VICTIM_PORT},
    {.name = "same port, in",
	.spec = {.mix = &mix_internet, .to_vport = true, .n_flows = 64, .rate = 60 * GBPS},
	.port = VICTIM_PORT},
    {.name = "wakes with the victim",
	.spec = {.pattern = ON_OFF,
	    .mix = &mix_internet,
	    .to_vport = true,
	    .n_flows = 64,
	    .rate = 60 * GBPS,
	    .start = PS_MS,
	    .on = PS_MS,
	    .off = 3 * PS_MS},
	.port = VICTIM_PORT},
};

/* ---- a run ---- */

struct run {
	struct net *net;
	struct source_spec *specs;
	uint32_t n;
	uint32_t of_victim[VICTIMS + 1]; /* where its sources begin */
};

static void
add(struct run *run, const struct source_spec *spec, uint32_t vport, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		run->specs[run->n] = *spec;
		run->specs[run->n++].vport = vport;
	}
}

/* All by queue 0, but those whose flows are many. */
static void
add_victims(struct run *run)
{
	static const struct {
		struct source_spec spec;
		uint32_t n;
	} victims[VICTIMS] = {
	    {{.mix = &mix_small, .pinned = true, .rate = GBPS}, 1},
	    {{.pattern = GREEDY, .mix = &mix_bulk, .pinned = true, .rate = 900 * MBPS, .rtt = 100 * PS_US},
		CONNECTIONS},
	    {{.pattern = REQUEST,
		 .mix = &mix_bulk,
		 .pinned = true,
		 .rate = PROMISE / (4 * CONNECTIONS), /* all at once are within the promise */
		 .rtt = 500 * PS_US,
		 .burst = 10,
		 .pause = PS_MS},
		4 * CONNECTIONS},
	    {{.pattern = ON_OFF,
		 .mix = &mix_internet,
		 .to_vport = true,
		 .pinned = true,
		 .rate = 4 * GBPS,
		 .start = PS_MS,
		 .on = PS_MS,
		 .off = 3 * PS_MS},
		1},
	    {{.mix = &mix_internet, .to_vport = true, .n_flows = 5000, .rate = 2 * GBPS}, 1},
	};

	for (uint32_t v = 0; v < VICTIMS; v++) {
		run->of_victim[v] = run->n;
		add(run, &victims[v].spec,
		    net_add_tenant(run->net, VICTIM_PORT, &(struct net_tenant){.guarantee = PROMISE}), victims[v].n);
	}
	run->of_victim[VICTIMS] = run->n;
}

static void
add_attackers(struct run *run, const struct attack *attack)
{
	uint32_t n = attack->tenants != 0 ? attack->tenants : 1;

	if (attack->spec.rate == 0)
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct net_tenant tenant = {.guarantee = n == 1 ? CONTRACT : 5 * MBPS, .n_remotes = attack->remotes};
		uint32_t port = attack->port != 0 ? attack->port : ATTACKER_PORT;

		add(run, &attack->spec, net_add_tenant(run->net, port, &tenant), 1);
	}
	if (attack->broken != 0)
		run->net->ports[BROKEN_PORT].wire = attack->broken - 1;
}

static void
measure(const struct machine *machine, const struct run *run, uint32_t victim, struct cell *cell)
{
	const struct window *window = &machine->params.window;
	struct record sum;

	record_init(&sum, window);
	for (uint32_t i = run->of_victim[victim]; i < run->of_victim[victim + 1]; i++)
		record_add(&sum, &machine->sources[i].record, window);
	*cell = (struct cell){.rate = (double)sum.tenant_bytes * 8 / ((double)(window->to - window->from) * 1e-12),
	    .loss = record_loss(&sum),
	    .p50 = record_delay(&sum, 0.5),
	    .p99 = record_delay(&sum, 0.99),
	    .p999 = record_delay(&sum, 0.999)};
	record_free(&sum);
}

static void
run_matrix(const struct scenario *scenario, struct machine *machine, struct report *report)
{
	const struct attack *attack = &attacks[scenario->which];
	const uint64_t warm = 29 * PS_MS + 4 * PS_MS * scenario_long * 10;
	struct run run = {.net = net_create(4, LINE), .specs = calloc(2048, sizeof(*run.specs))};
	struct machine_params params = {.net = run.net,
	    .specs = run.specs,
	    .flows = 1u << 19,
	    .window = {warm, warm + scenario_second * 2 / 5},
	    .tick = attack->tick};

	if (run.specs == NULL)
		abort();
	add_victims(&run);
	add_attackers(&run, attack);
	params.n_specs = run.n;
	if (machine_open(machine, &params) != 0)
		return;
	machine_run(machine, params.window.to);
	machine_drain(machine);
	for (uint32_t v = 0; v < VICTIMS; v++)
		measure(machine, &run, v, &report->cells[v]);
	report->has_cells = true;
	scenario_end(machine, report);
	net_free(run.net);
	free(run.specs);
}

uint32_t
scenarios_matrix(struct scenario *list)
{
	static const uint32_t workers[] = {1, 2, 4, 8};
	uint32_t n = 0;

	for (uint32_t w = 0; w < WEIR_ARRAY_LEN(workers); w++)
		for (uint32_t a = 0; a < WEIR_ARRAY_LEN(attacks); a++, n++) {
			list[n] = (struct scenario){.group = "matrix",
			    .run = run_matrix,
			    .n_workers = workers[w],
			    .which = a,
			    .long_only = w > 1};
			(void)snprintf(list[n].name, sizeof(list[n].name), "matrix: %s, %u workers", attacks[a].name,
			    workers[w]);
		}
	return n;
}

const char *
matrix_attack(const struct scenario *scenario)
{
	return attacks[scenario->which].name;
}

double
matrix_line(void)
{
	return (double)LINE;
}
