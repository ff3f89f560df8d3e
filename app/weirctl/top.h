/* SPDX-License-Identifier: BSD-3-Clause */
/* The live table: what it measures and how it draws it. Everything here but command_top() is pure. */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>

#include "text.h"

/*
 * A tenant, a vport ("red/web1") or a drop reason of a tenant ("red tenant_limit"): counters at `time_ns`, and the
 * rates since the sample before. "up" is what leaves by uplinks (tenant) or comes from the vport, "down" what goes to
 * vports.
 */
struct load {
	char name[2 * WEIR_NAME_SIZE + 32];
	uint64_t time_ns, up_bytes, up_packets, down_bytes, down_packets, drops;
	uint64_t limit_bps, limit_pps;
	/* A tenant's receipt of the last second, by direction: rates of the wire, and why they are short. */
	uint64_t promised_bps;
	struct load_way {
		uint64_t demanded_bps, delivered_bps;
		char why[16]; /* "none" or "": it is not */
	} up, down;
	bool measured; /* the rates below are: it was there in the sample before */
	double up_bps, up_pps, down_bps, down_pps, drop_pps;
};

/* A sample's entities, in order of their names after loads_sort(). */
struct loads {
	struct load *v;
	size_t n, size;
};

struct load *loads_add(struct loads *loads, const char *fmt, ...) WEIR_PRINTF(2, 3); /* zeroed but for its name */
void loads_sort(struct loads *loads);
void loads_free(struct loads *loads);

/* Rates of `now` from `before`; both sorted. A counter that went back (made anew) counts from 0. */
void loads_measure(struct loads *now, const struct loads *before);

/* What a frame of the table is drawn from. */
struct view {
	const struct loads *tenants, *vports, *reasons;
	const char *headline;
	size_t width, height; /* of the screen; height includes headline and header; width 0 = any */
};

/* Pointers to the busiest by bits, then by drops, the busiest first, `n` at most. Returns how many. */
size_t top_busiest(const struct loads *loads, const struct load **busiest, size_t n);

/* Likewise of those whose names are `owner`, `separator` and something; `loads` sorted by name. */
size_t top_owned(const struct loads *loads, const char *owner, char separator, const struct load **found, size_t max);

/* Draws one frame: headline, header, each tenant with its vports, both by load, until the height is used up. */
void top_render(const struct view *view, struct text *out);

/* All of it as one JSON document on a line. */
void top_json(const struct view *view, struct text *out);

#endif
