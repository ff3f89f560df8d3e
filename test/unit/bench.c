/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "weir_pipeline.h"

#define ROOM 2048
#define RING_SIZE 1024

struct weir_gateway *gateway;
uint64_t now;
uint64_t (*bench_cycles)(void *arg);
struct rte_mempool *pool;
struct weir_outcome outcome;
static struct rte_ring *rx[BENCH_PORTS], *tx[BENCH_PORTS];

/* ---- life ---- */

static void
make_port(uint32_t p)
{
	uint32_t size = p == BENCH_SMALL ? BENCH_SMALL_ROOM + 1 : RING_SIZE;
	char name[32];

	(void)snprintf(name, sizeof(name), "rx%u", p);
	rx[p] = rte_ring_create(name, size, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	(void)snprintf(name, sizeof(name), "tx%u", p);
	tx[p] = rte_ring_create(name, size, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	cr_assert(rx[p] != NULL && tx[p] != NULL);
	(void)snprintf(name, sizeof(name), "p%u", p);
	cr_assert_geq(rte_eth_from_rings(name, &rx[p], 1, &tx[p], 1, 0), 0);
}

static uint16_t
ethdev_of(uint32_t port)
{
	char name[32];
	uint16_t ethdev;

	(void)snprintf(name, sizeof(name), "net_ring_p%u", port);
	cr_assert_eq(rte_eth_dev_get_port_by_name(name, &ethdev), 0);
	return ethdev;
}

static uint32_t
queue_count(void *queue)
{
	return rte_ring_count(*(struct rte_ring **)queue); /* its first field */
}

void
count_queues(uint32_t port)
{
	rte_eth_fp_ops[ethdev_of(port)].rx_queue_count = queue_count;
}

void
bench_open(uint32_t n_workers, const char *state_dir)
{
	struct weir_gateway_params params = {.n_workers = n_workers,
	    .state_dir = state_dir,
	    .mbufs = 2047,
	    .mbuf_size = ROOM,
	    .cycles = bench_cycles,
	    .now = now};
	struct weir_err err = {0};

	gateway = weir_gateway_create(&params, &err);
	cr_assert_not_null(gateway, "%s", err.msg);
	if (state_dir != NULL)
		cr_assert_eq(weir_gateway_restore(gateway, NULL, &err), 0, "%s %s", err.path, err.msg);
}

void
bench_start(uint32_t n_workers)
{
	static char args[][32] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "256",
	    "--lcores", "0@0,1@0,2@1", "--log-level=lib.*:error", "--log-level=pmd.*:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	pool =
	    rte_pktmbuf_pool_create("bench", 2047, 0, sizeof(struct weir_mbuf_meta), ROOM + RTE_PKTMBUF_HEADROOM, 0);
	cr_assert_not_null(pool);
	for (uint32_t p = 0; p < BENCH_PORTS; p++)
		make_port(p);
	now = 1000 * SECOND;
	bench_open(n_workers, NULL);
}

void
bench_close(void)
{
	weir_gateway_free(gateway);
	gateway = NULL;
}

uint32_t
buffers_used(void)
{
	return rte_mempool_in_use_count(pool) + rte_mempool_in_use_count(gateway->pool);
}

size_t
allocated(void)
{
	struct rte_malloc_socket_stats stats;

	cr_assert_eq(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.alloc_count;
}

void
bench_stop(void)
{
	/* What was handed over, or is weir's own, has left by then. */
	poll_all();
	poll_all();
	discard();
	expect_balance(0);
	cr_assert_eq(buffers_used(), 0, "%u buffers are lost", buffers_used());
	bench_close();
}

/* ---- configuration ---- */

/* JSON of what is easier to write in C. */
static char *
quoted(const char *text)
{
	static char json[1 << 19];
	size_t i;

	cr_assert_lt(strlen(text), sizeof(json));
	for (i = 0; text[i] != '\0'; i++)
		json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	json[i] = '\0';
	return json;
}

void
load(const char *text)
{
	struct weir_err err = {0};
	const char *json = quoted(text);

	cr_assert_eq(
	    weir_gateway_load(gateway, json, strlen(json), false, &outcome, &err), 0, "%s: %s", err.path, err.msg);
}

void
patch(const char *fmt, ...)
{
	static char text[1 << 14];
	struct weir_err err = {0};
	const char *json;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json = quoted(text);
	cr_assert_eq(
	    weir_gateway_patch(gateway, json, strlen(json), false, &outcome, &err), 0, "%s: %s", err.path, err.msg);
}

struct weir_err
refused(const char *text)
{
	struct weir_err err = {0};
	const char *json = quoted(text);

	cr_assert_neq(weir_gateway_load(gateway, json, strlen(json), false, &outcome, &err), 0);
	return err;
}

struct weir_err
refused_patch(const char *text)
{
	struct weir_err err = {0};
	const char *json = quoted(text);

	cr_assert_neq(weir_gateway_patch(gateway, json, strlen(json), false, &outcome, &err), 0);
	return err;
}

/* ---- packets ---- */

void
inject(uint32_t port, struct frame frame)
{
	inject_flagged(port, frame, 0, 0);
}

void
inject_flagged(uint32_t port, struct frame frame, uint64_t ol_flags, uint16_t vlan_tci)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool), *last = m;

	cr_assert_not_null(m);
	for (uint32_t at = 0; at < frame.len;) {
		uint32_t left = frame.len - at, len = left < ROOM ? left : ROOM;

		if (at > 0) {
			last->next = rte_pktmbuf_alloc(pool);
			cr_assert_not_null(last->next);
			last = last->next;
			m->nb_segs++;
		}
		memcpy(rte_pktmbuf_mtod(last, uint8_t *), frame.b + at, len);
		last->data_len = (uint16_t)len;
		at += len;
	}
	m->pkt_len = frame.len;
	m->ol_flags |= ol_flags;
	m->vlan_tci = vlan_tci;
	/* As a driver leaves it: nothing may be read from there that was not written. */
	memset(rte_mbuf_to_priv(m), 0xa5, sizeof(struct weir_mbuf_meta));
	cr_assert_eq(rte_ring_enqueue(rx[port], m), 0);
}

void
inject_with_headroom(uint32_t port, struct frame frame, uint16_t headroom)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	cr_assert_not_null(m);
	m->data_off = headroom;
	m->data_len = (uint16_t)frame.len;
	m->pkt_len = frame.len;
	/* What is in front of it is not the packet's. */
	memset(m->buf_addr, 0xe5, headroom);
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), frame.b, frame.len);
	memset(rte_pktmbuf_mtod(m, uint8_t *) + frame.len, 0xe6, 16);
	cr_assert_eq(rte_ring_enqueue(rx[port], m), 0);
}

uint32_t
waiting(uint32_t port)
{
	return rte_ring_count(rx[port]);
}

bool
sent_flagged(uint32_t port, struct frame *frame, uint64_t *ol_flags)
{
	struct rte_mbuf *m;
	void *p;

	if (rte_ring_dequeue(tx[port], &p) != 0)
		return false;
	m = p;
	rte_mbuf_sanity_check(m, 1);
	cr_assert_leq(m->pkt_len, sizeof(frame->b));
	memset(frame, 0, sizeof(*frame));
	for (const struct rte_mbuf *seg = m; seg != NULL; seg = seg->next) {
		memcpy(frame->b + frame->len, rte_pktmbuf_mtod(seg, const uint8_t *), seg->data_len);
		frame->len += seg->data_len;
	}
	cr_assert_eq(frame->len, m->pkt_len);
	*ol_flags = m->ol_flags;
	rte_pktmbuf_free(m);
	return true;
}

bool
sent(uint32_t port, struct frame *frame)
{
	uint64_t ol_flags;

	return sent_flagged(port, frame, &ol_flags);
}

uint32_t
n_sent(uint32_t port)
{
	struct frame frame;
	uint32_t n = 0;

	while (sent(port, &frame))
		n++;
	return n;
}

void
discard(void)
{
	for (uint32_t p = 0; p < BENCH_PORTS; p++)
		(void)n_sent(p);
}

void
expect(uint32_t port, struct frame frame)
{
	struct frame got;

	cr_assert(sent(port, &got), "port %u sent nothing", port);
	cr_assert_eq(got.len, frame.len, "%u bytes instead of %u", got.len, frame.len);
	cr_assert_arr_eq(got.b, frame.b, frame.len);
}

void
poll_one(uint32_t w)
{
	(void)weir_worker_poll(weir_gateway_worker(gateway, w), now);
}

void
poll_all(void)
{
	for (uint32_t w = 0; w < gateway->n_workers; w++)
		poll_one(w);
}

void
pass_time(uint64_t ns)
{
	now += ns;
	weir_gateway_set_time(gateway, now);
	poll_all();
	weir_gateway_maintain(gateway, now);
	/* Twice: one worker may hand to the one before it. */
	poll_all();
	poll_all();
}

struct frame
peer_reply(uint8_t peer, const char *address)
{
	struct frame frame = to(arp(peer, 2, peer, address, "192.0.2.1"), UNDERLAY_MAC);

	/* arp() leaves the target's MAC empty. */
	memcpy(frame.b + 14 + 18, UNDERLAY_MAC.b, 6);
	return frame;
}

void
resolve_peers(void)
{
	pass_time(100 * MS);
	inject(0, peer_reply(PEER, "192.0.2.2"));
	inject(0, peer_reply(PEER3, "192.0.2.3"));
	pass_time(MS);
	pass_time(MS);
	pass_time(2 * SECOND);
	discard();
}

void
load_both(void)
{
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	resolve_peers();
}

void
load_three(uint8_t mac_at_b)
{
	load_both();
	patch("{'tenants':{'red':{'vports':{'c':{'switch':'web','port':'p3'}}}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	inject(2, plain(BROADCAST, mac_at_b, 0x88b5));
	inject(3, plain(BROADCAST, 3, 0x88b5));
}

/* ---- counts ---- */

uint32_t
vport_id(const char *tenant, const char *vport)
{
	const struct live_tenant *live = gateway_tenant(gateway, tenant);
	uint32_t at = tenant_find_vport(live, vport);

	cr_assert_neq(at, WEIR_NONE, "%s/%s", tenant, vport);
	return live->vports[at];
}

uint32_t
remote_id(const char *tenant, const char *sw, const char *address)
{
	struct weir_ip at = ip(address);
	const struct live_tenant *live = gateway_tenant(gateway, tenant);
	uint32_t s = tenant_find_switch(live, sw);
	const struct weir_iface *remote = s != WEIR_NONE ? weir_switch_remote(&live->switch_objects[s], &at) : NULL;

	cr_assert_not_null(remote);
	return remote->id;
}

uint32_t
port_iface(const char *port)
{
	const struct live_port *live = gateway_port(gateway, port);

	cr_assert(live != NULL && live->port != NULL, "%s", port);
	return live->iface;
}

struct weir_tally
tally(uint32_t iface)
{
	struct weir_tally result = {0};

	(void)weir_counters_read_begin(gateway->counters, now, 0);
	weir_counters_sum(gateway->counters, iface, &result);
	weir_counters_read_end(gateway->counters);
	return result;
}

struct weir_tally
drops(void)
{
	struct weir_tally result;
	struct weir_count sum;
	uint64_t time;

	/* A cut of this moment first. */
	cr_assert_eq(weir_view_conservation(gateway, NULL, &sum, NULL, &time), 0);
	cr_assert_eq(weir_view_drops(gateway, NULL, &result, &time), 0);
	return result;
}

void
expect_drops(uint32_t iface, enum weir_reason reason, uint64_t packets, uint64_t in_all)
{
	struct weir_tally got = tally(iface);

	cr_assert_eq(got.reasons[reason].packets, packets, "%s: %lu instead of %lu", weir_reason_name(reason),
	    got.reasons[reason].packets, packets);
	cr_assert_eq(got.sum.rx_drop_packets + got.sum.tx_drop_packets, in_all, "%lu drops instead of %lu",
	    got.sum.rx_drop_packets + got.sum.tx_drop_packets, in_all);
}

void
expect_balance(uint64_t held)
{
	struct weir_count sum;
	uint64_t time;

	for (uint32_t t = 0; t < gateway->max_tenant; t++) {
		const struct live_tenant *live = gateway->live_tenants[t];

		if (live == NULL)
			continue;
		cr_assert_eq(weir_view_conservation(gateway, live->cfg->name, &sum, NULL, &time), 0);
		cr_assert_eq(weir_view_balance(&sum), 0, "tenant %s", live->cfg->name);
	}
	cr_assert_eq(weir_view_conservation(gateway, NULL, &sum, NULL, &time), 0);
	cr_assert_eq(weir_view_balance(&sum), 0, "balance %ld", weir_view_balance(&sum));
	cr_assert_eq(sum.held_in - sum.held_out, held, "%lu are held", sum.held_in - sum.held_out);
}

uint32_t
flows_of(const char *tenant)
{
	return gateway->vnet->flows_used[gateway_tenant(gateway, tenant)->tenant->id];
}
