/* SPDX-License-Identifier: BSD-3-Clause */
/* A store in a folder of its own, and what its versions must hold. */
#ifndef TEST_STORE_STATE_H
#define TEST_STORE_STATE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "disk.h"
#include "weir_store.h"

/*
 * The store knows nothing of JSON. Here a "document" is a text and a "patch" is appended to it, so that what a
 * version must hold is easy to say.
 */
#define STATE_MAX 16384

struct state {
	char text[STATE_MAX];
	size_t len;
	uint64_t version;
};

static char dir[] = "/tmp/weir-test-store-XXXXXX", lost_dir[sizeof(dir) + 8];

static inline void
make_dirs(void)
{
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(lost_dir, sizeof(lost_dir), "%s.lost", dir);
}

static inline void
clear_dirs(void)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -rf %s %s", dir, lost_dir);
	cr_assert_eq(system(command), 0);
}

static inline int
apply(void *arg, int is_patch, const char *text, size_t len, uint64_t version, struct weir_err *err)
{
	struct state *state = arg;

	(void)err;
	if (!is_patch)
		state->len = 0;
	else if (version != state->version + 1)
		return -ESTALE;
	if (state->len + len >= sizeof(state->text))
		return -E2BIG;
	memcpy(state->text + state->len, text, len);
	state->len += len;
	state->text[state->len] = '\0';
	state->version = version;
	return 0;
}

static inline char *
whole_text(void *arg, size_t *len)
{
	const struct state *state = arg;

	*len = state->len;
	return strdup(state->text);
}

/* One request, and what it makes of the state if it succeeds. */
static inline int
request(struct weir_store *store, struct state *state, bool is_patch, const char *text, struct weir_err *err)
{
	int rc;

	*err = (struct weir_err){0};
	rc = is_patch ? weir_store_patch(store, text, strlen(text), whole_text, state, err)
		      : weir_store_snapshot(store, text, strlen(text), err);
	return rc != 0 ? rc : apply(state, is_patch, text, strlen(text), state->version + 1, NULL);
}

static inline void
must(struct weir_store *store, struct state *state, bool is_patch, const char *text)
{
	struct weir_err err;

	cr_assert_eq(request(store, state, is_patch, text, &err), 0, "%s", err.msg);
}

static inline struct weir_store *
must_open(const char *path)
{
	struct weir_err err = {0};
	struct weir_store *store = weir_store_open(path, false, &err);

	cr_assert_not_null(store, "%s", err.msg);
	return store;
}

static inline void
check_version(struct weir_store *store, uint64_t version, const char *text)
{
	struct state state = {.len = 0};
	struct weir_err err = {0};

	cr_assert_eq(weir_store_replay(store, version, apply, &state, &err), 0, "%lu: %s", version, err.msg);
	cr_assert_eq(state.version, version);
	cr_assert_str_eq(state.text, text);
}

#endif
