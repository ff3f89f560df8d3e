/* SPDX-License-Identifier: BSD-3-Clause */
/* Firewalls in the small network of ref_net.h, and hosts that talk: 0 (v0) and 3 (remote) on s0, 1 (v1) on s1. */
#ifndef WEIR_TEST_FW_NET_H
#define WEIR_TEST_FW_NET_H

#include "ref_firewall.h"
#include "ref_net.h"

#define EDGE_FIREWALL (&topo.tenants[0].firewalls[0])
#define OTHER_FIREWALL (&topo.tenants[0].firewalls[1])

/* begin(), with the first firewall, of no rules, at v0. */
void begin_guarded(void);

/* One more rule at the end. */
struct topo_rule *add_rule(struct topo_firewall *firewall, enum topo_action action, uint16_t proto);

/* What a host says to another, by IPv4 or IPv6: on one switch, or by the router. */
struct words {
	uint32_t from, to;
	bool v6;
	uint8_t proto, flags, type;
	uint16_t sport, dport; /* ICMP: sport is the id */
};
/* Makes `packet` of it, and returns its upper layer's header; says it, and returns what is lost of it and why. */
uint8_t *put_words(const struct words *words);
uint64_t say(const struct words *words);

/* `packet` goes as it is. What becomes of it is left open: true. */
bool is_left_open(uint32_t host);
uint64_t what_is_lost(void);

void wait_s(uint32_t seconds);

/* How often a rule counted for the last packet. */
uint32_t counted(uint32_t rule);

#endif
