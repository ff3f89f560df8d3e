/* SPDX-License-Identifier: BSD-3-Clause */
/* What weir says it did: counters, drop reasons, MACs, conservation. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "weir_view.h"

static const char *const count_names[COUNTS] = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "accepted",
    "offered", "copies", "rx_drop_packets", "rx_drop_bytes", "tx_drop_packets", "tx_drop_bytes", "held", "consumed",
    "generated"};

/* ---- reading ---- */

static void
from_view(const struct weir_count *count, const struct weir_tally *tally, struct counts *counts)
{
	const uint64_t n[COUNTS] = {count->rx_packets, count->rx_bytes, count->tx_packets, count->tx_bytes,
	    count->accepted, count->offered, count->copies, count->rx_drop_packets, count->rx_drop_bytes,
	    count->tx_drop_packets, count->tx_drop_bytes, count->held_in - count->held_out, count->consumed,
	    count->generated};

	for (int i = 0; i < COUNTS; i++)
		counts->n[i] = (int64_t)n[i];
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		counts->reasons[r] = (int64_t)tally->reasons[r].packets;
}

static void
read_tenant(struct model *model, uint32_t t, struct readings *readings)
{
	struct weir_view_vport vport;
	struct weir_view_tenant tenant;
	struct weir_tally tally;
	char name[16], vport_name[16];
	uint64_t time;

	(void)snprintf(name, sizeof(name), "t%u", t);
	if (weir_view_tenant(model->rig.gateway, name, &tenant, &tally, &time) != 0)
		model_differs(model, "no tenant %s to be seen", name);
	else
		from_view(&tally.sum, &tally, &readings->tenants[t]);
	for (uint32_t v = 0; v < TOPO_VPORTS; v++) {
		if (!model->topo.tenants[t].vports[v].used)
			continue;
		(void)snprintf(vport_name, sizeof(vport_name), "v%u", v);
		if (weir_view_vport(model->rig.gateway, name, vport_name, &vport, &tally, &time) != 0)
			model_differs(model, "no vport %s/%s to be seen", name, vport_name);
		else
			from_view(&vport.count, &tally, &readings->vports[t][v]);
	}
}

static void
read_all(struct model *model, struct readings *readings)
{
	static struct weir_view_port_stats port;
	struct weir_count sum;
	uint64_t time;
	char name[16];

	memset(readings, 0, sizeof(*readings));
	/* Makes a cut, which the views that follow use. */
	(void)weir_view_conservation(model->rig.gateway, NULL, &sum, NULL, &time);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		if (model->topo.tenants[t].used)
			read_tenant(model, t, readings);
	for (uint32_t p = 0; p < model->topo.n_ports; p++) {
		(void)snprintf(name, sizeof(name), "p%u", p);
		if (weir_view_port(model->rig.gateway, name, &port) != 0)
			model_differs(model, "no port %s to be seen", name);
		else
			from_view(&port.own.sum, &port.own, &readings->ports[p]);
	}
}

void
counters_read(struct model *model, struct readings *readings)
{
	read_all(model, readings);
	memset(rig_answers, 0, sizeof(rig_answers));
	model->n_own = 0;
}

/* ---- what the batch should have added ---- */

#define DROPS_MAX (MODEL_BATCH * (REF_OUTS + 1))

/* Sums, and the sets of reasons of each drop, at one place. */
struct due {
	int64_t n[COUNTS];
	uint32_t n_drops;
	uint64_t drops[DROPS_MAX];
};

/* How many of its own copies go on: what routers make of it is not of them. */
static uint32_t
forwarded(const struct ref_result *result)
{
	uint32_t n = 0;

	for (uint32_t o = 0; o < result->n_outs; o++)
		n += result->outs[o].made == REF_NOT_MADE;
	return n;
}

static void
add_in(struct due *due, const struct ref_result *result)
{
	uint32_t n = forwarded(result);

	due->n[COUNT_RX]++;
	due->n[COUNT_RX_BYTES] += result->bytes;
	due->n[COUNT_ACCEPTED] += n > 0;
	due->n[COUNT_COPIES] += n > 1 ? n - 1 : 0;
	due->n[COUNT_CONSUMED] += result->consumed;
	if (result->drop != 0) {
		due->n[COUNT_RX_DROPS]++;
		due->n[COUNT_RX_DROP_BYTES] += result->bytes;
		due->drops[due->n_drops++] = result->drop;
	}
}

static void
add_out(struct due *due, const struct ref_out *out)
{
	due->n[COUNT_OFFERED]++;
	due->n[COUNT_GENERATED] += out->made != REF_NOT_MADE;
	if (out->drop == 0) {
		due->n[COUNT_TX]++;
		due->n[COUNT_TX_BYTES] += out->bytes;
	} else {
		due->n[COUNT_TX_DROPS]++;
		/* An ARP reply is as long as Ethernet wants it. */
		due->n[COUNT_TX_DROP_BYTES] += out->made == REF_MADE_ARP ? 60 : out->bytes;
		due->drops[due->n_drops++] = out->drop;
	}
}

static void
add_own(struct due *due, const struct own_frame *own)
{
	due->n[COUNT_OFFERED]++;
	due->n[COUNT_GENERATED]++;
	due->n[COUNT_TX]++;
	due->n[COUNT_TX_BYTES] += own->bytes;
}

/* The batch's due at a place: a tenant's if `vport` is WEIR_NONE, else a vport's. */
static void
due_at_tenant(const struct model *model, uint32_t tenant, uint32_t vport, struct due *due)
{
	memset(due->n, 0, sizeof(due->n));
	due->n_drops = 0;
	for (uint32_t i = 0; i < model->n_items; i++) {
		const struct ref_result *result = &model->items[i].result;

		if (result->from.kind == REF_AT_PORT || result->from.tenant != tenant)
			continue;
		if (vport == WEIR_NONE || (result->from.kind == REF_AT_VPORT && result->from.vport == vport))
			add_in(due, result);
		for (uint32_t o = 0; o < result->n_outs; o++)
			if (vport == WEIR_NONE ||
			    (result->outs[o].to.kind == REF_AT_VPORT && result->outs[o].to.vport == vport))
				add_out(due, &result->outs[o]);
	}
	for (uint32_t i = 0; i < model->n_own; i++)
		if (model->own[i].at.tenant == tenant &&
		    (vport == WEIR_NONE ||
			(model->own[i].at.kind == REF_AT_VPORT && model->own[i].at.vport == vport)))
			add_own(due, &model->own[i]);
}

static void
due_at_port(const struct model *model, uint32_t port, struct due *due)
{
	memset(due->n, 0, sizeof(due->n));
	due->n_drops = 0;
	for (uint32_t i = 0; i < model->n_items; i++) {
		const struct ref_result *result = &model->items[i].result;

		if (result->from.kind == REF_AT_PORT && result->from.port == port)
			add_in(due, result);
	}
}

/* ---- comparing ---- */

/* One reason found for each drop, out of those that apply to it: a matching, grown drop by drop. */
struct matching {
	const struct due *due;
	uint32_t n_found;
	enum weir_reason found[DROPS_MAX];
	int owner[DROPS_MAX]; /* found -> drop, -1 = free */
	bool tried[DROPS_MAX];
};

static bool
match(struct matching *matching, uint32_t drop)
{
	for (uint32_t f = 0; f < matching->n_found; f++) {
		if (matching->tried[f] || (matching->due->drops[drop] >> matching->found[f] & 1) == 0)
			continue;
		matching->tried[f] = true;
		if (matching->owner[f] >= 0 && !match(matching, (uint32_t)matching->owner[f]))
			continue;
		matching->owner[f] = (int)drop;
		return true;
	}
	return false;
}

static bool
reasons_match(const struct due *due, const struct counts *delta)
{
	static struct matching matching;

	matching.due = due;
	matching.n_found = 0;
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		for (int64_t n = delta->reasons[r]; n > 0 && matching.n_found < DROPS_MAX; n--) {
			matching.owner[matching.n_found] = -1;
			matching.found[matching.n_found++] = (enum weir_reason)r;
		}
	if (matching.n_found != due->n_drops)
		return false;
	for (uint32_t d = 0; d < due->n_drops; d++) {
		memset(matching.tried, 0, sizeof(matching.tried));
		if (!match(&matching, d))
			return false;
	}
	return true;
}

static void
print_reasons(const struct due *due, const struct counts *delta)
{
	(void)printf("  reasons found:");
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		if (delta->reasons[r] != 0)
			(void)printf(" %" PRId64 " %s", delta->reasons[r], weir_reason_name((enum weir_reason)r));
	(void)printf("\n  each drop should be one of:");
	for (uint32_t d = 0; d < due->n_drops; d++) {
		(void)printf(" {");
		for (int r = 0; r < WEIR_REASON_COUNT; r++)
			if (due->drops[d] >> r & 1)
				(void)printf(" %s", weir_reason_name((enum weir_reason)r));
		(void)printf(" }");
	}
	(void)printf("\n");
}

/*
 * What routers say unasked and what does not leave at once shows in counters only: as much is generated and offered
 * as is dropped, for any reason, or held; and what was held before leaves.
 */
static void
allow_unheard(struct due *due, const struct counts *delta)
{
	int64_t n = delta->n[COUNT_GENERATED] - due->n[COUNT_GENERATED];

	int64_t drops = delta->n[COUNT_TX_DROPS] - due->n[COUNT_TX_DROPS];
	int64_t held = delta->n[COUNT_HELD] - due->n[COUNT_HELD];

	if (drops < 0 || drops + held != n || delta->n[COUNT_OFFERED] - due->n[COUNT_OFFERED] != n)
		return;
	due->n[COUNT_GENERATED] += n;
	due->n[COUNT_OFFERED] += n;
	due->n[COUNT_HELD] += held;
	due->n[COUNT_TX_DROPS] += drops;
	if (drops > 0)
		due->n[COUNT_TX_DROP_BYTES] = delta->n[COUNT_TX_DROP_BYTES];
	while (drops-- > 0 && due->n_drops < DROPS_MAX)
		due->drops[due->n_drops++] = UINT64_MAX;
}

/* The counts of `wanted` (a bit each) and the reasons. */
static void
compare_place(struct model *model, const char *place, uint32_t wanted, struct due *due, const struct counts *before,
    const struct counts *after)
{
	struct counts delta;

	for (int i = 0; i < COUNTS; i++)
		delta.n[i] = after->n[i] - before->n[i];
	allow_unheard(due, &delta);
	for (int i = 0; i < COUNTS; i++) {
		if ((wanted >> i & 1) != 0 && delta.n[i] != due->n[i])
			model_differs(model, "%s: %s grew by %" PRId64 ", not by %" PRId64, place, count_names[i],
			    delta.n[i], due->n[i]);
	}
	for (int r = 0; r < WEIR_REASON_COUNT; r++)
		delta.reasons[r] = after->reasons[r] - before->reasons[r];
	if (reasons_match(due, &delta))
		return;
	model_differs(model, "%s: drop reasons", place);
	print_reasons(due, &delta);
}

/* Hosts on the underlay may have been asked for meanwhile. */
static void
allow_answers(uint32_t port, struct due *due, const struct counts *before, const struct counts *after)
{
	int64_t n = after->n[COUNT_RX] - before->n[COUNT_RX] - due->n[COUNT_RX];

	if (n <= 0 || n > rig_answers[port])
		return;
	rig_answers[port] -= (uint32_t)n;
	due->n[COUNT_RX] += n;
}

void
counters_compare(struct model *model)
{
	static struct readings now;
	static struct due due;
	char place[32];

	read_all(model, &now);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		if (!model->topo.tenants[t].used)
			continue;
		(void)snprintf(place, sizeof(place), "t%u", t);
		due_at_tenant(model, t, WEIR_NONE, &due);
		model->drops += due.n_drops;
		compare_place(model, place, (1u << COUNTS) - 1, &due, &model->last.tenants[t], &now.tenants[t]);
		for (uint32_t v = 0; v < TOPO_VPORTS; v++) {
			if (!model->topo.tenants[t].vports[v].used)
				continue;
			(void)snprintf(place, sizeof(place), "t%u/v%u", t, v);
			due_at_tenant(model, t, v, &due);
			compare_place(
			    model, place, (1u << COUNTS) - 1, &due, &model->last.vports[t][v], &now.vports[t][v]);
		}
	}
	for (uint32_t p = 0; p < model->topo.n_ports; p++) {
		(void)snprintf(place, sizeof(place), "p%u", p);
		due_at_port(model, p, &due);
		model->drops += due.n_drops;
		allow_answers(p, &due, &model->last.ports[p], &now.ports[p]);
		/* What it sends for itself is no matter of the batch. */
		compare_place(
		    model, place, 1u << COUNT_RX | 1u << COUNT_RX_DROPS, &due, &model->last.ports[p], &now.ports[p]);
	}
	model->last = now;
	model->n_own = 0;
}

static uint32_t
flow_quota(const struct topo_tenant *tenant)
{
	return tenant->quota_flows != 0 ? tenant->quota_flows : UINT32_MAX;
}

void
flows_allow(struct model *model)
{
	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		uint32_t quota = flow_quota(&model->topo.tenants[t]);

		if (!model->before.tenants[t].used || model->flows_allowed[t] < quota)
			model->flows_allowed[t] = quota;
	}
}

void
flows_compare(struct model *model, bool idle)
{
	struct weir_view_tenant tenant;
	struct weir_tally tally;
	uint64_t time;
	char name[16];

	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		if (!model->topo.tenants[t].used)
			continue;
		(void)snprintf(name, sizeof(name), "t%u", t);
		if (weir_view_tenant(model->rig.gateway, name, &tenant, &tally, &time) != 0)
			continue;
		if (idle)
			model->flows_allowed[t] = flow_quota(&model->topo.tenants[t]);
		if (tenant.flows > (idle ? 0 : model->flows_allowed[t]))
			model_differs(model, "%s has %u flows%s", name, tenant.flows,
			    idle ? " after a long time without a packet" : ", more than its quota");
	}
}

void
counters_balance(struct model *model)
{
	struct weir_view_info info;
	struct weir_count sum;
	uint64_t time;
	char name[16];

	for (uint32_t t = 0; t <= TOPO_TENANTS; t++) {
		if (t < TOPO_TENANTS && !model->topo.tenants[t].used)
			continue;
		(void)snprintf(name, sizeof(name), "t%u", t);
		if (weir_view_conservation(model->rig.gateway, t < TOPO_TENANTS ? name : NULL, &sum, NULL, &time) !=
		    0)
			model_differs(model, "no conservation of %s", name);
		else if (weir_view_balance(&sum) != 0 || sum.held_in != sum.held_out)
			model_differs(model, "%s: balance %" PRId64 ", held %" PRIu64,
			    t < TOPO_TENANTS ? name : "gateway", weir_view_balance(&sum), sum.held_in - sum.held_out);
	}
	weir_view_info(model->rig.gateway, &info);
	if (info.mbufs != info.mbufs_free)
		model_differs(model, "%u of weir's buffers are missing", info.mbufs - info.mbufs_free);
	if (rig_buffers_used() != 0)
		model_differs(model, "%u of the ports' buffers are missing", rig_buffers_used());
}

/* ---- MACs ---- */

#define MACS_MAX 512

static bool
at_place(const struct ref_place *place, const char *at)
{
	char text[64], ip[46];

	if (place->kind == REF_AT_VPORT)
		(void)snprintf(text, sizeof(text), "vport v%u", place->vport);
	else if (place->kind == REF_AT_ROUTER)
		(void)snprintf(text, sizeof(text), "router r%u", place->router);
	else
		(void)snprintf(text, sizeof(text), "remote %s", weir_ip_format(&place->remote, ip, sizeof(ip)));
	return strcmp(text, at) == 0;
}

/* The learned entry that a row of the listing speaks of: its place is right, or it is reported. */
static void
check_row(struct model *model, uint32_t tenant, const struct weir_view_mac *row)
{
	struct ref_place at;
	char mac[18];
	uint32_t t, s;

	(void)weir_mac_format(&row->mac, mac, sizeof(mac));
	if (sscanf(row->sw, "t%u/s%u", &t, &s) != 2 || t != tenant || s >= TOPO_SWITCHES) {
		model_differs(model, "a MAC on switch \"%s\" among those of t%u", row->sw, tenant);
		return;
	}
	if (row->is_static) {
		if (!ref_static(&model->topo, t, s, &row->mac, &at) || !at_place(&at, row->at))
			model_differs(model, "static MAC %s on %s at %s", mac, row->sw, row->at);
		return;
	}
	for (struct ref_entry *entry = model->ref.learned; entry != NULL; entry = entry->next)
		if (entry->tenant == t && entry->sw == s && weir_mac_equal(&entry->mac, &row->mac) &&
		    at_place(&entry->at, row->at)) {
			entry->may_go = false;
			entry->listed = true;
			return;
		}
	model_differs(model, "learned MAC %s on %s at %s", mac, row->sw, row->at);
}

/* Takes out what weir has rightly forgotten; reports what it should have kept. */
static void
forget_unlisted(struct model *model)
{
	struct ref_entry **at = &model->ref.learned;
	char mac[18];

	while (*at != NULL) {
		struct ref_entry *entry = *at;

		if (!entry->listed && !entry->may_go)
			model_differs(model, "MAC %s of %s is not in weir's table",
			    weir_mac_format(&entry->mac, mac, sizeof(mac)), model_place(&entry->at));
		if (entry->listed) {
			entry->listed = false;
			at = &entry->next;
		} else {
			*at = entry->next;
			free(entry);
		}
	}
}

void
macs_compare(struct model *model)
{
	static struct weir_view_mac rows[MACS_MAX];
	char name[16];

	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		uint64_t cursor = 0;
		uint32_t n;

		if (!model->topo.tenants[t].used)
			continue;
		(void)snprintf(name, sizeof(name), "t%u", t);
		while (cursor != WEIR_VIEW_END) {
			if (weir_view_macs(model->rig.gateway, name, &cursor, rows, MACS_MAX, &n) != 0) {
				model_differs(model, "no MACs of %s", name);
				break;
			}
			for (uint32_t i = 0; i < n; i++)
				check_row(model, t, &rows[i]);
		}
	}
	forget_unlisted(model);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		struct weir_view_tenant tenant;
		struct weir_tally tally;
		uint64_t time;

		(void)snprintf(name, sizeof(name), "t%u", t);
		if (model->topo.tenants[t].used &&
		    weir_view_tenant(model->rig.gateway, name, &tenant, &tally, &time) == 0 &&
		    tenant.macs != ref_macs(&model->ref, t))
			model_differs(model, "%s has %u MACs, not %u", name, tenant.macs, ref_macs(&model->ref, t));
	}
}
