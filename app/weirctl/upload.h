/* SPDX-License-Identifier: BSD-3-Clause */
/* Documents of any size through requests of 1 KB: begin, put, put, …, commit. */
#ifndef UPLOAD_H
#define UPLOAD_H

#include "client.h"

/*
 * Writes into `out` (`room` bytes with the NUL) as much of doc[0 .. len-1] as fits there as the inside of a JSON
 * string, never half an escape. Returns how many bytes of the document that is.
 */
size_t upload_piece(const char *doc, size_t len, char *out, size_t room);

/*
 * Hands over a document for `op` ("load", "patch", "check") and commits it; an upload that fails is aborted. *reply:
 * the answer to the commit, as with client_ask(). A NUL byte in the document is refused: JSON has none.
 */
enum status upload(
    struct client *client, const char *op, const char *doc, size_t len, cJSON **reply, struct weir_err *err);

#endif
