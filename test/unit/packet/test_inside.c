/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "samples.h"
#include "weir_inside.h"

#define FRAME_MAX 2048
#define L3 14

#define ETHER4 "0200000000020200000000010800"
#define ETHER6 "02000000000202000000000186dd"
#define HOSTS4 "0a0000010a000002" /* 10.0.0.1 to 10.0.0.2 */
#define HOSTS4_BACK "0a0000020a000001"
#define HOSTS6 "20010db800000000000000000000000120010db8000000000000000000000002"
#define HOSTS6_BACK "20010db800000000000000000000000220010db8000000000000000000000001"
#define TCP "9c4001bb00000001000000025012200000000000" /* 40000 to 443, SYN ACK */
#define UDP "1388003500080000"			       /* 5000 to 53 */
#define EIGHT "0001020304050607"

struct made {
	uint32_t len;
	uint8_t b[FRAME_MAX];
};

static struct made
from_hex(const char *hex)
{
	struct made made = {.len = (uint32_t)strlen(hex) / 2};

	for (uint32_t i = 0; i < made.len; i++) {
		unsigned int byte;

		cr_assert_eq(sscanf(hex + (size_t)2 * i, "%2x", &byte), 1);
		made.b[i] = (uint8_t)byte;
	}
	return made;
}

/* Says in the outer IP header how long it is. */
static struct made
sealed(const char *hex)
{
	struct made made = from_hex(hex);
	uint32_t len = made.len - L3;

	if (made.b[12] == 0x86)
		len -= 40;
	made.b[made.b[12] == 0x86 ? L3 + 4 : L3 + 2] = (uint8_t)(len >> 8);
	made.b[made.b[12] == 0x86 ? L3 + 5 : L3 + 3] = (uint8_t)len;
	return made;
}

static void
assert_ip(const struct weir_ip *actual, const char *text)
{
	struct weir_ip expected;

	cr_assert_eq(weir_ip_parse(text, &expected), 0);
	cr_assert(weir_ip_equal(actual, &expected), "not %s", text);
}

/* ---- fragments ---- */

static struct weir_fragment
fragment_of(const struct made *made)
{
	uint8_t *data = alloc_exact(made->len, 0);
	struct weir_fragment fragment;
	struct weir_frame frame;
	struct weir_key key;

	memcpy(data, made->b, made->len);
	memset(&fragment, 0xa5, sizeof(fragment));
	cr_assert_eq(weir_parse_frame(data, made->len, made->len, &key, &frame), WEIR_OK);
	cr_assert_neq(key.flags & WEIR_KEY_FRAGMENT, 0);
	weir_parse_fragment(data, &frame, &key, &fragment);
	cr_assert_eq(fragment.proto, key.proto);
	free_exact(data, 0);
	return fragment;
}

static struct weir_fragment
fragment_hex(const char *hex)
{
	struct made made = sealed(hex);

	return fragment_of(&made);
}

static struct weir_fragment
fragment_sample(const char *name)
{
	struct made made;
	uint8_t *data = sample_named(name, &made.len);

	memcpy(made.b, data, made.len);
	free_exact(data, 0);
	return fragment_of(&made);
}

/* Of neither: "what follows is set" must not be. */
static void
assert_nothing_deep(const struct weir_fragment *f)
{
	cr_assert(!f->whole && f->sport == 0 && f->dport == 0 && f->tcp_flags == 0);
}

Test(inside, fragments_of_one_packet_name_it_alike)
{
	static const struct {
		const char *first, *later, *src, *dst;
		uint8_t proto;
	} pairs[] = {
	    {"first fragment4", "later fragment4", "10.0.0.1", "10.0.0.2", 17},
	    {"first fragment6", "later fragment6", "2001:db8::1", "2001:db8::2", 17},
	    {"first fragment6 dstopt", "later fragment6 dstopt", "2001:db8::1", "2001:db8::2", 60},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(pairs); i++) {
		struct weir_fragment a = fragment_sample(pairs[i].first), b = fragment_sample(pairs[i].later);
		uint32_t id = i == 0 ? htons(7) : htonl(0x1234);

		assert_ip(&a.src, pairs[i].src);
		assert_ip(&a.dst, pairs[i].dst);
		cr_assert(weir_ip_equal(&a.src, &b.src) && weir_ip_equal(&a.dst, &b.dst));
		cr_assert(a.id == id && b.id == id);
		cr_assert(a.proto == pairs[i].proto && a.l4_proto == 17);
		cr_assert(b.proto == pairs[i].proto && b.l4_proto == pairs[i].proto);
		cr_assert(a.first && a.whole && !a.overlaps);
		cr_assert_eq(a.sport, htons(5000));
		cr_assert_eq(a.dport, htons(53));
		cr_assert(!b.first && !b.overlaps);
		assert_nothing_deep(&b);
	}
}

/* One that is the whole packet is no fragment to anybody. */
Test(inside, atomic_fragments_are_not_fragments)
{
	uint32_t len;
	uint8_t *data = sample_named("atomic fragment6", &len);
	struct weir_frame frame;
	struct weir_key key;

	cr_assert_eq(weir_parse_frame(data, len, len, &key, &frame), WEIR_OK);
	cr_assert_eq(key.flags & WEIR_KEY_FRAGMENT, 0);
	cr_assert_eq(key.dport, htons(53));
	free_exact(data, 0);
}

/* Protocol, and how many bytes of its header make it whole. */
static const struct {
	uint8_t proto4, proto6, need;
	const char *l4;
	uint16_t sport, dport;
	uint8_t tcp_flags;
} headers[] = {
    {6, 6, 20, TCP EIGHT, 40000, 443, 0x12},
    {17, 17, 8, UDP EIGHT EIGHT EIGHT, 5000, 53, 0},
    {132, 132, 8, "03e807d000000009" EIGHT EIGHT EIGHT, 1000, 2000, 0},
    {47, 47, 0, EIGHT EIGHT EIGHT EIGHT, 0, 0, 0},
};

Test(inside, first_fragment_with_every_part_of_its_header)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(headers); i++) {
		for (uint32_t there = 0; there <= 24; there++) {
			char hex4[400], hex6[400];
			struct weir_fragment f[2];

			(void)snprintf(hex4, sizeof(hex4), ETHER4 "450000000007200040%02x0000" HOSTS4 "%.*s",
			    headers[i].proto4, (int)(2 * there), headers[i].l4);
			(void)snprintf(hex6, sizeof(hex6),
			    ETHER6 "6000000000003c40" HOSTS6 "2c00010400000000"
				   "%02x00000100001234"
				   "%.*s",
			    headers[i].proto6, (int)(2 * there), headers[i].l4);
			f[0] = fragment_hex(hex4);
			f[1] = fragment_hex(hex6);
			for (int v = 0; v < 2; v++) {
				cr_assert(f[v].first && !f[v].overlaps);
				cr_assert_eq(f[v].whole, there >= headers[i].need, "%u of %u", there, f[v].proto);
				if (!f[v].whole) {
					assert_nothing_deep(&f[v]);
					continue;
				}
				cr_assert_eq(f[v].sport, htons(headers[i].sport));
				cr_assert_eq(f[v].dport, htons(headers[i].dport));
				cr_assert_eq(f[v].tcp_flags, headers[i].tcp_flags);
			}
		}
	}
}

Test(inside, first_fragment_of_icmp)
{
	struct weir_fragment f = fragment_hex(ETHER4 "450000000007200040010000" HOSTS4 "0800000012340001");

	cr_assert(f.whole);
	cr_assert_eq(f.sport, htons(0x0800));
	cr_assert_eq(f.dport, htons(0x1234));
	f = fragment_hex(ETHER4 "450000000007200040010000" HOSTS4 "0d00000012340001"); /* timestamp */
	cr_assert_eq(f.sport, htons(0x0d00));
	cr_assert_eq(f.dport, 0);
	f = fragment_hex(ETHER4 "450000000007200040010000" HOSTS4 "08000000123400");
	assert_nothing_deep(&f);
	f = fragment_hex(ETHER6 "6000000000002c40" HOSTS6 "3a000001000012348100000043210002");
	cr_assert(f.whole);
	cr_assert_eq(f.sport, htons(0x8100));
	cr_assert_eq(f.dport, htons(0x4321));
	/* Each family's ICMP is just some protocol to the other. */
	f = fragment_hex(ETHER4 "4500000000072000403a0000" HOSTS4 "8100000043210002");
	cr_assert(f.whole && f.sport == 0 && f.dport == 0);
	f = fragment_hex(ETHER6 "6000000000002c40" HOSTS6 "01000001000012340800000012340001");
	cr_assert(f.whole && f.sport == 0 && f.dport == 0);
}

/* What is padding behind a short packet is no header. */
Test(inside, first_fragment_does_not_reach_into_padding)
{
	struct made made = sealed(ETHER4 "450000000007200040060000" HOSTS4 "9c4001bb00000001" EIGHT);
	struct weir_fragment f;

	made.len += 8;
	f = fragment_of(&made);
	assert_nothing_deep(&f);
	made.b[L3 + 3] = (uint8_t)(made.b[L3 + 3] + 4);
	f = fragment_of(&made);
	cr_assert(f.whole);
}

Test(inside, later_fragments_within_a_tcp_header)
{
	static const struct {
		const char *frag4, *frag6, *proto;
		bool overlaps;
	} cases[] = {
	    {"2001", "0009", "06", true},				  /* 8 bytes in */
	    {"0002", "0010", "06", true},				  /* 16, the last one */
	    {"2003", "0019", "06", false},				  /* 24 */
	    {"3fff", "fff9", "06", false}, {"2001", "0009", "11", false}, /* a UDP header is one unit */
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		char hex[400];
		struct weir_fragment f;

		(void)snprintf(
		    hex, sizeof(hex), ETHER4 "450000000007%s40%s0000" HOSTS4 EIGHT, cases[i].frag4, cases[i].proto);
		f = fragment_hex(hex);
		cr_assert(!f.first && f.overlaps == cases[i].overlaps, "v4 %zu", i);
		(void)snprintf(hex, sizeof(hex), ETHER6 "6000000000002c40" HOSTS6 "%s00%s00001234" EIGHT,
		    cases[i].proto, cases[i].frag6);
		f = fragment_hex(hex);
		cr_assert(!f.first && f.overlaps == cases[i].overlaps, "v6 %zu", i);
	}
}

/* ---- errors, and what they quote ---- */

struct error {
	bool is_error, quotes;
	struct weir_quoted quoted;
};

/* Of its first `avail` bytes, the frame being `len` long. */
static struct error
error_cut(const struct made *made, uint32_t avail)
{
	uint8_t *data = alloc_exact(avail, 1);
	struct error error = {0};
	struct weir_frame frame;
	struct weir_key key;

	memcpy(data, made->b, avail);
	cr_assert_eq(weir_parse_frame(data, avail, made->len, &key, &frame), WEIR_OK);
	error.is_error = weir_is_icmp_error(&key, &frame, data);
	if (error.is_error)
		error.quotes = weir_parse_quoted(data, &frame, &key, &error.quoted);
	free_exact(data, 1);
	return error;
}

static struct error
error_hex(const char *hex)
{
	struct made made = sealed(hex);

	return error_cut(&made, made.len);
}

static struct error
error_typed(bool v6, uint8_t proto, uint8_t type)
{
	char hex[400];

	if (v6)
		(void)snprintf(
		    hex, sizeof(hex), ETHER6 "600000000000%02x40" HOSTS6 "%02x00000000000000", proto, type);
	else
		(void)snprintf(
		    hex, sizeof(hex), ETHER4 "450000000007000040%02x0000" HOSTS4 "%02x00000000000000", proto, type);
	return error_hex(hex);
}

Test(inside, types_of_errors)
{
	for (uint32_t type = 0; type < 256; type++) {
		bool v4 = type == 3 || type == 4 || type == 11 || type == 12, v6 = type >= 1 && type <= 4;

		cr_assert_eq(error_typed(false, 1, (uint8_t)type).is_error, v4, "%u", type);
		if (type < 133 || type > 137)
			cr_assert_eq(error_typed(true, 58, (uint8_t)type).is_error, v6, "%u", type);
		/* The other family's, and none at all. */
		cr_assert(
		    !error_typed(false, 58, (uint8_t)type).is_error && !error_typed(true, 1, (uint8_t)type).is_error);
		cr_assert(!error_typed(false, 47, (uint8_t)type).is_error);
	}
	cr_assert(!error_typed(false, 1, 3).quotes && !error_typed(true, 58, 3).quotes);
}

Test(inside, fragments_of_errors_are_not_looked_into)
{
	struct made made = sealed(ETHER4 "450000000007200040010000" HOSTS4 "0300000000000000"
					 "4500001c000100004011"
					 "0000" HOSTS4 UDP);

	cr_assert(!error_cut(&made, made.len).is_error);
}

#define UNREACHABLE4 ETHER4 "450000000007000040010000" HOSTS4_BACK "0303000000000000"
#define UNREACHABLE6 ETHER6 "6000000000003a40" HOSTS6_BACK "0104000000000000"
#define QUOTE4(total, frag, proto) "4500" total "0001" frag "40" proto "0000" HOSTS4
#define QUOTE6(total, proto) "60000000" total proto "40" HOSTS6

static const struct quote {
	const char *hex;
	uint32_t need; /* bytes of it that have to be there */
	uint8_t proto;
	uint16_t sport, dport;
} quotes[] = {
    {UNREACHABLE4 QUOTE4("001c", "0000", "11") UDP, 70, 17, 5000, 53},
    {UNREACHABLE4 QUOTE4("05dc", "4000", "06") TCP, 70, 6, 40000, 443},
    {UNREACHABLE4 QUOTE4("05dc", "2000", "11") UDP EIGHT, 70, 17, 5000, 53}, /* a first fragment */
    {UNREACHABLE4 QUOTE4("0024", "0000", "84") "03e807d000000009" EIGHT, 70, 132, 1000, 2000},
    {UNREACHABLE4 QUOTE4("0020", "0000", "01") "0800000012340001"
					       "70696e67",
	70, 1, 0x0800, 0x1234},
    {UNREACHABLE4 QUOTE4("0020", "0000", "01") "0d00000012340001"
					       "70696e67",
	70, 1, 0x0d00, 0},
    {UNREACHABLE4 QUOTE4("0020", "0000", "2f") "0000080000000000", 62, 47, 0, 0},
    {UNREACHABLE4 QUOTE4("0020", "0000", "3a") "8000000012340001", 62, 58, 0, 0},
    {UNREACHABLE4 "4600002000010000401100000a0000010a000002"
		  "94040000" UDP,
	74, 17, 5000, 53},
    {UNREACHABLE6 QUOTE6("0008", "11") UDP, 110, 17, 5000, 53},
    {UNREACHABLE6 QUOTE6("0500", "06") TCP, 110, 6, 40000, 443},
    {UNREACHABLE6 QUOTE6("0008", "3a") "8000000043210002", 110, 58, 0x8000, 0x4321},
    {UNREACHABLE6 QUOTE6("0008", "3a") "8900000043210002", 110, 58, 0x8900, 0}, /* a redirect is none */
    {UNREACHABLE6 QUOTE6("0008", "01") "0300000012340001", 102, 1, 0, 0},
    {UNREACHABLE6 QUOTE6("0018", "00") "2c00010400000000"
				       "1100000000001234" UDP,
	126, 17, 5000, 53}, /* atomic */
    {UNREACHABLE6 QUOTE6("0500", "2c") "3c00000100001234"
				       "0600010400000000" TCP,
	126, 6, 40000, 443},
};

/* Cut off anywhere, by the end of the frame, what is contiguous, or its own length. */
Test(inside, quotes_and_every_prefix_of_them)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(quotes); i++) {
		const struct quote *q = &quotes[i];
		struct made whole = from_hex(q->hex);

		for (uint32_t len = whole.len; len >= q->need - 20; len--) {
			char hex[FRAME_MAX];
			struct error error;

			(void)snprintf(hex, sizeof(hex), "%.*s", (int)(2 * len), q->hex);
			error = error_hex(hex);
			cr_assert(error.is_error);
			cr_assert_eq(error.quotes, len >= q->need, "%zu at %u", i, len);
			if (!error.quotes)
				continue;
			assert_ip(&error.quoted.src, whole.b[12] == 0x86 ? "2001:db8::1" : "10.0.0.1");
			assert_ip(&error.quoted.dst, whole.b[12] == 0x86 ? "2001:db8::2" : "10.0.0.2");
			cr_assert_eq(error.quoted.proto, q->proto, "%zu", i);
			cr_assert_eq(error.quoted.sport, htons(q->sport), "%zu", i);
			cr_assert_eq(error.quoted.dport, htons(q->dport), "%zu", i);
		}
	}
}

/* The outer packet's end counts, not the frame's: padding quotes nothing. */
Test(inside, quotes_do_not_reach_into_padding)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(quotes); i++) {
		char hex[FRAME_MAX];
		struct made made;

		(void)snprintf(hex, sizeof(hex), "%.*s", (int)(2 * (quotes[i].need - 1)), quotes[i].hex);
		made = sealed(hex);
		memset(made.b + made.len, 0, 40);
		made.len += 40;
		cr_assert(!error_cut(&made, made.len).quotes, "%zu", i);
	}
}

/* Nor does what the quoted packet itself does not claim. */
Test(inside, quotes_end_with_the_quoted_packet)
{
	cr_assert(!error_hex(UNREACHABLE4 QUOTE4("001b", "0000", "11") UDP EIGHT).quotes);
	cr_assert(!error_hex(UNREACHABLE4 QUOTE4("0013", "0000", "2f") EIGHT).quotes);
	cr_assert(error_hex(UNREACHABLE4 QUOTE4("0014", "0000", "2f") EIGHT).quotes);
	cr_assert(!error_hex(UNREACHABLE6 QUOTE6("0007", "11") UDP EIGHT).quotes);
	cr_assert(!error_hex(UNREACHABLE6 QUOTE6("0007", "3c") "1100010400000000" UDP).quotes);
	cr_assert(error_hex(UNREACHABLE6 QUOTE6("0010", "3c") "1100010400000000" UDP).quotes);
}

Test(inside, quotes_beyond_what_is_contiguous)
{
	struct made made = from_hex(UNREACHABLE6 QUOTE6("0500", "00") "11140104");

	/* 168 bytes of options: UDP is at 270. */
	made.len = 1000;
	memcpy(made.b + 270, from_hex(UDP).b, 8);
	made.b[L3 + 4] = (1000 - 54) >> 8;
	made.b[L3 + 5] = (uint8_t)(1000 - 54);
	cr_assert(!error_cut(&made, 256).quotes);
	cr_assert(!error_cut(&made, 277).quotes);
	cr_assert(error_cut(&made, 278).quotes);
	cr_assert_eq(error_cut(&made, 278).quoted.dport, htons(53));
}

Test(inside, quotes_that_are_not_believed)
{
	static const char *const wrong[] = {
	    UNREACHABLE4 QUOTE6("0008", "11") UDP,			     /* the other family */
	    UNREACHABLE6 QUOTE4("001c", "0000", "11") UDP EIGHT EIGHT EIGHT, /* and the other way round */
	    UNREACHABLE4 QUOTE4("001c", "0001", "11") UDP,		     /* a later fragment */
	    UNREACHABLE4 QUOTE4("001c", "2001", "11") UDP,
	    UNREACHABLE6 QUOTE6("0500", "2c") "1100000900001234" UDP,
	    UNREACHABLE4 QUOTE4("001c", "0000", "01") "0300000000000000", /* itself an error */
	    UNREACHABLE4 QUOTE4("001c", "0000", "01") "0b00000000000000",
	    UNREACHABLE6 QUOTE6("0008", "3a") "0100000000000000",
	    UNREACHABLE6 QUOTE6("0010", "3c") "3a00010400000000"
					      "0400000000000000",
	    UNREACHABLE4 "4400001c00010000401100000a0000010a000002" UDP, /* header of 16 bytes */
	    UNREACHABLE4 "4f00001c00010000401100000a0000010a000002" UDP, /* of more than there is */
	    UNREACHABLE4 "0500001c00010000401100000a0000010a000002" UDP,
	    UNREACHABLE6 QUOTE6("0018", "2c") "2c00000100001234"
					      "1100000100001234" UDP, /* fragments of fragments */
	    /* IPv4 addresses in IPv6. */
	    UNREACHABLE6 "6000000000081140"
			 "00000000000000000000ffff0a000001"
			 "20010db8000000000000000000000002" UDP,
	    UNREACHABLE6 "6000000000081140"
			 "20010db8000000000000000000000002"
			 "00000000000000000000ffff0a000001" UDP,
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(wrong); i++) {
		cr_assert(error_hex(wrong[i]).is_error, "%zu", i);
		cr_assert(!error_hex(wrong[i]).quotes, "%zu", i);
	}
}

/* Extension headers in front of the error itself and of the quoted packet's L4 header, 8 at most. */
Test(inside, extension_headers)
{
	for (uint32_t outer = 0; outer <= 8; outer++) {
		for (uint32_t inner = 0; inner <= 9; inner++) {
			char hex[FRAME_MAX];
			size_t n = (size_t)snprintf(
			    hex, sizeof(hex), ETHER6 "600000000000%s40" HOSTS6_BACK, outer > 0 ? "3c" : "3a");

			for (uint32_t i = 1; i <= outer; i++)
				n += (size_t)snprintf(
				    hex + n, sizeof(hex) - n, "%s00010400000000", i < outer ? "3c" : "3a");
			n += (size_t)snprintf(hex + n, sizeof(hex) - n,
			    "0300000000000000"
			    "600000000500%s40" HOSTS6,
			    inner > 0 ? "3c" : "11");
			for (uint32_t i = 1; i <= inner; i++)
				n += (size_t)snprintf(
				    hex + n, sizeof(hex) - n, "%s00010400000000", i < inner ? "3c" : "11");
			(void)snprintf(hex + n, sizeof(hex) - n, UDP);
			cr_assert(error_hex(hex).is_error);
			cr_assert_eq(error_hex(hex).quotes, inner <= 8, "%u %u", outer, inner);
			if (inner <= 8)
				cr_assert_eq(error_hex(hex).quoted.sport, htons(5000));
		}
	}
}
