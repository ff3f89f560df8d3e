/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "weir_share.h"

void
weir_promise_init(struct weir_promise *promise, const struct weir_rate *rate, uint64_t now)
{
	*promise = (struct weir_promise){
	    .used = now << WEIR_TICK_SHIFT,
	    .bit = rate->bps == 0 ? 0 : weir_bit_time(rate->bps),
	    .packet = rate->pps == 0 ? 0 : (WEIR_NS_PER_S << WEIR_TICK_SHIFT) / rate->pps,
	};
}

void
weir_promise_renew(struct weir_promise *promise, const struct weir_rate *rate, const struct weir_promise *from)
{
	weir_promise_init(promise, rate, 0);
	promise->used = __atomic_load_n(&from->used, __ATOMIC_RELAXED);
}

struct weir_wire *
weir_wire_create(uint32_t n_workers, uint64_t bps, int socket)
{
	struct weir_wire *wire = rte_zmalloc_socket(
	    "weir_wire", sizeof(*wire) + n_workers * sizeof(wire->worker[0]), WEIR_CACHELINE, socket);

	if (wire == NULL)
		return NULL;
	wire->n_workers = n_workers;
	weir_wire_set_rate(wire, bps);
	return wire;
}

void
weir_wire_set_rate(struct weir_wire *wire, uint64_t bps)
{
	wire->bps = bps;
	__atomic_store_n(&wire->speed,
	    (uint64_t)(((unsigned __int128)bps << (32 - WEIR_TICK_SHIFT)) / (8 * WEIR_NS_PER_S)), __ATOMIC_RELAXED);
	__atomic_store_n(&wire->bit, bps == 0 ? 0 : weir_bit_time(bps), __ATOMIC_RELAXED);
}
