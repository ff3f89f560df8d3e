/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "view_priv.h"

static void
fill_tenant(struct weir_gateway *gateway, const struct live_tenant *live, struct weir_view_tenant *row)
{
	const struct weir_tenant *tenant = live->tenant;
	struct weir_count counts[WEIR_DIRECTIONS];

	memset(row, 0, sizeof(*row));
	memset(counts, 0, sizeof(counts));
	row->cursor = tenant->id;
	memcpy(row->name, tenant->name, sizeof(row->name));
	row->limit = tenant->rate;
	row->guarantee = tenant->guarantee;
	row->weight = tenant->weight;
	row->n_vports = live->cfg->n_vports;
	row->flows = __atomic_load_n(&gateway->vnet->flows_used[tenant->id], __ATOMIC_RELAXED);
	row->flows_refused = __atomic_load_n(&gateway->vnet->flows_refused[tenant->id], __ATOMIC_RELAXED);
	row->quota_flows = tenant->quota_flows != WEIR_NONE ? tenant->quota_flows : gateway->settings.flows;
	row->connections = weir_conns_of_tenant(gateway->conns, tenant->id);
	row->quota_connections = tenant->quota_connections;
	row->macs = weir_macs_of_tenant(gateway->macs, tenant->id);
	row->macs_refused = weir_macs_refused(gateway->macs, tenant->id);
	row->quota_macs = tenant->quota_macs;

	view_last_receipt(gateway, tenant, &row->receipt);
	view_tenant_counts(gateway, live, counts);
	row->to_uplink.packets = counts[WEIR_TO_UPLINK].tx_packets;
	row->to_uplink.bytes = counts[WEIR_TO_UPLINK].tx_bytes;
	row->to_vport.packets = counts[WEIR_TO_VPORT].tx_packets;
	row->to_vport.bytes = counts[WEIR_TO_VPORT].tx_bytes;
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++)
		weir_count_add(&row->sum, &counts[d]);
}

uint32_t
weir_view_tenants(
    struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_tenant rows[], uint32_t n, uint64_t *time)
{
	uint32_t count = 0;
	uint64_t id = *cursor;

	*time = view_begin(gateway, VIEW_MAX_AGE);
	for (; id < gateway->max_tenant && count < n; id++)
		if (gateway->live_tenants[id] != NULL)
			fill_tenant(gateway, gateway->live_tenants[id], &rows[count++]);
	*cursor = id < gateway->max_tenant ? id : WEIR_VIEW_END;
	view_end(gateway);
	return count;
}

int
weir_view_tenant(struct weir_gateway *gateway, const char *name, struct weir_view_tenant *tenant,
    struct weir_tally *tally, uint64_t *time)
{
	const struct live_tenant *live;

	memset(tally, 0, sizeof(*tally));
	*time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_tenant(gateway, name);
	if (live != NULL) {
		fill_tenant(gateway, live, tenant);
		view_tenant_tally(gateway, live, tally);
	}
	view_end(gateway);
	return live != NULL ? 0 : -ENOENT;
}
