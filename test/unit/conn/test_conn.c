/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include <criterion/criterion.h>

#include <rte_tcp.h>

#include "weir_conn.h"

#define SYN RTE_TCP_SYN_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define FIN RTE_TCP_FIN_FLAG
#define RST RTE_TCP_RST_FLAG
#define SECOND WEIR_NS_PER_S
#define TENANTS 4

static struct weir_conns *conns;
static uint64_t now;

static void
make(void)
{
	conns = weir_conns_create(1, TENANTS);
	cr_assert_not_null(conns);
	now = SECOND;
}

static void
unmake(void)
{
	weir_conns_free(conns);
}

TestSuite(conn, .init = make, .fini = unmake);

/* The n-th conversation, from its first end to its second. */
static struct weir_conn_key
conversation(uint8_t proto, uint32_t n)
{
	struct weir_conn_key key = {.zone = 7, .proto = proto, .sport = (uint16_t)n, .dport = 53};

	key.src.b[10] = key.src.b[11] = key.dst.b[10] = key.dst.b[11] = 0xff;
	key.src.b[12] = key.dst.b[12] = 10;
	key.src.b[13] = (uint8_t)(n >> 16);
	key.src.b[15] = 2;
	key.dst.b[15] = 1;
	return key;
}

static struct weir_conn_key
reversed(struct weir_conn_key key)
{
	struct weir_conn_key other = key;

	other.src = key.dst;
	other.dst = key.src;
	other.sport = key.dport;
	other.dport = key.sport;
	return other;
}

static enum weir_conn_result
open_one(struct weir_conn_key key, uint32_t tenant, uint32_t quota)
{
	enum weir_conn_state state;

	return weir_conn_open(conns, &key, key.proto == IPPROTO_TCP ? SYN : 0, false, 3, tenant, quota, now, &state);
}

static bool
stands(struct weir_conn_key key)
{
	struct weir_conn_found found;

	return weir_conn_find(conns, &key, 0, now, &found);
}

/* A packet that it has to find a connection for: the state after it. */
static enum weir_conn_state
packet(struct weir_conn_key key, uint8_t flags)
{
	struct weir_conn_found found;
	enum weir_conn_state state;

	cr_assert(weir_conn_find(conns, &key, flags, now, &found));
	cr_assert(weir_conn_follow(conns, &found, flags, now, &state));
	return state;
}

static bool
alive(void *arg, uint32_t iface, uint32_t zone)
{
	const uint32_t *gone = arg;

	return iface == 3 && zone != *gone;
}

/* A round of maintenance over all records, and workers that have let go of them. */
static void
tend(uint32_t gone)
{
	weir_conns_tend(conns, now, alive, &gone);
	now += 2 * SECOND;
	weir_conns_tend(conns, now, alive, &gone);
	(void)weir_conns_reclaim_begin(conns);
	weir_conns_reclaim_end(conns);
}

/* ---- one connection ---- */

Test(conn, both_directions_find_it)
{
	struct weir_conn_key key = conversation(IPPROTO_UDP, 1), other = conversation(IPPROTO_UDP, 2);
	struct weir_conn_found found;

	cr_assert_not(stands(key));
	cr_assert_eq(open_one(key, 0, 10), WEIR_CONN_OK);
	cr_assert(weir_conn_find(conns, &key, 0, now, &found));
	cr_assert_not(found.reply);
	key = reversed(key);
	cr_assert(weir_conn_find(conns, &key, 0, now, &found));
	cr_assert(found.reply);
	cr_assert_not(stands(other));
	other = conversation(IPPROTO_UDP, 1);
	other.zone = 8;
	cr_assert_not(stands(other));
	other = conversation(IPPROTO_TCP, 1);
	cr_assert_not(stands(other));
	cr_assert_eq(weir_conns_used(conns), 1);
}

Test(conn, the_larger_end_may_open_as_well)
{
	struct weir_conn_key key = reversed(conversation(IPPROTO_UDP, 1)), same = key;
	struct weir_conn_found found;

	cr_assert_eq(open_one(key, 0, 10), WEIR_CONN_OK);
	cr_assert(weir_conn_find(conns, &key, 0, now, &found));
	cr_assert_not(found.reply);
	/* Ends that differ by their port only, and by nothing. */
	same.src = same.dst;
	cr_assert_eq(open_one(same, 0, 10), WEIR_CONN_OK);
	same = reversed(same);
	cr_assert(weir_conn_find(conns, &same, 0, now, &found));
	cr_assert(found.reply);
	same.sport = same.dport;
	cr_assert_eq(open_one(same, 0, 10), WEIR_CONN_OK);
	cr_assert(stands(reversed(same)));
}

/* From the opener (o) and from the other end (r), with flags, to a state. */
struct move {
	char from;
	uint8_t flags;
	enum weir_conn_state state;
};

static void
play(const struct move moves[], size_t n)
{
	struct weir_conn_key key = conversation(IPPROTO_TCP, 1);

	cr_assert_eq(open_one(key, 0, 10), WEIR_CONN_OK);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(packet(moves[i].from == 'o' ? key : reversed(key), moves[i].flags), moves[i].state,
		    "packet %zu", i);
}

Test(conn, tcp_in_full)
{
	static const struct move moves[] = {
	    {'o', SYN, WEIR_CONN_SYN_SENT},
	    {'o', ACK, WEIR_CONN_SYN_SENT},
	    {'r', ACK, WEIR_CONN_SYN_SENT},
	    {'r', SYN | ACK, WEIR_CONN_SYN_RECEIVED},
	    {'r', ACK, WEIR_CONN_SYN_RECEIVED},
	    {'o', ACK, WEIR_CONN_ESTABLISHED},
	    {'r', SYN | ACK, WEIR_CONN_ESTABLISHED},
	    {'o', FIN | ACK, WEIR_CONN_CLOSING},
	    {'o', FIN | ACK, WEIR_CONN_CLOSING},
	    {'r', ACK, WEIR_CONN_CLOSING},
	    {'r', FIN | ACK, WEIR_CONN_TIME_WAIT},
	    {'o', ACK, WEIR_CONN_TIME_WAIT},
	    {'o', RST, WEIR_CONN_CLOSED},
	    {'r', ACK, WEIR_CONN_CLOSED},
	};

	play(moves, WEIR_ARRAY_LEN(moves));
}

Test(conn, tcp_refused)
{
	static const struct move moves[] = {{'r', RST | ACK, WEIR_CONN_CLOSED}, {'o', ACK, WEIR_CONN_CLOSED}};

	play(moves, WEIR_ARRAY_LEN(moves));
}

Test(conn, tcp_from_both_ends_at_once)
{
	static const struct move moves[] = {{'r', SYN, WEIR_CONN_SYN_RECEIVED},
	    {'r', SYN | ACK, WEIR_CONN_SYN_RECEIVED}, {'o', SYN | ACK, WEIR_CONN_ESTABLISHED}};

	play(moves, WEIR_ARRAY_LEN(moves));
}

Test(conn, tcp_closed_by_the_other_end_at_once)
{
	static const struct move moves[] = {{'r', SYN | ACK, WEIR_CONN_SYN_RECEIVED},
	    {'o', FIN | ACK, WEIR_CONN_CLOSING}, {'r', FIN | ACK, WEIR_CONN_TIME_WAIT}};

	play(moves, WEIR_ARRAY_LEN(moves));
}

Test(conn, others)
{
	struct weir_conn_key key = conversation(IPPROTO_UDP, 1), ping = conversation(IPPROTO_ICMP, 1);

	cr_assert_eq(open_one(key, 0, 10), WEIR_CONN_OK);
	cr_assert_eq(packet(key, 0), WEIR_CONN_NEW);
	cr_assert_eq(packet(reversed(key), 0), WEIR_CONN_REPLIED);
	cr_assert_eq(packet(key, 0), WEIR_CONN_REPLIED);
	cr_assert_eq(open_one(ping, 0, 10), WEIR_CONN_OK);
	cr_assert_eq(packet(reversed(ping), 0), WEIR_CONN_ECHO);
}

Test(conn, a_syn_opens_what_is_closed_anew)
{
	struct weir_conn_key key = conversation(IPPROTO_TCP, 1), back = reversed(key);
	struct weir_conn_found old, found;
	enum weir_conn_state state;

	cr_assert_eq(open_one(key, 0, 1), WEIR_CONN_OK);
	cr_assert_eq(packet(key, RST), WEIR_CONN_CLOSED);
	cr_assert(weir_conn_find(conns, &key, ACK, now, &old));
	cr_assert_not(weir_conn_find(conns, &back, SYN, now, &found));
	cr_assert(weir_conn_find(conns, &back, SYN | ACK, now, &found));
	cr_assert_eq(open_one(back, 0, 1), WEIR_CONN_OK, "it is the same one for the quota");
	cr_assert_not(weir_conn_follow(conns, &old, ACK, now, &state));
	cr_assert(weir_conn_find(conns, &key, ACK, now, &found));
	cr_assert(found.reply);
	cr_assert_eq(found.state, WEIR_CONN_SYN_SENT);
	cr_assert_eq(weir_conns_of_tenant(conns, 0), 1);
}

/* ---- time ---- */

Test(conn, each_state_times_out)
{
	static const struct {
		uint8_t proto;
		const char *from;
		uint8_t flags[5];
		uint64_t seconds;
		bool steady;
	} cases[] = {
	    {IPPROTO_TCP, "", {0}, 30, false},
	    {IPPROTO_TCP, "r", {SYN | ACK}, 30, false},
	    {IPPROTO_TCP, "ro", {SYN | ACK, ACK}, 7440, true},
	    {IPPROTO_TCP, "roo", {SYN | ACK, ACK, FIN}, 120, false},
	    {IPPROTO_TCP, "roor", {SYN | ACK, ACK, FIN, FIN}, 30, false},
	    {IPPROTO_TCP, "r", {RST}, 10, false},
	    {IPPROTO_UDP, "", {0}, 30, true},
	    {IPPROTO_UDP, "r", {0}, 120, true},
	    {IPPROTO_SCTP, "", {0}, 30, true},
	    {47, "r", {0}, 120, true},
	    {IPPROTO_ICMP, "r", {0}, 30, true},
	};

	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_conn_key key = conversation(cases[i].proto, i);
		uint64_t lasts = cases[i].seconds * SECOND + (cases[i].steady ? WEIR_CONN_REFRESH : 0);

		cr_assert_eq(open_one(key, 0, 100), WEIR_CONN_OK);
		for (uint32_t k = 0; cases[i].from[k] != '\0'; k++)
			(void)packet(cases[i].from[k] == 'o' ? key : reversed(key), cases[i].flags[k]);
		now += lasts - 1;
		cr_assert(stands(key), "case %u", i);
		now += 1;
		cr_assert_not(stands(key), "case %u", i);
	}
}

Test(conn, what_timed_out_may_begin_anew_before_it_is_found)
{
	struct weir_conn_key key = conversation(IPPROTO_UDP, 1);

	cr_assert_eq(open_one(key, 0, 1), WEIR_CONN_OK);
	now += 60 * SECOND;
	cr_assert_eq(open_one(reversed(key), 0, 1), WEIR_CONN_OK);
	cr_assert_eq(packet(key, 0), WEIR_CONN_REPLIED);
	cr_assert_eq(weir_conns_used(conns), 1);
}

Test(conn, maintenance_ends_them)
{
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, 1), 1, 10), WEIR_CONN_OK);
	cr_assert_eq(open_one(conversation(IPPROTO_TCP, 1), 1, 10), WEIR_CONN_OK);
	tend(0);
	cr_assert_eq(weir_conns_of_tenant(conns, 1), 2);
	now += 30 * SECOND - 2 * SECOND;
	tend(0);
	cr_assert_eq(weir_conns_of_tenant(conns, 1), 1, "UDP has the time more for which it may go unseen");
	cr_assert_eq(weir_conns_used(conns), 1);
	now += WEIR_CONN_REFRESH;
	tend(0);
	cr_assert_eq(weir_conns_used(conns), 0);
}

Test(conn, what_is_nowhere_any_more_ends)
{
	struct weir_conn_key key = conversation(IPPROTO_UDP, 1), other = key;

	other.zone = 8;
	cr_assert_eq(open_one(key, 1, 10), WEIR_CONN_OK);
	cr_assert_eq(open_one(other, 1, 10), WEIR_CONN_OK);
	tend(8);
	cr_assert(stands(key));
	cr_assert_not(stands(other));
	cr_assert_eq(weir_conns_of_tenant(conns, 1), 1);
}

Test(conn, a_record_is_used_again_after_workers_let_go)
{
	struct weir_conn_key key = conversation(IPPROTO_UDP, 1), other = conversation(IPPROTO_UDP, 2);
	struct weir_conn_found old, found;
	enum weir_conn_state state;
	uint32_t none = 7;

	cr_assert_eq(open_one(key, 1, 10), WEIR_CONN_OK);
	cr_assert(weir_conn_find(conns, &key, 0, now, &old));
	now += 2 * SECOND;
	weir_conns_tend(conns, now, alive, &none);
	cr_assert_not(weir_conn_follow(conns, &old, 0, now, &state));
	cr_assert(weir_conns_reclaim_begin(conns));
	cr_assert_eq(open_one(other, 1, 10), WEIR_CONN_OK);
	cr_assert(weir_conn_find(conns, &other, 0, now, &found));
	cr_assert_neq(found.index, old.index);
	weir_conns_reclaim_end(conns);
	cr_assert_not(weir_conns_reclaim_begin(conns));
	cr_assert_eq(open_one(key, 1, 10), WEIR_CONN_OK);
	cr_assert(weir_conn_find(conns, &key, 0, now, &found));
	cr_assert_eq(found.index, old.index);
	cr_assert_not(weir_conn_follow(conns, &old, 0, now, &state), "it is another one's now");
}

/* ---- bounds ---- */

Test(conn, quota)
{
	for (uint32_t n = 0; n < 5; n++)
		cr_assert_eq(open_one(conversation(IPPROTO_UDP, n), 1, 5), WEIR_CONN_OK);
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, 5), 1, 5), WEIR_CONN_OVER_QUOTA);
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, 4), 1, 5), WEIR_CONN_OK, "it is there");
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, 5), 2, 5), WEIR_CONN_OK);
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, 6), 3, 0), WEIR_CONN_OVER_QUOTA);
	cr_assert_eq(weir_conns_of_tenant(conns, 1), 5);
}

Test(conn, the_last_part_is_for_those_with_few)
{
	uint32_t n = 0, capacity = 8192;

	weir_conns_free(conns);
	conns = weir_conns_create(capacity - 1, TENANTS);
	cr_assert_eq(weir_conns_capacity(conns), capacity);
	while (open_one(conversation(IPPROTO_UDP, n), 1, UINT32_MAX) == WEIR_CONN_OK)
		n++;
	cr_assert_eq(n, capacity - WEIR_CONN_RESERVE(capacity));
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, n), 1, UINT32_MAX), WEIR_CONN_TABLE_FULL);
	while (open_one(conversation(IPPROTO_UDP, n), 2, UINT32_MAX) == WEIR_CONN_OK)
		n++;
	cr_assert_eq(n, capacity, "of the whole index nothing is in the way");
	cr_assert_eq(open_one(conversation(IPPROTO_UDP, n), 3, UINT32_MAX), WEIR_CONN_TABLE_FULL);
	for (uint32_t i = 0; i < n; i++)
		cr_assert(stands(reversed(conversation(IPPROTO_UDP, i))));
	now += 3600 * SECOND;
	tend(0);
	cr_assert_eq(weir_conns_used(conns), 0);
	for (uint32_t i = 0; i < WEIR_CONN_FLOOR; i++)
		cr_assert_eq(open_one(conversation(IPPROTO_UDP, i), 3, UINT32_MAX), WEIR_CONN_OK);
}

/* ---- listings ---- */

Test(conn, listing)
{
	struct weir_conn_view view;
	uint32_t cursor = 0, n = 0;

	for (uint32_t i = 0; i < 10; i++)
		cr_assert_eq(open_one(reversed(conversation(IPPROTO_UDP, i)), i % 2, 10), WEIR_CONN_OK);
	now += SECOND;
	while (cursor < weir_conns_capacity(conns)) {
		struct weir_conn_key key;

		if (weir_conns_next(conns, 1, &cursor, 3, now, &view) == WEIR_NONE)
			continue;
		key = reversed(conversation(IPPROTO_UDP, view.key.dport));
		cr_assert_eq(memcmp(&view.key, &key, sizeof(key)), 0);
		cr_assert_eq(view.tenant, 1);
		cr_assert_eq(view.iface, 3);
		cr_assert_eq(view.state, WEIR_CONN_NEW);
		cr_assert_eq(view.idle, SECOND);
		cr_assert_eq(view.left, 29 * SECOND + WEIR_CONN_REFRESH);
		n++;
	}
	cr_assert_eq(n, 5);
}
