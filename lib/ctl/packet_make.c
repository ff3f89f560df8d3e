/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from descriptions, and descriptions from frames. */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "packet_text.h"
#include "weir_answer.h"
#include "weir_inside.h"

#define V6_FRAGMENT_LEN 8
#define LATER_LEN 16 /* of a later fragment whose length nobody says */

/* ---- to bytes ---- */

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t
l4_header(const struct packet_spec *spec)
{
	bool v4 = spec->ethertype == RTE_ETHER_TYPE_IPV4;

	if (spec->proto == IPPROTO_TCP)
		return 20;
	if (spec->proto == IPPROTO_SCTP)
		return 12;
	return spec->proto == IPPROTO_UDP || spec->proto == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) ? 8 : 0;
}

/* What there has to be behind the IP header. A fragment holds whatever was cut off. */
static uint32_t
l4_len(const struct packet_spec *spec)
{
	if (!spec->fragment)
		return l4_header(spec);
	if (spec->len != 0)
		return 0;
	return spec->offset == 0 ? l4_header(spec) : LATER_LEN;
}

/* MACs, tags, ethertype. Returns their length. */
static uint32_t
make_ethernet(const struct packet_spec *spec, uint8_t *out)
{
	uint32_t at = 2 * sizeof(struct weir_mac);

	memcpy(out, &spec->dmac, sizeof(spec->dmac));
	memcpy(out + sizeof(spec->dmac), &spec->smac, sizeof(spec->smac));
	for (uint32_t i = 0; i < spec->n_vlans; i++, at += 4) {
		/* Of two the first one is the provider's. */
		put16(out + at, spec->n_vlans == 2 && i == 0 ? RTE_ETHER_TYPE_QINQ : RTE_ETHER_TYPE_VLAN);
		put16(out + at + 2, spec->vlan[i]);
	}
	put16(out + at, spec->ethertype);
	return at + 2;
}

static void
make_l4(const struct packet_spec *spec, uint8_t *l4, uint32_t len)
{
	uint32_t checksum_at = 0;
	uint16_t checksum;

	if (l4_header(spec) == 0 || len < l4_header(spec) || (spec->fragment && spec->offset != 0))
		return;
	put16(l4, spec->sport);
	put16(l4 + 2, spec->dport);
	if (spec->proto == IPPROTO_TCP) {
		l4[12] = 20 / 4 << 4;
		l4[13] = spec->tcp_flags;
		checksum_at = 16;
	} else if (spec->proto == IPPROTO_UDP) {
		put16(l4 + 4, (uint16_t)len);
		checksum_at = 6;
	} else if (spec->proto == IPPROTO_ICMP || spec->proto == IPPROTO_ICMPV6) {
		l4[0] = spec->type;
		l4[1] = spec->code;
		put16(l4 + 2, 0);
		put16(l4 + 4, spec->id);
		checksum_at = 2;
	}
	if (checksum_at == 0 || spec->fragment)
		return;
	checksum = spec->proto == IPPROTO_ICMP ? weir_ipv4_checksum(l4, len)
					       : weir_l4_checksum(&spec->src, &spec->dst, spec->proto, l4, len);
	if (checksum == 0 && spec->proto == IPPROTO_UDP)
		checksum = UINT16_MAX;
	memcpy(l4 + checksum_at, &checksum, sizeof(checksum));
}

/* IP and what it holds, `len` bytes in all. */
static void
make_v4(const struct packet_spec *spec, uint8_t *ip, uint32_t len)
{
	uint16_t checksum;

	ip[0] = 0x45;
	ip[1] = spec->tos;
	put16(ip + 2, (uint16_t)len);
	put16(ip + 4, spec->fragment ? spec->id : 0);
	put16(ip + 6, (uint16_t)(spec->offset / 8 | (spec->more ? RTE_IPV4_HDR_MF_FLAG : 0)));
	ip[8] = spec->ttl;
	ip[9] = spec->proto;
	memcpy(ip + 12, &spec->src.b[12], 4);
	memcpy(ip + 16, &spec->dst.b[12], 4);
	checksum = weir_ipv4_checksum(ip, 20);
	memcpy(ip + 10, &checksum, sizeof(checksum));
}

static void
make_v6(const struct packet_spec *spec, uint8_t *ip, uint32_t len)
{
	uint8_t *fragment = ip + 40;

	put16(ip, (uint16_t)(0x6000 | spec->tos << 4));
	put16(ip + 4, (uint16_t)(len - 40));
	ip[6] = spec->fragment ? IPPROTO_FRAGMENT : spec->proto;
	ip[7] = spec->ttl;
	memcpy(ip + 8, &spec->src, 16);
	memcpy(ip + 24, &spec->dst, 16);
	if (!spec->fragment)
		return;
	fragment[0] = spec->proto;
	put16(fragment + 2, (uint16_t)(spec->offset | spec->more));
	put16(fragment + 6, spec->id);
}

static uint32_t
make_arp(const struct packet_spec *spec, uint8_t *out)
{
	static const struct weir_mac unknown;
	uint8_t made[WEIR_FRAME_MIN];
	uint32_t head = make_ethernet(spec, out), len;

	len = weir_make_arp(made, sizeof(made), spec->reply ? 2 : 1, &spec->dmac, &spec->smac, &spec->src,
	    spec->reply ? &spec->dmac : &unknown, &spec->dst);
	memcpy(out + head, made + RTE_ETHER_HDR_LEN, len - RTE_ETHER_HDR_LEN);
	return head + 28;
}

uint32_t
packet_make(const struct packet_spec *spec, uint8_t out[PACKET_BYTES_MAX], struct weir_err *err)
{
	bool v4 = spec->ethertype == RTE_ETHER_TYPE_IPV4, v6 = spec->ethertype == RTE_ETHER_TYPE_IPV6;
	uint32_t head, inner = 0, len, ip_len = v4 ? 20 : v6 ? 40 + (spec->fragment ? V6_FRAGMENT_LEN : 0) : 0;

	memset(out, 0, PACKET_BYTES_MAX);
	if (spec->ethertype == RTE_ETHER_TYPE_ARP) {
		len = make_arp(spec, out);
	} else {
		head = make_ethernet(spec, out);
		inner = v4 || v6 ? l4_len(spec) : 0;
		len = head + ip_len + inner;
		if (spec->len > len && (v4 || v6))
			inner += spec->len - len;
		make_l4(spec, out + head + ip_len, inner);
		if (v4)
			make_v4(spec, out + head, ip_len + inner);
		else if (v6)
			make_v6(spec, out + head, ip_len + inner);
	}
	if (spec->len != 0 && spec->len < len) {
		(void)weir_err(
		    err, EINVAL, "", "len %u is too short: such a frame has %u bytes of headers", spec->len, len);
		return 0;
	}
	return spec->len != 0 ? spec->len : weir_frame_pad(out, len);
}

/* ---- from bytes ---- */

struct writer {
	char *text;
	size_t len;
};

static void WEIR_PRINTF(2, 3) add(struct writer *writer, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(writer->text + writer->len, PACKET_TEXT_SIZE - writer->len, fmt, ap);
	va_end(ap);
	writer->len += n > 0 ? (size_t)n : 0;
	if (writer->len >= PACKET_TEXT_SIZE)
		writer->len = PACKET_TEXT_SIZE - 1;
}

static struct weir_ip
ip_of(const uint8_t field[16], bool v6)
{
	struct weir_ip ip = {.b = {[10] = 0xff, [11] = 0xff}};

	memcpy(v6 ? &ip.b[0] : &ip.b[12], field, v6 ? 16 : 4);
	return ip;
}

static void
add_ends(struct writer *writer, const struct weir_key *key, bool v6, bool ports)
{
	struct weir_ip src = ip_of(key->src, v6), dst = ip_of(key->dst, v6);
	char a[46], b[46];

	(void)weir_ip_format(&src, a, sizeof(a));
	(void)weir_ip_format(&dst, b, sizeof(b));
	if (ports)
		add(writer, v6 ? " [%s]:%u > [%s]:%u" : " %s:%u > %s:%u", a, rte_be_to_cpu_16(key->sport), b,
		    rte_be_to_cpu_16(key->dport));
	else
		add(writer, " %s > %s", a, b);
}

static void
add_flags(struct writer *writer, uint8_t flags)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

	for (uint32_t bit = 0; bit < WEIR_ARRAY_LEN(names); bit++)
		if ((flags >> bit & 1) != 0)
			add(writer, " %s", names[bit]);
}

static void
add_icmp(struct writer *writer, const struct weir_key *key, bool v6)
{
	uint8_t type_code[2];

	memcpy(type_code, &key->sport, sizeof(type_code));
	if (type_code[0] == (v6 ? 129 : 0))
		add(writer, " reply");
	else if (type_code[0] != (v6 ? 128 : 8))
		add(writer, " type %u code %u", type_code[0], type_code[1]);
	if (type_code[0] == (v6 ? 128 : 8) || type_code[0] == (v6 ? 129 : 0))
		add(writer, " id %u", rte_be_to_cpu_16(key->dport));
}

static void
add_fragment(struct writer *writer, const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key)
{
	const uint8_t *ip = data + frame->l3, *field;
	struct weir_fragment fragment;
	uint16_t bits;

	weir_parse_fragment(data, frame, key, &fragment);
	if ((frame->kind & WEIR_FRAME_IPV4) != 0) {
		memcpy(&bits, ip + 6, sizeof(bits));
		bits = rte_be_to_cpu_16(bits);
		add(writer, " frag %u%s id %u", (bits & 0x1fff) * 8u,
		    (bits & RTE_IPV4_HDR_MF_FLAG) != 0 ? " more" : "", (uint32_t)(ip[4] << 8 | ip[5]));
		return;
	}
	/* Behind what comes before it, which is not told. */
	field = ip[6] == IPPROTO_FRAGMENT ? ip + 40 + 2 : NULL;
	if (field == NULL) {
		add(writer, " frag %u more id 1", fragment.first ? 0 : 8);
		return;
	}
	memcpy(&bits, field, sizeof(bits));
	bits = rte_be_to_cpu_16(bits);
	add(writer, " frag %u%s id %u", bits & 0xfff8u, (bits & 1) != 0 ? " more" : "",
	    (uint32_t)(field[4] << 8 | field[5]));
}

static void
add_ip(struct writer *writer, const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key)
{
	bool v6 = (frame->kind & WEIR_FRAME_IPV6) != 0, fragment = (key->flags & WEIR_KEY_FRAGMENT) != 0;
	static const char *const names[] = {
	    [IPPROTO_TCP] = "tcp", [IPPROTO_UDP] = "udp", [IPPROTO_SCTP] = "sctp", [IPPROTO_ICMP] = "icmp"};
	const char *name = key->proto < WEIR_ARRAY_LEN(names) ? names[key->proto] : NULL;
	uint8_t ttl = data[frame->l3 + (v6 ? 7 : 8)];
	bool icmp = key->proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (icmp && v6)
		name = "icmpv6";
	else if (key->proto == IPPROTO_ICMP && v6)
		name = NULL;
	if (name != NULL)
		add(writer, "%s", name);
	else
		add(writer, "ip %u", key->proto);
	add_ends(writer, key, v6, name != NULL && !icmp);
	if ((frame->kind & WEIR_FRAME_TCP) != 0)
		add_flags(writer, frame->tcp_flags);
	if (icmp && !fragment)
		add_icmp(writer, key, v6);
	if (fragment)
		add_fragment(writer, data, frame, key);
	if (ttl != 64)
		add(writer, " ttl %u", ttl);
	if (frame->tos != 0)
		add(writer, " tos %u", frame->tos);
}

static void
add_arp(struct writer *writer, const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key)
{
	struct weir_arp arp;

	weir_parse_arp(data, frame, &arp);
	add(writer, "arp");
	add_ends(writer, key, false, false);
	if (arp.op == 2)
		add(writer, " reply");
}

static void
add_macs(struct writer *writer, const uint8_t *data)
{
	struct weir_mac mac;
	char text[18];

	memcpy(&mac, data + sizeof(mac), sizeof(mac));
	add(writer, " smac %s", weir_mac_format(&mac, text, sizeof(text)));
	memcpy(&mac, data, sizeof(mac));
	add(writer, " dmac %s", weir_mac_format(&mac, text, sizeof(text)));
}

bool
packet_describe(const uint8_t *data, uint32_t kept, uint32_t len, char text[PACKET_TEXT_SIZE])
{
	struct writer writer = {.text = text};
	uint8_t whole[PACKET_BYTES_MAX];
	struct weir_frame frame;
	struct weir_key key;
	bool parsed;

	text[0] = '\0';
	len = RTE_MIN(len, (uint32_t)PACKET_BYTES_MAX);
	kept = RTE_MIN(kept, len);
	memcpy(whole, data, kept);
	memset(whole + kept, 0, len - kept);
	parsed = weir_parse_frame(whole, len, len, &key, &frame) == WEIR_OK;
	if (!parsed)
		add(&writer, "not readable:");
	else if ((frame.kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) != 0)
		add_ip(&writer, whole, &frame, &key);
	else if ((frame.kind & WEIR_FRAME_ARP) != 0)
		add_arp(&writer, whole, &frame, &key);
	else
		add(&writer, "eth %#x", rte_be_to_cpu_16(key.ethertype));
	if (len >= 2 * sizeof(struct weir_mac))
		add_macs(&writer, whole);
	for (uint32_t i = 0; parsed && i < (key.flags & WEIR_KEY_TAGS); i++)
		add(&writer, " vlan %u", rte_be_to_cpu_16(key.vlan[i]) & 0xfffu);
	if (len != WEIR_FRAME_MIN)
		add(&writer, " len %u", len);
	return parsed;
}
