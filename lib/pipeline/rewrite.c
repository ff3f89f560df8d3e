/* SPDX-License-Identifier: BSD-3-Clause */
/* Rewrite: what the way out puts on a tenant's frame: a vport's VLAN tag, or the outer headers to a remote. */
#include "pipeline_priv.h"

enum weir_reason
find_encap(const struct weir_pipe *pipe, struct leaving *leaving)
{
	const struct weir_neigh *neigh = pipe->vnet->neigh;
	enum weir_reason reason;

	leaving->encap = weir_neigh_encap(neigh, leaving->out->vtep, &reason);
	if (__builtin_expect(leaving->encap != NULL, 1))
		return weir_encap_fits(leaving->encap, leaving->bytes) ? WEIR_OK : WEIR_DROP_MTU;
	return weir_neigh_pending(neigh, leaving->out->vtep) ? WEIR_OK : reason;
}

void
send_encapsulated(struct weir_pipe *pipe, const struct leaving *leaving)
{
	const struct weir_port *port = uplink(pipe, leaving->encap);

	if (port == NULL)
		lose_out(pipe, leaving, WEIR_DROP_PORT_DOWN);
	else if (weir_encap_push(leaving->m, leaving->encap, leaving->out->vni, leaving->entropy, leaving->tos,
		     port->tx_flags) != 0)
		lose_out(pipe, leaving, WEIR_DROP_NO_MBUF);
	else
		hand_out(pipe, leaving, port);
}

void
rewrite_to_remote(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now)
{
	if (__builtin_expect(leaving->encap == NULL, 0)) {
		wait_for_neighbour(pipe, leaving, now);
		return;
	}
	if (__builtin_expect(pipe->n_waiting != 0, 0))
		send_waiting(pipe, leaving->out, now);
	send_encapsulated(pipe, leaving);
}
