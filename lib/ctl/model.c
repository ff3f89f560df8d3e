/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "model_priv.h"

struct weir_model *
weir_model_create(void)
{
	struct weir_model *model = calloc(1, sizeof(*model));

	if (model == NULL)
		return NULL;
	if (getrandom(&model->secret, sizeof(model->secret), 0) != (ssize_t)sizeof(model->secret)) {
		free(model);
		return NULL;
	}
	model->snap = weir_snap_create(&model->secret);
	if (model->snap == NULL) {
		free(model);
		return NULL;
	}
	(void)pthread_mutex_init(&model->lock, NULL);
	return model;
}

void
weir_model_free(struct weir_model *model)
{
	if (model == NULL)
		return;
	if (model->open != NULL)
		weir_model_abort(model, &model->open->change);
	weir_snap_drop(model->snap);
	(void)pthread_mutex_destroy(&model->lock);
	free(model);
}

void
weir_model_abort(struct weir_model *model, struct weir_change *change)
{
	if (model->open == NULL || change != &model->open->change)
		return;
	weir_draft_free(model->open);
	model->open = NULL;
}

void
weir_model_commit(struct weir_model *model, struct weir_change *change, uint64_t version)
{
	struct weir_draft *draft = model->open;
	struct weir_snap *old;

	if (draft == NULL || change != &draft->change)
		return;
	draft->next->version = version;
	(void)pthread_mutex_lock(&model->lock);
	old = model->snap;
	model->snap = draft->next;
	(void)pthread_mutex_unlock(&model->lock);
	__atomic_store_n(&model->version, version, __ATOMIC_RELEASE);
	draft->next = old;
	weir_model_abort(model, change);
}

uint64_t
weir_model_version(const struct weir_model *model)
{
	return __atomic_load_n(&model->version, __ATOMIC_ACQUIRE);
}

const struct weir_cfg_tenant *
weir_model_tenant(const struct weir_model *model, const char *name)
{
	return weir_cfg_or_null(weir_snap_find(model->snap, WEIR_SECTION_TENANTS, name));
}

const struct weir_cfg_port *
weir_model_port(const struct weir_model *model, const char *name)
{
	return weir_cfg_or_null(weir_snap_find(model->snap, WEIR_SECTION_PORTS, name));
}
