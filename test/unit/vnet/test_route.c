/* SPDX-License-Identifier: BSD-3-Clause */
/* Longest prefix match against a list that is searched from the front; and whom a change of a route reaches. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct weir_routes *routes;
static struct weir_router router = {.id = 3, .tenant = &tenants[RED], .name = "r1"},
			  other = {.id = 4, .tenant = &tenants[BLUE], .name = "r1"};

static void
begin(void)
{
	start();
	routes = weir_routes_create(vnet);
	cr_assert_not_null(routes);
}

static void
end(void)
{
	weir_routes_free(routes);
	finish();
}

TestSuite(route, .init = begin, .fini = end);

static struct weir_prefix
prefix(const char *text)
{
	struct weir_prefix p;

	cr_assert_eq(weir_prefix_parse(text, &p), 0, "%s", text);
	return p;
}

static struct weir_ways ways[64];

static uint32_t
set(struct weir_router *to, const char *text, const struct weir_ways *leads)
{
	struct weir_prefix p = prefix(text);

	weir_lengths_add(&to->lengths, &p);
	return weir_routes_set(routes, to->id, &p, leads);
}

static void
unset(const struct weir_router *from, const char *text)
{
	struct weir_prefix p = prefix(text);

	weir_routes_remove(routes, from->id, &p);
}

static const struct weir_ways *
found(const struct weir_router *in, const char *text)
{
	const struct weir_ways *leads = NULL;
	struct weir_ip address = ip(text);
	uint32_t gen;

	return weir_route_find(vnet, in, &address, &leads, &gen) == WEIR_NONE ? NULL : leads;
}

static uint32_t
generation(const struct weir_router *in, const char *text)
{
	const struct weir_ways *leads = NULL;
	struct weir_ip address = ip(text);
	uint32_t gen = 0;

	cr_assert_neq(weir_route_find(vnet, in, &address, &leads, &gen), WEIR_NONE);
	return gen;
}

Test(route, the_longest_one_of_its_own_router_and_family)
{
	cr_assert_null(found(&router, "10.1.2.3"));
	(void)set(&router, "0.0.0.0/0", &ways[0]);
	(void)set(&router, "10.0.0.0/8", &ways[1]);
	(void)set(&router, "10.1.2.0/24", &ways[2]);
	(void)set(&router, "10.1.2.3/32", &ways[3]);
	(void)set(&router, "::/0", &ways[4]);
	(void)set(&router, "fd00::/8", &ways[5]);
	(void)set(&router, "fd00::1/128", &ways[6]);
	(void)set(&other, "10.1.2.0/25", &ways[7]);
	cr_assert_eq(found(&router, "10.1.2.3"), &ways[3]);
	cr_assert_eq(found(&router, "10.1.2.4"), &ways[2]);
	cr_assert_eq(found(&router, "10.1.3.4"), &ways[1]);
	cr_assert_eq(found(&router, "11.1.3.4"), &ways[0]);
	cr_assert_eq(found(&router, "fd00::1"), &ways[6]);
	cr_assert_eq(found(&router, "fd00::2"), &ways[5]);
	cr_assert_eq(found(&router, "2001:db8::2"), &ways[4]);
	cr_assert_eq(found(&other, "10.1.2.3"), &ways[7]);
	cr_assert_null(found(&other, "10.1.2.200"));
	cr_assert_null(found(&other, "fd00::1"));
	cr_assert_eq(weir_routes_used(routes), 8);
}

Test(route, removed_ones_give_way_and_come_back)
{
	(void)set(&router, "10.0.0.0/8", &ways[1]);
	(void)set(&router, "10.1.2.0/24", &ways[2]);
	unset(&router, "10.1.2.0/24");
	unset(&router, "10.1.3.0/24");
	cr_assert_eq(found(&router, "10.1.2.3"), &ways[1]);
	unset(&router, "10.0.0.0/8");
	cr_assert_null(found(&router, "10.1.2.3"));
	cr_assert_eq(weir_routes_used(routes), 2, "until they are reclaimed");
	cr_assert(weir_routes_reclaim_begin(routes));
	cr_assert(!weir_routes_reclaim_begin(routes), "one period at a time");
	weir_routes_reclaim_end(routes);
	cr_assert_eq(weir_routes_used(routes), 0);
	(void)set(&router, "10.0.0.0/8", &ways[3]);
	cr_assert_eq(found(&router, "10.1.2.3"), &ways[3]);
}

/* Whose walk stands, by generation. */
Test(route, a_change_reaches_those_who_take_it)
{
	uint32_t wide, narrow, index;

	(void)set(&router, "10.0.0.0/8", &ways[1]);
	index = set(&router, "10.1.0.0/16", &ways[2]);
	wide = generation(&router, "10.9.9.9");
	narrow = generation(&router, "10.1.9.9");
	(void)set(&router, "10.1.2.0/24", &ways[3]);
	cr_assert_eq(generation(&router, "10.9.9.9"), wide, "the new one is not in it alone");
	cr_assert_neq(generation(&router, "10.1.9.9"), narrow, "the new one is in it");
	narrow = generation(&router, "10.1.9.9");
	unset(&router, "10.1.2.0/24");
	cr_assert_eq(generation(&router, "10.1.9.9"), narrow, "who took that knows by its own");
	cr_assert_eq(set(&router, "10.1.0.0/16", &ways[4]), index, "it is the same route");
	cr_assert_neq(generation(&router, "10.1.9.9"), narrow);
	cr_assert_eq(generation(&router, "10.9.9.9"), wide);
	cr_assert_eq(found(&router, "10.1.9.9"), &ways[4]);
}

/* ---- at random ---- */

#define N 400

static struct {
	struct weir_prefix prefix;
	const struct weir_ways *ways; /* NULL: not there */
} list[N];

static struct weir_ip
random_ip(bool v4)
{
	struct weir_ip address = {.b = {[10] = 0xff, [11] = 0xff}};

	if (!v4)
		address.b[0] = 0xfd, address.b[10] = address.b[11] = 0;
	for (uint32_t i = 12; i < 16; i++)
		address.b[i] = (uint8_t)(rand() % 3 << (rand() % 2 * 7));
	return address;
}

static const struct weir_ways *
slow(const struct weir_ip *address)
{
	const struct weir_ways *best = NULL;
	int longest = -1;

	for (uint32_t i = 0; i < N; i++)
		if (list[i].ways != NULL && list[i].prefix.len > longest &&
		    weir_prefix_contains(&list[i].prefix, address)) {
			longest = list[i].prefix.len;
			best = list[i].ways;
		}
	return best;
}

static void
change(void)
{
	uint32_t i = (uint32_t)rand() % N;

	if (list[i].ways != NULL) {
		weir_routes_remove(routes, router.id, &list[i].prefix);
		list[i].ways = NULL;
		return;
	}
	list[i].prefix.ip = random_ip(rand() % 2);
	list[i].prefix.len = (uint8_t)(96 + rand() % 33);
	for (uint32_t bit = list[i].prefix.len; bit < 128; bit++)
		list[i].prefix.ip.b[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
	for (uint32_t k = 0; k < N; k++)
		if (k != i && list[k].ways != NULL && list[k].prefix.len == list[i].prefix.len &&
		    weir_ip_equal(&list[k].prefix.ip, &list[i].prefix.ip))
			return;
	list[i].ways = &ways[i % WEIR_ARRAY_LEN(ways)];
	weir_lengths_add(&router.lengths, &list[i].prefix);
	cr_assert_neq(weir_routes_set(routes, router.id, &list[i].prefix, list[i].ways), WEIR_NONE);
}

Test(route, at_random_as_by_a_list)
{
	srand(1);
	for (int step = 0; step < 3000; step++) {
		change();
		for (int k = 0; k < 20; k++) {
			struct weir_ip address = random_ip(rand() % 2);
			const struct weir_ways *leads = NULL;
			uint32_t gen;

			if (weir_route_find(vnet, &router, &address, &leads, &gen) == WEIR_NONE)
				leads = NULL;
			cr_assert_eq(leads, slow(&address), "step %d", step);
		}
	}
}

Test(route, where_a_router_is_connected)
{
	struct weir_prefix prefixes[] = {prefix("10.0.0.1/24"), prefix("fd00::1/64")};
	struct weir_iface iface = {.n_prefixes = 2, .prefixes = prefixes};
	const struct weir_iface *all[] = {&iface};
	struct weir_router r = {.n_ifaces = 1, .ifaces = all};
	struct weir_ip in = ip("10.0.0.9"), in6 = ip("fd00::9"), out = ip("10.0.1.9");

	cr_assert_eq(weir_router_connected(&r, &in), &iface);
	cr_assert_eq(weir_router_connected(&r, &in6), &iface);
	cr_assert_null(weir_router_connected(&r, &out));
}
