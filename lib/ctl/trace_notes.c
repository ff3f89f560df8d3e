/* SPDX-License-Identifier: BSD-3-Clause */
/* Notes of a walk as lines for people, by the names of the configuration. */
#include <stdio.h>

#include "trace_priv.h"

const char *
trace_place(const struct weir_gateway *gateway, const struct weir_iface *iface, char buf[WEIR_VIEW_PLACE_SIZE])
{
	const struct weir_switch *sw;
	int len;

	if (iface == NULL) {
		(void)snprintf(buf, WEIR_VIEW_PLACE_SIZE, "nowhere");
		return buf;
	}
	len = view_place(iface, true, buf);
	sw = iface->sw != WEIR_NONE ? weir_vnet_switch(gateway->vnet, iface->sw) : NULL;
	if (sw != NULL && iface->kind == WEIR_IFACE_REMOTE)
		(void)snprintf(
		    buf + len, WEIR_VIEW_PLACE_SIZE - (size_t)len, " on %s/%s", iface->tenant->name, sw->name);
	else if (sw != NULL && iface->kind == WEIR_IFACE_ROUTER)
		(void)snprintf(buf + len, WEIR_VIEW_PLACE_SIZE - (size_t)len, " interface %s", sw->name);
	return buf;
}

static const char *
name_switch(const struct weir_switch *sw, char buf[WEIR_VIEW_PLACE_SIZE])
{
	if (sw == NULL)
		(void)snprintf(buf, WEIR_VIEW_PLACE_SIZE, "switch");
	else
		(void)snprintf(buf, WEIR_VIEW_PLACE_SIZE, "switch %s/%s", sw->tenant->name, sw->name);
	return buf;
}

/* ---- switches ---- */

static void
note_source(struct tracer *tracer, const struct weir_note *note)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	const struct weir_mac_entry *entry = note->entry < WEIR_MACS_MAX ? &vnet->macs[note->entry] : NULL;
	const struct weir_iface *at = entry != NULL ? weir_vnet_iface(vnet, entry->iface) : NULL;
	char element[WEIR_VIEW_PLACE_SIZE], place[WEIR_VIEW_PLACE_SIZE], mac[18];

	(void)name_switch(weir_vnet_switch(vnet, note->iface->sw), element);
	(void)weir_mac_format(note->mac, mac, sizeof(mac));
	if (at == NULL) {
		trace_step(tracer, element, note->reason, "source MAC %s is not known: learned here", mac);
		return;
	}
	trace_step(tracer, element, note->reason, "source MAC %s is %s at %s%s", mac,
	    entry->is_static != 0 ? "configured" : "known", trace_place(tracer->gateway, at, place),
	    note->learn ? ": moves here" : "");
}

static void
note_switch(struct tracer *tracer, const struct weir_note *note)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	char element[WEIR_VIEW_PLACE_SIZE], place[WEIR_VIEW_PLACE_SIZE], mac[18];
	const struct weir_mac_entry *entry;

	(void)name_switch(note->sw, element);
	(void)weir_mac_format(note->mac, mac, sizeof(mac));
	if (note->entry >= WEIR_MACS_MAX) {
		trace_step(tracer, element, note->reason, "destination MAC %s is %s", mac,
		    note->reason == WEIR_DROP_LOOP  ? "not looked up"
		    : note->entry == WEIR_MAC_GROUP ? "a group's: flooded"
						    : "not known: flooded");
		return;
	}
	entry = &vnet->macs[note->entry];
	trace_step(tracer, element, note->reason, "destination MAC %s is %s at %s", mac,
	    entry->is_static != 0 ? "configured" : "known",
	    trace_place(tracer->gateway, weir_vnet_iface(vnet, entry->iface), place));
}

/* ---- routers ---- */

static void
note_route(struct tracer *tracer, const struct weir_note *note, const char *element)
{
	const struct weir_vnet *vnet = tracer->gateway->vnet;
	char prefix[WEIR_PREFIX_TEXT_SIZE], ip[46], out[WEIR_VIEW_PLACE_SIZE];
	const struct weir_route *route;
	struct weir_prefix text;

	if (note->route == WEIR_NONE) {
		trace_step(tracer, element, note->reason, "no route to %s", weir_ip_format(note->ip, ip, sizeof(ip)));
		return;
	}
	route = &vnet->routes[note->route];
	text = (struct weir_prefix){.ip = route->prefix, .len = route->len};
	(void)weir_prefix_text(&text, prefix, sizeof(prefix));
	if (note->way == NULL) {
		trace_step(tracer, element, note->reason, "route %s is a blackhole", prefix);
		return;
	}
	(void)trace_place(tracer->gateway, note->iface, out);
	if (note->ways->kind == WEIR_WAY_CONNECTED)
		trace_step(tracer, element, note->reason, "route %s is connected, out by %s", prefix, out);
	else if (note->ways->n == 1)
		trace_step(tracer, element, note->reason, "route %s via %s, out by %s", prefix,
		    weir_ip_format(&note->way->hop, ip, sizeof(ip)), out);
	else
		trace_step(tracer, element, note->reason, "route %s via %s (of %u ways this flow's), out by %s",
		    prefix, weir_ip_format(&note->way->hop, ip, sizeof(ip)), note->ways->n, out);
}

static void
note_neighbour(struct tracer *tracer, const struct weir_note *note)
{
	char element[WEIR_VIEW_PLACE_SIZE], ip[46], text[18];
	struct weir_mac mac;

	(void)trace_place(tracer->gateway, note->iface, element);
	(void)weir_ip_format(note->ip, ip, sizeof(ip));
	weir_host_mac(note->place, &mac);
	if (note->mac != NULL)
		trace_step(tracer, element, note->reason, "%s is another router's, at %s", ip,
		    weir_mac_format(note->mac, text, sizeof(text)));
	else if (note->host == WEIR_NONE)
		trace_step(tracer, element, note->reason, "neighbour %s is not known yet: asked for", ip);
	else if ((note->place & WEIR_HOST_FAILED) != 0)
		trace_step(tracer, element, note->reason, "neighbour %s does not answer", ip);
	else if ((note->place & WEIR_HOST_KNOWN) == 0)
		trace_step(tracer, element, note->reason, "neighbour %s is being asked", ip);
	else
		trace_step(tracer, element, note->reason, "neighbour %s is at %s", ip,
		    weir_mac_format(&mac, text, sizeof(text)));
}

static void
note_router(struct tracer *tracer, const struct weir_note *note)
{
	char element[WEIR_VIEW_PLACE_SIZE], ip[46];

	if (note->kind == WEIR_NOTE_ROUTER) {
		trace_step(tracer, trace_place(tracer->gateway, note->iface, element), note->reason, "takes it");
		return;
	}
	(void)snprintf(element, sizeof(element), "router %s/%s", note->router->tenant->name, note->router->name);
	if (note->kind == WEIR_NOTE_HERE)
		trace_step(tracer, element, note->reason, "%s is its own address%s",
		    weir_ip_format(note->ip, ip, sizeof(ip)),
		    note->reason == WEIR_OK ? ", and this is a ping" : ", which answers pings alone");
	else if (note->kind == WEIR_NOTE_ROUTE)
		note_route(tracer, note, element);
	else if (note->reason == WEIR_OK)
		trace_step(tracer, element, note->reason, "its TTL of %d becomes %d", note->ttl - note->hops,
		    note->ttl - note->hops - 1);
	else if (note->reason != WEIR_DROP_NOT_ROUTABLE)
		trace_step(tracer, element, note->reason, "its TTL of %d ends here", note->ttl - note->hops);
	else
		trace_step(tracer, element, note->reason, "does not forward from or to such an address");
}

static void
note_listen(struct tracer *tracer, const struct weir_note *note)
{
	char element[WEIR_VIEW_PLACE_SIZE], ip[46], mac[18];

	if (note->iface == NULL && note->ip == NULL)
		return;
	if (note->iface != NULL)
		(void)trace_place(tracer->gateway, note->iface, element);
	else
		(void)name_switch(weir_vnet_switch(tracer->gateway->vnet, tracer->in->sw), element);
	if (note->ip != NULL)
		trace_step(tracer, element, note->reason, "routers here learn that %s is at %s",
		    weir_ip_format(note->ip, ip, sizeof(ip)), weir_mac_format(note->mac, mac, sizeof(mac)));
	if (note->iface != NULL)
		trace_step(tracer, element, note->reason, "it is for this router");
}

/* ---- firewalls ---- */

static const struct live_firewall *
find_firewall(const struct tracer *tracer, const struct weir_note *note)
{
	const struct live_tenant *live = tracer->gateway->live_tenants[note->iface->tenant->id];

	for (uint32_t f = 0; live != NULL && f < live->cfg->n_firewalls; f++)
		if (live->firewalls[f].filter->id == note->fw->filter)
			return &live->firewalls[f];
	return NULL;
}

/* "rule 3: allow in tcp from any to 10.0.0.0/24 dport 443". */
static const char *
name_rule(const struct live_firewall *firewall, uint32_t rule, char *buf, size_t size)
{
	char text[WEIR_VIEW_RULE_SIZE];

	if (firewall == NULL || rule >= firewall->cfg->n_rules)
		(void)snprintf(buf, size, "rule %u", rule);
	else
		(void)snprintf(
		    buf, size, "rule %u (%s)", rule, view_rule_text(&firewall->cfg->rules[rule], text, sizeof(text)));
	return buf;
}

static void
note_own_rule(struct tracer *tracer, const struct weir_note *note, const char *element, const char *at,
    const struct live_firewall *firewall)
{
	const struct weir_note_fw *fw = note->fw;
	char rule[WEIR_VIEW_RULE_SIZE + 16], found[80] = "";

	if (fw->found)
		(void)snprintf(found, sizeof(found), "a connection is known (%s), but no rule would open it now; ",
		    weir_conn_state_name((enum weir_conn_state)fw->state));
	if (fw->rule == WEIR_NONE)
		trace_step(tracer, element, note->reason, "%s: %sno rule matches", at, found);
	else
		trace_step(tracer, element, note->reason, "%s: %s%s%s", at, found,
		    name_rule(firewall, fw->rule, rule, sizeof(rule)),
		    note->reason == WEIR_DROP_NO_CONNECTION
			? ", but no connection is known, and this packet cannot open one"
			: "");
}

static void
note_firewall(struct tracer *tracer, const struct weir_note *note)
{
	const struct live_firewall *firewall = find_firewall(tracer, note);
	char element[WEIR_VIEW_PLACE_SIZE], at[WEIR_VIEW_PLACE_SIZE + 8], place[WEIR_VIEW_PLACE_SIZE];
	const struct weir_note_fw *fw = note->fw;
	char rule[WEIR_VIEW_RULE_SIZE + 16];

	(void)snprintf(element, sizeof(element), "firewall %s/%s", note->iface->tenant->name,
	    firewall != NULL ? firewall->cfg->name : "?");
	(void)snprintf(at, sizeof(at), "%s %s", trace_place(tracer->gateway, note->iface, place),
	    fw->direction == WEIR_FW_IN ? "in" : "out");
	switch ((enum weir_fw_how)fw->how) {
	case WEIR_FW_BY_NEED:
		trace_step(tracer, element, note->reason, "%s: ARP and neighbour discovery always pass", at);
		break;
	case WEIR_FW_BY_KIND:
		trace_step(tracer, element, note->reason, "%s: only IP and ARP pass", at);
		break;
	case WEIR_FW_BY_FRAGMENT:
		trace_step(tracer, element, note->reason,
		    "%s: a later fragment, whose first one decides: workers know it, a trace does not", at);
		break;
	case WEIR_FW_BY_CONNECTION:
		trace_step(tracer, element, note->reason, "%s: %s of a connection (%s), as opened by %s", at,
		    fw->error	? "an error"
		    : fw->reply ? "an answer"
				: "a packet",
		    weir_conn_state_name((enum weir_conn_state)fw->state),
		    name_rule(firewall, fw->opener, rule, sizeof(rule)));
		break;
	case WEIR_FW_BY_RULE:
		note_own_rule(tracer, note, element, at, firewall);
		break;
	}
}

static void
note_connect(struct tracer *tracer, const struct weir_note *note)
{
	const struct weir_tenant *tenant = note->iface->tenant;
	char element[WEIR_VIEW_PLACE_SIZE];

	trace_step(tracer, trace_place(tracer->gateway, note->iface, element), note->reason,
	    "opens a connection: %s has %u of %u", tenant->name,
	    weir_conns_of_tenant(tracer->gateway->conns, tenant->id), tenant->quota_connections);
}

/* ---- all ---- */

static void
note_spoof(struct tracer *tracer, const struct weir_note *note)
{
	const struct weir_iface *iface = note->iface;
	char element[WEIR_VIEW_PLACE_SIZE];

	if (note->reason == WEIR_OK && !iface->has_mac && iface->n_addresses == 0)
		return;
	trace_step(tracer, trace_place(tracer->gateway, iface, element), note->reason,
	    note->reason == WEIR_OK ? "its sender may be here" : "its sender may not be here");
}

void
trace_note(void *arg, const struct weir_note *note)
{
	char element[WEIR_VIEW_PLACE_SIZE], sw[WEIR_VIEW_PLACE_SIZE];
	struct tracer *tracer = arg;

	switch (note->kind) {
	case WEIR_NOTE_ENTER:
		trace_step(tracer, trace_place(tracer->gateway, note->iface, element), note->reason, "enters %s",
		    name_switch(note->sw, sw));
		break;
	case WEIR_NOTE_SPOOF:
		note_spoof(tracer, note);
		break;
	case WEIR_NOTE_SOURCE:
		note_source(tracer, note);
		break;
	case WEIR_NOTE_FIREWALL:
		note_firewall(tracer, note);
		break;
	case WEIR_NOTE_LISTEN:
		note_listen(tracer, note);
		break;
	case WEIR_NOTE_SWITCH:
		note_switch(tracer, note);
		break;
	case WEIR_NOTE_ROUTER:
	case WEIR_NOTE_HERE:
	case WEIR_NOTE_CHECK:
	case WEIR_NOTE_ROUTE:
		note_router(tracer, note);
		break;
	case WEIR_NOTE_NEIGHBOUR:
		note_neighbour(tracer, note);
		break;
	case WEIR_NOTE_CONNECT:
		note_connect(tracer, note);
		break;
	}
}
