/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_FIREWALL_PRIV_H
#define WEIR_FIREWALL_PRIV_H

#include <string.h>

#include "weir_firewall.h"

enum fw_family { FW_V4, FW_V6, FW_FAMILIES };

/* One combination of what a rule names. */
struct fw_combo {
	const struct weir_fw_rule *rule;
	uint32_t index;			     /* of the rule */
	const struct weir_prefix *src, *dst; /* NULL: any */
	struct weir_fw_range sport, dport, type;
	bool shallow; /* for packets of which no more is known: ranges and flags are not looked at */
};

/* Returns 0, or what ends the walk. */
typedef int (*fw_each)(void *arg, const struct fw_combo *combo);

/*
 * Calls `each` with those of a family's combinations that can match anything, in the order of their rules. `shallow`:
 * as partial packets see them, where ports, types and flags make no difference. Returns 0, or what `each` did.
 */
int fw_walk(
    const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, bool shallow, fw_each each, void *arg);

static inline enum fw_family
fw_family_of(const struct weir_ip *ip)
{
	return weir_ip_is_v4(ip) ? FW_V4 : FW_V6;
}

/* weir_fw_create(), with another limit on how many combinations of a family are scanned (FW_SCAN_MAX). */
struct weir_fw *fw_create(const struct weir_fw_rule *rules, uint32_t n, uint32_t scan_max, struct weir_err *err);

/* ---- what is compared with packets ---- */

/* One half of the addresses, as they stand in memory. */
struct fw_half {
	uint64_t src, src_mask, dst, dst_mask;
};

/* A combination. */
struct fw_entry {
	struct fw_half low; /* all in which IPv4 addresses differ */
	struct weir_fw_range sport, dport, type;
	uint32_t index; /* of the rule */
	uint8_t proto, proto_mask;
	uint8_t flags, flags_mask;
	uint8_t directions;
	struct fw_half high;
};

void fw_entry_set(struct fw_entry *e, const struct fw_combo *c);

static inline bool
fw_in_range(struct weir_fw_range range, uint16_t value)
{
	return value >= range.first && value <= range.last;
}

static inline uint64_t
fw_differs(const struct fw_half *h, const struct weir_ip *src, const struct weir_ip *dst, uint32_t half)
{
	uint64_t s, d;

	memcpy(&s, &src->b[half * 8], sizeof(s));
	memcpy(&d, &dst->b[half * 8], sizeof(d));
	return ((s ^ h->src) & h->src_mask) | ((d ^ h->dst) & h->dst_mask);
}

/* `v6`: of a packet of that family. */
static inline __attribute__((always_inline)) bool
fw_entry_matches(const struct fw_entry *e, const struct weir_fw_packet *p, bool v6)
{
	uint64_t wrong = fw_differs(&e->low, &p->src, &p->dst, 1);

	if (v6)
		wrong |= fw_differs(&e->high, &p->src, &p->dst, 0);
	wrong |= (uint64_t)((p->proto ^ e->proto) & e->proto_mask);
	if (wrong != 0 || (e->directions & p->direction) == 0)
		return false;
	return p->partial || (fw_in_range(e->dport, p->dport) && fw_in_range(e->sport, p->sport) &&
				 fw_in_range(e->type, p->type) && (p->tcp_flags & e->flags_mask) == e->flags);
}

/* ---- table.c ---- */

/* Many rules of one family. */
struct fw_table;

/* `n_combos`: as many as fw_walk() calls. NULL: no memory. */
struct fw_table *fw_table_create(
    const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, bool shallow, uint32_t n_combos);
void fw_table_free(struct fw_table *table);
uint32_t fw_table_match(const struct fw_table *table, const struct weir_fw_packet *packet, bool v6);

#endif
