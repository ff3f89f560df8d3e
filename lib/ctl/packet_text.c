/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_ether.h>

#define WORD_SIZE 64
#define WORDS_MAX 64

/* ---- words ---- */

/* Where a text is read, and the word in hand. */
struct reader {
	const char *at;
	char word[WORD_SIZE]; /* "" at the end */
	struct weir_err *err;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word: '>' is one by itself. What is too long for any is cut, and so none that is known. */
static void
next(struct reader *reader)
{
	size_t len = 0;

	while (is_space(*reader->at))
		reader->at++;
	if (*reader->at == '>')
		reader->word[len++] = *reader->at++;
	else
		for (; *reader->at != '\0' && *reader->at != '>' && !is_space(*reader->at); reader->at++)
			if (len < WORD_SIZE - 1)
				reader->word[len++] = *reader->at;
	reader->word[len] = '\0';
}

static int
refuse(const struct reader *reader, const char *wanted)
{
	if (reader->word[0] == '\0')
		return weir_err(reader->err, EINVAL, "", "the packet ends where there should be %s", wanted);
	return weir_err(reader->err, EINVAL, "", "'%s' is not %s", reader->word, wanted);
}

/* A decimal number, or one with 0x in front. */
static bool
to_number(const char *word, uint32_t max, uint32_t *number)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	uint32_t base = hex ? 16 : 10, value = 0;

	word += hex ? 2 : 0;
	if (*word == '\0')
		return false;
	for (; *word != '\0'; word++) {
		uint32_t digit = *word >= '0' && *word <= '9'	? (uint32_t)(*word - '0')
				 : *word >= 'a' && *word <= 'f' ? (uint32_t)(*word - 'a') + 10
								: 16;

		if (digit >= base)
			return false;
		value = value * base + digit;
		if (value > max)
			return false;
	}
	*number = value;
	return true;
}

/* The word behind the one in hand, a number. */
static int
read_number(struct reader *reader, uint32_t max, uint32_t *number)
{
	char wanted[48];

	next(reader);
	(void)snprintf(wanted, sizeof(wanted), "a number up to %u", max);
	return to_number(reader->word, max, number) ? 0 : refuse(reader, wanted);
}

static int
read_mac(struct reader *reader, struct weir_mac *mac)
{
	next(reader);
	return weir_mac_parse(reader->word, mac) == 0 ? 0 : refuse(reader, "a MAC address");
}

/* The word in hand: an address, and its port if it has one. */
static int
read_end(struct reader *reader, bool ports, struct weir_ip *ip, uint16_t *port)
{
	char word[WORD_SIZE], *address = word, *colon = NULL;
	uint32_t number = 0;

	(void)snprintf(word, sizeof(word), "%s", reader->word);
	if (word[0] == '[') {
		char *end = strchr(word, ']');

		if (end == NULL || (end[1] != ':' && end[1] != '\0'))
			return refuse(reader, "an address: [IPV6]:PORT");
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
		address = word + 1;
	} else if (strchr(word, '.') != NULL && strrchr(word, ':') > strrchr(word, '.')) {
		colon = strrchr(word, ':');
		*colon = '\0';
	}
	if (weir_ip_parse(address, ip) != 0 || (word[0] == '[' && weir_ip_is_v4(ip)))
		return refuse(reader, ports ? "an address: IPV4:PORT or [IPV6]:PORT" : "an address");
	if (colon != NULL && (!ports || !to_number(colon + 1, UINT16_MAX, &number)))
		return refuse(reader, ports ? "an address with a port up to 65535" : "an address alone");
	*port = (uint16_t)number;
	return 0;
}

/* ---- what kind it is ---- */

static const struct {
	const char *name;
	uint8_t proto;
	bool ports;
} protos[] = {
    {"tcp", IPPROTO_TCP, true},
    {"udp", IPPROTO_UDP, true},
    {"sctp", IPPROTO_SCTP, true},
    {"icmp", IPPROTO_ICMP, false},
    {"icmpv6", IPPROTO_ICMPV6, false},
};

static int
read_ends(struct reader *reader, bool ports, struct packet_spec *spec)
{
	int rc;

	next(reader);
	rc = read_end(reader, ports, &spec->src, &spec->sport);
	if (rc != 0)
		return rc;
	next(reader);
	if (strcmp(reader->word, ">") != 0)
		return refuse(reader, "'>', which comes between the addresses");
	next(reader);
	rc = read_end(reader, ports, &spec->dst, &spec->dport);
	if (rc == 0 && weir_ip_is_v4(&spec->src) != weir_ip_is_v4(&spec->dst))
		rc = weir_err(reader->err, EINVAL, "", "the addresses are of two families");
	return rc;
}

static int
read_ip(struct reader *reader, struct packet_spec *spec)
{
	uint32_t number;
	size_t i = 0;
	int rc = 0;

	while (i < WEIR_ARRAY_LEN(protos) && strcmp(protos[i].name, reader->word) != 0)
		i++;
	if (i < WEIR_ARRAY_LEN(protos)) {
		spec->proto = protos[i].proto;
	} else if (strcmp(reader->word, "ip") == 0) {
		rc = read_number(reader, UINT8_MAX, &number);
		spec->proto = rc == 0 ? (uint8_t)number : 0;
	} else {
		rc = refuse(reader, "tcp, udp, sctp, icmp, icmpv6, ip, arp or eth");
	}
	if (rc == 0)
		rc = read_ends(reader, i < WEIR_ARRAY_LEN(protos) && protos[i].ports, spec);
	spec->ethertype = weir_ip_is_v4(&spec->src) ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	if (rc == 0 && i < WEIR_ARRAY_LEN(protos) &&
	    spec->proto == (weir_ip_is_v4(&spec->src) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		rc = weir_err(reader->err, EINVAL, "", "icmp is IPv4's, icmpv6 IPv6's");
	return rc;
}

static int
read_kind(struct reader *reader, struct packet_spec *spec)
{
	uint32_t number = 0;
	int rc;

	next(reader);
	if (strcmp(reader->word, "eth") == 0) {
		rc = read_number(reader, UINT16_MAX, &number);
		if (rc == 0 &&
		    (number == RTE_ETHER_TYPE_IPV4 || number == RTE_ETHER_TYPE_IPV6 || number == RTE_ETHER_TYPE_ARP ||
			number == RTE_ETHER_TYPE_VLAN || number == RTE_ETHER_TYPE_QINQ))
			return refuse(reader, "an ethertype that has no word of its own");
		spec->ethertype = rc == 0 ? (uint16_t)number : 0;
		return rc;
	}
	if (strcmp(reader->word, "arp") != 0)
		return read_ip(reader, spec);
	spec->ethertype = RTE_ETHER_TYPE_ARP;
	rc = read_ends(reader, false, spec);
	if (rc == 0 && !weir_ip_is_v4(&spec->src))
		rc = weir_err(reader->err, EINVAL, "", "arp is for IPv4 addresses");
	return rc;
}

/* ---- what follows ---- */

static bool
is_ip(const struct packet_spec *spec)
{
	return spec->ethertype == RTE_ETHER_TYPE_IPV4 || spec->ethertype == RTE_ETHER_TYPE_IPV6;
}

static bool
is_icmp(const struct packet_spec *spec)
{
	return is_ip(spec) && (spec->proto == IPPROTO_ICMP || spec->proto == IPPROTO_ICMPV6);
}

static bool
read_flag(const struct reader *reader, struct packet_spec *spec)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

	for (uint32_t bit = 0; bit < WEIR_ARRAY_LEN(names); bit++)
		if (strcmp(reader->word, names[bit]) == 0 && is_ip(spec) && spec->proto == IPPROTO_TCP) {
			spec->tcp_flags |= (uint8_t)(1u << bit);
			return true;
		}
	return false;
}

/* Of IP alone. 1: the word is none of these. */
static int
read_ip_option(struct reader *reader, struct packet_spec *spec)
{
	uint32_t number = 0;
	int rc = 1;

	if (!is_ip(spec))
		return 1;
	if (strcmp(reader->word, "ttl") == 0) {
		rc = read_number(reader, UINT8_MAX, &number);
		spec->ttl = (uint8_t)number;
	} else if (strcmp(reader->word, "tos") == 0) {
		rc = read_number(reader, UINT8_MAX, &number);
		spec->tos = (uint8_t)number;
	} else if (strcmp(reader->word, "id") == 0) {
		rc = read_number(reader, UINT16_MAX, &number);
		spec->id = (uint16_t)number;
		spec->has_id = true;
	} else if (strcmp(reader->word, "frag") == 0) {
		rc = read_number(reader, 65528, &spec->offset);
		spec->fragment = true;
		if (rc == 0 && spec->offset % 8 != 0)
			rc = refuse(reader, "a multiple of 8, where a fragment begins");
	} else if (strcmp(reader->word, "more") == 0) {
		spec->more = spec->fragment = true;
		rc = 0;
	} else if (is_icmp(spec) && (strcmp(reader->word, "type") == 0 || strcmp(reader->word, "code") == 0)) {
		uint8_t *field = reader->word[0] == 't' ? &spec->type : &spec->code;

		rc = read_number(reader, UINT8_MAX, &number);
		spec->has_type |= field == &spec->type;
		*field = (uint8_t)number;
	}
	return rc;
}

static int
read_vlan(struct reader *reader, struct packet_spec *spec)
{
	uint32_t number = 0;
	int rc;

	if (spec->n_vlans == WEIR_ARRAY_LEN(spec->vlan))
		return weir_err(reader->err, EINVAL, "", "more than two vlan tags");
	rc = read_number(reader, 4095, &number);
	spec->vlan[spec->n_vlans++] = (uint16_t)number;
	return rc;
}

static int
read_option(struct reader *reader, struct packet_spec *spec)
{
	int rc;

	if (read_flag(reader, spec))
		return 0;
	if (strcmp(reader->word, "smac") == 0) {
		spec->has_smac = true;
		return read_mac(reader, &spec->smac);
	}
	if (strcmp(reader->word, "dmac") == 0) {
		spec->has_dmac = true;
		return read_mac(reader, &spec->dmac);
	}
	if (strcmp(reader->word, "vlan") == 0)
		return read_vlan(reader, spec);
	if (strcmp(reader->word, "len") == 0)
		return read_number(reader, PACKET_BYTES_MAX, &spec->len);
	if (strcmp(reader->word, "reply") == 0 && (spec->ethertype == RTE_ETHER_TYPE_ARP || is_icmp(spec))) {
		spec->reply = spec->has_type = true;
		spec->type = spec->proto == IPPROTO_ICMPV6 ? 129 : 0;
		return 0;
	}
	rc = read_ip_option(reader, spec);
	return rc == 1 ? refuse(reader, "something that such a packet may have") : rc;
}

int
packet_parse(const char *text, struct packet_spec *spec, struct weir_err *err)
{
	struct reader reader = {.at = text, .err = err};
	int rc;

	memset(spec, 0, sizeof(*spec));
	spec->ttl = 64;
	spec->id = 1;
	rc = read_kind(&reader, spec);
	if (rc == 0 && is_icmp(spec))
		spec->type = spec->proto == IPPROTO_ICMPV6 ? 128 : 8;
	for (uint32_t n = 0; rc == 0 && n < WORDS_MAX; n++) {
		next(&reader);
		if (reader.word[0] == '\0')
			break;
		rc = read_option(&reader, spec);
	}
	if (rc == 0 && *reader.at != '\0')
		rc = weir_err(err, EINVAL, "", "the packet has too many words");
	spec->more |= spec->fragment && spec->offset == 0;
	return rc;
}

/* ---- bytes ---- */

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint32_t
packet_hex(const char *text, uint8_t out[PACKET_BYTES_MAX], struct weir_err *err)
{
	uint32_t n = 0;

	for (; *text != '\0'; text++) {
		if (is_space(*text) || *text == ':')
			continue;
		if (digit_of(text[0]) < 0 || digit_of(text[1]) < 0 || n == PACKET_BYTES_MAX) {
			(void)weir_err(err, EINVAL, "",
			    n == PACKET_BYTES_MAX ? "more than %u bytes" : "byte %u is not two hex digits", n);
			return 0;
		}
		out[n++] = (uint8_t)(digit_of(text[0]) << 4 | digit_of(text[1]));
		text++;
	}
	if (n == 0)
		(void)weir_err(err, EINVAL, "", "there are no bytes");
	return n;
}
