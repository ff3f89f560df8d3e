/* SPDX-License-Identifier: BSD-3-Clause */
#include "weir_heap.h"

/* Two roots become one. */
static struct weir_heap_node *
meld(struct weir_heap_node *a, struct weir_heap_node *b)
{
	struct weir_heap_node *top = a, *under = b;

	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if ((int64_t)(b->key - a->key) < 0) {
		top = b;
		under = a;
	}
	under->prev = top;
	under->next = top->child;
	if (under->next != NULL)
		under->next->prev = under;
	top->child = under;
	top->next = NULL;
	return top;
}

/* Siblings become one: in pairs first, then the pairs from the last on. */
static struct weir_heap_node *
meld_all(struct weir_heap_node *first)
{
	struct weir_heap_node *pairs = NULL, *all = NULL;

	while (first != NULL) {
		struct weir_heap_node *a = first, *b = a->next, *pair;

		first = b == NULL ? NULL : b->next;
		a->next = NULL;
		if (b != NULL)
			b->next = NULL;
		pair = meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs != NULL) {
		struct weir_heap_node *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		all = meld(pair, all);
	}
	return all;
}

static void
set_root(struct weir_heap *heap, struct weir_heap_node *root)
{
	heap->root = root;
	if (root != NULL) {
		root->prev = root;
		root->next = NULL;
	}
}

void
weir_heap_insert(struct weir_heap *heap, struct weir_heap_node *node, uint64_t key)
{
	node->key = key;
	node->child = node->next = NULL;
	set_root(heap, meld(heap->root, node));
}

void
weir_heap_remove(struct weir_heap *heap, struct weir_heap_node *node)
{
	struct weir_heap_node *rest = meld_all(node->child);

	if (heap->root == node) {
		set_root(heap, rest);
	} else {
		if (node->prev->child == node)
			node->prev->child = node->next;
		else
			node->prev->next = node->next;
		if (node->next != NULL)
			node->next->prev = node->prev;
		set_root(heap, meld(heap->root, rest));
	}
	node->child = node->next = node->prev = NULL;
}
