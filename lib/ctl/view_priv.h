/* SPDX-License-Identifier: BSD-3-Clause */
/* What views share. Lock order: the gateway's mutex, then the counters'. */
#ifndef WEIR_VIEW_PRIV_H
#define WEIR_VIEW_PRIV_H

#include "gateway_priv.h"
#include "weir_view.h"

#define VIEW_MAX_AGE (10 * WEIR_NS_PER_MS)

/* Takes the directory and a cut of the counters no older than max_age (ns); returns the time of the cut. */
uint64_t view_begin(struct weir_gateway *gateway, uint64_t max_age);
void view_end(struct weir_gateway *gateway);

/* Walks over what tenants have, one tenant's or all tenants' (name NULL). The directory is held throughout. */
struct view_walk {
	struct weir_gateway *gateway;
	uint32_t tenant, last;				  /* ids */
	uint32_t element;				  /* of that tenant, next to be visited */
	uint32_t (*size)(const struct live_tenant *live); /* how many elements it has */
};

/* Returns 0, or -ENOENT: no such tenant. */
int view_walk_begin(struct view_walk *walk, struct weir_gateway *gateway, const char *tenant, uint64_t cursor,
    uint32_t (*size)(const struct live_tenant *live));
/* The tenant of the next element, whose index becomes *element; NULL at the end. */
const struct live_tenant *view_walk_next(struct view_walk *walk, uint32_t *element);
uint64_t view_walk_cursor(const struct view_walk *walk);

static inline uint64_t
view_cursor(uint32_t outer, uint32_t inner)
{
	return (uint64_t)outer << 32 | inner;
}

/* The interface that stands under this id and has this serial, or NULL. The directory is held. */
const struct weir_iface *view_iface(const struct weir_gateway *gateway, uint32_t id, uint32_t serial);

/* Adds what a tenant's present and former interfaces counted, by direction. The directory and a cut are held. */
void view_tenant_counts(
    struct weir_gateway *gateway, const struct live_tenant *live, struct weir_count counts[WEIR_DIRECTIONS]);
void view_tenant_tally(struct weir_gateway *gateway, const struct live_tenant *live, struct weir_tally *tally);
void view_tenant_tallies(
    struct weir_gateway *gateway, const struct live_tenant *live, struct weir_tally tallies[WEIR_DIRECTIONS]);

static inline void
view_add_passed(struct weir_passed *sum, struct weir_passed more)
{
	sum->packets += more.packets;
	sum->bytes += more.bytes;
}

struct weir_fw_rule;

/* "allow in tcp from 10.0.0.0/24 to any, dport 443". Returns buf. */
#define WEIR_VIEW_RULE_SIZE 448
const char *view_rule_text(const struct weir_fw_rule *rule, char *buf, size_t size);

/* Appends to a list, which ends with "..." if not all of it fits. */
void view_append(char list[WEIR_VIEW_LIST_SIZE], const char *text);

/* "vport red/web1", "router red/r1" or "remote 192.0.2.2"; `tenant`: whether to name it. Returns the length. */
int view_place(const struct weir_iface *iface, bool tenant, char buf[WEIR_VIEW_PLACE_SIZE]);

/* Calls `add` for each interface that counts for a tenant: those it has, and those that are about to leave it. */
void view_each_iface(struct weir_gateway *gateway, const struct live_tenant *live,
    void (*add)(struct weir_gateway *gateway, uint32_t iface, enum weir_direction direction, void *to), void *to);

/* A tenant's receipt of the last second; only what is promised if it was idle. The directory is held. */
void view_last_receipt(struct weir_gateway *gateway, const struct weir_tenant *tenant, struct weir_receipt *receipt);

#endif
