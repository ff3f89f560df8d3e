/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "request_priv.h"
#include "weir_model.h"

#define STAGE_ROOM_MIN 65536

static void
drop(struct stage *stage)
{
	free(stage->text);
	stage->text = NULL;
	stage->size = stage->room = 0;
	stage->open = false;
}

static void
drop_if_idle(struct stage *stage, uint64_t now)
{
	if (stage->open && !stage->running && now >= stage->used + STAGE_IDLE_NS)
		drop(stage);
}

/* The open document with this id; -ENOENT or -EBUSY. The stage's mutex is held. */
static int
find(const struct stage *stage, uint64_t id, struct weir_err *err)
{
	if (!stage->open || stage->id != id)
		return weir_err(err, ENOENT, "/id", "no document is open under this id");
	if (stage->running)
		return weir_err(err, EBUSY, "/id", "this document is being committed");
	return 0;
}

int
weir_stage_begin(
    struct weir_requests *requests, const struct request *request, uint64_t now, uint64_t *id, struct weir_err *err)
{
	struct stage *stage = &requests->stage;
	int rc = 0;

	(void)pthread_mutex_lock(&stage->mutex);
	drop_if_idle(stage, now);
	if (stage->open) {
		rc = weir_err(err, EBUSY, "", "another document is open; it is dropped after %" PRIu64 " s idle",
		    STAGE_IDLE_NS / WEIR_NS_PER_S);
	} else {
		stage->open = true;
		stage->request = *request;
		stage->used = now;
		*id = ++stage->id;
	}
	(void)pthread_mutex_unlock(&stage->mutex);
	return rc;
}

/* Room for `size` bytes in all. */
static int
grow(struct stage *stage, size_t size, struct weir_err *err)
{
	size_t room = stage->room != 0 ? stage->room : STAGE_ROOM_MIN;
	char *text;

	if (size > WEIR_DOC_MAX_BYTES)
		return weir_err(err, E2BIG, "/data", "a document has at most %u bytes", WEIR_DOC_MAX_BYTES);
	if (size <= stage->room)
		return 0;
	while (room < size)
		room *= 2;
	text = realloc(stage->text, room);
	if (text == NULL)
		return weir_err(err, ENOMEM, "", "no memory for the document");
	stage->text = text;
	stage->room = room;
	return 0;
}

static int
append(struct stage *stage, uint64_t offset, const char *data, size_t len, struct weir_err *err)
{
	bool again = offset < stage->size && len <= stage->size - offset;
	int rc;

	/* A client that missed the answer sends the same piece again. */
	if (again && memcmp(stage->text + offset, data, len) == 0)
		return 0;
	if (offset != stage->size)
		return weir_err(err, EINVAL, "/offset", "the document goes on at offset %zu", stage->size);
	rc = grow(stage, stage->size + len, err);
	if (rc != 0)
		return rc;
	if (len > 0)
		memcpy(stage->text + stage->size, data, len);
	stage->size += len;
	return 0;
}

int
weir_stage_put(struct weir_requests *requests, uint64_t id, uint64_t offset, const char *data, size_t len,
    uint64_t now, uint64_t *size, struct weir_err *err)
{
	struct stage *stage = &requests->stage;
	int rc;

	(void)pthread_mutex_lock(&stage->mutex);
	rc = find(stage, id, err);
	if (rc == 0)
		rc = append(stage, offset, data, len, err);
	if (rc == 0) {
		stage->used = now;
		*size = stage->size;
	}
	(void)pthread_mutex_unlock(&stage->mutex);
	return rc;
}

int
weir_stage_commit(struct weir_requests *requests, uint64_t id, uint64_t now, struct weir_outcome *outcome,
    bool *check, struct weir_err *err)
{
	struct stage *stage = &requests->stage;
	struct request request;
	int rc;

	(void)pthread_mutex_lock(&stage->mutex);
	rc = find(stage, id, err);
	if (rc == 0) {
		stage->running = true;
		request = stage->request;
		request.text = stage->text != NULL ? stage->text : "";
		request.len = stage->size;
	}
	(void)pthread_mutex_unlock(&stage->mutex);
	if (rc != 0)
		return rc;
	*check = request.check;
	rc = weir_requests_run(requests, &request, outcome, err);
	(void)pthread_mutex_lock(&stage->mutex);
	stage->running = false;
	stage->used = now;
	if (rc != -EBUSY)
		drop(stage);
	(void)pthread_mutex_unlock(&stage->mutex);
	return rc;
}

int
weir_stage_abort(struct weir_requests *requests, uint64_t id, struct weir_err *err)
{
	struct stage *stage = &requests->stage;
	int rc;

	(void)pthread_mutex_lock(&stage->mutex);
	rc = find(stage, id, err);
	if (rc == 0)
		drop(stage);
	(void)pthread_mutex_unlock(&stage->mutex);
	return rc;
}

void
weir_stage_expire(struct weir_requests *requests, uint64_t now)
{
	struct stage *stage = &requests->stage;

	(void)pthread_mutex_lock(&stage->mutex);
	drop_if_idle(stage, now);
	(void)pthread_mutex_unlock(&stage->mutex);
}
