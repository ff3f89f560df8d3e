/* SPDX-License-Identifier: BSD-3-Clause */
/* What left, and by which port. */
#include <string.h>

#include "model.h"

/* A frame that should leave, and which packet makes it. */
struct expected {
	const struct item *item;
	const struct ref_out *out;
	uint64_t flow;
	bool seen;
};

static struct expected expected[MODEL_BATCH * REF_OUTS];
static uint32_t n_expected;

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
			const struct ref_out *out = &model->items[i].result.outs[o];

			if (out->drop == 0)
				expected[n_expected++] = (struct expected){
				    .item = &model->items[i], .out = out, .flow = flow_of(&model->items[i], out)};
		}
}

/* Takes out of a tunnel packet what weir may choose, and what depends on it, if it is right. *port: the UDP source
 * port. */
static bool
normalize(struct wire *wire, uint32_t outer, uint16_t *port)
{
	uint8_t *ip = wire->data + outer, *udp;
	bool v4;

	if (wire->len < outer + 40 || (ip[0] >> 4 == 6 && wire->len < outer + 56))
		return false;
	v4 = ip[0] >> 4 == 4;
	udp = ip + (v4 ? 20 : 40);
	if (v4 && wire_fold(wire_sum(ip, 20, 0)) != 0)
		return false;
	if (!v4 && (get16(udp + 6) == 0 || get16(udp + 4) > wire->data + wire->len - udp ||
		       wire_l4_sum(ip, PROTO_UDP, udp, get16(udp + 4)) != 0))
		return false;
	*port = get16(udp);
	put16(udp, 0);
	if (v4) {
		put16(ip + 4, 0);
		put16(ip + 10, 0);
	} else {
		put16(udp + 6, 0);
	}
	return true;
}

static bool
tunnel_equal(const struct wire *found, const struct ref_out *out, uint16_t *port)
{
	static struct wire a, b;
	uint16_t none;

	if (found->len != out->wire.len || memcmp(found->data, out->wire.data, 12) != 0)
		return false;
	a.len = found->len;
	memcpy(a.data, found->data, found->len);
	b.len = out->wire.len;
	memcpy(b.data, out->wire.data, out->wire.len);
	if (!normalize(&a, out->outer, port))
		return false;
	/* The reference leaves the UDP checksum over IPv6 out. */
	if (b.data[out->outer] >> 4 == 4)
		(void)normalize(&b, out->outer, &none);
	return memcmp(a.data, b.data, a.len) == 0;
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

static void
take(struct model *model, uint32_t port, const struct wire *found)
{
	for (uint32_t e = 0; e < n_expected; e++) {
		const struct ref_out *out = expected[e].out;
		uint16_t source = 0;

		if (expected[e].seen || out->port != port || out->wire.len != found->len)
			continue;
		if (out->outer != 0 ? !tunnel_equal(found, out, &source)
				    : memcmp(found->data, out->wire.data, found->len) != 0)
			continue;
		if (out->outer != 0)
			check_source_port(model, expected[e].flow, source);
		expected[e].seen = true;
		if (overtakes(e))
			model_differs(model, "order: packet %u overtakes one of its flow",
			    (uint32_t)(expected[e].item - model->items));
		model->outputs++;
		return;
	}
	if (rig_peer(&model->rng, &model->topo, port, found)) {
		model->answers++;
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
	static struct wire found;

	list_expected(model);
	for (uint32_t p = 0; p < TOPO_PORTS; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(p, q, &found))
				if (!take_answer(model, p, &found))
					take(model, p, &found);
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
