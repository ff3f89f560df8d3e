/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "weir_base.h"

#define MBUFS_DEFAULT 65536u
#define MBUFS_MIN 1024u
#define MBUFS_MAX (1u << 26)
#define MBUF_SIZE_DEFAULT 2048u
#define MBUF_SIZE_MIN 1024u
#define MBUF_SIZE_MAX 32768u

void
args_usage(const char *program)
{
	(void)printf("%s [EAL options] -- [options]\n"
		     "\n"
		     "The switch. EAL's main lcore carries control, every other one is a worker: give two at least.\n"
		     "EAL's file prefix is \"" ARGS_PREFIX_DEFAULT "\" unless given.\n"
		     "\n"
		     "options:\n"
		     "  --config FILE      configuration of the first start; later the state folder's is used\n"
		     "  --state DIR        where configurations are kept (" ARGS_STATE_DEFAULT ")\n"
		     "  --reset            forgets the configurations that the state folder holds\n"
		     "  --mbufs N          packet buffers (%u)\n"
		     "  --mbuf-size BYTES  bytes of packet in one (%u)\n"
		     "  --help             this text\n"
		     "  --version          the version\n"
		     "\n",
	    program, MBUFS_DEFAULT, MBUF_SIZE_DEFAULT);
}

static int
read_number(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < min || value > max) {
		(void)fprintf(stderr, "weir: --%s: '%s' is not a number from %u to %u\n", option, text, min, max);
		return -1;
	}
	*number = (uint32_t)value;
	return 0;
}

/* weir's own options, behind "--" (which stands in argv[0]). */
static enum args_result
read_own(int argc, char **argv, struct args *args)
{
	enum { CONFIG = 1, STATE, RESET, MBUFS, MBUF_SIZE, HELP, VERSION };
	static const struct option options[] = {
	    {"config", required_argument, NULL, CONFIG},
	    {"state", required_argument, NULL, STATE},
	    {"reset", no_argument, NULL, RESET},
	    {"mbufs", required_argument, NULL, MBUFS},
	    {"mbuf-size", required_argument, NULL, MBUF_SIZE},
	    {"help", no_argument, NULL, HELP},
	    {"version", no_argument, NULL, VERSION},
	    {NULL, 0, NULL, 0},
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case CONFIG:
			args->config = optarg;
			break;
		case STATE:
			args->state = optarg;
			break;
		case RESET:
			args->reset = true;
			break;
		case MBUFS:
			if (read_number("mbufs", optarg, MBUFS_MIN, MBUFS_MAX, &args->mbufs) != 0)
				return ARGS_WRONG;
			break;
		case MBUF_SIZE:
			if (read_number("mbuf-size", optarg, MBUF_SIZE_MIN, MBUF_SIZE_MAX, &args->mbuf_size) != 0)
				return ARGS_WRONG;
			break;
		case HELP:
			args_usage("weir");
			return ARGS_DONE;
		case VERSION:
			(void)printf("weir %s\n", WEIR_VERSION);
			return ARGS_DONE;
		default: /* getopt_long has said what is wrong */
			return ARGS_WRONG;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "weir: '%s' is not an option\n", argv[optind]);
		return ARGS_WRONG;
	}
	return ARGS_RUN;
}

/* The value of --file-prefix, also shortened as getopt_long allows, at argv[*i] or behind it; NULL: another option.
 */
static const char *
file_prefix(int argc, char **argv, int *i)
{
	static const char name[] = "--file-prefix";
	size_t len = strcspn(argv[*i], "=");

	if (len < strlen("--fi") || len > strlen(name) || strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	return ++*i < argc ? argv[*i] : NULL;
}

/* EAL's argv: what stands before "--", and the default prefix unless one is given. */
static enum args_result
read_eal(int argc, char **argv, struct args *args)
{
	static char option[] = "--file-prefix", fallback[] = ARGS_PREFIX_DEFAULT;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		const char *prefix;

		if (strcmp(argv[i], "--version") == 0) {
			(void)printf("weir %s\n", WEIR_VERSION);
			return ARGS_DONE;
		}
		prefix = file_prefix(argc, argv, &i);
		if (prefix != NULL)
			args->prefix = prefix;
	}
	args->eal_argv = calloc((size_t)argc + 3, sizeof(*args->eal_argv));
	if (args->eal_argv == NULL) {
		(void)fprintf(stderr, "weir: out of memory\n");
		return ARGS_WRONG;
	}
	args->eal_argv[n++] = argv[0];
	if (args->prefix == NULL) {
		args->prefix = fallback;
		args->eal_argv[n++] = option;
		args->eal_argv[n++] = fallback;
	}
	for (int i = 1; i < argc; i++)
		args->eal_argv[n++] = argv[i];
	args->eal_argc = n;
	return ARGS_RUN;
}

enum args_result
args_read(int argc, char **argv, struct args *args)
{
	enum args_result result = ARGS_RUN;
	int split = 1;

	*args = (struct args){.state = ARGS_STATE_DEFAULT, .mbufs = MBUFS_DEFAULT, .mbuf_size = MBUF_SIZE_DEFAULT};
	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	if (split < argc) {
		/* getopt_long begins its messages with argv[0]. */
		argv[split] = argv[0];
		result = read_own(argc - split, argv + split, args);
	}
	return result == ARGS_RUN ? read_eal(split, argv, args) : result;
}

void
args_free(struct args *args)
{
	free(args->eal_argv);
	args->eal_argv = NULL;
}
