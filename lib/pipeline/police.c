/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Police: what a vport's limit says of the frames that come from it and are flooded, and whether their tenant may
 * flood once more. What goes to one interface is asked for all its limits at once (gate.c), as each copy is for those
 * of its way out.
 */
#include "pipeline_priv.h"

/*
 * Work that one frame makes many times over is bounded; but a switch of any size may flood, over some rounds, and is
 * then not to flood for as long as the copies of that one are worth.
 */
bool
may_flood(struct weir_pipe *pipe, const struct weir_tenant *tenant, const struct weir_switch *sw, uint64_t now)
{
	struct share *share = share_of(pipe, tenant, now);
	uint64_t begin = share->copied > now ? share->copied : now;
	uint32_t copies = sw->n_vports + sw->n_remotes;

	if (copies > WEIR_COPIES_BURST && pipe->n_floods >= WEIR_FLOODS_MAX)
		return false;
	if (begin != now && begin + copies * WEIR_COPIES_NS > now + WEIR_COPIES_BURST * WEIR_COPIES_NS)
		return false;
	share->copied = begin + copies * WEIR_COPIES_NS;
	return true;
}

static inline enum weir_reason
police(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_verdict *verdict = burst->verdict[i];

	if (verdict->action != WEIR_FLOOD)
		return WEIR_OK;
	if (!may_flood(pipe, burst->in[i]->tenant, verdict->sw, burst->now))
		return WEIR_DROP_FLOOD_LIMIT;
	pipe->admit.parts[i] += RTE_MIN(verdict->sw->n_vports + verdict->sw->n_remotes, (uint32_t)WEIR_COPIES_BURST);
	return take_in(pipe, verdict, burst->frame[i].len, burst->now) ? WEIR_OK : WEIR_DROP_VPORT_LIMIT;
}

void
stage_police(struct weir_pipe *pipe, struct weir_burst *burst)
{
	uint32_t kept = 0;

	if (burst->n_new == 0)
		return;
	for (uint32_t k = 0; k < burst->n_live; k++) {
		uint32_t i = burst->live[k];
		enum weir_reason reason;

		if (burst->path[i] == NULL) {
			reason = police(pipe, burst, i);
			if (reason != WEIR_OK) {
				drop(pipe, burst, i, reason);
				continue;
			}
			if (burst->verdict[i]->action == WEIR_FLOOD)
				count_accepted(pipe, burst->in[i]->id, burst->verdict[i], burst->frame[i].len);
		}
		burst->live[kept++] = i;
	}
	burst->n_live = kept;
}
