/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_log.h>

#include "nic.h"

#define BUFFERS 4095u

struct rte_mempool *nic_pool;

void
nic_eal(void)
{
	static const char *const args[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
	    "256", "-l", "0", "--log-level=lib.*:error", "--file-prefix=weir-test-nicsim"};
	char *argv[RTE_DIM(args)];

	for (size_t i = 0; i < RTE_DIM(args); i++)
		argv[i] = strdup(args[i]);
	cr_assert_geq(rte_eal_init((int)RTE_DIM(args), argv), 0);
	nic_pool =
	    rte_pktmbuf_pool_create("pool", BUFFERS, 0, 0, RTE_PKTMBUF_HEADROOM + NIC_FRAME_MAX, SOCKET_ID_ANY);
	cr_assert_not_null(nic_pool);
}

static void
name_of(uint32_t n, char name[32])
{
	(void)snprintf(name, 32, "net_nicsim%u", n);
}

/* 0 or the first failure. */
static int
start(uint16_t port, uint16_t queues, struct rte_eth_conf *conf)
{
	int ret = rte_eth_dev_configure(port, queues, queues, conf);

	for (uint16_t q = 0; ret == 0 && q < queues; q++) {
		ret = rte_eth_rx_queue_setup(port, q, 512, 0, NULL, nic_pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(port, q, 512, 0, NULL);
	}
	return ret == 0 ? rte_eth_dev_start(port) : ret;
}

uint16_t
nic_open_with(uint32_t n, const char *args, uint16_t queues, const uint8_t *rss_key, uint64_t tx_offloads)
{
	struct rte_eth_conf conf = {.txmode.offloads = tx_offloads};
	uint8_t key[40];
	char name[32];
	uint16_t port;

	if (rss_key != NULL) {
		memcpy(key, rss_key, sizeof(key));
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_key = key;
		conf.rx_adv_conf.rss_conf.rss_key_len = sizeof(key);
		conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	}
	name_of(n, name);
	cr_assert_eq(rte_eal_hotplug_add("vdev", name, args), 0, "%s,%s", name, args);
	cr_assert_eq(rte_eth_dev_get_port_by_name(name, &port), 0);
	cr_assert_eq(start(port, queues, &conf), 0);
	return port;
}

uint16_t
nic_open(uint32_t n, const char *args, uint16_t queues)
{
	return nic_open_with(n, args, queues, NULL, 0);
}

void
nic_close(uint16_t port)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	cr_assert_eq(rte_eth_dev_get_name_by_port(port, name), 0);
	cr_assert_eq(rte_eth_dev_stop(port), 0);
	cr_assert_eq(rte_eal_hotplug_remove("vdev", name), 0);
	cr_assert_eq(rte_mempool_avail_count(nic_pool), BUFFERS);
}

struct rte_mbuf *
nic_receive(uint16_t port, uint16_t queue)
{
	struct rte_mbuf *m = NULL;

	cr_assert_eq(rte_eth_rx_burst(port, queue, &m, 1), 1, "queue %u has no frame", queue);
	cr_assert_eq(m->port, port);
	cr_assert_eq(m->nb_segs, 1);
	cr_assert_null(m->next);
	cr_assert_eq(m->pkt_len, m->data_len);
	cr_assert_eq(m->ol_flags, 0);
	cr_assert_eq(rte_mbuf_refcnt_read(m), 1);
	cr_assert_eq(rte_pktmbuf_headroom(m), RTE_PKTMBUF_HEADROOM);
	return m;
}

struct rte_mbuf *
nic_mbuf(const void *frame, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(nic_pool);

	cr_assert_not_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	return m;
}

char *
nic_refused(uint32_t n, const char *args)
{
	struct rte_eth_conf conf = {0};
	char name[32], *said = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&said, &len);
	uint16_t port = 0;
	int ret;

	name_of(n, name);
	cr_assert_not_null(stream);
	(void)rte_openlog_stream(stream);
	ret = rte_eal_hotplug_add("vdev", name, args);
	if (ret == 0) {
		cr_assert_eq(rte_eth_dev_get_port_by_name(name, &port), 0);
		ret = start(port, 1, &conf);
		cr_assert_eq(rte_eal_hotplug_remove("vdev", name), 0);
	}
	(void)rte_openlog_stream(NULL);
	(void)fclose(stream);
	cr_assert_neq(ret, 0, "%s", args);
	cr_assert_neq(rte_eth_dev_get_port_by_name(name, &port), 0);
	return said;
}
