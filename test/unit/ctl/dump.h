/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that a configuration makes of a gateway, as text that can be compared. */
#ifndef WEIR_TEST_CTL_DUMP_H
#define WEIR_TEST_CTL_DUMP_H

#include "bench.h"

/*
 * Ports, ids in use, what workers see (tenants, switches, interfaces, VLANs, VNIs, underlays, own addresses), the MAC
 * table, neighbours and the document. The caller's to free().
 */
char *dump(void);

/* The two are the same; frees both. */
void expect_same(char *before, char *after);

/* Lets ids that were given up rest, and be given back. */
void settle_ids(void);

/* A temporary folder; the path is good until the next one is made. */
char *state_folder(void);
void remove_folder(const char *path);

#endif
