/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours of virtual routers: who they are, and when they are asked (RFC 826; RFC 4861, 7.3.2 for both families).
 */
#include <stdlib.h>
#include <string.h>

#include "weir_vmem.h"
#include "weir_vnet.h"

#define RETRANSMIT WEIR_NS_PER_S
#define TRIES 3
#define REACHABLE (30 * WEIR_NS_PER_S)
#define FAILED_FOR (5 * WEIR_NS_PER_S) /* then it is forgotten, and asked anew by the next packet */
#define ANNOUNCEMENTS 2
#define ANNOUNCE_INTERVAL (2 * WEIR_NS_PER_S)

enum state {
	UNUSED,
	ASKED,	/* of all */
	KNOWN,	/* it answered */
	PROBED, /* asked alone, and still known */
	FAILED,
};

struct host_control {
	uint32_t tenant, serial; /* serial: the interface's */
	uint32_t next, prev;	 /* among those of one interface; WEIR_NONE at the ends */
	uint8_t state, tries;
	uint64_t due;	/* when the state's time is up */
	uint64_t since; /* it spoke last; or was first asked */
};

struct announcement {
	uint32_t iface, serial, left;
	struct weir_ip ip;
	uint64_t due;
};

struct weir_hosts {
	struct weir_vnet *vnet;
	struct weir_idpool *ids;
	struct host_control *control; /* by entry */
	uint32_t *heads;	      /* by interface: first entry + 1 */
	uint32_t *of_tenant;
	uint32_t *removed, *waiting; /* not yet reusable; those a quiescent period runs for */
	uint32_t n_removed, n_waiting;
	uint32_t top;  /* above every entry that was ever used */
	uint32_t scan; /* the tick goes on here */
	uint32_t n_announcements, max_announcements;
	struct announcement *announcements;
};

#define ARRAYS(A)                                                                                                    \
	A(control, WEIR_HOSTS_MAX)                                                                                   \
	A(heads, WEIR_IFACES_MAX)                                                                                    \
	A(of_tenant, WEIR_TENANTS_MAX)                                                                               \
	A(removed, WEIR_HOSTS_MAX)                                                                                   \
	A(waiting, WEIR_HOSTS_MAX)

struct weir_hosts *
weir_hosts_create(struct weir_vnet *vnet)
{
	struct weir_hosts *hosts = calloc(1, sizeof(*hosts));
	bool ok = hosts != NULL;

	if (!ok)
		return NULL;
	hosts->vnet = vnet;
	hosts->ids = weir_idpool_create(WEIR_HOSTS_MAX);
	ok = hosts->ids != NULL;
#define A(array, n) ok = ok && (hosts->array = weir_vmem_alloc((size_t)(n) * sizeof(*hosts->array))) != NULL;
	ARRAYS(A)
#undef A
	if (!ok) {
		weir_hosts_free(hosts);
		return NULL;
	}
	return hosts;
}

void
weir_hosts_free(struct weir_hosts *hosts)
{
	if (hosts == NULL)
		return;
	weir_idpool_free(hosts->ids);
	free(hosts->announcements);
#define A(array, n) weir_vmem_free(hosts->array, (size_t)(n) * sizeof(*hosts->array));
	ARRAYS(A)
#undef A
	free(hosts);
}

uint32_t
weir_host_find(const struct weir_vnet *vnet, uint32_t iface, const struct weir_ip *ip)
{
	const struct weir_host key = {.iface = iface, .ip = *ip};

	return weir_table_lookup(vnet->host_table, &key, weir_table_hash(vnet->host_table, &key));
}

/* ---- entries ---- */

static void
bump(uint32_t *generation)
{
	(void)__atomic_fetch_add(generation, 1, __ATOMIC_RELEASE);
}

/* Tells workers where it is, or that it is not. */
static void
place(struct weir_hosts *hosts, uint32_t entry, uint64_t where)
{
	struct weir_vnet *vnet = hosts->vnet;

	if (vnet->hosts[entry].place == where)
		return;
	__atomic_store_n(&vnet->hosts[entry].place, where, __ATOMIC_RELEASE);
	bump(&vnet->host_gen[entry]);
	bump(&vnet->tenant_epoch[hosts->control[entry].tenant]);
	bump(&vnet->hosts_version);
}

static void
list_add(struct weir_hosts *hosts, uint32_t iface, uint32_t entry)
{
	uint32_t first = hosts->heads[iface];

	hosts->control[entry].prev = WEIR_NONE;
	hosts->control[entry].next = first == 0 ? WEIR_NONE : first - 1;
	if (first != 0)
		hosts->control[first - 1].prev = entry;
	hosts->heads[iface] = entry + 1;
}

static void
list_remove(struct weir_hosts *hosts, uint32_t iface, uint32_t entry)
{
	const struct host_control *control = &hosts->control[entry];

	if (control->prev != WEIR_NONE)
		hosts->control[control->prev].next = control->next;
	else
		hosts->heads[iface] = control->next == WEIR_NONE ? 0 : control->next + 1;
	if (control->next != WEIR_NONE)
		hosts->control[control->next].prev = control->prev;
}

/* A new one, about which nothing is known; NULL: there is no room, or none for its tenant. */
static struct host_control *
insert(struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip, uint32_t *entry)
{
	struct weir_vnet *vnet = hosts->vnet;
	uint32_t tenant = iface->tenant->id;

	if (hosts->of_tenant[tenant] >= 8 * iface->tenant->quota_macs)
		return NULL;
	*entry = weir_idpool_get(hosts->ids);
	if (*entry == WEIR_NONE)
		return NULL;
	vnet->hosts[*entry] = (struct weir_host){.iface = iface->id, .ip = *ip};
	if (weir_table_add(vnet->host_table, weir_table_hash(vnet->host_table, &vnet->hosts[*entry]), *entry) != 0) {
		weir_idpool_put(hosts->ids, *entry);
		return NULL;
	}
	hosts->control[*entry] = (struct host_control){.tenant = tenant, .serial = iface->serial, .state = ASKED};
	list_add(hosts, iface->id, *entry);
	hosts->of_tenant[tenant]++;
	if (*entry >= hosts->top)
		hosts->top = *entry + 1;
	return &hosts->control[*entry];
}

static void
remove_entry(struct weir_hosts *hosts, uint32_t entry)
{
	struct weir_vnet *vnet = hosts->vnet;
	const struct weir_host *host = &vnet->hosts[entry];

	(void)weir_table_remove(vnet->host_table, weir_table_hash(vnet->host_table, host), entry);
	list_remove(hosts, host->iface, entry);
	/* Before the generation: who looked it up just before and reads that then must not take it for a place. */
	place(hosts, entry, WEIR_HOST_FAILED);
	bump(&vnet->host_gen[entry]);
	hosts->control[entry].state = UNUSED;
	hosts->of_tenant[hosts->control[entry].tenant]--;
	hosts->removed[hosts->n_removed++] = entry;
}

void
weir_hosts_want(struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip, uint64_t now)
{
	uint32_t entry = weir_host_find(hosts->vnet, iface->id, ip);
	struct host_control *control;

	if (entry != WEIR_NONE)
		return;
	control = insert(hosts, iface, ip, &entry);
	if (control != NULL)
		control->due = control->since = now;
}

void
weir_hosts_hear(struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip,
    const struct weir_mac *mac, bool asked, uint64_t now)
{
	uint32_t entry = weir_host_find(hosts->vnet, iface->id, ip);
	struct host_control *control;
	uint64_t where = WEIR_HOST_KNOWN;
	bool new_mac;

	memcpy(&where, mac, sizeof(*mac));
	if (entry == WEIR_NONE && (!asked || insert(hosts, iface, ip, &entry) == NULL))
		return;
	control = &hosts->control[entry];
	new_mac = hosts->vnet->hosts[entry].place != where;
	/* Hearsay of the MAC that is known confirms nothing. */
	if (!new_mac && !asked)
		return;
	control->state = KNOWN;
	control->tries = 0;
	control->due = now + REACHABLE;
	control->since = now;
	place(hosts, entry, where);
}

void
weir_hosts_forget(struct weir_hosts *hosts, uint32_t iface)
{
	while (hosts->heads[iface] != 0)
		remove_entry(hosts, hosts->heads[iface] - 1);
}

void
weir_hosts_announce(struct weir_hosts *hosts, const struct weir_iface *iface, const struct weir_ip *ip, uint64_t now)
{
	if (hosts->n_announcements == hosts->max_announcements) {
		uint32_t max = hosts->max_announcements * 2 + 16;
		struct announcement *more = realloc(hosts->announcements, max * sizeof(*more));

		/* It is a courtesy: neighbours ask when they need to know. */
		if (more == NULL)
			return;
		hosts->announcements = more;
		hosts->max_announcements = max;
	}
	hosts->announcements[hosts->n_announcements++] = (struct announcement){
	    .iface = iface->id, .serial = iface->serial, .left = ANNOUNCEMENTS, .ip = *ip, .due = now};
}

/* ---- the tick ---- */

static uint32_t
announce(struct weir_hosts *hosts, struct weir_host_question question[], uint32_t n, uint64_t now)
{
	uint32_t kept = 0, asked = 0;

	for (uint32_t i = 0; i < hosts->n_announcements; i++) {
		struct announcement *a = &hosts->announcements[i];

		if (now >= a->due && asked < n) {
			question[asked++] = (struct weir_host_question){
			    .iface = a->iface, .serial = a->serial, .ip = a->ip, .announce = true};
			a->due = now + ANNOUNCE_INTERVAL;
			a->left--;
		}
		if (a->left > 0)
			hosts->announcements[kept++] = *a;
	}
	hosts->n_announcements = kept;
	return asked;
}

/* Its time is up. True if it is to be asked. */
static bool
step(struct weir_hosts *hosts, uint32_t entry, uint64_t now)
{
	struct host_control *control = &hosts->control[entry];

	if (control->state == KNOWN)
		control->state = PROBED;
	if (control->state == FAILED || (control->state == PROBED && control->tries == TRIES)) {
		remove_entry(hosts, entry);
		return false;
	}
	if (control->tries == TRIES) {
		control->state = FAILED;
		control->due = now + FAILED_FOR;
		place(hosts, entry, WEIR_HOST_FAILED);
		return false;
	}
	control->tries++;
	control->due = now + RETRANSMIT;
	return true;
}

uint32_t
weir_hosts_tick(struct weir_hosts *hosts, struct weir_host_question question[], uint32_t n, uint64_t now)
{
	uint32_t asked = announce(hosts, question, n, now);

	for (uint32_t left = hosts->top; left > 0 && asked < n; left--) {
		uint32_t entry = hosts->scan < hosts->top ? hosts->scan : 0;
		const struct host_control *control = &hosts->control[entry];
		const struct weir_host *host = &hosts->vnet->hosts[entry];

		hosts->scan = entry + 1;
		if (control->state == UNUSED || now < control->due || !step(hosts, entry, now))
			continue;
		question[asked] =
		    (struct weir_host_question){.iface = host->iface, .serial = control->serial, .ip = host->ip};
		if (control->state == PROBED)
			weir_host_mac(host->place, &question[asked].mac);
		asked++;
	}
	return asked;
}

/* ---- reuse, reading ---- */

bool
weir_hosts_reclaim_begin(struct weir_hosts *hosts)
{
	uint32_t *aside = hosts->waiting;

	if (hosts->n_waiting != 0 || hosts->n_removed == 0)
		return false;
	hosts->waiting = hosts->removed;
	hosts->n_waiting = hosts->n_removed;
	hosts->removed = aside;
	hosts->n_removed = 0;
	return true;
}

void
weir_hosts_reclaim_end(struct weir_hosts *hosts)
{
	while (hosts->n_waiting > 0)
		weir_idpool_put(hosts->ids, hosts->waiting[--hosts->n_waiting]);
}

struct weir_host_view
weir_hosts_view(const struct weir_hosts *hosts, uint32_t host, uint64_t now)
{
	static const char *const names[] = {
	    [UNUSED] = "", [ASKED] = "incomplete", [KNOWN] = "reachable", [PROBED] = "probe", [FAILED] = "failed"};
	const struct host_control *control = &hosts->control[host];

	return (struct weir_host_view){
	    .state = names[control->state],
	    .age = now > control->since ? now - control->since : 0,
	};
}

uint32_t
weir_hosts_of_iface(const struct weir_hosts *hosts, uint32_t iface)
{
	uint32_t n = 0;

	for (uint32_t at = hosts->heads[iface]; at != 0; n++)
		at = hosts->control[at - 1].next == WEIR_NONE ? 0 : hosts->control[at - 1].next + 1;
	return n;
}

uint32_t
weir_hosts_of_tenant(const struct weir_hosts *hosts, uint32_t tenant)
{
	return hosts->of_tenant[tenant];
}

uint32_t
weir_hosts_next(const struct weir_hosts *hosts, uint32_t tenant, uint32_t cursor)
{
	for (uint32_t entry = cursor; entry < hosts->top; entry++)
		if (hosts->control[entry].state != UNUSED &&
		    (tenant == WEIR_NONE || hosts->control[entry].tenant == tenant))
			return entry;
	return WEIR_NONE;
}
