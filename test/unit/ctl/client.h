/* SPDX-License-Identifier: BSD-3-Clause */
/* A telemetry client in the test's own process. */
#ifndef WEIR_TEST_CTL_CLIENT_H
#define WEIR_TEST_CTL_CLIENT_H

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <rte_eal.h>

#define REPLY_SIZE 16385

/* A connection past its greeting, or -1. */
static inline int
client_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char greeting[1024];

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    recv(fd, greeting, sizeof(greeting), 0) <= 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* The reply's text; its length, or -1. */
static inline ssize_t
client_ask(int fd, const char *request, char reply[REPLY_SIZE])
{
	ssize_t n = -1;

	if (send(fd, request, strlen(request), 0) == (ssize_t)strlen(request))
		n = recv(fd, reply, REPLY_SIZE - 1, 0);
	reply[n > 0 ? n : 0] = '\0';
	return n;
}

/* The dict below the command's name, to be cJSON_Delete()d; NULL: the reply is not such JSON. */
static inline cJSON *
client_dict(int fd, const char *request)
{
	char reply[REPLY_SIZE];
	cJSON *outer, *dict = NULL;

	if (client_ask(fd, request, reply) <= 0)
		return NULL;
	outer = cJSON_ParseWithOpts(reply, NULL, 1);
	if (outer != NULL && cJSON_IsObject(outer->child))
		dict = cJSON_DetachItemViaPointer(outer, outer->child);
	cJSON_Delete(outer);
	return dict;
}

static inline double
client_number(const cJSON *dict, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(dict, key);

	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

/* A string, or the pieces of an array, in one. */
static inline const char *
client_text(const cJSON *dict, const char *key, char *buf, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(dict, key), *piece;
	size_t len = 0;

	buf[0] = '\0';
	if (cJSON_IsString(item))
		(void)snprintf(buf, size, "%s", item->valuestring);
	cJSON_ArrayForEach (piece, item)
		len += (size_t)snprintf(buf + len, size - len, "%s", piece->valuestring);
	return buf;
}

#endif
