/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluid.h"

#define HALVINGS 200

static double
least(double a, double b)
{
	return a < b ? a : b;
}

static double
rate_at(const struct fluid *part, double theta)
{
	double most = least(part->demand, part->limit);

	return least(most, least(most, part->guarantee) + part->weight * theta);
}

void
fluid_share(struct fluid *parts, uint32_t n, double capacity)
{
	double low = 0, high = capacity;

	/* Weights are 1 or more, so that theta is at most the capacity. */
	for (uint32_t k = 0; k < HALVINGS; k++) {
		double theta = (low + high) / 2, sum = 0;

		for (uint32_t i = 0; i < n; i++)
			sum += rate_at(&parts[i], theta);
		if (sum > capacity)
			high = theta;
		else
			low = theta;
	}
	for (uint32_t i = 0; i < n; i++)
		parts[i].rate = rate_at(&parts[i], low);
}

double
fluid_jain(const struct fluid *parts, const double *had, uint32_t n)
{
	double sum = 0, squares = 0;
	uint32_t many = 0;

	for (uint32_t i = 0; i < n; i++) {
		double excess = (had[i] - parts[i].guarantee) / parts[i].weight;

		if (parts[i].rate >= 0.999 * least(parts[i].demand, parts[i].limit))
			continue;
		excess = excess > 0 ? excess : 0;
		sum += excess;
		squares += excess * excess;
		many++;
	}
	if (many == 0)
		return 1;
	return squares > 0 ? sum * sum / (many * squares) : 0;
}
