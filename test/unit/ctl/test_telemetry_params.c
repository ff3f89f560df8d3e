/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "telemetry_priv.h"

#define PAGE(params, tenant) params_page(params, tenant, false, &page, &err)

static struct weir_err err;
static struct page page;

static void
clear(void)
{
	memset(&err, 0, sizeof(err));
}

TestSuite(params, .init = clear);

Test(params, page_defaults)
{
	cr_assert_eq(PAGE("", true), 0);
	cr_assert_null(page.tenant);
	cr_assert_eq(page.cursor, 0);
}

Test(params, page_word_is_a_tenant)
{
	cr_assert_eq(PAGE("red", true), 0);
	cr_assert_str_eq(page.tenant, "red");
	cr_assert_eq(PAGE("red", false), -EINVAL);
}

Test(params, page_json)
{
	cr_assert_eq(PAGE("{\"tenant\":\"red\",\"cursor\":9007199254740992}", true), 0);
	cr_assert_str_eq(page.tenant, "red");
	cr_assert_eq(page.cursor, UINT64_C(9007199254740992));
	cr_assert_eq(PAGE(" {\"cursor\":5}", true), -EINVAL, "a leading blank is no JSON and no name");
}

Test(params, page_refuses)
{
	static const char *const bad[] = {"{", "{}x", "{\"tenant\":5}", "{\"tenant\":null}", "{\"tenant\":\"\"}",
	    "{\"tenant\":\"a/b\"}", "{\"cursor\":-1}", "{\"cursor\":1.5}", "{\"cursor\":\"1\"}", "{\"cursor\":1e300}",
	    "{\"cursor\":9007199254740994}", "{\"cursor\":1,\"cursor\":2}", "{\"curser\":1}",
	    "{\"tenant\":\"a\\u0000\"}", "{\"cursor\":{}}", "{\"cursor\":[1]}", "{\"cursor\":true}", "[1]", "a b",
	    "../x", "abcdefghijklmnopqrstuvwxyz0123456789"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		clear();
		cr_expect_lt(PAGE(bad[i], true), 0, "%s", bad[i]);
		cr_expect_neq(err.errnum, 0, "%s", bad[i]);
		cr_expect_neq(err.msg[0], '\0', "%s", bad[i]);
	}
}

Test(params, unknown_member_is_named)
{
	cr_assert_eq(PAGE("{\"curser\":1}", true), -EINVAL);
	cr_assert_str_eq(err.path, "/curser");
}

Test(params, text_of_a_whole_request)
{
	struct param list[] = {{.name = "data", .is_text = true}};
	char json[TEL_REQUEST_MAX + 1], *at = json;

	at += sprintf(at, "{\"data\":\"");
	while (at - json < TEL_REQUEST_MAX - 3)
		*at++ = 'x';
	(void)strcpy(at, "\"}");
	cr_assert_eq(params_read(json, list, 1, &err), 0);
	cr_assert_eq(strlen(list[0].text), strlen(json) - strlen("{\"data\":\"\"}"));
}

Test(params, escapes_are_resolved)
{
	struct param list[] = {{.name = "data", .is_text = true}};

	cr_assert_eq(params_read("{\"data\":\"a\\\"b\\\\\\n\\u0041\\u00e9\"}", list, 1, &err), 0);
	cr_assert_str_eq(list[0].text, "a\"b\\\nA\xc3\xa9");
	memset(list, 0, sizeof(list));
	list[0] = (struct param){.name = "data", .is_text = true};
	cr_assert_eq(params_read("{\"data\":\"\\\\u0000\"}", list, 1, &err), 0, "a backslash and u0000");
	cr_assert_str_eq(list[0].text, "\\u0000");
	list[0].given = false;
	cr_assert_eq(params_read("{\"data\":\"\\\\\\u0000\"}", list, 1, &err), -EINVAL);
}

Test(params, names)
{
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	static const char *const bad[] = {"", "red", "red/", "/web1", "red/web1/x", "r d/web1", "red/w b",
	    "abcdefghijklmnopqrstuvwxyz0123456/x", "x/abcdefghijklmnopqrstuvwxyz0123456"};

	cr_assert_eq(params_names("red/web1", "vport", tenant, name, &err), 0);
	cr_assert_str_eq(tenant, "red");
	cr_assert_str_eq(name, "web1");
	cr_assert_eq(params_names("abcdefghijklmnopqrstuvwxyz012345/abcdefghijklmnopqrstuvwxyz012345", "vport",
			 tenant, name, &err),
	    0);
	cr_assert_eq(strlen(tenant), WEIR_NAME_MAX);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		clear();
		cr_expect_eq(params_names(bad[i], "vport", tenant, name, &err), -EINVAL, "%s", bad[i]);
	}
}

Test(params, number)
{
	uint64_t n = 7;

	cr_assert_eq(params_number("20", 20, &n), 0);
	cr_assert_eq(n, 20);
	cr_assert_eq(params_number("21", 20, &n), -ERANGE);
	cr_assert_eq(params_number("99999999999999999999999", UINT32_MAX, &n), -ERANGE);
	cr_assert_eq(params_number("", 20, &n), -EINVAL);
	cr_assert_eq(params_number("-1", 20, &n), -EINVAL);
	cr_assert_eq(params_number("1 ", 20, &n), -EINVAL);
	cr_assert_eq(params_number("0x1", 20, &n), -EINVAL);
	cr_assert_eq(n, 20);
}
