/* SPDX-License-Identifier: BSD-3-Clause */
/* New flows of hosts whose way is known from other flows: what is asked of each of them all the same. */
#include <string.h>

#include "pipeline_priv.h" /* first: in it names are parameters that are variables of the bench */

#include "bench.h"

static void
setup(void)
{
	bench_start(1);
	load_three(9);
	pass_time(MS);
	discard();
}

TestSuite(recall, .init = setup);

static void
send(struct frame frame)
{
	inject(1, frame);
	poll_all();
}

/* ---- what is not the same for all flows of two hosts ---- */

BENCH_TEST(recall, addresses_are_checked)
{
	uint32_t flows;

	patch("{'tenants':{'red':{'vports':{'a':{'addresses':['10.0.0.1','fd00::1']}}}}}");
	flows = flows_of("red");
	send(udp(1, "10.0.0.1", "10.0.0.2", 1, 7));
	send(udp(1, "10.0.0.1", "10.0.0.2", 2, 7));
	send(udp(1, "fd00::1", "fd00::2", 3, 7));
	cr_assert_eq(n_sent(2), 3);
	send(udp(1, "10.0.0.8", "10.0.0.2", 4, 7));
	send(udp(1, "fd00::8", "fd00::2", 5, 7));
	cr_assert_eq(n_sent(2), 0);
	expect_drops(vport_id("red", "a"), WEIR_DROP_SPOOFED_IP, 2, 2);
	cr_assert_eq(flows_of("red"), flows + 3);
}

BENCH_TEST(recall, arp_and_nd_are_not_cached)
{
	uint32_t flows;

	send(udp(1, "10.0.0.1", "10.0.0.2", 1, 7));
	flows = flows_of("red");
	send(to(arp(1, 1, 1, "10.0.0.1", "10.0.0.2"), mac(9)));
	send(to(nd(1, 135, "fe80::1", "fe80::2", "fe80::2", 1), mac(9)));
	cr_assert_eq(n_sent(2), 3);
	cr_assert_eq(flows_of("red"), flows);
}

/* So many hosts from `first` on, which nobody knows, each with a new flow. */
static void
send_unknown(uint8_t first, uint32_t n, uint16_t type)
{
	for (uint32_t i = 0; i < n; i++)
		inject(1, plain(9, (uint8_t)(first + i), type));
	while (waiting(1) > 0)
		poll_all();
}

/* What a host's first flow could not say, since the tenant had had its share, its next one does. */
BENCH_TEST(recall, what_is_not_learned_is_said_again)
{
	uint32_t red = gateway_tenant(gateway, "red")->tenant->id, before = weir_macs_of_tenant(gateway->macs, red);

	now = ((now >> 20) + 1) << 20; /* the share is a tick's */
	send_unknown(100, WEIR_LEARN_SHARE + 16, 0x88b5);
	now += 2 * MS;
	send_unknown(100 + WEIR_LEARN_SHARE, 16, 0x88b6);
	weir_gateway_maintain(gateway, now);
	cr_assert_eq(weir_macs_of_tenant(gateway->macs, red) - before, WEIR_LEARN_SHARE + 16);
	discard();
}

/* ---- walks that leave their mark in the same place ---- */

static void
run_one(struct weir_pipe *pipe, uint32_t port, struct frame frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char name[8];

	cr_assert_not_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)frame.len), frame.b, frame.len);
	(void)snprintf(name, sizeof(name), "p%u", port);
	weir_pipe_run(pipe, gateway_port(gateway, name)->port, &m, 1, now);
	(void)weir_pipe_flush(pipe);
	poll_all(); /* whose transmit queues they are */
}

/* One frame's mark stands wherever another's could: that one's own walk is made nevertheless. */
static void
run_marked(struct weir_pipe *pipe, uint32_t port, struct frame first, struct frame other)
{
	struct recent mark = {0};

	memset(pipe->recent, 0, RECENT * sizeof(*pipe->recent));
	run_one(pipe, port, first);
	for (uint32_t i = 0; i < RECENT; i++)
		if (pipe->recent[i].gen != 0)
			mark = pipe->recent[i];
	cr_assert_neq(mark.gen, 0, "else this shows nothing");
	for (uint32_t i = 0; i < RECENT; i++)
		pipe->recent[i] = mark;
	run_one(pipe, port, other);
}

static struct frame
from_remote(const char *remote)
{
	return to(vxlan(plain(1, 5, 0x88b5), 5001, PEER, remote, "192.0.2.1"), UNDERLAY_MAC);
}

BENCH_TEST(recall, marks_of_others_are_not_taken)
{
	struct weir_pipe_params params = {
	    .worker = 1, /* the rings of the worker that there is have the names of index 0 */
	    .vnet = gateway->vnet,
	    .counters = weir_counters_worker(gateway->counters, 0),
	    .pool = gateway->pool,
	    .flows = 1024,
	    .socket = SOCKET_ID_ANY,
	};
	struct weir_pipe *pipe = weir_pipe_create(&params);
	uint64_t sent_by_c = tally(vport_id("red", "c")).sum.tx_packets;
	uint32_t learned;

	cr_assert_not_null(pipe);
	/* Of another interface, tenant and all. */
	run_marked(pipe, 1, plain(9, 1, 0x88b5), tagged(plain(9, 1, 0x88b5), 20));
	cr_assert_eq(tally(vport_id("blue", "a")).sum.rx_packets, 1);
	/* To another host. */
	run_marked(pipe, 1, plain(9, 1, 0x88b6), plain(3, 1, 0x88b6));
	cr_assert_eq(tally(vport_id("red", "c")).sum.tx_packets, sent_by_c + 1);
	/* From another host, which is not known. */
	learned = rte_ring_count(weir_pipe_learn_ring(pipe));
	run_marked(pipe, 1, plain(9, 1, 0x88b7), plain(9, 77, 0x88b7));
	cr_assert_eq(rte_ring_count(weir_pipe_learn_ring(pipe)), learned + 1);
	/* From another remote. Where the host is has to be known, or nothing is left behind. */
	inject(0, from_remote("192.0.2.2"));
	pass_time(MS);
	run_marked(pipe, 0, from_remote("192.0.2.2"), from_remote("192.0.2.3"));
	cr_assert_eq(tally(remote_id("red", "web", "192.0.2.3")).sum.rx_packets, 1);
	weir_pipe_free(pipe);
}
