/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is who in the tests of makers of packets, and how what they made is looked at. Everything aborts on failure. */
#ifndef WEIR_TEST_ANSWERS_H
#define WEIR_TEST_ANSWERS_H

#include <string.h>

#include <criterion/criterion.h>

#include "answer_ref.h"
#include "samples.h"
#include "weir_answer.h"

/* The samples go from 10.0.0.1 or 2001:db8::1 at MAC 1 to 10.0.0.2 or 2001:db8::2 at MAC 2. We are MAC 9. */
static const struct weir_mac mac_from = {{2, 0, 0, 0, 0, 1}};
static const struct weir_mac mac_to = {{2, 0, 0, 0, 0, 2}};
static const struct weir_mac mac_ours = {{2, 0, 0, 0, 0, 9}};

#define OUT_MAX 2048

static inline struct weir_ip
address(const char *text)
{
	struct weir_ip ip;

	cr_assert_eq(weir_ip_parse(text, &ip), 0, "%s", text);
	return ip;
}

/* An address into a packet of its family. */
static inline void
put_address(uint8_t *p, const char *text)
{
	struct weir_ip ip = address(text);

	if (weir_ip_is_v4(&ip))
		memcpy(p, &ip.b[12], 4);
	else
		memcpy(p, &ip, sizeof(ip));
}

static inline struct weir_frame
parsed(const uint8_t *data, uint32_t len)
{
	struct weir_frame frame;
	struct weir_key key;
	enum weir_reason reason = weir_parse_frame(data, len, len, &key, &frame);

	cr_assert_eq(reason, WEIR_OK, "%s", weir_reason_name(reason));
	return frame;
}

/* A sample copied to `data`, with room for more; returns its length. */
static inline uint32_t
take(const char *name, uint8_t data[OUT_MAX])
{
	uint32_t len;
	uint8_t *sample = sample_named(name, &len);

	memset(data, 0, OUT_MAX);
	memcpy(data, sample, len);
	free_exact(sample, 0);
	return len;
}

static inline void
check_hex(const uint8_t *data, uint32_t len, const char *hex)
{
	char text[2 * OUT_MAX + 1] = "";

	for (uint32_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", data[i]);
	cr_assert_str_eq(text, hex);
}

/* These bytes, and a correct frame. */
static inline void
check_frame(const uint8_t *data, uint32_t len, const char *hex)
{
	check_hex(data, len, hex);
	cr_assert_null(ref_wrong(data, len), "%s", ref_wrong(data, len));
}

/* `call` makes `want` bytes in `exact`, of `size` bytes: in more and in just as many, but not in one less. */
#define CHECK_SIZES(want, call)                                                                                      \
	do {                                                                                                         \
		for (uint32_t size = 0; size <= (want) + 2; size++) {                                                \
			uint8_t *exact = alloc_exact(size, 1);                                                       \
			cr_assert_eq((call), size < (want) ? 0 : (want), "size %u", size);                           \
			free_exact(exact, 1);                                                                        \
		}                                                                                                    \
	} while (0)

#endif
