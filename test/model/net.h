/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One tenant, three hosts behind vports and one behind a remote, all of them known to the switch:
 *
 *	p1: v0, host 0     p2: v1, host 1     p3: v2, host 2     p0: the uplink, with host 3 behind a remote
 */
#ifndef WEIR_TEST_NET_H
#define WEIR_TEST_NET_H

#include "rig.h"
#include "weir_view.h"

#define HOST_ANY 99 /* everybody */

struct net {
	struct rig rig;
	struct topo topo;
	struct rng rng;
};

extern struct net net;

/* Makes net.topo what is said above. */
void net_reset(void);
/* Makes net.topo the configuration; false: it was refused, or weir does not come to rest. */
bool net_apply(void);

/* A frame of `len` bytes from a vport's host. */
void net_send(uint32_t from, uint32_t to, uint32_t len);
/* Frames that left by each port, neighbour traffic apart; returns their sum. */
uint32_t net_collect(uint32_t left[TOPO_PORTS]);

/* What the tenant counted, after a while; false: it cannot be told. */
bool net_tally(struct weir_tally *tally);

#endif
