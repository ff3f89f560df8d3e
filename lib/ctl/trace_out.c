/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind a walk: limits, MTU, what is put on, and the port; looked at, not touched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_ether.h>

#include "trace_priv.h"

/* ---- limits ---- */

#define UNIT INT64_C(1000000000) /* tokens in a unit of a pool */

/* Units that a pool has now, as near as can be told while workers take from it. */
static uint64_t
pool_level(const struct weir_pool *pool, uint64_t now)
{
	int64_t tokens = __atomic_load_n(&pool->tokens, __ATOMIC_RELAXED);
	uint64_t last = __atomic_load_n(&pool->last, __ATOMIC_RELAXED), since = now > last ? now - last : 0;

	if (since >= pool->fill)
		return (uint64_t)(pool->burst / UNIT);
	tokens += (int64_t)(since * pool->rate);
	if (tokens < 0)
		return 0;
	return (uint64_t)((tokens < pool->burst ? tokens : pool->burst) / UNIT);
}

static void
one_limit(struct tracer *tracer, const char *element, const char *whose, const char *rate,
    const struct weir_pool *pool, uint64_t units, const char *unit, uint32_t scale)
{
	uint64_t when = weir_pool_when(pool, units, tracer->now);
	char empty[64] = "";

	if (when > tracer->now)
		(void)snprintf(empty, sizeof(empty), ": used up, but for what workers hold of it");
	trace_step(tracer, element, WEIR_OK, "%s limit %s has %" PRIu64 " of %" PRIu64 " %s now%s", whose, rate,
	    pool_level(pool, tracer->now) / scale, (uint64_t)(pool->burst / UNIT) / scale, unit, empty);
}

void
trace_limit(
    struct tracer *tracer, const char *element, const char *whose, const struct weir_limit *limit, uint32_t bytes)
{
	char rate[32];

	if (limit == NULL)
		return;
	if (limit->bits.rate != 0)
		one_limit(tracer, element, whose, weir_bps_format(limit->bits.rate, rate, sizeof(rate)), &limit->bits,
		    (uint64_t)bytes * 8, "bytes", 8);
	if (limit->pps != 0)
		one_limit(tracer, element, whose, weir_pps_format(limit->packets.rate, rate, sizeof(rate)),
		    &limit->packets, 1, "packets", 1);
}

/* ---- ports ---- */

static enum weir_reason
out_by_port(struct tracer *tracer, const char *element, const struct weir_port *port)
{
	bool up = __atomic_load_n(&port->up, __ATOMIC_RELAXED);

	trace_step(
	    tracer, element, up ? WEIR_OK : WEIR_DROP_PORT_DOWN, "port %s is %s", port->name, up ? "up" : "down");
	return up ? WEIR_OK : WEIR_DROP_PORT_DOWN;
}

static enum weir_reason
out_by_vport(struct tracer *tracer, const char *element, const struct weir_iface *out, uint32_t bytes, uint32_t tags)
{
	uint32_t room;

	if (tags != 0 && out->vlan == WEIR_NONE) {
		trace_step(tracer, element, WEIR_DROP_TAGGED_FRAME, "has no VLAN, and takes no tagged frame");
		return WEIR_DROP_TAGGED_FRAME;
	}
	if (out->port == NULL) {
		trace_step(tracer, element, WEIR_DROP_PORT_DOWN, "its port is not open");
		return WEIR_DROP_PORT_DOWN;
	}
	room = __atomic_load_n(&out->port->mtu, __ATOMIC_RELAXED) + RTE_ETHER_HDR_LEN + 4 * tags;
	if (bytes > room) {
		trace_step(
		    tracer, element, WEIR_DROP_MTU, "takes frames of up to %u bytes, this one has %u", room, bytes);
		return WEIR_DROP_MTU;
	}
	if (out->vlan != WEIR_NONE)
		trace_step(tracer, element, WEIR_OK, "VLAN tag %u is put on", out->vlan);
	return out_by_port(tracer, element, out->port);
}

/* ---- remotes ---- */

static enum weir_reason
out_by_remote(struct tracer *tracer, const char *element, const struct weir_iface *out, uint32_t bytes, bool *waits)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	const struct weir_switch *sw = weir_vnet_switch(vnet, out->sw);
	enum weir_reason reason = WEIR_OK;
	const struct weir_encap *encap = weir_neigh_encap(vnet->neigh, out->vtep, &reason);
	const struct weir_port *port;
	char ip[46], mac[18];
	struct weir_mac dmac;

	if (encap == NULL && weir_neigh_pending(vnet->neigh, out->vtep)) {
		trace_step(tracer, element, WEIR_OK, "its neighbour is being asked");
		*waits = true;
		return WEIR_OK;
	}
	if (encap == NULL) {
		trace_step(tracer, element, reason, "cannot be reached");
		return reason;
	}
	if (!weir_encap_fits(encap, bytes)) {
		trace_step(tracer, element, WEIR_DROP_MTU, "takes frames of up to %u bytes, this one has %u",
		    weir_encap_room(encap), bytes);
		return WEIR_DROP_MTU;
	}
	memcpy(&dmac, encap->header, sizeof(dmac));
	trace_step(tracer, element, WEIR_OK, "%s to %s vni %u is put on: %u bytes, to %s",
	    sw != NULL ? weir_tunnel_name(sw->tunnel) : "tunnel", weir_ip_format(&out->ip, ip, sizeof(ip)), out->vni,
	    weir_encap_overhead(encap), weir_mac_format(&dmac, mac, sizeof(mac)));
	port = __atomic_load_n(&vnet->ports[encap->port], __ATOMIC_ACQUIRE);
	if (port != NULL)
		return out_by_port(tracer, element, port);
	trace_step(tracer, element, WEIR_DROP_PORT_DOWN, "its port is not open");
	return WEIR_DROP_PORT_DOWN;
}

enum weir_reason
trace_out(struct tracer *tracer, const struct weir_iface *out, uint32_t bytes, uint32_t tags, bool *waits)
{
	char element[WEIR_VIEW_PLACE_SIZE];
	enum weir_reason reason;

	*waits = false;
	(void)trace_place(tracer->gateway, out, element);
	if (out->kind == WEIR_IFACE_REMOTE)
		reason = out_by_remote(tracer, element, out, bytes, waits);
	else
		reason = out_by_vport(tracer, element, out, bytes, tags);
	if (reason != WEIR_OK)
		return reason;
	trace_limit(tracer, element, "its", out->limit_out, bytes);
	trace_limit(tracer, element, "its tenant's", out->limit_tenant, bytes);
	return WEIR_OK;
}
