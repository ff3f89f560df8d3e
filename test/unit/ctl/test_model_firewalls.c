/* SPDX-License-Identifier: BSD-3-Clause */
/* Firewalls as they are read, what of them is a change, and how many rules there may be. */
#include <time.h>

#include "doc.h"

#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define SETS(x) RED("\"sets\":{" x "}")
#define FIREWALLS(x) RED("\"firewalls\":{" x "}")
#define EDGE(x) FIREWALLS("\"edge\":{\"rules\":[" x "]}")

static void
assert_prefixes(const struct weir_prefix *prefixes, uint32_t n, const char *const *texts, uint32_t n_texts)
{
	cr_assert_eq(n, n_texts, "%u prefixes", n);
	for (uint32_t i = 0; i < n; i++) {
		struct weir_prefix expected;
		char buf[WEIR_PREFIX_TEXT_SIZE];

		cr_assert_eq(weir_prefix_parse(texts[i], &expected), 0);
		cr_assert_eq(memcmp(&prefixes[i], &expected, sizeof(expected)), 0, "%u: %s, not %s", i,
		    weir_prefix_text(&prefixes[i], buf, sizeof(buf)), texts[i]);
	}
}

static void
assert_range(const struct weir_fw_range *range, uint16_t first, uint16_t last)
{
	cr_assert(
	    range->first == first && range->last == last, "%u-%u, not %u-%u", range->first, range->last, first, last);
}

/* A rule that says nothing but its action. */
static void
assert_bare(const struct weir_fw_rule *rule, uint8_t action, bool state)
{
	cr_assert(rule->action == action && rule->state == state && rule->directions == (WEIR_FW_IN | WEIR_FW_OUT));
	cr_assert(rule->proto == WEIR_FW_ANY_PROTO && rule->flags_set == 0 && rule->flags_clear == 0);
	cr_assert_eq(rule->n_src + rule->n_dst + rule->n_sport + rule->n_dport + rule->n_type, 0);
}

Test(model_firewalls, as_read)
{
	static const char *const sources[] = {"10.0.0.0/24", "10.9.9.9/32", "192.0.2.0/24", "2001:db8::/64"};
	static const char *const host[] = {"10.0.0.5/32"};
	struct weir_model *model = new_model();
	const struct weir_cfg_firewall *core, *edge, *spare;
	const struct weir_cfg_tenant *red;

	must_load(model, FIREWALL_DOCUMENT);
	red = weir_model_tenant(model, "red");
	cr_assert_eq(red->quota_connections, 50000);
	cr_assert_eq(weir_model_tenant(model, "blue")->quota_connections, 65536);
	cr_assert_eq(red->n_firewalls, 3);
	core = &red->firewalls[0];
	edge = &red->firewalls[1];
	spare = &red->firewalls[2];
	cr_assert(
	    strcmp(core->name, "core") == 0 && strcmp(edge->name, "edge") == 0 && strcmp(spare->name, "spare") == 0);
	cr_assert(core->n_rules == 0 && edge->n_rules == 5 && spare->n_rules == 1);

	/* in order of their names: db1, web1; of the switches: db, web */
	cr_assert(red->vports[0].firewall == WEIR_NONE && red->vports[1].firewall == 1);
	cr_assert(red->routers[0].ifaces[0].firewall == WEIR_NONE && red->routers[0].ifaces[1].firewall == 0);

	cr_assert(edge->rules[0].action == WEIR_FW_ALLOW && edge->rules[0].state);
	cr_assert(edge->rules[0].directions == WEIR_FW_OUT && edge->rules[0].proto == 6);
	cr_assert(edge->rules[0].n_src == 0 && edge->rules[0].n_sport == 0 && edge->rules[0].n_dport == 1);
	assert_prefixes(edge->rules[0].dst, edge->rules[0].n_dst, host, 1);
	assert_range(&edge->rules[0].dport[0], 443, 443);

	cr_assert(edge->rules[1].action == WEIR_FW_ALLOW && !edge->rules[1].state && edge->rules[1].proto == 17);
	cr_assert_eq(edge->rules[1].directions, WEIR_FW_IN | WEIR_FW_OUT);
	assert_prefixes(edge->rules[1].src, edge->rules[1].n_src, sources, 4);
	cr_assert_eq(edge->rules[1].n_dport, 3);
	assert_range(&edge->rules[1].dport[0], 53, 53);
	assert_range(&edge->rules[1].dport[1], 1000, 2000);
	assert_range(&edge->rules[1].dport[2], 5353, 5353);

	cr_assert(edge->rules[2].action == WEIR_FW_REJECT && !edge->rules[2].state);
	cr_assert(edge->rules[2].flags_set == 0x02 && edge->rules[2].flags_clear == 0x10);
	cr_assert(edge->rules[3].proto == 1 && edge->rules[3].n_type == 2 && edge->rules[3].n_dport == 0);
	assert_range(&edge->rules[3].type[0], 8, 8);
	assert_range(&edge->rules[3].type[1], 13, 14);
	assert_bare(&edge->rules[4], WEIR_FW_DENY, false);
	assert_prefixes(spare->rules[0].src, spare->rules[0].n_src, host, 1);

	/* As it was written. */
	assert_shows(model, "/tenants/red/firewalls/edge/rules/1",
	    "{\"action\":\"allow\",\"proto\":\"udp\",\"src\":[\"@admins\",\"192.0.2.0/24\"],\"dport\":[\"53\",\"1000-"
	    "2000\",5353],\"state\":false}");
	assert_shows(model, "/tenants/red/sets/web", "[\"10.0.0.5\"]");
	assert_shows(model, "", FIREWALL_DOCUMENT);
	weir_model_free(model);
}

Test(model_firewalls, words)
{
	static const struct {
		const char *text;
		uint16_t proto;
		uint8_t set, clear;
	} cases[] = {
	    {"\"proto\":\"tcp\"", 6, 0, 0},
	    {"\"proto\":\"udp\"", 17, 0, 0},
	    {"\"proto\":\"sctp\"", 132, 0, 0},
	    {"\"proto\":\"icmp\"", 1, 0, 0},
	    {"\"proto\":\"icmpv6\"", 58, 0, 0},
	    {"\"proto\":0", 0, 0, 0},
	    {"\"proto\":255", 255, 0, 0},
	    {"\"proto\":6,\"tcp_flags\":\"fin !syn\"", 6, 0x01, 0x02},
	    {"\"proto\":6,\"tcp_flags\":\"  !rst   psh \"", 6, 0x08, 0x04},
	    {"\"proto\":6,\"tcp_flags\":\"ack !urg ece !cwr\"", 6, 0x50, 0xa0},
	};
	struct weir_model *model = new_model();
	const struct weir_fw_rule *rule;
	char text[256];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"tenants\":{\"t\":{\"firewalls\":{\"f\":{\"rules\":[{\"action\":\"allow\",%s}]}}}}}",
		    cases[i].text);
		must_load(model, text);
		rule = weir_model_tenant(model, "t")->firewalls[0].rules;
		cr_assert(rule->proto == cases[i].proto && rule->flags_set == cases[i].set &&
			      rule->flags_clear == cases[i].clear,
		    "%s: %u, %x, %x", cases[i].text, rule->proto, rule->flags_set, rule->flags_clear);
	}
	must_load(model,
	    "{\"tenants\":{\"t\":{\"firewalls\":{\"f\":{\"rules\":[{\"action\":\"allow\"},{\"action\":"
	    "\"deny\"},{\"action\":\"reject\"},{\"action\":\"allow\",\"state\":false,\"direction\":\"in\"}]}}}}}");
	rule = weir_model_tenant(model, "t")->firewalls[0].rules;
	assert_bare(&rule[0], WEIR_FW_ALLOW, true);
	assert_bare(&rule[1], WEIR_FW_DENY, false);
	assert_bare(&rule[2], WEIR_FW_REJECT, false);
	cr_assert(rule[3].directions == WEIR_FW_IN && !rule[3].state);
	weir_model_free(model);
}

/* Every such text says the same: also a set by its name or by what is in it. */
Test(model_firewalls, order_and_spelling_are_no_change)
{
	static const char *const tenants[] = {
	    "\"firewalls\":{\"f\":{\"rules\":[{\"state\":true,\"proto\":\"tcp\",\"dport\":[80,\"443\",\"1-2\"],"
	    "\"src\":["
	    "\"@a\",\"192.0.2.1\"],\"action\":\"allow\",\"tcp_flags\":\"syn !ack\"}]},\"e\":{\"rules\":[]}},"
	    "\"sets\":{\"a\":[\"10.0.0.1\",\"2001:db8::/32\"],\"unused\":[\"::1\"]}",
	    "\"sets\":{\"a\":[\"2001:DB8:0::/32\",\"10.0.0.1\",\"10.0.0.1/32\"],\"b\":[\"192.0.2.1\"]},\"quota\":{"
	    "\"connections\":65536},\"firewalls\":{\"e\":{\"rules\":[]},\"f\":{\"rules\":[{\"action\":\"allow\","
	    "\"proto\":6,\"src\":[\"@b\",\"@a\",\"10.0.0.1\"],\"dport\":[\"1-2\",443,\"80-80\",80],\"tcp_flags\":\"!"
	    "ack "
	    "syn\"}]}}",
	    "\"firewalls\":{\"e\":{\"rules\":[]},\"f\":{\"rules\":[{\"action\":\"allow\",\"proto\":6,\"src\":["
	    "\"192.0.2.1/32\",\"2001:db8::/32\",\"10.0.0.1\"],\"dport\":[\"1-2\",80,443],\"tcp_flags\":\"syn "
	    "!ack\"}]}}",
	};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;
	char text[2048];

	for (size_t i = 0; i < 6; i++) {
		(void)snprintf(text, sizeof(text), "{\"tenants\":{\"t\":{%s}}}", tenants[i % 3]);
		cr_assert_eq(load(model, text, &change, &err), 0, "%s: %s", err.path, err.msg);
		cr_assert_eq(change->n_tenants, i == 0 ? 1 : 0, "%zu", i);
		weir_model_commit(model, change, i + 1);
	}
	weir_model_free(model);
}

/* Each alone is a change, and no change when it is made again. */
Test(model_firewalls, what_is_a_change)
{
	static const char *const patches[] = {
	    RED("\"quota\":{\"connections\":50001}"),
	    RED("\"quota\":{\"connections\":0}"),
	    RED("\"quota\":null"),
	    SETS("\"admins\":[\"10.0.0.0/24\",\"2001:db8::/64\",\"10.9.9.8\"]"),
	    SETS("\"admins\":[\"10.0.0.0/24\",\"2001:db8::/64\"]"),
	    SETS("\"admins\":[\"10.0.0.0/25\",\"2001:db8::/64\"]"),
	    FIREWALLS("\"new\":{\"rules\":[]}"),
	    FIREWALLS("\"new\":null"),
	    FIREWALLS("\"spare\":null,\"other\":{\"rules\":[{\"action\":\"allow\",\"src\":\"@web\"}]}"),
	    RED("\"vports\":{\"web1\":{\"firewall\":\"core\"}}"),
	    RED("\"vports\":{\"web1\":{\"firewall\":null}}"),
	    RED("\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"firewall\":\"edge\"}}}}"),
	    RED("\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"firewall\":null}}}}"),
	    EDGE(""),
	    EDGE("{\"action\":\"allow\"}"),
	    EDGE("{\"action\":\"allow\",\"state\":false}"),
	    EDGE("{\"action\":\"deny\"}"),
	    EDGE("{\"action\":\"reject\"}"),
	    EDGE("{\"action\":\"reject\"},{\"action\":\"deny\"}"),
	    EDGE("{\"action\":\"deny\"},{\"action\":\"reject\"}"),
	    EDGE("{\"action\":\"deny\",\"direction\":\"in\"}"),
	    EDGE("{\"action\":\"deny\",\"direction\":\"out\"}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"tcp_flags\":\"syn\"}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"tcp_flags\":\"!syn\"}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"tcp_flags\":\"!syn !ack\"}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"sport\":1}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"sport\":2}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"dport\":2}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"dport\":\"2-3\"}"),
	    EDGE("{\"action\":\"deny\",\"proto\":6,\"dport\":[\"2-3\",1]}"),
	    EDGE("{\"action\":\"deny\",\"proto\":1,\"icmp_type\":1}"),
	    EDGE("{\"action\":\"deny\",\"proto\":1,\"icmp_type\":2}"),
	    EDGE("{\"action\":\"deny\",\"src\":\"10.0.0.0/24\"}"),
	    EDGE("{\"action\":\"deny\",\"dst\":\"10.0.0.0/24\"}"),
	    EDGE("{\"action\":\"deny\",\"dst\":\"10.0.0.0/25\"}"),
	    EDGE("{\"action\":\"deny\",\"dst\":[\"10.0.0.0/25\",\"@web\"]}"),
	    RED("\"firewalls\":null"),
	};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, FIREWALL_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(patches); i++) {
		cr_assert_eq(patch(model, patches[i], &change, &err), 0, "%s: %s: %s", patches[i], err.path, err.msg);
		cr_assert(
		    change->n_tenants == 1 && strcmp(change->tenants[0].after->name, "red") == 0, "%s", patches[i]);
		weir_model_commit(model, change, i + 2);
		cr_assert_eq(patch(model, patches[i], &change, &err), 0, "again %s: %s", patches[i], err.msg);
		cr_assert_eq(change->n_tenants, 0, "again %s", patches[i]);
		weir_model_abort(model, change);
	}
	cr_assert_eq(weir_model_tenant(model, "red")->n_firewalls, 0);
	weir_model_free(model);
}

/* A set that no rule uses is nothing; a firewall is there whether used or not. */
Test(model_firewalls, unused)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, FIREWALL_DOCUMENT);
	cr_assert_eq(patch(model, SETS("\"x\":[\"10.0.0.7\"]"), &change, &err), 0);
	cr_assert_eq(change->n_tenants, 0);
	weir_model_commit(model, change, 2);
	assert_shows(model, "/tenants/red/sets/x", "[\"10.0.0.7\"]");
	cr_assert_eq(patch(model, SETS("\"web\":[\"10.0.0.7\"]"), &change, &err), 0);
	cr_assert_eq(change->n_tenants, 1);
	cr_assert(
	    weir_firewall_same(&change->tenants[0].before->firewalls[0], &change->tenants[0].after->firewalls[0]));
	cr_assert(
	    weir_firewall_same(&change->tenants[0].before->firewalls[1], &change->tenants[0].after->firewalls[1]));
	cr_assert(
	    !weir_firewall_same(&change->tenants[0].before->firewalls[2], &change->tenants[0].after->firewalls[2]));
	weir_model_abort(model, change);
	weir_model_free(model);
}

Test(model_firewalls, same)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_firewall *edge;
	struct weir_cfg_firewall other;

	must_load(model, FIREWALL_DOCUMENT);
	edge = &weir_model_tenant(model, "red")->firewalls[1];
	other = *edge;
	cr_assert(weir_firewall_same(edge, &other));
	other.name[0] = 'E';
	cr_assert(!weir_firewall_same(edge, &other));
	other = *edge;
	other.n_rules--;
	cr_assert(!weir_firewall_same(edge, &other) && !weir_firewall_same(&other, edge));
	for (uint32_t i = 0; i < edge->n_rules; i++)
		for (uint32_t k = 0; k < edge->n_rules; k++)
			cr_assert_eq(weir_rules_alike(&edge->rules[i], &edge->rules[k]), i == k, "%u, %u", i, k);
	weir_model_free(model);
}

static double
cpu_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* A set "s" of `n_set` addresses and a firewall of `n` rules, each with what `rule` says. The caller's to free(). */
static char *
make_document(uint32_t n_set, uint32_t n, const char *rule)
{
	char *text = malloc(1000 + (size_t)n_set * 20 + (size_t)n * (strlen(rule) + 80)), *at = text;

	at += sprintf(at, "{\"tenants\":{\"t\":{\"sets\":{\"s\":[");
	for (uint32_t i = 0; i < n_set; i++)
		at += sprintf(at, "%s\"10.0.%u.%u\"", i > 0 ? "," : "", i / 256, i % 256);
	at += sprintf(at, "]},\"firewalls\":{\"f\":{\"rules\":[");
	for (uint32_t i = 0; i < n; i++)
		at += sprintf(at, "%s{\"action\":\"allow\",%s}", i > 0 ? "," : "", rule);
	(void)sprintf(at, "]}}}}}");
	return text;
}

#define SIX_PORTS "\"proto\":\"udp\",\"dport\":[1,3,5,7,9,11]"
#define ENTRIES_8 "\"10.1.0.1\",\"10.1.0.2\",\"10.1.0.3\",\"10.1.0.4\",\"10.1.0.5\",\"10.1.0.6\",\"10.1.0.7\",\"@s\""
#define ENTRIES_64                                                                                                   \
	ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8 "," ENTRIES_8

Test(model_firewalls, bounds)
{
	static const struct {
		uint32_t n_set, n;
		const char *rule;
		int rc;
		const char *path, *msg;
	} cases[] = {
	    {1, WEIR_FW_RULES_MAX, "\"src\":\"@s\"", 0, "", ""},
	    {1, WEIR_FW_RULES_MAX + 1, "\"src\":\"@s\"", -E2BIG, "/tenants/t/firewalls/f/rules",
		"10001 entries: at most 10000 are allowed"},
	    {WEIR_CFG_SET_MAX, 64, "\"src\":\"@s\"", 0, "", ""},
	    {WEIR_CFG_SET_MAX + 1, 0, "", -E2BIG, "/tenants/t/sets/s", "1025 entries: at most 1024 are allowed"},
	    {WEIR_CFG_SET_MAX, 65, "\"dst\":\"@s\"", -E2BIG, "/tenants/t/firewalls/f/rules/64",
		"66560 combinations of addresses and ports up to this rule: at most 65536 are allowed"},
	    {256, 1, "\"src\":\"@s\",\"dst\":\"@s\"", 0, "", ""},
	    {256, 2, "\"src\":\"@s\",\"dst\":\"@s\"", -E2BIG, "/tenants/t/firewalls/f/rules/1",
		"131072 combinations"},
	    {256, 1, "\"src\":\"@s\",\"dst\":\"@s\"},{\"action\":\"deny\"", -E2BIG, "/tenants/t/firewalls/f/rules/1",
		"65537 combinations"},
	    {257, 1, "\"src\":\"@s\",\"dst\":\"@s\"", -E2BIG, "/tenants/t/firewalls/f/rules/0", "66049 combinations"},
	    {WEIR_CFG_SET_MAX, 11, "\"src\":\"@s\"," SIX_PORTS, -E2BIG, "/tenants/t/firewalls/f/rules/10",
		"67584 combinations"},
	    {WEIR_CFG_SET_MAX, 10, "\"src\":\"@s\"," SIX_PORTS, 0, "", ""},
	    {WEIR_CFG_SET_MAX, 2, "\"src\":\"@s\",\"sport\":[1,3,5,7,9,11]," SIX_PORTS, -E2BIG,
		"/tenants/t/firewalls/f/rules/1", "73728 combinations"},
	    /* types are looked at one by one, in no combination */
	    {WEIR_CFG_SET_MAX, 64, "\"src\":\"@s\",\"proto\":1,\"icmp_type\":[0,3,8]", 0, "", ""},
	    /* the same again is one */
	    {1, 100, "\"src\":[" ENTRIES_64 "]", 0, "", ""},
	    {1, 1, "\"src\":[" ENTRIES_64 ",\"::\"]", -E2BIG, "/tenants/t/firewalls/f/rules/0/src",
		"65 entries: at most 64 are allowed"},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		char *text = make_document(cases[i].n_set, cases[i].n, cases[i].rule);
		struct weir_model *model = new_model();
		struct weir_change *change;
		struct weir_err err;

		cr_assert_eq(load(model, text, &change, &err), cases[i].rc, "%zu: %s: %s", i, err.path, err.msg);
		cr_assert_str_eq(err.path, cases[i].path);
		cr_assert(strncmp(err.msg, cases[i].msg, strlen(cases[i].msg)) == 0, "%zu: %s", i, err.msg);
		weir_model_free(model);
		free(text);
	}
}

/* The least CPU time that so many rules took to load, of a few times. */
static double
load_ms(uint32_t n)
{
	char *text = make_document(
	    4, n, "\"src\":[\"@s\",\"192.0.2.0/24\",\"10.7.0.0/16\"],\"proto\":\"tcp\",\"dport\":\"1000-2000\"");
	double best = 1e9;

	for (uint32_t i = 0; i < 5; i++) {
		struct weir_model *model = new_model();
		double ms = -cpu_ms();

		must_load(model, text);
		ms += cpu_ms();
		best = ms < best ? ms : best;
		cr_assert_eq(weir_model_tenant(model, "t")->firewalls[0].n_rules, n);
		weir_model_free(model);
	}
	free(text);
	return best;
}

/* Ten times as many rules take about ten times as long, not a hundred. */
Test(model_firewalls, many_rules)
{
	double few = load_ms(WEIR_FW_RULES_MAX / 10), many = load_ms(WEIR_FW_RULES_MAX);

	cr_assert_lt(many, 30 * few, "%.1f ms, a tenth of it %.1f ms", many, few);
	cr_assert_lt(many, 1000, "%.1f ms", many);
}
