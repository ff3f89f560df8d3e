/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference's firewalls: errors, fragments, rejects, several of them on the way, routers. */
#include <string.h>

#include <criterion/criterion.h>

#include "fw_net.h"
#include "gen.h"

static const struct words ask = {.from = 0, .to = 3, .proto = PROTO_UDP, .sport = 40000, .dport = 53};
static const struct words answer = {.from = 3, .to = 0, .proto = PROTO_UDP, .sport = 53, .dport = 40000};

/* ---- errors about packets ---- */

/* An ICMP error of host 3 to host 0, about what host 0 said: `cut` bytes of it are left. */
static void
put_error(const struct words *about, uint8_t type, uint32_t cut)
{
	static struct wire quoted;
	struct words error = {.from = 3, .to = 0, .v6 = about->v6, .type = type};
	uint32_t header = about->v6 ? 40 : 20;
	uint8_t *p;

	(void)put_words(about);
	if (!about->v6)
		gen_ip_finish(&packet, ETH_HEADER);
	quoted = packet;
	error.proto = about->v6 ? PROTO_ICMPV6 : PROTO_ICMP;
	p = put_words(&error);
	memcpy(p + 8, quoted.data + ETH_HEADER, cut);
	packet.len = ETH_HEADER + header + 8 + cut;
	gen_ip_finish(&packet, ETH_HEADER);
}

static uint64_t
error_about(const struct words *about, uint8_t type, uint32_t cut)
{
	put_error(about, type, cut);
	goes(3);
	return what_is_lost();
}

Test(ref_guarded, related, .init = begin_guarded)
{
	struct words other = ask;

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_UDP)->directions = TOPO_IN;
	cr_assert_eq(error_about(&ask, 3, 48), REF_REASON(DENIED));
	cr_assert_eq(say(&ask), 0);
	cr_assert_eq(error_about(&ask, 3, 48), 0);
	cr_assert(counted(0) == 1 && !result.alone);
	cr_assert_eq(error_about(&ask, 11, 28), 0);
	cr_assert_eq(error_about(&answer, 4, 28), 0, "either direction");
	cr_assert_eq(error_about(&ask, 5, 28), REF_REASON(DENIED), "redirects do not");
	cr_assert_eq(error_about(&ask, 3, 23), REF_REASON(DENIED), "too short");
	put_error(&ask, 3, 26);
	cr_assert(is_left_open(3));
	put_error(&ask, 3, 48);
	packet.data[ETH_HEADER + 28 + 7] = 8; /* a later fragment has no ports */
	goes(3);
	cr_assert_eq(what_is_lost(), REF_REASON(DENIED));
	other.dport = 256;
	cr_assert_eq(say(&other), 0);
	cr_assert_eq(error_about(&other, 3, 23), REF_REASON(DENIED), "all but a byte of its ports");
	other = ask;
	other.sport++;
	cr_assert_eq(error_about(&other, 3, 48), REF_REASON(DENIED));
	other = ask;
	other.proto = PROTO_TCP;
	cr_assert_eq(error_about(&other, 3, 48), REF_REASON(DENIED));
	/* Not if it would not be opened now; then only by a rule of its own. */
	EDGE_FIREWALL->rules[0].action = TOPO_DENY;
	cr_assert_eq(error_about(&ask, 3, 48), REF_REASON(DENIED));
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_ICMP);
	cr_assert_eq(error_about(&ask, 3, 48), 0);
	cr_assert(counted(1) == 1 && result.n_ops == 0);
}

Test(ref_guarded, related_in_ipv6, .init = begin_guarded)
{
	struct words ping = {.from = 0, .to = 3, .v6 = true, .proto = PROTO_ICMPV6, .type = 128, .sport = 9};
	struct words nothing = {.from = 0, .to = 3, .v6 = true, .proto = PROTO_ICMPV6, .type = 3};

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO)->directions = TOPO_IN;
	cr_assert_eq(say(&ping), 0);
	for (uint8_t type = 1; type <= 4; type++)
		cr_assert_eq(error_about(&ping, type, 48), 0);
	ping.sport = 8;
	cr_assert_eq(error_about(&ping, 1, 48), REF_REASON(DENIED));
	cr_assert_eq(error_about(&nothing, 1, 48), REF_REASON(DENIED), "about an error");
}

/* ---- fragments ---- */

/* Part of host 0's packet to host 3: the first, with so many bytes behind the IP header, or a later one. */
static void
put_fragment(const struct words *words, bool first, uint32_t id, uint32_t bytes)
{
	uint8_t *p = put_words(words);

	put16(p - 20 + 4, id);
	put16(p - 20 + 6, first ? 0x2000 : 0x0010);
	packet.len = ETH_HEADER + 20 + bytes;
}

static uint64_t
fragment(const struct words *words, bool first, uint32_t id, uint32_t bytes)
{
	put_fragment(words, first, id, bytes);
	goes(words->from);
	return what_is_lost();
}

Test(ref_guarded, fragments, .init = begin_guarded)
{
	struct topo_rule *rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_UDP);
	struct words other = ask;

	rule->directions = TOPO_IN;
	rule->n_dport = 1;
	rule->dport[0] = (struct topo_range){53, 53};
	cr_assert_eq(fragment(&ask, false, 1, 64), REF_REASON(NO_FIRST_FRAGMENT));
	cr_assert_eq(fragment(&ask, true, 1, 64), 0);
	cr_assert(result.alone);
	cr_assert_eq(fragment(&ask, false, 1, 64), 0);
	cr_assert_eq(counted(0), 1);
	cr_assert_eq(fragment(&ask, false, 2, 64), REF_REASON(NO_FIRST_FRAGMENT));
	cr_assert_eq(say(&answer), 0, "it opened a connection as any packet does");
	wait_s(14);
	cr_assert_eq(fragment(&ask, false, 1, 64), 0);
	wait_s(2);
	cr_assert_eq(fragment(&ask, false, 1, 64), REF_REASON(NO_FIRST_FRAGMENT));
	cr_assert_eq(fragment(&ask, true, 3, 7), REF_REASON(NO_FIRST_FRAGMENT), "not even a whole header");
	other.proto = PROTO_TCP;
	cr_assert_eq(fragment(&other, true, 4, 64), REF_REASON(DENIED));
	put_fragment(&other, false, 4, 64);
	cr_assert(is_left_open(0));
	/* By what is known of it a rule without state may let it pass, unless one before it could have matched. */
	rule = add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO);
	rule->stateless = true;
	cr_assert_eq(fragment(&ask, false, 9, 64), REF_REASON(NO_FIRST_FRAGMENT));
	other.proto = PROTO_SCTP;
	cr_assert_eq(fragment(&other, false, 9, 64), 0);
	cr_assert_eq(counted(1), 1);
	rule->stateless = false;
	cr_assert_eq(fragment(&other, false, 9, 64), REF_REASON(NO_FIRST_FRAGMENT));
	rule->stateless = true;
	rule->proto = PROTO_SCTP;
	rule->n_dport = 1;
	rule->dport[0] = (struct topo_range){0, 65535};
	cr_assert_eq(fragment(&other, false, 9, 64), REF_REASON(NO_FIRST_FRAGMENT));
}

/* ---- rejects ---- */

Test(ref_guarded, rejects, .init = begin_guarded)
{
	struct words words = ask;

	add_rule(EDGE_FIREWALL, TOPO_REJECT, TOPO_ANY_PROTO);
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_error(1, "10.0.0.4", 3, 13, 0, 576);
	expect_macs(the_frame(1), HOST_MAC(0), HOST_MAC(3));
	cr_assert_eq(counted(0), 1);
	words.v6 = true;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_error(1, "2001:db8:a::4", 1, 1, 0, 1280);
	/* Where it was to leave: back to where it came from. */
	words = answer;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	cr_assert_eq(result.n_outs, 2);
	cr_assert_eq(result.outs[0].drop, REF_REASON(REJECTED));
	expect_error(0, "10.0.0.1", 3, 13, 0, 576);
	/* Errors, and what is for all, are not answered. */
	cr_assert_eq(error_about(&ask, 3, 48), REF_REASON(REJECTED));
	cr_assert_eq(result.n_outs, 1);
	(void)put_words(&ask);
	memset(packet.data, 0xff, 6);
	goes(0);
	expect_drop(REF_REASON(REJECTED), 0);
	cr_assert_eq(fragment(&ask, false, 1, 64), REF_REASON(REJECTED) | REF_REASON(NO_FIRST_FRAGMENT));
	cr_assert_eq(result.n_outs, 0);
}

/* The reset that host 0 gets: where it begins, what it confirms. */
static void
expect_reset(bool v6, uint8_t flags, uint32_t seq, uint32_t ack)
{
	const uint8_t *p = the_frame(1), *tcp = p + ETH_HEADER + (v6 ? 40 : 20);

	cr_assert_eq(result.outs[0].made, REF_MADE_RST);
	cr_assert_eq(result.errors, 1);
	cr_assert_eq(result.outs[0].bytes, v6 ? ETH_HEADER + 60u : 60u);
	expect_macs(p, HOST_MAC(0), HOST_MAC(3));
	cr_assert(get16(tcp) == 443 && get16(tcp + 2) == 40000);
	cr_assert_eq(get32(tcp + 4), seq, "seq %u", get32(tcp + 4));
	cr_assert_eq(get32(tcp + 8), ack, "ack %u", get32(tcp + 8));
	cr_assert(tcp[12] == 5 << 4 && tcp[13] == flags);
	cr_assert_eq(wire_l4_sum(p + ETH_HEADER, PROTO_TCP, tcp, 20), 0);
	cr_assert(v6 || wire_fold(wire_sum(p + ETH_HEADER, 20, 0)) == 0);
	cr_assert_eq(p[ETH_HEADER + (v6 ? 7 : 8)], 64);
	cr_assert_eq(p[ETH_HEADER + (v6 ? 6 : 9)], PROTO_TCP);
}

Test(ref_guarded, resets, .init = begin_guarded)
{
	struct words words = {.from = 0, .to = 3, .proto = PROTO_TCP, .sport = 40000, .dport = 443, .flags = TCP_SYN};

	add_rule(EDGE_FIREWALL, TOPO_REJECT, PROTO_TCP);
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_reset(false, TCP_RST | TCP_ACK, 0, 1000 + 46 + 1);
	words.flags = TCP_ACK | TCP_FIN;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_reset(false, TCP_RST, 2000, 0);
	words.flags = TCP_FIN;
	words.v6 = true;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_reset(true, TCP_RST | TCP_ACK, 0, 1000 + 26 + 1);
	words.flags = TCP_RST;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	cr_assert(result.n_outs == 0 && result.errors == 0);
}

Test(ref_guarded, routers_reject, .init = begin)
{
	struct words words = {.from = 0, .to = 1, .proto = PROTO_UDP, .sport = 1, .dport = 2};

	add_rule(EDGE_FIREWALL, TOPO_REJECT, TOPO_ANY_PROTO)->directions = TOPO_OUT;
	topo.tenants[0].routers[0].ifaces[1].firewall = 1;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	expect_error(1, "10.0.0.200", 3, 13, 0, 576);
	expect_macs(the_frame(1), HOST_MAC(0), IFACE_MAC(0, 0));
	words.proto = PROTO_TCP;
	words.flags = TCP_SYN;
	cr_assert_eq(say(&words), REF_REASON(REJECTED));
	cr_assert_eq(result.outs[0].made, REF_MADE_RST);
	expect_macs(the_frame(1), HOST_MAC(0), IFACE_MAC(0, 0));
	cr_assert_eq(the_frame(1)[ETH_HEADER + 15], 2, "from whom it was to");
	/* It comes in there, and is not concerned. */
	words.from = 1;
	words.to = 0;
	cr_assert_eq(say(&words), REF_REASON(DENIED));
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, TOPO_ANY_PROTO)->directions = TOPO_IN;
	cr_assert_eq(say(&words), 0);
}

/* ---- several on the way ---- */

Test(ref_guarded, all_or_nothing, .init = begin_guarded)
{
	struct words there = {.from = 0, .to = 1, .proto = PROTO_UDP, .sport = 1, .dport = 2};
	struct words back = {.from = 1, .to = 0, .proto = PROTO_UDP, .sport = 2, .dport = 1};

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_UDP)->directions = TOPO_IN;
	topo.tenants[0].routers[0].ifaces[1].firewall = 2;
	add_rule(OTHER_FIREWALL, TOPO_DENY, PROTO_UDP);
	cr_assert_eq(say(&there), REF_REASON(DENIED));
	cr_assert_eq(result.n_counts, 2, "each of them has decided");
	topo.tenants[0].routers[0].ifaces[1].firewall = 0;
	cr_assert_eq(say(&back), REF_REASON(DENIED));
	topo.tenants[0].routers[0].ifaces[1].firewall = 2;
	OTHER_FIREWALL->rules[0] = (struct topo_rule){.proto = PROTO_UDP, .directions = TOPO_OUT};
	cr_assert_eq(say(&there), 0);
	cr_assert_eq(result.n_ops, 2);
	cr_assert_eq(say(&back), 0);
	wait_s(119);
	cr_assert_eq(say(&back), 0, "both have seen an answer");
}

Test(ref_guarded, flood_copies, .init = begin_guarded)
{
	topo.tenants[0].vports[3] = (struct topo_vport){.used = true, .port = 3, .firewall = 2};
	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_UDP);
	add_rule(OTHER_FIREWALL, TOPO_DENY, PROTO_UDP);
	(void)put_words(&answer);
	memset(packet.data, 0xff, 6);
	goes(3);
	cr_assert(result.drop == 0 && result.n_outs == 2);
	cr_assert_eq(result.outs[0].drop, 0);
	cr_assert_eq(result.outs[1].drop, REF_REASON(DENIED));
	cr_assert_eq(result.n_counts, 2);
}

/* ---- what routers say ---- */

Test(ref_guarded, routers_own, .init = begin_guarded)
{
	struct words ping = {.from = 0, .to = 1, .proto = PROTO_ICMP, .type = 8, .sport = 1};
	struct weir_ip own = ip("10.0.0.200");
	uint8_t *p;

	add_rule(EDGE_FIREWALL, TOPO_ALLOW, PROTO_ICMP)->directions = TOPO_IN;
	topo.tenants[0].routers[0].ifaces[0].firewall = 2;
	p = put_words(&ping);
	wire_put_ip(p - 4, &own);
	put16(p + 2, 0);
	put16(p + 2, wire_fold(wire_sum(p, packet.len - ETH_HEADER - 20, 0)));
	goes(0);
	expect_drop(REF_REASON(DENIED), 0);
	/* Its answer meets the vport's only. */
	add_rule(OTHER_FIREWALL, TOPO_ALLOW, PROTO_ICMP)->directions = TOPO_IN;
	goes(0);
	cr_assert(result.consumed && what_is_lost() == 0 && result.n_outs == 1);
	/* What is said of a packet that was lost meets none, whether it was a connection's or not. */
	ping.type = 13;
	p = put_words(&ping);
	p[-20 + 8] = 1;
	goes(0);
	cr_assert_eq(result.drop, REF_REASON(TTL_EXCEEDED));
	cr_assert_eq(result.outs[0].drop, 0);
	ping.type = 8;
	cr_assert_eq(say(&ping), 0);
	p = put_words(&ping);
	p[-20 + 8] = 1;
	goes(0);
	cr_assert_eq(result.drop, REF_REASON(TTL_EXCEEDED));
	cr_assert_eq(result.outs[0].drop, 0);
}
