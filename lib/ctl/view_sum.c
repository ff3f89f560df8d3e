/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over a tenant or the whole gateway: drops by reason, conservation. */
#include <errno.h>

#include "view_priv.h"

/* Everything that was ever counted: what was collected from interfaces that are gone, and every interface, whoever's
 * it is, was until just now, or is about to be. */
static void
gateway_tally(struct weir_gateway *gateway, struct weir_tally *tally)
{
	uint32_t max = __atomic_load_n(&gateway->max_iface, __ATOMIC_RELAXED);

	weir_tally_add(tally, &gateway->gone);
	for (uint32_t t = 0; t < gateway->max_tenant; t++)
		for (uint32_t d = 0; gateway->live_tenants[t] != NULL && d < WEIR_DIRECTIONS; d++)
			weir_tally_add(tally, gateway->live_tenants[t]->gone[d]);
	for (uint32_t iface = 0; iface < max; iface++)
		weir_counters_sum(gateway->counters, iface, tally);
}

/* The directory and a cut are held. */
static int
some_tally(struct weir_gateway *gateway, const char *tenant, struct weir_tally *tally)
{
	const struct live_tenant *live;

	memset(tally, 0, sizeof(*tally));
	if (tenant == NULL) {
		gateway_tally(gateway, tally);
		return 0;
	}
	live = gateway_tenant(gateway, tenant);
	if (live == NULL)
		return -ENOENT;
	view_tenant_tally(gateway, live, tally);
	return 0;
}

int
weir_view_drops(struct weir_gateway *gateway, const char *tenant, struct weir_tally *tally, uint64_t *time)
{
	int rc;

	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = some_tally(gateway, tenant, tally);
	view_end(gateway);
	return rc;
}

void
weir_view_unnamed_drops(const struct weir_tally *tally, uint64_t *packets, uint64_t *bytes)
{
	*packets = tally->sum.rx_drop_packets + tally->sum.tx_drop_packets;
	*bytes = tally->sum.rx_drop_bytes + tally->sum.tx_drop_bytes;
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++) {
		*packets -= tally->reasons[r].packets;
		*bytes -= tally->reasons[r].bytes;
	}
}

int
weir_view_conservation(struct weir_gateway *gateway, const char *tenant, struct weir_count *sum,
    struct weir_count *writers, uint64_t *time)
{
	struct weir_tally tally;
	int rc;

	*time = view_begin(gateway, 0);
	rc = some_tally(gateway, tenant, &tally);
	for (uint32_t w = 0; writers != NULL && w <= gateway->n_workers; w++)
		writers[w] = *weir_counters_writer(gateway->counters, w);
	view_end(gateway);
	*sum = tally.sum;
	return rc;
}

int64_t
weir_view_balance(const struct weir_count *sum)
{
	uint64_t in = sum->rx_packets + sum->generated + sum->copies;
	uint64_t out = sum->tx_packets + sum->consumed + sum->rx_drop_packets + sum->tx_drop_packets;

	/* Unsigned wraps are fine: the terms are large, their balance is not. */
	return (int64_t)(in - out - (sum->held_in - sum->held_out));
}
