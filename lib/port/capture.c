/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's drivers say why something failed to the log only; their return codes are mostly -1. So the log gets a stream
 * of ours in front that passes everything on but, for the thread that asked for it, the complaints: they go into the
 * error that it returns, or on to the log if it returns none. So a port that is tried again each second does not fill
 * the log. It stays there as long as the ports do: other threads log whenever they like, so that it could not be
 * exchanged safely around each call.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_log.h>

#include "port_priv.h"

static __thread struct capture *current;

static ssize_t
log_write(void *cookie, const char *text, size_t len)
{
	struct weir_ports *ports = cookie;

	if (current != NULL && rte_log_cur_msg_loglevel() <= (int)RTE_LOG_WARNING) {
		size_t room = sizeof(current->text) - current->len;
		size_t n = len < room ? len : room;

		memcpy(current->text + current->len, text, n);
		current->len += n;
		return (ssize_t)len;
	}
	(void)fwrite(text, 1, len, ports->log_next);
	(void)fflush(ports->log_next);
	return (ssize_t)len;
}

int
capture_install(struct weir_ports *ports)
{
	ports->log_next = rte_log_get_stream();
	ports->log = fopencookie(ports, "w", (cookie_io_functions_t){.write = log_write});
	if (ports->log == NULL)
		return -ENOMEM;
	(void)setvbuf(ports->log, NULL, _IOLBF, 0);
	(void)rte_openlog_stream(ports->log);
	return 0;
}

void
capture_remove(struct weir_ports *ports)
{
	if (ports->log == NULL)
		return;
	(void)rte_openlog_stream(ports->log_next);
	(void)fclose(ports->log);
}

void
capture_begin(struct capture *capture)
{
	capture->len = 0;
	current = capture;
}

void
capture_end(const struct weir_ports *ports, bool failed)
{
	if (!failed && current->len > 0) {
		(void)fwrite(current->text, 1, current->len, ports->log_next);
		(void)fflush(ports->log_next);
	}
	current = NULL;
}

/* EAL follows each failure with lines that say no more than that there was one. */
static bool
is_epilogue(const char *line, size_t len)
{
	static const char *const prefix[] = {"EAL: Driver cannot attach the device",
	    "EAL: Failed to attach device on primary process", "EAL: Failed to hotplug add device",
	    "vdev_probe(): failed to initialize"};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(prefix); i++) {
		if (len >= strlen(prefix[i]) && memcmp(line, prefix[i], strlen(prefix[i])) == 0)
			return true;
	}
	return len == 0;
}

char *
capture_words(char *buf, size_t size)
{
	const char *line = current->text, *end = current->text + current->len, *stop;
	size_t used = 0;

	buf[0] = '\0';
	for (; line < end; line = stop + 1) {
		size_t len;

		stop = memchr(line, '\n', (size_t)(end - line));
		if (stop == NULL)
			stop = end;
		len = (size_t)(stop - line);
		if (is_epilogue(line, len))
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%.*s", used == 0 ? "" : "; ", (int)len, line);
		if (used >= size)
			break;
	}
	current->len = 0;
	return buf;
}

int
capture_err(struct weir_err *err, int errnum, int ret, const char *fmt, ...)
{
	char what[200], words[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (capture_words(words, sizeof(words))[0] == '\0')
		(void)snprintf(
		    words, sizeof(words), "%s", ret == -1 ? "the driver gives no reason" : rte_strerror(-ret));
	return weir_err(err, errnum, "", "%s: %s", what, words);
}
