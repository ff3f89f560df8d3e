/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets as people write them: any text is read or refused, and what describes a frame makes one that it describes.
 */
#include <string.h>

#include "fuzz.h"
#include "packet_text.h"

#define TEXT_MAX 1024

/* A frame that this text makes is described by it. */
static void
check_again(const char *text)
{
	struct weir_err err = {0};
	char again[PACKET_TEXT_SIZE];
	uint8_t out[PACKET_BYTES_MAX];
	struct packet_spec spec;
	uint32_t len;

	/* A third tag has no word. */
	if (strncmp(text, "eth 0x8100", 10) == 0 || strncmp(text, "eth 0x88a8", 10) == 0)
		return;
	FUZZ_CHECK(packet_parse(text, &spec, &err) == 0);
	/* Of extension headers not more than the protocol is told. */
	if (strncmp(text, "ip ", 3) == 0 && !weir_ip_is_v4(&spec.src))
		return;
	len = packet_make(&spec, out, &err);
	FUZZ_CHECK(len != 0);
	FUZZ_CHECK(packet_describe(out, len, len, again));
	FUZZ_CHECK(strcmp(again, text) == 0);
}

static void
try_frame(const uint8_t *data, uint32_t size)
{
	char text[PACKET_TEXT_SIZE];
	struct weir_frame frame;
	struct weir_key key;
	bool good = weir_parse_frame(data, size, size, &key, &frame) == WEIR_OK;

	FUZZ_CHECK(packet_describe(data, size, size, text) == good);
	FUZZ_CHECK(strlen(text) < PACKET_TEXT_SIZE - 1);
	if (good)
		check_again(text);
}

/* What is read can be made, or is too short for it. */
static void
try_text(const char *text)
{
	struct weir_err err = {0};
	uint8_t out[PACKET_BYTES_MAX];
	struct packet_spec spec;
	uint32_t len;

	if (packet_parse(text, &spec, &err) != 0) {
		FUZZ_CHECK(err.errnum != 0 && err.msg[0] != '\0');
		return;
	}
	len = packet_make(&spec, out, &err);
	FUZZ_CHECK(len <= PACKET_BYTES_MAX);
	FUZZ_CHECK(len != 0 ? spec.len == 0 || spec.len == len : err.errnum != 0);
	if (len != 0)
		try_frame(out, len);
}

static void
try_words(const uint8_t *data, uint32_t size)
{
	static const char *const words[] = {"tcp", "udp", "sctp", "icmp", "icmpv6", "arp", "ip", "eth", "10.0.0.5:1",
	    "10.0.0.9:65535", "10.0.0.5", "[2001:db8::1]:80", "2001:db8::2", "[", "]", ">", ">", "syn", "ack", "rst",
	    "reply", "type", "code", "id", "ttl", "tos", "frag", "more", "len", "vlan", "smac", "dmac", "0", "1",
	    "58", "0x88b5", "1500", "4095", "02:00:00:00:00:01"};
	static const char *const begins[] = {"tcp 10.0.0.5:1 > 10.0.0.9:2", "udp [2001:db8::1]:1 > [2001:db8::2]:2",
	    "icmp 10.0.0.5 > 10.0.0.9", "icmpv6 fe80::1 > ff02::1", "ip 47 10.0.0.5 > 10.0.0.9",
	    "arp 10.0.0.5 > 10.0.0.9", "eth 0x88b5", ""};
	char text[TEXT_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", begins[data[0] % 8]);

	for (uint32_t i = 1; i < size && i < 24 && len < TEXT_MAX - 32; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, " %s", words[data[i] % (sizeof(words) / sizeof(words[0]))]);
	try_text(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	uint32_t size = input_size < TEXT_MAX ? (uint32_t)input_size : TEXT_MAX - 1;
	uint8_t out[PACKET_BYTES_MAX];
	struct weir_err err = {0};
	char text[TEXT_MAX];

	if (size == 0)
		return 0;
	try_frame(data, (uint32_t)input_size);
	try_words(data, size);
	memcpy(text, data, size);
	text[size] = '\0';
	try_text(text);
	(void)packet_hex(text, out, &err);
	return 0;
}
