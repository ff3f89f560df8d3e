/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets as bytes: parsing, the flow key, what is taken off and put on. Nothing here knows tenants or configuration
 * or keeps state; every function may run on any thread, on packets of its own. A packet given to a function stays the
 * caller's, whatever the function returns.
 *
 * Every length and offset that comes from outside is checked in the parse functions, once; what they leave in
 * weir_frame and weir_outer may be used without further checks.
 */
#ifndef WEIR_PACKET_H
#define WEIR_PACKET_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "weir_base.h"
#include "weir_reason.h"

#define WEIR_VXLAN_PORT 4789
#define WEIR_GENEVE_PORT 6081
#define WEIR_VNI_MAX 0xffffff

/* Formats of tunnels. Headers are of one length, Geneve's options apart, and have the VNI in one place. */
enum weir_tunnel {
	WEIR_VXLAN,  /* RFC 7348 */
	WEIR_GENEVE, /* RFC 8926 */
	WEIR_TUNNELS,
};
const char *weir_tunnel_name(enum weir_tunnel tunnel); /* "vxlan", "geneve" */

/* ---- the flow key ---- */

enum {
	WEIR_KEY_TAGS = 0x03,	  /* number of the tenant's own VLAN tags, 0 to 2 */
	WEIR_KEY_FRAGMENT = 0x04, /* IP fragment, first or later: ports are 0 in all of them */
	WEIR_KEY_QINQ = 0x08,	  /* the first tag has TPID 88a8 */
};

/* In `ingress`, beside a VNI. */
#define WEIR_KEY_TUNNEL 0x80000000u
#define WEIR_KEY_TUNNEL_V6 0x40000000u
#define WEIR_KEY_GENEVE 0x20000000u /* else VXLAN */

/*
 * One direction of one conversation as it enters (exact match; design.md 1.1). Multi-byte fields are in network order
 * unless said otherwise; what does not apply is 0. `ingress` and `peer` are not the parser's to fill. Compared as
 * eight 64-bit words.
 */
struct weir_key {
	uint32_t ingress;   /* where it came in, host order: a vport's interface id, or weir_key_tunnel() */
	uint16_t ethertype; /* of what follows the tags; for 802.3 frames their length field is replaced by 0 */
	uint8_t proto;	    /* IP protocol, after extension headers; of fragments: what the fragment header says */
	uint8_t flags;	    /* WEIR_KEY_* */
	struct weir_mac dmac;
	struct weir_mac smac;
	uint16_t vlan[2]; /* TCIs of the tenant's own tags, outermost first */
	uint8_t src[16];  /* IPv6, or IPv4 in the first four bytes; ARP: sender's */
	uint8_t dst[16];  /* ARP: target's */
	uint16_t sport;	  /* TCP, UDP, SCTP; ICMP: type, code */
	uint16_t dport;	  /* TCP, UDP, SCTP; ICMP: id of an echo request or reply */
	uint32_t peer;	  /* tunnel: the remote, its IPv4 address or (WEIR_KEY_TUNNEL_V6) its VTEP id; else 0 */
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct weir_key) == 64, "one cacheline");

/* `ingress` of what came through a tunnel over IPv4; over IPv6 WEIR_KEY_TUNNEL_V6 is set too. */
static inline uint32_t
weir_key_tunnel(enum weir_tunnel tunnel, uint32_t vni)
{
	return WEIR_KEY_TUNNEL | (tunnel == WEIR_GENEVE ? WEIR_KEY_GENEVE : 0) | vni;
}

/* The format, of the `ingress` of a tunnel. */
static inline enum weir_tunnel
weir_key_format(uint32_t ingress)
{
	return (ingress & WEIR_KEY_GENEVE) != 0 ? WEIR_GENEVE : WEIR_VXLAN;
}

/* ---- a tenant's frame ---- */

enum {
	WEIR_FRAME_IPV4 = 0x01,
	WEIR_FRAME_IPV6 = 0x02,
	WEIR_FRAME_ARP = 0x04,
	WEIR_FRAME_ND = 0x08, /* ICMPv6 133 to 137; WEIR_FRAME_IPV6 is set too */
	WEIR_FRAME_TCP = 0x10,
};

/* Offsets count from the frame's first byte (its destination MAC). */
struct weir_frame {
	uint32_t len;	/* bytes, destination MAC to last byte, no FCS */
	uint32_t avail; /* how many of them are contiguous */
	uint16_t l3;	/* IP or ARP header; 0 = none parsed */
	uint16_t l4;	/* TCP, UDP, SCTP, ICMP or ICMPv6 header; 0 = none (other protocol, any fragment) */
	uint8_t kind;	/* WEIR_FRAME_* */
	uint8_t tos;	/* DSCP and ECN */
	uint8_t tcp_flags;
	uint8_t
	    plain; /* the usual packet: one segment, without tags of its own, with headroom for one (weir_quick.h) */
};

/* Headers that end deeper than this many bytes into a frame are taken as malformed. */
#define WEIR_HEADERS_MAX 256

/*
 * Parses a tenant's Ethernet frame: up to two tags (a third one is an unknown ethertype), IPv4 with options, IPv6
 * with extension headers (at most 8), TCP, UDP, SCTP, ICMP, ICMPv6, ARP. Unknown ethertypes and IP protocols are
 * fine: they are switched by MAC. IP and UDP lengths must fit the frame (trailing padding is fine). Fragments have
 * neither ports nor l4, so that all of one packet are one flow; a fragmented ND message is refused (RFC 6980).
 *
 * `data` holds `avail` contiguous bytes of a frame `len` bytes long: all of it, or at least WEIR_HEADERS_MAX (what is
 * beyond `len` is left alone). The result does not depend on `avail`. Fills *key except `ingress`; `peer` is 0.
 * Returns WEIR_OK, or SHORT_FRAME (also if `avail` is too small), BAD_IPV4, BAD_IPV6, BAD_L4, BAD_ARP; then *key and
 * *frame are undefined.
 */
enum weir_reason weir_parse_frame(
    const uint8_t *data, uint32_t avail, uint32_t len, struct weir_key *key, struct weir_frame *frame);

/* The longest outer headers: Ethernet, IPv4 with all its options, UDP, Geneve with all of its own. */
#define WEIR_OUTER_MAX 342

/* Enough contiguous bytes for a tenant's headers and the outer ones in front of them, a VLAN tag among these. */
#define WEIR_PULLUP 640

int weir_packet_gather(struct rte_mbuf *m); /* the unusual case of weir_packet_pullup() */

/*
 * Makes the first min(pkt_len, WEIR_PULLUP) bytes contiguous in the mbuf's first segment (a NIC that splits headers,
 * a chained vhost buffer); segments emptied by that are freed. Returns 0, or -ENOSPC if the first segment has no room
 * or is shared (nothing changed).
 */
static inline int
weir_packet_pullup(struct rte_mbuf *m)
{
	if (m->data_len >= WEIR_PULLUP || m->data_len == m->pkt_len)
		return 0;
	return weir_packet_gather(m);
}

/* ---- ARP and ND, for anti-spoofing and for weir's own neighbours ---- */

struct weir_arp {
	uint16_t op; /* host order: 1 request, 2 reply */
	struct weir_mac sha, tha;
	struct weir_ip spa, tpa; /* IPv4-mapped */
};

/* The ARP packet of a frame whose kind has WEIR_FRAME_ARP: it was bounds-checked by the parse. */
void weir_parse_arp(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_arp *arp);

struct weir_nd {
	uint8_t type;	  /* 133 RS, 134 RA, 135 NS, 136 NA, 137 redirect */
	bool has_target;  /* NS, NA */
	bool has_lladdr;  /* source (NS, RS, RA) or target (NA, redirect) link-layer address option */
	uint8_t na_flags; /* 0x80 router 0x40 solicited 0x20 override */
	struct weir_ip src, dst, target;
	struct weir_mac lladdr;
};

/*
 * ND message of a frame whose kind has WEIR_FRAME_ND. Validates what RFC 4861 says a receiver must: hop limit 255,
 * code 0, lengths, no zero-length option, checksum, addresses; and that it does not name two link-layer addresses, of
 * which receivers could choose either. The message has to be contiguous (frame->avail). Returns WEIR_OK or BAD_L4.
 */
enum weir_reason weir_parse_nd(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_nd *nd);

/* ---- the underlay ---- */

enum weir_underlay_kind {
	WEIR_UNDERLAY_TUNNEL,
	WEIR_UNDERLAY_ARP,
	WEIR_UNDERLAY_ND,
	WEIR_UNDERLAY_ECHO,  /* ICMP or ICMPv6 echo request */
	WEIR_UNDERLAY_OTHER, /* anything else: dropped, counted */
};

struct weir_outer {
	enum weir_underlay_kind kind;
	enum weir_tunnel tunnel; /* TUNNEL: its format */
	uint32_t vni;		 /* TUNNEL: host order */
	uint32_t inner;		 /* TUNNEL: offset of the tenant's frame from the first byte of `data` */
	uint32_t inner_len;	 /* TUNNEL: its bytes: to the end of the UDP datagram, not of the outer frame */
	struct weir_ip src, dst; /* ARP: sender's and target's; zero where there is neither IP nor ARP */
	uint8_t tos;		 /* IP: outer DSCP and ECN */
	struct weir_frame frame; /* ARP, ND, ECHO: the outer frame parsed */
};

/*
 * Parses a frame from the underlay, its VLAN tag (if any) taken off already; `data` holds `avail` contiguous bytes of
 * a frame `len` bytes long: all of it, or at least WEIR_OUTER_MAX + WEIR_HEADERS_MAX. IPv4 header checksum verified
 * here unless `checksum_ok`. Outer UDP checksum: the NIC's verdict only (the caller's business). Reserved bits are
 * ignored. VXLAN: UDP port 4789, I flag set (RFC 7348). Geneve: UDP port 6081, version 0, Ethernet inside, neither
 * OAM nor critical options; other options are skipped unread, as RFC 8926 allows who understands none. Both over IPv4
 *with or without options, over IPv6 without extension headers. ND and ECHO have no extension headers either. For a
 * tunnel, goes on by
 *
 *	weir_parse_frame(data + outer.inner, avail - outer.inner, outer.inner_len, &key, &frame)
 *
 * Returns WEIR_OK, or SHORT_FRAME, BAD_IPV4, BAD_IPV6, BAD_L4, BAD_ARP, BAD_VXLAN, BAD_GENEVE, OUTER_FRAGMENT; then
 * *outer is undefined.
 */
enum weir_reason weir_parse_underlay(
    const uint8_t *data, uint32_t avail, uint32_t len, bool checksum_ok, struct weir_outer *outer);

/* ---- rewriting ---- */

/*
 * The outer headers to one remote gateway, ready but for what depends on the packet: lengths, DSCP/ECN, UDP source
 * port, VNI, checksums. Built when the neighbour is known, read by workers, never changed after publication. One
 * cacheline where the tunnel is untagged IPv4.
 */
struct weir_encap {
	uint8_t len;	/* bytes of `header` */
	uint8_t l2_len; /* of them: Ethernet and tag */
	bool v6;	/* with a UDP checksum; on IPv4 there is none */
	uint8_t pad;
	uint16_t sum;	    /* of what its checksum covers (IPv4: header; IPv6: UDP), all that never changes */
	uint16_t mtu;	    /* largest outer IP packet */
	uint32_t port;	    /* index of the port it leaves by */
	uint8_t header[80]; /* Ethernet (and underlay VLAN tag), IP, UDP, VXLAN or Geneve */
} WEIR_CACHE_ALIGNED;

/* What weir_encap_init() needs to know. vlan WEIR_NONE = untagged. */
struct weir_encap_params {
	enum weir_tunnel tunnel;
	struct weir_mac smac, dmac;
	uint32_t vlan;
	struct weir_ip src, dst; /* of one family */
	uint8_t ttl;
	uint32_t mtu; /* what is over 65535 counts as 65535 */
	uint32_t port;
};

/* Fills *encap. Cannot fail. */
void weir_encap_init(struct weir_encap *encap, const struct weir_encap_params *params);

/* Bytes that encapsulation adds in front of the tenant's frame. */
static inline uint32_t
weir_encap_overhead(const struct weir_encap *encap)
{
	return encap->len;
}

/* The largest tenant's frame that fits the MTU of the remote's port. */
static inline uint32_t
weir_encap_room(const struct weir_encap *encap)
{
	return (uint32_t)encap->mtu + encap->l2_len - encap->len;
}

static inline bool
weir_encap_fits(const struct weir_encap *encap, uint32_t frame_len)
{
	return frame_len + encap->len - encap->l2_len <= encap->mtu;
}

enum {
	WEIR_TX_IPV4_CKSUM = 0x1, /* the port computes outer IPv4 checksums */
	WEIR_TX_UDP_CKSUM = 0x2,  /* the port computes outer UDP checksums */
};

/*
 * Puts the outer headers in front of the tenant's frame that starts at the mbuf's first byte; it has to fit
 * (weir_encap_fits()). `flow_hash` chooses the UDP source port (49152 to 65535; the caller's hash has its own secret
 * and leaves out ports of fragments). `tos`: the inner packet's, copied (RFC 6040 normal mode); `tx_flags` WEIR_TX_*:
 * what is left to the port, by mbuf flags that describe the outer headers; the rest is computed here, over all
 * segments. Sets l2_len and l3_len; receive flags are cleared. Only the headroom is written, which has to be the
 * caller's own. Returns 0, or -ENOSPC if the headroom is too small (nothing changed).
 */
int weir_encap_push(struct rte_mbuf *m, const struct weir_encap *encap, uint32_t vni, uint32_t flow_hash, uint8_t tos,
    uint32_t tx_flags);

/*
 * Marks congestion (RFC 3168) in a parsed frame that can bear it; `data` is its first byte. Returns its TOS byte as
 * it is then.
 */
uint8_t weir_frame_mark(uint8_t *data, struct weir_frame *frame);

/*
 * Leaves of the packet the tenant's frame that was parsed as *frame: takes `inner` bytes off the front and what
 * follows frame->len (padding of the outer frame) off the end, and merges ECN by RFC 6040 (4.2), the inner header's
 * checksum included; frame->tos follows. Receive flags, which spoke of the outer headers, are cleared. Returns
 * WEIR_OK, or BAD_ECN (outer CE on an inner packet without ECN; nothing changed).
 */
enum weir_reason weir_decap(struct rte_mbuf *m, uint32_t inner, uint8_t outer_tos, struct weir_frame *frame);

/* Takes the outermost VLAN tag off. The first segment must be writable and hold the tag. */
static inline void
weir_vlan_pop(struct rte_mbuf *m)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint64_t macs;
	uint32_t rest;

	__builtin_memcpy(&macs, data, sizeof(macs));
	__builtin_memcpy(&rest, data + 8, sizeof(rest));
	__builtin_memcpy(data + 4, &macs, sizeof(macs));
	__builtin_memcpy(data + 12, &rest, sizeof(rest));
	m->data_off = (uint16_t)(m->data_off + 4);
	m->data_len = (uint16_t)(m->data_len - 4);
	m->pkt_len -= 4;
}

/* A tag (TPID 8100; `tci` in host order) as it stands in memory. */
static inline uint32_t
weir_vlan_tag(uint16_t tci)
{
	return __builtin_bswap32(0x81000000u | tci);
}

/* Puts a tag behind the MACs. False without headroom. The frame has its MACs and an ethertype. */
static inline bool
weir_vlan_push(struct rte_mbuf *m, uint32_t tag)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint64_t macs;
	uint32_t rest;

	if (__builtin_expect(m->data_off < 4, 0))
		return false;
	__builtin_memcpy(&macs, data, sizeof(macs));
	__builtin_memcpy(&rest, data + 8, sizeof(rest));
	__builtin_memcpy(data - 4, &macs, sizeof(macs));
	__builtin_memcpy(data + 4, &rest, sizeof(rest));
	__builtin_memcpy(data + 8, &tag, sizeof(tag));
	m->data_off = (uint16_t)(m->data_off - 4);
	m->data_len = (uint16_t)(m->data_len + 4);
	m->pkt_len += 4;
	return true;
}

/* ---- checksums, as they stand in a packet's memory ---- */

/* Over an IPv4 header: 0 if it is correct; with the checksum field 0, what belongs there. */
uint16_t weir_ipv4_checksum(const uint8_t *header, uint32_t len);

/*
 * Over `len` contiguous bytes of TCP, UDP, ICMPv6 (with the pseudo header of src, dst, proto): 0 if correct; with the
 * checksum field 0, what belongs there (UDP: send 0xffff for 0). ICMP has no pseudo header: weir_ipv4_checksum()
 * does.
 */
uint16_t weir_l4_checksum(
    const struct weir_ip *src, const struct weir_ip *dst, uint8_t proto, const uint8_t *l4, uint32_t len);

/* ---- making packets ---- */

/*
 * Flags that stay true when headers change: where the data lies, and what applications registered at run time. The
 * rest says what a receiving port found or asks a sending one to do, about headers that are no longer the first ones.
 */
#define WEIR_MBUF_FLAGS_KEPT                                                                                         \
	(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL | ((RTE_MBUF_F_LAST_FREE << 1) - RTE_MBUF_F_FIRST_FREE))

/* As many of a shared packet's first bytes are private to each of its copies: headers may be rewritten there. */
#define WEIR_COPY_HEAD 128

/*
 * A copy for one more destination, headers writable. Larger frames get a private first segment with headroom and
 * WEIR_COPY_HEAD bytes and, if `chained` allows several segments, share the rest with `m` by reference: from then on
 * nobody may write behind WEIR_COPY_HEAD, `m` neither. Smaller ones are copied whole. The mbuf's private area is not
 * copied. NULL: no mbuf, or the frame is larger than the pool's buffers and may not be chained.
 */
struct rte_mbuf *weir_packet_copy(struct rte_mbuf *m, struct rte_mempool *pool, bool chained);

#endif
