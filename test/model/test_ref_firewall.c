/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference's firewalls: rules, connections and their times. */
#include <string.h>

#include <criterion/criterion.h>

#include "fw_net.h"
#include "gen.h"

static const struct words to_web = {.from = 0, .to = 3, .proto = PROTO_TCP, .sport = 40000, .dport = 443};
static const struct words from_web = {.from = 3, .to = 0, .proto = PROTO_TCP, .sport = 443, .dport = 40000};

static uint64_t
tcp(const struct words *words, uint8_t flags)
{
	struct words said = *words;

	said.flags = flags;
	return say(&said);
}

/* ---- rules ---- */

Test(ref_firewall, without_rules, .init = begin_guarded)
{
	cr_assert_eq(tcp(&to_web, TCP_SYN), REF_REASON(DENIED));
	cr_assert_eq(result.drop, REF_REASON(DENIED));
	cr_assert_eq(result.n_outs, 0);
	cr_assert_eq(tcp(&from_web, TCP_SYN), REF_REASON(DENIED));
	cr_assert_eq(result.outs[0].drop, REF_REASON(DENIED), "where it was to leave");
	cr_assert_eq(result.n_counts, 0);
	/* Others are not concerned; ARP and ND pass. */
	topo.tenants[0].vports[0].firewall = 0;
	cr_assert_eq(tcp(&to_web, TCP_ACK), 0);
	topo.tenants[0].vports[0].firewall = 1;
	ask_arp(0, "10.0.0.1", "10.0.0.4", &everybody);
	cr_assert(!result.open && what_is_lost() == 0 && result.n_outs == 1);
	ask_nd(0, "2001:db8:a::1", "2001:db8:a::4");
	cr_assert(!result.open && what_is_lost() == 0 && result.n_outs == 1);
	(void)put_words(&to_web);
	put16(packet.data + 12, 0x88b5);
	cr_assert(!is_left_open(0) && what_is_lost() == REF_REASON(DENIED));
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO);
	cr_assert(!is_left_open(0) && what_is_lost() == REF_REASON(DENIED));
}

/* What a host says to come up. */
Test(ref_firewall, link, .init = begin_guarded)
{
	struct words words = {.from = 0, .to = 3, .v6 = true, .proto = PROTO_ICMPV6};

	for (uint32_t type = 0; type < 256; type++) {
		bool link = (type >= 130 && type <= 137) || type == 143;

		words.type = (uint8_t)type;
		(void)put_words(&words);
		(void)is_left_open(0); /* ND that is not as it should be may be */
		cr_assert_eq(what_is_lost(), link ? 0 : REF_REASON(DENIED), "type %u", type);
		cr_assert_eq(result.n_counts + result.n_ops, 0);
	}
}

Test(ref_firewall, what_rules_look_at, .init = begin_guarded)
{
	struct words words = to_web;
	struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP);

	rule->stateless = true;
	rule->directions = TOPO_IN;
	rule->n_dst = 2;
	rule->dst[0].net = prefix("10.0.1.0/24");
	rule->dst[1].set = 1;
	topo.tenants[0].sets[0] = (struct topo_set){.used = true, .n = 2};
	topo.tenants[0].sets[0].nets[0] = prefix("2001:db8:a::4/128");
	topo.tenants[0].sets[0].nets[1] = prefix("10.0.0.4/32");
	rule->n_dport = 2;
	rule->dport[0] = (struct topo_range){80, 80};
	rule->dport[1] = (struct topo_range){440, 443};
	rule->flags_set = TCP_ACK;
	rule->flags_clear = TCP_RST;
	cr_assert_eq(tcp(&words, TCP_ACK), 0);
	cr_assert(counted(0) == 1 && result.counts[0].bytes == 100 && !result.counts[0].maybe);
	cr_assert_eq(tcp(&words, TCP_ACK | TCP_RST), REF_REASON(DENIED));
	cr_assert_eq(tcp(&words, 0), REF_REASON(DENIED));
	cr_assert_eq(tcp(&from_web, TCP_ACK), REF_REASON(DENIED));
	rule->n_sport = 1;
	rule->sport[0] = (struct topo_range){1, 39999};
	cr_assert_eq(tcp(&words, TCP_ACK), REF_REASON(DENIED));
	rule->sport[0].last = 40000;
	cr_assert_eq(tcp(&words, TCP_ACK), 0);
	words.dport = 444;
	cr_assert_eq(tcp(&words, TCP_ACK), REF_REASON(DENIED));
	words.dport = 440;
	words.v6 = true;
	cr_assert_eq(tcp(&words, TCP_ACK), 0);
	words.proto = PROTO_UDP;
	cr_assert_eq(say(&words), REF_REASON(DENIED));
	/* A rule of IPv6 prefixes is not for IPv4. */
	rule->n_dst = 1;
	rule->dst[0].net = prefix("::/0");
	cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(DENIED));
	rule->n_dst = 0;
	rule->n_src = 1;
	rule->src[0].net = prefix("0.0.0.0/0");
	words.proto = PROTO_TCP;
	cr_assert_eq(tcp(&to_web, TCP_ACK), 0);
	cr_assert_eq(tcp(&words, TCP_ACK), REF_REASON(DENIED));
}

Test(ref_firewall, the_first_one_decides, .init = begin_guarded)
{
	struct words ping = {.from = 0, .to = 3, .proto = PROTO_ICMP, .type = 8, .sport = 7};

	add_rule(EDGE_FIREWALL, TOPO_DENY, PROTO_TCP);
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO)->directions = TOPO_IN;
	cr_assert_eq(tcp(&to_web, TCP_SYN), REF_REASON(DENIED));
	cr_assert_eq(counted(0), 1);
	cr_assert_eq(say(&ping), 0);
	cr_assert_eq(counted(1), 1);
	ping.type = 13; /* what is neither ping nor error passes by its rule */
	cr_assert_eq(say(&ping), 0);
	cr_assert_eq(result.n_ops, 0);
	ping.type = 0;
	cr_assert_eq(say(&ping), 0, "it is of the connection, whatever its direction");
	ping.sport = 8;
	cr_assert_eq(say(&ping), REF_REASON(NO_CONNECTION));
	EDGE_FIREWALL->rules[1].n_type = 1;
	EDGE_FIREWALL->rules[1].proto = PROTO_ICMP;
	EDGE_FIREWALL->rules[1].type[0] = (struct topo_range){13, 14};
	ping.type = 12;
	cr_assert_eq(say(&ping), REF_REASON(DENIED));
	ping.type = 14;
	cr_assert_eq(say(&ping), 0);
}

/* ---- TCP ---- */

/* Flags that each side sends one after the other: opener's in front of reply's; then how long it lasts. */
struct course {
	const char *text; /* "o" or "r" and flags: S A F R, a word each */
	uint32_t lasts, ends;
};

static void
follow(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		const struct words *words = *p == 'o' ? &to_web : &from_web;
		uint8_t flags = 0;

		for (p++; *p != ' ' && *p != '\0'; p++)
			flags |= *p == 'S' ? TCP_SYN : *p == 'A' ? TCP_ACK : *p == 'F' ? TCP_FIN : TCP_RST;
		cr_assert_eq(tcp(words, flags), 0, "%s: at %s", text, p);
		if (*p == '\0')
			break;
	}
}

Test(ref_firewall, tcp_states, .init = begin_guarded)
{
	static const struct course courses[] = {
	    {"oS", 29, 31},
	    {"oS rSA", 29, 31},
	    {"oS rSA oA", 7439, 7440 + 18},
	    {"oS rSA oA rA oA", 7439, 7440 + 18},
	    {"oS rSA oA oFA", 119, 121},
	    {"oS rSA oA oFA rA oFA", 119, 121},
	    {"oS rSA oA rFA", 119, 121},
	    {"oS rSA oA oFA rFA", 29, 31},
	    {"oS rSA oA rFA oFA rA", 29, 31},
	    {"oS rSA oA oRA", 9, 11},
	    {"oS rRA", 9, 11},
	};

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP)->directions = TOPO_IN;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(courses); i++) {
		follow(courses[i].text);
		wait_s(courses[i].lasts);
		cr_assert_eq(tcp(&from_web, TCP_RST), 0, "%s: ends too soon", courses[i].text);
		wait_s(20000);
		follow(courses[i].text);
		wait_s(courses[i].ends);
		cr_assert_eq(tcp(&from_web, TCP_ACK), REF_REASON(DENIED), "%s: lasts too long", courses[i].text);
		cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(NO_CONNECTION), "%s", courses[i].text);
	}
	/* Between the two nobody knows. */
	wait_s(20000);
	follow("oS rSA oA");
	wait_s(7445);
	(void)put_words(&from_web);
	cr_assert(is_left_open(3));
	wait_s(20000);
	follow("oS rA"); /* nor after what no host does */
	wait_s(100);
	(void)put_words(&from_web);
	cr_assert(is_left_open(3));
}

Test(ref_firewall, tcp_opens_by_syn_alone, .init = begin_guarded)
{
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP);
	cr_assert_eq(tcp(&to_web, TCP_SYN | TCP_ACK), REF_REASON(NO_CONNECTION));
	cr_assert_eq(tcp(&to_web, TCP_SYN | TCP_FIN), REF_REASON(NO_CONNECTION));
	cr_assert_eq(tcp(&to_web, TCP_SYN | TCP_RST), REF_REASON(NO_CONNECTION));
	cr_assert_eq(tcp(&to_web, 0), REF_REASON(NO_CONNECTION));
	cr_assert_eq(tcp(&from_web, TCP_ACK), REF_REASON(NO_CONNECTION));
	cr_assert_eq(result.outs[0].drop, REF_REASON(NO_CONNECTION));
	cr_assert_eq(tcp(&to_web, TCP_SYN | 0xc0), 0, "with ECN");
	cr_assert(result.alone);
	cr_assert_eq(tcp(&to_web, TCP_SYN), 0, "once more");
	cr_assert(!result.alone);
}

/* A rule for SYN alone is for all that follows. */
Test(ref_firewall, tcp_opening_is_what_is_matched, .init = begin_guarded)
{
	struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP);

	rule->directions = TOPO_IN;
	rule->flags_set = TCP_SYN;
	rule->flags_clear = TCP_ACK;
	cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(DENIED));
	follow("oS rSA oA rA oFA rFA oA");
	cr_assert_eq(counted(0), 1);
}

Test(ref_firewall, tcp_opens_again, .init = begin_guarded)
{
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP)->directions = TOPO_IN;
	follow("oS rRA");
	/* In the other direction it is not allowed. */
	cr_assert_eq(tcp(&from_web, TCP_SYN), REF_REASON(DENIED));
	cr_assert_eq(tcp(&from_web, TCP_ACK), 0, "it is closed, but not gone");
	follow("oS rSA oA oFA rFA oA");
	cr_assert_eq(tcp(&from_web, TCP_SYN), REF_REASON(DENIED));
	EDGE_FIREWALL->rules[0].directions = TOPO_OUT;
	cr_assert_eq(tcp(&from_web, TCP_SYN), 0);
	cr_assert_eq(tcp(&to_web, TCP_SYN | TCP_ACK), 0);
	cr_assert_eq(tcp(&from_web, TCP_ACK), 0);
	wait_s(7000);
	cr_assert_eq(tcp(&to_web, TCP_ACK), 0);
}

/* ---- other protocols ---- */

Test(ref_firewall, udp_and_others, .init = begin_guarded)
{
	static const uint8_t protos[] = {PROTO_UDP, PROTO_SCTP, 47};

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO)->directions = TOPO_OUT;
	for (size_t i = 0; i < WEIR_ARRAY_LEN(protos); i++) {
		struct words ask = {.from = 3, .to = 0, .v6 = true, .proto = protos[i], .sport = 5, .dport = 53};
		struct words answer = {.from = 0, .to = 3, .v6 = true, .proto = protos[i], .sport = 53, .dport = 5};

		wait_s(1000);
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
		cr_assert_eq(say(&ask), 0);
		wait_s(29);
		cr_assert_eq(say(&ask), 0);
		wait_s(29);
		cr_assert_eq(say(&answer), 0);
		wait_s(119);
		cr_assert_eq(say(&answer), 0);
		wait_s(120 + 18);
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
		cr_assert_eq(say(&ask), 0);
		wait_s(30 + 18);
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
	}
}

Test(ref_firewall, ping, .init = begin_guarded)
{
	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t proto = v6 != 0 ? PROTO_ICMPV6 : PROTO_ICMP;
		struct words ask = {
		    .from = 0, .to = 3, .v6 = v6 != 0, .proto = proto, .type = v6 != 0 ? 128 : 8, .sport = 1};
		struct words answer = {
		    .from = 3, .to = 0, .v6 = v6 != 0, .proto = proto, .type = v6 != 0 ? 129 : 0, .sport = 1};
		struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, proto);

		rule->directions = TOPO_IN;
		rule->n_type = 1;
		rule->type[0] = (struct topo_range){ask.type, ask.type};
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
		cr_assert_eq(say(&ask), 0);
		wait_s(29);
		cr_assert_eq(say(&answer), 0);
		answer.sport = 2;
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
		answer.sport = 1;
		wait_s(30 + 18);
		cr_assert_eq(say(&answer), REF_REASON(DENIED));
	}
}

/* ---- the rules change ---- */

Test(ref_firewall, rules_as_they_are_now, .init = begin_guarded)
{
	struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP);
	static struct topo before;

	rule->directions = TOPO_IN;
	rule->n_dport = 1;
	rule->dport[0] = (struct topo_range){443, 443};
	follow("oS rSA oA");
	cr_assert_eq(counted(0), 1);
	rule->dport[0].last = 442;
	rule->dport[0].first = 442;
	cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(DENIED));
	cr_assert_eq(tcp(&from_web, TCP_ACK), REF_REASON(DENIED));
	rule->dport[0].last = 443;
	cr_assert_eq(tcp(&from_web, TCP_ACK), 0, "it has not been forgotten");
	add_rule(EDGE_FIREWALL, TOPO_DENY, PROTO_TCP)->directions = TOPO_OUT;
	cr_assert_eq(tcp(&from_web, TCP_ACK), 0, "the answers' own rule is not asked");
	cr_assert_eq(counted(0), 1);
	rule->stateless = true;
	cr_assert_eq(tcp(&to_web, TCP_ACK), 0);
	cr_assert_eq(tcp(&from_web, TCP_ACK), REF_REASON(DENIED));
	rule->stateless = false;
	/* Another firewall at the same place keeps it, another place does not. */
	before = topo;
	ref.topo = &before;
	*OTHER_FIREWALL = *EDGE_FIREWALL;
	topo.tenants[0].vports[0].firewall = 2;
	ref_configure(&ref, &topo);
	cr_assert_eq(tcp(&from_web, TCP_ACK), 0);
	/* Whether one that was detached meanwhile still knows it is not said. */
	before = topo;
	ref.topo = &before;
	topo.tenants[0].vports[0].firewall = 0;
	ref_configure(&ref, &topo);
	topo.tenants[0].vports[0].firewall = 2;
	(void)put_words(&from_web);
	cr_assert(is_left_open(3));
	before = topo;
	ref.topo = &before;
	topo.tenants[0].vports[0].used = false;
	ref_configure(&ref, &topo);
	topo.tenants[0].vports[0].used = true;
	ref_configure(&ref, &topo);
	cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(NO_CONNECTION));
}

Test(ref_firewall, stateless_comes_first, .init = begin_guarded)
{
	struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP);

	rule->stateless = true;
	rule->directions = TOPO_OUT;
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP)->directions = TOPO_IN;
	cr_assert_eq(tcp(&to_web, TCP_SYN), 0);
	cr_assert_eq(counted(1), 1);
	cr_assert_eq(tcp(&from_web, TCP_SYN | TCP_ACK), 0);
	cr_assert(counted(0) == 1 && result.n_ops == 0);
	wait_s(31);
	cr_assert_eq(tcp(&to_web, TCP_ACK), REF_REASON(NO_CONNECTION), "what passed by itself moved nothing");
}

/* ---- quotas ---- */

Test(ref_firewall, quota, .init = begin_guarded)
{
	struct words words = to_web;

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_TCP)->directions = TOPO_IN;
	topo.tenants[0].caps_connections = true;
	cr_assert_eq(tcp(&words, TCP_SYN), REF_REASON(CONNECTION_QUOTA));
	topo.tenants[0].quota_connections = 2;
	cr_assert_eq(tcp(&words, TCP_SYN), 0);
	words.sport++;
	cr_assert_eq(tcp(&words, TCP_SYN), 0);
	cr_assert_eq(tcp(&words, TCP_SYN), 0, "it is there");
	words.sport++;
	cr_assert_eq(tcp(&words, TCP_SYN), REF_REASON(CONNECTION_QUOTA));
	cr_assert(counted(0) == 1 && result.counts[0].maybe);
	wait_s(31);
	(void)put_words(&words);
	packet.data[ETH_HEADER + 20 + 13] = TCP_SYN;
	cr_assert(is_left_open(0), "what is over may still be there");
	ref_tended(&ref);
	cr_assert_eq(tcp(&words, TCP_SYN), 0);
	/* So may one that is to be opened again, in its own place. */
	topo.tenants[0].quota_connections = 1;
	cr_assert_eq(tcp(&words, TCP_RST), 0);
	(void)put_words(&words);
	packet.data[ETH_HEADER + 20 + 13] = TCP_SYN;
	cr_assert(is_left_open(0));
	topo.tenants[0].quota_connections = 2;
	cr_assert_eq(tcp(&words, TCP_SYN), 0);
	/* One at each of two firewalls is two, or none. */
	topo.tenants[0].routers[0].ifaces[0].firewall = 1;
	words = (struct words){.from = 0, .to = 1, .proto = PROTO_TCP, .sport = 7, .dport = 8};
	cr_assert_eq(tcp(&words, TCP_SYN), REF_REASON(CONNECTION_QUOTA));
	topo.tenants[0].quota_connections = 3;
	cr_assert_eq(tcp(&words, TCP_SYN), 0);
}
