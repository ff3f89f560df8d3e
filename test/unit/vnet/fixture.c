/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include <rte_eal.h>

struct weir_vnet *vnet;
struct weir_macs *macs;
struct weir_walker walker;
struct weir_tenant tenants[N_TENANTS] = {
    [RED] = {.id = RED, .serial = 11, .name = "red", .quota_flows = 100, .quota_macs = 100, .quota_connections = 100},
    [BLUE] = {.id = BLUE, .serial = 12, .name = "blue", .quota_flows = 100, .quota_macs = 100},
};
struct weir_iface ifaces[N_IFACES] = {
    [A] = {.kind = WEIR_IFACE_VPORT, .sw = RED_WEB, .name = "a"},
    [B] = {.kind = WEIR_IFACE_VPORT, .sw = RED_WEB, .name = "b"},
    [R] = {.kind = WEIR_IFACE_REMOTE, .sw = RED_WEB},
    [S] = {.kind = WEIR_IFACE_REMOTE, .sw = RED_WEB},
    [C] = {.kind = WEIR_IFACE_VPORT, .sw = BLUE_WEB, .name = "c"},
    [T] = {.kind = WEIR_IFACE_REMOTE, .sw = BLUE_WEB},
};
static const struct weir_iface *red_vports[] = {&ifaces[A], &ifaces[B]}, *red_remotes[] = {&ifaces[R], &ifaces[S]},
			       *blue_vports[] = {&ifaces[C]}, *blue_remotes[] = {&ifaces[T]};
struct weir_switch switches[N_SWITCHES] = {
    [RED_WEB] = {.id = RED_WEB,
	.tenant = &tenants[RED],
	.vni = 5001,
	.name = "web",
	.n_vports = 2,
	.n_remotes = 2,
	.vports = red_vports,
	.remotes = red_remotes},
    [BLUE_WEB] = {.id = BLUE_WEB,
	.tenant = &tenants[BLUE],
	.vni = 5002,
	.name = "web",
	.n_vports = 1,
	.n_remotes = 1,
	.vports = blue_vports,
	.remotes = blue_remotes},
};

void
start(void)
{
	static char args[][32] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "128", "-l",
	    "0", "--log-level=lib.*:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	vnet = weir_vnet_create(NULL, 1);
	cr_assert_not_null(vnet);
	macs = weir_macs_create(vnet);
	cr_assert_not_null(macs);
	walker = (struct weir_walker){.vnet = vnet,
	    .conns = weir_conns_create(WEIR_CONN_CAPACITY_MIN, N_TENANTS),
	    .fragments = weir_fragments_create()};
	cr_assert(walker.conns != NULL && walker.fragments != NULL);
	for (uint32_t t = 0; t < N_TENANTS; t++)
		vnet->tenants[t] = &tenants[t];
	for (uint32_t s = 0; s < N_SWITCHES; s++)
		vnet->switches[s] = &switches[s];
	for (uint32_t i = 0; i < N_IFACES; i++) {
		ifaces[i].id = i;
		ifaces[i].serial = 100 + i;
		ifaces[i].tenant = switches[ifaces[i].sw].tenant;
		ifaces[i].vlan = WEIR_NONE;
		vnet->ifaces[i] = &ifaces[i];
	}
}

void
finish(void)
{
	weir_conns_free(walker.conns);
	weir_fragments_free(walker.fragments);
	weir_macs_free(macs);
	weir_vnet_free(vnet);
}

uint32_t
learn(uint32_t iface, uint8_t n)
{
	const struct weir_mac m = mac(n);

	cr_assert_eq(weir_macs_learn(macs, &ifaces[iface], &m, 1), WEIR_LEARNED);
	return weir_vnet_mac(vnet, ifaces[iface].sw, &m);
}

/* ---- walks ---- */

enum weir_reason
resolve(uint32_t iface, const struct frame *frame, struct weir_verdict *verdict)
{
	static struct weir_trail trail;
	struct weir_frame parsed;
	struct weir_key key;

	cr_assert_eq(weir_parse_frame(frame->b, frame->len, frame->len, &key, &parsed), WEIR_OK);
	key.ingress = iface;
	return weir_resolve(&walker, &ifaces[iface], &key, &parsed, frame->b, verdict, &trail);
}

enum weir_reason
pass(uint32_t iface, struct frame frame)
{
	struct weir_verdict verdict;

	return resolve(iface, &frame, &verdict);
}

struct weir_verdict
walk(uint32_t iface, uint8_t dmac, uint8_t smac)
{
	struct frame frame = plain(dmac, smac, 0x88b5);
	struct weir_verdict verdict;

	cr_assert_eq(resolve(iface, &frame, &verdict), WEIR_OK);
	return verdict;
}
