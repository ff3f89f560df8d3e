/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text laid out for reading: every value keeps its spelling and order. */
#ifndef PRETTY_H
#define PRETTY_H

#include "text.h"

/*
 * Appends `json` (valid, NUL-terminated; else what comes out is no better) with an object or array on one line where
 * that fits, and one member a line indented by two spaces where not. Each line but the first starts with `prefix`. No
 * newline at the end.
 */
void pretty(const char *json, const char *prefix, struct text *out);

#endif
