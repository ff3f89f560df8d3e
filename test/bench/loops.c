/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured, and how a chunk of it is. */
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "bench.h"
#include "gateway_priv.h"

#define BURST 32 /* as the gateway's */

uint64_t
bench_received(void)
{
	uint64_t packets = 0;

	for (uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++) {
		struct rte_eth_stats stats;

		if (rte_eth_dev_is_valid_port(port) && rte_eth_stats_get(port, &stats) == 0)
			packets += stats.ipackets;
	}
	return packets;
}

uint64_t
bench_chunk_end(const struct bench *bench)
{
	return rte_rdtsc() + rte_get_tsc_hz() / 1000 * bench->chunk_ms;
}

uint64_t
bench_bare(const struct bench *bench, uint64_t end)
{
	struct rte_mbuf *m[BURST];
	uint64_t packets = 0;

	while (rte_rdtsc() < end) {
		uint16_t n = rte_eth_rx_burst(bench->rx, 0, m, BURST);
		uint16_t sent = rte_eth_tx_burst(bench->tx, 0, m, n);

		if (sent < n)
			rte_pktmbuf_free_bulk(&m[sent], (unsigned int)(n - sent));
		packets += n;
	}
	return packets;
}

uint64_t
bench_poll(const struct bench *bench, uint32_t index, uint64_t *now, uint64_t end)
{
	struct weir_worker *worker = weir_gateway_worker(bench->gateway, index);
	uint64_t tsc = rte_rdtsc(), offset = weir_clock_at(&bench->clock, tsc) - *now, packets = 0;

	for (; tsc < end; tsc = rte_rdtsc())
		packets += weir_worker_poll(worker, weir_clock_at(&bench->clock, tsc) - offset);
	*now = weir_clock_at(&bench->clock, tsc) - offset;
	return packets;
}

void
bench_maintain(struct bench *bench)
{
	weir_clock_discipline(&bench->clock);
	weir_gateway_maintain(bench->gateway, bench->now);
}

double
bench_chunk(struct bench *bench, bool bare)
{
	uint64_t start = rte_rdtsc(), end = bench_chunk_end(bench), cycles;
	uint64_t packets = bare ? bench_bare(bench, end) : bench_poll(bench, 0, &bench->now, end);

	cycles = rte_rdtsc() - start;
	if (!bare)
		bench_maintain(bench);
	return packets != 0 ? (double)cycles / (double)packets : 0;
}

void
bench_warm_up(struct bench *bench)
{
	uint64_t ms = rte_get_tsc_hz() / 1000, packets = 0;

	for (uint32_t i = 0; i < bench->warm_ms || packets < bench->warm_packets; i++) {
		for (uint32_t w = 0; w < bench->mode->n_workers; w++)
			packets += bench_poll(bench, w, &bench->now, rte_rdtsc() + ms);
		bench_maintain(bench);
	}
}

int
bench_pairs(struct bench *bench)
{
	static double bare[BENCH_PAIRS_MAX], weir[BENCH_PAIRS_MAX];

	for (uint32_t i = 0; i < bench->n_pairs; i++) {
		if (i % 2 == 0)
			bare[i] = bench_chunk(bench, true);
		weir[i] = bench_chunk(bench, false);
		if (i % 2 != 0)
			bare[i] = bench_chunk(bench, true);
	}
	bench_print_samples("bare", bare, bench->n_pairs);
	bench_print_samples("weir", weir, bench->n_pairs);
	return 0;
}

int
bench_shed(struct bench *bench)
{
	const struct weir_vnet *vnet = bench->gateway->vnet;

	for (uint32_t id = 0; id < WEIR_TENANTS_MAX; id++)
		if (vnet->tenants[id] != NULL)
			vnet->tenants[id]->quota_cpu = 1;
	return bench_pairs(bench);
}
