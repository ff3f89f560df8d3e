/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <string.h>

#include <criterion/criterion.h>

#include "weir_reason.h"

/* Names become keys of telemetry dicts ("drop_NAME"), which take letters, digits and _, and columns of tables. */
#define NAME_MAX_LEN 32

Test(reason, ok_is_not_a_drop)
{
	cr_assert_eq(WEIR_OK, 0);
	cr_assert_str_empty(weir_reason_name(WEIR_OK));
	cr_assert_str_empty(weir_reason_text(WEIR_OK));
}

Test(reason, every_one_has_a_name_and_a_text)
{
	for (int r = WEIR_OK + 1; r < WEIR_REASON_COUNT; r++) {
		const char *name = weir_reason_name((enum weir_reason)r),
			   *text = weir_reason_text((enum weir_reason)r);

		cr_assert(strlen(name) > 0 && strlen(name) <= NAME_MAX_LEN, "reason %d: '%s'", r, name);
		for (const char *c = name; *c != '\0'; c++)
			cr_assert(islower(*c) || isdigit(*c) || *c == '_', "'%s'", name);
		/* A line of a table: ASCII, no full stop, no control characters. */
		cr_assert(strlen(text) > 10 && strlen(text) < 100, "%s: '%s'", name, text);
		for (const char *c = text; *c != '\0'; c++)
			cr_assert(isprint(*c), "%s: '%s'", name, text);
		cr_assert_neq(text[strlen(text) - 1], '.', "%s: '%s'", name, text);
	}
}

Test(reason, names_are_unique)
{
	for (int a = WEIR_OK; a < WEIR_REASON_COUNT; a++)
		for (int b = a + 1; b < WEIR_REASON_COUNT; b++)
			cr_assert_str_neq(
			    weir_reason_name((enum weir_reason)a), weir_reason_name((enum weir_reason)b));
}

Test(reason, names_are_the_identifiers)
{
#define R(id, name, text)                                                                                            \
	{                                                                                                            \
		cr_assert_str_eq(weir_reason_name(WEIR_DROP_##id), name);                                            \
		cr_assert_eq(strcasecmp(#id, name), 0, "%s is called %s", #id, name);                                \
	}
	WEIR_REASONS(R)
#undef R
}
