/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet that was lost, as workers tell of some for tenants' operators to see: what there is of it, where and why.
 */
#ifndef WEIR_LOSS_H
#define WEIR_LOSS_H

#include <stdint.h>

#include "weir_reason.h"

#define WEIR_LOSS_BYTES 128

struct weir_loss {
	uint64_t time; /* ns */
	uint32_t tenant, tenant_serial;
	uint32_t in, in_serial;	  /* by which it came in, as it is here; WEIR_NONE: it is as it was to leave */
	uint32_t out, out_serial; /* by which it was to leave; WEIR_NONE: that was not known yet */
	uint32_t number;	  /* of its tenant's, from 1 on: set by who keeps it */
	uint32_t len;		  /* bytes of the tenant's frame ... */
	uint16_t kept;		  /* ... and of its first ones in `data` */
	uint16_t reason;	  /* enum weir_reason */
	uint8_t data[WEIR_LOSS_BYTES];
};
_Static_assert(sizeof(struct weir_loss) % 4 == 0, "an element of a ring");

#endif
