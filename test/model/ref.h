/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference switch: what design.md promises, packet by packet, slow and obviously right. No caches, no tables but
 * lists that are searched from the front, no code of weir's.
 *
 * Where several reasons for a drop apply, the contract does not say which one is named: the reference gives all that
 * truly apply. Where the contract leaves open what happens (Faults that only some implementations see, ...), the
 * result says `open` and the packet is not used.
 */
#ifndef WEIR_TEST_REF_H
#define WEIR_TEST_REF_H

#include <stdbool.h>
#include <stdint.h>

#include "topo.h"
#include "weir_reason.h"
#include "wire.h"

/* A set of reasons. */
#define REF_REASON(id) (UINT64_C(1) << WEIR_DROP_##id)
_Static_assert(WEIR_REASON_COUNT <= 64, "a set of reasons is a u64");
#define REF_BY_FIREWALL                                                                                              \
	(REF_REASON(DENIED) | REF_REASON(REJECTED) | REF_REASON(NO_CONNECTION) | REF_REASON(NO_FIRST_FRAGMENT) |     \
	    REF_REASON(CONNECTION_QUOTA) | REF_REASON(CONNECTIONS_FULL))

/* ---- a frame, read ---- */

enum ref_kind {
	REF_OTHER,
	REF_IPV4,
	REF_IPV6,
	REF_ARP,
};

/* Offsets count from the destination MAC; 0 = there is none. */
struct ref_frame {
	struct weir_mac dmac, smac;
	uint32_t n_tags; /* 0 to 2 */
	uint16_t ethertype;
	enum ref_kind kind;
	uint32_t l3, l4, l4_len;
	uint8_t tos, proto, hops;
	bool fragment, first; /* of fragments: the first one */
	uint32_t id;	      /* of fragments; and where what they carry begins and ends */
	uint32_t part, part_end;
	bool router_alert;
	struct weir_ip src, dst; /* IP */
	uint16_t sport, dport;
	uint64_t faults;
	bool open;
};

/* Reads a frame without tags of vports or underlays. */
void ref_read(const uint8_t *data, uint32_t len, struct ref_frame *frame);

struct ref_nd {
	bool valid;
	uint8_t type;
	struct weir_ip target;
	bool has_lladdr; /* the sender's (RS, RA, NS) or the target's (NA) */
	struct weir_mac lladdr;
	bool open;
};

/* True if the frame is a neighbour discovery message: then *nd. */
bool ref_read_nd(const uint8_t *data, const struct ref_frame *frame, struct ref_nd *nd);

/* Reasons for which a vport's anti-spoofing refuses the frame. *open: the contract does not say. */
uint64_t ref_spoof(const struct topo_vport *vport, const uint8_t *data, const struct ref_frame *frame, bool *open);

/* ---- places ---- */

/* Where a frame comes in or goes out, within a switch; `port`: nothing of a tenant. */
enum ref_place_kind {
	REF_AT_PORT,
	REF_AT_VPORT,
	REF_AT_REMOTE,
	REF_AT_ROUTER, /* its interface on the switch */
};

struct ref_place {
	enum ref_place_kind kind;
	uint32_t port;	     /* AT_PORT */
	uint32_t tenant, sw; /* else */
	uint32_t vport;
	uint32_t router;
	struct weir_ip remote;
};

bool ref_place_equal(const struct ref_place *a, const struct ref_place *b);

/* ---- what becomes of a packet ---- */

/* A frame may be flooded, and what a router makes of it too. */
#define REF_COPIES (TOPO_VPORTS + TOPO_REMOTES)
#define REF_OUTS (2 * REF_COPIES)

/* What weir has made itself; some of it is weir's choice, see compare_made.c. */
enum ref_made {
	REF_NOT_MADE,
	REF_MADE_ARP,
	REF_MADE_ND,
	REF_MADE_ECHO,
	REF_MADE_ERROR,
	REF_MADE_RST,
};

struct ref_out {
	struct ref_place to;
	enum ref_made made;
	uint32_t bytes; /* the tenant's frame */
	/* It leaves: `drop` 0. Else the reasons for which it does not. */
	uint64_t drop;
	uint32_t port;
	uint32_t outer; /* offset of the outer IP header if tunnelled; 0 = not */
	struct wire wire;
};

enum ref_answer {
	REF_NO_ANSWER,
	REF_ANSWER_ARP, /* weir answers by itself */
	REF_ANSWER_ND,
	REF_ANSWER_ECHO,
};

/* The choice of one of several next hops: one flow's, by one route of a router. */
struct ref_pick {
	struct ref_pick *next;
	uint32_t tenant, router;
	struct weir_prefix to;
	struct weir_ip src, dst;
	uint8_t proto;
	bool fragment;
	uint16_t sport, dport; /* of fragments: 0 */
	struct weir_ip via;
	bool assumed; /* for a while: what if? */
};

/* ---- what firewalls make of it ---- */

/* What a firewall is attached to: an interface of a vport, or of a router on a switch. */
struct ref_attachment {
	uint32_t tenant;
	bool router;
	uint32_t index, sw; /* vport (sw 0) or router */
};

/* A rule decided about a packet. */
struct ref_count {
	uint32_t tenant, firewall, rule;
	uint32_t bytes;
	bool maybe; /* the contract does not say whether it counts there */
};
#define REF_COUNTS 64

/* A conversation, in the direction of one of its packets. ICMP echo: the id in both ports. */
struct ref_key {
	struct weir_ip src, dst;
	uint8_t proto;
	uint16_t sport, dport;
};

/* What a packet does to connections, once it is known what becomes of it. */
enum ref_op_kind {
	REF_OP_OPEN,
	REF_OP_MOVE,
	REF_OP_QUOTED, /* an ICMP error about it: perhaps that counts as a packet of it */
	REF_OP_FRAGMENT,
};

struct ref_conn;
struct ref_fragment;

struct ref_op {
	enum ref_op_kind kind;
	struct ref_attachment at;
	uint8_t direction; /* TOPO_IN or _OUT */
	struct ref_key key;
	uint32_t states;       /* bits of enum ref_state, as they are after it */
	struct ref_conn *conn; /* OPEN: the record that is taken over, or NULL */
	uint32_t id;	       /* FRAGMENT */
	uint8_t flags, type;
	bool passed;
};
#define REF_OPS 64

struct ref_result {
	bool open; /* not to be used */
	struct ref_place from;
	uint32_t bytes; /* of the frame as it is counted where it came in */
	uint64_t drop;	/* dropped on entry, for one of these reasons */
	bool short_tag; /* too short to say whether it belongs to the port or to a vport */
	enum ref_answer answer;
	bool learned; /* what the switch or a router knows has changed */
	bool consumed;
	uint32_t flooded; /* how often */
	uint32_t errors;  /* ICMP errors that are sent, or perhaps sent, about it */
	/* A router has to choose between so many next hops and has not said how for this flow: nothing else is said.
	 */
	uint32_t n_vias;
	struct ref_pick pick;
	struct weir_ip vias[TOPO_VIAS];
	struct ref_frame frame;
	uint32_t n_counts, n_ops;
	struct ref_count counts[REF_COUNTS];
	struct ref_op ops[REF_OPS];
	/* It changes what firewalls know: no other packet may come beside it. */
	bool alone;
	uint32_t n_outs;
	struct ref_out outs[REF_OUTS];
};

/* ---- the switch ---- */

struct ref_entry {
	struct ref_entry *next;
	uint32_t tenant, sw;
	struct weir_mac mac;
	struct ref_place at;
	bool may_go; /* since the last change; see ref_configure() */
	bool listed; /* for who compares with a listing */
};

/* Who a router knows to have an address on a switch. */
struct ref_neighbour {
	struct ref_neighbour *next;
	uint32_t tenant, router, sw;
	struct weir_ip ip;
	struct weir_mac mac;
	uint64_t when; /* it said so */
};

#define REF_KNOWN_NS (29 * WEIR_NS_PER_S) /* for so long nothing is open about it */

struct ref {
	const struct topo *topo;
	struct ref_entry *learned;
	struct ref_neighbour *neighbours;
	struct ref_pick *picks;
	struct ref_conn *conns;
	struct ref_fragment *fragments;
	uint64_t now; /* as weir's */
};

/*
 * Makes `topo` the configuration. Learned MACs whose place or switch is gone are forgotten. Those of a vport that has
 * been changed otherwise (moved to another port or VLAN, ...) may be kept or forgotten: `may_go` marks them.
 */
void ref_configure(struct ref *ref, const struct topo *topo);
void ref_clear(struct ref *ref);

/* A frame comes in by a port: *result, and the switch learns. With `commit` false nothing is learned. */
void ref_packet(struct ref *ref, uint32_t port, const struct wire *wire, bool commit, struct ref_result *result);

/* The static place of a MAC on a switch; false: none. */
bool ref_static(
    const struct topo *topo, uint32_t tenant, uint32_t sw, const struct weir_mac *mac, struct ref_place *at);

/* Remembers (until the route changes) or assumes that the flow goes by `via`; takes back what is assumed. */
void ref_choose(struct ref *ref, const struct ref_pick *pick, const struct weir_ip *via, bool assumed);
void ref_unassume(struct ref *ref);

/* Learned and static entries of a tenant. */
uint32_t ref_macs(const struct ref *ref, uint32_t tenant);

/* ---- connections ---- */

/*
 * How long it will take until no connection and no fragment is at its end, as far as that can be told only roughly:
 * 0 if that is so after `ns`, or the time, from now, when to look again.
 */
uint64_t ref_unsure_until(const struct ref *ref, uint64_t ns);

/* So much time has passed that records of what is over are free again. */
void ref_tended(struct ref *ref);

/* Connections of a tenant: at least, at most. */
void ref_connections(const struct ref *ref, uint32_t tenant, uint32_t *least, uint32_t *most);

/* ---- tunnels ---- */

/* What an underlay frame (its VLAN tag taken off) is. */
struct ref_outer {
	uint64_t faults;
	bool open;
	bool tunnel, geneve;
	enum ref_answer answer;
	uint32_t vni, inner, inner_len;
	uint8_t tos;
	struct weir_ip src, dst;
};
void ref_read_outer(const struct topo *topo, uint32_t port, const struct wire *wire, struct ref_outer *outer);

/* Merges the outer header's ECN into the inner frame (RFC 6040, 4.2). Returns 0 or the reason. */
uint64_t ref_merge_ecn(uint8_t *data, const struct ref_frame *frame, uint8_t outer_tos);

/* Makes *out of the tenant's frame, to a remote. */
void ref_send_remote(const struct topo *topo, const struct topo_switch *sw, const struct weir_ip *remote,
    const struct wire *wire, const struct ref_frame *frame, struct ref_out *out);

#endif
