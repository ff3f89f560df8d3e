/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of what comes and goes by itself: flows, MACs, neighbours, connections. */
#include <arpa/inet.h>
#include <errno.h>

#include "eal.h"
#include "gateway.h"
#include "weir_view.h"

static struct weir_gateway *gateway;
static uint64_t at;

static void
setup(void)
{
	cr_assert_eq(start_eal(false), 0);
	gateway = gateway_make();
	gateway_patch_two_tenants(gateway);
}

static void
teardown(void)
{
	weir_gateway_free(gateway);
}

TestSuite(live, .init = setup, .fini = teardown);

static const struct weir_mac mac_a = {{2, 0, 0, 0, 0, 0xa}}, mac_b = {{2, 0, 0, 0, 0, 0xb}};

static void
learn(uint32_t iface, struct weir_mac mac)
{
	cr_assert_eq(
	    weir_macs_learn(gateway->macs, weir_vnet_iface(gateway->vnet, iface), &mac, gateway->now), WEIR_LEARNED);
}

/* A flow as the worker makes it; `port` tells flows apart. */
static void
add_flow(uint32_t worker, uint32_t iface_id, uint16_t port)
{
	struct weir_flows *flows =
	    (struct weir_flows *)(uintptr_t)weir_worker_flows(weir_gateway_worker(gateway, worker));
	const struct weir_iface *iface = weir_vnet_iface(gateway->vnet, iface_id);
	struct weir_key key = {
	    .ingress = iface_id,
	    .ethertype = htons(0x0800),
	    .proto = 17,
	    .smac = mac_a,
	    .dmac = mac_b,
	    .sport = htons(port),
	};
	struct weir_flow *flow;
	uint64_t hash;

	hash = weir_flows_hash(flows, &key);
	flow = weir_flows_find(flows, &key, hash);
	cr_assert_null(flow);
	flow = weir_flows_add(flows, &key, hash,
	    &(struct weir_flow_owner){iface->tenant->id, iface->tenant->serial, iface->id, iface->serial},
	    gateway->now);
	cr_assert_not_null(flow);
	flow->packets = port;
}

static uint32_t
view_flows(const char *tenant, struct weir_view_flow rows[], uint32_t max)
{
	uint64_t cursor = 0;
	uint32_t n;

	cr_assert_eq(weir_view_flows(gateway, tenant, &cursor, rows, max, &n, &at), 0);
	cr_assert_eq(cursor, WEIR_VIEW_END);
	return n;
}

Test(live, a_flow_is_told_by_names)
{
	struct weir_view_flow rows[8];

	add_flow(1, gateway_vport(gateway, "red", 0), 7);
	cr_assert_eq(view_flows("red", rows, 8), 1);
	cr_assert_str_eq(rows[0].ingress, "vport web1");
	cr_assert_str_eq(rows[0].egress, "flood");
	cr_assert_eq(rows[0].worker, 1);
	cr_assert_eq(rows[0].flow.packets, 7);
	learn(gateway_vport(gateway, "red", 1), mac_b);
	cr_assert_eq(view_flows("red", rows, 8), 1);
	cr_assert_str_eq(rows[0].egress, "vport web2");
	cr_assert_eq(view_flows(NULL, rows, 8), 1);
	cr_assert_str_eq(rows[0].ingress, "vport red/web1");
}

Test(live, a_flow_from_a_remote)
{
	struct weir_view_flow rows[8];

	add_flow(0, gateway_remote(gateway, "red"), 1);
	cr_assert_eq(view_flows("red", rows, 8), 1);
	cr_assert_str_eq(rows[0].ingress, "remote 192.0.2.2 on web");
	cr_assert_eq(view_flows(NULL, rows, 8), 1);
	cr_assert_str_eq(rows[0].ingress, "remote 192.0.2.2 on red/web");
	learn(gateway_remote(gateway, "red"), mac_b);
	cr_assert_eq(view_flows("red", rows, 8), 1);
	cr_assert_str_eq(rows[0].egress, "remote 192.0.2.2");
}

Test(live, tenants_do_not_see_each_other)
{
	struct weir_view_flow rows[8];
	uint64_t cursor = 0;
	uint32_t n;

	add_flow(0, gateway_vport(gateway, "red", 0), 1);
	add_flow(1, gateway_vport(gateway, "blue", 0), 1);
	learn(gateway_vport(gateway, "red", 1), mac_b);
	cr_assert_eq(view_flows("blue", rows, 8), 1);
	cr_assert_str_eq(rows[0].egress, "flood", "the same MAC in another tenant");
	cr_assert_eq(view_flows(NULL, rows, 8), 2);
	cr_assert_eq(weir_view_flows(gateway, "green", &cursor, rows, 8, &n, &at), -ENOENT);
}

Test(live, flows_of_what_is_gone_are_not_shown)
{
	uint32_t web2 = gateway_vport(gateway, "red", 1);
	struct weir_view_flow rows[8];

	add_flow(0, web2, 1);
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":null}}}}");
	cr_assert_eq(view_flows(NULL, rows, 8), 0);
	/* Ids rest before they are used again. */
	weir_gateway_set_time(gateway, gateway->now + 60 * WEIR_NS_PER_S);
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web1\":null}}}}");
	gateway_patch(
	    gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"switch\":\"web\",\"port\":\"n0\"}}}}}");
	cr_assert_eq(gateway_vport(gateway, "red", 0), web2, "the same id");
	cr_assert_eq(view_flows(NULL, rows, 8), 0, "but not the same vport");
	gateway_patch(gateway, "{\"tenants\":{\"red\":null}}");
	gateway_patch(gateway, "{\"tenants\":{\"red\":{}}}");
	cr_assert_eq(view_flows("red", rows, 8), 0);
}

Test(live, every_flow_is_on_one_page)
{
	struct weir_view_flow rows[7];
	uint32_t n, seen = 0;
	uint64_t ports = 0;

	for (uint16_t p = 0; p < 50; p++)
		add_flow(p % TEST_WORKERS, gateway_vport(gateway, p % 3 == 0 ? "blue" : "red", 0), p);
	for (uint64_t cursor = 0; cursor != WEIR_VIEW_END; seen += n) {
		cr_assert_eq(weir_view_flows(gateway, "red", &cursor, rows, 7, &n, &at), 0);
		for (uint32_t i = 0; i < n; i++)
			ports |= UINT64_C(1) << rows[i].flow.packets;
	}
	cr_assert_eq(seen, 33);
	cr_assert_eq(__builtin_popcountll(ports), 33);
	/* From where a row stands, it comes first. */
	for (uint64_t cursor = 0; cursor != WEIR_VIEW_END;) {
		uint64_t again;

		cr_assert_eq(weir_view_flows(gateway, "red", &cursor, rows, 7, &n, &at), 0);
		if (n < 7)
			break;
		again = rows[6].cursor;
		ports = rows[6].flow.packets;
		cr_assert_eq(weir_view_flows(gateway, "red", &again, rows, 1, &n, &at), 0);
		cr_assert_eq(n, 1);
		cr_assert_eq(rows[0].flow.packets, ports);
	}
}

Test(live, cursors_that_lead_nowhere)
{
	static const uint64_t odd[] = {
	    1u << 31, UINT64_C(1) << 32, UINT64_C(77) << 32, UINT64_C(1) << 53, UINT64_MAX - 1};
	struct weir_view_flow flows[2];
	struct weir_view_mac macs[2];
	struct weir_view_neigh neighs[2];
	uint64_t cursor;
	uint32_t n;

	for (size_t i = 0; i < WEIR_ARRAY_LEN(odd); i++) {
		cursor = odd[i];
		cr_assert_eq(weir_view_flows(gateway, NULL, &cursor, flows, 2, &n, &at), 0);
		cr_assert_eq(n, 0);
		cr_assert_eq(cursor, WEIR_VIEW_END);
		cursor = odd[i];
		cr_assert_eq(weir_view_macs(gateway, NULL, &cursor, macs, 2, &n), 0);
		cr_assert_eq(n, 0);
		cr_assert_eq(cursor, WEIR_VIEW_END);
		cursor = odd[i];
		cr_assert_eq(weir_view_neighs(gateway, &cursor, neighs, 2), 0);
		cr_assert_eq(cursor, WEIR_VIEW_END);
	}
}

Test(live, macs_with_place_and_age)
{
	struct weir_view_mac rows[4];
	uint64_t cursor = 0;
	uint32_t n;

	learn(gateway_vport(gateway, "red", 0), mac_a);
	learn(gateway_remote(gateway, "blue"), mac_a);
	gateway_patch(
	    gateway, "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:0b\":\"web2\"}}}}}}");
	weir_gateway_set_time(gateway, gateway->now + 3 * WEIR_NS_PER_S);
	cr_assert_eq(weir_view_macs(gateway, "red", &cursor, rows, 4, &n), 0);
	cr_assert_eq(n, 2);
	cr_assert_str_eq(rows[0].sw, "red/web");
	cr_assert_str_eq(rows[0].at, "vport web1");
	cr_assert_eq(rows[0].age, 3 * WEIR_NS_PER_S);
	cr_assert_not(rows[0].is_static);
	cr_assert(weir_mac_equal(&rows[1].mac, &mac_b));
	cr_assert(rows[1].is_static);
	cr_assert_str_eq(rows[1].at, "vport web2");
	cr_assert_eq(rows[1].age, 0);
	cursor = 0;
	cr_assert_eq(weir_view_macs(gateway, NULL, &cursor, rows, 1, &n), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(cursor, 1);
	cr_assert_eq(weir_view_macs(gateway, NULL, &cursor, rows, 4, &n), 0);
	cr_assert_eq(n, 2);
	cr_assert_eq(cursor, WEIR_VIEW_END);
	cr_assert_eq(weir_view_macs(gateway, "green", &cursor, rows, 4, &n), -ENOENT);
}

Test(live, neighbours_with_their_port)
{
	struct weir_view_neigh rows[4];
	uint64_t cursor = 0;

	weir_gateway_maintain(gateway, gateway->now + WEIR_NS_PER_MS);
	cr_assert_eq(weir_view_neighs(gateway, &cursor, rows, 4), 1, "both tenants' remote is one neighbour");
	cr_assert_eq(cursor, WEIR_VIEW_END);
	cr_assert_str_eq(rows[0].port, "up0");
	cr_assert_eq(rows[0].entry.state, WEIR_NEIGH_INCOMPLETE);
}

Test(live, a_worker)
{
	struct weir_view_worker view;

	add_flow(1, gateway_vport(gateway, "red", 0), 1);
	cr_assert_eq(weir_view_n_workers(gateway), TEST_WORKERS);
	weir_view_worker(gateway, 1, &view);
	cr_assert_eq(view.lcore, WEIR_NONE);
	cr_assert_eq(view.flows, 1);
	cr_assert_geq(view.flow_slots, 4096 / TEST_WORKERS);
}

/* ---- connections ---- */

static void
open_connection(const struct weir_iface *iface, uint16_t port)
{
	struct weir_conn_key key = {
	    .zone = iface->serial, .proto = 17, .sport = htons(port), .dport = htons(53), .src = {{1}}, .dst = {{2}}};
	enum weir_conn_state state;

	cr_assert_eq(
	    weir_conn_open(gateway->conns, &key, 0, false, iface->id, iface->tenant->id, 100, gateway->now, &state),
	    WEIR_CONN_OK);
}

Test(live, connections_with_where_they_are_known)
{
	struct weir_view_conn rows[4];
	const struct live_tenant *red;
	uint64_t cursor = 0;
	uint32_t n;

	gateway_patch(gateway,
	    "{\"tenants\":{\"red\":{\"switches\":{\"db\":{}},\"routers\":{\"r1\":{\"interfaces\":{"
	    "\"web\":{\"addresses\":[\"10.0.1.1/24\"]},\"db\":{\"addresses\":[\"10.0.2.1/24\"]}}}}}}}");
	red = gateway_tenant(gateway, "red");
	open_connection(weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "red", 0)), 1);
	open_connection(&red->routers[0].iface_objects[0], 2);
	open_connection(&red->routers[0].iface_objects[1], 3);
	open_connection(weir_vnet_iface(gateway->vnet, gateway_vport(gateway, "blue", 0)), 4);
	cr_assert_eq(weir_view_conns(gateway, "red", &cursor, rows, 4, &n), 0);
	cr_assert_eq(n, 3);
	cr_assert_eq(cursor, WEIR_VIEW_END);
	for (uint32_t i = 0; i < n; i++) {
		static const char *const places[] = {"vport red/web1", "router red/r1 on db", "router red/r1 on web"};

		cr_expect_str_eq(rows[i].at, places[ntohs(rows[i].conn.key.sport) - 1]);
	}
	cursor = 0;
	cr_assert_eq(weir_view_conns(gateway, NULL, &cursor, rows, 4, &n), 0);
	cr_assert_eq(n, 4);
	/* What is known at a vport that is gone is not shown. */
	gateway_patch(gateway, "{\"tenants\":{\"red\":{\"vports\":{\"web1\":null}}}}");
	cursor = 0;
	cr_assert_eq(weir_view_conns(gateway, "red", &cursor, rows, 4, &n), 0);
	cr_assert_eq(n, 2);
	cr_assert_eq(weir_view_conns(gateway, "green", &cursor, rows, 4, &n), -ENOENT);
}
