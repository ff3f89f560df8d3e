/* SPDX-License-Identifier: BSD-3-Clause */
/* What telemetry commands share: parameters in, answers out. */
#ifndef WEIR_TELEMETRY_PRIV_H
#define WEIR_TELEMETRY_PRIV_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "telemetry_compat.h"
#include "weir_base.h"
#include "weir_gateway.h"

struct weir_receipt;
struct weir_requests;

/* ---- limits of the platform ---- */

#define TEL_REQUEST_MAX 1023			   /* bytes, command included; the rest is cut off silently */
#define TEL_PIECE_MAX (RTE_TEL_MAX_STRING_LEN - 1) /* characters of a string in a dict or an array */
#define TEL_PAGE_MAX 15000			   /* bytes of JSON at which a page ends; 16,384 are the most */
#define TEL_ROWS_MAX 256			   /* rows asked for a page; arrays hold 512 */

/* The name of drops that there was no room to tell apart by reason. */
#define TEL_UNNAMED "other"

/* ---- answers ---- */

/* A dict that knows how long its JSON text will be. */
struct answer {
	struct rte_tel_data *data;
	size_t bytes;
};

void answer_begin(struct answer *answer, struct rte_tel_data *data); /* {"status":"ok"} */
/* {"status":"error",...}; whatever the dict held is forgotten. */
void answer_error(struct rte_tel_data *data, const struct weir_err *err);

void answer_u64(struct answer *answer, const char *key, uint64_t value);
void answer_i64(struct answer *answer, const char *key, int64_t value);
/* A text of any length and any bytes: a string, or, beyond 127 characters, an array of pieces. What is not printable
 * ASCII becomes '?'. */
void answer_text(struct answer *answer, const char *key, const char *text);
/* As an array of pieces always, as far as it fits into the page. Returns how many bytes of `text` it took. */
size_t answer_pieces(struct answer *answer, const char *key, const char *text, size_t len);
/* An array of short strings. */
void answer_names(struct answer *answer, const char *key, const char names[][WEIR_NAME_SIZE], uint32_t n);

/* A dict in the dict. NULL: no memory or no room. Filled as an answer of its own, then given back. */
struct answer *answer_dict_begin(struct answer *answer, struct answer *inner);
void answer_dict_end(struct answer *answer, const char *key, struct answer *inner);

/* ---- columns ---- */

#define TABLE_COLUMNS_MAX 32

/* A cell of a row: text, or (text NULL) a number. */
struct cell {
	const char *text;
	uint64_t number;
};

struct column {
	const char *name;
	bool text;
};

/* Columns that grow row by row until the page is full. */
struct table {
	struct answer *answer;
	const struct column *columns;
	uint32_t n_columns;
	struct rte_tel_data *data[TABLE_COLUMNS_MAX];
};

int table_begin(struct table *table, struct answer *answer, const struct column columns[], uint32_t n);
/* False: the page is full, and the row is not in it. */
bool table_row(struct table *table, const struct cell cells[]);
/* Puts the columns into the answer. Always after a table_begin() that returned 0. */
void table_end(struct table *table);

/* ---- parameters ---- */

#define PARAM_TEXT_SIZE (TEL_REQUEST_MAX + 1)

/* A member that a command takes in its JSON. */
struct param {
	const char *name;
	bool is_text;
	bool given;
	uint64_t number;
	char text[PARAM_TEXT_SIZE];
};

/* True if the parameters are JSON rather than one word. */
bool params_is_json(const char *params);
/* Reads a JSON object into list[0 .. n-1]; anything else in it is refused. Returns 0 or -errno with err. */
int params_read(const char *params, struct param list[], uint32_t n, struct weir_err *err);
/* Refuses any parameter. */
int params_none(const char *params, struct weir_err *err);
/* A whole decimal number. */
int params_number(const char *word, uint64_t max, uint64_t *number);
/* "red" -> itself; "red/web1" -> both names. `what` is for the message: "tenant", "vport". */
int params_name(const char *params, const char *what, struct weir_err *err);
int params_names(const char *params, const char *what, char tenant[WEIR_NAME_SIZE], char name[WEIR_NAME_SIZE],
    struct weir_err *err);

/* What listings take: nothing, a tenant's name, or {"tenant","cursor"}; {"tenant","cursor","last"}. */
struct page {
	char name[WEIR_NAME_SIZE];
	const char *tenant; /* NULL = all */
	uint64_t cursor;
	uint64_t last; /* seconds; 0 = all */
};
int params_page(const char *params, bool with_tenant, bool with_last, struct page *page, struct weir_err *err);

/* ---- commands ---- */

/* The text of a configuration that is being shown page by page. */
struct shown {
	pthread_mutex_t mutex;
	char *text; /* NULL = none */
	size_t len;
	uint64_t version;
	char pointer[PARAM_TEXT_SIZE];
};

struct telemetry {
	struct weir_gateway *gateway;
	struct weir_requests *requests;
	const char *version; /* of the program */
	const char *prefix;  /* EAL's file prefix */
	struct shown shown;
};

/* Fills the answer; 0, or -errno with err, and the answer is an error. `params` is never NULL. */
typedef int (*command_fn)(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);

/*
 * A listing: how rows are had (struct weir_view_...; they begin with their cursor) and how one becomes cells. `view`
 * returns 0, or -ENOENT: no such tenant. Where it has a time, it is the page's.
 */
struct listing {
	const struct column *columns;
	uint32_t n_columns;
	size_t row_size;
	bool with_tenant; /* of one tenant, if it is named */
	bool with_last;	  /* of one tenant, which has to be named; of the last so many seconds, if asked for */
	int (*view)(
	    struct weir_gateway *gateway, struct page *page, void *rows, uint32_t n, uint32_t *count, uint64_t *time);
	bool (*row)(struct table *table, const void *row);
};
int list_page(const struct listing *listing, struct telemetry *t, const char *params, struct answer *answer,
    struct weir_err *err);

/* Cells of a receipt, in any listing, and how many; as flat keys. */
#define RECEIPT_COLUMNS                                                                                              \
	{"promised_bps", false}, {"promised_pps", false}, {"to_uplink_demanded_bps", false},                         \
	    {"to_uplink_demanded_pps", false}, {"to_uplink_delivered_bps", false},                                   \
	    {"to_uplink_delivered_pps", false}, {"to_uplink_why", true}, {"to_vport_demanded_bps", false},           \
	    {"to_vport_demanded_pps", false}, {"to_vport_delivered_bps", false}, {"to_vport_delivered_pps", false},  \
	    {"to_vport_why", true},                                                                                  \
	{                                                                                                            \
		"cpu_permille", false                                                                                \
	}
#define RECEIPT_CELLS 13
void receipt_cells(const struct weir_receipt *receipt, struct cell cells[RECEIPT_CELLS]);
void answer_receipt(struct answer *answer, const struct weir_receipt *receipt);

int command_info(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_load(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_patch(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_check(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_begin(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_put(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_commit(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_abort(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_rollback(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_config_show(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_port_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_port_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_tenant_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_tenant_receipts(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_tenant_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_vport_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_vport_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_switch_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_switch_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_flow_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_mac_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_router_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_router_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_router_interfaces(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_firewall_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_firewall_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_firewall_rules(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_conn_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_router_routes(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int list_underlay_neighbours(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_neigh_list(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_drops(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_trace(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_explain(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_conservation(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);
int command_worker_stats(struct telemetry *t, const char *params, struct answer *answer, struct weir_err *err);

#endif
