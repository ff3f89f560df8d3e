/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_byteorder.h>

#include "neigh_priv.h"

void
frame_send(struct weir_neigh *neigh, const struct underlay *u, uint32_t len)
{
	uint8_t *p = frame_room(neigh);

	if (u->vlan != WEIR_NONE) {
		const uint32_t tag = weir_vlan_tag((uint16_t)u->vlan);

		p -= sizeof(tag);
		memmove(p, p + sizeof(tag), 2 * sizeof(struct weir_mac));
		memcpy(p + 2 * sizeof(struct weir_mac), &tag, sizeof(tag));
		len += (uint32_t)sizeof(tag);
	}
	neigh->params.send(neigh->params.arg, u->port, p, len);
}
