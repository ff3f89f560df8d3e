/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include "nicsim.h"

#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_SOLICITED_OVERRIDE 0x60
#define ND_TARGET_LLADDR 2

const struct rte_ether_addr nicsim_neighbour = {{0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x02}};

/* RFC 4861 4.3 and 4.4, with one option. */
struct nd {
	uint8_t type, code;
	rte_be16_t cksum;
	uint8_t flags[4];
	uint8_t target[16];
	uint8_t option, option_len;
	struct rte_ether_addr mac;
} __rte_packed __rte_aligned(2);

struct arp_frame {
	rte_be16_t type;
	struct rte_arp_hdr arp;
} __rte_packed __rte_aligned(2);

struct nd_frame {
	rte_be16_t type;
	struct rte_ipv6_hdr ip;
	struct nd nd;
} __rte_packed __rte_aligned(2);

/* Where the ethertype that counts is. */
static size_t
type_at(const uint8_t *frame)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame;
	size_t at = offsetof(struct rte_ether_hdr, ether_type);

	return eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN) ? at + RTE_VLAN_HLEN : at;
}

/* A question, and none of whether an address is free or its own: those have no sender's address, or the same one. */
static bool
arp_asks(const struct rte_arp_hdr *arp)
{
	return arp->arp_opcode == RTE_BE16(RTE_ARP_OP_REQUEST) && arp->arp_data.arp_sip != 0 &&
	       arp->arp_data.arp_sip != arp->arp_data.arp_tip;
}

/* A solicitation without an option asks whether an address is free. */
bool
nicsim_neigh_asks(const uint8_t *frame, uint32_t len)
{
	const struct arp_frame *arp;
	const struct nd_frame *nd;
	size_t at;

	if (len < sizeof(struct rte_ether_hdr) + RTE_VLAN_HLEN)
		return false;
	at = type_at(frame);
	arp = (const struct arp_frame *)(frame + at);
	nd = (const struct nd_frame *)(frame + at);
	if (arp->type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return len >= at + sizeof(*arp) && arp_asks(&arp->arp);
	return nd->type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && len >= at + sizeof(*nd) &&
	       nd->ip.proto == IPPROTO_ICMPV6 && nd->nd.type == ND_SOLICITATION &&
	       nd->ip.payload_len == rte_cpu_to_be_16(sizeof(nd->nd));
}

static void
answer_arp(struct rte_arp_hdr *arp)
{
	struct rte_arp_ipv4 *data = &arp->arp_data;
	rte_be32_t asked = data->arp_tip;

	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	data->arp_tha = data->arp_sha;
	data->arp_tip = data->arp_sip;
	data->arp_sha = nicsim_neighbour;
	data->arp_sip = asked;
}

static void
answer_nd(struct rte_ipv6_hdr *ip, struct nd *nd)
{
	memcpy(ip->dst_addr, ip->src_addr, sizeof(ip->dst_addr));
	memcpy(ip->src_addr, nd->target, sizeof(ip->src_addr));
	nd->type = ND_ADVERTISEMENT;
	memset(nd->flags, 0, sizeof(nd->flags));
	nd->flags[0] = ND_SOLICITED_OVERRIDE;
	nd->option = ND_TARGET_LLADDR;
	nd->mac = nicsim_neighbour;
	nd->cksum = 0;
	nd->cksum = rte_ipv6_udptcp_cksum(ip, nd);
}

void
nicsim_neigh_answer(uint8_t *frame)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)frame;
	struct arp_frame *arp = (struct arp_frame *)(frame + type_at(frame));
	struct nd_frame *nd = (struct nd_frame *)arp;

	eth->dst_addr = eth->src_addr;
	eth->src_addr = nicsim_neighbour;
	if (arp->type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		answer_arp(&arp->arp);
	else
		answer_nd(&nd->ip, &nd->nd);
}
