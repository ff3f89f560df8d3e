/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "weir_base.h"

#define LONG_TEXT                                                                                                    \
	"111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

Test(address, macs)
{
	static const char *const bad[] = {"", ":", "02", "02:00:00:00:00",
	    "02:00:00:00:00:", "02:00:00:00:00:01:", "02:00:00:00:00:01:02", "02:00:00:00:00:1", "2:00:00:00:00:01",
	    "02-00-00-00-00-01", "0200.0000.0001", "020000000001", "02:00:00:00:00:0g", "02:00:00:00:00:0x1",
	    " 02:00:00:00:00:01", "02:00:00:00:00:01 ", "02:00:00:00:00:+1", "02: 0:00:00:00:01", "0x:00:00:00:00:01",
	    "02:00:00:00:00:\xc3\xa9", LONG_TEXT};
	const struct weir_mac all = {{0x02, 0xab, 0xcd, 0xef, 0x00, 0xff}};
	struct weir_mac mac = all;
	char text[18];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++)
		cr_assert_eq(weir_mac_parse(bad[i], &mac), -EINVAL, "%s", bad[i]);
	memset(&mac, 0, sizeof(mac));
	cr_assert_eq(weir_mac_parse("02:AB:cd:eF:00:ff", &mac), 0);
	cr_assert(weir_mac_equal(&mac, &all));
	cr_assert_str_eq(weir_mac_format(&mac, text, sizeof(text)), "02:ab:cd:ef:00:ff");
	cr_assert_not(weir_mac_is_group(&mac));
	cr_assert_eq(weir_mac_parse("ff:ff:ff:ff:ff:ff", &mac), 0);
	cr_assert(weir_mac_is_group(&mac));
	cr_assert_eq(weir_mac_parse("01:00:5e:00:00:01", &mac), 0);
	cr_assert(weir_mac_is_group(&mac));
	cr_assert_not(weir_mac_equal(&mac, &all));
}

Test(address, ips_read_and_write)
{
	static const struct {
		const char *text, *written;
		bool v4;
	} good[] = {{"192.0.2.1", "192.0.2.1", true}, {"0.0.0.0", "0.0.0.0", true},
	    {"255.255.255.255", "255.255.255.255", true}, {"2001:db8::1", "2001:db8::1", false},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", false}, {"::", "::", false}, {"::1", "::1", false},
	    {"fe80::1", "fe80::1", false}, {"64:ff9b::192.0.2.1", "64:ff9b::c000:201", false},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++) {
		struct weir_ip ip, again;
		char text[46];

		cr_assert_eq(weir_ip_parse(good[i].text, &ip), 0, "%s", good[i].text);
		cr_assert_eq(weir_ip_is_v4(&ip), good[i].v4, "%s", good[i].text);
		cr_assert_str_eq(weir_ip_format(&ip, text, sizeof(text)), good[i].written);
		cr_assert_eq(weir_ip_parse(text, &again), 0);
		cr_assert(weir_ip_equal(&ip, &again));
	}
}

Test(address, what_is_no_ip_is_refused)
{
	static const char *const bad[] = {"", ".", ":", ":::", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5",
	    "1.2.3.256", "1.2.3.-1", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/24",
	    "1..2.3", "a.b.c.d", "localhost", "1::2::3", "12345::", "g::", "::1%lo", "fe80::1%1", "[::1]", "::1/64",
	    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3", "::1.2.3.256", "::ffff:192.0.2.1", "::ffff:c000:201",
	    "0:0:0:0:0:ffff:1.2.3.4", LONG_TEXT, (LONG_TEXT "::1")};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		struct weir_ip ip, before;

		memset(&ip, 0x5a, sizeof(ip));
		before = ip;
		cr_assert_eq(weir_ip_parse(bad[i], &ip), -EINVAL, "%s", bad[i]);
		cr_assert(weir_ip_equal(&ip, &before), "%s: changed", bad[i]);
	}
}

Test(address, prefixes)
{
	static const struct {
		const char *text;
		uint8_t len;
	} good[] = {{"192.0.2.1/24", 120}, {"0.0.0.0/0", 96}, {"192.0.2.1/32", 128}, {"2001:db8::1/64", 64},
	    {"::/0", 0}, {"::1/128", 128}};
	static const char *const bad[] = {"", "/", "/24", "192.0.2.1", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/-1",
	    "192.0.2.1/+1", "192.0.2.1/ 1", "192.0.2.1/24 ", "192.0.2.1/24/24", "192.0.2.1//24", "192.0.2.1/0x18",
	    "192.0.2.1/2a", "192.0.2.1/255", "192.0.2.1/256", "192.0.2.1/4294967320",
	    "192.0.2.1/18446744073709551640", "2001:db8::1/129", "::ffff:1.2.3.4/120", "2001:db8::1",
	    (LONG_TEXT "/24"), ("::1/" LONG_TEXT)};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++) {
		struct weir_prefix prefix;

		cr_assert_eq(weir_prefix_parse(good[i].text, &prefix), 0, "%s", good[i].text);
		cr_assert_eq(prefix.len, good[i].len, "%s", good[i].text);
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		struct weir_prefix prefix;

		cr_assert_eq(weir_prefix_parse(bad[i], &prefix), -EINVAL, "%s", bad[i]);
	}
}

static bool
contains(const char *prefix_text, const char *ip_text)
{
	struct weir_prefix prefix;
	struct weir_ip ip;

	cr_assert_eq(weir_prefix_parse(prefix_text, &prefix), 0);
	cr_assert_eq(weir_ip_parse(ip_text, &ip), 0);
	return weir_prefix_contains(&prefix, &ip);
}

Test(address, prefixes_contain)
{
	cr_assert(contains("192.0.2.1/24", "192.0.2.255"));
	cr_assert_not(contains("192.0.2.1/24", "192.0.3.0"));
	cr_assert(contains("192.0.2.1/23", "192.0.3.0"));
	cr_assert(contains("192.0.2.1/32", "192.0.2.1"));
	cr_assert_not(contains("192.0.2.1/32", "192.0.2.0"));
	cr_assert(contains("0.0.0.0/0", "255.1.2.3"));
	cr_assert(contains("128.0.0.0/1", "255.1.2.3"));
	cr_assert_not(contains("128.0.0.0/1", "127.1.2.3"));
	cr_assert(contains("2001:db8::1/64", "2001:db8::ffff:0:0:1"));
	cr_assert_not(contains("2001:db8::1/64", "2001:db8:0:1::1"));
	cr_assert(contains("2001:db8::1/63", "2001:db8:0:1::1"));
	cr_assert(contains("::/0", "2001:db8::1"));
	/* The families are apart, though one form holds both. */
	cr_assert_not(contains("0.0.0.0/0", "2001:db8::1"));
	cr_assert_not(contains("::/0", "192.0.2.1"));
	cr_assert_not(contains("::/80", "192.0.2.1"));
}
