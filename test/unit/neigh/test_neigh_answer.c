/* SPDX-License-Identifier: BSD-3-Clause */
/* What weir answers for its own addresses, and what it does not fall for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_log.h>

#include "fixture.h"

#define PEER4 "192.0.2.2"
#define PEER6 "2001:db8::2"
#define GROUP_MAC "33:33:ff:00:00:01"
#define GROUP "ff02::1:ff00:1"

static void
check_arp_reply(const struct frame *frame, const char *address, const char *to_mac, const char *to)
{
	struct weir_ip spa = ip(address), tpa = ip(to);
	struct weir_outer outer;
	struct weir_arp message;

	cr_assert_eq(weir_parse_underlay(frame->b, frame->len, frame->len, false, &outer), WEIR_OK);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_ARP);
	weir_parse_arp(frame->b, &outer.frame, &message);
	cr_assert(is_mac(frame->b, to_mac));
	cr_assert(is_mac(frame->b + 6, OUR_MAC));
	cr_assert_eq(message.op, 2);
	cr_assert(is_mac(message.sha.b, OUR_MAC) && is_mac(message.tha.b, to_mac));
	cr_assert(weir_ip_equal(&message.spa, &spa) && weir_ip_equal(&message.tpa, &tpa));
}

static void
check_advertisement(const struct frame *frame, const char *address, const char *to_mac, const char *to, uint8_t flags)
{
	struct weir_ip src = ip(address), dst = ip(to);
	struct weir_outer outer;
	struct weir_nd message;

	cr_assert_eq(weir_parse_underlay(frame->b, frame->len, frame->len, false, &outer), WEIR_OK);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_ND);
	cr_assert_eq(weir_parse_nd(frame->b, &outer.frame, &message), WEIR_OK);
	cr_assert(is_mac(frame->b, to_mac));
	cr_assert_eq(message.type, NA);
	cr_assert_eq(message.na_flags, flags);
	cr_assert(weir_ip_equal(&message.src, &src) && weir_ip_equal(&message.target, &src));
	cr_assert(weir_ip_equal(&message.dst, &dst));
	cr_assert(message.has_lladdr && is_mac(message.lladdr.b, OUR_MAC));
}

static void
check_quiet(uint32_t id, struct frame frame, enum weir_reason want)
{
	enum weir_reason reason = input(id, &frame);

	cr_assert_eq(reason, want, "%s", weir_reason_name(reason));
	cr_assert_eq(n_sent, 0, "answered");
}

Test(neigh_answer, arp)
{
	start(4);
	set_usual();
	feed(arp(1, BROADCAST, PEER_MAC, PEER4, OUR_IP4));
	check_arp_reply(only_sent(), OUR_IP4, PEER_MAC, PEER4);
	feed(arp(1, OUR_MAC, PEER_MAC, PEER4, OUR_IP4));
	check_arp_reply(only_sent(), OUR_IP4, PEER_MAC, PEER4);
	feed(arp(1, BROADCAST, PEER_MAC, "0.0.0.0", OUR_IP4));
	check_arp_reply(only_sent(), OUR_IP4, PEER_MAC, "0.0.0.0");
	cr_assert_null(entry(PEER4), "who asks is no neighbour of ours yet");
	check_quiet(0, arp(1, BROADCAST, PEER_MAC, PEER4, "192.0.2.3"), WEIR_DROP_NOT_OURS);
	check_quiet(0, arp(1, OTHER_MAC, PEER_MAC, PEER4, OUR_IP4), WEIR_DROP_NOT_OURS);
	check_quiet(0, arp(1, BROADCAST, OUR_MAC, OUR_IP4, OUR_IP4), WEIR_DROP_NOT_OURS);
	check_quiet(0, arp(2, OUR_MAC, PEER_MAC, PEER4, OUR_IP4), WEIR_OK);
	check_quiet(0, arp(3, BROADCAST, PEER_MAC, PEER4, OUR_IP4), WEIR_DROP_NOT_OURS);
	check_quiet(5, arp(1, BROADCAST, PEER_MAC, PEER4, OUR_IP4), WEIR_DROP_NOT_OURS);
}

/* Each underlay answers for its own addresses only, with its tag. */
Test(neigh_answer, arp_by_underlay)
{
	struct weir_neigh_underlay tagged = {.port = 9, .vlan = 7, .mac = mac(OUR_MAC), .mtu = 1500};
	struct frame request = arp(1, BROADCAST, PEER_MAC, "10.0.0.2", "10.0.0.1");
	struct frame reply;

	start(4);
	set_usual();
	set_underlay_full(1, &tagged, (const char *const[]){"10.0.0.1/24", NULL}, NULL);
	n_sent = 0;
	check_quiet(0, request, WEIR_DROP_NOT_OURS);
	cr_assert_eq(input(1, &request), WEIR_OK);
	reply = *only_sent();
	cr_assert_eq(reply.port, 9);
	cr_assert_eq(reply.len, 64);
	cr_assert_arr_eq(reply.b + 12, ((uint8_t[]){0x81, 0x00, 0, 7}), 4);
	memmove(reply.b + 12, reply.b + 16, reply.len - 16);
	reply.len -= 4;
	check_arp_reply(&reply, "10.0.0.1", PEER_MAC, "10.0.0.2");
}

Test(neigh_answer, solicitations)
{
	start(4);
	set_usual();
	feed(nd(NS, 0, GROUP_MAC, PEER6, GROUP, OUR_IP6, PEER_MAC));
	check_advertisement(only_sent(), OUR_IP6, PEER_MAC, PEER6, SOLICITED | OVERRIDE);
	feed(nd(NS, 0, OUR_MAC, PEER6, OUR_IP6, OUR_IP6, PEER_MAC));
	check_advertisement(only_sent(), OUR_IP6, PEER_MAC, PEER6, SOLICITED | OVERRIDE);
	feed(nd(NS, 0, OUR_MAC, PEER6, OUR_IP6, OUR_IP6, NULL));
	check_advertisement(only_sent(), OUR_IP6, PEER_MAC, PEER6, SOLICITED | OVERRIDE);
	feed(nd(NS, 0, "33:33:ff:aa:aa:01", "fe80::2", "ff02::1:ffaa:aa01", OUR_LINK_LOCAL, PEER_MAC));
	check_advertisement(only_sent(), OUR_LINK_LOCAL, PEER_MAC, "fe80::2", SOLICITED | OVERRIDE);
	/* Somebody wants our address. */
	feed(nd(NS, 0, GROUP_MAC, "::", GROUP, OUR_IP6, NULL));
	check_advertisement(only_sent(), OUR_IP6, "33:33:00:00:00:01", "ff02::1", OVERRIDE);
	cr_assert_null(entry(PEER6));
	check_quiet(0, nd(NS, 0, GROUP_MAC, PEER6, GROUP, "2001:db8::ff00:1", PEER_MAC), WEIR_DROP_NOT_OURS);
	check_quiet(0, nd(NS, 0, OUR_MAC, PEER6, "2001:db8::9", OUR_IP6, PEER_MAC), WEIR_DROP_NOT_OURS);
	check_quiet(0, nd(NS, 0, OTHER_MAC, PEER6, OUR_IP6, OUR_IP6, PEER_MAC), WEIR_DROP_NOT_OURS);
}

static void
check_pong(const struct frame *request, const struct frame *reply, uint32_t ip_len)
{
	bool v4 = ip_len == 20;
	uint32_t at = 14 + ip_len, len = request->len - at;
	struct weir_outer outer;

	cr_assert_arr_eq(reply->b, request->b + 6, 6);
	cr_assert_arr_eq(reply->b + 6, request->b, 6);
	cr_assert_eq(reply->len, request->len < 60 ? 60 : request->len);
	/* Parses, so its IPv4 header sums up; the reply's type is neither ND nor a request. */
	cr_assert_eq(weir_parse_underlay(reply->b, reply->len, reply->len, false, &outer), WEIR_OK);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_OTHER);
	cr_assert_eq(reply->b[at], v4 ? 0 : 129);
	cr_assert_eq(reply->b[at + 1], 0);
	cr_assert_arr_eq(reply->b + at + 4, request->b + at + 4, len - 4);
	cr_assert_eq(reply->b[v4 ? 22 : 21], 64);
	if (v4) {
		cr_assert_eq(reply->b[15], request->b[15], "DSCP");
		cr_assert_eq(weir_ipv4_checksum(reply->b + at, len), 0);
	} else {
		cr_assert_eq(weir_l4_checksum(&outer.src, &outer.dst, IPPROTO_ICMPV6, reply->b + at, len), 0);
	}
}

Test(neigh_answer, ping)
{
	static const uint32_t sizes[] = {0, 1, 56, 1472};

	start(4);
	set_usual();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(sizes); i++) {
		struct frame request = ping(OUR_MAC, PEER_MAC, "203.0.113.5", OUR_IP4, sizes[i]);
		struct weir_ip src = ip(OUR_IP4), dst = ip("203.0.113.5");
		const struct frame *reply;

		feed(request);
		reply = only_sent();
		check_pong(&request, reply, 20);
		cr_assert_arr_eq(reply->b + 26, src.b + 12, 4);
		cr_assert_arr_eq(reply->b + 30, dst.b + 12, 4);
		request = ping(OUR_MAC, PEER_MAC, PEER6, OUR_IP6, sizes[i]);
		feed(request);
		check_pong(&request, only_sent(), 40);
	}
}

/* Ethernet's padding is no part of the packet, and shows nothing of an earlier one. */
Test(neigh_answer, ping_with_padding)
{
	struct frame request = ping(OUR_MAC, PEER_MAC, PEER4, OUR_IP4, 8), padded = request;
	const struct frame *reply;

	start(4);
	set_usual();
	memset(padded.b + padded.len, 0xee, 60 - padded.len);
	padded.len = 60;
	feed(ping(OUR_MAC, PEER_MAC, PEER4, OUR_IP4, 1000));
	(void)only_sent();
	feed(padded);
	reply = only_sent();
	check_pong(&request, reply, 20);
	cr_assert_eq(reply->b[59], 0);
}

/* With IP options: answered without them. */
Test(neigh_answer, ping_with_options)
{
	struct frame plain = ping(OUR_MAC, PEER_MAC, PEER4, OUR_IP4, 16), request = plain;
	uint16_t checksum = 0;

	start(4);
	set_usual();
	memmove(request.b + 38, request.b + 34, request.len - 34);
	memset(request.b + 34, 1, 4);
	request.len += 4;
	request.b[14] = 0x46;
	request.b[17] = (uint8_t)(request.b[17] + 4);
	memcpy(request.b + 24, &checksum, sizeof(checksum));
	checksum = weir_ipv4_checksum(request.b + 14, 24);
	memcpy(request.b + 24, &checksum, sizeof(checksum));
	feed(request);
	check_pong(&plain, only_sent(), 20);
}

/* Any address of ours on any underlay, back where it came from. */
Test(neigh_answer, ping_by_another_underlay)
{
	struct frame request = ping(OUR_MAC, PEER_MAC, "10.0.0.2", OUR_IP4, 56);
	const struct frame *reply;

	start(4);
	set_usual();
	set_underlay(1, (const char *const[]){"10.0.0.1/24", NULL}, NULL);
	n_sent = 0;
	cr_assert_eq(input(1, &request), WEIR_OK);
	reply = only_sent();
	cr_assert_eq(reply->port, PORT + 1);
	check_pong(&request, reply, 20);
	feed(ping(OUR_MAC, PEER_MAC, "fe80::2", OUR_LINK_LOCAL, 8));
	(void)only_sent();
}

Test(neigh_answer, ping_not_for_us)
{
	start(4);
	set_usual();
	check_quiet(0, ping(OUR_MAC, PEER_MAC, PEER4, "192.0.2.9", 8), WEIR_DROP_NOT_OURS);
	check_quiet(0, ping(OUR_MAC, PEER_MAC, PEER6, "2001:db8::9", 8), WEIR_DROP_NOT_OURS);
	check_quiet(0, ping(OTHER_MAC, PEER_MAC, PEER4, OUR_IP4, 8), WEIR_DROP_NOT_OURS);
	check_quiet(0, ping(BROADCAST, PEER_MAC, PEER4, OUR_IP4, 8), WEIR_DROP_NOT_OURS);
	check_quiet(0, ping("33:33:00:00:00:01", PEER_MAC, PEER6, "ff02::1", 8), WEIR_DROP_NOT_OURS);
}

/* Answers must not go to groups, to nobody, or to ourselves. */
Test(neigh_answer, ping_from_impossible_sources)
{
	static const char *const bad4[] = {
	    "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", OUR_IP4};
	static const char *const bad6[] = {"::", "::1", "ff02::1", OUR_IP6};
	struct frame request;

	start(4);
	set_usual();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(bad4); i++)
		check_quiet(0, ping(OUR_MAC, PEER_MAC, bad4[i], OUR_IP4, 8), WEIR_DROP_BAD_L4);
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(bad6); i++)
		check_quiet(0, ping(OUR_MAC, PEER_MAC, bad6[i], OUR_IP6, 8), WEIR_DROP_BAD_L4);
	check_quiet(0, ping(OUR_MAC, "ff:ff:ff:ff:ff:ff", PEER4, OUR_IP4, 8), WEIR_DROP_BAD_L4);
	check_quiet(0, ping(OUR_MAC, "01:00:5e:00:00:01", PEER4, OUR_IP4, 8), WEIR_DROP_BAD_L4);
	check_quiet(0, ping(OUR_MAC, "00:00:00:00:00:00", PEER4, OUR_IP4, 8), WEIR_DROP_BAD_L4);
	check_quiet(0, ping(OUR_MAC, OUR_MAC, PEER4, OUR_IP4, 8), WEIR_DROP_BAD_L4);
	request = ping(OUR_MAC, PEER_MAC, PEER4, OUR_IP4, 8);
	request.b[request.len - 1] ^= 1;
	check_quiet(0, request, WEIR_DROP_BAD_L4);
	request = ping(OUR_MAC, PEER_MAC, PEER6, OUR_IP6, 8);
	request.b[request.len - 1] ^= 1;
	check_quiet(0, request, WEIR_DROP_BAD_L4);
}

/* IPv4 addresses, written in IPv6, are on no wire. */
Test(neigh_answer, mapped_addresses_are_refused)
{
	static const uint32_t places[] = {22, 38}; /* source, destination */
	struct frame frame;
	struct weir_ip ours = ip(OUR_IP4), peer = ip(PEER4);
	uint32_t id;

	start(4);
	set_usual();
	id = get(PEER4);
	n_sent = 0;
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(places); i++) {
		frame = ping(OUR_MAC, PEER_MAC, PEER6, OUR_IP6, 8);
		memcpy(frame.b + places[i], i == 0 ? &peer : &ours, sizeof(struct weir_ip));
		ping_seal(&frame);
		check_quiet(0, frame, WEIR_DROP_BAD_L4);
	}
	frame = nd(NA, OVERRIDE, "33:33:00:00:00:01", PEER6, "ff02::1", PEER6, OTHER_MAC);
	memcpy(frame.b + 62, &peer, sizeof(peer));
	ping_seal(&frame);
	check_quiet(0, frame, WEIR_DROP_BAD_L4);
	cr_assert_null(encap(id));
}

/* What is not all there cannot be sent back. */
Test(neigh_answer, ping_in_pieces)
{
	struct frame request = ping(OUR_MAC, PEER_MAC, PEER4, OUR_IP4, 1000);
	struct weir_outer outer;

	start(4);
	set_usual();
	cr_assert_eq(weir_parse_underlay(request.b, WEIR_PULLUP, request.len, false, &outer), WEIR_OK);
	cr_assert_eq(weir_neigh_input(neigh, 0, request.b, &outer, now), WEIR_DROP_BAD_L4);
	cr_assert_eq(n_sent, 0);
}

/* Nothing that a neighbour could be led astray by. */
Test(neigh_answer, hostile_neighbour_messages)
{
	static const char *const bad[] = {BROADCAST, "01:00:5e:00:00:01", "00:00:00:00:00:00"};
	struct frame frame;
	uint32_t v4, v6;

	start(4);
	set_usual();
	v4 = get(PEER4);
	v6 = get(PEER6);
	n_sent = 0;
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		check_quiet(0, arp(2, OUR_MAC, bad[i], PEER4, OUR_IP4), WEIR_DROP_BAD_ARP);
		check_quiet(0, arp(1, BROADCAST, bad[i], PEER4, OUR_IP4), WEIR_DROP_BAD_ARP);
		check_quiet(
		    0, nd(NA, SOLICITED | OVERRIDE, OUR_MAC, PEER6, OUR_IP6, PEER6, bad[i]), WEIR_DROP_BAD_L4);
		check_quiet(0, nd(NS, 0, OUR_MAC, PEER6, OUR_IP6, OUR_IP6, bad[i]), WEIR_DROP_BAD_L4);
	}
	/* Frame and message do not have to agree, but each has to be of one host, and not of ours. */
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		struct weir_mac bad_mac = mac(bad[i]), good_mac = mac(PEER_MAC);

		frame = answer(PEER6, PEER_MAC);
		memcpy(frame.b + 6, &bad_mac, sizeof(bad_mac));
		check_quiet(0, frame, WEIR_DROP_BAD_L4);
		frame = answer(PEER6, bad[i]);
		memcpy(frame.b + 6, &good_mac, sizeof(good_mac));
		check_quiet(0, frame, WEIR_DROP_BAD_L4);
	}
	frame = answer(PEER6, PEER_MAC);
	memcpy(frame.b + 6, frame.b, sizeof(struct weir_mac));
	check_quiet(0, frame, WEIR_DROP_NOT_OURS);
	frame = answer(PEER6, OUR_MAC);
	frame.b[6] = 0x0a;
	check_quiet(0, frame, WEIR_DROP_NOT_OURS);
	/* In our own name. */
	check_quiet(0, arp(2, OUR_MAC, OUR_MAC, PEER4, OUR_IP4), WEIR_DROP_NOT_OURS);
	check_quiet(0, nd(NA, SOLICITED | OVERRIDE, OUR_MAC, PEER6, OUR_IP6, PEER6, OUR_MAC), WEIR_DROP_NOT_OURS);
	/* From off the link, or altered on the way. */
	frame = answer(PEER6, OTHER_MAC);
	frame.b[21] = 254;
	check_quiet(0, frame, WEIR_DROP_BAD_L4);
	frame = answer(PEER6, OTHER_MAC);
	frame.b[frame.len - 1] ^= 1;
	check_quiet(0, frame, WEIR_DROP_BAD_L4);
	cr_assert_null(encap(v4));
	cr_assert_null(encap(v6));
	/* Redirects and advertisements of routers move nothing. */
	feed(answer(PEER6, PEER_MAC));
	frame = nd(137, 0, OUR_MAC, "fe80::9", OUR_IP6, "fe80::9", NULL);
	frame.len = 94;
	frame.b[19] = 40;
	memset(frame.b + 78, 0x20, 16);
	ping_seal(&frame);
	check_quiet(0, frame, WEIR_DROP_NOT_OURS);
	cr_assert(is_mac(encap(v6)->header, PEER_MAC));
}

static uint32_t
lines_of(FILE *file, const char *word)
{
	char line[512];
	uint32_t n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, word) != NULL;
	return n;
}

/* Another host has our address: said once a minute, and not answered, lest two machines shout at each other. */
Test(neigh_answer, address_conflict)
{
	FILE *log = tmpfile();

	start(4);
	rte_openlog_stream(log);
	set_usual();
	for (uint32_t i = 0; i < 10; i++) {
		check_quiet(0, arp(1, BROADCAST, OTHER_MAC, OUR_IP4, OUR_IP4), WEIR_OK);
		check_quiet(0, arp(1, BROADCAST, OTHER_MAC, OUR_IP4, PEER4), WEIR_OK);
		check_quiet(
		    0, nd(NA, OVERRIDE, "33:33:00:00:00:01", OUR_IP6, "ff02::1", OUR_IP6, OTHER_MAC), WEIR_OK);
		check_quiet(0, nd(NS, 0, GROUP_MAC, OUR_IP6, GROUP, OUR_IP6, OTHER_MAC), WEIR_OK);
		now += 1 * S;
	}
	cr_assert_eq(lines_of(log, OTHER_MAC), 1);
	cr_assert_eq(lines_of(log, OUR_IP4), 1);
	now += 60 * S;
	check_quiet(0, arp(2, BROADCAST, PEER_MAC, OUR_IP4, OUR_IP4), WEIR_OK);
	cr_assert_eq(lines_of(log, PEER_MAC), 1);
}
