/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include <rte_vxlan.h>

#include "nicsim.h"

#define FIRST_VNI 5001u
#define VLANS 4094u
#define FLOWS_PER_HOST 100u
#define FIRST_PORT 1024u
#define TENANT_PORT 4000u
#define TUNNEL_PORTS 16384u /* from 49152 */
#define PORTS_PER_NEW_HOST 60000u
#define FIRST_NEW_HOST4 RTE_IPV4(10, 128, 0, 0)
#define FIRST_NEW_HOST6 0x80000000u

/* From whom to whom; IPv4 addresses in host order. */
struct hosts {
	uint32_t src4, dst4;
	uint8_t src6[16], dst6[16];
};

static const struct hosts tunnel = {.src4 = RTE_IPV4(192, 0, 2, 2),
    .dst4 = RTE_IPV4(192, 0, 2, 1),
    .src6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
    .dst6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
static const struct rte_ether_addr tunnel_src = {{0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x02}};
static const struct rte_ether_addr tunnel_dst = {{0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x01}};

static uint8_t *
put_ether(uint8_t *at, const struct rte_ether_addr *src, const struct rte_ether_addr *dst)
{
	memcpy(at, dst, sizeof(*dst));
	memcpy(at + sizeof(*dst), src, sizeof(*src));
	return at + 2 * sizeof(*dst);
}

static uint8_t *
put_u16(uint8_t *at, uint16_t value)
{
	rte_be16_t be = rte_cpu_to_be_16(value);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

static uint8_t *
put_ipv4(uint8_t *at, const struct hosts *hosts, uint32_t payload)
{
	struct rte_ipv4_hdr ip = {.version_ihl = RTE_IPV4_VHL_DEF,
	    .total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + payload)),
	    .fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = 64,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = rte_cpu_to_be_32(hosts->src4),
	    .dst_addr = rte_cpu_to_be_32(hosts->dst4)};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	return at + sizeof(ip);
}

static uint8_t *
put_ipv6(uint8_t *at, const struct hosts *hosts, uint32_t payload)
{
	struct rte_ipv6_hdr ip = {.vtc_flow = RTE_BE32(6u << 28),
	    .payload_len = rte_cpu_to_be_16((uint16_t)payload),
	    .proto = IPPROTO_UDP,
	    .hop_limits = 64};

	memcpy(ip.src_addr, hosts->src6, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, hosts->dst6, sizeof(ip.dst_addr));
	memcpy(at, &ip, sizeof(ip));
	return at + sizeof(ip);
}

/* Ethertype, IP and UDP headers for `payload` bytes; returns where they begin. */
static uint8_t *
put_datagram(uint8_t *at, bool six, const struct hosts *hosts, uint16_t src_port, uint16_t dst_port, uint32_t payload)
{
	uint32_t len = (uint32_t)sizeof(struct rte_udp_hdr) + payload;

	at = put_u16(at, six ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	at = six ? put_ipv6(at, hosts, len) : put_ipv4(at, hosts, len);
	at = put_u16(put_u16(at, src_port), dst_port);
	return put_u16(put_u16(at, (uint16_t)len), 0);
}

/* Of the UDP header just before `payload`, whose bytes are there; the packet may end at an odd one. */
static void
set_checksum(uint8_t *payload, bool six)
{
	uint8_t *udp = payload - sizeof(struct rte_udp_hdr);
	uint16_t sum = six ? rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)(udp - sizeof(struct rte_ipv6_hdr)), udp)
			   : rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)(udp - sizeof(struct rte_ipv4_hdr)), udp);

	memcpy(udp + offsetof(struct rte_udp_hdr, dgram_cksum), &sum, sizeof(sum));
}

static struct rte_ether_addr
host_mac(uint8_t end, uint32_t tenant)
{
	struct rte_ether_addr mac = {{0x02, end}};
	rte_be32_t be = rte_cpu_to_be_32(tenant);

	memcpy(&mac.addr_bytes[2], &be, sizeof(be));
	return mac;
}

/* The hosts of a tenant's k-th flow. */
static struct hosts
tenant_hosts(uint32_t k)
{
	struct hosts hosts = {.src4 = RTE_IPV4(10, 0, 1, 0) + k / FLOWS_PER_HOST,
	    .dst4 = RTE_IPV4(10, 0, 0, 1),
	    .src6 = {0xfd},
	    .dst6 = {0xfd, [15] = 1}};
	rte_be32_t low = rte_cpu_to_be_32(0x10000 + k / FLOWS_PER_HOST);

	memcpy(&hosts.src6[12], &low, sizeof(low));
	return hosts;
}

/* A datagram of a tenant's k-th flow, args->size bytes without the tag. */
static void
put_tenant_frame(const struct nicsim_args *args, uint32_t tenant, uint32_t k, uint8_t *at)
{
	struct rte_ether_addr src = host_mac(2, tenant), dst = host_mac(1, tenant);
	struct hosts hosts = tenant_hosts(k);
	uint8_t *end = at + args->size, *payload;

	at = put_ether(at, &src, &dst);
	if (args->kind == NICSIM_VLAN) {
		at = put_u16(put_u16(at, RTE_ETHER_TYPE_VLAN), (uint16_t)(1 + tenant % VLANS));
		end += RTE_VLAN_HLEN;
	}
	payload = at + RTE_ETHER_TYPE_LEN + sizeof(struct rte_udp_hdr) +
		  (args->inner6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr));
	(void)put_datagram(at, args->inner6, &hosts, (uint16_t)(FIRST_PORT + k % FLOWS_PER_HOST), TENANT_PORT,
	    (uint32_t)(end - payload));
	memset(payload, 0, (size_t)(end - payload));
	set_checksum(payload, args->inner6);
}

uint16_t
nicsim_generate(const struct nicsim_args *args, uint32_t flow, uint8_t *frame)
{
	uint32_t tenant = flow % args->tenants, outer = nicsim_args_outer(args);
	uint16_t port = (uint16_t)(49152 + (uint64_t)flow * 7 % TUNNEL_PORTS);
	uint8_t *at;

	if (args->kind != NICSIM_VXLAN) {
		put_tenant_frame(args, tenant, flow / args->tenants, frame);
		return (uint16_t)(args->size + outer);
	}
	at = put_datagram(put_ether(frame, &tunnel_src, &tunnel_dst), args->outer6, &tunnel, port,
	    RTE_VXLAN_DEFAULT_PORT, (uint32_t)sizeof(struct rte_vxlan_hdr) + args->size);
	memcpy(at,
	    &(struct rte_vxlan_hdr){
		.vx_flags = RTE_BE32(0x08000000), .vx_vni = rte_cpu_to_be_32((FIRST_VNI + tenant) << 8)},
	    sizeof(struct rte_vxlan_hdr));
	put_tenant_frame(args, tenant, flow / args->tenants, frame + outer);
	if (args->outer6)
		set_checksum(at, true);
	return (uint16_t)(outer + args->size);
}

/* ---- flows never seen before ---- */

void
nicsim_new_init(struct nicsim_new *fresh, const struct nicsim_args *args, uint16_t queue, uint16_t n)
{
	uint32_t l3 = nicsim_args_outer(args) + RTE_ETHER_HDR_LEN;
	bool outer_sum = args->kind == NICSIM_VXLAN && args->outer6;

	*fresh = (struct nicsim_new){.percent = args->new_percent,
	    .address = args->inner6 ? FIRST_NEW_HOST6 : FIRST_NEW_HOST4,
	    .port = queue,
	    .step = n,
	    .l3 = (uint16_t)l3,
	    .outer_udp = outer_sum ? RTE_ETHER_HDR_LEN + (uint16_t)sizeof(struct rte_ipv6_hdr) : 0,
	    .inner6 = args->inner6};
}

static uint32_t
load_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Writes `len` <= 4 bytes over those at `at`; returns what a checksum over them changes by (RFC 1624, not folded). */
static uint32_t
replace(uint8_t *at, const void *value, size_t len)
{
	uint32_t change = 0;

	for (size_t i = 0; i < len; i += 2)
		change += ~load_u16(at + i) & 0xffff;
	memcpy(at, value, len);
	for (size_t i = 0; i < len; i += 2)
		change += load_u16(at + i);
	return change;
}

/* A checksum over what changed by `change`; returns what it changes itself by. In UDP 0 would say that there is none.
 */
static uint32_t
adjust(uint8_t *at, uint32_t change, bool udp)
{
	uint32_t sum = (~load_u16(at) & 0xffff) + change;
	uint16_t value;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	value = (uint16_t)~sum;
	if (udp && value == 0)
		value = 0xffff;
	return replace(at, &value, sizeof(value));
}

void
nicsim_renew(struct nicsim_new *fresh, uint8_t *frame)
{
	uint8_t *ip = frame + fresh->l3;
	uint8_t *udp = ip + (fresh->inner6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr));
	uint8_t *src = ip + (fresh->inner6 ? offsetof(struct rte_ipv6_hdr, src_addr) + 12
					   : offsetof(struct rte_ipv4_hdr, src_addr));
	rte_be32_t address = rte_cpu_to_be_32(fresh->address);
	rte_be16_t port = rte_cpu_to_be_16((uint16_t)(FIRST_PORT + fresh->port));
	uint32_t by_address = replace(src, &address, sizeof(address)), by_port = replace(udp, &port, sizeof(port));
	uint32_t change = by_address + by_port;

	if (!fresh->inner6)
		change += adjust(ip + offsetof(struct rte_ipv4_hdr, hdr_checksum), by_address, false);
	change += adjust(udp + offsetof(struct rte_udp_hdr, dgram_cksum), by_address + by_port, true);
	if (fresh->outer_udp != 0)
		(void)adjust(frame + fresh->outer_udp + offsetof(struct rte_udp_hdr, dgram_cksum), change, true);
	fresh->port += fresh->step;
	if (fresh->port >= PORTS_PER_NEW_HOST) {
		fresh->port -= PORTS_PER_NEW_HOST;
		fresh->address++;
	}
}
