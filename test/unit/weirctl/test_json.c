/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "diff.h"
#include "pretty.h"
#include "reply.h"
#include "weir_reason.h"

static void
expect_pretty(const char *json, const char *prefix, const char *expected)
{
	struct text out = {0};

	text_str(&out, "");
	pretty(json, prefix, &out);
	cr_expect_str_eq(out.data, expected);
	text_free(&out);
}

Test(pretty, small_things_stay_on_a_line)
{
	expect_pretty("{}", "", "{}");
	expect_pretty("[]", "", "[]");
	expect_pretty(" 1e999 ", "", "1e999");
	expect_pretty("\"a,{b\\\"}\"", "", "\"a,{b\\\"}\"");
	expect_pretty("{\"a\":{},\"b\":[1,2,[]],\"c\":null}", "", "{ \"a\": {}, \"b\": [1, 2, []], \"c\": null }");
}

Test(pretty, large_things_get_a_member_a_line)
{
	expect_pretty("{\"first\":{\"text\":\"0123456789012345678901234567890123456789\",\"more\":[1]},"
		      "\"second\":\"0123456789012345678901234567890123456789\"}",
	    "+ ",
	    "{\n"
	    "+   \"first\": { \"text\": \"0123456789012345678901234567890123456789\", \"more\": [1] },\n"
	    "+   \"second\": \"0123456789012345678901234567890123456789\"\n"
	    "+ }");
}

/* Whatever comes in, it ends, and within bounds (under the sanitizers). */
Test(pretty, survives_what_is_not_json)
{
	static const char *const bad[] = {
	    "", "{", "}", "]]]]", "\"", "\"\\", "{\"a\":", "[1,2", "{]", ",,,", "{{{{{{"};
	struct text out = {0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++)
		pretty(bad[i], "", &out);
	cr_expect_gt(out.len, 0);
	text_free(&out);
}

static char *
diff_of(const char *before, const char *after, diff_fn fn)
{
	cJSON *a = cJSON_Parse(before), *b = cJSON_Parse(after);
	struct text out = {0};

	cr_assert(a != NULL && b != NULL);
	text_str(&out, "");
	diff_walk(a, b, fn, &out);
	cJSON_Delete(a);
	cJSON_Delete(b);
	return out.data;
}

Test(diff, names_what_differs_by_its_pointer)
{
	char *out = diff_of("{\"z\":1,\"a\":{\"b\":[1,2],\"gone\":{\"x\":1},\"same\":\"s\"}}",
	    "{\"a\":{\"same\":\"s\",\"b\":[2,1],\"new\":null},\"z\":1}", diff_print);

	cr_expect_str_eq(out, "~ /a/b: [1, 2] -> [2, 1]\n"
			      "- /a/gone: { \"x\": 1 }\n"
			      "+ /a/new: null\n");
	free(out);
}

Test(diff, equal_documents_in_another_order_do_not_differ)
{
	char *out =
	    diff_of("{\"a\":{\"x\":1,\"y\":\"2\"},\"b\":[]}", "{\"b\":[],\"a\":{\"y\":\"2\",\"x\":1}}", diff_print);

	cr_expect_str_eq(out, "");
	free(out);
}

Test(diff, escapes_pointers_and_replaces_whole_documents)
{
	char *out = diff_of("{\"a/b~c\":1}", "{\"a/b~c\":2}", diff_print);

	cr_expect_str_eq(out, "~ /a~1b~0c: 1 -> 2\n");
	free(out);
	out = diff_of("{}", "[]", diff_print);
	cr_expect_str_eq(out, "~ (the document): {} -> []\n");
	free(out);
}

Test(diff, json_is_json)
{
	char *out = diff_of("{\"a\":1,\"b\":{\"c\":2}}", "{\"b\":{\"c\":3,\"d\":\"\\\"\"}}", diff_json);

	cr_expect_str_eq(out, "{\"op\":\"remove\",\"path\":\"/a\",\"before\":1},"
			      "{\"op\":\"replace\",\"path\":\"/b/c\",\"before\":2,\"after\":3},"
			      "{\"op\":\"add\",\"path\":\"/b/d\",\"after\":\"\\\"\"}");
	free(out);
}

Test(reply, numbers_are_exact)
{
	static const char text[] =
	    "{\"a\":18446744073709551615,\"b\":9007199254740993,\"c\":12,\"d\":1.5,"
	    "\"e\":\"99999999999999999999\",\"f\":[18446744073709551614],\"g\":1e300,\"h\":-3}";
	cJSON *reply = reply_parse(text, sizeof(text) - 1);
	char *printed;

	cr_assert_not_null(reply);
	cr_expect_eq(reply_get(reply, "a"), UINT64_MAX);
	cr_expect_eq(reply_get(reply, "b"), UINT64_C(9007199254740993));
	cr_expect_eq(reply_get(reply, "c"), 12);
	cr_expect_eq(reply_get(reply, "h"), 0, "negative is not a count");
	cr_expect_eq(reply_get(reply, "missing"), 0);
	cr_expect_eq(reply_get(NULL, "a"), 0);
	cr_expect_eq(reply_i64(cJSON_GetObjectItem(reply, "h")), -3);
	cr_expect(cJSON_IsString(cJSON_GetObjectItem(reply, "e")));
	printed = cJSON_PrintUnformatted(reply);
	cr_expect_str_eq(printed,
	    "{\"a\":18446744073709551615,\"b\":9007199254740993,\"c\":12,\"d\":1.5,"
	    "\"e\":\"99999999999999999999\",\"f\":[18446744073709551614],\"g\":1e+300,\"h\":-3}");
	cJSON_free(printed);
	cJSON_Delete(reply);
}

Test(reply, what_is_not_json_is_refused)
{
	static const char *const bad[] = {"", "{", "{\"a\":1", "\"", "nonsense", "{\"a\\"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++)
		cr_expect_null(reply_parse(bad[i], strlen(bad[i])), "%s", bad[i]);
}

static char *
rows_of(const char *text)
{
	cJSON *page = cJSON_Parse(text);
	struct text out = {0};
	struct rows rows;

	text_str(&out, "");
	rows_begin(&rows, page);
	while (rows_next(&rows))
		rows_json(&rows, &out);
	cr_expect_not(rows_next(&rows), "the end stays the end");
	cJSON_Delete(page);
	return out.data;
}

Test(rows, are_as_long_as_the_shortest_column)
{
	static const struct {
		const char *page, *rows;
	} cases[] = {
	    {"{\"status\":\"ok\",\"n\":[\"a\",\"b\"],\"c\":[1,2],\"next\":7}",
		"{\"n\":\"a\",\"c\":1}{\"n\":\"b\",\"c\":2}"},
	    {"{\"n\":[\"a\",\"b\"],\"c\":[1]}", "{\"n\":\"a\",\"c\":1}"},
	    {"{\"n\":[],\"c\":[]}", ""},
	    {"{\"x\":1,\"y\":2}", ""},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		char *rows = rows_of(cases[i].page);

		cr_expect_str_eq(rows, cases[i].rows);
		free(rows);
	}
}

Test(cell, every_reason_has_its_sentence)
{
	for (unsigned int i = WEIR_OK + 1; i < WEIR_REASON_COUNT; i++)
		cr_expect_str_eq(
		    reason_sentence(weir_reason_name((enum weir_reason)i)), weir_reason_text((enum weir_reason)i));
	cr_expect_str_eq(reason_sentence("of another version"), "");
	cr_expect_str_eq(reason_sentence(NULL), "");
}
