/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers beside the configuration thread: for the thread sanitizer above all. */
#include <pthread.h>

#include "doc.h"

struct reader {
	struct weir_model *model;
	bool stop;
	uint32_t shows;
};

/* Every text that is shown is one committed version, whole. */
static void *
read_shows(void *arg)
{
	struct reader *reader = arg;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_ACQUIRE)) {
		struct weir_err err = {0};
		unsigned int a = 0, b = 1;
		uint64_t version;
		char *text;
		size_t len;

		if (weir_model_show(reader->model, "/tenants", &text, &len, &version, &err) != 0)
			return NULL;
		if (sscanf(text, "{\"a\":{\"limit\":\"%uMbps\"},\"b\":{\"limit\":\"%uMbps\"}}", &a, &b) != 2 ||
		    a != b || a != version)
			return text;
		free(text);
		__atomic_add_fetch(&reader->shows, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The whole document and its parts, while elements come and go: nothing is freed under a reader. */
static void *
read_everything(void *arg)
{
	static const char *const pointers[] = {"", "/tenants", "/tenants/t3", "/tenants/t3/limit"};
	struct reader *reader = arg;

	for (uint32_t i = 0; !__atomic_load_n(&reader->stop, __ATOMIC_ACQUIRE); i++) {
		uint64_t version;
		char *text;
		size_t len;

		if (weir_model_show(reader->model, pointers[i % 4], &text, &len, &version, NULL) != 0)
			continue;
		free(text);
		__atomic_add_fetch(&reader->shows, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

Test(model_readers, see_whole_versions)
{
	struct reader reader = {.model = new_model()};
	pthread_t threads[2];
	void *torn;
	char text[200];
	uint32_t i;

	must_load(reader.model, "{\"tenants\":{\"a\":{\"limit\":\"1Mbps\"},\"b\":{\"limit\":\"1Mbps\"}}}");
	for (int k = 0; k < 2; k++)
		pthread_create(&threads[k], NULL, read_shows, &reader);
	for (i = 2; i < 100000 && (i < 2000 || __atomic_load_n(&reader.shows, __ATOMIC_RELAXED) < 2000); i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"tenants\":{\"a\":{\"limit\":\"%uMbps\"},\"b\":{\"limit\":\"%uMbps\"}}}", i, i);
		must_patch(reader.model, text);
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELEASE);
	for (int k = 0; k < 2; k++) {
		pthread_join(threads[k], &torn);
		cr_assert_null(torn, "%s", (char *)torn);
	}
	cr_assert_geq(reader.shows, 2000);
	weir_model_free(reader.model);
}

Test(model_readers, hold_what_is_removed)
{
	struct reader reader = {.model = new_model()};
	pthread_t threads[2];
	char text[200];

	for (int k = 0; k < 2; k++)
		pthread_create(&threads[k], NULL, read_everything, &reader);
	for (uint32_t i = 0; i < 100000 && (i < 2000 || __atomic_load_n(&reader.shows, __ATOMIC_RELAXED) < 2000);
	     i++) {
		struct weir_change *change;
		struct weir_err err;

		(void)snprintf(text, sizeof(text), "{\"tenants\":{\"t%u\":%s}}", i % 40,
		    i % 7 == 0	 ? "null"
		    : i % 2 == 0 ? "{}"
				 : "{\"limit\":\"1Gbps\"}");
		cr_assert_eq(
		    (i % 500 == 499 ? load : patch)(reader.model, i % 500 == 499 ? "{}" : text, &change, &err), 0,
		    "%s", err.msg);
		if (i % 5 == 0)
			weir_model_abort(reader.model, change);
		else
			weir_model_commit(reader.model, change, i);
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELEASE);
	for (int k = 0; k < 2; k++)
		pthread_join(threads[k], NULL);
	weir_model_free(reader.model);
}
