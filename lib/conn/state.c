/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_tcp.h>

#include "conn_priv.h"

static const struct {
	const char *name;
	uint64_t timeout;
} states[WEIR_CONN_STATES] = {
    [WEIR_CONN_SYN_SENT] = {"syn_sent", 30 * WEIR_NS_PER_S},
    [WEIR_CONN_SYN_RECEIVED] = {"syn_received", 30 * WEIR_NS_PER_S},
    /* RFC 5382, REQ-5: not less than 2 hours and 4 minutes. */
    [WEIR_CONN_ESTABLISHED] = {"established", 7440 * WEIR_NS_PER_S},
    [WEIR_CONN_CLOSING] = {"closing", 120 * WEIR_NS_PER_S},
    [WEIR_CONN_TIME_WAIT] = {"time_wait", 30 * WEIR_NS_PER_S},
    [WEIR_CONN_CLOSED] = {"closed", 10 * WEIR_NS_PER_S},
    [WEIR_CONN_NEW] = {"new", 30 * WEIR_NS_PER_S},
    /* RFC 4787, REQ-5: not less than two minutes. */
    [WEIR_CONN_REPLIED] = {"replied", 120 * WEIR_NS_PER_S},
    [WEIR_CONN_ECHO] = {"echo", 30 * WEIR_NS_PER_S},
};

const char *
weir_conn_state_name(enum weir_conn_state state)
{
	return states[state].name;
}

uint64_t
weir_conn_timeout(enum weir_conn_state state)
{
	return states[state].timeout;
}

enum weir_conn_state
conn_first_state(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return WEIR_CONN_SYN_SENT;
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? WEIR_CONN_ECHO : WEIR_CONN_NEW;
}

/* A FIN of either end. */
static enum weir_conn_state
close_one(struct word *word, bool reply)
{
	word->fins |= (reply ? 2u : 1u);
	return word->fins == 3 ? WEIR_CONN_TIME_WAIT : WEIR_CONN_CLOSING;
}

enum weir_conn_state
conn_next_state(struct word *word, bool reply, uint8_t flags)
{
	enum weir_conn_state state = (enum weir_conn_state)word->state;

	if (state == WEIR_CONN_NEW && reply)
		return WEIR_CONN_REPLIED;
	if (state >= WEIR_CONN_NEW || state == WEIR_CONN_CLOSED)
		return state;
	if ((flags & RTE_TCP_RST_FLAG) != 0)
		return WEIR_CONN_CLOSED;
	switch (state) {
	case WEIR_CONN_SYN_SENT:
		/* SYN with ACK answers it; without, both ends open at once (RFC 9293, figure 7). */
		return reply && (flags & RTE_TCP_SYN_FLAG) != 0 ? WEIR_CONN_SYN_RECEIVED : state;
	case WEIR_CONN_SYN_RECEIVED:
		if (reply || (flags & RTE_TCP_ACK_FLAG) == 0)
			return state;
		/* The third packet of the handshake; it may be a FIN already. */
		return (flags & RTE_TCP_FIN_FLAG) != 0 ? close_one(word, reply) : WEIR_CONN_ESTABLISHED;
	case WEIR_CONN_ESTABLISHED:
	case WEIR_CONN_CLOSING:
		return (flags & RTE_TCP_FIN_FLAG) != 0 ? close_one(word, reply) : state;
	default:
		return state;
	}
}
