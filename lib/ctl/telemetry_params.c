/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "telemetry_priv.h"

/* Whole numbers up to here are exact in JSON. */
#define NUMBER_MAX ((uint64_t)1 << 53)

bool
params_is_json(const char *params)
{
	return params[0] == '{';
}

int
params_none(const char *params, struct weir_err *err)
{
	return params[0] == '\0' ? 0 : weir_err(err, EINVAL, "", "this command takes no parameters");
}

int
params_number(const char *word, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (*word == '\0')
		return -EINVAL;
	for (; *word != '\0'; word++) {
		if (*word < '0' || *word > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(*word - '0');
		if (value > max)
			return -ERANGE;
	}
	*number = value;
	return 0;
}

/* cJSON ends a string at an escaped NUL; a backslash takes the next character with it. */
static bool
has_nul(const char *json)
{
	for (; *json != '\0'; json++) {
		if (*json != '\\')
			continue;
		if (strncmp(json, "\\u0000", 6) == 0)
			return true;
		if (*++json == '\0')
			break;
	}
	return false;
}

static bool
is_whole(const cJSON *value)
{
	return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= (double)NUMBER_MAX &&
	       value->valuedouble == (double)(uint64_t)value->valuedouble;
}

static int
take_member(const cJSON *member, struct param list[], uint32_t n, struct weir_err *err)
{
	struct param *param = list;
	char path[64];

	(void)snprintf(path, sizeof(path), "/%s", member->string);
	while (param < list + n && strcmp(param->name, member->string) != 0)
		param++;
	if (param == list + n)
		return weir_err(err, EINVAL, path, "unknown member");
	if (param->given)
		return weir_err(err, EEXIST, path, "given twice");
	param->given = true;
	if (param->is_text && cJSON_IsString(member)) {
		/* It came in a request, so that it is shorter than one. */
		(void)snprintf(param->text, sizeof(param->text), "%s", member->valuestring);
		return 0;
	}
	if (!param->is_text && is_whole(member)) {
		param->number = (uint64_t)member->valuedouble;
		return 0;
	}
	return weir_err(
	    err, EINVAL, path, "%s", param->is_text ? "must be a string" : "must be a whole number up to 2^53");
}

int
params_read(const char *params, struct param list[], uint32_t n, struct weir_err *err)
{
	cJSON *json = has_nul(params) ? NULL : cJSON_ParseWithOpts(params, NULL, true);
	const cJSON *member;
	int rc = 0;

	if (!cJSON_IsObject(json))
		rc = weir_err(err, EINVAL, "", "the parameters are not a JSON object");
	for (member = json != NULL ? json->child : NULL; rc == 0 && member != NULL; member = member->next)
		rc = take_member(member, list, n, err);
	cJSON_Delete(json);
	return rc;
}

int
params_name(const char *params, const char *what, struct weir_err *err)
{
	if (params[0] == '\0')
		return weir_err(err, EINVAL, "", "which %s? Its name goes behind a comma", what);
	if (!weir_name_ok(params))
		return weir_err(err, EINVAL, "", "'%s' is not the name of a %s", params, what);
	return 0;
}

int
params_names(const char *params, const char *what, char tenant[WEIR_NAME_SIZE], char name[WEIR_NAME_SIZE],
    struct weir_err *err)
{
	const char *slash = strchr(params, '/');
	size_t len = slash != NULL ? (size_t)(slash - params) : 0;

	if (params[0] == '\0')
		return weir_err(err, EINVAL, "", "which %s? TENANT/NAME goes behind a comma", what);
	if (slash == NULL || len > WEIR_NAME_MAX || !weir_name_ok(slash + 1))
		return weir_err(err, EINVAL, "", "'%s' does not name a %s: TENANT/NAME", params, what);
	(void)snprintf(tenant, WEIR_NAME_SIZE, "%.*s", (int)len, params);
	(void)snprintf(name, WEIR_NAME_SIZE, "%s", slash + 1);
	if (!weir_name_ok(tenant))
		return weir_err(err, EINVAL, "", "'%s' does not name a %s: TENANT/NAME", params, what);
	return 0;
}

int
params_page(const char *params, bool with_tenant, bool with_last, struct page *page, struct weir_err *err)
{
	struct param list[] = {{.name = "cursor"}, {.name = "tenant", .is_text = true}, {.name = "last"}};
	const char *tenant = params;
	int rc;

	*page = (struct page){0};
	if (params[0] == '\0')
		return 0;
	if (params_is_json(params)) {
		rc = params_read(params, list, with_last ? 3 : with_tenant ? 2 : 1, err);
		if (rc != 0)
			return rc;
		page->cursor = list[0].number;
		page->last = list[2].number;
		if (!list[1].given)
			return 0;
		tenant = list[1].text;
	} else if (!with_tenant) {
		return weir_err(err, EINVAL, "", "this listing takes {\"cursor\":N} or nothing");
	}
	rc = params_name(tenant, "tenant", err);
	if (rc != 0)
		return rc;
	(void)snprintf(page->name, sizeof(page->name), "%.*s", WEIR_NAME_MAX, tenant);
	page->tenant = page->name;
	return 0;
}
