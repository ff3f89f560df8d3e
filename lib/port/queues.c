/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "port_priv.h"

/* Spreads conversations, not packets: what the flow cache needs, too. */
#define RSS_WANTED (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)
#define RX_WANTED (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM)
#define TX_WANTED (RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many queues of each kind, by what was asked for, what the device has and how many workers there are. */
static int
count_queues(const struct weir_ports *ports, struct weir_port *port, const struct rte_eth_dev_info *info,
    uint32_t queues, struct weir_err *err)
{
	const struct driver *driver = port_driver(info);
	uint32_t max = info->max_rx_queues, n;

	if (driver->paired)
		max = min_u32(max, info->max_tx_queues);
	if (queues > max)
		return weir_err(
		    err, ENOTSUP, "", "%u queues: device %s has %u receive queues", queues, port->device, max);
	if (driver->every_rxq && queues != 0 && queues != max)
		return weir_err(err, ENOTSUP, "",
		    "%u queues: device %s has %u receive queues, and packets arrive at each of them", queues,
		    port->device, max);
	n = queues != 0 ? queues : driver->every_rxq ? max : min_u32(max, ports->params.n_workers);
	port->n_rxq = (uint16_t)n;
	port->n_txq = (uint16_t)(driver->paired ? n : min_u32(info->max_tx_queues, ports->params.n_workers));
	if (port->n_rxq == 0 || port->n_txq == 0)
		return weir_err(err, ENOTSUP, "", "device %s has %u receive and %u transmit queues", port->device,
		    info->max_rx_queues, info->max_tx_queues);
	return 0;
}

/* What the driver would refuse without naming the reason. */
static int
check_buffers(const struct weir_ports *ports, const struct weir_port *port, const struct rte_eth_dev_info *info,
    struct weir_err *err)
{
	const struct rte_mempool *pool = ports->params.pool;
	uint32_t size = pool->header_size + pool->elt_size + pool->trailer_size;
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

	if (!port_driver(info)->page_buffers || size <= page)
		return 0;
	return weir_err(err, ENOTSUP, "",
	    "device %s takes packet buffers of at most %u bytes, headers included: they have %u", port->device, page,
	    size);
}

static int
configure(const struct weir_ports *ports, struct weir_port *port, const struct rte_eth_dev_info *info, uint32_t mtu,
    struct rte_eth_conf *conf, struct weir_err *err)
{
	uint32_t room = (uint32_t)(rte_pktmbuf_data_room_size(ports->params.pool) - RTE_PKTMBUF_HEADROOM);
	uint32_t frame = (mtu != 0 ? mtu : WEIR_MTU_DEFAULT) + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
	uint64_t rx = RX_WANTED;
	int ret;

	if (frame > room)
		rx |= RTE_ETH_RX_OFFLOAD_SCATTER;
	conf->rxmode.offloads = rx & info->rx_offload_capa;
	conf->txmode.offloads = TX_WANTED & info->tx_offload_capa;
	if (port->n_rxq > 1 && (info->flow_type_rss_offloads & RSS_WANTED) != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & RSS_WANTED;
	}
	ret = rte_eth_dev_configure(port->ethdev, port->n_rxq, port->n_txq, conf);
	if (ret != 0)
		return capture_err(err, EIO, ret, "device %s refuses %u receive and %u transmit queues", port->device,
		    port->n_rxq, port->n_txq);
	port->tx_chained = (conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
	port->tx_flags = 0;
	if ((conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0)
		port->tx_flags |= WEIR_TX_IPV4_CKSUM;
	if ((conf->txmode.offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0)
		port->tx_flags |= WEIR_TX_UDP_CKSUM;
	return 0;
}

static int
set_up_queues(const struct weir_ports *ports, const struct weir_port *port, const struct rte_eth_dev_info *info,
    const struct rte_eth_conf *conf, struct weir_err *err)
{
	uint16_t rx_desc = (uint16_t)min_u32(ports->params.rx_desc, UINT16_MAX);
	uint16_t tx_desc = (uint16_t)min_u32(ports->params.tx_desc, UINT16_MAX);
	struct rte_eth_rxconf rxconf = info->default_rxconf;
	struct rte_eth_txconf txconf = info->default_txconf;
	unsigned int socket = (unsigned int)rte_eth_dev_socket_id(port->ethdev);
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(port->ethdev, &rx_desc, &tx_desc);

	rxconf.offloads = conf->rxmode.offloads;
	txconf.offloads = conf->txmode.offloads;
	for (uint16_t q = 0; ret == 0 && q < port->n_rxq; q++)
		ret = rte_eth_rx_queue_setup(port->ethdev, q, rx_desc, socket, &rxconf, ports->params.pool);
	for (uint16_t q = 0; ret == 0 && q < port->n_txq; q++)
		ret = rte_eth_tx_queue_setup(port->ethdev, q, tx_desc, socket, &txconf);
	if (ret != 0)
		return capture_err(err, EIO, ret, "queues of device %s cannot be set up", port->device);
	return 0;
}

/*
 * Queue q belongs to worker (index + q) mod n: ports with fewer queues than there are workers do not all give theirs
 * to the first ones. A port's hand-off ring is emptied by the owner of queue 0.
 */
static void
spread_txqs(struct weir_port *port, uint32_t n_workers)
{
	for (uint32_t w = 0; w < WEIR_WORKERS_MAX; w++)
		port->txq_of[w] = WEIR_TX_BY_HANDOFF;
	for (uint32_t q = 0; q < port->n_txq && q < n_workers; q++)
		port->txq_of[(port->index + q) % n_workers] = (uint16_t)q;
	port->handoff_owner = port->index % n_workers;
}

/* A switch port takes every frame. Drivers without such modes do so anyway. */
static int
open_filters(const struct weir_port *port, struct weir_err *err)
{
	int ret = rte_eth_promiscuous_enable(port->ethdev);

	if (ret == 0 || ret == -ENOTSUP)
		ret = rte_eth_allmulticast_enable(port->ethdev);
	if (ret != 0 && ret != -ENOTSUP)
		return capture_err(err, EIO, ret, "device %s cannot be made promiscuous", port->device);
	return 0;
}

int
port_start(
    struct weir_ports *ports, struct weir_port *port, const struct weir_port_params *params, struct weir_err *err)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint16_t mtu;
	int ret = rte_eth_dev_info_get(port->ethdev, &info);

	if (ret != 0)
		return capture_err(err, EIO, ret, "device %s does not answer", port->device);
	port->nominal_speed = port_driver(&info)->nominal_speed;
	ret = check_buffers(ports, port, &info, err);
	if (ret == 0)
		ret = count_queues(ports, port, &info, params->queues, err);
	if (ret == 0)
		ret = configure(ports, port, &info, params->mtu, &conf, err);
	if (ret == 0 && rte_eth_dev_get_mtu(port->ethdev, &mtu) == 0)
		ports->slot[port->index].mtu_default = port->mtu = mtu;
	/* Before the queues: the drivers of NICs choose their receive buffers by it. */
	if (ret == 0 && params->mtu != 0)
		ret = port_mtu_apply(port, &info, params->mtu, err);
	if (ret == 0)
		ret = set_up_queues(ports, port, &info, &conf, err);
	if (ret != 0)
		return ret;
	spread_txqs(port, ports->params.n_workers);
	ret = rte_eth_dev_start(port->ethdev);
	if (ret != 0)
		return capture_err(err, EIO, ret, "device %s cannot be started", port->device);
	return open_filters(port, err);
}
