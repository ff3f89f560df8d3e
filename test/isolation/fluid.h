/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reference: who has what of a port if traffic were fluid. Weighted max-min fairness over guarantees: each has
 * r = min(d, L, max(min(d, G), min(d, G) + w * theta)), with theta such that the port is used up or all are content;
 * first the tenants of the port, then the vports of each tenant within what it has.
 */
#ifndef WEIR_TEST_FLUID_H
#define WEIR_TEST_FLUID_H

#include <stdint.h>

/* All in wire bits per second. */
struct fluid {
	double demand, guarantee, limit, weight;
	double rate; /* out */
};

/* Shares `capacity`. The guarantees fit it. */
void fluid_share(struct fluid *parts, uint32_t n, double capacity);

/*
 * Jain's index of what each had beyond its guarantee, by weight, among those whose demand and limit leave them room.
 * 1 where there are none.
 */
double fluid_jain(const struct fluid *parts, const double *had, uint32_t n);

#endif
