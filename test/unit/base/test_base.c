/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_log.h>

#include "weir_base.h"
#include "weir_vmem.h"

Test(error, the_first_is_kept)
{
	struct weir_err err = {0};
	char big[2000];

	cr_assert_eq(weir_err(&err, EINVAL, "/tenants/red", "%s is %d", "five", 5), -EINVAL);
	cr_assert_eq(weir_err(&err, ENOENT, "/elsewhere", "later"), -ENOENT);
	cr_assert_eq(err.errnum, EINVAL);
	cr_assert_str_eq(err.path, "/tenants/red");
	cr_assert_str_eq(err.msg, "five is 5");
	cr_assert_eq(weir_err(NULL, EBUSY, "", "nobody listens"), -EBUSY);
	/* What is too long is cut. */
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	err.errnum = 0;
	cr_assert_eq(weir_err(&err, E2BIG, big, "%s", big), -E2BIG);
	cr_assert_eq(strlen(err.path), sizeof(err.path) - 1);
	cr_assert_eq(strlen(err.msg), sizeof(err.msg) - 1);
}

Test(names, characters_and_length)
{
	static const char *const good[] = {"a", "web1", "A-Z_0-9", "-", "_", "0", "abcdefghijklmnopqrstuvwxyz012345"};
	static const char *const bad[] = {"", " ", "a b", "a/b", "a.b", "a~0", "web1\n", "\xc3\xa4", "a\"", "a,b",
	    "{}", "%s", "abcdefghijklmnopqrstuvwxyz0123456"};
	char one[2] = {0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++)
		cr_assert(weir_name_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++)
		cr_assert_not(weir_name_ok(bad[i]), "%s", bad[i]);
	for (int c = 1; c < 256; c++) {
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		one[0] = (char)c;
		cr_assert_eq(weir_name_ok(one), letter || c == '_' || c == '-', "character %d", c);
	}
}

static void
use_whole_pool(uint32_t capacity)
{
	struct weir_idpool *pool = weir_idpool_create(capacity);

	cr_assert_not_null(pool);
	for (uint32_t i = 0; i < capacity; i++)
		cr_assert_eq(weir_idpool_get(pool), i);
	cr_assert_eq(weir_idpool_get(pool), WEIR_NONE);
	cr_assert_eq(weir_idpool_used(pool), capacity);
	for (uint32_t i = 0; i < capacity; i++)
		weir_idpool_put(pool, capacity - 1 - i);
	cr_assert_eq(weir_idpool_used(pool), 0);
	cr_assert_eq(weir_idpool_get(pool), capacity > 0 ? 0 : WEIR_NONE);
	weir_idpool_free(pool);
}

Test(idpool, hands_out_all_ids_in_order)
{
	static const uint32_t sizes[] = {0, 1, 2, 63, 64, 65, 4095, 4096, 4097, 100000};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(sizes); i++)
		use_whole_pool(sizes[i]);
	weir_idpool_free(NULL);
}

/* Beside an array of what is taken. */
Test(idpool, always_the_lowest_free)
{
	const uint32_t capacity = 5000;
	struct weir_idpool *pool = weir_idpool_create(capacity);
	bool *taken = calloc(capacity, sizeof(*taken));
	uint64_t random = 7;
	uint32_t used = 0;

	for (int i = 0; i < 20000; i++) {
		uint32_t id = (uint32_t)((random = random * UINT64_C(6364136223846793005) + 1) >> 33) % capacity;

		if (taken[id]) {
			weir_idpool_put(pool, id);
			taken[id] = false;
			used--;
		} else {
			uint32_t lowest = 0;

			while (taken[lowest])
				lowest++;
			cr_assert_eq(weir_idpool_get(pool), lowest);
			taken[lowest] = true;
			used++;
		}
		cr_assert_eq(weir_idpool_used(pool), used);
	}
	weir_idpool_free(pool);
	free(taken);
}

Test(log, one_line_a_call)
{
	char *text = NULL, big[4096];
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	cr_assert_not_null(stream);
	cr_assert_eq(rte_openlog_stream(stream), 0);
	weir_log_error("port %s: %d", "up0", 5);
	weir_log_warn("%s", "100%s");
	weir_log_info("ready");
	(void)fflush(stream);
	cr_assert_str_eq(text, "weir: error: port up0: 5\nweir: warning: 100%s\nweir: ready\n");
	weir_log_info("%s", big);
	(void)fflush(stream);
	cr_assert_lt(size, sizeof(big));
	cr_assert_eq(text[size - 1], '\n');
	cr_assert_eq(rte_openlog_stream(NULL), 0);
	(void)fclose(stream);
	free(text);
}

Test(vmem, zeroed_and_kept)
{
	const size_t size = 3 * 4096 + 5;
	uint8_t *p = weir_vmem_alloc(size), *reserved;

	cr_assert_not_null(p);
	cr_assert_eq((uintptr_t)p % 4096, 0);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(p[i], 0);
	p[4096] = 7;
	cr_assert_eq(weir_vmem_populate(p, size), 0);
	cr_assert_eq(p[4096], 7);
	weir_vmem_free(p, size);
	/* Address space only: far more than there is memory. */
	reserved = weir_vmem_alloc((size_t)1 << 40);
	cr_assert_not_null(reserved);
	reserved[(size_t)1 << 39] = 1;
	weir_vmem_free(reserved, (size_t)1 << 40);
	p = weir_vmem_alloc(0);
	cr_assert_eq(weir_vmem_populate(p, 0), 0);
	weir_vmem_free(p, 0);
	weir_vmem_free(NULL, 4096);
}
