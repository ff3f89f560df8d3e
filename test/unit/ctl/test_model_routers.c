/* SPDX-License-Identifier: BSD-3-Clause */
/* Routers as they are read, and what of them is a change. */
#include "doc.h"

#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define ROUTERS(x) RED("\"routers\":{" x "}")
#define R1(x) ROUTERS("\"r1\":{" x "}")
#define WEB(x) R1("\"interfaces\":{\"web\":{" x "}}")
#define ROUTES(x) R1("\"routes\":{" x "}")

static void
assert_mac(const struct weir_mac *mac, const char *text)
{
	char buf[18];

	cr_assert_str_eq(weir_mac_format(mac, buf, sizeof(buf)), text);
}

static void
assert_prefix(const struct weir_prefix *prefix, const char *text)
{
	struct weir_prefix expected;
	char buf[46];

	cr_assert_eq(weir_prefix_parse(text, &expected), 0);
	cr_assert(weir_ip_equal(&prefix->ip, &expected.ip) && prefix->len == expected.len, "%s, %u bits, not %s",
	    weir_ip_format(&prefix->ip, buf, sizeof(buf)), prefix->len, text);
}

static void
assert_via(const struct weir_cfg_via *via, const char *text, uint32_t iface)
{
	char buf[46];

	cr_assert_str_eq(weir_ip_format(&via->ip, buf, sizeof(buf)), text);
	cr_assert_eq(via->iface, iface, "%s: %u", text, via->iface);
}

Test(model_routers, as_read)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red;
	const struct weir_cfg_router *r1;

	must_load(model, ROUTER_DOCUMENT);
	red = weir_model_tenant(model, "red");
	cr_assert_eq(red->n_routers, 2);
	r1 = &red->routers[0];
	cr_assert(strcmp(r1->name, "r1") == 0 && strcmp(red->routers[1].name, "r2") == 0);

	/* in order of the switches: db, lan, web */
	cr_assert_eq(r1->n_ifaces, 2);
	cr_assert(r1->ifaces[0].sw == 0 && r1->ifaces[0].proxy && r1->ifaces[0].n_addresses == 1);
	cr_assert(r1->ifaces[1].sw == 2 && !r1->ifaces[1].proxy && r1->ifaces[1].n_addresses == 2);
	assert_mac(&r1->ifaces[1].mac, "02:00:00:00:aa:01");
	assert_prefix(&r1->ifaces[0].addresses[0], "10.0.1.1/24");
	assert_prefix(&r1->ifaces[1].addresses[0], "10.0.0.1/24");
	assert_prefix(&r1->ifaces[1].addresses[1], "fd00:1::1/64");

	cr_assert_eq(r1->n_routes, 4);
	assert_prefix(&r1->routes[0].prefix, "0.0.0.0/0");
	assert_prefix(&r1->routes[1].prefix, "10.9.0.0/16");
	assert_prefix(&r1->routes[2].prefix, "192.0.2.0/24");
	assert_prefix(&r1->routes[3].prefix, "fd00:9::/48");
	for (uint32_t i = 0; i < r1->n_routes; i++)
		cr_assert_eq(r1->routes[i].blackhole, i == 2);
	cr_assert(r1->routes[0].n_via == 1 && r1->routes[1].n_via == 2);
	cr_assert(r1->routes[2].n_via == 0 && r1->routes[2].via == NULL && r1->routes[3].n_via == 1);
	assert_via(&r1->routes[0].via[0], "10.0.0.254", 1);
	assert_via(&r1->routes[1].via[0], "10.0.0.2", 1);
	assert_via(&r1->routes[1].via[1], "10.0.1.3", 0);
	assert_via(&r1->routes[3].via[0], "fe80::5", 1);
	cr_assert_eq(red->routers[1].n_routes, 0);
	weir_model_free(model);
}

/* Of one address, the shorter prefix comes first. */
Test(model_routers, routes_in_order)
{
	static const char *const prefixes[] = {"::/0", "0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/8", "10.0.0.0/24",
	    "10.0.0.0/32", "10.0.1.0/24", "2001:db8::/32", "2001:db8::/48"};
	const size_t n = WEIR_ARRAY_LEN(prefixes);
	const struct weir_cfg_router *router;
	struct weir_model *model = new_model();
	char text[2048];

	for (size_t first = 0; first < n; first++) {
		char *at = text + sprintf(text, "{\"tenants\":{\"t\":{\"routers\":{\"r\":{\"routes\":{");

		for (size_t i = 0; i < n; i++)
			at += sprintf(
			    at, "%s\"%s\":{\"blackhole\":true}", i > 0 ? "," : "", prefixes[(first + i * 4) % n]);
		(void)sprintf(at, "}}}}}}");
		must_load(model, text);
		router = weir_model_tenant(model, "t")->routers;
		cr_assert_eq(router->n_routes, n);
		for (size_t i = 0; i < n; i++)
			assert_prefix(&router->routes[i].prefix, prefixes[i]);
	}
	weir_model_free(model);
}

Test(model_routers, macs_made_of_names)
{
	struct weir_mac mac = weir_cfg_router_mac("a", "b", "c");
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red;

	assert_mac(&mac, "02:bc:43:a9:0d:02");
	must_load(model, ROUTER_DOCUMENT);
	red = weir_model_tenant(model, "red");
	assert_mac(&red->routers[0].ifaces[0].mac, "02:8c:5a:f3:99:12");
	assert_mac(&red->routers[1].ifaces[0].mac, "02:7b:71:c3:40:24");
	must_patch(model, WEB("\"mac\":null"));
	assert_mac(&weir_model_tenant(model, "red")->routers[0].ifaces[1].mac, "02:7e:34:26:96:d2");
	weir_model_free(model);
}

/* Every such text says the same. */
Test(model_routers, order_and_spelling_are_no_change)
{
	static const char *const tenants[] = {
	    "\"routers\":{\"r\":{\"routes\":{\"10.9.0.0/16\":{\"via\":[\"10.0.1.3\",\"10.0.0.2\"]},\"0.0.0.0/0\":{"
	    "\"interface\":\"a\",\"via\":\"10.0.0.9\"},\"FD00:9:0::/"
	    "48\":{\"blackhole\":true}},\"interfaces\":{\"b\":{"
	    "\"addresses\":[\"10.0.1.1/24\"]},\"a\":{\"mac\":\"02:00:00:00:00:0A\",\"proxy\":false,\"addresses\":["
	    "\"10.0.0.1/24\",\"fd00::1/64\"]}}},\"q\":{}},\"switches\":{\"b\":{},\"a\":{}}",
	    "\"switches\":{\"a\":{},\"b\":{}},\"routers\":{\"q\":{\"interfaces\":{},\"routes\":{}},\"r\":{"
	    "\"interfaces\":"
	    "{\"a\":{\"addresses\":[\"10.0.0.1/24\",\"fd00:0::1/64\"],\"mac\":\"02:00:00:00:00:0a\"},\"b\":{"
	    "\"addresses\":[\"10.0.1.1/24\"]}},\"routes\":{\"0.0.0.0/0\":{\"via\":[\"10.0.0.9\"]},\"fd00:9::/48\":{"
	    "\"blackhole\":true},\"10.9.0.0/016\":{\"via\":[\"10.0.0.2\",\"10.0.1.3\"]}}}}",
	};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;
	char text[2048];

	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(text, sizeof(text), "{\"tenants\":{\"t\":{%s}}}", tenants[i % 2]);
		cr_assert_eq(load(model, text, &change, &err), 0, "%s: %s", err.path, err.msg);
		cr_assert_eq(change->n_tenants, i == 0 ? 1 : 0, "%zu", i);
		weir_model_commit(model, change, i + 1);
	}
	weir_model_free(model);
}

/* Each alone is a change, and no change when it is made again. */
Test(model_routers, what_is_a_change)
{
	static const char *const patches[] = {
	    ROUTERS("\"r3\":{}"),
	    ROUTERS("\"r3\":null"),
	    ROUTERS("\"r2\":null,\"r4\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.2/24\"]}}}"),
	    R1("\"interfaces\":{\"lan\":{\"addresses\":[\"10.0.2.1/24\"]}}"),
	    R1("\"interfaces\":{\"lan\":{\"addresses\":[\"10.0.2.1/25\"]}}"),
	    R1("\"interfaces\":{\"lan\":{\"addresses\":[\"10.0.2.2/25\"]}}"),
	    R1("\"interfaces\":{\"lan\":null}"),
	    WEB("\"proxy\":true"),
	    WEB("\"mac\":\"02:00:00:00:aa:02\""),
	    WEB("\"mac\":null"),
	    /* the first one is whom errors are from */
	    WEB("\"addresses\":[\"fd00:1::1/64\",\"10.0.0.1/24\"]"),
	    WEB("\"addresses\":[\"fd00:1::1/64\",\"10.0.0.1/24\",\"10.3.0.1/24\"]"),
	    ROUTES("\"10.8.0.0/16\":{\"via\":\"10.0.0.7\"}"),
	    ROUTES("\"10.8.0.0/16\":{\"via\":\"10.0.0.8\"}"),
	    ROUTES("\"10.8.0.0/16\":{\"via\":[\"10.0.0.8\",\"10.0.0.7\"]}"),
	    ROUTES("\"10.8.0.0/16\":{\"via\":null,\"blackhole\":true}"),
	    ROUTES("\"10.8.0.0/16\":null,\"10.8.0.0/17\":{\"blackhole\":true}"),
	    ROUTES("\"10.8.0.0/17\":null,\"10.8.128.0/17\":{\"blackhole\":true}"),
	    ROUTES("\"10.8.128.0/17\":null"),
	    /* where the next hop is, by itself */
	    ROUTES("\"fd00:9::/48\":{\"interface\":\"db\"}"),
	    R1("\"interfaces\":{\"web\":{\"addresses\":[\"10.0.1.1/24\"]},\"db\":{\"addresses\":[\"10.0.0.1/24\"]}}"),
	    R1("\"routes\":null"),
	    RED("\"routers\":null"),
	};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, ROUTER_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(patches); i++) {
		cr_assert_eq(patch(model, patches[i], &change, &err), 0, "%s: %s: %s", patches[i], err.path, err.msg);
		cr_assert(
		    change->n_tenants == 1 && strcmp(change->tenants[0].after->name, "red") == 0, "%s", patches[i]);
		weir_model_commit(model, change, i + 2);
		cr_assert_eq(patch(model, patches[i], &change, &err), 0, "again %s: %s", patches[i], err.msg);
		cr_assert_eq(change->n_tenants, 0, "again %s", patches[i]);
		weir_model_abort(model, change);
	}
	cr_assert_eq(weir_model_tenant(model, "red")->n_routers, 0);
	weir_model_free(model);
}

Test(model_routers, patches_of_routes)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_router *r1;

	must_load(model, ROUTER_DOCUMENT);
	must_patch(model,
	    ROUTES(
		"\"10.8.0.0/16\":{\"via\":\"10.0.1.7\"},\"0.0.0.0/0\":null,\"10.9.0.0/16\":{\"via\":\"10.0.0.3\"}"));
	r1 = weir_model_tenant(model, "red")->routers;
	cr_assert_eq(r1->n_routes, 4);
	assert_prefix(&r1->routes[0].prefix, "10.8.0.0/16");
	assert_via(&r1->routes[0].via[0], "10.0.1.7", 0);
	assert_prefix(&r1->routes[1].prefix, "10.9.0.0/16");
	cr_assert_eq(r1->routes[1].n_via, 1);
	assert_via(&r1->routes[1].via[0], "10.0.0.3", 1);

	/* A new first interface: what the others' next hops say follows. */
	must_patch(model, RED("\"switches\":{\"a\":{}},\"routers\":{\"r1\":{\"interfaces\":{\"a\":{\"addresses\":["
			      "\"10.5.0.1/24\"]}}}}"));
	r1 = weir_model_tenant(model, "red")->routers;
	cr_assert(r1->n_ifaces == 3 && r1->ifaces[0].sw == 0 && r1->ifaces[1].sw == 1 && r1->ifaces[2].sw == 3);
	assert_via(&r1->routes[0].via[0], "10.0.1.7", 1);
	assert_via(&r1->routes[1].via[0], "10.0.0.3", 2);
	assert_shows(model, "/tenants/red/routers/r1/routes/10.8.0.0~116", "{\"via\":\"10.0.1.7\"}");
	weir_model_free(model);
}
