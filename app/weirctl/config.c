/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "pretty.h"
#include "reply.h"
#include "upload.h"
#include "weirctl.h"

/* All of a file ("-": standard input) into *doc. */
static enum status
read_file(const char *path, struct text *doc, struct weir_err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n = -1;

	text_str(doc, "");
	if (fd >= 0)
		while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
			text_add(doc, buf, n > 0 ? (size_t)n : 0);
	if (n < 0)
		(void)weir_err(err, errno, path, "%s", strerror(errno));
	if (fd > STDIN_FILENO)
		(void)close(fd);
	return n < 0 ? CTL_REFUSED : CTL_OK;
}

static void
add_count(struct text *out, const char *separator, uint64_t n, const char *what)
{
	text_printf(out, "%s%" PRIu64 " %s%s", out->len > 0 ? separator : "", n, what, n == 1 ? "" : "s");
}

/* "2 tenants and settings changed; traffic of nic1 is interrupted" */
static void
add_change(const cJSON *reply, bool done, struct text *out)
{
	static const struct {
		const char *key, *what;
	} counts[] = {{"ports", "port"}, {"underlays", "underlay"}, {"tenants", "tenant"}};
	const cJSON *name, *names = cJSON_GetObjectItemCaseSensitive(reply, "interrupted");
	struct text what = {0}, note = {0};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(counts); i++)
		if (reply_get(reply, counts[i].key) > 0)
			add_count(&what, ", ", reply_get(reply, counts[i].key), counts[i].what);
	if (reply_get(reply, "settings") > 0)
		text_printf(&what, "%ssettings", what.len > 0 ? ", " : "");
	if (what.len == 0)
		text_str(out, done ? "nothing changed" : "nothing would change");
	else
		text_printf(out, "%s %s", what.data, done ? "changed" : "would change");
	if (cJSON_GetArraySize(names) > 0) {
		text_str(out, "; interrupted:");
		cJSON_ArrayForEach (name, names)
			text_printf(out, " %s", cJSON_GetStringValue(name));
	}
	text_str(out, "\n");
	reply_text(cJSON_GetObjectItemCaseSensitive(reply, "note"), &note);
	if (note.len > 0)
		text_printf(out, "%s\n", note.data);
	text_free(&what);
	text_free(&note);
}

/* Prints and frees the answer to a change that was made. */
static void
say_changed(const struct options *options, cJSON *reply, struct text *out)
{
	if (options->json) {
		json_line(reply, out);
	} else {
		text_printf(out, "configuration %" PRIu64 ": ", reply_get(reply, "version"));
		add_change(reply, true, out);
	}
	cJSON_Delete(reply);
}

enum status
command_apply(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text doc = {0};
	cJSON *reply = NULL;
	enum status status = read_file(options->args[0], &doc, err);

	if (status == CTL_OK)
		status = upload(client, "load", doc.data, doc.len, &reply, err);
	if (status == CTL_OK)
		say_changed(options, reply, out);
	text_free(&doc);
	return status;
}

enum status
command_patch(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text doc = {0};
	cJSON *reply = NULL;
	enum status status = CTL_OK;

	if ((options->file != NULL) == (options->n_args > 0)) {
		(void)weir_err(err, EINVAL, "", "patch takes a document or -f FILE");
		return CTL_USAGE;
	}
	if (options->file != NULL)
		status = read_file(options->file, &doc, err);
	else
		text_str(&doc, options->args[0]);
	if (status == CTL_OK)
		status = upload(client, "patch", doc.data, doc.len, &reply, err);
	if (status == CTL_OK)
		say_changed(options, reply, out);
	text_free(&doc);
	return status;
}

enum status
command_rollback(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	const char *n = options->n_args > 0 ? options->args[0] : "1";
	enum status status;
	cJSON *reply;

	if (n[0] == '\0' || n[strspn(n, "0123456789")] != '\0') {
		(void)weir_err(err, EINVAL, "", "rollback takes how many versions to go back, 1 or more");
		return CTL_USAGE;
	}
	status = client_ask(client, "/weir/config/rollback", n, &reply, err);
	if (status == CTL_OK)
		say_changed(options, reply, out);
	return status;
}

enum status
command_check(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text doc = {0};
	cJSON *reply = NULL;
	enum status status = read_file(options->n_args > 0 ? options->args[0] : "-", &doc, err);

	if (status == CTL_OK)
		status = upload(client, "check", doc.data, doc.len, &reply, err);
	if (status == CTL_OK && options->json) {
		json_line(reply, out);
	} else if (status == CTL_OK) {
		text_str(out, "correct: ");
		add_change(reply, false, out);
	}
	cJSON_Delete(reply);
	text_free(&doc);
	return status;
}

static void
add_page(void *arg, const cJSON *page, bool first)
{
	struct text *shown = arg;

	if (first)
		text_clear(shown);
	reply_text(cJSON_GetObjectItemCaseSensitive(page, "text"), shown);
}

static enum status
shown_document(struct client *client, const char *pointer, struct text *shown, struct weir_err *err)
{
	cJSON *params = cJSON_CreateObject();

	text_str(shown, "");
	cJSON_AddStringToObject(params, "pointer", pointer);
	return client_pages(client, "/weir/config/show", params, add_page, shown, err);
}

enum status
command_show(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text shown = {0};
	const char *pointer = options->n_args > 0 ? options->args[0] : "";
	enum status status = shown_document(client, strcmp(pointer, "/") == 0 ? "" : pointer, &shown, err);

	if (status == CTL_OK) {
		if (options->json)
			text_str(out, shown.data);
		else
			pretty(shown.data, "", out);
		text_str(out, "\n");
	}
	text_free(&shown);
	return status;
}

static void
print_diff(const struct options *options, const cJSON *before, const cJSON *after, cJSON *check, struct text *out)
{
	struct text changes = {0};

	if (!options->json) {
		diff_walk(before, after, diff_print, out);
		add_change(check, false, out);
		return;
	}
	text_str(&changes, "[");
	diff_walk(before, after, diff_json, &changes);
	text_str(&changes, "]");
	cJSON_AddRawToObject(check, "changes", changes.data);
	json_line(check, out);
	text_free(&changes);
}

enum status
command_diff(struct client *client, const struct options *options, struct text *out, struct weir_err *err)
{
	struct text doc = {0}, shown = {0};
	cJSON *check = NULL, *before = NULL, *after = NULL;
	enum status status = read_file(options->n_args > 0 ? options->args[0] : "-", &doc, err);

	if (status == CTL_OK)
		status = upload(client, "check", doc.data, doc.len, &check, err);
	if (status == CTL_OK)
		status = shown_document(client, "", &shown, err);
	if (status == CTL_OK) {
		before = cJSON_ParseWithLength(shown.data, shown.len);
		after = cJSON_ParseWithLength(doc.data, doc.len);
		print_diff(options, before, after, check, out);
	}
	cJSON_Delete(check);
	cJSON_Delete(before);
	cJSON_Delete(after);
	text_free(&doc);
	text_free(&shown);
	return status;
}
