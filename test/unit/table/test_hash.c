/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash against keys prepared by somebody who knows the code but not the secret. Each set below collides wholly
 * under a hash that looks as good as ours and is not: the first assertion of each shows that the set does its work.
 */
#include <criterion/criterion.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash_crc.h>
#include <rte_memory.h>

#include "eal.h"
#include "hash_priv.h"
#include "weir_table_fast.h"

#define WORDS 8
#define SET 4096
#define BINS 512

typedef uint64_t (*hash_fn)(const struct weir_hash_secret *secret, const void *key, uint32_t size);

struct set {
	uint64_t key[SET][WORDS];
};

static struct weir_hash_secret
secret_of(uint64_t seed)
{
	struct weir_hash_secret secret;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(secret.w); i++)
		secret.w[i] = next_random(&seed);
	return secret;
}

static int
compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Pearson's statistic of 9 bits of the hashes. Its mean is 511 and its deviation 32; twelve deviations above never
 * happen by chance in these few hundred trials, while one bucket too many for a hundred keys is far beyond.
 */
static void
assert_even(const uint64_t *hashes, uint32_t n, unsigned int shift, const char *what)
{
	uint32_t bins[BINS] = {0};
	double expected = (double)n / BINS, statistic = 0;

	for (uint32_t i = 0; i < n; i++)
		bins[hashes[i] >> shift & (BINS - 1)]++;
	for (uint32_t i = 0; i < BINS; i++)
		statistic += ((double)bins[i] - expected) * ((double)bins[i] - expected) / expected;
	cr_assert_lt(statistic, 511.0 + 12 * 32.0, "%s, bits from %u: %.0f", what, shift, statistic);
}

static void
assert_spread_by(hash_fn hash, const struct set *set, uint32_t n, const char *what)
{
	static uint64_t hashes[SET];

	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct weir_hash_secret secret = secret_of(seed * 7919);

		for (uint32_t i = 0; i < n; i++)
			hashes[i] = hash(&secret, set->key[i], sizeof(set->key[i]));
		/* Bits that choose buckets, and those of the tag. */
		assert_even(hashes, n, 0, what);
		assert_even(hashes, n, 11, what);
		assert_even(hashes, n, 48, what);
		assert_even(hashes, n, 55, what);
		qsort(hashes, n, sizeof(hashes[0]), compare_u64);
		for (uint32_t i = 1; i < n; i++)
			cr_assert_neq(hashes[i], hashes[i - 1], "%s: two hashes are equal", what);
	}
}

/* What it costs to have the keys in a table at its full load. */
struct cost {
	uint32_t second; /* entries in their second bucket: a line more for each lookup */
	uint64_t moves;	 /* made by insertions */
};

static struct cost
cost_of(const struct set *set, uint32_t n, uint64_t seed, const char *what)
{
	struct weir_table *table = weir_table_create(&(struct weir_table_params){.name = "prepared",
	    .entries = set->key,
	    .capacity = n,
	    .key_size = sizeof(set->key[0]),
	    .stride = sizeof(set->key[0]),
	    .socket = SOCKET_ID_ANY});
	struct cost cost = {0};

	cr_assert_not_null(table);
	table->secret = secret_of(seed);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(weir_table_add(table, weir_table_hash_64(table, set->key[i]), i), 0, "%s: key %u of %u",
		    what, i, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = weir_table_hash_64(table, set->key[i]);
		const struct weir_bucket *bucket = &table->buckets[weir_bucket_of(table, hash)];
		bool first = false;

		cr_assert_eq(weir_table_lookup(table, set->key[i], hash), i);
		for (uint32_t hits = weir_bucket_match(bucket, weir_tag_of(hash)); hits != 0; hits &= hits - 1)
			first |= weir_bucket_index(bucket, hits) == i;
		cost.second += !first;
	}
	cost.moves = table->moves;
	weir_table_free(table);
	return cost;
}

/* As much as keys at random cost, and a quarter for chance. */
static void
assert_flat_cost(const struct set *set, uint32_t n, const char *what)
{
	static struct set usual;
	static struct cost want;
	uint64_t random = 41;

	if (want.second == 0) {
		cr_assert_eq(start_eal(), 0);
		for (uint32_t i = 0; i < SET; i++)
			for (uint32_t w = 0; w < WORDS; w++)
				usual.key[i][w] = next_random(&random);
		want = cost_of(&usual, SET, 1, "random keys");
		cr_assert_gt(want.second, 0);
	}
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct cost cost = cost_of(set, n, seed * 7919, what);

		cr_assert_leq(cost.second, want.second + want.second / 4, "%s: %u of %u keys in the second bucket",
		    what, cost.second, n);
		cr_assert_leq(cost.moves, want.moves + want.moves / 4 + 20, "%s: %lu moves, at random %lu", what,
		    (unsigned long)cost.moves, (unsigned long)want.moves);
	}
}

static void
assert_spread(const struct set *set, uint32_t n, const char *what)
{
	assert_flat_cost(set, n, what);
	assert_spread_by(weir_hash_sip, set, n, what);
	if (weir_hash_has_clnh())
		assert_spread_by(weir_hash_clnh, set, n, what);
}

Test(hash, siphash_is_siphash)
{
	/* SipHash-1-3 of 00 01 02 ... under a key of zeros, as CPython has it. */
	static const struct {
		uint32_t size;
		uint64_t hash;
	} vectors[] = {{8, UINT64_C(0xead411e67ebe2eea)}, {16, UINT64_C(0x8972188433a5c5b7)},
	    {24, UINT64_C(0x31185a47af932f3a)}, {40, UINT64_C(0x95bc321ab41d8206)},
	    {64, UINT64_C(0x75e05fd5bbc870c6)}};
	const struct weir_hash_secret zero = {.w = {0}};
	uint8_t bytes[WEIR_HASH_KEY_MAX];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(vectors); i++)
		cr_assert_eq(weir_hash_sip(&zero, bytes, vectors[i].size), vectors[i].hash);
}

/* Carry-less product, bit by bit. */
static void
multiply(uint64_t a, uint64_t b, uint64_t product[2])
{
	for (unsigned int i = 0; i < 64; i++) {
		if ((b >> i & 1) == 0)
			continue;
		product[0] ^= a << i;
		product[1] ^= i == 0 ? 0 : a >> (64 - i);
	}
}

__attribute__((target("aes,sse4.2"))) static uint64_t
finish(const struct weir_hash_secret *secret, const uint64_t sum[2])
{
	__m128i x = _mm_set_epi64x((int64_t)(sum[1] ^ secret->w[9]), (int64_t)(sum[0] ^ secret->w[8]));

	for (int i = 10; i < 16; i += 2)
		x = _mm_aesenc_si128(x, _mm_set_epi64x((int64_t)secret->w[i + 1], (int64_t)secret->w[i]));
	return (uint64_t)_mm_cvtsi128_si64(x);
}

Test(hash, clnh_is_clnh)
{
	struct weir_hash_secret secret = secret_of(99);
	uint64_t key[WORDS], random = 5;

	if (!weir_hash_has_clnh())
		cr_skip("no PCLMULQDQ or AES here");
	for (uint32_t size = 8; size <= sizeof(key); size += 8) {
		uint64_t sum[2] = {size, 0};

		for (uint32_t i = 0; i < WORDS; i++)
			key[i] = next_random(&random);
		for (uint32_t i = 0; i < size / 8; i += 2)
			multiply(key[i] ^ secret.w[i], (i + 1 < size / 8 ? key[i + 1] : 0) ^ secret.w[i + 1], sum);
		cr_assert_eq(weir_hash_clnh(&secret, key, size), finish(&secret, sum));
	}
}

Test(hash, depends_on_every_bit_the_size_and_the_secret)
{
	struct weir_hash_secret secret = secret_of(1), other = secret_of(2), drawn[2];
	uint8_t room[WEIR_HASH_KEY_MAX + 1] = {0};
	uint8_t *key = room + 1; /* not aligned */

	for (uint32_t size = 8; size <= WEIR_HASH_KEY_MAX; size += 8) {
		uint64_t hash = weir_hash(&secret, key, size);

		cr_assert_eq(weir_hash(&secret, key, size), hash);
		cr_assert_neq(weir_hash(&other, key, size), hash);
		cr_assert(size == 8 || weir_hash(&secret, key, size - 8) != hash);
		for (uint32_t bit = 0; bit < size * 8; bit++) {
			key[bit / 8] ^= (uint8_t)(1U << bit % 8);
			cr_assert_neq(weir_hash(&secret, key, size), hash);
			key[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
	weir_hash_secret_init(&drawn[0]);
	weir_hash_secret_init(&drawn[1]);
	cr_assert_neq(weir_hash(&drawn[0], key, 64), weir_hash(&drawn[1], key, 64));
}

/* In line and called, at any alignment. */
Test(hash, of_64_bytes_is_the_same)
{
	uint8_t room[WEIR_HASH_KEY_MAX + 64];
	uint64_t random = 7;

	for (uint32_t n = 0; n < 100000; n++) {
		struct weir_hash_secret secret = secret_of(n / 100 + 1);
		uint8_t *key = room + n % 64;

		for (uint32_t i = 0; i < WEIR_HASH_KEY_MAX; i += 8) {
			/* Now and then words of one bit, or none. */
			uint64_t word = n % 3 != 0 ? next_random(&random) : n % 2 != 0 ? UINT64_C(1) << n % 64 : 0;

			memcpy(key + i, &word, sizeof(word));
		}
		cr_assert_eq(weir_hash_64(&secret, key), weir_hash(&secret, key, WEIR_HASH_KEY_MAX));
	}
}

Test(hash, counting_keys_spread)
{
	static struct set set;

	for (uint32_t word = 0; word < WORDS; word++) {
		for (unsigned int shift = 0; shift <= 52; shift += 13) {
			for (uint32_t i = 0; i < SET; i++) {
				memset(set.key[i], 0, sizeof(set.key[i]));
				set.key[i][word] = (uint64_t)i << shift;
			}
			assert_spread(&set, SET, "counting");
		}
	}
}

/* CRC32 is linear: with one seed or another, keys that differ by what it maps to 0 have one CRC. */
Test(hash, crc_collisions_spread)
{
	static struct set set;
	uint32_t crc[WORDS * 64], rows = 0;
	uint64_t unit[WORDS * 64][WORDS], kernel[12][WORDS];
	const uint64_t zero[WORDS] = {0};
	uint32_t pivot_of[32];
	uint64_t random = 3;

	/* Gaussian elimination over the CRCs of single bits, in random order so that the kernel is no neat pattern.
	 */
	memset(pivot_of, 0xff, sizeof(pivot_of));
	for (uint32_t i = 0; i < WORDS * 64 && rows < 12; i++) {
		uint32_t bit = (uint32_t)(i * 37 + next_random(&random) % 2 * 64) % (WORDS * 64);

		memset(unit[i], 0, sizeof(unit[i]));
		unit[i][bit / 64] = UINT64_C(1) << bit % 64;
		crc[i] = rte_hash_crc(unit[i], sizeof(unit[i]), 0) ^ rte_hash_crc(zero, sizeof(zero), 0);
		while (crc[i] != 0 && pivot_of[__builtin_ctz(crc[i])] != UINT32_MAX) {
			uint32_t p = pivot_of[__builtin_ctz(crc[i])];

			crc[i] ^= crc[p];
			for (int w = 0; w < WORDS; w++)
				unit[i][w] ^= unit[p][w];
		}
		if (crc[i] != 0)
			pivot_of[__builtin_ctz(crc[i])] = i;
		else if (memcmp(unit[i], zero, sizeof(zero)) != 0)
			memcpy(kernel[rows++], unit[i], sizeof(unit[i]));
	}
	cr_assert_eq(rows, 12);
	for (uint32_t i = 0; i < SET; i++) {
		memset(set.key[i], 0, sizeof(set.key[i]));
		for (uint32_t row = 0; row < 12; row++)
			for (int w = 0; (i >> row & 1) != 0 && w < WORDS; w++)
				set.key[i][w] ^= kernel[row][w];
		cr_assert_eq(rte_hash_crc(set.key[i], sizeof(set.key[i]), 77), rte_hash_crc(zero, sizeof(zero), 77));
	}
	assert_spread(&set, SET, "equal CRC32");
}

__attribute__((target("aes,sse4.2"))) static __m128i
aes_round(__m128i x, __m128i key)
{
	return _mm_aesenc_si128(x, key);
}

__attribute__((target("aes,sse4.2"))) static __m128i
aes_round_undone(__m128i x)
{
	return _mm_aesdeclast_si128(_mm_aesimc_si128(x), _mm_setzero_si128());
}

/* The hash that adds its secret too late: each block through a round, and summed. */
static uint64_t
naive_aes(const struct weir_hash_secret *secret, const uint64_t key[WORDS])
{
	__m128i sum = _mm_setzero_si128();

	for (size_t i = 0; i < WORDS; i += 2)
		sum = _mm_xor_si128(sum, aes_round(_mm_loadu_si128((const __m128i *)(const void *)&key[i]),
					     _mm_loadu_si128((const __m128i *)(const void *)&secret->w[i])));
	return (uint64_t)_mm_cvtsi128_si64(aes_round(sum, _mm_setzero_si128()));
}

/* Two blocks whose first rounds cancel out. */
Test(hash, aes_differentials_spread)
{
	static struct set set;
	struct weir_hash_secret secret = secret_of(11);
	uint64_t random = 17;

	if (!weir_hash_has_clnh())
		cr_skip("no PCLMULQDQ or AES here");
	for (uint32_t i = 0; i < SET; i++) {
		__m128i a = _mm_set_epi64x((int64_t)next_random(&random), (int64_t)next_random(&random));
		__m128i b = aes_round_undone(aes_round(a, _mm_set_epi64x(0x1234567, 0x89abcdef)));

		memset(set.key[i], 0, sizeof(set.key[i]));
		_mm_storeu_si128((__m128i *)(void *)&set.key[i][0], a);
		_mm_storeu_si128((__m128i *)(void *)&set.key[i][4], b);
		cr_assert_eq(naive_aes(&secret, set.key[i]), naive_aes(&secret, set.key[0]));
	}
	assert_spread(&set, SET, "AES differential");
}

/* The same words in another order: what sums blocks without regard to their place takes them for one key. */
Test(hash, block_swaps_spread)
{
	static struct set set;
	struct weir_hash_secret secret = secret_of(31);
	uint64_t random = 23;

	for (uint32_t i = 0; i < SET; i++) {
		uint32_t code = i * 9; /* below 8! */
		uint64_t left[WORDS];

		for (uint32_t w = 0; w < WORDS; w++)
			left[w] = i == 0 ? next_random(&random) : set.key[0][w];
		for (uint32_t w = 0; w < WORDS; w++) {
			uint32_t pick = code % (WORDS - w);

			code /= WORDS - w;
			set.key[i][w] = left[pick];
			memmove(&left[pick], &left[pick + 1], (WORDS - 1 - w - pick) * sizeof(left[0]));
		}
	}
	assert_spread(&set, SET, "swapped words");
	if (!weir_hash_has_clnh())
		return;
	/* Blocks of 16 bytes: 24 orders. Under a naive hash one value, under ours 24. */
	for (uint32_t i = 0; i < 24; i++) {
		uint32_t order[4] = {i % 4, 0, 0, 0}, seen = 1U << order[0], code = i / 4;

		for (uint32_t k = 1; k < 4; k++) {
			uint32_t pick = code % (4 - k), b = 0;

			code /= 4 - k;
			while ((seen >> b & 1) != 0 || pick-- > 0)
				b++;
			seen |= 1U << b;
			order[k] = b;
		}
		for (uint32_t k = 0; k < 4; k++)
			memcpy(&set.key[i + 1][k * 2], &set.key[0][order[k] * 2], 16);
		cr_assert_eq(naive_aes(&secret, set.key[i + 1]), naive_aes(&secret, set.key[0]));
		for (uint32_t k = 1; k <= i; k++)
			cr_assert_neq(
			    weir_hash_clnh(&secret, set.key[i + 1], 64), weir_hash_clnh(&secret, set.key[k], 64));
	}
}
