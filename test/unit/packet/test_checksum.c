/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>

#include <rte_ip.h>

#include "../table/eal.h"
#include "samples.h"
#include "weir_packet.h"

#define ROUNDS 2000
#define LEN_MAX 2048

static void
fill(uint8_t *data, uint32_t len, uint64_t *seed)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(next_random(seed) >> 33);
}

Test(checksum, equals_dpdk_on_any_bytes)
{
	uint64_t seed = 1;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t len = i < 100 ? i : (uint32_t)(next_random(&seed) % LEN_MAX);
		int odd = (int)(i & 1);
		uint8_t *data = alloc_exact(len, odd);

		if (i % 7 == 0)
			memset(data, 0xff, len); /* carries everywhere */
		else
			fill(data, len, &seed);
		cr_assert_eq(weir_ipv4_checksum(data, len), (uint16_t)~rte_raw_cksum(data, len), "length %u", len);
		free_exact(data, odd);
	}
}

Test(checksum, longest_packet)
{
	static uint8_t data[UINT16_MAX];

	memset(data, 0xff, sizeof(data));
	cr_assert_eq(weir_ipv4_checksum(data, sizeof(data)), (uint16_t)~rte_raw_cksum(data, sizeof(data)));
}

Test(checksum, pseudo_headers_equal_dpdk)
{
	uint64_t seed = 2;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t len = 8 + (uint32_t)(next_random(&seed) % 1400);
		uint8_t data[LEN_MAX], proto = i % 2 == 0 ? IPPROTO_UDP : IPPROTO_TCP;
		struct weir_ip src, dst;
		struct rte_ipv6_hdr ip6 = {.payload_len = rte_cpu_to_be_16((uint16_t)len), .proto = proto};
		struct rte_ipv4_hdr ip4 = {.version_ihl = 0x45,
		    .total_length = rte_cpu_to_be_16((uint16_t)(len + 20)),
		    .next_proto_id = proto};
		uint16_t ours, theirs;

		fill(data, len, &seed);
		fill(src.b, sizeof(src.b), &seed);
		fill(dst.b, sizeof(dst.b), &seed);
		memcpy(ip6.src_addr, src.b, 16);
		memcpy(ip6.dst_addr, dst.b, 16);
		ours = weir_l4_checksum(&src, &dst, proto, data, len);
		theirs = rte_ipv6_udptcp_cksum(&ip6, data);
		cr_assert_eq(ours == 0 && proto == IPPROTO_UDP ? UINT16_MAX : ours, theirs);

		memset(src.b, 0, 12);
		memset(dst.b, 0, 12);
		memset(src.b + 10, 0xff, 2);
		memset(dst.b + 10, 0xff, 2);
		memcpy(&ip4.src_addr, src.b + 12, 4);
		memcpy(&ip4.dst_addr, dst.b + 12, 4);
		ours = weir_l4_checksum(&src, &dst, proto, data, len);
		theirs = rte_ipv4_udptcp_cksum(&ip4, data);
		cr_assert_eq(ours == 0 && proto == IPPROTO_UDP ? UINT16_MAX : ours, theirs);
	}
}

Test(checksum, zero_over_what_others_made)
{
	struct weir_ip src, dst;
	uint32_t len;
	uint8_t *data = sample_named("tcp4", &len);

	cr_assert_eq(weir_ipv4_checksum(data + 14, 20), 0);
	cr_assert_eq(weir_ip_parse("10.0.0.1", &src), 0);
	cr_assert_eq(weir_ip_parse("10.0.0.2", &dst), 0);
	cr_assert_eq(weir_l4_checksum(&src, &dst, IPPROTO_TCP, data + 34, len - 34), 0);
	free_exact(data, 0);
	data = sample_named("echo4", &len);
	cr_assert_eq(weir_ipv4_checksum(data + 34, len - 34), 0);
	free_exact(data, 0);
	data = sample_named("udp6", &len);
	cr_assert_eq(weir_ip_parse("2001:db8::1", &src), 0);
	cr_assert_eq(weir_ip_parse("2001:db8::2", &dst), 0);
	cr_assert_eq(weir_l4_checksum(&src, &dst, IPPROTO_UDP, data + 54, len - 54), 0);
	free_exact(data, 0);
}
