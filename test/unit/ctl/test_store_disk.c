/* SPDX-License-Identifier: BSD-3-Clause */
/* The store on a disk that fails, is killed or loses power at every call there is: nothing acknowledged is lost. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_state.h"

TestSuite(store_disk, .init = make_dirs, .fini = clear_dirs);

#define VERSIONS_MAX 1100

/* What every version of the scenario holds. */
static char *expected[VERSIONS_MAX];

struct shared {
	uint64_t acknowledged;
	bool stop; /* after the request in which the disk fails */
	bool done;
};

/* With the process that is killed. */
static struct shared *shared;

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
		if (shared->stop && disk.calls > disk.at)
			_exit(DISK_KILLED);
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
	shared->acknowledged = 0;
	shared->done = false;
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

Test(store_disk, killed_at_every_call)
{
	fail_everywhere(DISK_KILL, 0, 0);
}

Test(store_disk, killed_within_every_write)
{
	fail_everywhere(DISK_KILL, 5, 0);
}

Test(store_disk, power_fails_at_every_call)
{
	fail_everywhere(DISK_POWER, 0, 0);
}

/* An error at one call is reported (or was none of the request's), nothing has changed, and what follows succeeds. */
Test(store_disk, every_call_fails_once)
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

/* What was refused is not there after a crash either. */
Test(store_disk, every_call_fails_and_then_killed)
{
	struct weir_store *store;
	uint32_t at = 0;

	prepare();
	shared->stop = true;
	for (; play_until(DISK_ERROR, at, at % 2 == 0 ? 0 : 4, EIO); at++) {
		store = must_open(dir);
		cr_assert_eq(weir_store_version(store), shared->acknowledged, "call %u", at);
		weir_store_close(store);
		check_folder(dir, at);
	}
	cr_assert_gt(at, 60, "%u", at);
}

Test(store_disk, every_call_is_the_last_that_works)
{
	fail_everywhere(DISK_GONE, 3, EIO);
}

/* What cannot be taken back stops all writing, and says so; a new start cuts it off. */
Test(store_disk, half_written_for_good)
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

/* A reset that is interrupted has happened or has not; what is left is whole. */
Test(store_disk, killed_within_a_reset)
{
	bool forgotten = false, kept = false, killed = true;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (uint32_t at = 0; killed; at++) {
		struct weir_store *store;
		struct state state = {.len = 0};
		int status;
		pid_t pid;

		fresh_folders();
		store = must_open(dir);
		must(store, &state, false, "A");
		must(store, &state, true, "b");
		must(store, &state, false, "C");
		must(store, &state, true, "d");
		weir_store_close(store);
		pid = fork();
		if (pid == 0) {
			disk = (struct disk){.fault = DISK_KILL, .at = at, .armed = true, .dir = dir};
			(void)weir_store_open(dir, true, NULL);
			_exit(0);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		killed = WEXITSTATUS(status) == DISK_KILLED;
		store = must_open(dir);
		if (weir_store_version(store) == 0) {
			forgotten = true;
		} else {
			kept = true;
			cr_assert_eq(weir_store_version(store), 4);
			check_version(store, 3, "C");
			check_version(store, 4, "Cd");
		}
		weir_store_close(store);
	}
	cr_assert(forgotten && kept);
}
