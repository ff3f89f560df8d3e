/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What waits for its turn on one worker: frames that their limits do not let pass yet, or that their port's wire has
 * no room for. Port -> tenants ("lanes") -> queues. A lane's queues stand for vports: on the way to a vport, one for
 * it (and one for each limited vport that sends to it, so that nobody waits for another's limit); on the way to an
 * uplink, one for each vport that frames come from.
 *
 * Lanes of a port, and queues of a lane, share in the same way ("kin"): first who has a frame that was promised, by
 * when it should have left (earliest deadline first); else who had least of the rest by weight (start-time fair
 * queueing). What they had is kept with the tenants and vports (weir_share.h, and by interface here) over times
 * without a backlog, so that nobody gains by coming and going.
 *
 * A lane or queue whose limit is reached sleeps until the limit lets its next frame pass, and is in nobody's way.
 */
#ifndef WEIR_BACKLOG_PRIV_H
#define WEIR_BACKLOG_PRIV_H

#include <sys/queue.h>

#include "pipeline_priv.h"
#include "weir_heap.h"

#define LANES_MAX (1u << 14)
#define QUEUES_MAX (1u << 15)
#define INDEX_SIZE (2 * QUEUES_MAX) /* a power of two */

/* Those who share something. */
struct kin {
	struct weir_heap due;	/* have a frame that they were promised: by its deadline */
	struct weir_heap later; /* what they were promised is used up: by until when */
	struct weir_heap spare; /* all of them: by service */
	uint64_t *least;	/* service that all have had, or were not there to have */
	struct weir_pipe *pipe; /* of lanes: they follow their tenants; NULL: queues, which follow their lane */
};

/* A lane or a queue, as one of its kin. */
struct member {
	struct weir_heap_node promised; /* in due or later */
	struct weir_heap_node spare;
	struct weir_heap_node asleep; /* by ns; then it is in none of the others */
	struct kin *kin;
	struct weir_promise *promise; /* NULL = nothing */
	uint64_t *served;
	uint32_t weight;
	uint32_t wire; /* bytes that its next frame takes on the wire */
	bool is_queue, is_later;
	bool limited;  /* since it was last served it was its limit that let it wait */
	bool by_queue; /* of a lane: what it has is due to one of its queues, whatever it was promised as a whole */
	/* in the index */
	uint64_t key;
	struct member *next;
};

struct lane {
	struct member member;
	struct kin kin; /* its queues */
	struct sched *sched;
	uint32_t tenant, serial, epoch; /* of the tenant when what follows was looked up */
	enum weir_direction direction;
	struct weir_limit *limit; /* NULL = none */
	uint64_t own_served;	  /* while there is no share for the port */
	uint64_t bytes;		  /* frames' that wait in its queues */
	uint32_t packets;	  /* they */
	TAILQ_ENTRY(lane) entry;
	struct lane *next_sitting; /* of those that let others go first this round */
	TAILQ_HEAD(queues, queue) queues;
};

struct queue {
	struct member member;
	struct lane *lane;
	struct weir_iface_ref {
		uint32_t id, serial; /* id WEIR_NONE = none */
	} leaf, in;		     /* whose queue it is; whose limit its frames are charged to, on their way in */
	struct weir_limit *limit_out, *limit_in;
	struct rte_mbuf *head, *tail;
	uint32_t head_bytes, head_wire; /* of the first: its tenant's frame, and on the wire */
	uint32_t packets;
	uint32_t buffers, promised; /* the latter: of them so many are where what was promised may wait */
	uint32_t bytes, max;	    /* frames'; what may wait */
	TAILQ_ENTRY(queue) entry;
};

/* A port, as far as something waits for it. */
struct sched {
	const struct weir_port *port;
	struct kin kin; /* lanes */
	TAILQ_HEAD(lanes, lane) lanes;
	uint32_t n_lanes;
	bool active; /* in the list of those that are served */
};

struct backlog {
	const struct weir_vnet *vnet;
	struct sched *sched; /* by port index */
	uint32_t n_active;   /* ports with lanes */
	uint16_t active[WEIR_PORTS_MAX];
	struct weir_heap asleep;	 /* lanes and queues */
	uint32_t buffers, buffers_max;	 /* that wait in what all share; a frame of several segments takes as many */
	uint32_t promised, promised_max; /* and beyond that, since they were promised to go soon */
	uint32_t *of_tenant;		 /* buffers, by id */
	struct member **index;		 /* by key */
	struct lane *lanes, *free_lane;
	struct queue *queues, *free_queue;
	uint32_t lanes_top, queues_top; /* none from here on was ever used */
};

/* NULL: no memory. */
struct backlog *backlog_create(const struct weir_vnet *vnet, uint32_t buffers_max, int socket);
void backlog_free(struct backlog *backlog); /* with all that waits; NULL is fine */

/* ---- kin.c ---- */

/* It has a frame of so many bytes on the wire to send, and had none before. It is in no heap. */
void member_enter(struct member *member, uint32_t wire, const struct moment *moment);
/* The same, for one that was served just now. */
void member_again(struct member *member, uint32_t wire, const struct moment *moment);
/* It is served the frame that it has. It is in no heap afterwards. */
void member_served(struct member *member, bool promised);
/* It is in no heap afterwards, but that of who sleeps. */
void member_leave(struct member *member);

/* It sleeps until then (ns) / no longer, if it did; among its kin it is not. */
void member_sleep(struct backlog *backlog, struct member *member, uint64_t until);
void member_wake(struct backlog *backlog, struct member *member);

/* Was it promised that so many packets of so many bytes in all are on the wire by then (ticks)? */
bool promise_covers(const struct weir_promise *promise, uint32_t packets, uint64_t wire, uint64_t until);

/* Takes a frame that was promised at this moment, of a tenant that does not wait; false: it was not. */
bool promise_take(struct weir_promise *promise, uint32_t wire, const struct moment *moment);

/* Who is next, NULL: nobody; *promised: by what it was promised. */
struct member *kin_next(struct kin *kin, const struct moment *moment, bool *promised);

/* A clock of service or use, brought to at least `least`; returns what it is. */
uint64_t clock_raise(uint64_t *clock, uint64_t least);

/*
 * One that seems further ahead of `from` than any can be stood still while half of all time went by, or half of all
 * service was had: it is as far as `from`.
 */
static inline void
clock_unwind(uint64_t *clock, uint64_t from, int64_t most)
{
	if (__builtin_expect((int64_t)(__atomic_load_n(clock, __ATOMIC_RELAXED) - from) > most, 0))
		__atomic_store_n(clock, from, __ATOMIC_RELAXED);
}

/* A moment is never so far ahead (ticks): the largest frame takes 75 s at the lowest rate. */
#define AHEAD_MAX ((int64_t)(1000 * WEIR_NS_PER_S) << WEIR_TICK_SHIFT)

static inline bool
clock_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* Does anything wait at this port? */
static inline bool
backlog_at(const struct weir_pipe *pipe, const struct weir_port *port)
{
	return pipe->backlog->sched[port->index].n_lanes != 0;
}

/* ---- backlog.c ---- */

struct lane *lane_find(const struct backlog *backlog, const struct leaving *leaving, const struct weir_port *port);

/*
 * The queue in which this frame is to wait, found or made; NULL: there is no room for one more, or whose it would be
 * is gone by now.
 */
struct queue *queue_for(struct weir_pipe *pipe, const struct leaving *leaving, const struct weir_port *port);

/* Drops all that waits in it, and the queue; then the lane, if it was its last. True if the lane is still there. */
bool queue_purge(struct weir_pipe *pipe, struct queue *queue, enum weir_reason reason);
void lane_purge(struct weir_pipe *pipe, struct lane *lane, enum weir_reason reason);

/*
 * Has its tenant changed? Then what the lane and its queues stand for is looked at anew: it is entered again, or
 * gone.
 */
bool lane_changed(struct weir_pipe *pipe, struct lane *lane, const struct moment *moment);

/* Enters a lane that is not among its kin, unless it sleeps or all its queues do. */
void lane_settle(struct weir_pipe *pipe, struct lane *lane);

/* Tells other workers which of its queues is next here. */
void lane_publish(const struct weir_pipe *pipe, const struct lane *lane);

/* The first frame, taken out and counted as no longer held. */
struct rte_mbuf *queue_take(struct weir_pipe *pipe, struct queue *queue);

/* Nothing waits in it: it goes, and the lane, if it was its last. True if the lane is still there. */
bool queue_end(struct weir_pipe *pipe, struct queue *queue);

/* ---- gate.c ---- */

/* One of the limits that a frame passes, in the order of enum WEIR_LIMIT_*, and what the worker holds of it. */
struct charge {
	struct weir_limit *limit; /* NULL = none */
	struct weir_credit *credit;
};

/* Takes a frame from all of them and returns NULL; or from none, and returns the one that does not have it. */
const struct charge *charges_take(const struct charge charges[WEIR_LIMITS], uint32_t bytes, uint64_t now);
/* Gives it back to the first n. */
void charges_return(const struct charge charges[], uint32_t n, uint32_t bytes);

/* ---- serve.c ---- */

/* Puts the frame of a packet that was rewritten behind the others that wait there. */
void queue_put(struct weir_pipe *pipe, struct queue *queue, const struct leaving *leaving);

/* The round begins: what is gone is given up, and who slept long enough is awake. */
void backlog_begin(struct weir_pipe *pipe);

/* It ends: sends what may go now. */
void backlog_serve(struct weir_pipe *pipe);

/* What is the matter with a queue that is full? */
enum weir_reason queue_reason(const struct queue *queue);

#endif
