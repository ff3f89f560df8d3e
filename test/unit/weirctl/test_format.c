/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "table.h"

Test(format, si_has_three_digits)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {7, "7"}, {999.4, "999"}, {999.6, "1.00k"}, {1000, "1.00k"}, {9994, "9.99k"},
	    {9996, "10.0k"}, {99940, "99.9k"}, {99960, "100k"}, {999499, "999k"}, {999500, "1.00M"}, {1.5e9, "1.50G"},
	    {4e11, "400G"}, {2e12, "2.00T"}, {3e15, "3.00P"}, {5e18, "5000P"}};
	char buf[FORMAT_SIZE];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++)
		cr_expect_str_eq(format_si(cases[i].value, buf), cases[i].text, "%f", cases[i].value);
}

Test(format, limits)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_limit(0, 0, buf), "-");
	cr_expect_str_eq(format_limit(10000000, 0, buf), "10Mbps");
	cr_expect_str_eq(format_limit(0, 1500, buf), "1.5kpps");
	cr_expect_str_eq(format_limit(5000000000, 1000000, buf), "5Gbps 1Mpps");
	cr_expect_lt(strlen(format_limit(UINT64_MAX, UINT64_MAX, buf)), FORMAT_SIZE);
}

Test(format, ages)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {{0, "0us"}, {999999, "999us"}, {1000000, "1ms"}, {999999999, "999ms"}, {1000000000, "1.0s"},
	    {59999999999, "59.9s"}, {60000000000, "1m00s"}, {UINT64_C(3599) * 1000000000, "59m59s"},
	    {UINT64_C(3600) * 1000000000, "1h00m"}, {UINT64_C(100) * 3600 * 1000000000, "4d04h"}};
	char buf[FORMAT_SIZE];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++)
		cr_expect_str_eq(format_age(cases[i].ns, buf), cases[i].text);
}

Test(format, bars)
{
	char buf[FORMAT_SIZE];

	cr_expect_str_eq(format_bar(0, 10, buf), "[..........]   0%");
	cr_expect_str_eq(format_bar(0.04, 10, buf), "[..........]   4%");
	cr_expect_str_eq(format_bar(0.05, 10, buf), "[#.........]   5%");
	cr_expect_str_eq(format_bar(0.5, 4, buf), "[##..]  50%");
	cr_expect_str_eq(format_bar(1, 4, buf), "[####] 100%");
	cr_expect_str_eq(format_bar(2.5, 4, buf), "[####] 250%");
	cr_expect_str_eq(format_bar(10, 4, buf), "[####] over");
	cr_expect_lt(strlen(format_bar(1e300, 1000, buf)), FORMAT_SIZE, "a wide bar is cut");
}

/* Two text columns around a number. */
static struct table
three_columns(void)
{
	struct table table = {0};

	table_column(&table, "NAME", TABLE_TEXT);
	table_column(&table, "COUNT", TABLE_NUMBER);
	table_column(&table, "WHY", TABLE_TEXT);
	return table;
}

Test(table, lines_up)
{
	struct table table = three_columns();
	struct text out = {0};

	table_cell(&table, "a");
	table_cell(&table, "1");
	table_cell(&table, "x");
	table_cell(&table, "longer");
	table_cell(&table, "1234567");
	table_cell(&table, "");
	table_render(&table, 0, &out);
	cr_expect_str_eq(out.data, "NAME      COUNT  WHY\n"
				   "a             1  x\n"
				   "longer  1234567\n");
	table_clear(&table);
	text_clear(&out);
	table_render(&table, 0, &out);
	cr_expect_str_eq(out.data, "NAME  COUNT  WHY\n", "an empty table is as narrow as its header");
	table_free(&table);
	text_free(&out);
}

Test(table, cuts_texts_to_the_width_but_never_numbers)
{
	struct table table = three_columns();
	struct text out = {0};
	char *save = NULL;

	table_cell(&table, "a name of thirty characters ..");
	table_cell(&table, "12345678901234567890");
	table_cell(&table, "a reason that goes on and on and on and on");
	table_render(&table, 60, &out);
	cr_expect_not_null(strstr(out.data, "12345678901234567890"));
	cr_expect_not_null(strstr(out.data, "~"));
	for (char *line = strtok_r(out.data, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		cr_expect_leq(strlen(line), 60, "%s", line);
	text_clear(&out);
	table_render(&table, 10, &out);
	cr_expect_not_null(strstr(out.data, "12345678901234567890"), "what cannot be cut stays");
	cr_expect_not_null(strstr(out.data, "a name ~"), "eight characters are left of a text");
	table_free(&table);
	text_free(&out);
}
