/* SPDX-License-Identifier: BSD-3-Clause */
/* The table follows the number of flows, and at no moment is a flow lost on the way. */
#include "flow_priv.h"
#include "flows.h"

#define ROOM 57600 /* tables of 1600, 9600 and 57600 */

static void
teardown(void)
{
	weir_flows_free(flows);
}

TestSuite(resize, .fini = teardown, .timeout = 60);

static void
no_one(void *arg, struct weir_flow *const flow[], uint32_t n)
{
	(void)arg;
	cr_assert_eq(n, 0, "flow %u is not idle", flow[0]->tenant);
}

/* Time for the table to be changed. */
static void
tick(void)
{
	weir_flows_age(flows, 1, UINT64_MAX / 2, 1, no_one, NULL);
}

static void
settle(void)
{
	tick();
	while (flows->old != NULL)
		tick();
}

static void
remove_one(uint32_t n)
{
	uint64_t hash;

	weir_flows_remove(flows, look_up(n, &hash));
}

/* Flows from..to-1 are there, those around them are not. */
static void
expect(uint32_t from, uint32_t to)
{
	uint64_t hash;

	cr_assert_eq(weir_flows_count(flows), to - from);
	for (uint32_t i = from > 50 ? from - 50 : 0; i < to + 50; i++) {
		struct weir_flow *flow = look_up(i, &hash);

		cr_assert_eq(flow != NULL, i >= from && i < to, "%u", i);
		cr_assert(flow == NULL || flow->tenant == i);
	}
}

Test(resize, tables_of_several_sizes)
{
	start(ROOM);
	cr_assert_eq(flows->n_tables, 3);
	cr_assert_eq(flows->size, 0);
	weir_flows_free(flows);
	flows = weir_flows_create(6143, SOCKET_ID_ANY);
	cr_assert_eq(flows->n_tables, 1, "a sixth is fewer than 1,024");
	weir_flows_free(flows);
	flows = weir_flows_create(6144, SOCKET_ID_ANY);
	cr_assert_eq(flows->n_tables, 2);
	weir_flows_free(flows);
	flows = weir_flows_create(400000, SOCKET_ID_ANY);
	cr_assert_eq(flows->n_tables, 4);
}

Test(resize, grows_with_its_flows_and_shrinks_again)
{
	start(ROOM);
	for (uint32_t i = 0; i < 1199; i++)
		(void)add(i, 1);
	cr_assert_eq(flows->size, 0);
	cr_assert_null(flows->old);
	(void)add(1199, 1);
	cr_assert_eq(flows->size, 1, "three quarters of 1600");
	cr_assert_not_null(flows->old);
	expect(0, 1200);
	settle();
	cr_assert_eq(weir_table_count(flows->tables[0]), 0);
	expect(0, 1200);
	for (uint32_t i = 0; i < 800; i++)
		remove_one(i);
	tick();
	cr_assert_eq(flows->size, 1);
	remove_one(800);
	tick();
	cr_assert_eq(flows->size, 0, "less than a quarter of 1600");
	expect(801, 1200);
	settle();
	cr_assert_eq(weir_table_count(flows->tables[1]), 0);
	expect(801, 1200);
}

/* Nothing but new flows from the first to the last slot: each finds room, and at each step all are found. */
Test(resize, new_flows_alone_carry_the_growth)
{
	start(ROOM);
	for (uint32_t i = 0; i < ROOM; i++) {
		uint64_t hash;

		cr_assert_not_null(add(i, 1), "%u", i);
		cr_assert_not_null(look_up(i / 2, &hash));
		if (i % 997 == 0)
			expect(0, i + 1);
	}
	cr_assert_eq(flows->size, 2);
	cr_assert_null(flows->old);
	cr_assert_null(add(ROOM, 1));
	expect(0, ROOM);
}

/* A table begins to shrink, and as many flows as there were come back at once. */
Test(resize, growth_in_the_middle_of_shrinking)
{
	start(ROOM);
	for (uint32_t i = 0; i < ROOM; i++)
		(void)add(i, 1);
	for (uint32_t i = 1999; i < ROOM; i++)
		remove_one(i);
	tick();
	cr_assert_eq(flows->size, 1);
	cr_assert_not_null(flows->old);
	for (uint32_t i = 1999; i < ROOM; i++)
		cr_assert_not_null(add(i, 1), "%u", i);
	expect(0, ROOM);
}

/* Moved and not moved ones alike can be taken out. */
Test(resize, flows_leave_in_the_middle)
{
	uint64_t hash;

	start(ROOM);
	for (uint32_t i = 0; i < 1250; i++)
		(void)add(i, 1);
	cr_assert_not_null(flows->old);
	for (uint32_t i = 0; i < 1250; i += 2)
		remove_one(i);
	settle();
	for (uint32_t i = 0; i < 1250; i++)
		cr_assert_eq(look_up(i, &hash) != NULL, i % 2 == 1, "%u", i);
	for (uint32_t i = 0; i < flows->n_tables; i++)
		cr_assert_eq(weir_table_count(flows->tables[i]), i == flows->size ? 625 : 0);
}

/* It cannot be (resize.c says why); if it were, flows would stay where they are. */
Test(resize, no_room_where_they_are_to_go)
{
	start(ROOM);
	for (uint32_t i = 0; i < 5000; i++)
		(void)add(i, 1);
	settle();
	cr_assert_eq(flows->size, 1);
	flows->grow_at = UINT32_MAX;
	for (uint32_t i = 5000; i < 9600; i++)
		cr_assert_not_null(add(i, 1));
	flows->shrink_at = UINT32_MAX;
	tick();
	cr_assert_eq(flows->size, 0);
	for (uint32_t i = 0; i < 1000; i++)
		tick();
	cr_assert_not_null(flows->old);
	expect(0, 9600);
	for (uint32_t i = 0; i < 8600; i++) {
		remove_one(i);
		tick();
		cr_assert(flows->old != NULL || weir_table_count(flows->tables[1 - flows->size]) == 0,
		    "left behind after %u", i);
		if (i % 100 == 0)
			expect(i + 1, 9600);
	}
	settle();
	expect(8600, 9600);
}

/* Any order of everything, against a plain array. */
Test(resize, like_a_plain_set)
{
	static bool there[20000];
	uint64_t random = 1, hash;
	uint32_t n = 0, aim = 0;

	start(ROOM);
	for (uint32_t step = 0; step < 2000000; step++) {
		uint32_t i;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		i = (uint32_t)(random >> 33) % WEIR_ARRAY_LEN(there);
		if (step % 100000 == 0)
			aim = step % 200000 == 0 ? WEIR_ARRAY_LEN(there) : 200;
		cr_assert_eq(look_up(i, &hash) != NULL, there[i], "step %u", step);
		if (there[i] && n > aim) {
			remove_one(i);
			there[i] = false;
			n--;
		} else if (!there[i] && n < aim) {
			cr_assert_not_null(add(i, 1));
			there[i] = true;
			n++;
		}
		if (random >> 60 == 0)
			tick();
	}
	cr_assert_eq(weir_flows_count(flows), n);
}
