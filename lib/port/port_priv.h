/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this module share. Everything here runs on the configuration thread. */
#ifndef PORT_PRIV_H
#define PORT_PRIV_H

#include <stdio.h>

#include <rte_ethdev.h>

#include "weir_packet.h"
#include "weir_port.h"

/* What only the configuration thread needs to know of a port; workers read struct weir_port. */
struct port_slot {
	struct weir_port *port;	 /* NULL = free */
	struct rte_device *plug; /* goes with the port; NULL = was there before */
	uint32_t *rxq_worker;	 /* receive queue -> worker, WEIR_NONE before the first assignment */
	uint32_t mtu_default;	 /* what the driver came with */
};

struct weir_ports {
	struct weir_ports_params params;
	struct weir_idpool *ids;
	FILE *log;	/* in front of the log's own stream: see capture.c */
	FILE *log_next; /* the stream that was there before */
	struct port_slot slot[WEIR_PORTS_MAX];
};

/* ---- drivers.c: what ethdev's own description of a driver does not say ---- */

enum mtu_keeper {
	MTU_DRIVER, /* the driver's word counts */
	MTU_WEIR,   /* the driver neither sets nor enforces one */
	MTU_RING,   /* as above, up to the frame size of a packet socket's ring */
};

struct driver {
	const char *name;
	bool every_rxq;	    /* each queue has packets of its own from the start: leaving one out would lose them */
	bool paired;	    /* as many transmit as receive queues, or the driver refuses */
	bool page_buffers;  /* an mbuf with its data has to fit a page */
	bool nominal_speed; /* its link's speed says nothing about what it carries */
	enum mtu_keeper mtu;
};

/* Never NULL: an unknown driver gets the entry of a plain NIC. */
const struct driver *port_driver(const struct rte_eth_dev_info *info);

/* ---- capture.c: the driver's own words ---- */

/* Puts a stream in front of the log / takes it away. 0 or -ENOMEM. */
int capture_install(struct weir_ports *ports);
void capture_remove(struct weir_ports *ports);

#define CAPTURE_SIZE 2048

struct capture {
	char text[CAPTURE_SIZE]; /* warnings and errors of the calling thread, lines ended by '\n' */
	size_t len;
};

/* From begin to end, what this thread logs at level warning or worse goes to *capture; at the end on to the log,
 * unless `failed`. */
void capture_begin(struct capture *capture);
void capture_end(const struct weir_ports *ports, bool failed);

/*
 * What was captured since capture_begin() or the last call, in one line without EAL's own epilogue; "" if nothing.
 * Returns `buf`.
 */
char *capture_words(char *buf, size_t size);

/* weir_err() with the driver's own words behind, or, where there are none, what -ret means. Returns -errnum. */
int capture_err(struct weir_err *err, int errnum, int ret, const char *fmt, ...) WEIR_PRINTF(4, 5);

/* ---- probe.c ---- */

struct probed {
	uint16_t ethdev;
	struct rte_device *plug; /* as in struct port_slot */
	char device[128];
};

/* Finds or plugs the ethdev that *params names. Returns 0 or -errno with err (see weir_port_open). */
int port_probe(
    struct weir_ports *ports, const struct weir_port_params *params, struct probed *probed, struct weir_err *err);

/* The opposite. A device that was there before is only stopped. */
void port_unplug(uint16_t ethdev, struct rte_device *plug);

/* ---- socket.c ---- */

/*
 * Makes room for the socket that the device of this name and devargs is going to listen on, if it does. Returns 0, or
 * -EEXIST with err: what is there is no socket, or somebody listens on it.
 */
int port_make_room(const char *device, const char *args, struct weir_err *err);

/* ---- queues.c ---- */

/*
 * Configures queues and offloads, sets the MTU and starts the ethdev; fills n_rxq, n_txq, txq_of, handoff_owner,
 * tx_flags, tx_chained and mtu of *port. Returns 0 or -errno with err.
 */
int port_start(
    struct weir_ports *ports, struct weir_port *port, const struct weir_port_params *params, struct weir_err *err);

/* ---- mtu.c ---- */

/* Sets the MTU of a configured ethdev and port->mtu. Returns 0 or -ENOTSUP with err. */
int port_mtu_apply(struct weir_port *port, const struct rte_eth_dev_info *info, uint32_t mtu, struct weir_err *err);

#endif
