/* SPDX-License-Identifier: BSD-3-Clause */
/* The makers of answers to tenants' frames: into buffers that are just large enough, and never about what they made.
 */
#include <stdbool.h>
#include <string.h>

#include "answer_ref.h"
#include "fuzz.h"
#include "samples.h"
#include "weir_answer.h"

#define IP 14
#define OUT_MAX 2048
#define ERRORS 6

static const struct weir_mac ours = {{2, 0, 0, 0, 0, 9}}, theirs = {{2, 0, 0, 0, 0, 1}};
static const struct weir_ip our_v4 = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}};
static const struct weir_ip our_v6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 9}};

/* The first `avail` bytes of the input at the very end of a heap block, parsed as a frame. */
struct input {
	uint8_t *data;
	struct weir_frame frame;
};

static bool
is_v4(const struct input *in)
{
	return (in->frame.kind & WEIR_FRAME_IPV4) != 0;
}

/* One of the makers: an ICMP error, or (`error` ERRORS) a reset. */
static uint32_t
make_into(uint8_t *out, uint32_t size, const struct input *in, uint32_t error)
{
	if (error == ERRORS)
		return weir_make_rst(out, size, &ours, &theirs, in->data, &in->frame);
	return weir_make_icmp_error(
	    out, size, error, 1400, &ours, &theirs, is_v4(in) ? &our_v4 : &our_v6, in->data, &in->frame);
}

/* The same in a block of just as many bytes; in one byte less, nothing. */
static void
check_size(const struct input *in, uint32_t error, const uint8_t *made, uint32_t len)
{
	uint8_t *exact = alloc_exact(len, 0);

	FUZZ_CHECK(make_into(exact, len, in, error) == len);
	FUZZ_CHECK(memcmp(exact, made, len) == 0);
	free_exact(exact, 0);
	exact = alloc_exact(len - 1, 0);
	FUZZ_CHECK(make_into(exact, len - 1, in, error) == 0);
	free_exact(exact, 0);
}

static void
check_made(const struct input *in, uint32_t error, uint8_t *made, uint32_t len)
{
	const uint8_t *ip = in->data + in->frame.l3;
	struct input again = {.data = made};
	struct weir_key key;

	FUZZ_CHECK(ref_wrong(made, len) == NULL);
	FUZZ_CHECK(len <= IP + (is_v4(in) ? 576u : 1280u));
	FUZZ_CHECK(memcmp(made, &theirs, 6) == 0 && memcmp(made + 6, &ours, 6) == 0);
	FUZZ_CHECK(is_v4(in) ? memcmp(made + IP + 16, ip + 12, 4) == 0 : memcmp(made + IP + 24, ip + 8, 16) == 0);
	/* Nobody says more of it than of what else there is. */
	FUZZ_CHECK(weir_parse_frame(made, len, len, &key, &again.frame) == WEIR_OK);
	FUZZ_CHECK(again.frame.kind ==
		   ((in->frame.kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) | (error == ERRORS ? WEIR_FRAME_TCP : 0)));
	FUZZ_CHECK(make_into(made + len, OUT_MAX - len, &again, error) == 0);
}

/* Quoted: the packet from its first byte on, nothing behind it, nothing of padding. */
static void
check_quote(const struct input *in, const uint8_t *made, uint32_t len)
{
	uint32_t head = IP + (is_v4(in) ? 28 : 48), l3 = in->frame.l3;
	uint32_t end = is_v4(in) ? l3 + be16_at(in->data, l3 + 2) : l3 + 40 + be16_at(in->data, l3 + 4);
	uint32_t quote = (is_v4(in) ? be16_at(made, IP + 2) : 40 + be16_at(made, IP + 4)) + IP - head;

	FUZZ_CHECK(head + quote <= len && l3 + quote <= end && l3 + quote <= in->frame.avail);
	FUZZ_CHECK(memcmp(made + head, in->data + l3, quote) == 0);
}

static bool
host_v4(const uint8_t *a)
{
	return a[0] != 0 && a[0] != 127 && (a[0] < 224 || a[0] >= 240) && memcmp(a, "\xff\xff\xff\xff", 4) != 0;
}

/* Not a group's, :: or ::1; nor IPv4's. */
static bool
host_v6(const uint8_t *a)
{
	static const uint8_t zero[15], mapped[12] = {[10] = 0xff, [11] = 0xff};

	return a[0] != 0xff && (memcmp(a, zero, 15) != 0 || a[15] > 1) && memcmp(a, mapped, 12) != 0;
}

static bool
answerable(const struct input *in)
{
	const uint8_t *ip = in->data + in->frame.l3;

	if ((in->data[0] & 1) != 0 || (in->frame.kind & (WEIR_FRAME_IPV4 | WEIR_FRAME_IPV6)) == 0)
		return false;
	return is_v4(in) ? host_v4(ip + 12) && host_v4(ip + 16) : host_v6(ip + 8) && host_v6(ip + 24);
}

static bool
is_error_v4(const struct input *in)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	uint32_t l3 = in->frame.l3, l4 = l3 + (in->data[l3] & 15u) * 4;

	if ((be16_at(in->data, l3 + 6) & 0x1fff) != 0)
		return true; /* at least as bad */
	return in->data[l3 + 9] == 1 &&
	       (be16_at(in->data, l3 + 2) + l3 == l4 || memchr(errors, in->data[l4], sizeof(errors)) != NULL);
}

/* Right behind the IPv6 header; what hides behind others is the unit tests' business. */
static bool
is_error_v6(const struct input *in)
{
	const uint8_t *ip = in->data + in->frame.l3;

	return ip[6] == 58 && (ip[40] < 128 || ip[40] == 137);
}

static bool
has_extensions(const struct input *in)
{
	uint8_t next = in->data[in->frame.l3 + 6];

	return !is_v4(in) && (next == 0 || next == 43 || next == 44 || next == 51 || next == 60);
}

static void
check_errors(const struct input *in)
{
	bool wanted = answerable(in) && !(is_v4(in) ? is_error_v4(in) : is_error_v6(in));
	uint8_t made[OUT_MAX];

	for (uint32_t error = 0; error < ERRORS; error++) {
		uint32_t len = make_into(made, sizeof(made), in, error);

		FUZZ_CHECK(wanted || len == 0);
		if (len == 0) {
			FUZZ_CHECK(!wanted || has_extensions(in));
			continue;
		}
		check_size(in, error, made, len);
		check_quote(in, made, len);
		check_made(in, error, made, len);
	}
}

static void
check_rst(const struct input *in)
{
	bool wanted = answerable(in) && (in->frame.kind & WEIR_FRAME_TCP) != 0 && (in->frame.tcp_flags & 4) == 0;
	uint8_t made[OUT_MAX];
	uint32_t len = make_into(made, sizeof(made), in, ERRORS);

	FUZZ_CHECK((len != 0) == wanted);
	if (len == 0)
		return;
	check_size(in, ERRORS, made, len);
	check_made(in, ERRORS, made, len);
}

/* Of ICMP right behind the IP header of an untagged frame, with right checksums, the type alone decides. */
static void
check_sealed(const struct input *in)
{
	bool v4 = is_v4(in);

	if (in->frame.l3 != IP || in->frame.l4 != IP + (v4 ? 20 : 40) ||
	    weir_ip_end(in->data, &in->frame) > in->frame.avail || in->data[IP + (v4 ? 9 : 6)] != (v4 ? 1 : 58))
		return;
	ref_seal(in->data);
	FUZZ_CHECK(weir_is_echo_request(in->data, &in->frame) == (in->data[in->frame.l4] == (v4 ? 8 : 128)));
}

static void
check_echo(const struct input *in)
{
	uint32_t size = in->frame.avail, end;
	uint8_t *turned, whole[OUT_MAX] = {0};

	check_sealed(in);
	if (!weir_is_echo_request(in->data, &in->frame))
		return;
	end = weir_ip_end(in->data, &in->frame);
	FUZZ_CHECK(end <= size);
	turned = alloc_exact(size, 0);
	memcpy(turned, in->data, size);
	if (weir_turn_echo(turned, &in->frame, &ours, &theirs)) {
		FUZZ_CHECK(!weir_is_echo_request(turned, &in->frame));
		FUZZ_CHECK(memcmp(turned + end, in->data + end, size - end) == 0);
		memcpy(whole, turned, end);
		FUZZ_CHECK(in->frame.l3 != IP || ref_wrong(whole, end < 60 ? 60 : end) == NULL);
	} else {
		FUZZ_CHECK(memcmp(turned, in->data, size) == 0);
	}
	free_exact(turned, 0);
}

static void
check(const uint8_t *data, uint32_t avail, uint32_t len)
{
	struct input in = {.data = alloc_exact(avail, 0)};
	struct weir_key key;

	memcpy(in.data, data, avail);
	if (weir_parse_frame(in.data, avail, len, &key, &in.frame) == WEIR_OK) {
		check_errors(&in);
		check_rst(&in);
		check_echo(&in);
	}
	free_exact(in.data, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	uint32_t size = (uint32_t)input_size;

	check(data, size, size);
	if (size > WEIR_HEADERS_MAX)
		check(data, WEIR_HEADERS_MAX, size);
	return 0;
}
