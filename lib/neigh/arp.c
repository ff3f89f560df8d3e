/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 826, and of RFC 5227 the announcements. */
#include <rte_arp.h>

#include "neigh_priv.h"

static const struct weir_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* To `dmac`: we are `spa`; `tha` and `tpa` by kind of packet. */
static void
arp_send(struct weir_neigh *neigh, const struct underlay *u, const struct weir_mac *dmac, uint16_t op,
    const struct weir_ip *spa, const struct weir_mac *tha, const struct weir_ip *tpa)
{
	frame_send(neigh, u, weir_make_arp(frame_room(neigh), FRAME_SIZE, op, dmac, &u->mac, spa, tha, tpa));
}

void
arp_ask(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac)
{
	static const struct weir_mac unknown;

	arp_send(neigh, u, mac != NULL ? mac : &everybody, RTE_ARP_OP_REQUEST, underlay_source(u, ip), &unknown, ip);
}

void
arp_announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip)
{
	static const struct weir_mac unknown;

	arp_send(neigh, u, &everybody, RTE_ARP_OP_REQUEST, ip, &unknown, ip);
}

enum weir_reason
arp_input(
    struct weir_neigh *neigh, struct underlay *u, const uint8_t *frame, const struct weir_outer *outer, uint64_t now)
{
	struct weir_arp arp;
	uint32_t sender;
	bool for_us;

	weir_parse_arp(frame, &outer->frame, &arp);
	if (arp.op != RTE_ARP_OP_REQUEST && arp.op != RTE_ARP_OP_REPLY)
		return WEIR_DROP_NOT_OURS;
	if (!mac_is_host(&arp.sha))
		return WEIR_DROP_BAD_ARP;
	if (weir_mac_equal(&arp.sha, &u->mac)) /* our own, come back */
		return WEIR_DROP_NOT_OURS;
	if (underlay_owns(u, &arp.spa)) {
		underlay_conflict(u, &arp.spa, &arp.sha, now);
		return WEIR_OK;
	}
	for_us = underlay_owns(u, &arp.tpa);
	sender = neighbour_find(neigh, u->id, &arp.spa);
	/* A reply sent to us alone answers a question of ours; anything else is hearsay. */
	if (sender != WEIR_NONE && arp.op == RTE_ARP_OP_REPLY && for_us && !(frame[0] & 1))
		neighbour_confirm(neigh, sender, &arp.sha, now);
	else if (sender != WEIR_NONE)
		neighbour_hear(neigh, sender, &arp.sha, now);
	if (for_us && arp.op == RTE_ARP_OP_REQUEST)
		arp_send(neigh, u, &arp.sha, RTE_ARP_OP_REPLY, &arp.tpa, &arp.sha, &arp.spa);
	return for_us || sender != WEIR_NONE ? WEIR_OK : WEIR_DROP_NOT_OURS;
}
