/* SPDX-License-Identifier: BSD-3-Clause */
/* A gateway in virtual time, without workers that run, and documents for it. */
#ifndef WEIR_TEST_CTL_GATEWAY_H
#define WEIR_TEST_CTL_GATEWAY_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "gateway_priv.h"

#define TEST_WORKERS 2

static inline struct weir_gateway *
gateway_make(void)
{
	struct weir_gateway_params params = {
	    .n_workers = TEST_WORKERS, .mbufs = 2048, .mbuf_size = 2048, .now = 1000 * WEIR_NS_PER_S};
	struct weir_err err = {0};
	struct weir_gateway *gateway = weir_gateway_create(&params, &err);

	cr_assert_not_null(gateway, "%s", err.msg);
	cr_assert_eq(weir_gateway_restore(gateway, NULL, &err), 0, "%s", err.msg);
	return gateway;
}

static inline void gateway_patch(struct weir_gateway *gateway, const char *fmt, ...) WEIR_PRINTF(2, 3);

/* A merge patch; it has to be accepted. */
static inline void
gateway_patch(struct weir_gateway *gateway, const char *fmt, ...)
{
	static char text[1 << 16];
	struct weir_outcome outcome;
	struct weir_err err = {0};
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cr_assert_lt(len, (int)sizeof(text));
	cr_assert_eq(
	    weir_gateway_patch(gateway, text, (size_t)len, false, &outcome, &err), 0, "%s: %s", err.path, err.msg);
}

/* Two ports, two tenants with the same names inside, one remote each. */
static inline void
gateway_patch_two_tenants(struct weir_gateway *gateway)
{
	gateway_patch(gateway,
	    "{\"ports\":{\"n0\":{\"devargs\":\"net_null0,no-rx=1\"},\"up0\":{\"devargs\":\"net_null1,no-rx=1\","
	    "\"rate\":\"10Gbps\"}},\"settings\":{\"flows\":4096},\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/"
	    "24\"]}},"
	    "\"tenants\":{\"red\":{\"limit\":\"5Gbps\",\"switches\":{\"web\":{\"vni\":5001,\"remotes\":[\"192.0.2."
	    "2\"]}},"
	    "\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"n0\",\"vlan\":10,\"limit\":[\"1Gbps\",\"2kpps\"]},"
	    "\"web2\":{\"switch\":\"web\",\"port\":\"n0\"}}},"
	    "\"blue\":{\"switches\":{\"web\":{\"vni\":5002,\"remotes\":[\"192.0.2.2\"]}},"
	    "\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"n0\",\"vlan\":20}}}}}");
}

/* The interface ids of a vport and of the first remote of the first switch. */
static inline uint32_t
gateway_vport(struct weir_gateway *gateway, const char *tenant, uint32_t vport)
{
	return gateway_tenant(gateway, tenant)->vports[vport];
}

static inline uint32_t
gateway_remote(struct weir_gateway *gateway, const char *tenant)
{
	return gateway_tenant(gateway, tenant)->remotes[0][0];
}

/* A packet of 100 bytes that came in by `in` and left by `out`, as worker 0 counts it. */
static inline void
gateway_forward(struct weir_gateway *gateway, uint32_t in, uint32_t out)
{
	struct weir_counters *counters = weir_counters_worker(gateway->counters, 0);

	weir_count(counters, in)->rx_packets++;
	weir_count(counters, in)->rx_bytes += 100;
	weir_count(counters, in)->accepted++;
	weir_count(counters, out)->offered++;
	weir_count(counters, out)->tx_packets++;
	weir_count(counters, out)->tx_bytes += 100;
}

/* Counters are read anew at most every 10 ms. */
static inline void
gateway_later(struct weir_gateway *gateway)
{
	weir_gateway_set_time(gateway, gateway->now + 20 * WEIR_NS_PER_MS);
}

#endif
