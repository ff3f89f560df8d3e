/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Firewalls on a walk. The first rule that matches a packet decides; one that allows with state opens a connection,
 * whose packets pass both ways as long as the rules, as they are then, would let it be opened again. So a changed
 * rule acts on connections that stand.
 *
 * A walk only finds connections and notes what to ask of them; that is done when the packet is known to go on, so
 * that one which is dropped further on leaves nothing behind.
 */
#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_tcp.h>

#include "walk.h"

/* ---- what rules and connections look at ---- */

static bool
is_icmp(bool v6, uint8_t proto)
{
	return proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static bool
is_v6(const struct walk *walk)
{
	return (walk->frame->kind & WEIR_FRAME_IPV6) != 0;
}

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* A TCP packet that may be a connection's first. */
static bool
is_syn(uint8_t flags)
{
	return (flags & (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG)) ==
	       RTE_TCP_SYN_FLAG;
}

static uint8_t
echo_request(bool v6)
{
	return v6 ? 128 : 8;
}

static uint8_t
echo_reply(bool v6)
{
	return v6 ? 129 : 0;
}

/* The protocol's part; sport and dport as in a key. */
static void
learn_ports(struct weir_facts *facts, bool v6, uint8_t proto, uint16_t sport, uint16_t dport)
{
	uint8_t type;

	facts->packet.proto = facts->key.proto = proto;
	facts->tracks = true;
	facts->opens = proto != IPPROTO_TCP || is_syn(facts->packet.tcp_flags);
	if (has_ports(proto)) {
		facts->packet.sport = rte_be_to_cpu_16(sport);
		facts->packet.dport = rte_be_to_cpu_16(dport);
		facts->key.sport = sport;
		facts->key.dport = dport;
	}
	if (!is_icmp(v6, proto))
		return;
	memcpy(&type, &sport, sizeof(type));
	facts->packet.type = type;
	facts->opens = type == echo_request(v6);
	facts->tracks = facts->opens || type == echo_reply(v6);
	facts->key.sport = facts->key.dport = dport;
}

/* A fragment's ports are its first one's. */
static void
learn_fragment(struct walk *walk, struct weir_facts *facts)
{
	struct weir_fragments *fragments = walk->walker->fragments;
	struct weir_fragment fragment;
	bool known;

	/* What is decided is not the flow's. */
	walk->verdict->cacheable = false;
	weir_parse_fragment(walk->data, walk->frame, walk->key, &fragment);
	/* One that overlaps the first one's header could change what was looked at. */
	known = fragment.first ? fragment.whole
			       : !fragment.overlaps && fragments != NULL &&
				     fragments_find(fragments, walk->in, &fragment, walk->walker->now);
	if (!known) {
		facts->packet.partial = true;
		return;
	}
	if (fragment.first && !walk->walker->peek)
		fragments_note(fragments, walk->in, &fragment, walk->walker->now);
	facts->packet.tcp_flags = fragment.tcp_flags;
	learn_ports(facts, is_v6(walk), fragment.l4_proto, fragment.sport, fragment.dport);
}

/* An error is its quoted packet's conversation's. */
static void
learn_error(struct walk *walk, struct weir_facts *facts)
{
	struct weir_quoted quoted;

	walk->verdict->cacheable = false;
	facts->error = true;
	if (!weir_parse_quoted(walk->data, walk->frame, walk->key, &quoted))
		return;
	facts->quotes = true;
	facts->key.src = quoted.src;
	facts->key.dst = quoted.dst;
	facts->key.proto = quoted.proto;
	facts->key.sport = facts->key.dport = 0;
	if (has_ports(quoted.proto)) {
		facts->key.sport = quoted.sport;
		facts->key.dport = quoted.dport;
	} else if (is_icmp(is_v6(walk), quoted.proto)) {
		facts->key.sport = facts->key.dport = quoted.dport;
	}
}

static const struct weir_facts *
learn_facts(struct walk *walk)
{
	struct weir_facts *facts = &walk->walker->facts;

	if (walk->knows)
		return facts;
	walk->knows = true;
	memset(facts, 0, sizeof(*facts));
	facts->packet.src = walk_ip(walk, walk->key->src);
	facts->packet.dst = walk_ip(walk, walk->key->dst);
	facts->packet.proto = walk->key->proto;
	facts->key.src = facts->packet.src;
	facts->key.dst = facts->packet.dst;
	facts->key.proto = walk->key->proto;
	if ((walk->key->flags & WEIR_KEY_FRAGMENT) != 0) {
		learn_fragment(walk, facts);
		return facts;
	}
	facts->packet.tcp_flags = (walk->frame->kind & WEIR_FRAME_TCP) != 0 ? walk->frame->tcp_flags : 0;
	learn_ports(facts, is_v6(walk), walk->key->proto, walk->key->sport, walk->key->dport);
	if (weir_is_icmp_error(walk->key, walk->frame, walk->data))
		learn_error(walk, facts);
	return facts;
}

/* ---- deciding ---- */

/* Who decides: a firewall where it is attached; and what it saw, for notes. */
struct gate {
	const struct weir_filter *filter;
	const struct weir_iface *iface;
	uint8_t direction;
	struct weir_note_fw saw;
};

static void
count_rule(struct walk *walk, const struct gate *gate, uint32_t rule)
{
	if (rule != WEIR_NONE)
		walk_pass(&walk->trail->passed, WEIR_PASSED_RULE, gate->filter->rules[rule]);
}

/* The rule by which the conversation of `key` would be opened now, as it was; WEIR_NONE: none would. */
static uint32_t
opening_rule(const struct gate *gate, const struct weir_conn_key *key, const struct weir_conn_found *found)
{
	bool reply = found->reply;
	bool v6 = !weir_ip_is_v4(&key->src);
	uint16_t sport = rte_be_to_cpu_16(key->sport), dport = rte_be_to_cpu_16(key->dport);
	struct weir_fw_packet packet = {
	    .src = reply ? key->dst : key->src,
	    .dst = reply ? key->src : key->dst,
	    .direction = found->mark ? WEIR_FW_OUT : WEIR_FW_IN,
	    .proto = key->proto,
	    .tcp_flags = key->proto == IPPROTO_TCP ? RTE_TCP_SYN_FLAG : 0,
	    .type = is_icmp(v6, key->proto) ? echo_request(v6) : 0,
	};
	struct weir_fw_effect effect;
	uint32_t rule;

	if (has_ports(key->proto)) {
		packet.sport = reply ? dport : sport;
		packet.dport = reply ? sport : dport;
	}
	rule = weir_fw_match(gate->filter->fw, &packet);
	effect = weir_fw_effect(gate->filter->fw, rule);
	return effect.action == WEIR_FW_ALLOW && effect.state ? rule : WEIR_NONE;
}

/* The rule that lets the packet pass as one of a connection's, which is then in *ask; WEIR_NONE: none does. */
static uint32_t
connection_rule(struct walk *walk, struct gate *gate, const struct weir_facts *facts, struct weir_conn_ask *ask)
{
	const struct weir_walker *walker = walk->walker;

	ask->key = facts->key;
	ask->key.zone = gate->iface->serial;
	ask->iface = NULL;
	if (!weir_conn_find(walker->conns, &ask->key, facts->packet.tcp_flags, walker->now, &ask->found))
		return WEIR_NONE;
	gate->saw.found = true;
	gate->saw.reply = ask->found.reply;
	gate->saw.state = (uint8_t)ask->found.state;
	gate->saw.error = facts->error;
	gate->saw.opener = opening_rule(gate, &ask->key, &ask->found);
	return gate->saw.opener;
}

/* May the tenant have one more, with those that this walk is to open? Asked again when they are. */
static bool
has_quota(const struct weir_walker *walker, const struct weir_tenant *tenant)
{
	uint32_t n = weir_conns_of_tenant(walker->conns, tenant->id);

	for (uint32_t i = 0; i < walker->n_asks; i++)
		n += walker->asks[i].iface != NULL;
	return n < tenant->quota_connections;
}

/* No connection helps: its own rule decides. */
static enum weir_reason
decide_alone(struct walk *walk, const struct gate *gate, const struct weir_facts *facts, uint32_t rule)
{
	struct weir_walker *walker = walk->walker;
	struct weir_fw_effect effect = weir_fw_effect(gate->filter->fw, rule);

	if (effect.action == WEIR_FW_ALLOW && !facts->error && effect.state && facts->tracks && !facts->opens)
		return WEIR_DROP_NO_CONNECTION;
	count_rule(walk, gate, rule);
	if (effect.action != WEIR_FW_ALLOW)
		return effect.action == WEIR_FW_REJECT ? WEIR_DROP_REJECTED : WEIR_DROP_DENIED;
	if (facts->error || !effect.state || !facts->tracks)
		return WEIR_OK;
	if (!has_quota(walker, gate->iface->tenant))
		return WEIR_DROP_CONNECTION_QUOTA;
	walk->verdict->tracked = true;
	walker->asks[walker->n_asks] =
	    (struct weir_conn_ask){.key = facts->key, .iface = gate->iface, .out = gate->direction == WEIR_FW_OUT};
	walker->asks[walker->n_asks++].key.zone = gate->iface->serial;
	return WEIR_OK;
}

static enum weir_reason
decide(struct walk *walk, struct gate *gate)
{
	const struct weir_facts *facts = learn_facts(walk);
	struct weir_fw_packet packet = facts->packet;
	struct weir_walker *walker = walk->walker;
	struct weir_fw_effect effect;
	uint32_t own, rule;

	packet.direction = gate->direction;
	own = gate->saw.rule = weir_fw_match(gate->filter->fw, &packet);
	gate->saw.how = WEIR_FW_BY_RULE;
	effect = weir_fw_effect(gate->filter->fw, own);
	if (effect.action == WEIR_FW_ALLOW && !effect.state && !(packet.partial && effect.deep)) {
		count_rule(walk, gate, own);
		return WEIR_OK;
	}
	if (packet.partial) {
		gate->saw.how = WEIR_FW_BY_FRAGMENT;
		return WEIR_DROP_NO_FIRST_FRAGMENT;
	}
	if (facts->error ? facts->quotes : facts->tracks) {
		rule = connection_rule(walk, gate, facts, &walker->asks[walker->n_asks]);
		if (rule != WEIR_NONE) {
			gate->saw.how = WEIR_FW_BY_CONNECTION;
			count_rule(walk, gate, rule);
			walk->verdict->tracked = true;
			walker->n_asks += facts->error ? 0 : 1;
			return WEIR_OK;
		}
	}
	return decide_alone(walk, gate, facts, own);
}

/* What hosts need of each other to speak IP at all: ARP, and of ICMPv6 MLD and neighbour discovery. */
static bool
is_basic(const struct walk *walk)
{
	uint8_t type;

	if ((walk->frame->kind & (WEIR_FRAME_ARP | WEIR_FRAME_ND)) != 0)
		return true;
	if (!is_v6(walk) || walk->key->proto != IPPROTO_ICMPV6 || walk->frame->l4 == 0)
		return false;
	memcpy(&type, &walk->key->sport, sizeof(type));
	return (type >= 130 && type <= 137) || type == 143;
}

static enum weir_reason
judge(struct walk *walk, struct gate *gate)
{
	if (is_basic(walk)) {
		gate->saw.how = WEIR_FW_BY_NEED;
		return WEIR_OK;
	}
	if ((walk->frame->kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0) {
		gate->saw.how = WEIR_FW_BY_KIND;
		return WEIR_DROP_DENIED;
	}
	if (gate->filter->by_flags && walk->key->proto == IPPROTO_TCP)
		walk->verdict->tracked = walk->verdict->watched = true;
	/* IPv4 in IPv6's clothes would go by IPv4's rules. */
	if (is_v6(walk) && (weir_ip_is_v4((const struct weir_ip *)walk->key->src) ||
			       weir_ip_is_v4((const struct weir_ip *)walk->key->dst))) {
		gate->saw.how = WEIR_FW_BY_KIND;
		return WEIR_DROP_DENIED;
	}
	return decide(walk, gate);
}

enum weir_reason
walk_filter(struct walk *walk, const struct weir_iface *iface, uint8_t direction)
{
	uint32_t id = iface->filter - 1;
	struct gate gate = {
	    .iface = iface,
	    .direction = direction,
	    .saw = {.filter = id, .direction = direction, .rule = WEIR_NONE, .opener = WEIR_NONE},
	};
	enum weir_reason reason;

	walk_step(walk, WEIR_STEP_FILTER, id, walk_gen(walk->vnet->filter_gen, id));
	gate.filter = __atomic_load_n(&walk->vnet->filters[id], __ATOMIC_ACQUIRE);
	if (gate.filter == NULL)
		return WEIR_DROP_RECONFIGURED;
	reason = judge(walk, &gate);
	walk_note(walk, .kind = WEIR_NOTE_FIREWALL, .iface = iface, .fw = &gate.saw, .reason = reason);
	return reason;
}

/* ---- connections ---- */

/* Is there room for one more of the tenant's? As weir_conn_open() finds it, but for what comes between. */
static bool
has_room(const struct weir_conns *conns, const struct weir_tenant *tenant)
{
	uint32_t has = weir_conns_of_tenant(conns, tenant->id), capacity = weir_conns_capacity(conns);
	uint32_t reserve = has < WEIR_CONN_FLOOR ? 0 : WEIR_CONN_RESERVE(capacity);

	return weir_conns_used(conns) < capacity - reserve;
}

/* What walk_connect() would come to. */
static enum weir_reason
peek_connect(struct walk *walk)
{
	const struct weir_walker *walker = walk->walker;
	enum weir_reason reason = WEIR_OK;

	for (uint32_t i = 0; i < walker->n_asks && reason == WEIR_OK; i++) {
		const struct weir_iface *iface = walker->asks[i].iface;

		if (iface == NULL)
			continue;
		reason = has_room(walker->conns, iface->tenant) ? WEIR_OK : WEIR_DROP_CONNECTIONS_FULL;
		walk_note(walk, .kind = WEIR_NOTE_CONNECT, .iface = iface, .reason = reason);
	}
	return reason;
}

enum weir_reason
walk_connect(struct walk *walk)
{
	struct weir_walker *walker = walk->walker;
	uint8_t flags = walker->facts.packet.tcp_flags;

	if (walker->peek)
		return peek_connect(walk);
	for (uint32_t i = 0; i < walker->n_asks; i++) {
		const struct weir_conn_ask *ask = &walker->asks[i];
		enum weir_conn_result result = WEIR_CONN_OK;
		enum weir_conn_state state;

		if (ask->iface != NULL)
			result = weir_conn_open(walker->conns, &ask->key, flags, ask->out, ask->iface->id,
			    ask->iface->tenant->id, ask->iface->tenant->quota_connections, walker->now, &state);
		else if (!weir_conn_follow(walker->conns, &ask->found, flags, walker->now, &state))
			return WEIR_DROP_NO_CONNECTION;
		if (result != WEIR_CONN_OK)
			return result == WEIR_CONN_OVER_QUOTA ? WEIR_DROP_CONNECTION_QUOTA
							      : WEIR_DROP_CONNECTIONS_FULL;
		walk->verdict->watched |= !weir_conn_steady(state);
	}
	return WEIR_OK;
}

/* ---- copies ---- */

enum weir_reason
weir_resolve_copy(struct weir_walker *walker, const struct weir_iface *in, const struct weir_iface *out,
    const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data, struct weir_passed_list *passed)
{
	struct weir_verdict verdict;
	struct weir_trail trail;
	struct walk walk = {.vnet = walker->vnet,
	    .walker = walker,
	    .in = in,
	    .key = key,
	    .frame = frame,
	    .data = data,
	    .verdict = &verdict,
	    .trail = &trail};
	enum weir_reason reason;

	walker->n_asks = 0;
	trail.n = trail.passed.n = 0;
	verdict.watched = false;
	reason = walk_filter(&walk, out, WEIR_FW_OUT);
	if (reason == WEIR_OK && walker->n_asks > 0)
		reason = walk_connect(&walk);
	passed->n = trail.passed.n;
	memcpy(passed->what, trail.passed.what, passed->n * sizeof(passed->what[0]));
	return reason;
}
