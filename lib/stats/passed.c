/* SPDX-License-Identifier: BSD-3-Clause */
/* What passed elements that packets only go through. */
#include <errno.h>

#include "counters_priv.h"
#include "weir_vmem.h"

void
weir_count_at(struct weir_counters *counters, const uint32_t what[], uint32_t n, uint64_t packets, uint64_t bytes)
{
	struct weir_bank *bank = counters->bank;

	if (counters->passed_base == NULL)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = weir_passed_index(counters->passed_base, what[i]);

		if (bank->passed[at].packets == 0)
			bank->passed_touched[bank->n_passed_touched++] = at;
		bank->passed[at].packets += packets;
		bank->passed[at].bytes += bytes;
	}
}

void
weir_count_passing(
    struct weir_counters *counters, const struct weir_passed_list *passed, uint64_t packets, uint64_t bytes)
{
	if (passed != NULL)
		weir_count_at(counters, passed->what, passed->n, packets, bytes);
}

int
weir_counters_reserve_passed(struct weir_counters_set *set, const uint32_t max[WEIR_PASSED_KINDS])
{
	uint32_t total;

	for (uint32_t k = 0; k < WEIR_PASSED_KINDS; k++)
		set->passed_base[k + 1] = set->passed_base[k] + max[k];
	total = set->passed_base[WEIR_PASSED_KINDS];
	set->passed = weir_vmem_alloc(total * sizeof(*set->passed));
	for (uint32_t i = 0; i < set->n_writers; i++) {
		struct weir_counters *writer = &set->writers[i];

		for (uint32_t b = 0; b < 2; b++) {
			writer->banks[b].passed = weir_vmem_alloc(total * sizeof(struct weir_passed));
			writer->banks[b].passed_touched = weir_vmem_alloc(total * sizeof(uint32_t));
			if (writer->banks[b].passed == NULL || writer->banks[b].passed_touched == NULL)
				return -ENOMEM;
		}
		writer->passed_base = set->passed_base;
	}
	return set->passed == NULL ? -ENOMEM : 0;
}

void
weir_fold_passed(struct weir_counters_set *set, struct weir_bank *bank)
{
	for (uint32_t i = 0; i < bank->n_passed_touched; i++) {
		struct weir_passed *passed = &bank->passed[bank->passed_touched[i]];

		weir_add_passed(&set->passed[bank->passed_touched[i]], passed->packets, passed->bytes);
		*passed = (struct weir_passed){0};
	}
	bank->n_passed_touched = 0;
}

struct weir_passed
weir_counters_passed(const struct weir_counters_set *set, enum weir_passed_kind kind, uint32_t id)
{
	return set->passed == NULL ? (struct weir_passed){0} : set->passed[set->passed_base[kind] + id];
}

void
weir_counters_forget_passed(struct weir_counters_set *set, enum weir_passed_kind kind, uint32_t id)
{
	if (set->passed != NULL)
		set->passed[set->passed_base[kind] + id] = (struct weir_passed){0};
}
