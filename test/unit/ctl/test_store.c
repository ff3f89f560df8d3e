/* SPDX-License-Identifier: BSD-3-Clause */
/* Versions on disk: kept, had back, pruned, locked, reset; damage is named, and a disk that fails changes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void
make_dirs(void)
{
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(lost_dir, sizeof(lost_dir), "%s.lost", dir);
}

static void
clear_dirs(void)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -rf %s %s", dir, lost_dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(store, .init = make_dirs, .fini = clear_dirs);

static int
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

static char *
whole_text(void *arg, size_t *len)
{
	const struct state *state = arg;

	*len = state->len;
	return strdup(state->text);
}

/* One request, and what it makes of the state if it succeeds. */
static int
request(struct weir_store *store, struct state *state, bool is_patch, const char *text, struct weir_err *err)
{
	int rc;

	*err = (struct weir_err){0};
	rc = is_patch ? weir_store_patch(store, text, strlen(text), whole_text, state, err)
		      : weir_store_snapshot(store, text, strlen(text), err);
	return rc != 0 ? rc : apply(state, is_patch, text, strlen(text), state->version + 1, NULL);
}

static void
must(struct weir_store *store, struct state *state, bool is_patch, const char *text)
{
	struct weir_err err;

	cr_assert_eq(request(store, state, is_patch, text, &err), 0, "%s", err.msg);
}

static struct weir_store *
must_open(const char *path)
{
	struct weir_err err = {0};
	struct weir_store *store = weir_store_open(path, false, &err);

	cr_assert_not_null(store, "%s", err.msg);
	return store;
}

static void
check_version(struct weir_store *store, uint64_t version, const char *text)
{
	struct state state = {.len = 0};
	struct weir_err err = {0};

	cr_assert_eq(weir_store_replay(store, version, apply, &state, &err), 0, "%lu: %s", version, err.msg);
	cr_assert_eq(state.version, version);
	cr_assert_str_eq(state.text, text);
}

static bool
exists(const char *name)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
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

Test(store, a_damaged_or_missing_file_is_named)
{
	struct weir_store *store;
	struct state state = {.len = 0};
	struct weir_err err = {0};

	fill_journal();
	damage("config-1.json", 0, 1);
	store = must_open(dir);
	cr_assert_eq(weir_store_replay(store, 4, apply, &state, &err), -EIO);
	cr_assert(strstr(err.msg, "config-1.json: damaged") != NULL, "%s", err.msg);
	damage("config-1.json", 0, 0);
	err = (struct weir_err){0};
	cr_assert_eq(weir_store_replay(store, 4, apply, &state, &err), -EIO);
	weir_store_close(store);
	(void)!unlinkat(AT_FDCWD, strcat(strcpy(state.text, dir), "/journal-1.log"), 0);
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

/* ---- the disk fails at every call ---- */

#define VERSIONS_MAX 1100

/* What every version of the scenario holds; shared with the process that is killed. */
static char *expected[VERSIONS_MAX];
static struct shared {
	uint64_t acknowledged;
	bool done;
} * shared;

/* A request of the scenario. Errors (of a disk that only fails for a while) are met by trying again. */
static void
act(struct weir_store *store, struct state *state, bool is_patch)
{
	uint64_t version = weir_store_version(store);
	char text[16];
	struct weir_err err;
	int rc;

	(void)snprintf(text, sizeof(text), "%c%lu;", is_patch ? 'p' : 'L', state->version + 1);
	rc = request(store, state, is_patch, text, &err);
	if (rc != 0) {
		cr_assert_neq(err.errnum, 0);
		cr_assert_eq(weir_store_version(store), version);
		return;
	}
	cr_assert_eq(weir_store_version(store), version + 1);
	shared->acknowledged = version + 1;
}

/* Loads, patches, the renewal of a long journal, and the removal of what is old: until so many versions are there. */
static void
play(struct weir_store *store)
{
	static struct state state;

	state = (struct state){.len = 0};
	for (int tries = 0; weir_store_version(store) < 1027 && tries < 1100; tries++) {
		uint64_t next = weir_store_version(store) + 1;

		disk.armed = next < 7 || (next >= 1004 && next <= 1007) || next >= 1024;
		act(store, &state, next != 1 && next != 4 && next != 1006);
	}
	disk.armed = false;
}

static void
expect_versions(void)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};

	for (uint64_t v = 1; v <= 1027; v++) {
		act(store, &state, v != 1 && v != 4 && v != 1006);
		expected[v] = strdup(state.text);
	}
	weir_store_close(store);
}

/* The folder holds the last acknowledged version or the one after it, all that should be had back, and goes on. */
static void
check_folder(const char *path, uint32_t at)
{
	struct weir_store *store = must_open(path);
	uint64_t version = weir_store_version(store), oldest = weir_store_oldest(store);
	static struct state state;
	struct weir_err err = {0};

	cr_assert(version == shared->acknowledged || version == shared->acknowledged + 1, "call %u: %lu, not %lu", at,
	    version, shared->acknowledged);
	cr_assert_leq(oldest, version > 20 ? version - 20 : version);
	for (uint64_t v = oldest; v <= version && v > 0; v++)
		check_version(store, v, expected[v]);
	if (version > 0) {
		state = (struct state){.len = 0};
		cr_assert_eq(weir_store_replay(store, version, apply, &state, &err), 0);
		must(store, &state, true, "on;");
	}
	must(store, &state, false, "new");
	weir_store_close(store);
	store = must_open(path);
	check_version(store, version + (version > 0 ? 2 : 1), "new");
	weir_store_close(store);
}

static void
fresh_folders(void)
{
	clear_dirs();
	cr_assert_eq(mkdir(dir, 0700), 0);
	cr_assert_eq(mkdir(lost_dir, 0700), 0);
	*shared = (struct shared){0};
}

/* The scenario in a process of its own, in which the disk fails at call `at`. Returns false if it came to its end. */
static bool
play_until(enum disk_fault fault, uint32_t at, uint32_t torn, int errnum)
{
	int status;
	pid_t pid;

	fresh_folders();
	pid = fork();
	if (pid == 0) {
		struct weir_err err = {0};
		struct weir_store *store;

		disk = (struct disk){.fault = fault, .at = at, .torn = torn, .errnum = errnum, .dir = dir};
		disk.lost_dir = fault == DISK_POWER ? lost_dir : NULL;
		store = weir_store_open(dir, false, &err);
		play(store);
		shared->done = true;
		_exit(disk.calls <= at ? 0 : DISK_KILLED);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status) == DISK_KILLED;
}

static void
prepare(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(shared, MAP_FAILED);
	expect_versions();
}

/* Every call that there is, torn writes in several ways; enough calls that the scenario means something. */
static void
fail_everywhere(enum disk_fault fault, uint32_t torn, int errnum)
{
	uint32_t at = 0;

	prepare();
	for (; play_until(fault, at, torn, errnum); at++)
		check_folder(fault == DISK_POWER ? lost_dir : dir, at);
	cr_assert_gt(at, 60, "%u", at);
}

Test(store, killed_at_every_call)
{
	fail_everywhere(DISK_KILL, 0, 0);
}

Test(store, killed_within_every_write)
{
	fail_everywhere(DISK_KILL, 5, 0);
}

Test(store, power_fails_at_every_call)
{
	fail_everywhere(DISK_POWER, 0, 0);
}

/* An error at one call is reported (or was none of the request's), nothing has changed, and what follows succeeds. */
Test(store, every_call_fails_once)
{
	uint32_t at = 0;

	prepare();
	for (; play_until(DISK_ERROR, at, at % 2 == 0 ? 0 : 4, at % 3 == 0 ? EIO : ENOSPC); at++) {
		cr_assert(shared->done);
		cr_assert_eq(shared->acknowledged, 1027, "call %u", at);
		check_folder(dir, at);
	}
	cr_assert_gt(at, 60, "%u", at);
}

Test(store, every_call_is_the_last_that_works)
{
	fail_everywhere(DISK_GONE, 3, EIO);
}

/* What cannot be taken back stops all writing, and says so; a new start cuts it off. */
Test(store, half_written_for_good)
{
	struct weir_store *store = must_open(dir);
	struct state state = {.len = 0};
	struct weir_err err;

	must(store, &state, false, "A");
	disk = (struct disk){.fault = DISK_GONE, .torn = 4, .errnum = ENOSPC, .armed = true};
	cr_assert_eq(request(store, &state, true, "xxxx", &err), -ENOSPC);
	cr_assert(strstr(err.msg, "no more changes until a restart") != NULL, "%s", err.msg);
	disk.armed = false;
	cr_assert_eq(request(store, &state, true, "y", &err), -EIO);
	cr_assert(strstr(err.msg, "no more changes until a restart") != NULL, "%s", err.msg);
	cr_assert_eq(request(store, &state, false, "B", &err), -EIO);
	check_version(store, 1, "A");
	weir_store_close(store);
	store = must_open(dir);
	check_version(store, 1, "A");
	must(store, &state, true, "y");
	weir_store_close(store);
}
