/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of frames from the underlay, and what it hands on. */
#include <string.h>

#include "fuzz.h"
#include "quick_ref.h"
#include "samples.h"
#include "weir_packet.h"

#define HEAD (WEIR_OUTER_MAX + WEIR_HEADERS_MAX)

static void
check_tunnel(const uint8_t *copy, uint32_t size, const struct weir_outer *outer)
{
	struct weir_key key;
	struct weir_frame frame;
	uint32_t udp = 14 + (copy[12] == 0x86 ? 40u : (copy[14] & 15u) * 4);
	uint32_t options = outer->tunnel == WEIR_GENEVE ? (copy[udp + 8] & 63u) * 4 : 0;

	FUZZ_CHECK(outer->inner >= 14 + 20 + 16 && outer->inner + outer->inner_len <= size);
	FUZZ_CHECK(outer->inner == udp + 16 + options && outer->inner <= WEIR_OUTER_MAX);
	FUZZ_CHECK(be16_at(copy, udp + 2) == (outer->tunnel == WEIR_GENEVE ? WEIR_GENEVE_PORT : WEIR_VXLAN_PORT));
	FUZZ_CHECK(be16_at(copy, udp + 4) == outer->inner_len + 16 + options);
	if (outer->tunnel == WEIR_GENEVE)
		FUZZ_CHECK(
		    (copy[udp + 8] & 0xc0) == 0 && (copy[udp + 9] & 0xc0) == 0 && be16_at(copy, udp + 10) == 0x6558);
	else
		FUZZ_CHECK((copy[udp + 8] & 8) != 0);
	FUZZ_CHECK((be16_at(copy, udp + 12) << 8 | copy[udp + 14]) == outer->vni);
	if (weir_parse_frame(copy + outer->inner, size - outer->inner, outer->inner_len, &key, &frame) == WEIR_OK)
		FUZZ_CHECK(frame.len == outer->inner_len && frame.avail == outer->inner_len);
}

static void
check_host(const uint8_t *copy, const struct weir_outer *outer)
{
	const struct weir_frame *f = &outer->frame;
	struct weir_arp arp;
	struct weir_nd nd;

	switch (outer->kind) {
	case WEIR_UNDERLAY_ARP:
		weir_parse_arp(copy, f, &arp);
		FUZZ_CHECK(weir_ip_equal(&arp.spa, &outer->src) && weir_ip_equal(&arp.tpa, &outer->dst));
		return;
	case WEIR_UNDERLAY_ND:
		if (weir_parse_nd(copy, f, &nd) == WEIR_OK)
			FUZZ_CHECK(weir_ip_equal(&nd.src, &outer->src) && weir_ip_equal(&nd.dst, &outer->dst));
		return;
	case WEIR_UNDERLAY_ECHO:
		FUZZ_CHECK(copy[f->l4] == ((f->kind & WEIR_FRAME_IPV4) != 0 ? 8 : 128));
		return;
	default:
		return;
	}
}

/* The parser by vector instructions says the same, whether the packet is for us or not. */
static void
check_quick(const uint8_t *data, uint32_t size)
{
	static const struct weir_mac other_mac = {{2, 0, 0, 0, 0, 9}};
	struct weir_ip v4 = {.b = {[10] = 0xff, [11] = 0xff}}, v6;
	struct weir_mac mac;
	bool taken;

	if (size < 54 || size > QUICK_REF_MAX)
		return;
	memcpy(&mac, data, sizeof(mac));
	memcpy(&v4.b[12], data + 30, 4);
	memcpy(&v6, data + 38, sizeof(v6));
	FUZZ_CHECK(quick_underlay_differs(data, size, &mac, &v4, false, &taken) == NULL);
	FUZZ_CHECK(quick_underlay_differs(data, size, &mac, &v4, true, &taken) == NULL);
	FUZZ_CHECK(quick_underlay_differs(data, size, &mac, &v6, false, &taken) == NULL);
	FUZZ_CHECK(quick_underlay_differs(data, size, &other_mac, &v4, true, &taken) == NULL);
	v4.b[15] ^= 1;
	v6.b[15] ^= 1;
	FUZZ_CHECK(quick_underlay_differs(data, size, &mac, &v4, true, &taken) == NULL);
	FUZZ_CHECK(quick_underlay_differs(data, size, &mac, &v6, false, &taken) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	uint32_t size = (uint32_t)input_size;
	struct weir_outer checked, trusted, head;
	uint8_t *copy = alloc_exact(size, 1);
	enum weir_reason reason;

	memcpy(copy, data, size);
	check_quick(data, size);
	reason = weir_parse_underlay(copy, size, size, true, &trusted);
	FUZZ_CHECK(reason <= WEIR_DROP_OUTER_FRAGMENT);
	FUZZ_CHECK(weir_parse_underlay(copy, size < HEAD ? size : HEAD, size, true, &head) == reason);
	if (reason == WEIR_OK) {
		FUZZ_CHECK(head.kind == trusted.kind);
		if (trusted.kind == WEIR_UNDERLAY_TUNNEL)
			check_tunnel(copy, size, &trusted);
		else
			check_host(copy, &trusted);
	}
	/* A checksum that counts can only make it worse. */
	if (weir_parse_underlay(copy, size, size, false, &checked) == WEIR_OK)
		FUZZ_CHECK(reason == WEIR_OK && checked.kind == trusted.kind);
	free_exact(copy, 1);
	return 0;
}
