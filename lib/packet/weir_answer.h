/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that weir makes itself, for its own addresses and for tenants' routers: ARP and neighbour discovery, ICMP
 * errors, TCP resets, echo replies; and the rewriting of one that is routed. Nothing here knows tenants, keeps state,
 * allocates or reads a clock: any thread may call it.
 *
 * The makers (weir_make_*) write a complete Ethernet frame (untagged, no FCS, padded with zeros to WEIR_FRAME_MIN
 * bytes) into `out`, which has room for `size` bytes and does not overlap what is read. They return its length, or 0:
 * it does not fit, or must not be made; `out` is undefined then. IPv4 addresses are IPv4-mapped. `data` and `frame`
 * are a tenant's frame as weir_parse_frame() accepted it, its tags and all; no more is read of it than frame->avail.
 * What is to be sent on behalf of whom, and how often, is the caller's business.
 */
#ifndef WEIR_ANSWER_H
#define WEIR_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "weir_base.h"
#include "weir_packet.h"

/* The shortest Ethernet frame, without FCS (IEEE 802.3). */
#define WEIR_FRAME_MIN 60

/* Pads a frame of `len` bytes with zeros, in a buffer of WEIR_FRAME_MIN or more. Returns its new length. */
static inline uint32_t
weir_frame_pad(uint8_t *frame, uint32_t len)
{
	if (len >= WEIR_FRAME_MIN)
		return len;
	memset(frame + len, 0, WEIR_FRAME_MIN - len);
	return WEIR_FRAME_MIN;
}

/* ---- addresses ---- */

/* The link-local address that a host with this MAC gives itself: fe80::/64, EUI-64 (RFC 4291, appendix A). */
struct weir_ip weir_ip_link_local(const struct weir_mac *mac);

/* The group in which a host with this IPv6 address is asked for it: ff02::1:ffxx:xxxx (RFC 4291, 2.7.1). */
struct weir_ip weir_ip_solicited_node(const struct weir_ip *ip);

/* Can be one host's, to which an answer goes: no group, broadcast, unspecified (all of 0.0.0.0/8) or loopback. */
bool weir_ip_is_host(const struct weir_ip *ip);

/* ---- neighbours ---- */

/* Flags of a neighbour advertisement. */
enum { WEIR_NA_ROUTER = 0x80, WEIR_NA_SOLICITED = 0x40, WEIR_NA_OVERRIDE = 0x20 };

/* ARP for IPv4 (RFC 826); `op` in host order: 1 request, 2 reply. The Ethernet source is `sha`. */
uint32_t weir_make_arp(uint8_t *out, uint32_t size, uint16_t op, const struct weir_mac *dmac,
    const struct weir_mac *sha, const struct weir_ip *spa, const struct weir_mac *tha, const struct weir_ip *tpa);

/*
 * Neighbour solicitation for `target` from `src` (not unspecified: it names `smac` in its option). `dmac`: only to
 * that MAC, and the target itself; NULL: to the target's solicited-node group.
 */
uint32_t weir_make_ns(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_ip *src,
    const struct weir_ip *target, const struct weir_mac *dmac);

/*
 * Neighbour advertisement: `target` is at `smac`; `flags` WEIR_NA_*. To `dst` at `dmac`; dmac NULL: to all nodes,
 * `dst` is not looked at, and SOLICITED may not be set.
 */
uint32_t weir_make_na(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_ip *target,
    const struct weir_mac *dmac, const struct weir_ip *dst, uint8_t flags);

/* ---- IP ---- */

/* Where the IP packet in a frame ends: offset behind its last byte; padding follows it. */
uint32_t weir_ip_end(const uint8_t *data, const struct weir_frame *frame);

/* ---- errors ---- */

/* What an ICMP error says: IPv4 type/code, ICMPv6 type/code. */
enum weir_icmp_error {
	WEIR_ICMP_NET_UNREACHABLE,  /* 3/0, 1/0 */
	WEIR_ICMP_HOST_UNREACHABLE, /* 3/1, 1/3 */
	WEIR_ICMP_PORT_UNREACHABLE, /* 3/3, 1/4 */
	WEIR_ICMP_PROHIBITED,	    /* 3/13, 1/1 */
	WEIR_ICMP_TOO_BIG,	    /* 3/4, 2/0; that an IPv4 packet has DF is the caller's to know */
	WEIR_ICMP_TIME_EXCEEDED,    /* 11/0, 3/0 */
};

/*
 * ICMP (RFC 792, 1191, 1812) or ICMPv6 (RFC 4443) error about the IP packet in the frame, from `src`, an address of
 * its family, to the packet's source; TTL 64. mtu: of TOO_BIG, the largest IP packet in bytes, else not looked at.
 * Quotes the packet as it is given, as much as fits 576 (IPv4) or 1280 (IPv6) bytes of IP packet and is readable.
 *
 * 0 also where RFC 1122 (3.2.2) and RFC 4443 (2.4 e) forbid an error: about an ICMP error or ICMPv6 redirect, of
 * fragments too; a fragment that is not the first one; a frame to a group MAC; a packet from or to an address that is
 * no host's (weir_ip_is_host()). And where there is no IP packet, or IPv4 addresses in an IPv6 one.
 */
uint32_t weir_make_icmp_error(uint8_t *out, uint32_t size, enum weir_icmp_error error, uint32_t mtu,
    const struct weir_mac *smac, const struct weir_mac *dmac, const struct weir_ip *src, const uint8_t *data,
    const struct weir_frame *frame);

/*
 * TCP reset in answer to the TCP packet in the frame, as from a host that knows no such connection (RFC 9293,
 * 3.10.7.1); TTL 64. 0 also if it is a reset itself, not TCP, a fragment, or nothing to be answered by its addresses,
 * which are the same as an ICMP error's. Checksums of the packet are not verified.
 */
uint32_t weir_make_rst(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_mac *dmac,
    const uint8_t *data, const struct weir_frame *frame);

/* ---- echo ---- */

/*
 * True if the frame is an ICMP or ICMPv6 echo request: not a fragment, wholly readable (frame->avail), its checksum
 * right, and the IPv4 header's too. Addresses are not looked at.
 */
bool weir_is_echo_request(const uint8_t *data, const struct weir_frame *frame);

/* The same for a packet of any number of segments, with its headers in the first. */
bool weir_is_echo_packet(const struct rte_mbuf *m, const struct weir_frame *frame);

/*
 * Takes IPv4 options or IPv6 extension headers out of such a frame, in place: what is in front of them moves behind
 * them, and the frame begins as many bytes later as are returned. The IPv4 header's checksum is not made anew.
 */
uint32_t weir_strip_extensions(uint8_t *data, struct weir_frame *frame);

/*
 * Turns a frame for which weir_is_echo_request() is true into its reply, in place: MACs as given, IP addresses
 * swapped, TTL 64, checksums right (the IPv4 header's is made anew). All else is the asker's: DSCP, DF, IPv4 id, flow
 * label, data, padding. False, and nothing changed, if it has IPv4 options or IPv6 extension headers.
 */
bool weir_turn_echo(
    uint8_t *data, const struct weir_frame *frame, const struct weir_mac *smac, const struct weir_mac *dmac);

/* ---- routing ---- */

/*
 * A packet is routed on: new MACs, TTL or hop limit less by `hops` (it is larger: the caller knows), the IPv4 header
 * checksum updated (RFC 1624; one that was wrong stays wrong). `l3`: offset of the IP header.
 */
static inline void
weir_route_rewrite(
    uint8_t *data, uint32_t l3, bool v6, const struct weir_mac *smac, const struct weir_mac *dmac, uint8_t hops)
{
	uint8_t *ip = data + l3;
	uint16_t checksum;
	uint32_t sum;

	memcpy(data, dmac, sizeof(*dmac));
	memcpy(data + sizeof(*dmac), smac, sizeof(*smac));
	if (v6) {
		ip[7] = (uint8_t)(ip[7] - hops);
		return;
	}
	ip[8] = (uint8_t)(ip[8] - hops);
	memcpy(&checksum, ip + 10, sizeof(checksum));
	/* ~m + m' of RFC 1624 for the word of the TTL, whatever stood there. It is never 0, nor is then the sum: no
	 * checksum of 0xffff comes out, which no header has. */
	sum = (uint16_t)~checksum + (UINT16_MAX - (uint32_t)rte_cpu_to_be_16((uint16_t)(hops << 8)));
	checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	memcpy(ip + 10, &checksum, sizeof(checksum));
}

#endif
