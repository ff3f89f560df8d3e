/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>

#include <criterion/criterion.h>

#include "samples.h"
#include "weir_packet.h"

#define IP6 14
#define ICMP6 54
#define OPTIONS_NS 78

static const struct weir_mac mac_a = {{2, 0, 0, 0, 0, 1}};
static const struct weir_mac mac_b = {{2, 0, 0, 0, 0, 2}};

static void
assert_ip(const struct weir_ip *ip, const char *text)
{
	struct weir_ip want;

	cr_assert_eq(weir_ip_parse(text, &want), 0);
	cr_assert(weir_ip_equal(ip, &want), "not %s", text);
}

static struct weir_arp
parse_arp(const char *name)
{
	struct weir_arp arp;
	struct weir_key key;
	struct weir_frame frame;
	uint32_t len;
	uint8_t *data = sample_named(name, &len);

	cr_assert_eq(weir_parse_frame(data, len, len, &key, &frame), WEIR_OK);
	weir_parse_arp(data, &frame, &arp);
	free_exact(data, 0);
	return arp;
}

Test(arp, request_and_reply)
{
	struct weir_arp arp = parse_arp("arp request");

	cr_assert_eq(arp.op, 1);
	cr_assert(weir_mac_equal(&arp.sha, &mac_a));
	cr_assert(weir_mac_equal(&arp.tha, &(struct weir_mac){{0}}));
	assert_ip(&arp.spa, "10.0.0.1");
	assert_ip(&arp.tpa, "10.0.0.2");
	arp = parse_arp("arp reply");
	cr_assert_eq(arp.op, 2);
	cr_assert(weir_mac_equal(&arp.sha, &mac_a));
	cr_assert(weir_mac_equal(&arp.tha, &mac_b));
}

/* Puts the right checksum into a changed ICMPv6 message that ends with the frame. */
static void
fix_checksum(uint8_t *data, uint32_t len)
{
	struct weir_ip src, dst;
	uint16_t sum;

	memcpy(&src, data + IP6 + 8, sizeof(src));
	memcpy(&dst, data + IP6 + 24, sizeof(dst));
	memset(data + ICMP6 + 2, 0, 2);
	sum = weir_l4_checksum(&src, &dst, IPPROTO_ICMPV6, data + ICMP6, len - ICMP6);
	memcpy(data + ICMP6 + 2, &sum, 2);
}

static enum weir_reason
parse_nd(const uint8_t *data, uint32_t len, struct weir_nd *nd)
{
	struct weir_key key;
	struct weir_frame frame;
	enum weir_reason reason;

	memset(nd, 0xa5, sizeof(*nd));
	reason = weir_parse_frame(data, len, len, &key, &frame);
	if (reason != WEIR_OK)
		return reason;
	cr_assert((frame.kind & WEIR_FRAME_ND) != 0);
	return weir_parse_nd(data, &frame, nd);
}

static struct weir_nd
parse_good(const char *name)
{
	struct weir_nd nd;
	uint32_t len;
	uint8_t *data = sample_named(name, &len);

	cr_assert_eq(parse_nd(data, len, &nd), WEIR_OK, "%s", name);
	free_exact(data, 0);
	return nd;
}

Test(nd, solicitation)
{
	struct weir_nd nd = parse_good("ns");

	cr_assert_eq(nd.type, 135);
	cr_assert(nd.has_target && nd.has_lladdr);
	cr_assert(weir_mac_equal(&nd.lladdr, &mac_a));
	assert_ip(&nd.src, "2001:db8::1");
	assert_ip(&nd.dst, "ff02::1:ff00:2");
	assert_ip(&nd.target, "2001:db8::2");
	nd = parse_good("dad ns");
	cr_assert(nd.has_target && !nd.has_lladdr);
	assert_ip(&nd.src, "::");
}

Test(nd, advertisement)
{
	struct weir_nd nd = parse_good("na");

	cr_assert_eq(nd.type, 136);
	cr_assert_eq(nd.na_flags, 0x60);
	cr_assert(nd.has_target && nd.has_lladdr);
	assert_ip(&nd.target, "2001:db8::1");
	cr_assert(weir_mac_equal(&nd.lladdr, &mac_a));
}

Test(nd, routers)
{
	struct weir_nd nd = parse_good("rs");

	cr_assert_eq(nd.type, 133);
	cr_assert(!nd.has_target && nd.has_lladdr && weir_mac_equal(&nd.lladdr, &mac_a));
	nd = parse_good("ra");
	cr_assert_eq(nd.type, 134);
	cr_assert(!nd.has_target && nd.has_lladdr && weir_mac_equal(&nd.lladdr, &mac_a));
	nd = parse_good("redirect");
	cr_assert_eq(nd.type, 137);
	cr_assert(!nd.has_target && nd.has_lladdr && weir_mac_equal(&nd.lladdr, &mac_b));
	assert_ip(&nd.target, "fe80::ff:fe00:2");
}

/* Bytes of a sample, changed, and its checksum made right again. */
struct lie {
	const char *name;
	uint32_t at;
	uint8_t value[2];
	const char *why;
};

static const struct lie lies[] = {
    {"ns", IP6 + 6, {58, 254}, "came through a router"},
    {"ns", ICMP6, {135, 1}, "code"},
    {"ns", ICMP6 + 8, {0xff, 0x02}, "multicast target"},
    {"ns", OPTIONS_NS, {1, 0}, "zero-length option"},
    {"ns", OPTIONS_NS, {1, 2}, "option beyond the packet"},
    {"ns", OPTIONS_NS, {200, 0}, "zero-length option of an unknown type"},
    {"dad ns", IP6 + 24, {0xff, 0x01}, "DAD to another group"},
    {"na", ICMP6 + 8, {0xff, 0x02}, "multicast target"},
    {"na", IP6 + 24, {0xff, 0x02}, "solicited, to a group"},
    {"ra", IP6 + 8, {0x20, 0x01}, "router without link-local source"},
    {"redirect", IP6 + 8, {0x20, 0x01}, "router without link-local source"},
    {"redirect", ICMP6 + 8, {0x20, 0x01}, "to a router elsewhere"},
    {"redirect", ICMP6 + 24, {0xff, 0x02}, "of a group"},
};

Test(nd, what_receivers_must_refuse)
{
	struct weir_nd nd;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(lies); i++) {
		const struct lie *lie = &lies[i];
		uint32_t len;
		uint8_t *data = sample_named(lie->name, &len);

		memcpy(data + lie->at, lie->value, sizeof(lie->value));
		fix_checksum(data, len);
		cr_assert_eq(parse_nd(data, len, &nd), WEIR_DROP_BAD_L4, "%s: %s", lie->name, lie->why);
		free_exact(data, 0);
	}
}

Test(nd, checksum_covers_every_byte)
{
	uint32_t len;
	uint8_t *data = sample_named("ns", &len);
	struct weir_nd nd;

	for (uint32_t at = IP6 + 8; at < len; at++) {
		data[at] ^= 0x40;
		if (at != ICMP6) /* another type is no ND */
			cr_assert_eq(parse_nd(data, len, &nd), WEIR_DROP_BAD_L4, "byte %u", at);
		data[at] ^= 0x40;
	}
	free_exact(data, 0);
}

static void
set_source(uint8_t *data, uint32_t len, uint8_t value)
{
	memset(data + IP6 + 8, value, 16);
	fix_checksum(data, len);
}

Test(nd, no_link_layer_address_from_nobody)
{
	static const char *const names[] = {"ns", "rs"};
	struct weir_nd nd;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint32_t len;
		uint8_t *data = sample_named(names[i], &len);

		set_source(data, len, 0);
		cr_assert_eq(parse_nd(data, len, &nd), WEIR_DROP_BAD_L4, "%s", names[i]);
		free_exact(data, 0);
	}
}

/* A solicitation with a second option behind the first; returns its length. */
static uint32_t
with_option(uint8_t *data, const uint8_t option[8])
{
	uint32_t len;
	uint8_t *sample = sample_named("ns", &len);

	memcpy(data, sample, len);
	memcpy(data + len, option, 8);
	len += 8;
	data[IP6 + 5] = (uint8_t)(len - ICMP6);
	fix_checksum(data, len);
	free_exact(sample, 0);
	return len;
}

Test(nd, link_layer_address_is_one_or_none)
{
	uint8_t data[256];
	struct weir_nd nd;
	uint32_t len;

	/* Another source address than the first one. */
	len = with_option(data, (uint8_t[8]){1, 1, 2, 0, 0, 0, 0, 9});
	cr_assert_eq(parse_nd(data, len, &nd), WEIR_DROP_BAD_L4);
	/* The same once more. */
	len = with_option(data, (uint8_t[8]){1, 1, 2, 0, 0, 0, 0, 1});
	cr_assert_eq(parse_nd(data, len, &nd), WEIR_OK);
	/* A target address, which a solicitation does not have, is ignored. */
	len = with_option(data, (uint8_t[8]){2, 1, 2, 0, 0, 0, 0, 9});
	cr_assert_eq(parse_nd(data, len, &nd), WEIR_OK);
	cr_assert(weir_mac_equal(&nd.lladdr, &mac_a));
	/* An address of 14 bytes is not Ethernet's. */
	len = with_option(data, (uint8_t[8]){0});
	memcpy(data + OPTIONS_NS, (uint8_t[2]){1, 2}, 2);
	fix_checksum(data, len);
	cr_assert_eq(parse_nd(data, len, &nd), WEIR_OK);
	cr_assert(!nd.has_lladdr);
}

Test(nd, cut_off)
{
	static const char *const names[] = {"rs", "ra", "ns", "na", "redirect"};
	struct weir_nd nd;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint32_t len, fixed;
		uint8_t *data = sample_named(names[i], &len);

		fixed = (uint32_t[]){8, 16, 24, 24, 40}[i];
		for (uint32_t n = ICMP6 + 8; n < len; n++) {
			uint8_t *cut = alloc_exact(n, 0);
			uint32_t options = n - ICMP6 - fixed;
			bool whole =
			    n - ICMP6 >= fixed && (options == 0 || (i == 1 && (options == 8 || options == 16)));

			memcpy(cut, data, n);
			cut[IP6 + 5] = (uint8_t)(n - ICMP6);
			fix_checksum(cut, n);
			cr_assert_eq(
			    parse_nd(cut, n, &nd), whole ? WEIR_OK : WEIR_DROP_BAD_L4, "%s at %u", names[i], n);
			free_exact(cut, 0);
		}
		free_exact(data, 0);
	}
}

/* A message that goes on in another segment is not read beyond the first. */
Test(nd, not_contiguous)
{
	uint8_t data[256];
	uint32_t len = with_option(data, (uint8_t[8]){200, 1});
	struct weir_key key;
	struct weir_frame frame;
	struct weir_nd nd;

	cr_assert_eq(weir_parse_frame(data, len, len, &key, &frame), WEIR_OK);
	cr_assert_eq(weir_parse_nd(data, &frame, &nd), WEIR_OK);
	frame.avail = len - 1;
	cr_assert_eq(weir_parse_nd(data, &frame, &nd), WEIR_DROP_BAD_L4);
}
