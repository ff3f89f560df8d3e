/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets as people write them, for traces: "tcp 10.0.0.5:4242 > 10.0.1.9:443 syn ttl 3". Knows no tenants; any
 *thread.
 *
 *	tcp | udp | sctp ADDRESS:PORT > ADDRESS:PORT	IPv6 as [2001:db8::1]:80; without a port it is 0
 *	icmp | icmpv6 ADDRESS > ADDRESS			an echo request; "reply", or "type N", "code N", "id N"
 *	ip N ADDRESS > ADDRESS				any IP protocol
 *	arp ADDRESS > ADDRESS				who has the second? "reply": the first is at smac
 *	eth N						any other ethertype
 *
 * and behind it, in any order: smac MAC, dmac MAC, vlan N (the tenant's own tags, up to two), len N (bytes of the
 *frame, destination MAC to last byte); of IP: ttl N, tos N, frag N (a fragment that begins at byte N of the packet,
 *the last one unless "more"; the first one is not the last), id N; of TCP: syn ack fin rst psh urg ece cwr.
 */
#ifndef WEIR_PACKET_TEXT_H
#define WEIR_PACKET_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_packet.h"

#define PACKET_BYTES_MAX 9216
#define PACKET_TEXT_SIZE 256

struct packet_spec {
	uint16_t ethertype; /* host order: IPv4, IPv6, ARP or other */
	bool has_smac, has_dmac;
	struct weir_mac smac, dmac;
	uint32_t n_vlans;
	uint16_t vlan[2]; /* ids, the outermost first */
	uint32_t len;	  /* 0: no longer than it has to be */
	/* IP, ARP */
	struct weir_ip src, dst;
	bool reply; /* ARP */
	/* IP */
	uint8_t proto, ttl, tos;
	bool fragment, more;
	uint32_t offset;
	bool has_id;
	uint16_t id; /* ICMP: of the echo; fragments: of the packet */
	uint16_t sport, dport;
	uint8_t tcp_flags;
	bool has_type;
	uint8_t type, code;
};

/* 0, or -EINVAL with err (path ""), which names the word that is wrong. */
int packet_parse(const char *text, struct packet_spec *spec, struct weir_err *err);

/*
 * The frame, with right checksums (SCTP's is 0, which nobody looks at), MACs as given. Returns its length; 0 with
 * err: -EINVAL, `len` is too short for its headers. `out` has PACKET_BYTES_MAX bytes.
 */
uint32_t packet_make(const struct packet_spec *spec, uint8_t out[PACKET_BYTES_MAX], struct weir_err *err);

/*
 * A text that describes a frame of `len` bytes, of which `data` holds `kept`: as near as words come, so that
 * packet_parse() reads it. False: it cannot be parsed; the text then only says what MACs it has.
 */
bool packet_describe(const uint8_t *data, uint32_t kept, uint32_t len, char text[PACKET_TEXT_SIZE]);

/* "00 11 22", "001122" or "00:11:22" as bytes. Their number; 0 with err: -EINVAL. */
uint32_t packet_hex(const char *text, uint8_t out[PACKET_BYTES_MAX], struct weir_err *err);

#endif
