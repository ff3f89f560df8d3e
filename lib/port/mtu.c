/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_kvargs.h>

#include "port_priv.h"

#define AF_PACKET_FRAMESZ 2048 /* the driver's default */
/* What the kernel puts in front of the IP packet in a ring frame: the aligned TPACKET2 header, then Ethernet. */
#define AF_PACKET_OVERHEAD 80

/* Largest IP packet that the ring of a packet socket holds. The kernel cuts off what is longer, without a word. */
static uint32_t
af_packet_room(const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *da = rte_dev_devargs(info->device);
	struct rte_kvargs *kv = da != NULL && da->args != NULL ? rte_kvargs_parse(da->args, NULL) : NULL;
	const char *value = kv != NULL ? rte_kvargs_get(kv, "framesz") : NULL;
	unsigned long framesz = value != NULL ? strtoul(value, NULL, 0) : AF_PACKET_FRAMESZ;

	rte_kvargs_free(kv);
	return framesz > AF_PACKET_OVERHEAD && framesz <= UINT32_MAX ? (uint32_t)framesz - AF_PACKET_OVERHEAD : 0;
}

/* Drivers tell the largest packet, the largest MTU, or neither. */
static uint32_t
driver_max(const struct rte_eth_dev_info *info)
{
	uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

	if (info->max_mtu != UINT16_MAX || info->max_rx_pktlen <= overhead)
		return info->max_mtu;
	return RTE_MIN(info->max_rx_pktlen - overhead, (uint32_t)UINT16_MAX);
}

int
port_mtu_apply(struct weir_port *port, const struct rte_eth_dev_info *info, uint32_t mtu, struct weir_err *err)
{
	enum mtu_keeper keeper = port_driver(info)->mtu;
	uint32_t max = keeper == MTU_RING ? af_packet_room(info) : keeper == MTU_WEIR ? UINT16_MAX : driver_max(info);
	int ret;

	if (mtu > max)
		return weir_err(err, ENOTSUP, "", "MTU %u: device %s takes at most %u%s", mtu, port->device, max,
		    keeper == MTU_RING ? " (larger with framesz= and blocksz= in its devargs)" : "");
	/* A kernel's interface goes to this MTU, too, as far as its driver allows. */
	ret = mtu > driver_max(info) ? -ENOTSUP : rte_eth_dev_set_mtu(port->ethdev, (uint16_t)mtu);
	if (ret != 0 && keeper == MTU_DRIVER)
		return capture_err(err, ENOTSUP, ret, "MTU %u: device %s refuses it", mtu, port->device);
	if (ret != 0)
		weir_log_info(
		    "port %s: driver %s has no MTU of its own, weir keeps to %u", port->name, info->driver_name, mtu);
	__atomic_store_n(&port->mtu, mtu, __ATOMIC_RELAXED);
	return 0;
}
