/* SPDX-License-Identifier: BSD-3-Clause */
/* Remote gateways: by which neighbour they are reached, and the outer headers that workers put in front. */
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "neigh_priv.h"

uint32_t
weir_neigh_vtep_find(const struct weir_neigh *neigh, const struct weir_ip *ip, enum weir_tunnel tunnel)
{
	const struct weir_table *table = neigh->vtep_table[tunnel];

	return weir_table_lookup(table, ip, weir_table_hash(table, ip));
}

/* Lets workers see `encap` (or why there is none) instead of what they saw. */
static void
view_set(struct weir_neigh *neigh, uint32_t id, struct weir_encap *encap, enum why why)
{
	struct view *view = &neigh->view[id];
	void *old = (void *)(uintptr_t)view->encap;

	__atomic_store_n(&view->why, (uint32_t)why, __ATOMIC_RELAXED);
	__atomic_store_n(&view->encap, encap, __ATOMIC_RELEASE);
	if (old != NULL)
		neigh->params.defer(neigh->params.arg, old);
}

/* The rest of it follows from these. */
static bool
same_encap(const struct weir_encap *a, const struct weir_encap *b)
{
	return a->port == b->port && a->mtu == b->mtu && memcmp(a->header, b->header, sizeof(a->header)) == 0;
}

/* What is published already stays. */
static void
publish_encap(struct weir_neigh *neigh, uint32_t id, const struct neighbour *n)
{
	const struct underlay *u = neigh->underlay[n->underlay];
	struct weir_encap encap, *copy;

	weir_encap_init(&encap, &(struct weir_encap_params){
				    .tunnel = neigh->vtep[id].tunnel,
				    .smac = u->mac,
				    .dmac = n->mac,
				    .vlan = u->vlan,
				    .src = *underlay_source(u, &n->ip),
				    .dst = neigh->vtep[id].ip,
				    .ttl = TTL,
				    .mtu = u->mtu,
				    .port = u->port,
				});
	if (neigh->view[id].encap != NULL && same_encap(neigh->view[id].encap, &encap))
		return;
	copy = rte_malloc_socket("weir_encap", sizeof(*copy), WEIR_CACHELINE, neigh->params.socket);
	if (copy != NULL)
		*copy = encap;
	else /* tried again when the neighbour is confirmed the next time */
		weir_log_error("no memory for the headers to a remote gateway");
	view_set(neigh, id, copy, WHY_FAILED);
}

void
vtep_publish(struct weir_neigh *neigh, uint32_t id)
{
	uint32_t neighbour = neigh->vtep[id].neighbour;
	const struct neighbour *n = neighbour != WEIR_NONE ? &neigh->neighbour[neighbour] : NULL;

	if (n == NULL)
		view_set(neigh, id, NULL, WHY_NO_ROUTE);
	else if (neighbour_has_mac(n))
		publish_encap(neigh, id, n);
	else
		view_set(neigh, id, NULL, n->state == WEIR_NEIGH_INCOMPLETE ? WHY_PENDING : WHY_FAILED);
}

static void
link_neighbour(struct weir_neigh *neigh, uint32_t id, uint32_t neighbour)
{
	struct vtep *vtep = &neigh->vtep[id];

	vtep->neighbour = neighbour;
	if (neighbour == WEIR_NONE)
		return;
	vtep->prev = WEIR_NONE;
	vtep->next = neigh->neighbour[neighbour].first_vtep;
	if (vtep->next != WEIR_NONE)
		neigh->vtep[vtep->next].prev = id;
	neigh->neighbour[neighbour].first_vtep = id;
}

/* A neighbour goes with the last VTEP behind it. */
static void
unlink_neighbour(struct weir_neigh *neigh, uint32_t id)
{
	const struct vtep *vtep = &neigh->vtep[id];
	struct neighbour *n;

	if (vtep->neighbour == WEIR_NONE)
		return;
	n = &neigh->neighbour[vtep->neighbour];
	if (vtep->next != WEIR_NONE)
		neigh->vtep[vtep->next].prev = vtep->prev;
	if (vtep->prev != WEIR_NONE)
		neigh->vtep[vtep->prev].next = vtep->next;
	else
		n->first_vtep = vtep->next;
	if (n->first_vtep == WEIR_NONE)
		neighbour_remove(neigh, vtep->neighbour);
}

/* Which neighbour it should be. */
static uint32_t
next_hop(struct weir_neigh *neigh, const struct weir_ip *ip, uint64_t now)
{
	struct weir_ip hop;
	uint32_t underlay;

	if (!neigh_route(neigh, ip, &underlay, &hop))
		return WEIR_NONE;
	return neighbour_get(neigh, underlay, &hop, now);
}

/* The new way first: a neighbour that both have stays. */
static void
reroute(struct weir_neigh *neigh, uint32_t id, uint64_t now)
{
	uint32_t to = next_hop(neigh, &neigh->vtep[id].ip, now);

	if (to != neigh->vtep[id].neighbour) {
		unlink_neighbour(neigh, id);
		link_neighbour(neigh, id, to);
	}
	vtep_publish(neigh, id);
}

void
vteps_reroute(struct weir_neigh *neigh, uint64_t now)
{
	for (uint32_t i = 0; i < neigh->params.max_vteps; i++) {
		if (neigh->vtep[i].refs > 0)
			reroute(neigh, i, now);
	}
}

uint32_t
weir_neigh_vtep_get(struct weir_neigh *neigh, const struct weir_ip *ip, enum weir_tunnel tunnel, uint64_t now)
{
	struct weir_table *table = neigh->vtep_table[tunnel];
	uint32_t id;

	(void)pthread_mutex_lock(&neigh->mutex);
	id = weir_neigh_vtep_find(neigh, ip, tunnel);
	if (id == WEIR_NONE) {
		id = weir_idpool_get(neigh->vtep_ids);
		if (id != WEIR_NONE) {
			neigh->vtep[id] = (struct vtep){.ip = *ip, .tunnel = tunnel, .neighbour = WEIR_NONE};
			(void)weir_table_add(table, weir_table_hash(table, ip), id);
			link_neighbour(neigh, id, next_hop(neigh, ip, now));
			vtep_publish(neigh, id);
		}
	}
	if (id != WEIR_NONE)
		neigh->vtep[id].refs++;
	(void)pthread_mutex_unlock(&neigh->mutex);
	return id;
}

void
weir_neigh_vtep_put(struct weir_neigh *neigh, uint32_t id)
{
	struct vtep *vtep = &neigh->vtep[id];
	struct weir_table *table = neigh->vtep_table[vtep->tunnel];

	(void)pthread_mutex_lock(&neigh->mutex);
	if (--vtep->refs == 0) {
		(void)weir_table_remove(table, weir_table_hash(table, &vtep->ip), id);
		unlink_neighbour(neigh, id);
		view_set(neigh, id, NULL, WHY_NO_ROUTE);
		neigh->parked[neigh->n_parked++] = id;
	}
	(void)pthread_mutex_unlock(&neigh->mutex);
}

void
weir_neigh_vtep_reuse(struct weir_neigh *neigh)
{
	(void)pthread_mutex_lock(&neigh->mutex);
	while (neigh->n_parked > 0)
		weir_idpool_put(neigh->vtep_ids, neigh->parked[--neigh->n_parked]);
	(void)pthread_mutex_unlock(&neigh->mutex);
}

const struct weir_encap *
weir_neigh_encap(const struct weir_neigh *neigh, uint32_t id, enum weir_reason *reason)
{
	const struct view *view = &neigh->view[id];
	const struct weir_encap *encap = __atomic_load_n(&view->encap, __ATOMIC_ACQUIRE);

	if (encap == NULL)
		*reason = __atomic_load_n(&view->why, __ATOMIC_RELAXED) == WHY_NO_ROUTE ? WEIR_DROP_NO_ROUTE
											: WEIR_DROP_NEIGH_UNRESOLVED;
	return encap;
}

bool
weir_neigh_pending(const struct weir_neigh *neigh, uint32_t id)
{
	const struct view *view = &neigh->view[id];

	return __atomic_load_n(&view->encap, __ATOMIC_ACQUIRE) == NULL &&
	       __atomic_load_n(&view->why, __ATOMIC_RELAXED) == WHY_PENDING;
}

void
vteps_free(struct weir_neigh *neigh)
{
	for (uint32_t i = 0; neigh->view != NULL && i < neigh->params.max_vteps; i++)
		rte_free((void *)(uintptr_t)neigh->view[i].encap);
	rte_free(neigh->view);
	free(neigh->vtep);
	free(neigh->parked);
	weir_idpool_free(neigh->vtep_ids);
	for (uint32_t i = 0; i < WEIR_TUNNELS; i++)
		weir_table_free(neigh->vtep_table[i]);
}
