/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a tunnel packet, or of a frame that a router makes, must be so, and what may be otherwise. */
#include <string.h>

#include "model.h"

#define SHORTEST 60 /* to this length a frame may be padded */

/* ---- tunnels ---- */

/* Takes out of a tunnel packet what weir may choose, and what depends on it, if it is right. *port: the UDP source
 * port. */
static bool
normalize(struct wire *wire, uint32_t outer, uint16_t *port)
{
	uint8_t *ip = wire->data + outer, *udp;
	bool v4;

	if (wire->len < outer + 40 || (ip[0] >> 4 == 6 && wire->len < outer + 56))
		return false;
	v4 = ip[0] >> 4 == 4;
	udp = ip + (v4 ? 20 : 40);
	if (v4 && wire_fold(wire_sum(ip, 20, 0)) != 0)
		return false;
	if (!v4 && (get16(udp + 6) == 0 || get16(udp + 4) > wire->data + wire->len - udp ||
		       wire_l4_sum(ip, PROTO_UDP, udp, get16(udp + 4)) != 0))
		return false;
	*port = get16(udp);
	put16(udp, 0);
	if (v4) {
		put16(ip + 4, 0);
		put16(ip + 10, 0);
	} else {
		put16(udp + 6, 0);
	}
	return true;
}

bool
compare_tunnel(const struct wire *found, const struct ref_out *out, uint16_t *port)
{
	static struct wire a, b;
	uint16_t none;

	if (found->len != out->wire.len || memcmp(found->data, out->wire.data, 12) != 0)
		return false;
	a.len = found->len;
	memcpy(a.data, found->data, found->len);
	b.len = out->wire.len;
	memcpy(b.data, out->wire.data, out->wire.len);
	if (!normalize(&a, out->outer, port))
		return false;
	/* The reference leaves the UDP checksum over IPv6 out. */
	if (b.data[out->outer] >> 4 == 4)
		(void)normalize(&b, out->outer, &none);
	return memcmp(a.data, b.data, a.len) == 0;
}

/* ---- the tenant's frame in what left ---- */

/* Takes tunnel or VLAN tag off. Where it left by a vport or a remote that is not `at`, false. */
static bool
unwrap(
    const struct topo *topo, const struct wire *found, const struct ref_place *at, uint32_t outer, struct wire *frame)
{
	const struct topo_vport *vport = &topo->tenants[at->tenant].vports[at->vport];
	uint32_t headers = outer + (weir_ip_is_v4(&at->remote) ? 20 : 40) + 16;

	*frame = *found;
	if (at->kind == REF_AT_REMOTE) {
		if (found->len < headers + ETH_HEADER)
			return false;
		wire_cut(frame, 0, headers);
		return true;
	}
	if (vport->vlan == 0)
		return found->len >= ETH_HEADER;
	if (found->len < 18 || get16(found->data + 12) != ETH_VLAN || get16(found->data + 14) != vport->vlan)
		return false;
	wire_cut(frame, 12, 4);
	return true;
}

/* The tunnel's headers are as they should be around this very frame. */
static bool
well_wrapped(const struct topo *topo, const struct wire *found, const struct wire *frame, const struct ref_out *out,
    uint16_t *port)
{
	static struct ref_out whole;
	struct ref_frame read;

	if (out->outer == 0)
		return true;
	ref_read(frame->data, frame->len, &read);
	whole = (struct ref_out){.to = out->to};
	ref_send_remote(
	    topo, &topo->tenants[out->to.tenant].switches[out->to.sw], &out->to.remote, frame, &read, &whole);
	return compare_tunnel(found, &whole, port);
}

/* ---- what is weir's choice ---- */

/* Zeroes TOS, id and DF, or traffic class and flow label; false: not an IP header with a right checksum. */
static bool
soften_ip(uint8_t *ip, uint32_t len)
{
	if (len >= 40 && ip[0] >> 4 == 6) {
		put32(ip, UINT32_C(6) << 28);
		return true;
	}
	if (len < 20 || ip[0] != 0x45 || wire_fold(wire_sum(ip, 20, 0)) != 0)
		return false;
	ip[1] = 0;
	put16(ip + 4, 0);
	put16(ip + 6, get16(ip + 6) & ~0x4000u);
	put16(ip + 10, 0);
	return true;
}

/* Of the packet quoted for its size, or for a firewall at the way out, TTL and checksum may be those of its way out.
 */
static void
soften_quoted(uint8_t *icmp, uint32_t len, bool v4)
{
	uint8_t *ip = icmp + 8;

	if (v4 && icmp[0] == 3 && (icmp[1] == 4 || icmp[1] == 13) && len >= 28) {
		ip[8] = 0;
		put16(ip + 10, 0);
	} else if (!v4 && (icmp[0] == 2 || (icmp[0] == 1 && icmp[1] == 1)) && len >= 48) {
		ip[7] = 0;
	}
}

/* Makes frames that are equally right the same; false: this one cannot be right. */
static bool
soften(struct wire *frame, enum ref_made made)
{
	uint8_t *ip = frame->data + ETH_HEADER, *icmp;
	uint32_t len = frame->len - ETH_HEADER, header, rest;
	bool v4;

	if (made == REF_MADE_ARP)
		return true;
	if (!soften_ip(ip, len))
		return false;
	v4 = ip[0] >> 4 == 4;
	header = v4 ? 20 : 40;
	rest = (v4 ? get16(ip + 2) : 40u + get16(ip + 4)) - header;
	if (rest < 8 || header + rest > len)
		return false;
	icmp = ip + header;
	if (made == REF_MADE_RST) {
		if (rest != 20 || wire_l4_sum(ip, PROTO_TCP, icmp, rest) != 0)
			return false;
		put16(icmp + 16, 0);
		return true;
	}
	if ((v4 ? wire_fold(wire_sum(icmp, rest, 0)) : wire_l4_sum(ip, PROTO_ICMPV6, icmp, rest)) != 0)
		return false;
	put16(icmp + 2, 0);
	if (made == REF_MADE_ND)
		icmp[4] &= 0x40; /* solicited; who is a router, and how sure it is, may be said */
	if (made == REF_MADE_ERROR)
		soften_quoted(icmp, rest, v4);
	return true;
}

/* Zeroes behind it, as far as frames are padded. */
static bool
is_padding(const struct wire *frame, uint32_t from)
{
	for (uint32_t i = from; i < frame->len; i++)
		if (frame->data[i] != 0)
			return false;
	return frame->len == from || frame->len <= SHORTEST;
}

bool
compare_made(const struct topo *topo, const struct wire *found, struct ref_out *out, uint16_t *port)
{
	static struct wire frame, soft, wanted;

	if (!unwrap(topo, found, &out->to, out->outer, &frame) || frame.len < out->bytes ||
	    !is_padding(&frame, out->bytes) || !well_wrapped(topo, found, &frame, out, port))
		return false;
	if (!unwrap(topo, &out->wire, &out->to, out->outer, &wanted))
		return false;
	soft = frame;
	if (!soften(&soft, out->made) || !soften(&wanted, out->made) ||
	    memcmp(soft.data, wanted.data, wanted.len) != 0)
		return false;
	out->bytes = frame.len;
	return true;
}

/* ---- what nobody has asked for ---- */

/* The vport, or the remote, by which a frame left; false: it is no tenant's. */
static bool
find_place(const struct topo *topo, uint32_t port, const struct wire *found, struct ref_place *at, uint32_t *outer)
{
	bool tagged = found->len >= 18 && get16(found->data + 12) == ETH_VLAN;
	uint32_t vlan = tagged ? get16(found->data + 14) : 0;
	const uint8_t *ip = found->data + ETH_HEADER + (tagged ? 4 : 0), *tunnel;

	*outer = (uint32_t)(ip - found->data);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t v = 0; topo->tenants[t].used && v < TOPO_VPORTS; v++) {
			const struct topo_vport *vport = &topo->tenants[t].vports[v];

			if (!vport->used || vport->port != port || vport->vlan != vlan)
				continue;
			*at = (struct ref_place){.kind = REF_AT_VPORT, .tenant = t, .sw = vport->sw, .vport = v};
			return true;
		}
	if (!topo->ports[port].uplink || topo->ports[port].vlan != vlan || found->len < *outer + 56 + ETH_HEADER)
		return false;
	*at = (struct ref_place){.kind = REF_AT_REMOTE};
	at->remote = ip[0] >> 4 == 4 ? wire_get_ipv4(ip + 16) : wire_get_ipv6(ip + 24);
	tunnel = ip + (ip[0] >> 4 == 4 ? 28 : 48);
	for (at->tenant = 0; at->tenant < TOPO_TENANTS; at->tenant++)
		for (at->sw = 0; topo->tenants[at->tenant].used && at->sw < TOPO_SWITCHES; at->sw++) {
			const struct topo_switch *sw = &topo->tenants[at->tenant].switches[at->sw];

			if (sw->used && sw->vni == get32(tunnel + 4) >> 8)
				return get16(tunnel - 6) == (sw->geneve ? GENEVE_PORT : VXLAN_PORT);
		}
	return false;
}

static bool
has_address(const struct topo_iface *iface, const struct weir_ip *ip)
{
	struct weir_ip fe80 = wire_link_local(&iface->mac);

	for (uint32_t i = 0; i < iface->n_addresses; i++)
		if (weir_ip_equal(&iface->addresses[i].ip, ip))
			return true;
	return weir_ip_equal(&fe80, ip);
}

/* A request or an announcement by ARP; a solicitation or an unsolicited advertisement by ND. */
static bool
speaks_for(const struct topo_iface *iface, const struct wire *frame, const struct ref_frame *read)
{
	const uint8_t *arp = frame->data + read->l3;
	struct weir_ip spa;
	struct ref_nd nd;

	if (read->kind == REF_ARP) {
		spa = wire_get_ipv4(arp + 14);
		return memcmp(arp + 8, iface->mac.b, 6) == 0 && has_address(iface, &spa) &&
		       (get16(arp + 6) == 1 || memcmp(arp + 14, arp + 24, 4) == 0);
	}
	if (!ref_read_nd(frame->data, read, &nd) || !nd.valid || !has_address(iface, &read->src))
		return false;
	if (nd.has_lladdr && !weir_mac_equal(&nd.lladdr, &iface->mac))
		return false;
	return nd.type == 135 || (nd.type == 136 && nd.has_lladdr && has_address(iface, &nd.target));
}

bool
compare_own(const struct topo *topo, uint32_t port, const struct wire *found, struct own_frame *own)
{
	static struct wire frame;
	struct ref_frame read;
	uint32_t outer;

	if (!find_place(topo, port, found, &own->at, &outer) || !unwrap(topo, found, &own->at, outer, &frame))
		return false;
	ref_read(frame.data, frame.len, &read);
	own->bytes = frame.len;
	if (read.faults != 0 || read.n_tags > 0)
		return false;
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++) {
		const struct topo_router *router = &topo->tenants[own->at.tenant].routers[r];
		const struct topo_iface *iface = &router->ifaces[own->at.sw];

		if (router->used && iface->used && weir_mac_equal(&iface->mac, &read.smac))
			return speaks_for(iface, &frame, &read);
	}
	return false;
}
