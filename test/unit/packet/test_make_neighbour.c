/* SPDX-License-Identifier: BSD-3-Clause */
#include "answers.h"

Test(make_arp, bytes)
{
	struct weir_ip ours = address("10.0.0.9"), theirs = address("10.0.0.1");
	uint8_t out[OUT_MAX];
	uint32_t len;

	memset(out, 0xee, sizeof(out));
	len = weir_make_arp(out, sizeof(out), 2, &mac_from, &mac_ours, &ours, &mac_from, &theirs);
	check_frame(out, len,
	    "0200000000010200000000090806"
	    "00010800060400020200000000090a0000090200000000010a000001"
	    "000000000000000000000000000000000000");
	CHECK_SIZES(60, weir_make_arp(exact, size, 2, &mac_from, &mac_ours, &ours, &mac_from, &theirs));
}

Test(make_arp, is_what_is_parsed)
{
	struct weir_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, unknown = {{0}};
	struct weir_ip ours = address("10.0.0.9"), theirs = address("192.0.2.254");
	uint8_t out[OUT_MAX];
	uint32_t len = weir_make_arp(out, sizeof(out), 1, &everybody, &mac_ours, &ours, &unknown, &theirs);
	struct weir_frame frame = parsed(out, len);
	struct weir_arp arp;

	cr_assert_eq(frame.kind, WEIR_FRAME_ARP);
	weir_parse_arp(out, &frame, &arp);
	cr_assert_eq(arp.op, 1);
	cr_assert(weir_mac_equal(&arp.sha, &mac_ours) && weir_mac_equal(&arp.tha, &unknown));
	cr_assert(weir_ip_equal(&arp.spa, &ours) && weir_ip_equal(&arp.tpa, &theirs));
	cr_assert_arr_eq(out, everybody.b, 6);
	cr_assert_arr_eq(out + 6, mac_ours.b, 6);
}

Test(make_ns, bytes)
{
	struct weir_ip ours = address("2001:db8::9"), target = address("2001:db8::102");
	uint8_t out[OUT_MAX];
	uint32_t len = weir_make_ns(out, sizeof(out), &mac_ours, &ours, &target, NULL);

	check_frame(out, len,
	    "3333ff00010202000000000986dd"
	    "6000000000203aff20010db8000000000000000000000009ff0200000000000000000001ff000102"
	    "87001a170000000020010db80000000000000000000001020101020000000009");
	len = weir_make_ns(out, sizeof(out), &mac_ours, &ours, &target, &mac_to);
	check_frame(out, len,
	    "02000000000202000000000986dd"
	    "6000000000203aff20010db800000000000000000000000920010db8000000000000000000000102"
	    "8700ea620000000020010db80000000000000000000001020101020000000009");
	CHECK_SIZES(86, weir_make_ns(exact, size, &mac_ours, &ours, &target, NULL));
	CHECK_SIZES(86, weir_make_ns(exact, size, &mac_ours, &ours, &target, &mac_to));
}

Test(make_na, bytes)
{
	struct weir_ip ours = address("2001:db8::9"), theirs = address("2001:db8::1");
	uint8_t flags = WEIR_NA_ROUTER | WEIR_NA_OVERRIDE;
	uint8_t out[OUT_MAX];
	uint32_t len =
	    weir_make_na(out, sizeof(out), &mac_ours, &ours, &mac_from, &theirs, flags | WEIR_NA_SOLICITED);

	check_frame(out, len,
	    "02000000000102000000000986dd"
	    "6000000000203aff20010db800000000000000000000000920010db8000000000000000000000001"
	    "88000a5ce000000020010db80000000000000000000000090201020000000009");
	len = weir_make_na(out, sizeof(out), &mac_ours, &ours, NULL, NULL, flags);
	check_frame(out, len,
	    "33330000000102000000000986dd"
	    "6000000000203aff20010db8000000000000000000000009ff020000000000000000000000000001"
	    "88007912a000000020010db80000000000000000000000090201020000000009");
	CHECK_SIZES(86, weir_make_na(exact, size, &mac_ours, &ours, NULL, NULL, flags));
	CHECK_SIZES(86, weir_make_na(exact, size, &mac_ours, &ours, &mac_from, &theirs, flags));
}

static struct weir_nd
parsed_nd(const uint8_t *data, uint32_t len)
{
	struct weir_frame frame = parsed(data, len);
	struct weir_nd nd;

	cr_assert((frame.kind & WEIR_FRAME_ND) != 0);
	cr_assert_eq(weir_parse_nd(data, &frame, &nd), WEIR_OK);
	cr_assert(nd.has_target && nd.has_lladdr && weir_mac_equal(&nd.lladdr, &mac_ours));
	return nd;
}

Test(make_nd, is_what_is_parsed)
{
	struct weir_ip ours = weir_ip_link_local(&mac_ours), theirs = address("fe80::aa:bbff:fecc:ddee");
	struct weir_ip group = weir_ip_solicited_node(&theirs), all = address("ff02::1");
	uint8_t out[OUT_MAX];
	struct weir_nd nd;

	nd = parsed_nd(out, weir_make_ns(out, sizeof(out), &mac_ours, &ours, &theirs, NULL));
	cr_assert_eq(nd.type, 135);
	cr_assert(weir_ip_equal(&nd.src, &ours) && weir_ip_equal(&nd.dst, &group));
	cr_assert(weir_ip_equal(&nd.target, &theirs));
	nd = parsed_nd(out, weir_make_ns(out, sizeof(out), &mac_ours, &ours, &theirs, &mac_to));
	cr_assert(weir_ip_equal(&nd.dst, &theirs));
	nd = parsed_nd(out, weir_make_na(out, sizeof(out), &mac_ours, &ours, &mac_to, &theirs, WEIR_NA_SOLICITED));
	cr_assert_eq(nd.type, 136);
	cr_assert_eq(nd.na_flags, WEIR_NA_SOLICITED);
	cr_assert(weir_ip_equal(&nd.src, &ours) && weir_ip_equal(&nd.target, &ours));
	cr_assert(weir_ip_equal(&nd.dst, &theirs));
	nd = parsed_nd(out, weir_make_na(out, sizeof(out), &mac_ours, &ours, NULL, NULL, WEIR_NA_OVERRIDE));
	cr_assert_eq(nd.na_flags, WEIR_NA_OVERRIDE);
	cr_assert(weir_ip_equal(&nd.dst, &all));
}

static void
check_ip(struct weir_ip got, const char *text)
{
	struct weir_ip want = address(text);

	cr_assert(weir_ip_equal(&got, &want), "not %s", text);
}

Test(make_nd, addresses)
{
	static const struct weir_mac universal = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}};
	struct weir_ip ip = address("2001:db8:ffff::12:3456");

	check_ip(weir_ip_link_local(&mac_ours), "fe80::ff:fe00:9");
	check_ip(weir_ip_link_local(&universal), "fe80::211:22ff:fe33:4455");
	check_ip(weir_ip_solicited_node(&ip), "ff02::1:ff12:3456");
}

Test(make_nd, hosts)
{
	static const char *const hosts[] = {"10.0.0.1", "1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255",
	    "240.0.0.1", "255.255.255.254", "2001:db8::1", "fe80::1", "::2", "fe00::", "100::1"};
	static const char *const others[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1", "224.0.0.1",
	    "239.255.255.255", "255.255.255.255", "::", "::1", "ff02::1", "ff0e::1:2"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(hosts); i++)
		cr_assert(weir_ip_is_host(&(struct weir_ip[]){address(hosts[i])}[0]), "%s", hosts[i]);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(others); i++)
		cr_assert(!weir_ip_is_host(&(struct weir_ip[]){address(others[i])}[0]), "%s", others[i]);
}
