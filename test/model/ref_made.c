/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that routers make: answers to ARP, ND and ping, and errors. */
#include <string.h>

#include "ref_firewall.h"

enum {
	TTL = 64,
	ERROR4_MAX = 576, /* bytes of IP packet */
	ERROR6_MAX = 1280,
	ICMP_HEADER = 8,
};

static uint8_t *
put(struct wire *wire, const void *data, uint32_t n)
{
	uint8_t *p = wire->data + wire->len;

	if (data != NULL)
		memcpy(p, data, n);
	else
		memset(p, 0, n);
	wire->len += n;
	return p;
}

static void
put_ethernet(struct wire *wire, const struct weir_mac *dst, const struct weir_mac *src, uint32_t ethertype)
{
	wire->len = 0;
	put(wire, dst->b, 6);
	put(wire, src->b, 6);
	put16(put(wire, NULL, 2), ethertype);
}

/* `n` bytes are to follow. */
static void
put_ip(struct wire *wire, bool v4, const struct weir_ip *src, const struct weir_ip *dst, uint8_t hops, uint32_t n)
{
	uint8_t *ip = put(wire, NULL, v4 ? 20 : 40);

	if (v4) {
		ip[0] = 0x45;
		put16(ip + 2, 20 + n);
		ip[8] = hops;
		ip[9] = PROTO_ICMP;
		wire_put_ip(ip + 12, src);
		wire_put_ip(ip + 16, dst);
		put16(ip + 10, wire_fold(wire_sum(ip, 20, 0)));
		return;
	}
	ip[0] = 0x60;
	put16(ip + 4, n);
	ip[6] = PROTO_ICMPV6;
	ip[7] = hops;
	wire_put_ip(ip + 8, src);
	wire_put_ip(ip + 24, dst);
}

static void
put_checksum(struct wire *wire, bool v4, uint32_t l4)
{
	uint8_t *icmp = wire->data + l4;
	uint32_t n = wire->len - l4;

	put16(icmp + 2, 0);
	put16(icmp + 2,
	    v4 ? wire_fold(wire_sum(icmp, n, 0)) : wire_l4_sum(wire->data + ETH_HEADER, PROTO_ICMPV6, icmp, n));
}

static struct ref_trip
begin(const struct ref_trip *about, enum ref_made made)
{
	return (struct ref_trip){.tenant = about->tenant, .sw = about->sw, .made = made, .result = about->result};
}

/* ---- answers ---- */

void
ref_reply_arp(struct ref *ref, const struct topo_iface *iface, const struct ref_trip *trip)
{
	static const uint8_t start[8] = {0, 1, 8, 0, 6, 4, 0, 2};
	const uint8_t *asked = trip->wire.data + trip->frame.l3;
	struct ref_trip reply = begin(trip, REF_MADE_ARP);

	put_ethernet(&reply.wire, &trip->frame.smac, &iface->mac, ETH_ARP);
	put(&reply.wire, start, 8);
	put(&reply.wire, iface->mac.b, 6);
	put(&reply.wire, asked + 24, 4);
	put(&reply.wire, asked + 8, 10);
	ref_read(reply.wire.data, reply.wire.len, &reply.frame);
	ref_send_place(ref, &trip->result->from, false, &reply);
}

void
ref_reply_nd(struct ref *ref, const struct topo_iface *iface, const struct ref_nd *nd, const struct ref_trip *trip)
{
	struct ref_trip reply = begin(trip, REF_MADE_ND);
	uint8_t *p;

	put_ethernet(&reply.wire, &trip->frame.smac, &iface->mac, ETH_IPV6);
	put_ip(&reply.wire, false, &nd->target, &trip->frame.src, 255, 32);
	p = put(&reply.wire, NULL, 32);
	p[0] = 136;
	p[4] = 0xe0; /* a router, solicited, and sure of it */
	wire_put_ip(p + 8, &nd->target);
	p[24] = 2;
	p[25] = 1;
	memcpy(p + 26, iface->mac.b, 6);
	put_checksum(&reply.wire, false, ETH_HEADER + 40);
	ref_read(reply.wire.data, reply.wire.len, &reply.frame);
	ref_send_place(ref, &trip->result->from, false, &reply);
}

void
ref_reply_echo(struct ref *ref, uint32_t router, const struct ref_trip *trip)
{
	const struct ref_frame *asked = &trip->frame;
	struct ref_trip reply = begin(trip, REF_MADE_ECHO);
	bool v4 = asked->kind == REF_IPV4;
	uint8_t *icmp;

	put(&reply.wire, NULL, ETH_HEADER);
	put_ip(&reply.wire, v4, &asked->dst, &asked->src, TTL, asked->l4_len);
	icmp = put(&reply.wire, trip->wire.data + asked->l4, asked->l4_len);
	icmp[0] = v4 ? 0 : 129;
	put_checksum(&reply.wire, v4, (uint32_t)(icmp - reply.wire.data));
	ref_send_own(ref, router, trip->sw, &reply);
}

/* ---- errors ---- */

/* The first address of the family, as configured. */
static const struct weir_ip *
speaker(const struct topo_iface *iface, bool v4)
{
	for (uint32_t i = 0; i < iface->n_addresses; i++)
		if (weir_ip_is_v4(&iface->addresses[i].ip) == v4)
			return &iface->addresses[i].ip;
	return NULL;
}

/* Is it a message that must not be answered by an error? *open: nobody knows what it is. */
static bool
is_error(const uint8_t *data, const struct ref_frame *frame, bool *open)
{
	const uint8_t *ip = data + frame->l3;
	uint32_t header = (ip[0] & 15u) * 4;
	uint8_t type;

	if (frame->kind == REF_IPV4) {
		if (frame->proto != PROTO_ICMP || get16(ip + 2) <= header)
			return false;
		type = ip[header];
		*open |= type == 1 || type == 2 || type == 6 || type == 7 || type > 18;
		return (type >= 3 && type <= 5) || type == 11 || type == 12;
	}
	if (frame->proto != PROTO_ICMPV6)
		return false;
	if (frame->l4 == 0) { /* a fragment: its type stands behind headers */
		*open = true;
		return false;
	}
	type = data[frame->l4];
	*open |= type == 137;
	return type < 128;
}

/* May its source be told? */
static bool
may_report(const struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;

	if (trip->made != REF_NOT_MADE || weir_mac_is_group(&trip->result->frame.dmac))
		return false;
	if (frame->fragment && !frame->first)
		return false;
	if (is_error(trip->wire.data, frame, &trip->result->open))
		return false;
	return !ref_is_nobody(&frame->src) && !ref_is_nobody(&frame->dst);
}

/* Behind 14 bytes of room. */
static void
put_error(struct wire *wire, const struct weir_ip *src, uint8_t type, uint8_t code, uint32_t mtu,
    const struct ref_trip *trip)
{
	const uint8_t *ip = trip->wire.data + trip->frame.l3;
	bool v4 = trip->frame.kind == REF_IPV4;
	uint32_t len = v4 ? get16(ip + 2) : 40u + get16(ip + 4);
	uint32_t most = v4 ? ERROR4_MAX - 20 - ICMP_HEADER : ERROR6_MAX - 40 - ICMP_HEADER;
	uint8_t *icmp;

	len = len < most ? len : most;
	put(wire, NULL, ETH_HEADER);
	put_ip(wire, v4, src, &trip->frame.src, TTL, ICMP_HEADER + len);
	icmp = put(wire, NULL, ICMP_HEADER);
	icmp[0] = type;
	icmp[1] = code;
	put32(icmp + 4, mtu);
	put(wire, ip, len);
	put_checksum(wire, v4, (uint32_t)(icmp - wire->data));
}

void
ref_report(struct ref *ref, uint32_t router, uint32_t in, uint8_t type, uint8_t code, uint32_t mtu,
    const struct ref_trip *trip)
{
	const struct topo_router *own = &ref->topo->tenants[trip->tenant].routers[router];
	const struct ref_frame *frame = &trip->frame;
	const struct weir_ip *src = speaker(&own->ifaces[in], frame->kind == REF_IPV4);
	struct ref_trip error = begin(trip, REF_MADE_ERROR);

	if (!may_report(trip) || src == NULL)
		return;
	/* How one that is not on the way is reached: from itself, by its link. */
	trip->result->open |= ref_is_own(own, TOPO_SWITCHES, &frame->src) || ref_is_link_local(&frame->src);
	trip->result->errors++;
	put_error(&error.wire, src, type, code, mtu, trip);
	error.unmet = true;
	ref_send_own(ref, router, in, &error);
}

/* ---- what firewalls reject ---- */

/* As a host answers that knows no such connection (RFC 9293, 3.10.7.1). */
static void
put_rst(struct wire *wire, const struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *asked = trip->wire.data + frame->l4;
	bool v4 = frame->kind == REF_IPV4, ack = (asked[13] & TCP_ACK) != 0;
	uint32_t len = frame->l4_len - (asked[12] >> 4) * 4u, l3;
	uint8_t *tcp;

	len += ((asked[13] & TCP_SYN) != 0 ? 1u : 0) + ((asked[13] & TCP_FIN) != 0 ? 1u : 0);
	put(wire, NULL, ETH_HEADER);
	l3 = wire->len;
	put_ip(wire, v4, &frame->dst, &frame->src, TTL, 20);
	wire->data[l3 + (v4 ? 9 : 6)] = PROTO_TCP;
	if (v4) {
		put16(wire->data + l3 + 10, 0);
		put16(wire->data + l3 + 10, wire_fold(wire_sum(wire->data + l3, 20, 0)));
	}
	tcp = put(wire, NULL, 20);
	put16(tcp, frame->dport);
	put16(tcp + 2, frame->sport);
	put32(tcp + 4, ack ? get32(asked + 8) : 0);
	put32(tcp + 8, ack ? 0 : get32(asked + 4) + len);
	tcp[12] = 5 << 4;
	tcp[13] = ack ? TCP_RST : TCP_RST | TCP_ACK;
	put16(tcp + 16, wire_l4_sum(wire->data + l3, PROTO_TCP, tcp, 20));
	/* The shortest frame that there is on a wire. */
	if (wire->len < 60)
		put(wire, NULL, 60 - wire->len);
}

/* Is there an answer, and is it a reset? */
static bool
may_reject(const struct ref_trip *trip, bool *rst)
{
	const struct ref_frame *frame = &trip->frame;

	*rst = frame->proto == PROTO_TCP;
	if (!may_report(trip))
		return false;
	if (!*rst)
		return true;
	/* Of a first fragment not even that is said. */
	trip->result->open |= frame->fragment;
	return !frame->fragment && (trip->wire.data[frame->l4 + 13] & TCP_RST) == 0;
}

void
ref_reject_by_router(struct ref *ref, uint32_t router, const struct ref_trip *trip)
{
	bool v4 = trip->frame.kind == REF_IPV4, rst;
	struct ref_trip reply = begin(trip, REF_MADE_RST);

	if (!may_reject(trip, &rst))
		return;
	if (!rst) {
		ref_report(ref, router, trip->sw, v4 ? 3 : 1, v4 ? 13 : 1, 0, trip);
		return;
	}
	trip->result->open |=
	    ref_is_own(&ref->topo->tenants[trip->tenant].routers[router], TOPO_SWITCHES, &trip->frame.src) ||
	    ref_is_link_local(&trip->frame.src);
	trip->result->errors++;
	put_rst(&reply.wire, trip);
	reply.unmet = true;
	ref_send_own(ref, router, trip->sw, &reply);
}

/* Addresses that are none of a host as likely as not, and headers that are wrong. */
static bool
is_doubtful(const struct ref_trip *trip)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *ip = trip->wire.data + frame->l3;

	if (frame->n_tags > 0 || ref_is_link_local(&frame->src) || ref_is_link_local(&frame->dst))
		return true;
	return frame->kind == REF_IPV4 && (wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0)) != 0 ||
					      frame->src.b[12] >= 240 || frame->dst.b[12] >= 240);
}

void
ref_reject_by_vport(struct ref *ref, uint8_t direction, bool flooded, const struct ref_trip *trip)
{
	const struct ref_place *from = &trip->result->from;
	const struct ref_attachment asker = ref_vport_attachment(from->tenant, from->vport);
	struct ref_trip reply = begin(trip, REF_MADE_ERROR);
	bool v4 = trip->frame.kind == REF_IPV4, rst;

	if (!may_reject(trip, &rst))
		return;
	trip->result->open |= is_doubtful(trip);
	/* How the answer of a vport's firewall comes to its asker by routers or another firewall, or by one copy of
	 * many, the contract does not say. */
	if (direction == TOPO_OUT)
		trip->result->open |=
		    flooded || trip->routed || (from->kind == REF_AT_VPORT && ref_guarded(ref->topo, &asker));
	if (trip->result->open)
		return;
	trip->result->errors++;
	if (rst) {
		reply.made = REF_MADE_RST;
		put_rst(&reply.wire, trip);
	} else {
		put_error(&reply.wire, &trip->frame.dst, v4 ? 3 : 1, v4 ? 13 : 1, 0, trip);
	}
	memcpy(reply.wire.data, trip->result->frame.smac.b, 6);
	memcpy(reply.wire.data + 6, trip->result->frame.dmac.b, 6);
	put16(reply.wire.data + 12, v4 ? ETH_IPV4 : ETH_IPV6);
	ref_read(reply.wire.data, reply.wire.len, &reply.frame);
	reply.unmet = true;
	ref_send_place(ref, from, false, &reply);
}
