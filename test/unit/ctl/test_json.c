/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scan lets pass and what it refuses, and the texts around it. */
#include <time.h>

#include "doc.h"
#include "json_priv.h"

struct scan_case {
	const char *text;
	int errnum;
	const char *path;
	const char *msg; /* part of it */
};

static const struct scan_case cases[] = {
    {"{}", 0, "", ""},
    {" \t\r\n{ \"a\" : [ 1 , -0.5e+3 , true , false , null , { } , [ ] ] } \n", 0, "", ""},
    {"{\"a\":\"\\\"\\\\\\/\\u0041\\u007e\"}", 0, "", ""},
    {"{\"a\":{\"b\":1},\"b\":{\"b\":1},\"c\":[{\"b\":1},{\"b\":1}]}", 0, "", ""},
    {"", EINVAL, "", "line 1, column 1: expected an object: '{', found the end of the text"},
    {"[]", EINVAL, "", "expected an object: '{', found '['"},
    {"7", EINVAL, "", "found '7'"},
    {"\xef\xbb\xbf{}", EINVAL, "", "only ASCII may stand here, found byte 0xef"},
    {"{} {}", EINVAL, "", "column 4: expected nothing after the document, found '{'"},
    {"{}}", EINVAL, "", "column 3: expected nothing"},
    {"{}\n\nx", EINVAL, "", "line 3, column 1: expected nothing"},
    {"{", EINVAL, "", "expected a key in quotes, found the end"},
    {"{,}", EINVAL, "", "column 2: expected a key in quotes, found ','"},
    {"{\"a\":1,}", EINVAL, "", "column 8: expected a key in quotes, found '}'"},
    {"{\"a\"}", EINVAL, "/a", "expected ':' after the key, found '}'"},
    {"{\"a\":}", EINVAL, "/a", "expected a value, found '}'"},
    {"{\"a\":1 \"b\":2}", EINVAL, "/a", "expected ',' or '}', found '\"'"},
    {"{a:1}", EINVAL, "", "expected a key in quotes, found 'a'"},
    {"{'a':1}", EINVAL, "", "found '''"},
    {"{\"a\":1]", EINVAL, "/a", "expected ',' or '}', found ']'"},
    {"{\"a\":[1}", EINVAL, "/a/0", "expected ',' or ']', found '}'"},
    {"{\"a\":[1,]}", EINVAL, "/a/1", "expected a value, found ']'"},
    {"{\"a\":[1 2]}", EINVAL, "/a/0", "expected ',' or ']', found '2'"},
    {"{\"a\":[[],[{\"b\":[0,x]}]]}", EINVAL, "/a/1/0/b/1", "expected a value, found 'x'"},
    {"{\"a\":// no\n1}", EINVAL, "/a", "found '/'"},
    {"{\"a\":nul}", EINVAL, "/a", "expected a value, found 'n'"},
    {"{\"a\":nulls}", EINVAL, "/a", "expected ',' or '}', found 's'"},
    {"{\"a\":True}", EINVAL, "/a", "found 'T'"},
    {"{\"a\":NaN}", EINVAL, "/a", "found 'N'"},
    {"{\"a\":Infinity}", EINVAL, "/a", "found 'I'"},
    /* strings */
    {"{\"a\":\"x", EINVAL, "/a", "expected the string's closing quote"},
    {"{\"a", EINVAL, "", "closing quote"},
    {"{\"a\":\"x\ny\"}", EINVAL, "/a", "expected printable ASCII in a string, found byte 0x0a"},
    {"{\"a\":\"\x7f\"}", EINVAL, "/a", "found byte 0x7f"},
    {"{\"a\":\"caf\xc3\xa9\"}", EINVAL, "/a", "column 10: only ASCII may stand here, found byte 0xc3"},
    {"{\"a\":\"\\u0000\"}", EINVAL, "/a", "\\u0000 in a string"},
    {"{\"a\":\"\\u00e9\"}", EINVAL, "/a", "\\u00e9 in a string"},
    {"{\"a\":\"\\ud83d\\ude00\"}", EINVAL, "/a", "\\ud83d in a string"},
    {"{\"a\":\"\\u001f\"}", EINVAL, "/a", "\\u001f in a string"},
    {"{\"a\":\"\\u12\"}", EINVAL, "/a", "four hexadecimal digits"},
    {"{\"a\":\"\\u12", EINVAL, "/a", "four hexadecimal digits"},
    {"{\"a\":\"\\n\"}", EINVAL, "/a", "control character"},
    {"{\"a\":\"\\x\"}", EINVAL, "/a", "unknown escape"},
    {"{\"a\":\"\\", EINVAL, "/a", "expected an escape"},
    /* numbers */
    {"{\"a\":01}", EINVAL, "/a", "does not begin with 0"},
    {"{\"a\":-01}", EINVAL, "/a", "does not begin with 0"},
    {"{\"a\":+1}", EINVAL, "/a", "found '+'"},
    {"{\"a\":.5}", EINVAL, "/a", "found '.'"},
    {"{\"a\":5.}", EINVAL, "/a", "expected a digit, found '}'"},
    {"{\"a\":-}", EINVAL, "/a", "expected a digit"},
    {"{\"a\":1e}", EINVAL, "/a", "expected a digit"},
    {"{\"a\":1e+}", EINVAL, "/a", "expected a digit"},
    {"{\"a\":0x10}", EINVAL, "/a", "found 'x'"},
    {"{\"a\":1e999}", ERANGE, "/a", "number out of range"},
    {"{\"a\":-1e400}", ERANGE, "/a", "number out of range"},
    {"{\"a\":1e308}", 0, "", ""},
    {"{\"a\":1111111111111111111111111111111111111111111111111111111111111111}", ERANGE, "/a", "over 63 characters"},
    /* duplicates */
    {"{\"a\":1,\n \"a\":2}", EEXIST, "/a", "line 2, column 2: duplicate key"},
    {"{\"a\":1,\"b\":{\"c\":[0,{\"x\":1,\"y\":2,\"x\":3}]}}", EEXIST, "/b/c/1/x", "duplicate key"},
    {"{\"a\":1,\"\\u0061\":2}", EEXIST, "/a", "column 8: duplicate key"},
    {"{\"a/b\":1,\"a\\/b\":2}", EEXIST, "/a~1b", "duplicate key"},
    {"{\"\":1,\"\":2}", EEXIST, "/", "duplicate key"},
    {"{\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,\"k5\":0,\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,\"k3\":1,\"k0\":0}", EEXIST,
	"/k3", "column 65: duplicate key"},
    /* depth: 16 are allowed */
    {"{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", 0, "", ""},
    {"{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", E2BIG, "/a/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "more than 16 deep"},
};

Test(json, scan)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		/* Exactly as long as it is, so that a read behind the end is seen. */
		size_t len = strlen(cases[i].text);
		char *text = malloc(len + 1);
		struct weir_json_doc doc;
		struct weir_err err = {0};
		int rc;

		memcpy(text, cases[i].text, len);
		text = realloc(text, len > 0 ? len : 1);
		rc = weir_json_scan(text, len, &doc, &err);
		cr_expect_eq(rc, -cases[i].errnum, "%s: returned %d: %s", cases[i].text, rc, err.msg);
		cr_expect_str_eq(err.path, cases[i].path, "%s: at %s", cases[i].text, err.path);
		cr_expect(strstr(err.msg, cases[i].msg) != NULL, "%s: says %s", cases[i].text, err.msg);
		if (rc == 0)
			weir_json_free(&doc);
		free(text);
	}
}

/* Every prefix of a document is refused, without a read behind its end. */
Test(json, every_prefix)
{
	static const char whole[] = BASE_DOCUMENT;

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *text = malloc(len + 1);
		struct weir_json_doc doc;
		struct weir_err err = {0};

		memcpy(text, whole, len);
		cr_assert_eq(weir_json_scan(text, len, &doc, &err), -EINVAL, "%zu", len);
		free(text);
	}
}

Test(json, nul_byte)
{
	struct weir_json_doc doc;
	struct weir_err err = {0};

	cr_assert_eq(weir_json_scan("{\"a\":\"x\0y\"}", 11, &doc, &err), -EINVAL);
	cr_assert(strstr(err.msg, "found byte 0x00") != NULL);
	err = (struct weir_err){0};
	cr_assert_eq(weir_json_scan("{}\0", 3, &doc, &err), -EINVAL);
}

Test(json, parts)
{
	static const char text[] =
	    "{ \"x\" : { \"k\\u0031\" : [1, 2] , \"k2\":{\"deep\":{}} }, \"y\":null,\"z\":\"s\"}";
	static const struct {
		const char *key, *text;
		bool top;
	} expected[] = {{"x", "{ \"k\\u0031\" : [1, 2] , \"k2\":{\"deep\":{}} }", true}, {"k1", "[1, 2]", false},
	    {"k2", "{\"deep\":{}}", false}, {"y", "null", true}, {"z", "\"s\"", true}};
	struct weir_json_doc doc;
	struct weir_err err = {0};

	cr_assert_eq(weir_json_scan(text, strlen(text), &doc, &err), 0);
	cr_assert_eq(doc.n_parts, WEIR_ARRAY_LEN(expected));
	for (size_t i = 0; i < doc.n_parts; i++) {
		cr_assert_str_eq(doc.parts[i].key, expected[i].key);
		cr_assert_eq(doc.parts[i].len, strlen(expected[i].text));
		cr_assert_eq(memcmp(doc.parts[i].text, expected[i].text, doc.parts[i].len), 0);
		cr_assert_eq(doc.parts[i].top, expected[i].top);
	}
	weir_json_free(&doc);
}

Test(json, compact)
{
	static const char text[] = " { \"a b\" : \"c \\\" \\\\\" ,\n\t\"d\" : [ 1 , 2 ] } ";
	char out[sizeof(text)];
	size_t len = weir_json_compact(text, strlen(text), out);

	out[len] = '\0';
	cr_assert_str_eq(out, "{\"a b\":\"c \\\" \\\\\",\"d\":[1,2]}");
}

Test(json, pointer_tokens)
{
	char token[8];
	const char *rest = weir_json_token("/a~1b~0c/d", token, sizeof(token));

	cr_assert_str_eq(token, "a/b~c");
	cr_assert_str_eq(rest, "/d");
	cr_assert_str_eq(weir_json_token("/", token, sizeof(token)), "");
	cr_assert_str_eq(token, "");
	cr_assert_null(weir_json_token("a", token, sizeof(token)));
	cr_assert_null(weir_json_token("", token, sizeof(token)));
	cr_assert_null(weir_json_token("/a~2", token, sizeof(token)));
	cr_assert_null(weir_json_token("/a~", token, sizeof(token)));
	cr_assert_not_null(weir_json_token("/1234567", token, sizeof(token)));
	cr_assert_null(weir_json_token("/12345678", token, sizeof(token)));
}

Test(json, long_keys_are_shortened_in_paths)
{
	struct weir_err err = {0};
	struct weir_at root = weir_at_root(&err), at;
	char key[1000];

	memset(key, '/', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	at = weir_at_key(&root, key);
	cr_assert_eq(weir_at_err(&at, EINVAL, "x"), -EINVAL);
	cr_assert_eq(strlen(err.path), 1 + 64 * 2 + 3);
	cr_assert_str_eq(err.path + 1 + 64 * 2, "...");
}

static double
cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* An object of so many members, their keys as alike as prepared ones can be. */
static char *
wide_object(uint32_t members, bool twice, size_t *len)
{
	char *text = malloc(64 + (size_t)members * 64), *at = text;

	at += sprintf(at, "{\"tenants\":{");
	for (uint32_t i = 0; i < members; i++)
		at += sprintf(at, "%s\"%032u\":0", i > 0 ? "," : "", twice && i == members - 1 ? 7 : i);
	at += sprintf(at, "}}");
	*len = (size_t)(at - text);
	return text;
}

Test(json, wide_objects_are_not_quadratic)
{
	struct weir_json_doc doc;
	struct weir_err err = {0};
	double start;
	size_t len;
	char *text = wide_object(200000, false, &len);

	start = cpu_seconds();
	cr_assert_eq(weir_json_scan(text, len, &doc, &err), 0, "%s", err.msg);
	/* Takes 0.1 s; compared pairwise it would be minutes. */
	cr_assert_lt(cpu_seconds() - start, 3.0);
	cr_assert_eq(doc.n_parts, 200001);
	weir_json_free(&doc);
	free(text);
	text = wide_object(200000, true, &len);
	cr_assert_eq(weir_json_scan(text, len, &doc, &err), -EEXIST);
	cr_assert_str_eq(err.path, "/tenants/00000000000000000000000000000007");
	free(text);
}

Test(json, too_large_is_refused_at_once)
{
	size_t len = 100u << 20;
	char *text = malloc(len);
	struct weir_json_doc doc;
	struct weir_err err = {0};
	double start;

	memset(text, ' ', len);
	start = cpu_seconds();
	cr_assert_eq(weir_json_scan(text, len, &doc, &err), -E2BIG);
	cr_assert_lt(cpu_seconds() - start, 0.1);
	cr_assert(strstr(err.msg, "at most 67108864") != NULL);
	free(text);
}

Test(json, too_many_values_are_refused)
{
	size_t n = 12u << 20;
	char *text = malloc(2 * n + 16), *at = text;
	struct weir_json_doc doc;
	struct weir_err err = {0};

	at += sprintf(at, "{\"ports\":[0");
	for (size_t i = 1; i < n; i++) {
		*at++ = ',';
		*at++ = '0';
	}
	at += sprintf(at, "]}");
	cr_assert_eq(weir_json_scan(text, (size_t)(at - text), &doc, &err), -E2BIG);
	cr_assert(strstr(err.msg, "more than 11184810 values") != NULL, "%s", err.msg);
	free(text);
}
