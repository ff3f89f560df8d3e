/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of one element, flat. */
#include <errno.h>
#include <stdio.h>

#include "telemetry_priv.h"
#include "weir_view.h"

int
command_info(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct weir_view_info info;

	if (params_none(params, err) != 0)
		return -err->errnum;
	weir_view_info(t->gateway, &info);
	answer_text(answer, "version", t->version);
	answer_u64(answer, "workers", info.workers);
	answer_u64(answer, "ports", info.ports);
	answer_u64(answer, "tenants", info.tenants);
	answer_u64(answer, "vports", info.vports);
	answer_u64(answer, "switches", info.switches);
	answer_u64(answer, "routers", info.routers);
	answer_u64(answer, "uptime_ns", info.uptime);
	answer_u64(answer, "config_version", info.version);
	answer_text(answer, "state", info.state_dir);
	answer_text(answer, "prefix", t->prefix);
	answer_u64(answer, "max_ethdevs", info.max_ethdevs);
	answer_u64(answer, "max_ifaces", info.max_ifaces);
	answer_u64(answer, "used_ifaces", info.used_ifaces);
	answer_u64(answer, "flow_slots", info.flow_slots);
	answer_u64(answer, "flows", info.flows);
	answer_u64(answer, "connection_slots", info.connection_slots);
	answer_u64(answer, "connections", info.connections);
	answer_u64(answer, "macs", info.macs);
	answer_u64(answer, "mbufs", info.mbufs);
	answer_u64(answer, "mbufs_free", info.mbufs_free);
	return 0;
}

/* drop_REASON, those that there are. */
static void
answer_reasons(struct answer *answer, const struct weir_tally *tally)
{
	uint64_t packets, bytes;
	char key[64];

	for (uint32_t r = 0; r < WEIR_REASON_COUNT; r++) {
		if (tally->reasons[r].packets == 0)
			continue;
		(void)snprintf(key, sizeof(key), "drop_%s", weir_reason_name((enum weir_reason)r));
		answer_u64(answer, key, tally->reasons[r].packets);
	}
	weir_view_unnamed_drops(tally, &packets, &bytes);
	if (packets > 0)
		answer_u64(answer, "drop_" TEL_UNNAMED, packets);
}

int
command_port_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct weir_view_port_stats stats;

	if (params_name(params, "port", err) != 0)
		return -err->errnum;
	if (weir_view_port(t->gateway, params, &stats) != 0)
		return weir_err(err, ENOENT, "", "no port has the name '%s'", params);
	answer_u64(answer, "rx_packets", stats.driver.rx_packets);
	answer_u64(answer, "rx_bytes", stats.driver.rx_bytes);
	answer_u64(answer, "tx_packets", stats.driver.tx_packets);
	answer_u64(answer, "tx_bytes", stats.driver.tx_bytes);
	answer_u64(answer, "rx_missed", stats.driver.rx_missed);
	answer_u64(answer, "rx_errors", stats.driver.rx_errors);
	answer_u64(answer, "rx_nombuf", stats.driver.rx_nombuf);
	answer_u64(answer, "tx_errors", stats.driver.tx_errors);
	answer_u64(answer, "own_rx_packets", stats.own.sum.rx_packets);
	answer_u64(answer, "own_tx_packets", stats.own.sum.tx_packets);
	answer_u64(answer, "own_consumed", stats.own.sum.consumed);
	answer_u64(answer, "own_generated", stats.own.sum.generated);
	answer_reasons(answer, &stats.own);
	answer_u64(answer, "rate_bps", stats.port.rate);
	answer_u64(answer, "guaranteed_bps", stats.port.guaranteed);
	answer_u64(answer, "shortfall_bps", stats.port.shortfall);
	answer_u64(answer, "up", stats.port.up);
	answer_u64(answer, "link_mbps", stats.port.link_mbps);
	answer_u64(answer, "mtu", stats.port.mtu);
	answer_u64(answer, "time_ns", stats.time);
	/* A listing has room for its beginning only. */
	if (stats.port.reason[0] != '\0')
		answer_text(answer, "reason", stats.port.reason);
	return 0;
}

int
command_tenant_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	struct weir_view_tenant tenant;
	struct weir_tally tally;
	const struct weir_count *sum = &tally.sum;
	uint64_t time;

	if (params_name(params, "tenant", err) != 0)
		return -err->errnum;
	if (weir_view_tenant(t->gateway, params, &tenant, &tally, &time) != 0)
		return weir_err(err, ENOENT, "", "no tenant has the name '%s'", params);
	answer_u64(answer, "rx_packets", sum->rx_packets);
	answer_u64(answer, "rx_bytes", sum->rx_bytes);
	answer_u64(answer, "tx_packets", sum->tx_packets);
	answer_u64(answer, "tx_bytes", sum->tx_bytes);
	answer_u64(answer, "tx_uplink_packets", tenant.to_uplink.packets);
	answer_u64(answer, "tx_uplink_bytes", tenant.to_uplink.bytes);
	answer_u64(answer, "tx_vport_packets", tenant.to_vport.packets);
	answer_u64(answer, "tx_vport_bytes", tenant.to_vport.bytes);
	answer_u64(answer, "copies", sum->copies);
	answer_u64(answer, "consumed", sum->consumed);
	answer_u64(answer, "generated", sum->generated);
	answer_u64(answer, "held", sum->held_in - sum->held_out);
	answer_u64(answer, "drop_packets", sum->rx_drop_packets + sum->tx_drop_packets);
	answer_u64(answer, "drop_bytes", sum->rx_drop_bytes + sum->tx_drop_bytes);
	answer_reasons(answer, &tally);
	answer_u64(answer, "guarantee_bps", tenant.guarantee.bps);
	answer_u64(answer, "guarantee_pps", tenant.guarantee.pps);
	answer_u64(answer, "limit_bps", tenant.limit.bps);
	answer_u64(answer, "limit_pps", tenant.limit.pps);
	answer_u64(answer, "weight", tenant.weight);
	answer_receipt(answer, &tenant.receipt);
	answer_u64(answer, "flows", tenant.flows);
	answer_u64(answer, "flows_refused", tenant.flows_refused);
	answer_u64(answer, "connections", tenant.connections);
	answer_u64(answer, "quota_connections", tenant.quota_connections);
	answer_u64(answer, "macs", tenant.macs);
	answer_u64(answer, "macs_refused", tenant.macs_refused);
	answer_u64(answer, "quota_flows", tenant.quota_flows);
	answer_u64(answer, "quota_macs", tenant.quota_macs);
	answer_u64(answer, "vports", tenant.n_vports);
	answer_u64(answer, "time_ns", time);
	return 0;
}

int
command_vport_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	struct weir_view_vport vport;
	struct weir_tally tally;
	const struct weir_count *sum = &tally.sum;
	uint64_t time;

	if (params_names(params, "vport", tenant, name, err) != 0)
		return -err->errnum;
	if (weir_view_vport(t->gateway, tenant, name, &vport, &tally, &time) != 0)
		return weir_err(err, ENOENT, "", "no vport has the name '%s'", params);
	answer_u64(answer, "rx_packets", sum->rx_packets);
	answer_u64(answer, "rx_bytes", sum->rx_bytes);
	answer_u64(answer, "accepted", sum->accepted);
	answer_u64(answer, "offered", sum->offered);
	answer_u64(answer, "tx_packets", sum->tx_packets);
	answer_u64(answer, "tx_bytes", sum->tx_bytes);
	answer_u64(answer, "held", sum->held_in - sum->held_out);
	answer_u64(answer, "rx_drop_packets", sum->rx_drop_packets);
	answer_u64(answer, "tx_drop_packets", sum->tx_drop_packets);
	answer_reasons(answer, &tally);
	answer_u64(answer, "guarantee_bps", vport.guarantee.bps);
	answer_u64(answer, "guarantee_pps", vport.guarantee.pps);
	answer_u64(answer, "limit_bps", vport.limit.bps);
	answer_u64(answer, "limit_pps", vport.limit.pps);
	answer_u64(answer, "weight", vport.weight);
	answer_u64(answer, "vlan", vport.vlan);
	answer_u64(answer, "up", vport.up);
	answer_u64(answer, "time_ns", time);
	return 0;
}

static void
answer_traffic(struct answer *answer, const char *what, const struct weir_count *count)
{
	const struct {
		const char *direction, *unit;
		uint64_t value;
	} lines[] = {
	    {"in", "packets", count->rx_packets},
	    {"in", "bytes", count->rx_bytes},
	    {"out", "packets", count->tx_packets},
	    {"out", "bytes", count->tx_bytes},
	};
	char key[64];

	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(lines); i++) {
		(void)snprintf(key, sizeof(key), "%s_%s_%s", lines[i].direction, what, lines[i].unit);
		answer_u64(answer, key, lines[i].value);
	}
}

int
command_switch_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err)
{
	char tenant[WEIR_NAME_SIZE], name[WEIR_NAME_SIZE];
	struct weir_view_switch row;
	struct weir_count sum;
	uint64_t time;

	if (params_names(params, "switch", tenant, name, err) != 0)
		return -err->errnum;
	if (weir_view_switch(t->gateway, tenant, name, &row, &time) != 0)
		return weir_err(err, ENOENT, "", "no switch has the name '%s'", params);
	sum = row.vports;
	weir_count_add(&sum, &row.remotes);
	answer_u64(answer, "rx_packets", sum.rx_packets);
	answer_u64(answer, "rx_bytes", sum.rx_bytes);
	answer_u64(answer, "tx_packets", sum.tx_packets);
	answer_u64(answer, "tx_bytes", sum.tx_bytes);
	answer_traffic(answer, "vport", &row.vports);
	answer_traffic(answer, "remote", &row.remotes);
	answer_u64(answer, "drop_packets", sum.rx_drop_packets + sum.tx_drop_packets);
	answer_u64(answer, "drop_bytes", sum.rx_drop_bytes + sum.tx_drop_bytes);
	answer_u64(answer, "vni", row.vni);
	answer_u64(answer, "vports", row.n_vports);
	answer_u64(answer, "remotes", row.n_remotes);
	answer_u64(answer, "macs", row.macs);
	answer_u64(answer, "time_ns", time);
	return 0;
}
