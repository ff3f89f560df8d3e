/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables that line up: texts to the left, numbers to the right, not wider than the terminal where texts can be cut.
 */
#ifndef TABLE_H
#define TABLE_H

#include "text.h"

#define TABLE_COLUMNS_MAX 16

enum table_kind {
	TABLE_TEXT,   /* to the left; may be cut where the room is short */
	TABLE_FIXED,  /* to the left; never cut */
	TABLE_NUMBER, /* to the right; never cut */
};

struct table {
	struct text cells; /* NUL-terminated strings, one after the other, row by row */
	size_t n_columns, n_cells;
	struct table_column {
		const char *title;
		enum table_kind kind;
		size_t width;
	} column[TABLE_COLUMNS_MAX];
};

/* Adds a column; all of them before the first cell. `title` has to outlive the table. */
void table_column(struct table *table, const char *title, enum table_kind kind);

/* The next cell, from left to right; a full row starts the next one. */
void table_cell(struct table *table, const char *text);

/* Header and rows, appended to `out`. `width` 0: as wide as it is. Cut texts end in '~'. */
void table_render(const struct table *table, size_t width, struct text *out);

void table_clear(struct table *table); /* no rows; columns stay */
void table_free(struct table *table);

#endif
