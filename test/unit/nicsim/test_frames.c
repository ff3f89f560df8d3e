/* SPDX-License-Identifier: BSD-3-Clause */
/* Generated frames: each byte of them, their order, and new flows among them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "nic.h"
#include "ref.h"

#define FLOWS 500u /* five hosts of a lone tenant */

static const struct ref refs[] = {
    {.traffic = "plain", .tenants = 1, .size = 64},
    {.traffic = "plain", .tenants = 3, .size = 42},
    {.traffic = "plain", .tenants = 2, .size = 9216},
    {.traffic = "plain", .tenants = 2, .size = 75, .inner6 = true},
    {.traffic = "vlan", .tenants = 300, .size = 65},
    {.traffic = "vlan", .tenants = 7, .size = 62, .inner6 = true},
    {.traffic = "vxlan", .tenants = 1, .size = 64},
    {.traffic = "vxlan", .tenants = 100, .size = 1500},
    {.traffic = "vxlan", .tenants = 10, .size = 64, .inner6 = true},
    {.traffic = "vxlan", .tenants = 10, .size = 64, .outer6 = true},
    {.traffic = "vxlan", .tenants = 10, .size = 101, .outer6 = true, .inner6 = true},
};

static uint16_t
open_ref(const struct ref *ref, const char *more, uint16_t queues)
{
	char args[256];

	(void)snprintf(args, sizeof(args), "traffic=%s,tenants=%u,flows=%u,size=%u,inner=%d%s%s", ref->traffic,
	    ref->tenants, FLOWS, ref->size, ref->inner6 ? 6 : 4, ref->outer6 ? ",outer=6" : "", more);
	return nic_open(0, args, queues);
}

/* Which flow's frame it is, byte by byte. */
static uint32_t
flow_of(const struct ref *ref, const struct rte_mbuf *m)
{
	uint8_t expected[NIC_FRAME_MAX];

	for (uint32_t f = 0; f < FLOWS; f++) {
		uint32_t len = ref_frame(ref, f, expected);

		if (len == m->pkt_len && memcmp(expected, rte_pktmbuf_mtod(m, void *), len) == 0)
			return f;
	}
	cr_assert_fail("%s: a frame of %u bytes is of no flow", ref->traffic, m->pkt_len);
	return 0;
}

/* The flows of the next FLOWS frames. */
static void
receive_round(const struct ref *ref, uint16_t port, uint32_t flows[])
{
	bool seen[FLOWS] = {false};

	for (uint32_t i = 0; i < FLOWS; i++) {
		struct rte_mbuf *m = nic_receive(port, 0);

		flows[i] = flow_of(ref, m);
		cr_assert_not(seen[flows[i]], "flow %u twice in a round", flows[i]);
		seen[flows[i]] = true;
		rte_pktmbuf_free(m);
	}
}

Test(frames, are_as_the_manual_says_each_flow_once_a_round)
{
	nic_eal();
	for (size_t i = 0; i < RTE_DIM(refs); i++) {
		uint32_t first[FLOWS], second[FLOWS];
		uint16_t port = open_ref(&refs[i], "", 1);

		receive_round(&refs[i], port, first);
		receive_round(&refs[i], port, second);
		cr_assert_arr_eq(first, second, sizeof(first));
		nic_close(port);
	}
}

Test(frames, stand_in_an_order_drawn_by_the_seed)
{
	uint32_t order[3][FLOWS], in_place = 0;

	nic_eal();
	for (uint32_t i = 0; i < 3; i++) {
		uint16_t port = open_ref(&refs[0], i == 2 ? ",seed=2" : ",seed=1", 1);

		receive_round(&refs[0], port, order[i]);
		nic_close(port);
	}
	cr_assert_arr_eq(order[0], order[1], sizeof(order[0]));
	cr_assert_arr_neq(order[0], order[2], sizeof(order[0]));
	for (uint32_t i = 0; i < FLOWS; i++)
		in_place += order[0][i] == i;
	cr_assert_lt(in_place, 10);
}

Test(frames, begin_anew_in_the_middle_of_a_burst)
{
	struct ref ref = {.traffic = "plain", .tenants = 1, .size = 64};
	struct rte_mbuf *m[32];
	uint16_t port;

	nic_eal();
	port = nic_open(0, "traffic=plain,flows=5", 1);
	cr_assert_eq(rte_eth_rx_burst(port, 0, m, 32), 32);
	for (uint32_t i = 0; i < 32; i++)
		cr_assert_eq(flow_of(&ref, m[i]), flow_of(&ref, m[i % 5]));
	rte_pktmbuf_free_bulk(m, 32);
	nic_close(port);
}

/* The n-th new flow, whichever frame it was made of. */
static void
check_new(const struct ref *ref, const struct rte_mbuf *m, uint32_t n)
{
	uint8_t expected[NIC_FRAME_MAX];

	for (uint32_t f = 0; f < FLOWS; f++) {
		uint32_t len = ref_new_frame(ref, f, n, expected);

		if (len == m->pkt_len && memcmp(expected, rte_pktmbuf_mtod(m, void *), len) == 0)
			return;
	}
	cr_assert_fail("%s: not the new flow %u", ref->traffic, n);
}

/* Of n queues, each takes every n-th new flow. */
static void
check_new_queues(const struct ref *ref, uint16_t queues)
{
	uint16_t port = open_ref(ref, queues == 1 ? ",new=30" : ",new=30,queues=3", queues);

	for (uint16_t q = 0; q < queues; q++) {
		for (uint32_t i = 0; i < 100; i++) {
			struct rte_mbuf *m = nic_receive(port, q);
			uint32_t n = i * 30 / 100; /* new ones before it */

			if ((i + 1) * 30 / 100 > n)
				check_new(ref, m, n * queues + q);
			else
				(void)flow_of(ref, m);
			rte_pktmbuf_free(m);
		}
	}
	nic_close(port);
}

Test(frames, of_new_flows_are_right_and_stand_between_the_others)
{
	nic_eal();
	for (size_t i = 0; i < RTE_DIM(refs); i++) {
		if (refs[i].size > 1500)
			continue;
		check_new_queues(&refs[i], 1);
		if (refs[i].tenants <=
		    10) /* tenants by the hundred have few hosts and ports each: one queue may get all */
			check_new_queues(&refs[i], 3);
	}
}

/* Past the ports of the first host, and every checksum there is on the way. */
Test(frames, of_new_flows_never_repeat)
{
	static const struct ref ref = {.traffic = "vxlan", .tenants = 1, .size = 64, .outer6 = true, .inner6 = true};
	uint8_t expected[NIC_FRAME_MAX];
	uint16_t port;

	nic_eal();
	port = nic_open(0, "traffic=vxlan,outer=6,inner=6,new=100", 1);
	for (uint32_t n = 0; n < 130000; n++) {
		struct rte_mbuf *m = nic_receive(port, 0);
		uint32_t len = ref_new_frame(&ref, 0, n, expected);

		cr_assert_eq(m->pkt_len, len);
		cr_assert_arr_eq(rte_pktmbuf_mtod(m, void *), expected, len, "new flow %u", n);
		rte_pktmbuf_free(m);
	}
	nic_close(port);
}
