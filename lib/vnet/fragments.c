/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First fragments that firewalls have seen, so that later ones, which have no ports, are decided on as they were.
 * Each worker has its own; in it each tenant has so many places of its own, that nobody else can take.
 */
#include <stdlib.h>

#include "walk.h"
#include "weir_vmem.h"

#define PLACES 64		  /* of a tenant: a page */
#define KEPT (15 * WEIR_NS_PER_S) /* RFC 1122, 3.3.2: reassembly takes 60 s at most, the usual is less than 30 */

struct place {
	uint64_t until;	 /* 0: free */
	uint32_t serial; /* of the interface that it came in by */
	uint32_t id;
	struct weir_ip src, dst;
	uint16_t sport, dport;
	uint8_t proto, l4_proto, tcp_flags;
	uint8_t pad[9];
};
_Static_assert(sizeof(struct place) == WEIR_CACHELINE, "one each");

struct weir_fragments {
	struct place (*places)[PLACES]; /* by tenant */
};

struct weir_fragments *
weir_fragments_create(void)
{
	struct weir_fragments *fragments = calloc(1, sizeof(*fragments));

	if (fragments == NULL)
		return NULL;
	fragments->places = weir_vmem_alloc(WEIR_TENANTS_MAX * sizeof(*fragments->places));
	if (fragments->places == NULL) {
		free(fragments);
		return NULL;
	}
	return fragments;
}

void
weir_fragments_free(struct weir_fragments *fragments)
{
	if (fragments == NULL)
		return;
	weir_vmem_free(fragments->places, WEIR_TENANTS_MAX * sizeof(*fragments->places));
	free(fragments);
}

static bool
is_of(const struct place *place, const struct weir_iface *in, const struct weir_fragment *fragment)
{
	return place->id == fragment->id && place->serial == in->serial && place->proto == fragment->proto &&
	       weir_ip_equal(&place->src, &fragment->src) && weir_ip_equal(&place->dst, &fragment->dst);
}

void
fragments_note(
    struct weir_fragments *fragments, const struct weir_iface *in, const struct weir_fragment *first, uint64_t now)
{
	struct place *places = fragments->places[in->tenant->id], *to = &places[0];

	for (uint32_t i = 0; i < PLACES; i++) {
		if (places[i].until > now && is_of(&places[i], in, first)) {
			to = &places[i];
			break;
		}
		if (places[i].until < to->until)
			to = &places[i];
	}
	*to = (struct place){.until = now + KEPT,
	    .serial = in->serial,
	    .id = first->id,
	    .src = first->src,
	    .dst = first->dst,
	    .sport = first->sport,
	    .dport = first->dport,
	    .proto = first->proto,
	    .l4_proto = first->l4_proto,
	    .tcp_flags = first->tcp_flags};
}

bool
fragments_find(
    struct weir_fragments *fragments, const struct weir_iface *in, struct weir_fragment *later, uint64_t now)
{
	const struct place *places = fragments->places[in->tenant->id];

	for (uint32_t i = 0; i < PLACES; i++) {
		if (places[i].until <= now || !is_of(&places[i], in, later))
			continue;
		later->l4_proto = places[i].l4_proto;
		later->sport = places[i].sport;
		later->dport = places[i].dport;
		later->tcp_flags = places[i].tcp_flags;
		return true;
	}
	return false;
}
