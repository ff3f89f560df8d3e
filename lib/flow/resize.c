/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of a size that suits the flows. A few flows in a table for millions would each have a bucket to themselves,
 * a cacheline of memory seldom in any cache. So there is a table for all slots, one for a sixth of them, and so on,
 * a fifth more memory in buckets than the largest alone; all hash alike. When flows outgrow a table, or are few
 * for it, new ones go to the next, and the others are moved a few buckets at a time: there is no stop, a flow is in
 * one of the two, and what is not in the one is looked for in the other.
 *
 * Room is certain at all times. Growing: a table begins to be emptied at three quarters of its capacity c; each
 * fourth new flow empties one of its c / 6.8 buckets, so that is done when 0.6 c have come, and the next table has a
 * capacity of 6 c. Shrinking to a capacity c: begins below c / 4 flows, and each new one empties two of 6 c / 6.8
 * buckets, which are all but empty, so that is done when 0.44 c have come.
 */
#include <errno.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "flow_priv.h"

#define RATIO 6
#define CAPACITY_MIN 1024 /* 10 KB of buckets: in the first cache already */

static uint32_t
capacity_of(const struct weir_flows *flows, uint32_t size)
{
	uint32_t capacity = flows->capacity;

	while (++size < flows->n_tables)
		capacity /= RATIO;
	return capacity;
}

static void
use(struct weir_flows *flows, uint32_t size)
{
	flows->size = size;
	flows->table = flows->tables[size];
	flows->grow_at = size + 1 < flows->n_tables ? capacity_of(flows, size) / 4 * 3 : WEIR_NONE;
	flows->shrink_at = size > 0 ? capacity_of(flows, size - 1) / 4 : 0;
}

int
flows_make_tables(struct weir_flows *flows, int socket)
{
	struct weir_table_params params = {
	    .name = "weir_flows",
	    .key_size = sizeof(struct weir_key),
	    .stride = sizeof(*flows->flow),
	    .entries = flows->flow,
	    .socket = socket,
	};
	uint32_t n = 1;

	for (uint32_t c = flows->capacity / RATIO; c >= CAPACITY_MIN && n < WEIR_FLOWS_TABLES; c /= RATIO)
		n++;
	flows->n_tables = n;
	for (uint32_t i = 0; i < n; i++) {
		params.capacity = capacity_of(flows, i);
		params.like = flows->tables[0];
		flows->tables[i] = weir_table_create(&params);
		if (flows->tables[i] == NULL)
			return -ENOMEM;
	}
	use(flows, 0);
	return 0;
}

static void
start(struct weir_flows *flows, uint32_t size)
{
	flows->old = flows->table;
	flows->move_at = 0;
	use(flows, size);
}

#define BATCH 4u /* buckets whose flows are fetched side by side */

/* The flows of the next n <= BATCH buckets; false: there is no room, and they stay in the old table. */
static bool
move_buckets(struct weir_flows *flows, uint32_t n)
{
	uint32_t index[BATCH * WEIR_TABLE_WAYS], taken = 0, moved = 0;
	uint64_t hashes[BATCH * WEIR_TABLE_WAYS];

	for (uint32_t b = 0; b < n; b++)
		taken += weir_table_take(flows->old, flows->move_at + b, &index[taken]);
	for (uint32_t k = 0; k < taken; k++)
		rte_prefetch0(&flows->flow[index[k]].key);
	for (uint32_t k = 0; k < taken; k++)
		hashes[k] = weir_flows_hash(flows, &flows->flow[index[k]].key);
	while (moved < taken && weir_table_add(flows->table, hashes[moved], index[moved]) == 0)
		moved++;
	if (moved == taken) {
		flows->move_at += n;
		return true;
	}
	/* Places for them have just become free, but perhaps they come to stand in others, passed already. */
	for (; moved < taken; moved++)
		(void)weir_table_add(flows->old, hashes[moved], index[moved]);
	flows->move_at = 0;
	return false;
}

void
flows_resize(struct weir_flows *flows, uint32_t n)
{
	uint32_t buckets;

	if (flows->old == NULL) {
		if (flows->used >= flows->grow_at)
			start(flows, flows->size + 1);
		else if (flows->used < flows->shrink_at)
			start(flows, flows->size - 1);
		return;
	}
	buckets = weir_table_slots(flows->old) / WEIR_TABLE_WAYS;
	n = RTE_MIN(n, buckets - flows->move_at);
	while (n > 0 && move_buckets(flows, RTE_MIN(n, BATCH)))
		n -= RTE_MIN(n, BATCH);
	if (flows->move_at == buckets)
		flows->old = NULL;
}

void
flows_resize_added(struct weir_flows *flows)
{
	if (flows->old == NULL || weir_table_slots(flows->old) > weir_table_slots(flows->table))
		flows_resize(flows, 2);
	else if (flows->used % 4 == 0)
		flows_resize(flows, 1);
}
