/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model_map_priv.h"

#define BITS 5u		/* of the hash, a level */
#define HASH_LEVELS 12u /* levels that one hash serves; below, the key is hashed anew */

/* Children stand packed, in order of their branches. */
struct node {
	uint32_t refs;
	uint32_t bits; /* the branches that there are */
	uintptr_t slot[];
};

static inline bool
is_leaf(uintptr_t ref)
{
	return (ref & 1) != 0;
}

static inline struct weir_map_leaf *
to_leaf(uintptr_t ref)
{
	return (struct weir_map_leaf *)(ref & ~(uintptr_t)1);
}

static inline struct node *
to_node(uintptr_t ref)
{
	return (struct node *)ref;
}

static inline uint32_t
node_size(const struct node *node)
{
	return (uint32_t)__builtin_popcount(node->bits);
}

static inline uint32_t
slot_of(const struct node *node, uint32_t branch)
{
	return (uint32_t)__builtin_popcount(node->bits & ((1u << branch) - 1));
}

static void
take(uintptr_t ref)
{
	(void)__atomic_add_fetch(is_leaf(ref) ? &to_leaf(ref)->refs : &to_node(ref)->refs, 1, __ATOMIC_RELAXED);
}

static void
drop_leaf(const struct weir_map *map, struct weir_map_leaf *leaf)
{
	if (__atomic_sub_fetch(&leaf->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	if (map->drop != NULL && leaf->obj != NULL)
		map->drop(leaf->obj);
	free(leaf);
}

/* Recursion is as deep as the trie: a few levels, as its hash is secret. */
static void
drop(const struct weir_map *map, uintptr_t ref)
{
	struct node *node = to_node(ref);

	if (ref == 0)
		return;
	if (is_leaf(ref)) {
		drop_leaf(map, to_leaf(ref));
		return;
	}
	if (__atomic_sub_fetch(&node->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (uint32_t i = 0; i < node_size(node); i++)
		drop(map, node->slot[i]);
	free(node);
}

/* A key that is looked for. */
struct probe {
	const void *key;
	size_t len;
	uint64_t hash;
};

static struct probe
probe_for(const struct weir_map *map, const void *key, size_t len)
{
	return (struct probe){.key = key, .len = len, .hash = weir_siphash(map->secret, key, len)};
}

static struct probe
probe_of(const struct weir_map_leaf *leaf)
{
	return (struct probe){.key = leaf->key, .len = leaf->key_len, .hash = leaf->hash};
}

static bool
matches(const struct weir_map_leaf *leaf, const struct probe *probe)
{
	return leaf->hash == probe->hash && leaf->key_len == probe->len &&
	       memcmp(leaf->key, probe->key, probe->len) == 0;
}

static uint32_t
branch_of(const struct weir_map *map, const struct probe *probe, uint32_t level)
{
	struct weir_siphash_key key = *map->secret;
	uint64_t hash = probe->hash;

	if (level >= HASH_LEVELS) {
		key.k1 += level / HASH_LEVELS;
		hash = weir_siphash(&key, probe->key, probe->len);
	}
	return (uint32_t)(hash >> (BITS * (level % HASH_LEVELS))) & ((1u << BITS) - 1);
}

static struct weir_map_leaf *
make_leaf(const struct probe *probe, uint64_t num, void *obj)
{
	struct weir_map_leaf *leaf = malloc(sizeof(*leaf) + probe->len);

	if (leaf == NULL)
		return NULL;
	leaf->refs = 1;
	leaf->key_len = (uint32_t)probe->len;
	leaf->hash = probe->hash;
	leaf->num = num;
	leaf->obj = obj;
	memcpy(leaf->key, probe->key, probe->len);
	return leaf;
}

/* Makes the node behind *ref this map's alone, so that it may be changed in place. */
static struct node *
own_node(const struct weir_map *map, uintptr_t *ref)
{
	struct node *node = to_node(*ref), *copy;
	uint32_t n = node_size(node);

	if (__atomic_load_n(&node->refs, __ATOMIC_ACQUIRE) == 1)
		return node;
	copy = malloc(sizeof(*copy) + n * sizeof(copy->slot[0]));
	if (copy == NULL)
		return NULL;
	copy->refs = 1;
	copy->bits = node->bits;
	for (uint32_t i = 0; i < n; i++) {
		copy->slot[i] = node->slot[i];
		take(copy->slot[i]);
	}
	drop(map, *ref);
	*ref = (uintptr_t)copy;
	return copy;
}

/* One more child for a node that is owned. */
static int
add_child(uintptr_t *ref, uint32_t branch, uintptr_t child)
{
	uint32_t n = node_size(to_node(*ref));
	struct node *node = realloc(to_node(*ref), sizeof(*node) + (n + 1) * sizeof(node->slot[0]));
	uint32_t at;

	if (node == NULL)
		return -ENOMEM;
	at = slot_of(node, branch);
	memmove(&node->slot[at + 1], &node->slot[at], (n - at) * sizeof(node->slot[0]));
	node->slot[at] = child;
	node->bits |= 1u << branch;
	*ref = (uintptr_t)node;
	return 0;
}

/* Puts a node between *ref, a leaf, and its parent. */
static int
push_down(const struct weir_map *map, uintptr_t *ref, uint32_t level)
{
	struct node *node = malloc(sizeof(*node) + sizeof(node->slot[0]));
	struct probe probe = probe_of(to_leaf(*ref));

	if (node == NULL)
		return -ENOMEM;
	node->refs = 1;
	node->bits = 1u << branch_of(map, &probe, level);
	node->slot[0] = *ref;
	*ref = (uintptr_t)node;
	return 0;
}

static int
put_leaf(struct weir_map *map, const struct probe *probe, struct weir_map_leaf *leaf)
{
	uintptr_t *ref = &map->root;

	for (uint32_t level = 0; *ref != 0; level++) {
		struct node *node;
		uint32_t branch;

		if (is_leaf(*ref)) {
			if (matches(to_leaf(*ref), probe)) {
				drop(map, *ref);
				*ref = (uintptr_t)leaf | 1;
				return 0;
			}
			if (push_down(map, ref, level) != 0)
				return -ENOMEM;
		}
		node = own_node(map, ref);
		if (node == NULL)
			return -ENOMEM;
		branch = branch_of(map, probe, level);
		if ((node->bits & (1u << branch)) == 0) {
			if (add_child(ref, branch, (uintptr_t)leaf | 1) != 0)
				return -ENOMEM;
			map->n++;
			return 0;
		}
		ref = &node->slot[slot_of(node, branch)];
	}
	*ref = (uintptr_t)leaf | 1;
	map->n++;
	return 0;
}

static int
put(struct weir_map *map, const struct probe *probe, uint64_t num, void *obj)
{
	struct weir_map_leaf *leaf = make_leaf(probe, num, obj);

	if (leaf == NULL || put_leaf(map, probe, leaf) != 0) {
		if (map->drop != NULL && obj != NULL)
			map->drop(obj);
		free(leaf);
		return -ENOMEM;
	}
	return 0;
}

/* Cuts off the way to the leaf below the last node that leads elsewhere too. */
static int
take_out(struct weir_map *map, const struct probe *probe)
{
	uintptr_t *ref = &map->root, gone;
	struct node *fork = NULL;
	uint32_t fork_branch = 0, at;

	for (uint32_t level = 0; !is_leaf(*ref); level++) {
		struct node *node = own_node(map, ref);
		uint32_t branch = branch_of(map, probe, level);

		if (node == NULL)
			return -ENOMEM;
		if (node_size(node) > 1) {
			fork = node;
			fork_branch = branch;
		}
		ref = &node->slot[slot_of(node, branch)];
	}
	gone = map->root;
	if (fork == NULL) {
		map->root = 0;
	} else {
		at = slot_of(fork, fork_branch);
		gone = fork->slot[at];
		memmove(&fork->slot[at], &fork->slot[at + 1], (node_size(fork) - at - 1) * sizeof(fork->slot[0]));
		fork->bits &= ~(1u << fork_branch);
	}
	map->n--;
	drop(map, gone);
	return 0;
}

static const struct weir_map_leaf *
find(const struct weir_map *map, const struct probe *probe)
{
	uintptr_t ref = map->root;

	for (uint32_t level = 0; ref != 0 && !is_leaf(ref); level++) {
		const struct node *node = to_node(ref);
		uint32_t branch = branch_of(map, probe, level);

		ref = (node->bits & (1u << branch)) != 0 ? node->slot[slot_of(node, branch)] : 0;
	}
	return ref != 0 && matches(to_leaf(ref), probe) ? to_leaf(ref) : NULL;
}

static size_t
list(uintptr_t ref, const struct weir_map_leaf **leaves)
{
	size_t n = 0;

	if (ref == 0)
		return 0;
	if (is_leaf(ref)) {
		*leaves = to_leaf(ref);
		return 1;
	}
	for (uint32_t i = 0; i < node_size(to_node(ref)); i++)
		n += list(to_node(ref)->slot[i], leaves + n);
	return n;
}

void
weir_map_init(struct weir_map *map, const struct weir_siphash_key *secret, void (*drop_obj)(void *obj))
{
	*map = (struct weir_map){.secret = secret, .drop = drop_obj};
}

void
weir_map_copy(struct weir_map *to, const struct weir_map *from)
{
	*to = *from;
	if (to->root != 0)
		take(to->root);
}

void
weir_map_drop(struct weir_map *map)
{
	drop(map, map->root);
	map->root = 0;
	map->n = 0;
}

const struct weir_map_leaf *
weir_map_find(const struct weir_map *map, const void *key, size_t len)
{
	struct probe probe = probe_for(map, key, len);

	return find(map, &probe);
}

int
weir_map_put(struct weir_map *map, const void *key, size_t len, uint64_t num, void *obj)
{
	struct probe probe = probe_for(map, key, len);

	return put(map, &probe, num, obj);
}

int
weir_map_remove(struct weir_map *map, const void *key, size_t len)
{
	struct probe probe = probe_for(map, key, len);

	return find(map, &probe) != NULL ? take_out(map, &probe) : 0;
}

int
weir_map_count(struct weir_map *map, const void *key, size_t len, int64_t delta, uint64_t *sum)
{
	struct probe probe = probe_for(map, key, len);
	const struct weir_map_leaf *leaf = find(map, &probe);
	uint64_t num = (leaf != NULL ? leaf->num : 0) + (uint64_t)delta;

	if (sum != NULL)
		*sum = num;
	if (num != 0)
		return put(map, &probe, num, NULL);
	return leaf != NULL ? take_out(map, &probe) : 0;
}

void
weir_map_list(const struct weir_map *map, const struct weir_map_leaf **leaves)
{
	(void)list(map->root, leaves);
}
