/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ref.h"

struct writer {
	uint8_t *at;
};

static void
put(struct writer *w, uint64_t value, uint32_t bytes)
{
	while (bytes-- > 0)
		*w->at++ = (uint8_t)(value >> 8 * bytes);
}

uint16_t
ref_checksum(const uint8_t *at, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of a pseudo header: both addresses, `bytes` each, protocol and length. */
static uint32_t
pseudo(const uint8_t *addresses, uint32_t bytes, uint8_t protocol, uint32_t l4)
{
	return (uint16_t)~ref_checksum(addresses, 2 * bytes, 0) + (uint32_t)protocol + l4;
}

bool
ref_checksum6_ok(const uint8_t *ip, uint8_t protocol, uint32_t l4)
{
	return ref_checksum(ip + 40, l4, pseudo(ip + 8, 16, protocol, l4)) == 0;
}

/* Who sends: a tenant's host, or the far end of the tunnel. */
struct ends {
	uint32_t src4, dst4;
	uint64_t src6[2], dst6[2];
	uint32_t sport, dport;
};

/* An IP packet of UDP; `payload` bytes are written by the caller into what is returned. */
static uint8_t *
put_headers(struct writer *w, bool six, const struct ends *ends, uint32_t payload)
{
	uint8_t *ip;

	put(w, six ? 0x86dd : 0x0800, 2);
	ip = w->at;
	if (six) {
		put(w, 0x60000000, 4);
		put(w, payload + 8, 2);
		put(w, 17, 1);
		put(w, 64, 1);
		put(w, ends->src6[0], 8);
		put(w, ends->src6[1], 8);
		put(w, ends->dst6[0], 8);
		put(w, ends->dst6[1], 8);
	} else {
		put(w, 0x4500, 2);
		put(w, payload + 28, 2);
		put(w, 0x00004000, 4);
		put(w, 0x40110000, 4);
		put(w, ends->src4, 4);
		put(w, ends->dst4, 4);
		w->at = ip + 10;
		put(w, ref_checksum(ip, 20, 0), 2);
		w->at = ip + 20;
	}
	put(w, ends->sport, 2);
	put(w, ends->dport, 2);
	put(w, payload + 8, 2);
	put(w, 0, 2);
	return ip;
}

/* The UDP checksum of a whole packet that begins at `ip`. */
static void
put_checksum(uint8_t *ip, bool six, uint32_t payload)
{
	uint8_t *udp = ip + (six ? 40 : 20);
	uint32_t sum = six ? pseudo(ip + 8, 16, 17, payload + 8) : pseudo(ip + 12, 4, 17, payload + 8);
	uint16_t checksum = ref_checksum(udp, payload + 8, sum);
	struct writer w = {udp + 6};

	put(&w, checksum == 0 ? 0xffff : checksum, 2);
}

/* `hosts` and `ports`: how far the source is from the first one of its kind. */
static void
put_inner(struct writer *w, const struct ref *ref, uint32_t tenant, const struct ends *ends)
{
	uint32_t payload = ref->size - 14 - 8 - (ref->inner6 ? 40 : 20);
	uint8_t *ip;

	put(w, 0x0201, 2);
	put(w, tenant, 4);
	put(w, 0x0202, 2);
	put(w, tenant, 4);
	if (strcmp(ref->traffic, "vlan") == 0) {
		put(w, 0x8100, 2);
		put(w, 1 + tenant % 4094, 2);
	}
	ip = put_headers(w, ref->inner6, ends, payload);
	memset(w->at, 0, payload);
	w->at += payload;
	put_checksum(ip, ref->inner6, payload);
}

static uint32_t
put_frame(const struct ref *ref, uint32_t f, const struct ends *inner, uint8_t *frame)
{
	struct ends outer = {.src4 = 0xc0000202,
	    .dst4 = 0xc0000201,
	    .src6 = {UINT64_C(0x20010db800000000), 2},
	    .dst6 = {UINT64_C(0x20010db800000000), 1},
	    .sport = 49152 + f * 7 % 16384,
	    .dport = 4789};
	uint32_t tenant = f % ref->tenants;
	struct writer w = {frame};
	uint8_t *ip;

	if (strcmp(ref->traffic, "vxlan") != 0) {
		put_inner(&w, ref, tenant, inner);
		return (uint32_t)(w.at - frame);
	}
	put(&w, UINT64_C(0x02aaaaaaaa01), 6);
	put(&w, UINT64_C(0x02aaaaaaaa02), 6);
	ip = put_headers(&w, ref->outer6, &outer, 8 + ref->size);
	put(&w, 0x08000000, 4);
	put(&w, (5001 + tenant) << 8, 4);
	put_inner(&w, ref, tenant, inner);
	if (ref->outer6)
		put_checksum(ip, true, 8 + ref->size);
	return (uint32_t)(w.at - frame);
}

uint32_t
ref_frame(const struct ref *ref, uint32_t f, uint8_t *frame)
{
	uint32_t k = f / ref->tenants;
	struct ends ends = {.src4 = 0x0a000100 + k / 100,
	    .dst4 = 0x0a000001,
	    .src6 = {UINT64_C(0xfd00000000000000), 0x10000 + k / 100},
	    .dst6 = {UINT64_C(0xfd00000000000000), 1},
	    .sport = 1024 + k % 100,
	    .dport = 4000};

	return put_frame(ref, f, &ends, frame);
}

uint32_t
ref_new_frame(const struct ref *ref, uint32_t f, uint32_t n, uint8_t *frame)
{
	struct ends ends = {.src4 = 0x0a800000 + n / 60000,
	    .dst4 = 0x0a000001,
	    .src6 = {UINT64_C(0xfd00000000000000), 0x80000000 + n / 60000},
	    .dst6 = {UINT64_C(0xfd00000000000000), 1},
	    .sport = 1024 + n % 60000,
	    .dport = 4000};

	return put_frame(ref, f, &ends, frame);
}
