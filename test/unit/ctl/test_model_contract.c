/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tenant's contract says beside its limits, as it is read. */
#include "doc.h"

#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define WEB1(x) RED("\"vports\":{\"web1\":{" x "}}")
#define WEB2(x) RED("\"vports\":{\"web2\":{" x "}}")

static const struct weir_cfg_tenant *
tenant_after(struct weir_model *model, const char *change)
{
	must_patch(model, change);
	return weir_model_tenant(model, "red");
}

/* Each alone is a change, and stands where it belongs. */
Test(model_contract, the_contract)
{
	static const char *const patches[] = {
	    RED("\"guarantee\":\"3Gbps\""),
	    RED("\"weight\":2"),
	    RED("\"excess\":\"police\""),
	    RED("\"burst\":\"7ms\""),
	    RED("\"queue\":\"30ms\""),
	    RED("\"queue\":\"64kB\""),
	    RED("\"quota\":{\"flow_setups\":\"2kpps\"}"),
	    RED("\"quota\":{\"cpu\":\"12.5%\"}"),
	    RED("\"switches\":{\"web\":{\"tunnel\":\"geneve\"}}"),
	    WEB1("\"guarantee\":[\"1Gbps\",\"1kpps\"]"),
	    WEB1("\"weight\":3"),
	    WEB1("\"burst\":\"8ms\""),
	    WEB1("\"queue\":\"40ms\""),
	    WEB1("\"queue\":\"1MB\""),
	};
	struct weir_model *model = new_model();
	const struct weir_cfg_tenant *red;
	const struct weir_cfg_vport *web1;

	must_load(model, BASE_DOCUMENT);
	red = weir_model_tenant(model, "red");
	cr_assert(red->weight == 1 && !red->police && red->burst == 0 && red->queue_ns == 0 && red->queue_bytes == 0);
	cr_assert(red->vports[1].weight == 1 && red->guarantee.bps == 0 && red->quota_cpu == 0);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(patches); i++) {
		const struct weir_cfg_tenant *before = weir_model_tenant(model, "red");

		cr_assert_neq(tenant_after(model, patches[i]), before, "%s", patches[i]);
		before = weir_model_tenant(model, "red");
		cr_assert_eq(tenant_after(model, patches[i]), before, "again %s", patches[i]);
	}
	red = weir_model_tenant(model, "red");
	web1 = &red->vports[1];
	cr_assert_str_eq(web1->name, "web1");
	cr_assert(red->guarantee.bps == 3000000000 && red->guarantee.pps == 0 && red->weight == 2 && red->police);
	cr_assert(red->burst == 7000000 && red->queue_bytes == 64000 && red->queue_ns == 0);
	cr_assert(red->quota_setups == 2000 && red->quota_cpu == 125 && red->quota_flows == 100);
	cr_assert(red->switches[web1->sw].geneve && !red->switches[1 - web1->sw].geneve);
	cr_assert(web1->guarantee.bps == 1000000000 && web1->guarantee.pps == 1000 && web1->weight == 3);
	cr_assert(web1->burst == 8000000 && web1->queue_bytes == 1000000 && web1->queue_ns == 0);
	weir_model_free(model);
}

Test(model_contract, what_is_guaranteed_to_a_tenant)
{
	static const struct {
		const char *patch;
		struct weir_rate guarantee;
	} cases[] = {
	    {RED("\"weight\":2"), {0, 0}},
	    {WEB1("\"guarantee\":\"1Gbps\""), {1000000000, 0}},
	    {WEB2("\"guarantee\":[\"2Gbps\",\"1kpps\"]"), {3000000000, 0}},
	    {WEB1("\"guarantee\":[\"1Gbps\",\"2kpps\"]"), {3000000000, 3000}},
	    {WEB1("\"guarantee\":\"2kpps\""), {0, 3000}},
	    {RED("\"guarantee\":\"5Gbps\""), {5000000000, 0}},
	};
	struct weir_model *model = new_model();

	must_load(model, BASE_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_rate is = weir_cfg_guarantee(tenant_after(model, cases[i].patch));

		cr_assert(is.bps == cases[i].guarantee.bps && is.pps == cases[i].guarantee.pps, "%s: %lu, %lu",
		    cases[i].patch, is.bps, is.pps);
	}
	weir_model_free(model);
}
