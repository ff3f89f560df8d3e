/* SPDX-License-Identifier: BSD-3-Clause */
/* What a walk depends on beside its first switch. */
#include "walk.h"

static const uint32_t *
generations(const struct weir_vnet *vnet, uint32_t what)
{
	switch ((enum weir_step_kind)(what >> WEIR_STEP_SHIFT)) {
	case WEIR_STEP_SWITCH:
		return vnet->switch_gen;
	case WEIR_STEP_ABSENT:
		return vnet->absent_gen;
	case WEIR_STEP_MAC:
		return vnet->mac_gen;
	case WEIR_STEP_ROUTER:
		return vnet->router_gen;
	case WEIR_STEP_ROUTE:
		return vnet->route_gen;
	case WEIR_STEP_HOST:
		return vnet->host_gen;
	case WEIR_STEP_FILTER:
		return vnet->filter_gen;
	}
	return NULL;
}

bool
walk_stands(const struct weir_vnet *vnet, const struct weir_trail *trail)
{
	for (uint32_t i = 0; i < trail->n; i++) {
		uint32_t id = trail->what[i] & ((1u << WEIR_STEP_SHIFT) - 1);

		if (walk_gen(generations(vnet, trail->what[i]), id) != trail->gen[i])
			return false;
	}
	return true;
}

static uint64_t
mix(uint64_t digest, const uint32_t *what, uint32_t n)
{
	digest ^= n;
	for (uint32_t i = 0; i < n; i++) {
		digest = (digest ^ what[i]) * UINT64_C(0x9e3779b97f4a7c15);
		digest ^= digest >> 32;
	}
	return digest;
}

uint64_t
walk_digest(const struct weir_trail *trail)
{
	return mix(mix(0, trail->what, trail->n), trail->passed.what, trail->passed.n) | 1;
}
