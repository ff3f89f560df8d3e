/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port of the simulated machine: rings that are received from, and a wire on which frames leave in virtual time,
 * first come, first served. What a driver was given takes up a descriptor until its last bit has left.
 */
#ifndef WEIR_TEST_LINE_H
#define WEIR_TEST_LINE_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#define LINE_DESCRIPTORS 1024 /* of a queue, each way */
#define LINE_QUEUES 8

struct line_queue {
	struct rte_ring *rx, *tx; /* tx: of what was given within a round; its capacity is what is free */
	struct line_frame {
		struct rte_mbuf *m;
		uint64_t at;   /* ps: when it was given */
		uint64_t time; /* ps: that it takes */
	} frames[LINE_DESCRIPTORS];
	uint32_t first, n;
};

struct line {
	uint64_t bps;  /* 0 = nothing ever leaves */
	uint64_t busy; /* ps: until then */
	uint64_t due;  /* ps: before then nothing leaves */
	uint32_t port, n_queues;
	struct line_queue queues[LINE_QUEUES];
};

/* Rings and an ethdev "net_ring_p<port>" of so many queues. 0 or -1. Once a process and port. */
int line_create(struct line *line, uint32_t port, uint32_t n_queues);

/* Its frames are noted when they are given. Once its ethdev is configured. */
void line_watch(const struct line *line);

/* The clock (ps) of the worker that gives frames from now on. */
void line_set_clock(uint64_t (*read)(void *arg), void *arg);

/* What the worker gave to its queues in a round. */
void line_collect(struct line *line);

/* Calls left() for each frame that has left by `now`, at the time of its last bit; the frame is freed behind it. */
void line_run(struct line *line, uint64_t now,
    void (*left)(void *arg, uint32_t port, struct rte_mbuf *m, uint64_t at), void *arg);

/* Frees all that waits, either way. */
void line_clear(struct line *line);

#endif
