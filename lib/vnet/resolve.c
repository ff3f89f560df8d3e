/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "weir_vnet.h"

static uint32_t
gen(const uint32_t *array, uint32_t index)
{
	return __atomic_load_n(&array[index], __ATOMIC_ACQUIRE);
}

uint32_t
weir_vnet_mac(const struct weir_vnet *vnet, uint32_t sw, const struct weir_mac *mac)
{
	struct weir_mac_entry key;

	memset(&key, 0, sizeof(key));
	key.sw = sw;
	key.mac = *mac;
	return weir_table_lookup(vnet->mac_table, &key, weir_table_hash(vnet->mac_table, &key));
}

/* The entry's generation, read before its place is: a move in between is then seen as a difference. WEIR_NONE: it was
 * removed since it was looked up. */
static uint32_t
entry_place(const struct weir_vnet *vnet, uint32_t entry, uint32_t *entry_gen)
{
	*entry_gen = gen(vnet->mac_gen, entry);
	return __atomic_load_n(&vnet->macs[entry].iface, __ATOMIC_ACQUIRE);
}

static bool
is_zero(const struct weir_mac *mac)
{
	return (mac->b[0] | mac->b[1] | mac->b[2] | mac->b[3] | mac->b[4] | mac->b[5]) == 0;
}

/* 01:80:c2:00:00:00 to 0f: for the bridge itself (IEEE 802.1D, table 7-10). */
static bool
is_reserved(const struct weir_mac *mac)
{
	static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(mac->b, prefix, sizeof(prefix)) == 0 && mac->b[5] < 0x10;
}

/* Where the source is known to be; asks to learn it if that is elsewhere or nowhere. */
static enum weir_reason
resolve_source(const struct weir_vnet *vnet, const struct weir_mac *smac, struct weir_verdict *verdict)
{
	uint32_t place;

	verdict->key.smac = weir_vnet_mac(vnet, verdict->in->sw, smac);
	place = verdict->key.smac == WEIR_NONE ? WEIR_NONE : entry_place(vnet, verdict->key.smac, &verdict->smac_gen);
	if (place == WEIR_NONE) {
		verdict->key.smac = WEIR_NONE;
		verdict->uses_absent = true;
		verdict->learn = true;
		return WEIR_OK;
	}
	if (place == verdict->in->id)
		return WEIR_OK;
	if (vnet->macs[verdict->key.smac].is_static)
		return WEIR_DROP_SPOOFED_MAC;
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
		return is_reserved(dmac) ? WEIR_DROP_LINK_LOCAL : resolve_flood(verdict);
	}
	verdict->key.dmac = weir_vnet_mac(vnet, verdict->in->sw, dmac);
	place = verdict->key.dmac == WEIR_NONE ? WEIR_NONE : entry_place(vnet, verdict->key.dmac, &verdict->dmac_gen);
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

enum weir_reason
weir_resolve(const struct weir_vnet *vnet, const struct weir_iface *in, const struct weir_key *key,
    const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict)
{
	const struct weir_iface *seen;
	enum weir_reason reason;

	memset(verdict, 0, sizeof(*verdict));
	/*
	 * Generations first, objects after: what changes in between makes the verdict stale, never wrong for good.
	 * The interface too: the caller's may be of a version before these generations.
	 */
	do {
		seen = in;
		verdict->tenant = in->tenant->id;
		verdict->sw_id = in->sw;
		verdict->epoch = gen(vnet->tenant_epoch, verdict->tenant);
		verdict->switch_gen = gen(vnet->switch_gen, in->sw);
		verdict->absent_gen = gen(vnet->absent_gen, in->sw);
		in = weir_vnet_iface(vnet, seen->id);
		if (in == NULL || in->serial != seen->serial)
			return WEIR_DROP_RECONFIGURED;
	} while (in != seen);
	verdict->in = in;
	verdict->key = (struct weir_path_key){in->id, in->serial, WEIR_NONE, WEIR_NONE};
	verdict->sw = weir_vnet_switch(vnet, in->sw);
	verdict->cacheable = (frame->kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) == 0;
	if (verdict->sw == NULL)
		return WEIR_DROP_RECONFIGURED;
	if (weir_mac_is_group(&key->smac) || is_zero(&key->smac))
		return WEIR_DROP_BAD_SOURCE_MAC;
	if (in->kind == WEIR_IFACE_VPORT) {
		reason = weir_spoof_check(in, key, frame, data);
		if (reason != WEIR_OK)
			return reason;
	}
	reason = resolve_source(vnet, &key->smac, verdict);
	if (reason == WEIR_OK)
		reason = resolve_destination(vnet, &key->dmac, verdict);
	if (reason == WEIR_OK)
		copy_ends(verdict);
	return reason;
}

bool
weir_verdict_recheck(const struct weir_vnet *vnet, struct weir_verdict *verdict)
{
	uint32_t epoch = gen(vnet->tenant_epoch, verdict->tenant);

	if (gen(vnet->switch_gen, verdict->sw_id) != verdict->switch_gen)
		return false;
	if (verdict->uses_absent && gen(vnet->absent_gen, verdict->sw_id) != verdict->absent_gen)
		return false;
	if (verdict->key.smac != WEIR_NONE && gen(vnet->mac_gen, verdict->key.smac) != verdict->smac_gen)
		return false;
	if (verdict->key.dmac < WEIR_MACS_MAX && gen(vnet->mac_gen, verdict->key.dmac) != verdict->dmac_gen)
		return false;
	verdict->epoch = epoch;
	return true;
}
