/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What firewalls look at inside packets: what a fragment belongs to, and the packet that an ICMP error speaks of.
 * Nothing here keeps state; any thread, on packets of its own. `data`, `frame` and `key` are a frame, its tags and
 * all, as weir_parse_frame() accepted it. No more is read than frame->avail and the IP packet's own length allow:
 * what a packet gives by less than it promised is not there.
 */
#ifndef WEIR_INSIDE_H
#define WEIR_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_packet.h"

/*
 * A fragment's place in its packet. Fragments with the same src, dst, proto and id are of one packet. Ports are as
 * struct weir_key has them for unfragmented packets: network order; ICMP: type and code, echo id.
 */
struct weir_fragment {
	struct weir_ip src, dst; /* IPv4 mapped */
	uint32_t id;		 /* IPv4: 16 bits; IPv6: 32, as they stand in memory */
	uint8_t proto;		 /* key->proto; IPv6: as the fragment header says, the same in all of one packet */
	uint8_t l4_proto; /* of the L4 header: after the extension headers of an IPv6 packet's first fragment; else
			     proto */
	bool first;	  /* offset 0 */
	bool whole;	  /* first, with its whole L4 header (TCP 20 bytes; UDP, SCTP, ICMP 8): what follows is set */
	bool overlaps;	  /* later, but begins within the TCP header of the first, and could change it (RFC 1858) */
	uint8_t tcp_flags;
	uint16_t sport, dport;
};

/*
 * Of a frame whose key->flags have WEIR_KEY_FRAGMENT. Packets that are just marked as the only fragment of themselves
 * (IPv6, RFC 6946) do not have it: they are parsed as any other. Fills *fragment.
 */
void weir_parse_fragment(
    const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key, struct weir_fragment *fragment);

/* Is it an ICMP error (unreachable, source quench, time exceeded, parameter problem; ICMPv6: and too big)? Redirects
 * are none. Fragments are not looked into. */
bool weir_is_icmp_error(const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data);

/* The packet quoted in an ICMP error: as its sender sent it. Ports as in struct weir_fragment. */
struct weir_quoted {
	struct weir_ip src, dst; /* IPv4 mapped */
	uint8_t proto;		 /* of the L4 header */
	uint16_t sport, dport;	 /* network order; ICMP: type and code, echo id */
};

/*
 * Of a frame for which weir_is_icmp_error() is true. False, and *quoted undefined: too short (of TCP, UDP, SCTP, ICMP
 * the first 8 bytes are needed), not of the error's own family, an IPv4 address in an IPv6 header, a later fragment,
 * or an ICMP error itself.
 */
bool weir_parse_quoted(
    const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key, struct weir_quoted *quoted);

#endif
