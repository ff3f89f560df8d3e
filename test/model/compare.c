/* SPDX-License-Identifier: BSD-3-Clause */
/* What left, and by which port. */
#include <string.h>

#include "model.h"

/* A frame that should leave, and which packet makes it. */
struct expected {
	const struct item *item;
	struct ref_out *out;
	uint64_t flow;
	bool seen;
};

static struct expected expected[MODEL_BATCH * REF_OUTS];
static uint32_t n_expected;

/* What left, in the order of each queue. */
#define FOUND_MAX 4096
static struct found {
	uint32_t port;
	struct wire wire;
} found_frames[FOUND_MAX];
static uint32_t n_found;

void
compare_forget_flows(struct model *model)
{
	memset(model->flows, 0, sizeof(model->flows));
}

static uint64_t
hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* One flow as one worker sees it: queue, ingress, MACs, tags, ethertype, addresses, protocol, ports; ARP as a whole.
 */
static uint64_t
flow_of(const struct item *item, const struct ref_out *out)
{
	const struct ref_frame *frame = &item->result.frame;
	const struct ref_place *from = &item->result.from;
	const uint8_t *data = out->wire.data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint16_t ports[2] = {frame->sport, frame->dport};

	if (out->outer != 0)
		data += out->wire.len - out->bytes;
	else if (out->wire.len > out->bytes)
		hash = hash_bytes(hash, data, 12), data += 4; /* the vport's tag */
	hash = hash_bytes(hash, from, sizeof(*from));
	hash = hash_bytes(hash, &item->packet.port, sizeof(item->packet.port));
	hash = hash_bytes(hash, &item->queue, sizeof(item->queue));
	hash = hash_bytes(hash, data, 14 + 4 * frame->n_tags);
	hash = hash_bytes(hash, &frame->dmac, sizeof(frame->dmac)); /* as it came: a router writes others */
	hash = hash_bytes(hash, &frame->smac, sizeof(frame->smac));
	if (frame->kind == REF_ARP && frame->l3 != 0)
		return hash_bytes(hash, data + frame->l3, 28);
	hash = hash_bytes(hash, &frame->src, sizeof(frame->src));
	hash = hash_bytes(hash, &frame->dst, sizeof(frame->dst));
	hash = hash_bytes(hash, &frame->proto, 1);
	hash = hash_bytes(hash, &frame->fragment, 1);
	return hash_bytes(hash, ports, sizeof(ports));
}

static void
list_expected(struct model *model)
{
	n_expected = 0;
	for (uint32_t i = 0; i < model->n_items; i++)
		for (uint32_t o = 0; o < model->items[i].result.n_outs; o++) {
			struct ref_out *out = &model->items[i].result.outs[o];

			if (out->drop == 0)
				expected[n_expected++] = (struct expected){
				    .item = &model->items[i], .out = out, .flow = flow_of(&model->items[i], out)};
		}
}

/* Tunnelled packets of one flow have one source port, from 49152 up. */
static void
check_source_port(struct model *model, uint64_t flow, uint16_t port)
{
	uint32_t at = (uint32_t)(flow % MODEL_FLOWS);

	model->ports_seen[port / 8] |= (uint8_t)(1 << port % 8);
	if (port < 49152)
		model_differs(model, "outer UDP source port %u", port);
	if (model->flows[at].hash == flow && model->flows[at].port != port)
		model_differs(
		    model, "outer UDP source port %u of a flow that had %u before", port, model->flows[at].port);
	model->flows[at].hash = flow;
	model->flows[at].port = port;
}

/* Of packets of one flow, none may overtake another. */
static bool
overtakes(uint32_t e)
{
	for (uint32_t i = 0; i < e && expected[e].item->stamped; i++)
		if (!expected[i].seen && expected[i].item->stamped && expected[i].flow == expected[e].flow &&
		    ref_place_equal(&expected[i].out->to, &expected[e].out->to))
			return true;
	return false;
}

static bool
out_equal(const struct topo *topo, uint32_t port, const struct wire *found, struct ref_out *out, uint16_t *source)
{
	if (out->port != port)
		return false;
	if (out->made != REF_NOT_MADE)
		return compare_made(topo, found, out, source);
	if (out->wire.len != found->len)
		return false;
	return out->outer != 0 ? compare_tunnel(found, out, source)
			       : memcmp(found->data, out->wire.data, found->len) == 0;
}

/* ---- which of several next hops ---- */

static bool
was_sent(const struct topo *topo, struct ref_out *out)
{
	uint16_t source;

	for (uint32_t f = 0; f < n_found; f++)
		if (out_equal(topo, found_frames[f].port, &found_frames[f].wire, out, &source))
			return true;
	return false;
}

/* How many frames the alternative explains; -1: one of its frames did not leave. */
static int
explains(const struct topo *topo, struct ref_result *result)
{
	int n = 0;

	for (uint32_t o = 0; o < result->n_outs; o++) {
		if (result->outs[o].drop != 0)
			continue;
		if (!was_sent(topo, &result->outs[o]))
			return -1;
		n++;
	}
	return n;
}

/*
 * The choice that routers have made for the last packet is the one that explains most of what left: it is right, and
 * remembered. If nothing left, it may be any of those that say so.
 */
static void
find_choice(struct model *model)
{
	struct alternative *chosen = &model->alternatives[0];
	struct ref_result *result = &model->items[model->n_items - 1].result;
	bool learned = result->learned;
	uint64_t drop = 0;
	bool same = false; /* two hosts at one MAC: which of them was chosen shows another time */
	int most = -1;

	for (uint32_t a = 0; a < model->n_alternatives; a++) {
		int n = explains(&model->topo, &model->alternatives[a].result);

		if (n == 0)
			drop |= model->alternatives[a].result.drop;
		same = n > most ? false : same || n == most;
		if (n <= most)
			continue;
		most = n;
		chosen = &model->alternatives[a];
	}
	*result = chosen->result;
	result->learned = learned;
	if (most == 0)
		result->drop = drop;
	for (uint32_t i = 0; most > 0 && !same && i < chosen->n; i++)
		ref_choose(&model->ref, &chosen->picks[i], &chosen->vias[i], false);
	model->n_alternatives = 0;
}

static void
take(struct model *model, uint32_t port, const struct wire *found)
{
	for (uint32_t e = 0; e < n_expected; e++) {
		struct ref_out *out = expected[e].out;
		uint16_t source = 0;

		if (expected[e].seen || !out_equal(&model->topo, port, found, out, &source))
			continue;
		/* What routers make are flows of their own. */
		if (out->outer != 0 && out->made == REF_NOT_MADE)
			check_source_port(model, expected[e].flow, source);
		expected[e].seen = true;
		model->answers += out->made != REF_NOT_MADE;
		if (out->made == REF_NOT_MADE && overtakes(e))
			model_differs(model, "order: packet %u overtakes one of its flow",
			    (uint32_t)(expected[e].item - model->items));
		model->outputs++;
		return;
	}
	if (rig_peer(&model->rng, &model->topo, port, found)) {
		model->answers++;
		return;
	}
	if (model->n_own < MODEL_OWN && compare_own(&model->topo, port, found, &model->own[model->n_own])) {
		model->n_own++;
		return;
	}
	model_differs(model, "port p%u sent what nobody expected:", port);
	model_hex(found);
}

/* weir's own answer to a packet of the batch. */
static bool
take_answer(struct model *model, uint32_t port, const struct wire *found)
{
	for (uint32_t i = 0; i < model->n_items; i++) {
		struct ref_result *result = &model->items[i].result;
		const struct wire *asked = &model->items[i].packet.wire;

		if (result->answer == REF_NO_ANSWER || result->drop != 0 || model->items[i].packet.port != port)
			continue;
		if (memcmp(found->data, asked->data + 6, 6) != 0)
			continue;
		result->answer = REF_NO_ANSWER;
		model->answers++;
		return true;
	}
	return false;
}

void
compare_outputs(struct model *model)
{
	n_found = 0;
	for (uint32_t p = 0; p < TOPO_PORTS; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (n_found < FOUND_MAX && rig_collect(p, q, &found_frames[n_found].wire))
				found_frames[n_found++].port = p;
	if (model->n_alternatives > 0)
		find_choice(model);
	list_expected(model);
	for (uint32_t f = 0; f < n_found; f++)
		if (!take_answer(model, found_frames[f].port, &found_frames[f].wire))
			take(model, found_frames[f].port, &found_frames[f].wire);
	for (uint32_t e = 0; e < n_expected; e++)
		if (!expected[e].seen) {
			model_differs(model, "packet %u should have left by port p%u to %s, but did not:",
			    (uint32_t)(expected[e].item - model->items), expected[e].out->port,
			    model_place(&expected[e].out->to));
			model_hex(&expected[e].out->wire);
		}
	for (uint32_t i = 0; i < model->n_items; i++)
		if (model->items[i].result.answer != REF_NO_ANSWER && model->items[i].result.drop == 0)
			model_differs(model, "packet %u should have been answered, but was not", i);
}
