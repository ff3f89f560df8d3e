/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "wire.h"

uint32_t
wire_sum(const uint8_t *data, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

uint16_t
wire_fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t
wire_l4_sum(const uint8_t *l3, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint32_t sum = proto;
	uint8_t length[4];

	put32(length, len);
	sum = wire_sum(length, 4, sum);
	sum = l3[0] >> 4 == 4 ? wire_sum(l3 + 12, 8, sum) : wire_sum(l3 + 8, 32, sum);
	return wire_fold(wire_sum(l4, len, sum));
}

void
wire_cut(struct wire *wire, uint32_t at, uint32_t n)
{
	memmove(wire->data + at, wire->data + at + n, wire->len - at - n);
	wire->len -= n;
}

void
wire_insert(struct wire *wire, uint32_t at, const uint8_t *data, uint32_t n)
{
	memmove(wire->data + at + n, wire->data + at, wire->len - at);
	memcpy(wire->data + at, data, n);
	wire->len += n;
}

bool
wire_is_tag(uint16_t ethertype)
{
	return ethertype == ETH_VLAN || ethertype == ETH_QINQ;
}

struct weir_ip
wire_link_local(const struct weir_mac *mac)
{
	struct weir_ip ip = {.b = {0xfe, 0x80}};

	memcpy(ip.b + 8, mac->b, 3);
	ip.b[8] ^= 0x02;
	ip.b[11] = 0xff;
	ip.b[12] = 0xfe;
	memcpy(ip.b + 13, mac->b + 3, 3);
	return ip;
}

struct weir_ip
wire_solicited_node(const struct weir_ip *ip)
{
	struct weir_ip group = {.b = {0xff, 0x02, [11] = 0x01, [12] = 0xff}};

	memcpy(group.b + 13, ip->b + 13, 3);
	return group;
}

void
wire_put_ip(uint8_t *p, const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip))
		memcpy(p, ip->b + 12, 4);
	else
		memcpy(p, ip->b, 16);
}

struct weir_ip
wire_get_ipv4(const uint8_t *p)
{
	struct weir_ip ip = {.b = {[10] = 0xff, [11] = 0xff}};

	memcpy(ip.b + 12, p, 4);
	return ip;
}

struct weir_ip
wire_get_ipv6(const uint8_t *p)
{
	struct weir_ip ip;

	memcpy(ip.b, p, 16);
	return ip;
}

void
rng_seed(struct rng *rng, uint64_t seed)
{
	/* splitmix64: neighbouring seeds give unrelated sequences. */
	seed += UINT64_C(0x9e3779b97f4a7c15);
	seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
	rng->state = (seed ^ seed >> 31) | 1;
}

uint64_t
rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * UINT64_C(2685821657736338717);
}

uint32_t
rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)((rng_next(rng) >> 32) % n);
}

bool
rng_chance(struct rng *rng, uint32_t percent)
{
	return rng_below(rng, 100) < percent;
}
