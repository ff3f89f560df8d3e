/* SPDX-License-Identifier: BSD-3-Clause */
/* Switching: where a frame comes in, whether it may, what is learned from it, and where it goes. */
#include <stdlib.h>
#include <string.h>

#include "ref_firewall.h"

bool
ref_place_equal(const struct ref_place *a, const struct ref_place *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == REF_AT_PORT)
		return a->port == b->port;
	if (a->tenant != b->tenant || a->sw != b->sw)
		return false;
	if (a->kind == REF_AT_ROUTER)
		return a->router == b->router;
	return a->kind == REF_AT_VPORT ? a->vport == b->vport : weir_ip_equal(&a->remote, &b->remote);
}

static struct ref_place
at_vport(const struct topo *topo, uint32_t tenant, uint32_t vport)
{
	return (struct ref_place){
	    .kind = REF_AT_VPORT, .tenant = tenant, .sw = topo->tenants[tenant].vports[vport].sw, .vport = vport};
}

static struct ref_place
at_remote(uint32_t tenant, uint32_t sw, const struct weir_ip *remote)
{
	return (struct ref_place){.kind = REF_AT_REMOTE, .tenant = tenant, .sw = sw, .remote = *remote};
}

/* ---- what the switch knows ---- */

bool
ref_static(const struct topo *topo, uint32_t tenant, uint32_t sw, const struct weir_mac *mac, struct ref_place *at)
{
	const struct topo_tenant *t = &topo->tenants[tenant];

	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		if (t->vports[v].used && t->vports[v].sw == sw && t->vports[v].has_mac &&
		    weir_mac_equal(&t->vports[v].mac, mac)) {
			*at = at_vport(topo, tenant, v);
			return true;
		}
	for (uint32_t i = 0; i < t->switches[sw].n_statics; i++) {
		const struct topo_static *entry = &t->switches[sw].statics[i];

		if (!weir_mac_equal(&entry->mac, mac))
			continue;
		*at = entry->at_vport ? at_vport(topo, tenant, entry->vport) : at_remote(tenant, sw, &entry->remote);
		return true;
	}
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		if (t->routers[r].used && t->routers[r].ifaces[sw].used &&
		    weir_mac_equal(&t->routers[r].ifaces[sw].mac, mac)) {
			*at = (struct ref_place){.kind = REF_AT_ROUTER, .tenant = tenant, .sw = sw, .router = r};
			return true;
		}
	return false;
}

static struct ref_entry *
find_learned(const struct ref *ref, uint32_t tenant, uint32_t sw, const struct weir_mac *mac)
{
	for (struct ref_entry *entry = ref->learned; entry != NULL; entry = entry->next)
		if (entry->tenant == tenant && entry->sw == sw && weir_mac_equal(&entry->mac, mac))
			return entry;
	return NULL;
}

static bool
find_mac(const struct ref *ref, uint32_t tenant, uint32_t sw, const struct weir_mac *mac, struct ref_place *at)
{
	const struct ref_entry *entry;

	if (ref_static(ref->topo, tenant, sw, mac, at))
		return true;
	entry = find_learned(ref, tenant, sw, mac);
	if (entry != NULL)
		*at = entry->at;
	return entry != NULL;
}

uint32_t
ref_macs(const struct ref *ref, uint32_t tenant)
{
	const struct topo_tenant *t = &ref->topo->tenants[tenant];
	uint32_t n = 0;

	for (const struct ref_entry *entry = ref->learned; entry != NULL; entry = entry->next)
		n += entry->tenant == tenant;
	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		n += t->vports[v].used && t->vports[v].has_mac;
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
		for (uint32_t i = 0; t->switches[s].used && i < t->switches[s].n_statics; i++) {
			const struct topo_static *entry = &t->switches[s].statics[i];
			bool same = entry->at_vport && t->vports[entry->vport].has_mac &&
				    weir_mac_equal(&t->vports[entry->vport].mac, &entry->mac);

			n += !same; /* a vport's own MAC, said twice, is one */
		}
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		for (uint32_t s = 0; t->routers[r].used && s < TOPO_SWITCHES; s++)
			n += t->routers[r].ifaces[s].used;
	return n;
}

static void
learn(
    struct ref *ref, const struct ref_place *from, const struct weir_mac *mac, bool commit, struct ref_result *result)
{
	struct ref_entry *entry = find_learned(ref, from->tenant, from->sw, mac);
	struct ref_place at;

	if (ref_static(ref->topo, from->tenant, from->sw, mac, &at))
		return;
	if (entry != NULL && ref_place_equal(&entry->at, from))
		return;
	if (entry == NULL && ref_macs(ref, from->tenant) >= ref->topo->tenants[from->tenant].quota_macs)
		return;
	result->learned = true;
	if (!commit)
		return;
	if (entry == NULL) {
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->next = ref->learned;
		ref->learned = entry;
	}
	*entry =
	    (struct ref_entry){.next = entry->next, .tenant = from->tenant, .sw = from->sw, .mac = *mac, .at = *from};
	/* Whether a switch learns from what a firewall did not let in is not said. */
	entry->may_go = (result->drop & REF_BY_FIREWALL) != 0;
}

/* ---- out ---- */

static void
send_vport(const struct topo *topo, const struct wire *wire, const struct ref_frame *frame, struct ref_out *out)
{
	const struct topo_vport *vport = &topo->tenants[out->to.tenant].vports[out->to.vport];
	uint8_t tag[4];

	out->port = vport->port;
	if (vport->vlan == 0 && frame->n_tags > 0)
		out->drop |= REF_REASON(TAGGED_FRAME);
	if (wire->len - ETH_HEADER - 4 * frame->n_tags > topo_mtu(topo, vport->port))
		out->drop |= REF_REASON(MTU);
	memcpy(out->wire.data, wire->data, wire->len);
	out->wire.len = wire->len;
	if (vport->vlan != 0) {
		put16(tag, ETH_VLAN);
		put16(tag + 2, vport->vlan);
		wire_insert(&out->wire, 12, tag, 4);
	}
}

/* False: its firewall does not let it out. */
static bool
leave_vport(struct ref *ref, bool flooded, const struct ref_trip *trip, struct ref_out *out)
{
	const struct ref_attachment at = ref_vport_attachment(out->to.tenant, out->to.vport);
	uint64_t reasons = trip->unmet ? 0 : ref_meet(ref, &at, TOPO_OUT, trip);

	send_vport(ref->topo, &trip->wire, &trip->frame, out);
	if (reasons == 0)
		return true;
	/* It could not leave in any case. */
	trip->result->open |= out->drop != 0;
	out->drop |= reasons;
	if ((reasons & REF_REASON(REJECTED)) != 0)
		ref_reject_by_vport(ref, TOPO_OUT, flooded, trip);
	return false;
}

void
ref_send_place(struct ref *ref, const struct ref_place *to, bool flooded, const struct ref_trip *trip)
{
	const struct topo *topo = ref->topo;
	struct ref_out *out = &trip->result->outs[trip->result->n_outs++];

	out->to = *to;
	out->made = trip->made;
	out->bytes = trip->wire.len;
	out->drop = 0;
	out->outer = 0;
	if (to->kind == REF_AT_VPORT && !leave_vport(ref, flooded, trip, out))
		return;
	if (to->kind != REF_AT_VPORT)
		ref_send_remote(
		    topo, &topo->tenants[to->tenant].switches[to->sw], &to->remote, &trip->wire, &trip->frame, out);
	if ((out->drop & REF_REASON(MTU)) != 0 && (trip->routed || trip->made != REF_NOT_MADE))
		ref_too_large(ref, out, flooded, trip);
}

/* To all but where it came in; what a router sends came in nowhere here. */
static void
flood(struct ref *ref, const struct ref_trip *trip)
{
	const struct topo_tenant *tenant = &ref->topo->tenants[trip->tenant];
	const struct topo_switch *sw = &tenant->switches[trip->sw];
	struct ref_result *result = trip->result;
	bool entered = !trip->routed && trip->made == REF_NOT_MADE;
	bool from_remote = entered && result->from.kind == REF_AT_REMOTE;
	uint32_t before = result->n_outs;
	struct ref_place to;

	result->flooded++;
	for (uint32_t v = 0; v < TOPO_VPORTS; v++) {
		if (!tenant->vports[v].used || tenant->vports[v].sw != trip->sw)
			continue;
		to = at_vport(ref->topo, trip->tenant, v);
		if (!entered || !ref_place_equal(&to, &result->from))
			ref_send_place(ref, &to, true, trip);
	}
	for (uint32_t i = 0; i < sw->n_remotes && !from_remote; i++) {
		to = at_remote(trip->tenant, trip->sw, &sw->remotes[i]);
		ref_send_place(ref, &to, true, trip);
	}
	if (result->n_outs == before)
		ref_lose(trip,
		    REF_REASON(NO_DESTINATION) | (from_remote && sw->n_remotes > 1 ? REF_REASON(SPLIT_HORIZON) : 0));
}

void
ref_into_switch(struct ref *ref, struct ref_trip *trip)
{
	struct ref_place to;

	if (++trip->elements > REF_ELEMENTS)
		ref_lose(trip, REF_REASON(LOOP));
	else if (!find_mac(ref, trip->tenant, trip->sw, &trip->frame.dmac, &to))
		flood(ref, trip);
	else if (to.kind == REF_AT_ROUTER)
		ref_route(ref, to.router, false, trip);
	else
		ref_send_place(ref, &to, false, trip);
}

static bool
is_bridge_group(const struct weir_mac *mac)
{
	static const uint8_t group[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(mac->b, group, 5) == 0 && mac->b[5] < 16;
}

/* False: its firewall does not let it in. */
static bool
enter_vport(struct ref *ref, const struct ref_trip *trip)
{
	struct ref_result *result = trip->result;
	const struct ref_attachment at = ref_vport_attachment(result->from.tenant, result->from.vport);

	result->drop |= ref_meet(ref, &at, TOPO_IN, trip);
	if ((result->drop & REF_REASON(REJECTED)) != 0)
		ref_reject_by_vport(ref, TOPO_IN, false, trip);
	return result->drop == 0;
}

static void
forward(struct ref *ref, const struct wire *wire, bool commit, struct ref_result *result)
{
	const struct ref_frame *frame = &result->frame;
	const struct ref_place *from = &result->from;
	struct ref_trip trip = {
	    .tenant = from->tenant, .sw = from->sw, .elements = 1, .frame = *frame, .result = result};
	struct ref_place to;
	bool known, consumed = false;

	trip.wire.len = wire->len;
	memcpy(trip.wire.data, wire->data, wire->len);
	if (from->kind == REF_AT_VPORT && !enter_vport(ref, &trip))
		return;
	known = !weir_mac_is_group(&frame->dmac) && find_mac(ref, from->tenant, from->sw, &frame->dmac, &to);
	if (known && to.kind == REF_AT_ROUTER) {
		ref_route(ref, to.router, commit, &trip);
		return;
	}
	ref_hear(ref, WEIR_NONE, commit, &trip, &consumed);
	if (consumed)
		return;
	if (!known) {
		flood(ref, &trip);
		return;
	}
	if (ref_place_equal(&to, from))
		result->drop |= REF_REASON(SAME_PORT);
	if (to.kind == REF_AT_REMOTE && from->kind == REF_AT_REMOTE)
		result->drop |= REF_REASON(SPLIT_HORIZON);
	if (result->drop == 0)
		ref_send_place(ref, &to, false, &trip);
}

/* ---- in ---- */

/* Reasons of the switch itself, whatever the ingress. */
static uint64_t
may_enter(const struct ref *ref, const struct ref_place *from, const struct ref_frame *frame)
{
	static const struct weir_mac zero;
	struct ref_place at;
	uint64_t reasons = 0;

	if (weir_mac_is_group(&frame->smac) || weir_mac_equal(&frame->smac, &zero))
		reasons |= REF_REASON(BAD_SOURCE_MAC);
	if (is_bridge_group(&frame->dmac))
		reasons |= REF_REASON(LINK_LOCAL);
	if (ref_static(ref->topo, from->tenant, from->sw, &frame->smac, &at) && !ref_place_equal(&at, from))
		reasons |= REF_REASON(SPOOFED_MAC);
	return reasons;
}

/* A tenant's frame at its place; result->drop holds what is wrong with it already. */
static void
enter(struct ref *ref, struct wire *wire, bool commit, struct ref_result *result)
{
	const struct ref_frame *frame = &result->frame;

	result->bytes = wire->len;
	if ((frame->faults & REF_REASON(SHORT_FRAME)) == 0)
		result->drop |= may_enter(ref, &result->from, frame);
	result->drop |= frame->faults;
	result->open |= frame->open;
	if (frame->faults == 0 && result->from.kind == REF_AT_VPORT)
		result->drop |= ref_spoof(&ref->topo->tenants[result->from.tenant].vports[result->from.vport],
		    wire->data, frame, &result->open);
	/* What may enter teaches the switch where its sender is, though it may have nowhere to go. */
	if ((result->drop & ~REF_REASON(LINK_LOCAL)) != 0)
		return;
	if (result->drop == 0)
		forward(ref, wire, commit, result);
	learn(ref, &result->from, &frame->smac, commit, result);
}

static bool
find_remote(const struct topo *topo, const struct ref_outer *outer, struct ref_result *result)
{
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t s = 0; topo->tenants[t].used && s < TOPO_SWITCHES; s++) {
			const struct topo_switch *sw = &topo->tenants[t].switches[s];

			if (!sw->used || sw->vni == 0 || sw->vni != outer->vni || sw->geneve != outer->geneve)
				continue;
			for (uint32_t i = 0; i < sw->n_remotes; i++)
				if (weir_ip_equal(&sw->remotes[i], &outer->src)) {
					result->from = at_remote(t, s, &outer->src);
					return true;
				}
			result->drop |= REF_REASON(UNKNOWN_REMOTE);
			return false;
		}
	result->drop |= REF_REASON(UNKNOWN_VNI);
	return false;
}

static void
from_underlay(struct ref *ref, uint32_t port, struct wire *wire, bool commit, struct ref_result *result)
{
	struct ref_outer outer;

	ref_read_outer(ref->topo, port, wire, &outer);
	result->bytes = wire->len;
	result->open = outer.open;
	result->drop = outer.faults;
	result->answer = outer.answer;
	if (!outer.tunnel)
		return;
	/* Each of these may be found first. */
	if (!find_remote(ref->topo, &outer, result) || outer.faults != 0) {
		result->from = (struct ref_place){.kind = REF_AT_PORT, .port = port};
		return;
	}
	wire->len = outer.inner + outer.inner_len;
	wire_cut(wire, 0, outer.inner);
	ref_read(wire->data, wire->len, &result->frame);
	if (result->frame.faults == 0)
		result->drop |= ref_merge_ecn(wire->data, &result->frame, outer.tos);
	/* What is dropped was not changed; what goes on has the merged ECN, outside too. */
	if (result->drop == 0)
		ref_read(wire->data, wire->len, &result->frame);
	enter(ref, wire, commit, result);
}

static bool
find_vport(const struct topo *topo, uint32_t port, uint32_t vlan, struct ref_place *at)
{
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t v = 0; topo->tenants[t].used && v < TOPO_VPORTS; v++) {
			const struct topo_vport *vport = &topo->tenants[t].vports[v];

			if (!vport->used || vport->port != port || vport->vlan != vlan)
				continue;
			*at = at_vport(topo, t, v);
			return true;
		}
	return false;
}

/* Takes the outermost tag off. Returns its VLAN: 0 = untagged. */
static uint32_t
take_tag(struct wire *wire)
{
	uint32_t vlan;

	if (wire->len < 18 || !wire_is_tag(get16(wire->data + 12)))
		return 0;
	vlan = get16(wire->data + 14) & 0xfff;
	wire_cut(wire, 12, 4);
	return vlan;
}

void
ref_packet(struct ref *ref, uint32_t port, const struct wire *wire, bool commit, struct ref_result *result)
{
	static struct wire frame;
	uint32_t vlan;

	result->open = result->learned = result->short_tag = result->consumed = false;
	result->flooded = result->errors = result->n_vias = result->n_counts = result->n_ops = 0;
	result->alone = false;
	result->from = (struct ref_place){.kind = REF_AT_PORT, .port = port};
	result->bytes = wire->len;
	result->drop = 0;
	result->answer = REF_NO_ANSWER;
	result->n_outs = 0;
	result->short_tag = wire->len < ETH_HEADER || (wire->len < 18 && wire_is_tag(get16(wire->data + 12)));
	if (result->short_tag) {
		result->drop = REF_REASON(SHORT_FRAME);
		return;
	}
	frame.len = wire->len;
	memcpy(frame.data, wire->data, wire->len);
	vlan = take_tag(&frame);
	if (ref->topo->ports[port].uplink && ref->topo->ports[port].vlan == vlan) {
		from_underlay(ref, port, &frame, commit, result);
	} else if (find_vport(ref->topo, port, vlan, &result->from)) {
		ref_read(frame.data, frame.len, &result->frame);
		enter(ref, &frame, commit, result);
	} else {
		result->drop = REF_REASON(UNKNOWN_VLAN);
	}
	if (commit && !result->open && result->n_vias == 0)
		ref_commit(ref, result);
}
