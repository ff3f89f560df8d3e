/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

#define SECOND UINT64_C(1000000000)

static void
add(struct loads *loads, const char *name, uint64_t time_ns, uint64_t bytes, uint64_t drops)
{
	struct load *load = loads_add(loads, "%s", name);

	load->time_ns = time_ns;
	load->up_bytes = bytes;
	load->up_packets = bytes / 1000;
	load->drops = drops;
}

/* There has to be one of that name. */
static struct load
find(const struct loads *loads, const char *name)
{
	for (size_t i = 0; i < loads->n; i++)
		if (strcmp(loads->v[i].name, name) == 0)
			return loads->v[i];
	cr_assert_fail("%s is missing", name);
	return (struct load){0};
}

Test(top, rates_are_deltas_over_the_servers_time)
{
	struct loads before = {0}, now = {0};

	add(&before, "red", SECOND, 1000, 0);
	add(&before, "gone", SECOND, 1000, 0);
	add(&before, "anew", SECOND, 5000, 0);
	add(&before, "stuck", SECOND, 1000, 0);
	add(&now, "stuck", SECOND, 1000, 0);
	add(&now, "anew", 2 * SECOND, 1000, 0);
	add(&now, "new", 2 * SECOND, 1000, 0);
	add(&now, "red", SECOND + SECOND / 2, 251000, 40);
	loads_sort(&before);
	loads_sort(&now);
	loads_measure(&now, &before);
	cr_expect(find(&now, "red").measured);
	cr_expect_float_eq(find(&now, "red").up_bps, 4e6, 1);
	cr_expect_float_eq(find(&now, "red").up_pps, 500, 1e-6);
	cr_expect_float_eq(find(&now, "red").drop_pps, 80, 1e-6);
	cr_expect_not(find(&now, "new").measured, "nothing to compare with");
	cr_expect_not(find(&now, "stuck").measured, "no time has passed: no division by 0");
	cr_expect_float_eq(find(&now, "anew").up_bps, 8000, 1e-6, "counters that went back start at 0");
	loads_free(&before);
	loads_free(&now);
}

Test(top, busiest_first_then_drops_then_name)
{
	struct loads loads = {0};
	const struct load *busiest[4];

	loads_add(&loads, "d")->up_bps = 1;
	loads_add(&loads, "b");
	loads_add(&loads, "a");
	loads_add(&loads, "c")->drop_pps = 5;
	loads_add(&loads, "e")->down_bps = 2;
	cr_assert_eq(top_busiest(&loads, busiest, 4), 4);
	cr_expect_str_eq(busiest[0]->name, "e");
	cr_expect_str_eq(busiest[1]->name, "d");
	cr_expect_str_eq(busiest[2]->name, "c");
	cr_expect_str_eq(busiest[3]->name, "a");
	loads_free(&loads);
}

/* A name that starts with another, and characters that sort before '/' and ' ', must not mix up owners. */
Test(top, owners_are_told_apart)
{
	static const char *const names[] = {"red/a", "red-x/a", "red2/a", "red/b", "re/a", "red_/a"};
	const struct load *found[6];
	struct loads loads = {0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(names); i++)
		(void)loads_add(&loads, "%s", names[i]);
	loads_sort(&loads);
	cr_assert_eq(top_owned(&loads, "red", '/', found, 6), 2);
	cr_expect_str_eq(found[0]->name, "red/a");
	cr_expect_str_eq(found[1]->name, "red/b");
	cr_expect_eq(top_owned(&loads, "r", '/', found, 6), 0);
	cr_expect_eq(top_owned(&loads, "zzz", '/', found, 6), 0);
	loads_free(&loads);
}

static void
fill(struct loads *tenants, struct loads *vports, struct loads *reasons, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct load *tenant = loads_add(tenants, "t%02u", i), *vport;

		*loads_add(reasons, "t%02u tenant_limit", i) = (struct load){.name = "", .drop_pps = 1000};
		(void)snprintf(reasons->v[i].name, sizeof(reasons->v[i].name), "t%02u tenant_limit", i);
		tenant->limit_bps = 10000000;
		tenant->up_bps = 5e6;
		tenant->measured = true;
		tenant->promised_bps = 7000000;
		tenant->up = (struct load_way){.demanded_bps = 8000000, .delivered_bps = 5300000, .why = "cpu"};
		tenant->down = (struct load_way){.demanded_bps = 1000, .delivered_bps = 1000, .why = "none"};
		vport = loads_add(vports, "t%02u/v", i);
		vport->limit_pps = 1000;
		vport->down_pps = 500;
		vport->measured = true;
	}
	loads_sort(tenants);
	loads_sort(vports);
	loads_sort(reasons);
}

Test(top, frame_fits_the_screen)
{
	static const size_t sizes[][2] = {{80, 24}, {100, 10}, {200, 5}, {80, 3}, {120, 1}, {130, 24}, {170, 24}};
	struct loads tenants = {0}, vports = {0}, reasons = {0};

	fill(&tenants, &vports, &reasons, 30);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(sizes); i++) {
		struct view view = {&tenants, &vports, &reasons, "headline", sizes[i][0], sizes[i][1]};
		struct text out = {0};
		size_t lines = 0;
		char *save = NULL;

		top_render(&view, &out);
		for (char *line = strtok_r(out.data, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
			cr_expect_leq(strlen(line), sizes[i][0], "%s", line);
			lines++;
		}
		cr_expect_leq(lines, sizes[i][1] > 4 ? sizes[i][1] : 4);
		text_free(&out);
	}
	loads_free(&tenants);
	loads_free(&vports);
	loads_free(&reasons);
}

Test(top, frame_shows_bars_and_reasons)
{
	struct loads tenants = {0}, vports = {0}, reasons = {0};
	struct view view = {&tenants, &vports, &reasons, "headline", 0, 50};
	struct text out = {0};

	fill(&tenants, &vports, &reasons, 1);
	top_render(&view, &out);
	cr_expect_str_eq(out.data, "headline\n"
				   "TENANT   LIMIT  UP bps  pps  OF LIMIT             DOWN bps  pps  OF LIMIT        "
				   "     PROMISED     DEMANDED  "
				   "  DELIVERED  DROP pps  WHY\n"
				   "t00     10Mbps   5.00M    0  [######......]  50%         0    0  [............]  "
				   " 0%     7.00M  8.00M/1.00k  "
				   "5.30M/1.00k         0  up short by cpu, tenant_limit 1.00k\n"
				   "  v      1kpps       0    0  [............]   0%         0  500  [######......]  "
				   "50%                         "
				   "                    0\n");
	text_clear(&out);
	top_json(&view, &out);
	cr_expect_str_eq(out.data,
	    "{\"status\":\"ok\",\"tenants\":[{\"name\":\"t00\",\"limit_bps\":10000000,\"limit_pps\":0,"
	    "\"up_bps\":5000000,\"up_pps\":0,\"down_bps\":0,\"down_pps\":0,\"drop_pps\":0,"
	    "\"promised_bps\":7000000,\"up_demanded_bps\":8000000,\"up_delivered_bps\":5300000,\"up_why\":\"cpu\","
	    "\"down_demanded_bps\":1000,\"down_delivered_bps\":1000,\"down_why\":\"none\","
	    "\"drops\":{\"tenant_limit\":1000},\"vports\":[{\"name\":\"t00/v\",\"limit_bps\":0,\"limit_pps\":1000,"
	    "\"up_bps\":0,\"up_pps\":0,\"down_bps\":0,\"down_pps\":500,\"drop_pps\":0}]}]}\n");
	text_free(&out);
	loads_free(&tenants);
	loads_free(&vports);
	loads_free(&reasons);
}
