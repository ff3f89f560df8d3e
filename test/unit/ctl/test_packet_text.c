/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets as people write them: what is read, what is refused, and that bytes come back as the same words. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <criterion/criterion.h>

#include "packet_text.h"
#include "weir_answer.h"

static struct packet_spec spec;
static uint8_t data[PACKET_BYTES_MAX];
static struct weir_key key;
static struct weir_frame frame;

/* What it is read as, made, parsed and described; its length. */
static uint32_t
make(const char *text, char back[PACKET_TEXT_SIZE])
{
	struct weir_err err = {0};
	uint32_t len;

	cr_assert_eq(packet_parse(text, &spec, &err), 0, "%s: %s", text, err.msg);
	len = packet_make(&spec, data, &err);
	cr_assert_neq(len, 0, "%s: %s", text, err.msg);
	cr_assert_eq(weir_parse_frame(data, len, len, &key, &frame), WEIR_OK, "%s", text);
	cr_assert(packet_describe(data, len, len, back), "%s", text);
	return len;
}

static const char *
message(const char *text)
{
	static struct weir_err err;

	err = (struct weir_err){0};
	cr_assert_eq(packet_parse(text, &spec, &err), -EINVAL, "%s", text);
	cr_assert_neq(err.msg[0], '\0');
	return err.msg;
}

#define MACS " smac 02:00:00:00:00:01 dmac 02:00:00:00:00:02"

Test(packet_text, comes_back_in_the_same_words)
{
	static const char *const texts[] = {
	    "tcp 10.0.0.5:4242 > 10.0.1.9:443 syn" MACS,
	    "tcp 10.0.0.5:4242 > 10.0.1.9:443 fin psh ack ttl 3 tos 8" MACS,
	    "tcp [2001:db8::1]:80 > [2001:db8::2]:65535 rst" MACS " len 74",
	    "udp 10.0.0.5:0 > 10.0.1.9:53" MACS " len 1514",
	    "udp [2001:db8::1]:1 > [2001:db8::2]:2" MACS " vlan 7 len 66",
	    "udp 10.0.0.5:1 > 10.0.1.9:2" MACS " vlan 4094 vlan 1 len 70",
	    "sctp 10.0.0.5:1 > 10.0.1.9:2" MACS,
	    "icmp 10.0.0.5 > 10.0.1.9 id 77" MACS,
	    "icmp 10.0.0.5 > 10.0.1.9 reply id 77" MACS,
	    "icmp 10.0.0.5 > 10.0.1.9 type 3 code 1" MACS,
	    "icmpv6 2001:db8::1 > 2001:db8::2 id 1" MACS " len 62",
	    "icmpv6 2001:db8::1 > 2001:db8::2 reply id 1" MACS " len 62",
	    "ip 47 10.0.0.5 > 10.0.1.9" MACS,
	    "ip 89 fe80::1 > ff02::5 ttl 1" MACS,
	    "udp 10.0.0.5:0 > 10.0.1.9:0 frag 0 more id 9" MACS,
	    "udp 10.0.0.5:0 > 10.0.1.9:0 frag 1480 id 9" MACS,
	    "udp [2001:db8::1]:0 > [2001:db8::2]:0 frag 1448 more id 9" MACS " len 70",
	    "arp 10.0.0.5 > 10.0.0.9" MACS,
	    "arp 10.0.0.5 > 10.0.0.9 reply" MACS,
	    "eth 0x88b5" MACS,
	};
	char back[PACKET_TEXT_SIZE];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(texts); i++) {
		uint32_t len = make(texts[i], back);

		cr_assert_str_eq(back, texts[i]);
		cr_assert(len == 60 || strstr(texts[i], "len") != NULL || len == 54, "%s: %u", texts[i], len);
	}
}

Test(packet_text, fields)
{
	char back[PACKET_TEXT_SIZE];

	(void)make("tcp 10.0.0.5:4242>10.0.1.9:443 syn ack", back);
	cr_assert_eq(key.sport, htons(4242));
	cr_assert_eq(key.dport, htons(443));
	cr_assert_eq(frame.tcp_flags, 0x12);
	cr_assert_eq(data[frame.l3 + 8], 64);
	(void)make("\ticmp  10.0.0.5   > 10.0.1.9\t", back);
	cr_assert_eq(key.sport, htons(0x0800));
	cr_assert(weir_is_echo_request(data, &frame));
	(void)make("icmpv6 2001:db8::1 > 2001:db8::2", back);
	cr_assert(weir_is_echo_request(data, &frame));
	(void)make("udp 10.0.0.5:7 > 10.0.1.9:8 frag 0 len 100", back);
	cr_assert_eq(memcmp(data + frame.l3 + 20, "\0\7\0\10", 4), 0, "a first fragment has its ports");
	cr_assert_eq(data[frame.l3 + 6], 0x20);
	cr_assert_eq(make("udp 10.0.0.5 > 10.0.1.9 len 9216", back), 9216);
	cr_assert_eq(key.sport, 0);
	(void)make("ip 0x11 10.0.0.5 > 10.0.1.9", back);
	cr_assert_eq(key.proto, IPPROTO_UDP);
}

Test(packet_text, checksums_are_right)
{
	struct weir_ip src, dst;
	char back[PACKET_TEXT_SIZE];
	uint32_t len = make("tcp 10.0.0.5:4242 > 10.0.1.9:443 syn len 101", back);

	cr_assert_eq(weir_ip_parse("10.0.0.5", &src), 0);
	cr_assert_eq(weir_ip_parse("10.0.1.9", &dst), 0);
	cr_assert_eq(weir_ipv4_checksum(data + 14, 20), 0);
	cr_assert_eq(weir_l4_checksum(&src, &dst, IPPROTO_TCP, data + 34, len - 34), 0);
	len = make("udp [2001:db8::1]:80 > [2001:db8::2]:80 len 100", back);
	cr_assert_eq(weir_ip_parse("2001:db8::1", &src), 0);
	cr_assert_eq(weir_ip_parse("2001:db8::2", &dst), 0);
	cr_assert_eq(weir_l4_checksum(&src, &dst, IPPROTO_UDP, data + 54, len - 54), 0);
}

Test(packet_text, refused)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
	    {"", "ends where"},
	    {"tcp", "ends where there should be an address"},
	    {"tpc 10.0.0.5:1 > 10.0.0.9:2", "'tpc' is not"},
	    {"tcp 10.0.0.5:1 10.0.0.9:2", "'10.0.0.9:2' is not '>'"},
	    {"tcp 10.0.0.5:1 >", "ends where"},
	    {"tcp 10.0.0.5:65536 > 10.0.0.9:2", "port up to 65535"},
	    {"tcp 10.0.0.5: > 10.0.0.9:2", "port up to"},
	    {"tcp 10.0.0.256:1 > 10.0.0.9:2", "'10.0.0.256:1' is not"},
	    {"tcp 10.0.0.5:1 > [2001:db8::1]:2", "two families"},
	    {"tcp [2001:db8::1:80 > [2001:db8::1]:2", "[IPV6]:PORT"},
	    {"tcp [2001:db8::1]80 > [2001:db8::1]:2", "[IPV6]:PORT"},
	    {"tcp [10.0.0.1]:80 > 10.0.0.2:80", "is not an address"},
	    {"icmp 10.0.0.5:1 > 10.0.0.9", "an address alone"},
	    {"icmp 2001:db8::1 > 2001:db8::2", "icmp is IPv4's"},
	    {"icmpv6 10.0.0.5 > 10.0.0.9", "icmp is IPv4's"},
	    {"arp 2001:db8::1 > 2001:db8::2", "IPv4"},
	    {"ip 256 10.0.0.5 > 10.0.0.9", "up to 255"},
	    {"ip tcp 10.0.0.5 > 10.0.0.9", "'tcp' is not a number"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 syn", "'syn' is not"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 type 3", "'type' is not"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 ttl", "ends where"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 ttl 256", "'256' is not a number up to 255"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 ttl -1", "'-1' is not"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 len 9217", "'9217' is not"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 vlan 4096", "'4096' is not"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 vlan 1 vlan 2 vlan 3", "more than two"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 frag 7", "a multiple of 8"},
	    {"udp 10.0.0.5:1 > 10.0.0.9:2 smac 02:00", "'02:00' is not a MAC"},
	    {"arp 10.0.0.5 > 10.0.0.9 ttl 3", "'ttl' is not"},
	    {"eth 0x800", "no word of its own"},
	    {"eth 0x10000", "number up to"},
	    {"eth 0x", "number up to"},
	};
	char many[2048] = "tcp 10.0.0.5:1 > 10.0.0.9:2";

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++)
		cr_assert_not_null(
		    strstr(message(cases[i].text), cases[i].word), "%s: %s", cases[i].text, message(cases[i].text));
	for (uint32_t i = 0; i < 100; i++)
		(void)strcat(many, " syn");
	cr_assert_not_null(strstr(message(many), "too many words"));
	(void)memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	(void)message(many);
}

Test(packet_text, too_short_for_its_headers)
{
	static const char *const texts[] = {"tcp 10.0.0.5:1 > 10.0.0.9:2 len 53", "udp [::1]:1 > [::2]:2 len 61",
	    "arp 10.0.0.5 > 10.0.0.9 len 41", "eth 0x88b5 len 13"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(texts); i++) {
		struct weir_err err = {0};

		cr_assert_eq(packet_parse(texts[i], &spec, &err), 0, "%s", err.msg);
		cr_assert_eq(packet_make(&spec, data, &err), 0, "%s", texts[i]);
		cr_assert_not_null(strstr(err.msg, "too short"));
	}
}

Test(packet_text, part_of_a_packet_is_described)
{
	char whole[PACKET_TEXT_SIZE], part[PACKET_TEXT_SIZE];
	uint32_t len = make("tcp [2001:db8::1]:80 > [2001:db8::2]:81 syn" MACS " len 1400", whole);

	cr_assert(packet_describe(data, 128, len, part));
	cr_assert_str_eq(part, whole);
	cr_assert_not(packet_describe(data, 0, 0, part));
	cr_assert_str_eq(part, "not readable: len 0");
	cr_assert_not(packet_describe(data, 13, 13, part));
}

Test(packet_text, hex)
{
	struct weir_err err = {0};
	char text[2 * PACKET_BYTES_MAX + 3];

	cr_assert_eq(packet_hex("00 1A:2b3C", data, &err), 4);
	cr_assert_eq(memcmp(data, "\x00\x1a\x2b\x3c", 4), 0);
	cr_assert_eq(packet_hex("0", data, &err), 0);
	cr_assert_eq(packet_hex("0 0", data, &err), 0);
	cr_assert_eq(packet_hex("0g", data, &err), 0);
	cr_assert_eq(packet_hex("", data, &err), 0);
	memset(text, 'f', sizeof(text));
	text[2 * PACKET_BYTES_MAX] = '\0';
	cr_assert_eq(packet_hex(text, data, &err), PACKET_BYTES_MAX);
	text[2 * PACKET_BYTES_MAX] = 'f';
	text[2 * PACKET_BYTES_MAX + 2] = '\0';
	cr_assert_eq(packet_hex(text, data, &err), 0);
}
