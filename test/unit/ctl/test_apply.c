/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole changes: all of one or nothing, on disk and in the switch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

#define BOTH "'tenants':{" RED_TEXT "," BLUE_TEXT "}}"

static void
setup(void)
{
	bench_start(2);
	load("{" PORTS_TEXT BOTH);
	resolve_peers();
	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	discard();
}

TestSuite(apply, .init = setup);

/* ---- nothing ---- */

/* Faults that are found when all else is prepared already. */
BENCH_TEST(apply, a_refused_load_changes_nothing)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
	    {"{'ports':{'p0':null}}", ""},
	    {"{" PORTS_TEXT "'tenants':{'red':{'vports':{'x':{'switch':'none','port':'p1'}}}}}",
		"/tenants/red/vports/x/switch"},
	    /* A device that is not there, last of several ports; all else is new. */
	    {"{'ports':{'n1':{'devargs':'net_null1,no-rx=1'},'p0':{'device':'net_ring_p0'},"
	     "'z':{'devargs':'net_nothing0'}},'underlay':{'n1':{'address':['192.0.2.1/24']}},"
	     "'tenants':{'green':{'switches':{'s':{'vni':7,'remotes':['192.0.2.9']}},"
	     "'vports':{'v':{'switch':'s','port':'p0'}}}}}",
		"/ports/z/devargs"},
	    /* And with ports that change, others that go and a device that is to be another port's. */
	    {"{'ports':{'p0':{'device':'net_ring_p0','queues':1},'q1':{'device':'net_ring_p1'},"
	     "'z':{'devargs':'net_nothing0'}}}",
		"/ports/z/devargs"},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_tally before = drops();
		char *was = dump(), *is;
		struct weir_err err = refused(cases[i].text);

		if (cases[i].path[0] != '\0')
			cr_assert_str_eq(err.path, cases[i].path);
		cr_assert_neq(err.msg[0], '\0');
		if (i < 3) {
			expect_same(was, dump());
		} else {
			/* Ports were opened anew: other interfaces and serials, but the same to be seen. */
			is = dump();
			cr_assert_eq(strncmp(was, is, (size_t)(strstr(was, "tenant ") - was)), 0);
			free(was);
			free(is);
		}
		cr_assert_eq(drops().sum.rx_packets, before.sum.rx_packets);
	}
	/* It works as before. */
	resolve_peers();
	inject(2, plain(BROADCAST, 1, 0x88b5));
	poll_all();
	poll_all();
	cr_assert_eq(n_sent(1), 1);
	cr_assert_eq(n_sent(0), 2);
}

BENCH_TEST(apply, a_refused_patch_changes_nothing)
{
	char *before = dump();
	struct weir_err err = refused_patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p1'}}}}}");

	cr_assert_str_eq(err.path, "/tenants/red/vports/c/port");
	expect_same(before, dump());
}

BENCH_TEST(apply, a_check_changes_nothing)
{
	static const char text[] = "{\"tenants\":{\"red\":null},\"ports\":{\"p3\":null}}";
	char *before = dump();
	struct weir_err err = {0};

	cr_assert_eq(weir_gateway_patch(gateway, text, strlen(text), true, &outcome, &err), 0);
	cr_assert_eq(outcome.tenants, 1);
	cr_assert_eq(outcome.ports, 1);
	cr_assert_eq(outcome.underlays, 0);
	expect_same(before, dump());
}

BENCH_TEST(apply, the_same_again_changes_nothing)
{
	char *before = dump();

	load("{" PORTS_TEXT BOTH);
	cr_assert_eq(outcome.tenants + outcome.ports + outcome.underlays, 0);
	expect_same(before, dump());
}

/* ---- all ---- */

/* Everything goes, and comes back as in a gateway that never had anything else. */
BENCH_TEST(apply, nothing_is_left_of_what_goes)
{
	char *with, *without;

	bench_close();
	bench_open(2, NULL);
	load("{" PORTS_TEXT "'tenants':{}}");
	resolve_peers();
	settle_ids();
	without = dump();
	load("{" PORTS_TEXT BOTH);
	resolve_peers();
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(1, tagged(plain(BROADCAST, 1, 0x88b5), 20));
	pass_time(MS);
	discard();
	load("{" PORTS_TEXT "'tenants':{}}");
	settle_ids();
	pass_time(40 * SECOND);
	pass_time(40 * SECOND);
	with = dump();
	expect_same(without, with);
	cr_assert_eq(weir_macs_used(gateway->macs), 0);
	for (uint32_t w = 0; w < 2; w++)
		cr_assert_eq(weir_flows_count(weir_worker_flows(weir_gateway_worker(gateway, w))), 0);
}

/* Hundreds of times: no id is lost. */
BENCH_TEST(apply, over_and_over)
{
	char *before;

	patch("{'settings':{'mac_age':'2h'}}");
	pass_time(40 * SECOND); /* flows age */
	resolve_peers();
	settle_ids();
	before = dump();
	for (uint32_t i = 0; i < 300; i++) {
		patch("{'tenants':{'green':{'limit':'1Gbps','switches':{'s':{'vni':%u,'remotes':['192.0.2.9']}},"
		      "'vports':{'v':{'switch':'s','port':'p3','limit':'1Mpps'}}}}}",
		    100 + i);
		patch(
		    "{'tenants':{'green':{'limit':'2Gbps','switches':{'s':{'remotes':null}},'vports':{'v':null}}}}");
		patch("{'tenants':{'green':null}}");
		now += SECOND;
		weir_gateway_set_time(gateway, now);
	}
	resolve_peers();
	settle_ids();
	expect_same(before, dump());
}

/* ---- on disk ---- */

BENCH_TEST(apply, comes_back_after_an_end)
{
	char *folder = state_folder(), *before;

	bench_close();
	bench_open(2, folder);
	load("{" PORTS_TEXT BOTH);
	patch("{'tenants':{'red':{'limit':'3Gbps'}}}");
	cr_assert_eq(outcome.version, 2);
	(void)refused_patch("{'tenants':{'red':{'limit':'3Gb'}}}");
	before = dump();
	bench_close();
	bench_open(2, folder);
	cr_assert_eq(weir_view_version(gateway), 2);
	expect_same(before, dump());
	remove_folder(folder);
}

BENCH_TEST(apply, rolls_back)
{
	char *folder = state_folder(), *first;
	struct weir_err err = {0};

	bench_close();
	bench_open(2, folder);
	load("{" PORTS_TEXT BOTH);
	first = dump();
	patch("{'tenants':{'red':{'limit':'3Gbps'}}}");
	patch("{'tenants':{'red':{'limit':'4Gbps'}}}");
	cr_assert_eq(weir_gateway_rollback(gateway, 2, &outcome, &err), 0, "%s", err.msg);
	cr_assert_eq(outcome.version, 4);
	expect_same(first, dump());
	cr_assert_eq(weir_gateway_rollback(gateway, 1, &outcome, &err), 0);
	cr_assert_eq(gateway_tenant(gateway, "red")->tenant->rate.bps, 4000000000);
	cr_assert_eq(weir_gateway_rollback(gateway, 5, &outcome, &err), -ENOENT);
	cr_assert_eq(weir_gateway_rollback(gateway, 0, &outcome, &err), -ENOENT);
	remove_folder(folder);
}

/* What cannot be made durable is undone. */
BENCH_TEST(apply, a_state_folder_that_is_gone)
{
	char *folder = state_folder(), *before;

	bench_close();
	bench_open(2, folder);
	load("{" PORTS_TEXT BOTH);
	before = dump();
	remove_folder(folder);
	(void)refused(
	    "{'ports':{'p0':{'device':'net_ring_p0'},'p3':{'device':'net_ring_p3'},"
	    "'n1':{'devargs':'net_null1,no-rx=1'}},'underlay':{'p0':{'address':['192.0.2.7/24'],'vlan':3},"
	    "'p3':{'address':['203.0.113.1/24']}},'tenants':{'green':{'limit':'1Gbps','switches':{'s':{'vni':9,"
	    "'remotes':['203.0.113.9']}},'vports':{'v':{'switch':'s','port':'n1','limit':'1kpps'}}}}}");
	expect_same(before, dump());
}

BENCH_TEST(apply, without_a_state_folder_there_is_no_way_back)
{
	struct weir_err err = {0};

	cr_assert_eq(weir_gateway_rollback(gateway, 1, &outcome, &err), -ENOENT);
}

/* What a patch of the settings says of what has to wait. */
static const char *
note_of(const char *settings)
{
	static struct weir_outcome said;
	struct weir_err err = {0};
	char request[256];
	int len = snprintf(request, sizeof(request), "{\"settings\":{%s}}", settings);

	cr_assert_eq(weir_gateway_patch(gateway, request, (size_t)len, false, &said, &err), 0, "%s", err.msg);
	return said.note;
}

BENCH_TEST(apply, sizes_of_tables_wait_for_the_next_start)
{
	cr_expect_str_eq(note_of("\"connections\":2048"), "settings.connections takes effect at the next start");
	cr_expect_str_eq(note_of("\"connections\":2048"), "");
	cr_expect_str_eq(note_of("\"flow_idle\":\"7s\""), "");
	cr_expect_str_eq(note_of("\"flows\":2048"), "settings.flows takes effect at the next start");
	cr_expect_str_eq(note_of("\"flows\":4096,\"connections\":4096"),
	    "settings.flows and settings.connections take effect at the next start");
}
