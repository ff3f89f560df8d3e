/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "view_priv.h"

static void
fill_vport(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t v, struct weir_view_vport *row)
{
	const struct weir_cfg_vport *cfg = &live->cfg->vports[v];
	const struct weir_iface *iface = weir_vnet_iface(gateway->vnet, live->vports[v]);

	memset(row, 0, sizeof(*row));
	row->cursor = view_cursor(live->tenant->id, v);
	memcpy(row->tenant, live->cfg->name, sizeof(row->tenant));
	memcpy(row->name, cfg->name, sizeof(row->name));
	memcpy(row->sw, live->cfg->switches[cfg->sw].name, sizeof(row->sw));
	memcpy(row->port, cfg->port, sizeof(row->port));
	row->vlan = cfg->vlan == WEIR_NONE ? 0 : cfg->vlan;
	row->up = iface != NULL && iface->port != NULL && __atomic_load_n(&iface->port->up, __ATOMIC_RELAXED);
	row->limit = cfg->limit;
	row->guarantee = cfg->guarantee;
	row->weight = cfg->weight;
	row->count = *weir_counters_get(gateway->counters, live->vports[v]);
}

static uint32_t
n_vports(const struct live_tenant *live)
{
	return live->cfg->n_vports;
}

int
weir_view_vports(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_vport rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;
	struct view_walk walk;
	uint32_t v;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_vports);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &v)) != NULL)
		fill_vport(gateway, live, v, &rows[(*count)++]);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

static int
compare_vport(const void *name, const void *vport)
{
	return strcmp(name, ((const struct weir_cfg_vport *)vport)->name);
}

static int
compare_switch(const void *name, const void *sw)
{
	return strcmp(name, ((const struct weir_cfg_switch *)sw)->name);
}

int
weir_view_vport(struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_vport *vport,
    struct weir_tally *tally, uint64_t *time)
{
	const struct weir_cfg_vport *cfg = NULL;
	const struct live_tenant *live;

	memset(tally, 0, sizeof(*tally));
	*time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_tenant(gateway, tenant);
	if (live != NULL && live->cfg->n_vports > 0)
		cfg = bsearch(name, live->cfg->vports, live->cfg->n_vports, sizeof(*cfg), compare_vport);
	if (cfg != NULL) {
		uint32_t v = (uint32_t)(cfg - live->cfg->vports);

		fill_vport(gateway, live, v, vport);
		weir_counters_sum(gateway->counters, live->vports[v], tally);
	}
	view_end(gateway);
	return cfg != NULL ? 0 : -ENOENT;
}

/* ---- switches ---- */

static void
fill_switch(struct weir_gateway *gateway, const struct live_tenant *live, uint32_t s, struct weir_view_switch *row)
{
	const struct weir_cfg_switch *cfg = &live->cfg->switches[s];
	const struct weir_switch *sw = weir_vnet_switch(gateway->vnet, live->switches[s]);

	memset(row, 0, sizeof(*row));
	row->cursor = view_cursor(live->tenant->id, s);
	memcpy(row->tenant, live->cfg->name, sizeof(row->tenant));
	memcpy(row->name, cfg->name, sizeof(row->name));
	row->vni = cfg->vni == WEIR_NONE ? 0 : cfg->vni;
	row->tunnel = sw->tunnel;
	row->n_vports = sw->n_vports;
	row->n_remotes = sw->n_remotes;
	for (uint32_t i = 0; i < sw->n_vports; i++)
		weir_count_add(&row->vports, weir_counters_get(gateway->counters, sw->vports[i]->id));
	for (uint32_t i = 0; i < sw->n_remotes; i++)
		weir_count_add(&row->remotes, weir_counters_get(gateway->counters, sw->remotes[i]->id));
}

/* Which row is about which switch id. */
struct switch_row {
	uint32_t sw, row;
};

static int
compare_id(const void *a, const void *b)
{
	uint32_t x = ((const struct switch_row *)a)->sw, y = ((const struct switch_row *)b)->sw;

	return x < y ? -1 : x > y;
}

/* Counts MACs by switch: there is no such count, and the table is walked once for all rows of a page. */
static void
count_macs(struct weir_gateway *gateway, uint32_t tenant, struct weir_view_switch rows[], uint32_t n)
{
	struct switch_row *map = calloc(n, sizeof(*map)), *found;

	if (map == NULL)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct live_tenant *live = gateway->live_tenants[rows[i].cursor >> 32];

		map[i] = (struct switch_row){.sw = live->switches[(uint32_t)rows[i].cursor], .row = i};
	}
	qsort(map, n, sizeof(*map), compare_id);
	for (uint32_t m = weir_macs_next(gateway->macs, tenant, 0); m != WEIR_NONE;
	     m = weir_macs_next(gateway->macs, tenant, m + 1)) {
		struct switch_row key = {.sw = gateway->vnet->macs[m].sw};

		found = bsearch(&key, map, n, sizeof(*map), compare_id);
		if (found != NULL)
			rows[found->row].macs++;
	}
	free(map);
}

static uint32_t
n_switches(const struct live_tenant *live)
{
	return live->cfg->n_switches;
}

int
weir_view_switches(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_switch rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live = NULL;
	struct view_walk walk;
	uint32_t s;
	int rc;

	*count = 0;
	*time = view_begin(gateway, VIEW_MAX_AGE);
	rc = view_walk_begin(&walk, gateway, tenant, *cursor, n_switches);
	while (rc == 0 && *count < n && (live = view_walk_next(&walk, &s)) != NULL)
		fill_switch(gateway, live, s, &rows[(*count)++]);
	if (*count > 0)
		count_macs(gateway, tenant != NULL ? (uint32_t)(rows[0].cursor >> 32) : WEIR_NONE, rows, *count);
	*cursor = view_walk_cursor(&walk);
	view_end(gateway);
	return rc;
}

int
weir_view_switch(
    struct weir_gateway *gateway, const char *tenant, const char *name, struct weir_view_switch *row, uint64_t *time)
{
	const struct weir_cfg_switch *cfg = NULL;
	const struct live_tenant *live;

	*time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_tenant(gateway, tenant);
	if (live != NULL && live->cfg->n_switches > 0)
		cfg = bsearch(name, live->cfg->switches, live->cfg->n_switches, sizeof(*cfg), compare_switch);
	if (cfg != NULL) {
		fill_switch(gateway, live, (uint32_t)(cfg - live->cfg->switches), row);
		count_macs(gateway, live->tenant->id, row, 1);
	}
	view_end(gateway);
	return cfg != NULL ? 0 : -ENOENT;
}
