/* SPDX-License-Identifier: BSD-3-Clause */
/* Rewrite: what the way out puts on a tenant's frame: a vport's VLAN tag, or the outer headers to a remote. */
#include "pipeline_priv.h"

/* The port an encapsulated packet leaves by; NULL while that index names none. */
static inline const struct weir_port *
uplink(const struct weir_pipe *pipe, const struct weir_encap *encap)
{
	return __atomic_load_n(&pipe->vnet->ports[encap->port], __ATOMIC_ACQUIRE);
}

void
send_encapsulated(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_encap *encap)
{
	const struct weir_port *port = uplink(pipe, encap);
	uint32_t iface = leaving->out->id;
	struct rte_mbuf *m = leaving->m;

	if (port == NULL)
		drop_tx(pipe, iface, m, leaving->bytes, WEIR_DROP_PORT_DOWN);
	else if (!weir_encap_fits(encap, leaving->bytes))
		drop_tx(pipe, iface, m, leaving->bytes, WEIR_DROP_MTU);
	else if (weir_encap_push(m, encap, leaving->out->vni, leaving->flow_hash, leaving->tos, port->tx_flags) != 0)
		drop_tx(pipe, iface, m, leaving->bytes, WEIR_DROP_NO_MBUF);
	else
		tx(pipe, port, m, iface, leaving->bytes);
}

static void
rewrite_remote(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now)
{
	const struct weir_neigh *neigh = pipe->vnet->neigh;
	enum weir_reason reason;
	const struct weir_encap *encap = weir_neigh_encap(neigh, leaving->out->vtep, &reason);

	if (__builtin_expect(encap != NULL, 1))
		send_encapsulated(pipe, leaving, encap);
	else if (weir_neigh_pending(neigh, leaving->out->vtep))
		wait_for_neighbour(pipe, leaving, now);
	else
		drop_tx(pipe, leaving->out->id, leaving->m, leaving->bytes, reason);
}

void
rewrite(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now)
{
	const struct weir_iface *out = leaving->out;

	if (out->kind == WEIR_IFACE_REMOTE) {
		rewrite_remote(pipe, leaving, now);
		return;
	}
	leaving->m->ol_flags &= ~RTE_MBUF_F_TX_OFFLOAD_MASK;
	if (out->vlan != WEIR_NONE && weir_vlan_push(leaving->m, (uint16_t)out->vlan) != 0) {
		drop_tx(pipe, out->id, leaving->m, leaving->bytes, WEIR_DROP_NO_MBUF);
		return;
	}
	tx(pipe, out->port, leaving->m, out->id, leaving->bytes);
}
