/* SPDX-License-Identifier: BSD-3-Clause */
/* What hosts send to routers: packets for other networks, for the router itself, and questions for its MAC. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

bool
gen_host(const struct topo *topo, uint32_t tenant, uint32_t sw, uint32_t host, struct gen_host *found)
{
	const struct topo_tenant *t = &topo->tenants[tenant];
	const struct topo_vport *vports[TOPO_VPORTS];
	uint32_t n = 0, at;

	*found = (struct gen_host){.sw = &t->switches[sw]};
	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		if (t->vports[v].used && t->vports[v].sw == sw)
			vports[n++] = &t->vports[v];
	if (n + found->sw->n_remotes == 0)
		return false;
	at = (host * 3 + sw) % (n + found->sw->n_remotes);
	if (at < n)
		found->vport = vports[at];
	else
		found->remote = found->sw->remotes[at - n];
	/* With an address of its own it is the host that has it. */
	if (at < n && found->vport->n_addresses > 0)
		host = found->vport->addresses[0].b[15] - 1u;
	found->mac = at < n && found->vport->has_mac ? found->vport->mac : topo_host_mac(host);
	found->ipv4 = topo_lan_ipv4(sw, TOPO_LAN_HOST(host));
	found->ipv6 = topo_lan_ipv6(sw, TOPO_LAN_HOST(host));
	for (uint32_t i = 0; at < n && i < found->vport->n_addresses; i++)
		if (weir_ip_is_v4(&found->vport->addresses[i]))
			found->ipv4 = found->vport->addresses[i];
		else
			found->ipv6 = found->vport->addresses[i];
	return true;
}

bool
gen_from_host(const struct topo *topo, struct rng *rng, const struct gen_host *host, const struct wire *frame,
    struct gen_packet *packet)
{
	if (host->vport == NULL)
		return gen_from_remote(topo, rng, host->sw, &host->remote, frame, packet);
	gen_from_vport(host->vport, rng, frame, packet);
	return true;
}

/* ---- questions ---- */

static void
put_arp(const struct gen_host *host, const struct weir_ip *from, const struct weir_ip *wanted, struct wire *wire)
{
	static const uint8_t start[8] = {0, 1, 8, 0, 6, 4, 0, 1};
	uint8_t *p = gen_put(wire, 28);

	memcpy(p, start, 8);
	memcpy(p + 8, host->mac.b, 6);
	wire_put_ip(p + 14, from);
	wire_put_ip(p + 24, wanted);
}

static void
put_solicitation(const struct gen_host *host, const struct weir_ip *from, const struct weir_ip *wanted, bool unicast,
    struct wire *wire)
{
	struct weir_ip group = wire_solicited_node(wanted);
	uint8_t *p;

	gen_ip(wire, from, unicast ? wanted : &group, PROTO_ICMPV6, 0);
	wire->data[ETH_HEADER + 7] = 255;
	p = gen_put(wire, 32);
	p[0] = 135;
	wire_put_ip(p + 8, wanted);
	p[24] = 1;
	p[25] = 1;
	memcpy(p + 26, host->mac.b, 6);
	gen_ip_finish(wire, ETH_HEADER);
	put16(p + 2, wire_l4_sum(wire->data + ETH_HEADER, PROTO_ICMPV6, p, 32));
}

void
gen_ask(const struct gen_host *host, const struct weir_ip *from, const struct weir_ip *wanted,
    const struct weir_mac *to, struct wire *wire)
{
	struct weir_mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	bool v4 = weir_ip_is_v4(wanted);

	if (!v4)
		all = (struct weir_mac){{0x33, 0x33, 0xff, wanted->b[13], wanted->b[14], wanted->b[15]}};
	wire->len = 0;
	memcpy(gen_put(wire, 6), to != NULL ? to->b : all.b, 6);
	memcpy(gen_put(wire, 6), host->mac.b, 6);
	put16(gen_put(wire, 2), v4 ? ETH_ARP : ETH_IPV6);
	if (v4)
		put_arp(host, from, wanted, wire);
	else
		put_solicitation(host, from, wanted, to != NULL, wire);
}

/* ---- lessons ---- */

/* What a host may be a next hop by: its two addresses, its fe80 address, one of another network on the same wire. */
static struct weir_ip
name(const struct gen_host *host, uint32_t s, uint32_t kind)
{
	struct weir_ip ip = host->ipv4;

	if (kind == 1)
		return host->ipv6;
	if (kind == 2)
		return wire_link_local(&host->mac);
	if (kind == 3) {
		ip.b[12] = 172;
		ip.b[13] = 16;
		ip.b[14] = (uint8_t)s;
		ip.b[15] = (uint8_t)(15 + host->mac.b[5] % TOPO_HOSTS);
	}
	return ip;
}

/* The router's address that somebody of this name would ask for. */
static const struct weir_ip *
gateway(const struct topo_iface *iface, const struct weir_ip *from)
{
	for (uint32_t i = 0; i < iface->n_addresses; i++) {
		const struct weir_prefix *net = &iface->addresses[i];

		if (weir_prefix_contains(net, from) || (from->b[0] == 0xfe && !weir_ip_is_v4(&net->ip)))
			return &net->ip;
	}
	return NULL;
}

bool
gen_lesson(const struct topo *topo, struct rng *rng, uint32_t *cursor, struct gen_packet *packet)
{
	static struct wire frame;

	while (*cursor < GEN_LESSONS) {
		uint32_t at = (*cursor)++, kind = at % GEN_NAMES, h = at / GEN_NAMES % TOPO_HOSTS;
		uint32_t s = at / GEN_NAMES / TOPO_HOSTS % TOPO_SWITCHES, t;
		uint32_t r = at / GEN_NAMES / TOPO_HOSTS / TOPO_SWITCHES % TOPO_ROUTERS;
		const struct topo_router *router;
		const struct weir_ip *wanted;
		struct gen_host host;
		struct weir_ip from;

		t = at / GEN_NAMES / TOPO_HOSTS / TOPO_SWITCHES / TOPO_ROUTERS;
		router = &topo->tenants[t].routers[r];
		if (!topo->tenants[t].used || !router->used || !router->ifaces[s].used ||
		    !gen_host(topo, t, s, h, &host))
			continue;
		from = name(&host, s, kind);
		wanted = gateway(&router->ifaces[s], &from);
		if (wanted == NULL)
			continue;
		gen_ask(&host, &from, wanted, NULL, &frame);
		return gen_from_host(topo, rng, &host, &frame, packet);
	}
	return false;
}

/* ---- addresses ---- */

static struct weir_ip
pick_text(const char *const *list, uint32_t n, struct rng *rng)
{
	struct weir_ip ip;

	if (weir_ip_parse(list[rng_below(rng, n)], &ip) != 0)
		abort();
	return ip;
}

/* One of the tenant's routers' addresses. False: none of this family was found. */
static bool
router_address(const struct topo_tenant *tenant, bool v4, struct rng *rng, struct weir_ip *ip)
{
	for (int i = 0; i < 20; i++) {
		const struct topo_router *router = &tenant->routers[rng_below(rng, TOPO_ROUTERS)];
		const struct topo_iface *iface = &router->ifaces[rng_below(rng, TOPO_SWITCHES)];

		if (!router->used || !iface->used)
			continue;
		*ip = iface->addresses[rng_below(rng, iface->n_addresses)].ip;
		if (!v4 && rng_chance(rng, 15))
			*ip = wire_link_local(&iface->mac);
		if (weir_ip_is_v4(ip) == v4)
			return true;
	}
	return false;
}

/* A network where the router has an interface, or any. */
static uint32_t
network(const struct topo_router *router, struct rng *rng)
{
	uint32_t s = rng_below(rng, TOPO_SWITCHES);

	for (int i = 0; i < 8 && !router->ifaces[s].used; i++)
		s = rng_below(rng, TOPO_SWITCHES);
	return s;
}

static struct weir_ip
destination(const struct topo_tenant *tenant, const struct topo_router *router, bool v4, struct rng *rng)
{
	static const char *const far4[] = {"8.8.8.8", "10.9.0.1", "10.9.1.3", "10.9.1.70", "10.9.1.65", "192.0.2.9"};
	static const char *const far6[] = {"2a00::1", "fd00:9::1", "fd00:9:0:1::1", "fd00:9:0:1::5"};
	static const char *const odd4[] = {
	    "10.0.1.255", "224.0.0.5", "255.255.255.255", "127.0.0.1", "169.254.0.7", "0.1.2.3", "172.16.0.3"};
	static const char *const odd6[] = {"ff02::1", "::1", "fe80::7", "::", "ff0e::5"};
	uint32_t kind = rng_below(rng, 100), s = network(router, rng);
	struct weir_ip ip;

	if (kind < 15 && router_address(tenant, v4, rng, &ip))
		return ip;
	if (kind < 35)
		return v4 ? pick_text(far4, WEIR_ARRAY_LEN(far4), rng) : pick_text(far6, WEIR_ARRAY_LEN(far6), rng);
	if (kind < 40)
		return v4 ? pick_text(odd4, WEIR_ARRAY_LEN(odd4), rng) : pick_text(odd6, WEIR_ARRAY_LEN(odd6), rng);
	kind = TOPO_LAN_HOST(rng_below(rng, TOPO_HOSTS));
	return v4 ? topo_lan_ipv4(s, kind) : topo_lan_ipv6(s, kind);
}

/* Mostly its own; now and then one that nobody has, or a router has. */
static struct weir_ip
source(const struct topo_tenant *tenant, const struct topo_router *router, const struct gen_host *host, bool v4,
    struct rng *rng)
{
	uint32_t kind = rng_below(rng, 100);
	struct weir_ip ip;

	if (kind < 2 && router_address(tenant, v4, rng, &ip))
		return ip;
	if (kind < 6)
		return destination(tenant, router, v4, rng);
	return v4 ? host->ipv4 : host->ipv6;
}

/* ---- the packet ---- */

/* A router and one of its interfaces, whoever's; false: there is none. */
static bool
pick_router(const struct topo *topo, struct rng *rng, uint32_t *t, uint32_t *s, const struct topo_router **router)
{
	for (int i = 0; i < 200; i++) {
		*t = rng_below(rng, TOPO_TENANTS);
		*s = rng_below(rng, TOPO_SWITCHES);
		*router = &topo->tenants[*t].routers[rng_below(rng, TOPO_ROUTERS)];
		if (topo->tenants[*t].used && (*router)->used && (*router)->ifaces[*s].used)
			return true;
	}
	return false;
}

/* For the router, for one that it stands in for, for a host; now and then it announces itself. */
static void
ask(const struct topo_tenant *tenant, const struct topo_router *router, uint32_t s, const struct gen_host *host,
    struct rng *rng, struct wire *wire)
{
	const struct topo_iface *iface = &router->ifaces[s];
	struct weir_ip wanted = iface->addresses[rng_below(rng, iface->n_addresses)].ip, from;
	bool v4 = weir_ip_is_v4(&wanted);

	if (rng_chance(rng, 40))
		wanted = destination(tenant, router, v4, rng);
	from = source(tenant, router, host, v4, rng);
	if (rng_chance(rng, 10))
		wanted = from;
	if (v4 && rng_chance(rng, 5))
		memset(from.b + 12, 0, 4);
	gen_ask(host, &from, &wanted, rng_chance(rng, 15) ? &iface->mac : NULL, wire);
}

/* Through the router, or to it. */
static void
put_packet(const struct topo_tenant *tenant, const struct topo_router *router, uint32_t s,
    const struct gen_host *host, uint32_t mtu, struct rng *rng, struct wire *wire)
{
	const struct topo_iface *iface = &router->ifaces[s];
	struct gen_sender sender = {.mtu = mtu - (rng_chance(rng, 50) ? 50 : 0), .pings = rng_chance(rng, 15)};
	bool v4 = weir_ip_is_v4(&iface->addresses[rng_below(rng, iface->n_addresses)].ip);
	struct weir_ip src = source(tenant, router, host, v4, rng), dst = destination(tenant, router, v4, rng);

	if (sender.pings && rng_chance(rng, 50))
		(void)router_address(tenant, v4, rng, &dst);
	if (weir_ip_is_v4(&dst) != v4) /* none of this family was found */
		dst = src;
	gen_routed_frame(&sender, &iface->mac, &host->mac, &src, &dst, rng, wire);
	if (rng_chance(rng, 2))
		wire_insert(wire, 12, (const uint8_t[4]){0x81, 0, 0, 5}, 4);
}

bool
gen_to_router(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	static struct wire frame;
	const struct topo_router *router;
	struct gen_host host;
	uint32_t t, s;

	if (!pick_router(topo, rng, &t, &s, &router) || !gen_host(topo, t, s, rng_below(rng, TOPO_HOSTS), &host))
		return false;
	if (rng_chance(rng, 12))
		ask(&topo->tenants[t], router, s, &host, rng, &frame);
	else
		put_packet(
		    &topo->tenants[t], router, s, &host, topo_mtu(topo, rng_below(rng, topo->n_ports)), rng, &frame);
	if (frame.len > GEN_INNER_MAX)
		frame.len = GEN_INNER_MAX;
	return gen_from_host(topo, rng, &host, &frame, packet);
}
