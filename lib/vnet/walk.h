/* SPDX-License-Identifier: BSD-3-Clause */
/* The walk from element to element, for the files that take its steps. */
#ifndef WEIR_WALK_H
#define WEIR_WALK_H

#include <string.h>

#include "weir_note.h"
#include "weir_verdict.h"

/* A packet on its way. */
struct walk {
	const struct weir_vnet *vnet;
	struct weir_walker *walker;
	const struct weir_iface *in;
	const struct weir_key *key;
	const struct weir_frame *frame;
	const uint8_t *data;
	struct weir_verdict *verdict;
	struct weir_trail *trail;
	uint32_t elements; /* so far */
	bool made;	   /* by the router that it is about to pass */
	bool knows;	   /* the walker's facts are this packet's */
};

/* Tells who asked what was decided; workers do not ask. Fields of struct weir_note follow. */
#define walk_note(walk, ...)                                                                                         \
	do {                                                                                                         \
		const struct weir_walker *walk_note_to = (walk)->walker;                                             \
                                                                                                                     \
		if (__builtin_expect(walk_note_to->note != NULL, 0))                                                 \
			walk_note_to->note(walk_note_to->note_arg, &(struct weir_note){__VA_ARGS__});                \
	} while (0)

static inline uint32_t
walk_gen(const uint32_t *array, uint32_t index)
{
	return __atomic_load_n(&array[index], __ATOMIC_ACQUIRE);
}

/* An address of the key, of an IP packet. */
static inline struct weir_ip
walk_ip(const struct walk *walk, const uint8_t field[16])
{
	struct weir_ip ip = {.b = {[10] = 0xff, [11] = 0xff}};

	if ((walk->frame->kind & WEIR_FRAME_IPV6) != 0)
		memcpy(&ip, field, sizeof(ip));
	else
		memcpy(&ip.b[12], field, 4);
	return ip;
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

/* Notes that the walk depends on it. */
static inline void
walk_step(struct walk *walk, enum weir_step_kind kind, uint32_t id, uint32_t gen)
{
	struct weir_trail *trail = walk->trail;

	trail->what[trail->n] = (uint32_t)kind << WEIR_STEP_SHIFT | id;
	trail->gen[trail->n++] = gen;
}

/* Notes that the packet is counted there. */
static inline void
walk_pass(struct weir_passed_list *passed, enum weir_passed_kind kind, uint32_t id)
{
	passed->what[passed->n++] = (uint32_t)kind << WEIR_PASSED_SHIFT | id;
}

/* Do all its steps have the generations that they had? */
bool walk_stands(const struct weir_vnet *vnet, const struct weir_trail *trail);

/* Of its steps, without their generations, and of what counts; not 0. */
uint64_t walk_digest(const struct weir_trail *trail);

/*
 * Through the router that has this interface, and into the switch behind it: there `out` is, or the frame is flooded,
 * answered, or has to wait.
 */
enum weir_reason walk_router(struct walk *walk, const struct weir_iface *entry);

/* In the switch of verdict->from, to this MAC. */
enum weir_reason walk_switch(struct walk *walk, const struct weir_mac *dmac);

/* Past the firewall of this interface, which has one: coming in by it (WEIR_FW_IN) or leaving by it (_OUT). */
enum weir_reason walk_filter(struct walk *walk, const struct weir_iface *iface, uint8_t direction);

static inline enum weir_reason
walk_firewall(struct walk *walk, const struct weir_iface *iface, uint8_t direction)
{
	return iface->filter == 0 || walk->walker->exempt ? WEIR_OK : walk_filter(walk, iface, direction);
}

/* A first fragment with its ports: remembered for some seconds. */
void fragments_note(
    struct weir_fragments *fragments, const struct weir_iface *in, const struct weir_fragment *first, uint64_t now);

/* A later one that came in by the same interface: its ports and flags are its first's; false: that was not seen. */
bool fragments_find(
    struct weir_fragments *fragments, const struct weir_iface *in, struct weir_fragment *later, uint64_t now);

/* The packet goes on: opens and follows the connections that its firewalls let it pass by. */
enum weir_reason walk_connect(struct walk *walk);

/* ARP or ND on a switch with routers, which listen: it is for one of them (ANSWER), or goes on. */
enum weir_reason walk_listen(struct walk *walk);

#endif
