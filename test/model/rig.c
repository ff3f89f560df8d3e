/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "rig.h"
#include "weir_pipeline.h"
#include "weir_worker.h"

#define RING_SIZE 4096
#define BUFFERS 16383
#define ROOM 2048

static struct rte_mempool *pool;
static struct rte_ring *rx[TOPO_PORTS][TOPO_QUEUES], *tx[TOPO_PORTS][TOPO_QUEUES];

static int
make_port(uint32_t p)
{
	struct rte_ether_addr mac;
	char name[32];
	int ethdev;

	for (uint32_t q = 0; q < TOPO_QUEUES; q++) {
		(void)snprintf(name, sizeof(name), "rx%u.%u", p, q);
		rx[p][q] = rte_ring_create(name, RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
		(void)snprintf(name, sizeof(name), "tx%u.%u", p, q);
		tx[p][q] = rte_ring_create(name, RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (rx[p][q] == NULL || tx[p][q] == NULL)
			return -1;
	}
	(void)snprintf(name, sizeof(name), "p%u", p);
	ethdev = rte_eth_from_rings(name, rx[p], topo_rx_queues[p], tx[p], topo_tx_queues[p], 0);
	if (ethdev < 0)
		return -1;
	mac = (struct rte_ether_addr){{0x02, 0xbb, 0, 0, 0, (uint8_t)p}};
	if (rte_eth_dev_mac_addr_add((uint16_t)ethdev, &mac, 0) != 0 ||
	    rte_eth_macaddr_get((uint16_t)ethdev, &mac) != 0)
		return -1;
	memcpy(topo_port_mac[p].b, mac.addr_bytes, 6);
	return 0;
}

int
rig_start(void)
{
	static char args[][32] = {"model", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "1024",
	    "--lcores", "0", "--log-level=lib.*:error", "--log-level=pmd.*:error", "--log-level=user1:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	if (rte_eal_init((int)WEIR_ARRAY_LEN(args), argv) < 0) {
		(void)fprintf(stderr, "EAL does not start\n");
		return -1;
	}
	pool = rte_pktmbuf_pool_create(
	    "model", BUFFERS, 0, sizeof(struct weir_mbuf_meta), ROOM + RTE_PKTMBUF_HEADROOM, 0);
	for (uint32_t p = 0; p < TOPO_PORTS; p++)
		if (pool == NULL || make_port(p) != 0) {
			(void)fprintf(stderr, "no memory for ports\n");
			return -1;
		}
	return 0;
}

void
rig_close(struct rig *rig)
{
	weir_gateway_free(rig->gateway);
	rig->gateway = NULL;
}

/* How many flow slots there are is said at the start, by a file. */
static int
restore(struct weir_gateway *gateway, uint32_t flows, struct weir_err *err)
{
	char path[] = "/tmp/weir-model.XXXXXX";
	int fd = mkstemp(path), rc;

	if (fd < 0 || dprintf(fd, "{\"settings\":{\"flows\":%u}}", flows) < 0)
		rc = weir_err(err, errno, "", "no file for the settings");
	else
		rc = weir_gateway_restore(gateway, path, err);
	if (fd >= 0) {
		(void)close(fd);
		(void)unlink(path);
	}
	return rc;
}

int
rig_open(struct rig *rig, uint32_t n_workers, uint32_t flows)
{
	struct weir_err err = {0};
	struct weir_gateway_params params = {
	    .n_workers = n_workers,
	    .mbufs = 16384,
	    .mbuf_size = ROOM,
	    .now = WEIR_NS_PER_S,
	};

	rig->n_workers = n_workers;
	rig->now = params.now;
	rig->gateway = weir_gateway_create(&params, &err);
	if (rig->gateway != NULL && restore(rig->gateway, flows, &err) == 0)
		return 0;
	(void)fprintf(stderr, "no gateway: %s\n", err.msg);
	rig_close(rig);
	return -1;
}

/* A buffer as a driver leaves it, its private area full of what was there before. */
static struct rte_mbuf *
buffer(const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *p = m != NULL ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (p == NULL)
		rte_panic("no buffer for a frame\n");
	memcpy(p, data, len);
	memset(rte_mbuf_to_priv(m), 0xa5, sizeof(struct weir_mbuf_meta));
	return m;
}

void
rig_inject(struct rng *rng, uint32_t port, uint32_t queue, const struct wire *wire)
{
	struct rte_mbuf *first = NULL, *m;
	uint32_t at = 0, segments = rng_chance(rng, 85) ? 1 : 2 + rng_below(rng, 3);

	while (at < wire->len) {
		uint32_t left = wire->len - at, len = left;

		if (segments > 1) {
			len = 1 + rng_below(rng, left < 200 ? left : 200);
			segments--;
		}
		if (len > ROOM)
			len = ROOM;
		m = buffer(wire->data + at, len);
		if (first == NULL)
			first = m;
		else if (rte_pktmbuf_chain(first, m) != 0)
			rte_panic("a frame of too many buffers\n");
		at += len;
	}
	if (first == NULL || rte_ring_enqueue(rx[port][queue], first) != 0)
		rte_panic("receive ring of port %u is full\n", port);
}

/* Packets may be handed from worker to worker, waiting ones are looked at now and then. */
#define ROUNDS 3

void
rig_step(struct rig *rig, uint64_t ns)
{
	rig->now += ns;
	weir_gateway_set_time(rig->gateway, rig->now);
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t w = 0; w < rig->n_workers; w++)
			(void)weir_worker_poll(weir_gateway_worker(rig->gateway, w), rig->now);
	weir_gateway_maintain(rig->gateway, rig->now);
	for (uint32_t w = 0; w < rig->n_workers; w++)
		(void)weir_worker_poll(weir_gateway_worker(rig->gateway, w), rig->now);
}

bool
rig_collect(uint32_t port, uint32_t queue, struct wire *wire)
{
	struct rte_mbuf *m;
	void *p;

	if (rte_ring_dequeue(tx[port][queue], &p) != 0)
		return false;
	m = p;
	rte_mbuf_sanity_check(m, 1);
	wire->len = 0;
	for (const struct rte_mbuf *seg = m; seg != NULL; seg = seg->next) {
		if (wire->len + seg->data_len > WIRE_MAX)
			rte_panic("a frame that is too large\n");
		memcpy(wire->data + wire->len, rte_pktmbuf_mtod(seg, const uint8_t *), seg->data_len);
		wire->len += seg->data_len;
	}
	rte_pktmbuf_free(m);
	return true;
}

uint32_t
rig_waiting(void)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < TOPO_PORTS; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			n += rte_ring_count(rx[p][q]);
	return n;
}

uint32_t
rig_buffers_used(void)
{
	return rte_mempool_in_use_count(pool);
}
