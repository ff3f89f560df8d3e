/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply_priv.h"

/* How long a retired interface id waits, so that no packet in flight can still name it. */
#define ID_REST (5 * WEIR_NS_PER_S)

/* ---- interface ids ---- */

/* Gives ids that have rested back; whatever late packets counted on them is kept. `mutex` held. */
static void
settle(struct weir_gateway *gateway, uint64_t now)
{
	while (gateway->retired_head != gateway->retired_tail) {
		struct retired *retired = &gateway->retired[gateway->retired_head % WEIR_IFACES_MAX];

		if (retired->tally != NULL || now < retired->at + ID_REST)
			return;
		weir_counters_retire(gateway->counters, retired->id, &gateway->gone);
		weir_idpool_put(gateway->iface_pool, retired->id);
		gateway->retired_head++;
	}
}

uint32_t
iface_id_get(struct weir_gateway *gateway)
{
	uint32_t id = weir_idpool_get(gateway->iface_pool);

	if (id == WEIR_NONE)
		return WEIR_NONE;
	weir_counters_prepare(gateway->counters, id);
	if (id >= gateway->max_iface)
		__atomic_store_n(&gateway->max_iface, id + 1, __ATOMIC_RELAXED);
	return id;
}

void
iface_id_put(struct weir_gateway *gateway, uint32_t id)
{
	weir_idpool_put(gateway->iface_pool, id);
}

void
iface_id_retire(struct weir_gateway *gateway, uint32_t id, struct weir_tally *tally)
{
	gateway->retired[gateway->retired_tail++ % WEIR_IFACES_MAX] = (struct retired){.id = id, .tally = tally};
}

void
iface_ids_collect(struct weir_gateway *gateway, uint64_t now)
{
	(void)weir_counters_read_begin(gateway->counters, now, 0);
	for (uint32_t i = gateway->retired_tail; i != gateway->retired_head; i--) {
		struct retired *retired = &gateway->retired[(i - 1) % WEIR_IFACES_MAX];

		if (retired->tally == NULL)
			break;
		weir_counters_retire(gateway->counters, retired->id, retired->tally);
		retired->tally = NULL;
		retired->at = now;
	}
	settle(gateway, now);
	weir_counters_read_end(gateway->counters);
}

/* ---- planning ---- */

/* True if the port object of this name changes with the plan, so that what sits on it has to be built anew. */
static bool
port_moves(const struct plan *plan, const char *name)
{
	if (plan->moved != NULL && strcmp(plan->moved->cfg.name, name) == 0)
		return true;
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].reopened && strcmp(plan->ports[i].live->cfg.name, name) == 0)
			return true;
	return false;
}

static bool
any_port_moves(const struct plan *plan)
{
	bool any = plan->moved != NULL;

	for (uint32_t i = 0; i < plan->n_ports; i++)
		any = any || plan->ports[i].reopened;
	return any;
}

/* Uplinks that come or go: whoever has remotes may leave by other ports than before. */
static bool
uplinks_move(const struct plan *plan)
{
	const struct weir_change *change = plan->change;
	bool any = plan->moved != NULL && plan->moved->underlay_cfg != NULL;

	for (uint32_t i = 0; i < plan->n_ports; i++)
		any = any || (plan->ports[i].reopened && plan->ports[i].live->underlay_cfg != NULL);
	for (uint32_t i = 0; change != NULL && i < change->n_underlays; i++)
		any = any || change->underlays[i].before == NULL || change->underlays[i].after == NULL;
	return any;
}

static void
plan_uplinks(struct plan *plan)
{
	for (const struct live_port *live = plan->gateway->live_ports; live != NULL; live = live->next) {
		if (live->port == NULL || !underlay_after(plan->change, live))
			continue;
		plan->uplink[live->port->index] = true;
		plan->n_uplinks++;
	}
}

static bool
tenant_moves(const struct plan *plan, const struct weir_cfg_tenant *cfg, bool uplinks)
{
	if (uplinks && tenant_has_remotes(cfg))
		return true;
	for (uint32_t v = 0; v < cfg->n_vports; v++)
		if (port_moves(plan, cfg->vports[v].port))
			return true;
	return false;
}

static bool
tenant_planned(const struct plan *plan, const struct live_tenant *live)
{
	for (uint32_t i = 0; i < plan->n_tenants; i++)
		if (plan->tenants[i].before == live)
			return true;
	return false;
}

static int
plan_tenant(struct plan *plan, struct live_tenant *before, const struct weir_cfg_tenant *cfg)
{
	struct tenant_plan *tenant = &plan->tenants[plan->n_tenants];

	tenant->before = before;
	tenant->after = NULL;
	if (cfg != NULL) {
		tenant->after = tenant_build(plan, before, cfg);
		if (tenant->after == NULL)
			return -plan->err->errnum;
	}
	plan->n_tenants++;
	return 0;
}

static int
plan_tenants(struct plan *plan)
{
	struct weir_gateway *gateway = plan->gateway;
	uint32_t n = plan->change == NULL ? 0 : plan->change->n_tenants, max = n;
	bool uplinks = uplinks_move(plan), any = uplinks || any_port_moves(plan);
	int rc = 0;

	plan_uplinks(plan);
	if (any)
		max += gateway->n_tenants;
	plan->tenants = calloc(max + 1, sizeof(*plan->tenants));
	if (plan->tenants == NULL)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		const struct weir_tenant_step *step = &plan->change->tenants[i];

		rc = plan_tenant(
		    plan, step->before == NULL ? NULL : gateway_tenant(gateway, step->before->name), step->after);
	}
	for (uint32_t t = 0; t < gateway->max_tenant && any && rc == 0; t++) {
		struct live_tenant *live = gateway->live_tenants[t];

		if (live != NULL && tenant_moves(plan, live->cfg, uplinks) && !tenant_planned(plan, live))
			rc = plan_tenant(plan, live, live->cfg);
	}
	return rc;
}

static void
plan_underlay(struct plan *plan, struct live_port *live, const struct weir_cfg_underlay *cfg)
{
	for (uint32_t i = 0; i < plan->n_underlays; i++)
		if (plan->underlays[i].live == live)
			return;
	plan->underlays[plan->n_underlays++] = (struct underlay_plan){.live = live, .cfg = cfg};
}

static int
plan_underlays(struct plan *plan)
{
	uint32_t n = plan->change == NULL ? 0 : plan->change->n_underlays;

	plan->underlays = calloc(n + plan->n_ports + 1, sizeof(*plan->underlays));
	if (plan->underlays == NULL)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		const struct weir_underlay_step *step = &plan->change->underlays[i];
		const char *port = step->after != NULL ? step->after->port : step->before->port;

		plan_underlay(plan, gateway_port(plan->gateway, port), step->after);
	}
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		struct port_plan *port = &plan->ports[i];

		if (port->cfg != NULL && (port->reopened || port->new_mtu) && port->live->underlay_cfg != NULL)
			plan_underlay(plan, port->live, port->live->underlay_cfg);
	}
	if (plan->moved != NULL && plan->moved->underlay_cfg != NULL)
		plan_underlay(plan, plan->moved, plan->moved->underlay_cfg);
	return underlays_prepare(plan);
}

static int
plan_ports(struct plan *plan)
{
	const struct weir_change *change = plan->change;

	if (change == NULL || change->n_ports == 0)
		return 0;
	plan->ports = calloc(change->n_ports, sizeof(*plan->ports));
	if (plan->ports == NULL)
		return weir_err(plan->err, ENOMEM, "", "out of memory");
	plan->n_ports = change->n_ports;
	for (uint32_t i = 0; i < change->n_ports; i++) {
		const struct weir_port_step *step = &change->ports[i];

		plan->ports[i].cfg = step->after;
		plan->ports[i].live = step->before == NULL ? NULL : gateway_port(plan->gateway, step->before->name);
	}
	return ports_prepare(plan);
}

/* Static MAC entries must find room when they are published. */
static int
check_macs(const struct plan *plan)
{
	uint64_t n = weir_macs_used(plan->gateway->macs);

	for (uint32_t i = 0; i < plan->n_tenants; i++)
		n += plan->tenants[i].after == NULL ? 0 : tenant_static_macs(plan->tenants[i].after->cfg);
	return n <= WEIR_MACS_MAX ? 0
				  : weir_err(plan->err, ENOSPC, "",
					"no room for so many static MAC addresses: %u are the most", WEIR_MACS_MAX);
}

/* So must routes. */
static int
check_routes(const struct plan *plan)
{
	uint64_t n = weir_routes_used(plan->gateway->routes);

	for (uint32_t i = 0; i < plan->n_tenants; i++)
		if (plan->tenants[i].after != NULL)
			n += tenant_routes_new(plan->tenants[i].before, plan->tenants[i].after);
	return n <= WEIR_ROUTES_MAX
		   ? 0
		   : weir_err(plan->err, ENOSPC, "",
			 "no room for so many routes: %u are the most, connected ones included", WEIR_ROUTES_MAX);
}

static int
prepare(struct plan *plan)
{
	int rc = plan_ports(plan);

	if (rc == 0)
		rc = admission_sum(plan->gateway, plan->change, true, &plan->admission, plan->err);
	if (rc == 0 && plan->change != NULL && !plan->may_be_down)
		rc = admission_check(plan->change, &plan->admission, NULL, plan->err);
	if (rc == 0)
		rc = plan_tenants(plan);
	if (rc == 0)
		rc = plan_underlays(plan);
	if (rc == 0)
		rc = check_macs(plan);
	if (rc == 0)
		rc = check_routes(plan);
	if (rc == 0 && (plan->n_ports > 0 || plan->moved != NULL))
		rc = polls_build(plan);
	return rc;
}

static void
undo(struct plan *plan)
{
	polls_free(plan);
	underlays_undo(plan);
	for (uint32_t i = plan->n_tenants; i-- > 0;)
		if (plan->tenants[i].after != NULL)
			tenant_undo(plan->gateway, plan->tenants[i].before, plan->tenants[i].after);
	ports_undo(plan);
}

/* ---- publishing ---- */

static void
publish(struct plan *plan)
{
	struct weir_gateway *gateway = plan->gateway;

	(void)pthread_mutex_lock(&gateway->mutex);
	underlays_leave(plan);
	for (uint32_t i = 0; i < plan->n_tenants; i++)
		tenant_leave(gateway, &plan->tenants[i]);
	ports_publish(plan);
	if (plan->moved != NULL && plan->moved->port != NULL)
		port_enter(gateway, plan->moved);
	if (plan->was != NULL)
		__atomic_store_n(&gateway->vnet->ports[plan->was->index], NULL, __ATOMIC_RELEASE);
	underlays_enter(plan);
	for (uint32_t i = 0; i < plan->n_tenants; i++)
		tenant_enter(gateway, &plan->tenants[i]);
	admission_publish(plan);
	if (plan->change != NULL)
		gateway_set_settings(gateway, &plan->change->settings);
	/* Last: a port is polled when what is on it stands. */
	polls_swap(plan);
	(void)pthread_mutex_unlock(&gateway->mutex);
}

/* Until every worker has passed a quiescent state. Returns at once while none runs. */
static void
let_go(struct weir_gateway *gateway)
{
	rte_rcu_qsbr_synchronize(gateway->qsbr, RTE_QSBR_THRID_INVALID);
}

/* Until packets that are in hand-off rings now, which may name interfaces that are gone, have been sent and counted.
 */
static void
drain_handoffs(struct weir_gateway *gateway)
{
	if (!gateway->started_workers)
		return;
	for (const struct live_port *live = gateway->live_ports; live != NULL; live = live->next) {
		const struct rte_ring *ring = live->port == NULL ? NULL : live->port->handoff;
		uint32_t end;

		if (ring == NULL)
			continue;
		end = __atomic_load_n(&ring->prod.tail, __ATOMIC_ACQUIRE);
		for (int i = 0; i < 5000 && (int32_t)(__atomic_load_n(&ring->cons.tail, __ATOMIC_ACQUIRE) - end) < 0;
		     i++)
			(void)usleep(20);
	}
	let_go(gateway);
}

static bool
drops_ifaces(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_tenants; i++) {
		const struct live_tenant *before = plan->tenants[i].before, *after = plan->tenants[i].after;

		if (before != NULL && (after == NULL || before->cfg != after->cfg))
			return true;
	}
	return false;
}

static void
retire(struct plan *plan)
{
	struct weir_gateway *gateway = plan->gateway;
	uint32_t retired = gateway->retired_tail;

	let_go(gateway);
	/* Those that went before: nobody holds their ids any more. */
	weir_neigh_vtep_reuse(gateway->neigh);
	if (drops_ifaces(plan))
		drain_handoffs(gateway);
	polls_free(plan);
	underlays_retire(plan);
	/* Before the tenants' interfaces are collected: what its ring still holds counts on them. */
	ports_retire(plan);
	(void)pthread_mutex_lock(&gateway->mutex);
	for (uint32_t i = 0; i < plan->n_tenants; i++)
		tenant_retire(gateway, &plan->tenants[i]);
	passed_collect(gateway, gateway_now(gateway));
	if (gateway->retired_tail != retired || gateway->retired_head != gateway->retired_tail)
		iface_ids_collect(gateway, gateway_now(gateway));
	(void)pthread_mutex_unlock(&gateway->mutex);
}

/* Prepare, make durable, publish, retire; undone if one of the first two fails. */
static int
carry_out(struct plan *plan, int (*durable)(void *arg, struct weir_err *err), void *arg)
{
	int rc = prepare(plan);

	if (rc == 0 && durable != NULL)
		rc = durable(arg, plan->err);
	if (rc != 0) {
		undo(plan);
	} else {
		publish(plan);
		retire(plan);
	}
	free(plan->ports);
	free(plan->tenants);
	free(plan->underlays);
	free(plan->admission.ports);
	return rc;
}

int
apply(struct weir_gateway *gateway, const struct weir_change *change, bool may_be_down,
    int (*durable)(void *arg, struct weir_err *err), void *arg, struct weir_err *err)
{
	struct plan plan = {.gateway = gateway, .change = change, .err = err, .may_be_down = may_be_down};

	return carry_out(&plan, durable, arg);
}

int
apply_port_moved(struct weir_gateway *gateway, struct live_port *live, struct weir_port *was, struct weir_err *err)
{
	struct plan plan = {.gateway = gateway, .moved = live, .was = was, .err = err};

	return carry_out(&plan, NULL, NULL);
}
