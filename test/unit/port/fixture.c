/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_mbuf.h>

#include "fixture.h"

struct rte_mempool *pool;

void
start_eal(void)
{
	static const char *const args[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
	    "256", "-l", "0", "--log-level=lib.*:error", "--file-prefix=weir-test-port"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = strdup(args[i]);
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	pool = rte_pktmbuf_pool_create("pool", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert_not_null(pool);
}

struct weir_ports *
make_ports(uint32_t n_workers)
{
	struct weir_ports_params params = {.n_workers = n_workers, .pool = pool, .rx_desc = 512, .tx_desc = 512};
	struct weir_ports *ports = weir_ports_create(&params);

	cr_assert_not_null(ports);
	return ports;
}

static struct weir_port *
open_port(struct weir_ports *ports, const struct weir_port_params *params)
{
	struct weir_err err = {0};
	struct weir_port *port = weir_port_open(ports, params, &err);

	cr_assert_not_null(port, "%s", err.msg);
	return port;
}

struct weir_port *
open_devargs(struct weir_ports *ports, const char *name, const char *devargs)
{
	return open_port(ports, &(struct weir_port_params){.name = name, .devargs = devargs});
}

struct weir_port *
open_device(struct weir_ports *ports, const char *name, const char *device)
{
	return open_port(ports, &(struct weir_port_params){.name = name, .device = device});
}

void
refuse(struct weir_ports *ports, const struct weir_port_params *params, struct weir_err *err)
{
	memset(err, 0, sizeof(*err));
	cr_assert_null(weir_port_open(ports, params, err));
	cr_assert_neq(err->errnum, 0);
	cr_assert_str_empty(err->path);
}

void
count_leftover(void *arg, struct rte_mbuf *m)
{
	uint32_t *count = arg;

	(*count)++;
	rte_pktmbuf_free(m);
}

void
close_port(struct weir_ports *ports, struct weir_port *port)
{
	uint32_t leftovers = 0;

	weir_port_close(ports, port, count_leftover, &leftovers);
	cr_assert_eq(leftovers, 0);
}

void
write_pcap(const char *path, uint32_t n)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	FILE *file = fopen(path, "wb");

	cr_assert_not_null(file);
	fwrite(header, sizeof(header), 1, file);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t record[4] = {i, 0, 64, 64};
		uint8_t frame[64] = {[20] = (uint8_t)i};

		fwrite(record, sizeof(record), 1, file);
		fwrite(frame, sizeof(frame), 1, file);
	}
	fclose(file);
}
