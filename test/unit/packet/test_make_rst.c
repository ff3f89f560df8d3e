/* SPDX-License-Identifier: BSD-3-Clause */
#include "answers.h"

#define IP 14
#define TCP4 34
#define TCP6 54
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static uint8_t out[OUT_MAX];

static uint32_t
make(const uint8_t *data, uint32_t len)
{
	struct weir_frame frame = parsed(data, len);
	uint32_t made;

	memset(out, 0xee, sizeof(out));
	made = weir_make_rst(out, sizeof(out), &mac_ours, &mac_from, data, &frame);
	if (made > 0) {
		cr_assert_null(ref_wrong(out, made), "%s", ref_wrong(out, made));
		cr_assert((parsed(out, made).kind & WEIR_FRAME_TCP) != 0);
	}
	return made;
}

static uint32_t
number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

Test(make_rst, bytes)
{
	uint8_t data[OUT_MAX];
	uint32_t len = take("tcp4", data);

	check_frame(out, make(data, len),
	    "0200000000010200000000090800"
	    "4500002800004000400626ce0a0000020a000001"
	    "01bb9c40000000020000000050040000fde00000"
	    "000000000000");
	len = take("tcp6", data);
	data[TCP6 + 13] = SYN;
	check_frame(out, make(data, len),
	    "02000000000102000000000986dd"
	    "600000000014064020010db800000000000000000000000220010db8000000000000000000000001"
	    "01bb9c40000000000000000750140000b6590000");
}

/* Sequence numbers by RFC 9293, 3.10.7.1, with every combination of flags. */
Test(make_rst, numbers)
{
	const uint32_t payload = 5;
	uint8_t data[OUT_MAX];

	for (uint32_t flags = 0; flags < 256; flags++) {
		uint32_t len = take("tcp4", data), made;
		uint32_t taken = payload + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);

		memset(data + TCP4 + 4, 0xff, 4); /* goes round */
		memcpy(data + TCP4 + 8, (uint8_t[]){0x12, 0x34, 0x56, 0x78}, 4);
		data[TCP4 + 13] = (uint8_t)flags;
		made = make(data, len);
		cr_assert_eq(made == 0, (flags & RST) != 0, "flags %#x", flags);
		if (made == 0)
			continue;
		cr_assert_eq(number(out + TCP4 + 4), flags & ACK ? 0x12345678 : 0);
		cr_assert_eq(number(out + TCP4 + 8), flags & ACK ? 0 : taken - 1);
		cr_assert_eq(out[TCP4 + 13], flags & ACK ? RST : RST | ACK);
	}
}

/* What is no data is not counted: options, Ethernet's padding, extension headers; tags are gone. */
Test(make_rst, length_of_data)
{
	static const struct {
		const char *name;
		uint32_t l4, data;
	} cases[] = {{"tcp4 options", TCP4, 0}, {"tcp4 ip options", TCP4 + 4, 2}, {"extensions6", TCP6 + 48, 4},
	    {"vlan tcp4", TCP4 + 4, 0}};
	uint8_t data[OUT_MAX];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		uint32_t len = take(cases[i].name, data), tcp;
		struct weir_frame frame = parsed(data, len);

		cr_assert_eq(frame.l4, cases[i].l4);
		data[frame.l4 + 13] = FIN;
		memset(data + len, 0xee, 20);
		cr_assert_gt(make(data, len + 20), 0, "%s", cases[i].name);
		tcp = (frame.kind & WEIR_FRAME_IPV4) != 0 ? TCP4 : TCP6;
		cr_assert_eq(
		    number(out + tcp + 8), number(data + frame.l4 + 4) + cases[i].data + 1, "%s", cases[i].name);
		cr_assert_arr_eq(out + tcp, data + frame.l4 + 2, 2);
		cr_assert_arr_eq(out + tcp + 2, data + frame.l4, 2);
	}
}

/* The data need not be readable. */
Test(make_rst, of_a_packet_in_pieces)
{
	uint8_t data[OUT_MAX], *head = alloc_exact(WEIR_HEADERS_MAX, 0);
	struct weir_frame frame;
	struct weir_key key;
	uint32_t made;

	(void)take("tcp4", data);
	memcpy(data + IP + 2, (uint8_t[]){0x03, 0xe8}, 2);
	data[TCP4 + 13] = SYN;
	memcpy(head, data, WEIR_HEADERS_MAX);
	cr_assert_eq(weir_parse_frame(head, WEIR_HEADERS_MAX, IP + 1000, &key, &frame), WEIR_OK);
	made = weir_make_rst(out, sizeof(out), &mac_ours, &mac_from, head, &frame);
	cr_assert_null(ref_wrong(out, made));
	cr_assert_eq(number(out + TCP4 + 8), number(data + TCP4 + 4) + 960 + 1);
	free_exact(head, 0);
}

Test(make_rst, sizes)
{
	uint8_t data[OUT_MAX];
	uint32_t len = take("tcp4", data);
	struct weir_frame frame = parsed(data, len);

	CHECK_SIZES(60, weir_make_rst(exact, size, &mac_ours, &mac_from, data, &frame));
	len = take("tcp6", data);
	frame = parsed(data, len);
	CHECK_SIZES(74, weir_make_rst(exact, size, &mac_ours, &mac_from, data, &frame));
}

Test(make_rst, none)
{
	static const char *const names[] = {"udp4 padded", "echo4", "sctp4", "first fragment4", "later fragment4",
	    "udp6", "first fragment6", "arp request", "stp"};
	static const char *const bad4[] = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"};
	uint8_t data[OUT_MAX];
	uint32_t len;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++) {
		len = take(names[i], data);
		cr_assert_eq(make(data, len), 0, "%s", names[i]);
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad4); i++) {
		for (uint32_t to = 0; to < 2; to++) {
			len = take("tcp4", data);
			put_address(data + IP + 12 + 4 * to, bad4[i]);
			cr_assert_eq(make(data, len), 0, "%s", bad4[i]);
		}
	}
	len = take("tcp6", data);
	put_address(data + IP + 24, "ff02::1");
	cr_assert_eq(make(data, len), 0);
	len = take("tcp4", data);
	data[0] |= 1;
	cr_assert_eq(make(data, len), 0, "group MAC");
	/* A fragment of TCP. */
	len = take("tcp4", data);
	data[IP + 6] = 0x20;
	cr_assert_eq(make(data, len), 0, "fragment");
}
