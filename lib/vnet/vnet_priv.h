/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_VNET_PRIV_H
#define WEIR_VNET_PRIV_H

#include "weir_vnet.h"

/* May a frame with these addresses enter by this vport? WEIR_OK, SPOOFED_MAC or SPOOFED_IP, or BAD_L4 for an ND
 * message that lies. */
enum weir_reason spoof_check(
    const struct weir_iface *in, const struct weir_key *key, const struct weir_frame *frame, const uint8_t *data);

#endif
