/* SPDX-License-Identifier: BSD-3-Clause */
/* What is guaranteed to a tenant: what it says itself, else what its vports say together. */
#include <errno.h>

#include "validate_tenant_priv.h"

static bool
given(const struct weir_rate *rate)
{
	return (rate->bps | rate->pps) != 0;
}

/* Sums of the vports' guarantees, and how many of them give which kind. */
struct promised {
	struct weir_rate sum;
	uint32_t n, n_bps, n_pps;
};

static struct promised
promised_to(const struct weir_cfg_tenant *tenant)
{
	struct promised promised = {0};

	for (uint32_t v = 0; v < tenant->n_vports; v++) {
		const struct weir_rate *rate = &tenant->vports[v].guarantee;

		promised.sum.bps += rate->bps;
		promised.sum.pps += rate->pps;
		promised.n += given(rate) ? 1 : 0;
		promised.n_bps += rate->bps != 0 ? 1 : 0;
		promised.n_pps += rate->pps != 0 ? 1 : 0;
	}
	return promised;
}

struct weir_rate
weir_cfg_guarantee(const struct weir_cfg_tenant *tenant)
{
	struct promised promised;

	if (given(&tenant->guarantee))
		return tenant->guarantee;
	promised = promised_to(tenant);
	/* A kind that one of them does not give would bound that one too. */
	if (promised.n_bps < promised.n)
		promised.sum.bps = 0;
	if (promised.n_pps < promised.n)
		promised.sum.pps = 0;
	return promised.sum;
}

static int
check_kind(const struct weir_at *at, uint64_t sum, uint64_t guarantee, char *(*format)(uint64_t, char *, size_t))
{
	char sums[32], has[32], over[32];

	/* A kind that the tenant does not give does not bound its vports. */
	if (guarantee == 0 || sum <= guarantee)
		return 0;
	return weir_at_err(at, ENOSPC, "guarantees of its vports sum to %s, its own is %s: %s too much",
	    format(sum, sums, sizeof(sums)), format(guarantee, has, sizeof(has)),
	    format(sum - guarantee, over, sizeof(over)));
}

int
weir_check_guarantee(const struct weir_at *at, const struct weir_cfg_tenant *tenant)
{
	const struct promised promised = promised_to(tenant);
	struct weir_at here = weir_at_key(at, "guarantee");
	int rc = check_kind(&here, promised.sum.bps, tenant->guarantee.bps, weir_bps_format);

	if (rc == 0)
		rc = check_kind(&here, promised.sum.pps, tenant->guarantee.pps, weir_pps_format);
	if (rc == 0 && !given(&tenant->guarantee) && promised.n_bps < promised.n && promised.n_pps < promised.n)
		rc = weir_at_err(&here, EINVAL,
		    "is missing: some vports are guaranteed bits per second, some packets per second, which have no "
		    "sum");
	return rc;
}
