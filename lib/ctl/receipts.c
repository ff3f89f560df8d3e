/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receipts: once a second what every tenant counted, and pages of what was kept. A few tenants at a time, since the
 * directory and the counters are held meanwhile: a patch, and a packet for weir itself, wait for them.
 */
#include <errno.h>

#include "view_priv.h"

#define RECEIPTS_EVERY WEIR_NS_PER_S
#define VLAN_LEN 4
#define TUNNEL_IPV4_LEN 50 /* all headers outside the tenant's frame, to a remote that is not resolved */
#define STEP 64		   /* tenants at a time, fewer if these have more ... */
#define STEP_IFACES 512

/* ---- taking ---- */

/* What a packet takes on the wire beyond its tenant's frame. */
static uint32_t
overhead(struct weir_gateway *gateway, const struct weir_iface *iface)
{
	const struct weir_encap *encap;
	enum weir_reason reason;

	if (iface->kind == WEIR_IFACE_VPORT)
		return WEIR_WIRE_EXTRA + (iface->vlan != WEIR_NONE ? VLAN_LEN : 0);
	/* Headers that are replaced are freed by the maintenance thread, which this is. */
	encap = weir_neigh_encap(gateway->neigh, iface->vtep, &reason);
	return WEIR_WIRE_EXTRA + (encap != NULL ? encap->len : TUNNEL_IPV4_LEN);
}

/* A tenant's cut, and its interfaces' mean overhead by what they sent. */
struct taking {
	struct weir_receipt_cut cut;
	double bytes[WEIR_DIRECTIONS], packets[WEIR_DIRECTIONS];
	uint32_t n_ifaces;
};

static void
take_iface(struct weir_gateway *gateway, uint32_t id, enum weir_direction direction, void *to)
{
	const struct weir_count *count = weir_counters_get(gateway->counters, id);
	const struct weir_iface *iface = weir_vnet_iface(gateway->vnet, id);
	struct taking *taking = to;
	/* One that has not sent counts just enough to stand for those that all have not. */
	double packets = (double)count->tx_packets + 1e-9;

	taking->n_ifaces++;
	weir_count_add(&taking->cut.count[direction], count);
	if (iface == NULL)
		return;
	taking->bytes[direction] += packets * overhead(gateway, iface);
	taking->packets[direction] += packets;
}

/* Returns how many interfaces it has. */
static uint32_t
take_tenant(struct weir_gateway *gateway, const struct live_tenant *live, uint64_t time, uint64_t spent)
{
	const struct weir_tenant *tenant = live->tenant;
	struct weir_tally tallies[WEIR_DIRECTIONS];
	struct taking taking = {
	    .cut = {.time = time, .guarantee = tenant->guarantee, .limit = tenant->rate, .spent = spent}};
	struct weir_receipt_cut *cut = &taking.cut;
	bool lost;

	for (uint32_t w = 0; w < gateway->n_workers; w++)
		cut->cycles += weir_worker_tenant_cycles(gateway->workers[w], tenant->id);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		weir_count_add(&cut->count[d], &live->gone[d]->sum);
	view_each_iface(gateway, live, take_iface, &taking);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		if (taking.packets[d] > 0)
			cut->overhead[d] = (uint32_t)(taking.bytes[d] / taking.packets[d] + 0.5);
	lost = weir_receipts_lost(gateway->receipts, tenant->id, tenant->serial, cut);
	if (lost) {
		memset(tallies, 0, sizeof(tallies));
		view_tenant_tallies(gateway, live, tallies);
	}
	weir_receipts_add(gateway->receipts, tenant->id, tenant->serial, cut, lost ? tallies : NULL);
	return taking.n_ifaces;
}

static uint64_t
spent_cycles(const struct weir_gateway *gateway)
{
	struct weir_worker_stats stats;
	uint64_t cycles = 0;

	for (uint32_t w = 0; w < gateway->n_workers; w++) {
		weir_worker_stats(gateway->workers[w], &stats);
		cycles += stats.cycles;
	}
	return cycles;
}

void
gateway_take_receipts(struct weir_gateway *gateway, uint64_t now)
{
	uint64_t time, spent;
	uint32_t t = gateway->receipts_tenant, tenants = 0, ifaces = 0;

	if (t == 0 && now < gateway->receipts_at)
		return;
	time = view_begin(gateway, VIEW_MAX_AGE);
	spent = spent_cycles(gateway);
	if (t == 0) {
		gateway->receipts_at = now + RECEIPTS_EVERY;
		weir_receipts_begin(gateway->receipts, time, spent);
	}
	for (; t < gateway->max_tenant && tenants < STEP && ifaces < STEP_IFACES; t++) {
		const struct live_tenant *live = gateway->live_tenants[t];

		if (live == NULL)
			continue;
		ifaces += take_tenant(gateway, live, time, spent);
		tenants++;
	}
	gateway->receipts_tenant = t < gateway->max_tenant ? t : 0;
	if (gateway->receipts_tenant == 0)
		weir_receipts_end(gateway->receipts);
	view_end(gateway);
}

/* ---- showing ---- */

void
view_last_receipt(struct weir_gateway *gateway, const struct weir_tenant *tenant, struct weir_receipt *receipt)
{
	uint64_t next = weir_receipts_next(gateway->receipts);

	if (next == 0 || !weir_receipts_find(gateway->receipts, next - 1, tenant->id, tenant->serial, receipt))
		*receipt = (struct weir_receipt){.promised = tenant->guarantee};
}

int
weir_view_receipts(struct weir_gateway *gateway, const char *tenant, uint64_t last, uint64_t *cursor,
    struct weir_view_receipt rows[], uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct weir_receipts *receipts = gateway->receipts;
	const struct live_tenant *live;
	uint64_t round, next;

	*count = 0;
	*time = gateway_now(gateway);
	(void)pthread_mutex_lock(&gateway->mutex);
	live = gateway_tenant(gateway, tenant);
	next = weir_receipts_next(receipts);
	round = weir_receipts_oldest(receipts);
	if (last != 0 && *cursor == 0 && last < next - round)
		round = next - last;
	if (*cursor > round)
		round = *cursor;
	for (; live != NULL && round < next && *count < n; round++) {
		struct weir_view_receipt *row = &rows[*count];

		row->cursor = round;
		*count += weir_receipts_find(receipts, round, live->tenant->id, live->tenant->serial, &row->receipt);
	}
	*cursor = round < next ? round : WEIR_VIEW_END;
	(void)pthread_mutex_unlock(&gateway->mutex);
	return live != NULL ? 0 : -ENOENT;
}
