/* SPDX-License-Identifier: BSD-3-Clause */
/* Each condition at its edges, of rules that are scanned and of the same ones compiled for many. */
#include <errno.h>

#include <criterion/criterion.h>

#include "firewall_priv.h"

static struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix p;

	cr_assert_eq(weir_prefix_parse(text, &p), 0, "%s", text);
	return p;
}

static struct weir_ip
address(const char *text)
{
	struct weir_ip ip;

	cr_assert_eq(weir_ip_parse(text, &ip), 0, "%s", text);
	return ip;
}

static struct weir_fw_packet
packet(const char *src, const char *dst)
{
	return (struct weir_fw_packet){.src = address(src), .dst = address(dst), .direction = WEIR_FW_IN, .proto = 6};
}

#define BOTH .directions = WEIR_FW_IN | WEIR_FW_OUT
#define ANY BOTH, .proto = WEIR_FW_ANY_PROTO

/* What scan and tables both say. */
static uint32_t
match(const struct weir_fw_rule *rules, uint32_t n, const struct weir_fw_packet *p)
{
	uint32_t index[2];

	for (uint32_t i = 0; i < 2; i++) {
		struct weir_err err = {0};
		struct weir_fw *fw = fw_create(rules, n, i == 0 ? WEIR_FW_EXPANDED_MAX : 0, &err);

		cr_assert_not_null(fw, "%s", err.msg);
		index[i] = weir_fw_match(fw, p);
		weir_fw_free(fw);
	}
	cr_assert_eq(index[0], index[1], "%u by scan, %u by tables", index[0], index[1]);
	return index[0];
}

static bool
matches(const struct weir_fw_rule *rule, const struct weir_fw_packet *p)
{
	return match(rule, 1, p) == 0;
}

Test(firewall, first_match_wins)
{
	struct weir_fw_rule rules[] = {
	    {BOTH, .proto = 17}, {.directions = WEIR_FW_OUT, .proto = WEIR_FW_ANY_PROTO}, {ANY}, {BOTH, .proto = 6}};
	struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");

	cr_assert_eq(match(rules, 4, &p), 2);
	p.direction = WEIR_FW_OUT;
	cr_assert_eq(match(rules, 4, &p), 1);
	p.proto = 17;
	cr_assert_eq(match(rules, 4, &p), 0);
	cr_assert_eq(match(rules, 0, &p), WEIR_NONE);
}

Test(firewall, no_rules_and_no_match)
{
	struct weir_fw_rule rule = {BOTH, .proto = 17};
	struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");

	cr_assert_eq(match(&rule, 1, &p), WEIR_NONE);
	p = packet("2001:db8::1", "2001:db8::2");
	cr_assert_eq(match(&rule, 1, &p), WEIR_NONE);
	weir_fw_free(NULL);
}

Test(firewall, directions)
{
	for (uint8_t d = 0; d < 4; d++) {
		struct weir_fw_rule rule = {.directions = d, .proto = WEIR_FW_ANY_PROTO};
		struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");

		cr_assert_eq(matches(&rule, &p), (d & WEIR_FW_IN) != 0);
		p.direction = WEIR_FW_OUT;
		cr_assert_eq(matches(&rule, &p), (d & WEIR_FW_OUT) != 0);
	}
}

Test(firewall, protocols)
{
	struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");

	for (uint16_t proto = 0; proto <= WEIR_FW_ANY_PROTO; proto++) {
		struct weir_fw_rule rule = {BOTH, .proto = proto};

		p.proto = (uint8_t)proto;
		cr_assert(matches(&rule, &p));
		p.proto = (uint8_t)(proto + 1);
		cr_assert_eq(matches(&rule, &p), proto == WEIR_FW_ANY_PROTO);
	}
}

Test(firewall, prefixes_of_every_length)
{
	for (uint32_t len = 0; len <= 128; len++) {
		for (int v4 = 0; v4 < 2; v4++) {
			struct weir_fw_packet p =
			    packet(v4 ? "10.1.2.3" : "2001:db8::a:b:c:d", v4 ? "10.1.2.3" : "2001:db8::a:b:c:d");
			struct weir_prefix net = {.ip = p.src, .len = (uint8_t)len};
			struct weir_fw_rule by_src = {ANY, .n_src = 1, .src = &net};
			struct weir_fw_rule by_dst = {ANY, .n_dst = 1, .dst = &net};
			uint32_t floor = v4 ? 96 : 0;

			if (len < floor)
				continue;
			cr_assert(matches(&by_src, &p) && matches(&by_dst, &p));
			if (len > floor) { /* the last bit that counts */
				p.src.b[(len - 1) / 8] ^= (uint8_t)(0x80 >> (len - 1) % 8);
				cr_assert(!matches(&by_src, &p) && matches(&by_dst, &p), "%u", len);
				p.src = net.ip;
				p.dst.b[(len - 1) / 8] ^= (uint8_t)(0x80 >> (len - 1) % 8);
				cr_assert(matches(&by_src, &p) && !matches(&by_dst, &p), "%u", len);
				p.dst = net.ip;
			}
			if (len < 128) { /* the first that does not */
				p.src.b[len / 8] ^= (uint8_t)(0x80 >> len % 8);
				cr_assert(matches(&by_src, &p), "%u", len);
			}
		}
	}
}

Test(firewall, families)
{
	struct weir_prefix v4 = prefix("0.0.0.0/0"), v6 = prefix("::/0");
	struct weir_prefix both[] = {prefix("10.0.0.0/8"), prefix("2001:db8::/32")};
	struct weir_fw_packet p4 = packet("10.0.0.1", "10.0.0.2"), p6 = packet("2001:db8::1", "2001:db8::2");
	struct weir_fw_rule src4 = {ANY, .n_src = 1, .src = &v4}, dst6 = {ANY, .n_dst = 1, .dst = &v6};
	struct weir_fw_rule crossed = {ANY, .n_src = 1, .src = &v4, .n_dst = 1, .dst = &v6};
	struct weir_fw_rule mixed = {ANY, .n_src = 2, .src = both, .n_dst = 2, .dst = both};

	cr_assert(matches(&src4, &p4) && !matches(&src4, &p6));
	cr_assert(!matches(&dst6, &p4) && matches(&dst6, &p6));
	cr_assert(!matches(&crossed, &p4) && !matches(&crossed, &p6));
	cr_assert(matches(&mixed, &p4) && matches(&mixed, &p6));
	p4.dst = address("11.0.0.1");
	p6.src = address("2001:db9::");
	cr_assert(!matches(&mixed, &p4) && !matches(&mixed, &p6));
}

/* Which of the values 0 to 65535 around the edges a rule with these two ranges matches. */
Test(firewall, ports_and_types)
{
	static const struct weir_fw_range ranges[] = {{0, 0}, {22, 22}, {80, 90}, {255, 256}, {65000, 65535}};
	static const uint16_t values[] = {
	    0, 1, 21, 22, 23, 79, 80, 85, 90, 91, 254, 255, 256, 257, 64999, 65000, 65535};

	for (uint32_t i = 0; i + 1 < WEIR_ARRAY_LEN(ranges); i++) {
		struct weir_fw_rule s = {ANY, .n_sport = 2, .sport = &ranges[i]};
		struct weir_fw_rule d = {ANY, .n_dport = 2, .dport = &ranges[i]};
		struct weir_fw_rule t = {ANY, .n_type = 2, .type = &ranges[i]};

		for (uint32_t k = 0; k < WEIR_ARRAY_LEN(values); k++) {
			struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");
			uint16_t v = values[k];
			bool in = (v >= ranges[i].first && v <= ranges[i].last) ||
				  (v >= ranges[i + 1].first && v <= ranges[i + 1].last);

			p.sport = v;
			p.dport = 7;
			cr_assert_eq(matches(&s, &p), in, "%u", v);
			p.dport = v;
			p.sport = 7;
			cr_assert_eq(matches(&d, &p), in, "%u", v);
			p.dport = 7;
			p.type = (uint8_t)v;
			if (v <= UINT8_MAX)
				cr_assert_eq(matches(&t, &p), in, "%u", v);
		}
	}
}

Test(firewall, tcp_flags)
{
	for (uint32_t flags = 0; flags < 256; flags++) {
		struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");
		struct weir_fw_rule syn = {ANY, .flags_set = 0x02, .flags_clear = 0x10};
		struct weir_fw_rule some = {ANY, .flags_set = 0x81}, none = {ANY, .flags_clear = 0x06};
		struct weir_fw_rule never = {ANY, .flags_set = 0x03, .flags_clear = 0x02};

		p.tcp_flags = (uint8_t)flags;
		if (flags % 5 != 0 && flags != 0x12 && flags != 0x02 && flags != 0x81)
			continue;
		cr_assert_eq(matches(&syn, &p), (flags & 0x12) == 0x02);
		cr_assert_eq(matches(&some, &p), (flags & 0x81) == 0x81);
		cr_assert_eq(matches(&none, &p), (flags & 0x06) == 0);
		cr_assert(!matches(&never, &p));
	}
}

/* What is not known may be anything. */
Test(firewall, partial_packets)
{
	struct weir_fw_range range = {80, 80}, impossible = {300, 400};
	struct weir_prefix net = prefix("10.0.0.2/32"), other = prefix("10.0.0.3/32");
	struct weir_fw_rule rules[] = {
	    {ANY, .n_dport = 1, .dport = &range, .n_dst = 1, .dst = &other},
	    {BOTH, .n_dport = 1, .dport = &range, .proto = 17},
	    {ANY, .n_dport = 1, .dport = &range},
	    {ANY, .n_dst = 1, .dst = &net},
	};
	struct weir_fw_packet p = packet("10.0.0.1", "10.0.0.2");
	struct weir_fw_rule deep[] = {{ANY, .n_sport = 1, .sport = &range}, {ANY, .n_type = 1, .type = &impossible},
	    {ANY, .flags_set = 1}, {ANY, .flags_set = 1, .flags_clear = 1}};

	cr_assert_eq(match(rules, 4, &p), 3);
	p.partial = true;
	cr_assert_eq(match(rules, 4, &p), 2);
	p.proto = 17;
	cr_assert_eq(match(rules, 4, &p), 1);
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(deep); i++) {
		p.partial = false;
		cr_assert(!matches(&deep[i], &p));
		p.partial = true;
		cr_assert(matches(&deep[i], &p));
		deep[i].directions = WEIR_FW_OUT;
		cr_assert(!matches(&deep[i], &p));
	}
}

Test(firewall, effects)
{
	struct weir_fw_range range = {1, 1};
	struct weir_fw_rule rules[] = {{ANY, .action = WEIR_FW_REJECT}, {ANY, .action = WEIR_FW_ALLOW},
	    {ANY, .action = WEIR_FW_ALLOW, .state = true, .n_dport = 1, .dport = &range}, {ANY, .flags_clear = 1},
	    {ANY, .n_sport = 1, .sport = &range}, {ANY, .n_type = 1, .type = &range}};
	struct weir_fw *fw = weir_fw_create(rules, 6, NULL);
	struct weir_fw_effect e = weir_fw_effect(fw, 0);

	cr_assert(e.action == WEIR_FW_REJECT && !e.state && !e.deep);
	e = weir_fw_effect(fw, 1);
	cr_assert(e.action == WEIR_FW_ALLOW && !e.state && !e.deep);
	e = weir_fw_effect(fw, 2);
	cr_assert(e.action == WEIR_FW_ALLOW && e.state && e.deep);
	for (uint32_t i = 3; i < 6; i++)
		cr_assert(weir_fw_effect(fw, i).action == WEIR_FW_DENY && weir_fw_effect(fw, i).deep);
	e = weir_fw_effect(fw, WEIR_NONE);
	cr_assert(e.action == WEIR_FW_DENY && !e.state && !e.deep);
	weir_fw_free(fw);
}

Test(firewall, too_many_combinations)
{
	static struct weir_prefix nets[256];
	static struct weir_fw_range ranges[17];
	struct weir_fw_rule rule = {
	    ANY, .n_src = 256, .src = nets, .n_dst = 16, .dst = nets, .n_dport = 16, .dport = ranges};
	struct weir_fw_rule two[2] = {rule, {ANY}};
	struct weir_err err = {0};
	struct weir_fw *fw;

	for (uint32_t i = 0; i < 256; i++) {
		nets[i] = prefix("10.0.0.0/32");
		nets[i].ip.b[15] = (uint8_t)i;
	}
	for (uint16_t i = 0; i < 17; i++)
		ranges[i] = (struct weir_fw_range){i, i};
	cr_assert_eq(weir_fw_expanded(&rule, 1), 65536);
	fw = fw_create(&rule, 1, WEIR_FW_EXPANDED_MAX, &err);
	cr_assert_not_null(fw);
	weir_fw_free(fw);
	cr_assert_eq(weir_fw_expanded(two, 2), 65537);
	cr_assert_null(weir_fw_create(two, 2, &err));
	cr_assert_eq(err.errnum, ENOSPC);
	rule.n_sport = 3;
	rule.sport = ranges;
	rule.n_type = 2;
	cr_assert_eq(weir_fw_expanded(&rule, 1), 65536 * 6);
	cr_assert_eq(weir_fw_expanded(two, 0), 0);
}
