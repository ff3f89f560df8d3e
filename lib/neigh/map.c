/* SPDX-License-Identifier: BSD-3-Clause */
/* Only configured addresses are ever put in, so that a plain hash does: nobody outside can fill a bucket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "neigh_priv.h"

int
map_init(struct map *map, uint32_t capacity)
{
	uint32_t size = 16;

	while (size < capacity)
		size *= 2;
	map->mask = size - 1;
	map->bucket = malloc(size * sizeof(*map->bucket));
	map->next = malloc(capacity * sizeof(*map->next));
	if (map->bucket == NULL || map->next == NULL)
		return -ENOMEM;
	memset(map->bucket, 0xff, size * sizeof(*map->bucket));
	return 0;
}

void
map_fini(struct map *map)
{
	free(map->bucket);
	free(map->next);
}

uint32_t
map_hash(const struct weir_ip *ip, uint32_t underlay)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t word[2], mix;

	memcpy(word, ip, sizeof(word));
	mix = (word[0] ^ underlay) * odd ^ word[1];
	/* Addresses differ in their last bytes, the highest of a word: products carry upwards only. */
	mix = (mix ^ mix >> 32) * odd;
	return (uint32_t)(mix >> 32);
}

void
map_add(struct map *map, uint32_t hash, uint32_t id)
{
	uint32_t *bucket = &map->bucket[hash & map->mask];

	map->next[id] = *bucket;
	*bucket = id;
}

void
map_remove(struct map *map, uint32_t hash, uint32_t id)
{
	uint32_t *link = &map->bucket[hash & map->mask];

	while (*link != id)
		link = &map->next[*link];
	*link = map->next[id];
}
