/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fuzz target feeds one input to the code and checks what must hold for any input. It runs under libFuzzer, or
 * linked with driver.c as an ordinary, repeatable test.
 */
#ifndef WEIR_FUZZ_H
#define WEIR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                                        \
	do {                                                                                                         \
		if (!(condition)) {                                                                                  \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
			abort();                                                                                     \
		}                                                                                                    \
	} while (0)

/* Big-endian 16 bits of a packet, read the slow and obvious way. */
static inline uint32_t
be16_at(const uint8_t *data, uint32_t at)
{
	return (uint32_t)data[at] << 8 | data[at + 1];
}

#endif
