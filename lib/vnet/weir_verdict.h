/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verdicts: what the walk through a tenant's elements comes to, and what it depends on; and paths, which keep them
 * for the flows that share them. weir_vnet.h tells how a change reaches those whom it affects.
 */
#ifndef WEIR_VERDICT_H
#define WEIR_VERDICT_H

#include "weir_conn.h"
#include "weir_inside.h"
#include "weir_vnet.h"

/* ---- verdicts ---- */

enum weir_action {
	WEIR_FORWARD, /* to the interface `out` */
	WEIR_FLOOD,   /* to every other interface of the switch */
	WEIR_ANSWER,  /* a router takes it, and answers it as `answer` says */
	WEIR_WAIT,    /* until `hop` is known on `out` */
};

enum weir_answer {
	WEIR_ANSWER_NONE, /* nothing to say */
	WEIR_ANSWER_ARP,
	WEIR_ANSWER_ND,
	WEIR_ANSWER_ECHO,
};

/*
 * What a walk depends on beside the first switch: elements and entries, by kind and id, and their generations then.
 */
enum weir_step_kind {
	WEIR_STEP_SWITCH,
	WEIR_STEP_ABSENT, /* a MAC that a switch did not know */
	WEIR_STEP_MAC,
	WEIR_STEP_ROUTER,
	WEIR_STEP_ROUTE,
	WEIR_STEP_HOST,
	WEIR_STEP_FILTER,
};
#define WEIR_STEP_SHIFT 28 /* kind << this | id */

#define WEIR_ELEMENTS_MAX 32 /* switches and routers on the way of a packet */
/* Firewalls on it: of a router both interfaces', and both vports'. */
#define WEIR_FILTERS_PASSED_MAX (WEIR_ELEMENTS_MAX / 2 * 2 + 2)
/* Of a router and the switch behind it, each kind at most once; and the firewalls. */
#define WEIR_STEPS_MAX (WEIR_ELEMENTS_MAX / 2 * 5 + WEIR_FILTERS_PASSED_MAX)

struct weir_trail {
	uint32_t n;
	uint32_t what[WEIR_STEPS_MAX], gen[WEIR_STEPS_MAX];
	struct weir_passed_list passed; /* what counts */
};
_Static_assert(WEIR_PASSED_MAX >= WEIR_ELEMENTS_MAX / 2 * 3 + WEIR_FILTERS_PASSED_MAX,
    "of a router both interfaces and the route; a rule of each firewall");

/* Limits that a forwarded packet passes. */
enum {
	WEIR_LIMIT_IN,	   /* of the vport it comes in by */
	WEIR_LIMIT_OUT,	   /* of the vport it leaves by */
	WEIR_LIMIT_TENANT, /* of the tenant, for what leaves there */
	WEIR_LIMITS,
};

/*
 * What a worker holds of them, by index: of each kind side by side, so that little memory holds what many tenants'
 * packets ask for; and one of no limit, of which the worker sees to it that there is always enough.
 */
#define WEIR_CREDIT_NONE (2 * WEIR_IFACES_MAX + (WEIR_DIRECTIONS + 1) * WEIR_TENANTS_MAX)
#define WEIR_CREDITS (WEIR_CREDIT_NONE + 1)

static inline uint32_t
weir_credit_in(uint32_t iface)
{
	return iface;
}

static inline uint32_t
weir_credit_out(uint32_t iface)
{
	return WEIR_IFACES_MAX + iface;
}

static inline uint32_t
weir_credit_tenant(uint32_t tenant, enum weir_direction direction)
{
	return 2 * WEIR_IFACES_MAX + (uint32_t)direction * WEIR_TENANTS_MAX + tenant;
}

/* Of its set-ups of flows. */
static inline uint32_t
weir_credit_setups(uint32_t tenant)
{
	return 2 * WEIR_IFACES_MAX + WEIR_DIRECTIONS * WEIR_TENANTS_MAX + tenant;
}

/* What a walk leads from and to. */
struct weir_path_key {
	uint32_t in, serial; /* interface and its incarnation */
	uint32_t smac;	     /* MAC entry, or WEIR_NONE */
	uint32_t dmac;	     /* MAC entry, WEIR_NONE (flooded) or WEIR_MAC_GROUP */
	uint64_t trail;	     /* a digest of its steps; 0: it has none */
};

/* The composed result of the walk, and what it was composed from. */
struct weir_verdict {
	uint32_t epoch;	 /* of the tenant when it was last found good */
	uint32_t tenant; /* id */
	uint8_t action;	 /* enum weir_action */
	bool to_remote;	 /* `out` is one */
	bool cacheable;	 /* ARP, ND, and at firewalls fragments and ICMP errors are not: each is looked into */
	bool learn;	 /* the source MAC is not known to be at `in`, or may age: say so to maintenance */
	union {
		uint32_t vlan; /* of `out`, if it is a vport */
		uint32_t vtep; /* its id, if `out` is a remote */
	};
	union {
		uint32_t tag; /* vport: to put on, as it stands in memory; 0 = none */
		uint32_t vni; /* remote */
	};
	uint32_t out_id;
	const struct weir_port *port; /* of `out`, if it is a vport; NULL while it is down */
	uint32_t limit[WEIR_LIMITS];  /* their serials: 0 = no limit */
	uint32_t credit[WEIR_LIMITS]; /* what the worker holds of each: by index, WEIR_CREDIT_NONE for no limit */
	uint8_t hops;		      /* routers on the way; 0: it leaves as it came, the MACs mean nothing */
	bool tracked; /* by connections: a packet that may move their state is walked, and one of each flow now and
			 then */
	struct weir_mac dmac; /* that it leaves with, as `smac` */
	/* what a packet of a known flow needs ends here: one cacheline */
	const struct weir_iface *in WEIR_CACHE_ALIGNED;
	const struct weir_iface *out; /* FORWARD; WAIT: the router's */
	const struct weir_switch *sw; /* FLOOD: in it */
	const struct weir_iface *at;  /* by which it came to the last router on its way, or to the one that refuses or
					 answers it; NULL: none did */
	const struct weir_iface *from;	/* by which it left that, if it did */
	const struct weir_trail *trail; /* further dependences; NULL: none */
	struct weir_mac smac;
	struct weir_path_key key; /* of the path that this is the verdict of */
	/* the generations it depends on */
	uint32_t sw_id, switch_gen, absent_gen, smac_gen, dmac_gen;
	bool refused_out; /* lost, and it was the firewall of the vport `out` that did not let it leave there */
	bool uses_absent; /* source or destination MAC was not known */
	uint8_t answer;	  /* enum weir_answer */
	bool watched;	  /* so is each packet of it: a connection's state may move, or rules look at TCP flags */
	bool hears; /* ARP or ND that tells routers of its switch where its sender is; that at `at` was spoken to */
	struct weir_ip hop; /* WAIT */
};
_Static_assert(offsetof(struct weir_verdict, in) == WEIR_CACHELINE, "what packets need is one cacheline");

static inline uint32_t
weir_limit_serial(const struct weir_limit *limit)
{
	return limit == NULL ? 0 : limit->serial;
}

/* ---- walks ---- */

/* Whose later fragments a worker can tell the ports of. Its own; no other thread touches it. */
struct weir_fragments;

struct weir_fragments *weir_fragments_create(void);	    /* NULL: no memory */
void weir_fragments_free(struct weir_fragments *fragments); /* NULL is fine */

/* What firewalls look at of a packet, found when the first one is met. */
struct weir_facts {
	struct weir_fw_packet packet; /* but for the direction */
	struct weir_conn_key key;     /* but for the zone */
	bool opens;		      /* it may be a connection's first packet */
	bool tracks;		      /* it may be a connection's */
	bool error, quotes;	      /* an ICMP error; one with a packet in it, whose conversation `key` is */
};

/* What a connection is to be asked for or told once the walk is done. */
struct weir_conn_ask {
	struct weir_conn_key key;
	struct weir_conn_found found;
	const struct weir_iface *iface; /* to open it here; NULL: it is found already */
	bool out;			/* by a packet that leaves there */
};

struct weir_note;

/* Who walks: what it needs for that, and room for what walks need. */
struct weir_walker {
	const struct weir_vnet *vnet;
	struct weir_conns *conns;
	struct weir_fragments *fragments; /* NULL: first fragments are never known */
	/* What the walk decides, told as it goes (weir_note.h); NULL: nobody asks. Of workers it is. */
	void (*note)(void *arg, const struct weir_note *note);
	void *note_arg;
	bool peek; /* changes nothing: opens and follows no connections, remembers no fragments */
	uint64_t now;
	bool exempt; /* what is walked meets no firewall */
	struct weir_facts facts;
	uint32_t n_asks;
	struct weir_conn_ask asks[WEIR_FILTERS_PASSED_MAX];
};

/*
 * Walks: anti-spoofing, learning, firewalls, forwarding. `data` is the frame's first byte, parsed as `frame` and
 * `key`. Returns WEIR_OK with *verdict, or the reason for a drop, where verdict->trail, if it is set, says what it
 * passed before. *trail holds what else the verdict depends on. Connections are opened and followed if the packet
 * goes on or is answered. Worker; the pointers hold until its next quiescent state, or as long as
 * weir_verdict_valid() says so. A walker that peeks may be a control thread's, as long as that holds the gateway's
 * control mutex.
 */
enum weir_reason weir_resolve(struct weir_walker *walker, const struct weir_iface *in, const struct weir_key *key,
    const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict, struct weir_trail *trail);

/*
 * The same for a frame that a router made and sends by `from`, its interface on a switch: ARP and ND go where their
 * destination MAC says; anything else is routed by that router, and gets its MACs from the verdict. The verdict's
 * hops are then one more than the routers that take a hop of it.
 */
enum weir_reason weir_resolve_made(struct weir_walker *walker, const struct weir_iface *from,
    const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict,
    struct weir_trail *trail);

/*
 * May a copy of a flooded frame, which came in by `in`, leave by `out`, which has a firewall? What decided is in
 * *passed.
 */
enum weir_reason weir_resolve_copy(struct weir_walker *walker, const struct weir_iface *in,
    const struct weir_iface *out, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data,
    struct weir_passed_list *passed);

/* What ARP or ND says of neighbours. */
struct weir_speech {
	struct weir_ip sender, target;
	struct weir_mac mac; /* the sender's, if it says it */
	bool says_mac, asks, answers;
};

/* Of a frame whose kind has WEIR_FRAME_ARP or _ND; false: it is not as it should be (RFC 4861, 7.1). Any thread. */
bool weir_speech_read(const uint8_t *data, const struct weir_frame *frame, struct weir_speech *speech);

/*
 * May a frame with these addresses enter by this vport? What of the walk is about more than MACs. WEIR_OK,
 * SPOOFED_MAC or SPOOFED_IP, or BAD_L4 for an ND message that lies. Worker.
 */
enum weir_reason weir_spoof_check(
    const struct weir_iface *in, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data);

/* Compares the recorded generations: true if the verdict still stands (and is then good for the tenant's present
 * epoch). Worker. */
bool weir_verdict_recheck(const struct weir_vnet *vnet, struct weir_verdict *verdict);

/* The usual question, one comparison. Worker. */
static inline bool
weir_verdict_valid(const struct weir_vnet *vnet, struct weir_verdict *verdict)
{
	uint32_t epoch = __atomic_load_n(&vnet->tenant_epoch[verdict->tenant], __ATOMIC_ACQUIRE);

	return __builtin_expect(verdict->epoch == epoch, 1) || weir_verdict_recheck(vnet, verdict);
}

/* ---- paths ---- */

/* What many flows of one worker share. A flow holds a path's index and the generation it bound to. */
struct weir_path {
	struct weir_path_count count; /* folded by control, see weir_counters.h */
	uint32_t gen;	   /* bumped when it is composed anew: its flows are then resolved again, one by one */
	uint32_t refs;	   /* flows; of a free path: the next free one */
	int64_t refreshed; /* when the source MAC was last reported as seen; earlier if that is to be soon again */
	struct weir_verdict verdict;
} WEIR_CACHE_ALIGNED;
_Static_assert(sizeof(struct weir_path) == 4 * WEIR_CACHELINE, "the last one is for the walk only");

/* One worker's own; no other thread touches it but for the counts. */
struct weir_paths {
	struct weir_path *path;
	struct weir_trail *trails; /* of each path */
	struct weir_table *table;  /* by key */
	struct weir_counters *counters;
	uint32_t capacity, used;
	uint32_t first_free;	/* of those below `top` */
	uint32_t first_pending; /* free after the burst in hand */
	uint32_t top;		/* none from here on was ever used */
	uint32_t flows;		/* slots of the cache that they are for */
	uint32_t *of_tenant;	/* by id: how many of them are its */
};

#define WEIR_PATHS_FLOOR 16		/* a tenant has so many while there are any */
#define WEIR_PATHS_RESERVE(n) ((n) / 8) /* of n paths are only for tenants below that */

/*
 * For a cache of `flows` slots. A tenant may hold as large a part of the paths as its quota is of the flows; the last
 * eighth is for those who hold few. `counters`: the worker's. NULL: no memory.
 */
struct weir_paths *weir_paths_create(uint32_t capacity, uint32_t flows, struct weir_counters *counters, int socket);
void weir_paths_free(struct weir_paths *paths);

/* The path for this verdict, found or made, with one more reference; WEIR_NONE if none is free for its tenant. */
uint32_t weir_paths_get(struct weir_paths *paths, const struct weir_vnet *vnet, const struct weir_verdict *verdict);
/* Gives a reference back. A path without any is not reused before weir_paths_settle(): verdicts of the burst in hand
 * may point into it. */
void weir_paths_put(struct weir_paths *paths, uint32_t path);
void weir_paths_settle(struct weir_paths *paths); /* after each burst */
static inline struct weir_path *
weir_path(const struct weir_paths *paths, uint32_t path)
{
	return &paths->path[path];
}

uint32_t weir_paths_used(const struct weir_paths *paths);

#endif
