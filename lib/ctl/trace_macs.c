/* SPDX-License-Identifier: BSD-3-Clause */
/* MACs of a described packet that its description left open. */
#include <errno.h>
#include <string.h>

#include <rte_ether.h>

#include "trace_priv.h"

static const struct weir_mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static bool
is_ip(const struct packet_spec *spec)
{
	return spec->ethertype == RTE_ETHER_TYPE_IPV4 || spec->ethertype == RTE_ETHER_TYPE_IPV6;
}

/* The vport's own; else one that is known to be there; else one that is nobody's. */
static void
guess_source(struct tracer *tracer, struct packet_spec *spec)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	const struct weir_iface *in = tracer->in;
	uint32_t entry;

	spec->smac = (struct weir_mac){{0x02, 0, 0, 0, 0, 0x01}};
	if (in->kind == WEIR_IFACE_VPORT && in->has_mac) {
		spec->smac = in->mac;
		return;
	}
	entry = weir_macs_next(tracer->gateway->macs, in->tenant->id, 0);
	for (; entry != WEIR_NONE; entry = weir_macs_next(tracer->gateway->macs, in->tenant->id, entry + 1))
		if (vnet->macs[entry].iface == in->id) {
			spec->smac = vnet->macs[entry].mac;
			return;
		}
}

/* Of a group address, the group's. */
static bool
of_group(const struct weir_ip *ip, struct weir_mac *mac)
{
	static const uint8_t all[4] = {0xff, 0xff, 0xff, 0xff};

	if (!weir_ip_is_v4(ip)) {
		*mac = (struct weir_mac){{0x33, 0x33, ip->b[12], ip->b[13], ip->b[14], ip->b[15]}};
		return ip->b[0] == 0xff;
	}
	*mac = (struct weir_mac){{0x01, 0x00, 0x5e, ip->b[13] & 0x7f, ip->b[14], ip->b[15]}};
	if (memcmp(&ip->b[12], all, sizeof(all)) == 0)
		*mac = broadcast;
	return ip->b[12] >= 224;
}

static bool
has_family(const struct weir_iface *iface, bool v4)
{
	for (uint32_t i = 0; i < iface->n_prefixes; i++)
		if (weir_ip_is_v4(&iface->prefixes[i].ip) == v4)
			return true;
	return false;
}

/*
 * What a host would find: a router's own MAC for its addresses, a neighbour's that a router on the switch knows, and
 * a router's for what is not on the switch. 0, or -ENOENT: none of these.
 */
static int
next_hop(const struct tracer *tracer, const struct weir_ip *ip, struct weir_mac *mac)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	const struct weir_switch *sw = weir_vnet_switch(vnet, tracer->in->sw);
	const struct weir_iface *way = NULL;
	bool here = false;

	for (uint32_t r = 0; sw != NULL && r < sw->n_routers; r++) {
		const struct weir_iface *iface = sw->routers[r];
		uint32_t host = weir_host_find(vnet, iface->id, ip);
		uint64_t place = host != WEIR_NONE ? vnet->hosts[host].place : 0;

		for (uint32_t i = 0; i < iface->n_prefixes; i++) {
			if (weir_ip_equal(&iface->prefixes[i].ip, ip)) {
				*mac = iface->mac;
				return 0;
			}
			here |= weir_prefix_contains(&iface->prefixes[i], ip);
		}
		if ((place & WEIR_HOST_KNOWN) != 0) {
			weir_host_mac(place, mac);
			return 0;
		}
		if (way == NULL && has_family(iface, weir_ip_is_v4(ip)))
			way = iface;
	}
	if (here || way == NULL)
		return -ENOENT;
	*mac = way->mac;
	return 0;
}

int
trace_guess_macs(struct tracer *tracer, struct packet_spec *spec, struct weir_err *err)
{
	char ip[46];

	if (!spec->has_smac)
		guess_source(tracer, spec);
	if (spec->has_dmac)
		return 0;
	if (spec->ethertype == RTE_ETHER_TYPE_ARP && !spec->reply) {
		spec->dmac = broadcast;
		return 0;
	}
	if (!is_ip(spec) && spec->ethertype != RTE_ETHER_TYPE_ARP)
		return weir_err(err, EINVAL, "", "such a packet needs its dmac");
	if (of_group(&spec->dst, &spec->dmac) || next_hop(tracer, &spec->dst, &spec->dmac) == 0)
		return 0;
	return weir_err(err, EINVAL, "",
	    "no router on this switch knows where %s is: give the packet its dmac, behind the addresses",
	    weir_ip_format(&spec->dst, ip, sizeof(ip)));
}
