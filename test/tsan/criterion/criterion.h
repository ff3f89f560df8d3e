/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands in for Criterion where the thread sanitizer is at work: Criterion's sandboxes want memory at an address that
 * the sanitizer keeps for itself. As much of it as the tests use; a process a test, reports by TAP.
 */
#ifndef WEIR_TSAN_CRITERION_H
#define WEIR_TSAN_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct stand_in_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* meson's counts */
	const char *description;
};

struct stand_in_test {
	const char *suite, *name;
	void (*run)(void); /* NULL: options of the whole suite */
	struct stand_in_options options;
	struct stand_in_test *next;
};

void stand_in_add(struct stand_in_test *test);
void stand_in_fail(const char *file, int line, const char *what) __attribute__((noreturn));

#define STAND_IN_ADD(id, ...)                                                                                        \
	static struct stand_in_test id = {__VA_ARGS__};                                                              \
	__attribute__((constructor)) static void id##_add(void)                                                      \
	{                                                                                                            \
		stand_in_add(&id);                                                                                   \
	}

#define TestSuite(s, ...) STAND_IN_ADD(stand_in_##s, .suite = #s, .options = {__VA_ARGS__})
#define Test(s, n, ...)                                                                                              \
	static void s##_##n(void);                                                                                   \
	STAND_IN_ADD(s##_##n##_test, .suite = #s, .name = #n, .run = s##_##n, .options = {__VA_ARGS__})              \
	static void s##_##n(void)

#define STAND_IN_ASSERT(good, words) ((good) ? (void)0 : stand_in_fail(__FILE__, __LINE__, words))

#define cr_assert(a, ...) STAND_IN_ASSERT(a, #a)
#define cr_assert_not(a, ...) STAND_IN_ASSERT(!(a), "not " #a)
#define cr_assert_null(a, ...) STAND_IN_ASSERT((a) == NULL, #a " == NULL")
#define cr_assert_not_null(a, ...) STAND_IN_ASSERT((a) != NULL, #a " != NULL")
#define cr_assert_eq(a, b, ...) STAND_IN_ASSERT((a) == (b), #a " == " #b)
#define cr_assert_neq(a, b, ...) STAND_IN_ASSERT((a) != (b), #a " != " #b)
#define cr_assert_lt(a, b, ...) STAND_IN_ASSERT((a) < (b), #a " < " #b)
#define cr_assert_leq(a, b, ...) STAND_IN_ASSERT((a) <= (b), #a " <= " #b)
#define cr_assert_gt(a, b, ...) STAND_IN_ASSERT((a) > (b), #a " > " #b)
#define cr_assert_geq(a, b, ...) STAND_IN_ASSERT((a) >= (b), #a " >= " #b)
#define cr_assert_str_eq(a, b, ...) STAND_IN_ASSERT(strcmp(a, b) == 0, #a " is " #b)
#define cr_assert_arr_eq(a, b, size, ...) STAND_IN_ASSERT(memcmp(a, b, size) == 0, #a " is " #b)

#endif
