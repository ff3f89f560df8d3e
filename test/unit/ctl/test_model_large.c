/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 10,000 tenants with ten vports each, as CPU time: what is promised (design 1.6) is well inside, whatever else the
 * machine does; the limits here are for a slow one with sanitizers.
 */
#include <time.h>

#include "doc.h"

#define TENANTS 10000u
#define VPORTS 10u
#define PATCHES 2000u

static double
cpu_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static char *
large_document(size_t *len)
{
	char *text = malloc(32u << 20), *at = text;

	at += sprintf(at, "{\"ports\":{\"up0\":{\"device\":\"0000:3b:00.0\"}");
	for (uint32_t i = 0; i < 25; i++)
		at += sprintf(at, ",\"p%u\":{\"devargs\":\"net_null%u,no-rx=1\"}", i, i);
	at += sprintf(at, "},\n\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/24\"]}},\n\"tenants\":{");
	for (uint32_t t = 0; t < TENANTS; t++) {
		at += sprintf(at,
		    "%s\n\"tenant-%05u\":{\"limit\":\"1Gbps\",\"switches\":{\"web\":{\"vni\":%u,\"remotes\":"
		    "[\"192.0.2.2\"]}},\"vports\":{",
		    t > 0 ? "," : "", t, t + 1);
		for (uint32_t v = 0; v < VPORTS; v++)
			at += sprintf(at,
			    "%s\n  \"vport-%02u\":{\"switch\":\"web\",\"port\":\"p%u\",\"vlan\":%u,\"limit\":"
			    "\"100Mbps\",\"mac\":\"02:00:00:00:00:%02x\"}",
			    v > 0 ? "," : "", v, (t * VPORTS + v) % 25, (t * VPORTS + v) / 25 + 1, v + 1);
		at += sprintf(at, "}}");
	}
	at += sprintf(at, "}}");
	*len = (size_t)(at - text);
	return text;
}

Test(model_large, load_show_and_patch)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err = {0};
	double start, load_ms, patch_ms;
	char request[256], *shown;
	size_t len;
	char *text = large_document(&len);

	cr_assert_gt(len, 10u << 20);
	start = cpu_ms();
	cr_assert_eq(weir_model_load(model, text, len, &change, &err), 0, "%s: %s", err.path, err.msg);
	cr_assert_eq(change->n_tenants, TENANTS);
	weir_model_commit(model, change, 1);
	shown = show(model, "");
	load_ms = cpu_ms() - start;

	start = cpu_ms();
	for (uint32_t i = 0; i < PATCHES; i++) {
		(void)snprintf(request, sizeof(request),
		    "{\"tenants\":{\"tenant-%05u\":{\"vports\":{\"vport-%02u\":{\"limit\":\"%uMbps\"}}}}}",
		    i * 7919 % TENANTS, i % VPORTS, i + 200);
		cr_assert_eq(patch(model, request, &change, &err), 0);
		cr_assert_eq(change->n_tenants, 1);
		weir_model_commit(model, change, i + 2);
	}
	patch_ms = (cpu_ms() - start) / PATCHES;
	fprintf(stderr, "# load, commit and show %.0f ms, patch and commit %.3f ms of CPU\n", load_ms, patch_ms);
	cr_assert_lt(load_ms, 4000);
	cr_assert_lt(patch_ms, 1.0);
	free(shown);
	free(text);
	weir_model_free(model);
}

/* A refusal is found, and told, among as many. */
Test(model_large, the_last_tenant_is_wrong)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err = {0};
	size_t len;
	char *text = large_document(&len), *vni = strstr(text, "\"vni\":10000,");
	double start = cpu_ms();

	/* 00001 is no number, "    1" is the first tenant's. */
	memset(vni + 6, '0', 4);
	vni[10] = '1';
	cr_assert_eq(weir_model_load(model, text, len, &change, &err), -EINVAL);
	memset(vni + 6, ' ', 4);
	err = (struct weir_err){0};
	cr_assert_eq(weir_model_load(model, text, len, &change, &err), -EEXIST);
	cr_assert_str_eq(err.path, "/tenants/tenant-09999/switches/web/vni");
	cr_assert_str_eq(err.msg, "VNI 1 is already that of /tenants/tenant-00000/switches/web");
	cr_assert_lt(cpu_ms() - start, 8000);
	free(text);
	weir_model_free(model);
}

/* One tenant that has everything, and a patch of all of it: no list is walked for each of its members. */
Test(model_large, one_wide_tenant)
{
	const uint32_t n = 20000;
	struct weir_model *model = new_model();
	char *text = malloc(n * 100), *at = text;
	struct weir_change *change;
	struct weir_err err = {0};
	double start;

	at += sprintf(at, "{\"ports\":{");
	for (uint32_t i = 0; i < 8; i++)
		at += sprintf(at, "%s\"p%u\":{\"device\":\"d%u\"}", i > 0 ? "," : "", i, i);
	at += sprintf(at, "},\"tenants\":{\"red\":{\"switches\":{\"s\":{}},\"vports\":{");
	for (uint32_t i = 0; i < n; i++)
		at += sprintf(at, "%s\"v%u\":{\"switch\":\"s\",\"port\":\"p%u\",\"vlan\":%u}", i > 0 ? "," : "", i,
		    i / 4000, i % 4000 + 1);
	(void)sprintf(at, "}}}}");
	must_load(model, text);
	at = text + sprintf(text, "{\"tenants\":{\"red\":{\"vports\":{");
	for (uint32_t i = n; i-- > 0;)
		at += sprintf(at, "%s\"v%u\":{\"limit\":\"1Mbps\"}", i < n - 1 ? "," : "", i);
	(void)sprintf(at, "}}}}");
	start = cpu_ms();
	cr_assert_eq(patch(model, text, &change, &err), 0, "%s: %s", err.path, err.msg);
	/* Takes 60 ms; with a walk for each member it would be twenty times that. */
	cr_assert_lt(cpu_ms() - start, 1500);
	weir_model_commit(model, change, 2);
	free(text);
	weir_model_free(model);
}
