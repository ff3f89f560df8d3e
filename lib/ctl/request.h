/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration thread: runs what changes something, one request at a time, for callers who wait; and each second
 * tries again to open what is configured but down. Also where documents too long for one request are put together.
 */
#ifndef WEIR_REQUEST_H
#define WEIR_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir_gateway.h"

#define REQUESTS_WAITING_MAX 3		   /* beside the one that runs */
#define STAGE_IDLE_NS (60 * WEIR_NS_PER_S) /* after which an unfinished document is dropped */

struct weir_requests;

/* Starts the thread. NULL with errno. The gateway outlives it. */
struct weir_requests *weir_requests_create(struct weir_gateway *gateway);
/* Waits for the request that runs, refuses those that wait and all later ones (ESHUTDOWN), ends the thread. */
void weir_requests_stop(struct weir_requests *requests);
/* NULL is fine; stopped, and nobody may be about to use it. */
void weir_requests_free(struct weir_requests *requests);

enum request_kind {
	REQUEST_LOAD,	   /* a whole document, `text` */
	REQUEST_LOAD_FILE, /* `text` is the path of its file */
	REQUEST_PATCH,
	REQUEST_ROLLBACK, /* `back` versions */
};

struct request {
	enum request_kind kind;
	bool check; /* only say what would be */
	const char *text;
	size_t len;
	uint32_t back;
};

/*
 * Has the request run and waits for it. Returns what the gateway said, or, without having run it, -EBUSY (others wait
 * already) or -ESHUTDOWN, with err. Any control thread.
 */
int weir_requests_run(struct weir_requests *requests, const struct request *request, struct weir_outcome *outcome,
    struct weir_err *err);

/* ---- documents in pieces; any control thread. `now`: the gateway's time ---- */

/* Opens a document for what `request` (kind LOAD or PATCH, without text) will do with it. 0 with *id; -EBUSY: another
 * is open. */
int weir_stage_begin(
    struct weir_requests *requests, const struct request *request, uint64_t now, uint64_t *id, struct weir_err *err);

/*
 * Appends at `offset`, which is the document's present size; what is there already may be sent again. 0 with the new
 * size; -ENOENT no such id; -EINVAL offset; -E2BIG over WEIR_DOC_MAX_BYTES; -ENOMEM.
 */
int weir_stage_put(struct weir_requests *requests, uint64_t id, uint64_t offset, const char *data, size_t len,
    uint64_t now, uint64_t *size, struct weir_err *err);

/*
 * Runs the request with the document and drops it, whatever comes out, except that after an -EBUSY of
 * weir_requests_run() it stays for another try. *check: whether it was a check.
 */
int weir_stage_commit(struct weir_requests *requests, uint64_t id, uint64_t now, struct weir_outcome *outcome,
    bool *check, struct weir_err *err);
int weir_stage_abort(struct weir_requests *requests, uint64_t id, struct weir_err *err);

#endif
