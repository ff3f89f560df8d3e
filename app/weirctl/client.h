/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to the telemetry socket of a running weir. */
#ifndef CLIENT_H
#define CLIENT_H

#include <cjson/cJSON.h>

#include "text.h"

/* Exit statuses, which all functions that talk to weir return. */
enum status { CTL_OK = 0, CTL_REFUSED = 1, CTL_USAGE = 2, CTL_NO_SWITCH = 3 };

#define CLIENT_REQUEST_MAX 1023 /* bytes of a request, a telemetry limit */

struct client {
	int fd;
	char *buf;
	size_t size; /* of buf: the server's max_output_len and a NUL */
	char path[108];
};

/*
 * Connects to PREFIX's socket, below $RUNTIME_DIRECTORY, /var/run (root) or $XDG_RUNTIME_DIR, as DPDK does. Returns
 * CTL_OK, or CTL_NO_SWITCH with err. Always followed by client_close().
 */
enum status client_open(struct client *client, const char *prefix, struct weir_err *err);
void client_close(struct client *client);

/*
 * Sends `command` with `params` ("" = none) and waits for the answer (two minutes at most). *reply, the dict below
 * the command's name, is the caller's to cJSON_Delete(); NULL unless CTL_OK. CTL_REFUSED fills err from weir's
 * answer.
 */
enum status client_ask(
    struct client *client, const char *command, const char *params, cJSON **reply, struct weir_err *err);

/*
 * Called with each page of a listing, in order. `first`: forget what earlier calls brought, which also happens when
 * the configuration changed between two pages and the listing starts again.
 */
typedef void (*page_fn)(void *arg, const cJSON *page, bool first);

/*
 * Asks for all pages. `params`, an object that is deleted here, is what goes with each request beside cursor and
 * version. Starts again some times if the pages' version has changed (ESTALE), then gives up with that error.
 */
enum status client_pages(
    struct client *client, const char *command, cJSON *params, page_fn fn, void *arg, struct weir_err *err);

#endif
