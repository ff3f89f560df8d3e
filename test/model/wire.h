/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets as plain bytes, for the reference and for what makes packets: nothing here is shared with weir. */
#ifndef WEIR_TEST_WIRE_H
#define WEIR_TEST_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define WIRE_MAX 9600

struct wire {
	uint32_t len;
	uint8_t data[WIRE_MAX];
};

enum {
	ETH_HEADER = 14,
	ETH_IPV4 = 0x0800,
	ETH_ARP = 0x0806,
	ETH_VLAN = 0x8100,
	ETH_QINQ = 0x88a8,
	ETH_IPV6 = 0x86dd,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMPV6 = 58,
	PROTO_SCTP = 132,
	VXLAN_PORT = 4789,
	GENEVE_PORT = 6081,
};

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void
put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value & 0xffff);
}

/* The Internet checksum's running sum, and its end: 0 over data that holds a correct checksum. */
uint32_t wire_sum(const uint8_t *data, uint32_t len, uint32_t sum);
uint16_t wire_fold(uint32_t sum);

/* The checksum of TCP, UDP and ICMPv6: with the pseudo header of the IP header at `l3` (4 or 6 by its version). */
uint16_t wire_l4_sum(const uint8_t *l3, uint8_t proto, const uint8_t *l4, uint32_t len);

/* Takes `n` bytes out at `at`; puts `n` bytes in at `at`. */
void wire_cut(struct wire *wire, uint32_t at, uint32_t n);
void wire_insert(struct wire *wire, uint32_t at, const uint8_t *data, uint32_t n);

bool wire_is_tag(uint16_t ethertype);

/* fe80:: with the interface identifier that a host makes of its MAC. */
struct weir_ip wire_link_local(const struct weir_mac *mac);

/* The group that neighbour solicitations for `ip` are sent to. */
struct weir_ip wire_solicited_node(const struct weir_ip *ip);

/* The address as it stands in a header, 4 or 16 bytes. */
void wire_put_ip(uint8_t *p, const struct weir_ip *ip);
struct weir_ip wire_get_ipv4(const uint8_t *p);
struct weir_ip wire_get_ipv6(const uint8_t *p);

/* ---- the same random numbers in every run ---- */

struct rng {
	uint64_t state; /* not 0 */
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint32_t rng_below(struct rng *rng, uint32_t n); /* n > 0 */
bool rng_chance(struct rng *rng, uint32_t percent);

#endif
