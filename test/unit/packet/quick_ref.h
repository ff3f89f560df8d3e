/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser by vector instructions beside the scalar one: what it takes has to be right, and it has to take all that
 * is usual. Shared by its test and the fuzzers.
 */
#ifndef WEIR_TEST_QUICK_REF_H
#define WEIR_TEST_QUICK_REF_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"

#define QUICK_REF_MAX 4096 /* bytes of a packet */

/*
 * Parses `len` bytes both ways, where the next byte is of a page that may not be read. `tagged`: they hold a tag that
 * is about to be taken off, at least 18 bytes. Returns NULL if both agree, else what they differ in; *taken: it was
 * the vector parser's.
 */
const char *quick_frame_differs(const uint8_t *data, uint32_t len, bool tagged, bool *taken);

/*
 * The same for tunnel packets to `mac` and `ip` and, if they are taken, the frame inside. *taken: both of them were
 * the vector parser's.
 */
const char *quick_underlay_differs(const uint8_t *data, uint32_t len, const struct weir_mac *mac,
    const struct weir_ip *ip, bool checksum_ok, bool *taken);

#endif
