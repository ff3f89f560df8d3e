/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "weir_base.h"

int
weir_err(struct weir_err *err, int errnum, const char *path, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->errnum != 0)
		return -errnum;
	err->errnum = errnum;
	(void)snprintf(err->path, sizeof(err->path), "%s", path);
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -errnum;
}
