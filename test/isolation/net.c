/* SPDX-License-Identifier: BSD-3-Clause */
#include "net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool net_without_guarantees;

const struct weir_mac net_uplink_mac = {{0x02, 0xaa, 0, 0, 0, 1}}, net_remote_mac = {{0x02, 0xaa, 0, 0, 0, 2}};

struct net *
net_create(uint32_t n_access, uint64_t rate)
{
	struct net *net = calloc(1, sizeof(*net));

	if (net == NULL || n_access >= NET_PORTS)
		abort();
	net->n_ports = 1 + n_access;
	for (uint32_t p = 0; p < net->n_ports; p++)
		net->ports[p] = (struct net_port){.rate = rate / 1000 * 999, .wire = rate};
	return net;
}

void
net_free(struct net *net)
{
	free(net->tenants);
	free(net->vports);
	free(net);
}

uint32_t
net_add_vport(struct net *net, const struct net_vport *vport)
{
	net->vports = realloc(net->vports, (net->n_vports + 1) * sizeof(*net->vports));
	if (net->vports == NULL)
		abort();
	net->vports[net->n_vports] = *vport;
	net->tenants[vport->tenant].n_vports++;
	return net->n_vports++;
}

uint32_t
net_add_tenant(struct net *net, uint32_t port, const struct net_tenant *tenant)
{
	struct net_vport vport = {.tenant = net->n_tenants, .port = port};

	net->tenants = realloc(net->tenants, (net->n_tenants + 1) * sizeof(*net->tenants));
	if (net->tenants == NULL)
		abort();
	net->tenants[net->n_tenants] = *tenant;
	net->tenants[net->n_tenants].first_vport = net->n_vports;
	net->tenants[net->n_tenants].n_vports = 0;
	if (tenant->n_remotes == 0)
		net->tenants[net->n_tenants].n_remotes = 1;
	net->n_tenants++;
	(void)net_add_vport(net, &vport);
	return vport.tenant;
}

struct weir_mac
net_mac(uint32_t vport, bool behind_remote)
{
	return (struct weir_mac){{0x02, behind_remote ? 2 : 1, 0, 0, (uint8_t)(vport >> 8), (uint8_t)vport}};
}

/* The same addresses in every tenant. */
uint32_t
net_ip(uint32_t vport, bool behind_remote)
{
	return (10u << 24) + (behind_remote ? 1u << 16 : 0) + vport % 250 + 1;
}

/* ---- the document ---- */

static void
put_rate(FILE *out, const char *key, uint64_t bps)
{
	if (bps != 0)
		(void)fprintf(out, "\"%s\":\"%" PRIu64 "bps\",", key, bps);
}

static void
put_contract(FILE *out, uint64_t guarantee, uint64_t limit, uint32_t weight)
{
	put_rate(out, "limit", limit);
	if (net_without_guarantees)
		return;
	put_rate(out, "guarantee", guarantee);
	if (weight != 0)
		(void)fprintf(out, "\"weight\":%u,", weight);
}

static void
put_ip(FILE *out, uint32_t ip)
{
	(void)fprintf(out, "\"%u.%u.%u.%u\"", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static void
put_mac(FILE *out, uint32_t vport, bool behind_remote)
{
	struct weir_mac mac = net_mac(vport, behind_remote);
	char text[18];

	(void)fprintf(out, "\"%s\":", weir_mac_format(&mac, text, sizeof(text)));
}

static void
put_switch(FILE *out, const struct net_tenant *tenant, uint32_t id)
{
	(void)fprintf(out, "\"switches\":{\"s\":{\"vni\":%u,\"remotes\":[", net_vni(id));
	for (uint32_t r = 0; r < tenant->n_remotes; r++) {
		(void)fputs(r == 0 ? "" : ",", out);
		put_ip(out, NET_REMOTE_IP(r));
	}
	(void)fputs("],\"macs\":{", out);
	for (uint32_t v = tenant->first_vport; v < tenant->first_vport + tenant->n_vports; v++) {
		(void)fputs(v == tenant->first_vport ? "" : ",", out);
		put_mac(out, v, false);
		(void)fprintf(out, "\"v%u\",", v);
		put_mac(out, v, true);
		put_ip(out, NET_REMOTE_IP(0));
	}
	(void)fputs("}}},", out);
}

static void
put_tenant(FILE *out, const struct net *net, uint32_t id)
{
	const struct net_tenant *tenant = &net->tenants[id];

	(void)fprintf(out, "%s\"t%u\":{", id == 0 ? "" : ",", id);
	put_contract(out, tenant->guarantee, tenant->limit, tenant->weight);
	if (tenant->limit_pps != 0)
		(void)fprintf(out, "\"limit\":\"%" PRIu64 "pps\",", tenant->limit_pps);
	if (tenant->police && !net_without_guarantees)
		(void)fputs("\"excess\":\"police\",", out);
	put_switch(out, tenant, id);
	(void)fputs("\"vports\":{", out);
	for (uint32_t v = tenant->first_vport; v < tenant->first_vport + tenant->n_vports; v++) {
		const struct net_vport *vport = &net->vports[v];

		(void)fprintf(out, "%s\"v%u\":{", v == tenant->first_vport ? "" : ",", v);
		put_contract(out, vport->guarantee, vport->limit, vport->weight);
		(void)fprintf(out, "\"switch\":\"s\",\"port\":\"p%u\",\"vlan\":%u}", vport->port, net_vlan(v));
	}
	(void)fputs("}}", out);
}

char *
net_document(const struct net *net)
{
	char *text = NULL, mac[18];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	(void)fputs("{\"settings\":{\"mac_age\":\"24h\"},\"ports\":{", out);
	for (uint32_t p = 0; p < net->n_ports; p++)
		(void)fprintf(out, "%s\"p%u\":{\"device\":\"net_ring_p%u\",\"mtu\":9198,\"rate\":\"%" PRIu64 "bps\"}",
		    p == 0 ? "" : ",", p, p, net->ports[p].rate);
	(void)fprintf(out, "},\"underlay\":{\"p0\":{\"address\":[\"198.18.0.1/15\"],\"mac\":\"%s\"}},\"tenants\":{",
	    weir_mac_format(&net_uplink_mac, mac, sizeof(mac)));
	for (uint32_t t = 0; t < net->n_tenants; t++)
		put_tenant(out, net, t);
	(void)fputs("}}", out);
	(void)fclose(out);
	return text;
}
