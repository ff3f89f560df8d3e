/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way leads to a VTEP, and what changes with the underlays. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

#define GATEWAY "192.0.2.254"

static void
check_outer(uint32_t id, const char *src, const char *dst)
{
	struct weir_ip want_src = ip(src), want_dst = ip(dst);
	const struct weir_encap *e = encap(id);
	uint32_t at;

	cr_assert_not_null(e);
	at = e->l2_len + (e->v6 ? 8u : 12u);
	if (e->v6) {
		cr_assert_arr_eq(e->header + at, want_src.b, 16);
		cr_assert_arr_eq(e->header + at + 16, want_dst.b, 16);
	} else {
		cr_assert_arr_eq(e->header + at, want_src.b + 12, 4);
		cr_assert_arr_eq(e->header + at + 4, want_dst.b + 12, 4);
	}
}

static uint32_t
list_length(void)
{
	struct weir_neigh_entry page[32];
	uint32_t next;

	return weir_neigh_list(neigh, 0, page, 32, &next, now);
}

Test(neigh_route, several_behind_one_gateway)
{
	uint32_t a, b, c;

	start(16);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", NULL}, (const char *const[]){GATEWAY, NULL});
	n_sent = 0;
	a = get("198.51.100.1");
	check_question(only_sent(), GATEWAY, NULL);
	b = get("198.51.100.2");
	c = get("192.0.2.2");
	check_question(only_sent(), "192.0.2.2", NULL);
	cr_assert_eq(list_length(), 2);
	feed(answer(GATEWAY, PEER_MAC));
	check_outer(a, OUR_IP4, "198.51.100.1");
	check_outer(b, OUR_IP4, "198.51.100.2");
	cr_assert(is_mac(encap(a)->header, PEER_MAC));
	cr_assert(is_mac(encap(b)->header, PEER_MAC));
	cr_assert_null(encap(c));
	/* Its move is one of all behind it. */
	pass(2 * S);
	feed(claim(GATEWAY, OTHER_MAC));
	cr_assert(is_mac(encap(a)->header, OTHER_MAC));
	cr_assert(is_mac(encap(b)->header, OTHER_MAC));
}

/* It stays as long as one needs it, and those that went are not behind it any more. */
Test(neigh_route, gateway_goes_with_the_last_one_behind_it)
{
	uint32_t id[3];

	start(16);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", NULL}, (const char *const[]){GATEWAY, NULL});
	id[0] = get("198.51.100.1");
	id[1] = get("198.51.100.2");
	id[2] = get("198.51.100.3");
	feed(answer(GATEWAY, PEER_MAC));
	weir_neigh_vtep_put(neigh, id[1]);
	weir_neigh_vtep_put(neigh, id[0]);
	pass(2 * S);
	feed(claim(GATEWAY, OTHER_MAC));
	cr_assert_eq(why(id[0]), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(why(id[1]), WEIR_DROP_NO_ROUTE);
	cr_assert(is_mac(encap(id[2])->header, OTHER_MAC));
	weir_neigh_vtep_put(neigh, id[2]);
	cr_assert_null(entry(GATEWAY));
}

/* The same address on another underlay is another host. */
Test(neigh_route, neighbours_are_those_of_one_underlay)
{
	struct frame reply = arp(2, OUR_MAC, PEER_MAC, "192.0.2.2", OUR_IP4);
	uint32_t id;

	start(2);
	set_usual();
	id = get("192.0.2.2");
	for (uint32_t u = 1; u < 100; u++) {
		set_underlay(u, (const char *const[]){"198.51.100.1/24", NULL}, NULL);
		cr_assert_eq(input(u, &reply), WEIR_DROP_NOT_OURS);
		cr_assert_eq(weir_neigh_set_underlay(neigh, u, NULL, now), 0);
	}
	cr_assert_null(encap(id));
}

Test(neigh_route, longest_prefix_wins)
{
	uint32_t id;

	start(16);
	set_underlay(0, (const char *const[]){"10.0.0.1/8", NULL}, NULL);
	set_underlay(1, (const char *const[]){"10.1.0.1/16", "10.1.1.1/24", NULL}, NULL);
	set_underlay(2, (const char *const[]){"10.1.0.2/16", NULL}, (const char *const[]){"10.1.0.254", NULL});
	n_sent = 0;
	id = get("10.1.1.9");
	cr_assert_eq(only_sent()->port, PORT + 1);
	cr_assert_eq(entry("10.1.1.9")->underlay, 1);
	{
		struct frame reply = arp(2, OUR_MAC, PEER_MAC, "10.1.1.9", "10.1.1.1");

		cr_assert_eq(input(0, &reply), WEIR_DROP_NOT_OURS, "another underlay's neighbour");
		cr_assert_null(encap(id));
		cr_assert_eq(input(1, &reply), WEIR_OK);
	}
	check_outer(id, "10.1.1.1", "10.1.1.9");
	(void)get("10.2.0.1");
	cr_assert_eq(only_sent()->port, PORT);
	(void)get("10.1.2.1");
	cr_assert_eq(only_sent()->port, PORT + 1, "the first of equals");
	(void)get("192.0.2.7");
	cr_assert_eq(only_sent()->port, PORT + 2, "by the gateway");
}

Test(neigh_route, families_do_not_mix)
{
	uint32_t v6;

	start(16);
	set_underlay(
	    0, (const char *const[]){"192.0.2.1/0", NULL}, (const char *const[]){GATEWAY, "2001:db8::9", NULL});
	n_sent = 0;
	v6 = get("2001:db8::2");
	cr_assert_eq(n_sent, 0);
	cr_assert_eq(why(v6), WEIR_DROP_NO_ROUTE, "nobody to ask the gateway");
	cr_assert_not(weir_neigh_pending(neigh, v6));
	cr_assert_eq(why(get("10.9.9.9")), WEIR_DROP_NEIGH_UNRESOLVED, "0.0.0.0/0 is connected");
	set_underlay(0, (const char *const[]){"2001:db8::1/0", NULL}, NULL);
	cr_assert_eq(why(v6), WEIR_DROP_NEIGH_UNRESOLVED);
	cr_assert_eq(why(get("10.9.9.9")), WEIR_DROP_NO_ROUTE);
}

Test(neigh_route, own_and_link_local_addresses_have_none)
{
	static const char *const gateways[] = {GATEWAY, "2001:db8::9", NULL};

	start(16);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", OUR_IP6 "/64", NULL}, gateways);
	n_sent = 0;
	cr_assert_eq(why(get("fe80::1")), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(why(get(OUR_IP4)), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(why(get(OUR_IP6)), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(n_sent, 0);
}

/* A router is often known by its link-local address: asked from ours, while tunnels come from the global one. */
Test(neigh_route, link_local_gateway)
{
	struct weir_ip source = ip(OUR_LINK_LOCAL);
	const struct frame *question;
	uint32_t id;

	start(16);
	set_underlay(0, (const char *const[]){OUR_IP6 "/64", NULL}, (const char *const[]){"fe80::9", NULL});
	n_sent = 0;
	id = get("2001:db8:9::1");
	question = only_sent();
	check_question(question, "fe80::9", NULL);
	cr_assert_arr_eq(question->b + 22, source.b, 16);
	feed(nd(NA, SOLICITED | OVERRIDE, OUR_MAC, "fe80::9", OUR_LINK_LOCAL, "fe80::9", PEER_MAC));
	check_outer(id, OUR_IP6, "2001:db8:9::1");
}

Test(neigh_route, follows_the_underlays)
{
	uint32_t id;

	start(16);
	id = get("198.51.100.1");
	cr_assert_eq(why(id), WEIR_DROP_NO_ROUTE);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", NULL}, (const char *const[]){GATEWAY, NULL});
	cr_assert(weir_neigh_pending(neigh, id));
	feed(answer(GATEWAY, PEER_MAC));
	check_outer(id, OUR_IP4, "198.51.100.1");
	cr_assert_eq(encap(id)->port, PORT);
	/* A shorter way. */
	set_underlay(1, (const char *const[]){"198.51.100.9/24", NULL}, NULL);
	cr_assert(weir_neigh_pending(neigh, id));
	cr_assert_null(entry(GATEWAY));
	cr_assert_eq(entry("198.51.100.1")->underlay, 1);
	/* And back: the gateway is asked anew. */
	cr_assert_eq(weir_neigh_set_underlay(neigh, 1, NULL, now), 0);
	cr_assert_not_null(entry(GATEWAY));
	cr_assert_null(entry("198.51.100.1"));
	cr_assert_eq(weir_neigh_set_underlay(neigh, 0, NULL, now), 0);
	cr_assert_eq(why(id), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(list_length(), 0);
	cr_assert_eq(weir_neigh_set_underlay(neigh, 0, NULL, now), 0, "twice");
}

Test(neigh_route, new_addresses_keep_neighbours)
{
	struct weir_neigh_underlay underlay = {.port = PORT, .vlan = WEIR_NONE, .mac = mac(OUR_MAC), .mtu = 1500};
	static const char *const addresses[] = {"192.0.2.7/24", OUR_IP4 "/24", NULL};
	const struct weir_encap *before;
	uint32_t id;

	start(16);
	set_usual();
	id = get("192.0.2.2");
	feed(answer("192.0.2.2", PEER_MAC));
	before = encap(id);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", "192.0.2.7/32", NULL}, NULL);
	cr_assert_eq(encap(id), before, "nothing of it changed");
	set_underlay_full(0, &underlay, addresses, NULL);
	check_outer(id, "192.0.2.7", "192.0.2.2");
	underlay.mtu = 9000;
	set_underlay_full(0, &underlay, addresses, NULL);
	cr_assert_eq(encap(id)->mtu, 9000);
	underlay.mac = mac("02:aa:aa:aa:aa:09");
	set_underlay_full(0, &underlay, addresses, NULL);
	cr_assert_eq(encap(id)->mtu, 9000);
	cr_assert(is_mac(encap(id)->header + 6, "02:aa:aa:aa:aa:09"));
	cr_assert(is_mac(encap(id)->header, PEER_MAC));
	cr_assert_eq(entry("192.0.2.2")->state, WEIR_NEIGH_REACHABLE);
}

Test(neigh_route, another_wire_forgets_neighbours)
{
	struct weir_neigh_underlay underlay = {.port = PORT, .vlan = 7, .mac = mac(OUR_MAC), .mtu = 1500};
	static const char *const addresses[] = {OUR_IP4 "/24", NULL};
	uint32_t id;

	start(16);
	set_usual();
	id = get("192.0.2.2");
	feed(answer("192.0.2.2", PEER_MAC));
	set_underlay_full(0, &underlay, addresses, NULL);
	cr_assert(weir_neigh_pending(neigh, id));
	n_sent = 0;
	pass(100 * MS);
	cr_assert_eq(n_sent, 1);
	feed(answer("192.0.2.2", PEER_MAC));
	cr_assert_eq(encap(id)->l2_len, 18);
	cr_assert_arr_eq(encap(id)->header + 12, ((uint8_t[]){0x81, 0x00, 0, 7}), 4);
	underlay.port = 9;
	set_underlay_full(0, &underlay, addresses, NULL);
	cr_assert_null(encap(id));
	/* Without an address of the family there is no one to ask from. */
	underlay.port = 10;
	set_underlay_full(0, &underlay, (const char *const[]){OUR_IP6 "/64", NULL}, NULL);
	cr_assert_eq(why(id), WEIR_DROP_NO_ROUTE);
	pass(10 * S);
}

Test(neigh_route, announces_what_is_new)
{
	static const char *const both[] = {OUR_IP4 "/24", OUR_IP6 "/64", NULL};
	struct weir_ip all_nodes = ip("ff02::1");
	struct weir_outer outer;
	struct weir_arp message;
	struct weir_nd advertisement;

	start(16);
	set_underlay(0, both, NULL);
	cr_assert_eq(n_sent, 2);
	cr_assert_eq(weir_parse_underlay(sent[0].b, sent[0].len, sent[0].len, false, &outer), WEIR_OK);
	weir_parse_arp(sent[0].b, &outer.frame, &message);
	cr_assert(is_mac(sent[0].b, BROADCAST));
	cr_assert(weir_ip_equal(&message.spa, &message.tpa));
	cr_assert(is_mac(message.sha.b, OUR_MAC));
	cr_assert_eq(weir_parse_underlay(sent[1].b, sent[1].len, sent[1].len, false, &outer), WEIR_OK);
	cr_assert_eq(weir_parse_nd(sent[1].b, &outer.frame, &advertisement), WEIR_OK);
	cr_assert(is_mac(sent[1].b, "33:33:00:00:00:01"));
	cr_assert(weir_ip_equal(&advertisement.dst, &all_nodes));
	cr_assert_eq(advertisement.na_flags, OVERRIDE);
	cr_assert(is_mac(advertisement.lladdr.b, OUR_MAC));
	n_sent = 0;
	pass(1900 * MS);
	cr_assert_eq(n_sent, 0);
	pass(100 * MS);
	cr_assert_eq(n_sent, 2, "once more");
	pass(100 * S);
	cr_assert_eq(n_sent, 2, "and no more");
	n_sent = 0;
	set_underlay(0, both, (const char *const[]){GATEWAY, NULL});
	cr_assert_eq(n_sent, 0, "nothing new");
	set_underlay(0, (const char *const[]){"192.0.2.9/24", NULL}, NULL);
	cr_assert_eq(n_sent, 1);
}

Test(neigh_route, references_and_ids)
{
	struct weir_ip last = ip("192.0.2.99");
	uint32_t a, b, id[4];

	start(4);
	set_usual();
	a = get("192.0.2.2");
	cr_assert_eq(get("192.0.2.2"), a);
	feed(answer("192.0.2.2", PEER_MAC));
	weir_neigh_vtep_put(neigh, a);
	cr_assert_not_null(encap(a));
	weir_neigh_vtep_put(neigh, a);
	cr_assert_eq(why(a), WEIR_DROP_NO_ROUTE);
	cr_assert_eq(n_deferred, 1);
	cr_assert_null(entry("192.0.2.2"));
	/* A worker may still hold the id. */
	b = get("192.0.2.2");
	cr_assert_neq(b, a);
	for (uint32_t i = 0; i < 2; i++)
		id[i] = get(i ? "192.0.2.3" : "192.0.2.4");
	cr_assert_eq(weir_neigh_vtep_get(neigh, &last, WEIR_VXLAN, now), WEIR_NONE, "full");
	weir_neigh_vtep_reuse(neigh);
	cr_assert_eq(weir_neigh_vtep_get(neigh, &last, WEIR_VXLAN, now), a);
	cr_assert_eq(list_length(), 4);
	weir_neigh_vtep_reuse(neigh);
	weir_neigh_vtep_put(neigh, id[0]);
	weir_neigh_vtep_put(neigh, b);
	weir_neigh_vtep_reuse(neigh);
	cr_assert_lt(get("192.0.2.5"), 4);
	cr_assert_lt(get("192.0.2.6"), 4);
	weir_neigh_free(neigh);
	weir_neigh_free(NULL);
}

/* All next hops change while every slot is taken. */
Test(neigh_route, reroutes_at_full_capacity)
{
	start(3);
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", NULL}, NULL);
	(void)get("192.0.2.2");
	(void)get("192.0.2.3");
	(void)get("192.0.2.4");
	for (uint32_t i = 0; i < 3; i++) {
		set_underlay(1, (const char *const[]){"192.0.2.9/28", NULL}, NULL);
		cr_assert_eq(list_length(), 3);
		cr_assert_eq(entry("192.0.2.3")->underlay, 1);
		cr_assert_eq(weir_neigh_set_underlay(neigh, 1, NULL, now), 0);
		cr_assert_eq(entry("192.0.2.4")->underlay, 0);
	}
}

Test(neigh_route, listing_in_pages)
{
	struct weir_neigh_entry page[4];
	uint32_t cursor = 0, found = 0, pages = 0;
	bool seen[256] = {false};

	start(16);
	set_usual();
	for (uint32_t i = 0; i < 11; i++) {
		struct weir_ip address = ip("192.0.2.10");

		address.b[15] = (uint8_t)(address.b[15] + i);
		(void)weir_neigh_vtep_get(neigh, &address, WEIR_VXLAN, now);
	}
	feed(answer("192.0.2.12", PEER_MAC));
	while (cursor != WEIR_NONE) {
		uint32_t n = weir_neigh_list(neigh, cursor, page, 4, &cursor, now + 5);

		for (uint32_t i = 0; i < n; i++, found++) {
			cr_assert_not(seen[page[i].ip.b[15]]);
			seen[page[i].ip.b[15]] = true;
			cr_assert_eq(page[i].age, 5);
			cr_assert_eq(is_mac(page[i].mac.b, PEER_MAC), page[i].ip.b[15] == 12);
		}
		pages++;
	}
	cr_assert_eq(found, 11);
	cr_assert_eq(pages, 3);
	cr_assert_eq(weir_neigh_list(neigh, 12345, page, 4, &cursor, now), 0);
	cr_assert_eq(cursor, WEIR_NONE);
	cr_assert_str_eq(weir_neigh_state_name(WEIR_NEIGH_REACHABLE), "reachable");
}

static uint32_t
found(const char *vtep)
{
	struct weir_ip address = ip(vtep);

	return weir_neigh_vtep_find(neigh, &address, WEIR_VXLAN);
}

/* As long as anybody has a reference, resolved or not. */
Test(neigh_route, found_while_referenced)
{
	static const char *const vteps[] = {"192.0.2.2", "198.51.100.9", "2001:db8::2", "2001:db8:ffff::c000:202"};
	uint32_t id[WEIR_ARRAY_LEN(vteps)];

	start(8);
	set_usual();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(vteps); i++) {
		cr_assert_eq(found(vteps[i]), WEIR_NONE);
		id[i] = get(vteps[i]);
		cr_assert_eq(get(vteps[i]), id[i]);
	}
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < WEIR_ARRAY_LEN(vteps); i++) {
			cr_assert_eq(found(vteps[i]), id[i], "%s", vteps[i]);
			weir_neigh_vtep_put(neigh, id[i]);
			cr_assert_eq(found(vteps[i]), round == 0 ? id[i] : WEIR_NONE, "%s", vteps[i]);
		}
	}
	weir_neigh_vtep_reuse(neigh);
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(vteps); i++)
		cr_assert_eq(found(vteps[i]), WEIR_NONE, "%s", vteps[i]);
	/* Neighbours and our own are nobody's remotes. */
	cr_assert_eq(found("192.0.2.1"), WEIR_NONE);
	cr_assert_eq(found("::192.0.2.2"), WEIR_NONE);
	weir_neigh_free(neigh);
}

/* An address that comes back has another id until the first one may be used again; then an id is another address. */
Test(neigh_route, found_by_another_id)
{
	uint32_t a, b, c;

	start(2);
	set_usual();
	for (uint32_t i = 0; i < 2; i++) {
		const char *first = i ? "192.0.2.2" : "2001:db8::2", *second = i ? "192.0.2.3" : "2001:db8::3";

		a = get(first);
		weir_neigh_vtep_put(neigh, a);
		b = get(first);
		cr_assert_neq(b, a);
		cr_assert_eq(found(first), b);
		weir_neigh_vtep_reuse(neigh);
		cr_assert_eq(found(first), b, "what is in use stays");
		c = get(second);
		cr_assert_eq(c, a);
		cr_assert_eq(found(second), a);
		cr_assert_eq(found(first), b);
		weir_neigh_vtep_put(neigh, b);
		cr_assert_eq(found(first), WEIR_NONE);
		cr_assert_eq(found(second), a);
		weir_neigh_vtep_put(neigh, c);
		cr_assert_eq(found(second), WEIR_NONE);
		weir_neigh_vtep_reuse(neigh);
	}
	weir_neigh_free(neigh);
}

/* Up to the last one there is room for, and again when all have gone. */
Test(neigh_route, found_among_many)
{
	enum { MANY = 500 };
	static uint32_t id[MANY];
	char text[64];

	start(MANY);
	set_usual();
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			(void)snprintf(text, sizeof(text), i % 2 ? "192.0.%u.%u" : "2001:db8:%x::%x", 2 + i / 200,
			    2 + i % 200 + round);
			id[i] = get(text);
			cr_assert_neq(id[i], WEIR_NONE);
		}
		for (uint32_t i = 0; i < MANY; i++) {
			(void)snprintf(text, sizeof(text), i % 2 ? "192.0.%u.%u" : "2001:db8:%x::%x", 2 + i / 200,
			    2 + i % 200 + round);
			cr_assert_eq(found(text), id[i]);
			weir_neigh_vtep_put(neigh, id[i]);
			cr_assert_eq(found(text), WEIR_NONE);
		}
		weir_neigh_vtep_reuse(neigh);
	}
	weir_neigh_free(neigh);
}
