/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small network for the reference's routers, of which everything can be said by hand.
 *
 *	p0: the uplink, 192.0.2.1	p1: v0 on s0, host 0	p2: v1 on s1, host 1	p3: v2 on s2, host 2
 *	s0 has VNI 5001 and remote 192.0.2.2 (host 3), s1 VNI 5002 and remote 192.0.2.3 (host 4)
 *	r0 is on s0 and s1, r1 on s1 and s2
 */
#ifndef WEIR_TEST_REF_NET_H
#define WEIR_TEST_REF_NET_H

#include "ref.h"

extern struct topo topo;
extern struct ref ref;
extern struct ref_result result; /* of the last packet */

#define HOST_MAC(host) (&(struct weir_mac){{2, 0, 0, 0, 0, (uint8_t)((host) + 1)}})
#define IFACE_MAC(r, s) (&(struct weir_mac){{2, 0, 0, 0x77, (r), (s)}})
extern const struct weir_mac everybody;

struct weir_ip ip(const char *text);
struct weir_prefix prefix(const char *text);

/* What is said above; and with its hosts known to routers and switches, as most tests begin. */
void make_network(void);
void begin(void);

/* A route of router r; `via` NULL: blackhole. */
struct topo_static_route *add_route(uint32_t r, const char *to, const char *via);

/* ---- who says what ---- */

/* Host h is on switch h % 3, at a vport or, from 3 on, at the remote: what it sends goes to the reference as it is.
 */
void comes(uint32_t host, struct wire *wire);

void ask_arp(uint32_t host, const char *from, const char *wanted, const struct weir_mac *dst);
void ask_nd(uint32_t host, const char *from, const char *wanted);

/*
 * Makes `packet` a UDP packet of `len` bytes, Ethernet header included, to router r. Returns its IP header: it may be
 * changed. goes(): it comes in, with the header's length and checksum right, and what becomes of it is said.
 */
extern struct wire packet;
uint8_t *udp(uint32_t r, uint32_t host, const char *from, const char *to, uint32_t len);
void goes(uint32_t host);

/* ---- what becomes of it ---- */

void expect_drop(uint64_t drop, uint32_t outs);
void expect_macs(const uint8_t *data, const struct weir_mac *dst, const struct weir_mac *src);

/* The only frame that leaves, by this port: the tenant's part of it. */
const uint8_t *the_frame(uint32_t port);

/* The last frame is an ICMP error about `packet`, of at most `most` bytes of IP packet. */
void expect_error(uint32_t port, const char *from, uint8_t type, uint8_t code, uint32_t mtu, uint32_t most);

#endif
