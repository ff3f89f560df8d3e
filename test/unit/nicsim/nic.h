/* SPDX-License-Identifier: BSD-3-Clause */
/* A nicsim port in the test's own process. */
#ifndef NIC_H
#define NIC_H

#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define NIC_FRAME_MAX 9216

extern struct rte_mempool *nic_pool; /* of packet buffers for any frame */

void nic_eal(void); /* starts EAL with the driver loaded, once a test */

/* Plugs net_nicsim<n> with its arguments and starts it with `queues` queues each way; returns the port. */
uint16_t nic_open(uint32_t n, const char *args, uint16_t queues);
/* Likewise with an RSS key and offloads for transmission. */
uint16_t nic_open_with(uint32_t n, const char *args, uint16_t queues, const uint8_t *rss_key, uint64_t tx_offloads);
void nic_close(uint16_t port); /* all buffers are back in their pool */

/* The next frame of a queue, which must have one; the caller frees it. */
struct rte_mbuf *nic_receive(uint16_t port, uint16_t queue);

/* A fresh mbuf that holds `len` bytes. */
struct rte_mbuf *nic_mbuf(const void *frame, uint32_t len);

/* Plugging net_nicsim<n> with `args`, or starting it, must fail; returns what the driver said, to be freed. */
char *nic_refused(uint32_t n, const char *args);

#endif
