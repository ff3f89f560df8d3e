/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_TOPO_PRIV_H
#define WEIR_TEST_TOPO_PRIV_H

#include "topo.h"

/* A tenant with random switches, vports, remotes and static MACs. */
void topo_add_tenant(struct topo *topo, uint32_t t, struct rng *rng);

#endif
