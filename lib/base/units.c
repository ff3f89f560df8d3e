/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir_base.h"

struct unit {
	const char *name;
	uint64_t scale;
};

static const struct unit bit_units[] = {
    {"Tbps", UINT64_C(1000000000000)}, {"Gbps", 1000000000}, {"Mbps", 1000000}, {"kbps", 1000}, {"bps", 1}};
static const struct unit packet_units[] = {{"Mpps", 1000000}, {"kpps", 1000}, {"pps", 1}};
static const struct unit time_units[] = {{"h", 3600 * WEIR_NS_PER_S}, {"m", 60 * WEIR_NS_PER_S}, {"s", WEIR_NS_PER_S},
    {"ms", WEIR_NS_PER_MS}, {"us", WEIR_NS_PER_US}, {"ns", 1}};
static const struct unit byte_units[] = {{"GB", 1000000000}, {"MB", 1000000}, {"kB", 1000}, {"B", 1}};
static const struct unit share_units[] = {{"%", 10}};

static const struct unit *
find_unit(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/*
 * "12.5" -> 125, *decimals 1; *end is where the unit starts. At most 18 digits, so that nothing overflows.
 * A plain parser and not strtod(): the value has to be exact, and "1e3", "0x10", "inf" and " 1" are typing errors.
 */
static int
parse_decimal(const char *text, uint64_t *digits, unsigned int *decimals, const char **end)
{
	unsigned int n = 0;
	bool point = false;

	*digits = 0;
	*decimals = 0;
	for (; isdigit((unsigned char)*text) || (*text == '.' && !point && n > 0); text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (++n > 18)
			return -ERANGE;
		*digits = *digits * 10 + (uint64_t)(*text - '0');
		*decimals += point ? 1 : 0;
	}
	if (n == 0 || (point && *decimals == 0))
		return -EINVAL;
	*end = text;
	return 0;
}

/* digits / 10^decimals * scale, exactly. */
static int
scale_decimal(uint64_t digits, unsigned int decimals, uint64_t scale, uint64_t *value)
{
	__extension__ unsigned __int128 v = (unsigned __int128)digits * scale;

	for (; decimals > 0; decimals--) {
		if (v % 10 != 0)
			return -EINVAL;
		v /= 10;
	}
	if (v > UINT64_MAX)
		return -ERANGE;
	*value = (uint64_t)v;
	return 0;
}

int
weir_rate_parse(const char *text, struct weir_rate *rate)
{
	const struct unit *bits, *packets;
	uint64_t digits, value;
	unsigned int decimals;
	const char *end;
	int rc = parse_decimal(text, &digits, &decimals, &end);

	if (rc != 0)
		return rc;
	bits = find_unit(bit_units, WEIR_ARRAY_LEN(bit_units), end);
	packets = find_unit(packet_units, WEIR_ARRAY_LEN(packet_units), end);
	if (bits == NULL && packets == NULL)
		return -EINVAL;
	rc = scale_decimal(digits, decimals, bits != NULL ? bits->scale : packets->scale, &value);
	if (rc != 0)
		return rc;
	if (bits != NULL) {
		if (value < WEIR_BPS_MIN || value > WEIR_BPS_MAX)
			return -ERANGE;
		rate->bps = value;
	} else {
		if (value < WEIR_PPS_MIN || value > WEIR_PPS_MAX)
			return -ERANGE;
		rate->pps = value;
	}
	return 0;
}

/* A number with one of `units`, as a whole number of the smallest. */
static int
parse_unit(const char *text, const struct unit *units, size_t n, uint64_t *value)
{
	const struct unit *unit;
	uint64_t digits;
	unsigned int decimals;
	const char *end;
	int rc = parse_decimal(text, &digits, &decimals, &end);

	if (rc != 0)
		return rc;
	unit = find_unit(units, n, end);
	return unit != NULL ? scale_decimal(digits, decimals, unit->scale, value) : -EINVAL;
}

int
weir_duration_parse(const char *text, uint64_t *ns)
{
	uint64_t value;
	int rc = parse_unit(text, time_units, WEIR_ARRAY_LEN(time_units), &value);

	if (rc != 0)
		return rc;
	if (value > 365 * 24 * 3600 * WEIR_NS_PER_S)
		return -ERANGE;
	*ns = value;
	return 0;
}

int
weir_bytes_parse(const char *text, uint64_t *bytes)
{
	return parse_unit(text, byte_units, WEIR_ARRAY_LEN(byte_units), bytes);
}

int
weir_share_parse(const char *text, uint32_t *thousandths)
{
	uint64_t value;
	int rc = parse_unit(text, share_units, WEIR_ARRAY_LEN(share_units), &value);

	if (rc != 0)
		return rc;
	if (value > 1000)
		return -ERANGE;
	*thousandths = (uint32_t)value;
	return 0;
}

/* The largest unit that leaves at most three decimals. */
static char *
format_unit(uint64_t value, const struct unit *units, size_t n, char *buf, size_t size)
{
	const struct unit *unit = &units[n - 1];
	uint64_t fraction;
	int width;

	for (size_t i = 0; i < n; i++) {
		if (value >= units[i].scale && value % (units[i].scale >= 1000 ? units[i].scale / 1000 : 1) == 0) {
			unit = &units[i];
			break;
		}
	}
	fraction = value % unit->scale;
	if (fraction == 0) {
		(void)snprintf(buf, size, "%" PRIu64 "%s", value / unit->scale, unit->name);
		return buf;
	}
	fraction /= unit->scale / 1000;
	for (width = 3; fraction % 10 == 0; width--)
		fraction /= 10;
	(void)snprintf(buf, size, "%" PRIu64 ".%0*" PRIu64 "%s", value / unit->scale, width, fraction, unit->name);
	return buf;
}

char *
weir_bps_format(uint64_t bps, char *buf, size_t size)
{
	return format_unit(bps, bit_units, WEIR_ARRAY_LEN(bit_units), buf, size);
}

char *
weir_pps_format(uint64_t pps, char *buf, size_t size)
{
	return format_unit(pps, packet_units, WEIR_ARRAY_LEN(packet_units), buf, size);
}

bool
weir_name_ok(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return len >= 1 && len <= WEIR_NAME_MAX && name[len] == '\0';
}
