/* SPDX-License-Identifier: BSD-3-Clause */
/* What a change of the configuration leaves of what the reference knows. */
#include <stdlib.h>

#include "ref_firewall.h"

/* Is the learned entry's place still there, on the same switch? By another tunnel it would be another place. */
static bool
place_stands(const struct topo *before, const struct topo *after, const struct ref_entry *entry)
{
	const struct topo_tenant *tenant = &after->tenants[entry->tenant];
	const struct topo_switch *sw = &tenant->switches[entry->sw];
	struct ref_place at;

	if (!tenant->used || !sw->used || ref_static(after, entry->tenant, entry->sw, &entry->mac, &at))
		return false;
	if (entry->at.kind == REF_AT_VPORT)
		return tenant->vports[entry->at.vport].used && tenant->vports[entry->at.vport].sw == entry->sw;
	for (uint32_t i = 0; i < sw->n_remotes; i++)
		if (weir_ip_equal(&sw->remotes[i], &entry->at.remote))
			return before->tenants[entry->tenant].switches[entry->sw].geneve == sw->geneve;
	return false;
}

static bool
place_changed(const struct topo *before, const struct topo *after, const struct ref_entry *entry)
{
	const struct topo_tenant *was = &before->tenants[entry->tenant], *is = &after->tenants[entry->tenant];

	if (was->switches[entry->sw].vni != is->switches[entry->sw].vni)
		return true;
	return entry->at.kind == REF_AT_VPORT &&
	       !topo_equal(&was->vports[entry->at.vport], &is->vports[entry->at.vport], sizeof(is->vports[0]));
}

void
ref_configure(struct ref *ref, const struct topo *topo)
{
	struct ref_entry **at = &ref->learned;

	while (*at != NULL) {
		struct ref_entry *entry = *at;

		if (place_stands(ref->topo, topo, entry)) {
			entry->may_go = place_changed(ref->topo, topo, entry);
			at = &entry->next;
		} else {
			*at = entry->next;
			free(entry);
		}
	}
	ref_keep(ref, topo);
	ref_keep_connections(ref, topo);
	ref->topo = topo;
}

void
ref_clear(struct ref *ref)
{
	static const struct topo nothing;

	ref_keep(ref, &nothing);
	ref_forget_connections(ref);
	while (ref->learned != NULL) {
		struct ref_entry *entry = ref->learned;

		ref->learned = entry->next;
		free(entry);
	}
}
