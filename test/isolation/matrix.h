/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEIR_TEST_MATRIX_H
#define WEIR_TEST_MATRIX_H

#include "scenario.h"

#define MATRIX_ALONE 0 /* scenario->which of the run without an attacker */

extern const char *const matrix_victims[VICTIMS];
const char *matrix_attack(const struct scenario *scenario);
double matrix_line(void); /* bit/s of its ports */

#endif
