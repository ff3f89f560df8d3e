/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration as weir gets it: a document, or the merge patch from one to the next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo_priv.h"

/*
 * Where the text goes, and whether a comma is due. An element is written whole; in a patch, what its predecessor had
 * and it has not is null.
 */
struct json {
	FILE *out;
	bool comma;
};

static void
key(struct json *json, const char *name)
{
	(void)fprintf(json->out, "%s\"%s\":", json->comma ? "," : "", name);
	json->comma = true;
}

static void
indexed_key(struct json *json, char letter, uint32_t i)
{
	(void)fprintf(json->out, "%s\"%c%u\":", json->comma ? "," : "", letter, i);
	json->comma = true;
}

static void
begin(struct json *json)
{
	(void)fputc('{', json->out);
	json->comma = false;
}

static void
end(struct json *json)
{
	(void)fputc('}', json->out);
	json->comma = true;
}

static void
number(struct json *json, const char *name, uint32_t value, uint32_t before)
{
	if (value == 0 && before == 0)
		return;
	key(json, name);
	if (value != 0)
		(void)fprintf(json->out, "%u", value);
	else
		(void)fputs("null", json->out);
}

static void
limit_field(struct json *json, const char *limit, const char *before)
{
	if (limit[0] == '\0' && before[0] == '\0')
		return;
	key(json, "limit");
	(void)fputs(limit[0] != '\0' ? limit : "null", json->out);
}

static void
mac_field(struct json *json, const char *name, bool has, const struct weir_mac *mac, bool had)
{
	char text[18];

	if (!has && !had)
		return;
	key(json, name);
	if (has)
		(void)fprintf(json->out, "\"%s\"", weir_mac_format(mac, text, sizeof(text)));
	else
		(void)fputs("null", json->out);
}

static void
ips(struct json *json, const char *name, const struct weir_ip *list, uint32_t n, uint32_t before)
{
	char text[46];

	if (n == 0 && before == 0)
		return;
	key(json, name);
	if (n == 0) {
		(void)fputs("null", json->out);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		(void)fprintf(
		    json->out, "%s\"%s\"", i == 0 ? "[" : ",", weir_ip_format(&list[i], text, sizeof(text)));
	(void)fputc(']', json->out);
}

static void
write_ports(struct json *json, const struct topo *topo, const struct topo *before)
{
	key(json, "ports");
	begin(json);
	for (uint32_t p = 0; p < topo->n_ports; p++) {
		indexed_key(json, 'p', p);
		begin(json);
		key(json, "device");
		(void)fprintf(json->out, "\"net_ring_p%u\"", p);
		number(json, "mtu", topo->ports[p].mtu, before != NULL ? before->ports[p].mtu : 0);
		number(json, "queues", topo->ports[p].queues ? topo_rx_queues[p] : 0, 0);
		end(json);
	}
	end(json);
}

static void
write_underlay(struct json *json, const struct topo_port *port)
{
	char text[46];

	begin(json);
	key(json, "address");
	for (uint32_t i = 0; i < port->n_addresses; i++) {
		const struct weir_prefix *net = &port->addresses[i];

		(void)fprintf(json->out, "%s\"%s/%d\"", i == 0 ? "[" : ",",
		    weir_ip_format(&net->ip, text, sizeof(text)), weir_ip_is_v4(&net->ip) ? net->len - 96 : net->len);
	}
	(void)fputc(']', json->out);
	ips(json, "gateway", port->gateways, port->n_gateways, 0);
	number(json, "vlan", port->vlan, 0);
	mac_field(json, "mac", port->has_mac, &port->mac, false);
	end(json);
}

static void
write_underlays(struct json *json, const struct topo *topo)
{
	key(json, "underlay");
	begin(json);
	for (uint32_t p = 0; p < topo->n_ports; p++)
		if (topo->ports[p].uplink) {
			indexed_key(json, 'p', p);
			write_underlay(json, &topo->ports[p]);
		}
	end(json);
}

static bool
has_static(const struct topo_switch *sw, const struct weir_mac *mac)
{
	for (uint32_t i = 0; i < sw->n_statics; i++)
		if (weir_mac_equal(&sw->statics[i].mac, mac))
			return true;
	return false;
}

static void
write_statics(struct json *json, const struct topo_switch *sw, const struct topo_switch *before)
{
	char mac[18], text[46];

	key(json, "macs");
	begin(json);
	for (uint32_t i = 0; i < sw->n_statics; i++) {
		const struct topo_static *entry = &sw->statics[i];

		if (entry->at_vport)
			(void)snprintf(text, sizeof(text), "v%u", entry->vport);
		else
			(void)weir_ip_format(&entry->remote, text, sizeof(text));
		key(json, weir_mac_format(&entry->mac, mac, sizeof(mac)));
		(void)fprintf(json->out, "\"%s\"", text);
	}
	for (uint32_t i = 0; before != NULL && i < before->n_statics; i++)
		if (!has_static(sw, &before->statics[i].mac)) {
			key(json, weir_mac_format(&before->statics[i].mac, mac, sizeof(mac)));
			(void)fputs("null", json->out);
		}
	end(json);
}

static void
write_switch(struct json *json, const struct topo_switch *sw, const struct topo_switch *before)
{
	begin(json);
	number(json, "vni", sw->vni, before != NULL ? before->vni : 0);
	if (sw->geneve || (before != NULL && before->geneve)) {
		key(json, "tunnel");
		(void)fputs(sw->geneve ? "\"geneve\"" : "null", json->out);
	}
	ips(json, "remotes", sw->remotes, sw->n_remotes, before != NULL ? before->n_remotes : 0);
	write_statics(json, sw, before);
	end(json);
}

static void
write_vport(struct json *json, const struct topo_vport *vport, const struct topo_vport *before)
{
	begin(json);
	key(json, "switch");
	(void)fprintf(json->out, "\"s%u\"", vport->sw);
	key(json, "port");
	(void)fprintf(json->out, "\"p%u\"", vport->port);
	number(json, "vlan", vport->vlan, before != NULL ? before->vlan : 0);
	mac_field(json, "mac", vport->has_mac, &vport->mac, before != NULL && before->has_mac);
	ips(json, "addresses", vport->addresses, vport->n_addresses, before != NULL ? before->n_addresses : 0);
	limit_field(json, vport->limit, before != NULL ? before->limit : "");
	topo_write_attached(json->out, vport->firewall, before != NULL ? before->firewall : 0);
	end(json);
}

static void
write_switches(struct json *json, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	key(json, "switches");
	begin(json);
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++) {
		const struct topo_switch *sw = &tenant->switches[s];
		const struct topo_switch *was = before != NULL ? &before->switches[s] : NULL;

		if (was != NULL && !was->used)
			was = NULL;
		if ((!sw->used && was == NULL) || (sw->used && was != NULL && topo_equal(sw, was, sizeof(*sw))))
			continue;
		indexed_key(json, 's', s);
		if (sw->used)
			write_switch(json, sw, was);
		else
			(void)fputs("null", json->out);
	}
	end(json);
}

static void
write_vports(struct json *json, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	key(json, "vports");
	begin(json);
	for (uint32_t v = 0; v < TOPO_VPORTS; v++) {
		const struct topo_vport *vport = &tenant->vports[v];
		const struct topo_vport *was = before != NULL ? &before->vports[v] : NULL;

		if (was != NULL && !was->used)
			was = NULL;
		if ((!vport->used && was == NULL) ||
		    (vport->used && was != NULL && topo_equal(vport, was, sizeof(*vport))))
			continue;
		indexed_key(json, 'v', v);
		if (vport->used)
			write_vport(json, vport, was);
		else
			(void)fputs("null", json->out);
	}
	end(json);
}

/* ---- routers ---- */

static char *
prefix_text(const struct weir_prefix *net, char *text, size_t size)
{
	char ip[46];

	(void)snprintf(text, size, "%s/%d", weir_ip_format(&net->ip, ip, sizeof(ip)),
	    weir_ip_is_v4(&net->ip) ? net->len - 96 : net->len);
	return text;
}

static void
write_iface(struct json *json, const struct topo_iface *iface, const struct topo_iface *before)
{
	char text[56];

	begin(json);
	key(json, "addresses");
	for (uint32_t i = 0; i < iface->n_addresses; i++)
		(void)fprintf(
		    json->out, "%s\"%s\"", i == 0 ? "[" : ",", prefix_text(&iface->addresses[i], text, sizeof(text)));
	(void)fputc(']', json->out);
	mac_field(json, "mac", true, &iface->mac, false);
	if (iface->proxy || before != NULL) {
		key(json, "proxy");
		(void)fputs(iface->proxy ? "true" : "false", json->out);
	}
	topo_write_attached(json->out, iface->firewall, before != NULL ? before->firewall : 0);
	end(json);
}

static const struct topo_static_route *
find_route(const struct topo_router *router, const struct weir_prefix *to)
{
	for (uint32_t i = 0; router != NULL && i < router->n_routes; i++)
		if (router->routes[i].to.len == to->len && weir_ip_equal(&router->routes[i].to.ip, &to->ip))
			return &router->routes[i];
	return NULL;
}

static void
write_route(struct json *json, const struct topo_static_route *route, const struct topo_static_route *before)
{
	char text[46];

	begin(json);
	if (route->n_vias == 1) {
		key(json, "via");
		(void)fprintf(json->out, "\"%s\"", weir_ip_format(&route->vias[0], text, sizeof(text)));
	} else {
		ips(json, "via", route->vias, route->n_vias, before != NULL ? before->n_vias : 0);
	}
	if (route->n_vias == 0 || (before != NULL && before->n_vias == 0)) {
		key(json, "blackhole");
		(void)fputs(route->n_vias == 0 ? "true" : "null", json->out);
	}
	if (route->has_sw || (before != NULL && before->has_sw)) {
		key(json, "interface");
		if (route->has_sw)
			(void)fprintf(json->out, "\"s%u\"", route->sw);
		else
			(void)fputs("null", json->out);
	}
	end(json);
}

static void
write_routes(struct json *json, const struct topo_router *router, const struct topo_router *before)
{
	char text[56];

	key(json, "routes");
	begin(json);
	for (uint32_t i = 0; i < router->n_routes; i++) {
		const struct topo_static_route *was = find_route(before, &router->routes[i].to);

		key(json, prefix_text(&router->routes[i].to, text, sizeof(text)));
		write_route(json, &router->routes[i], was);
	}
	for (uint32_t i = 0; before != NULL && i < before->n_routes; i++)
		if (find_route(router, &before->routes[i].to) == NULL) {
			key(json, prefix_text(&before->routes[i].to, text, sizeof(text)));
			(void)fputs("null", json->out);
		}
	end(json);
}

static void
write_router(struct json *json, const struct topo_router *router, const struct topo_router *before)
{
	begin(json);
	key(json, "interfaces");
	begin(json);
	for (uint32_t s = 0; s < TOPO_SWITCHES; s++) {
		const struct topo_iface *iface = &router->ifaces[s];
		const struct topo_iface *was = before != NULL && before->ifaces[s].used ? &before->ifaces[s] : NULL;

		if (!iface->used && was == NULL)
			continue;
		indexed_key(json, 's', s);
		if (iface->used)
			write_iface(json, iface, was);
		else
			(void)fputs("null", json->out);
	}
	end(json);
	write_routes(json, router, before);
	end(json);
}

static void
write_routers(struct json *json, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	key(json, "routers");
	begin(json);
	for (uint32_t r = 0; r < TOPO_ROUTERS; r++) {
		const struct topo_router *router = &tenant->routers[r];
		const struct topo_router *was =
		    before != NULL && before->routers[r].used ? &before->routers[r] : NULL;

		if ((!router->used && was == NULL) ||
		    (router->used && was != NULL && topo_equal(router, was, sizeof(*router))))
			continue;
		indexed_key(json, 'r', r);
		if (router->used)
			write_router(json, router, was);
		else
			(void)fputs("null", json->out);
	}
	end(json);
}

static bool
has_routers(const struct topo_tenant *tenant)
{
	for (uint32_t r = 0; tenant != NULL && r < TOPO_ROUTERS; r++)
		if (tenant->routers[r].used)
			return true;
	return false;
}

/* `before` NULL: written whole. Else: what differs. */
static void
write_tenant(struct json *json, const struct topo_tenant *tenant, const struct topo_tenant *before)
{
	begin(json);
	limit_field(json, tenant->limit, before != NULL ? before->limit : "");
	if (before == NULL) {
		key(json, "excess");
		(void)fputs("\"police\"", json->out);
	}
	key(json, "quota");
	begin(json);
	number(json, "macs", tenant->quota_macs, 0);
	number(json, "flows", tenant->quota_flows, before != NULL ? before->quota_flows : 0);
	topo_write_connections(json->out, tenant, before);
	end(json);
	topo_write_firewalls(json->out, tenant, before);
	write_switches(json, tenant, before);
	write_vports(json, tenant, before);
	if (has_routers(tenant) || has_routers(before))
		write_routers(json, tenant, before);
	end(json);
}

char *
topo_document(const struct topo *topo)
{
	char *text = NULL;
	size_t size;
	struct json json = {.out = open_memstream(&text, &size)};

	if (json.out == NULL)
		abort();
	begin(&json);
	key(&json, "settings"); /* MACs outlive the run */
	(void)fputs("{\"mac_age\":\"24h\"}", json.out);
	write_ports(&json, topo, NULL);
	write_underlays(&json, topo);
	key(&json, "tenants");
	begin(&json);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		if (topo->tenants[t].used) {
			indexed_key(&json, 't', t);
			write_tenant(&json, &topo->tenants[t], NULL);
		}
	end(&json);
	end(&json);
	(void)fclose(json.out);
	return text;
}

char *
topo_patch(const struct topo *before, const struct topo *after)
{
	char *text = NULL;
	size_t size;
	struct json json = {.out = open_memstream(&text, &size)};

	if (json.out == NULL)
		abort();
	begin(&json);
	if (!topo_equal(before->ports, after->ports, sizeof(after->ports))) {
		write_ports(&json, after, before);
		write_underlays(&json, after);
	}
	key(&json, "tenants");
	begin(&json);
	for (uint32_t t = 0; t < TOPO_TENANTS; t++) {
		const struct topo_tenant *tenant = &after->tenants[t], *was = &before->tenants[t];

		if ((!tenant->used && !was->used) || (was->used && topo_equal(tenant, was, sizeof(*was))))
			continue;
		indexed_key(&json, 't', t);
		if (tenant->used)
			write_tenant(&json, tenant, was->used ? was : NULL);
		else
			(void)fputs("null", json.out);
	}
	end(&json);
	end(&json);
	(void)fclose(json.out);
	return text;
}
