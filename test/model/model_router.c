/* SPDX-License-Identifier: BSD-3-Clause */
/* What routers ask of the model: neighbours that are taught, choices that are seen, errors that are not too many. */
#include <string.h>

#include "model.h"

#define BATCH_NS (11 * WEIR_NS_PER_MS / 10) /* longer than a tick, in which a tenant has its share of messages */
#define LESSONS 8			    /* a batch */
#define LESSONS_MAX 64			    /* in one go */
#define ERROR_NS WEIR_NS_PER_MS		    /* 1,000 a second */
#define ERRORS_BURST 48			    /* of 50: a packet less or more is not what this is about */

/* ---- a batch ---- */

void
model_batch(struct model *model)
{
	for (uint32_t i = 0; i < model->n_items; i++)
		rig_inject(
		    &model->rng, model->items[i].packet.port, model->items[i].queue, &model->items[i].packet.wire);
	rig_step(&model->rig, BATCH_NS);
	if (rig_waiting() != 0)
		model_differs(model, "%u frames are left on receive queues", rig_waiting());
	compare_outputs(model);
	counters_compare(model);
	rules_compare(model);
	macs_compare(model);
	model->packets += model->n_items;
	model->batches++;
}

/* ---- errors ---- */

bool
model_may_report(struct model *model, const struct ref_result *result)
{
	uint64_t since = model->rig.now - model->error_time;

	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		model->error_credit[t] += since;
		if (model->error_credit[t] > ERRORS_BURST * ERROR_NS)
			model->error_credit[t] = ERRORS_BURST * ERROR_NS;
	}
	model->error_time = model->rig.now;
	if (result->errors == 0)
		return true;
	if (model->error_credit[result->from.tenant] < result->errors * ERROR_NS)
		return false;
	model->error_credit[result->from.tenant] -= result->errors * ERROR_NS;
	return true;
}

/* ---- choices ---- */

/* Is some of it lost on its way out? No frame would tell then which way it took. */
static bool
is_lost(const struct ref_result *result)
{
	for (uint32_t o = 0; o < result->n_outs; o++)
		if (result->outs[o].drop != 0)
			return true;
	return false;
}

/* Decides what is undecided in all ways, one after the other; `path` holds what was decided so far. */
static bool
explore(struct model *model, struct item *item, struct alternative *path)
{
	struct ref_result *result = &item->result;
	struct ref_pick pick = result->pick;
	struct weir_ip vias[TOPO_VIAS];
	uint32_t n_vias = result->n_vias;
	bool known = true;

	if (n_vias == 0) {
		/* By which way firewalls have let it pass shows too late. */
		if (result->open || is_lost(result) || result->n_counts + result->n_ops > 0 ||
		    model->n_alternatives == MODEL_ALTERNATIVES)
			return false;
		path->result = *result;
		model->alternatives[model->n_alternatives++] = *path;
		return true;
	}
	if (path->n == MODEL_CHOICES)
		return false;
	memcpy(vias, result->vias, sizeof(vias));
	path->picks[path->n++] = pick;
	for (uint32_t v = 0; v < n_vias && known; v++) {
		path->vias[path->n - 1] = vias[v];
		ref_choose(&model->ref, &pick, &vias[v], true);
		ref_packet(&model->ref, item->packet.port, &item->packet.wire, false, result);
		known = explore(model, item, path);
		ref_unassume(&model->ref);
	}
	path->n--;
	return known;
}

bool
model_explore(struct model *model, struct item *item)
{
	static struct alternative path;
	uint32_t errors = 0, flooded = 0;
	bool learned = item->result.learned;

	path.n = 0;
	model->n_alternatives = 0;
	if (!explore(model, item, &path)) {
		model->n_alternatives = 0;
		return false;
	}
	for (uint32_t a = 0; a < model->n_alternatives; a++) {
		const struct ref_result *result = &model->alternatives[a].result;

		errors = result->errors > errors ? result->errors : errors;
		flooded = result->flooded > flooded ? result->flooded : flooded;
		learned |= result->learned;
	}
	item->result = model->alternatives[0].result;
	item->result.errors = errors;
	item->result.flooded = flooded;
	item->result.learned = learned;
	return true;
}

/* ---- lessons ---- */

/* The address that the sender claims: ARP's or IPv6's. */
static struct weir_ip
claimed(const struct item *item)
{
	const struct ref_frame *frame = &item->result.frame;
	const struct wire *wire = &item->packet.wire;

	static const uint8_t arp[6] = {0, 1, 8, 0, 6, 4};
	const uint8_t *p = memmem(wire->data, wire->len, arp, sizeof(arp));

	return frame->kind == REF_ARP && p != NULL ? wire_get_ipv4(p + 14) : frame->src;
}

/* Does another of the batch say that the same MAC is elsewhere, or that the same address has another MAC? */
static bool
disputed(const struct model *model, const struct item *item)
{
	struct weir_ip ip = claimed(item), other_ip;

	for (const struct item *other = model->items; other < item; other++) {
		const struct ref_result *a = &item->result, *b = &other->result;
		bool same_mac = weir_mac_equal(&a->frame.smac, &b->frame.smac);

		if (a->from.tenant != b->from.tenant)
			continue;
		if (same_mac && !ref_place_equal(&a->from, &b->from))
			return true;
		other_ip = claimed(other);
		if (!same_mac && weir_ip_equal(&ip, &other_ip))
			return true;
	}
	return false;
}

/* With few MACs left it matters who is learned first. */
static bool
is_tight(const struct model *model, const struct ref_result *result)
{
	return model->topo.tenants[result->from.tenant].quota_macs < 4096;
}

/* Adds the lesson to the batch, if it is one; false: the batch is to go first. */
static bool
add_lesson(struct model *model)
{
	struct item *item = &model->items[model->n_items];
	struct ref_result *result = &item->result;

	item->stamped = false;
	item->queue = 0;
	ref_packet(&model->ref, item->packet.port, &item->packet.wire, false, result);
	if (result->open || result->n_vias != 0 || result->answer != REF_NO_ANSWER || !result->learned)
		return true;
	if (model->n_items > 0 && (disputed(model, item) || is_tight(model, result)))
		return false;
	ref_packet(&model->ref, item->packet.port, &item->packet.wire, true, result);
	model->n_items++;
	return model->n_items < LESSONS && !is_tight(model, result);
}

/* The next one, from anywhere on and once around; false: there are no more. */
static bool
next_lesson(struct model *model, uint32_t start, uint32_t *cursor, bool *around)
{
	struct gen_packet *packet = &model->items[model->n_items].packet;

	if (!gen_lesson(&model->topo, &model->rng, cursor, packet)) {
		if (*around)
			return false;
		*around = true;
		*cursor = 0;
		if (!gen_lesson(&model->topo, &model->rng, cursor, packet))
			return false;
	}
	return !*around || *cursor <= start;
}

void
model_teach(struct model *model)
{
	uint32_t start = rng_below(&model->rng, GEN_LESSONS), cursor = start, lessons = 0;
	bool more = true, around = false;

	while (more && lessons < LESSONS_MAX && !model->differs) {
		model->n_items = model->n_alternatives = 0;
		model->ref.now = model->rig.now;
		while ((more = next_lesson(model, start, &cursor, &around)))
			if (rng_chance(&model->rng, 85) && !add_lesson(model))
				break;
		lessons += model->n_items;
		if (model->n_items > 0)
			model_batch(model);
	}
}
