/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of the state folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_priv.h"

#define BEFORE_RESET "before-reset"

int
weir_store_err(const struct weir_store *store, struct weir_err *err, int errnum, const char *file, const char *what)
{
	return weir_err(
	    err, errnum, "", "%s%s%s: %s: %s", store->dir, *file != '\0' ? "/" : "", file, what, strerror(errnum));
}

char *
weir_store_name(char buf[WEIR_STORE_NAME_SIZE], enum weir_store_file file, uint64_t version)
{
	(void)snprintf(buf, WEIR_STORE_NAME_SIZE, "%s-%" PRIu64 "%s",
	    file == WEIR_STORE_JOURNAL ? "journal" : "config", version,
	    file == WEIR_STORE_JOURNAL	? ".log"
	    : file == WEIR_STORE_CONFIG ? ".json"
					: ".json.tmp");
	return buf;
}

int
weir_store_write(int fd, const void *data, size_t len, size_t offset)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		offset += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_all(int fd, char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

char *
weir_store_read(const struct weir_store *store, const char *file, size_t *len, struct weir_err *err)
{
	int fd = openat(store->dir_fd, file, O_RDONLY | O_CLOEXEC), rc = 0;
	char *buf = NULL;
	struct stat st;

	if (fd < 0) {
		(void)weir_store_err(store, err, errno, file, "cannot open");
		return NULL;
	}
	if (fstat(fd, &st) != 0) {
		rc = -errno;
	} else {
		*len = (size_t)st.st_size;
		buf = malloc(*len + 1);
		rc = buf != NULL ? read_all(fd, buf, *len) : -ENOMEM;
	}
	(void)close(fd);
	if (rc != 0) {
		free(buf);
		(void)weir_store_err(store, err, -rc, file, "cannot read");
		return NULL;
	}
	return buf;
}

int
weir_store_sync_dir(const struct weir_store *store, struct weir_err *err)
{
	return fsync(store->dir_fd) == 0 ? 0 : weir_store_err(store, err, errno, "", "cannot sync");
}

/* True if `name` is that of such a file of some version. */
static bool
matches(const char *name, enum weir_store_file file, uint64_t *version)
{
	char again[WEIR_STORE_NAME_SIZE];
	const char *digits = strchr(name, '-');

	if (digits == NULL)
		return false;
	*version = strtoull(digits + 1, NULL, 10);
	return strcmp(weir_store_name(again, file, *version), name) == 0;
}

static int
add_segment(struct weir_store *store, uint64_t version)
{
	uint64_t *bigger = realloc(store->segments, (store->n_segments + 1) * sizeof(*bigger));

	if (bigger == NULL)
		return -ENOMEM;
	store->segments = bigger;
	store->segments[store->n_segments++] = version;
	return 0;
}

static int
compare_versions(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
has_segment(const struct weir_store *store, uint64_t version)
{
	return store->n_segments > 0 &&
	       bsearch(&version, store->segments, store->n_segments, sizeof(version), compare_versions) != NULL;
}

static DIR *
open_folder(const struct weir_store *store, struct weir_err *err)
{
	int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

	if (folder == NULL) {
		(void)weir_store_err(store, err, errno, "", "cannot list");
		if (fd >= 0)
			(void)close(fd);
	}
	return folder;
}

int
weir_store_list(struct weir_store *store, struct weir_err *err)
{
	DIR *folder = open_folder(store, err);
	const struct dirent *entry;
	uint64_t version;
	int rc = 0;

	if (folder == NULL)
		return -err->errnum;
	while (rc == 0 && (entry = readdir(folder)) != NULL)
		if (matches(entry->d_name, WEIR_STORE_CONFIG, &version))
			rc = add_segment(store, version);
	if (rc != 0) {
		(void)closedir(folder);
		return weir_store_err(store, err, -rc, "", "cannot list");
	}
	if (store->n_segments > 0)
		qsort(store->segments, store->n_segments, sizeof(version), compare_versions);
	rewinddir(folder);
	while ((entry = readdir(folder)) != NULL)
		if (matches(entry->d_name, WEIR_STORE_CONFIG_TMP, &version) ||
		    (matches(entry->d_name, WEIR_STORE_JOURNAL, &version) && !has_segment(store, version)))
			(void)unlinkat(store->dir_fd, entry->d_name, 0);
	(void)closedir(folder);
	return 0;
}

static int
clear_folder(const struct weir_store *store, const char *name)
{
	int fd = openat(store->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (folder == NULL) {
		int rc = -errno;

		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(fd, entry->d_name, 0);
	(void)closedir(folder);
	return 0;
}

static int
move_aside(const struct weir_store *store, enum weir_store_file file, uint64_t version)
{
	char from[WEIR_STORE_NAME_SIZE], to[WEIR_STORE_NAME_SIZE + sizeof(BEFORE_RESET)];

	(void)weir_store_name(from, file, version);
	(void)snprintf(to, sizeof(to), BEFORE_RESET "/%s", from);
	return renameat(store->dir_fd, from, store->dir_fd, to) == 0 || errno == ENOENT ? 0 : -errno;
}

/* The oldest first, a document before its journal: interrupted anywhere, what is left is whole. */
int
weir_store_reset(struct weir_store *store, struct weir_err *err)
{
	int rc = 0;

	if (store->n_segments == 0)
		return 0;
	if (mkdirat(store->dir_fd, BEFORE_RESET, 0700) != 0)
		rc = errno == EEXIST ? clear_folder(store, BEFORE_RESET) : -errno;
	for (uint32_t i = 0; i < store->n_segments && rc == 0; i++) {
		rc = move_aside(store, WEIR_STORE_CONFIG, store->segments[i]);
		if (rc == 0)
			rc = move_aside(store, WEIR_STORE_JOURNAL, store->segments[i]);
	}
	if (rc != 0)
		return weir_store_err(store, err, -rc, BEFORE_RESET, "cannot move the versions aside");
	store->n_segments = 0;
	return weir_store_sync_dir(store, err);
}
