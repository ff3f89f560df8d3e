/* SPDX-License-Identifier: BSD-3-Clause */
/* What depends on time: limits, ageing. Each in a small network of its own. */
#ifndef WEIR_TEST_SCENARIOS_H
#define WEIR_TEST_SCENARIOS_H

#include <stdbool.h>

/* Limits let pass what their buckets hold, whoever draws on them; silent MACs go. Prints what does not hold. */
bool scenarios_hold(void);

/* Those of limits, on a rig that is open. */
bool limits_hold(void);

/* Next hops that routers have to ask for first. */
bool routers_hold(void);

#endif
