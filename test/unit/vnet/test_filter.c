/* SPDX-License-Identifier: BSD-3-Clause */
/* Firewalls at vports, as a walk meets them: a and b on red's switch, each known to it. */
#include <netinet/in.h>
#include <string.h>

#include <rte_tcp.h>

#include "fixture.h"

enum { AT_A, AT_B, N_FILTERS };
#define MAC_A 1
#define MAC_B 2
#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG
#define SECOND WEIR_NS_PER_S

static struct weir_filter filters[N_FILTERS];
static const uint32_t ids[] = {70, 71, 72, 73};
static struct weir_verdict verdict;

/* Gives it these rules, from now on. */
static void
rule(uint32_t filter, const struct weir_fw_rule rules[], uint32_t n)
{
	struct weir_err err;

	weir_fw_free(filters[filter].fw);
	filters[filter] = (struct weir_filter){.id = filter, .rules = ids, .fw = weir_fw_create(rules, n, &err)};
	cr_assert_not_null(filters[filter].fw);
	for (uint32_t i = 0; i < n; i++)
		filters[filter].by_flags |= rules[i].flags_set != 0;
	vnet->filters[filter] = &filters[filter];
	vnet->filter_gen[filter]++;
	vnet->tenant_epoch[RED]++;
}

/* Allows the protocol, coming in by the vport. */
static void
allow_in(uint32_t filter, uint16_t proto)
{
	const struct weir_fw_rule rules[] = {
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .state = true, .proto = proto}};

	rule(filter, rules, 1);
}

static void
make(void)
{
	start();
	(void)learn(A, MAC_A);
	(void)learn(B, MAC_B);
	ifaces[A].filter = AT_A + 1;
	walker.now = SECOND;
	allow_in(AT_A, IPPROTO_TCP);
}

static void
unmake(void)
{
	for (uint32_t i = 0; i < N_FILTERS; i++)
		weir_fw_free(filters[i].fw);
	finish();
}

TestSuite(filter, .init = make, .fini = unmake);

/* ---- frames ---- */

static struct frame
tcp(uint8_t smac, const char *src, const char *dst, uint16_t sport, uint16_t dport, uint8_t flags)
{
	struct frame frame = udp(smac, src, dst, sport, dport);

	/* Over the UDP header and its data. */
	frame.b[23] = IPPROTO_TCP;
	memset(frame.b + 38, 0, frame.len - 38);
	frame.b[46] = 5 << 4;
	frame.b[47] = flags;
	frame.b[17] = 40;
	frame.len = 60;
	memset(frame.b + 24, 0, 2);
	{
		uint16_t sum = weir_ipv4_checksum(frame.b + 14, 20);

		memcpy(frame.b + 24, &sum, sizeof(sum));
	}
	return frame;
}

/* From a to b, and back. */
static enum weir_reason
there(uint8_t flags)
{
	struct frame frame = to(tcp(MAC_A, "10.0.0.1", "10.0.0.2", 4000, 443, flags), mac(MAC_B));

	return resolve(A, &frame, &verdict);
}

static enum weir_reason
back(uint8_t flags)
{
	struct frame frame = to(tcp(MAC_B, "10.0.0.2", "10.0.0.1", 443, 4000, flags), mac(MAC_A));

	return resolve(B, &frame, &verdict);
}

static enum weir_reason
datagram(uint32_t from, uint16_t sport, uint16_t dport)
{
	struct frame frame = from == A ? udp(MAC_A, "10.0.0.1", "10.0.0.2", sport, dport)
				       : udp(MAC_B, "10.0.0.2", "10.0.0.1", sport, dport);

	frame = to(frame, mac(from == A ? MAC_B : MAC_A));
	return resolve(from, &frame, &verdict);
}

static void
shake_hands(void)
{
	cr_assert_eq(there(SYN), WEIR_OK);
	cr_assert_eq(back(SYN | ACK), WEIR_OK);
	cr_assert_eq(there(ACK), WEIR_OK);
}

static uint32_t
used(void)
{
	return weir_conns_of_tenant(walker.conns, RED);
}

/* ---- connections ---- */

Test(filter, an_answer_passes)
{
	cr_assert_eq(back(SYN | ACK), WEIR_DROP_DENIED);
	cr_assert_eq(there(SYN), WEIR_OK);
	cr_assert(verdict.tracked && verdict.watched);
	cr_assert_eq(used(), 1);
	cr_assert_eq(back(SYN | ACK), WEIR_OK);
	cr_assert_eq(there(ACK), WEIR_OK);
	cr_assert(verdict.tracked && !verdict.watched && verdict.cacheable);
	cr_assert_eq(back(ACK), WEIR_OK);
	cr_assert_not(verdict.watched);
	cr_assert_eq(used(), 1);
}

Test(filter, what_nobody_asked_for_does_not)
{
	struct frame other = to(tcp(MAC_B, "10.0.0.2", "10.0.0.1", 443, 4001, SYN | ACK), mac(MAC_A));

	cr_assert_eq(there(SYN), WEIR_OK);
	cr_assert_eq(resolve(B, &other, &verdict), WEIR_DROP_DENIED);
	cr_assert_eq(back(SYN), WEIR_OK, "both ends may open at once");
}

Test(filter, tcp_opens_by_syn_only)
{
	static const uint8_t others[] = {ACK, FIN | ACK, RST, SYN | FIN, SYN | RST, SYN | ACK, 0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(others); i++)
		cr_assert_eq(there(others[i]), WEIR_DROP_NO_CONNECTION, "flags %#x", others[i]);
	cr_assert_eq(used(), 0);
	cr_assert_eq(there(SYN), WEIR_OK);
}

Test(filter, a_closing_connection_is_watched)
{
	shake_hands();
	cr_assert_not(verdict.watched);
	cr_assert_eq(there(FIN | ACK), WEIR_OK);
	cr_assert(verdict.watched);
	cr_assert_eq(back(ACK), WEIR_OK);
	cr_assert(verdict.watched);
}

Test(filter, time_outs)
{
	cr_assert_eq(there(SYN), WEIR_OK);
	walker.now += 30 * SECOND - 1;
	cr_assert_eq(back(SYN | ACK), WEIR_OK);
	walker.now += 30 * SECOND;
	cr_assert_eq(there(ACK), WEIR_DROP_NO_CONNECTION);
}

Test(filter, a_changed_rule_acts_on_what_stands)
{
	shake_hands();
	cr_assert(weir_verdict_valid(vnet, &verdict));
	allow_in(AT_A, IPPROTO_UDP);
	cr_assert_not(weir_verdict_valid(vnet, &verdict));
	cr_assert_eq(there(ACK), WEIR_DROP_DENIED);
	cr_assert_eq(back(ACK), WEIR_DROP_DENIED);
	allow_in(AT_A, IPPROTO_TCP);
	cr_assert_eq(back(ACK), WEIR_OK, "it was never closed");
}

Test(filter, connections_are_of_one_attachment)
{
	shake_hands();
	ifaces[A].serial++;
	cr_assert_eq(there(ACK), WEIR_DROP_NO_CONNECTION);
}

Test(filter, what_is_lost_further_on_opens_nothing)
{
	struct frame frame = to(tcp(MAC_A, "10.0.0.1", "10.0.0.2", 4000, 443, SYN), mac(MAC_A));

	cr_assert_eq(resolve(A, &frame, &verdict), WEIR_DROP_SAME_PORT);
	cr_assert_eq(used(), 0);
	/* Nor does what another firewall denies. */
	ifaces[B].filter = AT_B + 1;
	allow_in(AT_B, IPPROTO_TCP);
	cr_assert_eq(there(SYN), WEIR_DROP_DENIED);
	cr_assert_eq(used(), 0);
}

Test(filter, each_on_the_way_has_its_own)
{
	const struct weir_fw_rule out[] = {
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_OUT, .state = true, .proto = WEIR_FW_ANY_PROTO}};

	ifaces[B].filter = AT_B + 1;
	rule(AT_B, out, 1);
	shake_hands();
	cr_assert_eq(used(), 2);
	cr_assert_eq(back(ACK), WEIR_OK);
}

Test(filter, quota)
{
	tenants[RED].quota_connections = 1;
	cr_assert_eq(there(SYN), WEIR_OK);
	allow_in(AT_A, WEIR_FW_ANY_PROTO);
	cr_assert_eq(datagram(A, 1, 2), WEIR_DROP_CONNECTION_QUOTA);
	cr_assert_eq(there(SYN), WEIR_OK, "it has one already");
	tenants[RED].quota_connections = 100;
	cr_assert_eq(datagram(A, 1, 2), WEIR_OK);
}

/* ---- rules ---- */

Test(filter, without_state_each_packet_is_for_itself)
{
	const struct weir_fw_rule rules[] = {
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .proto = IPPROTO_UDP}};

	rule(AT_A, rules, 1);
	cr_assert_eq(datagram(A, 1, 2), WEIR_OK);
	cr_assert(!verdict.tracked && verdict.cacheable);
	cr_assert_eq(used(), 0);
	cr_assert_eq(datagram(B, 2, 1), WEIR_DROP_DENIED);
}

Test(filter, datagrams_are_cached_at_once)
{
	allow_in(AT_A, IPPROTO_UDP);
	cr_assert_eq(datagram(A, 1, 2), WEIR_OK);
	cr_assert(verdict.tracked && !verdict.watched);
	cr_assert_eq(datagram(B, 2, 1), WEIR_OK);
	cr_assert_eq(datagram(B, 2, 3), WEIR_DROP_DENIED);
}

Test(filter, what_decides_counts)
{
	const struct weir_fw_rule rules[] = {
	    {.action = WEIR_FW_REJECT, .directions = WEIR_FW_IN, .proto = IPPROTO_UDP},
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .state = true, .proto = IPPROTO_TCP},
	    {.action = WEIR_FW_DENY, .directions = WEIR_FW_IN | WEIR_FW_OUT, .proto = WEIR_FW_ANY_PROTO},
	};
	struct weir_passed_list *passed;

	rule(AT_A, rules, 3);
	cr_assert_eq(datagram(A, 1, 2), WEIR_DROP_REJECTED);
	passed = (struct weir_passed_list *)(uintptr_t)&verdict.trail->passed;
	cr_assert_eq(passed->n, 1);
	cr_assert_eq(passed->what[0], (uint32_t)WEIR_PASSED_RULE << WEIR_PASSED_SHIFT | 70);
	cr_assert_eq(datagram(B, 1, 2), WEIR_DROP_DENIED);
	cr_assert_eq(verdict.trail->passed.what[0], (uint32_t)WEIR_PASSED_RULE << WEIR_PASSED_SHIFT | 72);
	shake_hands();
	cr_assert_eq(back(ACK), WEIR_OK);
	cr_assert_eq(verdict.trail->passed.what[0], (uint32_t)WEIR_PASSED_RULE << WEIR_PASSED_SHIFT | 71);
}

Test(filter, rules_that_look_at_flags_see_each_packet)
{
	const struct weir_fw_rule rules[] = {
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .proto = IPPROTO_TCP, .flags_set = ACK}};

	rule(AT_A, rules, 1);
	cr_assert_eq(there(ACK), WEIR_OK);
	cr_assert(verdict.tracked && verdict.watched);
	cr_assert_eq(there(SYN), WEIR_DROP_DENIED);
}

Test(filter, what_is_not_ip)
{
	cr_assert_eq(pass(A, to(plain(MAC_B, MAC_A, 0x88b5), mac(MAC_B))), WEIR_DROP_DENIED);
	cr_assert_eq(pass(A, arp(MAC_A, 1, MAC_A, "10.0.0.1", "10.0.0.2")), WEIR_OK);
	cr_assert_eq(pass(A, icmp6(MAC_A, "fe80::1", "ff02::16", 143)), WEIR_OK);
	cr_assert_eq(pass(A, icmp6(MAC_A, "fe80::1", "fe80::2", 128)), WEIR_DROP_DENIED);
}

/* ---- ICMP ---- */

/* From b: an error about what a sent it. */
static enum weir_reason
error_about(struct frame about)
{
	struct frame frame = to(echo(MAC_B, "10.0.0.9", "10.0.0.1"), mac(MAC_A));
	uint16_t sum;

	frame.b[34] = 3;
	memcpy(frame.b + 42, about.b + 14, 28);
	frame.b[16] = 0;
	frame.b[17] = 20 + 8 + 28;
	frame.len = 14 + 20 + 8 + 28;
	memset(frame.b + 24, 0, 2);
	sum = weir_ipv4_checksum(frame.b + 14, 20);
	memcpy(frame.b + 24, &sum, sizeof(sum));
	return resolve(B, &frame, &verdict);
}

Test(filter, errors_about_a_connection_pass)
{
	struct frame sent = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 2),
		     other = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 3);

	allow_in(AT_A, IPPROTO_UDP);
	cr_assert_eq(error_about(sent), WEIR_DROP_DENIED);
	cr_assert_eq(datagram(A, 1, 2), WEIR_OK);
	cr_assert_eq(error_about(sent), WEIR_OK);
	cr_assert_not(verdict.cacheable);
	cr_assert_eq(error_about(other), WEIR_DROP_DENIED);
	cr_assert_eq(used(), 1);
	/* No longer than the connection may be. */
	allow_in(AT_A, IPPROTO_TCP);
	cr_assert_eq(error_about(sent), WEIR_DROP_DENIED);
}

Test(filter, pings)
{
	struct frame request = to(echo(MAC_A, "10.0.0.1", "10.0.0.2"), mac(MAC_B)),
		     reply = to(echo(MAC_B, "10.0.0.2", "10.0.0.1"), mac(MAC_A));

	reply.b[34] = 0;
	allow_in(AT_A, IPPROTO_ICMP);
	cr_assert_eq(resolve(B, &reply, &verdict), WEIR_DROP_DENIED);
	cr_assert_eq(resolve(A, &request, &verdict), WEIR_OK);
	cr_assert_eq(resolve(B, &reply, &verdict), WEIR_OK);
	request.b[34] = 0;
	request.b[39]++; /* its id */
	cr_assert_eq(resolve(A, &request, &verdict), WEIR_DROP_NO_CONNECTION);
}

/* ---- fragments ---- */

/* The frame as a fragment of its packet: with the L4 header if `offset` is 0. */
static enum weir_reason
fragment(struct frame frame, uint16_t id, uint16_t offset)
{
	uint16_t sum;

	frame.b[18] = (uint8_t)(id >> 8);
	frame.b[19] = (uint8_t)id;
	frame.b[20] = (uint8_t)(0x20 | offset >> 8);
	frame.b[21] = (uint8_t)offset;
	memset(frame.b + 24, 0, 2);
	sum = weir_ipv4_checksum(frame.b + 14, 20);
	memcpy(frame.b + 24, &sum, sizeof(sum));
	frame = to(frame, mac(MAC_B));
	return resolve(A, &frame, &verdict);
}

Test(filter, later_fragments_go_as_the_first_did)
{
	const struct weir_fw_rule rules[] = {{.action = WEIR_FW_ALLOW,
	    .directions = WEIR_FW_IN,
	    .state = true,
	    .proto = IPPROTO_UDP,
	    .n_dport = 1,
	    .dport = &(const struct weir_fw_range){2, 2}}};
	struct frame frame = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 2);

	rule(AT_A, rules, 1);
	cr_assert_eq(fragment(frame, 5, 100), WEIR_DROP_NO_FIRST_FRAGMENT);
	cr_assert_eq(fragment(frame, 5, 0), WEIR_OK);
	cr_assert_not(verdict.cacheable);
	cr_assert_eq(fragment(frame, 5, 100), WEIR_OK);
	cr_assert_eq(fragment(frame, 6, 100), WEIR_DROP_NO_FIRST_FRAGMENT);
	walker.now += 15 * SECOND;
	cr_assert_eq(fragment(frame, 5, 100), WEIR_DROP_NO_FIRST_FRAGMENT);
	cr_assert_eq(used(), 1);
}

/* It has no L4 header that a parser of ND may be given; sanitizers see it read. */
Test(filter, a_router_does_not_listen_to_fragments)
{
	struct weir_iface iface = {.kind = WEIR_IFACE_ROUTER, .sw = RED_WEB, .mac = mac(9)};
	const struct weir_iface *router = &iface;
	struct frame frame = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 2);

	frame.len = 64;
	switches[RED_WEB].n_routers = 1;
	switches[RED_WEB].routers = &router;
	allow_in(AT_A, IPPROTO_UDP);
	cr_assert_eq(fragment(frame, 0, 0), WEIR_OK);
	cr_assert_eq(verdict.action, WEIR_FORWARD);
	cr_assert_not(verdict.hears);
}

Test(filter, as_many_first_fragments_as_are_kept)
{
	struct frame frame = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 2);

	allow_in(AT_A, IPPROTO_UDP);
	for (uint16_t id = 0; id < 65; id++) {
		walker.now++;
		cr_assert_eq(fragment(frame, id, 0), WEIR_OK);
	}
	cr_assert_eq(fragment(frame, 0, 100), WEIR_DROP_NO_FIRST_FRAGMENT, "the oldest makes room");
	for (uint16_t id = 1; id < 65; id++)
		cr_assert_eq(fragment(frame, id, 100), WEIR_OK);
}

Test(filter, an_unknown_fragment_passes_where_ports_do_not_matter)
{
	struct weir_fw_rule rules[] = {
	    {.action = WEIR_FW_DENY,
		.directions = WEIR_FW_IN,
		.proto = IPPROTO_UDP,
		.n_dport = 1,
		.dport = &(const struct weir_fw_range){7, 7}},
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_IN, .proto = IPPROTO_UDP},
	};
	struct frame frame = udp(MAC_A, "10.0.0.1", "10.0.0.2", 1, 2);

	rule(AT_A, rules, 2);
	cr_assert_eq(fragment(frame, 5, 100), WEIR_DROP_NO_FIRST_FRAGMENT, "it may be to port 7");
	rule(AT_A, rules + 1, 1);
	cr_assert_eq(fragment(frame, 5, 100), WEIR_OK);
}

/* ---- copies ---- */

Test(filter, a_copy_asks_where_it_leaves)
{
	struct frame frame = to(udp(MAC_B, "10.0.0.2", "10.0.0.255", 1, 2), mac(BROADCAST));
	const struct weir_fw_rule out[] = {
	    {.action = WEIR_FW_ALLOW, .directions = WEIR_FW_OUT, .state = true, .proto = IPPROTO_UDP}};
	struct weir_passed_list passed;
	struct weir_frame parsed;
	struct weir_key key;

	cr_assert_eq(weir_parse_frame(frame.b, frame.len, frame.len, &key, &parsed), WEIR_OK);
	cr_assert_eq(
	    weir_resolve_copy(&walker, &ifaces[B], &ifaces[A], &key, &parsed, frame.b, &passed), WEIR_DROP_DENIED);
	cr_assert_eq(passed.n, 0);
	rule(AT_A, out, 1);
	cr_assert_eq(weir_resolve_copy(&walker, &ifaces[B], &ifaces[A], &key, &parsed, frame.b, &passed), WEIR_OK);
	cr_assert_eq(passed.n, 1);
	cr_assert_eq(used(), 1);
}
