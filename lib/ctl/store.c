/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_priv.h"

/* Makes and locks the folder. */
static int
open_dir(struct weir_store *store, struct weir_err *err)
{
	bool made = mkdir(store->dir, 0700) == 0;
	int up;

	if (!made && errno != EEXIST)
		return weir_store_err(store, err, errno, "", "cannot make the folder");
	store->dir_fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0)
		return weir_store_err(store, err, errno, "", "cannot open the folder");
	if (flock(store->dir_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? weir_err(err, EBUSY, "", "%s: in use by another weir", store->dir)
					    : weir_store_err(store, err, errno, "", "cannot lock");
	if (made) {
		/* The folder's own name has to last too. */
		up = openat(store->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || fsync(up) != 0)
			return weir_store_err(store, err, errno, "", "cannot sync the folder above");
		(void)close(up);
	}
	return 0;
}

/* The segment that the version is in: the last that begins at or before it. */
static uint32_t
segment_of(const struct weir_store *store, uint64_t version)
{
	uint32_t i = store->n_segments - 1;

	while (i > 0 && store->segments[i] > version)
		i--;
	return i;
}

/* Forgets segments whose versions nobody can ask for any more. A file that stays is in nobody's way. */
static void
prune(struct weir_store *store)
{
	uint32_t n = segment_of(store, weir_store_oldest(store));
	char name[WEIR_STORE_NAME_SIZE];

	for (uint32_t i = 0; i < n; i++) {
		/* A document without its journal would be damage, a journal alone is swept up. */
		(void)unlinkat(store->dir_fd, weir_store_name(name, WEIR_STORE_CONFIG, store->segments[i]), 0);
		(void)unlinkat(store->dir_fd, weir_store_name(name, WEIR_STORE_JOURNAL, store->segments[i]), 0);
	}
	if (n > 0) {
		store->n_segments -= n;
		memmove(store->segments, store->segments + n, store->n_segments * sizeof(*store->segments));
	}
}

struct weir_store *
weir_store_open(const char *dir, bool reset, struct weir_err *err)
{
	struct weir_store *store = calloc(1, sizeof(*store));
	struct weir_err own = {0};
	int rc;

	if (store == NULL || (store->dir = strdup(dir)) == NULL) {
		(void)weir_err(err, ENOMEM, "", "%s: no memory", dir);
		free(store);
		return NULL;
	}
	store->dir_fd = store->journal_fd = -1;
	rc = open_dir(store, &own);
	if (rc == 0)
		rc = weir_store_list(store, &own);
	if (rc == 0 && reset)
		rc = weir_store_reset(store, &own);
	if (rc == 0 && store->n_segments > 0)
		rc = weir_journal_open(store, &own);
	if (rc != 0) {
		(void)weir_err(err, own.errnum, own.path, "%s", own.msg);
		weir_store_close(store);
		return NULL;
	}
	if (store->n_segments > 0)
		prune(store);
	return store;
}

void
weir_store_close(struct weir_store *store)
{
	if (store == NULL)
		return;
	if (store->journal_fd >= 0)
		(void)close(store->journal_fd);
	if (store->dir_fd >= 0)
		(void)close(store->dir_fd);
	free(store->segments);
	free(store->dir);
	free(store);
}

uint64_t
weir_store_version(const struct weir_store *store)
{
	return store->version;
}

uint64_t
weir_store_oldest(const struct weir_store *store)
{
	uint64_t back = store->version > WEIR_STORE_VERSIONS ? store->version - WEIR_STORE_VERSIONS : 0;

	if (store->n_segments == 0)
		return 0;
	return store->segments[0] > back ? store->segments[0] : back;
}

/* The document of a segment, checked against its journal's header; NULL with err. */
static char *
read_document(
    const struct weir_store *store, uint64_t segment, const struct weir_journal_header *header, struct weir_err *err)
{
	char name[WEIR_STORE_NAME_SIZE];
	size_t len;
	char *text = weir_store_read(store, weir_store_name(name, WEIR_STORE_CONFIG, segment), &len, err);

	if (text != NULL && (len != header->len || weir_journal_sum(text, len, segment) != header->sum)) {
		(void)weir_store_err(store, err, EIO, name, "damaged");
		free(text);
		return NULL;
	}
	return text;
}

/* The patches of a journal up to `version`. */
static int
replay_records(const char *bytes, uint64_t version, weir_store_apply apply, void *arg, struct weir_err *err)
{
	struct weir_journal_record record = {0};
	int rc = 0;

	bytes += sizeof(struct weir_journal_header);
	for (; rc == 0 && record.version < version; bytes += sizeof(record) + record.len) {
		memcpy(&record, bytes, sizeof(record));
		rc = apply(arg, 1, bytes + sizeof(record), record.len, record.version, err);
	}
	return rc;
}

static int
replay_segment(const struct weir_store *store, uint64_t segment, uint64_t version, weir_store_apply apply, void *arg,
    struct weir_err *err)
{
	struct weir_journal_header header;
	struct weir_journal_state state;
	char name[WEIR_STORE_NAME_SIZE], *text, *journal;
	size_t len;
	int rc;

	journal = weir_store_read(store, weir_store_name(name, WEIR_STORE_JOURNAL, segment), &len, err);
	if (journal == NULL)
		return -err->errnum;
	rc = weir_journal_scan(store, segment, journal, len, &header, &state, err);
	if (rc == 0 && state.version < version)
		rc = weir_store_err(store, err, EIO, name, "damaged at the end");
	if (rc == 0) {
		text = read_document(store, segment, &header, err);
		rc = text != NULL ? apply(arg, 0, text, header.len, segment, err) : -err->errnum;
		free(text);
	}
	if (rc == 0 && version > segment)
		rc = replay_records(journal, version, apply, arg, err);
	free(journal);
	return rc;
}

int
weir_store_replay(struct weir_store *store, uint64_t version, weir_store_apply apply, void *arg, struct weir_err *err)
{
	struct weir_err own = {0};
	int rc;

	if (version == 0 || version > store->version || version < weir_store_oldest(store))
		return weir_err(
		    err, ENOENT, "", "%s: there is no version %llu", store->dir, (unsigned long long)version);
	rc = replay_segment(store, store->segments[segment_of(store, version)], version, apply, arg, &own);
	if (own.errnum != 0)
		(void)weir_err(err, own.errnum, own.path, "%s", own.msg);
	return rc;
}

static int
refuse_broken(const struct weir_store *store, struct weir_err *err)
{
	return weir_err(err, EIO, "",
	    "%s: an earlier failure could not be taken back; no more changes until a restart", store->dir);
}

/* Makes a file of the folder with these bytes, synced. Returns its descriptor or -errno with err. */
static int
write_file(const struct weir_store *store, const char *name, const void *bytes, size_t len, struct weir_err *err)
{
	int fd = openat(store->dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return weir_store_err(store, err, errno, name, "cannot make");
	rc = weir_store_write(fd, bytes, len, 0);
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	(void)close(fd);
	return weir_store_err(store, err, -rc, name, "cannot write");
}

/* Writes the files of a segment, the document still beside its name. Returns the journal's descriptor or -errno. */
static int
write_segment(const struct weir_store *store, uint64_t version, const char *text, size_t len, struct weir_err *err)
{
	struct weir_journal_header header = weir_journal_header(version, text, len);
	char name[WEIR_STORE_NAME_SIZE];
	int fd, rc;

	fd = write_file(store, weir_store_name(name, WEIR_STORE_CONFIG_TMP, version), text, len, err);
	if (fd < 0)
		return fd;
	(void)close(fd);
	fd = write_file(store, weir_store_name(name, WEIR_STORE_JOURNAL, version), &header, sizeof(header), err);
	if (fd < 0)
		return fd;
	rc = weir_store_sync_dir(store, err);
	if (rc != 0) {
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* Gives the document its name: from here on the segment is there. */
static int
publish_segment(struct weir_store *store, uint64_t version, struct weir_err *err)
{
	char tmp[WEIR_STORE_NAME_SIZE], name[WEIR_STORE_NAME_SIZE];
	int rc;

	(void)weir_store_name(tmp, WEIR_STORE_CONFIG_TMP, version);
	(void)weir_store_name(name, WEIR_STORE_CONFIG, version);
	if (renameat(store->dir_fd, tmp, store->dir_fd, name) != 0)
		return weir_store_err(store, err, errno, name, "cannot rename");
	rc = weir_store_sync_dir(store, err);
	if (rc != 0 && (unlinkat(store->dir_fd, name, 0) != 0 || fsync(store->dir_fd) != 0))
		store->broken = true;
	return rc;
}

/* A new segment from `version` on. On failure the one before goes on. */
static int
begin_segment(struct weir_store *store, uint64_t version, const char *text, size_t len, struct weir_err *err)
{
	uint64_t *segments = realloc(store->segments, (store->n_segments + 1) * sizeof(*segments));
	char name[WEIR_STORE_NAME_SIZE];
	int fd, rc;

	if (segments == NULL)
		return weir_store_err(store, err, ENOMEM, "", "cannot begin a segment");
	store->segments = segments;
	fd = write_segment(store, version, text, len, err);
	rc = fd >= 0 ? publish_segment(store, version, err) : fd;
	if (rc != 0) {
		/* Without a document these are nothing, and go at the next start at the latest. */
		(void)unlinkat(store->dir_fd, weir_store_name(name, WEIR_STORE_CONFIG_TMP, version), 0);
		(void)unlinkat(store->dir_fd, weir_store_name(name, WEIR_STORE_JOURNAL, version), 0);
		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	if (store->journal_fd >= 0)
		(void)close(store->journal_fd);
	store->journal_fd = fd;
	store->journal = (struct weir_journal_state){.version = version, .len = sizeof(struct weir_journal_header)};
	store->segments[store->n_segments++] = version;
	return 0;
}

int
weir_store_snapshot(struct weir_store *store, const char *text, size_t len, struct weir_err *err)
{
	int rc = store->broken ? refuse_broken(store, err) : begin_segment(store, store->version + 1, text, len, err);

	if (rc != 0)
		return rc;
	store->version++;
	prune(store);
	return 0;
}

/* Keeps journals short. Not to succeed is no fault: the journal just grows on. */
static void
renew_segment(struct weir_store *store, char *(*document)(void *arg, size_t *len), void *arg)
{
	size_t len;
	char *text;

	if (store->journal.records < WEIR_JOURNAL_RECORDS && store->journal.len < WEIR_JOURNAL_BYTES)
		return;
	text = document(arg, &len);
	if (text != NULL)
		(void)begin_segment(store, store->version, text, len, NULL);
	free(text);
}

int
weir_store_patch(struct weir_store *store, const char *text, size_t len, char *(*document)(void *arg, size_t *len),
    void *arg, struct weir_err *err)
{
	int rc;

	if (store->n_segments == 0)
		return weir_err(err, EINVAL, "", "%s: there is no configuration to patch yet", store->dir);
	if (!store->broken)
		renew_segment(store, document, arg);
	rc = store->broken ? refuse_broken(store, err) : weir_journal_append(store, text, len, err);
	if (rc == 0)
		prune(store);
	return rc;
}
