/* SPDX-License-Identifier: BSD-3-Clause */
/* As many routes as there may be: how long they take, as CPU time, and that there are no more. */
#include <time.h>

#include "doc.h"

static double
cpu_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* `n` routes in no order of theirs: /24 and longer ones from 16.0.0.0 on, over all of the router's 64 interfaces. */
static char *
put_routes(char *at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t prefix = (uint32_t)((uint64_t)i * 7919 % n);

		at += sprintf(at, "%s\"%u.%u.%u.0/%u\":{\"via\":", i > 0 ? "," : "", 16 + prefix / 65536,
		    prefix / 256 % 256, prefix % 256, 24 + prefix % 8);
		if (i % 4 == 0)
			at += sprintf(at, "[\"10.0.0.%u\",\"10.%u.0.9\"]}", 10 + i % 240, 1 + i % 63);
		else
			at += sprintf(at, "\"10.%u.0.%u\"}", i % 64, 2 + i % 250);
	}
	return at;
}

/* Tenants of one router each, which has so many routes. The caller's to free(). */
static char *
make_document(uint32_t n_tenants, uint32_t n_routes, size_t *len)
{
	char *text = malloc((size_t)n_tenants * (8000 + (size_t)n_routes * 56) + 100), *at = text;

	at += sprintf(at, "{\"tenants\":{");
	for (uint32_t t = 0; t < n_tenants; t++) {
		at += sprintf(at, "%s\"t%u\":{\"switches\":{", t > 0 ? "," : "", t);
		for (uint32_t i = 0; i < 64; i++)
			at += sprintf(at, "%s\"s%u\":{}", i > 0 ? "," : "", i);
		at += sprintf(at, "},\"routers\":{\"r\":{\"interfaces\":{");
		for (uint32_t i = 0; i < 64; i++)
			at += sprintf(at, "%s\"s%u\":{\"addresses\":[\"10.%u.0.1/24\"]}", i > 0 ? "," : "", i, i);
		at = put_routes(at + sprintf(at, "},\"routes\":{"), n_routes);
		at += sprintf(at, "}}}}");
	}
	at += sprintf(at, "}}");
	*len = (size_t)(at - text);
	return text;
}

Test(model_routes, as_many_as_a_router_has)
{
	struct weir_model *model = new_model();
	const struct weir_cfg_router *router;
	struct weir_change *change;
	struct weir_err err = {0};
	double start, load_ms, patch_ms;
	char request[128];
	size_t len;
	char *text = make_document(1, WEIR_CFG_ROUTES_MAX, &len);

	start = cpu_ms();
	cr_assert_eq(weir_model_load(model, text, len, &change, &err), 0, "%s: %s", err.path, err.msg);
	weir_model_commit(model, change, 1);
	load_ms = cpu_ms() - start;
	router = weir_model_tenant(model, "t0")->routers;
	cr_assert_eq(router->n_routes, WEIR_CFG_ROUTES_MAX);
	for (uint32_t i = 1; i < router->n_routes; i++)
		cr_assert_lt(memcmp(&router->routes[i - 1].prefix, &router->routes[i].prefix, 17), 0);

	start = cpu_ms();
	for (uint32_t i = 0; i < 5; i++) {
		(void)snprintf(request, sizeof(request),
		    "{\"tenants\":{\"t0\":{\"routers\":{\"r\":{\"routes\":{\"16.0.%u.0/"
		    "24\":{\"via\":\"10.7.0.7\"}}}}}}}",
		    i * 8);
		cr_assert_eq(patch(model, request, &change, &err), 0, "%s: %s", err.path, err.msg);
		cr_assert_eq(change->n_tenants, 1);
		weir_model_commit(model, change, i + 2);
	}
	patch_ms = (cpu_ms() - start) / 5;
	fprintf(stderr, "# %u routes: load and commit %.0f ms, patch and commit %.0f ms of CPU\n",
	    WEIR_CFG_ROUTES_MAX, load_ms, patch_ms);
	/* Some 200 ms each; the limits are for a slow machine with sanitizers. All with all takes minutes. */
	cr_assert_lt(load_ms, 2500);
	cr_assert_lt(patch_ms, 2500);
	free(text);
	weir_model_free(model);
}

/* All next hops link-local, all routes with 16 of them: no walk over the interfaces or next hops for each. */
Test(model_routes, the_most_next_hops)
{
	const uint32_t n = 20000;
	struct weir_model *model = new_model();
	char *text = malloc((size_t)n * 400), *at = text;
	struct weir_change *change;
	struct weir_err err = {0};
	double start;

	at += sprintf(at, "{\"tenants\":{\"t\":{\"switches\":{\"s\":{}},\"routers\":{\"r\":{\"interfaces\":{\"s\":{"
			  "\"addresses\":[\"fd00::1/64\"]}},\"routes\":{");
	for (uint32_t i = 0; i < n; i++) {
		at += sprintf(at, "%s\"fd01:%x::/32\":{\"interface\":\"s\",\"via\":[", i > 0 ? "," : "", i + 1);
		for (uint32_t k = 0; k < 16; k++)
			at += sprintf(at, "%s\"fe80::%x:%x\"", k > 0 ? "," : "", i, 0xff - k);
		at += sprintf(at, "]}");
	}
	at += sprintf(at, "}}}}}}");
	start = cpu_ms();
	cr_assert_eq(
	    weir_model_load(model, text, (size_t)(at - text), &change, &err), 0, "%s: %s", err.path, err.msg);
	cr_assert_lt(cpu_ms() - start, 4000);
	weir_model_commit(model, change, 1);
	for (uint32_t i = 0; i < n; i++) {
		const struct weir_cfg_route *route = &weir_model_tenant(model, "t")->routers->routes[i];

		cr_assert_eq(route->n_via, 16);
		for (uint32_t k = 0; k < 16; k++)
			cr_assert(route->via[k].iface == 0 && route->via[k].ip.b[15] == 0xf0 + k &&
				  route->via[k].ip.b[13] == i % 256 && route->prefix.ip.b[3] == (i + 1) % 256);
	}
	free(text);
	weir_model_free(model);
}

Test(model_routes, one_more_than_a_router_has)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err = {0};
	size_t len;
	char *text = make_document(1, WEIR_CFG_ROUTES_MAX + 1, &len);

	cr_assert_eq(weir_model_load(model, text, len, &change, &err), -E2BIG);
	cr_assert_str_eq(err.path, "/tenants/t0/routers/r/routes");
	cr_assert_str_eq(err.msg, "100001 routes: at most 100000 are allowed");
	free(text);
	weir_model_free(model);
}

#define ONE_MORE(tenant) "\"" tenant "\":{\"routers\":{\"r\":{\"routes\":{\"0.0.0.0/0\":{\"blackhole\":true}}}}}"

/* Over all tenants, whichever of them a patch touches. */
Test(model_routes, as_many_as_a_gateway_has)
{
	const uint32_t n_tenants = WEIR_CFG_ROUTES_ALL_MAX / WEIR_CFG_ROUTES_MAX;
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err = {0};
	double start = cpu_ms();
	size_t len;
	char *text = make_document(n_tenants, WEIR_CFG_ROUTES_MAX, &len);

	cr_assert_eq(weir_model_load(model, text, len, &change, &err), 0, "%s: %s", err.path, err.msg);
	weir_model_commit(model, change, 1);
	fprintf(stderr, "# %u routes, %zu MB: made, loaded and committed in %.0f ms of CPU\n",
	    WEIR_CFG_ROUTES_ALL_MAX, len >> 20, cpu_ms() - start);
	cr_assert_eq(patch(model, "{\"tenants\":{" ONE_MORE("new") "}}", &change, &err), -E2BIG);
	cr_assert_str_eq(err.path, "/tenants/new/routers/r/routes");
	cr_assert_str_eq(err.msg, "1000001 routes in all up to these: at most 1000000 are allowed");

	/* What is given up in the same change is free, where it was refused and where it is taken again. */
	must_patch(model,
	    "{\"tenants\":{" ONE_MORE("new") ",\"t3\":{\"routers\":{\"r\":{\"routes\":{\"16.0.0.0/24\":null"
					     "}}}}}}");
	cr_assert_eq(patch(model, "{\"tenants\":{" ONE_MORE("new2") "}}", &change, &err), -E2BIG);
	must_patch(model, "{\"tenants\":{\"new\":null," ONE_MORE("new2") "}}");
	must_patch(model, "{\"tenants\":{\"t9\":{\"routers\":null}}}");
	must_patch(model, "{\"tenants\":{" ONE_MORE("new") "}}");
	free(text);
	weir_model_free(model);
}
