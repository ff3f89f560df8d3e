/* SPDX-License-Identifier: BSD-3-Clause */
/* weir's own addresses, and which way leads where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "neigh_priv.h"

bool
ip_is_link_local(const struct weir_ip *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

bool
ip_is_unspecified(const struct weir_ip *ip)
{
	static const struct weir_ip any, any4 = {{[10] = 0xff, [11] = 0xff}};

	return weir_ip_equal(ip, &any) || weir_ip_equal(ip, &any4);
}

bool
mac_is_host(const struct weir_mac *mac)
{
	static const struct weir_mac zero;

	return !weir_mac_is_group(mac) && !weir_mac_equal(mac, &zero);
}

static bool
has_address(const struct underlay *u, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < u->n_addresses; i++) {
		if (weir_ip_equal(&u->addresses[i].ip, ip))
			return true;
	}
	return false;
}

bool
underlay_owns(const struct underlay *u, const struct weir_ip *ip)
{
	return has_address(u, ip) || weir_ip_equal(&u->link_local, ip);
}

bool
neigh_owns(const struct weir_neigh *neigh, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < WEIR_UNDERLAYS_MAX; i++) {
		if (neigh->underlay[i] != NULL && has_address(neigh->underlay[i], ip))
			return true;
	}
	return false;
}

/* The address with the longest prefix around `ip`, or NULL. */
static const struct weir_prefix *
connected(const struct underlay *u, const struct weir_ip *ip)
{
	const struct weir_prefix *best = NULL;

	for (uint32_t i = 0; i < u->n_addresses; i++) {
		const struct weir_prefix *prefix = &u->addresses[i];

		if (!ip_is_link_local(&prefix->ip) && weir_prefix_contains(prefix, ip) &&
		    (best == NULL || prefix->len > best->len))
			best = prefix;
	}
	return best;
}

const struct weir_ip *
underlay_source(const struct underlay *u, const struct weir_ip *ip)
{
	const struct weir_prefix *prefix = connected(u, ip);

	if (prefix != NULL)
		return &prefix->ip;
	for (uint32_t i = 0; i < u->n_addresses; i++) {
		prefix = &u->addresses[i];
		if (weir_ip_is_v4(&prefix->ip) == weir_ip_is_v4(ip) && !ip_is_link_local(&prefix->ip))
			return &prefix->ip;
	}
	return NULL;
}

static const struct weir_ip *
usable_gateway(const struct underlay *u, bool v4)
{
	for (uint32_t i = 0; i < u->n_gateways; i++) {
		const struct weir_ip *gateway = &u->gateways[i];

		if (weir_ip_is_v4(gateway) == v4 && underlay_source(u, gateway) != NULL)
			return gateway;
	}
	return NULL;
}

bool
neigh_route(const struct weir_neigh *neigh, const struct weir_ip *ip, uint32_t *underlay, struct weir_ip *hop)
{
	const struct weir_prefix *best = NULL;
	const struct weir_ip *gateway = NULL;

	if (neigh_owns(neigh, ip) || ip_is_link_local(ip))
		return false;
	for (uint32_t i = 0; i < WEIR_UNDERLAYS_MAX; i++) {
		const struct underlay *u = neigh->underlay[i];
		const struct weir_prefix *prefix = u != NULL ? connected(u, ip) : NULL;

		if (prefix != NULL && (best == NULL || prefix->len > best->len)) {
			best = prefix;
			*underlay = i;
			*hop = *ip;
		}
	}
	for (uint32_t i = 0; best == NULL && gateway == NULL && i < WEIR_UNDERLAYS_MAX; i++) {
		const struct underlay *u = neigh->underlay[i];

		gateway = u != NULL ? usable_gateway(u, weir_ip_is_v4(ip)) : NULL;
		if (gateway != NULL) {
			*underlay = i;
			*hop = *gateway;
		}
	}
	return best != NULL || gateway != NULL;
}

void
underlay_conflict(struct underlay *u, const struct weir_ip *ip, const struct weir_mac *mac, uint64_t now)
{
	char ip_text[46], mac_text[18];

	if (u->conflict_logged != 0 && now - u->conflict_logged < CONFLICT_LOG_INTERVAL)
		return;
	u->conflict_logged = now;
	weir_log_warn("underlay address %s is used by %s, too", weir_ip_format(ip, ip_text, sizeof(ip_text)),
	    weir_mac_format(mac, mac_text, sizeof(mac_text)));
}

static void
announce(struct weir_neigh *neigh, const struct underlay *u, const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip))
		arp_announce(neigh, u, ip);
	else
		nd_announce(neigh, u, ip);
}

static void
announce_all(struct weir_neigh *neigh, struct underlay *u, uint64_t now)
{
	for (uint32_t i = 0; i < u->n_addresses; i++)
		announce(neigh, u, &u->addresses[i].ip);
	u->announce_left--;
	u->announce_due = now + ANNOUNCE_INTERVAL;
}

void
underlays_tick(struct weir_neigh *neigh, uint64_t now)
{
	for (uint32_t i = 0; i < WEIR_UNDERLAYS_MAX; i++) {
		struct underlay *u = neigh->underlay[i];

		if (u != NULL && u->announce_left > 0 && now >= u->announce_due)
			announce_all(neigh, u, now);
	}
}

static void
underlay_free(struct underlay *u)
{
	if (u == NULL)
		return;
	free(u->addresses);
	free(u->gateways);
	free(u);
}

static struct underlay *
underlay_copy(uint32_t id, const struct weir_neigh_underlay *from)
{
	struct underlay *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->id = id;
	u->port = from->port;
	u->vlan = from->vlan;
	u->mtu = from->mtu;
	u->mac = from->mac;
	u->link_local = weir_ip_link_local(&from->mac);
	u->n_addresses = from->n_addresses;
	u->n_gateways = from->n_gateways;
	/* One more, so that none is no case of its own. */
	u->addresses = calloc(from->n_addresses + 1, sizeof(*u->addresses));
	u->gateways = calloc(from->n_gateways + 1, sizeof(*u->gateways));
	if (u->addresses == NULL || u->gateways == NULL) {
		underlay_free(u);
		return NULL;
	}
	if (from->n_addresses > 0)
		memcpy(u->addresses, from->addresses, from->n_addresses * sizeof(*u->addresses));
	if (from->n_gateways > 0)
		memcpy(u->gateways, from->gateways, from->n_gateways * sizeof(*u->gateways));
	return u;
}

static bool
same_wire(const struct underlay *a, const struct underlay *b)
{
	return a->port == b->port && a->vlan == b->vlan;
}

/* Tells the network about what is new: addresses, or a MAC or wire that makes all of them new. */
static bool
is_news(const struct underlay *old, const struct underlay *u)
{
	if (old == NULL || !same_wire(old, u) || !weir_mac_equal(&old->mac, &u->mac))
		return true;
	for (uint32_t i = 0; i < u->n_addresses; i++) {
		if (!has_address(old, &u->addresses[i].ip))
			return true;
	}
	return false;
}

/* What was learned on another port or VLAN says nothing about this one. */
static void
forget_neighbours(struct weir_neigh *neigh, uint32_t underlay, uint64_t now)
{
	for (uint32_t i = 0; i < neigh->n_neighbours_max; i++) {
		if (neigh->due[i] != UINT64_MAX && neigh->neighbour[i].underlay == underlay)
			neighbour_restart(neigh, i, now);
	}
}

int
weir_neigh_set_underlay(
    struct weir_neigh *neigh, uint32_t id, const struct weir_neigh_underlay *underlay, uint64_t now)
{
	struct underlay *u = underlay != NULL ? underlay_copy(id, underlay) : NULL, *old;

	if (underlay != NULL && u == NULL)
		return -ENOMEM;
	(void)pthread_mutex_lock(&neigh->mutex);
	old = neigh->underlay[id];
	neigh->underlay[id] = u;
	if (old != NULL && u != NULL && !same_wire(old, u))
		forget_neighbours(neigh, id, now);
	vteps_reroute(neigh, now);
	if (u != NULL && is_news(old, u)) {
		u->announce_left = ANNOUNCEMENTS;
		announce_all(neigh, u, now);
	}
	(void)pthread_mutex_unlock(&neigh->mutex);
	underlay_free(old);
	return 0;
}

void
underlays_free(struct weir_neigh *neigh)
{
	for (uint32_t i = 0; i < WEIR_UNDERLAYS_MAX; i++)
		underlay_free(neigh->underlay[i]);
}
