/* SPDX-License-Identifier: BSD-3-Clause */
/* Who a sender says it is, in headers and in ARP and ND payloads, against what its vport may be (design 1.3). */
#include <string.h>

#include "ref.h"

enum {
	ND_RS = 133,
	ND_RA,
	ND_NS,
	ND_NA,
	ND_REDIRECT,
	MLD_REPORT = 131,
	MLD_DONE = 132,
	MLD2_REPORT = 143,
	OPTION_SOURCE = 1,
	OPTION_TARGET = 2,
};

static const struct weir_ip any4 = {.b = {[10] = 0xff, [11] = 0xff}};
static const struct weir_ip any6;

static bool
is_any6(const struct weir_ip *ip)
{
	return weir_ip_equal(ip, &any6);
}

static bool
is_link_local(const struct weir_ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

/* ---- neighbour discovery ---- */

/* Looks at the options from `at` on; false if one of them is impossible, or two name a link-layer address. */
static bool
read_nd_options(const uint8_t *p, uint32_t at, uint32_t len, struct ref_nd *nd)
{
	uint8_t wanted = nd->type == ND_NA || nd->type == ND_REDIRECT ? OPTION_TARGET : OPTION_SOURCE;

	while (at < len) {
		uint32_t size;

		if (at + 2 > len)
			return false;
		size = p[at + 1] * 8u;
		if (size == 0 || at + size > len)
			return false;
		if (p[at] == OPTION_SOURCE || p[at] == OPTION_TARGET) {
			/* One that does not belong there is to be ignored, or not to be sent. */
			nd->open |= p[at] != wanted || size != 8;
			if (p[at] == wanted && nd->has_lladdr)
				return false;
			nd->has_lladdr |= p[at] == wanted;
			if (p[at] == wanted)
				memcpy(nd->lladdr.b, p + at + 2, 6);
		}
		at += size;
	}
	return true;
}

static bool
nd_addresses_ok(const struct ref_frame *frame, const uint8_t *p, const struct ref_nd *nd)
{
	struct weir_ip group = wire_solicited_node(&nd->target); /* somebody's: the first 13 bytes say so */
	bool from_any = is_any6(&frame->src);

	switch (nd->type) {
	case ND_RS:
		return !(from_any && nd->has_lladdr);
	case ND_RA:
		return is_link_local(&frame->src);
	case ND_NS:
		if (from_any && (nd->has_lladdr || memcmp(frame->dst.b, group.b, 13) != 0))
			return false;
		return nd->target.b[0] != 0xff;
	case ND_NA:
		return nd->target.b[0] != 0xff && !(frame->dst.b[0] == 0xff && (p[4] & 0x40) != 0);
	default:
		return is_link_local(&frame->src);
	}
}

bool
ref_read_nd(const uint8_t *data, const struct ref_frame *frame, struct ref_nd *nd)
{
	static const uint32_t sizes[] = {8, 16, 24, 24, 40};
	const uint8_t *p = data + frame->l4;
	uint32_t size;

	memset(nd, 0, sizeof(*nd));
	if (frame->kind != REF_IPV6 || frame->proto != PROTO_ICMPV6 || frame->l4 == 0)
		return false;
	if (p[0] < ND_RS || p[0] > ND_REDIRECT)
		return false;
	nd->type = p[0];
	size = sizes[nd->type - ND_RS];
	if (frame->hops != 255 || p[1] != 0 || frame->l4_len < size ||
	    wire_l4_sum(data + frame->l3, PROTO_ICMPV6, p, frame->l4_len) != 0)
		return true;
	if (nd->type == ND_NS || nd->type == ND_NA || nd->type == ND_REDIRECT)
		nd->target = wire_get_ipv6(p + 8);
	nd->valid = read_nd_options(p, size, frame->l4_len, nd) && nd_addresses_ok(frame, p, nd);
	return true;
}

/* ---- anti-spoofing ---- */

static bool
may_be(const struct topo_vport *vport, const struct weir_ip *ip)
{
	struct weir_ip own = wire_link_local(&vport->mac);

	for (uint32_t i = 0; i < vport->n_addresses; i++)
		if (weir_ip_equal(&vport->addresses[i], ip))
			return true;
	return vport->has_mac && weir_ip_equal(ip, &own);
}

static uint64_t
spoof_arp(const struct topo_vport *vport, const uint8_t *arp, bool *open)
{
	struct weir_ip sender = wire_get_ipv4(arp + 14);
	uint64_t reasons = 0;

	if (vport->has_mac && memcmp(arp + 8, vport->mac.b, 6) != 0)
		reasons |= REF_REASON(SPOOFED_MAC);
	if (vport->n_addresses == 0 || may_be(vport, &sender))
		return reasons;
	if (!weir_ip_equal(&sender, &any4))
		return reasons | REF_REASON(SPOOFED_IP);
	if (get16(arp + 6) != 1) /* a probe is a request */
		*open = true;
	return reasons;
}

static uint64_t
spoof_ipv4(const struct topo_vport *vport, const struct ref_frame *frame, bool *open)
{
	if (vport->n_addresses == 0 || may_be(vport, &frame->src))
		return 0;
	if (weir_ip_equal(&frame->src, &any4) && frame->proto == PROTO_UDP && frame->l4 != 0 && frame->sport == 68 &&
	    frame->dport == 67) {
		*open |= frame->dst.b[12] != 255 || frame->dst.b[15] != 255;
		return 0;
	}
	return REF_REASON(SPOOFED_IP);
}

/* What may come from "::": duplicate address detection of what the vport may be, and MLD. */
static uint64_t
spoof_from_any6(const struct topo_vport *vport, const uint8_t *data, const struct ref_frame *frame,
    const struct ref_nd *nd, bool *open)
{
	const uint8_t *icmp = data + frame->l4;

	if (frame->proto != PROTO_ICMPV6 || frame->l4 == 0)
		return REF_REASON(SPOOFED_IP);
	if (nd->type == ND_NS) {
		*open |= !may_be(vport, &nd->target);
		return 0;
	}
	if (icmp[0] == MLD_REPORT || icmp[0] == MLD_DONE || icmp[0] == MLD2_REPORT) {
		/* As hosts send it: hop limit 1, with a router alert. */
		*open |= frame->hops != 1 || !frame->router_alert || frame->dst.b[0] != 0xff;
		return 0;
	}
	*open |= nd->type == ND_RS;
	return REF_REASON(SPOOFED_IP);
}

/* IPv4 addresses are held as ::ffff:a.b.c.d; in an IPv6 packet that is nobody's address. */
static bool
may_be_ipv6(const struct topo_vport *vport, const struct weir_ip *ip)
{
	return !weir_ip_is_v4(ip) && may_be(vport, ip);
}

static uint64_t
spoof_ipv6(const struct topo_vport *vport, const uint8_t *data, const struct ref_frame *frame, bool *open)
{
	struct ref_nd nd;
	uint64_t reasons = 0;
	bool is_nd = ref_read_nd(data, frame, &nd);
	bool own_claim = nd.type != ND_REDIRECT;

	/* With addresses but no MAC it is not said which fe80 address is the vport's own. */
	*open |=
	    !vport->has_mac && vport->n_addresses != 0 && (is_link_local(&frame->src) || is_link_local(&nd.target));
	if (is_nd && !nd.valid)
		return REF_REASON(BAD_L4) | (vport->n_addresses != 0 ? REF_REASON(SPOOFED_IP) : 0) |
		       (vport->has_mac ? REF_REASON(SPOOFED_MAC) : 0);
	*open |= is_nd && (nd.open || !own_claim);
	if (is_nd && own_claim && nd.has_lladdr && vport->has_mac && !weir_mac_equal(&nd.lladdr, &vport->mac))
		reasons |= REF_REASON(SPOOFED_MAC);
	if (vport->n_addresses == 0)
		return reasons;
	if (nd.type == ND_NA && !may_be_ipv6(vport, &nd.target))
		reasons |= REF_REASON(SPOOFED_IP);
	if (is_any6(&frame->src))
		return reasons | spoof_from_any6(vport, data, frame, &nd, open);
	return may_be_ipv6(vport, &frame->src) ? reasons : reasons | REF_REASON(SPOOFED_IP);
}

uint64_t
ref_spoof(const struct topo_vport *vport, const uint8_t *data, const struct ref_frame *frame, bool *open)
{
	uint64_t reasons = 0;

	if (!vport->has_mac && vport->n_addresses == 0)
		return 0;
	if (vport->has_mac && !weir_mac_equal(&frame->smac, &vport->mac))
		reasons |= REF_REASON(SPOOFED_MAC);
	if (frame->l3 == 0)
		return reasons;
	if (frame->kind == REF_ARP)
		return reasons | spoof_arp(vport, data + frame->l3, open);
	if (frame->kind == REF_IPV4)
		return reasons | spoof_ipv4(vport, frame, open);
	if (frame->kind == REF_IPV6)
		return reasons | spoof_ipv6(vport, data, frame, open);
	return reasons;
}
