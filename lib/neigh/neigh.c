/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "neigh_priv.h"

static int
init(struct weir_neigh *neigh)
{
	uint32_t n = neigh->params.max_vteps, m = neigh->n_neighbours_max;

	neigh->view =
	    rte_zmalloc_socket("weir_vteps", n * sizeof(*neigh->view), WEIR_CACHELINE, neigh->params.socket);
	neigh->vtep = calloc(n, sizeof(*neigh->vtep));
	neigh->parked = calloc(n, sizeof(*neigh->parked));
	neigh->vtep_ids = weir_idpool_create(n);
	neigh->neighbour = calloc(m, sizeof(*neigh->neighbour));
	neigh->due = malloc(m * sizeof(*neigh->due));
	neigh->neighbour_ids = weir_idpool_create(m);
	if (neigh->view == NULL || neigh->vtep == NULL || neigh->parked == NULL || neigh->vtep_ids == NULL ||
	    neigh->neighbour == NULL || neigh->due == NULL || neigh->neighbour_ids == NULL)
		return -ENOMEM;
	memset(neigh->due, 0xff, m * sizeof(*neigh->due));
	for (uint32_t i = 0; i < WEIR_TUNNELS; i++) {
		neigh->vtep_table[i] = weir_table_create(&(struct weir_table_params){
		    .name = "weir_vteps",
		    .capacity = n,
		    .key_size = sizeof(struct weir_ip),
		    .stride = sizeof(*neigh->vtep),
		    .entries = neigh->vtep,
		    .socket = neigh->params.socket,
		});
		if (neigh->vtep_table[i] == NULL)
			return -ENOMEM;
	}
	return map_init(&neigh->neighbour_map, m);
}

struct weir_neigh *
weir_neigh_create(const struct weir_neigh_params *params)
{
	struct weir_neigh *neigh = calloc(1, sizeof(*neigh));

	if (neigh == NULL)
		return NULL;
	neigh->params = *params;
	/* One to spare: a VTEP that is routed anew holds both next hops for a moment. */
	neigh->n_neighbours_max = params->max_vteps + 1;
	neigh->questions = QUESTIONS_PER_TICK;
	(void)pthread_mutex_init(&neigh->mutex, NULL);
	if (init(neigh) != 0) {
		weir_neigh_free(neigh);
		return NULL;
	}
	return neigh;
}

void
weir_neigh_free(struct weir_neigh *neigh)
{
	if (neigh == NULL)
		return;
	vteps_free(neigh);
	underlays_free(neigh);
	free(neigh->neighbour);
	free(neigh->due);
	weir_idpool_free(neigh->neighbour_ids);
	map_fini(&neigh->neighbour_map);
	(void)pthread_mutex_destroy(&neigh->mutex);
	free(neigh);
}

static enum weir_reason
input(struct weir_neigh *neigh, uint32_t id, const uint8_t *frame, const struct weir_outer *outer, uint64_t now)
{
	struct underlay *u = neigh->underlay[id];
	struct weir_mac dmac;

	if (u == NULL)
		return WEIR_DROP_NOT_OURS;
	memcpy(&dmac, frame, sizeof(dmac));
	if (!weir_mac_is_group(&dmac) && !weir_mac_equal(&dmac, &u->mac))
		return WEIR_DROP_NOT_OURS;
	switch (outer->kind) {
	case WEIR_UNDERLAY_ARP:
		return arp_input(neigh, u, frame, outer, now);
	case WEIR_UNDERLAY_ND:
		return nd_input(neigh, u, frame, outer, now);
	case WEIR_UNDERLAY_ECHO:
		return echo_input(neigh, u, frame, outer);
	default:
		return WEIR_DROP_NOT_OURS;
	}
}

enum weir_reason
weir_neigh_input(
    struct weir_neigh *neigh, uint32_t id, const uint8_t *frame, const struct weir_outer *outer, uint64_t now)
{
	enum weir_reason reason;

	(void)pthread_mutex_lock(&neigh->mutex);
	reason = input(neigh, id, frame, outer, now);
	(void)pthread_mutex_unlock(&neigh->mutex);
	return reason;
}

uint32_t
weir_neigh_list(struct weir_neigh *neigh, uint32_t cursor, struct weir_neigh_entry *entries, uint32_t n,
    uint32_t *next, uint64_t now)
{
	uint32_t found = 0;

	*next = WEIR_NONE;
	(void)pthread_mutex_lock(&neigh->mutex);
	for (uint32_t i = cursor; i < neigh->n_neighbours_max; i++) {
		const struct neighbour *neighbour = &neigh->neighbour[i];

		if (neigh->due[i] == UINT64_MAX)
			continue;
		if (found == n) {
			*next = i;
			break;
		}
		entries[found++] = (struct weir_neigh_entry){
		    .ip = neighbour->ip,
		    .mac = neighbour->mac,
		    .state = neighbour->state,
		    .underlay = neighbour->underlay,
		    .age = now - neighbour->confirmed,
		};
	}
	(void)pthread_mutex_unlock(&neigh->mutex);
	return found;
}
