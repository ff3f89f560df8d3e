/* SPDX-License-Identifier: BSD-3-Clause */
#include "../table/eal.h"
#include "answers.h"

#define IP 14

static bool
is_request(const uint8_t *data, uint32_t len)
{
	struct weir_frame frame = parsed(data, len);

	return weir_is_echo_request(data, &frame);
}

/* Turns it round; asserts that it was a request, and is a correct frame then but for its padding. */
static void
turn(uint8_t *data, uint32_t len)
{
	struct weir_frame frame = parsed(data, len);
	uint8_t copy[OUT_MAX] = {0};

	cr_assert(weir_is_echo_request(data, &frame));
	cr_assert(weir_turn_echo(data, &frame, &mac_ours, &mac_from));
	memcpy(copy, data, weir_ip_end(data, &frame));
	len = RTE_MAX(weir_ip_end(data, &frame), 60u);
	cr_assert_null(ref_wrong(copy, len), "%s", ref_wrong(copy, len));
	cr_assert(!is_request(data, frame.len));
}

Test(echo, bytes)
{
	uint8_t data[OUT_MAX];
	uint32_t len = take("echo4", data);

	turn(data, len);
	check_hex(data, len,
	    "0200000000010200000000090800"
	    "4500002000070000400166d40a0000020a000001"
	    "00000efa12340001"
	    "70696e67");
	len = take("echo6", data);
	turn(data, len);
	check_hex(data, len,
	    "02000000000102000000000986dd"
	    "60000000000c3a4020010db800000000000000000000000220010db8000000000000000000000001"
	    "810001504321000270696e67");
}

/* An echo request with random data and fields; returns the frame's length. */
static uint32_t
random_request(bool v4, uint64_t *seed, uint8_t data[OUT_MAX])
{
	uint32_t l4 = IP + (v4 ? 20 : 40), n = (uint32_t)(next_random(seed) >> 32) % 1400;
	uint32_t field = v4 ? 28 + n : 8 + n, fill = (uint32_t)(next_random(seed) >> 32) % 3;

	(void)take(v4 ? "echo4" : "echo6", data);
	for (uint32_t i = l4 + 4; i < l4 + 8 + n; i++)
		data[i] = fill == 0 ? 0 : fill == 1 ? 0xff : (uint8_t)(next_random(seed) >> 40);
	data[IP + 1] = (uint8_t)(next_random(seed) >> 40);
	data[IP + (v4 ? 8 : 7)] = (uint8_t)(next_random(seed) >> 40);
	data[IP + (v4 ? 2 : 4)] = (uint8_t)(field >> 8);
	data[IP + (v4 ? 3 : 5)] = (uint8_t)field;
	ref_seal(data);
	return l4 + 8 + n;
}

Test(echo, random_requests)
{
	uint64_t seed = 3;
	uint8_t data[OUT_MAX], request[OUT_MAX];

	for (uint32_t i = 0; i < 5000; i++) {
		bool v4 = (i & 1) != 0;
		uint32_t len = random_request(v4, &seed, data), l4 = IP + (v4 ? 20 : 40), ip = v4 ? 4 : 16;

		memcpy(request, data, sizeof(request));
		turn(data, len);
		cr_assert_eq(data[l4], v4 ? 0 : 129);
		cr_assert_eq(data[IP + (v4 ? 8 : 7)], 64);
		cr_assert_arr_eq(data + l4 + 4, request + l4 + 4, len - l4 - 4, "id, number, data");
		cr_assert_arr_eq(data + IP, request + IP, v4 ? 8 : 7, "DSCP, lengths, id, flow label");
		cr_assert_arr_eq(data + l4 - 2 * ip, request + l4 - ip, ip);
		cr_assert_arr_eq(data + l4 - ip, request + l4 - 2 * ip, ip);
		cr_assert_arr_eq(data + len, request + len, sizeof(data) - len, "padding");
	}
}

/* The sum of a reply of nothing but zeros is what no one's complement arithmetic comes to: its checksum is 0xffff. */
Test(echo, all_zeros)
{
	uint8_t data[OUT_MAX];

	for (uint32_t n = 0; n < 20; n++) {
		uint32_t len = IP + 28 + n;

		(void)take("echo4", data);
		memset(data + IP + 22, 0, 6 + n);
		data[IP + 3] = (uint8_t)(28 + n);
		ref_seal(data);
		turn(data, len);
		cr_assert_arr_eq(data + IP + 22, ((uint8_t[]){0xff, 0xff}), 2);
	}
}

Test(echo, what_is_a_request)
{
	static const char *const others[] = {"echo reply4", "echo reply6", "unreachable4", "too big6", "ns", "tcp4",
	    "tcp6", "udp4 padded", "udp6", "sctp4", "gre4", "esp6", "first fragment4", "later fragment4",
	    "first fragment6", "arp request", "stp", "mld6"};
	uint8_t data[OUT_MAX];
	uint32_t len;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(others); i++) {
		len = take(others[i], data);
		cr_assert(!is_request(data, len), "%s", others[i]);
	}
	/* Fragments of a request, first or later. */
	len = take("echo4", data);
	cr_assert(is_request(data, len));
	data[IP + 6] = 0x20;
	ref_seal(data);
	cr_assert(!is_request(data, len));
	data[IP + 6] = 0;
	data[IP + 7] = 1;
	ref_seal(data);
	cr_assert(!is_request(data, len));
	/* ICMP in IPv6, ICMPv6 in IPv4. */
	len = take("echo4", data);
	data[IP + 9] = 58;
	data[IP + 20] = 128;
	ref_seal(data);
	cr_assert(!is_request(data, len));
	len = take("echo6", data);
	data[IP + 6] = 1;
	data[IP + 40] = 8;
	ref_seal(data);
	cr_assert(!is_request(data, len));
	/* The very same message as SCTP. */
	len = take("echo4", data);
	data[IP + 9] = 132;
	ref_seal(data);
	cr_assert(!is_request(data, len));
	len = take("echo6", data);
	data[IP + 6] = 132;
	cr_assert(!is_request(data, len));
}

/* Each byte of the packet that a checksum covers. */
Test(echo, wrong_checksums)
{
	static const char *const names[] = {"echo4", "echo6"};
	uint8_t data[OUT_MAX];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		uint32_t len = take(names[i], data), from = i == 0 ? IP + 1 : IP + 8;

		for (uint32_t at = from; at < len; at++) {
			struct weir_frame frame;
			struct weir_key key;

			data[at] ^= 0x10;
			if (weir_parse_frame(data, len, len, &key, &frame) == WEIR_OK)
				cr_assert(!weir_is_echo_request(data, &frame), "%s byte %u", names[i], at);
			data[at] ^= 0x10;
		}
		cr_assert(is_request(data, len));
		/* Padding is not covered. */
		data[len] = 0x77;
		cr_assert(is_request(data, len + 1));
	}
}

Test(echo, not_wholly_readable)
{
	uint8_t data[OUT_MAX];
	struct weir_frame frame;
	uint32_t len = take("echo4", data);

	frame = parsed(data, len + 10);
	frame.avail = len;
	cr_assert(weir_is_echo_request(data, &frame));
	frame.avail = len - 1;
	cr_assert(!weir_is_echo_request(data, &frame));
}

/* Requests all the same, but left as they are. */
Test(echo, options_and_extension_headers)
{
	uint8_t data[OUT_MAX], before[OUT_MAX];
	struct weir_frame frame;
	uint32_t len = take("echo4", data);

	memmove(data + IP + 24, data + IP + 20, len - IP - 20);
	memcpy(data + IP + 20, (uint8_t[]){0x94, 4, 0, 0}, 4);
	data[IP] = 0x46;
	data[IP + 3] = (uint8_t)(data[IP + 3] + 4);
	memset(data + IP + 10, 0, 2);
	memcpy(data + IP + 10, &(uint16_t){weir_ipv4_checksum(data + IP, 24)}, 2);
	frame = parsed(data, len + 4);
	cr_assert(weir_is_echo_request(data, &frame));
	memcpy(before, data, sizeof(before));
	cr_assert(!weir_turn_echo(data, &frame, &mac_ours, &mac_from));
	cr_assert_arr_eq(data, before, sizeof(before));

	len = take("echo6", data);
	memmove(data + IP + 48, data + IP + 40, len - IP - 40);
	memcpy(data + IP + 40, (uint8_t[]){58, 0, 1, 4, 0, 0, 0, 0}, 8);
	data[IP + 5] = (uint8_t)(data[IP + 5] + 8);
	data[IP + 6] = 60;
	frame = parsed(data, len + 8);
	cr_assert(weir_is_echo_request(data, &frame));
	memcpy(before, data, sizeof(before));
	cr_assert(!weir_turn_echo(data, &frame, &mac_ours, &mac_from));
	cr_assert_arr_eq(data, before, sizeof(before));
}
