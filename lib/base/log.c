/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

#include "weir_base.h"

/* One rte_log call a line, so that lines of several threads do not mix. */
WEIR_PRINTF(3, 0)
static void
vlog(uint32_t level, const char *label, const char *fmt, va_list ap)
{
	char line[1024];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	(void)rte_log(level, RTE_LOGTYPE_USER1, "weir: %s%s\n", label, line);
}

#define LOG_FUNCTION(name, level, label)                                                                             \
	void name(const char *fmt, ...)                                                                              \
	{                                                                                                            \
		va_list ap;                                                                                          \
                                                                                                                     \
		va_start(ap, fmt);                                                                                   \
		vlog(level, label, fmt, ap);                                                                         \
		va_end(ap);                                                                                          \
	}

LOG_FUNCTION(weir_log_error, RTE_LOG_ERR, "error: ")
LOG_FUNCTION(weir_log_warn, RTE_LOG_WARNING, "warning: ")
LOG_FUNCTION(weir_log_info, RTE_LOG_NOTICE, "")
