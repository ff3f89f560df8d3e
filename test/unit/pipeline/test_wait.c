/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for remotes whose neighbour has not answered yet. */
#include <string.h>

#include "bench.h"
#include "weir_pipeline.h"

static void
setup(void)
{
	bench_start(1);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	/* It has asked for both by now. */
	pass_time(MS);
	discard();
}

TestSuite(wait, .init = setup);

/* From blue, whose one way out is 192.0.2.2; the last byte says which. */
static struct frame
numbered(uint8_t n)
{
	struct frame frame = plain(BROADCAST, 1, 0x88b5);

	frame.b[frame.len - 1] = n;
	return frame;
}

static void
send_blue(uint8_t n)
{
	inject(1, tagged(numbered(n), 20));
	poll_all();
}

/* The number of the next frame that left in a tunnel, -1: none. What is weir's own is left out. */
static int
next_tunnelled(void)
{
	struct frame frame;

	while (sent(0, &frame))
		if (frame.len == 50 + 60)
			return frame.b[frame.len - 1];
	return -1;
}

static uint32_t
blue_remote(void)
{
	return remote_id("blue", "web", "192.0.2.2");
}

BENCH_TEST(wait, sent_in_order_when_it_answers)
{
	for (uint8_t i = 0; i < 5; i++)
		send_blue(i);
	cr_assert_eq(next_tunnelled(), -1);
	expect_balance(5);
	cr_assert_eq(tally(blue_remote()).sum.held_in, 5);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	poll_all();
	weir_gateway_maintain(gateway, now);
	/* What comes now must not overtake those that wait. */
	inject(1, tagged(numbered(5), 20));
	poll_all();
	for (uint8_t i = 0; i < 6; i++)
		cr_assert_eq(next_tunnelled(), i);
	cr_assert_eq(next_tunnelled(), -1);
	expect_balance(0);
	cr_assert_eq(tally(blue_remote()).sum.tx_packets, 6);
	expect_drops(blue_remote(), WEIR_DROP_NEIGH_UNRESOLVED, 0, 0);
}

/*
 * The answer may come while a round is under way: between the last of these frames, from p1, and those before it.
 * They leave in order.
 */
static void
check_order(const struct frame *frames, uint32_t n)
{
	struct weir_pipe_params params = {
	    .worker = 1, /* the rings of the worker that there is have the names of index 0 */
	    .vnet = gateway->vnet,
	    .counters = weir_counters_worker(gateway->counters, 0),
	    .pool = gateway->pool,
	    .flows = 1024,
	    .socket = SOCKET_ID_ANY,
	};
	const struct weir_port *port = gateway_port(gateway, "p1")->port;
	struct weir_pipe *pipe = weir_pipe_create(&params);
	struct rte_mbuf *m;

	cr_assert_not_null(pipe);
	weir_pipe_begin(pipe, now);
	weir_pipe_wake(pipe);
	for (uint32_t i = 0; i < n; i++) {
		if (i == n - 1) {
			inject(0, peer_reply(PEER, "192.0.2.2"));
			poll_all();
			weir_gateway_maintain(gateway, now);
		}
		m = rte_pktmbuf_alloc(pool);
		cr_assert_not_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)frames[i].len), frames[i].b, frames[i].len);
		weir_pipe_run(pipe, port, &m, 1, now);
	}
	(void)weir_pipe_flush(pipe);
	weir_pipe_begin(pipe, now);
	weir_pipe_wake(pipe);
	(void)weir_pipe_flush(pipe);
	poll_all(); /* whose transmit queue it is */
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(next_tunnelled(), frames[i].b[frames[i].len - 1]);
	cr_assert_eq(next_tunnelled(), -1);
	weir_pipe_free(pipe);
}

BENCH_TEST(wait, nothing_overtakes_within_a_round)
{
	const struct frame frames[] = {tagged(numbered(0), 20), tagged(numbered(1), 20)};

	check_order(frames, WEIR_ARRAY_LEN(frames));
}

/* Of a flow that is known, and whose path counts, neither. */
BENCH_TEST(wait, a_known_flow_does_not_overtake)
{
	struct frame frames[4];

	inject(0, to(vxlan(plain(BROADCAST, 9, 0x88b5), 5002, PEER, "192.0.2.2", "192.0.2.1"), UNDERLAY_MAC));
	pass_time(MS);
	discard();
	for (uint32_t i = 0; i < WEIR_ARRAY_LEN(frames); i++)
		frames[i] = tagged(to(numbered((uint8_t)i), mac(9)), 20);
	check_order(frames, WEIR_ARRAY_LEN(frames));
}

BENCH_TEST(wait, dropped_when_nobody_answers)
{
	send_blue(0);
	for (uint32_t i = 0; i < 29; i++)
		pass_time(100 * MS);
	expect_balance(1);
	for (uint32_t i = 0; i < 10; i++)
		pass_time(100 * MS);
	expect_balance(0);
	expect_drops(blue_remote(), WEIR_DROP_NEIGH_UNRESOLVED, 1, 1);
	/* It has failed: nothing waits for it any more. */
	send_blue(1);
	expect_balance(0);
	expect_drops(blue_remote(), WEIR_DROP_NEIGH_UNRESOLVED, 2, 2);
}

BENCH_TEST(wait, a_tenants_share)
{
	for (uint32_t i = 0; i < WEIR_WAIT_SHARE + 8; i++) {
		now += 2 * WEIR_COPIES_NS; /* not too many floods at once */
		send_blue((uint8_t)i);
	}
	expect_drops(blue_remote(), WEIR_DROP_NEIGH_QUEUE, 8, 8);
	expect_balance(WEIR_WAIT_SHARE);
	/* The other tenant's waits: two copies. */
	inject(1, numbered(0));
	poll_all();
	expect_balance(WEIR_WAIT_SHARE + 2);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	inject(0, peer_reply(PEER3, "192.0.2.3"));
	pass_time(MS);
	for (uint32_t i = 0; i < WEIR_WAIT_SHARE; i++)
		cr_assert_eq(next_tunnelled(), (uint8_t)i);
	cr_assert_eq(next_tunnelled(), 0);
	cr_assert_eq(next_tunnelled(), 0);
	expect_balance(0);
}

/* The share is given back one by one, whatever becomes of a packet. */
BENCH_TEST(wait, the_share_comes_back)
{
	for (uint32_t i = 0; i < WEIR_WAIT_SHARE; i++)
		send_blue((uint8_t)i);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	pass_time(MS);
	discard();
	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':['192.0.2.4']}}}}}");
	pass_time(MS);
	for (uint32_t i = 0; i < WEIR_WAIT_SHARE; i++)
		send_blue((uint8_t)i);
	expect_drops(remote_id("blue", "web", "192.0.2.4"), WEIR_DROP_NEIGH_QUEUE, 0, 0);
	expect_balance(WEIR_WAIT_SHARE);
	for (uint32_t i = 0; i < 40; i++)
		pass_time(100 * MS);
	expect_drops(
	    remote_id("blue", "web", "192.0.2.4"), WEIR_DROP_NEIGH_UNRESOLVED, WEIR_WAIT_SHARE, WEIR_WAIT_SHARE);
}

BENCH_TEST(wait, all_the_room_there_is)
{
	const uint32_t n = WEIR_WAIT_MAX / WEIR_WAIT_SHARE + 1;

	for (uint32_t t = 0; t < n; t++)
		patch("{'tenants':{'t%u':{'switches':{'web':{'vni':%u,'remotes':['192.0.2.2']}},'vports':{'a':{"
		      "'switch':'web','port':'p2','vlan':%u}}}}}",
		    t, 100 + t, 100 + t);
	for (uint32_t t = 0; t < n; t++)
		for (uint32_t i = 0; i < WEIR_WAIT_SHARE; i++) {
			inject(2, tagged(numbered((uint8_t)i), (uint16_t)(100 + t)));
			poll_all();
		}
	expect_balance(WEIR_WAIT_MAX);
	expect_drops(remote_id("t0", "web", "192.0.2.2"), WEIR_DROP_NEIGH_QUEUE, 0, 0);
	expect_drops(remote_id("t16", "web", "192.0.2.2"), WEIR_DROP_NEIGH_QUEUE, WEIR_WAIT_SHARE, WEIR_WAIT_SHARE);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	pass_time(MS);
	cr_assert_eq(n_sent(0), WEIR_WAIT_MAX);
}

BENCH_TEST(wait, reconfigured)
{
	send_blue(0);
	send_blue(1);
	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':null}}}}}");
	expect_balance(2);
	pass_time(MS);
	cr_assert_eq(drops().reasons[WEIR_DROP_RECONFIGURED].packets, 2);
	expect_balance(0);
}

/* With the tenant, too; and when there is no way any more. */
BENCH_TEST(wait, reconfigured_altogether)
{
	send_blue(0);
	patch("{'tenants':{'blue':null}}");
	pass_time(MS);
	cr_assert_eq(drops().reasons[WEIR_DROP_RECONFIGURED].packets, 1);
	inject(1, numbered(0));
	poll_all();
	expect_balance(2);
	patch("{'underlay':{'p0':{'address':['198.51.100.1/24']}}}");
	pass_time(MS);
	expect_balance(0);
	cr_assert_eq(drops().reasons[WEIR_DROP_NO_ROUTE].packets, 2);
}

/* The id of the remote that it waits for is another one's by now. */
BENCH_TEST(wait, an_id_reused)
{
	uint32_t id = blue_remote();

	send_blue(0);
	patch("{'tenants':{'blue':{'switches':{'web':{'remotes':null}}}}}");
	now += 6 * SECOND;
	weir_gateway_set_time(gateway, now);
	patch("{'tenants':{'blue':{'quota':{'macs':100}}}}"); /* ids that have rested come back */
	patch("{'tenants':{'red':{'switches':{'web':{'remotes':['192.0.2.2','192.0.2.3','192.0.2.5']}}}}}");
	cr_assert_eq(remote_id("red", "web", "192.0.2.5"), id);
	pass_time(MS);
	cr_assert_eq(next_tunnelled(), -1);
	expect_balance(0);
}

/* What waits when weir ends is freed. */
Test(wait, at_the_end)
{
	send_blue(0);
	discard();
	bench_close();
	cr_assert_eq(rte_mempool_in_use_count(pool), 0);
}
