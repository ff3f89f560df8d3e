/* SPDX-License-Identifier: BSD-3-Clause */
/* One live port: what it was configured with, its device, and what it needs beside itself to be published. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

/* ---- what it was configured with ---- */

void
port_cfg_free(struct weir_cfg_port *cfg)
{
	free((char *)(uintptr_t)cfg->devargs);
	free((char *)(uintptr_t)cfg->device);
}

int
port_cfg_copy(struct weir_cfg_port *to, const struct weir_cfg_port *from)
{
	*to = *from;
	to->devargs = from->devargs != NULL ? strdup(from->devargs) : NULL;
	to->device = from->device != NULL ? strdup(from->device) : NULL;
	if ((from->devargs != NULL && to->devargs == NULL) || (from->device != NULL && to->device == NULL)) {
		port_cfg_free(to);
		return -ENOMEM;
	}
	return 0;
}

struct weir_cfg_port
port_cfg_swap(struct weir_gateway *gateway, struct live_port *live, const struct weir_cfg_port *cfg)
{
	struct weir_cfg_port old;

	(void)pthread_mutex_lock(&gateway->mutex);
	old = live->cfg;
	live->cfg = *cfg;
	(void)pthread_mutex_unlock(&gateway->mutex);
	return old;
}

/* ---- those that there are ---- */

void
port_free(struct live_port *live)
{
	port_cfg_free(&live->cfg);
	free(live);
}

void
port_link(struct weir_gateway *gateway, struct live_port *live)
{
	struct live_port **at = &gateway->live_ports;

	(void)pthread_mutex_lock(&gateway->mutex);
	while (*at != NULL)
		at = &(*at)->next;
	*at = live;
	(void)pthread_mutex_unlock(&gateway->mutex);
}

void
port_unlink(struct weir_gateway *gateway, struct live_port *live)
{
	struct live_port **at = &gateway->live_ports;

	while (*at != live)
		at = &(*at)->next;
	*at = live->next;
}

/* ---- its device ---- */

/* What views see of it from here on; port NULL: down, and why. */
static void
show(struct weir_gateway *gateway, struct live_port *live, struct weir_port *port, const char *why)
{
	(void)pthread_mutex_lock(&gateway->mutex);
	live->port = port;
	(void)snprintf(live->reason, sizeof(live->reason), "%s", why);
	(void)pthread_mutex_unlock(&gateway->mutex);
}

static void
leftover(void *arg, struct rte_mbuf *m)
{
	struct weir_gateway *gateway = arg;
	const struct weir_mbuf_meta *meta = weir_mbuf_meta(m);
	struct weir_counters *counters = weir_counters_control_begin(gateway->counters);

	weir_count(counters, meta->iface)->held_out++;
	weir_count_drop(counters, meta->iface, WEIR_DROP_TX, WEIR_DROP_RECONFIGURED, meta->bytes);
	weir_counters_control_end(gateway->counters);
	rte_pktmbuf_free(m);
}

/* What a port needs beside itself, until it is published. */
static int
equip(struct weir_gateway *gateway, struct live_port *live, const struct weir_port *port, struct weir_err *err)
{
	live->iface = iface_id_get(gateway);
	live->object = aligned_alloc(WEIR_CACHELINE, sizeof(*live->object));
	live->map = calloc(1, sizeof(*live->map));
	if (live->iface == WEIR_NONE || live->object == NULL || live->map == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	memset(live->object, 0, sizeof(*live->object));
	live->map->iface = live->iface;
	live->object->id = live->iface;
	live->object->serial = ++gateway->serial;
	live->object->kind = WEIR_IFACE_PORT;
	live->object->sw = WEIR_NONE;
	live->object->vlan = WEIR_NONE;
	live->object->port = port;
	memcpy(live->object->name, live->cfg.name, sizeof(live->object->name));
	return 0;
}

/* The opposite, of what was never published or is let go of. */
static void
strip(struct weir_gateway *gateway, struct live_port *live)
{
	if (live->iface != WEIR_NONE)
		iface_id_put(gateway, live->iface);
	live->iface = WEIR_NONE;
	free(live->object);
	free(live->map);
	live->object = NULL;
	live->map = NULL;
}

int
port_open(struct weir_gateway *gateway, struct live_port *live, struct weir_err *err)
{
	struct weir_port_params params = {
	    .name = live->cfg.name,
	    .devargs = live->cfg.devargs,
	    .device = live->cfg.device,
	    .mtu = live->cfg.mtu,
	    .queues = live->cfg.queues,
	    .rate = live->cfg.rate,
	};
	struct weir_port *port = weir_port_open(gateway->ports, &params, err);

	if (port == NULL)
		return -EIO;
	if (equip(gateway, live, port, err) != 0) {
		strip(gateway, live);
		weir_port_close(gateway->ports, port, leftover, gateway);
		return -ENOMEM;
	}
	show(gateway, live, port, "");
	return 0;
}

void
port_close(struct weir_gateway *gateway, struct live_port *live)
{
	struct weir_port *port = live->port;

	if (port == NULL)
		return;
	show(gateway, live, NULL, "");
	strip(gateway, live);
	weir_port_close(gateway->ports, port, leftover, gateway);
}

/* ---- publishing ---- */

void
port_enter(struct weir_gateway *gateway, const struct live_port *live)
{
	struct weir_vnet *vnet = gateway->vnet;
	uint32_t index = live->port->index;

	__atomic_store_n(&vnet->ifaces[live->iface], live->object, __ATOMIC_RELEASE);
	__atomic_store_n(&vnet->port_maps[index], live->map, __ATOMIC_RELEASE);
	__atomic_store_n(&vnet->ports[index], live->port, __ATOMIC_RELEASE);
}

void
port_retire(struct weir_gateway *gateway, struct live_port *live, struct weir_port *port)
{
	uint32_t index = port->index;

	weir_port_close(gateway->ports, port, leftover, gateway);
	(void)pthread_mutex_lock(&gateway->mutex);
	__atomic_store_n(&gateway->vnet->port_maps[index], NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&gateway->vnet->ifaces[live->iface], NULL, __ATOMIC_RELEASE);
	iface_id_retire(gateway, live->iface, &gateway->gone);
	iface_ids_collect(gateway, gateway_now(gateway));
	live->iface = WEIR_NONE;
	live->port = NULL;
	(void)pthread_mutex_unlock(&gateway->mutex);
	strip(gateway, live);
}

int
port_bring_up(struct weir_gateway *gateway, struct live_port *live, struct weir_err *err)
{
	int rc = port_open(gateway, live, err);

	if (rc == 0) {
		rc = apply_port_moved(gateway, live, NULL, err);
		if (rc != 0)
			port_close(gateway, live);
	}
	if (rc != 0)
		show(gateway, live, NULL, err->msg);
	return rc;
}

int
port_take_down(struct weir_gateway *gateway, struct live_port *live, const char *why, struct weir_err *err)
{
	struct weir_port *port = live->port;
	int rc;

	show(gateway, live, NULL, why);
	rc = apply_port_moved(gateway, live, port, err);
	if (rc == 0)
		port_retire(gateway, live, port);
	else
		show(gateway, live, port, "");
	return rc;
}
