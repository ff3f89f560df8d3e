/* SPDX-License-Identifier: BSD-3-Clause */
/* Every step of a neighbour's life, for both families, at the time it has to happen. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

static const char *const peers[] = {"192.0.2.2", "2001:db8::2"};

/* The rest of a step of the timers: questions fall due at whole seconds, ticks come every 100 ms. */
static void
pass_asking(uint64_t ns, uint32_t questions)
{
	n_sent = 0;
	pass(ns);
	cr_assert_eq(n_sent, questions, "%u questions", n_sent);
}

static void
check_state(const char *peer, enum weir_neigh_state state)
{
	const struct weir_neigh_entry *e = entry(peer);

	cr_assert_not_null(e);
	cr_assert_eq(e->state, state, "%s", weir_neigh_state_name(e->state));
}

/* A VTEP that has just answered. */
static uint32_t
reach(const char *peer)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peer);
	feed(answer(peer, PEER_MAC));
	n_sent = 0;
	cr_assert_not_null(encap(id));
	check_state(peer, WEIR_NEIGH_REACHABLE);
	return id;
}

#define FOR_BOTH(name)                                                                                               \
	static void name(const char *peer);                                                                          \
	Test(neigh_state, name##_v4)                                                                                 \
	{                                                                                                            \
		name(peers[0]);                                                                                      \
	}                                                                                                            \
	Test(neigh_state, name##_v6)                                                                                 \
	{                                                                                                            \
		name(peers[1]);                                                                                      \
	}                                                                                                            \
	static void name(const char *peer)

FOR_BOTH(resolves)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peer);
	check_question(only_sent(), peer, NULL);
	check_state(peer, WEIR_NEIGH_INCOMPLETE);
	cr_assert_eq(why(id), WEIR_DROP_NEIGH_UNRESOLVED);
	cr_assert(weir_neigh_pending(neigh, id));

	feed(answer(peer, PEER_MAC));
	cr_assert_eq(n_sent, 0);
	check_state(peer, WEIR_NEIGH_REACHABLE);
	cr_assert_not(weir_neigh_pending(neigh, id));
	cr_assert_not_null(encap(id));
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
	cr_assert(is_mac(encap(id)->header + 6, OUR_MAC));
	cr_assert_eq(encap(id)->port, PORT);
	cr_assert_eq(encap(id)->mtu, 1500);
}

FOR_BOTH(asks_three_times_then_every_five_seconds)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peer);
	pass_asking(900 * MS, 0);
	pass_asking(100 * MS, 1);
	check_question(&sent[0], peer, NULL);
	pass_asking(1 * S, 1);
	cr_assert(weir_neigh_pending(neigh, id));
	pass_asking(900 * MS, 0);
	check_state(peer, WEIR_NEIGH_INCOMPLETE);
	pass_asking(100 * MS, 0);
	check_state(peer, WEIR_NEIGH_FAILED);
	cr_assert_not(weir_neigh_pending(neigh, id));
	cr_assert_eq(why(id), WEIR_DROP_NEIGH_UNRESOLVED);
	for (uint32_t i = 0; i < 3; i++) {
		pass_asking(4900 * MS, 0);
		pass_asking(100 * MS, 1);
		check_question(&sent[0], peer, NULL);
	}
	feed(answer(peer, PEER_MAC));
	check_state(peer, WEIR_NEIGH_REACHABLE);
	cr_assert_not_null(encap(id));
}

/* Asked again by unicast before anything is lost; the headers stay the same ones. */
FOR_BOTH(stays_reachable_by_probes)
{
	uint32_t id = reach(peer);
	const struct weir_encap *first = encap(id);

	for (uint32_t i = 0; i < 3; i++) {
		pass_asking(29900 * MS, 0);
		pass_asking(100 * MS, 1);
		check_question(&sent[0], peer, PEER_MAC);
		check_state(peer, WEIR_NEIGH_PROBE);
		cr_assert_eq(encap(id), first);
		feed(answer(peer, PEER_MAC));
		check_state(peer, WEIR_NEIGH_REACHABLE);
		cr_assert_eq(entry(peer)->age, 0);
	}
	cr_assert_eq(n_deferred, 0);
}

FOR_BOTH(fails_after_three_probes_and_is_asked_quickly)
{
	uint32_t id = reach(peer);

	pass_asking(30 * S, 1);
	pass_asking(2 * S, 2);
	check_question(&sent[1], peer, PEER_MAC);
	pass_asking(900 * MS, 0);
	cr_assert_not_null(encap(id));
	pass_asking(100 * MS, 1);
	check_question(&sent[0], peer, NULL);
	check_state(peer, WEIR_NEIGH_FAILED);
	cr_assert_eq(why(id), WEIR_DROP_NEIGH_UNRESOLVED);
	cr_assert_not(weir_neigh_pending(neigh, id));
	cr_assert_eq(n_deferred, 1);
	cr_assert(is_mac(entry(peer)->mac.b, "00:00:00:00:00:00"));
	cr_assert_eq(entry(peer)->age, 33 * S);
	pass_asking(1 * S, 1);
	pass_asking(1 * S, 1);
	pass_asking(4900 * MS, 0);
	pass_asking(100 * MS, 1);
	feed(answer(peer, OTHER_MAC));
	cr_assert(is_mac(encap(id)->header, OTHER_MAC));
}

/* What it says unasked is believed, and then verified. */
FOR_BOTH(an_unasked_claim_resolves_and_is_verified)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peer);
	n_sent = 0;
	feed(claim(peer, PEER_MAC));
	check_state(peer, WEIR_NEIGH_STALE);
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
	pass_asking(900 * MS, 0);
	pass_asking(100 * MS, 1);
	check_question(&sent[0], peer, PEER_MAC);
	check_state(peer, WEIR_NEIGH_PROBE);
	feed(answer(peer, PEER_MAC));
	check_state(peer, WEIR_NEIGH_REACHABLE);
}

FOR_BOTH(a_failed_one_that_speaks_up_is_back)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peer);
	pass(10 * S);
	check_state(peer, WEIR_NEIGH_FAILED);
	feed(claim(peer, PEER_MAC));
	cr_assert_not_null(encap(id));
	check_state(peer, WEIR_NEIGH_STALE);
}

FOR_BOTH(moves_to_another_mac)
{
	uint32_t id = reach(peer);

	pass(2 * S);
	feed(claim(peer, OTHER_MAC));
	check_state(peer, WEIR_NEIGH_STALE);
	cr_assert(is_mac(encap(id)->header, OTHER_MAC));
	cr_assert_eq(n_deferred, 1);
	/* The same again is no news. */
	feed(claim(peer, OTHER_MAC));
	cr_assert_eq(n_deferred, 1);
	/* Nobody there: the true owner is found by asking all. */
	pass(4 * S);
	check_state(peer, WEIR_NEIGH_FAILED);
	feed(answer(peer, PEER_MAC));
	check_state(peer, WEIR_NEIGH_REACHABLE);
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
}

/* Two hosts claim one address, as fast as they can: one change a second is all that they cause. */
FOR_BOTH(a_flapping_mac_is_held)
{
	uint32_t id = reach(peer);

	for (uint32_t i = 0; i < 1000; i++) {
		now += 10 * MS;
		feed(claim(peer, i % 2 ? PEER_MAC : OTHER_MAC));
	}
	cr_assert_not_null(encap(id));
	cr_assert_geq(n_deferred, 9);
	cr_assert_leq(n_deferred, 10);
}

FOR_BOTH(claims_do_not_confirm)
{
	(void)reach(peer);
	pass(10 * S);
	feed(claim(peer, PEER_MAC));
	cr_assert_eq(entry(peer)->age, 10 * S);
	pass_asking(20 * S, 1);
	check_state(peer, WEIR_NEIGH_PROBE);
}

/* A request or solicitation tells where its sender is (RFC 826; RFC 4861, 7.2.3). */
Test(neigh_state, questions_of_others_tell_their_mac)
{
	uint32_t v4, v6;

	start(16);
	set_usual();
	v4 = get(peers[0]);
	v6 = get(peers[1]);
	n_sent = 0;
	feed(arp(1, BROADCAST, PEER_MAC, peers[0], OUR_IP4));
	feed(nd(NS, 0, "33:33:ff:00:00:01", peers[1], "ff02::1:ff00:1", OUR_IP6, OTHER_MAC));
	cr_assert_eq(n_sent, 2, "both answered");
	check_state(peers[0], WEIR_NEIGH_STALE);
	check_state(peers[1], WEIR_NEIGH_STALE);
	cr_assert(is_mac(encap(v4)->header, PEER_MAC));
	cr_assert(is_mac(encap(v6)->header, OTHER_MAC));
}

/* A broadcast reply answers nobody's question. */
Test(neigh_state, gratuitous_arp_replies_are_hearsay)
{
	start(16);
	set_usual();
	(void)get(peers[0]);
	feed(arp(2, BROADCAST, PEER_MAC, peers[0], peers[0]));
	check_state(peers[0], WEIR_NEIGH_STALE);
	feed(arp(2, BROADCAST, PEER_MAC, peers[0], OUR_IP4));
	check_state(peers[0], WEIR_NEIGH_STALE);
}

/* Without the override flag, a known MAC is not replaced, only doubted (RFC 4861, 7.2.5). */
Test(neigh_state, advertisement_without_override)
{
	uint32_t id = reach(peers[1]);

	pass(2 * S);
	feed(nd(NA, SOLICITED, OUR_MAC, peers[1], OUR_IP6, peers[1], OTHER_MAC));
	check_state(peers[1], WEIR_NEIGH_STALE);
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
	feed(nd(NA, SOLICITED, OUR_MAC, peers[1], OUR_IP6, peers[1], PEER_MAC));
	check_state(peers[1], WEIR_NEIGH_REACHABLE);
	cr_assert_eq(n_deferred, 0);
}

Test(neigh_state, advertisement_without_mac)
{
	uint32_t id;

	start(16);
	set_usual();
	id = get(peers[1]);
	feed(nd(NA, SOLICITED | OVERRIDE, OUR_MAC, peers[1], OUR_IP6, peers[1], NULL));
	check_state(peers[1], WEIR_NEIGH_INCOMPLETE);
	cr_assert_null(encap(id));
	feed(answer(peers[1], PEER_MAC));
	pass(30 * S);
	check_state(peers[1], WEIR_NEIGH_PROBE);
	feed(nd(NA, SOLICITED | OVERRIDE, OUR_MAC, peers[1], OUR_IP6, peers[1], NULL));
	check_state(peers[1], WEIR_NEIGH_REACHABLE);
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
}

/* Thousands of remotes at once: asked a part a tick, and each of them three times before it fails. */
Test(neigh_state, questions_are_paced)
{
	enum { N = 700 };
	uint32_t id[N], ticks = 0;

	start(N);
	set_underlay(0, (const char *const[]){"10.0.0.1/16", NULL}, NULL);
	pass(5 * S);
	n_sent = 0;
	for (uint32_t i = 0; i < N; i++) {
		struct weir_ip address = ip("10.0.1.0");

		address.b[14] = (uint8_t)(1 + i / 256);
		address.b[15] = (uint8_t)i;
		id[i] = weir_neigh_vtep_get(neigh, &address, WEIR_VXLAN, now);
	}
	cr_assert_eq(n_sent, 256);
	for (uint32_t all = n_sent; all < N; all += n_sent) {
		n_sent = 0;
		now += 100 * MS;
		weir_neigh_tick(neigh, now);
		cr_assert_leq(n_sent, 256);
		cr_assert_lt(++ticks, 5);
	}
	n_sent = 0;
	for (uint64_t end = now + 4 * S; now < end;) {
		now += 100 * MS;
		n_sent = 0;
		weir_neigh_tick(neigh, now);
		cr_assert_leq(n_sent, 256);
	}
	for (uint32_t i = 0; i < N; i++)
		cr_assert_not(weir_neigh_pending(neigh, id[i]), "%u", i);
}

/* One address by two formats: headers of its own each has, the neighbour is one, and is asked once. */
Test(neigh_state, formats_share_a_neighbour)
{
	static const struct {
		const char *ip;
		uint32_t port_at;
	} gateways[] = {{"192.0.2.2", 36}, {"2001:db8::2", 56}};

	start(4);
	set_usual();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(gateways); i++) {
		const struct weir_ip address = ip(gateways[i].ip);
		uint32_t vxlan = get(gateways[i].ip), geneve;
		const struct weir_encap *a, *b;

		check_question(only_sent(), gateways[i].ip, NULL);
		cr_assert_eq(weir_neigh_vtep_find(neigh, &address, WEIR_GENEVE), WEIR_NONE);
		geneve = get_by(gateways[i].ip, WEIR_GENEVE);
		cr_assert_neq(geneve, vxlan);
		cr_assert_eq(n_sent, 0, "nobody is asked twice");
		check_state(gateways[i].ip, WEIR_NEIGH_INCOMPLETE);
		cr_assert_eq(weir_neigh_vtep_find(neigh, &address, WEIR_GENEVE), geneve);
		cr_assert_eq(weir_neigh_vtep_find(neigh, &address, WEIR_VXLAN), vxlan);
		feed(answer(gateways[i].ip, PEER_MAC));
		a = encap(vxlan);
		b = encap(geneve);
		cr_assert_eq(a->len, b->len);
		cr_assert_arr_eq(a->header, b->header, gateways[i].port_at);
		cr_assert_eq(
		    a->header[gateways[i].port_at] << 8 | a->header[gateways[i].port_at + 1], WEIR_VXLAN_PORT);
		cr_assert_eq(
		    b->header[gateways[i].port_at] << 8 | b->header[gateways[i].port_at + 1], WEIR_GENEVE_PORT);
		weir_neigh_vtep_put(neigh, vxlan);
		cr_assert_eq(encap(geneve), b, "the other one stays");
		cr_assert_eq(weir_neigh_vtep_find(neigh, &address, WEIR_VXLAN), WEIR_NONE);
		cr_assert_eq(weir_neigh_vtep_find(neigh, &address, WEIR_GENEVE), geneve);
		check_state(gateways[i].ip, WEIR_NEIGH_REACHABLE);
		weir_neigh_vtep_put(neigh, geneve);
		cr_assert_null(entry(gateways[i].ip));
	}
}
