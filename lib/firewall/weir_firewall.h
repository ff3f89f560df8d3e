/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A firewall's rules, compiled: which of them is the first that matches a packet. What that then means, connections
 * and fragments, is the business of who asks.
 *
 * Compiling and freeing are for one control thread at a time. What was compiled never changes: any thread may match,
 * and read effects, as long as nobody frees it.
 */
#ifndef WEIR_FIREWALL_H
#define WEIR_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define WEIR_FW_RULES_MAX 10000u    /* of one firewall */
#define WEIR_FW_EXPANDED_MAX 65536u /* combinations of addresses, ports and types that they come to */

enum weir_fw_action { WEIR_FW_DENY, WEIR_FW_REJECT, WEIR_FW_ALLOW };

/* Directions, a bit each: a packet comes in by what the firewall is attached to, or leaves by it. */
enum { WEIR_FW_IN = 1, WEIR_FW_OUT = 2 };

#define WEIR_FW_ANY_PROTO 256

/* Host order, both in it; first <= last. */
struct weir_fw_range {
	uint16_t first, last;
};

/*
 * Matches a packet that meets all of its conditions. Of several prefixes or ranges one has to hold; none given (n is
 * 0): any. Prefixes of one family do not hold addresses of the other (weir_prefix_contains()).
 */
struct weir_fw_rule {
	uint8_t action;			/* enum weir_fw_action */
	uint8_t directions;		/* WEIR_FW_IN | WEIR_FW_OUT */
	bool state;			/* ALLOW: opens a connection */
	uint16_t proto;			/* or WEIR_FW_ANY_PROTO */
	uint8_t flags_set, flags_clear; /* of TCP: have to be there, have to be absent */
	uint32_t n_src, n_dst, n_sport, n_dport, n_type;
	const struct weir_prefix *src, *dst; /* IPv4 as mapped, len of the 128-bit form */
	const struct weir_fw_range *sport, *dport, *type;
};

/* Does it look at ports, types or flags? */
static inline bool
weir_fw_looks_deep(const struct weir_fw_rule *rule)
{
	return (rule->n_sport | rule->n_dport | rule->n_type) != 0 || (rule->flags_set | rule->flags_clear) != 0;
}

struct weir_fw_packet {
	struct weir_ip src, dst; /* IPv4 mapped; of one family */
	uint16_t sport, dport;	 /* host order; 0 where there are none */
	uint8_t direction;	 /* one of WEIR_FW_IN, WEIR_FW_OUT */
	uint8_t proto;
	uint8_t tcp_flags, type; /* of TCP; of ICMP and ICMPv6; else 0 */
	bool partial; /* ports, flags, type are not known: a rule that looks at them matches if the rest of it does */
};

struct weir_fw;

/* How many combinations of src, dst, sport, dport and type the rules come to, each rule at least to 1. */
uint64_t weir_fw_expanded(const struct weir_fw_rule *rules, uint32_t n);

/*
 * Compiles; of the rules nothing is needed afterwards. Of the heap, some 250 bytes a combination. NULL and *err:
 * ENOSPC (more than WEIR_FW_EXPANDED_MAX combinations), ENOMEM. Control.
 */
struct weir_fw *weir_fw_create(const struct weir_fw_rule *rules, uint32_t n, struct weir_err *err);
void weir_fw_free(struct weir_fw *fw); /* NULL is fine. Control */

/* The index of the first rule that matches, or WEIR_NONE. Any thread; no heap, no locks. */
uint32_t weir_fw_match(const struct weir_fw *fw, const struct weir_fw_packet *packet);

/* What was given for rule `index`; of no rule (WEIR_NONE): deny. */
struct weir_fw_effect {
	uint8_t action; /* enum weir_fw_action */
	bool state;	/* ALLOW: opens a connection */
	bool deep;	/* weir_fw_looks_deep() */
};
struct weir_fw_effect weir_fw_effect(const struct weir_fw *fw, uint32_t index);

#endif
