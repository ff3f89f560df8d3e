/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_FLOW_PRIV_H
#define WEIR_FLOW_PRIV_H

#include "weir_flow.h"

/* Buckets that are emptied at a time: with each new flow, and with each call of weir_flows_age(). */
#define RESIZE_ADD 2
#define RESIZE_STEP 32

/* The tables over flows->flow, of all sizes; the smallest is the first. Returns 0 or -ENOMEM. */
int flows_make_tables(struct weir_flows *flows, int socket);

/* Moves the flows of `n` more buckets of the old table, or finds that another size suits better. */
void flows_resize(struct weir_flows *flows, uint32_t n);

#endif
