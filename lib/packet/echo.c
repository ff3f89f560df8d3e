/* SPDX-License-Identifier: BSD-3-Clause */
/* Ping: RFC 792 and RFC 4443 (4.1, 4.2). The reply is the request itself, turned round. */
#include <rte_ether.h>
#include <rte_icmp.h>

#include "answer_priv.h"

bool
weir_is_echo_request(const uint8_t *data, const struct weir_frame *frame)
{
	const uint8_t *message = data + frame->l4;
	struct ip_packet packet;
	uint32_t len;

	if (frame->l4 == 0 || !ip_packet_read(data, frame, &packet) || packet.end > frame->avail)
		return false;
	len = packet.end - frame->l4;
	if (packet.v4)
		return packet.proto == IPPROTO_ICMP && message[0] == RTE_IP_ICMP_ECHO_REQUEST &&
		       weir_ipv4_checksum(data + frame->l3, frame->l4 - frame->l3) == 0 &&
		       weir_ipv4_checksum(message, len) == 0;
	return packet.proto == IPPROTO_ICMPV6 && message[0] == ICMP6_ECHO_REQUEST &&
	       weir_l4_checksum(&packet.src, &packet.dst, IPPROTO_ICMPV6, message, len) == 0;
}

/* Swaps `n` bytes at p with those that follow them. */
static void
swap(uint8_t *p, uint32_t n)
{
	uint8_t first[sizeof(struct weir_ip)];

	memcpy(first, p, n);
	memcpy(p, p + n, n);
	memcpy(p + n, first, n);
}

/* Another type, and its checksum (RFC 1624). */
static void
set_type(uint8_t *message, uint8_t type)
{
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)message;
	uint16_t old = load16(message);

	icmp->icmp_type = type;
	icmp->icmp_cksum =
	    (rte_be16_t)~sum_fold((uint64_t)(uint16_t)~icmp->icmp_cksum + (uint16_t)~old + load16(message));
}

static void
turn_ipv4(uint8_t *l3, uint8_t *message)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)message;

	swap(l3 + offsetof(struct rte_ipv4_hdr, src_addr), sizeof(ip->src_addr));
	ip->time_to_live = ANSWER_TTL;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = weir_ipv4_checksum(l3, sizeof(*ip));
	set_type(message, RTE_IP_ICMP_ECHO_REPLY);
	/* A reply, and only that, may be all zeros, and 0 would be wrong then; in any other, both are right. */
	if (icmp->icmp_cksum == 0)
		icmp->icmp_cksum = UINT16_MAX;
}

static void
turn_ipv6(uint8_t *l3, uint8_t *message)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)l3;

	swap(ip->src_addr, sizeof(ip->src_addr));
	ip->hop_limits = ANSWER_TTL;
	/* The pseudo header sums up to the same with its addresses swapped. */
	set_type(message, ICMP6_ECHO_REPLY);
}

bool
weir_is_echo_packet(const struct rte_mbuf *m, const struct weir_frame *frame)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *), *ip = data + frame->l3;
	uint32_t len = weir_ip_end(data, frame) - frame->l4;
	uint64_t sum;

	if (frame->l4 + len <= frame->avail)
		return weir_is_echo_request(data, frame);
	sum = weir_sum_segments(m, frame->l4, len);
	if ((frame->kind & WEIR_FRAME_IPV4) != 0)
		return data[frame->l4] == RTE_IP_ICMP_ECHO_REQUEST && sum_fold(sum) == UINT16_MAX &&
		       weir_ipv4_checksum(ip, (ip[0] & RTE_IPV4_HDR_IHL_MASK) * 4u) == 0;
	sum += weir_sum(ip + offsetof(struct rte_ipv6_hdr, src_addr), 2 * sizeof(struct weir_ip));
	sum += (uint64_t)rte_cpu_to_be_32(len) + RTE_BE16(IPPROTO_ICMPV6);
	return data[frame->l4] == ICMP6_ECHO_REQUEST && sum_fold(sum) == UINT16_MAX;
}

uint32_t
weir_strip_extensions(uint8_t *data, struct weir_frame *frame)
{
	bool v4 = (frame->kind & WEIR_FRAME_IPV4) != 0;
	uint32_t head = frame->l3 + ip_header_len(v4), n = frame->l4 - head,
		 len = weir_ip_end(data, frame) - frame->l4;
	uint8_t *l3 = data + n + frame->l3;

	if (n == 0)
		return 0;
	memmove(data + n, data, head);
	if (v4) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;

		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + len));
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)l3;

		ip->proto = IPPROTO_ICMPV6;
		ip->payload_len = rte_cpu_to_be_16((uint16_t)len);
	}
	frame->l4 = (uint16_t)head;
	frame->len -= n;
	frame->avail -= n;
	return n;
}

bool
weir_turn_echo(
    uint8_t *data, const struct weir_frame *frame, const struct weir_mac *smac, const struct weir_mac *dmac)
{
	bool v4 = (frame->kind & WEIR_FRAME_IPV4) != 0;

	if (frame->l4 != frame->l3 + ip_header_len(v4))
		return false;
	memcpy(data, dmac, sizeof(*dmac));
	memcpy(data + RTE_ETHER_ADDR_LEN, smac, sizeof(*smac));
	if (v4)
		turn_ipv4(data + frame->l3, data + frame->l4);
	else
		turn_ipv6(data + frame->l3, data + frame->l4);
	return true;
}
