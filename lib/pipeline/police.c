/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Police: what a vport's limit says of the frames that come from it. Limits on the way out are asked where the way
 * out is known, for each copy (forward.c).
 */
#include "pipeline_priv.h"

void
stage_police(struct weir_pipe *pipe, struct weir_burst *burst)
{
	uint32_t kept = 0;

	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];
		struct weir_limit *limit = burst->in[i]->limit_in;

		if (limit != NULL && !weir_limit_take(limit, burst->frame[i].len, burst->now)) {
			drop(pipe, burst, i, WEIR_DROP_VPORT_LIMIT);
			continue;
		}
		weir_count(pipe->counters, burst->in[i]->id)->accepted++;
		burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
