/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_kvargs.h>
#include <rte_udp.h>
#include <rte_ip.h>
#include <rte_vxlan.h>

#include "nicsim.h"

#define FLOWS_MAX (1u << 26)
#define TENANTS_MAX 16000000u /* VNIs have 24 bits, and count from 5001 */

/* A number of the arguments: where it goes and what it may be. */
struct number {
	const char *key;
	uint64_t min, max;
	uint64_t value; /* the default, then what was given */
};

enum { TENANTS, FLOWS, SIZE, NEW, SEED, RATE, QUEUES, NEIGH, OUTER, INNER, NUMBERS };

static const struct number defaults[NUMBERS] = {
    [TENANTS] = {"tenants", 1, TENANTS_MAX, 1},
    [FLOWS] = {"flows", 1, FLOWS_MAX, 1},
    [SIZE] = {"size", 42, NICSIM_FRAME_MAX, 64},
    [NEW] = {"new", 0, 100, 0},
    [SEED] = {"seed", 0, UINT32_MAX, 1},
    [RATE] = {"rate", 1, 1000000000, 0},
    [QUEUES] = {"queues", 1, NICSIM_RXQ_MAX, 1},
    [NEIGH] = {"neigh", 0, 1, 0},
    [OUTER] = {"outer", 4, 6, 4},
    [INNER] = {"inner", 4, 6, 4},
};

static const char *const kinds[] = {[NICSIM_NOTHING] = "",
    [NICSIM_CAPTURE] = "",
    [NICSIM_PLAIN] = "plain",
    [NICSIM_VLAN] = "vlan",
    [NICSIM_VXLAN] = "vxlan"};

/* What is given only once, and what it was given for. */
struct reading {
	const char *name;
	struct nicsim_args *args;
	struct number numbers[NUMBERS];
	uint32_t seen; /* bits by number */
	bool mac;
};

static int
refuse(const struct reading *reading, const char *key, const char *value, const char *why)
{
	NICSIM_LOG("%s: %s=%s: %s", reading->name, key, value, why);
	return -EINVAL;
}

static int
read_number(struct reading *reading, uint32_t which, const char *value)
{
	struct number *number = &reading->numbers[which];
	char *end;

	if ((reading->seen & 1u << which) != 0)
		return refuse(reading, number->key, value, "given twice");
	reading->seen |= 1u << which;
	errno = 0;
	number->value = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0)
		return refuse(reading, number->key, value, "not a number");
	if (number->value >= number->min && number->value <= number->max)
		return 0;
	NICSIM_LOG("%s: %s=%s: has to be %" PRIu64 " to %" PRIu64, reading->name, number->key, value, number->min,
	    number->max);
	return -EINVAL;
}

static int
read_kind(struct reading *reading, const char *value)
{
	if (reading->args->kind != NICSIM_NOTHING)
		return refuse(reading, "traffic", value, "capture or traffic, and once");
	for (uint32_t kind = NICSIM_PLAIN; kind < RTE_DIM(kinds); kind++) {
		if (strcmp(value, kinds[kind]) == 0) {
			reading->args->kind = (enum nicsim_kind)kind;
			return 0;
		}
	}
	return refuse(reading, "traffic", value, "has to be plain, vlan or vxlan");
}

static int
read_capture(struct reading *reading, const char *value)
{
	if (reading->args->kind != NICSIM_NOTHING)
		return refuse(reading, "capture", value, "capture or traffic, and once");
	if (*value == '\0' || strlen(value) >= sizeof(reading->args->capture))
		return refuse(reading, "capture", value, "not a path");
	reading->args->kind = NICSIM_CAPTURE;
	memcpy(reading->args->capture, value, strlen(value) + 1);
	return 0;
}

static int
read_mac(struct reading *reading, const char *value)
{
	if (reading->mac)
		return refuse(reading, "mac", value, "given twice");
	reading->mac = true;
	if (rte_ether_unformat_addr(value, &reading->args->mac) != 0 ||
	    !rte_is_valid_assigned_ether_addr(&reading->args->mac))
		return refuse(reading, "mac", value, "not the address of one station");
	return 0;
}

static int
read_pair(struct reading *reading, const char *key, const char *value)
{
	if (strcmp(key, "traffic") == 0)
		return read_kind(reading, value);
	if (strcmp(key, "capture") == 0)
		return read_capture(reading, value);
	if (strcmp(key, "mac") == 0)
		return read_mac(reading, value);
	for (uint32_t i = 0; i < NUMBERS; i++) {
		if (strcmp(key, reading->numbers[i].key) == 0)
			return read_number(reading, i, value);
	}
	return refuse(reading, key, value,
	    "no such key; there are capture, traffic, outer, inner, tenants, flows, size, new, seed, rate, queues, "
	    "neigh, mac");
}

/* Keys that say what is generated. */
static bool
is_generators(uint32_t which)
{
	return which == TENANTS || which == FLOWS || which == SIZE || which == NEW || which == SEED ||
	       which == OUTER || which == INNER;
}

/* What single values cannot say. */
static int
check(const struct reading *reading)
{
	const struct nicsim_args *args = reading->args;
	const struct number *numbers = reading->numbers;
	uint32_t least = RTE_ETHER_HDR_LEN + (uint32_t)sizeof(struct rte_udp_hdr) +
			 (uint32_t)(args->inner6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr));

	for (uint32_t i = 0; i < NUMBERS; i++) {
		if ((reading->seen & 1u << i) == 0)
			continue;
		if (is_generators(i) && args->kind < NICSIM_PLAIN)
			return refuse(reading, numbers[i].key, "", "needs traffic");
		if (i == RATE && args->kind == NICSIM_NOTHING)
			return refuse(reading, numbers[i].key, "", "needs capture or traffic");
		if (i == OUTER && args->kind != NICSIM_VXLAN)
			return refuse(reading, numbers[i].key, "", "needs traffic=vxlan");
		if ((i == OUTER || i == INNER) && numbers[i].value == 5)
			return refuse(reading, numbers[i].key, "5", "has to be 4 or 6");
	}
	if (args->size >= least && args->size + nicsim_args_outer(args) <= NICSIM_FRAME_MAX)
		return 0;
	NICSIM_LOG("%s: size=%u: has to be %u to %u", reading->name, args->size, least,
	    NICSIM_FRAME_MAX - nicsim_args_outer(args));
	return -EINVAL;
}

static void
take_numbers(const struct number numbers[], struct nicsim_args *args)
{
	args->tenants = (uint32_t)numbers[TENANTS].value;
	args->flows = (uint32_t)numbers[FLOWS].value;
	args->size = (uint32_t)numbers[SIZE].value;
	args->new_percent = (uint32_t)numbers[NEW].value;
	args->seed = (uint32_t)numbers[SEED].value;
	args->rate = numbers[RATE].value;
	args->queues = (uint16_t)numbers[QUEUES].value;
	args->neigh = numbers[NEIGH].value != 0;
	args->outer6 = numbers[OUTER].value == 6;
	args->inner6 = numbers[INNER].value == 6;
}

/* 02:4e:53:00:00:<N> of net_nicsim<N>. */
static struct rte_ether_addr
default_mac(const char *name)
{
	size_t digits = strlen(name);
	struct rte_ether_addr mac = {{0x02, 0x4e, 0x53}};

	while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
		digits--;
	mac.addr_bytes[5] = (uint8_t)strtoul(name + digits, NULL, 10);
	return mac;
}

int
nicsim_args_parse(const char *name, const char *text, struct nicsim_args *args)
{
	struct reading reading = {.name = name, .args = args};
	struct rte_kvargs *pairs = rte_kvargs_parse(text, NULL);
	int ret = 0;

	*args = (struct nicsim_args){.mac = default_mac(name)};
	memcpy(reading.numbers, defaults, sizeof(defaults));
	if (pairs == NULL) {
		NICSIM_LOG("%s: arguments are key=value,key=value,... : %s", name, text);
		return -EINVAL;
	}
	for (uint32_t i = 0; ret == 0 && i < pairs->count; i++) {
		const char *value = pairs->pairs[i].value;

		ret = read_pair(&reading, pairs->pairs[i].key, value != NULL ? value : "");
	}
	rte_kvargs_free(pairs);
	if (ret != 0)
		return ret;
	take_numbers(reading.numbers, args);
	return check(&reading);
}

uint32_t
nicsim_args_outer(const struct nicsim_args *args)
{
	if (args->kind == NICSIM_VLAN)
		return RTE_VLAN_HLEN;
	if (args->kind != NICSIM_VXLAN)
		return 0;
	return RTE_ETHER_HDR_LEN + (uint32_t)sizeof(struct rte_udp_hdr) + (uint32_t)sizeof(struct rte_vxlan_hdr) +
	       (uint32_t)(args->outer6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr));
}
