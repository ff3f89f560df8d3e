/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_TOTAL_H
#define WEIR_TEST_TOTAL_H

#include "weir_counters.h"

/* What an interface has counted up to now. */
static inline struct weir_count
total(struct weir_counters_set *set, uint32_t iface)
{
	struct weir_count count;

	(void)weir_counters_read_begin(set, 0, 0);
	count = *weir_counters_get(set, iface);
	weir_counters_read_end(set);
	return count;
}

#endif
