/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser by vector instructions takes what is usual and nothing else, and says of it what the scalar parsers say:
 * each sample, cut at every byte, with every value of every byte of its headers, and bent at random.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "mbufs.h"
#include "quick_ref.h"
#include "samples.h"
#include "weir_quick.h"

#define ROOM 2048
#define HEADERS 130 /* bytes: tunnel, tag, IPv6, TCP */
#define BENT 1000000
#define BENDS 6

static const struct weir_mac sample_mac = {{2, 0xaa, 0, 0, 0, 2}};

/* Where the samples' tunnels end. */
static struct weir_ip
sample_ip(bool v6)
{
	static const uint8_t gateway4[4] = {192, 0, 2, 2};
	static const uint8_t gateway6[16] = {0x20, 1, 0x0d, 0xb8, 0, 0x0a, [15] = 2};
	struct weir_ip ip = {.b = {0}};

	if (v6) {
		memcpy(ip.b, gateway6, sizeof(gateway6));
	} else {
		ip.b[10] = ip.b[11] = 0xff;
		memcpy(ip.b + 12, gateway4, sizeof(gateway4));
	}
	return ip;
}

/* As a frame, as one with a tag, and as a tunnel packet; true if any of them was taken. */
static bool
check(const uint8_t *data, uint32_t len, const char *name, const char *how, uint32_t at)
{
	bool taken, any = false;
	const char *differs = quick_frame_differs(data, len, false, &taken);

	cr_assert_null(differs, "%s, %s %u: %s", name, how, at, differs);
	any = taken;
	if (len >= 18) {
		differs = quick_frame_differs(data, len, true, &taken);
		cr_assert_null(differs, "%s tagged, %s %u: %s", name, how, at, differs);
		any |= taken;
	}
	for (uint32_t i = 0; i < 4; i++) {
		const struct weir_ip ip = sample_ip((i & 1) != 0);

		differs = quick_underlay_differs(data, len, &sample_mac, &ip, (i & 2) != 0, &taken);
		cr_assert_null(differs, "%s as a tunnel, %s %u: %s", name, how, at, differs);
		any |= taken;
	}
	return any;
}

/* Sample i, behind a tag if `tagged`. */
static uint32_t
load(size_t i, bool tagged, uint8_t data[ROOM])
{
	static const uint8_t tag[] = {0x81, 0, 0x60, 20};
	uint32_t len = sample_bytes(i, data, ROOM - sizeof(tag));

	if (!tagged)
		return len;
	memmove(data + 16, data + 12, len - 12);
	memcpy(data + 12, tag, sizeof(tag));
	return len + (uint32_t)sizeof(tag);
}

static bool
frame_taken(const char *name, bool tagged)
{
	uint8_t data[ROOM];
	bool taken;
	size_t i = 0;

	while (strcmp(samples[i].name, name) != 0)
		cr_assert_lt(++i, n_samples, "no sample %s", name);
	cr_assert_null(quick_frame_differs(data, load(i, tagged, data), tagged, &taken));
	return taken;
}

static bool
tunnel_taken(const char *name, struct weir_mac mac, struct weir_ip ip)
{
	uint32_t len;
	uint8_t *data = sample_named(name, &len);
	bool taken;

	cr_assert_null(quick_underlay_differs(data, len, &mac, &ip, false, &taken));
	free_exact(data, 0);
	return taken;
}

/* Else nothing below would show anything. */
Test(quick, takes_the_usual_packets)
{
	static const char *const usual[] = {"tcp4", "tcp4 options", "udp4 padded", "tcp6", "udp6"};
	static const char *const unusual[] = {"tcp4 ip options", "udp4 empty", "sctp4", "echo4", "first fragment4",
	    "later fragment4", "extensions6", "first fragment6", "echo6", "arp request", "vlan tcp4", "stp"};

#ifndef __AVX512VBMI__
	cr_skip("built without AVX-512");
#endif
	cr_assert_eq(WEIR_QUICK, 1);
	for (uint32_t tagged = 0; tagged < 2; tagged++) {
		for (size_t i = 0; i < WEIR_ARRAY_LEN(usual); i++)
			cr_assert(frame_taken(usual[i], tagged), "%s", usual[i]);
		for (size_t i = 0; i < WEIR_ARRAY_LEN(unusual); i++)
			cr_assert_not(frame_taken(unusual[i], tagged), "%s", unusual[i]);
	}
	cr_assert(tunnel_taken("vxlan4", sample_mac, sample_ip(false)));
	cr_assert(tunnel_taken("vxlan6 unmarked", sample_mac, sample_ip(true)));
	cr_assert_not(tunnel_taken("vxlan6", sample_mac, sample_ip(true)), "ECT(1)");
	cr_assert_not(tunnel_taken("vxlan4 options", sample_mac, sample_ip(false)));
	cr_assert(tunnel_taken("geneve4", sample_mac, sample_ip(false)));
	cr_assert(tunnel_taken("geneve6 unmarked", sample_mac, sample_ip(true)));
	cr_assert_not(tunnel_taken("geneve6", sample_mac, sample_ip(true)), "ECT(1)");
	cr_assert_not(tunnel_taken("geneve4 options", sample_mac, sample_ip(false)));
	cr_assert_not(tunnel_taken("geneve6 options", sample_mac, sample_ip(true)));
}

Test(quick, takes_tunnels_to_one_address_only)
{
	static const char *const names[] = {"vxlan4", "vxlan6 unmarked", "geneve4", "geneve6 unmarked"};

	for (uint32_t n = 0; n < WEIR_ARRAY_LEN(names); n++) {
		const char *name = names[n];
		bool v6 = n % 2 == 1;

		for (uint32_t bit = 0; bit < 48; bit++) {
			struct weir_mac mac = sample_mac;

			mac.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			cr_assert_not(tunnel_taken(name, mac, sample_ip(v6)));
		}
		for (uint32_t bit = v6 ? 0 : 96; bit < 128; bit++) {
			struct weir_ip ip = sample_ip(v6);

			ip.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			cr_assert_not(tunnel_taken(name, sample_mac, ip));
		}
		cr_assert_not(tunnel_taken(name, sample_mac, sample_ip(!v6)));
	}
}

/* IPv4 addresses in IPv6 headers: in the key they would be IPv4's. */
Test(quick, takes_no_mapped_source)
{
	const struct weir_ip mapped = sample_ip(false), ip = sample_ip(true);
	uint32_t len;
	uint8_t *data = sample_named("vxlan6 unmarked", &len);
	bool taken;

	memcpy(data + 22, &mapped, sizeof(mapped));
	cr_assert_null(quick_underlay_differs(data, len, &sample_mac, &ip, false, &taken));
	cr_assert_not(taken);
	for (uint32_t at = 22; at < 34; at++) {
		data[at] ^= 0x10;
		cr_assert_null(quick_underlay_differs(data, len, &sample_mac, &ip, false, &taken));
		cr_assert(taken || WEIR_QUICK == 0);
		data[at] ^= 0x10;
	}
	free_exact(data, 0);
}

/* Where the port has no address of a family. */
Test(quick, takes_nothing_without_an_address)
{
	static const uint8_t zero[ROOM];
	struct weir_tunnel_match match[WEIR_TUNNELS];
	struct weir_quick_tunnel tunnel;
	uint8_t data[ROOM];

	weir_tunnel_match_init(match, &sample_mac, NULL);
	for (size_t i = 0; i < n_samples; i++) {
		uint32_t len = load(i, false, data);

		cr_assert_not(weir_quick_underlay(data, len, match, false, true, &tunnel));
		cr_assert_not(weir_quick_underlay(data, len, match, true, true, &tunnel));
	}
	cr_assert_not(weir_quick_underlay(zero, sizeof(zero), match, false, true, &tunnel));
}

Test(quick, cut_at_every_byte)
{
	uint8_t data[ROOM];

	for (size_t i = 0; i < 2 * n_samples; i++) {
		uint32_t len = load(i / 2, i % 2, data);

		memset(data + len, 0, 80);
		for (uint32_t n = 0; n <= len + 80; n++)
			(void)check(data, n, samples[i / 2].name, "cut at", n);
	}
}

Test(quick, every_value_of_every_byte)
{
	uint8_t data[ROOM];
	uint32_t taken = 0;

	for (size_t i = 0; i < 2 * n_samples; i++) {
		uint32_t len = load(i / 2, i % 2, data);

		for (uint32_t at = 0; at < len && at < HEADERS; at++) {
			uint8_t was = data[at];

			for (uint32_t value = 0; value < 256; value++) {
				data[at] = (uint8_t)value;
				taken += check(data, len, samples[i / 2].name, "byte", at);
			}
			data[at] = was;
		}
	}
	cr_assert(taken > 100000 || WEIR_QUICK == 0, "%u", taken);
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((next_random(state) >> 32) % n);
}

Test(quick, bent_at_random)
{
	uint8_t data[ROOM];
	uint64_t random = 77;
	uint32_t taken = 0;

	for (uint32_t n = 0; n < BENT; n++) {
		size_t i = below(&random, (uint32_t)n_samples);
		uint32_t len = load(i, below(&random, 2), data), bends = below(&random, BENDS);

		for (uint32_t b = 0; b < bends; b++) {
			uint32_t at = below(&random, len < HEADERS ? len : HEADERS);

			data[at] =
			    (uint8_t)(below(&random, 2) ? data[at] + below(&random, 9) - 4 : next_random(&random));
		}
		if (below(&random, 4) == 0)
			len = below(&random, len + 1);
		else if (below(&random, 4) == 0)
			len += below(&random, 64);
		taken += check(data, len, samples[i].name, "round", n);
	}
	cr_assert(taken > BENT / 50 || WEIR_QUICK == 0, "%u", taken);
}

/* What of congestion and checksums stands outside changes nothing inside, so that weir_decap() has nothing to do. */
Test(quick, takes_off_what_the_other_one_takes_off)
{
	struct rte_mempool *pool = start_mbufs();
	uint8_t want[MBUF_PACKET_MAX], got[MBUF_PACKET_MAX];

	static const char *const names[] = {"vxlan4", "vxlan6", "geneve4", "geneve6"};

	for (uint32_t n = 0; n < 256 * WEIR_ARRAY_LEN(names); n++) {
		bool v6 = n / 256 % 2 == 1;
		const struct weir_ip ip = sample_ip(v6);
		uint32_t len, tos = v6 ? 15 : 14 + 1;
		uint8_t *data = sample_named(names[n / 256], &len);
		struct weir_tunnel_match match[WEIR_TUNNELS];
		struct weir_quick_tunnel tunnel;
		struct weir_outer outer;
		struct weir_frame frame;
		struct weir_key key;
		struct rte_mbuf *m;

		data[tos] = (uint8_t)n;
		m = make_packet(pool, data, len, len, 0);
		weir_tunnel_match_init(match, &sample_mac, &ip);
		cr_assert_eq(weir_parse_underlay(data, len, len, true, &outer), WEIR_OK);
		if (weir_quick_underlay(rte_pktmbuf_mtod(m, uint8_t *), len, match, v6, true, &tunnel)) {
			weir_quick_decap(m, &tunnel);
			len = read_packet(m, got);
			rte_pktmbuf_free(m);
			m = make_packet(pool, data, outer.inner + outer.inner_len, 512, 0);
			cr_assert_eq(
			    weir_parse_frame(data + outer.inner, outer.inner_len, outer.inner_len, &key, &frame),
			    WEIR_OK);
			cr_assert_eq(weir_decap(m, outer.inner, outer.tos, &frame), WEIR_OK);
			cr_assert_eq(read_packet(m, want), len);
			cr_assert_arr_eq(got, want, len);
		} else {
			cr_assert((outer.tos & 1) != 0 || WEIR_QUICK == 0);
		}
		rte_pktmbuf_free(m);
		free_exact(data, 0);
	}
}
