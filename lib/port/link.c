/* SPDX-License-Identifier: BSD-3-Clause */
#include <net/if.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "weir_port.h"

#define CARRIED_OF_MBPS UINT64_C(999000) /* bit/s of each Mbit/s of a link: 99.9% */

/* net_tap looks for its interface in weir's own network namespace, and says "down" once it was moved to a guest's. */
static bool
moved_away(const struct weir_port *port)
{
	struct rte_eth_dev_info info;
	char name[IF_NAMESIZE];

	return rte_eth_dev_info_get(port->ethdev, &info) == 0 && strcmp(info.driver_name, "net_tap") == 0 &&
	       if_indextoname(info.if_index, name) == NULL;
}

bool
weir_port_refresh_link(struct weir_port *port)
{
	struct rte_eth_link link;
	uint32_t mbps;
	bool up, changed;

	if (rte_eth_link_get_nowait(port->ethdev, &link) != 0)
		return false;
	up = link.link_status == RTE_ETH_LINK_UP || moved_away(port);
	mbps = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed : 0;
	changed = up != port->up || mbps != port->link_mbps;
	__atomic_store_n(&port->link_mbps, mbps, __ATOMIC_RELAXED);
	__atomic_store_n(&port->up, up, __ATOMIC_RELAXED);
	if (changed)
		weir_port_set_rate(port, port->rate);
	return changed;
}

uint64_t
weir_port_carries(const struct weir_port *port, uint64_t rate)
{
	uint64_t mbps = __atomic_load_n(&port->link_mbps, __ATOMIC_RELAXED);
	uint64_t link = port->nominal_speed ? 0 : RTE_MIN(mbps * CARRIED_OF_MBPS, WEIR_BPS_MAX);

	return link != 0 && (rate == 0 || rate > link) ? link : rate;
}

void
weir_port_set_rate(struct weir_port *port, uint64_t rate)
{
	uint64_t carries = weir_port_carries(port, rate);

	port->rate = rate;
	if (carries != port->wire->bps)
		weir_wire_set_rate(port->wire, carries);
}

void
weir_port_warn_short(const struct weir_port *port)
{
	uint64_t carries = port->wire->bps, guaranteed = port->guaranteed;
	char has[32], sum[32], over[32];

	if (guaranteed <= carries)
		return;
	(void)weir_bps_format(guaranteed, sum, sizeof(sum));
	if (carries == 0)
		weir_log_warn("port %s: guarantees sum to %s, but what it carries is not known", port->name, sum);
	else
		weir_log_warn("port %s carries %s, guarantees sum to %s: %s too much", port->name,
		    weir_bps_format(carries, has, sizeof(has)), sum,
		    weir_bps_format(guaranteed - carries, over, sizeof(over)));
}

int
weir_port_stats(const struct weir_port *port, struct weir_port_stats *stats)
{
	struct rte_eth_stats eth;
	int ret = rte_eth_stats_get(port->ethdev, &eth);

	if (ret != 0)
		return ret;
	*stats = (struct weir_port_stats){
	    .rx_packets = eth.ipackets,
	    .rx_bytes = eth.ibytes,
	    .tx_packets = eth.opackets,
	    .tx_bytes = eth.obytes,
	    .rx_missed = eth.imissed,
	    .rx_errors = eth.ierrors,
	    .rx_nombuf = eth.rx_nombuf,
	    .tx_errors = eth.oerrors,
	};
	return 0;
}
