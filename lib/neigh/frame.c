/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "neigh_priv.h"

#define PAYLOAD_MIN 46 /* IEEE 802.3 */

static uint32_t
l2_len(const struct underlay *u)
{
	return RTE_ETHER_HDR_LEN + (u->vlan != WEIR_NONE ? RTE_VLAN_HLEN : 0);
}

uint8_t *
frame_begin(struct weir_neigh *neigh, const struct underlay *u, const struct weir_mac *dmac, uint16_t ethertype)
{
	uint8_t *p = neigh->frame;

	memcpy(p, dmac, sizeof(*dmac));
	memcpy(p + 6, &u->mac, sizeof(u->mac));
	p += 12;
	if (u->vlan != WEIR_NONE) {
		const rte_be16_t tag[2] = {RTE_BE16(RTE_ETHER_TYPE_VLAN), rte_cpu_to_be_16((uint16_t)u->vlan)};

		memcpy(p, tag, sizeof(tag));
		p += sizeof(tag);
	}
	p[0] = (uint8_t)(ethertype >> 8);
	p[1] = (uint8_t)ethertype;
	return p + 2;
}

void
frame_send(struct weir_neigh *neigh, const struct underlay *u, uint32_t len)
{
	uint32_t head = l2_len(u);

	if (len < PAYLOAD_MIN) {
		memset(neigh->frame + head + len, 0, PAYLOAD_MIN - len);
		len = PAYLOAD_MIN;
	}
	neigh->params.send(neigh->params.arg, u->port, neigh->frame, head + len);
}
