/* SPDX-License-Identifier: BSD-3-Clause */
/* What turns one configuration document into another, member by member. */
#ifndef DIFF_H
#define DIFF_H

#include <cjson/cJSON.h>

#include "text.h"

/*
 * Called for each difference: `before` NULL = added, `after` NULL = removed; `path` is a JSON pointer. Objects are
 * descended into, in the order of their keys; arrays are compared as a whole.
 */
typedef void (*diff_fn)(void *arg, const char *path, const cJSON *before, const cJSON *after);

void diff_walk(const cJSON *before, const cJSON *after, diff_fn fn, void *arg);

/* A diff_fn that appends lines to a struct text: "+ /a: value", "- /a: value", "~ /a: before -> after". */
void diff_print(void *text, const char *path, const cJSON *before, const cJSON *after);

/* A diff_fn that appends one {"op":"add|remove|replace","path":…,"before":…,"after":…} each, comma-separated. */
void diff_json(void *text, const char *path, const cJSON *before, const cJSON *after);

#endif
