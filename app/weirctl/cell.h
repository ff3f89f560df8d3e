/* SPDX-License-Identifier: BSD-3-Clause */
/* What a column of a listing shows of a row. */
#ifndef CELL_H
#define CELL_H

#include "reply.h"
#include "table.h"

struct column {
	const char *title;
	enum table_kind kind;
	void (*add)(const struct rows *rows, const struct column *column, struct text *out);
	const char *key, *key2; /* members of the row that `add` reads */
};

/* Each appends one cell; nothing stands for "not there". */
void cell_text(const struct rows *, const struct column *, struct text *);
void cell_joined(const struct rows *, const struct column *, struct text *); /* two texts, one behind the other */
void cell_number(const struct rows *, const struct column *, struct text *);
void cell_option(const struct rows *, const struct column *, struct text *); /* a number, nothing for 0 */
void cell_yes_no(const struct rows *, const struct column *, struct text *);
void cell_up_down(const struct rows *, const struct column *, struct text *);
void cell_link(const struct rows *, const struct column *, struct text *);     /* Mbit/s as "10.0G" */
void cell_age(const struct rows *, const struct column *, struct text *);      /* ns */
void cell_since(const struct rows *, const struct column *, struct text *);    /* ns before the page's time_ns */
void cell_limit(const struct rows *, const struct column *, struct text *);    /* key: bit/s, key2: packets/s */
void cell_rate(const struct rows *, const struct column *, struct text *);     /* 12.3M */
void cell_why(const struct rows *, const struct column *, struct text *);      /* nothing for "none" */
void cell_permille(const struct rows *, const struct column *, struct text *); /* as "12.3%" */
void cell_proto(const struct rows *, const struct column *, struct text *);    /* key: IP protocol, key2: ethertype */
void cell_source(const struct rows *, const struct column *, struct text *);   /* address and port, or MAC */
void cell_destination(const struct rows *, const struct column *, struct text *);
void cell_flags(const struct rows *, const struct column *, struct text *);  /* of TCP */
void cell_reason(const struct rows *, const struct column *, struct text *); /* the sentence for a drop reason */

/* The sentence for a drop reason's name; "" for a name that is unknown or NULL. */
const char *reason_sentence(const char *name);

#endif
