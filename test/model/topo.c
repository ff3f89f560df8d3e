/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "topo_priv.h"

struct weir_mac topo_port_mac[TOPO_PORTS];
const uint32_t topo_rx_queues[TOPO_PORTS] = {3, 1, 2, 3, 1};
const uint32_t topo_tx_queues[TOPO_PORTS] = {3, 1, 1, 2, 2};

static struct weir_ip
ip(const char *text)
{
	struct weir_ip out = {{0}};

	if (weir_ip_parse(text, &out) != 0)
		abort();
	return out;
}

static struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix out = {.len = 0};

	if (weir_prefix_parse(text, &out) != 0)
		abort();
	return out;
}

struct weir_mac
topo_host_mac(uint32_t host)
{
	return (struct weir_mac){{0x02, 0, 0, 0, 0, (uint8_t)(host + 1)}};
}

struct weir_ip
topo_lan_ipv4(uint32_t sw, uint32_t n)
{
	struct weir_ip out = ip("10.0.0.0");

	out.b[14] = (uint8_t)sw;
	out.b[15] = (uint8_t)n;
	return out;
}

struct weir_ip
topo_lan_ipv6(uint32_t sw, uint32_t n)
{
	struct weir_ip out = ip("2001:db8:a::");

	out.b[7] = (uint8_t)sw;
	out.b[15] = (uint8_t)n;
	return out;
}

struct weir_ip
topo_host_ipv4(uint32_t host)
{
	return topo_lan_ipv4(0, TOPO_LAN_HOST(host));
}

struct weir_ip
topo_host_ipv6(uint32_t host)
{
	return topo_lan_ipv6(0, TOPO_LAN_HOST(host));
}

struct weir_ip
topo_peer(uint32_t peer)
{
	static const char *const text[TOPO_PEERS] = {"192.0.2.2", "192.0.2.130", "198.51.100.7", "203.0.113.9",
	    "2001:db8::2", "2001:db8:1::7", "2001:db8:f::9", "192.0.2.3"};

	return ip(text[peer]);
}

struct weir_mac
topo_peer_mac(const struct weir_ip *peer)
{
	struct weir_mac mac = {{0x06, peer->b[3], peer->b[5], peer->b[13], peer->b[14], peer->b[15]}};

	return mac;
}

bool
topo_equal(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

uint32_t
topo_mtu(const struct topo *topo, uint32_t port)
{
	return topo->ports[port].mtu != 0 ? topo->ports[port].mtu : 1500;
}

struct weir_mac
topo_underlay_mac(const struct topo *topo, uint32_t port)
{
	return topo->ports[port].has_mac ? topo->ports[port].mac : topo_port_mac[port];
}

bool
topo_is_local(const struct topo *topo, const struct weir_ip *address)
{
	for (uint32_t p = 0; p < topo->n_ports; p++)
		for (uint32_t i = 0; topo->ports[p].uplink && i < topo->ports[p].n_addresses; i++)
			if (weir_ip_equal(&topo->ports[p].addresses[i].ip, address))
				return true;
	return false;
}

static bool
route_connected(const struct topo *topo, const struct weir_ip *remote, struct topo_route *route)
{
	int best = -1;

	for (uint32_t p = 0; p < topo->n_ports; p++)
		for (uint32_t i = 0; topo->ports[p].uplink && i < topo->ports[p].n_addresses; i++) {
			const struct weir_prefix *net = &topo->ports[p].addresses[i];

			if (net->len <= best || !weir_prefix_contains(net, remote))
				continue;
			best = net->len;
			*route = (struct topo_route){.port = p, .source = net->ip, .next_hop = *remote};
		}
	return best >= 0;
}

bool
topo_route(const struct topo *topo, const struct weir_ip *remote, struct topo_route *route)
{
	if (route_connected(topo, remote, route))
		return true;
	for (uint32_t p = 0; p < topo->n_ports; p++)
		for (uint32_t i = 0; topo->ports[p].uplink && i < topo->ports[p].n_gateways; i++) {
			const struct weir_ip *gateway = &topo->ports[p].gateways[i];

			if (weir_ip_is_v4(gateway) != weir_ip_is_v4(remote) || !route_connected(topo, gateway, route))
				continue;
			return true;
		}
	return false;
}

/* ---- making one ---- */

static void
random_uplink(struct topo_port *port, uint32_t p, struct rng *rng)
{
	static const char *const v4[2] = {"192.0.2.1/24", "198.51.100.1/24"};
	static const char *const v6[2] = {"2001:db8::1/64", "2001:db8:1::1/64"};
	bool has_v4 = rng_chance(rng, 85), has_v6 = !has_v4 || rng_chance(rng, 75);

	port->uplink = true;
	port->vlan = rng_chance(rng, 50) ? 0 : 7;
	if (has_v4)
		port->addresses[port->n_addresses++] = prefix(v4[p]);
	if (has_v6)
		port->addresses[port->n_addresses++] = prefix(v6[p]);
	if (p == 0 && has_v4 && rng_chance(rng, 30)) /* a longer prefix in the first one */
		port->addresses[port->n_addresses++] = prefix("192.0.2.129/26");
	if (p == 0 && has_v4 && rng_chance(rng, 70))
		port->gateways[port->n_gateways++] = ip("192.0.2.254");
	if (p == 0 && has_v6 && rng_chance(rng, 70))
		port->gateways[port->n_gateways++] = ip("2001:db8::fe");
	port->has_mac = rng_chance(rng, 50);
	port->mac = (struct weir_mac){{0x02, 0xaa, 0xaa, 0xaa, 0xaa, (uint8_t)p}};
}

static void
random_port(struct topo_port *port, uint32_t p, struct rng *rng)
{
	static const uint32_t mtus[] = {0, 0, 1500, 1400, 1600, 4000, 9000};

	port->mtu = mtus[rng_below(rng, WEIR_ARRAY_LEN(mtus))];
	port->queues = rng_chance(rng, 30);
	if ((p == 0 && rng_chance(rng, 90)) || (p == 1 && rng_chance(rng, 40)))
		random_uplink(port, p, rng);
}

void
topo_random(struct topo *topo, struct rng *rng)
{
	uint32_t tenants = 1 + rng_below(rng, TOPO_TENANTS);

	memset(topo, 0, sizeof(*topo));
	topo->n_ports = 2 + rng_below(rng, TOPO_PORTS - 1);
	for (uint32_t p = 0; p < topo->n_ports; p++)
		random_port(&topo->ports[p], p, rng);
	for (uint32_t t = 0; t < tenants; t++)
		topo_add_tenant(topo, t, rng);
}
