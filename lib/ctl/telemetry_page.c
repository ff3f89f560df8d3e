/* SPDX-License-Identifier: BSD-3-Clause */
/* One page of a listing: rows as they come from a view, as many as fit. */
#include <errno.h>
#include <stdlib.h>

#include "telemetry_priv.h"
#include "weir_view.h"

static int
encode(const struct listing *listing, const char *rows, uint32_t n, uint64_t time, uint64_t next,
    struct answer *answer, struct weir_err *err)
{
	struct table table;
	uint32_t i = 0;

	if (table_begin(&table, answer, listing->columns, listing->n_columns) != 0)
		return weir_err(err, ENOMEM, "", "no memory for the answer");
	while (i < n && listing->row(&table, rows + i * listing->row_size))
		i++;
	table_end(&table);
	if (i < n)
		memcpy(&next, rows + i * listing->row_size, sizeof(next));
	if (time != 0)
		answer_u64(answer, "time_ns", time);
	if (next != WEIR_VIEW_END)
		answer_u64(answer, "next", next);
	return 0;
}

int
list_page(const struct listing *listing, struct telemetry *t, const char *params, struct answer *answer,
    struct weir_err *err)
{
	uint64_t time = 0;
	struct page page;
	uint32_t n = 0;
	void *rows;
	int rc = params_page(params, listing->with_tenant, listing->with_last, &page, err);

	if (rc == 0 && listing->with_last && page.tenant == NULL)
		rc = params_name("", "tenant", err);
	if (rc != 0)
		return rc;
	rows = aligned_alloc(WEIR_CACHELINE, RTE_ALIGN_CEIL(TEL_ROWS_MAX * listing->row_size, WEIR_CACHELINE));
	if (rows == NULL)
		return weir_err(err, ENOMEM, "", "no memory for the answer");
	if (listing->view(t->gateway, &page, rows, TEL_ROWS_MAX, &n, &time) != 0)
		rc = weir_err(err, ENOENT, "", "no tenant has the name '%s'", page.tenant);
	else
		rc = encode(listing, rows, n, time, page.cursor, answer, err);
	free(rows);
	return rc;
}
