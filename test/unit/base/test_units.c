/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "weir_base.h"

struct rate_case {
	const char *text;
	uint64_t bps, pps;
};

/* Whole strings only, in every unit; the other kind's field is left alone. */
Test(units, rates_are_exact)
{
	static const struct rate_case cases[] = {
	    {"1000bps", 1000, 0},
	    {"1kbps", 1000, 0},
	    {"1.001kbps", 1001, 0},
	    {"1.0kbps", 1000, 0},
	    {"0.001Mbps", 1000, 0},
	    {"2.5Gbps", UINT64_C(2500000000), 0},
	    {"10Gbps", UINT64_C(10000000000), 0},
	    {"9.999999999Gbps", UINT64_C(9999999999), 0},
	    {"0.4Tbps", UINT64_C(400000000000), 0},
	    {"400Gbps", WEIR_BPS_MAX, 0},
	    {"400000000000bps", WEIR_BPS_MAX, 0},
	    {"000000000000000001kbps", 1000, 0},
	    {"0.3Mbps", 300000, 0}, /* 0.3 * 1e6 is not 300000 in binary floating point */
	    {"1.1Mbps", 1100000, 0},
	    {"1pps", 0, 1},
	    {"0.001kpps", 0, 1},
	    {"50kpps", 0, 50000},
	    {"1.5Mpps", 0, 1500000},
	    {"1000Mpps", 0, WEIR_PPS_MAX},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_rate rate = {.bps = 77, .pps = 88};

		cr_assert_eq(weir_rate_parse(cases[i].text, &rate), 0, "%s", cases[i].text);
		cr_assert_eq(rate.bps, cases[i].bps != 0 ? cases[i].bps : 77, "%s", cases[i].text);
		cr_assert_eq(rate.pps, cases[i].pps != 0 ? cases[i].pps : 88, "%s", cases[i].text);
	}
}

struct refusal {
	const char *text;
	int rc;
};

Test(units, what_is_no_rate_is_refused)
{
	static const struct refusal cases[] = {
	    {"", -EINVAL},
	    {"Gbps", -EINVAL},
	    {"5", -EINVAL},
	    {"5 Gbps", -EINVAL},
	    {" 5Gbps", -EINVAL},
	    {"5Gbps ", -EINVAL},
	    {"5Gbpsx", -EINVAL},
	    {"5gbps", -EINVAL},
	    {"5KBPS", -EINVAL},
	    {"5Gb", -EINVAL},
	    {"5Gibps", -EINVAL},
	    {"5Gpps", -EINVAL},
	    {"5Tpps", -EINVAL},
	    {"-5Gbps", -EINVAL},
	    {"+5Gbps", -EINVAL},
	    {".5Gbps", -EINVAL},
	    {"5.Gbps", -EINVAL},
	    {"5..5Gbps", -EINVAL},
	    {"5.5.5Gbps", -EINVAL},
	    {"5,5Gbps", -EINVAL},
	    {"1e3Mbps", -EINVAL},
	    {"0x10Mbps", -EINVAL},
	    {"infGbps", -EINVAL},
	    {"nan", -EINVAL},
	    {"\xd9\xa5Gbps", -EINVAL}, /* an Arabic five */
	    {"1000.5bps", -EINVAL},    /* half a bit */
	    {"1.0005kbps", -EINVAL},
	    {"1.5pps", -EINVAL},
	    {"0bps", -ERANGE},
	    {"0Gbps", -ERANGE},
	    {"999bps", -ERANGE},
	    {"0.999kbps", -ERANGE},
	    {"400.000000001Gbps", -ERANGE},
	    {"1Tbps", -ERANGE},
	    {"18446744073709551616bps", -ERANGE},
	    {"99999999999999999999999999999999Gbps", -ERANGE},
	    {"999999999999999999Tbps", -ERANGE},
	    {"0pps", -ERANGE},
	    {"1000.000001Mpps", -ERANGE},
	    {"1001Mpps", -ERANGE},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		struct weir_rate rate = {.bps = 77, .pps = 88};

		cr_assert_eq(weir_rate_parse(cases[i].text, &rate), cases[i].rc, "%s", cases[i].text);
		cr_assert(rate.bps == 77 && rate.pps == 88, "%s: changed", cases[i].text);
	}
}

static void
assert_round_trip(uint64_t value)
{
	struct weir_rate rate = {0};
	char text[32];

	if (value >= WEIR_BPS_MIN && value <= WEIR_BPS_MAX) {
		cr_assert_eq(weir_rate_parse(weir_bps_format(value, text, sizeof(text)), &rate), 0, "%s", text);
		cr_assert_eq(rate.bps, value, "%s", text);
	}
	if (value >= WEIR_PPS_MIN && value <= WEIR_PPS_MAX) {
		cr_assert_eq(weir_rate_parse(weir_pps_format(value, text, sizeof(text)), &rate), 0, "%s", text);
		cr_assert_eq(rate.pps, value, "%s", text);
	}
}

Test(units, what_is_written_reads_back)
{
	uint64_t value = 1, random = 3;

	for (uint64_t power = 1; power <= UINT64_C(1000000000000); power *= 10)
		for (uint64_t digits = 1; digits < 2000; digits++)
			assert_round_trip(power * digits);
	for (int i = 0; i < 200000; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		value = random >> (random >> 58);
		assert_round_trip(value);
		assert_round_trip(value % WEIR_BPS_MAX + 1);
	}
	assert_round_trip(WEIR_BPS_MIN);
	assert_round_trip(WEIR_BPS_MAX);
	assert_round_trip(WEIR_PPS_MAX);
}

Test(units, rates_are_written_short)
{
	static const struct rate_case cases[] = {{"0bps", 0, 0}, {"1bps", 1, 0}, {"999bps", 999, 0},
	    {"1kbps", 1000, 0}, {"1.001kbps", 1001, 0}, {"1.5kbps", 1500, 0}, {"1.05Mbps", 1050000, 0},
	    {"1000.5kbps", 1000500, 0}, {"2.5Gbps", UINT64_C(2500000000), 0}, {"400Gbps", WEIR_BPS_MAX, 0},
	    {"1.2Tbps", UINT64_C(1200000000000), 0}};
	char text[32];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++)
		cr_assert_str_eq(weir_bps_format(cases[i].bps, text, sizeof(text)), cases[i].text);
	cr_assert_str_eq(weir_pps_format(1500000, text, sizeof(text)), "1.5Mpps");
	cr_assert_str_eq(weir_pps_format(0, text, sizeof(text)), "0pps");
	/* The longest there is fits into what the header promises. */
	cr_assert_lt(strlen(weir_bps_format(UINT64_MAX, text, sizeof(text))), sizeof(text));
	cr_assert_str_eq(text, "18446744073709551.615kbps");
	cr_assert_lt(strlen(weir_pps_format(UINT64_MAX, text, sizeof(text))), sizeof(text));
	/* A small buffer cuts, and ends. */
	cr_assert_str_eq(weir_bps_format(1001, text, 4), "1.0");
}

Test(units, durations)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {{"0s", 0}, {"1ns", 1}, {"50us", 50000}, {"20ms", 20000000}, {"1.5s", 1500000000},
	    {"300s", 300 * WEIR_NS_PER_S}, {"1m", 60 * WEIR_NS_PER_S}, {"2h", 7200 * WEIR_NS_PER_S},
	    {"0.5h", 1800 * WEIR_NS_PER_S}, {"8760h", UINT64_C(31536000) * WEIR_NS_PER_S}, {"0.000000001s", 1}};
	static const struct refusal bad[] = {{"", -EINVAL}, {"s", -EINVAL}, {"30", -EINVAL}, {"30 s", -EINVAL},
	    {"-1s", -EINVAL}, {"30S", -EINVAL}, {"1d", -EINVAL}, {"1min", -EINVAL}, {"0.5ns", -EINVAL},
	    {"1.0000000001s", -EINVAL}, {"1e3s", -EINVAL}, {"30sec", -EINVAL}, {"8760.1h", -ERANGE},
	    {"31536001s", -ERANGE}, {"18446744073709551616ns", -ERANGE}, {"999999999999999999h", -ERANGE}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++) {
		uint64_t ns = 77;

		cr_assert_eq(weir_duration_parse(good[i].text, &ns), 0, "%s", good[i].text);
		cr_assert_eq(ns, good[i].ns, "%s", good[i].text);
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		uint64_t ns = 77;

		cr_assert_eq(weir_duration_parse(bad[i].text, &ns), bad[i].rc, "%s", bad[i].text);
		cr_assert_eq(ns, 77);
	}
}

Test(units, bytes)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0B", 0}, {"9216B", 9216}, {"64kB", 64000}, {"1.5MB", 1500000}, {"0.001kB", 1},
	    {"18GB", UINT64_C(18000000000)}};
	static const struct refusal bad[] = {{"", -EINVAL}, {"64", -EINVAL}, {"64KB", -EINVAL}, {"64 kB", -EINVAL},
	    {"64kb", -EINVAL}, {"1KiB", -EINVAL}, {"0.5B", -EINVAL}, {"-1B", -EINVAL}, {"1e3B", -EINVAL},
	    {"99999999999999999999B", -ERANGE}, {"999999999999999999GB", -ERANGE}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++) {
		uint64_t bytes = 77;

		cr_assert_eq(weir_bytes_parse(good[i].text, &bytes), 0, "%s", good[i].text);
		cr_assert_eq(bytes, good[i].bytes, "%s", good[i].text);
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		uint64_t bytes = 77;

		cr_assert_eq(weir_bytes_parse(bad[i].text, &bytes), bad[i].rc, "%s", bad[i].text);
		cr_assert_eq(bytes, 77);
	}
}

Test(units, shares)
{
	static const struct {
		const char *text;
		uint32_t thousandths;
	} good[] = {{"0%", 0}, {"0.1%", 1}, {"20%", 200}, {"12.5%", 125}, {"100%", 1000}, {"100.0%", 1000}};
	static const struct refusal bad[] = {{"", -EINVAL}, {"20", -EINVAL}, {"%", -EINVAL}, {"20 %", -EINVAL},
	    {"0.25%", -EINVAL}, {"-1%", -EINVAL}, {"100.1%", -ERANGE}, {"429496729.7%", -ERANGE}};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(good); i++) {
		uint32_t share = 77;

		cr_assert_eq(weir_share_parse(good[i].text, &share), 0, "%s", good[i].text);
		cr_assert_eq(share, good[i].thousandths, "%s", good[i].text);
	}
	for (size_t i = 0; i < WEIR_ARRAY_LEN(bad); i++) {
		uint32_t share = 77;

		cr_assert_eq(weir_share_parse(bad[i].text, &share), bad[i].rc, "%s", bad[i].text);
		cr_assert_eq(share, 77);
	}
}
