/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <criterion/criterion.h>

#include "fw_net.h"
#include "gen.h"

void
begin_guarded(void)
{
	begin();
	topo.tenants[0].firewalls[0].used = true;
	topo.tenants[0].vports[0].firewall = 1;
}

struct topo_rule *
add_rule(struct topo_firewall *firewall, enum topo_action action, uint16_t proto)
{
	struct topo_rule *rule = &firewall->rules[firewall->n_rules++];

	firewall->used = true;
	*rule = (struct topo_rule){.action = action, .proto = proto, .directions = TOPO_IN | TOPO_OUT};
	return rule;
}

static const char *
address(uint32_t host, bool v6)
{
	static const char *const v4s[] = {"10.0.0.1", "10.0.1.2", "10.0.2.3", "10.0.0.4", "10.0.1.5"};
	static const char *const v6s[] = {"2001:db8:a::1", "2001:db8:a:1::2", "2001:db8:a:2::3", "2001:db8:a::4"};

	return v6 ? v6s[host] : v4s[host];
}

uint8_t *
put_words(const struct words *words)
{
	uint8_t *ip = udp(0, words->from, address(words->from, words->v6), address(words->to, words->v6), 100), *p;
	uint32_t header = words->v6 ? 40 : 20;

	ip[words->v6 ? 6 : 9] = words->proto;
	p = ip + header;
	memset(p, 0, packet.len - ETH_HEADER - header);
	if (words->from % 3 == words->to % 3)
		memcpy(packet.data, HOST_MAC(words->to), 6);
	if (words->proto == PROTO_ICMP || words->proto == PROTO_ICMPV6) {
		p[0] = words->type;
		put16(p + 4, words->sport);
		return p;
	}
	put16(p, words->sport);
	put16(p + 2, words->dport);
	if (words->proto == PROTO_UDP)
		put16(p + 4, packet.len - ETH_HEADER - header);
	if (words->proto == PROTO_TCP) {
		put32(p + 4, 1000);
		put32(p + 8, 2000);
		p[12] = 5 << 4;
		p[13] = words->flags;
	}
	return p;
}

uint64_t
what_is_lost(void)
{
	uint64_t drop = result.drop;

	for (uint32_t o = 0; o < result.n_outs; o++)
		drop |= result.outs[o].drop;
	return drop;
}

uint64_t
say(const struct words *words)
{
	(void)put_words(words);
	goes(words->from);
	return what_is_lost();
}

bool
is_left_open(uint32_t host)
{
	static struct wire sent;

	if (get16(packet.data + 12) == ETH_IPV4)
		gen_ip_finish(&packet, ETH_HEADER);
	sent = packet;
	comes(host, &sent);
	return result.open;
}

void
wait_s(uint32_t seconds)
{
	ref.now += seconds * WEIR_NS_PER_S;
	/* Routers would not know any more where hosts are. */
	ask_arp(0, "10.0.0.1", "10.0.0.200", &everybody);
	ask_arp(1, "10.0.1.2", "10.0.1.200", &everybody);
}

uint32_t
counted(uint32_t rule)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < result.n_counts; i++)
		n += result.counts[i].rule == rule;
	return n;
}
