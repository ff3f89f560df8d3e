/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "upload.h"

Test(upload, piece_takes_what_fits)
{
	char out[16];

	cr_expect_eq(upload_piece("hello", 5, out, sizeof(out)), 5);
	cr_expect_str_eq(out, "hello");
	cr_expect_eq(upload_piece("0123456789abcdefgh", 18, out, sizeof(out)), 15);
	cr_expect_str_eq(out, "0123456789abcde");
	cr_expect_eq(upload_piece("", 0, out, sizeof(out)), 0);
	cr_expect_str_eq(out, "");
}

Test(upload, piece_escapes)
{
	char out[64];

	cr_expect_eq(upload_piece("\"a\\\n\t\r\b\f\x01\x1f\x7f\xc3\xa9/", 14, out, sizeof(out)), 14);
	cr_expect_str_eq(out, "\\\"a\\\\\\n\\t\\r\\b\\f\\u0001\\u001f\x7f\xc3\xa9/");
}

Test(upload, piece_never_cuts_an_escape)
{
	char out[8];

	cr_expect_eq(upload_piece("123\"\"\"", 6, out, sizeof(out)), 5);
	cr_expect_str_eq(out, "123\\\"\\\"");
	cr_expect_eq(upload_piece("123456\"", 7, out, sizeof(out)), 6);
	cr_expect_eq(upload_piece("12\x01", 3, out, sizeof(out)), 2);
}

/* Every byte but NUL, in all lengths of room: unescaped by cJSON, the pieces are the document. */
Test(upload, pieces_make_up_the_document)
{
	char doc[255], out[40], quoted[48], got[256];
	size_t n_got;

	for (unsigned int i = 0; i < sizeof(doc); i++)
		doc[i] = (char)(i + 1);
	for (size_t room = 8; room <= sizeof(out); room++) {
		n_got = 0;
		for (size_t offset = 0; offset < sizeof(doc);) {
			size_t n = upload_piece(doc + offset, sizeof(doc) - offset, out, room);
			cJSON *piece;

			cr_assert(n > 0 && strlen(out) < room);
			(void)snprintf(quoted, sizeof(quoted), "\"%s\"", out);
			piece = cJSON_Parse(quoted);
			cr_assert_not_null(piece);
			cr_assert_eq(strlen(piece->valuestring), n);
			memcpy(got + n_got, piece->valuestring, n);
			n_got += n;
			offset += n;
			cJSON_Delete(piece);
		}
		cr_expect_eq(n_got, sizeof(doc));
		cr_expect_arr_eq(got, doc, sizeof(doc));
	}
}
