/* SPDX-License-Identifier: BSD-3-Clause */
/* What a draft changes, as its user sees it. */
#include <errno.h>
#include <stdlib.h>

#include "model_priv.h"

/* Removed, changed, added. */
static int
class_of(const struct weir_touch *touch)
{
	if (touch->after == NULL)
		return 0;
	return touch->before != NULL ? 1 : 2;
}

static int
compare_touches(const void *a, const void *b)
{
	const struct weir_touch *x = a, *y = b;
	uint64_t x_order, y_order;

	if (class_of(x) != class_of(y))
		return class_of(x) - class_of(y);
	x_order = x->after != NULL ? x->after->order : x->before->order;
	y_order = y->after != NULL ? y->after->order : y->before->order;
	return x_order < y_order ? -1 : x_order > y_order;
}

/* Leaves the touches whose elements mean something else now, in the order of steps. */
static uint32_t
keep_steps(struct weir_touches *touches)
{
	size_t n = 0;

	for (size_t i = 0; i < touches->n; i++) {
		const struct weir_touch *touch = &touches->touch[i];

		if (weir_cfg_or_null(touch->before) != weir_cfg_or_null(touch->after))
			touches->touch[n++] = *touch;
	}
	touches->n = n;
	if (n > 1)
		qsort(touches->touch, n, sizeof(*touches->touch), compare_touches);
	return (uint32_t)n;
}

static const struct weir_cfg_settings *
settings_of(const struct weir_snap *snap)
{
	static const struct weir_cfg_settings defaults = {.flows = WEIR_CFG_FLOWS_DEFAULT,
	    .connections = WEIR_CFG_CONNECTIONS_DEFAULT,
	    .flow_idle = WEIR_CFG_FLOW_IDLE_DEFAULT,
	    .mac_age = WEIR_CFG_MAC_AGE_DEFAULT};
	const struct weir_elem *elem =
	    weir_snap_find(snap, WEIR_SECTION_SETTINGS, weir_sections[WEIR_SECTION_SETTINGS].key);

	return elem != NULL ? weir_elem_cfg(elem) : &defaults;
}

int
weir_draft_steps(struct weir_draft *draft)
{
	struct weir_change *change = &draft->change;
	const struct weir_touch *ports = draft->touches[WEIR_SECTION_PORTS].touch;
	const struct weir_touch *underlays = draft->touches[WEIR_SECTION_UNDERLAY].touch;
	const struct weir_touch *tenants = draft->touches[WEIR_SECTION_TENANTS].touch;

	change->settings = *settings_of(draft->next);
	change->settings_changed = !weir_kind_settings.equal(settings_of(draft->from), &change->settings);
	change->n_ports = keep_steps(&draft->touches[WEIR_SECTION_PORTS]);
	change->n_underlays = keep_steps(&draft->touches[WEIR_SECTION_UNDERLAY]);
	change->n_tenants = keep_steps(&draft->touches[WEIR_SECTION_TENANTS]);
	change->ports = draft->ports = calloc(change->n_ports + 1u, sizeof(*draft->ports));
	change->underlays = draft->underlays = calloc(change->n_underlays + 1u, sizeof(*draft->underlays));
	change->tenants = draft->tenants = calloc(change->n_tenants + 1u, sizeof(*draft->tenants));
	if (draft->ports == NULL || draft->underlays == NULL || draft->tenants == NULL)
		return weir_err(draft->err, ENOMEM, "", "no memory for the configuration");
	for (uint32_t i = 0; i < change->n_ports; i++) {
		draft->ports[i].before = weir_cfg_or_null(ports[i].before);
		draft->ports[i].after = weir_cfg_or_null(ports[i].after);
	}
	for (uint32_t i = 0; i < change->n_underlays; i++) {
		draft->underlays[i].before = weir_cfg_or_null(underlays[i].before);
		draft->underlays[i].after = weir_cfg_or_null(underlays[i].after);
	}
	for (uint32_t i = 0; i < change->n_tenants; i++) {
		draft->tenants[i].before = weir_cfg_or_null(tenants[i].before);
		draft->tenants[i].after = weir_cfg_or_null(tenants[i].after);
	}
	return 0;
}
