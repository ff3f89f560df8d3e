/* SPDX-License-Identifier: BSD-3-Clause */
/* What the answers count against what DPDK really sends. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "client.h"
#include "eal.h"
#include "telemetry_priv.h"

#define COMMAND "/weir/test"
#define ENVELOPE_ROOM 192

static int (*fill)(struct rte_tel_data *data);
static struct answer answer;
static char reply[REPLY_SIZE];

static int
on_command(const char *name, const char *params, struct rte_tel_data *data)
{
	(void)name;
	(void)params;
	return fill(data);
}

/* What `how` fills, as JSON. */
static cJSON *
ask(int (*how)(struct rte_tel_data *data))
{
	int fd;

	fill = how;
	cr_assert_eq(start_eal(true), 0);
	cr_assert_eq(rte_telemetry_register_cmd(COMMAND, on_command, "test"), 0);
	fd = client_connect();
	cr_assert_geq(fd, 0);
	return client_dict(fd, COMMAND);
}

static int
fill_everything(struct rte_tel_data *data)
{
	static const char names[3][WEIR_NAME_SIZE] = {"a", "bc", "def"};
	char text[400];
	struct answer inner;

	answer_begin(&answer, data);
	answer_u64(&answer, "zero", 0);
	answer_u64(&answer, "most", UINT64_MAX);
	answer_i64(&answer, "minus", -5);
	answer_text(&answer, "odd", "\"quoted\\\" \x01 caf\xc3\xa9");
	memset(text, '"', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	answer_text(&answer, "long", text);
	answer_names(&answer, "names", names, 3);
	answer_names(&answer, "none", names, 0);
	cr_assert_not_null(answer_dict_begin(&answer, &inner));
	answer_u64(&inner, "x", 1);
	answer_dict_end(&answer, "inner", &inner);
	return 0;
}

Test(answer, all_kinds)
{
	cJSON *dict = ask(fill_everything), *item;
	char text[512];

	cr_assert_not_null(dict);
	cr_assert_str_eq(client_text(dict, "status", text, sizeof(text)), "ok");
	cr_assert_eq(client_number(dict, "zero"), 0);
	cr_assert_eq(client_number(dict, "minus"), -5);
	cr_assert_str_eq(client_text(dict, "odd", text, sizeof(text)), "\"quoted\\\" ? caf??");
	cr_assert(cJSON_IsArray(cJSON_GetObjectItem(dict, "long")));
	cr_assert_eq(strlen(client_text(dict, "long", text, sizeof(text))), 399);
	cr_assert_eq(cJSON_GetArraySize(cJSON_GetObjectItem(dict, "names")), 3);
	item = cJSON_GetObjectItem(dict, "none");
	cr_assert(cJSON_IsArray(item));
	cr_assert_eq(cJSON_GetArraySize(item), 0);
	cr_assert_eq(client_number(cJSON_GetObjectItem(dict, "inner"), "x"), 1);
	cJSON_Delete(dict);
}

Test(answer, bytes_are_those_of_the_wire)
{
	ssize_t n;
	int fd;

	cJSON_Delete(ask(fill_everything));
	fd = client_connect();
	n = client_ask(fd, COMMAND, reply);
	/* Counted from above: the envelope, 18 digits more for the signed number, a comma here and there. */
	cr_assert_geq((ssize_t)answer.bytes, n);
	cr_assert_leq((ssize_t)answer.bytes, n + ENVELOPE_ROOM + 32);
}

static const struct column columns[] = {{"name", true}, {"number", false}, {"text", true}};
static uint32_t rows;

static int
fill_table(struct rte_tel_data *data)
{
	static const struct cell cells[] = {
	    {.text = "vport \"x\""}, {.number = UINT64_MAX}, {.text = "\\\\\\\\\\\\\\\\"}};
	struct table table;

	answer_begin(&answer, data);
	cr_assert_eq(table_begin(&table, &answer, columns, WEIR_ARRAY_LEN(columns)), 0);
	for (rows = 0; table_row(&table, cells); rows++)
		;
	table_end(&table);
	answer_u64(&answer, "time_ns", UINT64_MAX);
	answer_u64(&answer, "next", UINT64_MAX);
	return 0;
}

Test(answer, a_full_table_is_whole)
{
	cJSON *dict = ask(fill_table);

	cr_assert_not_null(dict, "the reply is cut off");
	cr_assert_gt(rows, 200);
	for (size_t c = 0; c < WEIR_ARRAY_LEN(columns); c++)
		cr_assert_eq((uint32_t)cJSON_GetArraySize(cJSON_GetObjectItem(dict, columns[c].name)), rows);
	cr_assert_not_null(cJSON_GetObjectItem(dict, "next"));
	cJSON_Delete(dict);
}

static int
fill_pieces(struct rte_tel_data *data)
{
	static char text[40000];

	memset(text, '"', sizeof(text) - 1);
	answer_begin(&answer, data);
	rows = (uint32_t)answer_pieces(&answer, "text", text, sizeof(text) - 1);
	answer_u64(&answer, "next", rows);
	return 0;
}

Test(answer, pieces_stop_at_the_page)
{
	static char text[40000];
	cJSON *dict = ask(fill_pieces);

	cr_assert_not_null(dict, "the reply is cut off");
	cr_assert_gt(rows, 7000);
	cr_assert_eq(strlen(client_text(dict, "text", text, sizeof(text))), rows);
	cJSON_Delete(dict);
}

static int
fill_error(struct rte_tel_data *data)
{
	struct weir_err err = {0};

	answer_begin(&answer, data);
	answer_u64(&answer, "half", 1);
	memset(err.path, 'p', sizeof(err.path) - 1);
	memset(err.msg, '\\', sizeof(err.msg) - 1);
	err.errnum = EINVAL;
	answer_error(data, &err);
	return 0;
}

Test(answer, error_replaces_what_was_there)
{
	cJSON *dict = ask(fill_error);
	char text[1024];

	cr_assert_not_null(dict);
	cr_assert_null(cJSON_GetObjectItem(dict, "half"));
	cr_assert_str_eq(client_text(dict, "status", text, sizeof(text)), "error");
	cr_assert_eq(client_number(dict, "errno"), EINVAL);
	cr_assert_eq(strlen(client_text(dict, "path", text, sizeof(text))), 399);
	cr_assert_eq(strlen(client_text(dict, "message", text, sizeof(text))), 599);
	cJSON_Delete(dict);
}
