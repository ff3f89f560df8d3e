/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What firewalls read inside frames: of blocks that end with what is contiguous. The input as it is, and as what an
 * ICMP error of its family quotes, so that both are gone into deeply.
 */
#include <string.h>

#include "fuzz.h"
#include "samples.h"
#include "weir_inside.h"

#define IP 14
#define INPUT_MAX 1600

static void
check_fragment(const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key)
{
	struct weir_fragment f;

	weir_parse_fragment(data, frame, key, &f);
	FUZZ_CHECK(f.proto == key->proto);
	FUZZ_CHECK(f.first ? !f.overlaps : !f.whole);
	FUZZ_CHECK(f.whole || (f.sport == 0 && f.dport == 0 && f.tcp_flags == 0));
	FUZZ_CHECK(memcmp(key->src, (frame->kind & WEIR_FRAME_IPV4) != 0 ? &f.src.b[12] : f.src.b, 4) == 0);
	FUZZ_CHECK(!weir_is_icmp_error(key, frame, data));
}

static void
check_quoted(const uint8_t *data, const struct weir_frame *frame, const struct weir_key *key)
{
	struct weir_quoted q;

	if (!weir_is_icmp_error(key, frame, data) || !weir_parse_quoted(data, frame, key, &q))
		return;
	FUZZ_CHECK(weir_ip_is_v4(&q.src) == ((frame->kind & WEIR_FRAME_IPV4) != 0));
	FUZZ_CHECK(weir_ip_is_v4(&q.dst) == weir_ip_is_v4(&q.src));
	/* Only these have ports, and they were there. */
	if (q.proto != 6 && q.proto != 17 && q.proto != 132 && q.proto != (key->proto == 1 ? 1 : 58))
		FUZZ_CHECK(q.sport == 0 && q.dport == 0);
}

static void
check(const uint8_t *data, uint32_t avail, uint32_t len)
{
	uint8_t *exact = alloc_exact(avail, 0);
	struct weir_frame frame;
	struct weir_key key;

	memcpy(exact, data, avail);
	if (weir_parse_frame(exact, avail, len, &key, &frame) == WEIR_OK) {
		if ((key.flags & WEIR_KEY_FRAGMENT) != 0)
			check_fragment(exact, &frame, &key);
		else
			check_quoted(exact, &frame, &key);
	}
	free_exact(exact, 0);
}

static void
check_both(const uint8_t *data, uint32_t size)
{
	check(data, size, size);
	if (size > WEIR_HEADERS_MAX)
		check(data, WEIR_HEADERS_MAX, size);
}

/* What stands behind the input's Ethernet header, in an error. */
static void
check_as_quote(const uint8_t *data, uint32_t size)
{
	static const uint8_t error4[] = {
	    0x45, 0, 0, 0, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 3, 3, 0, 0, 0, 0, 0, 0};
	static const uint8_t error6[48] = {0x60, [6] = 58, 64, 0xfd, [23] = 2, 0xfd, [39] = 1, 1, 4};
	uint8_t made[INPUT_MAX + sizeof(error6)];
	bool v4 = data[12] == 0x08;
	uint32_t head = v4 ? sizeof(error4) : sizeof(error6), len = head + size - IP;

	memcpy(made, data, IP);
	memcpy(made + IP, v4 ? error4 : error6, head);
	memcpy(made + IP + head, data + IP, size - IP);
	if (!v4)
		len -= 40;
	made[IP + (v4 ? 2 : 4)] = (uint8_t)(len >> 8);
	made[IP + (v4 ? 3 : 5)] = (uint8_t)len;
	check_both(made, head + size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_both(data, (uint32_t)size);
	if (size >= IP && size <= INPUT_MAX)
		check_as_quote(data, (uint32_t)size);
	return 0;
}
