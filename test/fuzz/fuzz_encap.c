/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels on and off again, whatever the frame and its segments; and off from underlay packets that lie. */
#include <string.h>

#include "../unit/packet/mbufs.h"
#include "fuzz.h"
#include "weir_packet.h"

#define FRAME_MAX 1600

static struct rte_mempool *pool;

/* The sum over [data, data + len), byte by byte. */
static uint32_t
slow_sum(const uint8_t *data, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void
check_checksums(const uint8_t *wire, uint32_t len, const struct weir_encap *encap)
{
	uint32_t l3 = encap->l2_len, sum;

	if (!encap->v6) {
		FUZZ_CHECK(slow_sum(wire + l3, 20) == 0xffff);
		return;
	}
	sum = slow_sum(wire + l3 + 8, len - l3 - 8) + 17 + (len - l3 - 40);
	FUZZ_CHECK((sum & 0xffff) + (sum >> 16) == 0xffff);
}

/* Parses what is in `m` as received, and takes the tunnel off. False if it is refused, as only liars' packets are. */
static bool
take_off(struct rte_mbuf *m, struct weir_outer *outer, struct weir_frame *frame)
{
	struct weir_key key;
	const uint8_t *data;

	if (weir_packet_pullup(m) != 0)
		return false;
	data = rte_pktmbuf_mtod(m, const uint8_t *);
	if (weir_parse_underlay(data, m->data_len, m->pkt_len, false, outer) != WEIR_OK ||
	    outer->kind != WEIR_UNDERLAY_TUNNEL)
		return false;
	if (weir_parse_frame(data + outer->inner, m->data_len - outer->inner, outer->inner_len, &key, frame) !=
	    WEIR_OK)
		return false;
	return weir_decap(m, outer->inner, outer->tos, frame) == WEIR_OK;
}

static void
round_trip(const uint8_t *frame, uint32_t len, const uint8_t choice[4])
{
	uint8_t wire[MBUF_PACKET_MAX];
	struct weir_encap_params params = {.vlan = WEIR_NONE, .ttl = 64, .mtu = 9000};
	struct rte_mbuf *m = make_packet(pool, frame, len, 14 + choice[1], 11 + choice[2]);
	struct weir_encap encap;
	struct weir_outer outer;
	struct weir_frame inner;
	struct weir_key key;
	bool good;

	if ((choice[0] & 1) == 0)
		params.src.b[10] = params.src.b[11] = params.dst.b[10] = params.dst.b[11] = 0xff;
	if ((choice[0] & 2) != 0)
		params.vlan = choice[3];
	if ((choice[0] & 4) != 0)
		params.tunnel = WEIR_GENEVE;
	weir_encap_init(&encap, &params);
	good = weir_parse_frame(frame, len, len, &key, &inner) == WEIR_OK;
	FUZZ_CHECK(weir_encap_push(m, &encap, choice[3] * 65793u, choice[2], good ? inner.tos : 0, 0) == 0);
	FUZZ_CHECK(read_packet(m, wire) == len + encap.len);
	check_checksums(wire, len + encap.len, &encap);
	if (params.vlan != WEIR_NONE)
		weir_vlan_pop(m);
	FUZZ_CHECK(take_off(m, &outer, &inner) == good);
	if (good) {
		FUZZ_CHECK(outer.vni == choice[3] * 65793u && outer.inner_len == len);
		FUZZ_CHECK(outer.tunnel == params.tunnel);
		FUZZ_CHECK(read_packet(m, wire) == len && memcmp(wire, frame, len) == 0);
	}
	rte_pktmbuf_free(m);
}

/* What comes off a packet of anybody's making is a part of it. ECN and the checksum that covers it may differ. */
static void
off_from_anything(const uint8_t *packet, uint32_t len, const uint8_t choice[4])
{
	uint8_t got[MBUF_PACKET_MAX];
	struct rte_mbuf *m = make_packet(pool, packet, len, choice[1], 11 + choice[2]);
	struct weir_outer outer;
	struct weir_frame inner;

	if (take_off(m, &outer, &inner)) {
		FUZZ_CHECK(read_packet(m, got) == outer.inner_len);
		FUZZ_CHECK(memcmp(got, packet + outer.inner, 14) == 0);
		if ((outer.tos & 1) == 0)
			FUZZ_CHECK(memcmp(got, packet + outer.inner, outer.inner_len) == 0);
	} else {
		(void)read_packet(m, got);
	}
	rte_pktmbuf_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = (uint32_t)RTE_MIN(size, (size_t)FRAME_MAX), sum;
	uint8_t choice[4];

	if (pool == NULL)
		pool = start_mbufs();
	if (len < 14)
		return 0;
	sum = slow_sum(data, len) * 2654435761u;
	memcpy(choice, &sum, sizeof(choice));
	round_trip(data, len, choice);
	off_from_anything(data, len, choice);
	FUZZ_CHECK(rte_mempool_avail_count(pool) == MBUF_POOL_SIZE);
	return 0;
}
