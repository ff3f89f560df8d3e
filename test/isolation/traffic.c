/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_FIRST 10 /* frames */
#define WINDOW_LEAST 2
#define TIMEOUT (5 * PS_MS) /* without a word of what is in flight */

const struct mix mix_small = {1, {60}, {100}};
const struct mix mix_internet = {3, {60, 590, 1514}, {45, 30, 25}};
const struct mix mix_bulk = {1, {1514}, {100}};
const struct mix mix_jumbo = {1, {9000}, {100}};
const struct mix mix_wide = {4, {60, 590, 1514, 9000}, {45, 30, 20, 5}};

static bool
has_window(const struct source *source)
{
	return source->spec.pattern == GREEDY || source->spec.pattern == REQUEST;
}

void
source_init(struct source *source, uint32_t id, const struct source_spec *spec, const struct net *net,
    const struct window *window)
{
	memset(source, 0, sizeof(*source));
	source->spec = *spec;
	source->id = id;
	if (spec->n_flows == 0)
		source->spec.n_flows = 1;
	if (spec->stop == 0)
		source->spec.stop = NEVER;
	rng_seed(&source->rng, id);
	frames_make(source, net);
	/* Sources of one rate do not all send at the same moment, unless they are told when. */
	source->next = spec->start;
	if (spec->start == 0)
		source->next += rng_below(&source->rng, 100000) *
				(source->templates[0].wire_bytes * UINT64_C(80000000)) / spec->rate;
	record_init(&source->record, window);
	if (!has_window(source))
		return;
	source->window = WINDOW_FIRST * 1000;
	source->threshold = WINDOW_MAX * 1000;
	source->acks = calloc(ACKS, sizeof(*source->acks));
	if (source->acks == NULL)
		abort();
}

void
source_free(struct source *source)
{
	free(source->acks);
	record_free(&source->record);
}

/* ---- the window ---- */

static bool
window_open(const struct source *source)
{
	if (source->spec.pattern == REQUEST)
		return source->to_send > 0 || source->in_flight == 0;
	return (uint64_t)source->in_flight * 1000 + 1000 <= source->window;
}

/* Once for all frames of a round trip: by three tenths, as cubic does; by two for a mark (RFC 8511). */
static void
shrink(struct source *source, uint32_t seq, bool lost)
{
	if ((int32_t)(seq - source->recover) < 0)
		return;
	source->recover = source->seq;
	source->window = source->window * (lost ? 7 : 8) / 10;
	if (source->window < WINDOW_LEAST * 1000)
		source->window = WINDOW_LEAST * 1000;
	source->threshold = source->window;
}

static void
grow(struct source *source, uint32_t frames)
{
	source->window += source->window < source->threshold ? frames * UINT64_C(1000)
							     : frames * UINT64_C(1000000) / source->window;
	if (source->window > WINDOW_MAX * UINT64_C(1000))
		source->window = WINDOW_MAX * UINT64_C(1000);
}

static void
hear(struct source *source, uint64_t at)
{
	while (source->ack_first != source->ack_last) {
		const struct ack *ack = &source->acks[source->ack_first % ACKS];

		if (ack->at > at)
			break;
		source->in_flight -= ack->frames < source->in_flight ? ack->frames : source->in_flight;
		source->progress = ack->at;
		if (ack->lost || ack->marked)
			shrink(source, ack->seq, ack->lost);
		else
			grow(source, ack->frames);
		source->ack_first++;
	}
	if (source->in_flight == 0 || at < source->progress + TIMEOUT)
		return;
	/* All that is in flight is lost, or so it seems. */
	source->threshold = source->window / 2;
	source->window = WINDOW_LEAST * 1000;
	source->in_flight = 0;
	source->given_up = source->recover = source->seq;
	source->progress = at;
}

void
source_left(struct source *source, uint32_t seq, bool marked, uint64_t at)
{
	struct record *record = &source->record;
	uint32_t from = source->expected, waited_for;

	if (source->spec.n_flows == 1 && (int32_t)(seq - from) < 0)
		record->reordered++;
	if ((int32_t)(seq - from) < 0)
		return;
	source->expected = seq + 1;
	if (!has_window(source))
		return;
	waited_for = (int32_t)(source->given_up - from) > 0 ? source->given_up : from;
	if ((int32_t)(seq - waited_for) < 0)
		return;
	source->acks[source->ack_last++ % ACKS] = (struct ack){.at = at + source->spec.rtt,
	    .seq = seq,
	    .frames = seq + 1 - waited_for,
	    .lost = seq != from,
	    .marked = marked};
}

/* ---- when, and what ---- */

uint64_t
source_wakes(const struct source *source)
{
	uint64_t at;

	if (!has_window(source))
		return source->next < source->spec.stop ? source->next : NEVER;
	at = window_open(source) ? source->next : NEVER;
	if (source->ack_first != source->ack_last && source->acks[source->ack_first % ACKS].at < at)
		at = source->acks[source->ack_first % ACKS].at;
	if (source->in_flight > 0 && source->progress + TIMEOUT < at)
		at = source->progress + TIMEOUT;
	return at < source->spec.stop ? at : NEVER;
}

static void
move_on(struct source *source, uint64_t at, uint32_t wire_bytes)
{
	const struct source_spec *spec = &source->spec;
	uint64_t gap = wire_bytes * UINT64_C(8000000000000) / spec->rate, into;

	source->next = (has_window(source) && at > source->next ? at : source->next) + gap;
	if (spec->pattern != ON_OFF)
		return;
	into = (source->next - spec->start) % (spec->on + spec->off);
	if (into >= spec->on)
		source->next += spec->on + spec->off - into;
}

static const struct template *
pick(struct source *source)
{
	const struct mix *mix = source->spec.mix;
	uint32_t lot, i = 0;

	if (mix->n == 1)
		return &source->templates[0];
	for (lot = rng_below(&source->rng, 100); lot >= mix->share[i]; i++)
		lot -= mix->share[i];
	return &source->templates[i];
}

/* A request begins some time after the last one has been answered. */
static bool
may_request(struct source *source, uint64_t at)
{
	if (source->to_send > 0)
		return at >= source->next;
	if (source->in_flight > 0)
		return false;
	source->to_send = source->spec.burst;
	source->next = at + source->spec.pause * rng_below(&source->rng, 1000) / 1000;
	return at >= source->next;
}

const struct template *
source_send(struct source *source, uint64_t at)
{
	const struct template *template;

	if (has_window(source)) {
		hear(source, at);
		if (source->spec.pattern == REQUEST ? !may_request(source, at)
						    : at < source->next || !window_open(source))
			return NULL;
		if (source->in_flight++ == 0)
			source->progress = at;
		if (source->to_send > 0)
			source->to_send--;
	}
	template = pick(source);
	move_on(source, at, template->wire_bytes);
	return template;
}

uint32_t
source_write(struct source *source, const struct template *template, uint64_t at, uint8_t *to)
{
	const struct source_spec *spec = &source->spec;
	struct tag tag = {.source = source->id, .seq = source->seq++, .born = at};
	uint32_t flow = (uint32_t)source->flow;

	memcpy(to, template->data, TEMPLATE_SIZE);
	memcpy(to + source->tag, &tag, sizeof(tag));
	put16(to + source->l3 + 20, 1024 + (flow & 0x7fff));
	put16(to + source->l3 + 22, 1024 + (flow >> 15));
	if (spec->trick != HONEST)
		frames_bend(source, to);
	source->flow++;
	if (spec->trick != NEW_FLOWS && source->flow >= spec->n_flows)
		source->flow = 0;
	return (uint32_t)((flow + source->id * UINT64_C(7919)) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}
