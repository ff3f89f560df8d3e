/* SPDX-License-Identifier: BSD-3-Clause */
/* What firewalls look at in a packet, and in one that is quoted in an ICMP error. */
#include "ref_firewall.h"

bool
ref_is_icmp(const struct ref_key *key)
{
	return key->proto == (weir_ip_is_v4(&key->src) ? PROTO_ICMP : PROTO_ICMPV6);
}

bool
ref_is_echo(const struct ref_key *key, uint8_t type)
{
	return weir_ip_is_v4(&key->src) ? type == REF_ECHO4 || type == REF_ECHO_REPLY4
					: type == REF_ECHO6 || type == REF_ECHO_REPLY6;
}

bool
ref_is_error(const struct ref_key *key, uint8_t type)
{
	if (!ref_is_icmp(key))
		return false;
	return weir_ip_is_v4(&key->src) ? type == 3 || type == 4 || type == 11 || type == 12 : type >= 1 && type <= 4;
}

/* Neighbour discovery and group membership come with the link. */
bool
ref_is_link(const struct ref_seen *seen)
{
	return !seen->partial && seen->key.proto == PROTO_ICMPV6 && ref_is_icmp(&seen->key) &&
	       ((seen->type >= 130 && seen->type <= 137) || seen->type == 143);
}

/* The upper layer's header; false: it is not whole. */
bool
ref_read_upper(const uint8_t *p, uint32_t len, struct ref_seen *seen)
{
	struct ref_key *key = &seen->key;
	bool ports = key->proto == PROTO_TCP || key->proto == PROTO_UDP || key->proto == PROTO_SCTP;

	if (len < (key->proto == PROTO_TCP ? 20u : ports || ref_is_icmp(key) ? 8u : 0u))
		return false;
	if (ports) {
		key->sport = get16(p);
		key->dport = get16(p + 2);
	}
	if (key->proto == PROTO_TCP)
		seen->flags = p[13];
	if (!ref_is_icmp(key))
		return true;
	seen->type = p[0];
	seen->talks = ref_is_echo(key, seen->type);
	if (seen->talks)
		key->sport = key->dport = get16(p + 4);
	return true;
}

/* The packet in an ICMP error; false: none that could be of a connection. */
bool
ref_read_quoted(const struct ref_trip *trip, struct ref_seen *quoted)
{
	const struct ref_frame *frame = &trip->frame;
	const uint8_t *ip = trip->wire.data + frame->l4 + 8;
	uint32_t len = frame->l4_len - 8, header, need;
	bool v4 = frame->kind == REF_IPV4;
	struct ref_key *key = &quoted->key;

	*quoted = (struct ref_seen){.talks = true};
	if (len < (v4 ? 20u : 40u) || ip[0] >> 4 != (v4 ? 4 : 6))
		return false;
	header = v4 ? (ip[0] & 15u) * 4 : 40;
	if (v4 && (header < 20 || header > len || (get16(ip + 6) & 0x1fff) != 0))
		return false;
	key->proto = ip[v4 ? 9 : 6];
	key->src = v4 ? wire_get_ipv4(ip + 12) : wire_get_ipv6(ip + 8);
	key->dst = v4 ? wire_get_ipv4(ip + 16) : wire_get_ipv6(ip + 24);
	/* How far its extension headers are followed is not said; nor whether half a header will do. */
	if (!v4 && (key->proto == 0 || key->proto == 43 || key->proto == 44 || key->proto == 51 || key->proto == 60 ||
		       key->proto == 135))
		trip->result->open = true;
	trip->result->open |= !v4 && (weir_ip_is_v4(&key->src) || weir_ip_is_v4(&key->dst));
	need = ref_is_icmp(key)									? 6
	       : key->proto == PROTO_TCP || key->proto == PROTO_UDP || key->proto == PROTO_SCTP ? 4
												: 0;
	if (len - header < need)
		return false;
	if (need == 4) {
		key->sport = get16(ip + header);
		key->dport = get16(ip + header + 2);
	} else if (need == 6) { /* about an error there is none */
		quoted->talks = ref_is_echo(key, ip[header]);
		key->sport = key->dport = get16(ip + header + 4);
	}
	quoted->partial = need > 0 && len - header < 8;
	return quoted->talks;
}
