/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate_priv.h"

const char *
weir_host_fault(const struct weir_ip *ip)
{
	static const struct weir_ip unspecified, loopback = {.b = {[15] = 1}};
	static const uint8_t broadcast[4] = {255, 255, 255, 255};
	const uint8_t *v4 = &ip->b[12];

	if (!weir_ip_is_v4(ip)) {
		if (weir_ip_equal(ip, &unspecified))
			return "unspecified";
		if (weir_ip_equal(ip, &loopback))
			return "loopback";
		return ip->b[0] == 0xff ? "multicast" : NULL;
	}
	if (v4[0] == 0)
		return "of \"this network\"";
	if (v4[0] == 127)
		return "loopback";
	if (v4[0] >= 224 && v4[0] <= 239)
		return "multicast";
	return memcmp(v4, broadcast, sizeof(broadcast)) == 0 ? "broadcast" : NULL;
}

int
weir_read_host(const struct weir_at *at, const cJSON *json, struct weir_ip *ip)
{
	char buf[WEIR_JSON_BRIEF_SIZE];
	const char *fault;

	if (!cJSON_IsString(json) || weir_ip_parse(json->valuestring, ip) != 0)
		return weir_refuse(at, EINVAL, "an address such as \"192.0.2.1\" or \"2001:db8::1\"", json);
	fault = weir_host_fault(ip);
	if (fault == NULL)
		return 0;
	return weir_at_err(
	    at, EINVAL, "must be one host's address: %s is %s", weir_json_brief(json, buf, sizeof(buf)), fault);
}

int
weir_read_host_prefix(const struct weir_at *at, const cJSON *json, struct weir_prefix *prefix)
{
	const char *fault;

	if (!cJSON_IsString(json) || weir_prefix_parse(json->valuestring, prefix) != 0)
		return weir_refuse(at, EINVAL, "an address with its prefix length, such as \"192.0.2.1/24\"", json);
	fault = weir_host_fault(&prefix->ip);
	if (fault != NULL)
		return weir_at_err(at, EINVAL, "must be a host's address: %s is %s", json->valuestring, fault);
	if (prefix->len == (weir_ip_is_v4(&prefix->ip) ? 96 : 0))
		return weir_at_err(at, EINVAL, "a prefix of length 0 would hold every address");
	if (weir_prefix_is_edge(prefix, &prefix->ip))
		return weir_at_err(
		    at, EINVAL, "must be a host's address: %s is the first or last of its prefix", json->valuestring);
	return 0;
}

/* An address and where it stood in the document. */
struct place {
	struct weir_ip ip;
	uint32_t index;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int rc = memcmp(&x->ip, &y->ip, sizeof(x->ip));

	return rc != 0 ? rc : (x->index < y->index ? -1 : 1);
}

static int
read_places(const struct weir_at *at, const cJSON *json, struct place *places)
{
	const cJSON *item;
	uint32_t n = 0;
	int rc;

	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, n);

		rc = weir_read_host(&here, item, &places[n].ip);
		if (rc != 0)
			return rc;
		places[n].index = n;
		n++;
	}
	qsort(places, n, sizeof(*places), compare_places);
	for (uint32_t i = 1; i < n; i++) {
		struct weir_at here = weir_at_index(at, places[i].index);
		char buf[46];

		if (weir_ip_equal(&places[i].ip, &places[i - 1].ip))
			return weir_at_err(
			    &here, EEXIST, "%s is here twice", weir_ip_format(&places[i].ip, buf, sizeof(buf)));
	}
	return 0;
}

int
weir_read_hosts(const struct weir_at *at, const cJSON *json, uint32_t max, const struct weir_ip **ips, uint32_t *n)
{
	struct weir_ip *sorted;
	struct place *places;
	int rc = weir_read_array(at, json, max, n);

	if (rc != 0 || *n == 0)
		return rc;
	places = calloc(*n, sizeof(*places));
	*ips = sorted = calloc(*n, sizeof(*sorted));
	if (places == NULL || sorted == NULL) {
		rc = weir_at_err(at, ENOMEM, "no memory");
	} else {
		rc = read_places(at, json, places);
		for (uint32_t i = 0; i < *n; i++)
			sorted[i] = places[i].ip;
	}
	free(places);
	return rc;
}

struct weir_ip
weir_prefix_first(const struct weir_prefix *prefix)
{
	struct weir_ip ip = prefix->ip;
	size_t byte = prefix->len / 8;

	if (byte < sizeof(ip.b))
		ip.b[byte++] &= (uint8_t) ~(0xffu >> (prefix->len % 8));
	memset(ip.b + byte, 0, sizeof(ip.b) - byte);
	return ip;
}

struct weir_ip
weir_prefix_last(const struct weir_prefix *prefix)
{
	struct weir_ip ip = prefix->ip;
	size_t byte = prefix->len / 8;

	if (byte < sizeof(ip.b))
		ip.b[byte++] |= (uint8_t)(0xffu >> (prefix->len % 8));
	memset(ip.b + byte, 0xff, sizeof(ip.b) - byte);
	return ip;
}

int
weir_check_network(const struct weir_at *at, const struct weir_prefix *prefix)
{
	struct weir_ip first = weir_prefix_first(prefix);
	char buf[WEIR_PREFIX_TEXT_SIZE];

	if (weir_ip_equal(&prefix->ip, &first))
		return 0;
	return weir_at_err(
	    at, EINVAL, "has host bits: the prefix is %s", weir_prefix_format(prefix, buf, sizeof(buf)));
}

bool
weir_prefix_is_edge(const struct weir_prefix *prefix, const struct weir_ip *ip)
{
	struct weir_ip first = weir_prefix_first(prefix), last = weir_prefix_last(prefix);

	/* /31 and /32, /127 and /128 have hosts only (RFC 3021, RFC 6164). */
	if (prefix->len >= 127)
		return false;
	return weir_ip_equal(ip, &first) || (weir_ip_is_v4(&prefix->ip) && weir_ip_equal(ip, &last));
}

bool
weir_ip_is_link_local(const struct weir_ip *ip)
{
	if (weir_ip_is_v4(ip))
		return ip->b[12] == 169 && ip->b[13] == 254;
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

char *
weir_prefix_format(const struct weir_prefix *prefix, char *buf, size_t size)
{
	struct weir_prefix network = {weir_prefix_first(prefix), prefix->len};

	return weir_prefix_text(&network, buf, size);
}

bool
weir_hosts_equal(const struct weir_ip *a, uint32_t n_a, const struct weir_ip *b, uint32_t n_b)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof(*a)) == 0);
}
