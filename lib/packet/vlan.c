/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>

#include "packet_priv.h"
#include "weir_packet.h"

#define MACS_LEN (2 * RTE_ETHER_ADDR_LEN)

void
weir_vlan_pop(struct rte_mbuf *m)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);

	memmove(data + RTE_VLAN_HLEN, data, MACS_LEN);
	(void)rte_pktmbuf_adj(m, RTE_VLAN_HLEN);
}

int
weir_vlan_push(struct rte_mbuf *m, uint16_t tci)
{
	const rte_be16_t tag[2] = {RTE_BE16(RTE_ETHER_TYPE_VLAN), rte_cpu_to_be_16(tci)};
	uint8_t *data = (uint8_t *)rte_pktmbuf_prepend(m, RTE_VLAN_HLEN);

	if (unlikely(data == NULL))
		return -ENOSPC;
	memmove(data, data + RTE_VLAN_HLEN, MACS_LEN);
	memcpy(data + MACS_LEN, tag, sizeof(tag));
	return 0;
}
