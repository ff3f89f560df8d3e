/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "weir_base.h"

#define BAR_MAX 40

char *
format_si(double value, char *buf)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P"};
	size_t i = 0;

	/* 999.5 would be rounded to "1000". */
	while (value >= 999.5 && i + 1 < WEIR_ARRAY_LEN(units)) {
		value /= 1000;
		i++;
	}
	if (i == 0)
		(void)snprintf(buf, FORMAT_SIZE, "%.0f", value);
	else
		(void)snprintf(buf, FORMAT_SIZE, "%.*f%s",
		    value < 9.995   ? 2
		    : value < 99.95 ? 1
				    : 0,
		    value, units[i]);
	return buf;
}

char *
format_limit(uint64_t bps, uint64_t pps, char *buf)
{
	char bits[32] = "", packets[32] = "";

	if (bps != 0)
		(void)weir_bps_format(bps, bits, sizeof(bits));
	if (pps != 0)
		(void)weir_pps_format(pps, packets, sizeof(packets));
	if (bps == 0 && pps == 0)
		(void)snprintf(buf, FORMAT_SIZE, "-");
	else
		(void)snprintf(buf, FORMAT_SIZE, "%s%s%s", bits, bps != 0 && pps != 0 ? " " : "", packets);
	return buf;
}

char *
format_age(uint64_t ns, char *buf)
{
	uint64_t s = ns / WEIR_NS_PER_S;

	if (ns < WEIR_NS_PER_MS)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "us", ns / WEIR_NS_PER_US);
	else if (ns < WEIR_NS_PER_S)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "ms", ns / WEIR_NS_PER_MS);
	else if (s < 60)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 ".%" PRIu64 "s", s, ns % WEIR_NS_PER_S / 100000000);
	else if (s < 3600)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		(void)snprintf(buf, FORMAT_SIZE, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	return buf;
}

char *
format_bar(double fraction, size_t width, char *buf)
{
	char bar[BAR_MAX + 1];
	size_t full;

	if (width > BAR_MAX)
		width = BAR_MAX;
	full = fraction >= 1 ? width : (size_t)(fraction * (double)width + 0.5);
	memset(bar, '#', full);
	memset(bar + full, '.', width - full);
	bar[width] = '\0';
	if (fraction < 9.995)
		(void)snprintf(buf, FORMAT_SIZE, "[%s] %3.0f%%", bar, fraction * 100);
	else
		(void)snprintf(buf, FORMAT_SIZE, "[%s] over", bar);
	return buf;
}
