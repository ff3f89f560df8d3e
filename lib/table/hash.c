/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hash_priv.h"
#include "weir_base.h"

void
weir_hash_secret_init(struct weir_hash_secret *secret)
{
	ssize_t n;

	do
		n = getrandom(secret, sizeof(*secret), 0);
	while (n < 0 && errno == EINTR);
	/* Up to 256 bytes come whole; without a random source nothing here would be safe to start. */
	if (n != (ssize_t)sizeof(*secret)) {
		weir_log_error("no random numbers from the kernel: %s", strerror(errno));
		abort();
	}
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#define ROTATE(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[0] = ROTATE(v[0], 32);
	v[2] += v[3];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012). */
uint64_t
weir_hash_sip(const struct weir_hash_secret *secret, const void *key, uint32_t size)
{
	uint64_t v[4] = {secret->w[0] ^ UINT64_C(0x736f6d6570736575), secret->w[1] ^ UINT64_C(0x646f72616e646f6d),
	    secret->w[0] ^ UINT64_C(0x6c7967656e657261), secret->w[1] ^ UINT64_C(0x7465646279746573)};
	const uint8_t *p = key;
	uint64_t tail = (uint64_t)size << 56;

	for (uint32_t i = 0; i < size; i += 8) {
		uint64_t word = load64(p + i);

		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	v[3] ^= tail;
	sip_round(v);
	v[0] ^= tail;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#ifdef __x86_64__

#include <immintrin.h>

#define CLNH __attribute__((target("aes,pclmul,sse4.2")))

/* Words 0 to 7 of the secret go into the words of the key, the others into the finish. */
static_assert(WEIR_HASH_KEY_MAX <= 64, "a word of the secret for every word of the key");

CLNH static inline uint64_t
clnh(const struct weir_hash_secret *secret, const uint8_t *key, uint32_t size)
{
	const __m128i *s = (const __m128i *)(const void *)secret;
	__m128i sum = _mm_cvtsi32_si128((int)size), pair;
	uint32_t i = 0;

	for (; i < size / 16; i++) {
		pair = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)key + i), s[i]);
		sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(pair, pair, 0x01));
	}
	if (size % 16 != 0) {
		pair = _mm_xor_si128(_mm_loadl_epi64((const __m128i *)(const void *)key + i), s[i]);
		sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(pair, pair, 0x01));
	}
	/* aesenc adds its key last: without the first XOR the first round would be the same under every secret. */
	sum = _mm_xor_si128(sum, s[4]);
	sum = _mm_aesenc_si128(sum, s[5]);
	sum = _mm_aesenc_si128(sum, s[6]);
	sum = _mm_aesenc_si128(sum, s[7]);
	return (uint64_t)_mm_cvtsi128_si64(sum);
}

CLNH uint64_t
weir_hash_clnh(const struct weir_hash_secret *secret, const void *key, uint32_t size)
{
	/* The largest key is that of flows, which every packet pays for: straight code. */
	return size == WEIR_HASH_KEY_MAX ? clnh(secret, key, WEIR_HASH_KEY_MAX) : clnh(secret, key, size);
}

static inline bool
has_clnh(void)
{
#if defined(__AES__) && defined(__PCLMUL__)
	return true;
#else
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#endif
}

#else

uint64_t
weir_hash_clnh(const struct weir_hash_secret *secret, const void *key, uint32_t size)
{
	return weir_hash_sip(secret, key, size);
}

static inline bool
has_clnh(void)
{
	return false;
}

#endif

bool
weir_hash_has_clnh(void)
{
	return has_clnh();
}

uint64_t
weir_hash(const struct weir_hash_secret *secret, const void *key, uint32_t size)
{
	return has_clnh() ? weir_hash_clnh(secret, key, size) : weir_hash_sip(secret, key, size);
}
