/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "weir_vnet.h"
#include "weir_vmem.h"

#define VNI_PAGES ((WEIR_VNI_MAX + 1) / WEIR_VNI_PAGE)

/* The arrays by id, named once for making and freeing them. */
#define ARRAYS(A)                                                                                                    \
	A(tenants, WEIR_TENANTS_MAX)                                                                                 \
	A(switches, WEIR_SWITCHES_MAX)                                                                               \
	A(ifaces, WEIR_IFACES_MAX)                                                                                   \
	A(underlays, WEIR_UNDERLAYS_MAX)                                                                             \
	A(port_maps, WEIR_PORTS_MAX)                                                                                 \
	A(ports, WEIR_PORTS_MAX)                                                                                     \
	A(vnis, VNI_PAGES)                                                                                           \
	A(macs, WEIR_MACS_MAX)                                                                                       \
	A(routers, WEIR_ROUTERS_MAX)                                                                                 \
	A(routes, WEIR_ROUTES_MAX)                                                                                   \
	A(hosts, WEIR_HOSTS_MAX)                                                                                     \
	A(filters, WEIR_FILTERS_MAX)                                                                                 \
	A(route_changes, WEIR_ROUTERS_MAX)                                                                           \
	A(tenant_epoch, WEIR_TENANTS_MAX)                                                                            \
	A(switch_gen, WEIR_SWITCHES_MAX)                                                                             \
	A(absent_gen, WEIR_SWITCHES_MAX)                                                                             \
	A(mac_gen, WEIR_MACS_MAX)                                                                                    \
	A(router_gen, WEIR_ROUTERS_MAX)                                                                              \
	A(route_gen, WEIR_ROUTES_MAX)                                                                                \
	A(host_gen, WEIR_HOSTS_MAX)                                                                                  \
	A(filter_gen, WEIR_FILTERS_MAX)                                                                              \
	A(errors_until, WEIR_TENANTS_MAX)                                                                            \
	A(flows_used, WEIR_TENANTS_MAX)                                                                              \
	A(flows_refused, WEIR_TENANTS_MAX)                                                                           \
	A(queue_served, WEIR_DIRECTIONS *WEIR_IFACES_MAX)                                                            \
	A(lane_least, WEIR_DIRECTIONS *WEIR_TENANTS_MAX)                                                             \
	A(lane_first, WEIR_DIRECTIONS *WEIR_TENANTS_MAX * vnet->n_workers)

/* A table over one of these arrays, whose entries begin with their keys. */
static struct weir_table *
make_table(const char *name, const void *entries, uint32_t capacity, uint32_t key_size, uint32_t stride)
{
	struct weir_table_params params = {
	    .name = name,
	    .capacity = capacity,
	    .key_size = key_size,
	    .stride = stride,
	    .entries = entries,
	    .socket = SOCKET_ID_ANY,
	};

	return weir_table_create(&params);
}

struct weir_vnet *
weir_vnet_create(const struct weir_neigh *neigh, uint32_t n_workers)
{
	struct weir_vnet *vnet = calloc(1, sizeof(*vnet));
	bool ok = vnet != NULL;

	if (!ok)
		return NULL;
	vnet->neigh = neigh;
	vnet->n_workers = n_workers;
#define A(array, n) ok = ok && (vnet->array = weir_vmem_alloc((size_t)(n) * sizeof(*vnet->array))) != NULL;
	ARRAYS(A)
#undef A
	if (ok) {
		weir_hash_secret_init(&vnet->way_secret);
		vnet->mac_table = make_table("weir_macs", vnet->macs, WEIR_MACS_MAX, 16, sizeof(*vnet->macs));
		vnet->route_table =
		    make_table("weir_routes", vnet->routes, WEIR_ROUTES_MAX, 24, sizeof(*vnet->routes));
		vnet->host_table = make_table("weir_hosts", vnet->hosts, WEIR_HOSTS_MAX, 24, sizeof(*vnet->hosts));
		ok = vnet->mac_table != NULL && vnet->route_table != NULL && vnet->host_table != NULL;
	}
	if (!ok) {
		weir_vnet_free(vnet);
		return NULL;
	}
	return vnet;
}

void
weir_vnet_free(struct weir_vnet *vnet)
{
	if (vnet == NULL)
		return;
	for (uint32_t i = 0; vnet->vnis != NULL && i < VNI_PAGES; i++)
		free(vnet->vnis[i]);
	weir_table_free(vnet->mac_table);
	weir_table_free(vnet->route_table);
	weir_table_free(vnet->host_table);
#define A(array, n) weir_vmem_free(vnet->array, (size_t)(n) * sizeof(*vnet->array));
	ARRAYS(A)
#undef A
	free(vnet);
}

int
weir_vnet_reserve_vni(struct weir_vnet *vnet, uint32_t vni)
{
	uint32_t **page = &vnet->vnis[vni / WEIR_VNI_PAGE];
	uint32_t *fresh;

	if (*page != NULL)
		return 0;
	fresh = calloc(WEIR_VNI_PAGE, sizeof(uint32_t));
	if (fresh == NULL)
		return -ENOMEM;
	__atomic_store_n(page, fresh, __ATOMIC_RELEASE);
	return 0;
}

void
weir_vnet_set_vni(struct weir_vnet *vnet, uint32_t vni, uint32_t sw)
{
	uint32_t *page = vnet->vnis[vni / WEIR_VNI_PAGE];

	__atomic_store_n(&page[vni % WEIR_VNI_PAGE], sw == WEIR_NONE ? 0 : sw + 1, __ATOMIC_RELEASE);
}

bool
weir_vnet_is_local(const struct weir_vnet *vnet, const struct weir_ip *ip)
{
	const struct weir_locals *locals = __atomic_load_n(&vnet->locals, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; locals != NULL && i < locals->n; i++)
		if (weir_ip_equal(&locals->ip[i], ip))
			return true;
	return false;
}

const struct weir_iface *
weir_switch_remote(const struct weir_switch *sw, const struct weir_ip *ip)
{
	if (sw->n_slots == 0)
		return NULL;
	for (const struct weir_remote_slot *slot = weir_switch_slot(sw, ip); slot->iface != NULL;
	     slot = slot + 1 < sw->slots + sw->n_slots ? slot + 1 : sw->slots)
		if (weir_ip_equal(&slot->ip, ip))
			return slot->iface;
	return NULL;
}
