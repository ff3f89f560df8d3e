/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet at a firewall, step by step as the contract lists them. */
#include <string.h>

#include "ref_firewall.h"

struct meeting {
	struct ref *ref;
	const struct ref_attachment *at;
	const struct topo_tenant *tenant;
	uint32_t index; /* of the firewall */
	const struct topo_firewall *firewall;
	const struct ref_trip *trip;
	struct ref_seen seen;
};

/* ---- what it is attached to ---- */

struct ref_attachment
ref_vport_attachment(uint32_t tenant, uint32_t vport)
{
	return (struct ref_attachment){.tenant = tenant, .index = vport};
}

struct ref_attachment
ref_iface_attachment(uint32_t tenant, uint32_t router, uint32_t sw)
{
	return (struct ref_attachment){.tenant = tenant, .router = true, .index = router, .sw = sw};
}

static uint32_t
attached(const struct topo *topo, const struct ref_attachment *at)
{
	const struct topo_tenant *tenant = &topo->tenants[at->tenant];

	return at->router ? tenant->routers[at->index].ifaces[at->sw].firewall : tenant->vports[at->index].firewall;
}

bool
ref_guarded(const struct topo *topo, const struct ref_attachment *at)
{
	return attached(topo, at) != 0;
}

/* ---- rules ---- */

static bool
in_net(const struct topo_tenant *tenant, const struct topo_net *net, const struct weir_ip *ip)
{
	const struct topo_set *set;

	if (net->set == 0)
		return weir_prefix_contains(&net->net, ip);
	set = &tenant->sets[net->set - 1];
	for (uint32_t i = 0; i < set->n; i++)
		if (weir_prefix_contains(&set->nets[i], ip))
			return true;
	return false;
}

static bool
in_nets(const struct topo_tenant *tenant, const struct topo_net *nets, uint32_t n, const struct weir_ip *ip)
{
	for (uint32_t i = 0; i < n; i++)
		if (in_net(tenant, &nets[i], ip))
			return true;
	return n == 0;
}

static bool
in_ranges(const struct topo_range *ranges, uint32_t n, uint16_t value)
{
	for (uint32_t i = 0; i < n; i++)
		if (ranges[i].first <= value && value <= ranges[i].last)
			return true;
	return n == 0;
}

static bool
matches(const struct topo_tenant *tenant, const struct topo_rule *rule, const struct ref_seen *seen)
{
	if ((rule->directions & seen->direction) == 0)
		return false;
	if (rule->proto != TOPO_ANY_PROTO && rule->proto != seen->key.proto)
		return false;
	if (!in_nets(tenant, rule->src, rule->n_src, &seen->key.src) ||
	    !in_nets(tenant, rule->dst, rule->n_dst, &seen->key.dst))
		return false;
	if (seen->partial) /* it could */
		return true;
	return in_ranges(rule->sport, rule->n_sport, seen->key.sport) &&
	       in_ranges(rule->dport, rule->n_dport, seen->key.dport) &&
	       in_ranges(rule->type, rule->n_type, seen->type) &&
	       (seen->flags & rule->flags_set) == rule->flags_set && (seen->flags & rule->flags_clear) == 0;
}

/* The first rule that matches; NULL: none. */
static const struct topo_rule *
first_match(const struct meeting *m, const struct ref_seen *seen)
{
	for (uint32_t i = 0; i < m->firewall->n_rules; i++)
		if (matches(m->tenant, &m->firewall->rules[i], seen))
			return &m->firewall->rules[i];
	return NULL;
}

static void
count(const struct meeting *m, const struct topo_rule *rule, bool maybe)
{
	struct ref_result *result = m->trip->result;

	if (rule == NULL)
		return;
	if (result->n_counts == REF_COUNTS) {
		result->open = true;
		return;
	}
	/* What weir makes itself may be padded, and may leave without a walk. */
	result->counts[result->n_counts++] = (struct ref_count){.tenant = m->at->tenant,
	    .firewall = m->index,
	    .rule = (uint32_t)(rule - m->firewall->rules),
	    .bytes = m->trip->wire.len,
	    .maybe = maybe || m->trip->made != REF_NOT_MADE};
}

static struct ref_op *
add_op(const struct meeting *m, enum ref_op_kind kind)
{
	static struct ref_op spare;
	struct ref_result *result = m->trip->result;
	struct ref_op *op = &spare;

	if (result->n_ops == REF_OPS)
		result->open = true;
	else
		op = &result->ops[result->n_ops++];
	*op = (struct ref_op){.kind = kind, .at = *m->at, .direction = m->seen.direction, .key = m->seen.key};
	return op;
}

/* ---- what the packet is ---- */

/* What its first one had. */
static void
recall_first(const struct meeting *m, struct ref_seen *seen)
{
	const struct ref_frame *frame = &m->trip->frame;
	const struct ref_fragment *first = ref_fragment_find(m->ref, m->at, &seen->key, frame->id);
	enum ref_life life = first != NULL ? ref_fragment_life(first, m->ref->now) : REF_DEAD;

	seen->partial = life == REF_DEAD;
	if (seen->partial)
		return;
	/* If it did not pass: dropped as it was, or as if it had not been seen? */
	m->trip->result->open |= life == REF_UNSURE || !first->passed;
	seen->key = first->key;
	seen->flags = first->flags;
	seen->type = first->type;
	seen->talks = !ref_is_icmp(&seen->key) || ref_is_echo(&seen->key, seen->type);
}

static void
look(struct meeting *m, uint8_t direction)
{
	const struct ref_frame *frame = &m->trip->frame;
	struct ref_seen *seen = &m->seen;
	bool *open = &m->trip->result->open;

	*seen = (struct ref_seen){.direction = direction,
	    .talks = true,
	    .key = {.src = frame->src, .dst = frame->dst, .proto = frame->proto}};
	/* The other family's ICMP, and IPv4 addresses in IPv6. */
	*open |= frame->proto == (frame->kind == REF_IPV4 ? PROTO_ICMPV6 : PROTO_ICMP);
	*open |= frame->kind == REF_IPV6 && (weir_ip_is_v4(&frame->src) || weir_ip_is_v4(&frame->dst));
	if (!frame->fragment) {
		if (frame->l4 != 0)
			(void)ref_read_upper(m->trip->wire.data + frame->l4, frame->l4_len, seen);
	} else if (!frame->first) {
		recall_first(m, seen);
	} else {
		*open |= frame->part + 20 > 256;
		seen->partial =
		    !ref_read_upper(m->trip->wire.data + frame->part, frame->part_end - frame->part, seen);
	}
}

/* ---- connections ---- */

/* The rule that would let the connection be opened now; NULL: it would not. */
static const struct topo_rule *
still_allows(const struct meeting *m, const struct ref_key *key, uint8_t direction)
{
	struct ref_seen opening = {.key = *key, .direction = direction};
	const struct topo_rule *rule;

	if (key->proto == PROTO_TCP)
		opening.flags = TCP_SYN;
	if (ref_is_icmp(key))
		opening.type = weir_ip_is_v4(&key->src) ? REF_ECHO4 : REF_ECHO6;
	rule = first_match(m, &opening);
	return rule != NULL && rule->action == TOPO_ALLOW && !rule->stateless ? rule : NULL;
}

/* Does this very packet open it? A router's answer to a ping comes by when it is open; else nothing is sure. */
static const struct ref_op *
just_opened(const struct meeting *m, const struct ref_key *key)
{
	struct ref_key turned = ref_key_turned(key);

	for (uint32_t i = 0; i < m->trip->result->n_ops; i++) {
		const struct ref_op *op = &m->trip->result->ops[i];

		if (op->kind != REF_OP_OPEN || !ref_attachment_equal(&op->at, m->at) ||
		    (!ref_key_equal(&op->key, key) && !ref_key_equal(&op->key, &turned)))
			continue;
		m->trip->result->open |= !m->trip->result->consumed;
		return op;
	}
	return NULL;
}

static bool
opens_tcp(uint8_t flags)
{
	return (flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
}

/*
 * Is it of a connection by which it passes? *record: what is in the way if it opens one; *idle: it is alive, but not
 * allowed any more.
 */
static bool
follows(const struct meeting *m, struct ref_conn **record, bool *idle)
{
	struct ref_result *result = m->trip->result;
	const struct ref_op *now = just_opened(m, &m->seen.key);
	const struct topo_rule *rule;
	struct ref_op *op;
	enum ref_life life;
	bool reply;

	*idle = false;
	*record = ref_conn_find(m->ref, m->at, &m->seen.key, &reply);
	if (now != NULL) {
		count(m, still_allows(m, &now->key, now->direction), false);
		return true;
	}
	life = *record != NULL ? ref_conn_life(*record, m->ref->now) : REF_DEAD;
	if (life == REF_ALIVE && m->seen.key.proto == PROTO_TCP && opens_tcp(m->seen.flags))
		life = ref_conn_over(*record);
	result->open |= life == REF_UNSURE;
	if (life != REF_ALIVE)
		return false;
	rule = still_allows(m, &(*record)->key, (*record)->direction);
	*idle = rule == NULL;
	if (rule == NULL)
		return false;
	count(m, rule, false);
	op = add_op(m, REF_OP_MOVE);
	op->conn = *record;
	op->states = ref_conn_moves(*record, m->seen.flags, reply);
	result->alone |= op->states != (*record)->states;
	return true;
}

/* Is it about a packet of a connection that may go on? */
static bool
is_related(const struct meeting *m)
{
	struct ref_result *result = m->trip->result;
	const struct topo_rule *rule;
	struct ref_conn *conn;
	struct ref_seen quoted;
	enum ref_life life;
	bool reply;

	if (!ref_read_quoted(m->trip, &quoted))
		return false;
	if (just_opened(m, &quoted.key) != NULL) {
		result->open = true;
		return false;
	}
	conn = ref_conn_find(m->ref, m->at, &quoted.key, &reply);
	life = conn != NULL ? ref_conn_life(conn, m->ref->now) : REF_DEAD;
	if (life == REF_DEAD)
		return false;
	result->open |= life == REF_UNSURE || quoted.partial;
	rule = still_allows(m, &conn->key, conn->direction);
	if (rule == NULL)
		return false;
	count(m, rule, true);
	add_op(m, REF_OP_QUOTED)->conn = conn;
	return true;
}

/* ---- the decision ---- */

/* A later fragment whose first was not seen, or a first one without its header. */
static uint64_t
decide_partial(const struct meeting *m, const struct topo_rule *own)
{
	bool deep = own != NULL &&
		    (own->n_sport + own->n_dport + own->n_type > 0 || (own->flags_set | own->flags_clear) != 0);

	if (own == NULL)
		return REF_REASON(DENIED) | REF_REASON(NO_FIRST_FRAGMENT);
	if (!deep && own->action == TOPO_ALLOW && own->stateless) {
		count(m, own, false);
		return 0;
	}
	/* That a rule denies it whatever it carries may be said as well. */
	if (deep || own->action == TOPO_ALLOW)
		return REF_REASON(NO_FIRST_FRAGMENT);
	count(m, own, true);
	m->trip->result->open |= own->action == TOPO_REJECT && m->trip->frame.first;
	return (own->action == TOPO_DENY ? REF_REASON(DENIED) : REF_REASON(REJECTED)) | REF_REASON(NO_FIRST_FRAGMENT);
}

static uint64_t
open_connection(const struct meeting *m, const struct topo_rule *own, struct ref_conn *record)
{
	struct ref_result *result = m->trip->result;
	uint32_t least, most, quota = m->tenant->caps_connections ? m->tenant->quota_connections : 65536;
	struct ref_op *op;

	/* By a later fragment, which does not happen unless time has passed. */
	result->open |= m->trip->frame.fragment && !m->trip->frame.first;
	ref_connections(m->ref, m->at->tenant, &least, &most);
	if (record != NULL && ref_conn_life(record, m->ref->now) == REF_ALIVE)
		least--;
	for (uint32_t i = 0; i < result->n_ops; i++)
		if (result->ops[i].kind == REF_OP_OPEN) {
			least++;
			most++;
		}
	if (most >= quota) {
		/* What is over may still have its place; which of many copies has the last one is open too. */
		result->open |= least < quota || result->flooded > 0;
		count(m, own, true);
		return REF_REASON(CONNECTION_QUOTA);
	}
	count(m, own, false);
	op = add_op(m, REF_OP_OPEN);
	op->conn = record;
	op->states = ref_conn_begins(&m->seen.key);
	result->alone = true;
	return 0;
}

/* No connection helps: its own rule has the word. */
static uint64_t
decide_alone(const struct meeting *m, const struct topo_rule *own, struct ref_conn *record, bool idle)
{
	const struct ref_seen *seen = &m->seen;
	bool icmp = ref_is_icmp(&seen->key);

	if (own == NULL)
		return REF_REASON(DENIED);
	if (own->action != TOPO_ALLOW || (icmp && !seen->talks)) {
		count(m, own, false);
		return own->action == TOPO_ALLOW  ? 0
		       : own->action == TOPO_DENY ? REF_REASON(DENIED)
						  : REF_REASON(REJECTED);
	}
	if ((seen->key.proto == PROTO_TCP && !opens_tcp(seen->flags)) ||
	    (icmp && seen->type != REF_ECHO4 && seen->type != REF_ECHO6)) {
		count(m, own, true);
		return REF_REASON(NO_CONNECTION);
	}
	/* In the place of one that stands, but is not allowed any more? */
	m->trip->result->open |= idle;
	return open_connection(m, own, record);
}

static uint64_t
decide(const struct meeting *m)
{
	const struct ref_seen *seen = &m->seen;
	const struct topo_rule *own = first_match(m, seen);
	struct ref_conn *record = NULL;
	bool idle = false;

	if (seen->partial)
		return decide_partial(m, own);
	if (own != NULL && own->action == TOPO_ALLOW && own->stateless) {
		count(m, own, false);
		return 0;
	}
	if (ref_is_error(&seen->key, seen->type)) {
		m->trip->result->open |= m->trip->frame.fragment;
		if (!m->trip->frame.fragment && is_related(m))
			return 0;
	} else if (seen->talks && follows(m, &record, &idle)) {
		return 0;
	}
	return decide_alone(m, own, record, idle);
}

uint64_t
ref_meet(struct ref *ref, const struct ref_attachment *at, uint8_t direction, const struct ref_trip *trip)
{
	const struct topo_tenant *tenant = &ref->topo->tenants[at->tenant];
	struct meeting m = {
	    .ref = ref, .at = at, .tenant = tenant, .index = attached(ref->topo, at) - 1, .trip = trip};
	struct ref_op *op;
	uint64_t reasons;

	if (!ref_guarded(ref->topo, at) || trip->frame.kind == REF_ARP)
		return 0;
	if (trip->frame.kind == REF_OTHER)
		return REF_REASON(DENIED);
	m.firewall = &tenant->firewalls[m.index];
	look(&m, direction);
	if (ref_is_link(&m.seen)) {
		trip->result->open |= trip->frame.fragment;
		return 0;
	}
	reasons = decide(&m);
	if (trip->frame.first && !m.seen.partial) {
		op = add_op(&m, REF_OP_FRAGMENT);
		op->id = trip->frame.id;
		op->flags = m.seen.flags;
		op->type = m.seen.type;
		op->passed = reasons == 0;
		trip->result->alone = true;
	}
	return reasons;
}
