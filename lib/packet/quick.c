/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ether.h>
#include <rte_ip.h>

#include "packet_priv.h"
#include "weir_quick.h"

#define L3 RTE_ETHER_HDR_LEN
#define V4_L4 (L3 + sizeof(struct rte_ipv4_hdr))
#define V6_L4 (L3 + sizeof(struct rte_ipv6_hdr))

/* ingress ethertype proto flags dmac smac vlans, src, dst, ports peer; behind a tag of `t` bytes */
#define MACS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
#define FOUR(at) (at), (at) + 1, (at) + 2, (at) + 3
#define SIXTEEN(at) FOUR(at), FOUR((at) + 4), FOUR((at) + 8), FOUR((at) + 12)
#define NONE 0, 0, 0, 0
#define KEY_V4(t)                                                                                                    \
	{                                                                                                            \
		NONE, (t) + 12, (t) + 13, (t) + 23, 0, MACS, NONE, FOUR((t) + 26), NONE, NONE, NONE, FOUR((t) + 30), \
		    NONE, NONE, NONE, FOUR((t) + 34), NONE                                                           \
	}
#define KEY_V6(t)                                                                                                    \
	{                                                                                                            \
		NONE, (t) + 12, (t) + 13, (t) + 20, 0, MACS, NONE, SIXTEEN((t) + 22), SIXTEEN((t) + 38),             \
		    FOUR((t) + 54), NONE                                                                             \
	}

const uint8_t weir_quick_key_v4[2][64] WEIR_CACHE_ALIGNED = {KEY_V4(0), KEY_V4(4)};
const uint8_t weir_quick_key_v6[2][64] WEIR_CACHE_ALIGNED = {KEY_V6(0), KEY_V6(4)};

#define FRAME(offset, flags)                                                                                         \
	{                                                                                                            \
		.l3 = L3, .l4 = (offset), .kind = (flags), .plain = 1                                                \
	}

const struct weir_frame weir_quick_frames[2][2] = {
    {FRAME(V4_L4, WEIR_FRAME_IPV4), FRAME(V4_L4, WEIR_FRAME_IPV4 | WEIR_FRAME_TCP)},
    {FRAME(V6_L4, WEIR_FRAME_IPV6), FRAME(V6_L4, WEIR_FRAME_IPV6 | WEIR_FRAME_TCP)},
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

/* VXLAN's port, and its flag that the VNI is valid; Geneve's: version 0 without options, neither O nor C. */
static void
want_tunnel(struct weir_tunnel_match *match, size_t l4, enum weir_tunnel tunnel)
{
	const rte_be16_t port = tunnel == WEIR_GENEVE ? RTE_BE16(WEIR_GENEVE_PORT) : RTE_BE16(WEIR_VXLAN_PORT);

	want_bytes(match, l4 + 2, &port, sizeof(port));
	if (tunnel == WEIR_GENEVE) {
		want(match, l4 + 8, 0xff, 0);
		want(match, l4 + 9, 0xc0, 0);
	} else {
		want(match, l4 + 8, 0x08, 0x08);
	}
}

static void
init_match(
    struct weir_tunnel_match *match, enum weir_tunnel tunnel, const struct weir_mac *mac, const struct weir_ip *ip)
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
		want_tunnel(match, V4_L4, tunnel);
	} else {
		const rte_be16_t type = RTE_BE16(RTE_ETHER_TYPE_IPV6);

		want_bytes(match, L3 - 2, &type, sizeof(type));
		want(match, L3, 0xf0, 0x60);
		want(match, L3 + 1, 0x10, 0); /* neither ECT(1) nor CE */
		want(match, L3 + 6, 0xff, IPPROTO_UDP);
		want_bytes(match, L3 + 24, ip, sizeof(*ip));
		want_tunnel(match, V6_L4, tunnel);
	}
}

void
weir_tunnel_match_init(
    struct weir_tunnel_match match[WEIR_TUNNELS], const struct weir_mac *mac, const struct weir_ip *ip)
{
	for (enum weir_tunnel tunnel = 0; tunnel < WEIR_TUNNELS; tunnel++)
		init_match(&match[tunnel], tunnel, mac, ip);
}
