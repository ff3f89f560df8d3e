/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "bench.h"
#include "weir_view.h"

/* Anonymous memory: EAL's own pages are shared or huge, and counted by what its heap has given out. */
uint64_t
bench_memory(void)
{
	struct rte_malloc_socket_stats heap = {0};
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	uint64_t kb = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtoull(line + 8, NULL, 10);
	}
	if (file != NULL)
		(void)fclose(file);
	(void)rte_malloc_get_socket_stats(0, &heap);
	return kb * 1024 + heap.heap_allocsz_bytes;
}

void
bench_print_samples(const char *name, const double samples[], uint32_t n)
{
	(void)printf("\"%s\":[", name);
	for (uint32_t i = 0; i < n; i++)
		(void)printf("%s%.2f", i == 0 ? "" : ",", samples[i]);
	(void)printf("],");
}

static uint64_t
sent(void)
{
	uint64_t packets = 0;

	for (uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++) {
		struct rte_eth_stats stats;

		if (rte_eth_dev_is_valid_port(port) && rte_eth_stats_get(port, &stats) == 0)
			packets += stats.opackets;
	}
	return packets;
}

void
bench_totals(struct weir_gateway *gateway, struct bench_totals *totals)
{
	struct weir_count sum;
	uint64_t time;

	(void)weir_view_conservation(gateway, NULL, &sum, NULL, &time);
	*totals = (struct bench_totals){.in = bench_received(),
	    .out = sent(),
	    .made = sum.generated + sum.copies,
	    .used = sum.consumed,
	    .held = sum.held_in - sum.held_out,
	    .dropped = sum.rx_drop_packets + sum.tx_drop_packets};
}

static void
print_drops(struct weir_gateway *gateway)
{
	struct weir_tally tally;
	uint64_t time;

	if (weir_view_drops(gateway, NULL, &tally, &time) != 0)
		return;
	(void)fprintf(stderr, "bench: dropped since the start:");
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
		if (tally.reasons[r].packets != 0)
			(void)fprintf(
			    stderr, " %s %" PRIu64, weir_reason_name((enum weir_reason)r), tally.reasons[r].packets);
	(void)fprintf(stderr, "\n");
}

/* Cycles of one packet in each stage, over the whole run. */
static void
print_stages(struct weir_gateway *gateway)
{
	static const char *const names[WEIR_STAGES] = {"rx", "parse", "lookup", "police", "forward", "tx"};
	struct weir_worker_stats stats;

	weir_worker_stats(weir_gateway_worker(gateway, 0), &stats);
	(void)printf("\"stages\":{");
	for (uint32_t s = 0; s < WEIR_STAGES && stats.stages.packets > 0; s++)
		(void)printf("%s\"%s\":%.1f", s > 0 ? "," : "", names[s],
		    (double)stats.stages.cycles[s] / (double)stats.stages.packets);
	(void)printf("},");
}

bool
bench_report(struct bench *bench)
{
	const struct bench_totals *before = &bench->before;
	struct bench_totals after;
	struct weir_view_info info;
	uint64_t in, out, lost, dropped;

	print_stages(bench->gateway);
	weir_view_info(bench->gateway, &info);
	bench_totals(bench->gateway, &after);
	in = after.in - before->in + after.made - before->made;
	out = after.out - before->out + after.used - before->used + after.held - before->held;
	(void)printf("\"hz\":%" PRIu64 ",\"load_seconds\":%.3f,\"load_bytes\":%" PRIu64 ",\"warm_bytes\":%" PRIu64
		     ",\"flows\":%u,\"flow_slots\":%u,\"received\":%" PRIu64 ",\"lost\":%" PRIi64,
	    rte_get_tsc_hz(), bench->load_seconds, bench->grown[0], bench->grown[1], info.flows, info.flow_slots,
	    after.in - before->in, (int64_t)(in - out));
	dropped = after.dropped - before->dropped;
	lost = in - out;
	if (lost == (bench->mode->drops ? dropped : 0))
		return true;
	(void)fprintf(stderr,
	    "bench: %" PRIu64 " packets received or made, %" PRIu64 " sent or used, %" PRIu64 " dropped\n", in, out,
	    dropped);
	print_drops(bench->gateway);
	return false;
}
