/* SPDX-License-Identifier: BSD-3-Clause */
/* Two tenants' networks made by hand, and frames that enter them. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <criterion/criterion.h>

#include "weir_vnet.h"

enum { RED, BLUE, N_TENANTS };
enum { RED_WEB, BLUE_WEB, N_SWITCHES };
/* On red's switch two vports and two remotes, on blue's one of each. */
enum { A, B, R, S, C, T, N_IFACES };

extern struct weir_vnet *vnet;
extern struct weir_macs *macs;
extern struct weir_tenant tenants[N_TENANTS];
extern struct weir_switch switches[N_SWITCHES];
extern struct weir_iface ifaces[N_IFACES];

void start(void);
void finish(void);

struct weir_mac mac(uint8_t n);	     /* 02:00:00:00:00:n */
struct weir_ip ip(const char *text); /* of either family */

/* A MAC that is not known yet is learned at `iface`; returns its entry. */
uint32_t learn(uint32_t iface, uint8_t n);

/* ---- frames; addresses by their text, MACs by their last byte ---- */

struct frame {
	uint32_t len;
	uint8_t b[256];
};

#define BROADCAST 0xff /* ff:ff:ff:ff:ff:ff, of mac() too */

struct frame plain(uint8_t dmac, uint8_t smac, uint16_t type); /* with 46 bytes of zero behind it */
struct frame udp(uint8_t smac, const char *src, const char *dst, uint16_t sport, uint16_t dport);
struct frame icmp6(uint8_t smac, const char *src, const char *dst, uint8_t type);
struct frame arp(uint8_t smac, uint16_t op, uint8_t sha, const char *spa, const char *tpa);
/* NS and NA (135, 136), RS (133); lladdr 0 = no option. */
struct frame nd(uint8_t smac, uint8_t type, const char *src, const char *dst, const char *target, uint8_t lladdr);

/* The walk, as a worker goes it. */
enum weir_reason resolve(uint32_t iface, const struct frame *frame, struct weir_verdict *verdict);
/* The same, where only the reason matters. */
enum weir_reason pass(uint32_t iface, struct frame frame);
/* From `iface`, with nothing special about it: it has to go well. */
struct weir_verdict walk(uint32_t iface, uint8_t dmac, uint8_t smac);

#endif
