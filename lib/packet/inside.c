/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_tcp.h>

#include "packet_priv.h"
#include "weir_answer.h"
#include "weir_inside.h"

/* What of an L4 header stands in an ICMP error at least (RFC 792), enough for ports, ICMP type and echo id. */
#define L4_QUOTED 8u

#define ICMP_HEADER 8 /* in front of what an error quotes */

/* An IP packet's headers, walked. */
struct headers {
	struct weir_ip src, dst;
	uint32_t l4, end; /* offsets: behind all IP headers, behind the last byte that is there and of the packet */
	uint32_t id;
	uint32_t offset;  /* of a fragment in its packet, bytes; 0: the packet or its first fragment */
	uint8_t l4_proto; /* of what comes next */
};

static bool
read_ipv4(const uint8_t *data, uint32_t at, uint32_t there, struct headers *h)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(data + at);
	uint32_t header, total;

	/* Its total length may be more than what is there. */
	if (there - at < sizeof(*ip) || !ipv4_extent(ip, UINT32_MAX, &header, &total))
		return false;
	map_ipv4(&h->src, ip->src_addr);
	map_ipv4(&h->dst, ip->dst_addr);
	h->l4 = at + header;
	h->end = RTE_MIN(there, at + total);
	h->id = ip->packet_id;
	h->offset = (rte_be_to_cpu_16(ip->fragment_offset) & RTE_IPV4_HDR_OFFSET_MASK) * 8u;
	h->l4_proto = ip->next_proto_id;
	return h->l4 <= h->end;
}

static bool
read_ipv6(const uint8_t *data, uint32_t at, uint32_t there, struct headers *h)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(data + at);
	struct ipv6_chain c = {.at = sizeof(*ip)};
	uint32_t total;

	if (there - at < sizeof(*ip) || !ipv6_extent(ip, UINT32_MAX, &total))
		return false;
	memcpy(&h->src, ip->src_addr, sizeof(h->src));
	memcpy(&h->dst, ip->dst_addr, sizeof(h->dst));
	h->end = RTE_MIN(there, at + total);
	c.proto = ip->proto;
	if (ipv6_is_extension(c.proto) && !weir_ipv6_walk(data + at, h->end - at, &c))
		return false;
	h->l4 = at + c.at;
	h->id = c.id;
	h->offset = c.offset;
	h->l4_proto = c.proto;
	return true;
}

/* The IP packet at offset `at` of `data`, of which there is what ends at offset `there`. */
static bool
read_headers(const uint8_t *data, uint32_t at, uint32_t there, bool v4, struct headers *h)
{
	return v4 ? read_ipv4(data, at, there, h) : read_ipv6(data, at, there, h);
}

static bool
is_v4(const struct weir_frame *frame)
{
	return (frame->kind & WEIR_FRAME_IPV4) != 0;
}

static bool
is_icmp(uint8_t proto, bool v4)
{
	return proto == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* Of the L4 header, of which L4_QUOTED bytes are there if it is one that is known. */
static void
read_ports(const uint8_t *l4, uint8_t proto, bool v4, uint16_t *sport, uint16_t *dport)
{
	*sport = *dport = 0;
	if (has_ports(proto)) {
		*sport = load16(l4);
		*dport = load16(l4 + 2);
	} else if (is_icmp(proto, v4)) {
		*sport = load16(l4);
		*dport = icmp_is_echo(l4[0], !v4) ? load16(l4 + 4) : 0;
	}
}

static bool
is_error_type(uint8_t type, bool v4)
{
	if (v4)
		return type == 3 || type == 4 || type == 11 || type == 12;
	return type >= 1 && type <= 4;
}

/* Bytes of an L4 header that have to be there for it to be whole; the options of TCP decide nothing. */
static uint32_t
l4_whole(uint8_t proto, bool v4)
{
	if (proto == IPPROTO_TCP)
		return sizeof(struct rte_tcp_hdr);
	return has_ports(proto) || is_icmp(proto, v4) ? L4_QUOTED : 0;
}

void
weir_parse_fragment(
    const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key, struct weir_fragment *fragment)
{
	bool v4 = is_v4(frame);
	struct headers h = {0};

	*fragment = (struct weir_fragment){.proto = key->proto, .l4_proto = key->proto};
	/* What the parser accepted can be read again. */
	(void)read_headers(data, frame->l3, RTE_MIN(weir_ip_end(data, frame), frame->avail), v4, &h);
	fragment->src = h.src;
	fragment->dst = h.dst;
	fragment->id = h.id;
	fragment->first = h.offset == 0;
	fragment->overlaps = h.offset != 0 && h.offset < l4_whole(key->proto, v4);
	if (!fragment->first)
		return;
	fragment->l4_proto = h.l4_proto;
	fragment->whole = h.end - h.l4 >= l4_whole(h.l4_proto, v4);
	if (!fragment->whole)
		return;
	read_ports(data + h.l4, h.l4_proto, v4, &fragment->sport, &fragment->dport);
	if (h.l4_proto == IPPROTO_TCP)
		fragment->tcp_flags = data[h.l4 + offsetof(struct rte_tcp_hdr, tcp_flags)];
}

bool
weir_is_icmp_error(const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data)
{
	return frame->l4 != 0 && is_icmp(key->proto, is_v4(frame)) && is_error_type(data[frame->l4], is_v4(frame));
}

bool
weir_parse_quoted(
    const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key, struct weir_quoted *quoted)
{
	uint32_t there = RTE_MIN(weir_ip_end(data, frame), frame->avail);
	bool v4 = is_icmp(key->proto, true);
	struct headers h;

	if (!read_headers(data, frame->l4 + ICMP_HEADER, there, v4, &h) || h.offset != 0)
		return false;
	if (!v4 && (weir_ip_is_v4(&h.src) || weir_ip_is_v4(&h.dst)))
		return false;
	if (h.end - h.l4 < RTE_MIN(l4_whole(h.l4_proto, v4), L4_QUOTED))
		return false;
	if (is_icmp(h.l4_proto, v4) && is_error_type(data[h.l4], v4))
		return false;
	quoted->src = h.src;
	quoted->dst = h.dst;
	quoted->proto = h.l4_proto;
	read_ports(data + h.l4, h.l4_proto, v4, &quoted->sport, &quoted->dport);
	return true;
}
