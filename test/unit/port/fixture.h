/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL in the test's own process, a pool, and ports opened in one line. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "weir_port.h"

extern struct rte_mempool *pool;

void start_eal(void);
struct weir_ports *make_ports(uint32_t n_workers);

/* Opens a port that has to open / must not, filling *err. */
struct weir_port *open_devargs(struct weir_ports *ports, const char *name, const char *devargs);
struct weir_port *open_device(struct weir_ports *ports, const char *name, const char *device);
void refuse(struct weir_ports *ports, const struct weir_port_params *params, struct weir_err *err);

/* Frees the mbuf, counts it in the uint32_t at arg. */
void count_leftover(void *arg, struct rte_mbuf *m);
void close_port(struct weir_ports *ports, struct weir_port *port);

/* Writes a capture of `n` frames of 64 bytes; byte 20 of frame i is i. */
void write_pcap(const char *path, uint32_t n);

#endif
