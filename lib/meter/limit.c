/* SPDX-License-Identifier: BSD-3-Clause */
#include "weir_meter.h"

#define FRAME_BITS(bytes) ((uint64_t)(bytes)*8)

void
weir_limit_init(struct weir_limit *limit, const struct weir_rate *rate, uint64_t now)
{
	weir_pool_init(&limit->bits, rate->bps, WEIR_BURST_FRAMES * FRAME_BITS(WEIR_FRAME_MAX), now);
	weir_pool_init(&limit->packets, rate->pps, WEIR_BURST_FRAMES, now);
	limit->pps = rate->pps;
}

void
weir_limit_renew(struct weir_limit *limit, const struct weir_rate *rate, const struct weir_limit *from, uint64_t now)
{
	weir_limit_init(limit, rate, now);
	weir_pool_renew(&limit->bits, &from->bits, now);
	weir_pool_renew(&limit->packets, &from->packets, now);
}

bool
weir_limit_take(struct weir_limit *limit, uint32_t bytes, uint64_t now)
{
	if (!weir_pool_take(&limit->bits, FRAME_BITS(bytes), now))
		return false;
	if (limit->pps == 0 || weir_pool_take(&limit->packets, 1, now))
		return true;
	weir_pool_return(&limit->bits, FRAME_BITS(bytes));
	return false;
}

void
weir_limit_return(struct weir_limit *limit, uint32_t bytes)
{
	weir_pool_return(&limit->bits, FRAME_BITS(bytes));
	if (limit->pps != 0)
		weir_pool_return(&limit->packets, 1);
}
