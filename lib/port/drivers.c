/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "port_priv.h"

/*
 * net_pcap, net_ring, net_af_packet, net_af_xdp and net_vhost have the queues that their devargs name, and each is
 * fed whether somebody polls it or not. net_tap and net_af_xdp refuse unequal numbers of queues. net_tap has an MTU
 * like a NIC: it stops sending at the first larger frame. net_af_xdp lends its buffers to the kernel, a page at most
 * each. The speeds of virtual devices' links are numbers that their drivers made up: only a NIC's says what its wire
 * carries.
 */
static const struct driver drivers[] = {
    {.name = "net_pcap", .every_rxq = true, .mtu = MTU_WEIR, .nominal_speed = true},
    {.name = "net_ring", .every_rxq = true, .mtu = MTU_WEIR, .nominal_speed = true},
    {.name = "net_af_packet", .every_rxq = true, .mtu = MTU_RING, .nominal_speed = true},
    {.name = "net_af_xdp", .every_rxq = true, .paired = true, .page_buffers = true, .nominal_speed = true},
    {.name = "net_vhost", .every_rxq = true, .mtu = MTU_WEIR, .nominal_speed = true},
    {.name = "net_memif", .mtu = MTU_WEIR, .nominal_speed = true},
    {.name = "net_tap", .paired = true, .nominal_speed = true},
    {.name = "net_null", .nominal_speed = true},
    {.name = "net_virtio_user", .nominal_speed = true},
};
static const struct driver nic = {.name = ""};

const struct driver *
port_driver(const struct rte_eth_dev_info *info)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(drivers); i++) {
		if (strcmp(info->driver_name, drivers[i].name) == 0)
			return &drivers[i];
	}
	return &nic;
}
