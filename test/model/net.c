/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "net.h"

struct net net;

void
net_reset(void)
{
	struct topo_tenant *tenant = &net.topo.tenants[0];
	struct topo_switch *sw = &tenant->switches[0];

	memset(&net.topo, 0, sizeof(net.topo));
	net.topo.n_ports = 4;
	net.topo.ports[0].uplink = true;
	net.topo.ports[0].n_addresses = 1;
	(void)weir_prefix_parse("192.0.2.1/24", &net.topo.ports[0].addresses[0]);
	tenant->used = true;
	tenant->quota_macs = 100;
	*sw = (struct topo_switch){.used = true, .vni = 5001, .n_remotes = 1, .n_statics = 1};
	sw->remotes[0] = topo_peer(0);
	sw->statics[0] = (struct topo_static){.mac = topo_host_mac(3), .remote = topo_peer(0)};
	for (uint32_t v = 0; v < 3; v++)
		tenant->vports[v] =
		    (struct topo_vport){.used = true, .port = v + 1, .has_mac = true, .mac = topo_host_mac(v)};
}

bool
net_apply(void)
{
	static struct wire odd;
	char *text = topo_document(&net.topo);
	uint32_t port;
	struct weir_outcome outcome;
	struct weir_err err = {0};
	int rc = weir_gateway_load(net.rig.gateway, text, strlen(text), false, &outcome, &err);

	if (rc != 0)
		(void)printf("%s refused: %s: %s\n", text, err.path, err.msg);
	free(text);
	return rc == 0 && rig_settle(&net.rig, &net.rng, &net.topo, &odd, &port);
}

void
net_send(uint32_t from, uint32_t to, uint32_t len)
{
	struct weir_mac src = topo_host_mac(from), dst = topo_host_mac(to);
	static struct wire wire;

	wire.len = 0;
	if (to == HOST_ANY)
		memset(dst.b, 0xff, 6);
	memcpy(gen_put(&wire, 6), dst.b, 6);
	memcpy(gen_put(&wire, 6), src.b, 6);
	put16(gen_put(&wire, len - 12), 0x88b5);
	rig_inject(&net.rng, from + 1, rng_below(&net.rng, topo_rx_queues[from + 1]), &wire);
}

uint32_t
net_collect(uint32_t left[TOPO_PORTS])
{
	static struct wire wire;
	uint32_t n = 0;

	memset(left, 0, sizeof(uint32_t) * TOPO_PORTS);
	for (uint32_t p = 0; p < net.topo.n_ports; p++)
		for (uint32_t q = 0; q < TOPO_QUEUES; q++)
			while (rig_collect(p, q, &wire))
				if (!rig_peer(&net.rng, &net.topo, p, &wire)) {
					left[p]++;
					n++;
				}
	return n;
}

bool
net_tally(struct weir_tally *tally)
{
	struct weir_view_tenant tenant;
	uint64_t time;

	rig_step(&net.rig, 20 * WEIR_NS_PER_MS); /* a reading may be 10 ms old */
	return weir_view_tenant(net.rig.gateway, "t0", &tenant, tally, &time) == 0;
}
