/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this module share. All of it runs with the mutex held, except what weir_neigh.h gives workers. */
#ifndef NEIGH_PRIV_H
#define NEIGH_PRIV_H

#include <pthread.h>

#include <rte_ether.h>

#include "weir_answer.h"
#include "weir_neigh.h"
#include "weir_table.h"

/* RFC 4861 (10), and what RFC 826 leaves open is done alike. */
#define RETRANSMIT WEIR_NS_PER_S
#define TRIES 3
#define REACHABLE_TIME (30 * WEIR_NS_PER_S)
#define RETRY_FAILED (5 * WEIR_NS_PER_S)

/* The MAC of a neighbour changes, and is confirmed, at most so often: claimants cannot keep the control threads busy.
 */
#define MAC_HOLD WEIR_NS_PER_S

/* Questions a tick: a large configuration does not fill the transmit rings with them. */
#define QUESTIONS_PER_TICK 256

#define ANNOUNCEMENTS 2 /* RFC 5227: the first one may find a switch port that does not forward yet */
#define ANNOUNCE_INTERVAL (2 * WEIR_NS_PER_S)
#define CONFLICT_LOG_INTERVAL (60 * WEIR_NS_PER_S)

#define TTL 64 /* of tunnels */

/* The largest frame that is made: the reply to the largest IPv6 packet. */
#define FRAME_SIZE (RTE_ETHER_HDR_LEN + 40 + UINT16_MAX)

struct underlay {
	uint32_t id, port, vlan, mtu;
	struct weir_mac mac;
	struct weir_ip link_local; /* fe80:: by the MAC (EUI-64) */
	uint32_t n_addresses, n_gateways;
	struct weir_prefix *addresses;
	struct weir_ip *gateways;
	uint32_t announce_left;
	uint64_t announce_due;
	uint64_t conflict_logged; /* 0 = never */
};

struct neighbour {
	struct weir_ip ip;
	uint32_t underlay;
	struct weir_mac mac; /* zero in INCOMPLETE and FAILED */
	enum weir_neigh_state state;
	uint32_t tries; /* questions asked in this state; FAILED: since the MAC was lost */
	uint64_t confirmed;
	uint64_t mac_since;
	uint32_t first_vtep; /* a neighbour is there as long as a VTEP is reached by it */
};

struct vtep {
	struct weir_ip ip; /* the key in its format's table */
	enum weir_tunnel tunnel;
	uint32_t refs;
	uint32_t neighbour;    /* next hop, or WEIR_NONE: no route */
	uint32_t next, prev;   /* of those with the same next hop */
} __attribute__((aligned(8))); /* as the table asks for */

/* What workers see of a VTEP. Control: w (release), worker: r (acquire). */
struct view {
	const struct weir_encap *encap;
	uint32_t why; /* enum why, if encap is NULL */
};
enum why { WHY_NO_ROUTE, WHY_PENDING, WHY_FAILED };

/* Ids by hash value; the owner of the ids compares keys. */
struct map {
	uint32_t mask;
	uint32_t *bucket, *next;
};

struct weir_neigh {
	struct weir_neigh_params params;
	pthread_mutex_t mutex;
	struct underlay *underlay[WEIR_UNDERLAYS_MAX];

	struct view *view; /* by VTEP id */
	struct vtep *vtep;
	struct weir_idpool *vtep_ids;
	struct weir_table *vtep_table[WEIR_TUNNELS]; /* by address; read by workers */
	uint32_t *parked;			     /* VTEP ids that workers may still use */
	uint32_t n_parked;

	uint32_t n_neighbours_max;
	struct neighbour *neighbour;
	uint64_t *due; /* by neighbour id: when its state's timer expires; UINT64_MAX = unused id */
	struct weir_idpool *neighbour_ids;
	struct map neighbour_map;
	uint32_t scan;	    /* the tick goes on here */
	uint32_t questions; /* that may be asked until the next tick */

	uint8_t frame[RTE_VLAN_HLEN + FRAME_SIZE]; /* the one being made */
};

/* ---- map.c ---- */

int map_init(struct map *map, uint32_t capacity); /* 0 or -ENOMEM */
void map_fini(struct map *map);
uint32_t map_hash(const struct weir_ip *ip, uint32_t underlay);
void map_add(struct map *map, uint32_t hash, uint32_t id);
void map_remove(struct map *map, uint32_t hash, uint32_t id);

static inline uint32_t
map_first(const struct map *map, uint32_t hash)
{
	return map->bucket[hash & map->mask];
}

/* ---- underlay.c ---- */

bool ip_is_link_local(const struct weir_ip *ip);
bool ip_is_unspecified(const struct weir_ip *ip); /* 0.0.0.0 and :: */
bool mac_is_host(const struct weir_mac *mac);	  /* neither group nor zero */

bool underlay_owns(const struct underlay *u, const struct weir_ip *ip);
bool neigh_owns(const struct weir_neigh *neigh, const struct weir_ip *ip); /* on any underlay; no link-locals */

/* The address of `u` to talk to `ip` from: of the longest prefix that holds it, else the first of its family; or
 * NULL. Never a link-local one. */
const struct weir_ip *underlay_source(const struct underlay *u, const struct weir_ip *ip);

/* Which underlay, and which neighbour on it, leads to `ip`. False: none. */
bool neigh_route(const struct weir_neigh *neigh, const struct weir_ip *ip, uint32_t *underlay, struct weir_ip *hop);

/* Another host uses an address of ours. */
void underlay_conflict(struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac, uint64_t now);
void underlays_tick(struct weir_neigh *neigh, uint64_t now);
void underlays_free(struct weir_neigh *neigh);

/* ---- vtep.c ---- */

void vtep_publish(struct weir_neigh *neigh, uint32_t id); /* what its neighbour's state says now, if that is new */
void vteps_reroute(struct weir_neigh *neigh, uint64_t now);
void vteps_free(struct weir_neigh *neigh);

/* ---- state.c ---- */

/* The neighbour's id, or WEIR_NONE. */
uint32_t neighbour_find(const struct weir_neigh *neigh, uint32_t underlay, const struct weir_ip *ip);
uint32_t neighbour_get(struct weir_neigh *neigh, uint32_t underlay, const struct weir_ip *ip, uint64_t now);
void neighbour_remove(struct weir_neigh *neigh, uint32_t id);
void neighbour_restart(struct weir_neigh *neigh, uint32_t id, uint64_t now); /* asked anew by the next tick */

static inline bool
neighbour_has_mac(const struct neighbour *n)
{
	return n->state != WEIR_NEIGH_INCOMPLETE && n->state != WEIR_NEIGH_FAILED;
}

/* It answered us, from `mac` (NULL: it did not say, and we know it). */
void neighbour_confirm(struct weir_neigh *neigh, uint32_t id, const struct weir_mac *mac, uint64_t now);
/* It said where it is, unasked: believed if that is new, and then asked. */
void neighbour_hear(struct weir_neigh *neigh, uint32_t id, const struct weir_mac *mac, uint64_t now);
/* There is doubt about its MAC. */
void neighbour_doubt(struct weir_neigh *neigh, uint32_t id, uint64_t now);

/* ---- frame.c ---- */

/* Where a frame for frame_send() is made: FRAME_SIZE bytes, with room for a tag in front of them. */
static inline uint8_t *
frame_room(struct weir_neigh *neigh)
{
	return neigh->frame + RTE_VLAN_HLEN;
}

/* Sends the frame made there, untagged and padded, with the underlay's tag. */
void frame_send(struct weir_neigh *neigh, const struct underlay *u, uint32_t len);

/* ---- arp.c, nd.c, echo.c ---- */

/* `mac`: ask only there; NULL: ask everybody. */
void arp_ask(
    struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac);
void arp_announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip);
enum weir_reason arp_input(
    struct weir_neigh *neigh, struct underlay *u, const uint8_t *frame, const struct weir_outer *outer, uint64_t now);

void nd_ask(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac);
void nd_announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip);
enum weir_reason nd_input(
    struct weir_neigh *neigh, struct underlay *u, const uint8_t *frame, const struct weir_outer *outer, uint64_t now);

enum weir_reason echo_input(
    struct weir_neigh *neigh, const struct underlay *u, const uint8_t *frame, const struct weir_outer *outer);

#endif
