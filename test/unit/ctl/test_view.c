/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of a gateway whose counters the test fills itself. */
#include <errno.h>

#include "eal.h"
#include "gateway.h"
#include "weir_view.h"

static struct weir_gateway *gateway;
static struct weir_tally tally;
static uint64_t at;

static void
setup(void)
{
	cr_assert_eq(start_eal(false), 0);
	gateway = gateway_make();
}

static void
teardown(void)
{
	weir_gateway_free(gateway);
}

TestSuite(view, .init = setup, .fini = teardown);

/* ---- the gateway ---- */

Test(view, info)
{
	struct weir_view_info info;

	gateway_patch_two_tenants(gateway);
	weir_gateway_set_time(gateway, 1007 * WEIR_NS_PER_S);
	weir_view_info(gateway, &info);
	cr_assert_eq(info.workers, TEST_WORKERS);
	cr_assert_eq(info.ports, 2);
	cr_assert_eq(info.tenants, 2);
	cr_assert_eq(info.vports, 3);
	cr_assert_eq(info.switches, 2);
	cr_assert_eq(info.used_ifaces, 3 + 2 + 2, "vports, remotes, ports");
	cr_assert_eq(info.uptime, 7 * WEIR_NS_PER_S);
	cr_assert_eq(info.version, 2);
	cr_assert_eq(info.mbufs, 2048);
	cr_assert_eq(weir_view_version(gateway), 2);
}

Test(view, ports_that_are_up_and_down)
{
	struct weir_view_port rows[4];
	struct weir_view_port_stats stats;
	struct live_port *live;
	uint64_t cursor = 0;

	gateway_patch_two_tenants(gateway);
	live = gateway_port(gateway, "up0");
	weir_count(weir_counters_worker(gateway->counters, 1), live->iface)->rx_packets = 5;
	weir_count_drop(
	    weir_counters_worker(gateway->counters, 1), live->iface, WEIR_DROP_RX, WEIR_DROP_NOT_OURS, 60);
	cr_assert_eq(weir_view_ports(gateway, &cursor, rows, 4), 2);
	cr_assert_eq(cursor, WEIR_VIEW_END);
	cr_assert_str_eq(rows[1].name, "up0");
	cr_assert_str_eq(rows[1].device, "net_null1");
	cr_assert_str_eq(rows[1].reason, "");
	cr_assert_eq(rows[1].rate, UINT64_C(10000000000));
	cr_assert_eq(weir_view_port(gateway, "up0", &stats), 0);
	cr_assert_eq(stats.own.sum.rx_packets, 5);
	cr_assert_eq(stats.own.reasons[WEIR_DROP_NOT_OURS].packets, 1);
	cr_assert_eq(weir_view_port(gateway, "up1", &stats), -ENOENT);
	cursor = 1;
	cr_assert_eq(weir_view_ports(gateway, &cursor, rows, 4), 1);
	cr_assert_str_eq(rows[0].name, "up0");
	cursor = 77;
	cr_assert_eq(weir_view_ports(gateway, &cursor, rows, 4), 0);
	cr_assert_eq(cursor, WEIR_VIEW_END);
}

/* ---- pages ---- */

/* t0 has no vport, t1 one, t2 two, ... on VLANs of n0. */
static void
patch_stairs(uint32_t n)
{
	uint32_t vlan = 1;

	gateway_patch(gateway, "{\"ports\":{\"n0\":{\"devargs\":\"net_null0,no-rx=1\"}}}");
	for (uint32_t t = 0; t < n; t++) {
		gateway_patch(gateway, "{\"tenants\":{\"t%u\":{\"switches\":{\"s\":{}}}}}", t);
		for (uint32_t v = 0; v < t; v++)
			gateway_patch(gateway,
			    "{\"tenants\":{\"t%u\":{\"vports\":{\"v%u\":{\"switch\":\"s\",\"port\":\"n0\",\"vlan\":%"
			    "u}}}}}",
			    t, v, vlan++);
	}
}

Test(view, every_tenant_is_on_one_page)
{
	struct weir_view_tenant rows[3];
	uint32_t seen = 0, n;

	patch_stairs(8);
	for (uint64_t cursor = 0; cursor != WEIR_VIEW_END; seen += n) {
		n = weir_view_tenants(gateway, &cursor, rows, 3, &at);
		for (uint32_t i = 0; i < n; i++)
			cr_assert_eq(rows[i].name[1] - '0', (int)(seen + i));
	}
	cr_assert_eq(seen, 8);
}

Test(view, every_vport_is_on_one_page)
{
	struct weir_view_vport rows[5];
	uint32_t seen = 0, n = 0, tenant = 1, vport = 0;

	patch_stairs(8);
	for (uint64_t cursor = 0; cursor != WEIR_VIEW_END; seen += n) {
		cr_assert_eq(weir_view_vports(gateway, NULL, &cursor, rows, 5, &n, &at), 0);
		for (uint32_t i = 0; i < n; i++, vport++) {
			if (vport == tenant) {
				tenant++;
				vport = 0;
			}
			cr_assert_eq(rows[i].tenant[1] - '0', (int)tenant);
			cr_assert_eq(rows[i].name[1] - '0', (int)vport);
		}
	}
	cr_assert_eq(seen, 28);
}

Test(view, a_row_says_where_it_stands)
{
	struct weir_view_vport rows[28], again;
	uint64_t cursor = 0;
	uint32_t n, one;

	patch_stairs(8);
	cr_assert_eq(weir_view_vports(gateway, NULL, &cursor, rows, 28, &n, &at), 0);
	cr_assert_eq(cursor, WEIR_VIEW_END, "the last page knows that it is");
	for (uint32_t i = 0; i < n; i++) {
		cursor = rows[i].cursor;
		cr_assert_eq(weir_view_vports(gateway, NULL, &cursor, &again, 1, &one, &at), 0);
		cr_assert_eq(one, 1);
		cr_assert_str_eq(again.name, rows[i].name);
		cr_assert_str_eq(again.tenant, rows[i].tenant);
	}
}

Test(view, one_tenants_vports)
{
	struct weir_view_vport rows[28];
	struct weir_view_switch switches[28];
	static const uint64_t odd[] = {1, UINT64_C(5) << 32, (UINT64_C(7) << 32) + 9, (UINT64_C(1) << 53), 1u << 31};
	uint64_t cursor = 0;
	uint32_t n;

	patch_stairs(8);
	cr_assert_eq(weir_view_vports(gateway, "t5", &cursor, rows, 28, &n, &at), 0);
	cr_assert_eq(n, 5);
	cr_assert_eq(cursor, WEIR_VIEW_END);
	cursor = 0;
	cr_assert_eq(weir_view_vports(gateway, "t0", &cursor, rows, 28, &n, &at), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(weir_view_vports(gateway, "t9", &cursor, rows, 28, &n, &at), -ENOENT);
	cursor = 0;
	cr_assert_eq(weir_view_switches(gateway, NULL, &cursor, switches, 28, &n, &at), 0);
	cr_assert_eq(n, 8);
	cr_assert_eq(switches[5].n_vports, 5);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(odd); i++) {
		cursor = odd[i];
		cr_assert_eq(weir_view_vports(gateway, "t5", &cursor, rows, 28, &n, &at), 0);
		for (uint32_t r = 0; r < n; r++)
			cr_assert_str_eq(rows[r].tenant, "t5");
	}
}

Test(view, every_vport_is_found_by_name)
{
	struct weir_view_vport vport;
	char name[8];

	patch_stairs(8);
	for (int v = 0; v < 7; v++) {
		(void)snprintf(name, sizeof(name), "v%d", v);
		cr_assert_eq(weir_view_vport(gateway, "t7", name, &vport, &tally, &at), 0);
		cr_assert_str_eq(vport.name, name);
	}
	cr_assert_eq(weir_view_vport(gateway, "t7", "v7", &vport, &tally, &at), -ENOENT);
	cr_assert_eq(weir_view_vport(gateway, "t7", "a", &vport, &tally, &at), -ENOENT);
	cr_assert_eq(weir_view_vport(gateway, "t0", "v0", &vport, &tally, &at), -ENOENT);
	cr_assert_eq(weir_view_vport(gateway, "t9", "v0", &vport, &tally, &at), -ENOENT);
}

/* ---- sums ---- */

Test(view, a_vport_as_configured_and_counted)
{
	struct weir_view_vport vport;

	gateway_patch_two_tenants(gateway);
	gateway_forward(gateway, gateway_vport(gateway, "red", 0), gateway_vport(gateway, "red", 1));
	weir_count_drop(weir_counters_worker(gateway->counters, 1), gateway_vport(gateway, "red", 0), WEIR_DROP_TX,
	    WEIR_DROP_VPORT_LIMIT, 70);
	cr_assert_eq(weir_view_vport(gateway, "red", "web1", &vport, &tally, &at), 0);
	cr_assert_str_eq(vport.sw, "web");
	cr_assert_str_eq(vport.port, "n0");
	cr_assert_eq(vport.vlan, 10);
	cr_assert_eq(vport.limit.bps, 1000000000);
	cr_assert_eq(vport.limit.pps, 2000);
	cr_assert_eq(vport.count.rx_bytes, 100);
	cr_assert_eq(vport.count.tx_bytes, 0);
	cr_assert_eq(tally.reasons[WEIR_DROP_VPORT_LIMIT].bytes, 70);
	cr_assert_eq(at, gateway->now);
	cr_assert_eq(weir_view_vport(gateway, "red", "web2", &vport, &tally, &at), 0);
	cr_assert_eq(vport.vlan, 0);
	cr_assert_eq(vport.count.tx_packets, 1);
	cr_assert_eq(weir_view_vport(gateway, "blue", "web1", &vport, &tally, &at), 0);
	cr_assert_eq(vport.count.rx_packets, 0, "another tenant's");
}

Test(view, counters_are_ten_milliseconds_old_at_most)
{
	struct weir_view_vport vport;
	uint64_t first;

	gateway_patch_two_tenants(gateway);
	gateway_later(gateway);
	cr_assert_eq(weir_view_vport(gateway, "red", "web1", &vport, &tally, &first), 0);
	gateway_forward(gateway, gateway_vport(gateway, "red", 0), gateway_vport(gateway, "red", 1));
	weir_gateway_set_time(gateway, gateway->now + 10 * WEIR_NS_PER_MS - 1);
	cr_assert_eq(weir_view_vport(gateway, "red", "web1", &vport, &tally, &at), 0);
	cr_assert_eq(at, first, "the same cut");
	cr_assert_eq(vport.count.rx_packets, 0);
	weir_gateway_set_time(gateway, gateway->now + 1);
	cr_assert_eq(weir_view_vport(gateway, "red", "web1", &vport, &tally, &at), 0);
	cr_assert_eq(vport.count.rx_packets, 1);
}

/* red: 3 from web1 to web2, 2 from web1 to the remote, 1 from the remote to web2. */
static void
traffic(void)
{
	uint32_t web1 = gateway_vport(gateway, "red", 0), web2 = gateway_vport(gateway, "red", 1),
		 remote = gateway_remote(gateway, "red");

	for (int i = 0; i < 3; i++)
		gateway_forward(gateway, web1, web2);
	for (int i = 0; i < 2; i++)
		gateway_forward(gateway, web1, remote);
	gateway_forward(gateway, remote, web2);
	gateway_later(gateway);
}

static void
check_red(void)
{
	struct weir_view_tenant red;

	cr_assert_eq(weir_view_tenant(gateway, "red", &red, &tally, &at), 0);
	cr_assert_eq(red.sum.rx_packets, 6);
	cr_assert_eq(red.sum.tx_packets, 6);
	cr_assert_eq(red.to_vport.packets, 4);
	cr_assert_eq(red.to_vport.bytes, 400);
	cr_assert_eq(red.to_uplink.packets, 2);
	cr_assert_eq(tally.sum.tx_bytes, 600);
}

Test(view, a_tenant_is_the_sum_of_what_it_has_and_had)
{
	struct weir_view_tenant blue;

	gateway_patch_two_tenants(gateway);
	traffic();
	check_red();
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	check_red();
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"remotes\":[]}}}}}");
	check_red();
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":null,\"switches\":null}}}");
	check_red();
	cr_assert_eq(weir_view_tenant(gateway, "blue", &blue, &tally, &at), 0);
	cr_assert_eq(blue.sum.rx_packets, 0);
}

static uint64_t
sent_to_vports(void)
{
	struct weir_view_tenant red;

	gateway_later(gateway);
	cr_assert_eq(weir_view_tenant(gateway, "red", &red, &tally, &at), 0);
	cr_assert_eq(tally.sum.tx_packets, red.sum.tx_packets);
	return red.to_vport.packets;
}

Test(view, what_leaves_counts_until_it_has_left)
{
	struct weir_cfg_vport vports[2];
	struct weir_cfg_tenant cfg = {.n_vports = 2, .vports = vports};
	struct live_tenant before = {.cfg = &cfg}, *red;
	uint32_t ids[2];

	gateway_patch_two_tenants(gateway);
	red = gateway_tenant(gateway, "red");
	memcpy(vports, red->cfg->vports, sizeof(vports));
	memcpy(ids, red->vports, sizeof(ids));
	before.vports = ids;
	traffic();
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	/* As while a change is applied: a worker still counts on the former version's web2. */
	gateway_forward(gateway, ids[0], ids[1]);
	red = gateway_tenant(gateway, "red");
	red->leaving = &before;
	cr_assert_eq(sent_to_vports(), 5);
	red->leaving = NULL;
	cr_assert_eq(sent_to_vports(), 4);
}

Test(view, a_switch_is_split_by_direction)
{
	struct weir_view_switch row;
	struct weir_mac mac = {{2, 0, 0, 0, 0, 1}};

	gateway_patch_two_tenants(gateway);
	traffic();
	(void)weir_macs_learn(
	    gateway->macs, weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "red", 0)), &mac, 0);
	cr_assert_eq(weir_view_switch(gateway, "red", "web", &row, &at), 0);
	cr_assert_eq(row.vni, 5001);
	cr_assert_eq(row.tunnel, WEIR_VXLAN);
	cr_assert_eq(row.n_vports, 2);
	cr_assert_eq(row.n_remotes, 1);
	cr_assert_eq(row.macs, 1);
	cr_assert_eq(row.vports.rx_packets, 5);
	cr_assert_eq(row.vports.tx_packets, 4);
	cr_assert_eq(row.remotes.rx_packets, 1);
	cr_assert_eq(row.remotes.tx_packets, 2);
	cr_assert_eq(weir_view_switch(gateway, "blue", "web", &row, &at), 0);
	cr_assert_eq(row.macs, 0);
	cr_assert_eq(weir_view_switch(gateway, "red", "wob", &row, &at), -ENOENT);
}

Test(view, drops_by_reason_add_up)
{
	struct weir_counters *counters = weir_counters_worker(gateway->counters, 0);
	uint64_t packets, bytes, named = 0;
	uint32_t n = 0;

	gateway_patch_two_tenants(gateway);
	/* More pairs of interface and reason than are told apart between two reads. */
	for (uint32_t iface = 0; n < WEIR_DROP_ROWS; iface++)
		for (uint32_t r = 1; r < WEIR_REASON_COUNT; r++, n++)
			weir_count_drop(counters, gateway_vport(gateway, "red", 0) + iface % 400, WEIR_DROP_RX,
			    (enum weir_reason)r, 10);
	gateway->max_iface = 1000;
	cr_assert_eq(weir_view_drops(gateway, NULL, &tally, &at), 0);
	cr_assert_eq(tally.sum.rx_drop_packets, n);
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++)
		named += tally.reasons[r].packets;
	weir_view_unnamed_drops(&tally, &packets, &bytes);
	cr_assert_gt(packets, 0);
	cr_assert_eq(named + packets, n);
	cr_assert_eq(bytes, packets * 10);
	cr_assert_eq(weir_view_drops(gateway, "nobody", &tally, &at), -ENOENT);
}

/* ---- conservation ---- */

static void
check_conservation(uint64_t entered)
{
	struct weir_count sum, writers[TEST_WORKERS + 1], all;

	cr_assert_eq(weir_view_conservation(gateway, NULL, &sum, writers, &at), 0);
	cr_assert_eq(sum.rx_packets, entered);
	cr_assert_eq(weir_view_balance(&sum), 0);
	all = writers[0];
	for (uint32_t w = 1; w <= TEST_WORKERS; w++)
		weir_count_add(&all, &writers[w]);
	cr_assert_eq(all.rx_packets, sum.rx_packets, "elements and writers have counted the same");
	cr_assert_eq(all.tx_packets, sum.tx_packets);
	cr_assert_eq(all.generated, sum.generated);
	cr_assert_eq(all.held_in, sum.held_in);
}

Test(view, everything_is_somewhere_whatever_goes)
{
	gateway_patch_two_tenants(gateway);
	traffic();
	gateway_forward(gateway, gateway_vport(gateway, "blue", 0), gateway_remote(gateway, "blue"));
	check_conservation(7);
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	check_conservation(7);
	gateway_patch(gateway, "{\"tenants\":{\"red\":null}}");
	check_conservation(7);
	gateway_patch(gateway, "{\"tenants\":null,\"underlay\":null,\"ports\":null}");
	check_conservation(7);
	weir_gateway_set_time(gateway, gateway->now + 60 * WEIR_NS_PER_S);
	gateway_patch_two_tenants(gateway);
	check_conservation(7);
}

Test(view, a_loss_shows)
{
	struct weir_counters *counters = weir_counters_worker(gateway->counters, 1);
	struct weir_count sum;
	uint32_t web1;

	gateway_patch_two_tenants(gateway);
	web1 = gateway_vport(gateway, "red", 0);
	weir_count(counters, web1)->rx_packets++;
	cr_assert_eq(weir_view_conservation(gateway, "red", &sum, NULL, &at), 0);
	cr_assert_eq(weir_view_balance(&sum), 1);
	weir_count(counters, web1)->held_in++;
	cr_assert_eq(weir_view_conservation(gateway, "red", &sum, NULL, &at), 0);
	cr_assert_eq(weir_view_balance(&sum), 0, "it waits");
	weir_count(counters, web1)->held_out++;
	weir_count(counters, web1)->tx_packets += 2;
	cr_assert_eq(weir_view_conservation(gateway, "red", &sum, NULL, &at), 0);
	cr_assert_eq(weir_view_balance(&sum), -1);
	weir_count(counters, web1)->copies++;
	cr_assert_eq(weir_view_conservation(gateway, "red", &sum, NULL, &at), 0);
	cr_assert_eq(weir_view_balance(&sum), 0);
	cr_assert_eq(weir_view_conservation(gateway, "nobody", &sum, NULL, &at), -ENOENT);
}
