/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "table.h"

#define GAP 2	     /* spaces between columns */
#define CUT_TO_MIN 8 /* a text is not cut to less */

void
table_column(struct table *table, const char *title, enum table_kind kind)
{
	if (table->n_columns < TABLE_COLUMNS_MAX)
		table->column[table->n_columns++] = (struct table_column){title, kind, strlen(title)};
}

void
table_cell(struct table *table, const char *text)
{
	struct table_column *column = &table->column[table->n_cells++ % table->n_columns];
	size_t len = strlen(text);

	if (len > column->width)
		column->width = len;
	text_add(&table->cells, text, len + 1);
}

/* Takes from the widest text column, as often as it needs and can. */
static void
fit(size_t *width, const struct table *table, size_t room)
{
	size_t sum = 0;

	for (size_t i = 0; i < table->n_columns; i++)
		sum += width[i] + (i > 0 ? GAP : 0);
	while (sum > room) {
		size_t widest = table->n_columns, least = 0;

		for (size_t i = 0; i < table->n_columns; i++) {
			size_t min = strlen(table->column[i].title);

			min = min > CUT_TO_MIN ? min : CUT_TO_MIN;
			if (table->column[i].kind == TABLE_TEXT && width[i] > min &&
			    (widest == table->n_columns || width[i] > width[widest])) {
				widest = i;
				least = min;
			}
		}
		if (widest == table->n_columns)
			return;
		least = width[widest] - least;
		least = least < sum - room ? least : sum - room;
		/* Step by step while others are nearly as wide, so that the cut is shared. */
		least = least > 4 ? least / 2 : 1;
		width[widest] -= least;
		sum -= least;
	}
}

static void
render_cell(const char *cell, size_t width, enum table_kind kind, bool last, struct text *out)
{
	size_t len = strlen(cell), pad = len < width ? width - len : 0;

	if (kind == TABLE_NUMBER)
		text_fill(out, ' ', pad);
	if (len > width) {
		text_add(out, cell, width - 1);
		text_str(out, "~");
	} else {
		text_add(out, cell, len);
	}
	if (kind != TABLE_NUMBER && !last)
		text_fill(out, ' ', pad);
	if (!last)
		text_fill(out, ' ', GAP);
}

static void
end_line(struct text *out)
{
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	text_str(out, "\n");
}

void
table_render(const struct table *table, size_t width, struct text *out)
{
	size_t widths[TABLE_COLUMNS_MAX], n = table->n_columns;
	const char *cell = table->cells.data;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		widths[i] = table->column[i].width;
	if (width != 0)
		fit(widths, table, width);
	for (size_t i = 0; i < n; i++)
		render_cell(table->column[i].title, widths[i], table->column[i].kind, i + 1 == n, out);
	end_line(out);
	for (size_t i = 0; i < table->n_cells; i++) {
		render_cell(cell, widths[i % n], table->column[i % n].kind, i % n + 1 == n, out);
		cell += strlen(cell) + 1;
		if (i % n + 1 == n)
			end_line(out);
	}
}

void
table_clear(struct table *table)
{
	text_clear(&table->cells);
	table->n_cells = 0;
	for (size_t i = 0; i < table->n_columns; i++)
		table->column[i].width = strlen(table->column[i].title);
}

void
table_free(struct table *table)
{
	text_free(&table->cells);
	*table = (struct table){0};
}
