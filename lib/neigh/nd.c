/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 4861: solicitations and advertisements of neighbours. Routers and redirects are configured, not listened to. */
#include <string.h>

#include "neigh_priv.h"

enum { RS = 133, RA = 134, NS = 135, NA = 136 };

/* NULL, NULL: to all nodes. */
static void
advertise(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *dmac,
    const struct weir_ip *dst, uint8_t flags)
{
	frame_send(neigh, u, weir_make_na(frame_room(neigh), FRAME_SIZE, &u->mac, ip, dmac, dst, flags));
}

void
nd_ask(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac)
{
	const struct weir_ip *src = ip_is_link_local(ip) ? &u->link_local : underlay_source(u, ip);

	frame_send(neigh, u, weir_make_ns(frame_room(neigh), FRAME_SIZE, &u->mac, src, ip, mac));
}

void
nd_announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip)
{
	advertise(neigh, u, ip, NULL, NULL, WEIR_NA_OVERRIDE);
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
	struct weir_ip group = weir_ip_solicited_node(&nd->target);
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
		advertise(neigh, u, &nd->target, &mac, &nd->src, WEIR_NA_SOLICITED | WEIR_NA_OVERRIDE);
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
	if ((nd->na_flags & WEIR_NA_OVERRIDE) == 0 && neighbour_has_mac(n) && mac != NULL &&
	    !weir_mac_equal(mac, &n->mac))
		neighbour_doubt(neigh, id, now);
	else if ((nd->na_flags & WEIR_NA_SOLICITED) != 0)
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
