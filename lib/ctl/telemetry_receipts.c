/* SPDX-License-Identifier: BSD-3-Clause */
/* Receipts: of the last second beside other statistics, and of the last hour. */
#include <string.h>

#include "telemetry_priv.h"
#include "weir_view.h"

static const struct column receipt_columns[] = {{"at_ns", false}, {"interval_ns", false}, RECEIPT_COLUMNS};

#define LIST_CELLS WEIR_ARRAY_LEN(receipt_columns)
#define FIRST_CELL (LIST_CELLS - RECEIPT_CELLS)

void
receipt_cells(const struct weir_receipt *receipt, struct cell cells[RECEIPT_CELLS])
{
	const struct weir_receipt_way *up = &receipt->way[WEIR_TO_UPLINK], *down = &receipt->way[WEIR_TO_VPORT];
	const struct cell all[] = {
	    {.number = receipt->promised.bps},
	    {.number = receipt->promised.pps},
	    {.number = up->demanded.bps},
	    {.number = up->demanded.pps},
	    {.number = up->delivered.bps},
	    {.number = up->delivered.pps},
	    {.text = weir_why_name(up->why), .number = up->why},
	    {.number = down->demanded.bps},
	    {.number = down->demanded.pps},
	    {.number = down->delivered.bps},
	    {.number = down->delivered.pps},
	    {.text = weir_why_name(down->why), .number = down->why},
	    {.number = receipt->cpu},
	};

	_Static_assert(WEIR_ARRAY_LEN(all) == RECEIPT_CELLS, "a cell a column");
	memcpy(cells, all, sizeof(all));
}

/* Numbers all of them, the reason too. */
void
answer_receipt(struct answer *answer, const struct weir_receipt *receipt)
{
	struct cell cells[RECEIPT_CELLS];

	receipt_cells(receipt, cells);
	for (uint32_t c = 0; c < RECEIPT_CELLS; c++)
		answer_u64(answer, receipt_columns[FIRST_CELL + c].name, cells[c].number);
}

static bool
receipt_row(struct table *table, const void *at)
{
	const struct weir_view_receipt *row = at;
	struct cell cells[LIST_CELLS] = {
	    {.number = row->receipt.time},
	    {.number = row->receipt.interval},
	};

	receipt_cells(&row->receipt, &cells[FIRST_CELL]);
	return table_row(table, cells);
}

static int
view_receipts(
    struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_receipts(gateway, page->tenant, page->last, &page->cursor, rows, n, count, time);
}

static const struct listing receipt_listing = {
    .columns = receipt_columns,
    .n_columns = LIST_CELLS,
    .row_size = sizeof(struct weir_view_receipt),
    .with_tenant = true,
    .with_last = true,
    .view = view_receipts,
    .row = receipt_row,
};

int
command_tenant_receipts(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&receipt_listing, t, params, answer, err);
}
