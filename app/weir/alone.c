/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alone.h"

#define PATH_SIZE 512

/* The folder in which EAL will put its own files, made as EAL makes it. */
static int
make_dir(const char *prefix, char dir[PATH_SIZE])
{
	const char *base = getenv("RUNTIME_DIRECTORY");
	int len;

	if (base == NULL && getuid() == 0)
		base = "/var/run";
	if (base == NULL)
		base = getenv("XDG_RUNTIME_DIR");
	if (base == NULL)
		base = "/tmp";
	len = snprintf(dir, PATH_SIZE, "%s/dpdk", base);
	if (len < 0 || len >= PATH_SIZE || (mkdir(dir, 0700) != 0 && errno != EEXIST))
		return -1;
	len = snprintf(dir, PATH_SIZE, "%s/dpdk/%s", base, prefix);
	return len < 0 || len >= PATH_SIZE || (mkdir(dir, 0700) != 0 && errno != EEXIST) ? -1 : 0;
}

static void
say_taken(int fd, const char *prefix)
{
	char pid[32] = "";

	(void)!read(fd, pid, sizeof(pid) - 1);
	pid[strcspn(pid, "\n")] = '\0';
	(void)fprintf(stderr,
	    "weir: process %s runs with file prefix '%s' already; choose another by --file-prefix\n", pid, prefix);
}

int
alone(const char *prefix)
{
	char dir[PATH_SIZE], path[PATH_SIZE + 16], pid[32];
	int fd = -1;

	if (make_dir(prefix, dir) == 0) {
		(void)snprintf(path, sizeof(path), "%s/weir.lock", dir);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (fd < 0) {
		(void)fprintf(stderr, "weir: %s: %s\n", dir, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		say_taken(fd, prefix);
		(void)close(fd);
		return -1;
	}
	(void)snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	(void)!ftruncate(fd, 0);
	(void)!write(fd, pid, strlen(pid));
	/* The descriptor stays open: it is the lock. */
	return 0;
}
