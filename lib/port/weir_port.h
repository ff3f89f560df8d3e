/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: DPDK ethdevs opened from the configuration, their queues spread over workers, and the rings by which a
 * worker that owns no transmit queue of a port hands packets to the one that does.
 *
 * Who does what: the configuration thread opens, closes and assigns. Workers read `struct weir_port` (constant but
 * for `up`, `link_mbps`, `mtu` and what is for control alone) and their own weir_poll_list. The maintenance thread
 * refreshes `up` and `link_mbps`. Publishing poll lists to workers is the caller's business; so is to free a list, or
 * close a port, only after every worker has passed a quiescent state since it was unpublished.
 *
 * Nothing is sized by RTE_MAX_ETHPORTS: a port has an index of weir's own.
 */
#ifndef WEIR_PORT_H
#define WEIR_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "weir_base.h"
#include "weir_share.h"

#define WEIR_PORTS_MAX 1024 /* indices of ours; DPDK's own limit is RTE_MAX_ETHPORTS ethdevs */
#define WEIR_WORKERS_MAX 64
#define WEIR_HANDOFF_SIZE 1024 /* slots of a hand-off ring, a power of two; it holds one packet less */
#define WEIR_TX_BY_HANDOFF UINT16_MAX
#define WEIR_MTU_DEFAULT 1500

struct weir_port {
	uint32_t index;
	uint16_t ethdev; /* DPDK's port id */
	uint16_t n_rxq, n_txq;
	uint16_t txq_of[WEIR_WORKERS_MAX]; /* worker -> its own transmit queue, or WEIR_TX_BY_HANDOFF */
	uint32_t handoff_owner;		   /* the worker that empties `handoff` into its own transmit queue */
	/*
	 * Of mbufs; many producers (workers, maintenance), one consumer. There even if every worker has a queue. Only
	 * by rte_ring_enqueue_burst() and rte_ring_dequeue_burst(): they know the ring's mode, the mp_ and sc_
	 * variants assume another one.
	 */
	struct rte_ring *handoff;
	struct weir_wire *wire; /* never NULL; its rate follows `rate` and `link_mbps` */
	struct weir_mac mac;
	uint32_t mtu;		   /* largest IP packet; configuration: w (relaxed), worker: r */
	uint32_t tx_flags;	   /* WEIR_TX_*_CKSUM the driver does for us */
	bool tx_chained;	   /* the driver sends mbufs of several segments */
	bool up;		   /* link; maintenance: w (relaxed), worker: r */
	uint32_t link_mbps;	   /* 0 = unknown; as `up` */
	bool nominal_speed;	   /* link_mbps is no bound of what it carries */
	uint64_t rate;		   /* bit/s, configured; 0 = not given. Control */
	uint64_t guaranteed;	   /* bit/s that are promised there; only kept here. Control */
	char name[WEIR_NAME_SIZE]; /* in the configuration */
	char device[128];	   /* ethdev's name */
};

/* What one worker polls. Immutable after publication. */
struct weir_poll_list {
	uint32_t n_rx, n_handoff;
	struct weir_rxq {
		const struct weir_port *port;
		uint16_t queue;
	} * rx;
	const struct weir_port **handoff; /* ports whose hand-off ring this worker empties */
};

/*
 * A pool of `n` packet buffers as rte_pktmbuf_pool_create() makes it, laid out well without huge pages too; freed by
 * rte_mempool_free(). NULL with rte_errno: as there.
 */
struct rte_mempool *weir_buffers_create(
    const char *name, uint32_t n, uint32_t cache, uint16_t priv, uint16_t room, int socket);

struct weir_ports;

struct weir_ports_params {
	uint32_t n_workers;
	struct rte_mempool *pool;  /* receive buffers of all ports */
	uint32_t rx_desc, tx_desc; /* wanted descriptors a queue; the driver's limits apply */
};

/*
 * After rte_eal_init(). *params is copied, the pool stays the caller's. Puts itself in front of the log's stream
 * until it is freed, to catch what drivers say: set another one by rte_openlog_stream() before. NULL: no memory.
 */
struct weir_ports *weir_ports_create(const struct weir_ports_params *params);
/* Closes what is open, freeing what waits in hand-off rings; workers have ended. NULL is fine. */
void weir_ports_free(struct weir_ports *ports);

/* One of devargs and device is set. Nothing is kept of the strings. */
struct weir_port_params {
	const char *name;    /* configured */
	const char *devargs; /* hot-plugged, and unplugged on close; or NULL */
	const char *device;  /* an ethdev that exists, or a PCI address EAL may still have to probe; or NULL */
	uint32_t mtu;	     /* 0 = the driver's */
	uint32_t queues;     /* 0 = as many as workers, as far as the port has them */
	uint64_t rate;	     /* bit/s that it is to send at; 0 = as its link allows */
};

/*
 * Plugs, configures and starts a port; nobody polls it before weir_ports_assign(). It may take a second
 * (virtio_user). Promiscuous and all-multicast (a switch port). RSS over IP addresses and ports where the driver has
 * it. A device whose queues are each fed from the start (net_pcap: one a file) gets all of them, whatever the number
 * of workers.
 *
 * Returns the port, or NULL with err (path left ""; err->msg ends with the driver's own words, caught from its log):
 * ENOENT no such device or driver, EEXIST in use by another port or process, or devargs of a device that exists,
 * ENOTSUP (MTU, queues, buffers), EIO the driver failed, ENOSPC all of RTE_MAX_ETHPORTS or WEIR_PORTS_MAX are taken,
 * ENOMEM. After a failure nothing is left plugged.
 */
struct weir_port *weir_port_open(
    struct weir_ports *ports, const struct weir_port_params *params, struct weir_err *err);

/*
 * Changes the MTU of an open port while it runs. 0 = back to what the driver came with. Drivers that neither set nor
 * enforce an MTU (net_pcap, net_af_packet beyond 1500, ...) are held to it by weir alone. Returns 0, or -ENOTSUP with
 * err: the driver refuses, always or while it runs.
 */
int weir_port_set_mtu(struct weir_ports *ports, struct weir_port *port, uint32_t mtu, struct weir_err *err);

/*
 * Stops, unplugs and frees a port that nobody polls or sends to any more; one that was there before it was opened is
 * stopped only, and may be opened again. What is left in its hand-off ring is passed to `leftover` one by one, which
 * frees the mbuf and counts it.
 */
void weir_port_close(
    struct weir_ports *ports, struct weir_port *port, void (*leftover)(void *arg, struct rte_mbuf *m), void *arg);

/*
 * Spreads the receive queues and hand-off rings of `n` open ports over the workers (stable: a queue stays with its
 * worker as long as its port is open; a new one goes to the worker with the fewest) and builds a poll list for each
 * worker into lists[0 .. n_workers-1]. Returns 0 or -ENOMEM (nothing built). The caller publishes the lists, and owns
 * them.
 */
int weir_ports_assign(
    struct weir_ports *ports, struct weir_port *const port[], uint32_t n, struct weir_poll_list *lists[]);
void weir_poll_list_free(struct weir_poll_list *list); /* NULL is fine */

/* Reads the link state of an open port (may take a system call) into up and link_mbps, which its wire follows; true
 * if one changed. Maintenance thread; not beside weir_port_set_rate(). */
bool weir_port_refresh_link(struct weir_port *port);

/*
 * What the port carries in bit/s, were it configured with `rate` (0: without): that, but no more than 99.9% of its
 * link's speed, so that the queue is weir's and not the NIC's. 0 = not known.
 */
uint64_t weir_port_carries(const struct weir_port *port, uint64_t rate);

/* Configures another rate, 0 or within WEIR_BPS_{MIN,MAX}, which its wire follows at once. Control. */
void weir_port_set_rate(struct weir_port *port, uint64_t rate);

/* One line to the log if it carries less than port->guaranteed. Control. */
void weir_port_warn_short(const struct weir_port *port);

/* Packets and bytes as the driver counts them, and what it lost. Any control thread while the port is open. Returns
 * 0, or the driver's -errno. */
struct weir_port_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, rx_missed, rx_errors, rx_nombuf, tx_errors;
};
int weir_port_stats(const struct weir_port *port, struct weir_port_stats *stats);

#endif
