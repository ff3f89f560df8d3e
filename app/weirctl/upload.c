/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reply.h"
#include "upload.h"

static size_t
escape(unsigned char c, char *out)
{
	static const char controls[] = "\b\t\n\f\r", letters[] = "btnfr";
	const char *found = strchr(controls, c);

	if (c == '"' || c == '\\')
		return (size_t)sprintf(out, "\\%c", c);
	if (c < 0x20 && found != NULL)
		return (size_t)sprintf(out, "\\%c", letters[found - controls]);
	if (c < 0x20)
		return (size_t)sprintf(out, "\\u%04x", (unsigned int)c);
	*out = (char)c;
	return 1;
}

size_t
upload_piece(const char *doc, size_t len, char *out, size_t room)
{
	size_t used = 0, i;

	for (i = 0; i < len; i++) {
		char one[8];
		size_t n = escape((unsigned char)doc[i], one);

		if (used + n + 1 > room)
			break;
		memcpy(out + used, one, n);
		used += n;
	}
	out[used] = '\0';
	return i;
}

static enum status
put_all(struct client *client, uint64_t id, const char *doc, size_t len, struct weir_err *err)
{
	/* "/weir/config/put," and the text around the piece, with the largest numbers, take less than 100 bytes. */
	char piece[CLIENT_REQUEST_MAX - 100], params[CLIENT_REQUEST_MAX];
	enum status status = CTL_OK;
	size_t offset = 0;
	cJSON *reply;

	while (offset < len && status == CTL_OK) {
		size_t n = upload_piece(doc + offset, len - offset, piece, sizeof(piece));

		(void)snprintf(
		    params, sizeof(params), "{\"id\":%" PRIu64 ",\"offset\":%zu,\"data\":\"%s\"}", id, offset, piece);
		status = client_ask(client, "/weir/config/put", params, &reply, err);
		cJSON_Delete(reply);
		offset += n;
	}
	return status;
}

enum status
upload(struct client *client, const char *op, const char *doc, size_t len, cJSON **reply, struct weir_err *err)
{
	char params[64];
	enum status status;
	cJSON *begun, *ignored;
	uint64_t id, max;

	*reply = NULL;
	if (len > 0 && memchr(doc, '\0', len) != NULL) {
		(void)weir_err(err, EINVAL, "", "the document holds a NUL byte");
		return CTL_REFUSED;
	}
	(void)snprintf(params, sizeof(params), "{\"op\":\"%s\"}", op);
	status = client_ask(client, "/weir/config/begin", params, &begun, err);
	if (status != CTL_OK)
		return status;
	id = reply_get(begun, "id");
	max = reply_get(begun, "max_bytes");
	cJSON_Delete(begun);
	(void)snprintf(params, sizeof(params), "{\"id\":%" PRIu64 "}", id);
	if (max != 0 && len > max) {
		(void)weir_err(err, E2BIG, "", "the document has %zu bytes, at most %" PRIu64 " are taken", len, max);
		status = CTL_REFUSED;
	} else {
		status = put_all(client, id, doc, len, err);
	}
	if (status == CTL_OK)
		return client_ask(client, "/weir/config/commit", params, reply, err);
	if (status == CTL_REFUSED) {
		(void)client_ask(client, "/weir/config/abort", params, &ignored, NULL);
		cJSON_Delete(ignored);
	}
	return status;
}
