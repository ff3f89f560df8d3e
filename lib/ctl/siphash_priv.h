/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012). With a secret key: places in a hash map that nobody can prepare
 * collisions for. With a fixed key: the checksum of what the store writes. Thread-safe.
 */
#ifndef WEIR_SIPHASH_PRIV_H
#define WEIR_SIPHASH_PRIV_H

#include <stddef.h>
#include <stdint.h>

struct weir_siphash_key {
	uint64_t k0, k1;
};

uint64_t weir_siphash(const struct weir_siphash_key *key, const void *data, size_t len);

#endif
