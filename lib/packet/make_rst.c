/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP resets (RFC 9293, 3.10.7.1): from where the packet wanted to go, as if nobody knew its connection there. */
#include <rte_ether.h>
#include <rte_tcp.h>

#include "answer_priv.h"

/* SEG.LEN: what of the sequence space the packet takes up. Below 2^17. */
static uint32_t
segment_len(const struct rte_tcp_hdr *tcp, const struct ip_packet *packet)
{
	uint32_t len = packet->end - packet->payload - (tcp->data_off >> 4) * 4u;

	return len + ((tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0) + ((tcp->tcp_flags & RTE_TCP_FIN_FLAG) != 0);
}

uint32_t
weir_make_rst(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_mac *dmac,
    const uint8_t *data, const struct weir_frame *frame)
{
	const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(data + frame->l4);
	struct rte_tcp_hdr rst = {.data_off = sizeof(rst) / 4 << 4, .tcp_flags = RTE_TCP_RST_FLAG};
	struct ip_packet packet;
	struct ip_params ip = {.proto = IPPROTO_TCP, .ttl = ANSWER_TTL, .len = sizeof(rst)};
	uint32_t at;

	if ((frame->kind & WEIR_FRAME_TCP) == 0 || (tcp->tcp_flags & RTE_TCP_RST_FLAG) != 0 ||
	    !ip_packet_read(data, frame, &packet) || !ip_packet_answerable(data, &packet) ||
	    size < ip_frame_len(packet.v4, sizeof(rst)))
		return 0;
	ip.src = &packet.dst;
	ip.dst = &packet.src;
	rst.src_port = tcp->dst_port;
	rst.dst_port = tcp->src_port;
	if ((tcp->tcp_flags & RTE_TCP_ACK_FLAG) != 0) {
		rst.sent_seq = tcp->recv_ack;
	} else {
		rst.recv_ack = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sent_seq) + segment_len(tcp, &packet));
		rst.tcp_flags |= RTE_TCP_ACK_FLAG;
	}
	rst.cksum = weir_l4_checksum(ip.src, ip.dst, IPPROTO_TCP, (const uint8_t *)&rst, (uint32_t)sizeof(rst));
	at = put_ip(out, smac, dmac, &ip);
	memcpy(out + at, &rst, sizeof(rst));
	return weir_frame_pad(out, at + (uint32_t)sizeof(rst));
}
