/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "file_priv.h"
#include "gateway_priv.h"
#include "request_priv.h"

/* ---- running one ---- */

static int
run(struct weir_gateway *gateway, const struct request *request, struct weir_outcome *outcome, struct weir_err *err)
{
	size_t len;
	char *text;
	int rc;

	switch (request->kind) {
	case REQUEST_LOAD:
		return weir_gateway_load(gateway, request->text, request->len, request->check, outcome, err);
	case REQUEST_PATCH:
		return weir_gateway_patch(gateway, request->text, request->len, request->check, outcome, err);
	case REQUEST_ROLLBACK:
		return weir_gateway_rollback(gateway, request->back, outcome, err);
	case REQUEST_LOAD_FILE:
		break;
	}
	rc = file_read(request->text, &text, &len, err);
	if (rc != 0)
		return rc;
	rc = weir_gateway_load(gateway, text, len, request->check, outcome, err);
	free(text);
	return rc;
}

/* ---- the thread ---- */

static uint64_t
monotonic(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * WEIR_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* The queue's mutex is held but for the time that the request runs. */
static void
run_first(struct weir_requests *requests)
{
	struct waiting *first = requests->first;

	(void)pthread_mutex_unlock(&requests->mutex);
	first->rc = run(requests->gateway, first->request, first->outcome, first->err);
	(void)pthread_mutex_lock(&requests->mutex);
	requests->first = first->next;
	if (requests->first == NULL)
		requests->last = &requests->first;
	requests->n--;
	first->done = true;
	(void)pthread_cond_broadcast(&requests->done);
}

static void
each_second(struct weir_requests *requests)
{
	(void)pthread_mutex_unlock(&requests->mutex);
	weir_gateway_retry_ports(requests->gateway);
	weir_stage_expire(requests, gateway_now(requests->gateway));
	(void)pthread_mutex_lock(&requests->mutex);
}

static void *
configuration_main(void *arg)
{
	struct weir_requests *requests = arg;
	uint64_t due = monotonic() + WEIR_NS_PER_S;

	(void)pthread_mutex_lock(&requests->mutex);
	while (!requests->stop) {
		struct timespec at = {
		    .tv_sec = (time_t)(due / WEIR_NS_PER_S), .tv_nsec = (long)(due % WEIR_NS_PER_S)};

		if (requests->first == NULL)
			(void)pthread_cond_timedwait(&requests->wake, &requests->mutex, &at);
		if (requests->first != NULL && !requests->stop)
			run_first(requests);
		if (monotonic() >= due) {
			each_second(requests);
			due = monotonic() + WEIR_NS_PER_S;
		}
	}
	for (struct waiting *w = requests->first; w != NULL; w = w->next) {
		w->rc = weir_err(w->err, ESHUTDOWN, "", "weir is stopping");
		w->done = true;
	}
	requests->first = NULL;
	requests->n = 0;
	(void)pthread_cond_broadcast(&requests->done);
	(void)pthread_mutex_unlock(&requests->mutex);
	return NULL;
}

struct weir_requests *
weir_requests_create(struct weir_gateway *gateway)
{
	struct weir_requests *requests = calloc(1, sizeof(*requests));
	pthread_condattr_t attr;
	int rc;

	if (requests == NULL)
		return NULL;
	requests->gateway = gateway;
	requests->last = &requests->first;
	(void)pthread_mutex_init(&requests->mutex, NULL);
	(void)pthread_mutex_init(&requests->stage.mutex, NULL);
	(void)pthread_cond_init(&requests->done, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&requests->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	rc = rte_ctrl_thread_create(&requests->thread, "weir-config", NULL, configuration_main, requests);
	if (rc != 0) {
		free(requests);
		errno = -rc;
		return NULL;
	}
	return requests;
}

void
weir_requests_stop(struct weir_requests *requests)
{
	(void)pthread_mutex_lock(&requests->mutex);
	requests->stop = true;
	(void)pthread_cond_signal(&requests->wake);
	(void)pthread_mutex_unlock(&requests->mutex);
	(void)pthread_join(requests->thread, NULL);
}

void
weir_requests_free(struct weir_requests *requests)
{
	if (requests == NULL)
		return;
	(void)pthread_cond_destroy(&requests->wake);
	(void)pthread_cond_destroy(&requests->done);
	(void)pthread_mutex_destroy(&requests->mutex);
	(void)pthread_mutex_destroy(&requests->stage.mutex);
	free(requests->stage.text);
	free(requests);
}

int
weir_requests_run(
    struct weir_requests *requests, const struct request *request, struct weir_outcome *outcome, struct weir_err *err)
{
	struct waiting self = {.request = request, .outcome = outcome, .err = err};

	(void)pthread_mutex_lock(&requests->mutex);
	if (requests->stop) {
		self.rc = weir_err(err, ESHUTDOWN, "", "weir is stopping");
		self.done = true;
	} else if (requests->n > REQUESTS_WAITING_MAX) {
		self.rc =
		    weir_err(err, EBUSY, "", "one request runs and %d wait already; try again", REQUESTS_WAITING_MAX);
		self.done = true;
	} else {
		*requests->last = &self;
		requests->last = &self.next;
		requests->n++;
		(void)pthread_cond_signal(&requests->wake);
	}
	while (!self.done)
		(void)pthread_cond_wait(&requests->done, &requests->mutex);
	(void)pthread_mutex_unlock(&requests->mutex);
	return self.rc;
}
