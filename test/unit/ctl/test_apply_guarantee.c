/* SPDX-License-Identifier: BSD-3-Clause */
/* What is promised and shared: the objects that tenants get, what they keep, and what is refused. */
#include <errno.h>
#include <string.h>

#include "dump.h"

#define GBPS UINT64_C(1000000000)

static void
setup(void)
{
	bench_start(2);
	load_both();
	patch("{'ports':{'p0':{'rate':'10Gbps'},'p1':{'rate':'5Gbps'},'p2':{'rate':'5Gbps'}}}");
}

TestSuite(apply_guarantee, .init = setup);

static const struct weir_tenant *
red(void)
{
	return gateway_tenant(gateway, "red")->tenant;
}

/* Vport a is 0, b 1. */
static const struct weir_iface *
vport(uint32_t v)
{
	return &gateway_tenant(gateway, "red")->vport_objects[v];
}

static struct live_port *
port(const char *name)
{
	return gateway_port(gateway, name);
}

static uint64_t
port_stat(const char *name, uint64_t *shortfall)
{
	struct weir_view_port_stats stats;

	cr_assert_eq(weir_view_port(gateway, name, &stats), 0);
	*shortfall = stats.port.shortfall;
	cr_assert_eq(stats.port.rate, port(name)->port->wire->bps);
	return stats.port.guaranteed;
}

/* ---- objects ---- */

BENCH_TEST(apply_guarantee, a_promise_each_way)
{
	const struct weir_promise *promise;

	cr_assert(red()->promise[0] == NULL && red()->promise[1] == NULL && vport(0)->promise_in == NULL);
	patch("{'tenants':{'red':{'guarantee':['2Gbps','1Mpps'],'weight':3,'excess':'police','quota':{'cpu':'20%%'}}}"
	      "}");
	for (uint32_t d = 0; d < WEIR_DIRECTIONS; d++) {
		cr_assert_eq(red()->promise[d]->bit, weir_bit_time(2 * GBPS));
		cr_assert_eq(red()->promise[d]->packet, 1000 * 1024);
		cr_assert_eq(red()->promise[d]->used, gateway->now << WEIR_TICK_SHIFT);
	}
	cr_assert_neq(red()->promise[0], red()->promise[1]);
	cr_assert(red()->weight == 3 && !red()->shape && red()->quota_cpu == 200 && red()->guarantee.bps == 2 * GBPS);
	/* Kept, and kept as far as it is used where its rate changes. */
	promise = red()->promise[0];
	red()->promise[0]->used += 12345;
	patch("{'tenants':{'red':{'weight':4}}}");
	cr_assert_eq(red()->promise[0], promise);
	patch("{'tenants':{'red':{'guarantee':'1Gbps'}}}");
	cr_assert_eq(red()->promise[0]->used, (gateway->now << WEIR_TICK_SHIFT) + 12345);
	cr_assert(red()->promise[0]->bit == weir_bit_time(GBPS) && red()->promise[0]->packet == 0);
	patch("{'tenants':{'red':{'guarantee':null}}}");
	cr_assert_null(red()->promise[0]);
}

BENCH_TEST(apply_guarantee, of_vports)
{
	const struct weir_promise *in, *out;

	patch("{'tenants':{'red':{'vports':{'a':{'guarantee':'1Gbps','weight':7},'b':{'guarantee':'2Gbps'}}}}}");
	in = vport(0)->promise_in;
	out = vport(0)->promise_out;
	cr_assert(in != NULL && out != NULL && in != out && in->bit == weir_bit_time(GBPS));
	cr_assert(vport(0)->weight == 7 && vport(1)->weight == 1 && vport(0)->guarantee.bps == GBPS);
	cr_assert_eq(red()->guarantee.bps, 3 * GBPS, "its vports' sum");
	cr_assert_eq(red()->promise[WEIR_TO_UPLINK]->bit, weir_bit_time(3 * GBPS));
	vport(0)->promise_out->used += 99;
	patch("{'tenants':{'red':{'vports':{'b':{'guarantee':null}}}}}");
	cr_assert(vport(0)->promise_in == in && vport(0)->promise_out == out && vport(1)->promise_in == NULL);
	patch("{'tenants':{'red':{'vports':{'a':{'guarantee':'2Gbps'}}}}}");
	cr_assert_eq(vport(0)->promise_out->used, (gateway->now << WEIR_TICK_SHIFT) + 99);
}

static void
check_shares(const char *const names[], uint32_t n)
{
	const struct weir_tenant *tenant = red();

	cr_assert_eq(tenant->n_shares, n, "%u", tenant->n_shares);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(tenant->shares[i]->port, port(names[i])->port->index, "%s", names[i]);
		cr_assert_eq(tenant->shares[i]->weight, tenant->weight);
	}
}

BENCH_TEST(apply_guarantee, a_share_of_each_port)
{
	const struct weir_share *first = red()->shares[0], *second = red()->shares[1];

	check_shares((const char *const[]){"p0", "p1", "p2"}, 3);
	red()->shares[1]->served = 4711;
	patch("{'tenants':{'red':{'weight':9,'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	check_shares((const char *const[]){"p0", "p1", "p2", "p3"}, 4);
	cr_assert(red()->shares[0] == first && red()->shares[1] == second && second->served == 4711);
	patch("{'tenants':{'red':{'vports':{'b':null}}}}");
	check_shares((const char *const[]){"p0", "p1", "p3"}, 3);
	/* Without remotes it does not leave by the uplink. */
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':null}}}}}");
	check_shares((const char *const[]){"p1", "p3"}, 2);
	cr_assert_eq(red()->shares[0], second);
}

BENCH_TEST(apply_guarantee, uplinks_come_and_go)
{
	const struct weir_share *second = red()->shares[1];

	patch("{'underlay':{'p3':{'address':['198.51.100.1/24']}}}");
	check_shares((const char *const[]){"p0", "p1", "p2", "p3"}, 4);
	patch("{'underlay':{'p3':{'address':['198.51.100.2/24']}}}");
	check_shares((const char *const[]){"p0", "p1", "p2", "p3"}, 4);
	patch("{'underlay':{'p3':null}}");
	check_shares((const char *const[]){"p0", "p1", "p2"}, 3);
	cr_assert_eq(red()->shares[1], second);
	/* A port that is opened anew is another one. */
	red()->shares[0]->served = 4711;
	patch("{'ports':{'p0':{'queues':1}}}");
	check_shares((const char *const[]){"p0", "p1", "p2"}, 3);
	cr_assert_eq(red()->shares[0]->served, 0);
	cr_assert_eq(red()->shares[1], second);
}

BENCH_TEST(apply_guarantee, a_deeper_bucket_is_no_second_burst)
{
	struct weir_limit *limit;

	patch("{'tenants':{'red':{'limit':'1Gbps','burst':'10ms','vports':{'a':{'limit':'1Gbps','burst':'1ms'}}}}}");
	limit = red()->limit[WEIR_TO_VPORT];
	cr_assert_eq(
	    limit->bits.burst + (int64_t)(limit->bits.quantum * 2 * 1000000000), 10000000 * INT64_C(1000000000));
	cr_assert_lt(vport(0)->limit_in->bits.burst, limit->bits.burst);
	cr_assert(weir_pool_take(&limit->bits, 8000000, gateway->now));
	patch("{'tenants':{'red':{'weight':2}}}");
	cr_assert_eq(red()->limit[WEIR_TO_VPORT], limit);
	patch("{'tenants':{'red':{'burst':'100ms'}}}");
	limit = red()->limit[WEIR_TO_VPORT];
	cr_assert_gt(limit->bits.burst, 80000000 * INT64_C(1000000000));
	cr_assert_not(weir_pool_take(&limit->bits, 2000001, gateway->now));
	/* Set-ups are a bucket of packets. */
	cr_assert_null(red()->setups);
	patch("{'tenants':{'red':{'quota':{'flow_setups':'50kpps'}}}}");
	cr_assert(red()->setups->pps == 50000 && red()->setups->bits.rate == 0);
}

BENCH_TEST(apply_guarantee, how_much_may_wait)
{
	static const struct {
		const char *patch;
		uint32_t bytes;
	} cases[] = {
	    {"{'tenants':{'red':{'vports':{'a':{'port':'p3'}}}}}", 1u << 20},		      /* nothing is known */
	    {"{'tenants':{'red':{'vports':{'a':{'queue':'30ms'}}}}}", 1u << 20},	      /* nor then */
	    {"{'tenants':{'red':{'vports':{'a':{'queue':null}},'limit':'1Gbps'}}}", 2500000}, /* 20 ms of it */
	    {"{'tenants':{'red':{'vports':{'a':{'limit':'800Mbps'}}}}}", 2000000},	      /* the least */
	    {"{'tenants':{'red':{'vports':{'a':{'limit':'1Mbps'}}}}}", 128u << 10},	      /* at least */
	    {"{'tenants':{'red':{'queue':'1s'}}}", 125000},				      /* told so */
	    {"{'tenants':{'red':{'queue':'100us'}}}", 18432},				      /* two frames */
	    {"{'tenants':{'red':{'queue':'300kB'}}}", 300000},
	    {"{'tenants':{'red':{'vports':{'a':{'queue':'64MB'}}}}}", 64000000},
	    {"{'tenants':{'red':{'vports':{'a':{'queue':null}},'queue':null}}}", 128u << 10},
	    {"{'tenants':{'red':{'limit':null,'vports':{'a':{'limit':null,'port':'p1'}}}}}",
		4u << 20}, /* 20 ms of 5 Gbps */
	    {"{'tenants':{'red':{'queue':'1ms'}}}", 625000},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		patch("%s", cases[i].patch);
		cr_assert_eq(vport(0)->queue, cases[i].bytes, "%s: %u", cases[i].patch, vport(0)->queue);
	}
}

/* ---- ports ---- */

BENCH_TEST(apply_guarantee, the_wire_has_the_rate)
{
	const struct weir_port *p0 = port("p0")->port;

	cr_assert_eq(p0->wire->bps, 10 * GBPS);
	cr_assert_eq(port("p3")->port->wire->bps, 0, "the link of a ring says nothing");
	patch("{'ports':{'p0':{'rate':'7Gbps'}}}");
	cr_assert_eq(port("p0")->port, p0);
	cr_assert_eq(outcome.n_interrupted, 0);
	cr_assert_eq(p0->wire->bps, 7 * GBPS);
	cr_assert_eq(p0->wire->bit, weir_bit_time(7 * GBPS));
	patch("{'ports':{'p0':{'rate':null}}}");
	cr_assert_eq(p0->wire->bps, 0);
	patch("{'ports':{'p0':{'rate':'9Gbps','queues':1}}}");
	cr_assert_eq(port("p0")->port->wire->bps, 9 * GBPS);
}

static void
check_refused(struct weir_err err, const char *path, const char *msg)
{
	cr_assert_eq(err.errnum, ENOSPC, "%s: %s", err.path, err.msg);
	cr_assert_str_eq(err.path, path);
	cr_assert_not_null(strstr(err.msg, msg), "%s", err.msg);
}

static struct weir_err
checked(const char *text)
{
	struct weir_err err = {0};
	char request[1024];

	(void)snprintf(request, sizeof(request), "%s", text);
	for (char *c = request; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	(void)weir_gateway_patch(gateway, request, strlen(request), true, &outcome, &err);
	return err;
}

BENCH_TEST(apply_guarantee, what_does_not_fit_is_refused)
{
	static const char too_much[] = "{'tenants':{'blue':{'guarantee':'3Gbps'}}}";
	static const char slower[] = "{'ports':{'p1':{'rate':'1Gbps'}}}";
	uint64_t shortfall;

	patch("{'tenants':{'red':{'guarantee':'3Gbps'}}}");
	cr_assert_eq(port_stat("p1", &shortfall), 3 * GBPS);
	cr_assert_eq(port_stat("p0", &shortfall), 3 * GBPS);
	cr_assert_eq(shortfall, 0);
	check_refused(
	    checked(too_much), "/tenants/blue", "port p1 carries 5Gbps, guarantees sum to 6Gbps: 1Gbps too much");
	check_refused(refused_patch(too_much), "/tenants/blue", "1Gbps too much");
	cr_assert_eq(gateway_tenant(gateway, "blue")->tenant->guarantee.bps, 0);
	cr_assert_eq(port_stat("p1", &shortfall), 3 * GBPS);
	check_refused(checked(slower), "/ports/p1", "port p1 carries 1Gbps, guarantees sum to 3Gbps: 2Gbps too much");
	check_refused(refused_patch(slower), "/ports/p1", "2Gbps too much");
	check_refused(refused_patch("{'ports':{'p1':{'rate':null}}}"), "/ports/p1", "not known");
	check_refused(refused_patch("{'underlay':{'p2':{'address':['198.51.100.1/24'],'vlan':9}}}"), "/ports/p2",
	    "guarantees sum to 6Gbps");
	/* In one change there is room. */
	patch("{'tenants':{'blue':{'guarantee':'3Gbps'},'red':{'guarantee':'2Gbps'}}}");
	cr_assert_eq(port_stat("p1", &shortfall), 5 * GBPS);
	patch("{'tenants':{'red':null}}");
	cr_assert_eq(port_stat("p1", &shortfall), 3 * GBPS);
	cr_assert_eq(port_stat("p2", &shortfall), 0);
	patch("{'ports':{'p1':{'rate':'3Gbps'}}}");
}

/* As many sums as are kept step by step come out of a whole load. */
BENCH_TEST(apply_guarantee, sums_are_the_same_by_load)
{
	uint64_t before[3], shortfall;

	patch("{'tenants':{'red':{'vports':{'a':{'guarantee':'1Gbps'},'b':{'guarantee':'2Gbps'}}}}}");
	patch("{'tenants':{'blue':{'guarantee':'100kpps'}}}");
	patch("{'tenants':{'red':{'vports':{'a':{'guarantee':'500Mbps'},'b':null}}}}");
	patch("{'tenants':{'red':{'vports':{'b':{'switch':'web','port':'p2','guarantee':'1Gbps'}}}}}");
	for (uint32_t i = 0; i < 3; i++)
		before[i] = port_stat((const char *const[]){"p0", "p1", "p2"}[i], &shortfall);
	cr_assert_eq(before[0], 3 * GBPS / 2 + UINT64_C(100000) * (1500 + 42) * 8);
	cr_assert_eq(before[1], GBPS / 2 + UINT64_C(100000) * (1500 + 42) * 8);
	cr_assert_eq(before[2], GBPS);
	patch("{'ports':{'p3':{'mtu':1400}}}");
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(port_stat((const char *const[]){"p0", "p1", "p2"}[i], &shortfall), before[i]);
}

BENCH_TEST(apply_guarantee, a_port_of_unknown_rate)
{
	struct weir_err err;

	check_refused(
	    refused_patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3','guarantee':'1kbps'}}}}}"),
	    "/tenants/red", "give it a \"rate\"");
	err = checked("{'ports':{'new':{'devargs':'net_null7'}},'tenants':{'red':{'vports':{'c':{'switch':'web',"
		      "'port':'new','guarantee':'1kbps'}}}}}");
	cr_assert_eq(err.errnum, 0, "%s", err.msg);
	cr_assert_not_null(strstr(outcome.note, "port new"), "%s", outcome.note);
}

/* It is as it is: what was promised stays, and less of it is welcome. */
BENCH_TEST(apply_guarantee, a_link_that_is_slower)
{
	struct weir_port *p1 = port("p1")->port;
	uint64_t shortfall;

	patch("{'tenants':{'red':{'guarantee':'4Gbps'},'blue':{'guarantee':'1Gbps'}}}");
	cr_assert_eq(p1->guaranteed, 5 * GBPS);
	p1->nominal_speed = false;
	p1->link_mbps = 1000;
	weir_port_set_rate(p1, p1->rate);
	cr_assert_eq(p1->wire->bps, 999000000);
	cr_assert_eq(port_stat("p1", &shortfall), 5 * GBPS);
	cr_assert_eq(shortfall, 5 * GBPS - 999000000);
	patch("{'tenants':{'red':{'guarantee':'3Gbps'}}}");
	check_refused(refused_patch("{'tenants':{'red':{'guarantee':'3.001Gbps'}}}"), "/tenants/red",
	    "port p1 carries 999Mbps, guarantees sum to 4.001Gbps: 3.002Gbps too much");
	patch("{'tenants':{'red':{'limit':'1Gbps'}}}");
	patch("{'tenants':{'red':{'guarantee':null},'blue':{'guarantee':'999Mbps'}}}");
	cr_assert_eq(port_stat("p1", &shortfall), 999000000);
	cr_assert_eq(shortfall, 0);
}

/* At a start nobody is there to be refused. */
BENCH_TEST(apply_guarantee, a_start_takes_what_is_promised)
{
	const char *folder = state_folder();
	uint64_t shortfall;

	bench_close();
	bench_open(2, folder);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	patch("{'ports':{'p0':{'rate':'10Gbps'},'p2':{'rate':'10Gbps'}}}");
	/* As if p1 were a NIC, for now. */
	port("p1")->port->nominal_speed = false;
	weir_port_set_rate(port("p1")->port, 0);
	patch("{'tenants':{'red':{'guarantee':'4Gbps'}}}");
	cr_assert_eq(port_stat("p1", &shortfall), 4 * GBPS);
	cr_assert_eq(shortfall, 0);
	bench_close();
	bench_open(2, folder);
	cr_assert_eq(port_stat("p1", &shortfall), 4 * GBPS);
	cr_assert_eq(shortfall, 4 * GBPS);
	cr_assert_eq(port("p1")->port->guaranteed, 4 * GBPS);
	check_refused(refused_patch("{'tenants':{'blue':{'guarantee':'1kbps'}}}"), "/tenants/blue", "not known");
	patch("{'ports':{'p1':{'rate':'4Gbps'}}}");
	check_refused(refused_patch("{'tenants':{'blue':{'guarantee':'1kbps'}}}"), "/tenants/blue", "1kbps too much");
	remove_folder(folder);
}
