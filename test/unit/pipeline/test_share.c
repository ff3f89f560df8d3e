/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits: for its limit, in order and in bounds; for its port's wire, by promise and weight. */
#include <rte_ip.h>

#include "bench.h"

#define LENGTH 226 /* bytes of frames here: on the wire 250, 2,000 bits */
#define WIRE_BITS 2000
#define MARK 100 /* byte that says which frame it is */

/* Red and blue have a on p1 and b on p2, blue's tagged; mac(1) is at a, mac(2) at b. */
static void
setup(void)
{
	bench_start(1);
	load_both();
	patch("{'tenants':{'blue':{'vports':{'b':{'switch':'web','port':'p2','vlan':20}}}}}");
	for (uint8_t mac = 1; mac <= 2; mac++) {
		inject(mac, plain(BROADCAST, mac, 0x88b5));
		inject(mac, tagged(plain(BROADCAST, mac, 0x88b5), 20));
	}
	pass_time(MS);
	discard();
}

TestSuite(share, .init = setup);

/* Frame number i, from a to b; on the wire WIRE_BITS long. */
static struct frame
red(uint8_t i)
{
	struct frame frame = plain(2, 1, 0x88b5);

	frame.len = LENGTH;
	frame.b[MARK] = i;
	return frame;
}

static struct frame
blue(uint8_t i)
{
	struct frame frame = red(i);

	frame.len -= 4; /* the tag */
	return tagged(frame, 20);
}

static void
send_red(uint8_t from, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		inject(1, red((uint8_t)(from + i)));
	poll_all();
}

/* What p2 sent, by tenant. */
struct sent {
	uint32_t red, blue;
};

static struct sent
collect(void)
{
	struct sent n = {0};
	struct frame frame;

	while (sent(2, &frame))
		if (frame.b[12] == 0x81)
			n.blue++;
		else
			n.red++;
	return n;
}

static void
add(struct sent *sum, struct sent n)
{
	sum->red += n.red;
	sum->blue += n.blue;
}

/* Nobody waits any more. */
static void
drain(void)
{
	patch("{'ports':{'p2':{'rate':null}},'tenants':{'red':{'limit':null,'guarantee':null},'blue':{'guarantee':"
	      "null}}}");
	poll_all();
	poll_all();
	discard();
}

/* Red's are as many as may wait, and more come in a round in which some may go: what is it that they wait for? */
static void
overflow(void)
{
	send_red(0, 100);
	send_red(100, 30);
	for (uint32_t i = 0; i < 5; i++) {
		now += 10 * MS;
		send_red(0, 30);
	}
	discard();
}

static void
expect_reason(enum weir_reason reason)
{
	struct weir_tally all = tally(vport_id("red", "b"));

	cr_assert_gt(all.reasons[reason].packets, 5 * (30 - 4), "%lu of %lu", all.reasons[reason].packets,
	    all.sum.tx_drop_packets);
	cr_assert_eq(all.reasons[reason].packets, all.sum.tx_drop_packets);
}

BENCH_TEST(share, too_many_by_the_tenants_limit)
{
	patch("{'ports':{'p2':{'rate':'1Gbps'}},'tenants':{'red':{'limit':'200pps','queue':'18432B'}}}");
	overflow();
	expect_reason(WEIR_DROP_TENANT_LIMIT);
	drain();
}

BENCH_TEST(share, too_many_by_the_vports_limit)
{
	patch("{'ports':{'p2':{'rate':'1Gbps'}},'tenants':{'red':{'queue':'18432B','vports':{'b':{'limit':'200pps'}}}"
	      "}}");
	overflow();
	expect_reason(WEIR_DROP_VPORT_LIMIT);
	patch("{'tenants':{'red':{'vports':{'b':{'limit':null}}}}}");
	drain();
}

BENCH_TEST(share, too_many_for_the_port)
{
	patch("{'ports':{'p2':{'rate':'400kbps'}},'tenants':{'red':{'limit':'1Mpps','queue':'18432B'}}}");
	overflow();
	expect_reason(WEIR_DROP_PORT_SHARE);
	drain();
}

BENCH_TEST(share, over_a_limit_waits_its_turn)
{
	patch("{'tenants':{'red':{'limit':'100pps'}}}");
	send_red(0, 5);
	expect(2, red(0));
	expect(2, red(1));
	expect_balance(3);
	now += 9 * MS;
	send_red(5, 1);
	cr_assert_eq(n_sent(2), 0);
	for (uint8_t i = 2; i < 6; i++) {
		now += 10 * MS;
		poll_all();
		expect(2, red(i));
		cr_assert_eq(n_sent(2), 0);
	}
	expect_balance(0);
	expect_drops(vport_id("red", "b"), WEIR_DROP_TENANT_LIMIT, 0, 0);
}

/* Another vport's limit is in nobody else's way. */
BENCH_TEST(share, nobody_waits_for_anothers_limit)
{
	patch("{'tenants':{'red':{'vports':{'a':{'limit':'100pps'},'c':{'switch':'web','port':'p0','vlan':9}}}}}");
	send_red(0, 4);
	cr_assert_eq(n_sent(2), 2);
	inject(0, tagged(plain(2, 3, 0x88b5), 9));
	poll_all();
	cr_assert_eq(n_sent(2), 1);
	expect_balance(2);
	now += SECOND;
	poll_all();
	cr_assert_eq(n_sent(2), 2);
}

BENCH_TEST(share, a_full_queue_drops_for_what_it_waits)
{
	patch("{'tenants':{'red':{'limit':'100pps','queue':'18432B'}}}");
	for (uint8_t i = 0; i < 10; i++)
		send_red(0, 10);
	cr_assert_eq(n_sent(2), 2);
	expect_balance(18432 / LENGTH);
	expect_drops(vport_id("red", "b"), WEIR_DROP_TENANT_LIMIT, 98 - 18432 / LENGTH, 98 - 18432 / LENGTH);
	drain();
}

BENCH_TEST(share, what_is_removed_does_not_wait_on)
{
	patch("{'tenants':{'red':{'limit':'100pps'}}}");
	send_red(0, 5);
	patch("{'tenants':{'red':{'vports':{'b':null}}}}");
	poll_all();
	expect_balance(0);
	cr_assert_eq(drops().reasons[WEIR_DROP_RECONFIGURED].packets, 3);
}

BENCH_TEST(share, a_limit_that_is_raised_holds_at_once)
{
	patch("{'tenants':{'red':{'limit':'1pps'}}}");
	send_red(0, 5);
	cr_assert_eq(n_sent(2), 2);
	patch("{'tenants':{'red':{'limit':null}}}");
	poll_all();
	cr_assert_eq(n_sent(2), 3);
}

BENCH_TEST(share, congestion_is_marked)
{
	struct frame frame = to(udp(1, "10.0.0.1", "10.0.0.2", 1, 2), mac(2)), out;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)&frame.b[14];
	uint32_t marked = 0, n = 0;

	ip->type_of_service = 2; /* ECT(0) */
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	patch("{'tenants':{'red':{'limit':'100pps','queue':'18432B'}}}");
	for (uint32_t i = 0; i < 200; i++) {
		inject(1, frame);
		poll_all();
	}
	for (uint32_t i = 0; i < 200; i++) {
		now += 10 * MS;
		poll_all();
		while (sent(2, &out)) {
			n++;
			marked += (out.b[15] & 3) == 3;
			cr_assert_eq(rte_ipv4_cksum((const struct rte_ipv4_hdr *)&out.b[14]), 0);
		}
	}
	cr_assert_eq(n, 200);
	/* From a quarter of the queue on. */
	cr_assert_eq(marked, 200 - 2 - 18432 / 4 / frame.len - 1, "%u", marked);
}

/* ---- the wire ---- */

#define ROUND (10 * WEIR_NS_PER_US)

/* Both send more than p2 carries, for `ms`; what each sent. */
static struct sent
contend(uint32_t ms)
{
	struct sent n = {0};

	for (uint32_t round = 0; round < ms * 100; round++) {
		for (uint8_t i = 0; i < 2; i++) {
			inject(1, red(0));
			inject(1, blue(0));
		}
		now += ROUND;
		poll_all();
		add(&n, collect());
	}
	return n;
}

BENCH_TEST(share, the_wire_is_shared_by_weight)
{
	struct sent n;

	/* 2 frames a round. */
	patch("{'ports':{'p2':{'rate':'400Mbps'}},'tenants':{'red':{'weight':3}}}");
	(void)contend(10);
	n = contend(20);
	cr_assert(n.red + n.blue >= 3990 && n.red + n.blue <= 4010, "%u, %u", n.red, n.blue);
	drain();
	cr_assert(n.blue >= 995 && n.blue <= 1005, "%u, %u", n.red, n.blue);
}

BENCH_TEST(share, what_was_promised_comes_first)
{
	struct sent n;

	patch("{'ports':{'p2':{'rate':'400Mbps'},'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'}},'tenants':{'blue':{'"
	      "guarantee':'300Mbps'},'red':{'weight':1000}}}");
	(void)contend(10);
	n = contend(20);
	/* Three quarters, and a thousandth of the rest. */
	cr_assert(n.red + n.blue >= 3990 && n.red + n.blue <= 4010, "%u, %u", n.red, n.blue);
	drain();
	cr_assert(n.blue >= 2995 && n.blue <= 3010, "%u, %u", n.red, n.blue);
}

BENCH_TEST(share, who_does_not_wait_loses_at_once)
{
	struct sent n;

	patch("{'ports':{'p2':{'rate':'400Mbps'},'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'}},'tenants':{'red':{'"
	      "excess':'police'},"
	      "'blue':{'excess':'police','guarantee':'200Mbps'}}}");
	(void)contend(10);
	n = contend(20);
	expect_balance(0);
	cr_assert(n.red + n.blue >= 3950 && n.red + n.blue <= 4010, "%u, %u", n.red, n.blue);
	cr_assert(n.blue >= 1995, "%u, %u", n.red, n.blue);
}

/* 50 us a frame were promised, and two come every 70 us. */
BENCH_TEST(share, who_does_not_wait_has_what_was_promised_however_uneven)
{
	struct sent n = {0};

	patch("{'ports':{'p2':{'rate':'400Mbps'},'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'}},'tenants':{'blue':{'"
	      "excess':'police','guarantee':'40Mbps'}}}");
	(void)contend(10);
	for (uint32_t round = 0; round < 2800; round++) {
		for (uint8_t i = 0; i < 3; i++)
			inject(1, red(0));
		for (uint8_t i = 0; i < 2 && round % 7 == 0; i++)
			inject(1, blue(0));
		now += ROUND;
		poll_all();
		add(&n, collect());
	}
	/* A millisecond's worth may have been left from before. */
	cr_assert(n.blue >= 558 && n.blue <= 581, "%u, %u", n.red, n.blue);
	cr_assert(n.red + n.blue >= 5590 && n.red + n.blue <= 5610, "%u, %u", n.red, n.blue);
	drain();
}
