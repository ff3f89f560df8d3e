/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "quick_ref.h"
#include "weir_quick.h"

#define INGRESS 0x12345678u
#define PEER 0x9abcdef0u
#define INNER4 50
#define INNER6 70
#define MIN6 64

/* The packet at the end of what may be read. */
static uint8_t *
at_the_edge(const uint8_t *data, uint32_t len)
{
	static uint8_t *pages;

	if (len > QUICK_REF_MAX)
		abort();
	if (pages == NULL) {
		pages =
		    mmap(NULL, 2 * (size_t)QUICK_REF_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages == MAP_FAILED || mprotect(pages + QUICK_REF_MAX, QUICK_REF_MAX, PROT_NONE) != 0)
			abort();
	}
	memcpy(pages + QUICK_REF_MAX - len, data, len);
	return pages + QUICK_REF_MAX - len;
}

/* What the vector parser is there for: a frame that was received with so many bytes, its own tag included. */
static bool
frame_is_usual(const struct weir_key *key, const struct weir_frame *frame, uint32_t received)
{
	uint32_t tag = received - frame->len;

	if (WEIR_QUICK == 0 || key->flags != 0 || (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP))
		return false;
	if ((frame->kind & WEIR_FRAME_IPV4) != 0)
		return frame->l4 == 34 && frame->len >= WEIR_QUICK_MIN;
	return frame->l4 == 54 && frame->len + tag >= MIN6;
}

static bool
same_frame(const struct weir_frame *a, const struct weir_frame *b)
{
	return a->len == b->len && a->avail == b->avail && a->l3 == b->l3 && a->l4 == b->l4 && a->kind == b->kind &&
	       a->tos == b->tos && a->tcp_flags == b->tcp_flags;
}

/* By the scalar parser: the frame without its tag, as weir_vlan_pop() leaves it. */
static bool
parse_slowly(const uint8_t *data, uint32_t len, bool tagged, struct weir_key *key, struct weir_frame *frame)
{
	uint8_t untagged[QUICK_REF_MAX];

	if (!tagged)
		return weir_parse_frame(data, len, len, key, frame) == WEIR_OK;
	memcpy(untagged, data, 12);
	memcpy(untagged + 12, data + 16, len - 16);
	return weir_parse_frame(untagged, len - 4, len - 4, key, frame) == WEIR_OK;
}

const char *
quick_frame_differs(const uint8_t *data, uint32_t len, bool tagged, bool *taken)
{
	struct weir_key key, quick_key;
	struct weir_frame frame, quick_frame;
	bool good;

	/* Whatever is not filled shows. */
	memset(&quick_key, 0xa5, sizeof(quick_key));
	memset(&quick_frame, 0xa5, sizeof(quick_frame));
	*taken = weir_quick_frame(
	    at_the_edge(data, len), len, tagged, weir_quick_origin_of(INGRESS, PEER), &quick_key, &quick_frame);
	good = parse_slowly(data, len, tagged, &key, &frame);
	if (!good)
		return *taken ? "a broken frame was taken" : NULL;
	if (*taken != frame_is_usual(&key, &frame, len))
		return *taken ? "a frame was taken that is not usual" : "a usual frame was not taken";
	if (!*taken)
		return NULL;
	key.ingress = INGRESS;
	key.peer = PEER;
	if (memcmp(&key, &quick_key, sizeof(key)) != 0)
		return "the keys differ";
	if (!same_frame(&frame, &quick_frame))
		return "the frames differ";
	return quick_frame.plain == 1 ? NULL : "a frame was taken that is not plain";
}

static bool
tunnel_is_usual(
    const uint8_t *data, const struct weir_outer *outer, const struct weir_mac *mac, const struct weir_ip *ip)
{
	bool v6 = !weir_ip_is_v4(ip);

	return WEIR_QUICK == 1 && outer->kind == WEIR_UNDERLAY_TUNNEL && outer->inner == (v6 ? INNER6 : INNER4) &&
	       outer->inner_len >= WEIR_QUICK_MIN && memcmp(data, mac, sizeof(*mac)) == 0 &&
	       weir_ip_equal(&outer->dst, ip) && (outer->tos & 1) == 0;
}

const char *
quick_underlay_differs(const uint8_t *data, uint32_t len, const struct weir_mac *mac, const struct weir_ip *ip,
    bool checksum_ok, bool *taken)
{
	struct weir_tunnel_match match[WEIR_TUNNELS];
	struct weir_quick_tunnel tunnel = {0};
	struct weir_outer outer;
	uint32_t ingress;
	bool good;

	weir_tunnel_match_init(match, mac, ip);
	*taken = weir_quick_underlay(at_the_edge(data, len), len, match, !weir_ip_is_v4(ip), checksum_ok, &tunnel);
	good = weir_parse_underlay(data, len, len, checksum_ok, &outer) == WEIR_OK;
	if (*taken != (good && tunnel_is_usual(data, &outer, mac, ip)))
		return *taken ? "a packet was taken that is not usual" : "a usual packet was not taken";
	if (!*taken)
		return NULL;
	ingress = weir_key_tunnel(outer.tunnel, outer.vni) | (weir_ip_is_v4(ip) ? 0 : WEIR_KEY_TUNNEL_V6);
	if (tunnel.ingress != ingress || tunnel.inner != outer.inner || tunnel.inner_len != outer.inner_len)
		return "the tunnels differ";
	return quick_frame_differs(data + tunnel.inner, tunnel.inner_len, false, taken);
}
