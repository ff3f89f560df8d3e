/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "traffic.h"

#define HEADERS 42 /* Ethernet, IPv4, UDP */
#define ECT0 2

/* IPv4 and UDP without a checksum, around so many bytes of payload; returns where that begins. */
static uint8_t *
put_udp(uint8_t *p, uint32_t src, uint32_t dst, uint16_t dport, uint32_t payload)
{
	p[0] = 0x45;
	put16(p + 2, 28 + payload);
	p[8] = 64;
	p[9] = PROTO_UDP;
	put32(p + 12, src);
	put32(p + 16, dst);
	put16(p + 10, wire_fold(wire_sum(p, 20, 0)));
	put16(p + 20, 50000);
	put16(p + 22, dport);
	put16(p + 24, 8 + payload);
	return p + 28;
}

static uint8_t *
put_ethernet(uint8_t *p, const struct weir_mac *dst, const struct weir_mac *src, uint16_t type)
{
	memcpy(p, dst->b, 6);
	memcpy(p + 6, src->b, 6);
	put16(p + 12, type);
	return p + 14;
}

static uint8_t *
put_outer(uint8_t *p, uint32_t vni, uint32_t tenant_bytes)
{
	p = put_ethernet(p, &net_uplink_mac, &net_remote_mac, ETH_IPV4);
	p = put_udp(p, NET_REMOTE_IP(0), NET_UPLINK_IP, VXLAN_PORT, 8 + tenant_bytes);
	p[0] = 0x08;
	put32(p + 4, vni << 8);
	return p + 8;
}

static void
put_arp(uint8_t *p, const struct weir_mac *sender, uint32_t ip, uint32_t target)
{
	put16(p, 1);
	put16(p + 2, ETH_IPV4);
	p[4] = 6;
	p[5] = 4;
	put16(p + 6, 1);
	memcpy(p + 8, sender->b, 6);
	put32(p + 14, ip);
	put32(p + 24, target);
}

/* The tenant's frame, tagged if it comes by an access port. */
static void
put_inner(const struct source *source, uint8_t *p, uint32_t bytes)
{
	const struct source_spec *spec = &source->spec;
	struct weir_mac src = net_mac(spec->vport, spec->to_vport), dst = net_mac(spec->vport, !spec->to_vport);
	uint32_t from = net_ip(spec->vport, spec->to_vport), to = net_ip(spec->vport, !spec->to_vport);

	if (spec->trick == BROADCAST || spec->trick == ARP_STORM)
		memset(dst.b, 0xff, 6);
	p = put_ethernet(p, &dst, &src, ETH_IPV4);
	if (!spec->to_vport) {
		put16(p - 2, ETH_VLAN);
		put16(p, net_vlan(spec->vport));
		put16(p + 2, ETH_IPV4);
		p += NET_TAG;
	}
	if (spec->trick == ARP_STORM) {
		put16(p - 2, ETH_ARP);
		put_arp(p, &src, from, to);
		return;
	}
	(void)put_udp(p, from, to, 2000, bytes - HEADERS);
	if (spec->pattern == GREEDY) {
		p[1] = ECT0;
		put16(p + 10, 0);
		put16(p + 10, wire_fold(wire_sum(p, 20, 0)));
	}
}

void
frames_make(struct source *source, const struct net *net)
{
	const struct source_spec *spec = &source->spec;
	uint32_t tenant = net->vports[spec->vport].tenant;

	source->l3 = spec->to_vport ? NET_OUTER + ETH_HEADER : ETH_HEADER + NET_TAG;
	source->tag = (uint16_t)(source->l3 + HEADERS - ETH_HEADER);
	for (uint32_t i = 0; i < spec->mix->n; i++) {
		struct template *template = &source->templates[i];
		uint32_t bytes = spec->mix->bytes[i];
		uint8_t *p = template->data;

		if (spec->to_vport)
			p = put_outer(p, net_vni(tenant), bytes);
		put_inner(source, p, bytes);
		template->tenant_bytes = (uint16_t)bytes;
		template->bytes = (uint16_t)(bytes + (spec->to_vport ? NET_OUTER : NET_TAG));
		template->wire_bytes = (uint16_t)(bytes + (spec->to_vport ? NET_TAG : NET_OUTER) + RECORD_EXTRA);
	}
}

/* ---- tricks ---- */

/* The n-th multiple of CRC-32C's polynomial, as bytes that are XORed in leave the checksum as it is. */
static uint64_t
multiple(uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t bit = 0; bit < 31; bit++)
		if ((n >> bit & 1) != 0)
			sum ^= UINT64_C(0x105ec76f1) << bit;
	return sum;
}

static void
reseal(uint8_t *l3)
{
	put16(l3 + 10, 0);
	put16(l3 + 10, wire_fold(wire_sum(l3, 20, 0)));
}

/* Destination address and ports. */
static void
collide(const struct source *source, uint8_t *l3)
{
	uint64_t words, delta = multiple((uint32_t)source->flow);

	put32(l3 + 20, 0x10001000);
	memcpy(&words, l3 + 16, sizeof(words));
	words ^= delta;
	memcpy(l3 + 16, &words, sizeof(words));
	reseal(l3);
}

static void
lie(const struct source *source, uint8_t *l3)
{
	switch (source->seq % 6) {
	case 0:
		l3[0] = 0x05; /* no version */
		break;
	case 1:
		l3[0] = 0x42; /* a header of 8 bytes */
		break;
	case 2:
		l3[0] = 0x4f; /* options that are not there */
		break;
	case 3:
		put16(l3 + 2, 0xffff);
		break;
	case 4:
		put16(l3 + 2, 21);
		break;
	default:
		put16(l3 + 24, 0xfff0); /* UDP beyond its packet */
	}
}

void
frames_bend(const struct source *source, uint8_t *to)
{
	uint8_t *l3 = to + source->l3, *smac = to + (source->spec.to_vport ? NET_OUTER : 0) + 6;

	switch (source->spec.trick) {
	case COLLIDING:
		collide(source, l3);
		break;
	case NEW_MACS:
		smac[0] = 0x06;
		put32(smac + 2, source->seq);
		break;
	case FRAGMENTS:
		put16(l3 + 4, source->seq / 3);
		put16(l3 + 6, source->seq % 3 == 0 ? 0x2000 : 0x2000 + source->seq % 3);
		reseal(l3);
		break;
	case MALFORMED:
		lie(source, l3);
		break;
	case ARP_STORM:
		put_arp(l3, &(struct weir_mac){{6, 6, 6, 6, 6, 6}}, source->seq, source->seq + 1);
		break;
	default:
		break;
	}
}
