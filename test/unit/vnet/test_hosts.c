/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours of routers: when they are asked, what workers see of them, and who may make entries. */
#include <string.h>

#include "fixture.h"

#define MS WEIR_NS_PER_MS
#define S_ WEIR_NS_PER_S

static struct weir_hosts *hosts;
static struct weir_iface iface;
static struct weir_tenant tenant = {.id = RED, .serial = 11, .name = "red", .quota_macs = 1};
static uint64_t now;

static void
begin(void)
{
	start();
	hosts = weir_hosts_create(vnet);
	cr_assert_not_null(hosts);
	now = 100 * S_;
	iface =
	    (struct weir_iface){.kind = WEIR_IFACE_ROUTER, .id = 7, .serial = 70, .sw = RED_WEB, .tenant = &tenant};
}

static void
end(void)
{
	weir_hosts_free(hosts);
	finish();
}

TestSuite(hosts, .init = begin, .fini = end);

static struct weir_ip
host(uint8_t n)
{
	return (struct weir_ip){{[10] = 0xff, [11] = 0xff, [12] = 10, [15] = n}};
}

static uint32_t
entry(uint8_t n)
{
	struct weir_ip address = host(n);

	return weir_host_find(vnet, iface.id, &address);
}

/* What workers see of it. */
static uint64_t
place(uint8_t n)
{
	uint32_t at = entry(n);

	return at == WEIR_NONE ? WEIR_HOST_FAILED << 1 : vnet->hosts[at].place;
}

static bool
is_at(uint8_t n, uint8_t m)
{
	struct weir_mac expected = mac(m), found;
	uint64_t where = place(n);

	weir_host_mac(where, &found);
	return (where & WEIR_HOST_KNOWN) != 0 && weir_mac_equal(&expected, &found);
}

static void
want(uint8_t n)
{
	struct weir_ip address = host(n);

	weir_hosts_want(hosts, &iface, &address, now);
}

static void
hear(uint8_t n, uint8_t m, bool asked)
{
	struct weir_ip address = host(n);
	struct weir_mac at = mac(m);

	weir_hosts_hear(hosts, &iface, &address, &at, asked, now);
}

/* Ticks for a while; counts what is asked of all, of one, and announced. */
struct said {
	uint32_t all, alone, announced;
};

static struct said
tick(uint64_t ns)
{
	static const struct weir_mac nobody;
	struct weir_host_question question[8];
	struct said said = {0};

	for (uint64_t until = now + ns; now < until; now += 50 * MS) {
		uint32_t n = weir_hosts_tick(hosts, question, WEIR_ARRAY_LEN(question), now);

		for (uint32_t i = 0; i < n; i++) {
			cr_assert_eq(question[i].iface, iface.id);
			cr_assert_eq(question[i].serial, iface.serial);
			if (question[i].announce)
				said.announced++;
			else if (weir_mac_equal(&question[i].mac, &nobody))
				said.all++;
			else
				said.alone++;
		}
	}
	return said;
}

Test(hosts, who_is_wanted_is_asked_for_three_times_and_then_failed_for_a_while)
{
	struct said said;

	want(1);
	cr_assert_eq(place(1), 0, "nothing is known yet");
	said = tick(2500 * MS);
	cr_assert_eq(said.all, 3);
	cr_assert_eq(said.alone, 0);
	said = tick(2 * S_);
	cr_assert_eq(said.all, 0);
	cr_assert_eq(place(1), WEIR_HOST_FAILED);
	want(1);
	cr_assert_eq(tick(2 * S_).all, 0, "not yet again");
	(void)tick(4 * S_);
	cr_assert_eq(entry(1), WEIR_NONE);
	want(1);
	cr_assert_eq(tick(S_).all, 1);
}

Test(hosts, who_answers_is_known_and_asked_again_alone)
{
	uint32_t version = vnet->hosts_version, epoch = vnet->tenant_epoch[RED], gen;
	struct said said;

	want(1);
	(void)tick(100 * MS);
	gen = vnet->host_gen[entry(1)];
	hear(1, 9, true);
	cr_assert(is_at(1, 9));
	cr_assert_neq(vnet->hosts_version, version);
	cr_assert_neq(vnet->tenant_epoch[RED], epoch);
	cr_assert_neq(vnet->host_gen[entry(1)], gen);
	said = tick(29 * S_);
	cr_assert_eq(said.all + said.alone, 0);
	said = tick(2 * S_);
	cr_assert_eq(said.alone, 1);
	cr_assert(is_at(1, 9), "it is good meanwhile");
	gen = vnet->host_gen[entry(1)];
	hear(1, 9, true);
	cr_assert_eq(vnet->host_gen[entry(1)], gen, "nothing new");
	said = tick(29 * S_);
	cr_assert_eq(said.all + said.alone, 0);
	said = tick(5 * S_);
	cr_assert_eq(said.alone, 3);
	cr_assert_eq(entry(1), WEIR_NONE, "it is gone");
}

Test(hosts, hearsay_corrects_but_makes_nothing)
{
	hear(1, 9, false);
	cr_assert_eq(entry(1), WEIR_NONE);
	hear(1, 9, true);
	(void)tick(25 * S_);
	hear(1, 9, false);
	cr_assert_eq(tick(6 * S_).alone, 1, "hearsay of what is known confirms nothing");
	hear(1, 8, false);
	cr_assert(is_at(1, 8));
	cr_assert_eq(tick(29 * S_).alone, 0);
}

Test(hosts, a_tenant_has_room_for_eight_times_its_macs)
{
	for (uint8_t n = 1; n <= 9; n++)
		hear(n, n, true);
	cr_assert(is_at(8, 8));
	cr_assert_eq(entry(9), WEIR_NONE);
	want(10);
	cr_assert_eq(entry(10), WEIR_NONE);
	cr_assert_eq(weir_hosts_of_tenant(hosts, RED), 8);
	weir_hosts_forget(hosts, iface.id);
	cr_assert_eq(weir_hosts_of_tenant(hosts, RED), 0);
	cr_assert_eq(weir_hosts_next(hosts, WEIR_NONE, 0), WEIR_NONE);
	hear(9, 9, true);
	cr_assert(is_at(9, 9));
	cr_assert_eq(weir_hosts_next(hosts, BLUE, 0), WEIR_NONE);
	cr_assert_eq(weir_hosts_next(hosts, RED, 0), entry(9));
}

Test(hosts, forgotten_entries_are_reused_after_a_period)
{
	uint32_t first;

	hear(1, 1, true);
	first = entry(1);
	weir_hosts_forget(hosts, iface.id);
	cr_assert_neq(vnet->hosts[first].place & WEIR_HOST_FAILED, 0, "who still holds it goes nowhere");
	hear(2, 2, true);
	cr_assert_neq(entry(2), first);
	cr_assert(weir_hosts_reclaim_begin(hosts));
	weir_hosts_reclaim_end(hosts);
	hear(3, 3, true);
	cr_assert_eq(entry(3), first);
}

Test(hosts, addresses_are_announced_twice)
{
	struct weir_ip own = host(1);
	struct said said;

	weir_hosts_announce(hosts, &iface, &own, now);
	said = tick(S_);
	cr_assert_eq(said.announced, 1);
	said = tick(2 * S_);
	cr_assert_eq(said.announced, 1);
	said = tick(10 * S_);
	cr_assert_eq(said.announced, 0);
}
