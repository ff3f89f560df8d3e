/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traffic: who sends which frames, and when. A source sends by one vport, in one direction; it may keep a rate, come
 * in bursts, or wait for what it sent (greedy and request). Each frame carries its source, its number and its birth.
 */
#ifndef WEIR_TEST_TRAFFIC_H
#define WEIR_TEST_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "record.h"
#include "wire.h"

enum pattern {
	STEADY,	 /* keeps its rate */
	ON_OFF,	 /* the rate for on_ps, then nothing for off_ps */
	GREEDY,	 /* a window that grows until something is lost or marked, as TCP's */
	REQUEST, /* so many frames, and the next when these have arrived, after a pause */
};

enum trick {
	HONEST,
	NEW_FLOWS, /* no frame is of a flow that was seen before */
	COLLIDING, /* flows whose headers have the same CRC-32C */
	NEW_MACS,  /* no frame has a source MAC that was seen before */
	BROADCAST,
	ARP_STORM,
	FRAGMENTS,
	MALFORMED, /* headers that lie, each in another way */
};

#define MIX_SIZES 4

struct mix {
	uint32_t n;
	uint16_t bytes[MIX_SIZES]; /* of the tenant's frame without FCS: 60 to 9000 */
	uint8_t share[MIX_SIZES];  /* of the frames, in percent */
};

extern const struct mix mix_small, mix_internet, mix_bulk, mix_jumbo, mix_wide;

struct source_spec {
	enum pattern pattern;
	enum trick trick;
	const struct mix *mix;
	uint32_t vport;
	bool to_vport; /* from behind the remote to the vport, else the other way */
	bool pinned;   /* all of it comes by `queue`, else by flow */
	uint32_t queue;
	uint32_t n_flows;     /* 0 is 1; of GREEDY and REQUEST it is */
	uint64_t rate;	      /* bit/s on the wire by which it leaves; of GREEDY and REQUEST: of their own line */
	uint64_t start, stop; /* stop 0 = never */
	uint64_t on, off;     /* ON_OFF */
	uint64_t rtt;	      /* GREEDY, REQUEST: what the way takes there and back, apart from weir */
	uint32_t burst;	      /* REQUEST: frames */
	uint64_t pause;	      /* REQUEST: at most */
};

#define TEMPLATE_SIZE 128

struct template
{
	uint8_t data[TEMPLATE_SIZE];	   /* headers and the first bytes of the payload */
	uint16_t bytes;			   /* of the frame as it is received */
	uint16_t tenant_bytes, wire_bytes; /* as it leaves */
};

/* What the sender of a window is told, half a way later. */
struct ack {
	uint64_t at;
	uint32_t seq, frames; /* so many are no longer on their way, */
	bool lost, marked;    /* ... not all because they arrived */
};

#define ACKS 8192	 /* on their way, of one source; a power of two */
#define WINDOW_MAX 4096u /* frames */

struct source {
	struct source_spec spec;
	uint32_t id;
	struct rng rng;
	struct template templates[MIX_SIZES];
	uint16_t l3, tag; /* offsets of the tenant's IP header, and of the source's own words */
	uint64_t next;	  /* when a frame is due, if the window allows */
	uint32_t seq;
	uint64_t flow; /* the next frame's */
	/* GREEDY and REQUEST; the window in thousandths of a frame. */
	uint64_t window, threshold;
	uint32_t in_flight;
	uint32_t to_send;  /* REQUEST: frames of this one */
	uint32_t recover;  /* what was lost before this frame has been answered for */
	uint32_t given_up; /* what is before this frame is not waited for any more */
	uint32_t expected; /* the frame to leave next */
	uint64_t progress; /* when it last heard of a frame */
	struct ack *acks;
	uint32_t ack_first, ack_last;
	struct record record;
};

/* What a source's frame says of itself. */
struct tag {
	uint32_t source, seq;
	uint64_t born;
} __attribute__((packed));

/* id is the source's index, which its frames name. */
void source_init(struct source *source, uint32_t id, const struct source_spec *spec, const struct net *net,
    const struct window *window);
void source_free(struct source *source);

static inline uint32_t
source_port_in(const struct source *source, const struct net *net)
{
	return source->spec.to_vport ? NET_UPLINK : net->vports[source->spec.vport].port;
}

static inline uint32_t
source_port_out(const struct source *source, const struct net *net)
{
	return source->spec.to_vport ? net->vports[source->spec.vport].port : NET_UPLINK;
}

/* When the source wants to be asked for a frame; NEVER: not before one of its frames has left. */
#define NEVER UINT64_MAX
uint64_t source_wakes(const struct source *source);

/* Has it a frame to send at `at`? NULL: not yet, see source_wakes(). */
const struct template *source_send(struct source *source, uint64_t at);

/*
 * Writes the start of that frame, TEMPLATE_SIZE bytes. Returns its flow's lot, which chooses the receive queue.
 */
uint32_t source_write(struct source *source, const struct template *template, uint64_t at, uint8_t *to);

/* Its frame has left (once; not to be called for copies). */
void source_left(struct source *source, uint32_t seq, bool marked, uint64_t at);

/* ---- frames.c ---- */

void frames_make(struct source *source, const struct net *net);

/* Does the source's trick to its next frame, which starts at `to`. */
void frames_bend(const struct source *source, uint8_t *to);

#endif
