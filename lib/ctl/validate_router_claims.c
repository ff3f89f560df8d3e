/* SPDX-License-Identifier: BSD-3-Clause */
/* What routers are on a switch: MACs and addresses that nobody else may have there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_tenant_priv.h"

/* A router's claim to a MAC or an address on a switch. */
struct claim {
	uint32_t sw;
	uint8_t what[sizeof(struct weir_ip)]; /* the address, or the MAC and zeros */
	uint32_t router, iface, index;	      /* index: of the interface's addresses */
};

/* All claims of one kind, in order of switch and what is claimed. */
struct claims {
	struct claim *claim;
	size_t n;
};

static int
compare_what(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->sw != y->sw)
		return x->sw < y->sw ? -1 : 1;
	return memcmp(x->what, y->what, sizeof(x->what));
}

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int rc = compare_what(a, b);

	/* A router has one interface on a switch. */
	return rc != 0 ? rc : (x->router < y->router ? -1 : x->router > y->router);
}

static struct claim
mac_claim(uint32_t sw, const struct weir_mac *mac)
{
	struct claim claim = {.sw = sw};

	memcpy(claim.what, mac, sizeof(*mac));
	return claim;
}

static int
collect(const struct weir_at *at, const struct weir_cfg_tenant *tenant, bool macs, struct claims *claims)
{
	size_t n = 0;

	for (uint32_t r = 0; r < tenant->n_routers; r++)
		for (uint32_t i = 0; i < tenant->routers[r].n_ifaces; i++)
			n += macs ? 1 : tenant->routers[r].ifaces[i].n_addresses;
	claims->n = 0;
	claims->claim = calloc(n + 1, sizeof(*claims->claim));
	if (claims->claim == NULL)
		return weir_at_err(at, ENOMEM, "no memory");
	for (uint32_t r = 0; r < tenant->n_routers; r++) {
		for (uint32_t i = 0; i < tenant->routers[r].n_ifaces; i++) {
			const struct weir_cfg_router_iface *iface = &tenant->routers[r].ifaces[i];

			for (uint32_t k = 0; k < (macs ? 1 : iface->n_addresses); k++) {
				struct claim *claim = &claims->claim[claims->n++];

				*claim = mac_claim(iface->sw, &iface->mac);
				if (!macs)
					memcpy(claim->what, &iface->addresses[k].ip, sizeof(claim->what));
				claim->router = r;
				claim->iface = i;
				claim->index = k;
			}
		}
	}
	qsort(claims->claim, claims->n, sizeof(*claims->claim), compare_claims);
	return 0;
}

/* Two routers' claim to the same, or NULL: the later one by name. The other stands before it. */
static const struct claim *
find_twice(const struct claims *claims)
{
	for (size_t i = 1; i < claims->n; i++)
		if (compare_what(&claims->claim[i - 1], &claims->claim[i]) == 0)
			return &claims->claim[i];
	return NULL;
}

static int
refuse_mac(const struct weir_at *at, const struct weir_tenant_read *read, const struct claim *claim, const char *what,
    const char *name)
{
	const struct weir_cfg_router *router = &read->routers[claim->router];
	const char *sw = read->switches[router->ifaces[claim->iface].sw].name;
	const cJSON *json = weir_json_child(weir_json_child(read->routers_json, router->name), "interfaces");
	bool given = weir_json_child(weir_json_child(json, sw), "mac") != NULL;
	struct weir_at routers = weir_at_key(at, "routers"), here = weir_at_key(&routers, router->name);
	struct weir_at ifaces = weir_at_key(&here, "interfaces"), iface = weir_at_key(&ifaces, sw);
	struct weir_at mac = weir_at_key(&iface, "mac");
	char buf[18];

	if (given)
		return weir_at_err(&mac, EEXIST, "%s%s on the same switch has this MAC too", what, name);
	(void)weir_mac_format(&router->ifaces[claim->iface].mac, buf, sizeof(buf));
	return weir_at_err(&iface, EEXIST,
	    "%s%s on the same switch has the MAC made of these names, %s: give another as \"mac\"", what, name, buf);
}

static int
compare_static(const void *mac, const void *entry)
{
	return memcmp(mac, &((const struct weir_cfg_static_mac *)entry)->mac, sizeof(struct weir_mac));
}

static int
check_macs(const struct weir_at *at, const struct weir_tenant_read *read, const struct claims *claims)
{
	const struct claim *twice = find_twice(claims), *claim;

	if (twice != NULL)
		return refuse_mac(at, read, twice, "router ", read->routers[twice[-1].router].name);
	for (uint32_t i = 0; i < read->tenant->n_vports; i++) {
		const struct weir_cfg_vport *vport = &read->vports[i];
		struct claim like = mac_claim(vport->sw, &vport->mac);

		claim = vport->has_mac ? bsearch(&like, claims->claim, claims->n, sizeof(like), compare_what) : NULL;
		if (claim != NULL)
			return refuse_mac(at, read, claim, "vport ", vport->name);
	}
	for (size_t i = 0; i < claims->n; i++) {
		const struct weir_cfg_switch *sw = &read->switches[claims->claim[i].sw];

		if (sw->n_macs > 0 &&
		    bsearch(claims->claim[i].what, sw->macs, sw->n_macs, sizeof(*sw->macs), compare_static) != NULL)
			return refuse_mac(at, read, &claims->claim[i], "an entry of \"macs\"", "");
	}
	return 0;
}

static int
check_addresses(const struct weir_at *at, const struct weir_tenant_read *read, const struct claims *claims)
{
	const struct claim *twice = find_twice(claims);
	struct weir_at routers, router, ifaces, iface, addresses, here;
	struct weir_ip ip;
	char buf[46];

	if (twice == NULL)
		return 0;
	memcpy(&ip, twice->what, sizeof(ip));
	routers = weir_at_key(at, "routers");
	router = weir_at_key(&routers, read->routers[twice->router].name);
	ifaces = weir_at_key(&router, "interfaces");
	iface = weir_at_key(&ifaces, read->switches[twice->sw].name);
	addresses = weir_at_key(&iface, "addresses");
	here = weir_at_index(&addresses, twice->index);
	return weir_at_err(&here, EEXIST, "router \"%s\" on the same switch has the address %s too",
	    read->routers[twice[-1].router].name, weir_ip_format(&ip, buf, sizeof(buf)));
}

int
weir_check_routers(const struct weir_at *at, const struct weir_tenant_read *read)
{
	struct claims claims;
	int rc;

	if (read->tenant->n_routers == 0)
		return 0;
	rc = collect(at, read->tenant, true, &claims);
	if (rc == 0)
		rc = check_macs(at, read, &claims);
	free(claims.claim);
	if (rc != 0)
		return rc;
	rc = collect(at, read->tenant, false, &claims);
	if (rc == 0)
		rc = check_addresses(at, read, &claims);
	free(claims.claim);
	return rc;
}
