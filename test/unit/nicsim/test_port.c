/* SPDX-License-Identifier: BSD-3-Clause */
/* The port: queues, counters, pace, neighbours, arguments. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "nic.h"
#include "ref.h"

#define VXLAN "traffic=vxlan,tenants=10,flows=1000"

/* Inner addresses and ports as one number; VXLAN over IPv4 is 50 bytes. */
static uint64_t
conversation(const struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *) + 50 + 14;
	uint64_t tenant = ip[-3], number = 0;

	for (uint32_t i = 12; i < 24; i++)
		number = number * 257 + ip[i];
	return number * 257 + tenant;
}

Test(port, spreads_flows_over_its_queues)
{
	uint64_t seen[4][1000];
	uint32_t n[4] = {0};
	uint16_t port;

	nic_eal();
	port = nic_open(0, VXLAN ",queues=4", 4);
	for (uint16_t q = 0; q < 4; q++) {
		struct rte_mbuf *m = nic_receive(port, q);
		uint64_t first = conversation(m);

		do {
			cr_assert_lt(n[q], 1000);
			seen[q][n[q]++] = conversation(m);
			rte_pktmbuf_free(m);
			m = nic_receive(port, q);
		} while (conversation(m) != first);
		rte_pktmbuf_free(m);
		cr_assert_gt(n[q], 150, "queue %u has its share of 1000: %u", q, n[q]);
		for (uint16_t other = 0; other < q; other++) {
			for (uint32_t i = 0; i < n[q] * n[other]; i++)
				cr_assert_neq(seen[q][i / n[other]], seen[other][i % n[other]]);
		}
	}
	cr_assert_eq(n[0] + n[1] + n[2] + n[3], 1000);
	nic_close(port);
}

static void
check_counters(uint64_t tx_offloads)
{
	uint16_t port = nic_open_with(0, "traffic=plain,size=100,queues=2", 2, NULL, tx_offloads);
	struct rte_eth_stats stats;
	struct rte_mbuf *m[32];
	uint16_t n = 0;

	for (uint16_t q = 0; n == 0; q++) /* the one flow is on one of them */
		n = rte_eth_rx_burst(port, q, m, 32);
	cr_assert_eq(n, 32);
	cr_assert_eq(rte_eth_tx_burst(port, 0, m, 20), 20);
	cr_assert_eq(rte_eth_tx_burst(port, 1, &m[20], 12), 12);
	cr_assert_eq(rte_eth_tx_burst(port, 1, m, 0), 0);
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.ipackets, 32);
	cr_assert_eq(stats.ibytes, 3200);
	cr_assert_eq(stats.opackets, 32);
	cr_assert_eq(stats.obytes, 3200);
	cr_assert_eq(stats.imissed + stats.rx_nombuf + stats.ierrors + stats.oerrors, 0);
	cr_assert_eq(rte_eth_stats_reset(port), 0);
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.ipackets + stats.ibytes + stats.opackets + stats.obytes, 0);
	nic_close(port);
}

Test(port, counts_and_frees_what_it_is_sent)
{
	nic_eal();
	check_counters(0);
	check_counters(RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
}

Test(port, frees_all_segments_of_a_packet)
{
	uint8_t bytes[100] = {0};
	struct rte_mbuf *m;
	struct rte_eth_stats stats;
	uint16_t port;

	nic_eal();
	port = nic_open(0, "", 1);
	m = nic_mbuf(bytes, 60);
	cr_assert_eq(rte_pktmbuf_chain(m, nic_mbuf(bytes, 40)), 0);
	cr_assert_eq(rte_eth_tx_burst(port, 0, &m, 1), 1);
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.obytes, 100);
	nic_close(port);
}

Test(port, without_traffic_receives_nothing)
{
	struct rte_mbuf *m;
	uint16_t port;

	nic_eal();
	port = nic_open(0, "", 1);
	cr_assert_eq(rte_eth_rx_burst(port, 0, &m, 1), 0);
	nic_close(port);
}

/* Buffers run out: counted as a NIC does, and no frame is left out for it. */
Test(port, without_buffers_waits)
{
	struct ref ref = {.traffic = "plain", .tenants = 1, .size = 64};
	uint8_t expected[NIC_FRAME_MAX];
	struct rte_mbuf *hoard[4095], *m;
	struct rte_eth_stats stats;
	uint32_t n = 0;
	uint16_t port;

	nic_eal();
	port = nic_open(0, "traffic=plain,flows=1", 1);
	while ((hoard[n] = rte_pktmbuf_alloc(nic_pool)) != NULL && ++n < RTE_DIM(hoard))
		;
	cr_assert_eq(rte_eth_rx_burst(port, 0, &m, 1), 0);
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.rx_nombuf, 1);
	rte_pktmbuf_free_bulk(hoard, n);
	m = nic_receive(port, 0);
	cr_assert_eq(m->pkt_len, ref_frame(&ref, 0, expected));
	rte_pktmbuf_free(m);
	nic_close(port);
}

/* By the clock: what was not fetched in time waits in as many descriptors as the queue has, the rest is missed. */
Test(port, keeps_its_rate)
{
	uint64_t hz, before_start, start, before, received = 0, seen;
	struct rte_eth_stats stats;
	struct rte_mbuf *m[32];
	uint16_t port, n;

	nic_eal();
	hz = rte_get_tsc_hz();
	before_start = rte_rdtsc();
	port = nic_open(0, "traffic=plain,flows=1000,rate=100000", 1);
	start = rte_rdtsc();
	rte_delay_us_block(20000);
	do {
		before = rte_rdtsc();
		n = rte_eth_rx_burst(port, 0, m, 32);
		rte_pktmbuf_free_bulk(m, n);
		received += n;
	} while (n == 32 || before - start < hz / 20);
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.ipackets, received);
	cr_assert_geq(stats.imissed, 2000 - 512, "20 ms are 2000 packets, 512 wait");
	seen = received + stats.imissed;
	cr_assert_geq(seen, (before - start) * 100000 / hz, "all that were due before the last burst");
	cr_assert_leq(seen, (rte_rdtsc() - before_start) * 100000 / hz);
	nic_close(port);
}

/* ---- neighbours ---- */

static const uint8_t asker[6] = {0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x01},
		     answerer[6] = {0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x02};

/* Sends a frame to a port with neigh=1, on its second queue; returns the answer, NULL if there is none. */
static struct rte_mbuf *
ask(uint16_t port, const uint8_t *frame, uint32_t len)
{
	struct rte_mbuf *m = nic_mbuf(frame, len);

	cr_assert_eq(rte_eth_tx_burst(port, 1, &m, 1), 1);
	cr_assert_eq(rte_eth_rx_burst(port, 1, &m, 1), 0, "answers come by queue 0");
	return rte_eth_rx_burst(port, 0, &m, 1) == 1 ? m : NULL;
}

/* An ARP message; with a tag unless `vlan` is 0. Returns its length. */
static uint32_t
make_arp(uint8_t *frame, uint8_t op, uint8_t vlan)
{
	static const uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0};
	uint8_t *at = frame + 12;

	memset(frame, 0, 64);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, asker, 6);
	if (vlan != 0) {
		memcpy(at, (uint8_t[]){0x81, 0, 0, vlan}, 4);
		at += 4;
	}
	memcpy(at, head, sizeof(head));
	at[9] = op;
	memcpy(at + 10, asker, 6);
	memcpy(at + 16, (uint8_t[]){192, 0, 2, 1}, 4);
	memcpy(at + 26, (uint8_t[]){192, 0, 2, 77}, 4);
	return (uint32_t)(at + 30 - frame);
}

static void
check_arp(uint16_t port, uint8_t vlan)
{
	uint8_t frame[64], expected[64];
	uint32_t len = make_arp(frame, 1, vlan);
	uint8_t *arp = expected + (vlan != 0 ? 18 : 14);
	struct rte_mbuf *m = ask(port, frame, len);

	memcpy(expected, frame, len);
	memcpy(expected, asker, 6);
	memcpy(expected + 6, answerer, 6);
	arp[7] = 2;
	memcpy(arp + 8, answerer, 6);
	memcpy(arp + 14, (uint8_t[]){192, 0, 2, 77}, 4);
	memcpy(arp + 18, asker, 6);
	memcpy(arp + 24, (uint8_t[]){192, 0, 2, 1}, 4);
	cr_assert_not_null(m);
	cr_assert_eq(m->pkt_len, len);
	cr_assert_eq(m->port, port);
	cr_assert_arr_eq(rte_pktmbuf_mtod(m, void *), expected, len);
	rte_pktmbuf_free(m);
}

/* A solicitation of fd00::77 by fd00::1 with one option; returns its length. */
static uint32_t
make_solicitation(uint8_t *frame)
{
	uint8_t *ip = frame + 14, *nd = ip + 40;

	memset(frame, 0, 86);
	memcpy(frame, (uint8_t[]){0x33, 0x33, 0xff, 0, 0, 0x77}, 6);
	memcpy(frame + 6, asker, 6);
	memcpy(frame + 12, (uint8_t[]){0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255}, 10);
	memcpy(ip + 8, (uint8_t[]){0xfd, [15] = 1}, 16);
	memcpy(ip + 24, (uint8_t[]){0xff, 2, [11] = 1, 0xff, 0, 0, 0x77}, 16);
	nd[0] = 135;
	memcpy(nd + 8, (uint8_t[]){0xfd, [15] = 0x77}, 16);
	memcpy(nd + 24, (uint8_t[]){1, 1}, 2);
	memcpy(nd + 26, asker, 6);
	return 86;
}

static void
check_solicitation(uint16_t port)
{
	uint8_t frame[86];
	uint32_t len = make_solicitation(frame);
	struct rte_mbuf *m = ask(port, frame, len);
	const uint8_t *ip, *nd;

	cr_assert_not_null(m);
	cr_assert_eq(m->pkt_len, len);
	ip = rte_pktmbuf_mtod(m, const uint8_t *) + 14;
	nd = ip + 40;
	cr_assert_arr_eq(ip - 14, asker, 6);
	cr_assert_arr_eq(ip - 8, answerer, 6);
	cr_assert_arr_eq(ip, frame + 14, 8, "version, length, ICMP, hop limit 255");
	cr_assert_arr_eq(ip + 8, nd + 8, 16, "from the address asked for");
	cr_assert_arr_eq(ip + 24, frame + 14 + 8, 16, "to who asked");
	cr_assert_eq(nd[0], 136);
	cr_assert_eq(nd[1], 0);
	cr_assert_eq(nd[4], 0x60, "solicited, override");
	cr_assert_arr_eq(nd + 8, frame + 14 + 40 + 8, 16);
	cr_assert_arr_eq(nd + 24, ((uint8_t[]){2, 1}), 2);
	cr_assert_arr_eq(nd + 26, answerer, 6);
	cr_assert(ref_checksum6_ok(ip, 58, 32));
	rte_pktmbuf_free(m);
}

Test(port, answers_who_asks_for_a_neighbour)
{
	uint8_t frame[86];
	struct rte_eth_stats stats;
	uint16_t port;

	nic_eal();
	port = nic_open(0, "neigh=1,queues=2", 2);
	check_arp(port, 0);
	check_arp(port, 7);
	check_solicitation(port);
	cr_assert_null(ask(port, frame, make_arp(frame, 2, 0)), "a reply");
	cr_assert_null(ask(port, frame, make_arp(frame, 1, 0) - 1), "cut off");
	cr_assert_null(ask(port, frame, make_solicitation(frame) - 1), "cut off");
	(void)make_arp(frame, 1, 0);
	memcpy(frame + 38, frame + 28, 4);
	cr_assert_null(ask(port, frame, 42), "an announcement");
	memset(frame + 28, 0, 4);
	cr_assert_null(ask(port, frame, 42), "a probe");
	(void)make_solicitation(frame);
	frame[14 + 40] = 136;
	cr_assert_null(ask(port, frame, 86), "an advertisement");
	cr_assert_eq(rte_eth_stats_get(port, &stats), 0);
	cr_assert_eq(stats.ipackets, 3);
	cr_assert_eq(stats.opackets, 9);
	nic_close(port);
}

Test(port, is_silent_unless_it_is_told_to_answer)
{
	uint8_t frame[64];
	uint16_t port;

	nic_eal();
	port = nic_open(0, "queues=2", 2);
	cr_assert_null(ask(port, frame, make_arp(frame, 1, 0)));
	nic_close(port);
}

/* Answers that nobody fetched go with the port, and more than it keeps are not given. */
Test(port, keeps_a_bounded_number_of_answers)
{
	uint8_t frame[64];
	uint32_t len = make_arp(frame, 1, 0);
	uint16_t port;

	nic_eal();
	port = nic_open(0, "neigh=1", 1);
	for (uint32_t i = 0; i < 1000; i++) {
		struct rte_mbuf *m = nic_mbuf(frame, len);

		cr_assert_eq(rte_eth_tx_burst(port, 0, &m, 1), 1);
	}
	cr_assert_geq(rte_mempool_in_use_count(nic_pool), 200);
	cr_assert_leq(rte_mempool_in_use_count(nic_pool), 256);
	nic_close(port);
}

/* ---- arguments ---- */

Test(port, has_its_address)
{
	struct rte_ether_addr mac;
	uint16_t port;

	nic_eal();
	port = nic_open(42, "", 1);
	cr_assert_eq(rte_eth_macaddr_get(port, &mac), 0);
	cr_assert_arr_eq(mac.addr_bytes, ((uint8_t[]){0x02, 0x4e, 0x53, 0, 0, 42}), 6);
	nic_close(port);
	port = nic_open(0, "mac=02:00:00:00:12:34", 1);
	cr_assert_eq(rte_eth_macaddr_get(port, &mac), 0);
	cr_assert_arr_eq(mac.addr_bytes, ((uint8_t[]){0x02, 0, 0, 0, 0x12, 0x34}), 6);
	nic_close(port);
}

Test(port, refuses_arguments_by_name_and_reason)
{
	static const char *const bad[][2] = {
	    {"colour=red", "colour=red: no such key"},
	    {"traffic=vxlan,flows=0", "flows=0: has to be 1 to 67108864"},
	    {"traffic=vxlan,flows=67108865", "flows=67108865: has to be"},
	    {"traffic=vxlan,flows=-1", "flows=-1: not a number"},
	    {"traffic=vxlan,flows=1k", "flows=1k: not a number"},
	    {"traffic=vxlan,flows=", "flows=: not a number"},
	    {"traffic=vxlan,flows=99999999999999999999999", "flows=99999999999999999999999: not a number"},
	    {"traffic=vxlan,flows=1,flows=2", "flows=2: given twice"},
	    {"traffic=vxlan,tenants=16000001", "tenants=16000001: has to be"},
	    {"traffic=vxlan,new=101", "new=101: has to be 0 to 100"},
	    {"traffic=vxlan,rate=0", "rate=0: has to be"},
	    {"traffic=vxlan,queues=65", "queues=65: has to be 1 to 64"},
	    {"neigh=2", "neigh=2: has to be 0 to 1"},
	    {"traffic=geneve", "traffic=geneve: has to be plain, vlan or vxlan"},
	    {"traffic=vlan,capture=x", "capture=x: capture or traffic, and once"},
	    {"capture=x,traffic=vlan", "traffic=vlan: capture or traffic, and once"},
	    {"capture=", "capture=: not a path"},
	    {"mac=02:00:00:00:00", "mac=02:00:00:00:00: not the address"},
	    {"mac=03:00:00:00:00:01", "mac=03:00:00:00:00:01: not the address"},
	    {"mac=02:00:00:00:00:01,mac=02:00:00:00:00:02", "mac=02:00:00:00:00:02: given twice"},
	    {"flows=5", "flows=: needs traffic"},
	    {"capture=x,size=100", "size=: needs traffic"},
	    {"rate=5", "rate=: needs capture or traffic"},
	    {"traffic=vlan,outer=4", "outer=: needs traffic=vxlan"},
	    {"traffic=vxlan,outer=5", "outer=5: has to be 4 or 6"},
	    {"traffic=vxlan,inner=7", "inner=7: has to be 4 to 6"},
	    {"traffic=vxlan,size=41", "size=41: has to be"},
	    {"traffic=vxlan,inner=6,size=61", "size=61: has to be 62 to 9166"},
	    {"traffic=vxlan,outer=6,size=9147", "size=9147: has to be 42 to 9146"},
	};

	nic_eal();
	for (size_t i = 0; i < RTE_DIM(bad); i++) {
		char *said = nic_refused(0, bad[i][0]);

		cr_assert_not_null(strstr(said, "net_nicsim0: "), "%s: %s", bad[i][0], said);
		cr_assert_not_null(strstr(said, bad[i][1]), "%s: %s", bad[i][0], said);
		free(said);
	}
}

Test(port, refuses_buffers_too_small_for_its_frames)
{
	struct rte_eth_conf conf = {0};
	struct rte_mempool *small;
	uint16_t port;

	nic_eal();
	small = rte_pktmbuf_pool_create("small", 63, 0, 0, RTE_PKTMBUF_HEADROOM + 1500, SOCKET_ID_ANY);
	cr_assert_not_null(small);
	port = nic_open(0, "traffic=plain,size=1500", 1);
	cr_assert_eq(rte_eth_dev_stop(port), 0);
	cr_assert_eq(rte_eth_dev_configure(port, 1, 1, &conf), 0);
	cr_assert_neq(rte_eth_rx_queue_setup(port, 0, 512, 0, NULL, small), 0, "frames take multiples of 64 bytes");
	cr_assert_eq(rte_eth_rx_queue_setup(port, 0, 512, 0, NULL, nic_pool), 0);
	cr_assert_eq(rte_eth_tx_queue_setup(port, 0, 512, 0, NULL), 0);
	cr_assert_eq(rte_eth_dev_start(port), 0, "and starts over");
	rte_pktmbuf_free(nic_receive(port, 0));
	nic_close(port);
}
