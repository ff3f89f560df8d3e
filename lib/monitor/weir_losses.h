/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last packets that each tenant lost, of those that workers told of. Memory is taken for tenants that have some:
 * for at most WEIR_LOSSES_TENANTS of them, of which the one whose last loss is longest ago makes room.
 *
 * Threads: none of this locks; the caller lets one thread in at a time.
 */
#ifndef WEIR_LOSSES_H
#define WEIR_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "weir_base.h"
#include "weir_loss.h"

#define WEIR_LOSSES_KEPT 16 /* of a tenant ... */
#define WEIR_LOSSES_SAME 8  /* ... so many at most by one reason, so that others are not hidden by it */
#define WEIR_LOSSES_EVERY WEIR_NS_PER_S
#define WEIR_LOSSES_TENANTS 4096u /* 11 MB */

struct weir_losses;

/* For tenants with ids below `tenants`. NULL: no memory. */
struct weir_losses *weir_losses_create(uint32_t tenants);
void weir_losses_free(struct weir_losses *losses); /* NULL is fine */

/*
 * Keeps one; where there is no room, its tenant's oldest makes it, once in WEIR_LOSSES_EVERY for each reason. What
 * has no memory is forgotten.
 */
void weir_losses_add(struct weir_losses *losses, const struct weir_loss *loss);

/* The tenant's (id, serial) n-th last, from 0 on; NULL: there are not so many. Holds until the next call of add. */
const struct weir_loss *weir_losses_get(
    const struct weir_losses *losses, uint32_t tenant, uint32_t serial, uint32_t n);

#endif
