/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: a packet's walk on the control side, under the gateway's mutex, and what becomes of it then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "apply_priv.h"
#include "trace_priv.h"

#define COPIES_SHOWN 16 /* of a flooded packet */

/* ---- lines ---- */

void
trace_begin(struct tracer *tracer, struct weir_gateway *gateway, struct weir_view_trace *trace)
{
	tracer->gateway = gateway;
	tracer->trace = trace;
	tracer->now = gateway_now(gateway);
	tracer->in = NULL;
	tracer->only = WEIR_NONE;
	tracer->walker = (struct weir_walker){
	    .vnet = gateway->vnet,
	    .conns = gateway->conns,
	    .now = tracer->now,
	    .note = trace_note,
	    .note_arg = tracer,
	    .peek = true,
	};
	trace->reason = WEIR_OK;
	trace->result[0] = trace->packet[0] = '\0';
	trace->cut = false;
	trace->n = 0;
}

void
trace_dropped(struct tracer *tracer, enum weir_reason reason)
{
	trace_result(tracer, reason, "dropped as %s: %s", weir_reason_name(reason), weir_reason_text(reason));
}

/* ---- what becomes of it ---- */

/* What routers made of it, which went through `hops` of them. */
static void
show_rewrites(struct tracer *tracer, const struct weir_verdict *verdict)
{
	bool v6 = (tracer->frame.kind & WEIR_FRAME_IPV6) != 0;
	char element[WEIR_VIEW_PLACE_SIZE], smac[18], dmac[18];
	uint8_t ttl = tracer->data[tracer->frame.l3 + (v6 ? 7 : 8)];

	if (verdict->hops == 0)
		return;
	trace_step(tracer, trace_place(tracer->gateway, verdict->from, element), WEIR_OK,
	    "leaves with smac %s dmac %s, %s %u, which was %u", weir_mac_format(&verdict->smac, smac, sizeof(smac)),
	    weir_mac_format(&verdict->dmac, dmac, sizeof(dmac)), v6 ? "hop limit" : "TTL", ttl - verdict->hops, ttl);
}

static void
show_forward(struct tracer *tracer, const struct weir_verdict *verdict)
{
	enum weir_reason reason;
	char out[WEIR_VIEW_PLACE_SIZE];
	bool waits;

	show_rewrites(tracer, verdict);
	reason = trace_out(tracer, verdict->out, tracer->frame.len, tracer->key.flags & WEIR_KEY_TAGS, &waits);
	(void)trace_place(tracer->gateway, verdict->out, out);
	if (reason != WEIR_OK)
		trace_dropped(tracer, reason);
	else if (waits)
		trace_result(tracer, WEIR_OK, "waits for the neighbour of %s", out);
	else
		trace_result(tracer, WEIR_OK, "forwarded by %s", out);
}

/* One copy of a flood: why it does not leave, or WEIR_OK. */
static enum weir_reason
show_copy(struct tracer *tracer, const struct weir_iface *out)
{
	struct weir_passed_list passed;
	enum weir_reason reason = WEIR_OK;
	bool waits;

	if (out->filter != 0)
		reason = weir_resolve_copy(
		    &tracer->walker, tracer->in, out, &tracer->key, &tracer->frame, tracer->data, &passed);
	if (reason == WEIR_OK)
		reason = trace_out(tracer, out, tracer->frame.len, tracer->key.flags & WEIR_KEY_TAGS, &waits);
	return reason;
}

/* The result for the copy that is asked for. */
static void
end_copy(struct tracer *tracer, const struct weir_iface *out, enum weir_reason reason)
{
	char place[WEIR_VIEW_PLACE_SIZE];

	if (reason != WEIR_OK)
		trace_dropped(tracer, reason);
	else
		trace_result(tracer, WEIR_OK, "flooded, to %s too", trace_place(tracer->gateway, out, place));
}

static void
show_flood(struct tracer *tracer, const struct weir_verdict *verdict)
{
	const struct weir_iface *from = verdict->from != NULL ? verdict->from : verdict->in;
	const struct weir_switch *sw = verdict->sw;
	uint32_t n_remotes = from->kind == WEIR_IFACE_REMOTE ? 0 : sw->n_remotes, shown = 0, vports = 0, remotes = 0;
	char element[WEIR_VIEW_PLACE_SIZE];

	show_rewrites(tracer, verdict);
	for (uint32_t k = 0; k < sw->n_vports + n_remotes && shown < COPIES_SHOWN; k++) {
		const struct weir_iface *out = k < sw->n_vports ? sw->vports[k] : sw->remotes[k - sw->n_vports];

		enum weir_reason reason;

		if (out->id == from->id || (tracer->only != WEIR_NONE && tracer->only != out->id))
			continue;
		shown++;
		reason = show_copy(tracer, out);
		if (reason == WEIR_OK)
			*(out->kind == WEIR_IFACE_REMOTE ? &remotes : &vports) += 1;
		if (tracer->only == WEIR_NONE)
			continue;
		end_copy(tracer, out, reason);
		return;
	}
	if (sw->n_vports + n_remotes > COPIES_SHOWN + 1) {
		(void)snprintf(element, sizeof(element), "switch %s/%s", sw->tenant->name, sw->name);
		trace_step(tracer, element, WEIR_OK, "has %u vports and %u remotes: not all are shown", sw->n_vports,
		    n_remotes);
		trace_result(tracer, WEIR_OK, "flooded to %u vports and %u remotes", sw->n_vports, n_remotes);
		return;
	}
	trace_result(tracer, WEIR_OK, "flooded to %u vport%s and %u remote%s", vports, vports == 1 ? "" : "s",
	    remotes, remotes == 1 ? "" : "s");
}

static void
show_end(struct tracer *tracer, const struct weir_verdict *verdict)
{
	static const char *const answers[] = {
	    [WEIR_ANSWER_NONE] = "taken by",
	    [WEIR_ANSWER_ARP] = "answered with an ARP reply by",
	    [WEIR_ANSWER_ND] = "answered with a neighbour advertisement by",
	    [WEIR_ANSWER_ECHO] = "answered with an echo reply by",
	};
	char place[WEIR_VIEW_PLACE_SIZE], ip[46];

	if (verdict->action == WEIR_FORWARD)
		show_forward(tracer, verdict);
	else if (verdict->action == WEIR_FLOOD)
		show_flood(tracer, verdict);
	else if (verdict->action == WEIR_ANSWER)
		trace_result(tracer, WEIR_OK, "%s %s", answers[verdict->answer],
		    trace_place(tracer->gateway, verdict->at, place));
	else
		trace_result(tracer, WEIR_OK, "waits for %s at %s", weir_ip_format(&verdict->hop, ip, sizeof(ip)),
		    trace_place(tracer->gateway, verdict->out, place));
}

/* Its sender is told. */
static void
show_error(struct tracer *tracer, const struct weir_verdict *verdict, enum weir_reason reason)
{
	bool by_router = verdict->at != NULL && !verdict->refused_out;
	char element[WEIR_VIEW_PLACE_SIZE];

	if (reason == WEIR_DROP_REJECTED)
		trace_step(tracer, trace_place(tracer->gateway, by_router ? verdict->at : tracer->in, element),
		    WEIR_OK, "its sender is told: a TCP reset or an ICMP error");
	else if (verdict->at != NULL && (reason == WEIR_DROP_TTL_EXCEEDED || reason == WEIR_DROP_UNROUTED ||
					    reason == WEIR_DROP_NEIGH_UNRESOLVED))
		trace_step(tracer, trace_place(tracer->gateway, verdict->at, element), WEIR_OK,
		    "its sender is told by an ICMP error");
}

void
trace_walk(struct tracer *tracer, uint32_t len)
{
	struct weir_verdict verdict;
	struct weir_trail trail;
	enum weir_reason reason;
	char element[WEIR_VIEW_PLACE_SIZE];

	(void)packet_describe(tracer->data, len, len, tracer->trace->packet);
	reason = weir_parse_frame(tracer->data, len, len, &tracer->key, &tracer->frame);
	if (reason != WEIR_OK) {
		trace_step(tracer, trace_place(tracer->gateway, tracer->in, element), reason, "it cannot be read");
		trace_dropped(tracer, reason);
		return;
	}
	tracer->key.ingress = tracer->in->id;
	reason =
	    weir_resolve(&tracer->walker, tracer->in, &tracer->key, &tracer->frame, tracer->data, &verdict, &trail);
	if (reason != WEIR_OK) {
		show_error(tracer, &verdict, reason);
		trace_dropped(tracer, reason);
		return;
	}
	if (verdict.action == WEIR_FORWARD || verdict.action == WEIR_FLOOD)
		trace_limit(
		    tracer, trace_place(tracer->gateway, tracer->in, element), "its", tracer->in->limit_in, len);
	show_end(tracer, &verdict);
}

/* ---- asked for ---- */

static const struct weir_iface *
find_remote(struct weir_gateway *gateway, const char *from)
{
	char text[160], *at, *slash;
	const struct live_tenant *live;
	struct weir_ip ip;
	uint32_t sw;

	(void)snprintf(text, sizeof(text), "%s", from);
	at = strchr(text, '@');
	slash = at != NULL ? strchr(at, '/') : NULL;
	if (slash == NULL)
		return NULL;
	*at = *slash = '\0';
	live = gateway_tenant(gateway, at + 1);
	if (live == NULL || weir_ip_parse(text, &ip) != 0)
		return NULL;
	sw = tenant_find_switch(live, slash + 1);
	return sw == WEIR_NONE ? NULL : weir_switch_remote(&live->switch_objects[sw], &ip);
}

static const struct weir_iface *
find_vport(struct weir_gateway *gateway, const char *from)
{
	const char *slash = strchr(from, '/');
	const struct live_tenant *live;
	char tenant[WEIR_NAME_SIZE];
	uint32_t vport;

	if (slash == NULL || slash - from > WEIR_NAME_MAX)
		return NULL;
	(void)snprintf(tenant, sizeof(tenant), "%.*s", (int)(slash - from), from);
	live = gateway_tenant(gateway, tenant);
	vport = live != NULL ? tenant_find_vport(live, slash + 1) : WEIR_NONE;
	return vport == WEIR_NONE ? NULL : weir_vnet_iface(gateway->vnet, live->vports[vport]);
}

/* The frame; its length, or 0 with err. */
static uint32_t
make_frame(struct tracer *tracer, const char *packet, const char *hex, struct weir_err *err)
{
	struct packet_spec spec;

	if (hex != NULL)
		return packet_hex(hex, tracer->data, err);
	if (packet_parse(packet, &spec, err) != 0 || trace_guess_macs(tracer, &spec, err) != 0)
		return 0;
	return packet_make(&spec, tracer->data, err);
}

int
weir_view_trace(struct weir_gateway *gateway, const char *from, const char *packet, const char *hex,
    struct weir_view_trace *trace, struct weir_err *err)
{
	static const char remote[] = "remote:";
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	uint32_t len;
	int rc = 0;

	if (tracer == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	(void)pthread_mutex_lock(&gateway->mutex);
	trace_begin(tracer, gateway, trace);
	if (strncmp(from, remote, sizeof(remote) - 1) == 0)
		tracer->in = find_remote(gateway, from + sizeof(remote) - 1);
	else
		tracer->in = find_vport(gateway, from);
	if (tracer->in == NULL)
		rc = weir_err(err, ENOENT, "/from",
		    "'%s' is neither a vport, TENANT/VPORT, nor a remote, remote:ADDRESS@TENANT/SWITCH", from);
	len = rc == 0 ? make_frame(tracer, packet, hex, err) : 0;
	if (rc == 0 && len == 0)
		rc = -EINVAL;
	if (rc == 0)
		trace_walk(tracer, len);
	(void)pthread_mutex_unlock(&gateway->mutex);
	free(tracer);
	return rc;
}
