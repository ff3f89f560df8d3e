/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where vhost and memif servers listen. A process that was killed leaves its sockets behind, and its successor could
 * not bind there. What is not such a remainder must be left alone; librte_vhost removes whatever has the name, even
 * when it failed for that very reason.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_kvargs.h>

#include "port_priv.h"

/* Does nobody listen on this socket? */
static bool
is_stale(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool refused;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED;
	(void)close(fd);
	return refused;
}

static bool
has(const struct rte_kvargs *kv, const char *key, const char *value)
{
	const char *given = rte_kvargs_get(kv, key);

	return given != NULL && strcmp(given, value) == 0;
}

/* Where the device is going to listen, or NULL. */
static const char *
listens_at(const char *device, const struct rte_kvargs *kv)
{
	if (strncmp(device, "net_vhost", strlen("net_vhost")) == 0)
		return has(kv, "client", "1") ? NULL : rte_kvargs_get(kv, "iface");
	if (strncmp(device, "net_memif", strlen("net_memif")) == 0 && has(kv, "role", "server"))
		return has(kv, "socket-abstract", "no") ? rte_kvargs_get(kv, "socket") : NULL;
	return NULL;
}

static int
make_room(const char *path, struct weir_err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return weir_err(err, EEXIST, "", "%.200s is no socket", path);
	if (!is_stale(path))
		return weir_err(err, EEXIST, "", "%.200s is in use by another process", path);
	if (unlink(path) == 0)
		weir_log_info("removed %s, which nobody listened on any more", path);
	return 0;
}

int
port_make_room(const char *device, const char *args, struct weir_err *err)
{
	struct rte_kvargs *kv = rte_kvargs_parse(args, NULL);
	const char *path;
	int ret;

	if (kv == NULL)
		return 0;
	path = listens_at(device, kv);
	ret = path != NULL ? make_room(path, err) : 0;
	rte_kvargs_free(kv);
	return ret;
}
