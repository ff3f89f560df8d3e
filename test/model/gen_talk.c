/* SPDX-License-Identifier: BSD-3-Clause */
/* Hosts that talk to each other, so that firewalls have something to remember: step by step, and now and then not so.
 */
#include <string.h>

#include "gen.h"

#define TALKS 14

/* Two hosts and what they talk by; the second may be a router's own address. */
struct talk {
	bool used, v6, to_router;
	uint32_t tenant, sw[2], host[2];
	uint8_t proto;	  /* of IPv4; ICMP is IPv6's own there */
	uint16_t port[2]; /* ICMP: the id */
	uint32_t step;
	uint16_t id; /* of its fragments */
};

static struct talk talks[TALKS];

void
gen_forget_talks(void)
{
	memset(talks, 0, sizeof(talks));
}

/* ---- who ---- */

static bool
begin(const struct topo *topo, struct talk *talk, struct rng *rng)
{
	static const uint8_t protos[] = {
	    PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_UDP, PROTO_ICMP, PROTO_ICMP, PROTO_SCTP, 47};
	static const uint16_t ports[] = {53, 80, 443, 5001};

	memset(talk, 0, sizeof(*talk));
	for (int i = 0; i < 50 && !talk->used; i++) {
		talk->tenant = rng_below(rng, TOPO_TENANTS);
		for (int side = 0; side < 2; side++) {
			talk->sw[side] = rng_below(rng, TOPO_SWITCHES);
			talk->host[side] = rng_below(rng, TOPO_HOSTS);
		}
		if (rng_chance(rng, 35))
			talk->sw[1] = talk->sw[0];
		talk->used = topo->tenants[talk->tenant].used &&
			     topo->tenants[talk->tenant].switches[talk->sw[0]].used &&
			     topo->tenants[talk->tenant].switches[talk->sw[1]].used;
	}
	talk->v6 = rng_chance(rng, 40);
	talk->proto = protos[rng_below(rng, WEIR_ARRAY_LEN(protos))];
	talk->to_router = talk->proto == PROTO_ICMP && rng_chance(rng, 30);
	talk->port[0] = rng_chance(rng, 60) ? 40000 : ports[rng_below(rng, WEIR_ARRAY_LEN(ports))];
	talk->port[1] = ports[rng_below(rng, WEIR_ARRAY_LEN(ports))];
	if (talk->proto == PROTO_ICMP)
		talk->port[0] = talk->port[1] = (uint16_t)rng_below(rng, 4);
	talk->id = (uint16_t)rng_below(rng, 8);
	return talk->used;
}

/* The router's interface by which one switch's hosts reach another's; NULL: none. */
static const struct topo_iface *
gateway(const struct topo_tenant *tenant, uint32_t from, uint32_t to)
{
	const struct topo_iface *found = NULL;

	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		if (tenant->routers[r].used && tenant->routers[r].ifaces[from].used &&
		    (found == NULL || tenant->routers[r].ifaces[to].used))
			found = &tenant->routers[r].ifaces[from];
	return found;
}

/* Addresses and the MAC to send to; false: there is no way. */
static bool
find_way(const struct topo *topo, const struct talk *talk, int side, struct gen_host *from, struct weir_ip *src,
    struct weir_ip *dst, struct weir_mac *mac)
{
	const struct topo_tenant *tenant = &topo->tenants[talk->tenant];
	const struct topo_iface *iface = gateway(tenant, talk->sw[side], talk->sw[1 - side]);
	struct gen_host to;

	if (!tenant->used || !gen_host(topo, talk->tenant, talk->sw[side], talk->host[side], from) ||
	    !gen_host(topo, talk->tenant, talk->sw[1 - side], talk->host[1 - side], &to))
		return false;
	*src = talk->v6 ? from->ipv6 : from->ipv4;
	*dst = talk->v6 ? to.ipv6 : to.ipv4;
	*mac = to.mac;
	if (talk->sw[0] == talk->sw[1] && !talk->to_router)
		return true;
	if (iface == NULL)
		return false;
	*mac = iface->mac;
	for (uint32_t i = 0; talk->to_router && i < iface->n_addresses; i++)
		if (weir_ip_is_v4(&iface->addresses[i].ip) != talk->v6)
			*dst = iface->addresses[i].ip;
	return true;
}

/* ---- what ---- */

/* What comes next, as a rule, and the flags it has. */
static uint8_t
next_tcp(struct talk *talk, struct rng *rng, int *side)
{
	static const struct {
		int side;
		uint8_t flags;
	} script[] = {{0, 0x02}, {1, 0x12}, {0, 0x10}, {0, 0x18}, {1, 0x18}, {0, 0x10}, {1, 0x10}, {0, 0x18},
	    {0, 0x11}, {1, 0x10}, {1, 0x11}, {0, 0x10}};
	uint32_t step = talk->step;

	if (rng_chance(rng, 10)) {
		*side = (int)rng_below(rng, 2);
		return (uint8_t)rng_next(rng);
	}
	if (rng_chance(rng, 4)) {
		*side = (int)rng_below(rng, 2);
		return 0x14;
	}
	*side = script[step].side;
	if (rng_chance(rng, 80))
		talk->step = (step + 1) % WEIR_ARRAY_LEN(script);
	return script[step].flags;
}

static void
put_upper(struct talk *talk, struct rng *rng, int side, uint8_t flags, struct wire *wire)
{
	uint32_t n = rng_below(rng, 60);
	uint8_t *p;

	if (talk->proto == PROTO_ICMP) {
		p = gen_put(wire, 8 + n);
		p[0] = talk->v6 ? (side == 0 ? 128 : 129) : (side == 0 ? 8 : 0);
		put16(p + 4, talk->port[0]);
		put16(p + 6, talk->step++);
		return;
	}
	p = gen_put(wire, (talk->proto == PROTO_TCP ? 20 : talk->proto == PROTO_SCTP ? 12 : 8) + n);
	put16(p, talk->port[side]);
	put16(p + 2, talk->port[1 - side]);
	if (talk->proto == PROTO_UDP)
		put16(p + 4, 8 + n);
	if (talk->proto == PROTO_TCP) {
		put32(p + 4, (uint32_t)rng_next(rng));
		put32(p + 8, (uint32_t)rng_next(rng));
		p[12] = 5 << 4;
		p[13] = flags;
	}
}

/* From the IP header on, behind what is there already. */
static void
put_packet(struct talk *talk, struct rng *rng, int side, uint8_t flags, const struct weir_ip *src,
    const struct weir_ip *dst, struct wire *wire)
{
	uint8_t proto = talk->proto == PROTO_ICMP && talk->v6 ? PROTO_ICMPV6 : talk->proto;
	uint32_t l3 = wire->len, l4;
	uint8_t *icmp;

	gen_ip(wire, src, dst, proto, 0);
	l4 = wire->len;
	put_upper(talk, rng, side, flags, wire);
	gen_ip_finish(wire, l3);
	icmp = wire->data + l4;
	if (proto == PROTO_ICMPV6)
		put16(icmp + 2, wire_l4_sum(wire->data + l3, proto, icmp, wire->len - l4));
	else if (proto == PROTO_ICMP)
		put16(icmp + 2, wire_fold(wire_sum(icmp, wire->len - l4, 0)));
}

/* An error about what this side has heard from the other one: right, of other ports, cut off. */
static void
put_error(struct talk *talk, struct rng *rng, int side, const struct weir_ip *src, const struct weir_ip *dst,
    struct wire *wire)
{
	static const uint8_t four[] = {3, 3, 11, 4, 12, 5}, six[] = {1, 2, 3, 4, 1, 100};
	static struct wire quoted;
	uint32_t l3 = wire->len, header = talk->v6 ? 40 : 20, len;
	uint32_t kind = rng_below(rng, 100);
	uint8_t *p;

	quoted.len = 0;
	put_packet(talk, rng, 1 - side, 0x10, dst, src, &quoted);
	if (kind < 10)
		quoted.data[header + 1 + rng_below(rng, 3)] ^= 1;
	len = kind < 25 ? rng_below(rng, quoted.len) : quoted.len < 60 ? quoted.len : header + 8 + rng_below(rng, 12);
	gen_ip(wire, src, dst, talk->v6 ? PROTO_ICMPV6 : PROTO_ICMP, 0);
	p = gen_put(wire, 8);
	p[0] = talk->v6 ? six[rng_below(rng, 6)] : four[rng_below(rng, 6)];
	p[1] = (uint8_t)rng_below(rng, 4);
	memcpy(gen_put(wire, len), quoted.data, len);
	gen_ip_finish(wire, l3);
	if (talk->v6)
		put16(p + 2, wire_l4_sum(wire->data + l3, PROTO_ICMPV6, p, wire->len - l3 - 40));
	else
		put16(p + 2, wire_fold(wire_sum(p, wire->len - l3 - 20, 0)));
}

/* Makes a fragment of it: the first, a later one, a later one of another packet, a first one that is too short. */
static void
cut_fragment(struct talk *talk, struct rng *rng, struct wire *wire)
{
	uint32_t kind = rng_below(rng, 100), l3 = ETH_HEADER, header = talk->v6 ? 40 : 20;
	uint32_t offset = kind < 45 || kind >= 90 ? 0 : 8 * (1 + rng_below(rng, 4));
	uint32_t id = kind >= 80 && kind < 90 ? 100 + rng_below(rng, 50) : talk->id;
	bool more = offset == 0 || rng_chance(rng, 50);
	uint8_t fragment[8] = {wire->data[l3 + 6]};

	if (kind < 5)
		id = talk->id = (uint16_t)rng_below(rng, 64);
	if (kind >= 90)
		wire->len = l3 + header + rng_below(rng, 8);
	if (talk->v6) {
		put16(fragment + 2, offset | (more ? 1 : 0));
		put32(fragment + 4, id);
		wire->data[l3 + 6] = 44;
		wire_insert(wire, l3 + 40, fragment, 8);
	} else {
		put16(wire->data + l3 + 4, id);
		put16(wire->data + l3 + 6, offset / 8 | (more ? 0x2000 : 0));
	}
	gen_ip_finish(wire, l3);
}

bool
gen_talk(const struct topo *topo, struct rng *rng, struct gen_packet *packet)
{
	static struct wire frame;
	struct talk *talk = &talks[rng_below(rng, TALKS)];
	struct gen_host from;
	struct weir_ip src, dst;
	struct weir_mac mac;
	int side = (int)rng_below(rng, 2);
	uint8_t flags = 0;

	if ((!talk->used || rng_chance(rng, 3)) && !begin(topo, talk, rng))
		return false;
	if (talk->proto == PROTO_TCP)
		flags = next_tcp(talk, rng, &side);
	if (talk->to_router)
		side = 0;
	talk->used = find_way(topo, talk, side, &from, &src, &dst, &mac);
	if (!talk->used)
		return false;
	frame.len = 0;
	memcpy(gen_put(&frame, 6), mac.b, 6);
	memcpy(gen_put(&frame, 6), from.mac.b, 6);
	put16(gen_put(&frame, 2), talk->v6 ? ETH_IPV6 : ETH_IPV4);
	if (rng_chance(rng, 12))
		put_error(talk, rng, side, &src, &dst, &frame);
	else
		put_packet(talk, rng, side, flags, &src, &dst, &frame);
	if (rng_chance(rng, 15))
		cut_fragment(talk, rng, &frame);
	return gen_from_host(topo, rng, &from, &frame, packet);
}
