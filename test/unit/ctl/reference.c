/* SPDX-License-Identifier: BSD-3-Clause */
#include "reference.h"

cJSON *
reference_merge(const cJSON *target, const cJSON *patch)
{
	cJSON *result;
	const cJSON *member;

	if (!cJSON_IsObject(patch))
		return cJSON_Duplicate(patch, 1);
	result = cJSON_IsObject(target) ? cJSON_Duplicate(target, 1) : cJSON_CreateObject();
	cJSON_ArrayForEach (member, patch) {
		const cJSON *old = cJSON_GetObjectItemCaseSensitive(result, member->string);

		if (cJSON_IsNull(member)) {
			cJSON_DeleteItemFromObjectCaseSensitive(result, member->string);
			continue;
		}
		if (old != NULL)
			cJSON_ReplaceItemInObjectCaseSensitive(result, member->string, reference_merge(old, member));
		else
			cJSON_AddItemToObject(result, member->string, reference_merge(NULL, member));
	}
	return result;
}

char *
reference_patch(const char *document, const char *patch)
{
	cJSON *target = cJSON_Parse(document), *change = cJSON_Parse(patch);
	cJSON *merged = reference_merge(target, change);
	char *text = cJSON_PrintUnformatted(merged);

	cJSON_Delete(merged);
	cJSON_Delete(change);
	cJSON_Delete(target);
	return text;
}
