/* SPDX-License-Identifier: BSD-3-Clause */
/* A tenant's frame, read from its first byte to its last header. */
#include <string.h>

#include "ref.h"

/* Headers that end deeper in a frame are taken as malformed, whatever they are. */
#define DEEPEST 256
#define EXTENSIONS_MAX 8

struct reader {
	const uint8_t *data;
	uint32_t end; /* of what is being read: of the frame, then of the IP packet */
	struct ref_frame *frame;
};

/* What the upper layer's header must be. */
static void
read_l4(const struct reader *in, uint32_t at)
{
	struct ref_frame *frame = in->frame;
	const uint8_t *p = in->data + at;
	uint32_t len = in->end - at, need = 0;

	switch (frame->proto) {
	case PROTO_TCP:
		need = 20;
		if (len >= need && ((p[12] >> 4) < 5 || (uint32_t)(p[12] >> 4) * 4 > len))
			frame->faults |= REF_REASON(BAD_L4);
		break;
	case PROTO_UDP:
		need = 8;
		if (len >= need && (get16(p + 4) < 8 || get16(p + 4) > len))
			frame->faults |= REF_REASON(BAD_L4);
		break;
	case PROTO_SCTP:
		need = 12;
		break;
	case PROTO_ICMP:
		need = frame->kind == REF_IPV4 ? 8 : 0;
		break;
	case PROTO_ICMPV6:
		need = frame->kind == REF_IPV6 ? 8 : 0;
		break;
	default:
		break;
	}
	if (need == 0)
		return;
	if (len < need || at + need > DEEPEST) {
		frame->faults |= REF_REASON(BAD_L4) | (at + need > DEEPEST ? REF_REASON(BAD_IPV6) : 0);
		return;
	}
	frame->l4 = at;
	frame->l4_len = len;
	if (frame->proto == PROTO_TCP || frame->proto == PROTO_UDP || frame->proto == PROTO_SCTP) {
		frame->sport = get16(p);
		frame->dport = get16(p + 2);
	} else {
		frame->sport = get16(p);
		if ((frame->proto == PROTO_ICMP && (p[0] == 8 || p[0] == 0)) ||
		    (frame->proto == PROTO_ICMPV6 && (p[0] == 128 || p[0] == 129)))
			frame->dport = get16(p + 4);
	}
}

static void
read_ipv4(struct reader *in, uint32_t at)
{
	struct ref_frame *frame = in->frame;
	const uint8_t *p = in->data + at;
	uint32_t left = in->end - at, header, total, offset;

	frame->kind = REF_IPV4;
	if (left < 20) {
		frame->faults |= REF_REASON(BAD_IPV4);
		return;
	}
	header = (p[0] & 15u) * 4;
	total = get16(p + 2);
	if (p[0] >> 4 != 4 || header < 20 || header > total || total > left) {
		frame->faults |= REF_REASON(BAD_IPV4);
		return;
	}
	frame->l3 = at;
	frame->tos = p[1];
	frame->hops = p[8];
	frame->proto = p[9];
	frame->src = wire_get_ipv4(p + 12);
	frame->dst = wire_get_ipv4(p + 16);
	offset = get16(p + 6) & 0x1fff;
	frame->fragment = (get16(p + 6) & 0x3fff) != 0;
	frame->first = frame->fragment && offset == 0;
	frame->id = get16(p + 4);
	frame->part = at + header;
	frame->part_end = at + total;
	in->end = at + total;
	if (!frame->fragment)
		read_l4(in, at + header);
}

/* A fragment of a neighbour discovery message is not to be believed (RFC 6980). */
static void
read_ipv6_fragment(const struct reader *in, const uint8_t *header, uint32_t behind)
{
	struct ref_frame *frame = in->frame;

	frame->fragment = true;
	frame->first = (get16(header + 2) & 0xfff8) == 0;
	frame->proto = header[0];
	frame->id = get32(header + 4);
	frame->part = behind;
	frame->part_end = in->end;
	/* Nor one of which it cannot be told. */
	if (frame->first && frame->proto == PROTO_ICMPV6 &&
	    (in->end - behind < 8 || (in->data[behind] >= 133 && in->data[behind] <= 137)))
		frame->faults |= REF_REASON(BAD_L4);
	/* Further extension headers behind a fragment header, a lone fragment: nobody says who has to look. */
	frame->open |= frame->first && (header[0] == 0 || header[0] == 43 || header[0] == 44 || header[0] == 51 ||
					   header[0] == 60 || header[0] == 135);
	frame->open |= frame->first && (header[3] & 1) == 0;
}

static void
note_router_alert(struct ref_frame *frame, const uint8_t *options, uint32_t len)
{
	for (uint32_t at = 2; at + 4 <= len; at += options[at] == 0 ? 1 : 2u + options[at + 1])
		if (options[at] == 5 && options[at + 1] == 2)
			frame->router_alert = true;
}

/* Walks the extension headers. Returns where the upper layer begins, or 0: there is none to read. */
static uint32_t
walk_extensions(const struct reader *in, uint32_t at, uint8_t next)
{
	struct ref_frame *frame = in->frame;

	for (int n = 0;; n++) {
		uint32_t len;

		frame->proto = next;
		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60 && next != 135)
			return at;
		if (n == EXTENSIONS_MAX || at + 8 > in->end || at + 8 > DEEPEST)
			break;
		len = next == 44 ? 8 : next == 51 ? (in->data[at + 1] + 2u) * 4 : (in->data[at + 1] + 1u) * 8;
		if (at + len > in->end || at + len > DEEPEST)
			break;
		if (next == 44) {
			read_ipv6_fragment(in, in->data + at, at + len);
			return 0;
		}
		if (next == 0)
			note_router_alert(frame, in->data + at, len);
		next = in->data[at];
		at += len;
	}
	frame->faults |= REF_REASON(BAD_IPV6);
	return 0;
}

static void
read_ipv6(struct reader *in, uint32_t at)
{
	struct ref_frame *frame = in->frame;
	const uint8_t *p = in->data + at;
	uint32_t left = in->end - at, l4;

	frame->kind = REF_IPV6;
	if (left < 40 || p[0] >> 4 != 6 || 40u + get16(p + 4) > left) {
		frame->faults |= REF_REASON(BAD_IPV6);
		return;
	}
	frame->l3 = at;
	frame->tos = (uint8_t)(get16(p) >> 4);
	frame->hops = p[7];
	frame->src = wire_get_ipv6(p + 8);
	frame->dst = wire_get_ipv6(p + 24);
	in->end = at + 40u + get16(p + 4);
	l4 = walk_extensions(in, at + 40, p[6]);
	if (l4 != 0)
		read_l4(in, l4);
}

static void
read_arp(const struct reader *in, uint32_t at)
{
	static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};

	in->frame->kind = REF_ARP;
	if (in->end - at < 28 || memcmp(in->data + at, ethernet_ipv4, 6) != 0)
		in->frame->faults |= REF_REASON(BAD_ARP);
	else
		in->frame->l3 = at;
}

void
ref_read(const uint8_t *data, uint32_t len, struct ref_frame *frame)
{
	struct reader in = {.data = data, .end = len, .frame = frame};
	uint32_t at = 12;

	memset(frame, 0, sizeof(*frame));
	if (len < ETH_HEADER) {
		frame->faults = REF_REASON(SHORT_FRAME);
		return;
	}
	memcpy(frame->dmac.b, data, 6);
	memcpy(frame->smac.b, data + 6, 6);
	while (frame->n_tags < 2 && wire_is_tag(get16(data + at))) {
		frame->n_tags++;
		at += 4;
		if (at + 2 > len) {
			frame->faults = REF_REASON(SHORT_FRAME);
			return;
		}
	}
	frame->ethertype = get16(data + at);
	at += 2;
	if (frame->ethertype == ETH_IPV4)
		read_ipv4(&in, at);
	else if (frame->ethertype == ETH_IPV6)
		read_ipv6(&in, at);
	else if (frame->ethertype == ETH_ARP)
		read_arp(&in, at);
}
