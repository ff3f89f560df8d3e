/* SPDX-License-Identifier: BSD-3-Clause */
/* Versions on disk: kept, had back, pruned, locked, reset; damage is named. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_state.h"

TestSuite(store, .init = make_dirs, .fini = clear_dirs);

static bool
exists(const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static long
size_of(const char *name)
{
	char path[200];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(stat(path, &st), 0);
	return (long)st.st_size;
}

/* Changes `n` bytes of a file at `offset` (from its end if negative); n = 0 cuts it off there. */
static void
damage(const char *name, long offset, size_t n)
{
	char path[200], byte;
	int fd;
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0);
	offset += offset < 0 ? st.st_size : 0;
	if (n == 0)
		cr_assert_eq(ftruncate(fd, offset), 0);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(pread(fd, &byte, 1, offset + (long)i), 1);
		byte = (char)(byte ^ 0x10);
		cr_assert_eq(pwrite(fd, &byte, 1, offset + (long)i), 1);
	}
	close(fd);
}

Test(store, empty_at_first)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};

	cr_assert_eq(weir_store_version(store), 0);
	cr_assert_eq(weir_store_oldest(store), 0);
	cr_assert_eq(weir_store_replay(store, 0, apply, &state, &err), -ENOENT);
	cr_assert_eq(request(store, &state, true, "x", &err), -EINVAL);
	weir_store_close(store);
	weir_store_close(NULL);
}

Test(store, versions_come_back)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};

	must(store, &state, false, "A");
	must(store, &state, true, "b");
	must(store, &state, true, "");
	must(store, &state, false, "Z");
	must(store, &state, true, "y");
	for (int again = 0; again < 2; again++) {
		cr_assert_eq(weir_store_version(store), 5);
		cr_assert_eq(weir_store_oldest(store), 1);
		check_version(store, 1, "A");
		check_version(store, 2, "Ab");
		check_version(store, 3, "Ab");
		check_version(store, 4, "Z");
		check_version(store, 5, "Zy");
		cr_assert_eq(weir_store_replay(store, 6, apply, &state, &err), -ENOENT);
		weir_store_close(store);
		store = must_open(dir);
	}
	weir_store_close(store);
}

Test(store, writes_may_be_short)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};

	disk.shorts = true;
	must(store, &state, false, "A document of many bytes.");
	must(store, &state, true, "And a patch.");
	disk.shorts = false;
	weir_store_close(store);
	store = must_open(dir);
	check_version(store, 1, "A document of many bytes.");
	check_version(store, 2, "A document of many bytes.And a patch.");
	weir_store_close(store);
}

Test(store, only_as_many_loads_as_can_be_had_back)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};

	for (int i = 0; i < 22; i++)
		must(store, &state, false, "A");
	cr_assert_eq(weir_store_oldest(store), 2);
	cr_assert(!exists("config-1.json") && !exists("journal-1.log"));
	cr_assert(exists("config-2.json") && exists("journal-2.log"));
	check_version(store, 2, "A");
	weir_store_close(store);
}

static int
refuse_patches(void *arg, int is_patch, const char *text, size_t len, uint64_t version, struct weir_err *err)
{
	(void)arg, (void)text, (void)len;
	return is_patch ? weir_err(err, ENOTSUP, "/x", "version %lu", version) : 0;
}

Test(store, what_apply_says_is_handed_on)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};

	must(store, &state, false, "A");
	must(store, &state, true, "b");
	cr_assert_eq(weir_store_replay(store, 2, refuse_patches, NULL, &err), -ENOTSUP);
	cr_assert_str_eq(err.path, "/x");
	cr_assert_str_eq(err.msg, "version 2");
	weir_store_close(store);
}

Test(store, journals_are_renewed_and_old_segments_go)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	char text[8];

	must(store, &state, false, "A");
	must(store, &state, false, "");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%03d,", i);
		must(store, &state, true, text);
	}
	cr_assert_eq(weir_store_version(store), 1002);
	cr_assert_eq(weir_store_oldest(store), 982);
	cr_assert(!exists("config-1.json"));
	cr_assert(!exists("journal-1.log"));
	cr_assert(exists("config-2.json"));
	cr_assert(!exists("config-1002.json"));
	must(store, &state, true, "x");
	cr_assert(exists("config-1002.json"));
	cr_assert(exists("journal-1002.log"));
	check_version(store, 1003, state.text);
	for (int i = 0; i < 19; i++) {
		cr_assert(exists("config-2.json"), "%d", i);
		must(store, &state, true, "x");
	}
	/* Twenty versions before the present one can still be had back. */
	cr_assert_eq(weir_store_version(store), 1022);
	cr_assert_eq(weir_store_oldest(store), 1002);
	cr_assert(!exists("config-2.json"));
	check_version(store, 1022, state.text);
	state.text[4000] = '\0';
	check_version(store, 1002, state.text);
	weir_store_close(store);
}

Test(store, large_patches_renew_the_journal_too)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};
	size_t len = (4u << 20) + 1;
	char *text = malloc(len);

	memset(text, 'x', len);
	must(store, &state, false, "A");
	cr_assert_eq(weir_store_patch(store, text, len, whole_text, &state, &err), 0);
	cr_assert(!exists("config-2.json"));
	cr_assert_eq(weir_store_patch(store, "y", 1, whole_text, &state, &err), 0);
	cr_assert(exists("config-2.json"));
	cr_assert_eq(weir_store_version(store), 3);
	free(text);
	weir_store_close(store);
}

static char *
no_text(void *arg, size_t *len)
{
	(void)arg, (void)len;
	return NULL;
}

Test(store, without_a_document_the_journal_grows_on)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};

	must(store, &state, false, "A");
	for (int i = 0; i < 1002; i++)
		cr_assert_eq(weir_store_patch(store, "x", 1, no_text, NULL, &err), 0);
	cr_assert_eq(weir_store_version(store), 1003);
	weir_store_close(store);
	store = must_open(dir);
	cr_assert_eq(weir_store_version(store), 1003);
	weir_store_close(store);
}

Test(store, locked)
{
	struct weir_store *store = must_open(dir);
	struct weir_err err = {0};

	cr_assert_null(weir_store_open(dir, false, &err));
	cr_assert_eq(err.errnum, EBUSY);
	cr_assert(strstr(err.msg, dir) != NULL);
	weir_store_close(store);
	weir_store_close(must_open(dir));
}

Test(store, folders_that_cannot_be)
{
	static const struct {
		const char *path;
		int errnum;
	} cases[] = {{"/nowhere/at/all", ENOENT}, {"/dev/null", ENOTDIR}, {"/proc/weir", ENOENT}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_err err = {0};

		cr_assert_null(weir_store_open(cases[i].path, false, &err));
		cr_assert_eq(err.errnum, cases[i].errnum, "%s: %s", cases[i].path, err.msg);
		cr_assert(strstr(err.msg, cases[i].path) != NULL);
	}
}

Test(store, reset)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err = {0};

	for (int round = 0; round < 2; round++) {
		must(store, &state, false, round == 0 ? "A" : "B");
		must(store, &state, true, "x");
		weir_store_close(store);
		store = weir_store_open(dir, true, &err);
		cr_assert_not_null(store, "%s", err.msg);
		cr_assert_eq(weir_store_version(store), 0);
		cr_assert(!exists("config-1.json") && !exists("journal-1.log"));
		cr_assert(exists("before-reset/config-1.json") && exists("before-reset/journal-1.log"));
		state.version = 0;
	}
	/* With nothing to forget, what was forgotten before stays. */
	weir_store_close(store);
	store = weir_store_open(dir, true, &err);
	cr_assert_not_null(store);
	cr_assert(exists("before-reset/config-1.json"));
	weir_store_close(store);
}

/* Three patches behind a document: records of 24 + 4 bytes behind a header of 40. */
static void
fill_journal(void)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};

	must(store, &state, false, "A");
	for (int i = 0; i < 3; i++)
		must(store, &state, true, "xxx;");
	weir_store_close(store);
}

Test(store, every_torn_tail_is_cut_off)
{
	for (long cut = 1; cut <= 28; cut++) {
		struct weir_store *store;
		struct state state = {.len = 0};
		struct weir_err err = {0};

		fill_journal();
		damage("journal-1.log", -cut, 0);
		store = must_open(dir);
		cr_assert_eq(weir_store_version(store), 3);
		cr_assert_eq(size_of("journal-1.log"), 40 + 2 * 28);
		check_version(store, 3, "Axxx;xxx;");
		/* And the next record stands where the torn one was. */
		cr_assert_eq(weir_store_replay(store, 3, apply, &state, &err), 0);
		must(store, &state, true, "new;");
		weir_store_close(store);
		store = must_open(dir);
		check_version(store, 4, "Axxx;xxx;new;");
		weir_store_close(store);
		store = weir_store_open(dir, true, &err);
		weir_store_close(store);
	}
}

Test(store, any_damage_of_the_last_record_cuts_it_off)
{
	for (long at = 1; at <= 28; at++) {
		struct weir_store *store;
		struct weir_err err = {0};

		fill_journal();
		damage("journal-1.log", -at, 1);
		store = must_open(dir);
		cr_assert_eq(weir_store_version(store), 3, "%ld", at);
		weir_store_close(store);
		store = weir_store_open(dir, true, &err);
		weir_store_close(store);
	}
}

Test(store, any_damage_in_the_middle_is_an_error)
{
	for (long at = 0; at < 40 + 2 * 28; at++) {
		struct weir_store *store;
		struct weir_err err = {0};

		fill_journal();
		damage("journal-1.log", at, 1);
		cr_assert_null(weir_store_open(dir, false, &err), "%ld", at);
		cr_assert_eq(err.errnum, EIO);
		cr_assert(strstr(err.msg, "journal-1.log") != NULL, "%s", err.msg);
		clear_dirs();
		store = must_open(dir);
		weir_store_close(store);
	}
}

/* Good in itself, but not the record that comes next. */
Test(store, a_record_twice_is_damage)
{
	struct weir_err err = {0};
	char path[200], record[28];
	int fd;

	fill_journal();
	(void)snprintf(path, sizeof(path), "%s/journal-1.log", dir);
	fd = open(path, O_RDWR);
	cr_assert_eq(pread(fd, record, sizeof(record), 40 + 28), (ssize_t)sizeof(record));
	cr_assert_eq(pwrite(fd, record, sizeof(record), 40 + 2 * 28), (ssize_t)sizeof(record));
	close(fd);
	cr_assert_null(weir_store_open(dir, false, &err));
	cr_assert_eq(err.errnum, EIO);
}

Test(store, what_an_interrupted_load_has_left_is_swept_up)
{
	static const char *const left[] = {"config-7.json.tmp", "journal-7.log"};
	char path[200];

	fill_journal();
	for (size_t i = 0; i < WEIR_ARRAY_LEN(left); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	weir_store_close(must_open(dir));
	for (size_t i = 0; i < WEIR_ARRAY_LEN(left); i++)
		cr_assert(!exists(left[i]), "%s", left[i]);
}

Test(store, a_damaged_or_missing_file_is_named)
{
	struct weir_store *store;
	struct state state = {.len = 0};
	struct weir_err err = {0};
	char path[200];

	fill_journal();
	damage("config-1.json", 0, 1);
	store = must_open(dir);
	cr_assert_eq(weir_store_replay(store, 4, apply, &state, &err), -EIO);
	cr_assert(strstr(err.msg, "config-1.json: damaged") != NULL, "%s", err.msg);
	damage("config-1.json", 0, 0);
	err = (struct weir_err){0};
	cr_assert_eq(weir_store_replay(store, 4, apply, &state, &err), -EIO);
	weir_store_close(store);
	(void)snprintf(path, sizeof(path), "%s/journal-1.log", dir);
	cr_assert_eq(unlink(path), 0);
	err = (struct weir_err){0};
	cr_assert_null(weir_store_open(dir, false, &err));
	cr_assert_eq(err.errnum, ENOENT);
	cr_assert(strstr(err.msg, "journal-1.log") != NULL);
}

Test(store, other_files_are_left_alone)
{
	static const char *const others[] = {
	    "notes", "config-x.json", "config-01.json", "config-1.json.bak", "journal-.log"};
	char path[200];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(others); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, others[i]);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	fill_journal();
	weir_store_close(must_open(dir));
	for (size_t i = 0; i < WEIR_ARRAY_LEN(others); i++)
		cr_assert(exists(others[i]), "%s", others[i]);
}
