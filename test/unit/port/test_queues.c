/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues by device and workers; hand-off where workers outnumber them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_eth_ring.h>

#include "fixture.h"

Test(queues, a_wide_device_gets_one_of_each_kind_a_worker)
{
	start_eal();
	for (uint32_t n = 1; n <= 8; n++) {
		struct weir_ports *ports = make_ports(n);
		struct weir_port *port = open_devargs(ports, "p", "net_null0,no-rx=1");
		uint32_t seen = 0;

		cr_assert_eq(port->n_rxq, n);
		cr_assert_eq(port->n_txq, n);
		for (uint32_t w = 0; w < n; w++)
			seen |= 1u << port->txq_of[w];
		cr_assert_eq(seen, (1u << n) - 1, "each worker has its own");
		for (uint32_t w = n; w < WEIR_WORKERS_MAX; w++)
			cr_assert_eq(port->txq_of[w], WEIR_TX_BY_HANDOFF);
		weir_ports_free(ports);
	}
}

static void
make_ring_port(const char *name, uint32_t n_rx, uint32_t n_tx)
{
	struct rte_ring *ring[16];
	char ring_name[32];

	for (uint32_t i = 0; i < n_rx || i < n_tx; i++) {
		snprintf(ring_name, sizeof(ring_name), "%s%u", name, i);
		ring[i] = rte_ring_create(ring_name, 64, SOCKET_ID_ANY, 0);
		cr_assert_not_null(ring[i]);
	}
	cr_assert_geq(rte_eth_from_rings(name, ring, n_rx, ring, n_tx, 0), 0);
}

/* Narrow ports: their queues go round the workers, so that no worker sends for all. */
Test(queues, few_transmit_queues_spread_over_workers)
{
	struct weir_ports *ports;
	uint32_t owned[4] = {0}, handoffs[4] = {0};

	start_eal();
	ports = make_ports(4);
	for (uint32_t i = 0; i < 8; i++) {
		char name[16], device[32];
		struct weir_port *port;
		uint32_t owners = 0;

		snprintf(name, sizeof(name), "w%u", i);
		snprintf(device, sizeof(device), "net_ring_w%u", i);
		make_ring_port(name, 1, 1 + i / 4);
		port = open_device(ports, name, device);
		cr_assert_eq(port->n_rxq, 1);
		cr_assert_eq(port->n_txq, 1 + i / 4);
		for (uint32_t w = 0; w < 4; w++) {
			if (port->txq_of[w] == WEIR_TX_BY_HANDOFF)
				continue;
			cr_assert_lt(port->txq_of[w], port->n_txq);
			owners++;
			owned[w]++;
		}
		cr_assert_eq(owners, port->n_txq);
		cr_assert_neq(port->txq_of[port->handoff_owner], WEIR_TX_BY_HANDOFF);
		handoffs[port->handoff_owner]++;
	}
	for (uint32_t w = 0; w < 4; w++) {
		cr_assert_eq(owned[w], 3);
		cr_assert_eq(handoffs[w], 2);
	}
	weir_ports_free(ports);
}

/* Captures play in each of their queues, whoever is there to listen. */
Test(queues, all_of_a_pcap_are_polled)
{
	struct weir_ports *ports;
	struct weir_port *port;
	struct weir_err err;
	struct rte_mbuf *m[8];
	char dir[] = "/tmp/weir-port-XXXXXX", path[64], devargs[256] = "net_pcap0";

	start_eal();
	ports = make_ports(1);
	cr_assert_not_null(mkdtemp(dir));
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%u.pcap", dir, i);
		write_pcap(path, i + 1);
		snprintf(devargs + strlen(devargs), sizeof(devargs) - strlen(devargs), ",rx_pcap=%s", path);
	}
	port = open_devargs(ports, "p", devargs);
	cr_assert_eq(port->n_rxq, 3);
	cr_assert_eq(port->n_txq, 1);
	for (uint16_t q = 0; q < 3; q++) {
		cr_assert_eq(rte_eth_rx_burst(port->ethdev, q, m, 8), q + 1);
		rte_pktmbuf_free_bulk(m, q + 1u);
	}
	close_port(ports, port);
	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = devargs, .queues = 2}, &err);
	cr_assert_eq(err.errnum, ENOTSUP);
	cr_assert(strstr(err.msg, "3 receive queues"), "%s", err.msg);
	cr_assert_eq(rte_eth_dev_count_total(), 0);
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%u.pcap", dir, i);
		unlink(path);
	}
	rmdir(dir);
	weir_ports_free(ports);
}

Test(queues, as_many_as_asked_for)
{
	struct weir_port_params params = {.name = "p", .devargs = "net_null0,no-rx=1", .queues = 5};
	struct weir_ports *ports;
	struct weir_port *port;
	struct weir_err err = {0};

	start_eal();
	ports = make_ports(2);
	port = weir_port_open(ports, &params, &err);
	cr_assert_not_null(port, "%s", err.msg);
	cr_assert_eq(port->n_rxq, 5);
	cr_assert_eq(port->n_txq, 2);
	close_port(ports, port);
	params.queues = 1025;
	refuse(ports, &params, &err);
	cr_assert_eq(err.errnum, ENOTSUP);
	cr_assert(strstr(err.msg, "1024 receive queues"), "%s", err.msg);
	weir_ports_free(ports);
}

#define N_PRODUCERS 4
#define PER_PRODUCER 20000

struct producer {
	struct rte_ring *ring;
	uintptr_t id;
};

/* EAL has put the test on one core; these are to run at the same time. */
static void
use_all_cores(void)
{
	cpu_set_t cores;

	memset(&cores, 0xff, sizeof(cores));
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cores), &cores);
}

static void *
produce(void *arg)
{
	struct producer *producer = arg;

	use_all_cores();
	for (uintptr_t i = 1; i <= PER_PRODUCER;) {
		uintptr_t item = producer->id << 32 | i;
		void *burst[1];

		memcpy(burst, &item, sizeof(item));
		if (rte_ring_enqueue_burst(producer->ring, burst, 1, NULL) == 1)
			i++;
		else
			(void)sched_yield();
	}
	return NULL;
}

/* Whatever each producer hands over comes out in its order, and nothing is lost. */
Test(queues, handoff_keeps_the_order_of_each_producer)
{
	uintptr_t last[N_PRODUCERS] = {0};
	struct producer producer[N_PRODUCERS];
	pthread_t thread[N_PRODUCERS];
	struct weir_ports *ports;
	struct weir_port *port;
	uint32_t got = 0;

	start_eal();
	ports = make_ports(1);
	port = open_devargs(ports, "p", "net_null0,no-rx=1");
	cr_assert_not(rte_ring_is_prod_single(port->handoff));
	use_all_cores();
	for (uintptr_t i = 0; i < N_PRODUCERS; i++) {
		producer[i] = (struct producer){port->handoff, i};
		cr_assert_eq(pthread_create(&thread[i], NULL, produce, &producer[i]), 0);
	}
	while (got < N_PRODUCERS * PER_PRODUCER) {
		uintptr_t item[32];
		void *burst[32];
		uint32_t n = rte_ring_dequeue_burst(port->handoff, burst, 32, NULL);

		memcpy(item, burst, sizeof(item));
		for (uint32_t i = 0; i < n; i++) {
			uintptr_t id = item[i] >> 32;

			cr_assert_lt(id, N_PRODUCERS);
			cr_assert_eq(item[i] & UINT32_MAX, ++last[id]);
		}
		got += n;
	}
	for (uint32_t i = 0; i < N_PRODUCERS; i++)
		pthread_join(thread[i], NULL);
	cr_assert_eq(rte_ring_count(port->handoff), 0);
	weir_ports_free(ports);
}

Test(queues, close_hands_back_what_waits)
{
	struct weir_ports *ports;
	struct weir_port *port;
	uint32_t leftovers = 0, put = 0;

	start_eal();
	ports = make_ports(2);
	port = open_devargs(ports, "p", "net_null0,no-rx=1");
	for (;; put++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		cr_assert_not_null(m);
		if (rte_ring_enqueue(port->handoff, m) != 0) {
			rte_pktmbuf_free(m);
			break;
		}
	}
	cr_assert_eq(put, WEIR_HANDOFF_SIZE - 1);
	weir_port_close(ports, port, count_leftover, &leftovers);
	cr_assert_eq(leftovers, put);
	cr_assert_eq(rte_mempool_in_use_count(pool), 0);
	weir_ports_free(ports);
}
