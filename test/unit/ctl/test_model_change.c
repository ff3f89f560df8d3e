/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes: their steps, what they keep and leave alone, and what is shown. */

#include "doc.h"

Test(model_change, empty_at_first)
{
	struct weir_model *model = new_model();

	cr_assert_eq(weir_model_version(model), 0);
	assert_shows(model, "", "{}");
	cr_assert_null(weir_model_tenant(model, "red"));
	cr_assert_null(weir_model_port(model, "up0"));
	weir_model_free(model);
	weir_model_free(NULL);
}

Test(model_change, the_whole_of_a_load)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;
	const struct weir_cfg_tenant *red, *blue;
	const struct weir_cfg_underlay *up0, *up1;

	cr_assert_eq(load(model, BASE_DOCUMENT, &change, &err), 0);
	cr_assert_eq(change->n_ports, 4);
	cr_assert_eq(change->n_underlays, 2);
	cr_assert_eq(change->n_tenants, 2);
	cr_assert(change->settings_changed);
	cr_assert_eq(change->settings.flows, 4096);
	cr_assert_eq(change->settings.connections, 262144);
	cr_assert_eq(change->settings.flow_idle, 30 * WEIR_NS_PER_S);
	cr_assert_eq(change->settings.mac_age, 300 * WEIR_NS_PER_S);
	cr_assert_null(change->ports[0].before);
	cr_assert_str_eq(change->ports[0].after->name, "up0");
	cr_assert_str_eq(change->ports[0].after->devargs, "net_null0,no-rx=1");
	cr_assert_null(change->ports[0].after->device);
	cr_assert_str_eq(change->ports[1].after->device, "0000:3b:00.0");
	cr_assert_null(change->ports[1].after->devargs);

	up0 = change->underlays[0].after;
	up1 = change->underlays[1].after;
	cr_assert_str_eq(up0->port, "up0");
	cr_assert_eq(up0->n_addresses, 2);
	cr_assert_eq(up0->addresses[0].len, 96 + 24);
	cr_assert_eq(up0->addresses[1].len, 64);
	cr_assert_eq(up0->n_gateways, 1);
	cr_assert_eq(up0->gateways[0].b[15], 254);
	cr_assert_eq(up0->vlan, WEIR_NONE);
	cr_assert(!up0->has_mac);
	cr_assert_eq(up1->vlan, 7);
	cr_assert(up1->has_mac);
	cr_assert_eq(up1->mac.b[5], 1);

	red = change->tenants[0].after;
	blue = change->tenants[1].after;
	cr_assert_str_eq(red->name, "red");
	cr_assert_eq(red->limit.bps, 5000000000);
	cr_assert_eq(red->limit.pps, 0);
	cr_assert_eq(red->quota_flows, 100);
	cr_assert_eq(red->quota_macs, 8);
	cr_assert_eq(blue->quota_flows, WEIR_NONE);
	cr_assert_eq(blue->quota_macs, WEIR_CFG_MACS_DEFAULT);
	cr_assert_eq(red->n_switches, 2);
	cr_assert_str_eq(red->switches[0].name, "db");
	cr_assert_eq(red->switches[0].vni, WEIR_NONE);
	cr_assert_str_eq(red->switches[1].name, "web");
	cr_assert_eq(red->switches[1].vni, 5001);
	cr_assert_eq(red->switches[1].n_remotes, 2);
	cr_assert_eq(red->switches[1].n_macs, 2);
	cr_assert_eq(red->switches[1].macs[0].mac.b[5], 1);
	cr_assert_eq(red->switches[1].macs[0].vport, 1);
	cr_assert_eq(red->switches[1].macs[1].mac.b[5], 9);
	cr_assert_eq(red->switches[1].macs[1].vport, WEIR_NONE);
	cr_assert_eq(red->switches[1].macs[1].remote.b[15], 2);
	cr_assert_eq(red->n_vports, 3);
	cr_assert_str_eq(red->vports[0].name, "db1");
	cr_assert_eq(red->vports[0].sw, 0);
	cr_assert_eq(red->vports[0].vlan, WEIR_NONE);
	cr_assert_str_eq(red->vports[1].name, "web1");
	cr_assert_eq(red->vports[1].sw, 1);
	cr_assert_str_eq(red->vports[1].port, "tap1");
	cr_assert_eq(red->vports[1].vlan, 100);
	cr_assert_eq(red->vports[1].limit.bps, 1000000000);
	cr_assert_eq(red->vports[1].limit.pps, 1000000);
	cr_assert(red->vports[1].has_mac);
	cr_assert_eq(red->vports[1].n_addresses, 1);
	cr_assert_eq(red->vports[1].addresses[0].b[15], 5);
	weir_model_commit(model, change, 7);
	cr_assert_eq(weir_model_version(model), 7);
	cr_assert_eq(weir_model_tenant(model, "red"), red);
	cr_assert_str_eq(weir_model_port(model, "tap1")->devargs, "net_tap1,iface=tap1");
	weir_model_free(model);
}

Test(model_change, a_patch_touches_one_tenant)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red, *blue;
	struct weir_change *change;
	struct weir_err err;

	must_load(model, BASE_DOCUMENT);
	red = weir_model_tenant(model, "red");
	blue = weir_model_tenant(model, "blue");
	cr_assert_eq(
	    patch(model, "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"limit\":\"2Gbps\"}}}}}", &change, &err), 0);
	cr_assert_eq(change->n_ports + change->n_underlays, 0);
	cr_assert(!change->settings_changed);
	cr_assert_eq(change->n_tenants, 1);
	cr_assert_eq(change->tenants[0].before, red);
	cr_assert_eq(change->tenants[0].after->vports[1].limit.bps, 2000000000);
	cr_assert_eq(change->tenants[0].after->vports[1].limit.pps, 0);
	/* Nothing of it is seen before the commit. */
	cr_assert_eq(weir_model_tenant(model, "red"), red);
	assert_shows(model, "", BASE_DOCUMENT);
	weir_model_abort(model, change);
	assert_shows(model, "", BASE_DOCUMENT);

	must_patch(model, "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"limit\":\"2Gbps\"}}}}}");
	cr_assert_eq(weir_model_tenant(model, "blue"), blue);
	cr_assert_neq(weir_model_tenant(model, "red"), red);
	assert_shows(model, "/tenants/red/vports/web1/limit", "\"2Gbps\"");
	weir_model_free(model);
}

Test(model_change, what_means_the_same_is_no_step)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red;
	struct weir_change *change;
	struct weir_err err;

	must_load(model, BASE_DOCUMENT);
	red = weir_model_tenant(model, "red");
	cr_assert_eq(patch(model,
			 "{\"tenants\":{\"red\":{\"limit\":\"5000Mbps\",\"switches\":{\"web\":{\"remotes\":"
			 "[\"2001:DB8:0::2\",\"192.0.2.2\"]}}}},\"settings\":{\"flow_idle\":\"30s\"}}",
			 &change, &err),
	    0);
	cr_assert_eq(change->n_tenants, 0);
	cr_assert(!change->settings_changed);
	weir_model_commit(model, change, 2);
	/* The pointer stays good, the text is the new one. */
	cr_assert_eq(weir_model_tenant(model, "red"), red);
	assert_shows(model, "/tenants/red/limit", "\"5000Mbps\"");
	assert_shows(model, "/settings", "{\"flows\":4096,\"flow_idle\":\"30s\"}");
	weir_model_free(model);
}

/* Each changes one thing of one element. */
Test(model_change, every_field_makes_a_step)
{
	static const char *const patches[] = {
	    "{\"ports\":{\"tap1\":{\"devargs\":\"net_tap1,iface=tap9\"}}}",
	    "{\"ports\":{\"up1\":{\"device\":\"0000:3b:00.1\"}}}",
	    "{\"ports\":{\"up1\":{\"device\":null,\"devargs\":\"0000:3b:00.0\"}}}",
	    "{\"ports\":{\"tap1\":{\"rate\":\"1Gbps\"}}}",
	    "{\"ports\":{\"tap1\":{\"mtu\":1500}}}",
	    "{\"ports\":{\"tap1\":{\"queues\":1}}}",
	    "{\"ports\":{\"new\":{\"device\":\"x\"}}}",
	    "{\"underlay\":{\"up1\":{\"address\":[\"198.51.100.2/24\"]}}}",
	    "{\"underlay\":{\"up1\":{\"address\":[\"198.51.100.1/25\"]}}}",
	    "{\"underlay\":{\"up1\":{\"address\":[\"198.51.100.1/24\",\"203.0.113.1/24\"]}}}",
	    "{\"underlay\":{\"up1\":{\"gateway\":[\"198.51.100.2\"]}}}",
	    "{\"underlay\":{\"up1\":{\"vlan\":8}}}",
	    "{\"underlay\":{\"up1\":{\"vlan\":null}}}",
	    "{\"underlay\":{\"up1\":{\"mac\":\"02:aa:aa:aa:aa:02\"}}}",
	    "{\"underlay\":{\"up1\":{\"mac\":null}}}",
	    "{\"underlay\":{\"up1\":null}}",
	    "{\"settings\":{\"flows\":4097}}",
	    "{\"settings\":{\"connections\":262145}}",
	    "{\"settings\":{\"flow_idle\":\"31s\"}}",
	    "{\"settings\":{\"mac_age\":\"301s\"}}",
	    "{\"tenants\":{\"red\":{\"limit\":\"6Gbps\"}}}",
	    "{\"tenants\":{\"red\":{\"limit\":[\"5Gbps\",\"1pps\"]}}}",
	    "{\"tenants\":{\"red\":{\"quota\":{\"flows\":null}}}}",
	    "{\"tenants\":{\"red\":{\"quota\":{\"macs\":9}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"vni\":5003}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"remotes\":[\"192.0.2.2\"]}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"remotes\":[\"192.0.2.2\",\"2001:db8::3\"]}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:09\":\"2001:db8::2\"}}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:09\":\"web2\"}}}}}}",
	    ("{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:09\":null,"
	     "\"02:00:00:00:00:0a\":\"192.0.2.2\"}}}}}}"),
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:0b\":\"web2\"}}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":null}}}}}",
	    "{\"tenants\":{\"red\":{\"switches\":{\"new\":{}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"switch\":\"db\"}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"port\":\"up1\"}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"vlan\":2}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"limit\":\"1kpps\"}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web2\":{\"mac\":\"02:00:00:00:00:02\"}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"addresses\":null}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"addresses\":[\"10.0.0.6\"]}}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"db1\":null}}}}",
	    "{\"tenants\":{\"red\":{\"vports\":{\"db1\":null,\"db9\":{\"switch\":\"db\",\"port\":\"tap2\"}}}}}",
	};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, BASE_DOCUMENT);
	must_patch(
	    model, "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:0b\":\"web1\"}}}}}}");
	for (size_t i = 0; i < WEIR_ARRAY_LEN(patches); i++) {
		cr_assert_eq(patch(model, patches[i], &change, &err), 0, "%s: %s: %s", patches[i], err.path, err.msg);
		cr_expect_eq(change->n_ports + change->n_underlays + change->n_tenants + change->settings_changed, 1,
		    "%s", patches[i]);
		weir_model_abort(model, change);
	}
	weir_model_free(model);
}

Test(model_change, a_load_keeps_what_is_the_same)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red, *blue;
	const struct weir_cfg_port *tap1;
	struct weir_change *change;
	struct weir_err err;
	char *text;

	must_load(model, BASE_DOCUMENT);
	red = weir_model_tenant(model, "red");
	blue = weir_model_tenant(model, "blue");
	tap1 = weir_model_port(model, "tap1");
	text = show(model, "");
	cr_assert_eq(load(model, text, &change, &err), 0);
	cr_assert_eq(change->n_ports + change->n_underlays + change->n_tenants, 0);
	cr_assert(!change->settings_changed);
	weir_model_commit(model, change, 2);
	cr_assert_eq(weir_model_tenant(model, "red"), red);
	/* In another order, and with one tenant less. */
	cr_assert_eq(
	    load(model,
		"{\"tenants\":{\"blue\":{\"vports\":{\"web1\":{\"vlan\":100,\"switch\":\"web\",\"port\":\"tap2\"}},"
		"\"switches\":{\"web\":{\"vni\":5002}}}},\"ports\":{\"tap2\":{\"devargs\":\"net_tap2\"},"
		"\"tap1\":{\"devargs\":\"net_tap1,iface=tap1\"}}}",
		&change, &err),
	    0, "%s: %s", err.path, err.msg);
	cr_assert_eq(change->n_tenants, 1);
	cr_assert_eq(change->tenants[0].before, red);
	cr_assert_null(change->tenants[0].after);
	cr_assert_eq(change->n_ports, 2);
	cr_assert_str_eq(change->ports[0].before->name, "up0");
	cr_assert_null(change->ports[0].after);
	cr_assert_eq(change->n_underlays, 2);
	cr_assert(change->settings_changed);
	cr_assert_eq(change->settings.flows, WEIR_CFG_FLOWS_DEFAULT);
	weir_model_commit(model, change, 3);
	cr_assert_eq(weir_model_tenant(model, "blue"), blue);
	cr_assert_eq(weir_model_port(model, "tap1"), tap1);
	cr_assert_null(weir_model_tenant(model, "red"));
	assert_shows(
	    model, "/ports", "{\"tap2\":{\"devargs\":\"net_tap2\"},\"tap1\":{\"devargs\":\"net_tap1,iface=tap1\"}}");
	free(text);
	weir_model_free(model);
}

/* Removed, changed, added, each in document order. */
Test(model_change, order_of_steps)
{
	static const char *const names[] = {"b", "d", "e", "c", "x", "a"};
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, "{\"tenants\":{\"b\":{},\"e\":{},\"d\":{},\"c\":{}}}");
	cr_assert_eq(patch(model,
			 "{\"tenants\":{\"x\":{},\"d\":null,\"c\":{\"limit\":\"1Mbps\"},\"a\":{},\"b\":null,"
			 "\"e\":{\"limit\":\"1Mbps\"}}}",
			 &change, &err),
	    0);
	cr_assert_eq(change->n_tenants, 6);
	for (uint32_t i = 0; i < 6; i++) {
		const struct weir_tenant_step *step = &change->tenants[i];

		cr_assert_eq(step->after == NULL, i < 2);
		cr_assert_eq(step->before == NULL, i >= 4);
		cr_assert_str_eq(step->after != NULL ? step->after->name : step->before->name, names[i]);
	}
	weir_model_commit(model, change, 2);
	assert_shows(
	    model, "/tenants", "{\"e\":{\"limit\":\"1Mbps\"},\"c\":{\"limit\":\"1Mbps\"},\"x\":{},\"a\":{}}");
	weir_model_free(model);
}

Test(model_change, one_at_a_time)
{
	struct weir_model *model = new_model();
	struct weir_change *change, *second;
	struct weir_err err;

	cr_assert_eq(load(model, "{}", &change, &err), 0);
	cr_assert_eq(patch(model, "{}", &second, &err), -EBUSY);
	cr_assert_null(second);
	weir_model_abort(model, change);
	cr_assert_eq(patch(model, "{}", &second, &err), 0);
	/* An open change goes with the model. */
	weir_model_free(model);
}

Test(model_change, an_error_may_be_unwanted_or_old)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	cr_assert_eq(weir_model_load(model, "{\"x\":1}", 7, &change, NULL), -EINVAL);
	cr_assert_eq(load(model, "{", &change, &err), -EINVAL);
	/* The first fault found stays reported, the code is this one's. */
	cr_assert_eq(weir_model_load(model, "{\"tenants\":{\"a\":{\"links\":1}}}", 29, &change, &err), -ENOTSUP);
	cr_assert_eq(err.errnum, EINVAL);
	weir_model_free(model);
}

Test(model_change, pointers)
{
	static const struct {
		const char *pointer;
		int errnum;
		const char *text;
	} cases[] = {
	    {"/settings", 0, "{\"flows\":4096}"},
	    {"/settings/flows", 0, "4096"},
	    {"/ports/tap2", 0, "{\"devargs\":\"net_tap2\"}"},
	    {"/ports/tap2/devargs", 0, "\"net_tap2\""},
	    {"/tenants/red/vports/web2", 0, "{\"switch\":\"web\",\"port\":\"tap1\"}"},
	    {"/tenants/red/vports/web1/limit/1", 0, "\"1Mpps\""},
	    {"/tenants/red/switches/web/macs/02:00:00:00:00:09", 0, "\"192.0.2.2\""},
	    {"/tenants/red/switches/db", 0, "{}"},
	    {"/underlay/up0/gateway", 0, "[\"192.0.2.254\"]"},
	    {"/tenants/green", ENOENT, "\"green\""},
	    {"/tenants/red/vports/web3", ENOENT, "\"web3\""},
	    {"/tenants/red/vports/web1/limit/2", ENOENT, "\"2\""},
	    {"/tenants/red/vports/web1/limit/01", ENOENT, "\"01\""},
	    {"/tenants/red/vports/web1/limit/-", ENOENT, "\"-\""},
	    {"/tenants/red/vports/web1/limit/99999999999", ENOENT, "\"99999999999\""},
	    {"/tenants/red/limit/x", ENOENT, "\"x\""},
	    {"/tenants/", ENOENT, "\"\""},
	    {"/nowhere", ENOENT, "\"nowhere\""},
	    {"/settings/", ENOENT, "\"\""},
	    {"tenants", EINVAL, "not a JSON pointer"},
	    {"/tenants/a~b", EINVAL, "not a JSON pointer"},
	    {"/tenants/red~", EINVAL, "not a JSON pointer"},
	};
	struct weir_model *model = new_model();

	must_load(model, BASE_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_err err = {0};
		uint64_t version;
		char *text = NULL;
		size_t len;
		int rc = weir_model_show(model, cases[i].pointer, &text, &len, &version, &err);

		cr_assert_eq(rc, -cases[i].errnum, "%s: %d %s", cases[i].pointer, rc, err.msg);
		if (rc == 0)
			cr_assert_str_eq(text, cases[i].text);
		else
			cr_assert(strstr(err.msg, cases[i].text) != NULL && strcmp(err.path, cases[i].pointer) == 0,
			    "%s: %s", cases[i].pointer, err.msg);
		free(text);
	}
	weir_model_free(model);
}

/* The document's own order and spelling, white space apart. */
Test(model_change, shown_as_written)
{
	struct weir_model *model = new_model();

	must_load(model, " { \"settings\" : { \"flows\" : 4.096e3 } ,\n \"tenants\" : { \"b\" : { \"limit\" : "
			 "\"1000Mbps\" } , \"\\u0061\" : { } } , \"ports\" : { } } ");
	assert_shows(model, "",
	    "{\"settings\":{\"flows\":4.096e3},\"tenants\":{\"b\":{\"limit\":\"1000Mbps\"},\"a\":{}},\"ports\":{}}");
	must_patch(model, "{\"settings\":null,\"underlay\":{},\"tenants\":{\"c\":{},\"b\":{}}}");
	assert_shows(model, "",
	    "{\"tenants\":{\"b\":{\"limit\":\"1000Mbps\"},\"a\":{},\"c\":{}},\"ports\":{},\"underlay\":{}}");
	weir_model_free(model);
}

Test(model_change, a_document_must_stay_loadable)
{
	struct weir_model *model = new_model();
	size_t half = 40u << 20, len;
	char *text = malloc(half + 4096), *at;
	struct weir_change *change;
	struct weir_err err = {0};

	for (int which = 0; which < 2; which++) {
		at = text + sprintf(text, "{\"ports\":{");
		for (uint32_t i = 0; (size_t)(at - text) < half; i++)
			at += sprintf(at, "%s\"%c%u\":{\"devargs\":\"net_null%c%u,%01000d\"}", i > 0 ? "," : "",
			    which == 0 ? 'a' : 'b', i, which == 0 ? 'a' : 'b', i, 0);
		len = (size_t)(at - text) + (size_t)sprintf(at, "}}");
		cr_assert_eq(
		    weir_model_patch(model, text, len, &change, &err), which == 0 ? 0 : -E2BIG, "%s", err.msg);
		if (which == 0)
			weir_model_commit(model, change, 1);
	}
	free(text);
	weir_model_free(model);
}

/* One more than an array may have. */
Test(model_change, arrays_are_bounded)
{
	static const struct {
		const char *before, *length, *after, *path;
		uint32_t max;
	} arrays[] = {
	    {"{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":null,\"remotes\":[", "", "]}}}}}",
		"/tenants/red/switches/web/remotes", WEIR_CFG_REMOTES_MAX},
	    {"{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"addresses\":[", "", "]}}}}}",
		"/tenants/red/vports/web1/addresses", WEIR_CFG_ADDRESSES_MAX},
	    {"{\"underlay\":{\"up1\":{\"address\":[", "/32", "]}}}", "/underlay/up1/address", WEIR_CFG_ADDRESSES_MAX},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(arrays); i++) {
		for (uint32_t n = arrays[i].max; n <= arrays[i].max + 1; n++) {
			struct weir_model *model = new_model();
			char *text = calloc(1, 200 + n * 32), *at = text;
			struct weir_change *change;
			struct weir_err err;

			must_load(model, BASE_DOCUMENT);
			at += sprintf(at, "%s", arrays[i].before);
			for (uint32_t k = 0; k < n; k++)
				at += sprintf(at, "%s\"10.1.%u.%u%s\"", k > 0 ? "," : "", k / 200, k % 200 + 1,
				    arrays[i].length);
			(void)sprintf(at, "%s", arrays[i].after);
			cr_assert_eq(patch(model, text, &change, &err), n > arrays[i].max ? -E2BIG : 0, "%s: %s",
			    err.path, err.msg);
			if (n > arrays[i].max)
				cr_assert_str_eq(err.path, arrays[i].path);
			weir_model_free(model);
			free(text);
		}
	}
}

Test(model_change, the_example_loads)
{
	struct weir_model *model = new_model();
	FILE *file = fopen(WEIR_CONF "/example.json", "r");
	char text[8192];
	size_t len;

	cr_assert_not_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	must_load(model, text);
	cr_assert_eq(weir_model_tenant(model, "red")->n_vports, 3);
	cr_assert_eq(weir_model_tenant(model, "red")->routers->n_routes, 4);
	cr_assert_eq(weir_model_tenant(model, "red")->n_firewalls, 2);
	cr_assert_eq(weir_model_tenant(model, "blue")->n_vports, 2);
	weir_model_free(model);
}
