/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Police: what a vport's limit says of the frames that come from it, and whether a tenant may flood once more. Limits
 * on the way out are asked where the way out is known, for each copy (forward.c).
 */
#include "pipeline_priv.h"

/* Work that one frame makes many times over is bounded; but a switch of any size may flood. */
static inline bool
may_flood(struct weir_pipe *pipe, const struct weir_verdict *verdict, const struct weir_tenant *tenant, uint64_t now)
{
	struct share *share = share_of(pipe, tenant, now);
	uint32_t copies = verdict->sw->n_vports + verdict->sw->n_remotes;

	if (share->copies != 0 && share->copies + copies > WEIR_COPIES_SHARE)
		return false;
	share->copies += copies;
	return true;
}

static inline enum weir_reason
police(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_iface *in = burst->in[i];

	if (burst->verdict[i]->action == WEIR_FLOOD && !may_flood(pipe, burst->verdict[i], in->tenant, burst->now))
		return WEIR_DROP_FLOOD_LIMIT;
	if (in->limit_in != NULL && !weir_limit_take(in->limit_in, burst->frame[i].len, burst->now))
		return WEIR_DROP_VPORT_LIMIT;
	return WEIR_OK;
}

void
stage_police(struct weir_pipe *pipe, struct weir_burst *burst)
{
	uint32_t kept = 0;

	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];
		enum weir_reason reason = police(pipe, burst, i);

		if (reason != WEIR_OK) {
			drop(pipe, burst, i, reason);
			continue;
		}
		weir_count(pipe->counters, burst->in[i]->id)->accepted++;
		burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
