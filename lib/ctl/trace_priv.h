/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces, for the files that make them. The gateway's mutex is held throughout, nobody waits. */
#ifndef WEIR_TRACE_PRIV_H
#define WEIR_TRACE_PRIV_H

#include "packet_text.h"
#include "view_priv.h"
#include "weir_note.h"
#include "weir_verdict.h"

struct tracer {
	struct weir_gateway *gateway;
	struct weir_view_trace *trace;
	uint64_t now;
	struct weir_walker walker;
	const struct weir_iface *in; /* it entered by; NULL: that is not known */
	uint32_t only;		     /* of a flood, the copy that leaves by this interface; WEIR_NONE: all */
	struct weir_key key;
	struct weir_frame frame;
	uint8_t data[PACKET_BYTES_MAX];
};

/* Makes it ready; nothing has been walked yet. */
void trace_begin(struct tracer *tracer, struct weir_gateway *gateway, struct weir_view_trace *trace);

/* One more line. `reason`: the packet is dropped there; WEIR_OK: it goes on. */
void trace_step(struct tracer *tracer, const char *element, enum weir_reason reason, const char *fmt, ...)
    WEIR_PRINTF(4, 5);
void trace_result(struct tracer *tracer, enum weir_reason reason, const char *fmt, ...) WEIR_PRINTF(3, 4);

/* The result of a packet that is lost. */
void trace_dropped(struct tracer *tracer, enum weir_reason reason);

/* "vport red/web1", "remote 192.0.2.2 on red/web", "router red/r1 interface web"; NULL: "nowhere". Returns buf. */
const char *trace_place(
    const struct weir_gateway *gateway, const struct weir_iface *iface, char buf[WEIR_VIEW_PLACE_SIZE]);

/* What a walk notes, as lines; `arg` is the tracer. */
void trace_note(void *arg, const struct weir_note *note);

/* The frame of tracer->data, `len` bytes, from tracer->in: walked, and what becomes of it then. */
void trace_walk(struct tracer *tracer, uint32_t len);

/*
 * The way out by `out`, for a frame of `bytes` bytes with so many tags of its own: what is put on, MTU, port. Returns
 * WEIR_OK, or the reason why it does not leave; *waits: for the remote's neighbour.
 */
enum weir_reason trace_out(
    struct tracer *tracer, const struct weir_iface *out, uint32_t bytes, uint32_t tags, bool *waits);

/* What a limit has now, if there is one; `whose` says which. */
void trace_limit(
    struct tracer *tracer, const char *element, const char *whose, const struct weir_limit *limit, uint32_t bytes);

/* Fills in the MACs that a description left open, for a frame that enters by `in`; 0 or -errno with err. */
int trace_guess_macs(struct tracer *tracer, struct packet_spec *spec, struct weir_err *err);

#endif
