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
	const struct weir_verdict *verdict = burst->verdict[i];

	if (__builtin_expect(verdict->action == WEIR_FLOOD, 0) &&
	    !may_flood(pipe, verdict, burst->in[i]->tenant, burst->now))
		return WEIR_DROP_FLOOD_LIMIT;
	if (!take(pipe, verdict->limit[WEIR_LIMIT_IN], &verdict->in->limit_in, weir_credit_in(verdict->in_id),
		burst->frame[i].len, burst->now))
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
		bool known = burst->path[i] != NULL;

		if (__builtin_expect(reason != WEIR_OK, 0)) {
			if (known)
				enter(pipe, burst, i, burst->in[i], burst->frame[i].len);
			drop(pipe, burst, i, reason);
			continue;
		}
		if (__builtin_expect(!known, 0))
			weir_count(pipe->counters, burst->in[i]->id)->accepted++;
		burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
