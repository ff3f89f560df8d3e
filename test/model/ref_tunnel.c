/* SPDX-License-Identifier: BSD-3-Clause */
/* The underlay: what comes in by it, and what goes out to remotes. */
#include <string.h>

#include "ref.h"

enum {
	UDP_HEADER = 8,
	TUNNEL_HEADER = 8, /* Geneve's without options, too */
	OUTER_TTL = 64,
	NOT_ECT = 0,
	ECT_1 = 1,
	ECT_0 = 2,
	CE = 3,
	ECN_DROP = 4,
};

/* The length of a tunnel header of `room` bytes at most, its options included; 0: it is none that weir takes. */
static uint32_t
tunnel_header(const uint8_t *header, uint32_t room, bool geneve)
{
	uint32_t options = 0;

	if (room < TUNNEL_HEADER)
		return 0;
	if (!geneve)
		return (header[0] & 0x08) != 0 ? TUNNEL_HEADER : 0;
	if (header[0] >> 6 != 0 || (header[1] & 0x80) != 0 || (header[1] & 0x40) != 0 || get16(header + 2) != 0x6558)
		return 0;
	options = (header[0] % 64u) * 4;
	return TUNNEL_HEADER + options <= room ? TUNNEL_HEADER + options : 0;
}

static void
read_tunnel(const uint8_t *data, uint32_t at, uint32_t end, bool geneve, struct ref_outer *outer)
{
	uint32_t len = end - at, udp = get16(data + at + 4), header;

	if (udp < UDP_HEADER || udp > len) {
		outer->faults |= REF_REASON(BAD_L4);
		return;
	}
	header = tunnel_header(data + at + UDP_HEADER, udp - UDP_HEADER, geneve);
	if (header == 0) {
		outer->faults |= geneve ? REF_REASON(BAD_GENEVE) : REF_REASON(BAD_VXLAN);
		return;
	}
	outer->tunnel = true;
	outer->geneve = geneve;
	outer->vni = get32(data + at + UDP_HEADER + 4) >> 8;
	outer->inner = at + UDP_HEADER + header;
	outer->inner_len = udp - UDP_HEADER - header;
}

/* Echo requests and neighbour discovery are answered; only well-formed ones are used here. */
static void
read_icmp(const struct wire *wire, const struct ref_frame *frame, struct ref_outer *outer)
{
	const uint8_t *icmp = wire->data + frame->l4;
	struct ref_nd nd;

	if (frame->kind == REF_IPV4 && icmp[0] == 8 && icmp[1] == 0)
		outer->answer = REF_ANSWER_ECHO;
	else if (frame->kind == REF_IPV6 && icmp[0] == 128 && icmp[1] == 0)
		outer->answer = REF_ANSWER_ECHO;
	else if (ref_read_nd(wire->data, frame, &nd) || (frame->kind == REF_IPV6 && icmp[0] >= 133 && icmp[0] <= 137))
		outer->answer = REF_ANSWER_ND;
	else /* an echo request of another code is either */
		outer->faults |=
		    REF_REASON(UNDERLAY_OTHER) | (icmp[0] == 8 || icmp[0] == 128 ? REF_REASON(BAD_L4) : 0);
}

/* What is in an IP packet that is not a fragment. */
static void
read_payload(const struct wire *wire, const struct ref_frame *frame, struct ref_outer *outer)
{
	const uint8_t *ip = wire->data + frame->l3;
	uint32_t header = frame->kind == REF_IPV4 ? (ip[0] & 15u) * 4 : 40;
	uint32_t end = frame->l3 + (frame->kind == REF_IPV4 ? get16(ip + 2) : 40u + get16(ip + 4));
	uint32_t at = frame->l3 + header;
	uint8_t proto = frame->kind == REF_IPV4 ? ip[9] : ip[6];

	if (proto == PROTO_UDP) {
		if (end - at < UDP_HEADER)
			outer->faults |= REF_REASON(BAD_L4);
		else if (get16(wire->data + at + 2) == VXLAN_PORT || get16(wire->data + at + 2) == GENEVE_PORT)
			read_tunnel(wire->data, at, end, get16(wire->data + at + 2) == GENEVE_PORT, outer);
		else
			outer->faults |= REF_REASON(UNDERLAY_OTHER) | REF_REASON(BAD_L4);
	} else if (frame->l4 != 0 && at == frame->l4 && (proto == PROTO_ICMP || proto == PROTO_ICMPV6)) {
		read_icmp(wire, frame, outer);
	} else {
		outer->faults |= REF_REASON(UNDERLAY_OTHER) | REF_REASON(BAD_L4);
	}
}

static void
read_ip(const struct topo *topo, const struct wire *wire, const struct ref_frame *frame, struct ref_outer *outer)
{
	const uint8_t *ip = wire->data + frame->l3;

	outer->src = frame->src;
	outer->dst = frame->dst;
	outer->tos = frame->tos;
	if (frame->kind == REF_IPV4 && wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0)) != 0)
		outer->faults |= REF_REASON(BAD_IPV4);
	if (!topo_is_local(topo, &outer->dst))
		outer->faults |= REF_REASON(NOT_OURS);
	if (frame->fragment)
		outer->faults |=
		    REF_REASON(OUTER_FRAGMENT) | (frame->proto != PROTO_UDP ? REF_REASON(UNDERLAY_OTHER) : 0);
	else
		read_payload(wire, frame, outer);
}

/* Is it an address of this very uplink? */
static bool
is_own(const struct topo_port *port, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < port->n_addresses; i++)
		if (weir_ip_equal(&port->addresses[i].ip, ip))
			return true;
	return false;
}

void
ref_read_outer(const struct topo *topo, uint32_t port, const struct wire *wire, struct ref_outer *outer)
{
	struct weir_mac own = topo_underlay_mac(topo, port);
	struct ref_frame frame;
	uint64_t l4 = REF_REASON(BAD_L4);

	memset(outer, 0, sizeof(*outer));
	ref_read(wire->data, wire->len, &frame);
	if (wire->len >= ETH_HEADER && !weir_mac_is_group(&frame.dmac) && !weir_mac_equal(&frame.dmac, &own))
		outer->faults |= REF_REASON(NOT_OURS);
	/* Faults of the upper layer are judged here as a tunnel's end does, which need not read all of it. */
	outer->faults |= frame.faults & ~l4;
	outer->open = frame.open;
	if (frame.n_tags > 0 || frame.kind == REF_OTHER) {
		outer->faults |= REF_REASON(UNDERLAY_OTHER);
	} else if (frame.kind == REF_ARP) {
		struct weir_ip asked = wire_get_ipv4(wire->data + frame.l3 + 24);

		outer->answer = REF_ANSWER_ARP;
		outer->dst = asked;
		if (!topo_is_local(topo, &asked))
			outer->faults |= REF_REASON(NOT_OURS);
	} else if (frame.l3 != 0 && (frame.faults & ~l4) == 0) {
		read_ip(topo, wire, &frame, outer);
	}
	/* Any uplink takes tunnel packets to any of weir's addresses; who answers for those of others is not said. */
	if (outer->answer != REF_NO_ANSWER && outer->faults == 0 && !is_own(&topo->ports[port], &outer->dst))
		outer->open = true;
	/* No tunnel packet comes by broadcast or multicast. */
	if (outer->tunnel && !weir_mac_equal(&frame.dmac, &own))
		outer->faults |= REF_REASON(NOT_OURS);
	if (outer->faults != 0)
		outer->faults |= frame.faults;
}

/* What the inner header's ECN becomes: rows are the inner, columns the outer codepoint (RFC 6040, figure 4). */
static const uint8_t ecn_merged[4][4] = {
    /* outer:       Not-ECT ECT(1) ECT(0) CE */
    [NOT_ECT] = {NOT_ECT, NOT_ECT, NOT_ECT, ECN_DROP},
    [ECT_1] = {ECT_1, ECT_1, ECT_1, CE},
    [ECT_0] = {ECT_0, ECT_1, ECT_0, CE},
    [CE] = {CE, CE, CE, CE},
};

uint64_t
ref_merge_ecn(uint8_t *data, const struct ref_frame *frame, uint8_t outer_tos)
{
	uint8_t *ip = data + frame->l3, merged;

	if (frame->l3 == 0 || (frame->kind != REF_IPV4 && frame->kind != REF_IPV6))
		return 0;
	merged = ecn_merged[frame->tos & 3][outer_tos & 3];
	if (merged == ECN_DROP)
		return REF_REASON(BAD_ECN);
	if (frame->kind == REF_IPV6) {
		ip[1] = (uint8_t)((ip[1] & ~0x30) | merged << 4);
	} else if ((ip[1] & 3) != merged) {
		/* As an incremental update does: a wrong checksum stays as wrong as it was. */
		uint32_t sum = (uint16_t)~get16(ip + 10);

		sum += (uint16_t)~get16(ip);
		ip[1] = (uint8_t)((ip[1] & ~3) | merged);
		sum += get16(ip);
		put16(ip + 10, wire_fold(sum));
	}
	return 0;
}

static void
put_ip_header(
    uint8_t *ip, const struct topo_route *route, const struct weir_ip *remote, uint32_t payload, uint8_t tos)
{
	if (weir_ip_is_v4(remote)) {
		ip[0] = 0x45;
		ip[1] = tos;
		put16(ip + 2, 20 + payload);
		put16(ip + 4, 0);
		put16(ip + 6, 0x4000); /* don't fragment */
		ip[8] = OUTER_TTL;
		ip[9] = PROTO_UDP;
		put16(ip + 10, 0);
		wire_put_ip(ip + 12, &route->source);
		wire_put_ip(ip + 16, remote);
		put16(ip + 10, wire_fold(wire_sum(ip, 20, 0)));
	} else {
		put32(ip, 6u << 28 | (uint32_t)tos << 20);
		put16(ip + 4, payload);
		ip[6] = PROTO_UDP;
		ip[7] = OUTER_TTL;
		wire_put_ip(ip + 8, &route->source);
		wire_put_ip(ip + 24, remote);
	}
}

void
ref_send_remote(const struct topo *topo, const struct topo_switch *sw, const struct weir_ip *remote,
    const struct wire *wire, const struct ref_frame *frame, struct ref_out *out)
{
	uint32_t ip_len = weir_ip_is_v4(remote) ? 20 : 40, l2 = ETH_HEADER;
	uint32_t payload = UDP_HEADER + TUNNEL_HEADER + wire->len;
	uint8_t tos = frame->kind == REF_IPV4 || frame->kind == REF_IPV6 ? frame->tos : 0;
	uint8_t *p = out->wire.data;
	struct topo_route route;
	struct weir_mac mac;

	if (!topo_route(topo, remote, &route)) {
		out->drop |= REF_REASON(NO_ROUTE);
		return;
	}
	if (ip_len + payload > topo_mtu(topo, route.port))
		out->drop |= REF_REASON(MTU);
	out->port = route.port;
	mac = topo_peer_mac(&route.next_hop);
	memcpy(p, mac.b, 6);
	mac = topo_underlay_mac(topo, route.port);
	memcpy(p + 6, mac.b, 6);
	if (topo->ports[route.port].vlan != 0) {
		put16(p + 12, ETH_VLAN);
		put16(p + 14, topo->ports[route.port].vlan);
		l2 += 4;
	}
	put16(p + l2 - 2, weir_ip_is_v4(remote) ? ETH_IPV4 : ETH_IPV6);
	put_ip_header(p + l2, &route, remote, payload, tos);
	p += l2 + ip_len;
	put16(p, 0); /* the source port is weir's choice */
	put16(p + 2, sw->geneve ? GENEVE_PORT : VXLAN_PORT);
	put16(p + 4, payload);
	put16(p + 6, 0);
	put32(p + 8, sw->geneve ? 0x00006558 : 0x08000000);
	put32(p + 12, sw->vni << 8);
	memcpy(p + 16, wire->data, wire->len);
	out->outer = l2;
	out->wire.len = l2 + ip_len + payload;
}
