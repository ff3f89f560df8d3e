/* SPDX-License-Identifier: BSD-3-Clause */
/* Guarantees against the ports that there are: what a change makes of them, and how it stands from then on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_priv.h"

bool
underlay_after(const struct weir_change *change, const struct live_port *live)
{
	for (uint32_t i = 0; change != NULL && i < change->n_underlays; i++) {
		const struct weir_underlay_step *step = &change->underlays[i];

		if (strcmp(step->after != NULL ? step->after->port : step->before->port, live->cfg.name) == 0)
			return step->after != NULL;
	}
	return live->underlay_cfg != NULL;
}

static bool
guarantees(const struct weir_cfg_tenant *tenant)
{
	struct weir_rate guarantee = {0};

	if (tenant != NULL)
		guarantee = weir_cfg_guarantee(tenant);
	return (guarantee.bps | guarantee.pps) != 0;
}

/* Nothing but tenants changes: sums go on from where they are. */
static bool
tenants_alone(const struct weir_change *change)
{
	return change != NULL && change->n_ports == 0 && change->n_underlays == 0;
}

static bool
changes_nothing(const struct weir_change *change)
{
	if (!tenants_alone(change))
		return false;
	for (uint32_t i = 0; i < change->n_tenants; i++)
		if (guarantees(change->tenants[i].before) || guarantees(change->tenants[i].after))
			return false;
	return true;
}

static uint64_t
carries(const struct live_port *live, uint64_t rate)
{
	return live->port != NULL ? weir_port_carries(live->port, rate) : rate;
}

static struct weir_admission_port
live_entry(struct live_port *live, const struct weir_change *change)
{
	return (struct weir_admission_port){
	    .name = live->cfg.name,
	    .user = live,
	    .carries = carries(live, live->cfg.rate),
	    .mtu = live->port != NULL	? live->port->mtu
		   : live->cfg.mtu != 0 ? live->cfg.mtu
					: WEIR_MTU_DEFAULT,
	    .uplink = underlay_after(change, live),
	    .before = live->guaranteed,
	    .base = live->guaranteed,
	};
}

/* As it will be after this step: `opened` ports are so already, others may be another device then. */
static void
apply_step(struct weir_admission_port *entry, const struct weir_port_step *step, bool opened)
{
	const struct weir_cfg_port *before = step->before, *after = step->after;
	const struct live_port *live = entry->user;
	bool fresh = before == NULL || port_needs_reopen(before, after);

	/* Another device has to have the room, whatever the one before had. */
	entry->lowered = fresh || carries(live, after->rate) < carries(live, before->rate);
	if (opened)
		return;
	entry->unopened = fresh;
	entry->carries = fresh ? after->rate : carries(live, after->rate);
	if (after->mtu != 0)
		entry->mtu = after->mtu;
}

static bool
is_removed(const struct weir_change *change, const struct live_port *live)
{
	for (uint32_t i = 0; change != NULL && i < change->n_ports; i++)
		if (change->ports[i].after == NULL && strcmp(change->ports[i].before->name, live->cfg.name) == 0)
			return true;
	return false;
}

static bool
gains_underlay(const struct weir_change *change, const char *port)
{
	for (uint32_t i = 0; i < change->n_underlays; i++)
		if (change->underlays[i].after != NULL && strcmp(change->underlays[i].after->port, port) == 0)
			return true;
	return false;
}

static void
add_new_ports(struct weir_admission *admission, const struct weir_change *change)
{
	for (uint32_t i = 0; change != NULL && i < change->n_ports; i++)
		if (change->ports[i].before == NULL)
			admission->ports[admission->n++] = (struct weir_admission_port){
			    .name = change->ports[i].after->name,
			    .mtu = WEIR_MTU_DEFAULT,
			    .uplink = gains_underlay(change, change->ports[i].after->name),
			};
}

/* All that is promised, on the ports as they will be. */
static void
sum_all(struct weir_gateway *gateway, struct weir_admission *admission)
{
	for (uint32_t i = 0; i < admission->n; i++)
		admission->ports[i].sum = 0;
	for (uint32_t t = 0; t < gateway->max_tenant; t++)
		if (gateway->live_tenants[t] != NULL)
			weir_admission_add(admission, gateway->live_tenants[t]->cfg, false);
	for (uint32_t i = 0; i < admission->n; i++)
		admission->ports[i].base = admission->ports[i].sum;
}

int
admission_sum(struct weir_gateway *gateway, const struct weir_change *change, bool opened,
    struct weir_admission *admission, struct weir_err *err)
{
	uint32_t max = change == NULL ? 0 : change->n_ports;

	*admission = (struct weir_admission){0};
	if (changes_nothing(change))
		return 0;
	for (const struct live_port *live = gateway->live_ports; live != NULL; live = live->next)
		max++;
	admission->ports = calloc(max + 1, sizeof(*admission->ports));
	if (admission->ports == NULL)
		return weir_err(err, ENOMEM, "", "out of memory");
	for (struct live_port *live = gateway->live_ports; live != NULL; live = live->next)
		if (!is_removed(change, live))
			admission->ports[admission->n++] = live_entry(live, change);
	if (!opened)
		add_new_ports(admission, change);
	weir_admission_sort(admission);
	for (uint32_t i = 0; change != NULL && i < change->n_ports; i++)
		if (change->ports[i].after != NULL)
			apply_step(
			    weir_admission_find(admission, change->ports[i].after->name), &change->ports[i], opened);
	if (!tenants_alone(change))
		sum_all(gateway, admission);
	weir_admission_steps(
	    admission, change != NULL ? change->tenants : NULL, change != NULL ? change->n_tenants : 0);
	return 0;
}

int
admission_check(const struct weir_change *change, struct weir_admission *admission,
    const struct weir_admission_port **unknown, struct weir_err *err)
{
	return weir_admission_check(admission, change->tenants, change->n_tenants, unknown, err);
}

void
admission_publish(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->admission.n; i++) {
		const struct weir_admission_port *entry = &plan->admission.ports[i];
		struct live_port *live = entry->user;

		live->guaranteed = entry->sum;
		if (live->port == NULL)
			continue;
		live->port->guaranteed = entry->sum;
		/* Once, where it is taken as it is: nobody is refused who could be told. */
		if (plan->may_be_down || plan->moved == live)
			weir_port_warn_short(live->port);
	}
}
