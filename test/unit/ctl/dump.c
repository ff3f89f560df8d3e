/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
dump_ports(FILE *out)
{
	static struct weir_view_port rows[32];
	uint64_t cursor = 0;
	uint32_t n = weir_view_ports(gateway, &cursor, rows, WEIR_ARRAY_LEN(rows));

	for (uint32_t i = 0; i < n; i++) {
		(void)fprintf(out, "port %s %s up %d reason '%s' mtu %u queues %u %u rate %" PRIu64 "\n",
		    rows[i].name, rows[i].device, rows[i].up, rows[i].reason, rows[i].mtu, rows[i].n_rxq,
		    rows[i].n_txq, rows[i].rate);
	}
}

static void
dump_iface(FILE *out, uint32_t id)
{
	const struct weir_iface *iface = gateway->vnet->ifaces[id];
	char ip_text[46];

	if (iface == NULL)
		return;
	cr_assert_eq(iface->id, id);
	(void)fprintf(out,
	    "iface %u serial %u kind %u tenant %s sw %d port %s vlan %d vtep %u vni %u %s %s%s%s mac %d "
	    "addresses %u\n",
	    id, iface->serial, iface->kind, iface->tenant == NULL ? "" : iface->tenant->name, (int)iface->sw,
	    iface->port == NULL ? "" : iface->port->name, (int)iface->vlan, iface->vtep, iface->vni,
	    weir_ip_format(&iface->ip, ip_text, sizeof(ip_text)), iface->name,
	    iface->limit_in == NULL ? "" : " limit in", iface->limit_out == NULL ? "" : " limit out", iface->has_mac,
	    iface->n_addresses);
}

static void
dump_switch(FILE *out, uint32_t id)
{
	const struct weir_switch *sw = gateway->vnet->switches[id];

	if (sw == NULL)
		return;
	cr_assert_eq(sw->id, id);
	(void)fprintf(out, "switch %u %s/%s vni %d %s vports", id, sw->tenant->name, sw->name, (int)sw->vni,
	    weir_tunnel_name(sw->tunnel));
	for (uint32_t i = 0; i < sw->n_vports; i++)
		(void)fprintf(out, " %u", sw->vports[i]->id);
	(void)fprintf(out, " remotes");
	for (uint32_t i = 0; i < sw->n_remotes; i++)
		(void)fprintf(out, " %u", sw->remotes[i]->id);
	(void)fprintf(out, "\n");
}

static void
dump_vnet(FILE *out)
{
	const struct weir_vnet *vnet = gateway->vnet;

	for (uint32_t i = 0; i < WEIR_TENANTS_MAX; i++)
		if (vnet->tenants[i] != NULL)
			(void)fprintf(out, "tenant %u %s serial %u flows %u quota %u %u rate %" PRIu64 "\n", i,
			    vnet->tenants[i]->name, vnet->tenants[i]->serial, vnet->flows_used[i],
			    vnet->tenants[i]->quota_flows, vnet->tenants[i]->quota_macs, vnet->tenants[i]->rate.bps);
	for (uint32_t i = 0; i < WEIR_SWITCHES_MAX; i++)
		dump_switch(out, i);
	for (uint32_t i = 0; i < WEIR_IFACES_MAX; i++)
		dump_iface(out, i);
	for (uint32_t i = 0; i <= WEIR_VNI_MAX; i++) {
		uint32_t *page = vnet->vnis[i / WEIR_VNI_PAGE];

		if (page == NULL)
			i |= WEIR_VNI_PAGE - 1;
		else if (page[i % WEIR_VNI_PAGE] != 0)
			(void)fprintf(out, "vni %u is switch %u\n", i, page[i % WEIR_VNI_PAGE] - 1);
	}
}

static void
dump_entrances(FILE *out)
{
	const struct weir_vnet *vnet = gateway->vnet;
	char text[46];

	for (uint32_t p = 0; p < WEIR_PORTS_MAX; p++) {
		cr_assert_eq(vnet->ports[p] == NULL, vnet->port_maps[p] == NULL);
		if (vnet->ports[p] == NULL)
			continue;
		(void)fprintf(
		    out, "index %u is port %s, iface %u\n", p, vnet->ports[p]->name, vnet->port_maps[p]->iface);
		for (uint32_t vlan = 0; vlan < 4096; vlan++)
			if (vnet->port_maps[p]->target[vlan] != WEIR_TARGET_NONE)
				(void)fprintf(out, "  vlan %u: %x\n", vlan, vnet->port_maps[p]->target[vlan]);
	}
	for (uint32_t i = 0; i < WEIR_UNDERLAYS_MAX; i++)
		if (vnet->underlays[i] != NULL)
			(void)fprintf(out, "underlay %u port %s vlan %u mac %s\n", i, vnet->underlays[i]->port->name,
			    vnet->underlays[i]->vlan, weir_mac_format(&vnet->underlays[i]->mac, text, sizeof(text)));
	for (uint32_t i = 0; vnet->locals != NULL && i < vnet->locals->n; i++)
		(void)fprintf(out, "local %s\n", weir_ip_format(&vnet->locals->ip[i], text, sizeof(text)));
}

static void
dump_learned(FILE *out)
{
	static struct weir_view_neigh neighs[64];
	uint64_t cursor = 0;
	uint32_t n;
	char text[46];

	for (uint32_t at = 0; (at = weir_macs_next(gateway->macs, WEIR_NONE, at)) != WEIR_NONE; at++) {
		const struct weir_mac_entry *entry = &gateway->vnet->macs[at];

		(void)fprintf(out, "mac %s on switch %u at %u static %d\n",
		    weir_mac_format(&entry->mac, text, sizeof(text)), entry->sw, entry->iface, entry->is_static != 0);
	}
	n = weir_view_neighs(gateway, &cursor, neighs, WEIR_ARRAY_LEN(neighs));
	for (uint32_t i = 0; i < n; i++)
		(void)fprintf(out, "neighbour %s %s at %s\n", weir_ip_format(&neighs[i].entry.ip, text, sizeof(text)),
		    weir_neigh_state_name(neighs[i].entry.state), neighs[i].port);
}

static void
dump_document(FILE *out)
{
	struct weir_err err = {0};
	uint64_t version;
	size_t len;
	char *text;

	cr_assert_eq(weir_gateway_show(gateway, "", &text, &len, &version, &err), 0);
	(void)fprintf(out, "%s\n", text);
	free(text);
}

char *
dump(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	dump_ports(out);
	dump_vnet(out);
	dump_entrances(out);
	dump_learned(out);
	dump_document(out);
	(void)fprintf(out, "tenants %u switches %u ifaces %u underlays %u\n", weir_idpool_used(gateway->tenant_pool),
	    weir_idpool_used(gateway->switch_pool), weir_idpool_used(gateway->iface_pool),
	    weir_idpool_used(gateway->underlay_pool));
	(void)fprintf(out, "counted %u %u %u\n", gateway->n_tenants, gateway->n_vports, gateway->n_switches);
	(void)fclose(out);
	return text;
}

/* The first line in which they differ is what there is to see. */
void
expect_same(char *before, char *after)
{
	char *a = before, *b = after;

	while (*a != '\0' && strcspn(a, "\n") == strcspn(b, "\n") && memcmp(a, b, strcspn(a, "\n")) == 0) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	cr_assert_str_eq(a, b, "before: %.300s\nafter: %.300s", a, b);
	free(before);
	free(after);
}

void
settle_ids(void)
{
	pass_time(6 * SECOND);
	patch("{'tenants':{'passing':{}}}");
	patch("{'tenants':{'passing':null}}");
}

char *
state_folder(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/weir-apply-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	return path;
}

void
remove_folder(const char *path)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", path);
	cr_assert_eq(system(command), 0);
}
