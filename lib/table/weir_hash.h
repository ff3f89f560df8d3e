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

#if defined(__VPCLMULQDQ__) && defined(__AES__) && defined(__AVX512F__)
#include <immintrin.h>
#endif

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

/* weir_hash() of WEIR_HASH_KEY_MAX bytes, which every packet pays for: in line, and four products at once. */
static inline uint64_t
weir_hash_64(const struct weir_hash_secret *secret, const void *key)
{
#if defined(__VPCLMULQDQ__) && defined(__AES__) && defined(__AVX512F__)
	__m512i pairs = _mm512_xor_si512(_mm512_loadu_si512(key), _mm512_load_si512(secret->w));
	__m512i products = _mm512_clmulepi64_epi128(pairs, pairs, 0x01);
	__m256i half = _mm256_xor_si256(_mm512_castsi512_si256(products), _mm512_extracti64x4_epi64(products, 1));
	__m128i sum = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
	const __m128i *s = (const __m128i *)(const void *)secret;

	sum = _mm_xor_si128(_mm_xor_si128(sum, _mm_cvtsi32_si128(WEIR_HASH_KEY_MAX)), s[4]);
	sum = _mm_aesenc_si128(sum, s[5]);
	sum = _mm_aesenc_si128(sum, s[6]);
	sum = _mm_aesenc_si128(sum, s[7]);
	return (uint64_t)_mm_cvtsi128_si64(sum);
#else
	return weir_hash(secret, key, WEIR_HASH_KEY_MAX);
#endif
}

#endif
