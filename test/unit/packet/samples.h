/* SPDX-License-Identifier: BSD-3-Clause */
/* Correct packets of every kind, as bytes, one line a header; the tests bend them. Also the fuzzers' corpus. */
#ifndef WEIR_TEST_SAMPLES_H
#define WEIR_TEST_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct sample {
	const char *name;
	const char *hex;
};

extern const struct sample samples[];
extern const size_t n_samples;

/*
 * `n` bytes at the end of a heap block, so that ASan sees a read of one more; `odd` puts them on an odd address.
 * Freed by free_exact() with the same `odd`.
 */
uint8_t *alloc_exact(uint32_t n, int odd);
void free_exact(uint8_t *data, int odd);

/* The bytes of samples[i], at most `size`, into `data`; returns their number. */
uint32_t sample_bytes(size_t i, uint8_t *data, uint32_t size);

/* The sample of this name in an exact, even block. Aborts if there is none. */
uint8_t *sample_named(const char *name, uint32_t *len);

#endif
