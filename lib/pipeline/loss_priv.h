/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling of losses, for those who lose packets. */
#ifndef WEIR_LOSS_PRIV_H
#define WEIR_LOSS_PRIV_H

#include "pipeline_priv.h"

/*
 * Packet `m`, of whose tenant's frame it holds `bytes`, is about to be lost: tells of it, within its tenant's share.
 * `in`: it came in by that, and is as it came; NULL: it is as it was to leave by `out`, which is NULL if that is not
 * known.
 */
void loss_tell(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_iface *out,
    const struct rte_mbuf *m, uint32_t bytes, enum weir_reason reason);

static inline void
tell_lost(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_iface *out, const struct rte_mbuf *m,
    uint32_t bytes, enum weir_reason reason)
{
	if (pipe->losses_left != 0)
		loss_tell(pipe, in, out, m, bytes, reason);
}

#endif
