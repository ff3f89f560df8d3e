/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of a packet: parse -> lookup (admit; classify and resolve, if it is not known) -> police -> forward ->
 * rewrite -> tx, burst by burst, run to completion. One file a stage; pipeline.c lists them in order.
 *
 * Everything here runs on one worker and belongs to it: no lock, no memory from the heap, no system call, no log, no
 * clock.
 */
#ifndef WEIR_PIPELINE_H
#define WEIR_PIPELINE_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "weir_base.h"
#include "weir_counters.h"
#include "weir_flow.h"
#include "weir_hash.h"
#include "weir_loss.h"
#include "weir_packet.h"
#include "weir_port.h"
#include "weir_verdict.h"

#define WEIR_BURST 32

/* A burst as a struct of arrays. `live` names the packets that are still under way; a stage keeps those that go on.
 */
struct weir_burst {
	uint64_t now;
	int64_t fresh;		      /* what was reported to maintenance since then is not again yet */
	const struct weir_port *port; /* they came in by */
	uint32_t n;		      /* packets of it */
	uint32_t n_live;
	uint32_t n_new;	      /* of them not of a known path */
	bool forgot;	      /* a flow of the cache, by one of them: what the lookup found may be gone */
	uint32_t peer_tunnel; /* an IPv6 VTEP was looked up for this burst: what `ingress` has beside the VNI; or 0 */
	uint32_t peer;
	struct weir_ip peer_source;
	uint32_t live[WEIR_BURST];
	uint32_t n_unguessed; /* of them not in the first place where the flow cache was asked */
	uint32_t unguessed[WEIR_BURST];
	struct rte_mbuf *m[WEIR_BURST];
	struct weir_key key[WEIR_BURST] WEIR_CACHE_ALIGNED; /* written and read as one vector */
	struct weir_frame frame[WEIR_BURST];
	uint32_t received[WEIR_BURST];		 /* bytes, tunnel headers included */
	struct weir_ip source[WEIR_BURST];	 /* of IPv6 tunnel packets */
	const struct weir_iface *in[WEIR_BURST]; /* from lookup on */
	uint64_t hash[WEIR_BURST];
	struct weir_flow *flow[WEIR_BURST];
	struct weir_path *path[WEIR_BURST]; /* of a known flow: what becomes of it is counted there; else NULL */
	const struct weir_verdict *verdict[WEIR_BURST]; /* where path is NULL */
	struct weir_verdict scratch[WEIR_BURST];	/* verdicts that are not cached, and their trails */
	struct weir_trail trail[WEIR_BURST];
};

/* In an mbuf's private area, for packets that wait, or change hands: to a transmit queue's owner, or to maintenance.
 */
struct weir_mbuf_meta {
	struct rte_mbuf *next; /* in a queue */
	uint32_t iface;	       /* it counts on */
	uint32_t bytes;	       /* of the tenant's frame */
	union {
		uint32_t underlay;   /* punted: id */
		uint32_t next_bytes; /* in a queue: `bytes` of the next ... */
	};
	uint32_t next_wire; /* ... and what it takes on the wire, so that its own lines can come in meanwhile */
};

static inline struct weir_mbuf_meta *
weir_mbuf_meta(struct rte_mbuf *m)
{
	return (struct weir_mbuf_meta *)rte_mbuf_to_priv(m);
}

/* What a worker tells maintenance. */
enum weir_learn_kind {
	WEIR_LEARN_MAC,	  /* `iface` sent this source MAC */
	WEIR_LEARN_WANT,  /* a packet has to go to `ip` by the router's interface `iface` */
	WEIR_LEARN_HEARD, /* `ip` says that it is at `mac`, to the routers on `sw`; and to the one at `iface` itself
			   */
};

struct weir_learn {
	uint32_t iface, serial; /* HEARD: WEIR_NONE: to none of them */
	uint32_t sw;		/* it was on then */
	struct weir_mac mac;
	uint16_t kind;
	struct weir_ip ip;
};
_Static_assert(sizeof(struct weir_learn) == 36, "an element of the learn ring: a multiple of 4");

#define WEIR_LOSS_RING 256
#define WEIR_LOSS_SHARE 16 /* losses that a worker tells within a tick of about 1 ms; of one tenant one */
#define WEIR_LEARN_RING 4096
#define WEIR_PUNT_RING 512
#define WEIR_PUNT_ECHO (WEIR_PUNT_RING / 4) /* of them pings: a flood of those must not keep ARP and ND out */
#define WEIR_FLOWS_FLOOR 64		    /* a tenant has so many slots of a worker's while there are any ... */
#define WEIR_FLOWS_RESERVE(n) ((n) / 8)	    /* ... of n slots so many are only for tenants below that */
#define WEIR_LEARN_SHARE 64  /* messages of one tenant a worker passes on within a tick of about 1 ms */
#define WEIR_COPIES_BURST 64 /* copies of one tenant a worker makes in one go ... */
#define WEIR_COPIES_NS 500   /* ... and one more each so many ns: a flood to a wider switch goes on at that pace */
#define WEIR_FLOODS_MAX 64   /* floods of a worker that go on */
#define WEIR_WAIT_MAX 512    /* packets of a worker that wait for a neighbour ... */
#define WEIR_WAIT_SHARE 32   /* ... of them one tenant's */
#define WEIR_WAIT_NS (3 * WEIR_NS_PER_S)
#define WEIR_ASK_RING 1024
#define WEIR_ASK_BURST 4	      /* questions of routers that a worker sends in a round */
#define WEIR_ERRORS_NS WEIR_NS_PER_MS /* a tenant's routers may send an ICMP error each so often ... */
#define WEIR_ERRORS_BURST 50	      /* ... and so many at once */

/* ---- cycles by stage, of the rounds that are sampled ---- */

enum weir_stage {
	WEIR_STAGE_RX,
	WEIR_STAGE_PARSE,  /* with the hash, and the flow asked for */
	WEIR_STAGE_LOOKUP, /* with what new flows cost */
	WEIR_STAGE_POLICE,
	WEIR_STAGE_FORWARD, /* with the rewrite */
	WEIR_STAGE_TX,
	WEIR_STAGES,
};

struct weir_stage_cycles {
	uint64_t packets;
	uint64_t cycles[WEIR_STAGES];
};

/* What a pipe has done so far, for those who reckon what it costs. Its worker: w */
struct weir_work {
	uint64_t bursts;
	uint64_t received; /* packets */
	uint64_t shed;	   /* of them dropped by admit, before anything expensive */
	uint64_t known;	   /* of them of a known flow to one interface */
	uint64_t others;   /* of them not of a known flow to one interface */
	uint64_t walks;
	uint64_t copies; /* of flooded frames */
	uint64_t queued; /* packets that waited for their turn */
	uint64_t sent;
};

struct weir_pipe;

struct weir_pipe_params {
	uint32_t worker;
	const struct weir_vnet *vnet;
	struct weir_counters *counters;
	struct weir_conns *conns; /* of firewalls, all workers' */
	struct rte_mempool *pool; /* for copies */
	uint32_t flows;		  /* slots */
	uint32_t queued;	  /* buffers of packets that may wait for their turn */
	/*
	 * The meter of bursts that are measured: a clock in cycles, of one rate, which goes on while the worker
	 * idles. NULL: none is measured, and nobody is ever over its share.
	 */
	uint64_t (*cycles)(void *arg);
	void *cycles_arg;
	int socket;
};

struct weir_pipe *weir_pipe_create(const struct weir_pipe_params *params); /* NULL: no memory */
void weir_pipe_free(struct weir_pipe *pipe); /* NULL is fine; frees the packets it holds */

/* A burst of n packets received on `port`, from mbufs to transmit buffers. The mbufs are the pipe's from here on. */
void weir_pipe_run(
    struct weir_pipe *pipe, const struct weir_port *port, struct rte_mbuf *m[], uint32_t n, uint64_t now);

/* Adds what the stages of the next bursts take to *sample, until it is given NULL. */
void weir_pipe_sample(struct weir_pipe *pipe, struct weir_stage_cycles *sample);

/* A round begins, at time `now`: the first call in it. */
void weir_pipe_begin(struct weir_pipe *pipe, uint64_t now);

/*
 * What has waited long enough goes on. Packets that wait for a neighbour are sent if their remote is resolved,
 * dropped if they waited in vain. Once a round, after weir_counters_poll().
 */
void weir_pipe_wake(struct weir_pipe *pipe);

/* ---- cycles by tenant ---- */

/* How a worker keeps up. */
enum weir_pressure {
	WEIR_EASY,    /* nobody asks who had its cycles, but for rounds that are sampled */
	WEIR_BUSY,    /* it may not: each tenant's cycles are charged to its bucket */
	WEIR_PRESSED, /* it does not: packets of tenants whose bucket is empty are dropped, as WEIR_DROP_CPU_SHARE */
};

/*
 * A round begins in which a cycle measured stands for `scale` cycles of its tenant's (0: none is measured). What is
 * received from here on is measured with what receiving took.
 */
void weir_pipe_account(struct weir_pipe *pipe, enum weir_pressure pressure, uint32_t scale, uint64_t now);
/* It turned out in the round, one that is measured and not EASY, that the worker is pressed. */
void weir_pipe_press(struct weir_pipe *pipe);
bool weir_pipe_pressed(const struct weir_pipe *pipe);
/* What the round's packets took to be sent is known now: each of the next rounds' is charged what one takes lately.
 */
void weir_pipe_account_sent(struct weir_pipe *pipe);

/* Of a round that is measured: packets of the last burst that were lost in parse or dropped by admission; and cycles
 * since the round began, up to the end of that burst. */
uint32_t weir_pipe_lost_early(const struct weir_pipe *pipe);
uint64_t weir_pipe_round_cycles(const struct weir_pipe *pipe);

/*
 * Cycles of a tenant (id; whoever had it), and of a port (index) for what belongs to nobody. Any thread. Exact while
 * the worker is busy or pressed; else by the rounds that are sampled: of n packets of the tenant's in these the error
 * is about 1/sqrt(n) of its cycles. A packet is charged what those of its burst took on average: all of them to be
 * received, parsed and found, and behind that known flows what such take, the others the rest, by their copies.
 */
uint64_t weir_pipe_tenant_cycles(const struct weir_pipe *pipe, uint32_t tenant);
uint64_t weir_pipe_port_cycles(const struct weir_pipe *pipe, uint32_t port);

/*
 * Packets that other workers handed over for `port`, whose hand-off ring this worker owns. Two steps, with
 * weir_counters_poll() in between (see weir_counters.h): take them off the ring (up to a burst; the transmit buffer
 * is empty then), later count them.
 */
uint32_t weir_pipe_take_handoff(struct weir_pipe *pipe, const struct weir_port *port);
void weir_pipe_count_handoff(struct weir_pipe *pipe, const struct weir_port *port);

/*
 * The round ends: sends what the transmit buffers hold, and of what waits for its turn what may go now. Returns
 * packets that drivers accepted.
 */
uint32_t weir_pipe_flush(struct weir_pipe *pipe);

/* Ages the next n flow slots. */
void weir_pipe_age(struct weir_pipe *pipe, uint32_t n, uint64_t idle, uint64_t now);

/*
 * How often a source MAC in use is reported to maintenance, in ns. Control; takes effect when seen. If it is raised,
 * what is to be said again soon waits once for as long as it was raised by.
 */
void weir_pipe_set_refresh(struct weir_pipe *pipe, uint64_t ns);

struct rte_ring *weir_pipe_learn_ring(struct weir_pipe *pipe); /* of struct weir_learn; one consumer */
struct rte_ring *weir_pipe_ask_ring(struct weir_pipe *pipe);   /* of struct weir_host_question; one producer */
struct rte_ring *weir_pipe_loss_ring(struct weir_pipe *pipe);  /* of struct weir_loss; one consumer */
struct rte_ring *weir_pipe_punt_ring(struct weir_pipe *pipe);  /* of mbufs with weir_mbuf_meta; one consumer */
const struct weir_work *weir_pipe_work(const struct weir_pipe *pipe);
const struct weir_flows *weir_pipe_flows(const struct weir_pipe *pipe);
uint32_t weir_pipe_paths(const struct weir_pipe *pipe);

#endif
