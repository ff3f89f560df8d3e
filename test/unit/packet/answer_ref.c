/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer_ref.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { IP = 14, ICMP = 1, TCP = 6, ICMP6 = 58, SHORTEST = 60 };

static uint32_t
be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
add(uint32_t sum, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 2) {
		sum += i + 1 < len ? be16(data + i) : (uint32_t)data[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

uint32_t
ref_checksum(const uint8_t *data, uint32_t len)
{
	return 0xffff - add(0, data, len);
}

uint32_t
ref_l4_checksum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	const uint8_t tail[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
	bool v4 = ip[0] >> 4 == 4;
	uint32_t sum = add(0, ip + (v4 ? 12 : 8), v4 ? 8 : 32);

	return 0xffff - add(add(sum, tail, sizeof(tail)), l4, len);
}

/* The IP packet in an untagged frame. */
struct shape {
	bool v4;
	uint32_t l4, end;
	uint8_t proto;
};

static struct shape
shape_of(const uint8_t *frame)
{
	const uint8_t *ip = frame + IP;

	if (be16(frame + 12) == 0x0800)
		return (struct shape){true, IP + 20, IP + be16(ip + 2), ip[9]};
	return (struct shape){false, IP + 40, IP + 40 + be16(ip + 4), ip[6]};
}

/* Of the packet's TCP, ICMP or ICMPv6. */
static uint32_t
l4_checksum(const uint8_t *frame, const struct shape *s)
{
	if (s->v4 && s->proto == ICMP)
		return ref_checksum(frame + s->l4, s->end - s->l4);
	return ref_l4_checksum(frame + IP, s->proto, frame + s->l4, s->end - s->l4);
}

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

void
ref_seal(uint8_t *frame)
{
	struct shape s = shape_of(frame);
	uint32_t at = s.l4 + (s.proto == TCP ? 16 : 2);

	if (s.v4) {
		put16(frame + IP + 10, 0);
		put16(frame + IP + 10, ref_checksum(frame + IP, 20));
		if ((be16(frame + IP + 6) & 0x3fff) != 0)
			return;
	}
	if (s.proto != TCP && s.proto != ICMP && s.proto != ICMP6)
		return;
	put16(frame + at, 0);
	put16(frame + at, l4_checksum(frame, &s));
}

const char *
ref_wrong(const uint8_t *frame, uint32_t len)
{
	uint32_t type = len < SHORTEST ? 0 : be16(frame + 12);
	struct shape s;

	if (type != 0x0800 && type != 0x86dd && type != 0x0806)
		return "no frame";
	if (type == 0x0806) {
		s = (struct shape){.end = IP + 28};
	} else {
		s = shape_of(frame);
		if (s.v4 ? frame[IP] != 0x45 : frame[IP] >> 4 != 6)
			return "first byte of the IP header";
		if (s.end < s.l4 || s.end > len)
			return "IP length";
		if (s.v4 && ref_checksum(frame + IP, 20) != 0)
			return "IPv4 header checksum";
		if (l4_checksum(frame, &s) != 0)
			return "checksum of the message";
	}
	if (len != (s.end < SHORTEST ? SHORTEST : s.end))
		return "length of the frame";
	for (uint32_t i = s.end; i < len; i++) {
		if (frame[i] != 0)
			return "padding";
	}
	return NULL;
}
