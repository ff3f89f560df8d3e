/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of neighbour discovery messages: of inputs made into one with a right checksum, so that it goes deep. */
#include <netinet/in.h>
#include <string.h>

#include "fuzz.h"
#include "samples.h"
#include "weir_packet.h"

#define IP6 14
#define ICMP6 54
#define TYPES 5

static void
make_nd(uint8_t *frame, uint32_t size)
{
	struct weir_ip src, dst;
	uint16_t sum;

	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[IP6] = 0x60;
	frame[IP6 + 4] = (uint8_t)((size - ICMP6) >> 8);
	frame[IP6 + 5] = (uint8_t)(size - ICMP6);
	frame[IP6 + 6] = IPPROTO_ICMPV6;
	frame[IP6 + 7] = 255;
	memcpy(&src, frame + IP6 + 8, sizeof(src));
	memcpy(&dst, frame + IP6 + 24, sizeof(dst));
	frame[ICMP6] = (uint8_t)(133 + frame[ICMP6] % TYPES);
	frame[ICMP6 + 1] = 0;
	memset(frame + ICMP6 + 2, 0, 2);
	sum = weir_l4_checksum(&src, &dst, IPPROTO_ICMPV6, frame + ICMP6, size - ICMP6);
	memcpy(frame + ICMP6 + 2, &sum, 2);
}

static void
check_nd(const uint8_t *frame, uint32_t size, const struct weir_nd *nd)
{
	FUZZ_CHECK(nd->type == frame[ICMP6]);
	FUZZ_CHECK(nd->has_target == (nd->type == 135 || nd->type == 136));
	if (nd->has_target)
		FUZZ_CHECK(memcmp(&nd->target, frame + ICMP6 + 8, 16) == 0 && nd->target.b[0] != 0xff);
	if (nd->has_lladdr)
		FUZZ_CHECK(memmem(frame + ICMP6 + 8, size - ICMP6 - 8, &nd->lladdr, sizeof(nd->lladdr)) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	uint32_t size = (uint32_t)input_size;
	struct weir_key key;
	struct weir_frame frame;
	struct weir_nd nd;
	uint8_t *copy;

	if (size < ICMP6 + 8)
		return 0;
	copy = alloc_exact(size, 0);
	memcpy(copy, data, size);
	make_nd(copy, size);
	FUZZ_CHECK(weir_parse_frame(copy, size, size, &key, &frame) == WEIR_OK);
	FUZZ_CHECK((frame.kind & WEIR_FRAME_ND) != 0);
	if (weir_parse_nd(copy, &frame, &nd) == WEIR_OK)
		check_nd(copy, size, &nd);
	copy[size - 1] ^= 1;
	FUZZ_CHECK(weir_parse_nd(copy, &frame, &nd) == WEIR_DROP_BAD_L4);
	free_exact(copy, 0);
	return 0;
}
