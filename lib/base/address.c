/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "weir_base.h"

int
weir_mac_parse(const char *text, struct weir_mac *mac)
{
	for (size_t i = 0; i < sizeof(mac->b); i++, text += 3) {
		char hex[3] = {0};
		unsigned int byte;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < sizeof(mac->b) - 1 ? ':' : '\0'))
			return -EINVAL;
		memcpy(hex, text, 2);
		(void)sscanf(hex, "%x", &byte);
		mac->b[i] = (uint8_t)byte;
	}
	return 0;
}

char *
weir_mac_format(const struct weir_mac *mac, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1], mac->b[2], mac->b[3],
	    mac->b[4], mac->b[5]);
	return buf;
}

int
weir_ip_parse(const char *text, struct weir_ip *ip)
{
	struct weir_ip v6;

	if (inet_pton(AF_INET, text, &ip->b[12]) == 1) {
		memset(ip->b, 0, 10);
		ip->b[10] = ip->b[11] = 0xff;
		return 0;
	}
	/* The mapped form has one spelling here, the dotted one. */
	if (inet_pton(AF_INET6, text, v6.b) != 1 || weir_ip_is_v4(&v6))
		return -EINVAL;
	*ip = v6;
	return 0;
}

char *
weir_ip_format(const struct weir_ip *ip, char *buf, size_t size)
{
	bool v4 = weir_ip_is_v4(ip);

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &ip->b[12] : ip->b, buf, (socklen_t)size) == NULL && size > 0)
		buf[0] = '\0';
	return buf;
}

int
weir_prefix_parse(const char *text, struct weir_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	unsigned int len = 0, max, digits = 0;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (weir_ip_parse(address, &prefix->ip) != 0)
		return -EINVAL;
	for (slash++; isdigit((unsigned char)*slash) && digits < 4; slash++, digits++)
		len = len * 10 + (unsigned int)(*slash - '0');
	max = weir_ip_is_v4(&prefix->ip) ? 32 : 128;
	if (digits == 0 || *slash != '\0' || len > max)
		return -EINVAL;
	prefix->len = (uint8_t)(len + 128 - max);
	return 0;
}

bool
weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_ip *ip)
{
	size_t bytes = prefix->len / 8;
	unsigned int bits = prefix->len % 8;

	/* Bit for bit, ::/0 would hold every IPv4 address too. */
	if (weir_ip_is_v4(&prefix->ip) != weir_ip_is_v4(ip) || memcmp(prefix->ip.b, ip->b, bytes) != 0)
		return false;
	return bits == 0 || ((prefix->ip.b[bytes] ^ ip->b[bytes]) >> (8 - bits)) == 0;
}

char *
weir_prefix_text(const struct weir_prefix *prefix, char *buf, size_t size)
{
	char ip[46];

	(void)snprintf(buf, size, "%s/%u", weir_ip_format(&prefix->ip, ip, sizeof(ip)),
	    prefix->len - (weir_ip_is_v4(&prefix->ip) ? 96u : 0u));
	return buf;
}
