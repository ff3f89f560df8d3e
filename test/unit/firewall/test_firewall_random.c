/* SPDX-License-Identifier: BSD-3-Clause */
/* Random rules, and packets near their edges: scan, tables and an obviously right matcher agree. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "eal.h"
#include "firewall_priv.h"

#define SETS 3000
#define PACKETS 200
#define RULES_MAX 40
#define LISTS_MAX 4

static uint64_t state = 4711;

static uint32_t
below(uint32_t n)
{
	return (uint32_t)((next_random(&state) >> 32) % n);
}

/* A rule with room for what it names. */
struct made {
	struct weir_prefix src[LISTS_MAX], dst[LISTS_MAX];
	struct weir_fw_range sport[LISTS_MAX], dport[LISTS_MAX], type[LISTS_MAX];
};

struct set {
	uint32_t n;
	struct weir_fw_rule rules[RULES_MAX];
	struct made made[RULES_MAX];
};

/* Few different ones, so that they meet. */
static struct weir_prefix
some_prefix(void)
{
	struct weir_prefix p = {.ip = {{0x20, 0x01}}};
	bool v4 = below(2) == 0;

	if (v4)
		p.ip = (struct weir_ip){{[10] = 0xff, [11] = 0xff, [12] = 10}};
	p.len = (uint8_t)(v4 ? 96 + below(33) : below(129));
	for (uint32_t i = 0; i < 6; i++)
		if (below(2) == 0)
			p.ip.b[(v4 ? 12u : 0u) + below(v4 ? 4 : 16)] ^= (uint8_t)(1u << below(8));
	return p;
}

static struct weir_fw_range
some_range(uint32_t max)
{
	uint32_t edge = below(4) == 0 ? max : max < 1000 ? max : 1000;
	uint32_t first = below(edge + 1), last = below(3) == 0 ? first : first + below(edge - first + 1);

	return (struct weir_fw_range){(uint16_t)first, (uint16_t)last};
}

static uint32_t
how_many(void)
{
	return below(2) == 0 ? 0 : 1 + below(LISTS_MAX);
}

static void
make_rule(struct weir_fw_rule *r, struct made *m)
{
	static const uint16_t protos[] = {WEIR_FW_ANY_PROTO, WEIR_FW_ANY_PROTO, 1, 6, 6, 17, 58, 132, 255};

	*r = (struct weir_fw_rule){
	    .directions = (uint8_t)(below(3) == 0 ? 1 + below(2) : 3),
	    .proto = protos[below(WEIR_ARRAY_LEN(protos))],
	    .n_src = how_many(),
	    .n_dst = how_many(),
	    .src = m->src,
	    .dst = m->dst,
	    .sport = m->sport,
	    .dport = m->dport,
	    .type = m->type,
	};
	if (below(3) == 0)
		r->n_dport = how_many();
	if (below(6) == 0)
		r->n_sport = how_many();
	if (below(6) == 0)
		r->n_type = how_many();
	if (below(6) == 0) {
		r->flags_set = (uint8_t)next_random(&state) & 0x13;
		r->flags_clear = (uint8_t)next_random(&state) & 0x0c;
	}
	for (uint32_t i = 0; i < LISTS_MAX; i++) {
		m->src[i] = some_prefix();
		m->dst[i] = some_prefix();
		m->sport[i] = some_range(UINT16_MAX);
		m->dport[i] = some_range(UINT16_MAX);
		m->type[i] = some_range(UINT8_MAX);
	}
}

static void
make_set(struct set *set)
{
	set->n = below(8) == 0 ? below(RULES_MAX + 1) : below(8);
	for (uint32_t i = 0; i < set->n; i++)
		make_rule(&set->rules[i], &set->made[i]);
}

/* In it, or a bit beside it. */
static struct weir_ip
near_prefix(const struct weir_prefix *p)
{
	struct weir_ip ip = p->ip;
	uint32_t bit = below(3) == 0 ? below(128) : p->len + below(2);

	if (below(4) != 0 && bit > 0 && bit <= 128 && (!weir_ip_is_v4(&ip) || bit > 96))
		ip.b[(bit - 1) / 8] ^= (uint8_t)(0x80 >> (bit - 1) % 8);
	return ip;
}

static uint16_t
near_range(const struct weir_fw_range *r)
{
	return (uint16_t)((below(2) == 0 ? r->first : r->last) + below(3) - 1);
}

static struct weir_fw_packet
make_packet(const struct set *set)
{
	const struct weir_fw_rule *r = &set->rules[below(set->n)];
	const struct made *m = &set->made[below(4) == 0 ? below(set->n) : (uint32_t)(r - set->rules)];
	uint32_t list = below(LISTS_MAX);
	struct weir_fw_packet p = {
	    .src = near_prefix(&m->src[list]),
	    .sport = near_range(&m->sport[below(LISTS_MAX)]),
	    .dport = near_range(&m->dport[below(LISTS_MAX)]),
	    .direction = (uint8_t)(1 + below(2)),
	    .proto = (uint8_t)(below(8) == 0 ? below(256) : r->proto),
	    .tcp_flags = (uint8_t)next_random(&state) & 0x1f,
	    .type = (uint8_t)near_range(&m->type[below(LISTS_MAX)]),
	    .partial = below(4) == 0,
	};

	/* Packets are of one family. */
	for (uint32_t i = 0; i < LISTS_MAX; i++) {
		p.dst = near_prefix(&m->dst[(list + i) % LISTS_MAX]);
		if (weir_ip_is_v4(&p.dst) == weir_ip_is_v4(&p.src))
			return p;
	}
	p.dst = p.src;
	return p;
}

/* ---- obviously right ---- */

static bool
one_holds(const struct weir_prefix *prefixes, uint32_t n, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < n; i++)
		if (weir_prefix_contains(&prefixes[i], ip))
			return true;
	return n == 0;
}

static bool
one_is_around(const struct weir_fw_range *ranges, uint32_t n, uint16_t value)
{
	for (uint32_t i = 0; i < n; i++)
		if (ranges[i].first <= value && value <= ranges[i].last)
			return true;
	return n == 0;
}

static bool
right(const struct weir_fw_rule *r, const struct weir_fw_packet *p)
{
	if ((r->directions & p->direction) == 0 || (r->proto != WEIR_FW_ANY_PROTO && r->proto != p->proto))
		return false;
	if (!one_holds(r->src, r->n_src, &p->src) || !one_holds(r->dst, r->n_dst, &p->dst))
		return false;
	if (p->partial)
		return true;
	return one_is_around(r->sport, r->n_sport, p->sport) && one_is_around(r->dport, r->n_dport, p->dport) &&
	       one_is_around(r->type, r->n_type, p->type) && (p->tcp_flags & r->flags_set) == r->flags_set &&
	       (p->tcp_flags & r->flags_clear) == 0;
}

static uint32_t
right_match(const struct set *set, const struct weir_fw_packet *p)
{
	for (uint32_t i = 0; i < set->n; i++)
		if (right(&set->rules[i], p))
			return i;
	return WEIR_NONE;
}

Test(firewall_random, all_agree)
{
	static struct set set;
	uint32_t matched = 0, later = 0, all = 0;

	for (uint32_t s = 0; s < SETS; s++) {
		struct weir_fw *scan, *tables;

		make_set(&set);
		if (weir_fw_expanded(set.rules, set.n) > 3000)
			continue;
		scan = fw_create(set.rules, set.n, WEIR_FW_EXPANDED_MAX, NULL);
		tables = fw_create(set.rules, set.n, 0, NULL);
		cr_assert(scan != NULL && tables != NULL);
		for (uint32_t i = 0; set.n > 0 && i < PACKETS; i++) {
			struct weir_fw_packet p = make_packet(&set);
			uint32_t wanted = right_match(&set, &p);

			cr_assert_eq(weir_fw_match(scan, &p), wanted, "scan, set %u packet %u", s, i);
			cr_assert_eq(weir_fw_match(tables, &p), wanted, "tables, set %u packet %u", s, i);
			matched += wanted != WEIR_NONE;
			later += wanted != WEIR_NONE && wanted > 0;
			all++;
		}
		weir_fw_free(scan);
		weir_fw_free(tables);
	}
	/* They were near enough to say something. */
	cr_assert(all > 300000 && matched > all / 4 && matched < all * 9 / 10 && later > all / 10, "%u %u of %u",
	    matched, later, all);
}
