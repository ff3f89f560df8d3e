/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ether.h>
#include <rte_ip.h>

#include "packet_priv.h"
#include "weir_quick.h"

#define L3 RTE_ETHER_HDR_LEN
#define V4_L4 (L3 + sizeof(struct rte_ipv4_hdr))
#define V6_L4 (L3 + sizeof(struct rte_ipv6_hdr))

/* ingress ethertype proto flags dmac smac vlans, src, dst, ports peer */
const uint8_t weir_quick_key_v4[2][64] WEIR_CACHE_ALIGNED = {
    {0, 0, 0, 0, 12, 13, 23, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, /* */
	26, 27, 28, 29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,			  /* */
	30, 31, 32, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,			  /* */
	34, 35, 36, 37, 0, 0, 0, 0},
    {0, 0, 0, 0, 16, 17, 27, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, /* */
	30, 31, 32, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,			  /* */
	34, 35, 36, 37, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,			  /* */
	38, 39, 40, 41, 0, 0, 0, 0},
};
const uint8_t weir_quick_key_v6[2][64] WEIR_CACHE_ALIGNED = {
    {0, 0, 0, 0, 12, 13, 20, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, /* */
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,		  /* */
	38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,		  /* */
	54, 55, 56, 57, 0, 0, 0, 0},
    {0, 0, 0, 0, 16, 17, 24, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, /* */
	26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,		  /* */
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,		  /* */
	58, 59, 60, 61, 0, 0, 0, 0},
};

static void
want(struct weir_tunnel_match *match, size_t at, uint8_t mask, uint8_t value)
{
	match->mask[at] = mask;
	match->value[at] = value;
}

static void
want_bytes(struct weir_tunnel_match *match, size_t at, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		want(match, at + i, 0xff, ((const uint8_t *)bytes)[i]);
}

/* VXLAN's port, and its flag that the VNI is valid. */
static void
want_vxlan(struct weir_tunnel_match *match, size_t l4)
{
	const rte_be16_t port = RTE_BE16(WEIR_VXLAN_PORT);

	want_bytes(match, l4 + 2, &port, sizeof(port));
	want(match, l4 + 8, 0x08, 0x08);
}

void
weir_tunnel_match_init(struct weir_tunnel_match *match, const struct weir_mac *mac, const struct weir_ip *ip)
{
	memset(match, 0, sizeof(*match));
	if (ip == NULL) {
		want(match, 0, 0x00, 0xff);
		return;
	}
	want_bytes(match, 0, mac, sizeof(*mac));
	if (weir_ip_is_v4(ip)) {
		const rte_be16_t type = RTE_BE16(RTE_ETHER_TYPE_IPV4);

		want_bytes(match, L3 - 2, &type, sizeof(type));
		want(match, L3, 0xff, RTE_IPV4_VHL_DEF);
		want(match, L3 + 1, 0x01, 0); /* neither ECT(1) nor CE */
		want(match, L3 + 6, 0x3f, 0); /* no fragment */
		want(match, L3 + 7, 0xff, 0);
		want(match, L3 + 9, 0xff, IPPROTO_UDP);
		want_bytes(match, L3 + 16, &ip->b[12], 4);
		want_vxlan(match, V4_L4);
	} else {
		const rte_be16_t type = RTE_BE16(RTE_ETHER_TYPE_IPV6);

		want_bytes(match, L3 - 2, &type, sizeof(type));
		want(match, L3, 0xf0, 0x60);
		want(match, L3 + 1, 0x10, 0); /* neither ECT(1) nor CE */
		want(match, L3 + 6, 0xff, IPPROTO_UDP);
		want_bytes(match, L3 + 24, ip, sizeof(*ip));
		want_vxlan(match, V6_L4);
	}
}
