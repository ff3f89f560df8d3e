/* SPDX-License-Identifier: BSD-3-Clause */
/* One rule of a firewall. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

#define DIGITS_MAX 5 /* of a port */

/* A rule in the making. */
struct rule_read {
	const struct weir_tenant_read *tenant;
	struct weir_fw_rule *rule;
};

/* A word of the document and what it stands for. */
struct word {
	const char *word;
	uint16_t value;
};

/* The ranges of one field in the making. */
struct ranges {
	const char *allowed; /* as a refusal says it */
	uint16_t max;
	uint32_t n;
	struct weir_fw_range ranges[WEIR_CFG_RULE_RANGES_MAX];
};

static const struct word *
find_word(const struct word *words, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, text, len) == 0)
			return &words[i];
	return NULL;
}

/* The value that is one of `words`, or NULL. */
static const struct word *
word_of(const struct word *words, size_t n, const cJSON *json)
{
	return cJSON_IsString(json) ? find_word(words, n, json->valuestring, strlen(json->valuestring)) : NULL;
}

static int
read_action(const struct weir_at *at, const cJSON *json, void *out)
{
	static const struct word words[] = {
	    {"allow", WEIR_FW_ALLOW}, {"deny", WEIR_FW_DENY}, {"reject", WEIR_FW_REJECT}};
	const struct word *word = word_of(words, WEIR_ARRAY_LEN(words), json);
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;

	if (word == NULL)
		return weir_refuse(at, EINVAL, "\"allow\", \"deny\" or \"reject\"", json);
	rule->action = (uint8_t)word->value;
	rule->state = rule->action == WEIR_FW_ALLOW;
	return 0;
}

static int
read_direction(const struct weir_at *at, const cJSON *json, void *out)
{
	static const struct word words[] = {{"in", WEIR_FW_IN}, {"out", WEIR_FW_OUT}};
	const struct word *word = word_of(words, WEIR_ARRAY_LEN(words), json);

	if (word == NULL)
		return weir_refuse(at, EINVAL, "\"in\" or \"out\"", json);
	((struct rule_read *)out)->rule->directions = (uint8_t)word->value;
	return 0;
}

static int
read_proto(const struct weir_at *at, const cJSON *json, void *out)
{
	static const struct word words[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP},
	    {"icmp", IPPROTO_ICMP}, {"icmpv6", IPPROTO_ICMPV6}};
	static const char allowed[] =
	    "\"tcp\", \"udp\", \"sctp\", \"icmp\", \"icmpv6\" or a whole number from 0 to 255";
	const struct word *word = word_of(words, WEIR_ARRAY_LEN(words), json);
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;

	if (word != NULL) {
		rule->proto = word->value;
		return 0;
	}
	if (!cJSON_IsNumber(json) || trunc(json->valuedouble) != json->valuedouble)
		return weir_refuse(at, EINVAL, allowed, json);
	if (json->valuedouble < 0 || json->valuedouble > UINT8_MAX)
		return weir_refuse(at, ERANGE, allowed, json);
	rule->proto = (uint16_t)json->valuedouble;
	return 0;
}

static int
read_src(const struct weir_at *at, const cJSON *json, void *out)
{
	struct rule_read *read = out;

	return weir_read_prefixes(at, json, read->tenant, &read->rule->src, &read->rule->n_src);
}

static int
read_dst(const struct weir_at *at, const cJSON *json, void *out)
{
	struct rule_read *read = out;

	return weir_read_prefixes(at, json, read->tenant, &read->rule->dst, &read->rule->n_dst);
}

/* Digits, to a number that fits. NULL: none, or more than any number here has. */
static const char *
parse_number(const char *text, uint32_t *value)
{
	uint32_t digits = 0;

	for (*value = 0; isdigit((unsigned char)text[digits]) != 0; digits++) {
		if (digits == DIGITS_MAX)
			return NULL;
		*value = *value * 10 + (uint32_t)(text[digits] - '0');
	}
	return digits > 0 ? text + digits : NULL;
}

/* "N" or "N-M". */
static bool
parse_range(const char *text, uint32_t *first, uint32_t *last)
{
	text = parse_number(text, first);
	*last = *first;
	if (text != NULL && *text == '-')
		text = parse_number(text + 1, last);
	return text != NULL && *text == '\0';
}

static int
read_range(const struct weir_at *at, const cJSON *json, void *out)
{
	struct ranges *ranges = out;
	uint32_t first, last;

	if (cJSON_IsNumber(json) && trunc(json->valuedouble) == json->valuedouble) {
		if (json->valuedouble < 0 || json->valuedouble > ranges->max)
			return weir_refuse(at, ERANGE, ranges->allowed, json);
		first = last = (uint32_t)json->valuedouble;
	} else if (!cJSON_IsString(json) || !parse_range(json->valuestring, &first, &last)) {
		return weir_refuse(at, EINVAL, ranges->allowed, json);
	}
	if (first > last)
		return weir_at_err(at, EINVAL, "the range \"%s\" ends before it begins", json->valuestring);
	if (last > ranges->max)
		return weir_refuse(at, ERANGE, ranges->allowed, json);
	ranges->ranges[ranges->n++] = (struct weir_fw_range){.first = (uint16_t)first, .last = (uint16_t)last};
	return 0;
}

static int
compare_ranges(const void *a, const void *b)
{
	const struct weir_fw_range *x = a, *y = b;

	return x->first != y->first ? x->first - y->first : x->last - y->last;
}

/* Into memory of the rule's, in order, each once. */
static int
read_ranges(
    const struct weir_at *at, const cJSON *json, struct ranges *ranges, const struct weir_fw_range **to, uint32_t *n)
{
	int rc = weir_read_some(at, json, WEIR_CFG_RULE_RANGES_MAX, read_range, ranges);
	struct weir_fw_range *copy;

	if (rc != 0)
		return rc;
	qsort(ranges->ranges, ranges->n, sizeof(*ranges->ranges), compare_ranges);
	*to = copy = calloc(ranges->n, sizeof(*copy));
	if (copy == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	for (uint32_t i = 0; i < ranges->n; i++)
		if (*n == 0 || compare_ranges(&copy[*n - 1], &ranges->ranges[i]) != 0)
			copy[(*n)++] = ranges->ranges[i];
	return 0;
}

static int
read_ports(const struct weir_at *at, const cJSON *json, uint16_t proto, const struct weir_fw_range **to, uint32_t *n)
{
	struct ranges ranges = {
	    .allowed = "a port or ports, from 0 to 65535, such as 443 or \"1000-2000\"", .max = UINT16_MAX};

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP)
		return weir_at_err(at, EINVAL, "needs \"proto\" tcp, udp or sctp: others have no ports");
	return read_ranges(at, json, &ranges, to, n);
}

static int
read_sport(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;

	return read_ports(at, json, rule->proto, &rule->sport, &rule->n_sport);
}

static int
read_dport(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;

	return read_ports(at, json, rule->proto, &rule->dport, &rule->n_dport);
}

static int
read_icmp_type(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;
	struct ranges ranges = {
	    .allowed = "a type or types, from 0 to 255, such as 8 or \"13-14\"", .max = UINT8_MAX};

	if (rule->proto != IPPROTO_ICMP && rule->proto != IPPROTO_ICMPV6)
		return weir_at_err(at, EINVAL, "needs \"proto\" icmp or icmpv6");
	return read_ranges(at, json, &ranges, &rule->type, &rule->n_type);
}

/* One flag of "tcp_flags", with or without its '!'. */
static int
read_flag(const struct weir_at *at, const cJSON *json, const char *text, size_t len, struct weir_fw_rule *rule)
{
	static const struct word words[] = {{"fin", 0x01}, {"syn", 0x02}, {"rst", 0x04}, {"psh", 0x08}, {"ack", 0x10},
	    {"urg", 0x20}, {"ece", 0x40}, {"cwr", 0x80}};
	size_t absent = text[0] == '!' ? 1 : 0;
	const struct word *word = find_word(words, WEIR_ARRAY_LEN(words), text + absent, len - absent);

	if (word == NULL)
		return weir_refuse(
		    at, EINVAL, "words of fin, syn, rst, psh, ack, urg, ece, cwr, such as \"syn !ack\"", json);
	if (((rule->flags_set | rule->flags_clear) & word->value) != 0)
		return weir_at_err(at, EEXIST, "the flag %s is here twice", word->word);
	if (absent != 0)
		rule->flags_clear |= (uint8_t)word->value;
	else
		rule->flags_set |= (uint8_t)word->value;
	return 0;
}

static int
read_tcp_flags(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;
	const char *text = cJSON_IsString(json) ? json->valuestring : "";
	int rc;

	if (rule->proto != IPPROTO_TCP)
		return weir_at_err(at, EINVAL, "needs \"proto\" tcp");
	/* At least once: no word at all is none of the words. */
	do {
		size_t len;

		text += strspn(text, " ");
		len = strcspn(text, " ");
		rc = read_flag(at, json, text, len, rule);
		text += len;
	} while (rc == 0 && text[strspn(text, " ")] != '\0');
	return rc;
}

static int
read_state(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_fw_rule *rule = ((struct rule_read *)out)->rule;

	if (!cJSON_IsBool(json))
		return weir_refuse(at, EINVAL, "true or false", json);
	if (rule->action != WEIR_FW_ALLOW)
		return weir_at_err(at, EINVAL, "needs \"action\" allow: nothing else opens connections");
	rule->state = cJSON_IsTrue(json);
	return 0;
}

int
weir_read_rule(
    const struct weir_at *at, const cJSON *json, const struct weir_tenant_read *read, struct weir_fw_rule *rule)
{
	/* What others need, before them. */
	static const struct weir_field fields[] = {
	    {.key = "action", .read = read_action, .required = true},
	    {.key = "proto", .read = read_proto},
	    {.key = "direction", .read = read_direction},
	    {.key = "src", .read = read_src},
	    {.key = "dst", .read = read_dst},
	    {.key = "sport", .read = read_sport},
	    {.key = "dport", .read = read_dport},
	    {.key = "icmp_type", .read = read_icmp_type},
	    {.key = "tcp_flags", .read = read_tcp_flags},
	    {.key = "state", .read = read_state},
	};
	struct rule_read rule_read = {.tenant = read, .rule = rule};

	rule->directions = WEIR_FW_IN | WEIR_FW_OUT;
	rule->proto = WEIR_FW_ANY_PROTO;
	return weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), &rule_read);
}

void
weir_clear_rule(const struct weir_fw_rule *rule)
{
	weir_free_const(rule->src);
	weir_free_const(rule->dst);
	weir_free_const(rule->sport);
	weir_free_const(rule->dport);
	weir_free_const(rule->type);
}
