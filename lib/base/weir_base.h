/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every module may use: errors that name a place, units as users write them, addresses, ids, the clock.
 * Thread-safety: everything here works on the caller's own data, except where a comment says otherwise.
 */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_CACHELINE 64
#define WEIR_CACHE_ALIGNED __attribute__((aligned(WEIR_CACHELINE)))
#define WEIR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WEIR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Time is nanoseconds on a monotonic scale of the process, handed down as an argument; see weir_clock.h. */
#define WEIR_NS_PER_S UINT64_C(1000000000)
#define WEIR_NS_PER_MS UINT64_C(1000000)
#define WEIR_NS_PER_US UINT64_C(1000)

/* An index that names nothing. Ids are dense u32 indices, 0 included. */
#define WEIR_NONE UINT32_MAX

#define WEIR_NAME_MAX 32 /* characters of a configured name */
#define WEIR_NAME_SIZE (WEIR_NAME_MAX + 1)

/* ---- errors ---- */

/* One refusal: what, where in the document (a JSON pointer; "" where there is none) and why. */
struct weir_err {
	int errnum; /* positive errno; 0 = no error */
	char path[400];
	char msg[600];
};

/*
 * Fills *err, unless it already holds an error: the first fault found is the one reported. `err` may be NULL.
 * Returns -errnum, so that `return weir_err(...)` reports and fails in one line.
 */
int weir_err(struct weir_err *err, int errnum, const char *path, const char *fmt, ...) WEIR_PRINTF(4, 5);

/* ---- units ---- */

/* A limit or guarantee. 0 in a field = that kind is not given. */
struct weir_rate {
	uint64_t bps; /* bits per second */
	uint64_t pps; /* packets per second */
};

#define WEIR_BPS_MIN UINT64_C(1000)	    /* 1 kbps */
#define WEIR_BPS_MAX UINT64_C(400000000000) /* 400 Gbps */
#define WEIR_PPS_MIN UINT64_C(1)
#define WEIR_PPS_MAX UINT64_C(1000000000)

/* A share of what is spare. */
#define WEIR_WEIGHT_DEFAULT 1u
#define WEIR_WEIGHT_MAX 1000u

/*
 * "2.5Gbps", "50kpps": a decimal number and one of bps kbps Mbps Gbps Tbps pps kpps Mpps (powers of 1000), nothing
 * else; the value has to be a whole number of bit/s or packets/s. Fills the one field of *rate that the unit names
 * and leaves the other. Returns 0; -EINVAL not a rate; -ERANGE outside WEIR_{BPS,PPS}_{MIN,MAX}.
 */
int weir_rate_parse(const char *text, struct weir_rate *rate);

/* Writes the shortest exact form ("2.5Gbps"), NUL-terminated; `size` of 32 always suffices. Returns `buf`. */
char *weir_bps_format(uint64_t bps, char *buf, size_t size);
char *weir_pps_format(uint64_t pps, char *buf, size_t size);

/* "300s", "20ms", "1m", "2h", "50us" -> nanoseconds. Returns 0, -EINVAL, or -ERANGE over 365 days. */
int weir_duration_parse(const char *text, uint64_t *ns);

/* "9216B", "64kB", "1.5MB", "1GB" (powers of 1000) -> a whole number of bytes. Returns 0, -EINVAL or -ERANGE. */
int weir_bytes_parse(const char *text, uint64_t *bytes);

/* "20%", "0.5%" -> thousandths. Returns 0, -EINVAL (also finer than a tenth), or -ERANGE over 100%. */
int weir_share_parse(const char *text, uint32_t *thousandths);

/* ---- names ---- */

/* True if `name` is 1 to 32 characters of A-Z a-z 0-9 _ - */
bool weir_name_ok(const char *name);

/* ---- addresses ---- */

struct weir_mac {
	uint8_t b[6];
};

/* IPv6, or IPv4 as ::ffff:a.b.c.d, in network order: one form for tables and comparisons. */
struct weir_ip {
	uint8_t b[16];
};

struct weir_prefix {
	struct weir_ip ip; /* the address as written, host bits kept */
	uint8_t len;	   /* of the 128-bit form: an IPv4 /24 has 120 */
};

int weir_mac_parse(const char *text, struct weir_mac *mac);		   /* "02:00:00:00:00:01"; 0 or -EINVAL */
char *weir_mac_format(const struct weir_mac *mac, char *buf, size_t size); /* size >= 18; returns buf */
int weir_ip_parse(const char *text, struct weir_ip *ip);		/* "192.0.2.1", "2001:db8::1"; 0 or -EINVAL */
char *weir_ip_format(const struct weir_ip *ip, char *buf, size_t size); /* size >= 46; returns buf */
int weir_prefix_parse(const char *text, struct weir_prefix *prefix); /* "192.0.2.1/24"; length needed; 0 or -EINVAL */

/* "192.0.2.1/24", host bits and all; size >= WEIR_PREFIX_TEXT_SIZE; returns buf */
char *weir_prefix_text(const struct weir_prefix *prefix, char *buf, size_t size);
#define WEIR_PREFIX_TEXT_SIZE 50

/* True if `ip` is in the network of `prefix`. IPv6 prefixes, ::/0 too, hold no IPv4 address. */
bool weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_ip *ip);

static inline bool
weir_ip_is_v4(const struct weir_ip *ip)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return __builtin_memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

static inline bool
weir_ip_equal(const struct weir_ip *a, const struct weir_ip *b)
{
	return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool
weir_mac_equal(const struct weir_mac *a, const struct weir_mac *b)
{
	return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

/* Group bit: multicast and broadcast. */
static inline bool
weir_mac_is_group(const struct weir_mac *mac)
{
	return (mac->b[0] & 1) != 0;
}

/* ---- ids ---- */

/* Hands out the lowest free index below a fixed capacity, so that arrays by id stay dense. One thread at a time. */
struct weir_idpool;

struct weir_idpool *weir_idpool_create(uint32_t capacity); /* NULL: no memory. Free with weir_idpool_free(). */
void weir_idpool_free(struct weir_idpool *pool);	   /* NULL is fine */
uint32_t weir_idpool_get(struct weir_idpool *pool);	   /* WEIR_NONE: all are taken */
void weir_idpool_put(struct weir_idpool *pool, uint32_t id);
uint32_t weir_idpool_used(const struct weir_idpool *pool);

/* ---- log ---- */

/*
 * One line, without the newline, to the log (stderr, or where EAL sends it). Never on the packet path.
 * Thread-safe.
 */
void weir_log_error(const char *fmt, ...) WEIR_PRINTF(1, 2);
void weir_log_warn(const char *fmt, ...) WEIR_PRINTF(1, 2);
void weir_log_info(const char *fmt, ...) WEIR_PRINTF(1, 2);

#endif
