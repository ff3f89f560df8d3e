/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classify: whose a tunnel packet is, by (local address, VNI), and by which remote it came. With many tenants each
 * step to the remote is a line of memory that is not in the cache, so the burst goes through them side by side: every
 * packet's next line is asked for before the first one is needed. Losses here belong to the port.
 */
#include <rte_prefetch.h>

#include "pipeline_priv.h"

struct tunnels {
	uint32_t n;
	uint32_t at[WEIR_BURST]; /* packets */
	uint32_t sw_id[WEIR_BURST];
	const struct weir_switch *sw[WEIR_BURST];
};

static inline void
find_switches(const struct weir_vnet *vnet, const struct weir_burst *burst, struct tunnels *tunnels)
{
	for (uint32_t t = 0; t < tunnels->n; t++) {
		tunnels->sw_id[t] = weir_vnet_by_vni(vnet, burst->outer[tunnels->at[t]].vni);
		rte_prefetch0(&vnet->switches[tunnels->sw_id[t]]);
	}
	for (uint32_t t = 0; t < tunnels->n; t++) {
		tunnels->sw[t] = weir_vnet_switch(vnet, tunnels->sw_id[t]);
		rte_prefetch0(tunnels->sw[t]);
	}
}

static inline enum weir_reason
find_remote(const struct weir_vnet *vnet, const struct weir_switch *sw, const struct weir_outer *outer,
    const struct weir_iface **remote)
{
	if (!weir_vnet_is_local(vnet, &outer->dst))
		return WEIR_DROP_NOT_OURS;
	if (sw == NULL)
		return WEIR_DROP_UNKNOWN_VNI;
	*remote = weir_switch_remote(sw, &outer->src);
	return *remote == NULL ? WEIR_DROP_UNKNOWN_REMOTE : WEIR_OK;
}

static inline void
find_remotes(struct weir_pipe *pipe, struct weir_burst *burst, const struct tunnels *tunnels)
{
	const struct weir_port_map *map =
	    __atomic_load_n(&pipe->vnet->port_maps[burst->port->index], __ATOMIC_ACQUIRE);

	for (uint32_t t = 0; t < tunnels->n; t++)
		if (tunnels->sw[t] != NULL)
			rte_prefetch0(weir_switch_slot(tunnels->sw[t], &burst->outer[tunnels->at[t]].src));
	for (uint32_t t = 0; t < tunnels->n; t++) {
		uint32_t i = tunnels->at[t];
		const struct weir_iface *remote = NULL;
		enum weir_reason reason = find_remote(pipe->vnet, tunnels->sw[t], &burst->outer[i], &remote);

		if (reason != WEIR_OK) {
			enter(pipe, burst, i, weir_vnet_iface(pipe->vnet, map->iface), burst->frame[i].len);
			drop(pipe, burst, i, reason);
			burst->m[i] = NULL;
			continue;
		}
		burst->in[i] = remote;
		rte_prefetch0(remote);
		rte_prefetch0(weir_count_of(pipe->counters, remote->id));
	}
}

/* The inner frame: true if it goes on. */
static inline bool
unwrap(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	struct rte_mbuf *m = burst->m[i];
	const struct weir_outer *outer = &burst->outer[i];
	enum weir_reason reason;

	enter(pipe, burst, i, burst->in[i], outer->inner_len);
	reason = weir_parse_frame(rte_pktmbuf_mtod(m, const uint8_t *) + outer->inner,
	    rte_pktmbuf_data_len(m) - outer->inner, outer->inner_len, &burst->key[i], &burst->frame[i]);
	if (reason == WEIR_OK)
		reason = weir_decap(m, outer->inner, outer->tos, &burst->frame[i]);
	if (reason == WEIR_OK)
		return true;
	burst->frame[i].len = outer->inner_len;
	drop(pipe, burst, i, reason);
	return false;
}

void
stage_classify(struct weir_pipe *pipe, struct weir_burst *burst)
{
	struct tunnels tunnels;
	uint32_t kept = 0;

	tunnels.n = 0;
	for (uint32_t k = 0; k < burst->n_live; k++)
		if (burst->in[burst->live[k]] == NULL)
			tunnels.at[tunnels.n++] = burst->live[k];
	find_switches(pipe->vnet, burst, &tunnels);
	find_remotes(pipe, burst, &tunnels);
	for (uint32_t t = 0; t < tunnels.n; t++) {
		uint32_t i = tunnels.at[t];

		if (burst->m[i] != NULL && !unwrap(pipe, burst, i))
			burst->m[i] = NULL;
	}
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];

		if (burst->m[i] == NULL)
			continue;
		burst->key[i].ingress = burst->in[i]->id;
		burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
