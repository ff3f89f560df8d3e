/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "gateway_priv.h"
#include "weir_vmem.h"

#define QUEUED_PART 2 /* of buffers may wait for their turn: the others are for receiving */
#define RX_DESC 1024
#define TX_DESC 1024
#define POOL_CACHE 256
#define MAINTAIN_EVERY_US 200

/* A MAC in use is reported as seen several times within the age at which it would be forgotten. */
#define REFRESHES_IN_AGE 8
#define REFRESH_MAX (5 * WEIR_NS_PER_S)

/* ---- what neighbours need of the gateway ---- */

/* A frame of weir's own: to the ring of whoever owns the port's transmit queue. */
static void
send_own(void *arg, uint32_t index, const uint8_t *frame, uint32_t len)
{
	struct weir_gateway *gateway = arg;
	struct weir_port *port = gateway->vnet->ports[index];
	struct rte_mbuf *m = port == NULL ? NULL : rte_pktmbuf_alloc(gateway->pool);
	uint32_t iface = port == NULL ? WEIR_NONE : gateway->vnet->port_maps[index]->iface;
	struct weir_counters *counters;
	void *data;

	if (port == NULL)
		return;
	counters = weir_counters_control_begin(gateway->counters);
	weir_count(counters, iface)->generated++;
	weir_count(counters, iface)->offered++;
	data = m == NULL ? NULL : rte_pktmbuf_append(m, (uint16_t)len);
	if (data == NULL) {
		weir_count_drop(counters, iface, WEIR_DROP_TX, WEIR_DROP_NO_MBUF, len);
		rte_pktmbuf_free(m);
	} else {
		memcpy(data, frame, len);
		*weir_mbuf_meta(m) = (struct weir_mbuf_meta){.iface = iface, .bytes = len};
		if (rte_ring_enqueue(port->handoff, m) == 0) {
			weir_count(counters, iface)->held_in++;
		} else {
			weir_count_drop(counters, iface, WEIR_DROP_TX, WEIR_DROP_HANDOFF_FULL, len);
			rte_pktmbuf_free(m);
		}
	}
	weir_counters_control_end(gateway->counters);
}

static void
defer(void *arg, void *p)
{
	struct weir_gateway *gateway = arg;

	weir_maint_defer(gateway->maint, p);
}

/* ---- life ---- */

static int
make_memory(struct weir_gateway *gateway, const struct weir_gateway_params *params)
{
	size_t qsbr_size = rte_rcu_qsbr_get_memsize(WEIR_WORKERS_MAX);
	struct rte_hash_parameters names = {
	    .name = "weir_tenant_ids",
	    .entries = WEIR_TENANTS_MAX + WEIR_TENANTS_MAX / 4,
	    .key_len = WEIR_NAME_SIZE,
	    .hash_func = rte_hash_crc,
	    .socket_id = (int)rte_socket_id(),
	};

	gateway->qsbr = rte_zmalloc("weir_qsbr", qsbr_size, WEIR_CACHELINE);
	if (gateway->qsbr == NULL || rte_rcu_qsbr_init(gateway->qsbr, WEIR_WORKERS_MAX) != 0)
		return -ENOMEM;
	gateway->pool = weir_buffers_create("weir_mbufs", params->mbufs, POOL_CACHE, sizeof(struct weir_mbuf_meta),
	    (uint16_t)(params->mbuf_size + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
	gateway->tenant_ids = rte_hash_create(&names);
	gateway->live_tenants = weir_vmem_alloc(WEIR_TENANTS_MAX * sizeof(struct live_tenant *));
	gateway->retired = weir_vmem_alloc(WEIR_IFACES_MAX * sizeof(*gateway->retired));
	gateway->tenant_pool = weir_idpool_create(WEIR_TENANTS_MAX);
	gateway->switch_pool = weir_idpool_create(WEIR_SWITCHES_MAX - 1);
	gateway->router_pool = weir_idpool_create(WEIR_ROUTERS_MAX);
	gateway->filter_pool = weir_idpool_create(WEIR_FILTERS_MAX);
	gateway->rule_pool = weir_idpool_create(WEIR_RULES_MAX);
	gateway->iface_pool = weir_idpool_create(WEIR_IFACES_MAX);
	gateway->underlay_pool = weir_idpool_create(WEIR_UNDERLAYS_MAX);
	gateway->workers = calloc(params->n_workers, sizeof(struct weir_worker *));
	return gateway->pool != NULL && gateway->tenant_ids != NULL && gateway->live_tenants != NULL &&
		       gateway->retired != NULL && gateway->tenant_pool != NULL && gateway->switch_pool != NULL &&
		       gateway->router_pool != NULL && gateway->filter_pool != NULL && gateway->rule_pool != NULL &&
		       gateway->iface_pool != NULL && gateway->underlay_pool != NULL && gateway->workers != NULL
		   ? 0
		   : -ENOMEM;
}

static int
make_parts(struct weir_gateway *gateway, const struct weir_gateway_params *params)
{
	struct weir_ports_params ports = {
	    .n_workers = params->n_workers, .pool = gateway->pool, .rx_desc = RX_DESC, .tx_desc = TX_DESC};
	static const uint32_t passed[WEIR_PASSED_KINDS] = {
	    WEIR_IFACES_MAX, WEIR_IFACES_MAX, WEIR_ROUTES_MAX, WEIR_RULES_MAX};
	struct weir_neigh_params neigh = {
	    .max_vteps = WEIR_VTEPS_MAX,
	    .send = send_own,
	    .defer = defer,
	    .arg = gateway,
	    .socket = SOCKET_ID_ANY,
	};

	gateway->ports = weir_ports_create(&ports);
	gateway->neigh = weir_neigh_create(&neigh);
	gateway->counters = weir_counters_create(params->n_workers, WEIR_IFACES_MAX);
	gateway->receipts = weir_receipts_create(WEIR_TENANTS_MAX, WEIR_RECEIPTS_MAX);
	gateway->losses = weir_losses_create(WEIR_TENANTS_MAX);
	gateway->model = weir_model_create();
	gateway->vnet = gateway->neigh == NULL ? NULL : weir_vnet_create(gateway->neigh, params->n_workers);
	gateway->macs = gateway->vnet == NULL ? NULL : weir_macs_create(gateway->vnet);
	gateway->routes = gateway->vnet == NULL ? NULL : weir_routes_create(gateway->vnet);
	gateway->routes_gone = weir_vmem_alloc(WEIR_ROUTES_MAX * sizeof(*gateway->routes_gone));
	gateway->rules_gone = weir_vmem_alloc(WEIR_RULES_MAX * sizeof(*gateway->rules_gone));
	gateway->rule_marks = weir_vmem_alloc(WEIR_RULES_MAX * sizeof(*gateway->rule_marks));
	gateway->hosts = gateway->vnet == NULL ? NULL : weir_hosts_create(gateway->vnet);
	return gateway->ports != NULL && gateway->neigh != NULL && gateway->counters != NULL &&
		       weir_counters_reserve_passed(gateway->counters, passed) == 0 && gateway->receipts != NULL &&
		       gateway->losses != NULL && gateway->model != NULL && gateway->macs != NULL &&
		       gateway->routes != NULL && gateway->routes_gone != NULL && gateway->rules_gone != NULL &&
		       gateway->rule_marks != NULL && gateway->hosts != NULL
		   ? 0
		   : -ENOMEM;
}

struct weir_gateway *
weir_gateway_create(const struct weir_gateway_params *params, struct weir_err *err)
{
	struct weir_gateway *gateway = calloc(1, sizeof(*gateway));

	if (gateway == NULL) {
		(void)weir_err(err, ENOMEM, "", "out of memory");
		return NULL;
	}
	(void)pthread_mutex_init(&gateway->config_mutex, NULL);
	(void)pthread_mutex_init(&gateway->mutex, NULL);
	gateway->n_workers = params->n_workers;
	gateway->lcores = params->lcores;
	gateway->cycles = params->cycles;
	gateway->cycles_args = params->cycles_args;
	gateway->clock = params->clock;
	gateway->now = gateway->started = params->now;
	if (params->state_dir != NULL) {
		(void)snprintf(gateway->state_dir, sizeof(gateway->state_dir), "%s", params->state_dir);
		gateway->store = weir_store_open(params->state_dir, params->reset, err);
		if (gateway->store == NULL)
			goto fail;
	}
	if (make_memory(gateway, params) != 0 || make_parts(gateway, params) != 0) {
		(void)weir_err(err, ENOMEM, "",
		    "out of memory: give EAL more (-m, or huge pages), or fewer buffers (--mbufs, now %u of %u "
		    "bytes)",
		    params->mbufs, params->mbuf_size);
		goto fail;
	}
	return gateway;
fail:
	weir_gateway_free(gateway);
	return NULL;
}

_Static_assert(
    WEIR_CFG_CONNECTIONS_MAX == WEIR_CONN_CAPACITY_MAX && WEIR_CFG_CONNECTIONS_MIN == WEIR_CONN_CAPACITY_MIN,
    "what may be configured is what there can be");

int
gateway_ensure_workers(struct weir_gateway *gateway, const struct weir_cfg_settings *settings, struct weir_err *err)
{
	struct weir_maint_params maint = {
	    .n_workers = gateway->n_workers,
	    .workers = gateway->workers,
	    .vnet = gateway->vnet,
	    .macs = gateway->macs,
	    .routes = gateway->routes,
	    .hosts = gateway->hosts,
	    .neigh = gateway->neigh,
	    .counters = gateway->counters,
	    .qsbr = gateway->qsbr,
	    .mutex = &gateway->mutex,
	    .clock = gateway->clock,
	    .mac_age = settings->mac_age,
	};

	if (gateway->maint != NULL)
		return 0;
	if (gateway->conns == NULL)
		gateway->conns = weir_conns_create(settings->connections, WEIR_TENANTS_MAX);
	if (gateway->conns == NULL)
		return weir_err(
		    err, ENOMEM, "/settings/connections", "out of memory for %u connections", settings->connections);
	maint.conns = gateway->conns;
	for (uint32_t w = 0; w < gateway->n_workers; w++) {
		struct weir_worker_params worker = {
		    .index = w,
		    .vnet = gateway->vnet,
		    .counters = weir_counters_worker(gateway->counters, w),
		    .pool = gateway->pool,
		    .conns = gateway->conns,
		    .qsbr = gateway->qsbr,
		    .clock = gateway->clock,
		    .flows = (settings->flows + gateway->n_workers - 1) / gateway->n_workers,
		    .flow_idle = settings->flow_idle,
		    .queued = gateway->pool->size / QUEUED_PART / gateway->n_workers,
		    .cycles = gateway->cycles,
		    .cycles_arg = gateway->cycles_args != NULL ? gateway->cycles_args[w] : NULL,
		    .socket =
			gateway->lcores == NULL ? SOCKET_ID_ANY : (int)rte_lcore_to_socket_id(gateway->lcores[w]),
		};

		if (gateway->workers[w] == NULL)
			gateway->workers[w] = weir_worker_create(&worker);
		if (gateway->workers[w] == NULL)
			return weir_err(err, ENOMEM, "/settings/flows",
			    "out of memory for %u flows: give EAL more (-m)", settings->flows);
	}
	gateway->maint = weir_maint_create(&maint);
	return gateway->maint != NULL ? 0 : weir_err(err, ENOMEM, "", "out of memory");
}

void
gateway_set_settings(struct weir_gateway *gateway, const struct weir_cfg_settings *settings)
{
	uint64_t refresh = settings->mac_age / REFRESHES_IN_AGE;

	gateway->settings = *settings;
	for (uint32_t w = 0; w < gateway->n_workers; w++)
		weir_worker_set_times(
		    gateway->workers[w], settings->flow_idle, refresh < REFRESH_MAX ? refresh : REFRESH_MAX);
	weir_maint_set_mac_age(gateway->maint, settings->mac_age);
}

void
weir_gateway_free(struct weir_gateway *gateway)
{
	if (gateway == NULL)
		return;
	if (gateway->maint != NULL)
		gateway_clear(gateway);
	for (uint32_t w = 0; gateway->workers != NULL && w < gateway->n_workers; w++)
		weir_worker_free(gateway->workers[w]);
	weir_ports_free(gateway->ports);
	weir_neigh_free(gateway->neigh);
	weir_maint_free(gateway->maint);
	weir_macs_free(gateway->macs);
	weir_routes_free(gateway->routes);
	weir_vmem_free(gateway->routes_gone, WEIR_ROUTES_MAX * sizeof(*gateway->routes_gone));
	weir_vmem_free(gateway->rules_gone, WEIR_RULES_MAX * sizeof(*gateway->rules_gone));
	weir_vmem_free(gateway->rule_marks, WEIR_RULES_MAX * sizeof(*gateway->rule_marks));
	weir_hosts_free(gateway->hosts);
	weir_conns_free(gateway->conns);
	if (gateway->vnet != NULL)
		free(gateway->vnet->locals);
	weir_vnet_free(gateway->vnet);
	weir_receipts_free(gateway->receipts);
	weir_losses_free(gateway->losses);
	weir_counters_free(gateway->counters);
	weir_model_free(gateway->model);
	weir_store_close(gateway->store);
	rte_hash_free(gateway->tenant_ids);
	weir_idpool_free(gateway->tenant_pool);
	weir_idpool_free(gateway->switch_pool);
	weir_idpool_free(gateway->router_pool);
	weir_idpool_free(gateway->filter_pool);
	weir_idpool_free(gateway->rule_pool);
	weir_idpool_free(gateway->iface_pool);
	weir_idpool_free(gateway->underlay_pool);
	weir_vmem_free(gateway->live_tenants, WEIR_TENANTS_MAX * sizeof(struct live_tenant *));
	weir_vmem_free(gateway->retired, WEIR_IFACES_MAX * sizeof(*gateway->retired));
	free(gateway->workers);
	rte_mempool_free(gateway->pool);
	rte_free(gateway->qsbr);
	(void)pthread_mutex_destroy(&gateway->config_mutex);
	(void)pthread_mutex_destroy(&gateway->mutex);
	free(gateway);
}

/* ---- running ---- */

static void *
maintain(void *arg)
{
	struct weir_gateway *gateway = arg;

	while (!__atomic_load_n(&gateway->stop, __ATOMIC_RELAXED)) {
		uint64_t now = gateway_now(gateway);

		weir_maint_step(gateway->maint, now);
		gateway_take_receipts(gateway, now);
		gateway_take_losses(gateway);
		(void)usleep(MAINTAIN_EVERY_US);
	}
	return NULL;
}

int
weir_gateway_start(struct weir_gateway *gateway)
{
	int rc = rte_ctrl_thread_create(&gateway->maintenance, "weir-maint", NULL, maintain, gateway);

	if (rc != 0)
		return rc;
	gateway->started_maintenance = true;
	for (uint32_t w = 0; w < gateway->n_workers; w++) {
		weir_counters_set_live(gateway->counters, w, true);
		rc = rte_eal_remote_launch(weir_worker_main, gateway->workers[w], gateway->lcores[w]);
		if (rc != 0) {
			weir_counters_set_live(gateway->counters, w, false);
			return rc;
		}
		gateway->started_workers = true;
	}
	return 0;
}

void
weir_gateway_stop(struct weir_gateway *gateway)
{
	if (gateway->started_maintenance) {
		__atomic_store_n(&gateway->stop, true, __ATOMIC_RELAXED);
		(void)pthread_join(gateway->maintenance, NULL);
		gateway->started_maintenance = false;
	}
	for (uint32_t w = 0; gateway->started_workers && w < gateway->n_workers; w++) {
		/* Not live before it has ended: else a reader would flip its banks under it. */
		weir_worker_stop(gateway->workers[w]);
		(void)rte_eal_wait_lcore(gateway->lcores[w]);
		weir_counters_set_live(gateway->counters, w, false);
	}
	gateway->started_workers = false;
}

/* ---- by hand ---- */

struct weir_worker *
weir_gateway_worker(struct weir_gateway *gateway, uint32_t worker)
{
	return gateway->workers[worker];
}

void
weir_gateway_set_time(struct weir_gateway *gateway, uint64_t now)
{
	gateway->now = now;
}

void
weir_gateway_maintain(struct weir_gateway *gateway, uint64_t now)
{
	gateway->now = now;
	weir_maint_step(gateway->maint, now);
	gateway_take_receipts(gateway, now);
	gateway_take_losses(gateway);
}

/* ---- directory ---- */

uint64_t
gateway_now(const struct weir_gateway *gateway)
{
	return gateway->clock != NULL ? weir_clock_now(gateway->clock) : gateway->now;
}

struct live_tenant *
gateway_tenant(struct weir_gateway *gateway, const char *name)
{
	char key[WEIR_NAME_SIZE] = {0};
	void *id;

	(void)strncpy(key, name, WEIR_NAME_MAX);
	if (strlen(name) > WEIR_NAME_MAX || rte_hash_lookup_data(gateway->tenant_ids, key, &id) < 0)
		return NULL;
	return gateway->live_tenants[(uintptr_t)id];
}

struct live_port *
gateway_port(struct weir_gateway *gateway, const char *name)
{
	struct live_port *live = gateway->live_ports;

	while (live != NULL && strcmp(live->cfg.name, name) != 0)
		live = live->next;
	return live;
}
