/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_priv.h"
#include "weir_packet.h"

uint64_t
weir_sum(const uint8_t *data, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t i;

	/* A sum of 32-bit words folds to the same as one of 16-bit words. */
	for (i = 0; i + 4 <= len; i += 4)
		sum += load32(data + i);
	if (i + 2 <= len) {
		sum += load16(data + i);
		i += 2;
	}
	if (i < len) {
		const uint8_t last[2] = {data[i], 0};

		sum += load16(last);
	}
	return sum;
}

uint16_t
weir_sum_segments(const struct rte_mbuf *m, uint32_t from, uint32_t len)
{
	uint64_t sum = 0;
	bool odd = false; /* what starts at an odd offset has its bytes in the other half of each word */

	for (; len > 0; m = m->next, from = 0) {
		uint32_t n = RTE_MIN(len, m->data_len - from);
		uint16_t part = sum_fold(weir_sum(rte_pktmbuf_mtod_offset(m, const uint8_t *, from), n));

		sum += odd ? rte_bswap16(part) : part;
		odd ^= n & 1;
		len -= n;
	}
	return sum_fold(sum);
}

uint16_t
weir_ipv4_checksum(const uint8_t *header, uint32_t len)
{
	return (uint16_t)~sum_fold(weir_sum(header, len));
}

uint16_t
weir_l4_checksum(const struct weir_ip *src, const struct weir_ip *dst, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	/* The ::ffff of a mapped IPv4 address is 0 in one's complement: one pseudo header serves both families. */
	uint64_t sum = weir_sum(src->b, sizeof(src->b)) + weir_sum(dst->b, sizeof(dst->b));

	sum += rte_cpu_to_be_32(len);
	sum += rte_cpu_to_be_16(proto);
	sum += weir_sum(l4, len);
	return (uint16_t)~sum_fold(sum);
}
