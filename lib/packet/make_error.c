/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP and ICMPv6 errors. */
#include <rte_ether.h>

#include "answer_priv.h"

/* The largest IP packet that an error makes: what every host can receive (RFC 1812, 4.3.2.3; RFC 4443, 2.4 c). */
#define ERROR_MAX_V4 576
#define ERROR_MAX_V6 1280

#define TOS_V4 0xc0 /* internetwork control (RFC 1812, 4.3.2.5) */

#define ICMP6_ERROR_MAX 127 /* errors have types up to this one (RFC 4443, 2.1) */

struct icmp_error {
	uint8_t type, code;
	rte_be16_t checksum;
	rte_be32_t rest; /* TOO_BIG: the MTU; of IPv4 its upper half is unused */
};

static const struct icmp_error errors_v4[] = {
    [WEIR_ICMP_NET_UNREACHABLE] = {3, 0, 0, 0},
    [WEIR_ICMP_HOST_UNREACHABLE] = {3, 1, 0, 0},
    [WEIR_ICMP_PORT_UNREACHABLE] = {3, 3, 0, 0},
    [WEIR_ICMP_PROHIBITED] = {3, 13, 0, 0},
    [WEIR_ICMP_TOO_BIG] = {3, 4, 0, 0},
    [WEIR_ICMP_TIME_EXCEEDED] = {11, 0, 0, 0},
};

static const struct icmp_error errors_v6[] = {
    [WEIR_ICMP_NET_UNREACHABLE] = {1, 0, 0, 0},
    [WEIR_ICMP_HOST_UNREACHABLE] = {1, 3, 0, 0},
    [WEIR_ICMP_PORT_UNREACHABLE] = {1, 4, 0, 0},
    [WEIR_ICMP_PROHIBITED] = {1, 1, 0, 0},
    [WEIR_ICMP_TOO_BIG] = {2, 0, 0, 0},
    [WEIR_ICMP_TIME_EXCEEDED] = {3, 0, 0, 0},
};

/* The packet, perhaps a first fragment, is an error itself. What does not even show its type may be one. */
static bool
is_error(const uint8_t *data, const struct weir_frame *frame, const struct ip_packet *packet)
{
	uint8_t type;

	if (packet->proto != (packet->v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return false;
	if (packet->payload >= RTE_MIN(packet->end, frame->avail))
		return true;
	type = data[packet->payload];
	if (packet->v4) /* unreachable, source quench, redirect, time exceeded, parameter problem */
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return type <= ICMP6_ERROR_MAX || type == ND_REDIRECT;
}

uint32_t
weir_make_icmp_error(uint8_t *out, uint32_t size, enum weir_icmp_error error, uint32_t mtu,
    const struct weir_mac *smac, const struct weir_mac *dmac, const struct weir_ip *src, const uint8_t *data,
    const struct weir_frame *frame)
{
	struct ip_params ip = {.src = src, .ttl = ANSWER_TTL};
	struct icmp_error icmp;
	struct ip_packet packet;
	uint32_t at, quote, room;

	if (!ip_packet_read(data, frame, &packet) || weir_ip_is_v4(src) != packet.v4 || packet.later ||
	    !ip_packet_answerable(data, &packet) || is_error(data, frame, &packet))
		return 0;
	room = (packet.v4 ? ERROR_MAX_V4 : ERROR_MAX_V6) - ip_header_len(packet.v4) - (uint32_t)sizeof(icmp);
	quote = RTE_MIN(RTE_MIN(packet.end, frame->avail) - frame->l3, room);
	ip.dst = &packet.src;
	ip.proto = packet.v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	ip.tos = packet.v4 ? TOS_V4 : 0;
	ip.len = (uint32_t)sizeof(icmp) + quote;
	if (size < ip_frame_len(packet.v4, ip.len))
		return 0;
	icmp = packet.v4 ? errors_v4[error] : errors_v6[error];
	if (error == WEIR_ICMP_TOO_BIG)
		icmp.rest = rte_cpu_to_be_32(packet.v4 ? RTE_MIN(mtu, (uint32_t)UINT16_MAX) : mtu);
	at = put_ip(out, smac, dmac, &ip);
	memcpy(out + at, &icmp, sizeof(icmp));
	memcpy(out + at + sizeof(icmp), data + frame->l3, quote);
	icmp.checksum = packet.v4 ? weir_ipv4_checksum(out + at, ip.len)
				  : weir_l4_checksum(src, &packet.src, IPPROTO_ICMPV6, out + at, ip.len);
	memcpy(out + at, &icmp, sizeof(icmp));
	return weir_frame_pad(out, at + ip.len);
}
