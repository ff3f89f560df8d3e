/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every field of the document wrong in every way: each case is a merge patch of BASE_DOCUMENT. It has to be refused
 * with the same error both as a patch and as a load of what it would make, and leave nothing behind.
 */
#include <cjson/cJSON.h>

#include "doc.h"
#include "reference.h"

struct fault {
	const char *patch;
	int errnum;
	const char *path;
	const char *msg; /* part of it */
};

#define PORT(x) "{\"ports\":{\"new\":" x "}}"
#define TAP1(x) "{\"ports\":{\"tap1\":{" x "}}}"
#define SETTINGS(x) "{\"settings\":{" x "}}"
#define UP0(x) "{\"underlay\":{\"up0\":{" x "}}}"
#define UP1(x) "{\"underlay\":{\"up1\":{" x "}}}"
#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define WEB(x) RED("\"switches\":{\"web\":{" x "}}")
#define WEB1(x) RED("\"vports\":{\"web1\":{" x "}}")
#define WEB2(x) RED("\"vports\":{\"web2\":{" x "}}")
#define AT_PORT "/ports/new"
#define AT_RED "/tenants/red"
#define AT_WEB "/tenants/red/switches/web"
#define AT_WEB1 "/tenants/red/vports/web1"
#define AT_WEB2 "/tenants/red/vports/web2"
#define NAME_33 "abcdefghijklmnopqrstuvwxyz0123456"
#define DEVICE_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct fault faults[] = {
    /* the document */
    {"{\"port\":{}}", EINVAL, "/port", "did you mean \"ports\"?"},
    {"{\"zebra\":{}}", EINVAL, "/zebra", "unknown key"},
    {"{\"Tenants\":{}}", EINVAL, "/Tenants", "did you mean \"tenants\"?"},
    {"{\"a~b/c\":1}", EINVAL, "/a~0b~1c", "unknown key"},
    {"{\"ports\":[]}", EINVAL, "/ports", "must be an object, found an array"},
    {"{\"tenants\":7}", EINVAL, "/tenants", "found 7"},
    {"{\"underlay\":\"up0\"}", EINVAL, "/underlay", "found \"up0\""},
    {"{\"settings\":true}", EINVAL, "/settings", "found true"},

    /* ports */
    {"{\"ports\":{\"new\":\"net_tap9\"}}", EINVAL, AT_PORT, "must be an object"},
    {"{\"ports\":{\"\":{\"device\":\"x\"}}}", EINVAL, "/ports/", "name is 1 to 32"},
    {"{\"ports\":{\"a b\":{\"device\":\"x\"}}}", EINVAL, "/ports/a b", "name is 1 to 32"},
    {"{\"ports\":{\"a/b\":{\"device\":\"x\"}}}", EINVAL, "/ports/a~1b", "name is 1 to 32"},
    {"{\"ports\":{\"" NAME_33 "\":{\"device\":\"x\"}}}", EINVAL, "/ports/" NAME_33, "name is 1 to 32"},
    {PORT("{}"), EINVAL, AT_PORT, "neither"},
    {PORT("{\"device\":\"x\",\"devargs\":\"y\"}"), EINVAL, AT_PORT, "both"},
    {PORT("{\"device\":7}"), EINVAL, "/ports/new/device", "found 7"},
    {PORT("{\"device\":\"\"}"), EINVAL, "/ports/new/device", "a device's name"},
    {PORT("{\"device\":\"a,b\"}"), EINVAL, "/ports/new/device", "a device's name"},
    {PORT("{\"device\":\"a b\"}"), EINVAL, "/ports/new/device", "a device's name"},
    {PORT("{\"device\":\"" DEVICE_64 "\"}"), EINVAL, "/ports/new/device", "found \"0123456789"},
    {PORT("{\"devargs\":[\"net_tap9\"]}"), EINVAL, "/ports/new/devargs", "found an array"},
    {PORT("{\"devargs\":\"\"}"), EINVAL, "/ports/new/devargs", "a device and its arguments"},
    {PORT("{\"devargs\":\",iface=x\"}"), EINVAL, "/ports/new/devargs", "a device and its arguments"},
    {PORT("{\"devargs\":\" net_tap9\"}"), EINVAL, "/ports/new/devargs", "a device and its arguments"},
    {PORT("{\"devargs\":\"" DEVICE_64 ",a=b\"}"), EINVAL, "/ports/new/devargs", "a device and its arguments"},
    {PORT("{\"devargs\":\"net_tap1,iface=x\"}"), EEXIST, "/ports/new/devargs",
	"port \"tap1\" has the device net_tap1"},
    {PORT("{\"device\":\"0000:3b:00.0\"}"), EEXIST, "/ports/new/device", "port \"up1\" has the device"},
    {PORT("{\"device\":\"net_tap2\"}"), EEXIST, "/ports/new/device", "port \"tap2\""},
    {PORT("{\"devargs\":\"0000:3b:00.0,x=1\"}"), EEXIST, "/ports/new/devargs", "port \"up1\""},
    {TAP1("\"rate\":10"), EINVAL, "/ports/tap1/rate", "a rate such as"},
    {TAP1("\"rate\":\"10\""), EINVAL, "/ports/tap1/rate", "a rate such as"},
    {TAP1("\"rate\":\"10Gbit\""), EINVAL, "/ports/tap1/rate", "found \"10Gbit\""},
    {TAP1("\"rate\":\"10Mpps\""), EINVAL, "/ports/tap1/rate", "bits per second"},
    {TAP1("\"rate\":\"1bps\""), ERANGE, "/ports/tap1/rate", "from 1kbps"},
    {TAP1("\"rate\":\"401Gbps\""), ERANGE, "/ports/tap1/rate", "to 400Gbps"},
    {TAP1("\"rate\":[\"10Gbps\"]"), EINVAL, "/ports/tap1/rate", "found an array"},
    {TAP1("\"mtu\":67"), ERANGE, "/ports/tap1/mtu", "from 68 to 9198, found 67"},
    {TAP1("\"mtu\":9199"), ERANGE, "/ports/tap1/mtu", "found 9199"},
    {TAP1("\"mtu\":1500.5"), EINVAL, "/ports/tap1/mtu", "found 1500.5"},
    {TAP1("\"mtu\":\"1500\""), EINVAL, "/ports/tap1/mtu", "whole number"},
    {TAP1("\"mtu\":-1"), ERANGE, "/ports/tap1/mtu", "found -1"},
    {TAP1("\"mtu\":1e300"), ERANGE, "/ports/tap1/mtu", "found 1e+300"},
    {TAP1("\"queues\":0"), ERANGE, "/ports/tap1/queues", "from 1 to 64"},
    {TAP1("\"queues\":65"), ERANGE, "/ports/tap1/queues", "from 1 to 64"},
    {TAP1("\"queues\":false"), EINVAL, "/ports/tap1/queues", "found false"},
    {TAP1("\"que\":1"), EINVAL, "/ports/tap1/que", "unknown key"},
    {TAP1("\"queue\":1"), EINVAL, "/ports/tap1/queue", "did you mean \"queues\"?"},
    {TAP1("\"share\":\"eth0\""), ENOTSUP, "/ports/tap1/share", "not in this version"},
    {TAP1("\"offload\":\"auto\""), ENOTSUP, "/ports/tap1/offload", "not in this version"},
    {"{\"ports\":{\"tap1\":null}}", ENOENT, "/tenants/red/vports/web1/port", "\"tap1\""},
    {"{\"ports\":{\"up1\":null}}", ENOENT, "/underlay/up1", "\"up1\""},
    {"{\"ports\":null}", ENOENT, "/underlay/up0", "\"up0\""},

    /* settings */
    {SETTINGS("\"flows\":1023"), ERANGE, "/settings/flows", "from 1024 to 67108864"},
    {SETTINGS("\"flows\":67108865"), ERANGE, "/settings/flows", "found 67108865"},
    {SETTINGS("\"flows\":\"4096\""), EINVAL, "/settings/flows", "whole number"},
    {SETTINGS("\"flow_idle\":30"), EINVAL, "/settings/flow_idle", "\"1s\" to \"1h\", found 30"},
    {SETTINGS("\"flow_idle\":\"30\""), EINVAL, "/settings/flow_idle", "a time"},
    {SETTINGS("\"flow_idle\":\"999ms\""), ERANGE, "/settings/flow_idle", "from \"1s\""},
    {SETTINGS("\"flow_idle\":\"3601s\""), ERANGE, "/settings/flow_idle", "to \"1h\""},
    {SETTINGS("\"mac_age\":\"25h\""), ERANGE, "/settings/mac_age", "to \"24h\""},
    {SETTINGS("\"mac_age\":\"-1s\""), EINVAL, "/settings/mac_age", "a time"},
    {SETTINGS("\"flowidle\":\"30s\""), EINVAL, "/settings/flowidle", "did you mean \"flow_idle\"?"},

    /* underlay */
    {"{\"underlay\":{\"tap3\":{\"address\":[\"203.0.113.1/24\"]}}}", ENOENT, "/underlay/tap3", "no port \"tap3\""},
    {"{\"underlay\":{\"a b\":{}}}", EINVAL, "/underlay/a b", "name is 1 to 32"},
    {"{\"underlay\":{\"tap1\":{}}}", EINVAL, "/underlay/tap1", "\"address\" is missing"},
    {"{\"underlay\":{\"tap1\":{\"address\":[\"203.0.113.1/24\"]}}}", EEXIST, NULL,
	"port \"tap1\" untagged is already that of /"},
    {UP0("\"address\":\"192.0.2.1/24\""), EINVAL, "/underlay/up0/address", "must be an array"},
    {UP0("\"address\":[]"), EINVAL, "/underlay/up0/address", "must hold an address"},
    {UP0("\"address\":[7]"), EINVAL, "/underlay/up0/address/0", "found 7"},
    {UP0("\"address\":[\"192.0.2.1/24\",\"192.0.2.1\"]"), EINVAL, "/underlay/up0/address/1", "prefix length"},
    {UP0("\"address\":[\"192.0.2.1/33\"]"), EINVAL, "/underlay/up0/address/0", "192.0.2.1/33"},
    {UP0("\"address\":[\"192.0.2.1/0\"]"), EINVAL, "/underlay/up0/address/0", "length 0"},
    {UP0("\"address\":[\"2001:db8::1/0\"]"), EINVAL, "/underlay/up0/address/0", "length 0"},
    {UP0("\"address\":[\"2001:db8::1/129\"]"), EINVAL, "/underlay/up0/address/0", "/129"},
    {UP0("\"address\":[\"192.0.2.0/24\"]"), EINVAL, "/underlay/up0/address/0", "first or last"},
    {UP0("\"address\":[\"192.0.2.255/24\"]"), EINVAL, "/underlay/up0/address/0", "first or last"},
    {UP0("\"address\":[\"2001:db8::/64\"]"), EINVAL, "/underlay/up0/address/0", "first or last"},
    {UP0("\"address\":[\"127.0.0.1/8\"]"), EINVAL, "/underlay/up0/address/0", "loopback"},
    {UP0("\"address\":[\"224.0.0.1/24\"]"), EINVAL, "/underlay/up0/address/0", "multicast"},
    {UP0("\"address\":[\"0.0.0.1/24\"]"), EINVAL, "/underlay/up0/address/0", "this network"},
    {UP0("\"address\":[\"255.255.255.255/32\"]"), EINVAL, "/underlay/up0/address/0", "broadcast"},
    {UP0("\"address\":[\"::/64\"]"), EINVAL, "/underlay/up0/address/0", "unspecified"},
    {UP0("\"address\":[\"::1/128\"]"), EINVAL, "/underlay/up0/address/0", "loopback"},
    {UP0("\"address\":[\"ff02::1/64\"]"), EINVAL, "/underlay/up0/address/0", "multicast"},
    {UP0("\"address\":[\"192.0.2.1/24\",\"2001:db8::1/64\",\"192.0.2.1/32\"]"), EEXIST, "/underlay/up0/address/2",
	"same address as entry 0"},
    {UP1("\"address\":[\"192.0.2.1/24\"]"), EEXIST, "/underlay/up1/address/0", "underlay \"up0\" has the address"},
    {UP1("\"address\":[\"198.51.100.1/24\",\"192.0.2.129/25\"]"), EEXIST, "/underlay/up1/address/1",
	"overlaps 192.0.2.1/24 of underlay \"up0\""},
    {UP1("\"address\":[\"192.0.3.1/16\"]"), EEXIST, "/underlay/up0/address/0", "overlaps 192.0.3.1/16"},
    {UP1("\"address\":[\"198.51.100.1/24\",\"2001:db8::77/128\"]"), EEXIST, "/underlay/up1/address/1",
	"2001:db8::1/64"},
    {"{\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/24\",\"2001:db8::1/64\",\"10.0.0.1/8\",\"10.1.0.1/16\"]},"
     "\"up1\":{\"address\":[\"10.2.0.1/16\"]}}}",
	EEXIST, "/underlay/up1/address/0", "overlaps 10.0.0.1/8"},
    {UP0("\"gateway\":\"192.0.2.254\""), EINVAL, "/underlay/up0/gateway", "must be an array"},
    {UP0("\"gateway\":[\"192.0.2.254/24\"]"), EINVAL, "/underlay/up0/gateway/0", "an address such as"},
    {UP0("\"gateway\":[\"192.0.3.254\"]"), EINVAL, "/underlay/up0/gateway/0", "in one of the underlay's prefixes"},
    {UP0("\"gateway\":[\"2001:db9::1\"]"), EINVAL, "/underlay/up0/gateway/0", "in one of the underlay's prefixes"},
    {UP0("\"gateway\":[\"192.0.2.1\"]"), EINVAL, "/underlay/up0/gateway/0", "own address"},
    {UP0("\"gateway\":[\"192.0.2.0\"]"), EINVAL, "/underlay/up0/gateway/0", "first or last"},
    {UP0("\"gateway\":[\"192.0.2.255\"]"), EINVAL, "/underlay/up0/gateway/0", "first or last"},
    {UP0("\"gateway\":[\"192.0.2.254\",\"192.0.2.253\"]"), EEXIST, "/underlay/up0/gateway/1",
	"second gateway for IPv4"},
    {UP0("\"gateway\":[\"2001:db8::2\",\"2001:db8::3\"]"), EEXIST, "/underlay/up0/gateway/1",
	"second gateway for IPv6"},
    {UP0("\"gateway\":[\"192.0.2.254\",\"2001:db8::3\",\"2001:db8::4\"]"), E2BIG, "/underlay/up0/gateway",
	"at most 2"},
    {UP0("\"address\":[\"2001:db8::1/64\"]"), EINVAL, "/underlay/up0/gateway/0", "in one of the underlay's prefixes"},
    {UP0("\"vlan\":0"), ERANGE, "/underlay/up0/vlan", "from 1 to 4094"},
    {UP0("\"vlan\":4095"), ERANGE, "/underlay/up0/vlan", "from 1 to 4094"},
    {UP0("\"vlan\":\"7\""), EINVAL, "/underlay/up0/vlan", "found \"7\""},
    {UP0("\"mac\":\"02:aa:aa:aa:aa\""), EINVAL, "/underlay/up0/mac", "a MAC address"},
    {UP0("\"mac\":\"01:aa:aa:aa:aa:01\""), EINVAL, "/underlay/up0/mac", "not multicast"},
    {UP0("\"mac\":\"ff:ff:ff:ff:ff:ff\""), EINVAL, "/underlay/up0/mac", "not multicast"},
    {UP0("\"mac\":\"00:00:00:00:00:00\""), EINVAL, "/underlay/up0/mac", "not zero"},
    {UP0("\"mac\":2"), EINVAL, "/underlay/up0/mac", "found 2"},
    {UP0("\"addres\":[]"), EINVAL, "/underlay/up0/addres", "did you mean \"address\"?"},

    /* tenants */
    {"{\"tenants\":{\"green\":1}}", EINVAL, "/tenants/green", "must be an object"},
    {"{\"tenants\":{\"a.b\":{}}}", EINVAL, "/tenants/a.b", "name is 1 to 32"},
    {"{\"tenants\":{\"" NAME_33 "\":{}}}", EINVAL, "/tenants/" NAME_33, "name is 1 to 32"},
    {RED("\"limits\":\"1Gbps\""), EINVAL, AT_RED "/limits", "did you mean \"limit\"?"},
    {RED("\"limit\":\"1\""), EINVAL, AT_RED "/limit", "a rate such as"},
    {RED("\"limit\":\"1.5bps\""), EINVAL, AT_RED "/limit", "found \"1.5bps\""},
    {RED("\"limit\":\"0Gbps\""), ERANGE, AT_RED "/limit", "from 1kbps"},
    {RED("\"limit\":\"1Tbps\""), ERANGE, AT_RED "/limit", "to 400Gbps"},
    {RED("\"limit\":\"0pps\""), ERANGE, AT_RED "/limit", "from 1pps"},
    {RED("\"limit\":\"1001Mpps\""), ERANGE, AT_RED "/limit", "1000Mpps"},
    {RED("\"limit\":\"-1Gbps\""), EINVAL, AT_RED "/limit", "a rate such as"},
    {RED("\"limit\":\"1e9bps\""), EINVAL, AT_RED "/limit", "a rate such as"},
    {RED("\"limit\":1000000000"), EINVAL, AT_RED "/limit", "found 1000000000"},
    {RED("\"limit\":{}"), EINVAL, AT_RED "/limit", "found an object"},
    {RED("\"limit\":[]"), EINVAL, AT_RED "/limit", "must hold a rate"},
    {RED("\"limit\":[\"1Gbps\",\"2Gbps\"]"), EEXIST, AT_RED "/limit/1", "one rate of a kind"},
    {RED("\"limit\":[\"1Mpps\",\"1Mpps\"]"), EEXIST, AT_RED "/limit/1", "one rate of a kind"},
    {RED("\"limit\":[\"1Gbps\",7]"), EINVAL, AT_RED "/limit/1", "found 7"},
    {RED("\"limit\":[null]"), EINVAL, AT_RED "/limit/0", "found null"},
    {RED("\"limit\":[\"1Gbps\",\"1Mpps\",\"1kpps\"]"), E2BIG, AT_RED "/limit", "at most 2"},
    {RED("\"quota\":5"), EINVAL, AT_RED "/quota", "must be an object"},
    {RED("\"quota\":{\"flows\":0}"), ERANGE, AT_RED "/quota/flows", "from 1 to"},
    {RED("\"quota\":{\"flows\":1.5}"), EINVAL, AT_RED "/quota/flows", "whole number"},
    {RED("\"quota\":{\"flows\":\"100\"}"), EINVAL, AT_RED "/quota/flows", "whole number"},
    {RED("\"quota\":{\"macs\":0}"), ERANGE, AT_RED "/quota/macs", "from 1 to"},
    {RED("\"quota\":{\"macs\":4294967297}"), ERANGE, AT_RED "/quota/macs", "found 4294967297"},
    {RED("\"quota\":{\"macs\":1}"), E2BIG, AT_RED, "2 static MACs exceed the quota of 1"},
    {RED("\"quota\":{\"flow\":1}"), EINVAL, AT_RED "/quota/flow", "did you mean \"flows\"?"},
    {RED("\"quota\":{\"flow_setups\":\"5Mbps\"}"), EINVAL, AT_RED "/quota/flow_setups", "packets per second"},
    {RED("\"quota\":{\"cpu\":20}"), EINVAL, AT_RED "/quota/cpu", "from \"0.1%\" to \"100%\", by tenths, found 20"},
    {RED("\"quota\":{\"cpu\":\"0%\"}"), ERANGE, AT_RED "/quota/cpu", "found \"0%\""},
    {RED("\"quota\":{\"cpu\":\"100.1%\"}"), ERANGE, AT_RED "/quota/cpu", "a share"},
    {RED("\"quota\":{\"cpu\":\"1.25%\"}"), EINVAL, AT_RED "/quota/cpu", "by tenths"},
    {RED("\"guarantee\":2"), EINVAL, AT_RED "/guarantee", "a rate such as"},
    {RED("\"guarantee\":[]"), EINVAL, AT_RED "/guarantee", "must hold a rate"},
    {RED("\"guarantee\":\"401Gbps\""), ERANGE, AT_RED "/guarantee", "to 400Gbps"},
    {RED("\"guarantee\":[\"1Gbps\",\"1Mbps\"]"), EEXIST, AT_RED "/guarantee/1", "one rate of a kind"},
    {RED("\"guarantee\":\"2Gbps\",\"vports\":{\"web1\":{\"guarantee\":\"1.5Gbps\"},\"db1\":{\"guarantee\":\"1Gbps\"}"
	 "}"),
	ENOSPC, AT_RED "/guarantee", "its vports sum to 2.5Gbps, its own is 2Gbps: 500Mbps too much"},
    {RED("\"guarantee\":[\"2Gbps\",\"1kpps\"],\"vports\":{\"web1\":{\"guarantee\":[\"1Gbps\",\"1001pps\"]}}"), ENOSPC,
	AT_RED "/guarantee", "its vports sum to 1.001kpps, its own is 1kpps: 1pps too much"},
    {RED("\"vports\":{\"web1\":{\"guarantee\":\"1Gbps\"},\"db1\":{\"guarantee\":\"1kpps\"}}"), EINVAL,
	AT_RED "/guarantee", "which have no sum"},
    {RED("\"weight\":0"), ERANGE, AT_RED "/weight", "from 1 to 1000"},
    {RED("\"weight\":1001"), ERANGE, AT_RED "/weight", "from 1 to 1000"},
    {RED("\"burst\":\"99us\""), ERANGE, AT_RED "/burst", "from \"100us\" to \"1s\""},
    {RED("\"burst\":\"1001ms\""), ERANGE, AT_RED "/burst", "from \"100us\" to \"1s\""},
    {RED("\"burst\":\"64kB\""), EINVAL, AT_RED "/burst", "a time"},
    {RED("\"excess\":\"drop\""), EINVAL, AT_RED "/excess", "\"shape\" or \"police\", found \"drop\""},
    {RED("\"excess\":true"), EINVAL, AT_RED "/excess", "\"shape\" or \"police\""},
    {RED("\"queue\":\"99us\""), ERANGE, AT_RED "/queue", "a time from \"100us\" to \"1s\", or a size"},
    {RED("\"queue\":\"9215B\""), ERANGE, AT_RED "/queue", "from \"9216B\" to \"64MB\""},
    {RED("\"queue\":\"64.1MB\""), ERANGE, AT_RED "/queue", "found \"64.1MB\""},
    {RED("\"queue\":\"64KB\""), EINVAL, AT_RED "/queue", "found \"64KB\""},
    {RED("\"queue\":65536"), EINVAL, AT_RED "/queue", "found 65536"},
    {RED("\"routers\":{}"), ENOTSUP, AT_RED "/routers", "not in this version"},
    {RED("\"firewalls\":{}"), ENOTSUP, AT_RED "/firewalls", "not in this version"},
    {RED("\"links\":{}"), ENOTSUP, AT_RED "/links", "not in this version"},
    {RED("\"switches\":[]"), EINVAL, AT_RED "/switches", "must be an object"},
    {RED("\"vports\":[]"), EINVAL, AT_RED "/vports", "must be an object"},

    /* switches */
    {RED("\"switches\":{\"a b\":{}}"), EINVAL, AT_RED "/switches/a b", "name is 1 to 32"},
    {RED("\"switches\":{\"new\":1}"), EINVAL, AT_RED "/switches/new", "must be an object"},
    {RED("\"switches\":{\"db\":null}"), ENOENT, AT_RED "/vports/db1/switch", "no switch \"db\""},
    {WEB("\"vni\":0"), ERANGE, AT_WEB "/vni", "from 1 to 16777215"},
    {WEB("\"vni\":16777216"), ERANGE, AT_WEB "/vni", "found 16777216"},
    {WEB("\"vni\":\"5001\""), EINVAL, AT_WEB "/vni", "whole number"},
    {WEB("\"vni\":5001.25"), EINVAL, AT_WEB "/vni", "whole number"},
    {WEB("\"vni\":null"), EINVAL, AT_WEB, "\"vni\" is missing"},
    {WEB("\"vni\":5002"), EEXIST, NULL, "VNI 5002 is already that of /tenants/"},
    {RED("\"switches\":{\"db\":{\"vni\":5001}}"), EEXIST, NULL, "VNI 5001"},
    {WEB("\"remotes\":\"192.0.2.2\""), EINVAL, AT_WEB "/remotes", "must be an array"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"x\"]"), EINVAL, AT_WEB "/remotes/1", "an address such as"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"192.0.2.2/24\"]"), EINVAL, AT_WEB "/remotes/1", "an address such as"},
    {WEB("\"remotes\":[\"192.0.2.3\",\"192.0.2.2\",\"192.0.2.3\"]"), EEXIST, AT_WEB "/remotes/2",
	"192.0.2.3 is here twice"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"192.0.2.1\"]"), EINVAL, AT_WEB "/remotes/1", "own address"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"198.51.100.1\"]"), EINVAL, AT_WEB "/remotes/1", "own address"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"192.0.2.255\"]"), EINVAL, AT_WEB "/remotes/1", "no host's"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"192.0.2.0\"]"), EINVAL, AT_WEB "/remotes/1", "no host's"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"239.1.1.1\"]"), EINVAL, AT_WEB "/remotes/1", "multicast"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"0.0.0.0\"]"), EINVAL, AT_WEB "/remotes/1", "this network"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"127.0.0.1\"]"), EINVAL, AT_WEB "/remotes/1", "loopback"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"255.255.255.255\"]"), EINVAL, AT_WEB "/remotes/1", "broadcast"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"fe80::1\"]"), EINVAL, AT_WEB "/remotes/1", "link-local"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"ff0e::1\"]"), EINVAL, AT_WEB "/remotes/1", "multicast"},
    {WEB("\"remotes\":[\"192.0.2.2\",\"::ffff:192.0.2.9\"]"), EINVAL, AT_WEB "/remotes/1", "an address such as"},
    {"{\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/24\"]}}}", EINVAL, AT_WEB "/remotes/1",
	"no underlay has an IPv6 address"},
    {"{\"underlay\":null}", EINVAL, AT_WEB "/remotes/0", "no underlay has an IPv4 address"},
    {UP0("\"address\":[\"192.0.2.2/24\",\"2001:db8::1/64\"]"), EINVAL, AT_WEB "/remotes/0", "own address"},
    {WEB("\"remote\":[]"), EINVAL, AT_WEB "/remote", "did you mean \"remotes\"?"},

    /* static MACs */
    {WEB("\"macs\":[]"), EINVAL, AT_WEB "/macs", "must be an object"},
    {WEB("\"macs\":{\"x\":\"web1\"}"), EINVAL, AT_WEB "/macs/x", "a MAC address"},
    {WEB("\"macs\":{\"03:00:00:00:00:09\":\"web1\"}"), EINVAL, AT_WEB "/macs/03:00:00:00:00:09", "not multicast"},
    {WEB("\"macs\":{\"00:00:00:00:00:00\":\"web1\"}"), EINVAL, AT_WEB "/macs/00:00:00:00:00:00", "not zero"},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":7}"), EINVAL, AT_WEB "/macs/02:00:00:00:00:0a", "found 7"},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":\"a b\"}"), EINVAL, AT_WEB "/macs/02:00:00:00:00:0a", "name of a vport"},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":\"nobody\"}"), ENOENT, AT_WEB "/macs/02:00:00:00:00:0a",
	"no vport \"nobody\""},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":\"db1\"}"), EINVAL, AT_WEB "/macs/02:00:00:00:00:0a", "on another switch"},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":\"192.0.2.3\"}"), ENOENT, AT_WEB "/macs/02:00:00:00:00:0a", "no remote"},
    {WEB("\"macs\":{\"02:00:00:00:00:0a\":\"web1\",\"02:00:00:00:00:0A\":\"web1\"}"), EEXIST,
	AT_WEB "/macs/02:00:00:00:00:0a", "twice"},
    {WEB("\"macs\":{\"02:00:00:00:00:01\":\"web2\"}"), EINVAL, AT_WEB "/macs/02:00:00:00:00:01", "of vport \"web1\""},
    {WEB("\"macs\":{\"02:00:00:00:00:01\":\"192.0.2.2\"}"), EINVAL, AT_WEB "/macs/02:00:00:00:00:01",
	"of vport \"web1\""},
    {WEB("\"remotes\":[\"2001:db8::2\"]"), ENOENT, AT_WEB "/macs/02:00:00:00:00:09", "no remote"},

    /* vports */
    {RED("\"vports\":{\"a b\":{}}"), EINVAL, AT_RED "/vports/a b", "name is 1 to 32"},
    {RED("\"vports\":{\"new\":[]}"), EINVAL, AT_RED "/vports/new", "must be an object"},
    {RED("\"vports\":{\"new\":{\"port\":\"tap1\"}}"), EINVAL, AT_RED "/vports/new", "\"switch\" is missing"},
    {RED("\"vports\":{\"new\":{\"switch\":\"web\"}}"), EINVAL, AT_RED "/vports/new", "\"port\" is missing"},
    {WEB1("\"switch\":\"wob\""), ENOENT, AT_WEB1 "/switch", "no switch \"wob\""},
    {WEB1("\"switch\":7"), EINVAL, AT_WEB1 "/switch", "must be a name"},
    {WEB1("\"switch\":\"db\""), EINVAL, AT_WEB "/macs/02:00:00:00:00:01", "on another switch"},
    {WEB1("\"port\":\"tap9\""), ENOENT, AT_WEB1 "/port", "no port \"tap9\""},
    {WEB1("\"port\":\"a b\""), EINVAL, AT_WEB1 "/port", "must be a name"},
    {WEB1("\"port\":{}"), EINVAL, AT_WEB1 "/port", "must be a name"},
    {WEB1("\"vlan\":0"), ERANGE, AT_WEB1 "/vlan", "from 1 to 4094"},
    {WEB1("\"vlan\":4095"), ERANGE, AT_WEB1 "/vlan", "from 1 to 4094"},
    {WEB1("\"vlan\":[100]"), EINVAL, AT_WEB1 "/vlan", "found an array"},
    {WEB2("\"vlan\":100"), EEXIST, NULL, "port \"tap1\", VLAN 100 is already that of /tenants/red/vports/web"},
    {WEB1("\"vlan\":null"), EEXIST, NULL, "port \"tap1\" untagged is already that of /tenants/red/vports/web"},
    {WEB2("\"port\":\"up1\",\"vlan\":7"), EEXIST, AT_WEB2 "/vlan", "already that of /underlay/up1"},
    {WEB2("\"port\":\"up0\""), EEXIST, AT_WEB2 "/port", "port \"up0\" untagged is already that of /underlay/up0"},
    {WEB2("\"port\":\"tap2\",\"vlan\":100"), EEXIST, NULL, "already that of /tenants/"},
    {WEB1("\"limit\":\"fast\""), EINVAL, AT_WEB1 "/limit", "a rate such as"},
    {WEB1("\"limit\":[\"1Gbps\",\"1Gbps\"]"), EEXIST, AT_WEB1 "/limit/1", "one rate of a kind"},
    {WEB1("\"mac\":\"01:00:5e:00:00:01\""), EINVAL, AT_WEB1 "/mac", "not multicast"},
    {WEB1("\"mac\":\"00:00:00:00:00:00\""), EINVAL, AT_WEB1 "/mac", "not zero"},
    {WEB1("\"mac\":\"02-00-00-00-00-01\""), EINVAL, AT_WEB1 "/mac", "a MAC address"},
    {WEB1("\"mac\":\"02:00:00:00:00:01:02\""), EINVAL, AT_WEB1 "/mac", "a MAC address"},
    {WEB2("\"mac\":\"02:00:00:00:00:01\""), EEXIST, NULL, "of the same switch has this MAC too"},
    {WEB1("\"addresses\":\"10.0.0.5\""), EINVAL, AT_WEB1 "/addresses", "must be an array"},
    {WEB1("\"addresses\":[]"), EINVAL, AT_WEB1 "/addresses", "must hold an address"},
    {WEB1("\"addresses\":[\"10.0.0.5\",\"10.0.0.300\"]"), EINVAL, AT_WEB1 "/addresses/1", "10.0.0.300"},
    {WEB1("\"addresses\":[\"10.0.0.5/24\"]"), EINVAL, AT_WEB1 "/addresses/0", "an address such as"},
    {WEB1("\"addresses\":[\"10.0.0.5\",\"10.0.0.5\"]"), EEXIST, AT_WEB1 "/addresses/1", "twice"},
    {WEB1("\"addresses\":[\"0.0.0.0\"]"), EINVAL, AT_WEB1 "/addresses/0", "this network"},
    {WEB1("\"addresses\":[\"::\"]"), EINVAL, AT_WEB1 "/addresses/0", "unspecified"},
    {WEB1("\"addresses\":[\"224.0.0.1\"]"), EINVAL, AT_WEB1 "/addresses/0", "multicast"},
    {WEB1("\"addresses\":[\"255.255.255.255\"]"), EINVAL, AT_WEB1 "/addresses/0", "broadcast"},
    {WEB1("\"adresses\":[]"), EINVAL, AT_WEB1 "/adresses", "did you mean \"addresses\"?"},
    {WEB1("\"firewall\":\"edge\""), ENOTSUP, AT_WEB1 "/firewall", "not in this version"},
    {WEB1("\"guarantee\":\"fast\""), EINVAL, AT_WEB1 "/guarantee", "a rate such as"},
    {WEB1("\"weight\":0"), ERANGE, AT_WEB1 "/weight", "from 1 to 1000"},
    {WEB1("\"burst\":\"2s\""), ERANGE, AT_WEB1 "/burst", "to \"1s\""},
    {WEB1("\"excess\":\"police\""), ENOTSUP, AT_WEB1 "/excess", "not in this version"},
    {WEB1("\"queue\":\"1B\""), ERANGE, AT_WEB1 "/queue", "from \"9216B\""},
    {"{\"tenants\":{\"green\":{\"switches\":{\"a\":{\"vni\":5001}}}}}", EEXIST, "/tenants/green/switches/a/vni",
	"already that of /tenants/red/switches/web"},
    {"{\"tenants\":{\"green\":{\"switches\":{\"a\":{}},\"vports\":{\"v\":{\"switch\":\"a\",\"port\":\"tap1\"}}}}}",
	EEXIST, "/tenants/green/vports/v/port", "already that of /tenants/red/vports/web2"},
};

static void
check_fault(const struct fault *fault, const char *how, int rc, const struct weir_err *err)
{
	cr_expect_eq(rc, -fault->errnum, "%s %s: returned %d, not %d: %s: %s", how, fault->patch, rc, -fault->errnum,
	    err->path, err->msg);
	cr_expect_eq(err->errnum, fault->errnum);
	if (fault->path != NULL)
		cr_expect_str_eq(
		    err->path, fault->path, "%s %s: at %s, not %s", how, fault->patch, err->path, fault->path);
	cr_expect(strstr(err->msg, fault->msg) != NULL, "%s %s: says \"%s\", not \"%s\"", how, fault->patch, err->msg,
	    fault->msg);
}

Test(model_fields, wrong_as_patch)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, BASE_DOCUMENT);
	for (size_t i = 0; i < WEIR_ARRAY_LEN(faults); i++) {
		int rc = patch(model, faults[i].patch, &change, &err);

		check_fault(&faults[i], "patch", rc, &err);
		if (rc == 0)
			weir_model_abort(model, change);
		assert_shows(model, "", BASE_DOCUMENT);
	}
	weir_model_free(model);
}

Test(model_fields, wrong_as_load)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(faults); i++) {
		char *text = reference_patch(BASE_DOCUMENT, faults[i].patch);
		struct weir_model *model = new_model();
		struct weir_change *change;
		struct weir_err err;

		check_fault(&faults[i], "load", load(model, text, &change, &err), &err);
		assert_shows(model, "", "{}");
		weir_model_free(model);
		free(text);
	}
}

/* What looks odd but is allowed. */
static const char *const fine[] = {
    "{}",
    "{\"settings\":null}",
    SETTINGS("\"flow_idle\":\"1h\",\"mac_age\":\"24h\",\"flows\":67108864"),
    SETTINGS("\"flow_idle\":\"1000ms\",\"mac_age\":\"0.5h\",\"flows\":1024"),
    TAP1("\"mtu\":68,\"queues\":64,\"rate\":\"400Gbps\""),
    TAP1("\"mtu\":9198,\"queues\":1,\"rate\":\"1kbps\""),
    TAP1("\"mtu\":1.5e3"),
    TAP1("\"devargs\":\"net_tap7,iface=x,remote=\\\"a b\\\"\""),
    "{\"ports\":{\"tap1\":{\"devargs\":null,\"device\":\"net_tap1\"}}}",
    "{\"ports\":{\"tap1\":{\"devargs\":\"net_tap2\"},\"tap2\":{\"devargs\":\"net_tap1\"}}}",
    "{\"ports\":{\"nobody\":null},\"tenants\":{\"nobody\":null}}",
    UP0("\"gateway\":[]"),
    UP0("\"gateway\":null"),
    UP0("\"gateway\":[\"2001:db8::fe\",\"192.0.2.9\"]"),
    UP0("\"address\":[\"192.0.2.1/31\",\"2001:db8::/127\"],\"gateway\":[\"192.0.2.0\"]"),
    UP0("\"address\":[\"192.0.2.1/24\",\"192.0.2.7/24\",\"2001:db8::1/64\"]"),
    UP0("\"address\":[\"10.0.0.1/8\",\"0::2/8\",\"192.0.2.1/24\"]"),
    UP1("\"vlan\":null"),
    UP1("\"vlan\":4094"),
    RED("\"limit\":\"1kbps\""),
    RED("\"limit\":[\"1Mpps\"]"),
    RED("\"limit\":[\"1000Mpps\",\"400Gbps\"]"),
    RED("\"limit\":\"0.4Tbps\""),
    RED("\"guarantee\":\"400Gbps\",\"limit\":\"1kbps\""),
    RED("\"guarantee\":[\"1Mpps\",\"2Gbps\"],\"weight\":1000,\"excess\":\"police\",\"burst\":\"1s\",\"queue\":"
	"\"64MB\""),
    RED("\"weight\":1,\"excess\":\"shape\",\"burst\":\"100us\",\"queue\":\"9216B\""),
    RED("\"queue\":\"100us\",\"quota\":{\"flow_setups\":\"50kpps\",\"cpu\":\"0.1%\"}"),
    RED("\"queue\":\"1s\",\"quota\":{\"flow_setups\":\"1pps\",\"cpu\":\"100%\"}"),
    /* another kind than its vports', or as much as theirs */
    RED("\"guarantee\":\"1kpps\",\"vports\":{\"web1\":{\"guarantee\":\"1Gbps\"}}"),
    RED("\"guarantee\":\"3Gbps\",\"vports\":{\"web1\":{\"guarantee\":\"1Gbps\"},\"db1\":{\"guarantee\":\"2Gbps\"}}"),
    RED("\"vports\":{\"web1\":{\"guarantee\":[\"1Gbps\",\"1kpps\"]},\"db1\":{\"guarantee\":\"2Gbps\"}}"),
    WEB1("\"guarantee\":\"2Gbps\",\"weight\":7,\"burst\":\"20ms\",\"queue\":\"1.5MB\""),
    RED("\"quota\":null"),
    RED("\"quota\":{\"macs\":2,\"flows\":1}"),
    WEB("\"vni\":1"),
    WEB("\"vni\":16777215"),
    WEB("\"remotes\":[],\"macs\":null"),
    WEB("\"remotes\":[\"10.9.9.9\",\"192.0.2.2\",\"240.0.0.1\"]"),
    WEB("\"macs\":{\"02:00:00:00:00:0a\":\"web2\",\"02:00:00:00:00:0B\":\"2001:db8::2\"}"),
    WEB1("\"vlan\":1"),
    WEB1("\"vlan\":4094"),
    WEB1("\"addresses\":[\"fe80::1\",\"10.0.0.5\",\"169.254.0.1\"]"),
    WEB2("\"port\":\"up0\",\"vlan\":7"),
    WEB2("\"port\":\"up1\""),
    WEB2("\"mac\":\"02:00:00:00:00:02\",\"addresses\":[\"10.0.0.5\"]"),
    RED("\"vports\":{\"db1\":{\"mac\":\"02:00:00:00:00:01\"}}"),
    /* exchanges within one change */
    RED("\"vports\":{\"web1\":{\"vlan\":null},\"web2\":{\"vlan\":100}}"),
    "{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"vni\":5002}}},\"blue\":{\"switches\":{\"web\":{\"vni\":5001}}}}"
    "}",
    "{\"underlay\":{\"up0\":{\"address\":[\"198.51.100.1/24\",\"2001:db8::1/64\"],\"gateway\":null},"
    "\"up1\":{\"address\":[\"192.0.2.1/24\"]}}}",
    "{\"tenants\":{\"red\":null},\"ports\":{\"tap1\":null}}",
    "{\"tenants\":null,\"underlay\":null,\"ports\":null}",
};

Test(model_fields, fine_as_patch_and_load)
{
	for (size_t i = 0; i < WEIR_ARRAY_LEN(fine); i++) {
		char *text = reference_patch(BASE_DOCUMENT, fine[i]);
		struct weir_model *patched = new_model(), *loaded = new_model();

		must_load(patched, BASE_DOCUMENT);
		must_patch(patched, fine[i]);
		assert_shows(patched, "", text);
		must_load(loaded, text);
		assert_shows(loaded, "", text);
		weir_model_free(patched);
		weir_model_free(loaded);
		free(text);
	}
}

Test(model_fields, devargs_are_bounded)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;
	char text[2048];

	(void)snprintf(text, sizeof(text), "{\"ports\":{\"p\":{\"devargs\":\"net_tap0,%01015d\"}}}", 1);
	must_load(model, text);
	(void)snprintf(text, sizeof(text), "{\"ports\":{\"p\":{\"devargs\":\"net_tap0,%01016d\"}}}", 1);
	cr_assert_eq(load(model, text, &change, &err), -E2BIG);
	cr_assert_str_eq(err.path, "/ports/p/devargs");
	weir_model_free(model);
}

/* One more than an array may have. */
Test(model_fields, arrays_are_bounded)
{
	static const struct {
		const char *before, *length, *after, *path;
		uint32_t max;
	} arrays[] = {
	    {"{\"tenants\":{\"red\":{\"switches\":{\"web\":{\"macs\":null,\"remotes\":[", "", "]}}}}}",
		"/tenants/red/switches/web/remotes", WEIR_CFG_REMOTES_MAX},
	    {"{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"addresses\":[", "", "]}}}}}",
		"/tenants/red/vports/web1/addresses", WEIR_CFG_ADDRESSES_MAX},
	    {"{\"underlay\":{\"up1\":{\"address\":[", "/32", "]}}}", "/underlay/up1/address", WEIR_CFG_ADDRESSES_MAX},
	};

	for (size_t i = 0; i < WEIR_ARRAY_LEN(arrays); i++) {
		for (uint32_t n = arrays[i].max; n <= arrays[i].max + 1; n++) {
			struct weir_model *model = new_model();
			char *text = calloc(1, 200 + n * 32), *at = text;
			struct weir_change *change;
			struct weir_err err;

			must_load(model, BASE_DOCUMENT);
			at += sprintf(at, "%s", arrays[i].before);
			for (uint32_t k = 0; k < n; k++)
				at += sprintf(at, "%s\"10.1.%u.%u%s\"", k > 0 ? "," : "", k / 200, k % 200 + 1,
				    arrays[i].length);
			(void)sprintf(at, "%s", arrays[i].after);
			cr_assert_eq(patch(model, text, &change, &err), n > arrays[i].max ? -E2BIG : 0, "%s: %s",
			    err.path, err.msg);
			if (n > arrays[i].max)
				cr_assert_str_eq(err.path, arrays[i].path);
			weir_model_free(model);
			free(text);
		}
	}
}
