/* SPDX-License-Identifier: BSD-3-Clause */
#include "../table/eal.h"
#include "answers.h"

#define IP 14
#define HEADERS 8 /* for each TTL and number of hops */

static uint32_t
number(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void
put_checksum(uint8_t *ip)
{
	uint32_t sum;

	memset(ip + 10, 0, 2);
	sum = ref_checksum(ip, 20);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* A random header, right; `edge`: with a checksum of 0 or of little more or less, by its id. */
static void
random_header(uint8_t *ip, uint8_t ttl, bool edge, uint64_t *seed)
{
	uint32_t sum;

	for (uint32_t i = 0; i < 20; i++)
		ip[i] = (uint8_t)(next_random(seed) >> 40);
	ip[0] = 0x45;
	ip[8] = ttl;
	if (edge) {
		ip[4] = ip[5] = 0;
		put_checksum(ip);
		sum = number(ip + 10) + 0xffff - (uint32_t)(next_random(seed) >> 40) % 4;
		sum = sum > 0xffff ? sum - 0xffff : sum;
		ip[4] = (uint8_t)(sum >> 8);
		ip[5] = (uint8_t)sum;
	}
	put_checksum(ip);
}

/* As if everything were made anew. */
static void
check(const uint8_t *before, const uint8_t *after, uint32_t l3, uint8_t hops, uint32_t len)
{
	uint8_t want[OUT_MAX];

	memcpy(want, before, len);
	memcpy(want, mac_to.b, 6);
	memcpy(want + 6, mac_ours.b, 6);
	want[l3 + 8] = (uint8_t)(want[l3 + 8] - hops);
	put_checksum(want + l3);
	cr_assert_arr_eq(
	    after, want, len, "TTL %u less by %u, checksum %04x", before[l3 + 8], hops, number(before + l3 + 10));
}

Test(route_rewrite, every_ttl_and_hops)
{
	uint64_t seed = 5;
	uint32_t zeros = 0;

	for (uint32_t ttl = 1; ttl < 256; ttl++) {
		for (uint32_t hops = 0; hops < ttl; hops++) {
			for (uint32_t i = 0; i < HEADERS; i++) {
				uint32_t l3 = (i & 4) != 0 ? IP + 4 : IP;
				uint8_t data[64] = {0}, before[64];

				random_header(data + l3, (uint8_t)ttl, (i & 1) != 0, &seed);
				memcpy(before, data, sizeof(data));
				weir_route_rewrite(data, l3, false, &mac_ours, &mac_to, (uint8_t)hops);
				check(before, data, l3, (uint8_t)hops, sizeof(data));
				zeros += number(data + l3 + 10) == 0;
			}
		}
	}
	cr_assert_gt(zeros, 0, "the corner was not met");
}

/* Every checksum there is, for one word of TTL and protocol each. */
Test(route_rewrite, every_checksum)
{
	uint8_t data[64] = {0}, before[64];

	for (uint32_t id = 0; id <= UINT16_MAX; id++) {
		data[IP] = 0x45;
		data[IP + 4] = (uint8_t)(id >> 8);
		data[IP + 5] = (uint8_t)id;
		data[IP + 8] = (uint8_t)(2 + id % 254);
		data[IP + 9] = (id & 1) != 0 ? 0xff : 0;
		put_checksum(data + IP);
		memcpy(before, data, sizeof(data));
		weir_route_rewrite(data, IP, false, &mac_ours, &mac_to, 1);
		check(before, data, IP, 1, sizeof(data));
	}
}

/* 0xffff stands for the 0 that belongs there: right before and after. Any other wrong one is wrong by as much. */
Test(route_rewrite, wrong_checksum_stays_wrong)
{
	uint64_t seed = 6;

	for (uint32_t wrong = 0; wrong <= UINT16_MAX; wrong++) {
		uint8_t data[64] = {0};
		uint32_t by;

		random_header(data + IP, 64, true, &seed);
		data[IP + 10] = (uint8_t)(wrong >> 8);
		data[IP + 11] = (uint8_t)wrong;
		by = ref_checksum(data + IP, 20);
		weir_route_rewrite(data, IP, false, &mac_ours, &mac_to, 3);
		cr_assert_eq(ref_checksum(data + IP, 20) % 0xffff, by % 0xffff);
		cr_assert_neq(number(data + IP + 10), 0xffff);
	}
}

Test(route_rewrite, v6)
{
	uint8_t data[OUT_MAX], want[OUT_MAX];
	uint32_t len = take("tcp6", data);

	for (uint32_t hops = 0; hops < 64; hops++) {
		(void)take("tcp6", data);
		memcpy(want, data, sizeof(want));
		memcpy(want, mac_to.b, 6);
		memcpy(want + 6, mac_ours.b, 6);
		want[IP + 7] = (uint8_t)(64 - hops);
		weir_route_rewrite(data, IP, true, &mac_ours, &mac_to, (uint8_t)hops);
		cr_assert_arr_eq(data, want, len);
	}
}
