/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows, and where MACs and neighbours are. */
#include <errno.h>
#include <stdio.h>

#include "view_priv.h"

/* A page of a listing that finds little looks at so many slots: a few milliseconds. */
#define SLOTS_A_PAGE 200000u

/* A tenant's id, WEIR_NONE for all of them. 0 or -ENOENT. */
static int
find_tenant(struct weir_gateway *gateway, const char *name, uint32_t *id)
{
	const struct live_tenant *live = NULL;

	*id = WEIR_NONE;
	if (name == NULL)
		return 0;
	(void)pthread_mutex_lock(&gateway->mutex);
	live = gateway_tenant(gateway, name);
	if (live != NULL)
		*id = live->tenant->id;
	(void)pthread_mutex_unlock(&gateway->mutex);
	return live != NULL ? 0 : -ENOENT;
}

/* Copies flows from *cursor (worker, slot) on, beside the workers that write them: no lock. */
static uint32_t
collect(struct weir_gateway *gateway, uint32_t tenant, uint64_t *cursor, struct weir_view_flow rows[], uint32_t n)
{
	uint64_t worker = *cursor >> 32;
	uint32_t slot = (uint32_t)*cursor, looked = 0, count = 0;

	for (; worker < gateway->n_workers; worker++, slot = 0) {
		const struct weir_flows *flows = weir_worker_flows(gateway->workers[worker]);

		for (; slot < weir_flows_top(flows); slot++, looked++) {
			struct weir_view_flow *row = &rows[count];

			if (count == n || looked == SLOTS_A_PAGE) {
				*cursor = view_cursor((uint32_t)worker, slot);
				return count;
			}
			if (!weir_flow_read(flows, slot, &row->flow))
				continue;
			if (tenant != WEIR_NONE && row->flow.tenant != tenant)
				continue;
			row->cursor = view_cursor((uint32_t)worker, slot);
			row->worker = (uint32_t)worker;
			count++;
		}
	}
	*cursor = WEIR_VIEW_END;
	return count;
}

int
view_place(const struct weir_iface *iface, bool tenant, char buf[WEIR_VIEW_PLACE_SIZE])
{
	char ip[46];

	if (iface->kind == WEIR_IFACE_REMOTE)
		return snprintf(buf, WEIR_VIEW_PLACE_SIZE, "remote %s", weir_ip_format(&iface->ip, ip, sizeof(ip)));
	return snprintf(buf, WEIR_VIEW_PLACE_SIZE, "%s %s%s%s", iface->kind == WEIR_IFACE_ROUTER ? "router" : "vport",
	    tenant ? iface->tenant->name : "", tenant ? "/" : "", iface->name);
}

static void
format_ingress(const struct weir_gateway *gateway, const struct weir_iface *iface, bool tenant, char *buf)
{
	const struct weir_switch *sw = weir_vnet_switch(gateway->vnet, iface->sw);
	int len = view_place(iface, tenant, buf);

	if (iface->kind == WEIR_IFACE_REMOTE && sw != NULL)
		(void)snprintf(buf + len, WEIR_VIEW_PLACE_SIZE - (size_t)len, " on %s%s%s",
		    tenant ? iface->tenant->name : "", tenant ? "/" : "", sw->name);
}

/* Where the destination MAC is now: a worker's own verdicts are not for others to read. */
static void
format_egress(const struct weir_gateway *gateway, const struct weir_iface *in, const struct weir_mac *dmac, char *buf)
{
	const struct weir_vnet *vnet = gateway->vnet;
	uint32_t entry = weir_vnet_mac(vnet, in->sw, dmac);
	const struct weir_iface *out = entry != WEIR_NONE ? weir_vnet_iface(vnet, vnet->macs[entry].iface) : NULL;

	if (out != NULL)
		(void)view_place(out, false, buf);
	else
		(void)snprintf(buf, WEIR_VIEW_PLACE_SIZE, "flood");
}

int
weir_view_flows(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_flow rows[],
    uint32_t n, uint32_t *count, uint64_t *time)
{
	uint32_t id, found;

	*count = 0;
	*time = gateway_now(gateway);
	if (find_tenant(gateway, tenant, &id) != 0)
		return -ENOENT;
	found = collect(gateway, id, cursor, rows, n);
	(void)pthread_mutex_lock(&gateway->mutex);
	for (uint32_t i = 0; i < found; i++) {
		struct weir_view_flow *row = &rows[*count];
		const struct weir_iface *iface = view_iface(gateway, rows[i].flow.iface, rows[i].flow.iface_serial);

		/* A flow of what was removed only waits to age. */
		if (iface == NULL || iface->tenant == NULL)
			continue;
		*row = rows[i];
		format_ingress(gateway, iface, tenant == NULL, row->ingress);
		format_egress(gateway, iface, &row->flow.key.dmac, row->egress);
		(*count)++;
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	return 0;
}

/* ---- MACs ---- */

static void
fill_mac(const struct weir_gateway *gateway, const struct weir_iface *iface, uint32_t entry, uint64_t now,
    struct weir_view_mac *row)
{
	const struct weir_mac_entry *mac = &gateway->vnet->macs[entry];
	const struct weir_switch *sw = weir_vnet_switch(gateway->vnet, mac->sw);

	memset(row, 0, sizeof(*row));
	row->cursor = entry;
	(void)snprintf(row->sw, sizeof(row->sw), "%s/%s", iface->tenant->name, sw != NULL ? sw->name : "");
	row->mac = mac->mac;
	(void)view_place(iface, false, row->at);
	row->is_static = mac->is_static != 0;
	row->age = row->is_static || now < mac->seen ? 0 : now - mac->seen;
}

int
weir_view_macs(struct weir_gateway *gateway, const char *tenant, uint64_t *cursor, struct weir_view_mac rows[],
    uint32_t n, uint32_t *count)
{
	uint64_t now = gateway_now(gateway);
	uint32_t id, entry;

	*count = 0;
	if (find_tenant(gateway, tenant, &id) != 0)
		return -ENOENT;
	(void)pthread_mutex_lock(&gateway->mutex);
	entry = *cursor < WEIR_NONE ? weir_macs_next(gateway->macs, id, (uint32_t)*cursor) : WEIR_NONE;
	while (entry != WEIR_NONE && *count < n) {
		const struct weir_iface *iface = weir_vnet_iface(gateway->vnet, gateway->vnet->macs[entry].iface);

		if (iface != NULL && iface->tenant != NULL)
			fill_mac(gateway, iface, entry, now, &rows[(*count)++]);
		entry = weir_macs_next(gateway->macs, id, entry + 1);
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	*cursor = entry != WEIR_NONE ? entry : WEIR_VIEW_END;
	return 0;
}

/* ---- neighbours ---- */

/* The directory is held. */
static const char *
underlay_port(const struct weir_gateway *gateway, uint32_t underlay)
{
	for (const struct live_port *port = gateway->live_ports; port != NULL; port = port->next)
		if (port->has_underlay && port->underlay == underlay)
			return port->cfg.name;
	return "";
}

uint32_t
weir_view_neighs(struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_neigh rows[], uint32_t n)
{
	uint64_t now = gateway_now(gateway);
	uint32_t count = 0, at = *cursor < WEIR_NONE ? (uint32_t)*cursor : WEIR_NONE, next;

	/* One at a time, since a row says where it stands. */
	for (; at != WEIR_NONE && count < n; at = next) {
		struct weir_view_neigh *row = &rows[count];

		row->cursor = at;
		count += weir_neigh_list(gateway->neigh, at, &row->entry, 1, &next, now);
	}
	*cursor = at != WEIR_NONE ? at : WEIR_VIEW_END;
	(void)pthread_mutex_lock(&gateway->mutex);
	for (uint32_t i = 0; i < count; i++)
		(void)snprintf(
		    rows[i].port, sizeof(rows[i].port), "%s", underlay_port(gateway, rows[i].entry.underlay));
	(void)pthread_mutex_unlock(&gateway->mutex);
	return count;
}
