/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 7396, JSON merge patch: https://www.rfc-editor.org/rfc/rfc7396 section 2. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_priv.h"

static int
compare_name(const void *name, const void *item)
{
	return strcmp(name, (*(cJSON *const *)item)->string);
}

/* What `change`, an object, comes to where there was none: itself without its nulls. Takes it over; NULL: no memory.
 */
static cJSON *
merge_new(cJSON *change)
{
	cJSON *merged = NULL;

	if (weir_json_merge(&merged, change) == 0) {
		merged->string = change->string;
		change->string = NULL;
	} else {
		cJSON_Delete(merged);
		merged = NULL;
	}
	cJSON_Delete(change);
	return merged;
}

/* One member of a patch into `target`, where `old` (may be NULL) stands under its key. Takes `change` over. */
static int
merge_member(cJSON *target, cJSON *old, cJSON *change)
{
	int rc = 0;

	if (cJSON_IsNull(change)) {
		cJSON_Delete(cJSON_DetachItemViaPointer(target, old));
		cJSON_Delete(change);
		return 0;
	}
	if (cJSON_IsObject(change) && cJSON_IsObject(old)) {
		rc = weir_json_merge(&old, change);
		cJSON_Delete(change);
		return rc;
	}
	if (cJSON_IsObject(change))
		change = merge_new(change);
	if (change == NULL)
		return -ENOMEM;
	if (old != NULL)
		(void)cJSON_ReplaceItemViaPointer(target, old, change);
	else
		(void)cJSON_AddItemToArray(target, change);
	return 0;
}

/* For each member of the patch the target's of that key, or NULL. cJSON's own search walks a list for each. */
static cJSON **
match_members(const cJSON *target, const cJSON *patch)
{
	size_t n, i = 0;
	cJSON **sorted = weir_json_sorted(target, &n), **matches = NULL;
	const cJSON *change;

	if (sorted != NULL)
		matches = calloc((size_t)cJSON_GetArraySize(patch) + 1, sizeof(cJSON *));
	if (matches != NULL) {
		cJSON_ArrayForEach (change, patch) {
			cJSON **at = bsearch(change->string, sorted, n, sizeof(cJSON *), compare_name);

			matches[i++] = at != NULL ? *at : NULL;
		}
	}
	free(sorted);
	return matches;
}

int
weir_json_merge(cJSON **target, cJSON *patch)
{
	cJSON **matches, *change;
	size_t i = 0;
	int rc = 0;

	if (*target == NULL)
		*target = cJSON_CreateObject();
	if (*target == NULL)
		return -ENOMEM;
	matches = match_members(*target, patch);
	if (matches == NULL)
		return -ENOMEM;
	while (rc == 0 && (change = cJSON_DetachItemViaPointer(patch, patch->child)) != NULL)
		rc = merge_member(*target, matches[i++], change);
	free(matches);
	return rc;
}
