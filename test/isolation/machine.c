/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_mempool.h>

#include "cost.h"
#include "heap.h"
#include "weir_view.h"
#include "weir_worker.h"

#define ROOM 9216		     /* bytes of a buffer */
#define BUFFERS 65536u		     /* as weir has by default */
#define BUFFERS_OF_QUEUE 16u	     /* what each of many tenants needs at each worker: see --mbufs in weir(8) */
#define BEGIN (1000 * WEIR_NS_PER_S) /* weir's time at the machine's 0 */

/*
 * An idle worker's rounds are simulated at least so often; those in between, in which nothing can have come, only
 * take their time.
 */
#define IDLE (200 * PS_NS)

static uint64_t
weir_time(uint64_t at)
{
	return BEGIN + at / PS_NS;
}

int
machine_start(struct machine *machine, uint32_t n_workers)
{
	static char args[][32] = {"isolation", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "4096",
	    "--lcores", "0", "--log-level=lib.*:error", "--log-level=pmd.*:error", "--log-level=user1:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	memset(machine, 0, sizeof(*machine));
	machine->n_workers = n_workers;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	if (rte_eal_init((int)WEIR_ARRAY_LEN(args), argv) < 0) {
		(void)fprintf(stderr, "EAL does not start\n");
		return -1;
	}
	for (uint32_t p = 0; p < NET_PORTS; p++)
		if (line_create(&machine->lines[p], p, n_workers) != 0) {
			(void)fprintf(stderr, "no memory for ports\n");
			return -1;
		}
	return 0;
}

/* ---- what leaves ---- */

#define OUTER_ARP_TARGET 38

/* The neighbours of the uplink answer for all their addresses. */
static void
answer_arp(struct machine *machine, const uint8_t *request)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(machine->pool);
	uint8_t *p = m == NULL ? NULL : (uint8_t *)rte_pktmbuf_append(m, 60);

	if (p == NULL)
		rte_panic("no buffer for an answer\n");
	memset(p, 0, 60);
	memcpy(p, request + 6, 6);
	memcpy(p + 6, net_remote_mac.b, 6);
	memcpy(p + 12, request + 12, 8);
	put16(p + 20, 2);
	memcpy(p + 22, net_remote_mac.b, 6);
	memcpy(p + 28, request + OUTER_ARP_TARGET, 4);
	memcpy(p + 32, request + 22, 10);
	if (rte_ring_enqueue(machine->lines[NET_UPLINK].queues[0].rx, m) != 0)
		rte_pktmbuf_free(m);
}

/* Is it where its tenant's frames may be? */
static bool
at_home(const struct machine *machine, uint32_t port, const uint8_t *data, const struct source *source)
{
	const struct net *net = machine->net;
	uint32_t vport = source->spec.vport;

	if (source_port_out(source, net) != port)
		return false;
	if (port == NET_UPLINK)
		return get32(data + 46) >> 8 == net_vni(net->vports[vport].tenant);
	return get16(data + 12) == ETH_VLAN && (get16(data + 14) & 0xfff) == net_vlan(vport);
}

static void
frame_left(void *arg, uint32_t port, struct rte_mbuf *m, uint64_t at)
{
	struct machine *machine = arg;
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t head = port == NET_UPLINK ? NET_OUTER : NET_TAG;
	struct source *source;
	struct tag tag;
	bool marked;

	if (port == NET_UPLINK && get16(data + 12) == ETH_ARP) {
		answer_arp(machine, data);
		return;
	}
	memcpy(&tag, data + head + 42, sizeof(tag));
	if (tag.source >= machine->n_sources || !at_home(machine, port, data, &machine->sources[tag.source])) {
		machine->strayed++;
		return;
	}
	source = &machine->sources[tag.source];
	machine->digest =
	    (machine->digest ^ at ^ (uint64_t)tag.source << 32 ^ tag.seq) * UINT64_C(0x9e3779b97f4a7c15);
	marked = (data[head + ETH_HEADER + 1] & 3) == 3 || (port == NET_UPLINK && (data[ETH_HEADER + 1] & 3) == 3);
	record_left(
	    &source->record, &machine->params.window, tag.born, at, m->pkt_len + RECORD_EXTRA, m->pkt_len - head);
	source_left(source, tag.seq, marked, at);
	if (source->acks != NULL)
		heap_set(machine->heap, tag.source, source_wakes(source));
}

static void
run_lines(struct machine *machine, uint64_t now)
{
	for (uint32_t p = 0; p < machine->net->n_ports; p++)
		line_run(&machine->lines[p], now, frame_left, machine);
}

/* ---- what comes ---- */

static struct rte_mbuf *
buffer(struct machine *machine, uint32_t bytes)
{
	struct rte_mbuf *m = rte_mbuf_raw_alloc(machine->pool);

	if (m == NULL)
		return NULL;
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->ol_flags = 0;
	m->packet_type = 0;
	m->vlan_tci = 0;
	m->pkt_len = bytes;
	m->data_len = (uint16_t)bytes;
	return m;
}

static void
send(struct machine *machine, struct source *source, const struct template *template, uint64_t at)
{
	struct line *line = &machine->lines[source_port_in(source, machine->net)];
	struct rte_mbuf *m = buffer(machine, template->bytes);
	bool counts = at >= machine->params.window.from && at < machine->params.window.to;
	uint8_t unsent[TEMPLATE_SIZE];
	uint32_t lot = source_write(source, template, at, m != NULL ? rte_pktmbuf_mtod(m, uint8_t *) : unsent);
	uint32_t queue = source->spec.pinned ? source->spec.queue : lot;

	source->record.sent += counts;
	if (m == NULL) {
		source->record.no_buffer += counts;
	} else if (rte_ring_sp_enqueue(line->queues[queue % line->n_queues].rx, m) != 0) {
		source->record.ring_full += counts;
		rte_mbuf_raw_free(m);
	}
}

static void
run_sources(struct machine *machine, uint64_t now)
{
	struct heap *heap = machine->heap;

	while (heap_first(heap) <= now) {
		uint32_t i = heap->order[0];
		struct source *source = &machine->sources[i];
		uint64_t at = heap->key[i];
		const struct template *template = source_send(source, at);

		if (template != NULL)
			send(machine, source, template, at);
		heap_set(heap, i, source_wakes(source));
	}
}

/* ---- workers ---- */

/* The meter of a worker's cycles: its clock, and what it has done since that stood still. */
static uint64_t
read_cycles(void *arg)
{
	const struct clock *clock = arg;

	return clock->at * 7 / 2500 + (clock->work == NULL ? 0 : cost_of_work(clock->work) - clock->before);
}

static uint64_t
read_ps(void *arg)
{
	const struct clock *clock = arg;

	return clock->at + COST_PS(clock->work == NULL ? 0 : cost_of_work(clock->work) - clock->before);
}

static void
round_of(struct machine *machine, uint32_t w)
{
	struct weir_worker *worker = weir_gateway_worker(machine->gateway, w);
	const struct weir_work *work = weir_worker_work(worker);
	uint64_t before = cost_of_work(work), sent = work->sent, idle = COST_PS(cost_of_round(machine->net->n_ports));
	struct clock *clock = &machine->clocks[w];
	uint64_t start = clock->at, cost, next;

	clock->work = work;
	clock->before = before;
	line_set_clock(read_ps, clock);
	(void)weir_worker_poll(worker, weir_time(start));
	clock->work = NULL;
	cost = cost_of_work(work) - before;
	clock->at += idle + COST_PS(cost);
	if (work->sent != sent)
		for (uint32_t p = 0; p < machine->net->n_ports; p++)
			line_collect(&machine->lines[p]);
	if (cost > 0) {
		if (start >= machine->params.window.from && start < machine->params.window.to)
			clock->busy += clock->at - start;
		return;
	}
	next = start + IDLE;
	if (heap_first(machine->heap) < next)
		next = heap_first(machine->heap);
	if (next > clock->at)
		clock->at += (next - clock->at + idle - 1) / idle * idle;
}

static void
maintain(struct machine *machine)
{
	weir_gateway_maintain(machine->gateway, weir_time(machine->maintained));
	if (machine->params.tick != NULL)
		machine->params.tick(machine, machine->maintained);
	machine->maintained += MACHINE_MAINTAIN;
}

void
machine_run(struct machine *machine, uint64_t until)
{
	for (;;) {
		uint32_t w = 0;

		for (uint32_t k = 1; k < machine->n_workers; k++)
			if (machine->clocks[k].at < machine->clocks[w].at)
				w = k;
		if (machine->clocks[w].at >= until)
			return;
		machine->now = machine->clocks[w].at;
		while (machine->maintained <= machine->now)
			maintain(machine);
		run_lines(machine, machine->now);
		run_sources(machine, machine->now);
		round_of(machine, w);
	}
}

#define DRAIN (20 * PS_MS) /* longer than anything is kept for */

void
machine_drain(struct machine *machine)
{
	uint64_t end = machine->clocks[0].at + DRAIN;

	for (uint32_t i = 0; i < machine->n_sources; i++)
		machine->sources[i].spec.stop = 0;
	for (uint32_t i = 0; i < machine->n_sources; i++)
		heap_set(machine->heap, i, NEVER);
	machine_run(machine, end);
}

/* ---- life ---- */

/* How many flow slots there are is said at the start, by a file. */
static int
restore(struct weir_gateway *gateway, uint32_t flows, struct weir_err *err)
{
	char path[] = "/tmp/weir-isolation.XXXXXX";
	int fd = mkstemp(path), rc = -1;

	if (fd >= 0 && dprintf(fd, "{\"settings\":{\"flows\":%u}}", flows) > 0)
		rc = weir_gateway_restore(gateway, path, err);
	if (fd >= 0) {
		(void)close(fd);
		(void)unlink(path);
	}
	return rc;
}

static int
load(struct machine *machine, struct weir_err *err)
{
	struct weir_outcome outcome;
	char *text = net_document(machine->net);
	int rc = weir_gateway_load(machine->gateway, text, strlen(text), false, &outcome, err);

	free(text);
	return rc;
}

/* Neighbours ask and are answered while nothing else happens; the machine's time stands still. */
static void
settle(struct machine *machine)
{
	const uint64_t step = 10 * WEIR_NS_PER_MS;

	for (uint32_t i = 0; i < 100; i++) {
		uint64_t now = BEGIN - (100 - i) * step;

		weir_gateway_maintain(machine->gateway, now);
		for (uint32_t w = 0; w < machine->n_workers; w++)
			(void)weir_worker_poll(weir_gateway_worker(machine->gateway, w), now);
		for (uint32_t p = 0; p < machine->net->n_ports; p++)
			line_collect(&machine->lines[p]);
		run_lines(machine, UINT64_MAX);
		for (uint32_t p = 0; p < machine->net->n_ports; p++)
			machine->lines[p].busy = machine->lines[p].due = 0;
	}
}

static void
make_sources(struct machine *machine)
{
	const struct machine_params *params = &machine->params;

	machine->n_sources = params->n_specs;
	machine->sources = calloc(params->n_specs, sizeof(*machine->sources));
	machine->heap = heap_create(params->n_specs);
	if (machine->sources == NULL)
		abort();
	for (uint32_t i = 0; i < params->n_specs; i++) {
		source_init(&machine->sources[i], i, &params->specs[i], params->net, &params->window);
		heap_set(machine->heap, i, source_wakes(&machine->sources[i]));
	}
}

int
machine_open(struct machine *machine, const struct machine_params *params)
{
	void *meters[MACHINE_WORKERS];
	struct weir_gateway_params gateway = {
	    .n_workers = machine->n_workers,
	    .mbufs = RTE_MAX(BUFFERS, BUFFERS_OF_QUEUE * params->net->n_tenants * machine->n_workers),
	    .mbuf_size = ROOM,
	    .now = BEGIN - WEIR_NS_PER_S,
	    .cycles = read_cycles,
	    .cycles_args = meters,
	};
	struct weir_err err = {0};

	machine->params = *params;
	machine->net = params->net;
	machine->now = machine->maintained = machine->strayed = machine->digest = 0;
	for (uint32_t p = 0; p < params->net->n_ports; p++)
		machine->lines[p].bps = params->net->ports[p].wire;
	for (uint32_t w = 0; w < MACHINE_WORKERS; w++)
		meters[w] = &machine->clocks[w];
	/* Workers do not go in step. */
	for (uint32_t w = 0; w < machine->n_workers; w++)
		machine->clocks[w] = (struct clock){.at = w * 37 * PS_NS};
	machine->gateway = weir_gateway_create(&gateway, &err);
	if (machine->gateway != NULL && restore(machine->gateway, params->flows, &err) == 0 &&
	    load(machine, &err) == 0) {
		machine->pool = rte_mempool_lookup("weir_mbufs");
		for (uint32_t p = 0; p < params->net->n_ports; p++)
			line_watch(&machine->lines[p]);
		settle(machine);
		make_sources(machine);
		return 0;
	}
	(void)fprintf(stderr, "no gateway: %s: %s\n", err.path, err.msg);
	weir_gateway_free(machine->gateway);
	return -1;
}

void
machine_patch(struct machine *machine, const char *text)
{
	struct weir_outcome outcome;
	struct weir_err err = {0};
	char json[1024];
	size_t len = strlen(text);

	if (len >= sizeof(json))
		rte_panic("a patch of %zu characters\n", len);
	for (size_t i = 0; i < len; i++)
		json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	if (weir_gateway_patch(machine->gateway, json, len, false, &outcome, &err) != 0)
		rte_panic("patch refused: %s: %s\n", err.path, err.msg);
}

void
machine_close(struct machine *machine, struct machine_end *end)
{
	struct weir_count sum;
	uint64_t time;

	for (uint32_t p = 0; p < NET_PORTS; p++)
		line_clear(&machine->lines[p]);
	(void)weir_view_conservation(machine->gateway, NULL, &sum, NULL, &time);
	end->balance = weir_view_balance(&sum);
	end->buffers_lost = rte_mempool_in_use_count(machine->pool) - (uint32_t)(sum.held_in - sum.held_out);
	weir_gateway_free(machine->gateway);
	for (uint32_t i = 0; i < machine->n_sources; i++)
		source_free(&machine->sources[i]);
	free(machine->sources);
	heap_free(machine->heap);
}
