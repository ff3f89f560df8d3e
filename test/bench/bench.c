/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet takes through the gateway, beside a bare receive-and-transmit loop over the same two ports in the
 * same run: chunks of one and of the other take turns, and their difference is taken pair by pair, so that what the
 * machine does to both cancels out.
 *
 *     bench [EAL options] -- --config FILE --source DEVICE --sink DEVICE [--pairs N] [--chunk-ms N]
 *
 * Everything runs on one thread: the gateway's one worker is polled by hand, its maintenance steps in between, off
 * the clock. Prints one JSON object. Exit status 1 if a packet did not come out of the sink, since then the figure is
 * not of the work it claims to be.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "weir_flow.h"
#include "weir_gateway.h"
#include "weir_view.h"
#include "weir_worker.h"

#define BURST 32
#define MBUFS 262143 /* net_pcap keeps one for each frame of its file */
#define MBUF_SIZE 2048
#define WARM_UP_MS 1500 /* several turns through 100,000 frames */
#define MAX_PAIRS 1000

struct bench {
	const char *config, *source, *sink;
	uint32_t n_pairs, chunk_ms;
	struct weir_clock clock;
	struct weir_gateway *gateway;
	struct weir_worker *worker;
	uint16_t rx, tx;
	uint64_t lost;
};

/* ---- what is measured: until `end` ---- */

static void
run_bare(struct bench *bench, uint64_t end)
{
	struct rte_mbuf *m[BURST];

	while (rte_rdtsc() < end) {
		uint16_t n = rte_eth_rx_burst(bench->rx, 0, m, BURST);
		uint16_t sent = rte_eth_tx_burst(bench->tx, 0, m, n);

		if (sent < n)
			rte_pktmbuf_free_bulk(&m[sent], (unsigned int)(n - sent));
	}
}

static void
run_weir(struct bench *bench, uint64_t end)
{
	uint64_t tsc;

	while ((tsc = rte_rdtsc()) < end)
		(void)weir_worker_poll(bench->worker, weir_clock_at(&bench->clock, tsc));
}

static void
maintain(struct bench *bench)
{
	weir_clock_discipline(&bench->clock);
	weir_gateway_maintain(bench->gateway, weir_clock_now(&bench->clock));
}

/* Cycles per packet over one chunk. Packets are what the drivers count. */
static double
measure(struct bench *bench, void (*run)(struct bench *, uint64_t))
{
	struct rte_eth_stats in0 = {0}, in = {0}, out0 = {0}, out = {0};
	uint64_t start, cycles, packets;

	(void)rte_eth_stats_get(bench->rx, &in0);
	(void)rte_eth_stats_get(bench->tx, &out0);
	start = rte_rdtsc();
	run(bench, start + rte_get_tsc_hz() / 1000 * bench->chunk_ms);
	cycles = rte_rdtsc() - start;
	(void)rte_eth_stats_get(bench->rx, &in);
	(void)rte_eth_stats_get(bench->tx, &out);
	maintain(bench);
	packets = in.ipackets - in0.ipackets;
	bench->lost += packets - (out.opackets - out0.opackets);
	return packets != 0 ? (double)cycles / (double)packets : 0;
}

/* MACs learned, every flow in its slot. */
static void
warm_up(struct bench *bench)
{
	uint64_t ms = rte_get_tsc_hz() / 1000;

	for (uint32_t i = 0; i < WARM_UP_MS; i++) {
		run_weir(bench, rte_rdtsc() + ms);
		maintain(bench);
	}
}

/* ---- figures ---- */

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_figure(const char *name, double values[], uint32_t n, const char *end)
{
	qsort(values, n, sizeof(*values), compare);
	(void)printf("\"%s\":{\"median\":%.1f,\"p10\":%.1f,\"p90\":%.1f}%s", name, values[n / 2], values[n / 10],
	    values[n * 9 / 10], end);
}

static void
run_pairs(struct bench *bench)
{
	static double bare[MAX_PAIRS], weir[MAX_PAIRS], over[MAX_PAIRS];

	for (uint32_t i = 0; i < bench->n_pairs; i++) {
		if (i % 2 == 0)
			bare[i] = measure(bench, run_bare);
		weir[i] = measure(bench, run_weir);
		if (i % 2 != 0)
			bare[i] = measure(bench, run_bare);
		over[i] = weir[i] - bare[i];
	}
	(void)printf("{\"pairs\":%u,\"flows_cached\":%u,\"lost\":%" PRIu64 ",", bench->n_pairs,
	    weir_flows_count(weir_worker_flows(bench->worker)), bench->lost);
	print_figure("bare", bare, bench->n_pairs, ",");
	print_figure("weir", weir, bench->n_pairs, ",");
	print_figure("over", over, bench->n_pairs, "}\n");
}

/* Why packets did not come out of the sink. */
static void
print_drops(struct bench *bench)
{
	struct weir_tally tally;
	uint64_t time;

	(void)fprintf(stderr, "bench: %" PRIu64 " packets lost", bench->lost);
	if (weir_view_drops(bench->gateway, NULL, &tally, &time) != 0)
		return;
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
		if (tally.reasons[r].packets != 0)
			(void)fprintf(
			    stderr, ", %s %" PRIu64, weir_reason_name((enum weir_reason)r), tally.reasons[r].packets);
	(void)fprintf(stderr, "\n");
}

/* ---- getting there ---- */

static char *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	long size = 0;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0)
		text = malloc((size_t)size);
	*len = text != NULL ? fread(text, 1, (size_t)size, file) : 0;
	(void)fclose(file);
	return text;
}

static int
set_up(struct bench *bench)
{
	struct weir_gateway_params params = {
	    .n_workers = 1,
	    .mbufs = MBUFS,
	    .mbuf_size = MBUF_SIZE,
	    .clock = &bench->clock,
	};
	struct weir_outcome outcome;
	struct weir_err err = {0};
	size_t len = 0;
	char *text = read_file(bench->config, &len);
	int ret;

	if (text == NULL)
		return weir_err(&err, errno, "", "%s", bench->config);
	weir_clock_init(&bench->clock);
	params.now = weir_clock_now(&bench->clock);
	bench->gateway = weir_gateway_create(&params, &err);
	ret = bench->gateway == NULL ? -ENOMEM : weir_gateway_load(bench->gateway, text, len, false, &outcome, &err);
	free(text);
	if (ret == 0 && (rte_eth_dev_get_port_by_name(bench->source, &bench->rx) != 0 ||
			    rte_eth_dev_get_port_by_name(bench->sink, &bench->tx) != 0))
		ret = weir_err(&err, ENODEV, "", "no device %s or %s", bench->source, bench->sink);
	if (ret != 0) {
		(void)fprintf(stderr, "bench: %s %s\n", err.path, err.msg);
		return ret;
	}
	bench->worker = weir_gateway_worker(bench->gateway, 0);
	return 0;
}

static bool
parse_number(const char *text, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*number = (uint32_t)value;
	return end != text && *end == '\0' && value >= 1 && value <= max;
}

static int
parse_args(int argc, char **argv, struct bench *bench)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
	    {"source", required_argument, NULL, 's'}, {"sink", required_argument, NULL, 'k'},
	    {"pairs", required_argument, NULL, 'p'}, {"chunk-ms", required_argument, NULL, 'm'}, {0}};
	bool ok = true;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'c')
			bench->config = optarg;
		else if (c == 's')
			bench->source = optarg;
		else if (c == 'k')
			bench->sink = optarg;
		else if (c == 'p')
			ok = ok && parse_number(optarg, MAX_PAIRS, &bench->n_pairs);
		else if (c == 'm')
			ok = ok && parse_number(optarg, 10000, &bench->chunk_ms);
		else
			ok = false;
	}
	return ok && bench->config != NULL && bench->source != NULL && bench->sink != NULL ? 0 : -EINVAL;
}

int
main(int argc, char **argv)
{
	static struct bench bench = {.n_pairs = 40, .chunk_ms = 50};
	int eal = rte_eal_init(argc, argv);

	if (eal < 0) {
		(void)fprintf(stderr, "bench: EAL did not start\n");
		return 1;
	}
	if (parse_args(argc - eal, argv + eal, &bench) != 0) {
		(void)fprintf(stderr, "usage: bench [EAL options] -- --config FILE --source DEVICE --sink DEVICE "
				      "[--pairs N] [--chunk-ms N]\n");
		return 2;
	}
	if (set_up(&bench) == 0) {
		warm_up(&bench);
		run_pairs(&bench);
		if (bench.lost != 0)
			print_drops(&bench);
	} else {
		bench.lost = 1;
	}
	weir_gateway_free(bench.gateway);
	(void)rte_eal_cleanup();
	return bench.lost == 0 ? 0 : 1;
}
