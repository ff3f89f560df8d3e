/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets as bytes: parsing, the flow key, what is taken off and put on. Nothing here knows tenants or configuration,
 * keeps state or frees mbufs; every function may run on any thread, on packets of its own.
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
#define WEIR_VNI_MAX 0xffffff

/* ---- the flow key ---- */

enum {
	WEIR_KEY_TAGS = 0x03,	  /* number of the tenant's own VLAN tags, 0 to 2 */
	WEIR_KEY_FRAGMENT = 0x04, /* IP fragment, first or later: ports are 0 in all of them */
	WEIR_KEY_QINQ = 0x08,	  /* the first tag has TPID 88a8 */
};

/*
 * One direction of one conversation as it enters (exact match; design.md 1.1). Multi-byte fields are in network order
 * unless said otherwise; what does not apply is 0. Compared as eight 64-bit words.
 */
struct weir_key {
	uint32_t ingress;   /* interface id it came in by (host order); not filled by the parser */
	uint16_t ethertype; /* of what follows the tags; for 802.3 frames their length field is replaced by 0 */
	uint8_t proto;	    /* IP protocol after extension headers; 0 for others */
	uint8_t flags;	    /* WEIR_KEY_* */
	struct weir_mac dmac;
	struct weir_mac smac;
	uint16_t vlan[2]; /* TCIs of the tenant's own tags, outermost first */
	uint8_t src[16];  /* IPv6, or IPv4 in the first four bytes; ARP: sender's */
	uint8_t dst[16];  /* ARP: target's */
	uint16_t sport;	  /* TCP, UDP, SCTP; ICMP: type << 8 | code */
	uint16_t dport;	  /* ICMP: id of an echo, else 0 */
	uint32_t zero;
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct weir_key) == 64, "one cacheline");

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
	uint32_t len; /* bytes, destination MAC to last byte, no FCS */
	uint16_t l3;  /* IP or ARP header; 0 = none parsed */
	uint16_t l4;  /* TCP/UDP/ICMP header; 0 = none (other protocol, later fragment) */
	uint8_t kind; /* WEIR_FRAME_* */
	uint8_t tos;  /* DSCP and ECN */
	uint8_t tcp_flags;
	uint8_t pad;
};

/*
 * Parses a tenant's Ethernet frame: up to two tags, IPv4 with options, IPv6 with extension headers (at most 8,
 * bounded), TCP, UDP, SCTP, ICMP, ICMPv6, ARP. Unknown ethertypes and IP protocols are fine: they are switched by
 * MAC. IP total lengths must fit the frame (trailing padding is fine). Fragments hash by addresses only: ports 0.
 *
 * `data` holds `avail` contiguous bytes of a frame `len` bytes long (avail <= len; avail is all, or at least
 * WEIR_PULLUP). Fills *key except `ingress`. Returns WEIR_OK, or SHORT_FRAME, BAD_IPV4, BAD_IPV6, BAD_L4, BAD_ARP.
 */
enum weir_reason weir_parse_frame(
    const uint8_t *data, uint32_t avail, uint32_t len, struct weir_key *key, struct weir_frame *frame);

/* Headers deeper than this many bytes into a frame are taken as malformed. */
#define WEIR_PULLUP 256

/*
 * Makes the first min(pkt_len, WEIR_PULLUP) bytes from `off` on contiguous in the mbuf's first segment (a NIC that
 * splits headers, a chained vhost buffer). The usual case, a first segment long enough, is one comparison. Returns 0,
 * or -ENOSPC if the first segment has no room.
 */
int weir_packet_pullup(struct rte_mbuf *m);

/* ---- ARP and ND, for anti-spoofing and for weir's own neighbours ---- */

struct weir_arp {
	uint16_t op; /* host order: 1 request, 2 reply */
	struct weir_mac sha, tha;
	struct weir_ip spa, tpa; /* IPv4-mapped */
};

/* `arp` of a frame whose kind has WEIR_FRAME_ARP: it was bounds-checked by the parse. */
void weir_parse_arp(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_arp *arp);

struct weir_nd {
	uint8_t type;	  /* 133 RS, 134 RA, 135 NS, 136 NA, 137 redirect */
	bool has_target;  /* NS, NA */
	bool has_lladdr;  /* source (NS, RS, RA) or target (NA) link-layer address option */
	uint8_t na_flags; /* 0x80 router 0x40 solicited 0x20 override */
	struct weir_ip src, dst, target;
	struct weir_mac lladdr;
};

/*
 * ND message of a frame whose kind has WEIR_FRAME_ND. Validates what RFC 4861 says a receiver must: hop limit 255,
 * code 0, lengths, no zero-length option, checksum. Returns WEIR_OK or BAD_L4.
 */
enum weir_reason weir_parse_nd(const uint8_t *frame_data, const struct weir_frame *frame, struct weir_nd *nd);

/* ---- the underlay ---- */

enum weir_underlay_kind {
	WEIR_UNDERLAY_VXLAN,
	WEIR_UNDERLAY_ARP,
	WEIR_UNDERLAY_ND,
	WEIR_UNDERLAY_ECHO,  /* ICMP or ICMPv6 echo request */
	WEIR_UNDERLAY_OTHER, /* anything else: dropped, counted */
};

struct weir_outer {
	enum weir_underlay_kind kind;
	uint32_t vni; /* host order */
	struct weir_ip src, dst;
	uint16_t inner;		 /* offset of the tenant's frame from the first byte of `data` */
	uint8_t tos;		 /* outer DSCP and ECN */
	struct weir_frame frame; /* of the outer frame; for ARP, ND and ECHO */
};

/*
 * Parses a frame from the underlay, its VLAN tag (if any) taken off already. IPv4 header checksum verified here
 * unless `checksum_ok`. Outer UDP checksum: the NIC's verdict only (the caller's business). VXLAN: UDP port 4789, I
 * flag set, reserved bits ignored (RFC 7348). The UDP length has to cover what is decapsulated. Returns WEIR_OK, or
 * SHORT_FRAME, BAD_IPV4, BAD_IPV6, BAD_L4, BAD_ARP, BAD_VXLAN, OUTER_FRAGMENT.
 */
enum weir_reason weir_parse_underlay(
    const uint8_t *data, uint32_t avail, uint32_t len, bool checksum_ok, struct weir_outer *outer);

/* ---- rewriting ---- */

/*
 * The outer headers to one remote gateway, ready but for what depends on the packet: lengths, DSCP/ECN, UDP source
 * port, VNI, checksums. Built when the neighbour is known, read by workers, never changed after publication.
 */
struct weir_encap {
	uint8_t header[128]; /* Ethernet (and underlay VLAN tag), IP, UDP, VXLAN */
	uint8_t len;	     /* bytes of it */
	uint8_t l2_len;	     /* Ethernet and tag */
	uint8_t v6;
	uint8_t udp_checksum; /* compute the outer UDP checksum: always on IPv6, off on IPv4 */
	uint32_t ip_sum;      /* IPv4: folded sum of the header's constant words (length, tos and checksum as 0) */
	uint32_t mtu;	      /* largest outer IP packet */
	uint32_t port;	      /* index of the port it leaves by */
};

/* What weir_encap_init() needs to know. vlan WEIR_NONE = untagged. */
struct weir_encap_params {
	struct weir_mac smac, dmac;
	uint32_t vlan;
	struct weir_ip src, dst; /* of one family */
	uint8_t ttl;
	uint32_t mtu, port;
};
void weir_encap_init(struct weir_encap *encap, const struct weir_encap_params *params);

/* Bytes that encapsulation adds in front of the tenant's frame. */
static inline uint32_t
weir_encap_overhead(const struct weir_encap *encap)
{
	return encap->len;
}

/* Would a tenant's frame of this length fit the MTU of the remote's port? */
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
 * Puts the outer headers in front of the tenant's frame that starts at the mbuf's first byte. `flow_hash` chooses the
 * UDP source port (49152 to 65535; the caller's hash has its own secret and leaves out ports of fragments). `tos`:
 * the inner packet's, copied (RFC 6040 normal mode); `tx_flags` WEIR_TX_*: what is left to the port, by mbuf flags;
 * the rest is computed here, over all segments. The mbuf's first segment must be writable (not shared) with enough
 * headroom. Returns 0, or -ENOSPC if the headroom is too small (nothing changed).
 */
int weir_encap_push(struct rte_mbuf *m, const struct weir_encap *encap, uint32_t vni, uint32_t flow_hash, uint8_t tos,
    uint32_t tx_flags);

/*
 * Takes `inner` bytes off the front and merges ECN by RFC 6040 (4.2): the inner packet is marked CE if the outer one
 * was; the frame's tos follows. Returns WEIR_OK or BAD_ECN (outer CE on an inner packet without ECN).
 */
enum weir_reason weir_decap(struct rte_mbuf *m, uint32_t inner, uint8_t outer_tos, struct weir_frame *frame);

/* Takes the outermost VLAN tag off / puts one on (TPID 8100). Push returns -ENOSPC without headroom. The first
 * segment must hold both MACs and be writable. */
void weir_vlan_pop(struct rte_mbuf *m);
int weir_vlan_push(struct rte_mbuf *m, uint16_t tci);

/* ---- checksums (host order arguments as they stand in memory) ---- */

uint16_t weir_ipv4_checksum(const uint8_t *header, uint32_t len); /* 0 over a correct header */
uint16_t weir_l4_checksum(const struct weir_ip *src, const struct weir_ip *dst, uint8_t proto, const uint8_t *l4,
    uint32_t
	len); /* over contiguous bytes, checksum field included: 0 if correct; as it stands in the packet otherwise */

/* ---- making packets ---- */

/*
 * A writable copy for one more destination: small frames are copied; larger ones get a private first segment with the
 * headers and headroom and share the rest with `m` by reference (if `chained` allows several segments). NULL: no
 * mbuf.
 */
struct rte_mbuf *weir_packet_copy(struct rte_mbuf *m, struct rte_mempool *pool, bool chained);

#endif
