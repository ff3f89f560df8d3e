/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's telemetry (until 26.07) calls strtok() in every client's thread at the same time. The C library's keeps its
 * place in one variable for all of them, so that a client could lose its parameters or be given another client's. A
 * program's own function comes before the C library's for shared libraries too, so this one takes its place, with a
 * variable a thread.
 */
#include <string.h>

char *strtok(char *restrict text, const char *restrict separators);

char *
strtok(char *restrict text, const char *restrict separators)
{
	static __thread char *place;

	return strtok_r(text, separators, &place);
}
