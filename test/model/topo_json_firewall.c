/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets, rules and what is attached, as the document says it: now in one of the ways that mean the same, now in
 * another. */
#include "topo_priv.h"

/* ---- lists ---- */

static void
write_prefix(FILE *out, const struct weir_prefix *net)
{
	char text[46];
	uint32_t len = weir_ip_is_v4(&net->ip) ? net->len - 96u : net->len;

	(void)weir_ip_format(&net->ip, text, sizeof(text));
	if (net->len == 128 && net->ip.b[15] % 2 == 0)
		(void)fprintf(out, "\"%s\"", text); /* an address is a prefix of one */
	else
		(void)fprintf(out, "\"%s/%u\"", text, len);
}

static void
write_nets(FILE *out, const char *name, const struct topo_net *nets, uint32_t n)
{
	if (n == 0)
		return;
	(void)fprintf(out, ",\"%s\":%s", name, n > 1 ? "[" : "");
	for (uint32_t i = 0; i < n; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		if (nets[i].set != 0)
			(void)fprintf(out, "\"@g%u\"", nets[i].set - 1);
		else
			write_prefix(out, &nets[i].net);
	}
	(void)fputs(n > 1 ? "]" : "", out);
}

static void
write_ranges(FILE *out, const char *name, const struct topo_range *ranges, uint32_t n)
{
	if (n == 0)
		return;
	(void)fprintf(out, ",\"%s\":%s", name, n > 1 ? "[" : "");
	for (uint32_t i = 0; i < n; i++) {
		const struct topo_range *range = &ranges[i];

		(void)fputs(i > 0 ? "," : "", out);
		if (range->first != range->last)
			(void)fprintf(out, "\"%u-%u\"", range->first, range->last);
		else if (range->first % 2 == 0)
			(void)fprintf(out, "\"%u\"", range->first);
		else
			(void)fprintf(out, "%u", range->first);
	}
	(void)fputs(n > 1 ? "]" : "", out);
}

/* ---- rules ---- */

static void
write_flags(FILE *out, const struct topo_rule *rule)
{
	static const char *const names[8] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};
	const char *between = "";

	if ((rule->flags_set | rule->flags_clear) == 0)
		return;
	(void)fputs(",\"tcp_flags\":\"", out);
	for (int i = 0; i < 8; i++) {
		if (((rule->flags_set | rule->flags_clear) >> i & 1) == 0)
			continue;
		(void)fprintf(out, "%s%s%s", between, (rule->flags_set >> i & 1) != 0 ? "" : "!", names[i]);
		between = " ";
	}
	(void)fputs("\"", out);
}

static void
write_proto(FILE *out, uint16_t proto, bool by_name)
{
	const char *name = proto == PROTO_TCP	   ? "tcp"
			   : proto == PROTO_UDP	   ? "udp"
			   : proto == PROTO_SCTP   ? "sctp"
			   : proto == PROTO_ICMP   ? "icmp"
			   : proto == PROTO_ICMPV6 ? "icmpv6"
						   : NULL;

	if (proto == TOPO_ANY_PROTO)
		return;
	if (by_name && name != NULL)
		(void)fprintf(out, ",\"proto\":\"%s\"", name);
	else
		(void)fprintf(out, ",\"proto\":%u", proto);
}

static void
write_rule(FILE *out, const struct topo_rule *rule)
{
	static const char *const actions[] = {"allow", "deny", "reject"};
	/* What names ports, types or flags needs the protocol's name. */
	bool deep = rule->n_sport + rule->n_dport + rule->n_type > 0 || (rule->flags_set | rule->flags_clear) != 0;

	(void)fprintf(out, "{\"action\":\"%s\"", actions[rule->action]);
	if (rule->directions != (TOPO_IN | TOPO_OUT))
		(void)fprintf(out, ",\"direction\":\"%s\"", rule->directions == TOPO_IN ? "in" : "out");
	write_proto(out, rule->proto, deep || rule->n_src % 2 == 0);
	write_nets(out, "src", rule->src, rule->n_src);
	write_nets(out, "dst", rule->dst, rule->n_dst);
	write_ranges(out, "sport", rule->sport, rule->n_sport);
	write_ranges(out, "dport", rule->dport, rule->n_dport);
	write_ranges(out, "icmp_type", rule->type, rule->n_type);
	write_flags(out, rule);
	if (rule->stateless)
		(void)fputs(",\"state\":false", out);
	else if (rule->action == TOPO_ALLOW && rule->n_dst % 2 == 1)
		(void)fputs(",\"state\":true", out); /* as goes without saying */
	(void)fputc('}', out);
}

/* ---- what is by name ---- */

static void
write_set(FILE *out, const struct topo_set *set)
{
	for (uint32_t i = 0; i < set->n; i++) {
		(void)fputs(i == 0 ? "[" : ",", out);
		write_prefix(out, &set->nets[i]);
	}
	(void)fputc(']', out);
}

static void
write_firewall(FILE *out, const struct topo_firewall *firewall)
{
	(void)fputs("{\"rules\":[", out);
	for (uint32_t i = 0; i < firewall->n_rules; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		write_rule(out, &firewall->rules[i]);
	}
	(void)fputs("]}", out);
}

static void
write_sets(FILE *out, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	const char *between = "";

	(void)fputs(",\"sets\":{", out);
	for (uint32_t i = 0; i < TOPO_SETS; i++) {
		const struct topo_set *set = &tenant->sets[i];
		const struct topo_set *was = before != NULL && before->sets[i].used ? &before->sets[i] : NULL;

		if ((!set->used && was == NULL) || (set->used && was != NULL && topo_equal(set, was, sizeof(*set))))
			continue;
		(void)fprintf(out, "%s\"g%u\":", between, i);
		between = ",";
		if (set->used)
			write_set(out, set);
		else
			(void)fputs("null", out);
	}
	(void)fputc('}', out);
}

void
topo_write_firewalls(FILE *out, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	const char *between = "";
	bool any = false;

	for (uint32_t i = 0; i < TOPO_FIREWALLS; i++)
		any |= tenant->firewalls[i].used || (before != NULL && before->firewalls[i].used);
	for (uint32_t i = 0; i < TOPO_SETS; i++)
		any |= tenant->sets[i].used || (before != NULL && before->sets[i].used);
	if (!any)
		return;
	write_sets(out, tenant, before);
	(void)fputs(",\"firewalls\":{", out);
	for (uint32_t i = 0; i < TOPO_FIREWALLS; i++) {
		const struct topo_firewall *is = &tenant->firewalls[i];
		const struct topo_firewall *was =
		    before != NULL && before->firewalls[i].used ? &before->firewalls[i] : NULL;

		if ((!is->used && was == NULL) || (is->used && was != NULL && topo_equal(is, was, sizeof(*is))))
			continue;
		(void)fprintf(out, "%s\"f%u\":", between, i);
		between = ",";
		if (is->used)
			write_firewall(out, is);
		else
			(void)fputs("null", out);
	}
	(void)fputc('}', out);
}

void
topo_write_attached(FILE *out, uint32_t firewall, uint32_t before)
{
	if (firewall != 0)
		(void)fprintf(out, ",\"firewall\":\"f%u\"", firewall - 1);
	else if (before != 0)
		(void)fputs(",\"firewall\":null", out);
}

void
topo_write_connections(FILE *out, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	if (tenant->caps_connections)
		(void)fprintf(out, ",\"connections\":%u", tenant->quota_connections);
	else if (before != NULL && before->caps_connections)
		(void)fputs(",\"connections\":null", out);
}
