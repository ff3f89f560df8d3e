/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames that net_nicsim should generate, written a second time: plain and byte by byte, by its manual
 * (drivers/net/README.md).
 */
#ifndef REF_H
#define REF_H

#include <stdbool.h>
#include <stdint.h>

struct ref {
	const char *traffic; /* "plain", "vlan", "vxlan" */
	bool outer6, inner6;
	uint32_t tenants, size;
};

/* The frame of flow f; returns its length. */
uint32_t ref_frame(const struct ref *ref, uint32_t f, uint8_t *frame);

/* The frame of the n-th new flow made of flow f's. */
uint32_t ref_new_frame(const struct ref *ref, uint32_t f, uint32_t n, uint8_t *frame);

/* The Internet checksum over `len` bytes, where the sum so far is `sum`, in host order. */
uint16_t ref_checksum(const uint8_t *at, uint32_t len, uint32_t sum);

/* True if it is a datagram of `l4` bytes below an IPv6 header, with a right checksum at offset `at`. */
bool ref_checksum6_ok(const uint8_t *ip, uint8_t protocol, uint32_t l4);

#endif
