/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of tenants' frames. */
#include <string.h>

#include "fuzz.h"
#include "quick_ref.h"
#include "samples.h"
#include "weir_packet.h"

#define PADDING 7

struct parsed {
	enum weir_reason reason;
	struct weir_key key;
	struct weir_frame frame;
};

/* The first `avail` bytes of the input at the very end of a heap block, as the head of a frame of `len` bytes. */
static struct parsed
parse(const uint8_t *data, uint32_t size, uint32_t avail, uint32_t len, int odd)
{
	struct parsed p;
	uint8_t *copy = alloc_exact(avail, odd);

	memset(copy, 0, avail);
	memcpy(copy, data, avail < size ? avail : size);
	memset(&p, 0, sizeof(p));
	p.reason = weir_parse_frame(copy, avail, len, &p.key, &p.frame);
	free_exact(copy, odd);
	return p;
}

/* Where the IP packet ends, as its header says. */
static uint32_t
ip_end(const uint8_t *data, const struct weir_frame *f)
{
	if ((f->kind & WEIR_FRAME_IPV4) != 0)
		return f->l3 + be16_at(data, f->l3 + 2u);
	return f->l3 + 40 + be16_at(data, f->l3 + 4u);
}

static void
check_ip(const uint8_t *data, uint32_t size, const struct parsed *p)
{
	const struct weir_frame *f = &p->frame;
	uint32_t end = ip_end(data, f);

	FUZZ_CHECK(end <= size);
	if ((f->kind & WEIR_FRAME_IPV4) != 0) {
		FUZZ_CHECK(data[f->l3] >> 4 == 4 && f->tos == data[f->l3 + 1]);
		FUZZ_CHECK(f->l4 == 0 || f->l4 == f->l3 + (data[f->l3] & 15u) * 4);
	} else {
		FUZZ_CHECK(data[f->l3] >> 4 == 6 && f->tos == (be16_at(data, f->l3) >> 4 & 0xff));
		FUZZ_CHECK(f->l4 == 0 || f->l4 >= f->l3 + 40);
	}
	FUZZ_CHECK(f->l4 == 0 || f->l4 + 8u <= end);
	if ((p->key.flags & WEIR_KEY_FRAGMENT) != 0)
		FUZZ_CHECK(f->l4 == 0 && (f->kind & (WEIR_FRAME_TCP | WEIR_FRAME_ND)) == 0);
	if (f->l4 == 0)
		FUZZ_CHECK(p->key.sport == 0 && p->key.dport == 0);
	else
		FUZZ_CHECK(memcmp(&p->key.sport, data + f->l4, 2) == 0);
	if ((f->kind & WEIR_FRAME_TCP) != 0) {
		FUZZ_CHECK(p->key.proto == 6 && f->tcp_flags == data[f->l4 + 13]);
		FUZZ_CHECK(f->l4 + (data[f->l4 + 12] >> 4) * 4u <= end);
	}
	if ((f->kind & WEIR_FRAME_ND) != 0)
		FUZZ_CHECK(p->key.proto == 58 && data[f->l4] >= 133 && data[f->l4] <= 137);
}

static void
check_parsed(const uint8_t *data, uint32_t size, const struct parsed *p)
{
	static const uint8_t none[16];
	const struct weir_key *key = &p->key;
	uint32_t tags = key->flags & WEIR_KEY_TAGS;

	FUZZ_CHECK(p->frame.len == size && size >= 14 + 4 * tags && tags <= 2);
	FUZZ_CHECK(memcmp(&key->dmac, data, 12) == 0);
	FUZZ_CHECK(key->ingress == 0 && key->peer == 0);
	FUZZ_CHECK(be16_at(data, 12 + 4 * tags) < 0x600 ? key->ethertype == 0
							: memcmp(&key->ethertype, data + 12 + 4 * tags, 2) == 0);
	FUZZ_CHECK(p->frame.l3 == 0 || p->frame.l3 == 14 + 4 * tags);
	if ((p->frame.kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) != 0)
		check_ip(data, size, p);
	else
		FUZZ_CHECK(key->proto == 0 && p->frame.l4 == 0 && key->sport == 0 && key->dport == 0);
	if (p->frame.kind == 0)
		FUZZ_CHECK(p->frame.l3 == 0 && memcmp(key->src, none, 16) == 0 && memcmp(key->dst, none, 16) == 0);
}

/* The parser by vector instructions says the same, of the frame as it is and as one with a tag. */
static void
check_quick(const uint8_t *data, uint32_t size)
{
	bool taken;

	if (size > QUICK_REF_MAX)
		return;
	FUZZ_CHECK(quick_frame_differs(data, size, false, &taken) == NULL);
	if (size >= 18)
		FUZZ_CHECK(quick_frame_differs(data, size, true, &taken) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	uint32_t size = (uint32_t)input_size;
	struct parsed whole = parse(data, size, size, size, 0), odd = parse(data, size, size, size, 1), head, padded;

	check_quick(data, size);
	FUZZ_CHECK(whole.reason <= WEIR_DROP_BAD_ARP);
	FUZZ_CHECK(odd.reason == whole.reason);
	head = parse(data, size, size < WEIR_HEADERS_MAX ? size : WEIR_HEADERS_MAX, size, 0);
	FUZZ_CHECK(head.reason == whole.reason);
	if (whole.reason != WEIR_OK)
		return 0;
	FUZZ_CHECK(memcmp(&odd.key, &whole.key, sizeof(whole.key)) == 0);
	FUZZ_CHECK(memcmp(&head.key, &whole.key, sizeof(whole.key)) == 0);
	check_parsed(data, size, &whole);
	padded = parse(data, size, size + PADDING, size + PADDING, 0);
	FUZZ_CHECK(padded.reason == WEIR_OK);
	FUZZ_CHECK(memcmp(&padded.key, &whole.key, sizeof(whole.key)) == 0);
	return 0;
}
