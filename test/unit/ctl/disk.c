/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

struct disk disk;

#define FILES_MAX 64

/* What is durable of a file: what it held when it was last synced. */
static struct durable_file {
	ino_t ino;
	char *bytes;
	size_t len;
} files[FILES_MAX];
static size_t n_files;

/* What is durable of the folder: the names that it had when it was last synced. */
static struct durable_name {
	ino_t ino;
	char name[64];
} names[FILES_MAX];
static size_t n_names;

int __real_openat64(int dir_fd, const char *path, int flags, ...);
ssize_t __real_pwrite64(int fd, const void *data, size_t len, off_t offset);
int __real_ftruncate64(int fd, off_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *path, int flags);

int __wrap_openat64(int dir_fd, const char *path, int flags, unsigned int mode);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t len, off_t offset);
int __wrap_ftruncate64(int fd, off_t len);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlinkat(int fd, const char *path, int flags);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

static struct durable_file *
durable_of(ino_t ino)
{
	for (size_t i = 0; i < n_files; i++)
		if (files[i].ino == ino)
			return &files[i];
	return NULL;
}

/* Writes what a loss of power leaves. A file that was never synced is there by name only. */
static void
write_durable(void)
{
	for (size_t i = 0; i < n_names; i++) {
		const struct durable_file *file = durable_of(names[i].ino);
		char path[256];
		FILE *out;

		(void)snprintf(path, sizeof(path), "%s/%s", disk.lost_dir, names[i].name);
		out = fopen(path, "w");
		if (out == NULL)
			abort();
		if (file != NULL && file->len > 0)
			(void)fwrite(file->bytes, 1, file->len, out);
		(void)fclose(out);
	}
}

/* True if this call is to fail. */
static bool
fails(void)
{
	bool now = disk.armed && disk.calls++ == disk.at;

	if (!disk.armed || disk.fault == DISK_WORKS)
		return false;
	if (now && disk.fault == DISK_KILL)
		_exit(DISK_KILLED);
	if (now && disk.fault == DISK_POWER) {
		write_durable();
		_exit(DISK_KILLED);
	}
	errno = disk.errnum;
	return disk.fault == DISK_GONE ? disk.calls > disk.at : now;
}

/* `mode` is given with O_CREAT only, and read then only. */
int
__wrap_openat64(int dir_fd, const char *path, int flags, unsigned int mode)
{
	int fd;

	if ((flags & O_CREAT) == 0)
		return __real_openat64(dir_fd, path, flags);
	if (fails())
		return -1;
	fd = __real_openat64(dir_fd, path, flags, mode);
	/* While it is open, no other file gets its inode number. */
	if (disk.lost_dir != NULL && fd >= 0)
		(void)!dup(fd);
	return fd;
}

ssize_t
__wrap_pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	size_t part = len * disk.torn / 8;

	if (disk.armed && disk.calls == disk.at && disk.fault != DISK_WORKS && part > 0) {
		/* Torn: a first part gets through; an error is met by the write of the rest. */
		if (disk.fault == DISK_ERROR || disk.fault == DISK_GONE) {
			disk.torn = 0;
			return __real_pwrite64(fd, data, part, offset);
		}
		(void)!__real_pwrite64(fd, data, part, offset);
	}
	if (disk.shorts && len > 7)
		len = 7;
	return fails() ? -1 : __real_pwrite64(fd, data, len, offset);
}

int
__wrap_ftruncate64(int fd, off_t len)
{
	return fails() ? -1 : __real_ftruncate64(fd, len);
}

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return fails() ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int
__wrap_unlinkat(int fd, const char *path, int flags)
{
	return fails() ? -1 : __real_unlinkat(fd, path, flags);
}

static void
sync_names(void)
{
	DIR *dir = opendir(disk.dir);
	const struct dirent *entry;

	if (dir == NULL)
		abort();
	n_names = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_REG)
			continue;
		if (n_names == FILES_MAX)
			abort();
		names[n_names].ino = entry->d_ino;
		(void)snprintf(names[n_names++].name, sizeof(names[0].name), "%.63s", entry->d_name);
	}
	(void)closedir(dir);
}

static void
sync_file(int fd, const struct stat *st)
{
	struct durable_file *file = durable_of(st->st_ino);

	if (file == NULL) {
		if (n_files == FILES_MAX)
			abort();
		file = &files[n_files++];
		file->ino = st->st_ino;
	}
	file->len = (size_t)st->st_size;
	file->bytes = realloc(file->bytes, file->len + 1);
	if (file->bytes == NULL || pread(fd, file->bytes, file->len, 0) != (ssize_t)file->len)
		abort();
}

/* Nothing is really synced: that would only cost time. */
static int
sync_fd(int fd)
{
	struct stat st, watched;

	if (fails())
		return -1;
	if (disk.lost_dir == NULL)
		return 0;
	if (fstat(fd, &st) != 0 || stat(disk.dir, &watched) != 0)
		abort();
	if (S_ISREG(st.st_mode))
		sync_file(fd, &st);
	else if (st.st_ino == watched.st_ino)
		sync_names();
	return 0;
}

int
__wrap_fsync(int fd)
{
	return sync_fd(fd);
}

int
__wrap_fdatasync(int fd)
{
	return sync_fd(fd);
}
