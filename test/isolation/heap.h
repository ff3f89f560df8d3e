/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is next: numbers 0 ... n-1 by a key each, which may change at any time. Of equal keys, any order, but always
 * the same. */
#ifndef WEIR_TEST_HEAP_H
#define WEIR_TEST_HEAP_H

#include <stdint.h>

struct heap {
	uint32_t n;
	uint64_t *key;	 /* by number */
	uint32_t *order; /* a binary heap of numbers */
	uint32_t *place; /* of a number in it */
};

struct heap *heap_create(uint32_t n); /* all keys UINT64_MAX */
void heap_free(struct heap *heap);
void heap_set(struct heap *heap, uint32_t number, uint64_t key);

/* The least key; UINT64_MAX where there is none. heap->order[0] has it. */
static inline uint64_t
heap_first(const struct heap *heap)
{
	return heap->n > 0 ? heap->key[heap->order[0]] : UINT64_MAX;
}

#endif
