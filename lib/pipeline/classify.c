/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classify: whose a packet is, where no known flow says so: by the interface id in its key, or for tunnel packets by
 * VNI and remote. What belongs to nobody is the port's.
 */
#include <string.h>

#include "pipeline_priv.h"

static const struct weir_iface *
find_remote(const struct weir_vnet *vnet, const struct weir_key *key, const struct weir_ip *source_v6,
    enum weir_reason *reason)
{
	struct weir_ip source_v4 = {.b = {[10] = 0xff, [11] = 0xff}};
	const struct weir_switch *sw = weir_vnet_switch(vnet, weir_vnet_by_vni(vnet, key->ingress & WEIR_VNI_MAX));

	*reason = WEIR_DROP_UNKNOWN_VNI;
	if (sw == NULL || sw->tunnel != weir_key_format(key->ingress))
		return NULL;
	*reason = WEIR_DROP_UNKNOWN_REMOTE;
	if ((key->ingress & WEIR_KEY_TUNNEL_V6) != 0)
		/* One without a VTEP id, yet or any more, could not be told from others in the flow table. */
		return key->peer == WEIR_NONE ? NULL : weir_switch_remote(sw, source_v6);
	memcpy(&source_v4.b[12], &key->peer, sizeof(key->peer));
	return weir_switch_remote(sw, &source_v4);
}

const struct weir_iface *
find_in(const struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, enum weir_reason *reason)
{
	const struct weir_key *key = &burst->key[i];

	if ((key->ingress & WEIR_KEY_TUNNEL) != 0)
		return find_remote(pipe->vnet, key, &burst->source[i], reason);
	*reason = WEIR_DROP_UNKNOWN_VLAN;
	return weir_vnet_iface(pipe->vnet, key->ingress);
}

enum weir_reason
classify(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	enum weir_reason reason;
	const struct weir_iface *in = find_in(pipe, burst, i, &reason);

	if (in != NULL) {
		enter(pipe, burst, i, in, burst->frame[i].len);
		return WEIR_OK;
	}
	enter_port(pipe, burst, i);
	return reason;
}

void
enter_port(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	const struct weir_port_map *map =
	    __atomic_load_n(&pipe->vnet->port_maps[burst->port->index], __ATOMIC_ACQUIRE);

	enter(pipe, burst, i, weir_vnet_iface(pipe->vnet, map->iface), burst->received[i]);
}
