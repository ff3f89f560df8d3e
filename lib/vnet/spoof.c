/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Anti-spoofing of one vport: source MAC, source address, and what ARP and ND messages claim. What a host needs to
 * come up passes: its MAC-derived link-local address, DAD and MLD from ::, DHCP from 0.0.0.0, ARP probes (RFC 5227).
 */
#include <string.h>

#include <rte_byteorder.h>

#include "weir_answer.h"
#include "weir_verdict.h"

static struct weir_ip
key_source(const struct weir_key *key, const struct weir_frame *frame)
{
	struct weir_ip ip = {{0}};

	if (frame->kind & WEIR_FRAME_IPV6) {
		memcpy(ip.b, key->src, 16);
	} else {
		ip.b[10] = ip.b[11] = 0xff;
		memcpy(&ip.b[12], key->src, 4);
	}
	return ip;
}

static bool
is_unspecified(const struct weir_ip *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->b, zero, weir_ip_is_v4(ip) ? 0 : 16) == 0 && memcmp(&ip->b[12], zero, 4) == 0;
}

static bool
owns(const struct weir_iface *in, const struct weir_mac *smac, const struct weir_ip *ip)
{
	struct weir_ip link_local = weir_ip_link_local(smac);

	for (uint32_t i = 0; i < in->n_addresses; i++)
		if (weir_ip_equal(&in->addresses[i], ip))
			return true;
	return weir_ip_equal(ip, &link_local);
}

static enum weir_reason
check_arp(
    const struct weir_iface *in, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data)
{
	struct weir_arp arp;

	weir_parse_arp(data, frame, &arp);
	if (in->has_mac && !weir_mac_equal(&arp.sha, &in->mac))
		return WEIR_DROP_SPOOFED_MAC;
	if (in->n_addresses == 0 || owns(in, &key->smac, &arp.spa))
		return WEIR_OK;
	/* A probe asks whether an address is free: it claims nothing. */
	return arp.op == 1 && is_unspecified(&arp.spa) ? WEIR_OK : WEIR_DROP_SPOOFED_IP;
}

static enum weir_reason
check_nd(const struct weir_iface *in, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data)
{
	struct weir_nd nd;
	enum weir_reason reason = weir_parse_nd(data, frame, &nd);

	if (reason != WEIR_OK)
		return reason;
	if (in->has_mac && nd.has_lladdr && !weir_mac_equal(&nd.lladdr, &in->mac))
		return WEIR_DROP_SPOOFED_MAC;
	/* An advertisement claims its target. */
	if (in->n_addresses != 0 && nd.type == 136 &&
	    (weir_ip_is_v4(&nd.target) || !owns(in, &key->smac, &nd.target)))
		return WEIR_DROP_SPOOFED_IP;
	return WEIR_OK;
}

/* From ::, a host may solicit its own address (DAD), ask for routers and report multicast groups. */
static bool
may_be_unspecified(const struct weir_key *key, const struct weir_frame *frame)
{
	uint8_t type = (uint8_t)(rte_be_to_cpu_16(key->sport) >> 8);

	if (frame->kind & WEIR_FRAME_IPV4)
		return key->proto == 17 && key->sport == rte_cpu_to_be_16(68) && key->dport == rte_cpu_to_be_16(67);
	if (key->proto != 58)
		return false;
	return type == 133 || type == 135 || type == 131 || type == 132 || type == 143;
}

enum weir_reason
weir_spoof_check(
    const struct weir_iface *in, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data)
{
	struct weir_ip source;

	if (in->has_mac && !weir_mac_equal(&key->smac, &in->mac))
		return WEIR_DROP_SPOOFED_MAC;
	if (!in->has_mac && in->n_addresses == 0)
		return WEIR_OK;
	if (frame->kind & WEIR_FRAME_ARP)
		return check_arp(in, key, frame, data);
	if ((frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0)
		return WEIR_OK;
	if (in->n_addresses != 0) {
		source = key_source(key, frame);
		/* ::ffff:a.b.c.d in an IPv6 header is not the IPv4 address that it looks like here. */
		if ((frame->kind & WEIR_FRAME_IPV6) != 0 && weir_ip_is_v4(&source))
			return WEIR_DROP_SPOOFED_IP;
		if (!owns(in, &key->smac, &source) && !(is_unspecified(&source) && may_be_unspecified(key, frame)))
			return WEIR_DROP_SPOOFED_IP;
	}
	return frame->kind & WEIR_FRAME_ND ? check_nd(in, key, frame, data) : WEIR_OK;
}
