/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "weirctl.h"

#define FOR_PATCH 1 /* options that one command alone takes */
#define FOR_TOP 2
#define FOR_RECEIPTS 4

static const struct command {
	const char *name;
	command_fn run;
	int min_args, max_args;
	unsigned int takes; /* FOR_* */
	const char *usage, *help;
} commands[] = {
    {"status", command_status, 0, 0, 0, "", "what runs, and how it fares"},
    {"top", command_top, 0, 0, FOR_TOP, "[--count N] [--interval S]",
	"live rates of tenants and vports against their limits"},
    {"apply", command_apply, 1, 1, 0, "FILE", "make FILE the configuration"},
    {"check", command_check, 0, 1, 0, "[FILE]", "say what is wrong with FILE, or what apply would change"},
    {"diff", command_diff, 0, 1, 0, "[FILE]", "show what apply would change, line by line"},
    {"patch", command_patch, 0, 1, FOR_PATCH, "'{...}' | -f FILE", "apply a JSON merge patch"},
    {"rollback", command_rollback, 0, 1, 0, "[N]", "go back to the N-th configuration before this one"},
    {"show", command_show, 0, 1, 0, "[POINTER]", "the configuration, or the part at a JSON pointer"},
    {"stats", command_stats, 0, 2, 0, "[port|tenant|vport|switch|router|firewall [NAME]]", "counters"},
    {"ports", command_ports, 0, 0, 0, "", "ports and why they are down"},
    {"macs", command_macs, 0, 1, 0, "[TENANT]", "learned and static MAC addresses"},
    {"routers", command_routers, 0, 1, 0, "[TENANT]", "virtual routers and what passed them"},
    {"interfaces", command_interfaces, 0, 1, 0, "[TENANT]", "interfaces of routers"},
    {"routes", command_routes, 0, 1, 0, "[TENANT]", "routes of routers and what took them"},
    {"firewalls", command_firewalls, 0, 1, 0, "[TENANT]", "firewalls and what they decided"},
    {"rules", command_rules, 0, 1, 0, "[TENANT]", "rules of firewalls and what they decided"},
    {"connections", command_connections, 0, 1, 0, "[TENANT]", "connections that firewalls know"},
    {"neigh", command_neigh, 0, 1, 0, "[TENANT]", "neighbours on the underlay, or of a tenant's routers"},
    {"flows", command_flows, 0, 1, 0, "[TENANT]", "cached flows"},
    {"drops", command_drops, 0, 1, 0, "[TENANT]", "dropped packets by reason"},
    {"trace", command_trace, 2, 64, 0, "FROM PACKET | FROM hex BYTES", "where a packet would go, element by element"},
    {"explain", command_explain, 1, 2, 0, "TENANT [DROP]", "packets that were lost lately, and why"},
    {"receipts", command_receipts, 1, 1, FOR_RECEIPTS, "TENANT [--last SECONDS]",
	"what it was promised, asked for and had, second by second"},
    {"conservation", command_conservation, 0, 1, 0, "[TENANT]", "what came in is what went out, in numbers"},
    {"workers", command_workers, 0, 0, 0, "", "load of each worker"},
    {"info", command_info, 0, 0, 0, "", "version, sizes, limits"},
};

static void
print_help(void)
{
	(void)printf("usage: weirctl [-f PREFIX] [--json] COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < WEIR_ARRAY_LEN(commands); i++)
		(void)printf("  %-12s %-34s %s\n", commands[i].name, commands[i].usage, commands[i].help);
	(void)printf("\n  -f PREFIX  weir's EAL file prefix (default: weir)\n"
		     "  --json     one JSON document instead of tables\n"
		     "FILE may be - for standard input. Exit status: 0 done, 1 refused, 2 usage, 3 no switch.\n");
}

static int WEIR_PRINTF(1, 2) usage(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("weirctl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("; weirctl --help lists all\n", stderr);
	return CTL_USAGE;
}

static bool
parse_count(const char *text, uint64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoull(text, &end, 10);
	return errno == 0 && *text >= '1' && *text <= '9' && *end == '\0';
}

static bool
parse_interval(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && *end == '\0' && *seconds >= 0.1 && *seconds <= 3600;
}

enum { OPT_JSON = 256, OPT_COUNT, OPT_INTERVAL, OPT_LAST, OPT_VERSION };

/*
 * One run of getopt: up to the command's name (`command` NULL), or behind it. Returns -1 to go on, or the status to
 * exit with.
 */
static int
parse_options(int argc, char **argv, const struct command *command, struct options *options)
{
	static const struct option known[] = {{"json", no_argument, NULL, OPT_JSON},
	    {"count", required_argument, NULL, OPT_COUNT}, {"interval", required_argument, NULL, OPT_INTERVAL},
	    {"last", required_argument, NULL, OPT_LAST}, {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, OPT_VERSION}, {0}};
	unsigned int takes = command != NULL ? command->takes : 0;
	int c;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, command == NULL ? "+f:h" : "f:h", known, NULL)) != -1) {
		if (c == OPT_JSON) {
			options->json = true;
		} else if (c == 'f' && (takes & FOR_PATCH) != 0) {
			options->file = optarg;
		} else if (c == 'f') {
			options->prefix = optarg;
		} else if (c == 'h') {
			print_help();
			return CTL_OK;
		} else if (c == OPT_VERSION) {
			(void)printf("weirctl %s\n", WEIR_VERSION);
			return CTL_OK;
		} else if (c == OPT_COUNT && (takes & FOR_TOP) != 0) {
			if (!parse_count(optarg, &options->count))
				return usage("--count takes a whole number from 1 on, not '%s'", optarg);
		} else if (c == OPT_INTERVAL && (takes & FOR_TOP) != 0) {
			if (!parse_interval(optarg, &options->interval))
				return usage("--interval takes 0.1 to 3600 seconds, not '%s'", optarg);
		} else if (c == OPT_LAST && (takes & FOR_RECEIPTS) != 0) {
			if (!parse_count(optarg, &options->last))
				return usage("--last takes a whole number of seconds from 1 on, not '%s'", optarg);
		} else if (c == OPT_LAST) {
			return usage("--last is for receipts alone");
		} else if (c == OPT_COUNT || c == OPT_INTERVAL) {
			return usage("--count and --interval are for top alone");
		} else {
			return usage("%s is not an option here, or lacks its argument", argv[optind - 1]);
		}
	}
	return -1;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* "weirctl: PATH: message", and as a document where that was asked for. */
static void
print_error(const struct weir_err *err, bool json)
{
	struct text doc = {0};

	(void)fprintf(stderr, "weirctl: %s%s%s\n", err->path, *err->path != '\0' ? ": " : "", err->msg);
	if (!json)
		return;
	text_printf(&doc, "{\"status\":\"error\",\"errno\":%d,\"message\":", err->errnum);
	text_json(&doc, err->msg);
	text_str(&doc, ",\"path\":");
	text_json(&doc, err->path);
	(void)printf("%s}\n", doc.data);
	text_free(&doc);
}

static enum status
run(const struct command *command, const struct options *options)
{
	struct weir_err err = {0};
	struct client client;
	struct text out = {0};
	enum status status = client_open(&client, options->prefix, &err);

	if (status == CTL_OK)
		status = command->run(&client, options, &out, &err);
	if (status != CTL_OK)
		print_error(&err, options->json);
	else if (out.len > 0)
		(void)fwrite(out.data, 1, out.len, stdout);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "weirctl: standard output: %s\n", strerror(errno));
		status = status == CTL_OK ? CTL_REFUSED : status;
	}
	text_free(&out);
	client_close(&client);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {.prefix = "weir", .interval = 1, .width = terminal_width()};
	const struct command *command;
	int rc = parse_options(argc, argv, NULL, &options);

	if (rc >= 0)
		return rc;
	if (optind == argc) {
		print_help();
		return CTL_USAGE;
	}
	command = find_command(argv[optind]);
	if (command == NULL)
		return usage("there is no command '%s'", argv[optind]);
	argc -= optind;
	argv += optind;
	rc = parse_options(argc, argv, command, &options);
	if (rc >= 0)
		return rc;
	options.n_args = argc - optind;
	options.args = argv + optind;
	if (options.n_args < command->min_args || options.n_args > command->max_args)
		return usage("usage: weirctl %s %s", command->name, command->usage);
	return (int)run(command, &options);
}
