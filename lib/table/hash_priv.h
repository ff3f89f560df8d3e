/* SPDX-License-Identifier: BSD-3-Clause */
/* The two hashes behind weir_hash(), apart so that tests can run both on one machine. */
#ifndef WEIR_HASH_PRIV_H
#define WEIR_HASH_PRIV_H

#include <stdbool.h>

#include "weir_hash.h"

/* True if this processor can run weir_hash_clnh(). */
bool weir_hash_has_clnh(void);

uint64_t weir_hash_clnh(const struct weir_hash_secret *secret, const void *key, uint32_t size);
uint64_t weir_hash_sip(const struct weir_hash_secret *secret, const void *key, uint32_t size);

#endif
