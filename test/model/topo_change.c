/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tenant may have, and how it may change: each step leaves a configuration that weir has to accept. */
#include <stdio.h>
#include <string.h>

#include "topo_priv.h"

static const uint32_t vlans[] = {0, 1, 2, 3, 7, 10, 100, 1000, 4094};
static const uint32_t vnis[] = {1, 2, 77, 4095, 4096, 5001, 5002, 65536, 70000, 123456, 0xabcdef, 0xfffffe, 0xffffff,
    300, 301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313, 314, 315, 316};

/* A random one of the used switches (vports) of a tenant, or -1. */
static int
pick_switch(const struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t from = rng_below(rng, TOPO_SWITCHES);

	for (uint32_t i = 0; i < TOPO_SWITCHES; i++)
		if (tenant->switches[(from + i) % TOPO_SWITCHES].used)
			return (int)((from + i) % TOPO_SWITCHES);
	return -1;
}

static int
pick_vport(const struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t from = rng_below(rng, TOPO_VPORTS);

	for (uint32_t i = 0; i < TOPO_VPORTS; i++)
		if (tenant->vports[(from + i) % TOPO_VPORTS].used)
			return (int)((from + i) % TOPO_VPORTS);
	return -1;
}

static bool
place_free(const struct topo *topo, uint32_t port, uint32_t vlan)
{
	if (topo->ports[port].uplink && topo->ports[port].vlan == vlan)
		return false;
	for (uint32_t t = 0; t < TOPO_TENANTS; t++)
		for (uint32_t v = 0; topo->tenants[t].used && v < TOPO_VPORTS; v++) {
			const struct topo_vport *vport = &topo->tenants[t].vports[v];

			if (vport->used && vport->port == port && vport->vlan == vlan)
				return false;
		}
	return true;
}

static bool
find_place(const struct topo *topo, struct rng *rng, uint32_t *port, uint32_t *vlan)
{
	for (int i = 0; i < 30; i++) {
		*port = rng_below(rng, topo->n_ports);
		*vlan = vlans[rng_below(rng, WEIR_ARRAY_LEN(vlans))];
		if (place_free(topo, *port, *vlan))
			return true;
	}
	return false;
}

static void
random_quota(struct topo_tenant *tenant, struct rng *rng)
{
	/* The static ones find room. */
	uint32_t few = TOPO_SWITCHES * (TOPO_STATICS + (topo_with_routers ? TOPO_ROUTERS : 0));

	tenant->quota_macs = rng_chance(rng, 30) ? few + rng_below(rng, 6) : 4096;
	tenant->quota_flows = rng_chance(rng, 30) ? 1 + rng_below(rng, 20) : 0;
}

static uint32_t
free_vni(const struct topo *topo, struct rng *rng)
{
	for (;;) {
		uint32_t vni = vnis[rng_below(rng, WEIR_ARRAY_LEN(vnis))];
		bool taken = false;

		for (uint32_t t = 0; t < TOPO_TENANTS; t++)
			for (uint32_t s = 0; topo->tenants[t].used && s < TOPO_SWITCHES; s++)
				taken |= topo->tenants[t].switches[s].used && topo->tenants[t].switches[s].vni == vni;
		if (!taken)
			return vni;
	}
}

/* Does a vport or a static entry of the switch claim this MAC? */
static bool
mac_claimed(const struct topo_tenant *tenant, uint32_t s, const struct weir_mac *mac)
{
	for (uint32_t v = 0; v < TOPO_VPORTS; v++) {
		const struct topo_vport *vport = &tenant->vports[v];

		if (vport->used && vport->sw == s && vport->has_mac && weir_mac_equal(&vport->mac, mac))
			return true;
	}
	for (uint32_t i = 0; i < tenant->switches[s].n_statics; i++)
		if (weir_mac_equal(&tenant->switches[s].statics[i].mac, mac))
			return true;
	return false;
}

static void
drop_static(struct topo_switch *sw, uint32_t i)
{
	sw->statics[i] = sw->statics[--sw->n_statics];
}

/* Takes out the static entries that point to a vport which leaves the switch. */
static void
forget_vport(struct topo_tenant *tenant, uint32_t v)
{
	struct topo_switch *sw = &tenant->switches[tenant->vports[v].sw];

	for (uint32_t i = sw->n_statics; i-- > 0;)
		if (sw->statics[i].at_vport && sw->statics[i].vport == v)
			drop_static(sw, i);
}

/* Has weir an address of this family? A remote needs one, though not a route. */
static bool
has_family(const struct topo *topo, const struct weir_ip *like)
{
	for (uint32_t p = 0; p < topo->n_ports; p++)
		for (uint32_t i = 0; topo->ports[p].uplink && i < topo->ports[p].n_addresses; i++)
			if (weir_ip_is_v4(&topo->ports[p].addresses[i].ip) == weir_ip_is_v4(like))
				return true;
	return false;
}

static void
add_remote(const struct topo *topo, struct topo_switch *sw, struct rng *rng)
{
	struct weir_ip peer = topo_peer(rng_below(rng, TOPO_PEERS));

	if (sw->vni == 0 || sw->n_remotes == TOPO_REMOTES || !has_family(topo, &peer))
		return;
	for (uint32_t i = 0; i < sw->n_remotes; i++)
		if (weir_ip_equal(&sw->remotes[i], &peer))
			return;
	sw->remotes[sw->n_remotes++] = peer;
}

static void
drop_remote(struct topo_switch *sw, uint32_t r)
{
	for (uint32_t i = sw->n_statics; i-- > 0;)
		if (!sw->statics[i].at_vport && weir_ip_equal(&sw->statics[i].remote, &sw->remotes[r]))
			drop_static(sw, i);
	sw->remotes[r] = sw->remotes[--sw->n_remotes];
}

static void
add_static(struct topo_tenant *tenant, uint32_t s, struct rng *rng)
{
	struct topo_switch *sw = &tenant->switches[s];
	struct topo_static entry = {.mac = topo_host_mac(rng_below(rng, TOPO_HOSTS))};
	int v = pick_vport(tenant, rng);

	if (sw->n_statics == TOPO_STATICS || mac_claimed(tenant, s, &entry.mac))
		return;
	if (sw->n_remotes > 0 && rng_chance(rng, 50)) {
		entry.remote = sw->remotes[rng_below(rng, sw->n_remotes)];
	} else if (v >= 0 && tenant->vports[v].sw == s) {
		entry.at_vport = true;
		entry.vport = (uint32_t)v;
	} else {
		return;
	}
	sw->statics[sw->n_statics++] = entry;
}

/* None, or one that nothing reaches: then packets are metered all the same. */
static void
random_limit(char limit[TOPO_LIMIT], struct rng *rng)
{
	static const char *const limits[] = {"", "\"400Gbps\"", "\"1000Mpps\"", "[\"400Gbps\",\"1000Mpps\"]"};

	memset(limit, 0, TOPO_LIMIT);
	(void)snprintf(limit, TOPO_LIMIT, "%s", limits[rng_chance(rng, 60) ? 0 : rng_below(rng, 4)]);
}

/* Anti-spoofing of MAC, of addresses, of both, or none. */
static void
random_identity(struct topo_tenant *tenant, struct topo_vport *vport, struct rng *rng)
{
	uint32_t host = rng_below(rng, TOPO_HOSTS);
	struct weir_mac mac = topo_host_mac(host);

	vport->has_mac = false;
	vport->n_addresses = 0;
	if (rng_chance(rng, 40) && !mac_claimed(tenant, vport->sw, &mac)) {
		vport->has_mac = true;
		vport->mac = mac;
	}
	if (rng_chance(rng, 30)) {
		uint32_t sw = topo_with_routers ? vport->sw : 0;

		vport->addresses[vport->n_addresses++] = topo_lan_ipv4(sw, TOPO_LAN_HOST(host));
		if (rng_chance(rng, 70))
			vport->addresses[vport->n_addresses++] = topo_lan_ipv6(sw, TOPO_LAN_HOST(host));
	}
}

static void
add_vport(struct topo *topo, struct topo_tenant *tenant, struct rng *rng)
{
	int s = pick_switch(tenant, rng);
	uint32_t port, vlan;

	for (uint32_t v = 0; v < TOPO_VPORTS && s >= 0; v++) {
		struct topo_vport *vport = &tenant->vports[v];

		if (vport->used)
			continue;
		if (!find_place(topo, rng, &port, &vlan))
			return;
		*vport = (struct topo_vport){.used = true, .sw = (uint32_t)s, .port = port, .vlan = vlan};
		vport->used = false; /* it does not claim anything yet */
		random_identity(tenant, vport, rng);
		random_limit(vport->limit, rng);
		vport->used = true;
		return;
	}
}

static void
add_switch(struct topo *topo, struct topo_tenant *tenant, uint32_t s, struct rng *rng)
{
	struct topo_switch *sw = &tenant->switches[s];
	bool overlay = rng_chance(rng, 75);
	uint32_t vni = overlay ? free_vni(topo, rng) : 0;

	*sw = (struct topo_switch){.used = true, .vni = vni, .geneve = overlay && rng_chance(rng, 40)};
	for (uint32_t i = rng_below(rng, TOPO_REMOTES + 1); overlay && i > 0; i--)
		add_remote(topo, sw, rng);
}

static void
remove_switch(struct topo_tenant *tenant, uint32_t s)
{
	for (uint32_t v = 0; v < TOPO_VPORTS; v++)
		if (tenant->vports[v].used && tenant->vports[v].sw == s)
			tenant->vports[v].used = false;
	tenant->switches[s].used = false;
	topo_leave_switch(tenant, s);
}

void
topo_add_tenant(struct topo *topo, uint32_t t, struct rng *rng)
{
	struct topo_tenant *tenant = &topo->tenants[t];
	uint32_t switches = 1 + rng_below(rng, 1 + rng_below(rng, TOPO_SWITCHES));

	if (topo_with_routers && rng_chance(rng, 60))
		switches = 2 + rng_below(rng, TOPO_SWITCHES - 1);
	memset(tenant, 0, sizeof(*tenant));
	tenant->used = true;
	random_limit(tenant->limit, rng);
	random_quota(tenant, rng);
	for (uint32_t s = 0; s < switches; s++)
		add_switch(topo, tenant, s, rng);
	for (uint32_t v = 2 + rng_below(rng, TOPO_VPORTS - 1); v > 0; v--)
		add_vport(topo, tenant, rng);
	for (uint32_t i = rng_below(rng, 4); i > 0; i--)
		add_static(tenant, (uint32_t)pick_switch(tenant, rng), rng);
	if (topo_with_routers)
		topo_add_routers(tenant, rng);
	if (topo_with_firewalls)
		topo_add_firewalls(tenant, rng);
}

/* ---- changes ---- */

static const char *
move_vport(struct topo *topo, struct topo_tenant *tenant, uint32_t v, struct rng *rng)
{
	struct topo_vport *vport = &tenant->vports[v];
	uint32_t port, vlan, s = (uint32_t)pick_switch(tenant, rng);

	if (rng_chance(rng, 50)) {
		if (find_place(topo, rng, &port, &vlan)) {
			vport->port = port;
			vport->vlan = vlan;
		}
		return "vport to another port or VLAN";
	}
	if (s != vport->sw && (!vport->has_mac || !mac_claimed(tenant, s, &vport->mac))) {
		forget_vport(tenant, v);
		vport->sw = s;
	}
	return "vport to another switch";
}

/* Two vports, of the same tenant or not, change places. */
static const char *
swap_vports(struct topo *topo, struct topo_vport *vport, struct rng *rng)
{
	struct topo_tenant *other = &topo->tenants[rng_below(rng, TOPO_TENANTS)];
	int v = other->used ? pick_vport(other, rng) : -1;

	if (v >= 0) {
		struct topo_vport *with = &other->vports[v];
		uint32_t port = with->port, vlan = with->vlan;

		with->port = vport->port;
		with->vlan = vport->vlan;
		vport->port = port;
		vport->vlan = vlan;
	}
	return "two vports exchanged";
}

static const char *
change_vport(struct topo *topo, struct topo_tenant *tenant, struct rng *rng)
{
	int v = pick_vport(tenant, rng);

	if (v < 0 || rng_chance(rng, 20)) {
		add_vport(topo, tenant, rng);
		return "vport added";
	}
	switch (rng_below(rng, 5)) {
	case 0:
		forget_vport(tenant, (uint32_t)v);
		tenant->vports[v].used = false;
		return "vport removed";
	case 1:
		tenant->vports[v].used = false;
		random_identity(tenant, &tenant->vports[v], rng);
		tenant->vports[v].used = true;
		return "vport's MAC or addresses";
	case 2:
		return swap_vports(topo, &tenant->vports[v], rng);
	default:
		return move_vport(topo, tenant, (uint32_t)v, rng);
	}
}

static const char *
swap_vnis(struct topo *topo, struct topo_switch *sw, struct rng *rng)
{
	struct topo_tenant *other = &topo->tenants[rng_below(rng, TOPO_TENANTS)];
	int s = other->used ? pick_switch(other, rng) : -1;

	if (s >= 0 && other->switches[s].vni != 0) {
		uint32_t vni = other->switches[s].vni;

		other->switches[s].vni = sw->vni;
		sw->vni = vni;
	}
	return "two VNIs exchanged";
}

static const char *
change_switch(struct topo *topo, struct topo_tenant *tenant, struct rng *rng)
{
	uint32_t s = (uint32_t)pick_switch(tenant, rng);
	struct topo_switch *sw = &tenant->switches[s];

	switch (rng_below(rng, 9)) {
	case 0:
		if (sw->vni != 0)
			sw->vni = free_vni(topo, rng);
		return "VNI";
	case 6:
		sw->geneve = sw->vni != 0 && !sw->geneve;
		return "tunnel";
	case 1:
		return sw->vni != 0 ? swap_vnis(topo, sw, rng) : "no VNI to exchange";
	case 2:
		if (sw->n_remotes > 0)
			drop_remote(sw, rng_below(rng, sw->n_remotes));
		return "remote removed";
	case 3:
		if (sw->n_statics > 0)
			drop_static(sw, rng_below(rng, sw->n_statics));
		return "static MAC removed";
	case 4:
		for (uint32_t i = 0; i < TOPO_SWITCHES; i++)
			if (!tenant->switches[i].used) {
				add_switch(topo, tenant, i, rng);
				return "switch added";
			}
		if (rng_chance(rng, 50))
			remove_switch(tenant, s ^ 1);
		return "switch removed";
	case 5:
		add_remote(topo, sw, rng);
		return "remote added";
	default:
		add_static(tenant, s, rng);
		return "static MAC added";
	}
}

static const char *
change_tenant(struct topo *topo, uint32_t t, struct rng *rng)
{
	struct topo_tenant *tenant = &topo->tenants[t];

	if (!tenant->used) {
		topo_add_tenant(topo, t, rng);
		return "tenant added";
	}
	if (rng_chance(rng, 5)) {
		tenant->used = false;
		return "tenant removed";
	}
	if (rng_chance(rng, 5)) {
		random_limit(tenant->limit, rng);
		return "tenant's limit";
	}
	if (rng_chance(rng, 5)) {
		random_quota(tenant, rng);
		return "quotas";
	}
	if (topo_with_routers && rng_chance(rng, 40))
		return topo_change_router(tenant, rng);
	if (topo_with_firewalls && rng_chance(rng, 50))
		return topo_change_firewall(tenant, rng);
	return rng_chance(rng, 55) ? change_vport(topo, tenant, rng) : change_switch(topo, tenant, rng);
}

static const char *
change_port(struct topo *topo, uint32_t p, struct rng *rng)
{
	static const uint32_t mtus[] = {1500, 1400, 1600, 4000, 9000};
	struct topo_port *port = &topo->ports[p];

	if (port->uplink && rng_chance(rng, 50)) {
		struct weir_prefix *address = &port->addresses[rng_below(rng, port->n_addresses)];

		address->ip.b[15] = address->ip.b[15] == 1 ? 5 : address->ip.b[15] == 5 ? 1 : address->ip.b[15];
		return "underlay address";
	}
	port->mtu = mtus[rng_below(rng, WEIR_ARRAY_LEN(mtus))];
	return "port MTU";
}

const char *
topo_change(struct topo *topo, struct rng *rng)
{
	static char text[160];
	uint32_t n = 1 + rng_below(rng, 3);

	text[0] = '\0';
	while (n-- > 0) {
		const char *step;

		if (rng_chance(rng, 10))
			step = change_port(topo, rng_below(rng, topo->n_ports), rng);
		else
			step = change_tenant(topo, rng_below(rng, TOPO_TENANTS), rng);
		(void)snprintf(
		    text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] != '\0' ? ", " : "", step);
	}
	return text;
}
