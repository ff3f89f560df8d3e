/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "firewall_priv.h"

/*
 * Up to so many combinations of a family a scan is the faster one. ns a packet, rules as they are usual (a host and
 * port, half of the sources any), IPv4 and IPv6:
 *
 *	combinations	16	32	48	64	10,000	65,536
 *	scan		14, 19	24, 33	32, 46	40, 58
 *	tables		27, 27	42, 42	51, 51	49, 52	80, 80	86, 90
 *
 * With prefixes of all lengths tables are as slow as their tuples are many: 10,000 rules 10 and 29 us.
 */
#define FW_SCAN_MAX 48u

struct scan {
	uint32_t n;
	struct fw_entry entries[];
};

/* By scan, or by tables: then by `shallow` ones for partial packets, if there are rules that look deep. */
struct family {
	struct scan *scan;
	struct fw_table *deep, *shallow;
};

struct weir_fw {
	struct family families[FW_FAMILIES];
	uint32_t n;
	struct weir_fw_effect effects[];
};

/* ---- combinations ---- */

static uint64_t
at_least_one(uint32_t n)
{
	return n == 0 ? 1 : n;
}

uint64_t
weir_fw_expanded(const struct weir_fw_rule *rules, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct weir_fw_rule *r = &rules[i];
		/* A product beyond 64 bits is far beyond the limit, and needs more memory than there is. */
		uint64_t addresses = at_least_one(r->n_src) * at_least_one(r->n_dst);
		uint64_t ports = at_least_one(r->n_sport) * at_least_one(r->n_dport) * at_least_one(r->n_type);

		sum += addresses * ports;
	}
	return sum;
}

/* The next one of the family from *i on; NULL: none is left. Moves *i behind it. */
static bool
next_prefix(const struct weir_prefix *prefixes, uint32_t n, enum fw_family family, uint32_t *i,
    const struct weir_prefix **prefix)
{
	*prefix = NULL;
	if (n == 0)
		return (*i)++ == 0;
	while (*i < n) {
		*prefix = &prefixes[(*i)++];
		if (fw_family_of(&(*prefix)->ip) == family)
			return true;
	}
	return false;
}

static struct weir_fw_range
range_at(const struct weir_fw_range *ranges, uint32_t n, uint32_t i)
{
	return n == 0 ? (struct weir_fw_range){0, UINT16_MAX} : ranges[i];
}

/* With its addresses: each combination of the rest. */
static int
walk_ranges(struct fw_combo *c, fw_each each, void *arg)
{
	const struct weir_fw_rule *r = c->rule;
	uint64_t n_dport = at_least_one(r->n_dport), n_type = at_least_one(r->n_type);
	uint64_t n = at_least_one(r->n_sport) * n_dport * n_type;
	int rc = 0;

	if (c->shallow)
		return each(arg, c);
	for (uint64_t i = 0; i < n && rc == 0; i++) {
		c->type = range_at(r->type, r->n_type, (uint32_t)(i % n_type));
		c->dport = range_at(r->dport, r->n_dport, (uint32_t)(i / n_type % n_dport));
		c->sport = range_at(r->sport, r->n_sport, (uint32_t)(i / n_type / n_dport));
		rc = each(arg, c);
	}
	return rc;
}

int
fw_walk(const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, bool shallow, fw_each each, void *arg)
{
	int rc = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct weir_fw_rule *r = &rules[i];
		struct fw_combo c = {.rule = r, .index = i, .shallow = shallow};

		for (uint32_t s = 0; rc == 0 && next_prefix(r->src, r->n_src, family, &s, &c.src);)
			for (uint32_t d = 0; rc == 0 && next_prefix(r->dst, r->n_dst, family, &d, &c.dst);)
				rc = walk_ranges(&c, each, arg);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
count_one(void *arg, const struct fw_combo *combo)
{
	(void)combo;
	(*(uint32_t *)arg)++;
	return 0;
}

static uint32_t
count(const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, bool shallow)
{
	uint32_t combos = 0;

	(void)fw_walk(rules, n, family, shallow, count_one, &combos);
	return combos;
}

/* ---- the scan ---- */

static int
add_entry(void *arg, const struct fw_combo *c)
{
	struct scan *scan = arg;

	fw_entry_set(&scan->entries[scan->n++], c);
	return 0;
}

static inline __attribute__((always_inline)) uint32_t
scan_match(const struct scan *scan, const struct weir_fw_packet *p, bool v6)
{
	for (uint32_t i = 0; i < scan->n; i++)
		if (fw_entry_matches(&scan->entries[i], p, v6))
			return scan->entries[i].index;
	return WEIR_NONE;
}

static struct scan *
scan_create(const struct weir_fw_rule *rules, uint32_t n, enum fw_family family, uint32_t n_combos)
{
	struct scan *scan = calloc(1, sizeof(*scan) + n_combos * sizeof(scan->entries[0]));

	if (scan != NULL)
		(void)fw_walk(rules, n, family, false, add_entry, scan);
	return scan;
}

/* ---- firewalls ---- */

static bool
any_deep(const struct weir_fw_rule *rules, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (weir_fw_looks_deep(&rules[i]))
			return true;
	return false;
}

static int
family_create(struct family *f, const struct weir_fw_rule *rules, uint32_t n, enum fw_family family,
    uint32_t scan_max, struct weir_err *err)
{
	uint32_t n_combos = count(rules, n, family, false);

	if (n_combos <= scan_max) {
		f->scan = scan_create(rules, n, family, n_combos);
		return f->scan != NULL ? 0 : weir_err(err, ENOMEM, "", "no memory for a firewall");
	}
	f->deep = fw_table_create(rules, n, family, false, n_combos);
	if (any_deep(rules, n))
		f->shallow = fw_table_create(rules, n, family, true, count(rules, n, family, true));
	if (f->deep == NULL || (f->shallow == NULL && any_deep(rules, n)))
		return weir_err(err, ENOMEM, "", "no memory for a firewall");
	return 0;
}

struct weir_fw *
fw_create(const struct weir_fw_rule *rules, uint32_t n, uint32_t scan_max, struct weir_err *err)
{
	struct weir_fw *fw;

	if (weir_fw_expanded(rules, n) > WEIR_FW_EXPANDED_MAX) {
		(void)weir_err(err, ENOSPC, "", "the rules come to more than %u combinations of addresses and ports",
		    WEIR_FW_EXPANDED_MAX);
		return NULL;
	}
	fw = calloc(1, sizeof(*fw) + n * sizeof(fw->effects[0]));
	if (fw == NULL) {
		(void)weir_err(err, ENOMEM, "", "no memory for a firewall");
		return NULL;
	}
	fw->n = n;
	for (uint32_t i = 0; i < n; i++)
		fw->effects[i] = (struct weir_fw_effect){
		    .action = rules[i].action, .state = rules[i].state, .deep = weir_fw_looks_deep(&rules[i])};
	for (uint32_t v = 0; v < FW_FAMILIES; v++) {
		if (family_create(&fw->families[v], rules, n, v, scan_max, err) != 0) {
			weir_fw_free(fw);
			return NULL;
		}
	}
	return fw;
}

struct weir_fw *
weir_fw_create(const struct weir_fw_rule *rules, uint32_t n, struct weir_err *err)
{
	return fw_create(rules, n, FW_SCAN_MAX, err);
}

void
weir_fw_free(struct weir_fw *fw)
{
	if (fw == NULL)
		return;
	for (uint32_t v = 0; v < FW_FAMILIES; v++) {
		free(fw->families[v].scan);
		fw_table_free(fw->families[v].deep);
		fw_table_free(fw->families[v].shallow);
	}
	free(fw);
}

uint32_t
weir_fw_match(const struct weir_fw *fw, const struct weir_fw_packet *packet)
{
	enum fw_family v = fw_family_of(&packet->src);
	const struct family *f = &fw->families[v];

	if (f->scan != NULL)
		return v == FW_V6 ? scan_match(f->scan, packet, true) : scan_match(f->scan, packet, false);
	return fw_table_match(packet->partial && f->shallow != NULL ? f->shallow : f->deep, packet, v == FW_V6);
}

struct weir_fw_effect
weir_fw_effect(const struct weir_fw *fw, uint32_t index)
{
	return index < fw->n ? fw->effects[index] : (struct weir_fw_effect){.action = WEIR_FW_DENY};
}
