/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations on disk: a state folder of segments, each a snapshot (written beside, synced, renamed, folder
 * synced) and a journal of the patches since (records with length, version and checksum; appended and synced). After
 * a crash at any moment the folder yields the last acknowledged version or the one in flight, never a mix: a torn or
 * damaged record at a journal's end is cut off, damage in the middle is an error that names the file.
 *
 * The WEIR_STORE_VERSIONS versions before the newest can be had back. One thread; the folder is locked against a
 * second process. What is in a text is the user's affair: the store reads none of it.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "weir_base.h"

#define WEIR_STORE_VERSIONS 20

struct weir_store;

/* A whole document or a merge patch to apply to the one before; `text` is valid during the call only. Return 0 to go
 * on. */
typedef int (*weir_store_apply)(
    void *arg, int is_patch, const char *text, size_t len, uint64_t version, struct weir_err *err);

/*
 * Opens (makes) the folder and locks it. Returns NULL with err: EBUSY another process has it, EACCES, ENOSPC, ...,
 * the path in err->msg. `reset`: forget all versions that are there (moved aside into the subfolder "before-reset",
 * the last such one kept).
 */
struct weir_store *weir_store_open(const char *dir, bool reset, struct weir_err *err);
void weir_store_close(struct weir_store *store); /* NULL is fine */

/* The newest version on disk; 0 = none yet. */
uint64_t weir_store_version(const struct weir_store *store);

/* The oldest version that can still be had back. */
uint64_t weir_store_oldest(const struct weir_store *store);

/* Feeds the document of version `version` to `apply`: one snapshot, then its patches in order. Returns 0, -ENOENT,
 * -EIO with err, or what apply returned. */
int weir_store_replay(
    struct weir_store *store, uint64_t version, weir_store_apply apply, void *arg, struct weir_err *err);

/* A whole document becomes version weir_store_version() + 1: durable when this returns 0. -errno with err: nothing
 * has changed. */
int weir_store_snapshot(struct weir_store *store, const char *text, size_t len, struct weir_err *err);

/*
 * A patch becomes the next version, likewise; -EINVAL: there is no document yet. Starts a new segment by itself where
 * the journal has grown: for that it asks `document` (may be called) for the whole text of the newest version,
 * without this patch, which it free()s; NULL or a failure puts it off.
 *
 * -EIO "no more changes until a restart", here and from weir_store_snapshot(): something half-written could not be
 * taken back. The next weir_store_open() cuts it off.
 */
int weir_store_patch(struct weir_store *store, const char *text, size_t len,
    char *(*document)(void *arg, size_t *len), void *arg, struct weir_err *err);

#endif
