/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects by their keys, and the values that every kind of element has. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_priv.h"

#define FIELDS_MAX 32

int
weir_refuse(const struct weir_at *at, int errnum, const char *allowed, const cJSON *json)
{
	char buf[WEIR_JSON_BRIEF_SIZE];

	return weir_at_err(at, errnum, "must be %s, found %s", allowed, weir_json_brief(json, buf, sizeof(buf)));
}

/* Letters to insert, remove or replace to get from one word to another (Levenshtein), of words that are short. */
static uint32_t
distance(const char *a, const char *b)
{
	uint32_t row[WEIR_NAME_SIZE], n = (uint32_t)strlen(b);

	if (strlen(a) > WEIR_NAME_MAX || n > WEIR_NAME_MAX)
		return UINT32_MAX;
	for (uint32_t j = 0; j <= n; j++)
		row[j] = j;
	for (uint32_t i = 0; a[i] != '\0'; i++) {
		uint32_t corner = i;

		row[0] = i + 1;
		for (uint32_t j = 0; j < n; j++) {
			uint32_t best = corner + (a[i] != b[j] ? 1 : 0);

			corner = row[j + 1];
			best = best < corner + 1 ? best : corner + 1;
			row[j + 1] = best < row[j] + 1 ? best : row[j] + 1;
		}
	}
	return row[n];
}

static const char *
closest(const char *key, const struct weir_field *fields, size_t n)
{
	const char *best = NULL;
	uint32_t least = 3;

	for (size_t i = 0; i < n; i++) {
		uint32_t d = distance(key, fields[i].key);

		if (d < least && d < strlen(fields[i].key) && !fields[i].later) {
			least = d;
			best = fields[i].key;
		}
	}
	return best;
}

int
weir_find_field(const struct weir_at *at, const char *key, const struct weir_field *fields, size_t n, size_t *index)
{
	struct weir_at here = weir_at_key(at, key);
	const char *meant;

	for (*index = 0; *index < n; ++*index)
		if (strcmp(fields[*index].key, key) == 0)
			return fields[*index].later ? weir_at_err(&here, ENOTSUP, "not in this version") : 0;
	meant = closest(key, fields, n);
	if (meant != NULL)
		return weir_at_err(&here, EINVAL, "unknown key; did you mean \"%s\"?", meant);
	return weir_at_err(&here, EINVAL, "unknown key");
}

int
weir_read_object(const struct weir_at *at, const cJSON *json, const struct weir_field *fields, size_t n, void *out)
{
	const cJSON *values[FIELDS_MAX] = {NULL}, *item;
	size_t i;
	int rc;

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	cJSON_ArrayForEach (item, json) {
		rc = weir_find_field(at, item->string, fields, n, &i);
		if (rc != 0)
			return rc;
		values[i] = item;
	}
	for (i = 0; i < n; i++) {
		struct weir_at here = weir_at_key(at, fields[i].key);

		if (values[i] == NULL && fields[i].required)
			return weir_at_err(at, EINVAL, "\"%s\" is missing", fields[i].key);
		rc = values[i] != NULL ? fields[i].read(&here, values[i], out) : 0;
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
weir_check_name(const struct weir_at *at, const char *name)
{
	if (weir_name_ok(name))
		return 0;
	return weir_at_err(at, EINVAL, "a name is 1 to %d of A-Z a-z 0-9 _ -", WEIR_NAME_MAX);
}

int
weir_read_name(const struct weir_at *at, const cJSON *json, char name[WEIR_NAME_SIZE])
{
	if (!cJSON_IsString(json) || !weir_name_ok(json->valuestring))
		return weir_refuse(at, EINVAL, "a name", json);
	(void)snprintf(name, WEIR_NAME_SIZE, "%s", json->valuestring);
	return 0;
}

int
weir_read_uint(const struct weir_at *at, const cJSON *json, uint32_t min, uint32_t max, uint32_t *value)
{
	char allowed[64];

	(void)snprintf(allowed, sizeof(allowed), "a whole number from %u to %u", min, max);
	if (!cJSON_IsNumber(json) || trunc(json->valuedouble) != json->valuedouble)
		return weir_refuse(at, EINVAL, allowed, json);
	if (json->valuedouble < min || json->valuedouble > max)
		return weir_refuse(at, ERANGE, allowed, json);
	*value = (uint32_t)json->valuedouble;
	return 0;
}

int
weir_read_vlan(const struct weir_at *at, const cJSON *json, uint32_t *vlan)
{
	return weir_read_uint(at, json, 1, 4094, vlan);
}

int
weir_read_duration(
    const struct weir_at *at, const cJSON *json, uint64_t min, uint64_t max, const char *allowed, uint64_t *ns)
{
	int rc = cJSON_IsString(json) ? weir_duration_parse(json->valuestring, ns) : -EINVAL;

	if (rc == 0 && (*ns < min || *ns > max))
		rc = -ERANGE;
	return rc == 0 ? 0 : weir_refuse(at, -rc, allowed, json);
}

int
weir_read_mac(const struct weir_at *at, const cJSON *json, struct weir_mac *mac)
{
	static const struct weir_mac zero;

	if (!cJSON_IsString(json) || weir_mac_parse(json->valuestring, mac) != 0)
		return weir_refuse(at, EINVAL, "a MAC address such as \"02:00:00:00:00:01\"", json);
	if (weir_mac_is_group(mac) || weir_mac_equal(mac, &zero))
		return weir_refuse(at, EINVAL, "one station's MAC address: not multicast, not zero", json);
	return 0;
}

int
weir_read_array(const struct weir_at *at, const cJSON *json, uint32_t max, uint32_t *n)
{
	*n = 0;
	if (!cJSON_IsArray(json))
		return weir_refuse(at, EINVAL, "an array", json);
	*n = (uint32_t)cJSON_GetArraySize(json);
	if (*n > max)
		return weir_at_err(at, E2BIG, "%u entries: at most %u are allowed", *n, max);
	return 0;
}

int
weir_read_some(const struct weir_at *at, const cJSON *json, uint32_t max,
    int (*read)(const struct weir_at *at, const cJSON *json, void *out), void *out)
{
	uint32_t n, i = 0;
	const cJSON *item;
	int rc;

	if (!cJSON_IsArray(json))
		return read(at, json, out);
	rc = weir_read_array(at, json, max, &n);
	/* It could be meant as "any" or as "none". */
	if (rc == 0 && n == 0)
		rc = weir_at_err(at, EINVAL, "must not be empty; to match any, leave it out");
	if (rc != 0)
		return rc;
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, i++);

		rc = read(&here, item, out);
		if (rc != 0)
			return rc;
	}
	return 0;
}

void
weir_free_const(const void *memory)
{
	free((void *)(uintptr_t)memory);
}
