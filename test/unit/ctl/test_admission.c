/* SPDX-License-Identifier: BSD-3-Clause */
/* What is reserved where, and when it is too much. Tenants are read from documents, ports are made up. */
#include "admission.h"
#include "doc.h"

#define GBPS UINT64_C(1000000000)
#define MAX 8

/* Ports "p0", "p1" are vports' alone, "u0" is an uplink, "m0" both. */
static struct weir_admission_port ports[4];
static struct weir_admission admission = {.ports = ports, .n = 4};
static struct weir_tenant_step steps[MAX];
static uint32_t n_steps;

static void
setup(void)
{
	static const char *const names[] = {"u0", "p1", "m0", "p0"};

	for (uint32_t i = 0; i < 4; i++)
		ports[i] = (struct weir_admission_port){
		    .name = names[i], .carries = 10 * GBPS, .mtu = 1500, .uplink = names[i][0] != 'p'};
	weir_admission_sort(&admission);
	n_steps = 0;
}

TestSuite(admission, .init = setup);

/* A tenant of this contract; single quotes stand for double ones. Models are left to the process's end. */
static const struct weir_cfg_tenant *
tenant(const char *contract)
{
	struct weir_model *model = new_model();
	char text[2048];

	(void)snprintf(text, sizeof(text),
	    "{'ports':{'u0':{'device':'a'},'m0':{'device':'b'},'p0':{'device':'c'},'p1':{'device':'d'}},"
	    "'underlay':{'u0':{'address':['192.0.2.1/24']}},'tenants':{'red':{%s}}}",
	    contract);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	must_load(model, text);
	return weir_model_tenant(model, "red");
}

static uint64_t
sum(const char *port)
{
	return weir_admission_find(&admission, port)->sum;
}

static void
check_sums(const char *contract, uint64_t m0, uint64_t p0, uint64_t p1, uint64_t u0)
{
	const struct weir_cfg_tenant *cfg = tenant(contract);

	weir_admission_add(&admission, cfg, false);
	cr_assert(sum("m0") == m0 && sum("p0") == p0 && sum("p1") == p1 && sum("u0") == u0, "%s: %lu %lu %lu %lu",
	    contract, sum("m0"), sum("p0"), sum("p1"), sum("u0"));
	weir_admission_add(&admission, cfg, true);
	cr_assert(sum("m0") == 0 && sum("p0") == 0 && sum("p1") == 0 && sum("u0") == 0, "back: %s", contract);
}

#define ALONE "'switches':{'s':{}},"
#define REACHES "'switches':{'s':{'vni':1,'remotes':['192.0.2.2']}},"
#define VPORT(name, port, vlan, more) "'" name "':{'switch':'s','port':'" port "','vlan':" vlan more "}"

Test(admission, what_is_reserved)
{
	check_sums("'limit':'1Gbps'," ALONE "'vports':{" VPORT("a", "p0", "1", "") "}", 0, 0, 0, 0);
	/* Its own: at each port by which it leaves, once. */
	check_sums("'guarantee':'2Gbps'," ALONE
		   "'vports':{" VPORT("a", "p0", "1", "") "," VPORT("b", "p0", "2", "") "}",
	    0, 2 * GBPS, 0, 0);
	check_sums("'guarantee':'2Gbps'," REACHES
		   "'vports':{" VPORT("a", "p0", "1", "") "," VPORT("b", "p1", "2", "") "}",
	    2 * GBPS, 2 * GBPS, 2 * GBPS, 2 * GBPS);
	/* A port of both kinds has both. */
	check_sums(
	    "'guarantee':'2Gbps'," REACHES "'vports':{" VPORT("a", "m0", "1", "") "}", 4 * GBPS, 0, 0, 2 * GBPS);
	/* No more than limits let through, where all have one: as 60 bytes of a tenant's frame are 88 on the wire. */
	check_sums("'guarantee':'2Gbps'," ALONE "'vports':{" VPORT("a", "p0", "1", ",'limit':'0.5Gbps'") "," VPORT(
		       "b", "p0", "2", ",'limit':'0.3Gbps'") "," VPORT("c", "p1", "3", ",'limit':'5Gbps'") "}",
	    0, 733333333 + 440000000, 2 * GBPS, 0);
	check_sums("'guarantee':'2Gbps'," ALONE "'vports':{" VPORT("a", "p0", "1", ",'limit':'0.5Gbps'") "," VPORT(
		       "b", "p0", "2", ",'limit':'1kpps'") "}",
	    0, 2 * GBPS, 0, 0);
	/* Its vports': each at its port; together at uplinks. */
	check_sums(REACHES "'vports':{" VPORT("a", "p0", "1", ",'guarantee':'1Gbps'") "," VPORT(
		       "b", "p0", "2", ",'guarantee':'2Gbps'") "," VPORT("c", "p1", "3",
		       ",'guarantee':'4Gbps'") "," VPORT("d", "p1", "4", "") "}",
	    7 * GBPS, 3 * GBPS, 4 * GBPS, 7 * GBPS);
}

Test(admission, packets_are_the_largest_frames)
{
	const uint64_t frame = (1500 + 14 + 4 + 24) * 8;

	/* In a tunnel too: it is within what the uplink carries. */
	check_sums("'guarantee':'1kpps'," REACHES "'vports':{" VPORT("a", "p0", "1", "") "}", 1000 * frame,
	    1000 * frame, 0, 1000 * frame);
	/* Of two kinds the one that is less. */
	check_sums(
	    "'guarantee':['1kpps','1Gbps']," ALONE "'vports':{" VPORT("a", "p0", "1", "") "}", 0, 1000 * frame, 0, 0);
	check_sums(
	    "'guarantee':['1kpps','1Mbps']," ALONE "'vports':{" VPORT("a", "p0", "1", "") "}", 0, 1000000, 0, 0);
	weir_admission_find(&admission, "p0")->mtu = 9000;
	check_sums(ALONE "'vports':{" VPORT("a", "p0", "1", ",'guarantee':'1kpps'") "}", 0,
	    UINT64_C(1000) * (9000 + 42) * 8, 0, 0);
}

/* ---- too much ---- */

static void
add_step(const char *before, const char *after)
{
	struct weir_cfg_tenant *named = (struct weir_cfg_tenant *)(uintptr_t)(after != NULL ? tenant(after) : NULL);

	if (named != NULL)
		(void)snprintf(named->name, sizeof(named->name), "t%u", n_steps);
	steps[n_steps++] =
	    (struct weir_tenant_step){.before = before != NULL ? tenant(before) : NULL, .after = named};
}

#define ON_P0(guarantee) "'guarantee':'" guarantee "'," ALONE "'vports':{" VPORT("a", "p0", "1", "") "}"

/* The change, with this much there before. */
static int
check(uint64_t before, const struct weir_admission_port **unknown, struct weir_err *err)
{
	struct weir_admission_port *p0 = weir_admission_find(&admission, "p0");

	*err = (struct weir_err){0};
	p0->before = p0->base = before;
	weir_admission_steps(&admission, steps, n_steps);
	return weir_admission_check(&admission, steps, n_steps, unknown, err);
}

Test(admission, to_the_last_bit)
{
	struct weir_err err;

	add_step(NULL, ON_P0("4Gbps"));
	add_step(NULL, ON_P0("6Gbps"));
	cr_assert_eq(check(0, NULL, &err), 0);
	cr_assert_eq(sum("p0"), 10 * GBPS);
	cr_assert_eq(check(1, NULL, &err), -ENOSPC);
	cr_assert_str_eq(err.path, "/tenants/t1");
	cr_assert_str_eq(err.msg, "port p0 carries 10Gbps, guarantees sum to 10000000.001kbps: 1bps too much");
	cr_assert_eq(check(3 * GBPS / 2, NULL, &err), -ENOSPC);
	cr_assert_str_eq(err.msg, "port p0 carries 10Gbps, guarantees sum to 11.5Gbps: 1.5Gbps too much");
	cr_assert_eq(check(8 * GBPS, NULL, &err), -ENOSPC);
	cr_assert_str_eq(err.path, "/tenants/t0");
}

/* Where it did not fit before, it may become less, or stay. */
Test(admission, what_is_too_much_may_shrink)
{
	struct weir_err err;

	add_step(ON_P0("5Gbps"), ON_P0("4Gbps"));
	cr_assert_eq(check(20 * GBPS, NULL, &err), 0);
	cr_assert_eq(sum("p0"), 19 * GBPS);
	add_step(NULL, ON_P0("1Gbps"));
	cr_assert_eq(check(20 * GBPS, NULL, &err), 0);
	add_step(NULL, ON_P0("1kbps"));
	cr_assert_eq(check(20 * GBPS, NULL, &err), -ENOSPC);
	cr_assert_str_eq(err.path, "/tenants/t1", "%s", err.path);
	n_steps = 0;
	add_step(ON_P0("5Gbps"), NULL);
	cr_assert_eq(check(20 * GBPS, NULL, &err), 0);
}

Test(admission, a_rate_that_is_lowered)
{
	struct weir_admission_port *p0 = weir_admission_find(&admission, "p0");
	struct weir_err err;

	p0->lowered = true;
	p0->carries = 8 * GBPS;
	cr_assert_eq(check(8 * GBPS, NULL, &err), 0);
	cr_assert_eq(check(9 * GBPS, NULL, &err), -ENOSPC);
	cr_assert_str_eq(err.path, "/ports/p0");
	cr_assert_str_eq(err.msg, "port p0 carries 8Gbps, guarantees sum to 9Gbps: 1Gbps too much");
}

Test(admission, a_rate_that_is_not_known)
{
	struct weir_admission_port *p0 = weir_admission_find(&admission, "p0");
	const struct weir_admission_port *unknown = NULL;
	struct weir_err err;

	p0->carries = 0;
	cr_assert_eq(check(0, NULL, &err), 0, "nothing is guaranteed there");
	add_step(NULL, ON_P0("1kbps"));
	cr_assert_eq(check(0, &unknown, &err), -ENOSPC, "it is open");
	cr_assert_str_eq(err.path, "/tenants/t0");
	cr_assert_not_null(strstr(err.msg, "not known"));
	p0->unopened = true;
	cr_assert_eq(check(0, NULL, &err), -ENOSPC);
	cr_assert_eq(check(0, &unknown, &err), 0);
	cr_assert_eq(unknown, p0);
}
