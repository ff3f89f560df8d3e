/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_FILE_PRIV_H
#define WEIR_FILE_PRIV_H

#include <stddef.h>

#include "weir_base.h"

/*
 * All of a regular file of at most WEIR_DOC_MAX_BYTES; *text is the caller's to free(). Returns 0, or -errno with err
 * (not NULL), whose message names the file.
 */
int file_read(const char *path, char **text, size_t *len, struct weir_err *err);

#endif
