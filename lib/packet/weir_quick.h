/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The usual packet, parsed by vector instructions: a whole stack of headers is compared with a template at once, and
 * the flow key comes out of one byte permutation. What is taken here is what weir_parse_underlay() and
 * weir_parse_frame() would accept, with the same result and within the same bounds; whatever is not usual, or
 * wrong, is left to them. Without AVX-512 (F, BW, VBMI) nothing is usual.
 *
 * Usual is: TCP or UDP over IPv4 without options or IPv6 without extension headers, no fragment, no tags of its own,
 * of at least WEIR_QUICK_MIN bytes (IPv6: 64); as a tunnel packet, VXLAN or Geneve without options over the same, to
 * the template's addresses, without a congestion mark. Any thread, as weir_packet.h.
 */
#ifndef WEIR_QUICK_H
#define WEIR_QUICK_H

#include <string.h>

#include "weir_packet.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VBMI__)
#include <immintrin.h>
#define WEIR_QUICK 1
#else
#define WEIR_QUICK 0
#endif

#define WEIR_QUICK_MIN 54 /* Ethernet, IPv4, TCP */

/* The first 64 bytes of tunnel packets of one format to one address of ours: (data & mask) has to be `value`. */
struct weir_tunnel_match {
	uint8_t mask[64], value[64];
} WEIR_CACHE_ALIGNED;

/* Of packets to `mac` and `ip`, by format; `ip` NULL: of none. */
void weir_tunnel_match_init(
    struct weir_tunnel_match match[WEIR_TUNNELS], const struct weir_mac *mac, const struct weir_ip *ip);

/* A tunnel packet whose outer headers are the usual ones. */
struct weir_quick_tunnel {
	uint32_t ingress;   /* of the key */
	uint32_t inner;	    /* offset of the tenant's frame */
	uint32_t inner_len; /* its bytes; so many are there */
};

/* Leaves the tenant's frame. */
static inline void
weir_quick_decap(struct rte_mbuf *m, const struct weir_quick_tunnel *tunnel)
{
	m->data_off = (uint16_t)(m->data_off + tunnel->inner);
	m->data_len = (uint16_t)tunnel->inner_len;
	m->pkt_len = tunnel->inner_len;
	m->ol_flags &= WEIR_MBUF_FLAGS_KEPT;
}

#if WEIR_QUICK

/* Where a frame comes from, as it stands in its key. */
typedef __m512i weir_quick_origin;

static inline weir_quick_origin
weir_quick_origin_of(uint32_t ingress, uint32_t peer)
{
	__m512i origin = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)ingress));

	return peer == 0 ? origin : _mm512_mask_set1_epi32(origin, 1u << 15, (int)peer);
}

/* Offsets in an Ethernet frame of IPv4 or IPv6 without options. */
enum {
	WEIR_QUICK_TYPE = 12,
	WEIR_QUICK_L3 = 14,
	WEIR_QUICK_V4_TOTAL = 16,
	WEIR_QUICK_V4_FRAGMENT = 20,
	WEIR_QUICK_V4_PROTO = 23,
	WEIR_QUICK_V4_SRC = 26,
	WEIR_QUICK_V4_L4 = 34,
	WEIR_QUICK_V6_PAYLOAD = 18,
	WEIR_QUICK_V6_PROTO = 20,
	WEIR_QUICK_V6_SRC = 22,
	WEIR_QUICK_V6_L4 = 54,
};

static inline uint16_t
weir_quick_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t
weir_quick_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

/* True if the first 64 bytes are the template's. */
static inline bool
weir_quick_matches(const uint8_t *data, const struct weir_tunnel_match *match)
{
	__m512i head = _mm512_loadu_si512(data), mask = _mm512_load_si512(match->mask);

	/* (head & mask) ^ value */
	head = _mm512_ternarylogic_epi64(head, mask, _mm512_load_si512(match->value), 0x6a);
	return _mm512_test_epi64_mask(head, head) == 0;
}

/*
 * The checksum of a header without options, which is not all zeros: the sum of its words with the carry added at the
 * end is the same modulo 65535, whatever the width of the words.
 */
static inline bool
weir_quick_checksum_ok(const uint8_t *ip)
{
	unsigned long long a, b, sum;
	unsigned char carry;
	uint32_t c;

	memcpy(&a, ip, sizeof(a));
	memcpy(&b, ip + 8, sizeof(b));
	memcpy(&c, ip + 16, sizeof(c));
	carry = _addcarry_u64(0, a, b, &sum);
	carry = _addcarry_u64(carry, sum, c, &sum);
	return (sum + carry) % UINT16_MAX == 0;
}

/*
 * The outer headers of `len` contiguous bytes: true if they are usual. `v6`: of which of the two versions.
 */
static inline bool
weir_quick_underlay(const uint8_t *data, uint32_t len, const struct weir_tunnel_match match[WEIR_TUNNELS], bool v6,
    bool checksum_ok, struct weir_quick_tunnel *tunnel)
{
	const uint32_t l4 = v6 ? WEIR_QUICK_V6_L4 : WEIR_QUICK_V4_L4;
	uint32_t room, udp;

	tunnel->inner = l4 + 16;
	tunnel->ingress = WEIR_KEY_TUNNEL | (v6 ? WEIR_KEY_TUNNEL_V6 : 0);
	if (len < tunnel->inner + WEIR_QUICK_MIN)
		return false;
	if (__builtin_expect(!weir_quick_matches(data, &match[WEIR_VXLAN]), 0)) {
		/* What Geneve carries stands behind the template's bytes, over IPv6. */
		if (!weir_quick_matches(data, &match[WEIR_GENEVE]) || weir_quick_be16(data + l4 + 10) != 0x6558)
			return false;
		tunnel->ingress |= WEIR_KEY_GENEVE;
	}
	/* An IPv4 address in an IPv6 header is a lie. */
	if (v6 && weir_ip_is_v4((const struct weir_ip *)(data + WEIR_QUICK_V6_SRC)))
		return false;
	/* `room`: what of the IP packet is behind its header. */
	room = v6 ? weir_quick_be16(data + WEIR_QUICK_V6_PAYLOAD)
		  : weir_quick_be16(data + WEIR_QUICK_V4_TOTAL) - (uint32_t)(WEIR_QUICK_V4_L4 - WEIR_QUICK_L3);
	udp = weir_quick_be16(data + l4 + 4);
	tunnel->inner_len = udp - 16;
	tunnel->ingress |= weir_quick_be32(data + l4 + 12) >> 8;
	return udp >= 16 + WEIR_QUICK_MIN && udp <= room && room <= len - l4 &&
	       (v6 || checksum_ok || weir_quick_checksum_ok(data + WEIR_QUICK_L3));
}

/* Where each byte of the key stands in the frame; those not named are 0. */
extern const uint8_t weir_quick_key_v4[2][64], weir_quick_key_v6[2][64]; /* of frames without and with a tag */
#define WEIR_QUICK_BYTES(from, n) (((UINT64_C(1) << (n)) - 1) << (from))
/* ethertype, proto; dmac, smac; src; dst; ports */
#define WEIR_QUICK_MASK_V4                                                                                           \
	(WEIR_QUICK_BYTES(4, 3) | WEIR_QUICK_BYTES(8, 12) | WEIR_QUICK_BYTES(24, 4) | WEIR_QUICK_BYTES(40, 4) |      \
	    WEIR_QUICK_BYTES(56, 4))
#define WEIR_QUICK_MASK_V6                                                                                           \
	(WEIR_QUICK_BYTES(4, 3) | WEIR_QUICK_BYTES(8, 12) | WEIR_QUICK_BYTES(24, 16) | WEIR_QUICK_BYTES(40, 16) |    \
	    WEIR_QUICK_BYTES(56, 4))

/* The key of a frame that begins with `head`, its other bytes being those of `origin`. */
static inline void
weir_quick_key(__m512i head, const uint8_t from[64], uint64_t mask, weir_quick_origin origin, struct weir_key *key)
{
	_mm512_storeu_si512(key, _mm512_mask_permutexvar_epi8(origin, mask, _mm512_load_si512(from), head));
}

/* What frames of a kind have in common: by IP version 4 or 6, UDP or TCP. */
extern const struct weir_frame weir_quick_frames[2][2];

/*
 * The L4 header, where TCP or UDP has `room` bytes, and what of the frame is in fixed places: true if all is good.
 */
static inline bool
weir_quick_finish(
    const uint8_t *l4, uint32_t len, bool v6, uint32_t room, uint8_t proto, uint8_t tos, struct weir_frame *frame)
{
	uint32_t own;

	if (__builtin_expect(proto == 17, 1)) {
		own = weir_quick_be16(l4 + 4);
		*frame = weir_quick_frames[v6][0];
		if (own < 8)
			return false;
	} else if (proto == 6 && room >= 20) {
		own = (l4[12] >> 4) * 4u;
		*frame = weir_quick_frames[v6][1];
		frame->tcp_flags = l4[13];
		if (own < 20)
			return false;
	} else {
		return false;
	}
	frame->len = frame->avail = len;
	frame->tos = tos;
	return own <= room;
}

/*
 * A frame of `len` contiguous bytes, without a tag or with the one that is about to be taken off: true if it is
 * usual; then *key, with `origin`, and *frame are filled, as of the frame without the tag.
 */
static inline bool
weir_quick_frame(const uint8_t *data, uint32_t len, bool tagged, weir_quick_origin origin, struct weir_key *key,
    struct weir_frame *frame)
{
	const uint32_t tag = tagged ? 4 : 0;
	const uint8_t *p = data + tag; /* what follows the MACs stands where it does without a tag */
	uint32_t version, room;
	uint16_t type, fragment;
	__m512i head;

	if (len < WEIR_QUICK_MIN + tag)
		return false;
	version = p[WEIR_QUICK_L3];
	memcpy(&type, p + WEIR_QUICK_TYPE, sizeof(type));
	if (__builtin_expect(type == __builtin_bswap16(0x0800), 1)) {
		head = _mm512_maskz_loadu_epi8(WEIR_QUICK_BYTES(0, WEIR_QUICK_MIN), data);
		memcpy(&fragment, p + WEIR_QUICK_V4_FRAGMENT, sizeof(fragment));
		room = weir_quick_be16(p + WEIR_QUICK_V4_TOTAL);
		if (version != 0x45 || (fragment & __builtin_bswap16(0x3fff)) != 0 || room < 28 ||
		    room > len - tag - WEIR_QUICK_L3)
			return false;
		weir_quick_key(head, weir_quick_key_v4[tagged], WEIR_QUICK_MASK_V4, origin, key);
		return weir_quick_finish(p + WEIR_QUICK_V4_L4, len - tag, false, room - 20, p[WEIR_QUICK_V4_PROTO],
		    p[WEIR_QUICK_L3 + 1], frame);
	}
	if (type == __builtin_bswap16(0x86dd) && len >= 64) {
		head = _mm512_loadu_si512(data);
		room = weir_quick_be16(p + WEIR_QUICK_V6_PAYLOAD);
		if (version >> 4 != 6 || room < 8 || room + WEIR_QUICK_V6_L4 > len - tag)
			return false;
		weir_quick_key(head, weir_quick_key_v6[tagged], WEIR_QUICK_MASK_V6, origin, key);
		return weir_quick_finish(p + WEIR_QUICK_V6_L4, len - tag, true, room, p[WEIR_QUICK_V6_PROTO],
		    (uint8_t)(weir_quick_be16(p + WEIR_QUICK_L3) >> 4), frame);
	}
	return false;
}

#else

typedef struct {
	uint32_t ingress, peer;
} weir_quick_origin;

static inline weir_quick_origin
weir_quick_origin_of(uint32_t ingress, uint32_t peer)
{
	return (weir_quick_origin){ingress, peer};
}

static inline bool
weir_quick_underlay(const uint8_t *data, uint32_t len, const struct weir_tunnel_match match[WEIR_TUNNELS], bool v6,
    bool checksum_ok, struct weir_quick_tunnel *tunnel)
{
	(void)data, (void)len, (void)match, (void)v6, (void)checksum_ok, (void)tunnel;
	return false;
}

static inline bool
weir_quick_frame(const uint8_t *data, uint32_t len, bool tagged, weir_quick_origin origin, struct weir_key *key,
    struct weir_frame *frame)
{
	(void)data, (void)len, (void)tagged, (void)origin, (void)key, (void)frame;
	return false;
}

#endif

#endif
