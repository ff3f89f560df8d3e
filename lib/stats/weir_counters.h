/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exact counters that can be read at any moment as one consistent cut.
 *
 * An interface is anything a packet enters or leaves by: a vport, a remote as seen from one switch, or a port itself
 * (for packets that belong to no tenant). Every writer (each worker, and one "control" writer shared by the control
 * threads) has two banks of one record per interface and writes the current one only, without atomics. To read, the
 * reader asks for a flip; each worker flips when it next calls weir_counters_poll(); then the reader folds the idle
 * banks into totals. A worker calls weir_counters_poll() after it has taken packets off its hand-off rings and before
 * it counts them: whoever put a packet there after its own flip had seen the request, so the taker sees it too, and
 * the cut is consistent over workers: nothing is counted as taken that is not counted as handed.
 *
 * Drops are totalled in the record and, by reason, in a small hash of rows per bank; should more (interface, reason)
 * pairs occur between two folds than fit (12,288), the rest is counted in the record's total alone, so that no sum is
 * ever wrong.
 *
 * Packets of known flows are counted by path: what came in by one interface, went on and left by one other, is one
 * addition to the path's own record, which it has in each bank; folding adds it to both interfaces. Such a packet is
 * counted as sent when it is put into a transmit buffer; what then is not sent takes its tx_packets and tx_bytes
 * back, modulo 2^64. At a flip transmit buffers are empty, so no reader sees a count that is still to be taken back.
 *
 * Elements that a packet passes on its way (a router's interfaces, routes) are counted the same way: a path names
 * them, and its count is added to each when it is folded.
 *
 * Threads: a weir_counters belongs to its worker. Everything on weir_counters_set takes the set's mutex; never on a
 * worker.
 */
#ifndef WEIR_COUNTERS_H
#define WEIR_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_reason.h"

/* Bytes are the tenant's frames, destination MAC to last byte, without tunnel headers and without the vport's VLAN
 * tag. */
struct weir_count {
	uint64_t rx_packets, rx_bytes; /* came in by this interface */
	uint64_t tx_packets, tx_bytes; /* left by it: accepted by the driver */
	uint64_t accepted;	       /* packets that came in and went on to at least one interface */
	uint64_t offered;	       /* packets, copies included, that were to leave by it */
	uint64_t consumed;	       /* came in and were answered or used by weir itself */
	uint32_t touched;	       /* in the bank's list of records to fold */
	uint32_t pad;
	uint64_t copies;    /* made of packets that came in by it, beyond the first */
	uint64_t generated; /* made by weir to leave by it */
	uint64_t held_in,
	    held_out; /* began / ended to wait for it: in hand-off rings, for a neighbour, for weir itself */
	uint64_t rx_drop_packets, rx_drop_bytes; /* of those that came in by it */
	uint64_t tx_drop_packets, tx_drop_bytes; /* of those offered to it */
};
_Static_assert(sizeof(struct weir_count) == 128,
    "two cachelines where the bank's array begins one; what every packet touches in the first");

/* Direction of a drop, as seen from the interface it is charged to. */
enum weir_drop_side {
	WEIR_DROP_RX,
	WEIR_DROP_TX,
};

struct weir_drop_row {
	uint32_t key; /* (iface << 8 | reason) + 1; 0 = free */
	uint32_t pad;
	uint64_t packets, bytes;
};

#define WEIR_DROP_ROWS 16384u /* a bank; a power of two */
#define WEIR_DROP_ROWS_USED (WEIR_DROP_ROWS / 4 * 3)
#define WEIR_COUNTERS_IFACES_MAX (1u << 24) /* an iface id and a reason share 32 bits */

/* Elements that count what passes them, by kind and id. */
enum weir_passed_kind {
	WEIR_PASSED_IN,	 /* came to a router by its interface */
	WEIR_PASSED_OUT, /* left it by its interface */
	WEIR_PASSED_ROUTE,
	WEIR_PASSED_RULE, /* a firewall's rule decided on it */
	WEIR_PASSED_KINDS,
};
#define WEIR_PASSED_SHIFT 28 /* kind << this | id */
#define WEIR_PASSED_MAX 84   /* on one path */

struct weir_passed {
	uint64_t packets, bytes;
};

/* What is passed on a path. */
struct weir_passed_list {
	uint32_t n;
	uint32_t what[WEIR_PASSED_MAX];
};

/* What a path counted in each bank, and where the bank's list has it. Zero to begin with. */
struct weir_path_count {
	struct weir_path_bank {
		uint64_t packets, bytes;
	} bank[2];
	uint32_t listed[2];
	const struct weir_passed_list *passed; /* NULL: nothing that counts; changed only when it is settled */
};

/* A path that counted something in this bank. */
struct weir_counted_path {
	struct weir_path_count *count;
	uint32_t in, out;  /* interfaces */
	uint32_t n_passed; /* in the bank's list of them */
};

struct weir_bank {
	struct weir_count *count; /* by interface id */
	uint32_t *touched;	  /* interface ids */
	struct weir_drop_row *rows;
	uint32_t *used; /* row indices */
	struct weir_counted_path *paths;
	uint32_t (
	    *path_passed)[WEIR_PASSED_MAX]; /* of each of these: copied, since the path may be another one soon */
	struct weir_passed *passed;	    /* what paths did not count, by passed_base[kind] + id */
	uint32_t *passed_touched;	    /* indices of it */
	uint32_t n_touched, n_used, n_paths, n_passed_touched;
};

/* One writer's counters. worker: rw; control: the idle bank between flips. */
struct weir_counters {
	struct weir_bank *bank;	 /* the current one */
	const uint32_t *request; /* control: w; bumped to ask for a flip */
	uint32_t epoch;		 /* worker: w (release); the last request it has followed */
	uint32_t cur;
	uint32_t max_paths;	     /* that a bank can list */
	const uint32_t *passed_base; /* by kind, and behind the last; NULL: they are not counted */
	struct weir_bank banks[2];
	bool live; /* a running worker polls; else the reader flips for it */
} WEIR_CACHE_ALIGNED;

/* Begins to count on a path in the current bank. */
void weir_count_list_path(struct weir_counters *counters, struct weir_path_count *count, uint32_t in, uint32_t out);

/* Follows a flip request. Out of line: it happens some hundred times a second at most. */
void weir_counters_flip(struct weir_counters *counters, uint32_t request);

static inline void
weir_counters_poll(struct weir_counters *counters)
{
	uint32_t request = __atomic_load_n(counters->request, __ATOMIC_ACQUIRE);

	if (__builtin_expect(request != counters->epoch, 0))
		weir_counters_flip(counters, request);
}

/* The current record of an interface, to be added to. */
static inline struct weir_count *
weir_count(struct weir_counters *counters, uint32_t iface)
{
	struct weir_bank *bank = counters->bank;
	struct weir_count *count = &bank->count[iface];

	if (__builtin_expect(count->touched == 0, 0)) {
		count->touched = 1;
		bank->touched[bank->n_touched++] = iface;
	}
	return count;
}

/*
 * Counts a packet that came in by interface `in`, went on and left by `out`, on the path that stands for the two.
 */
static inline void
weir_count_path(
    struct weir_counters *counters, struct weir_path_count *count, uint32_t in, uint32_t out, uint32_t bytes)
{
	uint32_t b = counters->cur;

	if (__builtin_expect(count->bank[b].packets == 0, 0))
		weir_count_list_path(counters, count, in, out);
	count->bank[b].packets++;
	count->bank[b].bytes += bytes;
}

/* `packets` that came in by one interface, went on and left by the other. */
static inline void
weir_count_passed(struct weir_count *in, struct weir_count *out, uint64_t packets, uint64_t bytes)
{
	in->rx_packets += packets;
	in->rx_bytes += bytes;
	in->accepted += packets;
	out->offered += packets;
	out->tx_packets += packets;
	out->tx_bytes += bytes;
}

/* Takes back, of an interface, one packet that was counted as sent. */
static inline void
weir_count_unsent(struct weir_counters *counters, uint32_t iface, uint32_t bytes)
{
	struct weir_count *count = weir_count(counters, iface);

	count->tx_packets--;
	count->tx_bytes -= bytes;
}

/* Counts so many drops at `iface`: total and reason. */
void weir_count_drops(struct weir_counters *counters, uint32_t iface, enum weir_drop_side side,
    enum weir_reason reason, uint64_t packets, uint64_t bytes);

static inline void
weir_count_drop(
    struct weir_counters *counters, uint32_t iface, enum weir_drop_side side, enum weir_reason reason, uint32_t bytes)
{
	weir_count_drops(counters, iface, side, reason, 1, bytes);
}

/* Counts a packet at what it passed (NULL: nothing), for which no path does. */
void weir_count_passing(
    struct weir_counters *counters, const struct weir_passed_list *passed, uint64_t packets, uint64_t bytes);

/*
 * A path's record goes, or is to stand for other interfaces: what it counted since the last flip passes to the
 * interfaces' own records. What it counted before that has been listed, and is folded from where it stands; that part
 * of it may be used again only after the next flip, as weir_count_path() does.
 */
void weir_count_settle_path(struct weir_counters *counters, struct weir_path_count *count);

/* ---- control ---- */

/* Room for `paths` records that count at a time, before the worker runs. Returns 0 or -ENOMEM. */
int weir_counters_reserve_paths(struct weir_counters *counters, uint32_t paths);

/*
 * Settles them all, so that their memory may go. The worker has ended, and nobody may be reading: this changes both
 * banks, and takes no mutex.
 */
void weir_counters_release_paths(struct weir_counters *counters);

/* What was counted, folded. reasons: packets and bytes by reason, both sides. */
struct weir_tally {
	struct weir_count sum;
	struct {
		uint64_t packets, bytes;
	} reasons[WEIR_REASON_COUNT];
};

struct weir_counters_set;

/* For `n_workers` workers and the control writer. NULL: no memory. */
struct weir_counters_set *weir_counters_create(uint32_t n_workers, uint32_t max_ifaces);
void weir_counters_free(struct weir_counters_set *set); /* NULL is fine; workers have ended */

/* Has elements counted, with ids below these. Before the workers run. 0 or -ENOMEM. */
int weir_counters_reserve_passed(struct weir_counters_set *set, const uint32_t max[WEIR_PASSED_KINDS]);

struct weir_counters *weir_counters_worker(struct weir_counters_set *set, uint32_t worker);

/* Says that worker `worker` is about to run and poll / has ended. */
void weir_counters_set_live(struct weir_counters_set *set, uint32_t worker, bool live);

/* The control writer, locked until weir_counters_control_end(): what is counted in between is in one cut. */
struct weir_counters *weir_counters_control_begin(struct weir_counters_set *set);
void weir_counters_control_end(struct weir_counters_set *set);

/* Makes the records of a new interface present in every bank, so that no worker takes the page fault. */
void weir_counters_prepare(struct weir_counters_set *set, uint32_t iface);

/*
 * Folds unless the last fold was less than `max_age` ns ago (0 = fold now), then locks the totals for reading until
 * weir_counters_read_end(). Returns the time of the cut. The weir_counters_get/sum functions may be called in between
 * only.
 */
uint64_t weir_counters_read_begin(struct weir_counters_set *set, uint64_t now, uint64_t max_age);
void weir_counters_read_end(struct weir_counters_set *set);

/* Totals of one interface, without reasons. */
const struct weir_count *weir_counters_get(const struct weir_counters_set *set, uint32_t iface);
/* Adds the totals of `iface` to *tally. */
void weir_counters_sum(const struct weir_counters_set *set, uint32_t iface, struct weir_tally *tally);
void weir_tally_add(struct weir_tally *tally, const struct weir_tally *other);
void weir_count_add(struct weir_count *sum, const struct weir_count *more);
/* What passed an element. */
struct weir_passed weir_counters_passed(const struct weir_counters_set *set, enum weir_passed_kind kind, uint32_t id);
/* It is no more: its id counts from 0 again. As weir_counters_retire(), which does so for an interface. */
void weir_counters_forget_passed(struct weir_counters_set *set, enum weir_passed_kind kind, uint32_t id);
/* The sum over all interfaces of what one writer counted (n_workers = control). */
const struct weir_count *weir_counters_writer(const struct weir_counters_set *set, uint32_t writer);

/*
 * Moves the totals of an interface that is gone (no worker counts on it any more) into *tally and clears them, so
 * that its id can be reused. Between weir_counters_read_begin() with max_age 0 and weir_counters_read_end().
 */
void weir_counters_retire(struct weir_counters_set *set, uint32_t iface, struct weir_tally *tally);

/* True if some bank's rows are half full: fold soon. Any thread. */
bool weir_counters_want_fold(const struct weir_counters_set *set);

#endif
