/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one element's JSON to its typed configuration: what can be told from the element alone. (What must fit what
 * stands beside it, model_index.c sees to.) Every reader reports the first fault at its own path and returns -errno.
 */
#ifndef WEIR_VALIDATE_PRIV_H
#define WEIR_VALIDATE_PRIV_H

#include "json_priv.h"
#include "weir_model.h"

/* A kind of element: a member of one section of the document, or (settings) the section itself. */
struct weir_kind {
	size_t size; /* of its configuration, which begins zeroed */
	int (*read)(const struct weir_at *at, const char *name, const cJSON *json, void *cfg);
	bool (*equal)(const void *a, const void *b);
	void (*clear)(void *cfg); /* frees what read() has allocated, also after a failure */
};

extern const struct weir_kind weir_kind_port, weir_kind_settings, weir_kind_underlay, weir_kind_tenant;

/* ---- objects ---- */

/* A key that an object may have. */
struct weir_field {
	const char *key;
	int (*read)(const struct weir_at *at, const cJSON *json, void *out);
	bool required;
	bool later; /* of the contract, but not built yet: refused */
};

/* Refuses a key that is not of `fields` or not built yet, at its place. Else *index is the field's. */
int weir_find_field(
    const struct weir_at *at, const char *key, const struct weir_field *fields, size_t n, size_t *index);

/* Reads an object's members in the order of `fields` (at most 32), each with the same `out`. */
int weir_read_object(
    const struct weir_at *at, const cJSON *json, const struct weir_field *fields, size_t n, void *out);

/* As weir_find_field() refuses them: "must be ALLOWED, found VALUE". */
int weir_refuse(const struct weir_at *at, int errnum, const char *allowed, const cJSON *json);

/* Refuses what is no name, at its place. */
int weir_check_name(const struct weir_at *at, const char *name);

/* ---- values ---- */

int weir_read_uint(const struct weir_at *at, const cJSON *json, uint32_t min, uint32_t max, uint32_t *value);
int weir_read_name(const struct weir_at *at, const cJSON *json, char name[WEIR_NAME_SIZE]);
int weir_read_vlan(const struct weir_at *at, const cJSON *json, uint32_t *vlan);
int weir_read_duration(
    const struct weir_at *at, const cJSON *json, uint64_t min, uint64_t max, const char *allowed, uint64_t *ns);
int weir_read_mac(const struct weir_at *at, const cJSON *json, struct weir_mac *mac); /* unicast, not zero */

/* ---- validate_rate.c ---- */

int weir_read_bps(const struct weir_at *at, const cJSON *json, uint64_t *bps);
int weir_read_pps(const struct weir_at *at, const cJSON *json, uint64_t *pps);
int weir_read_rates(const struct weir_at *at, const cJSON *json, struct weir_rate *rates); /* one kind or both */
int weir_read_weight(const struct weir_at *at, const cJSON *json, uint32_t *weight);
int weir_read_burst(const struct weir_at *at, const cJSON *json, uint64_t *ns);
int weir_read_queue(
    const struct weir_at *at, const cJSON *json, uint64_t *ns, uint64_t *bytes); /* sets one of them */
int weir_read_excess(const struct weir_at *at, const cJSON *json, bool *police);
int weir_read_share(const struct weir_at *at, const cJSON *json, uint32_t *thousandths); /* not 0 */

/* ---- validate_address.c ---- */

/* An address that a host can have: not multicast, unspecified, loopback or broadcast. */
int weir_read_host(const struct weir_at *at, const cJSON *json, struct weir_ip *ip);

/* An array of such addresses, without duplicates; *ips is allocated and in order. */
int weir_read_hosts(
    const struct weir_at *at, const cJSON *json, uint32_t max, const struct weir_ip **ips, uint32_t *n);

/* The array itself; its length in *n. */
int weir_read_array(const struct weir_at *at, const cJSON *json, uint32_t max, uint32_t *n);

/* Calls `read` with the value, or, where it is an array of 1 to `max`, with each of it, until one fails. */
int weir_read_some(const struct weir_at *at, const cJSON *json, uint32_t max,
    int (*read)(const struct weir_at *at, const cJSON *json, void *out), void *out);

/* Refuses a prefix that has host bits. */
int weir_check_network(const struct weir_at *at, const struct weir_prefix *prefix);

/* Such an address with the length of its prefix, which is not 0: neither the first nor the last one of it. */
int weir_read_host_prefix(const struct weir_at *at, const cJSON *json, struct weir_prefix *prefix);

/* NULL: it is one. */
const char *weir_host_fault(const struct weir_ip *ip);

/* The first and last address of an IPv4 prefix, which are no host's, or of IPv6 the first (RFC 4291: any router). */
bool weir_prefix_is_edge(const struct weir_prefix *prefix, const struct weir_ip *ip);
struct weir_ip weir_prefix_first(const struct weir_prefix *prefix);
struct weir_ip weir_prefix_last(const struct weir_prefix *prefix);

bool weir_ip_is_link_local(const struct weir_ip *ip); /* 169.254/16, fe80::/10 */

/* "192.0.2.0/24": the network, without the host bits. Returns `buf`. */
char *weir_prefix_format(const struct weir_prefix *prefix, char *buf, size_t size);

bool weir_hosts_equal(const struct weir_ip *a, uint32_t n_a, const struct weir_ip *b, uint32_t n_b);

/* For what only the configuration's own code may change. */
void weir_free_const(const void *memory);

#endif
