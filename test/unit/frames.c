/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <string.h>

#include <criterion/criterion.h>

struct weir_mac
mac(uint8_t n)
{
	struct weir_mac result = {{2, 0, 0, 0, 0, n}};

	if (n == BROADCAST)
		memset(&result, 0xff, sizeof(result));
	return result;
}

struct weir_ip
ip(const char *text)
{
	struct weir_ip result;

	cr_assert_eq(weir_ip_parse(text, &result), 0, "%s", text);
	return result;
}

static void
put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Appends n bytes of zero; returns where. */
static uint8_t *
grow(struct frame *frame, uint32_t n)
{
	uint8_t *p = &frame->b[frame->len];

	cr_assert_leq(frame->len + n, sizeof(frame->b));
	frame->len += n;
	return p;
}

static struct frame
ethernet(struct weir_mac dmac, uint8_t smac, uint16_t type)
{
	struct frame frame = {.len = 14};
	struct weir_mac src = mac(smac);

	memcpy(frame.b, dmac.b, 6);
	memcpy(frame.b + 6, src.b, 6);
	put16(frame.b + 12, type);
	return frame;
}

struct frame
plain(uint8_t dmac, uint8_t smac, uint16_t type)
{
	struct frame frame = ethernet(mac(dmac), smac, type);

	(void)grow(&frame, 46);
	return frame;
}

/* Of either family, by the source; returns the payload. */
static uint8_t *
add_ip(struct frame *frame, const char *src, const char *dst, uint8_t proto, uint16_t len)
{
	struct weir_ip from = ip(src), to = ip(dst);
	uint8_t *p;

	if (!weir_ip_is_v4(&from)) {
		put16(frame->b + 12, 0x86dd);
		p = grow(frame, 40);
		p[0] = 0x60;
		put16(p + 4, len);
		p[6] = proto;
		p[7] = 255;
		memcpy(p + 8, from.b, 16);
		memcpy(p + 24, to.b, 16);
		return grow(frame, len);
	}
	put16(frame->b + 12, 0x0800);
	p = grow(frame, 20);
	p[0] = 0x45;
	put16(p + 2, (uint16_t)(20 + len));
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, from.b + 12, 4);
	memcpy(p + 16, to.b + 12, 4);
	memcpy(p + 10, &(uint16_t){weir_ipv4_checksum(p, 20)}, 2);
	return grow(frame, len);
}

struct frame
udp(uint8_t smac, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint8_t *p = add_ip(&frame, src, dst, 17, 20);

	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, 20);
	return frame;
}

static void
seal_icmp6(uint8_t *p, uint16_t len, const char *src, const char *dst)
{
	struct weir_ip from = ip(src), to = ip(dst);
	uint16_t sum = weir_l4_checksum(&from, &to, 58, p, len);

	memcpy(p + 2, &sum, 2);
}

struct frame
icmp6(uint8_t smac, const char *src, const char *dst, uint8_t type)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint8_t *p = add_ip(&frame, src, dst, 58, 28);

	p[0] = type;
	seal_icmp6(p, 28, src, dst);
	return frame;
}

struct frame
arp(uint8_t smac, uint16_t op, uint8_t sha, const char *spa, const char *tpa)
{
	struct frame frame = ethernet(mac(BROADCAST), smac, 0x0806);
	uint8_t *p = grow(&frame, 28);
	struct weir_ip from = ip(spa), to = ip(tpa);
	struct weir_mac sender = mac(sha);

	put16(p, 1);
	put16(p + 2, 0x0800);
	p[4] = 6;
	p[5] = 4;
	put16(p + 6, op);
	memcpy(p + 8, sender.b, 6);
	memcpy(p + 14, from.b + 12, 4);
	memcpy(p + 24, to.b + 12, 4);
	return frame;
}

struct frame
nd(uint8_t smac, uint8_t type, const char *src, const char *dst, const char *target, uint8_t lladdr)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint16_t fixed = type == 133 ? 8 : 24, len = (uint16_t)(fixed + (lladdr != 0 ? 8 : 0));
	uint8_t *p = add_ip(&frame, src, dst, 58, len);
	struct weir_mac option = mac(lladdr);

	p[0] = type;
	if (fixed == 24)
		memcpy(p + 8, ip(target).b, 16);
	if (lladdr != 0) {
		p[fixed] = type == 136 ? 2 : 1;
		p[fixed + 1] = 1;
		memcpy(p + fixed + 2, option.b, 6);
	}
	seal_icmp6(p, len, src, dst);
	return frame;
}

struct frame
echo(uint8_t smac, const char *src, const char *dst)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint8_t *p = add_ip(&frame, src, dst, 1, 28);

	p[0] = 8;
	memcpy(p + 2, &(uint16_t){weir_ipv4_checksum(p, 28)}, 2);
	return frame;
}

/* ---- changes ---- */

struct frame
to(struct frame frame, struct weir_mac dmac)
{
	memcpy(frame.b, dmac.b, 6);
	return frame;
}

struct frame
tagged(struct frame frame, uint16_t vid)
{
	(void)grow(&frame, 4);
	memmove(frame.b + 16, frame.b + 12, frame.len - 16);
	put16(frame.b + 12, 0x8100);
	put16(frame.b + 14, vid);
	return frame;
}

struct frame
sized(struct frame frame, uint32_t len)
{
	if (len > frame.len)
		(void)grow(&frame, len - frame.len);
	frame.len = len;
	return frame;
}

/* In a tunnel whose header, with options, is of so many bytes, all zero but for the VNI. */
static struct frame
tunnel(const struct frame *inner, uint16_t port, uint32_t header, uint32_t vni, uint8_t smac, const char *src,
    const char *dst)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint16_t len = (uint16_t)(8 + header + inner->len);
	uint8_t *p = add_ip(&frame, src, dst, 17, len);

	put16(p, 50000);
	put16(p + 2, port);
	put16(p + 4, len);
	p[12] = (uint8_t)(vni >> 16);
	put16(p + 13, (uint16_t)vni);
	memcpy(p + 8 + header, inner->b, inner->len);
	return frame;
}

/* where the tunnel's own header lies: behind Ethernet, IPv4 or IPv6, and UDP */
static size_t
tunnel_at(const struct frame *frame)
{
	return frame->b[12] == 0x86 ? 62 : 42;
}

struct frame
vxlan(struct frame inner, uint32_t vni, uint8_t smac, const char *src, const char *dst)
{
	struct frame frame = tunnel(&inner, WEIR_VXLAN_PORT, 8, vni, smac, src, dst);

	frame.b[tunnel_at(&frame)] = 0x08;
	return frame;
}

struct frame
geneve(struct frame inner, uint32_t vni, uint8_t options, uint8_t smac, const char *src, const char *dst)
{
	struct frame frame = tunnel(&inner, WEIR_GENEVE_PORT, 8 + options * 4u, vni, smac, src, dst);

	frame.b[tunnel_at(&frame)] = options;
	put16(frame.b + tunnel_at(&frame) + 2, 0x6558);
	return frame;
}
