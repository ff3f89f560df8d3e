/* SPDX-License-Identifier: BSD-3-Clause */
#include "firewall_priv.h"

static void
set_half(uint64_t *value, uint64_t *mask, const struct weir_prefix *prefix, uint32_t half)
{
	uint32_t bits = half * 64 < prefix->len ? prefix->len - half * 64u : 0;
	uint64_t ip;

	memcpy(&ip, &prefix->ip.b[half * 8], sizeof(ip));
	if (bits == 0)
		*mask = 0;
	else
		*mask = bits >= 64 ? UINT64_MAX : __builtin_bswap64(UINT64_MAX << (64 - bits));
	*value = ip & *mask;
}

/* Conditions that always hold look at nothing, and look alike. */
static void
set_addresses(struct fw_half *h, const struct fw_combo *c, uint32_t half)
{
	uint32_t any_v4 = 96;

	if (c->src != NULL && !(fw_family_of(&c->src->ip) == FW_V4 && c->src->len == any_v4))
		set_half(&h->src, &h->src_mask, c->src, half);
	if (c->dst != NULL && !(fw_family_of(&c->dst->ip) == FW_V4 && c->dst->len == any_v4))
		set_half(&h->dst, &h->dst_mask, c->dst, half);
}

void
fw_entry_set(struct fw_entry *e, const struct fw_combo *c)
{
	const struct weir_fw_rule *r = c->rule;

	*e = (struct fw_entry){
	    .sport = c->sport,
	    .dport = c->dport,
	    .type = c->type,
	    .index = c->index,
	    .directions = r->directions,
	    .flags = r->flags_set,
	    /* A flag that has to be there and absent is left in `flags` alone, which then nothing equals. */
	    .flags_mask = r->flags_set ^ r->flags_clear,
	};
	if (r->proto != WEIR_FW_ANY_PROTO) {
		e->proto = (uint8_t)r->proto;
		e->proto_mask = UINT8_MAX;
	}
	set_addresses(&e->high, c, 0);
	set_addresses(&e->low, c, 1);
}
