/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "cell.h"
#include "format.h"
#include "weir_reason.h"
#include "weir_why.h"

static uint64_t
value_of(const struct rows *rows, const struct column *column)
{
	return reply_u64(rows_get(rows, column->key));
}

void
cell_text(const struct rows *rows, const struct column *column, struct text *out)
{
	reply_text(rows_get(rows, column->key), out);
}

void
cell_joined(const struct rows *rows, const struct column *column, struct text *out)
{
	reply_text(rows_get(rows, column->key), out);
	reply_text(rows_get(rows, column->key2), out);
}

void
cell_number(const struct rows *rows, const struct column *column, struct text *out)
{
	text_printf(out, "%" PRIu64, value_of(rows, column));
}

void
cell_option(const struct rows *rows, const struct column *column, struct text *out)
{
	if (value_of(rows, column) != 0)
		cell_number(rows, column, out);
}

void
cell_yes_no(const struct rows *rows, const struct column *column, struct text *out)
{
	text_str(out, value_of(rows, column) != 0 ? "yes" : "no");
}

void
cell_up_down(const struct rows *rows, const struct column *column, struct text *out)
{
	text_str(out, value_of(rows, column) != 0 ? "up" : "down");
}

void
cell_rate(const struct rows *rows, const struct column *column, struct text *out)
{
	char buf[FORMAT_SIZE];

	text_str(out, format_si((double)value_of(rows, column), buf));
}

void
cell_why(const struct rows *rows, const struct column *column, struct text *out)
{
	const char *why = cJSON_GetStringValue(rows_get(rows, column->key));

	if (why != NULL && strcmp(why, weir_why_name(WEIR_WHY_NONE)) != 0)
		text_str(out, why);
}

void
cell_link(const struct rows *rows, const struct column *column, struct text *out)
{
	char buf[FORMAT_SIZE];

	if (value_of(rows, column) != 0)
		text_str(out, format_si((double)value_of(rows, column) * 1e6, buf));
}

void
cell_age(const struct rows *rows, const struct column *column, struct text *out)
{
	char buf[FORMAT_SIZE];

	text_str(out, format_age(value_of(rows, column), buf));
}

void
cell_since(const struct rows *rows, const struct column *column, struct text *out)
{
	uint64_t then = value_of(rows, column), now = reply_get(rows->page, "time_ns");
	char buf[FORMAT_SIZE];

	text_str(out, format_age(now > then ? now - then : 0, buf));
}

void
cell_limit(const struct rows *rows, const struct column *column, struct text *out)
{
	uint64_t packets = column->key2 != NULL ? reply_u64(rows_get(rows, column->key2)) : 0;
	char buf[FORMAT_SIZE];

	text_str(out, format_limit(value_of(rows, column), packets, buf));
}

void
cell_permille(const struct rows *rows, const struct column *column, struct text *out)
{
	text_printf(out, "%.1f%%", (double)value_of(rows, column) / 10);
}

static bool
has_address(const struct rows *rows)
{
	const char *address = cJSON_GetStringValue(rows_get(rows, "src"));

	return address != NULL && *address != '\0';
}

void
cell_proto(const struct rows *rows, const struct column *column, struct text *out)
{
	static const struct {
		uint64_t proto;
		const char *name;
	} known[] = {{IPPROTO_ICMP, "icmp"}, {IPPROTO_IGMP, "igmp"}, {IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"},
	    {IPPROTO_GRE, "gre"}, {IPPROTO_ESP, "esp"}, {IPPROTO_ICMPV6, "icmp6"}, {IPPROTO_SCTP, "sctp"}};
	uint64_t proto = value_of(rows, column);

	if (!has_address(rows)) {
		text_printf(out, "0x%04" PRIx64, reply_u64(rows_get(rows, column->key2)));
		return;
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(known); i++) {
		if (known[i].proto == proto) {
			text_str(out, known[i].name);
			return;
		}
	}
	text_printf(out, "ip %" PRIu64, proto);
}

/* "10.0.0.1:80", "[fd00::1]:80"; without ports the address alone; without addresses the MAC. */
static void
add_endpoint(
    const struct rows *rows, const char *address_key, const char *port_key, const char *mac_key, struct text *out)
{
	const char *address = cJSON_GetStringValue(rows_get(rows, address_key));
	uint64_t proto = reply_u64(rows_get(rows, "proto")), port = reply_u64(rows_get(rows, port_key));

	if (!has_address(rows) || address == NULL)
		reply_text(rows_get(rows, mac_key), out);
	else if (reply_u64(rows_get(rows, "fragment")) != 0 ||
		 (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_SCTP))
		text_str(out, address);
	else if (strchr(address, ':') != NULL)
		text_printf(out, "[%s]:%" PRIu64, address, port);
	else
		text_printf(out, "%s:%" PRIu64, address, port);
}

void
cell_source(const struct rows *rows, const struct column *column, struct text *out)
{
	(void)column;
	add_endpoint(rows, "src", "sport", "smac", out);
}

void
cell_destination(const struct rows *rows, const struct column *column, struct text *out)
{
	(void)column;
	add_endpoint(rows, "dst", "dport", "dmac", out);
}

void
cell_flags(const struct rows *rows, const struct column *column, struct text *out)
{
	static const char letters[] = "FSRPAUEC";

	for (unsigned int i = 0; i < sizeof(letters) - 1; i++)
		if ((value_of(rows, column) >> i & 1) != 0)
			text_add(out, &letters[i], 1);
}

const char *
reason_sentence(const char *name)
{
	for (unsigned int i = WEIR_OK + 1; name != NULL && i < WEIR_REASON_COUNT; i++)
		if (strcmp(weir_reason_name((enum weir_reason)i), name) == 0)
			return weir_reason_text((enum weir_reason)i);
	return "";
}

void
cell_reason(const struct rows *rows, const struct column *column, struct text *out)
{
	text_str(out, reason_sentence(cJSON_GetStringValue(rows_get(rows, column->key))));
}
