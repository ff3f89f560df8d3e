/* SPDX-License-Identifier: BSD-3-Clause */
/* Random sets and firewalls, and how they may change. */
#include <stdlib.h>
#include <string.h>

#include "topo_priv.h"

bool topo_with_firewalls;

/* ---- what rules look at ---- */

static struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix out = {.len = 0};

	if (weir_prefix_parse(text, &out) != 0)
		abort();
	return out;
}

/* Of the addresses that there are: a host, a switch's network, several, all of a family. */
static struct weir_prefix
random_prefix(struct rng *rng)
{
	static const char *const wide[] = {"10.0.0.0/16", "0.0.0.0/0", "::/0", "2001:db8:a::/48", "10.0.0.0/23",
	    "10.9.0.0/16", "fe80::/10", "10.0.0.0/30", "2001:db8:a::/126", "8.8.8.8/32", "ff00::/8"};
	uint32_t kind = rng_below(rng, 100), sw = rng_below(rng, TOPO_SWITCHES);
	uint32_t host = rng_chance(rng, 85) ? TOPO_LAN_HOST(rng_below(rng, TOPO_HOSTS))
					    : TOPO_LAN_ROUTER(rng_below(rng, TOPO_ROUTERS));

	if (kind < 25)
		return (struct weir_prefix){.ip = topo_lan_ipv4(sw, host), .len = 128};
	if (kind < 40)
		return (struct weir_prefix){.ip = topo_lan_ipv6(sw, host), .len = 128};
	if (kind < 55)
		return (struct weir_prefix){.ip = topo_lan_ipv4(sw, 0), .len = 96 + 24};
	if (kind < 70)
		return (struct weir_prefix){.ip = topo_lan_ipv6(sw, 0), .len = 64};
	return prefix(wide[rng_below(rng, WEIR_ARRAY_LEN(wide))]);
}

static void
random_set(struct topo_set *set, struct rng *rng)
{
	memset(set, 0, sizeof(*set));
	set->used = true;
	set->n = 1 + rng_below(rng, TOPO_SET_NETS);
	for (uint32_t i = 0; i < set->n; i++)
		set->nets[i] = random_prefix(rng);
}

static uint32_t
random_nets(const struct topo_tenant *tenant, struct topo_net *nets, struct rng *rng)
{
	uint32_t n = rng_chance(rng, 60) ? 0 : 1 + rng_below(rng, TOPO_RULE_NETS);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t set = rng_below(rng, TOPO_SETS);

		if (tenant->sets[set].used && rng_chance(rng, 35))
			nets[i].set = set + 1;
		else
			nets[i].net = random_prefix(rng);
	}
	return n;
}

static uint32_t
random_ports(struct topo_range *ranges, struct rng *rng)
{
	static const struct topo_range some[] = {{53, 53}, {80, 80}, {443, 443}, {5001, 5001}, {1, 1023},
	    {1024, 65535}, {0, 65535}, {80, 443}, {40000, 40000}};
	uint32_t n = rng_chance(rng, 45) ? 0 : 1 + rng_below(rng, TOPO_RULE_RANGES);

	for (uint32_t i = 0; i < n; i++)
		ranges[i] = some[rng_below(rng, WEIR_ARRAY_LEN(some))];
	return n;
}

static uint32_t
random_types(struct topo_range *ranges, bool v4, struct rng *rng)
{
	static const struct topo_range four[] = {{8, 8}, {0, 0}, {3, 3}, {11, 12}, {13, 14}, {3, 11}, {5, 5}};
	static const struct topo_range six[] = {{128, 128}, {129, 129}, {1, 4}, {2, 2}, {128, 129}, {0, 127}};
	uint32_t n = rng_chance(rng, 40) ? 0 : 1 + rng_below(rng, TOPO_RULE_RANGES);

	for (uint32_t i = 0; i < n; i++)
		ranges[i] =
		    v4 ? four[rng_below(rng, WEIR_ARRAY_LEN(four))] : six[rng_below(rng, WEIR_ARRAY_LEN(six))];
	return n;
}

static void
random_flags(struct topo_rule *rule, struct rng *rng)
{
	static const uint8_t pairs[][2] = {{0x02, 0x10}, {0x10, 0}, {0, 0x02}, {0x04, 0}, {0x01, 0}, {0x12, 0},
	    {0, 0x04}, {0x18, 0x07}, {0x02, 0x15}, {0x40, 0x80}};
	uint32_t i = rng_below(rng, WEIR_ARRAY_LEN(pairs));

	if (rng_chance(rng, 70))
		return;
	rule->flags_set = pairs[i][0];
	rule->flags_clear = pairs[i][1];
}

static void
random_rule(const struct topo_tenant *tenant, struct topo_rule *rule, struct rng *rng)
{
	static const uint16_t protos[] = {TOPO_ANY_PROTO, TOPO_ANY_PROTO, PROTO_TCP, PROTO_TCP, PROTO_TCP, PROTO_UDP,
	    PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, 47};
	uint32_t kind = rng_below(rng, 100);

	memset(rule, 0, sizeof(*rule));
	rule->action = kind < 76 ? TOPO_ALLOW : kind < 88 ? TOPO_DENY : TOPO_REJECT;
	rule->stateless = kind < 16;
	rule->directions = rng_chance(rng, 50) ? TOPO_IN | TOPO_OUT : rng_chance(rng, 50) ? TOPO_IN : TOPO_OUT;
	rule->proto = protos[rng_below(rng, WEIR_ARRAY_LEN(protos))];
	rule->n_src = random_nets(tenant, rule->src, rng);
	rule->n_dst = random_nets(tenant, rule->dst, rng);
	if (rule->proto == PROTO_TCP || rule->proto == PROTO_UDP || rule->proto == PROTO_SCTP) {
		rule->n_sport = rng_chance(rng, 30) ? random_ports(rule->sport, rng) : 0;
		rule->n_dport = random_ports(rule->dport, rng);
	}
	if (rule->proto == PROTO_ICMP || rule->proto == PROTO_ICMPV6)
		rule->n_type = random_types(rule->type, rule->proto == PROTO_ICMP, rng);
	if (rule->proto == PROTO_TCP)
		random_flags(rule, rng);
}

/* ---- making them ---- */

static void
random_firewall(const struct topo_tenant *tenant, struct topo_firewall *firewall, struct rng *rng)
{
	memset(firewall, 0, sizeof(*firewall));
	firewall->used = true;
	firewall->n_rules = rng_chance(rng, 5) ? 0 : 1 + rng_below(rng, TOPO_RULES);
	for (uint32_t i = 0; i < firewall->n_rules; i++)
		random_rule(tenant, &firewall->rules[i], rng);
	/* Mostly something is let through in the end, one way at least. */
	if (firewall->n_rules > 0 && rng_chance(rng, 85)) {
		struct topo_rule *last = &firewall->rules[firewall->n_rules - 1];

		memset(last, 0, sizeof(*last));
		last->stateless = rng_chance(rng, 15);
		last->proto = TOPO_ANY_PROTO;
		last->directions = rng_chance(rng, 50)	 ? TOPO_IN | TOPO_OUT
				   : rng_chance(rng, 50) ? TOPO_IN
							 : TOPO_OUT;
	}
}

/* One of the tenant's, index + 1; 0 = there is none. */
static uint32_t
pick_firewall(const struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t from = rng_below(rng, TOPO_FIREWALLS);

	for (uint32_t i = 0; i < TOPO_FIREWALLS; i++)
		if (tenant->firewalls[(from + i) % TOPO_FIREWALLS].used)
			return (from + i) % TOPO_FIREWALLS + 1;
	return 0;
}

static void
random_quota(struct topo_tenant *tenant, struct rng *rng)
{
	tenant->caps_connections = rng_chance(rng, 35);
	tenant->quota_connections = tenant->caps_connections ? rng_below(rng, 8) : 0;
}

void
topo_add_firewalls(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t n = rng_below(rng, TOPO_FIREWALLS + 1);

	random_quota(tenant, rng);
	for (uint32_t i = rng_below(rng, TOPO_SETS + 1); i-- > 0;)
		random_set(&tenant->sets[i], rng);
	for (uint32_t i = 0; i < n; i++)
		random_firewall(tenant, &tenant->firewalls[i], rng);
	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		if (tenant->vports[v].used && rng_chance(rng, 45))
			tenant->vports[v].firewall = pick_firewall(tenant, rng);
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
			if (tenant->routers[r].used && tenant->routers[r].ifaces[s].used && rng_chance(rng, 25))
				tenant->routers[r].ifaces[s].firewall = pick_firewall(tenant, rng);
}

/* ---- changes ---- */

static bool
set_named(const struct topo_tenant *tenant, uint32_t set)
{
	for (uint32_t f = 0; f < TOPO_FIREWALLS; f++)
		for (uint32_t i = 0; tenant->firewalls[f].used && i < tenant->firewalls[f].n_rules; i++) {
			const struct topo_rule *rule = &tenant->firewalls[f].rules[i];

			for (uint32_t n = 0; n < TOPO_RULE_NETS; n++)
				if ((n < rule->n_src && rule->src[n].set == set + 1) ||
				    (n < rule->n_dst && rule->dst[n].set == set + 1))
					return true;
		}
	return false;
}

static const char *
change_set(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t i = rng_below(rng, TOPO_SETS);

	if (tenant->sets[i].used && !set_named(tenant, i) && rng_chance(rng, 30)) {
		memset(&tenant->sets[i], 0, sizeof(tenant->sets[i]));
		return "set removed";
	}
	random_set(&tenant->sets[i], rng);
	return "set";
}

static void
detach(struct topo_tenant *tenant, uint32_t firewall)
{
	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		if (tenant->vports[v].firewall == firewall)
			tenant->vports[v].firewall = 0;
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++)
		for (uint32_t s = 0; s < TOPO_SWITCHES; s++)
			if (tenant->routers[r].ifaces[s].firewall == firewall)
				tenant->routers[r].ifaces[s].firewall = 0;
}

static const char *
change_rules(struct topo_tenant *tenant, struct topo_firewall *firewall, struct rng *rng)
{
	uint32_t i = rng_below(rng, TOPO_RULES), n = firewall->n_rules;
	struct topo_rule moved;

	if (i >= n) {
		random_rule(tenant, &firewall->rules[firewall->n_rules++], rng);
		return "rule added";
	}
	switch (rng_below(rng, 4)) {
	case 0: /* to the top */
		moved = firewall->rules[i];
		memmove(&firewall->rules[1], &firewall->rules[0], i * sizeof(moved));
		firewall->rules[0] = moved;
		return "rule moved";
	case 1:
		memmove(&firewall->rules[i], &firewall->rules[i + 1], (n - i - 1) * sizeof(moved));
		memset(&firewall->rules[--firewall->n_rules], 0, sizeof(moved));
		return "rule removed";
	case 2:
		firewall->rules[i].action = firewall->rules[i].action == TOPO_ALLOW ? TOPO_DENY : TOPO_ALLOW;
		firewall->rules[i].stateless = false;
		return "rule's action";
	default:
		random_rule(tenant, &firewall->rules[i], rng);
		return "rule";
	}
}

static const char *
change_attached(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t v = rng_below(rng, TOPO_VPORTS), r = rng_below(rng, TOPO_ROUTERS), s = rng_below(rng, TOPO_SWITCHES);
	uint32_t *at = &tenant->vports[v].firewall;
	bool used = tenant->vports[v].used;

	if (tenant->routers[r].used && tenant->routers[r].ifaces[s].used && rng_chance(rng, 50)) {
		at = &tenant->routers[r].ifaces[s].firewall;
		used = true;
	}
	if (!used)
		return "nothing to attach to";
	*at = *at != 0 && rng_chance(rng, 40) ? 0 : pick_firewall(tenant, rng);
	return "firewall attached or detached";
}

const char *
topo_change_firewall(struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t kind = rng_below(rng, 100), f = rng_below(rng, TOPO_FIREWALLS);
	struct topo_firewall *firewall = &tenant->firewalls[f];

	if (kind < 10) {
		random_quota(tenant, rng);
		return "quota of connections";
	}
	if (kind < 25)
		return change_set(tenant, rng);
	if (kind < 55)
		return change_attached(tenant, rng);
	if (!firewall->used) {
		random_firewall(tenant, firewall, rng);
		return "firewall added";
	}
	if (kind < 60) {
		detach(tenant, f + 1);
		memset(firewall, 0, sizeof(*firewall));
		return "firewall removed";
	}
	return change_rules(tenant, firewall, rng);
}
