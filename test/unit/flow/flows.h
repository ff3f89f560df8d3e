/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow cache in the test's own process, and keys by number. */
#ifndef WEIR_TEST_FLOWS_H
#define WEIR_TEST_FLOWS_H

#include <string.h>

#include <criterion/criterion.h>
#include <rte_eal.h>

#include "weir_flow.h"

static struct weir_flows *flows;

static inline void
start(uint32_t capacity)
{
	static char args[][32] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "128", "-l",
	    "0", "--log-level=lib.*:error"};
	char *argv[WEIR_ARRAY_LEN(args)];

	for (size_t i = 0; i < WEIR_ARRAY_LEN(args); i++)
		argv[i] = args[i];
	cr_assert_geq(rte_eal_init((int)WEIR_ARRAY_LEN(args), argv), 0);
	flows = weir_flows_create(capacity, SOCKET_ID_ANY);
	cr_assert_not_null(flows);
}

static inline struct weir_key
key_of(uint32_t n)
{
	struct weir_key key;

	memset(&key, 0, sizeof(key));
	key.ingress = n % 7;
	key.ethertype = 8;
	key.proto = 17;
	memcpy(key.src, &n, sizeof(n));
	return key;
}

/* The flow of key n as a worker finds it; its hash into *hash. */
static inline struct weir_flow *
look_up(uint32_t n, uint64_t *hash)
{
	struct weir_key key = key_of(n);
	struct weir_flow *guess;

	*hash = weir_flows_hash(flows, &key);
	guess = weir_flows_guess(flows, *hash);
	if (guess == NULL)
		guess = weir_flows_guess_other(flows, *hash);
	return weir_flows_confirm(flows, &key, *hash, guess);
}

/* Everything about flow n that is its own says n. */
static inline struct weir_flow_owner
owner_of(uint32_t n)
{
	return (struct weir_flow_owner){.tenant = n, .tenant_serial = n + 1, .iface = n + 3, .iface_serial = n + 2};
}

static inline struct weir_flow *
add(uint32_t n, uint64_t now)
{
	struct weir_flow_owner owner = owner_of(n);
	struct weir_key key = key_of(n);
	uint64_t hash;

	cr_assert_null(look_up(n, &hash));
	return weir_flows_add(flows, &key, hash, &owner, now);
}

#endif
