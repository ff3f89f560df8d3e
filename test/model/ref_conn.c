/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections and first fragments, each remembered for its time. */
#include <stdlib.h>
#include <string.h>

#include "ref_firewall.h"

#define EDGE (10 * WEIR_NS_PER_MS)	/* a batch takes its time: what is nearer to an end than that is not told */
#define SLACK ((UINT64_C(1) << 33) * 2) /* packets of a known flow are noted now and then only */

/* ---- how long ---- */

static const uint64_t timeouts[REF_STATES] = {
    [REF_SYN_SENT] = 30 * WEIR_NS_PER_S,
    [REF_SYN_RECEIVED] = 30 * WEIR_NS_PER_S,
    [REF_ESTABLISHED] = 7440 * WEIR_NS_PER_S,
    [REF_CLOSING] = 120 * WEIR_NS_PER_S,
    [REF_CLOSING_REPLY] = 120 * WEIR_NS_PER_S,
    [REF_TIME_WAIT] = 30 * WEIR_NS_PER_S,
    [REF_CLOSED] = 10 * WEIR_NS_PER_S,
    [REF_NEW] = 30 * WEIR_NS_PER_S,
    [REF_REPLIED] = 120 * WEIR_NS_PER_S,
    [REF_ECHO] = 30 * WEIR_NS_PER_S,
};

/* It lasts until the first one for sure, until the second one perhaps. */
static void
ends(const struct ref_conn *conn, uint64_t *sure, uint64_t *perhaps)
{
	uint64_t shortest = UINT64_MAX, longest = 0;

	for (int s = 0; s < REF_STATES; s++) {
		bool steady = s == REF_ESTABLISHED || s == REF_NEW || s == REF_REPLIED || s == REF_ECHO;
		uint64_t most = timeouts[s] + (steady ? SLACK : 0);

		if ((conn->states >> s & 1) == 0)
			continue;
		shortest = timeouts[s] < shortest ? timeouts[s] : shortest;
		longest = most > longest ? most : longest;
	}
	*sure = conn->early + shortest - EDGE;
	*perhaps = conn->late + longest + EDGE;
}

enum ref_life
ref_conn_life(const struct ref_conn *conn, uint64_t now)
{
	uint64_t sure, perhaps;

	if (conn->states == 0)
		return REF_DEAD;
	ends(conn, &sure, &perhaps);
	if (now > perhaps)
		return REF_DEAD;
	return conn->sure && now < sure ? REF_ALIVE : REF_UNSURE;
}

enum ref_life
ref_fragment_life(const struct ref_fragment *fragment, uint64_t now)
{
	if (now > fragment->late + REF_FRAGMENT_NS + EDGE)
		return REF_DEAD;
	return fragment->sure && now < fragment->early + REF_FRAGMENT_NS - EDGE ? REF_ALIVE : REF_UNSURE;
}

static uint64_t
later(uint64_t at, uint64_t sure, uint64_t perhaps, uint64_t until)
{
	return at >= sure && at <= perhaps && perhaps + 1 > until ? perhaps + 1 : until;
}

uint64_t
ref_unsure_until(const struct ref *ref, uint64_t ns)
{
	uint64_t at = ref->now + ns, until = 0, sure, perhaps;

	for (const struct ref_conn *conn = ref->conns; conn != NULL; conn = conn->next)
		if (conn->states != 0 && conn->sure) {
			ends(conn, &sure, &perhaps);
			until = later(at, sure, perhaps, until);
		}
	for (const struct ref_fragment *f = ref->fragments; f != NULL; f = f->next)
		if (f->sure)
			until = later(at, f->early + REF_FRAGMENT_NS - EDGE, f->late + REF_FRAGMENT_NS + EDGE, until);
	return until == 0 ? 0 : until - ref->now;
}

void
ref_tended(struct ref *ref)
{
	for (struct ref_conn **at = &ref->conns, *conn = *at; conn != NULL; conn = *at)
		if (ref_conn_life(conn, ref->now) == REF_DEAD) {
			*at = conn->next;
			free(conn);
		} else {
			at = &conn->next;
		}
}

void
ref_connections(const struct ref *ref, uint32_t tenant, uint32_t *least, uint32_t *most)
{
	*least = *most = 0;
	for (const struct ref_conn *conn = ref->conns; conn != NULL; conn = conn->next)
		if (conn->at.tenant == tenant) {
			*least += ref_conn_life(conn, ref->now) == REF_ALIVE;
			(*most)++;
		}
}

/* ---- which one ---- */

bool
ref_attachment_equal(const struct ref_attachment *a, const struct ref_attachment *b)
{
	return a->tenant == b->tenant && a->router == b->router && a->index == b->index && a->sw == b->sw;
}

bool
ref_key_equal(const struct ref_key *a, const struct ref_key *b)
{
	return weir_ip_equal(&a->src, &b->src) && weir_ip_equal(&a->dst, &b->dst) && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport;
}

struct ref_key
ref_key_turned(const struct ref_key *key)
{
	return (struct ref_key){
	    .src = key->dst, .dst = key->src, .proto = key->proto, .sport = key->dport, .dport = key->sport};
}

struct ref_conn *
ref_conn_find(const struct ref *ref, const struct ref_attachment *at, const struct ref_key *key, bool *reply)
{
	struct ref_key turned = ref_key_turned(key);

	for (struct ref_conn *conn = ref->conns; conn != NULL; conn = conn->next) {
		if (!ref_attachment_equal(&conn->at, at) || conn->states == 0)
			continue;
		*reply = !ref_key_equal(&conn->key, key);
		if (!*reply || ref_key_equal(&conn->key, &turned))
			return conn;
	}
	return NULL;
}

struct ref_fragment *
ref_fragment_find(const struct ref *ref, const struct ref_attachment *at, const struct ref_key *key, uint32_t id)
{
	for (struct ref_fragment *f = ref->fragments; f != NULL; f = f->next)
		if (ref_attachment_equal(&f->at, at) && f->id == id && f->key.proto == key->proto &&
		    weir_ip_equal(&f->key.src, &key->src) && weir_ip_equal(&f->key.dst, &key->dst))
			return f;
	return NULL;
}

/* ---- states ---- */

uint32_t
ref_conn_begins(const struct ref_key *key)
{
	if (key->proto == PROTO_TCP)
		return REF_STATE(SYN_SENT);
	return key->proto == PROTO_ICMP || key->proto == PROTO_ICMPV6 ? REF_STATE(ECHO) : REF_STATE(NEW);
}

/* Hosts that follow TCP go from one state to one other; what others send may be taken in more than one way. */
static uint32_t
before_established(enum ref_state state, uint8_t flags, bool reply)
{
	uint8_t syn_ack = flags & (TCP_SYN | TCP_ACK);

	if (state == REF_SYN_SENT) {
		if (reply && syn_ack == (TCP_SYN | TCP_ACK))
			return REF_STATE(SYN_RECEIVED);
		if (!reply && syn_ack == TCP_SYN)
			return REF_STATE(SYN_SENT);
		return REF_STATE(SYN_SENT) | REF_STATE(SYN_RECEIVED) | REF_STATE(ESTABLISHED);
	}
	if (!reply && syn_ack == TCP_ACK)
		return REF_STATE(ESTABLISHED);
	if ((reply && syn_ack == (TCP_SYN | TCP_ACK)) || (!reply && syn_ack == TCP_SYN))
		return REF_STATE(SYN_RECEIVED);
	return REF_STATE(SYN_RECEIVED) | REF_STATE(ESTABLISHED);
}

static uint32_t
closes(enum ref_state state, bool reply)
{
	if (state == (reply ? REF_CLOSING : REF_CLOSING_REPLY))
		return REF_STATE(TIME_WAIT);
	return reply ? REF_STATE(CLOSING_REPLY) : REF_STATE(CLOSING);
}

static uint32_t
moves_tcp(enum ref_state state, uint8_t flags, bool reply)
{
	uint32_t same = 1u << state;

	if (state == REF_CLOSED)
		return same;
	if ((flags & TCP_RST) != 0)
		return REF_STATE(CLOSED) | (state == REF_TIME_WAIT || (flags & TCP_SYN) != 0 ? same : 0);
	if (state == REF_TIME_WAIT)
		return same;
	if ((flags & TCP_FIN) != 0)
		return closes(state, reply) | (state == REF_SYN_SENT || (flags & TCP_SYN) != 0 ? same : 0);
	if (state == REF_SYN_SENT || state == REF_SYN_RECEIVED)
		return before_established(state, flags, reply);
	return same;
}

uint32_t
ref_conn_moves(const struct ref_conn *conn, uint8_t flags, bool reply)
{
	uint32_t states = 0;

	for (uint32_t s = 0; s < REF_STATES; s++) {
		if ((conn->states >> s & 1) == 0)
			continue;
		if (s == REF_NEW && reply)
			states |= REF_STATE(REPLIED);
		else
			states |= s >= REF_NEW ? 1u << s : moves_tcp((enum ref_state)s, flags, reply);
	}
	return states;
}

enum ref_life
ref_conn_over(const struct ref_conn *conn)
{
	const uint32_t over = REF_STATE(TIME_WAIT) | REF_STATE(CLOSED);

	if ((conn->states & over) == 0)
		return REF_ALIVE;
	return (conn->states & ~over) == 0 ? REF_DEAD : REF_UNSURE;
}

/* ---- what packets do to them ---- */

static void *
allocate(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

static void
open_conn(struct ref *ref, const struct ref_op *op, bool sure)
{
	struct ref_conn *conn = op->conn;

	if (conn == NULL) {
		conn = allocate(sizeof(*conn));
		conn->next = ref->conns;
		ref->conns = conn;
	}
	*conn = (struct ref_conn){.next = conn->next,
	    .at = op->at,
	    .key = op->key,
	    .direction = op->direction,
	    .states = op->states,
	    .early = ref->now,
	    .late = ref->now,
	    .sure = sure};
}

static void
move_conn(const struct ref *ref, const struct ref_op *op, bool sure)
{
	op->conn->late = ref->now;
	if (sure) {
		op->conn->early = ref->now;
		op->conn->states = op->states;
	} else {
		op->conn->states |= op->states;
	}
}

static void
note_fragment(struct ref *ref, const struct ref_op *op, bool sure)
{
	struct ref_fragment *f = ref_fragment_find(ref, &op->at, &op->key, op->id);

	/* One by which a second one of the same id goes on, or not. */
	if (f != NULL && ref_fragment_life(f, ref->now) != REF_DEAD &&
	    (!ref_key_equal(&f->key, &op->key) || f->flags != op->flags || f->type != op->type))
		sure = false;
	if (f == NULL) {
		f = allocate(sizeof(*f));
		f->next = ref->fragments;
		ref->fragments = f;
		f->early = ref->now;
	}
	*f = (struct ref_fragment){.next = f->next,
	    .at = op->at,
	    .key = op->key,
	    .id = op->id,
	    .flags = op->flags,
	    .type = op->type,
	    .passed = op->passed,
	    .sure = sure,
	    .early = ref_fragment_life(f, ref->now) == REF_DEAD ? ref->now : f->early,
	    .late = ref->now};
}

void
ref_commit(struct ref *ref, const struct ref_result *result)
{
	uint32_t left = 0;
	uint64_t drop = result->drop;

	for (uint32_t o = 0; o < result->n_outs; o++) {
		drop |= result->outs[o].made == REF_NOT_MADE ? result->outs[o].drop : 0;
		left += result->outs[o].made == REF_NOT_MADE && result->outs[o].drop == 0;
	}
	for (uint32_t i = 0; i < result->n_ops; i++) {
		const struct ref_op *op = &result->ops[i];

		/* What a firewall holds back opens nothing; what is lost otherwise, or is not the only copy, may. */
		if (op->kind == REF_OP_OPEN && (left > 0 || (drop & ~REF_BY_FIREWALL) != 0 || drop == 0))
			open_conn(ref, op, drop == 0);
		else if (op->kind == REF_OP_MOVE)
			move_conn(ref, op, drop == 0);
		else if (op->kind == REF_OP_QUOTED)
			op->conn->late = ref->now;
		else if (op->kind == REF_OP_FRAGMENT)
			note_fragment(ref, op, drop == 0);
	}
}

/* ---- what a change leaves ---- */

static const struct topo_iface *
iface_of(const struct topo *topo, const struct ref_attachment *at)
{
	const struct topo_router *router = &topo->tenants[at->tenant].routers[at->index];

	return topo->tenants[at->tenant].used && router->used && router->ifaces[at->sw].used ? &router->ifaces[at->sw]
											     : NULL;
}

static const struct topo_vport *
vport_of(const struct topo *topo, const struct ref_attachment *at)
{
	const struct topo_vport *vport = &topo->tenants[at->tenant].vports[at->index];

	return topo->tenants[at->tenant].used && vport->used ? vport : NULL;
}

/* Whether a connection outlives a change of what it belongs to, other than of the firewall, is not said. */
static enum ref_life
attachment_life(const struct topo *before, const struct topo *after, const struct ref_attachment *at)
{
	if (at->router) {
		const struct topo_iface *was = iface_of(before, at), *is = iface_of(after, at);
		struct topo_iface same;

		if (is == NULL || was == NULL)
			return REF_DEAD;
		memcpy(&same, was, sizeof(same));
		same.firewall = is->firewall;
		return is->firewall != 0 && topo_equal(&same, is, sizeof(same)) ? REF_ALIVE : REF_UNSURE;
	} else {
		const struct topo_vport *was = vport_of(before, at), *is = vport_of(after, at);
		struct topo_vport same;

		if (is == NULL || was == NULL)
			return REF_DEAD;
		memcpy(&same, was, sizeof(same));
		same.firewall = is->firewall;
		return is->firewall != 0 && topo_equal(&same, is, sizeof(same)) ? REF_ALIVE : REF_UNSURE;
	}
}

void
ref_keep_connections(struct ref *ref, const struct topo *topo)
{
	for (struct ref_conn *conn = ref->conns; conn != NULL; conn = conn->next) {
		enum ref_life life = attachment_life(ref->topo, topo, &conn->at);

		conn->states = life == REF_DEAD ? 0 : conn->states;
		conn->sure &= life == REF_ALIVE;
	}
	/* First ones were seen by rules that may be others now. */
	for (struct ref_fragment *f = ref->fragments; f != NULL; f = f->next)
		f->sure = false;
}

void
ref_forget_connections(struct ref *ref)
{
	for (struct ref_conn *conn = ref->conns, *next; conn != NULL; conn = next) {
		next = conn->next;
		free(conn);
	}
	for (struct ref_fragment *f = ref->fragments, *next; f != NULL; f = next) {
		next = f->next;
		free(f);
	}
	ref->conns = NULL;
	ref->fragments = NULL;
}
