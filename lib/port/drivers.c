/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "port_priv.h"

/*
 * net_pcap, net_ring, net_af_packet, net_af_xdp and net_vhost have the queues that their devargs name, and each is
 * fed whether somebody polls it or not. net_tap and net_af_xdp refuse unequal numbers of queues. net_tap has an MTU
 * like a NIC: it stops sending at the first larger frame.
 */
static const struct driver drivers[] = {
    {"net_pcap", true, false, MTU_WEIR},
    {"net_ring", true, false, MTU_WEIR},
    {"net_af_packet", true, false, MTU_RING},
    {"net_af_xdp", true, true, MTU_DRIVER},
    {"net_vhost", true, false, MTU_WEIR},
    {"net_memif", false, false, MTU_WEIR},
    {"net_tap", false, true, MTU_DRIVER},
};
static const struct driver nic = {"", false, false, MTU_DRIVER};

const struct driver *
port_driver(const struct rte_eth_dev_info *info)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(drivers); i++) {
		if (strcmp(info->driver_name, drivers[i].name) == 0)
			return &drivers[i];
	}
	return &nic;
}
