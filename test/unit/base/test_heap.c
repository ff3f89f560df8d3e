/* SPDX-License-Identifier: BSD-3-Clause */
/* The pairing heap: order, removal of any node, keys that wrap; at random, against a search of all. */
#include <criterion/criterion.h>

#include "weir_heap.h"

#define NODES 300

static struct weir_heap heap;
static struct weir_heap_node nodes[NODES];

static uint64_t
random_of(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The least key of all nodes that are in the heap is the root's. */
static void
expect_least(void)
{
	const struct weir_heap_node *least = NULL;

	for (uint32_t i = 0; i < NODES; i++)
		if (weir_heap_has(&nodes[i]) && (least == NULL || (int64_t)(nodes[i].key - least->key) < 0))
			least = &nodes[i];
	cr_assert_eq(least == NULL, heap.root == NULL);
	if (least != NULL)
		cr_assert_eq(heap.root->key, least->key);
}

Test(heap, gives_the_least_first)
{
	uint64_t state = 1, before;

	for (uint32_t i = 0; i < NODES; i++)
		weir_heap_insert(&heap, &nodes[i], random_of(&state) % 100);
	before = heap.root->key;
	for (uint32_t i = 0; i < NODES; i++) {
		cr_assert_geq(heap.root->key, before);
		before = heap.root->key;
		weir_heap_remove(&heap, heap.root);
	}
	cr_assert_null(heap.root);
}

Test(heap, any_node_is_removed_at_random)
{
	uint64_t state = 7;

	for (uint32_t step = 0; step < 50000; step++) {
		struct weir_heap_node *node = &nodes[random_of(&state) % NODES];

		if (weir_heap_has(node)) {
			weir_heap_remove(&heap, node);
			cr_assert_not(weir_heap_has(node));
			cr_assert(node->child == NULL && node->next == NULL);
		} else {
			/* Around where the scale wraps. */
			weir_heap_insert(&heap, node, random_of(&state) % 1000 - 500);
		}
		if (step % 8 == 0)
			expect_least();
	}
	for (uint32_t i = 0; i < NODES; i++)
		if (weir_heap_has(&nodes[i])) {
			weir_heap_remove(&heap, &nodes[i]);
			expect_least();
		}
	cr_assert_null(heap.root);
}

Test(heap, keys_wrap)
{
	weir_heap_insert(&heap, &nodes[0], 5);
	weir_heap_insert(&heap, &nodes[1], UINT64_MAX - 5);
	cr_assert_eq(heap.root, &nodes[1]);
	weir_heap_remove(&heap, &nodes[1]);
	cr_assert_eq(heap.root, &nodes[0]);
}
