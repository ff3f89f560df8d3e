/* SPDX-License-Identifier: BSD-3-Clause */
/* Every field of a router wrong in every way: each case is a merge patch of ROUTER_DOCUMENT. */
#include "doc.h"
#include "faults.h"

#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define R1(x) RED("\"routers\":{\"r1\":{" x "}}")
#define R2(x) RED("\"routers\":{\"r2\":{" x "}}")
#define WEB(x) R1("\"interfaces\":{\"web\":{" x "}}")
#define DB(x) R1("\"interfaces\":{\"db\":{" x "}}")
#define R2_WEB(x) R2("\"interfaces\":{\"web\":{" x "}}")
#define ROUTE(prefix, x) R1("\"routes\":{\"" prefix "\":" x "}")
#define NEW(x) ROUTE("10.7.0.0/16", "{" x "}")
#define NEW6(x) ROUTE("fd00:7::/32", "{" x "}")
#define VIA_17                                                                                                       \
	"[\"10.0.0.11\",\"10.0.0.12\",\"10.0.0.13\",\"10.0.0.14\",\"10.0.0.15\",\"10.0.0.16\",\"10.0.0.17\","        \
	"\"10.0.0.18\",\"10.0.0.19\",\"10.0.0.20\",\"10.0.0.21\",\"10.0.0.22\",\"10.0.0.23\",\"10.0.0.24\","         \
	"\"10.0.0.25\",\"10.0.0.26\",\"10.0.0.27\"]"
#define AT_ROUTERS "/tenants/red/routers"
#define AT_R1 "/tenants/red/routers/r1"
#define AT_R2 "/tenants/red/routers/r2"
#define AT_WEB AT_R1 "/interfaces/web"
#define AT_DB AT_R1 "/interfaces/db"
#define AT_NEW AT_R1 "/routes/10.7.0.0~116"
#define AT_NEW6 AT_R1 "/routes/fd00:7::~132"
#define R1_DB_MAC "02:8c:5a:f3:99:12"  /* of red/r1/db */
#define R2_WEB_MAC "02:7b:71:c3:40:24" /* of red/r2/web */

static const struct fault faults[] = {
    /* routers */
    {RED("\"routers\":[]"), EINVAL, AT_ROUTERS, "must be an object, found an array"},
    {RED("\"routers\":\"r1\""), EINVAL, AT_ROUTERS, "found \"r1\""},
    {RED("\"routers\":{\"a b\":{}}"), EINVAL, AT_ROUTERS "/a b", "name is 1 to 32"},
    {RED("\"routers\":{\"new\":7}"), EINVAL, AT_ROUTERS "/new", "must be an object, found 7"},
    {R1("\"route\":{}"), EINVAL, AT_R1 "/route", "did you mean \"routes\"?"},
    {R1("\"interface\":{}"), EINVAL, AT_R1 "/interface", "did you mean \"interfaces\"?"},
    {"{\"tenants\":{\"green\":{\"routers\":{\"r\":{\"interfaces\":{\"s\":{\"addresses\":[\"10.0.0.1/24\"]}}}}}}}",
	ENOENT, "/tenants/green/routers/r/interfaces/s", "no switch \"s\""},

    /* interfaces */
    {R1("\"interfaces\":[\"web\"]"), EINVAL, AT_R1 "/interfaces", "must be an object"},
    {R1("\"interfaces\":{\"a b\":{}}"), EINVAL, AT_R1 "/interfaces/a b", "name is 1 to 32"},
    {R1("\"interfaces\":{\"wob\":{\"addresses\":[\"10.1.0.1/24\"]}}"), ENOENT, AT_R1 "/interfaces/wob",
	"no switch \"wob\""},
    {R1("\"interfaces\":{\"lan\":{}}"), EINVAL, AT_R1 "/interfaces/lan", "\"addresses\" is missing"},
    {R1("\"interfaces\":{\"lan\":\"10.1.0.1/24\"}"), EINVAL, AT_R1 "/interfaces/lan", "must be an object"},
    {RED("\"switches\":{\"web\":null},\"vports\":null"), ENOENT, AT_WEB, "no switch \"web\""},
    {WEB("\"address\":[]"), EINVAL, AT_WEB "/address", "did you mean \"addresses\"?"},
    {WEB("\"addresses\":\"10.0.0.1/24\""), EINVAL, AT_WEB "/addresses", "must be an array"},
    {WEB("\"addresses\":[]"), EINVAL, AT_WEB "/addresses", "must hold an address"},
    {WEB("\"addresses\":[7]"), EINVAL, AT_WEB "/addresses/0", "found 7"},
    {WEB("\"addresses\":[\"10.0.0.1/24\",\"10.2.0.1\"]"), EINVAL, AT_WEB "/addresses/1", "with its prefix length"},
    {WEB("\"addresses\":[\"10.0.0.1/33\"]"), EINVAL, AT_WEB "/addresses/0", "found \"10.0.0.1/33\""},
    {WEB("\"addresses\":[\"10.0.0.0/24\"]"), EINVAL, AT_WEB "/addresses/0", "first or last"},
    {WEB("\"addresses\":[\"10.0.0.255/24\"]"), EINVAL, AT_WEB "/addresses/0", "first or last"},
    {WEB("\"addresses\":[\"10.0.0.3/30\"]"), EINVAL, AT_WEB "/addresses/0", "first or last"},
    {WEB("\"addresses\":[\"fd00:1::/64\"]"), EINVAL, AT_WEB "/addresses/0", "first or last"},
    {WEB("\"addresses\":[\"10.0.0.1/0\"]"), EINVAL, AT_WEB "/addresses/0", "length 0"},
    {WEB("\"addresses\":[\"224.0.0.1/24\"]"), EINVAL, AT_WEB "/addresses/0", "multicast"},
    {WEB("\"addresses\":[\"255.255.255.255/32\"]"), EINVAL, AT_WEB "/addresses/0", "broadcast"},
    {WEB("\"addresses\":[\"0.0.0.1/8\"]"), EINVAL, AT_WEB "/addresses/0", "this network"},
    {WEB("\"addresses\":[\"127.0.0.1/8\"]"), EINVAL, AT_WEB "/addresses/0", "loopback"},
    {WEB("\"addresses\":[\"169.254.0.1/16\"]"), EINVAL, AT_WEB "/addresses/0", "169.254.0.1/16 is link-local"},
    {WEB("\"addresses\":[\"ff02::1/64\"]"), EINVAL, AT_WEB "/addresses/0", "multicast"},
    {WEB("\"addresses\":[\"::/128\"]"), EINVAL, AT_WEB "/addresses/0", "unspecified"},
    {WEB("\"addresses\":[\"::1/128\"]"), EINVAL, AT_WEB "/addresses/0", "loopback"},
    {WEB("\"addresses\":[\"fe80::1/64\"]"), EINVAL, AT_WEB "/addresses/0", "link-local"},
    {WEB("\"addresses\":[\"febf::1/64\"]"), EINVAL, AT_WEB "/addresses/0", "link-local"},
    {WEB("\"mac\":\"01:00:00:00:aa:01\""), EINVAL, AT_WEB "/mac", "not multicast"},
    {WEB("\"mac\":\"ff:ff:ff:ff:ff:ff\""), EINVAL, AT_WEB "/mac", "not multicast"},
    {WEB("\"mac\":\"00:00:00:00:00:00\""), EINVAL, AT_WEB "/mac", "not zero"},
    {WEB("\"mac\":7"), EINVAL, AT_WEB "/mac", "found 7"},
    {WEB("\"proxy\":1"), EINVAL, AT_WEB "/proxy", "must be true or false, found 1"},
    {WEB("\"proxy\":\"true\""), EINVAL, AT_WEB "/proxy", "found \"true\""},

    /* connected prefixes of one router */
    {WEB("\"addresses\":[\"10.0.1.7/24\"]"), EEXIST, AT_WEB "/addresses/0",
	"interface \"db\" has an address in 10.0.1.0/24 already"},
    {WEB("\"addresses\":[\"10.0.0.1/24\",\"10.0.0.7/24\"]"), EEXIST, AT_WEB "/addresses/1",
	"interface \"web\" has an address in 10.0.0.0/24 already"},
    {WEB("\"addresses\":[\"10.0.0.1/24\",\"10.0.0.1/24\"]"), EEXIST, AT_WEB "/addresses/1", "in 10.0.0.0/24 already"},
    {WEB("\"addresses\":[\"172.16.0.1/24\",\"10.1.1.1/8\"]"), EEXIST, AT_WEB "/addresses/1",
	"10.0.0.0/8 overlaps 10.0.1.0/24 of interface \"db\""},
    {WEB("\"addresses\":[\"10.0.1.200/32\"]"), EEXIST, AT_WEB "/addresses/0",
	"10.0.1.200/32 overlaps 10.0.1.0/24 of interface \"db\""},
    {DB("\"addresses\":[\"10.0.1.1/24\",\"fd00:1:0:0:8::1/80\"]"), EEXIST, AT_WEB "/addresses/1",
	"fd00:1::/64 overlaps fd00:1:0:0:8::/80 of interface \"db\""},
    /* with IPv4's addresses between them */
    {R1("\"interfaces\":{\"lan\":{\"addresses\":[\"::5/16\",\"0:0:1::5/48\"]}}"), EEXIST,
	AT_R1 "/interfaces/lan/addresses/1", "0:0:1::/48 overlaps ::/16 of interface \"lan\""},

    /* what routers are on a switch */
    {R2_WEB("\"mac\":\"02:00:00:00:AA:01\""), EEXIST, AT_R2 "/interfaces/web/mac",
	"router r1 on the same switch has this MAC too"},
    {WEB("\"mac\":\"" R2_WEB_MAC "\""), EEXIST, AT_R2 "/interfaces/web",
	"router r1 on the same switch has the MAC made of these names, " R2_WEB_MAC ": give another as \"mac\""},
    {WEB("\"mac\":\"02:00:00:00:00:01\""), EEXIST, AT_WEB "/mac", "vport web1 on the same switch has this MAC too"},
    {WEB("\"mac\":\"02:00:00:00:00:09\""), EEXIST, AT_WEB "/mac", "an entry of \"macs\" on the same switch has this"},
    {RED("\"vports\":{\"db1\":{\"mac\":\"" R1_DB_MAC "\"}}"), EEXIST, AT_DB,
	"vport db1 on the same switch has the MAC made of these names, " R1_DB_MAC},
    {RED("\"switches\":{\"db\":{\"macs\":{\"" R1_DB_MAC "\":\"db1\"}}}"), EEXIST, AT_DB,
	"an entry of \"macs\" on the same switch has the MAC made of these names, " R1_DB_MAC},
    {R2_WEB("\"addresses\":[\"10.7.0.1/24\",\"10.0.0.1/16\"]"), EEXIST, AT_R2 "/interfaces/web/addresses/1",
	"router \"r1\" on the same switch has the address 10.0.0.1 too"},
    {R2_WEB("\"addresses\":[\"fd00:1::1/128\"]"), EEXIST, AT_R2 "/interfaces/web/addresses/0",
	"has the address fd00:1::1 too"},

    /* routes: the prefix */
    {R1("\"routes\":[]"), EINVAL, AT_R1 "/routes", "must be an object"},
    {ROUTE("10.7.0.0", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/10.7.0.0", "must be a prefix such as"},
    {ROUTE("default", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/default", "must be a prefix such as"},
    {ROUTE("10.7.0.0/33", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/10.7.0.0~133", "must be a prefix"},
    {ROUTE("10.7.0.1/16", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/10.7.0.1~116",
	"has host bits: the prefix is 10.7.0.0/16"},
    {ROUTE("fd00:7::1/32", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/fd00:7::1~132",
	"has host bits: the prefix is fd00:7::/32"},
    {ROUTE("0.0.0.1/0", "{\"blackhole\":true}"), EINVAL, AT_R1 "/routes/0.0.0.1~10", "the prefix is 0.0.0.0/0"},
    {ROUTE("10.9.0.0/016", "{\"blackhole\":true}"), EEXIST, NULL, "is the same prefix as \"10.9.0.0/"},
    {ROUTE("fd00:9:0::/48", "{\"blackhole\":true}"), EEXIST, NULL, "is the same prefix as \"fd00:9:"},
    {ROUTE("10.0.1.0/24", "{\"via\":\"10.0.0.7\"}"), EEXIST, AT_R1 "/routes/10.0.1.0~124",
	"interface \"db\" has an address in it: it is connected there"},
    {ROUTE("fd00:1::/64", "{\"blackhole\":true}"), EEXIST, AT_R1 "/routes/fd00:1::~164", "interface \"web\""},
    {WEB("\"addresses\":[\"10.9.1.1/16\"]"), EEXIST, AT_R1 "/routes/10.9.0.0~116", "interface \"web\""},

    /* routes: where to */
    {ROUTE("10.7.0.0/16", "\"10.0.0.7\""), EINVAL, AT_NEW, "must be an object"},
    {ROUTE("10.7.0.0/16", "[]"), EINVAL, AT_NEW, "must be an object"},
    {NEW(""), EINVAL, AT_NEW, "either \"via\" or \"blackhole\", found neither"},
    {NEW("\"interface\":\"web\""), EINVAL, AT_NEW, "found neither"},
    {NEW("\"via\":\"10.0.0.7\",\"blackhole\":true"), EINVAL, AT_NEW, "found both"},
    {NEW("\"blackhole\":false"), EINVAL, AT_NEW "/blackhole", "must be true, found false"},
    {NEW("\"blackhole\":1"), EINVAL, AT_NEW "/blackhole", "must be true, found 1"},
    {NEW("\"blackhole\":true,\"interface\":\"web\""), EINVAL, AT_NEW, "a blackhole is nowhere"},
    {NEW("\"via\":\"10.0.0.7\",\"metric\":1"), EINVAL, AT_NEW "/metric", "unknown key"},
    {NEW("\"via\":7"), EINVAL, AT_NEW "/via", "an address such as"},
    {NEW("\"via\":{}"), EINVAL, AT_NEW "/via", "an address such as"},
    {NEW("\"via\":\"10.0.0.7/24\""), EINVAL, AT_NEW "/via", "an address such as"},
    {NEW("\"via\":\"224.0.0.1\""), EINVAL, AT_NEW "/via", "multicast"},
    {NEW("\"via\":\"0.0.0.0\""), EINVAL, AT_NEW "/via", "this network"},
    {NEW("\"via\":[]"), EINVAL, AT_NEW "/via", "must hold an address"},
    {NEW("\"via\":[\"10.0.0.7\",null]"), EINVAL, AT_NEW "/via/1", "found null"},
    {NEW("\"via\":" VIA_17), E2BIG, AT_NEW "/via", "17 entries: at most 16"},
    {NEW("\"via\":[\"10.0.0.7\",\"10.0.1.7\",\"10.0.0.7\"]"), EEXIST, AT_NEW "/via/2", "10.0.0.7 is here twice"},
    {NEW("\"via\":\"fd00:1::7\""), EINVAL, AT_NEW "/via", "must be an IPv4 address, as the prefix is"},
    {NEW6("\"via\":[\"fd00:1::7\",\"10.0.0.7\"]"), EINVAL, AT_NEW6 "/via/1",
	"must be an IPv6 address, as the prefix"},
    {NEW("\"via\":\"10.0.2.7\""), EINVAL, AT_NEW "/via", "10.0.2.7 is in no prefix of the router's interfaces"},
    {NEW("\"via\":[\"10.0.1.7\",\"9.255.255.255\"]"), EINVAL, AT_NEW "/via/1", "9.255.255.255 is in no prefix"},
    {NEW6("\"via\":\"fd00:1:0:1::7\""), EINVAL, AT_NEW6 "/via", "is in no prefix"},
    {NEW("\"via\":\"10.0.0.1\""), EINVAL, AT_NEW "/via", "10.0.0.1 is the router's own address"},
    {NEW("\"via\":[\"10.0.0.7\",\"10.0.1.1\"]"), EINVAL, AT_NEW "/via/1", "the router's own address"},
    {NEW6("\"via\":\"fd00:1::1\""), EINVAL, AT_NEW6 "/via", "the router's own address"},
    {NEW("\"via\":\"10.0.0.0\""), EINVAL, AT_NEW "/via", "the first or last address of 10.0.0.0/24"},
    {NEW("\"via\":\"10.0.0.255\""), EINVAL, AT_NEW "/via", "the first or last address of 10.0.0.0/24"},
    {NEW6("\"via\":\"fd00:1::\""), EINVAL, AT_NEW6 "/via", "the first or last address of fd00:1::/64"},
    {NEW6("\"via\":\"fe80::7\""), EINVAL, AT_NEW6 "/via", "fe80::7 is link-local: \"interface\" has to say where"},
    /* the address that the interface makes of its MAC, 02:00:00:00:aa:01 */
    {NEW6("\"via\":\"fe80::ff:fe00:aa01\",\"interface\":\"web\""), EINVAL, AT_NEW6 "/via",
	"the router's own address"},
    {NEW("\"via\":\"10.0.0.7\",\"interface\":\"wob\""), ENOENT, AT_NEW "/interface", "no interface \"wob\""},
    {NEW("\"via\":\"10.0.0.7\",\"interface\":\"lan\""), ENOENT, AT_NEW "/interface", "no interface \"lan\""},
    {NEW("\"via\":\"10.0.0.7\",\"interface\":0"), EINVAL, AT_NEW "/interface", "must be a name"},
    {NEW("\"via\":[\"10.0.1.7\",\"10.0.0.7\"],\"interface\":\"db\""), EINVAL, AT_NEW "/via/1",
	"10.0.0.7 is in 10.0.0.0/24 of interface \"web\", not of \"db\""},

    /* interfaces that routes still need */
    {R1("\"interfaces\":{\"db\":null}"), EINVAL, AT_R1 "/routes/10.9.0.0~116/via/0", "10.0.1.3 is in no prefix"},
    {R1("\"interfaces\":null"), EINVAL, AT_R1 "/routes/0.0.0.0~10/via", "10.0.0.254 is in no prefix"},
    {WEB("\"addresses\":[\"fd00:1::1/64\"]"), EINVAL, AT_R1 "/routes/0.0.0.0~10/via", "is in no prefix"},
    {WEB("\"addresses\":[\"10.0.0.254/24\"]"), EINVAL, AT_R1 "/routes/0.0.0.0~10/via", "the router's own address"},
};

Test(model_router_fields, wrong_as_patch)
{
	check_wrong_patches(ROUTER_DOCUMENT, faults, WEIR_ARRAY_LEN(faults));
}

Test(model_router_fields, wrong_as_load)
{
	check_wrong_loads(ROUTER_DOCUMENT, faults, WEIR_ARRAY_LEN(faults));
}

/* What looks odd but is allowed. */
static const char *const fine[] = {
    RED("\"routers\":{}"),
    RED("\"routers\":null"),
    RED("\"routers\":{\"new\":{}}"),
    R1("\"routes\":null"),
    R1("\"routes\":{\"0.0.0.0/0\":null,\"10.9.0.0/16\":null}"),
    R2("\"interfaces\":null"),
    R2("\"interfaces\":{},\"routes\":{\"0.0.0.0/0\":{\"blackhole\":true}}"),
    WEB("\"mac\":null"),
    WEB("\"mac\":\"00:1b:21:00:00:01\""),
    WEB("\"proxy\":false"),
    DB("\"addresses\":[\"10.0.1.1/24\",\"10.0.2.0/31\",\"10.0.3.255/32\",\"fd00:2::/127\",\"fd00:3::/128\"]"),
    DB("\"addresses\":[\"10.0.1.1/24\",\"240.0.0.1/24\",\"::2/8\"]"),
    /* the MACs and addresses of another switch or tenant */
    DB("\"mac\":\"02:00:00:00:00:01\""),
    DB("\"mac\":\"02:00:00:00:00:09\""),
    DB("\"mac\":\"02:00:00:00:aa:01\""),
    R2("\"interfaces\":{\"web\":null,\"lan\":{\"addresses\":[\"10.0.0.1/24\"],\"mac\":\"02:00:00:00:aa:01\"}}"),
    R2_WEB("\"addresses\":[\"10.0.0.7/8\"]"),
    /* prefixes that hold others, or are held */
    ROUTE("10.0.0.0/8", "{\"via\":\"10.0.0.7\"}"),
    ROUTE("10.0.1.0/25", "{\"via\":\"10.0.0.7\"}"),
    ROUTE("10.0.1.1/32", "{\"blackhole\":true}"),
    ROUTE("::/0", "{\"via\":[\"fd00:1::7\"]}"),
    ROUTE("::/96", "{\"blackhole\":true}"),
    ROUTE("224.0.0.0/4", "{\"blackhole\":true}"),
    ROUTE("FD00:7:0::/32", "{\"via\":[\"fd00:1::7\",\"fd00:1::8\"]}"),
    NEW("\"via\":[\"10.0.0.7\"]"),
    NEW("\"via\":\"10.0.0.7\",\"interface\":\"web\""),
    NEW6("\"via\":[\"fe80::7\",\"fd00:1::7\"],\"interface\":\"web\""),
    NEW6("\"via\":\"fe80::7\",\"interface\":\"db\""),
    /* the address that the other interface makes of its MAC */
    NEW6("\"via\":\"fe80::ff:fe00:aa01\",\"interface\":\"db\""),
    ROUTE("10.9.0.0/16", "{\"via\":null,\"blackhole\":true}"),
    ROUTE("192.0.2.0/24", "{\"via\":\"10.0.0.7\",\"blackhole\":null}"),
    /* exchanges within one change */
    RED("\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"mac\":\"02:00:00:00:aa:02\",\"addresses\":[\"10.0.0.2/"
	"24\"]}},"
	"\"routes\":{\"10.9.0.0/16\":null}},"
	"\"r2\":{\"interfaces\":{\"web\":{\"mac\":\"02:00:00:00:aa:01\",\"addresses\":[\"10.0.0.1/24\"]}}}}"),
    R1("\"interfaces\":{\"web\":{\"addresses\":[\"10.0.1.1/24\",\"fd00:1::1/64\"]},\"db\":{\"addresses\":["
       "\"10.0.0.1/24\"]}}"),
};

Test(model_router_fields, fine_as_patch_and_load)
{
	check_fine(ROUTER_DOCUMENT, fine, WEIR_ARRAY_LEN(fine));
}

/* A router on `n` switches, each interface with `addresses` addresses. The caller's to free(). */
static char *
wide_router(uint32_t n, uint32_t addresses)
{
	char *text = malloc(1000 + n * (100 + addresses * 32)), *at = text;

	at += sprintf(at, "{\"tenants\":{\"t\":{\"switches\":{");
	for (uint32_t i = 0; i < n; i++)
		at += sprintf(at, "%s\"s%u\":{}", i > 0 ? "," : "", i);
	at += sprintf(at, "},\"routers\":{\"r\":{\"interfaces\":{");
	for (uint32_t i = 0; i < n; i++) {
		at += sprintf(at, "%s\"s%u\":{\"addresses\":[", i > 0 ? "," : "", i);
		for (uint32_t k = 0; k < addresses; k++)
			at += sprintf(at, "%s\"10.%u.%u.1/24\"", k > 0 ? "," : "", i, k);
		at += sprintf(at, "]}");
	}
	(void)sprintf(at, "}}}}}}");
	return text;
}

Test(model_router_fields, interfaces_and_addresses_are_bounded)
{
	static const struct {
		uint32_t n, addresses;
		int rc;
		const char *path;
	} cases[] = {
	    {WEIR_CFG_ROUTER_IFACES_MAX, WEIR_CFG_ROUTER_ADDRESSES_MAX, 0, ""},
	    {WEIR_CFG_ROUTER_IFACES_MAX + 1, 1, -E2BIG, "/tenants/t/routers/r/interfaces"},
	    {1, WEIR_CFG_ROUTER_ADDRESSES_MAX + 1, -E2BIG, "/tenants/t/routers/r/interfaces/s0/addresses"},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(cases); i++) {
		char *text = wide_router(cases[i].n, cases[i].addresses);
		struct weir_model *model = new_model();
		struct weir_change *change;
		struct weir_err err;

		cr_assert_eq(load(model, text, &change, &err), cases[i].rc, "%s: %s", err.path, err.msg);
		cr_assert_str_eq(err.path, cases[i].path);
		weir_model_free(model);
		free(text);
	}
}
