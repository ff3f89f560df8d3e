/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keyed hash for which nobody can prepare collisions without the secret, so that a tenant cannot fill the buckets of
 * others by choosing addresses.
 *
 * The secret is XORed in first, then a universal hash of the words (CLNH: Lemire and Kaser, "Faster 64-bit universal
 * hashing using carry-less multiplications", 2016), then AES rounds so that every bit of the result is usable.
 * On a processor without PCLMULQDQ and AES it is SipHash-1-3. A build for such processors decides at run time, and so
 * runs the fast one where it can: within a process it is always the same one.
 */
#ifndef WEIR_HASH_H
#define WEIR_HASH_H

#include <stdint.h>

#define WEIR_HASH_KEY_MAX 64 /* bytes */

/* Written once by weir_hash_secret_init(), read by any thread after that. */
struct weir_hash_secret {
	uint64_t w[16];
} __attribute__((aligned(64)));

/* Fills the secret from the kernel's random source. Not on the packet path. */
void weir_hash_secret_init(struct weir_hash_secret *secret);

/*
 * Hash of `size` bytes, a multiple of 8 up to WEIR_HASH_KEY_MAX; `key` needs no alignment. All 64 bits are equally
 * good. Any thread.
 */
uint64_t weir_hash(const struct weir_hash_secret *secret, const void *key, uint32_t size);

#endif
