/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_PACKET_MBUF_FLAGS_H
#define WEIR_PACKET_MBUF_FLAGS_H

#include <rte_mbuf.h>

/*
 * Flags that stay true when headers change: where the data lies, and what applications registered at run time. The
 * rest says what a receiving port found or asks a sending one to do, about headers that are no longer the first ones.
 */
#define MBUF_FLAGS_KEPT                                                                                              \
	(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL | ((RTE_MBUF_F_LAST_FREE << 1) - RTE_MBUF_F_FIRST_FREE))

#endif
