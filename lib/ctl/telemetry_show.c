/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /weir/config/show: the document in pages. Printing a large one takes a while, so that its text is kept from the
 * first page to the last; one text, the last one asked for: who asks for several at a time waits for each to be
 * printed again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry_priv.h"
#include "weir_view.h"

static int
read_params(const char *params, struct param list[3], struct weir_err *err)
{
	int rc = 0;

	if (params_is_json(params))
		rc = params_read(params, list, 3, err);
	else
		(void)snprintf(list[0].text, sizeof(list[0].text), "%s", params);
	if (rc == 0 && list[0].text[0] != '\0' && list[0].text[0] != '/')
		return weir_err(err, EINVAL, "", "a JSON pointer begins with '/'");
	if (rc == 0 && list[1].number > 0 && !list[2].given)
		return weir_err(err, EINVAL, "/version", "a later page needs the version of the first");
	return rc;
}

static void
forget(struct shown *shown)
{
	free(shown->text);
	shown->text = NULL;
}

/* Has the text at hand that the page is of. */
static int
print(struct telemetry *t, struct shown *shown, const char *pointer, struct weir_err *err)
{
	forget(shown);
	(void)snprintf(shown->pointer, sizeof(shown->pointer), "%s", pointer);
	return weir_gateway_show(t->gateway, pointer, &shown->text, &shown->len, &shown->version, err);
}

static int
page(
    struct telemetry *t, struct shown *shown, const struct param list[3], struct answer *answer, struct weir_err *err)
{
	bool kept = shown->text != NULL && list[1].number > 0 && strcmp(shown->pointer, list[0].text) == 0 &&
		    shown->version == weir_view_version(t->gateway);
	uint64_t from = list[1].number;
	int rc = kept ? 0 : print(t, shown, list[0].text, err);

	if (rc != 0)
		return rc;
	if (list[2].given && list[2].number != shown->version)
		return weir_err(
		    err, ESTALE, "/version", "the configuration is version %" PRIu64 " by now", shown->version);
	if (from > shown->len)
		return weir_err(err, EINVAL, "/cursor", "beyond the end");
	answer_u64(answer, "version", shown->version);
	from += answer_pieces(answer, "text", shown->text + from, shown->len - from);
	if (from < shown->len)
		answer_u64(answer, "next", from);
	else
		forget(shown);
	return 0;
}

int
command_config_show(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param list[3] = {{.name = "pointer", .is_text = true}, {.name = "cursor"}, {.name = "version"}};
	int rc = read_params(params, list, err);

	if (rc != 0)
		return rc;
	(void)pthread_mutex_lock(&t->shown.mutex);
	rc = page(t, &t->shown, list, answer, err);
	(void)pthread_mutex_unlock(&t->shown.mutex);
	return rc;
}
