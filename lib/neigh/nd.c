/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 4861: solicitations and advertisements of neighbours. Routers and redirects are configured, not listened to. */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "neigh_priv.h"

enum { RS = 133, RA = 134, NS = 135, NA = 136 };
enum { SOLICITED = 0x40, OVERRIDE = 0x20 };
enum { OPTION_SOURCE = 1, OPTION_TARGET = 2 };

static const struct weir_ip all_nodes = {{0xff, 0x02, [15] = 0x01}};

/* NS and NA, both with a link-layer address option. */
struct message {
	uint8_t type, code;
	rte_be16_t checksum;
	uint8_t flags, reserved[3];
	struct weir_ip target;
	uint8_t option, option_len; /* in units of 8 bytes */
	struct weir_mac mac;
};
_Static_assert(sizeof(struct message) == 32, "no holes");

static struct weir_ip
solicited_node(const struct weir_ip *ip)
{
	return (struct weir_ip){
	    {0xff, 0x02, [11] = 0x01, [12] = 0xff, [13] = ip->b[13], [14] = ip->b[14], [15] = ip->b[15]}};
}

static struct weir_mac
multicast_mac(const struct weir_ip *ip)
{
	return (struct weir_mac){{0x33, 0x33, ip->b[12], ip->b[13], ip->b[14], ip->b[15]}};
}

static void
nd_send(struct weir_neigh *neigh, const struct underlay *u, const struct weir_mac *dmac, const struct weir_ip *src,
    const struct weir_ip *dst, uint8_t type, uint8_t flags, const struct weir_ip *target)
{
	uint8_t *p = frame_begin(neigh, u, dmac, RTE_ETHER_TYPE_IPV6);
	struct message message = {
	    .type = type,
	    .flags = flags,
	    .target = *target,
	    .option = type == NS ? OPTION_SOURCE : OPTION_TARGET,
	    .option_len = 1,
	    .mac = u->mac,
	};
	struct rte_ipv6_hdr ip = {
	    .vtc_flow = RTE_BE32(0x60000000),
	    .payload_len = RTE_BE16(sizeof(message)),
	    .proto = IPPROTO_ICMPV6,
	    .hop_limits = 255,
	};

	memcpy(ip.src_addr, src, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, dst, sizeof(ip.dst_addr));
	message.checksum =
	    weir_l4_checksum(src, dst, IPPROTO_ICMPV6, (const uint8_t *)&message, (uint32_t)sizeof(message));
	memcpy(p, &ip, sizeof(ip));
	memcpy(p + sizeof(ip), &message, sizeof(message));
	frame_send(neigh, u, sizeof(ip) + sizeof(message));
}

void
nd_ask(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac)
{
	const struct weir_ip *src = ip_is_link_local(ip) ? &u->link_local : underlay_source(u, ip);
	struct weir_ip group = solicited_node(ip);
	struct weir_mac group_mac = multicast_mac(&group);

	if (mac != NULL)
		nd_send(neigh, u, mac, src, ip, NS, 0, ip);
	else
		nd_send(neigh, u, &group_mac, src, &group, NS, 0, ip);
}

void
nd_announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip)
{
	struct weir_mac dmac = multicast_mac(&all_nodes);

	nd_send(neigh, u, &dmac, ip, &all_nodes, NA, OVERRIDE, ip);
}

/* A neighbour of ours gave its MAC along with something else. */
static enum weir_reason
hear_source(struct weir_neigh *neigh, const struct underlay *u, const struct weir_nd *nd, uint64_t now)
{
	uint32_t sender = nd->has_lladdr ? neighbour_find(neigh, u->id, &nd->src) : WEIR_NONE;

	if (sender == WEIR_NONE)
		return WEIR_DROP_NOT_OURS;
	neighbour_hear(neigh, sender, &nd->lladdr, now);
	return WEIR_OK;
}

static enum weir_reason
solicitation(
    struct weir_neigh *neigh, struct underlay *u, const uint8_t *frame, const struct weir_nd *nd, uint64_t now)
{
	struct weir_ip group = solicited_node(&nd->target);
	bool for_us = underlay_owns(u, &nd->target) &&
		      (weir_ip_equal(&nd->dst, &nd->target) || weir_ip_equal(&nd->dst, &group));
	enum weir_reason heard;
	struct weir_mac mac;

	memcpy(&mac, frame + 6, sizeof(mac));
	if (nd->has_lladdr)
		mac = nd->lladdr;
	if (underlay_owns(u, &nd->src)) {
		underlay_conflict(u, &nd->src, &mac, now);
		return WEIR_OK;
	}
	heard = hear_source(neigh, u, nd, now);
	if (!for_us)
		return heard;
	if (ip_is_unspecified(&nd->src)) /* somebody wants the address: it is taken (RFC 4862, 5.4.3) */
		nd_announce(neigh, u, &nd->target);
	else
		nd_send(neigh, u, &mac, &nd->target, &nd->src, NA, SOLICITED | OVERRIDE, &nd->target);
	return WEIR_OK;
}

/* RFC 4861, 7.2.5. */
static enum weir_reason
advertisement(struct weir_neigh *neigh, struct underlay *u, const struct weir_nd *nd, uint64_t now)
{
	const struct weir_mac *mac = nd->has_lladdr ? &nd->lladdr : NULL;
	const struct neighbour *n;
	uint32_t id;

	if (underlay_owns(u, &nd->target)) {
		if (mac != NULL)
			underlay_conflict(u, &nd->target, mac, now);
		return WEIR_OK;
	}
	id = neighbour_find(neigh, u->id, &nd->target);
	if (id == WEIR_NONE)
		return WEIR_DROP_NOT_OURS;
	n = &neigh->neighbour[id];
	if ((nd->na_flags & OVERRIDE) == 0 && neighbour_has_mac(n) && mac != NULL && !weir_mac_equal(mac, &n->mac))
		neighbour_doubt(neigh, id, now);
	else if ((nd->na_flags & SOLICITED) != 0)
		neighbour_confirm(neigh, id, mac, now);
	else if (mac != NULL)
		neighbour_hear(neigh, id, mac, now);
	return WEIR_OK;
}

enum weir_reason
nd_input(
    struct weir_neigh *neigh, struct underlay *u, const uint8_t *frame, const struct weir_outer *outer, uint64_t now)
{
	struct weir_mac smac;
	struct weir_nd nd;
	enum weir_reason reason = weir_parse_nd(frame, &outer->frame, &nd);

	memcpy(&smac, frame + 6, sizeof(smac));
	if (reason != WEIR_OK)
		return reason;
	/* IPv4 in IPv6's clothes has no business on a wire. */
	if (weir_ip_is_v4(&nd.src) || weir_ip_is_v4(&nd.target))
		return WEIR_DROP_BAD_L4;
	if (!mac_is_host(&smac) || (nd.has_lladdr && !mac_is_host(&nd.lladdr)))
		return WEIR_DROP_BAD_L4;
	if (weir_mac_equal(&smac, &u->mac) || (nd.has_lladdr && weir_mac_equal(&nd.lladdr, &u->mac)))
		return WEIR_DROP_NOT_OURS; /* our own, come back */
	switch (nd.type) {
	case NS:
		return solicitation(neigh, u, frame, &nd, now);
	case NA:
		return advertisement(neigh, u, &nd, now);
	case RS:
	case RA:
		return hear_source(neigh, u, &nd, now);
	default:
		return WEIR_DROP_NOT_OURS;
	}
}
