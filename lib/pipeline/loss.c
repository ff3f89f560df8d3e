/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Losses that are told: of each tenant at most one in a tick, so that one that is flooded hides nobody else's; and so
 * few in all that telling them costs a worker nothing to speak of.
 */
#include <string.h>

#include <rte_ring_elem.h>

#include "loss_priv.h"

#define TAG_AT 12 /* offset of a VLAN tag in a frame */
#define TAG_LEN 4

/* The tenant's own bytes, without what was put on for the way out. */
static void
keep(struct weir_loss *loss, const struct rte_mbuf *m, uint32_t bytes, const struct weir_iface *out)
{
	uint32_t extra = rte_pktmbuf_pkt_len(m) > bytes ? rte_pktmbuf_pkt_len(m) - bytes : 0, head = 0;
	uint32_t have = rte_pktmbuf_data_len(m) > extra ? rte_pktmbuf_data_len(m) - extra : 0;

	if (extra == TAG_LEN && out != NULL && out->kind == WEIR_IFACE_VPORT)
		head = TAG_AT;
	loss->len = bytes;
	loss->kept = (uint16_t)RTE_MIN(RTE_MIN(have, bytes), (uint32_t)WEIR_LOSS_BYTES);
	if (loss->kept < head)
		loss->kept = 0;
	if (loss->kept == 0)
		return;
	memcpy(loss->data, rte_pktmbuf_mtod(m, const uint8_t *), head);
	memcpy(loss->data + head, rte_pktmbuf_mtod_offset(m, const uint8_t *, extra + head), loss->kept - head);
}

void
loss_tell(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_iface *out, const struct rte_mbuf *m,
    uint32_t bytes, enum weir_reason reason)
{
	const struct weir_tenant *tenant = in != NULL ? in->tenant : out != NULL ? out->tenant : NULL;
	struct weir_loss loss = {
	    .time = pipe->walker.now, .in = WEIR_NONE, .out = WEIR_NONE, .reason = (uint16_t)reason};
	struct share *share;

	if (tenant == NULL)
		return;
	share = share_of(pipe, tenant, pipe->walker.now);
	if (share->lost)
		return;
	share->lost = true;
	pipe->losses_left--;
	loss.tenant = tenant->id;
	loss.tenant_serial = tenant->serial;
	if (in != NULL) {
		loss.in = in->id;
		loss.in_serial = in->serial;
	}
	if (out != NULL) {
		loss.out = out->id;
		loss.out_serial = out->serial;
	}
	keep(&loss, m, bytes, out);
	/* Where nobody listens it is not told. */
	(void)rte_ring_sp_enqueue_elem(pipe->loss, &loss, sizeof(loss));
}
