/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *     bench [EAL options] -- --config FILE --source DEVICE --sink DEVICE [--mode pairs|shed|full|workers|readers]
 *         [--pairs N] [--chunk-ms N] [--warm-ms N] [--warm-packets N]
 *
 * Exit status 1 if a packet did not come out of a sink, since then the figure is not of the work it claims to be.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "bench.h"

#define MBUFS 32767
#define MBUF_SIZE 2048

static const struct bench_mode modes[] = {
    {.name = "pairs", .n_workers = 1, .run = bench_pairs},
    {.name = "shed", .n_workers = 1, .drops = true, .run = bench_shed},
    {.name = "full", .n_workers = 1, .drops = true, .run = bench_pairs},
    {.name = "workers", .n_workers = 2, .run = bench_workers},
    {.name = "readers", .n_workers = 1, .threads = true, .run = bench_readers},
};

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

static struct weir_gateway *
create(struct bench *bench, struct weir_err *err)
{
	static unsigned int lcores[BENCH_WORKERS_MAX];
	struct weir_gateway_params params = {
	    .n_workers = bench->mode->n_workers, .mbufs = MBUFS, .mbuf_size = MBUF_SIZE};

	weir_clock_init(&bench->clock);
	bench->now = weir_clock_now(&bench->clock);
	params.now = bench->now;
	if (bench->mode->threads) {
		lcores[0] = rte_get_next_lcore(rte_lcore_id(), 1, 0);
		params.lcores = lcores;
		params.clock = &bench->clock;
	}
	return weir_gateway_create(&params, err);
}

static int
set_up(struct bench *bench)
{
	uint64_t before = bench_memory(), start = rte_rdtsc();
	struct weir_outcome outcome;
	struct weir_err err = {0};
	size_t len = 0;
	char *text = read_file(bench->config, &len);
	int ret;

	if (text == NULL)
		ret = weir_err(&err, errno, "", "cannot read %s", bench->config);
	else if ((bench->gateway = create(bench, &err)) == NULL)
		ret = -ENOMEM;
	else
		ret = weir_gateway_load(bench->gateway, text, len, false, &outcome, &err);
	free(text);
	if (ret == 0 && (rte_eth_dev_get_port_by_name(bench->source, &bench->rx) != 0 ||
			    rte_eth_dev_get_port_by_name(bench->sink, &bench->tx) != 0))
		ret = weir_err(&err, ENODEV, "", "no device %s or %s", bench->source, bench->sink);
	if (ret != 0)
		(void)fprintf(stderr, "bench: %s %s\n", err.path, err.msg);
	bench->load_seconds = (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz();
	bench->grown[0] = bench_memory() - before;
	return ret;
}

/* Measures and prints. Returns false if it cannot, or if packets are missing. */
static bool
run(struct bench *bench)
{
	uint64_t before = bench_memory();
	bool ok;

	(void)printf("{");
	if (!bench->mode->threads) {
		bench_warm_up(bench);
		bench_totals(bench->gateway, &bench->before);
	}
	ok = bench->mode->run(bench) == 0;
	bench->grown[1] = bench_memory() - before;
	ok = bench_report(bench) && ok;
	(void)printf("}\n");
	return ok;
}

/* ---- arguments ---- */

static bool
parse_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *number <= max;
}

static bool
parse_mode(const char *name, struct bench *bench)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(modes); i++) {
		bench->mode = &modes[i];
		if (strcmp(name, modes[i].name) == 0)
			return true;
	}
	return false;
}

static bool
parse_option(int c, const char *value, struct bench *bench)
{
	uint64_t number = 0;
	bool ok = true;

	if (c == 'c')
		bench->config = value;
	else if (c == 's')
		bench->source = value;
	else if (c == 'k')
		bench->sink = value;
	else if (c == 'o')
		ok = parse_mode(value, bench);
	else
		ok = parse_number(value, c == 'n' ? UINT64_MAX : c == 'p' ? BENCH_PAIRS_MAX : 100000, &number);
	if (c == 'p')
		bench->n_pairs = (uint32_t)number;
	else if (c == 'm')
		bench->chunk_ms = (uint32_t)number;
	else if (c == 'w')
		bench->warm_ms = (uint32_t)number;
	else if (c == 'n')
		bench->warm_packets = number;
	return ok;
}

static int
parse_args(int argc, char **argv, struct bench *bench)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
	    {"source", required_argument, NULL, 's'}, {"sink", required_argument, NULL, 'k'},
	    {"mode", required_argument, NULL, 'o'}, {"pairs", required_argument, NULL, 'p'},
	    {"chunk-ms", required_argument, NULL, 'm'}, {"warm-ms", required_argument, NULL, 'w'},
	    {"warm-packets", required_argument, NULL, 'n'}, {0}};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?' || !parse_option(c, optarg, bench))
			return -EINVAL;
	}
	return bench->config != NULL && bench->source != NULL && bench->sink != NULL ? 0 : -EINVAL;
}

int
main(int argc, char **argv)
{
	static struct bench bench = {.mode = &modes[0], .n_pairs = 40, .chunk_ms = 50, .warm_ms = 100};
	int eal = rte_eal_init(argc, argv);
	bool ok;

	if (eal < 0) {
		(void)fprintf(stderr, "bench: EAL did not start\n");
		return 1;
	}
	if (parse_args(argc - eal, argv + eal, &bench) != 0 ||
	    rte_lcore_count() < bench.mode->n_workers + bench.mode->threads) {
		(void)fprintf(stderr,
		    "usage: bench [EAL options] -- --config FILE --source DEVICE --sink DEVICE "
		    "[--mode pairs|shed|full|workers|readers] [--pairs N] [--chunk-ms N] [--warm-ms N] "
		    "[--warm-packets N]\n");
		return 2;
	}
	ok = set_up(&bench) == 0 && run(&bench);
	weir_gateway_free(bench.gateway);
	(void)rte_eal_cleanup();
	return ok ? 0 : 1;
}
