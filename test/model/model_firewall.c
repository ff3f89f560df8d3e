/* SPDX-License-Identifier: BSD-3-Clause */
/* What firewalls ask of the model: time that passes, packets that come alone, what rules should have counted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "weir_view.h"

#define TEND_STEPS 2500 /* of 1 ms: the whole table of connections is looked at in 2 s */

/* ---- time ---- */

/* What is left open about connections and fragments passes by. */
static void
step_over(struct model *model)
{
	uint64_t more;

	model->ref.now = model->rig.now;
	while ((more = ref_unsure_until(&model->ref, 0)) != 0) {
		rig_step(&model->rig, more);
		model->ref.now = model->rig.now;
	}
}

void
model_pass_time(struct model *model, bool long_one)
{
	static const uint32_t seconds[] = {9, 11, 14, 16, 29, 31, 48, 115, 121, 139};
	uint32_t s = long_one ? (rng_chance(&model->rng, 50) ? 7430 : 7460)
			      : seconds[rng_below(&model->rng, WEIR_ARRAY_LEN(seconds))];

	rig_step(&model->rig, s * WEIR_NS_PER_S);
	if (rng_chance(&model->rng, 20)) {
		for (int i = 0; i < TEND_STEPS; i++)
			rig_step(&model->rig, WEIR_NS_PER_MS);
		model->ref.now = model->rig.now;
		ref_tended(&model->ref);
	}
	step_over(model);
}

/* ---- batches ---- */

void
model_commit(struct model *model, bool learned)
{
	static struct ref_result again;

	for (uint32_t i = 0; i < model->n_items; i++) {
		struct item *item = &model->items[i];
		bool last = i + 1 == model->n_items;

		if (learned && last)
			ref_packet(&model->ref, item->packet.port, &item->packet.wire, true, &item->result);
		else if (item->result.n_ops > 0)
			ref_packet(&model->ref, item->packet.port, &item->packet.wire, true, &again);
	}
}

/* ---- rules ---- */

void
rules_due(const struct model *model, uint32_t tenant, uint32_t firewall, uint32_t rule, struct rule_due *due)
{
	*due = (struct rule_due){0};
	for (uint32_t i = 0; i < model->n_items; i++) {
		const struct ref_result *result = &model->items[i].result;

		for (uint32_t c = 0; c < result->n_counts; c++) {
			const struct ref_count *count = &result->counts[c];

			if (count->tenant != tenant || count->firewall != firewall || count->rule != rule)
				continue;
			due->packets_most++;
			due->bytes_most += count->bytes;
			if (count->maybe)
				continue;
			due->packets++;
			due->bytes += count->bytes;
		}
	}
}

/* What each rule has counted, as it was looked at last. */
static struct weir_passed counted[TOPO_TENANTS][TOPO_FIREWALLS][TOPO_RULES];

static void
read_rules(const struct model *model, struct weir_passed rules[TOPO_TENANTS][TOPO_FIREWALLS][TOPO_RULES])
{
	static struct weir_view_rule rows[64];
	uint64_t cursor = 0, time;
	uint32_t n, t, f;

	memset(rules, 0, sizeof(counted));
	do {
		if (weir_view_rules(model->rig.gateway, NULL, &cursor, rows, WEIR_ARRAY_LEN(rows), &n, &time) != 0)
			return;
		for (uint32_t i = 0; i < n; i++)
			if (sscanf(rows[i].firewall, "t%u/f%u", &t, &f) == 2)
				rules[t][f][rows[i].rule] = rows[i].passed;
	} while (cursor != WEIR_VIEW_END);
}

void
rules_start(const struct model *model)
{
	read_rules(model, counted);
}

static void
compare_rule(struct model *model, const struct weir_passed *now, uint32_t t, uint32_t f, uint32_t r)
{
	const struct weir_passed *before = &counted[t][f][r];
	uint64_t packets = now->packets - before->packets, bytes = now->bytes - before->bytes;
	struct rule_due due;

	rules_due(model, t, f, r, &due);
	model->decisions += due.packets;
	if (packets < due.packets || packets > due.packets_most || bytes < due.bytes || bytes > due.bytes_most)
		model_differs(model,
		    "rule %u of t%u/f%u counted %" PRIu64 " packets, %" PRIu64 " bytes more, not %" PRIu64
		    " to %" PRIu64 ", %" PRIu64 " to %" PRIu64,
		    r, t, f, packets, bytes, due.packets, due.packets_most, due.bytes, due.bytes_most);
}

void
rules_compare(struct model *model)
{
	static struct weir_passed now[TOPO_TENANTS][TOPO_FIREWALLS][TOPO_RULES];

	read_rules(model, now);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t f = 0; model->topo.tenants[t].used && f < TOPO_FIREWALLS; f++)
			for (uint32_t r = 0; r < model->topo.tenants[t].firewalls[f].n_rules; r++)
				compare_rule(model, &now[t][f][r], t, f, r);
	memcpy(counted, now, sizeof(counted));
}
