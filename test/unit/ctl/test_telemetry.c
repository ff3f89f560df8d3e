/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole commands over the socket, before a gateway without running workers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "eal.h"
#include "gateway.h"
#include "weir_telemetry.h"

static struct weir_gateway *gateway;
static int fd;

static void
setup(void)
{
	cr_assert_eq(start_eal(true), 0);
	gateway = gateway_make();
	gateway_patch_two_tenants(gateway);
	cr_assert_eq(weir_telemetry_start(gateway, "1.2.3"), 0);
	fd = client_connect();
	cr_assert_geq(fd, 0);
}

static void
teardown(void)
{
	(void)close(fd);
	weir_telemetry_stop();
	weir_gateway_free(gateway);
}

TestSuite(telemetry, .init = setup, .fini = teardown);

/* The answer to a command that has to succeed. */
static cJSON *
ask(const char *request)
{
	cJSON *dict = client_dict(fd, request);
	char text[1024];

	cr_assert_not_null(dict, "%s: no dict", request);
	cr_assert_str_eq(client_text(dict, "status", text, sizeof(text)), "ok", "%s: %s", request,
	    client_text(dict, "message", text, sizeof(text)));
	return dict;
}

/* The errno of a command that has to be refused with a message. */
static int
refusal(const char *request)
{
	cJSON *dict = client_dict(fd, request);
	char text[1024];
	int errnum;

	cr_assert_not_null(dict, "%s: no dict", request);
	cr_assert_str_eq(client_text(dict, "status", text, sizeof(text)), "error", "%s", request);
	cr_assert_neq(client_text(dict, "message", text, sizeof(text))[0], '\0', "%s", request);
	errnum = (int)client_number(dict, "errno");
	cJSON_Delete(dict);
	return errnum;
}

static int
rows(const cJSON *dict, const char *column)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(dict, column));
}

static const char *const reading[] = {"/weir/info", "/weir/config/show", "/weir/config/show,/tenants/red",
    "/weir/port/list", "/weir/port/stats,up0", "/weir/tenant/list", "/weir/tenant/stats,red",
    "/weir/tenant/receipts,red", "/weir/tenant/receipts,{\"tenant\":\"red\",\"cursor\":0,\"last\":60}",
    "/weir/vport/list", "/weir/vport/list,red", "/weir/vport/list,{\"tenant\":\"red\",\"cursor\":0}",
    "/weir/vport/stats,red/web1", "/weir/switch/list", "/weir/switch/stats,red/web", "/weir/flow/list",
    "/weir/flow/list,red", "/weir/mac/list", "/weir/neigh/list", "/weir/drops", "/weir/drops,red",
    "/weir/conservation", "/weir/conservation,red", "/weir/worker/stats", "/weir/explain,red",
    "/weir/trace,{\"from\":\"red/web1\",\"packet\":\"arp 10.0.0.5 > 10.0.0.9\"}"};

Test(telemetry, every_reading_command_answers)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(reading); i++)
		cJSON_Delete(ask(reading[i]));
}

Test(telemetry, every_command_refuses_what_it_cannot_read)
{
	static const char *const commands[] = {"info", "config/load", "config/patch", "config/check", "config/begin",
	    "config/put", "config/commit", "config/abort", "config/rollback", "config/show", "port/list",
	    "port/stats", "tenant/list", "tenant/stats", "tenant/receipts", "vport/list", "vport/stats",
	    "switch/list", "switch/stats", "flow/list", "mac/list", "neigh/list", "drops", "conservation",
	    "worker/stats", "trace", "explain"};
	static const char *const garbage[] = {"{", "{}}", "{\"x\":1}", "{\"cursor\":-1}", "{\"id\":{}}", "x y", "\\",
	    "\"", "%s%n", "../../etc/passwd", "\xff\xfe", "{\"tenant\":\"\\u0000\"}"};
	char request[128];

	for (size_t c = 0; c < WEIR_ARRAY_LEN(commands); c++)
		for (size_t g = 0; g < WEIR_ARRAY_LEN(garbage); g++) {
			(void)snprintf(request, sizeof(request), "/weir/%s,%s", commands[c], garbage[g]);
			cr_assert_gt(refusal(request), 0, "%s", request);
		}
}

Test(telemetry, requests_that_were_cut)
{
	char request[1100];

	(void)snprintf(request, sizeof(request), "/weir/config/patch,{\"tenants\":{\"%0980d\":null}}", 0);
	memset(request + strlen(request), ' ', sizeof(request) - strlen(request));
	request[1022] = '\0';
	cr_assert_eq(refusal(request), EINVAL, "a tenant's name is not so long");
	request[1022] = ' ';
	request[1023] = '\0';
	cr_assert_eq(refusal(request), E2BIG);
	request[1023] = ' ';
	request[1099] = '\0';
	cr_assert_eq(refusal(request), E2BIG);
}

static uint64_t
number_at(const cJSON *dict, const char *column, uint32_t row)
{
	const cJSON *cell = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(dict, column), (int)row);

	cr_assert(cJSON_IsNumber(cell), "%s", column);
	return (uint64_t)cell->valuedouble;
}

/* What the stages cost a packet, in tenths of a cycle. */
Test(telemetry, cycles_of_stages)
{
	static const char *const columns[WEIR_STAGES] = {"rx_decicycles", "parse_decicycles", "lookup_decicycles",
	    "police_decicycles", "forward_decicycles", "tx_decicycles"};
	struct weir_worker_stats stats;
	uint64_t measured = 0;
	cJSON *dict;

	gateway_patch(gateway, "{\"ports\":{\"n1\":{\"devargs\":\"net_null2\"}}}");
	for (uint32_t w = 0; w < TEST_WORKERS; w++)
		(void)weir_worker_poll(weir_gateway_worker(gateway, w), gateway->now);
	dict = ask("/weir/worker/stats");
	for (uint32_t w = 0; w < TEST_WORKERS; w++) {
		weir_worker_stats(weir_gateway_worker(gateway, w), &stats);
		measured += stats.stages.packets;
		for (uint32_t s = 0; s < WEIR_STAGES; s++)
			cr_assert_eq(number_at(dict, columns[s], w),
			    stats.stages.packets > 0 ? stats.stages.cycles[s] * 10 / stats.stages.packets : 0);
		if (stats.stages.packets > 0)
			cr_assert_gt(number_at(dict, "parse_decicycles", w), 0);
	}
	cr_assert_gt(measured, 0);
	cJSON_Delete(dict);
}

Test(telemetry, info_and_numbers)
{
	cJSON *dict = ask("/weir/info");
	char text[256];

	cr_assert_str_eq(client_text(dict, "version", text, sizeof(text)), "1.2.3");
	cr_assert_str_eq(client_text(dict, "prefix", text, sizeof(text)), TEST_PREFIX);
	cr_assert_eq(client_number(dict, "workers"), TEST_WORKERS);
	cr_assert_eq(client_number(dict, "vports"), 3);
	cJSON_Delete(dict);
	gateway_forward(gateway, gateway_vport(gateway, "red", 0), gateway_remote(gateway, "red"));
	dict = ask("/weir/tenant/stats,red");
	cr_assert_eq(client_number(dict, "rx_packets"), 1);
	cr_assert_eq(client_number(dict, "tx_uplink_bytes"), 100);
	cr_assert_eq(client_number(dict, "tx_vport_bytes"), 0);
	cr_assert_eq(client_number(dict, "limit_bps"), 5e9);
	cr_assert_eq(client_number(dict, "quota_flows"), 4096);
	cJSON_Delete(dict);
	weir_count_drop(weir_counters_worker(gateway->counters, 0), gateway_vport(gateway, "red", 1), WEIR_DROP_TX,
	    WEIR_DROP_MTU, 1600);
	dict = ask("/weir/conservation,red");
	cr_assert_eq(client_number(dict, "drops"), 1);
	cr_assert_eq(client_number(dict, "balance"), -1);
	cJSON_Delete(dict);
	dict = ask("/weir/vport/stats,red/web2");
	cr_assert_eq(client_number(dict, "drop_mtu"), 1);
	cJSON_Delete(dict);
}

/* ---- receipts ---- */

static const char *
text_at(const cJSON *dict, const char *column, uint32_t row)
{
	return cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(dict, column), (int)row));
}

Test(telemetry, a_receipt_in_all_forms)
{
	cJSON *dict;

	gateway_patch(
	    gateway, "{\"ports\":{\"n0\":{\"rate\":\"10Gbps\"}},\"tenants\":{\"red\":{\"guarantee\":\"1Mbps\"}}}");
	weir_gateway_maintain(gateway, gateway->now + WEIR_NS_PER_S);
	gateway_forward(gateway, gateway_vport(gateway, "red", 0), gateway_remote(gateway, "red"));
	weir_count_drops(weir_counters_worker(gateway->counters, 0), gateway_remote(gateway, "red"), WEIR_DROP_TX,
	    WEIR_DROP_QUEUE_MEMORY, 1000, 100000);
	weir_gateway_maintain(gateway, gateway->now + WEIR_NS_PER_S);
	dict = ask("/weir/tenant/stats,red");
	cr_expect_eq(client_number(dict, "promised_bps"), 1000000);
	cr_expect_eq(client_number(dict, "to_uplink_demanded_pps"), 1001);
	cr_expect_eq(client_number(dict, "to_uplink_delivered_bps"), 174 * 8);
	cr_expect_eq(client_number(dict, "to_uplink_why"), WEIR_WHY_QUEUE);
	cr_expect_eq(client_number(dict, "to_vport_why"), WEIR_WHY_NONE);
	cJSON_Delete(dict);
	dict = ask("/weir/tenant/list");
	cr_expect_str_eq(text_at(dict, "name", 0), "red");
	cr_expect_eq(number_at(dict, "to_uplink_demanded_pps", 0), 1001);
	cr_expect_str_eq(text_at(dict, "to_uplink_why", 0), "queue");
	cJSON_Delete(dict);
	dict = ask("/weir/tenant/receipts,red");
	cr_assert_eq(rows(dict, "at_ns"), 1);
	cr_expect_eq(number_at(dict, "at_ns", 0), gateway->now);
	cr_expect_eq(number_at(dict, "interval_ns", 0), WEIR_NS_PER_S);
	cr_expect_eq(number_at(dict, "to_uplink_delivered_pps", 0), 1);
	cr_expect_str_eq(text_at(dict, "to_uplink_why", 0), "queue");
	cr_expect_str_eq(text_at(dict, "to_vport_why", 0), "none");
	cJSON_Delete(dict);
	cr_expect_eq(refusal("/weir/tenant/receipts"), EINVAL);
	cr_expect_eq(refusal("/weir/tenant/receipts,{\"last\":1}"), EINVAL);
	cr_expect_eq(refusal("/weir/tenant/receipts,green"), ENOENT);
	cr_expect_eq(refusal("/weir/flow/list,{\"tenant\":\"red\",\"last\":1}"), EINVAL);
}

Test(telemetry, switches_say_by_which_tunnels)
{
	cJSON *dict;

	gateway_patch(gateway, "{\"tenants\":{\"blue\":{\"switches\":{\"web\":{\"tunnel\":\"geneve\"},\"x\":{}}}}}");
	dict = ask("/weir/switch/list");
	cr_assert_eq(rows(dict, "tunnel"), 3);
	cr_expect_str_eq(text_at(dict, "tunnel", 0), "vxlan");
	cr_expect_str_eq(text_at(dict, "tunnel", 1), "geneve");
	cr_expect_str_eq(text_at(dict, "name", 2), "blue/x");
	cr_expect_str_eq(text_at(dict, "tunnel", 2), "", "it has none");
	cJSON_Delete(dict);
}

/* ---- pages ---- */

Test(telemetry, a_thousand_vports_in_pages)
{
	char request[64];
	int seen = 0, pages = 0;
	double next;

	for (int i = 100; i < 1100; i++)
		gateway_patch(gateway,
		    "{\"tenants\":{\"blue\":{\"vports\":{\"a-long-name-of-a-vport-%d\":{\"switch\":\"web\",\"port\":"
		    "\"n0\","
		    "\"vlan\":%d}}}}}",
		    i, i);
	for (next = 0; next >= 0; pages++) {
		cJSON *dict;

		(void)snprintf(request, sizeof(request), "/weir/vport/list,{\"cursor\":%.0f}", next);
		dict = ask(request);
		cr_assert_eq(rows(dict, "name"), rows(dict, "limit_pps"));
		seen += rows(dict, "name");
		next = client_number(dict, "next");
		cJSON_Delete(dict);
	}
	cr_assert_eq(seen, 1003);
	cr_assert_gt(pages, 4, "more would not fit");
}

/* All of the shown document, or NULL where a page was refused. */
static char *
show(const char *pointer, void (*between)(void))
{
	static char text[1 << 20];
	char request[256];
	double next = 0, version = -1;
	size_t len = 0;

	while (next >= 0) {
		cJSON *dict;

		if (version < 0)
			(void)snprintf(request, sizeof(request), "/weir/config/show,{\"pointer\":\"%s\"}", pointer);
		else
			(void)snprintf(request, sizeof(request),
			    "/weir/config/show,{\"pointer\":\"%s\",\"cursor\":%.0f,\"version\":%.0f}", pointer, next,
			    version);
		if (version >= 0 && between != NULL) {
			between();
			return refusal(request) == ESTALE ? NULL : text;
		}
		dict = ask(request);
		(void)client_text(dict, "text", text + len, sizeof(text) - len);
		len += strlen(text + len);
		cr_assert(version < 0 || version == client_number(dict, "version"));
		version = client_number(dict, "version");
		next = client_number(dict, "next");
		cJSON_Delete(dict);
	}
	return text;
}

static void
many_tenants(void)
{
	for (int i = 0; i < 2000; i++)
		gateway_patch(gateway, "{\"tenants\":{\"tenant-%d\":{\"limit\":\"%dkbps\"}}}", i, i + 1);
}

static void
change(void)
{
	gateway_patch(gateway, "{\"tenants\":{\"tenant-1\":null}}");
}

Test(telemetry, a_long_document_is_shown_whole)
{
	struct weir_err err = {0};
	char *direct, *paged;
	uint64_t version;
	size_t len;

	many_tenants();
	cr_assert_eq(weir_gateway_show(gateway, "/tenants", &direct, &len, &version, &err), 0);
	cr_assert_gt(len, 50000);
	paged = show("/tenants", NULL);
	cr_assert_eq(strlen(paged), len);
	cr_assert_eq(memcmp(paged, direct, len), 0);
	free(direct);
}

Test(telemetry, pages_of_a_changed_document_are_stale)
{
	many_tenants();
	cr_assert_null(show("", change));
	cr_assert_eq(refusal("/weir/config/show,{\"cursor\":100}"), EINVAL);
	cr_assert_eq(refusal("/weir/config/show,/nowhere"), ENOENT);
}

/* ---- changes ---- */

Test(telemetry, check_changes_nothing_patch_does)
{
	cJSON *dict = ask("/weir/config/check,{\"tenants\":{\"green\":{}}}");

	cr_assert_eq(client_number(dict, "would_change"), 1);
	cr_assert_eq(client_number(dict, "tenants"), 1);
	cr_assert_eq(client_number(dict, "version"), -1, "absent");
	cJSON_Delete(dict);
	cr_assert_eq(refusal("/weir/tenant/stats,green"), ENOENT);
	dict = ask("/weir/config/patch,{\"tenants\":{\"green\":{}}}");
	cr_assert_eq(client_number(dict, "version"), 3);
	cJSON_Delete(dict);
	cJSON_Delete(ask("/weir/tenant/stats,green"));
	dict = ask("/weir/config/check,{\"tenants\":{\"green\":{}}}");
	cr_assert_eq(client_number(dict, "would_change"), 0);
	cJSON_Delete(dict);
}

Test(telemetry, a_fault_names_its_place)
{
	cJSON *dict = client_dict(fd, "/weir/config/patch,{\"tenants\":{\"red\":{\"limit\":\"5Gbs\"}}}");
	char text[256];

	cr_assert_eq(client_number(dict, "errno"), EINVAL);
	cr_assert_str_eq(client_text(dict, "path", text, sizeof(text)), "/tenants/red/limit");
	cJSON_Delete(dict);
}

Test(telemetry, files)
{
	char path[] = "/tmp/weir-test-XXXXXX", request[128];
	int file = mkstemp(path);
	cJSON *dict;

	cr_assert_eq(write(file, "{\"tenants\":{\"only\":{}}}", 23), 23);
	(void)snprintf(request, sizeof(request), "/weir/config/check,%s", path);
	dict = ask(request);
	cr_assert_eq(client_number(dict, "tenants"), 3);
	cr_assert_eq(client_number(dict, "would_change"), 1);
	cJSON_Delete(dict);
	(void)snprintf(request, sizeof(request), "/weir/config/load,%s", path);
	cJSON_Delete(ask(request));
	dict = ask("/weir/tenant/list");
	cr_assert_eq(rows(dict, "name"), 1);
	cJSON_Delete(dict);
	(void)unlink(path);
	cr_assert_eq(refusal(request), ENOENT);
	cr_assert_eq(refusal("/weir/config/load,weir.json"), EINVAL, "relative to what?");
	cr_assert_eq(refusal("/weir/config/load"), EINVAL);
	cr_assert_eq(refusal("/weir/config/rollback,1"), ENOENT, "nothing is kept without a state folder");
}

Test(telemetry, in_pieces)
{
	cJSON *dict = ask("/weir/config/begin,{\"op\":\"patch\"}");
	char request[256];
	int id = (int)client_number(dict, "id");

	cr_assert_eq(client_number(dict, "timeout_s"), 60);
	cJSON_Delete(dict);
	cr_assert_eq(refusal("/weir/config/begin,{\"op\":\"load\"}"), EBUSY);
	(void)snprintf(request, sizeof(request),
	    "/weir/config/put,{\"id\":%d,\"offset\":0,\"data\":\"{\\\"tenants\\\":\\n\"}", id);
	dict = ask(request);
	cr_assert_eq(client_number(dict, "size"), 12);
	cJSON_Delete(dict);
	(void)snprintf(request, sizeof(request),
	    "/weir/config/put,{\"id\":%d,\"offset\":12,\"data\":\"{\\\"green\\\":{}}}\"}", id);
	cJSON_Delete(ask(request));
	(void)snprintf(request, sizeof(request), "/weir/config/commit,{\"id\":%d}", id);
	dict = ask(request);
	cr_assert_eq(client_number(dict, "version"), 3);
	cJSON_Delete(dict);
	cr_assert_eq(refusal(request), ENOENT);
	cJSON_Delete(ask("/weir/tenant/stats,green"));
}

Test(telemetry, a_check_in_pieces_is_of_a_whole_document)
{
	cJSON *dict = ask("/weir/config/begin,{\"op\":\"check\"}");
	char request[256];
	int id = (int)client_number(dict, "id");

	cJSON_Delete(dict);
	(void)snprintf(request, sizeof(request), "/weir/config/put,{\"id\":%d,\"offset\":0,\"data\":\"{}\"}", id);
	cJSON_Delete(ask(request));
	(void)snprintf(request, sizeof(request), "/weir/config/commit,{\"id\":%d}", id);
	dict = ask(request);
	cr_assert_eq(client_number(dict, "tenants"), 2, "both would go");
	cr_assert_eq(client_number(dict, "version"), -1);
	cJSON_Delete(dict);
	cJSON_Delete(ask("/weir/tenant/stats,red"));
}

Test(telemetry, after_stop_and_start_again)
{
	weir_telemetry_stop();
	for (size_t i = 0; i < WEIR_ARRAY_LEN(reading); i++)
		cr_assert_eq(refusal(reading[i]), ESHUTDOWN);
	cr_assert_eq(refusal("/weir/config/patch,{}"), ESHUTDOWN);
	cr_assert_eq(weir_telemetry_start(gateway, "1.2.4"), 0);
	cJSON_Delete(ask("/weir/info"));
}
