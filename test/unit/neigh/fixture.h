/* SPDX-License-Identifier: BSD-3-Clause */
/* A neighbour table in virtual time, with what it sends recorded, and frames to feed it. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "weir_neigh.h"

#define MS WEIR_NS_PER_MS
#define S WEIR_NS_PER_S

#define PORT 3 /* that underlay 0 is on */
#define OUR_MAC "02:aa:aa:aa:aa:01"
#define OUR_IP4 "192.0.2.1"
#define OUR_IP6 "2001:db8::1"
#define OUR_LINK_LOCAL "fe80::aa:aaff:feaa:aa01"
#define PEER_MAC "02:bb:bb:bb:bb:02"
#define OTHER_MAC "02:cc:cc:cc:cc:03"
#define BROADCAST "ff:ff:ff:ff:ff:ff"

extern struct weir_neigh *neigh;
extern uint64_t now;
extern uint32_t n_deferred;

struct frame {
	uint32_t port, len;
	uint8_t b[2048];
};
#define SENT_MAX 1024
extern struct frame sent[SENT_MAX];
extern uint32_t n_sent;

struct weir_ip ip(const char *text);
struct weir_mac mac(const char *text);
bool is_mac(const uint8_t *b, const char *text);

/* EAL and a table of this many VTEPs, without underlays, at one hour of uptime. */
void start(uint32_t max_vteps);

/* Sets underlay `id` on port PORT + id with OUR_MAC, MTU 1500 and these addresses and gateways (NULL ends each). */
void set_underlay(uint32_t id, const char *const addresses[], const char *const gateways[]);
/* The same with all other fields given. */
void set_underlay_full(uint32_t id, const struct weir_neigh_underlay *fields, const char *const addresses[],
    const char *const gateways[]);
/* Underlay 0 with OUR_IP4/24, OUR_IP6/64 and no gateway; its announcements are over. */
void set_usual(void);

/* Lets time pass, ticking every 100 ms. */
void pass(uint64_t ns);

/* The one frame that was sent since the last call of this. */
const struct frame *only_sent(void);

uint32_t get(const char *vtep); /* by VXLAN */
uint32_t get_by(const char *vtep, enum weir_tunnel tunnel);
const struct weir_encap *encap(uint32_t id); /* NULL if there is none */
enum weir_reason why(uint32_t id);	     /* there is none */

/* The listing's line of a neighbour, or NULL. */
const struct weir_neigh_entry *entry(const char *neighbour);

/* Frames. */
struct frame arp(uint16_t op, const char *dmac, const char *sha, const char *spa, const char *tpa);
/* NS and NA; lladdr NULL = no option; the sender's MAC is lladdr, else PEER_MAC. */
enum { NS = 135, NA = 136 };
enum { SOLICITED = 0x40, OVERRIDE = 0x20 };
struct frame nd(uint8_t type, uint8_t flags, const char *dmac, const char *src, const char *dst, const char *target,
    const char *lladdr);
struct frame ping(const char *dmac, const char *smac, const char *src, const char *dst, uint32_t data);
void ping_seal(struct frame *frame); /* its checksums after it was changed */

/* Parses the frame as the pipeline does, and feeds it to underlay `id`. */
enum weir_reason input(uint32_t id, const struct frame *frame);
/* Asserts that it is consumed by underlay 0. */
void feed(struct frame frame);

/* An answer to a question of ours, of the address's family: solicited NA with override, or ARP reply to us alone. */
struct frame answer(const char *neighbour, const char *from_mac);
/* The like without question: broadcast. */
struct frame claim(const char *neighbour, const char *from_mac);

/* Asserts that the frame is a question for the address, sent to all (dmac NULL) or to this MAC. */
void check_question(const struct frame *frame, const char *address, const char *dmac);

#endif
