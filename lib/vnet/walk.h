/* SPDX-License-Identifier: BSD-3-Clause */
/* The walk from element to element, for the files that take its steps. */
#ifndef WEIR_WALK_H
#define WEIR_WALK_H

#include <string.h>

#include "weir_verdict.h"

/* A packet on its way. */
struct walk {
	const struct weir_vnet *vnet;
	const struct weir_key *key;
	const struct weir_frame *frame;
	const uint8_t *data;
	struct weir_verdict *verdict;
	struct weir_trail *trail;
	uint32_t elements; /* so far */
	bool made;	   /* by the router that it is about to pass */
};

static inline uint32_t
walk_gen(const uint32_t *array, uint32_t index)
{
	return __atomic_load_n(&array[index], __ATOMIC_ACQUIRE);
}

/* 01:80:c2:00:00:00 to 0f: for the bridge itself (IEEE 802.1D, table 7-10). */
static inline bool
walk_reserved(const struct weir_mac *mac)
{
	static const uint8_t prefix[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(mac->b, prefix, sizeof(prefix)) == 0 && mac->b[5] < 0x10;
}

/* A MAC entry's generation, read before its place is: a move in between is then seen as a difference. WEIR_NONE: it
 * was removed since it was looked up. */
static inline uint32_t
walk_place(const struct weir_vnet *vnet, uint32_t entry, uint32_t *gen)
{
	*gen = walk_gen(vnet->mac_gen, entry);
	return __atomic_load_n(&vnet->macs[entry].iface, __ATOMIC_ACQUIRE);
}

/* Do all its steps have the generations that they had? */
bool walk_stands(const struct weir_vnet *vnet, const struct weir_trail *trail);

/* Of its steps, without their generations; not 0. */
uint64_t walk_digest(const struct weir_trail *trail);

/*
 * Through the router that has this interface, and into the switch behind it: there `out` is, or the frame is flooded,
 * answered, or has to wait.
 */
enum weir_reason walk_router(struct walk *walk, const struct weir_iface *entry);

/* In the switch of verdict->from, to this MAC. */
enum weir_reason walk_switch(struct walk *walk, const struct weir_mac *dmac);

/* ARP or ND on a switch with routers, which listen: it is for one of them (ANSWER), or goes on. */
enum weir_reason walk_listen(struct walk *walk);

#endif
