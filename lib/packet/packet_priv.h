/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this module share: loads from any address, the extent of IP packets and their headers, sums. */
#ifndef WEIR_PACKET_PRIV_H
#define WEIR_PACKET_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "weir_base.h"

/* Offsets in an ARP packet for IPv4 over Ethernet (RFC 826): rte_arp_hdr asks for an alignment that nobody promised.
 */
enum { ARP_OP = 6, ARP_SHA = 8, ARP_SPA = 14, ARP_THA = 18, ARP_TPA = 24, ARP_LEN = 28 };

/* Types of ND messages and of the options that name a MAC (RFC 4861). */
enum { ND_RS = 133, ND_RA, ND_NS, ND_NA, ND_REDIRECT };
enum { OPTION_SOURCE = 1, OPTION_TARGET = 2 };
#define ND_HOP_LIMIT 255

enum { ICMP6_ECHO_REQUEST = 128, ICMP6_ECHO_REPLY = 129 };

/* A request or reply, with an id. */
static inline bool
icmp_is_echo(uint8_t type, bool v6)
{
	if (v6)
		return type == ICMP6_ECHO_REQUEST || type == ICMP6_ECHO_REPLY;
	return type == RTE_IP_ICMP_ECHO_REQUEST || type == RTE_IP_ICMP_ECHO_REPLY;
}

/* VXLAN's header, and Geneve's without options. */
struct tunnel_hdr {
	rte_be32_t flags; /* Geneve: and the protocol */
	rte_be32_t vni;	  /* in the upper three bytes */
} __attribute__((packed));

/* With UDP's in front. */
#define UDP_TUNNEL_LEN ((uint32_t)(sizeof(struct rte_udp_hdr) + sizeof(struct tunnel_hdr)))

/* VXLAN's I flag: the VNI is valid. */
#define VXLAN_FLAG_VNI RTE_BE32(0x08000000)

/* Geneve's version, its O and C flags, the protocol; what they have to be: 0, neither, and Ethernet. */
#define GENEVE_CHECKED RTE_BE32(0xc0c0ffff)
#define GENEVE_ETHERNET RTE_BE32(0x00006558)
#define GENEVE_OPTIONS 0x3f /* of the first byte: their words */

static inline uint16_t
load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The lengths an IPv4 packet gives itself; false if they are impossible, or more than the `room` there is. */
static inline bool
ipv4_extent(const struct rte_ipv4_hdr *ip, uint32_t room, uint32_t *header, uint32_t *total)
{
	if (room < sizeof(*ip))
		return false;
	*header = (ip->version_ihl & RTE_IPV4_HDR_IHL_MASK) * 4u;
	*total = rte_be_to_cpu_16(ip->total_length);
	/* Version 4 and at least five words: 0x45 to 0x4f. */
	return (uint8_t)(ip->version_ihl - RTE_IPV4_VHL_DEF) <= 0x4f - RTE_IPV4_VHL_DEF && *header <= *total &&
	       *total <= room;
}

static inline bool
ipv4_is_fragment(const struct rte_ipv4_hdr *ip)
{
	return (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
}

/* The same for IPv6: `total` includes the header. A payload length of 0 (jumbo) is just an empty packet. */
static inline bool
ipv6_extent(const struct rte_ipv6_hdr *ip, uint32_t room, uint32_t *total)
{
	if (room < sizeof(*ip))
		return false;
	*total = (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	return (ip->vtc_flow & RTE_BE32(0xf0000000)) == RTE_BE32(0x60000000) && *total <= room;
}

static inline uint8_t
ipv6_tos(const struct rte_ipv6_hdr *ip)
{
	return (uint8_t)(rte_be_to_cpu_32(ip->vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT);
}

static inline bool
ipv6_is_extension(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH;
}

/* IPv6 extension headers, as far as they have been walked. */
struct ipv6_chain {
	uint32_t at;	      /* offset of the next header */
	uint8_t proto;	      /* its type */
	bool fragment_header; /* one was seen */
	bool fragment;	      /* and the packet is not the whole of it (RFC 6946) */
	bool later;	      /* nor its first part: what comes next is payload */
	uint8_t carried;      /* fragment: what its fragment header says it carries, the same in all of them */
	uint16_t offset;      /* fragment_header: where this part begins, bytes */
	uint32_t id;	      /* fragment_header: which packet it is of, as it stands in memory */
};

/* Walks to the end of the chain, in a packet that ends at offset `end`. False: impossible, too long or too deep. */
bool weir_ipv6_walk(const uint8_t *data, uint32_t end, struct ipv6_chain *c);

/* 192.0.2.1 as ::ffff:192.0.2.1. */
static inline void
map_ipv4(struct weir_ip *ip, rte_be32_t address)
{
	const uint32_t words[4] = {0, 0, RTE_BE32(0xffff), address};

	memcpy(ip, words, sizeof(words));
}

/* One's complement sum of 16-bit words as they stand in memory (RFC 1071), not folded. Below 2^45 for any packet. */
uint64_t weir_sum(const uint8_t *data, uint32_t len);

/* Two carries are added at once in the second step, at most 0x1fffe is left for the third. */
static inline uint16_t
sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The sum over `len` bytes of a packet from offset `from` of its first segment on; so many there are. */
struct rte_mbuf;
uint16_t weir_sum_segments(const struct rte_mbuf *m, uint32_t from, uint32_t len);

#endif
