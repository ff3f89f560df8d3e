/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A router's routes. There may be 100,000: their prefixes are sorted once, what is connected is found by binary
 * search, and all next hops stand behind the routes in one piece of memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "validate_router_priv.h"

/* A route in the making. */
struct route_read {
	const struct weir_router_read *router;
	struct weir_cfg_route *route;
	struct weir_cfg_via *via; /* where its next hops are to stand */
	uint32_t iface;		  /* "interface": of the router's, or WEIR_NONE */
};

/* A prefix and where it stands in the document. */
struct place {
	struct weir_prefix prefix;
	const cJSON *item;
};

static int
compare_prefixes(const void *a, const void *b)
{
	const struct weir_prefix *x = a, *y = b;
	int rc = memcmp(&x->ip, &y->ip, sizeof(x->ip));

	return rc != 0 ? rc : x->len - y->len;
}

static int
compare_places(const void *a, const void *b)
{
	return compare_prefixes(&((const struct place *)a)->prefix, &((const struct place *)b)->prefix);
}

static int
compare_vias(const void *a, const void *b)
{
	return memcmp(
	    &((const struct weir_cfg_via *)a)->ip, &((const struct weir_cfg_via *)b)->ip, sizeof(struct weir_ip));
}

/* The address that an interface makes of its MAC (RFC 4291 appendix A). */
static struct weir_ip
own_link_local(const struct weir_mac *mac)
{
	return (struct weir_ip){.b = {0xfe, 0x80, [8] = mac->b[0] ^ 2, mac->b[1], mac->b[2], 0xff, 0xfe, mac->b[3],
				    mac->b[4], mac->b[5]}};
}

static int
check_link_local(const struct weir_at *at, const struct route_read *read, const struct weir_ip *ip)
{
	struct weir_ip own;
	char buf[46];

	if (read->iface == WEIR_NONE)
		return weir_at_err(at, EINVAL, "%s is link-local: \"interface\" has to say where",
		    weir_ip_format(ip, buf, sizeof(buf)));
	own = own_link_local(&read->router->ifaces[read->iface].mac);
	return weir_ip_equal(ip, &own) ? weir_at_err(at, EINVAL, "is the router's own address") : 0;
}

/* Why an address is no next hop, the fault with the names that it is about. */
static int
refuse_via(const struct weir_at *at, const struct route_read *read, const struct weir_connected *connected,
    const struct weir_ip *ip)
{
	char buf[46], prefix[WEIR_PREFIX_TEXT_SIZE];

	(void)weir_ip_format(ip, buf, sizeof(buf));
	if (connected == NULL)
		return weir_at_err(at, EINVAL, "%s is in no prefix of the router's interfaces", buf);
	(void)weir_prefix_format(&connected->prefix, prefix, sizeof(prefix));
	if (read->iface != WEIR_NONE && read->iface != connected->iface)
		return weir_at_err(at, EINVAL, "%s is in %s of interface \"%s\", not of \"%s\"", buf, prefix,
		    weir_router_switch(read->router, connected->iface),
		    weir_router_switch(read->router, read->iface));
	if (weir_ip_equal(&connected->prefix.ip, ip))
		return weir_at_err(at, EINVAL, "%s is the router's own address", buf);
	return weir_at_err(at, EINVAL, "%s is no host's: the first or last address of %s", buf, prefix);
}

/* A next hop is another host of a connected prefix. */
static int
check_via(const struct weir_at *at, const struct route_read *read, struct weir_cfg_via *via)
{
	const struct weir_connected *connected;

	via->iface = read->iface;
	if (!weir_ip_is_v4(&via->ip) && weir_ip_is_link_local(&via->ip))
		return check_link_local(at, read, &via->ip);
	connected = weir_find_connected(read->router, &via->ip);
	if (connected == NULL || (read->iface != WEIR_NONE && read->iface != connected->iface) ||
	    weir_ip_equal(&connected->prefix.ip, &via->ip) || weir_prefix_is_edge(&connected->prefix, &via->ip))
		return refuse_via(at, read, connected, &via->ip);
	via->iface = connected->iface;
	return 0;
}

/* One next hop, behind those that there are. */
static int
read_hop(const struct weir_at *at, const cJSON *json, const struct route_read *read)
{
	struct weir_cfg_route *route = read->route;
	struct weir_cfg_via *via = &read->via[route->n_via];
	bool v4 = weir_ip_is_v4(&route->prefix.ip);
	char buf[46];
	int rc = weir_read_host(at, json, &via->ip);

	if (rc == 0 && weir_ip_is_v4(&via->ip) != v4)
		rc = weir_at_err(at, EINVAL, "must be an %s address, as the prefix is; found %s",
		    v4 ? "IPv4" : "IPv6", json->valuestring);
	if (rc == 0)
		rc = check_via(at, read, via);
	for (uint32_t i = 0; rc == 0 && i < route->n_via; i++)
		if (weir_ip_equal(&read->via[i].ip, &via->ip))
			rc = weir_at_err(at, EEXIST, "%s is here twice", weir_ip_format(&via->ip, buf, sizeof(buf)));
	route->n_via++;
	return rc;
}

static int
read_via(const struct weir_at *at, const cJSON *json, void *out)
{
	struct route_read *read = out;
	const cJSON *item;
	uint32_t n, i = 0;
	int rc;

	if (!cJSON_IsArray(json))
		return read_hop(at, json, read);
	rc = weir_read_array(at, json, WEIR_CFG_VIAS_MAX, &n);
	if (rc != 0)
		return rc;
	if (n == 0)
		return weir_at_err(at, EINVAL, "must hold an address");
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, i++);

		rc = read_hop(&here, item, read);
		if (rc != 0)
			return rc;
	}
	qsort(read->via, n, sizeof(*read->via), compare_vias);
	return 0;
}

static int
read_interface(const struct weir_at *at, const cJSON *json, void *out)
{
	struct route_read *read = out;
	char name[WEIR_NAME_SIZE];
	int rc = weir_read_name(at, json, name);
	uint32_t sw;

	if (rc != 0)
		return rc;
	sw = weir_find_switch(read->router->tenant, name);
	for (uint32_t i = 0; sw != WEIR_NONE && i < read->router->router->n_ifaces; i++)
		if (read->router->ifaces[i].sw == sw)
			read->iface = i;
	return read->iface != WEIR_NONE ? 0 : weir_at_err(at, ENOENT, "the router has no interface \"%s\"", name);
}

static int
read_blackhole(const struct weir_at *at, const cJSON *json, void *out)
{
	if (!cJSON_IsTrue(json))
		return weir_refuse(at, EINVAL, "true", json);
	((struct route_read *)out)->route->blackhole = true;
	return 0;
}

static int
read_route(const struct weir_at *at, const cJSON *json, struct route_read *read)
{
	/* "via" behind "interface", which says where it is. */
	static const struct weir_field fields[] = {
	    {.key = "interface", .read = read_interface},
	    {.key = "via", .read = read_via},
	    {.key = "blackhole", .read = read_blackhole},
	};
	struct weir_cfg_route *route = read->route;
	int rc = weir_read_object(at, json, fields, WEIR_ARRAY_LEN(fields), read);

	if (rc != 0)
		return rc;
	if (route->blackhole == (route->n_via > 0))
		return weir_at_err(at, EINVAL, "must have either \"via\" or \"blackhole\", found %s",
		    route->blackhole ? "both" : "neither");
	if (route->blackhole && read->iface != WEIR_NONE)
		return weir_at_err(at, EINVAL, "\"interface\" says where \"via\" is: a blackhole is nowhere");
	route->via = route->n_via > 0 ? read->via : NULL;
	return 0;
}

static int
read_prefix(const struct weir_at *at, const char *text, struct weir_prefix *prefix)
{
	if (weir_prefix_parse(text, prefix) != 0)
		return weir_at_err(at, EINVAL, "must be a prefix such as \"10.9.0.0/16\" or \"2001:db8::/32\"");
	return weir_check_network(at, prefix);
}

/* That no prefix is there twice or connected. */
static int
check_places(const struct weir_at *at, const struct weir_router_read *read, const struct place *places, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct weir_at here = weir_at_key(at, places[i].item->string);

		if (compare_places(&places[i - 1], &places[i]) == 0)
			return weir_at_err(&here, EEXIST, "is the same prefix as \"%s\"", places[i - 1].item->string);
	}
	for (uint32_t i = 0; n > 0 && i < read->n_connected; i++) {
		const struct weir_connected *connected = &read->connected[i];
		struct place like = {.prefix = {.ip = connected->first, .len = connected->prefix.len}};
		const struct place *place = bsearch(&like, places, n, sizeof(*places), compare_places);
		struct weir_at here;

		if (place == NULL)
			continue;
		here = weir_at_key(at, place->item->string);
		return weir_at_err(&here, EEXIST, "interface \"%s\" has an address in it: it is connected there",
		    weir_router_switch(read, connected->iface));
	}
	return 0;
}

/* The prefixes in order, and how many next hops there are at most. */
static int
read_places(const struct weir_at *at, const cJSON *json, const struct weir_router_read *read, struct place *places,
    size_t *n_via)
{
	const cJSON *item;
	size_t n = 0;

	*n_via = 0;
	cJSON_ArrayForEach (item, json) {
		const cJSON *via = cJSON_GetObjectItemCaseSensitive(item, "via");
		struct weir_at here = weir_at_key(at, item->string);
		int rc = read_prefix(&here, item->string, &places[n].prefix), hops = 1;

		if (rc != 0)
			return rc;
		places[n++].item = item;
		if (cJSON_IsArray(via))
			hops = cJSON_GetArraySize(via);
		*n_via += hops < WEIR_CFG_VIAS_MAX ? (size_t)hops : WEIR_CFG_VIAS_MAX;
	}
	qsort(places, n, sizeof(*places), compare_places);
	return check_places(at, read, places, n);
}

/* Fills the router's routes. */
static int
fill_routes(
    const struct weir_at *at, struct weir_router_read *read, const struct place *places, size_t n, size_t n_via)
{
	/* One piece of memory: the next hops have no owner of their own. */
	struct weir_cfg_route *routes = calloc(1, n * sizeof(*routes) + n_via * sizeof(struct weir_cfg_via));
	struct route_read route = {.router = read};

	if (routes == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	route.via = (struct weir_cfg_via *)(routes + n);
	read->router->routes = routes;
	read->router->n_routes = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		struct weir_at here = weir_at_key(at, places[i].item->string);
		int rc;

		route.route = &routes[i];
		route.iface = WEIR_NONE;
		routes[i].prefix = places[i].prefix;
		rc = read_route(&here, places[i].item, &route);
		if (rc != 0)
			return rc;
		route.via += routes[i].n_via;
	}
	return 0;
}

int
weir_read_routes(const struct weir_at *at, const cJSON *json, void *out)
{
	struct weir_router_read *read = out;
	size_t n = (size_t)cJSON_GetArraySize(json), n_via;
	struct place *places;
	int rc;

	if (!cJSON_IsObject(json))
		return weir_refuse(at, EINVAL, "an object", json);
	if (n > WEIR_CFG_ROUTES_MAX)
		return weir_at_err(at, E2BIG, "%zu routes: at most %u are allowed", n, WEIR_CFG_ROUTES_MAX);
	if (n == 0)
		return 0;
	places = calloc(n, sizeof(*places));
	if (places == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	rc = read_places(at, json, read, places, &n_via);
	if (rc == 0)
		rc = fill_routes(at, read, places, n, n_via);
	free(places);
	return rc;
}
