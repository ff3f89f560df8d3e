/* SPDX-License-Identifier: BSD-3-Clause */
#include "weir_losses.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* What is kept of one tenant. */
struct last {
	TAILQ_ENTRY(last) link;
	uint32_t tenant, serial;
	uint32_t n, number;
	struct weir_loss loss[WEIR_LOSSES_KEPT]; /* the oldest first */
};

struct weir_losses {
	uint32_t n, n_tenants;
	TAILQ_HEAD(order, last) order; /* of their last losses, the oldest first */
	struct last *of_tenant[];      /* NULL: none */
};

struct weir_losses *
weir_losses_create(uint32_t tenants)
{
	struct weir_losses *losses = calloc(1, sizeof(*losses) + tenants * sizeof(losses->of_tenant[0]));

	if (losses == NULL)
		return NULL;
	losses->n_tenants = tenants;
	TAILQ_INIT(&losses->order);
	return losses;
}

void
weir_losses_free(struct weir_losses *losses)
{
	struct last *last;

	while (losses != NULL && (last = TAILQ_FIRST(&losses->order)) != NULL) {
		TAILQ_REMOVE(&losses->order, last, link);
		free(last);
	}
	free(losses);
}

/* Room for a tenant that has none: new, or another's. */
static struct last *
take(struct weir_losses *losses, uint32_t tenant)
{
	struct last *last = losses->n < WEIR_LOSSES_TENANTS ? malloc(sizeof(*last)) : NULL;

	if (last != NULL) {
		losses->n++;
	} else {
		last = TAILQ_FIRST(&losses->order);
		if (last == NULL)
			return NULL;
		TAILQ_REMOVE(&losses->order, last, link);
		losses->of_tenant[last->tenant] = NULL;
	}
	last->tenant = tenant;
	last->n = last->number = 0;
	losses->of_tenant[tenant] = last;
	return last;
}

/* Where the n-th last by this reason is (n from 0 on), or last->n if there are not so many. */
static uint32_t
by_reason(const struct last *last, uint16_t reason, uint32_t n)
{
	for (uint32_t i = last->n; i-- > 0;)
		if (last->loss[i].reason == reason && n-- == 0)
			return i;
	return last->n;
}

/* Takes the place of the oldest where there is no room; but those by one reason do not push each other out at once,
 * so that somebody can look at them. */
static void
put(struct last *last, const struct weir_loss *loss)
{
	uint32_t newest = by_reason(last, loss->reason, 0),
		 gone = by_reason(last, loss->reason, WEIR_LOSSES_SAME - 1);

	if (gone == last->n && last->n == WEIR_LOSSES_KEPT)
		gone = 0;
	if (gone < last->n) {
		if (newest < last->n && loss->time - last->loss[newest].time < WEIR_LOSSES_EVERY)
			return;
		last->n--;
		memmove(&last->loss[gone], &last->loss[gone + 1], (last->n - gone) * sizeof(*loss));
	}
	last->loss[last->n] = *loss;
	last->loss[last->n++].number = ++last->number;
}

void
weir_losses_add(struct weir_losses *losses, const struct weir_loss *loss)
{
	struct last *last = loss->tenant < losses->n_tenants ? losses->of_tenant[loss->tenant] : NULL;

	if (loss->tenant >= losses->n_tenants)
		return;
	if (last != NULL)
		TAILQ_REMOVE(&losses->order, last, link);
	else
		last = take(losses, loss->tenant);
	if (last == NULL)
		return;
	/* Another tenant had this id. */
	if (last->n != 0 && last->serial != loss->tenant_serial)
		last->n = last->number = 0;
	last->serial = loss->tenant_serial;
	put(last, loss);
	TAILQ_INSERT_TAIL(&losses->order, last, link);
}

const struct weir_loss *
weir_losses_get(const struct weir_losses *losses, uint32_t tenant, uint32_t serial, uint32_t n)
{
	const struct last *last = tenant < losses->n_tenants ? losses->of_tenant[tenant] : NULL;

	if (last == NULL || last->serial != serial || n >= last->n)
		return NULL;
	return &last->loss[last->n - 1 - n];
}
