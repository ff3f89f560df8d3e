/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures: played as they are, spread by RSS; what is none is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_byteorder.h>

#include "nic.h"

#define PATH "weir-test-nicsim.pcap" /* in meson's folder of the test */
#define ARGS "capture=" PATH

/* How a file is written. */
struct style {
	uint32_t magic;
	bool swapped;
	uint32_t link_type;
};

static const struct style usual = {.magic = 0xa1b2c3d4, .link_type = 1};

static void
put(FILE *file, const struct style *style, uint32_t value)
{
	if (style->swapped)
		value = rte_bswap32(value);
	cr_assert_eq(fwrite(&value, sizeof(value), 1, file), 1);
}

static FILE *
create(const struct style *style)
{
	FILE *file = fopen(PATH, "w");

	cr_assert_not_null(file);
	put(file, style, style->magic);
	put(file, style, style->swapped ? 2u << 16 | 4 : 4u << 16 | 2);
	put(file, style, 0);
	put(file, style, 0);
	put(file, style, 65535);
	put(file, style, style->link_type);
	return file;
}

static void
append(FILE *file, const struct style *style, const uint8_t *frame, uint32_t len, uint32_t wire_len)
{
	put(file, style, 1);
	put(file, style, 2);
	put(file, style, len);
	put(file, style, wire_len);
	cr_assert_eq(fwrite(frame, 1, len, file), len);
}

/* Frame i: its length, and bytes that differ from others'. */
static uint32_t
make_frame(uint32_t i, uint8_t *frame)
{
	static const uint32_t lens[] = {14, 60, 64, 65, 128, 1514, 9215, 9216};
	uint32_t len = lens[i % RTE_DIM(lens)];

	for (uint32_t at = 0; at < len; at++)
		frame[at] = (uint8_t)(at * 7 + i * 13 + at / 256);
	return len;
}

Test(capture, is_played_in_its_order_whoever_wrote_it)
{
	static const struct style styles[] = {{0xa1b2c3d4, false, 1}, {0xa1b23c4d, false, 1}, {0xa1b2c3d4, true, 1},
	    {0xa1b23c4d, true, 1}, {0xa1b2c3d4, false, 1u << 28 | 1}};
	uint8_t frame[NIC_FRAME_MAX];

	nic_eal();
	for (size_t s = 0; s < RTE_DIM(styles); s++) {
		FILE *file = create(&styles[s]);
		uint16_t port;

		for (uint32_t i = 0; i < 20; i++)
			append(file, &styles[s], frame, make_frame(i, frame), make_frame(i, frame));
		cr_assert_eq(fclose(file), 0);
		port = nic_open(0, ARGS, 1);
		for (uint32_t i = 0; i < 60; i++) {
			struct rte_mbuf *m = nic_receive(port, 0);
			uint32_t len = make_frame(i % 20, frame);

			cr_assert_eq(m->pkt_len, len);
			cr_assert_arr_eq(rte_pktmbuf_mtod(m, void *), frame, len);
			rte_pktmbuf_free(m);
		}
		nic_close(port);
	}
	(void)unlink(PATH);
}

static void
expect_refusal(const char *reason)
{
	char *said = nic_refused(0, ARGS);

	cr_assert_not_null(strstr(said, ARGS), "%s", said);
	cr_assert_not_null(strstr(said, reason), "%s", said);
	free(said);
}

Test(capture, that_cannot_be_played_is_refused)
{
	uint8_t frame[NIC_FRAME_MAX + 1] = {0};
	FILE *file;

	nic_eal();
	(void)unlink(PATH);
	expect_refusal("No such file");
	cr_assert_eq(fclose(fopen(PATH, "w")), 0);
	expect_refusal("not a capture");
	cr_assert_eq(fclose(create(&(struct style){.magic = 0x0a0d0d0a, .link_type = 1})), 0);
	expect_refusal("not a pcap file");
	cr_assert_eq(fclose(create(&(struct style){.magic = usual.magic, .link_type = 113})), 0);
	expect_refusal("not of Ethernet");
	cr_assert_eq(fclose(create(&usual)), 0);
	expect_refusal("holds no frame");

	file = create(&usual);
	append(file, &usual, frame, 60, 60);
	append(file, &usual, frame, NIC_FRAME_MAX + 1, NIC_FRAME_MAX + 1);
	cr_assert_eq(fclose(file), 0);
	expect_refusal("frame 2: 14 to 9216 bytes");
	file = create(&usual);
	append(file, &usual, frame, 13, 13);
	cr_assert_eq(fclose(file), 0);
	expect_refusal("frame 1: 14 to 9216 bytes");
	file = create(&usual);
	append(file, &usual, frame, 60, 1514);
	cr_assert_eq(fclose(file), 0);
	expect_refusal("frame 1: it was cut off");
	cr_assert_eq(truncate(PATH, 24 + 16 + 59), 0);
	expect_refusal("frame 1: the file ends in it");
	cr_assert_eq(truncate(PATH, 24 + 15), 0);
	expect_refusal("frame 1: the file ends in it");
	(void)unlink(PATH);
}

/* How long its frames are is known when the port starts. */
Test(capture, of_frames_too_long_for_the_buffers_is_refused)
{
	uint8_t frame[NIC_FRAME_MAX] = {0};
	FILE *file = create(&usual);
	struct rte_mempool *small;
	uint16_t port;

	nic_eal();
	append(file, &usual, frame, 64, 64);
	append(file, &usual, frame, 1025, 1025);
	cr_assert_eq(fclose(file), 0);
	small = rte_pktmbuf_pool_create("small", 63, 0, 0, RTE_PKTMBUF_HEADROOM + 1024, SOCKET_ID_ANY);
	cr_assert_not_null(small);
	port = nic_open(0, ARGS, 1);
	cr_assert_eq(rte_eth_dev_stop(port), 0);
	cr_assert_eq(rte_eth_rx_queue_setup(port, 0, 512, 0, NULL, small), 0);
	cr_assert_eq(rte_eth_dev_start(port), -EINVAL);
	cr_assert_eq(rte_eth_rx_queue_setup(port, 0, 512, 0, NULL, nic_pool), 0);
	cr_assert_eq(rte_eth_dev_start(port), 0);
	nic_close(port);
	(void)unlink(PATH);
}

/* ---- RSS ---- */

/* From Microsoft's suite of vectors, "Verifying the RSS Hash Calculation", with and without ports. */
static const struct vector {
	const char *hex; /* from the ethertype on, what matters of it */
	uint32_t hash;
} vectors[] = {
    /* 66.9.149.187:2794 to 161.142.100.80:1766, TCP; the same as a fragment; behind two tags */
    {"0800 4500 0028 0000 0000 4006 0000 420995bb a18e6450 0aea 06e6", 0x51ccc178},
    {"0800 4500 0028 0000 2000 4006 0000 420995bb a18e6450 0aea 06e6", 0x323e8fc2},
    {"88a8 0001 8100 0002 0800 4500 0028 0000 0000 4006 0000 420995bb a18e6450 0aea 06e6", 0x51ccc178},
    /* with 4 bytes of options; ICMP; cut off before its ports */
    {"0800 4600 0028 0000 0000 4006 0000 420995bb a18e6450 01010101 0aea 06e6", 0x51ccc178},
    {"0800 4500 0028 0000 0000 4001 0000 420995bb a18e6450 0aea 06e6", 0x323e8fc2},
    {"0800 4500 0028 0000 0000 4006 0000 420995bb a18e6450 0aea 06", 0x323e8fc2},
    /* 199.92.111.2:14230 to 65.69.140.83:4739, UDP, within VXLAN of another pair */
    {"0800 4500 0060 0000 0000 4011 0000 01020304 05060708 1234 12b5 0000 0000 08000000 00138900"
     "020100000000 020200000000 0800 4500 0028 0000 0000 4011 0000 c75c6f02 41458c53 3796 1283",
	0xc626b0ea},
    /* 3ffe:2501:200:1fff::7 2794 to 3ffe:2501:200:3::1 1766, TCP; no port */
    {"86dd 60000000 0014 06 40 3ffe2501 02001fff 00000000 00000007 3ffe2501 02000003 00000000 00000001 0aea 06e6",
	0x40207d3d},
    {"86dd 60000000 0014 3b 40 3ffe2501 02001fff 00000000 00000007 3ffe2501 02000003 00000000 00000001 0aea 06e6",
	0x2cc18cd5},
    {"0806 0001 0800 0604 0001", 0},
    {"0800 4500 0028", 0},
};

/* MACs, then what the hexadecimal digits say. */
static uint32_t
unhex(const char *hex, uint8_t *frame)
{
	uint32_t len = 12, digits = 0, value = 0;

	memset(frame, 2, len);
	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		value = value << 4 | (uint32_t)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
		if (++digits % 2 == 0)
			frame[len++] = (uint8_t)value;
	}
	return len;
}

Test(capture, is_spread_by_the_hash_of_addresses_and_ports)
{
	uint8_t frame[256];

	nic_eal();
	for (size_t i = 0; i < RTE_DIM(vectors); i++) {
		FILE *file = create(&usual);
		uint32_t len = unhex(vectors[i].hex, frame);
		struct rte_mbuf *m;
		uint16_t port;

		append(file, &usual, frame, len, len);
		cr_assert_eq(fclose(file), 0);
		port = nic_open(0, ARGS ",queues=64", 64);
		for (uint16_t q = 0; q < 64; q++) {
			if (q != vectors[i].hash % 64)
				cr_assert_eq(rte_eth_rx_burst(port, q, &m, 1), 0, "vector %zu, queue %u", i, q);
		}
		rte_pktmbuf_free(nic_receive(port, (uint16_t)(vectors[i].hash % 64)));
		nic_close(port);
	}
	(void)unlink(PATH);
}

/* A key of one repeated pair of bytes gives both directions one hash. */
Test(capture, is_spread_by_the_applications_key)
{
	static const char *const hex[] = {"0800 4500 0028 0000 0000 4006 0000 420995bb a18e6450 0aea 06e6",
	    "0800 4500 0028 0000 0000 4006 0000 a18e6450 420995bb 06e6 0aea"};
	struct rte_mbuf *m[4];
	uint8_t frame[256], key[40];
	FILE *file = create(&usual);
	uint32_t busy = 0;
	uint16_t port;

	nic_eal();
	for (size_t i = 0; i < RTE_DIM(hex); i++) {
		uint32_t len = unhex(hex[i], frame);

		append(file, &usual, frame, len, len);
	}
	cr_assert_eq(fclose(file), 0);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
	port = nic_open_with(0, ARGS ",queues=64", 64, key, 0);
	for (uint16_t q = 0; q < 64; q++) {
		uint16_t n = rte_eth_rx_burst(port, q, m, RTE_DIM(m));

		busy += n != 0;
		rte_pktmbuf_free_bulk(m, n);
	}
	cr_assert_eq(busy, 1);
	nic_close(port);
	(void)unlink(PATH);
}
