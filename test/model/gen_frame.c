/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tenant's host sends. */
#include <string.h>

#include "gen.h"

static const struct weir_ip any6;

uint8_t *
gen_put(struct wire *wire, uint32_t n)
{
	uint8_t *p = wire->data + wire->len;

	memset(p, 0, n);
	wire->len += n;
	return p;
}

static void
payload(struct wire *wire, struct rng *rng, uint32_t n)
{
	uint8_t *p = gen_put(wire, n);

	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)rng_next(rng);
}

void
gen_ip(struct wire *wire, const struct weir_ip *src, const struct weir_ip *dst, uint8_t proto, uint8_t tos)
{
	uint8_t *ip;

	if (weir_ip_is_v4(src)) {
		ip = gen_put(wire, 20);
		ip[0] = 0x45;
		ip[1] = tos;
		ip[8] = 64;
		ip[9] = proto;
		wire_put_ip(ip + 12, src);
		wire_put_ip(ip + 16, dst);
	} else {
		ip = gen_put(wire, 40);
		put32(ip, 6u << 28 | (uint32_t)tos << 20 | 0x12345);
		ip[6] = proto;
		ip[7] = 64;
		wire_put_ip(ip + 8, src);
		wire_put_ip(ip + 24, dst);
	}
}

void
gen_ip_finish(struct wire *wire, uint32_t l3)
{
	uint8_t *ip = wire->data + l3;

	if (ip[0] >> 4 == 6) {
		put16(ip + 4, wire->len - l3 - 40);
		return;
	}
	put16(ip + 2, wire->len - l3);
	put16(ip + 10, 0);
	put16(ip + 10, wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0)));
}

/* ---- sizes and addresses ---- */

static uint32_t
payload_size(const struct gen_sender *sender, struct rng *rng, uint32_t headers)
{
	uint32_t around;

	if (!rng_chance(rng, 10))
		return rng_below(rng, 80);
	if (rng_chance(rng, 20))
		return rng_below(rng, 9200 - headers);
	around = sender->mtu - 70 + rng_below(rng, 90);
	return around > headers ? around - headers : 0;
}

static struct weir_ip
source(const struct gen_sender *sender, struct rng *rng, bool v6)
{
	uint32_t host = rng_chance(rng, 92) ? sender->host : rng_below(rng, TOPO_HOSTS);

	if (sender->vport != NULL && sender->vport->n_addresses > 0 && rng_chance(rng, 90))
		for (uint32_t i = 0; i < sender->vport->n_addresses; i++)
			if (weir_ip_is_v4(&sender->vport->addresses[i]) != v6)
				return sender->vport->addresses[i];
	if (v6 && rng_chance(rng, 30)) {
		struct weir_mac mac = topo_host_mac(host);

		return wire_link_local(sender->vport != NULL && sender->vport->has_mac ? &sender->vport->mac : &mac);
	}
	return v6 ? topo_host_ipv6(host) : topo_host_ipv4(host);
}

static struct weir_mac
source_mac(const struct gen_sender *sender, struct rng *rng)
{
	if (rng_chance(rng, 1))
		return (struct weir_mac){{rng_chance(rng, 50) ? 1 : 0, 0, 0, 0, 0, 0}};
	if (sender->vport != NULL && sender->vport->has_mac && rng_chance(rng, 95))
		return sender->vport->mac;
	return topo_host_mac(rng_chance(rng, 85) ? sender->host : rng_below(rng, TOPO_HOSTS));
}

static struct weir_mac
destination_mac(struct rng *rng)
{
	uint32_t n = rng_below(rng, 100);

	if (n < 70)
		return topo_host_mac(rng_below(rng, TOPO_HOSTS));
	if (n < 82)
		return (struct weir_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	if (n < 90)
		return (struct weir_mac){{0x33, 0x33, 0, 0, 0, 1}};
	if (n < 94)
		return (struct weir_mac){{0x01, 0x00, 0x5e, 0, 0, 5}};
	if (n < 96) /* .10 to .1f are no bridge groups */
		return (struct weir_mac){{0x01, 0x80, 0xc2, 0, 0, (uint8_t)rng_below(rng, 32)}};
	return (struct weir_mac){{0x02, 0, 0, 0, 0x99, (uint8_t)rng_below(rng, 3)}};
}

/* ---- IPv4 and IPv6 ---- */

static void
put_l4(const struct gen_sender *sender, struct rng *rng, struct wire *wire, uint8_t proto, uint32_t l3)
{
	static const uint16_t ports[] = {53, 80, 443, 4789, 5001, 40000};
	uint32_t at = wire->len;
	uint8_t *p = gen_put(wire, proto == PROTO_TCP ? 20 : proto == PROTO_SCTP ? 12 : 8);

	if (proto == PROTO_ICMP) {
		p[0] = rng_chance(rng, 50) ? 8 : (uint8_t)rng_below(rng, 14);
		put16(p + 4, rng_below(rng, 3));
	} else if (proto == PROTO_ICMPV6) {
		p[0] = rng_chance(rng, 70) ? 128 : (uint8_t)(1 + rng_below(rng, 4));
		put16(p + 4, rng_below(rng, 3));
	} else {
		put16(p, ports[rng_below(rng, WEIR_ARRAY_LEN(ports))]);
		put16(p + 2, ports[rng_below(rng, WEIR_ARRAY_LEN(ports))]);
	}
	if (proto == PROTO_TCP) {
		p[12] = 5 << 4;
		p[13] = (uint8_t)rng_below(rng, 64);
	}
	payload(wire, rng, payload_size(sender, rng, wire->len - l3));
	if (proto == PROTO_UDP)
		put16(wire->data + at + 4, wire->len - at);
}

/* Up to three extension headers; returns their bytes. A fragment's offset and flag are random. */
static void
put_extensions(struct rng *rng, struct wire *wire, uint32_t l3)
{
	static const uint8_t kinds[] = {0, 43, 60, 51, 44};
	uint8_t *next = &wire->data[l3 + 6];

	for (uint32_t n = 1 + rng_below(rng, 3); n > 0; n--) {
		uint8_t kind = kinds[rng_below(rng, 5)], proto = *next;
		uint8_t *p = gen_put(wire, kind == 51 ? 24 : 8);

		*next = kind;
		p[0] = proto;
		if (kind == 51)
			p[1] = 4;
		else if (kind != 44)
			p[2] = 1, p[3] = 4; /* PadN */
		else
			put16(p + 2, rng_chance(rng, 50) ? 1 : 8 * rng_below(rng, 100) + rng_below(rng, 2));
		next = p;
	}
}

static void
put_ip_between(const struct gen_sender *sender, const struct weir_ip *src, const struct weir_ip *dst, struct rng *rng,
    struct wire *wire)
{
	static const uint8_t protos[] = {PROTO_UDP, PROTO_UDP, PROTO_TCP, PROTO_TCP, PROTO_ICMP, PROTO_SCTP, 47, 59};
	bool v6 = !weir_ip_is_v4(src);
	uint8_t proto = protos[rng_below(rng, WEIR_ARRAY_LEN(protos))];
	uint8_t tos = rng_chance(rng, 60) ? 0 : (uint8_t)rng_next(rng);
	uint32_t l3 = wire->len;

	if (sender->pings)
		proto = PROTO_ICMP;
	if (v6 && proto == PROTO_ICMP)
		proto = PROTO_ICMPV6;
	gen_ip(wire, src, dst, proto, tos);
	if (v6 && rng_chance(rng, 3)) { /* in IPv6 ::ffff:10.0.0.1 is not 10.0.0.1 */
		struct weir_ip mapped = source(sender, rng, false);

		memcpy(wire->data + l3 + 8, mapped.b, 16);
	}
	if (!v6 && rng_chance(rng, 5)) { /* options */
		memset(gen_put(wire, 8), 1, 8);
		wire->data[l3] = 0x47;
	}
	if (!v6 && rng_chance(rng, 12)) {
		put16(wire->data + l3 + 6,
		    rng_chance(rng, 50) ? 0x2000 : rng_below(rng, 200) | (rng_chance(rng, 50) ? 0x2000u : 0));
		put16(wire->data + l3 + 4, rng_below(rng, 4));
	}
	if (v6 && rng_chance(rng, 15))
		put_extensions(rng, wire, l3);
	if (proto == 47 || proto == 59)
		payload(wire, rng, payload_size(sender, rng, wire->len - l3));
	else
		put_l4(sender, rng, wire, proto, l3);
	gen_ip_finish(wire, l3);
	if (rng_chance(rng, 3)) /* an L2 switch does not mind a wrong checksum */
		wire->data[l3 + (v6 ? 9 : 10)] ^= v6 ? 0 : 0x55;
}

static void
put_ip_packet(const struct gen_sender *sender, struct rng *rng, struct wire *wire, bool v6)
{
	struct weir_ip src = source(sender, rng, v6);
	struct weir_ip dst = v6 ? topo_host_ipv6(rng_below(rng, 3)) : topo_host_ipv4(rng_below(rng, 3));

	put_ip_between(sender, &src, &dst, rng, wire);
}

static void
put_dhcp(struct rng *rng, struct wire *wire)
{
	struct weir_ip src = topo_host_ipv4(0), dst = src;
	uint32_t l3 = wire->len;
	uint8_t *udp;

	memset(src.b + 12, 0, 4);
	memset(dst.b + 12, 255, 4);
	gen_ip(wire, &src, &dst, PROTO_UDP, 0);
	udp = gen_put(wire, 8);
	put16(udp, rng_chance(rng, 90) ? 68 : 53);
	put16(udp + 2, rng_chance(rng, 90) ? 67 : 69);
	put16(udp + 4, 8 + 240);
	payload(wire, rng, 240);
	gen_ip_finish(wire, l3);
}

static void
icmpv6_checksum(struct wire *wire, uint32_t l3, uint32_t l4)
{
	uint8_t *icmp = wire->data + l4;

	put16(icmp + 2, 0);
	put16(icmp + 2, wire_l4_sum(wire->data + l3, PROTO_ICMPV6, icmp, wire->len - l4));
}

/* Neighbour discovery, as hosts do it; a little of it claims to be somebody else, or is not valid. */
static void
put_nd(const struct gen_sender *sender, struct rng *rng, struct wire *wire)
{
	struct weir_mac mac = source_mac(sender, rng);
	struct weir_ip src = source(sender, rng, true), dst, target = topo_host_ipv6(rng_below(rng, TOPO_HOSTS));
	uint8_t type = (uint8_t)(133 + rng_below(rng, 4));
	bool probe = type == 135 && rng_chance(rng, 40);
	uint32_t l3 = wire->len, l4 = l3 + 40;
	uint8_t *p;

	if (type == 136 || probe)
		target = source(sender, rng, true);
	dst = type == 135 ? wire_solicited_node(&target) : topo_host_ipv6(1);
	gen_ip(wire, probe ? &any6 : &src, &dst, PROTO_ICMPV6, 0);
	wire->data[l3 + 7] = rng_chance(rng, 98) ? 255 : 64;
	p = gen_put(wire, type == 133 ? 8 : type == 134 ? 16 : 24);
	p[0] = type;
	if (type == 136)
		p[4] = 0x60;
	if (type >= 135)
		wire_put_ip(p + 8, &target);
	if (!probe && rng_chance(rng, 85)) {
		p = gen_put(wire, 8);
		p[0] = type == 136 ? 2 : 1;
		p[1] = rng_chance(rng, 98) ? 1 : 0;
		memcpy(p + 2, mac.b, 6);
	}
	gen_ip_finish(wire, l3);
	icmpv6_checksum(wire, l3, l4);
	if (rng_chance(rng, 2))
		wire->data[l4 + 3] ^= 1;
}

/* Multicast listener reports: hop limit 1, router alert. */
static void
put_mld(const struct gen_sender *sender, struct rng *rng, struct wire *wire)
{
	static const uint8_t alert[8] = {PROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	static const uint8_t types[] = {131, 132, 143};
	struct weir_ip src = source(sender, rng, true);
	struct weir_ip dst = {.b = {0xff, 0x02, [15] = 0x16}};
	uint32_t l3 = wire->len;

	gen_ip(wire, rng_chance(rng, 60) ? &any6 : &src, &dst, 0, 0);
	wire->data[l3 + 7] = 1;
	memcpy(gen_put(wire, 8), alert, 8);
	gen_put(wire, 24)[0] = types[rng_below(rng, 3)];
	gen_ip_finish(wire, l3);
	icmpv6_checksum(wire, l3, l3 + 48);
}

static void
put_arp(const struct gen_sender *sender, struct rng *rng, struct wire *wire)
{
	static const uint8_t start[6] = {0, 1, 8, 0, 6, 4};
	struct weir_ip spa = source(sender, rng, false), tpa = topo_host_ipv4(rng_below(rng, TOPO_HOSTS));
	struct weir_mac sha = source_mac(sender, rng);
	bool probe = rng_chance(rng, 15);
	uint8_t *p = gen_put(wire, rng_chance(rng, 50) ? 28 : 46);

	if (rng_chance(rng, 90)) /* as the frame says */
		memcpy(sha.b, wire->data + 6, 6);
	memcpy(p, start, 6);
	p[7] = probe || rng_chance(rng, 60) ? 1 : 2;
	memcpy(p + 8, sha.b, 6);
	if (!probe)
		wire_put_ip(p + 14, &spa);
	wire_put_ip(p + 24, rng_chance(rng, 20) ? &spa : &tpa);
}

/* ---- the frame ---- */

static void
put_tags(struct rng *rng, struct wire *wire)
{
	uint32_t n = rng_below(rng, 100);

	for (n = n < 80 ? 0 : n < 93 ? 1 : n < 98 ? 2 : 3; n > 0; n--) {
		uint8_t *tag = gen_put(wire, 4);

		put16(tag, rng_chance(rng, 70) ? ETH_VLAN : ETH_QINQ);
		put16(tag + 2, rng_below(rng, 8) << 13 | rng_below(rng, 4));
	}
}

static void
put_type(struct wire *wire, uint32_t ethertype)
{
	put16(gen_put(wire, 2), ethertype);
}

/* Packets to routers are mostly right where a switch does not look: hops, checksums of ping. */
static void
finish_routed(struct rng *rng, struct wire *wire)
{
	static const uint8_t hops[] = {0, 1, 1, 1, 2, 2, 3, 15, 16, 17, 18, 255};
	uint8_t *ip = wire->data + ETH_HEADER;
	bool v6 = ip[0] >> 4 == 6;
	uint32_t header = v6 ? 40 : (ip[0] & 15u) * 4, len = v6 ? 40u + get16(ip + 4) : get16(ip + 2);
	uint8_t proto = ip[v6 ? 6 : 9], *icmp = ip + header;

	if (rng_chance(rng, 20))
		ip[v6 ? 7 : 8] = hops[rng_below(rng, WEIR_ARRAY_LEN(hops))];
	if (!v6 && get16(ip + 6) == 0 && rng_chance(rng, 50))
		ip[6] = 0x40;
	if (!v6) {
		put16(ip + 10, 0);
		put16(ip + 10, rng_chance(rng, 98) ? wire_fold(wire_sum(ip, header, 0)) : 0x1234);
	}
	if (proto != (v6 ? PROTO_ICMPV6 : PROTO_ICMP) || (!v6 && (get16(ip + 6) & 0x3fff) != 0) || rng_chance(rng, 5))
		return;
	put16(icmp + 2, 0);
	put16(icmp + 2,
	    v6 ? wire_l4_sum(ip, PROTO_ICMPV6, icmp, len - 40) : wire_fold(wire_sum(icmp, len - header, 0)));
}

void
gen_routed_frame(const struct gen_sender *sender, const struct weir_mac *router, const struct weir_mac *smac,
    const struct weir_ip *src, const struct weir_ip *dst, struct rng *rng, struct wire *wire)
{
	wire->len = 0;
	memcpy(gen_put(wire, 6), router->b, 6);
	memcpy(gen_put(wire, 6), smac->b, 6);
	put_type(wire, weir_ip_is_v4(src) ? ETH_IPV4 : ETH_IPV6);
	put_ip_between(sender, src, dst, rng, wire);
	finish_routed(rng, wire);
	if (rng_chance(rng, 20)) /* padding */
		(void)gen_put(wire, wire->len < 60 ? 60 - wire->len : rng_below(rng, 20));
}

void
gen_frame(const struct gen_sender *sender, struct rng *rng, struct wire *wire)
{
	struct weir_mac dmac = destination_mac(rng), smac = source_mac(sender, rng);
	uint32_t kind = rng_below(rng, 100);

	wire->len = 0;
	memcpy(gen_put(wire, 6), dmac.b, 6);
	memcpy(gen_put(wire, 6), smac.b, 6);
	put_tags(rng, wire);
	if (kind < 45) {
		put_type(wire, ETH_IPV4);
		put_ip_packet(sender, rng, wire, false);
	} else if (kind < 70) {
		put_type(wire, ETH_IPV6);
		put_ip_packet(sender, rng, wire, true);
	} else if (kind < 80) {
		put_type(wire, ETH_ARP);
		put_arp(sender, rng, wire);
	} else if (kind < 89) {
		put_type(wire, ETH_IPV6);
		put_nd(sender, rng, wire);
	} else if (kind < 91) {
		put_type(wire, ETH_IPV6);
		put_mld(sender, rng, wire);
	} else if (kind < 93) {
		put_type(wire, ETH_IPV4);
		put_dhcp(rng, wire);
	} else if (kind < 97) { /* 802.3 with LLC */
		uint32_t n = 3 + rng_below(rng, 60);

		put_type(wire, n);
		payload(wire, rng, n);
	} else {
		put_type(wire, 0x88b5);
		payload(wire, rng, payload_size(sender, rng, 0));
	}
	if (rng_chance(rng, 20)) /* padding */
		(void)gen_put(wire, wire->len < 60 ? 60 - wire->len : rng_below(rng, 20));
}
