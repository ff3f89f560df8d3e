/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a table, shared by its readers (table.c) and its writer (insert.c). */
#ifndef WEIR_TABLE_PRIV_H
#define WEIR_TABLE_PRIV_H

#include "weir_table_fast.h"

#endif
