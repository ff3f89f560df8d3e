/* SPDX-License-Identifier: BSD-3-Clause */
/* Firewalls of the reference: what ref_firewall.c, ref_seen.c and ref_conn.c have of each other and of the rest. */
#ifndef WEIR_TEST_REF_FIREWALL_H
#define WEIR_TEST_REF_FIREWALL_H

#include "ref_router.h"

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
};

enum {
	REF_ECHO_REPLY4 = 0,
	REF_ECHO4 = 8,
	REF_ECHO6 = 128,
	REF_ECHO_REPLY6 = 129,
};

/* ---- ref_seen.c ---- */

/* What rules look at. */
struct ref_seen {
	struct ref_key key;
	uint8_t direction, flags, type;
	bool partial; /* ports, flags and type are not known */
	bool talks;   /* it may be of a connection */
};

bool ref_is_icmp(const struct ref_key *key);
bool ref_is_echo(const struct ref_key *key, uint8_t type);
bool ref_is_error(const struct ref_key *key, uint8_t type);
bool ref_is_link(const struct ref_seen *seen);

/* The upper layer's header; false: it is not whole. */
bool ref_read_upper(const uint8_t *p, uint32_t len, struct ref_seen *seen);

/* The packet quoted in an ICMP error; false: none that could be of a connection. `partial`: half a header of it. */
bool ref_read_quoted(const struct ref_trip *trip, struct ref_seen *quoted);

/* ---- ref_firewall.c ---- */

/*
 * A packet meets the firewall of an attachment, if it has one. Returns 0: it passes; or the reasons for which it does
 * not. What it does to connections and rules is in trip->result.
 */
uint64_t ref_meet(struct ref *ref, const struct ref_attachment *at, uint8_t direction, const struct ref_trip *trip);

/* Has it one? */
bool ref_guarded(const struct topo *topo, const struct ref_attachment *at);

struct ref_attachment ref_vport_attachment(uint32_t tenant, uint32_t vport);
struct ref_attachment ref_iface_attachment(uint32_t tenant, uint32_t router, uint32_t sw);

/* ---- ref_conn.c ---- */

enum ref_state {
	REF_SYN_SENT,
	REF_SYN_RECEIVED,
	REF_ESTABLISHED,
	REF_CLOSING, /* who opened it has sent FIN */
	REF_CLOSING_REPLY,
	REF_TIME_WAIT,
	REF_CLOSED,
	REF_NEW,
	REF_REPLIED,
	REF_ECHO,
	REF_STATES,
};
#define REF_STATE(s) (1u << REF_##s)

enum ref_life {
	REF_DEAD,
	REF_ALIVE,
	REF_UNSURE, /* the contract leaves it open, or a change of the configuration did */
};

struct ref_conn {
	struct ref_conn *next;
	struct ref_attachment at;
	struct ref_key key; /* as opened */
	uint8_t direction;
	uint32_t states;      /* it is in one of these; 0: it went with its attachment */
	uint64_t early, late; /* its last packet came between these */
	bool sure;
};

enum ref_life ref_conn_life(const struct ref_conn *conn, uint64_t now);

/* What there is of a conversation, dead or alive; *reply: against the direction in which it was opened. */
struct ref_conn *ref_conn_find(
    const struct ref *ref, const struct ref_attachment *at, const struct ref_key *key, bool *reply);

/* What a packet that begins it makes of it, and a packet of it. */
uint32_t ref_conn_begins(const struct ref_key *key);
uint32_t ref_conn_moves(const struct ref_conn *conn, uint8_t flags, bool reply);

/* Can it be opened by a SYN again? All states: yes, some: unsure. */
enum ref_life ref_conn_over(const struct ref_conn *conn);

bool ref_attachment_equal(const struct ref_attachment *a, const struct ref_attachment *b);
bool ref_key_equal(const struct ref_key *a, const struct ref_key *b);
struct ref_key ref_key_turned(const struct ref_key *key);

/* A first fragment that an attachment has seen. */
struct ref_fragment {
	struct ref_fragment *next;
	struct ref_attachment at;
	struct ref_key key;
	uint32_t id;
	uint8_t flags, type;
	bool passed, sure;
	uint64_t early, late;
};
#define REF_FRAGMENT_NS (15 * WEIR_NS_PER_S)
struct ref_fragment *ref_fragment_find(
    const struct ref *ref, const struct ref_attachment *at, const struct ref_key *key, uint32_t id);
enum ref_life ref_fragment_life(const struct ref_fragment *fragment, uint64_t now);

/* Does what result->ops say. */
void ref_commit(struct ref *ref, const struct ref_result *result);
/* What a change leaves of it. */
void ref_keep_connections(struct ref *ref, const struct topo *topo);
void ref_forget_connections(struct ref *ref);

/* ---- ref_made.c ---- */

/* The firewall of a router's interface, or of a vport, rejects what is on its way: its source is told. */
void ref_reject_by_router(struct ref *ref, uint32_t router, const struct ref_trip *trip);
void ref_reject_by_vport(struct ref *ref, uint8_t direction, bool flooded, const struct ref_trip *trip);

#endif
