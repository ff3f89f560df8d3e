/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of a trace. */
#include <stdarg.h>
#include <stdio.h>

#include <rte_common.h>

#include "trace_priv.h"

void
trace_step(struct tracer *tracer, const char *element, enum weir_reason reason, const char *fmt, ...)
{
	struct weir_view_trace *trace = tracer->trace;
	struct weir_view_step *step = &trace->step[trace->n];
	size_t len;
	va_list ap;
	int n;

	if (trace->n == WEIR_TRACE_STEPS_MAX) {
		trace->cut = true;
		return;
	}
	trace->n++;
	(void)snprintf(step->element, sizeof(step->element), "%s", element);
	va_start(ap, fmt);
	n = vsnprintf(step->what, sizeof(step->what), fmt, ap);
	va_end(ap);
	len = n > 0 ? RTE_MIN((size_t)n, sizeof(step->what) - 1) : 0;
	if (reason != WEIR_OK)
		(void)snprintf(
		    step->what + len, sizeof(step->what) - len, ": dropped as %s", weir_reason_name(reason));
}

void
trace_result(struct tracer *tracer, enum weir_reason reason, const char *fmt, ...)
{
	va_list ap;

	tracer->trace->reason = reason;
	va_start(ap, fmt);
	if (vsnprintf(tracer->trace->result, sizeof(tracer->trace->result), fmt, ap) < 0)
		tracer->trace->result[0] = '\0';
	va_end(ap);
}
