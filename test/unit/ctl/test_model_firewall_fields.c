/* SPDX-License-Identifier: BSD-3-Clause */
/* Every field of a firewall wrong in every way: each case is a merge patch of FIREWALL_DOCUMENT. */
#include "doc.h"
#include "faults.h"

#define RED(x) "{\"tenants\":{\"red\":{" x "}}}"
#define SETS(x) RED("\"sets\":{" x "}")
#define FIREWALLS(x) RED("\"firewalls\":{" x "}")
#define EDGE(x) FIREWALLS("\"edge\":{" x "}")
#define RULES(x) EDGE("\"rules\":[" x "]")
/* the second of two rules, behind its action */
#define RULE(x) RULES("{\"action\":\"deny\"},{\"action\":\"allow\"," x "}")
#define TCP(x) RULE("\"proto\":\"tcp\"," x)
#define ICMP(x) RULE("\"proto\":\"icmp\"," x)
#define WEB1(x) RED("\"vports\":{\"web1\":{" x "}}")
#define R1_WEB(x) RED("\"routers\":{\"r1\":{\"interfaces\":{\"web\":{" x "}}}}")
#define AT_RED "/tenants/red"
#define AT_EDGE AT_RED "/firewalls/edge"
#define AT_RULES AT_EDGE "/rules"
#define AT_RULE AT_RULES "/1"
#define AT_NEW AT_RED "/sets/new"
#define RANGES_17 "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"
#define PORTS "a port or ports, from 0 to 65535, such as 443 or \"1000-2000\""
#define TYPES "a type or types, from 0 to 255, such as 8 or \"13-14\""
#define ENTRY "an address, a prefix or a set, such as \"192.0.2.0/24\" or \"@admins\""
#define FLAGS "words of fin, syn, rst, psh, ack, urg, ece, cwr, such as \"syn !ack\""

static const struct fault faults[] = {
    /* quota */
    {RED("\"quota\":{\"connections\":-1}"), ERANGE, AT_RED "/quota/connections",
	"must be a whole number from 0 to 4194304, found -1"},
    {RED("\"quota\":{\"connections\":4194305}"), ERANGE, AT_RED "/quota/connections", "found 4194305"},
    {RED("\"quota\":{\"connections\":0.5}"), EINVAL, AT_RED "/quota/connections", "whole number"},
    {RED("\"quota\":{\"connections\":\"1\"}"), EINVAL, AT_RED "/quota/connections", "whole number"},

    /* sets */
    {RED("\"sets\":[]"), EINVAL, AT_RED "/sets", "must be an object, found an array"},
    {SETS("\"a b\":[\"10.0.0.1\"]"), EINVAL, AT_RED "/sets/a b", "name is 1 to 32"},
    {SETS("\"new\":{}"), EINVAL, AT_NEW, "must be an array"},
    {SETS("\"new\":\"10.0.0.1\""), EINVAL, AT_NEW, "must be an array, found \"10.0.0.1\""},
    {SETS("\"new\":[]"), EINVAL, AT_NEW, "must hold an address or a prefix"},
    {SETS("\"new\":[\"10.0.0.1\",7]"), EINVAL, AT_NEW "/1",
	"must be an address or a prefix such as \"192.0.2.1\" or \"2001:db8::/64\", found 7"},
    {SETS("\"new\":[\"10.0.0.1\",\"x\"]"), EINVAL, AT_NEW "/1", "an address or a prefix such as"},
    {SETS("\"new\":[\"@web\"]"), EINVAL, AT_NEW "/0", "found \"@web\""},
    {SETS("\"new\":[[\"10.0.0.1\"]]"), EINVAL, AT_NEW "/0", "found an array"},
    {SETS("\"new\":[\"10.0.0.0/33\"]"), EINVAL, AT_NEW "/0", "found \"10.0.0.0/33\""},
    {SETS("\"new\":[\"2001:db8::/129\"]"), EINVAL, AT_NEW "/0", "found \"2001:db8::/129\""},
    {SETS("\"new\":[\"10.0.0.1/24\"]"), EINVAL, AT_NEW "/0", "has host bits: the prefix is 10.0.0.0/24"},
    {SETS("\"new\":[\"2001:db8::1/64\"]"), EINVAL, AT_NEW "/0", "has host bits: the prefix is 2001:db8::/64"},
    {SETS("\"new\":[\"10.0.0.1/0\"]"), EINVAL, AT_NEW "/0", "the prefix is 0.0.0.0/0"},
    /* used by the second rule of "edge", and by the only one of "spare", which nobody uses */
    {SETS("\"admins\":null"), ENOENT, AT_RULES "/1/src/0", "the tenant has no set \"admins\""},
    {SETS("\"web\":null"), ENOENT, AT_RED "/firewalls/spare/rules/0/src", "the tenant has no set \"web\""},
    {RED("\"sets\":null"), ENOENT, AT_RULES "/1/src/0", "the tenant has no set \"admins\""},

    /* firewalls */
    {RED("\"firewalls\":[]"), EINVAL, AT_RED "/firewalls", "must be an object, found an array"},
    {FIREWALLS("\"a b\":{\"rules\":[]}"), EINVAL, AT_RED "/firewalls/a b", "name is 1 to 32"},
    {FIREWALLS("\"new\":[]"), EINVAL, AT_RED "/firewalls/new", "must be an object"},
    {FIREWALLS("\"new\":{}"), EINVAL, AT_RED "/firewalls/new", "\"rules\" is missing"},
    {EDGE("\"rule\":[]"), EINVAL, AT_EDGE "/rule", "did you mean \"rules\"?"},
    {EDGE("\"rules\":{}"), EINVAL, AT_RULES, "must be an array, found an object"},

    /* who names them */
    {WEB1("\"firewall\":7"), EINVAL, AT_RED "/vports/web1/firewall", "must be a name, found 7"},
    {WEB1("\"firewall\":\"a b\""), EINVAL, AT_RED "/vports/web1/firewall", "must be a name"},
    {WEB1("\"firewall\":\"edg\""), ENOENT, AT_RED "/vports/web1/firewall", "the tenant has no firewall \"edg\""},
    {R1_WEB("\"firewall\":[\"edge\"]"), EINVAL, AT_RED "/routers/r1/interfaces/web/firewall", "must be a name"},
    {R1_WEB("\"firewall\":\"new\""), ENOENT, AT_RED "/routers/r1/interfaces/web/firewall",
	"the tenant has no firewall \"new\""},
    {FIREWALLS("\"edge\":null"), ENOENT, AT_RED "/vports/web1/firewall", "the tenant has no firewall \"edge\""},
    {FIREWALLS("\"core\":null"), ENOENT, AT_RED "/routers/r1/interfaces/web/firewall", "no firewall \"core\""},
    {RED("\"firewalls\":null"), ENOENT, AT_RED "/vports/web1/firewall", "no firewall \"edge\""},
    /* another tenant's are nobody else's */
    {"{\"tenants\":{\"blue\":{\"firewalls\":{\"f\":{\"rules\":[{\"action\":\"deny\",\"dst\":\"@web\"}]}}}}}", ENOENT,
	"/tenants/blue/firewalls/f/rules/0/dst", "the tenant has no set \"web\""},
    {"{\"tenants\":{\"blue\":{\"switches\":{\"s\":{}},\"vports\":{\"v\":{\"switch\":\"s\",\"port\":\"p0\",\"vlan\":9,"
     "\"firewall\":\"edge\"}}}}}",
	ENOENT, "/tenants/blue/vports/v/firewall", "the tenant has no firewall \"edge\""},

    /* rules */
    {RULES("{\"action\":\"deny\"},7"), EINVAL, AT_RULE, "must be an object, found 7"},
    {RULES("{\"action\":\"deny\"},{}"), EINVAL, AT_RULE, "\"action\" is missing"},
    {RULES("{\"action\":\"deny\"},{\"action\":\"drop\"}"), EINVAL, AT_RULE "/action",
	"must be \"allow\", \"deny\" or \"reject\", found \"drop\""},
    {RULES("{\"action\":\"deny\"},{\"action\":\"Allow\"}"), EINVAL, AT_RULE "/action", "found \"Allow\""},
    {RULES("{\"action\":\"deny\"},{\"action\":true}"), EINVAL, AT_RULE "/action", "found true"},
    {RULE("\"ports\":1"), EINVAL, AT_RULE "/ports", "unknown key"},
    {RULE("\"direction\":\"both\""), EINVAL, AT_RULE "/direction", "must be \"in\" or \"out\", found \"both\""},
    {RULE("\"direction\":[\"in\"]"), EINVAL, AT_RULE "/direction", "found an array"},
    {RULE("\"proto\":\"gre\""), EINVAL, AT_RULE "/proto",
	"must be \"tcp\", \"udp\", \"sctp\", \"icmp\", \"icmpv6\" or a whole number from 0 to 255, found \"gre\""},
    {RULE("\"proto\":\"6\""), EINVAL, AT_RULE "/proto", "found \"6\""},
    {RULE("\"proto\":6.5"), EINVAL, AT_RULE "/proto", "found 6.5"},
    {RULE("\"proto\":-1"), ERANGE, AT_RULE "/proto", "found -1"},
    {RULE("\"proto\":256"), ERANGE, AT_RULE "/proto", "found 256"},
    {RULE("\"proto\":null"), EINVAL, AT_RULE "/proto", "found null"},
    {RULE("\"state\":\"no\""), EINVAL, AT_RULE "/state", "must be true or false, found \"no\""},
    {RULES("{\"action\":\"deny\",\"state\":false}"), EINVAL, AT_RULES "/0/state", "needs \"action\" allow"},
    {RULES("{\"action\":\"reject\",\"state\":true}"), EINVAL, AT_RULES "/0/state", "needs \"action\" allow"},

    /* addresses */
    {RULE("\"src\":7"), EINVAL, AT_RULE "/src", "must be " ENTRY ", found 7"},
    {RULE("\"src\":\"\""), EINVAL, AT_RULE "/src", ENTRY},
    {RULE("\"src\":[]"), EINVAL, AT_RULE "/src", "must not be empty; to match any, leave it out"},
    {RULE("\"dst\":[]"), EINVAL, AT_RULE "/dst", "must not be empty"},
    {RULE("\"src\":{}"), EINVAL, AT_RULE "/src", "found an object"},
    {RULE("\"src\":[\"10.0.0.1\",[\"10.0.0.2\"]]"), EINVAL, AT_RULE "/src/1", "found an array"},
    {RULE("\"src\":\"10.0.0.300\""), EINVAL, AT_RULE "/src", "found \"10.0.0.300\""},
    {RULE("\"dst\":\"10.0.0.5/24\""), EINVAL, AT_RULE "/dst", "has host bits: the prefix is 10.0.0.0/24"},
    {RULE("\"dst\":[\"10.0.0.5\",\"2001:db8::5/32\"]"), EINVAL, AT_RULE "/dst/1", "the prefix is 2001:db8::/32"},
    {RULE("\"dst\":[\"@admins\",\"@admin\"]"), ENOENT, AT_RULE "/dst/1", "the tenant has no set \"admin\""},
    {RULE("\"dst\":\"@a b\""), EINVAL, AT_RULE "/dst", "the name of a set behind its \"@\", found \"@a b\""},
    {RULE("\"dst\":\"@\""), EINVAL, AT_RULE "/dst", "the name of a set"},
    {RULE("\"dst\":\"admins\""), EINVAL, AT_RULE "/dst", ENTRY},

    /* ports */
    {RULE("\"dport\":53"), EINVAL, AT_RULE "/dport", "needs \"proto\" tcp, udp or sctp"},
    {RULE("\"sport\":53"), EINVAL, AT_RULE "/sport", "needs \"proto\" tcp, udp or sctp"},
    {ICMP("\"dport\":53"), EINVAL, AT_RULE "/dport", "needs \"proto\" tcp, udp or sctp"},
    {RULE("\"proto\":47,\"sport\":53"), EINVAL, AT_RULE "/sport", "needs \"proto\" tcp, udp or sctp"},
    {TCP("\"dport\":-1"), ERANGE, AT_RULE "/dport", "must be " PORTS ", found -1"},
    {TCP("\"dport\":65536"), ERANGE, AT_RULE "/dport", "must be " PORTS ", found 65536"},
    {TCP("\"dport\":1e9"), ERANGE, AT_RULE "/dport", PORTS},
    {TCP("\"dport\":0.5"), EINVAL, AT_RULE "/dport", "found 0.5"},
    {TCP("\"dport\":true"), EINVAL, AT_RULE "/dport", "found true"},
    {TCP("\"dport\":\"\""), EINVAL, AT_RULE "/dport", PORTS},
    {TCP("\"dport\":\"http\""), EINVAL, AT_RULE "/dport", "found \"http\""},
    {TCP("\"dport\":\"65536\""), ERANGE, AT_RULE "/dport", "found \"65536\""},
    {TCP("\"dport\":\"100000\""), EINVAL, AT_RULE "/dport", "found \"100000\""},
    {TCP("\"dport\":\"1-65536\""), ERANGE, AT_RULE "/dport", "found \"1-65536\""},
    {TCP("\"dport\":\"2-1\""), EINVAL, AT_RULE "/dport", "the range \"2-1\" ends before it begins"},
    {TCP("\"dport\":\"-1\""), EINVAL, AT_RULE "/dport", "found \"-1\""},
    {TCP("\"dport\":\"1-\""), EINVAL, AT_RULE "/dport", "found \"1-\""},
    {TCP("\"dport\":\"1-2-3\""), EINVAL, AT_RULE "/dport", "found \"1-2-3\""},
    {TCP("\"dport\":\"1 - 2\""), EINVAL, AT_RULE "/dport", "found \"1 - 2\""},
    {TCP("\"dport\":[]"), EINVAL, AT_RULE "/dport", "must not be empty"},
    {TCP("\"sport\":[1,\"2-1\"]"), EINVAL, AT_RULE "/sport/1", "ends before it begins"},
    {TCP("\"sport\":[1,[2]]"), EINVAL, AT_RULE "/sport/1", "found an array"},
    {TCP("\"sport\":" RANGES_17), E2BIG, AT_RULE "/sport", "17 entries: at most 16 are allowed"},
    {TCP("\"dport\":" RANGES_17), E2BIG, AT_RULE "/dport", "17 entries: at most 16 are allowed"},

    /* types and flags */
    {RULE("\"icmp_type\":8"), EINVAL, AT_RULE "/icmp_type", "needs \"proto\" icmp or icmpv6"},
    {TCP("\"icmp_type\":8"), EINVAL, AT_RULE "/icmp_type", "needs \"proto\" icmp or icmpv6"},
    {ICMP("\"icmp_type\":256"), ERANGE, AT_RULE "/icmp_type", "must be " TYPES ", found 256"},
    {ICMP("\"icmp_type\":-1"), ERANGE, AT_RULE "/icmp_type", "found -1"},
    {ICMP("\"icmp_type\":\"8-256\""), ERANGE, AT_RULE "/icmp_type", "found \"8-256\""},
    {ICMP("\"icmp_type\":\"echo\""), EINVAL, AT_RULE "/icmp_type", TYPES},
    {ICMP("\"icmp_type\":[]"), EINVAL, AT_RULE "/icmp_type", "must not be empty"},
    {ICMP("\"icmp_type\":" RANGES_17), E2BIG, AT_RULE "/icmp_type", "17 entries: at most 16 are allowed"},
    {RULE("\"tcp_flags\":\"syn\""), EINVAL, AT_RULE "/tcp_flags", "needs \"proto\" tcp"},
    {RULE("\"proto\":\"udp\",\"tcp_flags\":\"syn\""), EINVAL, AT_RULE "/tcp_flags", "needs \"proto\" tcp"},
    {TCP("\"tcp_flags\":2"), EINVAL, AT_RULE "/tcp_flags", "must be " FLAGS ", found 2"},
    {TCP("\"tcp_flags\":\"\""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"  \""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"syn SYN\""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"syn,ack\""), EINVAL, AT_RULE "/tcp_flags", "found \"syn,ack\""},
    {TCP("\"tcp_flags\":\"syn !\""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"syn !!ack\""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"sy\""), EINVAL, AT_RULE "/tcp_flags", FLAGS},
    {TCP("\"tcp_flags\":\"syn ack syn\""), EEXIST, AT_RULE "/tcp_flags", "the flag syn is here twice"},
    {TCP("\"tcp_flags\":\"syn !syn\""), EEXIST, AT_RULE "/tcp_flags", "the flag syn is here twice"},
    {TCP("\"tcp_flags\":\"!cwr !cwr\""), EEXIST, AT_RULE "/tcp_flags", "the flag cwr is here twice"},
};

Test(model_firewall_fields, wrong_as_patch)
{
	check_wrong_patches(FIREWALL_DOCUMENT, faults, WEIR_ARRAY_LEN(faults));
}

Test(model_firewall_fields, wrong_as_load)
{
	check_wrong_loads(FIREWALL_DOCUMENT, faults, WEIR_ARRAY_LEN(faults));
}

static const char *const fine[] = {
    RED("\"quota\":{\"connections\":0}"),
    RED("\"quota\":{\"connections\":4194304}"),
    RED("\"firewalls\":{\"new\":{\"rules\":[]}},\"sets\":{\"unused\":[\"::\"]}"),
    RED("\"vports\":null,\"routers\":null,\"firewalls\":null,\"sets\":null"),
    WEB1("\"firewall\":\"core\""),
    WEB1("\"firewall\":null"),
    R1_WEB("\"firewall\":null"),
    SETS(
	"\"new\":[\"0.0.0.0/0\",\"::/0\",\"224.0.0.251\",\"255.255.255.255\",\"0.0.0.0\",\"ff02::1\",\"fe80::/10\"]"),
    SETS("\"admins\":[\"10.0.0.1\",\"10.0.0.1\",\"10.0.0.1/32\"]"),
    RULES(""),
    RULES("{\"action\":\"reject\"}"),
    RULE("\"direction\":\"in\""),
    RULE("\"state\":true"),
    RULE("\"proto\":0"),
    RULE("\"proto\":255"),
    RULE("\"proto\":132,\"sport\":1,\"dport\":\"2\""),
    RULE("\"proto\":\"sctp\",\"dport\":[0,\"65535\",\"0-65535\",\"7-7\",7,7]"),
    RULE("\"proto\":\"udp\",\"sport\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"),
    RULE("\"proto\":58,\"icmp_type\":[0,255,\"0-255\"]"),
    RULE("\"proto\":\"icmpv6\",\"icmp_type\":\"128\""),
    RULE("\"proto\":6,\"tcp_flags\":\" fin  syn rst psh !ack !urg !ece !cwr \""),
    RULE("\"src\":\"0.0.0.0/0\",\"dst\":\"::/0\""),
    RULE("\"src\":[\"@admins\",\"@admins\",\"10.0.0.0/24\"],\"dst\":\"@web\""),
};

Test(model_firewall_fields, fine_as_patch_and_load)
{
	check_fine(FIREWALL_DOCUMENT, fine, WEIR_ARRAY_LEN(fine));
}
