/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "port_priv.h"

struct weir_ports *
weir_ports_create(const struct weir_ports_params *params)
{
	struct weir_ports *ports = calloc(1, sizeof(*ports));

	if (ports == NULL)
		return NULL;
	ports->params = *params;
	ports->ids = weir_idpool_create(WEIR_PORTS_MAX);
	if (ports->ids == NULL || capture_install(ports) != 0) {
		weir_ports_free(ports);
		return NULL;
	}
	return ports;
}

static void
free_leftover(void *arg __rte_unused, struct rte_mbuf *m)
{
	rte_pktmbuf_free(m);
}

void
weir_ports_free(struct weir_ports *ports)
{
	if (ports == NULL)
		return;
	for (uint32_t i = 0; i < WEIR_PORTS_MAX; i++) {
		if (ports->slot[i].port != NULL)
			weir_port_close(ports, ports->slot[i].port, free_leftover, NULL);
	}
	capture_remove(ports);
	weir_idpool_free(ports->ids);
	free(ports);
}

/* Producers may be preempted half-way (the maintenance thread is): in RTS mode no other one has to wait for them. */
static struct rte_ring *
handoff_create(int socket)
{
	struct rte_ring *ring = rte_zmalloc_socket(
	    "weir_handoff", (size_t)rte_ring_get_memsize(WEIR_HANDOFF_SIZE), WEIR_CACHELINE, socket);

	if (ring == NULL)
		return NULL;
	(void)rte_ring_init(ring, "weir_handoff", WEIR_HANDOFF_SIZE, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	/* Not after an eighth of the ring either, as is the default: then it is full for them, and they drop. */
	(void)rte_ring_set_prod_htd_max(ring, WEIR_HANDOFF_SIZE);
	return ring;
}

static void
slot_clear(struct port_slot *slot)
{
	if (slot->port != NULL) {
		rte_free(slot->port->handoff);
		rte_free(slot->port->wire);
	}
	rte_free(slot->port);
	free(slot->rxq_worker);
	memset(slot, 0, sizeof(*slot));
}

/* The port's memory, on its device's socket. */
static int
slot_fill(struct port_slot *slot, uint32_t index, uint32_t n_workers, const char *name, const struct probed *probed)
{
	int socket = rte_eth_dev_socket_id(probed->ethdev);
	struct weir_port *port = rte_zmalloc_socket("weir_port", sizeof(*port), WEIR_CACHELINE, socket);

	slot->port = port;
	if (port == NULL)
		return -ENOMEM;
	port->handoff = handoff_create(socket);
	port->wire = weir_wire_create(n_workers, 0, socket);
	if (port->handoff == NULL || port->wire == NULL)
		return -ENOMEM;
	port->index = index;
	port->ethdev = probed->ethdev;
	(void)snprintf(port->name, sizeof(port->name), "%s", name);
	(void)snprintf(port->device, sizeof(port->device), "%s", probed->device);
	slot->plug = probed->plug;
	return 0;
}

static int
slot_start(
    struct weir_ports *ports, struct port_slot *slot, const struct weir_port_params *params, struct weir_err *err)
{
	struct weir_port *port = slot->port;
	struct rte_ether_addr mac;
	int ret = port_start(ports, port, params, err);

	if (ret != 0)
		return ret;
	slot->rxq_worker = malloc(port->n_rxq * sizeof(*slot->rxq_worker));
	if (slot->rxq_worker == NULL)
		return weir_err(err, ENOMEM, "", "no memory for port %s", port->name);
	for (uint16_t q = 0; q < port->n_rxq; q++)
		slot->rxq_worker[q] = WEIR_NONE;
	ret = rte_eth_macaddr_get(port->ethdev, &mac);
	if (ret != 0)
		return capture_err(err, EIO, ret, "device %s has no MAC", port->device);
	memcpy(port->mac.b, mac.addr_bytes, sizeof(port->mac.b));
	(void)weir_port_refresh_link(port);
	weir_port_set_rate(port, params->rate);
	return 0;
}

static int
slot_open(struct weir_ports *ports, uint32_t index, const struct weir_port_params *params, struct weir_err *err)
{
	struct port_slot *slot = &ports->slot[index];
	struct probed probed;
	int ret = port_probe(ports, params, &probed, err);

	if (ret != 0)
		return ret;
	ret = slot_fill(slot, index, ports->params.n_workers, params->name, &probed);
	if (ret != 0)
		(void)weir_err(err, -ret, "", "no memory for port %s", params->name);
	else
		ret = slot_start(ports, slot, params, err);
	if (ret != 0) {
		port_unplug(probed.ethdev, probed.plug);
		slot_clear(slot);
	}
	return ret;
}

struct weir_port *
weir_port_open(struct weir_ports *ports, const struct weir_port_params *params, struct weir_err *err)
{
	uint32_t index = weir_idpool_get(ports->ids);
	struct capture capture;
	int ret;

	if (index == WEIR_NONE) {
		(void)weir_err(err, ENOSPC, "", "there are %d ports already", WEIR_PORTS_MAX);
		return NULL;
	}
	capture_begin(&capture);
	ret = slot_open(ports, index, params, err);
	capture_end(ports, ret != 0);
	if (ret == 0)
		return ports->slot[index].port;
	weir_idpool_put(ports->ids, index);
	return NULL;
}

int
weir_port_set_mtu(struct weir_ports *ports, struct weir_port *port, uint32_t mtu, struct weir_err *err)
{
	struct rte_eth_dev_info info;
	struct capture capture;
	int ret;

	if (mtu == 0)
		mtu = ports->slot[port->index].mtu_default;
	capture_begin(&capture);
	ret = rte_eth_dev_info_get(port->ethdev, &info);
	if (ret != 0)
		ret = capture_err(err, ENOTSUP, ret, "device %s does not answer", port->device);
	else
		ret = port_mtu_apply(port, &info, mtu, err);
	capture_end(ports, ret != 0);
	return ret;
}

void
weir_port_close(
    struct weir_ports *ports, struct weir_port *port, void (*leftover)(void *arg, struct rte_mbuf *m), void *arg)
{
	struct port_slot *slot = &ports->slot[port->index];
	uint32_t index = port->index;
	void *m;

	while (rte_ring_dequeue(port->handoff, &m) == 0)
		leftover(arg, m);
	port_unplug(port->ethdev, slot->plug);
	slot_clear(slot);
	weir_idpool_put(ports->ids, index);
}
