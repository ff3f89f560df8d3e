/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_FLOW_PRIV_H
#define WEIR_FLOW_PRIV_H

#include "weir_flow.h"

#define RESIZE_STEP 8 /* buckets that are emptied with each call of weir_flows_age() */

/* The tables over flows->flow, of all sizes; the smallest is the first. Returns 0 or -ENOMEM. */
int flows_make_tables(struct weir_flows *flows, int socket);

/* Moves the flows of `n` more buckets of the old table, or finds that another size suits better. */
void flows_resize(struct weir_flows *flows, uint32_t n);

/* The same as one more flow asks for. */
void flows_resize_added(struct weir_flows *flows);

#endif
