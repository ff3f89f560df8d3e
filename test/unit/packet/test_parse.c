/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "samples.h"
#include "weir_packet.h"

#define INGRESS 0xabad1deau
#define IP4 14	/* offset of the IP header in an untagged frame */
#define TCP4 34 /* of what follows it */
#define L4_6 54 /* the same for IPv6 */
#define FRAME_MAX 2048

struct parsed {
	enum weir_reason reason;
	struct weir_key key;
	struct weir_frame frame;
};

/* Parses a copy that ends with its heap block, at an even or odd address. */
static struct parsed
parse_copy(const uint8_t *data, uint32_t avail, uint32_t len, int odd)
{
	struct parsed p;
	uint8_t *copy = alloc_exact(avail, odd);

	memcpy(copy, data, avail);
	memset(&p, 0xa5, sizeof(p));
	p.key.ingress = INGRESS;
	p.reason = weir_parse_frame(copy, avail, len, &p.key, &p.frame);
	free_exact(copy, odd);
	return p;
}

static struct parsed
parse(const uint8_t *data, uint32_t len)
{
	return parse_copy(data, len, len, 0);
}

/* What a sample must become. Ports and tags in host order; no source = no addresses. */
struct expected {
	const char *name;
	uint32_t l3, l4;
	uint8_t kind, tos, tcp_flags, proto, flags;
	uint16_t ethertype, sport, dport, vlan[2];
	const char *src, *dst;
};

#define V4 .src = "10.0.0.1", .dst = "10.0.0.2", .ethertype = 0x0800, .l3 = 14
#define V6 .src = "2001:db8::1", .dst = "2001:db8::2", .ethertype = 0x86dd, .l3 = 14
#define KIND4 WEIR_FRAME_IPV4
#define KIND6 WEIR_FRAME_IPV6
#define TCP .proto = 6, .sport = 40000, .dport = 443, .tcp_flags = 0x18
#define UDP .proto = 17, .sport = 5000, .dport = 53
#define ND .kind = KIND6 | WEIR_FRAME_ND, .proto = 58, .l4 = 54, .ethertype = 0x86dd, .l3 = 14
#define LINK_LOCAL "fe80::ff:fe00:1"

static const struct expected table[] = {
    {"tcp4", V4, .l4 = 34, .kind = KIND4 | WEIR_FRAME_TCP, TCP, .tos = 0xb8},
    {"tcp4 options", V4, .l4 = 34, .kind = KIND4 | WEIR_FRAME_TCP, TCP},
    {"tcp4 ip options", V4, .l4 = 38, .kind = KIND4 | WEIR_FRAME_TCP, TCP},
    {"udp4 padded", V4, .l4 = 34, .kind = KIND4, UDP},
    {"udp4 empty", V4, .l4 = 34, .kind = KIND4, UDP},
    {"sctp4", V4, .l4 = 34, .kind = KIND4, .proto = 132, .sport = 1000, .dport = 2000},
    {"gre4", V4, .kind = KIND4, .proto = 47},
    {"echo4", V4, .l4 = 34, .kind = KIND4, .proto = 1, .sport = 0x0800, .dport = 0x1234},
    {"echo reply4", V4, .l4 = 34, .kind = KIND4, .proto = 1, .sport = 0x0000, .dport = 0x1234},
    {"unreachable4", V4, .l4 = 34, .kind = KIND4, .proto = 1, .sport = 0x0304},
    {"first fragment4", V4, .kind = KIND4, .proto = 17, .flags = WEIR_KEY_FRAGMENT},
    {"later fragment4", V4, .kind = KIND4, .proto = 17, .flags = WEIR_KEY_FRAGMENT},
    {"tcp6", V6, .l4 = 54, .kind = KIND6 | WEIR_FRAME_TCP, TCP, .tos = 0x03},
    {"udp6", V6, .l4 = 54, .kind = KIND6, UDP},
    {"echo6", V6, .l4 = 54, .kind = KIND6, .proto = 58, .sport = 0x8000, .dport = 0x4321},
    {"echo reply6", V6, .l4 = 54, .kind = KIND6, .proto = 58, .sport = 0x8100, .dport = 0x4321},
    {"too big6", V6, .l4 = 54, .kind = KIND6, .proto = 58, .sport = 0x0200},
    {"extensions6", V6, .l4 = 102, .kind = KIND6 | WEIR_FRAME_TCP, TCP},
    {"ah6", V6, .l4 = 78, .kind = KIND6, UDP},
    {"esp6", V6, .kind = KIND6, .proto = 50},
    {"nothing6", V6, .kind = KIND6, .proto = 59},
    {"first fragment6", V6, .kind = KIND6, .proto = 17, .flags = WEIR_KEY_FRAGMENT},
    {"later fragment6", V6, .kind = KIND6, .proto = 17, .flags = WEIR_KEY_FRAGMENT},
    {"first fragment6 dstopt", V6, .kind = KIND6, .proto = 60, .flags = WEIR_KEY_FRAGMENT},
    {"later fragment6 dstopt", V6, .kind = KIND6, .proto = 60, .flags = WEIR_KEY_FRAGMENT},
    {"atomic fragment6", V6, .l4 = 62, .kind = KIND6, UDP},
    {"mld6", .src = LINK_LOCAL, .dst = "ff02::16", .ethertype = 0x86dd, .l3 = 14, .l4 = 62, .kind = KIND6,
	.proto = 58, .sport = 0x8f00},
    {"arp request", .src = "10.0.0.1", .dst = "10.0.0.2", .ethertype = 0x0806, .l3 = 14, .kind = WEIR_FRAME_ARP},
    {"arp reply", .src = "10.0.0.1", .dst = "10.0.0.2", .ethertype = 0x0806, .l3 = 14, .kind = WEIR_FRAME_ARP},
    {"rs", .src = LINK_LOCAL, .dst = "ff02::2", ND, .sport = 0x8500},
    {"ra", .src = LINK_LOCAL, .dst = "ff02::1", ND, .sport = 0x8600},
    {"ns", .src = "2001:db8::1", .dst = "ff02::1:ff00:2", ND, .sport = 0x8700},
    {"dad ns", .src = "::", .dst = "ff02::1:ff00:2", ND, .sport = 0x8700},
    {"na", .src = "2001:db8::1", .dst = "2001:db8::2", ND, .sport = 0x8800},
    {"redirect", .src = LINK_LOCAL, .dst = "2001:db8::2", ND, .sport = 0x8900},
    {"vlan tcp4", .src = "10.0.0.1", .dst = "10.0.0.2", .ethertype = 0x0800, .l3 = 18, .l4 = 38,
	.kind = KIND4 | WEIR_FRAME_TCP, TCP, .flags = 1, .vlan = {0xa064}},
    {"priority tag udp6", .src = "2001:db8::1", .dst = "2001:db8::2", .ethertype = 0x86dd, .l3 = 18, .l4 = 58,
	.kind = KIND6, UDP, .flags = 1, .vlan = {0x6000}},
    {"qinq udp6", .src = "2001:db8::1", .dst = "2001:db8::2", .ethertype = 0x86dd, .l3 = 22, .l4 = 62, .kind = KIND6,
	UDP, .flags = 2 | WEIR_KEY_QINQ, .vlan = {200, 100}},
    {"three tags", .ethertype = 0x8100, .flags = 2 | WEIR_KEY_QINQ, .vlan = {1, 2}},
    {"stp", .ethertype = 0},
    {"lldp", .ethertype = 0x88cc},
    /* A tenant may run tunnels of its own: they are its UDP. */
    {"vxlan4", .src = "192.0.2.1", .dst = "192.0.2.2", .ethertype = 0x0800, .l3 = 14, .l4 = 34, .kind = KIND4,
	.proto = 17, .sport = 50000, .dport = 4789, .tos = 0x2a},
};

static void
put_address(uint8_t *to, const char *text)
{
	struct weir_ip ip;

	if (text == NULL)
		return;
	cr_assert_eq(weir_ip_parse(text, &ip), 0);
	if (weir_ip_is_v4(&ip))
		memcpy(to, &ip.b[12], 4);
	else
		memcpy(to, ip.b, 16);
}

static struct weir_key
expected_key(const struct expected *e, const uint8_t *data)
{
	struct weir_key key = {
	    .ingress = INGRESS,
	    .ethertype = htons(e->ethertype),
	    .proto = e->proto,
	    .flags = e->flags,
	    .vlan = {htons(e->vlan[0]), htons(e->vlan[1])},
	    .sport = htons(e->sport),
	    .dport = htons(e->dport),
	};

	memcpy(&key.dmac, data, 6);
	memcpy(&key.smac, data + 6, 6);
	put_address(key.src, e->src);
	put_address(key.dst, e->dst);
	return key;
}

Test(parse, key_and_offsets_of_every_sample)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(table); i++) {
		const struct expected *e = &table[i];
		uint32_t len;
		uint8_t *data = sample_named(e->name, &len);
		struct weir_key key = expected_key(e, data);

		for (int odd = 0; odd < 2; odd++) {
			struct parsed p = parse_copy(data, len, len, odd);

			cr_assert_eq(p.reason, WEIR_OK, "%s: %s", e->name, weir_reason_name(p.reason));
			cr_assert_eq(memcmp(&p.key, &key, sizeof(key)), 0, "%s: key", e->name);
			cr_assert_eq(p.frame.len, len, "%s", e->name);
			cr_assert_eq(p.frame.avail, len, "%s", e->name);
			cr_assert_eq(p.frame.l3, e->l3, "%s: l3 %u", e->name, p.frame.l3);
			cr_assert_eq(p.frame.l4, e->l4, "%s: l4 %u", e->name, p.frame.l4);
			cr_assert_eq(p.frame.kind, e->kind, "%s: kind %#x", e->name, p.frame.kind);
			cr_assert_eq(p.frame.tos, e->tos, "%s: tos %#x", e->name, p.frame.tos);
			cr_assert_eq(p.frame.tcp_flags, e->tcp_flags, "%s", e->name);
		}
		free_exact(data, 0);
	}
}

Test(parse, fragments_of_one_packet_have_one_key)
{
	static const char *const pairs[][2] = {{"first fragment4", "later fragment4"},
	    {"first fragment6", "later fragment6"}, {"first fragment6 dstopt", "later fragment6 dstopt"}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(pairs); i++) {
		uint32_t a_len, b_len;
		uint8_t *a = sample_named(pairs[i][0], &a_len), *b = sample_named(pairs[i][1], &b_len);
		struct parsed first = parse(a, a_len), later = parse(b, b_len);

		cr_assert_eq(memcmp(&first.key, &later.key, sizeof(first.key)), 0, "%s", pairs[i][0]);
		free_exact(a, 0);
		free_exact(b, 0);
	}
}

/* Whatever a cut leaves is refused, as long as the IP packet said that it was longer. */
Test(parse, every_prefix_of_every_sample)
{
	uint8_t data[FRAME_MAX];

	for (size_t i = 0; i < n_samples; i++) {
		uint32_t len = sample_bytes(i, data, sizeof(data));

		for (uint32_t n = 0; n <= len; n++) {
			struct parsed p = parse_copy(data, n, n, (int)n & 1);

			cr_assert_leq(p.reason, WEIR_DROP_BAD_ARP, "%s", samples[i].name);
			if (n < 14)
				cr_assert_eq(p.reason, WEIR_DROP_SHORT_FRAME);
			if (p.reason != WEIR_OK)
				continue;
			cr_assert(p.frame.l3 <= n && p.frame.l4 <= n, "%s at %u", samples[i].name, n);
			if ((p.frame.kind & KIND4) != 0)
				cr_assert_leq(
				    p.frame.l3 + (data[p.frame.l3 + 2] << 8 | data[p.frame.l3 + 3]), (int)n);
			if ((p.frame.kind & KIND6) != 0)
				cr_assert_leq(
				    p.frame.l3 + 40 + (data[p.frame.l3 + 4] << 8 | data[p.frame.l3 + 5]), (int)n);
		}
	}
}

Test(parse, result_does_not_depend_on_avail)
{
	uint8_t data[FRAME_MAX] = {0};

	for (size_t i = 0; i < n_samples; i++) {
		struct parsed whole, head;

		(void)sample_bytes(i, data, sizeof(data));
		whole = parse_copy(data, sizeof(data), sizeof(data), 0);
		head = parse_copy(data, WEIR_HEADERS_MAX, sizeof(data), 0);
		cr_assert_eq(whole.reason, head.reason, "%s", samples[i].name);
		cr_assert_eq(memcmp(&whole.key, &head.key, sizeof(whole.key)), 0);
		cr_assert_eq(head.frame.avail, WEIR_HEADERS_MAX);
		cr_assert_eq(parse_copy(data, WEIR_HEADERS_MAX - 1, sizeof(data), 0).reason, WEIR_DROP_SHORT_FRAME);
	}
}

/* What lies behind the frame in the same buffer is not of it. */
Test(parse, bytes_behind_the_frame_are_left_alone)
{
	uint32_t len;
	uint8_t *data = sample_named("tcp4", &len);
	struct parsed p = parse_copy(data, len, len - 5, 0); /* without its payload */

	cr_assert_eq(p.reason, WEIR_DROP_BAD_IPV4);
	data[IP4 + 3] = (uint8_t)(data[IP4 + 3] - 5);
	p = parse_copy(data, len, len - 5, 0);
	cr_assert_eq(p.reason, WEIR_OK);
	cr_assert_eq(p.frame.avail, len - 5);
	free_exact(data, 0);
}

/* One byte of a sample, changed. */
struct lie {
	const char *name;
	uint32_t at;
	uint8_t value;
	enum weir_reason reason;
};

static const struct lie lies[] = {
    {"tcp4", IP4, 0x44, WEIR_DROP_BAD_IPV4},		/* IHL of 16 bytes */
    {"tcp4", IP4, 0x40, WEIR_DROP_BAD_IPV4},		/* of none */
    {"tcp4", IP4, 0x4f, WEIR_DROP_BAD_IPV4},		/* of more than the total length */
    {"tcp4", IP4, 0x65, WEIR_DROP_BAD_IPV4},		/* version 6 */
    {"tcp4", IP4, 0x35, WEIR_DROP_BAD_IPV4},		/* version 3 */
    {"tcp4", IP4 + 3, 0, WEIR_DROP_BAD_IPV4},		/* total length 0 */
    {"tcp4", IP4 + 3, 19, WEIR_DROP_BAD_IPV4},		/* less than the header */
    {"tcp4", IP4 + 3, 46, WEIR_DROP_BAD_IPV4},		/* one more than there is */
    {"tcp4", IP4 + 2, 0xff, WEIR_DROP_BAD_IPV4},	/* far more */
    {"tcp4", IP4 + 3, 39, WEIR_DROP_BAD_L4},		/* TCP header cut by the IP length */
    {"tcp4", IP4 + 3, 20, WEIR_DROP_BAD_L4},		/* no TCP header at all */
    {"tcp4", TCP4 + 12, 0x40, WEIR_DROP_BAD_L4},	/* data offset of 16 bytes */
    {"tcp4", TCP4 + 12, 0x70, WEIR_DROP_BAD_L4},	/* of more than the packet */
    {"tcp4", TCP4 + 12, 0x60, WEIR_OK},			/* just within */
    {"udp4 empty", TCP4 + 5, 7, WEIR_DROP_BAD_L4},	/* UDP length below its header */
    {"udp4 empty", TCP4 + 5, 0, WEIR_DROP_BAD_L4},	/* jumbogram */
    {"udp4 empty", TCP4 + 5, 9, WEIR_DROP_BAD_L4},	/* beyond the IP packet */
    {"udp4 padded", TCP4 + 5, 10, WEIR_DROP_BAD_L4},	/* into the padding */
    {"udp4 empty", IP4 + 9, 1, WEIR_OK},		/* as ICMP: eight bytes do */
    {"udp4 empty", IP4 + 9, 132, WEIR_DROP_BAD_L4},	/* as SCTP: they do not */
    {"udp4 empty", IP4 + 9, 58, WEIR_OK},		/* ICMPv6 is not for IPv4 */
    {"udp6", IP4, 0x40, WEIR_DROP_BAD_IPV6},		/* version 4 */
    {"udp6", IP4 + 5, 12, WEIR_DROP_BAD_IPV6},		/* payload longer than the frame */
    {"udp6", IP4 + 4, 0xff, WEIR_DROP_BAD_IPV6},	/* far longer */
    {"udp6", IP4 + 5, 0, WEIR_DROP_BAD_L4},		/* jumbo: no room for UDP */
    {"extensions6", IP4 + 5, 0, WEIR_DROP_BAD_IPV6},	/* nor for an extension header */
    {"extensions6", L4_6 + 1, 1, WEIR_OK},		/* the chain goes on in an address: some protocol */
    {"extensions6", L4_6 + 1, 255, WEIR_DROP_BAD_IPV6}, /* beyond the packet */
    {"ah6", L4_6 + 1, 0, WEIR_DROP_BAD_L4},		/* AH of 8 bytes: UDP starts in the middle of it */
    {"ah6", L4_6 + 1, 255, WEIR_DROP_BAD_IPV6},		/* beyond the packet */
    {"first fragment6", L4_6, 44, WEIR_DROP_BAD_IPV6},	/* a fragment header in a fragment */
    {"later fragment6", L4_6, 44, WEIR_OK},		/* not looked at */
    {"nothing6", IP4 + 6, 0, WEIR_DROP_BAD_IPV6},	/* extension header that is not there */
    {"echo6", IP4 + 5, 7, WEIR_DROP_BAD_L4},		/* ICMPv6 cut off */
    {"fragmented ns", L4_6, 58, WEIR_DROP_BAD_L4},	/* as it is: ND in a fragment */
    {"fragmented ns", L4_6 + 8, 128, WEIR_OK},		/* a ping in a fragment is fine */
    {"fragmented ns", L4_6 + 3, 0, WEIR_DROP_BAD_L4},	/* atomic ND is refused too */
    {"fragmented ns", L4_6 + 2, 1, WEIR_OK},		/* a later fragment shows no type */
    {"fragmented ns", IP4 + 5, 15, WEIR_DROP_BAD_L4},	/* nor may a first one hide it */
    {"arp reply", IP4 + 1, 6, WEIR_DROP_BAD_ARP},	/* IEEE 802 */
    {"arp reply", IP4 + 2, 0x86, WEIR_DROP_BAD_ARP},	/* another protocol */
    {"arp reply", IP4 + 4, 8, WEIR_DROP_BAD_ARP},	/* hardware address length */
    {"arp reply", IP4 + 5, 16, WEIR_DROP_BAD_ARP},	/* protocol address length */
    {"arp reply", IP4 + 7, 200, WEIR_OK},		/* any operation */
};

Test(parse, lies_in_headers)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(lies); i++) {
		const struct lie *lie = &lies[i];
		uint32_t len;
		uint8_t *data = sample_named(lie->name, &len);
		enum weir_reason reason;

		data[lie->at] = lie->value;
		reason = parse(data, len).reason;
		cr_assert_eq(reason, lie->reason, "%s, byte %u = %#x: '%s' instead of '%s'", lie->name, lie->at,
		    lie->value, weir_reason_name(reason), weir_reason_name(lie->reason));
		free_exact(data, 0);
	}
}

/* An IPv6 packet of `n` destination-option headers of `units` + 1 times 8 bytes each, then UDP. */
static uint32_t
make_chain(uint8_t *data, uint32_t n, uint8_t units)
{
	uint32_t len, at = L4_6, size = (units + 1u) * 8;
	uint8_t *sample = sample_named("udp6", &len);

	memset(data, 0, FRAME_MAX);
	memcpy(data, sample, L4_6);
	data[IP4 + 6] = n > 0 ? 60 : 17;
	for (uint32_t i = 0; i < n; i++, at += size) {
		data[at] = i + 1 < n ? 60 : 17;
		data[at + 1] = units;
	}
	memcpy(data + at, sample + L4_6, len - L4_6);
	len = at + len - L4_6;
	data[IP4 + 4] = (uint8_t)((len - L4_6) >> 8);
	data[IP4 + 5] = (uint8_t)(len - L4_6);
	free_exact(sample, 0);
	return len;
}

Test(parse, extension_headers_are_bounded)
{
	uint8_t data[FRAME_MAX];
	struct parsed p;

	/* By number: 8, each as short as one can be. */
	p = parse(data, make_chain(data, 8, 0));
	cr_assert_eq(p.reason, WEIR_OK);
	cr_assert_eq(p.frame.l4, L4_6 + 64);
	cr_assert_eq(p.key.dport, htons(53));
	cr_assert_eq(parse(data, make_chain(data, 9, 0)).reason, WEIR_DROP_BAD_IPV6);
	/* By depth: 54 + 176 + 20 is within 256, 54 + 184 + 20 is not. */
	cr_assert_eq(parse(data, make_chain(data, 1, 21)).reason, WEIR_OK);
	cr_assert_eq(parse(data, make_chain(data, 1, 22)).reason, WEIR_DROP_BAD_IPV6);
	cr_assert_eq(parse(data, make_chain(data, 2, 100)).reason, WEIR_DROP_BAD_IPV6);
	/* The second header lies behind what is contiguous. */
	cr_assert_eq(parse_copy(data, WEIR_HEADERS_MAX, make_chain(data, 2, 100), 0).reason, WEIR_DROP_BAD_IPV6);
}

/* ND may stand behind extension headers, as long as it is whole. */
Test(parse, nd_behind_an_extension_header)
{
	uint8_t data[FRAME_MAX];
	uint32_t len;
	uint8_t *sample = sample_named("ns", &len);
	struct parsed p;

	memcpy(data, sample, L4_6);
	memcpy(data + L4_6, (uint8_t[8]){58, 0, 1, 4}, 8);
	memcpy(data + L4_6 + 8, sample + L4_6, len - L4_6);
	data[IP4 + 5] = (uint8_t)(data[IP4 + 5] + 8);
	data[IP4 + 6] = 60;
	p = parse(data, len + 8);
	cr_assert_eq(p.reason, WEIR_OK);
	cr_assert_eq(p.frame.kind, WEIR_FRAME_IPV6 | WEIR_FRAME_ND);
	cr_assert_eq(p.frame.l4, L4_6 + 8);
	free_exact(sample, 0);
}

/* The type of an ICMPv6 message must be in its first fragment: it could be ND. */
Test(parse, first_fragment_shows_its_icmp_header)
{
	uint32_t len;
	uint8_t *data = sample_named("fragmented ns", &len);

	data[L4_6 + 8] = 128;
	for (uint8_t room = 0; room <= 8; room++) {
		data[IP4 + 5] = (uint8_t)(8 + room);
		cr_assert_eq(parse(data, L4_6 + 8u + room).reason, room < 8 ? WEIR_DROP_BAD_L4 : WEIR_OK, "%u", room);
	}
	free_exact(data, 0);
}

/* Padding to 60 bytes and beyond belongs to the frame, and changes nothing else. */
Test(parse, trailing_padding)
{
	uint8_t data[FRAME_MAX] = {0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(table); i++) {
		uint32_t len;
		uint8_t *sample = sample_named(table[i].name, &len);
		struct parsed bare = parse(sample, len), padded;

		memcpy(data, sample, len);
		memset(data + len, 0xee, 46);
		padded = parse(data, len + 46);
		cr_assert_eq(padded.reason, WEIR_OK);
		cr_assert_eq(padded.frame.len, len + 46);
		cr_assert_eq(memcmp(&bare.key, &padded.key, sizeof(bare.key)), 0, "%s", table[i].name);
		free_exact(sample, 0);
	}
}

Test(parse, tags_cut_off)
{
	uint32_t len;
	uint8_t *data = sample_named("qinq udp6", &len);

	cr_assert_eq(parse(data, 17).reason, WEIR_DROP_SHORT_FRAME);
	cr_assert_eq(parse(data, 21).reason, WEIR_DROP_SHORT_FRAME);
	cr_assert_eq(parse(data, 22).reason, WEIR_DROP_BAD_IPV6);
	free_exact(data, 0);
}
