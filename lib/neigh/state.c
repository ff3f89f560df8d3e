/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours and their states (RFC 4861, 7.3). There is no DELAY: a neighbour is used all the time, and whether it is
 * still there has to be known before packets get lost, so that REACHABLE leads to PROBE. Each state's timer is in
 * neigh->due, apart from the rest, since it is all that the tick looks at ten times a second.
 */
#include <string.h>

#include "neigh_priv.h"

static const char *const state_names[] = {
    [WEIR_NEIGH_INCOMPLETE] = "incomplete",
    [WEIR_NEIGH_REACHABLE] = "reachable",
    [WEIR_NEIGH_STALE] = "stale",
    [WEIR_NEIGH_PROBE] = "probe",
    [WEIR_NEIGH_FAILED] = "failed",
};

const char *
weir_neigh_state_name(enum weir_neigh_state state)
{
	return state_names[state];
}

uint32_t
neighbour_find(const struct weir_neigh *neigh, uint32_t underlay, const struct weir_ip *ip)
{
	uint32_t id = map_first(&neigh->neighbour_map, map_hash(ip, underlay));

	while (id != WEIR_NONE &&
	       (neigh->neighbour[id].underlay != underlay || !weir_ip_equal(&neigh->neighbour[id].ip, ip)))
		id = neigh->neighbour_map.next[id];
	return id;
}

static void
publish(struct weir_neigh *neigh, const struct neighbour *n)
{
	for (uint32_t v = n->first_vtep; v != WEIR_NONE; v = neigh->vtep[v].next)
		vtep_publish(neigh, v);
}

/* Asks, if that many questions are allowed now; else the next tick does. */
static void
ask(struct weir_neigh *neigh, uint32_t id, uint64_t now)
{
	struct neighbour *n = &neigh->neighbour[id];
	const struct underlay *u = neigh->underlay[n->underlay];
	const struct weir_mac *mac = n->state == WEIR_NEIGH_PROBE ? &n->mac : NULL;

	neigh->due[id] = now;
	if (neigh->questions == 0)
		return;
	neigh->questions--;
	if (weir_ip_is_v4(&n->ip))
		arp_ask(neigh, u, &n->ip, mac);
	else
		nd_ask(neigh, u, &n->ip, mac);
	if (n->tries < TRIES)
		n->tries++;
	neigh->due[id] = now + (n->state == WEIR_NEIGH_FAILED && n->tries == TRIES ? RETRY_FAILED : RETRANSMIT);
}

static void
enter(struct weir_neigh *neigh, uint32_t id, enum weir_neigh_state state, uint64_t due)
{
	struct neighbour *n = &neigh->neighbour[id];

	n->state = state;
	n->tries = 0;
	neigh->due[id] = due;
}

uint32_t
neighbour_get(struct weir_neigh *neigh, uint32_t underlay, const struct weir_ip *ip, uint64_t now)
{
	uint32_t id = neighbour_find(neigh, underlay, ip);

	if (id != WEIR_NONE)
		return id;
	id = weir_idpool_get(neigh->neighbour_ids);
	neigh->neighbour[id] =
	    (struct neighbour){.ip = *ip, .underlay = underlay, .confirmed = now, .first_vtep = WEIR_NONE};
	map_add(&neigh->neighbour_map, map_hash(ip, underlay), id);
	enter(neigh, id, WEIR_NEIGH_INCOMPLETE, now);
	ask(neigh, id, now);
	return id;
}

void
neighbour_remove(struct weir_neigh *neigh, uint32_t id)
{
	const struct neighbour *n = &neigh->neighbour[id];

	map_remove(&neigh->neighbour_map, map_hash(&n->ip, n->underlay), id);
	neigh->due[id] = UINT64_MAX;
	weir_idpool_put(neigh->neighbour_ids, id);
}

static void
lose_mac(struct weir_neigh *neigh, uint32_t id, enum weir_neigh_state state, uint64_t now)
{
	struct neighbour *n = &neigh->neighbour[id];

	memset(&n->mac, 0, sizeof(n->mac));
	enter(neigh, id, state, now);
	publish(neigh, n);
}

void
neighbour_restart(struct weir_neigh *neigh, uint32_t id, uint64_t now)
{
	lose_mac(neigh, id, WEIR_NEIGH_INCOMPLETE, now);
}

/* False: too soon after the last change. */
static bool
may_move(const struct neighbour *n, uint64_t now)
{
	return !neighbour_has_mac(n) || now - n->mac_since >= MAC_HOLD;
}

static void
move(struct weir_neigh *neigh, uint32_t id, const struct weir_mac *mac, enum weir_neigh_state state, uint64_t now)
{
	struct neighbour *n = &neigh->neighbour[id];

	n->mac = *mac;
	n->mac_since = now;
	enter(neigh, id, state, now + (state == WEIR_NEIGH_REACHABLE ? REACHABLE_TIME : RETRANSMIT));
	publish(neigh, n);
}

void
neighbour_confirm(struct weir_neigh *neigh, uint32_t id, const struct weir_mac *mac, uint64_t now)
{
	struct neighbour *n = &neigh->neighbour[id];

	if (mac != NULL && !weir_mac_equal(mac, &n->mac)) {
		if (!may_move(n, now))
			return;
		move(neigh, id, mac, WEIR_NEIGH_REACHABLE, now);
	} else if (!neighbour_has_mac(n) || (n->state == WEIR_NEIGH_REACHABLE && now - n->confirmed < MAC_HOLD)) {
		/* Who repeats himself does not keep us busy with all that is behind him. */
		return;
	} else {
		enter(neigh, id, WEIR_NEIGH_REACHABLE, now + REACHABLE_TIME);
		publish(neigh, n);
	}
	n->confirmed = now;
}

void
neighbour_hear(struct weir_neigh *neigh, uint32_t id, const struct weir_mac *mac, uint64_t now)
{
	const struct neighbour *n = &neigh->neighbour[id];

	if (!weir_mac_equal(mac, &n->mac) && may_move(n, now))
		move(neigh, id, mac, WEIR_NEIGH_STALE, now);
}

void
neighbour_doubt(struct weir_neigh *neigh, uint32_t id, uint64_t now)
{
	if (neigh->neighbour[id].state == WEIR_NEIGH_REACHABLE)
		enter(neigh, id, WEIR_NEIGH_STALE, now + RETRANSMIT);
}

/* A state's timer has expired. */
static void
expire(struct weir_neigh *neigh, uint32_t id, uint64_t now)
{
	struct neighbour *n = &neigh->neighbour[id];

	switch (n->state) {
	case WEIR_NEIGH_INCOMPLETE:
		if (n->tries == TRIES) {
			n->state = WEIR_NEIGH_FAILED;
			neigh->due[id] = now + RETRY_FAILED;
			publish(neigh, n);
			return;
		}
		break;
	case WEIR_NEIGH_REACHABLE:
	case WEIR_NEIGH_STALE:
		enter(neigh, id, WEIR_NEIGH_PROBE, now);
		break;
	case WEIR_NEIGH_PROBE:
		if (n->tries == TRIES)
			lose_mac(neigh, id, WEIR_NEIGH_FAILED, now);
		break;
	case WEIR_NEIGH_FAILED:
		break;
	}
	ask(neigh, id, now);
}

void
weir_neigh_tick(struct weir_neigh *neigh, uint64_t now)
{
	uint32_t n = neigh->n_neighbours_max;

	(void)pthread_mutex_lock(&neigh->mutex);
	neigh->questions = QUESTIONS_PER_TICK;
	underlays_tick(neigh, now);
	/* Where questions ran out, the next tick starts. */
	for (uint32_t left = n; left > 0 && neigh->questions > 0; left--) {
		if (neigh->due[neigh->scan] <= now)
			expire(neigh, neigh->scan, now);
		neigh->scan = neigh->scan + 1 == n ? 0 : neigh->scan + 1;
	}
	(void)pthread_mutex_unlock(&neigh->mutex);
}
