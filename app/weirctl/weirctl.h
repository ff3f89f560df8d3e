/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of weirctl and what they share. */
#ifndef WEIRCTL_H
#define WEIRCTL_H

#include "client.h"
#include "text.h"

/* What the command line says. */
struct options {
	const char *prefix; /* of weir's EAL */
	bool json;	    /* one JSON document instead of tables */
	const char *file;   /* patch -f */
	uint64_t count;	    /* top: tables to show, 0 = until told to stop */
	double interval;    /* top: seconds between two */
	uint64_t last;	    /* receipts: seconds, 0 = all that are kept */
	int n_args;	    /* what follows the command's name */
	char **args;
	size_t width; /* of the terminal, 0 = not a terminal */
};

/*
 * A command writes what it has to say to `out` (top: to standard output as it goes), and on anything but CTL_OK fills
 * err.
 */
typedef enum status (*command_fn)(
    struct client *client, const struct options *options, struct text *out, struct weir_err *err);

/* config.c */
enum status command_apply(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_check(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_diff(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_patch(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_rollback(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_show(struct client *, const struct options *, struct text *, struct weir_err *);

/* list.c */
enum status command_ports(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_macs(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_routers(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_interfaces(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_routes(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_firewalls(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_rules(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_connections(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_neigh(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_flows(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_drops(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_receipts(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_workers(struct client *, const struct options *, struct text *, struct weir_err *);

/* A listing by name ("ports", "tenants", "vports", "switches", …), of one tenant if that is not NULL. */
enum status list_show(struct client *client, const struct options *options, const char *name, const char *tenant,
    struct text *out, struct weir_err *err);

/* stats.c */
enum status command_conservation(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_info(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_stats(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_status(struct client *, const struct options *, struct text *, struct weir_err *);

/* trace.c */
enum status command_explain(struct client *, const struct options *, struct text *, struct weir_err *);
enum status command_trace(struct client *, const struct options *, struct text *, struct weir_err *);

/* top.c */
enum status command_top(struct client *, const struct options *, struct text *, struct weir_err *);

/* The answer as one JSON document and a newline. */
void json_line(const cJSON *reply, struct text *out);

#endif
