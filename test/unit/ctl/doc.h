/* SPDX-License-Identifier: BSD-3-Clause */
/* Documents and models for the tests of lib/ctl. */
#ifndef TEST_DOC_H
#define TEST_DOC_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "weir_model.h"

/* A small document with everything in it that the tables of faults need. */
#define BASE_DOCUMENT                                                                                                \
	"{\"ports\":{\"up0\":{\"devargs\":\"net_null0,no-rx=1\"},\"up1\":{\"device\":\"0000:3b:00.0\"},"             \
	"\"tap1\":{\"devargs\":\"net_tap1,iface=tap1\"},\"tap2\":{\"devargs\":\"net_tap2\"}},"                       \
	"\"settings\":{\"flows\":4096},"                                                                             \
	"\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/24\",\"2001:db8::1/64\"],\"gateway\":[\"192.0.2.254\"]},"   \
	"\"up1\":{\"address\":[\"198.51.100.1/24\"],\"vlan\":7,\"mac\":\"02:aa:aa:aa:aa:01\"}},"                     \
	"\"tenants\":{"                                                                                              \
	"\"red\":{\"limit\":\"5Gbps\",\"quota\":{\"flows\":100,\"macs\":8},"                                         \
	"\"switches\":{\"web\":{\"vni\":5001,\"remotes\":[\"192.0.2.2\",\"2001:db8::2\"],"                           \
	"\"macs\":{\"02:00:00:00:00:09\":\"192.0.2.2\",\"02:00:00:00:00:01\":\"web1\"}},\"db\":{}},"                 \
	"\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"tap1\",\"vlan\":100,\"limit\":[\"1Gbps\",\"1Mpps\"],"   \
	"\"mac\":\"02:00:00:00:00:01\",\"addresses\":[\"10.0.0.5\"]},"                                               \
	"\"web2\":{\"switch\":\"web\",\"port\":\"tap1\"},\"db1\":{\"switch\":\"db\",\"port\":\"tap2\"}}},"           \
	"\"blue\":{\"switches\":{\"web\":{\"vni\":5002}},"                                                           \
	"\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"tap2\",\"vlan\":100}}}}}"

/* Two routers that meet on a switch, and names that another tenant has too. */
#define ROUTER_DOCUMENT                                                                                              \
	"{\"ports\":{\"p0\":{\"device\":\"d0\"},\"p1\":{\"device\":\"d1\"}},\"tenants\":{\"red\":{"                  \
	"\"switches\":{\"web\":{\"macs\":{\"02:00:00:00:00:09\":\"web2\"}},\"db\":{},\"lan\":{}},"                   \
	"\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"p0\",\"mac\":\"02:00:00:00:00:01\"},"                   \
	"\"web2\":{\"switch\":\"web\",\"port\":\"p0\",\"vlan\":2},\"db1\":{\"switch\":\"db\",\"port\":\"p1\","       \
	"\"mac\":\"02:00:00:00:00:02\"}},"                                                                           \
	"\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.1/24\",\"fd00:1::1/64\"],"            \
	"\"mac\":\"02:00:00:00:aa:01\"},\"db\":{\"addresses\":[\"10.0.1.1/24\"],\"proxy\":true}},"                   \
	"\"routes\":{\"0.0.0.0/0\":{\"via\":\"10.0.0.254\"},\"10.9.0.0/16\":{\"via\":[\"10.0.1.3\",\"10.0.0.2\"]},"  \
	"\"192.0.2.0/24\":{\"blackhole\":true},\"fd00:9::/48\":{\"via\":\"fe80::5\",\"interface\":\"web\"}}},"       \
	"\"r2\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.2/24\"]}}}}},"                                     \
	"\"blue\":{\"switches\":{\"web\":{}},\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":["          \
	"\"10.0.0.1/24\"],\"mac\":\"02:00:00:00:aa:01\"}}}}}}}"

/* Firewalls that use sets, on a vport and on an interface of a router; one that nobody uses. */
#define FIREWALL_DOCUMENT                                                                                            \
	"{\"ports\":{\"p0\":{\"device\":\"d0\"}},\"tenants\":{\"red\":{\"quota\":{\"connections\":50000},"           \
	"\"sets\":{\"admins\":[\"10.0.0.0/24\",\"2001:db8::/64\",\"10.9.9.9\"],\"web\":[\"10.0.0.5\"]},"             \
	"\"switches\":{\"web\":{},\"db\":{}},"                                                                       \
	"\"firewalls\":{\"edge\":{\"rules\":[{\"action\":\"allow\",\"direction\":\"out\",\"proto\":\"tcp\",\"dst\":" \
	"\"10.0.0.5\",\"dport\":443},"                                                                               \
	"{\"action\":\"allow\",\"proto\":\"udp\",\"src\":[\"@admins\",\"192.0.2.0/"                                  \
	"24\"],\"dport\":[\"53\",\"1000-2000\",5353],\"state\":false},"                                              \
	"{\"action\":\"reject\",\"proto\":\"tcp\",\"tcp_flags\":\"syn !ack\"},"                                      \
	"{\"action\":\"allow\",\"proto\":\"icmp\",\"icmp_type\":[8,\"13-14\"]},{\"action\":\"deny\"}]},"             \
	"\"core\":{\"rules\":[]},\"spare\":{\"rules\":[{\"action\":\"allow\",\"src\":\"@web\"}]}},"                  \
	"\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"p0\",\"firewall\":\"edge\"},\"db1\":{\"switch\":"       \
	"\"db\",\"port\":\"p0\",\"vlan\":2}},"                                                                       \
	"\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.1/24\"],\"firewall\":\"core\"},"      \
	"\"db\":{\"addresses\":[\"10.0.1.1/24\"]}}}}},\"blue\":{}}}"

static inline struct weir_model *
new_model(void)
{
	struct weir_model *model = weir_model_create();

	cr_assert_not_null(model);
	return model;
}

static inline int
load(struct weir_model *model, const char *text, struct weir_change **change, struct weir_err *err)
{
	*err = (struct weir_err){0};
	return weir_model_load(model, text, strlen(text), change, err);
}

static inline int
patch(struct weir_model *model, const char *text, struct weir_change **change, struct weir_err *err)
{
	*err = (struct weir_err){0};
	return weir_model_patch(model, text, strlen(text), change, err);
}

static inline void
must_load(struct weir_model *model, const char *text)
{
	struct weir_change *change;
	struct weir_err err;
	int rc = load(model, text, &change, &err);

	cr_assert_eq(rc, 0, "%s: %s", err.path, err.msg);
	weir_model_commit(model, change, weir_model_version(model) + 1);
}

static inline void
must_patch(struct weir_model *model, const char *text)
{
	struct weir_change *change;
	struct weir_err err;
	int rc = patch(model, text, &change, &err);

	cr_assert_eq(rc, 0, "%s: %s: %s", text, err.path, err.msg);
	weir_model_commit(model, change, weir_model_version(model) + 1);
}

/* The caller's to free(). */
static inline char *
show(struct weir_model *model, const char *pointer)
{
	struct weir_err err = {0};
	uint64_t version;
	char *text;
	size_t len;

	cr_assert_eq(weir_model_show(model, pointer, &text, &len, &version, &err), 0, "%s", err.msg);
	cr_assert_eq(strlen(text), len);
	cr_assert_eq(version, weir_model_version(model));
	return text;
}

#define assert_shows(model, pointer, expected)                                                                       \
	do {                                                                                                         \
		char *doc_shown = show(model, pointer);                                                              \
                                                                                                                     \
		cr_assert_str_eq(doc_shown, expected);                                                               \
		free(doc_shown);                                                                                     \
	} while (0)

#endif
