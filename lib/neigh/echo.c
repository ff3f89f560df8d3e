/* SPDX-License-Identifier: BSD-3-Clause */
/* Ping: RFC 792 and RFC 4443 (4.1, 4.2), of our own addresses. */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "neigh_priv.h"

/* A sender that an answer would reach, and reach alone. */
static bool
source_ok(const struct weir_neigh *neigh, const struct weir_ip *src)
{
	return weir_ip_is_host(src) && !neigh_owns(neigh, src);
}

/* Copies the request without Ethernet's padding, and without IPv4 options, which no reply has; returns its bytes. */
static uint32_t
copy_request(uint8_t *to, const uint8_t *frame, struct weir_frame *f)
{
	bool v4 = (f->kind & WEIR_FRAME_IPV4) != 0;
	uint32_t l4 = f->l3 + (uint32_t)(v4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr));
	uint32_t len = weir_ip_end(frame, f) - f->l4;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(to + f->l3);

	memcpy(to, frame, l4);
	memcpy(to + l4, frame + f->l4, len);
	if (v4) {
		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + len));
	}
	f->l4 = (uint16_t)l4;
	return l4 + len;
}

enum weir_reason
echo_input(struct weir_neigh *neigh, const struct underlay *u, const uint8_t *frame, const struct weir_outer *outer)
{
	bool v4 = (outer->frame.kind & WEIR_FRAME_IPV4) != 0;
	struct weir_frame reply = outer->frame;
	uint8_t *p = frame_room(neigh);
	struct weir_mac smac;
	uint32_t len;

	memcpy(&smac, frame + sizeof(smac), sizeof(smac));
	/* A link-local address is this underlay's alone. Nobody pings one host by broadcast. */
	if ((frame[0] & 1) != 0 || (!neigh_owns(neigh, &outer->dst) && !weir_ip_equal(&u->link_local, &outer->dst)))
		return WEIR_DROP_NOT_OURS;
	/* IPv4 in IPv6's clothes has no business on a wire. */
	if (weir_ip_is_v4(&outer->dst) != v4 || weir_ip_is_v4(&outer->src) != v4)
		return WEIR_DROP_BAD_L4;
	if (!mac_is_host(&smac) || weir_mac_equal(&smac, &u->mac) || !source_ok(neigh, &outer->src))
		return WEIR_DROP_BAD_L4;
	if (!weir_is_echo_request(frame, &outer->frame))
		return WEIR_DROP_BAD_L4;
	len = copy_request(p, frame, &reply);
	(void)weir_turn_echo(p, &reply, &u->mac, &smac);
	frame_send(neigh, u, weir_frame_pad(p, len));
	return WEIR_OK;
}
