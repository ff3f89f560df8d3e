/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "telemetry_priv.h"

/* The command's own name around the dict, braces, and "next" and "time_ns" behind the columns. */
#define ENVELOPE 192

/* Bytes that a character takes in JSON text. */
static size_t
escaped(char c)
{
	return c == '"' || c == '\\' ? 2 : 1;
}

static size_t
text_bytes(const char *text)
{
	size_t bytes = 2;

	for (; *text != '\0'; text++)
		bytes += escaped(*text);
	return bytes;
}

static size_t
number_bytes(uint64_t number)
{
	size_t bytes = 1;

	for (; number >= 10; number /= 10)
		bytes++;
	return bytes;
}

static void
count_key(struct answer *answer, const char *key)
{
	answer->bytes += strlen(key) + sizeof("\"\":,") - 1;
}

/* Telemetry corrupts what is not ASCII, and drops control characters. */
static void
copy_clean(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[len] = '\0';
}

void
answer_begin(struct answer *answer, struct rte_tel_data *data)
{
	answer->data = data;
	answer->bytes = ENVELOPE;
	(void)rte_tel_data_start_dict(data);
	answer_text(answer, "status", "ok");
}

void
answer_error(struct rte_tel_data *data, const struct weir_err *err)
{
	struct answer answer = {.data = data};

	(void)rte_tel_data_start_dict(data);
	answer_text(&answer, "status", "error");
	answer_u64(&answer, "errno", (uint64_t)err->errnum);
	answer_text(&answer, "message", err->msg);
	answer_text(&answer, "path", err->path);
}

void
answer_u64(struct answer *answer, const char *key, uint64_t value)
{
	count_key(answer, key);
	answer->bytes += number_bytes(value);
	(void)tel_dict_add_uint(answer->data, key, value);
}

void
answer_i64(struct answer *answer, const char *key, int64_t value)
{
	count_key(answer, key);
	answer->bytes += number_bytes(UINT64_MAX);
	(void)tel_dict_add_int(answer->data, key, value);
}

void
answer_text(struct answer *answer, const char *key, const char *text)
{
	char clean[TEL_PIECE_MAX + 1];
	size_t len = strlen(text);

	if (len > TEL_PIECE_MAX) {
		(void)answer_pieces(answer, key, text, len);
		return;
	}
	copy_clean(clean, text, len);
	count_key(answer, key);
	answer->bytes += text_bytes(clean);
	(void)rte_tel_data_add_dict_string(answer->data, key, clean);
}

size_t
answer_pieces(struct answer *answer, const char *key, const char *text, size_t len)
{
	struct rte_tel_data *pieces = rte_tel_data_alloc();
	char clean[TEL_PIECE_MAX + 1];
	size_t done = 0;

	if (pieces == NULL)
		return 0;
	(void)rte_tel_data_start_array(pieces, RTE_TEL_STRING_VAL);
	count_key(answer, key);
	answer->bytes += 2;
	while (done < len) {
		size_t piece = len - done < TEL_PIECE_MAX ? len - done : TEL_PIECE_MAX;

		copy_clean(clean, text + done, piece);
		if (answer->bytes + text_bytes(clean) + 1 > TEL_PAGE_MAX)
			break;
		answer->bytes += text_bytes(clean) + 1;
		(void)rte_tel_data_add_array_string(pieces, clean);
		done += piece;
	}
	(void)rte_tel_data_add_dict_container(answer->data, key, pieces, 0);
	return done;
}

void
answer_names(struct answer *answer, const char *key, const char names[][WEIR_NAME_SIZE], uint32_t n)
{
	struct rte_tel_data *array = rte_tel_data_alloc();

	if (array == NULL)
		return;
	(void)rte_tel_data_start_array(array, RTE_TEL_STRING_VAL);
	count_key(answer, key);
	answer->bytes += 2;
	for (uint32_t i = 0; i < n; i++) {
		answer->bytes += text_bytes(names[i]) + 1;
		(void)rte_tel_data_add_array_string(array, names[i]);
	}
	(void)rte_tel_data_add_dict_container(answer->data, key, array, 0);
}

struct answer *
answer_dict_begin(struct answer *answer, struct answer *inner)
{
	if (answer->bytes > TEL_PAGE_MAX)
		return NULL;
	inner->data = rte_tel_data_alloc();
	inner->bytes = 2;
	if (inner->data == NULL)
		return NULL;
	(void)rte_tel_data_start_dict(inner->data);
	return inner;
}

void
answer_dict_end(struct answer *answer, const char *key, struct answer *inner)
{
	count_key(answer, key);
	answer->bytes += inner->bytes;
	(void)rte_tel_data_add_dict_container(answer->data, key, inner->data, 0);
}

/* ---- columns ---- */

int
table_begin(struct table *table, struct answer *answer, const struct column columns[], uint32_t n)
{
	*table = (struct table){.answer = answer, .columns = columns, .n_columns = n};
	for (uint32_t c = 0; c < n; c++) {
		table->data[c] = rte_tel_data_alloc();
		if (table->data[c] == NULL) {
			while (c-- > 0)
				rte_tel_data_free(table->data[c]);
			return -ENOMEM;
		}
		(void)rte_tel_data_start_array(table->data[c], columns[c].text ? RTE_TEL_STRING_VAL : TEL_UINT_VAL);
		count_key(answer, columns[c].name);
		answer->bytes += 2;
	}
	return 0;
}

bool
table_row(struct table *table, const struct cell cells[])
{
	char clean[TEL_PIECE_MAX + 1];
	size_t bytes = 0;

	for (uint32_t c = 0; c < table->n_columns; c++)
		bytes += 1 + (table->columns[c].text ? text_bytes(cells[c].text) : number_bytes(cells[c].number));
	if (table->answer->bytes + bytes > TEL_PAGE_MAX)
		return false;
	table->answer->bytes += bytes;
	for (uint32_t c = 0; c < table->n_columns; c++) {
		if (table->columns[c].text) {
			copy_clean(clean, cells[c].text, strnlen(cells[c].text, TEL_PIECE_MAX));
			(void)rte_tel_data_add_array_string(table->data[c], clean);
		} else {
			(void)tel_array_add_uint(table->data[c], cells[c].number);
		}
	}
	return true;
}

void
table_end(struct table *table)
{
	for (uint32_t c = 0; c < table->n_columns; c++)
		(void)rte_tel_data_add_dict_container(table->answer->data, table->columns[c].name, table->data[c], 0);
}
