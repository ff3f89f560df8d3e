/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration thread and its documents, before a gateway that only writes down what it is asked. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "eal.h"
#include "gateway_priv.h"
#include "request_priv.h"

/* ---- the gateway ---- */

static struct weir_gateway gateway;
static sem_t entered, go;
static bool hold; /* loads wait for `go` */
static char asked[1 << 16];
static size_t asked_len;
static unsigned int n_loads, n_retries;
static int answer_rc;

uint64_t
gateway_now(const struct weir_gateway *g)
{
	return g->now;
}

int
weir_gateway_load(struct weir_gateway *g, const char *text, size_t len, bool check, struct weir_outcome *outcome,
    struct weir_err *err)
{
	(void)g;
	(void)sem_post(&entered);
	if (hold)
		(void)sem_wait(&go);
	n_loads++;
	outcome->version = check ? 0 : n_loads;
	asked_len = len;
	memcpy(asked, text, len < sizeof(asked) ? len : sizeof(asked));
	return answer_rc != 0 ? weir_err(err, -answer_rc, "/x", "said no") : 0;
}

int
weir_gateway_patch(struct weir_gateway *g, const char *text, size_t len, bool check, struct weir_outcome *outcome,
    struct weir_err *err)
{
	int rc = weir_gateway_load(g, text, len, check, outcome, err);

	outcome->tenants = 99;
	return rc;
}

int
weir_gateway_rollback(struct weir_gateway *g, uint32_t n, struct weir_outcome *outcome, struct weir_err *err)
{
	(void)g;
	(void)err;
	outcome->version = 1000 + n;
	return 0;
}

void
weir_gateway_retry_ports(struct weir_gateway *g)
{
	(void)g;
	__atomic_add_fetch(&n_retries, 1, __ATOMIC_RELAXED);
}

/* ---- helpers ---- */

static struct weir_requests *requests;
static struct weir_err err;
static struct weir_outcome outcome;

static void
setup(void)
{
	cr_assert_eq(start_eal(false), 0);
	(void)sem_init(&entered, 0, 0);
	(void)sem_init(&go, 0, 0);
	requests = weir_requests_create(&gateway);
	cr_assert_not_null(requests);
}

static void
teardown(void)
{
	weir_requests_stop(requests);
	weir_requests_free(requests);
}

static int
begin(enum request_kind kind, bool check, uint64_t *id)
{
	struct request request = {.kind = kind, .check = check};

	memset(&err, 0, sizeof(err));
	return weir_stage_begin(requests, &request, gateway.now, id, &err);
}

static int
put(uint64_t id, uint64_t offset, const char *data, uint64_t *size)
{
	memset(&err, 0, sizeof(err));
	return weir_stage_put(requests, id, offset, data, strlen(data), gateway.now, size, &err);
}

static int
commit(uint64_t id, bool *check)
{
	memset(&err, 0, sizeof(err));
	return weir_stage_commit(requests, id, gateway.now, &outcome, check, &err);
}

static int
load_file(const char *path)
{
	struct request request = {.kind = REQUEST_LOAD_FILE, .text = path};

	memset(&err, 0, sizeof(err));
	return weir_requests_run(requests, &request, &outcome, &err);
}

TestSuite(request, .init = setup, .fini = teardown);

/* ---- the queue ---- */

struct caller {
	pthread_t thread;
	int rc;
	struct weir_err err;
};

static void *
call(void *arg)
{
	struct request request = {.kind = REQUEST_LOAD, .text = "{}", .len = 2};
	struct caller *caller = arg;
	struct weir_outcome mine;

	caller->rc = weir_requests_run(requests, &request, &mine, &caller->err);
	return NULL;
}

/* One that runs and three that wait. */
static void
fill_queue(struct caller callers[4])
{
	hold = true;
	for (int i = 0; i < 4; i++) {
		callers[i] = (struct caller){0};
		(void)pthread_create(&callers[i].thread, NULL, call, &callers[i]);
		if (i == 0)
			(void)sem_wait(&entered);
	}
	for (bool full = false; !full;) {
		(void)usleep(100);
		(void)pthread_mutex_lock(&requests->mutex);
		full = requests->n == 4;
		(void)pthread_mutex_unlock(&requests->mutex);
	}
}

Test(request, three_wait_the_next_is_refused)
{
	struct caller callers[4], fifth = {0};

	fill_queue(callers);
	(void)call(&fifth);
	cr_assert_eq(fifth.rc, -EBUSY);
	cr_assert_eq(fifth.err.errnum, EBUSY);
	for (int i = 0; i < 4; i++)
		(void)sem_post(&go);
	for (int i = 0; i < 4; i++) {
		(void)pthread_join(callers[i].thread, NULL);
		cr_assert_eq(callers[i].rc, 0);
	}
	cr_assert_eq(n_loads, 4);
}

Test(request, stop_lets_those_go_who_wait)
{
	struct caller callers[4], late = {0};
	pthread_t stopper;
	int done = 0, refused = 0;

	fill_queue(callers);
	(void)pthread_create(&stopper, NULL, (void *(*)(void *))(void (*)(void))weir_requests_stop, requests);
	while (!__atomic_load_n(&requests->stop, __ATOMIC_ACQUIRE))
		(void)usleep(100);
	(void)sem_post(&go);
	(void)pthread_join(stopper, NULL);
	for (int i = 0; i < 4; i++) {
		(void)pthread_join(callers[i].thread, NULL);
		done += callers[i].rc == 0;
		refused += callers[i].rc == -ESHUTDOWN;
	}
	cr_assert_eq(done, 1);
	cr_assert_eq(refused, 3);
	(void)call(&late);
	cr_assert_eq(late.rc, -ESHUTDOWN);
	/* teardown stops it again: a new one for that */
	weir_requests_free(requests);
	requests = weir_requests_create(&gateway);
}

Test(request, each_second_ports_are_tried_again_and_idle_documents_dropped)
{
	bool open = true;
	uint64_t id;

	cr_assert_eq(begin(REQUEST_LOAD, false, &id), 0);
	gateway.now += STAGE_IDLE_NS;
	for (int i = 0; i < 300 && open; i++) {
		(void)usleep(10000);
		(void)pthread_mutex_lock(&requests->stage.mutex);
		open = requests->stage.open;
		(void)pthread_mutex_unlock(&requests->stage.mutex);
	}
	cr_assert_not(open);
	cr_assert_eq(__atomic_load_n(&n_retries, __ATOMIC_RELAXED), 1);
}

Test(request, rollback_says_what_the_gateway_says)
{
	struct request request = {.kind = REQUEST_ROLLBACK, .back = 3};

	cr_assert_eq(weir_requests_run(requests, &request, &outcome, &err), 0);
	cr_assert_eq(outcome.version, 1003);
}

/* ---- files ---- */

Test(request, file_is_read_whole)
{
	char path[] = "/tmp/weir-test-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_eq(write(fd, "{\"a\":1}", 7), 7);
	cr_assert_eq(load_file(path), 0);
	cr_assert_eq(asked_len, 7);
	cr_assert_eq(memcmp(asked, "{\"a\":1}", 7), 0);
	(void)unlink(path);
}

Test(request, empty_file_is_an_empty_document)
{
	cr_assert_eq(load_file("/dev/null"), -EINVAL, "not a regular file");
	char path[] = "/tmp/weir-test-XXXXXX";

	(void)close(mkstemp(path));
	cr_assert_eq(load_file(path), 0);
	cr_assert_eq(asked_len, 0);
	(void)unlink(path);
}

Test(request, files_that_are_none)
{
	char dir[] = "/tmp/weir-test-XXXXXX", path[64];
	int fd;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(load_file(dir), -EINVAL);
	(void)snprintf(path, sizeof(path), "%s/absent", dir);
	cr_assert_eq(load_file(path), -ENOENT);
	cr_assert_not_null(strstr(err.msg, path));
	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(load_file(path), -EINVAL);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/large", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	cr_assert_eq(ftruncate(fd, (off_t)WEIR_DOC_MAX_BYTES + 1), 0);
	cr_assert_eq(load_file(path), -E2BIG);
	cr_assert_eq(n_loads, 0);
	(void)unlink(path);
	(void)rmdir(dir);
}

/* ---- documents in pieces ---- */

Test(request, pieces_become_a_document)
{
	uint64_t id, size;
	bool check;

	cr_assert_eq(begin(REQUEST_PATCH, false, &id), 0);
	cr_assert_eq(put(id, 0, "{\"a\"", &size), 0);
	cr_assert_eq(put(id, 4, ":1}", &size), 0);
	cr_assert_eq(size, 7);
	cr_assert_eq(commit(id, &check), 0);
	cr_assert_not(check);
	cr_assert_eq(outcome.tenants, 99, "a patch");
	cr_assert_eq(asked_len, 7);
	cr_assert_eq(memcmp(asked, "{\"a\":1}", 7), 0);
	cr_assert_eq(commit(id, &check), -ENOENT, "it is done");
}

Test(request, a_piece_may_come_twice)
{
	uint64_t id, size;

	cr_assert_eq(begin(REQUEST_LOAD, true, &id), 0);
	cr_assert_eq(put(id, 0, "abcd", &size), 0);
	cr_assert_eq(put(id, 0, "abcd", &size), 0);
	cr_assert_eq(size, 4);
	cr_assert_eq(put(id, 4, "efgh", &size), 0);
	cr_assert_eq(put(id, 4, "efgh", &size), 0);
	cr_assert_eq(size, 8);
	cr_assert_eq(put(id, 0, "abce", &size), -EINVAL, "not what was sent");
	cr_assert_eq(put(id, 6, "ghi", &size), -EINVAL, "half old, half new");
	cr_assert_eq(put(id, 9, "x", &size), -EINVAL, "a gap");
	cr_assert_eq(put(id, UINT64_C(1) << 53, "x", &size), -EINVAL);
	cr_assert_eq(put(id, 8, "", &size), 0);
	cr_assert_eq(size, 8);
}

Test(request, one_at_a_time_until_idle)
{
	uint64_t id, other, size;
	bool check;

	cr_assert_eq(begin(REQUEST_LOAD, false, &id), 0);
	cr_assert_eq(begin(REQUEST_LOAD, false, &other), -EBUSY);
	gateway.now += STAGE_IDLE_NS - 1;
	cr_assert_eq(put(id, 0, "x", &size), 0, "this starts the time over");
	gateway.now += STAGE_IDLE_NS - 1;
	cr_assert_eq(begin(REQUEST_LOAD, false, &other), -EBUSY);
	gateway.now += 1;
	cr_assert_eq(begin(REQUEST_LOAD, false, &other), 0);
	cr_assert_neq(id, other);
	cr_assert_eq(put(id, 1, "y", &size), -ENOENT);
	cr_assert_eq(commit(id, &check), -ENOENT);
	cr_assert_eq(weir_stage_abort(requests, other, &err), 0);
	cr_assert_eq(begin(REQUEST_LOAD, false, &id), 0);
}

Test(request, idle_documents_are_dropped_by_themselves)
{
	uint64_t id, size;

	cr_assert_eq(begin(REQUEST_LOAD, false, &id), 0);
	cr_assert_eq(put(id, 0, "x", &size), 0);
	gateway.now += STAGE_IDLE_NS - 1;
	weir_stage_expire(requests, gateway.now);
	cr_assert(requests->stage.open);
	gateway.now += 1;
	weir_stage_expire(requests, gateway.now);
	cr_assert_not(requests->stage.open);
	cr_assert_null(requests->stage.text);
}

Test(request, size_is_capped)
{
	static char piece[1 << 20];
	uint64_t id, size, offset = 0;
	struct weir_err refusal = {0};

	cr_assert_eq(begin(REQUEST_LOAD, true, &id), 0);
	for (; offset < WEIR_DOC_MAX_BYTES; offset = size)
		cr_assert_eq(weir_stage_put(requests, id, offset, piece, sizeof(piece), 0, &size, &refusal), 0);
	cr_assert_eq(weir_stage_put(requests, id, offset, piece, 1, 0, &size, &refusal), -E2BIG);
}

Test(request, a_refused_document_is_gone_a_busy_one_stays)
{
	struct caller callers[4];
	uint64_t id;
	bool check;

	cr_assert_eq(begin(REQUEST_LOAD, false, &id), 0);
	fill_queue(callers);
	cr_assert_eq(commit(id, &check), -EBUSY);
	for (int i = 0; i < 4; i++)
		(void)sem_post(&go);
	for (int i = 0; i < 4; i++)
		(void)pthread_join(callers[i].thread, NULL);
	hold = false;
	answer_rc = -EINVAL;
	cr_assert_eq(commit(id, &check), -EINVAL);
	cr_assert_str_eq(err.path, "/x");
	cr_assert_eq(commit(id, &check), -ENOENT);
}
