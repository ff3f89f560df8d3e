/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include <arpa/inet.h>
#include <string.h>

#include <rte_eal.h>

struct weir_vnet *vnet;
struct weir_macs *macs;
struct weir_tenant tenants[N_TENANTS] = {
    [RED] = {.id = RED, .serial = 11, .name = "red", .quota_flows = 100, .quota_macs = 100},
    [BLUE] = {.id = BLUE, .serial = 12, .name = "blue", .quota_flows = 100, .quota_macs = 100},
};
struct weir_iface ifaces[N_IFACES] = {
    [A] = {.kind = WEIR_IFACE_VPORT, .sw = RED_WEB, .name = "a"},
    [B] = {.kind = WEIR_IFACE_VPORT, .sw = RED_WEB, .name = "b"},
    [R] = {.kind = WEIR_IFACE_REMOTE, .sw = RED_WEB},
    [S] = {.kind = WEIR_IFACE_REMOTE, .sw = RED_WEB},
    [C] = {.kind = WEIR_IFACE_VPORT, .sw = BLUE_WEB, .name = "c"},
    [T] = {.kind = WEIR_IFACE_REMOTE, .sw = BLUE_WEB},
};
static const struct weir_iface *red_vports[] = {&ifaces[A], &ifaces[B]}, *red_remotes[] = {&ifaces[R], &ifaces[S]},
			       *blue_vports[] = {&ifaces[C]}, *blue_remotes[] = {&ifaces[T]};
struct weir_switch switches[N_SWITCHES] = {
    [RED_WEB] = {.id = RED_WEB,
	.tenant = &tenants[RED],
	.vni = 5001,
	.name = "web",
	.n_vports = 2,
	.n_remotes = 2,
	.vports = red_vports,
	.remotes = red_remotes},
    [BLUE_WEB] = {.id = BLUE_WEB,
	.tenant = &tenants[BLUE],
	.vni = 5002,
	.name = "web",
	.n_vports = 1,
	.n_remotes = 1,
	.vports = blue_vports,
	.remotes = blue_remotes},
};

void
start(void)
{
	static char args[][32] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "128", "-l",
	    "0", "--log-level=lib.*:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	vnet = weir_vnet_create(NULL);
	cr_assert_not_null(vnet);
	macs = weir_macs_create(vnet);
	cr_assert_not_null(macs);
	for (uint32_t t = 0; t < N_TENANTS; t++)
		vnet->tenants[t] = &tenants[t];
	for (uint32_t s = 0; s < N_SWITCHES; s++)
		vnet->switches[s] = &switches[s];
	for (uint32_t i = 0; i < N_IFACES; i++) {
		ifaces[i].id = i;
		ifaces[i].serial = 100 + i;
		ifaces[i].tenant = switches[ifaces[i].sw].tenant;
		ifaces[i].vlan = WEIR_NONE;
		vnet->ifaces[i] = &ifaces[i];
	}
}

void
finish(void)
{
	weir_macs_free(macs);
	weir_vnet_free(vnet);
}

struct weir_mac
mac(uint8_t n)
{
	struct weir_mac result = {{2, 0, 0, 0, 0, n}};

	if (n == BROADCAST)
		memset(&result, 0xff, sizeof(result));
	return result;
}

struct weir_ip
ip(const char *text)
{
	struct weir_ip result;

	cr_assert_eq(weir_ip_parse(text, &result), 0, "%s", text);
	return result;
}

uint32_t
learn(uint32_t iface, uint8_t n)
{
	const struct weir_mac m = mac(n);

	cr_assert_eq(weir_macs_learn(macs, &ifaces[iface], &m, 1), WEIR_LEARNED);
	return weir_vnet_mac(vnet, ifaces[iface].sw, &m);
}

/* ---- frames ---- */

static void
put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Appends n bytes of zero; returns where. */
static uint8_t *
grow(struct frame *frame, uint32_t n)
{
	uint8_t *p = &frame->b[frame->len];

	cr_assert_leq(frame->len + n, sizeof(frame->b));
	frame->len += n;
	return p;
}

static struct frame
ethernet(struct weir_mac dmac, uint8_t smac, uint16_t type)
{
	struct frame frame = {.len = 14};
	struct weir_mac src = mac(smac);

	memcpy(frame.b, dmac.b, 6);
	memcpy(frame.b + 6, src.b, 6);
	put16(frame.b + 12, type);
	return frame;
}

struct frame
plain(uint8_t dmac, uint8_t smac, uint16_t type)
{
	struct frame frame = ethernet(mac(dmac), smac, type);

	(void)grow(&frame, 46);
	return frame;
}

/* Of either family, by the source; returns the payload. */
static uint8_t *
add_ip(struct frame *frame, const char *src, const char *dst, uint8_t proto, uint16_t len)
{
	struct weir_ip from = ip(src), to = ip(dst);
	uint8_t *p;

	if (!weir_ip_is_v4(&from)) {
		put16(frame->b + 12, 0x86dd);
		p = grow(frame, 40);
		p[0] = 0x60;
		put16(p + 4, len);
		p[6] = proto;
		p[7] = 255;
		memcpy(p + 8, from.b, 16);
		memcpy(p + 24, to.b, 16);
		return grow(frame, len);
	}
	put16(frame->b + 12, 0x0800);
	p = grow(frame, 20);
	p[0] = 0x45;
	put16(p + 2, (uint16_t)(20 + len));
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, from.b + 12, 4);
	memcpy(p + 16, to.b + 12, 4);
	memcpy(p + 10, &(uint16_t){weir_ipv4_checksum(p, 20)}, 2);
	return grow(frame, len);
}

struct frame
udp(uint8_t smac, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint8_t *p = add_ip(&frame, src, dst, 17, 20);

	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, 20);
	return frame;
}

static void
seal_icmp6(uint8_t *p, uint16_t len, const char *src, const char *dst)
{
	struct weir_ip from = ip(src), to = ip(dst);
	uint16_t sum = weir_l4_checksum(&from, &to, 58, p, len);

	memcpy(p + 2, &sum, 2);
}

struct frame
icmp6(uint8_t smac, const char *src, const char *dst, uint8_t type)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint8_t *p = add_ip(&frame, src, dst, 58, 28);

	p[0] = type;
	seal_icmp6(p, 28, src, dst);
	return frame;
}

struct frame
arp(uint8_t smac, uint16_t op, uint8_t sha, const char *spa, const char *tpa)
{
	struct frame frame = ethernet(mac(BROADCAST), smac, 0x0806);
	uint8_t *p = grow(&frame, 28);
	struct weir_ip from = ip(spa), to = ip(tpa);
	struct weir_mac sender = mac(sha);

	put16(p, 1);
	put16(p + 2, 0x0800);
	p[4] = 6;
	p[5] = 4;
	put16(p + 6, op);
	memcpy(p + 8, sender.b, 6);
	memcpy(p + 14, from.b + 12, 4);
	memcpy(p + 24, to.b + 12, 4);
	return frame;
}

struct frame
nd(uint8_t smac, uint8_t type, const char *src, const char *dst, const char *target, uint8_t lladdr)
{
	struct frame frame = ethernet(mac(9), smac, 0);
	uint16_t fixed = type == 133 ? 8 : 24, len = (uint16_t)(fixed + (lladdr != 0 ? 8 : 0));
	uint8_t *p = add_ip(&frame, src, dst, 58, len);
	struct weir_mac option = mac(lladdr);

	p[0] = type;
	if (fixed == 24)
		memcpy(p + 8, ip(target).b, 16);
	if (lladdr != 0) {
		p[fixed] = type == 136 ? 2 : 1;
		p[fixed + 1] = 1;
		memcpy(p + fixed + 2, option.b, 6);
	}
	seal_icmp6(p, len, src, dst);
	return frame;
}

/* ---- walks ---- */

enum weir_reason
resolve(uint32_t iface, const struct frame *frame, struct weir_verdict *verdict)
{
	struct weir_frame parsed;
	struct weir_key key;

	cr_assert_eq(weir_parse_frame(frame->b, frame->len, frame->len, &key, &parsed), WEIR_OK);
	key.ingress = iface;
	return weir_resolve(vnet, &ifaces[iface], &key, &parsed, frame->b, verdict);
}

enum weir_reason
pass(uint32_t iface, struct frame frame)
{
	struct weir_verdict verdict;

	return resolve(iface, &frame, &verdict);
}

struct weir_verdict
walk(uint32_t iface, uint8_t dmac, uint8_t smac)
{
	struct frame frame = plain(dmac, smac, 0x88b5);
	struct weir_verdict verdict;

	cr_assert_eq(resolve(iface, &frame, &verdict), WEIR_OK);
	return verdict;
}
