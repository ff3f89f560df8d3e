/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir_vnet.h"
#include "weir_vmem.h"

/* What only control needs to know of an entry. */
struct mac_control {
	uint32_t tenant;
	uint32_t next, prev; /* among the entries of one interface; WEIR_NONE at the ends */
	bool used;
};

struct weir_macs {
	struct weir_vnet *vnet;
	struct weir_idpool *ids;
	struct mac_control *control; /* by entry */
	uint32_t *heads;	     /* by interface: first entry + 1 */
	uint32_t *of_tenant;	     /* by tenant */
	uint64_t *refused;	     /* by tenant */
	uint32_t *removed, *waiting; /* entries not yet reusable; those a quiescent period runs for */
	uint32_t n_removed, n_waiting;
	uint32_t used, top; /* top: above every entry that was ever used */
	uint32_t age_at;    /* where ageing goes on */
	uint64_t aged;	    /* when it last did */
};

#define ARRAYS(A)                                                                                                    \
	A(control, WEIR_MACS_MAX)                                                                                    \
	A(heads, WEIR_IFACES_MAX)                                                                                    \
	A(of_tenant, WEIR_TENANTS_MAX)                                                                               \
	A(refused, WEIR_TENANTS_MAX)                                                                                 \
	A(removed, WEIR_MACS_MAX)                                                                                    \
	A(waiting, WEIR_MACS_MAX)

struct weir_macs *
weir_macs_create(struct weir_vnet *vnet)
{
	struct weir_macs *macs = calloc(1, sizeof(*macs));
	bool ok = macs != NULL;

	if (!ok)
		return NULL;
	macs->vnet = vnet;
	macs->ids = weir_idpool_create(WEIR_MACS_MAX);
	ok = macs->ids != NULL;
#define A(array, n) ok = ok && (macs->array = weir_vmem_alloc((size_t)(n) * sizeof(*macs->array))) != NULL;
	ARRAYS(A)
#undef A
	if (!ok) {
		weir_macs_free(macs);
		return NULL;
	}
	return macs;
}

void
weir_macs_free(struct weir_macs *macs)
{
	if (macs == NULL)
		return;
	weir_idpool_free(macs->ids);
#define A(array, n) weir_vmem_free(macs->array, (size_t)(n) * sizeof(*macs->array));
	ARRAYS(A)
#undef A
	free(macs);
}

/* ---- entries ---- */

static void
bump(uint32_t *generation)
{
	(void)__atomic_fetch_add(generation, 1, __ATOMIC_RELEASE);
}

static void
list_add(struct weir_macs *macs, uint32_t iface, uint32_t entry)
{
	uint32_t first = macs->heads[iface];

	macs->control[entry].prev = WEIR_NONE;
	macs->control[entry].next = first == 0 ? WEIR_NONE : first - 1;
	if (first != 0)
		macs->control[first - 1].prev = entry;
	macs->heads[iface] = entry + 1;
}

static void
list_remove(struct weir_macs *macs, uint32_t iface, uint32_t entry)
{
	struct mac_control *control = &macs->control[entry];

	if (control->prev != WEIR_NONE)
		macs->control[control->prev].next = control->next;
	else
		macs->heads[iface] = control->next == WEIR_NONE ? 0 : control->next + 1;
	if (control->next != WEIR_NONE)
		macs->control[control->next].prev = control->prev;
}

static uint32_t
find(
    const struct weir_macs *macs, uint32_t sw, const struct weir_mac *mac, struct weir_mac_entry *key, uint64_t *hash)
{
	memset(key, 0, sizeof(*key));
	key->sw = sw;
	key->mac = *mac;
	*hash = weir_table_hash(macs->vnet->mac_table, key);
	return weir_table_lookup(macs->vnet->mac_table, key, *hash);
}

static int
insert(struct weir_macs *macs, const struct weir_mac_entry *fresh, uint64_t hash, uint32_t tenant)
{
	struct weir_vnet *vnet = macs->vnet;
	uint32_t entry = weir_idpool_get(macs->ids);

	if (entry == WEIR_NONE)
		return -ENOSPC;
	vnet->macs[entry] = *fresh;
	if (weir_table_add(vnet->mac_table, hash, entry) != 0) {
		weir_idpool_put(macs->ids, entry);
		return -ENOSPC;
	}
	macs->control[entry].tenant = tenant;
	macs->control[entry].used = true;
	list_add(macs, fresh->iface, entry);
	macs->of_tenant[tenant]++;
	macs->used++;
	if (entry >= macs->top)
		macs->top = entry + 1;
	bump(&vnet->mac_gen[entry]);
	bump(&vnet->absent_gen[fresh->sw]);
	bump(&vnet->tenant_epoch[tenant]);
	return 0;
}

static void
remove_entry(struct weir_macs *macs, uint32_t entry)
{
	struct weir_vnet *vnet = macs->vnet;
	struct weir_mac_entry *mac = &vnet->macs[entry];
	uint32_t tenant = macs->control[entry].tenant;

	(void)weir_table_remove(vnet->mac_table, weir_table_hash(vnet->mac_table, mac), entry);
	list_remove(macs, mac->iface, entry);
	/* Before the generation: who looked it up just before and reads that then must not take it for a place. */
	__atomic_store_n(&mac->iface, WEIR_NONE, __ATOMIC_RELEASE);
	macs->control[entry].used = false;
	macs->of_tenant[tenant]--;
	macs->used--;
	macs->removed[macs->n_removed++] = entry;
	bump(&vnet->mac_gen[entry]);
	bump(&vnet->tenant_epoch[tenant]);
}

static void
move(struct weir_macs *macs, uint32_t entry, uint32_t iface)
{
	struct weir_vnet *vnet = macs->vnet;
	struct weir_mac_entry *mac = &vnet->macs[entry];

	list_remove(macs, mac->iface, entry);
	list_add(macs, iface, entry);
	__atomic_store_n(&mac->iface, iface, __ATOMIC_RELEASE);
	bump(&vnet->mac_gen[entry]);
	bump(&vnet->tenant_epoch[macs->control[entry].tenant]);
}

/* ---- learning ---- */

enum weir_learn_result
weir_macs_learn(struct weir_macs *macs, const struct weir_iface *iface, const struct weir_mac *mac, uint64_t now)
{
	const struct weir_tenant *tenant = iface->tenant;
	struct weir_mac_entry key;
	uint64_t hash;
	uint32_t entry = find(macs, iface->sw, mac, &key, &hash);

	if (entry != WEIR_NONE) {
		struct weir_mac_entry *known = &macs->vnet->macs[entry];

		if (known->is_static)
			return known->iface == iface->id ? WEIR_REFRESHED : WEIR_LEARN_REFUSED;
		known->seen = now;
		if (known->iface == iface->id)
			return WEIR_REFRESHED;
		move(macs, entry, iface->id);
		return WEIR_MOVED;
	}
	key.iface = iface->id;
	key.seen = now;
	if (macs->of_tenant[tenant->id] < tenant->quota_macs && insert(macs, &key, hash, tenant->id) == 0)
		return WEIR_LEARNED;
	macs->refused[tenant->id]++;
	return WEIR_LEARN_REFUSED;
}

int
weir_macs_set_static(
    struct weir_macs *macs, const struct weir_switch *sw, const struct weir_mac *mac, uint32_t iface, uint32_t mark)
{
	struct weir_mac_entry key;
	uint64_t hash;
	uint32_t entry = find(macs, sw->id, mac, &key, &hash);

	if (entry != WEIR_NONE) {
		struct weir_mac_entry *known = &macs->vnet->macs[entry];

		if (known->is_static != 0 && known->iface == iface) {
			known->is_static = mark;
			return 0;
		}
		remove_entry(macs, entry);
	}
	key.iface = iface;
	key.is_static = mark;
	return insert(macs, &key, hash, sw->tenant->id);
}

/* Removes the entries of an interface, or of them only static ones that do not bear `mark`. */
static void
remove_of(struct weir_macs *macs, uint32_t iface, bool all, uint32_t mark)
{
	uint32_t next;

	for (uint32_t at = macs->heads[iface]; at != 0; at = next == WEIR_NONE ? 0 : next + 1) {
		uint32_t is_static = macs->vnet->macs[at - 1].is_static;

		next = macs->control[at - 1].next;
		if (all || (is_static != 0 && is_static != mark))
			remove_entry(macs, at - 1);
	}
}

void
weir_macs_sweep_static(struct weir_macs *macs, uint32_t iface, uint32_t mark)
{
	remove_of(macs, iface, false, mark);
}

void
weir_macs_forget(struct weir_macs *macs, uint32_t iface)
{
	remove_of(macs, iface, true, 0);
}

void
weir_macs_age(struct weir_macs *macs, uint64_t age, uint64_t now)
{
	uint64_t elapsed = macs->aged == 0 ? 0 : now - macs->aged, round = age / 8 + 1;
	uint64_t share = elapsed >= round ? macs->top : macs->top * elapsed / round + 1;

	if (elapsed == 0) {
		macs->aged = now;
		return;
	}
	macs->aged = now;
	for (; share > 0 && macs->top > 0; share--) {
		uint32_t entry = macs->age_at < macs->top ? macs->age_at : 0;
		const struct weir_mac_entry *mac = &macs->vnet->macs[entry];

		macs->age_at = entry + 1;
		if (macs->control[entry].used && !mac->is_static && now > mac->seen && now - mac->seen > age)
			remove_entry(macs, entry);
	}
}

/* ---- reuse ---- */

bool
weir_macs_reclaim_begin(struct weir_macs *macs)
{
	uint32_t *aside = macs->waiting;

	if (macs->n_waiting != 0 || macs->n_removed == 0)
		return false;
	macs->waiting = macs->removed;
	macs->n_waiting = macs->n_removed;
	macs->removed = aside;
	macs->n_removed = 0;
	return true;
}

void
weir_macs_reclaim_end(struct weir_macs *macs)
{
	while (macs->n_waiting > 0)
		weir_idpool_put(macs->ids, macs->waiting[--macs->n_waiting]);
}

/* ---- reading ---- */

uint32_t
weir_macs_used(const struct weir_macs *macs)
{
	return macs->used;
}

uint32_t
weir_macs_of_tenant(const struct weir_macs *macs, uint32_t tenant)
{
	return macs->of_tenant[tenant];
}

uint64_t
weir_macs_refused(const struct weir_macs *macs, uint32_t tenant)
{
	return macs->refused[tenant];
}

void
weir_macs_forget_tenant(struct weir_macs *macs, uint32_t tenant)
{
	macs->refused[tenant] = 0;
}

uint32_t
weir_macs_next(const struct weir_macs *macs, uint32_t tenant, uint32_t cursor)
{
	for (uint32_t entry = cursor; entry < macs->top; entry++)
		if (macs->control[entry].used && (tenant == WEIR_NONE || macs->control[entry].tenant == tenant))
			return entry;
	return WEIR_NONE;
}
