/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <ethdev_driver.h>
#include <ethdev_vdev.h>

#include "nicsim.h"

#define ANSWERS 256 /* to neighbours, that wait to be received */
#define RSS_OFFLOADS (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

/* A port. */
struct nicsim {
	struct nicsim_args args;
	struct rte_ether_addr mac;
	uint8_t rss_key[NICSIM_RSS_KEY_SIZE] __rte_aligned(4);
	struct nicsim_frames frames[NICSIM_RXQ_MAX]; /* while it is started */
	struct rte_ring *answers;		     /* likewise; NULL if it gives none */
};

RTE_LOG_REGISTER(nicsim_logtype, pmd.net.nicsim, NOTICE);

/* ---- queues ---- */

/* Frames are copied by whole slots. */
static uint32_t
buffer_size(const struct nicsim_args *args)
{
	uint32_t frame = args->size + nicsim_args_outer(args);

	if (args->kind == NICSIM_NOTHING)
		return 0;
	return RTE_ALIGN_CEIL(args->kind == NICSIM_CAPTURE ? 0 : frame, NICSIM_SLOT);
}

static int
rx_queue_setup(struct rte_eth_dev *dev, uint16_t queue, uint16_t n_desc, unsigned int socket,
    const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	const struct nicsim *nicsim = dev->data->dev_private;
	struct rte_mbuf fresh = {.nb_segs = 1, .data_off = RTE_PKTMBUF_HEADROOM, .port = dev->data->port_id};
	uint32_t room = (uint32_t)(rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM);
	struct nicsim_rxq *q;

	RTE_SET_USED(conf);
	if (room < buffer_size(&nicsim->args)) {
		NICSIM_LOG("%s: size=%u: needs packet buffers of %u bytes: they have %u", dev->data->name,
		    nicsim->args.size, buffer_size(&nicsim->args), room);
		return -EINVAL;
	}
	q = rte_zmalloc_socket("nicsim_rxq", sizeof(*q), RTE_CACHE_LINE_SIZE, (int)socket);
	if (q == NULL)
		return -ENOMEM;
	rte_mbuf_refcnt_set(&fresh, 1);
	memcpy(&q->rearm, &fresh.rearm_data, sizeof(q->rearm));
	q->pool = pool;
	q->room = room;
	q->backlog = n_desc;
	dev->data->rx_queues[queue] = q;
	return 0;
}

static int
tx_queue_setup(
    struct rte_eth_dev *dev, uint16_t queue, uint16_t n_desc, unsigned int socket, const struct rte_eth_txconf *conf)
{
	struct nicsim_txq *q = rte_zmalloc_socket("nicsim_txq", sizeof(*q), RTE_CACHE_LINE_SIZE, (int)socket);

	RTE_SET_USED(n_desc);
	RTE_SET_USED(conf);
	if (q == NULL)
		return -ENOMEM;
	dev->data->tx_queues[queue] = q;
	return 0;
}

static void
rx_queue_release(struct rte_eth_dev *dev, uint16_t queue)
{
	rte_free(dev->data->rx_queues[queue]);
	dev->data->rx_queues[queue] = NULL;
}

static void
tx_queue_release(struct rte_eth_dev *dev, uint16_t queue)
{
	rte_free(dev->data->tx_queues[queue]);
	dev->data->tx_queues[queue] = NULL;
}

/* ---- start and stop ---- */

static int
configure(struct rte_eth_dev *dev)
{
	struct nicsim *nicsim = dev->data->dev_private;
	const struct rte_eth_rss_conf *rss = &dev->data->dev_conf.rx_adv_conf.rss_conf;
	bool given = (dev->data->dev_conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) != 0 && rss->rss_key != NULL;

	if (given && rss->rss_key_len != sizeof(nicsim->rss_key)) {
		NICSIM_LOG("%s: an RSS key has %u bytes", dev->data->name, NICSIM_RSS_KEY_SIZE);
		return -EINVAL;
	}
	memcpy(nicsim->rss_key, given ? rss->rss_key : nicsim_rss_key, sizeof(nicsim->rss_key));
	return 0;
}

static void
start_rxq(const struct rte_eth_dev *dev, uint16_t queue)
{
	const struct nicsim *nicsim = dev->data->dev_private;
	struct nicsim_rxq *q = dev->data->rx_queues[queue];

	q->frames = nicsim->frames[queue];
	q->next = q->frames.data;
	q->at = 0;
	q->answers = queue == 0 ? nicsim->answers : NULL;
	nicsim_new_init(&q->fresh, &nicsim->args, queue, dev->data->nb_rx_queues);
	q->rate = nicsim->args.rate;
	q->cycles = rte_get_tsc_hz() * dev->data->nb_rx_queues;
	q->start = rte_rdtsc();
	q->played = 0;
}

static int
make_answers(struct rte_eth_dev *dev, struct nicsim *nicsim)
{
	char name[RTE_RING_NAMESIZE];
	const struct nicsim_rxq *rxq = dev->data->rx_queues[0];

	if (!nicsim->args.neigh)
		return 0;
	(void)snprintf(name, sizeof(name), "nicsim_%u", dev->data->port_id);
	nicsim->answers = rte_ring_create(name, ANSWERS, dev->data->numa_node, RING_F_SC_DEQ);
	if (nicsim->answers == NULL) {
		NICSIM_LOG("%s: neigh: no memory", dev->data->name);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++) {
		struct nicsim_txq *q = dev->data->tx_queues[i];

		q->answers = nicsim->answers;
		q->answer_pool = rxq->pool;
		q->answer_port = dev->data->port_id;
	}
	return 0;
}

static void
free_answers(struct nicsim *nicsim)
{
	void *m;

	while (nicsim->answers != NULL && rte_ring_dequeue(nicsim->answers, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(nicsim->answers);
	nicsim->answers = NULL;
}

/* What a capture holds is known only now. */
static int
check_room(const struct rte_eth_dev *dev, const struct nicsim *nicsim)
{
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
		const struct nicsim_frames *frames = &nicsim->frames[i];
		const struct nicsim_rxq *q = dev->data->rx_queues[i];

		for (uint32_t f = 0; f < frames->count; f++) {
			if (RTE_ALIGN_CEIL((uint32_t)frames->len[f], NICSIM_SLOT) <= q->room)
				continue;
			NICSIM_LOG("%s: capture=%s: a frame of %u bytes: packet buffers have %u", dev->data->name,
			    nicsim->args.capture, frames->len[f], q->room);
			return -EINVAL;
		}
	}
	return 0;
}

static void
choose_bursts(struct rte_eth_dev *dev, const struct nicsim *nicsim)
{
	const struct nicsim_args *args = &nicsim->args;
	bool empty = false;

	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++)
		empty = empty || nicsim->frames[i].count == 0;
	dev->rx_pkt_burst =
	    empty || args->neigh || args->rate != 0 || args->new_percent != 0 ? nicsim_rx_any : nicsim_rx;
	if (args->neigh)
		dev->tx_pkt_burst = nicsim_tx_neigh;
	else if ((dev->data->dev_conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0)
		dev->tx_pkt_burst = nicsim_tx_fast_free;
	else
		dev->tx_pkt_burst = nicsim_tx;
}

static int
start(struct rte_eth_dev *dev)
{
	struct nicsim *nicsim = dev->data->dev_private;
	uint16_t n = dev->data->nb_rx_queues;
	int ret = nicsim_frames_make(&nicsim->args, nicsim->rss_key, nicsim->frames, n);

	if (ret != 0)
		return ret;
	ret = check_room(dev, nicsim);
	if (ret == 0)
		ret = make_answers(dev, nicsim);
	if (ret != 0) {
		nicsim_frames_free(nicsim->frames, n);
		return ret;
	}
	for (uint16_t i = 0; i < n; i++)
		start_rxq(dev, i);
	choose_bursts(dev, nicsim);
	dev->data->dev_link.link_status = RTE_ETH_LINK_UP;
	return 0;
}

static int
stop(struct rte_eth_dev *dev)
{
	struct nicsim *nicsim = dev->data->dev_private;

	dev->data->dev_link.link_status = RTE_ETH_LINK_DOWN;
	free_answers(nicsim);
	nicsim_frames_free(nicsim->frames, NICSIM_RXQ_MAX);
	return 0;
}

static int
close_port(struct rte_eth_dev *dev)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return 0;
	(void)stop(dev);
	dev->data->mac_addrs = NULL; /* within dev_private, which ethdev frees */
	return 0;
}

/* ---- what it is and does ---- */

static int
get_info(struct rte_eth_dev *dev, struct rte_eth_dev_info *info)
{
	const struct nicsim *nicsim = dev->data->dev_private;

	info->max_mac_addrs = 1;
	info->min_rx_bufsize = NICSIM_SLOT;
	info->max_rx_pktlen = NICSIM_FRAME_MAX + RTE_ETHER_CRC_LEN;
	info->max_mtu = NICSIM_FRAME_MAX - RTE_ETHER_HDR_LEN - RTE_VLAN_HLEN;
	info->max_rx_queues = nicsim->args.queues;
	info->max_tx_queues = NICSIM_TXQ_MAX;
	info->speed_capa = RTE_ETH_LINK_SPEED_100G;
	info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->flow_type_rss_offloads = RSS_OFFLOADS;
	info->hash_key_size = NICSIM_RSS_KEY_SIZE;
	return 0;
}

static int
get_stats(struct rte_eth_dev *dev, struct rte_eth_stats *stats)
{
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
		const struct nicsim_rxq *q = dev->data->rx_queues[i];

		if (q == NULL)
			continue;
		stats->ipackets += q->packets;
		stats->ibytes += q->bytes;
		stats->imissed += q->missed;
		stats->rx_nombuf += q->nombuf;
	}
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++) {
		const struct nicsim_txq *q = dev->data->tx_queues[i];

		if (q == NULL)
			continue;
		stats->opackets += q->packets;
		stats->obytes += q->bytes;
	}
	return 0;
}

static int
reset_stats(struct rte_eth_dev *dev)
{
	for (uint16_t i = 0; i < dev->data->nb_rx_queues; i++) {
		struct nicsim_rxq *q = dev->data->rx_queues[i];

		if (q != NULL)
			q->packets = q->bytes = q->missed = q->nombuf = 0;
	}
	for (uint16_t i = 0; i < dev->data->nb_tx_queues; i++) {
		struct nicsim_txq *q = dev->data->tx_queues[i];

		if (q != NULL)
			q->packets = q->bytes = 0;
	}
	return 0;
}

/* Up from start to stop; promiscuous whatever is asked for; any MTU and MAC. */
static int
agree(struct rte_eth_dev *dev)
{
	RTE_SET_USED(dev);
	return 0;
}

static int
update_link(struct rte_eth_dev *dev, int wait)
{
	RTE_SET_USED(dev);
	RTE_SET_USED(wait);
	return 0;
}

static int
set_mtu(struct rte_eth_dev *dev, uint16_t mtu)
{
	RTE_SET_USED(dev);
	RTE_SET_USED(mtu);
	return 0;
}

static int
set_mac(struct rte_eth_dev *dev, struct rte_ether_addr *mac)
{
	RTE_SET_USED(dev);
	RTE_SET_USED(mac);
	return 0;
}

static const struct eth_dev_ops ops = {
    .dev_configure = configure,
    .dev_start = start,
    .dev_stop = stop,
    .dev_close = close_port,
    .dev_infos_get = get_info,
    .rx_queue_setup = rx_queue_setup,
    .tx_queue_setup = tx_queue_setup,
    .rx_queue_release = rx_queue_release,
    .tx_queue_release = tx_queue_release,
    .stats_get = get_stats,
    .stats_reset = reset_stats,
    .link_update = update_link,
    .promiscuous_enable = agree,
    .promiscuous_disable = agree,
    .allmulticast_enable = agree,
    .allmulticast_disable = agree,
    .mac_addr_set = set_mac,
    .mtu_set = set_mtu,
};

/* ---- the bus ---- */

static int
probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct rte_eth_dev *dev;
	struct nicsim_args args;
	struct nicsim *nicsim;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		NICSIM_LOG("%s: belongs to one process", name);
		return -ENOTSUP;
	}
	ret = nicsim_args_parse(name, rte_vdev_device_args(vdev), &args);
	if (ret != 0)
		return ret;
	dev = rte_eth_vdev_allocate(vdev, sizeof(*nicsim));
	if (dev == NULL) {
		NICSIM_LOG("%s: no room for another port", name);
		return -ENOMEM;
	}
	nicsim = dev->data->dev_private;
	nicsim->args = args;
	nicsim->mac = args.mac;
	dev->data->mac_addrs = &nicsim->mac;
	dev->data->promiscuous = 1;
	dev->data->all_multicast = 1;
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	dev->data->dev_link = (struct rte_eth_link){.link_speed = RTE_ETH_SPEED_NUM_100G,
	    .link_duplex = RTE_ETH_LINK_FULL_DUPLEX,
	    .link_autoneg = RTE_ETH_LINK_FIXED};
	dev->dev_ops = &ops;
	dev->rx_pkt_burst = nicsim_rx_any;
	dev->rx_queue_count = nicsim_rx_count;
	dev->tx_pkt_burst = nicsim_tx;
	rte_eth_dev_probing_finish(dev);
	return 0;
}

static int
detach(struct rte_vdev_device *vdev)
{
	struct rte_eth_dev *dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));

	if (dev == NULL)
		return 0;
	(void)close_port(dev);
	return rte_eth_dev_release_port(dev);
}

static struct rte_vdev_driver driver = {.probe = probe, .remove = detach};

RTE_PMD_REGISTER_VDEV(net_nicsim, driver);
RTE_PMD_REGISTER_PARAM_STRING(net_nicsim,
    "capture=<string> traffic=plain|vlan|vxlan outer=4|6 inner=4|6 tenants=<int> flows=<int> size=<int> new=<int> "
    "seed=<int> rate=<int> queues=<int> neigh=0|1 mac=<mac>");
