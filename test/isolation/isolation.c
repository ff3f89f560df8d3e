/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Isolation in virtual time:
 *
 *     isolation [matrix] [--only GROUP]... [--json FILE] [--long] [--jobs N] [--list]
 *
 * Runs scenarios, each in a process of its own, prints each figure beside its bound, and ends with 0 if all hold.
 * --long: windows of full length, and more combinations. --without-guarantees: for a weir that refuses the keys.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "matrix.h"

#define SCENARIOS 512

uint64_t scenario_second = 200 * PS_MS;
bool scenario_long;

static struct scenario scenarios[SCENARIOS];
static uint32_t n_scenarios, n_jobs = 2;
static struct report *reports;
static const char *json_file, *only[8];
static uint32_t n_only;
static bool list_only;

static const struct group {
	const char *name;
	uint32_t (*make)(struct scenario *list);
} groups[] = {
    {"machine", scenarios_machine},
    {"share", scenarios_share},
    {"wake", scenarios_wake},
    {"limit", scenarios_limit},
    {"matrix", scenarios_matrix},
};

/* ---- arguments ---- */

static int
usage(void)
{
	(void)fputs("usage: isolation [matrix] [--only GROUP]... [--json FILE] [--long] [--jobs N] [--list]\n"
		    "           [--without-guarantees]      (groups, or parts of a scenario's name: machine share "
		    "wake limit matrix)\n",
	    stderr);
	return 2;
}

static int
parse(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"only", required_argument, NULL, 'o'},
	    {"json", required_argument, NULL, 'j'},
	    {"jobs", required_argument, NULL, 'n'},
	    {"long", no_argument, NULL, 'l'},
	    {"list", no_argument, NULL, 's'},
	    {"without-guarantees", no_argument, NULL, 'w'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'o' && n_only < WEIR_ARRAY_LEN(only))
			only[n_only++] = optarg;
		else if (option == 'j')
			json_file = optarg;
		else if (option == 'n' && atoi(optarg) > 0)
			n_jobs = (uint32_t)atoi(optarg);
		else if (option == 'l')
			scenario_long = true;
		else if (option == 's')
			list_only = true;
		else if (option == 'w')
			net_without_guarantees = true;
		else
			return -1;
	}
	for (; optind < argc && n_only < WEIR_ARRAY_LEN(only); optind++)
		only[n_only++] = argv[optind];
	if (scenario_long)
		scenario_second = PS_S;
	return 0;
}

/* A cell of the matrix is compared with that of no attacker. */
static bool
needs_baseline(const struct scenario *scenario, const char *name)
{
	return strcmp(scenario->group, "matrix") == 0 && scenario->which == MATRIX_ALONE &&
	       strncmp(name, scenario->group, strlen(scenario->group)) == 0;
}

static bool
wanted(const struct scenario *scenario)
{
	if (scenario->long_only && !scenario_long)
		return false;
	for (uint32_t i = 0; i < n_only; i++)
		if (strstr(scenario->name, only[i]) != NULL || needs_baseline(scenario, only[i]))
			return true;
	return n_only == 0;
}

static void
make_list(void)
{
	static struct scenario all[SCENARIOS];
	uint32_t n = 0;

	for (uint32_t g = 0; g < WEIR_ARRAY_LEN(groups); g++)
		n += groups[g].make(&all[n]);
	for (uint32_t i = 0; i < n; i++)
		if (wanted(&all[i]))
			scenarios[n_scenarios++] = all[i];
}

/* ---- processes ---- */

static void
run_one(uint32_t i)
{
	static struct machine machine;
	struct timespec begin, end;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	if (machine_start(&machine, scenarios[i].n_workers) != 0)
		_exit(1);
	scenarios[i].run(&scenarios[i], &machine, &reports[i]);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	reports[i].real = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
	reports[i].ended = true;
	_exit(0);
}

/* A scenario that does not end by itself has no `ended` in its report. */
static void
run_all(void)
{
	uint32_t running = 0;
	int status;

	(void)fflush(stdout);
	for (uint32_t i = 0; i < n_scenarios; i++) {
		pid_t pid;

		if (running == n_jobs && wait(&status) > 0)
			running--;
		pid = fork();
		if (pid == 0)
			run_one(i);
		if (pid < 0) {
			perror("fork");
			exit(1);
		}
		running++;
	}
	while (running > 0 && wait(&status) > 0)
		running--;
}

/* ---- results ---- */

static FILE *
open_json(void)
{
	FILE *json = json_file != NULL ? fopen(json_file, "w") : tmpfile();

	if (json == NULL) {
		(void)fprintf(stderr, "%s: %s\n", json_file, strerror(errno));
		exit(2);
	}
	return json;
}

static int
print_all(FILE *json)
{
	uint32_t failed = 0, failed_cells;
	double real = 0;

	(void)fprintf(json, "{\"long\":%s,\"guarantees\":%s,\"scenarios\":[", scenario_long ? "true" : "false",
	    net_without_guarantees ? "false" : "true");
	for (uint32_t i = 0; i < n_scenarios; i++) {
		(void)fputs(i == 0 ? "\n" : ",\n", json);
		report_print(&reports[i], scenarios[i].name);
		report_json(json, &reports[i], scenarios[i].name);
		(void)fflush(stdout);
		(void)fprintf(stderr, "%s: %.3f s simulated in %.1f s\n", scenarios[i].name, reports[i].simulated,
		    reports[i].real);
		failed += !report_passed(&reports[i]);
		real += reports[i].real;
	}
	(void)fputs("],\"matrix\":[", json);
	failed_cells = matrix_print(scenarios, reports, n_scenarios, json);
	(void)fputs("]}\n", json);
	(void)fclose(json);
	for (uint32_t i = 0; i < n_scenarios; i++)
		if (!report_passed(&reports[i]))
			(void)fprintf(stderr, "failed: %s\n", scenarios[i].name);
	(void)printf("%u scenarios, %u failed\n", n_scenarios, failed);
	(void)fprintf(stderr, "%.0f s of processor time\n", real);
	return failed + failed_cells == 0 ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	FILE *json;

	if (parse(argc, argv) != 0)
		return usage();
	make_list();
	if (n_scenarios == 0)
		return usage();
	for (uint32_t i = 0; list_only && i < n_scenarios; i++)
		(void)puts(scenarios[i].name);
	if (list_only)
		return 0;
	json = open_json();
	reports =
	    mmap(NULL, n_scenarios * sizeof(*reports), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reports == MAP_FAILED)
		return 1;
	run_all();
	return print_all(json);
}
