/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

struct load *
loads_add(struct loads *loads, const char *fmt, ...)
{
	va_list ap;
	struct load *load;

	if (loads->n == loads->size) {
		loads->size = loads->size * 2 + 16;
		loads->v = grow(loads->v, loads->size, sizeof(*loads->v));
	}
	load = &loads->v[loads->n++];
	*load = (struct load){0};
	va_start(ap, fmt);
	(void)vsnprintf(load->name, sizeof(load->name), fmt, ap);
	va_end(ap);
	return load;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct load *)a)->name, ((const struct load *)b)->name);
}

void
loads_sort(struct loads *loads)
{
	if (loads->n > 0)
		qsort(loads->v, loads->n, sizeof(*loads->v), by_name);
}

void
loads_free(struct loads *loads)
{
	free(loads->v);
	*loads = (struct loads){0};
}

static double
per_second(uint64_t now, uint64_t before, double seconds)
{
	return (double)(now >= before ? now - before : now) / seconds;
}

static void
measure(struct load *now, const struct load *before)
{
	double s = (double)(now->time_ns - before->time_ns) / 1e9;

	now->measured = true;
	now->up_bps = 8 * per_second(now->up_bytes, before->up_bytes, s);
	now->up_pps = per_second(now->up_packets, before->up_packets, s);
	now->down_bps = 8 * per_second(now->down_bytes, before->down_bytes, s);
	now->down_pps = per_second(now->down_packets, before->down_packets, s);
	now->drop_pps = per_second(now->drops, before->drops, s);
}

void
loads_measure(struct loads *now, const struct loads *before)
{
	for (size_t i = 0, j = 0; i < now->n && j < before->n;) {
		int order = strcmp(now->v[i].name, before->v[j].name);

		if (order == 0 && now->v[i].time_ns > before->v[j].time_ns)
			measure(&now->v[i], &before->v[j]);
		i += order <= 0 ? 1 : 0;
		j += order >= 0 ? 1 : 0;
	}
}

static double
load_of(const struct load *load)
{
	return load->up_bps + load->down_bps;
}

static int
by_load(const void *a, const void *b)
{
	const struct load *x = *(const struct load *const *)a, *y = *(const struct load *const *)b;

	if (load_of(x) != load_of(y))
		return load_of(x) < load_of(y) ? 1 : -1;
	if (x->drop_pps != y->drop_pps)
		return x->drop_pps < y->drop_pps ? 1 : -1;
	return strcmp(x->name, y->name);
}

size_t
top_busiest(const struct loads *loads, const struct load **busiest, size_t n)
{
	const struct load **all = grow(NULL, loads->n + 1, sizeof(struct load *));

	for (size_t i = 0; i < loads->n; i++)
		all[i] = &loads->v[i];
	qsort(all, loads->n, sizeof(*all), by_load);
	n = n < loads->n ? n : loads->n;
	memcpy(busiest, all, n * sizeof(*all));
	free(all);
	return n;
}

size_t
top_owned(const struct loads *loads, const char *owner, char separator, const struct load **found, size_t max)
{
	struct loads owned = {0};
	size_t len = strlen(owner), first = 0;

	while (first < loads->n &&
	       (strncmp(loads->v[first].name, owner, len) != 0 || loads->v[first].name[len] != separator))
		first++;
	owned.v = loads->v + first;
	while (first + owned.n < loads->n && strncmp(owned.v[owned.n].name, owner, len) == 0 &&
	       owned.v[owned.n].name[len] == separator)
		owned.n++;
	return top_busiest(&owned, found, max);
}
