/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What meters a tenant: buckets, promises and shares. They outlive its versions as long as they mean the same; where
 * a rate changes, the new one goes on from where the old one is, so that nobody gains by a change.
 */
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"
#include "weir_share.h"

#define QUEUE_NS (20 * WEIR_NS_PER_MS) /* of a vport that says nothing ... */
#define QUEUE_MIN (128u << 10)	       /* ... within these */
#define QUEUE_MAX (4u << 20)
#define QUEUE_UNKNOWN (1u << 20) /* where nothing bounds the rate */
#define QUEUE_GIVEN_MIN (2u * WEIR_FRAME_MAX)
#define QUEUE_GIVEN_MAX (64u << 20)

/* ---- limits ---- */

struct spec {
	struct weir_rate rate;
	uint64_t burst;
};

static struct spec
tenant_spec(const struct weir_cfg_tenant *cfg)
{
	return (struct spec){.rate = cfg->limit, .burst = cfg->burst != 0 ? cfg->burst : WEIR_BURST_NS};
}

static struct spec
vport_spec(const struct weir_cfg_vport *cfg)
{
	return (struct spec){.rate = cfg->limit, .burst = cfg->burst != 0 ? cfg->burst : WEIR_BURST_NS};
}

static struct spec
setups_spec(const struct weir_cfg_tenant *cfg)
{
	return (struct spec){.rate.pps = cfg->quota_setups, .burst = WEIR_BURST_NS};
}

static bool
rate_equal(const struct weir_rate *a, const struct weir_rate *b)
{
	return a->bps == b->bps && a->pps == b->pps;
}

static bool
rate_given(const struct weir_rate *rate)
{
	return (rate->bps | rate->pps) != 0;
}

/* The same bucket while it is to be the same; else a new one. NULL: no limit; or, with *failed, no memory. */
static struct weir_limit *
keep_limit(const struct weir_gateway *gateway, struct weir_limit *old, const struct spec *was, const struct spec *is,
    bool *failed)
{
	struct weir_limit *limit;

	if (!rate_given(&is->rate))
		return NULL;
	if (old != NULL && rate_equal(&was->rate, &is->rate) && was->burst == is->burst)
		return old;
	limit = aligned_alloc(WEIR_CACHELINE, sizeof(*limit));
	if (limit == NULL)
		*failed = true;
	else
		weir_limit_init(limit, &is->rate, is->burst, gateway->n_workers, gateway_now(gateway));
	return limit;
}

/* A bucket of another rate goes on from what is left in the old one now, not from what was when it was made. */
static void
renew_limit(
    const struct weir_gateway *gateway, struct weir_limit *limit, const struct spec *is, const struct weir_limit *old)
{
	if (limit != NULL && old != NULL && limit != old)
		weir_limit_renew(limit, &is->rate, is->burst, gateway->n_workers, old, gateway_now(gateway));
}

/* ---- promises ---- */

/* As keep_limit(). */
static struct weir_promise *
keep_promise(const struct weir_gateway *gateway, struct weir_promise *old, const struct weir_rate *was,
    const struct weir_rate *is, bool *failed)
{
	struct weir_promise *promise;

	if (!rate_given(is))
		return NULL;
	if (old != NULL && rate_equal(was, is))
		return old;
	promise = aligned_alloc(WEIR_CACHELINE, sizeof(*promise));
	if (promise == NULL)
		*failed = true;
	else
		weir_promise_init(promise, is, gateway_now(gateway));
	return promise;
}

static void
renew_promise(struct weir_promise *promise, const struct weir_rate *is, const struct weir_promise *old)
{
	if (promise != NULL && old != NULL && promise != old)
		weir_promise_renew(promise, is, old);
}

/* ---- a tenant ---- */

bool
tenant_meters_build(const struct weir_gateway *gateway, const struct live_tenant *before,
    const struct weir_cfg_tenant *cfg, struct weir_tenant *tenant)
{
	const struct weir_tenant none = {0}, *old = before == NULL ? &none : before->tenant;
	const struct weir_cfg_tenant *was = before == NULL ? cfg : before->cfg;
	const struct spec limit_was = tenant_spec(was), limit = tenant_spec(cfg);
	const struct spec setups_was = setups_spec(was), setups = setups_spec(cfg);
	bool failed = false;

	tenant->rate = cfg->limit;
	tenant->guarantee = weir_cfg_guarantee(cfg);
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		tenant->limit[d] = keep_limit(gateway, old->limit[d], &limit_was, &limit, &failed);
		tenant->promise[d] =
		    keep_promise(gateway, old->promise[d], &old->guarantee, &tenant->guarantee, &failed);
	}
	tenant->setups = keep_limit(gateway, old->setups, &setups_was, &setups, &failed);
	return !failed;
}

static struct weir_share *
find_share(const struct weir_tenant *tenant, uint32_t port)
{
	for (uint32_t i = 0; i < tenant->n_shares; i++)
		if (tenant->shares[i]->port == port)
			return tenant->shares[i];
	return NULL;
}

uint32_t
tenant_shares_max(const struct plan *plan, const struct weir_cfg_tenant *cfg)
{
	uint32_t n = cfg->n_vports + plan->n_uplinks;

	return n < WEIR_PORTS_MAX ? n : WEIR_PORTS_MAX;
}

bool
tenant_has_remotes(const struct weir_cfg_tenant *cfg)
{
	for (uint32_t s = 0; s < cfg->n_switches; s++)
		if (cfg->switches[s].n_remotes > 0)
			return true;
	return false;
}

bool
tenant_shares_build(const struct plan *plan, const struct live_tenant *before, struct live_tenant *live)
{
	struct weir_tenant *tenant = live->tenant;
	bool leaves_by[WEIR_PORTS_MAX] = {false};

	if (tenant_has_remotes(live->cfg))
		memcpy(leaves_by, plan->uplink, sizeof(leaves_by));
	for (uint32_t v = 0; v < live->cfg->n_vports; v++)
		if (live->vport_objects[v].port != NULL)
			leaves_by[live->vport_objects[v].port->index] = true;
	for (uint32_t port = 0; port < WEIR_PORTS_MAX; port++) {
		struct weir_share *share;

		if (!leaves_by[port])
			continue;
		share = before == NULL ? NULL : find_share(before->tenant, port);
		if (share == NULL) {
			share = aligned_alloc(WEIR_CACHELINE, sizeof(*share));
			if (share == NULL)
				return false;
			*share = (struct weir_share){.weight = live->cfg->weight, .port = port};
		}
		tenant->shares[tenant->n_shares++] = share;
	}
	return true;
}

void
tenant_meters_free(const struct weir_tenant *from, const struct weir_tenant *keep)
{
	const struct weir_tenant none = {0};

	if (keep == NULL)
		keep = &none;
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		if (from->limit[d] != keep->limit[d])
			free(from->limit[d]);
		if (from->promise[d] != keep->promise[d])
			free(from->promise[d]);
	}
	if (from->setups != keep->setups)
		free(from->setups);
	for (uint32_t i = 0; i < from->n_shares; i++)
		if (find_share(keep, from->shares[i]->port) != from->shares[i])
			free(from->shares[i]);
}

/* ---- a vport ---- */

static uint64_t
least_rate(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t
within(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* Bytes that may wait for it: what leaves in a time, unless it says how many. */
static uint32_t
queue_bytes(const struct weir_cfg_tenant *tenant, const struct weir_cfg_vport *vport, const struct weir_port *port)
{
	bool own = (vport->queue_ns | vport->queue_bytes) != 0;
	uint64_t ns = own ? vport->queue_ns : tenant->queue_ns,
		 bytes = own ? vport->queue_bytes : tenant->queue_bytes;
	uint64_t bps = least_rate(vport->limit.bps, tenant->limit.bps);
	bool given = (ns | bytes) != 0;

	if (bps == 0 && port != NULL)
		bps = port->wire->bps;
	if (bytes == 0)
		bytes = bps == 0 ? QUEUE_UNKNOWN : bps / 8 * (given ? ns : QUEUE_NS) / WEIR_NS_PER_S;
	return (
	    uint32_t)(given ? within(bytes, QUEUE_GIVEN_MIN, QUEUE_GIVEN_MAX) : within(bytes, QUEUE_MIN, QUEUE_MAX));
}

bool
vport_meters_build(const struct weir_gateway *gateway, const struct live_tenant *before, uint32_t at,
    const struct weir_cfg_tenant *cfg, uint32_t v, struct weir_iface *iface)
{
	const struct weir_cfg_vport *vport = &cfg->vports[v];
	const struct weir_iface none = {0}, *old = at == WEIR_NONE ? &none : &before->vport_objects[at];
	const struct weir_cfg_vport *was = at == WEIR_NONE ? vport : &before->cfg->vports[at];
	const struct spec limit_was = vport_spec(was), limit = vport_spec(vport);
	bool failed = false;

	iface->rate = vport->limit;
	iface->guarantee = vport->guarantee;
	iface->weight = vport->weight;
	iface->queue = queue_bytes(cfg, vport, iface->port);
	iface->limit_in = keep_limit(gateway, old->limit_in, &limit_was, &limit, &failed);
	iface->limit_out = keep_limit(gateway, old->limit_out, &limit_was, &limit, &failed);
	iface->promise_in = keep_promise(gateway, old->promise_in, &was->guarantee, &vport->guarantee, &failed);
	iface->promise_out = keep_promise(gateway, old->promise_out, &was->guarantee, &vport->guarantee, &failed);
	return !failed;
}

void
vport_meters_free(const struct weir_iface *from, const struct weir_iface *keep)
{
	const struct weir_iface none = {0};

	if (keep == NULL)
		keep = &none;
	if (from->limit_in != keep->limit_in)
		free(from->limit_in);
	if (from->limit_out != keep->limit_out)
		free(from->limit_out);
	if (from->promise_in != keep->promise_in)
		free(from->promise_in);
	if (from->promise_out != keep->promise_out)
		free(from->promise_out);
}

/* ---- publication ---- */

static void
renew_vport(const struct weir_gateway *gateway, const struct weir_cfg_vport *cfg, const struct weir_iface *iface,
    const struct weir_iface *old)
{
	const struct spec limit = vport_spec(cfg);

	renew_limit(gateway, iface->limit_in, &limit, old->limit_in);
	renew_limit(gateway, iface->limit_out, &limit, old->limit_out);
	renew_promise(iface->promise_in, &cfg->guarantee, old->promise_in);
	renew_promise(iface->promise_out, &cfg->guarantee, old->promise_out);
}

void
meters_renew(const struct weir_gateway *gateway, const struct live_tenant *after, const struct live_tenant *before)
{
	const struct weir_tenant *tenant = after->tenant, *old = before->tenant;
	const struct spec limit = tenant_spec(after->cfg), setups = setups_spec(after->cfg);

	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		renew_limit(gateway, tenant->limit[d], &limit, old->limit[d]);
		renew_promise(tenant->promise[d], &tenant->guarantee, old->promise[d]);
	}
	renew_limit(gateway, tenant->setups, &setups, old->setups);
	for (uint32_t i = 0; i < tenant->n_shares; i++)
		__atomic_store_n(&tenant->shares[i]->weight, tenant->weight, __ATOMIC_RELAXED);
	for (uint32_t v = 0; v < after->cfg->n_vports; v++) {
		uint32_t at = tenant_find_vport(before, after->cfg->vports[v].name);

		if (at != WEIR_NONE)
			renew_vport(
			    gateway, &after->cfg->vports[v], &after->vport_objects[v], &before->vport_objects[at]);
	}
}
