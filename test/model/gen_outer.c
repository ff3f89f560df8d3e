/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets come in: by vports with their tags, by tunnels, and where nobody expects them. */
#include <string.h>

#include "gen.h"

void
gen_mutate(struct rng *rng, struct wire *wire)
{
	uint32_t at = rng_below(rng, wire->len < 90 ? wire->len : 90);

	switch (rng_below(rng, 5)) {
	case 0:
		wire->len = 1 + rng_below(rng, wire->len < 120 ? wire->len : 120);
		break;
	case 1:
		wire->len = 1 + rng_below(rng, wire->len);
		break;
	case 2:
		wire->data[at] ^= (uint8_t)(1 << rng_below(rng, 8));
		break;
	case 3:
		wire->data[at] = (uint8_t)rng_next(rng);
		break;
	default: /* a length field that lies, as often as not */
		if (at + 2 <= wire->len)
			put16(wire->data + at, rng_below(rng, 3) == 0 ? 0xffff : rng_below(rng, 100));
		break;
	}
}

void
gen_disguise(struct wire *wire)
{
	static const uint8_t arp[6] = {0, 1, 8, 0, 6, 4}, lladdr[6] = {1, 0x02, 0, 0, 0, 0};
	uint8_t *p = memmem(wire->data, wire->len, arp, sizeof(arp));

	if (p != NULL && p + 28 <= wire->data + wire->len) {
		p[13] ^= 0x40;
		return;
	}
	/* An option's length and MAC; the checksum stays. */
	p = memmem(wire->data, wire->len, lladdr, sizeof(lladdr));
	if (p != NULL) {
		p[1]--;
		p[3]++;
	}
}

static void
put_tag(struct wire *wire, struct rng *rng, uint32_t vlan)
{
	uint8_t tag[4];

	if (vlan == 0 && rng_chance(rng, 85))
		return;
	put16(tag, rng_chance(rng, 90) ? ETH_VLAN : ETH_QINQ);
	put16(tag + 2, rng_below(rng, 16) << 12 | vlan);
	wire_insert(wire, 12, tag, 4);
}

/* A random vport of all; NULL: there is none. */
static const struct topo_vport *
pick_vport(const struct topo *topo, struct rng *rng, uint32_t *t, uint32_t *v)
{
	for (int i = 0; i < 200; i++) {
		*t = rng_below(rng, TOPO_TENANTS);
		*v = rng_below(rng, TOPO_VPORTS);
		if (topo->tenants[*t].used && topo->tenants[*t].vports[*v].used)
			return &topo->tenants[*t].vports[*v];
	}
	return NULL;
}

static const struct topo_switch *
pick_overlay(const struct topo *topo, struct rng *rng)
{
	for (int i = 0; i < 100; i++) {
		const struct topo_tenant *tenant = &topo->tenants[rng_below(rng, TOPO_TENANTS)];
		const struct topo_switch *sw = &tenant->switches[rng_below(rng, TOPO_SWITCHES)];

		if (tenant->used && sw->used && sw->vni != 0 && (sw->n_remotes > 0 || i > 80))
			return sw;
	}
	return NULL;
}

static bool
pick_uplink(const struct topo *topo, struct rng *rng, uint32_t *port)
{
	uint32_t from = rng_below(rng, topo->n_ports);

	for (uint32_t i = 0; i < topo->n_ports; i++) {
		*port = (from + i) % topo->n_ports;
		if (topo->ports[*port].uplink)
			return true;
	}
	return false;
}

/* One of weir's addresses, of the family of `like`. */
static bool
pick_local(const struct topo *topo, struct rng *rng, const struct weir_ip *like, struct weir_ip *ip)
{
	for (int i = 0; i < 30; i++) {
		uint32_t port;
		const struct topo_port *up;

		if (!pick_uplink(topo, rng, &port))
			return false;
		up = &topo->ports[port];
		*ip = up->addresses[rng_below(rng, up->n_addresses)].ip;
		if (weir_ip_is_v4(ip) == weir_ip_is_v4(like))
			return true;
	}
	return false;
}

static void
put_outer_ethernet(const struct topo *topo, struct rng *rng, uint32_t port, bool v4, struct wire *wire)
{
	struct weir_mac mac = topo_underlay_mac(topo, port);

	if (rng_chance(rng, 2))
		mac.b[5] ^= 0x40;
	memcpy(gen_put(wire, 6), mac.b, 6);
	memcpy(gen_put(wire, 6), (const uint8_t[6]){6, 1, 2, 3, 4, 5}, 6);
	put16(gen_put(wire, 2), v4 ? ETH_IPV4 : ETH_IPV6);
}

/* The first four bytes of the header, that is not always one. */
static void
fill_vxlan(struct rng *rng, uint8_t *p)
{
	p[0] = rng_chance(rng, 98) ? 0x08 : 0;
	if (rng_chance(rng, 5)) /* reserved bits are ignored */
		p[0] |= 0x80;
}

static void
fill_geneve(struct rng *rng, uint8_t *p, uint32_t options)
{
	p[0] = (uint8_t)options;
	if (rng_chance(rng, 1))
		p[0] = (uint8_t)rng_next(rng); /* another version, options that are not there or too long */
	if (rng_chance(rng, 5))		       /* reserved bits are ignored */
		p[1] |= (uint8_t)rng_below(rng, 0x40);
	if (rng_chance(rng, 2))
		p[1] |= rng_chance(rng, 50) ? 0x80 : 0x40; /* OAM, critical options */
	put16(p + 2, rng_chance(rng, 99) ? 0x6558 : rng_chance(rng, 50) ? 0x0800 : (uint32_t)rng_next(rng) & 0xffff);
}

static void
put_header(struct rng *rng, bool geneve, uint32_t vni, const struct wire *inner, struct wire *wire)
{
	uint32_t options = geneve && rng_chance(rng, 30) ? rng_below(rng, rng_chance(rng, 80) ? 8 : 64) : 0;
	uint8_t *p = gen_put(wire, 16);

	put16(p, 49152 + rng_below(rng, 16384));
	put16(p + 2, !rng_chance(rng, 99) ? 4790 : geneve ? GENEVE_PORT : VXLAN_PORT);
	put16(p + 4, 16 + options * 4 + inner->len);
	put16(p + 6, rng_chance(rng, 50) ? 0 : rng_below(rng, 65536));
	put32(p + 12, vni << 8 | (rng_chance(rng, 5) ? 7 : 0));
	if (geneve)
		fill_geneve(rng, p + 8, options);
	else
		fill_vxlan(rng, p + 8);
	for (uint32_t i = 0; i < options; i++)
		put32(gen_put(wire, 4), (uint32_t)rng_next(rng));
	memcpy(gen_put(wire, inner->len), inner->data, inner->len);
}

/* Random but lasting: who is usually behind a vport or a remote. */
static uint32_t
usual_host(uint32_t a, uint32_t b)
{
	return (a * 5 + b * 3 + b / 3) % TOPO_HOSTS;
}

struct tunnel {
	struct weir_ip src, dst;
	bool geneve;
	uint32_t vni;
};

static void
put_tunnel(const struct topo *topo, struct rng *rng, const struct tunnel *tunnel, const struct wire *inner,
    struct gen_packet *packet)
{
	struct wire *wire = &packet->wire;
	bool v4 = weir_ip_is_v4(&tunnel->src);
	uint32_t l3;

	packet->mutated = false; /* the tunnel itself is whole */
	wire->len = 0;
	put_outer_ethernet(topo, rng, packet->port, v4, wire);
	l3 = wire->len;
	gen_ip(wire, &tunnel->src, &tunnel->dst, PROTO_UDP, rng_chance(rng, 60) ? 0 : (uint8_t)rng_next(rng));
	if (v4 && rng_chance(rng, 3)) {
		memset(gen_put(wire, 4), 1, 4);
		wire->data[l3] = 0x46;
	}
	if (v4 && rng_chance(rng, 2))
		put16(wire->data + l3 + 6, rng_chance(rng, 50) ? 0x2000 : 100);
	put_header(rng, tunnel->geneve, tunnel->vni, inner, wire);
	gen_ip_finish(wire, l3);
	if (v4 && rng_chance(rng, 1))
		wire->data[l3 + 11] ^= 1;
	if (rng_chance(rng, 10))
		(void)gen_put(wire, 1 + rng_below(rng, 20)); /* padding of the outer frame */
	put_tag(wire, rng, topo->ports[packet->port].vlan);
}

static bool
from_remote(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	static struct wire inner;
	const struct topo_switch *sw = pick_overlay(topo, rng);
	uint32_t r = rng_below(rng, TOPO_REMOTES);
	struct gen_sender sender = {.host = usual_host(r, 2), .mtu = 1500};
	struct tunnel tunnel = {.src = topo_peer(rng_below(rng, TOPO_PEERS))};

	if (sw == NULL || !pick_uplink(topo, rng, &packet->port))
		return false;
	if (sw->n_remotes > 0 && rng_chance(rng, 95))
		tunnel.src = sw->remotes[r % sw->n_remotes];
	if (!pick_local(topo, rng, &tunnel.src, &tunnel.dst))
		return false;
	if (rng_chance(rng, 2))
		tunnel.dst.b[15] ^= 0x20;
	tunnel.geneve = rng_chance(rng, 97) ? sw->geneve : !sw->geneve;
	tunnel.vni = rng_chance(rng, 97) ? sw->vni : rng_below(rng, 1u << 24);
	gen_frame(&sender, rng, &inner);
	if (inner.len > GEN_INNER_MAX)
		inner.len = GEN_INNER_MAX;
	if (rng_chance(rng, 4))
		gen_mutate(rng, &inner);
	put_tunnel(topo, rng, &tunnel, &inner, packet);
	return true;
}

bool
gen_from_remote(const struct topo *topo, struct rng *rng, const struct topo_switch *sw, const struct weir_ip *remote,
    const struct wire *inner, struct gen_packet *packet)
{
	struct tunnel tunnel = {.src = *remote, .geneve = sw->geneve, .vni = sw->vni};

	if (!pick_uplink(topo, rng, &packet->port) || !pick_local(topo, rng, remote, &tunnel.dst))
		return false;
	put_tunnel(topo, rng, &tunnel, inner, packet);
	return true;
}

void
gen_from_vport(const struct topo_vport *vport, struct rng *rng, const struct wire *frame, struct gen_packet *packet)
{
	packet->mutated = false;
	packet->port = vport->port;
	packet->wire.len = frame->len;
	memcpy(packet->wire.data, frame->data, frame->len);
	put_tag(&packet->wire, rng, vport->vlan);
}

static bool
from_vport(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	uint32_t t, v;
	const struct topo_vport *vport = pick_vport(topo, rng, &t, &v);
	struct gen_sender sender = {.vport = vport};

	if (vport == NULL)
		return false;
	sender.host = usual_host(v, t % 3);
	sender.mtu = topo_mtu(topo, rng_below(rng, topo->n_ports)) - (rng_chance(rng, 50) ? 50 : 0);
	packet->port = vport->port;
	gen_frame(&sender, rng, &packet->wire);
	put_tag(&packet->wire, rng, vport->vlan);
	return true;
}

/* To weir itself: ARP, ND, ping, and what it does not take. */
static bool
to_weir(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	static const struct weir_mac asker = {{6, 9, 9, 9, 9, 9}};
	struct wire *wire = &packet->wire;
	struct weir_ip peer = topo_peer(rng_chance(rng, 50) ? 0 : 4), local;
	bool v4 = weir_ip_is_v4(&peer);
	uint32_t l3;
	uint8_t *p;

	if (!pick_uplink(topo, rng, &packet->port) || !pick_local(topo, rng, &peer, &local))
		return false;
	peer.b[15] = 77; /* nobody's neighbour */
	wire->len = 0;
	put_outer_ethernet(topo, rng, packet->port, v4, wire);
	memcpy(wire->data + 6, asker.b, 6);
	l3 = wire->len;
	if (v4 && rng_chance(rng, 40)) {
		static const uint8_t start[8] = {0, 1, 8, 0, 6, 4, 0, 1};

		put16(wire->data + 12, ETH_ARP);
		memset(wire->data, 0xff, 6);
		p = gen_put(wire, 46);
		memcpy(p, start, 8);
		memcpy(p + 8, asker.b, 6);
		wire_put_ip(p + 14, &peer);
		wire_put_ip(p + 24, &local);
	} else {
		uint8_t icmp = v4 ? PROTO_ICMP : PROTO_ICMPV6;

		gen_ip(wire, &peer, &local, rng_chance(rng, 60) ? icmp : (uint8_t)(6 + rng_below(rng, 12)), 0);
		p = gen_put(wire, 8 + rng_below(rng, 60));
		p[0] = v4 ? 8 : 128;
		put16(p + 4, 8);
		gen_ip_finish(wire, l3);
		put16(p + 2, v4 ? wire_fold(wire_sum(p, (uint32_t)(wire->data + wire->len - p), 0))
				: wire_l4_sum(wire->data + l3, icmp, p, (uint32_t)(wire->data + wire->len - p)));
	}
	put_tag(wire, rng, topo->ports[packet->port].vlan);
	return true;
}

/* On a VLAN that is perhaps nobody's, or noise. */
static void
from_nowhere(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	struct gen_sender sender = {.host = rng_below(rng, TOPO_HOSTS), .mtu = 1500};

	packet->port = rng_below(rng, topo->n_ports);
	if (rng_chance(rng, 30)) {
		packet->wire.len = 1 + rng_below(rng, 100);
		for (uint32_t i = 0; i < packet->wire.len; i++)
			packet->wire.data[i] = (uint8_t)rng_next(rng);
		packet->mutated = true;
		return;
	}
	gen_frame(&sender, rng, &packet->wire);
	put_tag(&packet->wire, rng, rng_below(rng, 4096));
}

void
gen_packet(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	uint32_t kind = rng_below(rng, 100);
	bool done = false;

	packet->mutated = false;
	if (topo_with_firewalls && rng_chance(rng, 60))
		done = gen_talk(topo, rng, packet);
	if (!done && topo_with_routers && rng_chance(rng, 60))
		done = gen_to_router(topo, rng, packet);
	if (done)
		kind = 100;
	if (kind < 60)
		done = from_vport(topo, rng, packet);
	else if (kind < 93)
		done = from_remote(topo, rng, packet);
	else if (kind < 96)
		done = to_weir(topo, rng, packet);
	if (!done)
		from_nowhere(topo, rng, packet);
	if (rng_chance(rng, 6)) {
		gen_mutate(rng, &packet->wire);
		packet->mutated = true;
	}
}
