/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels off, without losing the congestion mark that the tunnel picked up. */
#include <rte_branch_prediction.h>

#include "packet_priv.h"
#include "weir_packet.h"

enum { NOT_ECT, ECT1, ECT0, CE, ECN_MASK = 3 };
#define ECN_DROP 0xff
#define IPV6_ECN_SHIFT 4 /* of the second byte of an IPv6 header */

/* RFC 6040, figure 4: [inner][outer]. */
static const uint8_t ecn_merged[4][4] = {
    [NOT_ECT] = {[NOT_ECT] = NOT_ECT, [ECT0] = NOT_ECT, [ECT1] = NOT_ECT, [CE] = ECN_DROP},
    [ECT0] = {[NOT_ECT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE},
    [ECT1] = {[NOT_ECT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE},
    [CE] = {[NOT_ECT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE},
};

static void
set_ecn(uint8_t *l3, struct weir_frame *frame, uint8_t ecn)
{
	uint16_t old = load16(l3);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;

	frame->tos = (uint8_t)((frame->tos & ~ECN_MASK) | ecn);
	if ((frame->kind & WEIR_FRAME_IPV6) != 0) {
		l3[1] = (uint8_t)((l3[1] & ~(ECN_MASK << IPV6_ECN_SHIFT)) | ecn << IPV6_ECN_SHIFT);
		return;
	}
	ip->type_of_service = frame->tos;
	/* RFC 1624: a checksum that was wrong stays wrong. */
	ip->hdr_checksum = (rte_be16_t)~sum_fold((uint64_t)(uint16_t)~ip->hdr_checksum + (uint16_t)~old + load16(l3));
}

uint8_t
weir_frame_mark(uint8_t *data, struct weir_frame *frame)
{
	if ((frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) != 0 && (frame->tos & ECN_MASK) != NOT_ECT &&
	    (frame->tos & ECN_MASK) != CE)
		set_ecn(data + frame->l3, frame, CE);
	return frame->tos;
}

static enum weir_reason
merge_ecn(uint8_t *data, uint8_t outer_ecn, struct weir_frame *frame)
{
	uint8_t ecn;

	if ((frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0)
		return WEIR_OK;
	ecn = ecn_merged[frame->tos & ECN_MASK][outer_ecn];
	if (ecn == ECN_DROP)
		return WEIR_DROP_BAD_ECN;
	if (ecn != (frame->tos & ECN_MASK))
		set_ecn(data + frame->l3, frame, ecn);
	return WEIR_OK;
}

/* Cuts the packet to its first `len` bytes; segments behind them are freed. */
static void
cut(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *seg = m;
	uint32_t left = len;
	uint16_t segs = 1;

	for (; left > seg->data_len; segs++) {
		left -= seg->data_len;
		seg = seg->next;
	}
	seg->data_len = (uint16_t)left;
	rte_pktmbuf_free(seg->next);
	seg->next = NULL;
	m->nb_segs = segs;
	m->pkt_len = len;
}

enum weir_reason
weir_decap(struct rte_mbuf *m, uint32_t inner, uint8_t outer_tos, struct weir_frame *frame)
{
	uint8_t outer_ecn = outer_tos & ECN_MASK;

	/* Not-ECT and ECT(0) outside never change what is inside. */
	if (unlikely((outer_ecn & ECT1) != 0)) {
		enum weir_reason reason = merge_ecn(rte_pktmbuf_mtod_offset(m, uint8_t *, inner), outer_ecn, frame);

		if (reason != WEIR_OK)
			return reason;
	}
	(void)rte_pktmbuf_adj(m, (uint16_t)inner);
	if (unlikely(m->pkt_len != frame->len))
		cut(m, frame->len);
	m->ol_flags &= WEIR_MBUF_FLAGS_KEPT;
	return WEIR_OK;
}
