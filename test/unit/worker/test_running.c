/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers, maintenance and configuration on threads of their own, in real time. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "bench.h"

#define PACKETS 10000
#define CHANGES 20
#define UNDER_WAY 200 /* fewer than any ring holds */

static const unsigned int lcores[] = {1, 2};
static struct weir_clock true_time;
static bool done;

static void
setup(void)
{
	struct weir_gateway_params params = {
	    .n_workers = 2, .lcores = lcores, .mbufs = 2047, .mbuf_size = 2048, .clock = &true_time};
	struct weir_err err = {0};

	bench_start(2);
	bench_close();
	weir_clock_init(&true_time);
	params.now = weir_clock_now(&true_time);
	gateway = weir_gateway_create(&params, &err);
	cr_assert_not_null(gateway, "%s", err.msg);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	cr_assert_eq(weir_gateway_start(gateway), 0);
}

/* From here on the test steps it again. */
static void
stop(void)
{
	weir_gateway_stop(gateway);
	now = weir_clock_now(&true_time);
}

/* What waits for the remotes, which nobody is there to answer for, is given up. */
static void
give_up(void)
{
	pass_time(SECOND);
	pass_time(5 * SECOND);
}

TestSuite(running, .init = setup, .timeout = 60);

static void *
read_all_the_time(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		struct weir_view_vport vport;
		struct weir_view_flow flows[4];
		struct weir_tally sum;
		struct weir_count count;
		uint64_t cursor = 0, time;
		uint32_t n;

		(void)weir_view_conservation(gateway, "red", &count, NULL, &time);
		cr_assert_eq(weir_view_balance(&count), 0);
		(void)weir_view_conservation(gateway, NULL, &count, NULL, &time);
		cr_assert_eq(weir_view_balance(&count), 0);
		(void)weir_view_vport(gateway, "red", "b", &vport, &sum, &time);
		(void)weir_view_flows(gateway, NULL, &cursor, flows, WEIR_ARRAY_LEN(flows), &n, &time);
		(void)sched_yield();
	}
	return NULL;
}

static pthread_t
start_reader(void)
{
	pthread_t reader;
	cpu_set_t any;

	cr_assert_eq(pthread_create(&reader, NULL, read_all_the_time, NULL), 0);
	memset(&any, 0xff, sizeof(any));
	(void)pthread_setaffinity_np(reader, sizeof(any), &any);
	return reader;
}

static void
end_reader(pthread_t reader)
{
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	(void)pthread_join(reader, NULL);
}

/* mac(2) is at b. */
static void
introduce(void)
{
	const struct weir_mac m = mac(2);

	inject(2, plain(BROADCAST, 2, 0x88b5));
	while (n_sent(1) == 0)
		(void)sched_yield();
	while (weir_vnet_mac(gateway->vnet, gateway_tenant(gateway, "red")->switches[0], &m) == WEIR_NONE)
		(void)sched_yield();
}

/* Red's b goes from port to port, and everything about it and others changes; each packet arrives somewhere. */
static void
change(uint32_t i)
{
	patch("{'tenants':{'red':{'limit':'%uGbps','quota':{'flows':%u},'vports':{'b':{%s,'limit':'%uGbps'}}},"
	      "'blue':%s},'ports':{'n%u':{'devargs':'net_null%u,no-rx=1'},'n%u':null}}",
	    1 + i % 7, 100 + i, i % 2 ? "'port':'p2','vlan':null" : "'port':'p1','vlan':30", 1 + i % 5,
	    i % 3 ? "{'switches':{'web':{'vni':5002}}}" : "null", i % 2, i % 2, (i + 1) % 2);
}

BENCH_TEST(running, changes_lose_no_packet)
{
	uint32_t injected = 0, got = 0;
	pthread_t reader;

	introduce();
	discard();
	reader = start_reader();
	for (uint32_t changes = 0; injected < PACKETS || changes < CHANGES;) {
		if (injected - got < UNDER_WAY) {
			inject(1, to(udp(1, "10.0.0.1", "10.0.0.2", (uint16_t)(injected % 50), 1), mac(2)));
			injected++;
		}
		got += n_sent(1) + n_sent(2);
		if (injected >= PACKETS / CHANGES * (changes + 1))
			change(changes++);
	}
	while (got < injected) {
		got += n_sent(1) + n_sent(2);
		(void)sched_yield();
	}
	end_reader(reader);
	stop();
	give_up();
	cr_assert_eq(got, injected);
	cr_assert_eq(tally(vport_id("red", "b")).sum.tx_drop_packets, 0);
}

/* The end of the program comes while somebody reads. */
BENCH_TEST(running, stops_under_a_reader)
{
	pthread_t reader = start_reader();

	for (uint32_t i = 0; i < 20; i++)
		inject(1, plain(BROADCAST, 1, 0x88b5));
	while (waiting(1) > 0)
		(void)sched_yield();
	stop();
	end_reader(reader);
	give_up();
}
