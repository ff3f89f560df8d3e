/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings of what comes and goes by itself: flows, MACs, neighbours. */
#include <arpa/inet.h>
#include <stdio.h>

#include "telemetry_priv.h"
#include "weir_view.h"

/* ---- flows ---- */

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define VID_MASK 0x0fff

static const struct column flow_columns[] = {{"ingress", true}, {"smac", true}, {"dmac", true}, {"vlan", true},
    {"ethertype", false}, {"proto", false}, {"src", true}, {"dst", true}, {"sport", false}, {"dport", false},
    {"fragment", false}, {"packets", false}, {"bytes", false}, {"first_ns", false}, {"last_ns", false},
    {"tcp_flags", false}, {"egress", true}, {"worker", false}};

/* "", "100" or "100.7" */
static void
format_vlan(const struct weir_key *key, char *buf, size_t size)
{
	uint32_t tags = key->flags & WEIR_KEY_TAGS;
	unsigned int outer = ntohs(key->vlan[0]) & VID_MASK, inner = ntohs(key->vlan[1]) & VID_MASK;

	buf[0] = '\0';
	if (tags == 1)
		(void)snprintf(buf, size, "%u", outer);
	else if (tags > 1)
		(void)snprintf(buf, size, "%u.%u", outer, inner);
}

static void
format_address(const struct weir_key *key, const uint8_t address[16], char *buf, size_t size)
{
	uint16_t ethertype = ntohs(key->ethertype);

	buf[0] = '\0';
	if (ethertype == ETHERTYPE_IPV4)
		(void)inet_ntop(AF_INET, address, buf, (socklen_t)size);
	else if (ethertype == ETHERTYPE_IPV6)
		(void)inet_ntop(AF_INET6, address, buf, (socklen_t)size);
}

static bool
flow_row(struct table *table, const void *at)
{
	const struct weir_view_flow *row = at;
	const struct weir_flow *flow = &row->flow;
	const struct weir_key *key = &flow->key;
	char smac[18], dmac[18], vlan[16], src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	const struct cell cells[WEIR_ARRAY_LEN(flow_columns)] = {
	    {.text = row->ingress},
	    {.text = weir_mac_format(&key->smac, smac, sizeof(smac))},
	    {.text = weir_mac_format(&key->dmac, dmac, sizeof(dmac))},
	    {.text = vlan},
	    {.number = ntohs(key->ethertype)},
	    {.number = key->proto},
	    {.text = src},
	    {.text = dst},
	    {.number = ntohs(key->sport)},
	    {.number = ntohs(key->dport)},
	    {.number = (key->flags & WEIR_KEY_FRAGMENT) != 0},
	    {.number = flow->packets},
	    {.number = flow->bytes},
	    {.number = flow->first},
	    {.number = flow->last},
	    {.number = flow->tcp_flags},
	    {.text = row->egress},
	    {.number = row->worker},
	};

	format_vlan(key, vlan, sizeof(vlan));
	format_address(key, key->src, src, sizeof(src));
	format_address(key, key->dst, dst, sizeof(dst));
	return table_row(table, cells);
}

static int
view_flows(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	return weir_view_flows(gateway, page->tenant, &page->cursor, rows, n, count, time);
}

static const struct listing flow_listing = {
    .columns = flow_columns,
    .n_columns = WEIR_ARRAY_LEN(flow_columns),
    .row_size = sizeof(struct weir_view_flow),
    .with_tenant = true,
    .view = view_flows,
    .row = flow_row,
};

int
command_flow_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&flow_listing, t, params, answer, err);
}

/* ---- MACs ---- */

static const struct column mac_columns[] = {
    {"switch", true}, {"mac", true}, {"at", true}, {"static", false}, {"age_ns", false}};

static bool
mac_row(struct table *table, const void *at)
{
	const struct weir_view_mac *row = at;
	char mac[18];
	const struct cell cells[WEIR_ARRAY_LEN(mac_columns)] = {
	    {.text = row->sw},
	    {.text = weir_mac_format(&row->mac, mac, sizeof(mac))},
	    {.text = row->at},
	    {.number = row->is_static},
	    {.number = row->age},
	};

	return table_row(table, cells);
}

static int
view_macs(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	(void)time;
	return weir_view_macs(gateway, page->tenant, &page->cursor, rows, n, count);
}

static const struct listing mac_listing = {
    .columns = mac_columns,
    .n_columns = WEIR_ARRAY_LEN(mac_columns),
    .row_size = sizeof(struct weir_view_mac),
    .with_tenant = true,
    .view = view_macs,
    .row = mac_row,
};

int
command_mac_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&mac_listing, t, params, answer, err);
}

/* ---- neighbours ---- */

static const struct column neigh_columns[] = {
    {"ip", true}, {"mac", true}, {"state", true}, {"port", true}, {"age_ns", false}};

static bool
neigh_row(struct table *table, const void *at)
{
	const struct weir_view_neigh *row = at;
	char ip[46], mac[18];
	const struct cell cells[WEIR_ARRAY_LEN(neigh_columns)] = {
	    {.text = weir_ip_format(&row->entry.ip, ip, sizeof(ip))},
	    {.text = weir_mac_format(&row->entry.mac, mac, sizeof(mac))},
	    {.text = weir_neigh_state_name(row->entry.state)},
	    {.text = row->port},
	    {.number = row->entry.age},
	};

	return table_row(table, cells);
}

static int
view_neighs(struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time)
{
	(void)time;
	*count = weir_view_neighs(gateway, &page->cursor, rows, n);
	return 0;
}

static const struct listing neigh_listing = {
    .columns = neigh_columns,
    .n_columns = WEIR_ARRAY_LEN(neigh_columns),
    .row_size = sizeof(struct weir_view_neigh),
    .with_tenant = false,
    .view = view_neighs,
    .row = neigh_row,
};

int
list_underlay_neighbours(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	return list_page(&neigh_listing, t, params, answer, err);
}
