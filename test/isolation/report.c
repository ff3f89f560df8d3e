/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>

static struct check *add(struct report *report, double value, double bound, const char *unit, const char *fmt,
    va_list ap) WEIR_PRINTF(5, 0);

static struct check *
add(struct report *report, double value, double bound, const char *unit, const char *fmt, va_list ap)
{
	struct check *check = &report->checks[report->n_checks++];

	if (report->n_checks > CHECKS)
		abort();
	check->value = value;
	check->bound = bound;
	(void)snprintf(check->unit, sizeof(check->unit), "%s", unit);
	(void)vsnprintf(check->name, sizeof(check->name), fmt, ap);
	return check;
}

void
report_most(struct report *report, double value, double bound, const char *unit, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(report, value, bound, unit, fmt, ap)->pass = value <= bound;
	va_end(ap);
}

void
report_least(struct report *report, double value, double bound, const char *unit, const char *fmt, ...)
{
	struct check *check;
	va_list ap;

	va_start(ap, fmt);
	check = add(report, value, bound, unit, fmt, ap);
	va_end(ap);
	check->at_least = true;
	check->pass = value >= bound;
}

bool
report_passed(const struct report *report)
{
	for (uint32_t i = 0; i < report->n_checks; i++)
		if (!report->checks[i].pass)
			return false;
	return report->ended && report->n_checks > 0;
}

void
report_print(const struct report *report, const char *name)
{
	(void)printf("%s%s\n", name, report->ended ? "" : ": did not end");
	if (report->drops[0] != '\0')
		(void)printf("           drops:%s\n", report->drops);
	for (uint32_t i = 0; i < report->n_checks; i++) {
		const struct check *check = &report->checks[i];

		(void)printf("    %-6s %-72s %12.6g %s %.6g %s\n", check->pass ? "ok" : "FAILED", check->name,
		    check->value, check->at_least ? ">=" : "<=", check->bound, check->unit);
	}
}

void
report_json(FILE *out, const struct report *report, const char *name)
{
	(void)fprintf(out, "{\"scenario\":\"%s\",\"ended\":%s,\"simulated_s\":%.6g,\"checks\":[", name,
	    report->ended ? "true" : "false", report->simulated);
	for (uint32_t i = 0; i < report->n_checks; i++) {
		const struct check *check = &report->checks[i];

		(void)fprintf(out, "%s\n  {\"check\":\"%s\",\"value\":%.9g,\"%s\":%.9g,\"unit\":\"%s\",\"pass\":%s}",
		    i == 0 ? "" : ",", check->name, check->value, check->at_least ? "least" : "most", check->bound,
		    check->unit, check->pass ? "true" : "false");
	}
	(void)fputs("]}", out);
}
