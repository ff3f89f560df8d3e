/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_PIPELINE_PRIV_H
#define WEIR_PIPELINE_PRIV_H

#include "weir_answer.h"
#include "weir_pipeline.h"

/* What goes out by one port this round, on the port's own queue or to the ring of its owner. */
struct txbuf {
	const struct weir_port *port;
	uint32_t n;
	uint32_t slots;	 /* of m, for those who do not look whether anybody waits: none if somebody does */
	int64_t room;	 /* bytes for which the port's wire has time this round */
	int64_t charged; /* the room that the wire knows of */
	struct rte_mbuf *m[2 * WEIR_BURST];
	uint32_t iface[2 * WEIR_BURST]; /* the packet's to be counted on: mbufs are not touched once sent */
	uint32_t bytes[2 * WEIR_BURST];
};

/* What a tenant had of this worker; some of it within the tick of about 1 ms. */
struct share {
	uint32_t tick;
	uint32_t learned; /* messages to maintenance */
	bool lost;	  /* a loss was told */
	uint64_t copied;  /* ns: up to when its time for copies of flooded frames is used */
};

/* ---- admission: see admit.c ---- */

/*
 * What a tenant, or a port for what is nobody's, had of this worker's cycles, and its bucket of them. A line each.
 */
struct account {
	uint64_t used;			/* cycles in all; control reads it */
	int64_t level;			/* cycles that it may have at once; below 0: debt */
	uint64_t last;			/* reading of the meter up to which the bucket has accrued */
	uint32_t tick;			/* it was last active in */
	uint32_t serial, weight, quota; /* the tenant's, as of that tick */
} WEIR_CACHE_ALIGNED;

/* The claims of those who are active, added up. */
struct claims {
	uint64_t weights; /* of those without a quota */
	uint32_t quotas;  /* thousandths */
};

struct admit {
	enum weir_pressure pressure;
	uint32_t scale;	     /* a cycle that is measured stands for so many; 0: none is */
	uint64_t round;	     /* the meter's reading when the round began ... */
	uint64_t mark;	     /* ... up to which all is charged ... */
	uint64_t found;	     /* ... and when the burst's flows had been found and admitted */
	uint64_t carry;	     /* cycles that the next burst's packets are charged with */
	uint64_t known_cost; /* cycles of a packet of a known flow behind admission, smoothed; times 16 */
	uint64_t sent_cycles, sent_packets; /* what sending took lately, and packets and copies to send meanwhile */
	uint64_t sent_cost;		    /* the one by the other */
	uint32_t tick;
	struct claims claims, before;	/* of this tick, of the one before */
	uint64_t per_weight, per_quota; /* what a unit of each is entitled to: 2^32 = the whole worker */
	uint32_t n_early;		/* packets of the burst that were lost in parse or shed */
	uint32_t live, shed;		/* packets of it: bits */
	uint32_t account[WEIR_BURST];	/* of each its account's index */
	uint32_t parts[WEIR_BURST];	/* of each, if it is not known: itself and its copies */
	struct account *accounts;	/* by tenant, and behind them by port */
};

#define ACCOUNTS (WEIR_TENANTS_MAX + WEIR_PORTS_MAX)

/*
 * A walk that is likely to be asked for again, by another flow of the same two hosts: who the frame came from and its
 * MACs decide on the path. One of many that could stand in its place.
 */
struct recent {
	uint32_t ingress, peer;
	struct weir_mac dmac, smac;
	uint32_t path, gen; /* of the path when it was walked: what has changed since is walked again */
};

#define RECENT 4096 /* a worker; a power of two */

/* What a promise or a wire is asked at: times in ticks. */
struct moment {
	uint64_t now, horizon; /* up to when the round serves */
};

/* A round may come so much later than the last one (ns): what is sent keeps wires busy for as long. */
#define HORIZON_MIN (3 * WEIR_NS_PER_US)
#define HORIZON_MAX (200 * WEIR_NS_PER_US)

struct backlog;
struct queue;

/* A packet that waits for its remote's neighbour, not yet encapsulated. */
struct waiting {
	struct rte_mbuf *m;
	uint32_t iface, serial, tenant;
	uint32_t bytes, entropy;
	uint8_t tos;
	uint64_t deadline;
};

/* A packet that waits for a router's neighbour, as it came. */
struct held {
	struct rte_mbuf *m;
	uint32_t iface, serial; /* by which it came in; or the router's, that made it */
	bool made, exempt;
	uint32_t tenant;
	uint32_t bytes;
	uint32_t out; /* the router's interface that it is to leave by */
	struct weir_ip hop;
	uint64_t deadline;
};

/* A flood that goes on: what it copies, and to whom it came. */
struct flood {
	struct rte_mbuf *m;
	uint32_t iface, serial; /* by which it came in */
	uint32_t from;		/* by which it came to the switch */
	bool made, exempt;	/* by a router */
	uint32_t tenant, sw, gen;
	uint32_t next; /* member of the switch */
	uint32_t bytes, tags, entropy;
	uint8_t tos;
	uint64_t begin; /* ns */
};

struct weir_pipe {
	const struct weir_vnet *vnet;
	struct weir_walker walker;
	struct weir_counters *counters;
	struct weir_flows *flows;
	struct weir_paths *paths;
	struct rte_mempool *pool;
	struct rte_ring *learn, *ask, *punt, *loss;
	uint32_t losses_left, losses_tick; /* that it may tell, in that tick */
	uint64_t (*cycles)(void *arg);
	void *cycles_arg;
	struct weir_stage_cycles *sample; /* NULL: this burst is not measured */
	struct backlog *backlog;
	uint64_t now;	      /* of the round */
	uint64_t horizon;     /* ns */
	struct moment moment; /* the same, for wires and promises */
	struct admit admit;
	uint32_t *flows_of; /* by tenant id: slots of this worker's cache */
	uint32_t worker;
	uint32_t sent;			/* accepted by drivers this round already */
	uint32_t n_dirty;		/* transmit buffers in use */
	uint16_t dirty[WEIR_PORTS_MAX]; /* port indices */
	struct txbuf *tx;		/* by port index */
	uint64_t refresh;
	struct share *shares; /* by tenant */
	uint32_t n_waiting, n_floods;
	struct weir_work work;
	struct recent *recent; /* by a mix of what decides */
	struct waiting waiting[WEIR_WAIT_MAX];
	uint16_t *waiting_of; /* by tenant */
	uint32_t n_held, hosts_version;
	uint64_t held_at; /* when they are looked at next, whatever changed */
	struct held held[WEIR_WAIT_MAX];
	uint16_t *held_of; /* by tenant */
	struct weir_trail made_trail;
	struct flood
	    floods[WEIR_FLOODS_MAX + WEIR_BURST]; /* a burst may begin some when others are not at their bound */
	struct weir_credit *credits;		  /* what it holds of limits, by weir_credit_in() and its like */
	struct weir_hash_secret
	    port_secret; /* of UDP source ports: what a remote sees must not tell of the flow table's */
	struct weir_burst burst;
};

/* ---- stages, in order: each goes through burst->live and keeps what goes on ---- */
void stage_parse(struct weir_pipe *pipe, struct weir_burst *burst);
void stage_lookup(struct weir_pipe *pipe, struct weir_burst *burst);
void stage_police(struct weir_pipe *pipe, struct weir_burst *burst);
void stage_forward(struct weir_pipe *pipe, struct weir_burst *burst);

/* Between the halves of lookup, in rounds that are measured: if the worker is pressed those go who are over their
 * share. */
void admit_found(struct weir_pipe *pipe, struct weir_burst *burst);

/* Between bursts: what passed up to now is nobody's; what was done since was the tenant's. */
void account_from_here(struct weir_pipe *pipe);
void account_for(struct weir_pipe *pipe, uint32_t tenant);

/* At the end of a burst that admit_found() saw: what it took is charged. */
void account_burst(struct weir_pipe *pipe, const struct weir_burst *burst);

/* ---- what stages share ---- */

static inline uint64_t
read_cycles(const struct weir_pipe *pipe)
{
	return pipe->cycles(pipe->cycles_arg);
}

/* From here on packet i is `in`'s. */
static inline void
enter(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, const struct weir_iface *in, uint32_t bytes)
{
	struct weir_count *count = weir_count(pipe->counters, in->id);

	burst->in[i] = in;
	burst->frame[i].len = bytes;
	count->rx_packets++;
	count->rx_bytes += bytes;
}

/* It is the port's. */
void enter_port(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i);

/* Where it came in, by its key; NULL and *reason: it is nobody's. */
const struct weir_iface *find_in(
    const struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i, enum weir_reason *reason);

/* Enters it as whose it is, by its key; or as the port's, with the reason for which it is nobody's. */
enum weir_reason classify(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i);

/* Chooses the UDP source port of a flow's tunnel packets; says nothing of the flow table's hash. */
static inline uint16_t
entropy(const struct weir_pipe *pipe, uint64_t hash)
{
	return (uint16_t)weir_hash(&pipe->port_secret, &hash, sizeof(hash));
}

/* The one exit for losses before an egress is chosen: counts at the interface the packet came in by, and frees it. */
void drop(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, enum weir_reason reason);

/* The one exit for losses on the way out by `iface`, of what was counted as sent. */
void drop_tx(struct weir_pipe *pipe, uint32_t iface, struct rte_mbuf *m, uint32_t bytes, enum weir_reason reason);

/* The tenant's share, of this tick. */
static inline struct share *
share_of(struct weir_pipe *pipe, const struct weir_tenant *tenant, uint64_t now)
{
	struct share *share = &pipe->shares[tenant->id];
	uint32_t tick = (uint32_t)(now >> 20);

	if (share->tick != tick) {
		share->tick = tick;
		share->learned = 0;
		share->lost = false;
	}
	return share;
}

/* Takes a frame from the limit with this serial (0: there is none), which is at *limit, by this credit. */
static inline bool
take(struct weir_pipe *pipe, uint32_t serial, struct weir_limit *const *limit, uint32_t credit, uint32_t bytes,
    uint64_t now)
{
	return serial == 0 || weir_limit_take(limit, serial, &pipe->credits[credit], bytes, now);
}

/* What the limit of the vport that it comes from says. */
static inline bool
take_in(struct weir_pipe *pipe, const struct weir_verdict *verdict, uint32_t bytes, uint64_t now)
{
	return take(
	    pipe, verdict->limit[WEIR_LIMIT_IN], &verdict->in->limit_in, weir_credit_in(verdict->key.in), bytes, now);
}

/* The flow's path, if it stands; NULL if it does not. */
static inline struct weir_path *
standing(const struct weir_vnet *vnet, struct weir_path *paths, const struct weir_flow *flow)
{
	struct weir_path *path = &paths[flow->path];

	return path->gen == flow->path_gen && weir_verdict_valid(vnet, &path->verdict) ? path : NULL;
}

/* A slot for packet i's flow, which is new; NULL: there is none, or none for its tenant. */
struct weir_flow *new_flow(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i);

/* A flow of an interface that is gone, whose id and addresses `in` has now, starts over, and changes the quota it
 * counts on; false: that has no room. */
bool adopt(struct weir_pipe *pipe, struct weir_flow *flow, const struct weir_iface *in, uint64_t now);

/* Gives slot and path back. */
void forget(struct weir_pipe *pipe, struct weir_flow *flow);

/* May the tenant set up one more flow now? */
bool may_set_up(struct weir_pipe *pipe, const struct weir_tenant *tenant, uint64_t now);

/* Tells maintenance something of a tenant's, within its share. */
void tell(struct weir_pipe *pipe, const struct weir_tenant *tenant, const struct weir_learn *message, uint64_t now);

/* Tells maintenance that `in` sent `mac`, within the tenant's share. */
void learn(struct weir_pipe *pipe, const struct weir_iface *in, const struct weir_mac *mac, uint64_t now);

/* It is held / no longer, of what was counted as sent. */
static inline void
count_held(struct weir_pipe *pipe, uint32_t iface, uint32_t bytes)
{
	weir_count_unsent(pipe->counters, iface, bytes);
	weir_count(pipe->counters, iface)->held_in++;
}

static inline void
count_released(struct weir_pipe *pipe, uint32_t iface, uint32_t bytes)
{
	struct weir_count *count = weir_count(pipe->counters, iface);

	count->held_out++;
	count->tx_packets++;
	count->tx_bytes += bytes;
}

/* A packet that came in by this interface goes on, by its verdict; of a known flow its path counts that. */
static inline void
count_accepted(struct weir_pipe *pipe, uint32_t in, const struct weir_verdict *verdict, uint32_t bytes)
{
	weir_count(pipe->counters, in)->accepted++;
	if (verdict->trail != NULL)
		weir_count_passing(pipe->counters, &verdict->trail->passed, 1, bytes);
}

/* A tenant's frame as it leaves by one interface. */
struct leaving {
	struct rte_mbuf *m;
	const struct weir_iface *in, *out;
	const struct weir_iface *from; /* flooded: by which it came to the switch */
	const struct weir_port *port;  /* vport: NULL while it is down */
	uint32_t out_id, vlan;
	bool to_remote;
	uint32_t tenant;
	uint32_t limit_in, limit_out, limit_tenant; /* serials; limit_in: 0 too if it is charged already */
	uint32_t bytes;				    /* of the frame */
	uint32_t tags;				    /* of the tenant's own in it */
	uint32_t entropy;			    /* chooses the UDP source port */
	uint8_t tos;
	const struct weir_encap *encap; /* to a remote; NULL while its neighbour is asked for */
	struct weir_frame *frame;	/* of a packet that is nobody else's: its congestion may be marked. Or NULL */
	bool made;			/* by weir itself, not come in */
	bool exempt;			/* from firewalls */
	bool refused_in;		/* by the limit of the vport that it comes from */
	struct queue *queue;		/* it waits there for its turn; NULL: it goes now */
	bool by_promise;		/* it may wait since it was promised to go soon */
};

/* It is to leave by `out`. */
static inline void
leave_by(struct leaving *leaving, const struct weir_iface *out)
{
	leaving->out = out;
	leaving->port = out->port;
	leaving->out_id = out->id;
	leaving->vlan = out->vlan;
	leaving->to_remote = out->kind == WEIR_IFACE_REMOTE;
	leaving->limit_out = weir_limit_serial(out->limit_out);
	leaving->limit_tenant = weir_limit_serial(out->limit_tenant);
}

/* May it be offered to its way out, and may it go? WEIR_OK: it is charged, and to be rewritten. */
enum weir_reason may_leave(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now);

/* What became of it, at its way out. */
void count_offered(struct weir_pipe *pipe, const struct leaving *leaving, enum weir_reason reason);

/* To every member of the switch but the one it came from; of a wide one, to the first of them. Takes the packet. */
void flood(struct weir_pipe *pipe, const struct weir_switch *sw, struct leaving *leaving, uint64_t now);

/* Floods of earlier rounds. */
void floods_go_on(struct weir_pipe *pipe);

/* Looks up leaving->encap, for a way out that is a remote. Returns WEIR_OK, or why it cannot go there. */
enum weir_reason find_encap(const struct weir_pipe *pipe, struct leaving *leaving);

/* The port an encapsulated packet leaves by; NULL while that index names none. */
static inline const struct weir_port *
uplink(const struct weir_pipe *pipe, const struct weir_encap *encap)
{
	return __atomic_load_n(&pipe->vnet->ports[encap->port], __ATOMIC_ACQUIRE);
}

/* Puts the outer headers on and hands it to tx: or to wait, or drops it, counted. */
void rewrite_to_remote(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now);

/* Sends a packet that fits its leaving->encap. */
void send_encapsulated(struct weir_pipe *pipe, const struct leaving *leaving);

/* Begins with a port's buffer in this round. */
void tx_begin(struct weir_pipe *pipe, struct txbuf *buf, const struct weir_port *port);

/* The buffer of a port, in the list of those to flush. */
static inline struct txbuf *
tx_buffer(struct weir_pipe *pipe, const struct weir_port *port)
{
	struct txbuf *buf = &pipe->tx[port->index];

	if (__builtin_expect(buf->port == NULL, 0))
		tx_begin(pipe, buf, port);
	return buf;
}

static inline void
tx_put(struct txbuf *buf, struct rte_mbuf *m, uint32_t iface, uint32_t bytes)
{
	buf->room -= (int64_t)(rte_pktmbuf_pkt_len(m) + WEIR_WIRE_EXTRA);
	buf->m[buf->n] = m;
	buf->iface[buf->n] = iface;
	buf->bytes[buf->n++] = bytes;
}

/* Sends what the transmit buffers hold, and of what waits what may go now. */
void send_all(struct weir_pipe *pipe);

/* tx() where the buffer is full or the packet has several segments. */
void tx_awkward(
    struct weir_pipe *pipe, const struct weir_port *port, struct rte_mbuf *m, uint32_t iface, uint32_t bytes);

/* Sends, as it is, by `port`; counted on `iface`. Whoever waits is not looked at. */
static inline void
tx(struct weir_pipe *pipe, const struct weir_port *port, struct rte_mbuf *m, uint32_t iface, uint32_t bytes)
{
	struct txbuf *buf = tx_buffer(pipe, port);

	if (__builtin_expect(m->nb_segs > 1 || buf->n == WEIR_ARRAY_LEN(buf->m), 0))
		tx_awkward(pipe, port, m, iface, bytes);
	else
		tx_put(buf, m, iface, bytes);
}

/* ---- gate.c ---- */

/* May it leave now (WEIR_OK, queue NULL), wait for its turn (WEIR_OK, queue), or not? Charges its limits if now. */
enum weir_reason gate(struct weir_pipe *pipe, struct leaving *leaving, uint64_t now);

/* What the gate let pass leaves by `port`: now, or when it is its turn. */
void hand_out(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_port *port);

/* It does not after all. */
void lose_out(struct weir_pipe *pipe, const struct leaving *leaving, enum weir_reason reason);

/* ---- rewrite ---- */

/* Puts on what the way out needs and hands it to tx: or to wait, or drops it, counted. */
static inline void
rewrite(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now)
{
	if (leaving->to_remote)
		rewrite_to_remote(pipe, leaving, now);
	else if (leaving->vlan != WEIR_NONE &&
		 __builtin_expect(!weir_vlan_push(leaving->m, weir_vlan_tag((uint16_t)leaving->vlan)), 0))
		lose_out(pipe, leaving, WEIR_DROP_NO_MBUF);
	else
		hand_out(pipe, leaving, leaving->port);
}

/* ---- routers ---- */

/* Does the firewall of this vport let a copy leave by it? Counts what decides. */
enum weir_reason ask_firewall(struct weir_pipe *pipe, const struct leaving *leaving);

/* Has a packet more hops left than routers take of it? Its verdict has some. */
bool router_may_pass(const struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict);

static inline bool
has_hops(const struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict)
{
	return __builtin_expect(verdict->hops == 0, 1) || router_may_pass(m, frame, verdict);
}

/* What routers make of a packet on its way, of which `made` one is where it began. */
void router_pass(
    struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict, uint8_t made);

static inline void
rewrite_routed(struct rte_mbuf *m, const struct weir_frame *frame, const struct weir_verdict *verdict, uint8_t made)
{
	if (__builtin_expect(verdict->hops != 0, 0))
		router_pass(m, frame, verdict, made);
}

/* A router takes packet i, by its verdict: answers it, or has it wait. */
void router_take(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i);

/* Packet i is lost on its walk: counts what it passed, tells its sender why, by the reason, and drops it. */
void lose_walked(struct weir_pipe *pipe, struct weir_burst *burst, uint32_t i, enum weir_reason reason);

/* A router tells the sender of packet i why it is dropped; or nobody, by the reason. */
void router_tell(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i,
    const struct weir_verdict *verdict, enum weir_reason reason, uint32_t mtu);

/* Passes on what packet i, ARP or ND, says to routers. */
void router_hear(struct weir_pipe *pipe, const struct weir_burst *burst, uint32_t i);

/*
 * Sends a frame that a router made by its interface `from`; `out`: there, or NULL: where it belongs. `exempt`: it
 * says why a packet was lost, and meets no firewall, since none of them knows that packet.
 */
void send_made(struct weir_pipe *pipe, const struct weir_iface *from, const struct weir_iface *out,
    struct rte_mbuf *m, bool exempt);

/* Sends what maintenance wants routers to ask and announce. */
void routers_ask(struct weir_pipe *pipe);

/* Keeps a packet until the host that its verdict names answers; made by a router, or entered as packet i of a burst.
 */
void hold(struct weir_pipe *pipe, struct rte_mbuf *m, uint32_t bytes, const struct weir_verdict *verdict, bool made,
    bool exempt);

/* Those whose host is known now, or will not be, go on. */
void hold_check(struct weir_pipe *pipe);

/* May a frame be flooded in this switch, as far as its tenant's time for copies goes? Charges it. */
bool may_flood(struct weir_pipe *pipe, const struct weir_tenant *tenant, const struct weir_switch *sw, uint64_t now);

/* Packets that wait for a neighbour: sends those whose remote is resolved, drops those that waited in vain. */
void wait_check(struct weir_pipe *pipe, uint64_t now);

/* Keeps a packet until its remote's neighbour answers. */
void wait_for_neighbour(struct weir_pipe *pipe, const struct leaving *leaving, uint64_t now);

/* Sends what waits for this interface, whose neighbour may have answered since the round began: it goes first. */
void send_waiting(struct weir_pipe *pipe, const struct weir_iface *out, uint64_t now);

#endif
