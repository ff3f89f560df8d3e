/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates, and what a contract says beside them: weights, bursts, queues, quotas. */
#include <errno.h>
#include <string.h>

#include "validate_tenant_priv.h"

#define TIME_MIN (100 * WEIR_NS_PER_US) /* of bursts and queues */
#define TIME_MAX WEIR_NS_PER_S
#define QUEUE_BYTES_MIN 9216u
#define QUEUE_BYTES_MAX 64000000u

/* One rate of either kind into the field of *rate that it fills. */
static int
read_rate(const struct weir_at *at, const cJSON *json, struct weir_rate *rate)
{
	int rc = cJSON_IsString(json) ? weir_rate_parse(json->valuestring, rate) : -EINVAL;

	if (rc == -ERANGE)
		return weir_refuse(at, ERANGE, "from 1kbps to 400Gbps, or from 1pps to 1000Mpps", json);
	return rc == 0 ? 0 : weir_refuse(at, EINVAL, "a rate such as \"2.5Gbps\" or \"50kpps\"", json);
}

int
weir_read_bps(const struct weir_at *at, const cJSON *json, uint64_t *bps)
{
	struct weir_rate rate = {0};
	int rc = read_rate(at, json, &rate);

	if (rc == 0 && rate.bps == 0)
		rc = weir_refuse(at, EINVAL, "in bits per second, such as \"10Gbps\"", json);
	*bps = rate.bps;
	return rc;
}

int
weir_read_rates(const struct weir_at *at, const cJSON *json, struct weir_rate *rates)
{
	uint32_t n, i = 0;
	const cJSON *item;
	int rc;

	if (!cJSON_IsArray(json))
		return read_rate(at, json, rates);
	rc = weir_read_array(at, json, 2, &n);
	if (rc == 0 && n == 0)
		return weir_at_err(at, EINVAL, "must hold a rate; to have none, leave it out");
	cJSON_ArrayForEach (item, json) {
		struct weir_at here = weir_at_index(at, i++);
		struct weir_rate one = {0};

		rc = rc == 0 ? read_rate(&here, item, &one) : rc;
		if (rc == 0 && ((one.bps != 0 && rates->bps != 0) || (one.pps != 0 && rates->pps != 0)))
			rc = weir_at_err(
			    &here, EEXIST, "may hold one rate of a kind: bits per second and packets per second");
		rates->bps |= one.bps;
		rates->pps |= one.pps;
	}
	return rc;
}

int
weir_read_pps(const struct weir_at *at, const cJSON *json, uint64_t *pps)
{
	struct weir_rate rate = {0};
	int rc = read_rate(at, json, &rate);

	if (rc == 0 && rate.pps == 0)
		rc = weir_refuse(at, EINVAL, "in packets per second, such as \"50kpps\"", json);
	*pps = rate.pps;
	return rc;
}

int
weir_read_weight(const struct weir_at *at, const cJSON *json, uint32_t *weight)
{
	return weir_read_uint(at, json, 1, WEIR_WEIGHT_MAX, weight);
}

int
weir_read_burst(const struct weir_at *at, const cJSON *json, uint64_t *ns)
{
	return weir_read_duration(at, json, TIME_MIN, TIME_MAX, "a time from \"100us\" to \"1s\"", ns);
}

int
weir_read_queue(const struct weir_at *at, const cJSON *json, uint64_t *ns, uint64_t *bytes)
{
	static const char allowed[] = "a time from \"100us\" to \"1s\", or a size from \"9216B\" to \"64MB\"";
	uint64_t size;
	int rc = cJSON_IsString(json) ? weir_bytes_parse(json->valuestring, &size) : -EINVAL;

	if (rc == -EINVAL)
		return weir_read_duration(at, json, TIME_MIN, TIME_MAX, allowed, ns);
	if (rc == 0 && (size < QUEUE_BYTES_MIN || size > QUEUE_BYTES_MAX))
		rc = -ERANGE;
	if (rc != 0)
		return weir_refuse(at, -rc, allowed, json);
	*bytes = size;
	return 0;
}

int
weir_read_excess(const struct weir_at *at, const cJSON *json, bool *police)
{
	*police = cJSON_IsString(json) && strcmp(json->valuestring, "police") == 0;
	if (*police || (cJSON_IsString(json) && strcmp(json->valuestring, "shape") == 0))
		return 0;
	return weir_refuse(at, EINVAL, "\"shape\" or \"police\"", json);
}

int
weir_read_share(const struct weir_at *at, const cJSON *json, uint32_t *thousandths)
{
	int rc = cJSON_IsString(json) ? weir_share_parse(json->valuestring, thousandths) : -EINVAL;

	if (rc == 0 && *thousandths == 0)
		rc = -ERANGE;
	return rc == 0 ? 0 : weir_refuse(at, -rc, "a share from \"0.1%\" to \"100%\", by tenths", json);
}
