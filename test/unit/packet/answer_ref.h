/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold for any packet that weir makes, checked the slow and obvious way, with no code of weir's. Shared by
 * the makers' tests and their fuzzer.
 */
#ifndef WEIR_TEST_ANSWER_REF_H
#define WEIR_TEST_ANSWER_REF_H

#include <stdint.h>

/* The Internet checksum (RFC 1071) of these bytes, as a number; of a correct header: 0. */
uint32_t ref_checksum(const uint8_t *data, uint32_t len);

/* The same with the pseudo header of the packet whose IP header, of either family, is at `ip`. */
uint32_t ref_l4_checksum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t len);

/*
 * Puts right checksums into an untagged IP packet without options or extension headers, of TCP, ICMP or ICMPv6;
 * fragments have that of their IPv4 header only.
 */
void ref_seal(uint8_t *frame);

/* NULL for a complete untagged frame, lengths, padding and checksums right; else what is wrong. */
const char *ref_wrong(const uint8_t *frame, uint32_t len);

#endif
