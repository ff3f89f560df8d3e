/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_REQUEST_PRIV_H
#define WEIR_REQUEST_PRIV_H

#include <pthread.h>

#include "request.h"

/* A document that comes in pieces. */
struct stage {
	pthread_mutex_t mutex;
	bool open;
	bool running;  /* its commit is under way: the text stays as it is */
	uint64_t id;   /* of the one that is open, or was last */
	uint64_t used; /* when it was last written to (ns) */
	struct request request;
	char *text;
	size_t size, room;
};

/* A request whose caller waits. */
struct waiting {
	const struct request *request;
	struct weir_outcome *outcome;
	struct weir_err *err;
	int rc;
	bool done;
	struct waiting *next;
};

struct weir_requests {
	struct weir_gateway *gateway;
	pthread_t thread;
	pthread_mutex_t mutex; /* the queue */
	pthread_cond_t wake;   /* the thread */
	pthread_cond_t done;   /* callers */
	struct waiting *first, **last;
	uint32_t n; /* in the queue, the one that runs included */
	bool stop;
	struct stage stage;
};

/* Drops a document that nobody has written to for long. */
void weir_stage_expire(struct weir_requests *requests, uint64_t now);

#endif
