/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "reply.h"

#define ANSWER_S 120 /* a load that opens many devices takes seconds */
#define GREETING_SIZE 1024
#define RESTARTS 5

static void
socket_path(struct client *client, const char *prefix)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");

	if (dir == NULL || *dir == '\0') {
		dir = geteuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
		if (dir == NULL)
			dir = "/tmp";
	}
	(void)snprintf(client->path, sizeof(client->path), "%s/dpdk/%s/dpdk_telemetry.v2", dir, prefix);
}

static enum status
no_switch(struct weir_err *err, int errnum, const char *what, const char *path)
{
	(void)weir_err(err, errnum, "", "%s (%s)", what, path);
	return CTL_NO_SWITCH;
}

/* One message into buf, NUL-terminated; its length, 0 at the end of the connection, -1 with errno. */
static ssize_t
receive(struct client *client)
{
	ssize_t n;

	do
		n = recv(client->fd, client->buf, client->size - 1, 0);
	while (n < 0 && errno == EINTR);
	client->buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The server speaks first: {"version":"DPDK …","pid":…,"max_output_len":16384}. */
static enum status
greet(struct client *client, struct weir_err *err)
{
	ssize_t n = receive(client);
	cJSON *info;
	uint64_t max;

	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return no_switch(err, EBUSY,
		    "ten clients are connected already, which is all that DPDK's telemetry serves", client->path);
	if (n < 0)
		return no_switch(err, errno, "no greeting came", client->path);
	info = reply_parse(client->buf, (size_t)n);
	max = reply_get(info, "max_output_len");
	cJSON_Delete(info);
	if (max < GREETING_SIZE || max > (1u << 24))
		return no_switch(err, EPROTO, "what answers is not DPDK's telemetry", client->path);
	client->size = max + 1;
	client->buf = grow(client->buf, client->size, 1);
	return CTL_OK;
}

enum status
client_open(struct client *client, const char *prefix, struct weir_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = ANSWER_S};

	*client = (struct client){.fd = -1, .size = GREETING_SIZE + 1};
	socket_path(client, prefix);
	client->buf = grow(NULL, client->size, 1);
	memcpy(addr.sun_path, client->path, sizeof(client->path));
	client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return no_switch(err, errno, strerror(errno), client->path);
	if (connect(client->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
		if (errno == EACCES || errno == EPERM)
			return no_switch(err, errno, "no permission to talk to weir; try as root", client->path);
		return no_switch(err, errno, "no weir answers", client->path);
	}
	(void)setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return greet(client, err);
}

void
client_close(struct client *client)
{
	if (client->fd >= 0)
		(void)close(client->fd);
	free(client->buf);
	*client = (struct client){.fd = -1};
}

/* Fills err from {"status":"error","errno":…,"message":…,"path":…}. */
static enum status
refused(const cJSON *dict, struct weir_err *err)
{
	struct text path = {0}, message = {0};
	int errnum = (int)reply_get(dict, "errno");

	reply_text(cJSON_GetObjectItemCaseSensitive(dict, "path"), &path);
	reply_text(cJSON_GetObjectItemCaseSensitive(dict, "message"), &message);
	(void)weir_err(err, errnum != 0 ? errnum : EPROTO, path.len > 0 ? path.data : "", "%s",
	    message.len > 0 ? message.data : "refused without a reason");
	text_free(&path);
	text_free(&message);
	return CTL_REFUSED;
}

static enum status
take_reply(struct client *client, size_t len, const char *command, cJSON **reply, struct weir_err *err)
{
	cJSON *outer = reply_parse(client->buf, len);
	cJSON *dict = cJSON_DetachItemFromObjectCaseSensitive(outer, command);
	const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dict, "status"));
	enum status result = CTL_OK;

	if (outer == NULL) {
		(void)weir_err(err, EPROTO, "", "the answer to %s is not JSON", command);
		result = CTL_REFUSED;
	} else if (!cJSON_IsObject(dict)) {
		/* DPDK's own "unknown command": another program, or weir before its first configuration stands. */
		(void)weir_err(err, ENOSYS, "", "%s is unknown to the process at %s: not weir, or not ready yet",
		    command, client->path);
		result = CTL_NO_SWITCH;
	} else if (status != NULL && strcmp(status, "error") == 0) {
		result = refused(dict, err);
	}
	cJSON_Delete(outer);
	if (result == CTL_OK)
		*reply = dict;
	else
		cJSON_Delete(dict);
	return result;
}

enum status
client_ask(struct client *client, const char *command, const char *params, cJSON **reply, struct weir_err *err)
{
	char request[CLIENT_REQUEST_MAX];
	int len = snprintf(request, sizeof(request), "%s%s%s", command, *params != '\0' ? "," : "", params);
	ssize_t n;

	*reply = NULL;
	/* A request of exactly the maximum could be one that was cut. */
	if (len < 0 || (size_t)len >= sizeof(request)) {
		(void)weir_err(
		    err, E2BIG, "", "%s: at most %d bytes fit into one request", command, CLIENT_REQUEST_MAX - 1);
		return CTL_REFUSED;
	}
	do
		n = send(client->fd, request, (size_t)len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return no_switch(err, errno, "weir has closed the connection", client->path);
	n = receive(client);
	if (n < 0 && errno == EAGAIN)
		return no_switch(err, ETIMEDOUT, "no answer for two minutes", client->path);
	if (n <= 0)
		return no_switch(err, EPIPE, "weir has closed the connection", client->path);
	return take_reply(client, (size_t)n, command, reply, err);
}

static void
set_number(cJSON *object, const char *key, const cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, key);
	if (value != NULL)
		cJSON_AddItemToObject(object, key, cJSON_Duplicate(value, true));
}

static enum status
ask_page(struct client *client, const char *command, const cJSON *params, cJSON **page, struct weir_err *err)
{
	char *text = cJSON_PrintUnformatted(params);
	enum status status;

	status = client_ask(client, command, text, page, err);
	cJSON_free(text);
	return status;
}

enum status
client_pages(struct client *client, const char *command, cJSON *params, page_fn fn, void *arg, struct weir_err *err)
{
	cJSON *zero = cJSON_CreateNumber(0), *page;
	enum status status;
	int restarts = 0;
	bool first = true;

	set_number(params, "cursor", zero);
	do {
		struct weir_err fault = {0};

		status = ask_page(client, command, params, &page, &fault);
		if (status == CTL_REFUSED && fault.errnum == ESTALE && restarts++ < RESTARTS) {
			set_number(params, "cursor", zero);
			set_number(params, "version", NULL);
			first = true;
			continue;
		}
		if (status != CTL_OK) {
			(void)weir_err(err, fault.errnum, fault.path, "%s", fault.msg);
			break;
		}
		fn(arg, page, first);
		first = false;
		set_number(params, "cursor", cJSON_GetObjectItemCaseSensitive(page, "next"));
		set_number(params, "version", cJSON_GetObjectItemCaseSensitive(page, "version"));
		cJSON_Delete(page);
	} while (cJSON_HasObjectItem(params, "cursor"));
	cJSON_Delete(zero);
	cJSON_Delete(params);
	return status;
}
