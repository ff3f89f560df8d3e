/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot is one whole configuration: its elements and the indices over them, in persistent maps, so that a change
 * is made in a copy that costs nothing and shares what it does not touch. Committing swaps the model's snapshot; a
 * reader takes a reference and is left alone.
 */
#ifndef WEIR_MODEL_PRIV_H
#define WEIR_MODEL_PRIV_H

#include <pthread.h>

#include "json_priv.h"
#include "model_map_priv.h"
#include "validate_priv.h"
#include "weir_model.h"

enum weir_section {
	WEIR_SECTION_PORTS,
	WEIR_SECTION_SETTINGS, /* has one element, itself */
	WEIR_SECTION_UNDERLAY,
	WEIR_SECTION_TENANTS,
	WEIR_SECTIONS,
};

/* An element's typed configuration; kept from version to version while it means the same. */
struct weir_box {
	uint32_t refs;
	const struct weir_kind *kind;
	void *cfg[]; /* kind->size bytes; a named element's begin with its name */
};

/* An element of the document: its text as it is shown, and what it means. Immutable, shared between snapshots. */
struct weir_elem {
	uint32_t refs;
	uint64_t order; /* elements of a section stand in this order */
	struct weir_box *box;
	size_t len;
	char text[];
};

static inline const void *
weir_elem_cfg(const struct weir_elem *elem)
{
	return elem->box->cfg;
}

static inline const void *
weir_cfg_or_null(const struct weir_elem *elem)
{
	return elem != NULL ? weir_elem_cfg(elem) : NULL;
}

static inline const char *
weir_elem_name(const struct weir_elem *elem)
{
	return weir_elem_cfg(elem);
}

/* Who has or uses what over the whole gateway: keys to numbers of users. */
struct weir_index {
	struct weir_map vnis;
	struct weir_map places;	 /* (port, VLAN) of vports and underlays */
	struct weir_map users;	 /* of a port: vports and underlays */
	struct weir_map devices; /* ethdev names of ports */
	struct weir_map own;	 /* underlay addresses, and the edges of their prefixes */
	struct weir_map remotes;
	uint64_t n_own[2], n_remotes[2]; /* by family: [1] IPv4 */
	uint64_t n_routes;		 /* of all routers */
};

struct weir_snap {
	uint32_t refs;
	uint32_t n_sections;
	uint8_t sections[WEIR_SECTIONS]; /* those that the document has, in its order */
	uint64_t version;
	uint64_t next_order;
	size_t bytes; /* of the document, about */
	struct weir_map elems[WEIR_SECTIONS];
	struct weir_index index;
};

struct weir_model {
	pthread_mutex_t lock; /* of `snap`, for one exchange or one new reference */
	struct weir_snap *snap;
	uint64_t version; /* of snap; atomic */
	struct weir_siphash_key secret;
	struct weir_draft *open;
};

/* An element that a change names: as it was (NULL: new) and as it will be (NULL: removed). */
struct weir_touch {
	const struct weir_elem *before, *after;
};

struct weir_touches {
	struct weir_touch *touch;
	size_t n, cap;
};

/* A change in preparation. */
struct weir_draft {
	struct weir_change change; /* what the user sees of it */
	const struct weir_snap *from;
	struct weir_snap *next;
	bool fresh; /* next's indices begin empty, and every element is touched (a load) */
	struct weir_touches touches[WEIR_SECTIONS];
	struct weir_port_step *ports;
	struct weir_underlay_step *underlays;
	struct weir_tenant_step *tenants;
	struct weir_err *err; /* while it is being made */
};

/* ---- model_snap.c ---- */

extern const struct weir_field weir_sections[WEIR_SECTIONS]; /* their keys */

struct weir_snap *weir_snap_create(const struct weir_siphash_key *secret); /* empty, version 0; NULL: no memory */
struct weir_snap *weir_snap_copy(const struct weir_snap *from);		   /* NULL: no memory */
struct weir_snap *weir_snap_hold(struct weir_model *model);		   /* the committed one, with a reference */
void weir_snap_drop(struct weir_snap *snap);				   /* NULL is fine; any thread */

const struct weir_elem *weir_snap_find(const struct weir_snap *snap, enum weir_section section, const char *name);

/* A section's elements in document order: *n of them, the array to be free()d. NULL: no memory. */
const struct weir_elem **weir_snap_list(const struct weir_snap *snap, enum weir_section section, size_t *n);

/* Appends the section to the document's, unless it is there. */
void weir_snap_add_section(struct weir_snap *snap, enum weir_section section);
void weir_snap_remove_section(struct weir_snap *snap, enum weir_section section);

/* Enters or replaces (`before`, may be NULL) / removes. put takes `elem` over. 0 or -ENOMEM. */
int weir_snap_put(
    struct weir_snap *snap, enum weir_section section, const struct weir_elem *before, struct weir_elem *elem);
int weir_snap_remove(struct weir_snap *snap, enum weir_section section, const struct weir_elem *elem);

/*
 * The element of this compact text; NULL with the error at `at`. `json`: the text parsed, NULL = not yet. `before`
 * (may be NULL): the element under that name in the version before, whose configuration is kept if it means the same.
 */
struct weir_elem *weir_elem_make(const struct weir_at *at, enum weir_section section, const char *name,
    const char *text, size_t len, const cJSON *json, const struct weir_elem *before, uint64_t order);
void weir_elem_drop(void *elem);

/* ---- model_change.c ---- */

void weir_draft_free(struct weir_draft *draft);

/* ---- model_steps.c ---- */

/* Fills draft->change. 0 or -ENOMEM. */
int weir_draft_steps(struct weir_draft *draft);

/* ---- model_index.c ---- */

/* Brings next's indices up to date with what is touched, and refuses what does not fit. 0 or -errno with draft->err.
 */
int weir_index_update(struct weir_draft *draft);

/* ---- model_check.c ---- */

/* Refuses what dangles or contradicts over the whole gateway, once the indices are up to date. 0 or -errno. */
int weir_index_check(struct weir_draft *draft);

/* ---- model_find.c: who is in the way, for messages; walks everything, as nobody waits for a refusal ---- */

/* The (port, VLAN), VNI or device at `path` is someone else's already: says whose. Returns -EEXIST or -ENOMEM. */
int weir_refuse_place(struct weir_draft *draft, const char *path, const char *port, uint32_t vlan);
int weir_refuse_vni(struct weir_draft *draft, const char *path, uint32_t vni);
int weir_refuse_device(struct weir_draft *draft, const struct weir_cfg_port *port);

/* A port is gone to which something refers: reports it at the first reference. -ENOENT or -ENOMEM. */
int weir_refuse_port(struct weir_draft *draft, const char *port);

/* Reports the first remote for which `wrong` says why. -EINVAL or -ENOMEM. */
int weir_refuse_remote(
    struct weir_draft *draft, const char *(*wrong)(const struct weir_ip *ip, const void *arg), const void *arg);

/* ---- keys of the indices ---- */

#define WEIR_PLACE_KEY_MAX (WEIR_NAME_MAX + 2)

size_t weir_place_key(const char *port, uint32_t vlan, char key[WEIR_PLACE_KEY_MAX]);

/* The name by which ethdev will know a port: its device, or its devargs up to the first comma. */
const char *weir_device_of(const struct weir_cfg_port *port, size_t *len);

#endif
