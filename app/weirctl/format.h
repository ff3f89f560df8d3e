/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as people read them. Every function writes at most FORMAT_SIZE bytes with the NUL and returns `buf`. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_SIZE 72

/* Three digits and k, M, G, T (powers of 1000): "0", "12", "999", "1.20k", "12.3M". */
char *format_si(double value, char *buf);

/* "10Mbps", "1Mpps", "5Gbps 1Mpps"; "-" without either. */
char *format_limit(uint64_t bps, uint64_t pps, char *buf);

/* "350us", "12ms", "3.4s", "5m07s", "2h07m", "3d04h". */
char *format_age(uint64_t ns, char *buf);

/* "[#####.....]  50%" with `width` places between the brackets (at most 40); "over" above 999%. */
char *format_bar(double fraction, size_t width, char *buf);

#endif
