/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a request to the configuration: the first says load or patch, the rest is the text. What is refused
 * changes nothing and says why, in plain ASCII; what is accepted can be shown, and what is shown loads and is no
 * change.
 */
#include <string.h>

#include "../fuzz.h"
#include "documents.h"
#include "weir_model.h"

static char *
show(struct weir_model *model)
{
	uint64_t version;
	char *text;
	size_t len;

	FUZZ_CHECK(weir_model_show(model, "", &text, &len, &version, NULL) == 0);
	FUZZ_CHECK(strlen(text) == len);
	return text;
}

static void
check_plain(const char *text)
{
	for (; *text != '\0'; text++)
		FUZZ_CHECK(*text >= ' ' && *text <= '~');
}

static void
check_refusal(struct weir_model *model, const struct weir_err *err, int rc)
{
	char *text = show(model);

	FUZZ_CHECK(rc < 0 && err->errnum == -rc && err->msg[0] != '\0');
	FUZZ_CHECK(err->path[0] == '/' || err->path[0] == '\0');
	check_plain(err->path);
	check_plain(err->msg);
	FUZZ_CHECK(strcmp(text, fuzz_documents[0]) == 0);
	free(text);
}

static bool
is_empty(const struct weir_change *change)
{
	return change->n_ports + change->n_underlays + change->n_tenants == 0 && !change->settings_changed;
}

/* The model that took the request, and one that only loads what the other shows. */
static void
check_accepted(struct weir_model *model)
{
	struct weir_model *second = weir_model_create();
	struct weir_change *change;
	char *text = show(model), *again;

	FUZZ_CHECK(second != NULL);
	check_plain(text);
	FUZZ_CHECK(weir_model_load(model, text, strlen(text), &change, NULL) == 0);
	FUZZ_CHECK(is_empty(change));
	weir_model_abort(model, change);
	FUZZ_CHECK(weir_model_load(second, text, strlen(text), &change, NULL) == 0);
	weir_model_commit(second, change, 1);
	again = show(second);
	FUZZ_CHECK(strcmp(text, again) == 0);
	free(again);
	free(text);
	weir_model_free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_model *model = weir_model_create();
	struct weir_change *change;
	struct weir_err err = {0};
	const char *text = (const char *)data + 1;
	int rc;

	if (size == 0) {
		weir_model_free(model);
		return 0;
	}
	FUZZ_CHECK(model != NULL);
	FUZZ_CHECK(weir_model_load(model, fuzz_documents[0], strlen(fuzz_documents[0]), &change, NULL) == 0);
	weir_model_commit(model, change, 1);
	rc = (data[0] & 1) != 0 ? weir_model_load(model, text, size - 1, &change, &err)
				: weir_model_patch(model, text, size - 1, &change, &err);
	if (rc != 0) {
		check_refusal(model, &err, rc);
	} else {
		weir_model_commit(model, change, 2);
		check_accepted(model);
	}
	weir_model_free(model);
	return 0;
}
