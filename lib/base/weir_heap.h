/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pairing heap (Fredman, Sedgewick, Sleator, Tarjan, Algorithmica 1986) of nodes that are part of what they stand
 * for: the least key in no time, insertion in constant time, removal of any node in logarithmic amortized time; no
 * memory of its own.
 *
 * Keys are moments on a scale that wraps: the earlier of two is the one whose signed difference to the other is
 * negative. Of equal keys any may be first.
 *
 * One thread at a time. Nodes and heaps that are all zero are empty.
 */
#ifndef WEIR_HEAP_H
#define WEIR_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_heap_node {
	struct weir_heap_node *child, *next; /* first child; sibling */
	struct weir_heap_node *prev;	     /* sibling or, of a first child, parent; of the root itself; else NULL */
	uint64_t key;
};

struct weir_heap {
	struct weir_heap_node *root; /* the least; NULL = empty */
};

/* Is it in a heap? */
static inline bool
weir_heap_has(const struct weir_heap_node *node)
{
	return node->prev != NULL;
}

/* `node` is in no heap. */
void weir_heap_insert(struct weir_heap *heap, struct weir_heap_node *node, uint64_t key);

/* `node` is in this heap. */
void weir_heap_remove(struct weir_heap *heap, struct weir_heap_node *node);

#endif
