/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for a remote whose neighbour has not answered yet: a bounded few a tenant, for a bounded time, in the order
 * they came. Counted as held.
 */
#include "pipeline_priv.h"

void
wait_for_neighbour(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now)
{
	const struct weir_iface *out = leaving->out;
	uint16_t *of_tenant = &pipe->waiting_of[out->tenant->id];

	if (pipe->n_waiting == WEIR_WAIT_MAX || *of_tenant == WEIR_WAIT_SHARE) {
		drop_tx(pipe, out->id, leaving->m, leaving->bytes, WEIR_DROP_NEIGH_QUEUE);
		return;
	}
	pipe->waiting[pipe->n_waiting++] = (struct waiting){
	    .m = leaving->m,
	    .iface = out->id,
	    .serial = out->serial,
	    .tenant = out->tenant->id,
	    .bytes = leaving->bytes,
	    .entropy = leaving->entropy,
	    .tos = leaving->tos,
	    .deadline = now + WEIR_WAIT_NS,
	};
	++*of_tenant;
	count_held(pipe, out->id, leaving->bytes);
}

/* True if it waits on. */
static bool
check(struct weir_pipe *pipe, const struct waiting *waiting, uint64_t now)
{
	const struct weir_iface *out = weir_vnet_iface(pipe->vnet, waiting->iface);
	enum weir_reason reason = WEIR_DROP_RECONFIGURED;
	struct leaving leaving = {
	    .m = waiting->m,
	    .out = out,
	    .out_id = waiting->iface,
	    .to_remote = true,
	    .bytes = waiting->bytes,
	    .entropy = waiting->entropy,
	    .tos = waiting->tos,
	};

	if (out != NULL && out->serial == waiting->serial) {
		reason = find_encap(pipe, &leaving);
		if (reason == WEIR_OK && leaving.encap == NULL) {
			if (now < waiting->deadline)
				return true;
			reason = WEIR_DROP_NEIGH_UNRESOLVED;
		}
	}
	count_released(pipe, waiting->iface, waiting->bytes);
	if (reason == WEIR_OK)
		send_encapsulated(pipe, &leaving);
	else
		drop_tx(pipe, waiting->iface, waiting->m, waiting->bytes, reason);
	pipe->waiting_of[waiting->tenant]--;
	return false;
}

void
wait_check(struct weir_pipe *pipe, uint64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pipe->n_waiting; i++)
		if (check(pipe, &pipe->waiting[i], now))
			pipe->waiting[kept++] = pipe->waiting[i];
	pipe->n_waiting = kept;
}

void
send_waiting(struct weir_pipe *pipe, const struct weir_iface *out, uint64_t now)
{
	if (pipe->waiting_of[out->tenant->id] == 0)
		return;
	for (uint32_t i = 0; i < pipe->n_waiting; i++)
		if (pipe->waiting[i].iface == out->id) {
			wait_check(pipe, now);
			return;
		}
}
