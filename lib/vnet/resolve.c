/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "walk.h"

uint32_t
weir_vnet_mac(const struct weir_vnet *vnet, uint32_t sw, const struct weir_mac *mac)
{
	struct weir_mac_entry key;

	memset(&key, 0, sizeof(key));
	key.sw = sw;
	key.mac = *mac;
	return weir_table_lookup(vnet->mac_table, &key, weir_table_hash(vnet->mac_table, &key));
}

static bool
is_zero(const struct weir_mac *mac)
{
	return (mac->b[0] | mac->b[1] | mac->b[2] | mac->b[3] | mac->b[4] | mac->b[5]) == 0;
}

/* From another gateway, where the same router has the same MAC. */
static bool
is_same_router(const struct weir_vnet *vnet, const struct weir_iface *in, uint32_t place)
{
	const struct weir_iface *iface = weir_vnet_iface(vnet, place);

	return in->kind == WEIR_IFACE_REMOTE && iface != NULL && iface->kind == WEIR_IFACE_ROUTER;
}

/* Where the source is known to be; asks to learn it if that is elsewhere or nowhere. */
static enum weir_reason
resolve_source(const struct weir_vnet *vnet, const struct weir_mac *smac, struct weir_verdict *verdict)
{
	uint32_t place;

	verdict->key.smac = weir_vnet_mac(vnet, verdict->in->sw, smac);
	place = verdict->key.smac == WEIR_NONE ? WEIR_NONE : walk_place(vnet, verdict->key.smac, &verdict->smac_gen);
	if (place == WEIR_NONE) {
		verdict->key.smac = WEIR_NONE;
		verdict->uses_absent = true;
		verdict->learn = true;
		return WEIR_OK;
	}
	if (place == verdict->in->id)
		return WEIR_OK;
	if (vnet->macs[verdict->key.smac].is_static)
		return is_same_router(vnet, verdict->in, place) ? WEIR_OK : WEIR_DROP_SPOOFED_MAC;
	verdict->learn = true;
	return WEIR_OK;
}

/* Somebody has to be left to flood to. */
static enum weir_reason
resolve_flood(struct weir_verdict *verdict)
{
	const struct weir_switch *sw = verdict->sw;

	verdict->action = WEIR_FLOOD;
	if (verdict->in->kind == WEIR_IFACE_REMOTE) {
		if (sw->n_vports > 0)
			return WEIR_OK;
		return sw->n_remotes > 1 ? WEIR_DROP_SPLIT_HORIZON : WEIR_DROP_NO_DESTINATION;
	}
	/* One of them is `in`; or it was, until a moment ago, and the switch may have nobody at all. */
	return sw->n_vports + sw->n_remotes > 1 ? WEIR_OK : WEIR_DROP_NO_DESTINATION;
}

static enum weir_reason
resolve_destination(const struct weir_vnet *vnet, const struct weir_mac *dmac, struct weir_verdict *verdict)
{
	uint32_t place;

	if (weir_mac_is_group(dmac)) {
		verdict->key.dmac = WEIR_MAC_GROUP;
		return walk_reserved(dmac) ? WEIR_DROP_LINK_LOCAL : resolve_flood(verdict);
	}
	verdict->key.dmac = weir_vnet_mac(vnet, verdict->in->sw, dmac);
	place = verdict->key.dmac == WEIR_NONE ? WEIR_NONE : walk_place(vnet, verdict->key.dmac, &verdict->dmac_gen);
	if (place == verdict->in->id)
		return WEIR_DROP_SAME_PORT;
	verdict->out = place == WEIR_NONE ? NULL : weir_vnet_iface(vnet, place);
	/* Not known, gone since, or moved to another switch. */
	if (verdict->out == NULL || verdict->out->sw != verdict->in->sw) {
		verdict->key.dmac = WEIR_NONE;
		verdict->uses_absent = true;
		return resolve_flood(verdict);
	}
	if (verdict->in->kind == WEIR_IFACE_REMOTE && verdict->out->kind == WEIR_IFACE_REMOTE)
		return WEIR_DROP_SPLIT_HORIZON;
	verdict->action = WEIR_FORWARD;
	return WEIR_OK;
}

static void
set_limit(struct weir_verdict *verdict, uint32_t which, const struct weir_limit *limit, uint32_t credit)
{
	verdict->limit[which] = weir_limit_serial(limit);
	verdict->credit[which] = limit != NULL ? credit : WEIR_CREDIT_NONE;
}

/* What packets need of both ends, beside the verdict. */
static void
copy_ends(struct weir_verdict *verdict)
{
	const struct weir_iface *in = verdict->in, *out = verdict->out;
	enum weir_direction direction;

	set_limit(verdict, WEIR_LIMIT_IN, in->limit_in, weir_credit_in(in->id));
	/* A flood's are those of each way out. */
	set_limit(verdict, WEIR_LIMIT_OUT, NULL, 0);
	set_limit(verdict, WEIR_LIMIT_TENANT, NULL, 0);
	if (verdict->action == WEIR_FLOOD)
		return;
	direction = out->kind == WEIR_IFACE_REMOTE ? WEIR_TO_UPLINK : WEIR_TO_VPORT;
	verdict->out_id = out->id;
	set_limit(verdict, WEIR_LIMIT_OUT, out->limit_out, weir_credit_out(out->id));
	set_limit(verdict, WEIR_LIMIT_TENANT, out->limit_tenant, weir_credit_tenant(verdict->tenant, direction));
	verdict->to_remote = out->kind == WEIR_IFACE_REMOTE;
	if (verdict->to_remote) {
		verdict->vtep = out->vtep;
		verdict->vni = out->vni;
	} else {
		verdict->vlan = out->vlan;
		verdict->tag = out->vlan != WEIR_NONE ? weir_vlan_tag((uint16_t)out->vlan) : 0;
	}
	verdict->port = out->port;
}

/*
 * Generations first, objects after: what changes in between makes the verdict stale, never wrong for good. The
 * interface too: the caller's may be of a version before these generations. NULL: it is gone.
 */
static const struct weir_iface *
begin(const struct weir_vnet *vnet, const struct weir_iface *in, struct weir_verdict *verdict)
{
	const struct weir_iface *seen;

	memset(verdict, 0, sizeof(*verdict));
	do {
		seen = in;
		verdict->tenant = in->tenant->id;
		verdict->sw_id = in->sw;
		verdict->epoch = walk_gen(vnet->tenant_epoch, verdict->tenant);
		verdict->switch_gen = walk_gen(vnet->switch_gen, in->sw);
		verdict->absent_gen = walk_gen(vnet->absent_gen, in->sw);
		in = weir_vnet_iface(vnet, seen->id);
		if (in == NULL || in->serial != seen->serial)
			return NULL;
	} while (in != seen);
	verdict->in = in;
	verdict->key =
	    (struct weir_path_key){.in = in->id, .serial = in->serial, .smac = WEIR_NONE, .dmac = WEIR_NONE};
	verdict->sw = weir_vnet_switch(vnet, in->sw);
	return verdict->sw == NULL ? NULL : in;
}

/* On its first switch. */
static enum weir_reason
enter_switch(struct walk *walk)
{
	struct weir_verdict *verdict = walk->verdict;
	const struct weir_iface *in = verdict->in;
	const struct weir_key *key = walk->key;
	enum weir_reason reason = WEIR_OK;

	if (weir_mac_is_group(&key->smac) || is_zero(&key->smac))
		reason = WEIR_DROP_BAD_SOURCE_MAC;
	else if (in->kind == WEIR_IFACE_VPORT)
		reason = weir_spoof_check(in, key, walk->frame, walk->data);
	walk_note(walk, .kind = WEIR_NOTE_SPOOF, .iface = in, .mac = &key->smac, .reason = reason);
	if (reason != WEIR_OK)
		return reason;
	reason = resolve_source(walk->vnet, &key->smac, verdict);
	walk_note(walk, .kind = WEIR_NOTE_SOURCE, .iface = in, .mac = &key->smac, .entry = verdict->key.smac,
	    .learn = verdict->learn, .reason = reason);
	if (reason == WEIR_OK && in->kind == WEIR_IFACE_VPORT && !walk_reserved(&key->dmac))
		reason = walk_firewall(walk, in, WEIR_FW_IN);
	if (reason == WEIR_OK && (walk->frame->kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) != 0 &&
	    verdict->sw->n_routers > 0 && !walk_reserved(&key->dmac))
		reason = walk_listen(walk);
	if (reason != WEIR_OK || verdict->action == WEIR_ANSWER)
		return reason;
	reason = resolve_destination(walk->vnet, &key->dmac, verdict);
	walk_note(walk, .kind = WEIR_NOTE_SWITCH, .sw = verdict->sw, .mac = &key->dmac, .entry = verdict->key.dmac,
	    .iface = verdict->out, .reason = reason);
	return reason;
}

/* From switch to switch. */
static enum weir_reason
go_on(struct walk *walk)
{
	struct weir_verdict *verdict = walk->verdict;
	enum weir_reason reason = WEIR_OK;

	while (reason == WEIR_OK && verdict->action == WEIR_FORWARD && verdict->out->kind == WEIR_IFACE_ROUTER)
		reason = walk_router(walk, verdict->out);
	if (reason == WEIR_OK && verdict->action == WEIR_FORWARD && verdict->out->kind == WEIR_IFACE_VPORT) {
		reason = walk_firewall(walk, verdict->out, WEIR_FW_OUT);
		verdict->refused_out = reason != WEIR_OK;
	}
	if (reason == WEIR_OK && verdict->action != WEIR_WAIT && walk->walker->n_asks > 0)
		reason = walk_connect(walk);
	return reason;
}

/* What came of it. */
static enum weir_reason
end(struct walk *walk, enum weir_reason reason)
{
	struct weir_verdict *verdict = walk->verdict;

	if (walk->trail->n > 0) {
		verdict->trail = walk->trail;
		verdict->key.trail = walk_digest(walk->trail);
	}
	if (reason == WEIR_OK && (verdict->action == WEIR_FORWARD || verdict->action == WEIR_FLOOD))
		copy_ends(verdict);
	return reason;
}

enum weir_reason
weir_resolve(struct weir_walker *walker, const struct weir_iface *in, const struct weir_key *key,
    const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict, struct weir_trail *trail)
{
	struct walk walk = {.vnet = walker->vnet,
	    .walker = walker,
	    .in = in,
	    .key = key,
	    .frame = frame,
	    .data = data,
	    .verdict = verdict,
	    .trail = trail,
	    .elements = 1};
	enum weir_reason reason;

	trail->n = trail->passed.n = walker->n_asks = 0;
	if (begin(walker->vnet, in, verdict) == NULL)
		return WEIR_DROP_RECONFIGURED;
	walk_note(&walk, .kind = WEIR_NOTE_ENTER, .iface = verdict->in, .sw = verdict->sw);
	verdict->cacheable = (frame->kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) == 0;
	reason = enter_switch(&walk);
	return end(&walk, reason == WEIR_OK ? go_on(&walk) : reason);
}

enum weir_reason
weir_resolve_made(struct weir_walker *walker, const struct weir_iface *from, const struct weir_key *key,
    const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict, struct weir_trail *trail)
{
	struct walk walk = {.vnet = walker->vnet,
	    .walker = walker,
	    .in = from,
	    .key = key,
	    .frame = frame,
	    .data = data,
	    .verdict = verdict,
	    .trail = trail,
	    .elements = 1};
	enum weir_reason reason;

	trail->n = trail->passed.n = walker->n_asks = 0;
	if (begin(walker->vnet, from, verdict) == NULL)
		return WEIR_DROP_RECONFIGURED;
	if ((frame->kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) != 0) {
		verdict->from = verdict->in;
		reason = walk_switch(&walk, &key->dmac);
	} else {
		walk.made = true;
		reason = walk_router(&walk, verdict->in);
	}
	return end(&walk, reason == WEIR_OK ? go_on(&walk) : reason);
}

bool
weir_verdict_recheck(const struct weir_vnet *vnet, struct weir_verdict *verdict)
{
	uint32_t epoch = walk_gen(vnet->tenant_epoch, verdict->tenant);

	if (walk_gen(vnet->switch_gen, verdict->sw_id) != verdict->switch_gen)
		return false;
	if (verdict->uses_absent && walk_gen(vnet->absent_gen, verdict->sw_id) != verdict->absent_gen)
		return false;
	if (verdict->key.smac != WEIR_NONE && walk_gen(vnet->mac_gen, verdict->key.smac) != verdict->smac_gen)
		return false;
	if (verdict->key.dmac < WEIR_MACS_MAX && walk_gen(vnet->mac_gen, verdict->key.dmac) != verdict->dmac_gen)
		return false;
	if (verdict->trail != NULL && !walk_stands(vnet, verdict->trail))
		return false;
	verdict->epoch = epoch;
	return true;
}
