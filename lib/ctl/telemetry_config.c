/* SPDX-License-Identifier: BSD-3-Clause */
/* /weir/config/...: what changes the configuration, handed to its thread. */
#include <errno.h>
#include <string.h>

#include "gateway_priv.h"
#include "request.h"
#include "telemetry_priv.h"

static void
answer_outcome(struct answer *answer, const struct weir_outcome *outcome, bool check)
{
	if (check)
		answer_u64(answer, "would_change",
		    outcome->settings || outcome->ports + outcome->underlays + outcome->tenants > 0);
	else
		answer_u64(answer, "version", outcome->version);
	answer_u64(answer, "ports", outcome->ports);
	answer_u64(answer, "underlays", outcome->underlays);
	answer_u64(answer, "tenants", outcome->tenants);
	answer_u64(answer, "settings", outcome->settings);
	answer_names(answer, "interrupted", outcome->interrupted, outcome->n_interrupted);
	if (outcome->note[0] != '\0')
		answer_text(answer, "note", outcome->note);
}

static int
run(struct telemetry *t, const struct request *request, struct answer *answer, struct weir_err *err)
{
	struct weir_outcome outcome = {0};
	int rc = weir_requests_run(t->requests, request, &outcome, err);

	if (rc == 0)
		answer_outcome(answer, &outcome, request->check);
	return rc;
}

/* A relative path would be relative to where weir was started, which nobody means. */
static int
run_file(struct telemetry *t, const char *path, bool check, struct answer *answer, struct weir_err *err)
{
	struct request request = {.kind = REQUEST_LOAD_FILE, .check = check, .text = path};

	if (path[0] == '\0')
		return weir_err(err, EINVAL, "", "which file? Its path goes behind a comma");
	if (path[0] != '/')
		return weir_err(err, EINVAL, "", "'%s' is not a path from the root on, /...", path);
	return run(t, &request, answer, err);
}

static int
run_patch(struct telemetry *t, const char *patch, bool check, struct answer *answer, struct weir_err *err)
{
	struct request request = {.kind = REQUEST_PATCH, .check = check, .text = patch, .len = strlen(patch)};

	return run(t, &request, answer, err);
}

int
command_config_load(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	if (params_is_json(params))
		return weir_err(
		    err, EINVAL, "", "load takes the path of a file; a document goes through begin, put and commit");
	return run_file(t, params, false, answer, err);
}

int
command_config_patch(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	if (!params_is_json(params))
		return weir_err(err, EINVAL, "", "patch takes a JSON object, {...}");
	return run_patch(t, params, false, answer, err);
}

int
command_config_check(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	if (params_is_json(params))
		return run_patch(t, params, true, answer, err);
	return run_file(t, params, true, answer, err);
}

int
command_config_rollback(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct request request = {.kind = REQUEST_ROLLBACK};
	uint64_t back;

	if (params_number(params, UINT32_MAX, &back) != 0 || back == 0)
		return weir_err(err, EINVAL, "", "rollback takes how many versions to go back, 1 or more");
	request.back = (uint32_t)back;
	return run(t, &request, answer, err);
}

/* ---- in pieces ---- */

/* The JSON object of a command and all members that it must have. */
static int
read_all(const char *params, struct param list[], uint32_t n, struct weir_err *err)
{
	int rc;

	if (!params_is_json(params))
		return weir_err(err, EINVAL, "", "this command takes a JSON object, {...}");
	rc = params_read(params, list, n, err);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		if (!list[i].given)
			rc = weir_err(err, EINVAL, "", "member \"%s\" is missing", list[i].name);
	return rc;
}

int
command_config_begin(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param op = {.name = "op", .is_text = true};
	struct request request = {.kind = REQUEST_LOAD};
	int rc = read_all(params, &op, 1, err);
	uint64_t id;

	if (rc != 0)
		return rc;
	if (strcmp(op.text, "patch") == 0)
		request.kind = REQUEST_PATCH;
	else if (strcmp(op.text, "check") == 0)
		request.check = true;
	else if (strcmp(op.text, "load") != 0)
		return weir_err(err, EINVAL, "/op", "must be load, patch or check");
	rc = weir_stage_begin(t->requests, &request, gateway_now(t->gateway), &id, err);
	if (rc != 0)
		return rc;
	answer_u64(answer, "id", id);
	answer_u64(answer, "timeout_s", STAGE_IDLE_NS / WEIR_NS_PER_S);
	answer_u64(answer, "max_bytes", WEIR_DOC_MAX_BYTES);
	return 0;
}

int
command_config_put(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param list[] = {{.name = "id"}, {.name = "offset"}, {.name = "data", .is_text = true}};
	int rc = read_all(params, list, WEIR_ARRAY_LEN(list), err);
	uint64_t size;

	if (rc == 0)
		rc = weir_stage_put(t->requests, list[0].number, list[1].number, list[2].text, strlen(list[2].text),
		    gateway_now(t->gateway), &size, err);
	if (rc == 0)
		answer_u64(answer, "size", size);
	return rc;
}

int
command_config_commit(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param id = {.name = "id"};
	struct weir_outcome outcome = {0};
	int rc = read_all(params, &id, 1, err);
	bool check;

	if (rc == 0)
		rc = weir_stage_commit(t->requests, id.number, gateway_now(t->gateway), &outcome, &check, err);
	if (rc == 0)
		answer_outcome(answer, &outcome, check);
	return rc;
}

int
command_config_abort(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct param id = {.name = "id"};
	int rc = read_all(params, &id, 1, err);

	(void)answer;
	return rc != 0 ? rc : weir_stage_abort(t->requests, id.number, err);
}
