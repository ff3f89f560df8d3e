/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include <criterion/criterion.h>

#include "samples.h"
#include "weir_packet.h"

#define IP4 14
#define UDP4 34
#define VXLAN4 42
#define INNER4 50
#define FRAME_MAX 2048
#define HEAD (WEIR_OUTER_MAX + WEIR_HEADERS_MAX) /* has to be contiguous */

struct parsed {
	enum weir_reason reason;
	struct weir_outer outer;
};

static struct parsed
parse_copy(const uint8_t *data, uint32_t avail, uint32_t len, bool checksum_ok, int odd)
{
	struct parsed p;
	uint8_t *copy = alloc_exact(avail, odd);

	memcpy(copy, data, avail);
	memset(&p, 0xa5, sizeof(p));
	p.reason = weir_parse_underlay(copy, avail, len, checksum_ok, &p.outer);
	free_exact(copy, odd);
	return p;
}

struct expected {
	const char *name;
	enum weir_reason reason;
	enum weir_underlay_kind kind;
	enum weir_tunnel tunnel;
	const char *src, *dst;
	uint32_t vni, inner, inner_len;
	uint8_t tos;
};

#define VXLAN .kind = WEIR_UNDERLAY_TUNNEL, .tunnel = WEIR_VXLAN
#define GENEVE .kind = WEIR_UNDERLAY_TUNNEL, .tunnel = WEIR_GENEVE
#define OTHER .kind = WEIR_UNDERLAY_OTHER
#define G4 .src = "192.0.2.1", .dst = "192.0.2.2"
#define G6 .src = "2001:db8:a::1", .dst = "2001:db8:a::2"
#define H4 .src = "10.0.0.1", .dst = "10.0.0.2"
#define H6 .src = "2001:db8::1", .dst = "2001:db8::2"

static const struct expected table[] = {
    {"vxlan4", VXLAN, G4, .vni = 5001, .inner = 50, .inner_len = 60, .tos = 0x2a},
    {"vxlan4 options", VXLAN, G4, .vni = 0xffffff, .inner = 54, .inner_len = 65},
    {"vxlan6", VXLAN, G6, .vni = 1, .inner = 70, .inner_len = 65, .tos = 0xb9},
    {"vxlan4 short padded", VXLAN, G4, .vni = 7, .inner = 50, .inner_len = 16},
    {"vxlan in vxlan", VXLAN, G4, .vni = 8, .inner = 50, .inner_len = 110},
    {"geneve4", GENEVE, G4, .vni = 5001, .inner = 50, .inner_len = 60, .tos = 0x2a},
    {"geneve4 options", GENEVE, G4, .vni = 0xffffff, .inner = 66, .inner_len = 65},
    {"geneve6", GENEVE, G6, .vni = 1, .inner = 70, .inner_len = 65, .tos = 0xb9},
    {"geneve6 options", GENEVE, G6, .vni = 77, .inner = 82, .inner_len = 60, .tos = 0xb8},
    {"arp request", .kind = WEIR_UNDERLAY_ARP, H4},
    {"arp reply", .kind = WEIR_UNDERLAY_ARP, H4},
    {"underlay echo4", .kind = WEIR_UNDERLAY_ECHO, G4},
    {"echo6", .kind = WEIR_UNDERLAY_ECHO, H6},
    {"ns", .kind = WEIR_UNDERLAY_ND, .src = "2001:db8::1", .dst = "ff02::1:ff00:2"},
    {"na", .kind = WEIR_UNDERLAY_ND, H6},
    {"ra", .kind = WEIR_UNDERLAY_ND, .src = "fe80::ff:fe00:1", .dst = "ff02::1"},
    {"echo reply4", OTHER, H4},
    {"echo reply6", OTHER, H6},
    {"tcp4", OTHER, H4, .tos = 0xb8},
    {"udp4 empty", OTHER, H4},
    {"udp6", OTHER, H6},
    {"gre4", OTHER, H4},
    {"extensions6", OTHER, H6},
    {"mld6", OTHER, .src = "fe80::ff:fe00:1", .dst = "ff02::16"},
    {"stp", OTHER},
    {"lldp", OTHER},
    {"vlan tcp4", OTHER}, /* a tag that nobody took off is nobody's */
    {"qinq udp6", OTHER},
    {"underlay fragment4", .reason = WEIR_DROP_OUTER_FRAGMENT},
    {"first fragment4", .reason = WEIR_DROP_OUTER_FRAGMENT},
    {"later fragment4", .reason = WEIR_DROP_OUTER_FRAGMENT},
    {"first fragment6", .reason = WEIR_DROP_OUTER_FRAGMENT},
    {"later fragment6", .reason = WEIR_DROP_OUTER_FRAGMENT},
    {"atomic fragment6", .reason = WEIR_DROP_OUTER_FRAGMENT},
};

static void
check_addresses(const struct expected *e, const struct weir_outer *outer)
{
	struct weir_ip src = {{0}}, dst = {{0}};

	if (e->src != NULL) {
		cr_assert_eq(weir_ip_parse(e->src, &src), 0);
		cr_assert_eq(weir_ip_parse(e->dst, &dst), 0);
	}
	cr_assert(weir_ip_equal(&outer->src, &src), "%s", e->name);
	cr_assert(weir_ip_equal(&outer->dst, &dst), "%s", e->name);
}

Test(underlay, kind_of_every_sample)
{
	for (size_t i = 0; i < 2 * WEIR_ARRAY_LEN(table); i++) {
		const struct expected *e = &table[i / 2];
		uint32_t len;
		uint8_t *data = sample_named(e->name, &len);
		struct parsed p = parse_copy(data, len, len, false, (int)(i % 2));

		free_exact(data, 0);
		cr_assert_eq(p.reason, e->reason, "%s: %s", e->name, weir_reason_name(p.reason));
		if (e->reason != WEIR_OK)
			continue;
		cr_assert_eq(p.outer.kind, e->kind, "%s: kind %d", e->name, (int)p.outer.kind);
		cr_assert_eq(p.outer.tos, e->tos, "%s: tos %#x", e->name, p.outer.tos);
		check_addresses(e, &p.outer);
		if (e->kind == WEIR_UNDERLAY_TUNNEL) {
			cr_assert_eq(p.outer.tunnel, e->tunnel, "%s", e->name);
			cr_assert_eq(p.outer.vni, e->vni, "%s: VNI %u", e->name, p.outer.vni);
			cr_assert_eq(p.outer.inner, e->inner, "%s: inner at %u", e->name, p.outer.inner);
			cr_assert_eq(p.outer.inner_len, e->inner_len, "%s: inner %u", e->name, p.outer.inner_len);
		} else if (e->kind != WEIR_UNDERLAY_OTHER) {
			cr_assert_eq(p.outer.frame.len, len);
			cr_assert_eq(p.outer.frame.avail, len);
		}
	}
}

Test(underlay, what_hosts_answer_has_its_header_right_behind_ip)
{
	uint32_t len;
	uint8_t *data = sample_named("ns", &len);
	struct parsed p = parse_copy(data, len, len, false, 0);

	cr_assert_eq(p.outer.frame.l3, 14);
	cr_assert_eq(p.outer.frame.l4, 54);
	cr_assert_eq(p.outer.frame.kind, WEIR_FRAME_IPV6 | WEIR_FRAME_ND);
	free_exact(data, 0);
}

/* Hosts on the underlay have no business with extension headers. */
Test(underlay, nothing_is_answered_behind_extension_headers)
{
	static const char *const names[] = {"ns", "echo6"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint8_t data[FRAME_MAX];
		uint32_t len;
		uint8_t *sample = sample_named(names[i], &len);
		struct parsed p;

		memcpy(data, sample, 54);
		memcpy(data + 54, (uint8_t[8]){58, 0, 1, 4}, 8);
		memcpy(data + 62, sample + 54, len - 54);
		data[IP4 + 5] = (uint8_t)(data[IP4 + 5] + 8);
		data[IP4 + 6] = 60;
		p = parse_copy(data, len + 8, len + 8, false, 0);
		cr_assert_eq(p.reason, WEIR_OK);
		cr_assert_eq(p.outer.kind, WEIR_UNDERLAY_OTHER, "%s", names[i]);
		free_exact(sample, 0);
	}
}

static struct weir_key
inner_key(const char *name, uint32_t *inner_len)
{
	struct weir_key key = {0};
	struct weir_frame frame;
	struct weir_outer outer;
	uint32_t len;
	uint8_t *data = sample_named(name, &len);

	cr_assert_eq(weir_parse_underlay(data, len, len, false, &outer), WEIR_OK);
	cr_assert_eq(weir_parse_frame(data + outer.inner, len - outer.inner, outer.inner_len, &key, &frame), WEIR_OK);
	*inner_len = frame.len;
	free_exact(data, 0);
	return key;
}

Test(underlay, tenant_frame_ends_where_the_datagram_ends)
{
	uint32_t len;
	struct weir_key key;

	key = inner_key("vxlan4", &len);
	cr_assert_eq(key.dport, htons(443));
	cr_assert_eq(len, 60);
	key = inner_key("vxlan4 short padded", &len);
	cr_assert_eq(key.ethertype, htons(0x88b5));
	cr_assert_eq(len, 16);
	/* A tunnel in the tunnel is the tenant's own business. */
	key = inner_key("vxlan in vxlan", &len);
	cr_assert_eq(key.proto, 17);
	cr_assert_eq(key.dport, htons(WEIR_VXLAN_PORT));
}

struct lie {
	const char *name;
	uint32_t at;
	uint8_t value;
	enum weir_reason reason;
};

static const struct lie lies[] = {
    {"vxlan4", IP4, 0x44, WEIR_DROP_BAD_IPV4},			   /* IHL too small */
    {"vxlan4", IP4, 0x55, WEIR_DROP_BAD_IPV4},			   /* version 5 */
    {"vxlan4", IP4, 0x4f, WEIR_DROP_BAD_L4},			   /* options: other bytes are the UDP header */
    {"vxlan4", IP4 + 3, 97, WEIR_DROP_BAD_IPV4},		   /* longer than the frame */
    {"vxlan4", IP4 + 3, 19, WEIR_DROP_BAD_IPV4},		   /* shorter than its header */
    {"vxlan4", IP4 + 3, 27, WEIR_DROP_BAD_L4},			   /* UDP header cut off */
    {"vxlan4", IP4 + 3, 95, WEIR_DROP_BAD_L4},			   /* UDP longer than IP says */
    {"vxlan4", UDP4 + 5, 77, WEIR_DROP_BAD_L4},			   /* the same, said by UDP */
    {"vxlan4", UDP4 + 4, 0xff, WEIR_DROP_BAD_L4},		   /* far longer */
    {"vxlan4", UDP4 + 5, 7, WEIR_DROP_BAD_L4},			   /* shorter than its header */
    {"vxlan4", UDP4 + 5, 0, WEIR_DROP_BAD_L4},			   /* jumbogram */
    {"vxlan4", UDP4 + 5, 8, WEIR_DROP_BAD_VXLAN},		   /* no VXLAN header */
    {"vxlan4", UDP4 + 5, 15, WEIR_DROP_BAD_VXLAN},		   /* cut off */
    {"vxlan4", UDP4 + 5, 16, WEIR_OK},				   /* nothing inside: the inner parse refuses it */
    {"vxlan4", VXLAN4, 0x00, WEIR_DROP_BAD_VXLAN},		   /* no I flag */
    {"vxlan4", VXLAN4, 0xf7, WEIR_DROP_BAD_VXLAN},		   /* all but the I flag */
    {"vxlan4", VXLAN4, 0xff, WEIR_OK},				   /* reserved bits are ignored */
    {"vxlan4", VXLAN4 + 1, 0xff, WEIR_OK},			   /* these too */
    {"vxlan4", VXLAN4 + 7, 0xff, WEIR_OK},			   /* these too */
    {"vxlan4", UDP4 + 3, 0xb6, WEIR_OK},			   /* port 4790 */
    {"geneve4", UDP4 + 5, 77, WEIR_DROP_BAD_L4},		   /* UDP longer than IP says */
    {"geneve4", UDP4 + 5, 7, WEIR_DROP_BAD_L4},			   /* shorter than its header */
    {"geneve4", UDP4 + 5, 8, WEIR_DROP_BAD_GENEVE},		   /* no Geneve header */
    {"geneve4", UDP4 + 5, 15, WEIR_DROP_BAD_GENEVE},		   /* cut off */
    {"geneve4", UDP4 + 5, 16, WEIR_OK},				   /* nothing inside: the inner parse refuses it */
    {"geneve4", VXLAN4, 0x40, WEIR_DROP_BAD_GENEVE},		   /* version 1 */
    {"geneve4", VXLAN4, 0x80, WEIR_DROP_BAD_GENEVE},		   /* version 2 */
    {"geneve4", VXLAN4, 0xc0, WEIR_DROP_BAD_GENEVE},		   /* version 3 */
    {"geneve4", VXLAN4, 0x10, WEIR_DROP_BAD_GENEVE},		   /* options longer than the datagram */
    {"geneve4", VXLAN4, 0x0f, WEIR_OK},				   /* all of it */
    {"geneve4", VXLAN4 + 1, 0x80, WEIR_DROP_BAD_GENEVE},	   /* OAM */
    {"geneve4", VXLAN4 + 1, 0x40, WEIR_DROP_BAD_GENEVE},	   /* critical options, it says */
    {"geneve4", VXLAN4 + 1, 0x3f, WEIR_OK},			   /* reserved bits are ignored */
    {"geneve4", VXLAN4 + 2, 0x64, WEIR_DROP_BAD_GENEVE},	   /* carries something else */
    {"geneve4", VXLAN4 + 3, 0x59, WEIR_DROP_BAD_GENEVE},	   /* this too */
    {"geneve4", VXLAN4 + 7, 0xff, WEIR_OK},			   /* reserved */
    {"geneve4", UDP4 + 3, 0xc2, WEIR_OK},			   /* port 6082 */
    {"geneve4", UDP4 + 3, 0xc1, WEIR_OK},			   /* as it is */
    {"geneve4 options", UDP4 + 4 + 5, 27, WEIR_DROP_BAD_GENEVE},   /* the datagram ends within the options */
    {"geneve4 options", UDP4 + 4 + 5, 28, WEIR_OK},		   /* behind them */
    {"geneve4 options", UDP4 + 4 + 9, 0x7f, WEIR_DROP_BAD_GENEVE}, /* critical ones */
    {"geneve6", IP4 + 6, 44, WEIR_DROP_OUTER_FRAGMENT},		   /* fragment header */
    {"geneve6 options", 62, 0x83, WEIR_DROP_BAD_GENEVE},	   /* version 2 */
    {"vxlan6", IP4, 0x50, WEIR_DROP_BAD_IPV6},			   /* version 5 */
    {"vxlan6", IP4 + 5, 82, WEIR_DROP_BAD_IPV6},		   /* longer than the frame */
    {"vxlan6", IP4 + 5, 80, WEIR_DROP_BAD_L4},			   /* UDP longer than IP says */
    {"vxlan6", IP4 + 5, 0, WEIR_DROP_BAD_L4},			   /* jumbo */
    {"vxlan6", IP4 + 6, 44, WEIR_DROP_OUTER_FRAGMENT},		   /* fragment header */
    {"underlay echo4", IP4 + 3, 27, WEIR_DROP_BAD_L4},		   /* ICMP cut off */
    {"arp request", IP4, 1, WEIR_DROP_BAD_ARP},			   /* for other hardware */
};

Test(underlay, lies_in_headers)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(lies); i++) {
		const struct lie *lie = &lies[i];
		uint32_t len;
		uint8_t *data = sample_named(lie->name, &len);
		struct parsed p;

		data[lie->at] = lie->value;
		p = parse_copy(data, len, len, true, 0);
		cr_assert_eq(p.reason, lie->reason, "%s, byte %u = %#x: '%s' instead of '%s'", lie->name, lie->at,
		    lie->value, weir_reason_name(p.reason), weir_reason_name(lie->reason));
		free_exact(data, 0);
	}
}

Test(underlay, reserved_bits_stay_out_of_the_vni)
{
	uint32_t len;
	uint8_t *data = sample_named("vxlan4", &len);
	struct parsed p;

	memset(data + VXLAN4, 0xff, 4);
	data[VXLAN4 + 7] = 0xff;
	p = parse_copy(data, len, len, false, 0);
	cr_assert_eq(p.reason, WEIR_OK);
	cr_assert_eq(p.outer.vni, 5001);
	free_exact(data, 0);
}

/* As many options as there may be, and a datagram that ends before, at and behind their end. */
Test(underlay, geneve_options_of_any_length)
{
	static const char *const names[] = {"geneve4", "geneve6"};

	for (uint32_t n = 0; n < 2 * 64 * 3; n++) {
		uint32_t words = n / 2 % 64, udp = n % 2 == 0 ? UDP4 : 54, len = udp + 16 + words * 4 + n / 128 - 1;
		uint32_t size;
		uint8_t data[FRAME_MAX] = {0}, *sample = sample_named(names[n % 2], &size);
		struct parsed p;

		memcpy(data, sample, udp + 16);
		data[udp + 8] = (uint8_t)words;
		data[udp + 4] = (uint8_t)((len - udp) >> 8);
		data[udp + 5] = (uint8_t)(len - udp);
		data[IP4 + (n % 2 == 0 ? 2 : 4)] = (uint8_t)((len - (n % 2 == 0 ? IP4 : udp)) >> 8);
		data[IP4 + (n % 2 == 0 ? 3 : 5)] = (uint8_t)(len - (n % 2 == 0 ? IP4 : udp));
		p = parse_copy(data, len, len, true, (int)(n & 1));
		cr_assert_eq(p.reason, n / 128 == 0 ? WEIR_DROP_BAD_GENEVE : WEIR_OK, "%u words, %u", words, n / 128);
		if (p.reason == WEIR_OK) {
			cr_assert_eq(p.outer.inner, udp + 16 + words * 4);
			cr_assert_eq(p.outer.inner_len, n / 128 - 1);
		}
		free_exact(sample, 0);
	}
}

/* The deepest a tenant's frame can be, and its headers may be read with as little as has to be there. */
Test(underlay, behind_all_options)
{
	uint8_t data[FRAME_MAX] = {0}, *copy;
	uint32_t size, at = IP4 + 60;
	uint8_t *sample = sample_named("geneve4", &size);
	const uint32_t avail = HEAD;
	struct weir_frame frame;
	struct weir_outer outer;
	struct weir_key key;

	memcpy(data, sample, IP4 + 20);
	data[IP4] = 0x4f;
	data[IP4 + 2] = (FRAME_MAX - IP4) >> 8;
	data[IP4 + 3] = (FRAME_MAX - IP4) & 0xff;
	memcpy(data + at, sample + UDP4, 16);
	data[at + 4] = (FRAME_MAX - IP4 - 60) >> 8;
	data[at + 5] = (FRAME_MAX - IP4 - 60) & 0xff;
	data[at + 8] = 63;
	memcpy(data + WEIR_OUTER_MAX, sample + 50, size - 50);
	copy = alloc_exact(avail, 0);
	memcpy(copy, data, avail);
	cr_assert_eq(weir_parse_underlay(copy, avail, FRAME_MAX, true, &outer), WEIR_OK);
	cr_assert_eq(outer.inner, WEIR_OUTER_MAX);
	cr_assert_eq(outer.inner_len, FRAME_MAX - WEIR_OUTER_MAX);
	cr_assert_eq(
	    weir_parse_frame(copy + outer.inner, avail - outer.inner, outer.inner_len, &key, &frame), WEIR_OK);
	cr_assert_eq(key.dport, htons(443));
	cr_assert_eq(weir_parse_underlay(copy, avail - 1, FRAME_MAX, true, &outer), WEIR_DROP_SHORT_FRAME);
	free_exact(copy, 0);
	free_exact(sample, 0);
}

/* UDP may end before IP does: what lies between belongs to nobody. */
Test(underlay, slack_between_udp_and_ip)
{
	uint32_t len;
	uint8_t *data = sample_named("vxlan4", &len);
	struct parsed p;

	data[UDP4 + 5] = (uint8_t)(data[UDP4 + 5] - 6);
	p = parse_copy(data, len, len, false, 0);
	cr_assert_eq(p.reason, WEIR_OK);
	cr_assert_eq(p.outer.inner_len, 54);
	free_exact(data, 0);
}

Test(underlay, header_checksum)
{
	static const char *const names[] = {
	    "vxlan4", "vxlan4 options", "geneve4", "geneve4 options", "underlay echo4"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint32_t len;
		uint8_t *data = sample_named(names[i], &len);

		for (uint32_t byte = 1; byte < (data[IP4] & 15u) * 4; byte++) {
			/* Lengths, the fragment field and the protocol have reasons of their own. */
			if ((byte >= 2 && byte < 4) || byte == 6 || byte == 7 || byte == 9)
				continue;
			data[IP4 + byte] ^= 0x10;
			cr_assert_eq(parse_copy(data, len, len, false, 0).reason, WEIR_DROP_BAD_IPV4, "%u", byte);
			cr_assert_eq(parse_copy(data, len, len, true, 0).reason, WEIR_OK, "%u", byte);
			data[IP4 + byte] ^= 0x10;
		}
		free_exact(data, 0);
	}
}

Test(underlay, every_prefix_of_every_sample)
{
	uint8_t data[FRAME_MAX];

	for (size_t i = 0; i < n_samples; i++) {
		uint32_t len = sample_bytes(i, data, sizeof(data));

		for (uint32_t n = 0; n <= len; n++) {
			struct parsed p = parse_copy(data, n, n, (n & 2) != 0, (int)n & 1);

			if (n < 14)
				cr_assert_eq(p.reason, WEIR_DROP_SHORT_FRAME);
			if (p.reason == WEIR_OK && p.outer.kind == WEIR_UNDERLAY_TUNNEL)
				cr_assert_leq(p.outer.inner + p.outer.inner_len, n, "%s at %u", samples[i].name, n);
		}
	}
}

Test(underlay, result_does_not_depend_on_avail)
{
	uint8_t data[FRAME_MAX] = {0};

	for (size_t i = 0; i < n_samples; i++) {
		struct parsed whole, head;

		(void)sample_bytes(i, data, sizeof(data));
		whole = parse_copy(data, sizeof(data), sizeof(data), false, 0);
		head = parse_copy(data, HEAD, sizeof(data), false, 0);
		cr_assert_eq(whole.reason, head.reason, "%s", samples[i].name);
		if (whole.reason == WEIR_OK)
			cr_assert_eq(whole.outer.kind, head.outer.kind, "%s", samples[i].name);
		cr_assert_eq(parse_copy(data, HEAD - 1, sizeof(data), false, 0).reason, WEIR_DROP_SHORT_FRAME);
	}
}
