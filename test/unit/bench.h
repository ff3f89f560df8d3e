/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * weir on a bench, in virtual time: ports made of rings, workers and maintenance stepped by hand, what they count
 * looked up by name.
 */
#ifndef WEIR_TEST_BENCH_H
#define WEIR_TEST_BENCH_H

#include <criterion/criterion.h>

#include "apply_priv.h"
#include "frames.h"
#include "weir_view.h"

#define BENCH_PORTS 4
/* Devices "net_ring_p0" to "net_ring_p3", of one queue each way; the rings of the last one hold 7 packets. */
#define BENCH_SMALL 3
#define BENCH_SMALL_ROOM 7

extern struct weir_gateway *gateway;
extern uint64_t now;
/* Meter of the workers' cycles; NULL, until a test sets it before bench_start(): the TSC. */
extern uint64_t (*bench_cycles)(void *arg);
extern struct rte_mempool *pool; /* what is injected comes from here */

/* EAL, ports, a gateway of so many workers without a configuration. */
void bench_start(uint32_t n_workers);
/* Ends the gateway: every buffer has to be free, and every packet accounted for. */
void bench_stop(void);
/* A test that ends by bench_stop(), and fails where that does; a fixture's end would not count. */
#define BENCH_TEST(suite, name)                                                                                      \
	static void suite##_##name##_steps(void);                                                                    \
	Test(suite, name)                                                                                            \
	{                                                                                                            \
		suite##_##name##_steps();                                                                            \
		bench_stop();                                                                                        \
	}                                                                                                            \
	static void suite##_##name##_steps(void)

/* Another gateway in the same process, with `state_dir` (NULL: none); restores from it. */
void bench_open(uint32_t n_workers, const char *state_dir);
void bench_close(void);

/* ---- configuration; single quotes stand for double ones ---- */

void load(const char *text);
void patch(const char *fmt, ...) WEIR_PRINTF(1, 2);
/* A load / patch that has to be refused; returns err. */
struct weir_err refused(const char *text);
struct weir_err refused_patch(const char *text);
extern struct weir_outcome outcome; /* of the last one */

/* Ports p0 to p3, p0 an underlay with 192.0.2.1/24 and 2001:db8::1/64. */
#define PORTS_TEXT                                                                                                   \
	"'ports':{'p0':{'device':'net_ring_p0'},'p1':{'device':'net_ring_p1'},'p2':{'device':'net_ring_p2'},"        \
	"'p3':{'device':'net_ring_p3'}},'settings':{'flows':4096},"                                                  \
	"'underlay':{'p0':{'address':['192.0.2.1/24','2001:db8::1/64'],'mac':'02:aa:00:00:00:01'}},"
/* Red: vports a on p1, b on p2, remotes 192.0.2.2 and .3 on its one switch. */
#define RED_TEXT                                                                                                     \
	"'red':{'switches':{'web':{'vni':5001,'remotes':['192.0.2.2','192.0.2.3']}},"                                \
	"'vports':{'a':{'switch':'web','port':'p1'},'b':{'switch':'web','port':'p2'}}}"
/* Blue: the same addresses, vport a on VLAN 20 of p1, one remote. */
#define BLUE_TEXT                                                                                                    \
	"'blue':{'switches':{'web':{'vni':5002,'remotes':['192.0.2.2']}},"                                           \
	"'vports':{'a':{'switch':'web','port':'p1','vlan':20}}}"
#define UNDERLAY_MAC ((struct weir_mac){{0x02, 0xaa, 0, 0, 0, 1}})
#define PEER 0x42 /* MAC of 192.0.2.2 */
#define PEER3 0x43

/* ---- packets ---- */

void inject(uint32_t port, struct frame frame);
/* With what a NIC says of it: ol_flags, and the tag that it took off. */
void inject_flagged(uint32_t port, struct frame frame, uint64_t ol_flags, uint16_t vlan_tci);
/* With so many bytes in front of it in its buffer, and others than 0 around it. */
void inject_with_headroom(uint32_t port, struct frame frame, uint16_t headroom);
/* From now on, until it is opened anew, a port says how many packets wait in its queue, which net_ring does not. */
void count_queues(uint32_t port);
/* Frames that wait to be received on a port. */
uint32_t waiting(uint32_t port);
/* The next frame that was sent by a port; false: none. */
bool sent(uint32_t port, struct frame *frame);
/* The same, and the ol_flags that the driver was given with it. */
bool sent_flagged(uint32_t port, struct frame *frame, uint64_t *ol_flags);
uint32_t n_sent(uint32_t port); /* takes and counts all */
void discard(void);		/* what all ports sent */
/* The frame that was sent by a port is the next one, and it is this. */
void expect(uint32_t port, struct frame frame);

/* One round of worker w / of every worker. */
void poll_one(uint32_t w);
void poll_all(void);
/* Lets time pass; then workers, maintenance, workers. */
void pass_time(uint64_t ns);
#define MS WEIR_NS_PER_MS
#define SECOND WEIR_NS_PER_S

/* 192.0.2.2 and .3 say where they are (when they are asked); what weir sent meanwhile is discarded. */
void resolve_peers(void);
/* Loads ports, red and blue, and resolves their peers: what most tests begin with. */
void load_both(void);
/* The same with red's vport c on the small port; mac(1) is known at a, mac(mac_at_b) at b, mac(3) at c. */
void load_three(uint8_t mac_at_b);
/* An ARP reply of a peer. */
struct frame peer_reply(uint8_t peer, const char *address);

/* ---- counts ---- */

uint32_t vport_id(const char *tenant, const char *vport);
uint32_t remote_id(const char *tenant, const char *sw, const char *address);
uint32_t port_iface(const char *port);
struct weir_tally tally(uint32_t iface);
struct weir_tally drops(void); /* of the whole gateway */
/* So many packets were dropped at `iface` for this reason, and so many in all. */
void expect_drops(uint32_t iface, enum weir_reason reason, uint64_t packets, uint64_t in_all);
/* Every tenant's and the gateway's terms balance; nothing is held. */
void expect_balance(uint64_t held);
uint32_t flows_of(const char *tenant); /* slots of its quota in use */
uint32_t buffers_used(void);	       /* of both pools */
size_t allocated(void);		       /* pieces of DPDK's memory */

#endif
