/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP (RFC 826) and neighbour discovery (RFC 4861): asking who is where, and saying so. */
#include <rte_arp.h>
#include <rte_ether.h>

#include "answer_priv.h"

/* NS and NA, both with a link-layer address option. */
struct nd_message {
	uint8_t type, code;
	rte_be16_t checksum;
	uint8_t flags, reserved[3];
	struct weir_ip target;
	uint8_t option, option_len; /* in units of 8 bytes */
	struct weir_mac mac;
};
_Static_assert(sizeof(struct nd_message) == 32, "no holes");

static const struct weir_ip all_nodes = {{0xff, 0x02, [15] = 0x01}};

struct weir_ip
weir_ip_link_local(const struct weir_mac *mac)
{
	return (struct weir_ip){
	    {0xfe, 0x80, [8] = mac->b[0] ^ 0x02, mac->b[1], mac->b[2], 0xff, 0xfe, mac->b[3], mac->b[4], mac->b[5]}};
}

struct weir_ip
weir_ip_solicited_node(const struct weir_ip *ip)
{
	return (struct weir_ip){
	    {0xff, 0x02, [11] = 0x01, [12] = 0xff, [13] = ip->b[13], [14] = ip->b[14], [15] = ip->b[15]}};
}

static struct weir_mac
group_mac(const struct weir_ip *ip)
{
	return (struct weir_mac){{0x33, 0x33, ip->b[12], ip->b[13], ip->b[14], ip->b[15]}};
}

uint32_t
weir_make_arp(uint8_t *out, uint32_t size, uint16_t op, const struct weir_mac *dmac, const struct weir_mac *sha,
    const struct weir_ip *spa, const struct weir_mac *tha, const struct weir_ip *tpa)
{
	struct rte_arp_hdr arp = {
	    .arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
	    .arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	    .arp_hlen = RTE_ETHER_ADDR_LEN,
	    .arp_plen = sizeof(rte_be32_t),
	    .arp_opcode = rte_cpu_to_be_16(op),
	};
	uint32_t at;

	if (size < WEIR_FRAME_MIN)
		return 0;
	memcpy(&arp.arp_data.arp_sha, sha, sizeof(*sha));
	memcpy(&arp.arp_data.arp_sip, &spa->b[12], sizeof(arp.arp_data.arp_sip));
	memcpy(&arp.arp_data.arp_tha, tha, sizeof(*tha));
	memcpy(&arp.arp_data.arp_tip, &tpa->b[12], sizeof(arp.arp_data.arp_tip));
	at = put_ether(out, sha, dmac, RTE_BE16(RTE_ETHER_TYPE_ARP));
	memcpy(out + at, &arp, sizeof(arp));
	return weir_frame_pad(out, at + (uint32_t)sizeof(arp));
}

/* The message, complete but for its checksum, from `src` to `dst`. */
static uint32_t
make_nd(uint8_t *out, uint32_t size, const struct weir_mac *dmac, const struct weir_ip *src,
    const struct weir_ip *dst, struct nd_message *message)
{
	const struct ip_params ip = {
	    .src = src, .dst = dst, .proto = IPPROTO_ICMPV6, .ttl = ND_HOP_LIMIT, .len = sizeof(*message)};
	uint32_t at;

	if (size < ip_frame_len(false, sizeof(*message)))
		return 0;
	message->checksum =
	    weir_l4_checksum(src, dst, IPPROTO_ICMPV6, (const uint8_t *)message, (uint32_t)sizeof(*message));
	at = put_ip(out, &message->mac, dmac, &ip);
	memcpy(out + at, message, sizeof(*message));
	return at + (uint32_t)sizeof(*message);
}

uint32_t
weir_make_ns(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_ip *src,
    const struct weir_ip *target, const struct weir_mac *dmac)
{
	struct nd_message message = {
	    .type = ND_NS, .target = *target, .option = OPTION_SOURCE, .option_len = 1, .mac = *smac};
	struct weir_ip group = weir_ip_solicited_node(target);
	struct weir_mac to_group = group_mac(&group);

	if (dmac != NULL)
		return make_nd(out, size, dmac, src, target, &message);
	return make_nd(out, size, &to_group, src, &group, &message);
}

uint32_t
weir_make_na(uint8_t *out, uint32_t size, const struct weir_mac *smac, const struct weir_ip *target,
    const struct weir_mac *dmac, const struct weir_ip *dst, uint8_t flags)
{
	struct nd_message message = {
	    .type = ND_NA, .flags = flags, .target = *target, .option = OPTION_TARGET, .option_len = 1, .mac = *smac};
	struct weir_mac to_all = group_mac(&all_nodes);

	if (dmac != NULL)
		return make_nd(out, size, dmac, target, dst, &message);
	return make_nd(out, size, &to_all, target, &all_nodes, &message);
}
