/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as hosts send them; addresses by their text, MACs by their last byte. */
#ifndef WEIR_TEST_FRAMES_H
#define WEIR_TEST_FRAMES_H

#include "weir_packet.h"

struct weir_mac mac(uint8_t n);	     /* 02:00:00:00:00:n */
struct weir_ip ip(const char *text); /* of either family */

struct frame {
	uint32_t len;
	uint8_t b[4096];
};

#define BROADCAST 0xff /* ff:ff:ff:ff:ff:ff, of mac() too */

struct frame plain(uint8_t dmac, uint8_t smac, uint16_t type); /* with 46 bytes of zero behind it */
struct frame udp(uint8_t smac, const char *src, const char *dst, uint16_t sport, uint16_t dport);
struct frame icmp6(uint8_t smac, const char *src, const char *dst, uint8_t type);
struct frame arp(uint8_t smac, uint16_t op, uint8_t sha, const char *spa, const char *tpa);
/* NS and NA (135, 136), RS (133); lladdr 0 = no option. */
struct frame nd(uint8_t smac, uint8_t type, const char *src, const char *dst, const char *target, uint8_t lladdr);
struct frame echo(uint8_t smac, const char *src, const char *dst); /* IPv4 echo request */

/* ---- the same frame, but ---- */

struct frame to(struct frame frame, struct weir_mac dmac); /* unless said otherwise, frames go to mac(9) */
struct frame tagged(struct frame frame, uint16_t vid);
struct frame sized(struct frame frame, uint32_t len); /* padded, or cut */

/* A frame in a tunnel, from a remote gateway with this MAC; IPv4 or IPv6 by the addresses, no UDP checksum. */
struct frame vxlan(struct frame inner, uint32_t vni, uint8_t smac, const char *src, const char *dst);
/* By Geneve, with so many words of options. */
struct frame geneve(
    struct frame inner, uint32_t vni, uint8_t options, uint8_t smac, const char *src, const char *dst);

#endif
