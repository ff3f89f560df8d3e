/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net_nicsim: a port whose receive side plays frames, a capture's or generated ones, in a loop, and whose transmit
 * side swallows and counts. What measures a switch with it measures the switch: a packet costs little, and the same
 * for any number of frames. Device arguments and the frames' addresses are described in ../README.md.
 *
 * Threads: a queue's fields belong to the thread that polls it; counters may be read by any thread, each by itself.
 * Frames are made when the port starts and constant until it stops.
 */
#ifndef NICSIM_H
#define NICSIM_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#define NICSIM_FRAME_MAX 9216 /* bytes without FCS */
#define NICSIM_SLOT 64	      /* bytes; a frame takes a multiple of it */
#define NICSIM_RXQ_MAX 64
#define NICSIM_TXQ_MAX 64
#define NICSIM_RSS_KEY_SIZE 40

extern int nicsim_logtype;
#define NICSIM_LOG(fmt, ...) rte_log(RTE_LOG_ERR, (uint32_t)nicsim_logtype, "nicsim: " fmt "\n", ##__VA_ARGS__)

/* ---- args.c ---- */

enum nicsim_kind {
	NICSIM_NOTHING, /* the port receives nothing */
	NICSIM_CAPTURE,
	NICSIM_PLAIN,
	NICSIM_VLAN,
	NICSIM_VXLAN,
};

struct nicsim_args {
	enum nicsim_kind kind;
	char capture[PATH_MAX];
	bool outer6, inner6;
	uint32_t tenants, flows;
	uint32_t size;	      /* bytes of the tenant's frame, without FCS */
	uint32_t new_percent; /* of the packets: with a 5-tuple never sent before */
	uint32_t seed;
	uint64_t rate; /* packets per second over all queues; 0 = as fast as polled */
	uint16_t queues;
	bool neigh;
	struct rte_ether_addr mac;
};

/*
 * Reads the arguments of device `name` ("" = none). Returns 0; or -EINVAL or -ENOMEM with the reason, and the key it
 * is about, in the log.
 */
int nicsim_args_parse(const char *name, const char *text, struct nicsim_args *args);

/* Bytes of a frame that belong to the tunnel. */
uint32_t nicsim_args_outer(const struct nicsim_args *args);

/* ---- frames.c ---- */

/*
 * The frames of one receive queue in the order they are played, each at the next multiple of NICSIM_SLOT, in memory
 * of their own (huge pages where the kernel has some to give).
 */
struct nicsim_frames {
	uint8_t *data;
	uint16_t *len; /* of each frame */
	uint32_t count, room;
	size_t used, size; /* bytes of data */
};

/*
 * Makes the frames of a port and spreads them over n queues by their hash. 0, -ENOMEM, or what capture.c says, with
 * the reason in the log. nicsim_frames_free() also takes what was never made.
 */
int nicsim_frames_make(
    const struct nicsim_args *args, const uint8_t rss_key[], struct nicsim_frames queues[], uint16_t n);
void nicsim_frames_free(struct nicsim_frames queues[], uint16_t n);

/* ---- generate.c ---- */

/* Writes the frame of flow `flow` < args->flows into `frame`, which has NICSIM_FRAME_MAX bytes; returns its length.
 */
uint16_t nicsim_generate(const struct nicsim_args *args, uint32_t flow, uint8_t *frame);

/* What makes packets of flows never seen before out of a generated frame: see nicsim_renew(). */
struct nicsim_new {
	uint32_t percent, due; /* 100 due = the next one is new */
	uint32_t address, port, step;
	uint16_t l3, outer_udp; /* offsets in the frame; outer_udp 0 = it has no checksum */
	bool inner6;
};

/* For queue `queue` of n: the queues share the flows that are still unseen, each takes every n-th. */
void nicsim_new_init(struct nicsim_new *fresh, const struct nicsim_args *args, uint16_t queue, uint16_t n);

/* Writes the next unseen source address and port over those of `frame`; its checksums stay right. */
void nicsim_renew(struct nicsim_new *fresh, uint8_t *frame);

/* ---- capture.c ---- */

/* A pcap file in memory. */
struct nicsim_capture {
	const uint8_t *file;
	size_t size;
	uint32_t count;	   /* frames */
	size_t slot_bytes; /* that they take in slots */
	bool swapped;	   /* of the other byte order */
};

/*
 * Looks at all of the file. 0; or -errno, -EINVAL if it is no capture of whole Ethernet frames of up to
 * NICSIM_FRAME_MAX bytes, with the reason in the log.
 */
int nicsim_capture_open(struct nicsim_capture *capture, const char *path);
void nicsim_capture_close(struct nicsim_capture *capture);

/*
 * Frames one after the other: *at is 0 at first and moves on. Returns a frame and its length, or NULL at the end.
 */
const uint8_t *nicsim_capture_next(const struct nicsim_capture *capture, size_t *at, uint16_t *len);

/* ---- rss.c ---- */

/* Microsoft's: the one NICs are tested by. */
extern const uint8_t nicsim_rss_key[NICSIM_RSS_KEY_SIZE];

/*
 * The Toeplitz hash of a frame's addresses and ports (TCP and UDP, not fragmented), below VXLAN those of the inner
 * packet. 0 for what is not IP.
 */
uint32_t nicsim_rss(const uint8_t key[], const uint8_t *frame, uint32_t len);

/* ---- neigh.c ---- */

/* MAC that neighbours answer from. */
extern const struct rte_ether_addr nicsim_neighbour;

/* True if `frame`, `len` bytes, asks for a neighbour: an ARP request or a solicitation, with one VLAN tag or none. */
bool nicsim_neigh_asks(const uint8_t *frame, uint32_t len);

/* Makes the answer out of such a request, of the same length. */
void nicsim_neigh_answer(uint8_t *frame);

/* ---- rxtx.c ---- */

struct nicsim_rxq {
	/* Where the next frame is. */
	const uint8_t *next;
	uint32_t at;
	struct nicsim_frames frames;
	struct rte_mempool *pool;
	uint64_t rearm;		  /* of a fresh mbuf: data_off, refcnt, nb_segs, port */
	uint32_t room;		  /* bytes of a frame that an mbuf takes */
	struct rte_ring *answers; /* NULL = none come by this queue */
	struct nicsim_new fresh;
	/* Since TSC `start`, `played` packets; `rate` of them are due every `cycles`, 0 = any time. */
	uint64_t rate, start, cycles, played;
	uint32_t backlog; /* what waits longer than so many packets is missed */
	uint64_t packets, bytes, missed, nombuf;
} __rte_cache_aligned;

struct nicsim_txq {
	struct rte_ring *answers; /* NULL = none are given */
	struct rte_mempool *answer_pool;
	uint16_t answer_port;
	uint64_t packets, bytes;
} __rte_cache_aligned;

/* rx_pkt_burst: as fast as it is polled, nothing but the frames as they are; or all that arguments may ask for. */
uint16_t nicsim_rx(void *rxq, struct rte_mbuf **packets, uint16_t n);
uint16_t nicsim_rx_any(void *rxq, struct rte_mbuf **packets, uint16_t n);

/* Packets that wait: those that the rate let in. */
uint32_t nicsim_rx_count(void *rxq);

/* tx_pkt_burst: plain; under MBUF_FAST_FREE; and with an eye on what asks for neighbours. All packets are taken. */
uint16_t nicsim_tx(void *txq, struct rte_mbuf **packets, uint16_t n);
uint16_t nicsim_tx_fast_free(void *txq, struct rte_mbuf **packets, uint16_t n);
uint16_t nicsim_tx_neigh(void *txq, struct rte_mbuf **packets, uint16_t n);

#endif
