/* SPDX-License-Identifier: BSD-3-Clause */
#include "heap.h"

#include <stdlib.h>

struct heap *
heap_create(uint32_t n)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	if (heap == NULL)
		abort();
	heap->n = n;
	heap->key = malloc((n + 1) * sizeof(*heap->key));
	heap->order = malloc((n + 1) * sizeof(*heap->order));
	heap->place = malloc((n + 1) * sizeof(*heap->place));
	if (heap->key == NULL || heap->order == NULL || heap->place == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		heap->key[i] = UINT64_MAX;
		heap->order[i] = heap->place[i] = i;
	}
	return heap;
}

void
heap_free(struct heap *heap)
{
	free(heap->key);
	free(heap->order);
	free(heap->place);
	free(heap);
}

static void
put(struct heap *heap, uint32_t at, uint32_t number)
{
	heap->order[at] = number;
	heap->place[number] = at;
}

void
heap_set(struct heap *heap, uint32_t number, uint64_t key)
{
	uint32_t at = heap->place[number], child;

	heap->key[number] = key;
	for (; at > 0 && heap->key[heap->order[(at - 1) / 2]] > key; at = (at - 1) / 2)
		put(heap, at, heap->order[(at - 1) / 2]);
	for (; (child = 2 * at + 1) < heap->n; at = child) {
		if (child + 1 < heap->n && heap->key[heap->order[child + 1]] < heap->key[heap->order[child]])
			child++;
		if (heap->key[heap->order[child]] >= key)
			break;
		put(heap, at, heap->order[child]);
	}
	put(heap, at, number);
}
