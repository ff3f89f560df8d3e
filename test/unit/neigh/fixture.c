/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "fixture.h"

struct weir_neigh *neigh;
uint64_t now = 3600 * S;
uint32_t n_deferred;
struct frame sent[SENT_MAX];
uint32_t n_sent;

struct weir_ip
ip(const char *text)
{
	struct weir_ip address;

	cr_assert_eq(weir_ip_parse(text, &address), 0, "%s", text);
	return address;
}

struct weir_mac
mac(const char *text)
{
	struct weir_mac address;

	cr_assert_eq(weir_mac_parse(text, &address), 0, "%s", text);
	return address;
}

bool
is_mac(const uint8_t *b, const char *text)
{
	struct weir_mac want = mac(text);

	return memcmp(b, &want, sizeof(want)) == 0;
}

static void
record(void *arg, uint32_t port, const uint8_t *frame, uint32_t len)
{
	cr_assert_eq(arg, &neigh);
	cr_assert_lt(n_sent, SENT_MAX);
	cr_assert_geq(len, 60);
	cr_assert_leq(len, sizeof(sent[0].b));
	sent[n_sent].port = port;
	sent[n_sent].len = len;
	memcpy(sent[n_sent++].b, frame, len);
}

static void
defer(void *arg, void *p)
{
	cr_assert_eq(arg, &neigh);
	n_deferred++;
	rte_free(p);
}

void
start(uint32_t max_vteps)
{
	static const char *const args[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
	    "64", "-l", "0", "--log-level=lib.*:error", "--file-prefix=weir-test-neigh"};
	struct weir_neigh_params params = {
	    .max_vteps = max_vteps, .send = record, .defer = defer, .arg = &neigh, .socket = SOCKET_ID_ANY};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = strdup(args[i]);
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	neigh = weir_neigh_create(&params);
	cr_assert_not_null(neigh);
}

void
set_underlay_full(uint32_t id, const struct weir_neigh_underlay *fields, const char *const addresses[],
    const char *const gateways[])
{
	struct weir_neigh_underlay underlay = *fields;
	struct weir_prefix prefix[8];
	struct weir_ip gateway[2];

	underlay.addresses = prefix;
	underlay.gateways = gateway;
	for (; addresses != NULL && *addresses != NULL; addresses++)
		cr_assert_eq(weir_prefix_parse(*addresses, &prefix[underlay.n_addresses++]), 0);
	for (; gateways != NULL && *gateways != NULL; gateways++)
		gateway[underlay.n_gateways++] = ip(*gateways);
	cr_assert_eq(weir_neigh_set_underlay(neigh, id, &underlay, now), 0);
}

void
set_underlay(uint32_t id, const char *const addresses[], const char *const gateways[])
{
	struct weir_neigh_underlay underlay = {
	    .port = PORT + id, .vlan = WEIR_NONE, .mac = mac(OUR_MAC), .mtu = 1500};

	set_underlay_full(id, &underlay, addresses, gateways);
}

void
set_usual(void)
{
	set_underlay(0, (const char *const[]){OUR_IP4 "/24", OUR_IP6 "/64", NULL}, NULL);
	pass(5 * S);
	n_sent = 0;
}

void
pass(uint64_t ns)
{
	for (uint64_t end = now + ns; now < end;) {
		now += 100 * MS;
		weir_neigh_tick(neigh, now);
	}
}

const struct frame *
only_sent(void)
{
	cr_assert_eq(n_sent, 1, "%u frames", n_sent);
	n_sent = 0;
	return &sent[0];
}

uint32_t
get_by(const char *vtep, enum weir_tunnel tunnel)
{
	struct weir_ip address = ip(vtep);
	uint32_t id = weir_neigh_vtep_get(neigh, &address, tunnel, now);

	cr_assert_neq(id, WEIR_NONE);
	return id;
}

uint32_t
get(const char *vtep)
{
	return get_by(vtep, WEIR_VXLAN);
}

const struct weir_encap *
encap(uint32_t id)
{
	enum weir_reason reason;

	return weir_neigh_encap(neigh, id, &reason);
}

enum weir_reason
why(uint32_t id)
{
	enum weir_reason reason = WEIR_OK;

	cr_assert_null(weir_neigh_encap(neigh, id, &reason));
	return reason;
}

const struct weir_neigh_entry *
entry(const char *neighbour)
{
	static struct weir_neigh_entry page[32];
	struct weir_ip address = ip(neighbour);
	uint32_t next, n = weir_neigh_list(neigh, 0, page, 32, &next, now);

	cr_assert_eq(next, WEIR_NONE);
	for (uint32_t i = 0; i < n; i++) {
		if (weir_ip_equal(&page[i].ip, &address))
			return &page[i];
	}
	return NULL;
}

static uint8_t *
put(struct frame *frame, const void *p, size_t len)
{
	uint8_t *at = frame->b + frame->len;

	memcpy(at, p, len);
	frame->len += (uint32_t)len;
	return at;
}

static void
put_mac(struct frame *frame, const char *text)
{
	struct weir_mac address = mac(text);

	(void)put(frame, &address, sizeof(address));
}

static void
put_ip(struct frame *frame, const char *text)
{
	struct weir_ip address = ip(text);
	bool v4 = weir_ip_is_v4(&address);

	(void)put(frame, v4 ? &address.b[12] : address.b, v4 ? 4 : 16);
}

struct frame
arp(uint16_t op, const char *dmac, const char *sha, const char *spa, const char *tpa)
{
	const uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, (uint8_t)op};
	struct frame frame = {0};

	put_mac(&frame, dmac);
	put_mac(&frame, sha);
	(void)put(&frame, head, sizeof(head));
	put_mac(&frame, sha);
	put_ip(&frame, spa);
	put_mac(&frame, op == 2 ? dmac : "00:00:00:00:00:00");
	put_ip(&frame, tpa);
	frame.len = 60;
	return frame;
}

static void
put_ip6(struct frame *frame, uint8_t hops, uint32_t len, const char *src, const char *dst)
{
	const uint8_t head[] = {0x86, 0xdd, 0x60, 0, 0, 0, (uint8_t)(len >> 8), (uint8_t)len, IPPROTO_ICMPV6, hops};

	(void)put(frame, head, sizeof(head));
	put_ip(frame, src);
	put_ip(frame, dst);
}

static void
seal6(struct frame *frame)
{
	uint16_t checksum = 0;
	struct weir_ip src, dst;
	uint32_t len = (uint32_t)frame->b[18] << 8 | frame->b[19];

	memcpy(&src, frame->b + 22, sizeof(src));
	memcpy(&dst, frame->b + 38, sizeof(dst));
	memcpy(frame->b + 56, &checksum, sizeof(checksum));
	checksum = weir_l4_checksum(&src, &dst, IPPROTO_ICMPV6, frame->b + 54, len);
	memcpy(frame->b + 56, &checksum, sizeof(checksum));
}

struct frame
nd(uint8_t type, uint8_t flags, const char *dmac, const char *src, const char *dst, const char *target,
    const char *lladdr)
{
	const uint8_t head[8] = {type, 0, 0, 0, flags, 0, 0, 0}, option[2] = {type == NS ? 1 : 2, 1};
	struct frame frame = {0};

	put_mac(&frame, dmac);
	put_mac(&frame, lladdr != NULL ? lladdr : PEER_MAC);
	put_ip6(&frame, 255, lladdr != NULL ? 32 : 24, src, dst);
	(void)put(&frame, head, sizeof(head));
	put_ip(&frame, target);
	if (lladdr != NULL) {
		(void)put(&frame, option, sizeof(option));
		put_mac(&frame, lladdr);
	}
	seal6(&frame);
	return frame;
}

struct frame
ping(const char *dmac, const char *smac, const char *src, const char *dst, uint32_t data)
{
	struct weir_ip address = ip(dst);
	bool v4 = weir_ip_is_v4(&address);
	const uint8_t icmp[8] = {v4 ? 8 : 128, 0, 0, 0, 0x12, 0x34, 0, 7};
	const uint8_t ip4[14] = {0x08, 0, 0x45, 0x28, (uint8_t)((28 + data) >> 8), (uint8_t)(28 + data), 0xab, 0xcd,
	    0, 0, 9, IPPROTO_ICMP};
	struct frame frame = {0};

	put_mac(&frame, dmac);
	put_mac(&frame, smac);
	if (v4) {
		(void)put(&frame, ip4, sizeof(ip4));
		put_ip(&frame, src);
		put_ip(&frame, dst);
	} else {
		put_ip6(&frame, 9, 8 + data, src, dst);
	}
	(void)put(&frame, icmp, sizeof(icmp));
	for (uint32_t i = 0; i < data; i++)
		frame.b[frame.len++] = (uint8_t)(i * 7);
	ping_seal(&frame);
	return frame;
}

void
ping_seal(struct frame *frame)
{
	uint16_t checksum = 0;

	if (frame->b[12] == 0x86) {
		seal6(frame);
		return;
	}
	memcpy(frame->b + 24, &checksum, sizeof(checksum));
	memcpy(frame->b + 36, &checksum, sizeof(checksum));
	checksum = weir_ipv4_checksum(frame->b + 14, 20);
	memcpy(frame->b + 24, &checksum, sizeof(checksum));
	checksum = weir_ipv4_checksum(frame->b + 34, ((uint32_t)frame->b[16] << 8 | frame->b[17]) - 20);
	memcpy(frame->b + 36, &checksum, sizeof(checksum));
}

enum weir_reason
input(uint32_t id, const struct frame *frame)
{
	struct weir_outer outer;
	enum weir_reason reason = weir_parse_underlay(frame->b, frame->len, frame->len, false, &outer);

	cr_assert_eq(reason, WEIR_OK, "%s", weir_reason_name(reason));
	return weir_neigh_input(neigh, id, frame->b, &outer, now);
}

void
feed(struct frame frame)
{
	enum weir_reason reason = input(0, &frame);

	cr_assert_eq(reason, WEIR_OK, "%s", weir_reason_name(reason));
}

struct frame
answer(const char *neighbour, const char *from_mac)
{
	struct weir_ip address = ip(neighbour);

	if (weir_ip_is_v4(&address))
		return arp(2, OUR_MAC, from_mac, neighbour, OUR_IP4);
	return nd(NA, SOLICITED | OVERRIDE, OUR_MAC, neighbour, OUR_IP6, neighbour, from_mac);
}

struct frame
claim(const char *neighbour, const char *from_mac)
{
	struct weir_ip address = ip(neighbour);

	if (weir_ip_is_v4(&address))
		return arp(1, BROADCAST, from_mac, neighbour, neighbour);
	return nd(NA, OVERRIDE, "33:33:00:00:00:01", neighbour, "ff02::1", neighbour, from_mac);
}

static void
check_solicitation(const struct frame *frame, const struct weir_ip *address, const char *dmac)
{
	struct weir_ip group = ip("ff02::1:ff00:0");
	struct weir_outer outer;
	struct weir_nd message;
	uint8_t group_mac[6] = {0x33, 0x33, 0xff, address->b[13], address->b[14], address->b[15]};

	memcpy(&group.b[13], &address->b[13], 3);
	cr_assert_eq(weir_parse_underlay(frame->b, frame->len, frame->len, false, &outer), WEIR_OK);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_ND);
	cr_assert_eq(weir_parse_nd(frame->b, &outer.frame, &message), WEIR_OK);
	cr_assert_eq(message.type, NS);
	cr_assert(weir_ip_equal(&message.target, address));
	cr_assert(weir_ip_equal(&message.dst, dmac != NULL ? address : &group));
	cr_assert(dmac != NULL ? is_mac(frame->b, dmac) : memcmp(frame->b, group_mac, 6) == 0);
	cr_assert(message.has_lladdr && is_mac(message.lladdr.b, OUR_MAC));
}

void
check_question(const struct frame *frame, const char *address, const char *dmac)
{
	struct weir_ip target = ip(address);
	struct weir_outer outer;
	struct weir_arp message;

	cr_assert(is_mac(frame->b + 6, OUR_MAC));
	if (!weir_ip_is_v4(&target)) {
		check_solicitation(frame, &target, dmac);
		return;
	}
	cr_assert_eq(weir_parse_underlay(frame->b, frame->len, frame->len, false, &outer), WEIR_OK);
	cr_assert_eq(outer.kind, WEIR_UNDERLAY_ARP);
	weir_parse_arp(frame->b, &outer.frame, &message);
	cr_assert_eq(message.op, 1);
	cr_assert(weir_ip_equal(&message.tpa, &target));
	cr_assert(is_mac(message.sha.b, OUR_MAC));
	cr_assert(is_mac(frame->b, dmac != NULL ? dmac : BROADCAST));
}
