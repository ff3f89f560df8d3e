/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers say: answers to ARP, neighbour discovery and pings, ICMP errors, questions for neighbours. Made by the
 * worker that has the packet, and sent like any other of the tenant's.
 */
#include <netinet/in.h>
#include <string.h>

#include "loss_priv.h"

#define ARP_REQUEST 1
#define ARP_REPLY 2
#define QUOTED_MAX (18 + 1280) /* of a frame, in an error about it */

/* ---- passing ---- */

bool
router_may_pass(const struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, frame->l3);

	return ip[(frame->kind & WEIR_FRAME_IPV6) != 0 ? 7 : 8] > verdict->hops;
}

void
router_pass(struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict, uint8_t made)
{
	weir_route_rewrite(rte_pktmbuf_mtod(m, uint8_t *), frame->l3, (frame->kind & WEIR_FRAME_IPV6) != 0,
	    &verdict->smac, &verdict->dmac, (uint8_t)(verdict->hops - made));
}

/* ---- sending ---- */

/* A frame that is to leave, as its verdict says; or by `out`. */
static enum weir_reason
resolve_made(struct weir_pipe *pipe, const struct weir_iface *from, const struct weir_iface *out,
    const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data, struct weir_verdict *verdict)
{
	if (out == NULL)
		return weir_resolve_made(&pipe->walker, from, key, frame, data, verdict, &pipe->made_trail);
	*verdict = (struct weir_verdict){.action = WEIR_FORWARD, .out = out};
	return WEIR_OK;
}

static void
send_by(struct weir_pipe *pipe, struct leaving *leaving)
{
	enum weir_reason reason = may_leave(pipe, leaving, pipe->now);

	count_offered(pipe, leaving, reason);
	if (reason == WEIR_OK) {
		rewrite(pipe, leaving, pipe->now);
		return;
	}
	tell_lost(pipe, NULL, leaving->out, leaving->m, leaving->bytes, reason);
	rte_pktmbuf_free(leaving->m);
}

void
send_made(struct weir_pipe *pipe, const struct weir_iface *from, const struct weir_iface *out, struct rte_mbuf *m,
    bool exempt)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct leaving leaving = {.m = m,
	    .in = from,
	    .tenant = from->tenant->id,
	    .bytes = rte_pktmbuf_pkt_len(m),
	    .made = true,
	    .exempt = exempt};
	enum weir_reason reason;
	struct weir_verdict verdict;
	struct weir_frame frame;
	struct weir_key key;

	if (weir_parse_frame(data, rte_pktmbuf_data_len(m), leaving.bytes, &key, &frame) != WEIR_OK) {
		rte_pktmbuf_free(m);
		return;
	}
	key.ingress = from->id;
	pipe->walker.exempt = exempt;
	reason = resolve_made(pipe, from, out, &key, &frame, data, &verdict);
	pipe->walker.exempt = false;
	if (reason != WEIR_OK && verdict.refused_out) {
		leave_by(&leaving, verdict.out);
		weir_count_passing(pipe->counters, &verdict.trail->passed, 1, leaving.bytes);
		count_offered(pipe, &leaving, reason);
		tell_lost(pipe, NULL, verdict.out, m, leaving.bytes, reason);
	}
	if (reason != WEIR_OK || verdict.action == WEIR_ANSWER ||
	    (verdict.action == WEIR_FLOOD && !may_flood(pipe, from->tenant, verdict.sw, pipe->now))) {
		rte_pktmbuf_free(m);
		return;
	}
	if (verdict.action == WEIR_WAIT) {
		hold(pipe, m, leaving.bytes, &verdict, true, exempt);
		return;
	}
	rewrite_routed(m, &frame, &verdict, 1);
	leaving.from = verdict.from;
	leaving.tos = frame.tos;
	leaving.entropy = entropy(pipe, weir_flows_hash(pipe->flows, &key));
	if (verdict.trail != NULL)
		weir_count_passing(pipe->counters, &verdict.trail->passed, 1, leaving.bytes);
	if (verdict.action == WEIR_FLOOD) {
		flood(pipe, verdict.sw, &leaving, pipe->now);
		return;
	}
	leave_by(&leaving, verdict.out);
	send_by(pipe, &leaving);
}

/* A frame of `len` bytes that was made in an mbuf's first segment, as send_made(). */
static void
send_written(struct weir_pipe *pipe, const struct weir_iface *from, const struct weir_iface *out, struct rte_mbuf *m,
    uint32_t len, bool exempt)
{
	if (len == 0) {
		rte_pktmbuf_free(m);
		return;
	}
	(void)rte_pktmbuf_append(m, (uint16_t)len);
	send_made(pipe, from, out, m, exempt);
}

/* ---- ARP and ND ---- */

static const struct weir_ip *
address_of(const struct weir_iface *iface, bool v4)
{
	for (uint32_t i = 0; i < iface->n_prefixes; i++)
		if (weir_ip_is_v4(&iface->prefixes[i].ip) == v4)
			return &iface->prefixes[i].ip;
	return NULL;
}

/* The interface's address to say it from: of the same network; NULL: it has no such network any more. */
static const struct weir_ip *
source_for(const struct weir_iface *iface, const struct weir_host_question *question)
{
	for (uint32_t i = 0; i < iface->n_prefixes; i++)
		if (question->announce ? weir_ip_equal(&iface->prefixes[i].ip, &question->ip)
				       : weir_prefix_contains(&iface->prefixes[i], &question->ip))
			return &iface->prefixes[i].ip;
	return question->announce || weir_ip_is_v4(&question->ip) ? NULL : &iface->link_local;
}

static uint32_t
make_question(const struct weir_iface *iface, const struct weir_host_question *question, uint8_t *out, uint32_t room)
{
	static const struct weir_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, unknown;
	bool alone = !weir_mac_equal(&question->mac, &unknown), v4 = weir_ip_is_v4(&question->ip);
	const struct weir_ip *source = source_for(iface, question);

	if (source == NULL)
		return 0;
	if (v4)
		return weir_make_arp(out, room, ARP_REQUEST, alone ? &question->mac : &everybody, &iface->mac, source,
		    &unknown, &question->ip);
	if (question->announce)
		return weir_make_na(
		    out, room, &iface->mac, &question->ip, NULL, NULL, WEIR_NA_ROUTER | WEIR_NA_OVERRIDE);
	return weir_make_ns(out, room, &iface->mac, source, &question->ip, alone ? &question->mac : NULL);
}

void
routers_ask(struct weir_pipe *pipe)
{
	struct weir_host_question question;

	/* A few a round: each may be flooded. */
	for (uint32_t k = 0;
	     k < WEIR_ASK_BURST && rte_ring_sc_dequeue_elem(pipe->ask, &question, sizeof(question)) == 0; k++) {
		const struct weir_iface *iface = weir_vnet_iface(pipe->vnet, question.iface);
		struct rte_mbuf *m;

		if (iface == NULL || iface->serial != question.serial)
			continue;
		m = rte_pktmbuf_alloc(pipe->pool);
		if (m == NULL)
			return;
		send_written(pipe, iface, NULL, m,
		    make_question(iface, &question, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_tailroom(m)), false);
	}
}

void
router_hear(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_iface *at = burst->verdict[i]->at, *in = burst->in[i];
	struct weir_learn message = {
	    .kind = WEIR_LEARN_HEARD,
	    .iface = at != NULL ? at->id : WEIR_NONE,
	    .serial = at != NULL ? at->serial : 0,
	    .sw = in->sw,
	};
	struct weir_speech speech;

	(void)weir_speech_read(rte_pktmbuf_mtod(burst->m[i], const uint8_t *), &burst->frame[i], &speech);
	message.ip = speech.sender;
	message.mac = speech.mac;
	tell(pipe, in->tenant, &message, burst->now);
}

/* The answer to ARP or ND goes back where it came from. */
static void
answer_speech(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i)
{
	const struct weir_verdict *verdict = burst->verdict[i];
	const struct weir_iface *at = verdict->at;
	struct rte_mbuf *m = rte_pktmbuf_alloc(pipe->pool);
	const struct weir_mac *asker = &burst->key[i].smac;
	struct weir_speech speech;
	uint32_t len, room;
	uint8_t *out;

	if (m == NULL)
		return;
	out = rte_pktmbuf_mtod(m, uint8_t *);
	room = rte_pktmbuf_tailroom(m);
	(void)weir_speech_read(rte_pktmbuf_mtod(burst->m[i], const uint8_t *), &burst->frame[i], &speech);
	if (verdict->answer == WEIR_ANSWER_ARP)
		len = weir_make_arp(
		    out, room, ARP_REPLY, &speech.mac, &at->mac, &speech.target, &speech.mac, &speech.sender);
	else if (speech.says_mac)
		len = weir_make_na(out, room, &at->mac, &speech.target, asker, &speech.sender,
		    WEIR_NA_ROUTER | WEIR_NA_SOLICITED | WEIR_NA_OVERRIDE);
	else
		len =
		    weir_make_na(out, room, &at->mac, &speech.target, NULL, NULL, WEIR_NA_ROUTER | WEIR_NA_OVERRIDE);
	send_written(pipe, at, burst->in[i], m, len, false);
}

/* ---- packets for a router ---- */

/* The request becomes its own answer. */
static void
answer_echo(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	const struct weir_iface *at = burst->verdict[i]->at;
	struct weir_frame *frame = &burst->frame[i];
	struct rte_mbuf *m = burst->m[i];
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);

	data = (uint8_t *)rte_pktmbuf_adj(m, (uint16_t)weir_strip_extensions(data, frame));
	(void)weir_turn_echo(data, frame, &at->mac, &burst->key[i].smac);
	/* What stood behind the packet was the asker's padding. */
	(void)rte_pktmbuf_trim(m, (uint16_t)(rte_pktmbuf_pkt_len(m) - weir_ip_end(data, frame)));
	send_made(pipe, at, NULL, m, false);
}

void
router_take(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i)
{
	const struct weir_verdict *verdict = burst->verdict[i];

	if (verdict->action == WEIR_WAIT) {
		hold(pipe, burst->m[i], burst->frame[i].len, verdict, false, false);
		return;
	}
	if (verdict->trail != NULL)
		weir_count_passing(pipe->counters, &verdict->trail->passed, 1, burst->frame[i].len);
	if (verdict->answer == WEIR_ANSWER_ECHO && !weir_is_echo_packet(burst->m[i], &burst->frame[i])) {
		drop(pipe, burst, i, WEIR_DROP_TO_ROUTER);
		return;
	}
	weir_count(pipe->counters, burst->in[i]->id)->consumed++;
	if (verdict->answer == WEIR_ANSWER_ECHO) {
		answer_echo(pipe, burst, i);
		return;
	}
	if (verdict->answer != WEIR_ANSWER_NONE)
		answer_speech(pipe, burst, i);
	rte_pktmbuf_free(burst->m[i]);
}

/* ---- errors ---- */

/* A tenant's routers send so many in a time, over all workers. */
static bool
may_tell(const struct weir_pipe *pipe, uint32_t tenant, uint64_t now)
{
	uint64_t *until = &pipe->vnet->errors_until[tenant], was = __atomic_load_n(until, __ATOMIC_RELAXED), begin;

	do {
		begin = was > now ? was : now;
		if (begin + WEIR_ERRORS_NS > now + WEIR_ERRORS_BURST * WEIR_ERRORS_NS)
			return false;
	} while (!__atomic_compare_exchange_n(
	    until, &was, begin + WEIR_ERRORS_NS, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* What a router says of a packet that is dropped for this reason; false: nothing. */
static bool
error_of(enum weir_reason reason, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data,
    enum weir_icmp_error *error)
{
	switch (reason) {
	case WEIR_DROP_TTL_EXCEEDED:
		*error = WEIR_ICMP_TIME_EXCEEDED;
		return true;
	case WEIR_DROP_UNROUTED:
		*error = WEIR_ICMP_NET_UNREACHABLE;
		return true;
	case WEIR_DROP_NEIGH_UNRESOLVED:
		*error = WEIR_ICMP_HOST_UNREACHABLE;
		return true;
	case WEIR_DROP_REJECTED:
		*error = WEIR_ICMP_PROHIBITED;
		return true;
	case WEIR_DROP_TO_ROUTER:
		*error = WEIR_ICMP_PORT_UNREACHABLE;
		return key->proto == IPPROTO_UDP && frame->l4 != 0;
	case WEIR_DROP_MTU:
		*error = WEIR_ICMP_TOO_BIG;
		return (frame->kind & WEIR_FRAME_IPV6) != 0 || (data[frame->l3 + 6] & 0x40) != 0;
	default:
		return false;
	}
}

/* What an error quotes of packet i: its bytes, contiguous, in `room` if they are not. Sets *frame to what is there.
 */
static uint8_t *
quotable(const struct weir_burst *burst, uint32_t i, struct weir_frame *frame, uint8_t room[QUOTED_MAX])
{
	const struct rte_mbuf *m = burst->m[i];
	const uint8_t *data;

	*frame = burst->frame[i];
	if (m->nb_segs == 1)
		return rte_pktmbuf_mtod(m, uint8_t *);
	frame->avail = RTE_MIN(frame->len, (uint32_t)QUOTED_MAX);
	data = rte_pktmbuf_read(m, 0, frame->avail, room);
	if (data != room)
		memcpy(room, data, frame->avail);
	return room;
}

/* A reset, or that it is prohibited, in answer to packet i, as if its destination said so; `out`: sent straight
 * there. */
static void
reject_by(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, const struct weir_iface *from,
    const struct weir_iface *out)
{
	const struct weir_key *key = &burst->key[i];
	struct weir_ip source = {.b = {[10] = 0xff, [11] = 0xff}};
	uint8_t whole[QUOTED_MAX], *data, *made;
	struct rte_mbuf *m = rte_pktmbuf_alloc(pipe->pool);
	struct weir_frame frame;
	uint32_t len, room;

	if (m == NULL)
		return;
	data = quotable(burst, i, &frame, whole);
	made = rte_pktmbuf_mtod(m, uint8_t *);
	room = rte_pktmbuf_tailroom(m);
	if ((frame.kind & WEIR_FRAME_TCP) != 0) {
		len = weir_make_rst(made, room, &key->dmac, &key->smac, data, &frame);
	} else {
		if ((frame.kind & WEIR_FRAME_IPV6) != 0)
			memcpy(source.b, key->dst, sizeof(key->dst));
		else
			memcpy(&source.b[12], key->dst, 4);
		len = weir_make_icmp_error(
		    made, room, WEIR_ICMP_PROHIBITED, 0, &key->dmac, &key->smac, &source, data, &frame);
	}
	send_written(pipe, from, out, m, len, true);
}

/*
 * A firewall says that it does not let packet i through: one at a router's interface by that router, one at a vport
 * straight to where the packet came in.
 */
static void
reject(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, const struct weir_verdict *verdict)
{
	const struct weir_iface *in = burst->in[i], *router = verdict->refused_out ? NULL : verdict->at;

	if (router != NULL && (burst->frame[i].kind & WEIR_FRAME_TCP) == 0)
		router_tell(pipe, burst, i, verdict, WEIR_DROP_REJECTED, 0);
	else if (!weir_mac_is_group(&burst->key[i].dmac) && may_tell(pipe, in->tenant->id, burst->now))
		reject_by(pipe, burst, i, router != NULL ? router : in, router != NULL ? NULL : in);
}

/* It was not let out by the vport that it had come to: it counts as what limits do not let out. */
static void
refuse_out(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_iface *out, uint32_t bytes,
    enum weir_reason reason)
{
	weir_count(pipe->counters, in->id)->accepted++;
	weir_count(pipe->counters, out->id)->offered++;
	weir_count_drop(pipe->counters, out->id, WEIR_DROP_TX, reason, bytes);
}

void
lose_walked(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, enum weir_reason reason)
{
	const struct weir_verdict *verdict = burst->verdict[i];

	if (verdict == NULL) {
		drop(pipe, burst, i, reason);
		return;
	}
	/* Before errors about it, for which it is put back to how it came to the router that makes them. */
	tell_lost(
	    pipe, burst->in[i], verdict->refused_out ? verdict->out : NULL, burst->m[i], burst->frame[i].len, reason);
	if (verdict->trail != NULL)
		weir_count_passing(pipe->counters, &verdict->trail->passed, 1, burst->frame[i].len);
	if (reason == WEIR_DROP_REJECTED)
		reject(pipe, burst, i, verdict);
	else if (verdict->at != NULL)
		router_tell(pipe, burst, i, verdict, reason, 0);
	if (!verdict->refused_out) {
		drop(pipe, burst, i, reason);
		return;
	}
	refuse_out(pipe, burst->in[i], verdict->out, burst->frame[i].len, reason);
	rte_pktmbuf_free(burst->m[i]);
}

void
router_tell(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, const struct weir_verdict *verdict,
    enum weir_reason reason, uint32_t mtu)
{
	uint8_t whole[QUOTED_MAX], *data = rte_pktmbuf_mtod(burst->m[i], uint8_t *);
	struct weir_frame frame = burst->frame[i];
	const struct weir_iface *at = verdict->at;
	const struct weir_ip *source = address_of(at, (frame.kind & WEIR_FRAME_IPV4) != 0);
	enum weir_icmp_error error;
	struct rte_mbuf *m;

	if (source == NULL || !error_of(reason, &burst->key[i], &frame, data, &error) ||
	    !may_tell(pipe, verdict->tenant, burst->now))
		return;
	m = rte_pktmbuf_alloc(pipe->pool);
	if (m == NULL)
		return;
	data = quotable(burst, i, &frame, whole);
	/* As it was when it came to this router. */
	weir_route_rewrite(data, frame.l3, (frame.kind & WEIR_FRAME_IPV6) != 0, &burst->key[i].smac,
	    &burst->key[i].dmac, verdict->hops);
	send_written(pipe, at, NULL, m,
	    weir_make_icmp_error(rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_tailroom(m), error, mtu, &at->mac,
		&burst->key[i].smac, source, data, &frame),
	    true);
}
