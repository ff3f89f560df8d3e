/* SPDX-License-Identifier: BSD-3-Clause */
/* What tenants lost lately, as workers told of it, and what would become of it now. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ring_elem.h>

#include "trace_priv.h"

#define BATCH 64

void
gateway_take_losses(struct weir_gateway *gateway)
{
	struct weir_loss losses[BATCH];

	for (uint32_t w = 0; w < gateway->n_workers; w++) {
		uint32_t n = rte_ring_sc_dequeue_burst_elem(
		    weir_worker_loss_ring(gateway->workers[w]), losses, sizeof(losses[0]), BATCH, NULL);

		if (n == 0)
			continue;
		(void)pthread_mutex_lock(&gateway->mutex);
		for (uint32_t i = 0; i < n; i++)
			weir_losses_add(gateway->losses, &losses[i]);
		(void)pthread_mutex_unlock(&gateway->mutex);
	}
}

static const struct weir_iface *
place_of(const struct weir_gateway *gateway, const struct weir_loss *loss)
{
	if (loss->in != WEIR_NONE)
		return view_iface(gateway, loss->in, loss->in_serial);
	return loss->out != WEIR_NONE ? view_iface(gateway, loss->out, loss->out_serial) : NULL;
}

static void
fill_loss(const struct weir_gateway *gateway, const struct weir_loss *loss, struct weir_view_loss *row)
{
	const struct weir_iface *iface = place_of(gateway, loss);
	char place[WEIR_VIEW_PLACE_SIZE];

	row->number = loss->number;
	row->time = loss->time;
	row->len = loss->len;
	row->reason = (enum weir_reason)loss->reason;
	if (iface == NULL)
		(void)snprintf(row->at, sizeof(row->at), "what is no more");
	else
		(void)snprintf(row->at, sizeof(row->at), "%s%.*s", loss->in != WEIR_NONE ? "" : "out by ",
		    WEIR_VIEW_PLACE_SIZE - 8, trace_place(gateway, iface, place));
	(void)packet_describe(loss->data, loss->kept, loss->len, row->packet);
}

int
weir_view_losses(struct weir_gateway *gateway, const char *tenant, struct weir_view_loss rows[], uint32_t n,
    uint32_t *count, uint64_t *time)
{
	const struct live_tenant *live;

	*count = 0;
	(void)pthread_mutex_lock(&gateway->mutex);
	*time = gateway_now(gateway);
	live = gateway_tenant(gateway, tenant);
	while (live != NULL && *count < n) {
		const struct weir_loss *loss =
		    weir_losses_get(gateway->losses, live->tenant->id, live->tenant->serial, *count);

		if (loss == NULL)
			break;
		fill_loss(gateway, loss, &rows[(*count)++]);
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	return live != NULL ? 0 : -ENOENT;
}

/* Lost on its way out, when nobody knew where it came from: that way is looked at again. */
static void
trace_way_out(struct tracer *tracer, const struct weir_iface *out, const struct weir_loss *loss)
{
	char place[WEIR_VIEW_PLACE_SIZE];
	enum weir_reason reason;
	uint32_t tags = 0;
	bool waits;

	(void)trace_place(tracer->gateway, out, place);
	trace_step(tracer, place, WEIR_OK, "was to leave here; where it came from is not known");
	if (weir_parse_frame(tracer->data, loss->len, loss->len, &tracer->key, &tracer->frame) == WEIR_OK)
		tags = tracer->key.flags & WEIR_KEY_TAGS;
	reason = out->kind == WEIR_IFACE_ROUTER ? WEIR_OK : trace_out(tracer, out, loss->len, tags, &waits);
	if (reason != WEIR_OK)
		trace_dropped(tracer, reason);
	else
		trace_result(tracer, WEIR_OK, "would leave by %s", place);
}

static void
trace_again(struct tracer *tracer, const struct weir_loss *loss, const struct weir_view_loss *row)
{
	const struct weir_iface *iface = place_of(tracer->gateway, loss);
	uint32_t len = loss->len < PACKET_BYTES_MAX ? loss->len : PACKET_BYTES_MAX;

	/* What is not kept of it reads as zeros. */
	memset(tracer->data, 0, len);
	memcpy(tracer->data, loss->data, loss->kept < len ? loss->kept : len);
	(void)snprintf(tracer->trace->packet, sizeof(tracer->trace->packet), "%s", row->packet);
	if (iface == NULL) {
		trace_result(tracer, WEIR_DROP_RECONFIGURED, "where it was is no more");
	} else if (loss->in != WEIR_NONE) {
		tracer->in = iface;
		tracer->only = loss->out;
		trace_walk(tracer, len);
	} else {
		trace_way_out(tracer, iface, loss);
	}
}

int
weir_view_loss(struct weir_gateway *gateway, const char *tenant, uint64_t number, struct weir_view_loss *row,
    struct weir_view_trace *trace, struct weir_err *err)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	const struct weir_loss *loss = NULL;
	const struct live_tenant *live;

	if (tracer == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	(void)pthread_mutex_lock(&gateway->mutex);
	live = gateway_tenant(gateway, tenant);
	for (uint32_t n = 0; live != NULL && n < WEIR_LOSSES_KEPT; n++) {
		loss = weir_losses_get(gateway->losses, live->tenant->id, live->tenant->serial, n);
		if (loss == NULL || loss->number == number)
			break;
		loss = NULL;
	}
	if (loss != NULL) {
		fill_loss(gateway, loss, row);
		trace_begin(tracer, gateway, trace);
		trace_again(tracer, loss, row);
	}
	(void)pthread_mutex_unlock(&gateway->mutex);
	free(tracer);
	if (live == NULL)
		return weir_err(err, ENOENT, "/tenant", "there is no tenant '%s'", tenant);
	return loss != NULL ? 0
			    : weir_err(err, ENOENT, "/drop", "drop %" PRIu64 " of '%s' is not kept", number, tenant);
}
