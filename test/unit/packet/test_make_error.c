/* SPDX-License-Identifier: BSD-3-Clause */
#include "answers.h"

#define IP 14
#define ERRORS 6

static uint8_t out[OUT_MAX];

/* About the frame, with everything that fits; 0 if there may be none. */
static uint32_t
make(const uint8_t *data, uint32_t len, enum weir_icmp_error error, uint32_t mtu)
{
	struct weir_frame frame = parsed(data, len);
	struct weir_ip src = address((frame.kind & WEIR_FRAME_IPV6) != 0 ? "2001:db8::9" : "192.0.2.1");
	uint32_t made;

	memset(out, 0xee, sizeof(out));
	made = weir_make_icmp_error(out, sizeof(out), error, mtu, &mac_ours, &mac_from, &src, data, &frame);
	if (made > 0) {
		cr_assert_null(ref_wrong(out, made), "%s", ref_wrong(out, made));
		(void)parsed(out, made);
	}
	return made;
}

Test(make_error, bytes)
{
	uint8_t data[OUT_MAX];
	uint32_t len = take("udp4 padded", data);

	check_frame(out, make(data, len, WEIR_ICMP_PORT_UNREACHABLE, 0),
	    "0200000000010200000000090800"
	    "45c000390000400040016e02c00002010a000001"
	    "0303111a00000000"
	    "4500001d00070000401166c70a0000010a000002138800350009601c78");
	len = take("udp6", data);
	check_frame(out, make(data, len, WEIR_ICMP_TOO_BIG, 1400),
	    "02000000000102000000000986dd"
	    "60000000003b3a4020010db800000000000000000000000920010db8000000000000000000000001"
	    "02002b6700000578"
	    "60000000000b114020010db800000000000000000000000120010db800000000000000000000000213880035000bbd416f6464");
}

Test(make_error, types_and_codes)
{
	static const uint8_t want[ERRORS][4] = {
	    [WEIR_ICMP_NET_UNREACHABLE] = {3, 0, 1, 0},
	    [WEIR_ICMP_HOST_UNREACHABLE] = {3, 1, 1, 3},
	    [WEIR_ICMP_PORT_UNREACHABLE] = {3, 3, 1, 4},
	    [WEIR_ICMP_PROHIBITED] = {3, 13, 1, 1},
	    [WEIR_ICMP_TOO_BIG] = {3, 4, 2, 0},
	    [WEIR_ICMP_TIME_EXCEEDED] = {11, 0, 3, 0},
	};
	static const uint8_t none[4];
	uint8_t v4[OUT_MAX], v6[OUT_MAX];
	uint32_t len4 = take("tcp4", v4), len6 = take("tcp6", v6);

	for (uint32_t error = 0; error < ERRORS; error++) {
		cr_assert_gt(make(v4, len4, error, 77), 0);
		cr_assert_arr_eq(out + IP + 20, want[error], 2);
		cr_assert_eq(memcmp(out + IP + 24, none, 4) == 0, error != WEIR_ICMP_TOO_BIG);
		cr_assert_gt(make(v6, len6, error, 77), 0);
		cr_assert_arr_eq(out + IP + 40, want[error] + 2, 2);
		cr_assert_eq(memcmp(out + IP + 44, none, 4) == 0, error != WEIR_ICMP_TOO_BIG);
	}
}

Test(make_error, mtu)
{
	uint8_t v4[OUT_MAX], v6[OUT_MAX];
	uint32_t len4 = take("tcp4", v4), len6 = take("tcp6", v6);

	cr_assert_gt(make(v4, len4, WEIR_ICMP_TOO_BIG, 0x1234), 0);
	cr_assert_arr_eq(out + IP + 24, ((uint8_t[]){0, 0, 0x12, 0x34}), 4);
	cr_assert_gt(make(v4, len4, WEIR_ICMP_TOO_BIG, 70000), 0);
	cr_assert_arr_eq(out + IP + 24, ((uint8_t[]){0, 0, 0xff, 0xff}), 4);
	cr_assert_gt(make(v6, len6, WEIR_ICMP_TOO_BIG, 70000), 0);
	cr_assert_arr_eq(out + IP + 44, ((uint8_t[]){0, 1, 0x11, 0x70}), 4);
}

/* A UDP packet of `total` bytes of IP with data that differs from byte to byte; returns the frame's length. */
static uint32_t
udp_of(const char *name, uint32_t total, uint8_t data[OUT_MAX])
{
	bool v4 = strchr(name, '4') != NULL;
	uint32_t header = v4 ? 20 : 40, field = v4 ? total : total - header, udp = total - header;
	uint32_t at = IP + (v4 ? 2 : 4);

	(void)take(name, data);
	for (uint32_t i = IP + header + 8; i < IP + total; i++)
		data[i] = (uint8_t)(i * 7);
	data[at] = (uint8_t)(field >> 8);
	data[at + 1] = (uint8_t)field;
	data[IP + header + 4] = (uint8_t)(udp >> 8);
	data[IP + header + 5] = (uint8_t)udp;
	return IP + total;
}

static void
check_quote(const char *name, uint32_t limit)
{
	uint32_t header = strchr(name, '4') != NULL ? 20 : 40, head = IP + header + 8;
	uint8_t data[OUT_MAX];

	for (uint32_t total = header + 8; total < 1500; total++) {
		uint32_t len = udp_of(name, total, data), quote = RTE_MIN(total, limit - header - 8), made;

		made = make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0);
		cr_assert_eq(made, RTE_MAX(head + quote, 60u));
		cr_assert_leq(made, RTE_MAX(IP + limit, 60u));
		cr_assert_arr_eq(out + head, data + IP, quote);
	}
}

Test(make_error, quotes_what_fits)
{
	check_quote("udp4 empty", 576);
	check_quote("udp6", 1280);
}

/* Nothing beyond what is readable, and nothing of Ethernet's padding. */
Test(make_error, quotes_what_is_there)
{
	struct weir_ip src = address("192.0.2.1");
	uint8_t data[OUT_MAX];
	uint32_t len = udp_of("udp4 empty", 1000, data);

	for (uint32_t avail = WEIR_HEADERS_MAX; avail <= 600; avail++) {
		struct weir_frame frame;
		struct weir_key key;
		uint8_t *exact = alloc_exact(avail, 0);
		uint32_t made;

		memcpy(exact, data, avail);
		cr_assert_eq(weir_parse_frame(exact, avail, len, &key, &frame), WEIR_OK);
		made = weir_make_icmp_error(
		    out, sizeof(out), WEIR_ICMP_NET_UNREACHABLE, 0, &mac_ours, &mac_from, &src, exact, &frame);
		cr_assert_eq(made, IP + 28 + RTE_MIN(avail - IP, 548u));
		cr_assert_null(ref_wrong(out, made));
		free_exact(exact, 0);
	}
	cr_assert_eq(make(data, len + 100, WEIR_ICMP_NET_UNREACHABLE, 0), IP + 576);
	len = udp_of("udp4 empty", 100, data);
	memset(data + len, 0xee, 50);
	cr_assert_eq(make(data, len + 50, WEIR_ICMP_NET_UNREACHABLE, 0), IP + 28 + 100);
}

Test(make_error, sizes)
{
	struct weir_ip src4 = address("192.0.2.1"), src6 = address("2001:db8::9");
	uint8_t data[OUT_MAX];
	uint32_t len = take("udp4 empty", data);
	struct weir_frame frame = parsed(data, len);

	CHECK_SIZES(
	    70, weir_make_icmp_error(exact, size, WEIR_ICMP_TOO_BIG, 1, &mac_ours, &mac_from, &src4, data, &frame));
	len = udp_of("udp4 empty", 1000, data);
	frame = parsed(data, len);
	CHECK_SIZES(IP + 576,
	    weir_make_icmp_error(exact, size, WEIR_ICMP_TOO_BIG, 1, &mac_ours, &mac_from, &src4, data, &frame));
	len = udp_of("udp6", 1400, data);
	frame = parsed(data, len);
	CHECK_SIZES(IP + 1280,
	    weir_make_icmp_error(exact, size, WEIR_ICMP_TOO_BIG, 1, &mac_ours, &mac_from, &src6, data, &frame));
}

/* Packets of every kind that hosts may be told about. */
Test(make_error, answered)
{
	static const char *const names[] = {"tcp4", "tcp4 options", "tcp4 ip options", "udp4 padded", "sctp4", "gre4",
	    "echo4", "echo reply4", "first fragment4", "tcp6", "udp6", "echo6", "echo reply6", "extensions6", "ah6",
	    "esp6", "nothing6", "first fragment6", "first fragment6 dstopt", "atomic fragment6", "vlan tcp4",
	    "qinq udp6"};
	uint8_t data[OUT_MAX];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint32_t len = take(names[i], data);
		struct weir_frame frame = parsed(data, len);
		uint32_t head = IP + ((frame.kind & WEIR_FRAME_IPV4) != 0 ? 28 : 48);
		uint32_t quote = RTE_MIN(len, weir_ip_end(data, &frame)) - frame.l3;

		cr_assert_eq(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0), RTE_MAX(head + quote, 60u), "%s", names[i]);
		cr_assert_arr_eq(out + head, data + frame.l3, quote);
	}
}

static void
check_none(const uint8_t *data, uint32_t len, const char *why)
{
	for (uint32_t error = 0; error < ERRORS; error++)
		cr_assert_eq(make(data, len, error, 1400), 0, "%s", why);
}

Test(make_error, none_about_these)
{
	static const char *const names[] = {"unreachable4", "later fragment4", "too big6", "later fragment6",
	    "later fragment6 dstopt", "redirect", "mld6", "ns", "stp", "lldp", "three tags"};
	uint8_t data[OUT_MAX];
	struct weir_frame frame;
	struct weir_ip src = address("192.0.2.1");
	uint32_t len;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		len = take(names[i], data);
		check_none(data, len, names[i]);
	}
	len = take("arp reply", data);
	frame = parsed(data, len);
	cr_assert_eq(
	    weir_make_icmp_error(out, sizeof(out), 0, 0, &mac_ours, &mac_from, &src, data, &frame), 0, "ARP");
	len = take("tcp6", data);
	frame = parsed(data, len);
	cr_assert_eq(weir_make_icmp_error(out, sizeof(out), 0, 0, &mac_ours, &mac_from, &src, data, &frame), 0,
	    "from an address of the other family");
}

Test(make_error, none_about_errors)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	uint8_t data[OUT_MAX];
	uint32_t len;

	for (uint32_t type = 0; type < 256; type++) {
		bool error4 = memchr(errors, (int)type, sizeof(errors)) != NULL, error6 = type < 128 || type == 137;

		len = take("echo4", data);
		data[IP + 20] = (uint8_t)type;
		cr_assert_eq(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0) == 0, error4, "ICMP type %u", type);
		/* The first fragment of one. */
		data[IP + 6] = 0x20;
		cr_assert_eq(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0) == 0, error4, "ICMP type %u", type);
		len = take("echo6", data);
		data[IP + 40] = (uint8_t)type;
		cr_assert_eq(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0) == 0, error6, "ICMPv6 type %u", type);
	}
	/* Of the first fragment nothing is there but the header: it may be one. */
	len = take("echo4", data);
	data[IP + 3] = 20;
	data[IP + 6] = 0x20;
	check_none(data, len, "no type");
	/* ICMPv6 in IPv4 is just an unknown protocol. */
	len = take("unreachable4", data);
	data[IP + 9] = 58;
	cr_assert_gt(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0), 0);
}

/* ICMPv6 of this type behind extension headers: destination options, or as the first fragment of more. */
static uint32_t
hidden(uint8_t type, bool fragment, uint8_t data[OUT_MAX])
{
	uint32_t len = take("echo6", data);

	memmove(data + IP + 48, data + IP + 40, len - IP - 40);
	memcpy(data + IP + 40, fragment ? (uint8_t[8]){58, 0, 0, 1} : (uint8_t[8]){58, 0, 1, 4}, 8);
	data[IP + 5] = (uint8_t)(data[IP + 5] + 8);
	data[IP + 6] = fragment ? 44 : 60;
	data[IP + 48] = type;
	return len + 8;
}

Test(make_error, none_about_errors_behind_extension_headers)
{
	uint8_t data[OUT_MAX];

	for (int fragment = 0; fragment < 2; fragment++) {
		uint32_t len = hidden(1, fragment != 0, data);

		check_none(data, len, "unreachable");
		len = hidden(128, fragment != 0, data);
		cr_assert_gt(make(data, len, WEIR_ICMP_TIME_EXCEEDED, 0), 0, "echo request");
	}
	check_none(data, hidden(137, false, data), "redirect");
}

Test(make_error, none_to_or_about_groups)
{
	static const char *const bad4[] = {
	    "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255"};
	static const char *const bad6[] = {"::", "::1", "ff02::1", "ff0e::1"};
	struct weir_ip mapped = address("10.0.0.1");
	uint8_t data[OUT_MAX];
	uint32_t len;

	for (uint32_t to = 0; to < 2; to++) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(bad4); i++) {
			len = take("udp4 empty", data);
			put_address(data + IP + 12 + 4 * to, bad4[i]);
			check_none(data, len, bad4[i]);
		}
		for (size_t i = 0; i < WEIR_ARRAY_LEN(bad6); i++) {
			len = take("udp6", data);
			put_address(data + IP + 8 + 16 * to, bad6[i]);
			check_none(data, len, bad6[i]);
		}
		len = take("udp6", data);
		memcpy(data + IP + 8 + 16 * to, &mapped, sizeof(mapped));
		check_none(data, len, "IPv4's address in IPv6");
	}
	len = take("udp4 empty", data);
	data[0] |= 1;
	check_none(data, len, "group MAC");
}
