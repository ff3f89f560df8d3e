/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_priv.h"
#include "weir_model.h"

static int
file_error(struct weir_err *err, const char *path)
{
	return weir_err(err, errno, "", "%s: %s", path, strerror(errno));
}

/* All of an open regular file, which the caller free()s; NULL with err. */
static char *
read_all(int fd, const char *path, size_t *len, struct weir_err *err)
{
	struct stat st;
	char *text;
	ssize_t n = 1;

	if (fstat(fd, &st) != 0) {
		(void)file_error(err, path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)weir_err(err, EINVAL, "", "%s: not a regular file", path);
		return NULL;
	}
	if (st.st_size > (off_t)WEIR_DOC_MAX_BYTES) {
		(void)weir_err(err, E2BIG, "", "%s: larger than %u bytes", path, WEIR_DOC_MAX_BYTES);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL) {
		(void)weir_err(err, ENOMEM, "", "%s: no memory for it", path);
		return NULL;
	}
	for (*len = 0; n != 0 && *len<(size_t)st.st_size; *len += n> 0 ? (size_t)n : 0) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n < 0 && errno != EINTR) {
			(void)file_error(err, path);
			free(text);
			return NULL;
		}
	}
	return text;
}

int
file_read(const char *path, char **text, size_t *len, struct weir_err *err)
{
	/* O_NONBLOCK: a FIFO must not hold the thread up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return file_error(err, path);
	*text = read_all(fd, path, len, err);
	(void)close(fd);
	return *text != NULL ? 0 : -err->errnum;
}
