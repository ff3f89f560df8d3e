/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * weir on a bench: ports made of rings, workers and maintenance stepped by hand in virtual time, and the neighbours
 * of its underlay, which answer ARP and ND.
 */
#ifndef WEIR_TEST_RIG_H
#define WEIR_TEST_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "topo.h"
#include "weir_gateway.h"
#include "wire.h"

#define RIG_WORKERS 3

struct rig {
	struct weir_gateway *gateway;
	uint32_t n_workers;
	uint64_t now;
};

/* EAL, buffers and the ports' rings, once. 0, or -1 with a line on stderr. */
int rig_start(void);

/* A gateway with so many workers and flow slots, and no ports. 0, or -1 with a line on stderr. */
int rig_open(struct rig *rig, uint32_t n_workers, uint32_t flows);
void rig_close(struct rig *rig);

/* Puts a frame on a receive queue, in one to four segments. */
void rig_inject(struct rng *rng, uint32_t port, uint32_t queue, const struct wire *wire);

/* Lets time pass, and weir do all that it has to do. */
void rig_step(struct rig *rig, uint64_t ns);

/* The next frame that weir sent by a port's queue; false: there is none. */
bool rig_collect(uint32_t port, uint32_t queue, struct wire *wire);

/* Frames that weir has not taken off its receive queues. */
uint32_t rig_waiting(void);

/* Buffers that are not free. After all frames have been collected: 0, else weir has lost them. */
uint32_t rig_buffers_used(void);

/*
 * Is this frame, sent by `port`, weir's own: ARP or ND? If it asks for a neighbour, the neighbour's answer is put on
 * receive queue 0 of the port; with rng NULL nobody answers.
 */
bool rig_peer(struct rng *rng, const struct topo *topo, uint32_t port, const struct wire *wire);

/*
 * Steps until weir has nothing more to ask. False: it sent something else, which is then in *odd (by *port), or it
 * does not come to an end (odd->len 0).
 */
bool rig_settle(struct rig *rig, struct rng *rng, const struct topo *topo, struct wire *odd, uint32_t *port);

/* Answers that hosts on the underlay have given at each port, but for those that somebody has accounted for. */
extern uint32_t rig_answers[TOPO_PORTS];

#endif
