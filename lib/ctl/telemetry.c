/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include "request.h"
#include "telemetry_priv.h"
#include "weir_telemetry.h"

static const struct command {
	const char *name;
	command_fn fn;
	const char *help; /* at most 63 characters */
} commands[] = {
    {"/weir/info", command_info, "version, workers, sizes, limits"},
    {"/weir/config/load", command_config_load, "PATH: replaces the configuration"},
    {"/weir/config/patch", command_config_patch, "{...}: merge patch"},
    {"/weir/config/check", command_config_check, "PATH or {...}: load or patch, but changes nothing"},
    {"/weir/config/begin", command_config_begin, "{\"op\"}: opens a long document"},
    {"/weir/config/put", command_config_put, "{\"id\",\"offset\",\"data\"}: a piece of it"},
    {"/weir/config/commit", command_config_commit, "{\"id\"}: does what it was opened for"},
    {"/weir/config/abort", command_config_abort, "{\"id\"}: forgets it"},
    {"/weir/config/rollback", command_config_rollback, "N: back to the N-th configuration before"},
    {"/weir/config/show", command_config_show, "POINTER or {\"pointer\",\"cursor\",\"version\"}"},
    {"/weir/port/list", command_port_list, "nothing or {\"cursor\"}"},
    {"/weir/port/stats", command_port_stats, "PORT"},
    {"/weir/tenant/list", command_tenant_list, "nothing or {\"cursor\"}"},
    {"/weir/tenant/stats", command_tenant_stats, "TENANT"},
    {"/weir/tenant/receipts", command_tenant_receipts, "TENANT or {\"tenant\",\"cursor\",\"last\"}"},
    {"/weir/vport/list", command_vport_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/vport/stats", command_vport_stats, "TENANT/VPORT"},
    {"/weir/switch/list", command_switch_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/switch/stats", command_switch_stats, "TENANT/SWITCH"},
    {"/weir/firewall/list", command_firewall_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/firewall/stats", command_firewall_stats, "TENANT/FIREWALL"},
    {"/weir/firewall/rules", command_firewall_rules, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/conn/list", command_conn_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/router/list", command_router_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/router/stats", command_router_stats, "TENANT/ROUTER"},
    {"/weir/router/interfaces", command_router_interfaces, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/router/routes", command_router_routes, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/flow/list", command_flow_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/mac/list", command_mac_list, "nothing, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/neigh/list", command_neigh_list, "nothing, {\"cursor\"}, TENANT or {\"tenant\",\"cursor\"}"},
    {"/weir/drops", command_drops, "nothing or TENANT"},
    {"/weir/trace", command_trace, "{\"from\",\"packet\"} or {\"from\",\"hex\"}: where it would go"},
    {"/weir/explain", command_explain, "TENANT or {\"tenant\",\"drop\"}: what it lost and why"},
    {"/weir/conservation", command_conservation, "nothing or TENANT"},
    {"/weir/worker/stats", command_worker_stats, "nothing or LCORE"},
};

/* `lock`: commands that run hold it for reading, stop for writing. */
static struct {
	pthread_rwlock_t lock;
	bool registered;
	bool running;
	struct telemetry t;
} state = {
    /* A flood of clients must not keep stop from getting in. */
    .lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
    .t.shown.mutex = PTHREAD_MUTEX_INITIALIZER,
};

static int
dispatch(const char *name, const char *params, struct answer *answer, struct weir_err *err)
{
	size_t len = strlen(name) + (params != NULL ? 1 + strlen(params) : 0);
	const struct command *command = commands;

	if (len >= TEL_REQUEST_MAX)
		return weir_err(err, E2BIG, "",
		    "a request of %d bytes or more is cut off; a document goes through /weir/config/begin",
		    TEL_REQUEST_MAX);
	if (!state.running)
		return weir_err(err, ESHUTDOWN, "", "weir is stopping");
	while (strcmp(command->name, name) != 0)
		command++;
	return command->fn(&state.t, params != NULL ? params : "", answer, err);
}

/* DPDK's callback for every command: a negative return would look like an unknown command, so that it is 0 always. */
static int
on_command(const char *name, const char *params, struct rte_tel_data *data)
{
	struct weir_err err = {0};
	struct answer answer;
	int rc;

	answer_begin(&answer, data);
	(void)pthread_rwlock_rdlock(&state.lock);
	rc = dispatch(name, params, &answer, &err);
	if (rc != 0) {
		(void)weir_err(&err, -rc, "", "%s", strerror(-rc));
		answer_error(data, &err);
	}
	(void)pthread_rwlock_unlock(&state.lock);
	return 0;
}

/* The last component of the folder that EAL made for the prefix. */
static const char *
prefix(void)
{
	const char *dir = rte_eal_get_runtime_dir(), *slash = strrchr(dir, '/');

	return slash != NULL ? slash + 1 : dir;
}

static int
register_commands(void)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < WEIR_ARRAY_LEN(commands); i++)
		rc = rte_telemetry_register_cmd(commands[i].name, on_command, commands[i].help);
	return rc;
}

int
weir_telemetry_start(struct weir_gateway *gateway, const char *version)
{
	struct weir_requests *requests = weir_requests_create(gateway);
	int rc = 0;

	if (requests == NULL)
		return -errno;
	(void)pthread_rwlock_wrlock(&state.lock);
	state.t.gateway = gateway;
	state.t.requests = requests;
	state.t.version = version;
	state.t.prefix = prefix();
	if (!state.registered)
		rc = register_commands();
	state.registered = state.running = rc == 0;
	(void)pthread_rwlock_unlock(&state.lock);
	if (rc != 0) {
		weir_requests_stop(requests);
		weir_requests_free(requests);
	}
	return rc;
}

void
weir_telemetry_stop(void)
{
	/* First those who wait for their turn are let go, then the commands that still run end by themselves. */
	weir_requests_stop(state.t.requests);
	(void)pthread_rwlock_wrlock(&state.lock);
	state.running = false;
	free(state.t.shown.text);
	state.t.shown.text = NULL;
	(void)pthread_rwlock_unlock(&state.lock);
	weir_requests_free(state.t.requests);
}
