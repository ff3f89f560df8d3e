/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: EAL's options, "--", weir's own. */
#ifndef WEIR_ARGS_H
#define WEIR_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARGS_PREFIX_DEFAULT "weir"
#define ARGS_STATE_DEFAULT "/var/lib/weir"

struct args {
	/* weir's own */
	const char *config; /* NULL = none */
	const char *state;
	bool reset;
	uint32_t mbufs, mbuf_size;
	/* EAL's: argv of it, with a file prefix in it in any case */
	int eal_argc;
	char **eal_argv; /* args_free() */
	const char *prefix;
};

enum args_result {
	ARGS_RUN,
	ARGS_DONE,  /* it asked for help or the version only */
	ARGS_WRONG, /* stderr says what */
};

/* Reads the command line into *args, which points into argv. */
enum args_result args_read(int argc, char **argv, struct args *args);
void args_free(struct args *args);

/* What `weir --help` says before EAL's own options. */
void args_usage(const char *program);

#endif
