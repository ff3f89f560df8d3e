/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "view_priv.h"

static void
fill_port(const struct live_port *live, uint32_t position, struct weir_view_port *row)
{
	const struct weir_port *port = live->port;

	memset(row, 0, sizeof(*row));
	row->cursor = position;
	memcpy(row->name, live->cfg.name, sizeof(row->name));
	row->rate = port != NULL ? port->wire->bps : live->cfg.rate;
	row->guaranteed = live->guaranteed;
	row->shortfall = row->guaranteed > row->rate ? row->guaranteed - row->rate : 0;
	if (port == NULL) {
		const char *what = live->cfg.devargs != NULL ? live->cfg.devargs : live->cfg.device;

		(void)snprintf(row->device, sizeof(row->device), "%s", what);
		(void)snprintf(row->reason, sizeof(row->reason), "%s", live->reason);
		row->mtu = live->cfg.mtu;
		return;
	}
	memcpy(row->device, port->device, sizeof(row->device));
	row->up = __atomic_load_n(&port->up, __ATOMIC_RELAXED);
	row->link_mbps = __atomic_load_n(&port->link_mbps, __ATOMIC_RELAXED);
	row->mtu = __atomic_load_n(&port->mtu, __ATOMIC_RELAXED);
	row->n_rxq = port->n_rxq;
	row->n_txq = port->n_txq;
}

uint32_t
weir_view_ports(struct weir_gateway *gateway, uint64_t *cursor, struct weir_view_port rows[], uint32_t n)
{
	const struct live_port *live;
	uint32_t position = 0, count = 0;

	(void)pthread_mutex_lock(&gateway->mutex);
	for (live = gateway->live_ports; live != NULL && count < n; live = live->next, position++)
		if (position >= *cursor)
			fill_port(live, position, &rows[count++]);
	*cursor = live == NULL ? WEIR_VIEW_END : position;
	(void)pthread_mutex_unlock(&gateway->mutex);
	return count;
}

int
weir_view_port(struct weir_gateway *gateway, const char *name, struct weir_view_port_stats *stats)
{
	const struct live_port *live;

	memset(stats, 0, sizeof(*stats));
	stats->time = view_begin(gateway, VIEW_MAX_AGE);
	live = gateway_port(gateway, name);
	if (live != NULL) {
		fill_port(live, 0, &stats->port);
		if (live->iface != WEIR_NONE)
			weir_counters_sum(gateway->counters, live->iface, &stats->own);
		/* A driver that cannot tell leaves zeroes. The port stays open while the directory is held. */
		if (live->port != NULL)
			(void)weir_port_stats(live->port, &stats->driver);
	}
	view_end(gateway);
	return live != NULL ? 0 : -ENOENT;
}
