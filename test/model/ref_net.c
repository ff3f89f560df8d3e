/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>

#include "gen.h"
#include "ref_net.h"

struct topo topo;
struct ref ref;
struct ref_result result;

struct weir_ip
ip(const char *text)
{
	struct weir_ip out;

	cr_assert_eq(weir_ip_parse(text, &out), 0, "%s", text);
	return out;
}

struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix out;

	cr_assert_eq(weir_prefix_parse(text, &out), 0, "%s", text);
	return out;
}

static struct weir_mac
iface_mac(uint32_t r, uint32_t s)
{
	return (struct weir_mac){{0x02, 0, 0, 0x77, (uint8_t)r, (uint8_t)s}};
}

static void
add_iface(uint32_t r, uint32_t s, const char *v4, const char *v6)
{
	struct topo_router *router = &topo.tenants[0].routers[r];

	router->used = true;
	router->ifaces[s] = (struct topo_iface){.used = true, .mac = iface_mac(r, s)};
	if (v4 != NULL)
		router->ifaces[s].addresses[router->ifaces[s].n_addresses++] = prefix(v4);
	if (v6 != NULL)
		router->ifaces[s].addresses[router->ifaces[s].n_addresses++] = prefix(v6);
}

/* No via: blackhole. */
struct topo_static_route *
add_route(uint32_t r, const char *to, const char *via)
{
	struct topo_router *router = &topo.tenants[0].routers[r];
	struct topo_static_route *route = &router->routes[router->n_routes++];

	*route = (struct topo_static_route){.to = prefix(to)};
	if (via != NULL)
		route->vias[route->n_vias++] = ip(via);
	return route;
}

void
make_network(void)
{
	struct topo_tenant *tenant = &topo.tenants[0];

	topo.n_ports = 4;
	topo.ports[0].uplink = true;
	topo.ports[0].n_addresses = 1;
	topo.ports[0].addresses[0] = prefix("192.0.2.1/24");
	tenant->used = true;
	tenant->quota_macs = 100;
	for (uint32_t s = 0; s < 3; s++) {
		tenant->switches[s] = (struct topo_switch){.used = true};
		tenant->vports[s] = (struct topo_vport){.used = true, .sw = s, .port = s + 1};
	}
	for (uint32_t s = 0; s < 2; s++) {
		tenant->switches[s].vni = 5001 + s;
		tenant->switches[s].n_remotes = 1;
	}
	tenant->switches[0].remotes[0] = ip("192.0.2.2");
	tenant->switches[1].remotes[0] = ip("192.0.2.3");
	add_iface(0, 0, "10.0.0.200/24", "2001:db8:a::200/64");
	add_iface(0, 1, "10.0.1.200/24", "2001:db8:a:1::200/64");
	add_iface(1, 1, "10.0.1.201/24", "2001:db8:a:1::201/64");
	add_iface(1, 2, "10.0.2.201/24", "2001:db8:a:2::201/64");
	ref.topo = &topo;
}

/* ---- who says what ---- */

static void
ethernet(struct wire *wire, const struct weir_mac *dst, uint32_t host, uint32_t ethertype)
{
	struct weir_mac src = topo_host_mac(host);

	wire->len = 0;
	memcpy(gen_put(wire, 6), dst->b, 6);
	memcpy(gen_put(wire, 6), src.b, 6);
	put16(gen_put(wire, 2), ethertype);
}

/* As a remote of switch s sends it. */
static void
tunnel(struct wire *wire, uint32_t s)
{
	static struct wire inner;
	const struct topo_switch *sw = &topo.tenants[0].switches[s];
	uint8_t *p;

	inner = *wire;
	wire->len = 0;
	memcpy(gen_put(wire, 6), topo_port_mac[0].b, 6);
	memcpy(gen_put(wire, 6), (const uint8_t[6]){6, 1, 2, 3, 4, 5}, 6);
	put16(gen_put(wire, 2), ETH_IPV4);
	gen_ip(wire, &sw->remotes[0], &topo.ports[0].addresses[0].ip, PROTO_UDP, 0);
	p = gen_put(wire, 16);
	put16(p, 50000);
	put16(p + 2, sw->geneve ? GENEVE_PORT : VXLAN_PORT);
	put16(p + 4, 16 + inner.len);
	put32(p + 8, sw->geneve ? 0x6558 : 0x08000000);
	put32(p + 12, sw->vni << 8);
	memcpy(gen_put(wire, inner.len), inner.data, inner.len);
	gen_ip_finish(wire, ETH_HEADER);
}

/* Host h is on switch h % 3: hosts 0 to 2 at a vport, 3 and 4 at the remote. */
void
comes(uint32_t host, struct wire *wire)
{
	if (host >= 3)
		tunnel(wire, host % 3);
	ref_packet(&ref, host >= 3 ? 0 : host + 1, wire, true, &result);
}

void
ask_arp(uint32_t host, const char *from, const char *wanted, const struct weir_mac *dst)
{
	static struct wire wire;
	struct weir_mac mac = topo_host_mac(host);
	struct weir_ip spa = ip(from), tpa = ip(wanted);
	uint8_t *p;

	ethernet(&wire, dst, host, ETH_ARP);
	p = gen_put(&wire, 28);
	memcpy(p, (const uint8_t[8]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
	memcpy(p + 8, mac.b, 6);
	wire_put_ip(p + 14, &spa);
	wire_put_ip(p + 24, &tpa);
	comes(host, &wire);
}

void
ask_nd(uint32_t host, const char *from, const char *wanted)
{
	static struct wire wire;
	struct weir_mac mac = topo_host_mac(host);
	struct weir_ip src = ip(from), target = ip(wanted), group = wire_solicited_node(&target);
	struct weir_mac dst = {{0x33, 0x33, group.b[12], group.b[13], group.b[14], group.b[15]}};
	uint8_t *p;

	ethernet(&wire, &dst, host, ETH_IPV6);
	gen_ip(&wire, &src, &group, PROTO_ICMPV6, 0);
	wire.data[ETH_HEADER + 7] = 255;
	p = gen_put(&wire, 32);
	p[0] = 135;
	wire_put_ip(p + 8, &target);
	p[24] = 1;
	p[25] = 1;
	memcpy(p + 26, mac.b, 6);
	gen_ip_finish(&wire, ETH_HEADER);
	put16(p + 2, wire_l4_sum(wire.data + ETH_HEADER, PROTO_ICMPV6, p, 32));
	comes(host, &wire);
}

const struct weir_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* What all tests begin with: the hosts are known, with both their addresses. */
void
begin(void)
{
	make_network();
	ask_arp(0, "10.0.0.1", "10.0.0.200", &everybody);
	ask_arp(3, "10.0.0.4", "10.0.0.200", &everybody);
	ask_arp(1, "10.0.1.2", "10.0.1.200", &everybody);
	ask_arp(1, "10.0.1.2", "10.0.1.201", &everybody);
	ask_arp(4, "10.0.1.5", "10.0.1.200", &everybody);
	ask_arp(2, "10.0.2.3", "10.0.2.201", &everybody);
	ask_nd(0, "2001:db8:a::1", "2001:db8:a::200");
	ask_nd(1, "2001:db8:a:1::2", "2001:db8:a:1::200");
	ask_nd(2, "2001:db8:a:2::3", "2001:db8:a:2::201");
	cr_assert(!result.open && result.consumed);
}

/* A UDP packet of so many bytes in all, frame included, to router r; wire.data can be changed before it goes. */
struct wire packet;

uint8_t *
udp(uint32_t r, uint32_t host, const char *from, const char *to, uint32_t len)
{
	struct weir_ip src = ip(from), dst = ip(to);
	struct weir_mac mac = iface_mac(r, host % 3);
	uint8_t *p;

	ethernet(&packet, &mac, host, weir_ip_is_v4(&src) ? ETH_IPV4 : ETH_IPV6);
	gen_ip(&packet, &src, &dst, PROTO_UDP, 0);
	p = gen_put(&packet, len - packet.len);
	put16(p, 1000);
	put16(p + 2, 2000);
	put16(p + 4, (uint32_t)(packet.data + packet.len - p));
	gen_ip_finish(&packet, ETH_HEADER);
	return packet.data + ETH_HEADER;
}

void
goes(uint32_t host)
{
	static struct wire sent;

	if (get16(packet.data + 12) == ETH_IPV4)
		gen_ip_finish(&packet, ETH_HEADER);
	sent = packet;
	comes(host, &sent);
	cr_assert(!result.open);
	cr_assert_eq(result.n_vias, 0);
}

/* ---- what becomes of it ---- */

void
expect_drop(uint64_t drop, uint32_t outs)
{
	cr_assert_eq(result.drop, drop, "%#lx", (unsigned long)result.drop);
	cr_assert_eq(result.n_outs, outs, "%u frames", result.n_outs);
	cr_assert(!result.consumed);
}

/* The only frame, the tenant's own part of it. */
const uint8_t *
the_frame(uint32_t port)
{
	cr_assert_eq(result.n_outs, 1, "%u frames", result.n_outs);
	cr_assert_eq(result.outs[0].port, port);
	return result.outs[0].wire.data + result.outs[0].wire.len - result.outs[0].bytes;
}

void
expect_macs(const uint8_t *data, const struct weir_mac *dst, const struct weir_mac *src)
{
	cr_assert_arr_eq(data, dst->b, 6);
	cr_assert_arr_eq(data + 6, src->b, 6);
}

/* An ICMP error to a host by a port: from whom, what, about the packet that was sent. */
void
expect_error(uint32_t port, const char *from, uint8_t type, uint8_t code, uint32_t mtu, uint32_t most)
{
	const struct ref_out *out = &result.outs[result.n_outs - 1];
	const uint8_t *p = out->wire.data + out->wire.len - out->bytes, *quoted;
	struct weir_ip src = ip(from);
	bool v4 = weir_ip_is_v4(&src);
	const uint8_t *icmp = p + ETH_HEADER + (v4 ? 20 : 40);
	uint32_t len = (uint32_t)(p + out->bytes - icmp), ours = packet.len - ETH_HEADER;
	uint8_t expected[16];

	cr_assert_eq(result.errors, 1);
	cr_assert_eq(out->made, REF_MADE_ERROR);
	cr_assert_eq(out->drop, 0);
	cr_assert_eq(out->port, port);
	wire_put_ip(expected, &src);
	cr_assert_arr_eq(p + ETH_HEADER + (v4 ? 12 : 8), expected, v4 ? 4 : 16);
	cr_assert_arr_eq(p + ETH_HEADER + (v4 ? 16 : 24), packet.data + ETH_HEADER + (v4 ? 12 : 8), v4 ? 4 : 16);
	cr_assert_eq(p[ETH_HEADER + (v4 ? 8 : 7)], 64);
	cr_assert(!v4 || wire_fold(wire_sum(p + ETH_HEADER, 20, 0)) == 0);
	cr_assert_eq(
	    v4 ? wire_fold(wire_sum(icmp, len, 0)) : wire_l4_sum(p + ETH_HEADER, PROTO_ICMPV6, icmp, len), 0);
	cr_assert(icmp[0] == type && icmp[1] == code, "%u/%u", icmp[0], icmp[1]);
	cr_assert_eq(get32(icmp + 4), mtu, "mtu %u", get32(icmp + 4));
	quoted = icmp + 8;
	cr_assert_eq(out->bytes, ours + 8 + (v4 ? 20u : 40u) < most ? ours + 8 + (v4 ? 34u : 54u) : most + 14);
	/* What has been written since apart: TTL and checksum, if it is the way out that is too narrow. */
	cr_assert_arr_eq(quoted, packet.data + ETH_HEADER, mtu == 0 ? 20 : 7);
	cr_assert_arr_eq(quoted + 20, packet.data + ETH_HEADER + 20, len - 28);
}
