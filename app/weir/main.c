/* SPDX-License-Identifier: BSD-3-Clause */
/* Wiring: command line, EAL, the gateway, telemetry, signals. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <systemd/sd-daemon.h>

#include "alone.h"
#include "args.h"
#include "weir_clock.h"
#include "weir_gateway.h"
#include "weir_port.h"
#include "weir_telemetry.h"

/* Signals that end weir are waited for; every thread made from here on leaves them alone. */
static void
block_signals(sigset_t *ends)
{
	(void)sigemptyset(ends);
	(void)sigaddset(ends, SIGTERM);
	(void)sigaddset(ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, ends, NULL);
	/* A vhost back end that closes its socket must not end us. */
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
say(const struct weir_err *err, const char *what)
{
	(void)fprintf(stderr, "weir: %s%s%s%s%s\n", what, what[0] != '\0' ? ": " : "", err->path,
	    err->path[0] != '\0' ? ": " : "", err->msg);
}

static int
start_eal(struct args *args)
{
	(void)rte_set_application_usage_hook(args_usage);
	if (rte_eal_init(args->eal_argc, args->eal_argv) >= 0)
		return 0;
	(void)fprintf(stderr,
	    "weir: DPDK did not start (%s). Without hugepages pass --no-huge --no-shconf -m 1024; "
	    "weir's own options go behind --\n",
	    rte_strerror(rte_errno));
	return -1;
}

/* Every lcore but the main one. Returns how many, 0 after a line on stderr. */
static uint32_t
find_workers(unsigned int lcores[WEIR_WORKERS_MAX])
{
	unsigned int lcore;
	uint32_t n = 0;

	/* RTE_LCORE_FOREACH_WORKER() converts signs. */
	for (lcore = rte_get_next_lcore(UINT_MAX, 1, 0); lcore < RTE_MAX_LCORE;
	     lcore = rte_get_next_lcore(lcore, 1, 0)) {
		if (n == WEIR_WORKERS_MAX) {
			(void)fprintf(
			    stderr, "weir: at most %d workers; pass fewer lcores by -l\n", WEIR_WORKERS_MAX);
			return 0;
		}
		lcores[n++] = lcore;
	}
	if (n == 0)
		(void)fprintf(stderr,
		    "weir: no worker: pass two lcores or more, -l 0,1 (the first one carries control), or "
		    "--lcores 0@0,1@0 to share a processor\n");
	return n;
}

static struct weir_gateway *
create(const struct args *args, struct weir_clock *clock, const unsigned int *lcores, uint32_t n_workers)
{
	struct weir_gateway_params params = {
	    .n_workers = n_workers,
	    .lcores = lcores,
	    .state_dir = args->state,
	    .reset = args->reset,
	    .mbufs = args->mbufs,
	    .mbuf_size = args->mbuf_size,
	    .clock = clock,
	    .now = weir_clock_now(clock),
	};
	struct weir_err err = {0};
	struct weir_gateway *gateway = weir_gateway_create(&params, &err);

	if (gateway == NULL && (err.errnum == EACCES || err.errnum == EPERM || err.errnum == EROFS))
		(void)fprintf(stderr, "weir: %s; run as root, or name another folder by --state\n", err.msg);
	else if (gateway == NULL)
		say(&err, "");
	return gateway;
}

/* Runs until a signal ends it. Returns the exit status. */
static int
serve(const struct args *args, struct weir_gateway *gateway, const sigset_t *ends)
{
	struct weir_err err = {0};
	int rc, sig;

	if (weir_gateway_restore(gateway, args->config, &err) != 0) {
		say(&err, "the configuration cannot be applied");
		return EXIT_FAILURE;
	}
	rc = weir_gateway_start(gateway);
	if (rc != 0) {
		(void)fprintf(stderr, "weir: workers do not start: %s\n", strerror(-rc));
		return EXIT_FAILURE;
	}
	rc = weir_telemetry_start(gateway, WEIR_VERSION);
	if (rc == 0) {
		(void)sd_notify(0, "READY=1");
		weir_log_info(
		    "version %s is up, file prefix %s, state in %s", WEIR_VERSION, args->prefix, args->state);
		(void)sigwait(ends, &sig);
		(void)sd_notify(0, "STOPPING=1");
		weir_telemetry_stop();
	} else {
		(void)fprintf(stderr, "weir: telemetry commands cannot be registered: %s\n", strerror(-rc));
	}
	weir_gateway_stop(gateway);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(struct args *args, const sigset_t *ends)
{
	static unsigned int lcores[WEIR_WORKERS_MAX];
	static struct weir_clock clock;
	struct weir_gateway *gateway;
	int status = EXIT_FAILURE;
	uint32_t n_workers;

	if (alone(args->prefix) != 0 || start_eal(args) != 0)
		return EXIT_FAILURE;
	n_workers = find_workers(lcores);
	if (n_workers > 0) {
		weir_clock_init(&clock);
		gateway = create(args, &clock, lcores, n_workers);
		if (gateway != NULL)
			status = serve(args, gateway, ends);
		weir_gateway_free(gateway);
	}
	(void)rte_eal_cleanup();
	return status;
}

int
main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;
	struct args args;
	sigset_t ends;

	block_signals(&ends);
	switch (args_read(argc, argv, &args)) {
	case ARGS_RUN:
		status = run(&args, &ends);
		break;
	case ARGS_WRONG:
		status = EXIT_FAILURE;
		break;
	case ARGS_DONE:
		break;
	}
	args_free(&args);
	return status;
}
