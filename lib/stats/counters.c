/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters_priv.h"
#include "weir_vmem.h"

/* ---- writer ---- */

void
weir_counters_flip(struct weir_counters *counters, uint32_t request)
{
	counters->cur ^= 1;
	counters->bank = &counters->banks[counters->cur];
	__atomic_store_n(&counters->epoch, request, __ATOMIC_RELEASE);
}

void
weir_count_list_path(struct weir_counters *counters, struct weir_path_count *count, uint32_t in, uint32_t out)
{
	struct weir_bank *bank = counters->bank;

	assert(bank->n_paths < counters->max_paths);
	count->listed[counters->cur] = bank->n_paths;
	if (count->passed != NULL)
		memcpy(bank->path_passed[bank->n_paths], count->passed->what, count->passed->n * sizeof(uint32_t));
	bank->paths[bank->n_paths++] = (struct weir_counted_path){
	    .count = count, .in = in, .out = out, .n_passed = count->passed != NULL ? count->passed->n : 0};
}

void
weir_count_settle_path(struct weir_counters *counters, struct weir_path_count *count)
{
	struct weir_bank *bank = counters->bank;
	uint32_t b = counters->cur, at = count->listed[b];

	if (count->bank[b].packets == 0)
		return;
	weir_count_passed(weir_count(counters, bank->paths[at].in), weir_count(counters, bank->paths[at].out),
	    count->bank[b].packets, count->bank[b].bytes);
	weir_count_at(
	    counters, bank->path_passed[at], bank->paths[at].n_passed, count->bank[b].packets, count->bank[b].bytes);
	count->bank[b].packets = count->bank[b].bytes = 0;
	/* The last one of the list takes its place. */
	bank->paths[at] = bank->paths[--bank->n_paths];
	memcpy(bank->path_passed[at], bank->path_passed[bank->n_paths], bank->paths[at].n_passed * sizeof(uint32_t));
	bank->paths[at].count->listed[b] = at;
}

static struct weir_drop_row *
find_row(struct weir_bank *bank, uint32_t key)
{
	uint32_t slot = (key * 0x9e3779b1u) >> 18;

	_Static_assert(WEIR_DROP_ROWS == 1u << (32 - 18), "the shift takes the hash's top bits");
	for (;; slot = (slot + 1) & (WEIR_DROP_ROWS - 1)) {
		struct weir_drop_row *row = &bank->rows[slot];

		if (row->key == key)
			return row;
		if (row->key != 0)
			continue;
		if (bank->n_used == WEIR_DROP_ROWS_USED)
			return NULL;
		row->key = key;
		bank->used[bank->n_used] = slot;
		__atomic_store_n(&bank->n_used, bank->n_used + 1, __ATOMIC_RELAXED);
		return row;
	}
}

void
weir_count_drops(struct weir_counters *counters, uint32_t iface, enum weir_drop_side side, enum weir_reason reason,
    uint64_t packets, uint64_t bytes)
{
	struct weir_count *count = weir_count(counters, iface);
	struct weir_drop_row *row = find_row(counters->bank, (iface << 8 | (uint32_t)reason) + 1);

	_Static_assert(WEIR_REASON_COUNT < 255, "a reason has eight bits of a row's key, and 0 is no key");
	if (side == WEIR_DROP_RX) {
		count->rx_drop_packets += packets;
		count->rx_drop_bytes += bytes;
	} else {
		count->tx_drop_packets += packets;
		count->tx_drop_bytes += bytes;
	}
	if (row != NULL) {
		row->packets += packets;
		row->bytes += bytes;
	}
}

/* ---- control ---- */

int
weir_counters_reserve_paths(struct weir_counters *counters, uint32_t paths)
{
	counters->max_paths = paths;
	for (uint32_t b = 0; b < 2; b++) {
		counters->banks[b].paths = weir_vmem_take(paths * sizeof(*counters->banks[b].paths));
		/* Few paths pass anything that counts. */
		counters->banks[b].path_passed = weir_vmem_alloc(paths * sizeof(*counters->banks[b].path_passed));
		if (counters->banks[b].paths == NULL || counters->banks[b].path_passed == NULL)
			return -ENOMEM;
	}
	return 0;
}

void
weir_counters_release_paths(struct weir_counters *counters)
{
	uint32_t cur = counters->cur;

	for (uint32_t b = 0; b < 2; b++) {
		struct weir_bank *bank = &counters->banks[b];

		counters->cur = b;
		counters->bank = bank;
		while (bank->n_paths > 0)
			weir_count_settle_path(counters, bank->paths[bank->n_paths - 1].count);
		weir_vmem_free(bank->paths, counters->max_paths * sizeof(*bank->paths));
		weir_vmem_free(bank->path_passed, counters->max_paths * sizeof(*bank->path_passed));
		bank->paths = NULL;
		bank->path_passed = NULL;
	}
	counters->cur = cur;
	counters->bank = &counters->banks[cur];
	counters->max_paths = 0;
}

static bool
bank_init(struct weir_bank *bank, uint32_t max_ifaces)
{
	bank->count = weir_vmem_alloc(max_ifaces * sizeof(*bank->count));
	bank->touched = weir_vmem_alloc(max_ifaces * sizeof(*bank->touched));
	bank->rows = weir_vmem_alloc(WEIR_DROP_ROWS * sizeof(*bank->rows));
	bank->used = weir_vmem_alloc(WEIR_DROP_ROWS_USED * sizeof(*bank->used));
	if (bank->count == NULL || bank->touched == NULL || bank->rows == NULL || bank->used == NULL)
		return false;
	memset(bank->rows, 0, WEIR_DROP_ROWS * sizeof(*bank->rows));
	return true;
}

static void
bank_free(struct weir_bank *bank, uint32_t max_ifaces)
{
	weir_vmem_free(bank->count, max_ifaces * sizeof(*bank->count));
	weir_vmem_free(bank->touched, max_ifaces * sizeof(*bank->touched));
	weir_vmem_free(bank->rows, WEIR_DROP_ROWS * sizeof(*bank->rows));
	weir_vmem_free(bank->used, WEIR_DROP_ROWS_USED * sizeof(*bank->used));
}

struct weir_counters_set *
weir_counters_create(uint32_t n_workers, uint32_t max_ifaces)
{
	struct weir_counters_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	(void)pthread_mutex_init(&set->mutex, NULL);
	set->n_writers = n_workers + 1;
	set->max_ifaces = max_ifaces;
	set->writers = aligned_alloc(WEIR_CACHELINE, set->n_writers * sizeof(*set->writers));
	set->by_writer = aligned_alloc(WEIR_CACHELINE, set->n_writers * sizeof(*set->by_writer));
	set->totals = weir_vmem_alloc(max_ifaces * sizeof(*set->totals));
	set->reasons = weir_vmem_alloc(max_ifaces * sizeof(struct reasons *));
	if (set->writers == NULL || set->by_writer == NULL || set->totals == NULL || set->reasons == NULL)
		goto fail;
	memset(set->writers, 0, set->n_writers * sizeof(*set->writers));
	memset(set->by_writer, 0, set->n_writers * sizeof(*set->by_writer));
	for (uint32_t i = 0; i < set->n_writers; i++) {
		struct weir_counters *writer = &set->writers[i];

		writer->request = &set->request;
		writer->bank = &writer->banks[0];
		if (!bank_init(&writer->banks[0], max_ifaces) || !bank_init(&writer->banks[1], max_ifaces))
			goto fail;
	}
	return set;
fail:
	weir_counters_free(set);
	return NULL;
}

void
weir_counters_free(struct weir_counters_set *set)
{
	uint32_t n_passed;

	if (set == NULL)
		return;
	n_passed = set->passed_base[WEIR_PASSED_KINDS];
	for (uint32_t i = 0; set->writers != NULL && i < set->n_writers; i++) {
		for (uint32_t b = 0; b < 2; b++) {
			weir_vmem_free(set->writers[i].banks[b].passed, n_passed * sizeof(struct weir_passed));
			weir_vmem_free(set->writers[i].banks[b].passed_touched, n_passed * sizeof(uint32_t));
			bank_free(&set->writers[i].banks[b], set->max_ifaces);
		}
	}
	weir_vmem_free(set->passed, n_passed * sizeof(*set->passed));
	for (uint32_t i = 0; set->reasons != NULL && i < set->max_ifaces; i++)
		free(set->reasons[i]);
	weir_vmem_free(set->totals, set->max_ifaces * sizeof(*set->totals));
	weir_vmem_free(set->reasons, set->max_ifaces * sizeof(struct reasons *));
	free(set->writers);
	free(set->by_writer);
	(void)pthread_mutex_destroy(&set->mutex);
	free(set);
}

struct weir_counters *
weir_counters_worker(struct weir_counters_set *set, uint32_t worker)
{
	return &set->writers[worker];
}

void
weir_counters_set_live(struct weir_counters_set *set, uint32_t worker, bool live)
{
	/* A worker about to run must not meet a reader that flips for it; one that has ended must not be waited for.
	 */
	if (live)
		(void)pthread_mutex_lock(&set->mutex);
	__atomic_store_n(&set->writers[worker].live, live, __ATOMIC_RELEASE);
	if (live)
		(void)pthread_mutex_unlock(&set->mutex);
}

struct weir_counters *
weir_counters_control_begin(struct weir_counters_set *set)
{
	(void)pthread_mutex_lock(&set->mutex);
	return &set->writers[set->n_writers - 1];
}

void
weir_counters_control_end(struct weir_counters_set *set)
{
	(void)pthread_mutex_unlock(&set->mutex);
}

void
weir_counters_prepare(struct weir_counters_set *set, uint32_t iface)
{
	for (uint32_t i = 0; i < set->n_writers; i++)
		for (uint32_t b = 0; b < 2; b++) {
			struct weir_bank *bank = &set->writers[i].banks[b];

			/* A written zero; the id belongs to nobody yet, so no worker writes here. */
			*(volatile uint64_t *)&bank->count[iface].rx_packets = 0;
		}
}

void
weir_count_add(struct weir_count *sum, const struct weir_count *more)
{
	sum->rx_packets += more->rx_packets;
	sum->rx_bytes += more->rx_bytes;
	sum->tx_packets += more->tx_packets;
	sum->tx_bytes += more->tx_bytes;
	sum->accepted += more->accepted;
	sum->offered += more->offered;
	sum->consumed += more->consumed;
	sum->copies += more->copies;
	sum->generated += more->generated;
	sum->held_in += more->held_in;
	sum->held_out += more->held_out;
	sum->rx_drop_packets += more->rx_drop_packets;
	sum->rx_drop_bytes += more->rx_drop_bytes;
	sum->tx_drop_packets += more->tx_drop_packets;
	sum->tx_drop_bytes += more->tx_drop_bytes;
}

void
weir_tally_add(struct weir_tally *tally, const struct weir_tally *other)
{
	weir_count_add(&tally->sum, &other->sum);
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++) {
		tally->reasons[r].packets += other->reasons[r].packets;
		tally->reasons[r].bytes += other->reasons[r].bytes;
	}
}

/* An idle bank's paths. The worker goes on counting in the other half of these records. */
static void
fold_paths(struct weir_counters_set *set, uint32_t writer, struct weir_bank *bank)
{
	uint32_t b = (uint32_t)(bank - set->writers[writer].banks);

	for (uint32_t i = 0; i < bank->n_paths; i++) {
		const struct weir_counted_path *path = &bank->paths[i];
		uint64_t packets = path->count->bank[b].packets, bytes = path->count->bank[b].bytes;

		weir_count_passed(&set->totals[path->in], &set->totals[path->out], packets, bytes);
		weir_count_passed(&set->by_writer[writer], &set->by_writer[writer], packets, bytes);
		for (uint32_t k = 0; k < path->n_passed && set->passed != NULL; k++)
			weir_add_passed(&set->passed[weir_passed_index(set->passed_base, bank->path_passed[i][k])],
			    packets, bytes);
		path->count->bank[b].packets = path->count->bank[b].bytes = 0;
	}
	bank->n_paths = 0;
}

/* Adds an idle bank to the totals and empties it. */
static void
fold_bank(struct weir_counters_set *set, uint32_t writer, struct weir_bank *bank)
{
	for (uint32_t i = 0; i < bank->n_touched; i++) {
		uint32_t iface = bank->touched[i];

		weir_count_add(&set->totals[iface], &bank->count[iface]);
		weir_count_add(&set->by_writer[writer], &bank->count[iface]);
		memset(&bank->count[iface], 0, sizeof(bank->count[iface]));
	}
	bank->n_touched = 0;
	fold_paths(set, writer, bank);
	weir_fold_passed(set, bank);
	for (uint32_t i = 0; i < bank->n_used; i++) {
		struct weir_drop_row *row = &bank->rows[bank->used[i]];
		uint32_t iface = (row->key - 1) >> 8, reason = (row->key - 1) & 0xff;

		/* Without memory for the split the sum still stands in the record. */
		if (set->reasons[iface] == NULL)
			set->reasons[iface] = calloc(1, sizeof(struct reasons));
		if (set->reasons[iface] != NULL) {
			set->reasons[iface]->packets[reason] += row->packets;
			set->reasons[iface]->bytes[reason] += row->bytes;
		}
		memset(row, 0, sizeof(*row));
	}
	__atomic_store_n(&bank->n_used, 0, __ATOMIC_RELAXED);
}

static void
fold(struct weir_counters_set *set, uint64_t now)
{
	uint32_t request = set->request + 1;

	__atomic_store_n(&set->request, request, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < set->n_writers; i++) {
		struct weir_counters *writer = &set->writers[i];

		while (__atomic_load_n(&writer->epoch, __ATOMIC_ACQUIRE) != request) {
			if (__atomic_load_n(&writer->live, __ATOMIC_ACQUIRE))
				(void)usleep(5);
			else
				weir_counters_flip(writer, request);
		}
	}
	for (uint32_t i = 0; i < set->n_writers; i++)
		fold_bank(set, i, &set->writers[i].banks[set->writers[i].cur ^ 1]);
	set->folded_at = now;
	set->folded = true;
}

uint64_t
weir_counters_read_begin(struct weir_counters_set *set, uint64_t now, uint64_t max_age)
{
	(void)pthread_mutex_lock(&set->mutex);
	if (!set->folded || max_age == 0 || now >= set->folded_at + max_age)
		fold(set, now);
	return set->folded_at;
}

void
weir_counters_read_end(struct weir_counters_set *set)
{
	(void)pthread_mutex_unlock(&set->mutex);
}

const struct weir_count *
weir_counters_get(const struct weir_counters_set *set, uint32_t iface)
{
	return &set->totals[iface];
}

void
weir_counters_sum(const struct weir_counters_set *set, uint32_t iface, struct weir_tally *tally)
{
	const struct reasons *reasons = set->reasons[iface];

	weir_count_add(&tally->sum, &set->totals[iface]);
	if (reasons == NULL)
		return;
	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++) {
		tally->reasons[r].packets += reasons->packets[r];
		tally->reasons[r].bytes += reasons->bytes[r];
	}
}

const struct weir_count *
weir_counters_writer(const struct weir_counters_set *set, uint32_t writer)
{
	return &set->by_writer[writer];
}

void
weir_counters_retire(struct weir_counters_set *set, uint32_t iface, struct weir_tally *tally)
{
	weir_counters_forget_passed(set, WEIR_PASSED_IN, iface);
	weir_counters_forget_passed(set, WEIR_PASSED_OUT, iface);
	weir_counters_sum(set, iface, tally);
	memset(&set->totals[iface], 0, sizeof(set->totals[iface]));
	free(set->reasons[iface]);
	set->reasons[iface] = NULL;
}

bool
weir_counters_want_fold(const struct weir_counters_set *set)
{
	for (uint32_t i = 0; i < set->n_writers; i++)
		for (uint32_t b = 0; b < 2; b++)
			if (__atomic_load_n(&set->writers[i].banks[b].n_used, __ATOMIC_RELAXED) >
			    WEIR_DROP_ROWS_USED / 2)
				return true;
	return false;
}
