/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory runs out at every allocation of a request: it is refused as that, and nothing has changed. */
#include <cjson/cJSON.h>

#include "doc.h"

static bool armed, ran_out;
static uint32_t left; /* allocations that still succeed */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* Only the one fails, so that the paths after it run too. */
static bool
runs_out(void)
{
	bool now = armed && left-- == 0;

	ran_out = ran_out || now;
	return now;
}

void *
__wrap_malloc(size_t size)
{
	return runs_out() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return runs_out() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return runs_out() ? NULL : __real_realloc(old, size);
}

static const char *const patches[] = {
    "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"limit\":\"2Gbps\",\"vlan\":101},\"web3\":{\"switch\":\"web\","
    "\"port\":\"up1\"}}},\"green\":{\"switches\":{\"a\":{\"vni\":7,\"remotes\":[\"192.0.2.7\"]}}},\"blue\":null}}",
    "{\"ports\":{\"new\":{\"devargs\":\"net_x\"}},\"underlay\":{\"up1\":{\"address\":[\"203.0.113.1/24\"],"
    "\"gateway\":[\"203.0.113.2\"]}},\"settings\":{\"flows\":null,\"flow_idle\":\"1m\"}}",
    "{\"tenants\":{\"red\":{\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.1/"
    "24\"]}},\"routes\":{"
    "\"0.0.0.0/0\":{\"via\":[\"10.0.0.7\",\"10.0.0.8\"]},\"10.9.0.0/16\":{\"blackhole\":true}}}}}}}",
    "{\"tenants\":null}",
};

/* Makes the request again and again, the memory running out later each time, until it is enough. */
static void
starve(struct weir_model *model, const char *text, bool patch_it, const char *before)
{
	struct weir_change *change;
	struct weir_err err;
	uint32_t n = 0;
	int rc;

	do {
		left = n++;
		ran_out = false;
		armed = true;
		rc = (patch_it ? patch : load)(model, text, &change, &err);
		armed = false;
		/* To do without is fine too: a text that cannot be shrunk stays as long as it is. */
		cr_assert(rc == 0 || (ran_out && rc == -ENOMEM), "%u: %d %s %s", n, rc, err.path, err.msg);
		if (rc == 0)
			weir_model_abort(model, change);
		assert_shows(model, "", before);
	} while (ran_out);
	cr_assert_gt(n, 5, "%u", n);
}

Test(model_memory, runs_out)
{
	cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
	struct weir_model *model = new_model();

	cJSON_InitHooks(&hooks);
	starve(model, BASE_DOCUMENT, false, "{}");
	must_load(model, BASE_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(patches); i++)
		starve(model, patches[i], true, BASE_DOCUMENT);
	starve(model, "{\"tenants\":{\"blue\":{\"limit\":\"1Gbps\"}}}", false, BASE_DOCUMENT);
	weir_model_free(model);
}

Test(model_memory, runs_out_over_firewalls)
{
	cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
	struct weir_model *model = new_model();

	cJSON_InitHooks(&hooks);
	starve(model, FIREWALL_DOCUMENT, false, "{}");
	must_load(model, FIREWALL_DOCUMENT);
	starve(model,
	    "{\"tenants\":{\"red\":{\"sets\":{\"admins\":[\"10.0.0.0/"
	    "25\"]},\"vports\":{\"web1\":{\"firewall\":\"spare\"}"
	    "}}}}",
	    true, FIREWALL_DOCUMENT);
	weir_model_free(model);
}

Test(model_memory, runs_out_while_shown)
{
	static const char *const pointers[] = {
	    "", "/tenants", "/tenants/red", "/tenants/red/vports/web1", "/settings"};
	cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
	struct weir_model *model = new_model();

	cJSON_InitHooks(&hooks);
	must_load(model, BASE_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(pointers); i++) {
		uint32_t n = 0, rc;

		do {
			struct weir_err err = {0};
			uint64_t version;
			char *text;
			size_t len;

			left = n++;
			ran_out = false;
			armed = true;
			rc = (uint32_t)-weir_model_show(model, pointers[i], &text, &len, &version, &err);
			armed = false;
			cr_assert(rc == 0 || rc == ENOMEM, "%s: %u %s", pointers[i], rc, err.msg);
			if (rc == 0)
				free(text);
		} while (ran_out);
		cr_assert_eq(rc, 0);
	}
	weir_model_free(model);
}

Test(model_memory, none_for_a_model)
{
	for (uint32_t n = 0; n < 2; n++) {
		left = n;
		armed = true;
		cr_expect_null(weir_model_create());
		armed = false;
	}
}
