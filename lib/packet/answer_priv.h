/* SPDX-License-Identifier: BSD-3-Clause */
/* What the makers of packets share: headers to write, and what of a packet decides how it is answered. */
#ifndef WEIR_ANSWER_PRIV_H
#define WEIR_ANSWER_PRIV_H

#include "packet_priv.h"
#include "weir_answer.h"

#define ANSWER_TTL 64

/* Writes an Ethernet header; returns its bytes. */
uint32_t put_ether(uint8_t *p, const struct weir_mac *smac, const struct weir_mac *dmac, rte_be16_t ethertype);

/* An IP header to be written, of the family of its addresses. */
struct ip_params {
	const struct weir_ip *src, *dst;
	uint8_t proto, ttl, tos;
	uint32_t len; /* bytes that follow it */
};

static inline uint32_t
ip_header_len(bool v4)
{
	return v4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
}

/* Bytes of a frame with `len` bytes behind its IP header, padding included. */
static inline uint32_t
ip_frame_len(bool v4, uint32_t len)
{
	return RTE_MAX((uint32_t)RTE_ETHER_HDR_LEN + ip_header_len(v4) + len, (uint32_t)WEIR_FRAME_MIN);
}

/* Writes Ethernet and IP header; returns their bytes. */
uint32_t put_ip(uint8_t *p, const struct weir_mac *smac, const struct weir_mac *dmac, const struct ip_params *params);

/* The IP packet in a parsed frame. */
struct ip_packet {
	bool v4;
	bool later;	       /* a fragment, not the first one: there is no payload that could be understood */
	uint8_t proto;	       /* of the payload: after extension headers */
	uint32_t payload, end; /* offsets: behind all IP headers, behind the packet's last byte */
	struct weir_ip src, dst;
};

/* False if the frame has none. */
bool ip_packet_read(const uint8_t *data, const struct weir_frame *frame, struct ip_packet *packet);

/* Whether what speaks of this packet can go to its source, and to nobody else. */
bool ip_packet_answerable(const uint8_t *data, const struct ip_packet *packet);

#endif
