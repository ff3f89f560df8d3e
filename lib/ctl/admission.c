/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"

/* A frame on the wire beside its IP packet, a tunnel's one included: Ethernet and a VLAN tag, FCS, preamble and gap.
 */
#define FRAME_EXTRA (14u + 4u + 24u)
/* Limits count tenants' frames: on the wire the smallest take most beside that, a tag, FCS, preamble and gap. */
#define FRAME_MIN 60u
#define FRAME_MIN_WIRE (FRAME_MIN + 4u + 24u)

static int
compare_ports(const void *a, const void *b)
{
	return strcmp(((const struct weir_admission_port *)a)->name, ((const struct weir_admission_port *)b)->name);
}

void
weir_admission_sort(struct weir_admission *admission)
{
	if (admission->n > 1)
		qsort(admission->ports, admission->n, sizeof(*admission->ports), compare_ports);
}

struct weir_admission_port *
weir_admission_find(const struct weir_admission *admission, const char *name)
{
	struct weir_admission_port key = {.name = name};

	return admission->n == 0
		   ? NULL
		   : bsearch(&key, admission->ports, admission->n, sizeof(*admission->ports), compare_ports);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Bits on the wire that a rate takes at most; of both kinds each bounds the other. */
static uint64_t
bits(const struct weir_rate *rate, uint64_t frame)
{
	uint64_t packets = rate->pps * frame * 8;

	if (rate->bps == 0 || rate->pps == 0)
		return rate->bps | packets;
	return least(rate->bps, packets);
}

/* What goes to its vports, port by port: each is settled at the first of the tenant's vports there. */
static void
add_vports(struct weir_admission *admission, const struct weir_cfg_tenant *tenant, uint64_t sign)
{
	bool own = (tenant->guarantee.bps | tenant->guarantee.pps) != 0;

	for (uint32_t v = 0; v < tenant->n_vports; v++) {
		const struct weir_cfg_vport *vport = &tenant->vports[v];
		struct weir_admission_port *port = weir_admission_find(admission, vport->port);

		if (port == NULL)
			continue;
		port->named = true;
		port->limits += vport->limit.bps * FRAME_MIN_WIRE / FRAME_MIN;
		port->unlimited = port->unlimited || vport->limit.bps == 0;
		port->guarantees += bits(&vport->guarantee, port->mtu + FRAME_EXTRA);
	}
	for (uint32_t v = 0; v < tenant->n_vports; v++) {
		struct weir_admission_port *port = weir_admission_find(admission, tenant->vports[v].port);
		uint64_t reserved;

		if (port == NULL || !port->named)
			continue;
		reserved = port->guarantees;
		if (own) {
			reserved = bits(&tenant->guarantee, port->mtu + FRAME_EXTRA);
			reserved = port->unlimited ? reserved : least(reserved, port->limits);
		}
		port->sum += sign * reserved;
		port->limits = port->guarantees = 0;
		port->named = port->unlimited = false;
	}
}

static bool
has_remotes(const struct weir_cfg_tenant *tenant)
{
	for (uint32_t s = 0; s < tenant->n_switches; s++)
		if (tenant->switches[s].n_remotes > 0)
			return true;
	return false;
}

void
weir_admission_add(struct weir_admission *admission, const struct weir_cfg_tenant *tenant, bool back)
{
	const uint64_t sign = back ? UINT64_MAX : 1;
	struct weir_rate guarantee;

	if (tenant == NULL)
		return;
	guarantee = weir_cfg_guarantee(tenant);
	if ((guarantee.bps | guarantee.pps) == 0)
		return;
	add_vports(admission, tenant, sign);
	for (uint32_t i = 0; i < admission->n && has_remotes(tenant); i++)
		if (admission->ports[i].uplink)
			admission->ports[i].sum += sign * bits(&guarantee, admission->ports[i].mtu + FRAME_EXTRA);
}

static void
reset(struct weir_admission *admission)
{
	for (uint32_t i = 0; i < admission->n; i++)
		admission->ports[i].sum = admission->ports[i].base;
}

void
weir_admission_steps(struct weir_admission *admission, const struct weir_tenant_step *steps, uint32_t n)
{
	reset(admission);
	for (uint32_t i = 0; i < n; i++) {
		weir_admission_add(admission, steps[i].before, true);
		weir_admission_add(admission, steps[i].after, false);
	}
}

/* The tenant whose step takes the port's sum beyond what it carries, or NULL. Walks again: nobody waits for it. */
static const char *
culprit(struct weir_admission *admission, const struct weir_admission_port *port,
    const struct weir_tenant_step *steps, uint32_t n)
{
	const char *name = NULL;

	reset(admission);
	for (uint32_t i = 0; i < n && name == NULL; i++) {
		uint64_t was = port->sum;

		weir_admission_add(admission, steps[i].before, true);
		weir_admission_add(admission, steps[i].after, false);
		if (port->sum > was && port->sum > port->carries)
			name = steps[i].after->name;
	}
	return name;
}

static int
refuse(struct weir_admission *admission, const struct weir_admission_port *port, const struct weir_tenant_step *steps,
    uint32_t n, struct weir_err *err)
{
	uint64_t guaranteed = port->sum;
	const char *tenant = culprit(admission, port, steps, n);
	char path[128], has[32], sum[32], over[32];

	if (tenant != NULL)
		(void)snprintf(path, sizeof(path), "/tenants/%s", tenant);
	else
		(void)snprintf(path, sizeof(path), "/ports/%s", port->name);
	(void)weir_bps_format(guaranteed, sum, sizeof(sum));
	if (port->carries == 0)
		return weir_err(err, ENOSPC, path,
		    "guarantees on port %s sum to %s, but what it carries is not known: give it a \"rate\"",
		    port->name, sum);
	return weir_err(err, ENOSPC, path, "port %s carries %s, guarantees sum to %s: %s too much", port->name,
	    weir_bps_format(port->carries, has, sizeof(has)), sum,
	    weir_bps_format(guaranteed - port->carries, over, sizeof(over)));
}

int
weir_admission_check(struct weir_admission *admission, const struct weir_tenant_step *steps, uint32_t n,
    const struct weir_admission_port **unknown, struct weir_err *err)
{
	for (uint32_t i = 0; i < admission->n; i++) {
		const struct weir_admission_port *port = &admission->ports[i];

		if (port->sum <= port->carries || (port->sum <= port->before && !port->lowered))
			continue;
		if (port->carries != 0 || !port->unopened || unknown == NULL)
			return refuse(admission, port, steps, n, err);
		*unknown = port;
	}
	return 0;
}
