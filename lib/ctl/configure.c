/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls that change or show the configuration: model, store and switch kept in step. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"
#include "file_priv.h"

/* What makes a change durable, called between preparation and publication. */
struct durable {
	struct weir_gateway *gateway;
	const char *text;
	size_t len;
	bool patch;
};

static char *
whole_document(void *arg, size_t *len)
{
	struct weir_gateway *gateway = arg;
	uint64_t version;
	char *text;

	return weir_model_show(gateway->model, "", &text, len, &version, NULL) == 0 ? text : NULL;
}

static int
make_durable(void *arg, struct weir_err *err)
{
	const struct durable *durable = arg;
	struct weir_store *store = durable->gateway->store;

	if (store == NULL)
		return 0;
	if (durable->patch)
		return weir_store_patch(store, durable->text, durable->len, whole_document, durable->gateway, err);
	return weir_store_snapshot(store, durable->text, durable->len, err);
}

/* What a running gateway keeps as it is. */
static void
note_settings(
    const struct weir_gateway *gateway, const struct weir_cfg_settings *settings, struct weir_outcome *outcome)
{
	static const char *const notes[2][2] = {{"", "settings.connections takes effect at the next start"},
	    {"settings.flows takes effect at the next start",
		"settings.flows and settings.connections take effect at the next start"}};
	bool flows = settings->flows != gateway->settings.flows;
	bool connections = settings->connections != gateway->settings.connections;

	if (gateway->maint != NULL)
		(void)snprintf(outcome->note, sizeof(outcome->note), "%s", notes[flows][connections]);
}

static void
say(const struct weir_gateway *gateway, const struct weir_change *change, struct weir_outcome *outcome)
{
	memset(outcome, 0, sizeof(*outcome));
	outcome->ports = change->n_ports;
	outcome->underlays = change->n_underlays;
	outcome->tenants = change->n_tenants;
	outcome->settings = change->settings_changed;
	for (uint32_t i = 0; i < change->n_ports; i++) {
		const struct weir_port_step *step = &change->ports[i];

		if (step->before == NULL || step->after == NULL || !port_needs_reopen(step->before, step->after))
			continue;
		if (outcome->n_interrupted < WEIR_ARRAY_LEN(outcome->interrupted))
			memcpy(outcome->interrupted[outcome->n_interrupted++], step->after->name, WEIR_NAME_SIZE);
	}
	note_settings(gateway, &change->settings, outcome);
}

/* What only applying it would tell: do the guarantees fit? */
static int
check(struct weir_gateway *gateway, const struct weir_change *change, struct weir_outcome *outcome,
    struct weir_err *err)
{
	const struct weir_admission_port *unknown = NULL;
	struct weir_admission admission;
	int rc = admission_sum(gateway, change, false, &admission, err);

	if (rc == 0)
		rc = admission_check(change, &admission, &unknown, err);
	if (rc == 0 && unknown != NULL)
		(void)snprintf(outcome->note, sizeof(outcome->note),
		    "guarantees on port %s are refused unless its link tells its speed", unknown->name);
	free(admission.ports);
	return rc;
}

/* From a change to the committed state. */
static int
commit(struct weir_gateway *gateway, struct weir_change *change, bool may_be_down,
    int (*durable)(void *arg, struct weir_err *err), struct durable *arg, struct weir_err *err)
{
	int rc = gateway_ensure_workers(gateway, &change->settings, err);

	if (rc == 0)
		rc = apply(gateway, change, may_be_down, durable, arg, err);
	if (rc != 0) {
		weir_model_abort(gateway->model, change);
		return rc;
	}
	gateway->version = gateway->store != NULL ? weir_store_version(gateway->store) : gateway->version + 1;
	weir_model_commit(gateway->model, change, gateway->version);
	return 0;
}

/* `config_mutex` held. */
static int
change_held(struct weir_gateway *gateway, const char *text, size_t len, bool patch, bool only_check,
    struct weir_outcome *outcome, struct weir_err *err)
{
	struct durable durable = {.gateway = gateway, .text = text, .len = len, .patch = patch};
	struct weir_change *change;
	int rc = patch ? weir_model_patch(gateway->model, text, len, &change, err)
		       : weir_model_load(gateway->model, text, len, &change, err);

	if (rc != 0)
		return rc;
	say(gateway, change, outcome);
	if (only_check) {
		rc = check(gateway, change, outcome, err);
		weir_model_abort(gateway->model, change);
	} else {
		rc = commit(gateway, change, false, make_durable, &durable, err);
	}
	outcome->version = gateway->version;
	return rc;
}

static int
configure(struct weir_gateway *gateway, const char *text, size_t len, bool patch, bool only_check,
    struct weir_outcome *outcome, struct weir_err *err)
{
	int rc;

	(void)pthread_mutex_lock(&gateway->config_mutex);
	rc = change_held(gateway, text, len, patch, only_check, outcome, err);
	(void)pthread_mutex_unlock(&gateway->config_mutex);
	return rc;
}

int
weir_gateway_load(struct weir_gateway *gateway, const char *text, size_t len, bool check,
    struct weir_outcome *outcome, struct weir_err *err)
{
	return configure(gateway, text, len, false, check, outcome, err);
}

int
weir_gateway_patch(struct weir_gateway *gateway, const char *text, size_t len, bool check,
    struct weir_outcome *outcome, struct weir_err *err)
{
	return configure(gateway, text, len, true, check, outcome, err);
}

int
weir_gateway_show(struct weir_gateway *gateway, const char *pointer, char **text, size_t *len, uint64_t *version,
    struct weir_err *err)
{
	return weir_model_show(gateway->model, pointer, text, len, version, err);
}

/* ---- from the store ---- */

static int
replay_one(void *arg, int is_patch, const char *text, size_t len, uint64_t version, struct weir_err *err)
{
	struct weir_model *model = arg;
	struct weir_change *change;
	int rc = is_patch ? weir_model_patch(model, text, len, &change, err)
			  : weir_model_load(model, text, len, &change, err);

	if (rc == 0)
		weir_model_commit(model, change, version);
	return rc;
}

/* The document of a version on disk, to be free()d. */
static int
stored(struct weir_gateway *gateway, uint64_t version, char **text, size_t *len, struct weir_err *err)
{
	struct weir_model *model = weir_model_create();
	uint64_t shown;
	int rc;

	if (model == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	rc = weir_store_replay(gateway->store, version, replay_one, model, err);
	if (rc == 0)
		rc = weir_model_show(model, "", text, len, &shown, err);
	weir_model_free(model);
	return rc;
}

int
weir_gateway_rollback(struct weir_gateway *gateway, uint32_t n, struct weir_outcome *outcome, struct weir_err *err)
{
	uint64_t version;
	char *text = NULL;
	size_t len = 0;
	int rc;

	(void)pthread_mutex_lock(&gateway->config_mutex);
	version = gateway->version;
	if (gateway->store == NULL)
		rc =
		    weir_err(err, ENOENT, "", "no earlier configurations are kept: weir runs without a state folder");
	else if (n == 0 || n >= version || version - n < weir_store_oldest(gateway->store))
		rc = weir_err(err, ENOENT, "",
		    "there is no configuration %u before version %" PRIu64 ": the oldest kept is %" PRIu64, n,
		    version, weir_store_oldest(gateway->store));
	else
		rc = stored(gateway, version - n, &text, &len, err);
	if (rc == 0)
		rc = change_held(gateway, text, len, false, false, outcome, err);
	(void)pthread_mutex_unlock(&gateway->config_mutex);
	free(text);
	return rc;
}

/* One line where the file of a first start says something else than what is in force. */
static void
compare_file(const char *file, const char *text, size_t len)
{
	struct weir_err err = {0};
	struct weir_model *model = weir_model_create();
	struct weir_change *change;
	char *other = NULL;
	size_t other_len;

	if (model == NULL)
		return;
	if (file_read(file, &other, &other_len, &err) == 0 && replay_one(model, 0, text, len, 1, &err) == 0 &&
	    weir_model_load(model, other, other_len, &change, &err) == 0) {
		if (change->n_ports + change->n_underlays + change->n_tenants > 0 || change->settings_changed)
			weir_log_warn(
			    "%s differs from the committed configuration, which is used (--reset starts over)", file);
		weir_model_abort(model, change);
	} else {
		weir_log_warn("%s is not used, since there is a committed configuration, and cannot be: %s %s", file,
		    err.path, err.msg);
	}
	free(other);
	weir_model_free(model);
}

static int
restore(struct weir_gateway *gateway, const char *text, size_t len, bool on_disk, struct weir_err *err)
{
	struct durable durable = {.gateway = gateway, .text = text, .len = len};
	struct weir_change *change;
	int rc = weir_model_load(gateway->model, text, len, &change, err);

	return rc != 0 ? rc : commit(gateway, change, true, on_disk ? NULL : make_durable, &durable, err);
}

int
weir_gateway_restore(struct weir_gateway *gateway, const char *file, struct weir_err *err)
{
	uint64_t version = gateway->store == NULL ? 0 : weir_store_version(gateway->store);
	char *text = NULL;
	size_t len = 0;
	int rc;

	(void)pthread_mutex_lock(&gateway->config_mutex);
	if (version != 0) {
		rc = stored(gateway, version, &text, &len, err);
		if (rc == 0 && file != NULL)
			compare_file(file, text, len);
		if (rc == 0)
			rc = restore(gateway, text, len, true, err);
	} else if (file != NULL) {
		rc = file_read(file, &text, &len, err);
		if (rc == 0)
			rc = restore(gateway, text, len, false, err);
	} else {
		rc = restore(gateway, "{}", 2, true, err);
	}
	free(text);
	(void)pthread_mutex_unlock(&gateway->config_mutex);
	return rc;
}

/* ---- ports that are down ---- */

void
weir_gateway_retry_ports(struct weir_gateway *gateway)
{
	(void)pthread_mutex_lock(&gateway->config_mutex);
	for (struct live_port *live = gateway->live_ports; live != NULL; live = live->next) {
		struct weir_err err = {0};

		if (live->port != NULL)
			continue;
		if (port_bring_up(gateway, live, &err) == 0)
			weir_log_info("port %s is there now", live->cfg.name);
	}
	(void)pthread_mutex_unlock(&gateway->config_mutex);
}

/* Everything goes, without a word on disk; workers have ended. */
void
gateway_clear(struct weir_gateway *gateway)
{
	struct weir_err err = {0};
	struct weir_change *change;

	if (weir_model_load(gateway->model, "{}", 2, &change, &err) != 0)
		return;
	(void)apply(gateway, change, true, NULL, NULL, &err);
	weir_model_commit(gateway->model, change, gateway->version);
}
